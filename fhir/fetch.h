/* fhir/fetch.h -- GET from a FHIR server, or POST a search to it, without blocking the loop.
 *
 * A fetcher belongs to one worker and is used from that worker's thread only. It knows HTTP,
 * the allow-list and limits; it does not know FHIR resources, hooks or rules. It stands on
 * fhir/curl.c, the only file that touches curl.
 *
 * Ownership: the caller embeds the fetch, zeroed, and keeps it until on_done is called or
 * fhir_fetch_cancel has returned. Inside on_done the fetch is idle again: it may be started
 * anew or freed, and the fetcher may be closed. The reply's body dies when on_done returns,
 * unless the callback takes it with fhir_fetch_take_body.
 *
 * What is sent: GET, or POST with a form, over HTTP/1.1, and over TLS HTTP/2 where the server
 * offers it (ALPN) and the limits allow it, one fetch at a time on a connection; Accept:
 * application/fhir+json, gzip and deflate accepted, no cookies, no .netrc, no proxy from the
 * environment. TLS is 1.2 or newer and always verifies the server's chain and name. Redirects
 * are an answer like any other status, so an answer's URL is always the one that was asked for.
 * Host names are looked up by a thread of libcurl's, never on the loop. The authorities' file
 * is read with the first TLS connection and again after a day at the earliest.
 *
 * A server (scheme, host, port) that keeps failing is left alone for a while (see
 * fhir/breaker.h): fetches to it are refused at once, as OPEN, so that they cost nobody their
 * time.
 *
 * Not noticed here: a compressed body that ends early inside a whole HTTP message, and one
 * without length that ends early; the JSON reader refuses what is left of them.
 *
 * The process must ignore SIGPIPE: a TLS peer that is gone raises it.
 */
#ifndef FHIR_FETCH_H
#define FHIR_FETCH_H

#include <stdint.h>

#include "fhir/breaker.h"
#include "rules/base/buf.h"
#include "rules/base/err.h"
#include "rules/base/slice.h"

struct uv_loop_s;
struct fhir_fetcher;

#define FHIR_FETCHES_MAX          1000  /* in flight in one fetcher, waiting ones included */
#define FHIR_FETCH_HEAD_BYTES_MAX 65536 /* of one answer, trailers included */
#define FHIR_BEARER_BYTES_MAX     16384
#define FHIR_RETRY_AFTER_S_MAX    86400 /* longer waits are reported as this */
#define FHIR_FORM_BYTES_MAX       65536
#define FHIR_SERVERS_MAX          64  /* origins with fetches or failures at one time */
#define FHIR_TIMEOUT_COUNTS_MS    100 /* a fetch given up sooner says nothing of its server */

struct fhir_fetcher_limits {
    uint32_t connections_per_host_max; /* and fetches at one time; others wait, oldest first */
    uint32_t connections_max;          /* of all hosts */
    uint32_t connect_timeout_ms;       /* name lookup and TLS handshake included */
    size_t body_bytes_max;             /* after decompression */
    const char *ca_file; /* PEM; NULL: the system's authorities. Not needed after _new */
    uint32_t waiting_per_host_max; /* 0: no other limit than FHIR_FETCHES_MAX */
    struct fhir_breaker_limits breaker;
    bool has_http2;
};

/* How a fetch ended. */
#define FHIR_FETCH_OUTCOMES(X)                                                                 \
    X(OK, "ok")           /* status 200 and a body that is JSON by its content type */         \
    X(STATUS, "status")   /* an answer with another status */                                  \
    X(REFUSED, "refused") /* no connection */                                                  \
    X(BROKEN, "broken")   /* reset, truncated, empty, protocol or TLS error */                 \
    X(TIMEOUT, "timeout")                                                                      \
    X(TOO_LARGE, "too_large")                                                                  \
    X(BOMB, "gzip_bomb")        /* compressed, and unpacked above the limit */                 \
    X(WRONG_TYPE, "wrong_type") /* the answer is not JSON by its content type */               \
    /* not sent; the first two also as `refusal` of fhir_fetch_start, the others only there */ \
    X(OPEN, "open") /* the server keeps failing and is left alone */                           \
    X(DENIED, "denied")                                                                        \
    X(FULL, "queue_full")

enum fhir_fetch_outcome {
#define X(code, name) FHIR_FETCH_##code,
    FHIR_FETCH_OUTCOMES(X)
#undef X
};
const char *fhir_fetch_outcome_name(enum fhir_fetch_outcome outcome);

struct fhir_reply {
    enum fhir_fetch_outcome outcome;
    uint32_t status;        /* HTTP status, 0 when there was none */
    uint32_t retry_after_s; /* from 429 and 503, else 0 */
    struct slice body;      /* borrowed; for OK, STATUS and WRONG_TYPE, else empty */
    bool is_http2;
    const char *reason; /* static text for the log, names no value and no URL */
    uint64_t took_us;   /* since fhir_fetch_start, time spent waiting included */
};

struct fhir_fetch {
    /* Set by the caller; the slices are only read by fhir_fetch_start. */
    struct slice url;          /* absolute http or https */
    struct slice bearer_token; /* empty: none is sent */
    struct slice form;         /* application/x-www-form-urlencoded, for POST; empty: GET */
    uint32_t timeout_ms;       /* for everything, waiting for a connection included */
    uint32_t delay_ms;         /* not before; a part of timeout_ms, and shorter */
    void (*on_done)(struct fhir_fetch *fetch, const struct fhir_reply *reply);
    void *owner;
    /* Set by fhir_fetch_start when it fails: DENIED, OPEN, FULL, or REFUSED. */
    enum fhir_fetch_outcome refusal;
    /* Private. */
    void *transfer_;
    struct fhir_fetcher *fetcher_;
};

/* Copies the allowed bases (see fhir_url_is_allowed). ERR_INVALID for a base that is no URL or
 * has a query, a limit of 0, or a ca_file that cannot be read. */
enum err_code fhir_fetcher_new(struct uv_loop_s *loop, const struct slice *allowed_bases,
                               size_t allowed_bases_count, struct fhir_fetcher_limits limits,
                               struct fhir_fetcher **ret, struct err *err) MUST_CHECK;
/* Cancels what is running (no callbacks), then closes its loop handles; on_closed (may be
 * NULL) runs when the memory is gone. */
void fhir_fetcher_close(struct fhir_fetcher *fetcher, void (*on_closed)(void *owner),
                        void *owner);

/* After ERR_OK, on_done runs exactly once, never from inside this call. After any other code
 * it never runs: ERR_DENIED for a URL that is not allowed, ERR_BUSY above FHIR_FETCHES_MAX or
 * waiting_per_host_max, ERR_UPSTREAM for a server that is left alone, ERR_INVALID for a bearer
 * token with characters outside RFC 6750 section 2.1, ERR_LIMIT for a longer form. */
enum err_code fhir_fetch_start(struct fhir_fetcher *fetcher, struct fhir_fetch *fetch,
                               struct err *err) MUST_CHECK;
void fhir_fetch_cancel(struct fhir_fetch *fetch); /* on_done will not run; safe when idle */

/* Inside on_done: moves the body, with its padding, to *ret (to be released by the caller). */
void fhir_fetch_take_body(struct fhir_fetch *fetch, struct buf *ret);

uint32_t fhir_fetcher_in_flight(const struct fhir_fetcher *fetcher);
/* How often, since _new, a server was found to keep failing. */
uint64_t fhir_fetcher_times_opened(const struct fhir_fetcher *fetcher);

/* Whether `url` begins with one of the allowed bases. Scheme, host and port are compared
 * exactly after normalisation (case, default port); the path must equal the base's path or go
 * on below it at a '/' or '?'. User info, fragments, dot segments (also encoded), back-slashes
 * and control characters are refused (see fhir/url.h). A base with host "loopback" allows
 * 127.0.0.1, [::1] and localhost, on any port unless the base names one, as demo and test
 * configurations need. */
bool fhir_url_is_allowed(struct slice url, const struct slice *bases, size_t bases_count);
bool fhir_url_same_origin(struct slice a, struct slice b);

#endif
