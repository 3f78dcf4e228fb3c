/* fhir/fetch.h -- GET from a FHIR server without blocking the loop.
 *
 * A fetcher belongs to one worker and is used from that worker's thread only. It knows HTTP,
 * the allow-list and limits; it does not know FHIR resources, hooks or rules. It is the only
 * file that touches curl.
 *
 * Ownership: the caller embeds the fetch and keeps it until on_done has run or
 * fhir_fetch_cancel has returned. The reply's body dies when on_done returns, unless the
 * callback takes it with fhir_fetch_take_body.
 */
#ifndef FHIR_FETCH_H
#define FHIR_FETCH_H

#include <stdint.h>

#include "rules/base/buf.h"
#include "rules/base/err.h"
#include "rules/base/slice.h"

struct uv_loop_s;
struct fhir_fetcher;

struct fhir_fetcher_limits {
    uint32_t connections_per_host_max;
    uint32_t connections_max;
    uint32_t connect_timeout_ms;
    size_t body_bytes_max; /* after decompression */
};

/* How a fetch ended. */
#define FHIR_FETCH_OUTCOMES(X)                                                                 \
    X(OK, "ok")           /* status 200 and a body */                                          \
    X(STATUS, "status")   /* an answer with another status */                                  \
    X(REFUSED, "refused") /* no connection */                                                  \
    X(BROKEN, "broken")   /* reset, truncated, protocol or TLS error */                        \
    X(TIMEOUT, "timeout")                                                                      \
    X(TOO_LARGE, "too_large")                                                                  \
    X(WRONG_TYPE, "wrong_type") /* the answer is not JSON by its content type */               \
    X(DENIED, "denied")         /* not on the allow-list; nothing was sent */

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
    struct slice body;      /* borrowed; also of other statuses */
    uint64_t took_us;
};

struct fhir_fetch {
    /* Set by the caller; borrowed until the end. */
    struct slice url;          /* absolute http or https */
    struct slice bearer_token; /* empty: none is sent */
    uint32_t timeout_ms;       /* for the whole transfer */
    void (*on_done)(struct fhir_fetch *fetch, const struct fhir_reply *reply);
    void *owner;
    /* Private. */
    void *transfer_;
};

enum err_code fhir_fetcher_new(struct uv_loop_s *loop, struct fhir_fetcher_limits limits,
                               struct fhir_fetcher **ret, struct err *err) MUST_CHECK;
/* Cancels what is running (no callbacks), then closes its loop handles; on_closed runs when
 * the memory is gone. */
void fhir_fetcher_close(struct fhir_fetcher *fetcher, void (*on_closed)(void *owner),
                        void *owner);

/* After ERR_OK, on_done runs exactly once, never from inside this call. After any other code
 * it never runs. Redirects are not followed. */
enum err_code fhir_fetch_start(struct fhir_fetcher *fetcher, struct fhir_fetch *fetch,
                               struct err *err) MUST_CHECK;
void fhir_fetch_cancel(struct fhir_fetch *fetch); /* on_done will not run; safe when idle */

/* Inside on_done: moves the body, with its padding, to *ret (to be released by the caller). */
void fhir_fetch_take_body(struct fhir_fetch *fetch, struct buf *ret);

uint32_t fhir_fetcher_in_flight(const struct fhir_fetcher *fetcher);

/* Whether `url` begins with one of the allowed bases. Scheme, host and port are compared
 * exactly after normalisation (case, default port); the path must equal the base's path or go
 * on below it at a '/' or '?'. User info, fragments, dot segments (also encoded), back-slashes
 * and control characters are refused. A base with host "loopback" allows any port of
 * 127.0.0.1, [::1] and localhost, as demo and test configurations need. */
bool fhir_url_is_allowed(struct slice url, const struct slice *bases, size_t bases_count);
bool fhir_url_same_origin(struct slice a, struct slice b);

#endif
