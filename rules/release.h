/* rules/release.h -- one release of the knowledge as plain rows.
 *
 * The rows are what a reviewer sees in rules/knowledge and what PostgreSQL stores: one struct
 * a table, cross references by name. Nothing here is indexed or checked against anything else;
 * rules_knowledge_new does both. So files, database and tests all fill the same struct.
 *
 * Ownership: every slice and array lives in the release's arena.
 *
 * The order of rows carries no meaning, with one exception: the actions of one recommendation
 * are shown in the order they were added.
 *
 * Clinical quantities are integers in hundredths (score_x100). CPIC writes some activity
 * values as "≥3.0": is_at_least.
 */
#ifndef RULES_RELEASE_H
#define RULES_RELEASE_H

#include "rules/base/arena.h"
#include "rules/base/err.h"
#include "rules/base/slice.h"

#define RULES_RELEASE_BYTES_MAX ((size_t)512 * 1024 * 1024)
#define RULES_SCORE_NO_MAX      UINT32_MAX /* an open upper end */

/* Where a fact comes from: a guideline or a published table, with its version. */
struct rules_source {
    struct slice id;        /* "cpic-clopidogrel-2022" */
    struct slice publisher; /* "CPIC" */
    struct slice title;
    struct slice version; /* of the table or guideline, e.g. "2022-01" */
    struct slice year;
    struct slice url;
    struct slice pmids; /* separated by one space; may be empty */
};

/* How a genotype becomes a phenotype. */
#define RULES_METHODS(X)                                                                       \
    X(ACTIVITY_SCORE, "activity_score")   /* sum of the allele values, cut into ranges */      \
    X(FUNCTION_PAIR, "function_pair")     /* table over the two allele functions */            \
    X(ALLELE_PRESENCE, "allele_presence") /* positive or negative per named allele */          \
    X(GENOTYPE, "genotype")               /* table over the two alleles themselves */          \
    X(SEX_LINKED, "sex_linked")           /* as function_pair; one allele when hemizygous */   \
    X(HAPLOID, "haploid")                 /* table over one allele function: mitochondria */

enum rules_method {
#define X(code, name) RULES_METHOD_##code,
    RULES_METHODS(X)
#undef X
};

/* What recommendations for this gene are keyed by. */
#define RULES_KEY_KINDS(X)                                                                     \
    X(PHENOTYPE, "phenotype")                                                                  \
    X(ACTIVITY_SCORE, "activity_score")                                                        \
    X(ALLELE_STATUS, "allele_status")

enum rules_key_kind {
#define X(code, name) RULES_KEY_##code,
    RULES_KEY_KINDS(X)
#undef X
};

struct rules_gene {
    struct slice symbol; /* HGNC, "CYP2C19" */
    struct slice hgnc;   /* "HGNC:2621" */
    enum rules_method method;
    enum rules_key_kind key_kind;
    /* Variants are reported one by one, and of all found only two count: those with the lowest
     * values (DPYD), or where functions are paired those that alone, on both chromosomes, would
     * give the phenotype of the highest priority (RYR1). */
    bool counts_lowest_two;
    struct slice source;          /* of the allele and phenotype tables */
    struct slice reference;       /* the allele without any variant; may be empty */
    struct slice priority_source; /* of the phenotypes' priorities; may be empty */
};

/* CPIC's "EHR priority" of a phenotype: whether the result needs attention when it arrives. It
 * does not follow from the words: CYP3A5 Normal Metabolizer is abnormal. */
#define RULES_PRIORITIES(X)                                                                    \
    X(NONE, "none")                                                                            \
    X(NORMAL, "normal")                                                                        \
    X(ABNORMAL, "abnormal")

enum rules_priority {
#define X(code, name) RULES_PRIORITY_##code,
    RULES_PRIORITIES(X)
#undef X
};

struct rules_phenotype {
    struct slice gene;
    struct slice name;         /* CPIC's words: "Poor Metabolizer" */
    struct slice abbreviation; /* for summaries that would be too long: "PM" */
    enum rules_priority priority;
};

struct rules_allele {
    struct slice gene;
    struct slice name;     /* "*2", "*1x2", "*36+*10", "c.1905+1G>A (*2A)", "*57:01" */
    struct slice function; /* CPIC's words: "No function" */
    bool has_value;        /* false: the value is n/a */
    bool is_at_least;      /* "≥3.0" */
    uint32_t value_x100;
};

/* Another spelling of an allele: legacy names, SNP letters. Two names with a '/' between them
 * spell the allele beside the gene's reference ("rs67376798 A/rs67376798 T"). */
struct rules_allele_alias {
    struct slice gene;
    struct slice alias;
    struct slice allele;
    /* Not empty: the alias is a marker that is inherited together with this allele. It counts
     * only when neither is reported (DPYD c.1236G>A marks c.1129-5923C>G). */
    struct slice marks;
};

/* A guideline's author that derives phenotypes of a gene in another way than the gene's own
 * tables do (DPWG beside CPIC). One without rows for a gene uses the gene's own. */
struct rules_authority {
    struct slice gene;
    struct slice name;            /* "DPWG", as rules_source.publisher */
    enum rules_key_kind key_kind; /* what its recommendations for this gene are keyed by */
    struct slice source;          /* of its rules */
};

/* FUNCTION_PAIR (second empty: the function decides alone, whatever the other allele is),
 * SEX_LINKED (second empty: one X), HAPLOID (second empty) and GENOTYPE (alleles instead of
 * functions). An authority may pair the functions of an ACTIVITY_SCORE gene, too. Order of the
 * two does not matter. */
struct rules_pair_rule {
    struct slice gene;
    struct slice first;
    struct slice second;
    struct slice phenotype;
    struct slice authority; /* empty: the gene's own table */
};

struct rules_score_rule { /* both ends belong to the range */
    struct slice gene;
    uint32_t from_x100;
    uint32_t to_x100; /* or RULES_SCORE_NO_MAX */
    struct slice phenotype;
    struct slice authority; /* empty: the gene's own table */
};

struct rules_drug {
    struct slice name;        /* ingredient, lower case: "clopidogrel" */
    bool is_alternative_only; /* named as an alternative; no rules of its own */
    struct slice rxcui;       /* RxNorm ingredient, for suggestions; may be empty */
};

#define RULES_FORMS(X)                                                                         \
    X(SYSTEMIC, "systemic")                                                                    \
    X(LOCAL, "local")

enum rules_form {
#define X(code, name) RULES_FORM_##code,
    RULES_FORMS(X)
#undef X
};

struct rules_drug_code {
    struct slice drug;
    struct slice system; /* canonical URL, e.g. http://www.nlm.nih.gov/research/umls/rxnorm */
    struct slice code;
    struct slice term_type; /* RxNorm TTY: IN, SCD ...; else empty */
    enum rules_form form;   /* local forms raise no alert */
    struct slice display;
    struct slice source;
};

#define RULES_AGE_NO_MAX  UINT32_MAX
#define RULES_WEIGHT_NONE UINT32_MAX

/* Whether a population has taken the drug before. */
#define RULES_THERAPIES(X)                                                                     \
    X(ANY, "any")                                                                              \
    X(NAIVE, "naive")                                                                          \
    X(ESTABLISHED, "established") /* for more than three months (CPIC, PMID 29392710) */

enum rules_therapy {
#define X(code, name) RULES_THERAPY_##code,
    RULES_THERAPIES(X)
#undef X
};

/* A group of patients for which a guideline words its advice differently. Who belongs to it is
 * told by the order's reason (struct rules_indication), or by criteria: any one of those given
 * puts a patient in. */
struct rules_population {
    struct slice drug;
    struct slice id;    /* CPIC's value: "CVI ACS PCI" */
    struct slice label; /* for people, after "for": "acute coronary syndrome or PCI" */
    enum rules_therapy therapy;
    uint32_t age_from_years;    /* inclusive; 0 with age_below RULES_AGE_NO_MAX: not asked */
    uint32_t age_below_years;   /* exclusive */
    uint32_t weight_above_x100; /* kg; RULES_WEIGHT_NONE: not asked */
};

/* A reason for the order that puts the patient into a population. */
struct rules_indication {
    struct slice drug;
    struct slice population;
    struct slice system;
    struct slice code; /* a code that ends in '*' is a prefix: "I21*" */
};

#define RULES_CLASSIFICATIONS(X)                                                               \
    X(STRONG, "Strong")                                                                        \
    X(MODERATE, "Moderate")                                                                    \
    X(OPTIONAL, "Optional")                                                                    \
    X(NO_RECOMMENDATION, "No recommendation")                                                  \
    X(NOT_GIVEN, "N/A")

enum rules_classification {
#define X(code, name) RULES_##code,
    RULES_CLASSIFICATIONS(X)
#undef X
};

/* How loud a matching recommendation is. NONE is silence by decision, not by omission. */
#define RULES_ALERTS(X)                                                                        \
    X(NONE, "none")                                                                            \
    X(INFO, "info")                                                                            \
    X(WARNING, "warning")                                                                      \
    X(CRITICAL, "critical") /* only for strong "do not use" */

enum rules_alert {
#define X(code, name) RULES_ALERT_##code,
    RULES_ALERTS(X)
#undef X
};

/* What a regulator's label makes of a recommendation; it raises a card's weight. */
#define RULES_LABELS(X)                                                                        \
    X(NONE, "none") /* a guideline's advice */                                                 \
    X(WARNING, "warning")                                                                      \
    X(BOXED_WARNING, "boxed_warning")                                                          \
    X(CONTRAINDICATION, "contraindication")

enum rules_label {
#define X(code, name) RULES_LABEL_##code,
    RULES_LABELS(X)
#undef X
};

#define RULES_SEXES(X)                                                                         \
    X(ANY, "any")                                                                              \
    X(FEMALE, "female")                                                                        \
    X(MALE, "male")

enum rules_sex {
#define X(code, name) RULES_SEX_##code,
    RULES_SEXES(X)
#undef X
};

/* Sources of one publisher are one voice: a site puts publishers in an order, and the first
 * that has advice speaks on the card; what the others say is shown where it differs. */
struct rules_recommendation {
    struct slice id; /* stable across releases: "cpic-clopidogrel-acs-poor" */
    struct slice drug;
    struct slice source;
    struct slice population; /* empty: all patients */
    enum rules_classification classification;
    bool has_alternative; /* CPIC's three flags, kept apart */
    bool has_dose;
    bool has_other;
    enum rules_alert alert;
    struct slice message;     /* struct rules_message.id */
    uint32_t age_from_years;  /* inclusive; 0 with age_to RULES_AGE_NO_MAX: any age */
    uint32_t age_below_years; /* exclusive */
    enum rules_sex sex;
    enum rules_label label;
    struct slice overrides; /* a site's policy: ids of what it stands over, one space between */
};

/* CPIC's words that are not phenotypes of a gene but that every gene may have. */
#define RULES_INDETERMINATE "Indeterminate" /* a result that cannot be interpreted */
#define RULES_NO_SCORE      "n/a"           /* the same, where the key is a score */
#define RULES_NO_RESULT     "No Result"     /* only in conditions */

/* One key that satisfies the recommendation's condition on `gene`. Rows with the same
 * recommendation and gene are alternatives; different genes must all be satisfied. Keys:
 *   "Poor Metabolizer"   a phenotype        "0.0"  "0.25..1.0"  ">=2.5"  a score or range
 *   "n/a"                no score           "*57:01 positive"            an allele's status
 *   "No Result"          the gene has no usable result
 *   "= *1 / *3"            exactly this diplotype; it beats the phenotype rows of its source */
struct rules_condition {
    struct slice recommendation;
    struct slice gene;
    struct slice key;
};

#define RULES_ACTIONS(X)                                                                       \
    X(AVOID, "avoid")                                                                          \
    X(USE_ALTERNATIVE, "use_alternative") /* one of `drug` rows */                             \
    X(REDUCE_DOSE, "reduce_dose")         /* by percent_from..percent_to of the usual dose */  \
    X(LIMIT_DOSE, "limit_dose")           /* not above amount unit */                          \
    X(INCREASE_DOSE, "increase_dose")                                                          \
    X(TITRATE_SLOWER, "titrate_slower")                                                        \
    X(CHANGE_INTERVAL, "change_interval") /* to interval_from..interval_to hours */            \
    X(MONITOR, "monitor")                                                                      \
    X(TEST_FIRST, "test_first")                                                                \
    X(INFORM_PATIENT, "inform_patient")                                                        \
    X(NO_CHANGE, "no_change")

enum rules_action_kind {
#define X(code, name) RULES_ACTION_##code,
    RULES_ACTIONS(X)
#undef X
};

struct rules_action {
    struct slice recommendation;
    enum rules_action_kind kind;
    struct slice drug;     /* USE_ALTERNATIVE: an alternative by name; may be empty */
    uint32_t percent_from; /* reductions and increases; 0 when not given */
    uint32_t percent_to;
    uint32_t amount_x100;                            /* LIMIT_DOSE */
    struct slice unit;                               /* UCUM per interval, "mg/d" */
    uint32_t interval_from_hours, interval_to_hours; /* CHANGE_INTERVAL */
};

/* What the result means for this drug, per gene. */
struct rules_implication {
    struct slice recommendation;
    struct slice gene;
    struct slice message;
};

/* Wording. `verdict` completes the summary "<drug>: <gene> <phenotype> - <verdict>"; `meaning`
 * and `options` are paragraphs and list items of the detail. Implications use `meaning` only.
 */
struct rules_message {
    struct slice id;
    struct slice locale; /* BCP 47, "en" */
    struct slice verdict;
    struct slice meaning;
    struct slice options; /* one a line, '\n' between; may be empty */
};

/* How strongly CPIC links a gene with a drug ("A" ... "D"), and how final that is. */
struct rules_gene_drug {
    struct slice drug;
    struct slice gene;
    struct slice level;
    struct slice status;
    struct slice source;
};

#define RULES_ROLES(X)                                                                         \
    X(INHIBITOR, "inhibitor")                                                                  \
    X(INDUCER, "inducer")

enum rules_role {
#define X(code, name) RULES_ROLE_##code,
    RULES_ROLES(X)
#undef X
};

#define RULES_STRENGTHS(X)                                                                     \
    X(WEAK, "weak")                                                                            \
    X(MODERATE, "moderate")                                                                    \
    X(STRONG, "strong")

enum rules_strength {
#define X(code, name) RULES_STRENGTH_##code,
    RULES_STRENGTHS(X)
#undef X
};

/* A drug that changes what a gene's enzyme does. Strength is a property of a list and its date:
 * the source tells both. */
struct rules_modulator {
    struct slice gene;
    struct slice drug;
    enum rules_role role;
    enum rules_strength strength;
    bool has_factor;       /* false: told as information, the phenotype is left as it is */
    uint32_t factor_x100;  /* of the activity score (CYP2D6: Cicali 2021, PMID 34231218) */
    uint32_t washout_days; /* for how long it acts after it was stopped */
    struct slice source;
};

/* How a test of a gene is ordered. */
struct rules_gene_test {
    struct slice gene;
    struct slice system;
    struct slice code;
    struct slice display;
    struct slice source;
};

/* Before a first order of the drug a test of the gene is worth a card, where a site wants that.
 */
struct rules_pretest {
    struct slice drug;
    struct slice gene;
    struct slice message;
    struct slice source;
};

/* A case that ships with the release and must hold before it is activated. */
struct rules_test {
    struct slice name;
    struct slice drug;
    struct slice population;      /* empty: not known */
    enum rules_alert alert;       /* expected */
    struct slice recommendations; /* expected ids in order of id, separated by one space */
};

struct rules_test_gene {
    struct slice test;
    struct slice gene;
    struct slice result; /* a diplotype, "Poor Metabolizer" or "*57:01 positive" */
};

/* A number of a dose algorithm, as its publication gives it. Which terms an algorithm needs is
 * told beside its code (rules/warfarin_terms.def). */
struct rules_algorithm_term {
    struct slice algorithm; /* "warfarin": what the program calls it */
    struct slice model;     /* the publication's part in it: "gage" */
    struct slice term;      /* "age_years" */
    struct slice value;     /* a decimal with at most five places: "-0.00745" */
    struct slice source;    /* the same for all terms of a model */
};

/* A gene that an algorithm reads. */
struct rules_algorithm_gene {
    struct slice algorithm;
    struct slice gene;
};

/* A drug whose dose an algorithm estimates. */
struct rules_drug_algorithm {
    struct slice drug;
    struct slice algorithm;
};

/* A gene result for which the drug's sources have no recommendation: left out by them, and
 * known to be. For reviewers and `rules lint`; it changes no advice. */
struct rules_omission {
    struct slice drug;
    struct slice gene;
    struct slice key; /* as in conditions */
    struct slice why;
};

/* X(struct name without rules_, array name): the tables of a release, in dependency order. */
#define RULES_TABLES(X)                                                                        \
    X(source, sources)                                                                         \
    X(gene, genes)                                                                             \
    X(phenotype, phenotypes)                                                                   \
    X(allele, alleles)                                                                         \
    X(allele_alias, allele_aliases)                                                            \
    X(authority, authorities)                                                                  \
    X(pair_rule, pair_rules)                                                                   \
    X(score_rule, score_rules)                                                                 \
    X(drug, drugs)                                                                             \
    X(drug_code, drug_codes)                                                                   \
    X(population, populations)                                                                 \
    X(indication, indications)                                                                 \
    X(recommendation, recommendations)                                                         \
    X(condition, conditions)                                                                   \
    X(action, actions)                                                                         \
    X(implication, implications)                                                               \
    X(gene_drug, gene_drugs)                                                                   \
    X(modulator, modulators)                                                                   \
    X(gene_test, gene_tests)                                                                   \
    X(pretest, pretests)                                                                       \
    X(message, messages)                                                                       \
    X(test, tests)                                                                             \
    X(test_gene, test_genes)                                                                   \
    X(algorithm_term, algorithm_terms)                                                         \
    X(algorithm_gene, algorithm_genes)                                                         \
    X(drug_algorithm, drug_algorithms)                                                         \
    X(omission, omissions)

struct rules_release {
    struct arena arena;
    struct slice name;    /* "pgxgate-core" */
    struct slice version; /* "2026.11" */
    struct slice developer;
#define X(type, array)                                                                         \
    struct rules_##type *array;                                                                \
    size_t array##_count, array##_max;
    RULES_TABLES(X)
#undef X
};

void rules_release_init(struct rules_release *release);
void rules_release_release(struct rules_release *release);

/* Appends a zeroed row; NULL when the arena is full. Fill it before adding the next row of the
 * same table: the array may move. */
#define X(type, array) struct rules_##type *rules_add_##type(struct rules_release *release);
RULES_TABLES(X)
#undef X

/* Every enum <-> its name in files and tables. from_name is false for an unknown name. */
#define RULES_ENUMS(X)                                                                         \
    X(method)                                                                                  \
    X(key_kind)                                                                                \
    X(priority)                                                                                \
    X(form)                                                                                    \
    X(classification)                                                                          \
    X(alert)                                                                                   \
    X(action_kind)                                                                             \
    X(therapy)                                                                                 \
    X(label)                                                                                   \
    X(sex)                                                                                     \
    X(role)                                                                                    \
    X(strength)
#define X(type)                                                                                \
    const char *rules_##type##_name(enum rules_##type value);                                  \
    bool rules_##type##_from_name(struct slice name, enum rules_##type *ret);
RULES_ENUMS(X)
#undef X

/* All rows in a canonical order and form, for the content hash: equal releases give equal
 * bytes whatever order their rows were added in, except that the order of the actions of one
 * recommendation counts, because it is shown. Memory running out is buf_failed. */
struct buf;
void rules_release_canonical(const struct rules_release *release, struct buf *buf);

/* The columns of every table by number, for tools that compare or show rows whatever columns
 * there are. Written for people: a flag is "yes" or "no", an open upper end "no limit",
 * hundredths a decimal. */
#define X(type, array)                                                                         \
    size_t rules_##type##_columns(void);                                                       \
    const char *rules_##type##_column_name(size_t column);                                     \
    void rules_##type##_column_write(const struct rules_##type *row, size_t column,            \
                                     struct buf *buf);
RULES_TABLES(X)
#undef X

#endif
