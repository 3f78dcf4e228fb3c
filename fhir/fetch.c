/* fhir/fetch.c -- which fetch may run, when, and for how long.
 *
 *   start -> WAITING -> RUNNING --+-> finished or timed out, reported by on_done --+-> idle
 *               \-----------------+-> cancelled -----------------------------------/
 *
 * Fetches are admitted by server: so many at one time, so many waiting, none while the server's
 * breaker is open.
 *
 * The transfers themselves are fhir/curl.c's.
 *
 * Invariants
 *   (1) A fetch with transfer_ != NULL is in flight, and its transfer is in exactly one of the
 *       lists `waiting` and `running`. A transfer being reported is in no list.
 *   (2) Every transfer in flight has a deadline timer of its own, and nothing ever waits inside
 *       curl: libcurl 7.88 does not time out transfers that wait for a connection
 *       (lib/multi.c, MSTATE_PENDING: time is looked at only with a connection), and wakes one
 *       of them per finished transfer whatever its host, so that a hung host holds up a healthy
 *       one. Here they wait by origin, first come first served.
 *   (3) on_done is called from loop callbacks only, never from start, cancel or close.
 *   (4) While a transfer waits, there is no room for its server, or its time has not come, or
 * it is about to be reported. (5) Every transfer in flight is counted by its server, and owes
 * its breaker one note.
 */
#include "fhir/fetch.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>
#include <uv.h>

#include "fhir/curl.h"
#include "fhir/servers.h"
#include "fhir/url.h"

#define TRANSFERS_KEPT_MAX 64 /* idle ones, about 7 KB each */

struct transfer {
    TAILQ_ENTRY(transfer) link;
    struct fhir_fetcher *fetcher; /* borrowed */
    struct fhir_fetch *fetch;     /* borrowed; NULL when idle */
    struct fhir_get get;
    uv_timer_t deadline;
    struct fhir_server *server; /* borrowed; set while in flight */
    uint64_t started_ns, running_since_ns;
    bool is_running; /* in `running`, else in `waiting` */
    bool is_delayed; /* waits for its time, which the deadline tells, not for room */
    bool is_probe;
    /* What the deadline, set to now, is to report. */
    bool is_unstartable; /* refused by curl */
    bool is_turned_away; /* waited for a server that is now left alone */
};
TAILQ_HEAD(transfers, transfer);

struct fhir_fetcher {
    uv_loop_t *loop; /* borrowed */
    struct fhir_curl curl;
    struct fhir_fetcher_limits limits;
    struct slice *bases; /* cut from bases_text */
    size_t bases_count;
    struct buf bases_text;
    struct transfers waiting, running, idle;
    struct transfer *reporting; /* whose on_done is being called */
    struct fhir_servers servers;
    uint64_t times_opened;
    uint32_t running_count, waiting_count, idle_count;
    size_t deadlines_open;
    bool is_closing;
    bool is_curl_closed;
    void (*on_closed)(void *owner);
    void *owner;
};

const char *fhir_fetch_outcome_name(enum fhir_fetch_outcome outcome)
{
    static const char *const NAMES[] = {
#define X(code, name) [FHIR_FETCH_##code] = name,
        FHIR_FETCH_OUTCOMES(X)
#undef X
    };

    assert((size_t)outcome < ARRAY_LEN(NAMES));
    return NAMES[outcome];
}

/* ---- The fetcher ---- */

static enum err_code check_settings(const struct slice *bases, size_t bases_count,
                                    const struct fhir_fetcher_limits *limits, struct err *err)
{
    struct fhir_url url;

    for (size_t i = 0; i < bases_count; i++)
        if (!fhir_url_parse(bases[i], &url) || url.query.len > 0)
            return err_set(err, ERR_INVALID,
                           "allowed FHIR base %zu is not an http(s) URL without query", i + 1);
    if (limits->connections_per_host_max == 0 || limits->connections_max == 0 ||
        limits->connect_timeout_ms == 0 || limits->body_bytes_max == 0)
        return err_set(err, ERR_INVALID, "a limit of the FHIR client is 0");
    if (limits->ca_file != NULL && access(limits->ca_file, R_OK) != 0)
        return err_set(err, ERR_INVALID, "the CA file of the FHIR client cannot be read");
    return ERR_OK;
}

static bool copy_bases(struct fhir_fetcher *fetcher, const struct slice *bases, size_t count)
{
    size_t at = 0;

    fetcher->bases = calloc(count + 1, sizeof *fetcher->bases);
    buf_init(&fetcher->bases_text, (count + 1) * FHIR_URL_BYTES_MAX);
    for (size_t i = 0; i < count; i++)
        buf_add(&fetcher->bases_text, bases[i]);
    if (fetcher->bases == NULL || buf_failed(&fetcher->bases_text))
        return false;
    for (size_t i = 0; i < count; i++) {
        fetcher->bases[i] = (struct slice){fetcher->bases_text.bytes + at, bases[i].len};
        at += bases[i].len;
    }
    fetcher->bases_count = count;
    return true;
}

static void fetcher_free(struct fhir_fetcher *fetcher)
{
    if (fetcher == NULL)
        return;
    buf_release(&fetcher->bases_text);
    free(fetcher->bases);
    free(fetcher);
}

enum err_code fhir_fetcher_new(struct uv_loop_s *loop, const struct slice *allowed_bases,
                               size_t allowed_bases_count, struct fhir_fetcher_limits limits,
                               struct fhir_fetcher **ret, struct err *err)
{
    enum err_code code = check_settings(allowed_bases, allowed_bases_count, &limits, err);
    struct fhir_fetcher *fetcher;

    if (code != ERR_OK)
        return code;
    fetcher = calloc(1, sizeof *fetcher);
    if (fetcher == NULL || !copy_bases(fetcher, allowed_bases, allowed_bases_count) ||
        !fhir_curl_init(&fetcher->curl, loop, &limits)) {
        fetcher_free(fetcher);
        return err_set(err, ERR_NOMEM, "no memory for the FHIR client");
    }
    fetcher->loop = loop;
    fetcher->limits = limits;
    fetcher->limits.ca_file = NULL; /* curl has its copy */
    TAILQ_INIT(&fetcher->waiting);
    TAILQ_INIT(&fetcher->running);
    TAILQ_INIT(&fetcher->idle);
    *ret = fetcher;
    return ERR_OK;
}

static void free_when_closed(struct fhir_fetcher *fetcher)
{
    void (*on_closed)(void *) = fetcher->on_closed;
    void *owner = fetcher->owner;

    if (fetcher->deadlines_open > 0 || !fetcher->is_curl_closed)
        return;
    fetcher_free(fetcher);
    if (on_closed != NULL)
        on_closed(owner);
}

static void on_curl_closed(struct fhir_curl *curl)
{
    struct fhir_fetcher *fetcher = CONTAINER_OF(curl, struct fhir_fetcher, curl);

    fetcher->is_curl_closed = true;
    free_when_closed(fetcher);
}

/* ---- The life of a transfer ---- */

static struct transfer *transfer_new(struct fhir_fetcher *fetcher)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);

    if (transfer == NULL || !fhir_get_init(&transfer->get, &fetcher->curl)) {
        free(transfer);
        return NULL;
    }
    transfer->fetcher = fetcher;
    (void)uv_timer_init(fetcher->loop, &transfer->deadline);
    fetcher->deadlines_open++;
    return transfer;
}

static void on_deadline_closed(uv_handle_t *handle)
{
    struct transfer *transfer = CONTAINER_OF(handle, struct transfer, deadline);
    struct fhir_fetcher *fetcher = transfer->fetcher;

    free(transfer);
    fetcher->deadlines_open--;
    free_when_closed(fetcher);
}

/* Ends a transfer that is in no list. */
static void transfer_close(struct transfer *transfer)
{
    fhir_get_release(&transfer->get);
    uv_close((uv_handle_t *)&transfer->deadline, on_deadline_closed);
}

static void transfer_recycle(struct transfer *transfer)
{
    struct fhir_fetcher *fetcher = transfer->fetcher;

    if (fetcher->is_closing || fetcher->idle_count >= TRANSFERS_KEPT_MAX) {
        transfer_close(transfer);
        return;
    }
    buf_release(&transfer->get.body);
    transfer->fetch = NULL;
    TAILQ_INSERT_HEAD(&fetcher->idle, transfer, link);
    fetcher->idle_count++;
}

/* A transfer made ready for `fetch`, in no list; NULL when memory ends. */
static struct transfer *transfer_take(struct fhir_fetcher *fetcher,
                                      const struct fhir_fetch *fetch)
{
    struct transfer *transfer = TAILQ_FIRST(&fetcher->idle);

    if (transfer != NULL) {
        TAILQ_REMOVE(&fetcher->idle, transfer, link);
        fetcher->idle_count--;
    } else {
        transfer = transfer_new(fetcher);
        if (transfer == NULL)
            return NULL;
    }
    if (fhir_get_prepare(&transfer->get, fetch->url, fetch->form, fetch->bearer_token))
        return transfer;
    transfer_recycle(transfer);
    return NULL;
}

/* Takes a transfer in flight out of its list and out of curl. */
static void transfer_stop(struct transfer *transfer)
{
    struct fhir_fetcher *fetcher = transfer->fetcher;

    (void)uv_timer_stop(&transfer->deadline);
    if (transfer->is_running) {
        TAILQ_REMOVE(&fetcher->running, transfer, link);
        fetcher->running_count--;
        transfer->server->running--;
    } else {
        TAILQ_REMOVE(&fetcher->waiting, transfer, link);
        fetcher->waiting_count--;
        transfer->server->waiting--;
    }
    fhir_get_stop(&transfer->get);
    transfer->fetch->transfer_ = NULL;
}

/* ---- Admission ---- */

static uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000;
}

static bool has_room(const struct fhir_fetcher *fetcher, const struct fhir_server *server)
{
    return fetcher->running_count < fetcher->limits.connections_max &&
           server->running < fetcher->limits.connections_per_host_max;
}

static void on_deadline(uv_timer_t *timer);

/* Never fails: what curl refuses is reported by the deadline, in the next turn. */
static void transfer_run(struct transfer *transfer)
{
    struct fhir_fetcher *fetcher = transfer->fetcher;

    transfer->is_running = true;
    transfer->running_since_ns = uv_hrtime();
    TAILQ_INSERT_TAIL(&fetcher->running, transfer, link);
    fetcher->running_count++;
    transfer->server->running++;
    transfer->is_unstartable = !fhir_get_start(&transfer->get);
    if (transfer->is_unstartable)
        (void)uv_timer_start(&transfer->deadline, on_deadline, 0, 0);
}

static void transfer_wait(struct transfer *transfer)
{
    transfer->is_running = false;
    TAILQ_INSERT_TAIL(&transfer->fetcher->waiting, transfer, link);
    transfer->fetcher->waiting_count++;
    transfer->server->waiting++;
}

/* Whoever waits for a server that is left alone would wait in vain. */
static void turn_away(struct fhir_fetcher *fetcher, const struct fhir_server *server)
{
    struct transfer *transfer;

    TAILQ_FOREACH(transfer, &fetcher->waiting, link)
    {
        if (transfer->server != server)
            continue;
        transfer->is_delayed = false;
        transfer->is_turned_away = true;
        (void)uv_timer_start(&transfer->deadline, on_deadline, 0, 0);
    }
}

static void note(const struct transfer *transfer, enum fhir_breaker_note note)
{
    struct fhir_fetcher *fetcher = transfer->fetcher;
    struct fhir_server *server = transfer->server;

    if (!fhir_breaker_note(&server->breaker, &fetcher->limits.breaker, now_ms(), note,
                           transfer->is_probe))
        return;
    fetcher->times_opened++;
    turn_away(fetcher, server);
}

/* Called when one transfer has stopped, so by (4) at most one can follow. */
static void admit_next(struct fhir_fetcher *fetcher)
{
    const struct transfer *refused = NULL;
    struct transfer *transfer;

    for (transfer = TAILQ_FIRST(&fetcher->waiting); transfer != NULL;
         transfer = TAILQ_NEXT(transfer, link)) {
        if (transfer->is_turned_away || transfer->is_delayed ||
            (refused != NULL && transfer->server == refused->server))
            continue;
        if (has_room(fetcher, transfer->server)) {
            TAILQ_REMOVE(&fetcher->waiting, transfer, link);
            fetcher->waiting_count--;
            transfer->server->waiting--;
            transfer_run(transfer);
            return;
        }
        refused = transfer;
    }
}

/* ---- Reports ---- */

static void report(struct transfer *transfer, struct fhir_reply reply)
{
    struct fhir_fetcher *fetcher = transfer->fetcher;
    struct fhir_fetch *fetch = transfer->fetch;

    assert(fetcher->reporting == NULL);
    reply.took_us = (uv_hrtime() - transfer->started_ns) / 1000;
    note(transfer, transfer->is_running && !transfer->is_unstartable
                       ? fhir_servers_note_of(
                             &reply, (uv_hrtime() - transfer->running_since_ns) / 1000000)
                       : FHIR_BREAKER_UNKNOWN);
    transfer_stop(transfer);
    admit_next(fetcher);
    fetcher->reporting = transfer;
    fetch->on_done(fetch, &reply); /* may start, cancel, close; fetch may be gone after it */
    fetcher->reporting = NULL;
    transfer_recycle(transfer);
}

static void on_finished(struct fhir_get *get, struct fhir_reply reply)
{
    report(CONTAINER_OF(get, struct transfer, get), reply);
}

/* Its time has come: from here on it is as if it had just been started. */
static void transfer_resume(struct transfer *transfer)
{
    struct fhir_fetcher *fetcher = transfer->fetcher;

    transfer->is_delayed = false;
    (void)uv_timer_start(&transfer->deadline, on_deadline,
                         transfer->fetch->timeout_ms - transfer->fetch->delay_ms, 0);
    if (!has_room(fetcher, transfer->server))
        return; /* it waits already */
    TAILQ_REMOVE(&fetcher->waiting, transfer, link);
    fetcher->waiting_count--;
    transfer->server->waiting--;
    transfer_run(transfer);
}

static void on_deadline(uv_timer_t *timer)
{
    struct transfer *transfer = CONTAINER_OF(timer, struct transfer, deadline);
    struct fhir_reply reply = {.outcome = FHIR_FETCH_TIMEOUT,
                               .reason = "no complete answer within the time allowed"};

    if (transfer->is_delayed) {
        transfer_resume(transfer);
        return;
    }
    if (transfer->is_turned_away) {
        reply.outcome = FHIR_FETCH_OPEN;
        reply.reason = "the server keeps failing and is left alone";
    } else if (!transfer->is_running) {
        reply.reason = "no connection became free within the time allowed";
    } else if (transfer->is_unstartable) {
        reply.outcome = FHIR_FETCH_BROKEN;
        reply.reason = "the transfer could not be started";
    } else {
        reply.status = fhir_get_status(&transfer->get);
    }
    report(transfer, reply);
}

/* ---- The public calls ---- */

void fhir_fetcher_close(struct fhir_fetcher *fetcher, void (*on_closed)(void *owner),
                        void *owner)
{
    struct transfer *transfer;

    assert(!fetcher->is_closing);
    fetcher->is_closing = true;
    fetcher->on_closed = on_closed;
    fetcher->owner = owner;
    while ((transfer = TAILQ_FIRST(&fetcher->waiting)) != NULL ||
           (transfer = TAILQ_FIRST(&fetcher->running)) != NULL) {
        transfer_stop(transfer);
        transfer_close(transfer);
    }
    while ((transfer = TAILQ_FIRST(&fetcher->idle)) != NULL) {
        TAILQ_REMOVE(&fetcher->idle, transfer, link);
        transfer_close(transfer);
    }
    fhir_curl_close(&fetcher->curl, on_curl_closed);
}

/* b64token of RFC 6750 section 2.1: nothing that could end the header line. */
static bool is_bearer_token(struct slice token)
{
    static const char CHARACTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-._~+/=";

    if (token.len > FHIR_BEARER_BYTES_MAX)
        return false;
    for (size_t i = 0; i < token.len; i++)
        if (memchr(CHARACTERS, token.ptr[i], sizeof CHARACTERS - 1) == NULL)
            return false;
    return true;
}

static enum err_code check_fetch(const struct fhir_fetcher *fetcher,
                                 const struct fhir_fetch *fetch, struct fhir_url *ret_url,
                                 struct err *err)
{
    if (!fhir_url_is_allowed(fetch->url, fetcher->bases, fetcher->bases_count) ||
        !fhir_url_parse(fetch->url, ret_url))
        return err_set(err, ERR_DENIED, "the URL is not below an allowed FHIR base");
    if (!fhir_curl_agrees(fetch->url, ret_url))
        return err_set(err, ERR_DENIED, "the URL can be read in two ways");
    if (!is_bearer_token(fetch->bearer_token))
        return err_set(err, ERR_INVALID, "the bearer token is not one of RFC 6750");
    if (fetch->form.len > FHIR_FORM_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "a form is longer than %d bytes", FHIR_FORM_BYTES_MAX);
    if (fetcher->is_closing)
        return err_set(err, ERR_BUSY, "the FHIR client is closing");
    if (fhir_fetcher_in_flight(fetcher) >= FHIR_FETCHES_MAX)
        return err_set(err, ERR_BUSY, "%d FHIR fetches are in flight", FHIR_FETCHES_MAX);
    return ERR_OK;
}

static enum err_code refuse(struct fhir_fetch *fetch, enum fhir_fetch_outcome outcome,
                            struct err *err, enum err_code code, const char *text)
{
    fetch->refusal = outcome;
    return err_set(err, code, "%s", text);
}

/* Asks the server's limits and its breaker. After ERR_OK a note is owed. */
static enum err_code admit(struct fhir_fetcher *fetcher, struct fhir_fetch *fetch,
                           const struct fhir_url *url, struct fhir_server **ret,
                           bool *ret_is_probe, struct err *err)
{
    struct fhir_server *server = fhir_servers_find(&fetcher->servers, fhir_url_origin_hash(url),
                                                   &fetcher->limits.breaker, now_ms());

    if (server == NULL)
        return refuse(fetch, FHIR_FETCH_FULL, err, ERR_BUSY, "too many FHIR servers at once");
    if (!has_room(fetcher, server) && fetcher->limits.waiting_per_host_max > 0 &&
        server->waiting >= fetcher->limits.waiting_per_host_max)
        return refuse(fetch, FHIR_FETCH_FULL, err, ERR_BUSY,
                      "too many fetches wait for a server");
    if (!fhir_breaker_admits(&server->breaker, &fetcher->limits.breaker, now_ms(),
                             ret_is_probe))
        return refuse(fetch, FHIR_FETCH_OPEN, err, ERR_UPSTREAM,
                      "the FHIR server keeps failing and is left alone");
    *ret = server;
    return ERR_OK;
}

static void transfer_start(struct transfer *transfer, struct fhir_fetch *fetch)
{
    struct fhir_fetcher *fetcher = transfer->fetcher;

    transfer->fetch = fetch;
    transfer->get.on_finished = on_finished;
    transfer->started_ns = uv_hrtime();
    transfer->is_unstartable = transfer->is_turned_away = false;
    fetch->transfer_ = transfer;
    fetch->fetcher_ = fetcher;
    uv_update_time(fetcher->loop); /* else a slow turn would eat from this timeout */
    transfer->is_delayed = fetch->delay_ms > 0;
    (void)uv_timer_start(&transfer->deadline, on_deadline,
                         transfer->is_delayed ? fetch->delay_ms : fetch->timeout_ms, 0);
    if (!transfer->is_delayed && has_room(fetcher, transfer->server))
        transfer_run(transfer);
    else
        transfer_wait(transfer);
}

enum err_code fhir_fetch_start(struct fhir_fetcher *fetcher, struct fhir_fetch *fetch,
                               struct err *err)
{
    struct transfer *transfer;
    struct fhir_server *server = NULL;
    struct fhir_url url;
    bool is_probe = false;
    enum err_code code = check_fetch(fetcher, fetch, &url, err);

    assert(fetch->transfer_ == NULL && fetch->on_done != NULL);
    assert(fetch->delay_ms == 0 || fetch->delay_ms < fetch->timeout_ms);
    fetch->refusal = code == ERR_DENIED ? FHIR_FETCH_DENIED
                     : code == ERR_BUSY ? FHIR_FETCH_FULL
                                        : FHIR_FETCH_REFUSED;
    if (code == ERR_OK)
        code = admit(fetcher, fetch, &url, &server, &is_probe, err);
    if (code != ERR_OK)
        return code;
    transfer = transfer_take(fetcher, fetch);
    if (transfer == NULL) {
        (void)fhir_breaker_note(&server->breaker, &fetcher->limits.breaker, now_ms(),
                                FHIR_BREAKER_UNKNOWN, is_probe);
        return err_set(err, ERR_NOMEM, "no memory for a FHIR fetch");
    }
    transfer->server = server;
    transfer->is_probe = is_probe;
    transfer_start(transfer, fetch);
    return ERR_OK;
}

void fhir_fetch_cancel(struct fhir_fetch *fetch)
{
    struct transfer *transfer = fetch->transfer_;

    if (transfer == NULL)
        return;
    note(transfer, FHIR_BREAKER_UNKNOWN);
    transfer_stop(transfer);
    admit_next(transfer->fetcher);
    transfer_recycle(transfer);
}

void fhir_fetch_take_body(struct fhir_fetch *fetch, struct buf *ret)
{
    struct transfer *transfer = fetch->fetcher_->reporting;

    assert(transfer != NULL && transfer->fetch == fetch);
    *ret = transfer->get.body;
    buf_init(&transfer->get.body, ret->bytes_max);
}

uint32_t fhir_fetcher_in_flight(const struct fhir_fetcher *fetcher)
{
    return fetcher->running_count + fetcher->waiting_count;
}

uint64_t fhir_fetcher_times_opened(const struct fhir_fetcher *fetcher)
{
    return fetcher->times_opened;
}
