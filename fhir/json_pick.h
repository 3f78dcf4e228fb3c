/* fhir/json_pick.h -- several members of one object in one pass.
 *
 * For readers that want most members of very many objects. Part of the JSON reader, and hot:
 * with a constant list of names the compiler turns the pass into a few comparisons per member,
 * so it stands here and not behind a call. Everything fhir/json.h says of cursors holds.
 */
#ifndef FHIR_JSON_PICK_H
#define FHIR_JSON_PICK_H

#include <assert.h>
#include <string.h>

#include "fhir/json_private.h"

struct json_want {
    const char *name;
    uint32_t len;
    bool is_prefix; /* any member whose name begins so: value[x] */
};

#define JSON_WANT(name)                                                                        \
    {                                                                                          \
        name, sizeof name - 1, false                                                           \
    }
#define JSON_WANT_PREFIX(name)                                                                 \
    {                                                                                          \
        name, sizeof name - 1, true                                                            \
    }
#define JSON_WANTS_MAX 16

/* The same for a name with escapes; rare. */
bool json_pick_escaped(struct slice raw, const struct json_want *want);

/* ret[i] becomes the member that wants[i] names, absent when there is none or it is null; of
 * several that fit a prefix the last. `object` may be anything; then all are absent. */
static inline __attribute__((always_inline)) void json_pick(struct json object,
                                                            const struct json_want *wants,
                                                            size_t wants_count,
                                                            struct json *ret)
{
    const struct json_node *nodes, *node;
    const struct json_doc *doc = object.doc;

    assert(wants_count <= JSON_WANTS_MAX);
#pragma GCC unroll 16
    for (size_t i = 0; i < wants_count; i++)
        ret[i] = JSON_NONE;
    if (doc == NULL)
        return;
    nodes = doc->nodes;
    node = &nodes[object.at];
    if (node->type != JSON_OBJECT || (node->flags & JSON_NODE_HAS_CHILDREN) == 0)
        return;
    for (uint32_t at = object.at + 1; at != 0; at = node->next) {
        const char *name;
        bool is_escaped;

        node = &nodes[at];
        name = doc->text + node->name_start;
        is_escaped = (node->flags & JSON_NODE_NAME_HAS_ESCAPE) != 0;
#pragma GCC unroll 16
        for (size_t i = 0; i < wants_count; i++) {
            bool fits = wants[i].is_prefix ? node->name_len >= wants[i].len
                                           : node->name_len == wants[i].len;

            if (__builtin_expect(is_escaped, 0))
                fits = json_pick_escaped((struct slice){name, node->name_len}, &wants[i]);
            else
                fits = fits && memcmp(name, wants[i].name, wants[i].len) == 0;
            if (fits && node->type != JSON_NULL)
                ret[i] = (struct json){.doc = doc, .at = at};
        }
    }
}

#endif
