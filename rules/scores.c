/* rules/scores.c -- which activity scores a gene can have.
 *
 * A phenotype without a genotype allows several scores. CPIC writes its recommendations for
 * each score that two alleles of its table can add up to; these are listed here.
 */
#include "rules/knowledge_private.h"

#define VALUES_MAX 24

struct score {
    uint32_t x100;
    bool is_at_least;
};

static int compare(const struct score *a, const struct score *b)
{
    if (a->x100 != b->x100)
        return a->x100 < b->x100 ? -1 : 1;
    return a->is_at_least - b->is_at_least;
}

/* Keeps the list sorted and free of repetition; what does not fit is left out. */
static void add(struct score *list, size_t *count, size_t max, struct score score)
{
    size_t at = *count;

    for (size_t i = 0; i < *count; i++)
        if (compare(&list[i], &score) == 0)
            return;
    if (*count == max)
        return;
    for (; at > 0 && compare(&score, &list[at - 1]) < 0; at--)
        list[at] = list[at - 1];
    list[at] = score;
    ++*count;
}

static bool is_within(struct score score, uint32_t from_x100, uint32_t to_x100)
{
    return score.x100 >= from_x100 &&
           (score.is_at_least ? to_x100 == RULES_SCORE_NO_MAX : score.x100 <= to_x100);
}

static bool is_asked_for(const struct rules_knowledge *k,
                         const struct rules_recommendation *recommendation,
                         const struct rules_gene *gene, struct score score)
{
    const struct rules_condition *conditions;
    size_t count = rules_conditions_of(k, recommendation, &conditions);

    for (size_t i = 0; i < count; i++) {
        uint32_t from, to;

        if (slice_eq(conditions[i].gene, gene->symbol) &&
            rules_score_range_from_text(conditions[i].key, &from, &to) &&
            is_within(score, from, to))
            return true;
    }
    return false;
}

size_t rules_scores_of(const struct rules_knowledge *k,
                       const struct rules_recommendation *recommendation,
                       const struct rules_gene *gene, const struct rules_key *key,
                       struct arena *arena, struct slice ret[RULES_SCORES_MAX])
{
    const struct rules_range alleles = rules_facts_of_gene(k, gene)->alleles;
    struct score values[VALUES_MAX], sums[RULES_SCORES_MAX];
    size_t values_count = 0, sums_count = 0, count = 0;

    for (uint32_t i = 0; i < alleles.count; i++) {
        const struct rules_allele *a = &k->rows.alleles[alleles.first + i];

        if (a->has_value)
            add(values, &values_count, VALUES_MAX,
                (struct score){a->value_x100, a->is_at_least});
    }
    for (size_t i = 0; i < values_count; i++)
        for (size_t j = i; j < values_count; j++) {
            struct score sum = {values[i].x100 + values[j].x100,
                                values[i].is_at_least || values[j].is_at_least};

            if (is_within(sum, key->from_x100, key->to_x100) &&
                is_asked_for(k, recommendation, gene, sum))
                add(sums, &sums_count, RULES_SCORES_MAX, sum);
        }
    for (; count < sums_count; count++)
        ret[count] = rules_score_text(sums[count].x100, sums[count].is_at_least, arena);
    return count;
}
