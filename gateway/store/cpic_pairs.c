/* gateway/store/cpic_pairs.c -- levels of gene-drug pairs, and what CPIC says before a test. */
#include "gateway/store/cpic_emit.h"

#define PRETEST_VERDICT "a gene test is worth considering"

static bool has_advice(const struct rules_release *release, struct slice drug)
{
    for (size_t i = 0; i < release->recommendations_count; i++)
        if (slice_eq(release->recommendations[i].drug, drug))
            return true;
    return false;
}

/* The source of the gene's table. */
static struct slice source_of(const struct rules_release *release, struct slice gene)
{
    const struct rules_gene *row = cpic_find_gene(release, gene);

    return row == NULL ? SLICE_NONE : row->source;
}

static enum err_code put_pair(struct cpic_import *a, const struct cpic_pair *pair,
                              struct slice drug)
{
    struct rules_gene_drug *row = NULL;

    for (size_t i = 0; i < a->release->gene_drugs_count && row == NULL; i++)
        if (slice_eq(a->release->gene_drugs[i].gene, pair->gene) &&
            slice_eq(a->release->gene_drugs[i].drug, drug))
            row = &a->release->gene_drugs[i];
    if (row == NULL)
        row = rules_add_gene_drug(a->release);
    if (row == NULL)
        return CPIC_NO_MEMORY(a);
    *row = (struct rules_gene_drug){
        .drug = drug,
        .gene = cpic_find_gene(a->release, pair->gene)->symbol,
        .level = CPIC_COPY(a, pair->level),
        .status = pair->is_final ? SLICE("Final") : SLICE("Provisional"),
        .source = source_of(a->release, pair->gene),
    };
    return ERR_OK;
}

static bool has_test(const struct rules_release *release, struct slice gene)
{
    for (size_t i = 0; i < release->gene_tests_count; i++)
        if (slice_eq(release->gene_tests[i].gene, gene))
            return true;
    return false;
}

/* The message of that id, or a new one. */
static struct rules_message *put_message(struct cpic_import *a, struct slice id)
{
    struct rules_message *row = NULL;

    for (size_t i = 0; i < a->release->messages_count && row == NULL; i++)
        if (slice_eq(a->release->messages[i].id, id))
            row = &a->release->messages[i];
    return row != NULL ? row : rules_add_message(a->release);
}

static enum err_code put_pretest(struct cpic_import *a, const struct cpic_alert *alert,
                                 struct slice drug, struct slice gene)
{
    struct slice id = CPIC_PRINT(a, "cpic.pretest.%.*s.%zu", SLICE_ARG(gene),
                                 (size_t)(alert - a->rows->alerts));
    struct rules_message *message = put_message(a, id);
    struct rules_pretest *row = NULL;

    if (message == NULL)
        return CPIC_NO_MEMORY(a);
    *message = (struct rules_message){.id = id,
                                      .locale = SLICE("en"),
                                      .verdict = SLICE(PRETEST_VERDICT),
                                      .meaning = CPIC_COPY(a, alert->text)};
    for (size_t i = 0; i < a->release->pretests_count && row == NULL; i++)
        if (slice_eq(a->release->pretests[i].drug, drug) &&
            slice_eq(a->release->pretests[i].gene, gene))
            row = &a->release->pretests[i];
    if (row == NULL)
        row = rules_add_pretest(a->release);
    if (row == NULL)
        return CPIC_NO_MEMORY(a);
    *row = (struct rules_pretest){drug, cpic_find_gene(a->release, gene)->symbol, id,
                                  source_of(a->release, gene)};
    return ERR_OK;
}

static enum err_code put_pretests(struct cpic_import *a, const struct cpic_alert *alert)
{
    struct slice rxcui, drug = cpic_drug_name(a, alert->drug, &rxcui);

    if (!slice_eq_nocase(alert->context, SLICE("Pre-test")) || alert->text.len == 0 ||
        !has_advice(a->release, drug))
        return ERR_OK;
    for (size_t i = 0; i < alert->genes_count; i++) {
        if (!has_test(a->release, alert->genes[i])) {
            cpic_note(a->report, "%.*s: the release does not say how a test of %.*s is ordered",
                      SLICE_ARG(alert->place), SLICE_ARG(alert->genes[i]));
            continue;
        }
        if (put_pretest(a, alert, drug, alert->genes[i]) != ERR_OK)
            return a->err->code;
    }
    return ERR_OK;
}

enum err_code cpic_emit_pairs(struct cpic_import *a)
{
    for (size_t i = 0; i < a->rows->pairs_count; i++) {
        const struct cpic_pair *pair = &a->rows->pairs[i];
        struct slice rxcui, drug = cpic_drug_name(a, pair->drug, &rxcui);

        if (has_advice(a->release, drug) && cpic_find_gene(a->release, pair->gene) != NULL &&
            put_pair(a, pair, drug) != ERR_OK)
            return a->err->code;
    }
    for (size_t i = 0; i < a->rows->alerts_count; i++)
        if (put_pretests(a, &a->rows->alerts[i]) != ERR_OK)
            return a->err->code;
    return ERR_OK;
}
