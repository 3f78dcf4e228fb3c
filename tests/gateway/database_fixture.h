/* tests/gateway/database_fixture.h -- a database of its own for a test, in a private cluster.
 *
 * PGXGATE_TEST_DATABASE is a connection string of key=value pairs for a cluster where databases
 * may be made (deploy/postgres run -- ctest ...). Without it the test is skipped.
 */
#ifndef TESTS_GATEWAY_DATABASE_FIXTURE_H
#define TESTS_GATEWAY_DATABASE_FIXTURE_H

#include <unistd.h>

#include "gateway/store/db.h"
#include "gateway/store/migrate.h"
#include "tests/test.h"

struct test_database {
    char name[64];
    char conninfo[1024];
};

static inline const char *test_cluster(void)
{
    const char *conninfo = getenv("PGXGATE_TEST_DATABASE");

    if (conninfo == NULL || conninfo[0] == '\0') {
        print_message("skipped: PGXGATE_TEST_DATABASE is not set\n");
        skip();
    }
    return conninfo;
}

static inline struct db *test_connect(const char *conninfo)
{
    const struct db_options options = {.conninfo = conninfo,
                                       .application_name = "pgxgate-test",
                                       .connect_timeout_s = 5,
                                       .statement_timeout_ms = 20000,
                                       .interrupt_fd = -1};
    struct db *db = NULL;
    struct err err = {0};

    assert_ok(db_connect(&options, &db, &err), &err);
    return db;
}

static inline void test_exec(struct db *db, const char *sql)
{
    struct err err = {0};

    assert_ok(db_exec(db, "test", sql, &err), &err);
}

/* One cell of one row, as a number. */
static inline uint64_t test_number(struct db *db, const char *sql)
{
    const struct db_statement statement = {"test", sql, false};
    struct db_rows *rows = NULL;
    struct err err = {0};
    uint64_t number = 0;

    assert_ok(db_query(db, &statement, NULL, 0, &rows, &err), &err);
    assert_int_equal(db_rows_count(rows), 1);
    assert_true(slice_to_u64(db_cell(rows, 0, 0), UINT64_MAX, &number));
    db_rows_free(rows);
    return number;
}

/* The statement must fail with this SQLSTATE. */
static inline void test_refused(struct db *db, const char *sql, const char *sqlstate)
{
    struct err err = {0};

    if (db_exec(db, "test", sql, &err) == ERR_OK)
        fail_msg("was not refused: %s", sql);
    assert_string_equal(db_sqlstate(db), sqlstate);
}

/* Makes an empty database in the cluster. */
static inline void test_database_make(const char *cluster, struct test_database *ret)
{
    static unsigned made;
    struct db *db = test_connect(cluster);
    char sql[160];

    (void)snprintf(ret->name, sizeof ret->name, "pgxgate_test_%d_%u", (int)getpid(), made++);
    (void)snprintf(ret->conninfo, sizeof ret->conninfo, "%s dbname=%s", cluster, ret->name);
    (void)snprintf(sql, sizeof sql, "CREATE DATABASE %s TEMPLATE template0 ENCODING 'UTF8'",
                   ret->name);
    test_exec(db, sql);
    db_free(db);
}

static inline void test_database_drop(const char *cluster, const struct test_database *database)
{
    struct db *db = test_connect(cluster);
    char sql[160];

    (void)snprintf(sql, sizeof sql, "DROP DATABASE %s WITH (FORCE)", database->name);
    test_exec(db, sql);
    db_free(db);
}

static inline void test_migrate(struct db *db)
{
    struct migrate_result result;
    struct err err = {0};

    assert_ok(migrate_run(db, &(struct migrate_options){.dir = "migrations"}, &result, &err),
              &err);
    assert_int_equal(result.applied, MIGRATE_VERSION_NEEDED);
}

#endif
