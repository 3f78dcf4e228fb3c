/* gateway/ops/config_write.c -- the settings as an example file, as they are, as a table. */
#include <assert.h>

#include "gateway/ops/config_private.h"

#define COMMENT_COLUMNS 94
#define MASK            "********"

static const struct {
    const char *title; /* of a section that begins at this setting; else NULL */
} SECTIONS[] = {
#define SECTION(title) {title},
#define SETTING(kind, name, preset, min, max, doc)
#include "gateway/ops/settings.def"
#undef SETTING
#undef SECTION
};

/* How many settings each section has, in order: -1 marks a section's start. */
static const int LAYOUT[] = {
#define SECTION(title)                             -1,
#define SETTING(kind, name, preset, min, max, doc) CONFIG_ID_##name,
#include "gateway/ops/settings.def"
#undef SETTING
#undef SECTION
};

/* A double-quoted YAML text. */
static void write_quoted(struct buf *buf, struct slice text)
{
    buf_add_char(buf, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\')
            buf_add_char(buf, '\\');
        buf_add_char(buf, text.ptr[i]);
    }
    buf_add_char(buf, '"');
}

/* Words of a comment, broken before the last column. */
static void write_comment(struct buf *buf, const char *text)
{
    struct slice rest = slice_of(text);
    size_t column = 0;

    while (rest.len > 0) {
        struct slice word = slice_cut(rest, ' ', &rest);

        if (column == 0 || column + 1 + word.len > COMMENT_COLUMNS) {
            buf_add(buf, column == 0 ? SLICE("#") : SLICE("\n#"));
            column = 1;
        }
        buf_add_char(buf, ' ');
        buf_add(buf, word);
        column += 1 + word.len;
    }
    buf_add_text(buf, "\n");
}

static void write_list(struct buf *buf, const struct slice *items, size_t items_count)
{
    buf_add_text(buf, "[");
    for (size_t i = 0; i < items_count; i++) {
        if (i > 0)
            buf_add_text(buf, ", ");
        write_quoted(buf, items[i]);
    }
    buf_add_text(buf, "]");
}

static const void *field_of(const struct gw_config *config,
                            const struct config_setting *setting)
{
    return (const char *)config + setting->at;
}

static void write_value(struct buf *buf, const struct gw_config *config,
                        const struct config_setting *setting)
{
    const void *field = field_of(config, setting);

    switch (setting->kind) {
    case CONFIG_KIND_SECRET:
        write_quoted(buf, **(const char *const *)field == '\0' ? SLICE("") : SLICE(MASK));
        break;
    case CONFIG_KIND_TEXT:
    case CONFIG_KIND_ADDRESS:
    case CONFIG_KIND_LOCALE:
        write_quoted(buf, slice_of(*(const char *const *)field));
        break;
    case CONFIG_KIND_FHIR_SERVERS:
    case CONFIG_KIND_ORIGINS:
    case CONFIG_KIND_NAMES:
    case CONFIG_KIND_PAIRS:
    case CONFIG_KIND_SERVER_KINDS: {
        const struct list {
            const struct slice *items;
            size_t count;
        } *list = field;

        write_list(buf, list->items, list->count);
        break;
    }
    case CONFIG_KIND_U32:
    case CONFIG_KIND_BYTES:
    case CONFIG_KIND_MS:
    case CONFIG_KIND_S:
        buf_printf(buf, "%u", *(const uint32_t *)field);
        break;
    case CONFIG_KIND_BOOL:
        buf_printf(buf, "%s", *(const bool *)field ? "true" : "false");
        break;
    case CONFIG_KIND_CONVERSION:
        buf_printf(buf, "%s",
                   rules_conversion_use_name(*(const enum rules_conversion_use *)field));
        break;
    case CONFIG_KIND_LOG_LEVEL:
        buf_printf(buf, "%s", config_level_name(*(const enum log_level *)field));
        break;
    case CONFIG_KIND_LOG_FORMAT:
        buf_printf(buf, "%s", config_format_name(*(const enum log_format *)field));
        break;
    }
}

static void write_preset(struct buf *buf, const struct config_setting *setting)
{
    struct slice preset = slice_of(setting->preset);

    switch (setting->kind) {
    case CONFIG_KIND_FHIR_SERVERS:
    case CONFIG_KIND_ORIGINS:
    case CONFIG_KIND_NAMES:
    case CONFIG_KIND_PAIRS:
    case CONFIG_KIND_SERVER_KINDS:
        write_list(buf, &preset, preset.len > 0);
        break;
    case CONFIG_KIND_TEXT:
    case CONFIG_KIND_ADDRESS:
    case CONFIG_KIND_LOCALE:
    case CONFIG_KIND_SECRET:
        write_quoted(buf, preset);
        break;
    case CONFIG_KIND_U32:
    case CONFIG_KIND_BYTES:
    case CONFIG_KIND_MS:
    case CONFIG_KIND_S:
    case CONFIG_KIND_BOOL:
    case CONFIG_KIND_CONVERSION:
    case CONFIG_KIND_LOG_LEVEL:
    case CONFIG_KIND_LOG_FORMAT:
        buf_add(buf, preset);
        break;
    }
}

void gw_config_write_example(struct buf *buf)
{
    size_t section = 0;

    write_comment(buf, "pgxgate settings. Every setting is shown with the value it has when it "
                       "is not set. Each can also be given in the environment, as PGXGATE_ and "
                       "its name in capitals.");
    for (size_t i = 0; i < ARRAY_LEN(LAYOUT); i++) {
        const struct config_setting *setting;
        char allowed[CONFIG_WHY_BYTES];

        if (LAYOUT[i] < 0) {
            buf_printf(buf, "\n# ---- %s ----\n", SECTIONS[section++].title);
            continue;
        }
        setting = &CONFIG_SETTINGS[LAYOUT[i]];
        buf_add_text(buf, "\n");
        write_comment(buf, setting->doc);
        config_value_describe(setting, allowed);
        buf_add_text(buf, "# Allowed: ");
        buf_printf(buf, "%s.\n%s: ", allowed, setting->name);
        write_preset(buf, setting);
        buf_add_text(buf, "\n");
    }
}

void gw_config_write(const struct gw_config *config, struct buf *buf)
{
    static const char *const SOURCES[] = {
        [CONFIG_PRESET] = "",
        [CONFIG_FILE] = "  # file",
        [CONFIG_ENVIRONMENT] = "  # environment",
    };

    for (size_t i = 0; i < CONFIG_SETTINGS_COUNT; i++) {
        buf_printf(buf, "%s: ", CONFIG_SETTINGS[i].name);
        write_value(buf, config, &CONFIG_SETTINGS[i]);
        buf_printf(buf, "%s\n", SOURCES[config->sources[i]]);
    }
}

void gw_config_write_table(struct buf *buf)
{
    size_t section = 0;

    buf_add_text(buf, "| setting | default | allowed | what it does |\n"
                      "| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < ARRAY_LEN(LAYOUT); i++) {
        const struct config_setting *setting;
        char allowed[CONFIG_WHY_BYTES];

        if (LAYOUT[i] < 0) {
            buf_printf(buf, "| **%s** | | | |\n", SECTIONS[section++].title);
            continue;
        }
        setting = &CONFIG_SETTINGS[LAYOUT[i]];
        config_value_describe(setting, allowed);
        buf_printf(buf, "| `%s` | `", setting->name);
        write_preset(buf, setting);
        buf_printf(buf, "` | %s | %s |\n", allowed, setting->doc);
    }
}
