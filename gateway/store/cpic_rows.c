/* gateway/store/cpic_rows.c -- rows, their keys and texts. */
#include "gateway/store/cpic_rows.h"

#include <stdlib.h>

#include "fhir/json.h"

#define KEY_NODES_MAX    1000
#define KEY_BYTES_MAX    8192
#define COPIES_MAX       2
#define PLAIN_LINES_TAGS 12

void cpic_rows_init(struct cpic_rows *rows)
{
    *rows = (struct cpic_rows){0};
    arena_init(&rows->arena, CPIC_BYTES_MAX);
}

void cpic_rows_release(struct cpic_rows *rows)
{
    arena_release(&rows->arena);
    *rows = (struct cpic_rows){0};
}

#define X(type, array)                                                                         \
    struct cpic_##type *cpic_add_##type(struct cpic_rows *rows)                                \
    {                                                                                          \
        struct cpic_##type *grown;                                                             \
                                                                                               \
        if (rows->array##_count == CPIC_ROWS_MAX)                                              \
            return NULL;                                                                       \
        grown = arena_grow(&rows->arena, rows->array, &rows->array##_max, rows->array##_count, \
                           sizeof *grown);                                                     \
        if (grown == NULL)                                                                     \
            return NULL;                                                                       \
        rows->array = grown;                                                                   \
        grown += rows->array##_count++;                                                        \
        *grown = (struct cpic_##type){0};                                                      \
        return grown;                                                                          \
    }
CPIC_TABLES(X)
#undef X

void cpic_rows_date(struct cpic_rows *rows, struct slice date)
{
    if (slice_compare(rows->date, date) < 0)
        rows->date = arena_copy(&rows->arena, date);
}

struct slice cpic_without_gene(struct slice word, struct slice gene)
{
    if (gene.len > 0 && slice_starts_nocase(word, gene) && word.len > gene.len &&
        word.ptr[gene.len] == ' ')
        return slice_trim(slice_from(word, gene.len));
    return word;
}

/* --- keys ----------------------------------------------------------------------------------
 */

/* {"*1": 1, "*3": 1} or {"*3": 2}, where a count may be written 2.0, to "= *1 / *3". */
static bool read_diplotype(struct json counts, struct arena *arena, struct slice *ret)
{
    struct slice alleles[COPIES_MAX];
    size_t found = 0;

    for (struct json e = json_first(counts); !json_is_absent(e); e = json_next(e)) {
        struct slice name = slice_trim(json_name(e, arena));
        uint32_t x100 = 0;

        if (!json_to_x100(e, &x100) || x100 % 100 != 0 || x100 == 0 || name.len == 0 ||
            slice_find_char(name, '/') != SIZE_MAX)
            return false;
        for (uint32_t copies = x100 / 100; copies > 0; copies--) {
            if (found == COPIES_MAX)
                return false;
            alleles[found++] = name;
        }
    }
    if (found == 0)
        return false;
    *ret = found == 1 ? arena_printf(arena, "= %.*s", SLICE_ARG(alleles[0]))
                      : arena_printf(arena, "= %.*s / %.*s", SLICE_ARG(alleles[0]),
                                     SLICE_ARG(alleles[1]));
    return true;
}

static bool read_key(struct json value, struct slice gene, struct arena *arena,
                     struct slice *ret)
{
    struct slice word;

    if (json_is(value, JSON_OBJECT))
        return read_diplotype(value, arena, ret);
    if (!json_is(value, JSON_STRING))
        return false;
    word = cpic_without_gene(slice_trim(json_text(value, arena)), gene);
    if (word.len == 0 || word.len > 160 || slice_starts(word, SLICE("= ")))
        return false;
    *ret = arena_copy(arena, word);
    return true;
}

/* Keeps the keys in order of gene. False when the gene is there already or it is too many. */
static bool put_key(struct cpic_key keys[CPIC_GENES_MAX], size_t *count, struct slice gene,
                    struct slice key)
{
    size_t at = 0;

    while (at < *count && slice_compare(keys[at].gene, gene) < 0)
        at++;
    if ((at < *count && slice_eq(keys[at].gene, gene)) || *count == CPIC_GENES_MAX)
        return false;
    for (size_t i = (*count)++; i > at; i--)
        keys[i] = keys[i - 1];
    keys[at] = (struct cpic_key){gene, key};
    return true;
}

static enum err_code put_members(struct cpic_rows *rows, struct json object, struct slice place,
                                 struct cpic_key keys[CPIC_GENES_MAX], size_t *ret_count,
                                 struct err *err)
{
    struct arena *arena = &rows->arena;

    for (struct json e = json_first(object); !json_is_absent(e); e = json_next(e)) {
        struct slice gene = arena_copy(arena, slice_trim(json_name(e, arena)));
        struct slice key = SLICE_NONE;

        if (gene.len == 0 || !read_key(e, gene, arena, &key))
            return err_set(err, ERR_INVALID,
                           "%.*s: lookupkey: of %.*s must be a word or allele counts",
                           SLICE_ARG(place), SLICE_ARG(gene));
        if (!put_key(keys, ret_count, gene, key))
            return err_set(err, ERR_LIMIT, "%.*s: lookupkey: more than %d genes",
                           SLICE_ARG(place), CPIC_GENES_MAX);
    }
    return arena->has_failed ? err_set(err, ERR_NOMEM, "the import is too large") : ERR_OK;
}

enum err_code cpic_read_keys(struct cpic_rows *rows, struct slice json, struct slice place,
                             struct cpic_key keys[CPIC_GENES_MAX], size_t *ret_count,
                             struct err *err)
{
    struct err why = {0};
    struct json_doc doc;
    struct buf text;
    enum err_code code = ERR_OK;

    *ret_count = 0;
    json_doc_init(&doc);
    buf_init(&text, KEY_BYTES_MAX); /* the reader may look past the end */
    buf_add(&text, json);
    if (buf_failed(&text))
        code = err_set(err, ERR_LIMIT, "%.*s: lookupkey: too long", SLICE_ARG(place));
    else if (json_parse(&doc, buf_slice(&text), KEY_NODES_MAX, &why) != ERR_OK)
        code = err_set(err, why.code, "%.*s: lookupkey: %s", SLICE_ARG(place), why.text);
    else if (!json_is(json_root(&doc), JSON_OBJECT))
        code = err_set(err, ERR_INVALID, "%.*s: lookupkey: must be an object, is %s",
                       SLICE_ARG(place), json_type_name(json_type(json_root(&doc))));
    else
        code = put_members(rows, json_root(&doc), place, keys, ret_count, err);
    json_doc_release(&doc);
    buf_release(&text);
    return code;
}

/* --- texts ---------------------------------------------------------------------------------
 */

struct writer {
    char *bytes;
    size_t len;
    bool wants_blank;
};

static void put_char(struct writer *w, char c)
{
    if (c == ' ' || c == '\t' || c == '\r') {
        w->wants_blank = w->len > 0 && w->bytes[w->len - 1] != '\n';
        return;
    }
    if (c == '\n') {
        if (w->len > 0 && w->bytes[w->len - 1] != '\n')
            w->bytes[w->len++] = '\n';
        w->wants_blank = false;
        return;
    }
    if ((unsigned char)c < ' ' || c == '\x7f')
        return;
    if (w->wants_blank)
        w->bytes[w->len++] = ' ';
    w->wants_blank = false;
    w->bytes[w->len++] = c;
}

/* Tags that end a line; all others are left out. */
static bool ends_line(struct slice tag)
{
    static const char *const TAGS[PLAIN_LINES_TAGS] = {"p",  "/p",  "li", "/li", "br",  "br/",
                                                       "ul", "/ul", "ol", "/ol", "/tr", "div"};
    struct slice rest, name = slice_cut(tag, ' ', &rest);

    for (size_t i = 0; i < PLAIN_LINES_TAGS; i++)
        if (slice_eq_nocase(name, slice_of(TAGS[i])))
            return true;
    return false;
}

/* Of "<p>": 3. 0 when it is a sign and not a tag: "score < 2". */
static size_t tag_len(struct slice text)
{
    size_t end = slice_find_char(text, '>');

    if (text.len < 3 || text.ptr[0] != '<' || end == SIZE_MAX || end < 2)
        return 0;
    if (text.ptr[1] != '/' && !((text.ptr[1] >= 'a' && text.ptr[1] <= 'z') ||
                                (text.ptr[1] >= 'A' && text.ptr[1] <= 'Z')))
        return 0;
    return end + 1;
}

static size_t put_entity(struct writer *w, struct slice text)
{
    static const struct {
        struct slice name;
        char c;
    } ENTITIES[] = {{{"&amp;", 5}, '&'},  {{"&lt;", 4}, '<'},    {{"&gt;", 4}, '>'},
                    {{"&quot;", 6}, '"'}, {{"&apos;", 6}, '\''}, {{"&#39;", 5}, '\''},
                    {{"&nbsp;", 6}, ' '}};

    for (size_t i = 0; i < ARRAY_LEN(ENTITIES); i++)
        if (slice_starts(text, ENTITIES[i].name)) {
            put_char(w, ENTITIES[i].c);
            return ENTITIES[i].name.len;
        }
    put_char(w, text.ptr[0]);
    return 1;
}

struct slice cpic_plain_text(struct slice html, struct arena *arena)
{
    struct writer w = {.bytes = arena_alloc(arena, html.len + 1)};

    if (w.bytes == NULL)
        return SLICE_NONE;
    for (size_t at = 0; at < html.len;) {
        struct slice rest = slice_from(html, at);
        size_t tag = tag_len(rest);

        if (tag > 0) {
            if (ends_line((struct slice){rest.ptr + 1, tag - 2}))
                put_char(&w, '\n');
            at += tag;
        } else if (rest.ptr[0] == '&') {
            at += put_entity(&w, rest);
        } else {
            put_char(&w, rest.ptr[0]);
            at++;
        }
    }
    return slice_trim((struct slice){w.bytes, w.len});
}
