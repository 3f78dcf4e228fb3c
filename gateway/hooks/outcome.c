/* gateway/hooks/outcome.c -- an OperationOutcome with one issue. */
#include "gateway/hooks/outcome.h"

#include <assert.h>

#include "fhir/json_write.h"

static const char *const SEVERITIES[] = {
#define X(code, name) [OUTCOME_##code] = (name),
    OUTCOME_SEVERITIES(X)
#undef X
};

void outcome_write(struct buf *buf, enum outcome_severity severity, const char *issue_code,
                   struct slice diagnostics, struct slice expression)
{
    struct json_writer w;

    assert(severity < ARRAY_LEN(SEVERITIES));
    json_write_init(&w, buf);
    json_write_object(&w);
    json_write_member_text(&w, "resourceType", SLICE("OperationOutcome"));
    json_write_name(&w, "issue");
    json_write_array(&w);
    json_write_object(&w);
    json_write_member_text(&w, "severity", slice_of(SEVERITIES[severity]));
    json_write_member_text(&w, "code", slice_of(issue_code));
    json_write_member_text(&w, "diagnostics", diagnostics);
    if (expression.len > 0) {
        json_write_name(&w, "expression");
        json_write_array(&w);
        json_write_text(&w, expression);
        json_write_array_end(&w);
    }
    json_write_object_end(&w);
    json_write_array_end(&w);
    json_write_object_end(&w);
}
