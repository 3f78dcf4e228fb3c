/* fhir/curl.h -- libcurl's multi interface on a libuv loop, for fhir/fetch.c only.
 *
 * It runs GETs, and POSTs of forms, that it is given and says how each ended; both are called
 * gets here. It knows sockets, HTTP and TLS settings; it does not know the allow-list, how many
 * gets should run at once, or for how long.
 *
 * Life cycle: fhir_curl and fhir_get are embedded by their owner. A get is initialised once and
 * used many times: prepare, start, then on_finished or stop. on_finished is called from loop
 * callbacks only, once per start, unless fhir_get_stop comes first; its owner calls
 * fhir_get_stop in it. All gets are released before fhir_curl_close.
 */
#ifndef FHIR_CURL_H
#define FHIR_CURL_H

#include <sys/queue.h>
#include <uv.h>

#include "fhir/fetch.h"

struct fhir_curl_watch;
TAILQ_HEAD(fhir_curl_watches, fhir_curl_watch);

struct fhir_curl {
    uv_loop_t *loop; /* borrowed */
    void *multi;     /* CURLM */
    uv_timer_t timer;
    struct fhir_curl_watches watches;
    struct fhir_fetcher_limits limits; /* ca_file is owned */
    size_t handles_open;
    bool is_closing;
    void (*on_closed)(struct fhir_curl *curl);
};

struct fhir_get {
    struct fhir_curl *curl; /* borrowed */
    void *easy;             /* CURL */
    void *headers;          /* of one use; wiped when freed, else NULL */
    struct buf body;
    size_t head_bytes;
    bool is_too_large;
    bool is_packed; /* the answer has a content encoding */
    bool is_finished;
    void (*on_finished)(struct fhir_get *get, struct fhir_reply reply);
};

/* False when there is no memory; then there is nothing to close. */
bool fhir_curl_init(struct fhir_curl *curl, uv_loop_t *loop,
                    const struct fhir_fetcher_limits *limits) MUST_CHECK;
/* on_closed runs when the last handle is closed, and may free `curl`. */
void fhir_curl_close(struct fhir_curl *curl, void (*on_closed)(struct fhir_curl *curl));

/* False when there is no memory; then there is nothing to release. */
bool fhir_get_init(struct fhir_get *get, struct fhir_curl *curl) MUST_CHECK;
void fhir_get_release(struct fhir_get *get);

/* Whether curl finds the same host and port in `text` as fhir_url_parse did: the last check
 * before a URL that passed the allow-list is handed over. False also when there is no memory.
 */
struct fhir_url;
bool fhir_curl_agrees(struct slice text, const struct fhir_url *url) MUST_CHECK;

/* Copies all. An empty form means GET. The token must be safe to stand in a header. False when
 * there is no memory. */
bool fhir_get_prepare(struct fhir_get *get, struct slice url, struct slice form,
                      struct slice bearer_token) MUST_CHECK;
bool fhir_get_start(struct fhir_get *get) MUST_CHECK;
/* Takes the get out of curl, closing its connection unless it is finished, and wipes the
 * token. The body and the status stay. Safe when it was never started. */
void fhir_get_stop(struct fhir_get *get);

/* The status of the answer that has begun to arrive, else 0. Only after a start. */
uint32_t fhir_get_status(const struct fhir_get *get);

#endif
