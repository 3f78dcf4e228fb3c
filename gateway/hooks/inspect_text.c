/* gateway/hooks/inspect_text.c -- the report for people, in lines.
 *
 *   CYP2C19  *2/ *2  Poor Metabolizer                 (without the blank in the diplotype)
 *     computed from the diplotype; single
 *     Observation/a: "CYP2C19 *2/ *2", 2023-05-16, a laboratory, a method
 *     warning: ...
 */
#include "gateway/hooks/inspect.h"

#include "gateway/store/text.h"

#define VALUE_BYTES_MAX 300 /* of one text from outside; longer ones are cut */

/* Text from outside: nothing in it may steer a terminal or look like a line of ours. */
static void add_outside(struct buf *buf, struct slice text)
{
    char clean[VALUE_BYTES_MAX];
    struct slice head = text_head(text, VALUE_BYTES_MAX);

    text_clean(head, clean);
    buf_add(buf, (struct slice){clean, head.len});
    if (head.len < text.len)
        buf_add_text(buf, "...");
}

static void add_after(struct buf *buf, const char *separator, struct slice text)
{
    if (text.len == 0)
        return;
    buf_add(buf, slice_of(separator));
    add_outside(buf, text);
}

static void write_head(const struct inspection *inspection, struct buf *buf)
{
    const struct fhir_collection *c = &inspection->collection;
    bool has_type = false;
    size_t total = 0;

    for (size_t i = 0; i < c->resources_count; i++)
        total += c->resources[i].type.len > 0;
    buf_printf(buf, "%zu resource%s", total, total == 1 ? "" : "s");
    for (size_t i = 0; i < c->resources_count; i++) {
        size_t count = 0;
        bool is_first = c->resources[i].type.len > 0;

        for (size_t j = 0; is_first && j < i; j++)
            is_first = !slice_eq(c->resources[j].type, c->resources[i].type);
        for (size_t j = i; is_first && j < c->resources_count; j++)
            count += slice_eq(c->resources[j].type, c->resources[i].type);
        if (count == 0)
            continue;
        buf_add(buf, has_type ? SLICE(", ") : SLICE(": "));
        has_type = true;
        buf_printf(buf, "%zu ", count);
        add_outside(buf, c->resources[i].type);
    }
    if (inspection->patient_id.len > 0)
        add_after(buf, "; patient ", inspection->patient_id);
    buf_add_text(buf, "\n");
}

static void write_evidence(const struct fhir_evidence *e, struct buf *buf)
{
    buf_add_text(buf, "    ");
    add_outside(buf, e->resource->name);
    buf_add_text(buf, ": ");
    if (e->as_written.len > 0) {
        buf_add_text(buf, "\"");
        add_outside(buf, e->as_written);
        buf_add_text(buf, "\"");
    } else {
        buf_add_text(buf, "no text");
    }
    if (e->date.len == 0)
        buf_add_text(buf, ", undated");
    add_after(buf, ", ", e->date);
    add_after(buf, ", ", e->performer);
    add_after(buf, ", ", e->method);
    buf_add(buf, hook_origin_words(e->origin));
    if (e->is_implied)
        add_after(buf, e->origin == FHIR_ORIGIN_IMPLICATION ? ": " : ", stated for a drug: ",
                  e->implication);
    buf_add_text(buf, "\n");
}

static void write_keys(const struct rules_call *call, struct buf *buf)
{
    for (size_t k = 0; k < call->keys_count; k++)
        add_after(buf, k == 0 ? "    " : ", ", call->keys[k].word);
    if (call->keys_count == 0)
        buf_add_text(buf, "    says nothing about the alleles that rules ask about");
    buf_add_text(buf, "\n");
}

static void write_gene(struct inspection *inspection, const struct inspect_gene *row,
                       struct buf *buf)
{
    const struct rules_call *call = row->call;

    buf_add_text(buf, "  ");
    buf_add(buf, row->gene->symbol);
    add_after(buf, "  ", row->diplotype);
    add_after(buf, "  ", call->phenotype);
    if (call->has_score)
        add_after(
            buf, "  activity score ",
            rules_score_text(call->score_x100, call->score_is_at_least, &inspection->arena));
    buf_printf(buf, "  [%s]\n", rules_gene_state_name(row->state));
    if (!slice_eq(row->diplotype, call->diplotype)) {
        add_after(buf, "    read as ", call->diplotype);
        buf_add_text(buf, "\n");
    }
    if (row->is_hla)
        write_keys(call, buf);
    else if (call->phenotype.len > 0)
        buf_add(buf, row->is_computed ? SLICE("    phenotype computed from the diplotype\n")
                                      : SLICE("    phenotype as stated\n"));
    for (size_t i = 0; i < call->sources_count; i++)
        write_evidence(&inspection->facts.reading.evidence[call->sources[i]], buf);
    for (size_t i = 0; i < row->warnings_count; i++)
        buf_printf(buf, "    warning %s: %s\n", row->warnings[i].code, row->warnings[i].text);
}

static void write_hla(const struct inspection *inspection, struct buf *buf)
{
    if (inspection->hla_count > 0)
        buf_add_text(buf, "\nHLA alleles\n");
    for (size_t i = 0; i < inspection->hla_count; i++) {
        add_after(buf, "  ", inspection->hla[i].allele);
        buf_add(buf,
                inspection->hla[i].is_positive ? SLICE("  positive\n") : SLICE("  negative\n"));
    }
}

static void write_order(const struct inspect_order *row, struct buf *buf)
{
    add_after(buf, "  ", row->order->name);
    for (size_t i = 0; i < row->ingredients_count; i++) {
        add_after(buf, i == 0 ? ": " : " + ", row->ingredients[i].name);
        if (row->ingredients[i].rxcui.len > 0) {
            add_after(buf, " (RxNorm ", row->ingredients[i].rxcui);
            buf_add_text(buf, ")");
        }
    }
    if (!row->is_evaluated)
        add_after(buf, "; not evaluated: ", row->reason);
    else if (row->order->is_incomplete)
        add_after(buf, "; evaluated, but for an ingredient that could not be read: ",
                  row->order->missing);
    else if (row->reason.len > 0)
        add_after(buf, "; evaluated without effect: ", row->reason);
    else if (row->is_known)
        buf_add_text(buf, "; evaluated");
    else
        buf_add_text(buf, "; evaluated, this knowledge has no rules for it");
    buf_add_text(buf, "\n");
}

/* What the reasons mean, where the word alone is not enough. */
static const char *meaning_of(struct slice reason)
{
    static const struct {
        const char *reason;
        const char *meaning;
    } MEANINGS[] = {
        {"status", "registered, cancelled, entered in error, or its report is"},
        {"foreign-patient", "about another patient"},
        {"somatic", "about a tumour"},
        {"no-value", "no value, or a reason why there is none"},
        {"drug-level", "a statement about a drug, not about the gene"},
        {"variant", "single variants are not turned into alleles"},
        {"superseded", "part of a result that is read already, or an older version"},
        {"not-pgx", "not a pharmacogenomic result"},
        {"recommendation", "a laboratory's advice, not a result"},
        {"sequence", "raw sequence is never interpreted"},
        {"replaced", "a final result replaces a preliminary one"},
        {"gene-not-in-knowledge", "the knowledge has no table of the gene"},
        {"indeterminate", "neither positive nor negative"},
        {"server-error", "an error that a server sent in place of data"},
        {"not-read", "could not be fetched"},
    };

    for (size_t i = 0; i < ARRAY_LEN(MEANINGS); i++)
        if (slice_eq_text(reason, MEANINGS[i].reason))
            return MEANINGS[i].meaning;
    /* A resource that is only warned of is listed by the warning's name. */
    for (uint32_t code = 0; code < FHIR_WARNINGS_COUNT; code++)
        if (slice_eq_text(reason, fhir_warning_name((enum fhir_warning_code)code)))
            return fhir_warning_text((enum fhir_warning_code)code);
    return NULL;
}

static void write_ignored(const struct inspect_ignored *row, struct buf *buf)
{
    const char *meaning = meaning_of(row->reason);

    add_after(buf, "  ", row->resource);
    add_after(buf, ": ", row->reason);
    if (meaning != NULL)
        buf_printf(buf, " (%s)", meaning);
    buf_add_text(buf, "\n");
}

void inspect_write_text(struct inspection *inspection, struct buf *buf)
{
    write_head(inspection, buf);
    buf_add_text(buf, "\nGenes\n");
    for (size_t i = 0; i < inspection->genes_count; i++)
        write_gene(inspection, &inspection->genes[i], buf);
    if (inspection->genes_count == 0)
        buf_add_text(buf, "  no result was found; that is not a normal result\n");
    write_hla(inspection, buf);
    if (inspection->orders_count > 0)
        buf_add_text(buf, "\nOrders\n");
    for (size_t i = 0; i < inspection->orders_count; i++)
        write_order(&inspection->orders[i], buf);
    if (inspection->ignored_count > 0)
        buf_add_text(buf, "\nIgnored\n");
    for (size_t i = 0; i < inspection->ignored_count; i++)
        write_ignored(&inspection->ignored[i], buf);
}
