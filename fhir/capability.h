/* fhir/capability.h -- what a FHIR server is and can do, as far as a search must know.
 *
 * Read from its CapabilityStatement (FHIR R5 5.2; Conformance in DSTU2). What a statement does
 * not list may work all the same: an absent search parameter is no refusal. Listed is only
 * believed where a wrong belief costs nothing but a refused request.
 *
 * Kinds stand for products whose servers answer searches in their own way; the traits are from
 * the vendors' documentation: Epic on FHIR (Observation, Condition), Oracle Health Millennium
 * R4, HAPI FHIR, Medplum, Azure API for FHIR, Google Cloud Healthcare API, Canvas Medical,
 * LinuxForHealth FHIR.
 */
#ifndef FHIR_CAPABILITY_H
#define FHIR_CAPABILITY_H

#include "fhir/json.h"

/* code, name in the configuration */
#define FHIR_SERVER_KINDS(X)                                                                   \
    X(GENERIC, "generic")                                                                      \
    X(EPIC, "epic")                                                                            \
    X(ORACLE, "oracle") /* Oracle Health Millennium, formerly Cerner */                        \
    X(HAPI, "hapi")                                                                            \
    X(SMART, "smart") /* the SMART Health IT sandbox */                                        \
    X(MEDPLUM, "medplum")                                                                      \
    X(AZURE, "azure")                                                                          \
    X(GOOGLE, "google")                                                                        \
    X(CANVAS, "canvas")                                                                        \
    X(LINUXFORHEALTH, "linuxforhealth")

enum fhir_server_kind {
#define X(code, name) FHIR_SERVER_##code,
    FHIR_SERVER_KINDS(X)
#undef X
        FHIR_SERVER_KINDS_COUNT
};

struct fhir_server_traits {
    const char *name;
    bool has_indicators; /* genomic indicators: Condition?category=genomics */
    bool has_include;    /* _include works although no statement was read */
    bool has_id_lists;   /* Observation?_id=a,b and nothing else; without: one read each */
    bool has_forms;      /* POST _search with a form, and paging after it */
};

const struct fhir_server_traits *fhir_server_traits(enum fhir_server_kind kind);

/* False, and *ret alone, for a name that no kind has. */
bool fhir_server_kind_of_name(struct slice name, enum fhir_server_kind *ret) MUST_CHECK;

/* Splits "https://ehr.example/fhir=epic" into the base and its kind; false for anything else.
 */
bool fhir_server_kind_split(struct slice text, struct slice *ret_base,
                            enum fhir_server_kind *ret_kind) MUST_CHECK;

/* By the domain of a base URL, for services that live under one; else GENERIC. */
enum fhir_server_kind fhir_server_kind_of_base(struct slice base);

#define FHIR_OPERATION_BYTES_MAX 256

/* Bits of `includes`. */
#define FHIR_INCLUDE_REPORT_RESULT 1u /* DiagnosticReport:result */
#define FHIR_INCLUDE_DERIVED_FROM  2u /* Observation:derived-from, STU3: related-target */
#define FHIR_INCLUDE_HAS_MEMBER    4u /* Observation:has-member */

struct fhir_capability {
    enum fhir_server_kind kind; /* GENERIC: it does not say */
    uint32_t fhir_major;        /* of fhirVersion: 1 (DSTU2), 3, 4, 5; 0: not stated */
    /* False only when the statement lists resources, and this one not, or without search. */
    bool may_search_reports, may_search_conditions;
    bool has_component_code; /* Observation?component-code= is listed */
    uint32_t includes;       /* that are listed */
    /* Where $find-subject-haplotypes (Genomics Operations) is invoked: below the base, such as
     * "Patient/$find-subject-haplotypes", or an absolute URL; empty: not offered. */
    char haplotypes[FHIR_OPERATION_BYTES_MAX];
};

/* Before anything was read: nothing is known, nothing is ruled out. */
struct fhir_capability fhir_capability_unknown(enum fhir_server_kind kind);

/* ERR_INVALID for JSON that is neither a CapabilityStatement nor a Conformance. Members of a
 * wrong type are passed over. The arena is for texts while reading; *ret borrows nothing. */
enum err_code fhir_capability_read(struct json root, struct arena *arena,
                                   struct fhir_capability *ret, struct err *err) MUST_CHECK;

#endif
