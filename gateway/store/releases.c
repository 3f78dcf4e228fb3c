/* gateway/store/releases.c -- releases by COPY in and SELECT out, driven by release_tables. */
#include "gateway/store/releases.h"

#include "gateway/store/release_tables.h"

#define COPY_CHUNK_BYTES 65536
#define SQL_BYTES_MAX    4096
#define ARENA_BYTES_MAX  ((size_t)32 * 1024)

enum err_code releases_hash(const struct rules_release *release, char ret[DIGEST_HEX_SIZE],
                            struct err *err)
{
    struct buf canonical;
    enum err_code code = ERR_OK;

    buf_init(&canonical, RULES_RELEASE_BYTES_MAX);
    rules_release_canonical(release, &canonical);
    if (buf_failed(&canonical))
        code = err_set(err, ERR_NOMEM, "the release is too large");
    else
        digest_sha256_hex(buf_slice(&canonical), ret);
    buf_release(&canonical);
    return code;
}

static void write_columns(struct buf *sql, const struct release_table *table)
{
    for (size_t i = 0; i < table->columns_count; i++)
        buf_printf(sql, "%s%s", i > 0 ? ", " : "", table->columns[i].name);
}

/* --- import --------------------------------------------------------------------------------
 */

static enum err_code copy_rows(struct db *db, const struct release_table *table,
                               const struct rules_release *release, struct slice release_id,
                               struct buf *lines, struct err *err)
{
    size_t count;
    const char *rows = release_rows(table, release, &count);

    for (size_t i = 0; i < count; i++) {
        buf_printf(lines, "%.*s\t%zu", SLICE_ARG(release_id), i + 1);
        for (size_t c = 0; c < table->columns_count; c++) {
            buf_add_char(lines, '\t');
            release_write_field(lines, &table->columns[c], rows + i * table->row_bytes);
        }
        buf_add_char(lines, '\n');
        if (lines->len >= COPY_CHUNK_BYTES || i + 1 == count) {
            enum err_code code;

            if (buf_failed(lines))
                return err_set(err, ERR_LIMIT, "%s: row %zu is too large", table->name, i + 1);
            code = db_copy_add(db, buf_slice(lines), err);
            if (code != ERR_OK)
                return code;
            buf_clear(lines);
        }
    }
    return ERR_OK;
}

static enum err_code copy_table(struct db *db, const struct release_table *table,
                                const struct rules_release *release, struct slice release_id,
                                struct err *err)
{
    struct buf sql, lines;
    enum err_code code;

    buf_init(&sql, SQL_BYTES_MAX);
    buf_init(&lines, (size_t)COPY_CHUNK_BYTES * 64);
    buf_printf(&sql, "COPY pgxgate.%s (release_id, ordinal, ", table->name);
    write_columns(&sql, table);
    buf_add_text(&sql, ") FROM STDIN");
    if (buf_failed(&sql))
        code = err_set(err, ERR_NOMEM, "no memory for the import");
    else
        code = db_copy_begin(db, table->name, sql.bytes, err);
    if (code == ERR_OK)
        code = copy_rows(db, table, release, release_id, &lines, err);
    if (code == ERR_OK)
        code = db_copy_end(db, err);
    buf_release(&sql);
    buf_release(&lines);
    return code;
}

static enum err_code copy_release(struct db *db, const struct rules_release *release,
                                  struct slice release_id, struct err *err)
{
    enum err_code code = ERR_OK;

    for (size_t i = 0; code == ERR_OK && i < RELEASE_TABLES_COUNT; i++)
        code = copy_table(db, &RELEASE_TABLES[i], release, release_id, err);
    return code;
}

static enum err_code import(struct db *db, const struct rules_release *release,
                            const char *const params[4], bool *ret_is_new, struct err *err)
{
    static const struct db_statement ADD = {
        "add the release",
        "INSERT INTO pgxgate.release (name, version, developer, content_hash) "
        "VALUES ($1, $2, $3, $4) ON CONFLICT (content_hash) DO NOTHING RETURNING id",
        false};
    struct db_rows *rows = NULL;
    enum err_code code = db_query(db, &ADD, params, 4, &rows, err);

    if (code != ERR_OK)
        return code;
    *ret_is_new = db_rows_count(rows) > 0;
    if (*ret_is_new)
        code = copy_release(db, release, db_cell(rows, 0, 0), err);
    db_rows_free(rows);
    return code;
}

enum err_code releases_import(struct db *db, const struct rules_release *release,
                              bool *ret_is_new, struct err *err)
{
    struct arena arena;
    char hash[DIGEST_HEX_SIZE];
    bool is_new = false;
    enum err_code code = releases_hash(release, hash, err);

    if (code != ERR_OK)
        return code;
    arena_init(&arena, ARENA_BYTES_MAX);
    {
        const char *params[] = {arena_cstr(&arena, release->name),
                                arena_cstr(&arena, release->version),
                                arena_cstr(&arena, release->developer), hash};

        if (arena.has_failed)
            code = err_set(err, ERR_LIMIT, "the release's name, version or developer is long");
        else
            code = db_begin(db, err);
        if (code == ERR_OK)
            code = import(db, release, params, &is_new, err);
    }
    if (code == ERR_OK)
        code = db_commit(db, err);
    if (code == ERR_OK)
        *ret_is_new = is_new;
    else
        db_rollback(db);
    arena_release(&arena);
    return code;
}

/* --- which ones there are ------------------------------------------------------------------
 */

static const size_t INFO_FIELDS[] = {
    offsetof(struct release_info, id),
    offsetof(struct release_info, name),
    offsetof(struct release_info, version),
    offsetof(struct release_info, developer),
    offsetof(struct release_info, content_hash),
    offsetof(struct release_info, state),
    offsetof(struct release_info, imported_at),
    offsetof(struct release_info, tested_at),
    offsetof(struct release_info, activated_at),
    offsetof(struct release_info, retired_at),
    offsetof(struct release_info, effective_from),
    offsetof(struct release_info, scheduled),
    offsetof(struct release_info, approvals),
};
#define INFO_COLUMNS                                                                           \
    "SELECT id, name, version, developer, content_hash, state, "                               \
    "date_trunc('second', imported_at), date_trunc('second', tested_at), "                     \
    "date_trunc('second', activated_at), date_trunc('second', retired_at), "                   \
    "date_trunc('second', effective_from), "                                                   \
    "CASE WHEN NOT is_scheduled THEN '' WHEN effective_from > now() THEN 'planned' "           \
    "ELSE 'overdue' END, pgxgate.approvals_of(id) FROM pgxgate.release "

static enum err_code read_infos(const struct db_rows *rows, struct arena *arena,
                                struct release_info *infos, struct err *err)
{
    for (size_t row = 0; row < db_rows_count(rows); row++) {
        for (size_t i = 0; i < ARRAY_LEN(INFO_FIELDS); i++) {
            struct slice text = arena_copy(arena, db_cell(rows, row, i));

            memcpy((char *)&infos[row] + INFO_FIELDS[i], &text, sizeof text);
        }
    }
    return arena->has_failed ? err_set(err, ERR_NOMEM, "no memory for releases") : ERR_OK;
}

static enum err_code query_infos(struct db *db, const struct db_statement *statement,
                                 const char *param, struct arena *arena,
                                 struct release_info **ret, size_t *ret_count, struct err *err)
{
    const char *params[] = {param};
    struct release_info *infos;
    struct db_rows *rows = NULL;
    enum err_code code = db_query(db, statement, params, ARRAY_LEN(params), &rows, err);

    if (code != ERR_OK)
        return code;
    infos = arena_array(arena, db_rows_count(rows), sizeof *infos);
    if (infos == NULL)
        code = err_set(err, ERR_NOMEM, "no memory for releases");
    else
        code = read_infos(rows, arena, infos, err);
    if (code == ERR_OK) {
        *ret = infos;
        *ret_count = db_rows_count(rows);
    }
    db_rows_free(rows);
    return code;
}

enum err_code releases_list(struct db *db, struct arena *arena, struct release_info **ret,
                            size_t *ret_count, struct err *err)
{
    static const struct db_statement LIST = {
        "list releases", INFO_COLUMNS "ORDER BY imported_at DESC, id DESC LIMIT $1::int",
        false};
    char limit[16];

    (void)snprintf(limit, sizeof limit, "%d", RELEASES_LIST_MAX);
    return query_infos(db, &LIST, limit, arena, ret, ret_count, err);
}

enum err_code releases_find(struct db *db, const char *selector, struct arena *arena,
                            struct release_info *ret, struct err *err)
{
    static const struct db_statement NEWEST = {
        "find the newest release",
        INFO_COLUMNS "WHERE $1::text IS NULL ORDER BY imported_at DESC, id DESC LIMIT 1",
        false};
    static const struct db_statement FIND = {"find the release",
                                             INFO_COLUMNS
                                             "WHERE version = $1 OR ($1 ~ '^[0-9a-f]{8,64}$' "
                                             "AND starts_with(content_hash, $1)) LIMIT 2",
                                             false};
    struct release_info *infos = NULL;
    size_t count = 0;
    enum err_code code = query_infos(db, selector == NULL ? &NEWEST : &FIND, selector, arena,
                                     &infos, &count, err);

    if (code != ERR_OK)
        return code;
    if (count == 0 && selector == NULL)
        return err_set(err, ERR_NOT_FOUND, "there is no release: import one first");
    if (count == 0)
        return err_set(err, ERR_NOT_FOUND, "no release has the version or hash %.80s",
                       selector);
    if (count > 1)
        return err_set(err, ERR_INVALID,
                       "several releases have the version or hash %.80s: give (more of) the "
                       "hash, see 'pgxgate rules list'",
                       selector);
    *ret = infos[0];
    return ERR_OK;
}

enum err_code releases_active(struct db *db, const char *name, struct arena *arena,
                              struct release_info *ret, struct err *err)
{
    static const struct db_statement ACTIVE = {
        "find the active release",
        INFO_COLUMNS "WHERE state = 'active' AND ($1::text IS NULL OR name = $1) LIMIT 2",
        true};
    struct release_info *infos = NULL;
    size_t count = 0;
    enum err_code code = query_infos(db, &ACTIVE, name, arena, &infos, &count, err);

    if (code != ERR_OK)
        return code;
    if (count == 0)
        return err_set(err, ERR_NOT_FOUND, "no release is active");
    if (count > 1)
        return err_set(err, ERR_INVALID,
                       "releases of several names are active: set which one to use");
    *ret = infos[0];
    return ERR_OK;
}

enum err_code releases_before(struct db *db, const struct release_info *active,
                              struct arena *arena, struct release_info *ret, struct err *err)
{
    static const struct db_statement BEFORE = {
        "find the release before",
        INFO_COLUMNS "WHERE name = $1 AND state = 'retired' ORDER BY retired_at DESC, id DESC "
                     "LIMIT 1",
        false};
    struct release_info *infos = NULL;
    size_t count = 0;
    enum err_code code = query_infos(db, &BEFORE, active->name.ptr, arena, &infos, &count, err);

    if (code != ERR_OK)
        return code;
    if (count == 0)
        return err_set(err, ERR_NOT_FOUND, "no other release of %.80s was ever active",
                       active->name.ptr);
    *ret = infos[0];
    return ERR_OK;
}

/* --- load ----------------------------------------------------------------------------------
 */

static enum err_code read_rows(const struct release_table *table, const struct db_rows *rows,
                               struct rules_release *release, struct release_texts *texts,
                               struct err *err)
{
    if (!release_reserve(table, release, db_rows_count(rows)))
        return err_set(err, ERR_NOMEM, "the release is too large");
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        char *row = table->add(release);

        if (row == NULL)
            return err_set(err, ERR_NOMEM, "the release is too large");
        for (size_t c = 0; c < table->columns_count; c++)
            if (!release_read_field(&table->columns[c], db_cell(rows, i, c), texts, row))
                return err_set(err, ERR_INVALID, "table %s, row %zu: column %s cannot be read",
                               table->name, i + 1, table->columns[c].name);
    }
    return release->arena.has_failed ? err_set(err, ERR_NOMEM, "the release is too large")
                                     : ERR_OK;
}

static enum err_code load_table(struct db *db, const struct release_table *table,
                                const char *release_id, struct rules_release *release,
                                struct release_texts *texts, struct err *err)
{
    struct db_rows *rows = NULL;
    struct buf sql;
    enum err_code code;

    buf_init(&sql, SQL_BYTES_MAX);
    buf_add_text(&sql, "SELECT ");
    write_columns(&sql, table);
    buf_printf(&sql, " FROM pgxgate.%s WHERE release_id = $1::int ORDER BY ordinal",
               table->name);
    if (buf_failed(&sql))
        code = err_set(err, ERR_NOMEM, "no memory to load a release");
    else
        code = db_query(db, &(struct db_statement){table->name, sql.bytes, false}, &release_id,
                        1, &rows, err);
    if (code == ERR_OK)
        code = read_rows(table, rows, release, texts, err);
    db_rows_free(rows);
    buf_release(&sql);
    return code;
}

static enum err_code load_tables(struct db *db, const char *release_id,
                                 struct rules_release *release, struct err *err)
{
    enum err_code code =
        db_exec(db, "begin", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
    struct release_texts texts;

    release_texts_init(&texts, &release->arena);
    for (size_t i = 0; code == ERR_OK && i < RELEASE_TABLES_COUNT; i++)
        code = load_table(db, &RELEASE_TABLES[i], release_id, release, &texts, err);
    release_texts_release(&texts);
    if (code == ERR_OK)
        code = db_commit(db, err);
    if (code != ERR_OK)
        db_rollback(db);
    return code;
}

static enum err_code check_hash(const struct rules_release *release, struct slice hash,
                                struct err *err)
{
    char got[DIGEST_HEX_SIZE];
    enum err_code code = releases_hash(release, got, err);

    if (code == ERR_OK && !slice_eq_text(hash, got))
        return err_set(err, ERR_INVALID,
                       "the content of release %.*s does not have the hash it is named by: it "
                       "was changed in the database",
                       (int)(hash.len < 12 ? hash.len : 12), hash.ptr);
    return code;
}

enum err_code releases_load(struct db *db, const struct release_info *info,
                            struct rules_release *ret, struct err *err)
{
    struct rules_release release;
    enum err_code code;

    rules_release_init(&release);
    release.name = arena_copy(&release.arena, info->name);
    release.version = arena_copy(&release.arena, info->version);
    release.developer = arena_copy(&release.arena, info->developer);
    code = load_tables(db, info->id.ptr, &release, err);
    if (code == ERR_OK)
        code = check_hash(&release, info->content_hash, err);
    if (code == ERR_OK)
        *ret = release;
    else
        rules_release_release(&release);
    return code;
}
