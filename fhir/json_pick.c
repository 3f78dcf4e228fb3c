/* fhir/json_pick.c -- the rare part of json_pick.h: names that are written with escapes. */
#include "fhir/json_pick.h"

static bool fits(struct slice raw, const struct json_want *want)
{
    struct json_bytes bytes = json_bytes_of(raw);

    for (size_t i = 0; i < want->len; i++)
        if (json_bytes_next(&bytes) != (unsigned char)want->name[i])
            return false;
    return want->is_prefix || json_bytes_next(&bytes) < 0;
}

size_t json_pick_escaped(struct slice raw, const struct json_want *wants, size_t wants_count)
{
    size_t i = 0;

    while (i < wants_count && !fits(raw, &wants[i]))
        i++;
    return i;
}
