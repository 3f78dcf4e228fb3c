/* tests/fuzz/fuzz_search.c -- what a FHIR server says of itself, and of a search, on any bytes.
 *
 * Checked for each input:
 *   (1) A statement is read or refused, the same way twice; what it names has its limits.
 *   (2) The self link of a page that is the input itself is read within it.
 *   (3) A list of codes, split at any size, is the list again.
 */
#include "fhir/bundle.h"
#include "fhir/capability.h"
#include "fhir/search.h"

#include <stdlib.h>

#define NODES_MAX       65536
#define ARENA_BYTES_MAX ((size_t)1 << 20)

#define MUST(condition)                                                                        \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);              \
            abort();                                                                           \
        }                                                                                      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_statement(struct json root)
{
    struct fhir_capability got[2];
    enum err_code codes[2];

    memset(got, 0, sizeof got);
    for (size_t i = 0; i < 2; i++) {
        struct err err = {0};
        struct arena arena;

        arena_init(&arena, ARENA_BYTES_MAX);
        codes[i] = fhir_capability_read(root, &arena, &got[i], &err);
        arena_release(&arena);
        MUST(codes[i] == err.code);
    }
    MUST(codes[0] == codes[1]);
    MUST(codes[0] == ERR_OK || codes[0] == ERR_INVALID || codes[0] == ERR_NOMEM);
    if (codes[0] != ERR_OK)
        return;
    MUST(got[0].kind == got[1].kind && (size_t)got[0].kind < FHIR_SERVER_KINDS_COUNT);
    MUST(strcmp(got[0].haplotypes, got[1].haplotypes) == 0);
    MUST(strlen(got[0].haplotypes) < FHIR_OPERATION_BYTES_MAX);
}

static void check_self_link(struct json root)
{
    static const struct fhir_search_param PARAMS[] = {{SLICE("patient"), SLICE("1")},
                                                      {SLICE("code"), SLICE("x")},
                                                      {SLICE("_include:iterate"), SLICE("y")}};
    struct arena arena;
    struct slice link;

    arena_init(&arena, ARENA_BYTES_MAX);
    link = fhir_bundle_link(root, "self", &arena);
    MUST(fhir_search_ignored(link, PARAMS, ARRAY_LEN(PARAMS)) < 8);
    arena_release(&arena);
}

static void check_codes(struct slice codes, size_t each)
{
    size_t count = fhir_codes_count(codes), taken = 0, searches = 0;
    struct slice rest = codes;

    while (rest.len > 0) {
        struct slice part = fhir_codes_take(&rest, each);

        MUST(part.len <= codes.len && part.ptr >= codes.ptr);
        taken += fhir_codes_count(part);
        MUST(++searches <= codes.len);
    }
    MUST(taken <= count && searches <= (count + each - 1) / each);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_doc doc;
    struct err err = {0};
    struct buf text;

    buf_init(&text, (size_t)1 << 20);
    buf_add(&text, (struct slice){(const char *)data, size});
    if (buf_failed(&text)) {
        buf_release(&text);
        return 0;
    }
    json_doc_init(&doc);
    if (json_parse(&doc, buf_slice(&text), NODES_MAX, &err) == ERR_OK) {
        check_statement(json_root(&doc));
        check_self_link(json_root(&doc));
    }
    check_codes(buf_slice(&text), 1 + size % 7);
    json_doc_release(&doc);
    buf_release(&text);
    return 0;
}
