/* gateway/hooks/patient.c -- from the patient's record to the facts that rules ask for. */
#include "gateway/hooks/patient.h"

#include <assert.h>

#include "fhir/body.h"
#include "fhir/date.h"
#include "gateway/hooks/gather.h"

/* "More than three months" (CPIC, PMID 29392710), at their longest. */
#define ESTABLISHED_DAYS 92

const char *hook_list_state_name(enum hook_list_state state)
{
    static const char *const NAMES[] = {
#define X(code, name) [HOOK_LIST_##code] = name,
        HOOK_LIST_STATES(X)
#undef X
    };

    assert((size_t)state < ARRAY_LEN(NAMES));
    return NAMES[state];
}

static bool no_memory(struct hook_call *call)
{
    return hook_fail(&call->failure, HOOK_TOO_LARGE, "", "no memory for the patient's facts");
}

/* ---- age and sex ---- */

/* Whole years between two dates "YYYY-MM-DD"; false when the birth date is less exact. */
static bool years_between(struct slice birth, struct slice today, uint32_t *ret)
{
    uint32_t parts[6];
    struct slice dates[] = {birth, today};

    for (size_t i = 0; i < 2; i++) {
        struct slice rest = slice_head(dates[i], 10);

        for (size_t p = 0; p < 3; p++)
            if (!slice_to_u32(slice_cut(rest, '-', &rest), 9999, &parts[i * 3 + p]))
                return false;
    }
    if (parts[0] > parts[3])
        return false;
    *ret = parts[3] - parts[0];
    if (parts[4] * 100 + parts[5] < parts[1] * 100 + parts[2])
        *ret -= *ret > 0;
    return true;
}

static void read_sex(struct hook_patient *patient, struct json gender)
{
    /* "other" and "unknown" are no answer to what a label asks. */
    if (json_text_is(gender, "female"))
        patient->sex = RULES_SEX_FEMALE;
    else if (json_text_is(gender, "male"))
        patient->sex = RULES_SEX_MALE;
}

static void read_patient(struct hook_call *call)
{
    for (size_t i = 0; i < call->collection.resources_count; i++) {
        const struct fhir_resource *r = &call->collection.resources[i];

        if (!slice_eq(r->type, SLICE("Patient")) || !slice_eq(r->id, call->request.patient_id))
            continue;
        call->patient.has_age =
            years_between(json_text(json_get(r->json, "birthDate"), &call->arena), call->today,
                          &call->patient.age_years);
        read_sex(&call->patient, json_get(r->json, "gender"));
    }
    call->patient.has_weight = fhir_body_weight(&call->collection, call->request.patient_id,
                                                &call->arena, &call->patient.weight_x100);
    call->patient.has_height = fhir_body_height(&call->collection, call->request.patient_id,
                                                &call->arena, &call->patient.height_x100);
}

/* ---- the medication list ---- */

static bool is_pretest_drug(const struct hook_call *call, const struct rules_drug *drug)
{
    const struct rules_pretest *rows;
    size_t count = rules_pretests_of(call->knowledge, drug, &rows);

    for (size_t i = 0; i < count; i++)
        if (hook_pretest_is_on(call->options, &rows[i]))
            return true;
    return false;
}

/* What is only shown is shown from what is at hand: it is not worth another search. */
static bool is_conversion_worth_a_list(const struct hook_call *call)
{
    return call->options->conversion == RULES_CONVERSION_APPLY ||
           (call->options->conversion == RULES_CONVERSION_INFORM &&
            call->list_prefetch_state == HOOK_PREFETCH_DATA);
}

bool hook_patient_needs_list(const struct hook_call *call, const struct rules_drug *drug)
{
    const struct rules_gene **genes;
    size_t count = rules_genes_of_drug(call->knowledge, drug, &genes);

    if (rules_drug_needs(call->knowledge, drug).therapy || is_pretest_drug(call, drug) ||
        rules_algorithm_of_drug(call->knowledge, drug).len > 0)
        return true;
    for (size_t i = 0; is_conversion_worth_a_list(call) && i < count; i++)
        if (rules_gene_has_modulators(call->knowledge, genes[i]))
            return true;
    return false;
}

static int32_t today_of(const struct hook_call *call)
{
    int32_t day = INT32_MIN; /* a file without a date: nothing is known to be long ago */

    (void)fhir_date_to_days(call->today, FHIR_DATE_LAST_DAY, &day);
    return day;
}

/* A Bundle whose further pages, if any, were asked for. */
static bool is_prefetched(struct hook_call *call)
{
    struct json value = json_get(call->request.prefetch, PREFETCH_LIST);

    return call->list_prefetch_state == HOOK_PREFETCH_DATA &&
           json_text_is(json_get(value, "resourceType"), "Bundle") &&
           (call->patient.is_list_paged || fhir_bundle_next(value, &call->arena).len == 0);
}

static void judge_list(struct hook_call *call)
{
    struct hook_patient *p = &call->patient;
    bool is_read = hook_gather_is_read(call, HOOK_NEED_LIST, is_prefetched(call));

    if (!p->is_list_wanted)
        p->list_state = HOOK_LIST_NOT_WANTED;
    else if (!is_read)
        p->list_state = p->list_count > 0 ? HOOK_LIST_PARTIAL : HOOK_LIST_UNREAD;
    else
        p->list_state = HOOK_LIST_FULL;
    for (size_t i = 0; i < p->list_count && p->list_state == HOOK_LIST_FULL; i++)
        if (p->list[i].is_unread || p->list[i].order.is_incomplete)
            p->list_state = HOOK_LIST_PARTIAL;
}

/* The drugs of an entry: by its codes, else by its words, if these are the name of an
 * ingredient or a brand and nothing else. An order is not read by words beside a code, because
 * its code says what will be dispensed; of a list, a drug missed weighs more. */
static bool find_list_drugs(struct hook_call *call, const struct fhir_order *order,
                            struct hook_order_drugs *ret)
{
    struct fhir_order words = {.text = order->text,
                               .route = order->route,
                               .route_text = order->route_text,
                               .form = order->form};
    struct err err = {0};

    if (hook_order_drugs_find(order, call->knowledge, &call->arena, ret, &err) == ERR_OK &&
        (ret->drugs_count > 0 || !ret->has_code ||
         hook_order_drugs_find(&words, call->knowledge, &call->arena, ret, &err) == ERR_OK))
        return true;
    return hook_fail(&call->failure, HOOK_TOO_LARGE, "", "%s", err.text);
}

bool hook_patient_read_list(struct hook_call *call)
{
    struct hook_patient *p = &call->patient;
    struct err err = {0};

    if (fhir_read_medication_list(&call->collection, call->request.patient_id,
                                  call->facts.orders, call->facts.orders_count, today_of(call),
                                  &call->arena, &p->list, &p->list_count, &err) != ERR_OK)
        return hook_fail(&call->failure, HOOK_TOO_LARGE, "", "%s", err.text);
    p->list_drugs = arena_array(&call->arena, p->list_count, sizeof *p->list_drugs);
    if (p->list_drugs == NULL)
        return no_memory(call);
    for (size_t i = 0; i < p->list_count; i++)
        if (!find_list_drugs(call, &p->list[i].order, &p->list_drugs[i]))
            return false;
    judge_list(call);
    return true;
}

/* ---- co-medication ---- */

static struct rules_comedication comedication_of(const struct hook_call *call,
                                                 const struct fhir_list_entry *entry,
                                                 const struct rules_drug *drug)
{
    int64_t days = (int64_t)today_of(call) - entry->stop_day;

    return (struct rules_comedication){
        .drug = drug,
        .is_stopped = entry->is_stopped,
        .is_stop_exact = entry->is_stop_exact,
        .stopped_days = days < 0 ? 0 : (uint32_t)days,
    };
}

static size_t count_drugs(const struct hook_order_drugs *drugs, size_t count)
{
    size_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += drugs[i].drugs_count;
    return sum;
}

/* Drafts of the call count whether they are selected or not. */
static bool find_comedications(struct hook_call *call)
{
    struct hook_patient *p = &call->patient;
    const struct hook_facts *facts = &call->facts;
    struct hook_order_drugs *drafts =
        arena_array(&call->arena, facts->orders_count, sizeof *drafts);
    struct err err = {0};

    if (drafts == NULL)
        return no_memory(call);
    for (size_t i = 0; i < facts->orders_count; i++)
        if (facts->orders[i].state == FHIR_ORDER_READY &&
            hook_order_drugs_find(&facts->orders[i], call->knowledge, &call->arena, &drafts[i],
                                  &err) != ERR_OK)
            return hook_fail(&call->failure, HOOK_TOO_LARGE, "", "%s", err.text);
    p->comedications_count = 0;
    p->comedications = arena_array(&call->arena,
                                   count_drugs(drafts, facts->orders_count) +
                                       count_drugs(p->list_drugs, p->list_count),
                                   sizeof *p->comedications);
    if (p->comedications == NULL)
        return no_memory(call);
    for (size_t i = 0; i < facts->orders_count; i++)
        for (size_t d = 0; d < drafts[i].drugs_count; d++)
            if (!drafts[i].drugs[d].is_local)
                p->comedications[p->comedications_count++] =
                    (struct rules_comedication){.drug = drafts[i].drugs[d].drug};
    for (size_t i = 0; i < p->list_count; i++)
        for (size_t d = 0; d < p->list_drugs[i].drugs_count; d++)
            if (!p->list_drugs[i].drugs[d].is_local)
                p->comedications[p->comedications_count++] =
                    comedication_of(call, &p->list[i], p->list_drugs[i].drugs[d].drug);
    return true;
}

/* ---- therapy ---- */

/* Whether a code of the entry would have been found if it were this drug's. */
static bool has_known_system(const struct hook_call *call, const struct fhir_order *order,
                             const struct rules_drug *drug)
{
    const struct slice *systems;
    size_t count = rules_code_systems(call->knowledge, &systems);

    for (size_t c = 0; c < order->codings_count; c++)
        for (size_t i = 0; i < count; i++)
            if (order->codings[c].code.len > 0 &&
                rules_drug_has_code_in(call->knowledge, drug, i) &&
                fhir_system_is(order->codings[c].system, systems[i]))
                return true;
    return false;
}

/* Whether an entry that names no drug of the knowledge may be this one all the same: it has no
 * code in a system in which the knowledge lists the drug, or its words name the drug. */
static bool may_be(const struct hook_call *call, const struct fhir_list_entry *entry,
                   const struct hook_order_drugs *drugs, const struct rules_drug *drug)
{
    if (entry->is_unread || entry->order.is_incomplete)
        return true;
    if (drugs->drugs_count > 0)
        return false;
    return !has_known_system(call, &entry->order, drug) ||
           slice_find_nocase(entry->order.text, drug->name) != SIZE_MAX;
}

static bool names_drug(const struct hook_order_drugs *drugs, const struct rules_drug *drug)
{
    for (size_t i = 0; i < drugs->drugs_count; i++)
        if (drugs->drugs[i].drug == drug && !drugs->drugs[i].is_local)
            return true;
    return false;
}

static void find_therapy(const struct hook_call *call, const struct rules_drug *drug,
                         struct hook_order_facts *facts)
{
    const struct hook_patient *p = &call->patient;

    for (size_t i = 0; i < p->list_count; i++) {
        const struct fhir_list_entry *entry = &p->list[i];
        bool is_named = names_drug(&p->list_drugs[i], drug);

        facts->is_listed =
            facts->is_listed || is_named || may_be(call, entry, &p->list_drugs[i], drug);
        if (is_named && !entry->is_stopped && entry->has_start &&
            (int64_t)today_of(call) - entry->start_day > ESTABLISHED_DAYS)
            facts->therapy = RULES_THERAPY_ESTABLISHED;
    }
    if (!facts->is_listed && p->list_state == HOOK_LIST_FULL)
        facts->therapy = RULES_THERAPY_NAIVE;
}

/* ---- for each order ---- */

/* Hundredths of mg a day, where the order's one instruction says so beyond doubt: tablets,
 * ranges, tapers and "as needed" do not. */
static bool read_dose(const struct fhir_order *order, uint32_t *ret_mg_x100)
{
    static const struct {
        const char *unit;
        uint64_t micrograms;
    } UNITS[] = {{"mg", 1000}, {"g", 1000000}, {"ug", 1}, {"mcg", 1}, {"\xC2\xB5g", 1}};
    const struct fhir_dosage *d = order->dosages;
    uint32_t amount_x100;

    if (order->dosages_count != 1 || d->is_as_needed || d->per_day_high.len > 0 ||
        d->dose_high.len > 0 || !slice_to_x100(d->per_day, &amount_x100))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(UNITS); i++) {
        uint64_t x100 = (amount_x100 * UNITS[i].micrograms + 500) / 1000;

        if (!slice_eq_text(d->unit, UNITS[i].unit) || x100 == 0 || x100 > UINT32_MAX)
            continue;
        *ret_mg_x100 = (uint32_t)x100;
        return true;
    }
    return false;
}

static bool convert(struct hook_call *call, const struct rules_drug *drug,
                    struct hook_order_facts *facts)
{
    const struct rules_gene **genes;
    struct err err = {0};

    facts->conversions_count = rules_genes_of_drug(call->knowledge, drug, &genes);
    facts->conversions =
        arena_array(&call->arena, facts->conversions_count, sizeof *facts->conversions);
    facts->genes = arena_array(&call->arena, call->facts.genes_count, sizeof *facts->genes);
    if (facts->conversions == NULL || facts->genes == NULL)
        return no_memory(call);
    for (size_t i = 0; i < call->facts.genes_count; i++)
        facts->genes[i] = call->facts.results[i];
    for (size_t i = 0; i < facts->conversions_count; i++) {
        struct rules_conversion *c = &facts->conversions[i];
        const struct rules_gene_result *result = hook_facts_result(&call->facts, genes[i]);

        assert(result != NULL);
        if (rules_convert(call->knowledge, result, call->patient.comedications,
                          call->patient.comedications_count, drug, call->options->conversion,
                          &call->arena, c, &err) != ERR_OK)
            return hook_fail(&call->failure, HOOK_TOO_LARGE, "", "%s", err.text);
        facts->is_converted = facts->is_converted || c->is_applied;
        facts->genes[result - call->facts.results] = *rules_conversion_result(c);
    }
    return true;
}

static bool read_record(struct hook_call *call)
{
    const struct hook_facts *facts = &call->facts;

    read_patient(call);
    for (size_t i = 0; i < facts->drug_orders_count; i++)
        if (hook_patient_needs_list(call, facts->drug_orders[i].drug))
            call->patient.is_list_wanted = true;
    return hook_patient_read_list(call) && find_comedications(call);
}

static void find_order_facts(const struct hook_call *call,
                             const struct hook_drug_order *drug_order,
                             struct hook_order_facts *ret)
{
    if (call->given != NULL) {
        ret->therapy = call->given->therapy;
        ret->has_dose = call->given->has_dose;
        ret->dose_mg_x100 = call->given->dose_mg_x100;
        return;
    }
    ret->has_dose = read_dose(drug_order->order, &ret->dose_mg_x100);
    find_therapy(call, drug_order->drug, ret);
}

bool hook_patient_decide(struct hook_call *call)
{
    const struct hook_facts *facts = &call->facts;

    if (call->given == NULL && !read_record(call))
        return false;
    call->order_facts =
        arena_array(&call->arena, facts->drug_orders_count, sizeof *call->order_facts);
    if (call->order_facts == NULL)
        return no_memory(call);
    for (size_t i = 0; i < facts->drug_orders_count; i++) {
        const struct hook_drug_order *drug_order = &facts->drug_orders[i];
        struct hook_order_facts *order_facts = &call->order_facts[i];

        find_order_facts(call, drug_order, order_facts);
        if (!convert(call, drug_order->drug, order_facts))
            return false;
    }
    return true;
}

const struct rules_conversion *hook_order_conversion(const struct hook_order_facts *facts,
                                                     const struct rules_gene *gene)
{
    for (size_t i = 0; i < facts->conversions_count; i++)
        if (facts->conversions[i].genotype->gene == gene)
            return &facts->conversions[i];
    return NULL;
}
