/* gateway/store/governance.h -- the steps of a release's life: tested, approved, scheduled,
 * active, retired.
 *
 * The database refuses what its rules do not allow, whoever is connected
 * (migrations/0006_governance.sql): a step that the life cycle does not have is ERR_INVALID,
 * too few approvals and a change of what is immutable are ERR_DENIED, with the reason in words.
 *
 * A release is scheduled when its cases hold. They are not run again at the due time, since the
 * database cannot run them; the content is immutable, so they still hold.
 */
#ifndef GATEWAY_STORE_GOVERNANCE_H
#define GATEWAY_STORE_GOVERNANCE_H

#include "gateway/store/releases.h"

#define GOVERNANCE_APPROVALS_MAX 5 /* that a policy can ask for */

enum err_code releases_mark_tested(struct db *db, const struct release_info *info,
                                   struct err *err) MUST_CHECK;
/* Retires the active release of the same name, and forgets what was scheduled for it, in the
 * same transaction. */
enum err_code releases_activate(struct db *db, const struct release_info *info,
                                struct err *err) MUST_CHECK;
enum err_code releases_retire(struct db *db, const struct release_info *info,
                              struct err *err) MUST_CHECK;
/* Drafts only. */
enum err_code releases_delete(struct db *db, const struct release_info *info,
                              struct err *err) MUST_CHECK;

/* `at` is a date-time with its offset (ISO 8601), in the future. Another schedule of the same
 * name is replaced. */
enum err_code releases_schedule(struct db *db, const struct release_info *info, const char *at,
                                struct err *err) MUST_CHECK;
/* `info` NULL: whatever is scheduled. *ret_count is how many were. */
enum err_code releases_unschedule(struct db *db, const struct release_info *info,
                                  size_t *ret_count, struct err *err) MUST_CHECK;
/* Activates what is due, of all names; several gateways may ask at once. */
enum err_code releases_activate_due(struct db *db, struct err *err) MUST_CHECK;

/* Texts live in the arena given. */
struct release_approval {
    struct slice approver;
    struct slice role; /* of the database */
    struct slice approved_at;
    struct slice note; /* may be empty */
};

/* `note` may be NULL. ERR_INVALID: a draft, a name that is empty or too long, or somebody who
 * has approved it already. */
enum err_code releases_approve(struct db *db, const struct release_info *info,
                               const char *approver, const char *note,
                               struct err *err) MUST_CHECK;
/* Oldest first. */
enum err_code releases_approvals(struct db *db, const struct release_info *info,
                                 struct arena *arena, struct release_approval **ret,
                                 size_t *ret_count, struct err *err) MUST_CHECK;

/* How many people must approve before a release becomes active. */
enum err_code releases_policy(struct db *db, uint32_t *ret, struct err *err) MUST_CHECK;
/* At most GOVERNANCE_APPROVALS_MAX. */
enum err_code releases_set_policy(struct db *db, uint32_t approvals,
                                  struct err *err) MUST_CHECK;

#endif
