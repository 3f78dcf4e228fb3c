/* tests/gateway/test_server.c -- requests and answers over real connections. */
#include "tests/gateway/server_world.h"

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
        cmocka_unit_test(preflights_are_answered_by_the_server),
        cmocka_unit_test(a_reset_connection_abandons_its_exchange),
        cmocka_unit_test(a_client_gone_at_the_answer_harms_nobody),
        cmocka_unit_test(the_owner_may_end_a_connection),
    };

    (void)signal(SIGPIPE, SIG_IGN); /* as gw_workers_run does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
