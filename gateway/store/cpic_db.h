/* gateway/store/cpic_db.h -- reads a restored copy of CPIC's PostgreSQL database.
 *
 * CPIC publishes its database as a dump that restores to the schema `cpic`
 * (github.com/cpicpgx/cpic-data). Everything is read in one transaction that sees one state of
 * it and changes nothing, relation by relation and some thousand rows at a time.
 *
 * A dump may be older or newer: columns are taken under their old or new names, missing
 * optional ones are empty. A missing relation or column that is needed is an error that names
 * it.
 */
#ifndef GATEWAY_STORE_CPIC_DB_H
#define GATEWAY_STORE_CPIC_DB_H

#include "gateway/store/cpic_rows.h"

/* Adds to `rows`; after a failure they are to be released. ERR_UPSTREAM: no connection;
 * ERR_INVALID and others: err->text names relation, row and column. */
enum err_code cpic_db_read(const char *conninfo, struct cpic_rows *rows,
                           struct err *err) MUST_CHECK;

#endif
