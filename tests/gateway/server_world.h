/* tests/gateway/server_world.h -- a server on a loopback socket, its owner, and clients.
 *
 * Server and clients share one thread: whoever waits for bytes turns the loop.
 */
#ifndef TESTS_GATEWAY_SERVER_WORLD_H
#define TESTS_GATEWAY_SERVER_WORLD_H

#include "gateway/net/server.h"
#include "tests/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "gateway/ops/metrics.h"

#define CRLF    "\r\n"
#define WAIT_MS 5000

/* ---- the server under test and its owner ---- */

struct world {
    uv_loop_t loop;
    struct net_server *server;
    struct net_exchange *kept[64]; /* answered by the test */
    size_t kept_count;
    size_t requests;
    size_t abandoned;
    bool is_stopped;
    struct metrics *metrics;
    char big[400000];
};

static inline void reply(struct net_exchange *exchange, struct slice body)
{
    net_exchange_respond(exchange, &(struct http_response){.status = 200,
                                                           .content_type = SLICE("text/plain"),
                                                           .body = body});
}

static inline void on_request(struct net_exchange *exchange, void *owner)
{
    struct world *world = owner;
    const struct http_request *request = exchange->request;

    world->requests++;
    assert_true(exchange->arrived_us > 0);
    if (slice_eq(request->path, SLICE("/later"))) {
        assert_true(world->kept_count < ARRAY_LEN(world->kept));
        exchange->state = world;
        world->kept[world->kept_count++] = exchange;
    } else if (slice_eq(request->path, SLICE("/big"))) {
        reply(exchange, (struct slice){world->big, sizeof world->big});
    } else if (slice_eq(request->path, SLICE("/close"))) {
        net_exchange_respond(exchange,
                             &(struct http_response){.status = 401, .must_close = true});
    } else if (slice_eq(request->path, SLICE("/stop"))) {
        reply(exchange, SLICE("stopping"));
        net_server_stop(world->server, NULL, NULL);
        world->is_stopped = true;
    } else if (request->body.len > 0) {
        reply(exchange, request->body); /* borrowed from the request itself */
    } else {
        reply(exchange, request->path);
    }
}

static inline void on_abandoned(struct net_exchange *exchange, void *owner)
{
    struct world *world = owner;

    world->abandoned++;
    assert_ptr_equal(exchange->state, world);
    for (size_t i = 0; i < world->kept_count; i++)
        if (world->kept[i] == exchange)
            world->kept[i] = world->kept[--world->kept_count];
}

static inline void answer_kept(struct world *world)
{
    while (world->kept_count > 0)
        reply(world->kept[--world->kept_count], SLICE("at last"));
}

static inline void on_stopped(void *owner)
{
    struct world *world = owner;

    assert_false(world->is_stopped);
    world->is_stopped = true;
}

static const struct slice ORIGINS[] = {{"https://ehr.example", 19}};
static const struct net_cors CORS = {.origins = ORIGINS, .origins_count = 1};

static inline struct world *world_new(struct net_limits limits)
{
    struct world *world = calloc(1, sizeof *world);
    struct err err = {0};
    struct net_server_options options = {.address = "127.0.0.1:0",
                                         .limits = limits,
                                         .cors = &CORS,
                                         .on_request = on_request,
                                         .on_abandoned = on_abandoned,
                                         .owner = world};

    assert_non_null(world);
    memset(world->big, 'b', sizeof world->big);
    assert_int_equal(uv_loop_init(&world->loop), 0);
    world->metrics = metrics_new();
    assert_non_null(world->metrics);
    options.metrics = world->metrics;
    assert_ok(net_server_start(&world->loop, &options, &world->server, &err), &err);
    assert_true(net_server_port(world->server) > 0);
    return world;
}

static inline void run_to_the_end(struct world *world)
{
    for (unsigned i = 0; i < WAIT_MS && uv_run(&world->loop, UV_RUN_NOWAIT) != 0; i++)
        (void)usleep(1000);
    assert_true(world->is_stopped);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    metrics_free(world->metrics);
    free(world);
}

static inline void world_free(struct world *world)
{
    if (!world->is_stopped)
        net_server_stop(world->server, on_stopped, world);
    run_to_the_end(world);
}

static inline void turn(struct world *world)
{
    (void)uv_run(&world->loop, UV_RUN_NOWAIT);
}

static inline void turn_for(struct world *world, unsigned ms)
{
    uint64_t end = uv_hrtime() + ms * 1000000ull;

    while (uv_hrtime() < end) {
        turn(world);
        (void)usleep(500);
    }
}

/* ---- clients ---- */

static inline int client_open(struct world *world)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(net_server_port(world->server)),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static inline void client_send(struct world *world, int fd, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);

        if (sent > 0)
            bytes = slice_from(bytes, (size_t)sent);
        else
            assert_int_equal(errno, EAGAIN);
        turn(world);
    }
}

static inline void client_text(struct world *world, int fd, const char *text)
{
    client_send(world, fd, slice_of(text));
}

/* Reads until the connection ends or `len_max` bytes are there. False: time is up. */
static inline bool client_read(struct world *world, int fd, struct buf *got, size_t len_max,
                               unsigned wait_ms, bool *ret_is_end)
{
    uint64_t end = uv_hrtime() + wait_ms * 1000000ull;
    char piece[65536];

    *ret_is_end = false;
    while (uv_hrtime() < end) {
        size_t want = len_max - got->len < sizeof piece ? len_max - got->len : sizeof piece;
        ssize_t len = want == 0 ? -1 : recv(fd, piece, want, 0);

        if (want == 0)
            return true;
        if (len > 0)
            buf_add(got, (struct slice){piece, (size_t)len});
        else if (len == 0 || errno != EAGAIN) {
            *ret_is_end = true;
            return true;
        }
        turn(world);
        if (len < 0)
            (void)poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 1);
    }
    return false;
}

/* The next response's status and body; status 0: the connection ended without one. */
struct answer {
    unsigned status;
    bool closes;
    char head[2048];
    size_t body_len;
    char body[512]; /* its beginning */
};

static inline struct answer client_answer_to(struct world *world, int fd, bool has_body)
{
    struct answer answer = {0};
    struct buf got;
    size_t body_len = 0;
    bool is_end = false;
    struct slice length;

    buf_init(&got, 1u << 20);
    while (slice_find(buf_slice(&got), SLICE(CRLF CRLF)) == SIZE_MAX && !is_end)
        assert_true(client_read(world, fd, &got, got.len + 1, WAIT_MS, &is_end));
    if (!is_end) {
        assert_true(got.len < sizeof answer.head);
        memcpy(answer.head, got.bytes, got.len);
        assert_int_equal(sscanf(answer.head, "HTTP/1.1 %3u ", &answer.status), 1);
        answer.closes = strstr(answer.head, "Connection: close" CRLF) != NULL;
        length = slice_of(strstr(answer.head, "Content-Length: "));
        if (length.ptr != NULL && has_body)
            assert_int_equal(sscanf(length.ptr, "Content-Length: %zu", &body_len), 1);
        buf_clear(&got);
        assert_true(client_read(world, fd, &got, body_len, WAIT_MS, &is_end));
        assert_int_equal(got.len, body_len);
        answer.body_len = body_len;
        if (body_len > 0)
            memcpy(answer.body, got.bytes,
                   body_len < sizeof answer.body ? body_len : sizeof answer.body - 1);
    }
    buf_release(&got);
    return answer;
}

static inline struct answer client_answer(struct world *world, int fd)
{
    return client_answer_to(world, fd, true);
}

static inline void expect_end(struct world *world, int fd)
{
    struct buf got;
    bool is_end;

    buf_init(&got, 1024);
    assert_true(client_read(world, fd, &got, 1, WAIT_MS, &is_end));
    assert_true(is_end);
    buf_release(&got);
    (void)close(fd);
}

static inline void expect_answer(struct world *world, int fd, unsigned status, const char *body)
{
    struct answer answer = client_answer(world, fd);

    assert_int_equal(answer.status, status);
    if (body != NULL)
        assert_string_equal(answer.body, body);
}

#define GET(path) "GET " path " HTTP/1.1" CRLF "Host: a" CRLF CRLF
#define LATER     GET("/later")

/* Waits until the owner has `count` exchanges. */
static inline void wait_kept(struct world *world, size_t count)
{
    for (unsigned i = 0; i < WAIT_MS && world->kept_count < count; i++) {
        turn(world);
        (void)usleep(1000);
    }
    assert_int_equal(world->kept_count, count);
    assert_int_equal(net_server_in_flight(world->server), count);
}

static inline uint64_t count_of(const struct world *world, enum metric metric, uint32_t label)
{
    const struct metrics *all[] = {world->metrics};

    return metrics_sum(all, 1, metric, label);
}

/* Limits that a test can wait for. */
static inline struct net_limits small_limits(void)
{
    struct net_limits limits = NET_LIMITS_DEFAULT;

    limits.head_bytes_max = 1024;
    limits.body_bytes_max = 65536;
    limits.head_timeout_ms = 80;
    limits.body_timeout_ms = 160;
    limits.idle_timeout_ms = 120;
    limits.write_timeout_ms = 150;
    limits.drain_timeout_ms = 300;
    return limits;
}

#endif
