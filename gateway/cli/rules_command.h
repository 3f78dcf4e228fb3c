/* gateway/cli/rules_command.h -- what the subcommands of `pgxgate rules` share. */
#ifndef GATEWAY_CLI_RULES_COMMAND_H
#define GATEWAY_CLI_RULES_COMMAND_H

#include <stdbool.h>

#include "fhir/json_write.h"
#include "gateway/store/releases.h"
#include "rules/knowledge.h"

#define RULES_OUTPUT_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define RULES_SHORT_HASH       12

struct rules_arguments {
    const char *conninfo;  /* --database, may be NULL */
    const char *knowledge; /* --knowledge, may be NULL */
    const char *word;      /* may be NULL */
    const char *second;    /* diff: the other one */
    const char *by;        /* approve: who; may be NULL */
    const char *note;      /* approve; may be NULL */
    const char *at;        /* activate: when; may be NULL */
    const char *approvals; /* policy: how many; may be NULL */
    bool wants_json;
};

/* Each gives the exit status. argv[0] is "import"; reads its own options. */
int rules_import(int argc, char **argv);
int rules_show(const struct rules_arguments *arguments);
int rules_test(const struct rules_arguments *arguments);
int rules_activate(const struct rules_arguments *arguments);
int rules_rollback(const struct rules_arguments *arguments);
int rules_unschedule(const struct rules_arguments *arguments);
int rules_approve(const struct rules_arguments *arguments);
int rules_policy(const struct rules_arguments *arguments);
int rules_list(const struct rules_arguments *arguments);
int rules_diff_command(const struct rules_arguments *arguments);
int rules_coverage(const struct rules_arguments *arguments);
int rules_lint_command(const struct rules_arguments *arguments);

/* --- for these --- */

/* Prints the document and a line end; EXIT_INTERNAL when it did not fit. */
int rules_print_json(const struct buf *json);

/* Name, version, hash, state and dates as members of an object. */
void rules_write_info(struct json_writer *w, const struct release_info *info);

/* A database whose schema is new enough. */
int rules_open_database(const struct rules_arguments *arguments, const char *command,
                        struct db **ret);
/* Opens one, runs `run` with an arena for its infos, closes it. */
int rules_with_database(const struct rules_arguments *arguments, const char *command,
                        int (*run)(const struct rules_arguments *arguments, struct db *db,
                                   struct arena *arena));

/* Says why; EXIT_NO when the answer is no: there is no such release, or the life cycle or the
 * policy does not allow it. */
int rules_refuse(const char *command, const struct err *err);

/* The release that `word` selects (NULL: the newest import); its info lives in the arena. */
int rules_load_release(const char *command, struct db *db, const char *word,
                       struct arena *arena, struct release_info *ret_info,
                       struct rules_knowledge **ret);
int rules_load_files(const char *command, const char *dir, struct rules_knowledge **ret);
/* --knowledge, else the release of the database that the word selects, else the active one. */
int rules_load_any(const char *command, const struct rules_arguments *arguments,
                   struct rules_knowledge **ret);

/* A draft becomes tested; other states stay. */
int rules_mark_tested(const char *command, struct db *db, const struct release_info *info);

#endif
