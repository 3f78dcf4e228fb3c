/* tests/gateway/test_store_audit.c -- audit rows arrive once, in bounded memory, and stay. */
#include <pthread.h>

#include "gateway/store/audit_queue.h"
#include "tests/gateway/database_fixture.h"

static void pause_ms(long ms)
{
    (void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000},
                    NULL);
}

static struct store_audit_row a_row(void)
{
    return (struct store_audit_row){.request_id = SLICE("r"),
                                    .service = SLICE("s"),
                                    .hook = SLICE("h"),
                                    .outcome = SLICE("ok")};
}

/* --- the queue alone -----------------------------------------------------------------------
 */

static void a_full_queue_refuses_and_counts(void **state)
{
    const struct store_audit_row row = a_row();
    struct audit_item *items[8];
    struct audit_queue queue;
    size_t count;

    (void)state;
    audit_queue_init(&queue, 3, 1 << 20);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(audit_queue_add(&queue, &row, &count), i < 3);
        assert_int_equal(count, i < 3 ? i + 1 : 3);
    }
    assert_int_equal(audit_queue_dropped(&queue), 2);
    assert_int_equal(audit_queue_head(&queue, items, 2), 2);
    assert_int_equal(items[1]->sequence, 2);
    audit_queue_take(&queue, 2);
    assert_true(audit_queue_add(&queue, &row, &count));
    assert_int_equal(audit_queue_head(&queue, items, 8), 2);
    assert_int_equal(items[0]->sequence, 3);
    assert_int_equal(items[1]->sequence, 6); /* the refused ones left a gap */
    audit_queue_drop(&queue);
    assert_int_equal(audit_queue_dropped(&queue), 3);
    assert_int_equal(audit_queue_count(&queue), 1);
    audit_queue_take(&queue, 1);
    assert_int_equal(audit_queue_head(&queue, items, 8), 0);
    assert_true(audit_queue_add(&queue, &row, &count)); /* and works again from empty */
    audit_queue_release(&queue);
}

static void the_bytes_of_a_queue_are_bounded_too(void **state)
{
    static char details[100000];
    struct store_audit_row row = a_row();
    struct audit_queue queue;
    size_t count, added = 0;

    (void)state;
    memset(details, 'x', sizeof details);
    row.decisions = (struct slice){.ptr = details, .len = sizeof details};
    audit_queue_init(&queue, 1000, 1 << 20);
    while (audit_queue_add(&queue, &row, &count))
        added++;
    assert_int_equal(added, 10);
    assert_true(queue.bytes <= queue.bytes_max);
    audit_queue_take(&queue, added);
    assert_int_equal(queue.bytes, 0);
    audit_queue_release(&queue);
}

static void rows_are_copied_cut_and_cleaned(void **state)
{
    static char large[STORE_AUDIT_ROW_BYTES_MAX + 1];
    char client[400], wild[] = "a\x01\xff\xc3\xa4\n";
    struct store_audit_row row = a_row();
    struct audit_item *item;
    struct audit_queue queue;
    size_t count;

    (void)state;
    memset(client, 'c', sizeof client);
    client[STORE_AUDIT_TEXT_BYTES_MAX - 1] = '\xc3'; /* a character that would be cut in two */
    client[STORE_AUDIT_TEXT_BYTES_MAX] = '\xa4';
    row.client = (struct slice){.ptr = client, .len = sizeof client};
    row.request_id = slice_of(wild);
    row.decisions = SLICE("[1]");
    audit_queue_init(&queue, 10, 1 << 20);
    assert_true(audit_queue_add(&queue, &row, &count));
    memset(client, 'z', sizeof client);
    wild[0] = 'z';
    assert_int_equal(audit_queue_head(&queue, &item, 1), 1);
    assert_int_equal(item->row.client.len, STORE_AUDIT_TEXT_BYTES_MAX - 1);
    assert_int_equal(item->row.client.ptr[0], 'c');
    assert_slice_equal(item->row.request_id, "a??\xc3\xa4?");
    assert_slice_equal(item->row.decisions, "[1]");
    assert_true(item->row.at_us > 1700000000000000);
    assert_false(item->is_cut);
    audit_queue_take(&queue, 1);
    memset(large, '1', sizeof large);
    row.gaps = (struct slice){.ptr = large, .len = sizeof large - 4};
    row.at_us = 5;
    assert_true(audit_queue_add(&queue, &row, &count));
    assert_int_equal(audit_queue_head(&queue, &item, 1), 1);
    assert_false(item->is_cut);
    assert_int_equal(item->row.at_us, 5);
    audit_queue_take(&queue, 1);
    row.gaps.len++;
    assert_true(audit_queue_add(&queue, &row, &count));
    assert_int_equal(audit_queue_head(&queue, &item, 1), 1);
    assert_true(item->is_cut);
    assert_int_equal(item->row.gaps.len + item->row.decisions.len, 0);
    audit_queue_release(&queue);
}

/* --- with the database ---------------------------------------------------------------------
 */

static struct store *start_store(const char *conninfo, struct store_options options)
{
    struct err err = {0};
    struct store *store;

    options.conninfo = conninfo;
    store = store_new(&options);
    assert_non_null(store);
    assert_ok(store_start(store, &err), &err);
    return store;
}

static void await_written(struct store *store, uint64_t written)
{
    struct store_status status;

    for (int waited_ms = 0; waited_ms < 15000; waited_ms += 5) {
        store_status(store, &status);
        if (status.audit_written >= written)
            return;
        pause_ms(5);
    }
    fail_msg("%zu rows written, want %zu: %s", (size_t)status.audit_written, (size_t)written,
             status.last_error_text);
}

static struct db *make_migrated(const char *cluster, struct test_database *database)
{
    struct db *db;

    test_database_make(cluster, database);
    db = test_connect(database->conninfo);
    test_migrate(db);
    return db;
}

static void every_field_arrives(void **state)
{
    const char *cluster = test_cluster();
    const struct store_audit_row row = {
        .at_us = 1766666666123456,
        .request_id = SLICE("r \"quoted\" \\ {,}"),
        .worker = 7,
        .service = SLICE("pgx-order-sign"),
        .hook = SLICE("order-sign"),
        .hook_instance = SLICE("NULL"),
        .client = SLICE("https://ehr.example"),
        .outcome = SLICE("ok"),
        .http_status = 200,
        .release_hash = SLICE("abc"),
        .cards = 2,
        .decisions = SLICE("[{\"drug\":\"x\\\"y\",\"alert\":\"critical\"}]"),
        .gaps = SLICE("[]"),
        .took_us = 1,
        .parse_us = 2,
        .wait_us = 3,
        .decide_us = 4,
        .render_us = 5000000000,
    };
    struct test_database database;
    struct db *db;
    struct store *store;

    (void)state;
    db = make_migrated(cluster, &database);
    store = start_store(database.conninfo, STORE_OPTIONS_DEFAULT);
    assert_true(store_audit(store, &row));
    await_written(store, 1);
    assert_int_equal(
        test_number(db,
                    "SELECT count(*) FROM pgxgate.audit WHERE at = '2025-12-25 "
                    "12:44:26.123456Z' AND request_id = 'r \"quoted\" \\ {,}' AND worker = 7 "
                    "AND service = 'pgx-order-sign' AND hook = 'order-sign' AND "
                    "hook_instance = 'NULL' AND client = 'https://ehr.example' AND outcome = "
                    "'ok' AND http_status = 200 AND release_hash = 'abc' AND cards = 2 AND "
                    "decisions->0->>'drug' = 'x\"y' AND gaps = '[]' AND fetches IS NULL AND "
                    "NOT is_cut AND took_us = 1 AND parse_us = 2 AND wait_us = 3 AND "
                    "decide_us = 4 AND render_us = 5000000000 AND sequence = 1 AND tenant = "
                    "''"),
        1);
    store_free(store);
    test_refused(db, "UPDATE pgxgate.audit SET cards = 0", "PX001");
    test_refused(db, "DELETE FROM pgxgate.audit", "PX001");
    test_refused(db, "TRUNCATE pgxgate.audit", "PX001");
    db_free(db);
    test_database_drop(cluster, &database);
}

static void a_row_that_is_refused_does_not_hold_up_the_others(void **state)
{
    const char *cluster = test_cluster();
    struct store_audit_row row = a_row(), bad_details = a_row(), bad = a_row();
    struct store_status status;
    struct test_database database;
    struct db *db;
    struct store *store;

    (void)state;
    bad_details.decisions = SLICE("{not json");
    bad.outcome = SLICE_NONE; /* CHECK (outcome <> '') */
    db = make_migrated(cluster, &database);
    store = start_store(database.conninfo, STORE_OPTIONS_DEFAULT);
    assert_true(store_audit(store, &row));
    assert_true(store_audit(store, &bad_details));
    assert_true(store_audit(store, &bad));
    assert_true(store_audit(store, &row));
    await_written(store, 3);
    store_status(store, &status);
    assert_int_equal(status.audit_dropped, 1);
    assert_int_equal(status.audit_queued, 0);
    assert_int_equal(status.last_error, ERR_NOT_FOUND); /* no active release; audit is well */
    assert_int_equal(test_number(db, "SELECT count(*) FROM pgxgate.audit WHERE is_cut AND "
                                     "decisions IS NULL AND sequence = 2"),
                     1);
    assert_int_equal(test_number(db, "SELECT count(*) FROM pgxgate.audit WHERE sequence = 3"),
                     0);
    store_free(store);
    db_free(db);
    test_database_drop(cluster, &database);
}

struct writers {
    struct store *store;
    uint32_t rows;
};

static void *write_rows(void *owner)
{
    const struct writers *writers = owner;
    struct store_audit_row row = a_row();

    row.decisions = SLICE("[{\"drug\":\"clopidogrel\",\"genes\":[{\"gene\":\"CYP2C19\"}]}]");
    for (uint32_t i = 0; i < writers->rows; i++) {
        row.cards = i;
        while (!store_audit(writers->store, &row))
            pause_ms(1);
    }
    return NULL;
}

static void many_threads_write_in_batches(void **state)
{
    const char *cluster = test_cluster();
    struct store_options options = STORE_OPTIONS_DEFAULT;
    struct writers writers = {.rows = 5000};
    struct test_database database;
    struct timespec start, end;
    pthread_t threads[4];
    struct db *db;

    (void)state;
    options.audit_queue_max = 100000;
    db = make_migrated(cluster, &database);
    writers.store = start_store(database.conninfo, options);
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &start), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_rows, &writers), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    await_written(writers.store, 20000);
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &end), 0);
    print_message("%.0f rows/s\n", 20000 / ((double)(end.tv_sec - start.tv_sec) +
                                            (double)(end.tv_nsec - start.tv_nsec) / 1e9));
    store_free(writers.store);
    assert_int_equal(test_number(db, "SELECT count(DISTINCT sequence) FROM pgxgate.audit"),
                     20000);
    assert_int_equal(test_number(db, "SELECT count(DISTINCT writer) FROM pgxgate.audit"), 1);
    assert_true(test_number(db, "SELECT count(DISTINCT xmin::text) FROM pgxgate.audit") < 2000);
    db_free(db);
    test_database_drop(cluster, &database);
}

static void stopping_writes_what_waits_and_ends_in_time(void **state)
{
    const char *cluster = test_cluster();
    struct store_options options = STORE_OPTIONS_DEFAULT;
    const struct store_audit_row row = a_row();
    struct test_database database;
    struct store_status status;
    struct timespec start, end;
    struct db *db, *locker;
    struct store *store;

    (void)state;
    options.audit_flush_ms = 60000;
    options.audit_batch_max = 1000;
    options.statement_timeout_ms = 60000;
    options.stop_ms = 300;
    db = make_migrated(cluster, &database);
    store = start_store(database.conninfo, options);
    for (int i = 0; i < 700; i++)
        assert_true(store_audit(store, &row));
    store_stop(store);
    store_status(store, &status);
    assert_int_equal(status.audit_written, 700);
    assert_int_equal(status.audit_dropped, 0);
    store_free(store);
    assert_int_equal(test_number(db, "SELECT count(*) FROM pgxgate.audit"), 700);

    /* The database is there but does not get on with it. */
    locker = test_connect(database.conninfo);
    test_exec(locker, "BEGIN; LOCK TABLE pgxgate.audit IN ACCESS EXCLUSIVE MODE");
    options.audit_flush_ms = 1;
    store = start_store(database.conninfo, options);
    assert_true(store_audit(store, &row));
    pause_ms(300);
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &start), 0);
    store_stop(store);
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &end), 0);
    assert_true(end.tv_sec - start.tv_sec <= 3);
    store_status(store, &status);
    assert_int_equal(status.audit_dropped, 1);
    store_free(store);
    db_free(locker);
    db_free(db);
    test_database_drop(cluster, &database);
}

static void overflow_is_counted_and_shows_as_a_gap(void **state)
{
    const char *cluster = test_cluster();
    struct store_options options = STORE_OPTIONS_DEFAULT;
    const struct store_audit_row row = a_row();
    struct test_database database;
    struct store_status status;
    struct db *db, *locker;
    struct store *store;
    size_t refused = 0;

    (void)state;
    options.audit_queue_max = 50;
    options.audit_flush_ms = 5;
    db = make_migrated(cluster, &database);
    locker = test_connect(database.conninfo);
    test_exec(locker, "BEGIN; LOCK TABLE pgxgate.audit IN ACCESS EXCLUSIVE MODE");
    store = start_store(database.conninfo, options);
    for (int i = 0; i < 80; i++)
        refused += !store_audit(store, &row);
    assert_int_equal(refused, 30);
    store_status(store, &status);
    assert_int_equal(status.audit_dropped, 30);
    assert_int_equal(status.audit_queued, 50);
    db_free(locker); /* the lock goes with it */
    await_written(store, 50);
    assert_true(store_audit(store, &row));
    await_written(store, 51);
    assert_int_equal(test_number(db, "SELECT max(sequence) - count(*) FROM pgxgate.audit"), 30);
    store_free(store);
    db_free(db);
    test_database_drop(cluster, &database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_queue_refuses_and_counts),
        cmocka_unit_test(the_bytes_of_a_queue_are_bounded_too),
        cmocka_unit_test(rows_are_copied_cut_and_cleaned),
        cmocka_unit_test(every_field_arrives),
        cmocka_unit_test(a_row_that_is_refused_does_not_hold_up_the_others),
        cmocka_unit_test(many_threads_write_in_batches),
        cmocka_unit_test(stopping_writes_what_waits_and_ends_in_time),
        cmocka_unit_test(overflow_is_counted_and_shows_as_a_gap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
