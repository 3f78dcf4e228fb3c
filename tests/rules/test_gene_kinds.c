/* tests/rules/test_gene_kinds.c -- genes that are not two star alleles: mitochondria, lists of
 * variants, markers, single positions; and phenotypes as another authority derives them. */
#include "tests/rules/small_evidence.h"

#define MHS "Malignant Hyperthermia Susceptibility"
#define HAP "c.1129-5923C>G, c.1236G>A (HapB3)"

static void mitochondria_have_one_allele(void **state)
{
#define INCREASED "single: m.1555A>G = increased risk [increased risk] #0"
    static const struct row ROWS[] = {
        {"MT-RNR1", {{.alleles = "m.1555A>G"}}, INCREASED},
        {"MT-RNR1", {{.alleles = "1555A>G"}}, INCREASED},
        {"MT-RNR1", {{.alleles = "m.1555A>G/1555A>G"}}, INCREASED},
        {"MT-RNR1",
         {{.alleles = "Reference"}},
         "single: Reference = normal risk [normal risk] #0"},
        {"MT-RNR1",
         {{.alleles = "Reference/reference/Reference"}},
         "single: Reference = normal risk [normal risk] #0"},
        {"MT-RNR1",
         {{.alleles = "m.663A>G"}},
         "single: m.663A>G = uncertain risk [uncertain risk] #0"},
        {"MT-RNR1",
         {{.alleles = "Reference/m.1555A>G"}},
         "single: Reference/m.1555A>G = Indeterminate [Indeterminate] two-alleles #0"},
        {"MT-RNR1",
         {{.alleles = "Reference/m.1555A>G/m.663A>G"}},
         "single: Reference/m.663A>G/m.1555A>G = Indeterminate [Indeterminate] two-alleles #0"},
        {"MT-RNR1",
         {{.alleles = "m.1A>G"}},
         "single: m.1A>G = Indeterminate [Indeterminate] unknown-allele #0"},
        {"MT-RNR1",
         {{.alleles = "m.1A>G/M.1A>G"}},
         "single: m.1A>G = Indeterminate [Indeterminate] unknown-allele #0"},
    };

    (void)state;
    CHECK_ROWS(ROWS);
}

static void one_x_or_two_equal_ones_and_mixed_ones_vary(void **state)
{
    static const struct row ROWS[] = {
        {"G6PD",
         {{.alleles = "Mediterranean, Dallas"}},
         "single: Mediterranean, Dallas = Deficient [Deficient] #0"},
        {"G6PD",
         {{.alleles = "Mediterranean, Dallas/Mediterranean, Dallas"}},
         "single: Mediterranean, Dallas/Mediterranean, Dallas = Deficient [Deficient] #0"},
        {"G6PD",
         {{.alleles = "Mediterranean, Dallas/B (reference)"}},
         "single: B (reference)/Mediterranean, Dallas = Variable [Variable] #0"},
        {"G6PD", {{.alleles = "B (reference)"}}, "single: B (reference) = Normal [Normal] #0"},
        {"G6PD",
         {{.alleles = "B (reference)/Nowhere"}},
         "single: B (reference)/Nowhere = Indeterminate [Indeterminate] unknown-allele #0"},
    };

    (void)state;
    CHECK_ROWS(ROWS);
}

static void of_many_variants_the_two_that_matter_most_count(void **state)
{
    static const struct row ROWS[] = {
        {"RYR1",
         {{.alleles = "Reference/c.38T>G"}},
         "single: Reference/c.38T>G = " MHS " [" MHS "] #0"},
        {"RYR1",
         {{.alleles = "Reference/Reference"}},
         "single: Reference/Reference = Uncertain Susceptibility [Uncertain Susceptibility] "
         "#0"},
        {"RYR1",
         {{.alleles = "Reference/c.418G>A/c.38T>G/c.97A>G"}},
         "single: c.38T>G/c.97A>G = " MHS " [" MHS "] lowest-two #0"},
        {"RYR1",
         {{.alleles = "c.418G>A/c.119G>C/c.97A>G"}},
         "single: c.97A>G/c.119G>C = " MHS " [" MHS "] lowest-two #0"},
        {"RYR1", /* what is not known is passed over only for something worse */
         {{.alleles = "Reference/c.119G>C/c.5T>G"}},
         "single: Reference/c.5T>G = Indeterminate [Indeterminate] unknown-allele lowest-two "
         "#0"},
        {"RYR1",
         {{.alleles = "c.38T>G/c.5T>G/c.97A>G"}},
         "single: c.38T>G/c.97A>G = " MHS " [" MHS "] unknown-allele lowest-two #0"},
        {"RYR1", /* one decides, whatever the other one is */
         {{.alleles = "c.38T>G/c.5T>G"}},
         "single: c.38T>G/c.5T>G = " MHS " [" MHS "] unknown-allele #0"},
        {"RYR1",
         {{.alleles = "c.38T>G", .is_single = true}},
         "single: c.38T>G = " MHS " [" MHS "] single-allele #0"},
        {"RYR1", /* ... but only such a one */
         {{.alleles = "c.418G>A/c.5T>G"}},
         "single: c.418G>A/c.5T>G = Indeterminate [Indeterminate] unknown-allele #0"},
        {"RYR1",
         {{.alleles = "c.418G>A", .is_single = true}},
         "unusable: c.418G>A =  [] single-allele #0"},
        {"RYR1", /* a single allele supports the diplotype that holds it */
         {{.alleles = "c.38T>G", .is_single = true}, {.alleles = "Reference/c.38T>G"}},
         "agreed: Reference/c.38T>G = " MHS " [" MHS "] #01"},
        {"RYR1",
         {{.alleles = "c.38T>G", .is_single = true}, {.alleles = "c.38T>G", .is_single = true}},
         "agreed: c.38T>G = " MHS " [" MHS "] single-allele #01"},
    };

    (void)state;
    CHECK_ROWS(ROWS);
}

static void a_marker_counts_where_its_allele_is_not_reported(void **state)
{
    static const struct row ROWS[] = {
        {"DPYD",
         {{.alleles = "Reference/c.1236G>A"}},
         "single: Reference/" HAP " = Intermediate Metabolizer [1.5] marker #0"},
        {"DPYD",
         {{.alleles = "Reference/HapB3"}},
         "single: Reference/" HAP " = Intermediate Metabolizer [1.5] #0"},
        {"DPYD",
         {{.alleles = "Reference/c.1129-5923C>G"}},
         "single: Reference/c.1129-5923C>G = Intermediate Metabolizer [1.5] #0"},
        {"DPYD", /* both are one */
         {{.alleles = "c.1129-5923C>G/c.1236G>A"}},
         "single: Reference/" HAP " = Intermediate Metabolizer [1.5] #0"},
        {"DPYD",
         {{.alleles = "c.1236G>A/HapB3"}},
         "single: Reference/" HAP " = Intermediate Metabolizer [1.5] #0"},
        {"DPYD",
         {{.alleles = "c.1236G>A/c.2846A>T/c.1129-5923C>G"}},
         "single: " HAP "/c.2846A>T = Intermediate Metabolizer [1.0] #0"},
        {"DPYD",
         {{.alleles = "c.1236G>A/c.1236G>A/c.1129-5923C>G/c.1129-5923C>G"}},
         "single: " HAP "/" HAP " = Intermediate Metabolizer [1.0] #0"},
        {"DPYD", /* the allele decides how many */
         {{.alleles = "c.1236G>A/c.1236G>A/c.1129-5923C>G/Reference"}},
         "single: Reference/" HAP " = Intermediate Metabolizer [1.5] #0"},
        {"DPYD",
         {{.alleles = "c.1236G>A/c.1236G>A"}},
         "single: " HAP "/" HAP " = Intermediate Metabolizer [1.0] marker #0"},
        {"DPYD",
         {{.alleles = "c.1236G>A", .is_single = true}},
         "unusable: " HAP " =  [] single-allele marker #0"},
    };

    (void)state;
    CHECK_ROWS(ROWS);
}

static void two_letters_of_one_position_tell_the_diplotype(void **state)
{
    static const struct row ROWS[] = {
        {"DPYD",
         {{.alleles = "rs67376798 A/rs67376798 T"}},
         "single: Reference/c.2846A>T = Intermediate Metabolizer [1.5] one-position #0"},
        {"DPYD",
         {{.alleles = "rs67376798T/ RS67376798 A"}},
         "single: Reference/c.2846A>T = Intermediate Metabolizer [1.5] one-position #0"},
        {"DPYD",
         {{.alleles = "rs56038477 T/rs56038477 C"}},
         "single: Reference/" HAP " = Intermediate Metabolizer [1.5] marker one-position #0"},
        {"DPYD", /* which strand is meant is not said */
         {{.alleles = "rs67376798 T/rs67376798 T"}},
         "single: rs67376798 T/rs67376798 T = Indeterminate [n/a] unknown-allele #0"},
        {"DPYD",
         {{.alleles = "rs67376798 A/rs67376798 C"}},
         "single: rs67376798 A/rs67376798 C = Indeterminate [n/a] unknown-allele #0"},
    };

    (void)state;
    CHECK_ROWS(ROWS);
}

struct under {
    const char *gene;
    struct said said;
    const char *authority, *want;
};

static bool is_under_right(const struct rules_knowledge *k, const struct under *row)
{
    const struct rules_gene *gene = rules_find_gene(k, slice_of(row->gene));
    struct rules_evidence evidence = evidence_of(row->gene, &row->said);
    struct rules_gene_result result;
    struct err err = {0};
    struct arena arena;
    struct buf got;
    bool is_right;

    arena_init(&arena, 1024 * 1024);
    buf_init(&got, 4096);
    assert_ok(rules_resolve_gene(k, gene, &evidence, 1, &arena, &result, &err), &err);
    for (size_t i = 0; i < result.calls_count; i++)
        rules_call_under(k, gene, slice_of(row->authority), &result.calls[i], &result.calls[i]);
    describe(&result, &arena, &got);
    is_right = slice_eq_text(buf_slice(&got), row->want);
    if (!is_right)
        print_error("%s, %s:\n  got  %.*s\n  want %s\n", row->gene, row->said.alleles,
                    SLICE_ARG(buf_slice(&got)), row->want);
    buf_release(&got);
    arena_release(&arena);
    return is_right;
}

static const struct under UNDER[] = {
    {"CYP2D6",
     {.score = "2.5"},
     "",
     "single:  = Ultrarapid Metabolizer [2.5] phenotype-only #0"},
    {"CYP2D6",
     {.score = "2.5"},
     "CPIC",
     "single:  = Ultrarapid Metabolizer [2.5] phenotype-only #0"},
    {"CYP2D6",
     {.score = "2.5"},
     "DPWG",
     "single:  = Normal Metabolizer [2.5] phenotype-only #0"},
    {"CYP2D6",
     {.alleles = "*1x2/*41x2"},
     "DPWG",
     "single: *1x2/*41x2 = Normal Metabolizer [2.5] #0"},
    {"CYP2D6",
     {.alleles = "*1x3/*4"},
     "DPWG",
     "single: *1x\u22653/*4 = Ultrarapid Metabolizer [\u22653.0] #0"},
    {"CYP2D6",
     {.alleles = "*1/*22"},
     "DPWG",
     "single: *1/*22 = Indeterminate [n/a] unknown-function #0"},
    {"CYP2D6",
     {.phenotype = "Normal Metabolizer"},
     "DPWG",
     "single:  = Normal Metabolizer [1.25-2.5] phenotype-only #0"},
    {"CYP2C19",
     {.alleles = "*1/*17"},
     "DPWG",
     "single: *1/*17 = Normal Metabolizer [Normal Metabolizer] #0"},
    {"CYP2C19",
     {.alleles = "*1/*17"},
     "",
     "single: *1/*17 = Rapid Metabolizer [Rapid Metabolizer] #0"},
    {"CYP2C19", /* without a rule of its own nothing is known */
     {.alleles = "*2/*17"},
     "DPWG",
     "single: *2/*17 = Indeterminate [Indeterminate] #0"},
    {"CYP2C19",
     {.alleles = "*1/*99"},
     "DPWG",
     "single: *1/*99 = Indeterminate [Indeterminate] unknown-allele #0"},
    {"CYP2C19",
     {.phenotype = "Rapid Metabolizer"},
     "DPWG",
     "single:  = Rapid Metabolizer [Rapid Metabolizer] phenotype-only #0"},
    {"CYP2C19", {.alleles = "*1"}, "DPWG", "unusable: *1 =  [] single-allele #0"},
    {"DPYD", /* pairs of functions where CPIC adds values */
     {.alleles = "Reference/c.2846A>T"},
     "DPWG",
     "single: Reference/c.2846A>T = Intermediate Metabolizer [Intermediate Metabolizer] "
     "#0"},
    {"DPYD",
     {.alleles = "c.2846A>T/HapB3"},
     "DPWG",
     "single: " HAP "/c.2846A>T = Poor Metabolizer [Poor Metabolizer] #0"},
    {"DPYD",
     {.score = "1.5"},
     "DPWG",
     "single:  = Intermediate Metabolizer [Intermediate Metabolizer] phenotype-only #0"},
    {"RYR1", /* no tables of its own: the gene's */
     {.alleles = "Reference/c.38T>G"},
     "DPWG",
     "single: Reference/c.38T>G = " MHS " [" MHS "] #0"},
    {"HLA-B", {.positive = "*57:01"}, "DPWG", "single:  =  [*57:01 positive] #0"},
};

static void an_authority_derives_its_own_phenotype(void **state)
{
    struct rules_knowledge *k = small_knowledge();
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(UNDER); i++)
        wrong += !is_under_right(k, &UNDER[i]);
    rules_knowledge_release(k);
    assert_int_equal(wrong, 0);
}

static void priority_is_the_tables_not_the_words(void **state)
{
    struct rules_knowledge *k = small_knowledge();
    const struct rules_gene *gene = rules_find_gene(k, SLICE("CYP2C19"));

    (void)state;
    assert_int_equal(rules_priority_of(k, gene, SLICE("Poor Metabolizer")),
                     RULES_PRIORITY_ABNORMAL);
    assert_int_equal(rules_priority_of(k, gene, SLICE("Rapid Metabolizer")),
                     RULES_PRIORITY_NORMAL);
    assert_int_equal(rules_priority_of(k, gene, SLICE("Likely Poor Metabolizer")),
                     RULES_PRIORITY_NONE);
    rules_knowledge_release(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mitochondria_have_one_allele),
        cmocka_unit_test(one_x_or_two_equal_ones_and_mixed_ones_vary),
        cmocka_unit_test(of_many_variants_the_two_that_matter_most_count),
        cmocka_unit_test(a_marker_counts_where_its_allele_is_not_reported),
        cmocka_unit_test(two_letters_of_one_position_tell_the_diplotype),
        cmocka_unit_test(an_authority_derives_its_own_phenotype),
        cmocka_unit_test(priority_is_the_tables_not_the_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
