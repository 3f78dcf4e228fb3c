/* tests/gateway/test_migrate.c -- migrations are applied once, in order, and never changed; the
 * connection beneath them fails in the ways it promises. */
#include "tests/gateway/database_fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

/* --- a folder of migrations ----------------------------------------------------------------
 */

static void put_file(const char *dir, const char *name, const char *text)
{
    char path[256];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *dir, const char *name)
{
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(unlink(path), 0);
}

static void make_folder(char dir[32])
{
    (void)snprintf(dir, 32, "/tmp/pgxgate-migr.XXXXXX");
    assert_non_null(mkdtemp(dir));
    put_file(dir, "0001_first.sql", "CREATE TABLE pgxgate.first (a int);");
    put_file(dir, "0002_second.sql",
             "CREATE TABLE pgxgate.second (a int);\n"
             "INSERT INTO pgxgate.second VALUES (7);");
}

static void remove_folder(const char *dir)
{
    char command[64];

    (void)snprintf(command, sizeof command, "rm -rf '%s'", dir);
    assert_int_equal(system(command), 0);
}

static enum err_code run(struct db *db, const char *dir, struct migrate_result *ret,
                         struct err *err)
{
    err_clear(err);
    return migrate_run(db, &(struct migrate_options){.dir = dir}, ret, err);
}

static void expect_failure(struct db *db, const char *dir, enum err_code code, const char *text)
{
    struct migrate_result result;
    struct err err;

    if (run(db, dir, &result, &err) != code || strstr(err.text, text) == NULL)
        fail_msg("got %s \"%s\", want \"%s\"", err_code_name(err.code), err.text, text);
}

/* --- migrations ----------------------------------------------------------------------------
 */

static void count_steps(void *owner, const struct migrate_step *step)
{
    uint32_t *counts = owner;

    counts[step->outcome]++;
}

static void shipped_migrations_apply_once_and_comment_everything(void **state)
{
    const char *cluster = test_cluster();
    struct test_database database;
    struct migrate_result result;
    struct err err = {0};
    uint32_t counts[3] = {0};
    struct db *db;

    (void)state;
    test_database_make(cluster, &database);
    db = test_connect(database.conninfo);
    assert_int_equal(migrate_check(db, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "pgxgate migrate"));
    err_clear(&err);
    assert_ok(migrate_run(db,
                          &(struct migrate_options){.dir = "migrations",
                                                    .is_check_only = true,
                                                    .on_step = count_steps,
                                                    .owner = counts},
                          &result, &err),
              &err);
    assert_int_equal(result.pending, MIGRATE_VERSION_NEEDED);
    assert_int_equal(counts[MIGRATE_PENDING], MIGRATE_VERSION_NEEDED);
    assert_int_equal(
        test_number(db, "SELECT count(*) FROM pg_namespace WHERE nspname = 'pgxgate'"), 0);
    test_migrate(db);
    assert_ok(migrate_check(db, &err), &err);
    assert_ok(run(db, "migrations", &result, &err), &err);
    assert_int_equal(result.applied, 0);
    assert_int_equal(result.present, MIGRATE_VERSION_NEEDED);
    assert_int_equal(
        test_number(db,
                    "SELECT count(*) FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid "
                    "WHERE relnamespace = 'pgxgate'::regnamespace AND relkind IN ('r', 'v') "
                    "AND attnum > 0 AND NOT attisdropped AND (obj_description(c.oid) IS NULL "
                    "OR col_description(c.oid, attnum) IS NULL)"),
        0);
    db_free(db);
    test_database_drop(cluster, &database);
}

static void a_failing_migration_leaves_nothing_behind(void **state)
{
    const char *cluster = test_cluster();
    struct test_database database;
    struct migrate_result result;
    struct err err;
    char dir[32];
    struct db *db;

    (void)state;
    test_database_make(cluster, &database);
    db = test_connect(database.conninfo);
    make_folder(dir);
    put_file(dir, "0003_third.sql",
             "CREATE TABLE pgxgate.third (a int); INSERT INTO pgxgate.nowhere VALUES (1);");
    expect_failure(db, dir, ERR_INVALID, "0003_third.sql: SQLSTATE 42P01");
    assert_true(db_is_usable(db));
    assert_int_equal(test_number(db, "SELECT count(*) FROM pgxgate.migration"), 2);
    assert_int_equal(test_number(db, "SELECT count(*) FROM pg_class WHERE relname = 'third'"),
                     0);
    put_file(dir, "0003_third.sql", "CREATE TABLE pgxgate.third (a int);");
    assert_ok(run(db, dir, &result, &err), &err);
    assert_int_equal(result.applied, 1);
    assert_int_equal(test_number(db, "SELECT a FROM pgxgate.second"), 7);
    db_free(db);
    remove_folder(dir);
    test_database_drop(cluster, &database);
}

static void changed_missing_and_misnamed_files_are_refused(void **state)
{
    const char *cluster = test_cluster();
    struct test_database database;
    struct migrate_result result;
    struct err err;
    char dir[32];
    struct db *db;

    (void)state;
    test_database_make(cluster, &database);
    db = test_connect(database.conninfo);
    make_folder(dir);
    put_file(dir, "3_third.sql", "SELECT 1");
    expect_failure(db, dir, ERR_INVALID, "3_third.sql: not a migration");
    remove_file(dir, "3_third.sql");
    put_file(dir, "0004_fourth.sql", "SELECT 1");
    expect_failure(db, dir, ERR_INVALID, "0004_fourth.sql: number 0003 is expected");
    remove_file(dir, "0004_fourth.sql");
    put_file(dir, "0002_other.sql", "SELECT 1");
    expect_failure(db, dir, ERR_INVALID, "number 0003 is expected");
    remove_file(dir, "0002_other.sql");
    put_file(dir, "0003_third.sql", "");
    expect_failure(db, dir, ERR_INVALID, "0003_third.sql: empty");
    remove_file(dir, "0003_third.sql");
    assert_ok(run(db, dir, &result, &err), &err);
    put_file(dir, "0001_first.sql", "CREATE TABLE pgxgate.first (a int, b int);");
    expect_failure(db, dir, ERR_INVALID, "0001_first.sql: changed after it was applied");
    put_file(dir, "0001_first.sql", "CREATE TABLE pgxgate.first (a int);");
    remove_file(dir, "0002_second.sql");
    expect_failure(db, dir, ERR_INVALID, "newer than this program");
    expect_failure(db, "/nowhere", ERR_NOT_FOUND, "/nowhere: No such file");
    db_free(db);
    remove_folder(dir);
    test_database_drop(cluster, &database);
}

static void *run_in_thread(void *conninfo)
{
    struct db *db = test_connect(conninfo);
    struct migrate_result result = {0};
    struct err err;

    assert_ok(run(db, "migrations", &result, &err), &err);
    db_free(db);
    return (void *)(uintptr_t)result.applied;
}

static void two_runs_at_once_wait_for_each_other(void **state)
{
    const char *cluster = test_cluster();
    struct test_database database;
    pthread_t threads[3];
    uintptr_t applied = 0;

    (void)state;
    test_database_make(cluster, &database);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_in_thread, database.conninfo),
                         0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        void *result;

        assert_int_equal(pthread_join(threads[i], &result), 0);
        applied += (uintptr_t)result;
    }
    assert_int_equal(applied, MIGRATE_VERSION_NEEDED);
    test_database_drop(cluster, &database);
}

/* --- the connection ------------------------------------------------------------------------
 */

static enum err_code try_connect(const char *conninfo, struct err *err)
{
    struct db *db = NULL;
    const struct db_options options = {.conninfo = conninfo,
                                       .application_name = "pgxgate-test",
                                       .connect_timeout_s = 2,
                                       .statement_timeout_ms = 1000,
                                       .interrupt_fd = -1};
    enum err_code code = db_connect(&options, &db, err);

    db_free(db);
    return code;
}

static void errors_keep_the_password_and_values_to_themselves(void **state)
{
    static const struct {
        const char *conninfo;
        enum err_code code;
    } ROWS[] = {
        {"host=/nowhere dbname=x user=y password=s3cret", ERR_UPSTREAM},
        {"host=127.0.0.1 port=1 dbname=x user=y password=s3cret", ERR_UPSTREAM},
        {"host=/tmp s3cret", ERR_INVALID},
        {"postgresql://user:s3cret@[::1", ERR_INVALID},
        {"host=/tmp passwd=s3cret", ERR_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct err err = {0};

        assert_int_equal(try_connect(ROWS[i].conninfo, &err), ROWS[i].code);
        assert_null(strstr(err.text, "s3cret"));
        assert_null(strchr(err.text, '\n'));
    }
}

static void statements_fail_by_sqlstate_without_their_values(void **state)
{
    static const struct db_statement CAST = {"cast", "SELECT $1::int", false};
    static const struct db_statement KEPT = {"kept", "SELECT $1::int", true};
    struct db *db = test_connect(test_cluster());
    const char *good[] = {"41"}, *bad[] = {"s3cret"};
    struct db_rows *rows = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(db_query(db, &CAST, bad, 1, &rows, &err), ERR_INVALID);
    assert_string_equal(err.text, "cast: SQLSTATE 22P02");
    for (size_t i = 0; i < 3; i++) {
        err_clear(&err);
        assert_ok(db_query(db, &KEPT, good, 1, &rows, &err), &err);
        assert_slice_equal(db_cell(rows, 0, 0), "41");
        db_rows_free(rows);
        assert_int_equal(db_query(db, &KEPT, bad, 1, &rows, &err), ERR_INVALID);
    }
    err_clear(&err);
    assert_int_equal(db_copy_begin(db, "copy", "COPY nowhere FROM STDIN", &err), ERR_INVALID);
    assert_true(db_is_usable(db));
    err_clear(&err);
    assert_int_equal(db_exec(db, "out", "COPY (SELECT 1) TO STDOUT", &err), ERR_INTERNAL);
    assert_false(db_is_usable(db));
    err_clear(&err);
    assert_int_equal(db_exec(db, "after", "SELECT 1", &err), ERR_UPSTREAM);
    db_free(db);
}

static void slow_statements_end_and_lost_connections_are_noticed(void **state)
{
    const struct db_options options = {.conninfo = test_cluster(),
                                       .application_name = "pgxgate-test",
                                       .connect_timeout_s = 5,
                                       .statement_timeout_ms = 150,
                                       .interrupt_fd = -1};
    struct err err = {0};
    struct db *db = NULL;

    (void)state;
    assert_ok(db_connect(&options, &db, &err), &err);
    assert_int_equal(db_exec(db, "sleep", "SELECT pg_sleep(5)", &err), ERR_TIMEOUT);
    assert_string_equal(db_sqlstate(db), "57014");
    assert_true(db_is_usable(db));
    err_clear(&err);
    assert_int_not_equal(
        db_exec(db, "end", "SELECT pg_terminate_backend(pg_backend_pid())", &err), ERR_OK);
    err_clear(&err);
    assert_int_not_equal(db_exec(db, "after", "SELECT 1", &err), ERR_OK);
    assert_false(db_is_usable(db));
    db_free(db);
}

/* As when a machine loses its power: the connection stands, nobody answers. */
static void a_server_that_does_not_answer_is_given_up(void **state)
{
    const struct db_options options = {.conninfo = test_cluster(),
                                       .application_name = "pgxgate-test",
                                       .connect_timeout_s = 5,
                                       .statement_timeout_ms = 100,
                                       .interrupt_fd = -1};
    struct err err = {0};
    struct db *db = NULL;
    enum err_code code;
    pid_t backend;

    (void)state;
    assert_ok(db_connect(&options, &db, &err), &err);
    backend = (pid_t)test_number(db, "SELECT pg_backend_pid()");
    assert_int_equal(kill(backend, SIGSTOP), 0); /* a process of the private cluster */
    code = db_exec(db, "ask", "SELECT 1", &err);
    assert_int_equal(kill(backend, SIGCONT), 0);
    assert_int_equal(code, ERR_TIMEOUT);
    assert_string_equal(err.text, "ask: the database does not answer");
    assert_false(db_is_usable(db));
    db_free(db);
}

static void an_interrupt_ends_a_call(void **state)
{
    int fd = eventfd(1, EFD_CLOEXEC);
    const struct db_options options = {.conninfo = test_cluster(),
                                       .application_name = "pgxgate-test",
                                       .connect_timeout_s = 5,
                                       .statement_timeout_ms = 60000,
                                       .interrupt_fd = fd,
                                       .interrupt_grace_ms = 100};
    struct timespec start, end;
    struct err err = {0};
    struct db *db = NULL;

    (void)state;
    assert_true(fd >= 0);
    assert_ok(db_connect(&options, &db, &err), &err);
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &start), 0);
    assert_int_equal(db_exec(db, "sleep", "SELECT pg_sleep(30)", &err), ERR_TIMEOUT);
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &end), 0);
    assert_true(end.tv_sec - start.tv_sec <= 2);
    assert_false(db_is_usable(db));
    db_free(db);
    assert_int_equal(close(fd), 0);
}

static void waiting_sees_notifications_descriptors_and_time(void **state)
{
    const char *cluster = test_cluster();
    struct db *db = test_connect(cluster), *other = test_connect(cluster);
    int fd = eventfd(0, EFD_CLOEXEC);
    struct db_wake wake = {0};
    struct err err = {0};

    (void)state;
    assert_ok(db_listen(db, "pgxgate_test", &err), &err);
    assert_ok(db_wait(db, fd, 20, &wake, &err), &err);
    assert_false(wake.is_notified || wake.is_fd_ready);
    test_exec(other, "NOTIFY pgxgate_test");
    assert_ok(db_wait(db, fd, 5000, &wake, &err), &err);
    assert_true(wake.is_notified);
    assert_int_equal(eventfd_write(fd, 1), 0);
    assert_ok(db_wait(db, fd, 5000, &wake, &err), &err);
    assert_true(wake.is_fd_ready);
    assert_false(wake.is_notified);
    /* One that came while a statement ran is not lost. */
    test_exec(other, "NOTIFY pgxgate_test");
    test_exec(db, "SELECT pg_sleep(0.05)");
    assert_ok(db_wait(db, -1, 0, &wake, &err), &err);
    assert_true(wake.is_notified);
    assert_int_equal(close(fd), 0);
    db_free(other);
    db_free(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_keep_the_password_and_values_to_themselves),
        cmocka_unit_test(shipped_migrations_apply_once_and_comment_everything),
        cmocka_unit_test(a_failing_migration_leaves_nothing_behind),
        cmocka_unit_test(changed_missing_and_misnamed_files_are_refused),
        cmocka_unit_test(two_runs_at_once_wait_for_each_other),
        cmocka_unit_test(statements_fail_by_sqlstate_without_their_values),
        cmocka_unit_test(slow_statements_end_and_lost_connections_are_noticed),
        cmocka_unit_test(a_server_that_does_not_answer_is_given_up),
        cmocka_unit_test(an_interrupt_ends_a_call),
        cmocka_unit_test(waiting_sees_notifications_descriptors_and_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
