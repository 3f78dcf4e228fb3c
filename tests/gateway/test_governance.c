/* tests/gateway/test_governance.c -- approvals, policy, schedule and rollback: what the
 * database refuses whoever is connected, and the commands that people use. */
#include "gateway/store/governance.h"

#include <pthread.h>
#include <time.h>

#include "tests/gateway/cli_fixture.h"
#include "tests/gateway/database_fixture.h"
#include "tests/gateway/knowledge_fixture.h"

struct setting {
    const char *cluster;
    struct test_database database;
    struct db *db;
    struct arena arena;
};

static int set_up(void **state)
{
    static struct setting setting;

    *state = &setting;
    setting = (struct setting){.cluster = getenv("PGXGATE_TEST_DATABASE")};
    if (setting.cluster == NULL)
        return 0; /* each test says that it is skipped */
    test_database_make(setting.cluster, &setting.database);
    setting.db = test_connect(setting.database.conninfo);
    test_migrate(setting.db);
    arena_init(&setting.arena, (size_t)16 * 1024 * 1024);
    cli_use_database(setting.database.conninfo);
    return 0;
}

static int tear_down(void **state)
{
    struct setting *s = *state;

    if (s->cluster == NULL)
        return 0;
    db_free(s->db);
    arena_release(&s->arena);
    test_database_drop(s->cluster, &s->database);
    return 0;
}

static struct setting *need(void **state)
{
    (void)test_cluster(); /* skips */
    return *state;
}

static struct release_info find(struct setting *s, const char *version)
{
    struct release_info info = {0};
    struct err err = {0};

    assert_ok(releases_find(s->db, version, &s->arena, &info, &err), &err);
    return info;
}

static struct release_info import_tested(struct setting *s, const char *version)
{
    struct rules_release release;
    struct release_info info;
    struct err err = {0};
    bool is_new = false;

    fixture_release(version, &release);
    assert_ok(releases_import(s->db, &release, &is_new, &err), &err);
    assert_true(is_new);
    rules_release_release(&release);
    info = find(s, version);
    assert_ok(releases_mark_tested(s->db, &info, &err), &err);
    return find(s, version);
}

static void set_policy(struct setting *s, uint32_t approvals)
{
    struct err err = {0};

    assert_ok(releases_set_policy(s->db, approvals, &err), &err);
}

static void expect_state(struct setting *s, const char *version, const char *state,
                         const char *scheduled)
{
    struct release_info info = find(s, version);

    assert_slice_equal(info.state, state);
    assert_slice_equal(info.scheduled, scheduled);
}

/* Puts a schedule's time into the past, which no command can. */
static void make_due(struct setting *s, const struct release_info *info)
{
    char sql[256];

    (void)snprintf(sql, sizeof sql,
                   "ALTER TABLE pgxgate.release DISABLE TRIGGER guard; UPDATE pgxgate.release "
                   "SET effective_from = now() - interval '1 minute' WHERE id = %s; "
                   "ALTER TABLE pgxgate.release ENABLE TRIGGER guard",
                   info->id.ptr);
    test_exec(s->db, sql);
}

/* --- approvals and policy ------------------------------------------------------------------
 */

static void approvals_are_by_different_people_and_stay(void **state)
{
    static const char *const STATEMENTS[] = {
        "UPDATE pgxgate.release_approval SET note = 'x'",
        "DELETE FROM pgxgate.release_approval",
        "TRUNCATE pgxgate.release_approval",
        "UPDATE pgxgate.release_policy SET approvals_needed = 0",
        "DELETE FROM pgxgate.release_policy",
        "TRUNCATE pgxgate.release_policy",
    };
    static const struct {
        const char *by, *note;
        enum err_code code;
    } ROWS[] = {
        {"Ada Example", "read the diff", ERR_OK},
        {"Ada Example", NULL, ERR_INVALID}, /* again */
        {"ada  EXAMPLE", NULL, ERR_INVALID},
        {"", NULL, ERR_INVALID},
        {" Ben Example", NULL, ERR_INVALID},
        {"Ben\nExample", NULL, ERR_INVALID},
        {"Ben Example", "", ERR_INVALID},
        {"Ben Example", NULL, ERR_OK},
    };
    struct setting *s = need(state);
    struct release_info info = import_tested(s, "approved");
    struct release_approval *approvals;
    struct err err = {0};
    size_t count;

    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        assert_int_equal(releases_approve(s->db, &info, ROWS[i].by, ROWS[i].note, &err),
                         ROWS[i].code);
        err_clear(&err);
    }
    assert_ok(releases_approvals(s->db, &info, &s->arena, &approvals, &count, &err), &err);
    assert_int_equal(count, 2);
    assert_slice_equal(approvals[0].approver, "Ada Example");
    assert_slice_equal(approvals[0].note, "read the diff");
    assert_slice_equal(approvals[1].approver, "Ben Example");
    assert_true(approvals[0].role.len > 0 && approvals[0].approved_at.len > 0);
    assert_slice_equal(find(s, "approved").approvals, "2");
    for (size_t i = 0; i < ARRAY_LEN(STATEMENTS); i++)
        test_refused(s->db, STATEMENTS[i], "PX001");
    test_exec(s->db, "INSERT INTO pgxgate.release_approval (release_id, approver, role, "
                     "approved_at) SELECT id, 'Cem Example', 'somebody', '2001-01-01' FROM "
                     "pgxgate.release WHERE version = 'approved'");
    assert_int_equal(test_number(s->db, "SELECT count(*) FROM pgxgate.release_approval WHERE "
                                        "role <> session_user OR approved_at < '2002-01-01'"),
                     0);
    test_refused(s->db, "INSERT INTO pgxgate.release_policy (approvals_needed) VALUES (6)",
                 "23514");
}

static void drafts_are_not_approved(void **state)
{
    struct setting *s = need(state);
    struct rules_release release;
    struct release_info info;
    struct err err = {0};
    bool is_new;

    fixture_release("a-draft", &release);
    assert_ok(releases_import(s->db, &release, &is_new, &err), &err);
    rules_release_release(&release);
    info = find(s, "a-draft");
    assert_int_equal(releases_approve(s->db, &info, "Ada Example", NULL, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "a draft cannot be approved"));
}

static void the_policy_holds_whoever_is_connected(void **state)
{
    struct setting *s = need(state);
    struct release_info info = import_tested(s, "guarded");
    struct err err = {0};
    char sql[128];

    set_policy(s, 2);
    assert_int_equal(releases_activate(s->db, &info, &err), ERR_DENIED);
    assert_non_null(strstr(err.text, "has 0 of the 2 approvals that it needs"));
    err_clear(&err);
    (void)snprintf(sql, sizeof sql, "UPDATE pgxgate.release SET state = 'active' WHERE id = %s",
                   info.id.ptr);
    test_refused(s->db, sql, "PX003");
    assert_ok(releases_approve(s->db, &info, "Ada Example", NULL, &err), &err);
    test_refused(s->db, sql, "PX003");
    assert_int_equal(releases_schedule(s->db, &info, "2999-01-01T00:00Z", &err), ERR_DENIED);
    err_clear(&err);
    assert_ok(releases_approve(s->db, &info, "Ben Example", NULL, &err), &err);
    assert_ok(releases_activate(s->db, &info, &err), &err);
    /* Its approvals stay with it: it can come back. */
    assert_ok(releases_retire(s->db, &info, &err), &err);
    assert_ok(releases_activate(s->db, &info, &err), &err);
    assert_ok(releases_retire(s->db, &info, &err), &err);
    set_policy(s, 3);
    test_refused(s->db, sql, "PX003");
    assert_ok(releases_approve(s->db, &info, "Cem Example", NULL, &err), &err);
    assert_ok(releases_activate(s->db, &info, &err), &err);
    assert_ok(releases_retire(s->db, &info, &err), &err);
    set_policy(s, 0);
}

/* --- schedule ------------------------------------------------------------------------------
 */

static void a_schedule_is_for_later_and_for_tested_releases(void **state)
{
    static const struct {
        const char *sql, *sqlstate;
    } ROWS[] = {
        {"is_scheduled = true", "PX002"}, /* without a time */
        {"is_scheduled = true, effective_from = now()", "PX002"},
        {"is_scheduled = true, effective_from = '2001-01-01'", "PX002"},
        {"effective_from = '2999-01-01'", "PX002"}, /* without a schedule */
        {"retired_at = '2001-01-01'", "PX002"},
    };
    struct setting *s = need(state);
    struct release_info info = import_tested(s, "later"), other = import_tested(s, "other");
    struct err err = {0};
    size_t count;
    char sql[256];

    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        (void)snprintf(sql, sizeof sql, "UPDATE pgxgate.release SET %s WHERE id = %s",
                       ROWS[i].sql, info.id.ptr);
        test_refused(s->db, sql, ROWS[i].sqlstate);
    }
    assert_int_equal(releases_schedule(s->db, &info, "2999-13-01T00:00Z", &err), ERR_INVALID);
    err_clear(&err);
    assert_ok(releases_schedule(s->db, &info, "2999-01-01T01:00+01:00", &err), &err);
    expect_state(s, "later", "tested", "planned");
    assert_slice_equal(find(s, "later").effective_from, "2999-01-01 00:00:00+00");
    assert_ok(releases_schedule(s->db, &info, "2999-02-01T00:00Z", &err), &err);
    assert_slice_equal(find(s, "later").effective_from, "2999-02-01 00:00:00+00");
    /* One per name. */
    assert_ok(releases_schedule(s->db, &other, "2998-01-01T00:00Z", &err), &err);
    expect_state(s, "later", "tested", "");
    assert_slice_equal(find(s, "later").effective_from, "");
    assert_ok(releases_activate(s->db, &info, &err), &err);
    expect_state(s, "other", "tested", ""); /* another one was activated */
    assert_int_equal(releases_schedule(s->db, &info, "2998-01-01T00:00Z", &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "that is active cannot be scheduled"));
    err_clear(&err);
    assert_ok(releases_unschedule(s->db, NULL, &count, &err), &err);
    assert_int_equal(count, 0);
    assert_ok(releases_schedule(s->db, &other, "2998-01-01T00:00Z", &err), &err);
    assert_ok(releases_unschedule(s->db, &info, &count, &err), &err);
    assert_int_equal(count, 0);
    assert_ok(releases_unschedule(s->db, &other, &count, &err), &err);
    assert_int_equal(count, 1);
    assert_ok(releases_retire(s->db, &info, &err), &err);
}

struct asker {
    const char *conninfo;
    pthread_t thread;
};

static void *ask(void *owner)
{
    struct asker *asker = owner;
    struct db *db = test_connect(asker->conninfo);
    struct err err = {0};

    for (int i = 0; i < 20; i++)
        if (releases_activate_due(db, &err) != ERR_OK)
            break;
    db_free(db);
    return err.code == ERR_OK ? NULL : owner;
}

static void many_gateways_activate_what_is_due_once(void **state)
{
    struct setting *s = need(state);
    struct release_info before = import_tested(s, "due-0"), info = import_tested(s, "due-1");
    struct asker askers[6];
    struct err err = {0};
    void *failed;

    assert_ok(releases_activate(s->db, &before, &err), &err);
    assert_ok(releases_schedule(s->db, &info, "2999-01-01T00:00Z", &err), &err);
    assert_ok(releases_activate_due(s->db, &err), &err);
    expect_state(s, "due-1", "tested", "planned");
    make_due(s, &info);
    expect_state(s, "due-1", "tested", "overdue");
    for (size_t i = 0; i < ARRAY_LEN(askers); i++) {
        askers[i].conninfo = s->database.conninfo;
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(askers); i++) {
        assert_int_equal(pthread_join(askers[i].thread, &failed), 0);
        assert_null(failed);
    }
    expect_state(s, "due-0", "retired", "");
    expect_state(s, "due-1", "active", "");
    assert_int_equal(test_number(s->db, "SELECT count(*) FROM pgxgate.release WHERE version = "
                                        "'due-1' AND effective_from < activated_at"),
                     1);
    assert_ok(releases_retire(s->db, &info, &err), &err);
}

/* The policy became stricter in between: it waits, and others are not held up. */
static void what_is_due_needs_its_approvals(void **state)
{
    struct setting *s = need(state);
    struct release_info info = import_tested(s, "due-strict");
    struct err err = {0};

    assert_ok(releases_schedule(s->db, &info, "2999-01-01T00:00Z", &err), &err);
    make_due(s, &info);
    set_policy(s, 1);
    assert_ok(releases_activate_due(s->db, &err), &err);
    expect_state(s, "due-strict", "tested", "overdue");
    assert_ok(releases_approve(s->db, &info, "Ada Example", NULL, &err), &err);
    assert_ok(releases_activate_due(s->db, &err), &err);
    expect_state(s, "due-strict", "active", "");
    assert_ok(releases_retire(s->db, &info, &err), &err);
    set_policy(s, 0);
}

/* Somebody holds a transaction open over a change: a gateway does not wait for it. */
static void a_gateway_does_not_wait_for_people(void **state)
{
    struct setting *s = need(state);
    struct release_info info = import_tested(s, "due-busy");
    struct db *other = test_connect(s->database.conninfo);
    struct err err = {0};
    char sql[128];

    assert_ok(releases_schedule(s->db, &info, "2999-01-01T00:00Z", &err), &err);
    make_due(s, &info);
    (void)snprintf(sql, sizeof sql,
                   "BEGIN; UPDATE pgxgate.release SET is_scheduled = false WHERE id = %s",
                   info.id.ptr);
    test_exec(other, sql);
    assert_ok(releases_activate_due(s->db, &err), &err);
    expect_state(s, "due-busy", "tested", "overdue");
    test_exec(other, "COMMIT");
    expect_state(s, "due-busy", "tested", "");
    db_free(other);
}

/* --- the commands --------------------------------------------------------------------------
 */

static void wrong_words_are_usage(void **state)
{
    static const struct {
        const char *line, *err;
    } ROWS[] = {
        {"rules approve x --note y", "--note needs --by"},
        {"rules policy --approvals 6", "a number from 0 to 5"},
        {"rules policy --approvals -1", "a number from 0 to 5"},
        {"rules policy --approvals two", "a number from 0 to 5"},
        {"rules activate --at 2026-01-01", "--at wants a date and time with its offset"},
        {"rules activate --at 2026-01-01T00:00", "--at wants"},
        {"rules activate --at 2026-01-01T00:00:0Z", "--at wants"},
        {"rules activate --at 2026-01-01T00:00+1:00", "--at wants"},
        {"rules activate --at 2026-01-01T00:00:00+01:0", "--at wants"},
        {"rules activate --at 2026-01-01T00:00Zx", "--at wants"},
        {"rules activate --at tomorrow", "--at wants"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        cli_expect(ROWS[i].line, EXIT_USAGE, "", ROWS[i].err);
}

static void import_files(const char *dir, const char *version)
{
    char put[32];

    (void)snprintf(put, sizeof put, "\"%s\"", version);
    fixture_change(dir, "release.json", "\"1\"", put);
    cli_expect_around("rules import ", dir, "", EXIT_OK, "imported fixture ", "");
}

static void people_approve_schedule_and_roll_back(void **state)
{
    struct setting *s = need(state);
    char dir[FIXTURE_DIR_SIZE];

    fixture_make(dir);
    import_files(dir, "cli-1");
    import_files(dir, "cli-2");
    cli_expect("rules policy", EXIT_OK, "approvals needed to activate a release: 0", "");
    cli_expect("rules policy --approvals 2 --json", EXIT_OK, "{\"approvals\":2}", "");
    cli_expect("rules approve cli-1 --by Ada", EXIT_NO, "", "a draft cannot be approved");
    cli_expect("rules test cli-1", EXIT_OK, "0 failed", "");
    cli_expect("rules approve cli-1 --by Ada --note checked", EXIT_OK,
               "approved by 1, needed 2", "");
    cli_expect("rules approve cli-1 --by ada", EXIT_NO, "",
               "has approved this release already");
    cli_expect("rules approve cli-9 --by Ada", EXIT_NO, "", "no release has the version");
    cli_expect("rules activate cli-1", EXIT_NO, "", "has 1 of the 2 approvals that it needs");
    cli_expect("rules activate cli-1 --at 2999-01-01T00:00Z", EXIT_NO, "",
               "1 of the 2 approvals");
    cli_expect("rules approve cli-1 --by Ben", EXIT_OK, ": checked\n", "");
    cli_expect("rules approve cli-1 --json", EXIT_OK,
               "\"needed\":2,\"approvals\":[{\"by\":\"Ada\"", "");
    cli_expect("rules rollback fixture", EXIT_NO, "", "no release is active");
    cli_expect("rules activate cli-1", EXIT_OK, "active: fixture cli-1 (", "");
    cli_expect("rules policy --approvals 0", EXIT_OK, "release: 0", "");
    cli_expect("rules activate cli-2 --at 2001-01-01T00:00Z", EXIT_NO, "",
               "for a time to come");
    cli_expect("rules activate cli-2 --at 2999-02-30T00:00Z", EXIT_NO, "", "SQLSTATE 22008");
    cli_expect("rules activate cli-2 --at 2999-01-31T00:00:00+01:00", EXIT_OK,
               " from 2999-01-30 23:00:00+00\n", "");
    cli_expect("rules list", EXIT_OK, "planned from 2999-01-30 23:00:00+00", "");
    cli_expect("rules list --json", EXIT_OK,
               "\"effectiveFrom\":\"2999-01-30 23:00:00+00\",\"scheduled\":\"planned\","
               "\"approvals\":0}",
               "");
    cli_expect("rules unschedule cli-1", EXIT_NO, "", "nothing is scheduled");
    cli_expect("rules unschedule", EXIT_OK, "unscheduled: 1\n", "");
    cli_expect("rules activate cli-2 --json", EXIT_OK, "\"state\":\"active\"", "");
    cli_expect("rules rollback", EXIT_OK, "active: fixture cli-1 (", "");
    expect_state(s, "cli-1", "active", "");
    expect_state(s, "cli-2", "retired", "");
    cli_expect("rules policy --approvals 1", EXIT_OK, "release: 1", "");
    cli_expect("rules rollback --json", EXIT_NO, "", "has 0 of the 1 approvals");
    expect_state(s, "cli-1", "active", "");
    cli_expect("rules policy --approvals 0", EXIT_OK, "release: 0", "");
    cli_expect("rules rollback --json", EXIT_OK,
               "{\"from\":{\"name\":\"fixture\",\"version\":\"cli-1\"", "");
    cli_expect("rules rollback nothing", EXIT_NO, "", "no release is active");
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(approvals_are_by_different_people_and_stay),
        cmocka_unit_test(drafts_are_not_approved),
        cmocka_unit_test(the_policy_holds_whoever_is_connected),
        cmocka_unit_test(a_schedule_is_for_later_and_for_tested_releases),
        cmocka_unit_test(many_gateways_activate_what_is_due_once),
        cmocka_unit_test(what_is_due_needs_its_approvals),
        cmocka_unit_test(a_gateway_does_not_wait_for_people),
        cmocka_unit_test(wrong_words_are_usage),
        cmocka_unit_test(people_approve_schedule_and_roll_back),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
