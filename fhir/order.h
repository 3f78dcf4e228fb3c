/* fhir/order.h -- medication orders as hooks carry them, DSTU2 to R5.
 *
 * An order is read whatever shape real clients give it (section d of the FHIR notes: no id,
 * category as an object, doseAndRate as an object). It is never rejected: an order that
 * cannot be evaluated says why. Codes are not interpreted here.
 */
#ifndef FHIR_ORDER_H
#define FHIR_ORDER_H

#include "fhir/bundle.h"

#define FHIR_ORDERS_MAX        200 /* in one hook call */
#define FHIR_ORDER_CODINGS_MAX 60  /* of one order, ingredients included */

struct fhir_coding {
    struct slice system; /* as written */
    struct slice code;
    struct slice display;
    bool is_ingredient; /* of one ingredient of the medication, not of the medication itself */
};

enum fhir_order_state {
    FHIR_ORDER_READY,          /* has codings or a text */
    FHIR_ORDER_NO_MEDICATION,  /* an empty form: nothing to say yet, not an error */
    FHIR_ORDER_NEEDS_RESOURCE, /* `reference` must be fetched first */
    FHIR_ORDER_SKIPPED,        /* do-not-perform, cancelled, not a medication order ... */
};

struct fhir_order {
    const struct fhir_resource *resource;
    struct slice name; /* "MedicationRequest/123"; what `selections` and cards refer to */
    enum fhir_order_state state;
    const char *skip_reason; /* static text, for SKIPPED */
    struct slice reference;  /* medicationReference as written, when there is one */

    struct fhir_coding *codings; /* of the medication and of its ingredients */
    size_t codings_count;
    struct slice text;  /* code.text, else the reference's display, else a display */
    struct slice form;  /* Medication.form text or display; may be empty */
    struct slice route; /* dosageInstruction route: "system|code" of the first coding ... */
    struct slice route_text;
    struct fhir_coding *reasons; /* reasonCode codings */
    size_t reasons_count;
};

/* Reads every medication order in `bundle` (the hook's draftOrders or medications: a Bundle,
 * or an array of resources). `collection` resolves references and must already hold the
 * bundle. Orders keep the bundle's order. */
enum err_code fhir_read_orders(struct json bundle, const struct fhir_collection *collection,
                               struct arena *arena, struct fhir_order **ret, size_t *ret_count,
                               struct err *err) MUST_CHECK;

/* Reads an order again after its Medication was added to the collection. */
enum err_code fhir_order_resolve(struct fhir_order *order,
                                 const struct fhir_collection *collection, struct arena *arena,
                                 struct err *err) MUST_CHECK;

/* Whether a `selections` entry ("MedicationRequest/123", or a full URL) means this order. */
bool fhir_order_is_selected(const struct fhir_order *order, struct slice selection);

/* The same code system is written as URL, OID or urn:oid; these compare as equal. */
bool fhir_system_is(struct slice written, struct slice canonical);

#endif
