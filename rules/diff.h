/* rules/diff.h -- what patients get from one release of the knowledge and not from another.
 *
 * Advice is compared result by result: for each drug, publisher and group of patients, and for
 * every combination of gene results that one of the two can tell apart (matrix.h), what the
 * first says with what the second says. So a recommendation that was renamed, split or joined
 * and says the same is no difference. All other tables are compared row by row, by the columns
 * that name a row; a table or column that a later version adds is compared without further ado.
 *
 * Texts are for people and live in the arena given.
 */
#ifndef RULES_DIFF_H
#define RULES_DIFF_H

#include "rules/knowledge.h"

enum rules_diff_what { RULES_DIFF_ADDED, RULES_DIFF_REMOVED, RULES_DIFF_CHANGED };

/* ADDED: `before` is empty; REMOVED: `after` is. */
struct rules_diff_field {
    const char *name; /* static */
    struct slice before, after;
};

/* Other advice for some results. */
struct rules_diff_advice {
    enum rules_diff_what what;
    struct slice drug;
    struct slice publisher;
    struct slice patients; /* "acute coronary syndrome, from 18 years"; empty: all */
    struct slice results; /* "CYP2C19 Poor Metabolizer | Likely Poor Metabolizer; CYP2D6 0.0" */
    size_t results_count; /* combinations of results */
    struct slice ids_before, ids_after;
    struct rules_diff_field *fields; /* those that differ */
    size_t fields_count;
};

/* A row of another table. */
struct rules_diff_row {
    enum rules_diff_what what;
    const char *table; /* "allele"; "citation" for sources that advice is taken from */
    struct slice name; /* "CYP2C19 *9" */
    struct rules_diff_field *fields;
    size_t fields_count;
    size_t diplotypes; /* allele: with it, whose phenotype or score changes */
};

/* The gene's diplotypes, over the alleles of both releases, whose phenotype or score changes.
 */
struct rules_diff_gene {
    struct slice gene;
    size_t diplotypes, of;
};

struct rules_diff_codes {
    struct slice drug;
    size_t added, removed, changed;
};

/* A gene and a drug of which something above changes the care. */
struct rules_diff_pair {
    struct slice gene, drug;
    size_t results;    /* combinations with other advice */
    size_t diplotypes; /* of the gene, with another phenotype or score */
};

#define RULES_DIFF_LISTS(X)                                                                    \
    X(advice, advices)                                                                         \
    X(row, rows)                                                                               \
    X(gene, genes)                                                                             \
    X(codes, codes)                                                                            \
    X(pair, pairs)

struct rules_diff {
#define X(type, array)                                                                         \
    struct rules_diff_##type *array;                                                           \
    size_t array##_count, array##_max;
    RULES_DIFF_LISTS(X)
#undef X
    size_t renamed; /* recommendations that only have another id */
    size_t tests_added, tests_removed, tests_changed;
};

enum err_code rules_diff(const struct rules_knowledge *before,
                         const struct rules_knowledge *after, struct arena *arena,
                         struct rules_diff *ret, struct err *err) MUST_CHECK;

/* Whether patients or those who read cards notice anything: ids, test cases and reasons for
 * omissions do not count. */
bool rules_diff_is_empty(const struct rules_diff *diff);

#endif
