/* gateway/net/conn.c -- one connection: reads, hands requests over, writes answers.
 *
 *            first byte               head complete
 *     IDLE ---------> HEAD -----------------> BODY
 *      ^               |  request complete     |
 *      |               `-------> ANSWER <------'
 *      |                           | net_exchange_respond
 *      |       all written         v
 *      +--- READY <------------- WRITE ------> LINGER (the last answer)
 *
 *   A connection begins in HEAD. Any state ends in CLOSED by an error, the end of its time or
 *   the end of the server.
 *
 * Invariants
 *   (1) A connection is in exactly one list of its server, that of its state.
 *   (2) The owner has the exchange in ANSWER and in no other state.
 *   (3) `parser` exists from a request's first byte until it is answered.
 *   (4) Nothing is freed in a callback of its own: CLOSED waits for uv's close callback.
 */
#include "gateway/net/conn.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "gateway/hooks/outcome.h"
#include "gateway/ops/metrics.h"

#define CONN_MAGIC 0x706e6378u
/* How far a client may send ahead of the answer that it is waiting for. */
#define AHEAD_BYTES_MAX  (NET_READ_BYTES + AHEAD_BYTES_STOP)
#define AHEAD_BYTES_STOP ((size_t)16 * 1024)
#define LINGER_BYTES_MAX (64u * 1024 * 1024)
/* Connections above the limit that are told so; further ones are just closed. */
#define SURPLUS_MAX 64

static void feed(struct net_conn *conn, struct slice bytes);
static void settle(struct net_conn *conn);
static bool start_reading(struct net_conn *conn);

static struct net_conn *conn_of(void *data)
{
    struct net_conn *conn = data;

    assert(conn->magic == CONN_MAGIC);
    return conn;
}

/* ---- closing ---- */

static void on_closed(uv_handle_t *handle)
{
    struct net_conn *conn = conn_of(handle->data);

    if (conn->parser != NULL)
        net_server_give_parser(conn->server, conn->parser);
    buf_release(&conn->ahead);
    buf_release(&conn->out);
    conn->magic = 0;
    net_server_forget(conn);
}

static void close_conn(struct net_conn *conn)
{
    assert(conn->state != NET_CONN_ANSWER && conn->state != NET_CONN_CLOSED);
    net_server_move(conn, NET_CONN_CLOSED);
    uv_close((uv_handle_t *)&conn->tcp, on_closed);
}

void net_conn_end(struct net_conn *conn)
{
    struct net_server *server = conn->server;

    if (conn->state == NET_CONN_CLOSED)
        return;
    if (conn->state != NET_CONN_ANSWER) {
        close_conn(conn);
        return;
    }
    server->in_flight--;
    metrics_set(server->options.metrics, METRIC_IN_FLIGHT, 0, server->in_flight);
    metrics_add(server->options.metrics, METRIC_ABANDONED, 0, 1);
    net_server_move(conn, NET_CONN_CLOSED);
    uv_close((uv_handle_t *)&conn->tcp, on_closed);
    server->options.on_abandoned(&conn->exchange, server->options.owner);
}

/* The last answer is written. Closing a socket with unread bytes makes the kernel reset it,
 * which can take the answer from the client; so say goodbye and read on for a while. */
static void leave(struct net_conn *conn)
{
    uv_os_fd_t fd;

    if (conn->is_eof || !conn->must_linger ||
        uv_fileno((const uv_handle_t *)&conn->tcp, &fd) != 0 || shutdown(fd, SHUT_WR) != 0 ||
        (!conn->is_reading && !start_reading(conn))) {
        close_conn(conn);
        return;
    }
    buf_release(&conn->ahead);
    net_server_move(conn, NET_CONN_LINGER);
}

/* ---- writing ---- */

/* uv reads what it writes, but its type does not say so. */
static uv_buf_t uv_slice(struct slice s)
{
    uv_buf_t buf = {.len = s.len};

    memcpy(&buf.base, &s.ptr, sizeof buf.base);
    return buf;
}

static void on_written(uv_write_t *write, int status)
{
    struct net_conn *conn = conn_of(write->data);

    buf_release(&conn->out);
    if (conn->state == NET_CONN_CLOSED)
        return;
    assert(conn->state == NET_CONN_WRITE);
    if (status < 0)
        close_conn(conn);
    else
        settle(conn);
}

/* Keeps what the socket did not take, and lets uv write it. */
static void write_rest(struct net_conn *conn, struct slice head, struct slice body,
                       size_t written)
{
    uv_buf_t rest;

    buf_init(&conn->out, head.len + body.len + 1);
    if (written < head.len) {
        buf_add(&conn->out, slice_from(head, written));
        buf_add(&conn->out, body);
    } else {
        buf_add(&conn->out, slice_from(body, written - head.len));
    }
    rest = uv_buf_init(conn->out.bytes, (unsigned)conn->out.len);
    conn->write.data = conn;
    if (buf_failed(&conn->out) ||
        uv_write(&conn->write, (uv_stream_t *)&conn->tcp, &rest, 1, on_written) != 0)
        close_conn(conn);
}

/* Ends in WRITE, or, when everything was taken at once, in what settle makes of it. */
static void send_answer(struct net_conn *conn, struct slice head, struct slice body)
{
    uv_buf_t bufs[2] = {uv_slice(head), uv_slice(body)};
    int written = uv_try_write((uv_stream_t *)&conn->tcp, bufs, body.len > 0 ? 2 : 1);

    if (written == UV_EAGAIN)
        written = 0;
    if (written >= 0 && (size_t)written == head.len + body.len) {
        net_server_give_parser(conn->server, conn->parser);
        conn->parser = NULL;
        settle(conn);
        return;
    }
    if (written >= 0)
        write_rest(conn, head, body, (size_t)written);
    else
        close_conn(conn);
    /* The body may have been part of the request, so it had to stay until here. */
    net_server_give_parser(conn->server, conn->parser);
    conn->parser = NULL;
}

/* An answer is written: what next? */
static void settle(struct net_conn *conn)
{
    bool is_last = conn->server->is_stopping && conn->ahead.len == 0;

    if (conn->must_close || is_last) {
        leave(conn);
    } else if (conn->ahead.len > 0 && !conn->is_feeding) {
        net_server_move(conn, NET_CONN_READY);
    } else if (conn->is_eof && !conn->is_feeding) {
        close_conn(conn);
    } else {
        net_server_move(conn, NET_CONN_IDLE);
    }
}

/* Writes the answer's head; the connection's headers join those of the response. */
static void make_head(struct net_conn *conn, const struct http_request *request,
                      const struct http_response *response, bool is_preflight)
{
    struct net_server *server = conn->server;
    const struct net_cors *cors = server->options.cors;
    struct slice origin = request == NULL ? SLICE_NONE : request->known[HTTP_HEADER_ORIGIN];
    struct http_response whole = *response;

    buf_clear(&server->head);
    buf_clear(&server->headers);
    buf_add(&server->headers, response->headers);
    if (cors != NULL && is_preflight)
        net_cors_preflight(cors, origin, &server->headers);
    else if (cors != NULL)
        net_cors_headers(cors, origin, &server->headers);
    if (request != NULL && request->is_http_1_0 && !conn->must_close)
        buf_add_text(&server->headers, "Connection: keep-alive\r\n");
    whole.headers = buf_slice(&server->headers);
    http_response_head(&server->head, &whole, net_server_date(server), !conn->must_close);
}

static void answer(struct net_conn *conn, const struct http_response *response,
                   bool is_preflight)
{
    struct net_server *server = conn->server;
    const struct http_request *request = conn->exchange.request;
    struct slice body = response->body;

    assert(conn->state == NET_CONN_ANSWER);
    net_server_move(conn, NET_CONN_WRITE);
    server->in_flight--;
    metrics_set(server->options.metrics, METRIC_IN_FLIGHT, 0, server->in_flight);
    conn->must_close = !request->keep_alive || response->must_close || server->is_stopping;
    conn->must_linger = conn->ahead.len > 0;
    make_head(conn, request, response, is_preflight);
    if (request->method == HTTP_METHOD_HEAD || response->status == 204)
        body.len = 0;
    if (buf_failed(&server->head) || buf_failed(&server->headers)) {
        close_conn(conn); /* no memory for a head: nothing can be said */
        return;
    }
    send_answer(conn, buf_slice(&server->head), body);
}

void net_exchange_respond(struct net_exchange *exchange, const struct http_response *response)
{
    struct net_conn *conn = CONTAINER_OF(exchange, struct net_conn, exchange);

    assert(conn->magic == CONN_MAGIC);
    answer(conn, response, false);
}

/* ---- refusing ---- */

static void refuse(struct net_conn *conn, enum http_failure failure)
{
    struct net_server *server = conn->server;
    struct http_response response = {
        .status = http_failure_status(failure),
        .content_type = SLICE("application/fhir+json"),
        .must_close = true,
    };
    const struct http_request *request =
        conn->parser == NULL ? NULL : http_parser_request(conn->parser);

    metrics_add(server->options.metrics, METRIC_HTTP_REFUSED, failure, 1);
    net_server_move(conn, NET_CONN_WRITE);
    if (response.status == 503)
        response.headers = SLICE("Retry-After: 1\r\n");
    conn->must_close = true;
    conn->must_linger = failure != HTTP_FAILURE_TIMEOUT;
    buf_clear(&server->body);
    outcome_write(&server->body, OUTCOME_ERROR, http_failure_issue(failure),
                  slice_of(http_failure_text(failure)), SLICE_NONE);
    response.body = buf_slice(&server->body);
    make_head(conn, request, &response, false);
    if (buf_failed(&server->head) || buf_failed(&server->headers) || buf_failed(&server->body))
        close_conn(conn);
    else
        send_answer(conn, buf_slice(&server->head), response.body);
}

void net_conn_expire(struct net_conn *conn)
{
    switch (conn->state) {
    case NET_CONN_HEAD:
    case NET_CONN_BODY:
        if (conn->parser != NULL) {
            refuse(conn, HTTP_FAILURE_TIMEOUT);
            return;
        }
        break;
    case NET_CONN_WRITE:
    case NET_CONN_IDLE:
    case NET_CONN_LINGER:
        break;
    case NET_CONN_ANSWER:
    case NET_CONN_READY:
    case NET_CONN_CLOSED:
    case NET_CONN_STATES_COUNT:
        assert(false); /* these have no time */
    }
    close_conn(conn);
}

/* ---- reading ---- */

static void hand_over(struct net_conn *conn)
{
    struct net_server *server = conn->server;
    struct net_exchange *exchange = &conn->exchange;

    exchange->request = http_parser_request(conn->parser);
    exchange->state = NULL;
    server->in_flight++;
    metrics_set(server->options.metrics, METRIC_IN_FLIGHT, 0, server->in_flight);
    net_server_move(conn, NET_CONN_ANSWER);
    if (server->options.cors != NULL && exchange->request->method == HTTP_METHOD_OPTIONS)
        answer(conn,
               &(struct http_response){.status = 204,
                                       .headers = SLICE("Allow: GET, POST, OPTIONS\r\n")},
               true);
    else
        server->options.on_request(exchange, server->options.owner);
}

/* The client waits for leave to send its body. */
static void say_continue(struct net_conn *conn)
{
    uv_buf_t buf = uv_slice(SLICE("HTTP/1.1 100 Continue\r\n\r\n"));

    if (uv_try_write((uv_stream_t *)&conn->tcp, &buf, 1) != (int)buf.len)
        close_conn(conn); /* it does not even take 25 bytes */
}

static bool begin_request(struct net_conn *conn)
{
    conn->parser = net_server_take_parser(conn->server);
    if (conn->parser == NULL) {
        close_conn(conn); /* no memory */
        return false;
    }
    conn->exchange.arrived_us = uv_hrtime() / 1000;
    if (conn->state == NET_CONN_IDLE)
        net_server_move(conn, NET_CONN_HEAD);
    return true;
}

/* Feeds the parser once; returns what is left. */
static struct slice step(struct net_conn *conn, struct slice bytes)
{
    size_t used = 0;
    enum http_event event = http_parser_feed(conn->parser, bytes, &used);

    switch (event) {
    case HTTP_MORE:
    case HTTP_CONTINUE:
        if (conn->state == NET_CONN_HEAD && http_parser_is_in_body(conn->parser))
            net_server_move(conn, NET_CONN_BODY);
        if (event == HTTP_CONTINUE)
            say_continue(conn);
        break;
    case HTTP_REQUEST_READY:
        hand_over(conn);
        break;
    case HTTP_FAILED:
        refuse(conn, http_parser_failure(conn->parser));
        break;
    }
    return slice_from(bytes, used);
}

static bool takes_bytes(const struct net_conn *conn)
{
    return conn->state == NET_CONN_HEAD || conn->state == NET_CONN_BODY ||
           conn->state == NET_CONN_IDLE;
}

/* Keeps bytes for later; stops reading when there are many. */
static void keep_ahead(struct net_conn *conn, struct slice bytes)
{
    if (conn->ahead.bytes_max == 0)
        buf_init(&conn->ahead, AHEAD_BYTES_MAX);
    buf_add(&conn->ahead, bytes);
    if (buf_failed(&conn->ahead)) {
        net_conn_end(conn); /* no memory */
        return;
    }
    if (conn->ahead.len >= AHEAD_BYTES_STOP && conn->is_reading) {
        (void)uv_read_stop((uv_stream_t *)&conn->tcp);
        conn->is_reading = false;
    }
}

/* No more bytes will come: a request that is not complete never will be. */
static void see_eof(struct net_conn *conn)
{
    if (!takes_bytes(conn))
        return; /* the answer comes first */
    if (conn->parser != NULL)
        refuse(conn, HTTP_FAILURE_CUT_SHORT);
    else
        close_conn(conn);
}

static void feed(struct net_conn *conn, struct slice bytes)
{
    assert(!conn->is_feeding);
    conn->is_feeding = true;
    while (bytes.len > 0 && takes_bytes(conn))
        if (conn->parser != NULL || begin_request(conn))
            bytes = step(conn, bytes);
    conn->is_feeding = false;
    if (bytes.len > 0 && (conn->state == NET_CONN_ANSWER || conn->state == NET_CONN_WRITE))
        keep_ahead(conn, bytes);
    if (conn->is_eof)
        see_eof(conn);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct net_conn *conn = conn_of(handle->data);
    bool is_ahead = conn->state == NET_CONN_ANSWER || conn->state == NET_CONN_WRITE ||
                    conn->state == NET_CONN_READY;

    (void)suggested;
    /* Little at a time while an answer is owed, so that `ahead` stays small. */
    *ret = uv_buf_init(conn->server->read_bytes, is_ahead ? AHEAD_BYTES_STOP : NET_READ_BYTES);
}

/* libuv reports a reset that follows data as the end of the stream, too. A client that only
 * closed its sending side still reads; one that is gone does not, and nothing is worked out for
 * it any more. */
static bool is_gone(const struct net_conn *conn)
{
    struct pollfd poll_fd = {.events = 0};
    uv_os_fd_t fd;

    if (uv_fileno((const uv_handle_t *)&conn->tcp, &fd) != 0)
        return true;
    poll_fd.fd = fd;
    return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & (POLLHUP | POLLERR)) != 0;
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct net_conn *conn = conn_of(stream->data);
    struct slice bytes = {.ptr = buf->base, .len = len > 0 ? (size_t)len : 0};

    if (len == 0 || conn->state == NET_CONN_CLOSED)
        return;
    if (len == UV_EOF) {
        conn->is_eof = true;
        if (conn->state == NET_CONN_LINGER)
            close_conn(conn);
        else if (is_gone(conn))
            net_conn_end(conn);
        else
            see_eof(conn);
    } else if (len < 0) {
        net_conn_end(conn); /* reset: nobody will read an answer */
    } else if (takes_bytes(conn)) {
        feed(conn, bytes);
    } else if (conn->state == NET_CONN_LINGER) {
        conn->lingered += (uint32_t)len;
        if (conn->lingered > LINGER_BYTES_MAX)
            close_conn(conn);
    } else {
        keep_ahead(conn, bytes);
    }
}

static bool start_reading(struct net_conn *conn)
{
    conn->is_reading = uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read) == 0;
    return conn->is_reading;
}

void net_conn_feed_ahead(struct net_conn *conn)
{
    struct buf ahead = conn->ahead;

    conn->ahead = (struct buf){0};
    if (!conn->is_reading && !conn->is_eof && !start_reading(conn)) {
        close_conn(conn);
    } else if (ahead.len > 0) {
        net_server_move(conn, NET_CONN_IDLE);
        feed(conn, buf_slice(&ahead));
    }
    buf_release(&ahead);
}

/* ---- beginning ---- */

void net_conn_accept(struct net_server *server)
{
    struct net_conn *conn = calloc(1, sizeof *conn);
    uint32_t limit = server->options.limits.connections_max;

    server->has_missed_accept = conn == NULL;
    if (conn == NULL)
        return;
    conn->magic = CONN_MAGIC;
    conn->server = server;
    conn->state = NET_CONN_STATES_COUNT;         /* in no list yet */
    (void)uv_tcp_init(server->loop, &conn->tcp); /* cannot fail without a socket */
    conn->tcp.data = conn;
    server->connections_count++;
    metrics_add(server->options.metrics, METRIC_CONNECTIONS, 0, 1);
    metrics_set(server->options.metrics, METRIC_CONNECTIONS_OPEN, 0, server->connections_count);
    net_server_move(conn, NET_CONN_HEAD);
    if (uv_accept((uv_stream_t *)&server->listener, (uv_stream_t *)&conn->tcp) != 0 ||
        uv_tcp_nodelay(&conn->tcp, 1) != 0 || !start_reading(conn)) {
        close_conn(conn);
    } else if (server->connections_count > limit + SURPLUS_MAX) {
        metrics_add(server->options.metrics, METRIC_HTTP_REFUSED, HTTP_FAILURE_CONNECTIONS, 1);
        close_conn(conn);
    } else if (server->connections_count > limit) {
        refuse(conn, HTTP_FAILURE_CONNECTIONS);
    }
}
