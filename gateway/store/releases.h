/* gateway/store/releases.h -- releases of the knowledge in PostgreSQL: in, out, and their
 * states.
 *
 *     import --> draft --> tested --> (approved, scheduled) --> active <--> retired
 *
 * The database guards the steps, that a release never changes, and how many people must have
 * approved it (migrations/0001_knowledge.sql, 0006_governance.sql); loading compares the
 * content with its hash, so that what was tested is what is used. The steps themselves are in
 * gateway/store/governance.h.
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
    struct slice retired_at;
    struct slice effective_from; /* when scheduled: from when; else since when it was in use */
    struct slice scheduled;      /* "", "planned", or "overdue": the time came, but not enough
                                  * approvals, or no gateway has looked since */
    struct slice approvals;      /* how many people, in digits */
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

/* The one of the same name that was in use before the active one: retired last. ERR_NOT_FOUND
 * when there is none. */
enum err_code releases_before(struct db *db, const struct release_info *active,
                              struct arena *arena, struct release_info *ret,
                              struct err *err) MUST_CHECK;

#endif
