/* gateway/store/knowledge_algorithms.c -- algorithms/<name>.json: the numbers of a dose
 * algorithm, by model, and the genes it reads.
 *
 * Whether the terms are those that the program's algorithm needs is checked by
 * rules_knowledge_new.
 */
#include "gateway/store/knowledge_reader.h"

struct algorithm {
    struct slice name;
};

struct model {
    struct slice algorithm, name, source;
};

static const struct knowledge_member ALGORITHM[] = {
    {"name", KNOWLEDGE_ID, KNOWLEDGE_REQUIRED, offsetof(struct algorithm, name), NULL},
    {"genes", KNOWLEDGE_ARRAY, KNOWLEDGE_REQUIRED, 0, NULL},
    {"models", KNOWLEDGE_ARRAY, KNOWLEDGE_REQUIRED, 0, NULL},
};

static const struct knowledge_member MODEL[] = {
    {"name", KNOWLEDGE_ID, KNOWLEDGE_REQUIRED, offsetof(struct model, name), NULL},
    {"source", KNOWLEDGE_ID, KNOWLEDGE_REQUIRED, offsetof(struct model, source), NULL},
    {"terms", KNOWLEDGE_OBJECT, KNOWLEDGE_REQUIRED, 0, NULL},
};

static void read_gene(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    const struct algorithm *algorithm = owner;
    struct rules_algorithm_gene *row = knowledge_row(r, rules_add_algorithm_gene(r->release));

    if (row == NULL)
        return;
    row->algorithm = algorithm->name;
    row->gene = knowledge_text(r, element, KNOWLEDGE_TEXT);
}

static void read_term(struct knowledge_reader *r, struct slice key, struct json_object *value,
                      void *owner)
{
    const struct model *model = owner;
    struct rules_algorithm_term *row = knowledge_row(r, rules_add_algorithm_term(r->release));

    if (row == NULL)
        return;
    *row = (struct rules_algorithm_term){
        .algorithm = model->algorithm,
        .model = model->name,
        .term = key,
        .value = knowledge_text(r, value, KNOWLEDGE_TEXT),
        .source = model->source,
    };
}

static void read_model(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    const struct algorithm *algorithm = owner;
    struct model model = {.algorithm = algorithm->name};

    knowledge_read_object(r, element, MODEL, ARRAY_LEN(MODEL), &model);
    knowledge_each_member(r, element, "terms", read_term, &model);
}

void knowledge_read_algorithm(struct knowledge_reader *r, struct json_object *root,
                              struct slice stem)
{
    struct algorithm algorithm = {0};

    knowledge_read_object(r, root, ALGORITHM, ARRAY_LEN(ALGORITHM), &algorithm);
    if (!r->has_failed && !slice_eq(algorithm.name, stem)) {
        (void)knowledge_enter(r, "name");
        knowledge_fail(r, ERR_INVALID, "must be the file's name, '%.*s'", SLICE_ARG(stem));
    }
    knowledge_each(r, root, "genes", read_gene, &algorithm);
    knowledge_each(r, root, "models", read_model, &algorithm);
}
