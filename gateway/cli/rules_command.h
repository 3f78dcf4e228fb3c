/* gateway/cli/rules_command.h -- what the subcommands of `pgxgate rules` share. */
#ifndef GATEWAY_CLI_RULES_COMMAND_H
#define GATEWAY_CLI_RULES_COMMAND_H

#include "gateway/cli/rules_sources.h"

struct rules_arguments {
    const char *conninfo;  /* --database, may be NULL */
    const char *knowledge; /* --knowledge, may be NULL */
    const char *word;      /* may be NULL */
    bool wants_json;
    struct rules_sources sources; /* import */
};

int rules_show(const struct rules_arguments *arguments);

#endif
