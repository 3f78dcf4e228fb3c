/* gateway/hooks/trace.h -- a finished call told as JSON.
 *
 * Two tellers. The trace holds everything, results of the patient included: it is for the
 * person who runs `replay` on a file of theirs. The audit parts hold what was decided and why,
 * by rule, and no patient value: no id, genotype, phenotype, name or date.
 */
#ifndef GATEWAY_HOOKS_TRACE_H
#define GATEWAY_HOOKS_TRACE_H

#include "gateway/hooks/call.h"

void hook_trace_write(struct hook_call *call, struct buf *buf);

/* [{"drug","order_type","alert","rules":[..],"genes":[{"gene","state"}],"missing":[..]}] */
void hook_audit_decisions_write(const struct hook_call *call, struct buf *buf);
/* {"prefetch","unread_orders","unresolved_orders","local_orders","is_incomplete", ...} */
void hook_audit_gaps_write(const struct hook_call *call, struct buf *buf);
/* [{"kind","outcome","status","took_us"}] */
void hook_audit_fetches_write(const struct hook_call *call, struct buf *buf);

#endif
