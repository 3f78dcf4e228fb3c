/* gateway/hooks/gather.c -- planning what to ask the FHIR server for, and taking in answers.
 *
 * Rounds, all needs of a round at once:
 *   1. results by code (unless the prefetch brought them), Medications that orders refer to,
 *      what else advice depends on (gather_patient.c), further pages of the prefetch
 *   2. further pages; then, if a gene still has no result, results by category, because
 *      many laboratories file them without a LOINC code. The same for results that were
 *      prefetched: silence must not depend on who asked for them.
 *
 * When a drug is still unknown because its Medication must be fetched, results are asked for
 * all genes at the same time: one round trip less matters more than a longer code list.
 */
#include "gateway/hooks/gather.h"

#include <assert.h>

#include "fhir/mapping.h"

#define URL_BYTES_MAX     16384
#define PREFETCH_RESULTS  "pgx"
#define SEARCH_PARAMS_MAX 6

const char *hook_need_name(enum hook_need_kind kind)
{
    static const char *const NAMES[] = {
#define X(code, name) [HOOK_NEED_##code] = name,
        HOOK_NEED_KINDS(X)
#undef X
    };

    assert((size_t)kind < ARRAY_LEN(NAMES));
    return NAMES[kind];
}

const char *hook_prefetch_state_name(enum hook_prefetch_state state)
{
    static const char *const NAMES[] = {"absent", "null", "data", "outcome", "wrong"};

    assert((size_t)state < ARRAY_LEN(NAMES));
    return NAMES[state];
}

static bool fail_from(struct hook_call *call, const struct err *err)
{
    return hook_fail(&call->failure,
                     err->code == ERR_LIMIT || err->code == ERR_NOMEM ? HOOK_TOO_LARGE
                                                                      : HOOK_INTERNAL,
                     "", "%s", err->text);
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
            return fail_from(call, &err);
    return true;
}

bool hook_gather_resolve(struct hook_call *call)
{
    struct err err = {0};

    if (call->has_resolved_genes)
        return true;
    if (hook_facts_resolve_genes(&call->facts, call->request.patient_id, &call->collection,
                                 call->knowledge, &call->arena, &err) != ERR_OK)
        return fail_from(call, &err);
    call->has_resolved_genes = true;
    return true;
}

/* Whether a call without this answer can still vouch for silence. */
static bool is_required(enum hook_need_kind kind)
{
    switch (kind) {
    case HOOK_NEED_PGX:
    case HOOK_NEED_MEDICATION:
    case HOOK_NEED_PAGE:
        return true;
    case HOOK_NEED_PGX_CATEGORY: /* not every server can search by category */
    case HOOK_NEED_PATIENT:      /* without these, what may apply is shown */
    case HOOK_NEED_WEIGHT:
    case HOOK_NEED_LIST:
    case HOOK_NEED_LIST_DRUGS:
    case HOOK_NEED_PENDING_ORDERS: /* without these, no test is suggested */
    case HOOK_NEED_PENDING_REPORTS:
    case HOOK_NEEDS_COUNT:
        return false;
    }
    return true;
}

static enum hook_need_kind kind_of(const struct hook_need *need)
{
    return need->kind == HOOK_NEED_PAGE ? need->page_of : need->kind;
}

/* A first page may be refused for its kind; a further one is the rest of what is there. */
bool hook_gather_is_required(const struct hook_need *need)
{
    if (need->kind == HOOK_NEED_PAGE)
        return is_required(need->page_of) || need->page_of == HOOK_NEED_PGX_CATEGORY;
    return is_required(need->kind);
}

/* Something of this kind is wanted and cannot be had. */
static void note_missing(struct hook_call *call, enum hook_need_kind kind)
{
    if (is_required(kind) || kind == HOOK_NEED_PGX_CATEGORY)
        call->is_incomplete = true;
    call->is_cut[kind] = true;
}

bool hook_gather_has(const struct hook_call *call, enum hook_need_kind kind)
{
    for (size_t i = 0; i < call->needs_count; i++)
        if (call->needs[i]->kind == kind)
            return true;
    return false;
}

bool hook_gather_is_read(const struct hook_call *call, enum hook_need_kind kind, bool is_here)
{
    for (size_t i = 0; i < call->needs_count; i++) {
        if (kind_of(call->needs[i]) != kind)
            continue;
        if (!call->needs[i]->is_usable)
            return false;
        is_here = true;
    }
    return is_here && !call->is_cut[kind];
}

/* A need to fill in, reusing one from an earlier request; NULL at the limit. `of` is the kind
 * itself, or for a page the kind that it is a page of. */
static struct hook_need *add_need(struct hook_call *call, enum hook_need_kind kind,
                                  enum hook_need_kind of)
{
    struct hook_need *need;

    if (call->needs_count == call->options->fetches_max ||
        call->needs_count == HOOK_NEEDS_MAX) {
        note_missing(call, of);
        return NULL;
    }
    if (call->needs_count == call->needs_made) {
        need = calloc(1, sizeof *need);
        if (need == NULL) {
            note_missing(call, of);
            return NULL;
        }
        json_doc_init(&need->doc);
        call->needs[call->needs_made++] = need;
    }
    need = call->needs[call->needs_count++];
    *need = (struct hook_need){.call = call, .kind = kind, .page_of = of, .doc = need->doc};
    return need;
}

static bool set_url(struct hook_call *call, struct hook_need *need, struct buf *url)
{
    need->url = arena_copy(&call->arena, buf_slice(url));
    if (buf_failed(url) || call->arena.has_failed) {
        buf_release(url);
        return hook_fail(&call->failure, HOOK_TOO_LARGE, "",
                         "a FHIR search for this request does not fit its limits");
    }
    buf_release(url);
    return true;
}

bool hook_gather_search_any(struct hook_call *call, enum hook_need_kind kind, const char *type,
                            const struct fhir_search_param *params, size_t params_count)
{
    struct hook_need *need = add_need(call, kind, kind);
    struct err err = {0};
    struct buf url;

    if (need == NULL)
        return true;
    buf_init(&url, URL_BYTES_MAX);
    if (fhir_search_url(&url, call->request.fhir_server, slice_of(type), params, params_count,
                        &err) != ERR_OK) {
        buf_release(&url);
        return fail_from(call, &err);
    }
    return set_url(call, need, &url);
}

bool hook_gather_search(struct hook_call *call, enum hook_need_kind kind, const char *type,
                        const struct fhir_search_param *params, size_t params_count)
{
    struct fhir_search_param all[SEARCH_PARAMS_MAX] = {
        {SLICE("patient"), call->request.patient_id}};

    assert(params_count < SEARCH_PARAMS_MAX);
    for (size_t i = 0; i < params_count; i++)
        all[i + 1] = params[i];
    return hook_gather_search_any(call, kind, type, all, params_count + 1);
}

static bool want_search(struct hook_call *call, enum hook_need_kind kind, const char *parameter,
                        struct slice value)
{
    struct fhir_search_param params[] = {{slice_of(parameter), value},
                                         {SLICE("_count"), SLICE(HOOK_RESULTS_PER_PAGE)}};

    return hook_gather_search(call, kind, "Observation", params, ARRAY_LEN(params));
}

static bool want_results_by_code(struct hook_call *call)
{
    const struct rules_release *rows = rules_knowledge_rows(call->knowledge);
    bool is_all = hook_facts_lack_a_drug(&call->facts);
    size_t count = is_all ? rows->genes_count : call->facts.genes_count;
    struct slice *genes = arena_array(&call->arena, count, sizeof *genes);
    struct buf codes;
    bool is_ok;

    if (genes == NULL)
        return hook_fail(&call->failure, HOOK_TOO_LARGE, "", "no memory for gene names");
    for (size_t i = 0; i < count; i++)
        genes[i] = is_all ? rows->genes[i].symbol : call->facts.genes[i]->symbol;
    buf_init(&codes, URL_BYTES_MAX);
    fhir_observation_codes(&codes, genes, count);
    fhir_mapping_codes(call->options->mapping, genes, count, &codes);
    is_ok = want_search(call, HOOK_NEED_PGX, "code", buf_slice(&codes));
    buf_release(&codes);
    return is_ok;
}

/* A read of "Type/id" or of an absolute URL below the same server. */
bool hook_gather_read(struct hook_call *call, enum hook_need_kind kind, struct slice reference)
{
    struct err err = {0};
    struct hook_need *need;
    struct buf url;

    for (size_t i = 0; i < call->needs_count; i++)
        if (call->needs[i]->kind == kind && slice_ends(call->needs[i]->url, reference))
            return true; /* two orders of one Medication */
    buf_init(&url, URL_BYTES_MAX);
    if (fhir_read_url(&url, call->request.fhir_server, reference, &err) != ERR_OK) {
        buf_release(&url);
        note_missing(call, kind);
        return true;
    }
    need = add_need(call, kind, kind);
    if (need == NULL) {
        buf_release(&url);
        return true;
    }
    return set_url(call, need, &url);
}

bool hook_gather_next_page(struct hook_call *call, struct json bundle,
                           struct slice response_url, uint32_t page, enum hook_need_kind kind)
{
    struct slice next = fhir_bundle_next(bundle, &call->arena);
    struct hook_need *need;
    struct slice url;
    struct err err = {0};

    if (next.len == 0)
        return true;
    if (!call->may_fetch || page + 1 >= call->options->pages_max ||
        fhir_resolve_next(&call->arena, response_url, call->request.fhir_server, next, &url,
                          &err) != ERR_OK) {
        note_missing(call, kind);
        return true;
    }
    for (size_t i = 0; i < call->needs_count; i++)
        if (slice_eq(call->needs[i]->url, url)) {
            note_missing(call, kind); /* a page that names itself or an earlier one as next */
            return true;
        }
    need = add_need(call, HOOK_NEED_PAGE, kind);
    if (need == NULL)
        return true;
    need->url = url;
    need->page = page + 1;
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
    } else if ((!has_results && !want_results_by_code(call)) || !want_medications(call)) {
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

/* True when results were asked for by code, by us or by the client, and not yet by category. */
static bool may_ask_by_category(const struct hook_call *call)
{
    bool asked_by_code = call->prefetch_state == HOOK_PREFETCH_DATA;

    for (size_t i = 0; i < call->needs_count; i++) {
        if (call->needs[i]->kind == HOOK_NEED_PGX_CATEGORY)
            return false;
        asked_by_code = asked_by_code || call->needs[i]->kind == HOOK_NEED_PGX;
    }
    return asked_by_code && call->may_fetch && !call->is_incomplete &&
           call->facts.drug_orders_count > 0;
}

static bool want_results_by_category(struct hook_call *call)
{
    if (!may_ask_by_category(call))
        return true;
    if (!hook_gather_resolve(call))
        return false;
    return !hook_facts_lack_a_gene(&call->facts) ||
           want_search(call, HOOK_NEED_PGX_CATEGORY, "category", SLICE(HOOK_CATEGORY_GENETICS));
}

static bool plan_next_round(struct hook_call *call)
{
    size_t before = call->needs_count;
    struct err err = {0};

    for (size_t i = 0; i < before; i++) {
        struct hook_need *need = call->needs[i];

        if (need->is_planned_further || !need->is_usable || kind_of(need) == HOOK_NEED_WEIGHT)
            continue; /* the newest weights come first */
        need->is_planned_further = true;
        if (!hook_gather_next_page(call, json_root(&need->doc), need->url, need->page,
                                   kind_of(need)))
            return false;
    }
    call->order_facts = NULL; /* they were about the drugs that were known before */
    if (hook_facts_find_drugs(&call->facts, &call->request, &call->collection, call->knowledge,
                              &call->arena, &err) != ERR_OK)
        return fail_from(call, &err);
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
        is_ok = want_results_by_category(call);
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
    return fhir_collection_add(&call->collection, root, &err) == ERR_OK;
}

void hook_call_answer(struct hook_call *call, struct hook_need *need,
                      enum fhir_fetch_outcome outcome, uint32_t status, struct buf *body,
                      uint64_t took_us)
{
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
    }
    if (!need->is_usable && hook_gather_is_required(need))
        call->is_incomplete = true;
}
