/* gateway/store/cpic_db.c -- CPIC's relations through a cursor each. */
#include "gateway/store/cpic_db.h"

#include "gateway/store/db.h"

#define CONNECT_TIMEOUT_S    10
#define STATEMENT_TIMEOUT_MS 120000
#define SQL_BYTES_MAX        ((size_t)8192)
#define FETCH_ROWS           "1000"
#define BEGIN                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL datestyle TO ISO"

static const struct db_statement COLUMNS = {
    "the columns of schema cpic",
    "SELECT table_name || '.' || column_name FROM information_schema.columns"
    " WHERE table_schema = 'cpic'",
    false,
};
static const struct db_statement FETCH = {"cpic rows", "FETCH " FETCH_ROWS " FROM cpic_rows",
                                          false};

struct reader {
    struct db *db;
    struct cpic_rows *rows;
    struct db_rows *columns; /* "table.column", of the whole schema */
    struct err *err;
};

static bool has_column(const struct reader *r, const char *table, const char *column)
{
    for (size_t i = 0; i < db_rows_count(r->columns); i++) {
        struct slice rest, name = db_cell(r->columns, i, 0), of = slice_cut(name, '.', &rest);

        if (slice_eq_text(of, table) && slice_eq_text(rest, column))
            return true;
    }
    return false;
}

static bool has_table(const struct reader *r, const char *table)
{
    for (size_t i = 0; i < db_rows_count(r->columns); i++) {
        struct slice rest;

        if (slice_eq_text(slice_cut(db_cell(r->columns, i, 0), '.', &rest), table))
            return true;
    }
    return false;
}

/* The name under which the database has the column; NULL when it has none. */
static const char *find_name(const struct reader *r, const struct cpic_column *column)
{
    for (size_t i = 0; i < ARRAY_LEN(column->names) && column->names[i] != NULL; i++)
        if (has_column(r, column->table, column->names[i]))
            return column->names[i];
    return NULL;
}

static enum err_code add_column(struct reader *r, const struct cpic_column *column,
                                struct buf *sql)
{
    const char *name = find_name(r, column);

    if (name == NULL && column->is_required)
        return err_set(r->err, ERR_INVALID, "no column cpic.%s.%s in this database",
                       column->table, column->names[0]);
    if (name == NULL)
        buf_add_text(sql, "NULL");
    else if (column->kind == CPIC_JSON)
        buf_printf(sql, "to_json(%s.%s)::text", column->table, name);
    else
        buf_printf(sql, "%s.%s::text", column->table, name);
    return ERR_OK;
}

static enum err_code declare(struct reader *r, const struct cpic_relation *relation)
{
    struct slice rest;
    struct buf sql;
    enum err_code code = ERR_OK;

    buf_init(&sql, SQL_BYTES_MAX);
    buf_add_text(&sql, "DECLARE cpic_rows NO SCROLL CURSOR FOR SELECT ");
    for (size_t i = 0; i < relation->columns_count && code == ERR_OK; i++) {
        code = add_column(r, &relation->columns[i], &sql);
        buf_add_text(&sql, ", ");
    }
    /* The first column of the order names the row for people. */
    buf_printf(&sql, "%.*s::text FROM %s ORDER BY %s",
               SLICE_ARG(slice_cut(slice_of(relation->order_by), ',', &rest)), relation->from,
               relation->order_by);
    if (code == ERR_OK && buf_failed(&sql))
        code = err_set(r->err, ERR_LIMIT, "cpic.%s: too many columns", relation->name);
    if (code == ERR_OK)
        code = db_exec(r->db, relation->name, buf_slice(&sql).ptr, r->err);
    buf_release(&sql);
    return code;
}

static enum err_code add_row(struct reader *r, const struct cpic_relation *relation,
                             const struct db_rows *fetched, size_t row)
{
    struct slice cells[CPIC_COLUMNS_MAX];
    char place[120];
    int len;

    for (size_t i = 0; i < relation->columns_count; i++)
        cells[i] = db_cell(fetched, row, i);
    len = snprintf(place, sizeof place, "cpic.%s %.*s", relation->name,
                   SLICE_ARG(slice_head(db_cell(fetched, row, relation->columns_count), 60)));
    return cpic_add_row(r->rows, relation, cells, (struct slice){place, (size_t)len}, r->err);
}

static enum err_code fetch_all(struct reader *r, const struct cpic_relation *relation,
                               size_t *ret_count)
{
    size_t count = 0;

    do {
        struct db_rows *fetched = NULL;
        enum err_code code = db_query(r->db, &FETCH, NULL, 0, &fetched, r->err);

        if (code != ERR_OK)
            return code;
        count = db_rows_count(fetched);
        for (size_t i = 0; i < count && code == ERR_OK; i++)
            code = add_row(r, relation, fetched, i);
        db_rows_free(fetched);
        if (code != ERR_OK)
            return code;
        *ret_count += count;
    } while (count > 0);
    return ERR_OK;
}

static enum err_code read_relation(struct reader *r, const struct cpic_relation *relation)
{
    size_t count = 0;

    if (relation->is_optional && !has_table(r, relation->name))
        return ERR_OK;
    if (declare(r, relation) != ERR_OK || fetch_all(r, relation, &count) != ERR_OK ||
        db_exec(r->db, relation->name, "CLOSE cpic_rows", r->err) != ERR_OK)
        return r->err->code;
    if (count == 0 && relation->must_have_rows)
        return err_set(r->err, ERR_INVALID, "cpic.%s is empty: was the dump restored?",
                       relation->name);
    return ERR_OK;
}

static enum err_code read_all(struct reader *r)
{
    if (db_exec(r->db, "begin", BEGIN, r->err) != ERR_OK ||
        db_query(r->db, &COLUMNS, NULL, 0, &r->columns, r->err) != ERR_OK)
        return r->err->code;
    if (db_rows_count(r->columns) == 0)
        return err_set(r->err, ERR_INVALID, "the database has no schema cpic to read");
    for (size_t i = 0; i < CPIC_RELATIONS_COUNT; i++)
        if (read_relation(r, &CPIC_RELATIONS[i]) != ERR_OK)
            return r->err->code;
    return db_commit(r->db, r->err);
}

enum err_code cpic_db_read(const char *conninfo, struct cpic_rows *rows, struct err *err)
{
    const struct db_options options = {
        .conninfo = conninfo,
        .application_name = "pgxgate-import",
        .connect_timeout_s = CONNECT_TIMEOUT_S,
        .statement_timeout_ms = STATEMENT_TIMEOUT_MS,
        .interrupt_fd = -1,
    };
    struct reader reader = {.rows = rows, .err = err};
    enum err_code code = db_connect(&options, &reader.db, err);

    if (code != ERR_OK)
        return code;
    code = read_all(&reader);
    db_rows_free(reader.columns);
    db_free(reader.db);
    return code;
}
