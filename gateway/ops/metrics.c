/* gateway/ops/metrics.c -- one flat array of numbers per worker, and the text of their sums. */
#include "gateway/ops/metrics.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "fhir/fetch.h"
#include "gateway/hooks/call.h"
#include "gateway/hooks/failure.h"
#include "gateway/hooks/pretest.h"
#include "gateway/hooks/service.h"
#include "gateway/net/http.h"

/* Upper bounds of the buckets, in microseconds; one more bucket holds the rest. */
static const uint32_t BUCKETS_US[] = {50,     100,    250,    500,     1000,
                                      2500,   5000,   10000,  25000,   50000,
                                      100000, 250000, 500000, 1000000, 2500000};
#define BUCKETS_COUNT ARRAY_LEN(BUCKETS_US)
/* Of a histogram: its buckets, the rest, and the sum. */
#define HISTOGRAM_CELLS (BUCKETS_COUNT + 2)

enum kind { KIND_COUNTER, KIND_GAUGE, KIND_HISTOGRAM };

enum labels {
    LABELS_NONE,
    LABELS_SERVICE,
    LABELS_SERVICE_FAILURE,
    LABELS_STAGE,
    LABELS_INDICATOR,
    LABELS_CONVERSION,
    LABELS_PRETEST,
    LABELS_FETCH,
    LABELS_NEED,
    LABELS_HTTP_FAILURE,
    LABELS_COUNT
};

static const struct {
    enum kind kind;
    const char *name;
    enum labels labels;
    const char *help;
} METRICS[METRICS_COUNT] = {
#define METRIC(kind, code, name, labels, help)                                                 \
    [METRIC_##code] = {KIND_##kind, name, LABELS_##labels, help},
#include "gateway/ops/metrics.def"
#undef METRIC
};

/* ---- label tables ---- */

#define X(code, name) name,
static const char *const STAGES[] = {METRICS_STAGES(X)};
static const char *const INDICATORS[] = {METRICS_INDICATORS(X)};
static const char *const CONVERSIONS[] = {METRICS_CONVERSIONS(X)};
static const char *const PRETESTS[] = {HOOK_PRETEST_OUTCOMES(X)};
static const char *const FETCHES[] = {FHIR_FETCH_OUTCOMES(X)};
#undef X

#define SERVICES_COUNT (HOOK_SERVICES_COUNT + 1) /* the last one: unknown */

static const char *service_name(uint32_t index)
{
    return index < HOOK_SERVICES_COUNT ? HOOK_SERVICES[index].id : "unknown";
}

static uint32_t labels_count(enum labels labels)
{
    static const uint32_t COUNTS[LABELS_COUNT] = {
        [LABELS_NONE] = 1,
        [LABELS_SERVICE] = SERVICES_COUNT,
        [LABELS_SERVICE_FAILURE] = SERVICES_COUNT * HOOK_FAILURES_COUNT,
        [LABELS_STAGE] = ARRAY_LEN(STAGES),
        [LABELS_INDICATOR] = ARRAY_LEN(INDICATORS),
        [LABELS_CONVERSION] = ARRAY_LEN(CONVERSIONS),
        [LABELS_PRETEST] = ARRAY_LEN(PRETESTS),
        [LABELS_FETCH] = ARRAY_LEN(FETCHES),
        [LABELS_NEED] = HOOK_NEEDS_COUNT,
        [LABELS_HTTP_FAILURE] = HTTP_FAILURES_COUNT,
    };

    return COUNTS[labels];
}

/* Writes name="value" pairs, with a comma behind when `more` follows. */
static void write_labels(struct buf *buf, enum labels labels, uint32_t index)
{
    switch (labels) {
    case LABELS_NONE:
        break;
    case LABELS_SERVICE:
        buf_printf(buf, "service=\"%s\",", service_name(index));
        break;
    case LABELS_SERVICE_FAILURE:
        buf_printf(buf, "service=\"%s\",outcome=\"%s\",",
                   service_name(index / HOOK_FAILURES_COUNT),
                   hook_failure_label((enum hook_failure_code)(index % HOOK_FAILURES_COUNT)));
        break;
    case LABELS_STAGE:
        buf_printf(buf, "stage=\"%s\",", STAGES[index]);
        break;
    case LABELS_INDICATOR:
        buf_printf(buf, "indicator=\"%s\",", INDICATORS[index]);
        break;
    case LABELS_CONVERSION:
        buf_printf(buf, "use=\"%s\",", CONVERSIONS[index]);
        break;
    case LABELS_PRETEST:
        buf_printf(buf, "outcome=\"%s\",", PRETESTS[index]);
        break;
    case LABELS_FETCH:
        buf_printf(buf, "outcome=\"%s\",", FETCHES[index]);
        break;
    case LABELS_NEED:
        buf_printf(buf, "source=\"%s\",", hook_need_name((enum hook_need_kind)index));
        break;
    case LABELS_HTTP_FAILURE:
        buf_printf(buf, "cause=\"%s\",", http_failure_label((enum http_failure)index));
        break;
    case LABELS_COUNT:
        assert(false);
    }
}

uint32_t metrics_service_failure(uint32_t service, uint32_t failure)
{
    assert(service < SERVICES_COUNT && failure < HOOK_FAILURES_COUNT);
    return service * HOOK_FAILURES_COUNT + failure;
}

/* ---- cells ---- */

struct metrics {
    uint32_t starts[METRICS_COUNT]; /* first cell of each metric */
    uint32_t cells_count;
    _Atomic uint64_t cells[];
};

static uint32_t cells_each(enum metric metric)
{
    return METRICS[metric].kind == KIND_HISTOGRAM ? HISTOGRAM_CELLS : 1;
}

struct metrics *metrics_new(void)
{
    uint32_t starts[METRICS_COUNT];
    uint32_t cells_count = 0;
    struct metrics *metrics;
    size_t bytes;

    for (enum metric m = 0; m < METRICS_COUNT; m++) {
        starts[m] = cells_count;
        cells_count += cells_each(m) * labels_count(METRICS[m].labels);
    }
    /* Whole cache lines, so that two workers never write to one. */
    bytes = sizeof *metrics + cells_count * sizeof metrics->cells[0];
    metrics = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (metrics == NULL)
        return NULL;
    memcpy(metrics->starts, starts, sizeof starts);
    metrics->cells_count = cells_count;
    for (uint32_t i = 0; i < cells_count; i++)
        atomic_init(&metrics->cells[i], 0);
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    free(metrics);
}

static uint32_t cell_of(const struct metrics *metrics, enum metric metric, uint32_t label)
{
    assert(metric < METRICS_COUNT && label < labels_count(METRICS[metric].labels));
    return metrics->starts[metric] + label * cells_each(metric);
}

static uint64_t load(const struct metrics *metrics, uint32_t cell)
{
    return atomic_load_explicit(&metrics->cells[cell], memory_order_relaxed);
}

/* No read-modify-write: there is one writer. */
static void add(struct metrics *metrics, uint32_t cell, uint64_t n)
{
    atomic_store_explicit(&metrics->cells[cell], load(metrics, cell) + n, memory_order_relaxed);
}

void metrics_add(struct metrics *metrics, enum metric metric, uint32_t label, uint64_t n)
{
    assert(METRICS[metric].kind == KIND_COUNTER);
    if (metrics != NULL)
        add(metrics, cell_of(metrics, metric, label), n);
}

void metrics_set(struct metrics *metrics, enum metric metric, uint32_t label, uint64_t value)
{
    assert(METRICS[metric].kind != KIND_HISTOGRAM);
    if (metrics != NULL)
        atomic_store_explicit(&metrics->cells[cell_of(metrics, metric, label)], value,
                              memory_order_relaxed);
}

void metrics_observe_us(struct metrics *metrics, enum metric metric, uint32_t label,
                        uint64_t us)
{
    uint32_t bucket = 0;
    uint32_t cell;

    assert(METRICS[metric].kind == KIND_HISTOGRAM);
    if (metrics == NULL)
        return;
    while (bucket < BUCKETS_COUNT && us > BUCKETS_US[bucket])
        bucket++;
    cell = cell_of(metrics, metric, label);
    add(metrics, cell + bucket, 1);
    add(metrics, cell + HISTOGRAM_CELLS - 1, us);
}

/* ---- reading ---- */

static uint64_t sum_cell(const struct metrics *const *workers, size_t workers_count,
                         enum metric metric, uint32_t label, uint32_t offset)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < workers_count; i++)
        if (workers[i] != NULL)
            sum += load(workers[i], cell_of(workers[i], metric, label) + offset);
    return sum;
}

uint64_t metrics_sum(const struct metrics *const *workers, size_t workers_count,
                     enum metric metric, uint32_t label)
{
    uint64_t sum = 0;
    uint32_t cells = METRICS[metric].kind == KIND_HISTOGRAM ? BUCKETS_COUNT + 1 : 1;

    for (uint32_t i = 0; i < cells; i++)
        sum += sum_cell(workers, workers_count, metric, label, i);
    return sum;
}

/* `suffix` belongs to the name, `last` to the labels. */
static void write_sample(struct buf *buf, enum metric metric, uint32_t label,
                         const char *suffix, const char *last)
{
    struct buf labels;

    buf_init(&labels, 512);
    write_labels(&labels, METRICS[metric].labels, label);
    buf_printf(&labels, "%s", last);
    if (labels.len > 0 && labels.bytes[labels.len - 1] == ',')
        labels.len--;
    buf_printf(buf, "%s%s", METRICS[metric].name, suffix);
    if (labels.len > 0)
        buf_printf(buf, "{%.*s}", SLICE_ARG(buf_slice(&labels)));
    buf_release(&labels);
}

/* Microseconds as seconds, exactly. */
static void write_seconds(struct buf *buf, uint64_t us)
{
    buf_printf(buf, "%llu.%06llu", (unsigned long long)(us / 1000000),
               (unsigned long long)(us % 1000000));
}

static void write_histogram(struct buf *buf, const struct metrics *const *workers,
                            size_t workers_count, enum metric metric, uint32_t label)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i <= BUCKETS_COUNT; i++) {
        char last[48] = "le=\"+Inf\"";

        count += sum_cell(workers, workers_count, metric, label, i);
        if (i < BUCKETS_COUNT)
            (void)snprintf(last, sizeof last, "le=\"%u.%06u\"", BUCKETS_US[i] / 1000000,
                           BUCKETS_US[i] % 1000000);
        write_sample(buf, metric, label, "_bucket", last);
        buf_printf(buf, " %llu\n", (unsigned long long)count);
    }
    write_sample(buf, metric, label, "_sum", "");
    buf_add_char(buf, ' ');
    write_seconds(buf, sum_cell(workers, workers_count, metric, label, HISTOGRAM_CELLS - 1));
    buf_add_char(buf, '\n');
    write_sample(buf, metric, label, "_count", "");
    buf_printf(buf, " %llu\n", (unsigned long long)count);
}

static void write_metric(struct buf *buf, const struct metrics *const *workers,
                         size_t workers_count, enum metric metric)
{
    static const char *const KINDS[] = {
        [KIND_COUNTER] = "counter", [KIND_GAUGE] = "gauge", [KIND_HISTOGRAM] = "histogram"};

    buf_printf(buf, "# HELP %s %s\n# TYPE %s %s\n", METRICS[metric].name, METRICS[metric].help,
               METRICS[metric].name, KINDS[METRICS[metric].kind]);
    for (uint32_t label = 0; label < labels_count(METRICS[metric].labels); label++) {
        if (METRICS[metric].kind == KIND_HISTOGRAM) {
            write_histogram(buf, workers, workers_count, metric, label);
            continue;
        }
        write_sample(buf, metric, label, "", "");
        buf_printf(buf, " %llu\n",
                   (unsigned long long)metrics_sum(workers, workers_count, metric, label));
    }
}

void metrics_write(struct buf *buf, const struct metrics *const *workers, size_t workers_count)
{
    buf_add_text(buf, "# HELP pgxgate_build_info The version that runs.\n"
                      "# TYPE pgxgate_build_info gauge\n"
                      "pgxgate_build_info{version=\"" PGX_VERSION "\"} 1\n");
    for (enum metric m = 0; m < METRICS_COUNT; m++)
        write_metric(buf, workers, workers_count, m);
}
