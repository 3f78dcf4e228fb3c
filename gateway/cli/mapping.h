/* gateway/cli/mapping.h -- the site's result mapping that a command works with. */
#ifndef GATEWAY_CLI_MAPPING_H
#define GATEWAY_CLI_MAPPING_H

#include "gateway/store/result_mapping.h"

/* Reads the file; an empty path gives an empty mapping. False after having said why, with
 * `what` named it: "pgxgate COMMAND: WHAT: FILE:LINE: reason". */
bool cli_read_mapping(const char *command, const char *what, const char *path,
                      struct result_mapping *ret);

#endif
