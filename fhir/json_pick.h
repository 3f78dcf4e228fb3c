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
#define JSON_WANTS_MAX      16
#define JSON_WANT_BYTES_MAX 31 /* of a name */

/* Which of the wants a name with escapes fits; rare. wants_count when none. */
size_t json_pick_escaped(struct slice raw, const struct json_want *wants, size_t wants_count);

/* ret[i] becomes the member that wants[i] names, absent when there is none or it is null; of
 * several that fit a prefix the last. `object` may be anything; then all are absent. */
static inline __attribute__((always_inline)) void json_pick(struct json object,
                                                            const struct json_want *wants,
                                                            size_t wants_count,
                                                            struct json *ret)
{
    const struct json_doc *doc = object.doc;
    const struct json_node *node;
    uint32_t lengths = 0; /* of whole names; a constant to the compiler, as are the loops */

    assert(wants_count <= JSON_WANTS_MAX);
#pragma GCC unroll 16
    for (size_t i = 0; i < wants_count; i++) {
        ret[i] = JSON_NONE;
        lengths |= wants[i].is_prefix ? 0 : (uint32_t)1 << wants[i].len;
    }
    if (doc == NULL)
        return;
    node = &doc->nodes[object.at];
    if (node->type != JSON_OBJECT || (node->flags & JSON_NODE_HAS_CHILDREN) == 0)
        return;
    for (uint32_t at = object.at + 1; at != 0; at = node->next) {
        const char *name;
        size_t hit = wants_count;

        node = &doc->nodes[at];
        name = doc->text + node->name_start;
        if (__builtin_expect((node->flags & JSON_NODE_NAME_HAS_ESCAPE) != 0, 0))
            hit = json_pick_escaped((struct slice){name, node->name_len}, wants, wants_count);
        else if (node->name_len <= JSON_WANT_BYTES_MAX && (lengths >> node->name_len & 1) != 0)
#pragma GCC unroll 16
            for (size_t i = 0; i < wants_count; i++)
                if (!wants[i].is_prefix && node->name_len == wants[i].len &&
                    memcmp(name, wants[i].name, wants[i].len) == 0)
                    hit = i;
        if (hit == wants_count)
#pragma GCC unroll 16
            for (size_t i = 0; i < wants_count; i++)
                if (wants[i].is_prefix && node->name_len >= wants[i].len &&
                    memcmp(name, wants[i].name, wants[i].len) == 0)
                    hit = i;
        if (hit != wants_count && node->type != JSON_NULL)
            ret[hit] = (struct json){.doc = doc, .at = at};
    }
}

#endif
