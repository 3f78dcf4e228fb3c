/* rules/knowledge.c -- the life of a snapshot, and finding its rows. */
#include "rules/knowledge.h"

#include <assert.h>

#include "rules/allele_name.h"
#include "rules/knowledge_private.h"

static enum err_code build(const struct rules_release *release, struct slice content_hash,
                           struct rules_knowledge *k, struct err *err)
{
    static enum err_code (*const STEPS[])(struct rules_knowledge *, struct err *) = {
        rules_knowledge_link_genes,           rules_knowledge_link_alleles,
        rules_knowledge_link_drugs,           rules_knowledge_link_names,
        rules_knowledge_link_messages,        rules_knowledge_link_algorithms,
        rules_knowledge_link_recommendations, rules_knowledge_link_patients,
        rules_knowledge_check_tests,          rules_knowledge_check_omissions,
    };

    if (!rules_is_name(release->name) || !rules_is_name(release->version))
        return err_set(err, ERR_INVALID, "release: a name and a version are required");
    if (rules_knowledge_sort(release, k, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < ARRAY_LEN(STEPS); i++)
        if (STEPS[i](k, err) != ERR_OK)
            return err->code;
    k->content_hash = arena_copy(&k->arena, content_hash);
    return k->arena.has_failed ? err_set(err, ERR_NOMEM, "no memory for the knowledge")
                               : ERR_OK;
}

enum err_code rules_knowledge_new(struct rules_release *release, struct slice content_hash,
                                  struct rules_knowledge **ret, struct err *err)
{
    struct rules_knowledge *k = calloc(1, sizeof *k);

    if (k == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the knowledge");
    atomic_init(&k->references, 1);
    arena_init(&k->arena, release->arena.bytes_max);
    if (build(release, content_hash, k, err) != ERR_OK) {
        arena_release(&k->arena);
        free(k);
        return err->code;
    }
    k->rows.arena = release->arena;
    rules_release_init(release);
    *ret = k;
    return ERR_OK;
}

void rules_knowledge_retain(struct rules_knowledge *knowledge)
{
    unsigned before =
        atomic_fetch_add_explicit(&knowledge->references, 1, memory_order_relaxed);

    assert(before > 0);
}

void rules_knowledge_release(struct rules_knowledge *knowledge)
{
    unsigned before;

    if (knowledge == NULL)
        return;
    before = atomic_fetch_sub_explicit(&knowledge->references, 1, memory_order_acq_rel);
    assert(before > 0);
    if (before > 1)
        return;
    arena_release(&knowledge->rows.arena);
    arena_release(&knowledge->arena);
    free(knowledge);
}

struct slice rules_knowledge_hash(const struct rules_knowledge *knowledge)
{
    return knowledge->content_hash;
}

const struct rules_release *rules_knowledge_rows(const struct rules_knowledge *knowledge)
{
    return &knowledge->rows;
}

const struct rules_gene *rules_find_gene(const struct rules_knowledge *k, struct slice symbol)
{
    uint32_t row = rules_index_find(&k->genes, 0, symbol);

    return row == RULES_ABSENT ? NULL : &k->rows.genes[row];
}

const struct rules_drug *rules_find_drug(const struct rules_knowledge *k, struct slice name)
{
    uint32_t row = rules_index_find(&k->drugs, 0, name);

    return row == RULES_ABSENT ? NULL : &k->rows.drugs[row];
}

const struct rules_source *rules_find_source(const struct rules_knowledge *k, struct slice id)
{
    uint32_t row = rules_index_find(&k->sources, 0, id);

    return row == RULES_ABSENT ? NULL : &k->rows.sources[row];
}

struct slice rules_phenotype_abbreviation(const struct rules_knowledge *k, struct slice gene,
                                          struct slice phenotype)
{
    uint32_t scope = rules_index_find(&k->genes, 0, gene);
    struct rules_allele_name normal;
    uint32_t row = RULES_ABSENT;

    if (scope != RULES_ABSENT && rules_allele_normalise(phenotype, gene, &normal))
        row = rules_index_find(&k->phenotypes, scope, rules_allele_name_slice(&normal));
    if (row == RULES_ABSENT || k->rows.phenotypes[row].abbreviation.len == 0)
        return phenotype;
    return k->rows.phenotypes[row].abbreviation;
}

size_t rules_genes_of_drug(const struct rules_knowledge *k, const struct rules_drug *drug,
                           const struct rules_gene ***ret)
{
    struct rules_range range = k->drug_facts[rules_drug_row(k, drug)].genes;

    *ret = k->drug_gene_rows + range.first;
    return range.count;
}

struct slice rules_algorithm_of_drug(const struct rules_knowledge *k,
                                     const struct rules_drug *drug)
{
    return k->drug_facts[rules_drug_row(k, drug)].algorithm;
}

struct rules_drug_needs rules_drug_needs(const struct rules_knowledge *k,
                                         const struct rules_drug *drug)
{
    const struct rules_drug_facts *facts = &k->drug_facts[rules_drug_row(k, drug)];

    return (struct rules_drug_needs){
        .age = facts->needs_age,
        .weight = facts->needs_weight,
        .sex = facts->needs_sex,
        .therapy = facts->needs_therapy,
        .reason = facts->indications.count > 0,
    };
}

static const struct rules_recommendation_facts *facts_of(const struct rules_knowledge *k,
                                                         const struct rules_recommendation *r)
{
    assert(r >= k->rows.recommendations &&
           r < k->rows.recommendations + k->rows.recommendations_count);
    return &k->recommendation_facts[r - k->rows.recommendations];
}

size_t rules_actions_of(const struct rules_knowledge *k, const struct rules_recommendation *r,
                        const struct rules_action **ret)
{
    struct rules_range range = facts_of(k, r)->actions;

    *ret = k->rows.actions + range.first;
    return range.count;
}

/* Conditions are sorted by recommendation, and wanted_keys stand parallel to them. */
size_t rules_conditions_of(const struct rules_knowledge *k,
                           const struct rules_recommendation *r,
                           const struct rules_condition **ret)
{
    struct rules_range range = facts_of(k, r)->requirements;
    struct rules_range last = k->requirements[range.first + range.count - 1].keys;
    uint32_t first = k->requirements[range.first].keys.first;

    *ret = k->rows.conditions + first;
    return last.first + last.count - first;
}

size_t rules_implications_of(const struct rules_knowledge *k,
                             const struct rules_recommendation *r,
                             const struct rules_implication **ret)
{
    struct rules_range range = facts_of(k, r)->implications;

    *ret = k->rows.implications + range.first;
    return range.count;
}

size_t rules_populations_of(const struct rules_knowledge *k, const struct rules_drug *drug,
                            const struct rules_population **ret)
{
    struct rules_range range = k->drug_facts[rules_drug_row(k, drug)].populations;

    *ret = k->rows.populations + range.first;
    return range.count;
}
