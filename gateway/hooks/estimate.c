/* gateway/hooks/estimate.c -- from the patient's facts to an algorithm's input. */
#include "gateway/hooks/estimate.h"

#include "gateway/hooks/call.h"

/* The inducers that IWPC's term is for (PMID 19228618). */
static const char *const INDUCERS[] = {"carbamazepine", "phenytoin", "rifampin"};

static enum rules_answer is_taken(const struct hook_call *call, const char *drug)
{
    const struct hook_patient *p = &call->patient;

    for (size_t i = 0; i < p->comedications_count; i++)
        if (slice_eq_text(p->comedications[i].drug->name, drug) &&
            !p->comedications[i].is_stopped)
            return RULES_ANSWER_YES;
    return p->list_state == HOOK_LIST_FULL ? RULES_ANSWER_NO : RULES_ANSWER_UNKNOWN;
}

static enum rules_answer is_any_taken(const struct hook_call *call)
{
    enum rules_answer answer = RULES_ANSWER_NO;

    for (size_t i = 0; i < ARRAY_LEN(INDUCERS); i++) {
        enum rules_answer taken = is_taken(call, INDUCERS[i]);

        if (taken == RULES_ANSWER_YES)
            return taken;
        if (taken == RULES_ANSWER_UNKNOWN)
            answer = taken;
    }
    return answer;
}

static const struct rules_gene_result *result_of(const struct hook_call *call,
                                                 struct slice symbol)
{
    const struct rules_gene *gene = rules_find_gene(call->knowledge, symbol);

    return gene == NULL ? NULL : hook_facts_result(&call->facts, gene);
}

/* The order's reasons answer, where it has any: the drug's only population is thrombosis. */
static enum rules_answer is_thrombosis(const struct hook_drug_order *drug_order)
{
    if (drug_order->population != NULL)
        return RULES_ANSWER_YES;
    return drug_order->order->reasons_count > 0 ? RULES_ANSWER_NO : RULES_ANSWER_UNKNOWN;
}

static enum rules_answer is_new_start(const struct hook_order_facts *facts)
{
    if (facts->therapy == RULES_THERAPY_NAIVE)
        return RULES_ANSWER_YES;
    return facts->is_listed || facts->therapy == RULES_THERAPY_ESTABLISHED
               ? RULES_ANSWER_NO
               : RULES_ANSWER_UNKNOWN;
}

static void estimate(struct hook_call *call, size_t order, struct hook_estimate *ret)
{
    const struct hook_patient *p = &call->patient;

    struct rules_warfarin_input *in = &ret->input;

    ret->drug_order = &call->facts.drug_orders[order];
    if (call->given != NULL)
        *in = call->given->warfarin;
    in->is_new_start = is_new_start(&call->order_facts[order]);
    in->has_age = p->has_age;
    in->age_years = p->age_years;
    in->has_height = p->has_height;
    in->height_x100 = p->height_x100;
    in->has_weight = p->has_weight;
    in->weight_x100 = p->weight_x100;
    in->cyp2c9 = result_of(call, SLICE("CYP2C9"));
    in->vkorc1 = result_of(call, SLICE("VKORC1"));
    in->cyp4f2 = result_of(call, SLICE("CYP4F2"));
    in->amiodarone = is_taken(call, "amiodarone");
    in->enzyme_inducer = is_any_taken(call);
    in->dvt_or_pe = is_thrombosis(ret->drug_order);
    ret->is_shown = rules_warfarin_estimate(call->knowledge, &ret->input, &ret->estimate) &&
                    ret->input.is_new_start == RULES_ANSWER_YES &&
                    ret->estimate.outcome == RULES_WARFARIN_OUTCOME_ESTIMATE;
}

bool hook_estimates_decide(struct hook_call *call)
{
    const struct hook_facts *facts = &call->facts;

    for (size_t i = 0; i < facts->drug_orders_count; i++) {
        struct hook_estimate *grown;

        if (!slice_eq_text(rules_algorithm_of_drug(call->knowledge, facts->drug_orders[i].drug),
                           "warfarin"))
            continue;
        grown = arena_grow(&call->arena, call->estimates, &call->estimates_max,
                           call->estimates_count, sizeof *grown);
        if (grown == NULL)
            return hook_fail(&call->failure, HOOK_TOO_LARGE, "", "no memory for an estimate");
        call->estimates = grown;
        grown[call->estimates_count] = (struct hook_estimate){0};
        estimate(call, i, &grown[call->estimates_count++]);
    }
    return true;
}
