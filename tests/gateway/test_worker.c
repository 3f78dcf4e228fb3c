/* tests/gateway/test_worker.c -- workers begin and end together; the admin listener beside
 * them. */
#include "gateway/ops/worker.h"
#include "tests/test.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gateway/net/server.h"
#include "gateway/ops/admin.h"

#define CRLF        "\r\n"
#define WORKERS_MAX 4
#define LATER       "GET /later HTTP/1.1" CRLF "Host: a" CRLF CRLF

/* One run of some workers; each has a server on a shared port, the first one also an admin. */
struct run {
    uint32_t count;
    uint32_t fails_at; /* the worker whose setup fails; count: none */
    bool is_unready;
    _Atomic uint32_t port;
    _Atomic uint32_t admin_port;
    _Atomic uint32_t ready, reloads, stops, stop_nows;
    struct net_server *servers[WORKERS_MAX];
    struct admin *admin;
    uint32_t open[WORKERS_MAX];
    struct net_exchange *kept;
    void (*act)(struct run *run); /* in a thread, when all are up */
    pthread_t actor;
    struct log log;
    int notify_fd;
    unsigned watchdogs;
};

static void on_request(struct net_exchange *exchange, void *owner)
{
    struct run *run = owner;

    if (slice_eq(exchange->request->path, SLICE("/later")))
        run->kept = exchange;
    else
        net_exchange_respond(exchange,
                             &(struct http_response){.status = 200, .body = SLICE("hello")});
}

static void on_abandoned(struct net_exchange *exchange, void *owner)
{
    struct run *run = owner;

    assert_ptr_equal(run->kept, exchange);
    run->kept = NULL;
}

static void check(struct admin_report *report, void *owner)
{
    struct run *run = owner;

    admin_report_add(report, "knowledge", run->is_unready ? ADMIN_FAILED : ADMIN_OK,
                     run->is_unready ? "no release is active" : NULL);
    admin_report_add(report, "database", ADMIN_DEGRADED, "cannot connect");
}

static void describe(struct json_writer *json, void *owner)
{
    (void)owner;
    json_write_member_text(json, "release", SLICE("abc"));
}

static enum err_code setup_admin(struct gw_worker *worker, struct run *run, struct err *err)
{
    struct admin_options options = {
        .address = "127.0.0.1:0", .check = check, .describe = describe, .owner = run};
    enum err_code code;

    options.metrics = gw_workers_metrics(worker, &options.metrics_count);
    assert_int_equal(options.metrics_count, run->count);
    code = admin_start(&worker->loop, &options, &run->admin, err);
    if (code == ERR_OK) {
        run->open[0]++;
        run->admin_port = admin_port(run->admin);
    }
    return code;
}

static enum err_code setup(struct gw_worker *worker, struct err *err)
{
    struct run *run = worker->owner;
    struct net_server_options options = {.limits = NET_LIMITS_DEFAULT,
                                         .shares_port = true,
                                         .metrics = worker->metrics,
                                         .on_request = on_request,
                                         .on_abandoned = on_abandoned,
                                         .owner = run};
    char address[32];
    enum err_code code;

    assert_int_equal(gw_workers_count(worker), run->count);
    /* The first worker takes a free port, the others share it. */
    for (unsigned i = 0; worker->index > 0 && run->port == 0 && i < 1000; i++)
        (void)usleep(1000);
    if (worker->index == run->fails_at)
        return err_set(err, ERR_UPSTREAM, "no luck");
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", run->port);
    options.address = address;
    options.limits.drain_timeout_ms = 60000;
    code = net_server_start(&worker->loop, &options, &run->servers[worker->index], err);
    if (code != ERR_OK)
        return code;
    run->open[worker->index]++;
    if (worker->index > 0)
        return ERR_OK;
    run->port = net_server_port(run->servers[0]);
    return setup_admin(worker, run, err);
}

static void closed_one(void *owner)
{
    struct gw_worker *worker = owner;
    struct run *run = worker->owner;

    if (--run->open[worker->index] == 0)
        gw_worker_stopped(worker);
}

static void stop(struct gw_worker *worker)
{
    struct run *run = worker->owner;

    run->stops++;
    if (run->open[worker->index] == 0) {
        gw_worker_stopped(worker);
        return;
    }
    net_server_stop(run->servers[worker->index], closed_one, worker);
    if (worker->index == 0 && run->admin != NULL)
        admin_stop(run->admin, closed_one, worker);
}

static void stop_now(struct gw_worker *worker)
{
    struct run *run = worker->owner;

    run->stop_nows++;
    net_server_stop_now(run->servers[worker->index]);
}

static void reload(struct gw_worker *worker)
{
    ((struct run *)worker->owner)->reloads++;
}

static void *act(void *data)
{
    struct run *run = data;

    run->act(run);
    return NULL;
}

static void ready(struct gw_worker *worker)
{
    struct run *run = worker->owner;

    assert_int_equal(worker->index, 0);
    run->ready++;
    assert_int_equal(pthread_create(&run->actor, NULL, act, run), 0);
}

static enum err_code run_workers(struct run *run, struct err *err)
{
    const struct gw_workers_options options = {.count = run->count,
                                               .log = &run->log,
                                               .setup = setup,
                                               .stop = stop,
                                               .stop_now = stop_now,
                                               .reload = reload,
                                               .ready = ready,
                                               .owner = run};
    enum err_code code;

    log_init(&run->log, STDERR_FILENO, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    code = gw_workers_run(&options, err);
    if (run->ready > 0)
        assert_int_equal(pthread_join(run->actor, NULL), 0);
    return code;
}

/* ---- clients, blocking, in the actor's thread ---- */

static int client_open(uint32_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* The whole answer up to the end of the connection. */
static struct slice client_ask(uint32_t port, const char *line, char *out, size_t out_len)
{
    int fd = client_open(port);
    size_t len = 0;
    ssize_t got;

    (void)snprintf(out, out_len,
                   "%s HTTP/1.1" CRLF "Host: a" CRLF "Connection: close" CRLF CRLF, line);
    assert_int_equal(send(fd, out, strlen(out), MSG_NOSIGNAL), strlen(out));
    while ((got = recv(fd, out + len, out_len - len, 0)) > 0)
        len += (size_t)got;
    (void)close(fd);
    return (struct slice){.ptr = out, .len = len};
}

static void assert_answer(uint32_t port, const char *line, const char *begin, const char *end)
{
    static char out[262144];
    struct slice answer = client_ask(port, line, out, sizeof out);

    if (!slice_starts(answer, slice_of(begin)) || !slice_ends(answer, slice_of(end)))
        fail_msg("%s: %.*s", line, SLICE_ARG(answer));
}

static void ask_much_and_stop(struct run *run)
{
    char out[1024];

    for (unsigned i = 0; i < 40; i++)
        assert_true(
            slice_ends(client_ask(run->port, "GET /", out, sizeof out), SLICE("hello")));
    assert_int_equal(kill(getpid(), SIGHUP), 0);
    for (unsigned i = 0; i < 1000 && run->reloads < run->count; i++)
        (void)usleep(1000);
    assert_int_equal(kill(getpid(), SIGTERM), 0);
}

/* ---- tests ---- */

static void workers_begin_and_end_together(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= WORKERS_MAX; count++) {
        struct run run = {.count = count, .fails_at = count, .act = ask_much_and_stop};
        struct err err = {0};

        assert_ok(run_workers(&run, &err), &err);
        assert_int_equal(run.ready, 1);
        assert_int_equal(run.stops, count);
        assert_int_equal(run.stop_nows, 0);
        assert_int_equal(run.reloads, count);
    }
}

static void one_that_cannot_start_stops_all(void **state)
{
    (void)state;
    for (uint32_t fails_at = 0; fails_at < 3; fails_at++) {
        struct run run = {.count = 3, .fails_at = fails_at};
        struct err err = {0};

        log_init(&run.log, STDERR_FILENO, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
        assert_int_equal(run_workers(&run, &err), ERR_UPSTREAM);
        assert_string_equal(err.text, "no luck");
        assert_int_equal(run.ready, 0);
        assert_int_equal(run.stops, 3);
        assert_int_equal(run.stop_nows, 0);
    }
}

static void hang_and_signal_twice(struct run *run)
{
    int fd = client_open(run->port);
    char byte;

    assert_true(send(fd, LATER, strlen(LATER), 0) > 0);
    (void)usleep(50000);
    assert_int_equal(kill(getpid(), SIGINT), 0);
    (void)usleep(50000);
    assert_int_equal(run->stops, 1);
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    (void)close(fd);
}

static void a_second_signal_ends_at_once(void **state)
{
    struct run run = {.count = 1, .fails_at = 1, .act = hang_and_signal_twice};
    struct err err = {0};

    (void)state;
    assert_ok(run_workers(&run, &err), &err);
    assert_int_equal(run.stop_nows, 1);
    assert_null(run.kept);
}

static void ask_the_admin(struct run *run)
{
    static const struct {
        const char *line;
        const char *begin;
        const char *end;
    } rows[] = {
        {"GET /livez", "HTTP/1.1 200 OK" CRLF, "{\"status\":\"ok\"}\n"},
        {"HEAD /livez", "HTTP/1.1 200 OK" CRLF, CRLF CRLF},
        {"GET /version?x", "HTTP/1.1 200 OK" CRLF,
         "{\"name\":\"pgxgate\",\"version\":\"" PGX_VERSION "\",\"release\":\"abc\"}\n"},
        {"GET /metrics", "HTTP/1.1 200 OK" CRLF, "\n"},
        {"GET /", "HTTP/1.1 404 Not Found" CRLF, "}]}"},
        {"GET /readyz/", "HTTP/1.1 404 Not Found" CRLF, "}]}"},
        {"POST /livez", "HTTP/1.1 405 Method Not Allowed" CRLF, "}]}"},
        {"OPTIONS /livez", "HTTP/1.1 405 Method Not Allowed" CRLF, "}]}"},
        {"GET a", "HTTP/1.1 400 Bad Request" CRLF, "}]}"},
    };
    static const char parts[] = "{\"part\":\"database\",\"status\":\"degraded\",\"detail\":"
                                "\"cannot connect\"}]";
    char ready_end[256];
    static char out[262144];
    struct slice text;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_answer(run->admin_port, rows[i].line, rows[i].begin, rows[i].end);
    (void)snprintf(ready_end, sizeof ready_end,
                   "{\"parts\":[{\"part\":\"knowledge\",\"status\":\"ok\"},%s,\"status\":"
                   "\"degraded\"}\n",
                   parts);
    assert_answer(run->admin_port, "GET /readyz", "HTTP/1.1 200 OK" CRLF, ready_end);
    run->is_unready = true;
    (void)snprintf(ready_end, sizeof ready_end,
                   "{\"parts\":[{\"part\":\"knowledge\",\"status\":\"failed\",\"detail\":"
                   "\"no release is active\"},%s,\"status\":\"failed\"}\n",
                   parts);
    assert_answer(run->admin_port, "GET /readyz", "HTTP/1.1 503 Service Unavailable" CRLF,
                  ready_end);

    for (unsigned i = 0; i < 8; i++)
        assert_answer(run->port, "GET /", "HTTP/1.1 200 OK" CRLF, "hello");
    text = client_ask(run->admin_port, "GET /metrics", out, sizeof out);
    assert_true(slice_find(text, SLICE("pgxgate_connections_total 8\n")) != SIZE_MAX);
    assert_true(slice_find(text, SLICE("Content-Type: text/plain; version=0.0.4")) != SIZE_MAX);
    assert_int_equal(kill(getpid(), SIGTERM), 0);
}

static void operators_are_answered(void **state)
{
    struct run run = {.count = 2, .fails_at = 2, .act = ask_the_admin};
    struct err err = {0};

    (void)state;
    assert_ok(run_workers(&run, &err), &err);
}

static void stop_soon(struct run *run)
{
    (void)run;
    (void)usleep(200000);
    assert_int_equal(kill(getpid(), SIGTERM), 0);
}

/* Plays systemd: a datagram socket, and what it hears. */
static void listen_a_while(struct run *run)
{
    char message[64];

    for (unsigned i = 0; i < 1000 && run->watchdogs < 3; i++) {
        ssize_t len = recv(run->notify_fd, message, sizeof message - 1, 0);

        message[len > 0 ? len : 0] = '\0';
        if (strcmp(message, "WATCHDOG=1") == 0)
            run->watchdogs++;
        else if (len > 0)
            assert_string_equal(message, "READY=1");
        else
            (void)usleep(1000);
    }
    assert_int_equal(kill(getpid(), SIGTERM), 0);
}

static void systemd_is_told(void **state)
{
    struct run run = {.count = 2, .fails_at = 2, .act = listen_a_while};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct err err = {0};
    char message[64] = "";
    ssize_t len;
    int notify_fd;

    (void)state;
    run.notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_true(run.notify_fd >= 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "/tmp/pgxgate-notify-%d",
                   (int)getpid());
    (void)unlink(address.sun_path);
    assert_int_equal(bind(run.notify_fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "30000", 1), 0);
    assert_ok(run_workers(&run, &err), &err);
    assert_int_equal(run.watchdogs, 3);
    do {
        len = recv(run.notify_fd, message, sizeof message - 1, 0);
        assert_true(len > 0);
        message[len] = '\0';
    } while (strcmp(message, "STOPPING=1") != 0);
    notify_fd = run.notify_fd;
    /* Nobody reads any more: that must not hold us up. */
    run = (struct run){.count = 1, .fails_at = 1, .act = stop_soon};
    assert_ok(run_workers(&run, &err), &err);
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
    (void)close(notify_fd);
    (void)unlink(address.sun_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_begin_and_end_together),
        cmocka_unit_test(one_that_cannot_start_stops_all),
        cmocka_unit_test(a_second_signal_ends_at_once),
        cmocka_unit_test(operators_are_answered),
        cmocka_unit_test(systemd_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
