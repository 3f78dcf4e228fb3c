/* rules/knowledge_private.h -- how a snapshot is laid out; for the files of rules/ only.
 *
 * Rows are copied into a sorted order that depends on nothing but their content, so that equal
 * releases behave alike, and so that the rows of one gene, drug or recommendation stand next to
 * each other: a range names them. Words that keys are compared by are numbered, conditions are
 * read into numbers once, so evaluating compares integers.
 */
#ifndef RULES_KNOWLEDGE_PRIVATE_H
#define RULES_KNOWLEDGE_PRIVATE_H

#include <stdatomic.h>

#include "rules/evaluate.h"
#include "rules/genotype.h"
#include "rules/index.h"
#include "rules/knowledge.h"
#include "rules/warfarin_private.h"

#define RULES_ROWS_MAX          ((size_t)1 << 24) /* of one table */
#define RULES_VALUE_X100_MAX    2000              /* of one allele: 20 fully active copies */
#define RULES_NAME_BYTES_MAX    160               /* of ids, symbols, names */
#define RULES_VERDICT_CHARS_MAX 70 /* so that a card's summary fits into 140 characters */

struct rules_range {
    uint32_t first, count;
};

/* The tables that one authority reads a gene by. */
struct rules_reading {
    struct rules_range scores, pairs;
    enum rules_key_kind key_kind;
};

struct rules_gene_facts {
    struct rules_range phenotypes, alleles, authorities;
    struct rules_reading own;
    uint32_t reference; /* row of the allele, or RULES_ABSENT */
};

struct rules_allele_facts {
    uint32_t function; /* its number; GENOTYPE, or no function: the allele's row */
    struct slice positive, negative; /* ALLELE_PRESENCE: its two keys */
};

/* One rule over two functions (or alleles); `of` is the smaller number, then the larger. */
struct rules_pair {
    uint64_t of;
    struct slice phenotype;
};
#define RULES_NO_SECOND UINT32_MAX
uint64_t rules_pair_of(uint32_t a, uint32_t b);

/* A key that a recommendation asks for. */
struct rules_wanted_key {
    uint32_t word; /* RULES_ABSENT: a score within from..to, or a diplotype */
    uint32_t from_x100, to_x100;
    struct slice diplotype; /* as a call writes it; empty: not asked for */
};

/* What a recommendation asks of one gene: one of the keys. */
struct rules_requirement {
    uint32_t gene; /* index into the drug's genes */
    bool accepts_no_result;
    struct rules_range keys;
};

struct rules_recommendation_facts {
    struct rules_range requirements, actions, implications;
    uint32_t population; /* row, or RULES_ABSENT: all patients */
    uint32_t publisher;  /* into publishers */
    bool needs_age;
    bool asks_diplotype; /* one of its conditions is an exact diplotype */
    bool only_limits;    /* nothing to do but to keep a limit: its LIMIT_DOSE is `limit` */
    uint32_t limit;      /* row of actions, or RULES_ABSENT */
};

struct rules_drug_facts {
    struct rules_range genes; /* into drug_genes, in order of symbol */
    struct rules_range populations, indications;
    struct rules_range recommendations; /* loudest first, then by id */
    struct slice algorithm;
    struct rules_range algorithm_genes; /* its rows in algorithm_genes */
    struct rules_range evidence, pretests;
    bool needs_age, needs_weight, needs_sex, needs_therapy;
    uint64_t code_systems; /* bit by index into code_systems; those above 63 are left out */
};

/* A gene that a drug's recommendations ask about. ALLELE_STATUS: `words` are the keys, positive
 * and negative, of the alleles they name. */
struct rules_drug_gene {
    uint32_t gene; /* row */
    struct rules_range words;
};

struct rules_knowledge {
    atomic_uint references;
    struct arena arena; /* everything below but the text of the rows */
    struct slice content_hash;
    struct rules_release rows; /* owns the release's arena; the arrays are sorted copies */

    struct slice publishers[RULES_PUBLISHERS_MAX]; /* by name */
    size_t publishers_count;
    struct rules_index sources, genes, drugs, recommendations, messages, tests;
    struct rules_index phenotypes, functions, alleles; /* scope: gene; normal form */
    struct rules_index marks;                          /* ... alias > the allele it marks */
    struct rules_index populations;                    /* scope: drug */
    struct rules_index systems, codes;                 /* codes' scope: system */
    struct rules_index words;
    struct rules_index modulators; /* scope: gene; by drug */

    struct rules_gene_facts *gene_facts;     /* parallel to rows.genes */
    struct rules_allele_facts *allele_facts; /* ... rows.alleles */
    struct rules_reading *readings;          /* ... rows.authorities */
    struct rules_pair *pairs;                /* a gene's range is sorted by `of` */
    struct rules_drug_facts *drug_facts;     /* parallel to rows.drugs */
    struct rules_drug_gene *drug_genes;
    const struct rules_gene **drug_gene_rows; /* parallel to drug_genes */
    uint32_t *drug_words;
    struct rules_recommendation_facts *recommendation_facts; /* parallel */
    struct rules_requirement *requirements;
    struct rules_wanted_key *wanted_keys;
    const struct rules_drug_code **code_rows; /* parallel to rows.drug_codes */
    struct slice *code_systems;
    size_t code_systems_count;
    struct rules_drug_name *drug_names; /* in order of name, then of drug */
    size_t drug_names_count;
    struct rules_warfarin_model warfarin;
};

/* The steps of rules_knowledge_new, in this order. */
enum err_code rules_knowledge_sort(const struct rules_release *release,
                                   struct rules_knowledge *k, struct err *err) MUST_CHECK;
enum err_code rules_knowledge_link_genes(struct rules_knowledge *k, struct err *err) MUST_CHECK;
enum err_code rules_knowledge_link_alleles(struct rules_knowledge *k,
                                           struct err *err) MUST_CHECK;
enum err_code rules_knowledge_link_drugs(struct rules_knowledge *k, struct err *err) MUST_CHECK;
enum err_code rules_knowledge_link_names(struct rules_knowledge *k, struct err *err) MUST_CHECK;
enum err_code rules_knowledge_link_messages(struct rules_knowledge *k,
                                            struct err *err) MUST_CHECK;
enum err_code rules_knowledge_link_algorithms(struct rules_knowledge *k,
                                              struct err *err) MUST_CHECK;
enum err_code rules_knowledge_link_recommendations(struct rules_knowledge *k,
                                                   struct err *err) MUST_CHECK;
enum err_code rules_knowledge_link_patients(struct rules_knowledge *k,
                                            struct err *err) MUST_CHECK;
enum err_code rules_knowledge_check_tests(struct rules_knowledge *k,
                                          struct err *err) MUST_CHECK;
enum err_code rules_knowledge_check_omissions(struct rules_knowledge *k,
                                              struct err *err) MUST_CHECK;

/* Reads a key of the gene as conditions write it that are keyed by `key_kind`: the gene's own
 * or another authority's. ret->word stays RULES_ABSENT for a score range. False when it is no
 * such key. "No Result" is not read here. */
bool rules_key_read(const struct rules_knowledge *k, const struct rules_gene *gene,
                    enum rules_key_kind key_kind, struct slice key,
                    struct rules_wanted_key *ret);

/* Not empty, not too long, no blanks at its ends, no control characters. */
bool rules_is_name(struct slice name);

/* Adds row `row` of a table whose rows of one parent stand next to each other. */
void rules_range_add(struct rules_range *range, size_t row);

uint32_t rules_gene_row(const struct rules_knowledge *k, const struct rules_gene *gene);
uint32_t rules_drug_row(const struct rules_knowledge *k, const struct rules_drug *drug);
const struct rules_gene_facts *rules_facts_of_gene(const struct rules_knowledge *k,
                                                   const struct rules_gene *gene);

/* The gene's own spelling of a phenotype, however case, blanks and a gene prefix are written;
 * "Indeterminate" for it and for "n/a". Empty when it is none of the gene's. */
struct slice rules_phenotype_of(const struct rules_knowledge *k, const struct rules_gene *gene,
                                struct slice written);

/* While linking: the tables of one authority (empty: the gene's own); NULL when unknown. */
struct rules_reading *rules_reading_find(struct rules_knowledge *k, uint32_t gene,
                                         struct slice authority);

/* How the authority reads the gene: by its own tables, else by the gene's. */
const struct rules_reading *rules_reading_of(const struct rules_knowledge *k,
                                             const struct rules_gene *gene,
                                             struct slice authority);

/* The phenotype of two functions, alleles or, with RULES_NO_SECOND, one. Empty: no rule. */
struct slice rules_phenotype_of_pair(const struct rules_knowledge *k,
                                     const struct rules_reading *reading, uint32_t a,
                                     uint32_t b);

/* Gives every match its part, drops what an exact diplotype beats, sorts them, and sets what
 * follows for the advice as a whole. */
void rules_advice_arrange(const struct rules_knowledge *k, const struct rules_policy *policy,
                          struct rules_advice *advice);

/* "0.25..1.0", ">=2.5", "≥2.5", "1.5". */
bool rules_score_range_from_text(struct slice text, uint32_t *ret_from_x100,
                                 uint32_t *ret_to_x100);

#endif
