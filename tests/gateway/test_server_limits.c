/* tests/gateway/test_server_limits.c -- slow, greedy and many clients, and the
 * orderly end. */
#include "tests/gateway/server_world.h"

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
        cmocka_unit_test(slow_clients_are_sent_away),
        cmocka_unit_test(a_slow_head_ends_in_408),
        cmocka_unit_test(refusals_reach_the_client_with_cors_headers),
        cmocka_unit_test(connections_above_the_limit_are_told_so),
        cmocka_unit_test(answers_larger_than_the_socket_are_written_in_parts),
        cmocka_unit_test(a_client_that_does_not_read_is_sent_away),
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
