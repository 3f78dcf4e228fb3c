/* gateway/store/csv_table.c -- lines to fields in their columns. */
#include "gateway/store/csv_table.h"

#include <assert.h>
#include <stdarg.h>

#include "gateway/store/csv.h"
#include "gateway/store/text.h"

#define FIELDS_MAX      64
#define NAMES_BYTES_MAX 160

bool csv_table_refuse_line(struct csv_table *table, uint64_t line, const char *format, ...)
{
    char text[ERR_TEXT_BYTES_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    table->feed.line = line;
    (void)feed_refuse(&table->feed, ERR_INVALID, table->err, "%s", text);
    return false;
}

bool csv_table_refuse(struct csv_table *table, const char *format, ...)
{
    char text[ERR_TEXT_BYTES_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return csv_table_refuse_line(table, table->feed.line, "%s", text);
}

/* How many fields the line has; 0 after a failure. */
static size_t cut(struct csv_table *table, struct slice line, struct slice *fields)
{
    const char *reason = NULL;
    size_t count = csv_cut(line, &table->unquoted, fields, FIELDS_MAX, &reason);

    if (count == 0)
        (void)csv_table_refuse(table, "%s", reason);
    if (count <= table->columns_count)
        return count;
    (void)csv_table_refuse(table, "more than %zu columns", table->columns_count);
    return 0;
}

static bool refuse_name(struct csv_table *table, size_t column)
{
    char names[NAMES_BYTES_MAX] = "";
    size_t len = 0;

    for (size_t i = 0; i < table->columns_count && len < sizeof names; i++)
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", i > 0 ? ", " : "",
                                table->columns[i].name);
    return csv_table_refuse(table, "column %zu must be one of %s, each once", column + 1,
                            names);
}

static bool read_header(struct csv_table *table, struct slice line)
{
    struct slice names[FIELDS_MAX];
    bool is_there[CSV_COLUMNS_MAX] = {false};

    table->in_file = cut(table, line, names);
    for (size_t i = 0; i < table->in_file; i++) {
        size_t c = 0;

        while (c < table->columns_count && !slice_eq_text(names[i], table->columns[c].name))
            c++;
        if (c == table->columns_count || is_there[c])
            return refuse_name(table, i);
        is_there[c] = true;
        table->order[i] = c;
    }
    for (size_t c = 0; table->in_file > 0 && c < table->columns_count; c++)
        if (table->columns[c].is_needed && !is_there[c])
            return csv_table_refuse(table, "column '%s' is missing", table->columns[c].name);
    return table->in_file > 0;
}

static bool check_field(struct csv_table *table, size_t column)
{
    const struct csv_column *c = &table->columns[column];
    struct slice field = table->fields[column];

    if (field.len == 0)
        return !c->is_filled || csv_table_refuse(table, "%s must not be empty", c->name);
    if (field.len > c->bytes_max)
        return csv_table_refuse(table, "%s is longer than %zu bytes", c->name, c->bytes_max);
    if (text_has_control(field))
        return csv_table_refuse(table, "%s has a control character", c->name);
    return slice_trim(field).len == field.len ||
           csv_table_refuse(table, "%s begins or ends with a space", c->name);
}

static bool read_fields(struct csv_table *table, struct slice line)
{
    struct slice fields[FIELDS_MAX];
    size_t count = cut(table, line, fields);

    if (count == 0)
        return false;
    if (count != table->in_file)
        return csv_table_refuse(table, "has %zu columns, must have %zu", count, table->in_file);
    for (size_t i = 0; i < count; i++) {
        table->fields[table->order[i]] = fields[i];
        if (!check_field(table, table->order[i]))
            return false;
    }
    return true;
}

static void read_lines(struct csv_table *table, bool (*row)(struct csv_table *, void *),
                       void *owner)
{
    struct slice line;

    while (feed_line(&table->feed, &line, table->err)) {
        if (table->feed.line == 1) {
            if (!read_header(table, line))
                return;
            continue;
        }
        if (table->rows++ == table->rows_max) {
            (void)feed_refuse(&table->feed, ERR_LIMIT, table->err, "more than %zu rows",
                              table->rows_max);
            return;
        }
        if (!read_fields(table, line) || !row(table, owner))
            return;
    }
    if (table->err->code == ERR_OK && table->feed.line == 0)
        (void)err_set(table->err, ERR_INVALID, "%s: is empty; it begins with a header line",
                      table->feed.name);
}

enum err_code csv_table_read(struct csv_table *table, const char *path,
                             const struct feed_options *options,
                             bool (*row)(struct csv_table *table, void *owner), void *owner,
                             struct err *err)
{
    struct feed_options feed_options = *options;

    assert(table->columns_count <= CSV_COLUMNS_MAX);
    table->err = err;
    feed_options.allows_crlf = true;
    buf_init(&table->unquoted, FEED_LINE_BYTES_MAX);
    if (feed_open(&table->feed, "", path, &feed_options, err) == ERR_OK)
        read_lines(table, row, owner);
    feed_close(&table->feed);
    buf_release(&table->unquoted);
    return err->code;
}
