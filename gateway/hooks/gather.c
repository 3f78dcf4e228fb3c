/* gateway/hooks/gather.c -- planning what to ask the FHIR server for, and taking in answers.
 *
 * Rounds, all needs of a round at once:
 *   1. results by code (unless the prefetch brought them), Medications that orders refer to,
 *      what else advice depends on (gather_patient.c), further pages of the prefetch
 *   2. further pages, and what is asked in place of what failed (gather_recover.c); then, if a
 *      gene still has no result, further sources (gather_results.c). The same for results that
 *      were prefetched: silence must not depend on who asked for them.
 *
 * When a drug is still unknown because its Medication must be fetched, results are asked for
 * all genes at the same time: one round trip less matters more than a longer code list.
 */
#include "gateway/hooks/gather.h"

#include <assert.h>

#define PREFETCH_RESULTS "pgx"

const char *hook_prefetch_state_name(enum hook_prefetch_state state)
{
    static const char *const NAMES[] = {"absent", "null", "data", "outcome", "wrong"};

    assert((size_t)state < ARRAY_LEN(NAMES));
    return NAMES[state];
}

/* A searchset may carry a failure as an entry. Warnings ("no results found", Epic 4101) are
 * not failures. */
static bool has_failed_entry(struct json bundle)
{
    struct json entries = json_get(bundle, "entry");

    for (struct json e = json_first(entries); !json_is_absent(e); e = json_next(e)) {
        struct json resource = json_get(e, "resource");
        struct json issues;

        if (!json_text_is(json_get(resource, "resourceType"), "OperationOutcome"))
            continue;
        issues = json_get(resource, "issue");
        for (struct json i = json_first(issues); !json_is_absent(i); i = json_next(i))
            if (json_text_is(json_get(i, "severity"), "error") ||
                json_text_is(json_get(i, "severity"), "fatal"))
                return true;
    }
    return false;
}

static enum hook_prefetch_state judge(struct json value)
{
    switch (fhir_answer_of(value)) {
    case FHIR_ANSWER_NONE:
        return HOOK_PREFETCH_ABSENT;
    case FHIR_ANSWER_NULL:
        return HOOK_PREFETCH_NULL;
    case FHIR_ANSWER_DATA:
        return has_failed_entry(value) ? HOOK_PREFETCH_OUTCOME : HOOK_PREFETCH_DATA;
    case FHIR_ANSWER_OUTCOME:
        return HOOK_PREFETCH_OUTCOME;
    case FHIR_ANSWER_WRONG:
        return HOOK_PREFETCH_WRONG;
    }
    return HOOK_PREFETCH_WRONG;
}

bool hook_gather_prefetch(struct hook_call *call)
{
    struct json prefetch = call->request.prefetch;
    struct err err = {0};

    call->prefetch_state = judge(json_get(prefetch, PREFETCH_RESULTS));
    call->list_prefetch_state = judge(json_get(prefetch, PREFETCH_LIST));
    /* Keys that discovery never offered are read too: some clients name them by hand. */
    for (struct json v = json_first(prefetch); !json_is_absent(v); v = json_next(v))
        if (fhir_answer_of(v) == FHIR_ANSWER_DATA &&
            fhir_collection_add(&call->collection, v, &err) != ERR_OK)
            return hook_gather_fail(call, &err);
    return true;
}

bool hook_gather_resolve(struct hook_call *call)
{
    struct err err = {0};

    if (call->has_resolved_genes)
        return true;
    if (hook_facts_resolve_genes(&call->facts, call->request.patient_id, &call->collection,
                                 call->knowledge, &call->arena, &err) != ERR_OK)
        return hook_gather_fail(call, &err);
    call->has_resolved_genes = true;
    return true;
}

static bool want_medications(struct hook_call *call)
{
    for (size_t i = 0; i < call->facts.orders_count; i++) {
        const struct fhir_order *order = &call->facts.orders[i];
        struct slice wanted = order->state == FHIR_ORDER_NEEDS_RESOURCE ? order->reference
                              : order->is_incomplete                    ? order->missing
                                                                        : SLICE_NONE;

        /* What is contained is here, or nowhere. */
        if (order->state != FHIR_ORDER_SKIPPED && wanted.len > 0 && wanted.ptr[0] != '#' &&
            !hook_gather_read(call, HOOK_NEED_MEDICATION, wanted))
            return false;
    }
    return true;
}

static bool plan_first_round(struct hook_call *call)
{
    bool has_results = call->prefetch_state == HOOK_PREFETCH_DATA;

    if (call->facts.drug_orders_count == 0 && !hook_facts_lack_a_drug(&call->facts))
        return true; /* nothing we have rules for: ask for nothing */
    if (!hook_gather_resolve(call))
        return false;
    has_results = has_results || (!hook_facts_lack_a_drug(&call->facts) &&
                                  hook_facts_are_complete(&call->facts));
    if (!call->may_fetch) {
        /* A null key is the client's word that there is nothing (CDS Hooks 2.0.1). */
        call->is_incomplete = call->facts.orders_unread > 0 ||
                              (!has_results && call->prefetch_state != HOOK_PREFETCH_NULL);
    } else if ((!has_results && !hook_gather_by_code(call)) || !want_medications(call)) {
        return false;
    }
    if (call->prefetch_state != HOOK_PREFETCH_DATA)
        return true;
    /* The client made this page by searching; its relative links are relative to that. */
    return hook_gather_next_page(
        call, json_get(call->request.prefetch, PREFETCH_RESULTS),
        arena_printf(&call->arena, "%.*s/Observation", SLICE_ARG(call->request.fhir_server)), 0,
        HOOK_NEED_PGX);
}

static bool plan_next_round(struct hook_call *call)
{
    size_t before = call->needs_count;
    struct err err = {0};

    if (!hook_gather_recover(call))
        return false;
    for (size_t i = 0; i < before; i++) {
        struct hook_need *need = call->needs[i];

        if (need->is_planned_further || !need->is_usable ||
            hook_need_subject(need) == HOOK_NEED_WEIGHT)
            continue; /* the newest weights come first */
        need->is_planned_further = true;
        if (!hook_gather_next_page(call, json_root(&need->doc), need->url, need->page,
                                   hook_need_subject(need)))
            return false;
    }
    call->order_facts = NULL; /* they were about the drugs that were known before */
    if (hook_facts_find_drugs(&call->facts, &call->request, &call->collection, call->knowledge,
                              &call->arena, &err) != ERR_OK)
        return hook_gather_fail(call, &err);
    /* A Medication may refer to others. */
    return !call->may_fetch || want_medications(call);
}

size_t hook_call_plan(struct hook_call *call)
{
    size_t before = call->needs_count;
    bool is_ok;

    if (call->failure.code != HOOK_NONE)
        return 0;
    is_ok = call->planned++ == 0 ? plan_first_round(call) : plan_next_round(call);
    if (is_ok && call->needs_count == before)
        is_ok = hook_gather_further(call);
    if (is_ok && call->may_fetch)
        is_ok = hook_gather_patient(call);
    if (is_ok && call->needs_count == before)
        is_ok = hook_gather_pending(call);
    return is_ok ? call->needs_count - before : 0;
}

static bool take_in(struct hook_call *call, struct hook_need *need)
{
    struct err err = {0};
    struct json root;

    if (json_parse(&need->doc, buf_slice(&need->body), call->options->json_nodes_max, &err) !=
        ERR_OK)
        return false;
    root = json_root(&need->doc);
    if (fhir_answer_of(root) != FHIR_ANSWER_DATA || has_failed_entry(root))
        return false;
    if (fhir_collection_add(&call->collection, root, &err) != ERR_OK)
        return false;
    if (need->query != NULL)
        need->ignored = fhir_search_ignored(fhir_bundle_link(root, "self", &call->arena),
                                            need->query->params, need->query->params_count);
    return true;
}

void hook_call_answer(struct hook_call *call, struct hook_need *need,
                      enum fhir_fetch_outcome outcome, uint32_t status, struct buf *body,
                      uint64_t took_us)
{
    size_t before = call->collection.resources_count;

    assert(!need->is_answered);
    need->is_answered = true;
    need->outcome = outcome;
    need->status = status;
    need->took_us = took_us;
    need->body = *body;
    *body = (struct buf){0};
    if (outcome == FHIR_FETCH_OK) {
        need->is_usable = take_in(call, need);
        if (!need->is_usable)
            need->outcome = FHIR_FETCH_BROKEN;
        call->has_resolved_genes = false;
        need->has_brought = call->collection.resources_count > before;
    }
    if (need->is_usable)
        return;
    need->recovery = hook_recovery_of(call, need);
    if (need->recovery == HOOK_RECOVERY_NONE)
        hook_gather_note_unmet(call, need);
}
