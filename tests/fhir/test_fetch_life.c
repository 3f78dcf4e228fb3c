/* tests/fhir/test_fetch_life.c -- when on_done runs and when it does not: waiting, cancelling,
 * closing, starting again, connections kept. */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fhir/peer.h"

#define OK_ANSWER                                                                              \
    "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: 2\r\n\r\n{}"

static const struct peer_answer ANSWERS[] = {
    {"/fhir/ok", PEER_SEND, OK_ANSWER, NULL},
    {"/fhir/later", PEER_SEND_LATER, OK_ANSWER, NULL},
    {"/fhir/hang", PEER_HANG, "", NULL},
};

static struct fhir_fetcher_limits limited(uint32_t per_host, uint32_t in_all)
{
    struct fhir_fetcher_limits limits = RIG_LIMITS;

    limits.connections_per_host_max = per_host;
    limits.connections_max = in_all;
    return limits;
}

static void open_rig(struct rig *rig, uint32_t per_host, uint32_t in_all)
{
    rig_open(rig, limited(per_host, in_all), ANSWERS, ARRAY_LEN(ANSWERS));
}

/* ---- Connections ---- */

static void connections_are_kept(void **state)
{
    struct rig rig;

    (void)state;
    open_rig(&rig, 4, 8);
    for (int i = 0; i < 50; i++) {
        struct call call = {0};

        call_run(&rig, &call, "/fhir/ok", 5000);
        assert_int_equal(call.reply.outcome, FHIR_FETCH_OK);
        call_release(&call);
    }
    assert_int_equal(rig.peer.accepted, 1);
    assert_int_equal(rig.peer.requests, 50);
    rig_close(&rig);
}

static void a_kept_connection_that_died_is_replaced(void **state)
{
    struct call call = {0};
    struct rig rig;

    (void)state;
    open_rig(&rig, 4, 8);
    for (unsigned i = 1; i <= 5; i++) {
        call_run(&rig, &call, "/fhir/ok", 5000);
        assert_int_equal(call.reply.outcome, FHIR_FETCH_OK);
        assert_int_equal(rig.peer.accepted, i);
        peer_drop_all(&rig.peer);
        rig_run(&rig, NULL, 0, 5);
    }
    call_release(&call);
    rig_close(&rig);
}

static void many_fetches_share_few_connections(void **state)
{
    static struct call calls[200];
    struct rig rig;

    (void)state;
    memset(calls, 0, sizeof calls);
    open_rig(&rig, 5, 8);
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        call_start(&rig, &calls[i], "/fhir/later", 10000);
    assert_int_equal(fhir_fetcher_in_flight(rig.fetcher), ARRAY_LEN(calls));
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        rig_run(&rig, &calls[i].done_count, 1, 0);
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        assert_int_equal(calls[i].done_count, 1);
        assert_int_equal(calls[i].reply.outcome, FHIR_FETCH_OK);
        assert_slice_equal(calls[i].reply.body, "{}");
        call_release(&calls[i]);
    }
    assert_int_equal(rig.peer.busy_most, 5);
    assert_int_equal(rig.peer.accepted, 5);
    assert_int_equal(rig.peer.requests, ARRAY_LEN(calls));
    rig_close(&rig);
}

static void all_hosts_together_are_limited(void **state)
{
    struct call calls[40] = {{.done_count = 0}};
    struct peer second;
    struct rig rig;

    (void)state;
    open_rig(&rig, 4, 6);
    peer_open(&second, &rig.loop, ANSWERS, ARRAY_LEN(ANSWERS));
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        struct err err = {0};

        assert_ok(call_start_to(&rig, &calls[i], i % 2 == 0 ? rig.peer.port : second.port,
                                "/fhir/later", 10000, &err),
                  &err);
    }
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        rig_run(&rig, &calls[i].done_count, 1, 0);
        assert_int_equal(calls[i].reply.outcome, FHIR_FETCH_OK);
        assert_true(rig.peer.busy + second.busy <= 6);
        call_release(&calls[i]);
    }
    assert_true(rig.peer.busy_most <= 4 && second.busy_most <= 4);
    peer_close(&second);
    rig_close(&rig);
}

/* A hung host must cost a healthy one nothing, however many wait for it. */
static void a_hung_host_holds_up_no_other(void **state)
{
    struct call hung[20] = {{.done_count = 0}};
    struct call healthy[20] = {{.done_count = 0}};
    struct peer second;
    struct rig rig;

    (void)state;
    open_rig(&rig, 2, 8);
    peer_open(&second, &rig.loop, ANSWERS, ARRAY_LEN(ANSWERS));
    for (size_t i = 0; i < ARRAY_LEN(hung); i++) {
        struct err err = {0};

        call_start(&rig, &hung[i], "/fhir/hang", 3000);
        assert_ok(call_start_to(&rig, &healthy[i], second.port, "/fhir/ok", 3000, &err), &err);
    }
    for (size_t i = 0; i < ARRAY_LEN(healthy); i++) {
        rig_run(&rig, &healthy[i].done_count, 1, 1000);
        assert_int_equal(healthy[i].done_count, 1);
        assert_int_equal(healthy[i].reply.outcome, FHIR_FETCH_OK);
        assert_int_equal(hung[i].done_count, 0);
        call_release(&healthy[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(hung); i++)
        fhir_fetch_cancel(&hung[i].fetch);
    peer_close(&second);
    rig_close(&rig);
}

static void too_many_are_busy(void **state)
{
    static struct call calls[FHIR_FETCHES_MAX + 1];
    struct err err = {0};
    struct rig rig;

    (void)state;
    memset(calls, 0, sizeof calls);
    open_rig(&rig, 2, 8);
    for (size_t i = 0; i < FHIR_FETCHES_MAX; i++)
        call_start(&rig, &calls[i], "/fhir/ok", 10000);
    assert_int_equal(
        call_start_to(&rig, &calls[FHIR_FETCHES_MAX], rig.peer.port, "/fhir/ok", 10000, &err),
        ERR_BUSY);
    for (size_t i = 0; i < FHIR_FETCHES_MAX; i++) {
        rig_run(&rig, &calls[i].done_count, 1, 0);
        call_release(&calls[i]);
    }
    call_run(&rig, &calls[FHIR_FETCHES_MAX], "/fhir/ok", 5000);
    call_release(&calls[FHIR_FETCHES_MAX]);
    rig_close(&rig);
}

/* ---- Time ---- */

static void a_waiting_fetch_keeps_its_own_deadline(void **state)
{
    struct call hung = {0}, waiting = {0};
    struct rig rig;

    (void)state;
    open_rig(&rig, 1, 1);
    call_start(&rig, &hung, "/fhir/hang", 1500);
    call_start(&rig, &waiting, "/fhir/ok", 80);
    rig_run(&rig, &waiting.done_count, 1, 0);
    assert_int_equal(waiting.reply.outcome, FHIR_FETCH_TIMEOUT);
    assert_int_equal(waiting.reply.status, 0);
    assert_in_range(waiting.reply.took_us / 1000, 78, 1000);
    assert_int_equal(hung.done_count, 0);
    call_start(&rig, &waiting, "/fhir/ok", 5000); /* gets the connection after the hung one */
    rig_run(&rig, &waiting.done_count, 2, 0);
    assert_int_equal(hung.done_count, 1);
    assert_int_equal(hung.reply.outcome, FHIR_FETCH_TIMEOUT);
    assert_int_equal(waiting.reply.outcome, FHIR_FETCH_OK);
    call_release(&waiting);
    rig_close(&rig);
}

static void every_timeout_is_reported(void **state)
{
    static const struct {
        size_t count;
        uint32_t per_host;
    } rows[] = {{1, 4}, {2, 4}, {4, 4}, {9, 4}, {3, 1}};

    (void)state;
    for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
        struct call calls[9] = {{.done_count = 0}};
        struct rig rig;

        open_rig(&rig, rows[row].per_host, 8);
        for (size_t i = 0; i < rows[row].count; i++)
            call_start(&rig, &calls[i], "/fhir/hang", 50);
        for (size_t i = 0; i < rows[row].count; i++) {
            rig_run(&rig, &calls[i].done_count, 1, 0);
            assert_int_equal(calls[i].reply.outcome, FHIR_FETCH_TIMEOUT);
            assert_in_range(calls[i].reply.took_us / 1000, 48, 1000);
        }
        assert_int_equal(fhir_fetcher_in_flight(rig.fetcher), 0);
        rig_close(&rig);
    }
}

static void no_time_at_all_is_a_timeout_later(void **state)
{
    struct call call = {0};
    struct rig rig;

    (void)state;
    open_rig(&rig, 1, 1);
    call_run(&rig, &call, "/fhir/ok", 0);
    assert_int_equal(call.reply.outcome, FHIR_FETCH_TIMEOUT);
    rig_close(&rig);
}

static int listen_somewhere(unsigned *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static void a_refused_port_is_refused(void **state)
{
    struct call call = {0};
    struct err err = {0};
    struct rig rig;
    unsigned port;
    int fd = listen_somewhere(&port); /* bound, not listening */

    (void)state;
    open_rig(&rig, 1, 1);
    for (unsigned i = 1; i <= 3; i++) {
        assert_ok(call_start_to(&rig, &call, port, "/fhir/x", 5000, &err), &err);
        rig_run(&rig, &call.done_count, i, 0);
        assert_int_equal(call.reply.outcome, FHIR_FETCH_REFUSED);
        assert_int_equal(call.reply.status, 0);
    }
    assert_int_equal(close(fd), 0);
    rig_close(&rig);
}

/* With its queue of connections full, Linux lets further ones wait for ever. */
static void connecting_has_its_own_limit(void **state)
{
    struct fhir_fetcher_limits limits = limited(1, 1);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct call call = {0};
    struct err err = {0};
    struct rig rig;
    unsigned port;
    int listener = listen_somewhere(&port);
    int fillers[2];

    (void)state;
    assert_int_equal(listen(listener, 0), 0);
    address.sin_port = htons((uint16_t)port);
    for (size_t i = 0; i < ARRAY_LEN(fillers); i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (struct sockaddr *)&address, sizeof address);
    }
    limits.connect_timeout_ms = 120;
    rig_open(&rig, limits, ANSWERS, ARRAY_LEN(ANSWERS));
    assert_ok(call_start_to(&rig, &call, port, "/fhir/x", 10000, &err), &err);
    rig_run(&rig, &call.done_count, 1, 0);
    assert_int_equal(call.reply.outcome, FHIR_FETCH_TIMEOUT);
    assert_in_range(call.reply.took_us / 1000, 100, 2000);
    for (size_t i = 0; i < ARRAY_LEN(fillers); i++)
        assert_int_equal(close(fillers[i]), 0);
    assert_int_equal(close(listener), 0);
    rig_close(&rig);
}

/* ---- Cancelling ---- */

static void cancel_at_every_point(void **state)
{
    struct call call = {0}, next = {0};
    struct rig rig;

    (void)state;
    open_rig(&rig, 1, 1);
    fhir_fetch_cancel(&call.fetch); /* never started */
    call_start(&rig, &call, "/fhir/ok", 5000);
    fhir_fetch_cancel(&call.fetch); /* before the loop has run */
    fhir_fetch_cancel(&call.fetch); /* twice */
    rig_run(&rig, NULL, 0, 20);
    assert_int_equal(rig.peer.requests, 0);

    call_start(&rig, &call, "/fhir/hang", 5000);
    rig_run(&rig, &rig.peer.requests, 1, 0);
    call_start(&rig, &next, "/fhir/ok", 5000);
    fhir_fetch_cancel(&next.fetch); /* while it waits */
    call_start(&rig, &next, "/fhir/ok", 5000);
    fhir_fetch_cancel(&call.fetch); /* while it runs: the one that waits may go on */
    assert_int_equal(fhir_fetcher_in_flight(rig.fetcher), 1);
    rig_run(&rig, &next.done_count, 1, 0);
    assert_int_equal(next.reply.outcome, FHIR_FETCH_OK);
    fhir_fetch_cancel(&next.fetch); /* after its end */

    rig_run(&rig, NULL, 0, 20);
    assert_int_equal(call.done_count, 0);
    assert_int_equal(next.done_count, 1);
    assert_int_equal(fhir_fetcher_in_flight(rig.fetcher), 0);
    call_release(&next);
    rig_close(&rig);
}

static void a_cancelled_connection_is_not_used_again(void **state)
{
    struct call call = {0};
    struct rig rig;

    (void)state;
    open_rig(&rig, 1, 1);
    call_start(&rig, &call, "/fhir/later", 5000);
    rig_run(&rig, &rig.peer.requests, 1, 0); /* the answer is on its way */
    fhir_fetch_cancel(&call.fetch);
    call_run(&rig, &call, "/fhir/ok", 5000);
    assert_int_equal(call.reply.outcome, FHIR_FETCH_OK);
    assert_int_equal(rig.peer.accepted, 2);
    call_release(&call);
    rig_close(&rig);
}

struct pair {
    struct call first;
    struct call second;
};

static void on_done_cancel_other(struct fhir_fetch *fetch, const struct fhir_reply *reply)
{
    struct pair *pair = fetch->owner;

    call_on_done(fetch, reply);
    fhir_fetch_cancel(fetch); /* idle by now: nothing happens */
    fhir_fetch_cancel(fetch == &pair->first.fetch ? &pair->second.fetch : &pair->first.fetch);
}

/* Both answers tend to arrive in one turn of the loop; still only one may be reported. */
static void one_may_cancel_another(void **state)
{
    struct rig rig;

    (void)state;
    open_rig(&rig, 4, 8);
    for (int round = 0; round < 50; round++) {
        struct pair pair = {.first.fetch.on_done = on_done_cancel_other,
                            .second.fetch.on_done = on_done_cancel_other};

        pair.first.fetch.owner = pair.second.fetch.owner = &pair;
        call_start(&rig, &pair.first, round % 2 == 0 ? "/fhir/ok" : "/fhir/hang", 30);
        call_start(&rig, &pair.second, round % 2 == 0 ? "/fhir/ok" : "/fhir/hang", 30);
        while (pair.first.done_count + pair.second.done_count == 0)
            (void)uv_run(&rig.loop, UV_RUN_ONCE);
        (void)uv_run(&rig.loop, UV_RUN_NOWAIT);
        assert_int_equal(pair.first.done_count + pair.second.done_count, 1);
        assert_int_equal(fhir_fetcher_in_flight(rig.fetcher), 0);
        call_release(&pair.first);
        call_release(&pair.second);
    }
    rig_close(&rig);
}

/* ---- Inside on_done ---- */

static void on_done_again(struct fhir_fetch *fetch, const struct fhir_reply *reply)
{
    struct call *call = CONTAINER_OF(fetch, struct call, fetch);
    struct err err = {0};

    call_on_done(fetch, reply);
    if (call->done_count < 10)
        assert_ok(fhir_fetch_start(((struct rig *)fetch->owner)->fetcher, fetch, &err), &err);
}

static void a_fetch_may_start_again(void **state)
{
    struct rig rig;
    struct call call = {.fetch = {.on_done = on_done_again, .owner = &rig}};

    (void)state;
    open_rig(&rig, 1, 1);
    call_start(&rig, &call, "/fhir/ok", 5000);
    rig_run(&rig, &call.done_count, 10, 0);
    assert_int_equal(call.done_count, 10);
    assert_int_equal(rig.peer.accepted, 1);
    call_release(&call);
    rig_close(&rig);
}

static void on_done_free(struct fhir_fetch *fetch, const struct fhir_reply *reply)
{
    struct call *call = CONTAINER_OF(fetch, struct call, fetch);

    (void)reply;
    ++*(unsigned *)fetch->owner;
    free(call);
}

static void a_fetch_may_be_freed(void **state)
{
    unsigned done = 0;
    struct rig rig;

    (void)state;
    open_rig(&rig, 2, 2);
    for (int i = 0; i < 10; i++) {
        struct call *call = calloc(1, sizeof *call);

        assert_non_null(call);
        call->fetch.on_done = on_done_free;
        call->fetch.owner = &done;
        call_start(&rig, call, i % 2 == 0 ? "/fhir/ok" : "/fhir/hang", 30);
    }
    rig_run(&rig, &done, 10, 0);
    rig_close(&rig);
}

static void on_done_close(struct fhir_fetch *fetch, const struct fhir_reply *reply)
{
    struct rig *rig = fetch->owner;
    struct fhir_fetcher *fetcher = rig->fetcher;
    struct err err = {0};

    rig->fetcher = NULL;
    fhir_fetcher_close(fetcher, rig_on_closed, rig);
    call_on_done(fetch, reply); /* the body is still there */
    assert_int_equal(fhir_fetch_start(fetcher, fetch, &err), ERR_BUSY);
}

static void the_fetcher_may_be_closed(void **state)
{
    static const char *const paths[] = {"/fhir/ok", "/fhir/hang"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct rig rig;
        struct call call = {.fetch = {.on_done = on_done_close, .owner = &rig}};
        struct call others[5] = {{.done_count = 0}};

        open_rig(&rig, 3, 3);
        call_start(&rig, &call, paths[i], 50);
        for (size_t k = 0; k < ARRAY_LEN(others); k++)
            call_start(&rig, &others[k], "/fhir/hang", 10000);
        rig_run(&rig, &call.done_count, 1, 0);
        rig_run(&rig, &rig.fetchers_closed, 1, 0);
        assert_int_equal(call.reply.body.len, i == 0 ? 2 : 0);
        for (size_t k = 0; k < ARRAY_LEN(others); k++) {
            assert_int_equal(others[k].done_count, 0);
            fhir_fetch_cancel(&others[k].fetch); /* safe after the fetcher's end */
        }
        call_release(&call);
        rig_close(&rig);
    }
}

static void closing_calls_nobody_back(void **state)
{
    static const int turns[] = {0, 1, 2, 3, 5, 20};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(turns); i++) {
        struct call calls[12] = {{.done_count = 0}};
        unsigned done = 0;
        struct rig rig;

        open_rig(&rig, 4, 8);
        for (size_t k = 0; k < ARRAY_LEN(calls); k++)
            call_start(&rig, &calls[k], k % 2 == 0 ? "/fhir/hang" : "/fhir/later", 5000);
        for (int turn = 0; turn < turns[i]; turn++)
            (void)uv_run(&rig.loop, UV_RUN_NOWAIT);
        for (size_t k = 0; k < ARRAY_LEN(calls); k++)
            done += calls[k].done_count;
        rig_close(&rig);
        for (size_t k = 0; k < ARRAY_LEN(calls); k++) {
            done -= calls[k].done_count;
            call_release(&calls[k]);
        }
        assert_int_equal(done, 0);
    }
}

static void a_taken_body_has_its_padding(void **state)
{
    struct call call = {0};
    struct rig rig;

    (void)state;
    open_rig(&rig, 1, 1);
    call_run(&rig, &call, "/fhir/ok", 5000);
    rig_close(&rig);
    assert_slice_equal(buf_slice(&call.body), "{}"); /* outlives the fetcher */
    for (size_t i = 0; i < BUF_PADDING; i++)         /* readable; the sanitizer looks on */
        (void)*(const volatile char *)(call.body.bytes + call.body.len + i);
    call_release(&call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_are_kept),
        cmocka_unit_test(a_kept_connection_that_died_is_replaced),
        cmocka_unit_test(many_fetches_share_few_connections),
        cmocka_unit_test(all_hosts_together_are_limited),
        cmocka_unit_test(a_hung_host_holds_up_no_other),
        cmocka_unit_test(too_many_are_busy),
        cmocka_unit_test(a_waiting_fetch_keeps_its_own_deadline),
        cmocka_unit_test(every_timeout_is_reported),
        cmocka_unit_test(no_time_at_all_is_a_timeout_later),
        cmocka_unit_test(a_refused_port_is_refused),
        cmocka_unit_test(connecting_has_its_own_limit),
        cmocka_unit_test(cancel_at_every_point),
        cmocka_unit_test(a_cancelled_connection_is_not_used_again),
        cmocka_unit_test(one_may_cancel_another),
        cmocka_unit_test(a_fetch_may_start_again),
        cmocka_unit_test(a_fetch_may_be_freed),
        cmocka_unit_test(the_fetcher_may_be_closed),
        cmocka_unit_test(closing_calls_nobody_back),
        cmocka_unit_test(a_taken_body_has_its_padding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
