/* fhir/haplotype.c -- join or drop alleles that were reported one by one; see haplotype.h. */
#include "fhir/haplotype.h"

#include <assert.h>

#include "fhir/codes.h"
#include "fhir/reading.h"
#include "fhir/shape.h"

struct join {
    const struct fhir_collection *collection;
    struct fhir_reading *reading;
    bool *is_lone;
    bool *is_part; /* per resource: a genotype that was read refers to it */
    bool is_gone[FHIR_EVIDENCE_MAX];
    struct arena *arena;
    struct err *err;
};

static void mark_part(const struct fhir_collection *collection, struct json reference,
                      const struct fhir_resource *from, bool *is_part, struct arena *arena)
{
    struct slice text = json_text(json_get(reference, "reference"), arena);
    const struct fhir_resource *part = fhir_collection_find(collection, text, from);

    if (part != NULL && part != from)
        is_part[part - collection->resources] = true;
}

/* R4 derivedFrom, DSTU2 and STU3 related.target. */
void fhir_mark_parts(const struct fhir_collection *collection,
                     const struct fhir_resource *genotype, bool *is_part, struct arena *arena)
{
    struct json derived = json_get(genotype->json, "derivedFrom");
    struct json related = json_get(genotype->json, "related");

    for (struct json d = shape_first(derived); !json_is_absent(d); d = shape_next(derived, d))
        mark_part(collection, d, genotype, is_part, arena);
    for (struct json r = shape_first(related); !json_is_absent(r); r = shape_next(related, r)) {
        struct json type = json_get(r, "type");

        if (json_is_absent(type) || json_text_is(type, "derived-from") ||
            json_text_is(type, "has-member"))
            mark_part(collection, json_get(r, "target"), genotype, is_part, arena);
    }
}

static bool is_genotype(const struct fhir_evidence *evidence)
{
    return evidence->alleles_count >= 2;
}

static bool any_lone(const struct join *j)
{
    for (size_t i = 0; i < j->reading->evidence_count; i++)
        if (j->is_lone[i])
            return true;
    return false;
}

static enum err_code drop(struct join *j, size_t at)
{
    j->is_gone[at] = true;
    j->is_lone[at] = false;
    return reading_ignore(j->reading, j->reading->evidence[at].resource,
                          FHIR_IGNORED_SUPERSEDED, j->arena, j->err);
}

static enum err_code drop_parts(struct join *j)
{
    j->is_part = arena_alloc(j->arena, j->collection->resources_count * sizeof *j->is_part);
    if (j->is_part == NULL)
        return err_set(j->err, ERR_NOMEM, "no memory for marks");
    for (size_t i = 0; i < j->reading->evidence_count; i++)
        if (is_genotype(&j->reading->evidence[i]))
            fhir_mark_parts(j->collection, j->reading->evidence[i].resource, j->is_part,
                            j->arena);
    for (size_t i = 0; i < j->reading->evidence_count; i++) {
        const struct fhir_resource *resource = j->reading->evidence[i].resource;

        if (j->is_lone[i] && j->is_part[resource - j->collection->resources] &&
            drop(j, i) != ERR_OK)
            return j->err->code;
    }
    return ERR_OK;
}

static bool report_has(const struct join *j, const struct fhir_resource *report,
                       const struct fhir_resource *member)
{
    struct json results = json_get(report->json, "result");

    for (struct json r = shape_first(results); !json_is_absent(r); r = shape_next(results, r))
        if (fhir_collection_find(j->collection, json_text(json_get(r, "reference"), j->arena),
                                 report) == member)
            return true;
    return false;
}

static bool are_in_one_report(const struct join *j, const struct fhir_resource *a,
                              const struct fhir_resource *b)
{
    const struct fhir_collection *c = j->collection;

    if (a->parent != SIZE_MAX && a->parent == b->parent)
        return true;
    for (size_t i = 0; i < c->resources_count; i++)
        if (slice_eq(c->resources[i].type, SLICE("DiagnosticReport")) &&
            report_has(j, &c->resources[i], a) && report_has(j, &c->resources[i], b))
            return true;
    return false;
}

static bool belong_together(const struct join *j, const struct fhir_evidence *a,
                            const struct fhir_evidence *b)
{
    if (a->date.len > 0 && b->date.len > 0)
        return slice_eq(a->date, b->date);
    return are_in_one_report(j, a->resource, b->resource);
}

static enum err_code join_pair(struct join *j, size_t first, size_t second)
{
    struct fhir_evidence *a = &j->reading->evidence[first];
    const struct fhir_evidence *b = &j->reading->evidence[second];

    assert(a->alleles_count == 1 && b->alleles_count == 1);
    a->alleles[a->alleles_count++] = b->alleles[0];
    a->is_single_allele = false;
    a->is_joined = true;
    a->is_preliminary = a->is_preliminary || b->is_preliminary;
    a->as_written = arena_printf(j->arena, "%.*s; %.*s", SLICE_ARG(a->as_written),
                                 SLICE_ARG(b->as_written));
    if (a->date.len == 0)
        a->date = b->date;
    j->is_lone[first] = false;
    return drop(j, second);
}

/* Joins the alleles of a gene that has exactly two of them and nothing better. */
static enum err_code join_gene(struct join *j, enum fhir_gene gene)
{
    struct slice symbol = fhir_gene_row(gene)->symbol;
    size_t found[2], count = 0;

    for (size_t i = 0; i < j->reading->evidence_count; i++) {
        const struct fhir_evidence *evidence = &j->reading->evidence[i];

        if (j->is_gone[i] || !slice_eq(evidence->gene, symbol))
            continue;
        if (is_genotype(evidence))
            return ERR_OK;
        if (!j->is_lone[i])
            continue;
        if (count == 2)
            return ERR_OK;
        found[count++] = i;
    }
    if (count < 2 ||
        !belong_together(j, &j->reading->evidence[found[0]], &j->reading->evidence[found[1]]))
        return ERR_OK;
    return join_pair(j, found[0], found[1]);
}

/* Closes the gaps, in order, and warns of what is one allele still. */
static enum err_code close_gaps(struct join *j)
{
    struct fhir_reading *reading = j->reading;
    size_t kept = 0;

    for (size_t i = 0; i < reading->evidence_count; i++) {
        if (j->is_gone[i])
            continue;
        if (kept != i)
            reading->evidence[kept] = reading->evidence[i];
        if (reading->evidence[kept].is_single_allele &&
            reading_warn(reading, reading->evidence[kept].resource, FHIR_WARNING_ONE_ALLELE,
                         FHIR_GENE_BIT(fhir_gene_of_symbol(reading->evidence[kept].gene)),
                         j->arena, j->err) != ERR_OK)
            return j->err->code;
        kept++;
    }
    reading->evidence_count = kept;
    return ERR_OK;
}

enum err_code fhir_join_haplotypes(const struct fhir_collection *collection,
                                   struct fhir_reading *reading,
                                   bool is_lone[FHIR_EVIDENCE_MAX], struct arena *arena,
                                   struct err *err)
{
    struct join j = {.collection = collection,
                     .reading = reading,
                     .is_lone = is_lone,
                     .arena = arena,
                     .err = err};

    if (any_lone(&j)) {
        if (drop_parts(&j) != ERR_OK)
            return err->code;
        for (size_t gene = 1; gene < FHIR_GENES_COUNT; gene++)
            if (join_gene(&j, (enum fhir_gene)gene) != ERR_OK)
                return err->code;
    }
    return close_gaps(&j);
}
