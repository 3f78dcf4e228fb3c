/* rules/evaluate.c -- comparing a patient's keys with the conditions of one drug.
 *
 * The work is proportional to the recommendations of that drug alone. Each gene's keys are
 * turned into numbers once; then only numbers are compared.
 */
#include "rules/evaluate.h"

#include <assert.h>

#include "rules/knowledge_private.h"

/* One of the drug's genes as this patient has it. */
struct view {
    const struct rules_gene_result *result; /* NULL: not among the facts */
    uint32_t (*words)[RULES_KEYS_MAX];      /* per call and key; RULES_ABSENT for a score */
    bool is_missing;
};

struct evaluation {
    const struct rules_knowledge *k;
    const struct rules_drug_facts *drug;
    const struct rules_facts *facts;
    struct view *views;
    uint32_t population; /* row, or RULES_ABSENT: not known */
    struct arena *arena;
    struct rules_advice advice;
    size_t matches_max;
};

static const struct rules_gene_result *find_result(const struct rules_facts *facts,
                                                   const struct rules_gene *gene)
{
    for (size_t i = 0; i < facts->genes_count; i++)
        if (facts->genes[i].gene == gene)
            return &facts->genes[i];
    return NULL;
}

/* Whether the patient has a key that the drug's conditions could ask for. Of an allele status,
 * only those of the alleles that they name count: tested for another allele is not tested. */
static bool has_result(const struct evaluation *e, const struct rules_drug_gene *drug_gene,
                       const struct view *view)
{
    bool is_status = e->k->rows.genes[drug_gene->gene].key_kind == RULES_KEY_ALLELE_STATUS;

    for (size_t c = 0; view->result != NULL && c < view->result->calls_count; c++) {
        const struct rules_call *call = &view->result->calls[c];

        if (!is_status && call->keys_count > 0)
            return true;
        for (size_t i = 0; i < call->keys_count; i++)
            for (uint32_t w = 0; w < drug_gene->words.count; w++)
                if (view->words[c][i] == e->k->drug_words[drug_gene->words.first + w])
                    return true;
    }
    return false;
}

static bool is_indeterminate(const struct rules_gene_result *result)
{
    if (result->state == RULES_GENE_UNUSABLE)
        return true;
    for (size_t i = 0; i < result->calls_count; i++)
        if (slice_eq_text(result->calls[i].phenotype, RULES_INDETERMINATE))
            return true;
    return false;
}

static enum err_code view_gene(struct evaluation *e, const struct rules_drug_gene *drug_gene,
                               struct view *view, struct err *err)
{
    const struct rules_gene *gene = &e->k->rows.genes[drug_gene->gene];
    const struct rules_gene_result *result = find_result(e->facts, gene);

    *view = (struct view){.result = result};
    if (result != NULL) {
        view->words = arena_array(e->arena, result->calls_count, sizeof *view->words);
        if (view->words == NULL)
            return err_set(err, ERR_NOMEM, "no memory to evaluate");
        for (size_t c = 0; c < result->calls_count; c++)
            for (size_t i = 0; i < result->calls[c].keys_count; i++)
                view->words[c][i] =
                    result->calls[c].keys[i].is_score
                        ? RULES_ABSENT
                        : rules_index_find(&e->k->words, 0, result->calls[c].keys[i].word);
        e->advice.has_conflict |=
            result->calls_count > 1 && result->state == RULES_GENE_CONFLICT;
        e->advice.is_indeterminate |= is_indeterminate(result);
    }
    view->is_missing = !has_result(e, drug_gene, view);
    if (view->is_missing)
        e->advice.missing[e->advice.missing_count++] = gene;
    return ERR_OK;
}

static enum err_code view_genes(struct evaluation *e, struct err *err)
{
    struct rules_range genes = e->drug->genes;

    e->views = arena_array(e->arena, genes.count, sizeof *e->views);
    e->advice.missing = arena_array(e->arena, genes.count, sizeof(struct rules_gene *));
    if (e->views == NULL || e->advice.missing == NULL)
        return err_set(err, ERR_NOMEM, "no memory to evaluate");
    for (uint32_t i = 0; i < genes.count; i++)
        if (view_gene(e, &e->k->drug_genes[genes.first + i], &e->views[i], err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

enum fit { FIT_NOT, FIT_MAYBE, FIT_CERTAIN };

/* A score that may lie anywhere in the key's range fits a condition's range for certain when it
 * lies wholly inside. */
static enum fit fit_key(const struct rules_wanted_key *wanted, const struct rules_key *key,
                        uint32_t word)
{
    if (!key->is_score)
        return word != RULES_ABSENT && wanted->word == word ? FIT_CERTAIN : FIT_NOT;
    if (wanted->word != RULES_ABSENT || wanted->from_x100 > wanted->to_x100 ||
        key->to_x100 < wanted->from_x100 || key->from_x100 > wanted->to_x100)
        return FIT_NOT;
    return key->from_x100 >= wanted->from_x100 && key->to_x100 <= wanted->to_x100 ? FIT_CERTAIN
                                                                                  : FIT_MAYBE;
}

static enum fit fit_any(const struct evaluation *e, struct rules_range wanted,
                        const struct rules_key *key, uint32_t word)
{
    enum fit best = FIT_NOT;

    for (uint32_t i = wanted.first; i < wanted.first + wanted.count && best < FIT_CERTAIN;
         i++) {
        enum fit fit = fit_key(&e->k->wanted_keys[i], key, word);

        best = fit > best ? fit : best;
    }
    return best;
}

/* How a call fits, and by which of its keys. The keys of an allele status all hold, so one is
 * enough; several score ranges are alternatives, so certain means all. */
static enum fit fit_call(const struct evaluation *e, struct rules_range wanted,
                         const struct rules_call *call, const uint32_t *words, size_t *ret_key)
{
    enum fit best = FIT_NOT, worst = FIT_CERTAIN;

    for (size_t i = 0; i < call->keys_count; i++) {
        enum fit fit = fit_any(e, wanted, &call->keys[i], words[i]);

        if (fit > best) {
            best = fit;
            *ret_key = i;
        }
        worst = fit < worst ? fit : worst;
    }
    if (best == FIT_CERTAIN && worst < FIT_CERTAIN && call->keys[0].is_score)
        return FIT_MAYBE;
    return best;
}

/* One gene's part of a recommendation; sets because[] and clears is_certain. */
static bool fits_requirement(const struct evaluation *e,
                             const struct rules_requirement *requirement,
                             struct rules_match *match)
{
    const struct view *view = &e->views[requirement->gene];
    enum fit best = FIT_NOT;
    size_t key = 0;

    assert(match->because_count < RULES_MATCH_GENES_MAX);
    if (view->is_missing) {
        match->because_count += requirement->accepts_no_result;
        return requirement->accepts_no_result;
    }
    for (size_t c = 0; c < view->result->calls_count; c++) {
        enum fit fit =
            fit_call(e, requirement->keys, &view->result->calls[c], view->words[c], &key);

        match->is_certain = match->is_certain && fit == FIT_CERTAIN;
        if (fit <= best)
            continue;
        best = fit;
        match->because[match->because_count].result = view->result;
        match->because[match->because_count].call = c;
        match->because[match->because_count].key = key;
    }
    match->because_count += best != FIT_NOT;
    return best != FIT_NOT;
}

/* Population and age: what is not known does not exclude. */
static bool fits_patient(const struct evaluation *e, uint32_t row, struct rules_match *match)
{
    const struct rules_recommendation *r = &e->k->rows.recommendations[row];
    const struct rules_recommendation_facts *facts = &e->k->recommendation_facts[row];

    if (facts->population != RULES_ABSENT) {
        if (e->population == RULES_ABSENT)
            match->is_certain = false;
        else if (e->population != facts->population)
            return false;
    }
    if (facts->needs_age) {
        if (!e->facts->has_age)
            match->is_certain = false;
        else if (e->facts->age_years < r->age_from_years ||
                 e->facts->age_years >= r->age_below_years)
            return false;
    }
    return true;
}

static bool try_recommendation(const struct evaluation *e, uint32_t row,
                               struct rules_match *match)
{
    struct rules_range requirements = e->k->recommendation_facts[row].requirements;

    *match = (struct rules_match){.recommendation = &e->k->rows.recommendations[row],
                                  .is_certain = true};
    if (!fits_patient(e, row, match))
        return false;
    for (uint32_t i = 0; i < requirements.count; i++)
        if (!fits_requirement(e, &e->k->requirements[requirements.first + i], match))
            return false;
    return true;
}

/* The recommendations of a drug are sorted loudest first, then by id: so are the matches. */
static enum err_code try_all(struct evaluation *e, struct err *err)
{
    struct rules_range rows = e->drug->recommendations;
    struct rules_advice *advice = &e->advice;
    struct rules_match match;

    for (uint32_t row = rows.first; row < rows.first + rows.count; row++) {
        struct rules_match *matches;

        advice->tried_count++;
        if (!try_recommendation(e, row, &match))
            continue;
        matches = arena_grow(e->arena, advice->matches, &e->matches_max, advice->matches_count,
                             sizeof *matches);
        if (matches == NULL)
            return err_set(err, ERR_NOMEM, "no memory to evaluate");
        advice->matches = matches;
        matches[advice->matches_count++] = match;
    }
    if (advice->matches_count > 0)
        advice->alert = advice->matches[0].recommendation->alert;
    return ERR_OK;
}

enum err_code rules_evaluate(const struct rules_knowledge *k, const struct rules_order *order,
                             const struct rules_facts *facts, struct arena *arena,
                             struct rules_advice *ret, struct err *err)
{
    struct evaluation e = {
        .k = k,
        .drug = &k->drug_facts[rules_drug_row(k, order->drug)],
        .facts = facts,
        .population = RULES_ABSENT,
        .arena = arena,
        .advice = {.drug = order->drug, .alert = RULES_ALERT_NONE},
    };

    if (order->population != NULL) {
        e.population = (uint32_t)(order->population - k->rows.populations);
        if (e.population - e.drug->populations.first >= e.drug->populations.count)
            return err_set(err, ERR_INVALID, "a population of another drug");
    }
    if (view_genes(&e, err) != ERR_OK)
        return err->code;
    if (e.advice.missing_count < e.drug->genes.count && try_all(&e, err) != ERR_OK)
        return err->code;
    *ret = e.advice;
    return ERR_OK;
}
