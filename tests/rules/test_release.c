/* tests/rules/test_release.c -- rows, enum names and canonical bytes. */
#include "rules/base/buf.h"
#include "tests/rules/small_release.h"

static void rows_are_added_and_kept_while_the_table_grows(void **state)
{
    struct rules_release r;

    (void)state;
    rules_release_init(&r);
    for (uint32_t i = 0; i < 1000; i++) {
        struct rules_score_rule *rule = rules_add_score_rule(&r);

        assert_non_null(rule);
        assert_int_equal(rule->to_x100, 0);
        rule->from_x100 = i;
    }
    assert_int_equal(r.score_rules_count, 1000);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(r.score_rules[i].from_x100, i);
    rules_release_release(&r);
    assert_int_equal(r.score_rules_count, 0);
}

static void a_full_arena_gives_null(void **state)
{
    struct rules_release r;
    size_t added = 0;

    (void)state;
    rules_release_init(&r);
    r.arena.bytes_max = 8192;
    while (rules_add_message(&r) != NULL)
        added++;
    assert_in_range(added, 1, 8192 / sizeof(struct rules_message));
    assert_int_equal(r.messages_count, added);
    rules_release_release(&r);
}

static void every_enum_name_reads_back(void **state)
{
    enum rules_method method = RULES_METHOD_GENOTYPE;
    enum rules_classification classification = RULES_STRONG;
    enum rules_priority priority = RULES_PRIORITY_NONE;
    enum rules_alert alert = RULES_ALERT_CRITICAL;

    (void)state;
#define X(code, name)                                                                          \
    {                                                                                          \
        enum rules_action_kind kind = (enum rules_action_kind)99;                              \
        assert_true(rules_action_kind_from_name(SLICE(name), &kind));                          \
        assert_int_equal(kind, RULES_ACTION_##code);                                           \
        assert_string_equal(rules_action_kind_name(kind), name);                               \
    }
    RULES_ACTIONS(X)
#undef X
    assert_true(rules_method_from_name(SLICE("sex_linked"), &method));
    assert_int_equal(method, RULES_METHOD_SEX_LINKED);
    assert_true(rules_method_from_name(SLICE("haploid"), &method));
    assert_int_equal(method, RULES_METHOD_HAPLOID);
    assert_true(rules_priority_from_name(SLICE("abnormal"), &priority));
    assert_int_equal(priority, RULES_PRIORITY_ABNORMAL);
    assert_true(rules_classification_from_name(SLICE("N/A"), &classification));
    assert_int_equal(classification, RULES_NOT_GIVEN);
    assert_false(rules_classification_from_name(SLICE("strong"), &classification));
    assert_int_equal(classification, RULES_NOT_GIVEN);
    assert_false(rules_alert_from_name(SLICE(""), &alert));
    assert_false(rules_alert_from_name(SLICE("critical "), &alert));
    assert_int_equal(alert, RULES_ALERT_CRITICAL);
    assert_string_equal(rules_form_name(RULES_FORM_LOCAL), "local");
    assert_string_equal(rules_key_kind_name(RULES_KEY_ALLELE_STATUS), "allele_status");
}

static void canonical(const struct rules_release *r, struct buf *buf)
{
    buf_init(buf, 1024 * 1024);
    rules_release_canonical(r, buf);
    assert_false(buf_failed(buf));
}

#define REVERSE(array, count)                                                                  \
    for (size_t i_ = 0, j_ = (count); i_ + 1 < j_; i_++) {                                     \
        j_--;                                                                                  \
        __typeof__(*(array)) swap_ = (array)[i_];                                              \
        (array)[i_] = (array)[j_];                                                             \
        (array)[j_] = swap_;                                                                   \
    }

static void the_order_of_rows_does_not_change_the_bytes(void **state)
{
    struct rules_release a, b;
    struct buf a_bytes, b_bytes;

    (void)state;
    small_release(&a);
    small_release(&b);
#define X(type, array)                                                                         \
    if (!slice_eq_text(SLICE(#type), "action"))                                                \
    REVERSE(b.array, b.array##_count)
    RULES_TABLES(X)
#undef X
    assert_false(slice_eq(a.alleles[0].name, b.alleles[0].name));
    canonical(&a, &a_bytes);
    canonical(&b, &b_bytes);
    assert_true(a_bytes.len > 5000);
    assert_true(slice_eq(buf_slice(&a_bytes), buf_slice(&b_bytes)));
    buf_release(&a_bytes);
    buf_release(&b_bytes);
    rules_release_release(&a);
    rules_release_release(&b);
}

static void the_order_of_actions_counts_within_one_recommendation(void **state)
{
    struct rules_release r;
    struct buf before, after;

    (void)state;
    small_release(&r);
    ADD(&r, action, .recommendation = SLICE("cod-poor"), .kind = RULES_ACTION_AVOID);
    canonical(&r, &before);
    REVERSE(r.actions + 1, 2) /* across recommendations */
    canonical(&r, &after);
    assert_true(slice_eq(buf_slice(&before), buf_slice(&after)));
    buf_release(&after);
    REVERSE(r.actions, 3) /* within */
    canonical(&r, &after);
    assert_false(slice_eq(buf_slice(&before), buf_slice(&after)));
    buf_release(&before);
    buf_release(&after);
    rules_release_release(&r);
}

/* Each change to one field of one row must change the bytes. */
#define CHANGES(field, value)                                                                  \
    {                                                                                          \
        __typeof__(field) old_ = field;                                                        \
        field = value;                                                                         \
        canonical(&r, &after);                                                                 \
        if (slice_eq(buf_slice(&before), buf_slice(&after)))                                   \
            fail_msg("%s does not count", #field);                                             \
        buf_release(&after);                                                                   \
        field = old_;                                                                          \
    }

static void every_field_counts(void **state)
{
    struct rules_release r;
    struct buf before, after;
    struct slice kept = SLICE("other");

    (void)state;
    small_release(&r);
    canonical(&r, &before);
    CHANGES(r.name, kept)
    CHANGES(r.version, kept)
    CHANGES(r.developer, kept)
    CHANGES(r.sources[0].year, kept)
    CHANGES(r.sources[0].pmids, kept)
    CHANGES(r.genes[0].method, RULES_METHOD_GENOTYPE)
    CHANGES(r.genes[0].counts_lowest_two, true)
    CHANGES(r.phenotypes[0].abbreviation, kept)
    CHANGES(r.alleles[0].has_value, true)
    CHANGES(r.alleles[0].is_at_least, true)
    CHANGES(r.alleles[0].value_x100, 25)
    CHANGES(r.allele_aliases[0].allele, kept)
    CHANGES(r.pair_rules[0].second, kept)
    CHANGES(r.score_rules[0].to_x100, 7)
    CHANGES(r.drugs[0].is_alternative_only, true)
    CHANGES(r.drugs[0].rxcui, kept)
    CHANGES(r.drug_codes[0].form, RULES_FORM_LOCAL)
    CHANGES(r.drug_codes[0].term_type, kept)
    CHANGES(r.populations[0].label, kept)
    CHANGES(r.indications[0].code, kept)
    CHANGES(r.recommendations[0].classification, RULES_OPTIONAL)
    CHANGES(r.recommendations[0].has_alternative, true)
    CHANGES(r.recommendations[0].has_dose, true)
    CHANGES(r.recommendations[0].has_other, true)
    CHANGES(r.recommendations[0].alert, RULES_ALERT_INFO)
    CHANGES(r.recommendations[0].age_from_years, 3)
    CHANGES(r.recommendations[0].age_below_years, 3)
    CHANGES(r.conditions[0].key, kept)
    CHANGES(r.actions[0].kind, RULES_ACTION_MONITOR)
    CHANGES(r.actions[0].percent_from, 5)
    CHANGES(r.actions[0].percent_to, 5)
    CHANGES(r.actions[0].amount_x100, 5)
    CHANGES(r.actions[0].unit, kept)
    CHANGES(r.implications[0].message, kept)
    CHANGES(r.messages[0].options, kept)
    CHANGES(r.messages[0].meaning, kept)
    CHANGES(r.tests[0].alert, RULES_ALERT_NONE)
    CHANGES(r.tests[0].recommendations, kept)
    CHANGES(r.test_genes[0].result, kept)
    buf_release(&before);
    rules_release_release(&r);
}

static void every_field_of_an_algorithm_counts(void **state)
{
    const struct slice kept = SLICE("other");
    struct rules_release r;
    struct buf before, after;

    (void)state;
    small_release(&r);
    ADD(&r, algorithm_term, SLICE("a"), SLICE("m"), SLICE("t"), SLICE("0.5"), SLICE("s"));
    ADD(&r, algorithm_gene, SLICE("a"), SLICE("g"));
    ADD(&r, drug_algorithm, SLICE("d"), SLICE("a"));
    canonical(&r, &before);
    CHANGES(r.algorithm_terms[0].algorithm, kept)
    CHANGES(r.algorithm_terms[0].model, kept)
    CHANGES(r.algorithm_terms[0].term, kept)
    CHANGES(r.algorithm_terms[0].value, kept)
    CHANGES(r.algorithm_terms[0].source, kept)
    CHANGES(r.algorithm_genes[0].gene, kept)
    CHANGES(r.drug_algorithms[0].algorithm, kept)
    buf_release(&before);
    rules_release_release(&r);
}

static void every_field_about_authorities_and_priorities_counts(void **state)
{
    struct slice kept = SLICE("other");
    struct rules_release r;
    struct buf before, after;

    (void)state;
    small_release(&r);
    canonical(&r, &before);
    CHANGES(r.authorities[0].gene, kept)
    CHANGES(r.genes[0].reference, kept)
    CHANGES(r.genes[0].priority_source, kept)
    CHANGES(r.phenotypes[0].priority, RULES_PRIORITY_NONE)
    CHANGES(r.allele_aliases[0].marks, kept)
    CHANGES(r.authorities[0].name, kept)
    CHANGES(r.authorities[0].key_kind, RULES_KEY_PHENOTYPE)
    CHANGES(r.authorities[0].source, kept)
    CHANGES(r.pair_rules[0].authority, kept)
    CHANGES(r.score_rules[0].authority, kept)
    buf_release(&before);
    rules_release_release(&r);
}
#undef CHANGES

static void columns_and_rows_cannot_be_shifted_into_each_other(void **state)
{
    static const struct {
        const char *id, *title;
    } PAIRS[][2] = {
        {{"a\tb", ""}, {"a", "b"}},
        {{"a\\", "b"}, {"a", "\\b"}},
        {{"a\n", ""}, {"a\\n", ""}},
        {{"a\r", ""}, {"a\\r", ""}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(PAIRS); i++) {
        struct buf bytes[2];

        for (size_t side = 0; side < 2; side++) {
            struct rules_release r;

            rules_release_init(&r);
            ADD(&r, source, .id = slice_of(PAIRS[i][side].id),
                .title = slice_of(PAIRS[i][side].title));
            canonical(&r, &bytes[side]);
            rules_release_release(&r);
        }
        assert_false(slice_eq(buf_slice(&bytes[0]), buf_slice(&bytes[1])));
        buf_release(&bytes[0]);
        buf_release(&bytes[1]);
    }
}

static void a_buffer_that_is_too_small_fails(void **state)
{
    struct rules_release r;
    struct buf buf;

    (void)state;
    small_release(&r);
    buf_init(&buf, 1000);
    rules_release_canonical(&r, &buf);
    assert_true(buf_failed(&buf));
    buf_release(&buf);
    rules_release_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_added_and_kept_while_the_table_grows),
        cmocka_unit_test(a_full_arena_gives_null),
        cmocka_unit_test(every_enum_name_reads_back),
        cmocka_unit_test(the_order_of_rows_does_not_change_the_bytes),
        cmocka_unit_test(the_order_of_actions_counts_within_one_recommendation),
        cmocka_unit_test(every_field_counts),
        cmocka_unit_test(every_field_about_authorities_and_priorities_counts),
        cmocka_unit_test(every_field_of_an_algorithm_counts),
        cmocka_unit_test(columns_and_rows_cannot_be_shifted_into_each_other),
        cmocka_unit_test(a_buffer_that_is_too_small_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
