/* gateway/ops/admin.h -- the operators' listener: /livez, /readyz, /metrics, /version.
 *
 * It has an address of its own, because what it tells is not for the clients of the hooks.
 * /livez says that the loop turns. /readyz asks the owner's checks and answers 200 or 503 with
 * a JSON list of them; a degraded part is shown and does not make the whole unready.
 */
#ifndef GATEWAY_OPS_ADMIN_H
#define GATEWAY_OPS_ADMIN_H

#include "fhir/json_write.h"
#include "gateway/net/server.h"
#include "gateway/ops/metrics.h"

#define ADMIN_STATES(X) X(OK, "ok") X(DEGRADED, "degraded") X(FAILED, "failed")

enum admin_state {
#define X(code, name) ADMIN_##code,
    ADMIN_STATES(X)
#undef X
};

struct admin_report {
    struct json_writer json; /* private */
    enum admin_state worst;  /* private */
};

struct admin_options {
    const char *address;
    const struct metrics *const *metrics; /* borrowed: one per worker */
    size_t metrics_count;
    /* Calls admin_report_add once per part. */
    void (*check)(struct admin_report *report, void *owner);
    /* Adds members to the object that /version answers; may be NULL. */
    void (*describe)(struct json_writer *json, void *owner);
    void *owner;
};

struct admin;

/* `detail` says why, for operators; may be NULL. Both texts are our own words. */
void admin_report_add(struct admin_report *report, const char *part, enum admin_state state,
                      const char *detail);

enum err_code admin_start(struct uv_loop_s *loop, const struct admin_options *options,
                          struct admin **ret, struct err *err) MUST_CHECK;
uint16_t admin_port(const struct admin *admin);
/* on_stopped runs once; then the admin frees itself. */
void admin_stop(struct admin *admin, void (*on_stopped)(void *owner), void *owner);

#endif
