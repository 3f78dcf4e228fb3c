/* gateway/net/http.h -- HTTP/1.1 without sockets: bytes in, requests out; responses to bytes.
 *
 * A parser reads one request at a time. It never looks beyond the request it is reading: after
 * HTTP_REQUEST_READY the bytes that follow stay with the caller, who feeds them again after
 * http_parser_reset (pipelining).
 *
 * Strict by intent (RFC 9112): CRLF line ends only, no folded lines, one Host, one
 * Content-Length or one "Transfer-Encoding: chunked" but never both, versions 1.0 and 1.1,
 * field names that may stand once do. What two readers could understand differently is
 * refused, because a proxy in front of us is such a second reader.
 *
 * Ownership: everything in a struct http_request is borrowed from its parser and valid until
 * http_parser_reset or http_parser_free. One parser is one block of memory plus the body, so
 * that an idle connection needs none of it.
 */
#ifndef GATEWAY_NET_HTTP_H
#define GATEWAY_NET_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/base/buf.h"
#include "rules/base/slice.h"

/* Shared by the parsers of one server, so that many large bodies together have a limit too. */
struct http_budget {
    size_t bytes_taken;
    size_t bytes_max;
};

struct http_limits {
    uint32_t head_bytes_max; /* request line and headers with their line ends */
    uint32_t headers_max;    /* at most HTTP_HEADERS_MAX */
    uint32_t body_bytes_max;
    struct http_budget *budget; /* borrowed; NULL: none */
};
#define HTTP_HEADERS_MAX        100
#define HTTP_HEAD_BYTES_DEFAULT (16u * 1024)
#define HTTP_BODY_BYTES_DEFAULT (8u * 1024 * 1024)

/* Methods that are known; what a path allows is for its owner to say (405). */
#define HTTP_METHODS(X) X(GET) X(HEAD) X(POST) X(PUT) X(PATCH) X(DELETE) X(OPTIONS)

enum http_method {
#define X(name) HTTP_METHOD_##name,
    HTTP_METHODS(X)
#undef X
};
const char *http_method_name(enum http_method method);

/* Headers with a place of their own. SINGLE ones may stand once only. */
#define HTTP_KNOWN_HEADERS(X)                                                                  \
    X(HOST, "host", SINGLE)                                                                    \
    X(CONTENT_TYPE, "content-type", SINGLE)                                                    \
    X(CONTENT_LENGTH, "content-length", SINGLE)                                                \
    X(TRANSFER_ENCODING, "transfer-encoding", SINGLE)                                          \
    X(EXPECT, "expect", SINGLE)                                                                \
    X(CONNECTION, "connection", MANY)                                                          \
    X(ORIGIN, "origin", SINGLE)                                                                \
    X(AUTHORIZATION, "authorization", SINGLE)                                                  \
    X(REQUEST_METHOD, "access-control-request-method", SINGLE)                                 \
    X(REQUEST_HEADERS, "access-control-request-headers", MANY)                                 \
    X(ACCEPT, "accept", MANY)                                                                  \
    X(ACCEPT_LANGUAGE, "accept-language", MANY)                                                \
    X(TRACEPARENT, "traceparent", SINGLE)

enum http_known_header {
#define X(code, name, times) HTTP_HEADER_##code,
    HTTP_KNOWN_HEADERS(X)
#undef X
        HTTP_KNOWN_HEADERS_COUNT
};

/* Why a request is refused. code, metric label, HTTP status, FHIR issue type, text */
#define HTTP_FAILURES(X)                                                                       \
    X(NONE, "none", 200, "informational", "no failure")                                        \
    X(REQUEST_LINE, "request_line", 400, "structure", "the request line is malformed")         \
    X(TARGET, "target", 400, "structure", "the request target is malformed")                   \
    X(HEADER, "header", 400, "structure", "a header is malformed")                             \
    X(LINE_END, "line_end", 400, "structure", "lines must end in CR LF")                       \
    X(FOLDED, "folded", 400, "structure", "folded header lines are not accepted")              \
    X(REPEATED, "repeated", 400, "structure", "a header that may stand once is repeated")      \
    X(HOST, "host", 400, "required", "exactly one valid Host header is required")              \
    X(LENGTH, "length", 400, "structure", "Content-Length is malformed or contradicted")       \
    X(CHUNK, "chunk", 400, "structure", "the chunked body is malformed")                       \
    X(CUT_SHORT, "cut_short", 400, "incomplete", "the request ended early")                    \
    X(TIMEOUT, "timeout", 408, "timeout", "the request took too long to arrive")               \
    X(BODY_SIZE, "body_size", 413, "too-costly", "the body is larger than the limit")          \
    X(TARGET_SIZE, "target_size", 414, "too-long", "the request target is too long")           \
    X(EXPECTATION, "expectation", 417, "not-supported", "only 100-continue can be expected")   \
    X(HEAD_SIZE, "head_size", 431, "too-long", "the headers are larger than the limit")        \
    X(METHOD, "method", 501, "not-supported", "the method is not known")                       \
    X(CODING, "coding", 501, "not-supported", "the only transfer coding is chunked")           \
    X(MEMORY, "memory", 503, "throttled", "too many large requests at once")                   \
    X(CONNECTIONS, "connections", 503, "throttled", "too many connections")                    \
    X(VERSION, "version", 505, "not-supported", "only HTTP/1.0 and HTTP/1.1 are spoken")

enum http_failure {
#define X(code, label, status, issue, text) HTTP_FAILURE_##code,
    HTTP_FAILURES(X)
#undef X
        HTTP_FAILURES_COUNT
};
const char *http_failure_label(enum http_failure failure);
uint32_t http_failure_status(enum http_failure failure);
const char *http_failure_issue(enum http_failure failure); /* FHIR IssueType */
const char *http_failure_text(enum http_failure failure);

struct http_header {
    struct slice name; /* as sent */
    struct slice value;
};

struct http_request {
    enum http_method method;
    bool keep_alive; /* the client wants the connection kept */
    bool is_http_1_0;
    struct slice target; /* as sent */
    struct slice path;   /* from the first '/', still percent-encoded; "*" for OPTIONS */
    struct slice query;  /* after '?', may be empty */
    /* ptr is NULL when absent. Of a header that may stand many times, the first. */
    struct slice known[HTTP_KNOWN_HEADERS_COUNT];
    const struct http_header *headers;
    size_t headers_count;
    struct slice body; /* followed by BUF_PADDING readable bytes, also when empty */
};

/* ptr is NULL when absent. */
struct slice http_request_header(const struct http_request *request,
                                 enum http_known_header header);

enum http_event {
    HTTP_MORE,          /* all bytes were used and more are needed */
    HTTP_CONTINUE,      /* as MORE, and the client waits for "100 Continue" */
    HTTP_REQUEST_READY, /* http_parser_request; unused bytes belong to what follows */
    HTTP_FAILED,        /* http_parser_failure; answer and close, no byte has a meaning now */
};

struct http_parser;

/* NULL when there is no memory. `limits` is borrowed. */
struct http_parser *http_parser_new(const struct http_limits *limits) MUST_CHECK;
void http_parser_free(struct http_parser *parser); /* accepts NULL */
/* Ready for the next request. Keeps at most `body_bytes_keep` of the body's memory. */
void http_parser_reset(struct http_parser *parser, size_t body_bytes_keep);

enum http_event http_parser_feed(struct http_parser *parser, struct slice bytes,
                                 size_t *ret_used) MUST_CHECK;

bool http_parser_has_started(const struct http_parser *parser); /* a byte of it was read */
bool http_parser_is_in_body(const struct http_parser *parser);  /* its head is complete */
/* Whole after HTTP_REQUEST_READY. After HTTP_FAILED what was read so far: for the Origin. */
const struct http_request *http_parser_request(const struct http_parser *parser);
enum http_failure http_parser_failure(const struct http_parser *parser);

/* ---- responses ---- */

struct http_response {
    uint32_t status;
    struct slice content_type; /* empty: no Content-Type */
    struct slice headers;      /* finished lines, each ending in CR LF; may be empty */
    struct slice body;         /* borrowed */
    bool must_close;           /* do not keep the connection */
};

struct slice http_status_text(uint32_t status); /* "Not Found" */

/* Status line and headers up to the empty line. `date` is an IMF-fixdate. 204 and 304 get no
 * Content-Length (RFC 9110 section 8.6). */
void http_response_head(struct buf *buf, const struct http_response *response,
                        struct slice date, bool keep_alive);

#define HTTP_DATE_BYTES 30
/* Writes "Sun, 06 Nov 1994 08:49:37 GMT" and returns it. */
struct slice http_date(int64_t unix_s, char out[HTTP_DATE_BYTES]);

#endif
