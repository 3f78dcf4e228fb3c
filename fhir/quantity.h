/* fhir/quantity.h -- a FHIR Quantity as a whole number of millionths, without rounding up what
 * a sender computed ("74.70000000000001").
 */
#ifndef FHIR_QUANTITY_H
#define FHIR_QUANTITY_H

#include "fhir/json.h"

#define FHIR_QUANTITY_MAX 1000000 /* larger amounts are no doses and no weights */

struct fhir_quantity {
    uint64_t millionths;
    struct slice unit; /* the UCUM code, else the unit as written; may be empty */
};

/* False when there is no amount, it is negative, has an exponent, is above FHIR_QUANTITY_MAX,
 * or is only a bound ("<5"). */
bool fhir_quantity_read(struct json quantity, struct arena *arena, struct fhir_quantity *ret);

#endif
