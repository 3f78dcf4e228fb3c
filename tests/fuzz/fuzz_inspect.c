/* tests/fuzz/fuzz_inspect.c -- any bytes as a file to inspect, with a patient or without.
 *
 * The first byte chooses. Whatever is accepted gives a report that our own strict JSON reader
 * accepts, and text without control characters but the ends of its lines.
 */
#include "gateway/hooks/inspect.h"
#include "gateway/store/snapshot.h"

#define TEXT_BYTES_MAX ((size_t)16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct rules_knowledge *knowledge(void)
{
    static struct rules_knowledge *loaded;
    struct err err = {0};

    if (loaded == NULL && snapshot_from_files("rules/knowledge", &loaded, &err) != ERR_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
        abort();
    }
    return loaded;
}

static void check_json(const struct inspection *inspection)
{
    struct json_doc doc;
    struct err err = {0};
    struct buf json;

    buf_init(&json, TEXT_BYTES_MAX);
    json_doc_init(&doc);
    inspect_write_json(inspection, &json);
    if (!buf_failed(&json) && json_parse(&doc, buf_slice(&json), 4000000, &err) != ERR_OK)
        abort();
    json_doc_release(&doc);
    buf_release(&json);
}

static void check_text(struct inspection *inspection)
{
    struct buf text;

    buf_init(&text, TEXT_BYTES_MAX);
    inspect_write_text(inspection, &text);
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.bytes[i] < 0x20 && text.bytes[i] != '\n')
            abort();
    buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct inspection inspection;
    struct err err = {0};
    struct buf file;

    if (size < 1)
        return 0;
    buf_init(&file, TEXT_BYTES_MAX);
    buf_add(&file, (struct slice){(const char *)data + 1, size - 1});
    inspect_init(&inspection, knowledge(), data[0] % 2 == 0 ? SLICE_NONE : SLICE("p1"));
    if (inspect_add_file(&inspection, &file, &err) == ERR_OK &&
        inspect_read(&inspection, &err) == ERR_OK) {
        check_json(&inspection);
        check_text(&inspection);
    }
    inspect_release(&inspection);
    buf_release(&file);
    return 0;
}
