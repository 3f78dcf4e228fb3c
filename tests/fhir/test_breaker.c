/* tests/fhir/test_breaker.c -- when a server is left alone, and when it is tried again. */
#include "fhir/breaker.h"

#include "tests/test.h"

static const struct fhir_breaker_limits LIMITS = {
    .failures = 3, .window_ms = 1000, .open_ms = 500};

/* One letter a step, at the times given:
 *   f a u   an admitted fetch failed, was answered, was given up: all at once
 *   F A U   the note of a fetch that was admitted before
 *   p       a fetch is admitted as the probe, and stays out     P   the probe fails
 *   Q       the probe is answered                               R   it is given up
 *   .       a fetch is admitted                                 x   a fetch is refused  */
static const struct row {
    const char *name, *steps;
    uint64_t at[12];
    unsigned opened;
} ROWS[] = {
    {"answers never open it", "aaaa.", {0, 1, 2, 3, 4}, 0},
    {"one failure too few", "ff.", {0, 1, 2}, 0},
    {"enough failures", "fffx", {0, 1, 2, 3}, 1},
    {"given up fetches do not count", "ffuu.", {0, 1, 2, 3, 4}, 0},
    {"failures in two windows", "fff.", {0, 999, 1000, 1001}, 0},
    {"failures after a quiet window", "ffff x", {0, 5000, 5001, 5002, 0, 5003}, 1},
    {"as many answers as failures", "aaafffx", {0, 1, 2, 3, 4, 5, 6}, 1},
    {"more answers than failures", "aaaafff.", {0, 1, 2, 3, 4, 5, 6, 7}, 0},
    {"then more failures", "aaaaffffx", {0, 1, 2, 3, 4, 5, 6, 7, 8}, 1},
    {"left alone for a while", "fffxx", {0, 0, 0, 1, 499}, 1},
    {"then one probe", "fffpx", {0, 0, 0, 500, 501}, 1},
    {"an answered probe closes it", "fffpQ..", {0, 0, 0, 500, 501, 502, 503}, 1},
    {"a failed probe opens it again", "fffpPxp", {0, 0, 0, 500, 600, 1099, 1100}, 2},
    {"a probe given up leaves its place", "fffpRp", {0, 0, 0, 500, 600, 601}, 1},
    {"after closing it counts anew", "fffpQff.", {0, 0, 0, 500, 501, 502, 503, 504}, 1},
    {"a late failure says nothing new", "fffFFFx", {0, 0, 0, 1, 2, 3, 499}, 1},
    {"a late failure does not free the probe's place", "fffpFx", {0, 0, 0, 500, 501, 502}, 1},
    {"a late answer closes it", "fffA.", {0, 0, 0, 1, 2}, 1},
};

static enum fhir_breaker_note note_of(char step)
{
    if (strchr("fFP", step) != NULL)
        return FHIR_BREAKER_FAILED;
    return strchr("aAQ", step) != NULL ? FHIR_BREAKER_ANSWERED : FHIR_BREAKER_UNKNOWN;
}

static void take_step(const struct row *row, size_t i, struct fhir_breaker *breaker,
                      unsigned *opened)
{
    char step = row->steps[i];
    bool is_probe = false, is_admitted = true;

    if (step == ' ')
        return;
    if (strchr("fau.xp", step) != NULL)
        is_admitted = fhir_breaker_admits(breaker, &LIMITS, row->at[i], &is_probe);
    if (is_admitted != (step != 'x') || is_probe != (step == 'p'))
        fail_msg("%s: step %zu: admitted %d, as probe %d", row->name, i + 1, is_admitted,
                 is_probe);
    if (strchr(".xp", step) != NULL)
        return;
    *opened += fhir_breaker_note(breaker, &LIMITS, row->at[i], note_of(step),
                                 strchr("PQR", step) != NULL);
}

static void it_opens_and_closes(void **state)
{
    (void)state;
    for (size_t r = 0; r < ARRAY_LEN(ROWS); r++) {
        struct fhir_breaker breaker = {0};
        unsigned opened = 0;

        for (size_t i = 0; ROWS[r].steps[i] != '\0'; i++)
            take_step(&ROWS[r], i, &breaker, &opened);
        if (opened != ROWS[r].opened)
            fail_msg("%s: opened %u times", ROWS[r].name, opened);
    }
}

static void zero_failures_never_open_it(void **state)
{
    const struct fhir_breaker_limits off = {0};
    struct fhir_breaker breaker = {0};
    bool is_probe;

    (void)state;
    for (uint64_t i = 0; i < 100; i++) {
        assert_true(fhir_breaker_admits(&breaker, &off, i, &is_probe));
        assert_false(fhir_breaker_note(&breaker, &off, i, FHIR_BREAKER_FAILED, false));
    }
    assert_true(fhir_breaker_is_idle(&breaker, &off, 100));
}

static void what_it_remembers_ends(void **state)
{
    struct fhir_breaker breaker = {0};

    (void)state;
    assert_true(fhir_breaker_is_idle(&breaker, &LIMITS, 0));
    (void)fhir_breaker_note(&breaker, &LIMITS, 0, FHIR_BREAKER_FAILED, false);
    assert_false(fhir_breaker_is_idle(&breaker, &LIMITS, 999));
    assert_true(fhir_breaker_is_idle(&breaker, &LIMITS, 1000));
    for (int i = 0; i < 3; i++)
        (void)fhir_breaker_note(&breaker, &LIMITS, 2000, FHIR_BREAKER_FAILED, false);
    assert_false(fhir_breaker_is_idle(&breaker, &LIMITS, 2499));
    assert_true(fhir_breaker_is_idle(&breaker, &LIMITS, 2500));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_opens_and_closes),
        cmocka_unit_test(zero_failures_never_open_it),
        cmocka_unit_test(what_it_remembers_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
