/* fhir/statement.c -- Conditions and Flags that state a gene's result.
 *
 * Epic shows genomic indicators as Conditions of category "genomics" whose text is gene and
 * result ("CYP2B6 Intermediate Metabolizer"); problem lists hold the same words, and known
 * deficiencies as codes. None is a laboratory's result: the record says where it comes from,
 * one that repeats its linked Observation adds nothing, one that differs is kept beside it.
 */
#include "fhir/walk.h"

#include "fhir/order.h"
#include "fhir/shape.h"
#include "fhir/text.h"

#define DATE_BYTES 10
#define LINKS_MAX  16 /* of one Condition */

/* Diagnoses that are a CPIC phenotype. ICD-10 and ICD-10-CM D55.0, SNOMED CT 62403005: anaemia
 * due to glucose-6-phosphate dehydrogenase deficiency. */
static const struct {
    const char *system, *code;
    enum fhir_gene gene;
    const char *phenotype;
} DIAGNOSES[] = {
    {"http://hl7.org/fhir/sid/icd-10-cm", "D55.0", FHIR_GENE_G6PD, "Deficient"},
    {"http://hl7.org/fhir/sid/icd-10", "D55.0", FHIR_GENE_G6PD, "Deficient"},
    {"http://snomed.info/sct", "62403005", FHIR_GENE_G6PD, "Deficient"},
};

static bool states_anything(const struct fhir_evidence *e)
{
    return e->alleles_count > 0 || e->phenotype.len > 0 || e->score.len > 0 ||
           e->presence != FHIR_PRESENCE_NONE;
}

/* `is_site`: the site says so, and means what it says. */
static bool read_statement(struct walk *w, struct slice text, enum fhir_gene known,
                           bool is_site, struct fhir_evidence *ret)
{
    uint32_t named = fhir_genes_in(text);
    enum fhir_gene gene = named == 0 ? known : fhir_gene_only(named);
    struct slice symbol = fhir_gene_row(gene)->symbol, says;

    if (gene == FHIR_GENE_NONE)
        return false;
    says = is_site ? text : fhir_mapping_text(w->mapping, symbol, text);
    *ret = (struct fhir_evidence){0};
    (void)fhir_text_read(says.len > 0 ? says : text, named, gene, w->arena, ret);
    if (ret->phenotype.len == 0 && ret->alleles_count == 0) {
        ret->phenotype = fhir_phenotype_field(says.len > 0 ? says : text, gene);
        /* "CYP2C19: normal" may say that no variant was found. */
        if (says.len == 0 && slice_starts(ret->phenotype, SLICE("Normal")))
            ret->phenotype = SLICE_NONE;
    }
    if (slice_eq(ret->phenotype, SLICE("Indeterminate")) ||
        !fhir_phenotype_is_of(ret->phenotype, gene))
        ret->phenotype = SLICE_NONE;
    if (ret->is_single_allele) {
        ret->alleles_count = 0; /* perhaps what was looked for */
        ret->is_single_allele = false;
    }
    if (ret->presence_allele.len == 0)
        ret->presence = FHIR_PRESENCE_NONE;
    if (ret->presence == FHIR_PRESENCE_NONE)
        ret->presence_allele = SLICE_NONE;
    ret->gene = symbol;
    ret->as_written = text;
    return states_anything(ret);
}

bool walk_read_statement(struct walk *w, struct slice text, enum fhir_gene known,
                         struct fhir_evidence *ret)
{
    return read_statement(w, text, known, false, ret);
}

bool walk_read_site_code(struct walk *w, struct slice system, struct slice code,
                         struct fhir_evidence *ret)
{
    const struct fhir_mapped_code *entry =
        fhir_mapping_statement(w->mapping, system, code, SLICE_NONE);

    return entry != NULL &&
           read_statement(w, entry->says, fhir_gene_of_symbol(entry->gene), true, ret);
}

static bool have_same_alleles(const struct fhir_evidence *a, const struct fhir_evidence *b)
{
    return slice_eq(a->copies, b->copies) &&
           ((slice_eq(a->alleles[0], b->alleles[0]) &&
             slice_eq(a->alleles[1], b->alleles[1])) ||
            (slice_eq(a->alleles[0], b->alleles[1]) && slice_eq(a->alleles[1], b->alleles[0])));
}

bool walk_differ(const struct fhir_evidence *a, const struct fhir_evidence *b)
{
    if (a->phenotype.len > 0 && b->phenotype.len > 0 && !slice_eq(a->phenotype, b->phenotype))
        return true;
    if (a->presence != FHIR_PRESENCE_NONE && b->presence != FHIR_PRESENCE_NONE &&
        slice_eq(a->presence_allele, b->presence_allele) && a->presence != b->presence)
        return true;
    return a->alleles_count == 2 && b->alleles_count == 2 && !have_same_alleles(a, b);
}

/* Whether `all` states everything that `one` does. */
static bool says_as_much(const struct fhir_evidence *all, const struct fhir_evidence *one)
{
    return slice_eq(all->phenotype, one->phenotype) && all->presence == one->presence &&
           slice_eq(all->presence_allele, one->presence_allele) &&
           (one->alleles_count == 0 || all->alleles_count == one->alleles_count);
}

/* A code, which is a string in older versions. */
static struct slice code_text(struct walk *w, struct json value)
{
    struct json coding = shape_first(json_get(value, "coding"));
    struct slice code = json_is(value, JSON_STRING)
                            ? json_text(value, w->arena)
                            : json_text(json_get(coding, "code"), w->arena);

    return code.len > 0 ? code : json_text(json_get(value, "text"), w->arena);
}

static bool is_one_of(struct slice text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq_nocase(text, slice_of(list[i])))
            return true;
    return false;
}

/* Somebody took it back, or it no longer holds. */
static bool is_withdrawn(struct walk *w, const struct fhir_resource *resource)
{
    static const char *const WITHDRAWN[] = {"entered-in-error", "refuted", "inactive",
                                            "resolved", "remission"};
    static const char *const MEMBERS[] = {"verificationStatus", "clinicalStatus", "status"};

    for (size_t i = 0; i < ARRAY_LEN(MEMBERS); i++)
        if (is_one_of(code_text(w, json_get(resource->json, MEMBERS[i])), WITHDRAWN,
                      ARRAY_LEN(WITHDRAWN)))
            return true;
    return walk_is_dropped(w, resource);
}

static bool is_uncertain(struct walk *w, const struct fhir_resource *resource)
{
    static const char *const UNCERTAIN[] = {"unconfirmed", "provisional", "differential"};

    return is_one_of(code_text(w, json_get(resource->json, "verificationStatus")), UNCERTAIN,
                     ARRAY_LEN(UNCERTAIN));
}

static bool is_indicator(struct walk *w, const struct fhir_resource *resource)
{
    struct json categories = json_get(resource->json, "category");

    for (struct json c = shape_first(categories); !json_is_absent(c);
         c = shape_next(categories, c)) {
        struct concept_text texts[CONCEPT_TEXTS_MAX];
        size_t count = observation_texts(c, w->arena, texts);

        for (size_t i = 0; i < count; i++)
            if (slice_eq_nocase(texts[i].text, SLICE("genomics")) ||
                slice_eq_nocase(texts[i].text, SLICE("Genomic Indicators")))
                return true;
    }
    return false;
}

static bool read_code(struct walk *w, const struct concept_text *text,
                      struct fhir_evidence *ret)
{
    if (walk_read_site_code(w, text->system, text->text, ret))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(DIAGNOSES); i++) {
        if (!slice_eq_text(text->text, DIAGNOSES[i].code) ||
            !fhir_system_is(text->system, slice_of(DIAGNOSES[i].system)))
            continue;
        *ret = (struct fhir_evidence){.gene = fhir_gene_row(DIAGNOSES[i].gene)->symbol,
                                      .phenotype = slice_of(DIAGNOSES[i].phenotype),
                                      .as_written = text->text};
        return true;
    }
    return false;
}

/* What code, display and text state together; false when that is nothing, or they differ. */
static bool read_concept(struct walk *w, const struct fhir_resource *resource,
                         struct fhir_evidence *ret)
{
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    size_t count = observation_texts(resource->code, w->arena, texts);
    bool is_read = false;

    for (size_t i = 0; i < count; i++) {
        struct fhir_evidence one;

        if (!(texts[i].is_code ? read_code(w, &texts[i], &one)
                               : walk_read_statement(w, texts[i].text, FHIR_GENE_NONE, &one)))
            continue;
        if (is_read && (!slice_eq(one.gene, ret->gene) || walk_differ(&one, ret)))
            return false;
        if (!is_read || one.alleles_count > 0)
            *ret = one;
        is_read = true;
        if (!texts[i].is_code)
            ret->as_written = texts[i].text;
    }
    return is_read;
}

/* The results that a statement was made from. */
struct links {
    const struct fhir_resource *all[LINKS_MAX];
    size_t count;
};

static void add_links(struct walk *w, struct json list, const struct fhir_resource *from,
                      struct links *ret)
{
    for (struct json r = shape_first(list); !json_is_absent(r) && ret->count < LINKS_MAX;
         r = shape_next(list, r)) {
        struct json reference = json_get(r, "reference");
        const struct fhir_resource *found;

        if (json_is(reference, JSON_OBJECT)) /* R5: {concept, reference} */
            reference = json_get(reference, "reference");
        found = fhir_collection_find(w->collection, json_text(reference, w->arena), from);
        if (found != NULL)
            ret->all[ret->count++] = found;
    }
}

/* Condition.evidence: R4 and older .detail[], R5 itself. */
static void find_links(struct walk *w, const struct fhir_resource *resource, struct links *ret)
{
    struct json evidence = json_get(resource->json, "evidence");

    ret->count = 0;
    for (struct json e = shape_first(evidence); !json_is_absent(e) && ret->count < LINKS_MAX;
         e = shape_next(evidence, e))
        add_links(w, json_get(e, "detail"), resource, ret);
    add_links(w, evidence, resource, ret);
}

static bool is_linked(const struct links *links, const struct fhir_resource *result)
{
    for (size_t i = 0; i < links->count; i++)
        if (links->all[i] == result)
            return true;
    return false;
}

static void add_provenance(struct walk *w, const struct fhir_resource *resource,
                           struct fhir_evidence *ret)
{
    static const char *const DATES[] = {"recordedDate", "assertedDate", "dateRecorded"};
    static const char *const PEOPLE[] = {"recorder", "asserter", "author"};

    ret->resource = resource;
    ret->origin = is_indicator(w, resource) ? FHIR_ORIGIN_INDICATOR : FHIR_ORIGIN_CONDITION;
    ret->is_preliminary = is_uncertain(w, resource);
    for (size_t i = 0; i < ARRAY_LEN(DATES) && ret->date.len == 0; i++)
        ret->date =
            slice_head(json_text(json_get(resource->json, DATES[i]), w->arena), DATE_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(PEOPLE) && ret->performer.len == 0; i++)
        ret->performer = json_text(json_at(resource->json, PEOPLE[i], "display"), w->arena);
}

static enum err_code take(struct walk *w, struct fhir_evidence *stated)
{
    const struct fhir_reading *reading = w->out;
    uint32_t genes = FHIR_GENE_BIT(fhir_gene_of_symbol(stated->gene));
    struct links links;

    find_links(w, stated->resource, &links);
    for (size_t i = 0; i < reading->evidence_count; i++) {
        const struct fhir_evidence *result = &reading->evidence[i];

        if (result->origin != FHIR_ORIGIN_RESULT || !slice_eq(result->gene, stated->gene))
            continue;
        if (walk_differ(result, stated)) {
            if (walk_warn(w, stated->resource, FHIR_WARNING_INDICATOR_DIFFERS, genes) != ERR_OK)
                return w->err->code;
        } else if (says_as_much(result, stated) && is_linked(&links, result->resource)) {
            return walk_ignore(w, stated->resource, FHIR_IGNORED_SUPERSEDED);
        }
    }
    if (stated->is_preliminary &&
        walk_warn(w, stated->resource, FHIR_WARNING_PRELIMINARY, genes) != ERR_OK)
        return w->err->code;
    return walk_add(w, stated, false);
}

static struct json subject_of(const struct fhir_resource *resource)
{
    struct json subject = json_get(resource->json, "subject");

    return json_is_absent(subject) ? json_get(resource->json, "patient") : subject;
}

static uint32_t genes_named(struct walk *w, const struct fhir_resource *resource)
{
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    size_t count = observation_texts(resource->code, w->arena, texts);
    uint32_t genes = 0;

    for (size_t i = 0; i < count; i++)
        if (!texts[i].is_code)
            genes |= fhir_genes_in(texts[i].text);
    return genes;
}

static enum err_code read_one(struct walk *w, const struct fhir_resource *resource)
{
    struct fhir_evidence evidence;

    if (is_withdrawn(w, resource))
        return walk_ignore(w, resource, FHIR_IGNORED_STATUS);
    if (fhir_subject_is_foreign(&w->subjects, subject_of(resource), resource))
        return walk_ignore(w, resource, FHIR_IGNORED_FOREIGN_PATIENT);
    if (!read_concept(w, resource, &evidence)) {
        if (is_indicator(w, resource))
            return walk_warn(w, resource, FHIR_WARNING_VALUE_UNREADABLE,
                             genes_named(w, resource));
        return walk_ignore(w, resource, FHIR_IGNORED_NOT_PGX);
    }
    add_provenance(w, resource, &evidence);
    return take(w, &evidence);
}

enum err_code walk_statements(struct walk *w)
{
    for (size_t i = 0; i < w->deferred_count; i++)
        if (w->deferred[i].why == DEFERRED_STATEMENT &&
            read_one(w, w->deferred[i].resource) != ERR_OK)
            return w->err->code;
    return ERR_OK;
}

bool walk_is_statement(struct walk *w, const struct fhir_resource *resource)
{
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    size_t count = observation_texts(resource->code, w->arena, texts);

    for (size_t i = 0; i < count; i++) {
        struct fhir_evidence ignored;

        if (texts[i].is_code ? read_code(w, &texts[i], &ignored)
                             : fhir_genes_in(texts[i].text) != 0)
            return true;
    }
    return is_indicator(w, resource);
}
