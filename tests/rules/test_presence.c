/* tests/rules/test_presence.c -- genes asked about allele by allele: "not tested" is no answer.
 */
#include "tests/rules/small_evidence.h"

static void an_hla_allele_is_there_not_there_or_not_tested(void **state)
{
    static const struct row ROWS[] = {
        {"HLA-B",
         {{.alleles = "*57:01/*08:01"}},
         "single: *08:01/*57:01 =  [*15:02 negative, *57:01 positive, *58:01 negative] #0"},
        {"HLA-B",
         {{.alleles = "HLA-B*57:01:01:02/B*15:02:01G"}},
         "single: *15:02/*57:01 =  [*15:02 positive, *57:01 positive, *58:01 negative] "
         "fields-cut #0"},
        {"HLA-B",
         {{.alleles = "07:02/58:01P"}},
         "single: *07:02/*58:01 =  [*15:02 negative, *57:01 negative, *58:01 positive] "
         "fields-cut #0"},
        {"HLA-B", {{.alleles = "*57:01"}}, "single:  =  [*57:01 positive] single-allele #0"},
        {"HLA-B", {{.alleles = "*08:01"}}, "unusable: *08:01 =  [] single-allele #0"},
        {"HLA-B", {{.alleles = "*57/*08"}}, "unusable: *08/*57 =  [] #0"},
        {"HLA-B", {{.alleles = "*57:01/*08"}}, "single:  =  [*57:01 positive] #0"},
        {"HLA-B", /* allele code: one of several */
         {{.alleles = "*57:XX/*08:01"}},
         "unusable: *08:01/*57:xx =  [] #0"},
        {"HLA-B", /* a null allele is not expressed; whether that counts is not ours to say */
         {{.alleles = "*57:01:01N/*08:01"}},
         "unusable: *08:01/*57:01 =  [] #0"},
        {"HLA-B", {{.alleles = "*57:01/*08:01/*15:02"}}, "unusable:  =  [] copies-unknown #0"},
        {"HLA-B", {{.positive = "*57:01"}}, "single:  =  [*57:01 positive] #0"},
        {"HLA-B", {{.negative = "HLA-B*57:01"}}, "single:  =  [*57:01 negative] #0"},
        {"HLA-B", {{.positive = "*57:01:01"}}, "single:  =  [*57:01 positive] fields-cut #0"},
        {"HLA-B", /* another *57:01 may be there */
         {{.negative = "*57:01:01"}},
         "unusable: *57:01:01 =  [] fields-cut #0"},
        {"HLA-B", {{.negative = "*57:01P"}}, "single:  =  [*57:01 negative] fields-cut #0"},
        {"HLA-B", {{.negative = "*57"}}, "unusable: *57 =  [] unknown-allele #0"},
        {"HLA-B", {{.positive = "*44:03"}}, "unusable: *44:03 =  [] unknown-allele #0"},
        {"HLA-B", {{.unclear = "*57:01"}}, "unusable: *57:01 =  [] #0"},
        {"HLA-B", {{.phenotype = "*58:01 Positive"}}, "single:  =  [*58:01 positive] #0"},
        {"HLA-B", {{.phenotype = "Poor Metabolizer"}}, "unusable:  =  [] phenotype-unknown #0"},
        {"HLA-B", {{0}}, "none:"},
        {"HLA-A", {{.negative = "*31:01"}}, "single:  =  [*31:01 negative] #0"},
    };

    (void)state;
    CHECK_ROWS(ROWS);
}

static void hla_records_unite_unless_they_contradict(void **state)
{
    static const struct row ROWS[] = {
        {"HLA-B",
         {{.negative = "*15:02"}, {.positive = "*57:01"}},
         "agreed:  =  [*15:02 negative, *57:01 positive] #01"},
        {"HLA-B",
         {{.positive = "*57:01"}, {.negative = "*15:02"}, {.negative = "*57:01"}},
         "conflict:  =  [*15:02 negative, *57:01 positive] #01 | "
         " =  [*15:02 negative, *57:01 negative] #12"},
        {"HLA-B", /* the order of the records does not matter */
         {{.negative = "*57:01"}, {.negative = "*15:02"}, {.positive = "*57:01"}},
         "conflict:  =  [*15:02 negative, *57:01 positive] #12 | "
         " =  [*15:02 negative, *57:01 negative] #01"},
        {"HLA-B",
         {{.negative = "*15:02"},
          {.positive = "*15:02"},
          {.positive = "*57:01"},
          {.negative = "*57:01"}},
         "conflict:  =  [*15:02 positive, *57:01 positive] #12 | "
         " =  [*15:02 negative, *57:01 negative] #03"},
        {"HLA-B",
         {{.alleles = "*57:01/*08:01"}, {.negative = "*57:01"}, {.negative = "*58:01"}},
         "conflict: *08:01/*57:01 =  [*15:02 negative, *57:01 positive, *58:01 negative] #02 "
         "|  =  [*57:01 negative, *58:01 negative] #12"},
        {"HLA-B",
         {{.alleles = "*57:01/*08:01"}, {.alleles = "*08:01:01/*57:01"}},
         "agreed: *08:01/*57:01 =  [*15:02 negative, *57:01 positive, *58:01 negative] "
         "fields-cut #01"},
        {"HLA-B", /* two typings that differ are two answers */
         {{.alleles = "*57:01/*08:01"}, {.alleles = "*07:02/*57:01"}},
         "conflict: *07:02/*57:01 =  [*15:02 negative, *57:01 positive, *58:01 negative] #1 | "
         "*08:01/*57:01 =  [*15:02 negative, *57:01 positive, *58:01 negative] #0"},
        {"HLA-B",
         {{.alleles = "*08:01/*07:02", .positive = "*57:01"}},
         "single: *07:02/*08:01 =  [*15:02 negative, *57:01 positive, *58:01 negative] "
         "phenotype-differs #0"},
        {"HLA-B",
         {{.alleles = "*57:01/*07:02", .negative = "*57:01"}},
         "single: *07:02/*57:01 =  [*15:02 negative, *57:01 positive, *58:01 negative] "
         "phenotype-differs #0"},
    };

    (void)state;
    CHECK_ROWS(ROWS);
}

static void a_final_statement_replaces_preliminary_ones_allele_by_allele(void **state)
{
    static const struct row ROWS[] = {
        {"HLA-B",
         {{.positive = "*57:01", .is_preliminary = true}, {.negative = "*57:01"}},
         "single:  =  [*57:01 negative] #1"},
        {"HLA-B",
         {{.positive = "*57:01", .is_preliminary = true}, {.negative = "*15:02"}},
         "agreed:  =  [*15:02 negative, *57:01 positive] preliminary #01"},
        {"HLA-B",
         {{.alleles = "*57:01/*08:01", .is_preliminary = true}, {.alleles = "*07:02/*08:01"}},
         "single: *07:02/*08:01 =  [*15:02 negative, *57:01 negative, *58:01 negative] #1"},
    };

    (void)state;
    CHECK_ROWS(ROWS);
}

static void too_many_different_typings_are_unusable(void **state)
{
    struct rules_knowledge *k = small_knowledge();
    struct rules_evidence evidence[RULES_CALLS_MAX + 1];
    struct rules_gene_result result;
    struct err err = {0};
    struct arena arena;

    (void)state;
    arena_init(&arena, 1024 * 1024);
    for (size_t i = 0; i < ARRAY_LEN(evidence); i++) {
        evidence[i] = evidence_of("HLA-B", &(struct said){.alleles = "*57:01/*08:01"});
        evidence[i].alleles[1] = arena_printf(&arena, "*44:%02zu", i);
    }
    assert_ok(rules_resolve_gene(k, rules_find_gene(k, SLICE("HLA-B")), evidence,
                                 RULES_CALLS_MAX, &arena, &result, &err),
              &err);
    assert_int_equal(result.calls_count, RULES_CALLS_MAX);
    assert_ok(rules_resolve_gene(k, rules_find_gene(k, SLICE("HLA-B")), evidence,
                                 RULES_CALLS_MAX + 1, &arena, &result, &err),
              &err);
    assert_int_equal(result.state, RULES_GENE_UNUSABLE);
    assert_int_equal(result.calls_count, 1);
    assert_int_equal(result.calls[0].notes, 1U << RULES_NOTE_TOO_MANY);
    assert_int_equal(result.calls[0].sources_count, RULES_CALLS_MAX + 1);
    arena_release(&arena);
    rules_knowledge_release(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_hla_allele_is_there_not_there_or_not_tested),
        cmocka_unit_test(hla_records_unite_unless_they_contradict),
        cmocka_unit_test(a_final_statement_replaces_preliminary_ones_allele_by_allele),
        cmocka_unit_test(too_many_different_typings_are_unusable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
