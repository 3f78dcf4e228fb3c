/* gateway/store/knowledge_files.c -- walk the folder of the knowledge files, in order of name.
 */
#include "gateway/store/knowledge_files.h"

#include "gateway/store/file.h"
#include "gateway/store/knowledge_reader.h"
#include "gateway/store/text.h"

#define NAMES_BYTES_MAX ((size_t)8 * 1024 * 1024)

static const struct knowledge_member RELEASE[] = {
    {"name", KNOWLEDGE_ID, KNOWLEDGE_REQUIRED, offsetof(struct rules_release, name), NULL},
    {"version", KNOWLEDGE_ID, KNOWLEDGE_REQUIRED, offsetof(struct rules_release, version),
     NULL},
    {"developer", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct rules_release, developer),
     NULL},
};

static const struct knowledge_member SOURCES[] = {
    {"sources", KNOWLEDGE_ARRAY, KNOWLEDGE_REQUIRED, 0, NULL},
};

#define OF_SOURCE(field) offsetof(struct rules_source, field)
static const struct knowledge_member SOURCE[] = {
    {"id", KNOWLEDGE_ID, KNOWLEDGE_REQUIRED, OF_SOURCE(id), NULL},
    {"publisher", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, OF_SOURCE(publisher), NULL},
    {"title", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, OF_SOURCE(title), NULL},
    {"version", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, OF_SOURCE(version), NULL},
    {"year", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, OF_SOURCE(year), NULL},
    {"url", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, OF_SOURCE(url), NULL},
    {"pmids", KNOWLEDGE_TEXT, KNOWLEDGE_OPTIONAL, OF_SOURCE(pmids), NULL},
};

static void read_source(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    struct rules_source *row = knowledge_row(r, rules_add_source(r->release));

    (void)owner;
    if (row != NULL)
        knowledge_read_object(r, element, SOURCE, ARRAY_LEN(SOURCE), row);
}

/* --- files of the top folder ---------------------------------------------------------------
 */

static void read_release(struct knowledge_reader *r)
{
    knowledge_read_object(r, knowledge_open_json(r, "", "release.json"), RELEASE,
                          ARRAY_LEN(RELEASE), r->release);
}

static void read_sources(struct knowledge_reader *r)
{
    struct json_object *root = knowledge_open_json(r, "", "sources.json");

    knowledge_read_object(r, root, SOURCES, ARRAY_LEN(SOURCES), NULL);
    knowledge_each(r, root, "sources", read_source, NULL);
}

static void read_alternatives(struct knowledge_reader *r)
{
    knowledge_read_alternatives(r, knowledge_open_json(r, "", "alternatives.json"));
}

static void read_drug_codes(struct knowledge_reader *r)
{
    knowledge_open(r, "", "drug_codes.tsv");
    knowledge_read_drug_codes(r);
}

/* --- folders -------------------------------------------------------------------------------
 */

static bool is_for_people(const char *name)
{
    return slice_ends(slice_of(name), SLICE(".md"));
}

/* Lists a folder into `names`; false when it cannot be. */
static bool list(struct knowledge_reader *r, const char *folder, struct arena *names,
                 const char ***ret, size_t *ret_count)
{
    struct err err = {0};
    enum err_code code;

    if (r->has_failed)
        return false;
    code = file_list(r->dir, folder, names, ret, ret_count, &err);
    if (code != ERR_OK) {
        r->has_failed = true;
        (void)err_set(r->err, code, "%s", err.text);
    }
    return code == ERR_OK;
}

static void refuse_name(struct knowledge_reader *r, const char *folder, const char *name,
                        const char *allowed)
{
    if (r->has_failed)
        return;
    r->has_failed = true;
    (void)err_set(r->err, ERR_INVALID, "%s%s%s: unexpected; there are: %s", folder,
                  folder[0] != '\0' ? "/" : "", name, allowed);
}

/* Opens every .json file of a folder and hands it on with its name's stem. */
static void each_file(struct knowledge_reader *r, const char *folder,
                      void (*read)(struct knowledge_reader *r, struct json_object *root,
                                   struct slice stem, struct slice owner),
                      struct slice owner)
{
    struct arena arena;
    const char **names = NULL;
    size_t count = 0;

    arena_init(&arena, NAMES_BYTES_MAX);
    if (list(r, folder, &arena, &names, &count)) {
        for (size_t i = 0; i < count && !r->has_failed; i++) {
            struct slice name = slice_of(names[i]);
            struct json_object *root;

            if (is_for_people(names[i]))
                continue;
            if (!slice_ends(name, SLICE(".json"))) {
                refuse_name(r, folder, names[i], "files ending in .json");
                break;
            }
            root = knowledge_open_json(r, folder, names[i]);
            if (!r->has_failed)
                read(r, root, slice_head(name, name.len - strlen(".json")), owner);
        }
    }
    arena_release(&arena);
}

static void read_gene(struct knowledge_reader *r, struct json_object *root, struct slice stem,
                      struct slice owner)
{
    (void)owner;
    knowledge_read_gene(r, root, stem);
}

static void read_genes(struct knowledge_reader *r)
{
    each_file(r, "genes", read_gene, SLICE_NONE);
}

static void read_drug(struct knowledge_reader *r, struct json_object *root, struct slice stem,
                      struct slice owner)
{
    (void)owner;
    knowledge_read_drug(r, root, stem);
}

static void read_drugs(struct knowledge_reader *r)
{
    each_file(r, "drugs", read_drug, SLICE_NONE);
}

static void read_test_file(struct knowledge_reader *r, struct json_object *root,
                           struct slice stem, struct slice owner)
{
    (void)stem;
    (void)owner;
    knowledge_read_tests(r, root);
}

static void read_tests(struct knowledge_reader *r)
{
    each_file(r, "tests", read_test_file, SLICE_NONE);
}

static void read_message_file(struct knowledge_reader *r, struct json_object *root,
                              struct slice stem, struct slice owner)
{
    (void)stem;
    knowledge_read_messages(r, root, owner);
}

/* The form of the language tags we use (BCP 47): letters, then parts of letters and digits. */
static bool is_locale(const char *name)
{
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char PARTS[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    size_t language = strspn(name, LETTERS);

    return (language == 2 || language == 3) && strlen(name) < 36 &&
           (name[language] == '\0' ||
            (name[language] == '-' && name[strspn(name, PARTS)] == '\0'));
}

static void read_messages(struct knowledge_reader *r)
{
    struct arena arena;
    const char **names = NULL;
    size_t count = 0;

    arena_init(&arena, NAMES_BYTES_MAX);
    if (list(r, "messages", &arena, &names, &count)) {
        for (size_t i = 0; i < count && !r->has_failed; i++) {
            char folder[KNOWLEDGE_PATH_BYTES_MAX];

            if (is_for_people(names[i]))
                continue;
            (void)snprintf(folder, sizeof folder, "messages/%.64s", names[i]);
            if (!is_locale(names[i]) || !file_is_folder(r->dir, folder)) {
                refuse_name(r, "messages", names[i], "folders named by a language, as en");
                break;
            }
            each_file(r, folder, read_message_file,
                      arena_copy(&r->release->arena, slice_of(names[i])));
        }
    }
    arena_release(&arena);
}

/* --- the whole -----------------------------------------------------------------------------
 */

/* In the order of reading, which is the order of the rows. */
static const struct {
    const char *name;
    void (*read)(struct knowledge_reader *r);
} PARTS[] = {
    {"release.json", read_release},
    {"sources.json", read_sources},
    {"genes", read_genes},
    {"drugs", read_drugs},
    {"alternatives.json", read_alternatives},
    {"drug_codes.tsv", read_drug_codes},
    {"messages", read_messages},
    {"tests", read_tests},
    {"not_covered.json", NULL}, /* for `rules coverage`: no part of a release */
};

static void check_names(struct knowledge_reader *r)
{
    const char *list_of_parts[ARRAY_LEN(PARTS)];
    struct arena arena;
    const char **names = NULL;
    size_t count = 0;

    for (size_t i = 0; i < ARRAY_LEN(PARTS); i++)
        list_of_parts[i] = PARTS[i].name;
    arena_init(&arena, NAMES_BYTES_MAX);
    if (list(r, "", &arena, &names, &count)) {
        const struct names parts = {list_of_parts, ARRAY_LEN(PARTS)};
        char allowed[ERR_TEXT_BYTES_MAX];
        uint32_t ignored;

        for (size_t i = 0; i < count; i++)
            if (!is_for_people(names[i]) && !names_find(&parts, slice_of(names[i]), &ignored))
                refuse_name(r, "", names[i], names_join(&parts, allowed, sizeof allowed));
    }
    arena_release(&arena);
}

enum err_code store_read_files(const char *dir, struct rules_release *ret, struct err *err)
{
    struct rules_release release;
    struct knowledge_reader reader;

    rules_release_init(&release);
    knowledge_reader_init(&reader, dir, &release, err);
    check_names(&reader);
    for (size_t i = 0; i < ARRAY_LEN(PARTS) && !reader.has_failed; i++)
        if (PARTS[i].read != NULL)
            PARTS[i].read(&reader);
    knowledge_reader_release(&reader);
    if (reader.has_failed) {
        rules_release_release(&release);
        return err->code;
    }
    *ret = release;
    return ERR_OK;
}
