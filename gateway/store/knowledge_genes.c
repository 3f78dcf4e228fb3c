/* gateway/store/knowledge_genes.c -- genes/<symbol>.json: alleles and how they become
 * phenotypes.
 *
 * Whether functions, phenotypes and ranges fit together is checked by rules_knowledge_new.
 */
#include "gateway/store/knowledge_reader.h"

static const struct knowledge_member GENE[] = {
    {"symbol", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct rules_gene, symbol), NULL},
    {"hgnc", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct rules_gene, hgnc), NULL},
    {"method", KNOWLEDGE_NAME, KNOWLEDGE_REQUIRED, offsetof(struct rules_gene, method),
     &NAMES_method},
    {"key", KNOWLEDGE_NAME, KNOWLEDGE_REQUIRED, offsetof(struct rules_gene, key_kind),
     &NAMES_key_kind},
    {"counts_lowest_two", KNOWLEDGE_FLAG, KNOWLEDGE_OPTIONAL,
     offsetof(struct rules_gene, counts_lowest_two), NULL},
    {"source", KNOWLEDGE_ID, KNOWLEDGE_REQUIRED, offsetof(struct rules_gene, source), NULL},
    {"reference", KNOWLEDGE_TEXT, KNOWLEDGE_OPTIONAL, offsetof(struct rules_gene, reference),
     NULL},
    {"priority_source", KNOWLEDGE_ID, KNOWLEDGE_OPTIONAL,
     offsetof(struct rules_gene, priority_source), NULL},
    {"phenotypes", KNOWLEDGE_ARRAY, KNOWLEDGE_OPTIONAL, 0, NULL},
    {"alleles", KNOWLEDGE_ARRAY, KNOWLEDGE_REQUIRED, 0, NULL},
    {"aliases", KNOWLEDGE_ARRAY, KNOWLEDGE_OPTIONAL, 0, NULL},
    {"pairs", KNOWLEDGE_ARRAY, KNOWLEDGE_OPTIONAL, 0, NULL},
    {"scores", KNOWLEDGE_ARRAY, KNOWLEDGE_OPTIONAL, 0, NULL},
    {"authorities", KNOWLEDGE_OBJECT, KNOWLEDGE_OPTIONAL, 0, NULL},
};

/* The gene's own key and rules are left out where an authority has the same. */
static const struct knowledge_member AUTHORITY[] = {
    {"source", KNOWLEDGE_ID, KNOWLEDGE_REQUIRED, offsetof(struct rules_authority, source),
     NULL},
    {"key", KNOWLEDGE_NAME, KNOWLEDGE_OPTIONAL, offsetof(struct rules_authority, key_kind),
     &NAMES_key_kind},
    {"pairs", KNOWLEDGE_ARRAY, KNOWLEDGE_OPTIONAL, 0, NULL},
    {"scores", KNOWLEDGE_ARRAY, KNOWLEDGE_OPTIONAL, 0, NULL},
};

static const struct knowledge_member PHENOTYPE[] = {
    {"name", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct rules_phenotype, name), NULL},
    {"abbreviation", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED,
     offsetof(struct rules_phenotype, abbreviation), NULL},
    {"priority", KNOWLEDGE_NAME, KNOWLEDGE_OPTIONAL, offsetof(struct rules_phenotype, priority),
     &NAMES_priority},
};

static const struct knowledge_member ALLELE[] = {
    {"name", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct rules_allele, name), NULL},
    {"function", KNOWLEDGE_TEXT, KNOWLEDGE_OPTIONAL, offsetof(struct rules_allele, function),
     NULL},
    {"value", KNOWLEDGE_OTHER, KNOWLEDGE_OPTIONAL, 0, NULL},
};

static const struct knowledge_member ALIAS[] = {
    {"alias", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct rules_allele_alias, alias),
     NULL},
    {"allele", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct rules_allele_alias, allele),
     NULL},
    {"marks", KNOWLEDGE_TEXT, KNOWLEDGE_OPTIONAL, offsetof(struct rules_allele_alias, marks),
     NULL},
};

static const struct knowledge_member PAIR[] = {
    {"of", KNOWLEDGE_ARRAY, KNOWLEDGE_REQUIRED, 0, NULL},
    {"phenotype", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED,
     offsetof(struct rules_pair_rule, phenotype), NULL},
};

static const struct knowledge_member SCORE[] = {
    {"from", KNOWLEDGE_SCORE, KNOWLEDGE_REQUIRED, offsetof(struct rules_score_rule, from_x100),
     NULL},
    {"to", KNOWLEDGE_SCORE, KNOWLEDGE_OPTIONAL, offsetof(struct rules_score_rule, to_x100),
     NULL},
    {"phenotype", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED,
     offsetof(struct rules_score_rule, phenotype), NULL},
};

/* What the elements belong to. */
struct owner {
    struct slice gene, authority;
    enum rules_key_kind key_kind;
};

static void read_phenotype(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    const struct owner *of = owner;
    struct rules_phenotype *row = knowledge_row(r, rules_add_phenotype(r->release));

    if (row == NULL)
        return;
    row->gene = of->gene;
    knowledge_read_object(r, element, PHENOTYPE, ARRAY_LEN(PHENOTYPE), row);
}

/* "0.5", or "≥3.0" as CPIC writes values of three and more copies. */
static void read_value(struct knowledge_reader *r, struct json_object *value,
                       struct rules_allele *row)
{
    static const struct slice AT_LEAST = {"\xe2\x89\xa5", 3};
    struct slice text = knowledge_text(r, value, KNOWLEDGE_TEXT);

    row->has_value = true;
    row->is_at_least = slice_starts(text, AT_LEAST);
    if (row->is_at_least)
        text = slice_from(text, AT_LEAST.len);
    if (!r->has_failed && !slice_to_x100(text, &row->value_x100))
        knowledge_fail(r, ERR_INVALID,
                       "must be a number in quotes with at most two decimals, as \"0.25\" or "
                       "\"\xe2\x89\xa5"
                       "3.0\"; leave it out for n/a");
}

static void read_allele(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    const struct owner *of = owner;
    struct rules_allele *row = knowledge_row(r, rules_add_allele(r->release));
    struct json_object *value = NULL;
    size_t place;

    if (row == NULL)
        return;
    row->gene = of->gene;
    knowledge_read_object(r, element, ALLELE, ARRAY_LEN(ALLELE), row);
    if (r->has_failed || !knowledge_get(element, "value", &value))
        return;
    place = knowledge_enter(r, "value");
    read_value(r, value, row);
    knowledge_leave(r, place);
}

static void read_alias(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    const struct owner *of = owner;
    struct rules_allele_alias *row = knowledge_row(r, rules_add_allele_alias(r->release));

    if (row == NULL)
        return;
    row->gene = of->gene;
    knowledge_read_object(r, element, ALIAS, ARRAY_LEN(ALIAS), row);
}

static void read_pair_element(struct knowledge_reader *r, struct json_object *element,
                              void *owner)
{
    struct rules_pair_rule *row = owner;
    struct slice text = knowledge_text(r, element, KNOWLEDGE_TEXT);

    if (row->first.len == 0)
        row->first = text;
    else if (row->second.len == 0)
        row->second = text;
    else
        knowledge_fail(r, ERR_INVALID, "a pair has at most two elements");
}

static void read_pair(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    const struct owner *of = owner;
    struct rules_pair_rule *row = knowledge_row(r, rules_add_pair_rule(r->release));

    if (row == NULL)
        return;
    row->gene = of->gene;
    row->authority = of->authority;
    knowledge_read_object(r, element, PAIR, ARRAY_LEN(PAIR), row);
    knowledge_each(r, element, "of", read_pair_element, row);
    if (!r->has_failed && row->first.len == 0)
        knowledge_fail(r, ERR_INVALID, "a pair has one or two elements");
}

static void read_score(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    const struct owner *of = owner;
    struct rules_score_rule *row = knowledge_row(r, rules_add_score_rule(r->release));

    if (row == NULL)
        return;
    row->gene = of->gene;
    row->to_x100 = RULES_SCORE_NO_MAX;
    row->authority = of->authority;
    knowledge_read_object(r, element, SCORE, ARRAY_LEN(SCORE), row);
}

static void read_authority(struct knowledge_reader *r, struct slice key,
                           struct json_object *value, void *owner_)
{
    struct owner owner = *(struct owner *)owner_;
    struct rules_authority *row = knowledge_row(r, rules_add_authority(r->release));

    if (row == NULL)
        return;
    owner.authority = key;
    row->gene = owner.gene;
    row->name = key;
    row->key_kind = owner.key_kind;
    knowledge_read_object(r, value, AUTHORITY, ARRAY_LEN(AUTHORITY), row);
    knowledge_each(r, value, "pairs", read_pair, &owner);
    knowledge_each(r, value, "scores", read_score, &owner);
}

void knowledge_read_gene(struct knowledge_reader *r, struct json_object *root,
                         struct slice stem)
{
    struct rules_gene *row = knowledge_row(r, rules_add_gene(r->release));
    struct owner owner;

    if (row == NULL)
        return;
    knowledge_read_object(r, root, GENE, ARRAY_LEN(GENE), row);
    owner = (struct owner){.gene = row->symbol, .key_kind = row->key_kind};
    if (!r->has_failed && !slice_eq(owner.gene, stem)) {
        (void)knowledge_enter(r, "symbol");
        knowledge_fail(r, ERR_INVALID, "must be the file's name, '%.*s'", SLICE_ARG(stem));
    }
    knowledge_each(r, root, "phenotypes", read_phenotype, &owner);
    knowledge_each(r, root, "alleles", read_allele, &owner);
    knowledge_each(r, root, "aliases", read_alias, &owner);
    knowledge_each(r, root, "pairs", read_pair, &owner);
    knowledge_each(r, root, "scores", read_score, &owner);
    knowledge_each_member(r, root, "authorities", read_authority, &owner);
}
