/* tests/gateway/test_knowledge_algorithms.c -- algorithms/<name>.json: good files become rows,
 * bad ones are refused with their place, and the shipped numbers are the published ones.
 */
#include <math.h>
#include <stdlib.h>

#include "gateway/store/snapshot.h"
#include "tests/gateway/knowledge_fixture.h"
#include "tests/rules/warfarin_release.h"

#define ALGORITHM "algorithms/dose.json"
#define DRUG      "drugs/warfarin.json"

static const char ALGORITHM_TEXT[] =
    "{ \"name\": \"dose\", \"genes\": [\"CYP2C19\", \"CYP2D6\"], \"models\": [\n"
    "  { \"name\": \"one\", \"source\": \"guide-1\",\n"
    "    \"terms\": { \"intercept\": \"0.5\", \"age\": \"-0.00745\" } },\n"
    "  { \"name\": \"two\", \"source\": \"table-1\", \"terms\": { \"age\": \"7\" } } ] }\n";
static const char DRUG_TEXT[] =
    "{ \"name\": \"warfarin\", \"rxcui\": \"11289\", \"algorithm\": \"dose\" }\n";

static void make_folder(char dir[FIXTURE_DIR_SIZE])
{
    char path[PATH_MAX];

    fixture_make(dir);
    (void)snprintf(path, sizeof path, "%s/algorithms", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    fixture_write(dir, ALGORITHM, ALGORITHM_TEXT, strlen(ALGORITHM_TEXT));
    fixture_write(dir, DRUG, DRUG_TEXT, strlen(DRUG_TEXT));
}

static void every_member_arrives_in_its_field(void **state)
{
    char dir[FIXTURE_DIR_SIZE];
    struct rules_release r;
    struct err err = {0};

    (void)state;
    make_folder(dir);
    assert_ok(store_read_files(dir, &r, &err), &err);
    assert_int_equal(r.algorithm_genes_count, 2);
    assert_slice_equal(r.algorithm_genes[1].algorithm, "dose");
    assert_slice_equal(r.algorithm_genes[1].gene, "CYP2D6");
    assert_int_equal(r.algorithm_terms_count, 3);
    assert_slice_equal(r.algorithm_terms[1].algorithm, "dose");
    assert_slice_equal(r.algorithm_terms[1].model, "one");
    assert_slice_equal(r.algorithm_terms[1].term, "age");
    assert_slice_equal(r.algorithm_terms[1].value, "-0.00745");
    assert_slice_equal(r.algorithm_terms[1].source, "guide-1");
    assert_slice_equal(r.algorithm_terms[2].model, "two");
    assert_slice_equal(r.algorithm_terms[2].source, "table-1");
    assert_int_equal(r.drug_algorithms_count, 1);
    assert_slice_equal(r.drug_algorithms[0].drug, "warfarin");
    assert_slice_equal(r.drug_algorithms[0].algorithm, "dose");
    rules_release_release(&r);
    fixture_remove(dir);
}

static const struct bad {
    const char *file, *find, *put;
    enum err_code code;
    const char *text;
} BAD[] = {
    {ALGORITHM, "\"dose\"", "\"does\"", ERR_INVALID, "name: must be the file's name, 'dose'"},
    {ALGORITHM, "\"name\": \"dose\", ", "", ERR_INVALID, "member 'name' is missing"},
    {ALGORITHM, "\"genes\"", "\"gene\"", ERR_INVALID, "unknown member 'gene'"},
    {ALGORITHM, "[\"CYP2C19\", \"CYP2D6\"]", "\"CYP2C19\"", ERR_INVALID,
     "genes: must be an array, is string"},
    {ALGORITHM, "\"CYP2D6\"", "7", ERR_INVALID, "genes[1]: must be a string, is number"},
    {ALGORITHM, "\"CYP2D6\"", "\"\"", ERR_INVALID, "genes[1]: must not be empty"},
    {ALGORITHM, "\"source\": \"guide-1\",", "", ERR_INVALID,
     "models[0]: member 'source' is missing"},
    {ALGORITHM, "\"guide-1\"", "\"guide 1\"", ERR_INVALID, "models[0].source: must be letters"},
    {ALGORITHM, "\"0.5\"", "0.5", ERR_INVALID,
     "models[0].terms.intercept: must be a string, is number"},
    {ALGORITHM, "\"0.5\"", "null", ERR_INVALID,
     "models[0].terms.intercept: must be a string, is null"},
    {ALGORITHM, "\"0.5\"", "\"0.5 \"", ERR_INVALID,
     "models[0].terms.intercept: begins or ends with a space"},
    {ALGORITHM, "\"intercept\"", "\"age\"", ERR_INVALID, "JSON: "},
    {ALGORITHM, "{ \"age\": \"7\" }", "[]", ERR_INVALID,
     "models[1].terms: must be an object, is array"},
    {ALGORITHM, "] }\n", "", ERR_SYNTAX, "JSON: text ends early"},
    {ALGORITHM, "guide-1", "guide-\xff", ERR_SYNTAX, "JSON: "},
    {DRUG, "\"algorithm\": \"dose\"", "\"algorithm\": 1", ERR_INVALID,
     "algorithm: must be a string, is number"},
    {DRUG, "\"algorithm\": \"dose\"", "\"algorithm\": \"do se\"", ERR_INVALID,
     "algorithm: must be letters"},
    {DRUG, ", \"algorithm\": \"dose\"", "", ERR_INVALID,
     "member 'recommendations' is missing, and there is no 'algorithm'"},
};

static void bad_files_are_refused_with_the_place(void **state)
{
    char dir[FIXTURE_DIR_SIZE];

    (void)state;
    make_folder(dir);
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        const char *good = strcmp(BAD[i].file, DRUG) == 0 ? DRUG_TEXT : ALGORITHM_TEXT;
        const char *at = strstr(good, BAD[i].find);
        struct rules_release release = {.name = SLICE("untouched")};
        struct err err = {0};
        char changed[1024];
        int len;

        assert_non_null(at);
        len = snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - good), good, BAD[i].put,
                       at + strlen(BAD[i].find));
        fixture_write(dir, BAD[i].file, changed, (size_t)len);
        if (store_read_files(dir, &release, &err) != BAD[i].code)
            fail_msg("row %zu: %s, \"%s\"", i, err_code_name(err.code), err.text);
        if (strstr(err.text, BAD[i].text) == NULL || strstr(err.text, BAD[i].file) != err.text)
            fail_msg("row %zu: got \"%s\", want \"%s\"", i, err.text, BAD[i].text);
        assert_slice_equal(release.name, "untouched");
        fixture_write(dir, BAD[i].file, good, strlen(good));
    }
    fixture_remove(dir);
}

/* --- what ships ----------------------------------------------------------------------------
 */

static double shipped(const struct rules_knowledge *k, const char *model, const char *term)
{
    const struct rules_release *rows = rules_knowledge_rows(k);
    char text[32];

    for (size_t i = 0; i < rows->algorithm_terms_count; i++) {
        const struct rules_algorithm_term *t = &rows->algorithm_terms[i];

        if (!slice_eq_text(t->model, model) || !slice_eq_text(t->term, term))
            continue;
        (void)snprintf(text, sizeof text, "%.*s", SLICE_ARG(t->value));
        return strtod(text, NULL);
    }
    fail_msg("no %s %s", model, term);
    return 0;
}

static struct rules_knowledge *shipped_knowledge(void)
{
    struct rules_knowledge *k = NULL;
    struct err err = {0};

    assert_ok(snapshot_from_files("rules/knowledge", &k, &err), &err);
    return k;
}

static void the_shipped_numbers_are_those_of_the_papers(void **state)
{
    struct rules_knowledge *k = shipped_knowledge();

    (void)state;
    assert_int_equal(rules_knowledge_rows(k)->algorithm_terms_count, ARRAY_LEN(WARFARIN_TERMS));
    for (size_t i = 0; i < ARRAY_LEN(WARFARIN_TERMS); i++)
        assert_true(shipped(k, WARFARIN_TERMS[i][0], WARFARIN_TERMS[i][1]) ==
                    strtod(WARFARIN_TERMS[i][2], NULL));
    assert_slice_equal(rules_warfarin_source(k, SLICE("gage"))->pmids, "18305455");
    assert_slice_equal(rules_warfarin_source(k, SLICE("iwpc"))->pmids, "19228618");
    assert_slice_equal(rules_warfarin_source(k, SLICE("cpic"))->pmids, "28198005 21900891");
    rules_knowledge_release(k);
}

/* The abstract of PMID 18305455 gives each effect in whole percent of the dose. */
static void gages_numbers_give_the_effects_of_its_abstract(void **state)
{
    static const struct {
        const char *term;
        double units, percent;
    } ROWS[] = {
        {"vkorc1_a_alleles", 1, -28},
        {"bsa_m2", 0.25, 11},
        {"cyp2c9_star3_alleles", 1, -33},
        {"cyp2c9_star2_alleles", 1, -19},
        {"age_years", 10, -7},
        {"target_inr", 0.5, 11},
        {"amiodarone", 1, -22},
        {"smoker", 1, 10},
        {"african_american", 1, -9},
        {"dvt_or_pe", 1, 7},
    };
    struct rules_knowledge *k = shipped_knowledge();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        double change = (exp(shipped(k, "gage", ROWS[i].term) * ROWS[i].units) - 1) * 100;

        if (lround(change) != lround(ROWS[i].percent))
            fail_msg("%s: %.2f %%, published %.0f %%", ROWS[i].term, change, ROWS[i].percent);
    }
    rules_knowledge_release(k);
}

/* The gene tables that ship give the words and names that the estimate reads. */
static void the_shipped_genes_fit_the_estimate(void **state)
{
    struct rules_knowledge *k = shipped_knowledge();
    const struct rules_drug_code **codes;
    struct rules_warfarin_estimate e;
    struct rules_warfarin_input in;
    struct arena arena;

    (void)state;
    arena_init(&arena, 1024 * 1024);
    in = warfarin_input(k,
                        &(struct patient){.cyp2c9 = "*1/*3",
                                          .vkorc1 = "rs9923231 C/rs9923231 T",
                                          .cyp4f2 = "*1/*22"},
                        &arena);
    assert_true(rules_warfarin_estimate(k, &in, &e));
    assert_int_equal(e.outcome, RULES_WARFARIN_OUTCOME_ESTIMATE);
    assert_int_equal(e.gage.from_x10, 30);
    assert_int_equal(e.iwpc.from_x10, 30);
    assert_int_equal(e.adjustments[0].kind, RULES_WARFARIN_CYP4F2_T);
    assert_true(e.adjustments[0].is_certain);
    in = warfarin_input(k, &(struct patient){.cyp2c9 = "*2/*3"}, &arena);
    assert_true(rules_warfarin_estimate(k, &in, &e));
    assert_int_equal(e.is_poor_metabolizer, RULES_ANSWER_YES);
    assert_int_equal(
        rules_find_drugs_by_code(k, SLICE("http://www.whocc.no/atc"), SLICE("B01AA03"), &codes),
        1);
    assert_slice_equal(rules_algorithm_of_drug(k, rules_find_drug(k, codes[0]->drug)),
                       "warfarin");
    arena_release(&arena);
    rules_knowledge_release(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_arrives_in_its_field),
        cmocka_unit_test(bad_files_are_refused_with_the_place),
        cmocka_unit_test(the_shipped_numbers_are_those_of_the_papers),
        cmocka_unit_test(gages_numbers_give_the_effects_of_its_abstract),
        cmocka_unit_test(the_shipped_genes_fit_the_estimate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
