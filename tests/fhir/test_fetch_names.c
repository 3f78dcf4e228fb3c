/* tests/fhir/test_fetch_names.c -- host names that resolve slowly do not hold up the loop. */
#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <unistd.h>

#include "tests/fhir/peer.h"

static const struct peer_answer ANSWER = {
    "/fhir/ok", PEER_SEND,
    "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: 2\r\n\r\n{}",
    NULL};

#define SLOW_NAME_MS 600

static atomic_uint lookups_begun, lookups_ended;

/* Takes the C library's place in this program: the resolver thread of libcurl ends up here. */
int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict ret)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    int code;

    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    atomic_fetch_add(&lookups_begun, 1);
    if (name != NULL && strcmp(name, "slow.test") == 0) {
        (void)usleep(SLOW_NAME_MS * 1000);
        name = "127.0.0.1";
    }
    code = name != NULL && strcmp(name, "none.test") == 0 ? EAI_NONAME
                                                          : real(name, service, hints, ret);
    atomic_fetch_add(&lookups_ended, 1);
    return code;
}

struct pulse {
    uv_timer_t timer;
    uint64_t last_ns, longest_ns;
};

static void on_pulse(uv_timer_t *timer)
{
    struct pulse *pulse = CONTAINER_OF(timer, struct pulse, timer);
    uint64_t now = uv_hrtime();

    if (now - pulse->last_ns > pulse->longest_ns)
        pulse->longest_ns = now - pulse->last_ns;
    pulse->last_ns = now;
}

static void start_by_name(struct rig *rig, struct call *call, const char *name,
                          uint32_t timeout_ms)
{
    struct err err = {0};

    (void)snprintf(call->url, sizeof call->url, "http://%s:%u/fhir/ok", name, rig->peer.port);
    call->fetch.url = slice_of(call->url);
    call->fetch.timeout_ms = timeout_ms;
    call->fetch.on_done = call_on_done;
    assert_ok(fhir_fetch_start(rig->fetcher, &call->fetch, &err), &err);
}

static void open_with_names(struct rig *rig)
{
    struct slice bases[2];
    char texts[2][64];
    struct err err = {0};

    rig_open(rig, RIG_LIMITS, &ANSWER, 1);
    fhir_fetcher_close(rig->fetcher, NULL, NULL);
    for (size_t i = 0; i < ARRAY_LEN(bases); i++) {
        (void)snprintf(texts[i], sizeof texts[i], "http://%s.test:%u/fhir",
                       i == 0 ? "slow" : "none", rig->peer.port);
        bases[i] = slice_of(texts[i]);
    }
    assert_ok(fhir_fetcher_new(&rig->loop, bases, 2, RIG_LIMITS, &rig->fetcher, &err), &err);
}

static void slow_names_do_not_block_the_loop(void **state)
{
    struct pulse pulse = {.longest_ns = 0};
    struct call given_up = {0}, patient = {0}, cancelled = {0};
    struct rig rig;

    (void)state;
    open_with_names(&rig);
    (void)uv_timer_init(&rig.loop, &pulse.timer);
    pulse.last_ns = uv_hrtime();
    (void)uv_timer_start(&pulse.timer, on_pulse, 5, 5);
    start_by_name(&rig, &given_up, "slow.test", 100);
    start_by_name(&rig, &cancelled, "slow.test", 5000);
    start_by_name(&rig, &patient, "slow.test", 5000);
    rig_run(&rig, &given_up.done_count, 1, 0); /* 500 ms before the name is known */
    fhir_fetch_cancel(&cancelled.fetch);
    assert_int_equal(given_up.reply.outcome, FHIR_FETCH_TIMEOUT);
    assert_int_equal(atomic_load(&lookups_ended), 0);
    rig_run(&rig, &patient.done_count, 1, 0);
    assert_int_equal(patient.reply.outcome, FHIR_FETCH_OK);
    assert_int_equal(cancelled.done_count, 0);
    assert_true(pulse.longest_ns < (uint64_t)SLOW_NAME_MS * 1000000 / 3);
    uv_close((uv_handle_t *)&pulse.timer, NULL);
    call_release(&patient);
    rig_close(&rig);
}

static void closing_does_not_wait_for_names(void **state)
{
    struct call call = {0};
    struct rig rig;
    uint64_t began_ns;

    (void)state;
    open_with_names(&rig);
    start_by_name(&rig, &call, "slow.test", 5000);
    rig_run(&rig, NULL, 0, 20);
    began_ns = uv_hrtime();
    rig_close(&rig);
    assert_true(uv_hrtime() - began_ns < (uint64_t)SLOW_NAME_MS * 1000000 / 2);
    assert_int_equal(call.done_count, 0);
}

static void unknown_names_are_refused(void **state)
{
    struct call call = {0};
    struct rig rig;

    (void)state;
    open_with_names(&rig);
    start_by_name(&rig, &call, "none.test", 5000);
    rig_run(&rig, &call.done_count, 1, 0);
    assert_int_equal(call.reply.outcome, FHIR_FETCH_REFUSED);
    rig_close(&rig);
}

/* The threads that were left to themselves free what they own when they end. */
static int wait_for_lookups(void **state)
{
    (void)state;
    while (atomic_load(&lookups_ended) < atomic_load(&lookups_begun))
        (void)usleep(10000);
    (void)usleep(50000);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_names_do_not_block_the_loop),
        cmocka_unit_test(closing_does_not_wait_for_names),
        cmocka_unit_test(unknown_names_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, wait_for_lookups);
}
