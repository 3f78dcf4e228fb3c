/* rules/evaluate.h -- which recommendations apply to a drug order of this patient.
 *
 * Pure: the same facts and snapshot give the same advice, byte for byte. Every recommendation
 * that may apply is returned: when a population, an age or a score is not known, all rows that
 * fit are there, labelled, and none is picked silently.
 */
#ifndef RULES_EVALUATE_H
#define RULES_EVALUATE_H

#include "rules/genotype.h"

/* The patient. What is not known excludes nothing. */
struct rules_facts {
    const struct rules_gene_result *genes; /* resolved; genes not in here have no result */
    size_t genes_count;
    bool has_age;
    uint32_t age_years;
    bool has_weight;
    uint32_t weight_x100; /* kg */
    enum rules_sex sex;   /* RULES_SEX_ANY: not known */
};

#define RULES_PUBLISHERS_MAX 16

/* A site's choice of whom to believe first: publishers of sources, in order. Those that are not
 * named come after, by name. */
struct rules_policy {
    const struct slice *publishers;
    size_t publishers_count;
};

struct rules_order {
    const struct rules_drug *drug;
    const struct rules_population
        *population;            /* as the order's reasons tell; NULL: they do not */
    enum rules_therapy therapy; /* RULES_THERAPY_ANY: not known */
    bool has_dose;
    uint32_t dose_x100;                /* in `dose_unit` */
    struct slice dose_unit;            /* UCUM per interval, "mg/d" */
    const struct rules_policy *policy; /* NULL: publishers by name */
};

#define RULES_MATCH_GENES_MAX 4

/* What a match is to the card. */
#define RULES_PARTS(X)                                                                         \
    X(ADVICE, "advice")         /* the source that speaks */                                   \
    X(LABEL, "label")           /* a regulator's statement beside it */                        \
    X(OTHER, "other")           /* another publisher's advice on the same result */            \
    X(OVERRIDDEN, "overridden") /* a guideline's advice that a site's policy stands over */

enum rules_part {
#define X(code, name) RULES_PART_##code,
    RULES_PARTS(X)
#undef X
};
const char *rules_part_name(enum rules_part part);

/* The ordered dose beside a recommendation's LIMIT_DOSE. */
enum rules_limit {
    RULES_LIMIT_NONE,
    RULES_LIMIT_UNKNOWN,
    RULES_LIMIT_WITHIN,
    RULES_LIMIT_ABOVE
};

/* One recommendation that applies, and why. */
struct rules_match {
    const struct rules_recommendation *recommendation;
    struct {
        const struct rules_gene_result *result; /* NULL for a "No Result" condition */
        size_t call;                            /* index of the call that satisfied it */
        size_t key;                             /* index of that call's key */
    } because[RULES_MATCH_GENES_MAX];
    size_t because_count;
    bool is_certain; /* false: another call, population, age or score would not match it */
    enum rules_part part;
    enum rules_limit limit;
    enum rules_alert alert; /* its own, or NONE when all it asks for is a limit that is kept */
};

struct rules_advice {
    const struct rules_drug *drug;
    enum rules_alert alert; /* the loudest of ADVICE and LABEL */
    /* By part; in it loudest first, then by recommendation id. */
    struct rules_match *matches;
    size_t matches_count;
    size_t advice_count;               /* matches of part ADVICE, which come first */
    const struct rules_gene **missing; /* genes of this drug without any usable result; of HLA
                                        * genes, for the alleles that this drug asks about */
    size_t missing_count;
    bool has_conflict;     /* a gene of this drug has several calls */
    bool is_indeterminate; /* a gene of this drug has a result that cannot be interpreted */
    bool sources_differ;   /* an OTHER match asks for something else than ADVICE */
    size_t tried_count;    /* recommendations looked at, for the trace */
};

/* A drug all of whose genes are missing yields no matches: silence, with `missing` filled.
 * ERR_INVALID: the order's population is another drug's. */
enum err_code rules_evaluate(const struct rules_knowledge *k, const struct rules_order *order,
                             const struct rules_facts *facts, struct arena *arena,
                             struct rules_advice *ret, struct err *err) MUST_CHECK;

/* Runs the cases that ship with the release. on_failure is called for each that does not hold,
 * with a text that says what was expected and what came; returns how many failed. */
size_t rules_run_tests(const struct rules_knowledge *k,
                       void (*on_failure)(void *owner, const struct rules_test *test,
                                          struct slice what),
                       void *owner, size_t *ret_run);

#endif
