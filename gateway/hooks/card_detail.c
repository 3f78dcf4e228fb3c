/* gateway/hooks/card_detail.c -- the card's detail: what a prescriber needs to check it.
 *
 * Plain GitHub Flavored Markdown, short paragraphs, no tables and no HTML, because some clients
 * show it in a narrow column. In this order: what was found, what it means and the options
 * (per population or result where the advice differs), how strong the advice is and where
 * it comes from, what is not known, why this card is shown.
 */
#include "gateway/hooks/card.h"
#include "gateway/hooks/gather.h"

#define HASH_CHARS_SHOWN  12
#define SOURCES_SHOWN_MAX 5

void card_heading(struct buf *buf, const char *text)
{
    buf_join(buf, buf->len == 0 ? SLICE_NONE : SLICE("\n"), SLICE("**"), slice_of(text),
             SLICE("**\n\n"));
}

static void write_call(const struct card *card, const struct rules_gene_result *result,
                       const struct rules_call *call, struct buf *buf)
{
    struct hook_call *hook = card->call;
    const struct hook_facts *facts = &hook->facts;

    buf_join(buf, SLICE("- "), result->gene->symbol, SLICE(" "));
    if (result->gene->key_kind == RULES_KEY_ALLELE_STATUS) {
        for (size_t i = 0; i < call->keys_count; i++) {
            if (i > 0)
                buf_add_text(buf, ", ");
            card_escape(buf, call->keys[i].word);
        }
    } else {
        if (call->diplotype.len > 0) {
            card_escape(buf, call->diplotype);
            buf_add_text(buf, ": ");
        }
        card_escape(buf, call->phenotype);
        if (call->has_score) {
            buf_add_text(buf, ", activity score ");
            buf_add(buf,
                    rules_score_text(call->score_x100, call->score_is_at_least, &hook->arena));
        }
    }
    card_conversion_write_call(card, result, (size_t)(call - result->calls), buf);
    for (size_t i = 0; i < call->sources_count; i++) {
        if (i == SOURCES_SHOWN_MAX) {
            buf_printf(buf, ", and %zu more", call->sources_count - i);
            break;
        }
        card_reading_write_source(&facts->reading.evidence[call->sources[i]], buf);
    }
    buf_add_char(buf, '\n');
}

static void write_found(const struct card *card, struct buf *buf)
{
    const struct rules_gene **genes;
    size_t count = rules_genes_of_drug(card->call->knowledge, card->advice->drug, &genes);

    card_heading(buf, "What was found");
    for (size_t i = 0; i < count; i++) {
        const struct rules_gene_result *result =
            hook_facts_result(&card->call->facts, genes[i]);

        /* What a laboratory reported stands first. */
        for (int is_first = 1; result != NULL && is_first >= 0; is_first--)
            for (size_t c = 0; c < result->calls_count; c++)
                if (hook_facts_have_laboratory(&card->call->facts, &result->calls[c]) ==
                    is_first)
                    write_call(card, result, &result->calls[c], buf);
        if (result != NULL)
            card_conversion_write_others(card, result, buf);
    }
    card_dose_write(card, buf);
}

/* The keys of one condition, as the knowledge writes them: "0.25..1.0". */
static void write_keys_of(const struct card *card, const struct rules_recommendation *r,
                          struct slice gene, struct buf *buf)
{
    const struct rules_condition *conditions;
    size_t count = rules_conditions_of(card->call->knowledge, r, &conditions), written = 0;

    for (size_t i = 0; i < count; i++) {
        const struct rules_condition *c = &conditions[i];

        if (!slice_eq(c->gene, gene))
            continue;
        buf_join(buf, written++ > 0 ? SLICE(" or ") : SLICE_NONE,
                 slice_head(c->key, slice_find(c->key, SLICE(".."))));
        if (slice_find(c->key, SLICE("..")) != SIZE_MAX)
            buf_join(buf, SLICE(" to "),
                     slice_from(c->key, slice_find(c->key, SLICE("..")) + 2));
    }
}

/* " with CYP2C19 *1 / *2" or " with a CYP2D6 activity score of 0.5": which of several possible
 * results this advice is for. Nothing when the result is beyond doubt. */
static void write_result_label(const struct card *card, const struct rules_match *match,
                               struct buf *buf)
{
    for (size_t i = 0; i < match->because_count; i++) {
        const struct rules_gene_result *result = match->because[i].result;
        const struct rules_call *call;
        const struct rules_key *key;

        if (result == NULL)
            continue;
        call = &result->calls[match->because[i].call];
        key = &call->keys[match->because[i].key];
        if (result->state == RULES_GENE_CONFLICT) {
            buf_join(buf, SLICE(" with "), result->gene->symbol, SLICE(" "));
            card_escape(buf, result->gene->key_kind == RULES_KEY_ALLELE_STATUS ? key->word
                             : call->diplotype.len > 0                         ? call->diplotype
                                                       : call->phenotype);
        } else if (key->is_score && key->from_x100 != key->to_x100 &&
                   (!call->has_score || call->score_is_at_least)) {
            buf_join(buf, SLICE(" with a "), result->gene->symbol,
                     SLICE(" activity score of "));
            write_keys_of(card, match->recommendation, result->gene->symbol, buf);
        }
    }
}

static void write_age_label(const struct rules_recommendation *r, struct buf *buf)
{
    if (r->age_from_years > 0)
        buf_printf(buf, " from the age of %u", r->age_from_years);
    if (r->age_below_years != RULES_AGE_NO_MAX)
        buf_printf(buf, " below the age of %u", r->age_below_years);
}

static struct slice population_label(const struct card *card, struct slice id)
{
    const struct rules_population *population =
        rules_population_by_id(card->call->knowledge, card->advice->drug, id);

    return population == NULL ? id : population->label;
}

/* Who this group's advice is for; one label per match. */
static void write_group_label(const struct card *card, const struct card_group *group,
                              struct buf *buf)
{
    buf_add_text(buf, "*For ");
    for (size_t i = 0; i < group->matches_count; i++) {
        const struct rules_recommendation *r = group->matches[i]->recommendation;

        buf_join(buf, i > 0 ? SLICE("; ") : SLICE_NONE,
                 r->population.len > 0 ? population_label(card, r->population)
                                       : SLICE("patients"));
        write_result_label(card, group->matches[i], buf);
        write_age_label(r, buf);
    }
    buf_printf(buf, " (%s):* ", card_strength(group->recommendation));
}

static void write_options(struct slice options, struct buf *buf)
{
    buf_add_char(buf, '\n');
    while (options.len > 0) {
        struct slice option = slice_cut(options, '\n', &options);

        buf_add_text(buf, "- ");
        card_words(buf, option);
        buf_add_char(buf, '\n');
    }
}

static void write_implications(const struct card *card, const struct card_group *group,
                               struct buf *buf)
{
    const struct rules_implication *implications;
    size_t count =
        rules_implications_of(card->call->knowledge, group->recommendation, &implications);

    /* With one gene the meaning says it already; with several, "usual risk" and "much higher
     * risk" side by side are only understood with their genes. */
    for (size_t i = 0; count > 1 && i < count; i++) {
        const struct rules_message *message = rules_find_message(
            card->call->knowledge, implications[i].message, card->call->options->locale);

        if (message == NULL ||
            slice_find(group->message->meaning, message->meaning) != SIZE_MAX)
            continue; /* said there */
        buf_add_char(buf, ' ');
        if (slice_find(message->meaning, implications[i].gene) == SIZE_MAX) {
            card_words(buf, implications[i].gene);
            buf_add_text(buf, ": ");
        }
        card_words(buf, message->meaning);
    }
}

static void write_single(const struct card *card, struct buf *buf)
{
    const struct card_group *group = &card->groups[0];

    card_heading(buf, "What it means");
    if (card_population_is_open(card))
        write_group_label(card, group, buf);
    card_words(buf, group->message->meaning);
    write_implications(card, group, buf);
    buf_add_char(buf, '\n');
    if (group->message->options.len == 0)
        return;
    card_heading(buf, "Options");
    buf->len--; /* the list follows the heading's own blank line */
    write_options(group->message->options, buf);
}

static void write_several(const struct card *card, struct buf *buf)
{
    card_heading(buf, "What it means, and options");
    for (size_t i = 0; i < card->groups_count; i++) {
        const struct card_group *group = &card->groups[i];

        if (i > 0)
            buf_add_char(buf, '\n');
        write_group_label(card, group, buf);
        if (group->recommendation->alert == RULES_ALERT_NONE) {
            card_words(buf, group->message->verdict);
            buf_add_text(buf, ".\n");
            continue;
        }
        card_words(buf, group->message->meaning);
        buf_add_char(buf, '\n');
        if (group->message->options.len > 0)
            write_options(group->message->options, buf);
    }
}

void card_write_pmids(struct slice pmids, struct buf *buf)
{
    struct slice before = SLICE(", PMID ");

    while (pmids.len > 0) {
        struct slice pmid = slice_cut(pmids, ' ', &pmids);

        buf_join(buf, before, pmid);
        before = SLICE(", ");
    }
}

/* "- CPIC level of the evidence: CYP2C19 A." */
static void write_levels(const struct card *card, struct buf *buf)
{
    const struct rules_gene_drug *levels;
    size_t count = rules_evidence_of(card->call->knowledge, card->advice->drug, &levels);

    for (size_t i = 0; i < count; i++)
        buf_join(buf, i == 0 ? SLICE("- CPIC level of the evidence: ") : SLICE(", "),
                 levels[i].gene, SLICE(" "), levels[i].level);
    if (count > 0)
        buf_add_text(buf, ".\n");
}

/* Each source once. The strength stands here when there is one piece of advice, else with each.
 */
static void write_strength(const struct card *card, struct buf *buf)
{
    card_heading(buf, "Strength and source");
    for (size_t i = 0; i < card->groups_count; i++) {
        const struct rules_recommendation *r = card->groups[i].recommendation;
        const struct rules_source *s = rules_find_source(card->call->knowledge, r->source);
        bool is_listed = false;

        for (size_t k = 0; k < i; k++)
            is_listed =
                is_listed || slice_eq(card->groups[k].recommendation->source, r->source);
        if (is_listed || s == NULL)
            continue;
        buf_add_text(buf, "- ");
        if (card->groups_count == 1)
            buf_printf(buf,
                       r->label == RULES_LABEL_NONE ? "%s recommendation. " : "Label: %s. ",
                       card_strength(r));
        buf_join(buf, s->publisher, SLICE(", "), s->title, SLICE(" ("), s->year, SLICE(")"));
        card_write_pmids(s->pmids, buf);
        buf_add_char(buf, '\n');
    }
    write_levels(card, buf);
}

static void write_unknown_of_calls(const struct card *card, struct buf *unknown)
{
    const struct rules_gene **genes;
    size_t count = rules_genes_of_drug(card->call->knowledge, card->advice->drug, &genes);

    for (size_t i = 0; i < count; i++) {
        const struct rules_gene_result *result =
            hook_facts_result(&card->call->facts, genes[i]);
        uint32_t notes = 0;

        if (result == NULL)
            continue;
        for (size_t c = 0; c < result->calls_count; c++)
            notes |= result->calls[c].notes;
        for (uint32_t n = 0; n < RULES_NOTES_COUNT; n++)
            if ((notes >> n & 1) != 0)
                buf_printf(unknown, "- %.*s: %s.\n", SLICE_ARG(result->gene->symbol),
                           rules_call_note_text((enum rules_call_note)n));
        if (result->state == RULES_GENE_CONFLICT)
            buf_printf(unknown,
                       "- %.*s: the results on file do not agree; none is preferred "
                       "here.\n",
                       SLICE_ARG(result->gene->symbol));
    }
}

/* What would tell which of the situations applies; each thing once. */
static void write_unknown_populations(const struct card *card, struct buf *unknown)
{
    bool by_reason = false, by_age = false, by_weight = false, by_therapy = false;

    for (size_t i = 0; i < card->advice->advice_count && card_population_is_open(card); i++) {
        const struct rules_match *match = &card->advice->matches[i];
        const struct rules_population *p = rules_population_by_id(
            card->call->knowledge, card->advice->drug, match->recommendation->population);

        if (p == NULL || match->is_certain)
            continue;
        by_therapy |= p->therapy != RULES_THERAPY_ANY;
        by_age |= p->age_from_years > 0 || p->age_below_years != RULES_AGE_NO_MAX;
        by_weight |= p->weight_above_x100 != RULES_WEIGHT_NONE;
        by_reason |= rules_drug_needs(card->call->knowledge, card->advice->drug).reason;
    }
    if (by_reason)
        buf_add_text(unknown, "- The order carries no reason that says which of these "
                              "situations applies.\n");
    if (by_age)
        buf_add_text(unknown,
                     "- The patient's age, which decides what applies, is not known.\n");
    if (by_weight)
        buf_add_text(unknown, "- The patient's weight may decide what applies.\n");
    if (by_therapy)
        buf_printf(unknown, "- It is not known whether the patient has taken %.*s before.\n",
                   SLICE_ARG(card->advice->drug->name));
}

/* Named by source, so that the reader knows where to look. */
static void write_unread(const struct card *card, struct buf *buf)
{
    size_t before;

    if (!card->call->is_incomplete && !hook_gather_lacks_results(card->call))
        return;
    buf_add_text(buf, "- Part of the record could not be read");
    before = buf->len;
    buf_add_text(buf, " (");
    hook_gather_write_unread(card->call, buf, hook_need_words);
    if (buf->len == before + 2)
        buf->len = before;
    else
        buf_add_char(buf, ')');
    buf_add_text(buf, "; there may be further results.\n");
}

static void write_unknown(const struct card *card, struct buf *buf)
{
    const struct rules_advice *advice = card->advice;
    struct buf *unknown = &card->call->aside;

    buf_clear(unknown);
    if (card->drug_order->named_by == HOOK_NAMED_BY_TEXT)
        buf_add_text(unknown, "- The order names the drug only in words.\n");
    write_unknown_populations(card, unknown);
    for (size_t i = 0; i < advice->missing_count; i++)
        buf_printf(unknown, "- %.*s: no usable result on file.\n",
                   SLICE_ARG(advice->missing[i]->symbol));
    write_unknown_of_calls(card, unknown);
    card_reading_write_unknown(card, unknown);
    card_conversion_write_unknown(card, unknown);
    if (card->has_more)
        buf_add_text(unknown, "- There is more advice than this card can hold; the trace of "
                              "this call has all of it.\n");
    write_unread(card, unknown);
    if (unknown->len > 0) {
        card_heading(buf, "What is not known");
        buf_add(buf, buf_slice(unknown));
    }
}

static void write_why(const struct card *card, struct buf *buf)
{
    const struct rules_release *rows = rules_knowledge_rows(card->call->knowledge);
    size_t written = 0;

    card_heading(buf, "Why you see this");
    buf_join(buf, SLICE("The order is for "), card->advice->drug->name, SLICE(". By "));
    for (size_t i = 0; i < card->advice->matches_count; i++)
        if (card->advice->matches[i].recommendation->alert != RULES_ALERT_NONE &&
            card->advice->matches[i].part <= RULES_PART_LABEL)
            buf_join(buf, written++ > 0 ? SLICE(", `") : SLICE("rule `"),
                     card->advice->matches[i].recommendation->id, SLICE("`"));
    buf_join(buf, SLICE("; knowledge "), rows->name, SLICE(" "), rows->version, SLICE(" ("),
             slice_head(rules_knowledge_hash(card->call->knowledge), HASH_CHARS_SHOWN),
             SLICE("). Decision support for professionals: check it against the patient in "
                   "front of you.\n"));
}

void card_detail_write(const struct card *card, struct buf *buf)
{
    write_found(card, buf);
    if (card->groups_count == 1)
        write_single(card, buf);
    else
        write_several(card, buf);
    write_strength(card, buf);
    card_sources_write(card, buf);
    write_unknown(card, buf);
    write_why(card, buf);
}
