/* fhir/walk.h -- one reading of a collection, as its parts share it; private to fhir/.
 *
 * observation.c walks the resources once. What cannot be judged alone waits until all
 * Observations were seen, in this order:
 *
 *     group.c        members of one list without a gene of their own; narratives
 *     version.c      older versions of a result
 *     haplotype.c    alleles that were reported one by one
 *     implication.c  what is stated of drugs, to the result that it was derived from
 *     variant.c      single variants against the genotype
 *     statement.c    Conditions and Flags
 *     conclusion.c   what a DiagnosticReport says itself
 *
 * panel.c reads Observations of several genes, record.c what is no result but says something
 * about results.
 */
#ifndef FHIR_WALK_H
#define FHIR_WALK_H

#include "fhir/observation_private.h"
#include "fhir/subject.h"

#define MEMBER_DEPTH_MAX 4 /* of groupers below a report, of sources below an implication */

enum deferral {
    DEFERRED_GENE_NAME, /* names the gene of its neighbours */
    DEFERRED_WITHOUT_GENE,
    DEFERRED_NARRATIVE,
    DEFERRED_IMPLICATION,
    DEFERRED_VARIANT,   /* of a named allele */
    DEFERRED_STATEMENT, /* Condition, Flag */
    DEFERRED_REPORT,
};

struct deferred {
    const struct fhir_resource *resource;
    enum deferral why;
    enum fhir_gene gene; /* that its group names, else NONE */
    bool is_done;
};

struct walk {
    const struct fhir_collection *collection;
    const struct fhir_mapping *mapping; /* may be NULL */
    struct arena *arena;
    struct fhir_reading *out;
    struct fhir_subjects subjects;
    bool *is_dropped;                /* per resource, by its report; NULL: none is */
    uint32_t *report_of;             /* per resource, index + 1 of a report; NULL: no reports */
    bool is_lone[FHIR_EVIDENCE_MAX]; /* evidence[i] is an allele that may have a partner */
    struct deferred *deferred;
    size_t deferred_count, deferred_max;
    struct err *err;
};

/* `genes`: bits of those that the warning is about. */
enum err_code walk_warn(struct walk *w, const struct fhir_resource *resource,
                        enum fhir_warning_code code, uint32_t genes) MUST_CHECK;
enum err_code walk_ignore(struct walk *w, const struct fhir_resource *resource,
                          enum fhir_ignored_reason reason) MUST_CHECK;
enum err_code walk_defer(struct walk *w, const struct fhir_resource *resource,
                         enum deferral why) MUST_CHECK;
/* Adds a record; *is_lone as in struct walk. */
enum err_code walk_add(struct walk *w, const struct fhir_evidence *evidence,
                       bool is_lone) MUST_CHECK;
/* Takes evidence[i] out; the order of the others stays. */
void walk_remove(struct walk *w, size_t i);

bool walk_status_is_dropped(struct slice status);
bool walk_status_is_usable(struct slice status);
bool walk_is_dropped(const struct walk *w, const struct fhir_resource *resource);
/* Opens an Observation and reads its parts; false when nothing of it may be used: not ours,
 * dropped, somebody else's, somatic. Says nothing about it. */
bool walk_open(struct walk *w, const struct fhir_resource *resource, struct observation *ret);

/* Reads an Observation for a gene that is known, and says what became of it. */
enum err_code walk_read_for_gene(struct walk *w, const struct observation *o,
                                 enum fhir_gene gene) MUST_CHECK;
/* The same for what has been read of its value already. */
enum err_code walk_take_value(struct walk *w, const struct observation *o, enum fhir_gene gene,
                              struct observation_value *value) MUST_CHECK;
/* Date, performer, method, status: what all records of an Observation share. */
void walk_provenance(struct walk *w, const struct observation *o, struct fhir_evidence *ret);

/* report.c: marks what a cancelled or mistaken report takes with it, and whose report each
 * result is in. */
enum err_code walk_reports(struct walk *w) MUST_CHECK;
const struct fhir_resource *walk_report_of(const struct walk *w,
                                           const struct fhir_resource *resource);
/* The list of members of a report or grouper, of any version; *ret_from its element's way to
 * a Reference: NULL, or "target" in STU3. Absent when it has none. */
struct json walk_members(const struct fhir_resource *resource, const char **ret_way);
const struct fhir_resource *walk_member(struct walk *w, struct json element, const char *way,
                                        const struct fhir_resource *from);

enum err_code walk_read_panel(struct walk *w, struct observation *o, uint32_t genes,
                              uint32_t value_genes) MUST_CHECK;
bool walk_is_panel(const struct observation *o, uint32_t genes);

enum err_code walk_groups(struct walk *w) MUST_CHECK;
enum err_code walk_versions(struct walk *w) MUST_CHECK;
enum err_code walk_implications(struct walk *w) MUST_CHECK;
enum err_code walk_variants(struct walk *w) MUST_CHECK;
enum err_code walk_statements(struct walk *w) MUST_CHECK;
enum err_code walk_conclusions(struct walk *w) MUST_CHECK;
/* Whether a Condition or Flag may state a result. */
bool walk_is_statement(struct walk *w, const struct fhir_resource *resource);
/* Any resource that is no Observation. */
enum err_code walk_other(struct walk *w, const struct fhir_resource *resource) MUST_CHECK;

/* A text that stands alone and must name its gene: "CYP2C19 poor metabolizer". Fills alleles,
 * phenotype, presence of *ret and its gene; false when it states nothing. */
bool walk_read_statement(struct walk *w, struct slice text, enum fhir_gene known,
                         struct fhir_evidence *ret);
/* The same for what a site says that a code means. */
bool walk_read_site_code(struct walk *w, struct slice system, struct slice code,
                         struct fhir_evidence *ret);
/* Whether two records of one gene say different things of the same kind. */
bool walk_differ(const struct fhir_evidence *a, const struct fhir_evidence *b);

#endif
