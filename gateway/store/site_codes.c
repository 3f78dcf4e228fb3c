/* gateway/store/site_codes.c -- lines to fields, fields to codes, codes against each other and
 * against the release. */
#include "gateway/store/site_codes.h"

#include "fhir/order.h"
#include "gateway/store/knowledge_reader.h"
#include "gateway/store/text.h"
#include "rules/ndc.h"

#define ROWS_MAX          1000000
#define SCRATCH_BYTES_MAX ((size_t)512 * 1024 * 1024)
#define SYSTEM_BYTES_MAX  160

enum column { SYSTEM, CODE, DRUG, FORM, DISPLAY, COLUMNS_COUNT };

static const struct {
    const char *name;
    bool is_needed;
    size_t bytes_max;
} COLUMNS[COLUMNS_COUNT] = {
    {"system", true, SYSTEM_BYTES_MAX},
    {"code", true, KNOWLEDGE_ID_BYTES_MAX},
    {"drug", true, SYSTEM_BYTES_MAX},
    {"form", false, SYSTEM_BYTES_MAX},
    {"display", false, KNOWLEDGE_TEXT_BYTES_MAX},
};

struct site_row {
    struct rules_drug_code code;
    uint64_t line;
};

struct site {
    struct feed feed;
    struct rules_release *release;
    struct err *err;
    struct arena scratch;
    struct slice source;
    enum column order[COLUMNS_COUNT]; /* of the columns in the file */
    size_t columns_count;
    struct slice fields[COLUMNS_COUNT]; /* of the line, by enum column; absent: empty */
    struct buf unquoted;                /* of the line; fields point into it */
    struct site_row *rows;
    size_t rows_count, rows_max;
};

#define REFUSE(site, ...) (feed_refuse(&(site)->feed, ERR_INVALID, (site)->err, __VA_ARGS__))

/* --- lines to fields -----------------------------------------------------------------------
 */

/* Both take one field off *rest and add its text to `unquoted`. */
static bool cut_quoted(struct site *s, struct slice *rest)
{
    for (size_t at = 1; at < rest->len; at++) {
        bool is_quote = rest->ptr[at] == '"';

        if (is_quote && (at + 1 == rest->len || rest->ptr[at + 1] != '"')) {
            *rest = slice_from(*rest, at + 1);
            return true;
        }
        at += is_quote; /* the second of two */
        buf_add_char(&s->unquoted, rest->ptr[at]);
    }
    (void)REFUSE(s, "a quote is not closed in its line; no column may hold a line break");
    return false;
}

static bool cut_plain(struct site *s, struct slice *rest)
{
    size_t comma = slice_find_char(*rest, ',');
    struct slice field = slice_head(*rest, comma);

    if (slice_find_char(field, '"') != SIZE_MAX) {
        (void)REFUSE(s, "a quote inside a field that does not begin with one");
        return false;
    }
    buf_add(&s->unquoted, field);
    *rest = slice_from(*rest, field.len);
    return true;
}

/* The fields of a line in its own order; how many there are, or 0 after a failure. */
static size_t cut_line(struct site *s, struct slice rest, struct slice ret[COLUMNS_COUNT])
{
    size_t ends[COLUMNS_COUNT], count = 0;

    buf_clear(&s->unquoted);
    for (;;) {
        if (count == COLUMNS_COUNT) {
            (void)REFUSE(s, "more than %d columns", COLUMNS_COUNT);
            return 0;
        }
        if (rest.len > 0 && rest.ptr[0] == '"' ? !cut_quoted(s, &rest) : !cut_plain(s, &rest))
            return 0;
        ends[count++] = s->unquoted.len;
        if (rest.len == 0)
            break;
        if (rest.ptr[0] != ',') {
            (void)REFUSE(s, "text behind a closing quote");
            return 0;
        }
        rest = slice_from(rest, 1);
    }
    for (size_t i = 0, from = 0; i < count; from = ends[i++])
        ret[i] = slice_from(slice_head(buf_slice(&s->unquoted), ends[i]), from);
    return count;
}

static bool read_header(struct site *s, struct slice line)
{
    struct slice names[COLUMNS_COUNT];
    bool is_there[COLUMNS_COUNT] = {false};

    s->columns_count = cut_line(s, line, names);
    for (size_t i = 0; i < s->columns_count; i++) {
        size_t c = 0;

        while (c < COLUMNS_COUNT && !slice_eq_text(names[i], COLUMNS[c].name))
            c++;
        if (c == COLUMNS_COUNT || is_there[c]) {
            (void)REFUSE(s,
                         "column %zu must be one of system, code, drug, form, display, "
                         "each once",
                         i + 1);
            return false;
        }
        is_there[c] = true;
        s->order[i] = (enum column)c;
    }
    for (size_t c = 0; s->columns_count > 0 && c < COLUMNS_COUNT; c++) {
        if (COLUMNS[c].is_needed && !is_there[c]) {
            (void)REFUSE(s, "column '%s' is missing", COLUMNS[c].name);
            return false;
        }
    }
    return s->columns_count > 0;
}

static bool check_field(struct site *s, enum column column)
{
    struct slice field = s->fields[column];
    const char *name = COLUMNS[column].name;

    if (field.len == 0 && COLUMNS[column].is_needed)
        (void)REFUSE(s, "%s must not be empty", name);
    else if (field.len > COLUMNS[column].bytes_max)
        (void)REFUSE(s, "%s is longer than %zu bytes", name, COLUMNS[column].bytes_max);
    else if (text_has_control(field))
        (void)REFUSE(s, "%s has a control character", name);
    else if (slice_trim(field).len != field.len)
        (void)REFUSE(s, "%s begins or ends with a space", name);
    return s->err->code == ERR_OK;
}

static bool read_fields(struct site *s, struct slice line)
{
    struct slice fields[COLUMNS_COUNT];
    size_t count = cut_line(s, line, fields);

    memset(s->fields, 0, sizeof s->fields);
    if (s->err->code == ERR_OK && count != s->columns_count)
        (void)REFUSE(s, "has %zu columns, must have %zu", count, s->columns_count);
    for (size_t i = 0; s->err->code == ERR_OK && i < count; i++) {
        s->fields[s->order[i]] = fields[i];
        (void)check_field(s, s->order[i]);
    }
    return s->err->code == ERR_OK;
}

/* --- fields to codes -----------------------------------------------------------------------
 */

static bool read_system(struct site *s, struct slice *ret)
{
    static const char *const KNOWN[] = {CODE_SYSTEM_RXNORM, CODE_SYSTEM_ATC, CODE_SYSTEM_NDC,
                                        CODE_SYSTEM_SNOMED};
    struct slice written = s->fields[SYSTEM];

    *ret = code_system_from_short_name(written);
    for (size_t i = 0; ret->len == 0 && i < ARRAY_LEN(KNOWN); i++)
        if (fhir_system_is(written, slice_of(KNOWN[i])))
            *ret = slice_of(KNOWN[i]);
    if (ret->len == 0 && slice_find_char(written, ':') == SIZE_MAX) {
        (void)REFUSE(s, "system must be a URL, a urn:, or one of rxnorm, atc, ndc, snomed");
        return false;
    }
    if (ret->len == 0)
        *ret = arena_copy(&s->release->arena, written);
    return true;
}

static bool read_drug(struct site *s, struct slice *ret)
{
    struct slice written = s->fields[DRUG];
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
    (void)REFUSE(s, "no drug of the release is called '%.*s'",
                 SLICE_ARG(text_head(written, 80)));
    return false;
}

static bool read_code(struct site *s, struct slice system, struct slice *ret)
{
    char ndc[RULES_NDC_DIGITS + 1];

    *ret = s->fields[CODE];
    if (slice_eq_text(system, CODE_SYSTEM_NDC)) {
        if (!rules_ndc_canonical(s->fields[CODE], ndc)) {
            (void)REFUSE(s, "code is not an NDC of 11 digits or of three parts with hyphens");
            return false;
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
        (void)err_set(s->err, ERR_NOMEM, "%s: no memory for it", s->feed.name);
        return false;
    }
    if (s->rows_count == ROWS_MAX) {
        (void)feed_refuse(&s->feed, ERR_LIMIT, s->err, "more than %d lines", ROWS_MAX);
        return false;
    }
    s->rows = rows;
    rows[s->rows_count++] = (struct site_row){.code = *code, .line = s->feed.line};
    return true;
}

static bool read_row(struct site *s, struct slice line)
{
    struct rules_drug_code code = {.source = s->source};

    if (!read_fields(s, line) || !read_system(s, &code.system) || !read_drug(s, &code.drug) ||
        !read_code(s, code.system, &code.code))
        return false;
    if (s->fields[FORM].len > 0 && !rules_form_from_name(s->fields[FORM], &code.form)) {
        (void)REFUSE(s, "form must be systemic, local or empty");
        return false;
    }
    code.display = s->fields[DISPLAY].len > 0
                       ? arena_copy(&s->release->arena, s->fields[DISPLAY])
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
        s->feed.line = b->line;
        (void)REFUSE(s, "repeats line %llu: the same code of the same drug",
                     (unsigned long long)a->line);
        return true;
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
            s->feed.line = s->rows[i].line;
            (void)REFUSE(s,
                         "code %.*s stands for %.*s in the release; a combination needs a line "
                         "for each of its drugs",
                         SLICE_ARG(s->rows[i].code.code), SLICE_ARG(known[k]->drug));
            return true;
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

static enum err_code read_file(struct site *s)
{
    struct slice line;

    while (feed_line(&s->feed, &line, s->err))
        if (s->feed.line == 1 ? !read_header(s, line) : !read_row(s, line))
            return s->err->code;
    if (s->err->code == ERR_OK && s->feed.line == 0)
        return err_set(s->err, ERR_INVALID, "%s: is empty; it begins with a header line",
                       s->feed.name);
    return s->err->code;
}

static enum err_code add_rows(struct site *s, struct site_codes_report *report)
{
    struct rules_drug_code *codes = arena_array(&s->scratch, s->rows_count, sizeof *codes);

    if (codes == NULL)
        return err_set(s->err, ERR_NOMEM, "%s: no memory for it", s->feed.name);
    for (size_t i = 0; i < s->rows_count; i++)
        codes[i] = s->rows[i].code;
    report->rows = s->rows_count;
    return add_codes(s->release, codes, s->rows_count, &report->codes, s->err);
}

enum err_code site_codes_import(const char *path, const struct feed_options *options,
                                struct rules_release *release, struct site_codes_report *ret,
                                struct err *err)
{
    struct feed_options feed_options = *options;
    struct site s = {.release = release, .err = err};

    *ret = (struct site_codes_report){0};
    feed_options.allows_crlf = true;
    arena_init(&s.scratch, SCRATCH_BYTES_MAX);
    buf_init(&s.unquoted, FEED_LINE_BYTES_MAX);
    if (feed_open(&s.feed, "", path, &feed_options, err) == ERR_OK) {
        s.source = arena_printf(&release->arena, "site table %s", s.feed.name);
        if (read_file(&s) == ERR_OK && check_rows(&s) == ERR_OK)
            (void)(add_rows(&s, ret) == ERR_OK);
    }
    feed_close(&s.feed);
    buf_release(&s.unquoted);
    arena_release(&s.scratch);
    return err->code;
}
