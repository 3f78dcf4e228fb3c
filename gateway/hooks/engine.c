/* gateway/hooks/engine.c -- one HTTP request as steps.
 *
 *   ROUTE > VALIDATE > GATHER > DECIDE > RENDER > AUDIT > RESPOND
 *             |         ^  |                ^
 *             |         |  +- WAIT for FHIR |
 *             +---------+-------------------+ a failed call is rendered, audited, answered too
 *
 * A step sets run->step to its successor first, then does its work and returns
 *   MORE  run the next step now     WAIT  answers are owed; the last one wakes the run
 *   DONE  the response is written
 *
 * Invariants
 *   (1) run->waits counts the callbacks still owed. No step runs unless it is 0.
 *   (2) A callback records its result and wakes. It never runs a step itself; woken runs are
 *       worked off once per loop turn, just before the loop sleeps.
 *   (3) Every hook call passes AUDIT once and RESPOND once, whether it failed or not; an
 *       abandoned one passes AUDIT only.
 *   (4) A run holds one reference to the snapshot from VALIDATE to its end.
 */
#include "gateway/hooks/engine.h"

#include <assert.h>

#include "gateway/hooks/cache.h"
#include "gateway/hooks/outcome.h"
#include "gateway/hooks/run.h"
#include "gateway/hooks/servers.h"
#include "gateway/store/store.h"

#define HEADERS_BYTES_MAX 4096
#define ARENA_BYTES_MAX   ((size_t)32 * 1024 * 1024)
#define RETRY_AFTER_S     "1"
#define FHIR_JSON         "application/fhir+json; charset=utf-8"
#define PLAIN_JSON        "application/json; charset=utf-8"
#define SERVICES_PATH     "/cds-services"

static enum engine_next fail(struct run *run, enum hook_failure_code code, const char *text)
{
    (void)hook_fail(&run->call.failure, code, "", "%s", text);
    run->step = STEP_RENDER;
    return NEXT_MORE;
}

static enum engine_next fail_plain(struct run *run, enum hook_failure_code code,
                                   const char *text)
{
    run->is_plain = true;
    return fail(run, code, text);
}

/* "/cds-services//id/" names what "/cds-services/id" names: one client builds its URLs from a
 * discovery address that ends in a slash. */
static struct slice service_path(struct slice path)
{
    struct slice rest = slice_from(path, SLICE(SERVICES_PATH).len);

    while (slice_starts(rest, SLICE("/")))
        rest = slice_from(rest, 1);
    while (slice_ends(rest, SLICE("/")))
        rest.len--;
    return rest;
}

static bool is_json(struct slice content_type)
{
    struct slice rest;
    struct slice type = slice_trim(slice_cut(content_type, ';', &rest));

    return slice_eq_nocase(type, SLICE("application/json")) ||
           slice_eq_nocase(type, SLICE("application/fhir+json"));
}

static enum engine_next answer_discovery(struct run *run)
{
    struct hook_engine *engine = run->engine;
    struct slice hash =
        run->knowledge == NULL ? SLICE_NONE : rules_knowledge_hash(run->knowledge);

    run->is_plain = true;
    run->step = STEP_RESPOND;
    if (engine->discovery.len == 0 || !slice_eq(hash, engine->discovery_hash)) {
        assert(hash.len < sizeof engine->discovery_hash_);
        buf_clear(&engine->discovery);
        hook_discovery_write(&engine->discovery, run->knowledge, engine->call_options.mapping,
                             engine->call_options.conversion != RULES_CONVERSION_OFF ||
                                 engine->call_options.pretests_count > 0);
        if (hash.len > 0)
            memcpy(engine->discovery_hash_, hash.ptr, hash.len);
        engine->discovery_hash = (struct slice){engine->discovery_hash_, hash.len};
    }
    buf_add(&run->answer, buf_slice(&engine->discovery));
    return NEXT_MORE;
}

static enum engine_next route(struct run *run)
{
    const struct http_request *request = run->exchange->request;
    struct slice id;

    run->step = STEP_VALIDATE;
    run->body_bytes = request->body.len;
    if (!slice_starts(request->path, SLICE(SERVICES_PATH)) ||
        (request->path.len > SLICE(SERVICES_PATH).len &&
         request->path.ptr[SLICE(SERVICES_PATH).len] != '/'))
        return fail_plain(run, HOOK_UNKNOWN_PATH,
                          "unknown path; the services are listed at /cds-services");
    run->knowledge = store_knowledge(run->engine->options.store);
    id = service_path(request->path);
    if (id.len == 0) {
        if (request->method == HTTP_METHOD_GET || request->method == HTTP_METHOD_HEAD)
            return answer_discovery(run);
        run->allow = "GET, HEAD, OPTIONS";
        return fail_plain(run, HOOK_WRONG_METHOD, "discovery answers GET");
    }
    run->service = hook_service_find(id);
    if (run->service == NULL)
        return fail_plain(run, HOOK_UNKNOWN_SERVICE,
                          "unknown service id; the services are listed at /cds-services");
    if (request->method != HTTP_METHOD_POST) {
        run->allow = "POST, OPTIONS";
        return fail(run, HOOK_WRONG_METHOD, "a CDS service answers POST");
    }
    return NEXT_MORE;
}

/* The day, in UTC, made anew once a second at most. */
static struct slice today(struct hook_engine *engine)
{
    time_t now = time(NULL);
    struct tm parts;

    if (now != engine->today_s) {
        engine->today_s = now;
        (void)gmtime_r(&now, &parts);
        (void)strftime(engine->today, sizeof engine->today, "%Y-%m-%d", &parts);
    }
    return slice_of(engine->today);
}

static enum engine_next validate(struct run *run)
{
    const struct http_request *request = run->exchange->request;
    uint64_t from_us = run_now_us();

    run->step = STEP_GATHER;
    if (!is_json(http_request_header(request, HTTP_HEADER_CONTENT_TYPE)))
        return fail(run, HOOK_WRONG_MEDIA_TYPE, "Content-Type must be application/json");
    if (run->knowledge == NULL)
        return fail(run, HOOK_NOT_READY, "no knowledge release is active yet");
    if (run->engine->runs_count > run->engine->options.config->requests_in_flight_max)
        return fail(run, HOOK_OVERLOAD, "too many requests at once; try again");
    if (!hook_call_open(&run->call, run->service, request->body, run->knowledge,
                        today(run->engine)))
        run->step = STEP_RENDER;
    run->parse_us = run_now_us() - from_us;
    return NEXT_MORE;
}

/* Rounds of fetches under one deadline, until the call wants nothing more. */
static enum engine_next gather(struct run *run)
{
    uint64_t deadline_us = (uint64_t)run->engine->options.config->deadline_ms * 1000;
    struct hook_call *call = &run->call;
    size_t wanted;

    if (run->waiting_since_us > 0)
        run->wait_us = run_now_us() - run->waiting_since_us;
    else
        run_know_server(run);
    run->step = STEP_DECIDE;
    call->left_ms =
        run->wait_us >= deadline_us ? 0 : (uint32_t)((deadline_us - run->wait_us + 999) / 1000);
    wanted = hook_call_plan(call);
    if (wanted == 0)
        return NEXT_MORE;
    run->step = STEP_GATHER;
    if (run->waiting_since_us == 0)
        run->waiting_since_us = run_now_us();
    run_start_fetches(run, call->needs_count - wanted, call->left_ms);
    return run->waits > 0 ? NEXT_WAIT : NEXT_MORE;
}

static enum engine_next decide(struct run *run)
{
    uint64_t from_us = run_now_us();

    run->step = STEP_RENDER;
    hook_call_decide(&run->call); /* a failure is kept in the call and rendered */
    run->decide_us = run_now_us() - from_us;
    return NEXT_MORE;
}

static enum engine_next render(struct run *run)
{
    uint64_t from_us = run_now_us();

    run->step = run->is_plain ? STEP_RESPOND : STEP_AUDIT;
    hook_call_render(&run->call, &run->answer);
    run->render_us = run_now_us() - from_us;
    return NEXT_MORE;
}

static enum engine_next audit(struct run *run)
{
    run->step = STEP_RESPOND;
    run_report(run);
    return NEXT_MORE;
}

static enum engine_next respond(struct run *run)
{
    uint32_t status = hook_call_status(&run->call);
    struct net_exchange *exchange = run->exchange;
    struct buf *headers = &run->engine->headers;

    buf_clear(headers);
    buf_add_text(headers, "Cache-Control: no-store\r\n");
    buf_join(headers, SLICE("X-Request-Id: "), slice_of(run->request_id), SLICE("\r\n"));
    if (run->allow != NULL)
        buf_printf(headers, "Allow: %s\r\n", run->allow);
    if (status == 503)
        buf_add_text(headers, "Retry-After: " RETRY_AFTER_S "\r\n");
    if (run->is_plain)
        metrics_add(run->engine->options.metrics, METRIC_OTHER_REQUESTS, 0, 1);
    run->exchange = NULL;
    net_exchange_respond(
        exchange, &(struct http_response){
                      .status = status,
                      .content_type = status == 200 ? SLICE(PLAIN_JSON) : SLICE(FHIR_JSON),
                      .headers = buf_slice(headers),
                      .body = buf_slice(&run->answer),
                  });
    return NEXT_DONE;
}

static void run_steps(struct run *run)
{
    static enum engine_next (*const STEPS[])(struct run *) = {
#define X(code, function) [STEP_##code] = function,
        ENGINE_STEPS(X)
#undef X
    };
    enum engine_next next;

    do {
        assert(run->magic == RUN_MAGIC && run->waits == 0 && run->exchange != NULL);
        next = STEPS[run->step](run);
    } while (next == NEXT_MORE);
    if (next == NEXT_DONE)
        run_end(run);
}

static void on_before_sleep(uv_prepare_t *handle)
{
    struct hook_engine *engine = CONTAINER_OF(handle, struct hook_engine, before_sleep);

    while (engine->woken != NULL) {
        struct run *run = engine->woken;

        run_unwake(run);
        run_steps(run);
    }
}

/* ---- the server's callbacks ---- */

void hook_engine_on_request(struct net_exchange *exchange, void *owner)
{
    struct hook_engine *engine = owner;
    struct run *run = run_new(engine);

    assert(engine->magic == ENGINE_MAGIC);
    if (run == NULL) {
        net_exchange_respond(exchange,
                             &(struct http_response){.status = 503, .must_close = true});
        return;
    }
    run->exchange = exchange;
    run->started_us = exchange->arrived_us;
    run->step = STEP_ROUTE;
    (void)snprintf(run->request_id, sizeof run->request_id, "%x-%llx-%llx",
                   engine->options.worker, (unsigned long long)(engine->serial++),
                   (unsigned long long)(run->started_us & 0xFFFFFFFF));
    exchange->state = run;
    run_steps(run);
}

void hook_engine_on_abandoned(struct net_exchange *exchange, void *owner)
{
    struct run *run = exchange->state;

    (void)owner;
    assert(run->magic == RUN_MAGIC && run->exchange == exchange);
    run_cancel_fetches(run);
    run->exchange = NULL;
    log_event(run->engine->options.log, call_abandoned, .request_id = slice_of(run->request_id),
              .service = run->service->id, .took_us = run_now_us() - run->started_us);
    run_report(run);
    run_unwake(run);
    run_end(run);
}

/* ---- life cycle ---- */

static struct hook_options options_of(const struct gw_config *config)
{
    return (struct hook_options){
        .fhir_servers = config->fhir_allowed_servers,
        .fhir_servers_count = config->fhir_allowed_servers_count,
        .json_nodes_max = config->json_nodes_max,
        .fetches_max = config->fhir_fetches_per_request_max,
        .pages_max = config->fhir_pages_max,
        .url_bytes_max = config->fhir_url_bytes_max,
        .cards_max = config->cards_max,
        .arena_bytes_max = ARENA_BYTES_MAX,
        .locale = slice_of(config->card_locale),
        .policy = {.publishers = config->guideline_order,
                   .publishers_count = config->guideline_order_count},
        .conversion = config->phenoconversion,
        .pretests = config->pretest,
        .pretests_count = config->pretest_count,
    };
}

static void on_statement(void *engine_, enum fhir_fetch_outcome outcome,
                         enum fhir_server_kind kind)
{
    struct hook_engine *engine = engine_;

    metrics_add(engine->options.metrics, METRIC_STATEMENTS, (uint32_t)outcome, 1);
    log_event(engine->options.log, statement_read, .outcome = fhir_fetch_outcome_name(outcome),
              .kind = fhir_server_traits(kind)->name);
}

enum err_code hook_engine_new(uv_loop_t *loop, const struct hook_engine_options *options,
                              struct hook_engine **ret, struct err *err)
{
    const struct gw_config *config = options->config;
    struct hook_engine *engine = calloc(1, sizeof *engine);
    struct fhir_fetcher_limits limits = {
        .connections_per_host_max = config->fhir_connections_per_host,
        .connections_max = config->fhir_connections_per_host * 8,
        .connect_timeout_ms = config->fhir_connect_timeout_ms,
        .body_bytes_max = config->fhir_body_bytes_max,
        .ca_file = config->fhir_ca_file[0] == '\0' ? NULL : config->fhir_ca_file,
        .waiting_per_host_max = config->fhir_waiting_per_host,
        .breaker = {.failures = config->fhir_breaker_failures,
                    .window_ms = config->fhir_breaker_window_ms,
                    .open_ms = config->fhir_breaker_open_ms},
        .has_http2 = config->fhir_http2,
    };

    struct hook_servers_options servers = {
        .kinds = config->fhir_server_kinds,
        .kinds_count = config->fhir_server_kinds_count,
        .refresh_s = config->fhir_statement_s,
        .json_nodes_max = config->json_nodes_max,
        .on_statement = on_statement,
        .owner = engine,
    };
    struct err no_cache = {0};

    if (engine == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the engine");
    *engine = (struct hook_engine){
        .magic = ENGINE_MAGIC,
        .options = *options,
        .call_options = options_of(config),
        .loop = loop,
    };
    engine->call_options.mapping = options->mapping;
    engine->woken_tail = &engine->woken;
    buf_init(&engine->discovery, ANSWER_BYTES_MAX);
    buf_init(&engine->audit, AUDIT_BYTES_MAX);
    buf_init(&engine->headers, HEADERS_BYTES_MAX);
    if (hook_servers_new(&servers, &engine->servers, err) != ERR_OK ||
        fhir_fetcher_new(loop, config->fhir_allowed_servers, config->fhir_allowed_servers_count,
                         limits, &engine->fetcher, err) != ERR_OK) {
        hook_servers_free(engine->servers);
        free(engine);
        return err->code;
    }
    /* Without memory for a cache the engine works without one. */
    if (config->fhir_cache_s > 0 &&
        hook_cache_new(loop, config->fhir_cache_s * 1000, config->fhir_cache_bytes_max,
                       &engine->cache, &no_cache) != ERR_OK)
        engine->cache = NULL;
    (void)uv_prepare_init(loop, &engine->before_sleep);
    (void)uv_prepare_start(&engine->before_sleep, on_before_sleep);
    *ret = engine;
    return ERR_OK;
}

static void close_one(struct hook_engine *engine)
{
    void (*on_closed)(void *owner) = engine->on_closed;
    void *owner = engine->closed_owner;

    if (--engine->closing_count > 0)
        return;
    run_free_all(engine);
    hook_servers_free(engine->servers);
    buf_release(&engine->discovery);
    buf_release(&engine->audit);
    buf_release(&engine->headers);
    engine->magic = 0;
    free(engine);
    on_closed(owner);
}

static void on_prepare_closed(uv_handle_t *handle)
{
    close_one(CONTAINER_OF(handle, struct hook_engine, before_sleep));
}

static void on_part_closed(void *engine)
{
    close_one(engine);
}

void hook_engine_close(struct hook_engine *engine, void (*on_closed)(void *owner), void *owner)
{
    assert(engine->magic == ENGINE_MAGIC && engine->runs_count == 0);
    engine->on_closed = on_closed;
    engine->closed_owner = owner;
    engine->closing_count = engine->cache == NULL ? 2 : 3;
    fhir_fetcher_close(engine->fetcher, on_part_closed, engine);
    if (engine->cache != NULL)
        hook_cache_close(engine->cache, on_part_closed, engine);
    uv_close((uv_handle_t *)&engine->before_sleep, on_prepare_closed);
}
