/* fhir/order.c -- read medication orders in every shape that clients send.
 *
 * DSTU2 MedicationOrder to R5 MedicationRequest are told apart by their members, never by a
 * declared version. Where FHIR wants a list, one object will do, and the other way round.
 *
 * An order is judged by its own text in the hook's bundle, even when another copy of the same
 * order stands in the collection: what is about to be signed is what counts.
 */
#include "fhir/order.h"

#include <assert.h>

#include "fhir/dosage.h"
#include "fhir/shape.h"

#define INGREDIENT_DEPTH_MAX 3  /* a kit of products of substances */
#define PRODUCTS_MAX         60 /* looked at for one order, so that circles end soon */

/* A draft with one of these is not about to be given (section d.2 of the FHIR notes). */
static const struct {
    const char *status;
    const char *reason;
} SKIPPED_STATUSES[] = {
    {"on-hold", "the order is on hold"},
    {"completed", "the order is completed"},
    {"stopped", "the order is stopped"},
    {"ended", "the order is ended"},
    {"entered-in-error", "the order was entered in error"},
    {"cancelled", "the order is cancelled"},
};

struct reader {
    struct fhir_order *order;
    const struct fhir_collection *collection;
    struct arena *arena;
    size_t codings_max;
    size_t reasons_max, routes_max, forms_max;
    size_t products_count;
    struct slice missing; /* a reference that leads nowhere here */
    struct slice missing_ingredient;
    struct slice code_text;
    struct slice display; /* of the reference */
    struct slice form;
    struct err *err;
};

static struct slice text_at(struct reader *r, struct json object, const char *name)
{
    return json_text(json_get(object, name), r->arena);
}

static enum err_code add_coding(struct reader *r, struct fhir_coding coding)
{
    struct fhir_order *order = r->order;
    struct fhir_coding *codings;

    /* The first ones are the medication's own; nobody codes one drug in sixty ways. */
    if (order->codings_count == FHIR_ORDER_CODINGS_MAX ||
        (coding.code.len == 0 && coding.display.len == 0))
        return ERR_OK;
    codings = arena_grow(r->arena, order->codings, &r->codings_max, order->codings_count,
                         sizeof *codings);
    if (codings == NULL)
        return err_set(r->err, ERR_NOMEM, "no memory for codings");
    order->codings = codings;
    codings[order->codings_count++] = coding;
    return ERR_OK;
}

static struct fhir_coding coding_of(struct reader *r, struct json coding)
{
    struct shape_coding parts = shape_coding(coding);

    return (struct fhir_coding){.system = json_text(parts.system, r->arena),
                                .code = json_text(parts.code, r->arena),
                                .display = json_text(parts.display, r->arena)};
}

/* Adds the codings of a concept. One that has words only becomes a coding with a display. */
static enum err_code add_concept(struct reader *r, struct json concept)
{
    struct json codings = json_get(concept, "coding");
    size_t before = r->order->codings_count;
    struct slice text = json_is(concept, JSON_STRING) ? json_text(concept, r->arena)
                                                      : text_at(r, concept, "text");

    for (struct json c = shape_first(codings); !json_is_absent(c); c = shape_next(codings, c)) {
        struct fhir_coding coding = coding_of(r, c);

        coding.code = fhir_drug_code(coding.system, coding.code, r->arena);
        if (add_coding(r, coding) != ERR_OK)
            return r->err->code;
    }
    if (r->order->codings_count == before && text.len > 0)
        return add_coding(r, (struct fhir_coding){.display = text});
    return ERR_OK;
}

static enum err_code add_product(struct reader *r, struct json product,
                                 const struct fhir_resource *from, int depth);

/* The resource a reference means: contained in the order itself, or in the collection. */
static struct json resolve(struct reader *r, struct slice reference,
                           const struct fhir_resource *from,
                           const struct fhir_resource **ret_from)
{
    const struct fhir_resource *found;

    *ret_from = from;
    if (reference.len > 1 && reference.ptr[0] == '#') {
        struct json contained = json_get(from->json, "contained");

        for (struct json c = shape_first(contained); !json_is_absent(c);
             c = shape_next(contained, c))
            if (slice_eq(text_at(r, c, "id"), slice_from(reference, 1)))
                return c;
        return JSON_NONE;
    }
    found = fhir_collection_find(r->collection, reference, NULL);
    if (found == NULL)
        return JSON_NONE;
    *ret_from = found;
    return found->json;
}

/* Of several, one that can be fetched: what should be contained is here, or nowhere. */
static void note_missing(struct slice *missing, struct slice reference)
{
    if (missing->len == 0 || (reference.len > 0 && slice_starts(*missing, SLICE("#")) &&
                              !slice_starts(reference, SLICE("#"))))
        *missing = reference;
}

static enum err_code add_reference(struct reader *r, struct json reference,
                                   const struct fhir_resource *from, int depth)
{
    struct slice text = text_at(r, reference, "reference");
    const struct fhir_resource *next_from;
    struct json product = resolve(r, text, from, &next_from);

    if (json_is_absent(product)) {
        note_missing(&r->missing, text);
        if (depth > 0)
            note_missing(&r->missing_ingredient, text);
        /* An ingredient that is referred to in words only. */
        if (depth > 0 && text.len == 0)
            return add_coding(
                r, (struct fhir_coding){.display = text_at(r, reference, "display")});
        return ERR_OK;
    }
    return add_product(r, product, next_from, depth);
}

/* One ingredient: item as concept or reference, in the names of every version. */
static enum err_code add_ingredient(struct reader *r, struct json ingredient,
                                    const struct fhir_resource *from, int depth)
{
    struct json item = json_get(ingredient, "item"); /* DSTU2 a Reference, R5 {concept,..} */
    struct json concept = json_get(ingredient, "itemCodeableConcept");
    struct json reference = json_get(ingredient, "itemReference");
    size_t before = r->order->codings_count;

    if (json_is(json_get(ingredient, "isActive"), JSON_FALSE))
        return ERR_OK; /* a filler */
    if (json_is_absent(concept))
    concept = json_get(item, "concept");
    if (json_is_absent(reference))
        reference = json_get(item, "reference");
    if (json_is(reference, JSON_STRING))
        reference = item;
    if (add_concept(r, concept) != ERR_OK)
        return r->err->code;
    if (!json_is_absent(reference) && add_reference(r, reference, from, depth + 1) != ERR_OK)
        return r->err->code;
    for (size_t i = before; i < r->order->codings_count; i++)
        r->order->codings[i].is_ingredient = true;
    return ERR_OK;
}

/* Codings of a list that is none of a drug's: routes, forms, reasons. */
static enum err_code add_to(struct reader *r, struct json concept, struct fhir_coding **list,
                            size_t *count, size_t *max)
{
    struct json codings = json_get(concept, "coding");

    for (struct json c = shape_first(codings); !json_is_absent(c); c = shape_next(codings, c)) {
        struct fhir_coding *grown;

        if (*count == FHIR_ORDER_CODINGS_MAX)
            return ERR_OK;
        grown = arena_grow(r->arena, *list, max, *count, sizeof *grown);
        if (grown == NULL)
            return err_set(r->err, ERR_NOMEM, "no memory for codings");
        *list = grown;
        grown[(*count)++] = coding_of(r, c);
    }
    return ERR_OK;
}

/* The dose form, in the names of every version. */
static enum err_code read_form(struct reader *r, struct json product)
{
    struct json form = json_get(product, "form");

    if (json_is_absent(form))
        form = json_get(product, "doseForm"); /* R5 */
    if (json_is_absent(form))
        form = json_at(product, "product", "form"); /* DSTU2 */
    r->form = text_at(r, form, "text");
    if (r->form.len == 0)
        r->form = text_at(r, shape_first(json_get(form, "coding")), "display");
    return add_to(r, form, &r->order->forms, &r->order->forms_count, &r->forms_max);
}

static enum err_code add_parts(struct reader *r, struct json parts,
                               const struct fhir_resource *from, int depth)
{
    for (struct json i = shape_first(parts); !json_is_absent(i); i = shape_next(parts, i))
        if (add_ingredient(r, i, from, depth) != ERR_OK)
            return r->err->code;
    return ERR_OK;
}

/* A Medication or Substance: its code, its ingredients', and what a package holds. */
static enum err_code add_product(struct reader *r, struct json product,
                                 const struct fhir_resource *from, int depth)
{
    struct json code = json_get(product, "code");
    struct json ingredients = json_get(product, "ingredient");

    if (depth > INGREDIENT_DEPTH_MAX || r->products_count == PRODUCTS_MAX)
        return ERR_OK;
    r->products_count++;
    if (json_is_absent(ingredients)) /* DSTU2 */
        ingredients = json_at(product, "product", "ingredient");
    if (depth == 0) {
        r->code_text = text_at(r, code, "text");
        if (read_form(r, product) != ERR_OK)
            return r->err->code;
    }
    if (add_concept(r, code) != ERR_OK || add_parts(r, ingredients, from, depth) != ERR_OK)
        return r->err->code;
    return add_parts(r, json_at(product, "package", "content"), from, depth); /* to STU3 */
}

static enum err_code read_medication(struct reader *r, struct json object)
{
    struct fhir_order *order = r->order;
    struct json medication = json_get(object, "medication"); /* R5: {concept, reference} */
    struct json concept = json_get(object, "medicationCodeableConcept");
    struct json reference = json_get(object, "medicationReference");

    if (json_is_absent(concept))
    concept = json_get(medication, "concept");
    if (json_is_absent(reference))
        reference = json_get(medication, "reference");
    concept = shape_first(concept);
    reference = shape_first(reference);
    order->reference = text_at(r, reference, "reference");
    r->display = text_at(r, reference, "display");
    r->code_text = text_at(r, concept, "text");
    if (add_concept(r, concept) != ERR_OK)
        return r->err->code;
    if (order->reference.len == 0)
        return ERR_OK;
    return add_reference(r, reference, order->resource, 0);
}

static struct slice first_display(const struct fhir_order *order)
{
    for (size_t i = 0; i < order->codings_count; i++)
        if (order->codings[i].display.len > 0)
            return order->codings[i].display;
    return SLICE_NONE;
}

/* Says whether the order can be evaluated, from what its medication gave. */
static void judge(struct reader *r)
{
    struct fhir_order *order = r->order;

    order->text = r->code_text.len > 0 ? r->code_text : r->display;
    if (order->text.len == 0)
        order->text = first_display(order);
    order->form = r->form;
    order->missing = r->missing_ingredient;
    order->is_incomplete = order->missing.len > 0;
    if (order->codings_count == 0 && r->missing.len > 0) {
        if (r->missing.ptr[0] == '#' && order->text.len > 0) {
            order->state = FHIR_ORDER_READY;
            return;
        }
        order->state = FHIR_ORDER_NEEDS_RESOURCE;
        order->reference = r->missing;
        return;
    }
    order->state = order->codings_count > 0 || order->text.len > 0 ? FHIR_ORDER_READY
                                                                   : FHIR_ORDER_NO_MEDICATION;
}

static void note_route(struct reader *r, struct json route)
{
    struct fhir_coding coding = coding_of(r, shape_first(json_get(route, "coding")));

    r->order->route_text = text_at(r, route, "text");
    if (r->order->route_text.len == 0)
        r->order->route_text = coding.display;
    if (coding.code.len > 0)
        r->order->route = arena_printf(r->arena, "%.*s|%.*s", SLICE_ARG(coding.system),
                                       SLICE_ARG(coding.code));
}

static enum err_code read_dosages(struct reader *r, struct json object)
{
    struct fhir_order *order = r->order;
    struct json dosages = json_get(object, "dosageInstruction");
    bool has_route = false;
    size_t max = 0;

    if (json_is_absent(dosages))
        dosages = json_get(object, "dosage"); /* of a MedicationStatement */
    for (struct json d = shape_first(dosages); !json_is_absent(d); d = shape_next(dosages, d)) {
        struct json route = json_get(d, "route");
        struct fhir_dosage *grown;

        if (!json_is(d, JSON_OBJECT) || order->dosages_count == FHIR_DOSAGES_MAX)
            continue;
        if (!has_route && !json_is_absent(route))
            note_route(r, route);
        has_route = has_route || !json_is_absent(route);
        if (add_to(r, route, &order->routes, &order->routes_count, &r->routes_max) != ERR_OK)
            return r->err->code;
        grown = arena_grow(r->arena, order->dosages, &max, order->dosages_count, sizeof *grown);
        if (grown == NULL)
            return err_set(r->err, ERR_NOMEM, "no memory for dosages");
        order->dosages = grown;
        grown[order->dosages_count++] = fhir_dosage_read(d, r->arena);
    }
    return ERR_OK;
}

static enum err_code add_reason(struct reader *r, struct json concept)
{
    return add_to(r, concept, &r->order->reasons, &r->order->reasons_count, &r->reasons_max);
}

/* The code of the Condition that a reason refers to, when it is at hand and was not ruled out.
 */
static enum err_code add_referenced_reason(struct reader *r, struct json reference)
{
    const struct fhir_resource *from;
    struct json condition =
        resolve(r, text_at(r, reference, "reference"), r->order->resource, &from);
    struct json verification = json_get(condition, "verificationStatus");
    struct json code = json_get(shape_first(json_get(verification, "coding")), "code");

    if (json_is(verification, JSON_STRING)) /* DSTU2, STU3 */
        code = verification;
    if (!json_text_is(json_get(condition, "resourceType"), "Condition") ||
        json_text_is(code, "refuted") || json_text_is(code, "entered-in-error"))
        return ERR_OK;
    return add_reason(r, json_get(condition, "code"));
}

/* STU3 and R4 reasonCode, DSTU2 reasonCodeableConcept, R5 reason.concept; and the Conditions
 * that reasonReference, R5 reason.reference, names. */
static enum err_code read_reasons(struct reader *r, struct json object)
{
    struct json reasons = json_get(object, "reasonCode");
    struct json newer = json_get(object, "reason");
    struct json references = json_get(object, "reasonReference");

    if (json_is_absent(reasons))
        reasons = json_get(object, "reasonCodeableConcept");
    for (struct json c = shape_first(reasons); !json_is_absent(c); c = shape_next(reasons, c))
        if (add_reason(r, c) != ERR_OK)
            return r->err->code;
    for (struct json c = shape_first(newer); !json_is_absent(c); c = shape_next(newer, c))
        if (add_reason(r, json_get(c, "concept")) != ERR_OK ||
            add_referenced_reason(r, json_get(c, "reference")) != ERR_OK)
            return r->err->code;
    for (struct json c = shape_first(references); !json_is_absent(c);
         c = shape_next(references, c))
        if (add_referenced_reason(r, c) != ERR_OK)
            return r->err->code;
    return ERR_OK;
}

/* Why this is no order to evaluate; NULL when it is one. */
static const char *skip_reason(struct json object, struct slice type)
{
    struct json status = json_get(object, "status");

    if (!slice_eq(type, SLICE("MedicationRequest")) &&
        !slice_eq(type, SLICE("MedicationOrder")))
        return "not a medication order";
    if (json_is_true(json_get(object, "doNotPerform")))
        return "the order says not to give the medication";
    for (size_t i = 0; i < ARRAY_LEN(SKIPPED_STATUSES); i++)
        if (json_text_is(status, SKIPPED_STATUSES[i].status))
            return SKIPPED_STATUSES[i].reason;
    return NULL;
}

static enum err_code read_order(struct fhir_order *order,
                                const struct fhir_collection *collection, struct arena *arena,
                                struct err *err)
{
    struct json object = order->resource->json;
    struct reader r = {.order = order, .collection = collection, .arena = arena, .err = err};

    order->skip_reason = skip_reason(object, order->resource->type);
    if (order->skip_reason != NULL)
        order->state = FHIR_ORDER_SKIPPED;
    if (slice_starts(order->resource->type, SLICE("Medication"))) {
        if (read_medication(&r, object) != ERR_OK || read_reasons(&r, object) != ERR_OK ||
            read_dosages(&r, object) != ERR_OK)
            return err->code;
        judge(&r);
    }
    if (order->skip_reason != NULL)
        order->state = FHIR_ORDER_SKIPPED;
    if (arena->has_failed)
        return err_set(err, ERR_NOMEM, "no memory for an order");
    return ERR_OK;
}

/* The orders as they are found. */
struct orders {
    const struct fhir_collection *collection;
    struct arena *arena;
    struct fhir_order *orders;
    size_t count, max;
    size_t position; /* of the entry in the bundle */
    struct err *err;
};

/* A Medication sent beside the orders that refer to it is none itself. */
static enum err_code add_order(struct orders *o, struct json object, struct slice full_url)
{
    struct slice type = json_text(json_get(object, "resourceType"), o->arena);
    struct slice id = json_text(json_get(object, "id"), o->arena);
    struct fhir_resource *resource;
    struct fhir_order *orders;

    if (type.len == 0 || slice_eq(type, SLICE("Medication")))
        return ERR_OK;
    if (o->count == FHIR_ORDERS_MAX)
        return err_set(o->err, ERR_LIMIT, "more than %d orders", FHIR_ORDERS_MAX);
    orders = arena_grow(o->arena, o->orders, &o->max, o->count, sizeof *orders);
    resource = arena_new(o->arena, struct fhir_resource);
    if (orders == NULL || resource == NULL)
        return err_set(o->err, ERR_NOMEM, "no memory for orders");
    *resource = (struct fhir_resource){
        .json = object, .type = type, .id = id, .full_url = full_url, .parent = SIZE_MAX};
    resource->name = id.len > 0
                         ? arena_printf(o->arena, "%.*s/%.*s", SLICE_ARG(type), SLICE_ARG(id))
                         : arena_printf(o->arena, "%.*s[%zu]", SLICE_ARG(type), o->position);
    o->orders = orders;
    orders[o->count] = (struct fhir_order){.resource = resource, .name = resource->name};
    return read_order(&orders[o->count++], o->collection, o->arena, o->err);
}

static enum err_code add_orders(struct orders *o, struct json value)
{
    struct json list = value;

    if (json_text_is(json_get(value, "resourceType"), "Bundle"))
        list = json_get(value, "entry");
    for (struct json e = shape_first(list); !json_is_absent(e); e = shape_next(list, e)) {
        struct json resource = json_get(e, "resource");
        struct slice full_url = json_text(json_get(e, "fullUrl"), o->arena);

        if (json_is_absent(resource)) /* an array of resources, or one alone */
            resource = e;
        if (add_order(o, resource, full_url) != ERR_OK)
            return o->err->code;
        o->position++;
    }
    return ERR_OK;
}

enum err_code fhir_read_orders(struct json bundle, const struct fhir_collection *collection,
                               struct arena *arena, struct fhir_order **ret, size_t *ret_count,
                               struct err *err)
{
    struct orders orders = {.collection = collection, .arena = arena, .err = err};

    if (add_orders(&orders, bundle) != ERR_OK)
        return err->code;
    *ret = orders.orders;
    *ret_count = orders.count;
    return ERR_OK;
}

enum err_code fhir_order_resolve(struct fhir_order *order,
                                 const struct fhir_collection *collection, struct arena *arena,
                                 struct err *err)
{
    struct fhir_order again = {.resource = order->resource, .name = order->name};

    if (read_order(&again, collection, arena, err) != ERR_OK)
        return err->code;
    *order = again;
    return ERR_OK;
}

/* True if `text` is `tail`, or ends in "/" and `tail`. */
static bool ends_in_path(struct slice text, struct slice tail)
{
    return tail.len > 0 && slice_ends(text, tail) &&
           (text.len == tail.len || text.ptr[text.len - tail.len - 1] == '/');
}

bool fhir_order_is_selected(const struct fhir_order *order, struct slice selection)
{
    size_t history = slice_find(selection, SLICE("/_history/"));

    if (slice_eq(selection, order->name))
        return true;
    selection = slice_head(selection, history);
    if (selection.len == 0)
        return false;
    if (ends_in_path(selection, order->name) ||
        slice_eq(selection, order->resource->full_url) ||
        ends_in_path(order->resource->full_url, selection))
        return true;
    return slice_eq(selection, order->resource->id);
}
