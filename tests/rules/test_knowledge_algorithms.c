/* tests/rules/test_knowledge_algorithms.c -- an algorithm is whole or the release is refused.
 */
#include "tests/rules/warfarin_release.h"

/* Terms are 0 gage intercept, 1 gage VKORC1, 4 gage age, 11 iwpc intercept, 27 and 28 cpic
 * rare.
 */
#define MISTAKES(X)                                                                            \
    X("algorithm 'acenocoumarol': this program has none",                                      \
      r->algorithm_terms[0].algorithm = SLICE("acenocoumarol"))                                \
    X("model 'gauge' has no term 'intercept'", r->algorithm_terms[0].model = SLICE("gauge"))   \
    X("model 'gage' has no term 'age'", r->algorithm_terms[4].term = SLICE("age"))             \
    X("gage intercept: unknown source 'x'", r->algorithm_terms[0].source = SLICE("x"))         \
    X("a model has one source", r->algorithm_terms[4].source = SLICE("iwpc"))                  \
    X("gage intercept: listed twice", ADD(r, algorithm_term, SLICE("warfarin"), SLICE("gage"), \
                                          SLICE("intercept"), SLICE("0.9751"), SLICE("gage"))) \
    X("gage intercept is missing", drop_term(r, 0))                                            \
    X("cpic rs12777823_a_carrier_percent_to is missing",                                       \
      drop_term(r, r->algorithm_terms_count - 1))                                              \
    X("gage intercept: must be a decimal", r->algorithm_terms[0].value = SLICE_NONE)           \
    X("gage intercept: must be a decimal", r->algorithm_terms[0].value = SLICE("-"))           \
    X("gage intercept: must be a decimal", r->algorithm_terms[0].value = SLICE("0.97510x"))    \
    X("gage intercept: must be a decimal", r->algorithm_terms[0].value = SLICE("0,9751"))      \
    X("gage intercept: must be a decimal", r->algorithm_terms[0].value = SLICE("0.975101"))    \
    X("gage intercept: must be a decimal", r->algorithm_terms[0].value = SLICE("0."))          \
    X("gage intercept: must be a decimal", r->algorithm_terms[0].value = SLICE(".9751"))       \
    X("gage intercept: must be a decimal", r->algorithm_terms[0].value = SLICE("+0.9751"))     \
    X("gage intercept: must be a decimal", r->algorithm_terms[0].value = SLICE("--0.9751"))    \
    X("gage intercept: must be a decimal", r->algorithm_terms[0].value = SLICE("9.7e-1"))      \
    X("gage intercept: must be a decimal", r->algorithm_terms[0].value = SLICE("nan"))         \
    X("gage intercept: must be a decimal", r->algorithm_terms[0].value = SLICE("12345"))       \
    X("gage intercept: must be a decimal", r->algorithm_terms[0].value = SLICE(" 0.9751"))     \
    X("gage intercept: 9751 is not plausible", r->algorithm_terms[0].value = SLICE("9751"))    \
    X("gage intercept: 9999.99999 is not", r->algorithm_terms[0].value = SLICE("9999.99999"))  \
    X("vkorc1_a_alleles: 0.3238 is not plausible",                                             \
      r->algorithm_terms[1].value = SLICE("0.3238"))                                           \
    X("age_years: -0.0745 is not plausible", r->algorithm_terms[4].value = SLICE("-0.0745"))   \
    X("age_years: 0 is not plausible", r->algorithm_terms[4].value = SLICE("0"))               \
    X("vkorc1_aa: -0.8677 is not plausible", r->algorithm_terms[16].value = SLICE("-0.8677"))  \
    X("rare_carrier_percent_from is above rare_carrier_percent_to",                            \
      r->algorithm_terms[27].value = SLICE("-14"))                                             \
    X("gene VKORC1 of an algorithm: unknown algorithm 'x'",                                    \
      r->algorithm_genes[0].algorithm = SLICE("x"))                                            \
    X("gene CYP2C9 of an algorithm: unknown algorithm 'warfarin'",                             \
      r->algorithm_terms_count = 0)                                                            \
    X("algorithm warfarin: unknown gene 'x'", r->algorithm_genes[0].gene = SLICE("x"))         \
    X("algorithm warfarin: gene CYP2C9 listed twice",                                          \
      r->algorithm_genes[0].gene = SLICE("CYP2C9"))                                            \
    X("algorithm warfarin: unknown drug 'x'", r->drug_algorithms[0].drug = SLICE("x"))         \
    X("drug other is listed as an alternative", r->drug_algorithms[0].drug = SLICE("other"))   \
    X("drug warfarin: unknown algorithm 'x'", r->drug_algorithms[0].algorithm = SLICE("x"))    \
    X("drug warfarin: has two algorithms",                                                     \
      ADD(r, drug_algorithm, SLICE("warfarin"), SLICE("warfarin")))                            \
    X("algorithm warfarin: reads no gene", r->algorithm_genes_count = 0)

static void drop_term(struct rules_release *r, size_t term)
{
    r->algorithm_terms[term] = r->algorithm_terms[r->algorithm_terms_count - 1];
    r->algorithm_terms_count--;
}

static void make_mistake(size_t number, struct rules_release *r)
{
    size_t i = 0;

#define X(text, ...)                                                                           \
    if (i++ == number) {                                                                       \
        __VA_ARGS__;                                                                           \
        return;                                                                                \
    }
    MISTAKES(X)
#undef X
    fail();
}

static void every_mistake_is_named(void **state)
{
#define X(text, ...) text,
    static const char *const WANTED[] = {MISTAKES(X)};
#undef X

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(WANTED); i++) {
        struct rules_knowledge *k = NULL;
        struct rules_release r;
        struct err err = {0};

        warfarin_release(&r);
        make_mistake(i, &r);
        if (rules_knowledge_new(&r, SLICE("h"), &k, &err) == ERR_OK)
            fail_msg("mistake %zu was accepted: %s", i, WANTED[i]);
        if (slice_find(slice_of(err.text), slice_of(WANTED[i])) == SIZE_MAX)
            fail_msg("mistake %zu: \"%s\" is not in \"%s\"", i, WANTED[i], err.text);
        rules_release_release(&r);
    }
}

static void the_largest_and_least_values_are_accepted(void **state)
{
    static const struct {
        size_t term;
        const char *value;
    } ROWS[] = {{0, "0.1"}, {0, "3"}, {0, "3.00000"}, {4, "-0.02"}, {4, "-0.002"}, {27, "-15"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct rules_knowledge *k = NULL;
        struct rules_release r;
        struct err err = {0};

        warfarin_release(&r);
        r.algorithm_terms[ROWS[i].term].value = slice_of(ROWS[i].value);
        assert_ok(rules_knowledge_new(&r, SLICE("h"), &k, &err), &err);
        rules_release_release(&r);
        rules_knowledge_release(k);
    }
}

static void a_drug_with_an_algorithm_asks_about_its_genes(void **state)
{
    struct rules_knowledge *k = warfarin_knowledge();
    const struct rules_drug *warfarin = rules_find_drug(k, SLICE("warfarin"));
    const struct rules_drug *other = rules_find_drug(k, SLICE("other"));
    const struct rules_gene **genes;

    (void)state;
    assert_int_equal(rules_genes_of_drug(k, warfarin, &genes), 3);
    assert_slice_equal(genes[0]->symbol, "CYP2C9");
    assert_slice_equal(genes[1]->symbol, "CYP4F2");
    assert_slice_equal(genes[2]->symbol, "VKORC1");
    assert_slice_equal(rules_algorithm_of_drug(k, warfarin), "warfarin");
    assert_int_equal(rules_genes_of_drug(k, other, &genes), 0);
    assert_int_equal(rules_algorithm_of_drug(k, other).len, 0);
    assert_slice_equal(rules_warfarin_source(k, SLICE("iwpc"))->pmids, "19228618");
    assert_null(rules_warfarin_source(k, SLICE("x")));
    rules_knowledge_release(k);
}

/* Genes of recommendations and of the algorithm are one list, each once. */
static void an_algorithm_adds_to_what_recommendations_ask(void **state)
{
    struct rules_knowledge *k = NULL;
    const struct rules_gene **genes;
    struct rules_release r;
    struct err err = {0};

    (void)state;
    warfarin_release(&r);
    ADD(&r, message, .id = SLICE("m"), .locale = SLICE("en"), .verdict = SLICE("v"));
    ADD(&r, recommendation, .id = SLICE("r"), .drug = SLICE("warfarin"),
        .source = SLICE("cpic"), .message = SLICE("m"), .age_below_years = RULES_AGE_NO_MAX);
    ADD(&r, condition, SLICE("r"), SLICE("VKORC1"), SLICE("-1639 AA"));
    assert_ok(rules_knowledge_new(&r, SLICE("h"), &k, &err), &err);
    assert_int_equal(rules_genes_of_drug(k, rules_find_drug(k, SLICE("warfarin")), &genes), 3);
    assert_slice_equal(genes[2]->symbol, "VKORC1");
    rules_release_release(&r);
    rules_knowledge_release(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mistake_is_named),
        cmocka_unit_test(the_largest_and_least_values_are_accepted),
        cmocka_unit_test(a_drug_with_an_algorithm_asks_about_its_genes),
        cmocka_unit_test(an_algorithm_adds_to_what_recommendations_ask),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
