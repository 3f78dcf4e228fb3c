/* gateway/hooks/card_sources.c -- what others than the speaker of a card say.
 *
 * A regulator's label stands beside the advice; other publishers are named with what they
 * advise, under a heading that says when they differ; a guideline that a site's policy stands
 * over stays visible.
 */
#include "gateway/hooks/card.h"

#define STATEMENTS_MAX 8 /* of one kind; each message once */

static const char *label_words(enum rules_label label)
{
    switch (label) {
    case RULES_LABEL_NONE:
        break;
    case RULES_LABEL_WARNING:
        return "warning";
    case RULES_LABEL_BOXED_WARNING:
        return "boxed warning";
    case RULES_LABEL_CONTRAINDICATION:
        return "contraindication";
    }
    return "label";
}

const char *card_strength(const struct rules_recommendation *r)
{
    return r->label == RULES_LABEL_NONE ? rules_classification_name(r->classification)
                                        : label_words(r->label);
}

/* Whether an earlier match of the same part said the same. */
static bool is_said(const struct rules_advice *advice, size_t match)
{
    for (size_t i = 0; i < match; i++)
        if (advice->matches[i].part == advice->matches[match].part &&
            slice_eq(advice->matches[i].recommendation->message,
                     advice->matches[match].recommendation->message))
            return true;
    return false;
}

/* "- FDA, boxed warning (2022): ..." */
static void write_statement(const struct card *card, const struct rules_match *match,
                            struct buf *buf)
{
    const struct rules_knowledge *k = card->call->knowledge;
    const struct rules_recommendation *r = match->recommendation;
    const struct rules_source *source = rules_find_source(k, r->source);
    const struct rules_message *message =
        rules_find_message(k, r->message, card->call->options->locale);

    if (source == NULL || message == NULL)
        return;
    buf_add_text(buf, "- ");
    card_words(buf, source->publisher);
    if (r->label != RULES_LABEL_NONE)
        buf_printf(buf, ", %s", label_words(r->label));
    buf_join(buf, SLICE(" ("), source->year, SLICE("): "));
    card_words(buf, (r->label != RULES_LABEL_NONE && message->meaning.len > 0) ||
                            message->verdict.len == 0
                        ? message->meaning
                        : message->verdict);
    if (r->label == RULES_LABEL_NONE)
        buf_printf(buf, " (%s).", rules_classification_name(r->classification));
    buf_add_char(buf, '\n');
}

static void write_part(const struct card *card, enum rules_part part, const char *heading,
                       struct buf *buf)
{
    const struct rules_advice *advice = card->advice;
    size_t written = 0;

    for (size_t i = 0; i < advice->matches_count && written < STATEMENTS_MAX; i++) {
        if (advice->matches[i].part != part || is_said(advice, i))
            continue;
        if (written++ == 0)
            card_heading(buf, heading);
        write_statement(card, &advice->matches[i], buf);
    }
}

void card_sources_write(const struct card *card, struct buf *buf)
{
    write_part(card, RULES_PART_LABEL, "What the drug's label says", buf);
    write_part(card, RULES_PART_OVERRIDDEN, "The guideline that local policy stands over", buf);
    write_part(card, RULES_PART_OTHER,
               card->advice->sources_differ ? "Sources differ" : "Other sources", buf);
}
