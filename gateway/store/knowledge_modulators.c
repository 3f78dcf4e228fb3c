/* gateway/store/knowledge_modulators.c -- modulators.json and pretests.json: drugs that change
 * what an enzyme does, and genes worth testing before a drug is ordered.
 *
 * Whether genes, drugs and sources exist is checked by rules_knowledge_new.
 */
#include "gateway/store/knowledge_reader.h"

#define OF_MODULATOR(field) offsetof(struct rules_modulator, field)
static const struct knowledge_member MODULATOR[] = {
    {"gene", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, OF_MODULATOR(gene), NULL},
    {"drug", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, OF_MODULATOR(drug), NULL},
    {"role", KNOWLEDGE_NAME, KNOWLEDGE_REQUIRED, OF_MODULATOR(role), &NAMES_role},
    {"strength", KNOWLEDGE_NAME, KNOWLEDGE_REQUIRED, OF_MODULATOR(strength), &NAMES_strength},
    {"factor", KNOWLEDGE_SCORE, KNOWLEDGE_OPTIONAL, OF_MODULATOR(factor_x100), NULL},
    {"washout_days", KNOWLEDGE_NUMBER, KNOWLEDGE_REQUIRED, OF_MODULATOR(washout_days), NULL},
    {"source", KNOWLEDGE_ID, KNOWLEDGE_REQUIRED, OF_MODULATOR(source), NULL},
};

static const struct knowledge_member MODULATORS[] = {
    {"modulators", KNOWLEDGE_ARRAY, KNOWLEDGE_REQUIRED, 0, NULL},
};

#define OF_TEST(field) offsetof(struct rules_gene_test, field)
static const struct knowledge_member GENE_TEST[] = {
    {"gene", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, OF_TEST(gene), NULL},
    {"system", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, OF_TEST(system), NULL},
    {"code", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, OF_TEST(code), NULL},
    {"display", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, OF_TEST(display), NULL},
    {"source", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, OF_TEST(source), NULL},
};

#define OF_PRETEST(field) offsetof(struct rules_pretest, field)
static const struct knowledge_member PRETEST[] = {
    {"drug", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, OF_PRETEST(drug), NULL},
    {"gene", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, OF_PRETEST(gene), NULL},
    {"message", KNOWLEDGE_ID, KNOWLEDGE_REQUIRED, OF_PRETEST(message), NULL},
    {"source", KNOWLEDGE_ID, KNOWLEDGE_REQUIRED, OF_PRETEST(source), NULL},
};

static const struct knowledge_member PRETESTS[] = {
    {"tests", KNOWLEDGE_ARRAY, KNOWLEDGE_REQUIRED, 0, NULL},
    {"pretests", KNOWLEDGE_ARRAY, KNOWLEDGE_REQUIRED, 0, NULL},
};

static void read_modulator(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    struct rules_modulator *row = knowledge_row(r, rules_add_modulator(r->release));
    struct json_object *factor = NULL;

    (void)owner;
    if (row == NULL)
        return;
    knowledge_read_object(r, element, MODULATOR, ARRAY_LEN(MODULATOR), row);
    row->has_factor = knowledge_get(element, "factor", &factor);
}

void knowledge_read_modulators(struct knowledge_reader *r, struct json_object *root)
{
    knowledge_read_object(r, root, MODULATORS, ARRAY_LEN(MODULATORS), NULL);
    knowledge_each(r, root, "modulators", read_modulator, NULL);
}

static void read_gene_test(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    struct rules_gene_test *row = knowledge_row(r, rules_add_gene_test(r->release));

    (void)owner;
    if (row != NULL)
        knowledge_read_object(r, element, GENE_TEST, ARRAY_LEN(GENE_TEST), row);
}

static void read_pretest(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    struct rules_pretest *row = knowledge_row(r, rules_add_pretest(r->release));

    (void)owner;
    if (row != NULL)
        knowledge_read_object(r, element, PRETEST, ARRAY_LEN(PRETEST), row);
}

void knowledge_read_pretests(struct knowledge_reader *r, struct json_object *root)
{
    knowledge_read_object(r, root, PRETESTS, ARRAY_LEN(PRETESTS), NULL);
    knowledge_each(r, root, "tests", read_gene_test, NULL);
    knowledge_each(r, root, "pretests", read_pretest, NULL);
}
