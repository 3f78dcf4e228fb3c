/* fhir/observation.c -- walk the collection: which results count, and for which gene.
 *
 * Order of judgement (each step only for those that passed the one before): does it concern a
 * gene, status, report's status, patient, somatic origin, gene, value. Haplotypes wait until
 * all else is read, because a genotype may contain them.
 *
 * A gene is named by component 48018-6, the core extension, the code, the value and the texts,
 * in this order of trust; where the code alone stands against the value or the texts, these
 * win: wrong codes are more common in public data than wrong words. Every contradiction is a
 * warning.
 */
#include "fhir/observation_private.h"

#include <assert.h>

#include "fhir/haplotype.h"
#include "fhir/reading.h"
#include "fhir/shape.h"
#include "fhir/subject.h"

#define MEMBER_DEPTH_MAX 4 /* of groupers below a report */
#define DATE_BYTES       10

struct walk {
    const struct fhir_collection *collection;
    struct arena *arena;
    struct fhir_reading *out;
    struct fhir_subjects subjects;
    bool *is_dropped;                /* per resource, by its report; NULL: none is */
    bool is_lone[FHIR_EVIDENCE_MAX]; /* evidence[i] is an allele that may have a partner */
    struct err *err;
};

static enum err_code warn(struct walk *w, const struct fhir_resource *resource,
                          enum fhir_warning_code code)
{
    return reading_warn(w->out, resource, code, w->arena, w->err);
}

static enum err_code ignore(struct walk *w, const struct fhir_resource *resource,
                            enum fhir_ignored_reason reason)
{
    return reading_ignore(w->out, resource, reason, w->arena, w->err);
}

static bool is_one_of(struct slice text, const char *const *list, size_t list_count)
{
    for (size_t i = 0; i < list_count; i++)
        if (slice_eq_text(text, list[i]))
            return true;
    return false;
}

static bool is_usable_status(struct slice status)
{
    static const char *const USABLE[] = {"final", "amended", "corrected", "appended"};

    return is_one_of(status, USABLE, ARRAY_LEN(USABLE));
}

static bool is_dropped_status(struct slice status)
{
    static const char *const DROPPED[] = {"registered", "cancelled", "entered-in-error"};

    return is_one_of(status, DROPPED, ARRAY_LEN(DROPPED));
}

/* Drops what a dropped report or grouper refers to, and what these refer to. */
static void drop_members(struct walk *w, const struct fhir_resource *from, const char *list,
                         int depth)
{
    struct json members = json_get(from->json, list);

    for (struct json m = shape_first(members); !json_is_absent(m); m = shape_next(members, m)) {
        struct slice reference = json_text(json_get(m, "reference"), w->arena);
        const struct fhir_resource *member =
            fhir_collection_find(w->collection, reference, from);
        bool *is_dropped;

        if (member == NULL)
            continue;
        is_dropped = &w->is_dropped[member - w->collection->resources];
        if (*is_dropped)
            continue; /* also ends a circle */
        *is_dropped = true;
        if (depth < MEMBER_DEPTH_MAX)
            drop_members(w, member, "hasMember", depth + 1);
    }
}

/* A report that was cancelled or entered in error takes its members with it. */
static enum err_code drop_by_reports(struct walk *w)
{
    const struct fhir_collection *c = w->collection;

    for (size_t i = 0; i < c->resources_count; i++) {
        const struct fhir_resource *report = &c->resources[i];
        struct json status;

        if (!slice_eq(report->type, SLICE("DiagnosticReport")))
            continue;
        status = json_get(report->json, "status");
        if (!json_text_is(status, "entered-in-error") && !json_text_is(status, "cancelled"))
            continue;
        if (w->is_dropped == NULL)
            w->is_dropped = arena_alloc(w->arena, c->resources_count * sizeof *w->is_dropped);
        if (w->is_dropped == NULL)
            return err_set(w->err, ERR_NOMEM, "no memory for marks");
        w->is_dropped[i] = true;
        drop_members(w, report, "result", 0);
    }
    return ERR_OK;
}

static bool is_dropped_by_report(const struct walk *w, const struct fhir_resource *resource)
{
    return w->is_dropped != NULL &&
           (w->is_dropped[resource - w->collection->resources] ||
            (resource->parent != SIZE_MAX && w->is_dropped[resource->parent]));
}

/* The gene that the sources agree on, or that outranks the others; see the top of the file.
 * NONE when nothing names one, or two genes are named and the value does not say which. */
static enum err_code find_gene(struct walk *w, const struct observation *o,
                               uint32_t value_genes, enum fhir_gene *ret)
{
    enum fhir_gene component = fhir_gene_only(o->component_genes);
    enum fhir_gene value = fhir_gene_only(value_genes);
    enum fhir_gene text = fhir_gene_only(o->text_genes);
    enum fhir_gene gene;
    uint32_t votes = FHIR_GENE_BIT(component) | FHIR_GENE_BIT(value) | FHIR_GENE_BIT(text) |
                     FHIR_GENE_BIT(o->extension_gene) | FHIR_GENE_BIT(o->code_gene);
    bool has_two = value_genes != 0 && value == FHIR_GENE_NONE;

    if (o->component_genes != 0 && component == FHIR_GENE_NONE) {
        has_two = true;
        gene = value != FHIR_GENE_NONE ? value : o->code_gene;
        if ((o->component_genes & FHIR_GENE_BIT(gene)) == 0)
            gene = FHIR_GENE_NONE;
    } else if (component != FHIR_GENE_NONE) {
        gene = component;
    } else if (o->extension_gene != FHIR_GENE_NONE) {
        gene = o->extension_gene;
    } else if (value != FHIR_GENE_NONE) {
        gene = value;
    } else if (text != FHIR_GENE_NONE) {
        gene = text;
    } else {
        gene = o->code_gene;
    }
    *ret = gene;
    if (has_two && warn(w, o->resource, FHIR_WARNING_TWO_GENES) != ERR_OK)
        return w->err->code;
    votes &= ~FHIR_GENE_BIT(FHIR_GENE_NONE);
    if ((fhir_gene_only(votes) == FHIR_GENE_NONE && votes != 0) || o->has_gene_contradiction)
        return warn(w, o->resource, FHIR_WARNING_GENE_MISMATCH);
    return ERR_OK;
}

static struct slice date_of(const struct observation *o, struct arena *arena)
{
    struct json start = json_get(o->effective, "start");
    struct slice date = json_text(json_is_absent(start) ? o->effective : start, arena);

    if (date.len == 0)
        date = json_text(o->issued, arena);
    return slice_head(date, DATE_BYTES);
}

static struct slice performer_of(const struct observation *o, struct arena *arena)
{
    for (struct json p = shape_first(o->performer); !json_is_absent(p);
         p = shape_next(o->performer, p)) {
        struct slice display = json_text(json_get(p, "display"), arena);

        if (display.len > 0)
            return display;
    }
    return SLICE_NONE;
}

static struct slice method_of(const struct observation *o, struct arena *arena)
{
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    size_t count = observation_texts(o->method, arena, texts);
    struct slice method = SLICE_NONE;

    for (size_t i = 0; i < count; i++)
        if (!texts[i].is_code)
            method = texts[i].text;
    return method;
}

/* The value may just repeat the name of a test for one allele. */
static bool is_name_repeated(const struct observation *o, const struct fhir_evidence *e)
{
    return !o->is_coded && o->code_allele.len > 0 && e->is_single_allele &&
           slice_starts(e->alleles[0], o->code_allele);
}

/* What the kind of Observation allows its value to say. */
static void restrict_to_kind(const struct observation *o, enum fhir_gene gene,
                             struct observation_value *value)
{
    struct fhir_evidence *e = &value->evidence;
    bool is_hla = fhir_gene_row(gene)->alleles == FHIR_ALLELES_HLA;
    bool is_strict = o->kind == FHIR_KIND_TARGETED;

    if (e->presence != FHIR_PRESENCE_NONE && e->presence_allele.len == 0)
        e->presence_allele = o->code_allele;
    else if (e->presence != FHIR_PRESENCE_NONE && o->code_allele.len > 0 &&
             !slice_eq(e->presence_allele, o->code_allele))
        value->is_contradictory = true;
    if (!is_hla || e->presence_allele.len == 0) {
        e->presence = FHIR_PRESENCE_NONE;
        e->presence_allele = SLICE_NONE;
    }
    /* An allele alone under a test's name may be what was looked for; and the answer to a
     * question for presence is yes or no. */
    if ((is_strict && e->is_single_allele && !is_hla) || o->kind == FHIR_KIND_PRESENCE ||
        is_name_repeated(o, e)) {
        e->alleles_count = 0;
        e->is_single_allele = false;
    }
    if (o->has_drug) {
        e->phenotype = SLICE_NONE;
        e->score = SLICE_NONE;
    }
    if (o->kind == FHIR_KIND_HAPLOTYPE) {
        e->phenotype = SLICE_NONE;
        if (e->alleles_count == 1)
            e->is_single_allele = true;
    }
}

static bool states_something(const struct fhir_evidence *e)
{
    return e->alleles_count > 0 || e->phenotype.len > 0 || e->score.len > 0 ||
           e->presence != FHIR_PRESENCE_NONE;
}

/* Why nothing came of an Observation that concerns a gene. */
static enum err_code explain_nothing(struct walk *w, const struct observation *o,
                                     enum fhir_gene gene, const struct observation_value *value)
{
    const struct fhir_resource *resource = o->resource;
    bool is_hla = fhir_gene_row(gene)->alleles == FHIR_ALLELES_HLA;

    if (value->is_contradictory)
        return warn(w, resource, FHIR_WARNING_VALUE_UNREADABLE);
    if (!value->has_value || value->is_no_call)
        return ignore(w, resource, FHIR_IGNORED_NO_VALUE);
    if (o->has_drug)
        return ignore(w, resource, FHIR_IGNORED_DRUG_LEVEL);
    if (value->is_malformed)
        return warn(w, resource, FHIR_WARNING_MALFORMED_GENOTYPE);
    if (value->has_other_snp || o->names_variants || o->names_alleles) {
        if (ignore(w, resource, FHIR_IGNORED_VARIANT) != ERR_OK)
            return w->err->code;
        return warn(w, resource, FHIR_WARNING_VARIANT_IGNORED);
    }
    if (is_hla && !o->is_coded) /* HLA-B27 is no pharmacogene */
        return ignore(w, resource, FHIR_IGNORED_NOT_PGX);
    if (value->has_code && (o->kind == FHIR_KIND_GENOTYPE || o->kind == FHIR_KIND_HAPLOTYPE))
        return warn(w, resource, FHIR_WARNING_CODE_WITHOUT_ALLELES);
    return warn(w, resource, FHIR_WARNING_VALUE_UNREADABLE);
}

/* One of the two copies, reported alone: a partner may be reported beside it. */
static bool may_have_partner(const struct observation *o, const struct fhir_evidence *e)
{
    return e->is_single_allele &&
           (o->kind == FHIR_KIND_HAPLOTYPE || o->kind == FHIR_KIND_TYPING ||
            (o->kind == FHIR_KIND_GENOTYPE && o->code_gene != FHIR_GENE_NONE));
}

static enum err_code read_for_gene(struct walk *w, const struct observation *o,
                                   enum fhir_gene gene)
{
    struct observation_value value;
    struct fhir_evidence *e = &value.evidence;

    observation_read_value(o, gene, w->arena, &value);
    restrict_to_kind(o, gene, &value);
    if (value.is_contradictory || !states_something(e))
        return explain_nothing(w, o, gene, &value);
    e->resource = o->resource;
    e->gene = fhir_gene_row(gene)->symbol;
    e->date = date_of(o, w->arena);
    e->performer = performer_of(o, w->arena);
    e->method = method_of(o, w->arena);
    e->is_preliminary = !is_usable_status(json_text(o->status, w->arena));
    if ((value.is_malformed &&
         warn(w, o->resource, FHIR_WARNING_MALFORMED_GENOTYPE) != ERR_OK) ||
        (e->is_preliminary &&
         warn(w, o->resource,
              json_text_is(o->status, "preliminary") ? FHIR_WARNING_PRELIMINARY
                                                     : FHIR_WARNING_STATUS_UNKNOWN) != ERR_OK))
        return w->err->code;
    w->is_lone[w->out->evidence_count % FHIR_EVIDENCE_MAX] = may_have_partner(o, e);
    return reading_add(w->out, e, w->arena, w->err);
}

/* A typing of several loci in one value is read once for each. */
static enum err_code read_loci(struct walk *w, const struct observation *o, uint32_t genes)
{
    for (enum fhir_gene gene = FHIR_GENE_HLA_A; gene <= FHIR_GENE_HLA_B; gene++)
        if ((genes & FHIR_GENE_BIT(gene)) != 0 && read_for_gene(w, o, gene) != ERR_OK)
            return w->err->code;
    return ERR_OK;
}

static enum err_code read_result(struct walk *w, struct observation *o)
{
    static const uint32_t HLA = FHIR_GENE_BIT(FHIR_GENE_HLA_A) | FHIR_GENE_BIT(FHIR_GENE_HLA_B);
    uint32_t value_genes = observation_value_genes(o);
    uint32_t other =
        o->component_genes | FHIR_GENE_BIT(o->code_gene) | FHIR_GENE_BIT(o->extension_gene);
    enum fhir_gene gene;

    if (o->has_unknown_gene && o->kind != FHIR_KIND_TARGETED &&
        warn(w, o->resource, FHIR_WARNING_GENE_UNKNOWN) != ERR_OK)
        return w->err->code;
    if (value_genes == HLA && (other & ~1u & ~HLA) == 0 && fhir_gene_only(other & ~1u) == 0)
        return read_loci(w, o, HLA);
    if (find_gene(w, o, value_genes, &gene) != ERR_OK)
        return w->err->code;
    if (gene == FHIR_GENE_NONE) {
        if (o->has_unknown_gene || json_is_absent(o->value))
            return ignore(w, o->resource, FHIR_IGNORED_NOT_PGX);
        return warn(w, o->resource, FHIR_WARNING_VALUE_UNREADABLE);
    }
    /* A code that the words contradict does not say what kind of result this is either. */
    if (o->code_gene != FHIR_GENE_NONE && o->code_gene != gene &&
        (o->kind == FHIR_KIND_PRESENCE || o->kind == FHIR_KIND_TYPING)) {
        o->kind = FHIR_KIND_TARGETED;
        o->code_allele = SLICE_NONE;
    }
    return read_for_gene(w, o, gene);
}

static enum err_code read_variant(struct walk *w, struct observation *o)
{
    if (ignore(w, o->resource, FHIR_IGNORED_VARIANT) != ERR_OK)
        return w->err->code;
    /* Only where a result of ours may hide in it. */
    if (((o->component_genes | o->text_genes | FHIR_GENE_BIT(o->code_gene)) & ~1u) != 0)
        return warn(w, o->resource, FHIR_WARNING_VARIANT_IGNORED);
    return ERR_OK;
}

static enum err_code read_observation(struct walk *w, const struct fhir_resource *resource)
{
    struct observation o;

    if (!observation_open(resource, w->arena, &o))
        return ERR_OK;
    if (is_dropped_by_report(w, resource) || is_dropped_status(json_text(o.status, w->arena)))
        return ignore(w, resource, FHIR_IGNORED_STATUS);
    if (fhir_subject_is_foreign(&w->subjects, o.subject, resource))
        return ignore(w, resource, FHIR_IGNORED_FOREIGN_PATIENT);
    observation_read_parts(&o, w->arena);
    if (o.is_somatic)
        return ignore(w, resource, FHIR_IGNORED_SOMATIC);
    switch (o.kind) {
    case FHIR_KIND_VARIANT:
        return read_variant(w, &o);
    case FHIR_KIND_DRUG_LEVEL:
        return ignore(w, resource, FHIR_IGNORED_DRUG_LEVEL);
    case FHIR_KIND_GENOTYPE:
    case FHIR_KIND_HAPLOTYPE:
    case FHIR_KIND_PHENOTYPE:
    case FHIR_KIND_PRESENCE:
    case FHIR_KIND_TYPING:
    case FHIR_KIND_TARGETED:
    case FHIR_KIND_SCORE:
        break;
    case FHIR_KIND_NO_RESULT:
    case FHIR_KIND_OTHER:
    case FHIR_KIND_GENE_STUDIED:
    case FHIR_KIND_DRUG_ASSESSED:
    case FHIR_KIND_SOURCE_CLASS:
    case FHIR_KIND_CONTEXT:
    case FHIR_KIND_VARIANT_NAME:
        return ignore(w, resource, FHIR_IGNORED_NOT_PGX);
    }
    if (!json_is_absent(o.absent_reason) && json_is_absent(o.value) && o.results_count == 0)
        return ignore(w, resource, FHIR_IGNORED_NO_VALUE);
    return read_result(w, &o);
}

enum err_code fhir_read_evidence(const struct fhir_collection *collection,
                                 struct slice patient_id, struct arena *arena,
                                 struct fhir_reading *ret, struct err *err)
{
    struct fhir_reading reading = {0};
    struct walk w = {.collection = collection, .arena = arena, .out = &reading, .err = err};

    w.subjects = (struct fhir_subjects){
        .collection = collection, .patient_id = patient_id, .arena = arena};
    if (drop_by_reports(&w) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < collection->resources_count; i++) {
        const struct fhir_resource *resource = &collection->resources[i];

        if (slice_eq(resource->type, SLICE("Observation")) &&
            read_observation(&w, resource) != ERR_OK)
            return err->code;
    }
    if (fhir_join_haplotypes(collection, &reading, w.is_lone, arena, err) != ERR_OK)
        return err->code;
    /* Texts that did not fit left empty slices behind. */
    if (arena->has_failed)
        return err_set(err, ERR_NOMEM, "no memory for results");
    *ret = reading;
    return ERR_OK;
}
