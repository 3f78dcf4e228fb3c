/* gateway/store/audit_write.h -- audit rows into PostgreSQL, many in one statement.
 *
 * One multi-row INSERT costs a thirtieth of one INSERT and commit per row; rows that arrived
 * before are recognised by (writer, sequence) and passed over.
 */
#ifndef GATEWAY_STORE_AUDIT_WRITE_H
#define GATEWAY_STORE_AUDIT_WRITE_H

#include "gateway/store/audit_queue.h"
#include "gateway/store/db.h"
#include "rules/base/buf.h"

#define AUDIT_WRITE_SQL_BYTES_MAX 2048
#define AUDIT_WRITE_COLUMNS_MAX   24

/* Must outlive the connections it is used with: its statement is kept prepared. */
struct audit_writer {
    char id[DIGEST_UUID_SIZE]; /* random: names this process in the rows */
    char sql[AUDIT_WRITE_SQL_BYTES_MAX];
    struct db_statement statement;
    struct buf arrays[AUDIT_WRITE_COLUMNS_MAX]; /* one per column, reused */
};

enum err_code audit_writer_init(struct audit_writer *writer, struct err *err) MUST_CHECK;
void audit_writer_release(struct audit_writer *writer);

/* One transaction: all of them or none. db_sqlstate tells whether it was the rows' fault. */
enum err_code audit_write(struct audit_writer *writer, struct db *db,
                          struct audit_item *const *items, size_t count,
                          struct err *err) MUST_CHECK;

#endif
