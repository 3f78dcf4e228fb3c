/* rules/knowledge_alleles.c -- alleles, aliases and pair rules: checked, numbered, indexed.
 *
 * Functions are numbered per gene, so that a pair rule is two numbers. Every word that a key of
 * a patient can be gets its number here too; conditions are compared by these.
 */
#include <assert.h>

#include "rules/allele_name.h"
#include "rules/knowledge_private.h"

#define BAD(err, ...)  err_set((err), ERR_INVALID, __VA_ARGS__)
#define NO_MEMORY(err) err_set((err), ERR_NOMEM, "no memory for the knowledge")

/* The normal form in the snapshot's memory. */
static enum err_code keep_normal(struct rules_knowledge *k, struct slice written,
                                 struct slice gene, struct slice *ret, struct err *err)
{
    struct rules_allele_name normal;

    if (!rules_allele_normalise(written, gene, &normal))
        return BAD(err, "name '%.*s' of %.*s: empty or longer than %d bytes",
                   SLICE_ARG(written), SLICE_ARG(gene), RULES_ALLELE_BYTES_MAX);
    *ret = arena_copy(&k->arena, rules_allele_name_slice(&normal));
    return ret->len == 0 ? NO_MEMORY(err) : ERR_OK;
}

static enum err_code check_value(const struct rules_gene *gene, const struct rules_allele *a,
                                 struct err *err)
{
    if (a->has_value && gene->method != RULES_METHOD_ACTIVITY_SCORE)
        return BAD(err, "allele %.*s %.*s: a value, but the gene's method is %s",
                   SLICE_ARG(a->gene), SLICE_ARG(a->name), rules_method_name(gene->method));
    if (a->has_value ? a->value_x100 > RULES_VALUE_X100_MAX
                     : a->is_at_least || a->value_x100 != 0)
        return BAD(err, "allele %.*s %.*s: the activity value is not plausible",
                   SLICE_ARG(a->gene), SLICE_ARG(a->name));
    return ERR_OK;
}

static bool needs_function(enum rules_method method)
{
    switch (method) {
    case RULES_METHOD_FUNCTION_PAIR:
    case RULES_METHOD_SEX_LINKED:
    case RULES_METHOD_HAPLOID:
        return true;
    case RULES_METHOD_ACTIVITY_SCORE:
    case RULES_METHOD_ALLELE_PRESENCE:
    case RULES_METHOD_GENOTYPE:
        return false;
    }
    return false;
}

/* What the gene's method needs to know of one allele. */
static enum err_code link_allele_facts(struct rules_knowledge *k, const struct rules_gene *gene,
                                       size_t row, struct slice normal, struct err *err)
{
    const struct rules_allele *a = &k->rows.alleles[row];
    struct rules_allele_facts *facts = &k->allele_facts[row];
    uint32_t scope = rules_gene_row(k, gene);
    struct slice function = SLICE_NONE;

    facts->function = (uint32_t)row;
    if (gene->method == RULES_METHOD_ALLELE_PRESENCE) {
        struct rules_hla_name hla = rules_hla_read(normal);

        if (!hla.is_exact || hla.is_cut)
            return BAD(err, "allele %.*s %.*s: the name must have two fields, as *57:01",
                       SLICE_ARG(a->gene), SLICE_ARG(a->name));
        facts->positive = arena_printf(&k->arena, "%.*s positive", SLICE_ARG(a->name));
        facts->negative = arena_printf(&k->arena, "%.*s negative", SLICE_ARG(a->name));
        return k->arena.has_failed ? NO_MEMORY(err) : ERR_OK;
    }
    if (needs_function(gene->method) && a->function.len == 0)
        return BAD(err, "allele %.*s %.*s: no function", SLICE_ARG(a->gene),
                   SLICE_ARG(a->name));
    if (gene->method == RULES_METHOD_GENOTYPE || a->function.len == 0)
        return ERR_OK;
    if (keep_normal(k, a->function, SLICE_NONE, &function, err) != ERR_OK)
        return err->code;
    (void)rules_index_add(&k->functions, scope, function, (uint32_t)row);
    facts->function = rules_index_find(&k->functions, scope, function);
    return ERR_OK;
}

static enum err_code link_allele(struct rules_knowledge *k, size_t row, struct err *err)
{
    const struct rules_allele *a = &k->rows.alleles[row];
    uint32_t gene = rules_index_find(&k->genes, 0, a->gene);
    struct rules_range *range;
    struct slice normal = SLICE_NONE;

    if (gene == RULES_ABSENT)
        return BAD(err, "allele '%.*s': unknown gene '%.*s'", SLICE_ARG(a->name),
                   SLICE_ARG(a->gene));
    if (slice_find_char(a->name, '/') != SIZE_MAX || slice_trim(a->name).len != a->name.len)
        return BAD(err, "allele %.*s '%.*s': a name has no '/' and no blanks at its ends",
                   SLICE_ARG(a->gene), SLICE_ARG(a->name));
    if (keep_normal(k, a->name, a->gene, &normal, err) != ERR_OK ||
        check_value(&k->rows.genes[gene], a, err) != ERR_OK)
        return err->code;
    if (!rules_index_add(&k->alleles, gene, normal, (uint32_t)row))
        return BAD(err, "allele %.*s %.*s: listed twice", SLICE_ARG(a->gene),
                   SLICE_ARG(a->name));
    range = &k->gene_facts[gene].alleles;
    rules_range_add(range, row);
    if (k->rows.genes[gene].method == RULES_METHOD_ALLELE_PRESENCE &&
        range->count > RULES_KEYS_MAX)
        return err_set(err, ERR_LIMIT, "gene %.*s: more than %d alleles to be present",
                       SLICE_ARG(a->gene), RULES_KEYS_MAX);
    return link_allele_facts(k, &k->rows.genes[gene], row, normal, err);
}

/* The normal form of an alias; of two names, one that does not depend on their order. */
static enum err_code keep_alias(struct rules_knowledge *k,
                                const struct rules_allele_alias *alias, uint32_t gene,
                                struct slice *ret, struct err *err)
{
    struct slice second, first = slice_cut(alias->alias, '/', &second);
    struct rules_allele_name a, b, pair;

    if (first.len == alias->alias.len)
        return keep_normal(k, alias->alias, alias->gene, ret, err);
    if (k->gene_facts[gene].reference == RULES_ABSENT)
        return BAD(err, "alias '%.*s' of %.*s: a pair, but the gene has no reference",
                   SLICE_ARG(alias->alias), SLICE_ARG(alias->gene));
    if (!rules_allele_normalise(first, alias->gene, &a) ||
        !rules_allele_normalise(second, alias->gene, &b) ||
        !rules_allele_join_pair(rules_allele_name_slice(&a), rules_allele_name_slice(&b),
                                &pair))
        return BAD(err, "alias '%.*s' of %.*s: empty or too long", SLICE_ARG(alias->alias),
                   SLICE_ARG(alias->gene));
    *ret = arena_copy(&k->arena, rules_allele_name_slice(&pair));
    return ret->len == 0 ? NO_MEMORY(err) : ERR_OK;
}

/* The row of an allele that an alias names. */
static enum err_code find_target(const struct rules_knowledge *k,
                                 const struct rules_allele_alias *alias, uint32_t gene,
                                 struct slice allele, uint32_t *ret, struct err *err)
{
    struct rules_allele_name normal;

    *ret = RULES_ABSENT;
    if (rules_allele_normalise(allele, alias->gene, &normal))
        *ret = rules_index_find(&k->alleles, gene, rules_allele_name_slice(&normal));
    if (*ret == RULES_ABSENT)
        return BAD(err, "alias '%.*s' of %.*s: unknown allele '%.*s'", SLICE_ARG(alias->alias),
                   SLICE_ARG(alias->gene), SLICE_ARG(allele));
    return ERR_OK;
}

static enum err_code link_alias(struct rules_knowledge *k,
                                const struct rules_allele_alias *alias, struct err *err)
{
    uint32_t gene = rules_index_find(&k->genes, 0, alias->gene);
    struct slice normal = SLICE_NONE;
    uint32_t row, marked;

    if (gene == RULES_ABSENT)
        return BAD(err, "alias '%.*s': unknown gene '%.*s'", SLICE_ARG(alias->alias),
                   SLICE_ARG(alias->gene));
    if (keep_alias(k, alias, gene, &normal, err) != ERR_OK ||
        find_target(k, alias, gene, alias->allele, &row, err) != ERR_OK)
        return err->code;
    if (!rules_index_add(&k->alleles, gene, normal, row))
        return BAD(err, "alias '%.*s' of %.*s: names an allele already",
                   SLICE_ARG(alias->alias), SLICE_ARG(alias->gene));
    if (alias->marks.len == 0)
        return ERR_OK;
    if (find_target(k, alias, gene, alias->marks, &marked, err) != ERR_OK)
        return err->code;
    (void)rules_index_add(&k->marks, gene, normal, marked);
    return ERR_OK;
}

static enum err_code link_references(struct rules_knowledge *k, struct err *err)
{
    for (size_t i = 0; i < k->rows.genes_count; i++) {
        const struct rules_gene *gene = &k->rows.genes[i];
        struct rules_range range = k->gene_facts[i].alleles;

        for (uint32_t a = range.first; a < range.first + range.count; a++)
            if (slice_eq(k->rows.alleles[a].name, gene->reference))
                k->gene_facts[i].reference = a;
        if (gene->reference.len > 0 && k->gene_facts[i].reference == RULES_ABSENT)
            return BAD(err, "gene %.*s: the reference '%.*s' is not one of its alleles",
                       SLICE_ARG(gene->symbol), SLICE_ARG(gene->reference));
    }
    return ERR_OK;
}

static enum err_code link_allele_rows(struct rules_knowledge *k, struct err *err)
{
    size_t names_max = k->rows.alleles_count + k->rows.allele_aliases_count;

    k->allele_facts = arena_array(&k->arena, k->rows.alleles_count, sizeof *k->allele_facts);
    if (k->allele_facts == NULL || !rules_index_init(&k->alleles, names_max, &k->arena) ||
        !rules_index_init(&k->functions, k->rows.alleles_count, &k->arena) ||
        !rules_index_init(&k->marks, k->rows.allele_aliases_count, &k->arena))
        return NO_MEMORY(err);
    for (size_t i = 0; i < k->rows.alleles_count; i++)
        if (link_allele(k, i, err) != ERR_OK)
            return err->code;
    if (link_references(k, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < k->rows.allele_aliases_count; i++)
        if (link_alias(k, &k->rows.allele_aliases[i], err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

uint64_t rules_pair_of(uint32_t a, uint32_t b)
{
    return a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
}

/* The number of a function, or of an allele where the alleles themselves are paired. A function
 * that no allele has is a spelling mistake: its rule could never apply. */
static enum err_code number_of(const struct rules_knowledge *k, const struct rules_gene *gene,
                               struct slice written, uint32_t *ret, struct err *err)
{
    bool is_genotype = gene->method == RULES_METHOD_GENOTYPE;
    struct rules_allele_name normal;
    uint32_t row = RULES_ABSENT;

    if (rules_allele_normalise(written, is_genotype ? gene->symbol : SLICE_NONE, &normal))
        row = rules_index_find(is_genotype ? &k->alleles : &k->functions,
                               rules_gene_row(k, gene), rules_allele_name_slice(&normal));
    if (row == RULES_ABSENT)
        return BAD(err, "pair of %.*s: no allele %s '%.*s'", SLICE_ARG(gene->symbol),
                   is_genotype ? "is called" : "has the function", SLICE_ARG(written));
    *ret = row;
    return ERR_OK;
}

/* Whether the gene's method has rules of this form. */
static enum err_code check_pair(const struct rules_gene *gene,
                                const struct rules_pair_rule *rule, struct err *err)
{
    bool is_scored = gene->method == RULES_METHOD_ACTIVITY_SCORE && rule->authority.len > 0;
    bool is_single = rule->second.len == 0;

    if (gene->method != RULES_METHOD_GENOTYPE && !needs_function(gene->method) && !is_scored)
        return BAD(err, "pair of %.*s: the gene's method is %s", SLICE_ARG(rule->gene),
                   rules_method_name(gene->method));
    if (is_single ? gene->method == RULES_METHOD_GENOTYPE || is_scored
                  : gene->method == RULES_METHOD_HAPLOID)
        return BAD(err, "pair of %.*s '%.*s': a gene of method %s has no rules for %s",
                   SLICE_ARG(rule->gene), SLICE_ARG(rule->first),
                   rules_method_name(gene->method), is_single ? "one allele" : "two alleles");
    return ERR_OK;
}

static enum err_code link_pair(struct rules_knowledge *k, size_t row, struct err *err)
{
    const struct rules_pair_rule *rule = &k->rows.pair_rules[row];
    uint32_t gene_row = rules_index_find(&k->genes, 0, rule->gene);
    uint32_t first = RULES_ABSENT, second = RULES_NO_SECOND;
    const struct rules_gene *gene;
    struct rules_reading *reading;
    struct slice phenotype;

    if (gene_row == RULES_ABSENT)
        return BAD(err, "pair '%.*s': unknown gene '%.*s'", SLICE_ARG(rule->first),
                   SLICE_ARG(rule->gene));
    gene = &k->rows.genes[gene_row];
    reading = rules_reading_find(k, gene_row, rule->authority);
    if (reading == NULL)
        return BAD(err, "pair of %.*s '%.*s': unknown authority '%.*s'", SLICE_ARG(rule->gene),
                   SLICE_ARG(rule->first), SLICE_ARG(rule->authority));
    if (check_pair(gene, rule, err) != ERR_OK ||
        number_of(k, gene, rule->first, &first, err) != ERR_OK ||
        (rule->second.len > 0 && number_of(k, gene, rule->second, &second, err) != ERR_OK))
        return err->code;
    phenotype = rules_phenotype_of(k, gene, rule->phenotype);
    if (phenotype.len == 0)
        return BAD(err, "pair of %.*s '%.*s': unknown phenotype '%.*s'", SLICE_ARG(rule->gene),
                   SLICE_ARG(rule->first), SLICE_ARG(rule->phenotype));
    k->pairs[row] = (struct rules_pair){rules_pair_of(first, second), phenotype};
    rules_range_add(&reading->pairs, row);
    return ERR_OK;
}

/* A function that decides alone must not be said to do otherwise beside another one. */
static enum err_code check_alone(const struct rules_knowledge *k, const struct rules_gene *gene,
                                 const struct rules_pair *pairs, size_t count, struct err *err)
{
    for (size_t i = 0; i < count && gene->method == RULES_METHOD_FUNCTION_PAIR; i++) {
        uint32_t function = (uint32_t)(pairs[i].of >> 32);

        if ((uint32_t)pairs[i].of != RULES_NO_SECOND)
            continue;
        for (size_t j = 0; j < count; j++)
            if (((uint32_t)(pairs[j].of >> 32) == function ||
                 (uint32_t)pairs[j].of == function) &&
                !slice_eq(pairs[j].phenotype, pairs[i].phenotype))
                return BAD(
                    err, "pairs of %.*s: '%.*s' decides alone, but is in a pair for %.*s",
                    SLICE_ARG(gene->symbol), SLICE_ARG(k->rows.alleles[function].function),
                    SLICE_ARG(pairs[j].phenotype));
    }
    return ERR_OK;
}

static int compare_pairs(const void *a_, const void *b_)
{
    const struct rules_pair *a = a_, *b = b_;

    return a->of < b->of ? -1 : a->of > b->of;
}

/* Sorts one authority's rules and checks them against each other. */
static enum err_code sort_pairs(struct rules_knowledge *k, const struct rules_gene *gene,
                                const struct rules_reading *reading, struct err *err)
{
    struct rules_range range = reading->pairs;
    struct rules_pair *pairs = k->pairs + range.first;

    if (range.count > 1)
        qsort(pairs, range.count, sizeof *pairs, compare_pairs);
    for (size_t i = 1; i < range.count; i++)
        if (pairs[i].of == pairs[i - 1].of)
            return BAD(err, "pairs of %.*s: two rules for the same pair (%.*s, %.*s)",
                       SLICE_ARG(gene->symbol), SLICE_ARG(pairs[i - 1].phenotype),
                       SLICE_ARG(pairs[i].phenotype));
    return check_alone(k, gene, pairs, range.count, err);
}

static enum err_code link_pairs(struct rules_knowledge *k, struct err *err)
{
    k->pairs = arena_array(&k->arena, k->rows.pair_rules_count, sizeof *k->pairs);
    if (k->pairs == NULL)
        return NO_MEMORY(err);
    for (size_t i = 0; i < k->rows.pair_rules_count; i++)
        if (link_pair(k, i, err) != ERR_OK)
            return err->code;
    for (size_t g = 0; g < k->rows.genes_count; g++) {
        const struct rules_gene *gene = &k->rows.genes[g];
        struct rules_range authorities = k->gene_facts[g].authorities;

        if (sort_pairs(k, gene, &k->gene_facts[g].own, err) != ERR_OK)
            return err->code;
        for (uint32_t a = authorities.first; a < authorities.first + authorities.count; a++)
            if (sort_pairs(k, gene, &k->readings[a], err) != ERR_OK)
                return err->code;
    }
    return ERR_OK;
}

struct slice rules_phenotype_of_pair(const struct rules_knowledge *k,
                                     const struct rules_reading *reading, uint32_t a,
                                     uint32_t b)
{
    struct rules_range range = reading->pairs;
    struct rules_pair wanted = {.of = rules_pair_of(a, b)};
    const struct rules_pair *found = range.count == 0
                                         ? NULL
                                         : bsearch(&wanted, k->pairs + range.first, range.count,
                                                   sizeof wanted, compare_pairs);

    return found == NULL ? SLICE_NONE : found->phenotype;
}

/* Numbers every word that a patient's key can be. */
static enum err_code link_words(struct rules_knowledge *k, struct err *err)
{
    uint32_t next = 0;

    if (!rules_index_init(&k->words, k->rows.phenotypes_count + 2 * k->rows.alleles_count + 2,
                          &k->arena))
        return NO_MEMORY(err);
    (void)rules_index_add(&k->words, 0, SLICE(RULES_INDETERMINATE), next++);
    (void)rules_index_add(&k->words, 0, SLICE(RULES_NO_SCORE), next++);
    for (size_t i = 0; i < k->rows.phenotypes_count; i++)
        (void)rules_index_add(&k->words, 0, k->rows.phenotypes[i].name, next++);
    for (size_t i = 0; i < k->rows.alleles_count; i++) {
        if (k->allele_facts[i].positive.len == 0)
            continue;
        (void)rules_index_add(&k->words, 0, k->allele_facts[i].positive, next++);
        (void)rules_index_add(&k->words, 0, k->allele_facts[i].negative, next++);
    }
    return ERR_OK;
}

enum err_code rules_knowledge_link_alleles(struct rules_knowledge *k, struct err *err)
{
    if (link_allele_rows(k, err) != ERR_OK || link_pairs(k, err) != ERR_OK ||
        link_words(k, err) != ERR_OK)
        return err->code;
    return ERR_OK;
}
