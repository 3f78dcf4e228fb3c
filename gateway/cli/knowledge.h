/* gateway/cli/knowledge.h -- the knowledge that a command works with: files, or what is active.
 */
#ifndef GATEWAY_CLI_KNOWLEDGE_H
#define GATEWAY_CLI_KNOWLEDGE_H

#include "rules/knowledge.h"

#define CLI_PACKS_MAX 16

struct cli_knowledge {
    const char *dir;                  /* --knowledge; NULL: the active release */
    const char *packs[CLI_PACKS_MAX]; /* --pack, laid over dir */
    size_t packs_count;
    const char *conninfo; /* --database; NULL: PGXGATE_DATABASE */
};

/* False when there are too many. */
bool cli_knowledge_add_pack(struct cli_knowledge *where, const char *dir);

/* Without files and without a database: the folder rules/knowledge, where there is one. Gives
 * EXIT_OK, or what to exit with after having said why. */
int cli_load_knowledge(const char *command, const struct cli_knowledge *where,
                       struct rules_knowledge **ret);

#endif
