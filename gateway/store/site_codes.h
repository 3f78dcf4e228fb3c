/* gateway/store/site_codes.h -- a site's own drug codes, from a CSV file.
 *
 * For SNOMED CT, dm+d, PZN and other national or local codes, which may not be shipped. The
 * form of the file is that of csv_table.h; its columns:
 *
 *   system   canonical URL or urn:..., or rxnorm, atc, ndc, snomed
 *   code
 *   drug     as the release calls it, or "rxcui:" and its RxNorm ingredient
 *   form     (may be absent or empty) systemic or local
 *   display  (may be absent or empty)
 *
 * A code with several drugs is a combination product and has a line for each. Every line must
 * be right: an error names file, line and reason, and the release is then not to be used.
 */
#ifndef GATEWAY_STORE_SITE_CODES_H
#define GATEWAY_STORE_SITE_CODES_H

#include "gateway/store/add_codes.h"
#include "gateway/store/feed.h"

struct site_codes_report {
    uint64_t rows; /* without the header */
    struct added_codes codes;
};

enum err_code site_codes_import(const char *path, const struct feed_options *options,
                                struct rules_release *release, struct site_codes_report *ret,
                                struct err *err) MUST_CHECK;

#endif
