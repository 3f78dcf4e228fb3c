/* rules/lint_summary.c -- how long a card's summary line can get.
 *
 * Mirrors gateway/hooks/card_summary.c: drug, colon, findings with abbreviated phenotypes,
 * dash, verdict, and the note on populations. A test compares the two.
 */
#include "rules/lint_private.h"

#define DEPENDS "(depends on the situation)"

static size_t chars_of(struct slice s)
{
    size_t chars = 0;

    for (size_t i = 0; i < s.len; i++)
        chars += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return chars;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t phenotype_chars(const struct rules_knowledge *k, struct slice gene,
                              struct slice phenotype)
{
    return gene.len + 1 + chars_of(rules_phenotype_abbreviation(k, gene, phenotype));
}

/* A score is shown by the phenotype that it gives. */
static size_t score_chars(const struct rules_knowledge *k, const struct rules_gene *gene,
                          const struct rules_wanted_key *key)
{
    struct rules_range range = rules_facts_of_gene(k, gene)->own.scores;
    size_t longest = 0;

    for (uint32_t i = range.first; i < range.first + range.count; i++) {
        const struct rules_score_rule *rule = &k->rows.score_rules[i];

        if (rule->from_x100 <= key->to_x100 && rule->to_x100 >= key->from_x100)
            longest = larger(longest, phenotype_chars(k, gene->symbol, rule->phenotype));
    }
    return longest > 0 ? longest : phenotype_chars(k, gene->symbol, SLICE(RULES_INDETERMINATE));
}

/* A diplotype is shown by its phenotype, whichever that is. */
static size_t any_phenotype_chars(const struct rules_knowledge *k,
                                  const struct rules_gene *gene)
{
    struct rules_range range = rules_facts_of_gene(k, gene)->phenotypes;
    size_t longest = 0;

    for (uint32_t i = range.first; i < range.first + range.count; i++)
        longest = larger(longest, phenotype_chars(k, gene->symbol, k->rows.phenotypes[i].name));
    return longest;
}

static size_t key_chars(const struct rules_knowledge *k, uint32_t condition)
{
    const struct rules_condition *c = &k->rows.conditions[condition];
    const struct rules_gene *gene = rules_find_gene(k, c->gene);

    if (slice_eq_text(c->key, RULES_NO_RESULT))
        return 0;
    if (k->wanted_keys[condition].diplotype.len > 0)
        return any_phenotype_chars(k, gene);
    switch (gene->key_kind) {
    case RULES_KEY_ALLELE_STATUS:
        return c->gene.len + c->key.len;
    case RULES_KEY_ACTIVITY_SCORE:
        if (k->wanted_keys[condition].word == RULES_ABSENT)
            return score_chars(k, gene, &k->wanted_keys[condition]);
        return phenotype_chars(k, c->gene, SLICE(RULES_INDETERMINATE));
    case RULES_KEY_PHENOTYPE:
        return phenotype_chars(k, c->gene, c->key);
    }
    return 0;
}

size_t rules_lint_summary_chars(const struct rules_knowledge *k,
                                const struct rules_recommendation *r,
                                const struct rules_message *message)
{
    size_t row = (size_t)(r - k->rows.recommendations), findings = 0, genes = 0;
    struct rules_range range = k->recommendation_facts[row].requirements;

    for (uint32_t q = range.first; q < range.first + range.count; q++) {
        const struct rules_requirement *asked = &k->requirements[q];
        size_t longest = 0;

        for (uint32_t w = asked->keys.first; w < asked->keys.first + asked->keys.count; w++)
            longest = larger(longest, key_chars(k, w));
        findings += longest;
        genes += longest > 0;
    }
    return chars_of(r->drug) + 2 + findings + (genes > 1 ? 2 * (genes - 1) : 0) + 3 +
           chars_of(message->verdict) + (r->population.len > 0 ? sizeof DEPENDS : 0);
}

void lint_summaries(struct lint *lint)
{
    const struct rules_knowledge *k = lint->k;

    for (size_t i = 0; i < k->rows.recommendations_count; i++) {
        const struct rules_recommendation *r = &k->rows.recommendations[i];
        uint32_t first = rules_index_find(&k->messages, 0, r->message);

        for (size_t m = first; r->alert != RULES_ALERT_NONE && m < k->rows.messages_count &&
                               slice_eq(k->rows.messages[m].id, r->message);
             m++) {
            size_t chars = rules_lint_summary_chars(k, r, &k->rows.messages[m]);

            if (chars > RULES_SUMMARY_CHARS_MAX)
                lint_tell(lint, RULES_LINT_SUMMARY, true, "recommendation", r->id,
                          "its summary in %.*s can need %zu characters, %d fit",
                          SLICE_ARG(k->rows.messages[m].locale), chars,
                          RULES_SUMMARY_CHARS_MAX);
        }
    }
}
