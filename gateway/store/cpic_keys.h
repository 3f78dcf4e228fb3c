/* gateway/store/cpic_keys.h -- lookup keys of a publisher's row, for cpic_advice.c alone. */
#ifndef GATEWAY_STORE_CPIC_KEYS_H
#define GATEWAY_STORE_CPIC_KEYS_H

#include "gateway/store/cpic_private.h"

/* Reads the row's keys. *ret_is_read is false for a row that is left out; a note says why. */
enum err_code cpic_read_row(struct cpic_import *a, struct slice publisher,
                            const struct cpic_recommendation *row, struct cpic_row *ret,
                            bool *ret_is_read) MUST_CHECK;

#endif
