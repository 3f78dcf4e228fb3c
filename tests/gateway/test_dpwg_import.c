/* tests/gateway/test_dpwg_import.c -- DPWG's recommendations, as PharmCAT publishes them, over
 * the shipped knowledge; and CPIC's in the same shape.
 *
 * The reference rows are written as PharmCAT's prescribing_guidance.json and imported. Skipped
 * where the reference tables are absent: their texts do not ship with this project.
 */
#include "tests/test.h"

#include <json-c/json.h>

#include "gateway/store/cpic_import.h"
#include "gateway/store/file.h"
#include "gateway/store/knowledge_files.h"
#include "rules/evaluate.h"
#include "tests/gateway/knowledge_fixture.h"

#define TABLES "../shared/reference/cpic"

struct world {
    struct rules_knowledge *k; /* NULL: nothing to test with */
    struct cpic_report report;
    struct arena arena;
};

/* Adds a member; the value is taken. */
static void put(struct json_object *object, const char *name, struct json_object *value)
{
    assert_int_equal(json_object_object_add(object, name, value), 0);
}

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    (void)json_object_object_get_ex(object, name, &value);
    return value;
}

static struct json_object *copy_of(struct json_object *object, const char *name)
{
    return json_object_get(member(object, name));
}

static struct json_object *one(const char *name, struct json_object *value)
{
    struct json_object *object = json_object_new_object();

    put(object, name, value);
    return object;
}

static struct json_object *list_of(struct json_object *value)
{
    struct json_object *list = json_object_new_array();

    assert_int_equal(json_object_array_add(list, value), 0);
    return list;
}

/* One row as an element of "recommendations". */
static struct json_object *recommendation_of(struct json_object *row)
{
    struct json_object *r = json_object_new_object(), *implications = json_object_new_array();
    struct json_object *classification = member(row, "classification");

    json_object_object_foreach(member(row, "implications"), gene, text)
    {
        char joined[2000];

        (void)snprintf(joined, sizeof joined, "%s: %s", gene, json_object_get_string(text));
        assert_int_equal(json_object_array_add(implications, json_object_new_string(joined)),
                         0);
    }
    put(r, "id", copy_of(row, "id"));
    put(r, "lookupKey", copy_of(row, "lookup"));
    put(r, "text", one("html", copy_of(row, "recommendation")));
    put(r, "implications", implications);
    put(r, "classification",
        classification == NULL ? NULL : one("term", json_object_get(classification)));
    put(r, "population", copy_of(row, "population"));
    put(r, "alternateDrugAvailable", copy_of(row, "alternateDrugAvailable"));
    put(r, "dosingInformation", copy_of(row, "dosingInformation"));
    put(r, "otherPrescribingGuidance", copy_of(row, "otherPrescribingGuidance"));
    put(r, "relatedChemicals", list_of(one("name", copy_of(row, "drug"))));
    return r;
}

static struct json_object *guideline_of(struct json_object *row)
{
    struct json_object *element = json_object_new_object(), *g = json_object_new_object();

    put(g, "id", copy_of(row, "guideline_id"));
    put(g, "name", copy_of(row, "guideline_name"));
    put(g, "source", copy_of(row, "source"));
    put(g, "version", json_object_new_int(1));
    put(element, "guideline", g);
    put(element, "recommendations", json_object_new_array());
    return element;
}

/* Rows of one guideline stand next to each other or not: finds it or begins it. */
static struct json_object *find_guideline(struct json_object *list, struct json_object *row)
{
    struct json_object *element;

    for (size_t i = 0; i < json_object_array_length(list); i++) {
        element = json_object_array_get_idx(list, i);
        if (strcmp(json_object_get_string(member(member(element, "guideline"), "id")),
                   json_object_get_string(member(row, "guideline_id"))) == 0)
            return element;
    }
    element = guideline_of(row);
    assert_int_equal(json_object_array_add(list, element), 0);
    return element;
}

static void write_guidance(const char *dir, const char *rows)
{
    struct json_object *root = json_object_new_object(), *list = json_object_new_array();
    struct err err = {0};
    struct slice rest;
    struct buf table;
    const char *text;

    put(root, "guidelines", list);
    put(root, "version", json_object_new_string("2025-11-05-00-25"));
    buf_init(&table, (size_t)16 * 1024 * 1024);
    assert_ok(file_read(TABLES, rows, &table, &err), &err);
    rest = buf_slice(&table);
    while (rest.len > 0) {
        struct slice line = slice_cut(rest, '\n', &rest);
        struct json_tokener *tokener = json_tokener_new();
        struct json_object *row = json_tokener_parse_ex(tokener, line.ptr, (int)line.len);

        assert_true(json_object_is_type(row, json_type_object));
        assert_int_equal(
            json_object_array_add(member(find_guideline(list, row), "recommendations"),
                                  recommendation_of(row)),
            0);
        json_object_put(row);
        json_tokener_free(tokener);
    }
    buf_release(&table);
    text = json_object_to_json_string(root);
    fixture_write(dir, "prescribing_guidance.json", text, strlen(text));
    json_object_put(root);
}

static int set_up(void **state)
{
    static struct world w;
    struct rules_release release;
    char dir[FIXTURE_DIR_SIZE];
    struct err err = {0};

    *state = &w;
    if (!file_is_folder(TABLES, ""))
        return 0;
    fixture_make_folder(dir);
    write_guidance(dir, "recommendations_dpwg.jsonl");
    cpic_report_init(&w.report);
    arena_init(&w.arena, (size_t)16 * 1024 * 1024);
    assert_ok(store_read_files("rules/knowledge", &release, &err), &err);
    assert_ok(cpic_import_json(dir, &release, &w.report, &err), &err);
    assert_ok(rules_knowledge_new(&release, SLICE("test"), &w.k, &err), &err);
    rules_release_release(&release);
    fixture_remove(dir);
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    rules_knowledge_release(w->k);
    cpic_report_release(&w->report);
    arena_release(&w->arena);
    return 0;
}

static struct world *need(void **state)
{
    struct world *w = *state;

    if (w->k == NULL) {
        print_message("skipped: no reference tables\n");
        skip();
    }
    return w;
}

/* --- what was read -------------------------------------------------------------------------
 */

static void all_rows_are_read_or_named(void **state)
{
    struct world *w = need(state);

    print_message("%zu rows, %zu recommendations, %zu drugs; %zu notes\n%.*s", w->report.rows,
                  w->report.recommendations, w->report.drugs, w->report.notes_count,
                  SLICE_ARG(buf_slice(&w->report.notes)));
    assert_int_equal(w->report.rows, 540);
    assert_true(slice_find(buf_slice(&w->report.notes),
                           SLICE("'1511 and 1502' is no result")) != SIZE_MAX);
}

static void show_failure(void *owner, const struct rules_test *test, struct slice what)
{
    size_t *shown = owner;

    if ((*shown)++ < 20)
        print_error("%.*s: %.*s\n", SLICE_ARG(test->name), SLICE_ARG(what));
}

/* The cases of the shipped knowledge, and one for each row of DPWG's. */
static void shipped_cases_still_hold(void **state)
{
    struct world *w = need(state);
    size_t run = 0, shown = 0;

    assert_int_equal(rules_run_tests(w->k, show_failure, &shown, &run), 0);
    print_message("%zu cases\n", run);
    assert_true(run > 1900);
}

static void sources_name_their_licence(void **state)
{
    struct world *w = need(state);
    const struct rules_release *rows = rules_knowledge_rows(w->k);
    size_t count = 0;

    for (size_t i = 0; i < rows->recommendations_count; i++) {
        const struct rules_source *source =
            rules_find_source(w->k, rows->recommendations[i].source);

        if (!slice_eq_text(source->publisher, "DPWG"))
            continue;
        count++;
        assert_true(slice_ends(source->title, SLICE("CC BY-SA 4.0)")));
    }
    assert_true(count > 100);
    assert_true(slice_ends(rows->version, SLICE("+clinpgx-2025-11-05-00-25")));
}

/* --- who speaks ----------------------------------------------------------------------------
 */

/* "CPIC: Strong, alternative; DPWG/other: N/A, alternative dose differ" */
static void describe(const struct rules_knowledge *k, const struct rules_advice *advice,
                     struct buf *buf)
{
    for (size_t i = 0; i < advice->matches_count; i++) {
        const struct rules_match *m = &advice->matches[i];
        const struct rules_recommendation *r = m->recommendation;

        if (r->label != RULES_LABEL_NONE)
            continue;
        buf_printf(buf, "%s%.*s%s: %s", buf->len > 0 ? "; " : "",
                   SLICE_ARG(rules_find_source(k, r->source)->publisher),
                   m->part == RULES_PART_ADVICE ? "" : "/other",
                   rules_classification_name(r->classification));
        buf_add(buf, slice_of(r->has_alternative ? " alternative" : ""));
        buf_add(buf, slice_of(r->has_dose ? " dose" : ""));
        buf_add(buf, slice_of(r->has_other ? " other" : ""));
    }
    buf_add(buf, slice_of(advice->sources_differ ? ", differ" : ""));
}

static const struct {
    const char *drug, *gene, *alleles, *publishers, *want;
} CHOICES[] = {
    /* a score of 2.5 is ultrarapid for CPIC, normal for DPWG */
    {"codeine", "CYP2D6", "*1x2/*17", "CPIC DPWG",
     "CPIC: Strong alternative; DPWG/other: No recommendation"},
    {"codeine", "CYP2D6", "*1x2/*17", "DPWG CPIC",
     "CPIC: Strong alternative; DPWG/other: No recommendation"},
    /* the same dose for one, nothing to do for the other */
    {"paroxetine", "CYP2D6", "*4/*4", "CPIC DPWG",
     "CPIC: Moderate dose; DPWG/other: N/A, differ"},
    {"paroxetine", "CYP2D6", "*4/*4", "DPWG CPIC",
     "DPWG: N/A; CPIC/other: Moderate dose, differ"},
    /* what both ask for is no difference */
    {"clopidogrel", "CYP2C19", "*2/*2", "DPWG CPIC",
     "DPWG: N/A alternative; CPIC/other: Strong alternative; CPIC/other: Moderate "
     "alternative; CPIC/other: Moderate alternative"},
    /* two alleles of decreased function: poor for DPWG, likely intermediate for CPIC */
    {"citalopram", "CYP2C19", "*9/*9", "CPIC DPWG",
     "CPIC: Moderate dose; DPWG/other: N/A dose"},
    /* a row for exactly this diplotype beats the phenotype's */
    {"phenytoin", "CYP2C9", "*1/*3", "DPWG CPIC",
     "DPWG: N/A dose other; CPIC/other: Moderate dose; CPIC/other: Moderate dose, differ"},
    {"siponimod", "CYP2C9", "*1/*2", "CPIC DPWG", "DPWG: N/A"},
    {"siponimod", "CYP2C9", "*2/*3", "CPIC DPWG", "DPWG: N/A alternative dose"},
    {"siponimod", "CYP2C9", "*3/*3", "CPIC DPWG", "DPWG: N/A alternative"},
    {"siponimod", "CYP2C9", "*1/*1", "CPIC DPWG", "DPWG: No recommendation"},
    {"siponimod", "CYP2C9", "*1/*5", "CPIC DPWG", "DPWG: N/A alternative dose"},
    {"irinotecan", "UGT1A1", "*28/*28", "CPIC DPWG", "DPWG: N/A dose"},
    {"irinotecan", "UGT1A1", "*1/*1", "CPIC DPWG", "DPWG: No recommendation"},
    {"irinotecan", "UGT1A1", "*6/*6", "CPIC DPWG", "DPWG: N/A dose"},
    /* CPIC has nothing for these */
    {"acenocoumarol", "VKORC1", "rs9923231 variant (T)/rs9923231 variant (T)", "CPIC",
     "DPWG: N/A dose"},
};

static void sites_choose_who_speaks(void **state)
{
    struct world *w = need(state);
    size_t wrong = 0;

    for (size_t i = 0; i < ARRAY_LEN(CHOICES); i++) {
        struct slice alleles = slice_of(CHOICES[i].alleles),
                     rest = slice_of(CHOICES[i].publishers);
        struct rules_evidence e = {.gene = slice_of(CHOICES[i].gene), .alleles_count = 2};
        struct slice publishers[2];
        struct rules_policy policy = {publishers, 0};
        struct rules_order order = {.drug = rules_find_drug(w->k, slice_of(CHOICES[i].drug)),
                                    .policy = &policy};
        struct rules_gene_result result;
        struct rules_advice advice;
        struct err err = {0};
        struct buf got;

        buf_init(&got, 4096);
        e.alleles[0] = slice_cut(alleles, '/', &alleles);
        e.alleles[1] = alleles;
        while (rest.len > 0)
            publishers[policy.publishers_count++] = slice_cut(rest, ' ', &rest);
        assert_non_null(order.drug);
        assert_ok(rules_resolve_gene(w->k, rules_find_gene(w->k, e.gene), &e, 1, &w->arena,
                                     &result, &err),
                  &err);
        assert_ok(rules_evaluate(w->k, &order,
                                 &(struct rules_facts){.genes = &result, .genes_count = 1},
                                 &w->arena, &advice, &err),
                  &err);
        describe(w->k, &advice, &got);
        if (!slice_eq_text(buf_slice(&got), CHOICES[i].want) && ++wrong > 0)
            print_error("%s %s, %s:\n  got  %.*s\n  want %s\n", CHOICES[i].drug,
                        CHOICES[i].alleles, CHOICES[i].publishers, SLICE_ARG(buf_slice(&got)),
                        CHOICES[i].want);
        buf_release(&got);
        arena_reset(&w->arena);
    }
    assert_int_equal(wrong, 0);
}

/* --- CPIC in the same shape ----------------------------------------------------------------
 */

static void guidance_of_cpic_replaces_what_is_shipped(void **state)
{
    struct rules_knowledge *k = NULL;
    struct rules_release release;
    struct cpic_report report;
    char dir[FIXTURE_DIR_SIZE];
    size_t run = 0, shown = 0;
    struct err err = {0};

    (void)need(state);
    fixture_make_folder(dir);
    write_guidance(dir, "recommendations_cpic.jsonl");
    cpic_report_init(&report);
    assert_ok(store_read_files("rules/knowledge", &release, &err), &err);
    assert_ok(cpic_import_json(dir, &release, &report, &err), &err);
    assert_ok(rules_knowledge_new(&release, SLICE("test"), &k, &err), &err);
    assert_int_equal(report.rows, 2034);
    assert_int_equal(report.drugs, 84);
    assert_int_equal(rules_run_tests(k, show_failure, &shown, &run), 0);
    print_message("%zu recommendations, %zu cases\n", report.recommendations, run);
    assert_true(run >= 2034);
    cpic_report_release(&report);
    rules_knowledge_release(k);
    rules_release_release(&release);
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_rows_are_read_or_named),
        cmocka_unit_test(shipped_cases_still_hold),
        cmocka_unit_test(sources_name_their_licence),
        cmocka_unit_test(sites_choose_who_speaks),
        cmocka_unit_test(guidance_of_cpic_replaces_what_is_shipped),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
