/* gateway/store/cpic_emit.c -- sources, drugs, recommendations, conditions and cases. */
#include "gateway/store/cpic_emit.h"

#include <stdlib.h>

#include "gateway/store/release_edit.h"

#define ATC          "http://www.whocc.no/atc"
#define RXNORM       "http://www.nlm.nih.gov/research/umls/rxnorm"
#define CPIC_PAGE    "https://cpicpgx.org/guidelines/"
#define DPWG_PAGE    "https://www.clinpgx.org/page/dpwg"
#define DPWG_LICENCE "text of KNMP, annotated by ClinPGx, CC BY-SA 4.0"
#define ID_BYTES_MAX 60 /* of each part */

/* Letters and digits, small; '-' for all else. */
static struct slice as_id(struct cpic_import *a, struct slice text)
{
    size_t len = text.len < ID_BYTES_MAX ? text.len : ID_BYTES_MAX;
    char *id = arena_alloc(&a->release->arena, len + 1);

    for (size_t i = 0; id != NULL && i < len; i++) {
        char c = text.ptr[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        id[i] = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
    }
    return id == NULL ? SLICE_NONE : (struct slice){id, len};
}

/* --- the source ----------------------------------------------------------------------------
 */

static const struct cpic_guideline *guideline_of(const struct cpic_import *a,
                                                 const struct cpic_recommendation *row)
{
    for (size_t i = 0; i < a->rows->guidelines_count; i++)
        if (slice_eq(a->rows->guidelines[i].id, row->guideline))
            return &a->rows->guidelines[i];
    return NULL;
}

static void fill_source(struct cpic_import *a, const struct cpic_target *target,
                        const struct cpic_recommendation *row, struct rules_source *source)
{
    const struct cpic_guideline *g = guideline_of(a, row);
    struct slice date = a->rows->date.len > 0 ? a->rows->date : SLICE(CPIC_NO_DATE);
    struct slice name = g == NULL ? row->guideline : g->name;
    struct slice year = g == NULL ? SLICE_NONE : g->year;
    bool is_dpwg = slice_eq_text(target->publisher, "DPWG");

    source->publisher = CPIC_COPY(a, target->publisher);
    source->title = is_dpwg ? CPIC_PRINT(a, "%.*s (" DPWG_LICENCE ")", SLICE_ARG(name))
                            : CPIC_COPY(a, name);
    source->version =
        g != NULL && g->version.len > 0
            ? CPIC_PRINT(a, "%.*s, data of %.*s", SLICE_ARG(g->version), SLICE_ARG(date))
            : CPIC_PRINT(a, "data of %.*s", SLICE_ARG(date));
    source->year = CPIC_COPY(a, year.len > 0 ? year : cpic_year_of(date));
    source->url = g != NULL && g->url.len > 0 ? CPIC_COPY(a, g->url)
                  : is_dpwg                   ? SLICE(DPWG_PAGE)
                                              : SLICE(CPIC_PAGE);
    source->pmids = g == NULL ? SLICE_NONE : CPIC_COPY(a, g->pmids);
}

static enum err_code add_source(struct cpic_import *a, const struct cpic_target *target,
                                const struct cpic_recommendation *row, struct slice *ret)
{
    struct slice id = CPIC_PRINT(a, "%.*s-import-%.*s", SLICE_ARG(as_id(a, target->publisher)),
                                 SLICE_ARG(as_id(a, row->guideline)));
    struct rules_source *source = NULL;

    *ret = id;
    for (size_t i = 0; i < a->release->sources_count && source == NULL; i++)
        if (slice_eq(a->release->sources[i].id, id))
            source = &a->release->sources[i];
    if (source == NULL)
        source = rules_add_source(a->release);
    if (source == NULL || a->release->arena.has_failed)
        return CPIC_NO_MEMORY(a);
    source->id = id;
    fill_source(a, target, row, source);
    return ERR_OK;
}

/* --- the drug ------------------------------------------------------------------------------
 */

static bool starts_with_any(struct slice code, const char *const *heads, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_starts(code, slice_of(heads[i])))
            return true;
    return false;
}

/* Groups of the ATC index for the skin, eyes and ears, mouth, nose, throat and genitals, and
 * for the joints from outside (WHO Collaborating Centre, structure of the ATC index). */
static enum rules_form form_of(struct slice atc)
{
    static const char *const LOCAL[] = {"D", "S", "A01", "C05A", "G01", "M02", "R01", "R02"};

    return starts_with_any(atc, LOCAL, ARRAY_LEN(LOCAL)) ? RULES_FORM_LOCAL
                                                         : RULES_FORM_SYSTEMIC;
}

static enum err_code add_code(struct cpic_import *a, struct slice drug, struct slice system,
                              struct slice code)
{
    bool is_atc = slice_eq_text(system, ATC);
    struct rules_drug_code *row;

    for (size_t i = 0; i < a->release->drug_codes_count; i++)
        if (slice_eq(a->release->drug_codes[i].drug, drug) &&
            slice_eq(a->release->drug_codes[i].system, system) &&
            slice_eq(a->release->drug_codes[i].code, code))
            return ERR_OK;
    row = rules_add_drug_code(a->release);
    if (row == NULL)
        return CPIC_NO_MEMORY(a);
    *row = (struct rules_drug_code){
        .drug = drug,
        .system = system,
        .code = CPIC_COPY(a, code),
        .term_type = is_atc ? SLICE_NONE : SLICE("IN"),
        .form = is_atc ? form_of(code) : RULES_FORM_SYSTEMIC,
        .display = drug,
        .source = SLICE("CPIC drug table, as imported"),
    };
    return ERR_OK;
}

/* A drug that the release has keeps its codes; a new one comes with the publisher's. */
static enum err_code put_drug(struct cpic_import *a, const struct cpic_target *target,
                              struct slice *ret_name)
{
    struct rules_drug *row;

    a->report->drugs++;
    for (size_t i = 0; i < a->release->drugs_count; i++) {
        row = &a->release->drugs[i];
        if (!slice_eq(row->name, target->drug))
            continue;
        row->is_alternative_only = false;
        *ret_name = row->name;
        if (row->rxcui.len > 0 && target->rxcui.len > 0 && !slice_eq(row->rxcui, target->rxcui))
            cpic_note(a->report, "drug %.*s: RxNorm %.*s in the import, %.*s kept",
                      SLICE_ARG(row->name), SLICE_ARG(target->rxcui), SLICE_ARG(row->rxcui));
        return ERR_OK;
    }
    row = rules_add_drug(a->release);
    if (row == NULL)
        return CPIC_NO_MEMORY(a);
    row->name = *ret_name = CPIC_COPY(a, target->drug);
    row->rxcui = CPIC_COPY(a, target->rxcui);
    if (row->rxcui.len > 0 && add_code(a, *ret_name, SLICE(RXNORM), row->rxcui) != ERR_OK)
        return a->err->code;
    for (size_t i = 0; target->listed != NULL && i < target->listed->atc_count; i++)
        if (add_code(a, *ret_name, SLICE(ATC), target->listed->atc[i]) != ERR_OK)
            return a->err->code;
    return ERR_OK;
}

static enum err_code put_population(struct cpic_import *a, struct slice drug, struct slice id)
{
    struct rules_population *row;

    if (id.len == 0)
        return ERR_OK;
    for (size_t i = 0; i < a->release->populations_count; i++)
        if (slice_eq(a->release->populations[i].drug, drug) &&
            slice_eq(a->release->populations[i].id, id))
            return ERR_OK;
    row = rules_add_population(a->release);
    if (row == NULL)
        return CPIC_NO_MEMORY(a);
    *row = (struct rules_population){.drug = drug,
                                     .id = CPIC_COPY(a, id),
                                     .label = CPIC_COPY(a, id),
                                     .therapy = RULES_THERAPY_ANY,
                                     .age_below_years = RULES_AGE_NO_MAX,
                                     .weight_above_x100 = RULES_WEIGHT_NONE};
    cpic_note(a->report,
              "drug %.*s: population '%.*s' is new; who belongs to it is not known here, so "
              "its advice is shown with its name",
              SLICE_ARG(drug), SLICE_ARG(id));
    return ERR_OK;
}

/* --- recommendations -----------------------------------------------------------------------
 */

struct emission {
    struct cpic_batch *batch;
    struct slice drug;
    struct slice message;                      /* of the group */
    struct slice implications[CPIC_GENES_MAX]; /* ... per gene; empty: none */
};

static enum err_code add_condition(struct cpic_import *a, struct slice recommendation,
                                   struct slice gene, struct slice key)
{
    struct rules_condition *row = rules_add_condition(a->release);

    if (row == NULL || key.len == 0)
        return CPIC_NO_MEMORY(a);
    *row = (struct rules_condition){recommendation, gene, key};
    return ERR_OK;
}

static int compare_ranges(const void *a_, const void *b_)
{
    const struct cpic_range *a = a_, *b = b_;

    return (a->from_x100 > b->from_x100) - (a->from_x100 < b->from_x100);
}

/* Ranges that touch or overlap become one. */
static enum err_code add_ranges(struct cpic_import *a, struct slice recommendation,
                                struct slice gene, struct cpic_range *ranges, size_t count)
{
    if (count > 1)
        qsort(ranges, count, sizeof *ranges, compare_ranges);
    for (size_t i = 0; i < count;) {
        struct cpic_range range = ranges[i++];

        while (i < count && range.to_x100 != RULES_SCORE_NO_MAX &&
               ranges[i].from_x100 <= range.to_x100 + 1) {
            if (ranges[i].to_x100 > range.to_x100)
                range.to_x100 = ranges[i].to_x100;
            i++;
        }
        if (range.to_x100 == RULES_SCORE_NO_MAX)
            i = count;
        if (add_condition(a, recommendation, gene,
                          cpic_range_text(range, &a->release->arena)) != ERR_OK)
            return a->err->code;
    }
    return ERR_OK;
}

static bool has_word_before(const struct cpic_box *box, size_t row, size_t gene)
{
    for (size_t i = 0; i < row; i++)
        if (slice_eq(box->rows[i]->wants[gene].word, box->rows[row]->wants[gene].word))
            return true;
    return false;
}

static enum err_code add_word(struct cpic_import *a, struct slice recommendation,
                              const struct cpic_want *want)
{
    if (want->serves_unknown && add_condition(a, recommendation, want->gene,
                                              want->reading.key_kind == RULES_KEY_ACTIVITY_SCORE
                                                  ? SLICE(RULES_NO_SCORE)
                                                  : SLICE(RULES_INDETERMINATE)) != ERR_OK)
        return a->err->code;
    return add_condition(a, recommendation, want->gene, want->word);
}

static enum err_code add_conditions(struct cpic_import *a, const struct cpic_box *box,
                                    struct slice recommendation)
{
    struct cpic_range *ranges = arena_array(a->scratch, box->rows_count, sizeof *ranges);

    if (ranges == NULL)
        return CPIC_NO_MEMORY(a);
    for (size_t g = 0; g < box->rows[0]->wants_count; g++) {
        struct slice gene = box->rows[0]->wants[g].gene;
        size_t count = 0;

        for (size_t i = 0; i < box->rows_count; i++) {
            const struct cpic_want *want = &box->rows[i]->wants[g];

            if (want->word.len == 0)
                ranges[count++] = want->range;
            else if (!has_word_before(box, i, g) && add_word(a, recommendation, want) != ERR_OK)
                return a->err->code;
        }
        if (add_ranges(a, recommendation, gene, ranges, count) != ERR_OK)
            return a->err->code;
    }
    return ERR_OK;
}

static enum err_code add_action(struct cpic_import *a, struct slice recommendation,
                                enum rules_action_kind kind)
{
    struct rules_action *row = rules_add_action(a->release);

    if (row == NULL)
        return CPIC_NO_MEMORY(a);
    row->recommendation = recommendation;
    row->kind = kind;
    return ERR_OK;
}

/* What the flags say, without numbers: those stand in the text. */
static enum err_code add_actions(struct cpic_import *a, const struct cpic_row *row,
                                 struct slice recommendation)
{
    const struct cpic_recommendation *r = row->row;

    if (row->alert == RULES_ALERT_CRITICAL &&
        add_action(a, recommendation, RULES_ACTION_AVOID) != ERR_OK)
        return a->err->code;
    if (r->has_alternative &&
        add_action(a, recommendation, RULES_ACTION_USE_ALTERNATIVE) != ERR_OK)
        return a->err->code;
    if (!r->has_alternative && !r->has_dose && !r->has_other &&
        cpic_classification(r->classification) != RULES_NO_RECOMMENDATION &&
        cpic_is_advice_text(r->text))
        return add_action(a, recommendation, RULES_ACTION_NO_CHANGE);
    return ERR_OK;
}

/* What the result of each gene means, where the publisher says whose it is. */
static enum err_code add_implications(struct cpic_import *a, const struct emission *e,
                                      const struct cpic_row *row, struct slice recommendation)
{
    for (size_t w = 0; w < row->wants_count; w++) {
        struct rules_implication *implication;

        if (e->implications[w].len == 0)
            continue;
        implication = rules_add_implication(a->release);
        if (implication == NULL)
            return CPIC_NO_MEMORY(a);
        *implication =
            (struct rules_implication){recommendation, row->wants[w].gene, e->implications[w]};
    }
    return ERR_OK;
}

static enum err_code emit_box(struct cpic_import *a, const struct cpic_box *box, void *owner)
{
    const struct emission *e = owner;
    const struct cpic_row *first = box->rows[0];
    const struct cpic_recommendation *r = first->row;
    struct rules_recommendation *row;
    struct slice source, id;

    if (add_source(a, e->batch->target, r, &source) != ERR_OK)
        return a->err->code;
    id = CPIC_PRINT(a, "%.*s.%.*s.%.*s", SLICE_ARG(as_id(a, e->batch->target->publisher)),
                    SLICE_ARG(as_id(a, e->drug)), SLICE_ARG(as_id(a, first->id)));
    row = rules_add_recommendation(a->release);
    if (row == NULL || a->release->arena.has_failed)
        return CPIC_NO_MEMORY(a);
    *row = (struct rules_recommendation){
        .id = id,
        .drug = e->drug,
        .source = source,
        .population = CPIC_COPY(a, r->population),
        .classification = cpic_classification(r->classification),
        .has_alternative = r->has_alternative,
        .has_dose = r->has_dose,
        .has_other = r->has_other,
        .alert = first->alert,
        .message = e->message,
        .age_below_years = RULES_AGE_NO_MAX,
    };
    for (size_t i = 0; i < box->rows_count; i++)
        box->rows[i]->recommendation = id;
    a->report->recommendations++;
    if (put_population(a, e->drug, r->population) != ERR_OK ||
        add_conditions(a, box, id) != ERR_OK || add_actions(a, first, id) != ERR_OK)
        return a->err->code;
    return add_implications(a, e, first, id);
}

/* The publisher's words on one gene; NULL when it has none. */
static const struct cpic_implication *implication_of(const struct cpic_row *row, size_t gene)
{
    for (size_t i = 0; i < row->row->implications_count; i++) {
        const struct cpic_implication *m = &row->row->implications[i];

        if (slice_eq(m->gene, row->wants[gene].gene) && slice_trim(m->text).len > 0 &&
            !slice_eq_nocase(m->text, SLICE("n/a")))
            return m;
    }
    return NULL;
}

/* The words of a group: one message, and what the result of each gene means. */
static enum err_code emit_words(struct cpic_import *a, struct emission *e,
                                const struct cpic_row *first)
{
    e->message =
        CPIC_PRINT(a, "%.*s.%.*s.%.*s", SLICE_ARG(as_id(a, e->batch->target->publisher)),
                   SLICE_ARG(as_id(a, e->drug)), SLICE_ARG(as_id(a, first->id)));
    if (cpic_add_message(a, e->message, first->row) != ERR_OK)
        return a->err->code;
    for (size_t w = 0; w < first->wants_count; w++) {
        const struct cpic_implication *m = implication_of(first, w);
        struct cpic_recommendation meaning = {.implications = (struct cpic_implication *)m,
                                              .implications_count = 1};

        e->implications[w] = SLICE_NONE;
        if (m == NULL)
            continue;
        e->implications[w] = CPIC_PRINT(a, "%.*s.implies.%.*s", SLICE_ARG(e->message),
                                        SLICE_ARG(as_id(a, m->gene)));
        if (cpic_add_message(a, e->implications[w], &meaning) != ERR_OK)
            return a->err->code;
    }
    return ERR_OK;
}

/* --- cases ---------------------------------------------------------------------------------
 */

/* What a laboratory would report for the key; empty: nothing, "No Result". */
static struct slice result_for(struct cpic_import *a, const struct cpic_want *want)
{
    if (slice_eq_text(want->word, RULES_NO_RESULT))
        return SLICE_NONE;
    if (slice_starts(want->word, SLICE("= ")))
        return slice_from(want->word, 2);
    if (want->word.len == 0 && want->x100 == RULES_SCORE_NO_MAX)
        return want->as_written; /* a phenotype */
    return want->reading.key_kind == RULES_KEY_ACTIVITY_SCORE
               ? CPIC_PRINT(a, "score %.*s", SLICE_ARG(want->as_written))
               : want->as_written;
}

/* The row as a case: its keys must lead to the recommendation it went into, and to no other. */
static enum err_code emit_case(struct cpic_import *a, const struct emission *e,
                               const struct cpic_row *row)
{
    struct rules_test *test = rules_add_test(a->release);
    struct slice name =
        CPIC_PRINT(a, "%.*s row %.*s, %.*s", SLICE_ARG(e->batch->target->publisher),
                   SLICE_ARG(row->id), SLICE_ARG(e->drug));

    if (test == NULL)
        return CPIC_NO_MEMORY(a);
    *test = (struct rules_test){.name = name,
                                .drug = e->drug,
                                .population = CPIC_COPY(a, row->row->population),
                                .alert = row->alert,
                                .recommendations = row->recommendation};
    for (size_t i = 0; i < row->wants_count; i++) {
        struct slice result = CPIC_COPY(a, result_for(a, &row->wants[i]));
        struct rules_test_gene *gene;

        if (result.len == 0)
            continue;
        gene = rules_add_test_gene(a->release);
        if (gene == NULL)
            return CPIC_NO_MEMORY(a);
        *gene = (struct rules_test_gene){name, row->wants[i].gene, result};
    }
    return ERR_OK;
}

/* --- the drug's rows -----------------------------------------------------------------------
 */

static enum err_code emit_group(struct cpic_import *a, struct emission *e, size_t group)
{
    struct cpic_row **rows =
        arena_array(a->scratch, e->batch->count, sizeof(struct cpic_row *));
    size_t count = 0;

    if (rows == NULL)
        return CPIC_NO_MEMORY(a);
    for (size_t i = 0; i < e->batch->count; i++)
        if (e->batch->rows[i].group == group)
            rows[count++] = &e->batch->rows[i];
    if (emit_words(a, e, rows[0]) != ERR_OK)
        return a->err->code;
    return cpic_cut_boxes(a, rows, count, emit_box, e);
}

/* A publisher that the release had no advice of for this drug breaks the silence that shipped
 * cases expect. */
static void drop_silence(struct cpic_import *a, const struct cpic_batch *batch,
                         struct slice drug)
{
    size_t dropped = 0;

    for (size_t i = 0; i < batch->count; i++)
        for (size_t w = 0; w < batch->rows[i].wants_count; w++)
            dropped += release_drop_silence(a->release, drug, batch->rows[i].wants[w].gene);
    if (dropped > 0)
        cpic_note(a->report,
                  "drug %.*s: %zu cases left out that expect no advice from anybody: %.*s has "
                  "some now",
                  SLICE_ARG(drug), dropped, SLICE_ARG(batch->target->publisher));
}

enum err_code cpic_emit(struct cpic_import *a, struct cpic_batch *batch)
{
    struct emission e = {.batch = batch};
    size_t dropped = 0;

    if (put_drug(a, batch->target, &e.drug) != ERR_OK)
        return a->err->code;
    if (!release_drop_advice(a->release, batch->target->publisher, e.drug, &dropped))
        return CPIC_NO_MEMORY(a);
    if (dropped == 0)
        drop_silence(a, batch, e.drug);
    for (size_t g = 0; g < batch->groups_count; g++)
        if (emit_group(a, &e, g) != ERR_OK)
            return a->err->code;
    for (size_t i = 0; i < batch->count; i++)
        if (!batch->rows[i].is_rewritten && emit_case(a, &e, &batch->rows[i]) != ERR_OK)
            return a->err->code;
    return a->release->arena.has_failed ? CPIC_NO_MEMORY(a) : ERR_OK;
}
