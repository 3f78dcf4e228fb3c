/* fhir/json.c -- the one-pass reader: from bytes to an array of nodes.
 *
 * One loop, no recursion: read a value, close what ends behind it, take the comma, read the
 * next name, read the next value. The open containers are a stack of JSON_DEPTH_MAX frames.
 *
 * Invariants
 *   (1) Bytes at and behind `end` may be loaded (16 at a time) but decide nothing: whatever is
 *       found there counts as the end of the text.
 *   (2) A helper that fails sets reader.fault and fault_at and returns NULL; nothing else does.
 *   (3) The reader's fields are registers: its address goes to inlined helpers only. What is
 *       rare (growing, escapes, UTF-8, names to compare) sits in functions of its own that get
 *       and give plain values.
 *
 * Why the names: in an object each name sets one of 256 bits in its frame. As long as no bit is
 * hit twice the names differ, which costs a multiplication per name. Only an object with a hit,
 * or with an escaped name, has its names compared (json_names.c), once, when it closes. (64
 * bits took 8 % longer on FHIR bodies: every second resource was compared for nothing.)
 */
#include "fhir/json.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "fhir/json_private.h"

#define HOT         static inline __attribute__((always_inline))
#define COLD        static __attribute__((noinline))
#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define LOAD_BYTES        16
#define NODES_FIRST_COUNT 256
#define NAMES_SEEN_WORDS  4

_Static_assert(JSON_PADDING >= 2 * LOAD_BYTES, "one load may start at the last byte");
_Static_assert(JSON_TEXT_BYTES_MAX <= UINT32_MAX, "offsets are 32 bits wide");

/* What can be wrong, its code, and how the operator reads it. */
#define FAULTS(X)                                                                              \
    X(NONE, OK, "")                                                                            \
    X(END, SYNTAX, "text ends early")                                                          \
    X(BYTE, SYNTAX, "unexpected byte")                                                         \
    X(TRAILING, SYNTAX, "something follows the value")                                         \
    X(NUMBER, SYNTAX, "malformed number")                                                      \
    X(CONTROL, SYNTAX, "control character in a string")                                        \
    X(ESCAPE, SYNTAX, "malformed escape")                                                      \
    X(SURROGATE, SYNTAX, "lone surrogate")                                                     \
    X(NUL, SYNTAX, "U+0000 in a string")                                                       \
    X(UTF8, SYNTAX, "malformed UTF-8")                                                         \
    X(NAME_TWICE, INVALID, "member name given twice")                                          \
    X(DEPTH, LIMIT, "nested too deep")                                                         \
    X(NODES, LIMIT, "too many values")                                                         \
    X(MEMORY, NOMEM, "out of memory")

enum fault {
#define X(fault, code, text) FAULT_##fault,
    FAULTS(X)
#undef X
};

/* What a value is, by its first byte; JSON_ABSENT: no value starts so. */
static const uint8_t TYPE_BY_FIRST_BYTE[256] = {
    ['"'] = JSON_STRING, ['{'] = JSON_OBJECT, ['['] = JSON_ARRAY,  ['t'] = JSON_TRUE,
    ['f'] = JSON_FALSE,  ['n'] = JSON_NULL,   ['-'] = JSON_NUMBER, ['0'] = JSON_NUMBER,
    ['1'] = JSON_NUMBER, ['2'] = JSON_NUMBER, ['3'] = JSON_NUMBER, ['4'] = JSON_NUMBER,
    ['5'] = JSON_NUMBER, ['6'] = JSON_NUMBER, ['7'] = JSON_NUMBER, ['8'] = JSON_NUMBER,
    ['9'] = JSON_NUMBER,
};

/* Where a scan of a string stopped: at its closing quote, or at a fault. */
struct scan {
    const char *at;
    uint32_t fault;
    uint32_t has_escape;
};

struct frame {
    uint64_t names_seen[NAMES_SEEN_WORDS]; /* one bit per print of a name */
    uint32_t node;
    bool is_suspect; /* two names may be equal */
    char closer;
};

struct name {
    uint32_t start;
    uint32_t len;
    uint16_t print;
    uint8_t flags;
};

struct reader {
    struct json_doc *doc;
    const char *text;
    const char *end;
    struct json_node *nodes; /* doc's */
    uint32_t count;
    uint32_t room;      /* nodes that may be used before growing */
    uint32_t nodes_max; /* the caller's limit */
    uint32_t value;     /* the value that was completed last */
    struct name name;   /* of the value to come */
    struct frame *frames;
    uint32_t depth; /* frames in use */
    char closer;    /* of the innermost container */
    enum fault fault;
    const char *fault_at;
};

HOT const char *fail(struct reader *r, enum fault fault, const char *at)
{
    r->fault = fault;
    r->fault_at = at;
    return NULL;
}

HOT bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* The first byte from p on that is a quote, a backslash, a control character or not ASCII; at
 * or behind `end` when the text has none. */
HOT const char *find_special(const char *p, const char *end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(' ');

    for (; p < end; p += LOAD_BYTES) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        /* Signed, so that bytes from 0x80 on are below the space too. */
        __m128i hits = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
            _mm_cmplt_epi8(bytes, space));
        int mask = _mm_movemask_epi8(hits);

        if (LIKELY(mask != 0))
            return p + __builtin_ctz((unsigned)mask);
    }
#else
    while (p < end && *p != '"' && *p != '\\' && (signed char)*p >= ' ')
        p++;
#endif
    return p;
}

/* The first byte from p on that is not white space; at or behind `end` when there is none. */
COLD const char *skip_space_run(const char *p, const char *end)
{
#ifdef __SSE2__
    const __m128i space = _mm_set1_epi8(' ');
    const __m128i newline = _mm_set1_epi8('\n');
    const __m128i carriage_return = _mm_set1_epi8('\r');
    const __m128i tab = _mm_set1_epi8('\t');

    for (; p < end; p += LOAD_BYTES) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i hits = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(bytes, space), _mm_cmpeq_epi8(bytes, newline)),
            _mm_or_si128(_mm_cmpeq_epi8(bytes, carriage_return), _mm_cmpeq_epi8(bytes, tab)));
        unsigned others = ~(unsigned)_mm_movemask_epi8(hits) & 0xffff;

        if (others != 0)
            return p + __builtin_ctz(others);
    }
#else
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
#endif
    return p;
}

HOT const char *skip_space(const char *p, const char *end)
{
    return LIKELY((unsigned char)*p > ' ') ? p : skip_space_run(p, end);
}

static int32_t hex4(const char *p, const char *end)
{
    int32_t unit = 0;

    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = json_hex_digit(p[i]);

        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

static enum fault check_unicode_escape(const char **p, const char *end)
{
    int32_t unit = hex4(*p + 2, end), low;

    if (unit < 0)
        return FAULT_ESCAPE;
    if (unit == 0)
        return FAULT_NUL;
    if (unit < 0xd800 || unit > 0xdfff) {
        *p += 6;
        return FAULT_NONE;
    }
    /* Only a high surrogate with a low one behind it makes a character (RFC 8259 section 7). */
    if (unit > 0xdbff || end - *p < 8 || (*p)[6] != '\\' || (*p)[7] != 'u')
        return FAULT_SURROGATE;
    low = hex4(*p + 8, end);
    if (low < 0xdc00 || low > 0xdfff)
        return low < 0 ? FAULT_ESCAPE : FAULT_SURROGATE;
    *p += 12;
    return FAULT_NONE;
}

static enum fault check_escape(const char **p, const char *end)
{
    if (end - *p < 2) {
        *p = end;
        return FAULT_END;
    }
    if ((*p)[1] == 'u')
        return check_unicode_escape(p, end);
    if ((*p)[1] == '\0' || strchr("\"\\/bfnrt", (*p)[1]) == NULL)
        return FAULT_ESCAPE;
    *p += 2;
    return FAULT_NONE;
}

/* Goes on from the first byte that needs thought. */
COLD struct scan scan_string_rest(const char *p, const char *end)
{
    struct scan scan = {.at = p};

    while (scan.fault == FAULT_NONE) {
        unsigned len;

        if (scan.at >= end)
            return (struct scan){.at = end, .fault = FAULT_END};
        if (*scan.at == '"')
            return scan;
        if (*scan.at == '\\') {
            scan.has_escape = 1;
            scan.fault = check_escape(&scan.at, end);
        } else if ((unsigned char)*scan.at < ' ') {
            scan.fault = FAULT_CONTROL;
        } else {
            len = json_utf8_len(scan.at, end);
            scan.fault = len == 0 ? FAULT_UTF8 : FAULT_NONE;
            scan.at += len;
        }
        if (scan.fault == FAULT_NONE)
            scan.at = find_special(scan.at, end);
    }
    return scan;
}

/* p is behind the opening quote. */
HOT struct scan scan_string(const char *p, const char *end)
{
    const char *at = find_special(p, end);

    if (LIKELY(at < end && *at == '"'))
        return (struct scan){.at = at};
    return scan_string_rest(at, end);
}

HOT const char *skip_digits(const char *p, const char *end)
{
    while (p < end && is_digit(*p))
        p++;
    return p;
}

HOT const char *read_number(struct reader *r, const char *p, struct json_node *node)
{
    const char *end = r->end, *start = p, *digits;

    p += *p == '-';
    digits = p;
    p = skip_digits(p, end);
    if (p == digits || (*digits == '0' && p - digits > 1))
        return fail(r, FAULT_NUMBER, start);
    if (p < end && *p == '.') {
        digits = ++p;
        p = skip_digits(p, end);
        if (p == digits)
            return fail(r, FAULT_NUMBER, start);
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        digits = p;
        p = skip_digits(p, end);
        if (p == digits)
            return fail(r, FAULT_NUMBER, start);
    }
    node->len = (uint32_t)(p - start);
    return p;
}

HOT const char *read_string(struct reader *r, const char *p, struct json_node *node)
{
    struct scan scan = scan_string(p + 1, r->end);

    if (UNLIKELY(scan.fault != FAULT_NONE))
        return fail(r, (enum fault)scan.fault, scan.at);
    node->start++;
    node->len = (uint32_t)(scan.at - p - 1);
    node->flags |= scan.has_escape != 0 ? JSON_NODE_HAS_ESCAPE : 0;
    return scan.at + 1;
}

HOT const char *read_literal(struct reader *r, const char *p, struct json_node *node,
                             const char *literal, uint32_t len)
{
    if ((size_t)(r->end - p) < len || memcmp(p, literal, len) != 0)
        return fail(r, FAULT_BYTE, p);
    node->len = len;
    return p + len;
}

HOT const char *open_container(struct reader *r, const char *p, char closer)
{
    if (UNLIKELY(r->depth == JSON_DEPTH_MAX))
        return fail(r, FAULT_DEPTH, p);
    r->frames[r->depth++] = (struct frame){.node = r->count - 1, .closer = closer};
    r->closer = closer;
    return p + 1;
}

COLD enum fault grow_nodes(struct json_doc *doc, uint32_t nodes_max)
{
    uint32_t larger = doc->nodes_max == 0              ? NODES_FIRST_COUNT
                      : doc->nodes_max > nodes_max / 2 ? nodes_max
                                                       : doc->nodes_max * 2;
    struct json_node *nodes;

    if (larger > nodes_max)
        larger = nodes_max;
    if (larger <= doc->nodes_max)
        return FAULT_NODES;
    nodes = reallocarray(doc->nodes, larger, sizeof *nodes);
    if (nodes == NULL)
        return FAULT_MEMORY;
    doc->nodes = nodes;
    doc->nodes_max = larger;
    return FAULT_NONE;
}

HOT struct json_node *add_node(struct reader *r, const char *p)
{
    struct json_node *node;

    if (UNLIKELY(r->count == r->room)) {
        enum fault fault = grow_nodes(r->doc, r->nodes_max);

        if (fault != FAULT_NONE) {
            (void)fail(r, fault, p);
            return NULL;
        }
        r->nodes = r->doc->nodes;
        r->room = r->doc->nodes_max;
    }
    node = &r->nodes[r->count++];
    *node = (struct json_node){
        .start = (uint32_t)(p - r->text),
        .name_start = r->name.start,
        .name_len = r->name.len,
        .name_print = r->name.print,
        .type = TYPE_BY_FIRST_BYTE[(unsigned char)*p],
        .flags = r->name.flags,
    };
    return node;
}

/* A whole value, or the opening bracket of one. */
HOT const char *read_value(struct reader *r, const char *p)
{
    struct json_node *node;

    p = skip_space(p, r->end);
    if (UNLIKELY(p >= r->end))
        return fail(r, FAULT_END, r->end);
    node = add_node(r, p);
    if (UNLIKELY(node == NULL))
        return NULL;
    r->value = r->count - 1;
    switch ((enum json_type)node->type) {
    case JSON_STRING:
        return read_string(r, p, node);
    case JSON_OBJECT:
        return open_container(r, p, '}');
    case JSON_ARRAY:
        return open_container(r, p, ']');
    case JSON_NUMBER:
        return read_number(r, p, node);
    case JSON_TRUE:
        return read_literal(r, p, node, "true", 4);
    case JSON_FALSE:
        return read_literal(r, p, node, "false", 5);
    case JSON_NULL:
        return read_literal(r, p, node, "null", 4);
    case JSON_ABSENT:
        break;
    }
    return fail(r, FAULT_BYTE, p);
}

/* p is at the closing bracket of the innermost container. */
HOT const char *close_container(struct reader *r, const char *p)
{
    const struct frame *frame = &r->frames[--r->depth];
    struct json_node *node = &r->nodes[frame->node];
    uint32_t twice;

    node->len = (uint32_t)(p + 1 - r->text) - node->start;
    r->value = frame->node;
    if (r->depth > 0)
        r->closer = r->frames[r->depth - 1].closer;
    else
        r->closer = '\0';
    if (UNLIKELY(frame->is_suspect)) {
        enum err_code code = json_names_check(r->doc, frame->node, &twice);

        if (code == ERR_INVALID)
            return fail(r, FAULT_NAME_TWICE, r->text + r->nodes[twice].name_start - 1);
        if (code != ERR_OK)
            return fail(r, FAULT_MEMORY, p);
    }
    return p + 1;
}

/* Equal names have equal prints: made of the first 7 bytes (with the quote before them: 8, one
 * load) and the length. The load may reach 7 bytes behind the closing quote, not further. */
HOT uint64_t print_of(const char *name, uint32_t len)
{
    uint64_t first;

    memcpy(&first, name - 1, sizeof first);
    first = le64toh(first) << (len < 7 ? 56 - 8 * len : 0);
    return (first ^ len) * 0x9e3779b97f4a7c15u;
}

/* The name of the next member and its colon. */
HOT const char *read_name(struct reader *r, const char *p)
{
    struct frame *frame = &r->frames[r->depth - 1];
    struct scan scan;
    uint64_t print, bit, *seen;

    if (UNLIKELY(p >= r->end))
        return fail(r, FAULT_END, r->end);
    if (UNLIKELY(*p != '"'))
        return fail(r, FAULT_BYTE, p);
    p++;
    scan = scan_string(p, r->end);
    if (UNLIKELY(scan.fault != FAULT_NONE))
        return fail(r, (enum fault)scan.fault, scan.at);
    r->name.start = (uint32_t)(p - r->text);
    r->name.len = (uint32_t)(scan.at - p);
    r->name.flags = scan.has_escape != 0 ? JSON_NODE_NAME_HAS_ESCAPE : 0;
    print = print_of(p, r->name.len);
    r->name.print = (uint16_t)(print >> 48);
    seen = &frame->names_seen[print >> 62];
    bit = (uint64_t)1 << (print >> 56 & 63);
    frame->is_suspect |= (*seen & bit) != 0 || scan.has_escape != 0;
    *seen |= bit;
    p = skip_space(scan.at + 1, r->end);
    if (UNLIKELY(p >= r->end))
        return fail(r, FAULT_END, r->end);
    return LIKELY(*p == ':') ? p + 1 : fail(r, FAULT_BYTE, p);
}

/* Behind a value: closes what ends here and takes the comma. Depth 0: the root is complete. */
HOT const char *end_value(struct reader *r, const char *p)
{
    while (r->depth > 0) {
        p = skip_space(p, r->end);
        if (UNLIKELY(p >= r->end))
            return fail(r, FAULT_END, r->end);
        if (*p == ',') {
            r->nodes[r->value].next = r->count;
            return skip_space(p + 1, r->end);
        }
        if (UNLIKELY(*p != r->closer))
            return fail(r, FAULT_BYTE, p);
        p = close_container(r, p);
        if (UNLIKELY(p == NULL))
            return NULL;
    }
    return p;
}

/* The loop. A container that opens and does not close at once has a first child: then the next
 * value (or name) follows without a comma. */
HOT const char *read_text(struct reader *r, const char *p)
{
    do {
        uint32_t depth = r->depth;

        p = read_value(r, p);
        if (UNLIKELY(p == NULL))
            return NULL;
        if (r->depth > depth)
            p = skip_space(p, r->end);
        if (r->depth > depth && (p >= r->end || *p != r->closer))
            r->nodes[r->value].flags |= JSON_NODE_HAS_CHILDREN;
        else
            p = end_value(r, p);
        if (UNLIKELY(p == NULL))
            return NULL;
        r->name = (struct name){0};
        if (r->closer == '}')
            p = read_name(r, p);
        if (UNLIKELY(p == NULL))
            return NULL;
    } while (r->depth > 0);
    p = skip_space(p, r->end);
    return p < r->end ? fail(r, FAULT_TRAILING, p) : p;
}

COLD enum err_code report(struct json_doc *doc, enum fault fault, size_t offset,
                          size_t *fault_at, struct err *err)
{
    static const struct {
        enum err_code code;
        const char *text;
    } ROWS[] = {
#define X(fault, code, text) {ERR_##code, text},
        FAULTS(X)
#undef X
    };

    doc->text = NULL;
    doc->len = 0;
    *fault_at = offset;
    assert(fault != FAULT_NONE);
    return err_set(err, ROWS[fault].code, "JSON: %s at byte %zu", ROWS[fault].text, offset);
}

enum err_code json_parse_located(struct json_doc *doc, struct slice text, uint32_t nodes_max,
                                 size_t *fault_at, struct err *err)
{
    struct frame frames[JSON_DEPTH_MAX];
    struct reader reader = {
        .doc = doc,
        .text = text.ptr,
        .nodes = doc->nodes,
        .room = doc->nodes_max < nodes_max ? doc->nodes_max : nodes_max,
        .nodes_max = nodes_max,
        .frames = frames,
    };
    const char *p = text.ptr;

    doc->nodes_count = 0;
    doc->text = text.ptr;
    doc->len = text.len;
    if (text.len > JSON_TEXT_BYTES_MAX) {
        doc->text = NULL;
        doc->len = 0;
        *fault_at = 0;
        return err_set(err, ERR_LIMIT, "JSON: text of %zu bytes, at most %u are read", text.len,
                       JSON_TEXT_BYTES_MAX);
    }
    if (text.len == 0)
        return report(doc, FAULT_END, 0, fault_at, err);
    reader.end = p + text.len;
    if (text.len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
        p += 3;
    if (read_text(&reader, p) == NULL)
        return report(doc, reader.fault, (size_t)(reader.fault_at - text.ptr), fault_at, err);
    doc->nodes_count = reader.count;
    return ERR_OK;
}

enum err_code json_parse(struct json_doc *doc, struct slice text, uint32_t nodes_max,
                         struct err *err)
{
    size_t ignored;

    return json_parse_located(doc, text, nodes_max, &ignored, err);
}
