/* gateway/store/cpic_import.c -- read all, then apply. */
#include "gateway/store/cpic_import.h"

#include "gateway/store/cpic_db.h"
#include "gateway/store/cpic_json.h"
#include "gateway/store/file.h"

#define NAMES_BYTES_MAX ((size_t)4 * 1024 * 1024)

enum err_code cpic_import_database(const char *conninfo, struct rules_release *release,
                                   struct cpic_report *report, struct err *err)
{
    struct cpic_rows rows;
    enum err_code code;

    cpic_rows_init(&rows);
    code = cpic_db_read(conninfo, &rows, err);
    if (code == ERR_OK)
        code = cpic_apply(&rows, release, report, err);
    cpic_rows_release(&rows);
    return code;
}

static enum err_code read_folder(const char *path, struct cpic_rows *rows, struct err *err)
{
    struct arena arena;
    const char **names = NULL;
    size_t count = 0, read = 0;
    enum err_code code;

    arena_init(&arena, NAMES_BYTES_MAX);
    code = file_list(path, "", &arena, &names, &count, err);
    for (size_t i = 0; i < count && code == ERR_OK; i++) {
        struct slice file = arena_printf(&arena, "%s/%s", path, names[i]);
        const char *name = arena_cstr(&arena, file);

        if (name == NULL)
            code = err_set(err, ERR_NOMEM, "%s: no memory to read it", path);
        else if (slice_ends(file, SLICE(".json"))) {
            code = cpic_json_read(name, rows, err);
            read++;
        }
    }
    arena_release(&arena);
    if (code == ERR_OK && read == 0)
        return err_set(err, ERR_INVALID, "%s: no files ending in .json", path);
    return code;
}

enum err_code cpic_import_json(const char *path, struct rules_release *release,
                               struct cpic_report *report, struct err *err)
{
    struct cpic_rows rows;
    enum err_code code;

    cpic_rows_init(&rows);
    code = file_is_folder(path, "") ? read_folder(path, &rows, err)
                                    : cpic_json_read(path, &rows, err);
    if (code == ERR_OK)
        code = cpic_apply(&rows, release, report, err);
    cpic_rows_release(&rows);
    return code;
}
