/* gateway/cli/batch.h -- commands that answer each line of a file with a line.
 *
 * A line that is wrong is told on standard error by its number, never by its content, which is
 * a patient's; the lines after it are answered all the same.
 */
#ifndef GATEWAY_CLI_BATCH_H
#define GATEWAY_CLI_BATCH_H

#include "rules/base/buf.h"
#include "rules/base/err.h"

#define BATCH_LINE_BYTES_MAX 65536
#define BATCH_LINE_PADDING   64 /* readable bytes behind a line, for the JSON reader */

struct batch {
    const char *command;
    uint64_t line_number; /* of the line being answered, from 1 */
    uint64_t complaints;
    uint64_t complained_line; /* one complaint a line */
    struct buf out;
};

struct batch_handler {
    const char *command; /* "phenotype" */
    /* One line without its end: UTF-8, no control characters but tabs, not blank. Adds its
     * answer to batch->out. What is wrong with the line is no error, but batch_complain. */
    enum err_code (*line)(void *owner, struct slice line, struct err *err);
    /* A line that breaks these rules, or is too long (then `line` is its beginning). */
    enum err_code (*bad_line)(void *owner, struct slice line, const char *reason,
                              struct err *err);
};

/* Reads all lines of the file (NULL, "-": standard input), writes the answers to standard
 * output and gives the exit status: EXIT_DATA when a line was complained of. *ret_batch is set
 * before the first line. */
int batch_run(const struct batch_handler *handler, const char *file, void *owner,
              struct batch **ret_batch);

/* "pgxgate COMMAND: line 7: reason"; the first hundred are shown, the rest is counted. */
void batch_complain(struct batch *batch, const char *reason);

#endif
