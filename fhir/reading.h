/* fhir/reading.h -- the growing lists of a struct fhir_reading; private to fhir/. */
#ifndef FHIR_READING_H
#define FHIR_READING_H

#include "fhir/observation.h"

/* Of one resource each warning stands once. `genes`: bits of those that it is about. */
enum err_code reading_warn(struct fhir_reading *reading, const struct fhir_resource *resource,
                           enum fhir_warning_code code, uint32_t genes, struct arena *arena,
                           struct err *err) MUST_CHECK;
enum err_code reading_ignore(struct fhir_reading *reading, const struct fhir_resource *resource,
                             enum fhir_ignored_reason reason, struct arena *arena,
                             struct err *err) MUST_CHECK;
enum err_code reading_add(struct fhir_reading *reading, const struct fhir_evidence *evidence,
                          struct arena *arena, struct err *err) MUST_CHECK;

#endif
