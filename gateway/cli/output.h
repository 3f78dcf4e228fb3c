/* gateway/cli/output.h -- how commands print what they found. */
#ifndef GATEWAY_CLI_OUTPUT_H
#define GATEWAY_CLI_OUTPUT_H

#include "rules/base/buf.h"

/* One line of JSON to standard output, and the exit status. */
int cli_print_json(const char *command, const struct buf *json);

#endif
