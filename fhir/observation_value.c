/* fhir/observation_value.c -- what an Observation's value and result components state.
 *
 * A CodeableConcept says one thing several times (code, display, text), and one of these may be
 * opaque or broken, so all are read. They must agree: a code that says poor beside a display
 * that says normal says nothing.
 */
#include "fhir/observation_private.h"

#include <assert.h>

#include "fhir/shape.h"
#include "fhir/text.h"

struct reader {
    const struct observation *o;
    enum fhir_gene gene;
    struct arena *arena;
    struct observation_value *value;
};

/* "*1" and "*1.001", "*57:01" and "*57:01:01" are one allele in two resolutions. */
static bool is_finer(struct slice a, struct slice b)
{
    return slice_starts(a, b) && (a.len == b.len || a.ptr[b.len] == '.' || a.ptr[b.len] == ':');
}

static bool is_same_allele(struct slice a, struct slice b)
{
    return is_finer(a, b) || is_finer(b, a);
}

static bool are_same_alleles(const struct fhir_evidence *a, const struct fhir_evidence *b)
{
    bool is_used[FHIR_ALLELES_MAX] = {false};

    if (a->alleles_count != b->alleles_count || !slice_eq(a->copies, b->copies))
        return false;
    for (size_t i = 0; i < a->alleles_count; i++) {
        size_t j = 0;

        while (j < b->alleles_count &&
               (is_used[j] || !is_same_allele(a->alleles[i], b->alleles[j])))
            j++;
        if (j == b->alleles_count)
            return false;
        is_used[j] = true;
    }
    return true;
}

static void merge_text(struct observation_value *value, struct slice *all, struct slice one)
{
    if (one.len == 0)
        return;
    if (all->len > 0 && !slice_eq(*all, one))
        value->is_contradictory = true;
    *all = one;
}

static void merge_presence(struct observation_value *value, enum fhir_presence one)
{
    if (one == FHIR_PRESENCE_NONE)
        return;
    if (value->evidence.presence != FHIR_PRESENCE_NONE && value->evidence.presence != one)
        value->is_contradictory = true;
    value->evidence.presence = one;
}

/* Adds what one text states to what the others did. */
static void merge(struct observation_value *value, const struct fhir_evidence *one)
{
    struct fhir_evidence *all = &value->evidence;

    if (one->alleles_count > 0 && all->alleles_count == 0) {
        memcpy(all->alleles, one->alleles, sizeof all->alleles);
        all->alleles_count = one->alleles_count;
        all->copies = one->copies;
        all->is_single_allele = one->is_single_allele;
    } else if (one->alleles_count > 0 && !are_same_alleles(all, one)) {
        value->is_contradictory = true;
    }
    merge_text(value, &all->phenotype, one->phenotype);
    merge_text(value, &all->score, one->score);
    merge_text(value, &all->presence_allele, one->presence_allele);
    merge_presence(value, one->presence);
}

/* Codes of answers count where the question is known. */
static void read_code(struct reader *r, struct slice code, enum fhir_kind kind)
{
    struct fhir_evidence one = {0};

    if (kind != FHIR_KIND_HAPLOTYPE && kind != FHIR_KIND_PRESENCE)
        one.phenotype = fhir_phenotype_for(fhir_phenotype_from_loinc_answer(code), r->gene);
    if (r->o->code_allele.len > 0)
        one.presence = fhir_presence_from_code(code);
    merge(r->value, &one);
}

static bool is_phenotype(enum fhir_kind kind)
{
    return kind == FHIR_KIND_PHENOTYPE;
}

/* "*36+*10" under a haplotype's code is what stands on one chromosome. */
static void join_tandem(const struct reader *r, struct slice text, struct fhir_evidence *one)
{
    if (one->alleles_count != 2 || slice_find_char(text, '+') == SIZE_MAX ||
        slice_find_char(text, '/') != SIZE_MAX || slice_find_char(text, '|') != SIZE_MAX ||
        fhir_gene_row(r->gene)->alleles == FHIR_ALLELES_HLA)
        return;
    one->alleles[0] = arena_printf(r->arena, "%.*s+%.*s", SLICE_ARG(one->alleles[0]),
                                   SLICE_ARG(one->alleles[1]));
    one->alleles_count = 1;
}

static void read_text(struct reader *r, struct slice text, uint32_t genes, enum fhir_kind kind)
{
    struct fhir_evidence one = {0};
    struct fhir_text_reading reading;

    if (kind == FHIR_KIND_SCORE) {
        one.score = fhir_score_field(text, r->arena);
        merge(r->value, &one);
        return;
    }
    reading = fhir_text_read(text, genes, r->gene, r->arena, &one);
    if (kind == FHIR_KIND_HAPLOTYPE)
        join_tandem(r, text, &one);
    if (is_phenotype(kind) && one.alleles_count == 0 && one.phenotype.len == 0) {
        one.phenotype = fhir_phenotype_field(text, r->gene);
        /* A phenotype can be stated to be indeterminate; a genotype then is not there. */
        reading.is_no_call = reading.is_no_call && one.phenotype.len == 0;
    }
    if (reading.is_no_call && !is_phenotype(kind))
        one.phenotype = SLICE_NONE;
    if (r->o->names_variants && one.alleles_count > 0 && one.alleles[0].len == 1) {
        one.alleles_count = 0; /* nucleotides of another position */
        reading.has_other_snp = true;
    }
    r->value->is_no_call = r->value->is_no_call || reading.is_no_call;
    r->value->is_malformed = r->value->is_malformed || reading.is_malformed;
    r->value->has_other_snp = r->value->has_other_snp || reading.has_other_snp;
    merge(r->value, &one);
}

/* Of a concept's texts the one that a person wrote. */
static struct slice as_written(const struct concept_text *texts, size_t count)
{
    struct slice written = SLICE_NONE;

    for (size_t i = 0; i < count; i++)
        if (!texts[i].is_code || written.len == 0)
            written = texts[i].text;
    return written;
}

static void read_quantity(struct reader *r, struct json quantity, enum fhir_kind kind)
{
    struct json number =
        json_is(quantity, JSON_OBJECT) ? json_get(quantity, "value") : quantity;
    struct slice digits = json_number_text(number);
    struct slice comparator = json_text(json_get(quantity, "comparator"), r->arena);
    struct slice text = digits;

    if (kind != FHIR_KIND_SCORE || digits.len == 0)
        return;
    if (comparator.len > 0)
        text = arena_printf(r->arena, "%.*s%.*s", SLICE_ARG(comparator), SLICE_ARG(digits));
    r->value->evidence.as_written = text;
    read_text(r, text, 0, kind);
}

static void read_boolean(struct reader *r, struct json value, enum fhir_kind kind)
{
    if (kind == FHIR_KIND_PRESENCE)
        merge_presence(r->value,
                       json_is_true(value) ? FHIR_PRESENCE_POSITIVE : FHIR_PRESENCE_NEGATIVE);
}

/* Reads one value[x] of any type, with its texts. */
static void read_any_value(struct reader *r, struct json value,
                           const struct concept_text *texts, size_t count, enum fhir_kind kind)
{
    if (json_is_absent(value))
        return;
    r->value->has_value = true;
    if (json_is(value, JSON_TRUE) || json_is(value, JSON_FALSE)) {
        read_boolean(r, value, kind);
        return;
    }
    if (count == 0) {
        read_quantity(r, value, kind);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (texts[i].is_code) {
            r->value->has_code = true;
            read_code(r, texts[i].text, kind);
        }
        read_text(r, texts[i].text, texts[i].genes, kind);
    }
    if (r->value->evidence.as_written.len == 0)
        r->value->evidence.as_written = as_written(texts, count);
}

static void read_component(struct reader *r, const struct observation_result *result)
{
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    struct json value = observation_value_of(result->component);
    size_t count = observation_texts(value, r->arena, texts);

    for (size_t i = 0; i < count; i++)
        texts[i].genes = fhir_genes_in(texts[i].text);
    read_any_value(r, value, texts, count, result->kind);
}

/* "Allele 1" and "Allele 2" as components: both copies of one genotype. */
static void read_haplotype_components(struct reader *r)
{
    struct observation_value both = *r->value;
    size_t count = 0;

    for (size_t i = 0; i < r->o->results_count; i++) {
        struct observation_value one = {0};
        struct reader inner = {r->o, r->gene, r->arena, &one};

        if (r->o->results[i].kind != FHIR_KIND_HAPLOTYPE)
            continue;
        read_component(&inner, &r->o->results[i]);
        if (one.evidence.alleles_count != 1 || count == 2) {
            r->value->is_malformed = true;
            return;
        }
        both.evidence.alleles[count++] = one.evidence.alleles[0];
        if (both.evidence.as_written.len == 0)
            both.evidence.as_written = one.evidence.as_written;
        both.has_value = true;
    }
    if (count == 0 || r->value->evidence.alleles_count > 0)
        return;
    *r->value = both;
    r->value->evidence.alleles_count = count;
    r->value->evidence.is_single_allele = count == 1;
}

uint32_t observation_value_genes(struct observation *o)
{
    uint32_t genes = 0;

    for (size_t i = 0; i < o->value_texts_count; i++) {
        o->value_texts[i].genes = fhir_genes_in(o->value_texts[i].text);
        genes |= o->value_texts[i].genes;
    }
    return genes;
}

void observation_read_value(const struct observation *o, enum fhir_gene gene,
                            struct arena *arena, struct observation_value *ret)
{
    struct reader r = {.o = o, .gene = gene, .arena = arena, .value = ret};
    bool has_haplotypes = false;

    *ret = (struct observation_value){0};
    read_any_value(&r, o->value, o->value_texts, o->value_texts_count, o->kind);
    for (size_t i = 0; i < o->results_count; i++) {
        if (o->results[i].kind == FHIR_KIND_HAPLOTYPE)
            has_haplotypes = true;
        else
            read_component(&r, &o->results[i]);
    }
    if (has_haplotypes)
        read_haplotype_components(&r);
}
