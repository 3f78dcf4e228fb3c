/* gateway/store/knowledge_codes.c -- drug_codes.tsv: one code of one drug a line.
 *
 * Tab separated, with a header line, and no quoting: a field is what stands between two tabs.
 * Code systems are written short (SYSTEMS).
 */
#include "gateway/store/knowledge_reader.h"
#include "gateway/store/text.h"

#define ROWS_MAX 1000000

static const struct {
    const char *name;
    bool is_required;
} COLUMNS[] = {
    {"drug", true}, {"system", true},  {"code", true},   {"term_type", false},
    {"form", true}, {"display", true}, {"source", true},
};

/* Short names and canonical URLs (terminology.hl7.org, "External code systems"). */
static const char *const SYSTEM_NAMES[] = {"rxnorm", "atc", "ndc", "snomed"};
static const char *const SYSTEM_URLS[] = {
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://www.whocc.no/atc",
    "http://hl7.org/fhir/sid/ndc",
    "http://snomed.info/sct",
};

struct line {
    struct slice fields[ARRAY_LEN(COLUMNS)];
};

/* Cuts a line into its fields; too few or too many are a failure. */
static void cut(struct knowledge_reader *r, struct slice text, struct line *ret)
{
    size_t count = 1;

    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '\t';
    if (count != ARRAY_LEN(COLUMNS)) {
        knowledge_fail(r, ERR_INVALID, "has %zu columns, must have %zu", count,
                       ARRAY_LEN(COLUMNS));
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(COLUMNS); i++)
        ret->fields[i] = slice_cut(text, '\t', &text);
}

static void check_header(struct knowledge_reader *r, const struct line *line)
{
    for (size_t i = 0; i < ARRAY_LEN(COLUMNS) && !r->has_failed; i++)
        if (!slice_eq_text(line->fields[i], COLUMNS[i].name))
            knowledge_fail(r, ERR_INVALID, "column %zu must be called '%s'", i + 1,
                           COLUMNS[i].name);
}

static void check_field(struct knowledge_reader *r, size_t column, struct slice field)
{
    const char *name = COLUMNS[column].name;

    if (field.len == 0 && COLUMNS[column].is_required)
        knowledge_fail(r, ERR_INVALID, "%s must not be empty", name);
    else if (field.len > KNOWLEDGE_TEXT_BYTES_MAX)
        knowledge_fail(r, ERR_LIMIT, "%s is longer than %d bytes", name,
                       KNOWLEDGE_TEXT_BYTES_MAX);
    else if (!text_is_utf8(field))
        knowledge_fail(r, ERR_SYNTAX, "%s is not UTF-8", name);
    else if (text_has_control(field))
        knowledge_fail(r, ERR_INVALID, "%s has a control character", name);
    else if (slice_trim(field).len != field.len)
        knowledge_fail(r, ERR_INVALID, "%s begins or ends with a space", name);
}

static uint32_t find(struct knowledge_reader *r, const char *column, const struct names *names,
                     struct slice field)
{
    char allowed[ERR_TEXT_BYTES_MAX];
    uint32_t place = 0;

    if (!r->has_failed && !names_find(names, field, &place))
        knowledge_fail(r, ERR_INVALID, "%s must be one of: %s", column,
                       names_join(names, allowed, sizeof allowed));
    return place;
}

static void add_row(struct knowledge_reader *r, const struct line *line)
{
    static const struct names SYSTEMS = {SYSTEM_NAMES, ARRAY_LEN(SYSTEM_NAMES)};
    struct arena *arena = &r->release->arena;
    struct rules_drug_code *row;
    uint32_t system, form;

    for (size_t i = 0; i < ARRAY_LEN(COLUMNS); i++)
        check_field(r, i, line->fields[i]);
    system = find(r, "system", &SYSTEMS, line->fields[1]);
    form = find(r, "form", &NAMES_form, line->fields[4]);
    row = knowledge_row(r, rules_add_drug_code(r->release));
    if (row == NULL || r->has_failed)
        return;
    row->drug = arena_copy(arena, line->fields[0]);
    row->system = slice_of(SYSTEM_URLS[system]);
    row->code = arena_copy(arena, line->fields[2]);
    row->term_type = arena_copy(arena, line->fields[3]);
    row->form = (enum rules_form)form;
    row->display = arena_copy(arena, line->fields[5]);
    row->source = arena_copy(arena, line->fields[6]);
    if (arena->has_failed)
        knowledge_fail(r, ERR_NOMEM, "the release is too large");
}

void knowledge_read_drug_codes(struct knowledge_reader *r)
{
    struct slice rest = buf_slice(&r->bytes);
    size_t number = 0;

    if (r->has_failed)
        return;
    if (rest.len == 0)
        knowledge_fail(r, ERR_INVALID, "is empty; it begins with a header line");
    else if (rest.ptr[rest.len - 1] != '\n')
        knowledge_fail(r, ERR_SYNTAX, "does not end with a line break: is it cut off?");
    while (rest.len > 0 && !r->has_failed) {
        struct line line = {0};
        char name[32];
        size_t place;

        (void)snprintf(name, sizeof name, "line %zu", ++number);
        place = knowledge_enter(r, name);
        if (number > ROWS_MAX)
            knowledge_fail(r, ERR_LIMIT, "more than %d lines", ROWS_MAX);
        cut(r, slice_cut(rest, '\n', &rest), &line);
        if (!r->has_failed && number == 1)
            check_header(r, &line);
        else if (!r->has_failed)
            add_row(r, &line);
        knowledge_leave(r, place);
    }
}
