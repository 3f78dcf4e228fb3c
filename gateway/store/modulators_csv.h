/* gateway/store/modulators_csv.h -- a site's list of inhibitors and inducers, as CSV.
 *
 * The form of the file is that of csv_table.h; its columns:
 *
 *   gene          "CYP2D6"
 *   drug          as the release calls it; an unknown one is added, to be recognised by name
 *   role          inhibitor or inducer
 *   strength      weak, moderate or strong
 *   factor        of the activity score, "0.0" to "1.0"; empty: told as information only
 *   washout_days  for how long it acts after it was stopped
 *   source        name and date of the list, "FDA table of inhibitors, 2025-06"
 *
 * Strength is a property of a list and its date, so every row has a source. A row stands in
 * place of what the release says of the same gene and drug.
 */
#ifndef GATEWAY_STORE_MODULATORS_CSV_H
#define GATEWAY_STORE_MODULATORS_CSV_H

#include "rules/release.h"

/* Every line must be right: err->text is "FILE:LINE: reason", and the release is then not to be
 * used. *ret_count: how many rows. */
enum err_code modulators_csv_import(const char *path, struct rules_release *release,
                                    size_t *ret_count, struct err *err) MUST_CHECK;

#endif
