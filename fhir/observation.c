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
#include "fhir/walk.h"

#include <assert.h>

#include "fhir/haplotype.h"
#include "fhir/reading.h"
#include "fhir/shape.h"

#define DATE_BYTES 10

enum err_code walk_warn(struct walk *w, const struct fhir_resource *resource,
                        enum fhir_warning_code code, uint32_t genes)
{
    return reading_warn(w->out, resource, code, genes, w->arena, w->err);
}

enum err_code walk_ignore(struct walk *w, const struct fhir_resource *resource,
                          enum fhir_ignored_reason reason)
{
    return reading_ignore(w->out, resource, reason, w->arena, w->err);
}

enum err_code walk_defer(struct walk *w, const struct fhir_resource *resource,
                         enum deferral why)
{
    struct deferred *deferred = arena_grow(w->arena, w->deferred, &w->deferred_max,
                                           w->deferred_count, sizeof *deferred);

    if (deferred == NULL)
        return err_set(w->err, ERR_NOMEM, "no memory for what is read later");
    w->deferred = deferred;
    deferred[w->deferred_count++] = (struct deferred){.resource = resource, .why = why};
    return ERR_OK;
}

enum err_code walk_add(struct walk *w, const struct fhir_evidence *evidence, bool is_lone)
{
    w->is_lone[w->out->evidence_count % FHIR_EVIDENCE_MAX] = is_lone;
    return reading_add(w->out, evidence, w->arena, w->err);
}

void walk_remove(struct walk *w, size_t i)
{
    size_t behind = w->out->evidence_count - i - 1;

    assert(i < w->out->evidence_count);
    memmove(&w->out->evidence[i], &w->out->evidence[i + 1], behind * sizeof *w->out->evidence);
    memmove(&w->is_lone[i], &w->is_lone[i + 1], behind * sizeof *w->is_lone);
    w->out->evidence_count--;
    w->is_lone[w->out->evidence_count] = false;
}

static bool is_one_of(struct slice text, const char *const *list, size_t list_count)
{
    for (size_t i = 0; i < list_count; i++)
        if (slice_eq_text(text, list[i]))
            return true;
    return false;
}

bool walk_status_is_usable(struct slice status)
{
    static const char *const USABLE[] = {"final", "amended", "corrected", "appended"};

    return is_one_of(status, USABLE, ARRAY_LEN(USABLE));
}

bool walk_status_is_dropped(struct slice status)
{
    static const char *const DROPPED[] = {"registered", "cancelled", "entered-in-error"};

    return is_one_of(status, DROPPED, ARRAY_LEN(DROPPED));
}

bool walk_is_dropped(const struct walk *w, const struct fhir_resource *resource)
{
    return w->is_dropped != NULL &&
           (w->is_dropped[resource - w->collection->resources] ||
            (resource->parent != SIZE_MAX && w->is_dropped[resource->parent]));
}

bool walk_open(struct walk *w, const struct fhir_resource *resource, struct observation *ret)
{
    if (!slice_eq(resource->type, SLICE("Observation")) ||
        !observation_open(resource, w->mapping, w->arena, ret) ||
        walk_is_dropped(w, resource) ||
        walk_status_is_dropped(json_text(ret->status, w->arena)) ||
        fhir_subject_is_foreign(&w->subjects, ret->subject, resource))
        return false;
    observation_read_parts(ret, w->arena);
    return !ret->is_somatic;
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
    votes &= ~FHIR_GENE_BIT(FHIR_GENE_NONE);
    if (has_two && walk_warn(w, o->resource, FHIR_WARNING_TWO_GENES,
                             votes | value_genes | o->component_genes) != ERR_OK)
        return w->err->code;
    if ((fhir_gene_only(votes) == FHIR_GENE_NONE && votes != 0) || o->has_gene_contradiction)
        return walk_warn(w, o->resource, FHIR_WARNING_GENE_MISMATCH,
                         votes | FHIR_GENE_BIT(gene));
    return ERR_OK;
}

/* The report dates a result that has no date of its own. */
static struct slice report_date(struct walk *w, const struct fhir_resource *resource)
{
    const struct fhir_resource *report = walk_report_of(w, resource);
    static const char *const MEMBERS[] = {"effectiveDateTime", "issued"};
    struct slice date = SLICE_NONE;

    for (size_t i = 0; report != NULL && i < ARRAY_LEN(MEMBERS) && date.len == 0; i++)
        date = json_text(json_get(report->json, MEMBERS[i]), w->arena);
    return date;
}

static struct slice date_of(struct walk *w, const struct observation *o)
{
    struct json start = json_get(o->effective, "start");
    struct slice date = json_text(json_is_absent(start) ? o->effective : start, w->arena);

    if (date.len == 0)
        date = json_text(o->issued, w->arena);
    if (date.len == 0)
        date = report_date(w, o->resource);
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
    bool is_strict = o->kind == FHIR_KIND_TARGETED && !o->has_named_allele;

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
    if (o->has_drug && !value->has_own_phenotype) {
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
        return walk_warn(w, resource, FHIR_WARNING_VALUE_UNREADABLE, FHIR_GENE_BIT(gene));
    if (!value->has_value || value->is_no_call)
        return walk_ignore(w, resource, FHIR_IGNORED_NO_VALUE);
    if (o->has_drug && !o->is_panel)
        return walk_ignore(w, resource, FHIR_IGNORED_DRUG_LEVEL);
    if (value->has_foreign_phenotype)
        return walk_warn(w, resource, FHIR_WARNING_PHENOTYPE_NOT_OF_GENE, FHIR_GENE_BIT(gene));
    if (value->is_malformed)
        return walk_warn(w, resource, FHIR_WARNING_MALFORMED_GENOTYPE, FHIR_GENE_BIT(gene));
    if (value->has_other_snp || o->names_variants || o->names_alleles) {
        if (walk_ignore(w, resource, FHIR_IGNORED_VARIANT) != ERR_OK)
            return w->err->code;
        return walk_warn(w, resource, FHIR_WARNING_VARIANT_IGNORED, FHIR_GENE_BIT(gene));
    }
    if (is_hla && !o->is_coded) /* HLA-B27 is no pharmacogene */
        return walk_ignore(w, resource, FHIR_IGNORED_NOT_PGX);
    if (value->is_vague)
        return walk_warn(w, resource, FHIR_WARNING_HLA_VAGUE, FHIR_GENE_BIT(gene));
    if (value->has_code && (o->kind == FHIR_KIND_GENOTYPE || o->kind == FHIR_KIND_HAPLOTYPE))
        return walk_warn(w, resource, FHIR_WARNING_CODE_WITHOUT_ALLELES, FHIR_GENE_BIT(gene));
    return walk_warn(w, resource, FHIR_WARNING_VALUE_UNREADABLE, FHIR_GENE_BIT(gene));
}

/* One of the two copies, reported alone: a partner may be reported beside it. */
static bool may_have_partner(const struct observation *o, const struct fhir_evidence *e)
{
    return e->is_single_allele &&
           (o->kind == FHIR_KIND_HAPLOTYPE || o->kind == FHIR_KIND_TYPING ||
            (o->kind == FHIR_KIND_GENOTYPE && o->code_gene != FHIR_GENE_NONE));
}

void walk_provenance(struct walk *w, const struct observation *o, struct fhir_evidence *ret)
{
    ret->resource = o->resource;
    ret->date = date_of(w, o);
    ret->performer = performer_of(o, w->arena);
    ret->method = method_of(o, w->arena);
    ret->is_preliminary = !walk_status_is_usable(json_text(o->status, w->arena));
}

/* What has to be said of a value that is used. */
static enum err_code warn_of_value(struct walk *w, const struct observation *o,
                                   enum fhir_gene gene, const struct observation_value *value)
{
    const struct {
        bool is_so;
        enum fhir_warning_code code;
    } warnings[] = {
        {value->is_malformed, FHIR_WARNING_MALFORMED_GENOTYPE},
        {value->has_foreign_phenotype, FHIR_WARNING_PHENOTYPE_NOT_OF_GENE},
        {value->has_other_implication, FHIR_WARNING_IMPLICATION_DIFFERS},
        {value->evidence.is_preliminary, json_text_is(o->status, "preliminary")
                                             ? FHIR_WARNING_PRELIMINARY
                                             : FHIR_WARNING_STATUS_UNKNOWN},
    };

    for (size_t i = 0; i < ARRAY_LEN(warnings); i++)
        if (warnings[i].is_so &&
            walk_warn(w, o->resource, warnings[i].code, FHIR_GENE_BIT(gene)) != ERR_OK)
            return w->err->code;
    return ERR_OK;
}

enum err_code walk_take_value(struct walk *w, const struct observation *o, enum fhir_gene gene,
                              struct observation_value *value)
{
    struct fhir_evidence *e = &value->evidence;

    restrict_to_kind(o, gene, value);
    if (value->differs_from_its_code)
        return walk_warn(w, o->resource, FHIR_WARNING_INTERPRETATION_DIFFERS,
                         FHIR_GENE_BIT(gene));
    if (value->is_contradictory || !states_something(e))
        return explain_nothing(w, o, gene, value);
    walk_provenance(w, o, e);
    e->gene = fhir_gene_row(gene)->symbol;
    if (warn_of_value(w, o, gene, value) != ERR_OK)
        return w->err->code;
    return walk_add(w, e, may_have_partner(o, e));
}

enum err_code walk_read_for_gene(struct walk *w, const struct observation *o,
                                 enum fhir_gene gene)
{
    struct observation_value value;

    observation_read_value(o, gene, w->arena, &value);
    return walk_take_value(w, o, gene, &value);
}

/* A typing of several loci in one value is read once for each. */
static enum err_code read_loci(struct walk *w, const struct observation *o, uint32_t genes)
{
    for (enum fhir_gene gene = FHIR_GENE_HLA_A; gene <= FHIR_GENE_HLA_B; gene++)
        if ((genes & FHIR_GENE_BIT(gene)) != 0 && walk_read_for_gene(w, o, gene) != ERR_OK)
            return w->err->code;
    return ERR_OK;
}

/* Neither code, components, value nor words name a gene of ours. */
static enum err_code read_without_gene(struct walk *w, struct observation *o)
{
    if (o->has_unknown_gene || json_is_absent(o->value))
        return walk_ignore(w, o->resource, FHIR_IGNORED_NOT_PGX);
    if (o->kind == FHIR_KIND_TYPING && observation_names_other_locus(o))
        return walk_ignore(w, o->resource, FHIR_IGNORED_NOT_PGX);
    return walk_defer(w, o->resource, DEFERRED_WITHOUT_GENE);
}

static enum err_code read_result(struct walk *w, struct observation *o)
{
    static const uint32_t HLA = FHIR_GENE_BIT(FHIR_GENE_HLA_A) | FHIR_GENE_BIT(FHIR_GENE_HLA_B);
    uint32_t value_genes = observation_value_genes(o);
    uint32_t grouped = o->results_count > 0 ? observation_group(o, w->arena) : 0;
    uint32_t other =
        o->component_genes | FHIR_GENE_BIT(o->code_gene) | FHIR_GENE_BIT(o->extension_gene);
    enum fhir_gene gene;

    if (o->has_unknown_gene && o->kind != FHIR_KIND_TARGETED &&
        walk_warn(w, o->resource, FHIR_WARNING_GENE_UNKNOWN, 0) != ERR_OK)
        return w->err->code;
    if (walk_is_panel(o, grouped))
        return walk_read_panel(w, o, grouped, value_genes);
    if (value_genes == HLA && (other & ~1u & ~HLA) == 0 && fhir_gene_only(other & ~1u) == 0)
        return read_loci(w, o, HLA);
    if (find_gene(w, o, value_genes, &gene) != ERR_OK)
        return w->err->code;
    if (gene == FHIR_GENE_NONE)
        gene = fhir_gene_only(grouped);
    if (gene == FHIR_GENE_NONE)
        return read_without_gene(w, o);
    /* A code that the words contradict does not say what kind of result this is either. */
    if (o->code_gene != FHIR_GENE_NONE && o->code_gene != gene &&
        (o->kind == FHIR_KIND_PRESENCE || o->kind == FHIR_KIND_TYPING)) {
        o->kind = FHIR_KIND_TARGETED;
        o->code_allele = SLICE_NONE;
    }
    return walk_read_for_gene(w, o, gene);
}

static enum err_code read_variant(struct walk *w, struct observation *o)
{
    uint32_t genes = o->component_genes | o->text_genes | FHIR_GENE_BIT(o->code_gene);

    if (o->code_allele.len > 0 && walk_defer(w, o->resource, DEFERRED_VARIANT) != ERR_OK)
        return w->err->code;
    if (walk_ignore(w, o->resource, FHIR_IGNORED_VARIANT) != ERR_OK)
        return w->err->code;
    /* Only where a result of ours may hide in it. */
    if ((genes & ~1u) != 0)
        return walk_warn(w, o->resource, FHIR_WARNING_VARIANT_IGNORED, genes);
    return ERR_OK;
}

/* A grouper without a result of its own is nothing to speak of. */
static enum err_code read_grouper(struct walk *w, struct observation *o)
{
    if (json_is_absent(o->value) && o->results_count == 0)
        return ERR_OK;
    return read_result(w, o);
}

static enum err_code read_kind(struct walk *w, struct observation *o)
{
    switch (o->kind) {
    case FHIR_KIND_VARIANT:
        return read_variant(w, o);
    case FHIR_KIND_DRUG_LEVEL:
        return walk_defer(w, o->resource, DEFERRED_IMPLICATION);
    case FHIR_KIND_NARRATIVE:
        return walk_defer(w, o->resource, DEFERRED_NARRATIVE);
    case FHIR_KIND_GENE_STUDIED:
        return walk_defer(w, o->resource, DEFERRED_GENE_NAME);
    case FHIR_KIND_PANEL:
        return read_grouper(w, o);
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
    case FHIR_KIND_DRUG_ASSESSED:
    case FHIR_KIND_SOURCE_CLASS:
    case FHIR_KIND_CONTEXT:
    case FHIR_KIND_VARIANT_NAME:
        return walk_ignore(w, o->resource, FHIR_IGNORED_NOT_PGX);
    }
    if (!json_is_absent(o->absent_reason) && json_is_absent(o->value) && o->results_count == 0)
        return walk_ignore(w, o->resource, FHIR_IGNORED_NO_VALUE);
    return read_result(w, o);
}

static enum err_code read_observation(struct walk *w, const struct fhir_resource *resource)
{
    struct observation o;

    if (!observation_open(resource, w->mapping, w->arena, &o))
        return ERR_OK;
    if (walk_is_dropped(w, resource) || walk_status_is_dropped(json_text(o.status, w->arena)))
        return walk_ignore(w, resource, FHIR_IGNORED_STATUS);
    if (fhir_subject_is_foreign(&w->subjects, o.subject, resource))
        return walk_ignore(w, resource, FHIR_IGNORED_FOREIGN_PATIENT);
    observation_read_parts(&o, w->arena);
    if (o.is_somatic)
        return walk_ignore(w, resource, FHIR_IGNORED_SOMATIC);
    return read_kind(w, &o);
}

static enum err_code read_all(struct walk *w)
{
    const struct fhir_collection *c = w->collection;

    if (walk_reports(w) != ERR_OK)
        return w->err->code;
    for (size_t i = 0; i < c->resources_count; i++) {
        const struct fhir_resource *resource = &c->resources[i];
        enum err_code code = slice_eq(resource->type, SLICE("Observation"))
                                 ? read_observation(w, resource)
                                 : walk_other(w, resource);

        if (code != ERR_OK)
            return code;
    }
    if (walk_groups(w) != ERR_OK || walk_versions(w) != ERR_OK ||
        fhir_join_haplotypes(c, w->out, w->is_lone, w->arena, w->err) != ERR_OK ||
        walk_implications(w) != ERR_OK || walk_variants(w) != ERR_OK ||
        walk_statements(w) != ERR_OK || walk_conclusions(w) != ERR_OK)
        return w->err->code;
    return ERR_OK;
}

enum err_code fhir_read_evidence_mapped(const struct fhir_collection *collection,
                                        struct slice patient_id,
                                        const struct fhir_mapping *mapping, struct arena *arena,
                                        struct fhir_reading *ret, struct err *err)
{
    struct fhir_reading reading = {0};
    struct walk w = {.collection = collection,
                     .mapping = mapping,
                     .arena = arena,
                     .out = &reading,
                     .err = err};

    w.subjects = (struct fhir_subjects){
        .collection = collection, .patient_id = patient_id, .arena = arena};
    if (read_all(&w) != ERR_OK)
        return err->code;
    /* Texts that did not fit left empty slices behind. */
    if (arena->has_failed)
        return err_set(err, ERR_NOMEM, "no memory for results");
    *ret = reading;
    return ERR_OK;
}

enum err_code fhir_read_evidence(const struct fhir_collection *collection,
                                 struct slice patient_id, struct arena *arena,
                                 struct fhir_reading *ret, struct err *err)
{
    return fhir_read_evidence_mapped(collection, patient_id, NULL, arena, ret, err);
}
