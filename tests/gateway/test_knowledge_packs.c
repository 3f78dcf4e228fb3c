/* tests/gateway/test_knowledge_packs.c -- what depends on the patient, and packs, as files. */
#include "tests/gateway/knowledge_fixture.h"

static void what_depends_on_the_patient_arrives(void **state)
{
    struct rules_release r;

    (void)state;
    fixture_release("1", &r);
    assert_int_equal(r.populations_count, 3);
    assert_int_equal(r.populations[0].therapy, RULES_THERAPY_ANY);
    assert_int_equal(r.populations[0].age_below_years, RULES_AGE_NO_MAX);
    assert_int_equal(r.populations[0].weight_above_x100, RULES_WEIGHT_NONE);
    assert_int_equal(r.populations[1].therapy, RULES_THERAPY_NAIVE);
    assert_int_equal(r.populations[2].age_from_years, 18);
    assert_int_equal(r.populations[2].age_below_years, 99);
    assert_int_equal(r.populations[2].weight_above_x100, 4050);
    assert_int_equal(r.recommendations[0].label, RULES_LABEL_NONE);
    assert_int_equal(r.recommendations[2].label, RULES_LABEL_BOXED_WARNING);
    assert_int_equal(r.recommendations[2].sex, RULES_SEX_FEMALE);
    assert_slice_equal(r.recommendations[2].overrides, "clopidogrel-normal");
    assert_int_equal(r.gene_drugs_count, 1);
    assert_slice_equal(r.gene_drugs[0].drug, "clopidogrel");
    assert_slice_equal(r.gene_drugs[0].level, "A");
    assert_int_equal(r.modulators_count, 2);
    assert_int_equal(r.modulators[0].strength, RULES_STRENGTH_STRONG);
    assert_true(r.modulators[0].has_factor);
    assert_int_equal(r.modulators[0].washout_days, 14);
    assert_int_equal(r.modulators[1].role, RULES_ROLE_INDUCER);
    assert_false(r.modulators[1].has_factor);
    assert_slice_equal(r.gene_tests[0].code, "1-8");
    assert_slice_equal(r.pretests[0].gene, "CYP2C19");
    rules_release_release(&r);
}

/* --- packs ---------------------------------------------------------------------------------
 */

static const struct fixture_file PACK_FILES[] = {
    {"pack.json", "{ \"name\": \"site\", \"version\": \"7\", \"developer\": \"a site\" }\n"},
    {"sources.json",
     "{ \"sources\": [ { \"id\": \"policy\", \"publisher\": \"Site\", \"title\": \"A "
     "policy\",\n"
     "  \"version\": \"7\", \"year\": \"2026\", \"url\": \"https://site.example/7\" } ] }\n"},
    {"drugs/clopidogrel.json",
     "{ \"name\": \"clopidogrel\", \"recommendations\": [ { \"id\": \"site-poor\",\n"
     "  \"source\": \"policy\", \"overrides\": [\"clopidogrel-poor\"],\n"
     "  \"when\": { \"CYP2C19\": [\"Poor Metabolizer\"] }, \"classification\": \"Strong\",\n"
     "  \"alert\": \"none\", \"message\": \"clopidogrel.normal\" } ] }\n"},
    {"drugs/prasugrel.json", "{ \"name\": \"prasugrel\", \"recommendations\": [] }\n"},
};

static void write_pack(char dir[FIXTURE_DIR_SIZE])
{
    fixture_make_folder(dir);
    for (size_t i = 0; i < ARRAY_LEN(PACK_FILES); i++)
        fixture_write(dir, PACK_FILES[i].name, PACK_FILES[i].text, strlen(PACK_FILES[i].text));
}

static void a_pack_adds_to_what_is_there(void **state)
{
    struct rules_knowledge *k = NULL;
    char dir[FIXTURE_DIR_SIZE];
    struct rules_release r;
    struct err err = {0};

    (void)state;
    fixture_release("1", &r);
    write_pack(dir);
    assert_ok(store_read_pack(dir, &r, &err), &err);
    assert_slice_equal(r.version, "1+site-7");
    assert_int_equal(r.drugs_count, 3);
    assert_false(r.drugs[2].is_alternative_only); /* prasugrel has a file of its own now */
    assert_int_equal(r.sources_count, 4);
    assert_int_equal(r.recommendations_count, 5);
    assert_ok(rules_knowledge_new(&r, SLICE("x"), &k, &err), &err);
    rules_release_release(&r);
    rules_knowledge_release(k);
    fixture_remove(dir);
}

static void bad_packs_are_refused(void **state)
{
    static const struct {
        const char *file, *find, *put;
        enum err_code code;
        const char *text;
    } ROWS[] = {
        {"pack.json", "\"site\"", "\"a site\"", ERR_INVALID, "pack.json: name: "},
        {"pack.json", "\"version\": \"7\", ", "", ERR_INVALID, "'version' is missing"},
        {"drugs/prasugrel.json", "\"recommendations\"", "\"rxcui\": \"1\", \"recommendations\"",
         ERR_INVALID, "drugs/prasugrel.json: rxcui differs"},
        {"drugs/clopidogrel.json", "\"overrides\": [\"", "\"overrides\": [ 5, \"", ERR_INVALID,
         "overrides[0]: must be a string"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        char dir[FIXTURE_DIR_SIZE];
        struct rules_release r;
        struct err err = {0};

        fixture_release("1", &r);
        write_pack(dir);
        for (size_t f = 0; f < ARRAY_LEN(PACK_FILES); f++)
            if (strcmp(PACK_FILES[f].name, ROWS[i].file) == 0)
                fixture_write_changed(dir, PACK_FILES[f].name, PACK_FILES[f].text, ROWS[i].find,
                                      ROWS[i].put);
        if (store_read_pack(dir, &r, &err) != ROWS[i].code ||
            strstr(err.text, ROWS[i].text) == NULL)
            fail_msg("row %zu: %s, \"%s\"", i, err_code_name(err.code), err.text);
        rules_release_release(&r);
        fixture_remove(dir);
    }
}

/* --- bad files of the base -----------------------------------------------------------------
 */

#define DRUG   "drugs/clopidogrel.json"
#define EFFECT "modulators.json"
#define PRE    "pretests.json"
#define OTHER  "drugs/codeine.json"
#define KEYS   "[\"n/a\", \"No Result\"]"

static void bad_members_are_refused_with_the_place(void **state)
{
    static const struct {
        const char *file, *find, *put;
        const char *text; /* what the error must contain */
    } ROWS[] = {
        {DRUG, "\"naive\"", "\"new\"",
         "populations[1].therapy: must be one of: any, naive, established"},
        {DRUG, "\"from\": 18", "\"from\": \"18\"", "populations[2].age.from: must be"},
        {DRUG, "\"40.5\"", "40.5", "populations[2].weight_above_kg: must be a string"},
        {DRUG, "[24, 48]", "[24]", "actions[0].interval_hours: has two elements, from and to"},
        {DRUG, "\"boxed_warning\"", "\"boxed\"",
         "recommendations[2].label: must be one of: none, warning, boxed_warning"},
        {DRUG, "\"level\": \"A\"", "\"level\": 1", "evidence[0].level: must be"},
        {EFFECT, "\"strong\"", "\"very strong\"",
         "modulators[0].strength: must be one of: weak, moderate, strong"},
        {EFFECT, "\"0.0\"", "\"none\"", "modulators[0].factor: must be a number"},
        {EFFECT, "14", "-14", "modulators[0].washout_days: must be"},
        {PRE, "\"code\": \"1-8\", ", "", "tests[0]: member 'code' is missing"},
        {PRE, "\"pretests\"", "\"pretest\"", "pretests.json: "},
        {OTHER, KEYS, "\"n/a\"", "no_rows[0].keys: must be an array, is string"},
        {OTHER, KEYS, "[]", "drugs/codeine.json: no_rows[0]: needs at least one key"},
        {OTHER, KEYS, "[5]", "no_rows[0].keys[0]: must be"},
        {OTHER, "\"why\"", "\"because\"", "no_rows[0]: unknown member 'because'"},
    };
    char dir[FIXTURE_DIR_SIZE];

    (void)state;
    fixture_make(dir);
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct rules_release release;
        struct err err = {0};

        fixture_change(dir, ROWS[i].file, ROWS[i].find, ROWS[i].put);
        assert_int_equal(store_read_files(dir, &release, &err), ERR_INVALID);
        if (strstr(err.text, ROWS[i].text) == NULL ||
            strstr(err.text, ROWS[i].file) != err.text)
            fail_msg("row %zu: got \"%s\", want \"%s\"", i, err.text, ROWS[i].text);
        fixture_write(dir, ROWS[i].file, fixture_text(ROWS[i].file),
                      strlen(fixture_text(ROWS[i].file)));
    }
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_depends_on_the_patient_arrives),
        cmocka_unit_test(a_pack_adds_to_what_is_there),
        cmocka_unit_test(bad_packs_are_refused),
        cmocka_unit_test(bad_members_are_refused_with_the_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
