/* fhir/group.c -- results that only their neighbours explain.
 *
 * Interfaces from HL7 v2 flatten a panel into a list of Observations: gene, result, effect,
 * medication, next gene. The list's order is then the only grouping there is, and it counts
 * only when every gene is followed by something before the next. A narrative beside the
 * results of exactly one gene is about that gene.
 */
#include "fhir/walk.h"

#include "fhir/haplotype.h"
#include "fhir/shape.h"

struct groups {
    struct walk *w;
    uint32_t *deferred_of; /* per resource: index + 1 */
};

static struct deferred *deferred_of(const struct groups *g, const struct fhir_resource *r)
{
    uint32_t at = g->deferred_of[r - g->w->collection->resources];

    return at == 0 ? NULL : &g->w->deferred[at - 1];
}

static bool is_waiting(enum deferral why)
{
    return why == DEFERRED_GENE_NAME || why == DEFERRED_WITHOUT_GENE ||
           why == DEFERRED_NARRATIVE;
}

/* The gene that an Observation coded 48018-6 names. */
static enum fhir_gene named_gene(struct walk *w, const struct fhir_resource *resource)
{
    struct observation o;

    if (!walk_open(w, resource, &o))
        return FHIR_GENE_NONE;
    return observation_gene_of(&o, o.value, w->arena);
}

/* Whether the list is genes with what follows each. */
static bool is_ordered(const struct groups *g, const struct fhir_resource *holder)
{
    const char *way;
    struct json members = walk_members(holder, &way);
    bool is_open = false, has_name = false;

    for (struct json m = shape_first(members); !json_is_absent(m); m = shape_next(members, m)) {
        const struct fhir_resource *member = walk_member(g->w, m, way, holder);
        const struct deferred *d = member == NULL ? NULL : deferred_of(g, member);
        bool is_name = d != NULL && d->why == DEFERRED_GENE_NAME;

        if (member == NULL)
            return false; /* what is missing may be a gene's name */
        if (is_name && is_open)
            return false;
        if (!is_name && !has_name && d != NULL)
            return false;
        is_open = is_name;
        has_name = has_name || is_name;
    }
    return has_name && !is_open;
}

static enum err_code read_with_gene(struct walk *w, struct deferred *d, enum fhir_gene gene)
{
    struct observation o;

    d->is_done = true;
    if (!walk_open(w, d->resource, &o))
        return ERR_OK;
    (void)observation_value_genes(&o);
    return walk_read_for_gene(w, &o, gene);
}

static enum err_code read_list(struct groups *g, const struct fhir_resource *holder)
{
    const char *way;
    struct json members = walk_members(holder, &way);
    enum fhir_gene gene = FHIR_GENE_NONE;

    if (json_is_absent(members) || !is_ordered(g, holder))
        return ERR_OK;
    for (struct json m = shape_first(members); !json_is_absent(m); m = shape_next(members, m)) {
        const struct fhir_resource *member = walk_member(g->w, m, way, holder);
        struct deferred *d = deferred_of(g, member);

        if (d == NULL)
            continue;
        if (d->why == DEFERRED_GENE_NAME) {
            if (!d->is_done) /* it may be in several lists */
                d->gene = named_gene(g->w, member);
            d->is_done = true;
            gene = d->gene;
        } else if (d->why == DEFERRED_IMPLICATION) {
            d->gene = gene;
        } else if (!d->is_done && d->why == DEFERRED_WITHOUT_GENE && gene != FHIR_GENE_NONE &&
                   read_with_gene(g->w, d, gene) != ERR_OK) {
            return g->w->err->code;
        }
    }
    return ERR_OK;
}

/* The one gene of which the report holds results. */
static enum fhir_gene gene_of_report(const struct walk *w, const struct fhir_resource *report)
{
    uint32_t genes = 0;

    for (size_t i = 0; i < w->out->evidence_count; i++)
        if (walk_report_of(w, w->out->evidence[i].resource) == report)
            genes |= FHIR_GENE_BIT(fhir_gene_of_symbol(w->out->evidence[i].gene));
    return fhir_gene_only(genes);
}

static enum err_code read_narrative(struct walk *w, struct deferred *d, enum fhir_gene gene)
{
    struct fhir_evidence evidence;
    struct observation o;

    if (!walk_open(w, d->resource, &o))
        return ERR_OK;
    for (size_t i = 0; i < o.value_texts_count; i++) {
        if (o.value_texts[i].is_code ||
            !walk_read_statement(w, o.value_texts[i].text, gene, &evidence))
            continue;
        d->is_done = true;
        walk_provenance(w, &o, &evidence);
        return walk_add(w, &evidence, false);
    }
    return ERR_OK;
}

static enum err_code read_narratives(struct walk *w)
{
    const struct fhir_resource *last = NULL; /* the report asked for last, and its gene */
    enum fhir_gene gene = FHIR_GENE_NONE;

    for (size_t i = 0; i < w->deferred_count; i++) {
        const struct fhir_resource *report;
        size_t before = w->out->evidence_count;

        if (w->deferred[i].why != DEFERRED_NARRATIVE)
            continue;
        report = walk_report_of(w, w->deferred[i].resource);
        if (report != last)
            gene = report == NULL ? FHIR_GENE_NONE : gene_of_report(w, report);
        last = report;
        if (read_narrative(w, &w->deferred[i], gene) != ERR_OK)
            return w->err->code;
        if (w->out->evidence_count != before)
            last = NULL; /* the report holds one more result */
        if (last == NULL)
            gene = FHIR_GENE_NONE;
    }
    return ERR_OK;
}

/* An allele without a gene adds nothing to the genotype that was derived from it. */
static enum err_code close_one(struct walk *w, const struct deferred *d, const bool *is_part)
{
    if (d->why == DEFERRED_GENE_NAME)
        return walk_ignore(w, d->resource, FHIR_IGNORED_NOT_PGX);
    if (d->why != DEFERRED_WITHOUT_GENE)
        return ERR_OK;
    if (is_part[d->resource - w->collection->resources])
        return walk_ignore(w, d->resource, FHIR_IGNORED_SUPERSEDED);
    return walk_warn(w, d->resource, FHIR_WARNING_VALUE_UNREADABLE, 0);
}

/* What nothing explained. */
static enum err_code close(struct walk *w)
{
    bool *is_part = arena_alloc(w->arena, w->collection->resources_count * sizeof *is_part);

    if (is_part == NULL)
        return err_set(w->err, ERR_NOMEM, "no memory for marks");
    for (size_t i = 0; i < w->out->evidence_count; i++)
        if (w->out->evidence[i].alleles_count >= 2)
            fhir_mark_parts(w->collection, w->out->evidence[i].resource, is_part, w->arena);
    for (size_t i = 0; i < w->deferred_count; i++)
        if (!w->deferred[i].is_done && close_one(w, &w->deferred[i], is_part) != ERR_OK)
            return w->err->code;
    return ERR_OK;
}

enum err_code walk_groups(struct walk *w)
{
    const struct fhir_collection *c = w->collection;
    struct groups g = {.w = w};
    bool is_anything_waiting = false;

    for (size_t i = 0; i < w->deferred_count; i++)
        is_anything_waiting = is_anything_waiting || is_waiting(w->deferred[i].why);
    if (!is_anything_waiting)
        return ERR_OK;
    g.deferred_of = arena_alloc(w->arena, c->resources_count * sizeof *g.deferred_of);
    if (g.deferred_of == NULL)
        return err_set(w->err, ERR_NOMEM, "no memory for marks");
    for (size_t i = 0; i < w->deferred_count; i++)
        g.deferred_of[w->deferred[i].resource - c->resources] = (uint32_t)i + 1;
    for (size_t i = 0; i < c->resources_count; i++)
        if (read_list(&g, &c->resources[i]) != ERR_OK)
            return w->err->code;
    if (read_narratives(w) != ERR_OK)
        return w->err->code;
    return close(w);
}
