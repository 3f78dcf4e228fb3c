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
    struct view **under; /* per publisher; NULL: nobody reads this gene in another way */
};

struct evaluation {
    const struct rules_knowledge *k;
    const struct rules_drug_facts *drug;
    const struct rules_facts *facts;
    const struct rules_order *order;
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

static bool number_words(const struct evaluation *e, struct view *view)
{
    const struct rules_gene_result *result = view->result;

    view->words = arena_array(e->arena, result->calls_count, sizeof *view->words);
    for (size_t c = 0; view->words != NULL && c < result->calls_count; c++)
        for (size_t i = 0; i < result->calls[c].keys_count; i++)
            view->words[c][i] =
                result->calls[c].keys[i].is_score
                    ? RULES_ABSENT
                    : rules_index_find(&e->k->words, 0, result->calls[c].keys[i].word);
    return view->words != NULL;
}

/* The view through another publisher's tables: what it calls the same genotype. */
static struct view *view_under(const struct evaluation *e, const struct view *own,
                               struct slice publisher)
{
    const struct rules_gene_result *result = own->result;
    struct rules_gene_result *read = arena_new(e->arena, struct rules_gene_result);
    struct view *view = arena_new(e->arena, struct view);

    if (read == NULL || view == NULL)
        return NULL;
    *read = *result;
    read->calls = arena_array(e->arena, result->calls_count, sizeof *read->calls);
    if (read->calls == NULL)
        return NULL;
    for (size_t c = 0; c < result->calls_count; c++)
        rules_call_under(e->k, result->gene, publisher, &result->calls[c], &read->calls[c]);
    *view = (struct view){.result = read, .is_missing = own->is_missing};
    return number_words(e, view) ? view : NULL;
}

static enum err_code view_under_all(struct evaluation *e, uint32_t gene, struct view *view,
                                    struct err *err)
{
    const struct rules_gene_facts *facts = &e->k->gene_facts[gene];

    if (view->result == NULL || facts->authorities.count == 0)
        return ERR_OK;
    view->under = arena_array(e->arena, e->k->publishers_count, sizeof(struct view *));
    for (size_t p = 0; view->under != NULL && p < e->k->publishers_count; p++) {
        if (rules_reading_of(e->k, &e->k->rows.genes[gene], e->k->publishers[p]) == &facts->own)
            continue;
        view->under[p] = view_under(e, view, e->k->publishers[p]);
        if (view->under[p] == NULL)
            return err_set(err, ERR_NOMEM, "no memory to evaluate");
    }
    return view->under == NULL ? err_set(err, ERR_NOMEM, "no memory to evaluate") : ERR_OK;
}

static enum err_code view_gene(struct evaluation *e, const struct rules_drug_gene *drug_gene,
                               struct view *view, struct err *err)
{
    const struct rules_gene *gene = &e->k->rows.genes[drug_gene->gene];
    const struct rules_gene_result *result = find_result(e->facts, gene);

    *view = (struct view){.result = result};
    if (result != NULL) {
        if (!number_words(e, view))
            return err_set(err, ERR_NOMEM, "no memory to evaluate");
        e->advice.has_conflict |=
            result->calls_count > 1 && result->state == RULES_GENE_CONFLICT;
        e->advice.is_indeterminate |= is_indeterminate(result);
    }
    view->is_missing = !has_result(e, drug_gene, view);
    if (view->is_missing)
        e->advice.missing[e->advice.missing_count++] = gene;
    return view_under_all(e, drug_gene->gene, view, err);
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
static enum fit fit_key(const struct rules_wanted_key *wanted, const struct rules_call *call,
                        const struct rules_key *key, uint32_t word)
{
    if (wanted->diplotype.len > 0)
        return slice_eq(wanted->diplotype, call->diplotype) ? FIT_CERTAIN : FIT_NOT;
    if (!key->is_score)
        return word != RULES_ABSENT && wanted->word == word ? FIT_CERTAIN : FIT_NOT;
    if (wanted->word != RULES_ABSENT || wanted->from_x100 > wanted->to_x100 ||
        key->to_x100 < wanted->from_x100 || key->from_x100 > wanted->to_x100)
        return FIT_NOT;
    return key->from_x100 >= wanted->from_x100 && key->to_x100 <= wanted->to_x100 ? FIT_CERTAIN
                                                                                  : FIT_MAYBE;
}

static enum fit fit_any(const struct evaluation *e, struct rules_range wanted,
                        const struct rules_call *call, const struct rules_key *key,
                        uint32_t word)
{
    enum fit best = FIT_NOT;

    for (uint32_t i = wanted.first; i < wanted.first + wanted.count && best < FIT_CERTAIN;
         i++) {
        enum fit fit = fit_key(&e->k->wanted_keys[i], call, key, word);

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
        enum fit fit = fit_any(e, wanted, call, &call->keys[i], words[i]);

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
static bool fits_requirement(const struct evaluation *e, uint32_t publisher,
                             const struct rules_requirement *requirement,
                             struct rules_match *match)
{
    const struct view *own = &e->views[requirement->gene];
    const struct view *view =
        own->under != NULL && own->under[publisher] != NULL ? own->under[publisher] : own;
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

/* Whether the patient is among those that criteria name: any one that is met puts a patient in,
 * and only when all are known not to be is a patient out. */
static enum fit fit_criteria(const struct evaluation *e, const struct rules_population *p)
{
    const struct rules_facts *facts = e->facts;
    bool asks_age = p->age_from_years > 0 || p->age_below_years != RULES_AGE_NO_MAX;
    bool asks_weight = p->weight_above_x100 != RULES_WEIGHT_NONE;
    bool asks_therapy = p->therapy != RULES_THERAPY_ANY;

    if ((asks_age && facts->has_age && facts->age_years >= p->age_from_years &&
         facts->age_years < p->age_below_years) ||
        (asks_weight && facts->has_weight && facts->weight_x100 > p->weight_above_x100) ||
        (asks_therapy && e->order->therapy == p->therapy))
        return FIT_CERTAIN;
    if ((!asks_age && !asks_weight && !asks_therapy) || (asks_age && !facts->has_age) ||
        (asks_weight && !facts->has_weight) ||
        (asks_therapy && e->order->therapy == RULES_THERAPY_ANY))
        return FIT_MAYBE;
    return FIT_NOT;
}

static enum fit fit_population(const struct evaluation *e, uint32_t population)
{
    if (population == RULES_ABSENT)
        return FIT_CERTAIN;
    if (e->population != RULES_ABSENT)
        return e->population == population ? FIT_CERTAIN : FIT_NOT;
    return fit_criteria(e, &e->k->rows.populations[population]);
}

/* Population, age and sex: what is not known does not exclude. */
static bool fits_patient(const struct evaluation *e, uint32_t row, struct rules_match *match)
{
    const struct rules_recommendation *r = &e->k->rows.recommendations[row];
    const struct rules_recommendation_facts *facts = &e->k->recommendation_facts[row];
    enum fit fit = fit_population(e, facts->population);

    if (fit == FIT_NOT)
        return false;
    match->is_certain = match->is_certain && fit == FIT_CERTAIN;
    if (facts->needs_age) {
        if (!e->facts->has_age)
            match->is_certain = false;
        else if (e->facts->age_years < r->age_from_years ||
                 e->facts->age_years >= r->age_below_years)
            return false;
    }
    if (r->sex != RULES_SEX_ANY) {
        if (e->facts->sex == RULES_SEX_ANY)
            match->is_certain = false;
        else if (e->facts->sex != r->sex)
            return false;
    }
    return true;
}

/* A limit that the order keeps leaves nothing to say, where a limit is all that is asked. */
static void compare_dose(const struct evaluation *e, uint32_t row, struct rules_match *match)
{
    const struct rules_recommendation_facts *facts = &e->k->recommendation_facts[row];
    const struct rules_action *limit;

    match->alert = match->recommendation->alert;
    if (facts->limit == RULES_ABSENT)
        return;
    limit = &e->k->rows.actions[facts->limit];
    if (!e->order->has_dose || !slice_eq(e->order->dose_unit, limit->unit)) {
        match->limit = RULES_LIMIT_UNKNOWN;
        return;
    }
    match->limit =
        e->order->dose_x100 > limit->amount_x100 ? RULES_LIMIT_ABOVE : RULES_LIMIT_WITHIN;
    if (match->limit == RULES_LIMIT_WITHIN && facts->only_limits &&
        match->alert == RULES_ALERT_INFO)
        match->alert = RULES_ALERT_NONE;
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
        if (!fits_requirement(e, e->k->recommendation_facts[row].publisher,
                              &e->k->requirements[requirements.first + i], match))
            return false;
    compare_dose(e, row, match);
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
    rules_advice_arrange(e->k, e->order->policy, advice);
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
        .order = order,
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
