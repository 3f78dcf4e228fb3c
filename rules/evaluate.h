/* rules/evaluate.h -- which recommendations apply to a drug order of this patient.
 *
 * Pure: the same facts and snapshot give the same advice, byte for byte. Every recommendation
 * that may apply is returned: when a population, an age or a score is not known, all rows that
 * fit are there, labelled, and none is picked silently.
 */
#ifndef RULES_EVALUATE_H
#define RULES_EVALUATE_H

#include "rules/genotype.h"

struct rules_facts {
    const struct rules_gene_result *genes; /* resolved; genes not in here have no result */
    size_t genes_count;
    bool has_age;
    uint32_t age_years;
};

struct rules_order {
    const struct rules_drug *drug;
    const struct rules_population *population; /* NULL: not known */
};

#define RULES_MATCH_GENES_MAX 4

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
};

struct rules_advice {
    const struct rules_drug *drug;
    enum rules_alert alert;      /* the loudest of the matches */
    struct rules_match *matches; /* loudest first, then by recommendation id */
    size_t matches_count;
    const struct rules_gene **missing; /* genes of this drug without any usable result; of HLA
                                        * genes, for the alleles that this drug asks about */
    size_t missing_count;
    bool has_conflict;     /* a gene of this drug has several calls */
    bool is_indeterminate; /* a gene of this drug has a result that cannot be interpreted */
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
