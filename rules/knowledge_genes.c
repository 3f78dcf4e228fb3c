/* rules/knowledge_genes.c -- sources, genes, phenotypes and score ranges: checked and indexed.
 */
#include <assert.h>

#include "rules/allele_name.h"
#include "rules/knowledge_private.h"

#define BAD(err, ...)  err_set((err), ERR_INVALID, __VA_ARGS__)
#define NO_MEMORY(err) err_set((err), ERR_NOMEM, "no memory for the knowledge")

void rules_range_add(struct rules_range *range, size_t row)
{
    if (range->count == 0)
        range->first = (uint32_t)row;
    assert(range->first + range->count == row);
    range->count++;
}

uint32_t rules_gene_row(const struct rules_knowledge *k, const struct rules_gene *gene)
{
    assert(gene >= k->rows.genes && gene < k->rows.genes + k->rows.genes_count);
    return (uint32_t)(gene - k->rows.genes);
}

const struct rules_gene_facts *rules_facts_of_gene(const struct rules_knowledge *k,
                                                   const struct rules_gene *gene)
{
    return &k->gene_facts[rules_gene_row(k, gene)];
}

bool rules_is_name(struct slice name)
{
    if (name.len == 0 || name.len > RULES_NAME_BYTES_MAX || slice_trim(name).len != name.len)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.ptr[i] < ' ')
            return false;
    return true;
}

/* Keeps the publishers in order of name. */
static bool add_publisher(struct rules_knowledge *k, struct slice publisher)
{
    size_t at = 0;

    while (at < k->publishers_count && slice_compare(k->publishers[at], publisher) < 0)
        at++;
    if (at < k->publishers_count && slice_eq(k->publishers[at], publisher))
        return true;
    if (k->publishers_count == RULES_PUBLISHERS_MAX)
        return false;
    for (size_t i = k->publishers_count++; i > at; i--)
        k->publishers[i] = k->publishers[i - 1];
    k->publishers[at] = publisher;
    return true;
}

static enum err_code link_sources(struct rules_knowledge *k, struct err *err)
{
    if (!rules_index_init(&k->sources, k->rows.sources_count, &k->arena))
        return NO_MEMORY(err);
    for (size_t i = 0; i < k->rows.sources_count; i++) {
        const struct rules_source *source = &k->rows.sources[i];

        if (!rules_is_name(source->id))
            return BAD(err,
                       "source '%.*s': the id is empty, too long or has blanks at its ends",
                       SLICE_ARG(source->id));
        if (source->publisher.len == 0 || source->title.len == 0)
            return BAD(err, "source %.*s: publisher and title are required",
                       SLICE_ARG(source->id));
        if (!rules_index_add(&k->sources, 0, source->id, (uint32_t)i))
            return BAD(err, "source %.*s: listed twice", SLICE_ARG(source->id));
        if (!add_publisher(k, source->publisher))
            return err_set(err, ERR_LIMIT, "source %.*s: more than %d publishers",
                           SLICE_ARG(source->id), RULES_PUBLISHERS_MAX);
    }
    return ERR_OK;
}

static enum err_code check_gene(const struct rules_knowledge *k, const struct rules_gene *gene,
                                struct err *err)
{
    if (!rules_is_name(gene->symbol))
        return BAD(err, "gene '%.*s': the symbol is empty, too long or has blanks at its ends",
                   SLICE_ARG(gene->symbol));
    if (rules_index_find(&k->sources, 0, gene->source) == RULES_ABSENT)
        return BAD(err, "gene %.*s: unknown source '%.*s'", SLICE_ARG(gene->symbol),
                   SLICE_ARG(gene->source));
    if ((gene->method == RULES_METHOD_ALLELE_PRESENCE) !=
        (gene->key_kind == RULES_KEY_ALLELE_STATUS))
        return BAD(err, "gene %.*s: method allele_presence and key allele_status go together",
                   SLICE_ARG(gene->symbol));
    if (gene->key_kind == RULES_KEY_ACTIVITY_SCORE &&
        gene->method != RULES_METHOD_ACTIVITY_SCORE)
        return BAD(err, "gene %.*s: key activity_score needs method activity_score",
                   SLICE_ARG(gene->symbol));
    if (gene->counts_lowest_two && gene->method != RULES_METHOD_ACTIVITY_SCORE &&
        gene->method != RULES_METHOD_FUNCTION_PAIR)
        return BAD(err,
                   "gene %.*s: counts_lowest_two needs method activity_score or function_pair",
                   SLICE_ARG(gene->symbol));
    if (gene->priority_source.len > 0 &&
        rules_index_find(&k->sources, 0, gene->priority_source) == RULES_ABSENT)
        return BAD(err, "gene %.*s: unknown source '%.*s' of priorities",
                   SLICE_ARG(gene->symbol), SLICE_ARG(gene->priority_source));
    return ERR_OK;
}

static enum err_code link_gene_rows(struct rules_knowledge *k, struct err *err)
{
    k->gene_facts = arena_array(&k->arena, k->rows.genes_count, sizeof *k->gene_facts);
    if (k->gene_facts == NULL || !rules_index_init(&k->genes, k->rows.genes_count, &k->arena))
        return NO_MEMORY(err);
    for (size_t i = 0; i < k->rows.genes_count; i++) {
        if (check_gene(k, &k->rows.genes[i], err) != ERR_OK)
            return err->code;
        if (!rules_index_add(&k->genes, 0, k->rows.genes[i].symbol, (uint32_t)i))
            return BAD(err, "gene %.*s: listed twice", SLICE_ARG(k->rows.genes[i].symbol));
        k->gene_facts[i].own.key_kind = k->rows.genes[i].key_kind;
        k->gene_facts[i].reference = RULES_ABSENT;
    }
    return ERR_OK;
}

/* "Indeterminate" may be listed, for its abbreviation, but only spelled so. */
static bool is_reserved(struct slice name, struct slice normal)
{
    static const char *const WORDS[] = {"indeterminate", "n/a", "noresult"};

    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
        if (slice_eq_text(normal, WORDS[i]))
            return !slice_eq_text(name, RULES_INDETERMINATE);
    return false;
}

static enum err_code link_phenotypes(struct rules_knowledge *k, struct err *err)
{
    if (!rules_index_init(&k->phenotypes, k->rows.phenotypes_count, &k->arena))
        return NO_MEMORY(err);
    for (size_t i = 0; i < k->rows.phenotypes_count; i++) {
        const struct rules_phenotype *p = &k->rows.phenotypes[i];
        uint32_t gene = rules_index_find(&k->genes, 0, p->gene);
        struct rules_allele_name normal;
        struct slice name;

        if (gene == RULES_ABSENT)
            return BAD(err, "phenotype '%.*s': unknown gene '%.*s'", SLICE_ARG(p->name),
                       SLICE_ARG(p->gene));
        if (!rules_is_name(p->name) || !rules_allele_normalise(p->name, p->gene, &normal))
            return BAD(err, "phenotype '%.*s' of %.*s: the name is empty or too long",
                       SLICE_ARG(p->name), SLICE_ARG(p->gene));
        if (p->priority != RULES_PRIORITY_NONE && k->rows.genes[gene].priority_source.len == 0)
            return BAD(err,
                       "phenotype '%.*s' of %.*s: a priority, but the gene names no source",
                       SLICE_ARG(p->name), SLICE_ARG(p->gene));
        if (is_reserved(p->name, rules_allele_name_slice(&normal)))
            return BAD(err, "phenotype '%.*s' of %.*s: this word is reserved",
                       SLICE_ARG(p->name), SLICE_ARG(p->gene));
        name = arena_copy(&k->arena, rules_allele_name_slice(&normal));
        if (name.len == 0)
            return NO_MEMORY(err);
        if (!rules_index_add(&k->phenotypes, gene, name, (uint32_t)i))
            return BAD(err, "phenotype '%.*s' of %.*s: listed twice", SLICE_ARG(p->name),
                       SLICE_ARG(p->gene));
        rules_range_add(&k->gene_facts[gene].phenotypes, i);
    }
    return ERR_OK;
}

struct slice rules_phenotype_of(const struct rules_knowledge *k, const struct rules_gene *gene,
                                struct slice written)
{
    struct rules_allele_name normal;
    struct slice name;
    uint32_t row;

    if (!rules_allele_normalise(written, gene->symbol, &normal))
        return SLICE_NONE;
    name = rules_allele_name_slice(&normal);
    row = rules_index_find(&k->phenotypes, rules_gene_row(k, gene), name);
    if (row != RULES_ABSENT)
        return k->rows.phenotypes[row].name;
    if (slice_eq_text(name, "indeterminate") || slice_eq_text(name, RULES_NO_SCORE))
        return SLICE(RULES_INDETERMINATE);
    return SLICE_NONE;
}

enum rules_priority rules_priority_of(const struct rules_knowledge *k,
                                      const struct rules_gene *gene, struct slice phenotype)
{
    struct rules_range range = rules_facts_of_gene(k, gene)->phenotypes;

    for (uint32_t i = range.first; i < range.first + range.count; i++)
        if (slice_eq(k->rows.phenotypes[i].name, phenotype))
            return k->rows.phenotypes[i].priority;
    return RULES_PRIORITY_NONE;
}

static enum err_code check_authority(const struct rules_knowledge *k,
                                     const struct rules_authority *a, uint32_t gene,
                                     struct err *err)
{
    const struct rules_gene *row = gene == RULES_ABSENT ? NULL : &k->rows.genes[gene];

    if (row == NULL)
        return BAD(err, "authority '%.*s': unknown gene '%.*s'", SLICE_ARG(a->name),
                   SLICE_ARG(a->gene));
    if (!rules_is_name(a->name))
        return BAD(err, "authority of %.*s: the name is empty or too long", SLICE_ARG(a->gene));
    if (rules_index_find(&k->sources, 0, a->source) == RULES_ABSENT)
        return BAD(err, "authority %.*s of %.*s: unknown source '%.*s'", SLICE_ARG(a->name),
                   SLICE_ARG(a->gene), SLICE_ARG(a->source));
    if (row->method == RULES_METHOD_ALLELE_PRESENCE || a->key_kind == RULES_KEY_ALLELE_STATUS ||
        (a->key_kind == RULES_KEY_ACTIVITY_SCORE && row->key_kind != RULES_KEY_ACTIVITY_SCORE))
        return BAD(err, "authority %.*s of %.*s: method %s has no key %s", SLICE_ARG(a->name),
                   SLICE_ARG(a->gene), rules_method_name(row->method),
                   rules_key_kind_name(a->key_kind));
    return ERR_OK;
}

static enum err_code link_authorities(struct rules_knowledge *k, struct err *err)
{
    k->readings = arena_array(&k->arena, k->rows.authorities_count, sizeof *k->readings);
    if (k->readings == NULL)
        return NO_MEMORY(err);
    for (size_t i = 0; i < k->rows.authorities_count; i++) {
        const struct rules_authority *a = &k->rows.authorities[i];
        uint32_t gene = rules_index_find(&k->genes, 0, a->gene);

        if (check_authority(k, a, gene, err) != ERR_OK)
            return err->code;
        if (i > 0 && slice_eq(a[-1].gene, a->gene) && slice_eq(a[-1].name, a->name))
            return BAD(err, "authority %.*s of %.*s: listed twice", SLICE_ARG(a->name),
                       SLICE_ARG(a->gene));
        k->readings[i].key_kind = a->key_kind;
        rules_range_add(&k->gene_facts[gene].authorities, i);
    }
    return ERR_OK;
}

struct rules_reading *rules_reading_find(struct rules_knowledge *k, uint32_t gene,
                                         struct slice authority)
{
    struct rules_gene_facts *facts = &k->gene_facts[gene];
    struct rules_range range = facts->authorities;

    if (authority.len == 0)
        return &facts->own;
    for (uint32_t i = range.first; i < range.first + range.count; i++)
        if (slice_eq(k->rows.authorities[i].name, authority))
            return &k->readings[i];
    return NULL;
}

const struct rules_reading *rules_reading_of(const struct rules_knowledge *k,
                                             const struct rules_gene *gene,
                                             struct slice authority)
{
    const struct rules_gene_facts *facts = rules_facts_of_gene(k, gene);
    struct rules_range range = facts->authorities;

    for (uint32_t i = range.first; i < range.first + range.count; i++)
        if (slice_eq(k->rows.authorities[i].name, authority))
            return &k->readings[i];
    return &facts->own;
}

static enum err_code check_score(const struct rules_knowledge *k, struct rules_score_rule *rule,
                                 const struct rules_score_rule *before, struct err *err)
{
    uint32_t row = rules_index_find(&k->genes, 0, rule->gene);
    const struct rules_gene *gene = row == RULES_ABSENT ? NULL : &k->rows.genes[row];
    struct slice phenotype;

    if (gene == NULL)
        return BAD(err, "score range from %u/100: unknown gene '%.*s'", rule->from_x100,
                   SLICE_ARG(rule->gene));
    if (gene->method != RULES_METHOD_ACTIVITY_SCORE)
        return BAD(err, "score range of %.*s: the gene's method is %s", SLICE_ARG(rule->gene),
                   rules_method_name(gene->method));
    if (rule->from_x100 > rule->to_x100)
        return BAD(err, "score range of %.*s from %u/100: ends before it begins",
                   SLICE_ARG(rule->gene), rule->from_x100);
    if (before != NULL && slice_eq(before->gene, rule->gene) &&
        slice_eq(before->authority, rule->authority) && before->to_x100 >= rule->from_x100)
        return BAD(err, "score range of %.*s from %u/100: overlaps the one before it",
                   SLICE_ARG(rule->gene), rule->from_x100);
    phenotype = rules_phenotype_of(k, gene, rule->phenotype);
    if (phenotype.len == 0)
        return BAD(err, "score range of %.*s from %u/100: unknown phenotype '%.*s'",
                   SLICE_ARG(rule->gene), rule->from_x100, SLICE_ARG(rule->phenotype));
    rule->phenotype = phenotype;
    return ERR_OK;
}

static enum err_code link_scores(struct rules_knowledge *k, struct err *err)
{
    for (size_t i = 0; i < k->rows.score_rules_count; i++) {
        struct rules_score_rule *rule = &k->rows.score_rules[i];
        struct rules_reading *reading;

        if (check_score(k, rule, i > 0 ? rule - 1 : NULL, err) != ERR_OK)
            return err->code;
        reading =
            rules_reading_find(k, rules_index_find(&k->genes, 0, rule->gene), rule->authority);
        if (reading == NULL)
            return BAD(err, "score range of %.*s from %u/100: unknown authority '%.*s'",
                       SLICE_ARG(rule->gene), rule->from_x100, SLICE_ARG(rule->authority));
        rules_range_add(&reading->scores, i);
        /* A stated phenotype becomes one key per range. */
        if (reading->scores.count > RULES_KEYS_MAX)
            return err_set(err, ERR_LIMIT, "gene %.*s: more than %d score ranges",
                           SLICE_ARG(rule->gene), RULES_KEYS_MAX);
    }
    return ERR_OK;
}

enum err_code rules_knowledge_link_genes(struct rules_knowledge *k, struct err *err)
{
    if (link_sources(k, err) != ERR_OK || link_gene_rows(k, err) != ERR_OK ||
        link_phenotypes(k, err) != ERR_OK || link_authorities(k, err) != ERR_OK ||
        link_scores(k, err) != ERR_OK)
        return err->code;
    return ERR_OK;
}
