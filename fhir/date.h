/* fhir/date.h -- FHIR dates as days, to count how long ago something was. Private to fhir/ and
 * gateway/hooks.
 *
 * A date may be less exact than a day ("2026-11", "2026"); what is asked is then its first or
 * its last day. The time of day and the zone are not looked at: a day more or less decides
 * nothing here.
 */
#ifndef FHIR_DATE_H
#define FHIR_DATE_H

#include "rules/base/slice.h"

enum fhir_date_end { FHIR_DATE_FIRST_DAY, FHIR_DATE_LAST_DAY };

/* Days since 1970-01-01 of a date or dateTime. False when it is none, or before 1900. */
bool fhir_date_to_days(struct slice date, enum fhir_date_end end, int32_t *ret);

#endif
