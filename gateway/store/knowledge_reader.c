/* gateway/store/knowledge_reader.c -- open a knowledge file and take typed values from it.
 *
 * A file passes two readers. json-c makes the tree, which code outside the request path walks
 * and which json-c frees in one call. In front of it stands the strict reader of the request
 * path as the gate, because json-c 0.16, even with JSON_TOKENER_STRICT, keeps only the last of
 * two members of one name, cuts a name at U+0000, makes U+FFFD of a lone surrogate, and takes
 * names in single quotes, NaN and Infinity, -01, 1. and raw control characters in strings: a
 * typing error in a rule would change the rule in silence. The gate also knows the byte at
 * which a file is wrong, which people are told as line and column.
 */
#include "gateway/store/knowledge_reader.h"

#include <assert.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>

#include "fhir/json_c.h"
#include "gateway/store/file.h"
#include "gateway/store/text.h"

void knowledge_reader_init(struct knowledge_reader *r, const char *dir,
                           struct rules_release *release, struct err *err)
{
    *r = (struct knowledge_reader){.dir = dir, .release = release, .err = err};
    buf_init(&r->bytes, KNOWLEDGE_FILE_BYTES_MAX);
}

static void drop_tree(struct knowledge_reader *r)
{
    (void)json_object_put(r->tree); /* accepts NULL */
    r->tree = NULL;
}

void knowledge_reader_release(struct knowledge_reader *r)
{
    drop_tree(r);
    buf_release(&r->bytes);
}

void knowledge_fail(struct knowledge_reader *r, enum err_code code, const char *format, ...)
{
    char what[ERR_TEXT_BYTES_MAX];
    va_list args;

    if (r->has_failed)
        return;
    r->has_failed = true;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    (void)err_set(r->err, code, "%s: %s%s%s", r->file, r->path, r->path_len > 0 ? ": " : "",
                  what);
}

/* --- places --------------------------------------------------------------------------------
 */

/* Paths that are too long are cut: they are for people. */
static size_t go_down(struct knowledge_reader *r, const char *before, const char *name,
                      const char *after)
{
    size_t place = r->path_len;
    int len;

    assert(place < sizeof r->path);
    len = snprintf(r->path + place, sizeof r->path - place, "%s%s%s", before, name, after);
    assert(len >= 0);
    r->path_len = strnlen(r->path, sizeof r->path - 1);
    return place;
}

size_t knowledge_enter(struct knowledge_reader *r, const char *member)
{
    return go_down(r, r->path_len > 0 ? "." : "", member, "");
}

static size_t enter_element(struct knowledge_reader *r, size_t index)
{
    char number[24];

    (void)snprintf(number, sizeof number, "%zu", index);
    return go_down(r, "[", number, "]");
}

void knowledge_leave(struct knowledge_reader *r, size_t place)
{
    assert(place <= r->path_len);
    if (r->has_failed)
        return; /* the path stays where it went wrong */
    r->path_len = place;
    r->path[place] = '\0';
}

/* --- files ---------------------------------------------------------------------------------
 */

void knowledge_open(struct knowledge_reader *r, const char *folder, const char *name)
{
    struct err err = {0};
    enum err_code code;
    int len;

    if (r->has_failed)
        return;
    len =
        snprintf(r->file, sizeof r->file, "%s%s%s", folder, folder[0] != '\0' ? "/" : "", name);
    r->path_len = 0;
    r->path[0] = '\0';
    if (len < 0 || (size_t)len >= sizeof r->file) {
        knowledge_fail(r, ERR_LIMIT, "the file's name is too long");
        return;
    }
    code = file_read(r->dir, r->file, &r->bytes, &err);
    if (code != ERR_OK) {
        r->has_failed = true;
        (void)err_set(r->err, code, "%s", err.text); /* it names the file already */
    }
}

/* Without the byte order mark that some editors put in front; json-c refuses it. */
static struct slice without_mark(struct slice text)
{
    static const struct slice MARK = {"\xef\xbb\xbf", 3};

    return slice_from(text, slice_starts(text, MARK) ? MARK.len : 0);
}

/* Where an editor shows the byte behind `before`: both count from 1, columns in characters. */
static void line_and_column(struct slice before, size_t *ret_line, size_t *ret_column)
{
    struct slice rest = without_mark(before);
    size_t line = 1, end;

    while ((end = slice_find_char(rest, '\n')) != SIZE_MAX) {
        rest = slice_from(rest, end + 1);
        line++;
    }
    *ret_line = line;
    *ret_column = text_chars(rest) + 1;
}

/* The strict check, which says how many values there are; its nodes are not needed later. */
static uint32_t pass_gate(struct knowledge_reader *r, struct slice text)
{
    struct err err = {0};
    struct json_doc doc;
    enum err_code code;
    size_t at, line, column;
    uint32_t count;

    json_doc_init(&doc);
    code = json_parse_located(&doc, text, KNOWLEDGE_NODES_MAX, &at, &err);
    count = doc.nodes_count;
    json_doc_release(&doc);
    if (code == ERR_OK)
        return count;
    line_and_column(slice_head(text, at), &line, &column);
    knowledge_fail(r, code, "%s (line %zu, column %zu)", err.text, line, column);
    return 0;
}

static int count_value(struct json_object *value, int visit, struct json_object *parent,
                       const char *name, size_t *index, void *owner)
{
    uint32_t *count = owner;

    (void)value, (void)parent, (void)name, (void)index;
    *count += visit != JSON_C_VISIT_SECOND; /* that is a container when it is left */
    return JSON_C_VISIT_RETURN_CONTINUE;
}

/* json-c 0.16 reports no failed allocation: it stops early or, worse, leaves a member out of
 * the tree, and a rule would lose its condition. So both readers must have seen as many. */
static bool is_whole(const struct knowledge_reader *r, uint32_t values_count)
{
    uint32_t count = 0;

    return json_c_visit(r->tree, 0, count_value, &count) == 0 && count == values_count;
}

/* The tree of a text that passed the gate. A value inside n containers is at json-c's depth
 * n + 1. The NUL behind the text is handed over too: without it json-c does not know that a
 * number at the end is complete; it must be where reading stopped. */
static void make_tree(struct knowledge_reader *r, struct slice text, uint32_t values_count)
{
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
    enum json_tokener_error fault;

    static_assert(KNOWLEDGE_FILE_BYTES_MAX < INT_MAX, "json-c counts in int");
    assert(text.len <= KNOWLEDGE_FILE_BYTES_MAX && text.ptr[text.len] == '\0');
    if (tokener == NULL) {
        knowledge_fail(r, ERR_NOMEM, "JSON: out of memory");
        return;
    }
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    r->tree = json_tokener_parse_ex(tokener, text.ptr, (int)text.len + 1);
    fault = json_tokener_get_error(tokener);
    if (fault != json_tokener_success)
        knowledge_fail(r, ERR_SYNTAX, "JSON: %s", json_tokener_error_desc(fault));
    else if (json_tokener_get_parse_end(tokener) != text.len || !is_whole(r, values_count))
        knowledge_fail(r, ERR_NOMEM, "JSON: out of memory");
    json_tokener_free(tokener);
}

struct json_object *knowledge_open_json(struct knowledge_reader *r, const char *folder,
                                        const char *name)
{
    uint32_t values_count = 0;

    knowledge_open(r, folder, name);
    if (!r->has_failed)
        values_count = pass_gate(r, buf_slice(&r->bytes));
    if (r->has_failed)
        return NULL;
    drop_tree(r);
    make_tree(r, without_mark(buf_slice(&r->bytes)), values_count);
    return r->has_failed ? NULL : r->tree;
}

/* --- single values -------------------------------------------------------------------------
 */

/* In the words of JSON: json-c's tell "int" from "double". */
static const char *type_name(struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        return "null";
    case json_type_boolean:
        return json_object_get_boolean(value) ? "true" : "false";
    case json_type_int:
    case json_type_double:
        return "number";
    case json_type_string:
        return "string";
    case json_type_array:
        return "array";
    case json_type_object:
        return "object";
    }
    abort();
}

static bool is_a(struct knowledge_reader *r, struct json_object *value, enum json_c_type type)
{
    if (!r->has_failed && json_object_get_type(value) != type)
        knowledge_fail(r, ERR_INVALID, "must be %s %s, is %s",
                       type == json_type_string ? "a" : "an", json_type_to_name(type),
                       type_name(value));
    return !r->has_failed;
}

bool knowledge_get(struct json_object *object, const char *name, struct json_object **ret)
{
    struct json_object *value = NULL;

    if (!json_object_object_get_ex(object, name, &value)) /* false for what is no object */
        return false;
    *ret = value;
    return true;
}

/* Valid as long as the tree. */
static struct slice string_of(struct json_object *value)
{
    assert(json_object_is_type(value, json_type_string));
    return (struct slice){json_object_get_string(value),
                          (size_t)json_object_get_string_len(value)};
}

static bool is_id(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '.' || c == '_' || c == '-'))
            return false;
    }
    return text.len <= KNOWLEDGE_ID_BYTES_MAX;
}

static void check_text(struct knowledge_reader *r, struct slice text, enum knowledge_kind kind)
{
    if (text.len > KNOWLEDGE_TEXT_BYTES_MAX)
        knowledge_fail(r, ERR_LIMIT, "longer than %d bytes", KNOWLEDGE_TEXT_BYTES_MAX);
    else if (text_has_control(text))
        knowledge_fail(r, ERR_INVALID, "must be one line without control characters");
    else if (slice_trim(text).len != text.len)
        knowledge_fail(r, ERR_INVALID, "begins or ends with a space");
    else if (kind == KNOWLEDGE_ID && !is_id(text))
        knowledge_fail(r, ERR_INVALID, "must be letters, digits, '.', '_' and '-', at most %d",
                       KNOWLEDGE_ID_BYTES_MAX);
}

static struct slice read_text(struct knowledge_reader *r, struct json_object *value,
                              enum knowledge_kind kind, enum knowledge_need need)
{
    struct arena *arena = &r->release->arena;
    struct slice text;

    if (!is_a(r, value, json_type_string))
        return SLICE_NONE;
    text = string_of(value);
    if (text.len == 0 && need == KNOWLEDGE_REQUIRED)
        knowledge_fail(r, ERR_INVALID, "must not be empty");
    check_text(r, text, kind);
    if (r->has_failed)
        return SLICE_NONE;
    text = arena_copy(arena, text);
    if (arena->has_failed)
        knowledge_fail(r, ERR_NOMEM, "the release is too large");
    return text;
}

struct slice knowledge_text(struct knowledge_reader *r, struct json_object *value,
                            enum knowledge_kind kind)
{
    return read_text(r, value, kind, KNOWLEDGE_REQUIRED);
}

uint32_t knowledge_number(struct knowledge_reader *r, struct json_object *value)
{
    int64_t number = -1;

    if (r->has_failed)
        return 0;
    if (json_object_is_type(value, json_type_int))
        number = json_object_get_int64(value); /* the nearest, for what 64 bits do not hold */
    if (number < 0 || number > 1000000) {
        knowledge_fail(r, ERR_INVALID, "must be a whole number from 0 to 1000000");
        return 0;
    }
    return (uint32_t)number;
}

static uint32_t read_score(struct knowledge_reader *r, struct json_object *value)
{
    uint32_t score_x100 = 0;

    if (is_a(r, value, json_type_string) && !slice_to_x100(string_of(value), &score_x100))
        knowledge_fail(r, ERR_INVALID,
                       "must be a number in quotes with at most two decimals, as \"0.25\"");
    return score_x100;
}

static uint32_t read_name(struct knowledge_reader *r, struct json_object *value,
                          const struct names *names)
{
    char allowed[ERR_TEXT_BYTES_MAX];
    uint32_t number = 0;

    if (is_a(r, value, json_type_string) && !names_find(names, string_of(value), &number))
        knowledge_fail(r, ERR_INVALID, "must be one of: %s",
                       names_join(names, allowed, sizeof allowed));
    return number;
}

/* --- objects -------------------------------------------------------------------------------
 */

static void read_flag(struct knowledge_reader *r, struct json_object *value, void *to)
{
    bool flag = json_object_get_boolean(value);

    if (!json_object_is_type(value, json_type_boolean)) {
        knowledge_fail(r, ERR_INVALID, "must be true or false, is %s", type_name(value));
        return;
    }
    memcpy(to, &flag, sizeof flag);
}

static void read_number(struct knowledge_reader *r, const struct knowledge_member *member,
                        struct json_object *value, void *to)
{
    uint32_t number;

    static_assert(sizeof(enum rules_alert) == sizeof number, "enums are written as numbers");
    number = member->kind == KNOWLEDGE_SCORE  ? read_score(r, value)
             : member->kind == KNOWLEDGE_NAME ? read_name(r, value, member->names)
                                              : knowledge_number(r, value);
    memcpy(to, &number, sizeof number);
}

static void read_member(struct knowledge_reader *r, const struct knowledge_member *member,
                        struct json_object *value, void *row)
{
    bool is_for_code = member->kind == KNOWLEDGE_ARRAY || member->kind == KNOWLEDGE_OBJECT ||
                       member->kind == KNOWLEDGE_OTHER;
    char *to = is_for_code ? NULL : (char *)row + member->offset;
    struct slice text;

    assert(is_for_code || row != NULL);
    switch (member->kind) {
    case KNOWLEDGE_TEXT:
    case KNOWLEDGE_ID:
        text = read_text(r, value, member->kind, member->need);
        memcpy(to, &text, sizeof text);
        return;
    case KNOWLEDGE_FLAG:
        read_flag(r, value, to);
        return;
    case KNOWLEDGE_NUMBER:
    case KNOWLEDGE_SCORE:
    case KNOWLEDGE_NAME:
        read_number(r, member, value, to);
        return;
    case KNOWLEDGE_ARRAY:
        (void)is_a(r, value, json_type_array);
        return;
    case KNOWLEDGE_OBJECT:
        (void)is_a(r, value, json_type_object);
        return;
    case KNOWLEDGE_OTHER:
        return;
    }
}

/* A member that the table does not have: named, with those that it has. */
static void refuse_unknown(struct knowledge_reader *r, struct json_object *object,
                           const struct knowledge_member *members, size_t members_count)
{
    struct json_object_iterator end = json_object_iter_end(object);

    for (struct json_object_iterator it = json_object_iter_begin(object);
         !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
        struct slice name = slice_of(json_object_iter_peek_name(&it));
        const char *list[KNOWLEDGE_MEMBERS_MAX];
        char allowed[ERR_TEXT_BYTES_MAX];
        bool is_known = false;

        for (size_t i = 0; i < members_count; i++) {
            list[i] = members[i].name;
            is_known |= slice_eq_text(name, members[i].name);
        }
        if (!is_known) {
            const struct names names = {list, members_count};

            knowledge_fail(r, ERR_INVALID, "unknown member '%.*s'; there are: %s",
                           (int)(name.len < 40 ? name.len : 40), name.ptr,
                           names_join(&names, allowed, sizeof allowed));
            return;
        }
    }
}

void knowledge_read_object(struct knowledge_reader *r, struct json_object *object,
                           const struct knowledge_member *members, size_t members_count,
                           void *row)
{
    assert(members_count <= KNOWLEDGE_MEMBERS_MAX);
    if (!is_a(r, object, json_type_object))
        return;
    refuse_unknown(r, object, members, members_count);
    for (size_t i = 0; i < members_count && !r->has_failed; i++) {
        struct json_object *value = NULL;
        size_t place;

        if (!knowledge_get(object, members[i].name, &value)) {
            if (members[i].need == KNOWLEDGE_REQUIRED)
                knowledge_fail(r, ERR_INVALID, "member '%s' is missing", members[i].name);
            continue;
        }
        place = knowledge_enter(r, members[i].name);
        read_member(r, &members[i], value, row);
        knowledge_leave(r, place);
    }
}

/* --- containers ----------------------------------------------------------------------------
 */

void knowledge_each_element(struct knowledge_reader *r, struct json_object *array,
                            void (*each)(struct knowledge_reader *r,
                                         struct json_object *element, void *owner),
                            void *owner)
{
    size_t count;

    if (!is_a(r, array, json_type_array))
        return;
    count = json_object_array_length(array);
    for (size_t i = 0; i < count && !r->has_failed; i++) {
        size_t place = enter_element(r, i);

        each(r, json_object_array_get_idx(array, i), owner);
        knowledge_leave(r, place);
    }
}

void knowledge_each(struct knowledge_reader *r, struct json_object *object, const char *name,
                    void (*each)(struct knowledge_reader *r, struct json_object *element,
                                 void *owner),
                    void *owner)
{
    struct json_object *array = NULL;
    size_t place;

    if (r->has_failed || !knowledge_get(object, name, &array))
        return;
    place = knowledge_enter(r, name);
    knowledge_each_element(r, array, each, owner);
    knowledge_leave(r, place);
}

/* One member, at the place of the object. */
static void read_pair(struct knowledge_reader *r, const char *name, struct json_object *value,
                      void (*each)(struct knowledge_reader *r, struct slice key,
                                   struct json_object *value, void *owner),
                      void *owner)
{
    struct slice key = arena_copy(&r->release->arena, slice_of(name));
    size_t place;

    if (r->release->arena.has_failed)
        knowledge_fail(r, ERR_NOMEM, "the release is too large");
    if (key.len == 0)
        knowledge_fail(r, ERR_INVALID, "a member's name must not be empty");
    check_text(r, key, KNOWLEDGE_TEXT);
    if (r->has_failed)
        return;
    place = knowledge_enter(r, name);
    each(r, key, value, owner);
    knowledge_leave(r, place);
}

void knowledge_each_member(struct knowledge_reader *r, struct json_object *object,
                           const char *name,
                           void (*each)(struct knowledge_reader *r, struct slice key,
                                        struct json_object *value, void *owner),
                           void *owner)
{
    struct json_object_iterator it, end;
    struct json_object *members = NULL;
    size_t place;

    if (r->has_failed || !knowledge_get(object, name, &members))
        return;
    place = knowledge_enter(r, name);
    if (!is_a(r, members, json_type_object))
        return;
    it = json_object_iter_begin(members);
    end = json_object_iter_end(members);
    for (; !json_object_iter_equal(&it, &end) && !r->has_failed; json_object_iter_next(&it))
        read_pair(r, json_object_iter_peek_name(&it), json_object_iter_peek_value(&it), each,
                  owner);
    knowledge_leave(r, place);
}

void *knowledge_row(struct knowledge_reader *r, void *row)
{
    if (row == NULL)
        knowledge_fail(r, ERR_NOMEM, "the release is too large");
    return row;
}
