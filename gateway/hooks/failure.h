/* gateway/hooks/failure.h -- why a hook call is answered with something else than cards.
 *
 * One table maps each failure to its HTTP status and FHIR issue type, so that every non-2xx
 * answer carries an OperationOutcome (CDS Hooks 3.0 ballot, "Returning OperationOutcome") and
 * metrics have one label per cause. Where the specification is silent the rows follow the
 * behaviour described in the README.
 */
#ifndef GATEWAY_HOOKS_FAILURE_H
#define GATEWAY_HOOKS_FAILURE_H

#include <stdint.h>

#include "rules/base/err.h"
#include "rules/base/slice.h"

/* code, metric label, HTTP status, FHIR issue type */
#define HOOK_FAILURES(X)                                                                       \
    X(NONE, "ok", 200, "informational")                                                        \
    X(BAD_JSON, "bad_json", 400, "structure")                                                  \
    X(MISSING, "missing", 400, "required")                                                     \
    X(WRONG_TYPE, "wrong_type", 400, "structure")                                              \
    X(WRONG_VALUE, "wrong_value", 400, "value")                                                \
    X(WRONG_HOOK, "wrong_hook", 400, "value")                                                  \
    X(NO_DRAFT_ORDERS, "no_draft_orders", 400, "required")                                     \
    X(UNKNOWN_SERVICE, "unknown_service", 404, "not-found")                                    \
    X(UNKNOWN_PATH, "unknown_path", 404, "not-found")                                          \
    X(WRONG_METHOD, "wrong_method", 405, "not-supported")                                      \
    X(DATA_MISSING, "data_missing", 412, "incomplete")                                         \
    X(TOO_LARGE, "too_large", 413, "too-costly")                                               \
    X(WRONG_MEDIA_TYPE, "wrong_media_type", 415, "not-supported")                              \
    X(OVERLOAD, "overload", 503, "throttled")                                                  \
    X(NOT_READY, "not_ready", 503, "transient")                                                \
    X(INTERNAL, "internal", 500, "exception")

enum hook_failure_code {
#define X(code, label, status, issue) HOOK_##code,
    HOOK_FAILURES(X)
#undef X
        HOOK_FAILURES_COUNT
};

struct hook_failure {
    enum hook_failure_code code;
    char expression[96]; /* the JSON path at fault, "context.patientId"; may be empty */
    char text[ERR_TEXT_BYTES_MAX]; /* for the client and the log: no patient values */
};

const char *hook_failure_label(enum hook_failure_code code);
uint32_t hook_failure_status(enum hook_failure_code code);
const char *hook_failure_issue(enum hook_failure_code code);

/* Records the first failure; later ones are kept out. Returns false, for `return hook_fail`. */
bool hook_fail(struct hook_failure *failure, enum hook_failure_code code,
               const char *expression, const char *format, ...) PRINTF_LIKE(4, 5);

#endif
