/* gateway/hooks/trace.h -- a finished call told as JSON.
 *
 * Two tellers. The trace holds everything, results of the patient included: it is for the
 * person who runs `replay` on a file of theirs. The audit parts hold what was decided and why,
 * by rule, and no patient value: no id, genotype, phenotype, name or date.
 */
#ifndef GATEWAY_HOOKS_TRACE_H
#define GATEWAY_HOOKS_TRACE_H

#include "fhir/json_write.h"
#include "gateway/hooks/call.h"

void hook_trace_write(struct hook_call *call, struct buf *buf);

/* Parts of both (trace_patient.c). `order` indexes call->order_facts, which must be there. */
void hook_trace_conversions_write(struct json_writer *w, const struct hook_call *call,
                                  size_t order);
void hook_trace_known_write(struct json_writer *w, const struct hook_call *call, size_t order);
void hook_trace_estimates_write(struct json_writer *w, const struct hook_call *call);
void hook_trace_pretests_write(struct json_writer *w, const struct hook_call *call);
void hook_trace_patient_write(struct json_writer *w, struct hook_call *call);

/* [{"drug","order_type","alert","rules":[..],"genes":[{"gene","state"}],"missing":[..],
 * "conversions":[{"gene","drug","role","strength","source","is_certain","is_responsible",
 * "is_applied"}],"known":{"age","sex","weight","indication","therapy","dose"}}] */
void hook_audit_decisions_write(const struct hook_call *call, struct buf *buf);
/* {"prefetch","medication_list","pretests":[{"drug","gene","outcome"}],"unread_orders",
 * "incomplete_orders","unresolved_orders","local_orders","unread":["pgx"],"is_incomplete",
 * ...} */
void hook_audit_gaps_write(const struct hook_call *call, struct buf *buf);
/* [{"kind","outcome","status","took_us"}]; where it applies also "of" (a page's search),
 * "is_retry", "is_replaced", "is_cached", "method", "ignored" (parameters passed over) */
void hook_audit_fetches_write(const struct hook_call *call, struct buf *buf);

#endif
