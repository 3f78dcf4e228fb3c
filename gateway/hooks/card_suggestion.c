/* gateway/hooks/card_suggestion.c -- what the prescriber can do with one click.
 *
 * An alternative is an `update` of the same order with the other drug in it: the whole
 * resource, same id, without what belonged to the first drug (dosage, dispensing, narrative).
 * Advice to avoid also offers to `delete` the order. One action per suggestion, its
 * description equal to the label, medication as CodeableConcept with text and the RxNorm
 * coding first: what every client seen can apply.
 *
 * An alternative is offered only if every piece of advice that may apply names it: when the
 * indication is not known, one that is right for one indication can harm in another.
 */
#include "gateway/hooks/card.h"

#include <assert.h>

#include "fhir/json_write.h"

#define RXNORM "http://www.nlm.nih.gov/research/umls/rxnorm"

/* Members of an order that describe the drug it was written for. */
static const char *const DRUG_MEMBERS[] = {
    "medicationCodeableConcept", "medicationReference", "medication", "dosageInstruction",
    "dispenseRequest",           "substitution",        "contained",  "text",
    "renderedDosageInstruction", "effectiveDosePeriod",
};

static bool group_names(const struct card *card, const struct card_group *group,
                        struct slice drug)
{
    const struct rules_action *actions;
    size_t count = rules_actions_of(card->call->knowledge, group->recommendation, &actions);

    for (size_t i = 0; i < count; i++)
        if (actions[i].kind == RULES_ACTION_USE_ALTERNATIVE && slice_eq(actions[i].drug, drug))
            return true;
    return false;
}

static bool group_has(const struct card *card, const struct card_group *group,
                      enum rules_action_kind kind)
{
    const struct rules_action *actions;
    size_t count = rules_actions_of(card->call->knowledge, group->recommendation, &actions);

    for (size_t i = 0; i < count; i++)
        if (actions[i].kind == kind)
            return true;
    return false;
}

/* Groups without an action to take do not speak against an alternative. */
static bool all_groups_name(const struct card *card, struct slice drug)
{
    for (size_t i = 0; i < card->groups_count; i++)
        if (card->groups[i].recommendation->alert != RULES_ALERT_NONE &&
            !group_names(card, &card->groups[i], drug))
            return false;
    return true;
}

static bool all_groups_avoid(const struct card *card)
{
    for (size_t i = 0; i < card->groups_count; i++)
        if (!group_has(card, &card->groups[i], RULES_ACTION_AVOID))
            return false;
    return true;
}

static bool describes_drug(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(DRUG_MEMBERS); i++)
        if (slice_eq_text(name, DRUG_MEMBERS[i]))
            return true;
    return false;
}

static void write_medication(const struct rules_drug *drug, struct json_writer *w)
{
    json_write_object(w);
    json_write_name(w, "coding");
    json_write_array(w);
    json_write_object(w);
    json_write_member_text(w, "system", SLICE(RXNORM));
    json_write_member_text(w, "code", drug->rxcui);
    json_write_member_text(w, "display", drug->name);
    json_write_object_end(w);
    json_write_array_end(w);
    json_write_member_text(w, "text", drug->name);
    json_write_object_end(w);
}

/* The order with another drug in it. Members are copied as they were sent, byte for byte, so
 * nothing that we do not understand can be lost or changed; a tree would cost more than all the
 * rest of the card. An R5 order carries its drug in another member. */
static void write_changed_order(const struct card *card, const struct rules_drug *alternative,
                                struct json_writer *w)
{
    struct json order = card->drug_order->order->resource->json;
    bool is_r5 = !json_is_absent(json_get(order, "medication"));

    json_write_name(w, "resource");
    json_write_object(w);
    for (struct json m = json_first(order); !json_is_absent(m); m = json_next(m)) {
        struct slice name = json_name(m, &card->call->arena);

        if (describes_drug(name) || json_is(m, JSON_NULL))
            continue;
        json_write_name_slice(w, name);
        json_write_raw(w, json_raw(m));
    }
    json_write_name(w, is_r5 ? "medication" : "medicationCodeableConcept");
    if (is_r5) {
        json_write_object(w);
        json_write_name(w, "concept");
    }
    write_medication(alternative, w);
    if (is_r5)
        json_write_object_end(w);
    json_write_object_end(w);
}

/* Opens a suggestion up to its action's description; the caller adds what to do and closes. Its
 * identity is the card's, with the suggestion's number in the last group of digits: one digest
 * a card is enough. */
static void open_suggestion(const struct card *card, size_t number, const char *type,
                            struct slice label, struct json_writer *w)
{
    char uuid[CARD_UUID_CHARS + 1];

    memcpy(uuid, card->uuid, sizeof uuid);
    assert(number < 16);
    uuid[CARD_UUID_CHARS - 1] = "0123456789abcdef"[number];
    uuid[CARD_UUID_CHARS - 2] = uuid[CARD_UUID_CHARS - 2] == '5' ? '6' : '5';
    json_write_object(w);
    json_write_member_text(w, "label", label);
    json_write_member_text(w, "uuid", slice_of(uuid));
    json_write_name(w, "actions");
    json_write_array(w);
    json_write_object(w);
    json_write_member_text(w, "type", slice_of(type));
    json_write_member_text(w, "description", label);
}

static void close_suggestion(struct json_writer *w)
{
    json_write_object_end(w);
    json_write_array_end(w);
    json_write_object_end(w);
}

static void write_alternative(const struct card *card, size_t number,
                              const struct rules_drug *alternative, struct json_writer *w)
{
    struct buf *text = &card->call->aside;
    struct slice label;

    buf_clear(text);
    buf_join(text, SLICE("Order "), alternative->name, SLICE(" instead of "),
             card->advice->drug->name, SLICE(" (set the dose)"));
    label = buf_slice(text);

    open_suggestion(card, number, "update", label, w);
    write_changed_order(card, alternative, w);
    close_suggestion(w);
}

static void write_cancel(const struct card *card, size_t number, struct json_writer *w)
{
    struct buf *text = &card->call->aside;
    struct slice label;

    buf_clear(text);
    buf_join(text, SLICE("Cancel the order of "), card->advice->drug->name);
    label = buf_slice(text);

    open_suggestion(card, number, "delete", label, w);
    json_write_member_text(w, "resourceId", card->drug_order->order->name);
    close_suggestion(w);
}

/* The alternatives worth a button: coded, and right whatever is not known. */
static size_t find_alternatives(const struct card *card, const struct rules_drug **ret,
                                size_t max)
{
    const struct rules_action *actions;
    size_t count =
        rules_actions_of(card->call->knowledge, card->groups[0].recommendation, &actions);
    size_t found = 0;

    for (size_t i = 0; i < count && found < max; i++) {
        const struct rules_drug *drug;

        if (actions[i].kind != RULES_ACTION_USE_ALTERNATIVE || actions[i].drug.len == 0 ||
            !all_groups_name(card, actions[i].drug))
            continue;
        drug = rules_find_drug(card->call->knowledge, actions[i].drug);
        if (drug != NULL && drug->rxcui.len > 0)
            ret[found++] = drug;
    }
    return found;
}

void card_suggestions_write(const struct card *card, struct json_writer *w)
{
    const struct fhir_resource *order = card->drug_order->order->resource;
    const struct rules_drug *alternatives[CARD_SUGGESTIONS_MAX - 1];
    size_t count = find_alternatives(card, alternatives, ARRAY_LEN(alternatives));
    bool may_cancel = all_groups_avoid(card);

    /* Without an id the client could not tell which of its orders is meant. */
    if (order->id.len == 0 || order->parent != SIZE_MAX || (count == 0 && !may_cancel))
        return;
    json_write_name(w, "suggestions");
    json_write_array(w);
    for (size_t i = 0; i < count; i++)
        write_alternative(card, i, alternatives[i], w);
    if (may_cancel)
        write_cancel(card, count, w);
    json_write_array_end(w);
    /* The choices exclude each other (CDS Hooks 2.0.1: required beside suggestions). */
    json_write_member_text(w, "selectionBehavior", SLICE("at-most-one"));
}
