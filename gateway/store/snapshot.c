/* gateway/store/snapshot.c -- files or rows to a snapshot. */
#include "gateway/store/snapshot.h"

#include "gateway/store/knowledge_files.h"
#include "gateway/store/releases.h"

#define CONNECT_TIMEOUT_S    5
#define STATEMENT_TIMEOUT_MS 30000
#define ARENA_BYTES_MAX      ((size_t)1024 * 1024)

enum err_code snapshot_from_release(struct rules_release *release, struct rules_knowledge **ret,
                                    struct err *err)
{
    char hash[DIGEST_HEX_SIZE];

    if (releases_hash(release, hash, err) == ERR_OK &&
        rules_knowledge_new(release, slice_of(hash), ret, err) == ERR_OK)
        return ERR_OK;
    rules_release_release(release);
    return err->code;
}

enum err_code snapshot_from_packs(const char *dir, const char *const *packs, size_t packs_count,
                                  struct rules_knowledge **ret, struct err *err)
{
    struct rules_release release;

    if (store_read_files(dir, &release, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < packs_count; i++) {
        if (store_read_pack(packs[i], &release, err) == ERR_OK)
            continue;
        rules_release_release(&release);
        return err->code;
    }
    return snapshot_from_release(&release, ret, err);
}

enum err_code snapshot_from_files(const char *dir, struct rules_knowledge **ret,
                                  struct err *err)
{
    return snapshot_from_packs(dir, NULL, 0, ret, err);
}

enum err_code snapshot_from_database(const char *conninfo, struct rules_knowledge **ret,
                                     struct err *err)
{
    struct db_options options = {
        .conninfo = conninfo,
        .application_name = "pgxgate",
        .connect_timeout_s = CONNECT_TIMEOUT_S,
        .statement_timeout_ms = STATEMENT_TIMEOUT_MS,
        .interrupt_fd = -1,
    };
    struct rules_release release;
    struct release_info info;
    struct arena arena;
    struct db *db;
    enum err_code code;

    if (db_connect(&options, &db, err) != ERR_OK)
        return err->code;
    arena_init(&arena, ARENA_BYTES_MAX);
    code = releases_active(db, NULL, &arena, &info, err);
    if (code == ERR_OK)
        code = releases_load(db, &info, &release, err);
    if (code == ERR_OK) { /* the hash has just been compared with the content */
        code = rules_knowledge_new(&release, info.content_hash, ret, err);
        rules_release_release(&release);
    }
    arena_release(&arena);
    db_free(db);
    return code;
}
