/* gateway/store/not_covered.c -- reads not_covered.json with the reader of the knowledge files.
 */
#include "gateway/store/not_covered.h"

#include "gateway/store/file.h"
#include "gateway/store/knowledge_reader.h"

#define NAMES_BYTES_MAX ((size_t)8 * 1024 * 1024)
#define FILE_NAME       "not_covered.json"

static const struct knowledge_member ROOT[] = {
    {"list", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct not_covered, list), NULL},
    {"groups", KNOWLEDGE_ARRAY, KNOWLEDGE_REQUIRED, 0, NULL},
};

static const struct knowledge_member GROUP[] = {
    {"why", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct not_covered_pair, why), NULL},
    {"pairs", KNOWLEDGE_ARRAY, KNOWLEDGE_REQUIRED, 0, NULL},
};

static const struct knowledge_member PAIR[] = {
    {"gene", KNOWLEDGE_ID, KNOWLEDGE_REQUIRED, offsetof(struct not_covered_pair, gene), NULL},
    {"drug", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct not_covered_pair, drug), NULL},
    {"level", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct not_covered_pair, level),
     NULL},
};

struct reading {
    struct not_covered *ret;
    struct slice why;
};

static void check_is_new(struct knowledge_reader *r, const struct not_covered *n,
                         const struct not_covered_pair *pair)
{
    for (size_t i = 0; i < n->count; i++)
        if (slice_eq(n->pairs[i].gene, pair->gene) && slice_eq(n->pairs[i].drug, pair->drug))
            knowledge_fail(r, ERR_INVALID, "%.*s and %.*s are listed twice",
                           SLICE_ARG(pair->gene), SLICE_ARG(pair->drug));
}

static void read_pair(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    struct reading *reading = owner;
    struct not_covered *n = reading->ret;
    struct not_covered_pair pair = {.why = reading->why};
    struct not_covered_pair *pairs;

    knowledge_read_object(r, element, PAIR, ARRAY_LEN(PAIR), &pair);
    check_is_new(r, n, &pair);
    pairs = knowledge_row(
        r, arena_grow(&r->release->arena, n->pairs, &n->max, n->count, sizeof *pairs));
    if (pairs == NULL)
        return;
    n->pairs = pairs;
    pairs[n->count++] = pair;
}

static void read_group(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    struct reading *reading = owner;
    struct not_covered_pair group = {0};

    knowledge_read_object(r, element, GROUP, ARRAY_LEN(GROUP), &group);
    reading->why = group.why;
    knowledge_each(r, element, "pairs", read_pair, reading);
}

static enum err_code look_for_file(const char *dir, bool *ret, struct err *err)
{
    struct arena arena;
    const char **names = NULL;
    size_t count = 0;
    enum err_code code;

    arena_init(&arena, NAMES_BYTES_MAX);
    code = file_list(dir, "", &arena, &names, &count, err);
    *ret = false;
    for (size_t i = 0; code == ERR_OK && i < count; i++)
        *ret = *ret || strcmp(names[i], FILE_NAME) == 0;
    arena_release(&arena);
    return code;
}

enum err_code not_covered_read(const char *dir, struct not_covered *ret, struct err *err)
{
    struct not_covered n = {0};
    struct reading reading = {.ret = &n};
    struct knowledge_reader r;
    struct rules_release texts; /* the reader puts texts into a release's arena */
    struct json_object *root;
    bool is_there = false;

    if (look_for_file(dir, &is_there, err) != ERR_OK)
        return err->code;
    rules_release_init(&texts);
    if (is_there) {
        knowledge_reader_init(&r, dir, &texts, err);
        root = knowledge_open_json(&r, "", FILE_NAME);
        knowledge_read_object(&r, root, ROOT, ARRAY_LEN(ROOT), &n);
        knowledge_each(&r, root, "groups", read_group, &reading);
        knowledge_reader_release(&r);
        if (r.has_failed) {
            rules_release_release(&texts);
            return err->code;
        }
    }
    n.arena = texts.arena;
    *ret = n;
    return ERR_OK;
}

void not_covered_release(struct not_covered *n)
{
    arena_release(&n->arena);
    *n = (struct not_covered){0};
}
