/* gateway/hooks/patient.h -- what is known about the patient besides results: age, weight, sex,
 * the medication list; and what follows for each drug that is about to be ordered.
 *
 * What is not known excludes nothing and converts nothing: a list that was not read in full
 * makes nobody new to a drug, and a drug that may have been stopped is told, not counted.
 */
#ifndef GATEWAY_HOOKS_PATIENT_H
#define GATEWAY_HOOKS_PATIENT_H

#include "fhir/medication_list.h"
#include "gateway/hooks/facts.h"
#include "rules/phenoconversion.h"
#include "rules/warfarin.h"

struct hook_call;

/* name for trace and audit */
#define HOOK_LIST_STATES(X)                                                                    \
    X(NOT_WANTED, "not_wanted") /* no drug of the call depends on it */                        \
    X(UNREAD, "unread")                                                                        \
    X(PARTIAL,                                                                                 \
      "partial") /* pages or Medications are missing, or only other sources had some */        \
    X(FULL, "full")

enum hook_list_state {
#define X(code, name) HOOK_LIST_##code,
    HOOK_LIST_STATES(X)
#undef X
};
const char *hook_list_state_name(enum hook_list_state state);

struct hook_patient {
    bool has_age, has_weight, has_height;
    uint32_t age_years;
    uint32_t weight_x100; /* kg */
    uint32_t height_x100; /* cm */
    enum rules_sex sex;

    bool is_list_wanted, is_list_paged;
    enum hook_list_state list_state;
    struct fhir_list_entry *list;
    size_t list_count;
    struct hook_order_drugs *list_drugs;      /* parallel to list */
    struct rules_comedication *comedications; /* systemic ones: the list's and the drafts' */
    size_t comedications_count;
};

/* What a caller without a record states itself; it fills call->patient too. */
struct hook_given {
    enum rules_therapy therapy;
    bool has_dose;
    uint32_t dose_mg_x100;                /* a day */
    struct rules_warfarin_input warfarin; /* what no record holds: ancestry, target INR ... */
};

/* Parallel to facts.drug_orders. */
struct hook_order_facts {
    enum rules_therapy therapy; /* ANY: not known */
    bool is_listed;             /* the drug stands in the list, or may stand there */
    bool has_dose;
    uint32_t dose_mg_x100;                /* a day */
    struct rules_conversion *conversions; /* parallel to the drug's genes */
    size_t conversions_count;
    bool is_converted;               /* one of them is applied */
    struct rules_gene_result *genes; /* parallel to facts.genes: what advice is looked up by */
};

/* Whether advice on the drug depends on the medication list. */
bool hook_patient_needs_list(const struct hook_call *call, const struct rules_drug *drug);

/* Reads the list from what is here now. */
bool hook_patient_read_list(struct hook_call *call) MUST_CHECK;

/* Fills call->patient and call->order_facts; the genes must have been resolved. */
bool hook_patient_decide(struct hook_call *call) MUST_CHECK;

/* The conversion of a gene for this order; NULL when the drug does not ask about the gene. */
const struct rules_conversion *hook_order_conversion(const struct hook_order_facts *facts,
                                                     const struct rules_gene *gene);

#endif
