/* tests/gateway/test_cli_sources.c -- `pgxgate rules import` with sources over a base: one
 * draft, or nothing at all. */
#include "tests/test.h"

#include "gateway/cli/cli.h"
#include "gateway/cli/exit.h"
#include "tests/gateway/cpic_fixture.h"
#include "tests/gateway/database_fixture.h"

#define WORDS_MAX 16

struct setting {
    const char *cluster;
    struct test_database database;
    struct db *db;
    char base[FIXTURE_DIR_SIZE];
};

static int set_up(void **state)
{
    static struct setting s;

    *state = &s;
    s = (struct setting){.cluster = getenv("PGXGATE_TEST_DATABASE")};
    if (s.cluster == NULL)
        return 0;
    test_database_make(s.cluster, &s.database);
    s.db = test_connect(s.database.conninfo);
    test_migrate(s.db);
    fixture_make(s.base);
    return 0;
}

static int tear_down(void **state)
{
    struct setting *s = *state;

    if (s->cluster == NULL)
        return 0;
    db_free(s->db);
    test_database_drop(s->cluster, &s->database);
    fixture_remove(s->base);
    return 0;
}

static struct setting *need(void **state)
{
    (void)test_cluster();
    return *state;
}

/* "rules SUBCOMMAND [BASE] --database ... words", where words are divided by '|'. */
static int run(const struct setting *s, const char *subcommand, bool has_base,
               const char *words)
{
    static char copy[2048];
    char *argv[WORDS_MAX + 1] = {0}, *at = copy;
    int argc = 0;

    (void)snprintf(copy, sizeof copy, "rules|%s|--database|%s%s%s%s%s", subcommand,
                   s->database.conninfo, has_base ? "|" : "", has_base ? s->base : "",
                   words[0] != '\0' ? "|" : "", words);
    while (at != NULL && argc < WORDS_MAX)
        argv[argc++] = strsep(&at, "|");
    return cli_rules(argc, argv);
}

static uint64_t count_releases(const struct setting *s, const char *state)
{
    char sql[120];

    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM pgxgate.release WHERE state = '%s'",
                   state);
    return test_number(s->db, sql);
}

static void sources_make_one_release_that_can_be_activated(void **state)
{
    static const char CSV[] = "gene,drug,role,strength,factor,washout_days,source\n"
                              "CYP2D6,exampline,inhibitor,strong,0.0,14,a list\n";
    struct setting *s = need(state);
    char words[400];

    fixture_write("/tmp", "pgxgate-modulators.csv", CSV, strlen(CSV));
    (void)snprintf(words, sizeof words,
                   "--modulators|/tmp/pgxgate-modulators.csv|--cpic-json|tests/data/cpic");
    assert_int_equal(run(s, "import", true, words), EXIT_OK);
    assert_int_equal(count_releases(s, "draft"), 1);
    assert_int_equal(run(s, "import", true, words), EXIT_OK); /* the same: nothing is added */
    assert_int_equal(count_releases(s, "draft"), 1);
    assert_int_equal(run(s, "activate", false, ""), EXIT_OK);
    assert_int_equal(count_releases(s, "active"), 1);
    assert_int_equal(remove("/tmp/pgxgate-modulators.csv"), 0);
}

static void what_is_wrong_leaves_everything_as_it_was(void **state)
{
    static const struct {
        const char *words;
        int status;
    } ROWS[] = {
        {"--cpic-json|/no/such/folder", EXIT_DATA},
        {"--cpic-json|tests/gateway", EXIT_DATA},
        {"--cpic-json|tests/data/cpic|--modulators|tests/data/cpic/gene.json", EXIT_DATA},
        {"--cpic-json|tests/data/cpic|--pack|tests/data/cpic", EXIT_DATA},
        {"--cpic|host=/no/such/folder", EXIT_UNAVAILABLE},
        {"--cpic", EXIT_USAGE},
        {"--cpic-json", EXIT_USAGE},
    };
    struct setting *s = need(state);
    uint64_t drafts = count_releases(s, "draft"), active = count_releases(s, "active");

    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        assert_int_equal(run(s, "import", true, ROWS[i].words), ROWS[i].status);
        assert_int_equal(count_releases(s, "draft"), drafts);
        assert_int_equal(count_releases(s, "active"), active);
    }
    assert_int_equal(run(s, "list", false, "--cpic-json|tests/data/cpic"), EXIT_USAGE);
}

/* A policy that stands over a recommendation which the import replaces must be written anew. */
static void a_policy_over_what_is_gone_is_told(void **state)
{
    struct setting *s = need(state);
    char dir[FIXTURE_DIR_SIZE], words[200];
    struct buf text;

    cpic_fixture_make(dir);
    cpic_fixture_read("recommendation.json", &text);
    fixture_write_changed(dir, "recommendation.json", text.bytes, "\"drugid\": \"X:1\"",
                          "\"drugid\": \"clopidogrel\"");
    (void)snprintf(words, sizeof words, "--cpic-json|%s", dir);
    assert_int_equal(run(s, "import", true, words), EXIT_DATA);
    buf_release(&text);
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_make_one_release_that_can_be_activated),
        cmocka_unit_test(what_is_wrong_leaves_everything_as_it_was),
        cmocka_unit_test(a_policy_over_what_is_gone_is_told),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
