/* gateway/hooks/card_reading.c -- where a card's results come from, and what reading the record
 * and the orders left open.
 *
 * A warning of the reader stands on a card only where it says something about the drug at hand:
 * about one of its genes, or about the record as a whole. The texts are for a prescriber; those
 * of fhir/observation.h are for who looks into the record.
 */
#include "gateway/hooks/card.h"

#include <assert.h>

static void write_date(struct buf *buf, struct slice date)
{
    for (size_t i = 0; i < date.len; i++)
        if ((date.ptr[i] < '0' || date.ptr[i] > '9') && date.ptr[i] != '-')
            date = SLICE_NONE;
    if (date.len == 0)
        buf_add_text(buf, "undated");
    else
        buf_add(buf, date);
}

void card_reading_write_source(const struct fhir_evidence *evidence, struct buf *buf)
{
    buf_add_text(buf, ", ");
    write_date(buf, evidence->date);
    if (evidence->performer.len > 0) {
        buf_add_text(buf, ", ");
        card_escape(buf, evidence->performer);
    }
    if (evidence->method.len > 0) {
        buf_add_text(buf, ", ");
        card_escape(buf, evidence->method);
    }
    buf_add_text(buf, ", ");
    card_escape(buf, evidence->resource->name);
    buf_add(buf, hook_origin_words(evidence->origin));
    if (evidence->is_implied && evidence->implication.len > 0) {
        buf_add(buf, evidence->origin == FHIR_ORIGIN_IMPLICATION
                         ? SLICE(": ")
                         : SLICE(", stated for a drug: "));
        card_escape(buf, evidence->implication);
    }
    if (evidence->is_preliminary)
        buf_add_text(buf, ", preliminary");
}

/* Where a warning stands. */
enum scope {
    SCOPE_NEVER,   /* the result's own line says it, or no gene of ours is meant */
    SCOPE_GENE,    /* on cards of its genes */
    SCOPE_MISSING, /* ... that have no usable result */
    SCOPE_RECORD,  /* on every card */
};

static const struct {
    enum scope scope;
    const char *text;
} WARNINGS[] = {
    [FHIR_WARNING_GENE_MISMATCH] = {SCOPE_GENE,
                                    "a result names different genes in its code and "
                                    "its value; check which one was meant"},
    [FHIR_WARNING_GENE_UNKNOWN] = {SCOPE_NEVER, ""},
    [FHIR_WARNING_STATUS_UNKNOWN] = {SCOPE_GENE, "whether a result is final is not known"},
    [FHIR_WARNING_PRELIMINARY] = {SCOPE_NEVER, ""},
    [FHIR_WARNING_ONE_ALLELE] = {SCOPE_NEVER, ""},
    [FHIR_WARNING_MALFORMED_GENOTYPE] = {SCOPE_GENE, "a genotype is not written as genotypes "
                                                     "are; check it against the report"},
    [FHIR_WARNING_CODE_WITHOUT_ALLELES] = {SCOPE_GENE, "a result is a code that names no "
                                                       "alleles; it is not used"},
    [FHIR_WARNING_TWO_GENES] = {SCOPE_GENE,
                                "one result names several genes; check which one it "
                                "is about"},
    [FHIR_WARNING_VARIANT_IGNORED] = {SCOPE_MISSING, "single variants are on file; no genotype "
                                                     "is made from them here"},
    [FHIR_WARNING_VALUE_UNREADABLE] = {SCOPE_GENE,
                                       "a result could not be understood and is not "
                                       "used"},
    [FHIR_WARNING_HLA_VAGUE] = {SCOPE_GENE,
                                "a typing names a group of alleles or alternatives, "
                                "not one allele; it is not used"},
    [FHIR_WARNING_PHENOTYPE_NOT_OF_GENE] = {SCOPE_GENE, "a stated phenotype is none that CPIC "
                                                        "defines for the gene; it is not used"},
    [FHIR_WARNING_IMPLICATION_DIFFERS] = {SCOPE_GENE, "what is stated for single drugs differs "
                                                      "among them, or from the result"},
    [FHIR_WARNING_INDICATOR_DIFFERS] = {SCOPE_GENE, "the problem list or a genomic indicator "
                                                    "and a laboratory's result differ"},
    [FHIR_WARNING_CONCLUSION_DIFFERS] = {SCOPE_GENE, "a report's conclusion and its results "
                                                     "differ"},
    [FHIR_WARNING_VARIANT_DIFFERS] = {SCOPE_GENE, "a single variant does not fit the genotype; "
                                                  "the genotype is used"},
    [FHIR_WARNING_INTERPRETATION_DIFFERS] = {SCOPE_GENE, "the value of a result and its "
                                                         "interpretation differ; it is not "
                                                         "used"},
    [FHIR_WARNING_SEQUENCE_IGNORED] = {SCOPE_NEVER, ""},
    [FHIR_WARNING_DOCUMENT_UNREAD] = {SCOPE_RECORD,
                                      "A genetic report is a document that is not "
                                      "read here; it may hold results"},
    [FHIR_WARNING_TRANSPLANT] = {SCOPE_RECORD,
                                 "The record names a transplant: a genetic result "
                                 "may be the donor's"},
    [FHIR_WARNING_RECORD_INCOMPLETE] = {SCOPE_RECORD,
                                        "The server says that it did not send the "
                                        "whole record"},
};

static bool is_missing(const struct card *card, const struct rules_gene *gene)
{
    const struct rules_gene_result *result = hook_facts_result(&card->call->facts, gene);

    return result == NULL || result->state == RULES_GENE_NONE ||
           result->state == RULES_GENE_UNUSABLE;
}

/* Whether a warning stands here on behalf of the gene; NULL: of the card as a whole. */
static bool is_meant(const struct card *card, const struct fhir_warning *warning,
                     const struct rules_gene *gene)
{
    enum scope scope = WARNINGS[warning->code].scope;

    if (gene != NULL)
        return (scope == SCOPE_GENE || (scope == SCOPE_MISSING && is_missing(card, gene))) &&
               fhir_warning_names(warning, gene->symbol);
    /* A result whose gene is not known may be the one that is missing. */
    return scope == SCOPE_RECORD ||
           (scope == SCOPE_GENE && warning->genes == 0 && card->advice->missing_count > 0);
}

/* One line for all resources with this warning, the first of them named. */
static void write_warning(const struct card *card, enum fhir_warning_code code,
                          const struct rules_gene *gene, struct buf *unknown)
{
    const struct fhir_reading *reading = &card->call->facts.reading;
    const struct fhir_resource *first = NULL;
    size_t count = 0;

    for (size_t i = 0; i < reading->warnings_count; i++) {
        if (reading->warnings[i].code != code || !is_meant(card, &reading->warnings[i], gene))
            continue;
        if (count++ == 0)
            first = reading->warnings[i].resource;
    }
    if (first == NULL)
        return;
    buf_add_text(unknown, "- ");
    if (gene != NULL)
        buf_join(unknown, gene->symbol, SLICE(": "));
    else if (WARNINGS[code].scope == SCOPE_GENE)
        buf_add_text(unknown, "Of a gene that is not known: ");
    buf_join(unknown, slice_of(WARNINGS[code].text), SLICE(" ("));
    card_escape(unknown, first->name);
    if (count > 1)
        buf_printf(unknown, ", and %zu more", count - 1);
    buf_add_text(unknown, ").\n");
}

static void write_warnings(const struct card *card, const struct rules_gene *gene,
                           struct buf *unknown)
{
    static_assert(ARRAY_LEN(WARNINGS) == FHIR_WARNINGS_COUNT, "each warning has its text");
    for (uint32_t code = 0; code < FHIR_WARNINGS_COUNT; code++)
        if (WARNINGS[code].scope != SCOPE_NEVER)
            write_warning(card, (enum fhir_warning_code)code, gene, unknown);
}

/* A gene whose results are all stated by others than a laboratory. */
static void write_unconfirmed(const struct card *card, const struct rules_gene *gene,
                              struct buf *unknown)
{
    const struct rules_gene_result *result = hook_facts_result(&card->call->facts, gene);

    if (result == NULL || result->calls_count == 0)
        return;
    for (size_t c = 0; c < result->calls_count; c++)
        if (hook_facts_have_laboratory(&card->call->facts, &result->calls[c]))
            return;
    buf_join(unknown, SLICE("- "), gene->symbol,
             SLICE(": only the record itself states this, no laboratory's result is on file; "
                   "confirm it before relying on it.\n"));
}

/* What of the orders nobody could read: of this card's own, or of another one of the call. */
static void write_orders(const struct card *card, struct buf *unknown)
{
    const struct hook_facts *facts = &card->call->facts;

    if (card->drug_order->order->is_incomplete)
        buf_add_text(unknown,
                     "- The order names an ingredient that could not be read; advice on "
                     "it may be missing.\n");
    else if (hook_facts_lack_a_drug(facts))
        buf_add_text(unknown, "- Another order names a medication or an ingredient that could "
                              "not be read; advice on it may be missing.\n");
}

void card_reading_write_unknown(const struct card *card, struct buf *unknown)
{
    const struct rules_gene **genes;
    size_t count = rules_genes_of_drug(card->call->knowledge, card->advice->drug, &genes);

    for (size_t i = 0; i < count; i++) {
        write_unconfirmed(card, genes[i], unknown);
        write_warnings(card, genes[i], unknown);
    }
    write_warnings(card, NULL, unknown);
    write_orders(card, unknown);
}
