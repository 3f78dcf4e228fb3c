/* fhir/shape.h -- lists that real senders write as a single value; private to fhir/.
 *
 *     for (struct json c = shape_first(list); !json_is_absent(c); c = shape_next(list, c))
 */
#ifndef FHIR_SHAPE_H
#define FHIR_SHAPE_H

#include "fhir/json_pick.h"

static inline struct json shape_first(struct json list)
{
    return json_is(list, JSON_ARRAY) ? json_first(list) : list;
}

static inline struct json shape_next(struct json list, struct json element)
{
    return json_is(list, JSON_ARRAY) ? json_next(element) : JSON_NONE;
}

struct shape_coding {
    struct json system, code, display;
};

static inline struct shape_coding shape_coding(struct json coding)
{
    static const struct json_want WANTS[] = {JSON_WANT("system"), JSON_WANT("code"),
                                             JSON_WANT("display")};
    struct json found[ARRAY_LEN(WANTS)];

    json_pick(coding, WANTS, ARRAY_LEN(WANTS), found);
    return (struct shape_coding){found[0], found[1], found[2]};
}

#endif
