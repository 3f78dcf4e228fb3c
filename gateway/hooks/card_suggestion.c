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

#include "fhir/json_c.h"
#include "fhir/json_write.h"
#include "gateway/store/digest.h"

#define RXNORM          "http://www.nlm.nih.gov/research/umls/rxnorm"
#define LABEL_BYTES_MAX 200
#define ORDER_DEPTH_MAX JSON_DEPTH_MAX

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

static struct json_object *text_object(struct slice s)
{
    return json_object_new_string_len(s.ptr, (int)s.len);
}

static struct json_object *medication_of(const struct rules_drug *drug)
{
    struct json_object *concept = json_object_new_object();
    struct json_object *codings = json_object_new_array();
    struct json_object *coding = json_object_new_object();

    json_object_object_add(coding, "system", json_object_new_string(RXNORM));
    json_object_object_add(coding, "code", text_object(drug->rxcui));
    json_object_object_add(coding, "display", text_object(drug->name));
    json_object_array_add(codings, coding);
    json_object_object_add(concept, "coding", codings);
    json_object_object_add(concept, "text", text_object(drug->name));
    return concept;
}

/* The order as a new json-c tree, the caller's; NULL when memory ends. The text was validated
 * by our own reader already. */
static struct json_object *parse_order(struct slice raw)
{
    struct json_tokener *tokener = json_tokener_new_ex(ORDER_DEPTH_MAX);
    struct json_object *order;

    if (tokener == NULL)
        return NULL;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    order = json_tokener_parse_ex(tokener, raw.ptr, (int)raw.len);
    json_tokener_free(tokener);
    return order;
}

static bool write_changed_order(const struct card *card, const struct rules_drug *alternative,
                                struct json_writer *w)
{
    struct json_object *order = parse_order(json_raw(card->drug_order->order->resource->json));
    bool is_r5;
    const char *text;
    size_t len;

    if (order == NULL)
        return false;
    is_r5 = json_object_object_get_ex(order, "medication", NULL) != 0;
    for (size_t i = 0; i < ARRAY_LEN(DRUG_MEMBERS); i++)
        json_object_object_del(order, DRUG_MEMBERS[i]);
    if (is_r5) {
        struct json_object *codeable_reference = json_object_new_object();

        json_object_object_add(codeable_reference, "concept", medication_of(alternative));
        json_object_object_add(order, "medication", codeable_reference);
    } else {
        json_object_object_add(order, "medicationCodeableConcept", medication_of(alternative));
    }
    text = json_object_to_json_string_length(
        order, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
    json_write_name(w, "resource");
    json_write_raw(w, (struct slice){text, len});
    json_object_put(order);
    return true;
}

/* Opens a suggestion up to its action's description; the caller adds what to do and closes. */
static void open_suggestion(const struct card *card, const char *type, struct slice label,
                            struct json_writer *w)
{
    char uuid[CARD_UUID_CHARS + 1];
    char seed[CARD_UUID_CHARS + LABEL_BYTES_MAX + 2];
    int len = snprintf(seed, sizeof seed, "%s/%.*s", card->uuid, SLICE_ARG(label));

    digest_uuid((struct slice){seed, (size_t)len < sizeof seed ? (size_t)len : sizeof seed - 1},
                uuid);
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

static void write_alternative(const struct card *card, const struct rules_drug *alternative,
                              struct json_writer *w)
{
    struct slice label =
        arena_printf(&card->call->arena, "Order %.*s instead of %.*s (set the dose)",
                     SLICE_ARG(alternative->name), SLICE_ARG(card->advice->drug->name));

    open_suggestion(card, "update", label, w);
    if (!write_changed_order(card, alternative, w))
        w->buf->has_failed = true;
    close_suggestion(w);
}

static void write_cancel(const struct card *card, struct json_writer *w)
{
    struct slice label = arena_printf(&card->call->arena, "Cancel the order of %.*s",
                                      SLICE_ARG(card->advice->drug->name));

    open_suggestion(card, "delete", label, w);
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
        write_alternative(card, alternatives[i], w);
    if (may_cancel)
        write_cancel(card, w);
    json_write_array_end(w);
    /* The choices exclude each other (CDS Hooks 2.0.1: required beside suggestions). */
    json_write_member_text(w, "selectionBehavior", SLICE("at-most-one"));
}
