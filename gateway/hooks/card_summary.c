/* gateway/hooks/card_summary.c -- the one sentence: drug, gene, phenotype, what to do.
 *
 *   Clopidogrel: CYP2C19 Poor Metabolizer - avoid; consider prasugrel or ticagrelor
 *
 * Only words of the knowledge stand here, never text from the record. When it would be too
 * long, phenotypes are abbreviated first, then it is cut at a word.
 */
#include "gateway/hooks/card.h"

static size_t count_chars(struct slice s)
{
    size_t chars = 0;

    for (size_t i = 0; i < s.len; i++)
        chars += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return chars;
}

/* "Poor Metabolizer", "*57:01 positive" joined to its gene, "activity score 0.5". */
static void write_finding(const struct card *card, const struct rules_gene_result *result,
                          size_t call_index, size_t key_index, bool is_short, struct buf *buf)
{
    const struct rules_call *call = &result->calls[call_index];
    const struct rules_key *key = &call->keys[key_index];
    struct slice symbol = result->gene->symbol;

    if (result->gene->key_kind == RULES_KEY_ALLELE_STATUS)
        buf_join(buf, symbol, key->word);
    else
        buf_join(buf, symbol, SLICE(" "),
                 is_short ? rules_phenotype_abbreviation(card->call->knowledge, symbol,
                                                         call->phenotype)
                          : call->phenotype);
    card_conversion_write_finding(card, result->gene, call_index, is_short, buf);
}

static void write_findings(const struct card *card, bool is_short, struct buf *buf)
{
    const struct rules_match *match = &card->advice->matches[0];
    size_t written = 0;

    for (size_t i = 0; i < match->because_count; i++) {
        const struct rules_gene_result *result = match->because[i].result;

        if (result == NULL)
            continue;
        if (written++ > 0)
            buf_add_text(buf, ", ");
        if (result->state == RULES_GENE_CONFLICT && card->groups_count > 1)
            buf_join(buf, result->gene->symbol,
                     card_result_is_ambiguous(result) ? SLICE(" result ambiguous")
                                                      : SLICE(" results disagree"));
        else
            write_finding(card, result, match->because[i].call, match->because[i].key, is_short,
                          buf);
    }
}

void card_drug_write(struct buf *buf, struct slice name)
{
    char first = name.ptr[0];

    buf_add_char(buf, (char)(first >= 'a' && first <= 'z' ? first - 'a' + 'A' : first));
    buf_add(buf, slice_from(name, 1));
}

static void write_sentence(const struct card *card, bool is_short, struct buf *buf)
{
    card_drug_write(buf, card->advice->drug->name);
    buf_add_text(buf, ": ");
    write_findings(card, is_short, buf);
    buf_add_text(buf, " \xE2\x80\x93 "); /* en dash */
    buf_add(buf, card->groups[0].message->verdict);
    if (card_depends_on_population(card))
        buf_add_text(buf, " (depends on the situation)");
}

static struct slice cut_at_word(struct slice s)
{
    size_t chars = 0, end = 0;

    for (size_t i = 0; i < s.len; i++) {
        chars += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
        if (chars > CARD_SUMMARY_CHARS_MAX - 1)
            break;
        if (s.ptr[i] == ' ')
            end = i;
    }
    return slice_head(s, end);
}

void card_summary_fit(struct slice sentence, struct buf *buf)
{
    if (count_chars(sentence) > CARD_SUMMARY_CHARS_MAX) {
        buf_add(buf, cut_at_word(sentence));
        buf_add_text(buf, "\xE2\x80\xA6"); /* ellipsis */
    } else {
        buf_add(buf, sentence);
    }
}

void card_summary_write(const struct card *card, struct buf *buf)
{
    struct buf *text = &card->call->aside;

    buf_clear(text);
    write_sentence(card, false, text);
    if (count_chars(buf_slice(text)) > CARD_SUMMARY_CHARS_MAX) {
        buf_clear(text);
        write_sentence(card, true, text);
    }
    card_summary_fit(buf_slice(text), buf);
}
