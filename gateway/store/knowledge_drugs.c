/* gateway/store/knowledge_drugs.c -- drugs/<name>.json, alternatives.json and drug_codes.tsv.
 *
 * The table of codes has one code a line, tab separated, with a header line; it writes code
 * systems short (SYSTEMS).
 */
#include <assert.h>

#include "gateway/store/knowledge_reader.h"

static const struct knowledge_member DRUG[] = {
    {"name", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct rules_drug, name), NULL},
    {"rxcui", KNOWLEDGE_ID, KNOWLEDGE_OPTIONAL, offsetof(struct rules_drug, rxcui), NULL},
    {"evidence", KNOWLEDGE_ARRAY, KNOWLEDGE_OPTIONAL, 0, NULL},
    {"codes", KNOWLEDGE_ARRAY, KNOWLEDGE_OPTIONAL, 0, NULL},
    {"populations", KNOWLEDGE_ARRAY, KNOWLEDGE_OPTIONAL, 0, NULL},
    {"indications", KNOWLEDGE_ARRAY, KNOWLEDGE_OPTIONAL, 0, NULL},
    {"recommendations", KNOWLEDGE_ARRAY, KNOWLEDGE_OPTIONAL, 0, NULL},
    {"algorithm", KNOWLEDGE_OTHER, KNOWLEDGE_OPTIONAL, 0, NULL},
    {"no_rows", KNOWLEDGE_ARRAY, KNOWLEDGE_OPTIONAL, 0, NULL},
};

/* What the drug's sources have no row for: { gene, keys, why }. */
static const struct knowledge_member NO_ROWS[] = {
    {"gene", KNOWLEDGE_ID, KNOWLEDGE_REQUIRED, offsetof(struct rules_omission, gene), NULL},
    {"keys", KNOWLEDGE_ARRAY, KNOWLEDGE_REQUIRED, 0, NULL},
    {"why", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct rules_omission, why), NULL},
};

static const struct knowledge_member ALTERNATIVES[] = {
    {"drugs", KNOWLEDGE_ARRAY, KNOWLEDGE_REQUIRED, 0, NULL},
};
#define ALTERNATIVE_MEMBERS 2 /* of DRUG: name, rxcui */

#define OF_GENE_DRUG(field) offsetof(struct rules_gene_drug, field)
static const struct knowledge_member GENE_DRUG[] = {
    {"gene", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, OF_GENE_DRUG(gene), NULL},
    {"level", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, OF_GENE_DRUG(level), NULL},
    {"status", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, OF_GENE_DRUG(status), NULL},
    {"source", KNOWLEDGE_ID, KNOWLEDGE_REQUIRED, OF_GENE_DRUG(source), NULL},
};

static const struct knowledge_member CODE[] = {
    {"system", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct rules_drug_code, system),
     NULL},
    {"code", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct rules_drug_code, code), NULL},
    {"term_type", KNOWLEDGE_TEXT, KNOWLEDGE_OPTIONAL,
     offsetof(struct rules_drug_code, term_type), NULL},
    {"form", KNOWLEDGE_NAME, KNOWLEDGE_OPTIONAL, offsetof(struct rules_drug_code, form),
     &NAMES_form},
    {"display", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct rules_drug_code, display),
     NULL},
    {"source", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct rules_drug_code, source),
     NULL},
};

static const struct knowledge_member POPULATION[] = {
    {"id", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct rules_population, id), NULL},
    {"label", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct rules_population, label),
     NULL},
    {"therapy", KNOWLEDGE_NAME, KNOWLEDGE_OPTIONAL, offsetof(struct rules_population, therapy),
     &NAMES_therapy},
    {"age", KNOWLEDGE_OBJECT, KNOWLEDGE_OPTIONAL, 0, NULL},
    {"weight_above_kg", KNOWLEDGE_SCORE, KNOWLEDGE_OPTIONAL,
     offsetof(struct rules_population, weight_above_x100), NULL},
};

static const struct knowledge_member POPULATION_AGE[] = {
    {"from", KNOWLEDGE_NUMBER, KNOWLEDGE_OPTIONAL,
     offsetof(struct rules_population, age_from_years), NULL},
    {"below", KNOWLEDGE_NUMBER, KNOWLEDGE_OPTIONAL,
     offsetof(struct rules_population, age_below_years), NULL},
};

static const struct knowledge_member INDICATION[] = {
    {"population", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED,
     offsetof(struct rules_indication, population), NULL},
    {"system", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct rules_indication, system),
     NULL},
    {"code", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct rules_indication, code), NULL},
};

#define OF_RECOMMENDATION(field) offsetof(struct rules_recommendation, field)
static const struct knowledge_member RECOMMENDATION[] = {
    {"id", KNOWLEDGE_ID, KNOWLEDGE_REQUIRED, OF_RECOMMENDATION(id), NULL},
    {"source", KNOWLEDGE_ID, KNOWLEDGE_REQUIRED, OF_RECOMMENDATION(source), NULL},
    {"population", KNOWLEDGE_TEXT, KNOWLEDGE_OPTIONAL, OF_RECOMMENDATION(population), NULL},
    {"when", KNOWLEDGE_OBJECT, KNOWLEDGE_REQUIRED, 0, NULL},
    {"classification", KNOWLEDGE_NAME, KNOWLEDGE_REQUIRED, OF_RECOMMENDATION(classification),
     &NAMES_classification},
    {"flags", KNOWLEDGE_ARRAY, KNOWLEDGE_OPTIONAL, 0, NULL},
    {"alert", KNOWLEDGE_NAME, KNOWLEDGE_REQUIRED, OF_RECOMMENDATION(alert), &NAMES_alert},
    {"message", KNOWLEDGE_ID, KNOWLEDGE_REQUIRED, OF_RECOMMENDATION(message), NULL},
    {"age", KNOWLEDGE_OBJECT, KNOWLEDGE_OPTIONAL, 0, NULL},
    {"sex", KNOWLEDGE_NAME, KNOWLEDGE_OPTIONAL, OF_RECOMMENDATION(sex), &NAMES_sex},
    {"label", KNOWLEDGE_NAME, KNOWLEDGE_OPTIONAL, OF_RECOMMENDATION(label), &NAMES_label},
    {"overrides", KNOWLEDGE_ARRAY, KNOWLEDGE_OPTIONAL, 0, NULL},
    {"actions", KNOWLEDGE_ARRAY, KNOWLEDGE_OPTIONAL, 0, NULL},
    {"implications", KNOWLEDGE_OBJECT, KNOWLEDGE_OPTIONAL, 0, NULL},
};

static const struct knowledge_member AGE[] = {
    {"from", KNOWLEDGE_NUMBER, KNOWLEDGE_OPTIONAL, OF_RECOMMENDATION(age_from_years), NULL},
    {"below", KNOWLEDGE_NUMBER, KNOWLEDGE_OPTIONAL, OF_RECOMMENDATION(age_below_years), NULL},
};

static const struct knowledge_member ACTION[] = {
    {"do", KNOWLEDGE_NAME, KNOWLEDGE_REQUIRED, offsetof(struct rules_action, kind),
     &NAMES_action_kind},
    {"drug", KNOWLEDGE_TEXT, KNOWLEDGE_OPTIONAL, offsetof(struct rules_action, drug), NULL},
    {"percent", KNOWLEDGE_ARRAY, KNOWLEDGE_OPTIONAL, 0, NULL},
    {"amount", KNOWLEDGE_SCORE, KNOWLEDGE_OPTIONAL, offsetof(struct rules_action, amount_x100),
     NULL},
    {"unit", KNOWLEDGE_TEXT, KNOWLEDGE_OPTIONAL, offsetof(struct rules_action, unit), NULL},
    {"interval_hours", KNOWLEDGE_ARRAY, KNOWLEDGE_OPTIONAL, 0, NULL},
};

/* --- recommendations -----------------------------------------------------------------------
 */

/* What the parts of a recommendation need; `row` may move when another one is added, not
 * before. */
struct recommendation_part {
    struct rules_recommendation *row;
    struct slice gene;
};

/* An array of two numbers, from and to. */
struct span {
    uint32_t ends[2];
    size_t count;
};

static void read_key(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    const struct recommendation_part *part = owner;
    struct rules_condition *row = knowledge_row(r, rules_add_condition(r->release));

    if (row == NULL)
        return;
    row->recommendation = part->row->id;
    row->gene = part->gene;
    row->key = knowledge_text(r, element, KNOWLEDGE_TEXT);
}

static void read_condition(struct knowledge_reader *r, struct slice key,
                           struct json_object *value, void *owner)
{
    struct recommendation_part *part = owner;
    size_t before = r->release->conditions_count;

    part->gene = key;
    knowledge_each_element(r, value, read_key, part);
    if (!r->has_failed && r->release->conditions_count == before)
        knowledge_fail(r, ERR_INVALID, "needs at least one key");
}

static void read_flag(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    static const char *const FLAGS[] = {"alternative", "dose", "other"};
    struct recommendation_part *part = owner;
    bool *const fields[] = {&part->row->has_alternative, &part->row->has_dose,
                            &part->row->has_other};
    struct slice text = knowledge_text(r, element, KNOWLEDGE_ID);
    uint32_t flag = 0;

    static_assert(ARRAY_LEN(FLAGS) == ARRAY_LEN(fields), "one field per flag");
    if (r->has_failed)
        return;
    if (!names_find(&(struct names){FLAGS, ARRAY_LEN(FLAGS)}, text, &flag))
        knowledge_fail(r, ERR_INVALID, "must be one of: alternative, dose, other");
    else if (*fields[flag])
        knowledge_fail(r, ERR_INVALID, "is given twice");
    else
        *fields[flag] = true;
}

static void read_end(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    struct span *span = owner;
    uint32_t end = knowledge_number(r, element);

    if (span->count == ARRAY_LEN(span->ends))
        knowledge_fail(r, ERR_INVALID, "has two elements, from and to");
    else
        span->ends[span->count++] = end;
}

static void read_span(struct knowledge_reader *r, struct json_object *object, const char *name,
                      uint32_t *ret_from, uint32_t *ret_to)
{
    struct json_object *array = NULL;
    struct span span = {.count = 0};

    if (!knowledge_get(object, name, &array))
        return;
    knowledge_each(r, object, name, read_end, &span);
    if (!r->has_failed && span.count != ARRAY_LEN(span.ends)) {
        (void)knowledge_enter(r, name);
        knowledge_fail(r, ERR_INVALID, "has two elements, from and to");
        return;
    }
    *ret_from = span.ends[0];
    *ret_to = span.ends[1];
}

static void read_action(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    struct recommendation_part *part = owner;
    struct rules_action *row = knowledge_row(r, rules_add_action(r->release));

    if (row == NULL)
        return;
    row->recommendation = part->row->id;
    knowledge_read_object(r, element, ACTION, ARRAY_LEN(ACTION), row);
    read_span(r, element, "percent", &row->percent_from, &row->percent_to);
    read_span(r, element, "interval_hours", &row->interval_from_hours, &row->interval_to_hours);
}

static void read_override(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    struct recommendation_part *part = owner;
    struct slice id = knowledge_text(r, element, KNOWLEDGE_ID);
    struct slice *all = &part->row->overrides;

    if (r->has_failed)
        return;
    *all = all->len == 0
               ? id
               : arena_printf(&r->release->arena, "%.*s %.*s", SLICE_ARG(*all), SLICE_ARG(id));
    if (r->release->arena.has_failed)
        knowledge_fail(r, ERR_NOMEM, "the release is too large");
}

static void read_implication(struct knowledge_reader *r, struct slice key,
                             struct json_object *value, void *owner)
{
    const struct recommendation_part *part = owner;
    struct rules_implication *row = knowledge_row(r, rules_add_implication(r->release));

    if (row == NULL)
        return;
    row->recommendation = part->row->id;
    row->gene = key;
    row->message = knowledge_text(r, value, KNOWLEDGE_ID);
}

static void read_recommendation(struct knowledge_reader *r, struct json_object *element,
                                void *owner)
{
    const struct slice *drug = owner;
    struct recommendation_part part = {
        .row = knowledge_row(r, rules_add_recommendation(r->release))};
    struct json_object *age = NULL;
    size_t place;

    if (part.row == NULL)
        return;
    part.row->drug = *drug;
    part.row->age_below_years = RULES_AGE_NO_MAX;
    knowledge_read_object(r, element, RECOMMENDATION, ARRAY_LEN(RECOMMENDATION), part.row);
    if (!r->has_failed && knowledge_get(element, "age", &age)) {
        place = knowledge_enter(r, "age");
        knowledge_read_object(r, age, AGE, ARRAY_LEN(AGE), part.row);
        knowledge_leave(r, place);
    }
    knowledge_each_member(r, element, "when", read_condition, &part);
    knowledge_each(r, element, "flags", read_flag, &part);
    knowledge_each(r, element, "overrides", read_override, &part);
    knowledge_each(r, element, "actions", read_action, &part);
    knowledge_each_member(r, element, "implications", read_implication, &part);
}

/* --- drugs ---------------------------------------------------------------------------------
 */

static void read_code(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    const struct slice *drug = owner;
    struct rules_drug_code *row = knowledge_row(r, rules_add_drug_code(r->release));

    if (row == NULL)
        return;
    row->drug = *drug;
    knowledge_read_object(r, element, CODE, ARRAY_LEN(CODE), row);
}

static void read_population(struct knowledge_reader *r, struct json_object *element,
                            void *owner)
{
    const struct slice *drug = owner;
    struct rules_population *row = knowledge_row(r, rules_add_population(r->release));
    struct json_object *age = NULL;
    size_t place;

    if (row == NULL)
        return;
    row->drug = *drug;
    row->age_below_years = RULES_AGE_NO_MAX;
    row->weight_above_x100 = RULES_WEIGHT_NONE;
    knowledge_read_object(r, element, POPULATION, ARRAY_LEN(POPULATION), row);
    if (r->has_failed || !knowledge_get(element, "age", &age))
        return;
    place = knowledge_enter(r, "age");
    knowledge_read_object(r, age, POPULATION_AGE, ARRAY_LEN(POPULATION_AGE), row);
    knowledge_leave(r, place);
}

static void read_indication(struct knowledge_reader *r, struct json_object *element,
                            void *owner)
{
    const struct slice *drug = owner;
    struct rules_indication *row = knowledge_row(r, rules_add_indication(r->release));

    if (row == NULL)
        return;
    row->drug = *drug;
    knowledge_read_object(r, element, INDICATION, ARRAY_LEN(INDICATION), row);
}

static void read_omission(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    const struct rules_omission *part = owner;
    struct rules_omission *row = knowledge_row(r, rules_add_omission(r->release));

    if (row == NULL)
        return;
    *row = *part;
    row->key = knowledge_text(r, element, KNOWLEDGE_TEXT);
}

static void read_no_rows(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    const struct slice *drug = owner;
    struct rules_omission part = {.drug = *drug};
    size_t before = r->release->omissions_count;

    knowledge_read_object(r, element, NO_ROWS, ARRAY_LEN(NO_ROWS), &part);
    knowledge_each(r, element, "keys", read_omission, &part);
    if (!r->has_failed && r->release->omissions_count == before)
        knowledge_fail(r, ERR_INVALID, "needs at least one key");
}

/* A drug's advice comes from recommendations, from an algorithm, or from both. */
static void read_drug_algorithm(struct knowledge_reader *r, struct json_object *root,
                                struct slice drug)
{
    struct json_object *value = NULL, *ignored = NULL;
    struct rules_drug_algorithm *row;
    size_t place;

    if (r->has_failed)
        return;
    if (!knowledge_get(root, "algorithm", &value)) {
        if (!knowledge_get(root, "recommendations", &ignored))
            knowledge_fail(r, ERR_INVALID,
                           "member 'recommendations' is missing, and there is no 'algorithm'");
        return;
    }
    row = knowledge_row(r, rules_add_drug_algorithm(r->release));
    if (row == NULL)
        return;
    place = knowledge_enter(r, "algorithm");
    row->drug = drug;
    row->algorithm = knowledge_text(r, value, KNOWLEDGE_ID);
    knowledge_leave(r, place);
}

/* A pack's file may add to a drug that is there; else it is a drug of its own. */
static void add_drug(struct knowledge_reader *r, const struct rules_drug *drug)
{
    struct rules_drug *row;

    for (size_t i = 0; i < r->release->drugs_count && r->is_pack; i++) {
        row = &r->release->drugs[i];
        if (!slice_eq(row->name, drug->name))
            continue;
        row->is_alternative_only = false;
        if (row->rxcui.len == 0)
            row->rxcui = drug->rxcui;
        else if (drug->rxcui.len > 0 && !slice_eq(row->rxcui, drug->rxcui))
            knowledge_fail(r, ERR_INVALID, "rxcui differs from that of the drug it adds to");
        return;
    }
    row = knowledge_row(r, rules_add_drug(r->release));
    if (row != NULL)
        *row = *drug;
}

static void read_gene_drug(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    const struct slice *drug = owner;
    struct rules_gene_drug *row = knowledge_row(r, rules_add_gene_drug(r->release));

    if (row == NULL)
        return;
    row->drug = *drug;
    knowledge_read_object(r, element, GENE_DRUG, ARRAY_LEN(GENE_DRUG), row);
}

void knowledge_read_drug(struct knowledge_reader *r, struct json_object *root,
                         struct slice stem)
{
    struct rules_drug drug = {0};
    struct slice name;

    knowledge_read_object(r, root, DRUG, ARRAY_LEN(DRUG), &drug);
    if (r->has_failed)
        return;
    add_drug(r, &drug);
    name = drug.name;
    if (!r->has_failed && !slice_eq(name, stem)) {
        (void)knowledge_enter(r, "name");
        knowledge_fail(r, ERR_INVALID, "must be the file's name, '%.*s'", SLICE_ARG(stem));
    }
    read_drug_algorithm(r, root, name);
    knowledge_each(r, root, "evidence", read_gene_drug, &name);
    knowledge_each(r, root, "codes", read_code, &name);
    knowledge_each(r, root, "populations", read_population, &name);
    knowledge_each(r, root, "indications", read_indication, &name);
    knowledge_each(r, root, "recommendations", read_recommendation, &name);
    knowledge_each(r, root, "no_rows", read_no_rows, &name);
}

static void read_alternative(struct knowledge_reader *r, struct json_object *element,
                             void *owner)
{
    struct rules_drug *row = knowledge_row(r, rules_add_drug(r->release));

    (void)owner;
    if (row == NULL)
        return;
    row->is_alternative_only = true;
    knowledge_read_object(r, element, DRUG, ALTERNATIVE_MEMBERS, row);
}

void knowledge_read_alternatives(struct knowledge_reader *r, struct json_object *root)
{
    knowledge_read_object(r, root, ALTERNATIVES, ARRAY_LEN(ALTERNATIVES), NULL);
    knowledge_each(r, root, "drugs", read_alternative, NULL);
}
