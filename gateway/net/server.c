/* gateway/net/server.c -- listening, the lists of connections, their times, and the end.
 *
 * Each state has one list and one timeout, so a list is ordered by due time and one timer for
 * the first of them serves all connections. Times are kept to within TIMER_TICK_MS.
 */
#include "gateway/net/server.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "gateway/net/conn.h"
#include "gateway/net/net_private.h"
#include "gateway/ops/metrics.h"

#define SERVER_MAGIC  0x706e7372u
#define TIMER_TICK_MS 20
#define BACKLOG       1024
/* Of the scratch buffers for heads and for the server's own bodies. */
#define SCRATCH_BYTES_MAX ((size_t)64 * 1024)

static void on_timer(uv_timer_t *timer);

static struct net_server *server_of(void *data)
{
    struct net_server *server = data;

    assert(server->magic == SERVER_MAGIC);
    return server;
}

/* ---- end ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct net_server *server = server_of(handle->data);

    assert(server->handles_open > 0);
    if (--server->handles_open > 0)
        return;
    assert(server->connections_count == 0 && server->in_flight == 0);
    if (server->on_stopped != NULL)
        server->on_stopped(server->on_stopped_owner);
    while (server->parsers_count > 0)
        http_parser_free(server->parsers[--server->parsers_count]);
    assert(server->budget.bytes_taken == 0);
    buf_release(&server->head);
    buf_release(&server->headers);
    buf_release(&server->body);
    server->magic = 0;
    free(server);
}

static void close_handle(void *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_handle_closed);
}

/* The listener is closed and no connection is left: close the rest. */
static void end_when_empty(struct net_server *server)
{
    if (!server->is_stopping || server->connections_count > 0 || server->is_ending)
        return;
    server->is_ending = true;
    close_handle(&server->timer);
    close_handle(&server->waker);
}

static void end_all(struct net_server *server)
{
    for (size_t state = 0; state < NET_CONN_CLOSED; state++)
        while (server->lists[state].first != NULL)
            net_conn_end(server->lists[state].first);
}

/* ---- lists and times ---- */

/* 0 for a state without an end. */
static uint32_t timeout_of(const struct net_limits *limits, enum net_conn_state state)
{
    switch (state) {
    case NET_CONN_HEAD:
        return limits->head_timeout_ms;
    case NET_CONN_BODY:
    case NET_CONN_LINGER:
        return limits->body_timeout_ms;
    case NET_CONN_WRITE:
        return limits->write_timeout_ms;
    case NET_CONN_IDLE:
        return limits->idle_timeout_ms;
    case NET_CONN_ANSWER: /* the owner's */
    case NET_CONN_READY:
    case NET_CONN_CLOSED:
    case NET_CONN_STATES_COUNT:
        break;
    }
    return 0;
}

/* Makes the timer fire at `due_ms` or earlier. */
static void arm(struct net_server *server, uint64_t due_ms)
{
    uint64_t now = uv_now(server->loop);

    if (due_ms == 0 || (server->timer_due_ms != 0 && server->timer_due_ms <= due_ms))
        return;
    server->timer_due_ms = due_ms;
    (void)uv_timer_start(&server->timer, on_timer, due_ms > now ? due_ms - now : 0, 0);
}

static void link_last(struct net_list *list, struct net_conn *conn)
{
    conn->next = NULL;
    conn->prev = list->last;
    if (list->last == NULL)
        list->first = conn;
    else
        list->last->next = conn;
    list->last = conn;
}

static void unlink_conn(struct net_list *list, struct net_conn *conn)
{
    if (conn->prev == NULL)
        list->first = conn->next;
    else
        conn->prev->next = conn->next;
    if (conn->next == NULL)
        list->last = conn->prev;
    else
        conn->next->prev = conn->prev;
}

static void on_wake(uv_idle_t *waker);

void net_server_move(struct net_conn *conn, enum net_conn_state state)
{
    struct net_server *server = conn->server;
    uint32_t timeout_ms = timeout_of(&server->options.limits, state);

    if (conn->state < NET_CONN_STATES_COUNT)
        unlink_conn(&server->lists[conn->state], conn);
    conn->state = state;
    conn->due_ms = timeout_ms == 0 ? 0 : uv_now(server->loop) + timeout_ms;
    link_last(&server->lists[state], conn);
    arm(server, conn->due_ms);
    if (state == NET_CONN_READY)
        (void)uv_idle_start(&server->waker, on_wake);
}

static void on_timer(uv_timer_t *timer)
{
    struct net_server *server = server_of(timer->data);
    uint64_t now = uv_now(server->loop);

    server->timer_due_ms = 0;
    for (size_t state = 0; state < NET_CONN_CLOSED; state++) {
        struct net_conn *conn;

        while ((conn = server->lists[state].first) != NULL && conn->due_ms != 0 &&
               conn->due_ms <= now)
            net_conn_expire(conn);
        if (conn != NULL && conn->due_ms != 0)
            arm(server,
                conn->due_ms > now + TIMER_TICK_MS ? conn->due_ms : now + TIMER_TICK_MS);
    }
    if (server->drain_due_ms != 0 && server->drain_due_ms <= now)
        end_all(server);
    else
        arm(server, server->drain_due_ms);
    if (server->has_missed_accept && !server->is_stopping)
        net_conn_accept(server);
    if (server->has_missed_accept)
        arm(server, now + TIMER_TICK_MS);
}

/* Each READY connection once: those that become READY again wait for the next turn. */
static void on_wake(uv_idle_t *waker)
{
    struct net_server *server = server_of(waker->data);
    struct net_list *ready = &server->lists[NET_CONN_READY];
    size_t count = 0;

    for (struct net_conn *conn = ready->first; conn != NULL; conn = conn->next)
        count++;
    for (; count > 0 && ready->first != NULL; count--)
        net_conn_feed_ahead(ready->first);
    if (ready->first == NULL)
        (void)uv_idle_stop(waker);
}

/* ---- for connections ---- */

void net_server_forget(struct net_conn *conn)
{
    struct net_server *server = conn->server;

    unlink_conn(&server->lists[NET_CONN_CLOSED], conn);
    free(conn);
    assert(server->connections_count > 0);
    server->connections_count--;
    metrics_set(server->options.metrics, METRIC_CONNECTIONS_OPEN, 0, server->connections_count);
    end_when_empty(server);
}

struct http_parser *net_server_take_parser(struct net_server *server)
{
    if (server->parsers_count > 0)
        return server->parsers[--server->parsers_count];
    return http_parser_new(&server->http_limits);
}

void net_server_give_parser(struct net_server *server, struct http_parser *parser)
{
    if (parser == NULL)
        return;
    if (server->parsers_count == NET_PARSERS_MAX) {
        http_parser_free(parser);
        return;
    }
    http_parser_reset(parser, NET_BODY_KEEP_MAX);
    server->parsers[server->parsers_count++] = parser;
}

struct slice net_server_date(struct net_server *server)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (server->date_s != now.tv_sec) {
        server->date_s = now.tv_sec;
        (void)http_date(now.tv_sec, server->date);
    }
    return slice_of(server->date);
}

/* ---- beginning ---- */

static void on_connection(uv_stream_t *listener, int status)
{
    struct net_server *server = server_of(listener->data);

    if (status == 0)
        net_conn_accept(server);
}

static uint16_t port_of(const uv_tcp_t *listener)
{
    struct sockaddr_storage address = {0};
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    int len = (int)sizeof address;

    if (uv_tcp_getsockname(listener, (struct sockaddr *)&address, &len) != 0)
        return 0;
    memcpy(&v4, &address, sizeof v4);
    memcpy(&v6, &address, sizeof v6);
    return ntohs(address.ss_family == AF_INET ? v4.sin_port : v6.sin6_port);
}

static enum err_code start_listening(struct net_server *server,
                                     const struct sockaddr_storage *address, struct err *err)
{
    const char *text = server->options.address;
    uv_tcp_t *listener = &server->listener;
    uv_os_fd_t fd;
    int on = 1;
    int code;

    if (uv_fileno((const uv_handle_t *)listener, &fd) != 0)
        return err_set(err, ERR_BUSY, "%.60s: no socket", text);
    /* Before bind; libuv 1.44 has no flag for it. */
    if (server->options.shares_port &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
        return err_set(err, ERR_BUSY, "%.60s: the port cannot be shared", text);
    code = uv_tcp_bind(listener, (const struct sockaddr *)address, 0);
    if (code == 0)
        code = uv_listen((uv_stream_t *)listener, BACKLOG, on_connection);
    if (code != 0)
        return err_set(err, ERR_BUSY, "%.60s: %.60s", text, uv_strerror(code));
    server->port = port_of(listener);
    return ERR_OK;
}

static enum err_code open_handles(struct net_server *server,
                                  const struct sockaddr_storage *address, struct err *err)
{
    int code;

    (void)uv_timer_init(server->loop, &server->timer);
    (void)uv_idle_init(server->loop, &server->waker);
    server->timer.data = server;
    server->waker.data = server;
    server->handles_open = 2;
    code = uv_tcp_init_ex(server->loop, &server->listener, address->ss_family);
    if (code != 0)
        return err_set(err, ERR_BUSY, "%.60s: %.60s", server->options.address,
                       uv_strerror(code));
    server->listener.data = server;
    server->handles_open++;
    return start_listening(server, address, err);
}

static void init(struct net_server *server, struct uv_loop_s *loop,
                 const struct net_server_options *options)
{
    const struct net_limits *limits = &options->limits;

    server->magic = SERVER_MAGIC;
    server->options = *options;
    server->loop = loop;
    server->budget.bytes_max = limits->bodies_bytes_max;
    server->http_limits = (struct http_limits){
        .head_bytes_max = limits->head_bytes_max,
        .headers_max = limits->headers_max,
        .body_bytes_max = limits->body_bytes_max,
        .budget = &server->budget,
    };
    buf_init(&server->head, SCRATCH_BYTES_MAX);
    buf_init(&server->headers, SCRATCH_BYTES_MAX);
    buf_init(&server->body, SCRATCH_BYTES_MAX);
}

enum err_code net_server_start(struct uv_loop_s *loop, const struct net_server_options *options,
                               struct net_server **ret, struct err *err)
{
    struct sockaddr_storage address = {0};
    struct net_server *server;
    enum err_code code;

    if (!net_address_parse(options->address, &address))
        return err_set(err, ERR_INVALID, "%.60s: is no address and port", options->address);
    server = calloc(1, sizeof *server);
    if (server == NULL)
        return err_set(err, ERR_NOMEM, "no memory for a listener");
    init(server, loop, options);
    code = open_handles(server, &address, err);
    if (code != ERR_OK) {
        net_server_stop(server, NULL, NULL); /* frees itself when the loop has turned */
        return code;
    }
    *ret = server;
    return ERR_OK;
}

/* ---- stopping ---- */

void net_server_stop(struct net_server *server, void (*on_stopped)(void *owner), void *owner)
{
    struct net_conn *conn;
    struct net_conn *next;

    assert(!server->is_stopping);
    server->is_stopping = true;
    server->on_stopped = on_stopped;
    server->on_stopped_owner = owner;
    if (server->listener.data != NULL)
        close_handle(&server->listener);
    while ((conn = server->lists[NET_CONN_IDLE].first) != NULL)
        net_conn_end(conn);
    for (conn = server->lists[NET_CONN_HEAD].first; conn != NULL; conn = next) {
        next = conn->next;
        if (conn->parser == NULL)
            net_conn_end(conn);
    }
    server->drain_due_ms = uv_now(server->loop) + server->options.limits.drain_timeout_ms;
    arm(server, server->drain_due_ms);
    end_when_empty(server);
}

void net_server_stop_now(struct net_server *server)
{
    assert(server->is_stopping);
    end_all(server);
}

/* ---- asking ---- */

uint16_t net_server_port(const struct net_server *server)
{
    return server->port;
}

uint32_t net_server_connections(const struct net_server *server)
{
    return server->connections_count;
}

uint32_t net_server_in_flight(const struct net_server *server)
{
    return server->in_flight;
}

bool net_server_is_stopping(const struct net_server *server)
{
    return server->is_stopping;
}
