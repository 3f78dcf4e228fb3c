/* gateway/store/csv_table.h -- a CSV file that somebody filled in, row by row.
 *
 * RFC 4180 in UTF-8: commas, quotes doubled inside quotes, lines that all end in LF or all in
 * CR LF. The first line names the columns, in any order. A byte order mark, a control
 * character, a line break inside quotes, a last line without its end, a column that is unknown,
 * there twice or missing, and a field that begins or ends with a space are errors, told as
 * "FILE:LINE: reason". Read line by line, in bounded memory.
 */
#ifndef GATEWAY_STORE_CSV_TABLE_H
#define GATEWAY_STORE_CSV_TABLE_H

#include "gateway/store/feed.h"

#define CSV_COLUMNS_MAX 16

struct csv_column {
    const char *name;
    bool is_needed; /* the header must name it */
    bool is_filled; /* no row may leave it empty */
    size_t bytes_max;
};

struct csv_table {
    const struct csv_column *columns; /* the file's, by number; borrowed */
    size_t columns_count;             /* at most CSV_COLUMNS_MAX */
    size_t rows_max;
    /* Of the row that is being read, by column; absent: empty. Borrowed until the next row. */
    struct slice fields[CSV_COLUMNS_MAX];
    uint64_t rows; /* read, this one included */
    struct feed feed;
    struct err *err;

    /* private */
    struct buf unquoted;
    size_t order[CSV_COLUMNS_MAX]; /* of the file's columns */
    size_t in_file;
};

/* Reads the whole file. `row` is called for each line but the first; false ends it, and the
 * table's err then says why. After the end, whatever it was, csv_table_refuse may still name a
 * line. Returns err->code; ERR_NOT_FOUND, ERR_INVALID, ERR_SYNTAX, ERR_LIMIT, ERR_NOMEM. */
enum err_code csv_table_read(struct csv_table *table, const char *path,
                             const struct feed_options *options,
                             bool (*row)(struct csv_table *table, void *owner), void *owner,
                             struct err *err) MUST_CHECK;

/* "FILE:LINE: ..." of the line that was read last, or of another; always false. */
bool csv_table_refuse(struct csv_table *table, const char *format, ...) PRINTF_LIKE(2, 3);
bool csv_table_refuse_line(struct csv_table *table, uint64_t line, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif
