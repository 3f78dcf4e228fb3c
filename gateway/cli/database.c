/* gateway/cli/database.c -- a connection for a command, and its exit status when it fails. */
#include "gateway/cli/database.h"

#include "gateway/cli/exit.h"
#include "gateway/store/migrate.h"

#define CONNECT_TIMEOUT_S 5

static int exit_status(enum err_code code)
{
    switch (code) {
    case ERR_OK:
        return EXIT_OK;
    case ERR_SYNTAX:
    case ERR_INVALID:
    case ERR_LIMIT:
    case ERR_NOT_FOUND:
        return EXIT_DATA;
    case ERR_AUTH:
    case ERR_DENIED:
    case ERR_UPSTREAM:
    case ERR_TIMEOUT:
    case ERR_BUSY:
        return EXIT_UNAVAILABLE;
    case ERR_NOMEM:
    case ERR_INTERNAL:
        return EXIT_INTERNAL;
    }
    return EXIT_INTERNAL;
}

int cli_fail(const char *command, const struct err *err)
{
    (void)fprintf(stderr, "pgxgate %s: %s\n", command, err->text);
    return exit_status(err->code);
}

int cli_open_database(const char *command, const char *conninfo, uint32_t statement_timeout_ms,
                      struct db **ret)
{
    struct db_options options = {.conninfo = conninfo,
                                 .application_name = "pgxgate",
                                 .connect_timeout_s = CONNECT_TIMEOUT_S,
                                 .statement_timeout_ms = statement_timeout_ms,
                                 .interrupt_fd = -1};
    struct err err = {0};
    int status;

    if (options.conninfo == NULL)
        options.conninfo = getenv("PGXGATE_DATABASE");
    if (options.conninfo == NULL || options.conninfo[0] == '\0') {
        (void)fprintf(stderr,
                      "pgxgate %s: no database: give --database CONNINFO or set "
                      "PGXGATE_DATABASE\n",
                      command);
        return EXIT_CONFIG;
    }
    if (db_connect(&options, ret, &err) == ERR_OK)
        return EXIT_OK;
    status = cli_fail(command, &err);
    return err.code == ERR_INVALID ? EXIT_CONFIG : status;
}

int cli_open_migrated(const char *command, const char *conninfo, uint32_t statement_timeout_ms,
                      struct db **ret)
{
    struct err err = {0};
    struct db *db = NULL;
    int status = cli_open_database(command, conninfo, statement_timeout_ms, &db);

    if (status != EXIT_OK)
        return status;
    if (migrate_check(db, &err) != ERR_OK) {
        (void)cli_fail(command, &err);
        db_free(db);
        return EXIT_UNAVAILABLE;
    }
    *ret = db;
    return EXIT_OK;
}
