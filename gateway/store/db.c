/* gateway/store/db.c -- libpq behind deadlines.
 *
 * Connecting uses libpq's blocking call, because only that one honours connect_timeout for each
 * host of a list. Everything after it is sent without blocking and awaited with poll, so that a
 * server that went away without a word costs a deadline and not a thread.
 *
 * Invariant: between public calls no result is owed, or the connection is not usable.
 */
#include "gateway/store/db.h"

#include <assert.h>
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>

#define ANSWER_GRACE_MS 2000 /* for the server's own timeout to reach us */
#define POLL_NEVER      INT64_MAX
#define KEPT_NAME_SIZE  32

struct db {
    PGconn *conn;
    uint32_t statement_timeout_ms;
    int interrupt_fd;
    uint32_t interrupt_grace_ms;
    int64_t interrupted_until_ms; /* POLL_NEVER until the interrupt was seen */
    int64_t deadline_ms;          /* of the call that runs */
    bool is_broken;
    char sqlstate[6];
    const char *copy_label; /* of the COPY that runs */
    const struct db_statement *kept[DB_KEPT_MAX];
    size_t kept_count;
};

/* --- time and waiting ----------------------------------------------------------------------
 */

static int64_t now_ms(void)
{
    struct timespec now;
    int failed = clock_gettime(CLOCK_MONOTONIC, &now);

    assert(failed == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void start_clock(struct db *db)
{
    db->sqlstate[0] = '\0';
    db->deadline_ms = earlier(now_ms() + db->statement_timeout_ms + ANSWER_GRACE_MS,
                              db->interrupted_until_ms);
}

static void note_interrupt(struct db *db)
{
    db->interrupted_until_ms = now_ms() + db->interrupt_grace_ms;
    db->deadline_ms = earlier(db->deadline_ms, db->interrupted_until_ms);
}

static enum err_code broken(struct db *db, enum err_code code, const char *label,
                            const char *why, struct err *err)
{
    db->is_broken = true;
    return err_set(err, code, "%s: %s", label, why);
}

/* Until the socket is ready for one of `events`. */
static enum err_code await(struct db *db, short events, const char *label, struct err *err)
{
    for (;;) {
        bool is_interrupted = db->interrupted_until_ms != POLL_NEVER;
        struct pollfd fds[] = {
            {.fd = PQsocket(db->conn), .events = events},
            {.fd = is_interrupted ? -1 : db->interrupt_fd, .events = POLLIN},
        };
        int64_t left_ms = db->deadline_ms - now_ms();
        int ready;

        if (fds[0].fd < 0)
            return broken(db, ERR_UPSTREAM, label, "the connection is lost", err);
        if (left_ms <= 0)
            return broken(db, ERR_TIMEOUT, label, "the database does not answer", err);
        ready = poll(fds, ARRAY_LEN(fds), (int)earlier(left_ms, INT32_MAX));
        if (ready < 0 && errno != EINTR)
            return broken(db, ERR_INTERNAL, label, "poll failed", err);
        if (ready > 0 && fds[1].revents != 0)
            note_interrupt(db);
        if (ready > 0 && fds[0].revents != 0)
            return ERR_OK;
    }
}

/* --- errors --------------------------------------------------------------------------------
 */

/* SQLSTATE or its class (PostgreSQL documentation, appendix A) to our code; first match. */
static const struct {
    const char *prefix;
    enum err_code code;
} SQLSTATES[] = {
    {"PX001", ERR_DENIED}, {"PX002", ERR_INVALID}, /* raised by our own triggers */
    {"PX003", ERR_DENIED}, {"22", ERR_INVALID},    {"23", ERR_INVALID},
    {"28", ERR_AUTH},      {"25006", ERR_DENIED},  {"40", ERR_BUSY},
    {"42501", ERR_DENIED}, {"42P01", ERR_INVALID}, {"3F000", ERR_INVALID},
    {"42", ERR_INTERNAL},  {"55P03", ERR_BUSY},    {"57014", ERR_TIMEOUT},
};

static enum err_code code_of(const char *sqlstate)
{
    for (size_t i = 0; i < ARRAY_LEN(SQLSTATES); i++)
        if (strncmp(sqlstate, SQLSTATES[i].prefix, strlen(SQLSTATES[i].prefix)) == 0)
            return SQLSTATES[i].code;
    return ERR_UPSTREAM;
}

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

/* The server's own words may quote a value, so they are kept only for statements that have none
 * (is_fixed) and for what our triggers raise. */
static enum err_code fail(struct db *db, const PGresult *result, const char *label,
                          bool is_fixed, struct err *err)
{
    const char *sqlstate = or_empty(PQresultErrorField(result, PG_DIAG_SQLSTATE));
    const char *words = or_empty(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    const char *table = or_empty(PQresultErrorField(result, PG_DIAG_TABLE_NAME));
    const char *constraint = or_empty(PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME));
    bool says = is_fixed || strncmp(sqlstate, "PX", 2) == 0;

    if (sqlstate[0] == '\0') { /* libpq's own: the server is gone */
        db->is_broken = true;
        return err_set(err, ERR_UPSTREAM, "%s: the connection is lost", label);
    }
    (void)snprintf(db->sqlstate, sizeof db->sqlstate, "%s", sqlstate);
    return err_set(err, code_of(sqlstate), "%s: SQLSTATE %s%s%s%s%s%s%s", label, sqlstate,
                   table[0] != '\0' ? ", table " : "", table,
                   constraint[0] != '\0' ? ", constraint " : "", constraint, says ? ": " : "",
                   says ? words : "");
}

/* --- connecting ----------------------------------------------------------------------------
 */

static enum err_code check_conninfo(const char *conninfo, struct err *err)
{
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);

    /* libpq's message quotes the text at fault, which may be a password. */
    if (options == NULL)
        return err_set(err, ERR_INVALID,
                       "the connection string is malformed: give key=value pairs such as "
                       "\"host=/run/postgresql dbname=pgxgate\", or a postgresql:// URI");
    PQconninfoFree(options);
    return ERR_OK;
}

static enum err_code refuse_connection(PGconn *conn, struct err *err)
{
    const char *words = or_empty(PQerrorMessage(conn));
    const char *password = or_empty(PQpass(conn));
    char line[ERR_TEXT_BYTES_MAX];

    if (password[0] != '\0' && strstr(words, password) != NULL)
        words = "(the reason repeats the password and is withheld)";
    (void)snprintf(line, sizeof line, "%s", words);
    for (char *c = line; *c != '\0'; c++)
        if (*c == '\n' || *c == '\t')
            *c = ' ';
    return err_set(err, ERR_UPSTREAM, "cannot connect to the database: %s",
                   line[0] != '\0' ? line : "no memory");
}

static enum err_code set_up_session(struct db *db, struct err *err)
{
    static const struct db_statement SET_UP = {
        "set up session",
        "SELECT set_config('statement_timeout', $1, false), "
        "set_config('lock_timeout', $1, false), "
        "set_config('idle_in_transaction_session_timeout', '600000', false), "
        "set_config('client_min_messages', 'warning', false), "
        "set_config('timezone', 'UTC', false), set_config('datestyle', 'ISO', false)",
        false};
    const char *encoding = or_empty(PQparameterStatus(db->conn, "server_encoding"));
    char timeout[16];
    const char *params[] = {timeout};

    if (strcmp(encoding, "UTF8") != 0)
        return err_set(err, ERR_INVALID, "the database's encoding is %s, it must be UTF8",
                       encoding);
    (void)snprintf(timeout, sizeof timeout, "%u", db->statement_timeout_ms);
    return db_query(db, &SET_UP, params, ARRAY_LEN(params), NULL, err);
}

static void ignore_notice(void *owner, const PGresult *result)
{
    (void)owner;
    (void)result;
}

enum err_code db_connect(const struct db_options *options, struct db **ret, struct err *err)
{
    char timeout[16];
    const char *const keys[] = {"connect_timeout", "fallback_application_name", "dbname",
                                "client_encoding", NULL};
    const char *const values[] = {timeout, options->application_name, options->conninfo, "UTF8",
                                  NULL};
    enum err_code code = check_conninfo(options->conninfo, err);
    struct db *db;

    assert(options->statement_timeout_ms > 0);
    if (code != ERR_OK)
        return code;
    db = malloc(sizeof *db);
    if (db == NULL)
        return err_set(err, ERR_NOMEM, "no memory for a database connection");
    (void)snprintf(timeout, sizeof timeout, "%u", options->connect_timeout_s);
    *db = (struct db){.conn = PQconnectdbParams(keys, values, 1),
                      .statement_timeout_ms = options->statement_timeout_ms,
                      .interrupt_fd = options->interrupt_fd,
                      .interrupt_grace_ms = options->interrupt_grace_ms,
                      .interrupted_until_ms = POLL_NEVER};
    if (PQstatus(db->conn) != CONNECTION_OK) {
        code = refuse_connection(db->conn, err);
    } else if (PQsetnonblocking(db->conn, 1) != 0) {
        code = err_set(err, ERR_NOMEM, "no memory for a database connection");
    } else {
        (void)PQsetNoticeReceiver(db->conn, ignore_notice, NULL);
        code = set_up_session(db, err);
    }
    if (code != ERR_OK) {
        db_free(db);
        return code;
    }
    *ret = db;
    return ERR_OK;
}

void db_free(struct db *db)
{
    if (db == NULL)
        return;
    PQfinish(db->conn); /* accepts NULL */
    free(db);
}

bool db_is_usable(const struct db *db)
{
    return !db->is_broken && PQstatus(db->conn) == CONNECTION_OK;
}

const char *db_sqlstate(const struct db *db)
{
    return db->sqlstate;
}

/* --- statements ----------------------------------------------------------------------------
 */

/* Hands everything queued to the kernel, reading meanwhile so that neither side waits for the
 * other (PQflush, libpq documentation 34.4). */
static enum err_code flush(struct db *db, const char *label, struct err *err)
{
    for (;;) {
        int left = PQflush(db->conn);
        enum err_code code;

        if (left == 0)
            return ERR_OK;
        if (left < 0)
            return broken(db, ERR_UPSTREAM, label, "the connection is lost", err);
        code = await(db, POLLIN | POLLOUT, label, err);
        if (code != ERR_OK)
            return code;
        if (PQconsumeInput(db->conn) == 0)
            return broken(db, ERR_UPSTREAM, label, "the connection is lost", err);
    }
}

/* The next result; NULL after the last one. */
static enum err_code next_result(struct db *db, const char *label, PGresult **ret,
                                 struct err *err)
{
    while (PQisBusy(db->conn) != 0) {
        enum err_code code = await(db, POLLIN, label, err);

        if (code != ERR_OK)
            return code;
        if (PQconsumeInput(db->conn) == 0)
            return broken(db, ERR_UPSTREAM, label, "the connection is lost", err);
    }
    *ret = PQgetResult(db->conn);
    return ERR_OK;
}

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* Reads all results that are owed. Keeps the last one of them when all are good. */
static enum err_code finish(struct db *db, const char *label, bool is_fixed, PGresult **ret,
                            struct err *err)
{
    enum err_code failed = ERR_OK;
    PGresult *last = NULL;

    for (;;) {
        PGresult *result = NULL;
        enum err_code code = next_result(db, label, &result, err);

        if (code != ERR_OK) {
            failed = code;
            break;
        }
        if (result == NULL)
            break;
        PQclear(last);
        last = result;
        if (PQresultStatus(result) == PGRES_COPY_IN ||
            PQresultStatus(result) == PGRES_COPY_OUT ||
            PQresultStatus(result) == PGRES_COPY_BOTH) {
            failed = broken(db, ERR_INTERNAL, label, "a COPY nobody asked for", err);
            break;
        }
        if (failed == ERR_OK && !is_good(result))
            failed = fail(db, result, label, is_fixed, err);
    }
    if (failed != ERR_OK || ret == NULL)
        PQclear(last);
    else
        *ret = last;
    return failed;
}

static enum err_code send_and_finish(struct db *db, int sent, const char *label, bool is_fixed,
                                     PGresult **ret, struct err *err)
{
    enum err_code code;

    if (sent == 0)
        return broken(db, ERR_UPSTREAM, label, "the connection is lost", err);
    code = flush(db, label, err);
    return code != ERR_OK ? code : finish(db, label, is_fixed, ret, err);
}

enum err_code db_exec(struct db *db, const char *label, const char *sql, struct err *err)
{
    if (!db_is_usable(db))
        return err_set(err, ERR_UPSTREAM, "%s: the connection is lost", label);
    start_clock(db);
    return send_and_finish(db, PQsendQuery(db->conn, sql), label, true, NULL, err);
}

static void kept_name(size_t place, char ret[KEPT_NAME_SIZE])
{
    (void)snprintf(ret, KEPT_NAME_SIZE, "kept_%zu", place);
}

/* Prepares the statement unless this connection knows it. */
static enum err_code keep(struct db *db, const struct db_statement *statement,
                          char ret_name[KEPT_NAME_SIZE], struct err *err)
{
    size_t place = 0;
    enum err_code code;

    while (place < db->kept_count && db->kept[place] != statement)
        place++;
    kept_name(place, ret_name);
    if (place < db->kept_count)
        return ERR_OK;
    assert(place < DB_KEPT_MAX);
    code = send_and_finish(db, PQsendPrepare(db->conn, ret_name, statement->sql, 0, NULL),
                           statement->label, true, NULL, err);
    if (code == ERR_OK)
        db->kept[db->kept_count++] = statement;
    return code;
}

enum err_code db_query(struct db *db, const struct db_statement *statement,
                       const char *const *params, size_t params_count, struct db_rows **ret,
                       struct err *err)
{
    PGresult *result = NULL;
    enum err_code code = ERR_OK;
    char name[KEPT_NAME_SIZE];
    int sent;

    assert(params_count <= DB_PARAMS_MAX);
    if (!db_is_usable(db))
        return err_set(err, ERR_UPSTREAM, "%s: the connection is lost", statement->label);
    start_clock(db);
    if (statement->is_kept)
        code = keep(db, statement, name, err);
    if (code != ERR_OK)
        return code;
    sent = statement->is_kept
               ? PQsendQueryPrepared(db->conn, name, (int)params_count, params, NULL, NULL, 0)
               : PQsendQueryParams(db->conn, statement->sql, (int)params_count, NULL, params,
                                   NULL, NULL, 0);
    code = send_and_finish(db, sent, statement->label, params_count == 0, &result, err);
    if (code != ERR_OK)
        return code;
    if (ret != NULL)
        *ret = (struct db_rows *)result;
    else
        PQclear(result);
    return ERR_OK;
}

static const PGresult *result_of(const struct db_rows *rows)
{
    return (const PGresult *)rows;
}

size_t db_rows_count(const struct db_rows *rows)
{
    return (size_t)PQntuples(result_of(rows));
}

struct slice db_cell(const struct db_rows *rows, size_t row, size_t column)
{
    const PGresult *result = result_of(rows);

    assert(row < db_rows_count(rows) && column < (size_t)PQnfields(result));
    if (PQgetisnull(result, (int)row, (int)column) != 0)
        return SLICE_NONE;
    return (struct slice){.ptr = PQgetvalue(result, (int)row, (int)column),
                          .len = (size_t)PQgetlength(result, (int)row, (int)column)};
}

void db_rows_free(struct db_rows *rows)
{
    PQclear((PGresult *)rows); /* accepts NULL */
}

enum err_code db_begin(struct db *db, struct err *err)
{
    return db_exec(db, "begin", "BEGIN", err);
}

enum err_code db_commit(struct db *db, struct err *err)
{
    return db_exec(db, "commit", "COMMIT", err);
}

void db_rollback(struct db *db)
{
    struct err ignored = {0};

    if (db_is_usable(db) && PQtransactionStatus(db->conn) != PQTRANS_IDLE &&
        db_exec(db, "rollback", "ROLLBACK", &ignored) != ERR_OK)
        db->is_broken = true;
}

/* --- COPY ----------------------------------------------------------------------------------
 */

enum err_code db_copy_begin(struct db *db, const char *label, const char *sql, struct err *err)
{
    PGresult *result = NULL;
    enum err_code code;

    if (!db_is_usable(db))
        return err_set(err, ERR_UPSTREAM, "%s: the connection is lost", label);
    start_clock(db);
    if (PQsendQuery(db->conn, sql) == 0)
        return broken(db, ERR_UPSTREAM, label, "the connection is lost", err);
    code = flush(db, label, err);
    if (code == ERR_OK)
        code = next_result(db, label, &result, err);
    if (code != ERR_OK)
        return code;
    if (PQresultStatus(result) == PGRES_COPY_IN) {
        PQclear(result);
        db->copy_label = label;
        return ERR_OK;
    }
    code = fail(db, result, label, true, err);
    PQclear(result);
    return finish(db, label, true, NULL, err) == ERR_OK ? code : err->code;
}

enum err_code db_copy_add(struct db *db, struct slice lines, struct err *err)
{
    assert(db->copy_label != NULL && lines.len <= INT32_MAX);
    for (;;) {
        int done = PQputCopyData(db->conn, lines.ptr, (int)lines.len);
        enum err_code code;

        if (done > 0)
            return flush(db, db->copy_label, err);
        if (done < 0)
            return broken(db, ERR_UPSTREAM, db->copy_label, "the connection is lost", err);
        code = flush(db, db->copy_label, err);
        if (code != ERR_OK)
            return code;
    }
}

enum err_code db_copy_end(struct db *db, struct err *err)
{
    const char *label = db->copy_label;
    int done;

    assert(label != NULL);
    db->copy_label = NULL;
    while ((done = PQputCopyEnd(db->conn, NULL)) == 0) {
        enum err_code code = flush(db, label, err);

        if (code != ERR_OK)
            return code;
    }
    return send_and_finish(db, done > 0, label, false, NULL, err);
}

/* --- notifications -------------------------------------------------------------------------
 */

enum err_code db_listen(struct db *db, const char *channel, struct err *err)
{
    char sql[96];
    int len = snprintf(sql, sizeof sql, "LISTEN %s", channel);

    assert(len > 0 && (size_t)len < sizeof sql);
    return db_exec(db, "listen", sql, err);
}

static bool take_notifications(struct db *db)
{
    bool is_notified = false;

    for (PGnotify *note = PQnotifies(db->conn); note != NULL; note = PQnotifies(db->conn)) {
        is_notified = true;
        PQfreemem(note);
    }
    return is_notified;
}

enum err_code db_wait(struct db *db, int fd, uint32_t timeout_ms, struct db_wake *ret,
                      struct err *err)
{
    struct pollfd fds[] = {{.fd = PQsocket(db->conn), .events = POLLIN},
                           {.fd = fd, .events = POLLIN}};
    struct db_wake wake = {.is_notified = take_notifications(db)};
    int ready;

    if (!db_is_usable(db))
        return err_set(err, ERR_UPSTREAM, "wait: the connection is lost");
    ready =
        poll(fds, ARRAY_LEN(fds), wake.is_notified ? 0 : (int)earlier(timeout_ms, INT32_MAX));
    if (ready < 0 && errno != EINTR)
        return broken(db, ERR_INTERNAL, "wait", "poll failed", err);
    if (ready > 0 && fds[0].revents != 0) {
        if (PQconsumeInput(db->conn) == 0)
            return broken(db, ERR_UPSTREAM, "wait", "the connection is lost", err);
        wake.is_notified |= take_notifications(db);
    }
    wake.is_fd_ready = ready > 0 && fds[1].revents != 0;
    *ret = wake;
    return ERR_OK;
}
