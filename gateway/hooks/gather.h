/* gateway/hooks/gather.h -- which FHIR resources a call still wants. Private to the call,
 * but for how results are searched. */
#ifndef GATEWAY_HOOKS_GATHER_H
#define GATEWAY_HOOKS_GATHER_H

#include "fhir/search.h"
#include "gateway/hooks/call.h"

/* Of the searches for results. */
#define HOOK_CATEGORY_GENETICS "http://terminology.hl7.org/CodeSystem/v2-0074|GE"
#define HOOK_RESULTS_PER_PAGE  "100"

/* Takes in every prefetch value and judges the one that holds the results. */
bool hook_gather_prefetch(struct hook_call *call) MUST_CHECK;

#define PREFETCH_LIST "medications" /* the key of the medication list */

/* Adds a need to the call; false when the call has failed. What does not fit the limits, or
 * cannot be asked for, is noted as missing. hook_gather_search names the call's patient. */
bool hook_gather_search(struct hook_call *call, enum hook_need_kind kind, const char *type,
                        const struct fhir_search_param *params, size_t params_count) MUST_CHECK;
bool hook_gather_search_any(struct hook_call *call, enum hook_need_kind kind, const char *type,
                            const struct fhir_search_param *params,
                            size_t params_count) MUST_CHECK;
bool hook_gather_read(struct hook_call *call, enum hook_need_kind kind,
                      struct slice reference) MUST_CHECK;
/* The further page that a Bundle names, if it names one. */
bool hook_gather_next_page(struct hook_call *call, struct json bundle,
                           struct slice response_url, uint32_t page,
                           enum hook_need_kind kind) MUST_CHECK;

/* Whether a call without this answer cannot vouch for silence. */
bool hook_gather_is_required(const struct hook_need *need);

/* Whether a need of this kind was added. */
bool hook_gather_has(const struct hook_call *call, enum hook_need_kind kind);

/* Whether every need of this kind, and its pages, were answered with data; without any of them,
 * whether the data came in another way. */
bool hook_gather_is_read(const struct hook_call *call, enum hook_need_kind kind, bool is_here);

/* What advice depends on besides the results (gather_patient.c). */
bool hook_gather_patient(struct hook_call *call) MUST_CHECK;
bool hook_gather_pending(struct hook_call *call) MUST_CHECK;

/* Resolves the genes from what is here now, once per change. */
bool hook_gather_resolve(struct hook_call *call) MUST_CHECK;

#endif
