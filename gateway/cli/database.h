/* gateway/cli/database.h -- what the commands that talk to the database share. */
#ifndef GATEWAY_CLI_DATABASE_H
#define GATEWAY_CLI_DATABASE_H

#include "gateway/store/db.h"

/* Prints "pgxgate COMMAND: text" to standard error and gives the exit status for the code:
 * what the input is to blame for is EXIT_DATA, what the database is to blame for is
 * EXIT_UNAVAILABLE. */
int cli_fail(const char *command, const struct err *err);

/* Connects with `conninfo`, or with PGXGATE_DATABASE when it is NULL. Gives EXIT_OK, or what to
 * exit with after having said why. */
int cli_open_database(const char *command, const char *conninfo, uint32_t statement_timeout_ms,
                      struct db **ret);

/* The same for a database whose schema this program needs up to date. */
int cli_open_migrated(const char *command, const char *conninfo, uint32_t statement_timeout_ms,
                      struct db **ret);

#endif
