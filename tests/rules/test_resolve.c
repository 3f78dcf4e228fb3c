/* tests/rules/test_resolve.c -- what agrees is one call, what does not stays side by side. */
#include "tests/rules/small_evidence.h"

static const struct row LEVELS[] = {
    {"CYP2C19",
     {{.alleles = "*2/*3", .phenotype = "Poor Metabolizer"}},
     "single: *2/*3 = Poor Metabolizer [Poor Metabolizer] #0"},
    {"CYP2C19",
     {{.alleles = "*2/*3", .phenotype = "CYP2C19 poor metabolizer"}},
     "single: *2/*3 = Poor Metabolizer [Poor Metabolizer] #0"},
    {"CYP2C19",
     {{.alleles = "*2/*3", .phenotype = "Normal Metabolizer"}},
     "conflict: *2/*3 = Poor Metabolizer [Poor Metabolizer] phenotype-differs #0 | "
     " = Normal Metabolizer [Normal Metabolizer] phenotype-only phenotype-differs #0"},
    {"CYP2C19",
     {{.alleles = "*1/*99", .phenotype = "Normal Metabolizer"}},
     "single: *1/*99 = Normal Metabolizer [Normal Metabolizer] unknown-allele "
     "phenotype-differs #0"},
    {"CYP2C19",
     {{.alleles = "*2/*3", .phenotype = "Indeterminate"}},
     "conflict: *2/*3 = Poor Metabolizer [Poor Metabolizer] phenotype-differs #0 | "
     " = Indeterminate [Indeterminate] phenotype-only phenotype-differs #0"},
    {"CYP2C19",
     {{.alleles = "*2/*3", .phenotype = "fast"}},
     "single: *2/*3 = Poor Metabolizer [Poor Metabolizer] phenotype-unknown #0"},
    {"CYP2C19",
     {{.alleles = "*2", .phenotype = "Poor Metabolizer"}},
     "single:  = Poor Metabolizer [Poor Metabolizer] single-allele phenotype-only #0"},
    {"CYP2C19", /* this gene has no score */
     {{.alleles = "*2/*3", .score = "2.0"}},
     "single: *2/*3 = Poor Metabolizer [Poor Metabolizer] #0"},
    {"CYP2D6",
     {{.alleles = "*1/*4", .phenotype = "Intermediate Metabolizer", .score = "1"}},
     "single: *1/*4 = Intermediate Metabolizer [1.0] #0"},
    {"CYP2D6", /* score 1.0 was Normal before 2019 */
     {{.alleles = "*1/*4", .phenotype = "Normal Metabolizer", .score = "1.0"}},
     "conflict: *1/*4 = Intermediate Metabolizer [1.0] phenotype-differs #0 | "
     " = Normal Metabolizer [1.25-2.25] phenotype-only phenotype-differs #0"},
    {"CYP2D6", /* *10 was 0.5 before 2019 */
     {{.alleles = "*1/*10", .score = "1.5"}},
     "conflict: *1/*10 = Normal Metabolizer [1.25] phenotype-differs #0 | "
     " = Normal Metabolizer [1.5] phenotype-only phenotype-differs #0"},
    {"CYP2D6",
     {{.alleles = "*1/*22", .score = "1.25"}},
     "single: *1/*22 = Normal Metabolizer [1.25] unknown-function phenotype-differs #0"},
    {"CYP2D6",
     {{.score = "\u22653.0", .phenotype = "Ultrarapid Metabolizer"}},
     "single:  = Ultrarapid Metabolizer [\u22653.0] phenotype-only #0"},
    {"CYP2D6", {{.score = ">=1.5"}}, "single:  = Indeterminate [\u22651.5] phenotype-only #0"},
    {"CYP2D6",
     {{.score = "0.5", .phenotype = "Poor Metabolizer"}},
     "conflict:  = Intermediate Metabolizer [0.5] phenotype-only phenotype-differs #0 | "
     " = Poor Metabolizer [0.0] phenotype-only phenotype-differs #0"},
    {"CYP2D6", {{.score = "N/A"}}, "single:  = Indeterminate [n/a] phenotype-only #0"},
    {"CYP2D6", {{.phenotype = "n/a"}}, "single:  = Indeterminate [n/a] phenotype-only #0"},
    {"CYP2D6",
     {{.phenotype = "Intermediate metabolizer"}},
     "single:  = Intermediate Metabolizer [0.25-1.0] phenotype-only #0"},
    {"CYP2D6",
     {{.phenotype = "Ultrarapid Metabolizer"}},
     "single:  = Ultrarapid Metabolizer [\u22652.26] phenotype-only #0"},
    {"CYP2D6", /* the laboratory's score fits one possibility; both stay */
     {{.alleles = "*1/*4", .copies = "2", .score = "2.0"}},
     "conflict: *1x2/*4 = Normal Metabolizer [2.0] copies-unknown #0 | "
     "*1/*4x2 = Intermediate Metabolizer [1.0] copies-unknown #0"},
};

static void levels_of_one_record_agree_or_stay_apart(void **state)
{
    (void)state;
    CHECK_ROWS(LEVELS);
}

static const struct row SEVERAL[] = {
    {"CYP2C19",
     {{.alleles = "*2/*3"}, {.alleles = "*3/*2"}, {.alleles = "CYP2C19*2/*3"}},
     "agreed: *2/*3 = Poor Metabolizer [Poor Metabolizer] #012"},
    {"CYP2C19",
     {{.alleles = "*2/*3"}, {.phenotype = "Poor Metabolizer"}},
     "agreed: *2/*3 = Poor Metabolizer [Poor Metabolizer] #01"},
    {"CYP2C19",
     {{.phenotype = "Poor Metabolizer"}, {.alleles = "*2/*3"}},
     "agreed: *2/*3 = Poor Metabolizer [Poor Metabolizer] #01"},
    {"CYP2C19", /* other alleles, same phenotype: still two answers */
     {{.alleles = "*2/*3"}, {.alleles = "*2/*2"}, {.phenotype = "Poor Metabolizer"}},
     "conflict: *2/*3 = Poor Metabolizer [Poor Metabolizer] #02 | "
     "*2/*2 = Poor Metabolizer [Poor Metabolizer] #12"},
    {"CYP2C19",
     {{.alleles = "*1/*2"}, {.alleles = "*1/*1"}},
     "conflict: *1/*2 = Intermediate Metabolizer [Intermediate Metabolizer] #0 | "
     "*1/*1 = Normal Metabolizer [Normal Metabolizer] #1"},
    {"CYP2C19",
     {{.alleles = "*1/*1"}, {.phenotype = "Poor Metabolizer"}},
     "conflict: *1/*1 = Normal Metabolizer [Normal Metabolizer] #0 | "
     " = Poor Metabolizer [Poor Metabolizer] phenotype-only #1"},
    {"CYP2C19",
     {{.phenotype = "Poor Metabolizer"}, {.phenotype = "poor metabolizer"}},
     "agreed:  = Poor Metabolizer [Poor Metabolizer] phenotype-only #01"},
    {"CYP2C19", /* the phenotype came in a record of its own */
     {{.alleles = "*1/*99"}, {.phenotype = "Rapid Metabolizer"}},
     "agreed: *1/*99 = Rapid Metabolizer [Rapid Metabolizer] unknown-allele "
     "phenotype-differs #01"},
    {"CYP2C19",
     {{.alleles = "*1/*99"}, {.alleles = "*1/* 99", .phenotype = "Rapid Metabolizer"}},
     "agreed: *1/*99 = Rapid Metabolizer [Rapid Metabolizer] unknown-allele "
     "phenotype-differs #01"},
    {"CYP2C19",
     {{.alleles = "*1/*99", .phenotype = "Rapid Metabolizer"}, {.alleles = "*1/*99"}},
     "agreed: *1/*99 = Rapid Metabolizer [Rapid Metabolizer] unknown-allele "
     "phenotype-differs #01"},
    {"CYP2C19",
     {{.alleles = "*2/*3"}, {.phenotype = "whatever"}},
     "single: *2/*3 = Poor Metabolizer [Poor Metabolizer] #0"},
    {"CYP2D6",
     {{.score = "1.0"}, {.phenotype = "Intermediate Metabolizer"}, {.alleles = "*1/*4"}},
     "agreed: *1/*4 = Intermediate Metabolizer [1.0] #012"},
    {"CYP2D6",
     {{.phenotype = "Intermediate Metabolizer"}, {.score = "0.5"}},
     "agreed:  = Intermediate Metabolizer [0.5] phenotype-only #01"},
    {"CYP2D6",
     {{.score = "1.0"}, {.score = "0.5"}, {.phenotype = "Intermediate Metabolizer"}},
     "conflict:  = Intermediate Metabolizer [1.0] phenotype-only #02 | "
     " = Intermediate Metabolizer [0.5] phenotype-only #12"},
    {"CYP2D6",
     {{.alleles = "*1x4/*4"}, {.alleles = "*1x3/*4"}},
     "agreed: *1x\u22653/*4 = Ultrarapid Metabolizer [\u22653.0] #01"},
    {"CYP2D6",
     {{.alleles = "*4.001/*1"}, {.alleles = "*1/*4"}},
     "agreed: *1/*4 = Intermediate Metabolizer [1.0] sub-allele #01"},
    {"CYP2D6", /* haplotypes of a genotype support it */
     {{.alleles = "*1/*36+*10"}, {.alleles = "*10"}, {.alleles = "*1", .is_single = true}},
     "agreed: *1/*36 + *10 = Normal Metabolizer [1.25] #012"},
    {"CYP2D6", /* a haplotype that the genotype does not hold contradicts it */
     {{.alleles = "*1/*1"}, {.alleles = "*4"}, {.alleles = "*4"}},
     "conflict: *1/*1 = Normal Metabolizer [2.0] #0 | *4 =  [] single-allele #12"},
    {"DPYD",
     {{.alleles = "Reference/c.2846A>T"}, {.alleles = "c.2846A>T"}, {.alleles = "c.1A>T"}},
     "conflict: Reference/c.2846A>T = Intermediate Metabolizer [1.5] #01 | "
     "c.1A>T =  [] unknown-allele single-allele #2"},
    {"CYP2D6",
     {{.phenotype = "Normal Metabolizer"}, {.alleles = "*4"}},
     "single:  = Normal Metabolizer [1.25-2.25] phenotype-only #0"},
    {"CYP2C19",
     {{.alleles = "*1"}, {.alleles = "*2"}},
     "unusable: *1 =  [] single-allele #0 | *2 =  [] single-allele #1"},
};

static void several_records_agree_or_stay_apart(void **state)
{
    (void)state;
    CHECK_ROWS(SEVERAL);
}

static void a_final_result_replaces_preliminary_ones(void **state)
{
    static const struct row ROWS[] = {
        {"CYP2C19",
         {{.alleles = "*1/*1", .is_preliminary = true}},
         "single: *1/*1 = Normal Metabolizer [Normal Metabolizer] preliminary #0"},
        {"CYP2C19",
         {{.alleles = "*1/*1", .is_preliminary = true}, {.alleles = "*2/*3"}},
         "single: *2/*3 = Poor Metabolizer [Poor Metabolizer] #1"},
        {"CYP2C19",
         {{.alleles = "*2/*3", .is_preliminary = true}, {.alleles = "*2/*3"}},
         "single: *2/*3 = Poor Metabolizer [Poor Metabolizer] #1"},
        {"CYP2C19", /* a final result that says nothing replaces nothing */
         {{.alleles = "*2/*3", .is_preliminary = true}, {.phenotype = "pending"}},
         "single: *2/*3 = Poor Metabolizer [Poor Metabolizer] preliminary #0"},
    };

    (void)state;
    CHECK_ROWS(ROWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_of_one_record_agree_or_stay_apart),
        cmocka_unit_test(several_records_agree_or_stay_apart),
        cmocka_unit_test(a_final_result_replaces_preliminary_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
