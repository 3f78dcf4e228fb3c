/* gateway/hooks/run.h -- one hook call on its way through the engine. Private to the engine.
 *
 * Runs are kept and reused with their memory. A run is in at most one list: woken or free.
 */
#ifndef GATEWAY_HOOKS_RUN_H
#define GATEWAY_HOOKS_RUN_H

#include <uv.h>

#include "gateway/hooks/call.h"
#include "gateway/hooks/engine.h"

#define ENGINE_MAGIC     0x70677865u
#define RUN_MAGIC        0x70677872u
#define REQUEST_ID_CHARS 40
#define ANSWER_BYTES_MAX ((size_t)1024 * 1024)
#define AUDIT_BYTES_MAX  ((size_t)256 * 1024)

/* code, function */
#define ENGINE_STEPS(X)                                                                        \
    X(ROUTE, route)                                                                            \
    X(VALIDATE, validate)                                                                      \
    X(GATHER, gather)                                                                          \
    X(DECIDE, decide)                                                                          \
    X(RENDER, render)                                                                          \
    X(AUDIT, audit)                                                                            \
    X(RESPOND, respond)

enum engine_step {
#define X(code, function) STEP_##code,
    ENGINE_STEPS(X)
#undef X
};

enum engine_next { NEXT_MORE, NEXT_WAIT, NEXT_DONE };

struct run {
    uint32_t magic;
    enum engine_step step;
    uint32_t waits;
    struct hook_engine *engine;
    struct net_exchange *exchange; /* NULL once abandoned */
    const struct hook_service *service;
    struct rules_knowledge *knowledge; /* one reference */
    struct hook_call call;
    struct buf answer;
    char request_id[REQUEST_ID_CHARS + 1];
    const char *allow; /* for 405 */
    bool is_plain;     /* answered without a call: discovery, unknown paths */
    bool is_woken;
    size_t body_bytes;
    /* Microseconds, monotonic. */
    uint64_t started_us, waiting_since_us, parse_us, wait_us, decide_us, render_us;
    struct run *next; /* in the woken or the free list */
};

struct hook_engine {
    uint32_t magic;
    struct hook_engine_options options;
    struct hook_options call_options;
    uv_loop_t *loop;
    uv_prepare_t before_sleep;
    struct fhir_fetcher *fetcher;
    struct hook_servers *servers;
    struct hook_cache *cache; /* NULL: none */
    uint64_t times_opened;    /* of the fetcher's breakers, as counted so far */
    struct run *woken, **woken_tail;
    struct run *free;
    uint32_t free_count, runs_count;
    uint64_t serial;
    struct buf audit;   /* for the row being written */
    struct buf headers; /* for the answer being sent */
    time_t today_s;     /* when `today` was made */
    char today[11];     /* "2026-11-24", UTC */
    struct buf discovery;
    struct slice discovery_hash; /* of the snapshot that it describes, in its own bytes */
    char discovery_hash_[80];
    void (*on_closed)(void *owner);
    void *closed_owner;
    uint32_t closing_count;
};

uint64_t run_now_us(void); /* monotonic */

struct run *run_new(struct hook_engine *engine); /* NULL when there is no memory */
/* Gives back what it holds and keeps the struct, with its memory, for the next. */
void run_end(struct run *run);
void run_free_all(struct hook_engine *engine); /* the kept ones */

void run_wake(struct run *run);   /* to be worked off before the loop sleeps */
void run_unwake(struct run *run); /* takes it out of the woken list, if it is there */

/* What is known of the server that the call names, before its first plan. */
void run_know_server(struct run *run);
/* Meets the needs from the `from`th on: run->waits says how many answers are owed. */
void run_start_fetches(struct run *run, size_t from, uint32_t budget_ms);
void run_cancel_fetches(struct run *run);
/* Moves the results that were read into the cache. The call's documents are not to be read
 * after it. */
void run_keep_results(struct run *run);

/* Counts and logs one answer of a FHIR server. */
void run_report_fetch(const struct run *run, const struct hook_need *need);
/* Writes the audit row, the metrics and the log line of a finished or abandoned call. */
void run_report(struct run *run);

#endif
