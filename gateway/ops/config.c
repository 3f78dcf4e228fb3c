/* gateway/ops/config.c -- presets, then the file, then the environment, then what must fit
 * together. */
#include "gateway/ops/config.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>

#include "gateway/ops/config_private.h"

#define CONFIG_ARENA_BYTES_MAX    ((size_t)4 * 1024 * 1024)
#define CONFIG_SECRET_BYTES_MAX   8192
#define CONFIG_PROBLEMS_SHOWN_MAX 50

const struct config_setting CONFIG_SETTINGS[CONFIG_SETTINGS_COUNT] = {
#define SECTION(title)
#define SETTING(kind, name, preset, min, max, doc)                                             \
    {CONFIG_KIND_##kind, #name, offsetof(struct gw_config, name), preset, min, max, doc},
#include "gateway/ops/settings.def"
#undef SETTING
#undef SECTION
};

void config_problem(struct config_reader *reader, struct config_place place, const char *format,
                    ...)
{
    char where[256];
    char text[ERR_TEXT_BYTES_MAX];
    va_list args;

    reader->problems_count++;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (char *c = text; *c != '\0'; c++) /* a name may hold anything, and this is shown */
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    if (place.line > 0)
        (void)snprintf(where, sizeof where, "%s:%zu:%zu", place.file, place.line, place.column);
    else
        (void)snprintf(where, sizeof where, "%s", place.file);
    (void)err_set(reader->err, ERR_INVALID, "%.100s: %.130s", where, text);
    if (reader->problems != NULL && reader->problems_count <= CONFIG_PROBLEMS_SHOWN_MAX)
        buf_printf(reader->problems, "%s: %s\n", where, text);
}

/* ---- names ---- */

/* Edits (insert, drop, change a letter) from a to b; names are short. */
static size_t distance(struct slice a, struct slice b)
{
    size_t row[64];

    if (a.len >= ARRAY_LEN(row) || b.len >= ARRAY_LEN(row))
        return SIZE_MAX;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t above = row[j];
            size_t best = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);

            if (above + 1 < best)
                best = above + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = above;
            row[j] = best;
        }
    }
    return row[b.len];
}

const struct config_setting *config_setting_find(struct slice name, const char **ret_nearest)
{
    size_t nearest = name.len / 3 + 1; /* further away is no misspelling */

    *ret_nearest = NULL;
    for (size_t i = 0; i < CONFIG_SETTINGS_COUNT; i++) {
        size_t away = distance(name, slice_of(CONFIG_SETTINGS[i].name));

        if (away == 0)
            return &CONFIG_SETTINGS[i];
        if (away <= nearest) {
            nearest = away - 1; /* only a nearer one replaces it */
            *ret_nearest = CONFIG_SETTINGS[i].name;
        }
    }
    return NULL;
}

bool config_setting_is_list(const struct config_setting *setting)
{
    return setting->kind == CONFIG_KIND_FHIR_SERVERS || setting->kind == CONFIG_KIND_ORIGINS ||
           setting->kind == CONFIG_KIND_NAMES || setting->kind == CONFIG_KIND_PAIRS ||
           setting->kind == CONFIG_KIND_SERVER_KINDS;
}

/* ---- sources ---- */

static const char *environment_get(const char *const *environ_, const char *name)
{
    size_t len = strlen(name);

    for (; environ_ != NULL && *environ_ != NULL; environ_++)
        if (strncmp(*environ_, name, len) == 0 && (*environ_)[len] == '=')
            return *environ_ + len + 1;
    return NULL;
}

static void set_presets(struct gw_config *config)
{
    char why[CONFIG_WHY_BYTES];

    for (size_t i = 0; i < CONFIG_SETTINGS_COUNT; i++) {
        bool is_set = config_value_set_all(config, &CONFIG_SETTINGS[i],
                                           slice_of(CONFIG_SETTINGS[i].preset), why);

        /* A preset that does not satisfy its own row is a mistake in the table. */
        assert(is_set || config->arena.has_failed);
    }
}

static void read_environment(struct config_reader *reader)
{
    char name[96] = "PGXGATE_";
    char why[CONFIG_WHY_BYTES];

    for (size_t i = 0; i < CONFIG_SETTINGS_COUNT; i++) {
        const struct config_setting *setting = &CONFIG_SETTINGS[i];
        const char *value;
        size_t len = strlen(setting->name);

        assert(len + sizeof "PGXGATE_" <= sizeof name);
        for (size_t c = 0; c <= len; c++) {
            char letter = setting->name[c];

            name[sizeof "PGXGATE_" - 1 + c] =
                (char)(letter >= 'a' && letter <= 'z' ? letter - 'a' + 'A' : letter);
        }
        value = environment_get(reader->environ_, name);
        if (value == NULL)
            continue;
        if (config_value_set_all(reader->config, setting, slice_of(value), why))
            reader->config->sources[i] = CONFIG_ENVIRONMENT;
        else
            config_problem(reader, (struct config_place){.file = name}, "%s", why);
    }
}

/* ---- files ---- */

/* ERR_LIMIT when there is more than buf may hold. */
static enum err_code read_file(const char *path, struct buf *buf, struct err *err)
{
    FILE *file = fopen(path, "rbe");
    enum err_code code = ERR_OK;
    char piece[4096];
    size_t len;

    if (file == NULL)
        return err_set(err, ERR_NOT_FOUND, "%.150s: %.60s", path, strerror(errno));
    while ((len = fread(piece, 1, sizeof piece, file)) > 0 && !buf_failed(buf))
        buf_add(buf, (struct slice){.ptr = piece, .len = len});
    if (ferror(file) != 0)
        code = err_set(err, ERR_INVALID, "%.150s: cannot be read", path);
    else if (buf_failed(buf))
        code =
            err_set(err, ERR_LIMIT, "%.150s: is larger than %zu bytes", path, buf->bytes_max);
    (void)fclose(file);
    return code;
}

/* The connection string from its file; a bare name means one of systemd's credentials. */
static void read_database_file(struct config_reader *reader, struct config_place place)
{
    struct gw_config *config = reader->config;
    const char *path = config->database_file;
    const char *directory = environment_get(reader->environ_, "CREDENTIALS_DIRECTORY");
    struct err err = {0};
    struct slice text;
    struct buf buf;

    if (strchr(path, '/') == NULL && directory != NULL)
        path = arena_printf(&config->arena, "%s/%s", directory, path).ptr;
    if (path == NULL)
        return; /* the arena's flag is looked at later */
    buf_init(&buf, CONFIG_SECRET_BYTES_MAX);
    if (read_file(path, &buf, &err) != ERR_OK) {
        config_problem(reader, place, "database_file: %s", err.text);
    } else {
        text = slice_trim(buf_slice(&buf));
        if (text.len == 0 || memchr(text.ptr, '\0', text.len) != NULL)
            config_problem(reader, place, "database_file: holds no connection string");
        else
            config->database = arena_cstr(&config->arena, text);
    }
    if (buf.bytes != NULL)
        explicit_bzero(buf.bytes, buf.len);
    buf_release(&buf);
}

/* A bare name means a file beside the settings file. */
static void find_mapping_file(struct config_reader *reader, const char *file)
{
    struct gw_config *config = reader->config;
    const char *slash = strrchr(file, '/');

    if (config->result_mapping_file[0] == '\0' || slash == NULL ||
        strchr(config->result_mapping_file, '/') != NULL)
        return;
    config->result_mapping_file =
        arena_printf(&config->arena, "%.*s%s", (int)(slash + 1 - file), file,
                     config->result_mapping_file)
            .ptr;
}

/* ---- what must fit together ---- */

static void check_together(struct config_reader *reader, const char *file)
{
    struct gw_config *config = reader->config;
    enum config_source text = config->sources[CONFIG_ID_database];
    enum config_source path = config->sources[CONFIG_ID_database_file];
    struct config_place place = {
        .file = file, .line = reader->lines[CONFIG_ID_database_file], .column = 1};

    if (path == CONFIG_ENVIRONMENT)
        place = (struct config_place){.file = "PGXGATE_DATABASE_FILE"};
    if (config->database_file[0] != '\0' && path >= text) {
        if (config->database[0] != '\0' && path == text)
            config_problem(reader, place, "database_file: database is set as well");
        else
            read_database_file(reader, place);
    }
    find_mapping_file(reader, file);
    if (config->request_bodies_bytes_max < config->request_body_bytes_max)
        config_problem(reader, (struct config_place){.file = file},
                       "request_bodies_bytes_max: must not be below request_body_bytes_max");
}

/* ---- life cycle ---- */

enum err_code gw_config_read(struct gw_config *config, struct slice yaml, const char *name,
                             const char *const *environ_, struct buf *problems, struct err *err)
{
    struct config_reader reader = {
        .config = config, .environ_ = environ_, .problems = problems, .err = err};

    *config = (struct gw_config){0};
    arena_init(&config->arena, CONFIG_ARENA_BYTES_MAX);
    set_presets(config);
    config_yaml_read(&reader, yaml, name);
    read_environment(&reader);
    if (!config->arena.has_failed && reader.problems_count == 0)
        check_together(&reader, name);
    if (config->arena.has_failed) {
        gw_config_release(config);
        return err_set(err, ERR_NOMEM, "%.100s: no memory for the settings", name);
    }
    if (reader.problems_count > 0) {
        gw_config_release(config);
        return ERR_INVALID;
    }
    return ERR_OK;
}

enum err_code gw_config_load(struct gw_config *config, const char *path,
                             const char *const *environ_, struct buf *problems, struct err *err)
{
    enum err_code code = ERR_OK;
    struct buf buf;

    *config = (struct gw_config){0};
    buf_init(&buf, CONFIG_FILE_BYTES_MAX);
    if (path != NULL) {
        code = read_file(path, &buf, err);
        if (code != ERR_OK && problems != NULL)
            buf_printf(problems, "%s\n", err->text);
    }
    if (code == ERR_OK)
        code = gw_config_read(config, buf_slice(&buf), path == NULL ? "settings" : path,
                              environ_, problems, err);
    if (buf.bytes != NULL)
        explicit_bzero(buf.bytes, buf.len);
    buf_release(&buf);
    return code;
}

void gw_config_release(struct gw_config *config)
{
    arena_release(&config->arena);
    *config = (struct gw_config){0};
}
