/* gateway/hooks/inspect_json.c -- the report as JSON; the shape stands in inspect.h. */
#include "fhir/json_write.h"
#include "gateway/hooks/inspect.h"

/* A member that is always there. */
static void write_or_null(struct json_writer *w, const char *name, struct slice text)
{
    json_write_name(w, name);
    if (text.len > 0)
        json_write_text(w, text);
    else
        json_write_raw(w, SLICE("null"));
}

static void write_gene(struct json_writer *w, const struct inspection *inspection,
                       const struct inspect_gene *row)
{
    const struct rules_call *call = row->call;

    json_write_object(w);
    json_write_member_text(w, "gene", row->gene->symbol);
    write_or_null(w, "diplotype", row->diplotype);
    write_or_null(w, "phenotype", call->phenotype);
    json_write_member_text(w, "basis",
                           row->is_asserted ? SLICE("asserted") : SLICE("computed"));
    json_write_member_text(w, "state", slice_of(rules_gene_state_name(row->state)));
    json_write_name(w, "sources");
    json_write_array(w);
    for (size_t i = 0; i < call->sources_count; i++)
        json_write_text(w, inspection->facts.reading.evidence[call->sources[i]].resource->name);
    json_write_array_end(w);
    json_write_name(w, "warnings");
    json_write_array(w);
    for (size_t i = 0; i < row->warnings_count; i++) {
        json_write_object(w);
        json_write_member_text(w, "code", slice_of(row->warnings[i].code));
        json_write_member_text(w, "text", slice_of(row->warnings[i].text));
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_object_end(w);
}

static void write_order(struct json_writer *w, const struct inspect_order *row)
{
    json_write_object(w);
    json_write_member_text(w, "resource", row->order->name);
    json_write_name(w, "ingredients");
    json_write_array(w);
    for (size_t i = 0; i < row->ingredients_count; i++) {
        json_write_object(w);
        json_write_member_text(w, "name", row->ingredients[i].name);
        write_or_null(w, "rxcui", row->ingredients[i].rxcui);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_member_bool(w, "evaluate", row->is_evaluated);
    write_or_null(w, "reason", row->reason);
    json_write_object_end(w);
}

static void write_hla(struct json_writer *w, const struct inspect_hla *row)
{
    json_write_object(w);
    json_write_member_text(w, "allele", row->allele);
    json_write_member_text(w, "status",
                           row->is_positive ? SLICE("positive") : SLICE("negative"));
    json_write_object_end(w);
}

static void write_ignored(struct json_writer *w, const struct inspect_ignored *row)
{
    json_write_object(w);
    json_write_member_text(w, "resource", row->resource);
    json_write_member_text(w, "reason", row->reason);
    json_write_object_end(w);
}

void inspect_write_json(const struct inspection *inspection, struct buf *buf)
{
    struct json_writer w;

    json_write_init(&w, buf);
    json_write_object(&w);
    json_write_name(&w, "genes");
    json_write_array(&w);
    for (size_t i = 0; i < inspection->genes_count; i++)
        if (!inspection->genes[i].is_hla)
            write_gene(&w, inspection, &inspection->genes[i]);
    json_write_array_end(&w);
    json_write_name(&w, "hla");
    json_write_array(&w);
    for (size_t i = 0; i < inspection->hla_count; i++)
        write_hla(&w, &inspection->hla[i]);
    json_write_array_end(&w);
    json_write_name(&w, "orders");
    json_write_array(&w);
    for (size_t i = 0; i < inspection->orders_count; i++)
        write_order(&w, &inspection->orders[i]);
    json_write_array_end(&w);
    json_write_name(&w, "ignored");
    json_write_array(&w);
    for (size_t i = 0; i < inspection->ignored_count; i++)
        write_ignored(&w, &inspection->ignored[i]);
    json_write_array_end(&w);
    json_write_object_end(&w);
}
