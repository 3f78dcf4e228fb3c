/* tests/rules/test_drug_names.c -- NDCs in their one form, and drugs by what they are called.
 */
#include "rules/ndc.h"
#include "tests/rules/small_release.h"

static void an_ndc_becomes_eleven_digits_or_nothing(void **state)
{
    static const struct {
        const char *written, *canonical; /* NULL: refused */
    } ROWS[] = {
        {"00093081001", "00093081001"},
        {" 00093081001 ", "00093081001"},
        {"0093-0810-01", "00093081001"},  /* 4-4-2 */
        {"63653-117-16", "63653011716"},  /* 5-3-2 */
        {"63653-1171-6", "63653117106"},  /* 5-4-1 */
        {"63653-1171-06", "63653117106"}, /* 5-4-2 */
        {"0093081001", NULL},             /* ten digits do not say which part is short */
        {"000930810011", NULL},
        {"0093-081-01", NULL}, /* two short parts */
        {"0093-0810-1", NULL},
        {"093-0810-01", NULL},
        {"00093-0810-011", NULL},
        {"00093-08101-1", NULL},
        {"000930-810-01", NULL},
        {"0093-0810", NULL},
        {"0093-0810-01-2", NULL},
        {"0093-0810-", NULL},
        {"--", NULL},
        {"", NULL},
        {"0009308100a", NULL},
        {"0093-08 0-01", NULL},
        {"0093-0810-*1", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        char got[RULES_NDC_DIGITS + 1] = "untouched";
        bool is_ndc = rules_ndc_canonical(slice_of(ROWS[i].written), got);

        if (is_ndc != (ROWS[i].canonical != NULL))
            fail_msg("\"%s\" is taken for %s", ROWS[i].written, is_ndc ? got : "none");
        assert_string_equal(got, is_ndc ? ROWS[i].canonical : "untouched");
    }
}

static void add_name(struct rules_release *r, const char *drug, const char *code,
                     const char *term_type, const char *display, enum rules_form form)
{
    ADD(r, drug_code, .drug = slice_of(drug), .system = SLICE("http://example.org/names"),
        .code = slice_of(code), .term_type = slice_of(term_type), .display = slice_of(display),
        .form = form);
}

static struct rules_knowledge *named(void)
{
    struct rules_knowledge *k = NULL;
    struct rules_release r;
    struct err err = {0};

    small_release(&r);
    add_name(&r, "codeine", "1", "PIN", "Codeine Phosphate", RULES_FORM_SYSTEMIC);
    add_name(&r, "clopidogrel", "2", "BN", "Brand", RULES_FORM_LOCAL);
    add_name(&r, "clopidogrel", "3", "BN", "brand", RULES_FORM_SYSTEMIC);
    add_name(&r, "codeine", "4", "BN", "Double", RULES_FORM_LOCAL);
    add_name(&r, "clopidogrel", "4", "BN", "Double", RULES_FORM_LOCAL);
    add_name(&r, "codeine", "5", "SCD", "a product", RULES_FORM_SYSTEMIC);
    assert_ok(rules_knowledge_new(&r, SLICE("0"), &k, &err), &err);
    return k;
}

static void a_whole_text_may_be_a_name(void **state)
{
    static const struct {
        const char *text, *drugs;
        bool is_local;
    } ROWS[] = {
        {"codeine", "codeine ", false},
        {" CODEINE\t", "codeine ", false},
        {"codeine phosphate", "codeine ", false},
        {"BRAND", "clopidogrel ", false}, /* systemic wins over local */
        {"Double", "clopidogrel codeine ", true},
        {"prasugrel", "prasugrel ", false},
        {"codein", "", false},
        {"codeine 30 mg", "", false},
        {"acodeine", "", false},
        {"a product", "", false}, /* products are not names */
        {"combination", "", false},
        {"", "", false},
        {"\xff\xfe", "", false},
    };
    struct rules_knowledge *k = named();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        const struct rules_drug_name *names;
        size_t count = rules_find_drugs_by_name(k, slice_of(ROWS[i].text), &names);
        char got[128] = "";

        for (size_t n = 0; n < count; n++) {
            size_t len = strlen(got);

            (void)snprintf(got + len, sizeof got - len, "%.*s ",
                           SLICE_ARG(names[n].drug->name));
            assert_int_equal(names[n].is_local, ROWS[i].is_local);
        }
        if (strcmp(got, ROWS[i].drugs) != 0)
            fail_msg("\"%s\" names \"%s\", want \"%s\"", ROWS[i].text, got, ROWS[i].drugs);
    }
    rules_knowledge_release(k);
}

static void each_code_system_is_listed_once(void **state)
{
    struct rules_knowledge *k = named();
    const struct slice *systems;

    (void)state;
    assert_int_equal(rules_code_systems(k, &systems), 3);
    assert_slice_equal(systems[0], "http://example.org/atc");
    assert_slice_equal(systems[1], "http://example.org/names");
    assert_slice_equal(systems[2], "http://example.org/rxnorm");
    rules_knowledge_release(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ndc_becomes_eleven_digits_or_nothing),
        cmocka_unit_test(a_whole_text_may_be_a_name),
        cmocka_unit_test(each_code_system_is_listed_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
