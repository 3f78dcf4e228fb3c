/* gateway/store/csv.h -- one line of comma separated values (RFC 4180). */
#ifndef GATEWAY_STORE_CSV_H
#define GATEWAY_STORE_CSV_H

#include "rules/base/buf.h"

/* Cuts a line without its end into at most fields_max fields; quotes are taken off. Fields
 * point into `unquoted`, which is emptied first. Returns how many there are; 0 for a line that
 * is not well formed, with the reason in *ret_reason. A line break inside quotes is not
 * understood. */
size_t csv_cut(struct slice line, struct buf *unquoted, struct slice *fields, size_t fields_max,
               const char **ret_reason);

#endif
