/* tests/gateway/test_http.c -- requests out of bytes, whatever pieces they come in. */
#include "gateway/net/http.h"
#include "tests/test.h"

#include <stdlib.h>

#define CRLF "\r\n"
#define POST_HEAD                                                                              \
    "POST /cds-services/pgx-order-sign HTTP/1.1" CRLF "Host: pgx.example" CRLF                 \
    "Content-Type: application/json" CRLF

static const struct http_limits SMALL = {
    .head_bytes_max = 512, .headers_max = 8, .body_bytes_max = 64, .budget = NULL};

/* What a parser made of a stream, as text: one line per request, then "failed: label". */
static void note_request(struct buf *notes, const struct http_request *request)
{
    buf_printf(notes, "%s %.*s", http_method_name(request->method), SLICE_ARG(request->path));
    if (request->query.len > 0)
        buf_printf(notes, " ?%.*s", SLICE_ARG(request->query));
    buf_printf(notes, " %zu%s%s", request->headers_count, request->keep_alive ? " keep" : "",
               request->is_http_1_0 ? " 1.0" : "");
    if (request->body.len > 0)
        buf_printf(notes, " <%.*s>", SLICE_ARG(request->body));
    for (size_t i = 0; i < BUF_PADDING; i++) /* readable; the sanitizer looks on */
        (void)*(const volatile char *)(request->body.ptr + request->body.len + i);
    buf_add_text(notes, "\n");
}

/* Feeds the stream in pieces that end at the given offsets. */
static void read_stream(const struct http_limits *limits, struct slice stream,
                        const size_t *ends, size_t ends_count, struct buf *notes)
{
    struct http_parser *parser = http_parser_new(limits);
    bool is_over = false;
    size_t at = 0;

    assert_non_null(parser);
    for (size_t i = 0; i < ends_count && !is_over; i++) {
        /* A piece of its own, so that reading past its end is seen by the sanitizer. */
        size_t len = ends[i] - at;
        char *piece = malloc(len == 0 ? 1 : len);
        struct slice rest = {.ptr = piece, .len = len};

        assert_non_null(piece);
        memcpy(piece, stream.ptr + at, len);
        while (rest.len > 0 && !is_over) {
            size_t used = 0;
            enum http_event event = http_parser_feed(parser, rest, &used);

            rest = slice_from(rest, used);
            if (event == HTTP_REQUEST_READY) {
                note_request(notes, http_parser_request(parser));
                http_parser_reset(parser, 0);
            } else if (event == HTTP_FAILED) {
                buf_printf(notes, "failed: %s\n",
                           http_failure_label(http_parser_failure(parser)));
                is_over = true;
            } else {
                assert_int_equal(rest.len, 0);
            }
        }
        free(piece);
        at = ends[i];
    }
    if (!is_over && http_parser_has_started(parser))
        buf_add_text(notes, "more\n");
    http_parser_free(parser);
}

/* Shows the stream and the cut when the notes are not as wanted. */
static void check_notes(const struct buf *notes, const char *want, struct slice stream,
                        size_t cut)
{
    if (!slice_eq_text(buf_slice(notes), want))
        fail_msg("got \"%.*s\", want \"%s\", cut at %zu of:\n%.*s", SLICE_ARG(buf_slice(notes)),
                 want, cut, SLICE_ARG(stream));
}

static void check_stream(const struct http_limits *limits, struct slice stream,
                         const char *want)
{
    size_t *each = calloc(stream.len + 1, sizeof *each);
    struct buf notes;

    assert_non_null(each);
    buf_init(&notes, 65536);
    read_stream(limits, stream, &stream.len, 1, &notes);
    check_notes(&notes, want, stream, 0);
    for (size_t cut = 1; cut < stream.len; cut++) {
        const size_t ends[] = {cut, stream.len};

        buf_clear(&notes);
        read_stream(limits, stream, ends, 2, &notes);
        check_notes(&notes, want, stream, cut);
    }
    for (size_t i = 0; i < stream.len; i++)
        each[i] = i + 1;
    buf_clear(&notes);
    read_stream(limits, stream, each, stream.len, &notes);
    check_notes(&notes, want, stream, 1);
    buf_release(&notes);
    free(each);
}

struct row {
    const char *stream;
    const char *want;
};

static void check_rows(const struct row *rows, size_t rows_count)
{
    for (size_t i = 0; i < rows_count; i++)
        check_stream(&SMALL, slice_of(rows[i].stream), rows[i].want);
}

static void requests_are_read_whole_however_they_are_cut(void **state)
{
    static const struct row rows[] = {
        {"GET / HTTP/1.1" CRLF "Host: a" CRLF CRLF, "GET / 1 keep\n"},
        {"GET /cds-services?x=1&y=%20 HTTP/1.1" CRLF "host:a:8080" CRLF CRLF,
         "GET /cds-services ?x=1&y=%20 1 keep\n"},
        {"GET /a?b?c HTTP/1.1" CRLF "Host: [::1]:80" CRLF CRLF, "GET /a ?b?c 1 keep\n"},
        {POST_HEAD "Content-Length: 11" CRLF CRLF "{\"a\":\"b c\"}",
         "POST /cds-services/pgx-order-sign 3 keep <{\"a\":\"b c\"}>\n"},
        {POST_HEAD "Content-Length: 0" CRLF CRLF, "POST /cds-services/pgx-order-sign 3 keep\n"},
        {POST_HEAD "Content-Length:   0011  " CRLF CRLF "hello world",
         "POST /cds-services/pgx-order-sign 3 keep <hello world>\n"},
        {POST_HEAD CRLF, "POST /cds-services/pgx-order-sign 2 keep\n"},
        {"HEAD / HTTP/1.1" CRLF "Host:" CRLF CRLF, "HEAD / 1 keep\n"},
        {"OPTIONS * HTTP/1.1" CRLF "Host: a" CRLF CRLF, "OPTIONS * 1 keep\n"},
        {"GET http://pgx.example:80/a/b?c HTTP/1.1" CRLF "Host: a" CRLF CRLF,
         "GET /a/b ?c 1 keep\n"},
        {"GET / HTTP/1.1" CRLF "Host: a" CRLF "Connection: close" CRLF CRLF, "GET / 2\n"},
        {"GET / HTTP/1.0" CRLF CRLF, "GET / 0 1.0\n"},
        {"GET / HTTP/1.0" CRLF "Connection: keep-alive" CRLF CRLF, "GET / 1 keep 1.0\n"},
        {"GET / HTTP/1.0" CRLF "Expect: something" CRLF CRLF, "GET / 1 1.0\n"},
        {CRLF CRLF "GET / HTTP/1.1" CRLF "Host: a" CRLF CRLF, "GET / 1 keep\n"},
        {"DELETE /x HTTP/1.1" CRLF "Host: a" CRLF "X-Empty: " CRLF "X-Other:b" CRLF CRLF,
         "DELETE /x 3 keep\n"},
        {"GET / HTTP/1.1" CRLF "Host: a" CRLF "Connection: Upgrade" CRLF
         "Upgrade: h2c" CRLF CRLF "GET /2 HTTP/1.1" CRLF "Host: a" CRLF CRLF,
         "GET / 3 keep\nGET /2 1 keep\n"},
    };

    (void)state;
    check_rows(rows, ARRAY_LEN(rows));
}

static void pipelined_requests_come_one_by_one(void **state)
{
    static const struct row rows[] = {
        {"GET /1 HTTP/1.1" CRLF "Host: a" CRLF CRLF "GET /2 HTTP/1.1" CRLF "Host: a" CRLF CRLF,
         "GET /1 1 keep\nGET /2 1 keep\n"},
        {POST_HEAD "Content-Length: 3" CRLF CRLF "abc" POST_HEAD "Content-Length: 2" CRLF CRLF
                   "de"
                   "GET /z HTTP/1.1" CRLF "Host: a" CRLF CRLF "GET",
         "POST /cds-services/pgx-order-sign 3 keep <abc>\n"
         "POST /cds-services/pgx-order-sign 3 keep <de>\nGET /z 1 keep\nmore\n"},
        {POST_HEAD "Transfer-Encoding: chunked" CRLF CRLF "3" CRLF "abc" CRLF "0" CRLF CRLF
                   "GET /z HTTP/1.1" CRLF "Host: a" CRLF CRLF,
         "POST /cds-services/pgx-order-sign 3 keep <abc>\nGET /z 1 keep\n"},
        {"GET /1 HTTP/1.1" CRLF "Host: a" CRLF CRLF "junk",
         "GET /1 1 keep\nfailed: request_line\n"},
    };

    (void)state;
    check_rows(rows, ARRAY_LEN(rows));
}

static void chunked_bodies_are_joined(void **state)
{
#define CHUNKED POST_HEAD "Transfer-Encoding: chunked" CRLF CRLF
#define POSTED  "POST /cds-services/pgx-order-sign 3 keep"
    static const struct row rows[] = {
        {CHUNKED "0" CRLF CRLF, POSTED "\n"},
        {CHUNKED "5" CRLF "hello" CRLF "6" CRLF " world" CRLF "0" CRLF CRLF,
         POSTED " <hello world>\n"},
        {CHUNKED "005;n=v" CRLF "hello" CRLF "0" CRLF CRLF, POSTED " <hello>\n"},
        {CHUNKED "A" CRLF "0123456789" CRLF "0" CRLF "Trailer: x" CRLF
                 "Content-Type: text/html" CRLF CRLF,
         POSTED " <0123456789>\n"},
        {CHUNKED "40" CRLF
                 "0123456789012345678901234567890123456789012345678901234567890123" CRLF
                 "0" CRLF CRLF,
         POSTED " <0123456789012345678901234567890123456789012345678901234567890123>\n"},
        {CHUNKED "41" CRLF, "failed: body_size\n"},
        {CHUNKED "20" CRLF "01234567890123456789012345678901" CRLF "21" CRLF,
         "failed: body_size\n"},
        {CHUNKED "g" CRLF, "failed: chunk\n"},
        {CHUNKED "-1" CRLF, "failed: chunk\n"},
        {CHUNKED "0x5" CRLF "hello" CRLF, "failed: chunk\n"},
        {CHUNKED "5\nhello" CRLF "0" CRLF CRLF, "failed: chunk\n"},
        {CHUNKED "5" CRLF "helloo" CRLF "0" CRLF CRLF, "failed: chunk\n"},
        {CHUNKED "10000000000000000" CRLF, "failed: chunk\n"},
    };

    (void)state;
    check_rows(rows, ARRAY_LEN(rows));
}

/* What a proxy in front of us could understand differently must not pass. */
static void ambiguous_requests_are_refused(void **state)
{
    static const struct row rows[] = {
        {POST_HEAD "Content-Length: 3" CRLF "Content-Length: 3" CRLF CRLF "abc",
         "failed: length\n"},
        {POST_HEAD "Content-Length: 3" CRLF "Content-Length: 4" CRLF CRLF "abcd",
         "failed: length\n"},
        {POST_HEAD "Content-Length: 3, 3" CRLF CRLF "abc", "failed: length\n"},
        {POST_HEAD "Content-Length: +3" CRLF CRLF "abc", "failed: length\n"},
        {POST_HEAD "Content-Length: -3" CRLF CRLF "abc", "failed: length\n"},
        {POST_HEAD "Content-Length: 0x3" CRLF CRLF "abc", "failed: length\n"},
        {POST_HEAD "Content-Length: 3 4" CRLF CRLF "abc", "failed: length\n"},
        {POST_HEAD "Content-Length: " CRLF CRLF "abc", "failed: length\n"},
        {POST_HEAD "Content-Length: 18446744073709551617" CRLF CRLF, "failed: length\n"},
        {POST_HEAD "Content-Length: 3" CRLF "Transfer-Encoding: chunked" CRLF CRLF
                   "0" CRLF CRLF,
         "failed: length\n"},
        {POST_HEAD "Transfer-Encoding: chunked" CRLF "Content-Length: 3" CRLF CRLF
                   "0" CRLF CRLF,
         "failed: length\n"},
        {POST_HEAD "Transfer-Encoding: gzip, chunked" CRLF CRLF "0" CRLF CRLF,
         "failed: coding\n"},
        {POST_HEAD "Transfer-Encoding: chunked, gzip" CRLF CRLF, "failed: coding\n"},
        {POST_HEAD "Transfer-Encoding: chunked, chunked" CRLF CRLF, "failed: coding\n"},
        {POST_HEAD "Transfer-Encoding: xchunked" CRLF CRLF, "failed: coding\n"},
        {POST_HEAD "Transfer-Encoding: identity" CRLF CRLF, "failed: coding\n"},
        {POST_HEAD "Transfer-Encoding: chunked" CRLF "Transfer-Encoding: chunked" CRLF CRLF,
         "failed: coding\n"},
        {POST_HEAD "Transfer-Encoding : chunked" CRLF CRLF, "failed: header\n"},
        {POST_HEAD "Content-Length : 3" CRLF CRLF "abc", "failed: header\n"},
        {POST_HEAD "Content-Length: 3" CRLF " 4" CRLF CRLF "abc", "failed: folded\n"},
        {POST_HEAD "X-Folded: a" CRLF "\tb" CRLF CRLF, "failed: folded\n"},
        {POST_HEAD "X-Folded:" CRLF " b" CRLF CRLF, "failed: folded\n"},
        {"POST / HTTP/1.1" CRLF " Host: a" CRLF CRLF, "failed: folded\n"},
        {"GET / HTTP/1.1" CRLF "Host: a\nX: y" CRLF CRLF, "failed: line_end\n"},
        {"GET / HTTP/1.1\nHost: a" CRLF CRLF, "failed: line_end\n"},
        {"GET / HTTP/1.1" CRLF "Host: a" CRLF "\n", "failed: line_end\n"},
        {"GET / HTTP/1.1" CRLF "Host: a" CRLF "X: a\rb" CRLF CRLF, "failed: line_end\n"},
        {"GET / HTTP/1.1" CRLF "Host: a" CRLF "\rX: b" CRLF CRLF, "failed: line_end\n"},
        {"GET / HTTP/1.1" CRLF CRLF, "failed: host\n"},
        {"GET / HTTP/1.1" CRLF "Host: a" CRLF "Host: a" CRLF CRLF, "failed: repeated\n"},
        {"GET / HTTP/1.1" CRLF "Host: a b" CRLF CRLF, "failed: host\n"},
        {"GET / HTTP/1.1" CRLF "Host: a/b" CRLF CRLF, "failed: host\n"},
        {"GET / HTTP/1.1" CRLF "Host: u@a" CRLF CRLF, "failed: host\n"},
        {"GET / HTTP/1.1" CRLF "Host: a" CRLF "Authorization: Bearer x" CRLF
         "authorization: Bearer y" CRLF CRLF,
         "failed: repeated\n"},
        {"GET / HTTP/1.1" CRLF "Host: a" CRLF "Content-Type: a/b" CRLF "Content-Type: c/d" CRLF
         "X: y" CRLF CRLF,
         "failed: repeated\n"},
        {"POST / HTTP/1.0" CRLF "Transfer-Encoding: chunked" CRLF CRLF "0" CRLF CRLF,
         "failed: length\n"},
    };

    (void)state;
    check_rows(rows, ARRAY_LEN(rows));
}

static void what_is_no_request_fails_with_its_cause(void **state)
{
    static const struct row rows[] = {
        {"\x16\x03\x01\x02", "failed: request_line\n"},
        {"get / HTTP/1.1" CRLF, "failed: request_line\n"},
        {" GET / HTTP/1.1" CRLF, "failed: request_line\n"},
        {"FROBNICATE / HTTP/1.1" CRLF, "failed: method\n"},
        {"GETX / HTTP/1.1" CRLF, "failed: method\n"},
        {"LOCK / HTTP/1.1" CRLF "Host: a" CRLF CRLF, "failed: method\n"},
        {"CONNECT a:80 HTTP/1.1" CRLF "Host: a" CRLF CRLF, "failed: method\n"},
        {"PRI * HTTP/2.0" CRLF CRLF "SM" CRLF CRLF, "failed: version\n"},
        {"GET / HTTP/2.0" CRLF "Host: a" CRLF CRLF, "failed: version\n"},
        {"GET / HTTP/1.2" CRLF "Host: a" CRLF CRLF, "failed: version\n"},
        {"GET / HTTP/0.9" CRLF CRLF, "failed: version\n"},
        {"GET / HTTQ/1.1" CRLF, "failed: request_line\n"},
        {"GET /" CRLF CRLF, "failed: version\n"},
        {"GET /a#b HTTP/1.1" CRLF "Host: a" CRLF CRLF, "failed: target\n"},
        {"GET http://a HTTP/1.1" CRLF "Host: a" CRLF CRLF, "failed: target\n"},
        {"GET ftp://a/b HTTP/1.1" CRLF "Host: a" CRLF CRLF, "failed: target\n"},
        {"GET * HTTP/1.1" CRLF "Host: a" CRLF CRLF, "failed: target\n"},
        {"GET /\x80 HTTP/1.1" CRLF, "failed: target\n"},
        {"GET /\x01 HTTP/1.1" CRLF, "failed: target\n"},
        {"GET / HTTP/1.1" CRLF "Host: a" CRLF "Bad Name: x" CRLF CRLF, "failed: header\n"},
        {"GET / HTTP/1.1" CRLF "Host: a" CRLF ": x" CRLF CRLF, "failed: header\n"},
        {"GET / HTTP/1.1" CRLF "Host: a" CRLF "X: \x01" CRLF CRLF, "failed: header\n"},
        {"GET / HTTP/1.1" CRLF "Host: a" CRLF "NoColon" CRLF CRLF, "failed: header\n"},
        {POST_HEAD "Content-Length: 65" CRLF CRLF, "failed: body_size\n"},
        {POST_HEAD "Content-Length: 3" CRLF "Expect: 200-maybe" CRLF CRLF "abc",
         "failed: expectation\n"},
        {POST_HEAD "Content-Length: 65" CRLF "Expect: 100-continue" CRLF CRLF,
         "failed: body_size\n"},
    };

    (void)state;
    check_rows(rows, ARRAY_LEN(rows));
}

static void a_nul_is_refused_everywhere_in_the_head(void **state)
{
    static const char plain[] = "GET /a HTTP/1.1" CRLF "Host: abc" CRLF "X-Y: z" CRLF CRLF;

    (void)state;
    for (size_t i = 0; i + 1 < sizeof plain; i++) {
        struct http_parser *parser = http_parser_new(&SMALL);
        char bytes[sizeof plain];
        size_t used = 0;

        memcpy(bytes, plain, sizeof plain);
        bytes[i] = '\0';
        assert_int_equal(
            http_parser_feed(parser, (struct slice){bytes, sizeof plain - 1}, &used),
            HTTP_FAILED);
        http_parser_free(parser);
    }
}

/* Pads the head to exactly `len` bytes. */
static struct slice padded_head(char *out, size_t len)
{
    static const char begin[] = "GET / HTTP/1.1" CRLF "Host: a" CRLF "X: ";

    memcpy(out, begin, sizeof begin - 1);
    memset(out + sizeof begin - 1, 'x', len - (sizeof begin - 1));
    memcpy(out + len - 4, CRLF CRLF, 4);
    return (struct slice){.ptr = out, .len = len};
}

static void the_head_may_be_as_large_as_its_limit_and_no_larger(void **state)
{
    char head[600];

    (void)state;
    check_stream(&SMALL, padded_head(head, 511), "GET / 2 keep\n");
    check_stream(&SMALL, padded_head(head, 512), "GET / 2 keep\n");
    check_stream(&SMALL, padded_head(head, 513), "failed: head_size\n");
    memset(head, '\r', sizeof head);
    for (size_t i = 1; i < sizeof head; i += 2)
        head[i] = '\n';
    check_stream(&SMALL, (struct slice){head, sizeof head}, "failed: target_size\n");
    memset(head, 'a', sizeof head);
    memcpy(head, "GET /", 5);
    check_stream(&SMALL, (struct slice){head, sizeof head}, "failed: target_size\n");
}

static void there_may_be_as_many_headers_as_the_limit_says(void **state)
{
    struct buf stream;

    (void)state;
    for (unsigned count = 7; count <= 9; count++) {
        buf_init(&stream, 4096);
        buf_add_text(&stream, "GET / HTTP/1.1" CRLF "Host: a" CRLF);
        for (unsigned i = 1; i < count; i++)
            buf_printf(&stream, "X-%u: y" CRLF, i);
        buf_add_text(&stream, CRLF);
        check_stream(&SMALL, buf_slice(&stream),
                     count == 7   ? "GET / 7 keep\n"
                     : count == 8 ? "GET / 8 keep\n"
                                  : "failed: head_size\n");
        buf_release(&stream);
    }
}

static void known_headers_have_their_place(void **state)
{
    struct http_parser *parser = http_parser_new(&SMALL);
    const struct http_request *request;
    size_t used = 0;

    (void)state;
    assert_int_equal(
        http_parser_feed(parser,
                         SLICE("POST / HTTP/1.1" CRLF "HOST: h:1" CRLF
                               "content-TYPE:  application/fhir+json; charset=utf-8 \t" CRLF
                               "Origin: https://ehr.example" CRLF "AUTHORIZATION: Bearer t" CRLF
                               "Accept:" CRLF "accept: text/html" CRLF
                               "Content-Length: 2" CRLF CRLF "{}"),
                         &used),
        HTTP_REQUEST_READY);
    request = http_parser_request(parser);
    assert_slice_equal(http_request_header(request, HTTP_HEADER_HOST), "h:1");
    assert_slice_equal(http_request_header(request, HTTP_HEADER_CONTENT_TYPE),
                       "application/fhir+json; charset=utf-8");
    assert_slice_equal(http_request_header(request, HTTP_HEADER_ORIGIN), "https://ehr.example");
    assert_slice_equal(http_request_header(request, HTTP_HEADER_AUTHORIZATION), "Bearer t");
    assert_non_null(http_request_header(request, HTTP_HEADER_ACCEPT).ptr);
    assert_slice_equal(http_request_header(request, HTTP_HEADER_ACCEPT), "");
    assert_null(http_request_header(request, HTTP_HEADER_EXPECT).ptr);
    assert_slice_equal(request->headers[0].name, "HOST");
    http_parser_free(parser);
}

static void a_client_that_waits_is_told_to_continue(void **state)
{
    static const char head[] =
        POST_HEAD "Content-Length: 3" CRLF "Expect: 100-Continue" CRLF CRLF;
    struct http_parser *parser = http_parser_new(&SMALL);
    size_t used = 0;

    (void)state;
    assert_int_equal(http_parser_feed(parser, slice_of(head), &used), HTTP_CONTINUE);
    assert_int_equal(used, sizeof head - 1);
    assert_true(http_parser_is_in_body(parser));
    assert_int_equal(http_parser_feed(parser, SLICE("ab"), &used), HTTP_MORE);
    assert_int_equal(http_parser_feed(parser, SLICE("cd"), &used), HTTP_REQUEST_READY);
    assert_int_equal(used, 1);
    assert_slice_equal(http_parser_request(parser)->body, "abc");

    /* Who does not wait is not told, nor who has nothing to send. */
    http_parser_reset(parser, 0);
    assert_int_equal(http_parser_feed(parser,
                                      SLICE(POST_HEAD "Content-Length: 3" CRLF
                                                      "Expect: 100-continue" CRLF CRLF "a"),
                                      &used),
                     HTTP_MORE);
    assert_int_equal(http_parser_feed(parser, SLICE("bc"), &used), HTTP_REQUEST_READY);
    http_parser_reset(parser, 0);
    assert_int_equal(
        http_parser_feed(parser, SLICE(POST_HEAD "Expect: 100-continue" CRLF CRLF), &used),
        HTTP_REQUEST_READY);
    http_parser_free(parser);
}

static void after_a_failure_the_origin_is_still_known(void **state)
{
    struct http_parser *parser = http_parser_new(&SMALL);
    size_t used = 0;

    (void)state;
    assert_int_equal(http_parser_feed(parser,
                                      SLICE(POST_HEAD "Origin: https://ehr.example" CRLF
                                                      "Content-Length: 65" CRLF CRLF),
                                      &used),
                     HTTP_FAILED);
    assert_slice_equal(http_request_header(http_parser_request(parser), HTTP_HEADER_ORIGIN),
                       "https://ehr.example");
    assert_int_equal(http_failure_status(http_parser_failure(parser)), 413);
    http_parser_free(parser);
}

/* Chunk extensions and trailers are not kept, but reading them has an end too. */
static void endless_chunk_overhead_is_refused(void **state)
{
    static const struct http_limits limits = {
        .head_bytes_max = 512, .headers_max = 8, .body_bytes_max = 1u << 20};
    static const char *const begins[] = {"1;x=", "0" CRLF "Trailer: ", "000"};
    char filler[4096];

    (void)state;
    for (size_t row = 0; row < ARRAY_LEN(begins); row++) {
        struct http_parser *parser = http_parser_new(&limits);
        enum http_event event;
        size_t used = 0;

        memset(filler, '0', sizeof filler);
        assert_int_equal(
            http_parser_feed(parser, SLICE(POST_HEAD "Transfer-Encoding: chunked" CRLF CRLF),
                             &used),
            HTTP_MORE);
        assert_int_equal(http_parser_feed(parser, slice_of(begins[row]), &used), HTTP_MORE);
        event = HTTP_MORE;
        for (unsigned i = 0; i < 6 && event == HTTP_MORE; i++)
            event = http_parser_feed(parser, (struct slice){filler, sizeof filler}, &used);
        assert_int_equal(event, HTTP_FAILED);
        assert_int_equal(http_parser_failure(parser), HTTP_FAILURE_BODY_SIZE);
        http_parser_free(parser);
    }
}

static void bodies_of_all_connections_share_a_budget(void **state)
{
    struct http_budget budget = {.bytes_max = 100000};
    const struct http_limits limits = {
        .head_bytes_max = 512, .headers_max = 8, .body_bytes_max = 1u << 20, .budget = &budget};
    struct http_parser *first = http_parser_new(&limits);
    struct http_parser *second = http_parser_new(&limits);
    size_t used = 0;

    (void)state;
    assert_int_equal(
        http_parser_feed(first, SLICE(POST_HEAD "Content-Length: 60000" CRLF CRLF), &used),
        HTTP_MORE);
    assert_true(budget.bytes_taken >= 60000);
    assert_int_equal(
        http_parser_feed(second, SLICE(POST_HEAD "Content-Length: 60000" CRLF CRLF), &used),
        HTTP_FAILED);
    assert_int_equal(http_parser_failure(second), HTTP_FAILURE_MEMORY);
    http_parser_free(first);
    assert_int_equal(budget.bytes_taken, 0);
    http_parser_reset(second, 0);
    assert_int_equal(
        http_parser_feed(second, SLICE(POST_HEAD "Content-Length: 60000" CRLF CRLF), &used),
        HTTP_MORE);
    http_parser_free(second);
    assert_int_equal(budget.bytes_taken, 0);
}

/* A large Content-Length alone takes little memory. */
static void a_claimed_length_is_not_believed_before_its_bytes_come(void **state)
{
    struct http_budget budget = {.bytes_max = 1u << 30};
    const struct http_limits limits = {
        .head_bytes_max = 512, .headers_max = 8, .body_bytes_max = 8u << 20, .budget = &budget};
    struct http_parser *parser = http_parser_new(&limits);
    size_t used = 0;

    (void)state;
    assert_int_equal(
        http_parser_feed(parser, SLICE(POST_HEAD "Content-Length: 8000000" CRLF CRLF), &used),
        HTTP_MORE);
    assert_true(budget.bytes_taken <= 65536);
    for (size_t sent = 0; sent < 8000000; sent += used) {
        static const char zeros[50000] = {0};
        enum http_event event =
            http_parser_feed(parser, (struct slice){zeros, sizeof zeros}, &used);

        assert_int_equal(event, sent + used == 8000000 ? HTTP_REQUEST_READY : HTTP_MORE);
    }
    assert_int_equal(http_parser_request(parser)->body.len, 8000000);
    http_parser_reset(parser, 65536);
    assert_int_equal(budget.bytes_taken, 0);
    http_parser_free(parser);
}

static void heads_of_responses(void **state)
{
    static const struct {
        struct http_response response;
        bool keep_alive;
        const char *want;
    } rows[] = {
        {{.status = 200, .content_type = {"application/json", 16}, .body = {"{}", 2}},
         true,
         "HTTP/1.1 200 OK" CRLF "Date: D" CRLF "Content-Type: application/json" CRLF
         "Content-Length: 2" CRLF CRLF},
        {{.status = 204, .headers = {"Allow: GET\r\n", 12}},
         false,
         "HTTP/1.1 204 No Content" CRLF "Date: D" CRLF "Connection: close" CRLF
         "Allow: GET" CRLF CRLF},
        {{.status = 503},
         false,
         "HTTP/1.1 503 Service Unavailable" CRLF "Date: D" CRLF "Content-Length: 0" CRLF
         "Connection: close" CRLF CRLF},
        {{.status = 299, .body = {"0123456789", 10}},
         true,
         "HTTP/1.1 299 Status" CRLF "Date: D" CRLF "Content-Length: 10" CRLF CRLF},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf buf;

        buf_init(&buf, 1024);
        http_response_head(&buf, &rows[i].response, SLICE("D"), rows[i].keep_alive);
        assert_slice_equal(buf_slice(&buf), rows[i].want);
        buf_release(&buf);
    }
}

static void dates_are_written_as_the_standard_says(void **state)
{
    static const struct {
        int64_t unix_s;
        const char *want;
    } rows[] = {
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"}, /* the example of RFC 9110 */
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {1772323199, "Sat, 28 Feb 2026 23:59:59 GMT"},
    };
    char out[HTTP_DATE_BYTES];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_slice_equal(http_date(rows[i].unix_s, out), rows[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_read_whole_however_they_are_cut),
        cmocka_unit_test(pipelined_requests_come_one_by_one),
        cmocka_unit_test(chunked_bodies_are_joined),
        cmocka_unit_test(ambiguous_requests_are_refused),
        cmocka_unit_test(what_is_no_request_fails_with_its_cause),
        cmocka_unit_test(a_nul_is_refused_everywhere_in_the_head),
        cmocka_unit_test(the_head_may_be_as_large_as_its_limit_and_no_larger),
        cmocka_unit_test(there_may_be_as_many_headers_as_the_limit_says),
        cmocka_unit_test(known_headers_have_their_place),
        cmocka_unit_test(a_client_that_waits_is_told_to_continue),
        cmocka_unit_test(after_a_failure_the_origin_is_still_known),
        cmocka_unit_test(endless_chunk_overhead_is_refused),
        cmocka_unit_test(bodies_of_all_connections_share_a_budget),
        cmocka_unit_test(a_claimed_length_is_not_believed_before_its_bytes_come),
        cmocka_unit_test(heads_of_responses),
        cmocka_unit_test(dates_are_written_as_the_standard_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
