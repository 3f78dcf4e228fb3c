/* rules/ndc.h -- National Drug Codes in their one comparable form.
 *
 * An NDC has a labeler, a product and a package part. As printed they have ten digits (4-4-2,
 * 5-3-2, 5-4-1) and hyphens; billing and RxNorm fill the short part with a leading zero to
 * 5-4-2 and leave the hyphens out (FDA, "National Drug Code Format"; RxNorm technical
 * documentation, attribute NDC).
 */
#ifndef RULES_NDC_H
#define RULES_NDC_H

#include "rules/base/slice.h"

#define RULES_NDC_DIGITS 11

/* Eleven digits and a NUL into `ret`. False, and `ret` untouched, for anything else than eleven
 * digits or three parts divided by hyphens: ten digits without hyphens do not say which part is
 * short. */
bool rules_ndc_canonical(struct slice written, char ret[RULES_NDC_DIGITS + 1]);

#endif
