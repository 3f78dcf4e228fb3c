/* tests/gateway/test_knowledge_files.c -- good knowledge files become rows; bad ones are
 * refused with file, place and what is allowed. */
#include <json-c/json.h>

#include "tests/gateway/knowledge_fixture.h"

/* --- good files ----------------------------------------------------------------------------
 */

static void every_member_arrives_in_its_field(void **state)
{
    struct rules_release r;

    (void)state;
    fixture_release("1", &r);
    assert_slice_equal(r.name, "fixture");
    assert_slice_equal(r.developer, "the pgxgate contributors");
    assert_int_equal(r.sources_count, 3);
    assert_slice_equal(r.sources[0].pmids, "1 2");
    assert_int_equal(r.genes_count, 2);
    assert_int_equal(r.genes[1].method, RULES_METHOD_ACTIVITY_SCORE);
    assert_int_equal(r.genes[0].key_kind, RULES_KEY_PHENOTYPE);
    assert_int_equal(r.phenotypes_count, 8);
    assert_slice_equal(r.phenotypes[2].abbreviation, "PM");
    assert_int_equal(r.alleles_count, 7);
    assert_false(r.alleles[0].has_value);
    assert_int_equal(r.alleles[4].value_x100, 25);
    assert_false(r.alleles[5].has_value);
    assert_true(r.alleles[6].has_value && r.alleles[6].is_at_least);
    assert_int_equal(r.alleles[6].value_x100, 300);
    assert_slice_equal(r.allele_aliases[0].allele, "*2");
    assert_slice_equal(r.allele_aliases[1].marks, "*2");
    assert_slice_equal(r.genes[0].reference, "*1");
    assert_slice_equal(r.genes[0].priority_source, "guide-1");
    assert_int_equal(r.phenotypes[0].priority, RULES_PRIORITY_NONE);
    assert_int_equal(r.phenotypes[1].priority, RULES_PRIORITY_ABNORMAL);
    assert_int_equal(r.authorities_count, 2);
    assert_slice_equal(r.authorities[0].gene, "CYP2C19");
    assert_slice_equal(r.authorities[0].name, "DPWG");
    assert_slice_equal(r.authorities[0].source, "table-1");
    assert_int_equal(r.authorities[0].key_kind, RULES_KEY_PHENOTYPE); /* the gene's */
    assert_int_equal(r.authorities[1].key_kind, RULES_KEY_PHENOTYPE); /* its own */
    assert_slice_equal(r.pair_rules[3].authority, "DPWG");
    assert_slice_equal(r.score_rules[3].authority, "DPWG");
    assert_int_equal(r.pair_rules[2].authority.len + r.score_rules[2].authority.len, 0);
    assert_int_equal(r.pair_rules_count, 4);
    assert_slice_equal(r.pair_rules[1].second, "No function");
    assert_int_equal(r.score_rules[1].to_x100, 225);
    assert_int_equal(r.score_rules[2].to_x100, RULES_SCORE_NO_MAX);
    rules_release_release(&r);
}

static void drugs_and_their_recommendations_arrive(void **state)
{
    const struct rules_recommendation *poor;
    struct rules_release r;

    (void)state;
    fixture_release("1", &r);
    assert_int_equal(r.drugs_count, 3);
    assert_true(r.drugs[2].is_alternative_only);
    assert_int_equal(r.drug_codes_count, 4);
    assert_slice_equal(r.drug_codes[1].system, "http://www.nlm.nih.gov/research/umls/rxnorm");
    assert_int_equal(r.drug_codes[3].form, RULES_FORM_LOCAL);
    assert_slice_equal(r.drug_codes[3].display, "codeine \"gel\" \xc3\xa4");
    assert_slice_equal(r.indications[0].code, "I21*");
    assert_int_equal(r.recommendations_count, 4);
    assert_slice_equal(r.recommendations[0].population, "ACS");
    assert_true(r.recommendations[0].has_alternative);
    assert_false(r.recommendations[0].has_dose);
    assert_int_equal(r.recommendations[0].alert, RULES_ALERT_CRITICAL);
    assert_int_equal(r.recommendations[0].age_below_years, RULES_AGE_NO_MAX);
    poor = &r.recommendations[3];
    assert_true(poor->has_alternative && poor->has_dose && poor->has_other);
    assert_int_equal(poor->age_from_years, 12);
    assert_int_equal(poor->age_below_years, 18);
    assert_int_equal(r.conditions_count, 5);
    assert_slice_equal(r.conditions[2].key, "Intermediate Metabolizer");
    assert_int_equal(r.actions_count, 6);
    assert_slice_equal(r.actions[1].drug, "prasugrel");
    assert_int_equal(r.actions[3].interval_from_hours, 24);
    assert_int_equal(r.actions[3].interval_to_hours, 48);
    assert_int_equal(r.actions[4].percent_from, 25);
    assert_int_equal(r.actions[4].percent_to, 50);
    assert_int_equal(r.actions[5].amount_x100, 2050);
    assert_slice_equal(r.actions[5].unit, "mg/d");
    assert_slice_equal(r.implications[0].message, "clopidogrel.implies-poor");
    rules_release_release(&r);
}

static void wording_and_tests_arrive(void **state)
{
    struct rules_release r;

    (void)state;
    fixture_release("1", &r);
    assert_int_equal(r.messages_count, 4);
    assert_slice_equal(r.messages[0].locale, "en");
    assert_slice_equal(r.messages[0].options, "prasugrel\nticagrelor");
    assert_slice_equal(r.messages[0].meaning, "Little active drug is formed: \\ \"none\".");
    assert_int_equal(r.messages[2].verdict.len, 0);
    assert_int_equal(r.tests_count, 2);
    assert_int_equal(r.tests[0].alert, RULES_ALERT_CRITICAL);
    assert_slice_equal(r.tests[1].recommendations, "clopidogrel-normal");
    assert_int_equal(r.tests[1].population.len, 0);
    assert_slice_equal(r.test_genes[0].result, "*2/*2");
    rules_release_release(&r);
}

static void the_fixture_is_valid_and_its_tests_hold(void **state)
{
    char hash[DIGEST_HEX_SIZE];
    struct rules_knowledge *knowledge = fixture_knowledge("1", hash);
    size_t run = 0;

    (void)state;
    assert_slice_equal(rules_knowledge_hash(knowledge), hash);
    assert_int_equal(rules_run_tests(knowledge, NULL, NULL, &run), 0);
    assert_int_equal(run, 2);
    rules_knowledge_release(knowledge);
}

static void files_for_people_are_passed_over(void **state)
{
    struct rules_release release;
    struct err err = {0};
    char dir[FIXTURE_DIR_SIZE];

    (void)state;
    fixture_make(dir);
    fixture_write(dir, "NOTICE.md", "x", 1);
    fixture_write(dir, "genes/README.md", "x", 1);
    fixture_write(dir, "genes/.CYP2C19.json.swp", "x", 1);
    assert_ok(store_read_files(dir, &release, &err), &err);
    rules_release_release(&release);
    fixture_remove(dir);
}

/* --- bad files -----------------------------------------------------------------------------
 */

struct bad {
    const char *file, *find, *put;
    enum err_code code;
    const char *text; /* what the error must contain */
};

#define GENE   "genes/CYP2C19.json"
#define SCORE  "genes/CYP2D6.json"
#define DRUG   "drugs/clopidogrel.json"
#define OTHER  "drugs/codeine.json"
#define CODES  "drug_codes.tsv"
#define WORDS  "messages/en/clopidogrel.json"
#define TESTED "tests/clopidogrel.json"
#define SRC    "sources.json"

static const struct bad BAD[] = {
    /* grammar and encoding */
    {SRC, "] }\n", "", ERR_SYNTAX,
     "sources.json: JSON: text ends early at byte 456 (line 9, column 72)"},
    {SRC, "\"CPIC\"", "'CPIC'", ERR_SYNTAX, "sources.json: JSON: "},
    {SRC, "\"CPIC\"", "NaN", ERR_SYNTAX, "sources.json: JSON: "},
    {SRC, "\"2022\",", "\"2022\",,", ERR_SYNTAX, "sources.json: JSON: "},
    {SRC, "A guideline", "A gu\xffideline", ERR_SYNTAX, "sources.json: JSON: "},
    {SRC, "A guideline", "A\\u0000b", ERR_SYNTAX, "sources.json: JSON: "},
    {SRC, "{ \"id\": \"guide-1\"", "{ \"id\": \"g\", \"id\": \"guide-1\"", ERR_INVALID,
     "sources.json: JSON: "},
    {SRC, "{ \"sources\": [", "[", ERR_SYNTAX, "sources.json"},
    {SCORE, "\"2.25\"", "02.25", ERR_SYNTAX, "malformed number at byte"},
    {SCORE, "\"2.25\"", "2.25,", ERR_SYNTAX, "(line 15, column 34)"},
    /* types */
    {"release.json", "\"1\"", "1", ERR_INVALID,
     "release.json: version: must be a string, is number"},
    {"release.json", "\"fixture\"", "null", ERR_INVALID,
     "release.json: name: must be a string, is null"},
    {"release.json", "\"fixture\"", "\"fix ture\"", ERR_INVALID,
     "release.json: name: must be letters, digits, '.', '_' and '-'"},
    {SCORE, "false", "\"false\"", ERR_INVALID,
     "genes/CYP2D6.json: counts_lowest_two: must be true or false, is string"},
    {SCORE, "\"0.25\"", "0.25", ERR_INVALID, "alleles[2].value: must be a string, is number"},
    {SCORE, "\"0.25\"", "null", ERR_INVALID, "alleles[2].value: must be a string, is null"},
    {SCORE, "\"0.25\"", "true", ERR_INVALID, "alleles[2].value: must be a string, is true"},
    {DRUG, "\"implications\": {} }", "\"implications\": null }", ERR_INVALID,
     "recommendations[1].implications: must be an object, is null"},
    {OTHER, "[25, 50]", "null", ERR_INVALID, "actions[0].percent: must be an array, is null"},
    {OTHER, "12,", "\"12\",", ERR_INVALID,
     "recommendations[0].age.from: must be a whole number"},
    {OTHER, "12,", "true,", ERR_INVALID, "recommendations[0].age.from: must be a whole number"},
    {OTHER, "12,", "null,", ERR_INVALID, "recommendations[0].age.from: must be a whole number"},
    {OTHER, "12,", "12.0,", ERR_INVALID, "recommendations[0].age.from: must be a whole number"},
    {OTHER, "12,", "1000001,", ERR_INVALID,
     "recommendations[0].age.from: must be a whole number"},
    {OTHER, "12,", "-9223372036854775809,", ERR_INVALID,
     "recommendations[0].age.from: must be a whole number"},
    {OTHER, "12,", "18446744073709551628,", ERR_INVALID,
     "recommendations[0].age.from: must be a whole number"},
    {SCORE, "\"0.25\"", "\"0.255\"", ERR_INVALID,
     "alleles[2].value: must be a number in quotes"},
    {SCORE, "\"to\": \"0.0\"", "\"to\": \"zero\"", ERR_INVALID,
     "scores[0].to: must be a number"},
    {GENE, "[ { \"name\": \"*1\"", "[ 5, { \"name\": \"*1\"", ERR_INVALID,
     "genes/CYP2C19.json: alleles[0]: must be an object, is number"},
    {GENE, "[\"No function\", \"No function\"]", "\"No function\"", ERR_INVALID,
     "pairs[2].of: must be an array, is string"},
    {GENE, "[\"No function\", \"No function\"]", "[]", ERR_INVALID,
     "pairs[2]: a pair has one or two elements"},
    {GENE, "[\"No function\", \"No function\"]", "[\"a\", \"b\", \"c\"]", ERR_INVALID,
     "pairs[2].of[2]: a pair has at most two elements"},
    {DRUG, "{ \"CYP2C19\": [\"Poor Metabolizer\"] }", "{ \"CYP2C19\": \"Poor Metabolizer\" }",
     ERR_INVALID, "recommendations[0].when.CYP2C19: must be an array, is string"},
    {DRUG, "{ \"CYP2C19\": [\"Poor Metabolizer\"] }", "{ \"CYP2C19\": [] }", ERR_INVALID,
     "recommendations[0].when.CYP2C19: needs at least one key"},
    {DRUG, "[\"alternative\"]", "[\"alternative\", \"alternative\"]", ERR_INVALID,
     "recommendations[0].flags[1]: is given twice"},
    {OTHER, "12,", "12.5,", ERR_INVALID, "recommendations[0].age.from: must be a whole number"},
    {OTHER, "12,", "-1,", ERR_INVALID, "recommendations[0].age.from: must be a whole number"},
    {OTHER, "[25, 50]", "[25]", ERR_INVALID, "actions[0].percent: has two elements"},
    {OTHER, "[25, 50]", "[25, 50, 75]", ERR_INVALID, "actions[0].percent[2]: has two elements"},
    {OTHER, "[25, 50]", "[25, 12345678901234567890123]", ERR_INVALID,
     "actions[0].percent[1]: must be a whole number"},
    /* authorities, priorities, markers */
    {GENE, "\"abnormal\"", "\"priority\"", ERR_INVALID,
     "phenotypes[1].priority: must be one of: none, normal, abnormal"},
    {GENE, "\"abnormal\"", "true", ERR_INVALID, "phenotypes[1].priority: must be a string"},
    {GENE, "\"reference\": \"*1\"", "\"reference\": 1", ERR_INVALID,
     "reference: must be a string, is number"},
    {GENE, "\"priority_source\": \"guide-1\"", "\"priority_source\": \"guide 1\"", ERR_INVALID,
     "priority_source: must be letters, digits"},
    {GENE, "\"marks\": \"*2\"", "\"marks\": true", ERR_INVALID,
     "aliases[1].marks: must be a string, is true"},
    {GENE, "\"marks\": \"*2\"", "\"mark\": \"*2\"", ERR_INVALID,
     "aliases[1]: unknown member 'mark'; there are: alias, allele, marks"},
    {GENE, "{ \"DPWG\": {", "[ { \"DPWG\": {", ERR_SYNTAX, "genes/CYP2C19.json"},
    {SCORE, "\"DPWG\": {", "\"KNMP\": 5, \"DPWG\": {", ERR_INVALID,
     "authorities.KNMP: must be an object, is number"},
    {SCORE, "\"source\": \"table-1\", \"key\"", "\"key\"", ERR_INVALID,
     "authorities.DPWG: member 'source' is missing"},
    {SCORE, "\"key\": \"phenotype\"", "\"key\": \"words\"", ERR_INVALID,
     "authorities.DPWG.key: must be one of: phenotype, activity_score, allele_status"},
    {SCORE, "\"from\": \"1.0\"", "\"from\": \"one\"", ERR_INVALID,
     "authorities.DPWG.scores[0].from: must be a number"},
    {GENE, "\"of\": [\"No function\", \"Normal function\"]", "\"of\": []", ERR_INVALID,
     "authorities.DPWG.pairs[0]: a pair has one or two elements"},
    /* unknown and missing members, unknown words */
    {GENE, "\"function\": \"No", "\"functoin\": \"No", ERR_INVALID,
     "alleles[0]: unknown member 'functoin'; there are: name, function, value"},
    {SRC, "\"publisher\": \"CPIC\", ", "", ERR_INVALID,
     "sources[0]: member 'publisher' is missing"},
    {GENE, "function_pair", "guess", ERR_INVALID,
     "method: must be one of: activity_score, function_pair, allele_presence, genotype, "
     "sex_linked, haploid"},
    {DRUG, "\"critical\"", "\"loud\"", ERR_INVALID,
     "recommendations[0].alert: must be one of: none, info, warning, critical"},
    {DRUG, "\"alternative\"", "\"alternatives\"", ERR_INVALID,
     "recommendations[0].flags[0]: must be one of: alternative, dose, other"},
    {DRUG, "\"do\": \"avoid\"", "\"do\": \"shun\"", ERR_INVALID,
     "recommendations[0].actions[0].do: must be one of: avoid, use_alternative"},
    /* texts */
    {GENE, "\"*2\", \"function\"", "\"\", \"function\"", ERR_INVALID,
     "alleles[1].name: must not be empty"},
    {GENE, "\"*2\", \"function\"", "\"*2 \", \"function\"", ERR_INVALID,
     "alleles[1].name: begins or ends with a space"},
    {WORDS, "Nothing to change.", "Nothing\\nto change.", ERR_INVALID,
     "messages[1].meaning: must be one line"},
    {WORDS, "usual dose",
     "a verdict that goes on and on until it does not fit the summary of any card", ERR_LIMIT,
     "messages[1].verdict: has 75 characters, at most 70"},
    {WORDS, "\"meaning\": \"Less active drug.\"", "\"options\": [\"x\"]", ERR_INVALID,
     "messages[2]: needs a verdict or a meaning"},
    {TESTED, "[\"clopidogrel-poor\"]", "[\"clopidogrel-poor\", \"clopidogrel-normal\"]",
     ERR_INVALID, "tests[0].recommendations[1]: must come after"},
    /* a file's name */
    {GENE, "\"CYP2C19\"", "\"CYP2C9\"", ERR_INVALID,
     "symbol: must be the file's name, 'CYP2C19'"},
    {DRUG, "\"clopidogrel\"", "\"clopidogrell\"", ERR_INVALID,
     "name: must be the file's name, 'clopidogrel'"},
    /* the table of codes */
    {CODES, "term_type", "tty", ERR_INVALID,
     "drug_codes.tsv: line 1: column 4 must be called 'term_type'"},
    {CODES, "\tIN\t", "\t", ERR_INVALID, "line 2: has 6 columns, must have 7"},
    {CODES, "\tIN\t", "\tIN\t\t", ERR_INVALID, "line 2: has 8 columns, must have 7"},
    {CODES, "rxnorm\t2670", "rxnrom\t2670", ERR_INVALID,
     "line 3: system must be one of: rxnorm, atc, ndc, snomed"},
    {CODES, "local", "topical", ERR_INVALID, "line 4: form must be one of: systemic, local"},
    {CODES, "32968", "", ERR_INVALID, "line 2: code must not be empty"},
    {CODES, "\xc3\xa4", "\xc3", ERR_SYNTAX, "line 4: display is not UTF-8"},
    {CODES, "\xc3\xa4", "\xed\xa0\x80", ERR_SYNTAX, "line 4: display is not UTF-8"},
    {CODES, "RxNorm\n", "RxNorm\r\n", ERR_INVALID, "line 2: source has a control character"},
    {CODES, "made up\n", "made up", ERR_SYNTAX, "does not end with a line break"},
};

static void bad_files_are_refused_with_the_place(void **state)
{
    char dir[FIXTURE_DIR_SIZE];

    (void)state;
    fixture_make(dir);
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        struct rules_release release = {.name = SLICE("untouched")};
        struct err err = {0};

        fixture_change(dir, BAD[i].file, BAD[i].find, BAD[i].put);
        if (store_read_files(dir, &release, &err) != BAD[i].code)
            fail_msg("row %zu: %s, \"%s\"", i, err_code_name(err.code), err.text);
        if (strstr(err.text, BAD[i].text) == NULL || strstr(err.text, BAD[i].file) != err.text)
            fail_msg("row %zu: got \"%s\", want \"%s\"", i, err.text, BAD[i].text);
        assert_slice_equal(release.name, "untouched");
        fixture_write(dir, BAD[i].file, fixture_text(BAD[i].file),
                      strlen(fixture_text(BAD[i].file)));
    }
    fixture_remove(dir);
}

/* --- JSON ----------------------------------------------------------------------------------
 */

static void expect_refusal(const char *dir, enum err_code code, const char *text)
{
    struct rules_release release;
    struct err err = {0};

    if (store_read_files(dir, &release, &err) != code || strstr(err.text, text) == NULL)
        fail_msg("got %s \"%s\", want \"%s\"", err_code_name(err.code), err.text, text);
}

/* Lines end at line feeds; both count from 1, columns in characters; a mark is none. */
static void faults_are_told_by_line_and_column(void **state)
{
    static const struct {
        const char *json;
        const char *text; /* the whole error behind the file's name */
    } ROWS[] = {
        {"", "text ends early at byte 0 (line 1, column 1)"},
        {"x", "unexpected byte at byte 0 (line 1, column 1)"},
        {"{\"a\": tru}", "unexpected byte at byte 6 (line 1, column 7)"},
        {"\nx", "unexpected byte at byte 1 (line 2, column 1)"},
        {"{\n  \"a\": 1,\n  b", "unexpected byte at byte 14 (line 3, column 3)"},
        {"{\r\n  \"a\": 1,\r\n  b", "unexpected byte at byte 16 (line 3, column 3)"},
        {"{}\n", "member 'sources' is missing"},
        {"{\n", "text ends early at byte 2 (line 2, column 1)"},
        {"{}\n\n{}", "something follows the value at byte 4 (line 3, column 1)"},
        /* two bytes, three bytes, four bytes: one character each */
        {"[\"\xc3\xa4\",x]", "unexpected byte at byte 6 (line 1, column 6)"},
        {"[\"\xe2\x89\xa5\",x]", "unexpected byte at byte 7 (line 1, column 6)"},
        {"[\"\xf0\x9f\x98\x80\",x]", "unexpected byte at byte 8 (line 1, column 6)"},
        {"[\"\xc3\xa4\",\nx]", "unexpected byte at byte 7 (line 2, column 1)"},
        {"[\"\n\"]", "control character in a string at byte 2 (line 1, column 3)"},
        {"[\"\xc3\xa4 \xa4\"]", "malformed UTF-8 at byte 5 (line 1, column 5)"},
        {"\xef\xbb\xbf[x", "unexpected byte at byte 4 (line 1, column 2)"},
        {"\xef\xbb\xbf[\nx", "unexpected byte at byte 5 (line 2, column 1)"},
        {"\xef\xbb\xbf{}", "member 'sources' is missing"},
        {"\xef\xbb\xbf\xef\xbb\xbf{}", "unexpected byte at byte 3 (line 1, column 1)"},
        /* a whole value, nothing behind it */
        {"5", "must be an object, is number"},
        {"5.5", "must be an object, is number"},
        {"null", "must be an object, is null"},
        {"true", "must be an object, is true"},
        {"\"a\" ", "must be an object, is string"},
        {"[[], {}, [null, {\"a\": [1]}]]", "must be an object, is array"},
        {"5 5", "something follows the value at byte 2 (line 1, column 3)"},
        {"{\"sources\": []}x", "something follows the value at byte 15 (line 1, column 16)"},
    };
    char dir[FIXTURE_DIR_SIZE], want[ERR_TEXT_BYTES_MAX];

    (void)state;
    fixture_make(dir);
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        bool is_json = strstr(ROWS[i].text, "(line ") == NULL;
        struct rules_release release;
        struct err err = {0};

        fixture_write(dir, SRC, ROWS[i].json, strlen(ROWS[i].json));
        (void)snprintf(want, sizeof want, SRC ": %s%s", is_json ? "" : "JSON: ", ROWS[i].text);
        assert_int_equal(store_read_files(dir, &release, &err),
                         is_json ? ERR_INVALID : ERR_SYNTAX);
        if (strcmp(err.text, want) != 0)
            fail_msg("row %zu: got \"%s\", want \"%s\"", i, err.text, want);
    }
    fixture_write(dir, SRC, "{}\0", 3);
    expect_refusal(dir, ERR_SYNTAX, "something follows the value at byte 2 (line 1, column 3)");
    fixture_remove(dir);
}

/* The gate's depth is the tree's: neither reader is stricter than the other. */
static void both_readers_go_equally_deep(void **state)
{
    static const struct {
        size_t depth;
        const char *inner;
        enum err_code code;
        const char *text;
    } ROWS[] = {
        {64, "", ERR_INVALID, SRC ": must be an object, is array"},
        {64, "1", ERR_INVALID, SRC ": must be an object, is array"},
        {64, "\"a\"", ERR_INVALID, SRC ": must be an object, is array"},
        {65, "", ERR_LIMIT, SRC ": JSON: nested too deep at byte 64 (line 1, column 65)"},
    };
    char dir[FIXTURE_DIR_SIZE], text[256];

    (void)state;
    fixture_make(dir);
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        size_t inner = strlen(ROWS[i].inner), depth = ROWS[i].depth;

        assert_true(2 * depth + inner < sizeof text);
        memset(text, '[', depth);
        memcpy(text + depth, ROWS[i].inner, inner);
        memset(text + depth + inner, ']', depth);
        fixture_write(dir, SRC, text, 2 * depth + inner);
        expect_refusal(dir, ROWS[i].code, ROWS[i].text);
    }
    fixture_remove(dir);
}

static bool json_c_takes(const char *text)
{
    struct json_tokener *tokener = json_tokener_new();
    bool is_taken;

    assert_non_null(tokener);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    (void)json_object_put(json_tokener_parse_ex(tokener, text, (int)strlen(text) + 1));
    is_taken = json_tokener_get_error(tokener) == json_tokener_success &&
               json_tokener_get_parse_end(tokener) == strlen(text);
    json_tokener_free(tokener);
    return is_taken;
}

/* Why there is a gate: what json-c, told to be strict, takes nevertheless. */
static void what_json_c_lets_through_is_refused(void **state)
{
    static const struct {
        const char *find, *put; /* in a drug with an age and a condition */
        enum err_code code;
        const char *text;
    } ROWS[] = {
        {"\"from\": 12,", "\"from\": 12, \"from\": 2,", ERR_INVALID, "name given twice"},
        {"\"from\": 12,", "\"from\": 12, \"fr\\u006fm\": 2,", ERR_INVALID, "name given twice"},
        {"\"from\": 12,", "\"from\\u0000 \": 12,", ERR_SYNTAX, "U+0000 in a string"},
        {"\"0.0\"", "\"0.0\\u0000\"", ERR_SYNTAX, "U+0000 in a string"},
        {"\"from\": 12,", "'from': 12,", ERR_SYNTAX, "unexpected byte"},
        {"12,", "NaN,", ERR_SYNTAX, "unexpected byte"},
        {"12,", "Infinity,", ERR_SYNTAX, "unexpected byte"},
        {"12,", "-Infinity,", ERR_SYNTAX, "malformed number"},
        {"12,", "-012,", ERR_SYNTAX, "malformed number"},
        {"12,", "12.,", ERR_SYNTAX, "malformed number"},
        {"\"mg/d\"", "\"mg\t/d\"", ERR_SYNTAX, "control character in a string"},
        {"\"mg/d\"", "\"mg\n/d\"", ERR_SYNTAX, "control character in a string"},
        {"\"mg/d\"", "\"mg\\ud800/d\"", ERR_SYNTAX, "lone surrogate"},
        {"\"mg/d\"", "\"mg\xed\xa0\x80/d\"", ERR_SYNTAX, "malformed UTF-8"},
    };
    char dir[FIXTURE_DIR_SIZE], text[4096];

    (void)state;
    fixture_make(dir);
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        const char *good = fixture_text(OTHER), *at = strstr(good, ROWS[i].find);

        assert_non_null(at);
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, ROWS[i].put,
                       at + strlen(ROWS[i].find));
        if (!json_c_takes(text))
            fail_msg("row %zu: json-c refuses it by itself", i);
        fixture_write(dir, OTHER, text, strlen(text));
        expect_refusal(dir, ROWS[i].code, ROWS[i].text);
        fixture_write(dir, OTHER, good, strlen(good));
    }
    fixture_remove(dir);
}

/* What the reader cannot see, the snapshot refuses. */
static void rows_that_do_not_fit_each_other_are_refused_later(void **state)
{
    static const struct bad ROWS[] = {
        {DRUG, "\"guide-1\"", "\"guide-9\"", ERR_INVALID, "guide-9"},
        {DRUG, "\"prasugrel\"", "\"prasugrol\"", ERR_INVALID, "prasugrol"},
        {DRUG, "{ \"CYP2C19\": [\"Poor", "{ \"CYP2C99\": [\"Poor", ERR_INVALID, "CYP2C99"},
        {GENE, "\"allele\": \"*2\"", "\"allele\": \"*3\"", ERR_INVALID, "*3"},
        {GENE, "\"name\": \"*2\"", "\"name\": \"*1\"", ERR_INVALID, "twice"},
        {CODES, "codeine\trxnorm", "cocaine\trxnorm", ERR_INVALID, "cocaine"},
        {TESTED, "[\"clopidogrel-poor\"]", "[\"clopidogrel-rich\"]", ERR_INVALID, "-rich"},
    };
    char dir[FIXTURE_DIR_SIZE];

    (void)state;
    fixture_make(dir);
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct rules_knowledge *knowledge = NULL;
        struct rules_release release;
        struct err err = {0};

        fixture_change(dir, ROWS[i].file, ROWS[i].find, ROWS[i].put);
        assert_ok(store_read_files(dir, &release, &err), &err);
        if (rules_knowledge_new(&release, SLICE("x"), &knowledge, &err) != ROWS[i].code ||
            strstr(err.text, ROWS[i].text) == NULL)
            fail_msg("row %zu: \"%s\"", i, err.text);
        rules_release_release(&release);
        fixture_write(dir, ROWS[i].file, fixture_text(ROWS[i].file),
                      strlen(fixture_text(ROWS[i].file)));
    }
    fixture_remove(dir);
}

static void missing_and_unexpected_files_are_refused(void **state)
{
    char dir[FIXTURE_DIR_SIZE], path[FIXTURE_DIR_SIZE + 128];

    (void)state;
    expect_refusal("/nowhere/at/all", ERR_NOT_FOUND, "/nowhere/at/all: No such file");
    fixture_make(dir);
    for (size_t i = 0; i < ARRAY_LEN(FIXTURE_FILES); i++) {
        const char *name = FIXTURE_FILES[i].name;

        if (strchr(name, '/') != NULL || strcmp(name, "modulators.json") == 0 ||
            strcmp(name, "pretests.json") == 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", dir, name);
        assert_int_equal(unlink(path), 0);
        expect_refusal(dir, ERR_NOT_FOUND, name);
        fixture_write(dir, name, FIXTURE_FILES[i].text, strlen(FIXTURE_FILES[i].text));
    }
    fixture_write(dir, "drug_code.tsv", "", 0);
    expect_refusal(dir, ERR_INVALID, "drug_code.tsv: unexpected; there are: release.json");
    (void)snprintf(path, sizeof path, "%s/drug_code.tsv", dir);
    assert_int_equal(unlink(path), 0);
    fixture_write(dir, "genes/CYP2C19.jsn", "{}", 2);
    expect_refusal(dir, ERR_INVALID, "genes/CYP2C19.jsn: unexpected");
    (void)snprintf(path, sizeof path, "%s/genes/CYP2C19.jsn", dir);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/messages/english words", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    expect_refusal(dir, ERR_INVALID, "messages/english words: unexpected");
    fixture_remove(dir);
}

static void large_and_strange_files_are_refused(void **state)
{
    size_t large = (size_t)16 * 1024 * 1024 + 1;
    char *text = malloc(large), dir[FIXTURE_DIR_SIZE], path[FIXTURE_DIR_SIZE + 128];

    (void)state;
    assert_non_null(text);
    memset(text, ' ', large);
    fixture_make(dir);
    fixture_write(dir, "sources.json", text, large);
    expect_refusal(dir, ERR_LIMIT, "sources.json: larger than 16777216 bytes");
    fixture_write(dir, "sources.json", text, large - 1);
    expect_refusal(dir, ERR_SYNTAX, "sources.json");
    (void)snprintf(path, sizeof path, "%s/sources.json", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_refusal(dir, ERR_INVALID, "sources.json: not a file");
    assert_int_equal(unlink(path), 0);
    fixture_write(dir, "sources.json", "", 0);
    expect_refusal(dir, ERR_SYNTAX, "sources.json");
    fixture_remove(dir);
    free(text);
}

/* The knowledge that ships with the gateway. */
static void the_shipped_knowledge_is_read(void **state)
{
    struct rules_release release;
    struct err err = {0};

    (void)state;
    assert_ok(store_read_files("rules/knowledge", &release, &err), &err);
    assert_true(release.recommendations_count > 0);
    assert_true(release.tests_count > 0);
    rules_release_release(&release);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_arrives_in_its_field),
        cmocka_unit_test(drugs_and_their_recommendations_arrive),
        cmocka_unit_test(wording_and_tests_arrive),
        cmocka_unit_test(the_fixture_is_valid_and_its_tests_hold),
        cmocka_unit_test(files_for_people_are_passed_over),
        cmocka_unit_test(bad_files_are_refused_with_the_place),
        cmocka_unit_test(faults_are_told_by_line_and_column),
        cmocka_unit_test(both_readers_go_equally_deep),
        cmocka_unit_test(what_json_c_lets_through_is_refused),
        cmocka_unit_test(rows_that_do_not_fit_each_other_are_refused_later),
        cmocka_unit_test(missing_and_unexpected_files_are_refused),
        cmocka_unit_test(large_and_strange_files_are_refused),
        cmocka_unit_test(the_shipped_knowledge_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
