/* gateway/store/modulators_csv.c -- rows of the file to rows of a release. */
#include "gateway/store/modulators_csv.h"

#include "gateway/store/csv_table.h"
#include "gateway/store/names.h"

#define ROWS_MAX         20000
#define FIELD_BYTES_MAX  160
#define ID_BYTES_MAX     100
#define WASHOUT_DAYS_MAX 365
#define PUBLISHER        "Site"

enum column { GENE, DRUG, ROLE, STRENGTH, FACTOR, WASHOUT, SOURCE, COLUMNS_COUNT };

static const struct csv_column COLUMNS[COLUMNS_COUNT] = {
    {"gene", true, true, FIELD_BYTES_MAX},    {"drug", true, true, FIELD_BYTES_MAX},
    {"role", true, true, FIELD_BYTES_MAX},    {"strength", true, true, FIELD_BYTES_MAX},
    {"factor", true, false, FIELD_BYTES_MAX}, {"washout_days", true, true, FIELD_BYTES_MAX},
    {"source", true, true, FIELD_BYTES_MAX},
};

struct reader {
    struct csv_table table;
    struct rules_release *release;
    struct arena scratch;
    bool *is_from_file; /* by row of the release's modulators */
    struct err *err;
};

#define REFUSE(r, ...) csv_table_refuse(&(r)->table, __VA_ARGS__)

static bool no_memory(const struct reader *r)
{
    (void)err_set(r->err, ERR_NOMEM, "no memory for the import");
    return false;
}

static struct slice find_gene(const struct reader *r)
{
    for (size_t i = 0; i < r->release->genes_count; i++)
        if (slice_eq(r->release->genes[i].symbol, r->table.fields[GENE]))
            return r->release->genes[i].symbol;
    return SLICE_NONE;
}

/* A drug that the release has no rules for is needed by its name only. */
static bool find_drug(struct reader *r, struct slice *ret)
{
    struct rules_drug *row;

    for (size_t i = 0; i < r->release->drugs_count; i++)
        if (slice_eq(r->release->drugs[i].name, r->table.fields[DRUG])) {
            *ret = r->release->drugs[i].name;
            return true;
        }
    row = rules_add_drug(r->release);
    if (row == NULL)
        return no_memory(r);
    row->is_alternative_only = true;
    row->name = *ret = arena_copy(&r->release->arena, r->table.fields[DRUG]);
    return true;
}

/* "FDA table, 2025-06" is the source "modulators-fda-table--2025-06". */
static struct slice source_id(const struct reader *r)
{
    char id[ID_BYTES_MAX];
    size_t len =
        r->table.fields[SOURCE].len < sizeof id ? r->table.fields[SOURCE].len : sizeof id;

    for (size_t i = 0; i < len; i++) {
        char c = r->table.fields[SOURCE].ptr[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        id[i] = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
    }
    return arena_printf(&r->release->arena, "modulators-%.*s", (int)len, id);
}

static bool find_source(struct reader *r, struct slice *ret)
{
    struct arena *arena = &r->release->arena;
    struct slice id = source_id(r);
    struct rules_source *row;

    *ret = id;
    for (size_t i = 0; i < r->release->sources_count; i++) {
        row = &r->release->sources[i];
        if (slice_eq(row->id, r->table.fields[SOURCE])) { /* one of the release's own */
            *ret = row->id;
            return true;
        }
        if (!slice_eq(row->id, id))
            continue;
        if (slice_eq(row->title, r->table.fields[SOURCE]))
            return true;
        return REFUSE(r, "source: too much like '%.*s'", SLICE_ARG(row->title));
    }
    row = rules_add_source(r->release);
    if (row == NULL)
        return no_memory(r);
    *row = (struct rules_source){.id = id,
                                 .publisher = SLICE(PUBLISHER),
                                 .title = arena_copy(arena, r->table.fields[SOURCE]),
                                 .version = SLICE("as given"),
                                 .year = SLICE("as given"),
                                 .url = SLICE("urn:site:modulators")};
    return !arena->has_failed || no_memory(r);
}

static bool read_values(struct reader *r, struct rules_modulator *ret)
{
    if (!rules_role_from_name(r->table.fields[ROLE], &ret->role))
        return REFUSE(r, "role must be inhibitor or inducer");
    if (!rules_strength_from_name(r->table.fields[STRENGTH], &ret->strength))
        return REFUSE(r, "strength must be weak, moderate or strong");
    ret->has_factor = r->table.fields[FACTOR].len > 0;
    if (ret->has_factor &&
        (!slice_to_x100(r->table.fields[FACTOR], &ret->factor_x100) || ret->factor_x100 > 100))
        return REFUSE(r, "factor must be from 0.0 to 1.0, or empty");
    if (ret->has_factor && ret->role != RULES_ROLE_INHIBITOR)
        return REFUSE(r, "factor must be empty for an inducer");
    if (!slice_to_u32(r->table.fields[WASHOUT], WASHOUT_DAYS_MAX, &ret->washout_days))
        return REFUSE(r, "washout_days must be a whole number from 0 to %d", WASHOUT_DAYS_MAX);
    return true;
}

/* In place of the row for the same gene and drug, if that is not from this file, too. */
static bool put_row(struct reader *r, const struct rules_modulator *modulator)
{
    struct rules_modulator *row = NULL;
    size_t at = 0;

    for (; at < r->release->modulators_count && row == NULL; at++)
        if (slice_eq(r->release->modulators[at].gene, modulator->gene) &&
            slice_eq(r->release->modulators[at].drug, modulator->drug))
            row = &r->release->modulators[at--];
    if (row != NULL && r->is_from_file[at])
        return REFUSE(r, "%.*s and %.*s are listed twice", SLICE_ARG(modulator->gene),
                      SLICE_ARG(modulator->drug));
    if (row == NULL)
        row = rules_add_modulator(r->release);
    if (row == NULL)
        return no_memory(r);
    *row = *modulator;
    r->is_from_file[at] = true;
    return true;
}

static bool read_row(struct csv_table *table, void *owner)
{
    struct reader *r = owner;
    struct rules_modulator modulator = {0};

    if (!read_values(r, &modulator))
        return false;
    modulator.gene = find_gene(r);
    if (modulator.gene.len == 0)
        return REFUSE(r, "gene: the release has no gene '%.*s'",
                      SLICE_ARG(table->fields[GENE]));
    return find_drug(r, &modulator.drug) && find_source(r, &modulator.source) &&
           put_row(r, &modulator);
}

enum err_code modulators_csv_import(const char *path, struct rules_release *release,
                                    size_t *ret_count, struct err *err)
{
    static const struct feed_options QUIET = {0};
    size_t max = release->modulators_count + ROWS_MAX;
    struct reader r = {
        .table = {.columns = COLUMNS, .columns_count = COLUMNS_COUNT, .rows_max = ROWS_MAX},
        .release = release,
        .err = err,
    };

    arena_init(&r.scratch, max + 65536);
    r.is_from_file = arena_array(&r.scratch, max, sizeof *r.is_from_file);
    if (r.is_from_file == NULL)
        (void)no_memory(&r);
    else if (csv_table_read(&r.table, path, &QUIET, read_row, &r, err) == ERR_OK &&
             r.table.rows == 0)
        (void)csv_table_refuse(&r.table, "no rows");
    *ret_count = r.table.rows;
    arena_release(&r.scratch);
    return err->code;
}
