/* tests/gateway/test_metrics.c -- numbers of all workers add up, and the text is what
 * Prometheus reads. */
#include "gateway/ops/metrics.h"
#include "tests/test.h"

#include <pthread.h>

#include "fhir/fetch.h"
#include "gateway/hooks/failure.h"
#include "gateway/hooks/service.h"
#include "gateway/net/http.h"

static struct buf text_of(const struct metrics *const *workers, size_t workers_count)
{
    struct buf buf;

    buf_init(&buf, 1u << 20);
    metrics_write(&buf, workers, workers_count);
    assert_false(buf_failed(&buf));
    return buf;
}

static void assert_has(const struct buf *buf, const char *line)
{
    if (slice_find(buf_slice(buf), slice_of(line)) == SIZE_MAX)
        fail_msg("missing: %s", line);
}

static void workers_are_added_up(void **state)
{
    struct metrics *one = metrics_new(), *two = metrics_new();
    const struct metrics *const both[] = {one, two, NULL};
    struct buf text;

    (void)state;
    metrics_add(one, METRIC_CONNECTIONS, 0, 3);
    metrics_add(two, METRIC_CONNECTIONS, 0, 4);
    metrics_set(one, METRIC_IN_FLIGHT, 0, 9);
    metrics_set(one, METRIC_IN_FLIGHT, 0, 2);
    metrics_set(two, METRIC_IN_FLIGHT, 0, 5);
    metrics_add(NULL, METRIC_CONNECTIONS, 0, 100);
    assert_int_equal(metrics_sum(both, 3, METRIC_CONNECTIONS, 0), 7);
    assert_int_equal(metrics_sum(both, 1, METRIC_CONNECTIONS, 0), 3);
    assert_int_equal(metrics_sum(both, 3, METRIC_IN_FLIGHT, 0), 7);
    text = text_of(both, 3);
    assert_has(&text, "# HELP pgxgate_connections_total Connections accepted.\n"
                      "# TYPE pgxgate_connections_total counter\n"
                      "pgxgate_connections_total 7\n");
    assert_has(&text, "# TYPE pgxgate_requests_in_flight gauge\n"
                      "pgxgate_requests_in_flight 7\n");
    assert_has(&text, "pgxgate_build_info{version=\"" PGX_VERSION "\"} 1\n");
    buf_release(&text);
    metrics_free(one);
    metrics_free(two);
}

static void labels_come_from_their_tables(void **state)
{
    struct metrics *metrics = metrics_new();
    const struct metrics *const all[] = {metrics};
    struct buf text;

    (void)state;
    metrics_add(metrics, METRIC_HTTP_REFUSED, HTTP_FAILURE_BODY_SIZE, 2);
    metrics_add(metrics, METRIC_FETCHES, FHIR_FETCH_TIMEOUT, 5);
    metrics_add(metrics, METRIC_CARDS, METRICS_INDICATOR_CRITICAL, 1);
    metrics_add(metrics, METRIC_CALLS, metrics_service_failure(1, HOOK_DATA_MISSING), 6);
    metrics_add(metrics, METRIC_CALLS,
                metrics_service_failure(HOOK_SERVICES_COUNT, HOOK_UNKNOWN_SERVICE), 7);
    text = text_of(all, 1);
    assert_has(&text, "\npgxgate_http_refused_total{cause=\"body_size\"} 2\n");
    assert_has(&text, "\npgxgate_http_refused_total{cause=\"timeout\"} 0\n");
    assert_has(&text, "\npgxgate_fhir_fetches_total{outcome=\"timeout\"} 5\n");
    assert_has(&text, "\npgxgate_cards_total{indicator=\"critical\"} 1\n");
    assert_has(&text,
               "\npgxgate_calls_total{service=\"pgx-order-sign\",outcome=\"data_missing\"} "
               "6\n");
    assert_has(&text,
               "\npgxgate_calls_total{service=\"unknown\",outcome=\"unknown_service\"} 7\n");
    buf_release(&text);
    metrics_free(metrics);
}

static void times_fall_into_buckets(void **state)
{
    static const uint64_t observed_us[] = {0, 50, 51, 1000, 1001, 2500000, 2500001, 60000000};
    struct metrics *metrics = metrics_new();
    const struct metrics *const all[] = {metrics};
    struct buf text;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(observed_us); i++)
        metrics_observe_us(metrics, METRIC_STAGE_TIME, METRICS_STAGE_WAIT, observed_us[i]);
    assert_int_equal(metrics_sum(all, 1, METRIC_STAGE_TIME, METRICS_STAGE_WAIT), 8);
    assert_int_equal(metrics_sum(all, 1, METRIC_STAGE_TIME, METRICS_STAGE_PARSE), 0);
    text = text_of(all, 1);
    assert_has(&text, "# TYPE pgxgate_stage_seconds histogram\n");
    assert_has(&text, "pgxgate_stage_seconds_bucket{stage=\"wait\",le=\"0.000050\"} 2\n"
                      "pgxgate_stage_seconds_bucket{stage=\"wait\",le=\"0.000100\"} 3\n");
    assert_has(&text, "pgxgate_stage_seconds_bucket{stage=\"wait\",le=\"0.001000\"} 4\n"
                      "pgxgate_stage_seconds_bucket{stage=\"wait\",le=\"0.002500\"} 5\n");
    assert_has(&text, "pgxgate_stage_seconds_bucket{stage=\"wait\",le=\"2.500000\"} 6\n"
                      "pgxgate_stage_seconds_bucket{stage=\"wait\",le=\"+Inf\"} 8\n"
                      "pgxgate_stage_seconds_sum{stage=\"wait\"} 65.002103\n"
                      "pgxgate_stage_seconds_count{stage=\"wait\"} 8\n");
    assert_has(&text, "pgxgate_fhir_fetch_seconds_bucket{le=\"+Inf\"} 0\n"
                      "pgxgate_fhir_fetch_seconds_sum 0.000000\n");
    buf_release(&text);
    metrics_free(metrics);
}

/* Every line is a comment or: name, perhaps {name="text",...}, one space, a number. */
static bool sample_is_valid(struct slice line)
{
    size_t at = 0;

    while (at < line.len &&
           (line.ptr[at] == '_' || (line.ptr[at] >= 'a' && line.ptr[at] <= 'z')))
        at++;
    if (at == 0 || at == line.len)
        return false;
    if (line.ptr[at] == '{') {
        size_t end = slice_find(line, SLICE("\"} "));

        if (end == SIZE_MAX)
            return false;
        at = end + 2;
    }
    if (line.ptr[at++] != ' ' || at == line.len)
        return false;
    for (; at < line.len; at++)
        if (line.ptr[at] != '.' && (line.ptr[at] < '0' || line.ptr[at] > '9'))
            return false;
    return true;
}

static void every_line_is_a_comment_or_a_sample(void **state)
{
    struct metrics *metrics = metrics_new();
    const struct metrics *const all[] = {metrics};
    struct buf text = text_of(all, 1);
    struct slice rest = buf_slice(&text);
    size_t samples = 0, names = 0;

    (void)state;
    while (rest.len > 0) {
        struct slice line = slice_cut(rest, '\n', &rest);

        names += slice_starts(line, SLICE("# TYPE "));
        if (slice_starts(line, SLICE("# ")))
            continue;
        if (!sample_is_valid(line))
            fail_msg("%.*s", SLICE_ARG(line));
        samples++;
    }
    assert_int_equal(names, METRICS_COUNT + 1);
    assert_true(samples > METRICS_COUNT);
    buf_release(&text);
    metrics_free(metrics);
}

static void *count_up(void *metrics)
{
    for (unsigned i = 0; i < 20000; i++)
        metrics_add(metrics, METRIC_CONNECTIONS, 0, 1);
    return NULL;
}

static void a_scrape_may_run_beside_its_writer(void **state)
{
    struct metrics *metrics = metrics_new();
    const struct metrics *const all[] = {metrics};
    pthread_t writer;
    uint64_t before = 0;

    (void)state;
    assert_int_equal(pthread_create(&writer, NULL, count_up, metrics), 0);
    for (unsigned i = 0; i < 200; i++) {
        uint64_t now = metrics_sum(all, 1, METRIC_CONNECTIONS, 0);

        assert_true(now >= before && now <= 20000);
        before = now;
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    assert_int_equal(metrics_sum(all, 1, METRIC_CONNECTIONS, 0), 20000);
    metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_are_added_up),
        cmocka_unit_test(labels_come_from_their_tables),
        cmocka_unit_test(times_fall_into_buckets),
        cmocka_unit_test(every_line_is_a_comment_or_a_sample),
        cmocka_unit_test(a_scrape_may_run_beside_its_writer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
