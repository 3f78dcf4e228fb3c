/* rules/advice.c -- who speaks when several sources have something to say.
 *
 * Sources are never merged. One publisher speaks on the card: a site's own policy where it
 * stands over a guideline, else the first in the site's order that has a recommendation.
 * Regulators' labels stand beside it and raise its weight. What other publishers say is kept,
 * and that they differ is said.
 */
#include <assert.h>

#include "rules/knowledge_private.h"

const char *rules_part_name(enum rules_part part)
{
    static const char *const NAMES[] = {
#define X(code, name) name,
        RULES_PARTS(X)
#undef X
    };

    assert((size_t)part < ARRAY_LEN(NAMES));
    return NAMES[part];
}

static const struct rules_recommendation_facts *facts_of(const struct rules_knowledge *k,
                                                         const struct rules_match *match)
{
    return &k->recommendation_facts[match->recommendation - k->rows.recommendations];
}

/* "No recommendation" is not advice: another source may have some. A publisher that grades
 * nothing (DPWG) advises by what it asks for, or by saying that nothing is to be done. */
static bool is_advice(const struct rules_knowledge *k, const struct rules_match *match)
{
    const struct rules_recommendation *r = match->recommendation;
    struct rules_range actions = facts_of(k, match)->actions;

    if (r->classification != RULES_NOT_GIVEN)
        return r->classification != RULES_NO_RECOMMENDATION;
    for (uint32_t i = actions.first; i < actions.first + actions.count; i++)
        if (k->rows.actions[i].kind == RULES_ACTION_NO_CHANGE)
            return true;
    return r->has_alternative || r->has_dose || r->has_other;
}

/* A row for exactly this diplotype beats the phenotype rows of its guideline. */
static bool is_beaten(const struct rules_knowledge *k, const struct rules_advice *advice,
                      const struct rules_match *match)
{
    if (facts_of(k, match)->asks_diplotype)
        return false;
    for (size_t i = 0; i < advice->matches_count; i++) {
        const struct rules_match *other = &advice->matches[i];

        if (facts_of(k, other)->asks_diplotype && other->is_certain &&
            slice_eq(other->recommendation->source, match->recommendation->source) &&
            slice_eq(other->recommendation->population, match->recommendation->population))
            return true;
    }
    return false;
}

static void drop_beaten(const struct rules_knowledge *k, struct rules_advice *advice)
{
    bool has_any = false;
    size_t kept = 0;

    for (size_t i = 0; i < advice->matches_count; i++)
        has_any = has_any || facts_of(k, &advice->matches[i])->asks_diplotype;
    if (!has_any)
        return;
    /* What beats is never beaten itself, so it is still there to be compared with. */
    for (size_t i = 0; i < advice->matches_count; i++)
        if (!is_beaten(k, advice, &advice->matches[i]))
            advice->matches[kept++] = advice->matches[i];
    advice->matches_count = kept;
}

static bool names_id(struct slice ids, struct slice id)
{
    while (ids.len > 0)
        if (slice_eq(slice_cut(ids, ' ', &ids), id))
            return true;
    return false;
}

/* Only a policy that surely applies stands over a guideline. */
static bool is_overridden(const struct rules_advice *advice, const struct rules_match *match)
{
    for (size_t i = 0; i < advice->matches_count; i++)
        if (advice->matches[i].is_certain &&
            names_id(advice->matches[i].recommendation->overrides, match->recommendation->id))
            return true;
    return false;
}

/* A policy first, then publishers by the site's order, then the others by name; those without a
 * recommendation after all who have one. */
static size_t rank_of(const struct rules_knowledge *k, const struct rules_policy *policy,
                      const struct rules_match *match)
{
    uint32_t publisher = facts_of(k, match)->publisher;
    size_t rank = RULES_PUBLISHERS_MAX + publisher;

    if (match->recommendation->overrides.len > 0)
        return 0;
    for (size_t i = 0; policy != NULL && i < policy->publishers_count; i++)
        if (i < RULES_PUBLISHERS_MAX &&
            slice_eq_nocase(policy->publishers[i], k->publishers[publisher])) {
            rank = i;
            break;
        }
    return 1 + rank + (is_advice(k, match) ? 0 : 2 * RULES_PUBLISHERS_MAX);
}

static void choose_speaker(const struct rules_knowledge *k, const struct rules_policy *policy,
                           struct rules_advice *advice)
{
    const struct rules_match *best = NULL;
    uint32_t speaker = RULES_ABSENT;

    for (size_t i = 0; i < advice->matches_count; i++) {
        struct rules_match *match = &advice->matches[i];

        match->part = match->recommendation->label != RULES_LABEL_NONE ? RULES_PART_LABEL
                      : is_overridden(advice, match)                   ? RULES_PART_OVERRIDDEN
                                                                       : RULES_PART_OTHER;
        if (match->part == RULES_PART_OTHER &&
            (best == NULL || rank_of(k, policy, match) < rank_of(k, policy, best)))
            best = match;
    }
    if (best != NULL)
        speaker = facts_of(k, best)->publisher;
    /* Without a guideline's advice a label speaks for itself. */
    for (size_t i = 0; i < advice->matches_count; i++) {
        struct rules_match *match = &advice->matches[i];

        if (match->part == RULES_PART_OTHER ? facts_of(k, match)->publisher == speaker
                                            : match->part == RULES_PART_LABEL && best == NULL)
            match->part = RULES_PART_ADVICE;
    }
}

static bool comes_before(const struct rules_match *a, const struct rules_match *b)
{
    return a->part != b->part ? a->part < b->part : a->alert > b->alert;
}

/* Stable: equal ones stay in order of id. */
static void sort(struct rules_advice *advice)
{
    for (size_t i = 1; i < advice->matches_count; i++) {
        struct rules_match match = advice->matches[i];
        size_t at = i;

        for (; at > 0 && comes_before(&match, &advice->matches[at - 1]); at--)
            advice->matches[at] = advice->matches[at - 1];
        advice->matches[at] = match;
    }
}

static bool asks_the_same(const struct rules_match *a, const struct rules_match *b)
{
    const struct rules_recommendation *x = a->recommendation, *y = b->recommendation;

    return x->has_alternative == y->has_alternative && x->has_dose == y->has_dose &&
           x->has_other == y->has_other &&
           (x->alert == RULES_ALERT_NONE) == (y->alert == RULES_ALERT_NONE);
}

static bool differs_from_advice(const struct rules_advice *advice,
                                const struct rules_match *other)
{
    for (size_t i = 0; i < advice->advice_count; i++)
        if (asks_the_same(&advice->matches[i], other))
            return false;
    return advice->advice_count > 0;
}

void rules_advice_arrange(const struct rules_knowledge *k, const struct rules_policy *policy,
                          struct rules_advice *advice)
{
    drop_beaten(k, advice);
    choose_speaker(k, policy, advice);
    sort(advice);
    advice->alert = RULES_ALERT_NONE;
    for (size_t i = 0; i < advice->matches_count; i++) {
        const struct rules_match *match = &advice->matches[i];

        advice->advice_count += match->part == RULES_PART_ADVICE;
        if (match->part <= RULES_PART_LABEL && match->alert > advice->alert)
            advice->alert = match->alert;
    }
    for (size_t i = 0; i < advice->matches_count; i++)
        if (advice->matches[i].part == RULES_PART_OTHER && is_advice(k, &advice->matches[i]) &&
            differs_from_advice(advice, &advice->matches[i]))
            advice->sources_differ = true;
}
