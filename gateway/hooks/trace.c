/* gateway/hooks/trace.c -- writing the trace and the audit parts. */
#include "gateway/hooks/trace.h"

#include "gateway/hooks/gather.h"

static void write_parts(struct json_writer *w, const char *name,
                        const struct rules_advice *advice, enum rules_part from,
                        enum rules_part to)
{
    json_write_name(w, name);
    json_write_array(w);
    for (size_t i = 0; i < advice->matches_count; i++)
        if (advice->matches[i].part >= from && advice->matches[i].part <= to)
            json_write_text(w, advice->matches[i].recommendation->id);
    json_write_array_end(w);
}

/* "rules" speak on the card; "others" is what other publishers say, or a guideline that a
 * site's policy stands over. */
static void write_matches(struct json_writer *w, const struct rules_advice *advice)
{
    write_parts(w, "rules", advice, RULES_PART_ADVICE, RULES_PART_LABEL);
    if (advice->matches_count > 0 &&
        advice->matches[advice->matches_count - 1].part > RULES_PART_LABEL)
        write_parts(w, "others", advice, RULES_PART_OTHER, RULES_PART_OVERRIDDEN);
    if (advice->sources_differ)
        json_write_member_bool(w, "sources_differ", true);
}

static void write_missing(struct json_writer *w, const struct rules_advice *advice)
{
    json_write_name(w, "missing");
    json_write_array(w);
    for (size_t i = 0; i < advice->missing_count; i++)
        json_write_text(w, advice->missing[i]->symbol);
    json_write_array_end(w);
}

static void write_gene_states(struct json_writer *w, const struct hook_call *call,
                              const struct rules_drug *drug)
{
    const struct rules_gene **genes;
    size_t count = rules_genes_of_drug(call->knowledge, drug, &genes);

    json_write_name(w, "genes");
    json_write_array(w);
    for (size_t i = 0; i < count; i++) {
        const struct rules_gene_result *result = hook_facts_result(&call->facts, genes[i]);

        if (result == NULL)
            continue;
        json_write_object(w);
        json_write_member_text(w, "gene", genes[i]->symbol);
        json_write_member_text(w, "state", slice_of(rules_gene_state_name(result->state)));
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

void hook_audit_decisions_write(const struct hook_call *call, struct buf *buf)
{
    struct json_writer w;

    json_write_init(&w, buf);
    json_write_array(&w);
    for (size_t i = 0; call->advice != NULL && i < call->facts.drug_orders_count; i++) {
        const struct rules_advice *advice = &call->advice[i];

        json_write_object(&w);
        json_write_member_text(&w, "drug", advice->drug->name);
        json_write_member_text(&w, "order_type",
                               call->facts.drug_orders[i].order->resource->type);
        json_write_member_text(
            &w, "named_by", slice_of(hook_named_by_name(call->facts.drug_orders[i].named_by)));
        json_write_member_text(&w, "alert", slice_of(rules_alert_name(advice->alert)));
        write_matches(&w, advice);
        write_gene_states(&w, call, advice->drug);
        write_missing(&w, advice);
        hook_trace_conversions_write(&w, call, i);
        hook_trace_known_write(&w, call, i);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
}

/* The codes that no drug is known for, so that a site can map them. */
static void write_unresolved(struct json_writer *w, const struct hook_facts *facts)
{
    if (facts->unresolved_count == 0)
        return;
    json_write_name(w, "unresolved_codes");
    json_write_array(w);
    for (size_t i = 0; i < facts->unresolved_count; i++) {
        json_write_object(w);
        json_write_member_text(w, "system", facts->unresolved[i].system);
        json_write_member_text(w, "code", facts->unresolved[i].code);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static void write_unread(struct json_writer *w, const struct hook_call *call)
{
    json_write_name(w, "unread");
    json_write_array(w);
    for (size_t k = 0; k < HOOK_NEEDS_COUNT; k++)
        if (hook_gather_is_unread(call, (enum hook_need_kind)k))
            json_write_text(w, slice_of(hook_need_name((enum hook_need_kind)k)));
    json_write_array_end(w);
}

static void write_gaps(struct json_writer *w, const struct hook_call *call)
{
    const struct hook_facts *facts = &call->facts;

    json_write_object(w);
    json_write_member_text(w, "prefetch",
                           slice_of(hook_prefetch_state_name(call->prefetch_state)));
    json_write_member_text(w, "medication_list",
                           slice_of(hook_list_state_name(call->patient.list_state)));
    hook_trace_estimates_write(w, call);
    hook_trace_pretests_write(w, call);
    json_write_member_u64(w, "orders", facts->orders_count);
    json_write_member_u64(w, "evaluated_orders", facts->orders_evaluated);
    json_write_member_u64(w, "unread_orders", facts->orders_unread);
    json_write_member_u64(w, "incomplete_orders", facts->orders_incomplete);
    json_write_member_u64(w, "unresolved_orders", facts->orders_unresolved);
    write_unresolved(w, facts);
    json_write_member_u64(w, "local_orders", facts->orders_local);
    json_write_member_u64(w, "text_orders", facts->orders_by_text);
    json_write_member_u64(w, "contradictory_orders", facts->orders_contradictory);
    json_write_member_u64(w, "ignored_results", facts->reading.ignored_count);
    json_write_member_u64(w, "reading_warnings", facts->reading.warnings_count);
    write_unread(w, call);
    json_write_member_bool(w, "is_incomplete", call->is_incomplete);
    json_write_object_end(w);
}

void hook_audit_gaps_write(const struct hook_call *call, struct buf *buf)
{
    struct json_writer w;

    json_write_init(&w, buf);
    write_gaps(&w, call);
}

/* What is not as usual. */
static void write_more_of_fetch(struct json_writer *w, const struct hook_need *need)
{
    if (need->kind == HOOK_NEED_PAGE)
        json_write_member_text(w, "of", slice_of(hook_need_name(need->page_of)));
    if (need->is_retry)
        json_write_member_bool(w, "is_retry", true);
    if (need->is_replaced)
        json_write_member_bool(w, "is_replaced", true);
    if (need->is_cached)
        json_write_member_bool(w, "is_cached", true);
    if (need->form.len > 0)
        json_write_member_text(w, "method", SLICE("POST"));
    if (need->ignored == 0)
        return;
    json_write_name(w, "ignored");
    json_write_array(w);
    for (size_t i = 0; i < need->query->params_count; i++)
        if ((need->ignored >> i & 1) != 0)
            json_write_text(w, need->query->params[i].name);
    json_write_array_end(w);
}

static void write_fetches(struct json_writer *w, const struct hook_call *call)
{
    json_write_array(w);
    for (size_t i = 0; i < call->needs_count; i++) {
        const struct hook_need *need = call->needs[i];

        if (!need->is_answered)
            continue;
        json_write_object(w);
        json_write_member_text(w, "kind", slice_of(hook_need_name(need->kind)));
        json_write_member_text(w, "outcome", slice_of(fhir_fetch_outcome_name(need->outcome)));
        json_write_member_u64(w, "status", need->status);
        json_write_member_u64(w, "took_us", need->took_us);
        write_more_of_fetch(w, need);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

void hook_audit_fetches_write(const struct hook_call *call, struct buf *buf)
{
    struct json_writer w;

    json_write_init(&w, buf);
    write_fetches(&w, call);
}

/* What the order's codes and words gave, local forms included. */
static void write_named(struct json_writer *w, const struct hook_order_drugs *found)
{
    json_write_name(w, "named");
    json_write_array(w);
    for (size_t i = 0; i < found->drugs_count; i++) {
        json_write_object(w);
        json_write_member_text(w, "drug", found->drugs[i].drug->name);
        json_write_member_text(w, "by", slice_of(hook_named_by_name(found->drugs[i].by)));
        json_write_member_bool(w, "is_local", found->drugs[i].is_local);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    if (found->is_contradictory)
        json_write_member_text(w, "warning",
                               SLICE("the codes of the order name different "
                                     "drugs; all of them were evaluated"));
    if (found->drugs_count > 0 && found->drugs[0].by == HOOK_NAMED_BY_TEXT)
        json_write_member_text(w, "warning", SLICE("the order names the drug only in words"));
}

static void write_orders(struct json_writer *w, const struct hook_call *call)
{
    static const char *const STATES[] = {"ready", "no-medication", "needs-resource", "skipped"};

    json_write_name(w, "orders");
    json_write_array(w);
    for (size_t i = 0; i < call->facts.orders_count; i++) {
        const struct fhir_order *order = &call->facts.orders[i];

        json_write_object(w);
        json_write_member_text(w, "order", order->name);
        json_write_member_text(w, "state", slice_of(STATES[order->state]));
        json_write_member_text(w, "reason", slice_of(order->skip_reason));
        if (order->is_incomplete)
            json_write_member_text(w, "unread", order->missing);
        json_write_name(w, "drugs");
        json_write_array(w);
        for (size_t d = 0; d < call->facts.drug_orders_count; d++)
            if (call->facts.drug_orders[d].order == order)
                json_write_text(w, call->facts.drug_orders[d].drug->name);
        json_write_array_end(w);
        if (call->facts.order_drugs != NULL)
            write_named(w, &call->facts.order_drugs[i]);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static void write_call(struct json_writer *w, struct hook_call *hook,
                       const struct rules_call *call)
{
    json_write_object(w);
    json_write_member_text(w, "diplotype", call->diplotype);
    json_write_member_text(w, "phenotype", call->phenotype);
    if (call->has_score)
        json_write_member_text(
            w, "score",
            rules_score_text(call->score_x100, call->score_is_at_least, &hook->arena));
    json_write_name(w, "keys");
    json_write_array(w);
    for (size_t i = 0; i < call->keys_count; i++)
        json_write_text(w, rules_key_text(&call->keys[i], &hook->arena));
    json_write_array_end(w);
    json_write_name(w, "notes");
    json_write_array(w);
    for (uint32_t n = 0; n < RULES_NOTES_COUNT; n++)
        if ((call->notes >> n & 1) != 0)
            json_write_text(w, slice_of(rules_call_note_name((enum rules_call_note)n)));
    json_write_array_end(w);
    json_write_name(w, "sources");
    json_write_array(w);
    for (size_t i = 0; i < call->sources_count; i++)
        json_write_text(w, hook->facts.reading.evidence[call->sources[i]].resource->name);
    json_write_array_end(w);
    if (!hook_facts_have_laboratory(&hook->facts, call))
        json_write_member_bool(w, "is_without_laboratory", true);
    json_write_object_end(w);
}

static void write_genes(struct json_writer *w, struct hook_call *call)
{
    json_write_name(w, "genes");
    json_write_array(w);
    for (size_t i = 0; call->facts.results != NULL && i < call->facts.genes_count; i++) {
        const struct rules_gene_result *result = &call->facts.results[i];

        json_write_object(w);
        json_write_member_text(w, "gene", call->facts.genes[i]->symbol);
        json_write_member_text(w, "state", slice_of(rules_gene_state_name(result->state)));
        json_write_name(w, "calls");
        json_write_array(w);
        for (size_t c = 0; c < result->calls_count; c++)
            write_call(w, call, &result->calls[c]);
        json_write_array_end(w);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static void write_reading(struct json_writer *w, const struct fhir_reading *reading)
{
    json_write_name(w, "warnings");
    json_write_array(w);
    for (size_t i = 0; i < reading->warnings_count; i++) {
        json_write_object(w);
        json_write_member_text(w, "resource", reading->warnings[i].resource->name);
        json_write_member_text(w, "code",
                               slice_of(fhir_warning_name(reading->warnings[i].code)));
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_name(w, "ignored");
    json_write_array(w);
    for (size_t i = 0; i < reading->ignored_count; i++) {
        json_write_object(w);
        json_write_member_text(w, "resource", reading->ignored[i].resource->name);
        json_write_member_text(w, "reason",
                               slice_of(fhir_ignored_name(reading->ignored[i].reason)));
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static void write_advice(struct json_writer *w, const struct hook_call *call)
{
    json_write_name(w, "advice");
    json_write_array(w);
    for (size_t i = 0; call->advice != NULL && i < call->facts.drug_orders_count; i++) {
        const struct rules_advice *advice = &call->advice[i];
        const struct rules_population *population = call->facts.drug_orders[i].population;

        json_write_object(w);
        json_write_member_text(w, "drug", advice->drug->name);
        if (population != NULL)
            json_write_member_text(w, "population", population->id);
        json_write_member_text(w, "alert", slice_of(rules_alert_name(advice->alert)));
        write_matches(w, advice);
        write_missing(w, advice);
        json_write_member_u64(w, "tried", advice->tried_count);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

void hook_trace_write(struct hook_call *call, struct buf *buf)
{
    struct json_writer w;

    json_write_init(&w, buf);
    json_write_object(&w);
    json_write_member_text(&w, "outcome", slice_of(hook_failure_label(call->failure.code)));
    json_write_member_text(&w, "release", rules_knowledge_hash(call->knowledge));
    json_write_name(&w, "gaps");
    write_gaps(&w, call);
    json_write_name(&w, "fetches");
    write_fetches(&w, call);
    write_orders(&w, call);
    write_genes(&w, call);
    write_reading(&w, &call->facts.reading);
    hook_trace_patient_write(&w, call);
    write_advice(&w, call);
    json_write_object_end(&w);
}
