/* gateway/store/knowledge_reader.c -- open a knowledge file and take typed values from it. */
#include "gateway/store/knowledge_reader.h"

#include <assert.h>
#include <stdarg.h>

#include "gateway/store/file.h"
#include "gateway/store/text.h"

void knowledge_reader_init(struct knowledge_reader *r, const char *dir,
                           struct rules_release *release, struct err *err)
{
    *r = (struct knowledge_reader){.dir = dir, .release = release, .err = err};
    buf_init(&r->bytes, KNOWLEDGE_FILE_BYTES_MAX);
    json_doc_init(&r->doc);
}

void knowledge_reader_release(struct knowledge_reader *r)
{
    buf_release(&r->bytes);
    json_doc_release(&r->doc);
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

struct json knowledge_open_json(struct knowledge_reader *r, const char *folder,
                                const char *name)
{
    struct err err = {0};
    enum err_code code;

    knowledge_open(r, folder, name);
    if (r->has_failed)
        return JSON_NONE;
    code = json_parse(&r->doc, buf_slice(&r->bytes), KNOWLEDGE_NODES_MAX, &err);
    if (code != ERR_OK) {
        knowledge_fail(r, code, "%s", err.text);
        return JSON_NONE;
    }
    return json_root(&r->doc);
}

/* --- single values -------------------------------------------------------------------------
 */

static bool is_a(struct knowledge_reader *r, struct json value, enum json_type type)
{
    if (!r->has_failed && !json_is(value, type))
        knowledge_fail(r, ERR_INVALID, "must be %s %s, is %s", type == JSON_STRING ? "a" : "an",
                       json_type_name(type), json_type_name(json_type(value)));
    return !r->has_failed;
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

static struct slice read_text(struct knowledge_reader *r, struct json value,
                              enum knowledge_kind kind, enum knowledge_need need)
{
    struct arena *arena = &r->release->arena;
    struct slice text;

    if (!is_a(r, value, JSON_STRING))
        return SLICE_NONE;
    text = json_text(value, arena);
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

struct slice knowledge_text(struct knowledge_reader *r, struct json value,
                            enum knowledge_kind kind)
{
    return read_text(r, value, kind, KNOWLEDGE_REQUIRED);
}

uint32_t knowledge_number(struct knowledge_reader *r, struct json value)
{
    int64_t number = 0;

    if (r->has_failed)
        return 0;
    if (!json_to_i64(value, &number) || number < 0 || number > 1000000) {
        knowledge_fail(r, ERR_INVALID, "must be a whole number from 0 to 1000000");
        return 0;
    }
    return (uint32_t)number;
}

static uint32_t read_score(struct knowledge_reader *r, struct json value)
{
    uint32_t score_x100 = 0;

    if (is_a(r, value, JSON_STRING) &&
        !slice_to_x100(json_text(value, &r->release->arena), &score_x100))
        knowledge_fail(r, ERR_INVALID,
                       "must be a number in quotes with at most two decimals, as \"0.25\"");
    return score_x100;
}

static uint32_t read_name(struct knowledge_reader *r, struct json value,
                          const struct names *names)
{
    char allowed[ERR_TEXT_BYTES_MAX];
    uint32_t number = 0;

    if (is_a(r, value, JSON_STRING) &&
        !names_find(names, json_text(value, &r->release->arena), &number))
        knowledge_fail(r, ERR_INVALID, "must be one of: %s",
                       names_join(names, allowed, sizeof allowed));
    return number;
}

/* --- objects -------------------------------------------------------------------------------
 */

static void read_flag(struct knowledge_reader *r, struct json value, void *to)
{
    bool flag = json_is_true(value);

    if (!flag && !json_is(value, JSON_FALSE)) {
        knowledge_fail(r, ERR_INVALID, "must be true or false, is %s",
                       json_type_name(json_type(value)));
        return;
    }
    memcpy(to, &flag, sizeof flag);
}

static void read_number(struct knowledge_reader *r, const struct knowledge_member *member,
                        struct json value, void *to)
{
    uint32_t number;

    static_assert(sizeof(enum rules_alert) == sizeof number, "enums are written as numbers");
    number = member->kind == KNOWLEDGE_SCORE  ? read_score(r, value)
             : member->kind == KNOWLEDGE_NAME ? read_name(r, value, member->names)
                                              : knowledge_number(r, value);
    memcpy(to, &number, sizeof number);
}

static void read_member(struct knowledge_reader *r, const struct knowledge_member *member,
                        struct json value, void *row)
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
        (void)is_a(r, value, JSON_ARRAY);
        return;
    case KNOWLEDGE_OBJECT:
        (void)is_a(r, value, JSON_OBJECT);
        return;
    case KNOWLEDGE_OTHER:
        return;
    }
}

/* A member that the table does not have: named, with those that it has. */
static void refuse_unknown(struct knowledge_reader *r, struct json object,
                           const struct knowledge_member *members, size_t members_count)
{
    for (struct json e = json_first(object); !json_is_absent(e); e = json_next(e)) {
        struct slice name = json_name(e, &r->release->arena);
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

void knowledge_read_object(struct knowledge_reader *r, struct json object,
                           const struct knowledge_member *members, size_t members_count,
                           void *row)
{
    assert(members_count <= KNOWLEDGE_MEMBERS_MAX);
    if (!is_a(r, object, JSON_OBJECT))
        return;
    refuse_unknown(r, object, members, members_count);
    for (size_t i = 0; i < members_count && !r->has_failed; i++) {
        struct json value = json_get(object, members[i].name);
        size_t place;

        if (json_is_absent(value) && members[i].need == KNOWLEDGE_REQUIRED)
            knowledge_fail(r, ERR_INVALID, "member '%s' is missing", members[i].name);
        if (json_is_absent(value) || r->has_failed)
            continue;
        place = knowledge_enter(r, members[i].name);
        read_member(r, &members[i], value, row);
        knowledge_leave(r, place);
    }
}

/* --- containers ----------------------------------------------------------------------------
 */

void knowledge_each_element(struct knowledge_reader *r, struct json array,
                            void (*each)(struct knowledge_reader *r, struct json element,
                                         void *owner),
                            void *owner)
{
    size_t index = 0;

    if (!is_a(r, array, JSON_ARRAY))
        return;
    for (struct json e = json_first(array); !json_is_absent(e) && !r->has_failed;
         e = json_next(e)) {
        size_t place = enter_element(r, index++);

        each(r, e, owner);
        knowledge_leave(r, place);
    }
}

void knowledge_each(struct knowledge_reader *r, struct json object, const char *name,
                    void (*each)(struct knowledge_reader *r, struct json element, void *owner),
                    void *owner)
{
    struct json array = json_get(object, name);
    size_t place;

    if (r->has_failed || json_is_absent(array))
        return;
    place = knowledge_enter(r, name);
    knowledge_each_element(r, array, each, owner);
    knowledge_leave(r, place);
}

void knowledge_each_member(struct knowledge_reader *r, struct json object, const char *name,
                           void (*each)(struct knowledge_reader *r, struct slice key,
                                        struct json value, void *owner),
                           void *owner)
{
    struct arena *arena = &r->release->arena;
    struct json members = json_get(object, name);
    size_t place;

    if (r->has_failed || json_is_absent(members))
        return;
    place = knowledge_enter(r, name);
    if (!is_a(r, members, JSON_OBJECT))
        return;
    for (struct json e = json_first(members); !json_is_absent(e) && !r->has_failed;
         e = json_next(e)) {
        struct slice key = arena_copy(arena, json_name(e, arena));
        size_t inner;

        if (arena->has_failed) {
            knowledge_fail(r, ERR_NOMEM, "the release is too large");
            return;
        }
        if (key.len == 0)
            knowledge_fail(r, ERR_INVALID, "a member's name must not be empty");
        check_text(r, key, KNOWLEDGE_TEXT);
        if (r->has_failed)
            return;
        inner = knowledge_enter(r, key.ptr);
        each(r, key, e, owner);
        knowledge_leave(r, inner);
    }
    knowledge_leave(r, place);
}

void *knowledge_row(struct knowledge_reader *r, void *row)
{
    if (row == NULL)
        knowledge_fail(r, ERR_NOMEM, "the release is too large");
    return row;
}
