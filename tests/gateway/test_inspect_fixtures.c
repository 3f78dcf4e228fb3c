/* tests/gateway/test_inspect_fixtures.c -- the report on each of the collected public FHIR
 * samples, compared with what a correct reader must extract from it: genes, diplotypes,
 * phenotypes, HLA alleles, orders, and nothing else.
 *
 * Expectations are read from EXPECTED.json; those that are not the report's stand in SKIPPED
 * with the reason. The samples are not part of the project: without them this is skipped.
 */
#include "fhir/json_c.h"
#include "gateway/hooks/inspect.h"
#include "gateway/store/file.h"
#include "gateway/store/snapshot.h"
#include "tests/test.h"

#define ROOT           "../shared/fixtures/fhir"
#define TEXT_BYTES_MAX ((size_t)16 * 1024 * 1024)

static const struct {
    const char *file;
    const char *what; /* gene or ingredient */
    const char *reason;
} SKIPPED[] = {
    {"orders/r4-medrx0308.json", "hydrocodone", "a brand that the knowledge does not know"},
    {"orders/r4-medrx0308.json", "acetaminophen", "a brand that the knowledge does not know"},
    {"orders/r4-medrx0329.json", "salicylic acid", "misspelt, by a code of no drug we know"},
};

static int load_knowledge(void **state)
{
    struct rules_knowledge *knowledge = NULL;
    struct err err = {0};

    if (snapshot_from_files("rules/knowledge", &knowledge, &err) == ERR_OK)
        *state = knowledge;
    else
        print_error("%s\n", err.text);
    return *state == NULL ? -1 : 0;
}

static int drop_knowledge(void **state)
{
    rules_knowledge_release(*state);
    return 0;
}

static const char *text_of(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    return json_object_object_get_ex(object, name, &value) && value != NULL
               ? json_object_get_string(value)
               : NULL;
}

static struct json_object *list_of(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    assert_true(json_object_object_get_ex(object, name, &value));
    return value;
}

static bool is_skipped(const char *file, const char *what)
{
    for (size_t i = 0; i < ARRAY_LEN(SKIPPED); i++) {
        if (strcmp(SKIPPED[i].file, file) != 0 || strcmp(SKIPPED[i].what, what) != 0)
            continue;
        print_message("skipped: %s, %s: %s\n", file, what, SKIPPED[i].reason);
        return true;
    }
    return false;
}

/* The report as JSON. NULL when the file is refused. */
static struct json_object *inspect(const struct rules_knowledge *knowledge, const char *name)
{
    struct inspection inspection;
    struct json_object *report;
    struct buf file, json;
    struct err err = {0};

    buf_init(&file, TEXT_BYTES_MAX);
    buf_init(&json, TEXT_BYTES_MAX);
    assert_ok(file_read(ROOT, name, &file, &err), &err);
    inspect_init(&inspection, knowledge, SLICE_NONE);
    if (inspect_add_file(&inspection, &file, &err) != ERR_OK ||
        inspect_read(&inspection, &err) != ERR_OK)
        fail_msg("%s: %s", name, err.text);
    inspect_write_json(&inspection, &json);
    report = json_tokener_parse(json.bytes);
    assert_non_null(report);
    inspect_release(&inspection);
    buf_release(&file);
    buf_release(&json);
    return report;
}

/* The only row of the list whose member is `value`. */
static struct json_object *only_row(const char *file, struct json_object *list,
                                    const char *member, const char *value)
{
    struct json_object *found = NULL;

    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *row = json_object_array_get_idx(list, i);

        if (strcmp(text_of(row, member), value) != 0)
            continue;
        if (found != NULL)
            fail_msg("%s: %s is there twice", file, value);
        found = row;
    }
    return found;
}

/* "rs9923231 C/T" -> "C/T": the position stands in the gene. */
static const char *plain(const char *diplotype)
{
    const char *blank = strrchr(diplotype, ' ');

    return blank == NULL ? diplotype : blank + 1;
}

static void check_hla(const char *file, struct json_object *report, struct json_object *expect)
{
    struct json_object *hla = NULL;

    if (!json_object_object_get_ex(expect, "hla", &hla))
        return;
    json_object_object_foreach(hla, allele, status)
    {
        struct json_object *row = only_row(file, list_of(report, "hla"), "allele", allele);

        if (row == NULL || strcmp(text_of(row, "status"), json_object_get_string(status)) != 0)
            fail_msg("%s: %s", file, allele);
    }
}

static void check_gene(const char *file, struct json_object *report, struct json_object *expect)
{
    const char *gene = text_of(expect, "gene");
    const char *diplotype = text_of(expect, "diplotype");
    const char *phenotype = text_of(expect, "phenotype_cpic");
    struct json_object *row;

    check_hla(file, report, expect);
    if (strncmp(gene, "HLA-", 4) == 0)
        return;
    row = only_row(file, list_of(report, "genes"), "gene", gene);
    if (row == NULL)
        fail_msg("%s: no %s", file, gene);
    /* One sample's basis is a remark of where the gene was found. */
    if (strcmp(text_of(expect, "basis"), "gene from display text") != 0)
        assert_string_equal(text_of(row, "basis"), text_of(expect, "basis"));
    if (diplotype != NULL && strcmp(text_of(row, "diplotype"), plain(diplotype)) != 0)
        fail_msg("%s: %s is %s", file, gene, text_of(row, "diplotype"));
    if (phenotype != NULL && strcmp(text_of(row, "phenotype"), phenotype) != 0)
        fail_msg("%s: %s is %s", file, gene, text_of(row, "phenotype"));
    assert_string_equal(text_of(row, "state"), "single");
    assert_true(json_object_array_length(list_of(row, "sources")) > 0);
}

static void check_order(const char *file, struct json_object *report,
                        struct json_object *expect)
{
    struct json_object *wanted = list_of(expect, "ingredients");
    bool is_evaluated = json_object_get_boolean(list_of(expect, "evaluate"));
    struct json_object *orders = list_of(report, "orders"), *order;
    struct slice names;

    assert_int_equal(json_object_array_length(orders), 1);
    order = json_object_array_get_idx(orders, 0);
    if (json_object_get_boolean(list_of(order, "evaluate")) != is_evaluated)
        fail_msg("%s: %s", file, text_of(order, "reason"));
    assert_true(is_evaluated || text_of(order, "reason") != NULL);
    names = slice_of(json_object_to_json_string(list_of(order, "ingredients")));
    for (size_t i = 0; i < json_object_array_length(wanted); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(wanted, i));

        if (!is_skipped(file, name) && slice_find_nocase(names, slice_of(name)) == SIZE_MAX)
            fail_msg("%s: no %s in %.*s", file, name, SLICE_ARG(names));
    }
}

/* Every row is of an expected gene; what is expected to be nothing is nothing. */
static void check_nothing_else(const char *file, struct json_object *report,
                               struct json_object *expects)
{
    struct json_object *genes = list_of(report, "genes");

    for (size_t i = 0; i < json_object_array_length(genes); i++) {
        const char *gene = text_of(json_object_array_get_idx(genes, i), "gene");
        bool is_expected = false;

        for (size_t e = 0; e < json_object_array_length(expects); e++) {
            const char *wanted = text_of(json_object_array_get_idx(expects, e), "gene");

            is_expected = is_expected || (wanted != NULL && strcmp(wanted, gene) == 0);
        }
        if (!is_expected)
            fail_msg("%s: %s is reported", file, gene);
    }
    if (json_object_array_length(expects) > 0)
        return;
    assert_int_equal(json_object_array_length(list_of(report, "hla")), 0);
    assert_int_equal(json_object_array_length(list_of(report, "orders")), 0);
}

static void every_sample_is_reported_as_expected(void **state)
{
    struct json_object *expected = json_object_from_file(ROOT "/EXPECTED.json");
    struct json_object *files;

    if (expected == NULL) {
        print_message("skipped: " ROOT " is not here\n");
        skip();
    }
    files = list_of(expected, "files");
    assert_true(json_object_array_length(files) > 0);
    for (size_t i = 0; i < json_object_array_length(files); i++) {
        struct json_object *row = json_object_array_get_idx(files, i);
        struct json_object *expects = list_of(row, "expect");
        const char *file = text_of(row, "file");
        struct json_object *report = inspect(*state, file);

        check_nothing_else(file, report, expects);
        for (size_t e = 0; e < json_object_array_length(expects); e++) {
            struct json_object *expect = json_object_array_get_idx(expects, e);

            if (text_of(expect, "gene") != NULL)
                check_gene(file, report, expect);
            else
                check_order(file, report, expect);
        }
        assert_int_equal(json_object_put(report), 1);
    }
    assert_int_equal(json_object_put(expected), 1);
}

/* An error in place of data must not look like a chart without results. */
static void an_error_is_no_empty_chart(void **state)
{
    struct json_object *report, *ignored;
    FILE *file = fopen(ROOT "/errors/epic-missing-category-400.json", "rb");

    if (file == NULL) {
        print_message("skipped: " ROOT " is not here\n");
        skip();
    }
    (void)fclose(file);
    report = inspect(*state, "errors/epic-missing-category-400.json");
    ignored = list_of(report, "ignored");
    assert_int_equal(json_object_array_length(ignored), 1);
    assert_string_equal(text_of(json_object_array_get_idx(ignored, 0), "reason"),
                        "server-error");
    assert_int_equal(json_object_put(report), 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_is_reported_as_expected),
        cmocka_unit_test(an_error_is_no_empty_chart),
    };

    return cmocka_run_group_tests(tests, load_knowledge, drop_knowledge);
}
