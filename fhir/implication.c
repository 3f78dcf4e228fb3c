/* fhir/implication.c -- what is stated of a drug, taken back to the result it rests on.
 *
 * "Poor metabolizer" on an Observation about clopidogrel is a statement about the gene only if
 * everything it was derived from is known and of one gene, and CPIC defines that phenotype for
 * the gene: the guide's own examples have warfarin "rapid" from CYP2C9. Several drugs must
 * agree. The laboratory's own phenotype is never replaced.
 */
#include "fhir/walk.h"

#include <assert.h>

#include "fhir/shape.h"
#include "fhir/text.h"

#define SOURCES_MAX 32 /* followed for one implication */
#define NO_EVIDENCE SIZE_MAX
#define IS_OPENED   FHIR_GENE_BIT(FHIR_GENE_NONE)
#define IS_UNUSABLE UINT32_MAX

struct implications {
    struct walk *w;
    uint32_t *evidence_of; /* per resource: index + 1 of its first record */
    uint32_t *genes_of;    /* per resource, once it was opened: its genes, and IS_OPENED */
    bool is_contested[FHIR_EVIDENCE_MAX];
};

/* What an implication rests on. */
struct sources {
    uint32_t genes;
    size_t evidence; /* the record of the one gene, else NO_EVIDENCE */
    size_t count;
    bool is_incomplete; /* something is missing, or may not be used */
};

static void collect(struct implications *all, const struct fhir_resource *from, int depth,
                    struct sources *ret);

/* Many implications rest on one source: it is opened once. */
static uint32_t genes_of(struct implications *all, const struct fhir_resource *source)
{
    uint32_t *genes = &all->genes_of[source - all->w->collection->resources];
    struct observation o;

    if (*genes != 0)
        return *genes;
    if (!walk_open(all->w, source, &o)) {
        *genes = IS_UNUSABLE;
        return *genes;
    }
    *genes = IS_OPENED | o.component_genes | FHIR_GENE_BIT(o.extension_gene) |
             FHIR_GENE_BIT(o.code_gene) | observation_value_genes(&o);
    return *genes;
}

static void add_source(struct implications *all, const struct fhir_resource *source, int depth,
                       struct sources *ret)
{
    const struct fhir_reading *reading = all->w->out;
    uint32_t first = all->evidence_of[source - all->w->collection->resources];
    uint32_t genes;

    for (size_t i = first;
         i > 0 && i <= reading->evidence_count && reading->evidence[i - 1].resource == source;
         i++) {
        ret->genes |= FHIR_GENE_BIT(fhir_gene_of_symbol(reading->evidence[i - 1].gene));
        ret->evidence = i - 1;
    }
    if (first > 0)
        return;
    genes = genes_of(all, source);
    if (genes == IS_UNUSABLE) {
        ret->is_incomplete = true;
        return;
    }
    genes &= ~IS_OPENED;
    if (genes != 0)
        ret->genes |= genes;
    else if (depth < MEMBER_DEPTH_MAX)
        collect(all, source, depth + 1, ret);
    else
        ret->is_incomplete = true;
}

static void collect(struct implications *all, const struct fhir_resource *from, int depth,
                    struct sources *ret)
{
    struct json list = json_get(from->json, "derivedFrom");
    bool is_related = json_is_absent(list);

    if (is_related) /* DSTU2, STU3 */
        list = json_get(from->json, "related");
    for (struct json d = shape_first(list); !json_is_absent(d); d = shape_next(list, d)) {
        struct json type = json_get(d, "type");
        struct json reference = is_related ? json_get(d, "target") : d;
        const struct fhir_resource *source;

        if (is_related && !json_is_absent(type) && !json_text_is(type, "derived-from"))
            continue;
        source = fhir_collection_find(
            all->w->collection, json_text(json_get(reference, "reference"), all->w->arena),
            from);
        if (source == NULL || source == from || ++ret->count > SOURCES_MAX) {
            ret->is_incomplete = true;
            return;
        }
        add_source(all, source, depth, ret);
    }
}

static size_t only_record_of(const struct fhir_reading *reading, enum fhir_gene gene)
{
    size_t found = NO_EVIDENCE;

    for (size_t i = 0; i < reading->evidence_count; i++) {
        if (!slice_eq(reading->evidence[i].gene, fhir_gene_row(gene)->symbol))
            continue;
        if (found != NO_EVIDENCE)
            return NO_EVIDENCE;
        found = i;
    }
    return found;
}

static struct slice with_drug(struct walk *w, struct slice written, struct slice drug)
{
    if (written.len == 0 || drug.len == 0)
        return written;
    return arena_printf(w->arena, "%.*s (%.*s)", SLICE_ARG(written), SLICE_ARG(drug));
}

/* A phenotype for the record that the drug's Observation was derived from. */
static enum err_code give_phenotype(struct implications *all, const struct observation *o,
                                    size_t at, struct slice phenotype)
{
    struct fhir_evidence *evidence = &all->w->out->evidence[at];

    if (slice_eq(evidence->phenotype, phenotype))
        return ERR_OK;
    if (evidence->phenotype.len == 0 && !all->is_contested[at]) {
        evidence->phenotype = phenotype;
        evidence->is_implied = true;
        return ERR_OK;
    }
    if (evidence->is_implied) {
        evidence->phenotype = SLICE_NONE;
        evidence->is_implied = false;
        all->is_contested[at] = true;
    }
    return walk_warn(all->w, o->resource, FHIR_WARNING_IMPLICATION_DIFFERS,
                     FHIR_GENE_BIT(fhir_gene_of_symbol(evidence->gene)));
}

/* There is no record to give it to: the sources are variants, or a group names the gene. */
static enum err_code add_record(struct implications *all, const struct observation *o,
                                enum fhir_gene gene, const struct fhir_evidence *stated)
{
    const struct fhir_reading *reading = all->w->out;
    struct fhir_evidence evidence = {.origin = FHIR_ORIGIN_IMPLICATION,
                                     .gene = fhir_gene_row(gene)->symbol,
                                     .phenotype = stated->phenotype,
                                     .is_implied = true,
                                     .implication = stated->implication,
                                     .as_written = stated->as_written};

    for (size_t i = 0; i < reading->evidence_count; i++)
        if (reading->evidence[i].origin == FHIR_ORIGIN_IMPLICATION &&
            slice_eq(reading->evidence[i].gene, evidence.gene) &&
            slice_eq(reading->evidence[i].phenotype, evidence.phenotype))
            return walk_ignore(all->w, o->resource, FHIR_IGNORED_SUPERSEDED);
    walk_provenance(all->w, o, &evidence);
    return walk_add(all->w, &evidence, false);
}

static enum err_code read_implication(struct implications *all, const struct deferred *d)
{
    struct sources sources = {.evidence = NO_EVIDENCE};
    struct observation_value value;
    struct observation o;
    enum fhir_gene gene;
    uint32_t named;

    if (!walk_open(all->w, d->resource, &o))
        return ERR_OK;
    collect(all, d->resource, 0, &sources);
    gene = fhir_gene_only(sources.genes);
    if (sources.count == 0 && !sources.is_incomplete) {
        gene = d->gene;
        sources.evidence = only_record_of(all->w->out, gene);
    }
    if (gene == FHIR_GENE_NONE || sources.is_incomplete ||
        !walk_status_is_usable(json_text(o.status, all->w->arena)))
        return walk_ignore(all->w, o.resource, FHIR_IGNORED_DRUG_LEVEL);
    named = observation_read_implication(&o, gene, all->w->arena, &value);
    value.evidence.implication = with_drug(all->w, value.evidence.as_written, o.drug);
    if ((named & ~FHIR_GENE_BIT(gene)) != 0 &&
        walk_warn(all->w, o.resource, FHIR_WARNING_GENE_MISMATCH,
                  named | FHIR_GENE_BIT(gene)) != ERR_OK)
        return all->w->err->code;
    if (sources.evidence != NO_EVIDENCE &&
        all->w->out->evidence[sources.evidence].implication.len == 0)
        all->w->out->evidence[sources.evidence].implication = value.evidence.implication;
    if (value.has_foreign_phenotype &&
        walk_warn(all->w, o.resource, FHIR_WARNING_PHENOTYPE_NOT_OF_GENE,
                  FHIR_GENE_BIT(gene)) != ERR_OK)
        return all->w->err->code;
    if (value.evidence.phenotype.len == 0 || value.is_contradictory ||
        (named & ~FHIR_GENE_BIT(gene)) != 0)
        return walk_ignore(all->w, o.resource, FHIR_IGNORED_DRUG_LEVEL);
    if (sources.evidence != NO_EVIDENCE)
        return give_phenotype(all, &o, sources.evidence, value.evidence.phenotype);
    return add_record(all, &o, gene, &value.evidence);
}

static enum err_code prepare(struct implications *all)
{
    struct walk *w = all->w;
    const struct fhir_collection *c = w->collection;

    all->evidence_of = arena_alloc(w->arena, c->resources_count * sizeof *all->evidence_of);
    all->genes_of = arena_alloc(w->arena, c->resources_count * sizeof *all->genes_of);
    if (all->evidence_of == NULL || all->genes_of == NULL)
        return err_set(w->err, ERR_NOMEM, "no memory for marks");
    for (size_t e = w->out->evidence_count; e-- > 0;)
        all->evidence_of[w->out->evidence[e].resource - c->resources] = (uint32_t)e + 1;
    return ERR_OK;
}

enum err_code walk_implications(struct walk *w)
{
    struct implications all = {.w = w};

    for (size_t i = 0; i < w->deferred_count; i++) {
        if (w->deferred[i].why != DEFERRED_IMPLICATION)
            continue;
        if (all.evidence_of == NULL && prepare(&all) != ERR_OK)
            return w->err->code;
        if (read_implication(&all, &w->deferred[i]) != ERR_OK)
            return w->err->code;
    }
    return ERR_OK;
}
