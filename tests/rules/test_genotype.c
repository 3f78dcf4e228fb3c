/* tests/rules/test_genotype.c -- what laboratories write, and what is made of it. */
#include "tests/rules/small_evidence.h"

static void spelling_never_changes_the_answer(void **state)
{
#define PM     "single: *2/*3 = Poor Metabolizer [Poor Metabolizer] #0"
#define IM     "single: *1/*4 = Intermediate Metabolizer [1.0] #0"
#define HYBRID "single: *1/*36 + *10 = Normal Metabolizer [1.25] #0"
    static const struct row ROWS[] = {
        {"CYP2C19", {{.alleles = "*2/*3"}}, PM},
        {"CYP2C19", {{.alleles = "*3/*2"}}, PM},
        {"CYP2C19", {{.alleles = " *3 / *2 "}}, PM},
        {"CYP2C19", {{.alleles = "CYP2C19*3/CYP2C19*2"}}, PM},
        {"CYP2C19", {{.alleles = "cyp2c19 *3/*2"}}, PM},
        {"CYP2C19", {{.alleles = "CYP2C19_*3/CYP2C19:*2"}}, PM},
        {"CYP2C19",
         {{.alleles = "* 3/*\xC2\xA0"
                      "2"}},
         PM},
        {"CYP2D6", {{.alleles = "*1/*4"}}, IM},
        {"CYP2D6", {{.alleles = "*4/*1"}}, IM},
        {"CYP2D6", {{.alleles = "*36+*10/*1"}}, HYBRID},
        {"CYP2D6", {{.alleles = "*10+*36/*1"}}, HYBRID},
        {"CYP2D6", {{.alleles = "*1/*36 +*10"}}, HYBRID},
        {"CYP2D6", {{.alleles = "*1/*10-*36"}}, HYBRID},
        {"CYP2D6", {{.alleles = "*1/CYP2D6*36 + *10"}}, HYBRID},
        {"CYP2D6",
         {{.alleles = "*1x\u22653/*4"}},
         "single: *1x\u22653/*4 = Ultrarapid Metabolizer [\u22653.0] #0"},
        {"CYP2D6",
         {{.alleles = "*4/*1X>=3"}},
         "single: *1x\u22653/*4 = Ultrarapid Metabolizer [\u22653.0] #0"},
        {"CYP2D6",
         {{.alleles = "*1\u00d72/*10"}},
         "single: *1x2/*10 = Normal Metabolizer [2.25] #0"},
        {"DPYD",
         {{.alleles = "*2A/Reference"}},
         "single: Reference/c.1905+1G>A (*2A) = Intermediate Metabolizer [1.0] #0"},
        {"DPYD",
         {{.alleles = "DPYD:c.1905+1g>a/reference"}},
         "single: Reference/c.1905+1G>A (*2A) = Intermediate Metabolizer [1.0] #0"},
        {"VKORC1",
         {{.alleles = "-1639A/VKORC1 -1639G"}},
         "single: rs9923231 reference (C)/rs9923231 variant (T) = -1639 AG [-1639 AG] #0"},
        {"G6PD",
         {{.alleles = "Mediterranean,Dallas/b (reference)"}},
         "single: B (reference)/Mediterranean, Dallas = Variable [Variable] #0"},
    };

    (void)state;
    CHECK_ROWS(ROWS);
}

static void nothing_unknown_becomes_normal(void **state)
{
    static const struct row ROWS[] = {
        {"CYP2C19", {{0}}, "none:"},
        {"CYP2C19",
         {{.alleles = "*1/*99"}},
         "single: *1/*99 = Indeterminate [Indeterminate] unknown-allele #0"},
        {"CYP2C19",
         {{.alleles = "*1/*12"}},
         "single: *1/*12 = Indeterminate [Indeterminate] unknown-function #0"},
        {"CYP2C19", /* no rule for the pair */
         {{.alleles = "*12/*17"}},
         "single: *12/*17 = Indeterminate [Indeterminate] unknown-function #0"},
        {"CYP2D6",
         {{.alleles = "*1/*22"}},
         "single: *1/*22 = Indeterminate [n/a] unknown-function #0"},
        {"CYP2D6",
         {{.alleles = "*4/rubbish"}},
         "single: *4/rubbish = Indeterminate [n/a] unknown-allele #0"},
        {"CYP2D6", {{.alleles = "./."}}, "single: ./. = Indeterminate [n/a] unknown-allele #0"},
        {"CYP2D6",
         {{.alleles = "*1/ "}},
         "single: *1/ = Indeterminate [n/a] unknown-allele #0"},
        {"CYP2D6", /* three alleles: which share a chromosome? */
         {{.alleles = "*1/*2/*4"}},
         "single: *1/*2/*4 = Indeterminate [n/a] copies-unknown #0"},
        {"CYP2C19", {{.alleles = "*1"}}, "unusable: *1 =  [] single-allele #0"},
        {"CYP2C19",
         {{.alleles = "*1/*1", .is_single = true}},
         "unusable: *1 =  [] single-allele #0"},
        {"CYP2C19", {{.phenotype = "slow"}}, "unusable:  =  [] phenotype-unknown #0"},
        {"CYP2C19", /* a word of another gene */
         {{.phenotype = "Likely Poor Metabolizer"}},
         "unusable:  =  [] phenotype-unknown #0"},
        {"CYP2C19", {{.negative = "*2"}}, "unusable:  =  [] #0"},
        {"CYP2C19", {{.positive = "*2"}}, "unusable: *2 =  [] single-allele #0"},
        {"CYP2D6", {{.score = "high"}}, "unusable:  =  [] phenotype-unknown #0"},
        {"CYP2D6", {{.score = "0.5..1.0"}}, "unusable:  =  [] phenotype-unknown #0"},
        {"CYP2D6", {{.score = "0.125"}}, "unusable:  =  [] phenotype-unknown #0"},
        {"CYP2D6", /* between the ranges of the table */
         {{.score = "1.1"}},
         "single:  = Indeterminate [1.1] phenotype-only #0"},
    };

    (void)state;
    CHECK_ROWS(ROWS);
}

static const struct row COPIES[] = {
    {"CYP2D6",
     {{.alleles = "*1x3/*4"}},
     "single: *1x\u22653/*4 = Ultrarapid Metabolizer [\u22653.0] #0"},
    {"CYP2D6",
     {{.alleles = "*1x4/*10"}},
     "single: *1x\u22653/*10 = Ultrarapid Metabolizer [\u22653.25] #0"},
    {"CYP2D6",
     {{.alleles = "*1x>=5/*1x>=3"}},
     "single: *1x\u22653/*1x\u22653 = Ultrarapid Metabolizer [\u22656.0] #0"},
    {"CYP2D6", {{.alleles = "*1x1/*4"}}, "single: *1/*4 = Intermediate Metabolizer [1.0] #0"},
    {"CYP2D6",
     {{.alleles = "*41x7/*1"}},
     "single: *1/*41x7 = Indeterminate [n/a] unknown-allele #0"},
    {"CYP2D6",
     {{.alleles = "*2x3/*1"}},
     "single: *1/*2x3 = Indeterminate [n/a] unknown-allele #0"},
    {"CYP2D6",
     {{.alleles = "*4x0/*1"}},
     "single: *1/*4x0 = Indeterminate [n/a] unknown-allele #0"},
    {"CYP2D6",
     {{.alleles = "*1xN/*4"}},
     "single: *1xN/*4 = Indeterminate [n/a] copies-unknown #0"},
    {"CYP2D6", /* nothing times N is nothing */
     {{.alleles = "*1/*4xN"}},
     "single: *1/*4xN = Intermediate Metabolizer [1.0] copies-unknown #0"},
    {"CYP2D6",
     {{.alleles = "*99xN/*4"}},
     "single: *4/*99xN = Indeterminate [n/a] unknown-allele #0"},
    {"CYP2D6", /* *1x2/ *2 and *1/ *2x2 have the same score */
     {{.alleles = "*2/*1", .copies = "2"}},
     "single: (*1/*2)x2 = Ultrarapid Metabolizer [3.0] copies-unknown #0"},
    {"CYP2D6",
     {{.alleles = "*1/*4", .copies = "2"}},
     "conflict: *1x2/*4 = Normal Metabolizer [2.0] copies-unknown #0 | "
     "*1/*4x2 = Intermediate Metabolizer [1.0] copies-unknown #0"},
    {"CYP2D6", /* one phenotype, two keys */
     {{.alleles = "*1/*41", .copies = "2"}},
     "conflict: *1x2/*41 = Normal Metabolizer [2.25] copies-unknown #0 | "
     "*1/*41x2 = Normal Metabolizer [1.5] copies-unknown #0"},
    {"CYP2D6",
     {{.alleles = "*1/*1", .copies = "2"}},
     "single: *1/*1x2 = Ultrarapid Metabolizer [3.0] #0"},
    {"CYP2D6",
     {{.alleles = "*1/*4", .copies = "1"}},
     "single: *1/*4 = Intermediate Metabolizer [1.0] #0"},
    {"CYP2D6",
     {{.alleles = "*1/*2", .copies = "N"}},
     "single: (*1/*2)xN = Indeterminate [n/a] copies-unknown #0"},
    {"CYP2D6",
     {{.alleles = "*1/*4", .copies = "N"}},
     "single: (*1/*4)xN = Indeterminate [n/a] copies-unknown #0"},
    {"CYP2D6",
     {{.alleles = "*4/*1", .copies = "n"}},
     "single: (*1/*4)xN = Indeterminate [n/a] copies-unknown #0"},
    {"CYP2D6",
     {{.alleles = "*4/*5", .copies = "N"}},
     "single: (*4/*5)xN = Poor Metabolizer [0.0] copies-unknown #0"},
    {"CYP2D6",
     {{.alleles = "*1/*1", .copies = "N"}},
     "single: (*1/*1)xN = Indeterminate [n/a] copies-unknown #0"},
    {"CYP2C19", /* no copies in this table */
     {{.alleles = "*1/*2", .copies = "2"}},
     "single: (*1/*2)x2 = Indeterminate [Indeterminate] unknown-allele copies-unknown #0"},
    {"CYP2D6",
     {{.alleles = "*4.001/*1.002"}},
     "single: *1/*4 = Intermediate Metabolizer [1.0] sub-allele #0"},
    {"CYP2D6",
     {{.alleles = "*1.001x2/*36.001+*10.002"}},
     "single: *1x2/*36 + *10 = Normal Metabolizer [2.25] sub-allele #0"},
    {"CYP2D6",
     {{.alleles = "*99.001/*1"}},
     "single: *1/*99.001 = Indeterminate [n/a] unknown-allele #0"},
};

static void copies_are_looked_up_not_computed(void **state)
{
    (void)state;
    CHECK_ROWS(COPIES);
}

static void of_dpyd_the_two_lowest_values_count(void **state)
{
    static const struct row ROWS[] = {
        {"DPYD",
         {{.alleles = "Reference/c.2846A>T"}},
         "single: Reference/c.2846A>T = Intermediate Metabolizer [1.5] #0"},
        {"DPYD",
         {{.alleles = "c.85T>C (*9A)/c.2846A>T/*2A"}},
         "single: c.1905+1G>A (*2A)/c.2846A>T = Poor Metabolizer [0.5] lowest-two #0"},
        {"DPYD", /* homozygous counts twice */
         {{.alleles = "c.2846A>T/*2A/*2A/Reference"}},
         "single: c.1905+1G>A (*2A)/c.1905+1G>A (*2A) = Poor Metabolizer [0.0] lowest-two #0"},
        {"DPYD", /* of equal values the first in natural order */
         {{.alleles = "c.85T>C (*9A)/Reference/c.2846A>T"}},
         "single: Reference/c.2846A>T = Intermediate Metabolizer [1.5] lowest-two #0"},
        {"DPYD",
         {{.alleles = "*2A/*2A/c.9999A>T"}},
         "single: c.1905+1G>A (*2A)/c.1905+1G>A (*2A)/c.9999A>T = Indeterminate [n/a] "
         "unknown-allele #0"},
    };

    (void)state;
    CHECK_ROWS(ROWS);
}

static void a_score_gene_may_be_keyed_by_phenotype(void **state)
{
    static const struct row ROWS[] = {
        {"DPYD",
         {{.alleles = "Reference/c.2846A>T"}},
         "single: Reference/c.2846A>T = Intermediate Metabolizer [Intermediate Metabolizer] "
         "#0"},
        {"DPYD",
         {{.alleles = "Reference/c.1A>T"}},
         "single: Reference/c.1A>T = Indeterminate [Indeterminate] unknown-allele #0"},
    };
    struct rules_knowledge *k = NULL;
    struct rules_release r;
    struct err err = {0};

    (void)state;
    small_release(&r);
    r.genes[2].key_kind = RULES_KEY_PHENOTYPE;
    assert_ok(rules_knowledge_new(&r, SLICE("h"), &k, &err), &err);
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        assert_true(is_row_right(k, &ROWS[i], i));
    rules_knowledge_release(k);
}

static void one_allele_of_an_x_linked_gene_is_all_there_is(void **state)
{
    static const struct row ROWS[] = {
        {"G6PD",
         {{.alleles = "Mediterranean, Dallas"}},
         "single: Mediterranean, Dallas = Deficient [Deficient] #0"},
        {"G6PD", {{.alleles = "B (reference)"}}, "single: B (reference) = Normal [Normal] #0"},
        {"G6PD",
         {{.alleles = "B (reference)", .is_single = true}},
         "single: B (reference) = Normal [Normal] single-allele #0"},
        {"G6PD",
         {{.alleles = "B (reference)/B (reference)"}},
         "single: B (reference)/B (reference) = Normal [Normal] #0"},
        {"G6PD",
         {{.alleles = "Elsewhere"}},
         "single: Elsewhere = Indeterminate [Indeterminate] unknown-allele #0"},
        {"G6PD", /* a man with one allele, or a woman with two? */
         {{.alleles = "Mediterranean, Dallas"},
          {.alleles = "Mediterranean, Dallas/B (reference)"}},
         "conflict: Mediterranean, Dallas = Deficient [Deficient] #0 | "
         "B (reference)/Mediterranean, Dallas = Variable [Variable] #1"},
    };

    (void)state;
    CHECK_ROWS(ROWS);
}

static void records_of_other_genes_are_passed_over(void **state)
{
    struct rules_knowledge *k = small_knowledge();
    const struct rules_gene *gene = rules_find_gene(k, SLICE("CYP2C19"));
    struct rules_evidence evidence[100];
    struct rules_gene_result result;
    struct err err = {0};
    struct arena arena;

    (void)state;
    arena_init(&arena, 1024 * 1024);
    for (size_t i = 0; i < ARRAY_LEN(evidence); i++)
        evidence[i] = evidence_of("CYP2D6", &(struct said){.alleles = "*1/*4"});
    evidence[3].gene = SLICE("CYP2C1");
    evidence[70] = evidence_of("CYP2C19", &(struct said){.alleles = "*2/*2"});
    evidence[99] = evidence_of("CYP2C19", &(struct said){.alleles = "*2/*2"});
    assert_ok(rules_resolve_gene(k, gene, evidence, 100, &arena, &result, &err), &err);
    assert_ptr_equal(result.gene, gene);
    assert_int_equal(result.state, RULES_GENE_AGREED);
    assert_int_equal(result.calls_count, 1);
    assert_int_equal(result.calls[0].sources_count, 2);
    assert_int_equal(result.calls[0].sources[0], 70);
    assert_int_equal(result.calls[0].sources[1], 99);
    arena_release(&arena);
    rules_knowledge_release(k);
}

static void too_many_different_results_are_unusable(void **state)
{
    static const char *const ALLELES[] = {"*1/*1", "*1/*2", "*1/*3", "*1/*4", "*1/*17",
                                          "*2/*2", "*2/*3", "*2/*4", "*3/*4"};
    struct rules_knowledge *k = small_knowledge();
    struct rules_evidence evidence[ARRAY_LEN(ALLELES)];
    struct rules_gene_result result = {.calls_count = 77};
    struct err err = {0};
    struct arena arena;

    (void)state;
    arena_init(&arena, 1024 * 1024);
    for (size_t i = 0; i < ARRAY_LEN(ALLELES); i++)
        evidence[i] = evidence_of("CYP2C19", &(struct said){.alleles = ALLELES[i]});
    assert_ok(rules_resolve_gene(k, rules_find_gene(k, SLICE("CYP2C19")), evidence, 8, &arena,
                                 &result, &err),
              &err);
    assert_int_equal(result.calls_count, 8);
    assert_ok(rules_resolve_gene(k, rules_find_gene(k, SLICE("CYP2C19")), evidence, 9, &arena,
                                 &result, &err),
              &err);
    assert_int_equal(result.state, RULES_GENE_UNUSABLE);
    assert_int_equal(result.calls_count, 1);
    assert_int_equal(result.calls[0].keys_count, 0);
    assert_int_equal(result.calls[0].notes, 1U << RULES_NOTE_TOO_MANY);
    assert_int_equal(result.calls[0].sources_count, 9);
    /* of results without any use the first few will do */
    for (size_t i = 0; i < ARRAY_LEN(ALLELES); i++)
        evidence[i] = evidence_of("CYP2C19", &(struct said){.positive = ALLELES[i]});
    err_clear(&err);
    assert_ok(rules_resolve_gene(k, rules_find_gene(k, SLICE("CYP2C19")), evidence, 9, &arena,
                                 &result, &err),
              &err);
    assert_int_equal(result.state, RULES_GENE_UNUSABLE);
    assert_int_equal(result.calls_count, 8);
    arena_release(&arena);
    rules_knowledge_release(k);
}

/* Every amount of memory either suffices or gives ERR_NOMEM, and names no value. */
static void memory_may_end_anywhere(void **state)
{
    static const char *const GENES[] = {"CYP2D6", "HLA-B"};
    struct rules_knowledge *k = small_knowledge();
    struct rules_evidence evidence[3];

    (void)state;
    for (size_t g = 0; g < ARRAY_LEN(GENES); g++) {
        size_t failures = 0;
        bool has_succeeded = false;

        evidence[0] =
            evidence_of(GENES[g], &(struct said){.alleles = "*1/*4.001", .copies = "N"});
        evidence[1] = evidence_of(GENES[g], &(struct said){.positive = "*57:01"});
        evidence[2] = evidence_of(GENES[g], &(struct said){.alleles = "*57:01/*08:01"});
        for (size_t bytes_max = 0; !has_succeeded; bytes_max += 64) {
            struct rules_gene_result result = {.calls_count = 77};
            struct err err = {0};
            struct arena arena;
            enum err_code code;

            arena_init(&arena, bytes_max);
            code = rules_resolve_gene(k, rules_find_gene(k, slice_of(GENES[g])), evidence, 3,
                                      &arena, &result, &err);
            has_succeeded = code == ERR_OK;
            failures += !has_succeeded;
            if (!has_succeeded) {
                assert_int_equal(code, ERR_NOMEM);
                assert_int_equal(result.calls_count, 77);
                assert_int_equal(slice_find_char(slice_of(err.text), '*'), SIZE_MAX);
            }
            arena_release(&arena);
        }
        assert_in_range(failures, 5, 10000);
    }
    rules_knowledge_release(k);
}

static void scores_are_written_as_cpic_writes_them(void **state)
{
    static const struct {
        uint32_t score_x100;
        bool is_at_least;
        const char *want;
    } ROWS[] = {
        {0, false, "0.0"},        {25, false, "0.25"},       {50, false, "0.5"},
        {100, false, "1.0"},      {125, false, "1.25"},      {5, false, "0.05"},
        {300, true, "\u22653.0"}, {325, true, "\u22653.25"}, {1050, false, "10.5"},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, 65536);
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        assert_slice_equal(rules_score_text(ROWS[i].score_x100, ROWS[i].is_at_least, &arena),
                           ROWS[i].want);
    arena_release(&arena);
}

static void any_bytes_are_read_safely(void **state)
{
    struct rules_knowledge *k = small_knowledge();
    uint32_t seed = 1;
    struct arena arena;

    (void)state;
    arena_init(&arena, 1024 * 1024);
    for (size_t round = 0; round < 20000; round++) {
        static const char BYTES[] = "*1234x+-/.:>=NnAa \xE2\x89\xA5\xC2\xA0(),";
        const struct rules_release *rows = rules_knowledge_rows(k);
        struct rules_evidence e = {.gene = rows->genes[round % rows->genes_count].symbol};
        struct rules_gene_result result;
        struct err err = {0};
        char text[4][12] = {{0}};

        for (size_t i = 0; i < 4; i++) {
            for (size_t b = 0; b < sizeof text[i]; b++) {
                seed = seed * 1664525 + 1013904223;
                text[i][b] = BYTES[(seed >> 16) % (sizeof BYTES - 1)];
            }
            e.alleles[i] = (struct slice){text[i], (seed >> 8) % sizeof text[i]};
        }
        e.alleles_count = seed % 5;
        e.copies = (seed >> 4) % 3 == 0 ? e.alleles[3] : SLICE_NONE;
        e.score = (seed >> 5) % 3 == 0 ? e.alleles[2] : SLICE_NONE;
        e.presence = (enum rules_presence)((seed >> 6) % 4);
        e.presence_allele = e.alleles[1];
        assert_ok(rules_resolve_gene(k, &rows->genes[round % rows->genes_count], &e, 1, &arena,
                                     &result, &err),
                  &err);
        arena_reset(&arena);
    }
    arena_release(&arena);
    rules_knowledge_release(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spelling_never_changes_the_answer),
        cmocka_unit_test(nothing_unknown_becomes_normal),
        cmocka_unit_test(copies_are_looked_up_not_computed),
        cmocka_unit_test(of_dpyd_the_two_lowest_values_count),
        cmocka_unit_test(a_score_gene_may_be_keyed_by_phenotype),
        cmocka_unit_test(one_allele_of_an_x_linked_gene_is_all_there_is),
        cmocka_unit_test(records_of_other_genes_are_passed_over),
        cmocka_unit_test(too_many_different_results_are_unusable),
        cmocka_unit_test(memory_may_end_anywhere),
        cmocka_unit_test(scores_are_written_as_cpic_writes_them),
        cmocka_unit_test(any_bytes_are_read_safely),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
