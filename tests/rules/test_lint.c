/* tests/rules/test_lint.c -- a release with one fault each, and what the lint says of it. */
#include "rules/lint.h"

#include "rules/base/buf.h"
#include "tests/rules/small_release.h"

/* --- a release without findings ------------------------------------------------------------
 */

static struct rules_recommendation *recommendation(struct rules_release *r, const char *id)
{
    for (size_t i = 0; i < r->recommendations_count; i++)
        if (slice_eq_text(r->recommendations[i].id, id))
            return &r->recommendations[i];
    fail_msg("no recommendation %s", id);
    return NULL;
}

static void add(struct rules_release *r, const char *id, const char *drug,
                enum rules_alert alert, const char *message)
{
    ADD(r, recommendation, .id = slice_of(id), .drug = slice_of(drug), .source = SLICE("guide"),
        .classification = RULES_STRONG, .alert = alert, .message = slice_of(message),
        .age_below_years = RULES_AGE_NO_MAX);
}

static void when(struct rules_release *r, const char *id, const char *gene, const char *key)
{
    ADD(r, condition, slice_of(id), slice_of(gene), slice_of(key));
}

static void codeine(struct rules_release *r)
{
    add(r, "cod-poor", "codeine", RULES_ALERT_WARNING, "avoid");
    when(r, "cod-poor", "CYP2D6", "0.0");
    add(r, "cod-rest", "codeine", RULES_ALERT_NONE, "fine");
    when(r, "cod-rest", "CYP2D6", ">=0.01");
    when(r, "cod-rest", "CYP2D6", "n/a");
    ADD(r, implication, SLICE("cod-poor"), SLICE("CYP2D6"), SLICE("because"));
}

static void carbamazepine(struct rules_release *r)
{
    static const char *const ROWS[][3] = {
        {"car-a", "*31:01 positive", "*15:02 negative"},
        {"car-b", "*31:01 negative", "*15:02 positive"},
        {"car-both", "*31:01 positive", "*15:02 positive"},
        {"car-none", "*31:01 negative", "*15:02 negative"},
        {"car-a-only", "*31:01 positive", "No Result"},
        {"car-no-a", "*31:01 negative", "No Result"},
        {"car-b-only", "No Result", "*15:02 positive"},
        {"car-no-b", "No Result", "*15:02 negative"},
    };

    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        add(r, ROWS[i][0], "carbamazepine", RULES_ALERT_NONE, "fine");
        when(r, ROWS[i][0], "HLA-A", ROWS[i][1]);
        when(r, ROWS[i][0], "HLA-B", ROWS[i][2]);
    }
}

static void sound_release(struct rules_release *r)
{
    rules_release_init(r);
    r->name = SLICE("sound");
    r->version = SLICE("1");
    r->developer = SLICE("the test");
    ADD(r, source, .id = SLICE("tables"), .publisher = SLICE("CPIC"), .title = SLICE("A title"),
        .version = SLICE("1"), .url = SLICE("https://tables.example"));
    ADD(r, source, .id = SLICE("guide"), .publisher = SLICE("CPIC"), .title = SLICE("A title"),
        .version = SLICE("1"), .pmids = SLICE("1"));
    small_genes(r);
    small_alleles(r);
    small_phenotypes(r);
    ADD(r, drug, .name = SLICE("codeine"));
    ADD(r, drug, .name = SLICE("carbamazepine"));
    codeine(r);
    carbamazepine(r);
    ADD(r, message, .id = SLICE("avoid"), .locale = SLICE("en"), .verdict = SLICE("avoid"),
        .meaning = SLICE("No effect."));
    ADD(r, message, .id = SLICE("fine"), .locale = SLICE("en"), .meaning = SLICE("Fine."));
    ADD(r, message, .id = SLICE("because"), .locale = SLICE("en"), .meaning = SLICE("Slow."));
}

/* --- faults --------------------------------------------------------------------------------
 */

static void nothing(struct rules_release *r)
{
    (void)r;
}

static void hole_in_scores(struct rules_release *r)
{
    for (size_t i = 0; i < r->conditions_count; i++)
        if (slice_eq_text(r->conditions[i].key, ">=0.01"))
            r->conditions[i].key = SLICE("0.25..2.0");
}

static void hole_for_unclear(struct rules_release *r)
{
    for (size_t i = 0; i < r->conditions_count; i++)
        if (slice_eq_text(r->conditions[i].key, "n/a"))
            r->conditions[i].key = SLICE("5.0");
}

static void hole_known(struct rules_release *r)
{
    hole_for_unclear(r);
    for (size_t i = 0; i < r->conditions_count; i++)
        if (slice_eq_text(r->conditions[i].key, "5.0"))
            r->conditions[i].key = SLICE("0.01..0.02");
    ADD(r, omission, SLICE("codeine"), SLICE("CYP2D6"), SLICE("n/a"), SLICE("none given"));
}

static void omission_for_nothing(struct rules_release *r)
{
    ADD(r, omission, SLICE("codeine"), SLICE("CYP2D6"), SLICE("0.0"), SLICE("none given"));
}

static void set_key(struct rules_release *r, const char *id, const char *from, const char *to)
{
    for (size_t i = 0; i < r->conditions_count; i++)
        if (slice_eq_text(r->conditions[i].recommendation, id) &&
            slice_eq_text(r->conditions[i].key, from))
            r->conditions[i].key = slice_of(to);
}

static void hole_in_the_matrix(struct rules_release *r)
{
    set_key(r, "car-no-b", "No Result", "*31:01 negative");
}

static void hole_for_one_value(struct rules_release *r)
{
    set_key(r, "car-a", "*31:01 positive", "*31:01 negative");
    set_key(r, "car-both", "*31:01 positive", "*31:01 negative");
    set_key(r, "car-a-only", "*31:01 positive", "*31:01 negative");
}

static void hole_for_children(struct rules_release *r)
{
    recommendation(r, "cod-poor")->age_from_years = 12;
}

static void hole_for_men(struct rules_release *r)
{
    recommendation(r, "cod-poor")->sex = RULES_SEX_FEMALE;
}

static void hole_for_a_population(struct rules_release *r)
{
    ADD(r, population, .drug = SLICE("codeine"), .id = SLICE("P"), .label = SLICE("pain"),
        .age_below_years = RULES_AGE_NO_MAX, .weight_above_x100 = RULES_WEIGHT_NONE);
    ADD(r, population, .drug = SLICE("codeine"), .id = SLICE("C"), .label = SLICE("cough"),
        .age_below_years = RULES_AGE_NO_MAX, .weight_above_x100 = RULES_WEIGHT_NONE);
    recommendation(r, "cod-poor")->population = SLICE("P");
}

static void two_that_differ(struct rules_release *r)
{
    add(r, "cod-also", "codeine", RULES_ALERT_NONE, "fine");
    when(r, "cod-also", "CYP2D6", "0.0..0.5");
    recommendation(r, "cod-also")->has_dose = true;
}

static void two_that_differ_for_others(struct rules_release *r)
{
    two_that_differ(r);
    recommendation(r, "cod-also")->sex = RULES_SEX_FEMALE;
    recommendation(r, "cod-poor")->sex = RULES_SEX_MALE;
    recommendation(r, "cod-rest")->sex = RULES_SEX_MALE;
}

static void twice_the_same(struct rules_release *r)
{
    add(r, "cod-also", "codeine", RULES_ALERT_NONE, "fine");
    when(r, "cod-also", "CYP2D6", "1.0..1.5");
}

static void a_score_that_nobody_has(struct rules_release *r)
{
    for (size_t i = 0; i < r->alleles_count; i++)
        r->alleles[i].is_at_least = false;
    add(r, "cod-high", "codeine", RULES_ALERT_NONE, "fine");
    when(r, "cod-high", "CYP2D6", ">=12.0");
}

static void no_german(struct rules_release *r)
{
    ADD(r, message, .id = SLICE("avoid"), .locale = SLICE("de"), .verdict = SLICE("meiden"),
        .meaning = SLICE("Keine Wirkung."));
}

static void half_german(struct rules_release *r)
{
    ADD(r, message, .id = SLICE("avoid"), .locale = SLICE("de"), .verdict = SLICE("meiden"));
}

static void unused_message(struct rules_release *r)
{
    ADD(r, message, .id = SLICE("old"), .locale = SLICE("en"), .meaning = SLICE("Old."));
}

static void no_citation(struct rules_release *r)
{
    r->sources[1].pmids = SLICE_NONE;
}

static void no_version(struct rules_release *r)
{
    r->sources[0].version = SLICE_NONE;
}

static void unused_source(struct rules_release *r)
{
    ADD(r, source, .id = SLICE("old"), .publisher = SLICE("CPIC"), .title = SLICE("Old"),
        .version = SLICE("1"), .pmids = SLICE("2"));
}

static void code_without_source(struct rules_release *r)
{
    ADD(r, drug_code, .drug = SLICE("codeine"), .system = SLICE("http://x"),
        .code = SLICE("1"));
}

static void no_implication(struct rules_release *r)
{
    r->implications_count = 0;
}

static void half_explained(struct rules_release *r)
{
    recommendation(r, "car-both")->alert = RULES_ALERT_WARNING;
    recommendation(r, "car-both")->message = SLICE("avoid");
    ADD(r, implication, SLICE("car-both"), SLICE("HLA-B"), SLICE("because"));
}

static void long_summary(struct rules_release *r)
{
    r->drugs[0].name = SLICE("codeine with a name that is much longer than any ingredient has, "
                             "so long that it fills the line");
    for (size_t i = 0; i < r->recommendations_count; i++)
        if (slice_eq_text(r->recommendations[i].drug, "codeine"))
            r->recommendations[i].drug = r->drugs[0].name;
    for (size_t i = 0; i < r->messages_count; i++)
        if (slice_eq_text(r->messages[i].id, "avoid"))
            r->messages[i].verdict = SLICE("avoid and use another one all of the time");
}

/* --- running it ----------------------------------------------------------------------------
 */

static void note(void *owner, const struct rules_finding *finding)
{
    buf_join(owner, finding->is_error ? SLICE("error ") : SLICE("warning "),
             slice_of(rules_lint_rule_name(finding->rule)), SLICE(" "), finding->about,
             SLICE(": "), finding->text, SLICE("\n"));
}

static const struct {
    void (*fault)(struct rules_release *r);
    size_t errors, warnings;
    const char *findings[3];
} ROWS[] = {
    {nothing, 0, 0, {0}},
    {hole_in_scores,
     2,
     0,
     {"error hole drug codeine: no recommendation in 1 combination: CYP2D6 0.01..0.24\n",
      "error hole drug codeine: no recommendation in 1 combination: CYP2D6 >=2.01\n"}},
    {hole_for_unclear,
     0,
     1,
     {"warning hole drug codeine: no recommendation in 1 combination: CYP2D6 n/a\n"}},
    {hole_known, 0, 0, {0}},
    {omission_for_nothing,
     0,
     1,
     {"warning omission-unused drug codeine: no_rows names CYP2D6 0.0, for which there is"}},
    {hole_in_the_matrix,
     1,
     1,
     {"error hole drug carbamazepine: no recommendation in 1 combination: HLA-A No Result, "
      "HLA-B "
      "*15:02 negative\n"}},
    {hole_for_one_value,
     1,
     3,
     {"error hole drug carbamazepine: no recommendation in 3 combinations: HLA-A *31:01 "
      "positive, "
      "whatever the others are\n"}},
    {hole_for_children,
     1,
     0,
     {"error hole drug codeine: no recommendation from 0 years in 1 combination: CYP2D6 "
      "0.0\n"}},
    {hole_for_men,
     1,
     0,
     {"error hole drug codeine: no recommendation, male in 1 combination: CYP2D6 0.0\n"}},
    {hole_for_a_population,
     1,
     0,
     {"error hole drug codeine: no recommendation for cough in 1 combination: CYP2D6 0.0\n"}},
    {two_that_differ,
     2,
     0,
     {"error overlap recommendation cod-poor: differs from cod-also for the same result: "
      "CYP2D6 "
      "0.0\n",
      "error overlap recommendation cod-also: differs from cod-rest for the same result: "
      "CYP2D6 "
      "0.01..0.5\n"}},
    {two_that_differ_for_others, 1, 1, {"error hole drug codeine: no recommendation, female"}},
    {twice_the_same,
     0,
     1,
     {"warning redundant recommendation cod-also: cod-rest says the same to all its "
      "patients\n"}},
    {a_score_that_nobody_has,
     1,
     1,
     {"error unreachable recommendation cod-high: no gene result satisfies its conditions\n"}},
    {no_german,
     0,
     2,
     {"warning translation message because: there is no de\n",
      "warning translation message fine: there is no de\n"}},
    {half_german, 0, 3, {"warning translation message avoid: de lacks a part"}},
    {unused_message, 0, 1, {"warning message-unused message old: "}},
    {no_citation, 1, 0, {"error citation source guide: neither a PMID nor a URL\n"}},
    {no_version, 1, 0, {"error citation source tables: no version\n"}},
    {unused_source, 0, 1, {"warning source-unused source old: nothing cites it\n"}},
    {code_without_source, 1, 0, {"error citation drug codeine: code 1 has no source\n"}},
    {no_implication, 1, 1, {"error implication recommendation cod-poor: no implication for"}},
    {half_explained,
     0,
     1,
     {"warning implication recommendation car-both: no implication for HLA-A\n"}},
    {long_summary,
     1,
     0,
     {"error summary recommendation cod-poor: its summary in en can need 150 characters, 139"}},
};

static void each_fault_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct rules_lint_counts counts = {0};
        struct rules_knowledge *k = NULL;
        struct rules_release r;
        struct err err = {0};
        struct buf text;

        sound_release(&r);
        ROWS[i].fault(&r);
        assert_ok(rules_knowledge_new(&r, SLICE("hash"), &k, &err), &err);
        buf_init(&text, 65536);
        assert_ok(rules_lint(k, note, &text, &counts, &err), &err);
        for (size_t f = 0; f < ARRAY_LEN(ROWS[i].findings) && ROWS[i].findings[f] != NULL; f++)
            if (slice_find(buf_slice(&text), slice_of(ROWS[i].findings[f])) == SIZE_MAX)
                fail_msg("row %zu: no \"%s\" in:\n%.*s", i, ROWS[i].findings[f],
                         SLICE_ARG(buf_slice(&text)));
        if (counts.errors != ROWS[i].errors || counts.warnings != ROWS[i].warnings)
            fail_msg("row %zu: %zu errors, %zu warnings:\n%.*s", i, counts.errors,
                     counts.warnings, SLICE_ARG(buf_slice(&text)));
        buf_release(&text);
        rules_knowledge_release(k);
    }
}

static void omissions_are_checked_when_loading(void **state)
{
    static const struct {
        const char *drug, *gene, *key, *why, *error;
    } BAD[] = {
        {"nodrug", "CYP2D6", "n/a", "x", "omission: unknown drug 'nodrug'"},
        {"codeine", "NOGENE", "n/a", "x", "omission of codeine: unknown gene 'NOGENE'"},
        {"codeine", "CYP2D6", "Poor Metabolizer", "x", "is no activity_score of CYP2D6"},
        {"codeine", "CYP2C19", "0.0", "x", "'0.0' is no phenotype of CYP2C19"},
        {"carbamazepine", "HLA-A", "*15:02 positive", "x", "is no allele_status of HLA-A"},
        {"codeine", "CYP2D6", "n/a", "", "omission of codeine: no reason"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BAD) + 1; i++) {
        struct rules_knowledge *k = NULL;
        struct rules_release r;
        struct err err = {0};

        sound_release(&r);
        for (size_t n = 0; n < 2; n++) {
            if (i < ARRAY_LEN(BAD) && n == 0)
                ADD(&r, omission, slice_of(BAD[i].drug), slice_of(BAD[i].gene),
                    slice_of(BAD[i].key), slice_of(BAD[i].why));
            else if (i == ARRAY_LEN(BAD))
                ADD(&r, omission, SLICE("codeine"), SLICE("CYP2D6"), SLICE("n/a"), SLICE("x"));
        }
        assert_int_equal(rules_knowledge_new(&r, SLICE("hash"), &k, &err), ERR_INVALID);
        if (strstr(err.text, i < ARRAY_LEN(BAD) ? BAD[i].error : "listed twice") == NULL)
            fail_msg("row %zu: %s", i, err.text);
        rules_release_release(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_found),
        cmocka_unit_test(omissions_are_checked_when_loading),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
