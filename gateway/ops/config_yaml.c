/* gateway/ops/config_yaml.c -- the settings file: one mapping from names to texts or lists.
 *
 * The only file that touches libyaml. The events are walked as they come; everything that is
 * not part of this small form (nested mappings, aliases, a second document) is a problem with
 * its place, and reading goes on behind it, so that one run shows all problems.
 */
#include <stdlib.h>
#include <yaml.h>

#include "gateway/ops/config_private.h"

#define DEPTH_MAX 16

struct walker {
    struct config_reader *reader;
    const char *file;
    yaml_parser_t yaml;
    yaml_event_t event;
    bool has_event;
    bool is_broken; /* no YAML any more: stop */
};

static struct config_place place_of(const struct walker *walker, yaml_mark_t mark)
{
    return (struct config_place){
        .file = walker->file, .line = mark.line + 1, .column = mark.column + 1};
}

static struct config_place here(const struct walker *walker)
{
    return place_of(walker, walker->event.start_mark);
}

static void next(struct walker *walker)
{
    if (walker->has_event)
        yaml_event_delete(&walker->event);
    walker->has_event = false;
    if (yaml_parser_parse(&walker->yaml, &walker->event) == 0) {
        walker->is_broken = true;
        config_problem(walker->reader, place_of(walker, walker->yaml.problem_mark),
                       "is not YAML: %.80s",
                       walker->yaml.problem != NULL ? walker->yaml.problem : "unknown");
        return;
    }
    walker->has_event = true;
}

static struct slice scalar(const struct walker *walker)
{
    return (struct slice){.ptr = (const char *)walker->event.data.scalar.value,
                          .len = walker->event.data.scalar.length};
}

/* Goes behind the value that begins at the current event. */
static void skip(struct walker *walker)
{
    unsigned depth = 0;

    while (!walker->is_broken) {
        yaml_event_type_t type = walker->event.type;

        if (type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT)
            depth++;
        if (type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT)
            depth--;
        if (depth > DEPTH_MAX) {
            config_problem(walker->reader, here(walker), "is nested too deeply");
            walker->is_broken = true;
            return;
        }
        next(walker);
        if (depth == 0)
            return;
    }
}

static void read_scalar(struct walker *walker, const struct config_setting *setting)
{
    char why[CONFIG_WHY_BYTES];

    if (scalar(walker).len == 0 && config_setting_is_list(setting))
        return; /* a list without items */
    if (!config_value_set(walker->reader->config, setting, scalar(walker), why))
        config_problem(walker->reader, here(walker), "%s: %s", setting->name, why);
}

static void read_list(struct walker *walker, const struct config_setting *setting)
{
    next(walker);
    while (!walker->is_broken && walker->event.type != YAML_SEQUENCE_END_EVENT) {
        if (walker->event.type == YAML_SCALAR_EVENT) {
            read_scalar(walker, setting);
            next(walker);
        } else {
            config_problem(walker->reader, here(walker), "%s: items must be texts",
                           setting->name);
            skip(walker);
        }
    }
    if (!walker->is_broken)
        next(walker);
}

static void read_value(struct walker *walker, const struct config_setting *setting)
{
    config_value_clear(walker->reader->config, setting);
    if (walker->event.type == YAML_SCALAR_EVENT) {
        read_scalar(walker, setting);
        next(walker);
    } else if (walker->event.type == YAML_SEQUENCE_START_EVENT &&
               config_setting_is_list(setting)) {
        read_list(walker, setting);
    } else {
        config_problem(walker->reader, here(walker), "%s: must be %s", setting->name,
                       config_setting_is_list(setting) ? "a list of texts" : "one value");
        skip(walker);
    }
}

/* A name and its value. */
static void read_member(struct walker *walker)
{
    struct config_reader *reader = walker->reader;
    const struct config_setting *setting = NULL;
    const char *nearest = NULL;
    size_t id;

    if (walker->event.type != YAML_SCALAR_EVENT) {
        config_problem(reader, here(walker), "a setting's name must be a text");
        skip(walker);
    } else {
        setting = config_setting_find(scalar(walker), &nearest);
        if (setting == NULL)
            config_problem(reader, here(walker), "\"%.40s\" is no setting%s%s%s",
                           (const char *)walker->event.data.scalar.value,
                           nearest == NULL ? "" : "; did you mean \"",
                           nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
        id = setting == NULL ? 0 : (size_t)(setting - CONFIG_SETTINGS);
        if (setting != NULL && reader->lines[id] != 0) {
            config_problem(reader, here(walker), "%s: is set in line %zu already",
                           setting->name, reader->lines[id]);
            setting = NULL;
        } else if (setting != NULL) {
            reader->lines[id] = walker->event.start_mark.line + 1;
            reader->config->sources[id] = CONFIG_FILE;
        }
        next(walker);
    }
    if (walker->is_broken)
        return;
    if (setting == NULL)
        skip(walker);
    else
        read_value(walker, setting);
}

static void read_document(struct walker *walker)
{
    next(walker); /* behind the document's start */
    if (walker->is_broken)
        return;
    if (walker->event.type == YAML_SCALAR_EVENT && scalar(walker).len == 0) {
        next(walker); /* an empty document */
    } else if (walker->event.type == YAML_MAPPING_START_EVENT) {
        next(walker);
        while (!walker->is_broken && walker->event.type != YAML_MAPPING_END_EVENT)
            read_member(walker);
        if (!walker->is_broken)
            next(walker);
    } else {
        config_problem(walker->reader, here(walker), "must be lines of \"name: value\"");
        skip(walker);
    }
    if (!walker->is_broken)
        next(walker); /* behind the document's end */
    if (!walker->is_broken && walker->event.type == YAML_DOCUMENT_START_EVENT)
        config_problem(walker->reader, here(walker), "only one YAML document is read");
}

void config_yaml_read(struct config_reader *reader, struct slice yaml, const char *file)
{
    struct walker walker = {.reader = reader, .file = file};

    if (yaml_parser_initialize(&walker.yaml) == 0) {
        config_problem(reader, (struct config_place){.file = file}, "no memory");
        return;
    }
    yaml_parser_set_input_string(
        &walker.yaml, (const unsigned char *)(yaml.ptr == NULL ? "" : yaml.ptr), yaml.len);
    next(&walker); /* the stream's start */
    if (!walker.is_broken)
        next(&walker);
    if (!walker.is_broken && walker.event.type == YAML_DOCUMENT_START_EVENT)
        read_document(&walker);
    if (walker.has_event)
        yaml_event_delete(&walker.event);
    yaml_parser_delete(&walker.yaml);
}
