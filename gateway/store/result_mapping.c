/* gateway/store/result_mapping.c -- rows to entries, entries against each other. */
#include "gateway/store/result_mapping.h"

#include "fhir/order.h"
#include "gateway/store/csv_table.h"

#define ARENA_BYTES_MAX   ((size_t)16 * 1024 * 1024)
#define SCRATCH_BYTES_MAX ((size_t)1024 * 1024)

#define X(code, name) name,
const char *const RESULT_MAPPING_NAMES[RESULT_MAPPING_COLUMNS_COUNT] = {
    RESULT_MAPPING_COLUMNS(X)};
#undef X

static const struct csv_column COLUMNS[RESULT_MAPPING_COLUMNS_COUNT] = {
    {"kind", true, true, 40},    {"gene", false, false, 40},   {"system", false, false, 200},
    {"code", false, false, 120}, {"allele", false, false, 40}, {"text", false, false, 400},
    {"says", false, false, 200},
};

#define BIT(column) (1u << RESULT_MAPPING_##column)

struct kind {
    const char *name;
    bool is_text; /* of a value; else of a code */
    enum fhir_mapped mapped;
    uint32_t needed; /* columns, as bits */
    uint32_t allowed;
};

static const struct kind KINDS[] = {
    {"genotype", false, FHIR_MAPPED_GENOTYPE, BIT(GENE) | BIT(SYSTEM) | BIT(CODE), 0},
    {"haplotype", false, FHIR_MAPPED_HAPLOTYPE, BIT(GENE) | BIT(SYSTEM) | BIT(CODE), 0},
    {"phenotype", false, FHIR_MAPPED_PHENOTYPE, BIT(GENE) | BIT(SYSTEM) | BIT(CODE), 0},
    {"presence", false, FHIR_MAPPED_PRESENCE, BIT(GENE) | BIT(SYSTEM) | BIT(CODE) | BIT(ALLELE),
     0},
    {"typing", false, FHIR_MAPPED_TYPING, BIT(GENE) | BIT(SYSTEM) | BIT(CODE), 0},
    {"score", false, FHIR_MAPPED_SCORE, BIT(GENE) | BIT(SYSTEM) | BIT(CODE), 0},
    {"statement", false, FHIR_MAPPED_STATEMENT, BIT(SYSTEM) | BIT(CODE) | BIT(SAYS), BIT(GENE)},
    {"text", true, FHIR_MAPPED_STATEMENT, BIT(TEXT) | BIT(SAYS), BIT(GENE)},
};

static enum err_code no_memory(struct err *err)
{
    return err_set(err, ERR_NOMEM, "no memory for the mapping");
}

void result_mapping_init(struct result_mapping *mapping, const char *row_word)
{
    *mapping = (struct result_mapping){.row_word = row_word};
    arena_init(&mapping->arena, ARENA_BYTES_MAX);
    arena_init(&mapping->scratch, SCRATCH_BYTES_MAX);
}

void result_mapping_release(struct result_mapping *mapping)
{
    arena_release(&mapping->arena);
    arena_release(&mapping->scratch);
    *mapping = (struct result_mapping){0};
}

/* --- one row -------------------------------------------------------------------------------
 */

static const struct kind *find_kind(struct slice name, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++)
        if (slice_eq_text(name, KINDS[i].name))
            return &KINDS[i];
    (void)err_set(err, ERR_INVALID,
                  "kind must be genotype, haplotype, phenotype, presence, typing, score, "
                  "statement or text");
    return NULL;
}

static enum err_code check_columns(const struct kind *kind, const struct slice *fields,
                                   struct err *err)
{
    for (uint32_t c = RESULT_MAPPING_GENE; c < RESULT_MAPPING_COLUMNS_COUNT; c++) {
        if (fields[c].len == 0 && (kind->needed >> c & 1) != 0)
            return err_set(err, ERR_INVALID, "%s must not be empty for kind %s",
                           RESULT_MAPPING_NAMES[c], kind->name);
        if (fields[c].len > 0 && ((kind->needed | kind->allowed) >> c & 1) == 0)
            return err_set(err, ERR_INVALID, "%s must be empty for kind %s",
                           RESULT_MAPPING_NAMES[c], kind->name);
    }
    return ERR_OK;
}

/* --- against those that are there ----------------------------------------------------------
 */

static bool is_same_code(const struct fhir_mapped_code *a, const struct fhir_mapped_code *b)
{
    bool a_speaks = a->kind == FHIR_MAPPED_STATEMENT;

    /* A code has one gene and kind of answer; as a statement it may differ from gene to gene.
     */
    return slice_eq(a->code, b->code) && a_speaks == (b->kind == FHIR_MAPPED_STATEMENT) &&
           (!a_speaks || slice_eq_nocase(a->gene, b->gene)) &&
           fhir_system_is(a->system, b->system);
}

static enum err_code refuse_repeated(const struct result_mapping *mapping, const char *what,
                                     uint32_t row, struct err *err)
{
    return err_set(err, ERR_INVALID, "%s stands in %s %u already", what, mapping->row_word,
                   row);
}

static enum err_code note_row(struct result_mapping *mapping, uint32_t **rows, size_t *max,
                              size_t count, uint32_t row, struct err *err)
{
    uint32_t *grown = arena_grow(&mapping->arena, *rows, max, count, sizeof *grown);

    if (grown == NULL)
        return no_memory(err);
    *rows = grown;
    grown[count] = row;
    return ERR_OK;
}

static enum err_code add_code(struct result_mapping *mapping,
                              const struct fhir_mapped_code *entry, uint32_t row,
                              struct err *err)
{
    struct fhir_mapping *all = &mapping->mapping;
    const char *problem = fhir_mapped_code_problem(entry, &mapping->scratch);
    struct fhir_mapped_code *codes;

    if (problem != NULL)
        return err_set(err, ERR_INVALID, "%s", problem);
    for (size_t i = 0; i < all->codes_count; i++)
        if (is_same_code(&all->codes[i], entry))
            return refuse_repeated(mapping, "the code", mapping->codes_rows[i], err);
    codes = arena_grow(&mapping->arena, all->codes, &mapping->codes_max, all->codes_count,
                       sizeof *codes);
    if (codes == NULL)
        return no_memory(err);
    all->codes = codes;
    codes[all->codes_count] = *entry;
    return note_row(mapping, &mapping->codes_rows, &mapping->codes_rows_max, all->codes_count++,
                    row, err);
}

static enum err_code add_text(struct result_mapping *mapping,
                              const struct fhir_mapped_text *entry, uint32_t row,
                              struct err *err)
{
    struct fhir_mapping *all = &mapping->mapping;
    const char *problem = fhir_mapped_text_problem(entry, &mapping->scratch);
    struct fhir_mapped_text *texts;

    if (problem != NULL)
        return err_set(err, ERR_INVALID, "%s", problem);
    for (size_t i = 0; i < all->texts_count; i++)
        if (slice_eq_nocase(all->texts[i].text, entry->text) &&
            slice_eq_nocase(all->texts[i].gene, entry->gene))
            return refuse_repeated(mapping, "the text", mapping->texts_rows[i], err);
    texts = arena_grow(&mapping->arena, all->texts, &mapping->texts_max, all->texts_count,
                       sizeof *texts);
    if (texts == NULL)
        return no_memory(err);
    all->texts = texts;
    texts[all->texts_count] = *entry;
    return note_row(mapping, &mapping->texts_rows, &mapping->texts_rows_max, all->texts_count++,
                    row, err);
}

enum err_code result_mapping_add(struct result_mapping *mapping,
                                 const struct slice fields[RESULT_MAPPING_COLUMNS_COUNT],
                                 uint32_t row, struct err *err)
{
    const struct kind *kind = find_kind(fields[RESULT_MAPPING_KIND], err);
    struct slice kept[RESULT_MAPPING_COLUMNS_COUNT];

    if (kind == NULL || check_columns(kind, fields, err) != ERR_OK)
        return err->code;
    if (mapping->mapping.codes_count + mapping->mapping.texts_count == RESULT_MAPPING_ROWS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d rows", RESULT_MAPPING_ROWS_MAX);
    for (size_t c = 0; c < RESULT_MAPPING_COLUMNS_COUNT; c++)
        kept[c] = arena_copy(&mapping->arena, slice_trim(fields[c]));
    if (mapping->arena.has_failed)
        return no_memory(err);
    arena_reset(&mapping->scratch);
    if (kind->is_text)
        return add_text(mapping,
                        &(const struct fhir_mapped_text){.gene = kept[RESULT_MAPPING_GENE],
                                                         .text = kept[RESULT_MAPPING_TEXT],
                                                         .says = kept[RESULT_MAPPING_SAYS]},
                        row, err);
    return add_code(mapping,
                    &(const struct fhir_mapped_code){.system = kept[RESULT_MAPPING_SYSTEM],
                                                     .code = kept[RESULT_MAPPING_CODE],
                                                     .gene = kept[RESULT_MAPPING_GENE],
                                                     .kind = kind->mapped,
                                                     .allele = kept[RESULT_MAPPING_ALLELE],
                                                     .says = kept[RESULT_MAPPING_SAYS]},
                    row, err);
}

/* --- all rows ------------------------------------------------------------------------------
 */

enum err_code result_mapping_finish(struct result_mapping *mapping, struct err *err)
{
    struct fhir_mapping *all = &mapping->mapping;
    struct buf tokens;
    bool fits;

    buf_init(&tokens, RESULT_MAPPING_SEARCH_BYTES_MAX);
    for (size_t i = 0; i < all->codes_count; i++)
        fhir_mapping_codes(
            &(const struct fhir_mapping){.codes = &all->codes[i], .codes_count = 1},
            &all->codes[i].gene, 1, &tokens);
    fits = !buf_failed(&tokens);
    buf_release(&tokens);
    if (!fits)
        return err_set(err, ERR_LIMIT,
                       "the result codes are together longer than %d bytes in a search",
                       RESULT_MAPPING_SEARCH_BYTES_MAX);
    arena_release(&mapping->scratch);
    fhir_mapping_sort(all);
    mapping->codes_rows = NULL; /* they were in the file's order */
    return ERR_OK;
}

static bool read_row(struct csv_table *table, void *owner)
{
    struct err err = {0};

    if (result_mapping_add(owner, table->fields, (uint32_t)table->feed.line, &err) == ERR_OK)
        return true;
    if (err.code == ERR_INVALID)
        return csv_table_refuse(table, "%s", err.text);
    (void)feed_refuse(&table->feed, err.code, table->err, "%s", err.text);
    return false;
}

enum err_code result_mapping_read(const char *path, struct result_mapping *ret, struct err *err)
{
    static const struct feed_options QUIET = {0};
    struct csv_table table = {.columns = COLUMNS,
                              .columns_count = ARRAY_LEN(COLUMNS),
                              .rows_max = RESULT_MAPPING_ROWS_MAX};
    struct err finish_err = {0};

    result_mapping_init(ret, "line");
    if (csv_table_read(&table, path, &QUIET, read_row, ret, err) == ERR_OK &&
        result_mapping_finish(ret, &finish_err) != ERR_OK)
        (void)err_set(err, finish_err.code, "%s: %s", table.feed.name, finish_err.text);
    if (err->code != ERR_OK)
        result_mapping_release(ret);
    return err->code;
}
