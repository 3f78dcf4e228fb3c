/* fhir/json.h -- read JSON in one pass, without allocating per value.
 *
 * json_parse checks the whole text (RFC 8259 grammar, UTF-8, no lone surrogates, no U+0000,
 * no duplicate member names, depth and node limits) and writes one node per value into an
 * array that the caller reuses from text to text. Values are unescaped only when asked for.
 * This is the reader of the request path. Knowledge files are walked as json-c trees, behind
 * json_parse_located as the gate; in tests json-c is the oracle.
 *
 * Ownership: a struct json_doc owns its node array and borrows the text, which must stay
 * unchanged and must be followed by JSON_PADDING readable bytes (struct buf gives them).
 * A struct json is a cursor passed by value; it is valid until its document is parsed again
 * or released. Every accessor accepts a cursor of any type, also an absent one, and answers
 * "absent", "empty" or false: so a chain of look-ups needs no checks in between.
 */
#ifndef FHIR_JSON_H
#define FHIR_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/base/arena.h"
#include "rules/base/err.h"
#include "rules/base/slice.h"

#define JSON_PADDING        64
#define JSON_TEXT_BYTES_MAX (64u << 20) /* 64 MiB */
#define JSON_DEPTH_MAX      64

enum json_type {
    JSON_ABSENT, /* there is no such value */
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json_node; /* private */

struct json_doc {
    const char *text; /* borrowed */
    size_t len;
    struct json_node *nodes; /* owned */
    uint32_t nodes_count;
    uint32_t nodes_max;    /* allocated */
    uint32_t *names;       /* owned; a hash table for objects with many members */
    uint32_t names_max;    /* allocated */
    uint64_t names_key[2]; /* of that table's hash */
};

struct json {
    const struct json_doc *doc; /* NULL: absent */
    uint32_t at;
};

#define JSON_NONE ((struct json){0})

void json_doc_init(struct json_doc *doc);
void json_doc_release(struct json_doc *doc); /* accepts a zeroed doc */

/* Empties the doc and gives back memory above `nodes_keep` nodes (24 bytes each), so that one
 * huge body does not stay. */
void json_doc_trim(struct json_doc *doc, uint32_t nodes_keep);

/* ERR_SYNTAX for what RFC 8259 forbids, malformed UTF-8, lone surrogates and U+0000;
 * ERR_INVALID for an object that gives one name twice (compared unescaped); ERR_LIMIT for depth
 * above JSON_DEPTH_MAX, more than nodes_max values (names do not count) or a text above
 * JSON_TEXT_BYTES_MAX; ERR_NOMEM. err->text has the byte offset, never the bytes themselves. A
 * UTF-8 byte order mark at the start is skipped. On failure the doc is empty. */
enum err_code json_parse(struct json_doc *doc, struct slice text, uint32_t nodes_max,
                         struct err *err) MUST_CHECK;

/* The same, for texts that people edit: a failure also puts the byte offset into *fault_at (0
 * for a text above JSON_TEXT_BYTES_MAX); success leaves it alone. The bytes in front of it are
 * well-formed UTF-8. */
enum err_code json_parse_located(struct json_doc *doc, struct slice text, uint32_t nodes_max,
                                 size_t *fault_at, struct err *err) MUST_CHECK;

struct json json_root(const struct json_doc *doc);
enum json_type json_type(struct json value);
const char *json_type_name(enum json_type type); /* "object", "absent", ... */
bool json_is(struct json value, enum json_type type);
bool json_is_absent(struct json value);

/* Member of an object by its unescaped name; absent when there is none. A chain by path:
 * json_at(root, "context", "patientId") stops at the first absent step. */
struct json json_get(struct json object, const char *name);
struct json json_get_slice(struct json object, struct slice name);
struct json json_path(struct json value, const char *const *names, size_t names_count);
#define json_at(value, ...)                                                                    \
    json_path((value), (const char *const[]){__VA_ARGS__},                                     \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* Elements of an array, or values of an object's members, in document order:
 *     for (struct json e = json_first(array); !json_is_absent(e); e = json_next(e)) */
struct json json_first(struct json container);
struct json json_next(struct json element);
uint32_t json_count(struct json container); /* walks them; 0 for anything else */

/* The name of the member whose value this is, unescaped: borrowed from the document when it has
 * no escapes (nearly always), else made in the arena. Empty for array elements and the root.
 * When the arena is full: empty, and arena->has_failed. */
struct slice json_name(struct json member, struct arena *arena);

/* A string's unescaped text: borrowed from the document when it has no escapes, else made in
 * the arena. Empty for every other type (use json_is to tell an empty string from another
 * type). When the arena is full: empty, and arena->has_failed. */
struct slice json_text(struct json value, struct arena *arena);
/* True if this is a string equal to `text` after unescaping. Never allocates. */
bool json_text_is(struct json value, const char *text);

/* A number's digits as written, so that "0.10" stays "0.10"; empty for other types. */
struct slice json_number_text(struct json value);
bool json_to_i64(struct json value, int64_t *ret);   /* integers only, in range */
bool json_to_x100(struct json value, uint32_t *ret); /* see slice_to_x100 */
bool json_is_true(struct json value);

/* The value's bytes in the text, quotes and brackets included. */
struct slice json_raw(struct json value);

#endif
