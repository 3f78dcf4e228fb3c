/* gateway/store/cpic_import.h -- CPIC's and DPWG's knowledge from where it lies into a release.
 *
 * What is read: cpic_db.h, cpic_json.h; what becomes of it: cpic_apply.h.
 */
#ifndef GATEWAY_STORE_CPIC_IMPORT_H
#define GATEWAY_STORE_CPIC_IMPORT_H

#include "gateway/store/cpic_apply.h"

/* From a restored copy of CPIC's database. After a failure the release is to be released. */
enum err_code cpic_import_database(const char *conninfo, struct rules_release *release,
                                   struct cpic_report *report, struct err *err) MUST_CHECK;

/* From a JSON file, or from all files ending in .json of a folder, which together are one
 * import: recommendations of CPIC's API need its drugs and guidelines beside them. */
enum err_code cpic_import_json(const char *path, struct rules_release *release,
                               struct cpic_report *report, struct err *err) MUST_CHECK;

#endif
