/* tests/fhir/test_fetch.c -- how a fetch ends, for every way in which a peer can misbehave. */
#include "tests/fhir/peer.h"

#define JSON_HEAD  "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\n"
#define BODY       "{\"resourceType\":\"Patient\"}"
#define BODY_BYTES "26"
#define BOMB_COUNT 30000

/* ---- Compressed answers, made by hand ---- */

static uint32_t crc32_of(const char *bytes, size_t len)
{
    uint32_t crc = 0xffffffffU;

    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0);
    }
    return ~crc;
}

static void add_u32(struct buf *buf, uint32_t value)
{
    for (int shift = 0; shift < 32; shift += 8)
        buf_add_char(buf, (char)(value >> shift & 0xff));
}

static void add_gzip_head(struct buf *buf)
{
    buf_add(buf, (struct slice){"\x1f\x8b\x08\0\0\0\0\0\0\xff", 10});
}

/* RFC 1952 around one stored block of RFC 1951 section 3.2.4. */
static void gzip_stored(struct buf *buf, const char *text)
{
    size_t len = strlen(text);

    assert(len < 256);
    add_gzip_head(buf);
    buf_add(buf, (struct slice){(char[]){1, (char)len, 0, (char)~len, '\xff'}, 5});
    buf_add(buf, slice_of(text));
    add_u32(buf, crc32_of(text, len));
    add_u32(buf, (uint32_t)len);
}

struct bits {
    struct buf *buf;
    unsigned pending, pending_count;
};

static void add_bit(struct bits *bits, unsigned bit)
{
    bits->pending |= bit << bits->pending_count++;
    if (bits->pending_count < 8)
        return;
    buf_add_char(bits->buf, (char)bits->pending);
    bits->pending = bits->pending_count = 0;
}

static void add_code(struct bits *bits, unsigned code, int bits_count)
{
    for (int i = bits_count - 1; i >= 0; i--)
        add_bit(bits, code >> i & 1);
}

/* One fixed-code block (RFC 1951 section 3.2.6): a literal, then "repeat it 258 times" (length
 * code 285, distance code 0) again and again: 13 bits for 258 bytes. */
static void gzip_bomb(struct buf *buf)
{
    struct bits bits = {.buf = buf};

    add_gzip_head(buf);
    add_bit(&bits, 1); /* last block */
    add_bit(&bits, 1); /* type 01, low bit first */
    add_bit(&bits, 0);
    add_code(&bits, 0x30 + ' ', 8);
    for (int i = 0; i < BOMB_COUNT; i++) {
        add_code(&bits, 0xc5, 8);
        add_code(&bits, 0, 5);
    }
    add_code(&bits, 0, 7);
    add_code(&bits, 0, 8);
}

static void add_encoded(struct buf *buf, const char *coding, const struct buf *body,
                        size_t body_len)
{
    buf_printf(buf, JSON_HEAD "Content-Encoding: %s\r\nContent-Length: %zu\r\n\r\n", coding,
               body_len);
    buf_add(buf, slice_head(buf_slice(body), body_len));
}

static void make_gzip(struct buf *buf)
{
    struct buf body;

    buf_init(&body, 4096);
    gzip_stored(&body, BODY);
    add_encoded(buf, "gzip", &body, body.len);
    buf_release(&body);
}

static void make_gzip_broken(struct buf *buf)
{
    struct buf body;

    buf_init(&body, 4096);
    gzip_stored(&body, BODY);
    body.bytes[body.len - 8] ^= 1; /* the checksum */
    add_encoded(buf, "gzip", &body, body.len);
    buf_release(&body);
}

static void make_gzip_cut(struct buf *buf)
{
    struct buf body;

    buf_init(&body, 4096);
    gzip_stored(&body, BODY);
    add_encoded(buf, "gzip", &body, body.len - 12);
    buf_release(&body);
}

static void make_not_gzip(struct buf *buf)
{
    struct buf body;

    buf_init(&body, 4096);
    buf_add_text(&body, BODY);
    add_encoded(buf, "gzip", &body, body.len);
    buf_release(&body);
}

static void make_bomb(struct buf *buf)
{
    struct buf body;

    buf_init(&body, 1 << 20);
    gzip_bomb(&body);
    assert(body.len < RIG_LIMITS.body_bytes_max); /* small enough until it is unpacked */
    assert((size_t)BOMB_COUNT * 258 > 100 * RIG_LIMITS.body_bytes_max);
    add_encoded(buf, "gzip", &body, body.len);
    buf_release(&body);
}

static void add_spaces(struct buf *buf, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_add_char(buf, ' ');
}

static void make_largest(struct buf *buf)
{
    buf_printf(buf, JSON_HEAD "Content-Length: %zu\r\n\r\n", RIG_LIMITS.body_bytes_max);
    add_spaces(buf, RIG_LIMITS.body_bytes_max);
}

/* Without a length: only counting the bytes can find it. */
static void make_one_too_many(struct buf *buf)
{
    buf_add_text(buf, JSON_HEAD "Connection: close\r\n\r\n");
    add_spaces(buf, RIG_LIMITS.body_bytes_max + 1);
}

static void make_chunk(struct buf *buf)
{
    buf_add_text(buf, JSON_HEAD "Transfer-Encoding: chunked\r\n\r\n1000\r\n");
    add_spaces(buf, 0x1000);
    buf_add_text(buf, "\r\n");
}

static void make_long_header(struct buf *buf)
{
    buf_add_text(buf, "HTTP/1.1 200 OK\r\nX-Filler: ");
    add_spaces(buf, 500);
    buf_add_text(buf, "x\r\n");
}

/* ---- The table ---- */

#define OK_ANSWER JSON_HEAD "Content-Length: " BODY_BYTES "\r\n\r\n" BODY
#define TYPED(type)                                                                            \
    "HTTP/1.1 200 OK\r\nContent-Type: " type "\r\nContent-Length: " BODY_BYTES "\r\n\r\n" BODY
#define STATUS(line)                                                                           \
    "HTTP/1.1 " line "\r\nContent-Type: application/fhir+json\r\n"                             \
    "Content-Length: " BODY_BYTES "\r\n\r\n" BODY
#define CHUNKED JSON_HEAD "Transfer-Encoding: chunked\r\n\r\n"
#define HINTS   "HTTP/1.1 103 Early Hints\r\n\r\n"

/* name, act, text, outcome, status, body; and with a maker for the text, or a time limit */
#define ROW(name, act, text, outcome, status, body)                                            \
    {                                                                                          \
        {"/fhir/" name, PEER_##act, text, NULL}, FHIR_FETCH_##outcome, status, body, 5000      \
    }
#define MADE(name, act, make, outcome, status, body)                                           \
    {                                                                                          \
        {"/fhir/" name, PEER_##act, NULL, make}, FHIR_FETCH_##outcome, status, body, 5000      \
    }
#define TIMED(name, act, text, status, timeout_ms)                                             \
    {                                                                                          \
        {"/fhir/" name, PEER_##act, text, NULL}, FHIR_FETCH_TIMEOUT, status, "", timeout_ms    \
    }

static const struct row {
    struct peer_answer answer;
    enum fhir_fetch_outcome outcome;
    uint32_t status;
    const char *body;
    uint32_t timeout_ms;
} ROWS[] = {
    /* good answers, in every framing */
    ROW("ok", SEND, OK_ANSWER, OK, 200, BODY),
    ROW("later", SEND_LATER, OK_ANSWER, OK, 200, BODY),
    ROW("close", SEND_CLOSE, JSON_HEAD "\r\n" BODY, OK, 200, BODY),
    ROW("http10", SEND_CLOSE, "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{}", OK,
        200, "{}"),
    ROW("chunked", SEND, CHUNKED "1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", OK, 200, "{}"),
    ROW("drip", DRIP, JSON_HEAD "Content-Length: 2\r\n\r\n{}", OK, 200, "{}"),
    ROW("hints", SEND, HINTS OK_ANSWER, OK, 200, BODY),
    ROW("bom", SEND, JSON_HEAD "Content-Length: 5\r\n\r\n\xef\xbb\xbf{}", OK, 200,
        "\xef\xbb\xbf{}"),
    MADE("gzip", SEND, make_gzip, OK, 200, BODY),
    /* content types */
    ROW("json", SEND, TYPED("application/json"), OK, 200, BODY),
    ROW("charset", SEND, TYPED("Application/FHIR+json ;charset=utf-8"), OK, 200, BODY),
    ROW("dstu2", SEND, TYPED("application/json+fhir"), OK, 200, BODY),
    ROW("html", SEND, TYPED("text/html"), WRONG_TYPE, 200, BODY),
    ROW("xml", SEND, TYPED("application/fhir+xml"), WRONG_TYPE, 200, BODY),
    ROW("almost", SEND, TYPED("application/json-seq"), WRONG_TYPE, 200, BODY),
    ROW("untyped", SEND, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", WRONG_TYPE, 200,
        "{}"),
    /* other statuses keep their body, whatever its type */
    ROW("404", SEND, STATUS("404 Not Found"), STATUS, 404, BODY),
    ROW("401", SEND, STATUS("401 Unauthorized"), STATUS, 401, BODY),
    ROW("500", SEND, "HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops", STATUS, 500, "oops"),
    ROW("201", SEND, STATUS("201 Created"), STATUS, 201, BODY),
    ROW("204", SEND, "HTTP/1.1 204 No Content\r\n\r\n", STATUS, 204, ""),
    ROW("304", SEND, "HTTP/1.1 304 Not Modified\r\n\r\n", STATUS, 304, ""),
    ROW("302", SEND, "HTTP/1.1 302 Found\r\nLocation: /fhir/ok\r\nContent-Length: 1\r\n\r\nx",
        STATUS, 302, "x"),
    ROW("308", SEND,
        "HTTP/1.1 308 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        STATUS, 308, ""),
    /* peers that break off */
    ROW("reset", RESET, "", BROKEN, 0, ""),
    ROW("nothing", SEND_CLOSE, "", BROKEN, 0, ""),
    ROW("reset-in-head", SEND_RESET, "HTTP/1.1 200 OK\r\nContent-", BROKEN, 200, ""),
    ROW("reset-in-body", SEND_RESET, JSON_HEAD "Content-Length: 100\r\n\r\n{\"a\":", BROKEN,
        200, ""),
    ROW("reset-in-chunk", SEND_RESET, CHUNKED "ff\r\n{", BROKEN, 200, ""),
    ROW("truncated", SEND_CLOSE, JSON_HEAD "Content-Length: 100\r\n\r\n" BODY, BROKEN, 200, ""),
    ROW("truncated-chunks", SEND_CLOSE, CHUNKED "2\r\n{}\r\n", BROKEN, 200, ""),
    /* peers that break the protocol */
    ROW("empty", SEND, JSON_HEAD "Content-Length: 0\r\n\r\n", BROKEN, 200, ""),
    ROW("bad-chunk", SEND, CHUNKED "zz\r\n{}\r\n", BROKEN, 200, ""),
    ROW("no-http", SEND_CLOSE, "220 smtp.example ESMTP\r\n", BROKEN, 0, ""),
    ROW("bare-body", SEND_CLOSE, BODY, BROKEN, 0, ""),
    ROW("bad-version", SEND_CLOSE, "HTTP/7.3 200 OK\r\n\r\n{}", BROKEN, 0, ""),
    ROW("bad-status", SEND_CLOSE, "HTTP/1.1 abc\r\n\r\n{}", BROKEN, 0, ""),
    ROW("bad-length", SEND_CLOSE, JSON_HEAD "Content-Length: -5\r\n\r\n{}", BROKEN, 200, ""),
    ROW("bad-coding", SEND, JSON_HEAD "Content-Encoding: rot13\r\nContent-Length: 2\r\n\r\n{}",
        BROKEN, 200, ""),
    MADE("bad-gzip", SEND, make_gzip_broken, BROKEN, 200, ""),
    MADE("not-gzip", SEND, make_not_gzip, BROKEN, 200, ""),
    /* peers that take their time */
    TIMED("hang", HANG, "", 0, 60),
    TIMED("hang-in-body", DRIP, JSON_HEAD "Content-Length: 9999\r\n\r\n{", 200, 3000),
    TIMED("slow-drip", DRIP, OK_ANSWER, 0, 100),
    TIMED("hints-only", DRIP, HINTS, 0, 1500),
    /* answers without measure */
    MADE("largest", SEND, make_largest, OK, 200, ""),
    MADE("one-too-many", SEND_CLOSE, make_one_too_many, TOO_LARGE, 200, ""),
    ROW("large-length", SEND, JSON_HEAD "Content-Length: 65537\r\n\r\n{", TOO_LARGE, 200, ""),
    ROW("huge-length", SEND, JSON_HEAD "Content-Length: 99999999999999999999999\r\n\r\n{",
        TOO_LARGE, 200, ""),
    MADE("endless", SEND_REPEAT, make_chunk, TOO_LARGE, 200, ""),
    MADE("endless-head", SEND_REPEAT, make_long_header, TOO_LARGE, 200, ""),
    ROW("endless-hints", SEND_REPEAT, HINTS HINTS, TOO_LARGE, 0, ""),
    MADE("bomb", SEND, make_bomb, BOMB, 200, ""),
};

static void check_row(const struct row *row, const struct call *call)
{
    const struct fhir_reply *reply = &call->reply;

    if (reply->outcome != row->outcome || reply->status != row->status)
        fail_msg("%s: got %s %u (%s), want %s %u", row->answer.path,
                 fhir_fetch_outcome_name(reply->outcome), reply->status, reply->reason,
                 fhir_fetch_outcome_name(row->outcome), row->status);
    assert_non_null(reply->reason);
    assert_int_equal(reply->retry_after_s, 0);
    if (row->outcome == FHIR_FETCH_TIMEOUT)
        assert_in_range(reply->took_us / 1000, row->timeout_ms - 2, row->timeout_ms + 2000);
    if (row->answer.make == make_largest)
        assert_int_equal(reply->body.len, RIG_LIMITS.body_bytes_max);
    else if (!slice_eq_text(reply->body, row->body))
        fail_msg("%s: body of %zu bytes", row->answer.path, reply->body.len);
}

static void open_with_rows(struct rig *rig, struct peer_answer *answers)
{
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        answers[i] = ROWS[i].answer;
    rig_open(rig, RIG_LIMITS, answers, ARRAY_LEN(ROWS));
}

static void every_peer_has_its_outcome(void **state)
{
    struct peer_answer answers[ARRAY_LEN(ROWS)];
    struct rig rig;

    (void)state;
    open_with_rows(&rig, answers);
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct call call = {0};
        unsigned requests = rig.peer.requests;

        call_run(&rig, &call, ROWS[i].answer.path, ROWS[i].timeout_ms);
        check_row(&ROWS[i], &call);
        call_release(&call);
        assert_int_equal(fhir_fetcher_in_flight(rig.fetcher), 0);
        /* No redirect is followed. Nothing is repeated, but for a request on a kept connection
         * that ended without an answer: it may have been closed before the request came. */
        assert_in_range(rig.peer.requests - requests, 1,
                        ROWS[i].outcome == FHIR_FETCH_BROKEN && ROWS[i].status == 0 ? 2 : 1);
    }
    rig_close(&rig);
}

/* All at once: no row may disturb another, and the last time-outs are reported too. */
static void peers_do_not_disturb_each_other(void **state)
{
    struct peer_answer answers[ARRAY_LEN(ROWS)];
    static struct call calls[ARRAY_LEN(ROWS)];
    struct fhir_fetcher_limits limits = RIG_LIMITS;
    const struct slice base = SLICE("http://loopback/fhir");
    struct err err = {0};
    struct rig rig;

    (void)state;
    open_with_rows(&rig, answers);
    fhir_fetcher_close(rig.fetcher, NULL, NULL);
    limits.connections_max = limits.connections_per_host_max = 60;
    assert_ok(fhir_fetcher_new(&rig.loop, &base, 1, limits, &rig.fetcher, &err), &err);
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        call_start(&rig, &calls[i], ROWS[i].answer.path, ROWS[i].timeout_ms);
    assert_int_equal(fhir_fetcher_in_flight(rig.fetcher), ARRAY_LEN(ROWS));
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        rig_run(&rig, &calls[i].done_count, 1, 0);
    rig_run(&rig, NULL, 0, 50);
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        assert_int_equal(calls[i].done_count, 1);
        check_row(&ROWS[i], &calls[i]);
        call_release(&calls[i]);
    }
    rig_close(&rig);
}

/* libcurl 7.88 does not notice that a compressed body ends early when the HTTP message around
 * it is whole. Then what has come is reported, and the JSON reader refuses it. */
static void a_cut_compressed_body_is_never_whole(void **state)
{
    static const struct peer_answer answer = {"/fhir/x", PEER_SEND, NULL, make_gzip_cut};
    struct call call = {0};
    struct rig rig;

    (void)state;
    rig_open(&rig, RIG_LIMITS, &answer, 1);
    call_run(&rig, &call, "/fhir/x", 5000);
    if (call.reply.outcome == FHIR_FETCH_OK) {
        assert_true(slice_starts(SLICE(BODY), call.reply.body));
        assert_true(call.reply.body.len < sizeof BODY - 1);
    } else {
        assert_int_equal(call.reply.outcome, FHIR_FETCH_BROKEN);
    }
    call_release(&call);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_peer_has_its_outcome),
        cmocka_unit_test(peers_do_not_disturb_each_other),
        cmocka_unit_test(a_cut_compressed_body_is_never_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
