/* tests/fhir/test_fetch_servers.c -- one server's trouble: its queue has an end, and a server
 * that keeps failing is left alone and tried again. */
#include "tests/fhir/peer.h"

#include "fhir/servers.h"

#define OPEN_MS 60

static const struct peer_answer ANSWERS[] = {
    {"/fhir/ok", PEER_SEND,
     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", NULL},
    {"/fhir/500", PEER_SEND, "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", NULL},
    {"/fhir/404", PEER_SEND, "HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n", NULL},
    {"/fhir/hang", PEER_HANG, "", NULL},
};

static struct fhir_fetcher_limits limits_of(uint32_t failures, uint32_t at_once,
                                            uint32_t waiting)
{
    struct fhir_fetcher_limits limits = RIG_LIMITS;

    limits.connections_per_host_max = at_once;
    limits.waiting_per_host_max = waiting;
    limits.breaker = (struct fhir_breaker_limits){
        .failures = failures, .window_ms = 10000, .open_ms = OPEN_MS};
    return limits;
}

static void assert_refused(struct rig *rig, struct call *call, enum err_code want,
                           enum fhir_fetch_outcome refusal)
{
    struct err err = {0};
    unsigned before = call->done_count;

    assert_int_equal(call_start_to(rig, call, rig->peer.port, "/fhir/ok", 1000, &err), want);
    assert_int_equal(call->fetch.refusal, refusal);
    rig_run(rig, NULL, 0, 5);
    assert_int_equal(call->done_count, before);
}

static void a_failing_server_is_left_alone(void **state)
{
    struct call call = {0};
    struct rig rig;

    (void)state;
    rig_open(&rig, limits_of(3, 4, 0), ANSWERS, ARRAY_LEN(ANSWERS));
    for (int i = 0; i < 3; i++)
        call_run(&rig, &call, "/fhir/500", 1000);
    assert_int_equal(fhir_fetcher_times_opened(rig.fetcher), 1);
    assert_refused(&rig, &call, ERR_UPSTREAM, FHIR_FETCH_OPEN);
    rig_run(&rig, NULL, 0, OPEN_MS + 10);
    call_run(&rig, &call, "/fhir/500", 1000); /* the probe */
    assert_int_equal(call.reply.outcome, FHIR_FETCH_STATUS);
    assert_int_equal(fhir_fetcher_times_opened(rig.fetcher), 2);
    assert_refused(&rig, &call, ERR_UPSTREAM, FHIR_FETCH_OPEN);
    rig_run(&rig, NULL, 0, OPEN_MS + 10);
    call_run(&rig, &call, "/fhir/404", 1000); /* an answer like any other */
    for (int i = 0; i < 4; i++) {
        call_run(&rig, &call, "/fhir/ok", 1000);
        assert_int_equal(call.reply.outcome, FHIR_FETCH_OK);
    }
    call_release(&call);
    rig_close(&rig);
}

static void a_cancelled_probe_gives_way(void **state)
{
    struct call probe = {0}, next = {0};
    struct rig rig;

    (void)state;
    rig_open(&rig, limits_of(1, 4, 0), ANSWERS, ARRAY_LEN(ANSWERS));
    call_run(&rig, &next, "/fhir/500", 1000);
    rig_run(&rig, NULL, 0, OPEN_MS + 10);
    call_start(&rig, &probe, "/fhir/hang", 5000);
    assert_refused(&rig, &next, ERR_UPSTREAM, FHIR_FETCH_OPEN);
    fhir_fetch_cancel(&probe.fetch);
    call_run(&rig, &next, "/fhir/ok", 1000);
    assert_int_equal(next.reply.outcome, FHIR_FETCH_OK);
    call_release(&next);
    rig_close(&rig);
}

/* Those that wait when it opens do not wait in vain; each is told once, not from inside. */
static void waiting_fetches_are_told(void **state)
{
    struct call calls[5] = {0};
    struct rig rig;

    (void)state;
    rig_open(&rig, limits_of(1, 1, 0), ANSWERS, ARRAY_LEN(ANSWERS));
    call_start(&rig, &calls[0], "/fhir/500", 5000);
    for (size_t i = 1; i < ARRAY_LEN(calls); i++)
        call_start(&rig, &calls[i], "/fhir/ok", 5000);
    fhir_fetch_cancel(&calls[4].fetch);
    for (size_t i = 0; i < ARRAY_LEN(calls) - 1; i++)
        rig_run(&rig, &calls[i].done_count, 1, 0);
    assert_int_equal(calls[0].reply.outcome, FHIR_FETCH_STATUS);
    for (size_t i = 1; i < 4; i++) {
        assert_int_equal(calls[i].reply.outcome, FHIR_FETCH_OPEN);
        assert_int_equal(calls[i].done_count, 1);
    }
    assert_int_equal(calls[4].done_count, 0);
    assert_int_equal(rig.peer.requests, 1);
    assert_int_equal(fhir_fetcher_in_flight(rig.fetcher), 0);
    rig_close(&rig);
}

static void a_queue_has_an_end(void **state)
{
    struct call calls[4] = {0};
    struct rig rig;

    (void)state;
    rig_open(&rig, limits_of(0, 1, 2), ANSWERS, ARRAY_LEN(ANSWERS));
    call_start(&rig, &calls[0], "/fhir/hang", 5000);
    call_start(&rig, &calls[1], "/fhir/ok", 5000);
    call_start(&rig, &calls[2], "/fhir/ok", 5000);
    assert_refused(&rig, &calls[3], ERR_BUSY, FHIR_FETCH_FULL);
    fhir_fetch_cancel(&calls[0].fetch);
    for (size_t i = 1; i < 3; i++) {
        rig_run(&rig, &calls[i].done_count, 1, 0);
        assert_int_equal(calls[i].reply.outcome, FHIR_FETCH_OK);
        call_release(&calls[i]);
    }
    call_run(&rig, &calls[3], "/fhir/ok", 1000);
    call_release(&calls[3]);
    rig_close(&rig);
}

/* A delayed fetch takes nobody's place while it waits, and its whole time is its own. */
static void a_delayed_fetch_waits_for_its_time(void **state)
{
    struct call delayed = {.fetch.delay_ms = 80}, other = {0},
                cancelled = {.fetch.delay_ms = 20};
    struct call late = {.fetch.delay_ms = 30};
    struct rig rig;

    (void)state;
    rig_open(&rig, limits_of(0, 1, 0), ANSWERS, ARRAY_LEN(ANSWERS));
    call_start(&rig, &delayed, "/fhir/ok", 5000);
    call_start(&rig, &cancelled, "/fhir/ok", 5000);
    call_run(&rig, &other, "/fhir/ok", 1000);
    assert_int_equal(delayed.done_count, 0);
    assert_int_equal(fhir_fetcher_in_flight(rig.fetcher), 2);
    fhir_fetch_cancel(&cancelled.fetch);
    rig_run(&rig, &delayed.done_count, 1, 0);
    assert_int_equal(delayed.reply.outcome, FHIR_FETCH_OK);
    assert_true(delayed.reply.took_us >= 75000);
    assert_int_equal(rig.peer.requests, 2);
    /* its place is taken when its time comes */
    other.fetch = (struct fhir_fetch){0};
    call_start(&rig, &other, "/fhir/hang", 5000);
    call_start(&rig, &late, "/fhir/ok", 100);
    rig_run(&rig, &late.done_count, 1, 0);
    assert_int_equal(late.reply.outcome, FHIR_FETCH_TIMEOUT);
    assert_in_range(late.reply.took_us / 1000, 98, 1000);
    fhir_fetch_cancel(&other.fetch);
    assert_int_equal(cancelled.done_count, 0);
    call_release(&delayed);
    call_release(&other);
    rig_close(&rig);
}

static void what_an_outcome_says_of_its_server(void **state)
{
    static const struct {
        enum fhir_fetch_outcome outcome;
        uint32_t status, ran_ms;
        enum fhir_breaker_note want;
    } rows[] = {
        {FHIR_FETCH_OK, 200, 0, FHIR_BREAKER_ANSWERED},
        {FHIR_FETCH_TOO_LARGE, 200, 0, FHIR_BREAKER_ANSWERED},
        {FHIR_FETCH_BOMB, 200, 0, FHIR_BREAKER_ANSWERED},
        {FHIR_FETCH_WRONG_TYPE, 200, 0, FHIR_BREAKER_ANSWERED},
        {FHIR_FETCH_STATUS, 302, 0, FHIR_BREAKER_ANSWERED},
        {FHIR_FETCH_STATUS, 401, 0, FHIR_BREAKER_ANSWERED},
        {FHIR_FETCH_STATUS, 429, 0, FHIR_BREAKER_ANSWERED},
        {FHIR_FETCH_STATUS, 500, 0, FHIR_BREAKER_FAILED},
        {FHIR_FETCH_STATUS, 501, 0, FHIR_BREAKER_ANSWERED},
        {FHIR_FETCH_STATUS, 503, 0, FHIR_BREAKER_FAILED},
        {FHIR_FETCH_STATUS, 505, 0, FHIR_BREAKER_ANSWERED},
        {FHIR_FETCH_REFUSED, 0, 0, FHIR_BREAKER_FAILED},
        {FHIR_FETCH_BROKEN, 0, 0, FHIR_BREAKER_FAILED},
        {FHIR_FETCH_TIMEOUT, 0, FHIR_TIMEOUT_COUNTS_MS, FHIR_BREAKER_FAILED},
        {FHIR_FETCH_TIMEOUT, 0, FHIR_TIMEOUT_COUNTS_MS - 1, FHIR_BREAKER_UNKNOWN},
        {FHIR_FETCH_OPEN, 0, 0, FHIR_BREAKER_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fhir_reply reply = {.outcome = rows[i].outcome, .status = rows[i].status};

        if (fhir_servers_note_of(&reply, rows[i].ran_ms) != rows[i].want)
            fail_msg("row %zu", i);
    }
}

/* The table is full of servers with something to remember only as long as they have it. */
static void the_table_has_an_end(void **state)
{
    static const struct fhir_breaker_limits limits = {
        .failures = 5, .window_ms = 100, .open_ms = 100};
    static struct fhir_servers servers;
    struct fhir_server *server;

    (void)state;
    for (uint64_t origin = 1; origin <= FHIR_SERVERS_MAX; origin++) {
        server = fhir_servers_find(&servers, origin, &limits, 0);
        assert_non_null(server);
        server->waiting = 1;
    }
    assert_null(fhir_servers_find(&servers, 1000, &limits, 0));
    assert_ptr_equal(fhir_servers_find(&servers, 7, &limits, 0), &servers.all[6]);
    servers.all[6].waiting = 0;
    (void)fhir_breaker_note(&servers.all[6].breaker, &limits, 0, FHIR_BREAKER_FAILED, false);
    assert_null(fhir_servers_find(&servers, 1000, &limits, 99));
    server = fhir_servers_find(&servers, 1000, &limits, 100);
    assert_ptr_equal(server, &servers.all[6]);
    assert_int_equal(server->breaker.failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failing_server_is_left_alone),
        cmocka_unit_test(a_cancelled_probe_gives_way),
        cmocka_unit_test(waiting_fetches_are_told),
        cmocka_unit_test(a_queue_has_an_end),
        cmocka_unit_test(a_delayed_fetch_waits_for_its_time),
        cmocka_unit_test(what_an_outcome_says_of_its_server),
        cmocka_unit_test(the_table_has_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
