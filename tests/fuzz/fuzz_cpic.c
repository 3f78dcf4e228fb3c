/* tests/fuzz/fuzz_cpic.c -- any JSON from a publisher is refused, or makes a release that is
 * refused or whole.
 *
 * Files are divided by the byte 0x1f. What was read is put into an empty release twice: both
 * must be equal, and so must both errors.
 */
#include <assert.h>
#include <stdlib.h>

#include "gateway/store/cpic_apply.h"
#include "gateway/store/cpic_json.h"
#include "rules/evaluate.h"

#define TEXT_BYTES_MAX  ((size_t)16 * 1024 * 1024)
#define BYTES_MAX       ((size_t)1024 * 1024)
#define FILES_SEPARATOR '\x1f'

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_files(struct slice rest, struct cpic_rows *rows)
{
    bool is_read = rest.len > 0;

    while (rest.len > 0 && is_read) {
        struct err err = {0};
        struct buf text;

        buf_init(&text, BYTES_MAX);
        buf_add(&text, slice_cut(rest, FILES_SEPARATOR, &rest));
        buf_add_char(&text, ' ');
        is_read = cpic_json_read_text("fuzz.json", &text, rows, &err) == ERR_OK;
        assert(is_read || err.text[0] != '\0');
        buf_release(&text);
    }
    return is_read;
}

static void ignore(void *owner, const struct rules_test *test, struct slice what)
{
    (void)owner;
    (void)test;
    (void)what;
}

/* Writes the release, or the error. */
static void apply(const struct cpic_rows *rows, struct buf *ret)
{
    struct rules_knowledge *k = NULL;
    struct rules_release release;
    struct cpic_report report;
    struct err err = {0};
    size_t run = 0;

    buf_init(ret, TEXT_BYTES_MAX);
    rules_release_init(&release);
    cpic_report_init(&report);
    release.name = SLICE("fuzz");
    if (cpic_apply(rows, &release, &report, &err) == ERR_OK) {
        rules_release_canonical(&release, ret);
        if (rules_knowledge_new(&release, SLICE("fuzz"), &k, &err) == ERR_OK)
            (void)rules_run_tests(k, ignore, NULL, &run);
    }
    buf_add(ret, slice_of(err.text));
    rules_knowledge_release(k);
    cpic_report_release(&report);
    rules_release_release(&release);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cpic_rows rows;
    struct buf first, second;

    cpic_rows_init(&rows);
    if (size <= BYTES_MAX && read_files((struct slice){(const char *)data, size}, &rows)) {
        apply(&rows, &first);
        apply(&rows, &second);
        assert(slice_eq(buf_slice(&first), buf_slice(&second)));
        buf_release(&first);
        buf_release(&second);
    }
    cpic_rows_release(&rows);
    return 0;
}
