/* tests/rules/test_allele_name.c -- normal forms, and what can be cut off a name. */
#include "rules/allele_name.h"
#include "tests/test.h"

static void one_allele_has_one_normal_form(void **state)
{
    static const struct {
        const char *gene, *written, *want;
    } ROWS[] = {
        {"CYP2D6", "*4", "*4"},
        {"CYP2D6", " CYP2D6 * 4", "*4"},
        {"CYP2D6", "cyp2d6:*4A", "*4a"},
        {"CYP2D6", "*36 + *10", "*10+*36"},
        {"CYP2D6", "*10-*36", "*10+*36"},
        {"CYP2D6", "*13 + *68x2 + *4", "*4+*13+*68x2"},
        {"CYP2D6", "*1x\u22653", "*1x>=3"},
        {"DPYD", "c.1905+1G>A (*2A)", "c.1905+1g>a(*2a)"},
        {"MT-RNR1", "m.961T>del+Cn", "m.961t>del+cn"},
        {"CFTR", "711+3A->G", "711+3a->g"},
        {"VKORC1", "VKORC1 -1639G>A", "-1639g>a"},
        {"G6PD", "G6PD A- 202A_376G", "a-202a_376g"},
        {"HLA-B", "HLA-B*57:01", "*57:01"},
        {"HLA-B", "B*57:01", "*57:01"},
        {"HLA-B", "57:01", "*57:01"},
        {"HLA-B", "Bw4", "bw4"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct rules_allele_name name;

        assert_true(
            rules_allele_normalise(slice_of(ROWS[i].written), slice_of(ROWS[i].gene), &name));
        assert_slice_equal(rules_allele_name_slice(&name), ROWS[i].want);
    }
}

static void hla_names_say_what_two_fields_say(void **state)
{
    static const struct {
        const char *name, *two_fields;
        bool is_exact, is_cut, is_group_p;
    } ROWS[] = {
        {"*57:01", "*57:01", true, false, false},
        {"*57:01:01:02", "*57:01", true, true, false},
        {"*57:01p", "*57:01", true, true, true},
        {"*57:01:01g", "*57:01", true, true, false},
        {"*57:01n", "*57:01", false, false, false},
        {"*57:01:01:02q", "*57:01", false, true, false},
        {"*57:01:", "*57:01", false, false, false},
        {"*57", "*57", false, false, false},
        {"*57:", "*57:", false, false, false},
        {"*57:xx", "*57:xx", false, false, false},
        {"*:01", "*:01", false, false, false},
        {"b57", "b57", false, false, false},
        {"", "", false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct rules_hla_name hla = rules_hla_read(slice_of(ROWS[i].name));

        assert_slice_equal(hla.two_fields, ROWS[i].two_fields);
        assert_int_equal(hla.is_exact, ROWS[i].is_exact);
        assert_int_equal(hla.is_cut, ROWS[i].is_cut);
        assert_int_equal(hla.is_group_p, ROWS[i].is_group_p);
    }
}

static void allele_names_sort_naturally(void **state)
{
    static const char *const SORTED[] = {
        "*1",        "*1x2",          "*01x2",       "*1x\u22653", "*2",
        "*2A",       "*10",           "*13 + *1",    "*13 + *2",   "*36",
        "Reference", "c.85T>C (*9A)", "c.1905+1G>A", "c.2846A>T",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(SORTED); i++)
        for (size_t j = 0; j < ARRAY_LEN(SORTED); j++) {
            int order = rules_allele_compare(slice_of(SORTED[i]), slice_of(SORTED[j]));
            /* equal numbers written differently still have an order */
            bool is_twin = (i == 1 && j == 2) || (i == 2 && j == 1);

            if (!is_twin)
                assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
            else
                assert_int_not_equal(order, 0);
        }
}

static void names_that_are_too_long_name_nothing(void **state)
{
    struct rules_allele_name name;
    char text[RULES_ALLELE_BYTES_MAX + 2];
    struct slice gene = SLICE("CYP2D6");

    (void)state;
    memset(text, 'a', sizeof text);
    assert_true(
        rules_allele_normalise((struct slice){text, RULES_ALLELE_BYTES_MAX}, gene, &name));
    assert_int_equal(name.len, RULES_ALLELE_BYTES_MAX);
    assert_false(
        rules_allele_normalise((struct slice){text, RULES_ALLELE_BYTES_MAX + 1}, gene, &name));
    assert_false(rules_allele_normalise(SLICE(" \t"), gene, &name));
    assert_false(rules_allele_normalise(SLICE("*1+*1+*1+*1+*1+*1+*1+*1+*1"), gene, &name));
    assert_true(rules_allele_normalise(SLICE("CYP2D6"), gene, &name));
    assert_slice_equal(rules_allele_name_slice(&name), "cyp2d6");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_allele_has_one_normal_form),
        cmocka_unit_test(hla_names_say_what_two_fields_say),
        cmocka_unit_test(allele_names_sort_naturally),
        cmocka_unit_test(names_that_are_too_long_name_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
