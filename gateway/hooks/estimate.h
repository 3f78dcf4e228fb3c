/* gateway/hooks/estimate.h -- the start dose that an algorithm estimates for an ordered drug.
 *
 * A card only for a new start, and only when the algorithm gives a range: the medication list
 * was read in full and does not have the drug, and the genotypes that it needs are there. Why
 * there is none stands in the trace. What the record does not state is unknown: ancestry is
 * never taken from it.
 */
#ifndef GATEWAY_HOOKS_ESTIMATE_H
#define GATEWAY_HOOKS_ESTIMATE_H

#include "gateway/hooks/facts.h"
#include "rules/warfarin.h"

struct hook_call;

struct hook_estimate {
    const struct hook_drug_order *drug_order;
    struct rules_warfarin_input input;
    struct rules_warfarin_estimate estimate;
    bool is_shown;
};

/* Fills call->estimates, one for each ordered drug with an algorithm; call->patient and
 * call->order_facts must be there. */
bool hook_estimates_decide(struct hook_call *call) MUST_CHECK;

#endif
