/* gateway/store/governance.c -- steps of a release's life as statements; the database's
 * triggers decide. */
#include "gateway/store/governance.h"

#include <assert.h>

/* --- states --------------------------------------------------------------------------------
 */

enum err_code releases_mark_tested(struct db *db, const struct release_info *info,
                                   struct err *err)
{
    static const struct db_statement TESTED = {
        "mark the release as tested",
        "UPDATE pgxgate.release SET state = 'tested' WHERE id = $1::int", false};

    return db_query(db, &TESTED, &info->id.ptr, 1, NULL, err);
}

enum err_code releases_retire(struct db *db, const struct release_info *info, struct err *err)
{
    static const struct db_statement RETIRE = {
        "retire the release", "UPDATE pgxgate.release SET state = 'retired' WHERE id = $1::int",
        false};

    return db_query(db, &RETIRE, &info->id.ptr, 1, NULL, err);
}

enum err_code releases_activate(struct db *db, const struct release_info *info, struct err *err)
{
    static const struct db_statement RETIRE = {
        "retire the active release",
        "UPDATE pgxgate.release SET state = 'retired' WHERE state = 'active' AND id <> $1::int "
        "AND name = (SELECT name FROM pgxgate.release WHERE id = $1::int)",
        false};
    static const struct db_statement ACTIVATE = {
        "activate the release",
        "UPDATE pgxgate.release SET state = 'active' WHERE id = $1::int", false};
    enum err_code code = db_begin(db, err);

    if (code == ERR_OK)
        code = db_query(db, &RETIRE, &info->id.ptr, 1, NULL, err);
    if (code == ERR_OK)
        code = db_query(db, &ACTIVATE, &info->id.ptr, 1, NULL, err);
    if (code == ERR_OK)
        code = db_commit(db, err);
    if (code != ERR_OK)
        db_rollback(db);
    return code;
}

enum err_code releases_delete(struct db *db, const struct release_info *info, struct err *err)
{
    static const struct db_statement DELETE = {
        "delete the draft", "DELETE FROM pgxgate.release WHERE id = $1::int", false};

    return db_query(db, &DELETE, &info->id.ptr, 1, NULL, err);
}

/* --- schedule ------------------------------------------------------------------------------
 */

enum err_code releases_schedule(struct db *db, const struct release_info *info, const char *at,
                                struct err *err)
{
    static const struct db_statement FORGET = {
        "forget the schedule before",
        "UPDATE pgxgate.release SET is_scheduled = false WHERE is_scheduled "
        "AND name = (SELECT name FROM pgxgate.release WHERE id = $1::int)",
        false};
    static const struct db_statement SCHEDULE = {
        "schedule the release",
        "UPDATE pgxgate.release SET is_scheduled = true, effective_from = $2::timestamptz "
        "WHERE id = $1::int",
        false};
    const char *params[] = {info->id.ptr, at};
    enum err_code code = db_begin(db, err);

    if (code == ERR_OK)
        code = db_query(db, &FORGET, params, 1, NULL, err);
    if (code == ERR_OK)
        code = db_query(db, &SCHEDULE, params, ARRAY_LEN(params), NULL, err);
    if (code == ERR_OK)
        code = db_commit(db, err);
    if (code != ERR_OK)
        db_rollback(db);
    return code;
}

enum err_code releases_unschedule(struct db *db, const struct release_info *info,
                                  size_t *ret_count, struct err *err)
{
    static const struct db_statement UNSCHEDULE = {
        "unschedule",
        "UPDATE pgxgate.release SET is_scheduled = false WHERE is_scheduled "
        "AND ($1::int IS NULL OR id = $1::int) RETURNING id",
        false};
    const char *id = info == NULL ? NULL : info->id.ptr;
    struct db_rows *rows = NULL;
    enum err_code code = db_query(db, &UNSCHEDULE, &id, 1, &rows, err);

    if (code != ERR_OK)
        return code;
    *ret_count = db_rows_count(rows);
    db_rows_free(rows);
    return ERR_OK;
}

enum err_code releases_activate_due(struct db *db, struct err *err)
{
    static const struct db_statement DUE = {"activate what is due",
                                            "SELECT pgxgate.activate_due()", true};

    return db_query(db, &DUE, NULL, 0, NULL, err);
}

/* --- approvals -----------------------------------------------------------------------------
 */

enum err_code releases_approve(struct db *db, const struct release_info *info,
                               const char *approver, const char *note, struct err *err)
{
    static const struct db_statement APPROVE = {
        "approve the release",
        "INSERT INTO pgxgate.release_approval (release_id, approver, note) "
        "VALUES ($1::int, $2, $3)",
        false};
    const char *params[] = {info->id.ptr, approver, note};
    struct err why = {0};
    enum err_code code = db_query(db, &APPROVE, params, ARRAY_LEN(params), NULL, &why);

    if (code == ERR_OK)
        return ERR_OK;
    if (strcmp(db_sqlstate(db), "23505") == 0)
        return err_set(err, ERR_INVALID, "%.80s has approved this release already", approver);
    if (strcmp(db_sqlstate(db), "23514") == 0)
        return err_set(err, ERR_INVALID,
                       "a name has 1 to 120 characters, a note 1 to 1000; both one line, names "
                       "without blanks at their ends");
    return err_set(err, code, "%s", why.text);
}

static enum err_code read_approvals(const struct db_rows *rows, struct arena *arena,
                                    struct release_approval *approvals, struct err *err)
{
    for (size_t row = 0; row < db_rows_count(rows); row++)
        approvals[row] = (struct release_approval){
            .approver = arena_copy(arena, db_cell(rows, row, 0)),
            .role = arena_copy(arena, db_cell(rows, row, 1)),
            .approved_at = arena_copy(arena, db_cell(rows, row, 2)),
            .note = arena_copy(arena, db_cell(rows, row, 3)),
        };
    return arena->has_failed ? err_set(err, ERR_NOMEM, "no memory for approvals") : ERR_OK;
}

enum err_code releases_approvals(struct db *db, const struct release_info *info,
                                 struct arena *arena, struct release_approval **ret,
                                 size_t *ret_count, struct err *err)
{
    static const struct db_statement LIST = {
        "list approvals",
        "SELECT approver, role, date_trunc('second', approved_at), note "
        "FROM pgxgate.release_approval WHERE release_id = $1::int "
        "ORDER BY approved_at, approver LIMIT 1000",
        false};
    struct release_approval *approvals;
    struct db_rows *rows = NULL;
    enum err_code code = db_query(db, &LIST, &info->id.ptr, 1, &rows, err);

    if (code != ERR_OK)
        return code;
    approvals = arena_array(arena, db_rows_count(rows), sizeof *approvals);
    if (approvals == NULL)
        code = err_set(err, ERR_NOMEM, "no memory for approvals");
    else
        code = read_approvals(rows, arena, approvals, err);
    if (code == ERR_OK) {
        *ret = approvals;
        *ret_count = db_rows_count(rows);
    }
    db_rows_free(rows);
    return code;
}

/* --- policy --------------------------------------------------------------------------------
 */

enum err_code releases_policy(struct db *db, uint32_t *ret, struct err *err)
{
    static const struct db_statement POLICY = {"read the policy",
                                               "SELECT pgxgate.approvals_needed()", false};
    struct db_rows *rows = NULL;
    enum err_code code = db_query(db, &POLICY, NULL, 0, &rows, err);
    bool is_number;

    if (code != ERR_OK)
        return code;
    is_number = slice_to_u32(db_cell(rows, 0, 0), GOVERNANCE_APPROVALS_MAX, ret);
    assert(is_number);
    db_rows_free(rows);
    return ERR_OK;
}

enum err_code releases_set_policy(struct db *db, uint32_t approvals, struct err *err)
{
    static const struct db_statement SET = {
        "set the policy",
        "INSERT INTO pgxgate.release_policy (approvals_needed) VALUES ($1::int)", false};
    char digits[16];
    const char *params[] = {digits};

    (void)snprintf(digits, sizeof digits, "%u", approvals);
    return db_query(db, &SET, params, ARRAY_LEN(params), NULL, err);
}
