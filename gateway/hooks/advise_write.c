/* gateway/hooks/advise_write.c -- a decided line as JSON. */
#include "fhir/json_write.h"
#include "gateway/hooks/advise.h"
#include "gateway/hooks/card.h"
#include "gateway/hooks/trace.h"

/* The patient's key; of a score that is only known to lie somewhere, the recommendation's own
 * keys. */
static void write_key(struct advise *a, const struct rules_match *match, size_t because,
                      struct json_writer *w)
{
    const struct rules_gene_result *result = match->because[because].result;
    const struct rules_key *key =
        &result->calls[match->because[because].call].keys[match->because[because].key];
    const struct rules_condition *conditions;
    size_t count = rules_conditions_of(a->call.knowledge, match->recommendation, &conditions);
    struct slice text = SLICE_NONE;

    if (!key->is_score || key->from_x100 == key->to_x100 ||
        key->to_x100 == RULES_SCORE_NO_MAX) {
        json_write_text(w, rules_key_text(key, &a->call.arena));
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (slice_eq(conditions[i].gene, result->gene->symbol))
            text = arena_printf(&a->call.arena, "%.*s%s%.*s", SLICE_ARG(text),
                                text.len > 0 ? "|" : "", SLICE_ARG(conditions[i].key));
    json_write_text(w, text);
}

static void write_lookup(struct advise *a, const struct rules_match *match,
                         struct json_writer *w)
{
    const struct rules_condition *conditions;
    size_t count = rules_conditions_of(a->call.knowledge, match->recommendation, &conditions);

    json_write_name(w, "lookup");
    json_write_object(w);
    for (size_t i = 0; i < match->because_count; i++) {
        const struct rules_gene_result *result = match->because[i].result;

        if (result == NULL)
            continue;
        json_write_name_slice(w, result->gene->symbol);
        write_key(a, match, i, w);
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

static void write_recommendation(struct advise *a, const struct rules_match *match,
                                 struct json_writer *w)
{
    const struct rules_recommendation *m = match->recommendation;
    const struct rules_source *source = rules_find_source(a->call.knowledge, m->source);

    json_write_object(w);
    json_write_member_text(w, "source", source == NULL ? m->source : source->publisher);
    json_write_member_text(w, "population",
                           m->population.len > 0 ? m->population : SLICE("general"));
    write_lookup(a, match, w);
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

/* "CYP2D6: a phenotype without a genotype" */
static void write_notes(struct advise *a, struct json_writer *w)
{
    const struct hook_facts *facts = &a->call.facts;

    json_write_name(w, "notes");
    json_write_array(w);
    for (size_t g = 0; g < facts->genes_count; g++) {
        uint32_t notes = 0;

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
