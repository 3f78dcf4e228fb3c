/* gateway/cli/knowledge.c -- from options to a snapshot. */
#include "gateway/cli/knowledge.h"

#include <stdlib.h>

#include "gateway/cli/database.h"
#include "gateway/cli/exit.h"
#include "gateway/store/snapshot.h"

#define SHIPPED_DIR "rules/knowledge"

bool cli_knowledge_add_pack(struct cli_knowledge *where, const char *dir)
{
    if (where->packs_count == CLI_PACKS_MAX)
        return false;
    where->packs[where->packs_count++] = dir;
    return true;
}

int cli_load_knowledge(const char *command, const struct cli_knowledge *where,
                       struct rules_knowledge **ret)
{
    const char *conninfo =
        where->conninfo != NULL ? where->conninfo : getenv("PGXGATE_DATABASE");
    bool uses_files = where->dir != NULL || where->packs_count > 0 || conninfo == NULL;
    struct err err = {0};

    if ((uses_files ? snapshot_from_packs(where->dir != NULL ? where->dir : SHIPPED_DIR,
                                          where->packs, where->packs_count, ret, &err)
                    : snapshot_from_database(conninfo, ret, &err)) == ERR_OK)
        return EXIT_OK;
    (void)cli_fail(command, &err);
    return err.code == ERR_UPSTREAM ? EXIT_UNAVAILABLE : EXIT_DATA;
}
