/* gateway/cli/output.c -- to standard output, or why not. */
#include "gateway/cli/output.h"

#include "gateway/cli/exit.h"

int cli_print_json(const char *command, const struct buf *json)
{
    if (buf_failed(json)) {
        (void)fprintf(stderr, "pgxgate %s: the result is too large\n", command);
        return EXIT_INTERNAL;
    }
    (void)printf("%.*s\n", (int)json->len, json->bytes);
    return EXIT_OK;
}
