/* gateway/store/db.h -- a blocking connection to PostgreSQL, with deadlines.
 *
 * The only door to libpq. It blocks, so it is for commands and for the store's own thread,
 * never for a loop. Every call ends within statement_timeout_ms and a little: the server is
 * told the same limit, and a server that does not answer at all is given up (the connection
 * then is not usable any more). Connecting ends within connect_timeout_s per host of the
 * string.
 *
 * Errors name the statement's label, the SQLSTATE and, when the server says so, table and
 * constraint: never parameters, rows or the password.
 *
 * A connection belongs to one thread at a time.
 */
#ifndef GATEWAY_STORE_DB_H
#define GATEWAY_STORE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/base/err.h"
#include "rules/base/slice.h"

#define DB_PARAMS_MAX 32
#define DB_KEPT_MAX   16 /* statements that are prepared once per connection */

struct db;
struct db_rows;

struct db_options {
    const char *conninfo;          /* key=value pairs or URI */
    const char *application_name;  /* unless the string names one */
    uint32_t connect_timeout_s;    /* per host, unless the string has one; 1 counts as 2 */
    uint32_t statement_timeout_ms; /* at least 1 */
    /* When this descriptor becomes readable, calls end within interrupt_grace_ms: how a thread
     * is asked to stop. -1: none. */
    int interrupt_fd;
    uint32_t interrupt_grace_ms;
};

/* `sql` is one statement. Of its parameters $1... all are text: cast them. */
struct db_statement {
    const char *label; /* for errors */
    const char *sql;
    bool is_kept; /* prepare it on first use; then the struct must outlive the connection */
};

/* ERR_INVALID: the string is malformed or the database's encoding is not UTF8; ERR_UPSTREAM:
 * no connection. */
enum err_code db_connect(const struct db_options *options, struct db **ret,
                         struct err *err) MUST_CHECK;
void db_free(struct db *db); /* accepts NULL */

/* False once the connection is lost or a deadline passed: free it and connect again. */
bool db_is_usable(const struct db *db);
/* Of the last failed call, "" when the server did not say one. Valid until the next call. */
const char *db_sqlstate(const struct db *db);

/* One or more fixed statements without parameters and without interesting rows. */
enum err_code db_exec(struct db *db, const char *label, const char *sql,
                      struct err *err) MUST_CHECK;
/* `ret` may be NULL when the rows do not matter; else db_rows_free it. A NULL parameter is
 * SQL's NULL. */
enum err_code db_query(struct db *db, const struct db_statement *statement,
                       const char *const *params, size_t params_count, struct db_rows **ret,
                       struct err *err) MUST_CHECK;

size_t db_rows_count(const struct db_rows *rows);
/* Text form, borrowed from the rows; ptr is NULL for SQL's NULL and ends in NUL otherwise. */
struct slice db_cell(const struct db_rows *rows, size_t row, size_t column);
void db_rows_free(struct db_rows *rows); /* accepts NULL */

/* A transaction. After a failure inside it: db_rollback, which cannot fail (at worst the
 * connection is not usable afterwards). */
enum err_code db_begin(struct db *db, struct err *err) MUST_CHECK;
enum err_code db_commit(struct db *db, struct err *err) MUST_CHECK;
void db_rollback(struct db *db);

/* COPY ... FROM STDIN: begin, add lines any number of times, end. After a failure the COPY is
 * over and the transaction must be rolled back. */
enum err_code db_copy_begin(struct db *db, const char *label, const char *sql,
                            struct err *err) MUST_CHECK;
enum err_code db_copy_add(struct db *db, struct slice lines, struct err *err) MUST_CHECK;
enum err_code db_copy_end(struct db *db, struct err *err) MUST_CHECK;

/* `channel` is a fixed identifier of ours. */
enum err_code db_listen(struct db *db, const char *channel, struct err *err) MUST_CHECK;

struct db_wake {
    bool is_notified; /* on any channel listened to */
    bool is_fd_ready;
};

/* Waits for a notification, for `fd` (-1: none) to become readable, or for timeout_ms. */
enum err_code db_wait(struct db *db, int fd, uint32_t timeout_ms, struct db_wake *ret,
                      struct err *err) MUST_CHECK;

#endif
