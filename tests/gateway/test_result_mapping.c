/* tests/gateway/test_result_mapping.c -- a site's own result codes and texts: what is taken and
 * what is refused, with file, line and reason. */
#include "gateway/store/result_mapping.h"

#include <unistd.h>

#include "gateway/hooks/call.h"
#include "gateway/hooks/service.h"
#include "tests/gateway/knowledge_fixture.h"

#define HEADER "kind,gene,system,code,allele,text,says\n"
#define LAB    "urn:oid:2.25.1"

/* Writes the text to a file, reads it and removes it. */
static enum err_code take(struct slice text, struct result_mapping *mapping, struct err *err)
{
    char path[] = "/tmp/pgxgate-mapping.XXXXXX";
    int fd = mkstemp(path);
    enum err_code code;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.ptr, text.len), text.len);
    assert_int_equal(close(fd), 0);
    code = result_mapping_read(path, mapping, err);
    assert_int_equal(unlink(path), 0);
    return code;
}

static void good_rows_are_taken(void **state)
{
    static const char TEXT[] = HEADER "genotype,CYP2C19," LAB ",901,,,\n"
                                      "phenotype,CYP2C19," LAB ",902,,,\n"
                                      "presence,HLA-B," LAB ",903,*57:01,,\n"
                                      "score,CYP2D6," LAB ",904,,,\n"
                                      "haplotype,CYP2D6," LAB ",905,,,\n"
                                      "typing,HLA-B," LAB ",906,,,\n"
                                      "statement,," LAB ",12,,,Intermediate Metabolizer\n"
                                      "statement,CYP2D6," LAB ",12,,,Poor Metabolizer\n"
                                      "genotype,CYP2C19," LAB ",12,,,\n"
                                      "text,CYP2C19,,,,\"Loss of function, two copies\",*2/*2\n"
                                      "text,,,,,unremarkable,Normal Metabolizer\n";
    struct result_mapping mapping;
    const struct fhir_mapped_code *code;
    struct err err = {0};

    (void)state;
    assert_ok(take(slice_of(TEXT), &mapping, &err), &err);
    assert_int_equal(mapping.mapping.codes_count, 9);
    assert_int_equal(mapping.mapping.texts_count, 2);
    code = fhir_mapping_result(&mapping.mapping, SLICE("2.25.1"), SLICE("903"));
    assert_non_null(code);
    assert_int_equal(code->kind, FHIR_MAPPED_PRESENCE);
    assert_slice_equal(code->gene, "HLA-B");
    assert_slice_equal(code->allele, "*57:01");
    code = fhir_mapping_statement(&mapping.mapping, SLICE(LAB), SLICE("12"), SLICE("CYP2D6"));
    assert_non_null(code);
    assert_slice_equal(code->says, "Poor Metabolizer");
    assert_slice_equal(fhir_mapping_text(&mapping.mapping, SLICE("CYP2C19"),
                                         SLICE("LOSS of function, two copies")),
                       "*2/*2");
    result_mapping_release(&mapping);
    assert_ok(take(SLICE("says,text,kind\r\n*1/*1,abc,text\r\n"), &mapping, &err), &err);
    assert_int_equal(mapping.mapping.texts_count, 1);
    result_mapping_release(&mapping);
    assert_ok(take(SLICE("kind\n"), &mapping, &err), &err); /* nothing to map yet */
    assert_int_equal(mapping.mapping.codes_count + mapping.mapping.texts_count, 0);
    result_mapping_release(&mapping);
}

static void bad_files_are_refused_with_line_and_reason(void **state)
{
    static const struct {
        const char *text;
        const char *want; /* behind the file's name */
    } ROWS[] = {
        {"", ": is empty; it begins with a header line"},
        {"gene\n", ":1: column 'kind' is missing"},
        {"kind,meaning\n", ":1: column 2 must be one of kind, gene, system, code, allele"},
        {HEADER "genotype,CYP2C19,s,1,,,", ":2: does not end with a line break"},
        {HEADER ",CYP2C19,s,1,,,\n", ":2: kind must not be empty"},
        {HEADER "allele,CYP2C19,s,1,,,\n", ":2: kind must be genotype, haplotype"},
        {HEADER "Genotype,CYP2C19,s,1,,,\n", ":2: kind must be genotype, haplotype"},
        {HEADER "genotype,,s,1,,,\n", ":2: gene must not be empty for kind genotype"},
        {HEADER "genotype,CYP2C19,,1,,,\n", ":2: system must not be empty for kind genotype"},
        {HEADER "genotype,CYP2C19,s,,,,\n", ":2: code must not be empty for kind genotype"},
        {HEADER "genotype,CYP2C19,s,1,*2,,\n", ":2: allele must be empty for kind genotype"},
        {HEADER "score,CYP2D6,s,1,,,1.0\n", ":2: says must be empty for kind score"},
        {HEADER "presence,HLA-B,s,1,,,\n", ":2: allele must not be empty for kind presence"},
        {HEADER "presence,HLA-B,s,1,*57,,\n",
         ":2: the presence of an HLA allele in two fields"},
        {HEADER "presence,CYP2C19,s,1,*2,,\n", ":2: the presence of an HLA allele"},
        {HEADER "typing,CYP2C19,s,1,,,\n", ":2: only HLA is typed"},
        {HEADER "genotype,BRCA1,s,1,,,\n", ":2: the gene is not known"},
        {HEADER "statement,,s,1,,,\n", ":2: says must not be empty for kind statement"},
        {HEADER "statement,,s,1,,x,Poor Metabolizer\n", ":2: text must be empty"},
        {HEADER "statement,,s,1,,,splendid\n", ":2: what the code says is not understood"},
        {HEADER "statement,BRCA1,s,1,,,Poor Metabolizer\n", ":2: the gene is not known"},
        {HEADER "text,,,,,abc,\n", ":2: says must not be empty for kind text"},
        {HEADER "text,,,,,,*1/*2\n", ":2: text must not be empty for kind text"},
        {HEADER "text,,s,,,abc,*1/*2\n", ":2: system must be empty for kind text"},
        {HEADER "text,BRCA1,,,,abc,*1/*2\n", ":2: the gene is not known"},
        {HEADER "text,CYP2C19,,,,abc,splendid\n", ":2: what it says is not understood"},
        {HEADER "text,,,,,abc\x01,*1/*2\n", ":2: text has a control character"},
        {HEADER "text,,,,,ab\xff,*1/*2\n", ":2: is not UTF-8"},
        /* two meanings */
        {HEADER "genotype,CYP2C19,s,1,,,\nphenotype,CYP2C19,s,1,,,\n",
         ":3: the code stands in line 2 already"},
        {HEADER "genotype,CYP2C19,s,1,,,\nscore,CYP2D6,s,2,,,\ngenotype,CYP2D6,s,1,,,\n",
         ":4: the code stands in line 2 already"},
        {HEADER "genotype,CYP2C19,http://snomed.info/sct,1,,,\n"
                "genotype,CYP2C19,urn:oid:2.16.840.1.113883.6.96,1,,,\n",
         ":3: the code stands in line 2 already"},
        {HEADER "statement,,s,1,,,Poor Metabolizer\nstatement,,s,1,,,Normal Metabolizer\n",
         ":3: the code stands in line 2 already"},
        {HEADER "text,CYP2C19,,,,abc,*1/*2\ntext,CYP2C19,,,,ABC,*1/*1\n",
         ":3: the text stands in line 2 already"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct result_mapping mapping;
        struct err err = {0};
        const char *colon;

        if (take(slice_of(ROWS[i].text), &mapping, &err) == ERR_OK)
            fail_msg("row %zu was taken: %s", i, ROWS[i].want);
        colon = strchr(err.text, ':');
        if (colon == NULL || strncmp(colon, ROWS[i].want, strlen(ROWS[i].want)) != 0)
            fail_msg("row %zu: got \"%s\", want \"%s\"", i, err.text, ROWS[i].want);
        assert_null(mapping.mapping.codes);
    }
}

static void limits_hold(void **state)
{
    struct result_mapping mapping;
    struct err err = {0};
    struct buf text;

    (void)state;
    assert_int_equal(result_mapping_read("/nowhere/m.csv", &mapping, &err), ERR_NOT_FOUND);
    assert_string_equal(err.text, "m.csv: No such file or directory");
    err_clear(&err);

    buf_init(&text, 1024 * 1024);
    buf_add_text(&text, HEADER);
    for (int i = 0; i <= RESULT_MAPPING_ROWS_MAX; i++)
        buf_printf(&text, "text,,,,,value %d,Poor Metabolizer\n", i);
    assert_int_equal(take(buf_slice(&text), &mapping, &err), ERR_LIMIT);
    assert_true(slice_ends(slice_of(err.text), SLICE(":5002: more than 5000 rows")));
    err_clear(&err);

    buf_clear(&text);
    buf_add_text(&text, HEADER);
    for (int i = 0; i < 500; i++)
        buf_printf(&text, "genotype,CYP2C19," LAB ",%d,,,\n", i);
    assert_int_equal(take(buf_slice(&text), &mapping, &err), ERR_LIMIT);
    assert_non_null(strstr(err.text, ": the result codes are together longer than 6000 bytes"));
    buf_release(&text);
}

static void discovery_asks_for_the_codes(void **state)
{
    struct result_mapping mapping;
    struct rules_knowledge *k = NULL;
    struct rules_release release;
    struct err err = {0};
    struct buf text;

    (void)state;
    fixture_release("1", &release);
    assert_ok(rules_knowledge_new(&release, SLICE("h"), &k, &err), &err);
    assert_ok(
        take(SLICE(HEADER "genotype,CYP2C19,http://lab.example/codes?a=1&b={{c}},9 0$,,,\n"
                          "genotype,CYP2C19," LAB ",7,,,\n"
                          "statement,CYP2C19," LAB ",8,,,Poor Metabolizer\n"),
             &mapping, &err),
        &err);
    buf_init(&text, 1024 * 1024);
    hook_discovery_write(&text, k, &mapping.mapping, false);
    assert_false(buf_failed(&text));
    assert_true(slice_find(buf_slice(&text), SLICE("," LAB "|7")) != SIZE_MAX);
    assert_true(slice_find(buf_slice(&text),
                           SLICE(",http://lab.example/codes%3Fa%3D1%26b%3D%7B%7Bc%7D%7D|"
                                 "9%200%5C%24")) != SIZE_MAX);
    assert_true(slice_find(buf_slice(&text), SLICE(LAB "|8")) == SIZE_MAX);
    buf_clear(&text);
    hook_discovery_write(&text, k, NULL, false);
    assert_true(slice_find(buf_slice(&text), SLICE(LAB)) == SIZE_MAX);
    buf_release(&text);
    result_mapping_release(&mapping);
    rules_knowledge_release(k);
    rules_release_release(&release);
}

/* The search that a call plans, with and without a mapping. */
static void check_planned(const struct rules_knowledge *k, const struct fhir_mapping *mapping,
                          bool is_wanted)
{
    static const char BODY[] =
        "{\"hook\":\"order-sign\",\"hookInstance\":\"d1577c69-dfbe-44ad-ba6d-3e05e953b2ea\","
        "\"fhirServer\":\"https://fhir.example.org\",\"context\":{\"userId\":\"Practitioner/"
        "1\","
        "\"patientId\":\"1\",\"draftOrders\":{\"resourceType\":\"Bundle\",\"entry\":[{"
        "\"resource\":{\"resourceType\":\"MedicationRequest\",\"id\":\"o\",\"status\":"
        "\"draft\","
        "\"medicationCodeableConcept\":{\"coding\":[{\"system\":"
        "\"http://www.nlm.nih.gov/research/umls/rxnorm\",\"code\":\"32968\"}]}}}]}}}";
    struct slice server = SLICE("https://fhir.example.org");
    struct hook_options options = {.fhir_servers = &server,
                                   .fhir_servers_count = 1,
                                   .json_nodes_max = 100000,
                                   .fetches_max = 20,
                                   .pages_max = 10,
                                   .cards_max = 10,
                                   .arena_bytes_max = (size_t)16 * 1024 * 1024,
                                   .locale = SLICE("en"),
                                   .mapping = mapping};
    struct hook_call call;
    struct buf body;
    bool is_there = false;

    buf_init(&body, sizeof BODY + JSON_PADDING);
    buf_add(&body, slice_of(BODY));
    assert_non_null(buf_reserve(&body, JSON_PADDING));
    hook_call_init(&call, &options);
    assert_true(hook_call_open(&call, hook_service_find(SLICE("pgx-order-sign")),
                               buf_slice(&body), k, SLICE("2026-11-24")));
    assert_true(hook_call_plan(&call) > 0);
    for (size_t i = 0; i < call.needs_count; i++)
        is_there = is_there ||
                   slice_find(call.needs[i]->url, SLICE("urn%3Aoid%3A2.25.1%7C7")) != SIZE_MAX;
    assert_int_equal(is_there, is_wanted);
    hook_call_release(&call);
    buf_release(&body);
}

static void searches_ask_for_the_codes(void **state)
{
    struct result_mapping mapping;
    struct rules_knowledge *k = NULL;
    struct rules_release release;
    struct err err = {0};

    (void)state;
    fixture_release("1", &release);
    assert_ok(rules_knowledge_new(&release, SLICE("h"), &k, &err), &err);
    assert_ok(take(SLICE(HEADER "genotype,CYP2C19," LAB ",7,,,\n"), &mapping, &err), &err);
    check_planned(k, &mapping.mapping, true);
    check_planned(k, NULL, false);
    result_mapping_release(&mapping);
    rules_knowledge_release(k);
    rules_release_release(&release);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_rows_are_taken),
        cmocka_unit_test(bad_files_are_refused_with_line_and_reason),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(discovery_asks_for_the_codes),
        cmocka_unit_test(searches_ask_for_the_codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
