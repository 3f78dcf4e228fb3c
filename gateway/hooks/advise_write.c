/* gateway/hooks/advise_write.c -- a decided line as JSON. */
#include "fhir/json_write.h"
#include "gateway/hooks/advise.h"
#include "gateway/hooks/card.h"
#include "gateway/hooks/trace.h"

/* NULL for a gene that the recommendation takes without a result. */
static const struct rules_call *call_of(const struct rules_match *match, size_t because)
{
    const struct rules_gene_result *result = match->because[because].result;

    return result == NULL ? NULL : &result->calls[match->because[because].call];
}

static const struct rules_key *key_of(const struct rules_match *match, size_t because)
{
    const struct rules_call *call = call_of(match, because);

    return call == NULL ? NULL : &call->keys[match->because[because].key];
}

/* The first gene of which only a range of scores is known; because_count for none. */
static size_t find_range(const struct rules_match *match)
{
    size_t i = 0;

    for (; i < match->because_count; i++) {
        const struct rules_key *key = key_of(match, i);

        if (key != NULL && key->is_score && key->from_x100 != key->to_x100 &&
            !call_of(match, i)->has_score)
            break;
    }
    return i;
}

/* `score`, when it is not empty, stands for the key of the gene at `range`. */
static void write_lookup(struct advise *a, const struct rules_match *match, size_t range,
                         struct slice score, struct json_writer *w)
{
    const struct rules_condition *conditions;
    size_t count = rules_conditions_of(a->call.knowledge, match->recommendation, &conditions);

    json_write_name(w, "lookup");
    json_write_object(w);
    for (size_t i = 0; i < match->because_count; i++) {
        if (match->because[i].result == NULL)
            continue;
        json_write_name_slice(w, match->because[i].result->gene->symbol);
        json_write_text(w, i == range && score.len > 0
                               ? score
                               : rules_key_text(key_of(match, i), &a->call.arena));
    }
    /* Genes that the recommendation takes without a result. */
    for (size_t i = 0; i < count; i++) {
        bool is_named = false;

        for (size_t b = 0; b < match->because_count; b++)
            is_named = is_named ||
                       (match->because[b].result != NULL &&
                        slice_eq(match->because[b].result->gene->symbol, conditions[i].gene));
        if (!is_named && (i == 0 || !slice_eq(conditions[i].gene, conditions[i - 1].gene))) {
            json_write_name_slice(w, conditions[i].gene);
            json_write_text(w, SLICE(RULES_NO_RESULT));
        }
    }
    json_write_object_end(w);
}

static void write_row(struct advise *a, const struct rules_match *match, size_t range,
                      struct slice score, struct json_writer *w)
{
    const struct rules_recommendation *m = match->recommendation;
    const struct rules_source *source = rules_find_source(a->call.knowledge, m->source);

    json_write_object(w);
    json_write_member_text(w, "source", source == NULL ? m->source : source->publisher);
    json_write_member_text(w, "population",
                           m->population.len > 0 ? m->population : SLICE("general"));
    write_lookup(a, match, range, score, w);
    json_write_member_text(w, "classification",
                           slice_of(rules_classification_name(m->classification)));
    json_write_member_bool(w, "alternative", m->has_alternative);
    json_write_member_bool(w, "dose", m->has_dose);
    json_write_member_bool(w, "other", m->has_other);
    json_write_member_text(w, "part", slice_of(rules_part_name(match->part)));
    if (m->label != RULES_LABEL_NONE)
        json_write_member_text(w, "label", slice_of(rules_label_name(m->label)));
    json_write_member_bool(w, "certain", match->is_certain);
    json_write_member_text(w, "rule", m->id);
    json_write_member_text(w, "release", rules_knowledge_hash(a->call.knowledge));
    json_write_object_end(w);
}

/* One row, or one for each score that may be the patient's. A label speaks of the phenotype. */
static void write_recommendation(struct advise *a, const struct rules_match *match,
                                 struct json_writer *w)
{
    size_t range = find_range(match), count = 0;
    struct slice scores[RULES_SCORES_MAX];

    if (range < match->because_count && match->recommendation->label != RULES_LABEL_NONE) {
        write_row(a, match, range, call_of(match, range)->phenotype, w);
        return;
    }
    if (range < match->because_count)
        count = rules_scores_of(a->call.knowledge, match->recommendation,
                                match->because[range].result->gene, key_of(match, range),
                                &a->call.arena, scores);
    if (count == 0)
        write_row(a, match, range, SLICE_NONE, w);
    for (size_t i = 0; i < count; i++)
        write_row(a, match, range, scores[i], w);
}

/* "CYP2D6: a phenotype without a genotype" */
static void write_notes(struct advise *a, struct json_writer *w)
{
    const struct hook_facts *facts = &a->call.facts;

    json_write_name(w, "notes");
    json_write_array(w);
    for (size_t g = 0; g < facts->genes_count; g++) {
        uint32_t notes = 0;

        if (facts->results[g].state == RULES_GENE_CONFLICT)
            json_write_text(w, arena_printf(&a->call.arena, "%.*s: %s",
                                            SLICE_ARG(facts->genes[g]->symbol),
                                            rules_gene_state_name(RULES_GENE_CONFLICT)));
        for (size_t c = 0; c < facts->results[g].calls_count; c++)
            notes |= facts->results[g].calls[c].notes;
        for (uint32_t n = 0; n < RULES_NOTES_COUNT; n++)
            if ((notes >> n & 1) != 0)
                json_write_text(w, arena_printf(&a->call.arena, "%.*s: %s",
                                                SLICE_ARG(facts->genes[g]->symbol),
                                                rules_call_note_name((enum rules_call_note)n)));
    }
    json_write_array_end(w);
}

static void write_card(struct advise *a, struct json_writer *w)
{
    buf_clear(&a->card);
    json_write_name(w, "card");
    if (hook_card_write(&a->call, 0, &a->card))
        json_write_raw(w, buf_slice(&a->card));
    else
        json_write_raw(w, SLICE("null"));
    if (buf_failed(&a->card))
        w->buf->has_failed = true;
}

static void write_mg(struct advise *a, uint32_t x10, struct json_writer *w)
{
    json_write_text(w, arena_printf(&a->call.arena, "%u.%u", x10 / 10, x10 % 10));
}

static void write_estimate(struct advise *a, struct json_writer *w)
{
    const struct hook_estimate *e = a->call.estimates;

    if (a->call.estimates_count == 0)
        return;
    json_write_name(w, "estimate");
    json_write_object(w);
    json_write_member_text(w, "outcome",
                           slice_of(rules_warfarin_outcome_name(e->estimate.outcome)));
    if (e->estimate.outcome == RULES_WARFARIN_OUTCOME_ESTIMATE) {
        json_write_name(w, "mg_per_day");
        json_write_array(w);
        write_mg(a, e->estimate.range.from_x10, w);
        write_mg(a, e->estimate.range.to_x10, w);
        json_write_array_end(w);
    }
    json_write_object_end(w);
}

void advise_write(struct advise *a, struct slice id, struct buf *out)
{
    const struct rules_advice *advice = a->call.advice;
    struct json_writer w;

    json_write_init(&w, out);
    json_write_object(&w);
    if (id.len > 0) {
        json_write_name(&w, "id");
        json_write_raw(&w, id);
    }
    json_write_member_text(&w, "drug", advice->drug->name);
    json_write_name(&w, "recommendations");
    json_write_array(&w);
    for (size_t i = 0; i < advice->matches_count; i++)
        write_recommendation(a, &advice->matches[i], &w);
    json_write_array_end(&w);
    json_write_name(&w, "missing");
    json_write_array(&w);
    for (size_t i = 0; i < advice->missing_count; i++)
        json_write_text(&w, advice->missing[i]->symbol);
    json_write_array_end(&w);
    write_notes(a, &w);
    hook_trace_conversions_write(&w, &a->call, 0);
    if (advice->sources_differ)
        json_write_member_bool(&w, "sources_differ", true);
    write_estimate(a, &w);
    json_write_member_text(&w, "alert", slice_of(rules_alert_name(advice->alert)));
    write_card(a, &w);
    json_write_object_end(&w);
    buf_add_char(out, '\n');
}
