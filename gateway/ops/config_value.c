/* gateway/ops/config_value.c -- from a setting's text to its field, by kind. */
#include <assert.h>

#include "fhir/capability.h"
#include "gateway/net/server.h"
#include "gateway/ops/config_private.h"

#define TEXT_BYTES_MAX 2048
#define NAME_BYTES_MAX 160

static const char *const LEVELS[] = {
#define X(code, name) [LOG_LEVEL_##code] = (name),
    LOG_LEVELS(X)
#undef X
};

static const char *const FORMATS[] = {
#define X(code, name) [LOG_FORMAT_##code] = (name),
    LOG_FORMATS(X)
#undef X
};

const char *config_level_name(enum log_level level)
{
    assert(level < ARRAY_LEN(LEVELS));
    return LEVELS[level];
}

const char *config_format_name(enum log_format format)
{
    assert(format < ARRAY_LEN(FORMATS));
    return FORMATS[format];
}

static void *field_of(struct gw_config *config, const struct config_setting *setting)
{
    return (char *)config + setting->at;
}

/* The fields of every kind of list. */
struct list {
    struct slice *items;
    size_t count;
};

/* ---- texts ---- */

static bool is_printable(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
            return false;
    return text.len <= TEXT_BYTES_MAX;
}

static bool url_is_valid(struct slice text)
{
    struct slice rest;

    if (slice_starts(text, SLICE("https://")))
        rest = slice_from(text, 8);
    else if (slice_starts(text, SLICE("http://")))
        rest = slice_from(text, 7);
    else
        return false;
    for (size_t i = 0; i < rest.len; i++)
        if (rest.ptr[i] <= ' ' || rest.ptr[i] >= 0x7f ||
            strchr("\"<>\\^`{|}#?", rest.ptr[i]) != NULL)
            return false;
    /* A user and a password have no place in a URL that is shown and logged. */
    return rest.len > 0 && rest.ptr[0] != '/' && rest.ptr[0] != ':' &&
           slice_find_char(rest, '@') == SIZE_MAX;
}

static bool origin_is_valid(struct slice text)
{
    size_t host = slice_find(text, SLICE("//"));

    return slice_eq(text, SLICE("*")) ||
           (url_is_valid(text) && slice_find_char(slice_from(text, host + 2), '/') == SIZE_MAX);
}

/* RFC 5646 in short: a language, then subtags. */
static bool locale_is_valid(struct slice text)
{
    struct slice part = slice_cut(text, '-', &text);

    if (part.len < 2 || part.len > 3)
        return false;
    for (;;) {
        for (size_t i = 0; i < part.len; i++) {
            char c = part.ptr[i];

            if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
                return false;
        }
        if (text.len == 0)
            return part.len > 0;
        part = slice_cut(text, '-', &text);
        if (part.len < 1 || part.len > 8)
            return false;
    }
}

static bool name_is_valid(struct slice text)
{
    return text.len > 0 && text.len <= NAME_BYTES_MAX;
}

/* A drug and a gene, or "all". Whether the knowledge has them shows when it is loaded. */
static bool pair_is_valid(struct slice text)
{
    struct slice gene;
    struct slice drug = slice_cut(text, '/', &gene);

    return slice_eq(text, SLICE("all")) ||
           (name_is_valid(slice_trim(drug)) && name_is_valid(slice_trim(gene)) &&
            slice_find_char(gene, '/') == SIZE_MAX);
}

static bool address_is_valid(struct slice text)
{
    char address[128];

    if (text.len >= sizeof address)
        return false;
    (void)snprintf(address, sizeof address, "%.*s", SLICE_ARG(text));
    return net_address_is_valid(address);
}

static struct slice without_last_slashes(struct slice text)
{
    while (text.len > 0 && text.ptr[text.len - 1] == '/')
        text.len--;
    return text;
}

static bool set_text(struct gw_config *config, const struct config_setting *setting,
                     struct slice text)
{
    const char **field = field_of(config, setting);
    const char *copy;

    if (!is_printable(text) || text.len < setting->min)
        return false;
    if (text.len > 0 && setting->kind == CONFIG_KIND_ADDRESS && !address_is_valid(text))
        return false;
    if (setting->kind == CONFIG_KIND_LOCALE && !locale_is_valid(text))
        return false;
    copy = arena_cstr(&config->arena, text);
    if (copy == NULL)
        return false;
    *field = copy;
    return true;
}

static bool add_item(struct gw_config *config, const struct config_setting *setting,
                     struct slice text)
{
    struct list *list = field_of(config, setting);
    enum fhir_server_kind kind;
    struct slice base;

    if (list->count == CONFIG_LIST_ITEMS_MAX || !is_printable(text))
        return false;
    if (setting->kind == CONFIG_KIND_ORIGINS) {
        if (!origin_is_valid(text))
            return false;
    } else if (setting->kind == CONFIG_KIND_NAMES) {
        if (!name_is_valid(text))
            return false;
    } else if (setting->kind == CONFIG_KIND_PAIRS) {
        if (!pair_is_valid(text))
            return false;
    } else if (setting->kind == CONFIG_KIND_SERVER_KINDS) {
        if (!fhir_server_kind_split(text, &base, &kind))
            return false;
    } else if (slice_eq(text, SLICE("loopback"))) {
        text = SLICE("http://loopback");
    } else {
        text = without_last_slashes(text);
        if (!url_is_valid(text))
            return false;
    }
    if (list->items == NULL)
        list->items = arena_array(&config->arena, CONFIG_LIST_ITEMS_MAX, sizeof *list->items);
    if (list->items == NULL)
        return false;
    list->items[list->count] = slice_of(arena_cstr(&config->arena, text));
    return list->items[list->count++].ptr != NULL;
}

/* ---- numbers ---- */

/* The suffixes of each kind and what they multiply by. */
static const struct {
    enum config_kind kind;
    const char *suffix;
    uint64_t factor;
} SUFFIXES[] = {
    {CONFIG_KIND_BYTES, "K", 1024},
    {CONFIG_KIND_BYTES, "M", 1024ull * 1024},
    {CONFIG_KIND_BYTES, "G", 1024ull * 1024 * 1024},
    {CONFIG_KIND_MS, "ms", 1},
    {CONFIG_KIND_MS, "s", 1000},
    {CONFIG_KIND_S, "s", 1},
};

static bool set_number(struct gw_config *config, const struct config_setting *setting,
                       struct slice text)
{
    uint32_t *field = field_of(config, setting);
    uint64_t factor = 1;
    uint64_t number = 0;

    for (size_t i = 0; i < ARRAY_LEN(SUFFIXES); i++) {
        struct slice suffix = slice_of(SUFFIXES[i].suffix);

        if (SUFFIXES[i].kind == setting->kind && slice_ends(text, suffix)) {
            factor = SUFFIXES[i].factor;
            text = slice_trim(slice_head(text, text.len - suffix.len));
            break;
        }
    }
    if (!slice_to_u64(text, UINT32_MAX, &number))
        return false;
    number *= factor;
    if (number < setting->min || number > setting->max)
        return false;
    *field = (uint32_t)number;
    return true;
}

static bool find_name(const char *const *names, size_t names_count, struct slice text,
                      size_t *ret)
{
    for (size_t i = 0; i < names_count; i++)
        if (slice_eq_text(text, names[i])) {
            *ret = i;
            return true;
        }
    return false;
}

static bool set_level(struct gw_config *config, const struct config_setting *setting,
                      struct slice text)
{
    enum log_level *field = field_of(config, setting);
    size_t index = 0;

    if (!find_name(LEVELS, ARRAY_LEN(LEVELS), text, &index))
        return false;
    *field = (enum log_level)index;
    return true;
}

static bool set_format(struct gw_config *config, const struct config_setting *setting,
                       struct slice text)
{
    enum log_format *field = field_of(config, setting);
    size_t index = 0;

    if (!find_name(FORMATS, ARRAY_LEN(FORMATS), text, &index))
        return false;
    *field = (enum log_format)index;
    return true;
}

static bool set_bool(struct gw_config *config, const struct config_setting *setting,
                     struct slice text)
{
    bool *field = field_of(config, setting);

    if (!slice_eq(text, SLICE("true")) && !slice_eq(text, SLICE("false")))
        return false;
    *field = slice_eq(text, SLICE("true"));
    return true;
}

/* ---- by kind ---- */

static bool set(struct gw_config *config, const struct config_setting *setting,
                struct slice text)
{
    switch (setting->kind) {
    case CONFIG_KIND_TEXT:
    case CONFIG_KIND_ADDRESS:
    case CONFIG_KIND_LOCALE:
    case CONFIG_KIND_SECRET:
        return set_text(config, setting, text);
    case CONFIG_KIND_FHIR_SERVERS:
    case CONFIG_KIND_ORIGINS:
    case CONFIG_KIND_NAMES:
    case CONFIG_KIND_PAIRS:
    case CONFIG_KIND_SERVER_KINDS:
        return add_item(config, setting, text);
    case CONFIG_KIND_CONVERSION:
        return rules_conversion_use_from_name(text, field_of(config, setting));
    case CONFIG_KIND_U32:
    case CONFIG_KIND_BYTES:
    case CONFIG_KIND_MS:
    case CONFIG_KIND_S:
        return set_number(config, setting, text);
    case CONFIG_KIND_BOOL:
        return set_bool(config, setting, text);
    case CONFIG_KIND_LOG_LEVEL:
        return set_level(config, setting, text);
    case CONFIG_KIND_LOG_FORMAT:
        return set_format(config, setting, text);
    }
    return false;
}

void config_value_clear(struct gw_config *config, const struct config_setting *setting)
{
    if (config_setting_is_list(setting))
        *(struct list *)field_of(config, setting) = (struct list){0};
}

bool config_value_set(struct gw_config *config, const struct config_setting *setting,
                      struct slice text, char why[CONFIG_WHY_BYTES])
{
    char allowed[CONFIG_WHY_BYTES - 16];

    if (set(config, setting, text))
        return true;
    config_value_describe(setting, why);
    (void)snprintf(allowed, sizeof allowed, "%.*s", (int)sizeof allowed - 1, why);
    (void)snprintf(why, CONFIG_WHY_BYTES, "must be %s", allowed);
    return false;
}

bool config_value_set_all(struct gw_config *config, const struct config_setting *setting,
                          struct slice text, char why[CONFIG_WHY_BYTES])
{
    if (!config_setting_is_list(setting))
        return config_value_set(config, setting, slice_trim(text), why);
    config_value_clear(config, setting);
    while (text.len > 0) {
        struct slice item = slice_trim(slice_cut(text, ',', &text));

        if (item.len > 0 && !config_value_set(config, setting, item, why))
            return false;
    }
    return true;
}

static void describe_names(const char *const *names, size_t names_count,
                           char out[CONFIG_WHY_BYTES])
{
    size_t len = 0;

    for (size_t i = 0; i < names_count && len < CONFIG_WHY_BYTES; i++)
        len += (size_t)snprintf(out + len, CONFIG_WHY_BYTES - len, "%s%s",
                                i == 0                 ? ""
                                : i + 1 == names_count ? " or "
                                                       : ", ",
                                names[i]);
}

void config_value_describe(const struct config_setting *setting, char out[CONFIG_WHY_BYTES])
{
    const char *text = NULL;
    const char *unit = "";

    switch (setting->kind) {
    case CONFIG_KIND_TEXT:
        text = setting->min > 0 ? "a text that is not empty" : "a text";
        break;
    case CONFIG_KIND_SECRET:
        text = "a text; it is not shown";
        break;
    case CONFIG_KIND_ADDRESS:
        text = setting->min > 0 ? "an address and port, like 127.0.0.1:8080 or [::1]:8080"
                                : "an address and port, like 127.0.0.1:8081, or empty";
        break;
    case CONFIG_KIND_LOCALE:
        text = "a language tag, like en or de-CH";
        break;
    case CONFIG_KIND_FHIR_SERVERS:
        text = "a list of at most 64 base URLs with http or https, or \"loopback\"";
        break;
    case CONFIG_KIND_ORIGINS:
        text = "a list of at most 64 origins, like https://ehr.example.org, or \"*\"";
        break;
    case CONFIG_KIND_NAMES:
        text = "a list of at most 64 names, like CPIC";
        break;
    case CONFIG_KIND_PAIRS:
        text = "a list of at most 64 pairs, like clopidogrel/CYP2C19, or \"all\"";
        break;
    case CONFIG_KIND_SERVER_KINDS:
        text = "a list of at most 64 base URLs with their kind, like "
               "https://ehr.example.org/fhir=epic";
        break;
    case CONFIG_KIND_CONVERSION:
        text = "off, inform or apply";
        break;
    case CONFIG_KIND_BOOL:
        text = "true or false";
        break;
    case CONFIG_KIND_LOG_LEVEL:
        describe_names(LEVELS, ARRAY_LEN(LEVELS), out);
        return;
    case CONFIG_KIND_LOG_FORMAT:
        describe_names(FORMATS, ARRAY_LEN(FORMATS), out);
        return;
    case CONFIG_KIND_U32:
        break;
    case CONFIG_KIND_BYTES:
        unit = " bytes; K, M and G are understood";
        break;
    case CONFIG_KIND_MS:
        unit = " milliseconds; 500, 500ms and 2s are understood";
        break;
    case CONFIG_KIND_S:
        unit = " seconds";
        break;
    }
    if (text != NULL)
        (void)snprintf(out, CONFIG_WHY_BYTES, "%s", text);
    else
        (void)snprintf(out, CONFIG_WHY_BYTES, "a whole number from %llu to %llu%s",
                       (unsigned long long)setting->min, (unsigned long long)setting->max,
                       unit);
}
