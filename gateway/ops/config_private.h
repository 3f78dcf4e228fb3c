/* gateway/ops/config_private.h -- between the files that read the settings. */
#ifndef GATEWAY_OPS_CONFIG_PRIVATE_H
#define GATEWAY_OPS_CONFIG_PRIVATE_H

#include "gateway/ops/config.h"

#define CONFIG_KINDS(X)                                                                        \
    X(TEXT)                                                                                    \
    X(ADDRESS)                                                                                 \
    X(LOCALE)                                                                                  \
    X(SECRET)                                                                                  \
    X(FHIR_SERVERS)                                                                            \
    X(ORIGINS)                                                                                 \
    X(NAMES)                                                                                   \
    X(PAIRS)                                                                                   \
    X(SERVER_KINDS)                                                                            \
    X(CONVERSION)                                                                              \
    X(U32)                                                                                     \
    X(BYTES)                                                                                   \
    X(MS)                                                                                      \
    X(S)                                                                                       \
    X(BOOL)                                                                                    \
    X(LOG_LEVEL)                                                                               \
    X(LOG_FORMAT)

enum config_kind {
#define X(kind) CONFIG_KIND_##kind,
    CONFIG_KINDS(X)
#undef X
};

struct config_setting {
    enum config_kind kind;
    const char *name;
    size_t at; /* of the field in struct gw_config */
    const char *preset;
    uint64_t min; /* of a text: its least length */
    uint64_t max;
    const char *doc;
};

extern const struct config_setting CONFIG_SETTINGS[CONFIG_SETTINGS_COUNT];

/* Where a value stands, for messages. */
struct config_place {
    const char *file; /* or the name of an environment variable */
    size_t line;      /* from 1; 0: there are no lines */
    size_t column;
};

struct config_reader {
    struct gw_config *config;
    const char *const *environ_;
    struct buf *problems; /* may be NULL */
    struct err *err;
    size_t problems_count;
    size_t lines[CONFIG_SETTINGS_COUNT]; /* where the file sets it; 0: it does not */
};

void config_problem(struct config_reader *reader, struct config_place place, const char *format,
                    ...) PRINTF_LIKE(3, 4);

/* NULL when unknown; *ret_nearest is then a name that may have been meant, or NULL. */
const struct config_setting *config_setting_find(struct slice name, const char **ret_nearest);
bool config_setting_is_list(const struct config_setting *setting);

#define CONFIG_WHY_BYTES 160

/* Sets a field from text. A list is emptied by config_value_clear and grows by one item with
 * each call. False: `why` says what would be allowed. */
void config_value_clear(struct gw_config *config, const struct config_setting *setting);
bool config_value_set(struct gw_config *config, const struct config_setting *setting,
                      struct slice text, char why[CONFIG_WHY_BYTES]) MUST_CHECK;
/* Sets a field, lists too, from "a, b". */
bool config_value_set_all(struct gw_config *config, const struct config_setting *setting,
                          struct slice text, char why[CONFIG_WHY_BYTES]) MUST_CHECK;
/* What a setting accepts: "10 to 60000, in milliseconds: 500, 500ms or 2s". */
void config_value_describe(const struct config_setting *setting, char out[CONFIG_WHY_BYTES]);

const char *config_level_name(enum log_level level);
const char *config_format_name(enum log_format format);

/* Hands every setting of the YAML text to config_value_set. */
void config_yaml_read(struct config_reader *reader, struct slice yaml, const char *file);

#endif
