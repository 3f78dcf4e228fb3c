/* gateway/store/cpic_scores.c -- from the scores that CPIC lists to ranges without gaps.
 *
 * A score between two listed ones (0.125 after an inhibitor) must find a phenotype and a
 * recommendation. Where a gap lies between two phenotypes:
 *   a phenotype listed for the score 0 alone is that score alone (CYP2D6 Poor Metabolizer:
 *   PMID 31647186, "activity score 0");
 *   beside Normal Metabolizer the gap belongs to the other one: what is not known to be normal
 *   is not called normal;
 *   else it belongs to the lower one (CYP2C9 and DPYD: 0.5 poor, 1.0 intermediate).
 * For CYP2D6, CYP2C9 and DPYD this gives the ranges that the guidelines state.
 */
#include <stdlib.h>

#include "gateway/store/cpic_private.h"

#define NORMAL "Normal Metabolizer"

static int compare_scores(const void *a_, const void *b_)
{
    const struct cpic_score *a = a_, *b = b_;

    return (a->x100 > b->x100) - (a->x100 < b->x100);
}

/* The last score of the lower of two neighbours. */
static uint32_t end_before(const struct cpic_score *low, uint32_t low_from,
                           const struct cpic_score *high)
{
    if (low_from == 0 && low->x100 == 0)
        return 0;
    return slice_eq_text(low->phenotype, NORMAL) ? low->x100 : high->x100 - 1;
}

static enum err_code check_once(struct cpic_import *a, struct slice gene,
                                const struct cpic_score *scores, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (scores[i].x100 == scores[i - 1].x100 &&
            !slice_eq(scores[i].phenotype, scores[i - 1].phenotype))
            return CPIC_BAD(a, "%.*s: the score %u/100 is '%.*s' and '%.*s'", SLICE_ARG(gene),
                            scores[i].x100, SLICE_ARG(scores[i - 1].phenotype),
                            SLICE_ARG(scores[i].phenotype));
    return ERR_OK;
}

enum err_code cpic_add_ranges(struct cpic_import *a, struct slice gene,
                              struct cpic_score *scores, size_t count)
{
    uint32_t from = 0;

    if (count > 1)
        qsort(scores, count, sizeof *scores, compare_scores);
    if (check_once(a, gene, scores, count) != ERR_OK)
        return a->err->code;
    for (size_t i = 0; i < count; i++) {
        struct rules_score_rule *row;
        uint32_t to = RULES_SCORE_NO_MAX;

        if (i + 1 < count && slice_eq(scores[i].phenotype, scores[i + 1].phenotype))
            continue;
        if (i + 1 < count)
            to = end_before(&scores[i], from, &scores[i + 1]);
        row = rules_add_score_rule(a->release);
        if (row == NULL)
            return CPIC_NO_MEMORY(a);
        *row = (struct rules_score_rule){.gene = gene,
                                         .from_x100 = from,
                                         .to_x100 = to,
                                         .phenotype = CPIC_COPY(a, scores[i].phenotype)};
        from = to + 1;
    }
    return ERR_OK;
}

struct cpic_reading cpic_reading_of(const struct rules_release *release,
                                    const struct rules_gene *gene, struct slice publisher)
{
    struct cpic_reading reading = {.gene = gene, .key_kind = gene->key_kind};

    for (size_t i = 0; i < release->authorities_count; i++)
        if (slice_eq(release->authorities[i].gene, gene->symbol) &&
            slice_eq(release->authorities[i].name, publisher))
            reading.key_kind = release->authorities[i].key_kind;
    for (size_t i = 0; i < release->score_rules_count; i++)
        if (slice_eq(release->score_rules[i].gene, gene->symbol) &&
            slice_eq(release->score_rules[i].authority, publisher))
            reading.scores = publisher;
    return reading;
}

static bool is_read_by(const struct rules_score_rule *rule, const struct cpic_reading *reading)
{
    return slice_eq(rule->gene, reading->gene->symbol) &&
           slice_eq(rule->authority, reading->scores);
}

/* The range that holds the score; NULL when there is none. */
static const struct rules_score_rule *
range_at(const struct rules_release *release, const struct cpic_reading *reading, uint32_t x100)
{
    for (size_t i = 0; i < release->score_rules_count; i++) {
        const struct rules_score_rule *rule = &release->score_rules[i];

        if (is_read_by(rule, reading) && rule->from_x100 <= x100 && x100 <= rule->to_x100)
            return rule;
    }
    return NULL;
}

struct slice cpic_phenotype_of_score(const struct rules_release *release,
                                     const struct cpic_reading *reading, uint32_t x100)
{
    const struct rules_score_rule *rule = range_at(release, reading, x100);

    return rule == NULL ? SLICE_NONE : rule->phenotype;
}

struct cpic_range cpic_cell(const struct rules_release *release,
                            const struct cpic_reading *reading, const uint32_t *listed,
                            size_t count, uint32_t x100)
{
    const struct rules_score_rule *rule = range_at(release, reading, x100);
    struct cpic_range cell = {x100, x100};
    bool is_first = true;

    if (rule == NULL)
        return cell;
    cell.to_x100 = rule->to_x100;
    for (size_t i = 0; i < count; i++) {
        if (listed[i] >= rule->from_x100 && listed[i] < x100)
            is_first = false;
        if (listed[i] > x100 && listed[i] <= rule->to_x100 && listed[i] - 1 < cell.to_x100)
            cell.to_x100 = listed[i] - 1;
    }
    if (is_first)
        cell.from_x100 = rule->from_x100;
    return cell;
}

bool cpic_range_of_phenotype(const struct rules_release *release,
                             const struct cpic_reading *reading, struct slice phenotype,
                             struct cpic_range *ret)
{
    for (size_t i = 0; i < release->score_rules_count; i++) {
        const struct rules_score_rule *rule = &release->score_rules[i];

        if (!is_read_by(rule, reading) || !slice_eq_nocase(rule->phenotype, phenotype))
            continue;
        *ret = (struct cpic_range){rule->from_x100, rule->to_x100};
        return true;
    }
    return false;
}

/* "1.25", "0.5", "2.0": at least one decimal, as CPIC writes scores. */
static struct slice number_text(uint32_t x100, struct arena *arena)
{
    return x100 % 10 == 0 ? arena_printf(arena, "%u.%u", x100 / 100, x100 % 100 / 10)
                          : arena_printf(arena, "%u.%02u", x100 / 100, x100 % 100);
}

struct slice cpic_range_text(struct cpic_range range, struct arena *arena)
{
    struct slice from = number_text(range.from_x100, arena);

    if (range.to_x100 == RULES_SCORE_NO_MAX)
        return arena_printf(arena, ">=%.*s", SLICE_ARG(from));
    if (range.to_x100 == range.from_x100)
        return from;
    return arena_printf(arena, "%.*s..%.*s", SLICE_ARG(from),
                        SLICE_ARG(number_text(range.to_x100, arena)));
}
