/* rules/knowledge_algorithms.c -- dose algorithms: their numbers checked and read, and linked
 * to their drugs and genes.
 *
 * Invariant: after this, an algorithm that a drug names has every number that its code needs.
 */
#include "rules/knowledge_private.h"

#define BAD(err, ...) err_set((err), ERR_INVALID, __VA_ARGS__)

#define DECIMALS      5
#define DECIMAL_WHOLE 4 /* digits before the point */

static const struct {
    const char *model, *term;
    int32_t least_x1e5, largest_x1e5;
} TERMS[RULES_WARFARIN_TERMS_COUNT] = {
#define TERM(code, model, term, least, largest) {model, term, least, largest},
#include "rules/warfarin_terms.def"
#undef TERM
};

/* The pairs of terms that are the two ends of a range. */
static const enum rules_warfarin_term RANGES[][2] = {
    {RULES_WARFARIN_TERM_CPIC_RARE_FROM, RULES_WARFARIN_TERM_CPIC_RARE_TO},
    {RULES_WARFARIN_TERM_CPIC_RARE_TWICE_FROM, RULES_WARFARIN_TERM_CPIC_RARE_TWICE_TO},
    {RULES_WARFARIN_TERM_CPIC_CYP4F2_FROM, RULES_WARFARIN_TERM_CPIC_CYP4F2_TO},
    {RULES_WARFARIN_TERM_CPIC_RS12777823_FROM, RULES_WARFARIN_TERM_CPIC_RS12777823_TO},
};

/* "-0.00745" to -745. */
static bool read_decimal(struct slice text, int32_t *ret)
{
    bool is_negative = slice_starts(text, SLICE("-"));
    struct slice digits = slice_from(text, is_negative ? 1 : 0);
    size_t point = slice_find_char(digits, '.');
    struct slice whole = slice_head(digits, point);
    struct slice places =
        point == SIZE_MAX ? SLICE_NONE : slice_from(digits, point == SIZE_MAX ? 0 : point + 1);
    uint32_t before, after = 0;

    if (whole.len > DECIMAL_WHOLE || !slice_to_u32(whole, 9999, &before))
        return false;
    if (point != SIZE_MAX && (places.len > DECIMALS || !slice_to_u32(places, 99999, &after)))
        return false;
    for (size_t i = places.len; i < DECIMALS; i++)
        after *= 10;
    *ret = (int32_t)(before * 100000 + after) * (is_negative ? -1 : 1);
    return true;
}

static size_t find_term(const struct rules_algorithm_term *t)
{
    size_t i = 0;

    while (i < ARRAY_LEN(TERMS) &&
           !(slice_eq_text(t->model, TERMS[i].model) && slice_eq_text(t->term, TERMS[i].term)))
        i++;
    return i;
}

static bool is_same_model(const struct rules_algorithm_term *a,
                          const struct rules_algorithm_term *b)
{
    return slice_eq(a->algorithm, b->algorithm) && slice_eq(a->model, b->model);
}

/* Terms are sorted by algorithm, model and term. */
static enum err_code read_term(struct rules_knowledge *k, size_t row,
                               bool is_set[RULES_WARFARIN_TERMS_COUNT], struct err *err)
{
    const struct rules_algorithm_term *t = &k->rows.algorithm_terms[row];
    size_t term = find_term(t);
    int32_t value;

    if (!slice_eq_text(t->algorithm, RULES_WARFARIN_NAME))
        return BAD(err, "algorithm '%.*s': this program has none of that name",
                   SLICE_ARG(t->algorithm));
    if (term == ARRAY_LEN(TERMS))
        return BAD(err, "algorithm %.*s: model '%.*s' has no term '%.*s'",
                   SLICE_ARG(t->algorithm), SLICE_ARG(t->model), SLICE_ARG(t->term));
    if (rules_index_find(&k->sources, 0, t->source) == RULES_ABSENT)
        return BAD(err, "algorithm %.*s, %.*s %.*s: unknown source '%.*s'",
                   SLICE_ARG(t->algorithm), SLICE_ARG(t->model), SLICE_ARG(t->term),
                   SLICE_ARG(t->source));
    if (row > 0 && is_same_model(t, t - 1) && !slice_eq(t->source, t[-1].source))
        return BAD(err, "algorithm %.*s, %.*s %.*s: a model has one source",
                   SLICE_ARG(t->algorithm), SLICE_ARG(t->model), SLICE_ARG(t->term));
    if (is_set[term])
        return BAD(err, "algorithm %.*s, %.*s %.*s: listed twice", SLICE_ARG(t->algorithm),
                   SLICE_ARG(t->model), SLICE_ARG(t->term));
    if (!read_decimal(t->value, &value))
        return BAD(err,
                   "algorithm %.*s, %.*s %.*s: must be a decimal with at most %d places, as "
                   "-0.25",
                   SLICE_ARG(t->algorithm), SLICE_ARG(t->model), SLICE_ARG(t->term), DECIMALS);
    if (value < TERMS[term].least_x1e5 || value > TERMS[term].largest_x1e5)
        return BAD(err, "algorithm %.*s, %.*s %.*s: %.*s is not plausible",
                   SLICE_ARG(t->algorithm), SLICE_ARG(t->model), SLICE_ARG(t->term),
                   SLICE_ARG(t->value));
    k->warfarin.x1e5[term] = value;
    is_set[term] = true;
    return ERR_OK;
}

static enum err_code read_terms(struct rules_knowledge *k, struct err *err)
{
    bool is_set[RULES_WARFARIN_TERMS_COUNT] = {false};

    if (k->rows.algorithm_terms_count == 0)
        return ERR_OK;
    for (size_t i = 0; i < k->rows.algorithm_terms_count; i++)
        if (read_term(k, i, is_set, err) != ERR_OK)
            return err->code;
    for (size_t i = 0; i < ARRAY_LEN(TERMS); i++)
        if (!is_set[i])
            return BAD(err, "algorithm %s: %s %s is missing", RULES_WARFARIN_NAME,
                       TERMS[i].model, TERMS[i].term);
    for (size_t i = 0; i < ARRAY_LEN(RANGES); i++)
        if (k->warfarin.x1e5[RANGES[i][0]] > k->warfarin.x1e5[RANGES[i][1]])
            return BAD(err, "algorithm %s: %s is above %s", RULES_WARFARIN_NAME,
                       TERMS[RANGES[i][0]].term, TERMS[RANGES[i][1]].term);
    k->warfarin.is_there = true;
    return ERR_OK;
}

static bool is_there(const struct rules_knowledge *k, struct slice algorithm)
{
    return k->warfarin.is_there && slice_eq_text(algorithm, RULES_WARFARIN_NAME);
}

static enum err_code check_genes(const struct rules_knowledge *k, struct err *err)
{
    for (size_t i = 0; i < k->rows.algorithm_genes_count; i++) {
        const struct rules_algorithm_gene *g = &k->rows.algorithm_genes[i];

        if (!is_there(k, g->algorithm))
            return BAD(err, "gene %.*s of an algorithm: unknown algorithm '%.*s'",
                       SLICE_ARG(g->gene), SLICE_ARG(g->algorithm));
        if (rules_index_find(&k->genes, 0, g->gene) == RULES_ABSENT)
            return BAD(err, "algorithm %.*s: unknown gene '%.*s'", SLICE_ARG(g->algorithm),
                       SLICE_ARG(g->gene));
        if (i > 0 && slice_eq(g->gene, g[-1].gene) && slice_eq(g->algorithm, g[-1].algorithm))
            return BAD(err, "algorithm %.*s: gene %.*s listed twice", SLICE_ARG(g->algorithm),
                       SLICE_ARG(g->gene));
    }
    return ERR_OK;
}

static enum err_code link_drug(struct rules_knowledge *k, size_t row, struct err *err)
{
    const struct rules_drug_algorithm *d = &k->rows.drug_algorithms[row];
    uint32_t drug = rules_index_find(&k->drugs, 0, d->drug);
    struct rules_drug_facts *facts;

    if (drug == RULES_ABSENT)
        return BAD(err, "algorithm %.*s: unknown drug '%.*s'", SLICE_ARG(d->algorithm),
                   SLICE_ARG(d->drug));
    if (k->rows.drugs[drug].is_alternative_only)
        return BAD(err, "algorithm %.*s: drug %.*s is listed as an alternative only",
                   SLICE_ARG(d->algorithm), SLICE_ARG(d->drug));
    if (!is_there(k, d->algorithm))
        return BAD(err, "drug %.*s: unknown algorithm '%.*s'", SLICE_ARG(d->drug),
                   SLICE_ARG(d->algorithm));
    facts = &k->drug_facts[drug];
    if (facts->algorithm.len > 0)
        return BAD(err, "drug %.*s: has two algorithms", SLICE_ARG(d->drug));
    facts->algorithm = d->algorithm;
    for (size_t i = 0; i < k->rows.algorithm_genes_count; i++)
        if (slice_eq(k->rows.algorithm_genes[i].algorithm, d->algorithm))
            rules_range_add(&facts->algorithm_genes, i);
    if (facts->algorithm_genes.count == 0)
        return BAD(err, "algorithm %.*s: reads no gene", SLICE_ARG(d->algorithm));
    return ERR_OK;
}

enum err_code rules_knowledge_link_algorithms(struct rules_knowledge *k, struct err *err)
{
    if (read_terms(k, err) != ERR_OK || check_genes(k, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < k->rows.drug_algorithms_count; i++)
        if (link_drug(k, i, err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

const struct rules_source *rules_warfarin_source(const struct rules_knowledge *k,
                                                 struct slice model)
{
    for (size_t i = 0; i < k->rows.algorithm_terms_count; i++)
        if (slice_eq(k->rows.algorithm_terms[i].model, model))
            return rules_find_source(k, k->rows.algorithm_terms[i].source);
    return NULL;
}
