/* gateway/store/cpic_gene_rules.c -- from pairs of functions, or from scores, to phenotypes. */
#include "gateway/store/cpic_private.h"

#define SCORES_MAX 400

bool cpic_is_no_value(struct slice value)
{
    return value.len == 0 || slice_eq_nocase(value, SLICE(RULES_NO_SCORE));
}

struct slice cpic_result_word(const struct cpic_result *r)
{
    return cpic_is_no_value(r->result) ? SLICE(RULES_INDETERMINATE) : r->result;
}

static bool is_pair(const struct rules_pair_rule *rule, struct slice first, struct slice second)
{
    return (slice_eq(rule->first, first) && slice_eq(rule->second, second)) ||
           (slice_eq(rule->first, second) && slice_eq(rule->second, first));
}

static enum err_code add_pair(struct cpic_import *a, const struct cpic_gene_import *g,
                              const struct cpic_result *r)
{
    struct slice first = r->function1, second = r->function2, phenotype = cpic_result_word(r);
    struct rules_pair_rule *rule;

    for (size_t i = 0; i < a->release->pair_rules_count; i++) {
        rule = &a->release->pair_rules[i];
        if (!slice_eq(rule->gene, g->symbol) || rule->authority.len > 0 ||
            !is_pair(rule, first, second))
            continue;
        if (slice_eq_nocase(rule->phenotype, phenotype))
            return ERR_OK;
        return CPIC_BAD(a, "%.*s: '%.*s' with '%.*s' is %.*s here and %.*s in an earlier row",
                        SLICE_ARG(r->place), SLICE_ARG(first), SLICE_ARG(second),
                        SLICE_ARG(phenotype), SLICE_ARG(rule->phenotype));
    }
    rule = rules_add_pair_rule(a->release);
    if (rule == NULL)
        return CPIC_NO_MEMORY(a);
    *rule = (struct rules_pair_rule){.gene = CPIC_COPY(a, g->symbol),
                                     .first = CPIC_COPY(a, first),
                                     .second = CPIC_COPY(a, second),
                                     .phenotype = CPIC_COPY(a, phenotype)};
    return ERR_OK;
}

static bool has_function(const struct rules_release *release, struct slice gene,
                         struct slice function)
{
    for (size_t i = 0; i < release->alleles_count; i++)
        if (slice_eq(release->alleles[i].gene, gene) &&
            slice_eq_nocase(release->alleles[i].function, function))
            return true;
    return false;
}

/* A rule over a function that no allele has says nothing; the knowledge would refuse it. */
enum err_code cpic_add_pairs(struct cpic_import *a, const struct cpic_gene_import *g)
{
    for (size_t i = 0; i < a->rows->results_count; i++) {
        const struct cpic_result *r = &a->rows->results[i];

        if (!slice_eq(r->gene, g->symbol) || r->function1.len == 0)
            continue;
        if (!has_function(a->release, g->symbol, r->function1) ||
            (r->function2.len > 0 && !has_function(a->release, g->symbol, r->function2)))
            continue;
        if (add_pair(a, g, r) != ERR_OK)
            return a->err->code;
    }
    return ERR_OK;
}

enum err_code cpic_add_scores(struct cpic_import *a, const struct cpic_gene_import *g)
{
    struct cpic_score *scores = arena_array(a->scratch, SCORES_MAX, sizeof *scores);
    size_t count = 0;

    if (scores == NULL)
        return CPIC_NO_MEMORY(a);
    for (size_t i = 0; i < a->rows->results_count; i++) {
        const struct cpic_result *r = &a->rows->results[i];
        struct cpic_score score = {.phenotype = cpic_result_word(r)};
        bool is_at_least, is_there = false;

        if (!slice_eq(r->gene, g->symbol))
            continue;
        if (cpic_is_no_value(r->score)) {
            if (slice_eq_text(score.phenotype, RULES_INDETERMINATE))
                continue;
            return CPIC_BAD(a, "%.*s: '%.*s' without a score", SLICE_ARG(r->place),
                            SLICE_ARG(score.phenotype));
        }
        if (!cpic_score_from_text(r->score, &score.x100, &is_at_least))
            return CPIC_BAD(a, "%.*s: '%.*s' is no score", SLICE_ARG(r->place),
                            SLICE_ARG(r->score));
        for (size_t s = 0; s < count && !is_there; s++)
            is_there =
                scores[s].x100 == score.x100 && slice_eq(scores[s].phenotype, score.phenotype);
        if (is_there)
            continue;
        if (count == SCORES_MAX)
            return CPIC_BAD(a, "gene %.*s: more than %d scores", SLICE_ARG(g->symbol),
                            SCORES_MAX);
        scores[count++] = score;
    }
    return cpic_add_ranges(a, CPIC_COPY(a, g->symbol), scores, count);
}
