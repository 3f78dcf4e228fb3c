/* tests/gateway/test_cache.c -- what is kept of a patient's results, for whom, and how long. */
#include "tests/test.h"

#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "gateway/hooks/cache.h"

#define LIFETIME_MS 60

struct rig {
    uv_loop_t loop;
    struct hook_cache *cache;
    unsigned closed;
};

static void rig_open(struct rig *rig, uint32_t lifetime_ms, size_t bytes_max)
{
    struct err err = {0};

    *rig = (struct rig){0};
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    assert_ok(hook_cache_new(&rig->loop, lifetime_ms, bytes_max, &rig->cache, &err), &err);
}

static void on_closed(void *rig_)
{
    struct rig *rig = rig_;

    rig->closed++;
}

static void rig_close(struct rig *rig)
{
    hook_cache_close(rig->cache, on_closed, rig);
    assert_int_equal(uv_run(&rig->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(rig->closed, 1);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
}

static struct hook_cache_key key_of(struct rig *rig, const char *token, const char *url,
                                    const char *form)
{
    struct hook_cache_key key;
    struct err err = {0};

    assert_ok(
        hook_cache_key(rig->cache, slice_of(token), slice_of(url), slice_of(form), &key, &err),
        &err);
    return key;
}

static void put(struct rig *rig, const struct hook_cache_key *key, const char *text)
{
    struct buf body;

    buf_init(&body, 1 << 20);
    buf_add(&body, slice_of(text));
    hook_cache_put(rig->cache, key, &body);
    assert_null(body.bytes); /* taken */
}

static bool has(struct rig *rig, const struct hook_cache_key *key, const char *text)
{
    struct buf got = {0};
    bool is_here = hook_cache_get(rig->cache, key, &got);

    if (is_here)
        assert_slice_equal(buf_slice(&got), text);
    buf_release(&got);
    return is_here;
}

static void every_part_of_the_key_counts(void **state)
{
    static const char *const KEYS[][3] = {
        {"token", "https://a/Observation?patient=1&code=x", ""},
        {"other", "https://a/Observation?patient=1&code=x", ""},
        {"", "https://a/Observation?patient=1&code=x", ""},
        {"token", "https://a/Observation?patient=2&code=x", ""},
        {"token", "https://a/Observation?patient=1&code=y", ""},
        {"token", "https://b/Observation?patient=1&code=x", ""},
        {"token", "https://a/Observation?patient=1", "&code=x"},
        {"tokenhttps:", "//a/Observation?patient=1&code=x", ""},
    };
    struct rig rig;

    (void)state;
    rig_open(&rig, 60000, 1 << 20);
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
        struct hook_cache_key key = key_of(&rig, KEYS[i][0], KEYS[i][1], KEYS[i][2]);
        char text[8];

        (void)snprintf(text, sizeof text, "%zu", i);
        if (has(&rig, &key, ""))
            fail_msg("row %zu is found before it was put", i);
        put(&rig, &key, text);
        assert_true(has(&rig, &key, text));
        key = key_of(&rig, KEYS[i][0], KEYS[i][1], KEYS[i][2]);
        assert_true(has(&rig, &key, text)); /* and again: a get does not take it */
    }
    assert_int_equal(hook_cache_entries(rig.cache), ARRAY_LEN(KEYS));
    rig_close(&rig);
}

/* By itself, while nobody asks. */
static void it_is_gone_when_its_time_ends(void **state)
{
    struct hook_cache_key first, second;
    struct rig rig;

    (void)state;
    rig_open(&rig, LIFETIME_MS, 1 << 20);
    first = key_of(&rig, "t", "1", "");
    second = key_of(&rig, "t", "2", "");
    put(&rig, &first, "one");
    (void)usleep(LIFETIME_MS * 500);
    uv_update_time(&rig.loop);
    put(&rig, &second, "two");
    assert_int_equal(uv_run(&rig.loop, UV_RUN_ONCE), 1); /* until the first ends */
    assert_false(has(&rig, &first, ""));
    assert_true(has(&rig, &second, "two"));
    assert_int_equal(uv_run(&rig.loop, UV_RUN_DEFAULT), 0); /* nothing left to wait for */
    assert_false(has(&rig, &second, ""));
    assert_int_equal(hook_cache_bytes(rig.cache), 0);
    assert_int_equal(hook_cache_entries(rig.cache), 0);
    put(&rig, &first, "anew");
    assert_true(has(&rig, &first, "anew"));
    rig_close(&rig);
}

static void a_late_timer_changes_nothing(void **state)
{
    struct hook_cache_key key;
    struct rig rig;

    (void)state;
    rig_open(&rig, 10, 1 << 20);
    key = key_of(&rig, "t", "1", "");
    put(&rig, &key, "one");
    (void)usleep(20000);
    uv_update_time(&rig.loop); /* the timer has not run yet */
    assert_false(has(&rig, &key, ""));
    rig_close(&rig);
}

static void its_bytes_have_a_limit(void **state)
{
    static char large[2000];
    struct hook_cache_key keys[8];
    struct rig rig;

    (void)state;
    memset(large, 'x', sizeof large - 1);
    rig_open(&rig, 60000, 10000);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        char url[8];

        (void)snprintf(url, sizeof url, "%zu", i);
        keys[i] = key_of(&rig, "", url, "");
        put(&rig, &keys[i], large);
        assert_true(hook_cache_bytes(rig.cache) <= 10000);
        assert_true(has(&rig, &keys[i], large));
    }
    assert_false(has(&rig, &keys[0], "")); /* the oldest went first */
    assert_in_range(hook_cache_entries(rig.cache), 2, 4);
    rig_close(&rig);
    rig_open(&rig, 60000, 1000);
    put(&rig, &keys[0], large); /* larger than all there is */
    assert_int_equal(hook_cache_entries(rig.cache), 0);
    rig_close(&rig);
}

static void what_is_there_stays(void **state)
{
    struct hook_cache_key key;
    struct rig rig;

    (void)state;
    rig_open(&rig, 60000, 1 << 20);
    key = key_of(&rig, "t", "1", "");
    put(&rig, &key, "one");
    put(&rig, &key, "two"); /* its lifetime is not prolonged either */
    assert_true(has(&rig, &key, "one"));
    assert_int_equal(hook_cache_entries(rig.cache), 1);
    rig_close(&rig);
}

static void keys_have_a_limit(void **state)
{
    static char url[300000];
    struct hook_cache_key key;
    struct err err = {0};
    struct rig rig;

    (void)state;
    memset(url, 'x', sizeof url);
    rig_open(&rig, 60000, 1 << 20);
    assert_int_equal(hook_cache_key(rig.cache, SLICE("t"), (struct slice){url, sizeof url},
                                    SLICE_NONE, &key, &err),
                     ERR_NOMEM);
    key = key_of(&rig, "t", "1", "");
    put(&rig, &key, "one");
    assert_true(has(&rig, &key, "one"));
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_of_the_key_counts),
        cmocka_unit_test(it_is_gone_when_its_time_ends),
        cmocka_unit_test(a_late_timer_changes_nothing),
        cmocka_unit_test(its_bytes_have_a_limit),
        cmocka_unit_test(what_is_there_stays),
        cmocka_unit_test(keys_have_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
