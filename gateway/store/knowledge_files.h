/* gateway/store/knowledge_files.h -- from the folder that people review to the rows of a
 * release.
 *
 *   release.json  sources.json  alternatives.json  drug_codes.tsv
 *   modulators.json  pretests.json
 *   genes/<symbol>.json  drugs/<name>.json  messages/<locale>/<name>.json  tests/<name>.json
 *   algorithms/<name>.json
 *
 *   not_covered.json (not_covered.h; no part of the release)
 *
 * All but the second line and the last two must be there. A pack adds to such a folder: another
 * publisher's guidelines, or a site's own policies. It has pack.json in place of release.json,
 * its sources, and any of the others; a drug's file that names a drug which is there already
 * adds to it.
 *
 * Files ending in .md and names that begin with a dot are for
 * people; anything else is an error, so that a misspelt name is not silently left out.
 *
 * Errors name the file, the place in it ("recommendations[3].when.CYP2C19") and what is
 * allowed. Types, spelling and limits are checked here; whether the rows fit each other is
 * checked by rules_knowledge_new.
 */
#ifndef GATEWAY_STORE_KNOWLEDGE_FILES_H
#define GATEWAY_STORE_KNOWLEDGE_FILES_H

#include "rules/release.h"

/* On success `ret` is initialised and the caller's to release; on failure it is left alone. */
enum err_code store_read_files(const char *dir, struct rules_release *ret,
                               struct err *err) MUST_CHECK;

/* Adds a pack's rows and its name to the release. On failure the release is to be released. */
enum err_code store_read_pack(const char *dir, struct rules_release *release,
                              struct err *err) MUST_CHECK;

#endif
