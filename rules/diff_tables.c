/* rules/diff_tables.c -- all tables but those of advice, row by row.
 *
 * A row is known by its key columns (KEYS); a table that is not listed there has rows that are
 * only added or removed. So a new table or column is compared without a line here.
 */
#include "rules/diff_private.h"

#define KEYS_MAX 5

struct table {
    const char *name;
    size_t (*columns)(void);
    const char *(*column_name)(size_t column);
    void (*write)(const void *row, size_t column, struct buf *buf);
    size_t row_bytes, array_offset, count_offset;
};

#define X(type, array)                                                                         \
    static void write_##type(const void *row, size_t column, struct buf *buf)                  \
    {                                                                                          \
        rules_##type##_column_write(row, column, buf);                                         \
    }
RULES_TABLES(X)
#undef X

static const struct table TABLES[] = {
#define X(type, array)                                                                         \
    {#type,                                                                                    \
     rules_##type##_columns,                                                                   \
     rules_##type##_column_name,                                                               \
     write_##type,                                                                             \
     sizeof(struct rules_##type),                                                              \
     offsetof(struct rules_release, array),                                                    \
     offsetof(struct rules_release, array##_count)},
    RULES_TABLES(X)
#undef X
};

/* What advice is made of is compared by what it says (diff_advice.c). */
static const char *const ELSEWHERE[] = {"recommendation", "condition", "action", "implication",
                                        "message"};

static const struct {
    const char *table;
    const char *keys[KEYS_MAX];
} KEYS[] = {
    {"source", {"id"}},
    {"gene", {"symbol"}},
    {"phenotype", {"gene", "name"}},
    {"allele", {"gene", "name"}},
    {"allele_alias", {"gene", "alias"}},
    {"authority", {"gene", "name"}},
    {"pair_rule", {"gene", "authority", "first", "second"}},
    {"score_rule", {"gene", "authority", "from_x100"}},
    {"drug", {"name"}},
    {"drug_code", {"drug", "system", "code"}},
    {"population", {"drug", "id"}},
    {"gene_drug", {"drug", "gene"}},
    {"modulator", {"gene", "drug"}},
    {"gene_test", {"gene", "system", "code"}},
    {"pretest", {"drug", "gene"}},
    {"test", {"name"}},
    {"test_gene", {"test", "gene"}},
    {"omission", {"drug", "gene", "key"}},
    {"algorithm_term", {"algorithm", "model", "term"}},
};

/* How columns are called for people; others go by their own name. */
static const struct {
    const char *column, *name;
} NAMES[] = {
    {"value_x100", "activity value"}, {"is_at_least", "at least that value"},
    {"from_x100", "from score"},      {"to_x100", "to score"},
    {"factor_x100", "factor"},        {"weight_above_x100", "weight above (kg)"},
    {"key_kind", "looked up by"},     {"counts_lowest_two", "counts the lowest two"},
};

static const char *name_of(const char *column)
{
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        if (strcmp(column, NAMES[i].column) == 0)
            return NAMES[i].name;
    return column;
}

struct side {
    const struct rules_knowledge *k;
    const char *rows;
    size_t count;
    struct slice *keys; /* of each row */
};

struct comparison {
    struct diff *diff;
    const struct table *table;
    const char *const *keys; /* NULL: all columns */
    struct side sides[2];
    struct buf buf;
};

#define NO_MEMORY(c) err_set((c)->diff->err, ERR_NOMEM, "no memory to compare releases")

static bool is_key(const struct comparison *c, size_t column)
{
    const char *name = c->table->column_name(column);

    for (size_t i = 0; c->keys != NULL && i < KEYS_MAX && c->keys[i] != NULL; i++)
        if (strcmp(c->keys[i], name) == 0)
            return true;
    return c->keys == NULL;
}

/* --- names of rows -------------------------------------------------------------------------
 */

/* "CYP2C19 *9"; parts that are empty are left out. */
static struct slice key_of(struct comparison *c, const char *row)
{
    buf_clear(&c->buf);
    for (size_t i = 0; i < c->table->columns(); i++) {
        if (!is_key(c, i))
            continue;
        if (c->buf.len > 0 && c->buf.bytes[c->buf.len - 1] != ' ')
            buf_add_char(&c->buf, ' ');
        c->table->write(row, i, &c->buf);
    }
    return arena_copy(c->diff->arena, slice_trim(buf_slice(&c->buf)));
}

static enum err_code read_side(struct comparison *c, struct side *side,
                               struct rules_index *index)
{
    const char *release = (const char *)&side->k->rows;

    memcpy(&side->rows, release + c->table->array_offset, sizeof side->rows);
    memcpy(&side->count, release + c->table->count_offset, sizeof side->count);
    side->keys = arena_array(c->diff->arena, side->count, sizeof *side->keys);
    if (side->keys == NULL || !rules_index_init(index, side->count, c->diff->arena))
        return NO_MEMORY(c);
    for (size_t i = 0; i < side->count; i++) {
        side->keys[i] = key_of(c, side->rows + i * c->table->row_bytes);
        (void)rules_index_add(index, 0, side->keys[i], (uint32_t)i);
    }
    return buf_failed(&c->buf) || c->diff->arena->has_failed ? NO_MEMORY(c) : ERR_OK;
}

/* --- columns -------------------------------------------------------------------------------
 */

/* A message is compared by its words. */
static struct slice column_text(struct comparison *c, const struct side *side, const char *row,
                                size_t column)
{
    const struct rules_message *message;

    buf_clear(&c->buf);
    c->table->write(row, column, &c->buf);
    if (strcmp(c->table->column_name(column), "message") == 0) {
        message = rules_find_message(side->k, buf_slice(&c->buf), SLICE("en"));
        buf_clear(&c->buf);
        if (message != NULL)
            buf_join(&c->buf, message->verdict, SLICE(" | "), message->meaning, SLICE(" | "),
                     message->options);
    }
    return arena_copy(c->diff->arena, buf_slice(&c->buf));
}

/* The columns that differ; a row that is on one side only against nothing. */
static enum err_code compare_columns(struct comparison *c, const char *a, const char *b,
                                     struct rules_diff_row *ret)
{
    size_t columns = c->table->columns();

    ret->fields = arena_array(c->diff->arena, columns, sizeof *ret->fields);
    if (ret->fields == NULL)
        return NO_MEMORY(c);
    for (size_t i = 0; i < columns; i++) {
        struct slice before = SLICE_NONE, after = SLICE_NONE;

        if (is_key(c, i))
            continue;
        if (a != NULL)
            before = column_text(c, &c->sides[0], a, i);
        if (b != NULL)
            after = column_text(c, &c->sides[1], b, i);
        if (!slice_eq(before, after))
            ret->fields[ret->fields_count++] =
                (struct rules_diff_field){name_of(c->table->column_name(i)), before, after};
    }
    return buf_failed(&c->buf) ? NO_MEMORY(c) : ERR_OK;
}

/* --- what becomes of a difference ----------------------------------------------------------
 */

static enum err_code count_code(struct comparison *c, const char *row,
                                enum rules_diff_what what)
{
    struct rules_drug_code code;
    struct rules_diff *ret = c->diff->ret;
    struct rules_diff_codes *codes = NULL;

    memcpy(&code, row, sizeof code);
    for (size_t i = ret->codes_count; i-- > 0 && codes == NULL;)
        if (slice_eq(ret->codes[i].drug, code.drug))
            codes = &ret->codes[i];
    if (codes == NULL) {
        codes = diff_add_codes(c->diff);
        if (codes == NULL)
            return c->diff->err->code;
        codes->drug = code.drug;
    }
    codes->added += what == RULES_DIFF_ADDED;
    codes->removed += what == RULES_DIFF_REMOVED;
    codes->changed += what == RULES_DIFF_CHANGED;
    return ERR_OK;
}

/* Test cases tell what is expected, not what is advised: they are counted. */
static bool count_test(struct comparison *c, enum rules_diff_what what)
{
    struct rules_diff *ret = c->diff->ret;
    bool is_gene = strcmp(c->table->name, "test_gene") == 0;

    if (!is_gene && strcmp(c->table->name, "test") != 0)
        return false;
    if (is_gene) {
        ret->tests_changed += what == RULES_DIFF_CHANGED;
        return true;
    }
    ret->tests_added += what == RULES_DIFF_ADDED;
    ret->tests_removed += what == RULES_DIFF_REMOVED;
    ret->tests_changed += what == RULES_DIFF_CHANGED;
    return true;
}

static enum err_code tell(struct comparison *c, enum rules_diff_what what, const char *a,
                          const char *b, struct slice name)
{
    struct rules_diff_row found = {.what = what, .table = c->table->name, .name = name};
    struct rules_diff_row *row;

    if (compare_columns(c, a, b, &found) != ERR_OK)
        return c->diff->err->code;
    if ((what == RULES_DIFF_CHANGED && found.fields_count == 0) || count_test(c, what))
        return ERR_OK;
    if (strcmp(c->table->name, "drug_code") == 0)
        return count_code(c, b != NULL ? b : a, what);
    row = diff_add_row(c->diff);
    if (row == NULL)
        return c->diff->err->code;
    *row = found;
    return ERR_OK;
}

/* --- one table -----------------------------------------------------------------------------
 */

static bool is_equal(const struct comparison *c, const char *a, const char *b,
                     struct buf *texts)
{
    for (size_t i = 0; i < c->table->columns(); i++) {
        size_t first;

        buf_clear(texts);
        c->table->write(a, i, texts);
        first = texts->len;
        c->table->write(b, i, texts);
        if (buf_failed(texts) ||
            !slice_eq(slice_head(buf_slice(texts), first), slice_from(buf_slice(texts), first)))
            return false;
    }
    return true;
}

static bool has_message(const struct table *table)
{
    for (size_t i = 0; i < table->columns(); i++)
        if (strcmp(table->column_name(i), "message") == 0)
            return true;
    return false;
}

static enum err_code compare_rows(struct comparison *c, const struct rules_index *before,
                                  const struct rules_index *after)
{
    const struct side *a = &c->sides[0], *b = &c->sides[1];
    size_t bytes = c->table->row_bytes;
    bool by_words = has_message(c->table);

    for (size_t i = 0; i < b->count; i++) {
        const char *row = b->rows + i * bytes;
        uint32_t other = rules_index_find(before, 0, b->keys[i]);
        const char *was = other == RULES_ABSENT ? NULL : a->rows + other * bytes;

        if (was != NULL && !by_words && is_equal(c, was, row, &c->buf))
            continue;
        if (tell(c, was == NULL ? RULES_DIFF_ADDED : RULES_DIFF_CHANGED, was, row,
                 b->keys[i]) != ERR_OK)
            return c->diff->err->code;
    }
    for (size_t i = 0; i < a->count; i++)
        if (rules_index_find(after, 0, a->keys[i]) == RULES_ABSENT &&
            tell(c, RULES_DIFF_REMOVED, a->rows + i * bytes, NULL, a->keys[i]) != ERR_OK)
            return c->diff->err->code;
    return ERR_OK;
}

static enum err_code compare_table(struct diff *diff, const struct table *table)
{
    struct comparison c = {
        .diff = diff, .table = table, .sides = {{.k = diff->a}, {.k = diff->b}}};
    struct rules_index before, after;
    enum err_code code;

    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++)
        if (strcmp(KEYS[i].table, table->name) == 0)
            c.keys = KEYS[i].keys;
    buf_init(&c.buf, DIFF_TEXT_BYTES_MAX);
    code = read_side(&c, &c.sides[0], &before);
    if (code == ERR_OK)
        code = read_side(&c, &c.sides[1], &after);
    if (code == ERR_OK)
        code = compare_rows(&c, &before, &after);
    buf_release(&c.buf);
    return code;
}

enum err_code diff_tables(struct diff *diff)
{
    for (size_t i = 0; i < ARRAY_LEN(TABLES); i++) {
        bool is_elsewhere = false;

        for (size_t j = 0; j < ARRAY_LEN(ELSEWHERE); j++)
            is_elsewhere = is_elsewhere || strcmp(TABLES[i].name, ELSEWHERE[j]) == 0;
        if (!is_elsewhere && compare_table(diff, &TABLES[i]) != ERR_OK)
            return diff->err->code;
    }
    return ERR_OK;
}
