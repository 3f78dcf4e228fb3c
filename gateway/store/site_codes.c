/* gateway/store/site_codes.c -- rows to codes, codes against each other and
 * against the release. */
#include "gateway/store/site_codes.h"

#include "fhir/order.h"
#include "gateway/store/csv_table.h"
#include "gateway/store/knowledge_reader.h"
#include "gateway/store/text.h"
#include "rules/ndc.h"

#define ROWS_MAX          1000000
#define SCRATCH_BYTES_MAX ((size_t)512 * 1024 * 1024)
#define SYSTEM_BYTES_MAX  160

enum column { SYSTEM, CODE, DRUG, FORM, DISPLAY, COLUMNS_COUNT };

static const struct csv_column COLUMNS[COLUMNS_COUNT] = {
    {"system", true, true, SYSTEM_BYTES_MAX},
    {"code", true, true, KNOWLEDGE_ID_BYTES_MAX},
    {"drug", true, true, SYSTEM_BYTES_MAX},
    {"form", false, false, SYSTEM_BYTES_MAX},
    {"display", false, false, KNOWLEDGE_TEXT_BYTES_MAX},
};

struct site_row {
    struct rules_drug_code code;
    uint64_t line;
};

struct site {
    struct csv_table table;
    struct rules_release *release;
    struct err *err;
    struct arena scratch;
    struct slice source;
    struct site_row *rows;
    size_t rows_count, rows_max;
};

#define REFUSE(site, ...) csv_table_refuse(&(site)->table, __VA_ARGS__)

/* --- fields to codes -----------------------------------------------------------------------
 */

static bool read_system(struct site *s, struct slice *ret)
{
    static const char *const KNOWN[] = {CODE_SYSTEM_RXNORM, CODE_SYSTEM_ATC, CODE_SYSTEM_NDC,
                                        CODE_SYSTEM_SNOMED};
    struct slice written = s->table.fields[SYSTEM];

    *ret = code_system_from_short_name(written);
    for (size_t i = 0; ret->len == 0 && i < ARRAY_LEN(KNOWN); i++)
        if (fhir_system_is(written, slice_of(KNOWN[i])))
            *ret = slice_of(KNOWN[i]);
    if (ret->len == 0 && slice_find_char(written, ':') == SIZE_MAX) {
        return REFUSE(s, "system must be a URL, a urn:, or one of rxnorm, atc, ndc, snomed");
    }
    if (ret->len == 0)
        *ret = arena_copy(&s->release->arena, written);
    return true;
}

static bool read_drug(struct site *s, struct slice *ret)
{
    struct slice written = s->table.fields[DRUG];
    bool is_number = slice_starts(written, SLICE("rxcui:"));
    struct slice number = slice_from(written, is_number ? strlen("rxcui:") : written.len);

    for (size_t i = 0; i < s->release->drugs_count; i++) {
        const struct rules_drug *drug = &s->release->drugs[i];

        if (is_number ? number.len > 0 && slice_eq(drug->rxcui, number)
                      : slice_eq(drug->name, written)) {
            *ret = drug->name;
            return true;
        }
    }
    return REFUSE(s, "no drug of the release is called '%.*s'",
                  SLICE_ARG(text_head(written, 80)));
}

static bool read_code(struct site *s, struct slice system, struct slice *ret)
{
    char ndc[RULES_NDC_DIGITS + 1];

    *ret = s->table.fields[CODE];
    if (slice_eq_text(system, CODE_SYSTEM_NDC)) {
        if (!rules_ndc_canonical(s->table.fields[CODE], ndc)) {
            return REFUSE(s, "code is not an NDC of 11 digits or of three parts with hyphens");
        }
        *ret = slice_of(ndc);
    }
    *ret = arena_copy(&s->release->arena, *ret);
    return true;
}

static bool add_row(struct site *s, const struct rules_drug_code *code)
{
    struct site_row *rows =
        arena_grow(&s->scratch, s->rows, &s->rows_max, s->rows_count, sizeof *rows);

    if (rows == NULL || s->release->arena.has_failed) {
        (void)err_set(s->err, ERR_NOMEM, "%s: no memory for it", s->table.feed.name);
        return false;
    }
    s->rows = rows;
    rows[s->rows_count++] = (struct site_row){.code = *code, .line = s->table.feed.line};
    return true;
}

static bool read_row(struct csv_table *table, void *owner)
{
    struct site *s = owner;
    struct rules_drug_code code = {0};

    if (s->source.len == 0)
        s->source = arena_printf(&s->release->arena, "site table %s", table->feed.name);
    code.source = s->source;
    if (!read_system(s, &code.system) || !read_drug(s, &code.drug) ||
        !read_code(s, code.system, &code.code))
        return false;
    if (s->table.fields[FORM].len > 0 &&
        !rules_form_from_name(s->table.fields[FORM], &code.form)) {
        return REFUSE(s, "form must be systemic, local or empty");
    }
    code.display = s->table.fields[DISPLAY].len > 0
                       ? arena_copy(&s->release->arena, s->table.fields[DISPLAY])
                       : code.drug;
    return add_row(s, &code);
}

/* --- codes against each other --------------------------------------------------------------
 */

static int compare_rows(const void *a_, const void *b_)
{
    const struct site_row *a = a_, *b = b_;
    int order = slice_compare(a->code.system, b->code.system);

    if (order == 0)
        order = slice_compare(a->code.code, b->code.code);
    if (order == 0)
        order = slice_compare(a->code.drug, b->code.drug);
    return order != 0 ? order : (a->line < b->line ? -1 : a->line > b->line);
}

static bool is_same_code(const struct site_row *a, const struct site_row *b)
{
    return slice_eq(a->code.code, b->code.code) && slice_eq(a->code.system, b->code.system);
}

static bool find_repeated(struct site *s)
{
    for (size_t i = 1; i < s->rows_count; i++) {
        const struct site_row *a = &s->rows[i - 1], *b = &s->rows[i];

        if (!is_same_code(a, b) || !slice_eq(a->code.drug, b->code.drug))
            continue;
        return !csv_table_refuse_line(&s->table, b->line,
                                      "repeats line %llu: the same code of the same drug",
                                      (unsigned long long)a->line);
    }
    return false;
}

static bool has_drug(const struct site *s, size_t first, size_t count, struct slice drug)
{
    for (size_t i = first; i < first + count; i++)
        if (slice_eq(s->rows[i].code.drug, drug))
            return true;
    return false;
}

/* A code that means another drug in the release would become a combination of both without
 * anybody having said so: the file must then name all of them. */
static bool find_contradiction(struct site *s, const struct code_index *index)
{
    for (size_t i = 0, count; i < s->rows_count; i += count) {
        const struct rules_drug_code *const *known;
        size_t known_count =
            code_index_find(index, s->rows[i].code.system, s->rows[i].code.code, &known);

        for (count = 1;
             i + count < s->rows_count && is_same_code(&s->rows[i], &s->rows[i + count]);)
            count++;
        for (size_t k = 0; k < known_count; k++) {
            if (has_drug(s, i, count, known[k]->drug))
                continue;
            return !csv_table_refuse_line(
                &s->table, s->rows[i].line,
                "code %.*s stands for %.*s in the release; a combination needs a line "
                "for each of its drugs",
                SLICE_ARG(s->rows[i].code.code), SLICE_ARG(known[k]->drug));
        }
    }
    return false;
}

static enum err_code check_rows(struct site *s)
{
    struct code_index index;

    if (s->rows_count > 1)
        qsort(s->rows, s->rows_count, sizeof *s->rows, compare_rows);
    if (find_repeated(s) || code_index_init(&index, s->release, s->err) != ERR_OK)
        return s->err->code;
    (void)find_contradiction(s, &index);
    code_index_release(&index);
    return s->err->code;
}

/* --- all of it -----------------------------------------------------------------------------
 */

static enum err_code add_rows(struct site *s, struct site_codes_report *report)
{
    struct rules_drug_code *codes = arena_array(&s->scratch, s->rows_count, sizeof *codes);

    if (codes == NULL)
        return err_set(s->err, ERR_NOMEM, "%s: no memory for it", s->table.feed.name);
    for (size_t i = 0; i < s->rows_count; i++)
        codes[i] = s->rows[i].code;
    report->rows = s->rows_count;
    return add_codes(s->release, codes, s->rows_count, &report->codes, s->err);
}

enum err_code site_codes_import(const char *path, const struct feed_options *options,
                                struct rules_release *release, struct site_codes_report *ret,
                                struct err *err)
{
    struct site s = {
        .table = {.columns = COLUMNS, .columns_count = COLUMNS_COUNT, .rows_max = ROWS_MAX},
        .release = release,
        .err = err,
    };

    *ret = (struct site_codes_report){0};
    arena_init(&s.scratch, SCRATCH_BYTES_MAX);
    if (csv_table_read(&s.table, path, options, read_row, &s, err) == ERR_OK &&
        check_rows(&s) == ERR_OK)
        (void)(add_rows(&s, ret) == ERR_OK);
    arena_release(&s.scratch);
    return err->code;
}
