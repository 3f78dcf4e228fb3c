/* gateway/store/modulators_csv.c -- lines to rows. */
#include "gateway/store/modulators_csv.h"

#include <stdarg.h>
#include <string.h>

#include "gateway/store/csv.h"
#include "gateway/store/file.h"
#include "gateway/store/names.h"
#include "gateway/store/text.h"

#define FILE_BYTES_MAX   ((size_t)16 * 1024 * 1024)
#define FIELD_BYTES_MAX  160
#define LINE_BYTES_MAX   4096
#define ID_BYTES_MAX     100
#define WASHOUT_DAYS_MAX 365
#define PUBLISHER        "Site"

enum column { GENE, DRUG, ROLE, STRENGTH, FACTOR, WASHOUT, SOURCE, COLUMNS_COUNT };
static const struct {
    const char *name;
    bool may_be_empty;
} COLUMNS[COLUMNS_COUNT] = {
    {"gene", false},  {"drug", false},         {"role", false},   {"strength", false},
    {"factor", true}, {"washout_days", false}, {"source", false},
};

struct reader {
    const char *name; /* of the file */
    size_t line;
    struct rules_release *release;
    struct err *err;
    struct buf unquoted;
    enum column order[COLUMNS_COUNT];
    struct slice fields[COLUMNS_COUNT];
};

static enum err_code refuse(const struct reader *r, const char *format, ...) PRINTF_LIKE(2, 3);

static enum err_code refuse(const struct reader *r, const char *format, ...)
{
    char what[ERR_TEXT_BYTES_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return err_set(r->err, ERR_INVALID, "%s:%zu: %s", r->name, r->line, what);
}

static enum err_code no_memory(const struct reader *r)
{
    return err_set(r->err, ERR_NOMEM, "no memory for the import");
}

/* --- fields --------------------------------------------------------------------------------
 */

static enum err_code cut(struct reader *r, struct slice line, struct slice *fields)
{
    const char *reason = NULL;
    size_t count;

    if (line.len > LINE_BYTES_MAX)
        return refuse(r, "longer than %d bytes", LINE_BYTES_MAX);
    if (!text_is_utf8(line))
        return refuse(r, "not UTF-8");
    if (text_has_control(line))
        return refuse(r, "has a control character");
    count = csv_cut(line, &r->unquoted, fields, COLUMNS_COUNT, &reason);
    if (count == 0)
        return refuse(r, "%s", reason);
    if (count != COLUMNS_COUNT)
        return refuse(r, "has %zu columns, must have %d", count, COLUMNS_COUNT);
    return ERR_OK;
}

static enum err_code read_header(struct reader *r, struct slice line)
{
    struct slice names[COLUMNS_COUNT];
    bool is_there[COLUMNS_COUNT] = {false};

    if (cut(r, line, names) != ERR_OK)
        return r->err->code;
    for (size_t i = 0; i < COLUMNS_COUNT; i++) {
        size_t c = 0;

        while (c < COLUMNS_COUNT && !slice_eq_text(names[i], COLUMNS[c].name))
            c++;
        if (c == COLUMNS_COUNT || is_there[c])
            return refuse(r,
                          "column %zu must be one of gene, drug, role, strength, factor, "
                          "washout_days, source, each once",
                          i + 1);
        is_there[c] = true;
        r->order[i] = (enum column)c;
    }
    return ERR_OK;
}

static enum err_code read_fields(struct reader *r, struct slice line)
{
    struct slice fields[COLUMNS_COUNT];

    if (cut(r, line, fields) != ERR_OK)
        return r->err->code;
    for (size_t i = 0; i < COLUMNS_COUNT; i++)
        r->fields[r->order[i]] = fields[i];
    for (size_t c = 0; c < COLUMNS_COUNT; c++) {
        if (r->fields[c].len == 0 && !COLUMNS[c].may_be_empty)
            return refuse(r, "%s must not be empty", COLUMNS[c].name);
        if (r->fields[c].len > FIELD_BYTES_MAX)
            return refuse(r, "%s is longer than %d bytes", COLUMNS[c].name, FIELD_BYTES_MAX);
        if (slice_trim(r->fields[c]).len != r->fields[c].len)
            return refuse(r, "%s begins or ends with a space", COLUMNS[c].name);
    }
    return ERR_OK;
}

/* --- rows ----------------------------------------------------------------------------------
 */

static struct slice find_gene(const struct reader *r)
{
    for (size_t i = 0; i < r->release->genes_count; i++)
        if (slice_eq(r->release->genes[i].symbol, r->fields[GENE]))
            return r->release->genes[i].symbol;
    return SLICE_NONE;
}

/* A drug that the release has no rules for is needed by its name only. */
static enum err_code find_drug(const struct reader *r, struct slice *ret)
{
    struct rules_drug *row;

    for (size_t i = 0; i < r->release->drugs_count; i++)
        if (slice_eq(r->release->drugs[i].name, r->fields[DRUG])) {
            *ret = r->release->drugs[i].name;
            return ERR_OK;
        }
    row = rules_add_drug(r->release);
    if (row == NULL)
        return no_memory(r);
    row->is_alternative_only = true;
    row->name = *ret = arena_copy(&r->release->arena, r->fields[DRUG]);
    return ERR_OK;
}

/* "FDA table, 2025-06" is the source "modulators-fda-table--2025-06". */
static struct slice source_id(const struct reader *r)
{
    char id[ID_BYTES_MAX];
    size_t len = r->fields[SOURCE].len < sizeof id ? r->fields[SOURCE].len : sizeof id;

    for (size_t i = 0; i < len; i++) {
        char c = r->fields[SOURCE].ptr[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        id[i] = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
    }
    return arena_printf(&r->release->arena, "modulators-%.*s", (int)len, id);
}

static enum err_code find_source(const struct reader *r, struct slice *ret)
{
    struct arena *arena = &r->release->arena;
    struct slice id = source_id(r);
    struct rules_source *row;

    *ret = id;
    for (size_t i = 0; i < r->release->sources_count; i++) {
        row = &r->release->sources[i];
        if (slice_eq(row->id, r->fields[SOURCE])) { /* one of the release's own */
            *ret = row->id;
            return ERR_OK;
        }
        if (!slice_eq(row->id, id))
            continue;
        if (slice_eq(row->title, r->fields[SOURCE]))
            return ERR_OK;
        return refuse(r, "source: too much like '%.*s'", SLICE_ARG(row->title));
    }
    row = rules_add_source(r->release);
    if (row == NULL)
        return no_memory(r);
    *row = (struct rules_source){.id = id,
                                 .publisher = SLICE(PUBLISHER),
                                 .title = arena_copy(arena, r->fields[SOURCE]),
                                 .version = SLICE("as given"),
                                 .year = SLICE("as given"),
                                 .url = SLICE("urn:site:modulators")};
    return arena->has_failed ? no_memory(r) : ERR_OK;
}

static enum err_code read_values(const struct reader *r, struct rules_modulator *ret)
{
    if (!rules_role_from_name(r->fields[ROLE], &ret->role))
        return refuse(r, "role must be inhibitor or inducer");
    if (!rules_strength_from_name(r->fields[STRENGTH], &ret->strength))
        return refuse(r, "strength must be weak, moderate or strong");
    ret->has_factor = r->fields[FACTOR].len > 0;
    if (ret->has_factor &&
        (!slice_to_x100(r->fields[FACTOR], &ret->factor_x100) || ret->factor_x100 > 100))
        return refuse(r, "factor must be from 0.0 to 1.0, or empty");
    if (ret->has_factor && ret->role != RULES_ROLE_INHIBITOR)
        return refuse(r, "factor must be empty for an inducer");
    if (!slice_to_u32(r->fields[WASHOUT], WASHOUT_DAYS_MAX, &ret->washout_days))
        return refuse(r, "washout_days must be a whole number from 0 to %d", WASHOUT_DAYS_MAX);
    return ERR_OK;
}

/* In place of the row for the same gene and drug, if that is not from this file, too. */
static enum err_code put_row(const struct reader *r, const struct rules_modulator *modulator,
                             bool *is_from_file, size_t max)
{
    struct rules_modulator *row = NULL;
    size_t at = 0;

    for (; at < r->release->modulators_count && row == NULL; at++)
        if (slice_eq(r->release->modulators[at].gene, modulator->gene) &&
            slice_eq(r->release->modulators[at].drug, modulator->drug))
            row = &r->release->modulators[at--];
    if (row != NULL && is_from_file[at])
        return refuse(r, "%.*s and %.*s are listed twice", SLICE_ARG(modulator->gene),
                      SLICE_ARG(modulator->drug));
    if (row == NULL)
        row = rules_add_modulator(r->release);
    if (row == NULL || at >= max)
        return no_memory(r);
    *row = *modulator;
    is_from_file[at] = true;
    return ERR_OK;
}

static enum err_code read_row(struct reader *r, struct slice line, bool *is_from_file,
                              size_t max)
{
    struct rules_modulator modulator = {0};

    if (read_fields(r, line) != ERR_OK || read_values(r, &modulator) != ERR_OK)
        return r->err->code;
    modulator.gene = find_gene(r);
    if (modulator.gene.len == 0)
        return refuse(r, "gene: the release has no gene '%.*s'", SLICE_ARG(r->fields[GENE]));
    if (find_drug(r, &modulator.drug) != ERR_OK || find_source(r, &modulator.source) != ERR_OK)
        return r->err->code;
    return put_row(r, &modulator, is_from_file, max);
}

static enum err_code read_lines(struct reader *r, struct slice rest, size_t *ret_count)
{
    size_t lines = 1, count = 0, max;
    bool *is_from_file;
    enum err_code code = ERR_OK;
    struct arena arena;

    for (size_t i = 0; i < rest.len; i++)
        lines += rest.ptr[i] == '\n';
    max = r->release->modulators_count + lines;
    arena_init(&arena, max + 65536);
    is_from_file = arena_array(&arena, max, sizeof *is_from_file);
    if (is_from_file == NULL)
        code = no_memory(r);
    for (r->line = 1; rest.len > 0 && code == ERR_OK; r->line++) {
        struct slice line = slice_cut(rest, '\n', &rest);

        line = slice_head(line, line.len - slice_ends(line, SLICE("\r")));
        code = r->line == 1 ? read_header(r, line) : read_row(r, line, is_from_file, max);
        count += r->line > 1 && code == ERR_OK;
    }
    arena_release(&arena);
    if (code == ERR_OK && count == 0)
        return refuse(r, "no rows");
    *ret_count = count;
    return code;
}

enum err_code modulators_csv_import(const char *path, struct rules_release *release,
                                    size_t *ret_count, struct err *err)
{
    const char *slash = strrchr(path, '/');
    struct reader r = {
        .name = slash == NULL ? path : slash + 1, .release = release, .err = err};
    struct buf bytes;
    enum err_code code;

    buf_init(&bytes, FILE_BYTES_MAX);
    buf_init(&r.unquoted, LINE_BYTES_MAX);
    code = file_read(path[0] == '/' ? "/" : ".", path, &bytes, err);
    if (code == ERR_OK)
        code = read_lines(&r, buf_slice(&bytes), ret_count);
    buf_release(&r.unquoted);
    buf_release(&bytes);
    return code;
}
