/* gateway/store/releases.h -- releases of the knowledge in PostgreSQL: in, out, and their
 * states.
 *
 *     import --> draft --> tested --> active <--> retired
 *
 * The database guards the steps and that a release never changes
 * (migrations/0001_knowledge.sql); loading compares the content with its hash, so that what was
 * tested is what is used.
 */
#ifndef GATEWAY_STORE_RELEASES_H
#define GATEWAY_STORE_RELEASES_H

#include "gateway/store/db.h"
#include "gateway/store/digest.h"
#include "rules/release.h"

#define RELEASES_CHANNEL                                                                       \
    "pgxgate_release" /* notified with the hash when one becomes active                        \
                       */
#define RELEASES_LIST_MAX 1000

/* Texts live in the arena given. Times are as PostgreSQL writes them, in UTC; may be empty. */
struct release_info {
    struct slice id; /* in this database */
    struct slice name;
    struct slice version;
    struct slice developer;
    struct slice content_hash;
    struct slice state;
    struct slice imported_at;
    struct slice tested_at;
    struct slice activated_at;
};

/* The SHA-256 of the release's canonical form. */
enum err_code releases_hash(const struct rules_release *release, char ret[DIGEST_HEX_SIZE],
                            struct err *err) MUST_CHECK;

/* Makes a draft, in one transaction. *ret_is_new is false when the same content is there
 * already: nothing is done then. */
enum err_code releases_import(struct db *db, const struct rules_release *release,
                              bool *ret_is_new, struct err *err) MUST_CHECK;

/* Newest import first, at most RELEASES_LIST_MAX. */
enum err_code releases_list(struct db *db, struct arena *arena, struct release_info **ret,
                            size_t *ret_count, struct err *err) MUST_CHECK;

/* By hash, by the first 8 or more digits of it, or by version; NULL: the newest import.
 * ERR_NOT_FOUND when there is none, ERR_INVALID when several fit. */
enum err_code releases_find(struct db *db, const char *selector, struct arena *arena,
                            struct release_info *ret, struct err *err) MUST_CHECK;

/* The active one of `name`; NULL: the only active one. ERR_NOT_FOUND when there is none,
 * ERR_INVALID when several names have one. */
enum err_code releases_active(struct db *db, const char *name, struct arena *arena,
                              struct release_info *ret, struct err *err) MUST_CHECK;

/* On success `ret` is initialised and the caller's. ERR_INVALID when the content does not have
 * its hash. */
enum err_code releases_load(struct db *db, const struct release_info *info,
                            struct rules_release *ret, struct err *err) MUST_CHECK;

/* Steps of the life cycle; one that it does not have is ERR_INVALID. Activating retires the
 * active release of the same name in the same transaction. */
enum err_code releases_mark_tested(struct db *db, const struct release_info *info,
                                   struct err *err) MUST_CHECK;
enum err_code releases_activate(struct db *db, const struct release_info *info,
                                struct err *err) MUST_CHECK;
enum err_code releases_retire(struct db *db, const struct release_info *info,
                              struct err *err) MUST_CHECK;
/* Drafts only. */
enum err_code releases_delete(struct db *db, const struct release_info *info,
                              struct err *err) MUST_CHECK;

#endif
