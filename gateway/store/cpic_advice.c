/* gateway/store/cpic_advice.c -- a publisher's rows for a drug, made ready for the release.
 *
 * Rows are read drug by drug: keys become words and ranges, rows that say the same thing twice
 * are taken once, rows that contradict each other are refused, and rows of one piece of advice
 * get one group. cpic_emit.c writes them.
 */
#include "gateway/store/cpic_emit.h"
#include "gateway/store/cpic_keys.h"

#define LISTED_MAX 64

/* --- references ----------------------------------------------------------------------------
 */

static const struct cpic_drug *find_drug(const struct cpic_rows *rows, struct slice reference)
{
    for (size_t i = 0; i < rows->drugs_count; i++)
        if (slice_eq(rows->drugs[i].id, reference) || slice_eq(rows->drugs[i].name, reference))
            return &rows->drugs[i];
    return NULL;
}

static const struct cpic_guideline *find_guideline(const struct cpic_rows *rows,
                                                   struct slice reference)
{
    for (size_t i = 0; i < rows->guidelines_count; i++)
        if (slice_eq(rows->guidelines[i].id, reference) ||
            slice_eq(rows->guidelines[i].name, reference))
            return &rows->guidelines[i];
    return NULL;
}

struct slice cpic_drug_name(const struct cpic_import *a, struct slice reference,
                            struct slice *ret_rxcui)
{
    const struct cpic_drug *drug = find_drug(a->rows, reference);
    struct slice rest, name = drug == NULL ? reference : drug->name;
    struct slice rxcui = drug == NULL ? SLICE_NONE : drug->rxnorm;

    if (drug == NULL && slice_eq_text(slice_cut(reference, ':', &rest), "RxNorm"))
        rxcui = rest;
    *ret_rxcui = rxcui;
    for (size_t i = 0; i < a->release->drugs_count; i++)
        if (slice_eq_nocase(a->release->drugs[i].name, name))
            return a->release->drugs[i].name;
    for (size_t i = 0; i < a->release->drugs_count && rxcui.len > 0; i++)
        if (slice_eq(a->release->drugs[i].rxcui, rxcui))
            return a->release->drugs[i].name;
    return drug == NULL && slice_find_char(reference, ':') != SIZE_MAX ? SLICE_NONE : name;
}

/* Where a row belongs; false when it belongs nowhere and was noted, or the import failed. */
static bool place_row(struct cpic_import *a, const struct cpic_recommendation *row,
                      struct cpic_target *ret)
{
    const struct cpic_guideline *guideline = find_guideline(a->rows, row->guideline);

    if (row->drug.len == 0 || row->guideline.len == 0 || row->keys_count == 0) {
        cpic_note(a->report, "%.*s left out: no %s", SLICE_ARG(row->place),
                  row->drug.len == 0        ? "drug"
                  : row->guideline.len == 0 ? "guideline"
                                            : "lookup key");
        return false;
    }
    *ret = (struct cpic_target){.guideline = guideline, .publisher = SLICE("CPIC")};
    if (guideline != NULL)
        ret->publisher = guideline->publisher;
    ret->drug = cpic_drug_name(a, row->drug, &ret->rxcui);
    ret->listed = find_drug(a->rows, row->drug);
    if (ret->drug.len == 0)
        (void)CPIC_BAD(a, "%.*s: unknown drug '%.*s'", SLICE_ARG(row->place),
                       SLICE_ARG(row->drug));
    else if (guideline == NULL && a->rows->guidelines_count > 0)
        (void)CPIC_BAD(a, "%.*s: unknown guideline '%.*s'", SLICE_ARG(row->place),
                       SLICE_ARG(row->guideline));
    return a->err->code == ERR_OK;
}

static bool is_same_target(const struct cpic_target *x, const struct cpic_target *y)
{
    return slice_eq(x->publisher, y->publisher) && slice_eq(x->drug, y->drug);
}

/* --- equal rows ----------------------------------------------------------------------------
 */

static bool same_words(const struct cpic_recommendation *x, const struct cpic_recommendation *y)
{
    if (!slice_eq(x->text, y->text) || !slice_eq(x->comments, y->comments) ||
        x->implications_count != y->implications_count)
        return false;
    for (size_t i = 0; i < x->implications_count; i++)
        if (!slice_eq(x->implications[i].gene, y->implications[i].gene) ||
            !slice_eq(x->implications[i].text, y->implications[i].text))
            return false;
    return true;
}

static bool same_decision(const struct cpic_row *x, const struct cpic_row *y)
{
    return cpic_classification(x->row->classification) ==
               cpic_classification(y->row->classification) &&
           x->row->has_alternative == y->row->has_alternative &&
           x->row->has_dose == y->row->has_dose && x->row->has_other == y->row->has_other;
}

static bool same_people(const struct cpic_row *x, const struct cpic_row *y)
{
    return slice_eq(x->row->population, y->row->population);
}

static bool same_genes(const struct cpic_row *x, const struct cpic_row *y)
{
    bool is_same = x->wants_count == y->wants_count;

    for (size_t i = 0; is_same && i < x->wants_count; i++)
        is_same = slice_eq(x->wants[i].gene, y->wants[i].gene);
    return is_same;
}

static bool same_lookup(const struct cpic_row *x, const struct cpic_row *y)
{
    if (!same_people(x, y) || !same_genes(x, y))
        return false;
    for (size_t i = 0; i < x->wants_count; i++)
        if (!slice_eq_nocase(x->wants[i].as_written, y->wants[i].as_written))
            return false;
    return true;
}

static bool asks_diplotype(const struct cpic_row *row)
{
    for (size_t i = 0; i < row->wants_count; i++)
        if (slice_starts(row->wants[i].word, SLICE("= ")))
            return true;
    return false;
}

/* A row for one diplotype beats rows for phenotypes, so it never shares their recommendation.
 */
static bool same_group(const struct cpic_row *x, const struct cpic_row *y)
{
    return asks_diplotype(x) == asks_diplotype(y) &&
           slice_eq(x->row->guideline, y->row->guideline) && same_people(x, y) &&
           same_decision(x, y) && x->alert == y->alert && same_genes(x, y) &&
           same_words(x->row, y->row);
}

/* --- making ready --------------------------------------------------------------------------
 */

/* "general" and nothing mean everybody. */
static struct slice population_of(struct slice written)
{
    return slice_eq_nocase(written, SLICE("general")) ||
                   slice_eq_nocase(written, SLICE("n/a")) ||
                   slice_eq_nocase(written, SLICE("unspecified"))
               ? SLICE_NONE
               : written;
}

/* Adds the row unless it is there already, word for word. */
static enum err_code add_once(struct cpic_import *a, struct cpic_batch *batch,
                              const struct cpic_row *row)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct cpic_row *other = &batch->rows[i];

        if (!same_lookup(other, row))
            continue;
        if (same_decision(other, row) && same_words(other->row, row->row)) {
            cpic_note(a->report, "%.*s left out: it repeats %.*s", SLICE_ARG(row->row->place),
                      SLICE_ARG(other->row->place));
            return ERR_OK;
        }
        if (!row->is_rewritten && !other->is_rewritten)
            return CPIC_BAD(a, "%.*s: the lookup key of %.*s, with other advice",
                            SLICE_ARG(row->row->place), SLICE_ARG(other->row->place));
    }
    batch->rows[batch->count++] = *row;
    return ERR_OK;
}

/* The rows of the same publisher and drug as row `first`, the first of them. */
static enum err_code read_rows(struct cpic_import *a, struct cpic_batch *batch,
                               const struct cpic_target *targets, size_t first)
{
    for (size_t i = first; i < a->rows->recommendations_count; i++) {
        struct cpic_recommendation *copy;
        struct cpic_row row;
        bool is_read = false;

        if (!is_same_target(&targets[i], &targets[first]))
            continue;
        copy = arena_new(a->scratch, struct cpic_recommendation);
        if (copy == NULL)
            return CPIC_NO_MEMORY(a);
        *copy = a->rows->recommendations[i];
        copy->population = population_of(copy->population);
        if (cpic_read_row(a, targets[first].publisher, copy, &row, &is_read) != ERR_OK)
            return a->err->code;
        if (targets[i].guideline != NULL)
            copy->guideline = targets[i].guideline->id;
        a->report->rows++;
        if (is_read && add_once(a, batch, &row) != ERR_OK)
            return a->err->code;
    }
    return ERR_OK;
}

/* Scores of a gene that the rows for these people list. */
static size_t list_scores(const struct cpic_batch *batch, const struct cpic_row *row,
                          struct slice gene, uint32_t listed[LISTED_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < batch->count; i++) {
        const struct cpic_row *other = &batch->rows[i];

        for (size_t w = 0; same_people(other, row) && w < other->wants_count; w++)
            if (slice_eq(other->wants[w].gene, gene) && other->wants[w].word.len == 0 &&
                other->wants[w].x100 != RULES_SCORE_NO_MAX && count < LISTED_MAX) {
                bool is_there = false;

                for (size_t k = 0; k < count && !is_there; k++)
                    is_there = listed[k] == other->wants[w].x100;
                if (!is_there)
                    listed[count++] = other->wants[w].x100;
            }
    }
    return count;
}

static void set_cells(struct cpic_import *a, struct cpic_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct cpic_row *row = &batch->rows[i];

        for (size_t w = 0; w < row->wants_count; w++) {
            struct cpic_want *want = &row->wants[w];
            uint32_t listed[LISTED_MAX];

            if (want->word.len > 0 || want->x100 == RULES_SCORE_NO_MAX)
                continue;
            want->range = cpic_cell(a->release, &want->reading, listed,
                                    list_scores(batch, row, want->gene, listed), want->x100);
        }
    }
}

static bool asks_for_unknown(const struct cpic_batch *batch, const struct cpic_row *row,
                             struct slice gene)
{
    for (size_t i = 0; i < batch->count; i++)
        for (size_t w = 0; w < batch->rows[i].wants_count; w++) {
            const struct cpic_want *want = &batch->rows[i].wants[w];

            if (same_people(&batch->rows[i], row) && slice_eq(want->gene, gene) &&
                (slice_eq_text(want->word, RULES_INDETERMINATE) ||
                 slice_eq_text(want->word, RULES_NO_SCORE)))
                return true;
        }
    return false;
}

/* Where a publisher has rows for a gene without result but none for a result that cannot be
 * interpreted, the other gene's advice must not be lost by it: it says as much as none. */
static void set_unknowns(struct cpic_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        for (size_t w = 0; w < batch->rows[i].wants_count; w++) {
            struct cpic_want *want = &batch->rows[i].wants[w];

            want->serves_unknown = slice_eq_text(want->word, RULES_NO_RESULT) &&
                                   want->reading.key_kind != RULES_KEY_ALLELE_STATUS &&
                                   !asks_for_unknown(batch, &batch->rows[i], want->gene);
        }
}

/* A score of "3.0 or more" reaches into the ranges of all higher ones, so rows for "≥3.0" and
 * "≥3.5" that advise the same must not differ in words, or a patient would be shown both. */
static bool is_lower_open_end(const struct cpic_row *low, const struct cpic_row *high)
{
    bool is_lower = false;

    if (!same_people(low, high) || !same_genes(low, high))
        return false;
    for (size_t i = 0; i < low->wants_count; i++) {
        const struct cpic_want *x = &low->wants[i], *y = &high->wants[i];

        if (x->is_at_least && y->is_at_least && x->x100 < y->x100)
            is_lower = true;
        else if (!slice_eq(x->as_written, y->as_written))
            return false;
    }
    return is_lower;
}

static void fold_open_ends(struct cpic_import *a, struct cpic_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct cpic_row *high = &batch->rows[i], *lowest = NULL;

        for (size_t k = 0; k < batch->count; k++)
            if (is_lower_open_end(&batch->rows[k], high) &&
                (lowest == NULL || is_lower_open_end(&batch->rows[k], lowest)))
                lowest = &batch->rows[k];
        if (lowest == NULL ||
            (same_decision(lowest, high) && same_words(lowest->row, high->row)))
            continue;
        if (!same_decision(lowest, high)) {
            cpic_note(a->report,
                      "%.*s: differs from %.*s, but their scores have no upper end: "
                      "both will be shown",
                      SLICE_ARG(high->row->place), SLICE_ARG(lowest->row->place));
            continue;
        }
        cpic_note(a->report, "%.*s: takes the words of %.*s, whose score has no upper end",
                  SLICE_ARG(high->row->place), SLICE_ARG(lowest->row->place));
        high->row = lowest->row;
    }
}

/* CPIC's own "No CDS" for the drug, these people and keys. */
static bool is_silenced(const struct cpic_import *a, const struct cpic_row *row,
                        struct slice drug)
{
    for (size_t i = 0; i < a->rows->alerts_count; i++) {
        const struct cpic_alert *alert = &a->rows->alerts[i];
        struct slice people = population_of(alert->population), rxcui;
        bool is_same = slice_eq_nocase(alert->context, SLICE("No CDS")) &&
                       alert->keys_count == row->wants_count &&
                       (people.len == 0 || slice_eq(people, row->row->population)) &&
                       slice_eq(cpic_drug_name(a, alert->drug, &rxcui), drug);

        for (size_t k = 0; is_same && k < alert->keys_count; k++)
            is_same = slice_eq(alert->keys[k].gene, row->wants[k].gene) &&
                      slice_eq_nocase(alert->keys[k].key, row->wants[k].as_written);
        if (is_same)
            return true;
    }
    return false;
}

static void set_groups(struct cpic_import *a, struct cpic_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct cpic_row *row = &batch->rows[i];
        size_t first = 0;

        row->alert = is_silenced(a, row, batch->target->drug)
                         ? RULES_ALERT_NONE
                         : cpic_alert_of(row->row, row->is_priority);
        while (!same_group(&batch->rows[first], row))
            first++;
        row->group = first == i ? batch->groups_count++ : batch->rows[first].group;
    }
}

/* --- drug by drug --------------------------------------------------------------------------
 */

static enum err_code apply_target(struct cpic_import *a, const struct cpic_target *targets,
                                  size_t first)
{
    struct cpic_batch batch = {.target = &targets[first]};

    batch.rows = arena_array(a->scratch, a->rows->recommendations_count, sizeof *batch.rows);
    if (batch.rows == NULL)
        return CPIC_NO_MEMORY(a);
    if (read_rows(a, &batch, targets, first) != ERR_OK)
        return a->err->code;
    if (batch.count == 0)
        return ERR_OK;
    set_cells(a, &batch);
    set_unknowns(&batch);
    fold_open_ends(a, &batch);
    set_groups(a, &batch);
    return cpic_emit(a, &batch);
}

/* Whether an earlier row was of the same publisher and drug, and so took this one along. */
static bool is_taken(const struct cpic_target *targets, size_t row)
{
    for (size_t i = 0; i < row; i++)
        if (is_same_target(&targets[i], &targets[row]))
            return true;
    return false;
}

enum err_code cpic_apply_advice(struct cpic_import *a)
{
    size_t count = a->rows->recommendations_count;
    struct cpic_target *targets;
    struct arena kept;
    enum err_code code = ERR_OK;

    arena_init(&kept, CPIC_BYTES_MAX);
    targets = arena_array(&kept, count, sizeof *targets);
    if (targets == NULL)
        code = CPIC_NO_MEMORY(a);
    for (size_t i = 0; i < count && code == ERR_OK; i++)
        if (!place_row(a, &a->rows->recommendations[i], &targets[i])) {
            targets[i] = (struct cpic_target){0};
            code = a->err->code;
        }
    for (size_t i = 0; i < count && code == ERR_OK; i++) {
        if (targets[i].drug.len == 0 || is_taken(targets, i))
            continue;
        code = apply_target(a, targets, i);
        arena_reset(a->scratch);
    }
    arena_release(&kept);
    return code;
}
