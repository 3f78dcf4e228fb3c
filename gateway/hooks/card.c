/* gateway/hooks/card.c -- the frame of a card: groups of advice, identity, source, overrides.
 */
#include "gateway/hooks/card.h"

#include <assert.h>

#include "fhir/json_write.h"
#include "gateway/store/digest.h"

#define TOPIC_SYSTEM        "urn:pgxgate:advice"
#define TOPIC_CHARS_MAX     100 /* alphanumeric: some clients remember overrides by it */
#define OVERRIDE_SYSTEM_HL7 "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
#define OVERRIDE_SYSTEM_OWN "urn:pgxgate:override-reason"

/* The clinical part of HL7's codes (CDS Hooks 3.0 ballot) and what they lack for PGx.
 * system, code, display */
#define OVERRIDE_REASONS(X)                                                                    \
    X(OVERRIDE_SYSTEM_OWN, "tolerated-before", "Has tolerated this drug before")               \
    X(OVERRIDE_SYSTEM_OWN, "result-disputed", "The genetic result is in doubt")                \
    X(OVERRIDE_SYSTEM_OWN, "specialist-decision", "Decided with a specialist or pharmacist")   \
    X(OVERRIDE_SYSTEM_HL7, "cds-not-applicable", "The advice does not apply to this patient")  \
    X(OVERRIDE_SYSTEM_HL7, "patient-contraindication", "The alternative is contraindicated")   \
    X(OVERRIDE_SYSTEM_HL7, "patient-refuses", "The patient declines the alternative")          \
    X(OVERRIDE_SYSTEM_HL7, "recipient-disagrees-evidence", "Does not agree with the evidence") \
    X(OVERRIDE_SYSTEM_HL7, "service-not-available", "The alternative is not available")

static bool says_the_same(const struct card_group *group, const struct rules_match *match)
{
    const struct rules_recommendation *a = group->recommendation, *b = match->recommendation;

    return slice_eq(a->message, b->message) && a->classification == b->classification &&
           slice_eq(a->source, b->source);
}

static void add_match(struct card *card, const struct rules_match *match)
{
    struct card_group *group = NULL;

    for (size_t i = 0; i < card->groups_count && group == NULL; i++)
        if (says_the_same(&card->groups[i], match))
            group = &card->groups[i];
    if (group == NULL) {
        if (card->groups_count == CARD_GROUPS_MAX) {
            card->has_more = true;
            return;
        }
        group = &card->groups[card->groups_count++];
        *group = (struct card_group){
            .recommendation = match->recommendation,
            .message = rules_find_message(card->call->knowledge, match->recommendation->message,
                                          card->call->options->locale),
        };
        assert(group->message != NULL); /* checked when the snapshot was built */
    }
    if (group->matches_count < CARD_MATCHES_MAX)
        group->matches[group->matches_count++] = match;
    else
        card->has_more = true;
}

static bool is_open(const struct rules_match *match)
{
    return !match->is_certain && match->recommendation->population.len > 0;
}

bool card_population_is_open(const struct card *card)
{
    const struct rules_advice *advice = card->advice;
    const struct rules_population *populations;
    size_t count = rules_populations_of(card->call->knowledge, advice->drug, &populations);
    bool has_open = false;

    for (size_t i = 0; i < advice->advice_count; i++)
        has_open = has_open || is_open(&advice->matches[i]);
    if (!has_open || card->groups_count > 1 || count == 1)
        return has_open; /* a single population is never everybody */
    for (size_t p = 0; p < count; p++) {
        bool is_told = false;

        for (size_t i = 0; i < advice->advice_count; i++)
            is_told = is_told || slice_eq(advice->matches[i].recommendation->population,
                                          populations[p].id);
        if (!is_told)
            return true;
    }
    return false;
}

bool card_depends_on_population(const struct card *card)
{
    return card->groups_count > 1 && card->drug_order->population == NULL &&
           card_population_is_open(card);
}

bool card_result_is_ambiguous(const struct rules_gene_result *result)
{
    for (size_t i = 1; i < result->calls_count; i++)
        if (result->calls[i].sources_count != 1 || result->calls[0].sources_count != 1 ||
            result->calls[i].sources[0] != result->calls[0].sources[0])
            return false;
    return result->calls_count > 1;
}

/* Identity: the decision and its grounds, not the moment; so a client that asks again, or asks
 * at signing after asking at selecting, gets the same card. */
static void make_uuid(struct card *card)
{
    struct hook_call *call = card->call;
    struct buf *seed = &call->aside;

    buf_clear(seed);
    buf_join(seed, rules_knowledge_hash(call->knowledge), SLICE("\n"), call->request.patient_id,
             SLICE("\n"), card->drug_order->order->name, SLICE("\n"), card->advice->drug->name,
             SLICE("\n"));
    for (size_t i = 0; i < card->advice->matches_count; i++) {
        const struct rules_match *match = &card->advice->matches[i];

        buf_add(seed, match->recommendation->id);
        for (size_t b = 0; b < match->because_count; b++)
            if (match->because[b].result != NULL) {
                buf_add_char(seed, ' ');
                buf_add(seed,
                        match->because[b].result->calls[match->because[b].call].diplotype);
            }
        buf_add_char(seed, '\n');
    }
    card_conversion_write_identity(card, seed);
    digest_uuid(buf_slice(seed), card->uuid);
}

void card_source_write(struct hook_call *call, const struct rules_source *source,
                       struct slice topic, struct json_writer *w)
{
    char code[TOPIC_CHARS_MAX];
    size_t len = 0;

    for (size_t i = 0; i < topic.len && len < sizeof code; i++) {
        char c = topic.ptr[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
            code[len++] = c;
    }
    json_write_name(w, "source");
    json_write_object(w);
    json_write_member_text(w, "label",
                           arena_printf(&call->arena, "%.*s %.*s", SLICE_ARG(source->publisher),
                                        SLICE_ARG(source->year)));
    json_write_member_text(w, "url", source->url);
    json_write_name(w, "topic");
    json_write_object(w);
    json_write_member_text(w, "system", SLICE(TOPIC_SYSTEM));
    json_write_member_text(w, "code", (struct slice){code, len});
    json_write_member_text(w, "display", topic);
    json_write_object_end(w);
    json_write_object_end(w);
}

static void write_source(const struct card *card, struct json_writer *w)
{
    const struct rules_recommendation *r = card->groups[0].recommendation;
    const struct rules_source *source = rules_find_source(card->call->knowledge, r->source);

    assert(source != NULL);
    card_source_write(card->call, source, r->id, w);
}

/* The same on every card, so they are written as they are. */
void card_override_reasons_write(struct json_writer *w)
{
    static const char *const REASONS[] = {
#define X(system, code, display)                                                               \
    "{\"system\":\"" system "\",\"code\":\"" code "\",\"display\":\"" display "\"}",
        OVERRIDE_REASONS(X)
#undef X
    };

    json_write_name(w, "overrideReasons");
    json_write_array(w);
    for (size_t i = 0; i < ARRAY_LEN(REASONS); i++)
        json_write_raw(w, slice_of(REASONS[i]));
    json_write_array_end(w);
}

/* Which order the card is about and which rules spoke: CDS Hooks has no field for either. */
static void write_extension(const struct card *card, struct json_writer *w)
{
    const struct rules_advice *advice = card->advice;

    json_write_name(w, "extension");
    json_write_object(w);
    json_write_name(w, CARD_EXTENSION);
    json_write_object(w);
    json_write_member_text(w, "order", card->drug_order->order->name);
    json_write_member_text(w, "drug", advice->drug->name);
    json_write_name(w, "rules");
    json_write_array(w);
    for (size_t i = 0; i < advice->matches_count; i++)
        json_write_text(w, advice->matches[i].recommendation->id);
    json_write_array_end(w);
    json_write_member_text(w, "release", rules_knowledge_hash(card->call->knowledge));
    json_write_object_end(w);
    json_write_object_end(w);
}

static void write_card(struct card *card, struct json_writer *w)
{
    struct buf *text = &card->call->text;

    buf_clear(text);
    make_uuid(card);
    json_write_object(w);
    json_write_member_text(w, "uuid", slice_of(card->uuid));
    card_summary_write(card, text);
    json_write_member_text(w, "summary", buf_slice(text));
    buf_clear(text);
    card_detail_write(card, text);
    json_write_member_text(w, "detail", buf_slice(text));
    json_write_member_text(w, "indicator", slice_of(rules_alert_name(card->advice->alert)));
    write_source(card, w);
    card_suggestions_write(card, w);
    card_override_reasons_write(w);
    write_extension(card, w);
    json_write_object_end(w);
    if (buf_failed(text) || buf_failed(&card->call->aside))
        w->buf->has_failed = true;
}

static void write_pretests(struct hook_call *call, struct json_writer *w)
{
    for (size_t i = 0; i < call->pretests_count; i++) {
        if (call->pretests[i].outcome != HOOK_PRETEST_SHOWN ||
            call->cards_count == call->options->cards_max)
            continue;
        card_pretest_write(call, &call->pretests[i], w);
        call->cards_count++;
    }
}

static void write_estimates(struct hook_call *call, struct json_writer *w)
{
    for (size_t i = 0; i < call->estimates_count; i++) {
        if (!call->estimates[i].is_shown || call->cards_count == call->options->cards_max)
            continue;
        card_estimate_write(call, &call->estimates[i], w);
        call->cards_count++;
    }
}

static void write_card_of(struct hook_call *call, size_t drug_order, struct json_writer *w)
{
    struct card card = {
        .call = call,
        .drug_order = &call->facts.drug_orders[drug_order],
        .advice = &call->advice[drug_order],
    };

    for (size_t m = 0; m < card.advice->advice_count; m++)
        add_match(&card, &card.advice->matches[m]);
    write_card(&card, w);
}

bool hook_card_write(struct hook_call *call, size_t drug_order, struct buf *buf)
{
    struct json_writer w;

    json_write_init(&w, buf);
    if (call->advice[drug_order].alert != RULES_ALERT_NONE) {
        write_card_of(call, drug_order, &w);
        return true;
    }
    for (size_t i = 0; i < call->estimates_count; i++) {
        const struct hook_estimate *e = &call->estimates[i];

        if (!e->is_shown || e->drug_order != &call->facts.drug_orders[drug_order])
            continue;
        card_estimate_write(call, e, &w);
        return true;
    }
    return false;
}

void hook_cards_write(struct hook_call *call, struct buf *buf)
{
    struct json_writer w;

    call->cards_count = 0;
    json_write_init(&w, buf);
    json_write_object(&w);
    json_write_name(&w, "cards");
    json_write_array(&w);
    for (int alert = RULES_ALERT_CRITICAL; alert > RULES_ALERT_NONE; alert--) {
        for (size_t i = 0; i < call->facts.drug_orders_count; i++) {
            if ((int)call->advice[i].alert != alert ||
                call->cards_count == call->options->cards_max)
                continue;
            write_card_of(call, i, &w);
            call->cards_count++;
        }
    }
    write_estimates(call, &w);
    write_pretests(call, &w);
    json_write_array_end(&w);
    json_write_object_end(&w);
}
