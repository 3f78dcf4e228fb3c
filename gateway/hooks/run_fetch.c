/* gateway/hooks/run_fetch.c -- how the needs of a run are met: from the cache, else by the FHIR
 * client.
 *
 * Whatever is answered at once (from the cache, by a refusal) is owed no more: run->waits
 * counts only what the client promised to report.
 */
#include <assert.h>

#include "gateway/hooks/cache.h"
#include "gateway/hooks/gather.h"
#include "gateway/hooks/run.h"
#include "gateway/hooks/servers.h"

static struct metrics *metrics_of(const struct run *run)
{
    return run->engine->options.metrics;
}

static void note_times_opened(struct hook_engine *engine)
{
    uint64_t times = fhir_fetcher_times_opened(engine->fetcher);

    if (times == engine->times_opened)
        return;
    metrics_add(engine->options.metrics, METRIC_CIRCUIT_OPENED, 0,
                times - engine->times_opened);
    log_event(engine->options.log, server_left_alone, .times = times);
    engine->times_opened = times;
}

static void answer(struct run *run, struct hook_need *need, enum fhir_fetch_outcome outcome,
                   const struct fhir_reply *reply, struct buf *body)
{
    if (reply != NULL) {
        need->retry_after_s = reply->retry_after_s;
        metrics_add(metrics_of(run), METRIC_HTTP2, 0, reply->is_http2);
    }
    hook_call_answer(&run->call, need, outcome, reply == NULL ? 0 : reply->status, body,
                     reply == NULL ? 0 : reply->took_us);
    run_report_fetch(run, need);
}

static void on_fetched(struct fhir_fetch *fetch, const struct fhir_reply *reply)
{
    struct hook_need *need = CONTAINER_OF(fetch, struct hook_need, fetch);
    struct run *run = fetch->owner;
    struct buf body = {0};

    assert(run->magic == RUN_MAGIC && run->waits > 0);
    if (reply->outcome == FHIR_FETCH_OK)
        fhir_fetch_take_body(fetch, &body);
    answer(run, need, reply->outcome, reply, &body);
    note_times_opened(run->engine);
    if (--run->waits == 0)
        run_wake(run);
}

/* ---- the cache ---- */

/* True when the need is answered. */
static bool answer_from_cache(struct run *run, struct hook_need *need)
{
    struct hook_cache *cache = run->engine->cache;
    struct buf body = {0};
    struct err err = {0};

    if (cache == NULL || !hook_need_is_of_results(need) ||
        hook_cache_key(cache, run->call.request.access_token, need->url, need->form,
                       &need->cache_key, &err) != ERR_OK)
        return false;
    need->has_cache_key = true;
    need->is_cached = hook_cache_get(cache, &need->cache_key, &body);
    metrics_add(metrics_of(run), need->is_cached ? METRIC_CACHE_HITS : METRIC_CACHE_MISSES, 0,
                1);
    if (need->is_cached)
        hook_call_answer(&run->call, need, FHIR_FETCH_OK, 200, &body, 0);
    return need->is_cached;
}

void run_keep_results(struct run *run)
{
    struct hook_cache *cache = run->engine->cache;

    if (cache == NULL)
        return;
    for (size_t i = 0; i < run->call.needs_count; i++) {
        struct hook_need *need = run->call.needs[i];

        if (need->has_cache_key && !need->is_cached && need->is_usable && need->has_brought)
            hook_cache_put(cache, &need->cache_key, &need->body);
    }
    metrics_set(metrics_of(run), METRIC_CACHE_BYTES, 0, hook_cache_bytes(cache));
}

/* ---- fetches ---- */

static void start_fetch(struct run *run, struct hook_need *need, uint32_t budget_ms)
{
    struct err err = {0};
    struct buf none = {0};

    need->is_started = true;
    need->fetch = (struct fhir_fetch){
        .url = need->url,
        .form = need->form,
        .bearer_token = run->call.request.access_token,
        .timeout_ms = budget_ms,
        .delay_ms = need->delay_ms,
        .on_done = on_fetched,
        .owner = run,
    };
    if (need->is_retry)
        metrics_add(metrics_of(run), METRIC_RETRIES, 0, 1);
    if (budget_ms <= need->delay_ms)
        answer(run, need, FHIR_FETCH_TIMEOUT, NULL, &none);
    else if (fhir_fetch_start(run->engine->fetcher, &need->fetch, &err) == ERR_OK)
        run->waits++;
    else
        answer(run, need, need->fetch.refusal, NULL, &none);
}

void run_know_server(struct run *run)
{
    struct hook_call *call = &run->call;

    if (call->may_fetch)
        call->server = hook_servers_know(run->engine->servers, call->request.fhir_server);
}

void run_start_fetches(struct run *run, size_t from, uint32_t budget_ms)
{
    struct hook_call *call = &run->call;
    bool is_asking = false;

    for (size_t i = from; i < call->needs_count; i++) {
        if (answer_from_cache(run, call->needs[i]))
            continue;
        start_fetch(run, call->needs[i], budget_ms);
        is_asking = true;
    }
    if (is_asking && from == 0) /* once a call, behind its own fetches */
        hook_servers_refresh(run->engine->servers, run->engine->fetcher,
                             call->request.fhir_server, run_now_us() / 1000);
}

void run_cancel_fetches(struct run *run)
{
    for (size_t i = 0; i < run->call.needs_count; i++)
        if (run->call.needs[i]->is_started && !run->call.needs[i]->is_answered)
            fhir_fetch_cancel(&run->call.needs[i]->fetch);
    run->waits = 0;
}
