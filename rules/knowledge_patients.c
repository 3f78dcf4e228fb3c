/* rules/knowledge_patients.c -- what depends on the patient and on other drugs: criteria of
 * populations, policies that stand over guidelines, evidence levels, modulators, tests to order
 * first. Checked and indexed.
 */
#include <assert.h>

#include "rules/knowledge_private.h"

#define BAD(err, ...)  err_set((err), ERR_INVALID, __VA_ARGS__)
#define NO_MEMORY(err) err_set((err), ERR_NOMEM, "no memory for the knowledge")

#define WASHOUT_DAYS_MAX 365

static enum err_code link_criteria(struct rules_knowledge *k, struct err *err)
{
    for (size_t i = 0; i < k->rows.populations_count; i++) {
        const struct rules_population *p = &k->rows.populations[i];
        struct rules_drug_facts *drug = &k->drug_facts[rules_index_find(&k->drugs, 0, p->drug)];

        if (p->age_from_years >= p->age_below_years)
            return BAD(err, "population '%.*s' of %.*s: no age from %u below %u",
                       SLICE_ARG(p->id), SLICE_ARG(p->drug), p->age_from_years,
                       p->age_below_years);
        if (p->weight_above_x100 == 0)
            return BAD(err, "population '%.*s' of %.*s: everybody weighs more than 0 kg",
                       SLICE_ARG(p->id), SLICE_ARG(p->drug));
        drug->needs_age |= p->age_from_years > 0 || p->age_below_years != RULES_AGE_NO_MAX;
        drug->needs_weight |= p->weight_above_x100 != RULES_WEIGHT_NONE;
        drug->needs_therapy |= p->therapy != RULES_THERAPY_ANY;
    }
    return ERR_OK;
}

/* A policy stands over another publisher's advice for the same drug. */
static enum err_code check_overrides(const struct rules_knowledge *k, size_t row,
                                     struct err *err)
{
    const struct rules_recommendation *r = &k->rows.recommendations[row];
    struct slice rest = r->overrides;

    while (rest.len > 0) {
        struct slice id = slice_cut(rest, ' ', &rest);
        uint32_t other = rules_index_find(&k->recommendations, 0, id);

        if (other == RULES_ABSENT)
            return BAD(err, "recommendation %.*s: overrides the unknown recommendation '%.*s'",
                       SLICE_ARG(r->id), SLICE_ARG(id));
        if (!slice_eq(k->rows.recommendations[other].drug, r->drug))
            return BAD(err, "recommendation %.*s: overrides %.*s, which is for another drug",
                       SLICE_ARG(r->id), SLICE_ARG(id));
        if (k->recommendation_facts[other].publisher == k->recommendation_facts[row].publisher)
            return BAD(err, "recommendation %.*s: overrides %.*s of the same publisher",
                       SLICE_ARG(r->id), SLICE_ARG(id));
    }
    return ERR_OK;
}

/* The three names that the rows below share. */
static enum err_code check_names(const struct rules_knowledge *k, const char *what,
                                 struct slice gene, struct slice drug, struct slice source,
                                 struct err *err)
{
    if (rules_index_find(&k->genes, 0, gene) == RULES_ABSENT)
        return BAD(err, "%s: unknown gene '%.*s'", what, SLICE_ARG(gene));
    if (rules_index_find(&k->drugs, 0, drug) == RULES_ABSENT)
        return BAD(err, "%s of %.*s: unknown drug '%.*s'", what, SLICE_ARG(gene),
                   SLICE_ARG(drug));
    if (rules_index_find(&k->sources, 0, source) == RULES_ABSENT)
        return BAD(err, "%s of %.*s and %.*s: unknown source '%.*s'", what, SLICE_ARG(gene),
                   SLICE_ARG(drug), SLICE_ARG(source));
    return ERR_OK;
}

static enum err_code link_evidence(struct rules_knowledge *k, struct err *err)
{
    for (size_t i = 0; i < k->rows.gene_drugs_count; i++) {
        const struct rules_gene_drug *row = &k->rows.gene_drugs[i];

        if (check_names(k, "evidence", row->gene, row->drug, row->source, err) != ERR_OK)
            return err->code;
        if (row->level.len == 0 ||
            (i > 0 && slice_eq(row->drug, row[-1].drug) && slice_eq(row->gene, row[-1].gene)))
            return BAD(err, "evidence of %.*s and %.*s: no level, or listed twice",
                       SLICE_ARG(row->gene), SLICE_ARG(row->drug));
        rules_range_add(&k->drug_facts[rules_index_find(&k->drugs, 0, row->drug)].evidence, i);
    }
    return ERR_OK;
}

static enum err_code link_modulators(struct rules_knowledge *k, struct err *err)
{
    if (!rules_index_init(&k->modulators, k->rows.modulators_count, &k->arena))
        return NO_MEMORY(err);
    for (size_t i = 0; i < k->rows.modulators_count; i++) {
        const struct rules_modulator *m = &k->rows.modulators[i];
        uint32_t gene = rules_index_find(&k->genes, 0, m->gene);

        if (check_names(k, "modulator", m->gene, m->drug, m->source, err) != ERR_OK)
            return err->code;
        if (m->has_factor && (m->factor_x100 > 100 || m->role != RULES_ROLE_INHIBITOR ||
                              k->rows.genes[gene].method != RULES_METHOD_ACTIVITY_SCORE))
            return BAD(
                err,
                "modulator of %.*s, %.*s: a factor is from 0 to 1, for an inhibitor of a "
                "gene with activity scores",
                SLICE_ARG(m->gene), SLICE_ARG(m->drug));
        if (m->washout_days > WASHOUT_DAYS_MAX)
            return BAD(err, "modulator of %.*s, %.*s: a wash-out of more than %d days",
                       SLICE_ARG(m->gene), SLICE_ARG(m->drug), WASHOUT_DAYS_MAX);
        if (!rules_index_add(&k->modulators, gene, m->drug, (uint32_t)i))
            return BAD(err, "modulator of %.*s, %.*s: listed twice", SLICE_ARG(m->gene),
                       SLICE_ARG(m->drug));
    }
    return ERR_OK;
}

static const struct rules_gene_test *find_test(const struct rules_knowledge *k,
                                               struct slice gene)
{
    for (size_t i = 0; i < k->rows.gene_tests_count; i++)
        if (slice_eq(k->rows.gene_tests[i].gene, gene))
            return &k->rows.gene_tests[i];
    return NULL;
}

static enum err_code link_pretests(struct rules_knowledge *k, struct err *err)
{
    for (size_t i = 0; i < k->rows.gene_tests_count; i++) {
        const struct rules_gene_test *t = &k->rows.gene_tests[i];

        if (rules_index_find(&k->genes, 0, t->gene) == RULES_ABSENT ||
            !rules_is_name(t->system) || !rules_is_name(t->code) || t->display.len == 0)
            return BAD(err,
                       "test '%.*s' of '%.*s': unknown gene, or no system, code or display",
                       SLICE_ARG(t->code), SLICE_ARG(t->gene));
    }
    for (size_t i = 0; i < k->rows.pretests_count; i++) {
        const struct rules_pretest *p = &k->rows.pretests[i];
        const struct rules_message *message = rules_find_message(k, p->message, SLICE("en"));

        if (check_names(k, "pretest", p->gene, p->drug, p->source, err) != ERR_OK)
            return err->code;
        if (message == NULL || message->verdict.len == 0)
            return BAD(err,
                       "pretest of %.*s and %.*s: no English message '%.*s' with a verdict",
                       SLICE_ARG(p->gene), SLICE_ARG(p->drug), SLICE_ARG(p->message));
        if (find_test(k, p->gene) == NULL)
            return BAD(err, "pretest of %.*s and %.*s: no test of this gene is listed",
                       SLICE_ARG(p->gene), SLICE_ARG(p->drug));
        rules_range_add(&k->drug_facts[rules_index_find(&k->drugs, 0, p->drug)].pretests, i);
    }
    return ERR_OK;
}

/* Codes stand in order of their system, as code_systems does. */
static void link_code_systems(struct rules_knowledge *k)
{
    size_t system = 0;

    for (size_t i = 0; i < k->rows.drug_codes_count; i++) {
        const struct rules_drug_code *code = &k->rows.drug_codes[i];

        while (!slice_eq(k->code_systems[system], code->system)) {
            system++;
            assert(system < k->code_systems_count);
        }
        if (system < 64)
            k->drug_facts[rules_index_find(&k->drugs, 0, code->drug)].code_systems |=
                (uint64_t)1 << system;
    }
}

bool rules_drug_has_code_in(const struct rules_knowledge *k, const struct rules_drug *drug,
                            size_t system)
{
    assert(system < k->code_systems_count);
    return system < 64 &&
           (k->drug_facts[rules_drug_row(k, drug)].code_systems >> system & 1) != 0;
}

enum err_code rules_knowledge_link_patients(struct rules_knowledge *k, struct err *err)
{
    link_code_systems(k);
    if (link_criteria(k, err) != ERR_OK || link_evidence(k, err) != ERR_OK ||
        link_modulators(k, err) != ERR_OK || link_pretests(k, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < k->rows.recommendations_count; i++)
        if (check_overrides(k, i, err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

size_t rules_pretests_of(const struct rules_knowledge *k, const struct rules_drug *drug,
                         const struct rules_pretest **ret)
{
    struct rules_range range = k->drug_facts[rules_drug_row(k, drug)].pretests;

    *ret = k->rows.pretests + range.first;
    return range.count;
}

size_t rules_evidence_of(const struct rules_knowledge *k, const struct rules_drug *drug,
                         const struct rules_gene_drug **ret)
{
    struct rules_range range = k->drug_facts[rules_drug_row(k, drug)].evidence;

    *ret = k->rows.gene_drugs + range.first;
    return range.count;
}

const struct rules_modulator *rules_find_modulator(const struct rules_knowledge *k,
                                                   const struct rules_gene *gene,
                                                   const struct rules_drug *drug)
{
    uint32_t row = rules_index_find(&k->modulators, rules_gene_row(k, gene), drug->name);

    return row == RULES_ABSENT ? NULL : &k->rows.modulators[row];
}

const struct rules_population *rules_population_by_id(const struct rules_knowledge *k,
                                                      const struct rules_drug *drug,
                                                      struct slice id)
{
    uint32_t row = rules_index_find(&k->populations, rules_drug_row(k, drug), id);

    return row == RULES_ABSENT ? NULL : &k->rows.populations[row];
}
