/* gateway/store/release_tables.c -- the columns of every table of a release. */
#include "gateway/store/release_tables.h"

#include <assert.h>

#define COLUMN(type, field, kind, flag, names)                                                 \
    {                                                                                          \
#field, kind, offsetof(struct rules_##type, field), flag, names                        \
    }
#define TEXT(type, field)           COLUMN(type, field, RELEASE_TEXT, 0, NULL)
#define TEXT_OR_NULL(type, field)   COLUMN(type, field, RELEASE_TEXT_OR_NULL, 0, NULL)
#define FLAG(type, field)           COLUMN(type, field, RELEASE_FLAG, 0, NULL)
#define NUMBER(type, field)         COLUMN(type, field, RELEASE_NUMBER, 0, NULL)
#define NUMBER_OR_NULL(type, field) COLUMN(type, field, RELEASE_NUMBER_OR_NULL, 0, NULL)
#define NUMBER_IF(type, field, flag)                                                           \
    COLUMN(type, field, RELEASE_NUMBER_IF, offsetof(struct rules_##type, flag), NULL)
#define NAME(type, field, names) COLUMN(type, field, RELEASE_NAME, 0, &(NAMES_##names))

static const struct release_column source_columns[] = {
    TEXT(source, id),
    TEXT(source, publisher),
    TEXT(source, title),
    TEXT(source, version),
    TEXT(source, year),
    TEXT(source, url),
    TEXT_OR_NULL(source, pmids),
};
static const struct release_column gene_columns[] = {
    TEXT(gene, symbol),
    TEXT(gene, hgnc),
    NAME(gene, method, method),
    NAME(gene, key_kind, key_kind),
    FLAG(gene, counts_lowest_two),
    TEXT(gene, source),
    TEXT_OR_NULL(gene, reference),
    TEXT_OR_NULL(gene, priority_source),
};
static const struct release_column phenotype_columns[] = {
    TEXT(phenotype, gene),
    TEXT(phenotype, name),
    TEXT(phenotype, abbreviation),
    NAME(phenotype, priority, priority),
};
static const struct release_column allele_columns[] = {
    TEXT(allele, gene),
    TEXT(allele, name),
    TEXT_OR_NULL(allele, function),
    NUMBER_IF(allele, value_x100, has_value),
    FLAG(allele, is_at_least),
};
static const struct release_column allele_alias_columns[] = {
    TEXT(allele_alias, gene),
    TEXT(allele_alias, alias),
    TEXT(allele_alias, allele),
    TEXT_OR_NULL(allele_alias, marks),
};
static const struct release_column authority_columns[] = {
    TEXT(authority, gene),
    TEXT(authority, name),
    NAME(authority, key_kind, key_kind),
    TEXT(authority, source),
};
static const struct release_column pair_rule_columns[] = {
    TEXT(pair_rule, gene),
    TEXT(pair_rule, first),
    TEXT_OR_NULL(pair_rule, second),
    TEXT(pair_rule, phenotype),
    TEXT_OR_NULL(pair_rule, authority),
};
static const struct release_column score_rule_columns[] = {
    TEXT(score_rule, gene),
    NUMBER(score_rule, from_x100),
    NUMBER_OR_NULL(score_rule, to_x100),
    TEXT(score_rule, phenotype),
    TEXT_OR_NULL(score_rule, authority),
};
static const struct release_column drug_columns[] = {
    TEXT(drug, name),
    FLAG(drug, is_alternative_only),
    TEXT_OR_NULL(drug, rxcui),
};
static const struct release_column drug_code_columns[] = {
    TEXT(drug_code, drug),       TEXT(drug_code, system),
    TEXT(drug_code, code),       TEXT_OR_NULL(drug_code, term_type),
    NAME(drug_code, form, form), TEXT(drug_code, display),
    TEXT(drug_code, source),
};
static const struct release_column population_columns[] = {
    TEXT(population, drug),
    TEXT(population, id),
    TEXT(population, label),
    NAME(population, therapy, therapy),
    NUMBER(population, age_from_years),
    NUMBER_OR_NULL(population, age_below_years),
    NUMBER_OR_NULL(population, weight_above_x100),
};
static const struct release_column indication_columns[] = {
    TEXT(indication, drug),
    TEXT(indication, population),
    TEXT(indication, system),
    TEXT(indication, code),
};
static const struct release_column recommendation_columns[] = {
    TEXT(recommendation, id),
    TEXT(recommendation, drug),
    TEXT(recommendation, source),
    TEXT_OR_NULL(recommendation, population),
    NAME(recommendation, classification, classification),
    FLAG(recommendation, has_alternative),
    FLAG(recommendation, has_dose),
    FLAG(recommendation, has_other),
    NAME(recommendation, alert, alert),
    TEXT(recommendation, message),
    NUMBER(recommendation, age_from_years),
    NUMBER_OR_NULL(recommendation, age_below_years),
    NAME(recommendation, sex, sex),
    NAME(recommendation, label, label),
    TEXT_OR_NULL(recommendation, overrides),
};
static const struct release_column condition_columns[] = {
    TEXT(condition, recommendation),
    TEXT(condition, gene),
    TEXT(condition, key),
};
static const struct release_column action_columns[] = {
    TEXT(action, recommendation),      NAME(action, kind, action_kind),
    TEXT_OR_NULL(action, drug),        NUMBER(action, percent_from),
    NUMBER(action, percent_to),        NUMBER(action, amount_x100),
    TEXT_OR_NULL(action, unit),        NUMBER(action, interval_from_hours),
    NUMBER(action, interval_to_hours),
};
static const struct release_column implication_columns[] = {
    TEXT(implication, recommendation),
    TEXT(implication, gene),
    TEXT(implication, message),
};
static const struct release_column gene_drug_columns[] = {
    TEXT(gene_drug, drug),   TEXT(gene_drug, gene),   TEXT(gene_drug, level),
    TEXT(gene_drug, status), TEXT(gene_drug, source),
};
static const struct release_column modulator_columns[] = {
    TEXT(modulator, gene),
    TEXT(modulator, drug),
    NAME(modulator, role, role),
    NAME(modulator, strength, strength),
    NUMBER_IF(modulator, factor_x100, has_factor),
    NUMBER(modulator, washout_days),
    TEXT(modulator, source),
};
static const struct release_column gene_test_columns[] = {
    TEXT(gene_test, gene),    TEXT(gene_test, system), TEXT(gene_test, code),
    TEXT(gene_test, display), TEXT(gene_test, source),
};
static const struct release_column pretest_columns[] = {
    TEXT(pretest, drug),
    TEXT(pretest, gene),
    TEXT(pretest, message),
    TEXT(pretest, source),
};
static const struct release_column message_columns[] = {
    TEXT(message, id),
    TEXT(message, locale),
    TEXT_OR_NULL(message, verdict),
    TEXT_OR_NULL(message, meaning),
    TEXT_OR_NULL(message, options),
};
static const struct release_column test_columns[] = {
    TEXT(test, name),
    TEXT(test, drug),
    TEXT_OR_NULL(test, population),
    NAME(test, alert, alert),
    TEXT_OR_NULL(test, recommendations),
};
static const struct release_column test_gene_columns[] = {
    TEXT(test_gene, test),
    TEXT(test_gene, gene),
    TEXT(test_gene, result),
};
static const struct release_column algorithm_term_columns[] = {
    TEXT(algorithm_term, algorithm), TEXT(algorithm_term, model),  TEXT(algorithm_term, term),
    TEXT(algorithm_term, value),     TEXT(algorithm_term, source),
};
static const struct release_column algorithm_gene_columns[] = {
    TEXT(algorithm_gene, algorithm),
    TEXT(algorithm_gene, gene),
};
static const struct release_column drug_algorithm_columns[] = {
    TEXT(drug_algorithm, drug),
    TEXT(drug_algorithm, algorithm),
};
static const struct release_column omission_columns[] = {
    TEXT(omission, drug),
    TEXT(omission, gene),
    TEXT(omission, key),
    TEXT(omission, why),
};

#define X(type, array)                                                                         \
    static void *add_##type(struct rules_release *release)                                     \
    {                                                                                          \
        return rules_add_##type(release);                                                      \
    }
RULES_TABLES(X)
#undef X

#define X(type, array)                                                                         \
    {#type,                                                                                    \
     type##_columns,                                                                           \
     ARRAY_LEN(type##_columns),                                                                \
     sizeof(struct rules_##type),                                                              \
     offsetof(struct rules_release, array),                                                    \
     offsetof(struct rules_release, array##_count),                                            \
     offsetof(struct rules_release, array##_max),                                              \
     add_##type},
const struct release_table RELEASE_TABLES[RELEASE_TABLES_COUNT] = {RULES_TABLES(X)};
#undef X
static_assert(sizeof(enum rules_alert) == sizeof(uint32_t), "enums are moved as numbers");

const char *release_rows(const struct release_table *table, const struct rules_release *release,
                         size_t *ret_count)
{
    const char *rows;

    memcpy(&rows, (const char *)release + table->array_offset, sizeof rows);
    memcpy(ret_count, (const char *)release + table->count_offset, sizeof *ret_count);
    return rows;
}

bool release_reserve(const struct release_table *table, struct rules_release *release,
                     size_t count)
{
    void *rows = arena_array(&release->arena, count, table->row_bytes);

    if (rows == NULL)
        return false;
    memcpy((char *)release + table->array_offset, &rows, sizeof rows);
    memcpy((char *)release + table->max_offset, &count, sizeof count);
    return true;
}

/* --- struct to COPY ------------------------------------------------------------------------
 */

static void write_null(struct buf *buf)
{
    buf_add_text(buf, "\\N");
}

static void write_text(struct buf *buf, struct slice text)
{
    static const char SPECIAL[] = "\\\t\n\r", LETTER[] = "\\tnr";

    for (size_t i = 0; i < text.len; i++) {
        const char *special = memchr(SPECIAL, text.ptr[i], sizeof SPECIAL - 1);

        if (special == NULL) {
            buf_add_char(buf, text.ptr[i]);
        } else {
            buf_add_char(buf, '\\');
            buf_add_char(buf, LETTER[special - SPECIAL]);
        }
    }
}

static void write_number(struct buf *buf, const struct release_column *column, const char *row)
{
    bool is_set = true;
    uint32_t number;

    memcpy(&number, row + column->offset, sizeof number);
    if (column->kind == RELEASE_NUMBER_IF)
        memcpy(&is_set, row + column->flag_offset, sizeof is_set);
    if (!is_set || (column->kind == RELEASE_NUMBER_OR_NULL && number == UINT32_MAX))
        write_null(buf);
    else
        buf_printf(buf, "%u", number);
}

void release_write_field(struct buf *buf, const struct release_column *column, const char *row)
{
    struct slice text;
    uint32_t number;
    bool flag;

    switch (column->kind) {
    case RELEASE_TEXT:
    case RELEASE_TEXT_OR_NULL:
        memcpy(&text, row + column->offset, sizeof text);
        if (text.len == 0 && column->kind == RELEASE_TEXT_OR_NULL)
            write_null(buf);
        else
            write_text(buf, text);
        return;
    case RELEASE_FLAG:
        memcpy(&flag, row + column->offset, sizeof flag);
        buf_add_char(buf, flag ? 't' : 'f');
        return;
    case RELEASE_NUMBER:
    case RELEASE_NUMBER_OR_NULL:
    case RELEASE_NUMBER_IF:
        write_number(buf, column, row);
        return;
    case RELEASE_NAME:
        memcpy(&number, row + column->offset, sizeof number);
        assert(number < column->names->count);
        write_text(buf, slice_of(column->names->list[number]));
        return;
    }
}

/* --- cell to struct ------------------------------------------------------------------------
 */

static bool read_number(const struct release_column *column, struct slice cell, char *row)
{
    bool is_set = cell.ptr != NULL;
    uint32_t number = 0;

    if (is_set && !slice_to_u32(cell, INT32_MAX, &number))
        return false;
    if (!is_set && column->kind == RELEASE_NUMBER)
        return false;
    if (!is_set && column->kind == RELEASE_NUMBER_OR_NULL)
        number = UINT32_MAX;
    if (column->kind == RELEASE_NUMBER_IF)
        memcpy(row + column->flag_offset, &is_set, sizeof is_set);
    memcpy(row + column->offset, &number, sizeof number);
    return true;
}

#define RECENT_COUNT ((size_t)16384) /* a power of two */

void release_texts_init(struct release_texts *texts, struct arena *arena)
{
    *texts = (struct release_texts){.arena = arena,
                                    .recent = calloc(RECENT_COUNT, sizeof(struct slice))};
}

void release_texts_release(struct release_texts *texts)
{
    free(texts->recent);
    texts->recent = NULL;
}

static struct slice keep_text(struct release_texts *texts, struct slice text)
{
    struct slice *recent;

    if (texts->recent == NULL)
        return arena_copy(texts->arena, text);
    recent = &texts->recent[slice_hash(text, 0) & (RECENT_COUNT - 1)];
    if (!slice_eq(*recent, text))
        *recent = arena_copy(texts->arena, text);
    return *recent;
}

bool release_read_field(const struct release_column *column, struct slice cell,
                        struct release_texts *texts, char *row)
{
    struct slice text = SLICE_NONE;
    uint32_t number;
    bool flag;

    switch (column->kind) {
    case RELEASE_TEXT:
    case RELEASE_TEXT_OR_NULL:
        if (cell.ptr == NULL && column->kind == RELEASE_TEXT)
            return false;
        if (cell.len > 0)
            text = keep_text(texts, cell);
        memcpy(row + column->offset, &text, sizeof text);
        return true;
    case RELEASE_FLAG:
        flag = slice_eq_text(cell, "t");
        memcpy(row + column->offset, &flag, sizeof flag);
        return flag || slice_eq_text(cell, "f");
    case RELEASE_NUMBER:
    case RELEASE_NUMBER_OR_NULL:
    case RELEASE_NUMBER_IF:
        return read_number(column, cell, row);
    case RELEASE_NAME:
        if (!names_find(column->names, cell, &number))
            return false;
        memcpy(row + column->offset, &number, sizeof number);
        return true;
    }
    return false;
}
