/* rules/phenoconversion.c -- activity scores times the factor of the strongest inhibitor. */
#include "rules/phenoconversion.h"

#include <assert.h>

#include "rules/genotype_private.h"

#define FACTOR_ONE 100        /* a modulator's factor_x100 that changes nothing */
#define NO_END     UINT64_MAX /* of a span that is open upwards */
#define JOINER     SLICE(" or ")

static const char *const USES[] = {
#define X(code, name) name,
    RULES_CONVERSION_USES(X)
#undef X
};

const char *rules_conversion_use_name(enum rules_conversion_use use)
{
    assert((size_t)use < ARRAY_LEN(USES));
    return USES[use];
}

bool rules_conversion_use_from_name(struct slice name, enum rules_conversion_use *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(USES); i++)
        if (slice_eq_text(name, USES[i])) {
            *ret = (enum rules_conversion_use)i;
            return true;
        }
    return false;
}

bool rules_gene_has_modulators(const struct rules_knowledge *k, const struct rules_gene *gene)
{
    for (size_t i = 0; i < k->rows.modulators_count; i++)
        if (slice_eq(k->rows.modulators[i].gene, gene->symbol))
            return true;
    return false;
}

/* ---- who acts ---- */

/* A factor of one is a statement, too: nothing changes, and nothing is told. */
static bool is_worth_telling(const struct rules_modulator *m)
{
    return m != NULL && !(m->has_factor && m->factor_x100 == FACTOR_ONE);
}

static bool acts(const struct rules_modulator *m, const struct rules_comedication *c)
{
    return !c->is_stopped || c->stopped_days < m->washout_days;
}

/* Certain before uncertain, with a factor before without, the lowest factor, the strongest,
 * one that is taken before one that was stopped, then by name. */
static bool comes_before(const struct rules_acting *a, const struct rules_acting *b)
{
    const struct rules_modulator *x = a->modulator, *y = b->modulator;

    if (a->is_certain != b->is_certain)
        return a->is_certain;
    if (x->has_factor != y->has_factor)
        return x->has_factor;
    if (x->has_factor && x->factor_x100 != y->factor_x100)
        return x->factor_x100 < y->factor_x100;
    if (x->strength != y->strength)
        return x->strength > y->strength;
    if (a->comedication->is_stopped != b->comedication->is_stopped)
        return b->comedication->is_stopped;
    return slice_compare(x->drug, y->drug) < 0;
}

static bool is_listed(const struct rules_conversion *c, const struct rules_acting *acting)
{
    for (size_t i = 0; i < c->acting_count; i++)
        if (c->acting[i].modulator == acting->modulator && !comes_before(acting, &c->acting[i]))
            return true;
    return false;
}

/* Keeps the strongest, each drug once. */
static void add_acting(struct rules_conversion *c, struct rules_acting acting)
{
    size_t at;

    if (is_listed(c, &acting))
        return;
    for (size_t i = 0; i < c->acting_count; i++)
        if (c->acting[i].modulator == acting.modulator) {
            memmove(&c->acting[i], &c->acting[i + 1],
                    (--c->acting_count - i) * sizeof c->acting[0]);
            break;
        }
    if (c->acting_count == RULES_ACTING_MAX) {
        if (!comes_before(&acting, &c->acting[RULES_ACTING_MAX - 1]))
            return;
        c->acting_count--;
    }
    for (at = c->acting_count++; at > 0 && comes_before(&acting, &c->acting[at - 1]); at--)
        c->acting[at] = c->acting[at - 1];
    c->acting[at] = acting;
}

static void find_acting(const struct rules_knowledge *k, struct rules_conversion *c,
                        const struct rules_comedication *comedications, size_t count,
                        const struct rules_drug *ordered)
{
    for (size_t i = 0; i < count; i++) {
        const struct rules_comedication *other = &comedications[i];
        const struct rules_modulator *m =
            rules_find_modulator(k, c->genotype->gene, other->drug);

        if (other->drug == ordered || !is_worth_telling(m) || !acts(m, other))
            continue;
        add_acting(c, (struct rules_acting){
                          .modulator = m,
                          .comedication = other,
                          .is_certain = !other->is_stopped || other->is_stop_exact,
                      });
    }
}

/* ---- what becomes of a score ---- */

/* Scores in ten-thousandths, both ends included. */
struct span {
    uint64_t from, to;
};

/* What the values of alleles are multiples of, in hundredths: no sum of two lies between. */
static uint32_t grid_of(const struct rules_knowledge *k, const struct rules_gene *gene)
{
    struct rules_range range = rules_facts_of_gene(k, gene)->alleles;
    uint32_t grid = 0;

    for (uint32_t i = range.first; i < range.first + range.count; i++) {
        uint32_t value = k->rows.alleles[i].has_value ? k->rows.alleles[i].value_x100 : 0;

        while (value > 0) { /* Euclid */
            uint32_t rest = grid % value;

            grid = value;
            value = rest;
        }
    }
    return grid == 0 ? 1 : grid;
}

/* The scores that a key stands for, without what no genotype adds up to at its ends. */
static struct span span_of(const struct rules_key *key, uint32_t grid)
{
    uint64_t from = ((uint64_t)key->from_x100 + grid - 1) / grid * grid;
    uint64_t to = (uint64_t)key->to_x100 / grid * grid;

    if (key->from_x100 == key->to_x100 || from > to)
        return (struct span){key->from_x100, key->to_x100};
    return (struct span){from, key->to_x100 == RULES_SCORE_NO_MAX ? NO_END : to};
}

static struct span times(struct span span, uint32_t factor_x100)
{
    if (factor_x100 == 0) /* nothing of any amount, however large, is nothing */
        return (struct span){0, 0};
    return (struct span){span.from * factor_x100,
                         span.to == NO_END ? NO_END : span.to * factor_x100};
}

static struct rules_range scores_of(const struct rules_knowledge *k,
                                    const struct rules_gene *gene)
{
    return rules_facts_of_gene(k, gene)->own.scores;
}

/* A range of the table with the scores up to the next one, which no genotype has; a range of 0
 * alone stays alone: 0 < score < 1.25 is Intermediate (Caudle 2020, PMID 31647186). */
static struct span reach_of(const struct rules_knowledge *k, struct rules_range range,
                            uint32_t row)
{
    const struct rules_score_rule *rule = &k->rows.score_rules[row];
    struct span reach = {(uint64_t)rule->from_x100 * 100, NO_END};

    if (row > range.first && rule[-1].to_x100 == 0)
        reach.from = 1;
    if (rule->to_x100 == 0)
        reach.to = 0;
    else if (row + 1 < range.first + range.count)
        reach.to = (uint64_t)rule[1].from_x100 * 100 - 1;
    return reach;
}

static bool name_phenotype(struct rules_call *call, struct slice phenotype, struct arena *arena)
{
    if (call->phenotype.len == 0)
        call->phenotype = phenotype;
    else if (slice_find(call->phenotype, phenotype) == SIZE_MAX)
        call->phenotype = arena_printf(arena, "%.*s%.*s%.*s", SLICE_ARG(call->phenotype),
                                       SLICE_ARG(JOINER), SLICE_ARG(phenotype));
    return !arena->has_failed;
}

static bool has_key(const struct rules_call *call, const struct rules_key *key)
{
    for (size_t i = 0; i < call->keys_count; i++)
        if (call->keys[i].from_x100 == key->from_x100 && call->keys[i].to_x100 == key->to_x100)
            return true;
    return false;
}

/* Every range that the span touches, as a whole. */
static bool add_ranges(const struct rules_knowledge *k, const struct rules_gene *gene,
                       struct span span, struct rules_call *call, struct arena *arena)
{
    struct rules_range range = scores_of(k, gene);

    for (uint32_t i = range.first; i < range.first + range.count; i++) {
        const struct rules_score_rule *rule = &k->rows.score_rules[i];
        struct span reach = reach_of(k, range, i);
        struct rules_key key = {
            .is_score = true, .from_x100 = rule->from_x100, .to_x100 = rule->to_x100};

        if (span.to < reach.from || span.from > reach.to)
            continue;
        if (!name_phenotype(call, rule->phenotype, arena))
            return false;
        if (has_key(call, &key))
            continue;
        assert(call->keys_count < RULES_KEYS_MAX);
        call->keys[call->keys_count++] = key;
    }
    return true;
}

static bool is_on_grid(uint64_t score_x10000, uint32_t grid)
{
    return score_x10000 % (100 * (uint64_t)grid) == 0;
}

/* A stated score, exact or "at least". */
static bool convert_score(const struct rules_knowledge *k, const struct rules_gene *gene,
                          const struct rules_call *from, uint32_t factor_x100, uint32_t grid,
                          struct rules_call *call, struct arena *arena)
{
    struct span span = times(
        (struct span){from->score_x100, from->score_is_at_least ? NO_END : from->score_x100},
        factor_x100);
    bool is_at_least = span.to == NO_END;

    if (!is_on_grid(span.from, grid))
        return add_ranges(k, gene, span, call, arena);
    rules_call_set_score(k, gene, (uint32_t)(span.from / 100), is_at_least, call);
    if (!is_at_least || !slice_eq_text(call->phenotype, RULES_INDETERMINATE))
        return true;
    /* The score stays the key; which phenotypes it may be is said in words. */
    call->phenotype = SLICE_NONE;
    call->keys_count = 0;
    if (!add_ranges(k, gene, span, call, arena))
        return false;
    call->keys[0] = (struct rules_key){
        .is_score = true, .from_x100 = call->score_x100, .to_x100 = RULES_SCORE_NO_MAX};
    call->keys_count = 1;
    return true;
}

/* A call as it acts. What has no score, or none that is known, stays as it is. */
static bool convert_call(const struct rules_knowledge *k, const struct rules_gene *gene,
                         const struct rules_call *from, uint32_t factor_x100, uint32_t grid,
                         struct rules_call *ret, struct arena *arena)
{
    /* Without the diplotype: what is keyed by one is about the enzyme as it was inherited. */
    struct rules_call call = {
        .notes = from->notes, .sources = from->sources, .sources_count = from->sources_count};

    *ret = *from;
    if (rules_call_is_indeterminate(from) || from->keys_count == 0 || !from->keys[0].is_score)
        return true;
    if (from->has_score) {
        if (!convert_score(k, gene, from, factor_x100, grid, &call, arena))
            return false;
    } else {
        for (size_t i = 0; i < from->keys_count; i++)
            if (!add_ranges(k, gene, times(span_of(&from->keys[i], grid), factor_x100), &call,
                            arena))
                return false;
    }
    if (call.keys_count > 0 && !rules_calls_have_same_keys(from, &call))
        *ret = call;
    return true;
}

static enum err_code convert_calls(const struct rules_knowledge *k, struct rules_conversion *c,
                                   uint32_t factor_x100, struct arena *arena, struct err *err)
{
    const struct rules_gene_result *from = c->genotype;
    uint32_t grid = grid_of(k, from->gene);

    c->clinical.calls = arena_array(arena, from->calls_count, sizeof *c->clinical.calls);
    if (c->clinical.calls == NULL)
        return err_set(err, ERR_NOMEM, "no memory for clinical phenotypes");
    for (size_t i = 0; i < from->calls_count; i++) {
        if (!convert_call(k, from->gene, &from->calls[i], factor_x100, grid,
                          &c->clinical.calls[i], arena))
            return err_set(err, ERR_NOMEM, "no memory for clinical phenotypes");
        c->changes =
            c->changes || !rules_calls_have_same_keys(&from->calls[i], &c->clinical.calls[i]);
    }
    return ERR_OK;
}

enum err_code rules_convert(const struct rules_knowledge *k,
                            const struct rules_gene_result *result,
                            const struct rules_comedication *comedications,
                            size_t comedications_count, const struct rules_drug *ordered,
                            enum rules_conversion_use use, struct arena *arena,
                            struct rules_conversion *ret, struct err *err)
{
    const struct rules_acting *first;

    *ret = (struct rules_conversion){.genotype = result, .clinical = *result};
    if (use == RULES_CONVERSION_OFF || result->calls_count == 0)
        return ERR_OK;
    find_acting(k, ret, comedications, comedications_count, ordered);
    first = &ret->acting[0];
    if (ret->acting_count == 0 || !first->is_certain || !first->modulator->has_factor ||
        result->gene->key_kind != RULES_KEY_ACTIVITY_SCORE)
        return ERR_OK;
    ret->responsible = first;
    if (convert_calls(k, ret, first->modulator->factor_x100, arena, err) != ERR_OK)
        return err->code;
    ret->is_applied = ret->changes && use == RULES_CONVERSION_APPLY;
    return ERR_OK;
}

const struct rules_gene_result *rules_conversion_result(const struct rules_conversion *c)
{
    return c->is_applied ? &c->clinical : c->genotype;
}
