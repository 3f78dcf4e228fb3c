/* tests/fhir/peer.h -- an HTTP peer on the test's own loop that misbehaves on demand.
 *
 * What it does with a request is looked up by the request's path. Everything runs on one
 * thread, so a test is as repeatable as the kernel's loopback. Included by one test program
 * each; `rig` is the loop, the peer and the fetcher together.
 */
#ifndef TESTS_FHIR_PEER_H
#define TESTS_FHIR_PEER_H

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <uv.h>

#include "fhir/fetch.h"
#include "tests/test.h"

#define PEER_CONNECTIONS_MAX 64
#define PEER_STEP_MS         15 /* between two bytes of a drip, and before a delayed act */
#define RIG_PATIENCE_MS      20000

enum peer_act {
    PEER_SEND,        /* the answer, and the connection stays open */
    PEER_SEND_LATER,  /* after PEER_STEP_MS */
    PEER_SEND_CLOSE,  /* the answer, then an orderly close */
    PEER_SEND_RESET,  /* the answer, a pause, then a reset */
    PEER_SEND_REPEAT, /* the answer, then its body (or headers) again for ever */
    PEER_DRIP,        /* one byte each PEER_STEP_MS */
    PEER_RESET,
    PEER_HANG,
};

struct peer_answer {
    const char *path; /* whole path, without the query */
    enum peer_act act;
    const char *text;
    void (*make)(struct buf *buf); /* in place of text */
};

struct peer;

struct peer_connection {
    uv_tcp_t tcp;
    uv_timer_t timer;
    struct peer *peer;
    char request[8192];
    size_t request_len;
    const struct peer_answer *answer;
    struct buf out;
    size_t out_sent;
    uv_write_t write;
    bool is_busy, is_closing, is_half_closed;
};

struct peer {
    uv_tcp_t listener;
    const struct peer_answer *answers;
    size_t answers_count;
    struct peer_connection *connections[PEER_CONNECTIONS_MAX];
    unsigned port, accepted, requests, busy, busy_most;
    char last_request[8192];
};

static inline void peer_on_closed(uv_handle_t *handle)
{
    struct peer_connection *connection = handle->data;

    if (!connection->is_half_closed) { /* the timer or the socket is still to come */
        connection->is_half_closed = true;
        return;
    }
    buf_release(&connection->out);
    free(connection);
}

static inline void peer_drop(struct peer_connection *connection, bool with_reset)
{
    struct peer *peer = connection->peer;

    if (connection->is_closing)
        return;
    connection->is_closing = true;
    if (connection->is_busy)
        peer->busy--;
    for (size_t i = 0; i < PEER_CONNECTIONS_MAX; i++)
        if (peer->connections[i] == connection)
            peer->connections[i] = NULL;
    uv_close((uv_handle_t *)&connection->timer, peer_on_closed);
    if (!with_reset || uv_tcp_close_reset(&connection->tcp, peer_on_closed) != 0)
        uv_close((uv_handle_t *)&connection->tcp, peer_on_closed);
}

static inline void peer_idle(struct peer_connection *connection)
{
    connection->is_busy = false;
    connection->peer->busy--;
}

static inline void peer_on_late(uv_timer_t *timer);
static inline void peer_send_next(struct peer_connection *connection);

/* The body, or all but the status line when there is no body yet. */
static inline size_t peer_repeat_from(struct slice out)
{
    size_t at = slice_find(out, SLICE("\r\n\r\n"));

    return at == SIZE_MAX ? slice_find_char(out, '\n') + 1 : at + 4;
}

static inline void peer_on_written(uv_write_t *write, int status)
{
    struct peer_connection *connection = write->data;

    if (connection->is_closing)
        return;
    if (status != 0) {
        peer_drop(connection, false);
        return;
    }
    switch (connection->answer->act) {
    case PEER_SEND:
    case PEER_SEND_LATER:
        peer_idle(connection);
        return;
    case PEER_SEND_CLOSE:
        peer_drop(connection, false);
        return;
    case PEER_SEND_RESET:
        connection->out_sent = connection->out.len;
        (void)uv_timer_start(&connection->timer, peer_on_late, PEER_STEP_MS, 0);
        return;
    case PEER_DRIP:
        connection->out_sent++;
        if (connection->out_sent < connection->out.len)
            (void)uv_timer_start(&connection->timer, peer_on_late, PEER_STEP_MS, 0);
        return;
    case PEER_SEND_REPEAT:
        connection->out_sent = peer_repeat_from(buf_slice(&connection->out));
        peer_send_next(connection);
        return;
    case PEER_RESET:
    case PEER_HANG:
        return;
    }
}

static inline void peer_send_next(struct peer_connection *connection)
{
    struct slice rest = slice_from(buf_slice(&connection->out), connection->out_sent);
    uv_buf_t bytes;

    if (connection->answer->act == PEER_DRIP)
        rest = slice_head(rest, 1);
    bytes = uv_buf_init((char *)(uintptr_t)rest.ptr, (unsigned)rest.len);
    connection->write.data = connection;
    if (uv_write(&connection->write, (uv_stream_t *)&connection->tcp, &bytes, 1,
                 peer_on_written) != 0)
        peer_drop(connection, false);
}

static inline void peer_on_late(uv_timer_t *timer)
{
    struct peer_connection *connection = timer->data;

    if (connection->out_sent >= connection->out.len)
        peer_drop(connection, true);
    else
        peer_send_next(connection);
}

static inline void peer_act(struct peer_connection *connection, struct slice head)
{
    struct peer *peer = connection->peer;
    struct slice path = head;

    memcpy(peer->last_request, head.ptr, head.len);
    peer->last_request[head.len] = '\0';
    peer->requests++;
    peer->busy++;
    peer->busy_most = peer->busy > peer->busy_most ? peer->busy : peer->busy_most;
    connection->is_busy = true;
    (void)slice_cut(path, ' ', &path);
    path = slice_cut(path, ' ', &head);
    path = slice_cut(path, '?', &head);
    connection->answer = NULL;
    for (size_t i = 0; i < peer->answers_count; i++)
        if (slice_eq_text(path, peer->answers[i].path))
            connection->answer = &peer->answers[i];
    assert(connection->answer != NULL);
    buf_clear(&connection->out);
    connection->out_sent = 0;
    if (connection->answer->make != NULL)
        connection->answer->make(&connection->out);
    else
        buf_add(&connection->out, slice_of(connection->answer->text));
    if (connection->answer->act == PEER_RESET)
        peer_drop(connection, true);
    else if (connection->answer->act == PEER_SEND_LATER)
        (void)uv_timer_start(&connection->timer, peer_on_late, PEER_STEP_MS, 0);
    else if (connection->answer->act != PEER_HANG)
        peer_send_next(connection);
}

static inline void peer_on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *ret)
{
    struct peer_connection *connection = handle->data;

    (void)wanted;
    *ret = uv_buf_init(connection->request + connection->request_len,
                       (unsigned)(sizeof connection->request - 1 - connection->request_len));
}

/* The length of the request's body by its head. */
static inline size_t peer_body_bytes(struct slice head)
{
    size_t at = slice_find_nocase(head, SLICE("\r\nContent-Length: "));
    struct slice number;
    uint32_t bytes = 0;

    if (at == SIZE_MAX)
        return 0;
    number = slice_cut(slice_from(head, at + sizeof "\r\nContent-Length: " - 1), '\r', &head);
    assert_true(slice_to_u32(number, 4096, &bytes));
    return bytes;
}

static inline void peer_on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct peer_connection *connection = stream->data;
    struct slice request;
    size_t end;

    (void)buf;
    if (len < 0) {
        peer_drop(connection, false);
        return;
    }
    connection->request_len += (size_t)len;
    request = (struct slice){connection->request, connection->request_len};
    end = slice_find(request, SLICE("\r\n\r\n"));
    if (end == SIZE_MAX ||
        request.len < end + 4 + peer_body_bytes(slice_head(request, end + 4)))
        return;
    connection->request_len = 0; /* nobody pipelines here */
    peer_act(connection, request);
}

static inline void peer_on_connection(uv_stream_t *listener, int status)
{
    struct peer *peer = listener->data;
    struct peer_connection *connection = calloc(1, sizeof *connection);
    size_t at = 0;

    assert(status == 0 && connection != NULL);
    while (peer->connections[at] != NULL)
        at++;
    assert(at < PEER_CONNECTIONS_MAX);
    peer->connections[at] = connection;
    peer->accepted++;
    connection->peer = peer;
    buf_init(&connection->out, (size_t)64 << 20);
    (void)uv_tcp_init(listener->loop, &connection->tcp);
    (void)uv_timer_init(listener->loop, &connection->timer);
    connection->tcp.data = connection;
    connection->timer.data = connection;
    assert(uv_accept(listener, (uv_stream_t *)&connection->tcp) == 0);
    assert(uv_read_start((uv_stream_t *)&connection->tcp, peer_on_room, peer_on_read) == 0);
}

static inline void peer_open(struct peer *peer, uv_loop_t *loop,
                             const struct peer_answer *answers, size_t answers_count)
{
    struct sockaddr_in address;
    int len = sizeof address;

    *peer = (struct peer){.answers = answers, .answers_count = answers_count};
    assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
    assert_int_equal(uv_tcp_init(loop, &peer->listener), 0);
    peer->listener.data = peer;
    assert_int_equal(uv_tcp_bind(&peer->listener, (struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&peer->listener, 128, peer_on_connection), 0);
    assert_int_equal(uv_tcp_getsockname(&peer->listener, (struct sockaddr *)&address, &len), 0);
    peer->port = ntohs(address.sin_port);
}

static inline void peer_drop_all(struct peer *peer)
{
    for (size_t i = 0; i < PEER_CONNECTIONS_MAX; i++)
        if (peer->connections[i] != NULL)
            peer_drop(peer->connections[i], false);
}

static inline void peer_close(struct peer *peer)
{
    peer_drop_all(peer);
    uv_close((uv_handle_t *)&peer->listener, NULL);
}

/* ---- The loop, the peer and the fetcher ---- */

struct rig {
    uv_loop_t loop;
    struct peer peer;
    struct fhir_fetcher *fetcher; /* NULL once closed by the test */
    unsigned fetchers_closed;
};

struct call {
    struct fhir_fetch fetch;
    char url[256];
    unsigned done_count;
    struct fhir_reply reply; /* body: of `body` */
    struct buf body;
};

static const struct fhir_fetcher_limits RIG_LIMITS = {.connections_per_host_max = 4,
                                                      .connections_max = 8,
                                                      .connect_timeout_ms = 2000,
                                                      .body_bytes_max = 65536};

static inline void rig_open(struct rig *rig, struct fhir_fetcher_limits limits,
                            const struct peer_answer *answers, size_t answers_count)
{
    const struct slice base = SLICE("http://loopback/fhir");
    struct err err = {0};

    *rig = (struct rig){0};
    (void)signal(SIGPIPE, SIG_IGN); /* as fhir/fetch.h asks of the process */
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    peer_open(&rig->peer, &rig->loop, answers, answers_count);
    assert_ok(fhir_fetcher_new(&rig->loop, &base, 1, limits, &rig->fetcher, &err), &err);
}

static inline void rig_on_closed(void *rig_)
{
    struct rig *rig = rig_;

    rig->fetchers_closed++;
}

/* Everything that the fetcher opened on the loop must go with it. */
static inline void rig_close(struct rig *rig)
{
    if (rig->fetcher != NULL)
        fhir_fetcher_close(rig->fetcher, rig_on_closed, rig);
    peer_close(&rig->peer);
    assert_int_equal(uv_run(&rig->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    assert_int_equal(rig->fetchers_closed, 1);
}

static inline void call_on_done(struct fhir_fetch *fetch, const struct fhir_reply *reply)
{
    struct call *call = CONTAINER_OF(fetch, struct call, fetch);

    call->done_count++;
    call->reply = *reply;
    buf_release(&call->body);
    if (reply->body.len > 0)
        fhir_fetch_take_body(fetch, &call->body);
    call->reply.body = buf_slice(&call->body);
}

static inline enum err_code call_start_to(struct rig *rig, struct call *call, unsigned port,
                                          const char *path, uint32_t timeout_ms,
                                          struct err *err)
{
    (void)snprintf(call->url, sizeof call->url, "http://127.0.0.1:%u%s", port, path);
    call->fetch.url = slice_of(call->url);
    call->fetch.timeout_ms = timeout_ms;
    if (call->fetch.on_done == NULL)
        call->fetch.on_done = call_on_done;
    return fhir_fetch_start(rig->fetcher, &call->fetch, err);
}

static inline void call_start(struct rig *rig, struct call *call, const char *path,
                              uint32_t timeout_ms)
{
    struct err err = {0};

    assert_ok(call_start_to(rig, call, rig->peer.port, path, timeout_ms, &err), &err);
}

static inline void rig_on_tick(uv_timer_t *timer)
{
    (void)timer; /* only wakes the loop */
}

static inline bool has_reached(const unsigned *counter, unsigned want)
{
    return counter != NULL && *counter >= want;
}

/* Runs the loop until *counter reaches `want`, but not longer than `ms`; 0: it must reach it.
 */
static inline void rig_run(struct rig *rig, const unsigned *counter, unsigned want, uint64_t ms)
{
    uint64_t until_ns = uv_hrtime() + (ms == 0 ? RIG_PATIENCE_MS : ms) * 1000000;
    uv_timer_t tick;

    (void)uv_timer_init(&rig->loop, &tick);
    (void)uv_timer_start(&tick, rig_on_tick, 1, 1);
    while (!has_reached(counter, want) && uv_hrtime() < until_ns)
        (void)uv_run(&rig->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&tick, NULL);
    (void)uv_run(&rig->loop, UV_RUN_NOWAIT);
    if (ms == 0 && !has_reached(counter, want))
        fail_msg("nothing happened for %d ms", RIG_PATIENCE_MS);
}

/* One fetch from start to end. */
static inline void call_run(struct rig *rig, struct call *call, const char *path,
                            uint32_t timeout_ms)
{
    unsigned before = call->done_count;

    call_start(rig, call, path, timeout_ms);
    assert_int_equal(call->done_count, before); /* never from inside start */
    rig_run(rig, &call->done_count, before + 1, 0);
    assert_int_equal(call->done_count, before + 1);
}

static inline void call_release(struct call *call)
{
    buf_release(&call->body);
}

#endif
