/* rules/release.c -- rows in, enum names, and the canonical bytes that a release is named by.
 *
 * Canonical form, one line a row: table, then every column, tab separated; backslash, tab and
 * line breaks are escaped, so that different rows never give the same line. Lines are sorted by
 * their bytes within a table; those of `action` only by recommendation, since their order
 * counts.
 */
#include "rules/release.h"

#include <assert.h>

#include "rules/base/buf.h"

void rules_release_init(struct rules_release *release)
{
    *release = (struct rules_release){0};
    arena_init(&release->arena, RULES_RELEASE_BYTES_MAX);
}

void rules_release_release(struct rules_release *release)
{
    arena_release(&release->arena);
    rules_release_init(release);
}

#define X(type, array)                                                                         \
    struct rules_##type *rules_add_##type(struct rules_release *release)                       \
    {                                                                                          \
        struct rules_##type *rows =                                                            \
            arena_grow(&release->arena, release->array, &release->array##_max,                 \
                       release->array##_count, sizeof *rows);                                  \
                                                                                               \
        if (rows == NULL)                                                                      \
            return NULL;                                                                       \
        release->array = rows;                                                                 \
        return &rows[release->array##_count++];                                                \
    }
RULES_TABLES(X)
#undef X

/* Enum names */

#define X(code, name) name,
static const char *const METHOD_NAMES[] = {RULES_METHODS(X)};
static const char *const KEY_KIND_NAMES[] = {RULES_KEY_KINDS(X)};
static const char *const PRIORITY_NAMES[] = {RULES_PRIORITIES(X)};
static const char *const FORM_NAMES[] = {RULES_FORMS(X)};
static const char *const CLASSIFICATION_NAMES[] = {RULES_CLASSIFICATIONS(X)};
static const char *const ALERT_NAMES[] = {RULES_ALERTS(X)};
static const char *const ACTION_KIND_NAMES[] = {RULES_ACTIONS(X)};
static const char *const THERAPY_NAMES[] = {RULES_THERAPIES(X)};
static const char *const LABEL_NAMES[] = {RULES_LABELS(X)};
static const char *const SEX_NAMES[] = {RULES_SEXES(X)};
static const char *const ROLE_NAMES[] = {RULES_ROLES(X)};
static const char *const STRENGTH_NAMES[] = {RULES_STRENGTHS(X)};
#undef X

static bool find_name(const char *const *names, size_t count, struct slice name, size_t *ret)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_eq_text(name, names[i])) {
            *ret = i;
            return true;
        }
    }
    return false;
}

#define ENUM_NAMES(type, names)                                                                \
    const char *rules_##type##_name(enum rules_##type value)                                   \
    {                                                                                          \
        assert((size_t)value < ARRAY_LEN(names));                                              \
        return (names)[value];                                                                 \
    }                                                                                          \
    bool rules_##type##_from_name(struct slice name, enum rules_##type *ret)                   \
    {                                                                                          \
        size_t value;                                                                          \
                                                                                               \
        if (!find_name((names), ARRAY_LEN(names), name, &value))                               \
            return false;                                                                      \
        *ret = (enum rules_##type)value;                                                       \
        return true;                                                                           \
    }
ENUM_NAMES(method, METHOD_NAMES)
ENUM_NAMES(key_kind, KEY_KIND_NAMES)
ENUM_NAMES(priority, PRIORITY_NAMES)
ENUM_NAMES(form, FORM_NAMES)
ENUM_NAMES(classification, CLASSIFICATION_NAMES)
ENUM_NAMES(alert, ALERT_NAMES)
ENUM_NAMES(action_kind, ACTION_KIND_NAMES)
ENUM_NAMES(therapy, THERAPY_NAMES)
ENUM_NAMES(label, LABEL_NAMES)
ENUM_NAMES(sex, SEX_NAMES)
ENUM_NAMES(role, ROLE_NAMES)
ENUM_NAMES(strength, STRENGTH_NAMES)

/* The columns of every table, in the order of the structs. */

enum column_kind { COLUMN_TEXT, COLUMN_FLAG, COLUMN_NUMBER, COLUMN_NAME };

struct column {
    const char *name;
    enum column_kind kind;
    size_t offset;
    const char *const *names; /* COLUMN_NAME */
    size_t names_count;
};

#define COLUMN(type, field, kind, names, count)                                                \
    {                                                                                          \
        .name = #field, kind, offsetof(struct rules_##type, field), names, count               \
    }
#define TEXT(type, field)        COLUMN(type, field, COLUMN_TEXT, NULL, 0)
#define FLAG(type, field)        COLUMN(type, field, COLUMN_FLAG, NULL, 0)
#define NUMBER(type, field)      COLUMN(type, field, COLUMN_NUMBER, NULL, 0)
#define NAME(type, field, names) COLUMN(type, field, COLUMN_NAME, names, ARRAY_LEN(names))

static const struct column source_columns[] = {
    TEXT(source, id),   TEXT(source, publisher), TEXT(source, title), TEXT(source, version),
    TEXT(source, year), TEXT(source, url),       TEXT(source, pmids),
};
static const struct column gene_columns[] = {
    TEXT(gene, symbol),
    TEXT(gene, hgnc),
    NAME(gene, method, METHOD_NAMES),
    NAME(gene, key_kind, KEY_KIND_NAMES),
    FLAG(gene, counts_lowest_two),
    TEXT(gene, source),
    TEXT(gene, reference),
    TEXT(gene, priority_source),
};
static const struct column phenotype_columns[] = {
    TEXT(phenotype, gene),
    TEXT(phenotype, name),
    TEXT(phenotype, abbreviation),
    NAME(phenotype, priority, PRIORITY_NAMES),
};
static const struct column allele_columns[] = {
    TEXT(allele, gene),      TEXT(allele, name),        TEXT(allele, function),
    FLAG(allele, has_value), FLAG(allele, is_at_least), NUMBER(allele, value_x100),
};
static const struct column allele_alias_columns[] = {
    TEXT(allele_alias, gene),
    TEXT(allele_alias, alias),
    TEXT(allele_alias, allele),
    TEXT(allele_alias, marks),
};
static const struct column authority_columns[] = {
    TEXT(authority, gene),
    TEXT(authority, name),
    NAME(authority, key_kind, KEY_KIND_NAMES),
    TEXT(authority, source),
};
static const struct column pair_rule_columns[] = {
    TEXT(pair_rule, gene),      TEXT(pair_rule, first),     TEXT(pair_rule, second),
    TEXT(pair_rule, phenotype), TEXT(pair_rule, authority),
};
static const struct column score_rule_columns[] = {
    TEXT(score_rule, gene),      NUMBER(score_rule, from_x100), NUMBER(score_rule, to_x100),
    TEXT(score_rule, phenotype), TEXT(score_rule, authority),
};
static const struct column drug_columns[] = {
    TEXT(drug, name),
    FLAG(drug, is_alternative_only),
    TEXT(drug, rxcui),
};
static const struct column drug_code_columns[] = {
    TEXT(drug_code, drug),      TEXT(drug_code, system),  TEXT(drug_code, code),
    TEXT(drug_code, term_type), TEXT(drug_code, display), NAME(drug_code, form, FORM_NAMES),
    TEXT(drug_code, source),
};
static const struct column population_columns[] = {
    TEXT(population, drug),
    TEXT(population, id),
    TEXT(population, label),
    NAME(population, therapy, THERAPY_NAMES),
    NUMBER(population, age_from_years),
    NUMBER(population, age_below_years),
    NUMBER(population, weight_above_x100),
};
static const struct column indication_columns[] = {
    TEXT(indication, drug),
    TEXT(indication, population),
    TEXT(indication, system),
    TEXT(indication, code),
};
static const struct column recommendation_columns[] = {
    TEXT(recommendation, id),
    TEXT(recommendation, drug),
    TEXT(recommendation, source),
    TEXT(recommendation, population),
    NAME(recommendation, classification, CLASSIFICATION_NAMES),
    FLAG(recommendation, has_alternative),
    FLAG(recommendation, has_dose),
    FLAG(recommendation, has_other),
    NAME(recommendation, alert, ALERT_NAMES),
    TEXT(recommendation, message),
    NUMBER(recommendation, age_from_years),
    NUMBER(recommendation, age_below_years),
    NAME(recommendation, sex, SEX_NAMES),
    NAME(recommendation, label, LABEL_NAMES),
    TEXT(recommendation, overrides),
};
static const struct column condition_columns[] = {
    TEXT(condition, recommendation),
    TEXT(condition, gene),
    TEXT(condition, key),
};
static const struct column action_columns[] = {
    TEXT(action, recommendation),
    NAME(action, kind, ACTION_KIND_NAMES),
    TEXT(action, drug),
    NUMBER(action, percent_from),
    NUMBER(action, percent_to),
    NUMBER(action, amount_x100),
    TEXT(action, unit),
    NUMBER(action, interval_from_hours),
    NUMBER(action, interval_to_hours),
};
static const struct column implication_columns[] = {
    TEXT(implication, recommendation),
    TEXT(implication, gene),
    TEXT(implication, message),
};
static const struct column gene_drug_columns[] = {
    TEXT(gene_drug, drug),   TEXT(gene_drug, gene),   TEXT(gene_drug, level),
    TEXT(gene_drug, status), TEXT(gene_drug, source),
};
static const struct column modulator_columns[] = {
    TEXT(modulator, gene),
    TEXT(modulator, drug),
    NAME(modulator, role, ROLE_NAMES),
    NAME(modulator, strength, STRENGTH_NAMES),
    FLAG(modulator, has_factor),
    NUMBER(modulator, factor_x100),
    NUMBER(modulator, washout_days),
    TEXT(modulator, source),
};
static const struct column gene_test_columns[] = {
    TEXT(gene_test, gene),    TEXT(gene_test, system), TEXT(gene_test, code),
    TEXT(gene_test, display), TEXT(gene_test, source),
};
static const struct column pretest_columns[] = {
    TEXT(pretest, drug),
    TEXT(pretest, gene),
    TEXT(pretest, message),
    TEXT(pretest, source),
};
static const struct column message_columns[] = {
    TEXT(message, id),      TEXT(message, locale),  TEXT(message, verdict),
    TEXT(message, meaning), TEXT(message, options),
};
static const struct column test_columns[] = {
    TEXT(test, name),
    TEXT(test, drug),
    TEXT(test, population),
    NAME(test, alert, ALERT_NAMES),
    TEXT(test, recommendations),
};
static const struct column test_gene_columns[] = {
    TEXT(test_gene, test),
    TEXT(test_gene, gene),
    TEXT(test_gene, result),
};
static const struct column algorithm_term_columns[] = {
    TEXT(algorithm_term, algorithm), TEXT(algorithm_term, model),  TEXT(algorithm_term, term),
    TEXT(algorithm_term, value),     TEXT(algorithm_term, source),
};
static const struct column algorithm_gene_columns[] = {
    TEXT(algorithm_gene, algorithm),
    TEXT(algorithm_gene, gene),
};
static const struct column drug_algorithm_columns[] = {
    TEXT(drug_algorithm, drug),
    TEXT(drug_algorithm, algorithm),
};

static const struct column omission_columns[] = {
    TEXT(omission, drug),
    TEXT(omission, gene),
    TEXT(omission, key),
    TEXT(omission, why),
};

static struct slice text_column(const char *row, const struct column *column)
{
    struct slice text;

    memcpy(&text, row + column->offset, sizeof text);
    return text;
}

static uint32_t number_column(const char *row, const struct column *column)
{
    uint32_t number;

    static_assert(sizeof(enum rules_alert) == sizeof number, "enum columns are read as such");
    memcpy(&number, row + column->offset, sizeof number);
    return number;
}

static void add_escaped(struct buf *buf, struct slice text)
{
    static const char SPECIAL[] = "\\\t\n\r", LETTER[] = "\\tnr";

    for (size_t i = 0; i < text.len; i++) {
        const char *special = memchr(SPECIAL, text.ptr[i], sizeof SPECIAL - 1);

        if (special == NULL) {
            buf_add_char(buf, text.ptr[i]);
            continue;
        }
        buf_add_char(buf, '\\');
        buf_add_char(buf, LETTER[special - SPECIAL]);
    }
}

static void add_column(struct buf *buf, const char *row, const struct column *column)
{
    switch (column->kind) {
    case COLUMN_TEXT:
        add_escaped(buf, text_column(row, column));
        return;
    case COLUMN_FLAG:
        buf_add_char(buf, row[column->offset] != 0 ? '1' : '0');
        return;
    case COLUMN_NUMBER:
        buf_printf(buf, "%u", number_column(row, column));
        return;
    case COLUMN_NAME:
        assert(number_column(row, column) < column->names_count);
        buf_add(buf, slice_of(column->names[number_column(row, column)]));
        return;
    }
}

/* The columns by number */

static void write_number(struct buf *buf, uint32_t number, bool is_x100)
{
    if (number == UINT32_MAX)
        buf_add_text(buf, "no limit");
    else if (!is_x100 || number % 100 == 0)
        buf_printf(buf, "%u", is_x100 ? number / 100 : number);
    else if (number % 10 == 0)
        buf_printf(buf, "%u.%u", number / 100, number % 100 / 10);
    else
        buf_printf(buf, "%u.%02u", number / 100, number % 100);
}

static void write_column(struct buf *buf, const char *row, const struct column *column)
{
    switch (column->kind) {
    case COLUMN_TEXT:
        buf_add(buf, text_column(row, column));
        return;
    case COLUMN_FLAG:
        buf_add(buf, row[column->offset] != 0 ? SLICE("yes") : SLICE("no"));
        return;
    case COLUMN_NUMBER:
        write_number(buf, number_column(row, column),
                     slice_ends(slice_of(column->name), SLICE("_x100")));
        return;
    case COLUMN_NAME:
        add_column(buf, row, column);
        return;
    }
}

#define X(type, array)                                                                         \
    size_t rules_##type##_columns(void)                                                        \
    {                                                                                          \
        return ARRAY_LEN(type##_columns);                                                      \
    }                                                                                          \
    const char *rules_##type##_column_name(size_t column)                                      \
    {                                                                                          \
        assert(column < ARRAY_LEN(type##_columns));                                            \
        return type##_columns[column].name;                                                    \
    }                                                                                          \
    void rules_##type##_column_write(const struct rules_##type *row, size_t column,            \
                                     struct buf *buf)                                          \
    {                                                                                          \
        assert(column < ARRAY_LEN(type##_columns));                                            \
        write_column(buf, (const char *)row, &type##_columns[column]);                         \
    }
RULES_TABLES(X)
#undef X

struct line {
    struct slice text;
    struct slice sort_by; /* the whole line, or what decides before `place` */
    size_t place;
};

static int compare_lines(const void *a_, const void *b_)
{
    const struct line *a = a_, *b = b_;
    int order = slice_compare(a->sort_by, b->sort_by);

    if (order != 0)
        return order;
    return a->place < b->place ? -1 : a->place > b->place;
}

struct table {
    const char *name;
    const struct column *columns;
    size_t columns_count;
    size_t row_bytes;
    bool is_ordered; /* by its first column; the order of equal ones counts */
};

static void add_row(struct buf *buf, const struct table *table, const char *row)
{
    buf_add(buf, slice_of(table->name));
    for (size_t i = 0; i < table->columns_count; i++) {
        buf_add_char(buf, '\t');
        add_column(buf, row, &table->columns[i]);
    }
    buf_add_char(buf, '\n');
}

/* Writes the rows to `text`, sorts their lines and adds them to `buf`. `lines` has room for all
 * rows; it gets the lengths first, because `text` moves while it grows. */
static void add_table(struct buf *buf, const struct table *table, const void *rows_,
                      size_t count, struct buf *text, struct line *lines)
{
    const char *rows = rows_;
    size_t at = 0;

    buf_clear(text);
    for (size_t i = 0; i < count; i++) {
        size_t start = text->len;

        add_row(text, table, rows + i * table->row_bytes);
        lines[i] = (struct line){.text.len = text->len - start, .place = i};
    }
    if (buf_failed(text)) {
        buf->has_failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        lines[i].text.ptr = text->bytes + at;
        at += lines[i].text.len;
        lines[i].sort_by = table->is_ordered
                               ? text_column(rows + i * table->row_bytes, &table->columns[0])
                               : lines[i].text;
    }
    if (count > 1)
        qsort(lines, count, sizeof *lines, compare_lines);
    for (size_t i = 0; i < count; i++)
        buf_add(buf, lines[i].text);
}

void rules_release_canonical(const struct rules_release *release, struct buf *buf)
{
    struct arena scratch;
    struct buf text;

    arena_init(&scratch, RULES_RELEASE_BYTES_MAX);
    buf_init(&text, RULES_RELEASE_BYTES_MAX);
    buf_add_text(buf, "release");
    for (size_t i = 0; i < 3; i++) {
        buf_add_char(buf, '\t');
        add_escaped(buf, i == 0   ? release->name
                         : i == 1 ? release->version
                                  : release->developer);
    }
    buf_add_char(buf, '\n');
#define X(type, array)                                                                         \
    {                                                                                          \
        const struct table table = {#type, type##_columns, ARRAY_LEN(type##_columns),          \
                                    sizeof(struct rules_##type),                               \
                                    (const void *)type##_columns == action_columns};           \
        struct line *lines = arena_array(&scratch, release->array##_count, sizeof *lines);     \
                                                                                               \
        if (lines != NULL)                                                                     \
            add_table(buf, &table, release->array, release->array##_count, &text, lines);      \
    }
    RULES_TABLES(X)
#undef X
    if (scratch.has_failed)
        buf->has_failed = true;
    arena_release(&scratch);
    buf_release(&text);
}
