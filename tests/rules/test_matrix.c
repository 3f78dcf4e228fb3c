/* tests/rules/test_matrix.c -- the matrix of a drug against rules_evaluate: both must find the
 * same recommendations for every patient. */
#include "rules/matrix.h"

#include "rules/base/buf.h"
#include "tests/rules/matrix_check.h"
#include "tests/rules/small_release.h"

#define ARENA_BYTES_MAX MATRIX_CHECK_BYTES_MAX

static void every_point_is_evaluated_alike(void **state)
{
    struct rules_knowledge *k = small_knowledge();
    const struct rules_release *rows = rules_knowledge_rows(k);
    size_t points = 0;

    (void)state;
    for (size_t i = 0; i < rows->drugs_count; i++)
        points += matrix_compare_drug(k, rows->drugs[i].name);
    assert_int_equal(points, 27 + 8 + 6 + 7 + 6);
    rules_knowledge_release(k);
}

static void axes_hold_what_can_be_told_apart(void **state)
{
    static const struct {
        const char *drug, *axes;
    } ROWS[] = {
        {"codeine", "CYP2D6: No Result, 0.0, 0.01..0.24, 0.25..1.0, 1.01..1.24, 1.25..2.25, "
                    ">=2.26, n/a\n"},
        {"carbamazepine", "HLA-A: No Result, *31:01 positive, *31:01 negative\n"
                          "HLA-B: No Result, *15:02 positive, *15:02 negative\n"},
        {"clopidogrel", "CYP2C19: No Result, Indeterminate, Intermediate Metabolizer, Normal "
                        "Metabolizer, Poor Metabolizer, Rapid Metabolizer, Ultrarapid "
                        "Metabolizer\n"},
        {"prasugrel", ""},
        {"no such drug", ""},
    };
    struct rules_knowledge *k = small_knowledge();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct rules_matrix m;
        struct err err = {0};
        struct arena arena;
        struct buf text;

        arena_init(&arena, ARENA_BYTES_MAX);
        buf_init(&text, 4096);
        assert_ok(rules_matrix_build((const struct rules_knowledge *const *)&k, 1,
                                     slice_of(ROWS[i].drug), &arena, &m, &err),
                  &err);
        for (size_t a = 0; a < m.axes_count; a++) {
            buf_join(&text, m.axes[a].gene, SLICE(": "));
            for (size_t v = 0; v < m.axes[a].count; v++)
                buf_join(&text, v > 0 ? SLICE(", ") : SLICE_NONE, m.axes[a].values[v].text);
            buf_add_text(&text, "\n");
        }
        assert_slice_equal(buf_slice(&text), ROWS[i].axes);
        buf_release(&text);
        arena_release(&arena);
    }
    rules_knowledge_release(k);
}

static void too_much_is_refused(void **state)
{
    struct rules_knowledge *k = NULL;
    struct rules_release r;
    struct rules_matrix m;
    struct err err = {0};
    struct arena arena;
    char phenotypes[70][16];

    (void)state;
    small_release(&r);
    for (size_t i = 0; i < ARRAY_LEN(phenotypes); i++) {
        (void)snprintf(phenotypes[i], sizeof phenotypes[i], "Kind %zu", i);
        ADD(&r, phenotype, .gene = SLICE("CYP2C19"), .name = slice_of(phenotypes[i]));
    }
    assert_ok(rules_knowledge_new(&r, SLICE("hash"), &k, &err), &err);
    arena_init(&arena, ARENA_BYTES_MAX);
    assert_int_equal(rules_matrix_build((const struct rules_knowledge *const *)&k, 1,
                                        SLICE("clopidogrel"), &arena, &m, &err),
                     ERR_LIMIT);
    arena_release(&arena);
    rules_knowledge_release(k);
    err_clear(&err);
    k = small_knowledge();
    arena_init(&arena, 1024);
    assert_int_equal(rules_matrix_build((const struct rules_knowledge *const *)&k, 1,
                                        SLICE("clopidogrel"), &arena, &m, &err),
                     ERR_NOMEM);
    arena_release(&arena);
    rules_knowledge_release(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_point_is_evaluated_alike),
        cmocka_unit_test(axes_hold_what_can_be_told_apart),
        cmocka_unit_test(too_much_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
