/* fhir/weight.h -- the patient's body weight from Observations (LOINC 29463-7 "Body weight",
 * 3141-9 "Body weight Measured").
 */
#ifndef FHIR_WEIGHT_H
#define FHIR_WEIGHT_H

#include "fhir/bundle.h"

#define FHIR_WEIGHT_CODES "http://loinc.org|29463-7,http://loinc.org|3141-9"

/* The latest final one that has a date and a unit that is known (kg, g, pounds), in hundredths
 * of kg, to the nearest. False when there is none, or when two of one moment differ. */
bool fhir_body_weight(const struct fhir_collection *collection, struct slice patient_id,
                      struct arena *arena, uint32_t *ret_x100);

#endif
