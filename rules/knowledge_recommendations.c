/* rules/knowledge_recommendations.c -- recommendations, read into numbers.
 *
 * Invariant: after this, every key of every condition is a word's number or a score range, and
 * every recommendation's population and genes are row numbers: evaluating compares no text.
 */
#include <assert.h>

#include "rules/genotype_private.h"

#define BAD(err, ...)  err_set((err), ERR_INVALID, __VA_ARGS__)
#define NO_MEMORY(err) err_set((err), ERR_NOMEM, "no memory for the knowledge")

bool rules_score_range_from_text(struct slice text, uint32_t *ret_from_x100,
                                 uint32_t *ret_to_x100)
{
    static const struct slice AT_LEAST[] = {{">=", 2}, {"\xE2\x89\xA5", 3}};
    size_t dots = slice_find(text, SLICE(".."));
    uint32_t from, to = RULES_SCORE_NO_MAX;

    for (size_t i = 0; i < ARRAY_LEN(AT_LEAST); i++) {
        if (!slice_starts(text, AT_LEAST[i]))
            continue;
        if (!slice_to_x100(slice_trim(slice_from(text, AT_LEAST[i].len)), &from))
            return false;
        *ret_from_x100 = from;
        *ret_to_x100 = to;
        return true;
    }
    if (!slice_to_x100(slice_head(text, dots), &from))
        return false;
    to = from;
    if (dots != SIZE_MAX && (!slice_to_x100(slice_from(text, dots + 2), &to) || to < from))
        return false;
    *ret_from_x100 = from;
    *ret_to_x100 = to;
    return true;
}

/* Messages */

static enum err_code check_message(const struct rules_knowledge *k,
                                   const struct rules_recommendation *r, struct slice id,
                                   struct err *err)
{
    if (rules_find_message(k, id, SLICE("en")) == NULL)
        return BAD(err, "recommendation %.*s: no English message '%.*s'", SLICE_ARG(r->id),
                   SLICE_ARG(id));
    return ERR_OK;
}

/* A card needs a verdict in every language it may be shown in. */
static enum err_code check_verdicts(const struct rules_knowledge *k,
                                    const struct rules_recommendation *r, struct err *err)
{
    uint32_t first = rules_index_find(&k->messages, 0, r->message);

    for (size_t i = first;
         i < k->rows.messages_count && slice_eq(k->rows.messages[i].id, r->message); i++)
        if (k->rows.messages[i].verdict.len == 0)
            return BAD(err, "message %.*s (%.*s): no verdict, but recommendation %.*s alerts",
                       SLICE_ARG(r->message), SLICE_ARG(k->rows.messages[i].locale),
                       SLICE_ARG(r->id));
    return ERR_OK;
}

/* Recommendations */

static enum err_code check_recommendation(const struct rules_knowledge *k, uint32_t drug,
                                          const struct rules_recommendation *r, struct err *err)
{
    if (!rules_is_name(r->id) || slice_find_char(r->id, ' ') != SIZE_MAX)
        return BAD(err, "recommendation '%.*s': the id is empty, too long or has blanks",
                   SLICE_ARG(r->id));
    if (drug == RULES_ABSENT)
        return BAD(err, "recommendation %.*s: unknown drug '%.*s'", SLICE_ARG(r->id),
                   SLICE_ARG(r->drug));
    if (k->rows.drugs[drug].is_alternative_only)
        return BAD(err, "recommendation %.*s: drug %.*s is listed as an alternative only",
                   SLICE_ARG(r->id), SLICE_ARG(r->drug));
    if (rules_index_find(&k->sources, 0, r->source) == RULES_ABSENT)
        return BAD(err, "recommendation %.*s: unknown source '%.*s'", SLICE_ARG(r->id),
                   SLICE_ARG(r->source));
    if (r->population.len > 0 &&
        rules_index_find(&k->populations, drug, r->population) == RULES_ABSENT)
        return BAD(err, "recommendation %.*s: unknown population '%.*s'", SLICE_ARG(r->id),
                   SLICE_ARG(r->population));
    if (r->age_from_years >= r->age_below_years)
        return BAD(err, "recommendation %.*s: no age from %u below %u", SLICE_ARG(r->id),
                   r->age_from_years, r->age_below_years);
    if (check_message(k, r, r->message, err) != ERR_OK)
        return err->code;
    return r->alert == RULES_ALERT_NONE ? ERR_OK : check_verdicts(k, r, err);
}

static uint32_t publisher_of(const struct rules_knowledge *k,
                             const struct rules_recommendation *r)
{
    uint32_t source = rules_index_find(&k->sources, 0, r->source), i = 0;

    while (!slice_eq(k->publishers[i], k->rows.sources[source].publisher))
        i++;
    assert(i < k->publishers_count);
    return i;
}

static enum err_code link_recommendation_rows(struct rules_knowledge *k, struct err *err)
{
    size_t count = k->rows.recommendations_count;

    k->recommendation_facts = arena_array(&k->arena, count, sizeof *k->recommendation_facts);
    if (k->recommendation_facts == NULL ||
        !rules_index_init(&k->recommendations, count, &k->arena))
        return NO_MEMORY(err);
    for (size_t i = 0; i < count; i++) {
        const struct rules_recommendation *r = &k->rows.recommendations[i];
        struct rules_recommendation_facts *facts = &k->recommendation_facts[i];
        uint32_t drug = rules_index_find(&k->drugs, 0, r->drug);

        if (check_recommendation(k, drug, r, err) != ERR_OK)
            return err->code;
        if (!rules_index_add(&k->recommendations, 0, r->id, (uint32_t)i))
            return BAD(err, "recommendation %.*s: listed twice", SLICE_ARG(r->id));
        rules_range_add(&k->drug_facts[drug].recommendations, i);
        facts->publisher = publisher_of(k, r);
        facts->population = r->population.len == 0
                                ? RULES_ABSENT
                                : rules_index_find(&k->populations, drug, r->population);
        facts->needs_age = r->age_from_years > 0 || r->age_below_years != RULES_AGE_NO_MAX;
        k->drug_facts[drug].needs_age |= facts->needs_age;
        k->drug_facts[drug].needs_sex |= r->sex != RULES_SEX_ANY;
    }
    return ERR_OK;
}

/* Conditions */

/* "= *1 / *3", in the spelling of a call. */
static enum err_code read_diplotype(struct rules_knowledge *k, const struct rules_gene *gene,
                                    const struct rules_condition *c,
                                    struct rules_wanted_key *ret, struct err *err)
{
    struct slice rest = slice_trim(slice_from(c->key, 1)), alleles[2];
    struct rules_diplotype diplotype;
    size_t count = 0;

    while (rest.len > 0 && count < ARRAY_LEN(alleles))
        alleles[count++] = slice_trim(slice_cut(rest, '/', &rest));
    if (gene->key_kind == RULES_KEY_ALLELE_STATUS || count == 0 || rest.len > 0)
        return BAD(err, "recommendation %.*s: '%.*s' is no diplotype of %.*s",
                   SLICE_ARG(c->recommendation), SLICE_ARG(c->key), SLICE_ARG(c->gene));
    if (rules_diplotype_read(k, gene, alleles, count, &k->arena, &diplotype, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < diplotype.alleles_count; i++)
        if (diplotype.alleles[i].row == NULL)
            return BAD(err, "recommendation %.*s: %.*s has no allele '%.*s'",
                       SLICE_ARG(c->recommendation), SLICE_ARG(c->gene),
                       SLICE_ARG(diplotype.alleles[i].name));
    ret->diplotype = diplotype.text;
    ret->from_x100 =
        RULES_SCORE_NO_MAX; /* no score lies in a range that ends before it begins */
    return ERR_OK;
}

/* An allele status must be one of this gene's: the words of all genes share one index. */
static bool is_status_of(const struct rules_knowledge *k, const struct rules_gene *gene,
                         struct slice key)
{
    struct rules_range range = rules_facts_of_gene(k, gene)->alleles;

    for (uint32_t i = range.first; i < range.first + range.count; i++)
        if (slice_eq(key, k->allele_facts[i].positive) ||
            slice_eq(key, k->allele_facts[i].negative))
            return true;
    return false;
}

bool rules_key_read(const struct rules_knowledge *k, const struct rules_gene *gene,
                    enum rules_key_kind key_kind, struct slice key,
                    struct rules_wanted_key *ret)
{
    struct slice word = key;

    *ret = (struct rules_wanted_key){.word = RULES_ABSENT};
    switch (key_kind) {
    case RULES_KEY_PHENOTYPE:
        word = rules_phenotype_of(k, gene, key);
        break;
    case RULES_KEY_ACTIVITY_SCORE:
        if (rules_score_range_from_text(key, &ret->from_x100, &ret->to_x100))
            return true;
        if (!slice_eq_text(key, RULES_NO_SCORE))
            word = SLICE_NONE;
        break;
    case RULES_KEY_ALLELE_STATUS:
        if (!is_status_of(k, gene, key))
            word = SLICE_NONE;
        break;
    }
    ret->word = rules_index_find(&k->words, 0, word);
    return ret->word != RULES_ABSENT;
}

/* One key of a condition: the diplotype itself, or what its publisher looks the gene up by. */
static enum err_code read_key(struct rules_knowledge *k, const struct rules_gene *gene,
                              struct slice publisher, const struct rules_condition *c,
                              struct rules_wanted_key *ret, struct err *err)
{
    enum rules_key_kind key_kind = rules_reading_of(k, gene, publisher)->key_kind;

    ret->word = RULES_ABSENT;
    if (slice_starts(c->key, SLICE("= ")))
        return read_diplotype(k, gene, c, ret, err);
    if (!rules_key_read(k, gene, key_kind, c->key, ret))
        return BAD(err, "recommendation %.*s: '%.*s' is no %s of %.*s",
                   SLICE_ARG(c->recommendation), SLICE_ARG(c->key),
                   rules_key_kind_name(key_kind), SLICE_ARG(c->gene));
    return ERR_OK;
}

/* Adds the condition to its recommendation's last requirement, or begins a new one: conditions
 * are sorted by recommendation, then gene. `gene` is a row here and becomes the index into the
 * drug's genes in link_drug_genes. */
static enum err_code link_condition(struct rules_knowledge *k, size_t row,
                                    size_t *requirements_count, struct err *err)
{
    const struct rules_condition *c = &k->rows.conditions[row];
    uint32_t r = rules_index_find(&k->recommendations, 0, c->recommendation);
    uint32_t gene = rules_index_find(&k->genes, 0, c->gene);
    struct rules_requirement *requirement;
    struct rules_range *range;

    if (r == RULES_ABSENT)
        return BAD(err, "condition on %.*s: unknown recommendation '%.*s'", SLICE_ARG(c->gene),
                   SLICE_ARG(c->recommendation));
    if (gene == RULES_ABSENT)
        return BAD(err, "recommendation %.*s: unknown gene '%.*s'",
                   SLICE_ARG(c->recommendation), SLICE_ARG(c->gene));
    if (row > 0 && slice_eq(c->recommendation, c[-1].recommendation) &&
        slice_eq(c->gene, c[-1].gene) && slice_eq(c->key, c[-1].key))
        return BAD(err, "recommendation %.*s: key '%.*s' listed twice",
                   SLICE_ARG(c->recommendation), SLICE_ARG(c->key));
    range = &k->recommendation_facts[r].requirements;
    if (range->count == 0 || k->requirements[*requirements_count - 1].gene != gene) {
        if (range->count == RULES_MATCH_GENES_MAX)
            return err_set(err, ERR_LIMIT, "recommendation %.*s: more than %d genes",
                           SLICE_ARG(c->recommendation), RULES_MATCH_GENES_MAX);
        rules_range_add(range, *requirements_count);
        k->requirements[(*requirements_count)++] = (struct rules_requirement){.gene = gene};
    }
    requirement = &k->requirements[*requirements_count - 1];
    rules_range_add(&requirement->keys, row);
    if (slice_eq_text(c->key, RULES_NO_RESULT)) {
        requirement->accepts_no_result = true;
        k->wanted_keys[row] =
            (struct rules_wanted_key){.word = RULES_ABSENT, .from_x100 = RULES_SCORE_NO_MAX};
        return ERR_OK;
    }
    if (read_key(k, &k->rows.genes[gene], k->publishers[k->recommendation_facts[r].publisher],
                 c, &k->wanted_keys[row], err) != ERR_OK)
        return err->code;
    k->recommendation_facts[r].asks_diplotype |= k->wanted_keys[row].diplotype.len > 0;
    return ERR_OK;
}

/* With every gene missing there is no advice, so a recommendation for nothing but missing genes
 * would never be given. */
static enum err_code check_reachable(const struct rules_knowledge *k, size_t row,
                                     struct err *err)
{
    struct rules_range range = k->recommendation_facts[row].requirements;

    for (uint32_t i = range.first; i < range.first + range.count; i++)
        if (!k->requirements[i].accepts_no_result || k->requirements[i].keys.count > 1)
            return ERR_OK;
    return BAD(err, "recommendation %.*s: no condition on a result",
               SLICE_ARG(k->rows.recommendations[row].id));
}

static enum err_code link_conditions(struct rules_knowledge *k, struct err *err)
{
    size_t count = k->rows.conditions_count, requirements_count = 0;

    k->requirements = arena_array(&k->arena, count, sizeof *k->requirements);
    k->wanted_keys = arena_array(&k->arena, count, sizeof *k->wanted_keys);
    if (k->requirements == NULL || k->wanted_keys == NULL)
        return NO_MEMORY(err);
    for (size_t i = 0; i < count; i++)
        if (link_condition(k, i, &requirements_count, err) != ERR_OK)
            return err->code;
    for (size_t i = 0; i < k->rows.recommendations_count; i++)
        if (check_reachable(k, i, err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

/* Actions and implications */

static enum err_code check_action(const struct rules_knowledge *k, const struct rules_action *a,
                                  const struct rules_recommendation *r, struct err *err)
{
    const char *kind = rules_action_kind_name(a->kind);

    if (a->drug.len > 0 && rules_index_find(&k->drugs, 0, a->drug) == RULES_ABSENT)
        return BAD(err, "recommendation %.*s: %s names the unknown drug '%.*s'",
                   SLICE_ARG(r->id), kind, SLICE_ARG(a->drug));
    if (a->drug.len > 0 && slice_eq(a->drug, r->drug))
        return BAD(err, "recommendation %.*s: %s names the drug itself", SLICE_ARG(r->id),
                   kind);
    if (a->percent_from > a->percent_to ||
        (a->kind == RULES_ACTION_REDUCE_DOSE && a->percent_to > 100))
        return BAD(err, "recommendation %.*s: %s by %u to %u percent", SLICE_ARG(r->id), kind,
                   a->percent_from, a->percent_to);
    if (a->kind == RULES_ACTION_LIMIT_DOSE && (a->amount_x100 == 0 || a->unit.len == 0))
        return BAD(err, "recommendation %.*s: %s needs an amount and a unit", SLICE_ARG(r->id),
                   kind);
    if (a->interval_from_hours > a->interval_to_hours ||
        (a->kind == RULES_ACTION_CHANGE_INTERVAL) != (a->interval_to_hours > 0))
        return BAD(err, "recommendation %.*s: %s every %u to %u hours", SLICE_ARG(r->id), kind,
                   a->interval_from_hours, a->interval_to_hours);
    return ERR_OK;
}

/* Finds the one limit of a recommendation that asks for nothing else. */
static void find_limit(const struct rules_knowledge *k,
                       struct rules_recommendation_facts *facts)
{
    facts->limit = RULES_ABSENT;
    facts->only_limits = false;
    for (uint32_t i = facts->actions.first; i < facts->actions.first + facts->actions.count;
         i++) {
        switch (k->rows.actions[i].kind) {
        case RULES_ACTION_LIMIT_DOSE:
            facts->only_limits = facts->limit == RULES_ABSENT;
            facts->limit = i;
            break;
        case RULES_ACTION_MONITOR:
        case RULES_ACTION_INFORM_PATIENT:
        case RULES_ACTION_NO_CHANGE:
            break;
        default:
            facts->limit = RULES_ABSENT;
            facts->only_limits = false;
            return;
        }
    }
}

static enum err_code link_actions(struct rules_knowledge *k, struct err *err)
{
    for (size_t i = 0; i < k->rows.actions_count; i++) {
        const struct rules_action *a = &k->rows.actions[i];
        uint32_t r = rules_index_find(&k->recommendations, 0, a->recommendation);

        if (r == RULES_ABSENT)
            return BAD(err, "action %s: unknown recommendation '%.*s'",
                       rules_action_kind_name(a->kind), SLICE_ARG(a->recommendation));
        if (check_action(k, a, &k->rows.recommendations[r], err) != ERR_OK)
            return err->code;
        rules_range_add(&k->recommendation_facts[r].actions, i);
    }
    for (size_t i = 0; i < k->rows.recommendations_count; i++)
        find_limit(k, &k->recommendation_facts[i]);
    return ERR_OK;
}

static bool asks_about(const struct rules_knowledge *k, uint32_t recommendation, uint32_t gene)
{
    struct rules_range range = k->recommendation_facts[recommendation].requirements;

    for (uint32_t i = range.first; i < range.first + range.count; i++)
        if (k->requirements[i].gene == gene)
            return true;
    return false;
}

static enum err_code link_implications(struct rules_knowledge *k, struct err *err)
{
    for (size_t i = 0; i < k->rows.implications_count; i++) {
        const struct rules_implication *m = &k->rows.implications[i];
        uint32_t r = rules_index_find(&k->recommendations, 0, m->recommendation);
        uint32_t gene = rules_index_find(&k->genes, 0, m->gene);

        if (r == RULES_ABSENT)
            return BAD(err, "implication of %.*s: unknown recommendation '%.*s'",
                       SLICE_ARG(m->gene), SLICE_ARG(m->recommendation));
        if (gene == RULES_ABSENT || !asks_about(k, r, gene))
            return BAD(err,
                       "recommendation %.*s: implication of '%.*s', on which it has no "
                       "condition",
                       SLICE_ARG(m->recommendation), SLICE_ARG(m->gene));
        if (check_message(k, &k->rows.recommendations[r], m->message, err) != ERR_OK)
            return err->code;
        rules_range_add(&k->recommendation_facts[r].implications, i);
    }
    return ERR_OK;
}

/* The genes of each drug */

/* Inserts the gene into the last drug's genes, which are sorted; the rows of genes are sorted
 * by symbol, so by number is by name. */
static void add_drug_gene(struct rules_knowledge *k, struct rules_range *genes, size_t *count,
                          uint32_t gene)
{
    size_t at = *count;

    for (uint32_t i = genes->first; i < genes->first + genes->count; i++)
        if (k->drug_genes[i].gene == gene)
            return;
    rules_range_add(genes, *count);
    for (; at > genes->first && k->drug_genes[at - 1].gene > gene; at--)
        k->drug_genes[at] = k->drug_genes[at - 1];
    k->drug_genes[at] = (struct rules_drug_gene){.gene = gene};
    (*count)++;
}

static bool wants_word(const struct rules_knowledge *k, uint32_t recommendation, uint32_t gene,
                       uint32_t word)
{
    struct rules_range requirements = k->recommendation_facts[recommendation].requirements;

    for (uint32_t i = 0; i < requirements.count; i++) {
        const struct rules_requirement *asked = &k->requirements[requirements.first + i];

        for (uint32_t w = 0; asked->gene == gene && w < asked->keys.count; w++)
            if (k->wanted_keys[asked->keys.first + w].word == word)
                return true;
    }
    return false;
}

/* The keys, positive and negative, of the alleles that the drug's conditions name. */
static void add_status_words(struct rules_knowledge *k, const struct rules_drug_facts *drug,
                             struct rules_drug_gene *drug_gene, size_t *words_count)
{
    struct rules_range alleles = k->gene_facts[drug_gene->gene].alleles;
    struct rules_range rows = drug->recommendations;

    for (uint32_t a = alleles.first; a < alleles.first + alleles.count; a++) {
        uint32_t positive = rules_index_find(&k->words, 0, k->allele_facts[a].positive);
        uint32_t negative = rules_index_find(&k->words, 0, k->allele_facts[a].negative);
        bool is_named = false;

        for (uint32_t r = rows.first; r < rows.first + rows.count && !is_named; r++)
            is_named = wants_word(k, r, drug_gene->gene, positive) ||
                       wants_word(k, r, drug_gene->gene, negative);
        if (!is_named)
            continue;
        rules_range_add(&drug_gene->words, *words_count);
        k->drug_words[(*words_count)++] = positive;
        rules_range_add(&drug_gene->words, *words_count);
        k->drug_words[(*words_count)++] = negative;
    }
}

static uint32_t index_of_gene(const struct rules_knowledge *k, struct rules_range genes,
                              uint32_t gene)
{
    for (uint32_t i = 0; i < genes.count; i++)
        if (k->drug_genes[genes.first + i].gene == gene)
            return i;
    assert(false && "a drug's genes hold those of its recommendations");
    return RULES_ABSENT;
}

static void link_genes_of_drug(struct rules_knowledge *k, struct rules_drug_facts *drug,
                               size_t *genes_count, size_t *words_count)
{
    struct rules_range recommendations = drug->recommendations;

    for (uint32_t r = 0; r < recommendations.count; r++) {
        struct rules_range range =
            k->recommendation_facts[recommendations.first + r].requirements;

        for (uint32_t q = range.first; q < range.first + range.count; q++)
            add_drug_gene(k, &drug->genes, genes_count, k->requirements[q].gene);
    }
    for (uint32_t i = 0; i < drug->algorithm_genes.count; i++)
        add_drug_gene(
            k, &drug->genes, genes_count,
            rules_index_find(&k->genes, 0,
                             k->rows.algorithm_genes[drug->algorithm_genes.first + i].gene));
    for (uint32_t g = drug->genes.first; g < drug->genes.first + drug->genes.count; g++) {
        k->drug_gene_rows[g] = &k->rows.genes[k->drug_genes[g].gene];
        if (k->drug_gene_rows[g]->key_kind == RULES_KEY_ALLELE_STATUS)
            add_status_words(k, drug, &k->drug_genes[g], words_count);
    }
    for (uint32_t r = 0; r < recommendations.count; r++) {
        struct rules_range range =
            k->recommendation_facts[recommendations.first + r].requirements;

        for (uint32_t q = range.first; q < range.first + range.count; q++)
            k->requirements[q].gene = index_of_gene(k, drug->genes, k->requirements[q].gene);
    }
}

static enum err_code link_drug_genes(struct rules_knowledge *k, struct err *err)
{
    size_t count = k->rows.conditions_count, genes_count = 0, words_count = 0;

    for (size_t i = 0; i < k->rows.drugs_count; i++)
        count += k->drug_facts[i].algorithm_genes.count;
    k->drug_genes = arena_array(&k->arena, count, sizeof *k->drug_genes);
    k->drug_gene_rows = arena_array(&k->arena, count, sizeof(struct rules_gene *));
    k->drug_words = arena_array(&k->arena, 2 * count, sizeof *k->drug_words);
    if (k->drug_genes == NULL || k->drug_gene_rows == NULL || k->drug_words == NULL)
        return NO_MEMORY(err);
    for (size_t i = 0; i < k->rows.drugs_count; i++)
        link_genes_of_drug(k, &k->drug_facts[i], &genes_count, &words_count);
    return ERR_OK;
}

enum err_code rules_knowledge_link_recommendations(struct rules_knowledge *k, struct err *err)
{
    if (link_recommendation_rows(k, err) != ERR_OK || link_conditions(k, err) != ERR_OK ||
        link_actions(k, err) != ERR_OK || link_implications(k, err) != ERR_OK ||
        link_drug_genes(k, err) != ERR_OK)
        return err->code;
    return ERR_OK;
}
