/* tests/rules/matrix_check.h -- a drug's matrix against rules_evaluate, point by point. */
#ifndef TESTS_RULES_MATRIX_CHECK_H
#define TESTS_RULES_MATRIX_CHECK_H

#include "rules/evaluate.h"
#include "rules/matrix.h"
#include "tests/test.h"

#define MATRIX_CHECK_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* The point as evidence: what a laboratory would have reported. */
static inline size_t matrix_to_evidence(const struct rules_matrix *m,
                                        const struct rules_matrix_point *point,
                                        struct arena *arena, struct rules_evidence *evidence)
{
    size_t count = 0;

    for (size_t i = 0; i < m->axes_count; i++) {
        const struct rules_matrix_value *value = &m->axes[i].values[point->value[i]];
        struct rules_evidence *e = &evidence[count];

        if (point->value[i] == 0)
            continue;
        *e = (struct rules_evidence){.gene = m->axes[i].gene};
        if (value->diplotype.len > 0) {
            e->alleles[0] = slice_cut(value->diplotype, '/', &e->alleles[1]);
            e->alleles_count = 2;
        } else if (value->is_score) {
            e->score =
                arena_printf(arena, "%u.%02u", value->from_x100 / 100, value->from_x100 % 100);
        } else if (value->text.ptr[0] == '*') {
            e->presence_allele = slice_cut(value->text, ' ', &(struct slice){0});
            e->presence = slice_ends(value->text, SLICE("positive")) ? RULES_PRESENCE_POSITIVE
                                                                     : RULES_PRESENCE_NEGATIVE;
        } else {
            e->phenotype = value->text;
        }
        count++;
    }
    return count;
}

static inline void matrix_evaluate(const struct rules_knowledge *k,
                                   const struct rules_matrix *m,
                                   const struct rules_matrix_point *point, struct arena *arena,
                                   struct rules_advice *ret)
{
    struct rules_evidence evidence[RULES_MATRIX_AXES_MAX];
    struct rules_gene_result results[RULES_MATRIX_AXES_MAX];
    struct rules_facts facts = {.genes = results};
    struct rules_order order = {.drug = rules_find_drug(k, m->drug)};
    size_t count = matrix_to_evidence(m, point, arena, evidence);
    struct err err = {0};

    for (size_t i = 0; i < m->axes_count; i++) {
        const struct rules_gene *gene = rules_find_gene(k, m->axes[i].gene);

        if (i > 0 && m->axes[i].gene_number == m->axes[i - 1].gene_number)
            continue;
        assert_ok(rules_resolve_gene(k, gene, evidence, count, arena,
                                     &results[facts.genes_count++], &err),
                  &err);
    }
    assert_ok(rules_evaluate(k, &order, &facts, arena, ret, &err), &err);
}

static inline bool matrix_has_match(const struct rules_advice *advice,
                                    const struct rules_recommendation *r)
{
    for (size_t i = 0; i < advice->matches_count; i++)
        if (advice->matches[i].recommendation == r)
            return true;
    return false;
}

/* A named diplotype has a phenotype too, by which other rows may match: the matrix tells only
 * of those that name it. */
static inline bool matrix_leaves_open(const struct rules_matrix *m,
                                      const struct rules_matrix_point *point,
                                      const struct rules_matrix_row *row)
{
    for (size_t i = 0; i < m->axes_count; i++)
        if (m->axes[i].values[point->value[i]].diplotype.len > 0 &&
            (row->fits[i] >> point->value[i] & 1) == 0)
            return true;
    return false;
}

static inline size_t matrix_compare_drug(const struct rules_knowledge *k, struct slice drug)
{
    struct rules_matrix_point point;
    struct rules_matrix_row *rows;
    struct rules_matrix m;
    struct err err = {0};
    struct arena arena, scratch;
    size_t count, points = 0;

    arena_init(&arena, MATRIX_CHECK_BYTES_MAX);
    arena_init(&scratch, MATRIX_CHECK_BYTES_MAX);
    assert_ok(rules_matrix_build(&k, 1, drug, &arena, &m, &err), &err);
    assert_ok(rules_matrix_rows(&m, k, &arena, &rows, &count, &err), &err);
    for (bool more = rules_matrix_first(&m, &point); more;
         more = rules_matrix_next(&m, &point)) {
        struct rules_advice advice;

        points++;
        arena_reset(&scratch);
        matrix_evaluate(k, &m, &point, &scratch, &advice);
        for (size_t i = 0; i < count; i++)
            if (!matrix_leaves_open(&m, &point, &rows[i]) &&
                rules_matrix_fits(&m, &rows[i], &point) !=
                    matrix_has_match(&advice, rows[i].recommendation))
                fail_msg("%.*s: %.*s at point %zu", SLICE_ARG(drug),
                         SLICE_ARG(rows[i].recommendation->id), points);
    }
    assert_int_equal(points, m.points);
    arena_release(&arena);
    arena_release(&scratch);
    return points;
}

#endif
