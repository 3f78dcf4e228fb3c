/* gateway/store/audit_write.c -- columns become array parameters, arrays become rows. */
#include "gateway/store/audit_write.h"

#include <assert.h>
#include <errno.h>
#include <sys/random.h>

#define ARRAY_BYTES_MAX  ((size_t)128 * 1024 * 1024)
#define ARRAY_BYTES_KEEP ((size_t)1024 * 1024) /* from batch to batch */

enum audit_kind {
    AUDIT_TIME,         /* uint64_t, microseconds since 1970 */
    AUDIT_TEXT,         /* struct slice */
    AUDIT_TEXT_OR_NULL, /* struct slice; empty is NULL */
    AUDIT_U32,
    AUDIT_U64,
    AUDIT_FLAG,
};

#define OF_ROW(field)                                                                          \
    (offsetof(struct audit_item, row) + offsetof(struct store_audit_row, field))

/* A column of pgxgate.audit (migrations/0002_audit.sql) is a line here. */
static const struct {
    const char *name, *type;
    enum audit_kind kind;
    size_t offset; /* in struct audit_item */
} COLUMNS[] = {
    {"sequence", "bigint", AUDIT_U64, offsetof(struct audit_item, sequence)},
    {"at", "timestamptz", AUDIT_TIME, OF_ROW(at_us)},
    {"request_id", "text", AUDIT_TEXT, OF_ROW(request_id)},
    {"worker", "integer", AUDIT_U32, OF_ROW(worker)},
    {"service", "text", AUDIT_TEXT, OF_ROW(service)},
    {"hook", "text", AUDIT_TEXT, OF_ROW(hook)},
    {"hook_instance", "text", AUDIT_TEXT_OR_NULL, OF_ROW(hook_instance)},
    {"client", "text", AUDIT_TEXT_OR_NULL, OF_ROW(client)},
    {"outcome", "text", AUDIT_TEXT, OF_ROW(outcome)},
    {"http_status", "integer", AUDIT_U32, OF_ROW(http_status)},
    {"release_hash", "text", AUDIT_TEXT_OR_NULL, OF_ROW(release_hash)},
    {"cards", "integer", AUDIT_U32, OF_ROW(cards)},
    {"decisions", "jsonb", AUDIT_TEXT_OR_NULL, OF_ROW(decisions)},
    {"gaps", "jsonb", AUDIT_TEXT_OR_NULL, OF_ROW(gaps)},
    {"fetches", "jsonb", AUDIT_TEXT_OR_NULL, OF_ROW(fetches)},
    {"is_cut", "boolean", AUDIT_FLAG, offsetof(struct audit_item, is_cut)},
    {"took_us", "bigint", AUDIT_U64, OF_ROW(took_us)},
    {"parse_us", "bigint", AUDIT_U64, OF_ROW(parse_us)},
    {"wait_us", "bigint", AUDIT_U64, OF_ROW(wait_us)},
    {"decide_us", "bigint", AUDIT_U64, OF_ROW(decide_us)},
    {"render_us", "bigint", AUDIT_U64, OF_ROW(render_us)},
};
static_assert(ARRAY_LEN(COLUMNS) <= AUDIT_WRITE_COLUMNS_MAX, "one buffer per column");
static_assert(ARRAY_LEN(COLUMNS) + 1 <= DB_PARAMS_MAX, "one parameter per column");

static void make_sql(struct audit_writer *writer)
{
    struct buf sql;

    buf_init(&sql, sizeof writer->sql - 1);
    buf_add_text(&sql, "INSERT INTO pgxgate.audit (writer");
    for (size_t i = 0; i < ARRAY_LEN(COLUMNS); i++)
        buf_printf(&sql, ", %s", COLUMNS[i].name);
    buf_add_text(&sql, ") SELECT $1::uuid, rows.* FROM unnest(");
    for (size_t i = 0; i < ARRAY_LEN(COLUMNS); i++)
        buf_printf(&sql, "%s$%zu::%s[]", i > 0 ? ", " : "", i + 2, COLUMNS[i].type);
    buf_add_text(&sql, ") AS rows ON CONFLICT DO NOTHING");
    if (!buf_failed(&sql))
        memcpy(writer->sql, sql.bytes, sql.len + 1);
    buf_release(&sql);
    writer->statement = (struct db_statement){"write audit rows", writer->sql, true};
}

enum err_code audit_writer_init(struct audit_writer *writer, struct err *err)
{
    char seed[32];
    ssize_t got;

    *writer = (struct audit_writer){.sql = ""};
    do {
        got = getrandom(seed, sizeof seed, 0);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof seed)
        return err_set(err, ERR_INTERNAL, "the system gives no random bytes");
    digest_uuid((struct slice){.ptr = seed, .len = sizeof seed}, writer->id);
    make_sql(writer);
    if (writer->sql[0] == '\0')
        return err_set(err, ERR_NOMEM, "no memory for the audit");
    for (size_t i = 0; i < ARRAY_LEN(COLUMNS); i++)
        buf_init(&writer->arrays[i], ARRAY_BYTES_MAX);
    return ERR_OK;
}

void audit_writer_release(struct audit_writer *writer)
{
    for (size_t i = 0; i < ARRAY_LEN(COLUMNS); i++)
        buf_release(&writer->arrays[i]);
}

/* --- one element of an array literal (PostgreSQL documentation, 8.15.6) ---------------------
 */

static void write_text(struct buf *buf, struct slice text)
{
    buf_add_char(buf, '"');
    for (size_t i = 0; i < text.len;) {
        size_t plain = i;

        while (plain < text.len && text.ptr[plain] != '"' && text.ptr[plain] != '\\')
            plain++;
        buf_add(buf, (struct slice){.ptr = text.ptr + i, .len = plain - i});
        if (plain < text.len) {
            buf_add_char(buf, '\\');
            buf_add_char(buf, text.ptr[plain++]);
        }
        i = plain;
    }
    buf_add_char(buf, '"');
}

static void write_time(struct buf *buf, uint64_t at_us)
{
    time_t seconds = (time_t)(at_us / 1000000);
    struct tm utc;
    char text[32];

    if (gmtime_r(&seconds, &utc) == NULL || strftime(text, sizeof text, "%FT%T", &utc) == 0) {
        buf_add_text(buf, "epoch");
        return;
    }
    buf_printf(buf, "%s.%06uZ", text, (unsigned)(at_us % 1000000));
}

static void write_element(struct buf *buf, enum audit_kind kind, const char *at)
{
    struct slice text;
    uint64_t number = 0;
    bool flag;

    switch (kind) {
    case AUDIT_TIME:
        memcpy(&number, at, sizeof number);
        write_time(buf, number);
        return;
    case AUDIT_TEXT:
    case AUDIT_TEXT_OR_NULL:
        memcpy(&text, at, sizeof text);
        if (text.len == 0 && kind == AUDIT_TEXT_OR_NULL)
            buf_add_text(buf, "NULL");
        else
            write_text(buf, text);
        return;
    case AUDIT_U32: {
        uint32_t small;

        memcpy(&small, at, sizeof small);
        buf_printf(buf, "%u", small);
        return;
    }
    case AUDIT_U64:
        memcpy(&number, at, sizeof number);
        buf_printf(buf, "%llu", (unsigned long long)number);
        return;
    case AUDIT_FLAG:
        memcpy(&flag, at, sizeof flag);
        buf_add_char(buf, flag ? 't' : 'f');
        return;
    }
}

enum err_code audit_write(struct audit_writer *writer, struct db *db,
                          struct audit_item *const *items, size_t count, struct err *err)
{
    const char *params[ARRAY_LEN(COLUMNS) + 1] = {writer->id};

    for (size_t c = 0; c < ARRAY_LEN(COLUMNS); c++) {
        struct buf *array = &writer->arrays[c];

        if (array->room > ARRAY_BYTES_KEEP)
            buf_release(array);
        buf_clear(array);
        buf_add_char(array, '{');
        for (size_t i = 0; i < count; i++) {
            if (i > 0)
                buf_add_char(array, ',');
            write_element(array, COLUMNS[c].kind, (const char *)items[i] + COLUMNS[c].offset);
        }
        buf_add_char(array, '}');
        if (buf_failed(array))
            return err_set(err, ERR_NOMEM, "no memory for audit rows");
        params[c + 1] = array->bytes;
    }
    return db_query(db, &writer->statement, params, ARRAY_LEN(params), NULL, err);
}
