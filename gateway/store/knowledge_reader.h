/* gateway/store/knowledge_reader.h -- typed access to one knowledge file; for the files of this
 * folder that read them, nobody else includes it.
 *
 * All JSON of the knowledge goes through here, so that types, unknown members, lengths and
 * error texts are dealt with once. A file is read as json-c's tree; a value is a struct
 * json_object, where NULL is JSON's null (and what there is after a failure). The tree belongs
 * to the reader and is gone with the next file: rows get copies.
 *
 * The first failure is kept in err with file and path ("genes/TPMT.json: alleles[3].function:
 * ..."); after it every function does nothing and gives nothing, so that callers need one check
 * at the end.
 */
#ifndef GATEWAY_STORE_KNOWLEDGE_READER_H
#define GATEWAY_STORE_KNOWLEDGE_READER_H

#include "gateway/store/names.h"
#include "rules/base/buf.h"

#define KNOWLEDGE_FILE_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define KNOWLEDGE_NODES_MAX      4000000
#define KNOWLEDGE_TEXT_BYTES_MAX 4000 /* of one string */
#define KNOWLEDGE_ID_BYTES_MAX   120
#define KNOWLEDGE_PATH_BYTES_MAX 160
#define KNOWLEDGE_MEMBERS_MAX    24 /* of one kind of object */

struct json_object;

struct knowledge_reader {
    const char *dir;               /* borrowed */
    struct rules_release *release; /* borrowed; rows and texts go here */
    struct err *err;               /* borrowed */
    bool has_failed;
    bool is_pack;                        /* adds to a release that is there */
    char file[KNOWLEDGE_PATH_BYTES_MAX]; /* the one being read, relative to dir */
    char path[KNOWLEDGE_PATH_BYTES_MAX]; /* the place in it */
    size_t path_len;
    struct buf bytes;
    struct json_object *tree; /* owned */
};

void knowledge_reader_init(struct knowledge_reader *r, const char *dir,
                           struct rules_release *release, struct err *err);
void knowledge_reader_release(struct knowledge_reader *r);

/* Says what is wrong at the current place. */
void knowledge_fail(struct knowledge_reader *r, enum err_code code, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Reads dir/folder/name (folder "" for dir itself) into r->bytes. */
void knowledge_open(struct knowledge_reader *r, const char *folder, const char *name);
/* The same, parsed: the tree is the reader's. NULL after a failure. */
struct json_object *knowledge_open_json(struct knowledge_reader *r, const char *folder,
                                        const char *name);

/* --- objects by table --- */

enum knowledge_kind {
    KNOWLEDGE_TEXT,   /* string, one line -> struct slice */
    KNOWLEDGE_ID,     /* string of letters, digits, '.', '_', '-' -> struct slice */
    KNOWLEDGE_FLAG,   /* true or false -> bool */
    KNOWLEDGE_NUMBER, /* integer -> uint32_t */
    KNOWLEDGE_SCORE,  /* string "1.25" -> uint32_t in hundredths */
    KNOWLEDGE_NAME,   /* string of a list -> enum */
    KNOWLEDGE_ARRAY,  /* read by code */
    KNOWLEDGE_OBJECT, /* read by code */
    KNOWLEDGE_OTHER,  /* read by code */
};

enum knowledge_need { KNOWLEDGE_REQUIRED, KNOWLEDGE_OPTIONAL };

struct knowledge_member {
    const char *name;
    enum knowledge_kind kind;
    enum knowledge_need need;
    size_t offset;             /* in the row; not for what is read by code */
    const struct names *names; /* KNOWLEDGE_NAME */
};

/* Fills `row` (NULL when every member is read by code). Members that are not in the table are
 * failures; optional members that are absent leave their field alone. An empty text will do for
 * an optional member only. */
void knowledge_read_object(struct knowledge_reader *r, struct json_object *object,
                           const struct knowledge_member *members, size_t members_count,
                           void *row);

/* --- single values, for what is read by code --- */

/* True if the object has the member, null included; *ret is then its value. */
bool knowledge_get(struct json_object *object, const char *name, struct json_object **ret);

/* Calls `each` for every element of the array `object`.name, unless it is absent. */
void knowledge_each(struct knowledge_reader *r, struct json_object *object, const char *name,
                    void (*each)(struct knowledge_reader *r, struct json_object *element,
                                 void *owner),
                    void *owner);
/* The same for `array` itself, at the current place. */
void knowledge_each_element(struct knowledge_reader *r, struct json_object *array,
                            void (*each)(struct knowledge_reader *r,
                                         struct json_object *element, void *owner),
                            void *owner);
/* Calls `each` for every member of the object `object`.name; key is copied into the release. */
void knowledge_each_member(struct knowledge_reader *r, struct json_object *object,
                           const char *name,
                           void (*each)(struct knowledge_reader *r, struct slice key,
                                        struct json_object *value, void *owner),
                           void *owner);

/* A string copied into the release: KNOWLEDGE_TEXT or KNOWLEDGE_ID, not empty. */
struct slice knowledge_text(struct knowledge_reader *r, struct json_object *value,
                            enum knowledge_kind kind);
uint32_t knowledge_number(struct knowledge_reader *r, struct json_object *value);

/* Going down to a member and back. */
size_t knowledge_enter(struct knowledge_reader *r, const char *member);
void knowledge_leave(struct knowledge_reader *r, size_t place);

/* A row that could not be had: no memory. Returns `row`. */
void *knowledge_row(struct knowledge_reader *r, void *row);

/* --- readers by topic: one file each, already opened --- */

void knowledge_read_gene(struct knowledge_reader *r, struct json_object *root,
                         struct slice stem);
void knowledge_read_drug(struct knowledge_reader *r, struct json_object *root,
                         struct slice stem);
void knowledge_read_algorithm(struct knowledge_reader *r, struct json_object *root,
                              struct slice stem);
void knowledge_read_alternatives(struct knowledge_reader *r, struct json_object *root);
void knowledge_read_messages(struct knowledge_reader *r, struct json_object *root,
                             struct slice locale);
void knowledge_read_tests(struct knowledge_reader *r, struct json_object *root);
void knowledge_read_modulators(struct knowledge_reader *r, struct json_object *root);
void knowledge_read_pretests(struct knowledge_reader *r, struct json_object *root);
/* drug_codes.tsv, from r->bytes. */
void knowledge_read_drug_codes(struct knowledge_reader *r);

#endif
