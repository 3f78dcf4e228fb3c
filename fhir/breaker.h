/* fhir/breaker.h -- when to leave a failing server alone.
 *
 *   closed --(many failures in a window)--> open --(time passes)--> one probe is let through
 *      ^---------------- it was answered -------------------------------------|
 *                                             ^------- it failed -------------|
 *
 * Pure: the caller says what time it is, in milliseconds of a clock that never goes back. One
 * breaker per server; zeroed, it is closed.
 */
#ifndef FHIR_BREAKER_H
#define FHIR_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/base/util.h"

struct fhir_breaker_limits {
    /* This many failures in one window open it, if there are not more answers than failures. 0:
     * it never opens. */
    uint32_t failures;
    uint32_t window_ms;
    uint32_t open_ms; /* then one fetch may try */
};

struct fhir_breaker {
    uint64_t window_from_ms, opened_ms;
    uint32_t failed, answered; /* in the window */
    bool is_open, is_probing;
};

enum fhir_breaker_note {
    FHIR_BREAKER_ANSWERED,
    FHIR_BREAKER_FAILED,
    FHIR_BREAKER_UNKNOWN, /* given up before it could be known */
};

/* Whether a fetch may go out. True with *ret_is_probe: it is the one that tries, and its note
 * is owed. */
bool fhir_breaker_admits(struct fhir_breaker *breaker, const struct fhir_breaker_limits *limits,
                         uint64_t now_ms, bool *ret_is_probe) MUST_CHECK;

/* How an admitted fetch ended. True: this opened the breaker, or opened it again. */
bool fhir_breaker_note(struct fhir_breaker *breaker, const struct fhir_breaker_limits *limits,
                       uint64_t now_ms, enum fhir_breaker_note note, bool is_probe);

/* Whether it has nothing to remember. */
bool fhir_breaker_is_idle(const struct fhir_breaker *breaker,
                          const struct fhir_breaker_limits *limits, uint64_t now_ms);

#endif
