/* fhir/json_private.h -- what the files of the JSON reader share; nobody else includes it.
 *
 * Nodes stand in document order. A container's first child is the node right behind it; `next`
 * leads from a value to its next sibling, over everything inside it, in one step.
 */
#ifndef FHIR_JSON_PRIVATE_H
#define FHIR_JSON_PRIVATE_H

#include <stdint.h>

#include "fhir/json.h"

enum {
    JSON_NODE_HAS_ESCAPE = 1,      /* the string's text must be unescaped */
    JSON_NODE_NAME_HAS_ESCAPE = 2, /* so must the member's name */
    JSON_NODE_HAS_CHILDREN = 4,
};

/* Offsets count from doc->text. A string's start and len leave its quotes out. */
struct json_node {
    uint32_t start;
    uint32_t len;
    uint32_t next; /* 0: the last of its siblings */
    uint32_t name_start;
    uint32_t name_len;
    uint16_t name_print; /* equal names without escapes have equal prints */
    uint8_t type;        /* enum json_type */
    uint8_t flags;
};

_Static_assert(sizeof(struct json_node) == 24,
               "the memory of a document is 24 bytes per value");

/* The bytes of a checked string, one by one, unescaped. */
struct json_bytes {
    const char *at;
    const char *end;
    char out[4]; /* what the last escape stood for */
    uint8_t out_len;
    uint8_t out_at;
};

struct json_bytes json_bytes_of(struct slice raw);
int json_bytes_next(struct json_bytes *bytes); /* -1 at the end */

/* Decodes one checked escape at `p` (a backslash) to UTF-8 and returns the place behind it. */
const char *json_unescape(const char *p, char out[4], uint8_t *ret_len);

/* Length of the well-formed UTF-8 sequence at p < end, 0 when there is none. Never looks at
 * or behind `end`. */
unsigned json_utf8_len(const char *p, const char *end);

int json_hex_digit(char c); /* -1: none */

/* Looks for two members of doc->nodes[object] with the same unescaped name, in linear time.
 * ERR_OK: none. ERR_INVALID: *ret is the later one's node. ERR_NOMEM. The document's nodes and
 * text must be in place; nodes_count need not be. */
enum err_code json_names_check(struct json_doc *doc, uint32_t object, uint32_t *ret) MUST_CHECK;

#endif
