/* gateway/hooks/order_drugs.h -- which drugs a medication order means, and by what they are
 * known.
 *
 * Codes decide. They are looked at in the order of HOOK_NAMED_BY: an ingredient, then a product
 * of RxNorm, an NDC, an ATC code, any other code that the knowledge lists. Every one of them
 * counts: codes that name different drugs are all evaluated, and the order is marked. Words are
 * looked at only when an order carries no code at all, and only if the whole text is the name
 * of an ingredient, salt or brand. Anything else is not resolved: never guessed.
 *
 * A drug in a local dose form (a cream, eye drops) raises no advice. The product's own form
 * decides; without a product code, the order's form and route; unknown counts as systemic.
 */
#ifndef GATEWAY_HOOKS_ORDER_DRUGS_H
#define GATEWAY_HOOKS_ORDER_DRUGS_H

#include "fhir/order.h"
#include "rules/knowledge.h"

/* Best first; name for trace and audit */
#define HOOK_NAMED_BY(X)                                                                       \
    X(INGREDIENT, "ingredient")                                                                \
    X(PRODUCT, "product")                                                                      \
    X(NDC, "ndc")                                                                              \
    X(ATC, "atc")                                                                              \
    X(OTHER, "other")                                                                          \
    X(TEXT, "text") /* words only */

enum hook_named_by {
#define X(code, name) HOOK_NAMED_BY_##code,
    HOOK_NAMED_BY(X)
#undef X
};
const char *hook_named_by_name(enum hook_named_by by);

/* All rows of a code as a client writes it: systems in any of their spellings, NDCs with or
 * without hyphens. As rules_find_drugs_by_code otherwise. */
size_t hook_codes_find(const struct rules_knowledge *knowledge, struct slice system,
                       struct slice code, const struct rules_drug_code ***ret);

/* Whether the knowledge lists any code of this system. */
bool hook_codes_know_system(const struct rules_knowledge *knowledge, struct slice system);

struct hook_named_drug {
    const struct rules_drug *drug;
    enum hook_named_by by; /* the best of what names it */
    bool is_local;
};

struct hook_order_drugs {
    struct hook_named_drug *drugs; /* each once, best known first; none: not resolved */
    size_t drugs_count;
    bool is_contradictory; /* two codes of the medication name different drugs */
    bool has_code;         /* any code at all, known or not */
};

/* Everything returned lives in the arena. */
enum err_code hook_order_drugs_find(const struct fhir_order *order,
                                    const struct rules_knowledge *knowledge,
                                    struct arena *arena, struct hook_order_drugs *ret,
                                    struct err *err) MUST_CHECK;

/* A code that the knowledge does not list, fit to be kept and counted: the system in the
 * spelling of the knowledge where it knows it, a code of letters, digits and . _ - only. What
 * might be words is refused (false): it could say something about the patient. */
#define HOOK_CODE_BYTES_MAX   40
#define HOOK_SYSTEM_BYTES_MAX 120
bool hook_code_is_listable(const struct fhir_coding *coding,
                           const struct rules_knowledge *knowledge, struct slice *ret_system,
                           struct slice *ret_code);

#endif
