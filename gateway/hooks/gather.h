/* gateway/hooks/gather.h -- which FHIR resources a call still wants. Private to the call,
 * but for how results are searched. */
#ifndef GATEWAY_HOOKS_GATHER_H
#define GATEWAY_HOOKS_GATHER_H

#include "gateway/hooks/call.h"

/* Of the searches for results. */
#define HOOK_CATEGORY_GENETICS "http://terminology.hl7.org/CodeSystem/v2-0074|GE"
#define HOOK_RESULTS_PER_PAGE  "100"

/* Takes in every prefetch value and judges the one that holds the results. */
bool hook_gather_prefetch(struct hook_call *call) MUST_CHECK;

/* Resolves the genes from what is here now, once per change. */
bool hook_gather_resolve(struct hook_call *call) MUST_CHECK;

#endif
