/* gateway/store/release_tables.h -- which field of which struct is which column of which table.
 *
 * The one place that knows both rules/release.h and the tables of migrations/: a new column
 * is one line here, and is then written and read.
 */
#ifndef GATEWAY_STORE_RELEASE_TABLES_H
#define GATEWAY_STORE_RELEASE_TABLES_H

#include "gateway/store/names.h"
#include "rules/base/buf.h"

enum release_column_kind {
    RELEASE_TEXT,           /* struct slice; NOT NULL */
    RELEASE_TEXT_OR_NULL,   /* struct slice; empty <-> NULL */
    RELEASE_FLAG,           /* bool */
    RELEASE_NUMBER,         /* uint32_t */
    RELEASE_NUMBER_OR_NULL, /* uint32_t; UINT32_MAX (no end) <-> NULL */
    RELEASE_NUMBER_IF,      /* uint32_t; the bool at flag_offset is false <-> NULL */
    RELEASE_NAME,           /* an enum by its name */
};

struct release_column {
    const char *name;
    enum release_column_kind kind;
    size_t offset;
    size_t flag_offset;        /* RELEASE_NUMBER_IF */
    const struct names *names; /* RELEASE_NAME */
};

struct release_table {
    const char *name;
    const struct release_column *columns;
    size_t columns_count;
    size_t row_bytes;
    size_t array_offset, count_offset, max_offset; /* in struct rules_release */
    void *(*add)(struct rules_release *release);
};

#define X(type, array) RELEASE_TABLE_##type,
enum { RULES_TABLES(X) RELEASE_TABLES_COUNT };
#undef X

extern const struct release_table RELEASE_TABLES[RELEASE_TABLES_COUNT]; /* dependency order */

const char *release_rows(const struct release_table *table, const struct rules_release *release,
                         size_t *ret_count);

/* Room for `count` rows at once, in a table that has none yet. False: no memory. */
bool release_reserve(const struct release_table *table, struct rules_release *release,
                     size_t count) MUST_CHECK;

/* The field in the text form of COPY (PostgreSQL documentation, COPY, "Text Format"). */
void release_write_field(struct buf *buf, const struct release_column *column, const char *row);

/* The texts of the rows that are read. Most of them repeat (systems, sources, what a code is
 * called), so a text that was seen not long ago is not copied again. */
struct release_texts {
    struct arena *arena;  /* borrowed; the copies live there */
    struct slice *recent; /* owned; by hash; NULL: every text is copied */
};
void release_texts_init(struct release_texts *texts, struct arena *arena);
void release_texts_release(struct release_texts *texts);

/* The field from a cell; ptr NULL: SQL's NULL. False when the cell does not fit the column. */
bool release_read_field(const struct release_column *column, struct slice cell,
                        struct release_texts *texts, char *row);

#endif
