/* fhir/medication_list.h -- what the record says that the patient takes or has taken.
 *
 * Reads MedicationRequest, MedicationOrder (DSTU2), MedicationStatement and MedicationUsage.
 * What was never taken is left out: drafts, proposals and plans, cancelled and entered in
 * error, "not taken". The orders of the call itself are no part of the list. Codes are not
 * interpreted here.
 */
#ifndef FHIR_MEDICATION_LIST_H
#define FHIR_MEDICATION_LIST_H

#include "fhir/order.h"

#define FHIR_LIST_MAX 1000

struct fhir_list_entry {
    struct fhir_order order; /* read as an order is; its state has no meaning here */
    bool is_unread;          /* its Medication is not here: order.reference says which */
    bool has_start;
    int32_t start_day; /* days since 1970-01-01; the latest possible one */
    bool is_stopped;   /* or on hold, or nobody knows */
    /* When it was stopped, or, unless exact, the latest day on which it may have been. */
    bool is_stop_exact;
    int32_t stop_day;
};

/* `today_day` caps what is not known: a drug may have been stopped today. ERR_LIMIT above
 * FHIR_LIST_MAX entries, ERR_NOMEM. */
enum err_code fhir_read_medication_list(const struct fhir_collection *collection,
                                        struct slice patient_id,
                                        const struct fhir_order *orders, size_t orders_count,
                                        int32_t today_day, struct arena *arena,
                                        struct fhir_list_entry **ret, size_t *ret_count,
                                        struct err *err) MUST_CHECK;

#endif
