/* gateway/hooks/trace_patient.c -- what was known about the patient, what other drugs changed,
 * and which tests were suggested or not, for trace and audit.
 */
#include "gateway/hooks/trace.h"

/* Which drug acts is told, by rule; which phenotype came of it is a patient value. */
static void write_conversion(struct json_writer *w, const struct rules_conversion *c)
{
    for (size_t i = 0; i < c->acting_count; i++) {
        const struct rules_modulator *m = c->acting[i].modulator;
        bool is_responsible = &c->acting[i] == c->responsible;

        json_write_object(w);
        json_write_member_text(w, "gene", m->gene);
        json_write_member_text(w, "drug", m->drug);
        json_write_member_text(w, "role", slice_of(rules_role_name(m->role)));
        json_write_member_text(w, "strength", slice_of(rules_strength_name(m->strength)));
        json_write_member_text(w, "source", m->source);
        json_write_member_bool(w, "is_certain", c->acting[i].is_certain);
        json_write_member_bool(w, "is_responsible", is_responsible);
        json_write_member_bool(w, "is_applied", is_responsible && c->is_applied);
        json_write_object_end(w);
    }
}

void hook_trace_conversions_write(struct json_writer *w, const struct hook_call *call,
                                  size_t order)
{
    const struct hook_order_facts *facts = &call->order_facts[order];

    json_write_name(w, "conversions");
    json_write_array(w);
    for (size_t i = 0; i < facts->conversions_count; i++)
        write_conversion(w, &facts->conversions[i]);
    json_write_array_end(w);
}

/* Which facts were known, not what they were. */
void hook_trace_known_write(struct json_writer *w, const struct hook_call *call, size_t order)
{
    const struct hook_order_facts *facts = &call->order_facts[order];

    json_write_name(w, "known");
    json_write_object(w);
    json_write_member_bool(w, "age", call->patient.has_age);
    json_write_member_bool(w, "sex", call->patient.sex != RULES_SEX_ANY);
    json_write_member_bool(w, "weight", call->patient.has_weight);
    json_write_member_bool(w, "indication", call->facts.drug_orders[order].population != NULL);
    json_write_member_bool(w, "therapy", facts->therapy != RULES_THERAPY_ANY);
    json_write_member_bool(w, "dose", facts->has_dose);
    json_write_object_end(w);
}

/* Whether there is an estimate and why not, without its numbers. */
void hook_trace_estimates_write(struct json_writer *w, const struct hook_call *call)
{
    json_write_name(w, "estimates");
    json_write_array(w);
    for (size_t i = 0; i < call->estimates_count; i++) {
        const struct hook_estimate *e = &call->estimates[i];

        json_write_object(w);
        json_write_member_text(w, "drug", e->drug_order->drug->name);
        json_write_member_text(w, "outcome",
                               slice_of(rules_warfarin_outcome_name(e->estimate.outcome)));
        json_write_member_bool(w, "is_new_start", e->input.is_new_start == RULES_ANSWER_YES);
        json_write_member_bool(w, "is_shown", e->is_shown);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

void hook_trace_pretests_write(struct json_writer *w, const struct hook_call *call)
{
    json_write_name(w, "pretests");
    json_write_array(w);
    for (size_t i = 0; i < call->pretests_count; i++) {
        const struct hook_pretest *p = &call->pretests[i];

        json_write_object(w);
        json_write_member_text(w, "drug", p->row->drug);
        json_write_member_text(w, "gene", p->row->gene);
        json_write_member_text(w, "outcome", slice_of(hook_pretest_outcome_name(p->outcome)));
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static void write_clinical(struct json_writer *w, struct hook_call *call,
                           const struct rules_conversion *c)
{
    json_write_object(w);
    json_write_member_text(w, "gene", c->genotype->gene->symbol);
    json_write_member_text(w, "drug", c->responsible->modulator->drug);
    json_write_member_bool(w, "changes", c->changes);
    json_write_member_bool(w, "is_applied", c->is_applied);
    json_write_name(w, "calls");
    json_write_array(w);
    for (size_t i = 0; i < c->clinical.calls_count; i++) {
        const struct rules_call *clinical = &c->clinical.calls[i];

        json_write_object(w);
        json_write_member_text(w, "genotype_phenotype", c->genotype->calls[i].phenotype);
        json_write_member_text(w, "phenotype", clinical->phenotype);
        if (clinical->has_score)
            json_write_member_text(w, "score",
                                   rules_score_text(clinical->score_x100,
                                                    clinical->score_is_at_least, &call->arena));
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_object_end(w);
}

static void write_order_facts(struct json_writer *w, struct hook_call *call, size_t order)
{
    const struct hook_order_facts *facts = &call->order_facts[order];

    json_write_object(w);
    json_write_member_text(w, "drug", call->facts.drug_orders[order].drug->name);
    if (facts->therapy != RULES_THERAPY_ANY)
        json_write_member_text(w, "therapy", slice_of(rules_therapy_name(facts->therapy)));
    if (facts->has_dose)
        json_write_member_text(w, "dose_mg_d",
                               rules_score_text(facts->dose_mg_x100, false, &call->arena));
    hook_trace_conversions_write(w, call, order);
    json_write_name(w, "clinical");
    json_write_array(w);
    for (size_t i = 0; i < facts->conversions_count; i++)
        if (facts->conversions[i].responsible != NULL)
            write_clinical(w, call, &facts->conversions[i]);
    json_write_array_end(w);
    json_write_object_end(w);
}

static void write_list(struct json_writer *w, const struct hook_patient *p)
{
    json_write_name(w, "medication_list");
    json_write_object(w);
    json_write_member_text(w, "state", slice_of(hook_list_state_name(p->list_state)));
    json_write_name(w, "entries");
    json_write_array(w);
    for (size_t i = 0; i < p->list_count; i++) {
        json_write_object(w);
        json_write_member_text(w, "resource", p->list[i].order.name);
        json_write_member_bool(w, "is_stopped", p->list[i].is_stopped);
        json_write_member_bool(w, "is_unread", p->list[i].is_unread);
        json_write_name(w, "drugs");
        json_write_array(w);
        for (size_t d = 0; d < p->list_drugs[i].drugs_count; d++)
            json_write_text(w, p->list_drugs[i].drugs[d].drug->name);
        json_write_array_end(w);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_object_end(w);
}

void hook_trace_patient_write(struct json_writer *w, struct hook_call *call)
{
    const struct hook_patient *p = &call->patient;

    json_write_name(w, "patient");
    json_write_object(w);
    if (p->has_age)
        json_write_member_u64(w, "age_years", p->age_years);
    if (p->has_weight)
        json_write_member_text(w, "weight_kg",
                               rules_score_text(p->weight_x100, false, &call->arena));
    if (p->sex != RULES_SEX_ANY)
        json_write_member_text(w, "sex", slice_of(rules_sex_name(p->sex)));
    write_list(w, p);
    json_write_name(w, "orders");
    json_write_array(w);
    for (size_t i = 0; call->order_facts != NULL && i < call->facts.drug_orders_count; i++)
        write_order_facts(w, call, i);
    json_write_array_end(w);
    json_write_object_end(w);
    hook_trace_estimates_write(w, call);
    hook_trace_pretests_write(w, call);
}
