/* fhir/json_value.c -- cursors: from nodes to members, elements, texts and numbers.
 *
 * Everything here answers "absent", empty or false when the cursor points at another type or at
 * nothing. The texts were checked by the reader: nothing here meets a malformed escape.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fhir/json.h"
#include "fhir/json_private.h"

/* Names for error texts and logs. */
static const char *const TYPE_NAMES[] = {
    [JSON_ABSENT] = "absent", [JSON_NULL] = "null",     [JSON_FALSE] = "false",
    [JSON_TRUE] = "true",     [JSON_NUMBER] = "number", [JSON_STRING] = "string",
    [JSON_ARRAY] = "array",   [JSON_OBJECT] = "object",
};

void json_doc_init(struct json_doc *doc)
{
    *doc = (struct json_doc){0};
}

void json_doc_release(struct json_doc *doc)
{
    free(doc->nodes);
    free(doc->names);
    json_doc_init(doc);
}

void json_doc_trim(struct json_doc *doc, uint32_t nodes_keep)
{
    struct json_node *smaller = NULL;

    doc->text = NULL;
    doc->len = 0;
    doc->nodes_count = 0;
    if (doc->names_max > nodes_keep) {
        free(doc->names);
        doc->names = NULL;
        doc->names_max = 0;
    }
    if (doc->nodes_max <= nodes_keep)
        return;
    if (nodes_keep > 0) {
        smaller = reallocarray(doc->nodes, nodes_keep, sizeof *doc->nodes);
        if (smaller == NULL)
            return; /* the larger array goes on serving */
    } else {
        free(doc->nodes);
    }
    doc->nodes = smaller;
    doc->nodes_max = nodes_keep;
}

/* NULL for an absent cursor. */
static const struct json_node *node_of(struct json value)
{
    if (value.doc == NULL)
        return NULL;
    assert(value.at < value.doc->nodes_count);
    return &value.doc->nodes[value.at];
}

static struct json cursor(const struct json_doc *doc, uint32_t at)
{
    return (struct json){.doc = doc, .at = at};
}

struct json json_root(const struct json_doc *doc)
{
    return doc->nodes_count > 0 ? cursor(doc, 0) : JSON_NONE;
}

enum json_type json_type(struct json value)
{
    const struct json_node *node = node_of(value);

    return node == NULL ? JSON_ABSENT : (enum json_type)node->type;
}

const char *json_type_name(enum json_type type)
{
    assert((size_t)type < ARRAY_LEN(TYPE_NAMES));
    return TYPE_NAMES[type];
}

bool json_is(struct json value, enum json_type type)
{
    return json_type(value) == type;
}

bool json_is_absent(struct json value)
{
    return value.doc == NULL;
}

static struct slice raw_name(struct json member)
{
    const struct json_node *node = node_of(member);

    if (node == NULL)
        return SLICE_NONE;
    return (struct slice){.ptr = member.doc->text + node->name_start, .len = node->name_len};
}

static struct slice raw_text(struct json value)
{
    const struct json_node *node = node_of(value);

    return (struct slice){.ptr = value.doc->text + node->start, .len = node->len};
}

static bool has_flag(struct json value, unsigned flag)
{
    return (node_of(value)->flags & flag) != 0;
}

/* Is `text` what stands escaped in `raw`? */
static bool escaped_eq(struct slice raw, struct slice text)
{
    struct json_bytes bytes = json_bytes_of(raw);

    for (size_t i = 0; i < text.len; i++)
        if (json_bytes_next(&bytes) != (unsigned char)text.ptr[i])
            return false;
    return json_bytes_next(&bytes) < 0;
}

struct json json_get_slice(struct json object, struct slice name)
{
    if (!json_is(object, JSON_OBJECT))
        return JSON_NONE;
    for (struct json m = json_first(object); !json_is_absent(m); m = json_next(m)) {
        bool is_equal = has_flag(m, JSON_NODE_NAME_HAS_ESCAPE) ? escaped_eq(raw_name(m), name)
                                                               : slice_eq(raw_name(m), name);

        if (is_equal)
            return m;
    }
    return JSON_NONE;
}

struct json json_get(struct json object, const char *name)
{
    return json_get_slice(object, slice_of(name));
}

struct json json_path(struct json value, const char *const *names, size_t names_count)
{
    for (size_t i = 0; i < names_count && !json_is_absent(value); i++)
        value = json_get(value, names[i]);
    return value;
}

struct json json_first(struct json container)
{
    const struct json_node *node = node_of(container);

    if (node == NULL || (node->flags & JSON_NODE_HAS_CHILDREN) == 0)
        return JSON_NONE;
    return cursor(container.doc, container.at + 1);
}

struct json json_next(struct json element)
{
    const struct json_node *node = node_of(element);

    if (node == NULL || node->next == 0)
        return JSON_NONE;
    return cursor(element.doc, node->next);
}

uint32_t json_count(struct json container)
{
    uint32_t count = 0;

    for (struct json e = json_first(container); !json_is_absent(e); e = json_next(e))
        count++;
    return count;
}

int json_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

unsigned json_utf8_len(const char *p, const char *end)
{
    const unsigned char *u = (const unsigned char *)p;
    size_t left = (size_t)(end - p);
    unsigned char low = 0x80, high = 0xbf;
    unsigned len;

    /* Unicode 15, table 3-7: the lead byte narrows what may come second. */
    if (u[0] < 0x80)
        return 1;
    if (u[0] < 0xc2 || u[0] > 0xf4)
        return 0;
    len = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
    if (u[0] == 0xe0)
        low = 0xa0; /* shorter forms exist */
    else if (u[0] == 0xed)
        high = 0x9f; /* surrogates */
    else if (u[0] == 0xf0)
        low = 0x90; /* shorter forms exist */
    else if (u[0] == 0xf4)
        high = 0x8f; /* above U+10FFFF */
    if (left < len || u[1] < low || u[1] > high)
        return 0;
    for (unsigned i = 2; i < len; i++)
        if (u[i] < 0x80 || u[i] > 0xbf)
            return 0;
    return len;
}

static uint32_t hex4(const char *p)
{
    uint32_t unit = 0;

    for (int i = 0; i < 4; i++)
        unit = unit << 4 | (uint32_t)json_hex_digit(p[i]);
    return unit;
}

static uint8_t utf8_encode(uint32_t code_point, char out[4])
{
    static const unsigned char LEAD[] = {0, 0, 0xc0, 0xe0, 0xf0};
    uint8_t len = code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;

    for (int i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code_point & 0x3f));
        code_point >>= 6;
    }
    out[0] = (char)(LEAD[len] | code_point);
    return len;
}

const char *json_unescape(const char *p, char out[4], uint8_t *ret_len)
{
    static const char LETTERS[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    uint32_t unit;

    if (p[1] != 'u') {
        for (size_t i = 0; i < sizeof LETTERS - 1; i += 2)
            if (LETTERS[i] == p[1])
                out[0] = LETTERS[i + 1];
        *ret_len = 1;
        return p + 2;
    }
    unit = hex4(p + 2);
    p += 6;
    if (unit >= 0xd800 && unit <= 0xdbff) {
        unit = 0x10000 + ((unit - 0xd800) << 10) + (hex4(p + 2) - 0xdc00);
        p += 6;
    }
    *ret_len = utf8_encode(unit, out);
    return p;
}

struct json_bytes json_bytes_of(struct slice raw)
{
    return (struct json_bytes){.at = raw.ptr, .end = raw.ptr + raw.len};
}

int json_bytes_next(struct json_bytes *bytes)
{
    if (bytes->out_at < bytes->out_len)
        return (unsigned char)bytes->out[bytes->out_at++];
    if (bytes->at == bytes->end)
        return -1;
    if (*bytes->at != '\\')
        return (unsigned char)*bytes->at++;
    bytes->at = json_unescape(bytes->at, bytes->out, &bytes->out_len);
    bytes->out_at = 1;
    return (unsigned char)bytes->out[0];
}

/* An escape is never shorter than what it stands for, so raw.len bytes are enough. */
static struct slice unescape_all(struct slice raw, struct arena *arena)
{
    char *text = arena_alloc(arena, raw.len), *to = text;
    struct slice rest = raw;

    if (text == NULL)
        return SLICE_NONE;
    while (rest.len > 0) {
        struct slice plain = slice_head(rest, slice_find_char(rest, '\\'));
        const char *behind = rest.ptr + plain.len;
        char out[4];
        uint8_t out_len = 0;

        memcpy(to, plain.ptr, plain.len);
        to += plain.len;
        if (plain.len < rest.len)
            behind = json_unescape(behind, out, &out_len);
        memcpy(to, out, out_len);
        to += out_len;
        rest = slice_from(rest, (size_t)(behind - rest.ptr));
    }
    return (struct slice){.ptr = text, .len = (size_t)(to - text)};
}

struct slice json_name(struct json member, struct arena *arena)
{
    struct slice name = raw_name(member);

    if (name.len == 0 || !has_flag(member, JSON_NODE_NAME_HAS_ESCAPE))
        return name;
    return unescape_all(name, arena);
}

struct slice json_text(struct json value, struct arena *arena)
{
    if (!json_is(value, JSON_STRING))
        return SLICE_NONE;
    if (!has_flag(value, JSON_NODE_HAS_ESCAPE))
        return raw_text(value);
    return unescape_all(raw_text(value), arena);
}

bool json_text_is(struct json value, const char *text)
{
    if (!json_is(value, JSON_STRING))
        return false;
    if (has_flag(value, JSON_NODE_HAS_ESCAPE))
        return escaped_eq(raw_text(value), slice_of(text));
    return slice_eq_text(raw_text(value), text);
}

struct slice json_number_text(struct json value)
{
    return json_is(value, JSON_NUMBER) ? raw_text(value) : SLICE_NONE;
}

bool json_to_i64(struct json value, int64_t *ret)
{
    struct slice digits = json_number_text(value);
    bool is_negative = slice_starts(digits, SLICE("-"));
    uint64_t magnitude;

    digits = slice_from(digits, is_negative ? 1 : 0);
    if (!slice_to_u64(digits, (uint64_t)INT64_MAX + (is_negative ? 1 : 0), &magnitude))
        return false;
    *ret = is_negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

bool json_to_x100(struct json value, uint32_t *ret)
{
    return slice_to_x100(json_number_text(value), ret);
}

bool json_is_true(struct json value)
{
    return json_is(value, JSON_TRUE);
}

struct slice json_raw(struct json value)
{
    struct slice raw = SLICE_NONE;

    if (json_is_absent(value))
        return raw;
    raw = raw_text(value);
    if (json_is(value, JSON_STRING))
        raw = (struct slice){.ptr = raw.ptr - 1, .len = raw.len + 2};
    return raw;
}
