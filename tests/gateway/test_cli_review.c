/* tests/gateway/test_cli_review.c -- `pgxgate rules lint`, diff and coverage on files and on
 * the database. */
#include "gateway/store/not_covered.h"
#include "tests/gateway/cli_fixture.h"
#include "tests/gateway/database_fixture.h"
#include "tests/gateway/knowledge_fixture.h"

#define HOLE_ERROR   "error    hole             drug clopidogrel: no recommendation"
#define LOUDER       "\"alert\": \"critical\""
#define LESS_LOUD    "\"alert\": \"warning\""
#define PAIRS_CHANGE "\n1 drug-gene pair changes\n  clopidogrel - CYP2C19: other advice for 1 "

/* Two folders in one line. */
static void expect_two(const char *before, const char *a, const char *b, const char *after,
                       int status, const char *out, const char *err)
{
    char line[512];

    (void)snprintf(line, sizeof line, "%s%s %s%s", before, a, b, after);
    cli_expect(line, status, out, err);
}

static void files_are_reviewed_without_a_database(void **state)
{
    char dir[FIXTURE_DIR_SIZE], other[FIXTURE_DIR_SIZE];

    (void)state;
    cli_use_database("");
    fixture_make(dir);
    fixture_make(other);
    cli_expect_around("rules lint --knowledge ", dir, "", EXIT_NO, HOLE_ERROR, "");
    cli_expect_around(
        "rules lint --knowledge ", dir, " --json", EXIT_NO,
        "{\"severity\":\"error\",\"rule\":\"hole\",\"about\":\"drug clopidogrel\"", "");
    cli_expect_around("rules lint x --knowledge ", dir, "", EXIT_USAGE, "", "not both");
    cli_expect("rules lint --knowledge /nowhere", EXIT_DATA, "", "/nowhere");
    cli_expect_around("rules coverage --knowledge ", dir, "", EXIT_OK,
                      "# What fixture 1 covers\n", "");
    cli_expect_around("rules coverage --knowledge ", dir, "", EXIT_OK,
                      "| codeine | CYP2D6 n/a | The guide has none. |\n", "");
    expect_two("rules diff ", dir, other, "", EXIT_OK, "no difference in meaning\n", "");
    expect_two("rules diff ", dir, other, " --json", EXIT_OK, "\"isSame\":true", "");
    fixture_change(other, "drugs/clopidogrel.json", LOUDER, LESS_LOUD);
    expect_two("rules diff ", dir, other, "", EXIT_NO, PAIRS_CHANGE, "");
    expect_two("rules diff ", dir, other, "", EXIT_NO,
               "\nclopidogrel\n  changed: CPIC, for ACS (acute coronary syndrome): CYP2C19 "
               "Poor Metabolizer\n    id: clopidogrel-poor -> clopidogrel-poor\n    alert: "
               "critical -> warning\n",
               "");
    expect_two("rules diff ", dir, other, " --json", EXIT_NO,
               "{\"name\":\"alert\",\"before\":\"critical\",\"after\":\"warning\"}", "");
    cli_expect_around("rules diff /nowhere ", dir, "", EXIT_CONFIG, "", "no database");
    fixture_change(other, "release.json", "\"name\"", "\"nam\"");
    expect_two("rules diff ", dir, other, "", EXIT_DATA, "", "unknown member 'nam'");
    fixture_remove(dir);
    fixture_remove(other);
}

static void releases_are_reviewed_in_the_database(void **state)
{
    const char *cluster = test_cluster();
    struct test_database database;
    char dir[FIXTURE_DIR_SIZE];

    (void)state;
    test_database_make(cluster, &database);
    cli_use_database(database.conninfo);
    fixture_make(dir);
    cli_expect("migrate", EXIT_OK, "up to date", "");
    cli_expect_around("rules import ", dir, "", EXIT_OK, "imported fixture 1 (", "");
    fixture_change(dir, "release.json", "\"1\"", "\"2\"");
    fixture_change(dir, "drugs/clopidogrel.json", LOUDER, LESS_LOUD);
    cli_expect_around("rules import ", dir, "", EXIT_OK, "imported fixture 2 (", "");
    cli_expect("rules diff 1 2", EXIT_NO, PAIRS_CHANGE, "");
    cli_expect("rules diff 1 1", EXIT_OK, "no difference in meaning", "");
    cli_expect_around("rules diff 2 ", dir, "", EXIT_OK, "no difference in meaning", "");
    cli_expect("rules diff 1 3", EXIT_NO, "", "no release has the version or hash 3");
    cli_expect("rules lint 1", EXIT_NO, HOLE_ERROR, "");
    cli_expect("rules lint", EXIT_NO, "", "no release is active");
    cli_expect("rules coverage 2", EXIT_OK, "# What fixture 2 covers\n", "");
    cli_expect("rules activate 1", EXIT_OK, "active: fixture 1 (", "");
    cli_expect("rules lint", EXIT_NO, "fixture 1 (", "");
    fixture_remove(dir);
    test_database_drop(cluster, &database);
}

/* --- not_covered.json ----------------------------------------------------------------------
 */

#define PAIR            "{ \"gene\": \"CYP2C9\", \"drug\": \"x y\", \"level\": \"A\" }"
#define FILE_OF(groups) "{ \"list\": \"a list\", \"groups\": " groups " }"

static void what_is_not_covered_is_read(void **state)
{
    static const struct {
        const char *text, *error; /* NULL: good */
    } ROWS[] = {
        {FILE_OF("[ { \"why\": \"none\", \"pairs\": [" PAIR "] } ]"), NULL},
        {FILE_OF("[]"), NULL},
        {FILE_OF("[ { \"why\": \"none\", \"pairs\": [" PAIR "," PAIR "] } ]"),
         "not_covered.json: groups[0].pairs[1]: CYP2C9 and x y are listed twice"},
        {FILE_OF("[ { \"pairs\": [] } ]"), "member 'why' is missing"},
        {FILE_OF("[ { \"why\": \"\", \"pairs\": [] } ]"), "groups[0].why"},
        {FILE_OF("[ { \"why\": \"w\", \"pairs\": [ {} ] } ]"), "member 'gene' is missing"},
        {FILE_OF("{}"), "groups"},
        {"{ \"groups\": [] }", "member 'list' is missing"},
        {"[]", "not_covered.json"},
        {"{ \"list\": ", "not_covered.json"},
        {"", "not_covered.json"},
    };
    char dir[FIXTURE_DIR_SIZE];
    struct not_covered n;
    struct err err = {0};

    (void)state;
    fixture_make(dir);
    assert_ok(not_covered_read(dir, &n, &err), &err); /* there is none */
    assert_int_equal(n.count, 0);
    not_covered_release(&n);
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        fixture_write(dir, "not_covered.json", ROWS[i].text, strlen(ROWS[i].text));
        err_clear(&err);
        if (ROWS[i].error == NULL) {
            assert_ok(not_covered_read(dir, &n, &err), &err);
            assert_slice_equal(n.list, "a list");
            not_covered_release(&n);
        } else if (not_covered_read(dir, &n, &err) == ERR_OK ||
                   strstr(err.text, ROWS[i].error) == NULL) {
            fail_msg("row %zu: %s", i, err.text);
        }
    }
    fixture_write(dir, "not_covered.json", ROWS[0].text, strlen(ROWS[0].text));
    cli_expect_around(
        "rules coverage --knowledge ", dir, "", EXIT_OK,
        "\n## Not covered\n\nOf the a list:\n\nnone\n\n| drug | gene | level | advice from "
        "other sources |\n| --- | --- | --- | --- |\n| x y | CYP2C9 | A |  |\n",
        "");
    cli_expect_around("rules test --knowledge ", dir, "", EXIT_OK, "0 failed", "");
    fixture_write(dir, "not_covered.json", "{", 1);
    cli_expect_around("rules coverage --knowledge ", dir, "", EXIT_DATA, "",
                      "not_covered.json");
    err_clear(&err);
    assert_int_equal(not_covered_read("/nowhere", &n, &err), ERR_NOT_FOUND);
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_reviewed_without_a_database),
        cmocka_unit_test(releases_are_reviewed_in_the_database),
        cmocka_unit_test(what_is_not_covered_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
