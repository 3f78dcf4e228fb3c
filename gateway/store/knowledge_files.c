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

static void read_modulators(struct knowledge_reader *r)
{
    knowledge_read_modulators(r, knowledge_open_json(r, "", "modulators.json"));
}

static void read_pretests(struct knowledge_reader *r)
{
    knowledge_read_pretests(r, knowledge_open_json(r, "", "pretests.json"));
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

static void read_algorithm(struct knowledge_reader *r, struct json_object *root,
                           struct slice stem, struct slice owner)
{
    (void)owner;
    knowledge_read_algorithm(r, root, stem);
}

static void read_algorithms(struct knowledge_reader *r)
{
    each_file(r, "algorithms", read_algorithm, SLICE_NONE);
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

/* "2026.11" and a pack's "dpwg-2024" make "2026.11+dpwg-2024". */
static void read_pack(struct knowledge_reader *r)
{
    struct rules_release pack = {0};

    knowledge_read_object(r, knowledge_open_json(r, "", "pack.json"), RELEASE,
                          ARRAY_LEN(RELEASE), &pack);
    if (r->has_failed)
        return;
    r->release->version =
        arena_printf(&r->release->arena, "%.*s+%.*s-%.*s", SLICE_ARG(r->release->version),
                     SLICE_ARG(pack.name), SLICE_ARG(pack.version));
    if (r->release->arena.has_failed)
        knowledge_fail(r, ERR_NOMEM, "the release is too large");
}

enum presence { IN_BASE, IN_PACK, IN_BOTH };

/* In the order of reading, which is the order of the rows. */
static const struct part {
    const char *name;
    void (*read)(struct knowledge_reader *r);
    enum presence place;
    bool is_required; /* in a base; of a pack only pack.json and sources.json are */
} PARTS[] = {
    {"release.json", read_release, IN_BASE, true},
    {"pack.json", read_pack, IN_PACK, true},
    {"sources.json", read_sources, IN_BOTH, true},
    {"genes", read_genes, IN_BOTH, true},
    {"drugs", read_drugs, IN_BOTH, true},
    {"alternatives.json", read_alternatives, IN_BOTH, true},
    {"drug_codes.tsv", read_drug_codes, IN_BOTH, true},
    {"modulators.json", read_modulators, IN_BOTH, false},
    {"pretests.json", read_pretests, IN_BOTH, false},
    {"messages", read_messages, IN_BOTH, true},
    {"tests", read_tests, IN_BOTH, true},
    {"algorithms", read_algorithms, IN_BOTH, false},
    /* For `rules coverage`: no part of a release. */
    {"not_covered.json", NULL, IN_BASE, false},
};

static bool is_part_of(const struct part *part, bool is_pack)
{
    return part->place == IN_BOTH || part->place == (is_pack ? IN_PACK : IN_BASE);
}

/* Refuses names that mean nothing and says which parts are there. */
static void check_names(struct knowledge_reader *r, bool is_pack, bool is_there[])
{
    const char *list_of_parts[ARRAY_LEN(PARTS)];
    struct names parts = {list_of_parts, 0};
    struct arena arena;
    const char **names = NULL;
    size_t count = 0;

    for (size_t i = 0; i < ARRAY_LEN(PARTS); i++)
        if (is_part_of(&PARTS[i], is_pack))
            list_of_parts[parts.count++] = PARTS[i].name;
    arena_init(&arena, NAMES_BYTES_MAX);
    if (list(r, "", &arena, &names, &count)) {
        char allowed[ERR_TEXT_BYTES_MAX];
        uint32_t ignored;

        for (size_t i = 0; i < count; i++) {
            if (!is_for_people(names[i]) && !names_find(&parts, slice_of(names[i]), &ignored))
                refuse_name(r, "", names[i], names_join(&parts, allowed, sizeof allowed));
            for (size_t p = 0; p < ARRAY_LEN(PARTS); p++)
                is_there[p] = is_there[p] || strcmp(names[i], PARTS[p].name) == 0;
        }
    }
    arena_release(&arena);
}

static bool is_wanted(const struct part *part, bool is_pack, bool is_there)
{
    if (!is_part_of(part, is_pack))
        return false;
    return is_there ||
           (is_pack ? part->place == IN_PACK || part->read == read_sources : part->is_required);
}

static enum err_code read_folder(const char *dir, bool is_pack, struct rules_release *release,
                                 struct err *err)
{
    bool is_there[ARRAY_LEN(PARTS)] = {false};
    struct knowledge_reader reader;

    knowledge_reader_init(&reader, dir, release, err);
    reader.is_pack = is_pack;
    check_names(&reader, is_pack, is_there);
    for (size_t i = 0; i < ARRAY_LEN(PARTS) && !reader.has_failed; i++)
        if (PARTS[i].read != NULL && is_wanted(&PARTS[i], is_pack, is_there[i]))
            PARTS[i].read(&reader);
    knowledge_reader_release(&reader);
    return reader.has_failed ? err->code : ERR_OK;
}

enum err_code store_read_files(const char *dir, struct rules_release *ret, struct err *err)
{
    struct rules_release release;

    rules_release_init(&release);
    if (read_folder(dir, false, &release, err) != ERR_OK) {
        rules_release_release(&release);
        return err->code;
    }
    *ret = release;
    return ERR_OK;
}

enum err_code store_read_pack(const char *dir, struct rules_release *release, struct err *err)
{
    return read_folder(dir, true, release, err);
}
