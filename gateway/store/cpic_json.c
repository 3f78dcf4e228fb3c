/* gateway/store/cpic_json.c -- which shape a file has; rows of CPIC's API. */
#include "gateway/store/cpic_json.h"

#include <string.h>

#include "fhir/json.h"
#include "gateway/store/cpic_pharmcat.h"
#include "gateway/store/file.h"
#include "gateway/store/text.h"

#define NODES_MAX 16000000

static struct json find_member(struct json row, const struct cpic_column *column)
{
    struct json value = JSON_NONE;

    for (size_t i = 0; i < ARRAY_LEN(column->names) && column->names[i] != NULL; i++) {
        value = json_get(row, column->names[i]);
        if (!json_is_absent(value))
            break;
    }
    return value;
}

/* A member as a cell: texts unescaped, numbers as written, lists and objects as JSON. */
static enum err_code read_cell(struct json value, const struct cpic_column *column,
                               struct slice place, struct arena *arena, struct slice *ret,
                               struct err *err)
{
    enum json_type type = json_type(value);
    bool is_right = column->kind == CPIC_FLAG   ? type == JSON_TRUE || type == JSON_FALSE
                    : column->kind == CPIC_JSON ? type == JSON_OBJECT || type == JSON_ARRAY
                                                : type == JSON_STRING || type == JSON_NUMBER;

    *ret = SLICE_NONE;
    if (type == JSON_ABSENT && column->is_required)
        return err_set(err, ERR_INVALID, "%.*s: %s: is missing", SLICE_ARG(place),
                       column->names[0]);
    if (type == JSON_ABSENT || type == JSON_NULL)
        return ERR_OK;
    if (!is_right)
        return err_set(err, ERR_INVALID, "%.*s: %s: must not be %s", SLICE_ARG(place),
                       column->names[0], json_type_name(type));
    *ret = column->kind != CPIC_TEXT ? json_raw(value)
           : type == JSON_NUMBER     ? json_number_text(value)
                                     : json_text(value, arena);
    return ERR_OK;
}

static bool is_row_of(struct json row, const struct cpic_relation *relation)
{
    for (size_t i = 0; i < ARRAY_LEN(relation->marks) && relation->marks[i] != NULL; i++)
        if (json_is_absent(json_get(row, relation->marks[i])))
            return false;
    return true;
}

static const struct cpic_relation *find_relation(struct json row)
{
    for (size_t i = 0; i < CPIC_RELATIONS_COUNT; i++)
        if (is_row_of(row, &CPIC_RELATIONS[i]))
            return &CPIC_RELATIONS[i];
    return NULL;
}

static enum err_code add_row(struct cpic_rows *rows, const struct cpic_relation *relation,
                             struct json row, struct slice place, struct err *err)
{
    struct slice cells[CPIC_COLUMNS_MAX];

    if (!json_is(row, JSON_OBJECT))
        return err_set(err, ERR_INVALID, "%.*s: must be an object, is %s", SLICE_ARG(place),
                       json_type_name(json_type(row)));
    for (size_t i = 0; i < relation->columns_count; i++)
        if (read_cell(find_member(row, &relation->columns[i]), &relation->columns[i], place,
                      &rows->arena, &cells[i], err) != ERR_OK)
            return err->code;
    return cpic_add_row(rows, relation, cells, place, err);
}

static enum err_code read_array(struct json root, const char *name, struct cpic_rows *rows,
                                struct err *err)
{
    const struct cpic_relation *relation = find_relation(json_first(root));
    size_t index = 0;

    if (json_count(root) == 0)
        return err_set(err, ERR_INVALID, "%s: has no rows", name);
    if (relation == NULL)
        return err_set(err, ERR_INVALID,
                       "%s: [0]: not a row of a relation that is read (recommendation, gene, "
                       "allele, diplotype, drug, guideline, publication, pair, test_alert, "
                       "change_log)",
                       name);
    for (struct json e = json_first(root); !json_is_absent(e); e = json_next(e), index++) {
        char place[160];
        int len = snprintf(place, sizeof place, "%.100s: %s[%zu]", name, relation->name, index);

        if (add_row(rows, relation, e, (struct slice){place, (size_t)len}, err) != ERR_OK)
            return err->code;
    }
    return ERR_OK;
}

static enum err_code read_root(struct json root, const char *name, struct cpic_rows *rows,
                               struct err *err)
{
    if (json_is(root, JSON_ARRAY))
        return read_array(root, name, rows, err);
    if (!json_is_absent(json_get(root, "guidelines")))
        return cpic_read_guidance(root, name, rows, err);
    if (!json_is_absent(json_get(root, "diplotypes")))
        return cpic_read_phenotypes(root, name, rows, err);
    return err_set(err, ERR_INVALID,
                   "%s: neither rows of CPIC's API nor PharmCAT's guidance or phenotypes",
                   name);
}

static enum err_code parse(struct json_doc *doc, const struct buf *bytes, const char *name,
                           struct err *err)
{
    struct err why = {0};
    size_t at = 0, line = 1, end;
    struct slice before;
    enum err_code code = json_parse_located(doc, buf_slice(bytes), NODES_MAX, &at, &why);

    if (code == ERR_OK)
        return ERR_OK;
    before = slice_head(buf_slice(bytes), at);
    for (; (end = slice_find_char(before, '\n')) != SIZE_MAX; line++)
        before = slice_from(before, end + 1);
    return err_set(err, code, "%s: %s (line %zu, column %zu)", name, why.text, line,
                   text_chars(before) + 1);
}

enum err_code cpic_json_read_text(const char *name, const struct buf *text,
                                  struct cpic_rows *rows, struct err *err)
{
    struct json_doc doc;
    enum err_code code;

    json_doc_init(&doc);
    code = parse(&doc, text, name, err);
    if (code == ERR_OK)
        code = read_root(json_root(&doc), name, rows, err);
    json_doc_release(&doc);
    return code;
}

enum err_code cpic_json_read(const char *path, struct cpic_rows *rows, struct err *err)
{
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    struct buf bytes;
    enum err_code code;

    buf_init(&bytes, CPIC_FILE_BYTES_MAX);
    code = file_read(path[0] == '/' ? "/" : ".", path, &bytes, err);
    if (code == ERR_OK)
        code = cpic_json_read_text(name, &bytes, rows, err);
    buf_release(&bytes);
    return code;
}
