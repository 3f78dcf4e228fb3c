/* gateway/ops/config.h -- the settings: a YAML file, the environment, their defaults.
 *
 * settings.def is the one table from which the fields below, the reader, the example file and
 * the documentation are made. Later wins: default, file, environment (PGXGATE_ and the name in
 * capitals; items of a list separated by commas).
 *
 * Every problem is reported with file, line, column and key, and what would be allowed; all of
 * them at once. A setting that does not exist and one that stands twice are problems.
 *
 * Ownership: texts live in the config's arena, end in NUL, and are "" when not set.
 */
#ifndef GATEWAY_OPS_CONFIG_H
#define GATEWAY_OPS_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/ops/log.h"
#include "rules/base/arena.h"
#include "rules/base/buf.h"
#include "rules/base/err.h"
#include "rules/phenoconversion.h"

#define CONFIG_FILE_BYTES_MAX ((size_t)1024 * 1024)
#define CONFIG_LIST_ITEMS_MAX 64

/* What each kind of setting is in C. */
#define CONFIG_FIELD_TEXT(name)    const char *name;
#define CONFIG_FIELD_ADDRESS(name) const char *name; /* "127.0.0.1:8080", "[::1]:8080" */
#define CONFIG_FIELD_LOCALE(name)  const char *name; /* BCP 47 */
#define CONFIG_FIELD_SECRET(name)  const char *name; /* masked when shown */
#define CONFIG_FIELD_FHIR_SERVERS(name)                                                        \
    struct slice *name; /* base URLs; "loopback" becomes "http://loopback" */                  \
    size_t name##_count;
#define CONFIG_FIELD_ORIGINS(name)                                                             \
    struct slice *name; /* "https://host:port", or "*" */                                      \
    size_t name##_count;
#define CONFIG_FIELD_NAMES(name)                                                               \
    struct slice *name; /* publishers of guidelines */                                         \
    size_t name##_count;
#define CONFIG_FIELD_PAIRS(name)                                                               \
    struct slice *name; /* "drug/GENE", or "all" */                                            \
    size_t name##_count;
#define CONFIG_FIELD_SERVER_KINDS(name)                                                        \
    struct slice *name; /* "https://ehr.example/fhir=epic", see fhir_server_kind_split */      \
    size_t name##_count;
#define CONFIG_FIELD_CONVERSION(name) enum rules_conversion_use name;
#define CONFIG_FIELD_U32(name)        uint32_t name;
#define CONFIG_FIELD_BYTES(name)      uint32_t name;
#define CONFIG_FIELD_MS(name)         uint32_t name;
#define CONFIG_FIELD_S(name)          uint32_t name;
#define CONFIG_FIELD_BOOL(name)       bool name;
#define CONFIG_FIELD_LOG_LEVEL(name)  enum log_level name;
#define CONFIG_FIELD_LOG_FORMAT(name) enum log_format name;

/* Where a setting's value came from. */
enum config_source { CONFIG_PRESET, CONFIG_FILE, CONFIG_ENVIRONMENT };

enum config_id {
#define SECTION(title)
#define SETTING(kind, name, preset, min, max, doc) CONFIG_ID_##name,
#include "gateway/ops/settings.def"
#undef SETTING
#undef SECTION
    CONFIG_SETTINGS_COUNT
};

struct gw_config {
#define SECTION(title)
#define SETTING(kind, name, preset, min, max, doc) CONFIG_FIELD_##kind(name)
#include "gateway/ops/settings.def"
#undef SETTING
#undef SECTION
    enum config_source sources[CONFIG_SETTINGS_COUNT];
    struct arena arena;
};

/* Reads `path` (NULL: no file) and `environ_` (NULL: none). On failure the config is released,
 * `err` holds the first problem and `problems` all of them, one a line (may be NULL). */
enum err_code gw_config_load(struct gw_config *config, const char *path,
                             const char *const *environ_, struct buf *problems,
                             struct err *err) MUST_CHECK;
/* The same with the file's bytes; `name` stands for it in messages. */
enum err_code gw_config_read(struct gw_config *config, struct slice yaml, const char *name,
                             const char *const *environ_, struct buf *problems,
                             struct err *err) MUST_CHECK;
void gw_config_release(struct gw_config *config); /* accepts a zeroed config */

void gw_config_write_example(struct buf *buf);                         /* YAML with comments */
void gw_config_write(const struct gw_config *config, struct buf *buf); /* YAML, masked */
void gw_config_write_table(struct buf *buf);                           /* Markdown */

#endif
