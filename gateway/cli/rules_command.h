/* gateway/cli/rules_command.h -- what the subcommands of `pgxgate rules` share. */
#ifndef GATEWAY_CLI_RULES_COMMAND_H
#define GATEWAY_CLI_RULES_COMMAND_H

#include <stdbool.h>

struct rules_arguments {
    const char *conninfo;  /* --database, may be NULL */
    const char *knowledge; /* --knowledge, may be NULL */
    const char *word;      /* may be NULL */
    bool wants_json;
};

/* argv[0] is "import"; reads its own options. */
int rules_import(int argc, char **argv);
int rules_show(const struct rules_arguments *arguments);

#endif
