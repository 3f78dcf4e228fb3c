/* tests/fhir/test_fetch_request.c -- what a fetch sends, refuses to send, and reads from heads.
 */
#include "tests/fhir/peer.h"

/* ---- Retry-After ---- */

static void http_date(char *text, size_t text_bytes, long from_now_s)
{
    time_t when = time(NULL) + from_now_s;
    struct tm parts;

    assert_non_null(gmtime_r(&when, &parts));
    assert_true(strftime(text, text_bytes, "%a, %d %b %Y %H:%M:%S GMT", &parts) > 0);
}

static void retry_after_is_read(void **state)
{
    static char text[256];
    static const struct peer_answer answer = {"/fhir/x", PEER_SEND, text, NULL};
    static const struct {
        uint32_t status;
        const char *value; /* NULL: a date so far from now */
        long date_s;
        uint32_t want;
    } rows[] = {
        {429, "7", 0, 7},
        {429, "120", 0, 120},
        {503, "30", 0, 30},
        {503, "0", 0, 0},
        {429, "86400", 0, 86400},
        {429, "86401", 0, 86400},
        {429, "99999999", 0, 86400},
        {429, "99999999999999999999999", 0, 0},
        {429, "-5", 0, 0},
        {429, "soon", 0, 0},
        {429, "", 0, 0},
        {429, NULL, 100, 100},
        {503, NULL, 3600, 3600},
        {503, NULL, -3600, 0},
        {429, NULL, 1000000, 86400},
        {200, "7", 0, 0},
        {404, "7", 0, 0},
    };
    struct rig rig;

    (void)state;
    rig_open(&rig, RIG_LIMITS, &answer, 1);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct call call = {0};
        char date[64];

        http_date(date, sizeof date, rows[i].date_s);
        (void)snprintf(text, sizeof text,
                       "HTTP/1.1 %u X\r\nRetry-After: %s\r\n"
                       "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
                       rows[i].status, rows[i].value == NULL ? date : rows[i].value);
        call_run(&rig, &call, "/fhir/x", 5000);
        assert_int_equal(call.reply.status, rows[i].status);
        /* the clock may tick between the date's making and its reading */
        if (call.reply.retry_after_s != rows[i].want &&
            (rows[i].value != NULL || call.reply.retry_after_s + 2 < rows[i].want ||
             call.reply.retry_after_s > rows[i].want))
            fail_msg("row %zu: got %u, want %u", i, call.reply.retry_after_s, rows[i].want);
        call_release(&call);
    }
    rig_close(&rig);
}

/* ---- What is sent ---- */

static const struct peer_answer COOKIE = {
    "/fhir/x", PEER_SEND,
    "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Type: application/json\r\n"
    "Content-Length: 2\r\n\r\n{}",
    NULL};

static bool was_sent(const struct rig *rig, const char *text)
{
    return strstr(rig->peer.last_request, text) != NULL;
}

static void request_is_as_promised(void **state)
{
    struct call call = {.fetch.bearer_token = SLICE("abc.DEF-123_~+/==")};
    struct rig rig;

    (void)state;
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("ALL_PROXY", "http://127.0.0.1:1", 1), 0);
    rig_open(&rig, RIG_LIMITS, &COOKIE, 1);
    call_run(&rig, &call, "/fhir/x?code=a%7Cb,c&_count=50", 5000);
    assert_int_equal(call.reply.outcome, FHIR_FETCH_OK);
    assert_true(was_sent(&rig, "GET /fhir/x?code=a%7Cb,c&_count=50 HTTP/1.1\r\nHost: 127."));
    assert_true(
        was_sent(&rig, "\r\nAccept: application/fhir+json, application/json;q=0.9\r\n"));
    assert_true(was_sent(&rig, "\r\nAccept-Encoding: gzip, deflate\r\n"));
    assert_true(was_sent(&rig, "\r\nUser-Agent: pgxgate/" PGX_VERSION "\r\n"));
    assert_true(was_sent(&rig, "\r\nAuthorization: Bearer abc.DEF-123_~+/==\r\n"));
    assert_false(was_sent(&rig, "Upgrade"));
    /* the same easy handle and connection again, now without a token */
    call.fetch.bearer_token = SLICE_NONE;
    call_run(&rig, &call, "/fhir/x", 5000);
    assert_int_equal(call.reply.outcome, FHIR_FETCH_OK);
    assert_int_equal(rig.peer.accepted, 1);
    assert_false(was_sent(&rig, "Authorization"));
    assert_false(was_sent(&rig, "Cookie"));
    assert_true(was_sent(&rig, "\r\nAccept: application/fhir+json"));
    call_release(&call);
    rig_close(&rig);
    assert_int_equal(unsetenv("http_proxy") + unsetenv("ALL_PROXY"), 0);
}

static void a_form_is_posted(void **state)
{
    struct call call = {.fetch.form = SLICE("patient=a&code=b%7Cc,d"),
                        .fetch.bearer_token = SLICE("abc")};
    struct rig rig;

    (void)state;
    rig_open(&rig, RIG_LIMITS, &COOKIE, 1);
    for (int i = 0; i < 2; i++) { /* the second on the same handle and connection */
        call_run(&rig, &call, "/fhir/x", 5000);
        assert_int_equal(call.reply.outcome, FHIR_FETCH_OK);
        assert_true(was_sent(&rig, "POST /fhir/x HTTP/1.1\r\n"));
        assert_true(was_sent(&rig, "\r\nAuthorization: Bearer abc\r\n"));
        assert_true(was_sent(&rig, "\r\nContent-Length: 22\r\n"));
        assert_true(was_sent(&rig, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
        assert_true(was_sent(&rig, "\r\n\r\npatient=a&code=b%7Cc,d"));
    }
    call.fetch.form = SLICE_NONE;
    call_run(&rig, &call, "/fhir/x?a=b", 5000);
    assert_true(was_sent(&rig, "GET /fhir/x?a=b HTTP/1.1\r\n"));
    assert_false(was_sent(&rig, "Content-"));
    assert_int_equal(rig.peer.accepted, 1);
    call_release(&call);
    rig_close(&rig);
}

static void form_length_is_limited(void **state)
{
    static char form[FHIR_FORM_BYTES_MAX + 1];
    struct call call = {.fetch.form = {form, sizeof form}};
    struct err err = {0};
    struct rig rig;

    (void)state;
    memset(form, 'a', sizeof form);
    rig_open(&rig, RIG_LIMITS, &COOKIE, 1);
    assert_int_equal(call_start_to(&rig, &call, rig.peer.port, "/fhir/x", 1000, &err),
                     ERR_LIMIT);
    assert_int_equal(call.fetch.refusal, FHIR_FETCH_REFUSED);
    rig_close(&rig);
}

static void what_may_not_go_out_does_not(void **state)
{
    static const struct {
        const char *url; /* %u is the peer's port */
        const char *token;
        enum err_code want;
    } rows[] = {
        {"http://127.0.0.1:%u/other", "", ERR_DENIED},
        {"http://127.0.0.1:%u/fhir/../other", "", ERR_DENIED},
        {"http://u@127.0.0.1:%u/fhir/x", "", ERR_DENIED},
        {"https://127.0.0.1:%u/fhir/x", "", ERR_DENIED},
        {"http://127.0.0.2:%u/fhir/x", "", ERR_DENIED},
        {"http://127.1:%u/fhir/x", "", ERR_DENIED},
        {"http://127.0.0.1:%u/fhir/x#f", "", ERR_DENIED},
        {"gopher://127.0.0.1:%u/fhir/x", "", ERR_DENIED},
        {"/fhir/x", "", ERR_DENIED},
        {"", "", ERR_DENIED},
        {"http://127.0.0.1:%u/fhir/x", "a\r\nX-Injected: 1", ERR_INVALID},
        {"http://127.0.0.1:%u/fhir/x", "a b", ERR_INVALID},
        {"http://127.0.0.1:%u/fhir/x", "\xc3\xa9", ERR_INVALID},
    };
    struct rig rig;

    (void)state;
    rig_open(&rig, RIG_LIMITS, &COOKIE, 1);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct call call = {.fetch.bearer_token = slice_of(rows[i].token)};
        struct err err = {0};
        size_t at = slice_find(slice_of(rows[i].url), SLICE("%u"));
        struct slice head = slice_head(slice_of(rows[i].url), at);

        if (at == SIZE_MAX)
            (void)snprintf(call.url, sizeof call.url, "%s", rows[i].url);
        else
            (void)snprintf(call.url, sizeof call.url, "%.*s%u%s", SLICE_ARG(head),
                           rig.peer.port, rows[i].url + at + 2);
        call.fetch.url = slice_of(call.url);
        call.fetch.timeout_ms = 1000;
        call.fetch.on_done = call_on_done;
        if (fhir_fetch_start(rig.fetcher, &call.fetch, &err) != rows[i].want)
            fail_msg("%s: got %s", rows[i].url, err_code_name(err.code));
        assert_int_equal(call.fetch.refusal,
                         rows[i].want == ERR_DENIED ? FHIR_FETCH_DENIED : FHIR_FETCH_REFUSED);
        assert_int_equal(fhir_fetcher_in_flight(rig.fetcher), 0);
        assert_null(strstr(err.text, "127.")); /* a URL may hold a patient's id */
        fhir_fetch_cancel(&call.fetch);        /* safe: it is idle */
        rig_run(&rig, NULL, 0, 5);
        assert_int_equal(call.done_count, 0);
    }
    assert_int_equal(rig.peer.accepted, 0);
    rig_close(&rig);
}

static void token_length_is_limited(void **state)
{
    static char token[FHIR_BEARER_BYTES_MAX + 1];
    struct call call = {.fetch.bearer_token = {token, sizeof token}};
    struct err err = {0};
    struct rig rig;

    (void)state;
    memset(token, 'a', sizeof token);
    rig_open(&rig, RIG_LIMITS, &COOKIE, 1);
    assert_int_equal(call_start_to(&rig, &call, rig.peer.port, "/fhir/x", 1000, &err),
                     ERR_INVALID);
    rig_close(&rig);
}

#define LIMITS(per_host, all, connect_ms, bytes, ca)                                           \
    {                                                                                          \
        .connections_per_host_max = (per_host), .connections_max = (all),                      \
        .connect_timeout_ms = (connect_ms), .body_bytes_max = (bytes), .ca_file = (ca)         \
    }

static void settings_are_checked(void **state)
{
    const struct slice good = SLICE("https://ehr.example/fhir");
    static const struct {
        const char *base; /* NULL: the good one */
        struct fhir_fetcher_limits limits;
        enum err_code want;
    } rows[] = {
        {NULL, LIMITS(1, 1, 1, 1, NULL), ERR_OK},
        {"http://loopback", LIMITS(1, 1, 1, 1, NULL), ERR_OK},
        {"ehr.example", LIMITS(1, 1, 1, 1, NULL), ERR_INVALID},
        {"", LIMITS(1, 1, 1, 1, NULL), ERR_INVALID},
        {"https://ehr.example/fhir?a=b", LIMITS(1, 1, 1, 1, NULL), ERR_INVALID},
        {"https://u@ehr.example/fhir", LIMITS(1, 1, 1, 1, NULL), ERR_INVALID},
        {"ftp://ehr.example/fhir", LIMITS(1, 1, 1, 1, NULL), ERR_INVALID},
        {NULL, LIMITS(0, 1, 1, 1, NULL), ERR_INVALID},
        {NULL, LIMITS(1, 0, 1, 1, NULL), ERR_INVALID},
        {NULL, LIMITS(1, 1, 0, 1, NULL), ERR_INVALID},
        {NULL, LIMITS(1, 1, 1, 0, NULL), ERR_INVALID},
        {NULL, LIMITS(1, 1, 1, 1, "/nonexistent/ca.pem"), ERR_INVALID},
    };
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice bases[] = {good, rows[i].base == NULL ? good : slice_of(rows[i].base)};
        struct fhir_fetcher *fetcher = NULL;
        struct err err = {0};

        if (fhir_fetcher_new(&loop, bases, 2, rows[i].limits, &fetcher, &err) != rows[i].want)
            fail_msg("row %zu: %s", i, err.text);
        assert_int_equal(fetcher != NULL, rows[i].want == ERR_OK);
        if (fetcher != NULL)
            fhir_fetcher_close(fetcher, NULL, NULL);
        assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    }
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void outcomes_have_names(void **state)
{
    (void)state;
    assert_string_equal(fhir_fetch_outcome_name(FHIR_FETCH_OK), "ok");
    assert_string_equal(fhir_fetch_outcome_name(FHIR_FETCH_DENIED), "denied");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_after_is_read),
        cmocka_unit_test(request_is_as_promised),
        cmocka_unit_test(a_form_is_posted),
        cmocka_unit_test(form_length_is_limited),
        cmocka_unit_test(what_may_not_go_out_does_not),
        cmocka_unit_test(token_length_is_limited),
        cmocka_unit_test(settings_are_checked),
        cmocka_unit_test(outcomes_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
