/* fhir/observation_private.h -- what the files of the Observation reader share; nobody else
 * includes it.
 *
 * One Observation passes three hands: observation_code.c says what it is, observation_value.c
 * what it states, observation.c whether it counts.
 */
#ifndef FHIR_OBSERVATION_PRIVATE_H
#define FHIR_OBSERVATION_PRIVATE_H

#include "fhir/codes.h"
#include "fhir/observation.h"

#define OBSERVATION_RESULTS_MAX 8 /* result components of one Observation */
#define CONCEPT_TEXTS_MAX       16

/* One of the texts that a CodeableConcept consists of, or a string. */
struct concept_text {
    struct slice text;
    struct slice system; /* of a code */
    bool is_code;
    uint32_t genes; /* that it names; only where it is needed */
};

/* A component that holds a part of the result. */
struct observation_result {
    enum fhir_kind kind;
    struct json component;
};

struct observation {
    const struct fhir_resource *resource;
    /* members; absent when it has none */
    struct json status, subject, value, absent_reason, component, extension;
    struct json effective, issued, performer, method;

    /* from the code */
    enum fhir_kind kind;
    bool is_coded; /* the kind comes from a code, not from words */
    enum fhir_gene code_gene;
    struct slice code_allele; /* that a presence code, or the code's text, asks about */
    uint32_t text_genes;      /* named in the code's texts */

    /* from components and extensions */
    uint32_t component_genes;
    enum fhir_gene extension_gene;
    bool has_unknown_gene;       /* a gene code that no table knows */
    bool has_gene_contradiction; /* a gene's code and display differ */
    bool has_drug;               /* a medication is assessed */
    bool is_somatic;
    bool has_variant_names; /* in components */
    bool names_variants;    /* names a variant that is not the gene's own SNP */
    bool names_alleles;     /* the test's name lists star alleles */
    size_t results_count;
    size_t value_texts_count;
    /* The rest is not zeroed. */
    struct observation_result results[OBSERVATION_RESULTS_MAX];
    struct concept_text value_texts[CONCEPT_TEXTS_MAX]; /* of `value` */
};

/* What the value states. */
struct observation_value {
    struct fhir_evidence evidence;
    uint32_t genes;        /* named in its texts */
    bool has_value;        /* there is something to read */
    bool has_code;         /* the value is coded */
    bool is_no_call;       /* it says that there is no result */
    bool is_malformed;     /* a genotype breaks its notation */
    bool is_contradictory; /* its code and its words differ */
    bool has_other_snp;
};

/* Gathers the members and classifies by the code. False: nothing of it concerns us. */
bool observation_open(const struct fhir_resource *resource, struct arena *arena,
                      struct observation *ret);
/* The second look, for those that concern us: components and extensions. */
void observation_read_parts(struct observation *o, struct arena *arena);

/* value[x] of a component or an extension. */
struct json observation_value_of(struct json component);

/* The genes that the value's texts name. */
uint32_t observation_value_genes(struct observation *o);
/* Reads value and result components for `gene`. */
void observation_read_value(const struct observation *o, enum fhir_gene gene,
                            struct arena *arena, struct observation_value *ret);

/* Code and display of each coding, then the text; a string alone. Texts that repeat the one
 * before are left out. */
size_t observation_texts(struct json concept, struct arena *arena,
                         struct concept_text ret[CONCEPT_TEXTS_MAX]);

#endif
