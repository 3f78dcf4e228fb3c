/* tests/gateway/test_cli_import.c -- `pgxgate rules import` with what a site adds, and
 * `pgxgate codes`. */
#include "tests/gateway/cli_fixture.h"
#include "tests/gateway/database_fixture.h"
#include "tests/gateway/knowledge_fixture.h"

#define RXNORM "tests/data/rxnorm"

/* A site's table in the fixture's folder would be an unexpected file there: it goes beside. */
static void write_table(const char *dir, const char *text, char ret_path[PATH_MAX])
{
    FILE *file;

    (void)snprintf(ret_path, PATH_MAX, "%s.csv", dir);
    file = fopen(ret_path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void wrong_command_lines_are_usage(void **state)
{
    static const char *const LINES[] = {
        "rules import",
        "rules import a b",
        "rules import a --on 1",
        "rules import --on",
        "rules import a --rxnorm",
        "rules import a --rxnorm b --rxnorm c",
        "rules import a --nope",
        "rules import a --knowledge b",
        "codes",
        "codes resolved",
        "codes unresolved x",
        "codes unresolved --days 0",
        "codes unresolved --days x",
        "codes unresolved --limit 100001",
        "codes unresolved --csv --json",
        "codes unresolved --nope",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(LINES); i++)
        cli_expect(LINES[i], EXIT_USAGE, "", "usage: pgxgate ");
    cli_expect("rules import --help", EXIT_OK, "usage: pgxgate rules import DIR", "");
    cli_expect("codes --help", EXIT_OK, "usage: pgxgate codes unresolved", "");
}

static void wrong_files_are_told_before_the_database_is_asked(void **state)
{
    char dir[FIXTURE_DIR_SIZE], path[PATH_MAX], line[1024];

    (void)state;
    assert_int_equal(setenv("PGXGATE_DATABASE", "host=/nowhere", 1), 0);
    fixture_make(dir);
    cli_expect_with("rules import %s --rxnorm /nowhere", dir, EXIT_DATA, "",
                    "pgxgate rules import: RXNCONSO.RRF: No such file");
    cli_expect_with("rules import %s --codes /nowhere.csv", dir, EXIT_DATA, "",
                    "pgxgate rules import: nowhere.csv: No such file");
    write_table(dir, "system,code,drug\nsnomed,1,warfarin\n", path);
    (void)snprintf(line, sizeof line, "rules import %s --codes %.200s", dir, path);
    cli_expect(line, EXIT_DATA, "", ".csv:2: no drug of the release is called 'warfarin'");
    cli_expect_with("rules import %s --rxnorm " RXNORM, dir, EXIT_UNAVAILABLE, "",
                    "cannot connect");
    cli_expect("rules import --on 1", EXIT_UNAVAILABLE, "", "cannot connect");
    assert_int_equal(unlink(path), 0);
    fixture_remove(dir);
}

static void a_release_is_composed_and_composed_on(void **state)
{
    const char *cluster = test_cluster();
    struct test_database database;
    char dir[FIXTURE_DIR_SIZE], path[PATH_MAX], line[1024];
    struct db *db;

    (void)state;
    test_database_make(cluster, &database);
    db = test_connect(database.conninfo);
    test_migrate(db);
    assert_int_equal(setenv("PGXGATE_DATABASE", database.conninfo, 1), 0);
    fixture_make(dir);
    cli_expect_with("rules import %s", dir, EXIT_OK, "imported fixture 1 (", "");
    cli_expect_with("rules import %s --rxnorm " RXNORM, dir, EXIT_OK,
                    "RxNorm RXNORM_EXAMPLE from " RXNORM "\n"
                    "  RXNCONSO.RRF 43 rows, RXNREL.RRF 90 rows, RXNSAT.RRF 12 rows, "
                    "RXNATOMARCHIVE.RRF 12 rows, RXNCUI.RRF 4 rows, RXNSAB.RRF 1 rows\n",
                    "");
    cli_expect_with("rules import %s --rxnorm " RXNORM, dir, EXIT_OK, "there already:", "");
    cli_expect("rules import --on nothing", EXIT_NO, "", "no release has the version");
    cli_expect("rules import --on 1", EXIT_NO, "", "several releases have the version");
    cli_expect_with("rules import %s --rxnorm " RXNORM " --as 1-rx --per-drug", dir, EXIT_OK,
                    "       0  prasugrel\nimported fixture 1-rx (", "");
    /* On a release of the database; its own codes stay, the same addition adds nothing. */
    cli_expect("rules import --on 1-rx", EXIT_OK, "there already: fixture 1-rx", "");
    cli_expect("rules import --on 1-rx --rxnorm " RXNORM, EXIT_OK,
               "drugs without any code: prasugrel\nthere already: fixture 1-rx", "");
    write_table(dir, "system,code,drug\nsnomed,77,clopidogrel\nsnomed,78,rxcui:613391\n", path);
    (void)snprintf(line, sizeof line,
                   "rules import --on 1-rx --as 1-site --json --codes %.200s", path);
    cli_expect(line, EXIT_OK,
               "\"rows\":2,\"codesAdded\":2,\"codesThere\":0}],"
               "\"drugsWithoutCode\":[]}",
               "");
    cli_expect("rules test 1-site", EXIT_OK, "2 tests, 0 failed", "");
    cli_expect("rules activate 1-site", EXIT_OK, "active: fixture 1-site", "");
    /* A broken file stores nothing, and what is active stays. */
    write_table(dir, "system,code,drug\nsnomed,79,clopidogrel\nsnomed,80,clopidogrel", path);
    (void)snprintf(line, sizeof line, "rules import --on 1-site --codes %.200s", path);
    cli_expect(line, EXIT_DATA, "", ".csv:3: does not end with a line break");
    assert_int_equal(test_number(db, "SELECT count(*) FROM pgxgate.release"), 4);
    assert_int_equal(test_number(db, "SELECT count(*) FROM pgxgate.drug_code c JOIN "
                                     "pgxgate.release r ON r.id = c.release_id WHERE r.version "
                                     "= '1-site' AND c.code IN ('77', '78', '102')"),
                     3);
    cli_expect("rules list", EXIT_OK, "active", "");
    assert_int_equal(unlink(path), 0);
    fixture_remove(dir);
    db_free(db);
    test_database_drop(cluster, &database);
}

/* What the trace of a call says about the way from an order to its drugs. */
static void the_trace_says_what_named_the_drugs(void **state)
{
    (void)state;
    assert_int_equal(unsetenv("PGXGATE_DATABASE"), 0);
    cli_expect("replay tests/scenario/order-codes-contradict.json --knowledge rules/knowledge",
               EXIT_OK,
               "\"warning\":\"the codes of the order name different drugs; all of them were "
               "evaluated\"",
               "");
    cli_expect("replay tests/scenario/order-text-only.json --knowledge rules/knowledge",
               EXIT_OK, "\"warning\":\"the order names the drug only in words\"", "");
    cli_expect("replay tests/scenario/order-atc-code.json --knowledge rules/knowledge", EXIT_OK,
               "\"by\":\"atc\"", "");
}

static void unresolved_codes_are_counted(void **state)
{
    const char *cluster = test_cluster();
    struct test_database database;
    struct db *db;

    (void)state;
    test_database_make(cluster, &database);
    assert_int_equal(setenv("PGXGATE_DATABASE", database.conninfo, 1), 0);
    cli_expect("codes unresolved", EXIT_UNAVAILABLE, "", "run 'pgxgate migrate'");
    db = test_connect(database.conninfo);
    test_migrate(db);
    cli_expect("codes unresolved", EXIT_OK, "", "");
    cli_expect("codes unresolved --json", EXIT_OK, "[]\n", "");
    test_exec(
        db,
        "INSERT INTO pgxgate.audit (writer, sequence, at, request_id, worker, service, hook, "
        "outcome, http_status, cards, gaps, is_cut, took_us, parse_us, wait_us, decide_us, "
        "render_us) SELECT '00000000-0000-0000-0000-000000000000', n, "
        "now() - make_interval(days => n), 'r', 0, 's', 'h', 'ok', 200, 0, "
        "CASE WHEN n = 5 THEN '{}'::jsonb ELSE jsonb_build_object('unresolved_codes', "
        "jsonb_build_array(jsonb_build_object('system', 'urn:a', 'code', 'X-1'), "
        "jsonb_build_object('system', 'urn:a', 'code', 'Y' || n))) END, "
        "false, 0, 0, 0, 0, 0 FROM generate_series(1, 40) n");
    cli_expect("codes unresolved --limit 1 --csv", EXIT_OK,
               "system,code,drug,form,display\nurn:a,X-1,,,\n", "");
    cli_expect("codes unresolved --limit 2 --json --days 3", EXIT_OK,
               "[{\"system\":\"urn:a\",\"code\":\"X-1\",\"calls\":2,\"last\":\"", "");
    cli_expect("codes unresolved --limit 1", EXIT_OK, "urn:a|X-1\n", "");
    cli_expect("codes unresolved --limit 1 --days 100", EXIT_OK, "      39  2", "");
    db_free(db);
    test_database_drop(cluster, &database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_command_lines_are_usage),
        cmocka_unit_test(wrong_files_are_told_before_the_database_is_asked),
        cmocka_unit_test(a_release_is_composed_and_composed_on),
        cmocka_unit_test(the_trace_says_what_named_the_drugs),
        cmocka_unit_test(unresolved_codes_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
