/* fhir/breaker.c -- counts failures and answers in windows of equal length, one after another.
 */
#include "fhir/breaker.h"

static void open_it(struct fhir_breaker *breaker, uint64_t now_ms)
{
    *breaker = (struct fhir_breaker){.is_open = true, .opened_ms = now_ms};
}

bool fhir_breaker_admits(struct fhir_breaker *breaker, const struct fhir_breaker_limits *limits,
                         uint64_t now_ms, bool *ret_is_probe)
{
    *ret_is_probe = false;
    if (!breaker->is_open)
        return true;
    if (breaker->is_probing || now_ms - breaker->opened_ms < limits->open_ms)
        return false;
    breaker->is_probing = true;
    *ret_is_probe = true;
    return true;
}

/* Notes of fetches that went out before the breaker opened still come in. An answer is as good
 * as a probe's; a failure says nothing new. */
static bool note_open(struct fhir_breaker *breaker, uint64_t now_ms,
                      enum fhir_breaker_note note, bool is_probe)
{
    if (note == FHIR_BREAKER_ANSWERED) {
        *breaker = (struct fhir_breaker){.window_from_ms = now_ms, .answered = 1};
        return false;
    }
    if (!is_probe)
        return false;
    breaker->is_probing = false;
    if (note == FHIR_BREAKER_FAILED)
        open_it(breaker, now_ms);
    return note == FHIR_BREAKER_FAILED;
}

bool fhir_breaker_note(struct fhir_breaker *breaker, const struct fhir_breaker_limits *limits,
                       uint64_t now_ms, enum fhir_breaker_note note, bool is_probe)
{
    if (limits->failures == 0)
        return false;
    if (breaker->is_open)
        return note_open(breaker, now_ms, note, is_probe);
    if (now_ms - breaker->window_from_ms >= limits->window_ms)
        *breaker = (struct fhir_breaker){.window_from_ms = now_ms};
    breaker->failed += note == FHIR_BREAKER_FAILED;
    breaker->answered += note == FHIR_BREAKER_ANSWERED;
    if (note != FHIR_BREAKER_FAILED || breaker->failed < limits->failures ||
        breaker->failed < breaker->answered)
        return false;
    open_it(breaker, now_ms);
    return true;
}

bool fhir_breaker_is_idle(const struct fhir_breaker *breaker,
                          const struct fhir_breaker_limits *limits, uint64_t now_ms)
{
    if (breaker->is_open)
        return !breaker->is_probing && now_ms - breaker->opened_ms >= limits->open_ms;
    return breaker->failed == 0 || now_ms - breaker->window_from_ms >= limits->window_ms;
}
