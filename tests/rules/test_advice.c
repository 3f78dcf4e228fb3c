/* tests/rules/test_advice.c -- who speaks when several sources do, and for which patients. */
#include "tests/rules/small_evidence.h"

static const struct {
    const char *id, *drug, *source, *population, *key;
    enum rules_classification classification;
    enum rules_alert alert;
    enum rules_label label;
    const char *overrides;
    enum rules_sex sex;
    bool has_alternative, has_dose;
} RECOMMENDATIONS[] = {
    {"a-poor", "abc", "tables", "", "Poor Metabolizer", RULES_MODERATE, RULES_ALERT_WARNING, 0,
     "", 0, true, false},
    {"d-poor", "abc", "dutch", "", "Poor Metabolizer", RULES_NOT_GIVEN, RULES_ALERT_NONE, 0, "",
     0, false, false},
    {"d-poor-2", "abc", "dutch", "", "= *2/*3", RULES_STRONG, RULES_ALERT_WARNING, 0, "", 0,
     false, true},
    {"f-poor", "abc", "label", "", "Poor Metabolizer", RULES_NOT_GIVEN, RULES_ALERT_CRITICAL,
     RULES_LABEL_BOXED_WARNING, "", 0, true, false},
    {"a-normal", "abc", "tables", "", "Normal Metabolizer", RULES_NO_RECOMMENDATION,
     RULES_ALERT_NONE, 0, "", 0, false, false},
    {"d-normal", "abc", "dutch", "", "Normal Metabolizer", RULES_STRONG, RULES_ALERT_WARNING, 0,
     "", 0, true, false},
    {"a-rapid", "abc", "tables", "", "Rapid Metabolizer", RULES_STRONG, RULES_ALERT_WARNING, 0,
     "", 0, true, false},
    {"s-rapid", "abc", "policy", "", "Rapid Metabolizer", RULES_STRONG, RULES_ALERT_NONE, 0,
     "a-rapid", RULES_SEX_FEMALE, false, false},
    {"f-only", "def", "label", "", "Poor Metabolizer", RULES_NOT_GIVEN, RULES_ALERT_CRITICAL,
     RULES_LABEL_CONTRAINDICATION, "", 0, true, false},
    {"p-adult", "ghi", "tables", "adults", "Poor Metabolizer", RULES_STRONG,
     RULES_ALERT_WARNING, 0, "", 0, false, true},
    {"p-child", "ghi", "tables", "children", "Poor Metabolizer", RULES_STRONG, RULES_ALERT_INFO,
     0, "", 0, false, true},
    {"p-naive", "jkl", "tables", "naive", "Poor Metabolizer", RULES_STRONG,
     RULES_ALERT_CRITICAL, 0, "", 0, true, false},
    {"p-long", "jkl", "tables", "long", "Poor Metabolizer", RULES_OPTIONAL, RULES_ALERT_INFO, 0,
     "", 0, false, false},
    {"p-stuck", "jkl", "tables", "stuck", "Poor Metabolizer", RULES_OPTIONAL,
     RULES_ALERT_WARNING, 0, "", 0, false, false},
    {"c-normal", "pqr", "tables", "", "Normal Metabolizer", RULES_STRONG, RULES_ALERT_NONE, 0,
     "", 0, false, false},
    {"c-rapid", "pqr", "tables", "", "Rapid Metabolizer", RULES_STRONG, RULES_ALERT_WARNING, 0,
     "", 0, true, false},
    {"n-normal", "pqr", "dpwg", "", "Normal Metabolizer", RULES_STRONG, RULES_ALERT_NONE, 0, "",
     0, false, false},
    {"n-rapid", "pqr", "dpwg", "", "Rapid Metabolizer", RULES_STRONG, RULES_ALERT_WARNING, 0,
     "", 0, true, false},
    {"l-poor", "mno", "tables", "", "Poor Metabolizer", RULES_STRONG, RULES_ALERT_INFO, 0, "",
     0, false, true},
};
static const struct {
    const char *drug, *id;
    enum rules_therapy therapy;
    uint32_t from, below, weight;
} POPULATIONS[] = {
    {"ghi", "adults", 0, 18, RULES_AGE_NO_MAX, 4000},
    {"ghi", "children", 0, 0, 18, RULES_WEIGHT_NONE},
    {"jkl", "naive", RULES_THERAPY_NAIVE, 0, RULES_AGE_NO_MAX, RULES_WEIGHT_NONE},
    {"jkl", "long", RULES_THERAPY_ESTABLISHED, 0, RULES_AGE_NO_MAX, RULES_WEIGHT_NONE},
    {"jkl", "stuck", 0, 0, RULES_AGE_NO_MAX, RULES_WEIGHT_NONE},
};

/* The small release and what it does not have: populations by criteria, a label, another
 * publisher, a site's policy, a limit of a dose. */
static struct rules_knowledge *rich_knowledge(void)
{
    static const char *const DRUGS[] = {"abc", "def", "ghi", "jkl", "mno", "pqr"};
    struct rules_knowledge *k = NULL;
    struct rules_release r;
    struct err err = {0};

    small_release(&r);
    ADD(&r, source, .id = SLICE("dutch"), .publisher = SLICE("Dutch"), .title = SLICE("D"));
    ADD(&r, source, .id = SLICE("dpwg"), .publisher = SLICE("DPWG"), .title = SLICE("D"));
    ADD(&r, source, .id = SLICE("label"), .publisher = SLICE("FDA"), .title = SLICE("F"));
    ADD(&r, source, .id = SLICE("policy"), .publisher = SLICE("Site"), .title = SLICE("S"));
    for (size_t i = 0; i < ARRAY_LEN(DRUGS); i++)
        ADD(&r, drug, .name = slice_of(DRUGS[i]));
    for (size_t i = 0; i < ARRAY_LEN(POPULATIONS); i++)
        ADD(&r, population, .drug = slice_of(POPULATIONS[i].drug),
            .id = slice_of(POPULATIONS[i].id), .label = SLICE("x"),
            .therapy = POPULATIONS[i].therapy, .age_from_years = POPULATIONS[i].from,
            .age_below_years = POPULATIONS[i].below,
            .weight_above_x100 = POPULATIONS[i].weight);
    for (size_t i = 0; i < ARRAY_LEN(RECOMMENDATIONS); i++) {
        ADD(&r, recommendation, .id = slice_of(RECOMMENDATIONS[i].id),
            .drug = slice_of(RECOMMENDATIONS[i].drug),
            .source = slice_of(RECOMMENDATIONS[i].source),
            .population = slice_of(RECOMMENDATIONS[i].population),
            .classification = RECOMMENDATIONS[i].classification,
            .alert = RECOMMENDATIONS[i].alert, .message = SLICE("m"),
            .age_below_years = RULES_AGE_NO_MAX, .label = RECOMMENDATIONS[i].label,
            .overrides = slice_of(RECOMMENDATIONS[i].overrides), .sex = RECOMMENDATIONS[i].sex,
            .has_alternative = RECOMMENDATIONS[i].has_alternative,
            .has_dose = RECOMMENDATIONS[i].has_dose);
        ADD(&r, condition, slice_of(RECOMMENDATIONS[i].id), SLICE("CYP2C19"),
            slice_of(RECOMMENDATIONS[i].key));
    }
    ADD(&r, action, .recommendation = SLICE("l-poor"), .kind = RULES_ACTION_MONITOR);
    ADD(&r, action, .recommendation = SLICE("l-poor"), .kind = RULES_ACTION_LIMIT_DOSE,
        .amount_x100 = 2000, .unit = SLICE("mg/d"));
    assert_ok(rules_knowledge_new(&r, SLICE("hash"), &k, &err), &err);
    rules_release_release(&r);
    return k;
}

/* "critical: a-poor; f-poor/label differ" */
static void describe_parts(const struct rules_advice *advice, struct buf *buf)
{
    buf_printf(buf, "%s:", rules_alert_name(advice->alert));
    for (size_t i = 0; i < advice->matches_count; i++) {
        const struct rules_match *m = &advice->matches[i];

        buf_printf(buf, "%s %.*s", i > 0 ? ";" : "", SLICE_ARG(m->recommendation->id));
        if (m->part != RULES_PART_ADVICE)
            buf_printf(buf, "/%s", rules_part_name(m->part));
        buf_add(buf, slice_of(m->is_certain ? "" : "?"));
        buf_add(buf, slice_of(m->limit == RULES_LIMIT_ABOVE    ? "/above"
                              : m->limit == RULES_LIMIT_WITHIN ? "/within"
                                                               : ""));
    }
    buf_add(buf, slice_of(advice->sources_differ ? " differ" : ""));
}

struct case_of {
    const char *drug, *alleles;
    const char *order_of_publishers; /* separated by one space */
    int age;                         /* -1: not known */
    uint32_t weight_x100;            /* 0: not known */
    enum rules_sex sex;
    enum rules_therapy therapy;
    uint32_t dose_x100; /* 0: not known */
    const char *dose_unit;
    const char *want;
};

static bool is_right(const struct rules_knowledge *k, const struct case_of *row, size_t number)
{
    struct rules_evidence evidence =
        evidence_of("CYP2C19", &(struct said){.alleles = row->alleles});
    struct slice publishers[4], rest = slice_of(row->order_of_publishers);
    struct rules_policy policy = {.publishers = publishers};
    struct rules_order order = {
        .drug = rules_find_drug(k, slice_of(row->drug)),
        .therapy = row->therapy,
        .has_dose = row->dose_x100 > 0,
        .dose_x100 = row->dose_x100,
        .dose_unit = slice_of(row->dose_unit == NULL ? "" : row->dose_unit),
        .policy = &policy,
    };
    struct rules_gene_result result;
    struct rules_facts facts = {
        .genes = &result,
        .genes_count = 1,
        .has_age = row->age >= 0,
        .age_years = (uint32_t)(row->age < 0 ? 0 : row->age),
        .has_weight = row->weight_x100 > 0,
        .weight_x100 = row->weight_x100,
        .sex = row->sex,
    };
    struct rules_advice advice;
    struct err err = {0};
    struct arena arena;
    struct buf got;
    bool is_same;

    arena_init(&arena, 1024 * 1024);
    buf_init(&got, 4096);
    while (rest.len > 0)
        publishers[policy.publishers_count++] = slice_cut(rest, ' ', &rest);
    assert_ok(rules_resolve_gene(k, rules_find_gene(k, SLICE("CYP2C19")), &evidence, 1, &arena,
                                 &result, &err),
              &err);
    assert_ok(rules_evaluate(k, &order, &facts, &arena, &advice, &err), &err);
    describe_parts(&advice, &got);
    is_same = slice_eq_text(buf_slice(&got), row->want);
    if (!is_same)
        print_error("row %zu:\n  got  %.*s\n  want %s\n", number, SLICE_ARG(buf_slice(&got)),
                    row->want);
    buf_release(&got);
    arena_release(&arena);
    return is_same;
}

#define CHECK(rows)                                                                            \
    do {                                                                                       \
        struct rules_knowledge *k_ = rich_knowledge();                                         \
        size_t wrong_ = 0;                                                                     \
                                                                                               \
        for (size_t i_ = 0; i_ < ARRAY_LEN(rows); i_++)                                        \
            wrong_ += !is_right(k_, &(rows)[i_], i_);                                          \
        rules_knowledge_release(k_);                                                           \
        assert_int_equal(wrong_, 0);                                                           \
    } while (0)

static void one_publisher_speaks_and_the_others_are_kept(void **state)
{
    static const struct case_of ROWS[] = {
        /* a row for exactly this diplotype beats its guideline's phenotype row */
        {"abc", "*2/*3", "CPIC", -1,
         .want = "critical: a-poor; f-poor/label; d-poor-2/other "
                 "differ"},
        {"abc", "*2/*3", "Dutch CPIC", -1,
         .want = "critical: d-poor-2; f-poor/label; a-poor/other differ"},
        {"abc", "*2/*3", "dutch", -1,
         .want = "critical: d-poor-2; f-poor/label; a-poor/other differ"},
        /* without a site's order: by name */
        {"abc", "*2/*2", "", -1, .want = "critical: a-poor; f-poor/label; d-poor/other"},
        /* a source without a recommendation lets the next one speak */
        {"abc", "*2/*2", "Dutch", -1, .want = "critical: a-poor; f-poor/label; d-poor/other"},
        {"abc", "*1/*1", "CPIC", -1, .want = "warning: d-normal; a-normal/other"},
        /* a label speaks when nobody else does */
        {"def", "*2/*2", "CPIC", -1, .want = "critical: f-only"},
        {"def", "*1/*1", "CPIC", -1, .want = "none:"},
    };

    (void)state;
    CHECK(ROWS);
}

static void each_publisher_reads_a_genotype_by_its_own_tables(void **state)
{
    static const struct case_of ROWS[] = {
        {"pqr", "*1/*17", "CPIC", -1, .want = "warning: c-rapid; n-normal/other differ"},
        {"pqr", "*1/*17", "DPWG", -1, .want = "none: n-normal; c-rapid/other differ"},
        {"pqr", "*1/*1", "CPIC", -1, .want = "none: c-normal; n-normal/other"},
    };

    (void)state;
    CHECK(ROWS);
}

static void a_policy_stands_over_a_guideline_that_stays_visible(void **state)
{
    static const struct case_of ROWS[] = {
        {"abc", "*1/*17", "CPIC", -1, .sex = RULES_SEX_FEMALE,
         .want = "none: s-rapid; a-rapid/overridden"},
        {"abc", "*1/*17", "CPIC", -1, .sex = RULES_SEX_MALE, .want = "warning: a-rapid"},
        /* one that only may apply takes nothing away */
        {"abc", "*1/*17", "CPIC", -1, .want = "none: s-rapid?; a-rapid/other differ"},
    };

    (void)state;
    CHECK(ROWS);
}

static void criteria_tell_who_belongs_to_a_population(void **state)
{
    static const struct case_of ROWS[] = {
        {"ghi", "*2/*2", "", -1, .want = "warning: p-adult?; p-child?"},
        {"ghi", "*2/*2", "", 18, .want = "warning: p-adult"},
        {"ghi", "*2/*2", "", 17, .want = "warning: p-adult?; p-child"}, /* weight not known */
        {"ghi", "*2/*2", "", 17, 4000, .want = "info: p-child"},
        {"ghi", "*2/*2", "", 17, 4001, .want = "warning: p-adult; p-child"},
        {"ghi", "*2/*2", "", -1, 4001, .want = "warning: p-adult; p-child?"},
        {"ghi", "*2/*2", "", -1, 3000, .want = "warning: p-adult?; p-child?"},
        {"jkl", "*2/*2", "", -1, .want = "critical: p-naive?; p-stuck?; p-long?"},
        {"jkl", "*2/*2", "", -1, .therapy = RULES_THERAPY_NAIVE,
         .want = "critical: p-naive; p-stuck?"},
        {"jkl", "*2/*2", "", -1, .therapy = RULES_THERAPY_ESTABLISHED,
         .want = "warning: p-stuck?; p-long"},
    };

    (void)state;
    CHECK(ROWS);
}

static void a_limit_that_is_kept_is_silent(void **state)
{
    static const struct case_of ROWS[] = {
        {"mno", "*2/*2", "", -1, .want = "info: l-poor"},
        {"mno", "*2/*2", "", -1, .dose_x100 = 2000, .dose_unit = "mg/d",
         .want = "none: l-poor/within"},
        {"mno", "*2/*2", "", -1, .dose_x100 = 2001, .dose_unit = "mg/d",
         .want = "info: l-poor/above"},
        {"mno", "*2/*2", "", -1, .dose_x100 = 1, .dose_unit = "g/d", .want = "info: l-poor"},
    };

    (void)state;
    CHECK(ROWS);
}

/* Knowledge that cannot be meant */

static void bad_rows_are_refused(void **state)
{
    static const struct {
        int kind;
        const char *text;
    } ROWS[] = {
        {0, "population 'p' of codeine: no age from 18 below 18"},
        {1, "recommendation x: overrides the unknown recommendation 'nothing'"},
        {2, "recommendation x: overrides car-1502, which is for another drug"},
        {3, "recommendation x: overrides cod-poor of the same publisher"},
        {4, "recommendation x: 'CYP2D6' of 'no such' is no diplotype"},
        {5, "evidence of CYP2D6 and codeine: unknown source 'nothing'"},
        {6, "modulator of CYP2C19, prasugrel: a factor is from 0 to 1"},
        {7, "modulator of CYP2D6, prasugrel: listed twice"},
        {8, "pretest of CYP2D6 and codeine: no test of this gene is listed"},
        {9, "recommendation cod-poor: change_interval every 0 to 0 hours"},
        {10, "recommendation x: CYP2D6 has no allele '*999'"},
        {11, "modulator: unknown gene 'NOGENE'"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        static const char *const OVERRIDES[] = {"", "nothing", "car-1502", "cod-poor"};
        struct rules_knowledge *k = NULL;
        struct rules_release r;
        struct err err = {0};
        int kind = ROWS[i].kind;

        small_release(&r);
        ADD(&r, source, .id = SLICE("policy"), .publisher = SLICE("Site"), .title = SLICE("S"));
        if (kind == 0)
            ADD(&r, population, .drug = SLICE("codeine"), .id = SLICE("p"), .label = SLICE("p"),
                .age_from_years = 18, .age_below_years = 18,
                .weight_above_x100 = RULES_WEIGHT_NONE);
        if ((kind >= 1 && kind <= 4) || kind == 10) {
            ADD(&r, recommendation, .id = SLICE("x"), .drug = SLICE("codeine"),
                .source = kind == 3 ? SLICE("tables") : SLICE("policy"), .message = SLICE("m"),
                .age_below_years = RULES_AGE_NO_MAX,
                .overrides = slice_of(kind <= 3 ? OVERRIDES[kind] : ""));
            ADD(&r, condition, SLICE("x"), SLICE("CYP2D6"),
                kind == 4    ? SLICE("= *1/*4/*5")
                : kind == 10 ? SLICE("= *1/*999")
                             : SLICE("0.0"));
        }
        if (kind == 5)
            ADD(&r, gene_drug, SLICE("codeine"), SLICE("CYP2D6"), SLICE("A"), SLICE("Final"),
                SLICE("nothing"));
        for (int m = 0; m < (kind == 7 ? 2 : kind == 6 || kind == 11 ? 1 : 0); m++)
            ADD(&r, modulator,
                .gene = kind == 6    ? SLICE("CYP2C19")
                        : kind == 11 ? SLICE("NOGENE")
                                     : SLICE("CYP2D6"),
                .drug = SLICE("prasugrel"), .has_factor = true, .source = SLICE("tables"));
        if (kind == 8)
            ADD(&r, pretest, SLICE("codeine"), SLICE("CYP2D6"), SLICE("m"), SLICE("tables"));
        if (kind == 9)
            ADD(&r, action, .recommendation = SLICE("cod-poor"),
                .kind = RULES_ACTION_CHANGE_INTERVAL);
        assert_int_equal(rules_knowledge_new(&r, SLICE("x"), &k, &err), ERR_INVALID);
        if (strstr(err.text, kind == 4 ? "is no diplotype of CYP2D6" : ROWS[i].text) == NULL)
            fail_msg("row %zu: %s", i, err.text);
        rules_release_release(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_publisher_speaks_and_the_others_are_kept),
        cmocka_unit_test(each_publisher_reads_a_genotype_by_its_own_tables),
        cmocka_unit_test(a_policy_stands_over_a_guideline_that_stays_visible),
        cmocka_unit_test(criteria_tell_who_belongs_to_a_population),
        cmocka_unit_test(a_limit_that_is_kept_is_silent),
        cmocka_unit_test(bad_rows_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
