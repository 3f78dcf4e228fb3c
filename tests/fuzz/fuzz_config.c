/* tests/fuzz/fuzz_config.c -- any bytes are settings or a list of problems; what is accepted
 * can be shown and read again. */
#include <assert.h>

#include "gateway/ops/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Equal but for where the values came from. */
static void check_again(struct gw_config *config)
{
    struct gw_config again;
    struct err err = {0};
    struct buf shown, shown_again;

    buf_init(&shown, 1u << 22);
    buf_init(&shown_again, 1u << 22);
    for (size_t i = 0; i < CONFIG_SETTINGS_COUNT; i++)
        config->sources[i] = CONFIG_FILE;
    config->database = ""; /* shown as a mask only */
    gw_config_write(config, &shown);
    assert(!buf_failed(&shown));
    if (gw_config_read(&again, buf_slice(&shown), "again", NULL, NULL, &err) == ERR_OK) {
        gw_config_write(&again, &shown_again);
        assert(slice_eq(buf_slice(&shown), buf_slice(&shown_again)));
    } else {
        assert(err.code == ERR_NOMEM);
    }
    gw_config_release(&again);
    buf_release(&shown);
    buf_release(&shown_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_config config;
    struct err err = {0};
    struct buf problems;

    /* Files named in the text are not opened. */
    if (slice_find((struct slice){(const char *)data, size}, SLICE("_file")) != SIZE_MAX)
        return 0;
    buf_init(&problems, 1u << 20);
    if (gw_config_read(&config, (struct slice){(const char *)data, size}, "fuzz", NULL,
                       &problems, &err) == ERR_OK) {
        assert(problems.len == 0);
        check_again(&config);
    } else {
        assert(err.code != ERR_OK && err.text[0] != '\0');
        for (const char *c = err.text; *c != '\0'; c++)
            assert((unsigned char)*c >= ' ');
    }
    gw_config_release(&config);
    buf_release(&problems);
    return 0;
}
