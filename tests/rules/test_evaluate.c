/* tests/rules/test_evaluate.c -- which recommendations a patient's results match. */
#include "tests/rules/small_evidence.h"

/* One patient and one order, in short. */
struct row_of_advice {
    const char *drug, *population;
    const char *age; /* NULL: not known */
    struct {
        const char *gene;
        struct said said;
    } records[RECORDS_MAX];
    const char *want;
};

/* "warning of 5: ami-both CYP2C19.0.0 CYP2D6.0.0; ... missing X conflict indeterminate". A
 * match that is not certain ends in '?'; "-" stands for a missing gene. */
static void describe_advice(const struct rules_advice *advice, struct buf *buf)
{
    buf_printf(buf, "%s of %zu:", rules_alert_name(advice->alert), advice->tried_count);
    for (size_t i = 0; i < advice->matches_count; i++) {
        const struct rules_match *match = &advice->matches[i];

        buf_printf(buf, "%s %.*s", i > 0 ? ";" : "", SLICE_ARG(match->recommendation->id));
        for (size_t b = 0; b < match->because_count; b++) {
            const struct rules_gene_result *result = match->because[b].result;

            if (result == NULL)
                buf_add_text(buf, " -");
            else
                buf_printf(buf, " %.*s.%zu.%zu", SLICE_ARG(result->gene->symbol),
                           match->because[b].call, match->because[b].key);
        }
        buf_add(buf, match->is_certain ? SLICE_NONE : SLICE("?"));
    }
    for (size_t i = 0; i < advice->missing_count; i++)
        buf_printf(buf, " missing %.*s", SLICE_ARG(advice->missing[i]->symbol));
    buf_add(buf, advice->has_conflict ? SLICE(" conflict") : SLICE_NONE);
    buf_add(buf, advice->is_indeterminate ? SLICE(" indeterminate") : SLICE_NONE);
}

static const struct rules_population *
population_of(const struct rules_knowledge *k, const struct rules_drug *drug, const char *id)
{
    const struct rules_population *populations;
    size_t count = rules_populations_of(k, drug, &populations);

    for (size_t i = 0; id != NULL && i < count; i++)
        if (slice_eq_text(populations[i].id, id))
            return &populations[i];
    return NULL;
}

/* Resolves every gene of the knowledge from the row's records. */
static void resolve_all(const struct rules_knowledge *k, const struct row_of_advice *row,
                        struct arena *arena, struct rules_gene_result *results)
{
    const struct rules_release *rows = rules_knowledge_rows(k);
    struct rules_evidence evidence[RECORDS_MAX];
    struct err err = {0};
    size_t count = 0;

    while (count < RECORDS_MAX && row->records[count].gene != NULL) {
        evidence[count] = evidence_of(row->records[count].gene, &row->records[count].said);
        count++;
    }
    for (size_t i = 0; i < rows->genes_count; i++)
        assert_ok(
            rules_resolve_gene(k, &rows->genes[i], evidence, count, arena, &results[i], &err),
            &err);
}

static bool is_advice_right(const struct rules_knowledge *k, const struct row_of_advice *row,
                            size_t number)
{
    struct rules_order order = {.drug = rules_find_drug(k, slice_of(row->drug))};
    struct rules_gene_result results[16];
    struct rules_facts facts = {.genes = results,
                                .genes_count = rules_knowledge_rows(k)->genes_count,
                                .has_age = row->age != NULL};
    struct rules_advice advice;
    struct err err = {0};
    struct arena arena;
    struct buf got;
    bool is_right;

    arena_init(&arena, 1024 * 1024);
    buf_init(&got, 4096);
    order.population = population_of(k, order.drug, row->population);
    if (facts.has_age)
        assert_true(slice_to_u32(slice_of(row->age), 150, &facts.age_years));
    resolve_all(k, row, &arena, results);
    assert_ok(rules_evaluate(k, &order, &facts, &arena, &advice, &err), &err);
    describe_advice(&advice, &got);
    is_right = slice_eq_text(buf_slice(&got), row->want) && advice.drug == order.drug;
    if (!is_right)
        print_error("row %zu:\n  got  %.*s\n  want %s\n", number, SLICE_ARG(buf_slice(&got)),
                    row->want);
    buf_release(&got);
    arena_release(&arena);
    return is_right;
}

#define CHECK_ADVICE(rows)                                                                     \
    do {                                                                                       \
        struct rules_knowledge *k_ = small_knowledge();                                        \
        size_t wrong_ = 0;                                                                     \
                                                                                               \
        for (size_t i_ = 0; i_ < ARRAY_LEN(rows); i_++)                                        \
            wrong_ += !is_advice_right(k_, &(rows)[i_], i_);                                   \
        rules_knowledge_release(k_);                                                           \
        assert_int_equal(wrong_, 0);                                                           \
    } while (0)

static void an_unknown_population_matches_every_row_and_is_not_certain(void **state)
{
    static const struct row_of_advice ROWS[] = {
        {"clopidogrel",
         "CVI ACS PCI",
         NULL,
         {{"CYP2C19", {.alleles = "*2/*3"}}},
         "critical of 4: clo-acs-poor CYP2C19.0.0"},
        {"clopidogrel",
         "NVI",
         NULL,
         {{"CYP2C19", {.alleles = "*2/*3"}}},
         "warning of 4: clo-nvi-poor CYP2C19.0.0"},
        {"clopidogrel",
         NULL,
         NULL,
         {{"CYP2C19", {.alleles = "*2/*3"}}},
         "critical of 4: clo-acs-poor CYP2C19.0.0?; clo-nvi-poor CYP2C19.0.0?"},
        {"clopidogrel",
         "NVI",
         NULL,
         {{"CYP2C19", {.alleles = "*1/*17"}}},
         "none of 4: clo-normal CYP2C19.0.0"},
        {"clopidogrel",
         NULL,
         NULL,
         {{"CYP2C19", {.alleles = "*1/*17"}}},
         "none of 4: clo-normal CYP2C19.0.0"},
        {"clopidogrel", NULL, NULL, {{"CYP2C19", {.alleles = "*1/*2"}}}, "none of 4:"},
    };

    (void)state;
    CHECK_ADVICE(ROWS);
}

static void an_unknown_age_excludes_nothing(void **state)
{
    static const struct row_of_advice ROWS[] = {
        {"voriconazole",
         NULL,
         "17",
         {{"CYP2C19", {.alleles = "*17/*17"}}},
         "warning of 2: vor-child CYP2C19.0.0"},
        {"voriconazole",
         NULL,
         "18",
         {{"CYP2C19", {.alleles = "*17/*17"}}},
         "warning of 2: vor-adult CYP2C19.0.0"},
        {"voriconazole",
         NULL,
         "0",
         {{"CYP2C19", {.alleles = "*17/*17"}}},
         "warning of 2: vor-child CYP2C19.0.0"},
        {"voriconazole",
         NULL,
         NULL,
         {{"CYP2C19", {.alleles = "*17/*17"}}},
         "warning of 2: vor-adult CYP2C19.0.0?; vor-child CYP2C19.0.0?"},
    };

    (void)state;
    CHECK_ADVICE(ROWS);
}

static void scores_match_ranges(void **state)
{
    static const struct row_of_advice ROWS[] = {
        {"codeine",
         NULL,
         NULL,
         {{"CYP2D6", {.alleles = "*4/*5"}}},
         "warning of 5: cod-poor CYP2D6.0.0"},
        {"codeine",
         NULL,
         NULL,
         {{"CYP2D6", {.alleles = "*1/*4"}}},
         "info of 5: cod-low CYP2D6.0.0"},
        {"codeine",
         NULL,
         NULL,
         {{"CYP2D6", {.alleles = "*1/*10"}}},
         "none of 5: cod-normal CYP2D6.0.0"},
        {"codeine",
         NULL,
         NULL,
         {{"CYP2D6", {.alleles = "*1x2/*10"}}},
         "none of 5: cod-normal CYP2D6.0.0"},
        {"codeine",
         NULL,
         NULL,
         {{"CYP2D6", {.alleles = "*1x2/*1"}}},
         "warning of 5: cod-ultra CYP2D6.0.0"},
        {"codeine",
         NULL,
         NULL,
         {{"CYP2D6", {.alleles = "*1x3/*4"}}},
         "warning of 5: cod-ultra CYP2D6.0.0"},
        {"codeine",
         NULL,
         NULL,
         {{"CYP2D6", {.score = ">=1.5"}}}, /* 1.5 or more: all that fit */
         "warning of 5: cod-ultra CYP2D6.0.0?; cod-normal CYP2D6.0.0? indeterminate"},
        {"codeine",
         NULL,
         NULL,
         {{"CYP2D6", {.score = "1.1"}}}, /* no row, and not missing */
         "none of 5: indeterminate"},
        {"codeine",
         NULL,
         NULL,
         {{"CYP2D6", {.alleles = "*1/*22"}}},
         "none of 5: cod-unclear CYP2D6.0.0 indeterminate"},
        {"codeine",
         NULL,
         NULL,
         {{"CYP2D6", {.phenotype = "Intermediate Metabolizer"}}},
         "info of 5: cod-low CYP2D6.0.0"},
        {"codeine",
         NULL,
         NULL,
         {{"CYP2D6", {.phenotype = "Ultrarapid Metabolizer"}}},
         "warning of 5: cod-ultra CYP2D6.0.0"},
    };

    (void)state;
    CHECK_ADVICE(ROWS);
}

static void every_gene_of_a_row_must_match(void **state)
{
    static const struct row_of_advice ROWS[] = {
        {"amitriptyline",
         NULL,
         NULL,
         {{"CYP2C19", {.alleles = "*2/*2"}}, {"CYP2D6", {.alleles = "*4/*4"}}},
         "warning of 3: ami-both CYP2C19.0.0 CYP2D6.0.0"},
        {"amitriptyline",
         NULL,
         NULL,
         {{"CYP2C19", {.alleles = "*2/*2"}}, {"CYP2D6", {.alleles = "*1/*1"}}},
         "none of 3:"},
        {"amitriptyline",
         NULL,
         NULL,
         {{"CYP2C19", {.alleles = "*2/*2"}}},
         "info of 3: ami-2c19-only CYP2C19.0.0 - missing CYP2D6"},
        {"amitriptyline",
         NULL,
         NULL,
         {{"CYP2D6", {.alleles = "*4/*4"}}},
         "info of 3: ami-2d6-only - CYP2D6.0.0 missing CYP2C19"},
        {"amitriptyline",
         NULL,
         NULL,
         {{NULL, {0}}},
         "none of 0: missing CYP2C19 missing CYP2D6"},
        /* unusable is missing, indeterminate is not */
        {"amitriptyline",
         NULL,
         NULL,
         {{"CYP2C19", {.alleles = "*2/*2"}}, {"CYP2D6", {.alleles = "*4"}}},
         "info of 3: ami-2c19-only CYP2C19.0.0 - missing CYP2D6 indeterminate"},
        {"amitriptyline",
         NULL,
         NULL,
         {{"CYP2C19", {.alleles = "*2/*2"}}, {"CYP2D6", {.alleles = "*4/*22"}}},
         "none of 3: indeterminate"},
        {"amitriptyline",
         NULL,
         NULL,
         {{"CYP2C19", {.alleles = "*2"}}, {"CYP2D6", {.phenotype = "?"}}},
         "none of 0: missing CYP2C19 missing CYP2D6 indeterminate"},
    };

    (void)state;
    CHECK_ADVICE(ROWS);
}

static void tested_for_one_hla_allele_is_not_tested_for_another(void **state)
{
    static const struct row_of_advice ROWS[] = {
        {"carbamazepine",
         NULL,
         NULL,
         {{"HLA-B", {.positive = "*15:02"}}},
         "critical of 4: car-1502 HLA-B.0.0 missing HLA-A"},
        {"carbamazepine",
         NULL,
         NULL,
         {{"HLA-A", {.positive = "*31:01"}}, {"HLA-B", {.negative = "*57:01"}}},
         "warning of 4: car-3101-alone HLA-A.0.0 - missing HLA-B"},
        {"carbamazepine",
         NULL,
         NULL,
         {{"HLA-A", {.positive = "*31:01"}}, {"HLA-B", {.negative = "*15:02"}}},
         "warning of 4: car-3101 HLA-A.0.0 HLA-B.0.0"},
        {"carbamazepine",
         NULL,
         NULL,
         {{"HLA-A", {.positive = "*31:01"}}, {"HLA-B", {.alleles = "*08:01/*57:01"}}},
         "warning of 4: car-3101 HLA-A.0.0 HLA-B.0.0"},
        {"carbamazepine",
         NULL,
         NULL,
         {{"HLA-A", {.alleles = "*01:01/*02:01"}}, {"HLA-B", {.alleles = "*57:01/*15:02"}}},
         "critical of 4: car-1502 HLA-B.0.0"},
        {"carbamazepine",
         NULL,
         NULL,
         {{"HLA-A", {.alleles = "*01:01/*02:01"}}, {"HLA-B", {.alleles = "*57:01/*08:01"}}},
         "none of 4: car-safe HLA-A.0.0 HLA-B.0.0"},
        {"carbamazepine",
         NULL,
         NULL,
         {{"HLA-B", {.positive = "*57:01"}}},
         "none of 0: missing HLA-A missing HLA-B"},
        {"carbamazepine",
         NULL,
         NULL,
         {{"HLA-A", {.negative = "*31:01"}}, {"HLA-B", {.alleles = "*15:02"}}},
         "critical of 4: car-1502 HLA-B.0.0"},
        {"carbamazepine",
         NULL,
         NULL,
         {{"HLA-A", {.negative = "*31:01"}}, {"HLA-B", {.alleles = "*08:01"}}},
         "none of 4: missing HLA-B indeterminate"},
    };

    (void)state;
    CHECK_ADVICE(ROWS);
}

static void every_call_of_a_conflict_is_looked_up(void **state)
{
    static const struct row_of_advice ROWS[] = {
        {"clopidogrel",
         "NVI",
         NULL,
         {{"CYP2C19", {.alleles = "*1/*1"}}, {"CYP2C19", {.alleles = "*2/*2"}}},
         "warning of 4: clo-nvi-poor CYP2C19.1.0?; clo-normal CYP2C19.0.0? conflict"},
        /* both calls match the same row: listed once, and certain, but still a conflict */
        {"clopidogrel",
         "NVI",
         NULL,
         {{"CYP2C19", {.alleles = "*2/*3"}}, {"CYP2C19", {.alleles = "*2/*2"}}},
         "warning of 4: clo-nvi-poor CYP2C19.0.0 conflict"},
        {"clopidogrel",
         "NVI",
         NULL,
         {{"CYP2C19", {.alleles = "*1/*99"}}, {"CYP2C19", {.alleles = "*2/*2"}}},
         "warning of 4: clo-nvi-poor CYP2C19.1.0?; clo-unclear CYP2C19.0.0? conflict "
         "indeterminate"},
        {"codeine",
         NULL,
         NULL,
         {{"CYP2D6", {.alleles = "*1/*4", .copies = "2"}}},
         "info of 5: cod-low CYP2D6.1.0?; cod-normal CYP2D6.0.0? conflict"},
        {"codeine",
         NULL,
         NULL,
         {{"CYP2D6", {.alleles = "*1/*41", .copies = "2"}}},
         "none of 5: cod-normal CYP2D6.0.0 conflict"},
        /* a single allele that does not fit is a call without keys */
        {"codeine",
         NULL,
         NULL,
         {{"CYP2D6", {.alleles = "*1/*1"}}, {"CYP2D6", {.alleles = "*4"}}},
         "none of 5: cod-normal CYP2D6.0.0? conflict"},
        {"carbamazepine",
         NULL,
         NULL,
         {{"HLA-B", {.positive = "*15:02"}},
          {"HLA-B", {.negative = "*15:02"}},
          {"HLA-A", {.negative = "*31:01"}}},
         "critical of 4: car-1502 HLA-B.0.0?; car-safe HLA-A.0.0 HLA-B.1.0? conflict"},
        /* an allele that all agree on is certain, though another one is disputed */
        {"carbamazepine",
         NULL,
         NULL,
         {{"HLA-B", {.positive = "*57:01"}},
          {"HLA-B", {.negative = "*57:01"}},
          {"HLA-B", {.positive = "*15:02"}}},
         "critical of 4: car-1502 HLA-B.0.0 missing HLA-A conflict"},
    };

    (void)state;
    CHECK_ADVICE(ROWS);
}

static void ranges_that_cover_a_score_only_in_part_are_not_certain(void **state)
{
    struct rules_knowledge *k = NULL;
    struct rules_release r;
    struct err err = {0};
    static const struct row_of_advice ROW = {
        "codeine",
        NULL,
        NULL,
        {{"CYP2D6", {.phenotype = "Intermediate Metabolizer"}}},
        "info of 5: cod-low CYP2D6.0.0?; cod-normal CYP2D6.0.0?"};

    (void)state;
    small_release(&r);
    for (size_t i = 0; i < r.conditions_count; i++) {
        if (slice_eq_text(r.conditions[i].key, "0.25..1.0"))
            r.conditions[i].key = SLICE("0.25..0.75");
        if (slice_eq_text(r.conditions[i].key, "1.25..2.25"))
            r.conditions[i].key = SLICE("1.0..2.25");
    }
    assert_ok(rules_knowledge_new(&r, SLICE("h"), &k, &err), &err);
    assert_true(is_advice_right(k, &ROW, 0));
    rules_knowledge_release(k);
}

static void a_phenotype_of_several_ranges_is_certain_only_when_all_fit(void **state)
{
    static const struct row_of_advice ROW = {
        "codeine",
        NULL,
        NULL,
        {{"CYP2D6", {.phenotype = "Intermediate Metabolizer"}}},
        "info of 5: cod-low CYP2D6.0.0?; cod-normal CYP2D6.0.1?"};
    struct rules_knowledge *k = NULL;
    struct rules_release r;
    struct err err = {0};

    (void)state;
    small_release(&r);
    for (size_t i = 0; i < r.conditions_count; i++) {
        if (slice_eq_text(r.conditions[i].key, "0.25..1.0"))
            r.conditions[i].key = SLICE("0.25..0.5");
        if (slice_eq_text(r.conditions[i].key, "1.25..2.25"))
            r.conditions[i].key = SLICE("0.75..2.25");
    }
    r.score_rules[1].to_x100 = 50;
    ADD(&r, score_rule, .gene = SLICE("CYP2D6"), .from_x100 = 75, .to_x100 = 100,
        .phenotype = SLICE("Intermediate Metabolizer"));
    assert_ok(rules_knowledge_new(&r, SLICE("h"), &k, &err), &err);
    assert_true(is_advice_right(k, &ROW, 0));
    rules_knowledge_release(k);
}

static void a_population_of_another_drug_is_refused(void **state)
{
    struct rules_knowledge *k = small_knowledge();
    struct rules_order order = {.drug = rules_find_drug(k, SLICE("codeine"))};
    struct rules_facts facts = {.genes = NULL};
    struct rules_advice advice = {.tried_count = 77};
    struct err err = {0};
    struct arena arena;

    (void)state;
    arena_init(&arena, 65536);
    order.population = population_of(k, rules_find_drug(k, SLICE("clopidogrel")), "NVI");
    assert_non_null(order.population);
    assert_int_equal(rules_evaluate(k, &order, &facts, &arena, &advice, &err), ERR_INVALID);
    assert_int_equal(advice.tried_count, 77);
    arena_release(&arena);
    rules_knowledge_release(k);
}

static void a_drug_without_rules_has_no_advice(void **state)
{
    struct rules_knowledge *k = small_knowledge();
    struct rules_order order = {.drug = rules_find_drug(k, SLICE("prasugrel"))};
    struct rules_facts facts = {.genes = NULL};
    struct rules_advice advice;
    struct err err = {0};
    struct arena arena;

    (void)state;
    arena_init(&arena, 65536);
    assert_ok(rules_evaluate(k, &order, &facts, &arena, &advice, &err), &err);
    assert_int_equal(advice.matches_count, 0);
    assert_int_equal(advice.missing_count, 0);
    assert_int_equal(advice.alert, RULES_ALERT_NONE);
    arena_release(&arena);
    rules_knowledge_release(k);
}

static void memory_may_end_anywhere(void **state)
{
    static const struct row_of_advice ROW = {
        "clopidogrel", NULL, NULL, {{"CYP2C19", {.alleles = "*2/*3"}}}, NULL};
    struct rules_knowledge *k = small_knowledge();
    struct rules_order order = {.drug = rules_find_drug(k, SLICE("clopidogrel"))};
    struct rules_gene_result results[16];
    struct rules_facts facts = {.genes = results, .genes_count = 7};
    struct arena kept;
    size_t failures = 0;

    (void)state;
    arena_init(&kept, 1024 * 1024);
    resolve_all(k, &ROW, &kept, results);
    for (size_t bytes_max = 0;; bytes_max += 64, failures++) {
        struct rules_advice advice = {.tried_count = 77};
        struct err err = {0};
        struct arena arena;
        enum err_code code;

        arena_init(&arena, bytes_max);
        code = rules_evaluate(k, &order, &facts, &arena, &advice, &err);
        arena_release(&arena);
        if (code == ERR_OK)
            break;
        assert_int_equal(code, ERR_NOMEM);
        assert_int_equal(advice.tried_count, 77);
    }
    assert_in_range(failures, 3, 10000);
    arena_release(&kept);
    rules_knowledge_release(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_population_matches_every_row_and_is_not_certain),
        cmocka_unit_test(an_unknown_age_excludes_nothing),
        cmocka_unit_test(scores_match_ranges),
        cmocka_unit_test(every_gene_of_a_row_must_match),
        cmocka_unit_test(tested_for_one_hla_allele_is_not_tested_for_another),
        cmocka_unit_test(every_call_of_a_conflict_is_looked_up),
        cmocka_unit_test(ranges_that_cover_a_score_only_in_part_are_not_certain),
        cmocka_unit_test(a_phenotype_of_several_ranges_is_certain_only_when_all_fit),
        cmocka_unit_test(a_population_of_another_drug_is_refused),
        cmocka_unit_test(a_drug_without_rules_has_no_advice),
        cmocka_unit_test(memory_may_end_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
