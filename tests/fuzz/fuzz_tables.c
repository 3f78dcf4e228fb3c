/* tests/fuzz/fuzz_tables.c -- any bytes are a site's CSV: its result mapping, or its list of
 * inhibitors and inducers; what is accepted can be used, what is refused says where and why.
 *
 * The first byte says which of the two the rest is.
 */
#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gateway/store/modulators_csv.h"
#include "gateway/store/result_mapping.h"
#include "rules/base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char input[64]; /* the path of the bytes under test */

static void check(const struct err *err)
{
    if (err->code == ERR_OK)
        return;
    assert(err->text[0] != '\0');
    for (const char *c = err->text; *c != '\0'; c++)
        assert((unsigned char)*c >= ' ');
}

static void read_mapping(void)
{
    struct result_mapping mapping;
    struct arena arena;
    struct err err = {0};
    struct buf codes;

    if (result_mapping_read(input, &mapping, &err) == ERR_OK) {
        struct err ignored = {0};
        enum err_code code;

        arena_init(&arena, (size_t)16 * 1024 * 1024);
        code = fhir_mapping_check(&mapping.mapping, &arena, &ignored);
        assert(code == ERR_OK || code == ERR_NOMEM);
        arena_release(&arena);
        buf_init(&codes, RESULT_MAPPING_SEARCH_BYTES_MAX);
        for (size_t i = 0; i < mapping.mapping.codes_count; i++) {
            const struct fhir_mapped_code *c = &mapping.mapping.codes[i];

            buf_clear(&codes);
            fhir_mapping_codes(&mapping.mapping, &c->gene, 1, &codes);
            assert(!buf_failed(&codes));
            assert(c->kind == FHIR_MAPPED_STATEMENT
                       ? fhir_mapping_statement(&mapping.mapping, c->system, c->code,
                                                c->gene) != NULL
                       : fhir_mapping_result(&mapping.mapping, c->system, c->code) == c);
        }
        buf_release(&codes);
        result_mapping_release(&mapping);
    }
    check(&err);
}

static void read_modulators(void)
{
    struct rules_release release;
    struct err err = {0};
    size_t count = 0;

    rules_release_init(&release);
    release.name = release.version = SLICE("1");
    *rules_add_gene(&release) = (struct rules_gene){.symbol = SLICE("CYP2D6")};
    if (modulators_csv_import(input, &release, &count, &err) == ERR_OK)
        assert(count == release.modulators_count);
    rules_release_release(&release);
    check(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;

    if (fd < 0) {
        fd = memfd_create("input", 0);
        if (fd < 0)
            abort();
        (void)snprintf(input, sizeof input, "/proc/self/fd/%d", fd);
    }
    if (size == 0)
        return 0;
    if (ftruncate(fd, 0) != 0 || pwrite(fd, data + 1, size - 1, 0) != (ssize_t)(size - 1))
        abort();
    if (data[0] % 2 == 0)
        read_mapping();
    else
        read_modulators();
    return 0;
}
