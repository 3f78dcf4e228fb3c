/* gateway/hooks/gather_patient.c -- planning what advice depends on besides the results: the
 * patient, the weight, the medication list, tests that are under way.
 *
 * Each is asked for once and only when a drug of the call needs it. None of it is required:
 * what cannot be read is not known, which widens what is shown and never makes a 412.
 */
#include "gateway/hooks/gather.h"

#include "fhir/body.h"

#define LIST_PER_PAGE     "100"
#define MEASURES_READ     "20"
#define LIST_DRUGS_MAX    50
#define IDS_BYTES_MAX     4096
#define PENDING_PER_PAGE  "100"
#define REPORTS_UNDER_WAY "registered,partial,preliminary"

static bool patient_is_here(const struct hook_call *call)
{
    for (size_t i = 0; i < call->collection.resources_count; i++)
        if (slice_eq(call->collection.resources[i].type, SLICE("Patient")) &&
            slice_eq(call->collection.resources[i].id, call->request.patient_id))
            return true;
    return false;
}

static bool want_patient(struct hook_call *call)
{
    if (hook_gather_has(call, HOOK_NEED_PATIENT) || patient_is_here(call))
        return true;
    return hook_gather_read(
        call, HOOK_NEED_PATIENT,
        arena_printf(&call->arena, "Patient/%.*s", SLICE_ARG(call->request.patient_id)));
}

static bool want_body(struct hook_call *call, bool wants_height)
{
    struct fhir_search_param params[] = {
        {SLICE("code"), wants_height ? SLICE(FHIR_WEIGHT_CODES "," FHIR_HEIGHT_CODES)
                                     : SLICE(FHIR_WEIGHT_CODES)},
        {SLICE("_sort"), SLICE("-date")},
        {SLICE("_count"), SLICE(MEASURES_READ)}};
    struct slice patient = call->request.patient_id;
    uint32_t x100;

    if (hook_gather_has(call, HOOK_NEED_WEIGHT) ||
        (fhir_body_weight(&call->collection, patient, &call->arena, &x100) &&
         (!wants_height || fhir_body_height(&call->collection, patient, &call->arena, &x100))))
        return true;
    return hook_gather_search(call, HOOK_NEED_WEIGHT, "Observation", params, ARRAY_LEN(params));
}

/* The id of "Medication/id", also below the server's base; empty for anything else. */
static struct slice medication_id(const struct hook_call *call, struct slice reference)
{
    struct slice base = call->request.fhir_server, rest;

    while (slice_ends(base, SLICE("/")))
        base.len--;
    if (slice_starts(reference, base) && reference.len > base.len)
        reference = slice_from(reference, base.len + 1);
    if (!slice_starts(reference, SLICE("Medication/")))
        return SLICE_NONE;
    reference = slice_cut(slice_from(reference, SLICE("Medication/").len), '/', &rest);
    return slice_find_char(reference, ',') == SIZE_MAX ? reference : SLICE_NONE;
}

static bool has_id(struct slice ids, struct slice id)
{
    while (ids.len > 0)
        if (slice_eq(slice_cut(ids, ',', &ids), id))
            return true;
    return false;
}

/* Medications that the list refers to and that are not here, with one search. */
static bool want_list_drugs(struct hook_call *call)
{
    struct fhir_search_param params[] = {{SLICE("_id"), SLICE_NONE},
                                         {SLICE("_count"), SLICE(LIST_PER_PAGE)}};
    size_t count = 0;
    struct buf ids;
    bool is_ok = true;

    if (hook_gather_has(call, HOOK_NEED_LIST_DRUGS))
        return true;
    if (!hook_patient_read_list(call))
        return false;
    buf_init(&ids, IDS_BYTES_MAX);
    for (size_t i = 0; i < call->patient.list_count && count < LIST_DRUGS_MAX; i++) {
        struct slice id = medication_id(call, call->patient.list[i].order.reference);

        if (!call->patient.list[i].is_unread || id.len == 0 || has_id(buf_slice(&ids), id))
            continue;
        buf_join(&ids, count++ > 0 ? SLICE(",") : SLICE_NONE, id);
    }
    params[0].value = arena_copy(&call->arena, buf_slice(&ids));
    if (count > 0 && !buf_failed(&ids) && !call->arena.has_failed)
        is_ok = hook_gather_search_any(call, HOOK_NEED_LIST_DRUGS, "Medication", params,
                                       ARRAY_LEN(params));
    buf_release(&ids);
    return is_ok;
}

static bool want_list(struct hook_call *call)
{
    struct fhir_search_param params[] = {{SLICE("_count"), SLICE(LIST_PER_PAGE)}};
    bool is_prefetched = call->list_prefetch_state == HOOK_PREFETCH_DATA;

    call->patient.is_list_wanted = true;
    if (is_prefetched && !call->patient.is_list_paged) {
        call->patient.is_list_paged = true;
        return hook_gather_next_page(call, json_get(call->request.prefetch, PREFETCH_LIST),
                                     arena_printf(&call->arena, "%.*s/MedicationRequest",
                                                  SLICE_ARG(call->request.fhir_server)),
                                     0, HOOK_NEED_LIST) &&
               want_list_drugs(call);
    }
    if (is_prefetched || hook_gather_has(call, HOOK_NEED_LIST))
        return want_list_drugs(call);
    return hook_gather_search(call, HOOK_NEED_LIST, "MedicationRequest", params,
                              ARRAY_LEN(params));
}

bool hook_gather_patient(struct hook_call *call)
{
    struct rules_drug_needs needs = {0};
    bool needs_list = false, needs_body = false;

    for (size_t i = 0; i < call->facts.drug_orders_count; i++) {
        const struct rules_drug *drug = call->facts.drug_orders[i].drug;
        struct rules_drug_needs more = rules_drug_needs(call->knowledge, drug);

        needs.age |= more.age;
        needs.weight |= more.weight;
        needs.sex |= more.sex;
        needs_list = needs_list || hook_patient_needs_list(call, drug);
        needs_body = needs_body || rules_algorithm_of_drug(call->knowledge, drug).len > 0;
    }
    return (!(needs.age || needs.sex || needs_body) || want_patient(call)) &&
           (!(needs.weight || needs_body) || want_body(call, needs_body)) &&
           (!needs_list || want_list(call));
}

/* Once everything else is read, and only if a test may have to be suggested. */
bool hook_gather_pending(struct hook_call *call)
{
    struct fhir_search_param orders[] = {{SLICE("status"), SLICE("active")},
                                         {SLICE("_count"), SLICE(PENDING_PER_PAGE)}};
    struct fhir_search_param reports[] = {{SLICE("status"), SLICE(REPORTS_UNDER_WAY)},
                                          {SLICE("_count"), SLICE(PENDING_PER_PAGE)}};

    if (!call->may_fetch || call->facts.drug_orders_count == 0 ||
        hook_gather_has(call, HOOK_NEED_PENDING_ORDERS))
        return true;
    if (!hook_gather_resolve(call) || !hook_patient_decide(call))
        return false;
    if (!hook_pretests_may_show(call))
        return true;
    return hook_gather_search(call, HOOK_NEED_PENDING_ORDERS, "ServiceRequest", orders,
                              ARRAY_LEN(orders)) &&
           hook_gather_search(call, HOOK_NEED_PENDING_REPORTS, "DiagnosticReport", reports,
                              ARRAY_LEN(reports));
}
