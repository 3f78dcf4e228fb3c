/* gateway/store/migrate.c -- numbered SQL files, each once. */
#include "gateway/store/migrate.h"

#include <assert.h>

#include "gateway/store/digest.h"
#include "gateway/store/file.h"

#define NUMBER_DIGITS   4
#define ARENA_BYTES_MAX ((size_t)4 * 1024 * 1024)

struct migrate {
    struct db *db;
    const struct migrate_options *options;
    struct arena arena;
    const char **files;
    size_t files_count;
    struct db_rows *applied; /* version, name, checksum in order of version */
    struct buf sql;
    struct migrate_result result;
};

static const char TABLE[] =
    "CREATE SCHEMA IF NOT EXISTS pgxgate;"
    "CREATE TABLE IF NOT EXISTS pgxgate.migration ("
    "  version    integer PRIMARY KEY CHECK (version > 0),"
    "  name       text NOT NULL,"
    "  checksum   text NOT NULL,"
    "  applied_at timestamptz NOT NULL DEFAULT now());"
    "COMMENT ON SCHEMA pgxgate IS 'Knowledge and audit of the pgxgate gateway.';"
    "COMMENT ON TABLE pgxgate.migration IS 'Which migrations were applied to this database.';"
    "COMMENT ON COLUMN pgxgate.migration.version IS 'Number of the file.';"
    "COMMENT ON COLUMN pgxgate.migration.name IS 'Name of the file.';"
    "COMMENT ON COLUMN pgxgate.migration.checksum IS 'SHA-256 of the file as it was applied.';"
    "COMMENT ON COLUMN pgxgate.migration.applied_at IS 'When it was applied.';";

/* --- files ---------------------------------------------------------------------------------
 */

/* NNNN_words.sql with words of a-z, 0-9 and _; 0 for any other name. */
static uint32_t number_of(const char *file)
{
    static const char WORDS[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    struct slice name = slice_of(file);
    size_t words;
    uint32_t number;

    if (name.len <= NUMBER_DIGITS || name.ptr[NUMBER_DIGITS] != '_' ||
        !slice_to_u32(slice_head(name, NUMBER_DIGITS), MIGRATE_FILES_MAX, &number))
        return 0;
    words = strspn(file + NUMBER_DIGITS + 1, WORDS);
    return words > 0 && strcmp(file + NUMBER_DIGITS + 1 + words, ".sql") == 0 ? number : 0;
}

static enum err_code find_files(struct migrate *m, struct err *err)
{
    enum err_code code =
        file_list(m->options->dir, "", &m->arena, &m->files, &m->files_count, err);

    if (code != ERR_OK)
        return code;
    for (size_t i = 0; i < m->files_count; i++) {
        uint32_t number = number_of(m->files[i]);

        if (number == 0)
            return err_set(err, ERR_INVALID, "%s: not a migration; they are NNNN_what.sql",
                           m->files[i]);
        if (number != i + 1)
            return err_set(err, ERR_INVALID,
                           "%s: number %04zu is expected here; numbers have no gaps and are "
                           "used once",
                           m->files[i], i + 1);
    }
    if (m->files_count == 0)
        return err_set(err, ERR_NOT_FOUND, "%s: there are no migrations", m->options->dir);
    return ERR_OK;
}

/* --- what the database has -----------------------------------------------------------------
 */

static enum err_code has_table(struct db *db, bool *ret, struct err *err)
{
    static const struct db_statement HAS_TABLE = {
        "look for the migration table", "SELECT to_regclass('pgxgate.migration') IS NOT NULL",
        false};
    struct db_rows *rows;
    enum err_code code = db_query(db, &HAS_TABLE, NULL, 0, &rows, err);

    if (code != ERR_OK)
        return code;
    *ret = slice_eq_text(db_cell(rows, 0, 0), "t");
    db_rows_free(rows);
    return ERR_OK;
}

enum err_code migrate_version(struct db *db, uint32_t *ret, struct err *err)
{
    static const struct db_statement NEWEST = {
        "read the newest migration", "SELECT coalesce(max(version), 0) FROM pgxgate.migration",
        false};
    struct db_rows *rows;
    bool has_any = false, is_number;
    enum err_code code = has_table(db, &has_any, err);

    if (code != ERR_OK)
        return code;
    if (!has_any) {
        *ret = 0;
        return ERR_OK;
    }
    code = db_query(db, &NEWEST, NULL, 0, &rows, err);
    if (code != ERR_OK)
        return code;
    is_number = slice_to_u32(db_cell(rows, 0, 0), INT32_MAX, ret);
    assert(is_number);
    db_rows_free(rows);
    return ERR_OK;
}

enum err_code migrate_check(struct db *db, struct err *err)
{
    uint32_t version = 0;
    enum err_code code = migrate_version(db, &version, err);

    if (code != ERR_OK)
        return code;
    if (version < MIGRATE_VERSION_NEEDED)
        return err_set(err, ERR_INVALID,
                       "the database's schema has version %u, %d is needed: run 'pgxgate "
                       "migrate'",
                       version, MIGRATE_VERSION_NEEDED);
    return ERR_OK;
}

static enum err_code read_applied(struct migrate *m, struct err *err)
{
    static const struct db_statement APPLIED = {
        "read applied migrations",
        "SELECT version, name, checksum FROM pgxgate.migration ORDER BY version", false};

    return db_query(m->db, &APPLIED, NULL, 0, &m->applied, err);
}

static size_t applied_count(const struct migrate *m)
{
    return m->applied == NULL ? 0 : db_rows_count(m->applied);
}

static enum err_code check_not_newer(const struct migrate *m, struct err *err)
{
    if (applied_count(m) > m->files_count)
        return err_set(err, ERR_INVALID,
                       "the database is newer than this program: it has %zu migrations, there "
                       "are %zu files",
                       applied_count(m), m->files_count);
    return ERR_OK;
}

/* --- one migration -------------------------------------------------------------------------
 */

static enum err_code compare(const struct migrate *m, size_t place, const char *checksum,
                             struct err *err)
{
    struct slice version = db_cell(m->applied, place, 0);
    uint32_t number;

    if (!slice_to_u32(version, INT32_MAX, &number) || number != place + 1)
        return err_set(err, ERR_INVALID, "%s: the database has number %.*s in its place",
                       m->files[place], SLICE_ARG(version));
    if (!slice_eq_text(db_cell(m->applied, place, 2), checksum))
        return err_set(err, ERR_INVALID,
                       "%s: changed after it was applied (checksum %.12s, applied %.12s); "
                       "restore it and write a new migration",
                       m->files[place], checksum, db_cell(m->applied, place, 2).ptr);
    return ERR_OK;
}

static enum err_code apply(struct migrate *m, size_t place, const char *checksum,
                           struct err *err)
{
    static const struct db_statement RECORD = {
        "record the migration",
        "INSERT INTO pgxgate.migration (version, name, checksum) VALUES ($1::int, $2, $3)",
        false};
    char number[24];
    const char *params[] = {number, m->files[place], checksum};
    enum err_code code;

    (void)snprintf(number, sizeof number, "%zu", place + 1);
    code = db_begin(m->db, err);
    if (code == ERR_OK)
        code = db_exec(m->db, m->files[place], m->sql.bytes, err);
    if (code == ERR_OK)
        code = db_query(m->db, &RECORD, params, ARRAY_LEN(params), NULL, err);
    if (code == ERR_OK)
        code = db_commit(m->db, err);
    if (code != ERR_OK)
        db_rollback(m->db);
    return code;
}

static uint32_t elapsed_ms(const struct timespec *since)
{
    struct timespec now;
    int failed = clock_gettime(CLOCK_MONOTONIC, &now);

    assert(failed == 0);
    return (uint32_t)((now.tv_sec - since->tv_sec) * 1000 +
                      (now.tv_nsec - since->tv_nsec) / 1000000);
}

static enum err_code run_one(struct migrate *m, size_t place, struct err *err)
{
    struct migrate_step step = {.name = m->files[place], .outcome = MIGRATE_PRESENT};
    char checksum[DIGEST_HEX_SIZE];
    struct timespec start;
    enum err_code code = file_read(m->options->dir, m->files[place], &m->sql, err);
    int failed = clock_gettime(CLOCK_MONOTONIC, &start);

    assert(failed == 0);
    if (code != ERR_OK)
        return code;
    if (m->sql.len == 0 || memchr(m->sql.bytes, '\0', m->sql.len) != NULL)
        return err_set(err, ERR_INVALID, "%s: empty, or not text", m->files[place]);
    digest_sha256_hex(buf_slice(&m->sql), checksum);
    if (place < applied_count(m)) {
        code = compare(m, place, checksum, err);
        m->result.present++;
    } else if (m->options->is_check_only) {
        step.outcome = MIGRATE_PENDING;
        m->result.pending++;
    } else {
        step.outcome = MIGRATE_APPLIED;
        code = apply(m, place, checksum, err);
        m->result.applied++;
    }
    step.took_ms = elapsed_ms(&start);
    if (code == ERR_OK && m->options->on_step != NULL)
        m->options->on_step(m->options->owner, &step);
    return code;
}

/* --- the run -------------------------------------------------------------------------------
 */

static enum err_code run_all(struct migrate *m, struct err *err)
{
    enum err_code code = check_not_newer(m, err);

    for (size_t i = 0; code == ERR_OK && i < m->files_count; i++)
        code = run_one(m, i, err);
    return code;
}

static enum err_code look(struct migrate *m, struct err *err)
{
    bool has_any = false;
    enum err_code code = has_table(m->db, &has_any, err);

    if (code == ERR_OK && has_any)
        code = read_applied(m, err);
    return code == ERR_OK ? run_all(m, err) : code;
}

/* The lock's number is arbitrary and belongs to this program: "pgxgate" in ASCII. */
static enum err_code lock_and_run(struct migrate *m, struct err *err)
{
    struct err ignored = {0};
    enum err_code code = db_exec(m->db, "wait for other migrations",
                                 "SELECT pg_advisory_lock(x'70677867617465'::bigint)", err);

    if (code != ERR_OK)
        return code;
    code = db_exec(m->db, "make the migration table", TABLE, err);
    if (code == ERR_OK)
        code = read_applied(m, err);
    if (code == ERR_OK)
        code = run_all(m, err);
    /* Ending the session unlocks too. */
    if (db_is_usable(m->db) &&
        db_exec(m->db, "unlock migrations",
                "SELECT pg_advisory_unlock(x'70677867617465'::bigint)", &ignored) != ERR_OK &&
        code == ERR_OK)
        return err_set(err, ignored.code, "%s", ignored.text);
    return code;
}

enum err_code migrate_run(struct db *db, const struct migrate_options *options,
                          struct migrate_result *ret, struct err *err)
{
    struct migrate m = {.db = db, .options = options};
    enum err_code code;

    arena_init(&m.arena, ARENA_BYTES_MAX);
    buf_init(&m.sql, MIGRATE_FILE_BYTES_MAX);
    code = find_files(&m, err);
    if (code == ERR_OK)
        code = options->is_check_only ? look(&m, err) : lock_and_run(&m, err);
    if (code == ERR_OK)
        *ret = m.result;
    db_rows_free(m.applied);
    buf_release(&m.sql);
    arena_release(&m.arena);
    return code;
}
