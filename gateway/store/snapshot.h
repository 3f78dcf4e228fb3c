/* gateway/store/snapshot.h -- a knowledge snapshot from wherever the knowledge lies.
 *
 * For commands and for the store's thread: it reads files or a database and blocks.
 */
#ifndef GATEWAY_STORE_SNAPSHOT_H
#define GATEWAY_STORE_SNAPSHOT_H

#include "gateway/store/db.h"
#include "rules/knowledge.h"

/* Hashes the release and builds the snapshot. Takes the release: it is empty or released
 * afterwards, whatever the outcome. The new snapshot has one reference. */
enum err_code snapshot_from_release(struct rules_release *release, struct rules_knowledge **ret,
                                    struct err *err) MUST_CHECK;

/* From a folder of knowledge files. */
enum err_code snapshot_from_files(const char *dir, struct rules_knowledge **ret,
                                  struct err *err) MUST_CHECK;
/* The same, with packs laid over it, in this order. */
enum err_code snapshot_from_packs(const char *dir, const char *const *packs, size_t packs_count,
                                  struct rules_knowledge **ret, struct err *err) MUST_CHECK;

/* The only active release of the database. ERR_UPSTREAM without a connection. */
enum err_code snapshot_from_database(const char *conninfo, struct rules_knowledge **ret,
                                     struct err *err) MUST_CHECK;

#endif
