/* gateway/cli/rules_command.c -- databases, releases and output for the subcommands of `rules`.
 */
#include "gateway/cli/rules_command.h"

#include "gateway/cli/database.h"
#include "gateway/cli/exit.h"
#include "gateway/cli/output.h"
#include "gateway/store/governance.h"
#include "gateway/store/snapshot.h"

#define STATEMENT_TIMEOUT_MS 120000
#define ARENA_BYTES_MAX      ((size_t)16 * 1024 * 1024)

/* --- output --------------------------------------------------------------------------------
 */

int rules_print_json(const struct buf *json)
{
    return cli_print_json("rules", json);
}

void rules_write_info(struct json_writer *w, const struct release_info *info)
{
    json_write_member_text(w, "name", info->name);
    json_write_member_text(w, "version", info->version);
    json_write_member_text(w, "developer", info->developer);
    json_write_member_text(w, "hash", info->content_hash);
    json_write_member_text(w, "state", info->state);
    json_write_member_text(w, "importedAt", info->imported_at);
    json_write_member_text(w, "testedAt", info->tested_at);
    json_write_member_text(w, "activatedAt", info->activated_at);
    json_write_member_text(w, "retiredAt", info->retired_at);
    json_write_member_text(w, "effectiveFrom", info->effective_from);
    json_write_member_text(w, "scheduled", info->scheduled);
    json_write_name(w, "approvals");
    json_write_raw(w, info->approvals);
}

int rules_refuse(const char *command, const struct err *err)
{
    int status = cli_fail(command, err);

    if (err->code == ERR_NOT_FOUND || err->code == ERR_INVALID ||
        (err->code == ERR_DENIED && strstr(err->text, "SQLSTATE PX") != NULL))
        return EXIT_NO;
    return status;
}

/* --- databases -----------------------------------------------------------------------------
 */

int rules_open_database(const struct rules_arguments *arguments, const char *command,
                        struct db **ret)
{
    return cli_open_migrated(command, arguments->conninfo, STATEMENT_TIMEOUT_MS, ret);
}

int rules_with_database(const struct rules_arguments *arguments, const char *command,
                        int (*run)(const struct rules_arguments *arguments, struct db *db,
                                   struct arena *arena))
{
    struct arena arena;
    struct db *db = NULL;
    int status = rules_open_database(arguments, command, &db);

    arena_init(&arena, ARENA_BYTES_MAX);
    if (status == EXIT_OK)
        status = run(arguments, db, &arena);
    arena_release(&arena);
    db_free(db);
    return status;
}

/* --- releases ------------------------------------------------------------------------------
 */

static int load_info(const char *command, struct db *db, const struct release_info *info,
                     struct rules_knowledge **ret)
{
    struct rules_release release;
    struct err err = {0};

    if (releases_load(db, info, &release, &err) != ERR_OK ||
        snapshot_from_release(&release, ret, &err) != ERR_OK)
        return cli_fail(command, &err);
    return EXIT_OK;
}

int rules_load_release(const char *command, struct db *db, const char *word,
                       struct arena *arena, struct release_info *ret_info,
                       struct rules_knowledge **ret)
{
    struct err err = {0};

    if (releases_find(db, word, arena, ret_info, &err) != ERR_OK) {
        (void)cli_fail(command, &err);
        return err.code == ERR_NOT_FOUND || err.code == ERR_INVALID ? EXIT_NO
                                                                    : EXIT_UNAVAILABLE;
    }
    return load_info(command, db, ret_info, ret);
}

int rules_load_files(const char *command, const char *dir, struct rules_knowledge **ret)
{
    struct err err = {0};

    if (snapshot_from_files(dir, ret, &err) != ERR_OK)
        return cli_fail(command, &err);
    return EXIT_OK;
}

static int load_active(const char *command, struct db *db, struct arena *arena,
                       struct rules_knowledge **ret)
{
    struct release_info info;
    struct err err = {0};

    if (releases_active(db, NULL, arena, &info, &err) != ERR_OK)
        return rules_refuse(command, &err);
    return load_info(command, db, &info, ret);
}

int rules_load_any(const char *command, const struct rules_arguments *arguments,
                   struct rules_knowledge **ret)
{
    struct release_info info;
    struct arena arena;
    struct db *db = NULL;
    int status;

    if (arguments->knowledge != NULL && arguments->word != NULL) {
        (void)fprintf(stderr, "pgxgate %s: give a release or --knowledge, not both\n", command);
        return EXIT_USAGE;
    }
    if (arguments->knowledge != NULL)
        return rules_load_files(command, arguments->knowledge, ret);
    status = rules_open_database(arguments, command, &db);
    arena_init(&arena, ARENA_BYTES_MAX);
    if (status == EXIT_OK)
        status = arguments->word == NULL
                     ? load_active(command, db, &arena, ret)
                     : rules_load_release(command, db, arguments->word, &arena, &info, ret);
    arena_release(&arena);
    db_free(db);
    return status;
}

int rules_mark_tested(const char *command, struct db *db, const struct release_info *info)
{
    struct err err = {0};

    if (slice_eq_text(info->state, "draft") && releases_mark_tested(db, info, &err) != ERR_OK)
        return cli_fail(command, &err);
    return EXIT_OK;
}
