/* rules/phenotype.c -- from a diplotype, a score or a stated phenotype to lookup keys.
 *
 * CPIC adds activity values and cuts the sum into ranges (CYP2D6: Caudle 2020, PMID 31647186),
 * or looks up the pair of allele functions. A value or rule that is not there makes the call
 * Indeterminate. Ranges and rules are data of the release.
 */
#include <assert.h>

#include "rules/genotype_private.h"

static void set_word(struct rules_call *call, struct slice word)
{
    call->keys[0] = (struct rules_key){.word = word};
    call->keys_count = 1;
}

static void set_indeterminate(enum rules_key_kind key_kind, struct rules_call *call)
{
    call->phenotype = SLICE(RULES_INDETERMINATE);
    set_word(call, key_kind == RULES_KEY_ACTIVITY_SCORE ? SLICE(RULES_NO_SCORE)
                                                        : SLICE(RULES_INDETERMINATE));
}

bool rules_call_is_indeterminate(const struct rules_call *call)
{
    return slice_eq_text(call->phenotype, RULES_INDETERMINATE) && !call->has_score;
}

bool rules_calls_have_same_keys(const struct rules_call *a, const struct rules_call *b)
{
    if (a->keys_count != b->keys_count)
        return false;
    for (size_t i = 0; i < a->keys_count; i++) {
        const struct rules_key *x = &a->keys[i], *y = &b->keys[i];

        if (x->is_score != y->is_score || x->from_x100 != y->from_x100 ||
            x->to_x100 != y->to_x100 || !slice_eq(x->word, y->word))
            return false;
    }
    return true;
}

/* The phenotype of the range that holds the whole score; "at least" needs an open range. */
static struct slice phenotype_of_score(const struct rules_knowledge *k,
                                       const struct rules_reading *reading, uint32_t score_x100,
                                       bool is_at_least)
{
    struct rules_range range = reading->scores;

    for (uint32_t i = range.first; i < range.first + range.count; i++) {
        const struct rules_score_rule *rule = &k->rows.score_rules[i];

        if (score_x100 >= rule->from_x100 && score_x100 <= rule->to_x100)
            return is_at_least && rule->to_x100 != RULES_SCORE_NO_MAX
                       ? SLICE(RULES_INDETERMINATE)
                       : rule->phenotype;
    }
    return SLICE(RULES_INDETERMINATE);
}

static void set_score(const struct rules_knowledge *k, const struct rules_reading *reading,
                      uint32_t score_x100, bool is_at_least, struct rules_call *call)
{
    call->has_score = true;
    call->score_is_at_least = is_at_least;
    call->score_x100 = score_x100;
    call->phenotype = phenotype_of_score(k, reading, score_x100, is_at_least);
    if (reading->key_kind == RULES_KEY_ACTIVITY_SCORE) {
        call->keys[0] = (struct rules_key){
            .is_score = true,
            .from_x100 = score_x100,
            .to_x100 = is_at_least ? RULES_SCORE_NO_MAX : score_x100,
        };
        call->keys_count = 1;
    } else {
        set_word(call, call->phenotype);
    }
}

static void set_phenotype(const struct rules_knowledge *k, const struct rules_reading *reading,
                          struct slice phenotype, struct rules_call *call)
{
    struct rules_range range = reading->scores;

    if (slice_eq_text(phenotype, RULES_INDETERMINATE)) {
        set_indeterminate(reading->key_kind, call);
        return;
    }
    call->phenotype = phenotype;
    if (reading->key_kind != RULES_KEY_ACTIVITY_SCORE) {
        set_word(call, phenotype);
        return;
    }
    /* A phenotype does not fix the score: every range that it covers is possible. */
    call->keys_count = 0;
    for (uint32_t i = range.first; i < range.first + range.count; i++) {
        const struct rules_score_rule *rule = &k->rows.score_rules[i];

        if (!slice_eq(rule->phenotype, phenotype))
            continue;
        assert(call->keys_count < RULES_KEYS_MAX);
        call->keys[call->keys_count++] = (struct rules_key){
            .is_score = true,
            .from_x100 = rule->from_x100,
            .to_x100 = rule->to_x100,
        };
    }
}

void rules_call_set_score(const struct rules_knowledge *k, const struct rules_gene *gene,
                          uint32_t score_x100, bool is_at_least, struct rules_call *call)
{
    set_score(k, &rules_facts_of_gene(k, gene)->own, score_x100, is_at_least, call);
}

void rules_call_set_phenotype(const struct rules_knowledge *k, const struct rules_gene *gene,
                              struct slice phenotype, struct rules_call *call)
{
    set_phenotype(k, &rules_facts_of_gene(k, gene)->own, phenotype, call);
}

/* Whether every value is known; notes what is not. */
static bool has_values(const struct rules_diplotype *d, struct rules_call *call)
{
    bool has_all = true;

    for (size_t i = 0; i < d->alleles_count; i++) {
        const struct rules_allele_read *a = &d->alleles[i];

        has_all = has_all && a->has_value;
        if (!a->has_value && a->number != RULES_ABSENT)
            call->notes |= RULES_NOTE_BIT(RULES_NOTE_UNKNOWN_FUNCTION);
    }
    return has_all;
}

static void score_diplotype(const struct rules_knowledge *k, const struct rules_gene *gene,
                            const struct rules_diplotype *d, struct rules_call *call)
{
    const struct rules_allele_read *a = &d->alleles[d->counted[0]];
    const struct rules_allele_read *b = &d->alleles[d->counted[1]];

    if (!has_values(d, call)) {
        set_indeterminate(gene->key_kind, call);
        return;
    }
    rules_call_set_score(k, gene, a->value_x100 + b->value_x100,
                         a->is_at_least || b->is_at_least, call);
}

bool rules_decides_alone(const struct rules_knowledge *k, const struct rules_gene *gene,
                         uint32_t function)
{
    const struct rules_reading *own = &rules_facts_of_gene(k, gene)->own;

    return gene->method == RULES_METHOD_FUNCTION_PAIR && function != RULES_ABSENT &&
           rules_phenotype_of_pair(k, own, function, RULES_NO_SECOND).len > 0;
}

/* By the rule for the functions, or for the one that decides whatever the other one is. */
static struct slice phenotype_of_functions(const struct rules_knowledge *k,
                                           const struct rules_gene *gene,
                                           const struct rules_reading *reading,
                                           const struct rules_call *call)
{
    uint32_t first = call->functions[0];
    uint32_t second = call->functions_count > 1 ? call->functions[1] : RULES_NO_SECOND;
    bool is_known = first != RULES_ABSENT &&
                    (call->functions_count == 1 || call->functions[1] != RULES_ABSENT);
    struct slice phenotype =
        is_known ? rules_phenotype_of_pair(k, reading, first, second) : SLICE_NONE;

    for (size_t i = 0; i < call->functions_count && phenotype.len == 0; i++)
        if (gene->method == RULES_METHOD_FUNCTION_PAIR && call->functions[i] != RULES_ABSENT)
            phenotype =
                rules_phenotype_of_pair(k, reading, call->functions[i], RULES_NO_SECOND);
    return phenotype.len > 0 ? phenotype : SLICE(RULES_INDETERMINATE);
}

static void pair_diplotype(const struct rules_knowledge *k, const struct rules_gene *gene,
                           const struct rules_diplotype *d, struct rules_call *call)
{
    bool is_known = true;

    for (size_t i = 0; i < call->functions_count; i++)
        is_known = is_known && call->functions[i] != RULES_ABSENT;
    rules_call_set_phenotype(
        k, gene, phenotype_of_functions(k, gene, &rules_facts_of_gene(k, gene)->own, call),
        call);
    if (gene->method == RULES_METHOD_HAPLOID && d->alleles_count > 1)
        call->notes |= RULES_NOTE_BIT(RULES_NOTE_TWO_ALLELES);
    else if (is_known && rules_call_is_indeterminate(call))
        call->notes |= RULES_NOTE_BIT(RULES_NOTE_UNKNOWN_FUNCTION);
}

void rules_call_from_diplotype(const struct rules_knowledge *k, const struct rules_gene *gene,
                               const struct rules_diplotype *d, struct rules_call *call)
{
    *call = (struct rules_call){.diplotype = d->text, .notes = d->notes};
    if (d->alleles_count > 2 && !gene->counts_lowest_two) {
        /* Which of them share a chromosome is not said. */
        call->notes |=
            RULES_NOTE_BIT(gene->method == RULES_METHOD_HAPLOID ? RULES_NOTE_TWO_ALLELES
                                                                : RULES_NOTE_COPIES_UNKNOWN);
        set_indeterminate(gene->key_kind, call);
        return;
    }
    if (d->is_lowest_two)
        call->notes |= RULES_NOTE_BIT(RULES_NOTE_LOWEST_TWO);
    call->functions_count = d->alleles_count < 2 ? d->alleles_count : 2;
    for (size_t i = 0; i < call->functions_count; i++)
        call->functions[i] = d->alleles[d->counted[i]].number;
    switch (gene->method) {
    case RULES_METHOD_ACTIVITY_SCORE:
        assert(d->alleles_count >= 2);
        score_diplotype(k, gene, d, call);
        return;
    case RULES_METHOD_FUNCTION_PAIR:
    case RULES_METHOD_GENOTYPE:
    case RULES_METHOD_SEX_LINKED:
    case RULES_METHOD_HAPLOID:
        pair_diplotype(k, gene, d, call);
        return;
    case RULES_METHOD_ALLELE_PRESENCE:
        assert(false && "alleles to be present or absent make no diplotype");
        return;
    }
}

void rules_call_under(const struct rules_knowledge *k, const struct rules_gene *gene,
                      struct slice authority, const struct rules_call *call,
                      struct rules_call *ret)
{
    const struct rules_reading *reading = rules_reading_of(k, gene, authority);
    struct rules_call under = *call;

    if (reading == &rules_facts_of_gene(k, gene)->own || call->keys_count == 0)
        ; /* read by the gene's own tables already */
    else if (reading->pairs.count > 0 && call->functions_count > 0) {
        under.has_score = false;
        set_phenotype(k, reading, phenotype_of_functions(k, gene, reading, call), &under);
    } else if (reading->scores.count > 0 && call->has_score)
        set_score(k, reading, call->score_x100, call->score_is_at_least, &under);
    else
        set_phenotype(k, reading, call->phenotype, &under);
    *ret = under;
}
