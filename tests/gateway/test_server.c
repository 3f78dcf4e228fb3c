/* tests/gateway/test_server.c -- a server on loopback sockets, with clients good and bad.
 *
 * Server and clients share one thread: whoever waits for bytes turns the loop.
 */
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

static void reply(struct net_exchange *exchange, struct slice body)
{
    net_exchange_respond(exchange, &(struct http_response){.status = 200,
                                                           .content_type = SLICE("text/plain"),
                                                           .body = body});
}

static void on_request(struct net_exchange *exchange, void *owner)
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

static void on_abandoned(struct net_exchange *exchange, void *owner)
{
    struct world *world = owner;

    world->abandoned++;
    assert_ptr_equal(exchange->state, world);
    for (size_t i = 0; i < world->kept_count; i++)
        if (world->kept[i] == exchange)
            world->kept[i] = world->kept[--world->kept_count];
}

static void answer_kept(struct world *world)
{
    while (world->kept_count > 0)
        reply(world->kept[--world->kept_count], SLICE("at last"));
}

static void on_stopped(void *owner)
{
    struct world *world = owner;

    assert_false(world->is_stopped);
    world->is_stopped = true;
}

static const struct slice ORIGINS[] = {{"https://ehr.example", 19}};
static const struct net_cors CORS = {.origins = ORIGINS, .origins_count = 1};

static struct world *world_new(struct net_limits limits)
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

static void run_to_the_end(struct world *world)
{
    for (unsigned i = 0; i < WAIT_MS && uv_run(&world->loop, UV_RUN_NOWAIT) != 0; i++)
        (void)usleep(1000);
    assert_true(world->is_stopped);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    metrics_free(world->metrics);
    free(world);
}

static void world_free(struct world *world)
{
    if (!world->is_stopped)
        net_server_stop(world->server, on_stopped, world);
    run_to_the_end(world);
}

static void turn(struct world *world)
{
    (void)uv_run(&world->loop, UV_RUN_NOWAIT);
}

static void turn_for(struct world *world, unsigned ms)
{
    uint64_t end = uv_hrtime() + ms * 1000000ull;

    while (uv_hrtime() < end) {
        turn(world);
        (void)usleep(500);
    }
}

/* ---- clients ---- */

static int client_open(struct world *world)
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

static void client_send(struct world *world, int fd, struct slice bytes)
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

static void client_text(struct world *world, int fd, const char *text)
{
    client_send(world, fd, slice_of(text));
}

/* Reads until the connection ends or `len_max` bytes are there. False: time is up. */
static bool client_read(struct world *world, int fd, struct buf *got, size_t len_max,
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

static struct answer client_answer_to(struct world *world, int fd, bool has_body)
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

static struct answer client_answer(struct world *world, int fd)
{
    return client_answer_to(world, fd, true);
}

static void expect_end(struct world *world, int fd)
{
    struct buf got;
    bool is_end;

    buf_init(&got, 1024);
    assert_true(client_read(world, fd, &got, 1, WAIT_MS, &is_end));
    assert_true(is_end);
    buf_release(&got);
    (void)close(fd);
}

static void expect_answer(struct world *world, int fd, unsigned status, const char *body)
{
    struct answer answer = client_answer(world, fd);

    assert_int_equal(answer.status, status);
    if (body != NULL)
        assert_string_equal(answer.body, body);
}

#define GET(path) "GET " path " HTTP/1.1" CRLF "Host: a" CRLF CRLF
#define LATER     GET("/later")

/* Waits until the owner has `count` exchanges. */
static void wait_kept(struct world *world, size_t count)
{
    for (unsigned i = 0; i < WAIT_MS && world->kept_count < count; i++) {
        turn(world);
        (void)usleep(1000);
    }
    assert_int_equal(world->kept_count, count);
    assert_int_equal(net_server_in_flight(world->server), count);
}

static uint64_t count_of(const struct world *world, enum metric metric, uint32_t label)
{
    const struct metrics *all[] = {world->metrics};

    return metrics_sum(all, 1, metric, label);
}

/* ---- tests ---- */

static void a_connection_is_kept_for_the_next_request(void **state)
{
    struct world *world = world_new(NET_LIMITS_DEFAULT);
    int fd = client_open(world);
    struct answer answer;

    (void)state;
    client_text(world, fd, GET("/1"));
    answer = client_answer(world, fd);
    assert_int_equal(answer.status, 200);
    assert_false(answer.closes);
    assert_non_null(strstr(answer.head, CRLF "Date: "));
    assert_non_null(strstr(answer.head, CRLF "Content-Type: text/plain" CRLF));
    assert_non_null(strstr(answer.head, CRLF "Vary: Origin" CRLF));
    assert_string_equal(answer.body, "/1");
    client_text(world, fd,
                "POST /2 HTTP/1.1" CRLF "Host: a" CRLF "Content-Length: 5" CRLF CRLF "hello");
    expect_answer(world, fd, 200, "hello");
    client_text(world, fd, "GET /3 HTTP/1.1" CRLF "Host: a" CRLF "Connection: close" CRLF CRLF);
    answer = client_answer(world, fd);
    assert_true(answer.closes);
    assert_string_equal(answer.body, "/3");
    expect_end(world, fd);
    assert_int_equal(world->requests, 3);
    assert_int_equal(net_server_in_flight(world->server), 0);
    assert_int_equal(count_of(world, METRIC_CONNECTIONS, 0), 1);
    world_free(world);
}

static void http_1_0_is_kept_only_when_asked(void **state)
{
    struct world *world = world_new(NET_LIMITS_DEFAULT);
    int fd = client_open(world);
    struct answer answer;

    (void)state;
    client_text(world, fd, "GET /1 HTTP/1.0" CRLF "Connection: keep-alive" CRLF CRLF);
    answer = client_answer(world, fd);
    assert_non_null(strstr(answer.head, CRLF "Connection: keep-alive" CRLF));
    client_text(world, fd, "GET /2 HTTP/1.0" CRLF CRLF);
    answer = client_answer(world, fd);
    assert_true(answer.closes);
    expect_end(world, fd);
    world_free(world);
}

static void head_has_no_body_but_its_length(void **state)
{
    struct world *world = world_new(NET_LIMITS_DEFAULT);
    int fd = client_open(world);
    struct answer answer;

    (void)state;
    client_text(world, fd, "HEAD /abc HTTP/1.1" CRLF "Host: a" CRLF CRLF GET("/next"));
    answer = client_answer_to(world, fd, false);
    assert_non_null(strstr(answer.head, CRLF "Content-Length: 4" CRLF));
    expect_answer(world, fd, 200, "/next");
    (void)close(fd);
    world_free(world);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct world *world = world_new(NET_LIMITS_DEFAULT);
    int fd = client_open(world);

    (void)state;
    client_text(world, fd, GET("/1") LATER GET("/3") LATER LATER GET("/6"));
    expect_answer(world, fd, 200, "/1");
    for (unsigned i = 0; i < 3; i++) {
        wait_kept(world, 1);
        turn_for(world, 5);
        assert_int_equal(world->kept_count, 1); /* one at a time */
        answer_kept(world);
        expect_answer(world, fd, 200, "at last");
        if (i == 0)
            expect_answer(world, fd, 200, "/3");
    }
    expect_answer(world, fd, 200, "/6");
    (void)close(fd);
    world_free(world);
}

/* A client that sends much while it owes us patience is not read to the end of memory. */
static void what_comes_ahead_of_an_answer_is_bounded_and_not_lost(void **state)
{
    enum { COUNT = 20000 };
    struct world *world = world_new(NET_LIMITS_DEFAULT);
    int fd = client_open(world);
    size_t sent = 0, len = strlen(GET("/x"));
    unsigned stuck = 0;

    (void)state;
    client_text(world, fd, LATER);
    wait_kept(world, 1);
    while (stuck < 50 && sent < COUNT * len) { /* until the kernel's buffers are full */
        ssize_t got = send(fd, &GET("/x")[sent % len], len - sent % len, MSG_NOSIGNAL);

        stuck = got > 0 ? 0 : stuck + 1;
        sent += got > 0 ? (size_t)got : 0;
        turn(world);
    }
    answer_kept(world);
    expect_answer(world, fd, 200, "at last");
    for (size_t i = 0; i < COUNT; i++) {
        while (sent < COUNT * len) {
            ssize_t got = send(fd, &GET("/x")[sent % len], len - sent % len, MSG_NOSIGNAL);

            if (got <= 0)
                break;
            sent += (size_t)got;
        }
        if (i % 500 == 0)
            expect_answer(world, fd, 200, "/x");
        else
            (void)client_answer(world, fd);
    }
    assert_int_equal(world->requests, COUNT + 1);
    (void)close(fd);
    world_free(world);
}

static void a_client_may_wait_for_leave_to_send_its_body(void **state)
{
    struct world *world = world_new(NET_LIMITS_DEFAULT);
    int fd = client_open(world);
    struct answer answer;

    (void)state;
    client_text(world, fd,
                "POST /2 HTTP/1.1" CRLF "Host: a" CRLF "Expect: 100-continue" CRLF
                "Content-Length: 5" CRLF CRLF);
    answer = client_answer(world, fd);
    assert_string_equal(answer.head, "HTTP/1.1 100 Continue" CRLF CRLF);
    client_text(world, fd, "hello");
    expect_answer(world, fd, 200, "hello");
    (void)close(fd);

    fd = client_open(world);
    client_text(world, fd,
                "POST /2 HTTP/1.1" CRLF "Host: a" CRLF "Expect: 100-continue" CRLF
                "Content-Length: 9000000" CRLF CRLF);
    expect_answer(world, fd, 413, NULL);
    (void)close(fd);
    fd = client_open(world);
    client_text(world, fd, "GET / HTTP/1.1" CRLF "Host: a" CRLF "Expect: more" CRLF CRLF);
    expect_answer(world, fd, 417, NULL);
    (void)close(fd);
    world_free(world);
}

static void a_half_closed_client_still_gets_its_answers(void **state)
{
    static const char *const streams[] = {GET("/1"), LATER, GET("/1") LATER GET("/3")};
    static const char *const wants[][3] = {
        {"/1", NULL, NULL}, {"at last", NULL, NULL}, {"/1", "at last", "/3"}};

    (void)state;
    for (size_t row = 0; row < ARRAY_LEN(streams); row++) {
        struct world *world = world_new(NET_LIMITS_DEFAULT);
        int fd = client_open(world);

        client_text(world, fd, streams[row]);
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        turn_for(world, 10);
        if (row > 0)
            wait_kept(world, 1);
        answer_kept(world);
        for (size_t i = 0; i < 3 && wants[row][i] != NULL; i++)
            expect_answer(world, fd, 200, wants[row][i]);
        expect_end(world, fd);
        world_free(world);
    }
}

static void a_request_that_ends_early_is_told_so(void **state)
{
    static const char *const streams[] = {
        "GET / HT", "POST / HTTP/1.1" CRLF "Host: a" CRLF "Content-Length: 5" CRLF CRLF "abc",
        GET("/1") "GET"};

    (void)state;
    for (size_t row = 0; row < ARRAY_LEN(streams); row++) {
        struct world *world = world_new(NET_LIMITS_DEFAULT);
        int fd = client_open(world);

        client_text(world, fd, streams[row]);
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        if (row == 2)
            expect_answer(world, fd, 200, "/1");
        expect_answer(world, fd, 400, NULL);
        expect_end(world, fd);
        assert_int_equal(count_of(world, METRIC_HTTP_REFUSED, HTTP_FAILURE_CUT_SHORT), 1);
        world_free(world);
    }
}

static void a_client_that_connects_and_leaves_is_no_error(void **state)
{
    struct world *world = world_new(NET_LIMITS_DEFAULT);
    int fd = client_open(world);

    (void)state;
    turn_for(world, 5);
    (void)close(fd);
    turn_for(world, 10);
    assert_int_equal(net_server_connections(world->server), 0);
    world_free(world);
}

static struct net_limits small_limits(void)
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

static void slow_clients_are_sent_away(void **state)
{
    struct world *world = world_new(small_limits());
    int silent = client_open(world);
    int head = client_open(world);
    int body = client_open(world);
    int idle = client_open(world);
    unsigned drops = 0;
    struct answer answer;

    (void)state;
    client_text(world, idle, GET("/1"));
    expect_answer(world, idle, 200, "/1");
    client_text(world, body,
                "POST / HTTP/1.1" CRLF "Host: a" CRLF "Origin: https://ehr.example" CRLF
                "Content-Length: 500" CRLF CRLF);
    /* One byte at a time does not move the deadline. */
    for (; drops < 200; drops++) {
        if (send(head, "G", drops == 0, MSG_NOSIGNAL) < 0)
            break;
        if (send(head, "X", drops > 0, MSG_NOSIGNAL) < 0)
            break;
        (void)send(body, "b", 1, MSG_NOSIGNAL);
        turn_for(world, 5);
        if (net_server_connections(world->server) == 0)
            break;
    }
    expect_answer(world, head, 501, NULL); /* "GXXX" is no method */
    answer = client_answer(world, body);
    assert_int_equal(answer.status, 408);
    assert_true(answer.closes);
    assert_non_null(strstr(answer.head, "Content-Type: application/fhir+json" CRLF));
    assert_non_null(
        strstr(answer.head, "Access-Control-Allow-Origin: https://ehr.example" CRLF));
    assert_string_equal(answer.body,
                        "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":"
                        "\"error\",\"code\":\"timeout\",\"diagnostics\":\"the request took too "
                        "long to arrive\"}]}");
    expect_end(world, silent);
    expect_end(world, idle);
    (void)close(head);
    (void)close(body);
    assert_int_equal(count_of(world, METRIC_HTTP_REFUSED, HTTP_FAILURE_TIMEOUT), 1);
    world_free(world);
}

static void a_slow_head_ends_in_408(void **state)
{
    static const char text[] = "GET /abcdefghijklmnopqrstuvwxyz";
    struct world *world = world_new(small_limits());
    int fd = client_open(world);
    uint64_t begin = uv_hrtime();

    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++) {
        if (send(fd, text + i, 1, MSG_NOSIGNAL) < 0)
            break;
        turn_for(world, 10);
    }
    expect_answer(world, fd, 408, NULL);
    assert_true(uv_hrtime() - begin < 1000000000ull);
    expect_end(world, fd);
    world_free(world);
}

static void refusals_reach_the_client_with_cors_headers(void **state)
{
    static const struct {
        const char *stream;
        size_t filler; /* this many bytes follow */
        unsigned status;
        enum http_failure failure;
    } rows[] = {
        {"POST / HTTP/1.1" CRLF "Host: a" CRLF "Origin: https://ehr.example" CRLF
         "Content-Length: 3000000" CRLF CRLF,
         3000000, 413, HTTP_FAILURE_BODY_SIZE},
        {"POST / HTTP/1.1" CRLF "Host: a" CRLF "Origin: https://ehr.example" CRLF
         "Transfer-Encoding: chunked" CRLF CRLF "2dc6c0" CRLF,
         3000000, 413, HTTP_FAILURE_BODY_SIZE},
        {"GET / HTTP/1.1" CRLF "Host: a" CRLF "Origin: https://ehr.example" CRLF "X: ", 100000,
         431, HTTP_FAILURE_HEAD_SIZE},
        {"POST / HTTP/1.1" CRLF "Origin: https://ehr.example" CRLF CRLF, 0, 400,
         HTTP_FAILURE_HOST},
        {"BREW / HTTP/1.1" CRLF, 0, 501, HTTP_FAILURE_METHOD},
        {"GET / HTTP/2.0" CRLF "Host: a" CRLF "Origin: https://ehr.example" CRLF CRLF, 0, 505,
         HTTP_FAILURE_VERSION},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct net_limits limits = small_limits();
        struct world *world;
        char *filler = malloc(rows[i].filler + 1);
        struct answer answer;
        int fd;

        assert_non_null(filler);
        memset(filler, 'f', rows[i].filler);
        limits.body_timeout_ms = WAIT_MS;
        world = world_new(limits);
        fd = client_open(world);
        client_text(world, fd, rows[i].stream);
        client_send(world, fd, (struct slice){filler, rows[i].filler});
        answer = client_answer(world, fd);
        assert_int_equal(answer.status, rows[i].status);
        assert_true(answer.closes);
        assert_int_equal(
            strstr(answer.head, "Access-Control-Allow-Origin: https://ehr.example") != NULL,
            strstr(rows[i].stream, "Origin") != NULL);
        assert_non_null(strstr(answer.body, "OperationOutcome"));
        expect_end(world, fd);
        assert_int_equal(count_of(world, METRIC_HTTP_REFUSED, rows[i].failure), 1);
        assert_int_equal(world->requests, 0);
        world_free(world);
        free(filler);
    }
}

static void preflights_are_answered_by_the_server(void **state)
{
    static const struct {
        const char *origin;
        const char *want;
    } rows[] = {
        {"Origin: https://ehr.example" CRLF,
         "Access-Control-Allow-Origin: https://ehr.example" CRLF},
        {"Origin: https://other.example" CRLF, NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world *world = world_new(NET_LIMITS_DEFAULT);
        int fd = client_open(world);
        struct answer answer;
        char text[512];

        (void)snprintf(text, sizeof text,
                       "OPTIONS /any HTTP/1.1" CRLF "Host: a" CRLF "%s"
                       "Access-Control-Request-Method: POST" CRLF CRLF GET("/next"),
                       rows[i].origin);
        client_text(world, fd, text);
        answer = client_answer(world, fd);
        assert_int_equal(answer.status, 204);
        assert_null(strstr(answer.head, "Content-Length"));
        assert_non_null(strstr(answer.head, "Vary: Origin" CRLF));
        assert_non_null(
            strstr(answer.head, "Access-Control-Allow-Methods: GET, POST, OPTIONS"));
        assert_non_null(
            strstr(answer.head, "Access-Control-Allow-Headers: Authorization, Content-Type"));
        if (rows[i].want != NULL)
            assert_non_null(strstr(answer.head, rows[i].want));
        else
            assert_null(strstr(answer.head, "Access-Control-Allow-Origin"));
        expect_answer(world, fd, 200, "/next");
        assert_int_equal(world->requests, 1);
        (void)close(fd);
        world_free(world);
    }
}

static void connections_above_the_limit_are_told_so(void **state)
{
    struct net_limits limits = NET_LIMITS_DEFAULT;
    struct world *world;
    int fds[3];

    (void)state;
    limits.connections_max = 2;
    world = world_new(limits);
    for (size_t i = 0; i < 3; i++) {
        fds[i] = client_open(world);
        turn_for(world, 2);
    }
    expect_answer(world, fds[2], 503, NULL);
    expect_end(world, fds[2]);
    client_text(world, fds[0], GET("/1"));
    expect_answer(world, fds[0], 200, "/1");
    (void)close(fds[0]);
    turn_for(world, 5);
    fds[0] = client_open(world);
    client_text(world, fds[0], GET("/2"));
    expect_answer(world, fds[0], 200, "/2");
    (void)close(fds[0]);
    (void)close(fds[1]);
    world_free(world);
}

static void a_reset_connection_abandons_its_exchange(void **state)
{
    struct world *world = world_new(NET_LIMITS_DEFAULT);
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    int fd = client_open(world);

    (void)state;
    client_text(world, fd, LATER);
    wait_kept(world, 1);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
    (void)close(fd);
    turn_for(world, 20);
    assert_int_equal(world->abandoned, 1);
    assert_int_equal(world->kept_count, 0);
    assert_int_equal(net_server_in_flight(world->server), 0);
    assert_int_equal(net_server_connections(world->server), 0);
    assert_int_equal(count_of(world, METRIC_ABANDONED, 0), 1);
    world_free(world);
}

static void a_client_gone_at_the_answer_harms_nobody(void **state)
{
    struct world *world = world_new(NET_LIMITS_DEFAULT);

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        int fd = client_open(world);

        client_text(world, fd, i % 2 == 0 ? LATER : GET("/big"));
        if (i % 2 == 0)
            wait_kept(world, 1);
        (void)close(fd);
        turn_for(world, i % 3);
        answer_kept(world);
        turn_for(world, 2);
    }
    turn_for(world, 20);
    assert_int_equal(net_server_connections(world->server), 0);
    world_free(world);
}

static void answers_larger_than_the_socket_are_written_in_parts(void **state)
{
    enum { COUNT = 40 }; /* together more than the kernel keeps */
    struct world *world = world_new(NET_LIMITS_DEFAULT);
    int fd = client_open(world);

    (void)state;
    for (unsigned i = 0; i < COUNT; i++)
        client_text(world, fd, GET("/big"));
    client_text(world, fd, GET("/small"));
    turn_for(world, 20);
    assert_true(world->requests < COUNT);
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(client_answer(world, fd).body_len, sizeof world->big);
    expect_answer(world, fd, 200, "/small");
    (void)close(fd);
    world_free(world);
}

static void a_client_that_does_not_read_is_sent_away(void **state)
{
    struct world *world = world_new(small_limits());
    int fd = client_open(world);

    (void)state;
    for (unsigned i = 0; i < 40; i++) /* more than the kernel keeps */
        (void)send(fd, GET("/big"), strlen(GET("/big")), MSG_NOSIGNAL);
    turn_for(world, 400);
    assert_int_equal(net_server_connections(world->server), 0);
    (void)close(fd);
    world_free(world);
}

static void the_owner_may_end_a_connection(void **state)
{
    struct world *world = world_new(NET_LIMITS_DEFAULT);
    int fd = client_open(world);
    struct answer answer;

    (void)state;
    client_text(world, fd, GET("/close") GET("/never"));
    answer = client_answer(world, fd);
    assert_int_equal(answer.status, 401);
    assert_true(answer.closes);
    expect_end(world, fd);
    assert_int_equal(world->requests, 1);
    world_free(world);
}

static void stopping_lets_requests_in_flight_finish(void **state)
{
    struct world *world = world_new(NET_LIMITS_DEFAULT);
    int idle = client_open(world);
    int fresh = client_open(world);
    int flying = client_open(world);
    int sending = client_open(world);
    struct answer answer;

    (void)state;
    client_text(world, idle, GET("/1"));
    expect_answer(world, idle, 200, "/1");
    client_text(world, flying, LATER);
    client_text(world, sending, "GET /sent HTTP/1.1" CRLF);
    wait_kept(world, 1);
    net_server_stop(world->server, on_stopped, world);
    assert_true(net_server_is_stopping(world->server));
    expect_end(world, idle);
    expect_end(world, fresh);
    client_text(world, sending, "Host: a" CRLF CRLF);
    answer = client_answer(world, sending);
    assert_string_equal(answer.body, "/sent");
    assert_true(answer.closes);
    expect_end(world, sending);
    assert_false(world->is_stopped);
    answer_kept(world);
    answer = client_answer(world, flying);
    assert_string_equal(answer.body, "at last");
    assert_true(answer.closes);
    expect_end(world, flying);
    run_to_the_end(world);
}

static void stopping_does_not_wait_for_ever(void **state)
{
    struct net_limits limits = NET_LIMITS_DEFAULT;

    (void)state;
    for (unsigned now = 0; now < 2; now++) {
        struct world *world;
        uint64_t begin;
        int fd;

        limits.drain_timeout_ms = now == 0 ? 50 : 60000;
        world = world_new(limits);
        fd = client_open(world);
        client_text(world, fd, LATER);
        wait_kept(world, 1);
        begin = uv_hrtime();
        net_server_stop(world->server, on_stopped, world);
        if (now == 1)
            net_server_stop_now(world->server);
        while (world->kept_count > 0)
            turn_for(world, 1);
        assert_int_equal(world->abandoned, 1);
        expect_end(world, fd);
        assert_true(uv_hrtime() - begin < 2000000000ull);
        run_to_the_end(world);
    }
}

static void an_owner_may_stop_the_server_from_its_request(void **state)
{
    struct world *world = world_new(NET_LIMITS_DEFAULT);
    int fd = client_open(world);

    (void)state;
    client_text(world, fd, GET("/stop") GET("/2"));
    expect_answer(world, fd, 200, "stopping");
    expect_end(world, fd);
    run_to_the_end(world);
}

static void a_port_is_shared_only_when_both_say_so(void **state)
{
    struct world *world = world_new(NET_LIMITS_DEFAULT);
    struct net_server_options options = {.limits = NET_LIMITS_DEFAULT,
                                         .on_request = on_request,
                                         .on_abandoned = on_abandoned,
                                         .owner = world};
    struct net_server *first = NULL, *second = NULL;
    struct err err = {0};
    char address[32];

    (void)state;
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", net_server_port(world->server));
    options.address = address;
    assert_int_equal(net_server_start(&world->loop, &options, &second, &err), ERR_BUSY);
    assert_null(second);
    err_clear(&err);
    options.address = "localhost:80";
    assert_int_equal(net_server_start(&world->loop, &options, &second, &err), ERR_INVALID);
    err_clear(&err);

    options.address = "127.0.0.1:0";
    options.shares_port = true;
    assert_ok(net_server_start(&world->loop, &options, &first, &err), &err);
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", net_server_port(first));
    options.address = address;
    assert_ok(net_server_start(&world->loop, &options, &second, &err), &err);
    assert_int_equal(net_server_port(first), net_server_port(second));
    net_server_stop(first, NULL, NULL);
    net_server_stop(second, NULL, NULL);
    world_free(world);
}

static void addresses(void **state)
{
    static const struct {
        const char *address;
        bool want;
    } rows[] = {
        {"127.0.0.1:8080", true},
        {"0.0.0.0:0", true},
        {"[::1]:65535", true},
        {"[::]:1", true},
        {"127.0.0.1", false},
        {"127.0.0.1:", false},
        {":80", false},
        {"127.0.0.1:65536", false},
        {"127.0.0.1:-1", false},
        {"::1:80", false},
        {"[::1]80", false},
        {"[::1]:", false},
        {"[127.0.0.1]:80", false},
        {"256.0.0.1:80", false},
        {"", false},
        {"127.0.0.1:80:80", false},
        {"a:80", false},
        {"127.0.0.1: 80", false},
        {"[::1:80", false},
        {"[00000000000000000000000000000000000000000000000000000000000000]:80", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (net_address_is_valid(rows[i].address) != rows[i].want)
            fail_msg("%s", rows[i].address);
}

/* Many connections, random cuts, random moments of answering and leaving. */
static void disorder(void **state)
{
    static const char stream[] = GET("/1") LATER
        "POST /p HTTP/1.1" CRLF "Host: a" CRLF "Transfer-Encoding: chunked" CRLF CRLF "5" CRLF
        "hello" CRLF
        "0" CRLF CRLF LATER GET("/big") "OPTIONS * HTTP/1.1" CRLF
                                        "Host: a" CRLF CRLF GET("/end") "junk" CRLF CRLF;
    struct world *world = world_new(small_limits());
    size_t at[16] = {0};
    int fds[16];
    unsigned seed = 7;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        fds[i] = client_open(world);
    for (unsigned step = 0; step < 20000; step++) {
        size_t i = (size_t)rand_r(&seed) % ARRAY_LEN(fds);
        size_t len = 1 + (size_t)rand_r(&seed) % 60;
        char piece[4096];

        if (rand_r(&seed) % 8 == 0)
            answer_kept(world);
        if (len > sizeof stream - 1 - at[i])
            len = sizeof stream - 1 - at[i];
        if (len > 0 && send(fds[i], stream + at[i], len, MSG_NOSIGNAL) > 0)
            at[i] += len;
        while (rand_r(&seed) % 4 != 0 && recv(fds[i], piece, sizeof piece, 0) > 0)
            continue;
        if (rand_r(&seed) % 100 == 0 || (len == 0 && rand_r(&seed) % 4 == 0)) {
            struct linger reset = {.l_onoff = rand_r(&seed) % 2, .l_linger = 0};

            (void)setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
            (void)close(fds[i]);
            fds[i] = client_open(world);
            at[i] = 0;
        }
        turn(world);
    }
    assert_true(world->requests > 500);
    assert_true(world->abandoned > 0);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        (void)close(fds[i]);
    answer_kept(world);
    net_server_stop(world->server, on_stopped, world);
    for (unsigned i = 0; i < 400 && !world->is_stopped; i++) {
        turn_for(world, 2);
        answer_kept(world);
    }
    run_to_the_end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_is_kept_for_the_next_request),
        cmocka_unit_test(http_1_0_is_kept_only_when_asked),
        cmocka_unit_test(head_has_no_body_but_its_length),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(what_comes_ahead_of_an_answer_is_bounded_and_not_lost),
        cmocka_unit_test(a_client_may_wait_for_leave_to_send_its_body),
        cmocka_unit_test(a_half_closed_client_still_gets_its_answers),
        cmocka_unit_test(a_request_that_ends_early_is_told_so),
        cmocka_unit_test(a_client_that_connects_and_leaves_is_no_error),
        cmocka_unit_test(slow_clients_are_sent_away),
        cmocka_unit_test(a_slow_head_ends_in_408),
        cmocka_unit_test(refusals_reach_the_client_with_cors_headers),
        cmocka_unit_test(preflights_are_answered_by_the_server),
        cmocka_unit_test(connections_above_the_limit_are_told_so),
        cmocka_unit_test(a_reset_connection_abandons_its_exchange),
        cmocka_unit_test(a_client_gone_at_the_answer_harms_nobody),
        cmocka_unit_test(answers_larger_than_the_socket_are_written_in_parts),
        cmocka_unit_test(a_client_that_does_not_read_is_sent_away),
        cmocka_unit_test(the_owner_may_end_a_connection),
        cmocka_unit_test(stopping_lets_requests_in_flight_finish),
        cmocka_unit_test(stopping_does_not_wait_for_ever),
        cmocka_unit_test(an_owner_may_stop_the_server_from_its_request),
        cmocka_unit_test(a_port_is_shared_only_when_both_say_so),
        cmocka_unit_test(addresses),
        cmocka_unit_test(disorder),
    };

    (void)signal(SIGPIPE, SIG_IGN); /* as gw_workers_run does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
