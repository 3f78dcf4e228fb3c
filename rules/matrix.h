/* rules/matrix.h -- every combination of gene results that a drug's recommendations can tell
 * apart, for tools that look at all of them.
 *
 * An axis is one result: a gene's phenotypes, the pieces into which its scores are cut by all
 * conditions, or of an allele-status gene one allele, positive or negative. The first value of
 * every axis is "No Result". A point picks one value of every axis: a patient.
 *
 *     for (bool more = rules_matrix_first(&m, p); more; more = rules_matrix_next(&m, p)) ...
 *
 * A diplotype that conditions name is a value of its own, which fits only these conditions.
 *
 * With two snapshots the axes hold the values of both, so that both can be asked about the same
 * patient. Fitting means what it means in evaluate.h, for a patient with exactly these results.
 */
#ifndef RULES_MATRIX_H
#define RULES_MATRIX_H

#include "rules/knowledge.h"

#define RULES_MATRIX_AXES_MAX   16
#define RULES_MATRIX_VALUES_MAX 64 /* of one axis */
#define RULES_MATRIX_POINTS_MAX 2000000

struct rules_matrix_value {
    struct slice text;      /* as in conditions: "Poor Metabolizer", "0.25..1.0", "n/a" */
    struct slice diplotype; /* "= *1 / *3": exactly this one, for what is keyed by it */
    bool is_score;
    uint32_t from_x100, to_x100;
    bool is_unclear; /* cannot be interpreted: Indeterminate, n/a */
};

struct rules_matrix_axis {
    struct slice gene;
    uint32_t gene_number; /* in the order of the axes */
    struct rules_matrix_value *values;
    size_t count;
};

struct rules_matrix {
    struct slice drug;
    struct rules_matrix_axis axes[RULES_MATRIX_AXES_MAX];
    size_t axes_count;
    uint32_t genes_count;
    size_t points; /* without the one where nothing has a result: it never has advice */
};

struct rules_matrix_point {
    uint8_t value[RULES_MATRIX_AXES_MAX];
};

/* A recommendation in terms of the axes; bits by gene number and by value. */
struct rules_matrix_row {
    const struct rules_recommendation *recommendation;
    uint32_t genes, accepts_none;
    uint64_t fits[RULES_MATRIX_AXES_MAX];
};

/* Everything lives in the arena or in the snapshots. A snapshot that does not know the drug
 * adds nothing. ERR_LIMIT: too many axes, values or points. */
enum err_code rules_matrix_build(const struct rules_knowledge *const *ks, size_t ks_count,
                                 struct slice drug, struct arena *arena,
                                 struct rules_matrix *ret, struct err *err) MUST_CHECK;

/* The recommendations of the drug in one of these snapshots, in its order. */
enum err_code rules_matrix_rows(const struct rules_matrix *m, const struct rules_knowledge *k,
                                struct arena *arena, struct rules_matrix_row **ret,
                                size_t *ret_count, struct err *err) MUST_CHECK;

bool rules_matrix_first(const struct rules_matrix *m, struct rules_matrix_point *point);
bool rules_matrix_next(const struct rules_matrix *m, struct rules_matrix_point *point);

bool rules_matrix_fits(const struct rules_matrix *m, const struct rules_matrix_row *row,
                       const struct rules_matrix_point *point);

#endif
