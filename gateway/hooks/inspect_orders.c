/* gateway/hooks/inspect_orders.c -- every medication order: which drugs it means, and whether
 * it would be evaluated.
 *
 * The drugs and the dose form are judged by hook_facts_find_drugs, order by order, as for a
 * hook. An order of a drug that the knowledge does not know is evaluated like any other, to
 * silence; whether its code could be known at all is said.
 */
#include "gateway/hooks/inspect.h"

static enum err_code no_memory(struct err *err)
{
    return err_set(err, ERR_NOMEM, "no memory for orders");
}

static bool is_order(const struct fhir_resource *resource)
{
    return resource->parent == SIZE_MAX &&
           (slice_eq(resource->type, SLICE("MedicationRequest")) ||
            slice_eq(resource->type, SLICE("MedicationOrder")));
}

static enum err_code add_ingredient(struct inspection *inspection, struct inspect_order *row,
                                    struct slice name, struct slice rxcui, struct err *err)
{
    struct inspect_ingredient *ingredients;

    for (size_t i = 0; i < row->ingredients_count; i++)
        if (slice_eq_nocase(row->ingredients[i].name, name))
            return ERR_OK;
    ingredients = arena_grow(&inspection->arena, row->ingredients, &row->ingredients_max,
                             row->ingredients_count, sizeof *ingredients);
    if (ingredients == NULL)
        return no_memory(err);
    row->ingredients = ingredients;
    ingredients[row->ingredients_count++] = (struct inspect_ingredient){name, rxcui};
    return ERR_OK;
}

static enum err_code add_drug(struct inspection *inspection, struct inspect_order *row,
                              const struct rules_drug *drug, struct err *err)
{
    row->is_known = true;
    return add_ingredient(inspection, row, drug->name, drug->rxcui, err);
}

/* Drugs by code, and those that the gateway finds in another way. */
static enum err_code add_known(struct inspection *inspection, struct inspect_order *row,
                               const struct hook_facts *facts, struct err *err)
{
    const struct fhir_order *order = row->order;

    for (size_t i = 0; i < order->codings_count; i++) {
        const struct rules_drug_code **codes;
        size_t count = hook_codes_find(inspection->knowledge, order->codings[i].system,
                                       order->codings[i].code, &codes);

        for (size_t c = 0; c < count; c++)
            if (add_drug(inspection, row,
                         rules_find_drug(inspection->knowledge, codes[c]->drug), err) != ERR_OK)
                return err->code;
    }
    for (size_t i = 0; i < facts->drug_orders_count; i++)
        if (add_drug(inspection, row, facts->drug_orders[i].drug, err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

static enum err_code add_as_written(struct inspection *inspection, struct inspect_order *row,
                                    struct err *err)
{
    const struct fhir_order *order = row->order;

    for (size_t i = 0; i < order->codings_count; i++)
        if (order->codings[i].display.len > 0 &&
            add_ingredient(inspection, row, order->codings[i].display, SLICE_NONE, err) !=
                ERR_OK)
            return err->code;
    if (row->ingredients_count > 0 || order->text.len == 0)
        return ERR_OK;
    return add_ingredient(inspection, row, order->text, SLICE_NONE, err);
}

/* Whether a code is of a system that the knowledge has codes of: then the drug is one that no
 * rule is about. */
static bool has_familiar_code(const struct inspection *inspection,
                              const struct fhir_order *order)
{
    for (size_t i = 0; i < order->codings_count; i++)
        if (order->codings[i].code.len > 0 &&
            hook_codes_know_system(inspection->knowledge, order->codings[i].system))
            return true;
    return false;
}

/* Why the order was skipped, in a word. */
static struct slice skip_word(struct inspection *inspection, const struct fhir_order *order)
{
    struct json object = order->resource->json;

    if (json_is_true(json_get(object, "doNotPerform")))
        return SLICE("do-not-perform");
    return json_text(json_get(object, "status"), &inspection->arena);
}

static size_t count_drafts(const struct inspection *inspection)
{
    size_t count = 0;

    for (size_t i = 0; i < inspection->drafts_end; i++)
        count += is_order(&inspection->collection.resources[i]);
    return count;
}

static bool is_selected(struct inspection *inspection, const struct fhir_order *order)
{
    struct json selections = inspection->selections;

    if (!json_is(selections, JSON_ARRAY))
        return true;
    for (struct json s = json_first(selections); !json_is_absent(s); s = json_next(s))
        if (fhir_order_is_selected(order, json_text(s, &inspection->arena)))
            return true;
    /* With one order there is no doubt which is meant, also when it has no id. */
    return json_count(selections) > 0 && count_drafts(inspection) == 1;
}

/* Empty when the order is evaluated. */
static struct slice reason_of(struct inspection *inspection, const struct inspect_order *row,
                              const struct hook_facts *facts)
{
    switch (row->order->state) {
    case FHIR_ORDER_SKIPPED:
        return skip_word(inspection, row->order);
    case FHIR_ORDER_NO_MEDICATION:
        return SLICE("no-medication");
    case FHIR_ORDER_NEEDS_RESOURCE:
        return SLICE("needs-resource");
    case FHIR_ORDER_READY:
        break;
    }
    if (inspection->is_request && !row->is_draft)
        return SLICE("not-a-draft");
    if (inspection->is_request && !is_selected(inspection, row->order))
        return SLICE("not-selected");
    return facts->orders_local > 0 ? SLICE("local-form") : SLICE_NONE;
}

static enum err_code fill(struct inspection *inspection, struct inspect_order *row,
                          struct err *err)
{
    /* Of a service without selections: the order at hand is meant. */
    struct hook_request request = {.service = hook_service_find(SLICE("pgx-order-sign"))};
    struct hook_facts facts = {.orders = row->order, .orders_count = 1};

    if (hook_facts_find_drugs(&facts, &request, &inspection->collection, inspection->knowledge,
                              &inspection->arena, err) != ERR_OK ||
        add_known(inspection, row, &facts, err) != ERR_OK ||
        (!row->is_known && add_as_written(inspection, row, err) != ERR_OK))
        return err->code;
    row->reason = reason_of(inspection, row, &facts);
    row->is_evaluated = row->reason.len == 0;
    if (row->is_evaluated && !row->is_known && !has_familiar_code(inspection, row->order))
        row->reason = SLICE("unresolved-code");
    else if (row->is_evaluated && row->order->is_incomplete)
        row->reason = SLICE("ingredient-not-read");
    return ERR_OK;
}

static enum err_code add_order(struct inspection *inspection,
                               const struct fhir_resource *resource, bool is_draft,
                               struct err *err)
{
    struct inspect_order *rows, *row;
    struct fhir_order *order;
    size_t count;

    if (fhir_read_orders(resource->json, &inspection->collection, &inspection->arena, &order,
                         &count, err) != ERR_OK)
        return err->code;
    if (count != 1)
        return ERR_OK;
    rows = arena_grow(&inspection->arena, inspection->orders, &inspection->orders_max,
                      inspection->orders_count, sizeof *rows);
    if (rows == NULL)
        return no_memory(err);
    inspection->orders = rows;
    row = &rows[inspection->orders_count++];
    *row = (struct inspect_order){.order = order, .is_draft = is_draft};
    order->name = resource->name; /* alone, an order without id has no place in a Bundle */
    return fill(inspection, row, err);
}

enum err_code inspect_read_orders(struct inspection *inspection, struct err *err)
{
    inspection->orders_count = 0;
    for (size_t i = 0; i < inspection->collection.resources_count; i++) {
        const struct fhir_resource *resource = &inspection->collection.resources[i];

        if (!is_order(resource))
            continue;
        if (inspect_is_foreign(inspection, resource, &inspection->arena)) {
            if (inspect_ignore(inspection, resource->name, "foreign-patient", err) != ERR_OK)
                return err->code;
        } else if (add_order(inspection, resource, i < inspection->drafts_end, err) != ERR_OK) {
            return err->code;
        }
    }
    return ERR_OK;
}
