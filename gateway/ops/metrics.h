/* gateway/ops/metrics.h -- counters, gauges and histograms, and their Prometheus text.
 *
 * Each worker owns one struct metrics and is its only writer; a scrape adds up those of all
 * workers. Reads and writes are relaxed atomics: a scrape sees each number as it was at some
 * moment, not all at the same one.
 *
 * Labels are indexes into fixed tables (metrics.def), so the number of series is fixed at
 * compile time and no label can carry a value from a request.
 */
#ifndef GATEWAY_OPS_METRICS_H
#define GATEWAY_OPS_METRICS_H

#include <stdint.h>

#include "rules/base/buf.h"
#include "rules/base/util.h"

#define METRICS_STAGES(X)                                                                      \
    X(PARSE, "parse")   /* body to validated request */                                        \
    X(WAIT, "wait")     /* for FHIR servers */                                                 \
    X(DECIDE, "decide") /* facts to advice */                                                  \
    X(RENDER, "render") /* advice to cards */

enum metrics_stage {
#define X(code, name) METRICS_STAGE_##code,
    METRICS_STAGES(X)
#undef X
        METRICS_STAGES_COUNT
};

#define METRICS_INDICATORS(X) X(INFO, "info") X(WARNING, "warning") X(CRITICAL, "critical")

enum metrics_indicator {
#define X(code, name) METRICS_INDICATOR_##code,
    METRICS_INDICATORS(X)
#undef X
        METRICS_INDICATORS_COUNT
};

#define METRICS_CONVERSIONS(X) X(INFORMED, "informed") X(APPLIED, "applied")

enum metrics_conversion {
#define X(code, name) METRICS_CONVERSION_##code,
    METRICS_CONVERSIONS(X)
#undef X
        METRICS_CONVERSIONS_COUNT
};

enum metric {
#define METRIC(kind, code, name, labels, help) METRIC_##code,
#include "gateway/ops/metrics.def"
#undef METRIC
    METRICS_COUNT
};

struct metrics;

struct metrics *metrics_new(void) MUST_CHECK; /* NULL when there is no memory */
void metrics_free(struct metrics *metrics);   /* accepts NULL */

/* `label` indexes the metric's label table; 0 for metrics without labels. A NULL `metrics`
 * counts nothing. */
void metrics_add(struct metrics *metrics, enum metric metric, uint32_t label, uint64_t n);
/* A gauge, or a counter that is counted elsewhere and only shown here. */
void metrics_set(struct metrics *metrics, enum metric metric, uint32_t label, uint64_t value);
void metrics_observe_us(struct metrics *metrics, enum metric metric, uint32_t label,
                        uint64_t us);

/* The label of METRIC_CALLS: `service` of HOOK_SERVICES (its count: unknown service), and
 * enum hook_failure_code. */
uint32_t metrics_service_failure(uint32_t service, uint32_t failure);

/* Sum over the workers: a counter's or gauge's value, a histogram's count of observations. */
uint64_t metrics_sum(const struct metrics *const *workers, size_t workers_count,
                     enum metric metric, uint32_t label);

/* Text exposition format 0.0.4. */
void metrics_write(struct buf *buf, const struct metrics *const *workers, size_t workers_count);
#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

#endif
