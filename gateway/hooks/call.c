/* gateway/hooks/call.c -- the pure middle of a hook call: bytes and resources in, answer out.
 */
#include "gateway/hooks/call.h"

#include <assert.h>

#include "gateway/hooks/card.h"
#include "gateway/hooks/gather.h"
#include "gateway/hooks/outcome.h"

/* A document above this many nodes gives its memory back after the request. */
#define NODES_KEPT 16384

#define TEXT_BYTES_MAX  65536
#define TEXT_BYTES_KEPT 16384

void hook_call_init(struct hook_call *call, const struct hook_options *options)
{
    *call = (struct hook_call){.options = options};
    arena_init(&call->arena, options->arena_bytes_max);
    json_doc_init(&call->doc);
    buf_init(&call->text, TEXT_BYTES_MAX);
    buf_init(&call->aside, TEXT_BYTES_MAX);
}

static struct buf kept_buf(struct buf *buf)
{
    if (buf->room > TEXT_BYTES_KEPT)
        buf_release(buf);
    buf_clear(buf);
    return *buf;
}

void hook_call_reset(struct hook_call *call)
{
    struct hook_call kept = {
        .arena = call->arena,
        .doc = call->doc,
        .text = kept_buf(&call->text),
        .aside = kept_buf(&call->aside),
        .options = call->options,
        .needs_made = call->needs_made,
    };

    for (size_t i = 0; i < call->needs_made; i++) {
        kept.needs[i] = call->needs[i];
        buf_release(&call->needs[i]->body);
        json_doc_trim(&call->needs[i]->doc, NODES_KEPT);
    }
    arena_reset(&kept.arena);
    json_doc_trim(&kept.doc, NODES_KEPT);
    *call = kept;
}

void hook_call_release(struct hook_call *call)
{
    for (size_t i = 0; i < call->needs_made; i++) {
        buf_release(&call->needs[i]->body);
        json_doc_release(&call->needs[i]->doc);
        free(call->needs[i]);
    }
    json_doc_release(&call->doc);
    buf_release(&call->text);
    buf_release(&call->aside);
    arena_release(&call->arena);
    *call = (struct hook_call){0};
}

static bool parse_body(struct hook_call *call, struct slice body)
{
    struct err err = {0};

    enum err_code code = json_parse(&call->doc, body, call->options->json_nodes_max, &err);

    if (code == ERR_OK)
        return true;
    return hook_fail(&call->failure,
                     code == ERR_LIMIT || code == ERR_NOMEM ? HOOK_TOO_LARGE : HOOK_BAD_JSON,
                     "$", "%s", err.text);
}

static bool add_orders(struct hook_call *call)
{
    struct err err = {0};

    return fhir_collection_add(&call->collection, call->request.orders, &err) == ERR_OK ||
           hook_fail(&call->failure, HOOK_TOO_LARGE, "context", "%s", err.text);
}

static bool read_orders(struct hook_call *call)
{
    struct err err = {0};

    return hook_facts_read_orders(&call->facts, &call->request, &call->collection, &call->arena,
                                  &err) == ERR_OK ||
           hook_fail(&call->failure, HOOK_TOO_LARGE, "context", "%s", err.text);
}

static bool find_drugs(struct hook_call *call)
{
    struct err err = {0};

    if (hook_facts_find_drugs(&call->facts, &call->request, &call->collection, call->knowledge,
                              &call->arena, &err) == ERR_OK)
        return true;
    return hook_fail(&call->failure, HOOK_TOO_LARGE, "context", "%s", err.text);
}

bool hook_call_open(struct hook_call *call, const struct hook_service *service,
                    struct slice body, const struct rules_knowledge *knowledge,
                    struct slice today)
{
    const struct hook_options *options = call->options;

    call->knowledge = knowledge;
    call->today = today;
    call->facts.mapping = options->mapping;
    call->left_ms = UINT32_MAX;
    fhir_collection_init(&call->collection, &call->arena);
    if (!parse_body(call, body) ||
        !hook_request_read(json_root(&call->doc), service, &call->arena, &call->request,
                           &call->failure))
        return false;
    if (call->request.fhir_server.len > 0) {
        call->may_fetch = fhir_url_is_allowed(call->request.fhir_server, options->fhir_servers,
                                              options->fhir_servers_count);
        call->is_refused = !call->may_fetch;
        call->server =
            fhir_capability_unknown(fhir_server_kind_of_base(call->request.fhir_server));
    }
    /* Orders are read last: Medications and Conditions that the prefetch brought can resolve
     * their references. */
    return add_orders(call) && hook_gather_prefetch(call) && read_orders(call) &&
           find_drugs(call);
}

static const struct hook_need *first_failed_need(const struct hook_call *call)
{
    for (size_t i = 0; i < call->needs_count; i++)
        if (call->needs[i]->is_answered && !call->needs[i]->is_usable &&
            !call->needs[i]->is_replaced && hook_gather_is_required(call->needs[i]))
            return call->needs[i];
    return NULL;
}

static struct slice unread_names(struct hook_call *call)
{
    buf_clear(&call->aside);
    hook_gather_write_unread(call, &call->aside, hook_need_name);
    return buf_slice(&call->aside);
}

/* CDS Hooks 2.0.1: required data neither in the prefetch nor obtainable is a 412. */
static void fail_for_missing_data(struct hook_call *call)
{
    const struct hook_need *need = first_failed_need(call);
    struct slice unread = unread_names(call);
    const char *state = hook_prefetch_state_name(call->prefetch_state);

    if (!call->is_incomplete)
        (void)hook_fail(
            &call->failure, HOOK_DATA_MISSING, "context",
            "an order names a medication or an ingredient by a reference that leads "
            "nowhere, neither in the request nor on fhirServer");
    else if (call->request.fhir_server.len == 0)
        (void)hook_fail(&call->failure, HOOK_DATA_MISSING, "prefetch",
                        "genomic results or a referenced Medication are needed, the prefetch "
                        "key pgx is %s, and no fhirServer was sent to read them from",
                        state);
    else if (call->is_refused)
        (void)hook_fail(&call->failure, HOOK_DATA_MISSING, "fhirServer",
                        "genomic results or a referenced Medication are needed, the prefetch "
                        "key pgx is %s, and fhirServer is not on this gateway's allow-list",
                        state);
    else if (need == NULL)
        (void)hook_fail(&call->failure, HOOK_DATA_MISSING, "fhirServer",
                        "further results could not be asked for: they are beyond this "
                        "gateway's limits of fetches or pages, or their link does not lead "
                        "on within fhirServer");
    else
        (void)hook_fail(&call->failure, HOOK_DATA_MISSING, "fhirServer",
                        "reading from fhirServer failed: %s, %s, HTTP status %u; not read: "
                        "%.*s",
                        hook_need_name(need->kind), fhir_fetch_outcome_name(need->outcome),
                        need->status, SLICE_ARG(unread));
}

static bool evaluate_one(struct hook_call *call, size_t index, struct err *err)
{
    const struct hook_drug_order *drug_order = &call->facts.drug_orders[index];
    const struct hook_order_facts *order_facts = &call->order_facts[index];
    struct rules_facts facts = {
        .genes = order_facts->genes,
        .genes_count = call->facts.genes_count,
        .has_age = call->patient.has_age,
        .age_years = call->patient.age_years,
        .has_weight = call->patient.has_weight,
        .weight_x100 = call->patient.weight_x100,
        .sex = call->patient.sex,
    };
    struct rules_order order = {
        .drug = drug_order->drug,
        .population = drug_order->population,
        .therapy = order_facts->therapy,
        .has_dose = order_facts->has_dose,
        .dose_x100 = order_facts->dose_mg_x100,
        .dose_unit = SLICE("mg/d"),
        .policy = &call->options->policy,
    };

    return rules_evaluate(call->knowledge, &order, &facts, &call->arena, &call->advice[index],
                          err) == ERR_OK;
}

static bool evaluate(struct hook_call *call, enum rules_alert *ret_loudest)
{
    struct hook_facts *facts = &call->facts;
    struct err err = {0};

    call->advice = arena_array(&call->arena, facts->drug_orders_count, sizeof *call->advice);
    if (call->advice == NULL)
        return hook_fail(&call->failure, HOOK_TOO_LARGE, "", "no memory for advice");
    for (size_t i = 0; i < facts->drug_orders_count; i++) {
        if (!evaluate_one(call, i, &err))
            return hook_fail(&call->failure, HOOK_INTERNAL, "", "%s", err.text);
        if (call->advice[i].alert > *ret_loudest)
            *ret_loudest = call->advice[i].alert;
    }
    return true;
}

void hook_call_decide(struct hook_call *call)
{
    enum rules_alert loudest = RULES_ALERT_NONE;

    if (call->failure.code != HOOK_NONE)
        return;
    if (call->facts.drug_orders_count > 0 &&
        (!hook_gather_resolve(call) || !hook_patient_decide(call) ||
         !evaluate(call, &loudest) || !hook_pretests_decide(call) ||
         !hook_estimates_decide(call)))
        return;
    if ((call->is_incomplete || hook_facts_lack_a_drug(&call->facts)) &&
        loudest == RULES_ALERT_NONE)
        fail_for_missing_data(call);
}

uint32_t hook_call_status(const struct hook_call *call)
{
    return hook_failure_status(call->failure.code);
}

void hook_call_render(struct hook_call *call, struct buf *buf)
{
    if (call->failure.code == HOOK_NONE) {
        hook_cards_write(call, buf);
        if (!buf_failed(buf) && !call->arena.has_failed)
            return;
        buf_clear(buf);
        (void)hook_fail(&call->failure, HOOK_INTERNAL, "",
                        "the answer does not fit its limits");
    }
    outcome_write(buf, OUTCOME_ERROR, hook_failure_issue(call->failure.code),
                  slice_of(call->failure.text), slice_of(call->failure.expression));
}
