/* tests/gateway/test_cli_rules.c -- `pgxgate migrate` and `pgxgate rules` as a person or a
 * script uses them: what they print, where, and their exit status. */
#include "gateway/store/migrate.h"
#include "tests/gateway/cli_fixture.h"
#include "tests/gateway/database_fixture.h"
#include "tests/gateway/knowledge_fixture.h"

#define TEXT_OF_(number) #number
#define TEXT_OF(number)  TEXT_OF_(number)
#define SCHEMA_IS_UP_TO_DATE                                                                   \
    "the schema is up to date: version " TEXT_OF(MIGRATE_VERSION_NEEDED)

/* --- without a database --------------------------------------------------------------------
 */

static void wrong_command_lines_are_usage(void **state)
{
    static const char *const LINES[] = {
        "rules",
        "rules bogus",
        "rules import",
        "rules import a b",
        "rules list x",
        "rules list --nope",
        "rules show a b",
        "rules import a --knowledge b",
        "migrate x",
        "migrate --nope",
        "rules test --database",
        "rules show --json",
        "rules approve",
        "rules diff a",
        "rules rollback a b",
        "rules policy --approvals",
        "rules list --at 2026-01-01T00:00Z",
    };

    (void)state;
    cli_use_database("");
    for (size_t i = 0; i < ARRAY_LEN(LINES); i++)
        cli_expect(LINES[i], EXIT_USAGE, "", "usage: pgxgate ");
    cli_expect("rules --help", EXIT_OK, "usage: pgxgate rules", "");
    cli_expect("rules list --help", EXIT_OK, "usage: pgxgate rules", "");
    cli_expect("migrate --help", EXIT_OK, "usage: pgxgate migrate", "");
}

static void without_a_database_it_says_so(void **state)
{
    (void)state;
    cli_use_database("");
    cli_expect("rules list", EXIT_CONFIG, "",
               "give --database CONNINFO or set PGXGATE_DATABASE");
    cli_expect("migrate", EXIT_CONFIG, "", "give --database CONNINFO or set PGXGATE_DATABASE");
    cli_expect("rules list --database host", EXIT_CONFIG, "", "connection string is malformed");
    cli_expect("rules list --database host=/nowhere", EXIT_UNAVAILABLE, "", "cannot connect");
    cli_expect("migrate --database host=/nowhere", EXIT_UNAVAILABLE, "", "cannot connect");
}

static void files_are_tested_and_shown_without_a_database(void **state)
{
    char dir[FIXTURE_DIR_SIZE];

    (void)state;
    cli_use_database("");
    fixture_make(dir);
    cli_expect_around("rules test --knowledge ", dir, "", EXIT_OK, "2 tests, 0 failed", "");
    cli_expect_around("rules test --knowledge ", dir, " --json", EXIT_OK,
                      "\"run\":2,\"failed\":0", "");
    cli_expect_around("rules test x --knowledge ", dir, "", EXIT_USAGE, "", "not both");
    cli_expect_around("rules show --knowledge ", dir, "", EXIT_OK, "fixture 1 by", "");
    cli_expect_around("rules show Clopidogrel --knowledge ", dir, "", EXIT_OK,
                      "    when       CYP2C19: Poor Metabolizer\n"
                      "    for        acute coronary syndrome\n"
                      "    says       avoid; consider prasugrel\n",
                      "");
    cli_expect_around("rules show codeine-poor --knowledge ", dir, "", EXIT_OK,
                      "    does       reduce_dose by 25-50 %; limit_dose to 20.5 mg/d\n"
                      "    source     CPIC 1, https://guide.example/1, PMID 1 2 (guide-1)\n",
                      "");
    cli_expect_around("rules show cyp2d6 --knowledge ", dir, "", EXIT_OK, "value at least 3.0",
                      "");
    cli_expect_around("rules show nothing --knowledge ", dir, "", EXIT_NO, "",
                      "no drug, gene or recommendation is called 'nothing'");
    fixture_change(dir, "tests/clopidogrel.json", "\"alert\": \"critical\"",
                   "\"alert\": \"warning\"");
    cli_expect_around("rules test --knowledge ", dir, "", EXIT_NO, "FAILED  *2/*2 is warned of",
                      "");
    cli_expect_around("rules test --knowledge ", dir, " --json", EXIT_NO, "\"failed\":1}", "");
    fixture_change(dir, "release.json", "\"name\"", "\"nam\"");
    cli_expect_around("rules test --knowledge ", dir, "", EXIT_DATA, "",
                      "pgxgate rules test: release.json: unknown member 'nam'");
    fixture_remove(dir);
}

/* --- with one ------------------------------------------------------------------------------
 */

static void knowledge_goes_from_files_to_use(void **state)
{
    const char *cluster = test_cluster();
    struct test_database database;
    char dir[FIXTURE_DIR_SIZE];

    (void)state;
    test_database_make(cluster, &database);
    cli_use_database(database.conninfo);
    fixture_make(dir);
    cli_expect_around("rules import ", dir, "", EXIT_UNAVAILABLE, "", "run 'pgxgate migrate'");
    cli_expect("migrate --check", EXIT_NO, "0001_knowledge.sql: to be applied", "");
    cli_expect("migrate --dir /nowhere", EXIT_DATA, "", "/nowhere: No such file");
    cli_expect("migrate", EXIT_OK, "0002_audit.sql: applied in", "");
    cli_expect("migrate", EXIT_OK, SCHEMA_IS_UP_TO_DATE, "");
    cli_expect("migrate --check", EXIT_OK, SCHEMA_IS_UP_TO_DATE, "");
    cli_expect("rules list", EXIT_OK, "", "");
    cli_expect("rules list --json", EXIT_OK, "[]", "");
    cli_expect("rules test", EXIT_NO, "", "there is no release");
    cli_expect("rules show", EXIT_NO, "", "no release is active");
    cli_expect_around("rules import ", dir, "", EXIT_OK, "imported fixture 1 (", "");
    cli_expect_around("rules import ", dir, "", EXIT_OK, "there already: fixture 1 (", "");
    cli_expect_around("rules import ", dir, " --json", EXIT_OK, "\"isNew\":false", "");
    cli_expect("rules list", EXIT_OK, "draft", "");
    cli_expect("rules test 1", EXIT_OK, "2 tests, 0 failed", "");
    cli_expect("rules list --json", EXIT_OK, "\"state\":\"tested\"", "");
    cli_expect("rules activate 1", EXIT_OK, "active: fixture 1 (", "");
    cli_expect("rules activate 1", EXIT_OK, "as before", "");
    cli_expect("rules show clopidogrel-poor", EXIT_OK, "avoid; consider prasugrel", "");
    cli_expect("rules test 2", EXIT_NO, "", "no release has the version or hash 2");

    fixture_change(dir, "tests/clopidogrel.json", "\"alert\": \"critical\"",
                   "\"alert\": \"warning\"");
    fixture_change(dir, "release.json", "\"1\"", "\"2\"");
    cli_expect_around("rules import ", dir, "", EXIT_OK, "imported fixture 2 (", "");
    cli_expect("rules activate", EXIT_NO, "", "refused: of 2 tests 1 failed");
    cli_expect("rules activate --json", EXIT_NO, "", "FAILED  *2/*2 is warned of");
    cli_expect("rules test 2", EXIT_NO, "2 tests, 1 failed", "");
    cli_expect("rules list --json", EXIT_OK,
               "\"version\":\"2\",\"developer\":\"the pgxgate "
               "contributors\",\"hash\":",
               "");
    cli_expect("rules show", EXIT_OK, "fixture 1 by", "");
    fixture_write(dir, "tests/clopidogrel.json", "{\"tests\":[]}", 12);
    fixture_change(dir, "release.json", "\"1\"", "\"3\"");
    cli_expect_around("rules import ", dir, "", EXIT_OK, "imported fixture 3 (", "");
    cli_expect("rules activate 3", EXIT_NO, "", "refused: of 0 tests 0 failed");
    fixture_remove(dir);
    test_database_drop(cluster, &database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_command_lines_are_usage),
        cmocka_unit_test(without_a_database_it_says_so),
        cmocka_unit_test(files_are_tested_and_shown_without_a_database),
        cmocka_unit_test(knowledge_goes_from_files_to_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
