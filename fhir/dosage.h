/* fhir/dosage.h -- the dosage instructions of an order, DSTU2 to R5; private to fhir/. */
#ifndef FHIR_DOSAGE_H
#define FHIR_DOSAGE_H

#include "fhir/order.h"

/* Dose, unit, route and timing of one dosageInstruction. Never fails: what makes no sense is
 * empty. */
struct fhir_dosage fhir_dosage_read(struct json instruction, struct arena *arena);

#endif
