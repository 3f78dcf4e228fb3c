/* gateway/store/migrate.h -- bring the database's schema to what this program needs.
 *
 * Migrations are files NNNN_what.sql, numbered from 1 without gaps, applied in order, each in
 * one transaction together with its row in pgxgate.migration (version, name, checksum,
 * applied_at). They only go forward: a file that was applied must never change (its checksum is
 * compared), and a database that knows more migrations than there are files is newer than this
 * program. Runs of several processes wait for each other.
 */
#ifndef GATEWAY_STORE_MIGRATE_H
#define GATEWAY_STORE_MIGRATE_H

#include "gateway/store/db.h"

#define MIGRATE_VERSION_NEEDED 6 /* the newest migration this program relies on */
#define MIGRATE_FILES_MAX      9999
#define MIGRATE_FILE_BYTES_MAX ((size_t)4 * 1024 * 1024)

enum migrate_outcome {
    MIGRATE_PRESENT, /* had been applied before */
    MIGRATE_APPLIED,
    MIGRATE_PENDING, /* is_check_only: it would be applied */
};

struct migrate_step {
    const char *name; /* of the file; borrowed during the call */
    enum migrate_outcome outcome;
    uint32_t took_ms;
};

struct migrate_options {
    const char *dir;
    bool is_check_only;                                            /* change nothing */
    void (*on_step)(void *owner, const struct migrate_step *step); /* may be NULL */
    void *owner;
};

struct migrate_result {
    uint32_t present, applied, pending;
};

/* On failure the migrations before the failed one stay applied. */
enum err_code migrate_run(struct db *db, const struct migrate_options *options,
                          struct migrate_result *ret, struct err *err) MUST_CHECK;

/* The newest migration of the database; 0 when it has none at all. */
enum err_code migrate_version(struct db *db, uint32_t *ret, struct err *err) MUST_CHECK;

/* ERR_INVALID, with the command that helps, when the schema is older than needed. */
enum err_code migrate_check(struct db *db, struct err *err) MUST_CHECK;

#endif
