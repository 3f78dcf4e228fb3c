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

#define FHIR_DOSAGES_MAX 8 /* of one order; the rest is not read */

struct fhir_coding {
    struct slice system; /* as written */
    struct slice code;   /* of a drug: see fhir_drug_code */
    struct slice display;
    bool is_ingredient; /* of one ingredient of the medication, not of the medication itself */
};

/* One dosage instruction. Amounts are decimal text as written ("75", "0.5"), empty when not
 * stated; `unit` is the code of its system (UCUM "mg", an orderable form "TAB"), else the
 * unit's text. */
struct fhir_dosage {
    struct slice text;
    struct slice dose;
    struct slice dose_high; /* of a range, else empty */
    struct slice unit, unit_system;
    /* In `unit`, when the timing is so many times in a period: at most two decimals. */
    struct slice per_day;
    struct slice per_day_high; /* of a range of doses or times, else empty */
    bool is_as_needed;         /* then the sums are the most that may be taken */
};

enum fhir_order_state {
    FHIR_ORDER_READY,          /* has codings or a text */
    FHIR_ORDER_NO_MEDICATION,  /* an empty form: nothing to say yet, not an error */
    FHIR_ORDER_NEEDS_RESOURCE, /* `reference` must be fetched first; "#...": it is nowhere */
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
    bool is_incomplete;        /* an ingredient is a reference that leads nowhere here */
    struct slice missing;      /* such a reference, as written; "#...": not to be fetched */
    struct slice text;         /* code.text, else the reference's display, else a display */
    struct slice form;         /* Medication.form text or display; may be empty */
    struct fhir_coding *forms; /* its codings */
    size_t forms_count;
    struct slice route; /* dosageInstruction route: "system|code" of the first coding ... */
    struct slice route_text;
    struct fhir_coding *routes; /* the codings of all routes */
    size_t routes_count;
    struct fhir_dosage
        *dosages; /* in the order's order: the first steps of a titration first */
    size_t dosages_count;
    struct fhir_coding *reasons; /* codings of reasonCode, and of Conditions at hand */
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

/* A drug's code in the spelling of drug tables: NDC as 11 digits where its dashes tell them
 * (else as written), ATC in capitals, no blanks around. Borrowed or made in the arena. */
struct slice fhir_drug_code(struct slice system, struct slice code, struct arena *arena);

/* The same code system is written as URL, OID or urn:oid; these compare as equal. */
bool fhir_system_is(struct slice written, struct slice canonical);

#endif
