/* fhir/curl.c -- the only file that touches curl.
 *
 * curl says which sockets and which timer it wants; it gets uv_poll and uv_timer handles and
 * is told what happened on them. After every socket action, also one for a timeout, the
 * finished transfers are read: `drive` is the only place that does either. The timer is
 * stopped only when curl says so.
 *
 * Names are looked up by libcurl's threaded resolver, which Debian builds in (AsynchDNS), so
 * the loop does not wait for DNS. CURLOPT_QUICK_EXIT keeps it so when a transfer is given up:
 * without it libcurl 7.88 joins the resolver's thread (lib/asyn-thread.c, Curl_resolver_kill)
 * and blocks for as long as getaddrinfo does; with it the thread is left to end by itself.
 */
#include "fhir/curl.h"

#include <assert.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include "fhir/url.h"

#define READ_BYTES    65536L /* one read from a socket */
#define UNANSWERED_MS 5000   /* bytes sent and not acknowledged */
#define ACCEPT        "Accept: application/fhir+json, application/json;q=0.9"
#define AUTHORIZATION "Authorization: Bearer "

struct fhir_curl_watch {
    TAILQ_ENTRY(fhir_curl_watch) link;
    struct fhir_curl *curl; /* borrowed */
    uv_poll_t poll;
    curl_socket_t fd;
    int events;
};

/* The request's own headers. curl borrows the list, so it can be wiped after use. */
struct headers {
    struct curl_slist accept;
    struct curl_slist authorization; /* follows accept when there is a token */
    size_t text_bytes;
    char text[]; /* of authorization */
};

/* ---- What an answer means ---- */

static const struct {
    CURLcode code;
    enum fhir_fetch_outcome outcome;
} OUTCOMES[] = {
    /* Every other code is BROKEN. */
    {CURLE_COULDNT_RESOLVE_HOST, FHIR_FETCH_REFUSED},
    {CURLE_COULDNT_CONNECT, FHIR_FETCH_REFUSED},
    {CURLE_OPERATION_TIMEDOUT, FHIR_FETCH_TIMEOUT},
    {CURLE_FILESIZE_EXCEEDED, FHIR_FETCH_TOO_LARGE},
};

/* The last is what DSTU2 servers send. */
static const char *const JSON_TYPES[] = {"application/fhir+json", "application/json",
                                         "application/json+fhir"};

static bool is_json_type(const char *content_type)
{
    struct slice parameters;
    struct slice type = slice_trim(slice_cut(slice_of(content_type), ';', &parameters));

    for (size_t i = 0; i < ARRAY_LEN(JSON_TYPES); i++)
        if (slice_eq_nocase(type, slice_of(JSON_TYPES[i])))
            return true;
    return false;
}

uint32_t fhir_get_status(const struct fhir_get *get)
{
    long status = 0;

    (void)curl_easy_getinfo(get->easy, CURLINFO_RESPONSE_CODE, &status);
    return status < 200 ? 0 : (uint32_t)status; /* 1xx announces an answer, it is none */
}

static uint32_t retry_after_of(const struct fhir_get *get, uint32_t status)
{
    curl_off_t seconds = 0; /* curl reads both forms, a number and a date */

    if (status == 429 || status == 503)
        (void)curl_easy_getinfo(get->easy, CURLINFO_RETRY_AFTER, &seconds);
    if (seconds <= 0) /* a date that has passed */
        return 0;
    return seconds > FHIR_RETRY_AFTER_S_MAX ? FHIR_RETRY_AFTER_S_MAX : (uint32_t)seconds;
}

static enum fhir_fetch_outcome outcome_of_answer(const struct fhir_get *get, uint32_t status,
                                                 const char **ret_reason)
{
    const char *type = NULL;

    if (status != 200) {
        *ret_reason = "the server answered with another status than 200";
        return FHIR_FETCH_STATUS;
    }
    if (get->body.len == 0) {
        *ret_reason = "the answer is empty";
        return FHIR_FETCH_BROKEN;
    }
    (void)curl_easy_getinfo(get->easy, CURLINFO_CONTENT_TYPE, &type);
    if (!is_json_type(type)) {
        *ret_reason = "the answer's content type is not JSON";
        return FHIR_FETCH_WRONG_TYPE;
    }
    *ret_reason = "ok";
    return FHIR_FETCH_OK;
}

static bool is_http2(const struct fhir_get *get)
{
    long version = 0;

    (void)curl_easy_getinfo(get->easy, CURLINFO_HTTP_VERSION, &version);
    return version == CURL_HTTP_VERSION_2_0;
}

static struct fhir_reply reply_of(const struct fhir_get *get, CURLcode code)
{
    struct fhir_reply reply = {.outcome = FHIR_FETCH_BROKEN,
                               .status = fhir_get_status(get),
                               .is_http2 = is_http2(get),
                               .reason = curl_easy_strerror(code)};

    if (get->is_too_large && get->is_packed) {
        reply.outcome = FHIR_FETCH_BOMB;
        reply.reason = "the answer is larger than the limit once unpacked";
        return reply;
    }
    if (get->is_too_large) {
        reply.outcome = FHIR_FETCH_TOO_LARGE;
        reply.reason = "the answer is larger than the limit";
        return reply;
    }
    if (code == CURLE_OK) {
        reply.outcome = outcome_of_answer(get, reply.status, &reply.reason);
        reply.retry_after_s = retry_after_of(get, reply.status);
        reply.body = buf_slice(&get->body);
        return reply;
    }
    for (size_t i = 0; i < ARRAY_LEN(OUTCOMES); i++)
        if (OUTCOMES[i].code == code)
            reply.outcome = OUTCOMES[i].outcome;
    return reply;
}

/* ---- What the loop tells us, what curl tells us ---- */

static void drive(struct fhir_curl *curl, curl_socket_t fd, int events)
{
    int running, left;
    CURLMsg *message;

    /* An error here would mean that curl ran out of memory; the fetches' deadlines report
     * what it can no longer report. */
    (void)curl_multi_socket_action(curl->multi, fd, events, &running);
    while (!curl->is_closing && (message = curl_multi_info_read(curl->multi, &left)) != NULL) {
        CURLcode code = message->data.result; /* the message dies with the stop */
        struct fhir_get *get = NULL;

        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &get);
        assert(get != NULL && get->easy == message->easy_handle);
        get->is_finished = true;
        get->on_finished(get, reply_of(get, code));
    }
}

static void on_timer(uv_timer_t *timer)
{
    drive(CONTAINER_OF(timer, struct fhir_curl, timer), CURL_SOCKET_TIMEOUT, 0);
}

/* 0 ms means soon, but not from inside curl: libuv runs the timer in its next turn. */
static int on_timer_wanted(CURLM *multi, long timeout_ms, void *curl_)
{
    struct fhir_curl *curl = curl_;

    (void)multi;
    if (timeout_ms < 0)
        (void)uv_timer_stop(&curl->timer);
    else
        (void)uv_timer_start(&curl->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

static void on_polled(uv_poll_t *poll, int status, int events)
{
    struct fhir_curl_watch *watch = CONTAINER_OF(poll, struct fhir_curl_watch, poll);
    int flags = 0; /* after an error: curl is to look for itself */

    if (status == 0)
        flags = ((events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0) |
                ((events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0);
    drive(watch->curl, watch->fd, flags);
    /* libuv has stopped the handle if there was an error (src/unix/poll.c). */
    if (!uv_is_closing((uv_handle_t *)poll) && !uv_is_active((uv_handle_t *)poll))
        (void)uv_poll_start(poll, watch->events, on_polled);
}

static void handle_closed(struct fhir_curl *curl)
{
    assert(curl->handles_open > 0);
    if (--curl->handles_open > 0 || !curl->is_closing)
        return;
    free((char *)curl->limits.ca_file);
    curl_global_cleanup();
    curl->on_closed(curl);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct fhir_curl_watch *watch = CONTAINER_OF(handle, struct fhir_curl_watch, poll);
    struct fhir_curl *curl = watch->curl;

    free(watch);
    handle_closed(curl);
}

static void watch_close(struct fhir_curl_watch *watch)
{
    TAILQ_REMOVE(&watch->curl->watches, watch, link);
    uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
}

static struct fhir_curl_watch *watch_new(struct fhir_curl *curl, curl_socket_t fd)
{
    struct fhir_curl_watch *watch = calloc(1, sizeof *watch);

    if (watch == NULL)
        return NULL;
    if (uv_poll_init(curl->loop, &watch->poll, fd) != 0) {
        free(watch);
        return NULL;
    }
    watch->curl = curl;
    watch->fd = fd;
    TAILQ_INSERT_TAIL(&curl->watches, watch, link);
    curl->handles_open++;
    return watch;
}

/* Always 0: an error would make the multi handle refuse all work for good. Without memory for
 * a watch only this transfer fails, at its deadline. */
static int on_socket_wanted(CURL *easy, curl_socket_t fd, int what, void *curl_, void *watch_)
{
    struct fhir_curl *curl = curl_;
    struct fhir_curl_watch *watch = watch_;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL)
            watch_close(watch);
        return 0;
    }
    if (watch == NULL) {
        watch = watch_new(curl, fd);
        if (watch == NULL)
            return 0;
        (void)curl_multi_assign(curl->multi, fd, watch);
    }
    watch->events = ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) |
                    ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
    (void)uv_poll_start(&watch->poll, watch->events, on_polled);
    return 0;
}

/* ---- The multi handle ---- */

static bool set_multi_options(const struct fhir_curl *curl)
{
    CURLM *multi = curl->multi;
    int failures = 0;

    /* One fetch at a time on an HTTP/2 connection, as with 1.1: of those that shared one,
     * libcurl 7.88 broke two in a thousand when measured, and a connection that hangs would
     * take all that follow with it. */
    failures += curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING) != 0;
    failures += curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted) != 0;
    failures += curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, curl) != 0;
    failures += curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted) != 0;
    failures += curl_multi_setopt(multi, CURLMOPT_TIMERDATA, curl) != 0;
    failures += curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                                  (long)curl->limits.connections_per_host_max) != 0;
    failures += curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                                  (long)curl->limits.connections_max) != 0;
    failures +=
        curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)curl->limits.connections_max) != 0;
    return failures == 0;
}

bool fhir_curl_init(struct fhir_curl *curl, uv_loop_t *loop,
                    const struct fhir_fetcher_limits *limits)
{
    *curl = (struct fhir_curl){.loop = loop, .limits = *limits};
    TAILQ_INIT(&curl->watches);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) /* counted, thread-safe in 7.84 */
        return false;
    if (limits->ca_file != NULL)
        curl->limits.ca_file = strdup(limits->ca_file);
    curl->multi = curl_multi_init();
    if (curl->multi == NULL || (limits->ca_file != NULL && curl->limits.ca_file == NULL) ||
        !set_multi_options(curl)) {
        (void)curl_multi_cleanup(curl->multi);
        free((char *)curl->limits.ca_file);
        curl_global_cleanup();
        return false;
    }
    (void)uv_timer_init(loop, &curl->timer);
    curl->handles_open = 1;
    return true;
}

static void on_timer_closed(uv_handle_t *handle)
{
    handle_closed(CONTAINER_OF(handle, struct fhir_curl, timer));
}

void fhir_curl_close(struct fhir_curl *curl, void (*on_closed)(struct fhir_curl *curl))
{
    assert(!curl->is_closing);
    curl->is_closing = true;
    curl->on_closed = on_closed;
    (void)curl_multi_cleanup(curl->multi); /* closes the kept connections */
    curl->multi = NULL;
    while (!TAILQ_EMPTY(&curl->watches))
        watch_close(TAILQ_FIRST(&curl->watches));
    uv_close((uv_handle_t *)&curl->timer, on_timer_closed);
}

/* ---- One get ---- */

/* curl calls these with decoded body bytes and with one header line at a time. Another return
 * value than the number of bytes ends the transfer with CURLE_WRITE_ERROR. */
static size_t on_body(char *bytes, size_t size, size_t count, void *get_)
{
    struct fhir_get *get = get_;
    size_t len = size * count;

    if (len > get->body.bytes_max - get->body.len) {
        get->is_too_large = true;
        return 0;
    }
    buf_add(&get->body, (struct slice){.ptr = bytes, .len = len});
    return buf_failed(&get->body) ? 0 : len;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *get_)
{
    struct fhir_get *get = get_;

    if (slice_starts_nocase((struct slice){bytes, size * count}, SLICE("Content-Encoding:")))
        get->is_packed = true;
    get->head_bytes += size * count;
    if (get->head_bytes > FHIR_FETCH_HEAD_BYTES_MAX) {
        get->is_too_large = true;
        return 0;
    }
    return size * count;
}

/* A kept connection whose peer is gone is found out by the next fetch that is sent on it, well
 * before TCP would give up. */
static int on_socket_made(void *get, curl_socket_t fd, curlsocktype purpose)
{
    unsigned unanswered_ms = UNANSWERED_MS;

    (void)get;
    if (purpose == CURLSOCKTYPE_IPCXN)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms,
                         sizeof unanswered_ms);
    return CURL_SOCKOPT_OK;
}

static const struct {
    CURLoption option;
    long value;
} LONG_OPTIONS[] = {
    {CURLOPT_NOSIGNAL, 1},
    {CURLOPT_QUICK_EXIT, 1},
    {CURLOPT_VERBOSE, 0}, /* it would print the Authorization header */
    {CURLOPT_NOPROGRESS, 1},
    {CURLOPT_HTTP09_ALLOWED, 0},
    {CURLOPT_FOLLOWLOCATION, 0},
    {CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
    {CURLOPT_NETRC, CURL_NETRC_IGNORED},
    {CURLOPT_SSL_VERIFYPEER, 1},
    {CURLOPT_SSL_VERIFYHOST, 2},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_TCP_KEEPALIVE, 1},
    {CURLOPT_BUFFERSIZE, READ_BYTES},
};

static const struct {
    CURLoption option;
    const char *value;
} TEXT_OPTIONS[] = {
    {CURLOPT_PROTOCOLS_STR, "http,https"},
    {CURLOPT_PROXY, ""}, /* not even from the environment */
    {CURLOPT_NOPROXY, "*"},
    {CURLOPT_ACCEPT_ENCODING, "gzip, deflate"},
    {CURLOPT_USERAGENT, "pgxgate/" PGX_VERSION},
};

/* Debian's libcurl trusts a file and a directory. Without the directory a ca_file is all that
 * is trusted, and curl keeps the parsed file (lib/vtls/openssl.c, cache_criteria_met) instead
 * of reading every authority again, on the loop, for each connection. */
static bool set_trust(const struct fhir_get *get)
{
    const char *file = get->curl->limits.ca_file;
    int failures = 0;

    if (file != NULL)
        failures += curl_easy_setopt(get->easy, CURLOPT_CAINFO, file) != 0;
    if (file != NULL || curl_version_info(CURLVERSION_NOW)->cainfo != NULL)
        failures += curl_easy_setopt(get->easy, CURLOPT_CAPATH, NULL) != 0;
    return failures == 0;
}

static bool set_options(struct fhir_get *get)
{
    const struct fhir_fetcher_limits *limits = &get->curl->limits;
    CURL *easy = get->easy;
    int failures = 0;

    for (size_t i = 0; i < ARRAY_LEN(LONG_OPTIONS); i++)
        failures += curl_easy_setopt(easy, LONG_OPTIONS[i].option, LONG_OPTIONS[i].value) != 0;
    for (size_t i = 0; i < ARRAY_LEN(TEXT_OPTIONS); i++)
        failures += curl_easy_setopt(easy, TEXT_OPTIONS[i].option, TEXT_OPTIONS[i].value) != 0;
    failures += curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                                 (long)limits->connect_timeout_ms) != 0;
    failures += curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE,
                                 (curl_off_t)limits->body_bytes_max) != 0;
    /* In clear text always 1.1: libcurl 7.88's h2 without TLS is broken (#10634). */
    failures += curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                                 limits->has_http2 ? (long)CURL_HTTP_VERSION_2TLS
                                                   : (long)CURL_HTTP_VERSION_1_1) != 0;
    failures += curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket_made) != 0;
    failures += curl_easy_setopt(easy, CURLOPT_PRIVATE, get) != 0;
    failures += curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) != 0;
    failures += curl_easy_setopt(easy, CURLOPT_WRITEDATA, get) != 0;
    failures += curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) != 0;
    failures += curl_easy_setopt(easy, CURLOPT_HEADERDATA, get) != 0;
    return failures == 0 && set_trust(get);
}

bool fhir_get_init(struct fhir_get *get, struct fhir_curl *curl)
{
    *get = (struct fhir_get){.curl = curl, .easy = curl_easy_init()};
    if (get->easy != NULL && set_options(get))
        return true;
    curl_easy_cleanup(get->easy);
    return false;
}

/* curl writes the request from the list into its send buffer, which it frees, unwiped, at the
 * end of the transfer; it has no other copy. */
static void wipe_headers(struct fhir_get *get)
{
    struct headers *headers = get->headers;

    if (headers == NULL)
        return;
    (void)curl_easy_setopt(get->easy, CURLOPT_HTTPHEADER, NULL);
    explicit_bzero(headers->text, headers->text_bytes);
    free(headers);
    get->headers = NULL;
}

void fhir_get_release(struct fhir_get *get)
{
    fhir_get_stop(get);
    curl_easy_cleanup(get->easy);
    buf_release(&get->body);
    *get = (struct fhir_get){.curl = get->curl};
}

static bool set_headers(struct fhir_get *get, struct slice token)
{
    size_t prefix_len = sizeof AUTHORIZATION - 1;
    size_t text_bytes = prefix_len + token.len + 1;
    struct headers *headers = malloc(sizeof *headers + text_bytes);

    if (headers == NULL)
        return false;
    headers->accept = (struct curl_slist){.data = (char *)ACCEPT}; /* only read by curl */
    headers->authorization = (struct curl_slist){.data = headers->text};
    headers->text_bytes = text_bytes;
    memset(headers->text, 0, text_bytes);
    if (token.len > 0) {
        memcpy(headers->text, AUTHORIZATION, prefix_len);
        memcpy(headers->text + prefix_len, token.ptr, token.len);
        headers->accept.next = &headers->authorization;
    }
    get->headers = headers;
    return curl_easy_setopt(get->easy, CURLOPT_HTTPHEADER, &headers->accept) == CURLE_OK;
}

static bool set_url(struct fhir_get *get, struct slice url)
{
    char *text = strndup(url.ptr, url.len);
    bool ok = text != NULL && curl_easy_setopt(get->easy, CURLOPT_URL, text) == CURLE_OK;

    free(text);
    return ok;
}

bool fhir_curl_agrees(struct slice text, const struct fhir_url *url)
{
    CURLU *parser = curl_url();
    char *copy = strndup(text.ptr, text.len);
    char *host = NULL, *port = NULL;
    uint32_t port_seen = 0;
    bool ok;

    ok = parser != NULL && copy != NULL &&
         curl_url_set(parser, CURLUPART_URL, copy, 0) == CURLUE_OK &&
         curl_url_get(parser, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
         curl_url_get(parser, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
         slice_to_u32(slice_of(port), UINT16_MAX, &port_seen) && port_seen == url->port &&
         slice_eq_nocase(slice_of(host), url->host);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parser);
    free(copy);
    return ok;
}

static bool set_form(struct fhir_get *get, struct slice form)
{
    if (form.len == 0)
        return curl_easy_setopt(get->easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    return curl_easy_setopt(get->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)form.len) ==
               CURLE_OK &&
           curl_easy_setopt(get->easy, CURLOPT_COPYPOSTFIELDS, form.ptr) == CURLE_OK;
}

bool fhir_get_prepare(struct fhir_get *get, struct slice url, struct slice form,
                      struct slice bearer_token)
{
    assert(get->headers == NULL);
    buf_release(&get->body);
    buf_init(&get->body, get->curl->limits.body_bytes_max);
    get->head_bytes = 0;
    get->is_too_large = get->is_packed = get->is_finished = false;
    (void)curl_easy_setopt(get->easy, CURLOPT_FORBID_REUSE, 0L);
    if (set_url(get, url) && set_form(get, form) && set_headers(get, bearer_token))
        return true;
    wipe_headers(get);
    return false;
}

bool fhir_get_start(struct fhir_get *get)
{
    return curl_multi_add_handle(get->curl->multi, get->easy) == CURLM_OK;
}

void fhir_get_stop(struct fhir_get *get)
{
    if (get->headers == NULL)
        return;
    /* curl would keep an HTTP/2 connection on which a fetch was given up; the next one on it
     * may hang as well. */
    (void)curl_easy_setopt(get->easy, CURLOPT_FORBID_REUSE, (long)!get->is_finished);
    /* Does nothing to a handle that was not added. */
    (void)curl_multi_remove_handle(get->curl->multi, get->easy);
    wipe_headers(get);
}
