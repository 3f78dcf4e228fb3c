/* tests/rules/test_run_tests.c -- the cases that ship with a release. */
#include "tests/rules/small_release.h"

struct failures {
    size_t count;
    char text[256];
};

static void keep_failure(void *owner, const struct rules_test *test, struct slice what)
{
    struct failures *failures = owner;

    failures->count++;
    (void)snprintf(failures->text, sizeof failures->text, "%.*s: %.*s", SLICE_ARG(test->name),
                   SLICE_ARG(what));
}

static void shipped_cases_that_hold_are_silent(void **state)
{
    struct rules_knowledge *k = small_knowledge();
    struct failures failures = {.count = 0};
    size_t run = 0;

    (void)state;
    assert_int_equal(rules_run_tests(k, keep_failure, &failures, &run), 0);
    assert_int_equal(run, 2);
    assert_int_equal(failures.count, 0);
    rules_knowledge_release(k);
}

/* What a shipped case may say, and how its failure reads. */
static void shipped_cases_say_what_does_not_hold(void **state)
{
    static const struct {
        const char *drug, *population, *gene, *result;
        enum rules_alert alert;
        const char *recommendations, *want;
    } ROWS[] = {
        {"codeine", "", "CYP2D6", "*4/*4", RULES_ALERT_WARNING, "cod-poor", ""},
        {"codeine", "", "CYP2D6", "score n/a", RULES_ALERT_NONE, "cod-unclear", ""},
        {"codeine", "", "CYP2D6", "Poor Metabolizer", RULES_ALERT_WARNING, "cod-poor", ""},
        {"carbamazepine", "", "HLA-B", "*15:02 positive", RULES_ALERT_CRITICAL, "car-1502", ""},
        {"carbamazepine", "", "HLA-B", "*15:02/*08:01", RULES_ALERT_CRITICAL, "car-1502", ""},
        {"clopidogrel", "", "CYP2C19", "*2/*2", RULES_ALERT_CRITICAL,
         "clo-acs-poor clo-nvi-poor", ""},
        {"codeine", "", "CYP2D6", "*4/*4", RULES_ALERT_CRITICAL, "cod-poor",
         "t: alert: expected critical, got warning"},
        {"codeine", "", "CYP2D6", "*1/*4", RULES_ALERT_INFO, "cod-poor",
         "t: recommendations: expected \"cod-poor\", got \"cod-low\""},
        {"clopidogrel", "NVI", "CYP2C19", "*2/*2", RULES_ALERT_NONE, "",
         "t: alert: expected none, got warning; recommendations: expected \"\", got "
         "\"clo-nvi-poor\""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct failures failures = {.count = 0};
        struct rules_knowledge *k = NULL;
        struct rules_release r;
        struct err err = {0};
        size_t run = 0;

        small_release(&r);
        ADD(&r, test, .name = SLICE("t"), .drug = slice_of(ROWS[i].drug),
            .population = slice_of(ROWS[i].population), .alert = ROWS[i].alert,
            .recommendations = slice_of(ROWS[i].recommendations));
        ADD(&r, test_gene, SLICE("t"), slice_of(ROWS[i].gene), slice_of(ROWS[i].result));
        assert_ok(rules_knowledge_new(&r, SLICE("h"), &k, &err), &err);
        assert_int_equal(rules_run_tests(k, keep_failure, &failures, &run),
                         ROWS[i].want[0] != '\0');
        assert_string_equal(failures.text, ROWS[i].want);
        assert_int_equal(run, 3);
        rules_knowledge_release(k);
    }
}

static void shipped_cases_may_have_several_results_of_a_gene(void **state)
{
    struct failures failures = {.count = 0};
    struct rules_knowledge *k = NULL;
    struct rules_release r;
    struct err err = {0};
    size_t run = 0;

    (void)state;
    small_release(&r);
    ADD(&r, test, .name = SLICE("conflict"), .drug = SLICE("codeine"),
        .alert = RULES_ALERT_WARNING, .recommendations = SLICE("cod-normal cod-poor"));
    ADD(&r, test_gene, SLICE("conflict"), SLICE("CYP2D6"), SLICE("*4/*4"));
    ADD(&r, test_gene, SLICE("conflict"), SLICE("CYP2D6"), SLICE("*1/*1"));
    ADD(&r, test, .name = SLICE("too many"), .drug = SLICE("codeine"));
    for (int i = 0; i < 17; i++)
        ADD(&r, test_gene, SLICE("too many"), SLICE("CYP2D6"), SLICE("*4/*4"));
    assert_ok(rules_knowledge_new(&r, SLICE("h"), &k, &err), &err);
    assert_int_equal(rules_run_tests(k, keep_failure, &failures, &run), 1);
    assert_string_equal(failures.text, "too many: cannot be evaluated: more than 16 genes");
    rules_knowledge_release(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_cases_that_hold_are_silent),
        cmocka_unit_test(shipped_cases_say_what_does_not_hold),
        cmocka_unit_test(shipped_cases_may_have_several_results_of_a_gene),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
