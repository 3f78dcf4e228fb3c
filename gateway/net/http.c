/* gateway/net/http.c -- bytes to requests: llhttp, and what it leaves to its user.
 *
 *   HEAD -> BODY -> DONE        any -> FAILED
 *
 * The head's lines are walked here before llhttp sees them, so that the head's end and size are
 * exact whatever pieces it arrives in, and bare LF and folded lines never get further. Errors
 * are reported in the order of their bytes, for the same reason.
 *
 * Invariant: everything copied to `text` was read from the head, of which no more than
 * head_bytes_max bytes are read; so `text` cannot overflow and its slices never move.
 */
#include "gateway/net/http.h"

#include <assert.h>
#include <llhttp.h>
#include <stdlib.h>

#include "gateway/net/http_private.h"

/* What a Content-Length may claim memory for before its bytes are here. */
#define BODY_TRUSTED_BYTES ((size_t)64 * 1024)
/* Chunk sizes, extensions and trailers: this much, and so much per byte of the body. */
#define CHUNK_OVERHEAD_BYTES    ((uint64_t)16 * 1024)
#define CHUNK_OVERHEAD_PER_BYTE 8

enum part { PART_NONE, PART_NAME, PART_AFTER_NAME, PART_VALUE };

struct http_parser {
    llhttp_t llhttp;
    const struct http_limits *limits; /* borrowed */
    enum { STATE_HEAD, STATE_BODY, STATE_DONE, STATE_FAILED } state;
    enum http_failure failure;
    struct http_request request;

    /* Of the head. */
    size_t head_len; /* bytes read */
    size_t text_len;
    enum part part;
    bool is_first_line; /* the request line is not complete */
    bool is_line_start;
    bool is_line_blank; /* nothing but CR so far */
    bool has_head;      /* llhttp has seen its end */
    bool expects_continue;
    char last_byte;

    /* Of the body. */
    struct buf body;
    uint64_t body_wire_bytes;

    struct http_header headers[HTTP_HEADERS_MAX + 1]; /* one too many, until its name ends */
    char text[];                                      /* head_bytes_max */
};

static const char NO_BODY[BUF_PADDING] = {0};

static int on_url(llhttp_t *llhttp, const char *at, size_t len);
static int on_field(llhttp_t *llhttp, const char *at, size_t len);
static int on_field_end(llhttp_t *llhttp);
static int on_value(llhttp_t *llhttp, const char *at, size_t len);
static int on_value_end(llhttp_t *llhttp);
static int on_head(llhttp_t *llhttp);
static int on_chunk(llhttp_t *llhttp);
static int on_body(llhttp_t *llhttp, const char *at, size_t len);
static int on_complete(llhttp_t *llhttp);

static const llhttp_settings_t SETTINGS = {
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_field_complete = on_field_end,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_end,
    .on_headers_complete = on_head,
    .on_chunk_header = on_chunk,
    .on_body = on_body,
    .on_message_complete = on_complete,
};

/* ---- life cycle ---- */

static void begin(struct http_parser *parser)
{
    llhttp_init(&parser->llhttp, HTTP_REQUEST, &SETTINGS);
    parser->llhttp.data = parser;
    parser->state = STATE_HEAD;
    parser->failure = HTTP_FAILURE_NONE;
    parser->request =
        (struct http_request){.headers = parser->headers, .body = {.ptr = NO_BODY, .len = 0}};
    parser->head_len = 0;
    parser->text_len = 0;
    parser->part = PART_NONE;
    parser->is_first_line = true;
    parser->is_line_start = true;
    parser->is_line_blank = true;
    parser->has_head = false;
    parser->expects_continue = false;
    parser->last_byte = 0;
    parser->body_wire_bytes = 0;
}

struct http_parser *http_parser_new(const struct http_limits *limits)
{
    struct http_parser *parser = malloc(sizeof *parser + limits->head_bytes_max);

    assert(limits->headers_max <= HTTP_HEADERS_MAX);
    if (parser == NULL)
        return NULL;
    parser->limits = limits;
    buf_init(&parser->body, limits->body_bytes_max);
    begin(parser);
    return parser;
}

static void release_body(struct http_parser *parser)
{
    struct http_budget *budget = parser->limits->budget;

    if (budget != NULL) {
        assert(budget->bytes_taken >= parser->body.room);
        budget->bytes_taken -= parser->body.room;
    }
    buf_release(&parser->body);
}

void http_parser_free(struct http_parser *parser)
{
    if (parser == NULL)
        return;
    release_body(parser);
    free(parser);
}

void http_parser_reset(struct http_parser *parser, size_t body_bytes_keep)
{
    if (parser->body.room > body_bytes_keep)
        release_body(parser);
    else
        buf_clear(&parser->body);
    begin(parser);
}

/* ---- callbacks of llhttp: collect, and say no ---- */

static int refuse(struct http_parser *parser, enum http_failure failure)
{
    if (parser->failure == HTTP_FAILURE_NONE)
        parser->failure = failure;
    return -1;
}

/* Copies a piece of the head; `to` grows, or starts here when it has no place yet. */
static void collect(struct http_parser *parser, struct slice *to, const char *at, size_t len)
{
    assert(parser->text_len + len <= parser->limits->head_bytes_max);
    if (to->ptr == NULL)
        to->ptr = parser->text + parser->text_len;
    if (len > 0)
        memcpy(parser->text + parser->text_len, at, len);
    parser->text_len += len;
    to->len += len;
}

static int on_url(llhttp_t *llhttp, const char *at, size_t len)
{
    struct http_parser *parser = llhttp->data;

    collect(parser, &parser->request.target, at, len);
    return 0;
}

static const struct {
    struct slice name;
    bool is_single;
} KNOWN[] = {
#define SINGLE               true
#define MANY                 false
#define X(code, text, times) [HTTP_HEADER_##code] = {{text, sizeof(text) - 1}, times},
    HTTP_KNOWN_HEADERS(X)
#undef X
#undef SINGLE
#undef MANY
};

/* The header collected last is whole now: give it its place. Called at the end of its value,
 * and, should llhttp say nothing at the end of an empty one, before what follows. */
static int finish_header(struct http_parser *parser)
{
    struct http_request *request = &parser->request;
    struct http_header *header;

    if (parser->part == PART_NONE)
        return 0;
    parser->part = PART_NONE;
    header = &parser->headers[request->headers_count - 1];
    if (header->name.len == 0) /* llhttp 8.1 lets ": value" pass */
        return refuse(parser, HTTP_FAILURE_HEADER);
    if (header->value.ptr == NULL)
        header->value.ptr = parser->text + parser->text_len;
    header->value = slice_trim(header->value);
    for (size_t i = 0; i < HTTP_KNOWN_HEADERS_COUNT; i++) {
        if (!slice_eq_nocase(header->name, KNOWN[i].name))
            continue;
        if (request->known[i].ptr == NULL)
            request->known[i] = header->value;
        else if (KNOWN[i].is_single)
            return refuse(parser, HTTP_FAILURE_REPEATED);
        break;
    }
    return 0;
}

static int on_field(llhttp_t *llhttp, const char *at, size_t len)
{
    struct http_parser *parser = llhttp->data;
    struct http_request *request = &parser->request;

    if (parser->has_head) /* a trailer: read over */
        return 0;
    if (parser->part != PART_NAME) {
        if (finish_header(parser) != 0)
            return -1;
        parser->headers[request->headers_count++] = (struct http_header){0};
        parser->part = PART_NAME;
    }
    collect(parser, &parser->headers[request->headers_count - 1].name, at, len);
    return 0;
}

static int on_field_end(llhttp_t *llhttp)
{
    struct http_parser *parser = llhttp->data;

    if (parser->has_head)
        return 0;
    parser->part = PART_AFTER_NAME;
    /* Not when the name begins, because of its beginning llhttp tells sooner or later, as the
     * bytes are cut. */
    if (parser->request.headers_count > parser->limits->headers_max)
        return refuse(parser, HTTP_FAILURE_HEAD_SIZE);
    return 0;
}

static int on_value(llhttp_t *llhttp, const char *at, size_t len)
{
    struct http_parser *parser = llhttp->data;

    if (parser->has_head)
        return 0;
    parser->part = PART_VALUE;
    collect(parser, &parser->headers[parser->request.headers_count - 1].value, at, len);
    return 0;
}

static int on_value_end(llhttp_t *llhttp)
{
    struct http_parser *parser = llhttp->data;

    return parser->has_head ? 0 : finish_header(parser);
}

/* ---- what a complete head must satisfy ---- */

static bool read_method(struct http_parser *parser)
{
    static const struct {
        llhttp_method_t from;
        enum http_method to;
    } METHODS[] = {
#define X(name) {HTTP_##name, HTTP_METHOD_##name},
        HTTP_METHODS(X)
#undef X
    };

    for (size_t i = 0; i < ARRAY_LEN(METHODS); i++)
        if (METHODS[i].from == llhttp_get_method(&parser->llhttp)) {
            parser->request.method = METHODS[i].to;
            return true;
        }
    return false;
}

static enum http_failure check_head(struct http_parser *parser)
{
    struct http_request *request = &parser->request;
    struct slice host = request->known[HTTP_HEADER_HOST];
    struct slice coding = request->known[HTTP_HEADER_TRANSFER_ENCODING];
    struct slice expect = request->known[HTTP_HEADER_EXPECT];
    unsigned minor = llhttp_get_http_minor(&parser->llhttp);

    if (llhttp_get_http_major(&parser->llhttp) != 1 || minor > 1)
        return HTTP_FAILURE_VERSION;
    request->is_http_1_0 = minor == 0;
    if (!read_method(parser))
        return HTTP_FAILURE_METHOD;
    if (!http_target_read(request))
        return HTTP_FAILURE_TARGET;
    if (host.ptr == NULL ? !request->is_http_1_0 : !http_host_is_valid(host))
        return HTTP_FAILURE_HOST;
    /* RFC 9112 section 6.1: from a 1.0 client a transfer coding is a fault. */
    if (coding.ptr != NULL &&
        (request->is_http_1_0 || request->known[HTTP_HEADER_CONTENT_LENGTH].ptr != NULL))
        return HTTP_FAILURE_LENGTH;
    if (coding.ptr != NULL && !slice_eq_nocase(coding, SLICE("chunked")))
        return HTTP_FAILURE_CODING;
    if (expect.ptr != NULL && !request->is_http_1_0) {
        if (!slice_eq_nocase(expect, SLICE("100-continue")))
            return HTTP_FAILURE_EXPECTATION;
        parser->expects_continue = true;
    }
    if (coding.ptr == NULL && parser->llhttp.content_length > parser->limits->body_bytes_max)
        return HTTP_FAILURE_BODY_SIZE;
    return HTTP_FAILURE_NONE;
}

/* Room for `bytes` more of the body, within the server's budget. */
static bool reserve_body(struct http_parser *parser, size_t bytes)
{
    struct http_budget *budget = parser->limits->budget;
    size_t room = parser->body.room;

    if (bytes > parser->body.bytes_max - parser->body.len) {
        (void)refuse(parser, HTTP_FAILURE_BODY_SIZE);
        return false;
    }
    if (parser->body.len + bytes > room && budget != NULL &&
        (budget->bytes_taken > budget->bytes_max ||
         bytes > budget->bytes_max - budget->bytes_taken)) {
        (void)refuse(parser, HTTP_FAILURE_MEMORY);
        return false;
    }
    if (buf_reserve(&parser->body, bytes) == NULL) {
        (void)refuse(parser, HTTP_FAILURE_MEMORY);
        return false;
    }
    if (budget != NULL)
        budget->bytes_taken += parser->body.room - room;
    return true;
}

static int on_head(llhttp_t *llhttp)
{
    struct http_parser *parser = llhttp->data;
    enum http_failure failure;

    if (finish_header(parser) != 0)
        return -1;
    parser->has_head = true;
    failure = check_head(parser);
    if (failure != HTTP_FAILURE_NONE)
        return refuse(parser, failure);
    parser->request.keep_alive = llhttp_should_keep_alive(llhttp) != 0;
    llhttp->upgrade = 0; /* an offer that we do not take (RFC 9110 section 7.8) */
    if (parser->request.known[HTTP_HEADER_TRANSFER_ENCODING].ptr == NULL) {
        uint64_t len = llhttp->content_length;

        if (len > 0 &&
            !reserve_body(parser, len < BODY_TRUSTED_BYTES ? (size_t)len : BODY_TRUSTED_BYTES))
            return -1;
    }
    return 0;
}

static int on_chunk(llhttp_t *llhttp)
{
    struct http_parser *parser = llhttp->data;

    if (llhttp->content_length > parser->limits->body_bytes_max - parser->body.len)
        return refuse(parser, HTTP_FAILURE_BODY_SIZE);
    return 0;
}

static int on_body(llhttp_t *llhttp, const char *at, size_t len)
{
    struct http_parser *parser = llhttp->data;

    if (!reserve_body(parser, len))
        return -1;
    buf_add(&parser->body, (struct slice){.ptr = at, .len = len});
    return 0;
}

static int on_complete(llhttp_t *llhttp)
{
    struct http_parser *parser = llhttp->data;

    parser->state = STATE_DONE;
    if (parser->body.len > 0)
        parser->request.body = buf_slice(&parser->body);
    return HPE_PAUSED;
}

/* ---- feeding ---- */

/* llhttp's reasons in our words; what is missing here is a bad header or a bad chunk. */
static enum http_failure failure_of(const struct http_parser *parser, llhttp_errno_t code)
{
    static const struct {
        llhttp_errno_t code;
        enum http_failure failure;
    } FAILURES[] = {
        {HPE_INVALID_METHOD, HTTP_FAILURE_REQUEST_LINE},
        {HPE_INVALID_CONSTANT, HTTP_FAILURE_REQUEST_LINE},
        {HPE_INVALID_URL, HTTP_FAILURE_TARGET},
        {HPE_INVALID_VERSION, HTTP_FAILURE_VERSION},
        {HPE_PAUSED_H2_UPGRADE, HTTP_FAILURE_VERSION},
        {HPE_PAUSED_UPGRADE, HTTP_FAILURE_METHOD},
        {HPE_INVALID_CONTENT_LENGTH, HTTP_FAILURE_LENGTH},
        {HPE_UNEXPECTED_CONTENT_LENGTH, HTTP_FAILURE_LENGTH},
        {HPE_INVALID_TRANSFER_ENCODING, HTTP_FAILURE_CODING},
        {HPE_STRICT, HTTP_FAILURE_LINE_END},
        {HPE_LF_EXPECTED, HTTP_FAILURE_LINE_END},
        {HPE_CR_EXPECTED, HTTP_FAILURE_LINE_END},
    };

    if (parser->failure != HTTP_FAILURE_NONE)
        return parser->failure;
    if (parser->has_head)
        return HTTP_FAILURE_CHUNK;
    for (size_t i = 0; i < ARRAY_LEN(FAILURES); i++)
        if (FAILURES[i].code == code)
            return FAILURES[i].failure;
    return HTTP_FAILURE_HEADER;
}

/* Letters that llhttp did not expect are a method that we do not know; anything else is no
 * HTTP at all, such as the first bytes of TLS. One byte decides, however the rest arrives. */
static bool is_method_like(const char *at)
{
    return *at >= 'A' && *at <= 'Z';
}

static bool fail(struct http_parser *parser, enum http_failure failure)
{
    parser->failure = failure;
    parser->state = STATE_FAILED;
    return false;
}

/* False when llhttp, or a callback, refused. *ret_used is right also when it paused. */
static bool execute(struct http_parser *parser, struct slice bytes, size_t *ret_used)
{
    llhttp_errno_t code;

    *ret_used = bytes.len;
    if (bytes.len == 0)
        return true;
    code = llhttp_execute(&parser->llhttp, bytes.ptr, bytes.len);
    if (code == HPE_PAUSED && parser->state == STATE_DONE) {
        *ret_used = (size_t)(llhttp_get_error_pos(&parser->llhttp) - bytes.ptr);
        return true;
    }
    if (code == HPE_OK)
        return true;
    if (code == HPE_INVALID_METHOD && is_method_like(llhttp_get_error_pos(&parser->llhttp)))
        return fail(parser, HTTP_FAILURE_METHOD);
    return fail(parser, failure_of(parser, code));
}

/* Walks the lines of the head. Returns how many of the bytes belong to it; when that is not
 * all, *ret_failure or *ret_is_end says why. */
static size_t walk_head(struct http_parser *parser, struct slice bytes,
                        enum http_failure *ret_failure, bool *ret_is_end)
{
    size_t at = 0;

    while (at < bytes.len) {
        const char *line = bytes.ptr + at;
        const char *end = memchr(line, '\n', bytes.len - at);
        size_t len = end == NULL ? bytes.len - at : (size_t)(end - line);

        if (parser->is_line_start && !parser->is_first_line &&
            (*line == ' ' || *line == '\t')) {
            *ret_failure = HTTP_FAILURE_FOLDED;
            return at;
        }
        if (len > 1 || (len == 1 && (*line != '\r' || !parser->is_line_start)))
            parser->is_line_blank = false;
        if (len > 0) {
            parser->is_line_start = false;
            parser->last_byte = line[len - 1];
        }
        at += len;
        if (end == NULL)
            break;
        if (parser->last_byte != '\r') {
            *ret_failure = HTTP_FAILURE_LINE_END;
            return at;
        }
        at++;
        if (parser->is_line_blank && !parser->is_first_line) {
            *ret_is_end = true;
            return at;
        }
        /* Empty lines before the request line are skipped (RFC 9112 section 2.2). */
        parser->is_first_line = parser->is_first_line && parser->is_line_blank;
        parser->is_line_start = true;
        parser->is_line_blank = true;
        parser->last_byte = '\n';
    }
    return at;
}

static bool feed_head(struct http_parser *parser, struct slice bytes, size_t *ret_used)
{
    enum http_failure failure = HTTP_FAILURE_NONE;
    bool is_first_line = parser->is_first_line;
    bool is_end = false;
    size_t room = parser->limits->head_bytes_max - parser->head_len;
    size_t head = walk_head(parser, slice_head(bytes, room), &failure, &is_end);

    if (!execute(parser, slice_head(bytes, head), ret_used))
        return false;
    parser->head_len += head;
    if (failure != HTTP_FAILURE_NONE)
        return fail(parser, failure);
    if (is_end != parser->has_head) /* llhttp waits for more: HTTP/0.9, or HTTP/2's preface */
        return fail(parser, HTTP_FAILURE_VERSION);
    if (is_end) {
        if (parser->state == STATE_HEAD)
            parser->state = STATE_BODY;
        return true;
    }
    if (parser->head_len == parser->limits->head_bytes_max)
        return fail(parser, is_first_line && parser->is_first_line ? HTTP_FAILURE_TARGET_SIZE
                                                                   : HTTP_FAILURE_HEAD_SIZE);
    return true;
}

static bool feed_body(struct http_parser *parser, struct slice bytes, size_t *ret_used)
{
    uint64_t overhead;

    if (!execute(parser, bytes, ret_used))
        return false;
    parser->body_wire_bytes += *ret_used;
    overhead = parser->body_wire_bytes - parser->body.len;
    if (overhead > CHUNK_OVERHEAD_BYTES + CHUNK_OVERHEAD_PER_BYTE * (uint64_t)parser->body.len)
        return fail(parser, HTTP_FAILURE_BODY_SIZE);
    return true;
}

enum http_event http_parser_feed(struct http_parser *parser, struct slice bytes,
                                 size_t *ret_used)
{
    size_t used = 0;

    assert(parser->state == STATE_HEAD || parser->state == STATE_BODY);
    *ret_used = 0;
    if (parser->state == STATE_HEAD) {
        if (!feed_head(parser, bytes, &used))
            return HTTP_FAILED;
        *ret_used = used;
        bytes = slice_from(bytes, used);
        if (parser->state == STATE_BODY && parser->expects_continue && bytes.len == 0) {
            parser->expects_continue = false;
            return HTTP_CONTINUE;
        }
    }
    if (parser->state == STATE_BODY) {
        if (!feed_body(parser, bytes, &used))
            return HTTP_FAILED;
        *ret_used += used;
    }
    return parser->state == STATE_DONE ? HTTP_REQUEST_READY : HTTP_MORE;
}

/* ---- asking ---- */

bool http_parser_has_started(const struct http_parser *parser)
{
    return parser->head_len > 0;
}

bool http_parser_is_in_body(const struct http_parser *parser)
{
    return parser->state == STATE_BODY;
}

const struct http_request *http_parser_request(const struct http_parser *parser)
{
    return &parser->request;
}

enum http_failure http_parser_failure(const struct http_parser *parser)
{
    return parser->failure;
}

struct slice http_request_header(const struct http_request *request,
                                 enum http_known_header header)
{
    return request->known[header];
}
