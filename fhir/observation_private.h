/* fhir/observation_private.h -- what the files of the Observation reader share; nobody else
 * includes it.
 *
 * One Observation passes three hands: observation_code.c says what it is, observation_value.c
 * what it states, observation.c whether it counts.
 */
#ifndef FHIR_OBSERVATION_PRIVATE_H
#define FHIR_OBSERVATION_PRIVATE_H

#include "fhir/codes.h"
#include "fhir/mapping.h"
#include "fhir/observation.h"

#define OBSERVATION_RESULTS_MAX 64 /* result components of one Observation */
#define CONCEPT_TEXTS_MAX       16

/* One of the texts that a CodeableConcept consists of, or a string. */
struct concept_text {
    struct slice text;
    struct slice system; /* of a code */
    bool is_code;
    uint32_t genes; /* that it names; only where it is needed */
};

/* A component or an extension that holds a part of the result. */
struct observation_result {
    enum fhir_kind kind;
    enum fhir_gene gene; /* its own, by its code; GENE_STUDIED: what it names; else NONE */
    struct slice allele; /* that its code asks about */
    struct json value;
};

struct observation {
    const struct fhir_resource *resource;
    /* members; absent when it has none */
    struct json status, subject, value, absent_reason, component, extension;
    struct json effective, issued, performer, method, interpretation;

    const struct fhir_mapping *mapping; /* may be NULL */

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
    struct slice drug;           /* the name of the first one */
    bool is_somatic;
    bool has_variant_names;    /* in components */
    bool names_variants;       /* names a variant that is not the gene's own SNP */
    bool names_alleles;        /* the test's name lists star alleles */
    bool has_named_allele;     /* an extension names the allele that was found */
    bool is_panel;             /* of several genes: each component is its gene's alone */
    enum fhir_gene value_gene; /* in a panel: of which gene its own value is */
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
    bool is_vague;         /* an HLA typing names groups of alleles */
    bool is_contradictory; /* its code and its words differ */
    bool has_other_snp;
    bool has_own_phenotype;     /* by a component whose code is the gene's own */
    bool has_other_implication; /* what is stated of drugs differs */
    bool has_foreign_phenotype; /* one that CPIC does not define for the gene */
    bool differs_from_its_code; /* the interpretation's code */
};

/* Gathers the members and classifies by the code. False: nothing of it concerns us. */
bool observation_open(const struct fhir_resource *resource, const struct fhir_mapping *mapping,
                      struct arena *arena, struct observation *ret);
/* The second look, for those that concern us: components and extensions. */
void observation_read_parts(struct observation *o, struct arena *arena);

/* value[x] of a component or an extension. */
struct json observation_value_of(struct json component);

/* The genes that the value's texts name. */
uint32_t observation_value_genes(struct observation *o);
/* Reads value and result components for `gene`. In a panel of several genes only what is this
 * gene's: the components that observation_group gave it. */
void observation_read_value(const struct observation *o, enum fhir_gene gene,
                            struct arena *arena, struct observation_value *ret);

/* Gives every result component its gene: by its own code, by its value, or by the component
 * "gene studied" in front of it. Returns the genes, none when the components belong to the
 * Observation as a whole. */
uint32_t observation_group(struct observation *o, struct arena *arena);
/* A component that asks for one HLA allele is a result of its own. */
bool observation_result_asks(const struct observation_result *result);
bool observation_result_is_plain(const struct observation_result *result);
void observation_read_presence(const struct observation *o,
                               const struct observation_result *result, struct arena *arena,
                               struct observation_value *ret);

/* Reads what a drug-level Observation states, value and components, as a phenotype of `gene`
 * (the same bounds apply). Returns the genes that its words name. */
uint32_t observation_read_implication(struct observation *o, enum fhir_gene gene,
                                      struct arena *arena, struct observation_value *ret);
/* The gene that a concept stands for: its codes first, else its words. */
enum fhir_gene observation_gene_of(struct observation *o, struct json concept,
                                   struct arena *arena);

/* Whether its value is a typing of an HLA locus that no drug depends on. */
bool observation_names_other_locus(const struct observation *o);

/* What a code of the guide's own code system means; false for all others. */
bool observation_is_drug_level_code(struct slice code);

/* Code and display of each coding, then the text; a string alone. Texts that repeat the one
 * before are left out. */
size_t observation_texts(struct json concept, struct arena *arena,
                         struct concept_text ret[CONCEPT_TEXTS_MAX]);

#endif
