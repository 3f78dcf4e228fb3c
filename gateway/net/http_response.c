/* gateway/net/http_response.c -- heads of responses, and the tables of names. */
#include "gateway/net/http.h"

#include <assert.h>

#define STATUSES(X)                                                                            \
    X(100, "Continue")                                                                         \
    X(200, "OK")                                                                               \
    X(201, "Created")                                                                          \
    X(202, "Accepted")                                                                         \
    X(204, "No Content")                                                                       \
    X(304, "Not Modified")                                                                     \
    X(400, "Bad Request")                                                                      \
    X(401, "Unauthorized")                                                                     \
    X(403, "Forbidden")                                                                        \
    X(404, "Not Found")                                                                        \
    X(405, "Method Not Allowed")                                                               \
    X(408, "Request Timeout")                                                                  \
    X(412, "Precondition Failed")                                                              \
    X(413, "Content Too Large")                                                                \
    X(414, "URI Too Long")                                                                     \
    X(415, "Unsupported Media Type")                                                           \
    X(417, "Expectation Failed")                                                               \
    X(422, "Unprocessable Content")                                                            \
    X(429, "Too Many Requests")                                                                \
    X(431, "Request Header Fields Too Large")                                                  \
    X(500, "Internal Server Error")                                                            \
    X(501, "Not Implemented")                                                                  \
    X(502, "Bad Gateway")                                                                      \
    X(503, "Service Unavailable")                                                              \
    X(504, "Gateway Timeout")                                                                  \
    X(505, "HTTP Version Not Supported")

struct slice http_status_text(uint32_t status)
{
    switch (status) {
#define X(code, text)                                                                          \
    case code:                                                                                 \
        return SLICE(text);
        STATUSES(X)
#undef X
    default: /* a number from outside the table; any text will do (RFC 9112 section 4) */
        return SLICE("Status");
    }
}

static void add_number(struct buf *buf, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    buf_add(buf, (struct slice){.ptr = digits + at, .len = sizeof digits - at});
}

void http_response_head(struct buf *buf, const struct http_response *response,
                        struct slice date, bool keep_alive)
{
    assert(response->status >= 200 && response->status <= 599);
    buf_add_text(buf, "HTTP/1.1 ");
    add_number(buf, response->status);
    buf_add_char(buf, ' ');
    buf_add(buf, http_status_text(response->status));
    buf_add_text(buf, "\r\nDate: ");
    buf_add(buf, date);
    if (response->content_type.len > 0) {
        buf_add_text(buf, "\r\nContent-Type: ");
        buf_add(buf, response->content_type);
    }
    if (response->status != 204 && response->status != 304) {
        buf_add_text(buf, "\r\nContent-Length: ");
        add_number(buf, response->body.len);
    }
    if (!keep_alive)
        buf_add_text(buf, "\r\nConnection: close");
    buf_add_text(buf, "\r\n");
    buf_add(buf, response->headers);
    buf_add_text(buf, "\r\n");
}

/* RFC 9110 section 5.6.7; the names are English whatever the locale. */
struct slice http_date(int64_t unix_s, char out[HTTP_DATE_BYTES])
{
    static const char DAYS[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char MONTHS[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)unix_s;
    struct tm tm = {0};
    int len;

    (void)gmtime_r(&seconds, &tm);
    len = snprintf(out, HTTP_DATE_BYTES, "%s, %02u %s %04u %02u:%02u:%02u GMT",
                   DAYS[tm.tm_wday % 7], (unsigned)tm.tm_mday % 100u, MONTHS[tm.tm_mon % 12],
                   (unsigned)(tm.tm_year + 1900) % 10000u, (unsigned)tm.tm_hour % 100u,
                   (unsigned)tm.tm_min % 100u, (unsigned)tm.tm_sec % 100u);
    return (struct slice){.ptr = out, .len = len < 0 ? 0 : (size_t)len};
}

const char *http_method_name(enum http_method method)
{
    switch (method) {
#define X(name)                                                                                \
    case HTTP_METHOD_##name:                                                                   \
        return #name;
        HTTP_METHODS(X)
#undef X
    }
    return "?";
}

static const struct {
    const char *label;
    uint32_t status;
    const char *issue;
    const char *text;
} FAILURES[] = {
#define X(code, label, status, issue, text)                                                    \
    [HTTP_FAILURE_##code] = {label, status, issue, text},
    HTTP_FAILURES(X)
#undef X
};

const char *http_failure_label(enum http_failure failure)
{
    assert(failure < HTTP_FAILURES_COUNT);
    return FAILURES[failure].label;
}

uint32_t http_failure_status(enum http_failure failure)
{
    assert(failure < HTTP_FAILURES_COUNT);
    return FAILURES[failure].status;
}

const char *http_failure_issue(enum http_failure failure)
{
    assert(failure < HTTP_FAILURES_COUNT);
    return FAILURES[failure].issue;
}

const char *http_failure_text(enum http_failure failure)
{
    assert(failure < HTTP_FAILURES_COUNT);
    return FAILURES[failure].text;
}
