/* fhir/body.h -- the patient's body weight and height from Observations (LOINC 29463-7 "Body
 * weight", 3141-9 "Body weight Measured", 8302-2 "Body height", 3137-7 "Body height Measured").
 */
#ifndef FHIR_BODY_H
#define FHIR_BODY_H

#include "fhir/bundle.h"

#define FHIR_WEIGHT_CODES "http://loinc.org|29463-7,http://loinc.org|3141-9"
#define FHIR_HEIGHT_CODES "http://loinc.org|8302-2,http://loinc.org|3137-7"

/* The latest final one that has a date and a unit that is known (kg, g, pounds; cm, m, mm,
 * inches), in hundredths of kg or cm, to the nearest. False when there is none, or when two of
 * one moment differ. */
bool fhir_body_weight(const struct fhir_collection *collection, struct slice patient_id,
                      struct arena *arena, uint32_t *ret_x100);
bool fhir_body_height(const struct fhir_collection *collection, struct slice patient_id,
                      struct arena *arena, uint32_t *ret_x100);

#endif
