/* gateway/hooks/failure.c -- the table of failures and the first one of a call. */
#include "gateway/hooks/failure.h"

#include <assert.h>
#include <stdarg.h>

static const struct {
    const char *label;
    uint32_t status;
    const char *issue;
} FAILURES[] = {
#define X(code, label, status, issue) [HOOK_##code] = {label, status, issue},
    HOOK_FAILURES(X)
#undef X
};

const char *hook_failure_label(enum hook_failure_code code)
{
    assert(code < HOOK_FAILURES_COUNT);
    return FAILURES[code].label;
}

uint32_t hook_failure_status(enum hook_failure_code code)
{
    assert(code < HOOK_FAILURES_COUNT);
    return FAILURES[code].status;
}

const char *hook_failure_issue(enum hook_failure_code code)
{
    assert(code < HOOK_FAILURES_COUNT);
    return FAILURES[code].issue;
}

bool hook_fail(struct hook_failure *failure, enum hook_failure_code code,
               const char *expression, const char *format, ...)
{
    va_list args;

    assert(code != HOOK_NONE);
    if (failure->code != HOOK_NONE)
        return false;
    failure->code = code;
    (void)snprintf(failure->expression, sizeof failure->expression, "%s", expression);
    va_start(args, format);
    (void)vsnprintf(failure->text, sizeof failure->text, format, args);
    va_end(args);
    return false;
}
