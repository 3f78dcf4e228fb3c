/* gateway/hooks/card_conversion.c -- other drugs on the card: who changes what a gene does, by
 * which list, and whether the advice counts it.
 *
 *   CYP2D6 *1 / *1: Normal Metabolizer by genotype; acting as Poor Metabolizer because of
 *   paroxetine (strong inhibitor, FDA 2023)
 *
 * The genotype always stays visible. Names are the knowledge's; no text of the record is here.
 */
#include "gateway/hooks/card.h"

#define OTHERS_SHOWN_MAX 4 /* of one gene */

/* A card that is written without a patient's record (hook_card_write) has no such facts. */
static const struct hook_order_facts *facts_of(const struct card *card)
{
    static const struct hook_order_facts NONE;

    return card->call->order_facts == NULL
               ? &NONE
               : &card->call->order_facts[card->drug_order - card->call->facts.drug_orders];
}

static bool call_changes(const struct rules_conversion *c, size_t call)
{
    const struct rules_call *before = &c->genotype->calls[call];
    const struct rules_call *after = &c->clinical.calls[call];

    for (size_t i = 0; i < before->keys_count && i < after->keys_count; i++)
        if (before->keys[i].from_x100 != after->keys[i].from_x100 ||
            before->keys[i].to_x100 != after->keys[i].to_x100)
            return true;
    return before->keys_count != after->keys_count;
}

/* "paroxetine (strong inhibitor, FDA 2023; stopped 10 days ago)" */
static void write_acting(const struct card *card, const struct rules_acting *acting,
                         struct buf *buf)
{
    const struct rules_modulator *m = acting->modulator;
    const struct rules_source *source = rules_find_source(card->call->knowledge, m->source);
    uint32_t days = acting->comedication->stopped_days;

    card_words(buf, m->drug);
    buf_join(buf, SLICE(" ("), slice_of(rules_strength_name(m->strength)), SLICE(" "),
             slice_of(rules_role_name(m->role)));
    if (source != NULL) {
        buf_add_text(buf, ", ");
        card_words(buf, source->publisher);
        buf_add_char(buf, ' ');
        card_words(buf, source->year);
    }
    if (acting->comedication->is_stopped && acting->is_certain)
        buf_printf(buf, "; stopped %u %s ago", days, days == 1 ? "day" : "days");
    buf_add_char(buf, ')');
}

static void write_clinical(const struct card *card, const struct rules_call *call,
                           struct buf *buf)
{
    card_words(buf, call->phenotype);
    if (call->has_score)
        buf_join(
            buf, SLICE(", activity score "),
            rules_score_text(call->score_x100, call->score_is_at_least, &card->call->arena));
}

void card_conversion_write_call(const struct card *card, const struct rules_gene_result *result,
                                size_t call, struct buf *buf)
{
    const struct rules_conversion *c = hook_order_conversion(facts_of(card), result->gene);

    if (c == NULL || c->responsible == NULL || !call_changes(c, call))
        return;
    buf_add_text(buf, " by genotype; ");
    if (c->is_applied) {
        buf_add_text(buf, "acting as ");
        write_clinical(card, &c->clinical.calls[call], buf);
        buf_add_text(buf, " because of ");
        write_acting(card, c->responsible, buf);
        return;
    }
    buf_add_text(buf, "with ");
    write_acting(card, c->responsible, buf);
    buf_add_text(buf, " it may act as ");
    write_clinical(card, &c->clinical.calls[call], buf);
    buf_add_text(buf, ", which the advice here does not count");
}

void card_conversion_write_finding(const struct card *card, const struct rules_gene *gene,
                                   size_t call, bool is_short, struct buf *buf)
{
    const struct rules_conversion *c = hook_order_conversion(facts_of(card), gene);

    if (c == NULL || !c->is_applied || !call_changes(c, call))
        return;
    buf_join(buf, is_short ? SLICE(" (") : SLICE(" (because of "),
             c->responsible->modulator->drug, SLICE(")"));
}

/* What acts on the gene and does not enter the phenotype. */
void card_conversion_write_others(const struct card *card,
                                  const struct rules_gene_result *result, struct buf *buf)
{
    const struct rules_conversion *c = hook_order_conversion(facts_of(card), result->gene);
    size_t written = 0;

    for (size_t i = 0; c != NULL && i < c->acting_count && written < OTHERS_SHOWN_MAX; i++) {
        const struct rules_acting *acting = &c->acting[i];

        if (acting == c->responsible || (acting->is_certain && acting->modulator->has_factor))
            continue; /* the strongest counts alone */
        buf_join(buf, SLICE("- "), result->gene->symbol, SLICE(" and "));
        write_acting(card, acting, buf);
        buf_add(buf, acting->is_certain
                         ? SLICE(": told as information; the phenotype is left as it is.\n")
                         : SLICE(": stopped or on hold, since when is not known; it may still "
                                 "act.\n"));
        written++;
    }
}

/* Genes of this drug that have a result, and that other drugs could change. */
void card_conversion_write_unknown(const struct card *card, struct buf *unknown)
{
    const struct hook_order_facts *facts = facts_of(card);
    enum hook_list_state state = card->call->patient.list_state;
    size_t written = 0;

    if (card->call->options->conversion == RULES_CONVERSION_OFF ||
        (state != HOOK_LIST_UNREAD && state != HOOK_LIST_PARTIAL))
        return;
    for (size_t i = 0; i < facts->conversions_count; i++) {
        const struct rules_gene_result *result = facts->conversions[i].genotype;

        if (result->calls_count == 0 ||
            !rules_gene_has_modulators(card->call->knowledge, result->gene))
            continue;
        if (written++ > 0)
            buf_add_text(unknown, ", ");
        else if (state == HOOK_LIST_UNREAD)
            buf_add_text(unknown, "- The medication list could not be read: other drugs may "
                                  "change the phenotype of ");
        else
            buf_add_text(unknown, "- The medication list could not be read in full: further "
                                  "drugs may change the phenotype of ");
        buf_add(unknown, result->gene->symbol);
    }
    if (written > 0)
        buf_add_text(unknown, ".\n");
}

void card_conversion_write_identity(const struct card *card, struct buf *seed)
{
    const struct hook_order_facts *facts = facts_of(card);

    for (size_t i = 0; i < facts->conversions_count; i++)
        if (facts->conversions[i].is_applied)
            buf_join(seed, facts->conversions[i].genotype->gene->symbol, SLICE(" "),
                     facts->conversions[i].responsible->modulator->drug, SLICE("\n"));
}

void card_dose_write(const struct card *card, struct buf *buf)
{
    const struct hook_order_facts *facts = facts_of(card);

    for (size_t i = 0; i < card->advice->advice_count; i++) {
        const struct rules_action *actions;
        size_t count = rules_actions_of(card->call->knowledge,
                                        card->advice->matches[i].recommendation, &actions);

        for (size_t a = 0; card->advice->matches[i].limit == RULES_LIMIT_ABOVE && a < count;
             a++) {
            if (actions[a].kind != RULES_ACTION_LIMIT_DOSE)
                continue;
            buf_join(buf, SLICE("- Ordered: "),
                     rules_score_text(facts->dose_mg_x100, false, &card->call->arena),
                     SLICE(" mg a day, above the limit of "),
                     rules_score_text(actions[a].amount_x100, false, &card->call->arena),
                     SLICE(" mg a day that this advice sets.\n"));
            return;
        }
    }
}
