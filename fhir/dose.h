/* fhir/dose.h -- the daily dose that an order asks for, where it is beyond doubt.
 *
 * Amount times frequency of the one dosage instruction, in every version's shape (R4 and R5
 * doseAndRate, DSTU2 and STU3 doseQuantity; period units of DSTU2). Doses in tablets, ranges,
 * tapers, "as needed", days of the week and single doses are no daily dose.
 */
#ifndef FHIR_DOSE_H
#define FHIR_DOSE_H

#include "fhir/json.h"

/* Hundredths of mg a day, to the nearest. False when the order does not say it for certain. */
bool fhir_daily_dose_mg(struct json order, struct arena *arena, uint32_t *ret_x100);

#endif
