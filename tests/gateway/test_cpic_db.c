/* tests/gateway/test_cpic_db.c -- CPIC's database: as its API, with old names, and broken. */
#include "tests/test.h"

#include "gateway/store/cpic_db.h"
#include "tests/gateway/cpic_fixture.h"
#include "tests/gateway/database_fixture.h"

struct setting {
    const char *cluster;
    struct test_database database;
    struct db *db;
};

/* Columns that are read, some that are not, and types that differ. */
static const char SCHEMA[] =
    "CREATE SCHEMA cpic;"
    "CREATE TABLE cpic.gene (symbol varchar(20) NOT NULL, chr varchar(20), hgncid text,"
    "  lookupmethod text, url text);"
    "CREATE TABLE cpic.allele (id integer NOT NULL, genesymbol varchar(50) NOT NULL,"
    "  name text NOT NULL, clinicalfunctionalstatus text, activityvalue varchar(50));"
    "CREATE TABLE cpic.gene_result (id integer NOT NULL, genesymbol varchar(50) NOT NULL,"
    "  result text NOT NULL, activityscore text, ehrpriority text, consultationtext text);"
    "CREATE TABLE cpic.gene_result_lookup (id integer NOT NULL, phenotypeid integer NOT NULL,"
    "  lookupkey jsonb, function1 text, function2 text, activityvalue1 text,"
    "  activityvalue2 text, totalactivityscore text);"
    "CREATE TABLE cpic.drug (drugid varchar(20) NOT NULL, name text NOT NULL, clinpgxid text,"
    "  rxnormid varchar(20), atcid text[]);"
    "CREATE TABLE cpic.guideline (id integer NOT NULL, version integer, name text NOT NULL,"
    "  url text, genes text[], clinpgxid text);"
    "CREATE TABLE cpic.publication (id integer NOT NULL, guidelineid integer, title text,"
    "  year integer, pmid text);"
    "CREATE TABLE cpic.recommendation (id integer NOT NULL, guidelineid integer,"
    "  drugid varchar(20), implications jsonb, drugrecommendation text,"
    "  classification varchar(20), lookupkey jsonb, population text, comments text,"
    "  dosinginformation boolean, alternatedrugavailable boolean,"
    "  otherprescribingguidance boolean);"
    "CREATE TABLE cpic.pair (pairid integer NOT NULL, genesymbol varchar(20),"
    "  drugid varchar(20), guidelineid integer, cpiclevel varchar(5) NOT NULL,"
    "  clinpgxlevel varchar(5), removed boolean);"
    "CREATE TABLE cpic.test_alert (id integer NOT NULL, population text,"
    "  cdscontext text NOT NULL, genes text[], lookupkey jsonb, drugid varchar(20),"
    "  alerttext text[] NOT NULL);"
    "CREATE TABLE cpic.change_log (date date NOT NULL, type text NOT NULL, note text NOT NULL);"
    "CREATE TABLE cpic.diplotype (n serial, genesymbol text, generesult text, ehrpriority text,"
    "  function1 text, function2 text, activityvalue1 text, activityvalue2 text,"
    "  totalactivityscore text);";

static const char RESULTS[] =
    "INSERT INTO cpic.gene_result (id, genesymbol, result, activityscore, ehrpriority)"
    " SELECT n, genesymbol, generesult, totalactivityscore, ehrpriority FROM cpic.diplotype;"
    "INSERT INTO cpic.gene_result_lookup SELECT n, n, '{}', function1, function2,"
    "  activityvalue1, activityvalue2, totalactivityscore FROM cpic.diplotype"
    " WHERE genesymbol <> 'HLA-B';";

/* The rows of the API's file as rows of the table. */
static void fill_table(struct db *db, const char *table)
{
    struct db_statement statement = {table, NULL, false};
    struct buf text;
    char name[64], sql[400];
    const char *params[1];
    struct err err = {0};

    (void)snprintf(name, sizeof name, "%s.json", table);
    cpic_fixture_read(name, &text);
    params[0] = text.bytes;
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO cpic.%s SELECT (jsonb_populate_record(NULL::cpic.%s,"
                   " %s || e)).* FROM jsonb_array_elements($1::jsonb)"
                   " WITH ORDINALITY a(e, n)",
                   table, table,
                   strcmp(table, "diplotype") == 0 ? "jsonb_build_object('n', a.n)"
                                                   : "'{}'::jsonb");
    statement.sql = sql;
    assert_ok(db_query(db, &statement, params, 1, NULL, &err), &err);
    buf_release(&text);
}

static int set_up(void **state)
{
    static struct setting s;

    *state = &s;
    s = (struct setting){.cluster = getenv("PGXGATE_TEST_DATABASE")};
    if (s.cluster == NULL)
        return 0;
    test_database_make(s.cluster, &s.database);
    s.db = test_connect(s.database.conninfo);
    test_exec(s.db, SCHEMA);
    for (size_t i = 0; i < ARRAY_LEN(CPIC_FILES); i++)
        fill_table(s.db, CPIC_FILES[i]);
    test_exec(s.db, RESULTS);
    return 0;
}

static int tear_down(void **state)
{
    struct setting *s = *state;

    if (s->cluster == NULL)
        return 0;
    db_free(s->db);
    test_database_drop(s->cluster, &s->database);
    return 0;
}

static struct setting *need(void **state)
{
    (void)test_cluster();
    return *state;
}

/* Imports into the fixture's release; gives its canonical form. */
static enum err_code import(const struct setting *s, struct buf *ret, struct err *err)
{
    struct rules_release release;
    struct cpic_report report;
    enum err_code code;

    fixture_release("1", &release);
    cpic_report_init(&report);
    code = cpic_import_database(s->database.conninfo, &release, &report, err);
    if (code == ERR_OK)
        cpic_fixture_canonical(&release, ret);
    cpic_report_release(&report);
    rules_release_release(&release);
    return code;
}

static void database_and_api_make_the_same_release(void **state)
{
    struct setting *s = need(state);
    struct rules_release release;
    struct cpic_report report;
    char dir[FIXTURE_DIR_SIZE];
    struct buf from_database, from_api;
    struct err err = {0};

    assert_ok(import(s, &from_database, &err), &err);
    cpic_fixture_make(dir);
    fixture_release("1", &release);
    cpic_report_init(&report);
    assert_ok(cpic_import_json(dir, &release, &report, &err), &err);
    cpic_fixture_canonical(&release, &from_api);
    assert_true(slice_eq(buf_slice(&from_database), buf_slice(&from_api)));
    cpic_report_release(&report);
    rules_release_release(&release);
    buf_release(&from_database);
    buf_release(&from_api);
    fixture_remove(dir);
}

/* A dump from before 2025, one without what is optional, and what does not matter. */
static void older_databases_are_read(void **state)
{
    static const struct {
        const char *change, *back;
        bool is_same;
    } ROWS[] = {
        {"ALTER TABLE cpic.guideline RENAME clinpgxid TO pharmgkbid;"
         "ALTER TABLE cpic.drug RENAME clinpgxid TO pharmgkbid",
         "ALTER TABLE cpic.guideline RENAME pharmgkbid TO clinpgxid;"
         "ALTER TABLE cpic.drug RENAME pharmgkbid TO clinpgxid",
         true},
        {"ALTER TABLE cpic.gene RENAME hgncid TO h", "ALTER TABLE cpic.gene RENAME h TO hgncid",
         false},
        {"ALTER SCHEMA cpic RENAME TO c; CREATE SCHEMA cpic;"
         "CREATE VIEW cpic.gene AS TABLE c.gene; CREATE VIEW cpic.allele AS TABLE c.allele;"
         "CREATE VIEW cpic.gene_result AS TABLE c.gene_result;"
         "CREATE VIEW cpic.gene_result_lookup AS TABLE c.gene_result_lookup;"
         "CREATE VIEW cpic.drug AS TABLE c.drug;"
         "CREATE VIEW cpic.guideline AS TABLE c.guideline;"
         "CREATE VIEW cpic.recommendation AS TABLE c.recommendation",
         "DROP SCHEMA cpic CASCADE; ALTER SCHEMA c RENAME TO cpic", false},
        {"UPDATE cpic.recommendation SET comments = ' ' WHERE comments IS NULL",
         "UPDATE cpic.recommendation SET comments = NULL WHERE comments = ' '", true},
    };
    struct setting *s = need(state);
    struct buf whole, got;
    struct err err = {0};

    assert_ok(import(s, &whole, &err), &err);
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        test_exec(s->db, ROWS[i].change);
        assert_ok(import(s, &got, &err), &err);
        assert_int_equal(slice_eq(buf_slice(&whole), buf_slice(&got)), ROWS[i].is_same);
        test_exec(s->db, ROWS[i].back);
        buf_release(&got);
    }
    buf_release(&whole);
}

static const struct {
    const char *change, *text;
} BROKEN[] = {
    {"ALTER TABLE cpic.recommendation DROP dosinginformation",
     "no column cpic.recommendation.dosinginformation in this database"},
    {"ALTER TABLE cpic.allele DROP clinicalfunctionalstatus",
     "no column cpic.allele.clinicalfunctionalstatus in this database"},
    {"DROP TABLE cpic.gene_result_lookup CASCADE", "cpic.gene_result"},
    {"DROP TABLE cpic.drug CASCADE", "no column cpic.drug.drugid in this database"},
    {"DELETE FROM cpic.recommendation", "cpic.recommendation is empty"},
    {"DELETE FROM cpic.gene", "cpic.gene is empty"},
    {"UPDATE cpic.recommendation SET lookupkey = '[1]' WHERE id = 102",
     "cpic.recommendation 102: lookupkey: must be an object, is array"},
    {"UPDATE cpic.recommendation SET lookupkey = '{\"CYP2D6\": null}' WHERE id = 102",
     "cpic.recommendation 102: lookupkey: of CYP2D6 must be a word or allele counts"},
    {"ALTER TABLE cpic.recommendation ALTER lookupkey TYPE text USING '{\"CYP2D6\": '",
     "cpic.recommendation 101: lookupkey: must be an object, is string"},
    {"UPDATE cpic.recommendation SET lookupkey = '{\"CYP8Y\": \"x\"}' WHERE id = 102",
     "cpic.recommendation 102: lookupkey: unknown gene 'CYP8Y'"},
    {"UPDATE cpic.recommendation SET lookupkey = '{\"CYP2D6\": \"0.0\"}' WHERE id = 102",
     "cpic.recommendation 102: the lookup key of cpic.recommendation 101, with other "
     "advice"},
    {"UPDATE cpic.recommendation SET implications = '\"x\"' WHERE id = 102",
     "cpic.recommendation 102: implications: must be an object, is string"},
    {"UPDATE cpic.recommendation SET drugid = 'RxNorm:77' WHERE id = 102",
     "cpic.recommendation 102: unknown drug 'RxNorm:77'"},
    {"UPDATE cpic.recommendation SET drugrecommendation = repeat('x', 20000) WHERE id = "
     "102",
     "cpic.recommendation 102: drugrecommendation: longer than 16000 bytes"},
    {"ALTER TABLE cpic.recommendation ALTER dosinginformation TYPE text USING 'maybe'",
     "cpic.recommendation 101: dosinginformation: must be true or false"},
    {"ALTER TABLE cpic.drug ALTER atcid TYPE text USING 'N02AA99'",
     "cpic.drug RxNorm:2670: atcid: must be a list, is string"},
    {"UPDATE cpic.gene_result SET result = '' WHERE id = 1",
     "cpic.gene_result 1: result: must not be empty"},
    {"UPDATE cpic.gene_result_lookup SET totalactivityscore = '?' WHERE id = 6",
     "cpic.gene_result 6: '?' is no score"},
    {"UPDATE cpic.gene SET symbol = 'HLA-B' WHERE symbol = 'XGENE'",
     "gene HLA-B: listed twice"},
    {"DROP SCHEMA cpic CASCADE", "the database has no schema cpic to read"},
};

/* Each change is made in a copy of the database. */
static void broken_databases_are_refused(void **state)
{
    struct setting *s = need(state);
    size_t wrong = 0;

    for (size_t i = 0; i < ARRAY_LEN(BROKEN); i++) {
        struct setting copy = {.cluster = s->cluster};
        struct err err = {0};
        struct buf got;
        char sql[200];
        struct db *db;

        db_free(s->db); /* a template has no visitors */
        s->db = NULL;
        db = test_connect(s->cluster);
        (void)snprintf(copy.database.name, sizeof copy.database.name, "%.50s_copy",
                       s->database.name);
        (void)snprintf(copy.database.conninfo, sizeof copy.database.conninfo, "%s dbname=%s",
                       s->cluster, copy.database.name);
        (void)snprintf(sql, sizeof sql, "CREATE DATABASE %s TEMPLATE %s", copy.database.name,
                       s->database.name);
        test_exec(db, sql);
        db_free(db);
        s->db = test_connect(copy.database.conninfo);
        test_exec(s->db, BROKEN[i].change);
        if (import(&copy, &got, &err) == ERR_OK) {
            wrong++;
            print_error("row %zu: was not refused\n", i);
            buf_release(&got);
        } else if (slice_find(slice_of(err.text), slice_of(BROKEN[i].text)) == SIZE_MAX) {
            wrong++;
            print_error("row %zu: got \"%s\"\n  want \"%s\"\n", i, err.text, BROKEN[i].text);
        }
        db_free(s->db);
        test_database_drop(s->cluster, &copy.database);
        s->db = NULL;
    }
    s->db = test_connect(s->database.conninfo);
    assert_int_equal(wrong, 0);
}

static void no_database_is_told(void **state)
{
    struct setting *s = need(state);
    struct cpic_rows rows;
    struct err err = {0};

    (void)s;
    cpic_rows_init(&rows);
    assert_int_equal(cpic_db_read("host=/no/such/folder", &rows, &err), ERR_UPSTREAM);
    err_clear(&err);
    assert_int_equal(cpic_db_read("no connection string", &rows, &err), ERR_INVALID);
    cpic_rows_release(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(database_and_api_make_the_same_release),
        cmocka_unit_test(older_databases_are_read),
        cmocka_unit_test(broken_databases_are_refused),
        cmocka_unit_test(no_database_is_told),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
