/* tests/rules/test_diff.c -- one change each, and what the difference says of it. */
#include "rules/diff.h"

#include "rules/base/buf.h"
#include "tests/rules/small_release.h"

#define ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* --- changes -------------------------------------------------------------------------------
 */

static struct rules_recommendation *recommendation(struct rules_release *r, const char *id)
{
    for (size_t i = 0; i < r->recommendations_count; i++)
        if (slice_eq_text(r->recommendations[i].id, id))
            return &r->recommendations[i];
    fail_msg("no recommendation %s", id);
    return NULL;
}

static void nothing(struct rules_release *r)
{
    (void)r;
}

static void version_only(struct rules_release *r)
{
    r->version = SLICE("2");
}

static void rename_id(struct rules_release *r)
{
    recommendation(r, "cod-poor")->id = SLICE("codeine-poor");
    for (size_t i = 0; i < r->conditions_count; i++)
        if (slice_eq_text(r->conditions[i].recommendation, "cod-poor"))
            r->conditions[i].recommendation = SLICE("codeine-poor");
}

/* 0.25..1.0 becomes 0.25..0.5 and 0.51..1.0 with the same words. */
static void split(struct rules_release *r)
{
    struct rules_recommendation copy = *recommendation(r, "cod-low");

    for (size_t i = 0; i < r->conditions_count; i++)
        if (slice_eq_text(r->conditions[i].key, "0.25..1.0"))
            r->conditions[i].key = SLICE("0.25..0.5");
    copy.id = SLICE("cod-low-2");
    *rules_add_recommendation(r) = copy;
    ADD(r, condition, SLICE("cod-low-2"), SLICE("CYP2D6"), SLICE("0.51..1.0"));
}

static void rename_message(struct rules_release *r)
{
    ADD(r, message, .id = SLICE("m2"), .locale = SLICE("en"), .verdict = SLICE("avoid"));
    ADD(r, message, .id = SLICE("m2"), .locale = SLICE("de"), .verdict = SLICE("vermeiden"));
    recommendation(r, "cod-poor")->message = SLICE("m2");
}

static void louder(struct rules_release *r)
{
    recommendation(r, "cod-low")->alert = RULES_ALERT_WARNING;
    recommendation(r, "cod-low")->classification = RULES_STRONG;
    recommendation(r, "cod-low")->has_dose = true;
}

static void half_range(struct rules_release *r)
{
    for (size_t i = 0; i < r->conditions_count; i++)
        if (slice_eq_text(r->conditions[i].key, "0.25..1.0"))
            r->conditions[i].key = SLICE("0.25..0.5");
}

static void one_of_two_keys(struct rules_release *r)
{
    for (size_t i = 0; i < r->conditions_count; i++)
        if (slice_eq_text(r->conditions[i].key, "Rapid Metabolizer"))
            r->conditions[i].recommendation = SLICE("clo-unclear");
}

static void two_genes(struct rules_release *r)
{
    recommendation(r, "car-3101")->alert = RULES_ALERT_CRITICAL;
}

static void dose(struct rules_release *r)
{
    ADD(r, action, .recommendation = SLICE("cod-low"), .kind = RULES_ACTION_REDUCE_DOSE,
        .percent_from = 25, .percent_to = 50);
    ADD(r, action, .recommendation = SLICE("cod-low"), .kind = RULES_ACTION_LIMIT_DOSE,
        .amount_x100 = 2050, .unit = SLICE("mg/d"));
    ADD(r, action, .recommendation = SLICE("cod-low"), .kind = RULES_ACTION_CHANGE_INTERVAL,
        .interval_from_hours = 12, .interval_to_hours = 24);
}

static void words(struct rules_release *r)
{
    for (size_t i = 0; i < r->messages_count; i++)
        if (slice_eq_text(r->messages[i].locale, "en"))
            r->messages[i].verdict = SLICE("do not use");
}

static void translation(struct rules_release *r)
{
    for (size_t i = 0; i < r->messages_count; i++)
        if (slice_eq_text(r->messages[i].locale, "de"))
            r->messages[i].verdict = SLICE("meiden");
}

static void age(struct rules_release *r)
{
    recommendation(r, "vor-adult")->age_from_years = 16;
}

static void sex(struct rules_release *r)
{
    recommendation(r, "cod-poor")->sex = RULES_SEX_FEMALE;
}

static void population(struct rules_release *r)
{
    recommendation(r, "clo-nvi-poor")->alert = RULES_ALERT_CRITICAL;
    for (size_t i = 0; i < r->populations_count; i++)
        if (slice_eq_text(r->populations[i].id, "NVI"))
            r->populations[i].therapy = RULES_THERAPY_NAIVE;
}

static void no_drug(struct rules_release *r)
{
    recommendation(r, "vor-adult")->drug = SLICE("codeine");
    recommendation(r, "vor-child")->drug = SLICE("codeine");
    for (size_t i = 0; i < r->drugs_count; i++)
        if (slice_eq_text(r->drugs[i].name, "voriconazole"))
            r->drugs[i].name = SLICE("fluconazole");
    for (size_t i = 0; i < r->drug_codes_count; i++)
        if (slice_eq_text(r->drug_codes[i].drug, "voriconazole"))
            r->drug_codes[i].drug = SLICE("fluconazole");
}

static void allele_function(struct rules_release *r)
{
    for (size_t i = 0; i < r->alleles_count; i++)
        if (slice_eq_text(r->alleles[i].gene, "CYP2C19") &&
            slice_eq_text(r->alleles[i].name, "*4"))
            r->alleles[i].function = SLICE("Normal function");
}

static void allele_value(struct rules_release *r)
{
    for (size_t i = 0; i < r->alleles_count; i++)
        if (slice_eq_text(r->alleles[i].gene, "CYP2D6") &&
            slice_eq_text(r->alleles[i].name, "*41"))
            r->alleles[i].value_x100 = 50;
}

static void new_allele(struct rules_release *r)
{
    ADD(r, allele, .gene = SLICE("CYP2C19"), .name = SLICE("*35"),
        .function = SLICE("No function"));
}

static void one_x(struct rules_release *r)
{
    for (size_t i = 0; i < r->pair_rules_count; i++)
        if (slice_eq_text(r->pair_rules[i].first, "II/Deficient") &&
            r->pair_rules[i].second.len == 0)
            r->pair_rules[i].phenotype = SLICE("Variable");
}

static void codes(struct rules_release *r)
{
    r->drug_codes[0].code = SLICE("other");
    r->drug_codes[1].form = RULES_FORM_LOCAL;
}

static void source(struct rules_release *r)
{
    for (size_t i = 0; i < r->sources_count; i++)
        if (slice_eq_text(r->sources[i].id, "tables"))
            r->sources[i].pmids = SLICE("1");
}

static void cases(struct rules_release *r)
{
    ADD(r, test, .name = SLICE("another"), .drug = SLICE("codeine"),
        .alert = RULES_ALERT_WARNING, .recommendations = SLICE("cod-poor"));
    ADD(r, test_gene, SLICE("another"), SLICE("CYP2D6"), SLICE("*4/*4"));
}

static void known_omission(struct rules_release *r)
{
    ADD(r, omission, SLICE("codeine"), SLICE("CYP2D6"), SLICE("n/a"), SLICE("none given"));
}

static void modulator(struct rules_release *r)
{
    ADD(r, modulator, .gene = SLICE("CYP2D6"), .drug = SLICE("prasugrel"),
        .source = SLICE("tables"), .washout_days = 7);
}

/* --- the difference as text ----------------------------------------------------------------
 */

static const char WHATS[] = "+-~";

static void write_fields(struct buf *buf, const struct rules_diff_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_join(buf, SLICE("  "), slice_of(fields[i].name), SLICE(": "), fields[i].before,
                 SLICE(" -> "), fields[i].after, SLICE("\n"));
}

static void write(struct buf *buf, const struct rules_diff *diff)
{
    for (size_t i = 0; i < diff->pairs_count; i++)
        buf_printf(buf, "pair %.*s %.*s %zu %zu\n", SLICE_ARG(diff->pairs[i].drug),
                   SLICE_ARG(diff->pairs[i].gene), diff->pairs[i].results,
                   diff->pairs[i].diplotypes);
    for (size_t i = 0; i < diff->advices_count; i++) {
        const struct rules_diff_advice *a = &diff->advices[i];

        buf_printf(buf, "%c %.*s, %.*s [%.*s] %.*s (%zu) %.*s>%.*s\n", WHATS[a->what],
                   SLICE_ARG(a->drug), SLICE_ARG(a->publisher), SLICE_ARG(a->patients),
                   SLICE_ARG(a->results), a->results_count, SLICE_ARG(a->ids_before),
                   SLICE_ARG(a->ids_after));
        write_fields(buf, a->fields, a->fields_count);
    }
    for (size_t i = 0; i < diff->rows_count; i++) {
        const struct rules_diff_row *r = &diff->rows[i];

        buf_printf(buf, "%c %s %.*s (%zu)\n", WHATS[r->what], r->table, SLICE_ARG(r->name),
                   r->diplotypes);
        write_fields(buf, r->fields, r->fields_count);
    }
    for (size_t i = 0; i < diff->genes_count; i++)
        buf_printf(buf, "gene %.*s %zu of %zu\n", SLICE_ARG(diff->genes[i].gene),
                   diff->genes[i].diplotypes, diff->genes[i].of);
    for (size_t i = 0; i < diff->codes_count; i++)
        buf_printf(buf, "codes %.*s +%zu -%zu ~%zu\n", SLICE_ARG(diff->codes[i].drug),
                   diff->codes[i].added, diff->codes[i].removed, diff->codes[i].changed);
    if (diff->renamed > 0)
        buf_printf(buf, "renamed %zu\n", diff->renamed);
    if (diff->tests_added + diff->tests_removed + diff->tests_changed > 0)
        buf_printf(buf, "tests +%zu -%zu ~%zu\n", diff->tests_added, diff->tests_removed,
                   diff->tests_changed);
}

static const struct {
    void (*change)(struct rules_release *r);
    bool is_empty;
    const char *text; /* ends in "...": begins with it */
} ROWS[] = {
    {nothing, true, ""},
    {version_only, true, ""},
    {rename_id, true, "renamed 1\n"},
    {split, true, ""},
    {rename_message, true, ""},
    {louder, false,
     "pair codeine CYP2D6 1 0\n"
     "~ codeine, CPIC [] CYP2D6 0.25..1.0 (1) cod-low>cod-low\n"
     "  classification: Moderate -> Strong\n"
     "  dosing information: no -> yes\n"
     "  alert: info -> warning\n"},
    {half_range, false,
     "pair codeine CYP2D6 1 0\n"
     "- codeine, CPIC [] CYP2D6 0.51..1.0 (1) cod-low>\n"
     "  classification: Moderate -> \n..."},
    {one_of_two_keys, false,
     "pair clopidogrel CYP2C19 1 0\n"
     "~ clopidogrel, CPIC [] CYP2C19 Rapid Metabolizer (1) clo-normal>clo-unclear\n"
     "  classification: Strong -> No recommendation\n"},
    {two_genes, false,
     "pair carbamazepine HLA-A 1 0\n"
     "pair carbamazepine HLA-B 1 0\n"
     "~ carbamazepine, CPIC [] HLA-A *31:01 positive; HLA-B *15:02 negative (1) "
     "car-3101>car-3101\n"
     "  alert: warning -> critical\n"},
    {dose, false,
     "pair codeine CYP2D6 1 0\n"
     "~ codeine, CPIC [] CYP2D6 0.25..1.0 (1) cod-low>cod-low\n"
     "  actions:  -> reduce_dose by 25-50 %; limit_dose to 20.5 mg/d; change_interval, "
     "interval_from_hours 12, interval_to_hours 24\n"},
    {age, false,
     "pair voriconazole CYP2C19 2 0\n"
     "- voriconazole, CPIC [from 18 years] CYP2C19 Ultrarapid Metabolizer (1) vor-adult>\n..."},
    {sex, false,
     "pair codeine CYP2D6 2 0\n"
     "- codeine, CPIC [] CYP2D6 0.0 (1) cod-poor>\n..."},
    {population, false,
     "pair clopidogrel CYP2C19 1 0\n"
     "~ clopidogrel, CPIC [NVI (stroke)] CYP2C19 Poor Metabolizer (1) "
     "clo-nvi-poor>clo-nvi-poor\n"
     "  alert: warning -> critical\n"
     "~ population clopidogrel NVI (0)\n"
     "  therapy: any -> naive\n"},
    {allele_function, false,
     "pair amitriptyline CYP2C19 0 5\n"
     "pair clopidogrel CYP2C19 0 5\n"
     "pair voriconazole CYP2C19 0 5\n"
     "~ allele CYP2C19 *4 (5)\n"
     "  function: No function -> Normal function\n"
     "gene CYP2C19 5 of 21\n"},
    {allele_value, false,
     "pair amitriptyline CYP2D6 0 12\n"
     "pair codeine CYP2D6 0 12\n"
     "~ allele CYP2D6 *41 (12)\n"
     "  activity value: 0.25 -> 0.5\n"
     "gene CYP2D6 12 of 91\n"},
    {new_allele, false, "pair amitriptyline CYP2C19 0 6\n..."},
    {one_x, false,
     "~ pair_rule G6PD II/Deficient (0)\n"
     "  phenotype: Deficient -> Variable\n"
     "gene G6PD 1 of 5\n"},
    {codes, false,
     "codes carbamazepine +0 -0 ~1\n"
     "codes amitriptyline +1 -1 ~0\n..."},
    {cases, true, "tests +1 -0 ~0\n"},
    {known_omission, true,
     "+ omission codeine CYP2D6 n/a (0)\n"
     "  why:  -> none given\n"},
    {modulator, false, "+ modulator CYP2D6 prasugrel (0)\n..."},
};

static struct rules_knowledge *changed(void (*change)(struct rules_release *r))
{
    struct rules_knowledge *k = NULL;
    struct rules_release r;
    struct err err = {0};

    small_release(&r);
    change(&r);
    assert_ok(rules_knowledge_new(&r, SLICE("hash"), &k, &err), &err);
    return k;
}

static void compare(void (*change)(struct rules_release *r), struct buf *text, bool *ret_empty)
{
    struct rules_knowledge *a = small_knowledge(), *b = changed(change);
    struct rules_diff diff;
    struct err err = {0};
    struct arena arena;

    arena_init(&arena, ARENA_BYTES_MAX);
    assert_ok(rules_diff(a, b, &arena, &diff, &err), &err);
    write(text, &diff);
    *ret_empty = rules_diff_is_empty(&diff);
    arena_release(&arena);
    rules_knowledge_release(a);
    rules_knowledge_release(b);
}

static void each_change_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct slice want = slice_of(ROWS[i].text), got;
        struct buf text;
        bool is_empty;

        buf_init(&text, 65536);
        compare(ROWS[i].change, &text, &is_empty);
        got = buf_slice(&text);
        if (slice_ends(want, SLICE("..."))) {
            want = slice_head(want, want.len - 3);
            got = slice_head(got, want.len);
        }
        if (!slice_eq(got, want))
            fail_msg("row %zu: got\n%.*s\nwant\n%.*s", i, SLICE_ARG(buf_slice(&text)),
                     SLICE_ARG(want));
        if (is_empty != ROWS[i].is_empty)
            fail_msg("row %zu: is_empty is %d", i, is_empty);
        buf_release(&text);
    }
}

/* Every recommendation has the same words here: all of them change. */
static void words_reach_every_recommendation(void **state)
{
    static const struct {
        void (*change)(struct rules_release *r);
        const char *line;
    } WORDS[] = {
        {words, "  verdict: avoid -> do not use\n"},
        {translation, "  other languages: de: vermeiden |  |  -> de: meiden |  | \n"},
        {source, "~ citation codeine (0)\n  source: CPIC , "},
        {no_drug, "- drug voriconazole (0)\n"},
        {no_drug, "- voriconazole, CPIC [from 18 years] CYP2C19 Ultrarapid Metabolizer (1)"},
        {no_drug, "+ drug fluconazole (0)\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        struct buf text;
        bool is_empty;

        buf_init(&text, 65536);
        compare(WORDS[i].change, &text, &is_empty);
        if (slice_find(buf_slice(&text), slice_of(WORDS[i].line)) == SIZE_MAX || is_empty)
            fail_msg("row %zu:\n%.*s", i, SLICE_ARG(buf_slice(&text)));
        buf_release(&text);
    }
}

static void no_memory_is_said(void **state)
{
    struct rules_knowledge *a = small_knowledge(), *b = changed(louder);

    (void)state;
    for (size_t max = 1024; max < 40000; max += 5000) {
        struct rules_diff diff;
        struct err err = {0};
        struct arena arena;

        arena_init(&arena, max);
        assert_int_equal(rules_diff(a, b, &arena, &diff, &err), ERR_NOMEM);
        arena_release(&arena);
    }
    rules_knowledge_release(a);
    rules_knowledge_release(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_is_told),
        cmocka_unit_test(words_reach_every_recommendation),
        cmocka_unit_test(no_memory_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
