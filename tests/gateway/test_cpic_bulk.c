/* tests/gateway/test_cpic_bulk.c -- the shipped knowledge against CPIC's own tables, row by
 * row.
 *
 * Every diplotype of every shipped gene, written both ways round, must give CPIC's phenotype,
 * score and lookup key. Every recommendation row of every shipped drug must be matched by
 * exactly one shipped recommendation of CPIC, of the same classification and flags. And every
 * shipped recommendation must be one that some row leads to, or, of other publishers, one that
 * a shipped case expects. The tables are not part of the product: where they are absent the
 * tests are skipped.
 */
#include "tests/test.h"

#include <json-c/json.h>

#include "gateway/store/file.h"
#include "gateway/store/knowledge_files.h"
#include "rules/evaluate.h"

#define KNOWLEDGE      "rules/knowledge"
#define TABLES         "../shared/reference/cpic"
#define TABLES_2026    "../shared/reference/cpic/overlay_2026-02_thiopurines"
#define FILE_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define GENES_MAX      4
#define SHOWN_MAX      20 /* rows that fail; the rest is counted */

/* Genes and drugs whose rows the guideline update of February 2026 (PMID 41618934) replaced. */
static const char *const GENES_2026[] = {"NUDT15", "TPMT"};
static const char *const DRUGS_2026[] = {"azathioprine", "mercaptopurine", "thioguanine"};

struct bulk {
    struct rules_knowledge *k;
    struct arena arena; /* of one row */
    bool *is_reached;   /* per recommendation */
    size_t rows, wrong;
};

static bool is_one_of(struct slice name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq_text(name, names[i]))
            return true;
    return false;
}

static int load_knowledge(void **state)
{
    struct bulk *bulk = calloc(1, sizeof *bulk);
    struct rules_release release;
    struct err err = {0};

    assert_non_null(bulk);
    assert_ok(store_read_files(KNOWLEDGE, &release, &err), &err);
    assert_ok(rules_knowledge_new(&release, SLICE("bulk"), &bulk->k, &err), &err);
    rules_release_release(&release);
    arena_init(&bulk->arena, 4 * 1024 * 1024);
    bulk->is_reached =
        calloc(rules_knowledge_rows(bulk->k)->recommendations_count, sizeof(bool));
    assert_non_null(bulk->is_reached);
    *state = bulk;
    return 0;
}

static int free_knowledge(void **state)
{
    struct bulk *bulk = *state;

    if (bulk == NULL) /* the set-up failed */
        return 0;
    rules_knowledge_release(bulk->k);
    arena_release(&bulk->arena);
    free(bulk->is_reached);
    free(bulk);
    return 0;
}

static bool read_table(const char *dir, const char *name, struct buf *ret)
{
    struct err err = {0};
    enum err_code code;

    buf_init(ret, FILE_BYTES_MAX);
    if (!file_is_folder(dir, ""))
        return false;
    code = file_read(dir, name, ret, &err);
    assert_ok(code, &err);
    return true;
}

/* Counts a row; shows the first ones that fail. */
static void count_row(struct bulk *bulk, bool is_right, struct slice row, struct slice got)
{
    bulk->rows++;
    if (is_right)
        return;
    if (bulk->wrong++ < SHOWN_MAX)
        print_error("%.*s\n    got %.*s\n", SLICE_ARG(row), SLICE_ARG(got));
}

/* Diplotypes */

enum column { GENE, DIPLOTYPE, ALLELE_1, ALLELE_2, PHENOTYPE, SCORE, KEY, COLUMNS };

static struct slice score_of(const struct rules_gene *gene, const struct rules_call *call,
                             struct arena *arena)
{
    if (gene->key_kind != RULES_KEY_ACTIVITY_SCORE)
        return SLICE_NONE;
    return call->has_score ? rules_score_text(call->score_x100, call->score_is_at_least, arena)
                           : SLICE(RULES_NO_SCORE);
}

static void check_diplotype(struct bulk *bulk, const struct rules_gene *gene,
                            const struct slice columns[COLUMNS], bool is_swapped)
{
    bool has_one = columns[ALLELE_2].len == 0; /* one X, mitochondria */
    struct rules_evidence e = {
        .gene = gene->symbol,
        .alleles = {columns[is_swapped && !has_one ? ALLELE_2 : ALLELE_1],
                    columns[is_swapped ? ALLELE_1 : ALLELE_2]},
        .alleles_count = has_one ? 1 : 2,
    };
    struct rules_gene_result result;
    struct slice got[3];
    struct err err = {0};

    assert_ok(rules_resolve_gene(bulk->k, gene, &e, 1, &bulk->arena, &result, &err), &err);
    assert_int_equal(result.calls_count, 1);
    assert_int_equal(result.calls[0].keys_count, 1);
    got[0] = result.calls[0].phenotype;
    got[1] = score_of(gene, &result.calls[0], &bulk->arena);
    got[2] = rules_key_text(&result.calls[0].keys[0], &bulk->arena);
    count_row(bulk,
              result.state == RULES_GENE_SINGLE && slice_eq(got[0], columns[PHENOTYPE]) &&
                  slice_eq(got[1], columns[SCORE]) && slice_eq(got[2], columns[KEY]),
              columns[DIPLOTYPE],
              arena_printf(&bulk->arena, "%.*s, %.*s, %.*s", SLICE_ARG(got[0]),
                           SLICE_ARG(got[1]), SLICE_ARG(got[2])));
    arena_reset(&bulk->arena);
}

/* Checks the rows of the shipped genes that are, or are not, among those of the update. */
static void check_diplotypes(struct bulk *bulk, const char *dir, bool is_2026)
{
    struct buf table;
    struct slice rest;

    if (!read_table(dir, "diplotype_phenotype.tsv", &table))
        skip();
    rest = buf_slice(&table);
    (void)slice_cut(rest, '\n', &rest);
    while (rest.len > 0) {
        struct slice line = slice_cut(rest, '\n', &rest), columns[COLUMNS];
        const struct rules_gene *gene;

        for (size_t i = 0; i < COLUMNS; i++)
            columns[i] = slice_cut(line, '\t', &line);
        gene = rules_find_gene(bulk->k, columns[GENE]);
        if (gene == NULL ||
            is_one_of(gene->symbol, GENES_2026, ARRAY_LEN(GENES_2026)) != is_2026)
            continue;
        check_diplotype(bulk, gene, columns, false);
        check_diplotype(bulk, gene, columns, true);
    }
    buf_release(&table);
}

static void every_diplotype_has_cpics_phenotype_score_and_key(void **state)
{
    struct bulk *bulk = *state;

    bulk->rows = bulk->wrong = 0;
    check_diplotypes(bulk, TABLES, false);
    check_diplotypes(bulk, TABLES_2026, true);
    print_message("%zu rows both ways round, %zu wrong\n", bulk->rows / 2, bulk->wrong);
    assert_true(bulk->rows > 0);
    assert_int_equal(bulk->wrong, 0);
}

/* Recommendations */

static struct slice text_of(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    assert_true(json_object_object_get_ex(object, name, &value));
    assert_true(json_object_is_type(value, json_type_string));
    return slice_of(json_object_get_string(value));
}

static bool flag_of(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    assert_true(json_object_object_get_ex(object, name, &value));
    assert_true(json_object_is_type(value, json_type_boolean));
    return json_object_get_boolean(value);
}

/* A record that a laboratory could have sent for this lookup key; false for "No Result". */
static bool evidence_for_key(const struct rules_gene *gene, struct slice key,
                             struct rules_evidence *ret)
{
    size_t blank = slice_find_char(key, ' ');

    *ret = (struct rules_evidence){.gene = gene->symbol};
    if (slice_eq_text(key, RULES_NO_RESULT))
        return false;
    switch (gene->key_kind) {
    case RULES_KEY_PHENOTYPE:
        ret->phenotype = key;
        break;
    case RULES_KEY_ACTIVITY_SCORE:
        ret->score = key;
        break;
    case RULES_KEY_ALLELE_STATUS:
        ret->presence_allele = slice_head(key, blank);
        ret->presence = slice_eq_text(slice_from(key, blank), " positive")
                            ? RULES_PRESENCE_POSITIVE
                            : RULES_PRESENCE_NEGATIVE;
        break;
    }
    return true;
}

/* Gene results for every gene of the row's lookup. */
static size_t resolve_lookup(struct bulk *bulk, struct json_object *lookup,
                             struct rules_gene_result *results)
{
    size_t count = 0;

    json_object_object_foreach(lookup, symbol, key)
    {
        const struct rules_gene *gene = rules_find_gene(bulk->k, slice_of(symbol));
        struct rules_evidence e;
        struct err err = {0};

        assert_non_null(gene);
        assert_true(count < GENES_MAX);
        if (!evidence_for_key(gene, slice_of(json_object_get_string(key)), &e))
            continue;
        assert_ok(rules_resolve_gene(bulk->k, gene, &e, 1, &bulk->arena, &results[count], &err),
                  &err);
        assert_int_equal(results[count].state, RULES_GENE_SINGLE);
        count++;
    }
    return count;
}

static const struct rules_population *
find_population(const struct bulk *bulk, const struct rules_drug *drug, struct slice id)
{
    const struct rules_population *populations;
    size_t count = rules_populations_of(bulk->k, drug, &populations);

    for (size_t i = 0; i < count; i++)
        if (slice_eq(populations[i].id, id))
            return &populations[i];
    return NULL;
}

static bool is_same_advice(const struct rules_recommendation *r, struct json_object *row)
{
    return slice_eq_text(text_of(row, "classification"),
                         rules_classification_name(r->classification)) &&
           r->has_alternative == flag_of(row, "alternateDrugAvailable") &&
           r->has_dose == flag_of(row, "dosingInformation") &&
           r->has_other == flag_of(row, "otherPrescribingGuidance");
}

static bool is_cpics(const struct bulk *bulk, const struct rules_recommendation *r)
{
    const struct rules_source *source = rules_find_source(bulk->k, r->source);

    assert_non_null(source);
    return slice_eq_text(source->publisher, "CPIC");
}

static void check_recommendation(struct bulk *bulk, const struct rules_drug *drug,
                                 struct json_object *row, struct slice line)
{
    struct rules_gene_result results[GENES_MAX];
    struct rules_order order = {.drug = drug};
    struct slice population = text_of(row, "population"), got;
    struct json_object *lookup = NULL;
    struct rules_advice advice;
    struct err err = {0};
    size_t count, of_cpic = 0;
    bool is_right = true;

    assert_true(json_object_object_get_ex(row, "lookup", &lookup));
    if (!slice_eq_text(population, "general")) {
        order.population = find_population(bulk, drug, population);
        assert_non_null(order.population);
    }
    count = resolve_lookup(bulk, lookup, results);
    assert_ok(rules_evaluate(bulk->k, &order,
                             &(struct rules_facts){.genes = results, .genes_count = count},
                             &bulk->arena, &advice, &err),
              &err);
    got = arena_printf(&bulk->arena, "%zu matches", advice.matches_count);
    for (size_t i = 0; i < advice.matches_count; i++) {
        const struct rules_recommendation *r = advice.matches[i].recommendation;

        got = arena_printf(&bulk->arena, "%.*s, %.*s", SLICE_ARG(got), SLICE_ARG(r->id));
        if (!is_cpics(bulk, r))
            continue;
        of_cpic++;
        is_right = is_right && advice.matches[i].is_certain && is_same_advice(r, row);
        bulk->is_reached[r - rules_knowledge_rows(bulk->k)->recommendations] = true;
    }
    count_row(bulk, is_right && of_cpic == 1, slice_head(line, 400), got);
    arena_reset(&bulk->arena);
}

static void check_recommendations(struct bulk *bulk, const char *dir, bool is_2026)
{
    struct buf table;
    struct slice rest;

    if (!read_table(dir, "recommendations_cpic.jsonl", &table))
        skip();
    rest = buf_slice(&table);
    while (rest.len > 0) {
        struct slice line = slice_cut(rest, '\n', &rest);
        struct json_tokener *tokener = json_tokener_new();
        const struct rules_drug *drug;
        struct json_object *row;

        assert_non_null(tokener);
        row = json_tokener_parse_ex(tokener, line.ptr, (int)line.len);
        assert_true(json_object_is_type(row, json_type_object));
        drug = rules_find_drug(bulk->k, text_of(row, "drug"));
        if (drug != NULL && !drug->is_alternative_only &&
            is_one_of(drug->name, DRUGS_2026, ARRAY_LEN(DRUGS_2026)) == is_2026)
            check_recommendation(bulk, drug, row, line);
        json_object_put(row);
        json_tokener_free(tokener);
    }
    buf_release(&table);
}

static void every_row_of_cpic_is_one_recommendation(void **state)
{
    struct bulk *bulk = *state;
    const struct rules_release *rows = rules_knowledge_rows(bulk->k);
    size_t unreached = 0;

    bulk->rows = bulk->wrong = 0;
    check_recommendations(bulk, TABLES, false);
    check_recommendations(bulk, TABLES_2026, true);
    for (size_t i = 0; i < rows->recommendations_count; i++) {
        if (bulk->is_reached[i] || !is_cpics(bulk, &rows->recommendations[i]))
            continue;
        unreached++;
        print_error("no row leads to %.*s\n", SLICE_ARG(rows->recommendations[i].id));
    }
    print_message("%zu rows, %zu wrong; %zu recommendations, %zu not reached\n", bulk->rows,
                  bulk->wrong, rows->recommendations_count, unreached);
    assert_true(bulk->rows > 0);
    assert_int_equal(bulk->wrong, 0);
    assert_int_equal(unreached, 0);
}

/* The cases that ship with the knowledge */

static void show_failure(void *owner, const struct rules_test *test, struct slice what)
{
    (void)owner;
    print_error("%.*s: %.*s\n", SLICE_ARG(test->name), SLICE_ARG(what));
}

static void every_shipped_case_holds(void **state)
{
    struct bulk *bulk = *state;
    size_t run = 0;

    assert_int_equal(rules_run_tests(bulk->k, show_failure, NULL, &run), 0);
    print_message("%zu shipped cases hold\n", run);
    assert_true(run > 0);
}

static bool is_expected(const struct rules_release *rows, struct slice id)
{
    for (size_t i = 0; i < rows->tests_count; i++) {
        struct slice rest = rows->tests[i].recommendations;

        while (rest.len > 0)
            if (slice_eq(slice_cut(rest, ' ', &rest), id))
                return true;
    }
    return false;
}

static void every_statement_of_others_has_a_case(void **state)
{
    struct bulk *bulk = *state;
    const struct rules_release *rows = rules_knowledge_rows(bulk->k);
    size_t of_others = 0, without = 0;

    for (size_t i = 0; i < rows->recommendations_count; i++) {
        const struct rules_recommendation *r = &rows->recommendations[i];

        if (is_cpics(bulk, r))
            continue;
        of_others++;
        if (is_expected(rows, r->id))
            continue;
        without++;
        print_error("no case expects %.*s\n", SLICE_ARG(r->id));
    }
    print_message("%zu recommendations of other publishers than CPIC\n", of_others);
    assert_true(of_others > 0);
    assert_int_equal(without, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_diplotype_has_cpics_phenotype_score_and_key),
        cmocka_unit_test(every_row_of_cpic_is_one_recommendation),
        cmocka_unit_test(every_shipped_case_holds),
        cmocka_unit_test(every_statement_of_others_has_a_case),
    };

    return cmocka_run_group_tests(tests, load_knowledge, free_knowledge);
}
