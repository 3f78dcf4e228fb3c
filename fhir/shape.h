/* fhir/shape.h -- lists that real senders write as a single value; private to fhir/.
 *
 *     for (struct json c = shape_first(list); !json_is_absent(c); c = shape_next(list, c))
 */
#ifndef FHIR_SHAPE_H
#define FHIR_SHAPE_H

#include "fhir/json.h"

static inline struct json shape_first(struct json list)
{
    return json_is(list, JSON_ARRAY) ? json_first(list) : list;
}

static inline struct json shape_next(struct json list, struct json element)
{
    return json_is(list, JSON_ARRAY) ? json_next(element) : JSON_NONE;
}

#endif
