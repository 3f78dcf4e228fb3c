/* gateway/hooks/report.c -- what is kept of a call: audit row, metrics, one log line. */
#include "gateway/hooks/gather.h"
#include "gateway/hooks/run.h"
#include "gateway/hooks/trace.h"
#include "gateway/store/store.h"

void run_report_fetch(const struct run *run, const struct hook_need *need)
{
    const struct hook_engine_options *o = &run->engine->options;

    metrics_add(o->metrics, METRIC_FETCHES, (uint32_t)need->outcome, 1);
    if (need->took_us > 0)
        metrics_observe_us(o->metrics, METRIC_FETCH_TIME, 0, need->took_us);
    if (need->is_usable)
        return;
    log_event(o->log, fetch_failed, .request_id = slice_of(run->request_id),
              .need = hook_need_name(need->kind),
              .outcome = fhir_fetch_outcome_name(need->outcome), .status = need->status,
              .took_us = need->took_us);
}

static uint32_t service_index(const struct hook_service *service)
{
    return service == NULL ? HOOK_SERVICES_COUNT : (uint32_t)(service - HOOK_SERVICES);
}

static void count_sources(struct metrics *m, const struct hook_call *call)
{
    for (size_t k = 0; k < HOOK_NEEDS_COUNT; k++)
        if (hook_gather_is_unread(call, (enum hook_need_kind)k))
            metrics_add(m, METRIC_SOURCES_UNREAD, (uint32_t)k, 1);
    for (size_t i = 0; i < call->needs_count; i++)
        if (call->needs[i]->ignored != 0)
            metrics_add(m, METRIC_PARAMETERS_IGNORED, 0, 1);
}

static void count_conversions(struct metrics *m, const struct hook_call *call)
{
    for (size_t i = 0; call->order_facts != NULL && i < call->facts.drug_orders_count; i++)
        for (size_t c = 0; c < call->order_facts[i].conversions_count; c++)
            if (call->order_facts[i].conversions[c].changes)
                metrics_add(m, METRIC_CONVERSIONS,
                            call->order_facts[i].conversions[c].is_applied
                                ? METRICS_CONVERSION_APPLIED
                                : METRICS_CONVERSION_INFORMED,
                            1);
}

static void count_call(const struct run *run, uint64_t took_us)
{
    struct metrics *m = run->engine->options.metrics;
    const struct hook_call *call = &run->call;
    uint32_t service = service_index(run->service);

    metrics_add(m, METRIC_CALLS, metrics_service_failure(service, call->failure.code), 1);
    metrics_observe_us(m, METRIC_CALL_TIME, service, took_us);
    metrics_observe_us(m, METRIC_STAGE_TIME, METRICS_STAGE_PARSE, run->parse_us);
    if (run->waiting_since_us > 0)
        metrics_observe_us(m, METRIC_STAGE_TIME, METRICS_STAGE_WAIT, run->wait_us);
    metrics_observe_us(m, METRIC_STAGE_TIME, METRICS_STAGE_DECIDE, run->decide_us);
    metrics_observe_us(m, METRIC_STAGE_TIME, METRICS_STAGE_RENDER, run->render_us);
    metrics_add(m, METRIC_ORDERS, 0, call->facts.orders_evaluated);
    metrics_add(m, METRIC_ORDERS_UNRESOLVED, 0, call->facts.orders_unresolved);
    if (call->needs_count > 0)
        count_sources(m, call);
    if (call->failure.code != HOOK_NONE)
        return;
    if (call->cards_count == 0)
        metrics_add(m, METRIC_CALLS_SILENT, service, 1);
    for (size_t i = 0; call->advice != NULL && i < call->facts.drug_orders_count; i++)
        if (call->advice[i].alert > RULES_ALERT_NONE)
            metrics_add(m, METRIC_CARDS, (uint32_t)call->advice[i].alert - RULES_ALERT_INFO, 1);
    for (size_t i = 0; i < call->pretests_count; i++) {
        metrics_add(m, METRIC_PRETESTS, (uint32_t)call->pretests[i].outcome, 1);
        if (call->pretests[i].outcome == HOOK_PRETEST_SHOWN)
            metrics_add(m, METRIC_CARDS, METRICS_INDICATOR_INFO, 1);
    }
    count_conversions(m, call);
}

static void log_call(const struct run *run, uint64_t took_us)
{
    const struct hook_call *call = &run->call;
    struct err err = {0};

    if (call->failure.code != HOOK_NONE)
        (void)err_set(&err, ERR_INVALID, "%s", call->failure.text);
    log_event(run->engine->options.log, call_answered, .request_id = slice_of(run->request_id),
              .service = run->service->id, .outcome = hook_failure_label(call->failure.code),
              .status = hook_call_status(call), .cards = call->cards_count,
              .orders = call->facts.orders_count, .fetches = call->needs_count,
              .prefetch = hook_prefetch_state_name(call->prefetch_state),
              .body_bytes = run->body_bytes, .took_us = took_us,
              .release =
                  run->knowledge == NULL ? SLICE_NONE : rules_knowledge_hash(run->knowledge),
              .error = &err);
}

/* What `write` adds to the buffer. The slice is made when the buffer has stopped growing. */
struct part {
    size_t from, to;
};

static struct part add_part(struct buf *buf, const struct hook_call *call,
                            void (*write)(const struct hook_call *call, struct buf *buf))
{
    struct part part = {.from = buf->len};

    write(call, buf);
    part.to = buf->len;
    return part;
}

static struct slice slice_of_part(const struct buf *buf, struct part part)
{
    return slice_from(slice_head(buf_slice(buf), part.to), part.from);
}

static void audit(struct run *run, uint64_t took_us)
{
    const struct hook_call *call = &run->call;
    struct buf *text = &run->engine->audit;
    struct part decisions, gaps, fetches;

    buf_clear(text);
    decisions = add_part(text, call, hook_audit_decisions_write);
    gaps = add_part(text, call, hook_audit_gaps_write);
    fetches = add_part(text, call, hook_audit_fetches_write);
    (void)store_audit(
        run->engine->options.store,
        &(struct store_audit_row){
            .request_id = slice_of(run->request_id),
            .worker = run->engine->options.worker,
            .service = slice_of(run->service->id),
            .hook = slice_of(run->service->hook),
            .hook_instance = call->request.hook_instance,
            .outcome = slice_of(run->exchange == NULL ? "abandoned"
                                                      : hook_failure_label(call->failure.code)),
            .http_status = run->exchange == NULL ? 0 : hook_call_status(call),
            .release_hash =
                run->knowledge == NULL ? SLICE_NONE : rules_knowledge_hash(run->knowledge),
            .cards = (uint32_t)call->cards_count,
            .decisions = slice_of_part(text, decisions),
            .gaps = slice_of_part(text, gaps),
            .fetches = slice_of_part(text, fetches),
            .took_us = took_us,
            .parse_us = run->parse_us,
            .wait_us = run->wait_us,
            .decide_us = run->decide_us,
            .render_us = run->render_us,
        });
}

void run_report(struct run *run)
{
    uint64_t took_us = run_now_us() - run->started_us;

    audit(run, took_us);
    count_call(run, took_us);
    log_call(run, took_us);
}
