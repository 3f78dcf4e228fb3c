/* gateway/hooks/pretest.h -- whether an order is worth a test first.
 *
 * All of this must hold: the site wants it for this drug and gene; the gene has no result at
 * all (one that cannot be interpreted is a result); the whole record was read, the medication
 * list and what is pending included; the drug was never taken; no test of the gene is ordered
 * or under way. Why a card was held back is counted.
 */
#ifndef GATEWAY_HOOKS_PRETEST_H
#define GATEWAY_HOOKS_PRETEST_H

#include "gateway/hooks/facts.h"

struct hook_call;
struct hook_options;

/* name for metrics, trace and audit */
#define HOOK_PRETEST_OUTCOMES(X)                                                               \
    X(SHOWN, "shown")                                                                          \
    X(RESULT, "result")         /* there is one */                                             \
    X(NOT_FIRST, "not_first")   /* the drug is, or may be, on the medication list */           \
    X(PENDING, "pending")       /* a test of the gene is ordered or under way */               \
    X(INCOMPLETE, "incomplete") /* not everything that decides it could be read */

enum hook_pretest_outcome {
#define X(code, name) HOOK_PRETEST_##code,
    HOOK_PRETEST_OUTCOMES(X)
#undef X
        HOOK_PRETEST_OUTCOMES_COUNT
};
const char *hook_pretest_outcome_name(enum hook_pretest_outcome outcome);

struct hook_pretest {
    const struct hook_drug_order *drug_order;
    const struct rules_pretest *row;
    const struct rules_gene *gene;
    enum hook_pretest_outcome outcome;
};

/* Whether the site switched this pair on. */
bool hook_pretest_is_on(const struct hook_options *options, const struct rules_pretest *row);

/* Fills call->pretests, one for each pair that is switched on and whose drug is ordered. */
bool hook_pretests_decide(struct hook_call *call) MUST_CHECK;

/* Whether only what is pending is still to be known for one of them. */
bool hook_pretests_may_show(const struct hook_call *call);

#endif
