/* tests/gateway/test_cpic_json.c -- CPIC's API and PharmCAT's files into a release, good and
 * bad.
 */
#include "tests/test.h"

#include "tests/gateway/cpic_fixture.h"

#include "gateway/store/cpic_json.h"

static void load(struct rules_release *release, const char *path, struct cpic_report *report)
{
    struct err err = {0};

    fixture_release("1", release);
    cpic_report_init(report);
    assert_ok(cpic_import_json(path, release, report, &err), &err);
}

static struct rules_knowledge *build(struct rules_release *release)
{
    struct rules_knowledge *k = NULL;
    struct err err = {0};

    assert_ok(rules_knowledge_new(release, SLICE("test"), &k, &err), &err);
    rules_release_release(release);
    return k;
}

static const struct rules_recommendation *find(const struct rules_knowledge *k, const char *id)
{
    const struct rules_release *rows = rules_knowledge_rows(k);

    for (size_t i = 0; i < rows->recommendations_count; i++)
        if (slice_eq_text(rows->recommendations[i].id, id))
            return &rows->recommendations[i];
    fail_msg("no recommendation %s", id);
    return NULL;
}

/* "CYP2D6 0.01..1.24; ..." in order of gene and key */
static void conditions_of(const struct rules_knowledge *k, const char *id, struct buf *buf)
{
    const struct rules_release *rows = rules_knowledge_rows(k);

    buf_clear(buf);
    for (size_t i = 0; i < rows->conditions_count; i++)
        if (slice_eq_text(rows->conditions[i].recommendation, id))
            buf_printf(buf, "%s%.*s %.*s", buf->len > 0 ? "; " : "",
                       SLICE_ARG(rows->conditions[i].gene), SLICE_ARG(rows->conditions[i].key));
}

static void rows_become_recommendations(void **state)
{
    static const struct {
        const char *id, *conditions;
        enum rules_alert alert;
        const char *verdict, *meaning, *options;
    } ROWS[] = {
        {"cpic.codeine.101", "CYP2D6 0.0", RULES_ALERT_CRITICAL, "another drug is advised",
         "Little morphine is made.", "Avoid codeine: it will not work."},
        {"cpic.codeine.102", "CYP2D6 0.01..1.24", RULES_ALERT_INFO, "another dose is advised",
         "Use another dose.", "Ask early."},
        {"cpic.codeine.104", "CYP2D6 1.25..2.0", RULES_ALERT_NONE, "usual use",
         "The usual dose.", ""},
        {"cpic.codeine.105", "CYP2D6 >=2.01", RULES_ALERT_CRITICAL,
         "another drug is advised; see the guidance", "Avoid codeine: too much.", ""},
        {"cpic.codeine.106", "CYP2D6 n/a", RULES_ALERT_NONE, "no recommendation",
         "No recommendation", ""},
        {"cpic.examplol.201", "CYP2C19 Poor Metabolizer; HLA-B *57:01 positive",
         RULES_ALERT_WARNING, "another drug is advised", "CYP2C19: Slow. HLA-B: Risk.",
         "Choose another drug."},
        {"cpic.examplol.202", "CYP2C19 Poor Metabolizer; HLA-B *57:01 negative",
         RULES_ALERT_INFO, "another dose is advised", "Slow.", "Use half."},
        /* CPIC's own "No CDS" parts it from the row before */
        {"cpic.examplol.203", "CYP2C19 Poor Metabolizer; HLA-B No Result", RULES_ALERT_NONE,
         "another dose is advised", "Slow.", "Use half."},
        {"cpic.exampline.301", "XGENE Nothing", RULES_ALERT_INFO,
         "guidance that may be considered", "Look out.", ""},
    };
    char dir[FIXTURE_DIR_SIZE];
    struct rules_knowledge *k;
    struct cpic_report report;
    struct rules_release release;
    struct buf conditions;
    size_t run = 0;

    (void)state;
    cpic_fixture_make(dir);
    load(&release, dir, &report);
    k = build(&release);
    buf_init(&conditions, 4096);
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        const struct rules_recommendation *r = find(k, ROWS[i].id);
        const struct rules_message *m = rules_find_message(k, r->message, SLICE("en"));

        conditions_of(k, ROWS[i].id, &conditions);
        assert_slice_equal(buf_slice(&conditions), ROWS[i].conditions);
        assert_string_equal(rules_alert_name(r->alert), rules_alert_name(ROWS[i].alert));
        assert_slice_equal(m->verdict, ROWS[i].verdict);
        assert_slice_equal(m->meaning, ROWS[i].meaning);
        assert_slice_equal(m->options, ROWS[i].options);
    }
    assert_int_equal(report.recommendations, ARRAY_LEN(ROWS));
    /* the fixture's two cases of clopidogrel, and one for each row that was not left out */
    assert_int_equal(rules_run_tests(k, NULL, NULL, &run), 0);
    assert_int_equal(run, 2 + 10);
    buf_release(&conditions);
    cpic_report_release(&report);
    rules_knowledge_release(k);
    fixture_remove(dir);
}

static void genes_drugs_and_the_rest_are_there(void **state)
{
    char dir[FIXTURE_DIR_SIZE];
    struct rules_knowledge *k;
    struct cpic_report report;
    struct rules_release release;
    const struct rules_release *rows;
    const struct rules_gene_drug *pairs;
    const struct rules_pretest *pretests;
    const struct rules_source *source;
    const struct rules_drug_code **codes;
    size_t count;

    (void)state;
    cpic_fixture_make(dir);
    load(&release, dir, &report);
    k = build(&release);
    rows = rules_knowledge_rows(k);
    assert_slice_equal(rows->version, "1+cpic-2026-04-30");
    assert_int_equal(rules_find_gene(k, SLICE("XGENE"))->method, RULES_METHOD_SEX_LINKED);
    assert_int_equal(rules_find_gene(k, SLICE("HLA-B"))->key_kind, RULES_KEY_ALLELE_STATUS);
    assert_null(rules_find_gene(k, SLICE("NOTABLE")));
    assert_int_equal(
        rules_priority_of(k, rules_find_gene(k, SLICE("CYP2C19")), SLICE("Normal Metabolizer")),
        RULES_PRIORITY_NORMAL);

    source = rules_find_source(k, find(k, "cpic.codeine.101")->source);
    assert_slice_equal(source->pmids, "111 222");
    assert_slice_equal(source->year, "2023");
    assert_slice_equal(source->version, "7, data of 2026-04-30");
    source = rules_find_source(k, find(k, "cpic.examplol.201")->source);
    assert_slice_equal(source->url, "https://www.clinpgx.org/guideline/PA2");

    count =
        rules_find_drugs_by_code(k, SLICE("http://www.whocc.no/atc"), SLICE("D01AA99"), &codes);
    assert_int_equal(count, 1);
    assert_int_equal(codes[0]->form, RULES_FORM_LOCAL); /* for the skin */
    count = rules_evidence_of(k, rules_find_drug(k, SLICE("codeine")), &pairs);
    assert_int_equal(count, 1); /* the removed pair is gone */
    assert_slice_equal(pairs[0].level, "A");
    assert_slice_equal(pairs[0].status, "Final");
    count = rules_pretests_of(k, rules_find_drug(k, SLICE("examplol")), &pretests);
    assert_int_equal(count, 1); /* nobody knows how HLA-B is ordered */
    assert_slice_equal(rules_find_message(k, pretests[0].message, SLICE("en"))->meaning,
                       "Two genes bear on examplol. Think of a test.");
    cpic_report_release(&report);
    rules_knowledge_release(k);
    fixture_remove(dir);
}

static void what_is_left_out_is_told(void **state)
{
    static const char *const NOTES[] = {
        "recommendation.json: recommendation[6] left out: it repeats recommendation.json: "
        "recommendation[5]",
        "recommendation.json: recommendation[11] (X:1) left out: no alleles and phenotypes of "
        "gene NOTABLE",
        "recommendation.json: recommendation[12] left out: no lookup key",
        "drug examplol: population 'adults' is new",
        "test_alert.json: test_alert[0]: the release does not say how a test of HLA-B is "
        "ordered",
        "gene CYP2C19: 1 other spellings left out",
    };
    char dir[FIXTURE_DIR_SIZE];
    struct cpic_report report;
    struct rules_release release;

    (void)state;
    cpic_fixture_make(dir);
    load(&release, dir, &report);
    for (size_t i = 0; i < 5; i++)
        if (slice_find(buf_slice(&report.notes), slice_of(NOTES[i])) == SIZE_MAX)
            fail_msg("no note \"%s\" in\n%.*s", NOTES[i], SLICE_ARG(buf_slice(&report.notes)));
    /* *2A is another name of *2, which is there */
    assert_true(slice_find(buf_slice(&report.notes), slice_of(NOTES[5])) == SIZE_MAX);
    cpic_report_release(&report);
    rules_release_release(&release);
    fixture_remove(dir);
}

/* Nothing is added twice. */
static void a_second_import_changes_nothing(void **state)
{
    char dir[FIXTURE_DIR_SIZE];
    struct cpic_report report;
    struct rules_release release;
    struct err err = {0};
    struct buf first, second;

    (void)state;
    cpic_fixture_make(dir);
    load(&release, dir, &report);
    release.version = SLICE("same");
    cpic_fixture_canonical(&release, &first);
    assert_ok(cpic_import_json(dir, &release, &report, &err), &err);
    release.version = SLICE("same");
    cpic_fixture_canonical(&release, &second);
    assert_true(slice_eq(buf_slice(&first), buf_slice(&second)));
    buf_release(&first);
    buf_release(&second);
    cpic_report_release(&report);
    rules_release_release(&release);
    fixture_remove(dir);
}

static const struct {
    const char *file, *find, *put, *text;
} BAD_FILES[] = {
    /* JSON */
    {"drug.json", "\"atcid\": []}]", "\"atcid\": [", "drug.json: "},
    {"drug.json", "\"codeine\"", "\"cod\xe9ine\"", "drug.json: "},
    {"drug.json", "\"codeine\"", "\"codeine\", \"name\": \"x\"", "drug.json: "},
    {"gene.json", "[{", "{\"code\": \"42\"} [{", "gene.json: "},
    {"change_log.json", "[{\"date\"", "[{\"day\"",
     "change_log.json: [0]: not a row of a relation that is read"},
    /* rows */
    {"gene.json", "{\"symbol\": \"XGENE\"", "7, {\"symbol\": \"XGENE\"",
     "gene.json: gene[3]: must be an object, is number"},
    {"allele.json", "\"name\": \"*2\", ", "", "allele.json: allele[1]: name: is missing"},
    {"allele.json", "\"name\": \"*2\"", "\"name\": [\"*2\"]",
     "allele.json: allele[1]: name: must not be array"},
    {"allele.json", "\"name\": \"*2\"", "\"name\": \"\"",
     "allele.json: allele[1]: name: must not be empty"},
    {"allele.json", "\"activityvalue\": \"0.25\"", "\"activityvalue\": \"a quarter\"",
     "allele CYP2D6 *10: activityvalue 'a quarter' is no value"},
    {"allele.json", "\"genesymbol\": \"XGENE\", \"name\": \"A\"",
     "\"genesymbol\": \"YGENE\", \"name\": \"A\"", "allele A: unknown gene 'YGENE'"},
    {"allele.json", "\"name\": \"*10\"", "\"name\": \"*4\"",
     "allele CYP2D6 *4: listed twice, with different functions"},
    {"gene.json", "\"symbol\": \"XGENE\"", "\"symbol\": \"HLA-B\"", "gene HLA-B: listed twice"},
    {"diplotype.json", "\"diplotype\": \"*2/*2\", \"function1\": \"No function\"",
     "\"diplotype\": \"*2/*2\", \"function1\": \"Normal function\"",
     "gene_result[2]: 'Normal function' with 'No function' is Poor Metabolizer here and "
     "Intermediate Metabolizer in an earlier row"},
    {"diplotype.json", "\"totalactivityscore\": \"1.25\"", "\"totalactivityscore\": \"1.0\"",
     "CYP2D6: the score 100/100 is "},
    {"diplotype.json", "\"totalactivityscore\": \"1.25\"", "\"totalactivityscore\": \"one\"",
     "gene_result[6]: 'one' is no score"},
    {"diplotype.json", "\"totalactivityscore\": \"1.25\"", "\"totalactivityscore\": null",
     "gene_result[6]: 'Normal Metabolizer' without a score"},
    {"drug.json", "[\"N02AA99\", \"D01AA99\"]", "[7]", "drug[1]: atcid: must be a list"},
    {"drug.json", "[\"N02AA99\", \"D01AA99\"]", "\"N02AA99\"",
     "drug[1]: atcid: must not be string"},
    {"publication.json", "\"222\"", "\"two\"",
     "publication.json: publication[1]: pmid: must be a number"},
    /* recommendations */
    {"recommendation.json", "{\"CYP2D6\": \"0.25\"}", "[\"CYP2D6\"]",
     "recommendation[1]: lookupkey: must be an object, is array"},
    {"recommendation.json", "{\"CYP2D6\": \"0.25\"}", "{\"CYP2D6\": 0.25}",
     "recommendation[1]: lookupkey: of CYP2D6 must be a word or allele counts"},
    {"recommendation.json", "{\"CYP2D6\": \"0.25\"}", "{\"CYP2D6\": {\"*1\": 3}}",
     "recommendation[1]: lookupkey: of CYP2D6 must be a word or allele counts"},
    {"recommendation.json", "{\"CYP2D6\": \"0.25\"}", "{\"CYP7X\": \"0.25\"}",
     "recommendation[1]: lookupkey: unknown gene 'CYP7X'"},
    {"recommendation.json", "{\"CYP2D6\": \"0.25\"}", "{\"CYP2D6\": \"lots\"}",
     "recommendation[1]: lookupkey: 'lots' is no result of CYP2D6"},
    {"recommendation.json", "{\"CYP2D6\": \"0.25\"}", "{\"CYP2D6\": \"0.0\"}",
     "recommendation[1]: the lookup key of recommendation.json: recommendation[0], with "
     "other advice"},
    {"recommendation.json", "\"CYP2C19\": \"Poor Metabolizer\"", "\"CYP2C19\": \"Poor\"",
     "recommendation[7]: lookupkey: 'Poor' is no result of CYP2C19"},
    {"recommendation.json", "\"*57:01 positive\"", "\"*57:01 maybe\"",
     "recommendation[7]: lookupkey: '*57:01 maybe' is no result of HLA-B"},
    {"recommendation.json", "\"drugid\": \"X:1\"", "\"drugid\": \"X:2\"",
     "recommendation[10]: unknown drug 'X:2'"},
    {"recommendation.json", "\"guidelineid\": 2", "\"guidelineid\": 3",
     "recommendation[7]: unknown guideline '3'"},
    {"recommendation.json", "\"dosinginformation\": true", "\"dosinginformation\": \"yes\"",
     "recommendation[1]: dosinginformation: must not be string"},
    {"recommendation.json", "{\"CYP2D6\": \"Little morphine is made.\"}", "[\"x\"]",
     "recommendation[0]: implications: must be an object, is array"},
    {"recommendation.json", "\"Little morphine is made.\"", "7",
     "recommendation[0]: implications: must be texts"},
    {"test_alert.json", "[\"n/a\"]", "\"n/a\"", "test_alert[1]: alerttext: must not be string"},
};

static void bad_files_are_refused(void **state)
{
    char dir[FIXTURE_DIR_SIZE];
    size_t wrong = 0;

    (void)state;
    cpic_fixture_make(dir);
    for (size_t i = 0; i < ARRAY_LEN(BAD_FILES); i++) {
        struct buf text;
        struct rules_release release;
        struct cpic_report report;
        struct err err = {0};

        cpic_fixture_read(BAD_FILES[i].file, &text);
        fixture_write_changed(dir, BAD_FILES[i].file, buf_slice(&text).ptr, BAD_FILES[i].find,
                              BAD_FILES[i].put);
        buf_release(&text);
        fixture_release("1", &release);
        cpic_report_init(&report);
        if (cpic_import_json(dir, &release, &report, &err) == ERR_OK ||
            slice_find(slice_of(err.text), slice_of(BAD_FILES[i].text)) == SIZE_MAX) {
            wrong++;
            print_error("row %zu: got \"%s\"\n  want \"%s\"\n", i, err.text, BAD_FILES[i].text);
        }
        cpic_report_release(&report);
        rules_release_release(&release);
        cpic_fixture_copy(dir, BAD_FILES[i].file);
    }
    fixture_remove(dir);
    assert_int_equal(wrong, 0);
}

static void a_folder_without_files_is_refused(void **state)
{
    char dir[FIXTURE_DIR_SIZE];
    struct rules_release release;
    struct cpic_report report;
    struct err err = {0};

    (void)state;
    fixture_make_folder(dir);
    fixture_release("1", &release);
    cpic_report_init(&report);
    assert_int_equal(cpic_import_json(dir, &release, &report, &err), ERR_INVALID);
    err_clear(&err);
    assert_int_equal(cpic_import_json("/no/such/file.json", &release, &report, &err),
                     ERR_NOT_FOUND);
    cpic_report_release(&report);
    rules_release_release(&release);
    fixture_remove(dir);
}

/* --- PharmCAT ------------------------------------------------------------------------------
 */

static const char GUIDANCE[] =
    "{\"version\": \"2025-11-05\", \"guidelines\": [\n"
    " {\"guideline\": {\"id\": \"PA1\", \"source\": \"DPWG\", \"name\": \"A Dutch "
    "guideline\",\n"
    "   \"version\": 3, \"relatedChemicals\": [{\"name\": \"codeine\"}]},\n"
    "  \"citations\": [{\"pmid\": \"444\", \"year\": 2018}],\n"
    "  \"recommendations\": [\n"
    "   {\"id\": \"PA11\", \"lookupKey\": {\"CYP2D6\": \"2.5\"}, \"population\": null,\n"
    "    \"classification\": null, \"text\": {\"html\": \"<ol>\\n<li>Use &lt; 20 "
    "mg&nbsp;a day.</li><li>Or <b>not</b>.</li></ol>\"},\n"
    "    \"implications\": [\"CYP2D6: more of it\"], \"dosingInformation\": true,\n"
    "    \"alternateDrugAvailable\": false, \"otherPrescribingGuidance\": false},\n"
    "   {\"id\": \"PA12\", \"lookupKey\": {\"CYP2D6\": {\"*4\": 2.0}}, \"population\": null,\n"
    "    \"classification\": {\"term\": \"Unspecified\"}, \"text\": \"NO action is needed.\",\n"
    "    \"implications\": [], \"dosingInformation\": false,\n"
    "    \"alternateDrugAvailable\": false, \"otherPrescribingGuidance\": false},\n"
    "   {\"id\": \"PA13\", \"lookupKey\": {\"CYP2D6\": \"xN combinations\"}, \"population\": "
    "null,\n"
    "    \"classification\": null, \"text\": null,\n"
    "    \"implications\": [], \"dosingInformation\": false,\n"
    "    \"alternateDrugAvailable\": false, \"otherPrescribingGuidance\": false}]},\n"
    " {\"guideline\": {\"id\": \"PA2\", \"source\": \"FDA\", \"name\": \"A label\"},\n"
    "  \"recommendations\": \"not looked at\"}]}\n";

static void guidance_of_pharmcat_is_read(void **state)
{
    char dir[FIXTURE_DIR_SIZE];
    struct rules_knowledge *k;
    struct cpic_report report;
    struct rules_release release;
    const struct rules_message *message;
    const struct rules_source *source;
    struct buf conditions;

    (void)state;
    fixture_make_folder(dir);
    fixture_write(dir, "prescribing_guidance.json", GUIDANCE, strlen(GUIDANCE));
    load(&release, dir, &report);
    k = build(&release);
    buf_init(&conditions, 4096);
    conditions_of(k, "dpwg.codeine.pa11", &conditions);
    /* the fixture's DPWG is keyed by phenotypes, and 2.5 is normal for it */
    assert_slice_equal(buf_slice(&conditions), "CYP2D6 Normal Metabolizer");
    conditions_of(k, "dpwg.codeine.pa12", &conditions);
    assert_slice_equal(buf_slice(&conditions), "CYP2D6 = *4 / *4");
    message = rules_find_message(k, find(k, "dpwg.codeine.pa11")->message, SLICE("en"));
    assert_slice_equal(message->meaning, "more of it");
    assert_slice_equal(message->options, "Use < 20 mg a day.\nOr not.");
    source = rules_find_source(k, find(k, "dpwg.codeine.pa11")->source);
    assert_slice_equal(source->title, "A Dutch guideline (text of KNMP, annotated by ClinPGx, "
                                      "CC BY-SA 4.0)");
    assert_slice_equal(source->pmids, "444");
    (void)find(k, "codeine-poor"); /* CPIC's stays beside it */
    assert_true(slice_find(buf_slice(&report.notes),
                           SLICE("1 guidelines of publishers other")) != SIZE_MAX);
    assert_true(slice_find(buf_slice(&report.notes), SLICE("'xN combinations' is no result")) !=
                SIZE_MAX);
    buf_release(&conditions);
    cpic_report_release(&report);
    rules_knowledge_release(k);
    fixture_remove(dir);
}

static void bad_guidance_is_refused(void **state)
{
    static const struct {
        const char *find, *put, *text;
    } ROWS[] = {
        {"\"guidelines\": [", "\"guidelines\": {\"x\": [", "prescribing_guidance.json: "},
        {"\"id\": \"PA11\", ", "", "guidelines[0].recommendations[0]: id: must not be empty"},
        {"\"source\": \"DPWG\", ", "", "guidelines[0]: source: must not be empty"},
        {"{\"CYP2D6\": \"2.5\"}", "{\"CYP2D6\": [\"2.5\"]}",
         "guidelines[0].recommendations[0]: lookupkey: of CYP2D6 must be a word"},
        {"\"dosingInformation\": true", "\"dosingInformation\": 1",
         "guidelines[0].recommendations[0]: dosingInformation: must be true or false, is "
         "number"},
        {"\"alternateDrugAvailable\": false, \"otherPrescribingGuidance\": false},",
         "\"otherPrescribingGuidance\": false},",
         "guidelines[0].recommendations[0]: alternateDrugAvailable: must be true or false, is "
         "absent"},
        {"[\"CYP2D6: more of it\"]", "\"CYP2D6: more of it\"",
         "implications: must be an array, is string"},
        {"[{\"name\": \"codeine\"}]", "[]",
         "guidelines[0].recommendations[0]: relatedChemicals: names no drug"},
    };
    char dir[FIXTURE_DIR_SIZE];

    (void)state;
    fixture_make_folder(dir);
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct rules_release release;
        struct cpic_report report;
        struct err err = {0};

        fixture_write_changed(dir, "prescribing_guidance.json", GUIDANCE, ROWS[i].find,
                              ROWS[i].put);
        fixture_release("1", &release);
        cpic_report_init(&report);
        assert_int_not_equal(cpic_import_json(dir, &release, &report, &err), ERR_OK);
        if (slice_find(slice_of(err.text), slice_of(ROWS[i].text)) == SIZE_MAX)
            fail_msg("row %zu: got \"%s\"", i, err.text);
        cpic_report_release(&report);
        rules_release_release(&release);
    }
    fixture_remove(dir);
}

static void phenotypes_of_pharmcat_are_read(void **state)
{
    static const char NEWER[] =
        "{\"gene\": \"CYP2C19\", \"namedAlleles\": [\n"
        "  {\"name\": \"*1\", \"functionValue\": \"Normal function\", \"activityValue\": "
        "null},\n"
        "  {\"name\": \"*2\", \"functionValue\": \"No function\", \"activityValue\": null},\n"
        "  {\"name\": \"*3\", \"functionValue\": \"No function\", \"activityValue\": null}],\n"
        " \"diplotypes\": [\n"
        "  {\"diplotype\": \"*1/*1\", \"generesult\": \"Normal Metabolizer\"},\n"
        "  {\"diplotype\": \"*1/*2\", \"generesult\": \"Intermediate Metabolizer\"},\n"
        "  {\"diplotype\": \"*1/*3\", \"generesult\": \"Intermediate Metabolizer\"},\n"
        "  {\"diplotype\": \"*2/*3\", \"generesult\": \"Poor Metabolizer\"}]}";
    static const char OLDER[] =
        "{\"gene\": \"CYP2D6\",\n"
        " \"haplotypes\": {\"*1\": \"1.0\", \"*4\": \"0.0\", \"*9\": \"0.5\", \"*7\": "
        "\"n/a\"},\n"
        " \"activityValues\": {\"*1\": \"1.0\", \"*4\": \"0.0\", \"*9\": \"0.5\", \"*7\": "
        "\"n/a\"},\n"
        " \"diplotypes\": [\n"
        "  {\"diplotype\": \"*4/*4\", \"generesult\": \"Poor Metabolizer\", \"activityScore\": "
        "\"0.0\"},\n"
        "  {\"diplotype\": \"*1/*9\", \"generesult\": \"Normal Metabolizer\", "
        "\"activityScore\": \"1.5\"},\n"
        "  {\"diplotype\": \"*1/*7\", \"generesult\": \"n/a\", \"activityScore\": \"n/a\"}]}";
    char dir[FIXTURE_DIR_SIZE];
    struct rules_knowledge *k;
    struct cpic_report report;
    struct rules_release release;
    size_t alleles = 0;

    (void)state;
    fixture_make_folder(dir);
    fixture_write(dir, "CYP2C19.json", NEWER, strlen(NEWER));
    fixture_write(dir, "CYP2D6.json", OLDER, strlen(OLDER));
    load(&release, dir, &report);
    k = build(&release);
    assert_int_equal(report.genes, 2);
    for (size_t i = 0; i < rules_knowledge_rows(k)->alleles_count; i++) {
        const struct rules_allele *a = &rules_knowledge_rows(k)->alleles[i];

        alleles++;
        if (slice_eq_text(a->name, "*4")) /* the release knew its function */
            assert_slice_equal(a->function, "No function");
        if (slice_eq_text(a->name, "*9"))
            assert_int_equal(a->value_x100, 50);
    }
    assert_int_equal(alleles, 7);
    cpic_report_release(&report);
    rules_knowledge_release(k);
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_become_recommendations),
        cmocka_unit_test(genes_drugs_and_the_rest_are_there),
        cmocka_unit_test(what_is_left_out_is_told),
        cmocka_unit_test(a_second_import_changes_nothing),
        cmocka_unit_test(bad_files_are_refused),
        cmocka_unit_test(a_folder_without_files_is_refused),
        cmocka_unit_test(guidance_of_pharmcat_is_read),
        cmocka_unit_test(bad_guidance_is_refused),
        cmocka_unit_test(phenotypes_of_pharmcat_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
