/* gateway/store/cpic_pharmcat.c -- guidelines and phenotypes as PharmCAT ships them.
 *
 * Read in PharmCAT 2.x and 3.x files (src/main/resources/org/pharmgkb/pharmcat/reporter and
 * .../phenotype). Later versions added the three flags and `lookupKey`; files without them are
 * refused, because a decision cannot be read from free text.
 */
#include "gateway/store/cpic_pharmcat.h"

#include <stdarg.h>

#define PLACE_SIZE     200
#define NO_MEMORY(err) err_set((err), ERR_NOMEM, "the import is too large")

struct place {
    char text[PLACE_SIZE];
};

static struct slice as_slice(const struct place *place)
{
    return slice_of(place->text);
}

static struct place place_of(const char *format, ...) PRINTF_LIKE(1, 2);

static struct place place_of(const char *format, ...)
{
    struct place place;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(place.text, sizeof place.text, format, args);
    va_end(args);
    return place;
}

/* --- typed members -------------------------------------------------------------------------
 */

enum need { REQUIRED, OPTIONAL };

/* A text, or a number as written; null and absent are empty where that will do. */
static enum err_code take_text(struct json object, const char *member, enum need need,
                               const struct place *place, struct arena *arena,
                               struct slice *ret, struct err *err)
{
    struct json value = json_get(object, member);

    *ret = SLICE_NONE;
    if (json_is(value, JSON_STRING))
        *ret = arena_copy(arena, slice_trim(json_text(value, arena)));
    else if (json_is(value, JSON_NUMBER))
        *ret = arena_copy(arena, json_number_text(value));
    else if (!json_is_absent(value) && !json_is(value, JSON_NULL))
        return err_set(err, ERR_INVALID, "%s: %s: must be a text, is %s", place->text, member,
                       json_type_name(json_type(value)));
    if (ret->len > CPIC_TEXT_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "%s: %s: longer than %d bytes", place->text, member,
                       CPIC_TEXT_BYTES_MAX);
    if (need == REQUIRED && ret->len == 0 && !arena->has_failed)
        return err_set(err, ERR_INVALID, "%s: %s: must not be empty", place->text, member);
    return arena->has_failed ? NO_MEMORY(err) : ERR_OK;
}

/* "Strong" or {"term": "Strong"}; {"html": "<p>..."} for texts. */
static enum err_code take_inside(struct json object, const char *member, const char *inner,
                                 const struct place *place, struct arena *arena,
                                 struct slice *ret, struct err *err)
{
    struct json value = json_get(object, member);

    if (json_is(value, JSON_OBJECT))
        return take_text(value, inner, OPTIONAL, place, arena, ret, err);
    return take_text(object, member, OPTIONAL, place, arena, ret, err);
}

static enum err_code take_flag(struct json object, const char *member,
                               const struct place *place, bool *ret, struct err *err)
{
    struct json value = json_get(object, member);

    if (!json_is(value, JSON_TRUE) && !json_is(value, JSON_FALSE))
        return err_set(err, ERR_INVALID, "%s: %s: must be true or false, is %s", place->text,
                       member, json_type_name(json_type(value)));
    *ret = json_is_true(value);
    return ERR_OK;
}

static enum err_code need_type(struct json value, const char *member, enum json_type type,
                               const struct place *place, struct err *err)
{
    if (json_is(value, type))
        return ERR_OK;
    return err_set(err, ERR_INVALID, "%s: %s: must be an %s, is %s", place->text, member,
                   json_type_name(type), json_type_name(json_type(value)));
}

/* --- guidelines ----------------------------------------------------------------------------
 */

/* "CYP2C19: less of it is made active": with several genes the text says whose it is. */
static void split_implication(struct slice text, const struct cpic_recommendation *row,
                              struct cpic_implication *ret)
{
    struct slice rest, head = slice_trim(slice_cut(text, ':', &rest));

    *ret =
        (struct cpic_implication){row->keys_count == 1 ? row->keys[0].gene : SLICE_NONE, text};
    for (size_t i = 0; i < row->keys_count; i++)
        if (slice_eq(head, row->keys[i].gene))
            *ret = (struct cpic_implication){head, slice_trim(rest)};
}

static enum err_code take_implications(struct json list, const struct place *place,
                                       struct arena *arena, struct cpic_recommendation *row,
                                       struct err *err)
{
    uint32_t count = json_count(list);

    if (json_is_absent(list) || json_is(list, JSON_NULL))
        return ERR_OK;
    if (need_type(list, "implications", JSON_ARRAY, place, err) != ERR_OK)
        return err->code;
    row->implications = arena_array(arena, count, sizeof *row->implications);
    if (count > CPIC_LIST_MAX || row->implications == NULL)
        return err_set(err, ERR_LIMIT, "%s: implications: too many", place->text);
    for (struct json e = json_first(list); !json_is_absent(e); e = json_next(e)) {
        if (!json_is(e, JSON_STRING))
            return err_set(err, ERR_INVALID, "%s: implications: must be texts", place->text);
        split_implication(cpic_plain_text(json_text(e, arena), arena), row,
                          &row->implications[row->implications_count++]);
    }
    return arena->has_failed ? NO_MEMORY(err) : ERR_OK;
}

static enum err_code take_content(struct cpic_rows *rows, struct json object,
                                  const struct place *place, struct cpic_recommendation *row,
                                  struct err *err)
{
    struct arena *arena = &rows->arena;
    struct json key = json_get(object, "lookupKey");

    if (take_text(object, "id", REQUIRED, place, arena, &row->id, err) != ERR_OK ||
        take_text(object, "population", OPTIONAL, place, arena, &row->population, err) !=
            ERR_OK ||
        take_inside(object, "classification", "term", place, arena, &row->classification,
                    err) != ERR_OK ||
        take_inside(object, "text", "html", place, arena, &row->text, err) != ERR_OK ||
        take_flag(object, "alternateDrugAvailable", place, &row->has_alternative, err) !=
            ERR_OK ||
        take_flag(object, "dosingInformation", place, &row->has_dose, err) != ERR_OK ||
        take_flag(object, "otherPrescribingGuidance", place, &row->has_other, err) != ERR_OK)
        return err->code;
    row->text = cpic_plain_text(row->text, arena);
    if (!json_is(key, JSON_NULL) && !json_is_absent(key) &&
        cpic_read_keys(rows, json_raw(key), as_slice(place), row->keys, &row->keys_count,
                       err) != ERR_OK)
        return err->code;
    return take_implications(json_get(object, "implications"), place, arena, row, err);
}

/* One row for each drug that the recommendation names, or that its guideline names. */
static enum err_code read_recommendation(struct cpic_rows *rows, struct json object,
                                         struct json guideline, struct slice guideline_id,
                                         const struct place *place, struct err *err)
{
    struct cpic_recommendation content = {.guideline = guideline_id};
    struct json drugs = json_get(object, "relatedChemicals");

    if (need_type(object, "recommendation", JSON_OBJECT, place, err) != ERR_OK ||
        take_content(rows, object, place, &content, err) != ERR_OK)
        return err->code;
    if (json_count(drugs) == 0)
        drugs = json_get(guideline, "relatedChemicals");
    if (json_count(drugs) == 0)
        return err_set(err, ERR_INVALID, "%s: relatedChemicals: names no drug", place->text);
    content.place = arena_copy(&rows->arena, as_slice(place));
    for (struct json e = json_first(drugs); !json_is_absent(e); e = json_next(e)) {
        struct cpic_recommendation *row = cpic_add_recommendation(rows);

        if (row == NULL)
            return NO_MEMORY(err);
        if (take_text(e, "name", REQUIRED, place, &rows->arena, &content.drug, err) != ERR_OK)
            return err->code;
        *row = content;
    }
    return ERR_OK;
}

static enum err_code read_citations(struct cpic_rows *rows, struct json list,
                                    const struct place *place, struct cpic_guideline *row,
                                    struct err *err)
{
    for (struct json e = json_first(list); !json_is_absent(e); e = json_next(e)) {
        struct slice pmid, year;

        if (take_text(e, "pmid", OPTIONAL, place, &rows->arena, &pmid, err) != ERR_OK ||
            take_text(e, "year", OPTIONAL, place, &rows->arena, &year, err) != ERR_OK)
            return err->code;
        if (pmid.len > 0)
            row->pmids = row->pmids.len == 0
                             ? pmid
                             : arena_printf(&rows->arena, "%.*s %.*s", SLICE_ARG(row->pmids),
                                            SLICE_ARG(pmid));
        if (slice_compare(row->year, year) < 0)
            row->year = year;
    }
    return ERR_OK;
}

static enum err_code add_guideline(struct cpic_rows *rows, struct json object,
                                   struct json citations, const struct place *place,
                                   struct slice *ret_id, bool *ret_is_read, struct err *err)
{
    struct arena *arena = &rows->arena;
    struct cpic_guideline g = {0}, *row;

    if (take_text(object, "id", REQUIRED, place, arena, &g.id, err) != ERR_OK ||
        take_text(object, "source", REQUIRED, place, arena, &g.publisher, err) != ERR_OK ||
        take_text(object, "name", REQUIRED, place, arena, &g.name, err) != ERR_OK ||
        take_text(object, "url", OPTIONAL, place, arena, &g.url, err) != ERR_OK ||
        take_text(object, "version", OPTIONAL, place, arena, &g.version, err) != ERR_OK)
        return err->code;
    *ret_id = g.id;
    *ret_is_read = slice_eq_text(g.publisher, "CPIC") || slice_eq_text(g.publisher, "DPWG");
    rows->other_guidelines += !*ret_is_read;
    if (!*ret_is_read)
        return ERR_OK;
    if (read_citations(rows, citations, place, &g, err) != ERR_OK)
        return err->code;
    row = cpic_add_guideline(rows);
    if (row == NULL || arena->has_failed)
        return NO_MEMORY(err);
    *row = g;
    return ERR_OK;
}

static enum err_code read_guideline(struct cpic_rows *rows, struct json element,
                                    const struct place *place, struct err *err)
{
    struct json guideline = json_get(element, "guideline");
    struct json list = json_get(element, "recommendations");
    bool is_read = false;
    struct slice id;
    size_t index = 0;

    if (need_type(guideline, "guideline", JSON_OBJECT, place, err) != ERR_OK ||
        add_guideline(rows, guideline, json_get(element, "citations"), place, &id, &is_read,
                      err) != ERR_OK)
        return err->code;
    if (!is_read)
        return ERR_OK;
    if (json_is_absent(list) || json_is(list, JSON_NULL)) /* text only */
        return ERR_OK;
    if (need_type(list, "recommendations", JSON_ARRAY, place, err) != ERR_OK)
        return err->code;
    for (struct json e = json_first(list); !json_is_absent(e); e = json_next(e), index++) {
        struct place at = place_of("%.150s.recommendations[%zu]", place->text, index);

        if (read_recommendation(rows, e, guideline, id, &at, err) != ERR_OK)
            return err->code;
    }
    return ERR_OK;
}

enum err_code cpic_read_guidance(struct json root, const char *name, struct cpic_rows *rows,
                                 struct err *err)
{
    struct place place = place_of("%.100s", name);
    struct json list = json_get(root, "guidelines");
    struct slice version;
    size_t index = 0;

    if (need_type(list, "guidelines", JSON_ARRAY, &place, err) != ERR_OK ||
        take_text(root, "version", OPTIONAL, &place, &rows->arena, &version, err) != ERR_OK)
        return err->code;
    if (json_count(list) == 0)
        return err_set(err, ERR_INVALID, "%s: guidelines: is empty", place.text);
    cpic_rows_date(rows, version);
    for (struct json e = json_first(list); !json_is_absent(e); e = json_next(e), index++) {
        struct place at = place_of("%.100s: guidelines[%zu]", name, index);

        if (read_guideline(rows, e, &at, err) != ERR_OK)
            return err->code;
    }
    return ERR_OK;
}

/* --- phenotypes ----------------------------------------------------------------------------
 */

struct phenotypes {
    struct cpic_rows *rows;
    struct slice gene;
    size_t first_allele; /* this gene's are the last rows */
    bool has_scores;
};

static enum err_code add_allele(struct phenotypes *p, struct slice name, struct slice function,
                                struct slice value, struct err *err)
{
    struct cpic_allele *row = cpic_add_allele(p->rows);

    if (row == NULL || p->rows->arena.has_failed)
        return NO_MEMORY(err);
    *row = (struct cpic_allele){p->gene, name, function, value};
    p->has_scores = p->has_scores || value.len > 0;
    return ERR_OK;
}

/* 3.x: "namedAlleles": name, functionValue, activityValue. */
static enum err_code read_named(struct phenotypes *p, struct json list,
                                const struct place *place, struct err *err)
{
    struct arena *arena = &p->rows->arena;

    for (struct json e = json_first(list); !json_is_absent(e); e = json_next(e)) {
        struct slice name, function, value;

        if (take_text(e, "name", REQUIRED, place, arena, &name, err) != ERR_OK ||
            take_text(e, "functionValue", OPTIONAL, place, arena, &function, err) != ERR_OK ||
            take_text(e, "activityValue", OPTIONAL, place, arena, &value, err) != ERR_OK ||
            add_allele(p, name, function, value, err) != ERR_OK)
            return err->code;
    }
    return ERR_OK;
}

/* 2.x: "haplotypes": name to function, or to value where there is one in "activityValues". */
static enum err_code read_haplotypes(struct phenotypes *p, struct json root,
                                     const struct place *place, struct err *err)
{
    struct arena *arena = &p->rows->arena;
    struct json functions = json_get(root, "haplotypes");
    struct json values = json_get(root, "activityValues");
    bool has_values = json_count(values) > 0;

    if (need_type(functions, "haplotypes", JSON_OBJECT, place, err) != ERR_OK)
        return err->code;
    for (struct json e = json_first(functions); !json_is_absent(e); e = json_next(e)) {
        struct slice name = arena_copy(arena, slice_trim(json_name(e, arena)));
        struct slice text = arena_copy(arena, slice_trim(json_text(e, arena)));

        if (!json_is(e, JSON_STRING) || name.len == 0)
            return err_set(err, ERR_INVALID, "%s: haplotypes: must be texts", place->text);
        if (add_allele(p, name, has_values ? SLICE_NONE : text, has_values ? text : SLICE_NONE,
                       err) != ERR_OK)
            return err->code;
    }
    return ERR_OK;
}

static const struct cpic_allele *find_allele(const struct phenotypes *p, struct slice name)
{
    for (size_t i = p->first_allele; i < p->rows->alleles_count; i++)
        if (slice_eq(p->rows->alleles[i].name, name))
            return &p->rows->alleles[i];
    return NULL;
}

static bool is_same_result(const struct cpic_result *a, const struct cpic_result *b)
{
    return slice_eq(a->gene, b->gene) && slice_eq(a->result, b->result) &&
           slice_eq(a->score, b->score) && slice_eq(a->function1, b->function1) &&
           slice_eq(a->function2, b->function2) && slice_eq(a->value1, b->value1) &&
           slice_eq(a->value2, b->value2);
}

/* Tens of thousands of diplotypes come from some dozen pairs: each pair is kept once. */
static enum err_code add_result(struct phenotypes *p, const struct cpic_result *result,
                                struct err *err)
{
    struct cpic_result *row;

    for (size_t i = p->rows->results_count; i > 0; i--) {
        if (!slice_eq(p->rows->results[i - 1].gene, p->gene))
            break;
        if (is_same_result(&p->rows->results[i - 1], result))
            return ERR_OK;
    }
    row = cpic_add_result(p->rows);
    if (row == NULL)
        return NO_MEMORY(err);
    *row = *result;
    row->place = arena_copy(&p->rows->arena, result->place);
    return p->rows->arena.has_failed ? NO_MEMORY(err) : ERR_OK;
}

static enum err_code read_diplotype(struct phenotypes *p, struct json element,
                                    const struct place *place, struct arena *scratch,
                                    struct err *err)
{
    struct cpic_result result = {.gene = p->gene, .place = as_slice(place)};
    const struct cpic_allele *first, *second = NULL;
    struct slice diplotype, rest, word;

    if (take_text(element, "diplotype", REQUIRED, place, scratch, &diplotype, err) != ERR_OK ||
        take_text(element, "generesult", REQUIRED, place, scratch, &word, err) != ERR_OK ||
        take_text(element, "activityScore", OPTIONAL, place, scratch, &result.score, err) !=
            ERR_OK)
        return err->code;
    first = find_allele(p, slice_cut(diplotype, '/', &rest));
    if (rest.len > 0)
        second = find_allele(p, rest);
    if (first == NULL || (rest.len > 0 && second == NULL))
        return err_set(err, ERR_INVALID, "%s: diplotype: an allele that the file does not list",
                       place->text);
    result.result = arena_copy(&p->rows->arena, cpic_without_gene(word, p->gene));
    result.score = p->has_scores ? arena_copy(&p->rows->arena, result.score) : SLICE_NONE;
    result.function1 = first->function;
    result.value1 = first->value;
    if (second != NULL) {
        result.function2 = second->function;
        result.value2 = second->value;
    }
    return add_result(p, &result, err);
}

static enum err_code add_gene(struct phenotypes *p, struct err *err)
{
    struct cpic_gene *gene = cpic_add_gene(p->rows);

    if (gene == NULL)
        return NO_MEMORY(err);
    gene->symbol = p->gene;
    gene->lookup_method = p->has_scores ? SLICE("ACTIVITY_SCORE") : SLICE("PHENOTYPE");
    return ERR_OK;
}

enum err_code cpic_read_phenotypes(struct json root, const char *name, struct cpic_rows *rows,
                                   struct err *err)
{
    struct phenotypes p = {.rows = rows, .first_allele = rows->alleles_count};
    struct place place = place_of("%.100s", name);
    struct json list = json_get(root, "diplotypes"), named = json_get(root, "namedAlleles");
    struct arena scratch;
    size_t index = 0;
    enum err_code code;

    if (take_text(root, "gene", REQUIRED, &place, &rows->arena, &p.gene, err) != ERR_OK ||
        need_type(list, "diplotypes", JSON_ARRAY, &place, err) != ERR_OK)
        return err->code;
    code = json_count(named) > 0 ? read_named(&p, named, &place, err)
                                 : read_haplotypes(&p, root, &place, err);
    if (code == ERR_OK)
        code = add_gene(&p, err);
    arena_init(&scratch, (size_t)64 * 1024);
    for (struct json e = json_first(list); code == ERR_OK && !json_is_absent(e);
         e = json_next(e), index++) {
        struct place at = place_of("%.100s: diplotypes[%zu]", name, index);

        code = read_diplotype(&p, e, &at, &scratch, err);
        arena_reset(&scratch);
    }
    arena_release(&scratch);
    return code;
}
