/* tests/gateway/test_cpic_import.c -- an import of CPIC's database decides as the shipped
 * knowledge does.
 *
 * A database of CPIC's shape is made from the reference tables and read over the shipped
 * knowledge. Then, for every lookup of CPIC's recommendations and every diplotype of its
 * tables, both must say the same: classification, flags, people and key, and phenotype and
 * score. Where the tables are absent, or there is no PostgreSQL, the tests are skipped.
 */
#include "tests/test.h"

#include <json-c/json.h>

#include "gateway/store/cpic_apply.h"
#include "gateway/store/cpic_db.h"
#include "gateway/store/knowledge_files.h"
#include "rules/evaluate.h"
#include "tests/gateway/cpic_database.h"

#define KNOWLEDGE "rules/knowledge"
#define GENES_MAX 4
#define SHOWN_MAX 20

struct world {
    struct rules_knowledge *shipped, *imported; /* NULL: nothing to test with */
    struct cpic_report report;
    struct arena arena;
    size_t shown;
    bool is_unknown_none; /* where a row says "No Result" there is one that says nothing */
};

static struct rules_knowledge *build(struct rules_release *release)
{
    struct rules_knowledge *k = NULL;
    struct err err = {0};

    assert_ok(rules_knowledge_new(release, SLICE("test"), &k, &err), &err);
    rules_release_release(release);
    return k;
}

static void import(struct world *w, const char *conninfo)
{
    struct rules_release release;
    struct cpic_rows rows;
    struct err err = {0};

    cpic_rows_init(&rows);
    assert_ok(cpic_db_read(conninfo, &rows, &err), &err);
    assert_ok(store_read_files(KNOWLEDGE, &release, &err), &err);
    assert_ok(cpic_apply(&rows, &release, &w->report, &err), &err);
    cpic_rows_release(&rows);
    w->imported = build(&release);
}

static int set_up(void **state)
{
    static struct world w;
    const char *cluster = getenv("PGXGATE_TEST_DATABASE");
    struct test_database database;
    struct rules_release release;
    struct err err = {0};
    struct db *db;

    *state = &w;
    if (cluster == NULL || !file_is_folder(TABLES, ""))
        return 0;
    cpic_report_init(&w.report);
    arena_init(&w.arena, (size_t)16 * 1024 * 1024);
    assert_ok(store_read_files(KNOWLEDGE, &release, &err), &err);
    w.shipped = build(&release);
    test_database_make(cluster, &database);
    db = test_connect(database.conninfo);
    cpic_make_database(db);
    db_free(db);
    import(&w, database.conninfo);
    test_database_drop(cluster, &database);
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    rules_knowledge_release(w->shipped);
    rules_knowledge_release(w->imported);
    cpic_report_release(&w->report);
    arena_release(&w->arena);
    return 0;
}

static struct world *need(void **state)
{
    struct world *w = *state;

    if (w->imported == NULL) {
        print_message("skipped: no reference tables, or PGXGATE_TEST_DATABASE is not set\n");
        skip();
    }
    w->shown = 0;
    w->is_unknown_none = false;
    return w;
}

static bool shows(struct world *w)
{
    return w->shown++ < SHOWN_MAX;
}

/* --- diplotypes ----------------------------------------------------------------------------
 */

enum column { GENE, DIPLOTYPE, ALLELE_1, ALLELE_2, COLUMNS };

static struct slice answer(struct world *w, const struct rules_knowledge *k,
                           const struct slice columns[COLUMNS])
{
    const struct rules_gene *gene = rules_find_gene(k, columns[GENE]);
    struct rules_gene_result result;
    struct rules_evidence e = {.gene = columns[GENE],
                               .alleles = {columns[ALLELE_1], columns[ALLELE_2]},
                               .alleles_count = columns[ALLELE_2].len > 0 ? 2 : 1};
    struct err err = {0};

    assert_ok(rules_resolve_gene(k, gene, &e, 1, &w->arena, &result, &err), &err);
    assert_int_equal(result.calls_count, 1);
    return arena_printf(&w->arena, "%.*s, %.*s", SLICE_ARG(result.calls[0].phenotype),
                        SLICE_ARG(rules_key_text(&result.calls[0].keys[0], &w->arena)));
}

static size_t compare_diplotypes(struct world *w, const char *dir, size_t *rows)
{
    size_t differ = 0;
    struct buf table;
    struct slice rest;

    reference_read(dir, "diplotype_phenotype.tsv", &table);
    rest = buf_slice(&table);
    (void)slice_cut(rest, '\n', &rest);
    for (; rest.len > 0; ++*rows) {
        struct slice line = slice_cut(rest, '\n', &rest), columns[COLUMNS], a, b;

        for (size_t i = 0; i < COLUMNS; i++)
            columns[i] = slice_cut(line, '\t', &line);
        if (rules_find_gene(w->shipped, columns[GENE]) == NULL)
            continue;
        a = answer(w, w->shipped, columns);
        b = answer(w, w->imported, columns);
        if (!slice_eq(a, b) && ++differ > 0 && shows(w))
            print_error("%.*s %.*s: shipped %.*s, imported %.*s\n", SLICE_ARG(columns[GENE]),
                        SLICE_ARG(columns[DIPLOTYPE]), SLICE_ARG(a), SLICE_ARG(b));
        arena_reset(&w->arena);
    }
    buf_release(&table);
    return differ;
}

static void every_diplotype_gets_the_shipped_phenotype(void **state)
{
    struct world *w = need(state);
    size_t rows = 0, differ = compare_diplotypes(w, TABLES, &rows);

    differ += compare_diplotypes(w, TABLES_2026, &rows);
    print_message("%zu diplotypes, %zu differ\n", rows, differ);
    assert_true(rows > 100000);
    assert_int_equal(differ, 0);
}

/* Ranges, for scores between those that CPIC lists. */
static void every_score_gets_the_shipped_phenotype(void **state)
{
    struct world *w = need(state);
    size_t count = 0;

    for (size_t i = 0; i < rules_knowledge_rows(w->shipped)->genes_count; i++) {
        const struct rules_gene *gene = &rules_knowledge_rows(w->shipped)->genes[i];

        if (gene->key_kind != RULES_KEY_ACTIVITY_SCORE)
            continue;
        for (uint32_t score = 0; score <= 700; score++, count++) {
            struct slice text = arena_printf(&w->arena, "%u.%02u", score / 100, score % 100);
            struct rules_evidence e = {.gene = gene->symbol, .score = text};
            struct rules_gene_result a, b;
            struct err err = {0};

            assert_ok(rules_resolve_gene(w->shipped, gene, &e, 1, &w->arena, &a, &err), &err);
            assert_ok(rules_resolve_gene(w->imported,
                                         rules_find_gene(w->imported, gene->symbol), &e, 1,
                                         &w->arena, &b, &err),
                      &err);
            if (!slice_eq(a.calls[0].phenotype, b.calls[0].phenotype))
                fail_msg("%.*s %.*s: %.*s, %.*s", SLICE_ARG(gene->symbol), SLICE_ARG(text),
                         SLICE_ARG(a.calls[0].phenotype), SLICE_ARG(b.calls[0].phenotype));
            arena_reset(&w->arena);
        }
    }
    assert_true(count > 2000);
}

/* --- recommendations -----------------------------------------------------------------------
 */

static struct slice text_of(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    assert_true(json_object_object_get_ex(object, name, &value));
    return slice_of(json_object_get_string(value));
}

/* A record for the key; false for "No Result". */
static bool evidence_for(const struct rules_gene *gene, struct slice key,
                         struct rules_evidence *ret)
{
    size_t blank = slice_find_char(key, ' ');

    *ret = (struct rules_evidence){.gene = gene->symbol};
    if (gene->key_kind == RULES_KEY_PHENOTYPE)
        ret->phenotype = key;
    else if (gene->key_kind == RULES_KEY_ACTIVITY_SCORE)
        ret->score = key;
    else {
        ret->presence_allele = slice_head(key, blank);
        ret->presence = slice_eq_text(slice_from(key, blank), " positive")
                            ? RULES_PRESENCE_POSITIVE
                            : RULES_PRESENCE_NEGATIVE;
    }
    return !slice_eq_text(key, RULES_NO_RESULT);
}

/* Rows for a gene without result, looked up with a result that says nothing. */
static bool says_nothing_for(const struct rules_gene *gene, struct rules_evidence *ret)
{
    *ret = (struct rules_evidence){.gene = gene->symbol};
    if (gene->key_kind == RULES_KEY_ACTIVITY_SCORE)
        ret->score = SLICE(RULES_NO_SCORE);
    else
        ret->phenotype = SLICE(RULES_INDETERMINATE);
    return gene->key_kind != RULES_KEY_ALLELE_STATUS;
}

/* The one certain match of CPIC's, beside labels; NULL when there is none or are several. */
static const struct rules_recommendation *only_of_cpic(const struct rules_knowledge *k,
                                                       const struct rules_advice *advice)
{
    const struct rules_recommendation *found = NULL;

    for (size_t i = 0; i < advice->matches_count; i++) {
        const struct rules_match *match = &advice->matches[i];
        struct slice source = match->recommendation->source;

        if (!slice_eq_text(rules_find_source(k, source)->publisher, "CPIC"))
            continue;
        if (found != NULL || !match->is_certain)
            return NULL;
        found = match->recommendation;
    }
    return found;
}

/* What the lookup leads to. */
static const struct rules_recommendation *
decide(struct world *w, const struct rules_knowledge *k, struct json_object *row)
{
    struct rules_order order = {.drug = rules_find_drug(k, text_of(row, "drug"))};
    struct slice population = text_of(row, "population");
    struct rules_gene_result results[GENES_MAX];
    struct json_object *lookup = NULL;
    struct rules_advice advice;
    struct err err = {0};
    size_t count = 0;

    assert_non_null(order.drug);
    if (!slice_eq_text(population, "general")) {
        order.population = rules_population_by_id(k, order.drug, population);
        assert_non_null(order.population);
    }
    assert_true(json_object_object_get_ex(row, "lookup", &lookup));
    json_object_object_foreach(lookup, symbol, key)
    {
        const struct rules_gene *gene = rules_find_gene(k, slice_of(symbol));
        struct rules_evidence e;

        assert_non_null(gene);
        if (!evidence_for(gene, slice_of(json_object_get_string(key)), &e) &&
            !(w->is_unknown_none && says_nothing_for(gene, &e)))
            continue;
        assert_ok(rules_resolve_gene(k, gene, &e, 1, &w->arena, &results[count++], &err), &err);
    }
    assert_ok(rules_evaluate(k, &order,
                             &(struct rules_facts){.genes = results, .genes_count = count},
                             &w->arena, &advice, &err),
              &err);
    return only_of_cpic(k, &advice);
}

static bool same_decision(const struct rules_recommendation *a,
                          const struct rules_recommendation *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return a->classification == b->classification && a->has_alternative == b->has_alternative &&
           a->has_dose == b->has_dose && a->has_other == b->has_other &&
           slice_eq(a->population, b->population);
}

struct counts {
    size_t rows, differ, not_shipped;
    size_t alerts[4][4]; /* shipped, imported */
};

static void compare_row(struct world *w, struct json_object *row, struct slice line,
                        struct counts *counts)
{
    const struct rules_recommendation *shipped, *imported = decide(w, w->imported, row);
    const struct rules_drug *drug = rules_find_drug(w->shipped, text_of(row, "drug"));

    counts->rows++;
    if (imported == NULL && !w->is_unknown_none)
        fail_msg("not exactly one recommendation: %.*s", SLICE_ARG(slice_head(line, 400)));
    if (imported != NULL && !w->is_unknown_none)
        assert_slice_equal(text_of(row, "classification"),
                           rules_classification_name(imported->classification));
    if (drug == NULL || drug->is_alternative_only) {
        counts->not_shipped++;
        return;
    }
    shipped = decide(w, w->shipped, row);
    if (!same_decision(shipped, imported)) {
        counts->differ++;
        if (shows(w))
            print_error("differs: %.*s\n", SLICE_ARG(slice_head(line, 400)));
        return;
    }
    if (imported != NULL)
        counts->alerts[shipped->alert][imported->alert]++;
}

static void compare_rows(struct world *w, const char *dir, bool is_2026, struct counts *counts)
{
    static const char *const UPDATED[] = {"azathioprine", "mercaptopurine", "thioguanine"};
    struct buf table;
    struct slice rest;

    reference_read(dir, "recommendations_cpic.jsonl", &table);
    rest = buf_slice(&table);
    while (rest.len > 0) {
        struct slice line = slice_cut(rest, '\n', &rest);
        struct json_tokener *tokener = json_tokener_new();
        struct json_object *row = json_tokener_parse_ex(tokener, line.ptr, (int)line.len);
        bool is_updated = false;

        assert_true(json_object_is_type(row, json_type_object));
        for (size_t i = 0; i < ARRAY_LEN(UPDATED); i++)
            is_updated = is_updated || slice_eq_text(text_of(row, "drug"), UPDATED[i]);
        if (is_updated == is_2026)
            compare_row(w, row, line, counts);
        json_object_put(row);
        json_tokener_free(tokener);
        arena_reset(&w->arena);
    }
    buf_release(&table);
}

static void every_lookup_leads_to_the_shipped_decision(void **state)
{
    struct world *w = need(state);
    struct counts counts = {0};

    compare_rows(w, TABLES, false, &counts);
    compare_rows(w, TABLES_2026, true, &counts);
    print_message("%zu lookups, %zu decided differently, %zu of drugs that are not shipped\n",
                  counts.rows, counts.differ, counts.not_shipped);
    print_message("alert, shipped by imported: none, info, warning, critical\n");
    for (size_t i = 0; i < 4; i++)
        print_message("  %-9s %6zu %6zu %6zu %6zu\n", rules_alert_name((enum rules_alert)i),
                      counts.alerts[i][0], counts.alerts[i][1], counts.alerts[i][2],
                      counts.alerts[i][3]);
    assert_int_equal(counts.rows, 2034);
    assert_int_equal(counts.differ, 0);
    /* what the shipped release warns of is never silent, and what it refuses never soft */
    assert_int_equal(counts.alerts[RULES_ALERT_WARNING][RULES_ALERT_NONE], 0);
    assert_int_equal(counts.alerts[RULES_ALERT_CRITICAL][RULES_ALERT_NONE] +
                         counts.alerts[RULES_ALERT_CRITICAL][RULES_ALERT_INFO],
                     0);
}

static void results_that_say_nothing_lead_to_the_shipped_decision(void **state)
{
    struct world *w = need(state);
    struct counts counts = {0};

    w->is_unknown_none = true;
    compare_rows(w, TABLES, false, &counts);
    compare_rows(w, TABLES_2026, true, &counts);
    print_message("%zu lookups, %zu decided differently\n", counts.rows, counts.differ);
    assert_int_equal(counts.differ, 0);
}

static void show_failure(void *owner, const struct rules_test *test, struct slice what)
{
    if (shows(owner))
        print_error("%.*s: %.*s\n", SLICE_ARG(test->name), SLICE_ARG(what));
}

static void every_case_of_the_import_holds(void **state)
{
    struct world *w = need(state);
    size_t run = 0;

    assert_int_equal(rules_run_tests(w->imported, show_failure, w, &run), 0);
    print_message("%zu cases\n", run);
    assert_true(run >= 2034);
}

static void the_report_says_what_was_left_out(void **state)
{
    struct world *w = need(state);

    print_message(
        "%zu genes, %zu alleles, %zu drugs, %zu rows, %zu recommendations; %zu notes\n%.*s",
        w->report.genes, w->report.alleles, w->report.drugs, w->report.rows,
        w->report.recommendations, w->report.notes_count,
        SLICE_ARG(buf_slice(&w->report.notes)));
    assert_int_equal(w->report.rows, 2034);
    assert_int_equal(w->report.drugs, 84);
    assert_true(w->report.recommendations < w->report.rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_diplotype_gets_the_shipped_phenotype),
        cmocka_unit_test(every_score_gets_the_shipped_phenotype),
        cmocka_unit_test(every_lookup_leads_to_the_shipped_decision),
        cmocka_unit_test(results_that_say_nothing_lead_to_the_shipped_decision),
        cmocka_unit_test(every_case_of_the_import_holds),
        cmocka_unit_test(the_report_says_what_was_left_out),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
