/* tests/fhir/parsed.h -- JSON text to a collection, for tests of the FHIR readers. */
#ifndef TESTS_FHIR_PARSED_H
#define TESTS_FHIR_PARSED_H

#include "tests/test.h"

#include "fhir/bundle.h"
#include "rules/base/buf.h"

#define PARSED_NODES_MAX (1u << 20)

struct parsed {
    struct buf text;
    struct json_doc doc;
    struct arena arena;
    struct fhir_collection collection;
};

static inline void parsed_init(struct parsed *p)
{
    buf_init(&p->text, (size_t)16 << 20);
    json_doc_init(&p->doc);
    arena_init(&p->arena, (size_t)64 << 20);
    fhir_collection_init(&p->collection, &p->arena);
}

static inline void parsed_release(struct parsed *p)
{
    arena_release(&p->arena);
    json_doc_release(&p->doc);
    buf_release(&p->text);
}

/* Parses the text in p->text. */
static inline void parsed_read(struct parsed *p)
{
    struct err err = {0};

    assert_ok(json_parse(&p->doc, buf_slice(&p->text), PARSED_NODES_MAX, &err), &err);
}

/* Parses `text`, in which ' stands for ", and adds it to the collection. */
static inline void parsed_add(struct parsed *p, const char *text)
{
    struct err err = {0};

    buf_clear(&p->text);
    for (const char *c = text; *c != 0; c++)
        buf_add_char(&p->text, *c == '\'' ? '"' : *c);
    parsed_read(p);
    assert_ok(fhir_collection_add(&p->collection, json_root(&p->doc), &err), &err);
}

/* Reads a whole file into p->text; false when there is none. */
static inline bool parsed_load(struct parsed *p, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *to;
    size_t got;

    if (file == NULL)
        return false;
    buf_clear(&p->text);
    do {
        to = buf_reserve(&p->text, 65536);
        assert_non_null(to);
        got = fread(to, 1, 65536, file);
        buf_added(&p->text, got);
    } while (got > 0);
    (void)fclose(file);
    return true;
}

#endif
