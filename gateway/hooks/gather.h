/* gateway/hooks/gather.h -- which FHIR resources a call still wants. Private to the call. */
#ifndef GATEWAY_HOOKS_GATHER_H
#define GATEWAY_HOOKS_GATHER_H

#include "gateway/hooks/call.h"

/* Takes in every prefetch value and judges the one that holds the results. */
bool hook_gather_prefetch(struct hook_call *call) MUST_CHECK;

/* Resolves the genes from what is here now, once per change. */
bool hook_gather_resolve(struct hook_call *call) MUST_CHECK;

#endif
