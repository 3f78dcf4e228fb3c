/* gateway/hooks/gather_recover.c -- what to ask when a server did not take a request as it was.
 *
 *   429, 5xx          once more, if the wait that the server asks for, or a short pause, fits
 * into the time left a form refused    the same search by GET, its codes split where the URL
 * would be too long 400, 414          without component-code, then without _include, then 20
 * codes at a time
 *
 * What was asked instead stands in for what failed: only if it fails too is something missing.
 */
#include "gateway/hooks/gather.h"

#define RETRY_PAUSE_MS 50u

static bool is_passing(uint32_t status)
{
    return status == 429 || (status >= 500 && status != 501 && status != 505);
}

/* What a server may say that takes no POST _search: bad request, not found, not allowed,
 * unsupported media type, not implemented. */
static bool refuses_form(uint32_t status)
{
    return status == 400 || status == 403 || status == 404 || status == 405 || status == 415 ||
           status == 501;
}

static bool has_codes_to_split(const struct hook_query *query)
{
    for (size_t i = 0; i < query->params_count; i++)
        if (slice_eq_text(query->params[i].name, "code"))
            return fhir_codes_count(query->params[i].value) > FHIR_CODES_REDUCED;
    return false;
}

static bool is_reducible(const struct hook_query *query)
{
    struct hook_query copy = *query;

    return fhir_search_reduce(copy.params, &copy.params_count) != FHIR_REDUCTION_NONE ||
           has_codes_to_split(query);
}

enum hook_recovery hook_recovery_of(const struct hook_call *call, const struct hook_need *need)
{
    if (need->outcome != FHIR_FETCH_STATUS || !call->may_fetch)
        return HOOK_RECOVERY_NONE;
    if (is_passing(need->status))
        return need->is_retry ? HOOK_RECOVERY_NONE : HOOK_RECOVERY_AGAIN;
    if (need->query == NULL)
        return HOOK_RECOVERY_NONE;
    if (need->form.len > 0 && refuses_form(need->status))
        return HOOK_RECOVERY_BY_GET;
    if ((need->status == 400 || need->status == 414) && is_reducible(need->query))
        return HOOK_RECOVERY_REDUCED;
    return HOOK_RECOVERY_NONE;
}

static bool ask_reduced(struct hook_call *call, const struct hook_need *need)
{
    struct hook_query *query = hook_query_copy(call, need->query);

    if (query == NULL)
        return false;
    if (fhir_search_reduce(query->params, &query->params_count) != FHIR_REDUCTION_NONE)
        return hook_gather_query(call, need->kind, query);
    return hook_gather_split(call, need->kind, query, FHIR_CODES_REDUCED);
}

static bool ask_by_get(struct hook_call *call, const struct hook_need *need)
{
    struct hook_query *query = hook_query_copy(call, need->query);

    if (query == NULL)
        return false;
    query->may_post = false;
    return hook_gather_query(call, need->kind, query);
}

static bool recover(struct hook_call *call, struct hook_need *need)
{
    uint64_t wait_ms =
        need->retry_after_s > 0 ? (uint64_t)need->retry_after_s * 1000 : RETRY_PAUSE_MS;
    enum hook_recovery recovery = need->recovery;

    need->recovery = HOOK_RECOVERY_NONE;
    if (call->left_ms == 0 || (recovery == HOOK_RECOVERY_AGAIN && wait_ms >= call->left_ms)) {
        hook_gather_note_unmet(call, need);
        return true;
    }
    need->is_replaced = true;
    switch (recovery) {
    case HOOK_RECOVERY_AGAIN:
        return hook_gather_again(call, need, (uint32_t)wait_ms);
    case HOOK_RECOVERY_BY_GET:
        return ask_by_get(call, need);
    case HOOK_RECOVERY_REDUCED:
        return ask_reduced(call, need);
    case HOOK_RECOVERY_NONE:
        break;
    }
    return true;
}

bool hook_gather_recover(struct hook_call *call)
{
    size_t before = call->needs_count;

    for (size_t i = 0; i < before; i++)
        if (call->needs[i]->recovery != HOOK_RECOVERY_NONE && !recover(call, call->needs[i]))
            return false;
    return true;
}
