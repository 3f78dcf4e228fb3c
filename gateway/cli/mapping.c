/* gateway/cli/mapping.c -- read, or say why not. */
#include "gateway/cli/mapping.h"

#include <stdio.h>

bool cli_read_mapping(const char *command, const char *what, const char *path,
                      struct result_mapping *ret)
{
    struct err err = {0};

    *ret = (struct result_mapping){0};
    if (path[0] == '\0' || result_mapping_read(path, ret, &err) == ERR_OK)
        return true;
    (void)fprintf(stderr, "pgxgate %s: %s: %s\n", command, what, err.text);
    return false;
}
