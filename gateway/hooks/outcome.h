/* gateway/hooks/outcome.h -- the OperationOutcome that every error answer carries. */
#ifndef GATEWAY_HOOKS_OUTCOME_H
#define GATEWAY_HOOKS_OUTCOME_H

#include "rules/base/buf.h"
#include "rules/base/slice.h"

/* FHIR IssueSeverity */
#define OUTCOME_SEVERITIES(X)                                                                  \
    X(FATAL, "fatal")                                                                          \
    X(ERROR, "error")                                                                          \
    X(WARNING, "warning")                                                                      \
    X(INFORMATION, "information")

enum outcome_severity {
#define X(code, name) OUTCOME_##code,
    OUTCOME_SEVERITIES(X)
#undef X
};

/* Writes an OperationOutcome with one issue. `issue_code` is a FHIR IssueType; `diagnostics`
 * and `expression` are left out when empty. */
void outcome_write(struct buf *buf, enum outcome_severity severity, const char *issue_code,
                   struct slice diagnostics, struct slice expression);

#endif
