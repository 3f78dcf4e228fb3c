/* tests/gateway/test_store.c -- the store's thread with a real PostgreSQL that comes and goes.
 *
 * The tests that stop the database start a cluster of their own with deploy/postgres.
 */
#include "gateway/store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "gateway/store/governance.h"
#include "tests/gateway/database_fixture.h"
#include "tests/gateway/knowledge_fixture.h"

#define WAIT_MS   15000
#define NO_POLL_S 3600 /* so that only notifications can be the cause */

/* --- helpers -------------------------------------------------------------------------------
 */

static void pause_ms(long ms)
{
    (void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000},
                    NULL);
}

/* Asks again until `condition` of the status holds. */
#define await_status(store, status, condition)                                                 \
    do {                                                                                       \
        for (int waited_ = 0;; waited_ += 5) {                                                 \
            store_status((store), &(status));                                                  \
            if (condition)                                                                     \
                break;                                                                         \
            if (waited_ > WAIT_MS)                                                             \
                fail_msg("waited in vain for " #condition "; last error: %s",                  \
                         (status).last_error_text);                                            \
            pause_ms(5);                                                                       \
        }                                                                                      \
    } while (0)

struct events {
    atomic_uint counts[8];
};

static void count_event(void *owner, enum store_event event, const struct err *err)
{
    struct events *events = owner;

    (void)err;
    assert_non_null(store_event_name(event));
    atomic_fetch_add(&events->counts[event], 1);
}

static struct store *start_store(const char *conninfo, uint32_t poll_s, struct events *events)
{
    struct store_options options = STORE_OPTIONS_DEFAULT;
    struct err err = {0};
    struct store *store;

    options.conninfo = conninfo;
    options.poll_s = poll_s;
    options.audit_queue_max = 2000;
    options.audit_flush_ms = 20;
    options.connect_timeout_s = 2;
    options.on_event = count_event;
    options.owner = events;
    store = store_new(&options);
    assert_non_null(store);
    assert_ok(store_start(store, &err), &err);
    return store;
}

/* Imports the fixture as that version and activates it; puts its hash into hash. */
static void activate(const char *conninfo, const char *version, char hash[DIGEST_HEX_SIZE])
{
    struct db *db = test_connect(conninfo);
    struct rules_release release;
    struct release_info info;
    struct err err = {0};
    struct arena arena;
    bool is_new;

    arena_init(&arena, 65536);
    fixture_release(version, &release);
    assert_ok(releases_import(db, &release, &is_new, &err), &err);
    assert_ok(releases_find(db, version, &arena, &info, &err), &err);
    if (is_new)
        assert_ok(releases_mark_tested(db, &info, &err), &err);
    assert_ok(releases_activate(db, &info, &err), &err);
    (void)snprintf(hash, DIGEST_HEX_SIZE, "%.*s", SLICE_ARG(info.content_hash));
    rules_release_release(&release);
    arena_release(&arena);
    db_free(db);
}

static struct store_audit_row a_row(uint32_t cards)
{
    return (struct store_audit_row){
        .request_id = SLICE("request-1"),
        .worker = 3,
        .service = SLICE("pgx-order-sign"),
        .hook = SLICE("order-sign"),
        .hook_instance = SLICE("d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"),
        .outcome = SLICE("ok"),
        .http_status = 200,
        .release_hash = SLICE("00"),
        .cards = cards,
        .decisions = SLICE("[{\"drug\":\"clopidogrel\",\"alert\":\"critical\"}]"),
        .took_us = 1234,
        .wait_us = 1000,
    };
}

static void make_migrated(const char *cluster, struct test_database *database)
{
    struct db *db;

    test_database_make(cluster, database);
    db = test_connect(database->conninfo);
    test_migrate(db);
    db_free(db);
}

/* --- knowledge -----------------------------------------------------------------------------
 */

static void a_store_comes_up_by_itself_and_follows_activations(void **state)
{
    const char *cluster = test_cluster();
    struct test_database database;
    struct events events = {0};
    struct store_status status;
    struct rules_knowledge *before;
    char hash[DIGEST_HEX_SIZE], next[DIGEST_HEX_SIZE];
    struct store *store;

    (void)state;
    test_database_make(cluster, &database);
    store = start_store(database.conninfo, NO_POLL_S, &events);
    await_status(store, status, status.last_error != ERR_OK);
    assert_non_null(strstr(status.last_error_text, "run 'pgxgate migrate'"));
    assert_false(status.is_connected || status.has_knowledge);
    assert_null(store_knowledge(store));
    {
        struct db *db = test_connect(database.conninfo);

        test_migrate(db);
        db_free(db);
    }
    await_status(store, status, status.is_connected && status.last_error == ERR_NOT_FOUND);
    activate(database.conninfo, "1", hash);
    await_status(store, status, status.has_knowledge);
    assert_string_equal(status.content_hash, hash);
    assert_true(status.loaded_at_s > 1700000000);
    await_status(store, status, status.last_error == ERR_OK);
    before = store_knowledge(store);
    activate(database.conninfo, "2", next);
    await_status(store, status, strcmp(status.content_hash, next) == 0);
    assert_slice_equal(rules_knowledge_hash(before), hash); /* who has the old one keeps it */
    rules_knowledge_release(before);
    activate(database.conninfo, "1", hash); /* rollback */
    await_status(store, status, strcmp(status.content_hash, hash) == 0);
    assert_int_equal(status.reloads, 3);
    assert_int_equal(status.reload_failures, 0);
    store_free(store);
    assert_int_equal(atomic_load(&events.counts[STORE_CONNECTED]), 1);
    assert_int_equal(atomic_load(&events.counts[STORE_KNOWLEDGE]), 3);
    test_database_drop(cluster, &database);
}

/* One gateway looks in time and activates; the other one, which hardly ever looks, is told. */
static void what_is_scheduled_is_taken_into_use_by_itself(void **state)
{
    const char *cluster = test_cluster();
    struct test_database database;
    struct events events = {0};
    struct store_status looks, is_told;
    char first[DIGEST_HEX_SIZE], next[DIGEST_HEX_SIZE];
    struct store *stores[2];
    struct db *db;

    (void)state;
    make_migrated(cluster, &database);
    activate(database.conninfo, "2", next);
    activate(database.conninfo, "1", first);
    stores[0] = start_store(database.conninfo, 1, &events);
    stores[1] = start_store(database.conninfo, NO_POLL_S, &events);
    await_status(stores[0], looks, strcmp(looks.content_hash, first) == 0);
    await_status(stores[1], is_told, strcmp(is_told.content_hash, first) == 0);
    db = test_connect(database.conninfo);
    test_exec(db, "UPDATE pgxgate.release SET is_scheduled = true, effective_from = now() + "
                  "interval '1 second' WHERE version = '2'");
    await_status(stores[0], looks, strcmp(looks.content_hash, next) == 0);
    await_status(stores[1], is_told, strcmp(is_told.content_hash, next) == 0);
    assert_int_equal(test_number(db, "SELECT count(*) FROM pgxgate.release WHERE state = "
                                     "'active' AND version = '2' AND activated_at >= "
                                     "effective_from"),
                     1);
    assert_int_equal(looks.last_error, ERR_OK);
    db_free(db);
    store_free(stores[0]);
    store_free(stores[1]);
    test_database_drop(cluster, &database);
}

static void a_bad_release_leaves_the_snapshot(void **state)
{
    const char *cluster = test_cluster();
    struct test_database database;
    struct events events = {0};
    struct store_status status;
    char hash[DIGEST_HEX_SIZE], bad[DIGEST_HEX_SIZE];
    struct store *store;
    struct db *db;

    (void)state;
    make_migrated(cluster, &database);
    activate(database.conninfo, "1", hash);
    store = start_store(database.conninfo, NO_POLL_S, &events);
    await_status(store, status, status.has_knowledge);
    db = test_connect(database.conninfo);
    /* Somebody edits a release behind our back, then it becomes active. */
    activate(database.conninfo, "2", bad);
    await_status(store, status, strcmp(status.content_hash, bad) == 0);
    activate(database.conninfo, "1", hash);
    await_status(store, status, strcmp(status.content_hash, hash) == 0);
    test_exec(db, "SET session_replication_role = replica;"
                  "DELETE FROM pgxgate.condition WHERE release_id = 2;"
                  "SET session_replication_role = origin");
    activate(database.conninfo, "2", bad);
    await_status(store, status, status.reload_failures > 0);
    assert_string_equal(status.content_hash, hash);
    assert_true(status.has_knowledge && status.is_connected);
    assert_int_equal(status.last_error, ERR_INVALID);
    assert_true(atomic_load(&events.counts[STORE_KNOWLEDGE_FAILED]) == 1);
    store_free(store);
    db_free(db);
    test_database_drop(cluster, &database);
}

static void a_lost_notification_is_made_up_for_by_the_poll(void **state)
{
    const char *cluster = test_cluster();
    struct test_database database;
    struct events events = {0};
    struct store_status status;
    char hash[DIGEST_HEX_SIZE], other[DIGEST_HEX_SIZE];
    struct store *store;
    struct db *db;

    (void)state;
    make_migrated(cluster, &database);
    activate(database.conninfo, "1", other);
    activate(database.conninfo, "2", hash);
    store = start_store(database.conninfo, 1, &events);
    await_status(store, status, strcmp(status.content_hash, hash) == 0);
    db = test_connect(database.conninfo);
    test_exec(db, "SET session_replication_role = replica;" /* without triggers */
                  "UPDATE pgxgate.release SET state = 'retired' WHERE version = '2';"
                  "UPDATE pgxgate.release SET state = 'active' WHERE version = '1'");
    await_status(store, status, strcmp(status.content_hash, other) == 0);
    store_free(store);
    db_free(db);
    test_database_drop(cluster, &database);
}

struct readers {
    struct store *store;
    atomic_bool is_over;
    atomic_ulong reads, swaps;
};

/* What a worker does, as fast as it can. */
static void *read_snapshots(void *owner)
{
    struct readers *readers = owner;
    char last[DIGEST_HEX_SIZE] = "";

    while (!atomic_load(&readers->is_over)) {
        struct rules_knowledge *knowledge = store_knowledge(readers->store);
        struct slice hash;
        size_t run;

        if (knowledge == NULL)
            continue;
        hash = rules_knowledge_hash(knowledge);
        if (!slice_eq_text(hash, last)) {
            (void)snprintf(last, sizeof last, "%.*s", SLICE_ARG(hash));
            atomic_fetch_add(&readers->swaps, 1);
        }
        /* The snapshot stays whole while it is held, whatever is published meanwhile. */
        if (rules_run_tests(knowledge, NULL, NULL, &run) != 0 || run != 2)
            abort();
        rules_knowledge_release(knowledge);
        atomic_fetch_add(&readers->reads, 1);
    }
    return NULL;
}

static void readers_never_see_a_half_swapped_snapshot(void **state)
{
    const char *cluster = test_cluster();
    struct test_database database;
    struct readers readers = {0};
    struct events events = {0};
    struct store_status status;
    char hash[DIGEST_HEX_SIZE];
    pthread_t threads[3];

    (void)state;
    make_migrated(cluster, &database);
    readers.store = start_store(database.conninfo, NO_POLL_S, &events);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_snapshots, &readers), 0);
    for (int i = 0; i < 12; i++) {
        activate(database.conninfo, i % 2 == 0 ? "1" : "2", hash);
        await_status(readers.store, status, strcmp(status.content_hash, hash) == 0);
    }
    atomic_store(&readers.is_over, true);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(status.reloads, 12);
    assert_true(atomic_load(&readers.swaps) >= 12);
    print_message("%lu reads during 12 swaps\n", atomic_load(&readers.reads));
    store_free(readers.store);
    test_database_drop(cluster, &database);
}

static void a_store_without_a_database_serves_what_it_is_given(void **state)
{
    struct store_options options = STORE_OPTIONS_DEFAULT;
    struct store *store = store_new(&options);
    const struct store_audit_row row = a_row(1);
    struct rules_knowledge *knowledge;
    struct store_status status;
    char hash[DIGEST_HEX_SIZE];
    struct err err = {0};

    (void)state;
    assert_non_null(store);
    assert_ok(store_start(store, &err), &err);
    assert_null(store_knowledge(store));
    store_use(store, fixture_knowledge("1", hash));
    knowledge = store_knowledge(store);
    assert_slice_equal(rules_knowledge_hash(knowledge), hash);
    rules_knowledge_release(knowledge);
    assert_false(store_audit(store, &row));
    store_status(store, &status);
    assert_true(status.has_knowledge && !status.has_database && !status.is_connected);
    assert_int_equal(status.audit_dropped, 1);
    store_free(store);
    store_free(NULL);
}

/* --- a database that comes and goes ---------------------------------------------------------
 */

static void command(const char *verb, const char *dir)
{
    char text[PATH_MAX + 128];

    (void)snprintf(text, sizeof text, "deploy/postgres %s '%s'%s >/dev/null 2>&1", verb, dir,
                   strcmp(verb, "start") == 0 ? " --throwaway" : "");
    assert_int_equal(system(text), 0);
}

/* Ends and removes the database in the directory of *state, also after a failed assertion. */
static int remove_database(void **state)
{
    if (*state != NULL) {
        command("stop", *state);
        fixture_remove(*state);
    }
    return 0;
}

static void a_store_outlives_its_database(void **state)
{
    static char dir[] = "/tmp/pgxgate-store.XXXXXX"; /* the teardown needs it, too */
    const struct store_audit_row row = a_row(1);
    char conninfo[256], hash[DIGEST_HEX_SIZE], next[DIGEST_HEX_SIZE];
    struct events events = {0};
    struct store_status status;
    struct store *store;
    struct db *db;

    (void)test_cluster(); /* skips */
    assert_non_null(mkdtemp(dir));
    (void)snprintf(conninfo, sizeof conninfo,
                   "host=%s/socket port=5432 user=pgxgate dbname=pgxgate", dir);
    store = start_store(conninfo, NO_POLL_S, &events); /* there is no database yet */
    await_status(store, status, status.last_error == ERR_UPSTREAM);
    assert_true(store_audit(store, &row));
    *state = dir;
    command("start", dir);
    db = test_connect(conninfo);
    test_migrate(db);
    db_free(db);
    activate(conninfo, "1", hash);
    await_status(store, status, status.has_knowledge && status.audit_written == 1);

    command("stop", dir);
    await_status(store, status, !status.is_connected);
    for (int i = 0; i < 250; i++)
        assert_true(store_audit(store, &row));
    store_status(store, &status);
    assert_string_equal(status.content_hash, hash); /* goes on from memory */
    assert_int_equal(status.audit_queued, 250);
    assert_int_equal(status.last_error, ERR_UPSTREAM);

    command("start", dir);
    activate(conninfo, "2", next);
    await_status(store, status, status.audit_written == 251);
    await_status(store, status, strcmp(status.content_hash, next) == 0);
    assert_int_equal(status.audit_queued, 0);
    assert_int_equal(status.last_error, ERR_OK);
    db = test_connect(conninfo);
    assert_int_equal(test_number(db, "SELECT count(*) FROM pgxgate.audit"), 251);
    assert_int_equal(test_number(db, "SELECT max(sequence) - count(*) FROM pgxgate.audit"), 0);
    db_free(db);
    store_free(store);
    assert_int_equal(atomic_load(&events.counts[STORE_CONNECTED]), 2);
    assert_true(atomic_load(&events.counts[STORE_LOST]) >= 2);
}

static void killed_connections_are_made_again(void **state)
{
    const char *cluster = test_cluster();
    const struct store_audit_row row = a_row(1);
    struct test_database database;
    struct events events = {0};
    struct store_status status;
    char hash[DIGEST_HEX_SIZE];
    struct store *store;
    struct db *db;

    (void)state;
    make_migrated(cluster, &database);
    activate(database.conninfo, "1", hash);
    store = start_store(database.conninfo, NO_POLL_S, &events);
    await_status(store, status, status.has_knowledge);
    db = test_connect(database.conninfo);
    for (unsigned i = 0; i < 5; i++) {
        unsigned connected = atomic_load(&events.counts[STORE_CONNECTED]);

        for (int n = 0; n < 30; n++)
            assert_true(store_audit(store, &row));
        test_exec(db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                      "WHERE datname = current_database() AND application_name = 'pgxgate'");
        await_status(store, status,
                     atomic_load(&events.counts[STORE_CONNECTED]) > connected &&
                         status.audit_queued == 0);
    }
    /* Nothing lost, nothing twice. */
    assert_int_equal(status.audit_dropped, 0);
    assert_int_equal(test_number(db, "SELECT count(*) FROM pgxgate.audit"), 150);
    assert_int_equal(test_number(db, "SELECT count(DISTINCT sequence) FROM pgxgate.audit"),
                     150);
    store_free(store);
    db_free(db);
    test_database_drop(cluster, &database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_without_a_database_serves_what_it_is_given),
        cmocka_unit_test(a_store_comes_up_by_itself_and_follows_activations),
        cmocka_unit_test(what_is_scheduled_is_taken_into_use_by_itself),
        cmocka_unit_test(a_bad_release_leaves_the_snapshot),
        cmocka_unit_test(a_lost_notification_is_made_up_for_by_the_poll),
        cmocka_unit_test(readers_never_see_a_half_swapped_snapshot),
        cmocka_unit_test_teardown(a_store_outlives_its_database, remove_database),
        cmocka_unit_test(killed_connections_are_made_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
