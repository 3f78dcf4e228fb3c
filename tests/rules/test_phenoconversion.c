/* tests/rules/test_phenoconversion.c -- genotypes as other drugs let them act. */
#include "rules/phenoconversion.h"

#include "tests/rules/small_evidence.h"

/* A release with drugs that act on CYP2D6 by factor, and on others without. */
static struct rules_knowledge *acting_knowledge(void)
{
    static const struct {
        const char *gene, *drug;
        enum rules_role role;
        enum rules_strength strength;
        int factor_x100; /* -1: none */
        uint32_t washout_days;
    } ROWS[] = {
        {"CYP2D6", "strong", RULES_ROLE_INHIBITOR, RULES_STRENGTH_STRONG, 0, 35},
        {"CYP2D6", "stronger", RULES_ROLE_INHIBITOR, RULES_STRENGTH_STRONG, 0, 14},
        {"CYP2D6", "moderate", RULES_ROLE_INHIBITOR, RULES_STRENGTH_MODERATE, 50, 14},
        {"CYP2D6", "weak", RULES_ROLE_INHIBITOR, RULES_STRENGTH_WEAK, 100, 14},
        {"CYP2D6", "told", RULES_ROLE_INHIBITOR, RULES_STRENGTH_STRONG, -1, 0},
        {"CYP2D6", "codeine", RULES_ROLE_INHIBITOR, RULES_STRENGTH_STRONG, 0, 14},
        {"CYP2C19", "strong", RULES_ROLE_INHIBITOR, RULES_STRENGTH_STRONG, -1, 35},
        {"CYP2C19", "moderate", RULES_ROLE_INDUCER, RULES_STRENGTH_MODERATE, -1, 14},
    };
    static const char *const DRUGS[] = {"strong", "stronger", "moderate", "weak", "told"};
    struct rules_knowledge *k = NULL;
    struct rules_release r;
    struct err err = {0};

    small_release(&r);
    for (size_t i = 0; i < ARRAY_LEN(DRUGS); i++)
        ADD(&r, drug, .name = slice_of(DRUGS[i]), .is_alternative_only = true);
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        ADD(&r, modulator, .gene = slice_of(ROWS[i].gene), .drug = slice_of(ROWS[i].drug),
            .role = ROWS[i].role, .strength = ROWS[i].strength,
            .has_factor = ROWS[i].factor_x100 >= 0,
            .factor_x100 = ROWS[i].factor_x100 < 0 ? 0 : (uint32_t)ROWS[i].factor_x100,
            .washout_days = ROWS[i].washout_days, .source = SLICE("tables"));
    assert_ok(rules_knowledge_new(&r, SLICE("hash"), &k, &err), &err);
    rules_release_release(&r);
    return k;
}

/* "strong moderate-13 told-?7": taken; stopped 13 days ago; stopped 7 days ago or earlier. */
static size_t read_comedications(const struct rules_knowledge *k, const char *text,
                                 struct rules_comedication *ret)
{
    struct slice rest = slice_of(text);
    size_t count = 0;

    while (rest.len > 0) {
        struct slice days, name = slice_cut(slice_cut(rest, ' ', &rest), '-', &days);
        bool is_exact = !slice_starts(days, SLICE("?"));

        ret[count] = (struct rules_comedication){.drug = rules_find_drug(k, name),
                                                 .is_stopped = days.len > 0,
                                                 .is_stop_exact = is_exact};
        assert_non_null(ret[count].drug);
        if (days.len > 0)
            assert_true(
                slice_to_u32(slice_from(days, !is_exact), 9999, &ret[count].stopped_days));
        count++;
    }
    return count;
}

/* "single:  = Poor Metabolizer [0.0] #0 < strong | told"; '<' stands before who is responsible,
 * '|' before who is told, '?' behind who may act. */
static void describe_conversion(const struct rules_conversion *c, struct arena *arena,
                                struct buf *buf)
{
    describe(&c->clinical, arena, buf);
    for (size_t i = 0; i < c->acting_count; i++)
        buf_printf(buf, " %s %.*s%s", &c->acting[i] == c->responsible ? "<" : "|",
                   SLICE_ARG(c->acting[i].modulator->drug), c->acting[i].is_certain ? "" : "?");
    buf_add(buf, c->changes ? SLICE(" changes") : SLICE_NONE);
}

struct conversion_row {
    const char *gene;
    struct said said[2];
    const char *comedications, *ordered, *want;
};

static bool is_conversion_right(const struct rules_knowledge *k,
                                const struct conversion_row *row, size_t number)
{
    static const struct said NOTHING;
    struct rules_comedication comedications[32];
    size_t comedications_count = read_comedications(k, row->comedications, comedications);
    const struct rules_drug *ordered =
        rules_find_drug(k, slice_of(row->ordered == NULL ? "amitriptyline" : row->ordered));
    struct rules_evidence evidence[2];
    size_t evidence_count = 0;
    struct rules_gene_result result;
    struct rules_conversion inform, apply;
    struct err err = {0};
    struct arena arena;
    struct buf got;
    bool is_right;

    arena_init(&arena, 1024 * 1024);
    buf_init(&got, 4096);
    for (size_t i = 0; i < 2; i++)
        if (memcmp(&row->said[i], &NOTHING, sizeof NOTHING) != 0)
            evidence[evidence_count++] = evidence_of(row->gene, &row->said[i]);
    assert_ok(rules_resolve_gene(k, rules_find_gene(k, slice_of(row->gene)), evidence,
                                 evidence_count, &arena, &result, &err),
              &err);
    assert_ok(rules_convert(k, &result, comedications, comedications_count, ordered,
                            RULES_CONVERSION_APPLY, &arena, &apply, &err),
              &err);
    assert_ok(rules_convert(k, &result, comedications, comedications_count, ordered,
                            RULES_CONVERSION_INFORM, &arena, &inform, &err),
              &err);
    describe_conversion(&apply, &arena, &got);
    is_right = slice_eq_text(buf_slice(&got), row->want);
    if (!is_right)
        print_error("row %zu:\n  got  %.*s\n  want %s\n", number, SLICE_ARG(buf_slice(&got)),
                    row->want);
    /* The genotype is kept, and used unless the conversion is applied. */
    assert_ptr_equal(apply.genotype, &result);
    assert_int_equal(apply.is_applied, apply.changes);
    assert_ptr_equal(rules_conversion_result(&apply),
                     apply.changes ? &apply.clinical : &result);
    assert_false(inform.is_applied);
    assert_int_equal(inform.changes, apply.changes);
    assert_ptr_equal(rules_conversion_result(&inform), &result);
    buf_release(&got);
    arena_release(&arena);
    return is_right;
}

#define CHECK_CONVERSIONS(rows)                                                                \
    do {                                                                                       \
        struct rules_knowledge *k_ = acting_knowledge();                                       \
        size_t wrong_ = 0;                                                                     \
                                                                                               \
        for (size_t i_ = 0; i_ < ARRAY_LEN(rows); i_++)                                        \
            wrong_ += !is_conversion_right(k_, &(rows)[i_], i_);                               \
        rules_knowledge_release(k_);                                                           \
        assert_int_equal(wrong_, 0);                                                           \
    } while (0)

#define IM_RANGE "[0.25-1.0]"

static const struct conversion_row SCORES[] = {
    {"CYP2D6",
     {{.alleles = "*1/*1"}},
     "strong",
     NULL,
     "single:  = Poor Metabolizer [0.0] #0 < strong changes"},
    {"CYP2D6",
     {{.alleles = "*1/*1"}},
     "moderate",
     NULL,
     "single:  = Intermediate Metabolizer [1.0] #0 < moderate changes"},
    {"CYP2D6",
     {{.alleles = "*1/*4"}},
     "moderate",
     NULL,
     "single:  = Intermediate Metabolizer [0.5] #0 < moderate changes"},
    {"CYP2D6",
     {{.alleles = "*1x2/*1"}},
     "moderate",
     NULL,
     "single:  = Normal Metabolizer [1.5] #0 < moderate changes"},
    /* 0.125, 0.625, 1.125: no genotype has these, so the whole range is possible */
    {"CYP2D6",
     {{.alleles = "*4/*10"}},
     "moderate",
     NULL,
     "single:  = Intermediate Metabolizer " IM_RANGE " #0 < moderate changes"},
    {"CYP2D6",
     {{.alleles = "*1/*10"}},
     "moderate",
     NULL,
     "single:  = Intermediate Metabolizer " IM_RANGE " #0 < moderate changes"},
    {"CYP2D6",
     {{.alleles = "*1x2/*10"}},
     "moderate",
     NULL,
     "single:  = Intermediate Metabolizer " IM_RANGE " #0 < moderate changes"},
    /* 2.375 is more than 2.25, and less than any that is listed above it */
    {"CYP2D6",
     {{.score = "4.75"}},
     "moderate",
     NULL,
     "single:  = Ultrarapid Metabolizer [\xE2\x89\xA5"
     "2.26] phenotype-only #0 < moderate changes"},
    {"CYP2D6",
     {{.score = "4.5"}},
     "moderate",
     NULL,
     "single:  = Normal Metabolizer [2.25] phenotype-only #0 < moderate changes"},
    /* "at least" stays so; half of it may be normal or more */
    {"CYP2D6",
     {{.alleles = "*1x\u22653/*4"}},
     "moderate",
     NULL,
     "single:  = Normal Metabolizer or Ultrarapid Metabolizer [\xE2\x89\xA5"
     "1.5] #0 < "
     "moderate changes"},
    {"CYP2D6",
     {{.alleles = "*1x\u22653/*1x2"}},
     "moderate",
     NULL,
     "single:  = Ultrarapid Metabolizer [\xE2\x89\xA5"
     "2.5] #0 < moderate changes"},
    {"CYP2D6",
     {{.alleles = "*1x\u22653/*10"}},
     "moderate",
     NULL,
     "single:  = Normal Metabolizer or Ultrarapid Metabolizer [1.25-2.25, \xE2\x89\xA5"
     "2.26] #0 < moderate changes"},
    {"CYP2D6",
     {{.alleles = "*1x\u22653/*4"}},
     "strong",
     NULL,
     "single:  = Poor Metabolizer [0.0] #0 < strong changes"},
    /* nothing left to inhibit */
    {"CYP2D6",
     {{.alleles = "*4/*5"}},
     "strong",
     NULL,
     "single: *4/*5 = Poor Metabolizer [0.0] #0 < strong"},
};

static void scores_are_multiplied_and_never_rounded(void **state)
{
    (void)state;
    CHECK_CONVERSIONS(SCORES);
}

static void stated_phenotypes_keep_their_ranges(void **state)
{
    static const struct conversion_row ROWS[] = {
        {"CYP2D6",
         {{.phenotype = "Normal Metabolizer"}},
         "strong",
         NULL,
         "single:  = Poor Metabolizer [0.0] phenotype-only #0 < strong changes"},
        {"CYP2D6",
         {{.phenotype = "Normal Metabolizer"}},
         "moderate",
         NULL,
         "single:  = Intermediate Metabolizer " IM_RANGE
         " phenotype-only #0 < moderate changes"},
        {"CYP2D6",
         {{.phenotype = "Intermediate Metabolizer"}},
         "moderate",
         NULL,
         "single:  = Intermediate Metabolizer " IM_RANGE " phenotype-only #0 < moderate"},
        /* from 2.5 on, as scores go: 1.25 or more */
        {"CYP2D6",
         {{.phenotype = "Ultrarapid Metabolizer"}},
         "moderate",
         NULL,
         "single:  = Normal Metabolizer or Ultrarapid Metabolizer [1.25-2.25, \xE2\x89\xA5"
         "2.26] phenotype-only #0 < moderate changes"},
        {"CYP2D6",
         {{.phenotype = "Poor Metabolizer"}},
         "moderate",
         NULL,
         "single:  = Poor Metabolizer [0.0] phenotype-only #0 < moderate"},
        {"CYP2D6",
         {{.score = "0.5"}},
         "moderate",
         NULL,
         "single:  = Intermediate Metabolizer [0.25] phenotype-only #0 < moderate changes"},
    };

    (void)state;
    CHECK_CONVERSIONS(ROWS);
}

static void what_is_not_known_stays_not_known(void **state)
{
    static const struct conversion_row ROWS[] = {
        {"CYP2D6",
         {{.alleles = "*1/*22"}},
         "strong",
         NULL,
         "single: *1/*22 = Indeterminate [n/a] unknown-function #0 < strong"},
        {"CYP2D6",
         {{.phenotype = "Indeterminate"}},
         "strong",
         NULL,
         "single:  = Indeterminate [n/a] phenotype-only #0 < strong"},
        {"CYP2D6", {{0}}, "strong", NULL, "none:"},
        /* two answers: each on its own */
        {"CYP2D6",
         {{.alleles = "*1/*1"}, {.alleles = "*4/*4"}},
         "moderate",
         NULL,
         "conflict:  = Intermediate Metabolizer [1.0] #0 | *4/*4 = Poor Metabolizer [0.0] #1 < "
         "moderate changes"},
    };

    (void)state;
    CHECK_CONVERSIONS(ROWS);
}

static const struct conversion_row COMPANIONS[] = {
    {"CYP2D6",
     {{.alleles = "*1/*1"}},
     "moderate strong",
     NULL,
     "single:  = Poor Metabolizer [0.0] #0 < strong | moderate changes"},
    {"CYP2D6",
     {{.alleles = "*1/*1"}},
     "moderate moderate",
     NULL,
     "single:  = Intermediate Metabolizer [1.0] #0 < moderate changes"},
    {"CYP2D6",
     {{.alleles = "*1/*1"}},
     "stronger strong",
     NULL,
     "single:  = Poor Metabolizer [0.0] #0 < strong | stronger changes"},
    {"CYP2D6",
     {{.alleles = "*1/*1"}},
     "stronger strong-1",
     NULL,
     "single:  = Poor Metabolizer [0.0] #0 < stronger | strong changes"},
    {"CYP2D6",
     {{.alleles = "*1/*1"}},
     "weak",
     NULL,
     "single: *1/*1 = Normal Metabolizer [2.0] #0"},
    /* wash-out */
    {"CYP2D6",
     {{.alleles = "*1/*1"}},
     "strong-34",
     NULL,
     "single:  = Poor Metabolizer [0.0] #0 < strong changes"},
    {"CYP2D6",
     {{.alleles = "*1/*1"}},
     "strong-35",
     NULL,
     "single: *1/*1 = Normal Metabolizer [2.0] #0"},
    {"CYP2D6",
     {{.alleles = "*1/*1"}},
     "strong-35 moderate-0",
     NULL,
     "single:  = Intermediate Metabolizer [1.0] #0 < moderate changes"},
    {"CYP2D6",
     {{.alleles = "*1/*1"}},
     "moderate-20 moderate",
     NULL,
     "single:  = Intermediate Metabolizer [1.0] #0 < moderate changes"},
    {"CYP2D6",
     {{.alleles = "*1/*1"}},
     "told-0",
     NULL,
     "single: *1/*1 = Normal Metabolizer [2.0] #0"},
    /* stopped, nobody knows when: told, not converted by */
    {"CYP2D6",
     {{.alleles = "*1/*1"}},
     "strong-?3",
     NULL,
     "single: *1/*1 = Normal Metabolizer [2.0] #0 | strong?"},
    {"CYP2D6",
     {{.alleles = "*1/*1"}},
     "strong-?35",
     NULL,
     "single: *1/*1 = Normal Metabolizer [2.0] #0"},
    {"CYP2D6",
     {{.alleles = "*1/*1"}},
     "strong-?3 moderate",
     NULL,
     "single:  = Intermediate Metabolizer [1.0] #0 < moderate | strong? changes"},
    {"CYP2D6",
     {{.alleles = "*1/*1"}},
     "strong-?3 strong",
     NULL,
     "single:  = Poor Metabolizer [0.0] #0 < strong changes"},
    /* never by what is being ordered */
    {"CYP2D6",
     {{.alleles = "*1/*1"}},
     "codeine",
     "codeine",
     "single: *1/*1 = Normal Metabolizer [2.0] #0"},
    {"CYP2D6",
     {{.alleles = "*1/*1"}},
     "codeine moderate",
     "codeine",
     "single:  = Intermediate Metabolizer [1.0] #0 < moderate changes"},
    {"CYP2D6",
     {{.alleles = "*1/*1"}},
     "codeine",
     "amitriptyline",
     "single:  = Poor Metabolizer [0.0] #0 < codeine changes"},
};

static void the_strongest_counts_alone_while_it_acts(void **state)
{
    (void)state;
    CHECK_CONVERSIONS(COMPANIONS);
}

static void without_a_factor_it_is_told_only(void **state)
{
    static const struct conversion_row ROWS[] = {
        {"CYP2D6",
         {{.alleles = "*1/*1"}},
         "told",
         NULL,
         "single: *1/*1 = Normal Metabolizer [2.0] #0 | told"},
        {"CYP2D6",
         {{.alleles = "*1/*1"}},
         "told moderate",
         NULL,
         "single:  = Intermediate Metabolizer [1.0] #0 < moderate | told changes"},
        {"CYP2C19",
         {{.alleles = "*1/*2"}},
         "moderate strong",
         NULL,
         "single: *1/*2 = Intermediate Metabolizer [Intermediate Metabolizer] #0 | strong | "
         "moderate"},
        {"HLA-B", {{.positive = "*57:01"}}, "strong", NULL, "single:  =  [*57:01 positive] #0"},
    };

    (void)state;
    CHECK_CONVERSIONS(ROWS);
}

static void switched_off_it_does_nothing(void **state)
{
    struct rules_knowledge *k = acting_knowledge();
    const struct rules_gene *gene = rules_find_gene(k, SLICE("CYP2D6"));
    struct rules_evidence evidence = evidence_of("CYP2D6", &(struct said){.alleles = "*1/*1"});
    struct rules_comedication strong = {.drug = rules_find_drug(k, SLICE("strong"))};
    enum rules_conversion_use use = RULES_CONVERSION_INFORM;
    struct rules_gene_result result;
    struct rules_conversion c;
    struct err err = {0};
    struct arena arena;

    (void)state;
    arena_init(&arena, 1024 * 1024);
    assert_ok(rules_resolve_gene(k, gene, &evidence, 1, &arena, &result, &err), &err);
    assert_ok(
        rules_convert(k, &result, &strong, 1, NULL, RULES_CONVERSION_OFF, &arena, &c, &err),
        &err);
    assert_int_equal(c.acting_count, 0);
    assert_false(c.changes);
    assert_ptr_equal(rules_conversion_result(&c), &result);
    assert_true(rules_gene_has_modulators(k, gene));
    assert_false(rules_gene_has_modulators(k, rules_find_gene(k, SLICE("VKORC1"))));
    assert_true(rules_conversion_use_from_name(SLICE("apply"), &use));
    assert_int_equal(use, RULES_CONVERSION_APPLY);
    assert_false(rules_conversion_use_from_name(SLICE("Apply"), &use));
    assert_string_equal(rules_conversion_use_name(RULES_CONVERSION_OFF), "off");
    arena_release(&arena);
    rules_knowledge_release(k);
}

static void more_than_can_be_listed_keeps_the_strongest(void **state)
{
    struct rules_knowledge *k = acting_knowledge();
    struct rules_evidence evidence = evidence_of("CYP2D6", &(struct said){.alleles = "*1/*1"});
    struct rules_comedication many[40];
    struct rules_gene_result result;
    struct rules_conversion c;
    struct err err = {0};
    struct arena arena;

    (void)state;
    arena_init(&arena, 1024 * 1024);
    for (size_t i = 0; i < ARRAY_LEN(many); i++)
        many[i] = (struct rules_comedication){.drug = rules_find_drug(k, SLICE("moderate"))};
    many[39].drug = rules_find_drug(k, SLICE("strong"));
    assert_ok(rules_resolve_gene(k, rules_find_gene(k, SLICE("CYP2D6")), &evidence, 1, &arena,
                                 &result, &err),
              &err);
    assert_ok(rules_convert(k, &result, many, ARRAY_LEN(many), NULL, RULES_CONVERSION_APPLY,
                            &arena, &c, &err),
              &err);
    assert_int_equal(c.acting_count, 2);
    assert_slice_equal(c.responsible->modulator->drug, "strong");
    arena_release(&arena);
    rules_knowledge_release(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_multiplied_and_never_rounded),
        cmocka_unit_test(stated_phenotypes_keep_their_ranges),
        cmocka_unit_test(what_is_not_known_stays_not_known),
        cmocka_unit_test(the_strongest_counts_alone_while_it_acts),
        cmocka_unit_test(without_a_factor_it_is_told_only),
        cmocka_unit_test(switched_off_it_does_nothing),
        cmocka_unit_test(more_than_can_be_listed_keeps_the_strongest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
