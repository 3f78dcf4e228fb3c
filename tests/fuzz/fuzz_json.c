/* tests/fuzz/fuzz_json.c -- our JSON reader against json-c in strict mode, on any bytes.
 *
 * Checked for each input:
 *   (1) What stands behind the text decides nothing: two paddings, one result. Each text lies
 *       in memory of exactly len + JSON_PADDING bytes, so the sanitizer sees a load too many.
 *   (2) What we accept json-c accepts, and both trees are equal: types, names, order, texts,
 *       numbers. A byte order mark, which json-c refuses, is taken off for it.
 *   (3) What we refuse json-c refuses, except for what it is known to let pass. Each exception
 *       must be seen in the text by a survey that shares no code with the reader:
 *         - strings in single quotes, NaN and Infinity (taken even in strict mode);
 *         - the numbers -01, 01.5, 01e5, -.5, 1. and 1.e5;
 *         - control characters inside strings;
 *         - U+0000 in strings and names (json-c even cuts names there), lone surrogates (it
 *           writes U+FFFD), malformed UTF-8 (it only counts continuation bytes);
 *         - a name given twice (it keeps the last): then its tree has fewer members than the
 *           text has names;
 *         - depth above JSON_DEPTH_MAX (json-c's own limit is set out of reach).
 *   (4) A text with a byte 0 is refused (json-c takes that byte for the end).
 */
#include "fhir/json_c.h"
#include "fhir/json_private.h"

#define TEXT_BYTES_MAX  65536
#define NODES_MAX       65536
#define ARENA_BYTES_MAX ((size_t)1 << 20)
#define JSON_C_DEPTH    4096

#define MUST(condition)                                                                        \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);              \
            abort();                                                                           \
        }                                                                                      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One reading of the text, with its own copy of it. */
struct reading {
    char *bytes; /* owned */
    size_t len;
    struct json_doc doc;
    struct err err;
};

/* What json-c is known to let pass, and what can be counted without reading the grammar. */
struct survey {
    const uint8_t *text;
    size_t len;
    size_t at;
    bool has_quirk;
    size_t depth;
    size_t depth_max;
    size_t names_count;
};

static void read_padded(struct reading *reading, struct slice text, const char *padding)
{
    size_t padding_len = strlen(padding);

    *reading = (struct reading){.bytes = malloc(text.len + JSON_PADDING), .len = text.len};
    MUST(reading->bytes != NULL);
    if (text.len > 0)
        memcpy(reading->bytes, text.ptr, text.len);
    memset(reading->bytes + text.len, 0, JSON_PADDING);
    for (size_t i = 0; padding_len > 0 && i < JSON_PADDING; i++)
        reading->bytes[text.len + i] = padding[i % padding_len];
    json_doc_init(&reading->doc);
    if (json_parse(&reading->doc, (struct slice){reading->bytes, text.len}, NODES_MAX,
                   &reading->err) != ERR_OK)
        MUST(json_is_absent(json_root(&reading->doc)));
}

static void release_reading(struct reading *reading)
{
    free(reading->bytes);
    json_doc_release(&reading->doc);
}

static void must_be_alike(const struct reading *a, const struct reading *b)
{
    MUST(a->err.code == b->err.code && strcmp(a->err.text, b->err.text) == 0);
    MUST(a->doc.nodes_count == b->doc.nodes_count);
    for (uint32_t i = 0; i < a->doc.nodes_count; i++)
        MUST(memcmp(&a->doc.nodes[i], &b->doc.nodes[i], sizeof *a->doc.nodes) == 0);
}

/* Reads with another padding, then once more into memory that is already in use. */
static void must_not_depend_on_memory(const struct reading *zeros, struct slice text)
{
    static const char *const PADDINGS[] = {"]}],1,\"", "\"", "1", "\xbf", "}", " ", "e1", "]"};
    struct reading other;

    read_padded(&other, text, PADDINGS[text.len % ARRAY_LEN(PADDINGS)]);
    must_be_alike(zeros, &other);
    err_clear(&other.err);
    MUST(json_parse(&other.doc, (struct slice){other.bytes, other.len}, NODES_MAX,
                    &other.err) == zeros->err.code);
    must_be_alike(zeros, &other);
    release_reading(&other);
}

/* Decodes and compares with the shortest form: not the way the reader does it. */
static size_t survey_utf8(struct survey *s)
{
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t lead = s->text[s->at];
    size_t len = lead >= 0xf8 ? 0 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
    uint32_t code_point = len == 0 ? 0 : lead & (0x7fu >> len);

    for (size_t i = 1; i < len; i++) {
        uint8_t next = s->at + i < s->len ? s->text[s->at + i] : 0;

        if ((next & 0xc0) != 0x80)
            return 0;
        code_point = code_point << 6 | (next & 0x3f);
    }
    if (len == 0 || code_point < LEAST[len] || code_point > 0x10ffff ||
        (code_point & 0xfffff800) == 0xd800)
        return 0;
    return len;
}

/* The unit of a \uXXXX at `at`, or -1. */
static long survey_unit(const struct survey *s, size_t at)
{
    char digits[5] = {0};

    if (at + 6 > s->len || s->text[at] != '\\' || s->text[at + 1] != 'u')
        return -1;
    memcpy(digits, s->text + at + 2, 4);
    return strspn(digits, "0123456789abcdefABCDEF") == 4 ? strtol(digits, NULL, 16) : -1;
}

static void survey_escape(struct survey *s)
{
    long unit = survey_unit(s, s->at);

    s->at += 2;
    if (unit < 0)
        return;
    s->at += 4;
    if (unit == 0 || (unit >= 0xdc00 && unit <= 0xdfff))
        s->has_quirk = true;
    if (unit >= 0xd800 && unit <= 0xdbff) {
        unit = survey_unit(s, s->at);
        if (unit < 0xdc00 || unit > 0xdfff)
            s->has_quirk = true;
        else
            s->at += 6;
    }
}

static void survey_string(struct survey *s)
{
    for (s->at++; s->at < s->len && s->text[s->at] != '"';) {
        uint8_t byte = s->text[s->at];
        size_t len = 1;

        if (byte == '\\') {
            survey_escape(s);
            continue;
        }
        if (byte >= 0x80)
            len = survey_utf8(s);
        if (byte < 0x20 || len == 0)
            s->has_quirk = true;
        s->at += len == 0 ? 1 : len;
    }
    for (s->at++; s->at < s->len && strchr(" \t\r\n", s->text[s->at]) != NULL;)
        s->at++;
    if (s->at < s->len && s->text[s->at] == ':')
        s->names_count++;
}

static bool is_digit(const struct survey *s, size_t at)
{
    return at < s->len && s->text[at] >= '0' && s->text[at] <= '9';
}

static void survey_number(struct survey *s)
{
    size_t at = s->at + (s->text[s->at] == '-');

    if (at < s->len && (s->text[at] == '.' || (s->text[at] == '0' && is_digit(s, at + 1))))
        s->has_quirk = true;
    for (; at < s->len && strchr("0123456789+-.eE", s->text[at]) != NULL; at++)
        if (s->text[at] == '.' && !is_digit(s, at + 1))
            s->has_quirk = true;
    s->at = at;
}

/* The text has no byte 0. */
static struct survey survey_text(struct slice text)
{
    struct survey s = {.text = (const uint8_t *)text.ptr, .len = text.len};

    while (s.at < s.len) {
        uint8_t byte = s.text[s.at];

        if (byte == '"') {
            survey_string(&s);
            continue;
        }
        if (byte == '-' || is_digit(&s, s.at)) {
            survey_number(&s);
            continue;
        }
        if (strchr("'NI", byte) != NULL)
            s.has_quirk = true;
        if (byte == '{' || byte == '[')
            s.depth++;
        if ((byte == '}' || byte == ']') && s.depth > 0)
            s.depth--;
        if (s.depth > s.depth_max)
            s.depth_max = s.depth;
        s.at++;
    }
    return s;
}

static size_t count_members(struct json_object *value)
{
    size_t count = 0;

    if (json_object_is_type(value, json_type_array))
        for (size_t i = 0; i < json_object_array_length(value); i++)
            count += count_members(json_object_array_get_idx(value, i));
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, name, member)
        {
            (void)name;
            count += 1 + count_members(member);
        }
    }
    return count;
}

static void must_be_equal_number(struct json value, struct json_object *theirs)
{
    struct slice text = json_number_text(value);
    int64_t number;

    if (json_object_is_type(theirs, json_type_int)) {
        if (json_to_i64(value, &number))
            MUST(number == json_object_get_int64(theirs));
        else /* json-c saturates */
            MUST(json_object_get_int64(theirs) == INT64_MIN ||
                 json_object_get_uint64(theirs) > INT64_MAX);
        return;
    }
    MUST(json_object_is_type(theirs, json_type_double));
    MUST(!json_to_i64(value, &number));
    MUST(slice_eq_text(text, json_object_get_string(theirs)));
}

static void must_be_equal(struct json value, struct json_object *theirs, struct arena *arena);

static void must_be_equal_members(struct json value, struct json_object *theirs,
                                  struct arena *arena)
{
    struct json member = json_first(value);

    MUST(json_object_is_type(theirs, json_type_object));
    MUST(json_count(value) == (uint32_t)json_object_object_length(theirs));
    json_object_object_foreach(theirs, name, their_member)
    {
        MUST(slice_eq_text(json_name(member, arena), name));
        MUST(json_get(value, name).at == member.at);
        must_be_equal(member, their_member, arena);
        member = json_next(member);
    }
    MUST(json_is_absent(member));
}

static void must_be_equal_elements(struct json value, struct json_object *theirs,
                                   struct arena *arena)
{
    struct json element = json_first(value);

    MUST(json_object_is_type(theirs, json_type_array));
    for (size_t i = 0; i < json_object_array_length(theirs); i++) {
        must_be_equal(element, json_object_array_get_idx(theirs, i), arena);
        MUST(json_name(element, arena).len == 0);
        element = json_next(element);
    }
    MUST(json_is_absent(element));
}

static void must_be_equal_text(struct json value, struct json_object *theirs,
                               struct arena *arena)
{
    struct slice text = json_text(value, arena);

    MUST(json_object_is_type(theirs, json_type_string));
    MUST(text.len == (size_t)json_object_get_string_len(theirs));
    MUST(slice_eq_text(text, json_object_get_string(theirs)));
    MUST(json_text_is(value, json_object_get_string(theirs)));
}

static void must_be_equal(struct json value, struct json_object *theirs, struct arena *arena)
{
    switch (json_type(value)) {
    case JSON_ABSENT:
        abort();
    case JSON_NULL:
        MUST(theirs == NULL);
        break;
    case JSON_FALSE:
    case JSON_TRUE:
        MUST(json_object_is_type(theirs, json_type_boolean));
        MUST(json_is_true(value) == (json_object_get_boolean(theirs) != 0));
        break;
    case JSON_NUMBER:
        must_be_equal_number(value, theirs);
        break;
    case JSON_STRING:
        must_be_equal_text(value, theirs, arena);
        break;
    case JSON_ARRAY:
        must_be_equal_elements(value, theirs, arena);
        break;
    case JSON_OBJECT:
        must_be_equal_members(value, theirs, arena);
        break;
    }
}

/* Both have accepted the text. */
static void must_be_equal_trees(const struct reading *ours, struct json_object *theirs,
                                const struct survey *survey)
{
    struct json root = json_root(&ours->doc);
    struct slice text = slice_trim((struct slice){ours->bytes, ours->len});
    struct arena arena;

    arena_init(&arena, ARENA_BYTES_MAX);
    must_be_equal(root, theirs, &arena);
    MUST(!arena.has_failed);
    arena_release(&arena);
    MUST(!survey->has_quirk && survey->depth_max <= JSON_DEPTH_MAX);
    MUST(slice_ends(text, json_raw(root)));
}

static void compare_with_json_c(const struct reading *ours)
{
    struct slice text = {ours->bytes, ours->len}; /* the padding ends it with a 0 */
    struct json_tokener *tokener = json_tokener_new_ex(JSON_C_DEPTH);
    struct json_object *theirs;
    struct survey survey;

    MUST(tokener != NULL);
    if (slice_starts(text, SLICE("\xef\xbb\xbf")))
        text = slice_from(text, 3);
    survey = survey_text(text);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    theirs = json_tokener_parse_ex(tokener, text.ptr, -1);
    if (json_tokener_get_error(tokener) != json_tokener_success)
        MUST(ours->err.code == ERR_SYNTAX || ours->err.code == ERR_LIMIT ||
             ours->err.code == ERR_INVALID);
    else if (ours->err.code == ERR_OK)
        must_be_equal_trees(ours, theirs, &survey);
    else if (ours->err.code == ERR_INVALID)
        MUST(survey.has_quirk || survey.names_count > count_members(theirs));
    else if (ours->err.code == ERR_LIMIT)
        MUST(survey.has_quirk || survey.depth_max > JSON_DEPTH_MAX);
    else
        MUST(survey.has_quirk);
    json_object_put(theirs);
    json_tokener_free(tokener);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    struct reading ours;

    if (size > TEXT_BYTES_MAX)
        return 0;
    read_padded(&ours, text, "");
    must_not_depend_on_memory(&ours, text);
    if (slice_find_char(text, '\0') != SIZE_MAX)
        MUST(ours.err.code != ERR_OK);
    else
        compare_with_json_c(&ours);
    release_reading(&ours);
    return 0;
}
