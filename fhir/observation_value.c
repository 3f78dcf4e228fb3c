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
    struct slice asked_allele; /* whose presence is asked about */
    bool is_component;
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
    if (r->asked_allele.len > 0) {
        one.presence = fhir_presence_from_code(code);
        if (one.presence != FHIR_PRESENCE_NONE)
            one.presence_allele = r->asked_allele;
    }
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
    r->value->is_vague = r->value->is_vague || reading.is_vague;
    r->value->has_other_snp = r->value->has_other_snp || reading.has_other_snp;
    if (one.presence != FHIR_PRESENCE_NONE && one.presence_allele.len == 0)
        one.presence_allele = r->asked_allele;
    else if (r->is_component && r->asked_allele.len > 0 && one.presence_allele.len > 0 &&
             !slice_eq(one.presence_allele, r->asked_allele))
        r->value->is_contradictory = true;
    if (r->is_component && kind == FHIR_KIND_TARGETED && one.is_single_allele &&
        fhir_gene_row(r->gene)->alleles != FHIR_ALLELES_HLA) {
        one.alleles_count = 0; /* it may be what was looked for */
        one.is_single_allele = false;
    }
    merge(r->value, &one);
}

/* What the site says that a code or a text means; false when it says nothing. */
static bool read_by_site(struct reader *r, const struct concept_text *text, enum fhir_kind kind)
{
    struct slice symbol = fhir_gene_row(r->gene)->symbol, says = SLICE_NONE;

    if (r->o->mapping == NULL)
        return false;
    if (text->is_code) {
        const struct fhir_mapped_code *entry =
            fhir_mapping_statement(r->o->mapping, text->system, text->text, symbol);

        if (entry != NULL && (entry->gene.len == 0 || slice_eq_nocase(entry->gene, symbol)))
            says = entry->says;
    } else {
        says = fhir_mapping_text(r->o->mapping, symbol, text->text);
    }
    if (says.len == 0)
        return false;
    read_text(r, says, fhir_genes_in(says), kind);
    return true;
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
    struct fhir_evidence one = {.presence_allele = r->asked_allele};

    if (kind != FHIR_KIND_PRESENCE)
        return;
    one.presence = json_is_true(value) ? FHIR_PRESENCE_POSITIVE : FHIR_PRESENCE_NEGATIVE;
    merge(r->value, &one);
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
        r->value->has_code = r->value->has_code || texts[i].is_code;
        if (read_by_site(r, &texts[i], kind))
            continue;
        if (texts[i].is_code)
            read_code(r, texts[i].text, kind);
        read_text(r, texts[i].text, texts[i].genes, kind);
    }
    if (r->value->evidence.as_written.len == 0)
        r->value->evidence.as_written = as_written(texts, count);
}

static void read_component(struct reader *r, const struct observation_result *result)
{
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    size_t count = observation_texts(result->value, r->arena, texts);
    struct reader inner = *r;
    struct slice before = r->value->evidence.phenotype;

    inner.is_component = true;
    inner.asked_allele = result->allele;
    for (size_t i = 0; i < count; i++)
        texts[i].genes = fhir_genes_in(texts[i].text);
    read_any_value(&inner, result->value, texts, count, result->kind);
    if (result->kind == FHIR_KIND_PHENOTYPE && result->gene != FHIR_GENE_NONE &&
        before.len == 0)
        r->value->has_own_phenotype = r->value->evidence.phenotype.len > 0;
}

/* Components that were given no gene are the Observation's own, unless it is a panel. */
static bool is_of_gene(const struct reader *r, size_t result)
{
    enum fhir_gene gene = r->o->results[result].gene;

    return gene == r->gene || (gene == FHIR_GENE_NONE && !r->o->is_panel);
}

/* "Allele 1" and "Allele 2" as components: both copies of one genotype. */
static void read_haplotype_components(struct reader *r)
{
    struct observation_value both = *r->value;
    size_t count = 0;

    for (size_t i = 0; i < r->o->results_count; i++) {
        struct observation_value one = {0};
        struct reader inner = {.o = r->o, .gene = r->gene, .arena = r->arena, .value = &one};

        if (r->o->results[i].kind != FHIR_KIND_HAPLOTYPE || !is_of_gene(r, i))
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

/* POS and NEG beside an answer must agree with it; alone they are the answer to a question
 * for presence. */
static void read_interpretation(struct reader *r)
{
    struct json list = r->o->interpretation;
    enum fhir_presence stated = r->value->evidence.presence;
    struct fhir_evidence one = {.presence_allele = r->asked_allele};

    if (r->o->kind != FHIR_KIND_PRESENCE || r->asked_allele.len == 0)
        return;
    for (struct json c = shape_first(list); !json_is_absent(c); c = shape_next(list, c)) {
        struct concept_text texts[CONCEPT_TEXTS_MAX];
        size_t count = observation_texts(c, r->arena, texts);

        for (size_t i = 0; i < count && one.presence == FHIR_PRESENCE_NONE; i++)
            if (texts[i].is_code)
                one.presence = fhir_presence_from_code(texts[i].text);
    }
    if (one.presence == FHIR_PRESENCE_NONE)
        return;
    if (stated != FHIR_PRESENCE_NONE && stated != one.presence)
        r->value->differs_from_its_code = true;
    else if (!r->value->has_value)
        merge(r->value, &one);
    r->value->has_value = true;
}

/* What is stated of a drug in the gene's group is its phenotype, where all agree. */
static void read_drug_levels(struct reader *r)
{
    struct observation_value implied = {0};
    struct reader inner = *r;
    struct slice phenotype;

    inner.value = &implied;
    for (size_t i = 0; i < r->o->results_count; i++)
        if (r->o->results[i].kind == FHIR_KIND_DRUG_LEVEL && is_of_gene(r, i))
            read_component(&inner, &r->o->results[i]);
    phenotype = implied.evidence.phenotype;
    r->value->has_value = r->value->has_value || implied.has_value;
    if (implied.is_contradictory ||
        (phenotype.len > 0 && r->value->evidence.phenotype.len > 0 &&
         !slice_eq(phenotype, r->value->evidence.phenotype))) {
        r->value->has_other_implication = true;
    } else if (phenotype.len > 0 && r->value->evidence.phenotype.len == 0) {
        r->value->evidence.phenotype = phenotype;
        r->value->evidence.is_implied = true;
        r->value->has_own_phenotype = true;
        if (r->value->evidence.as_written.len == 0)
            r->value->evidence.as_written = implied.evidence.as_written;
    }
}

/* The output is bounded by what CPIC defines for the gene. */
static void bound_phenotype(struct reader *r)
{
    struct fhir_evidence *e = &r->value->evidence;

    if (e->phenotype.len == 0 || fhir_phenotype_is_of(e->phenotype, r->gene))
        return;
    e->phenotype = SLICE_NONE;
    e->is_implied = false;
    r->value->has_foreign_phenotype = true;
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
    struct reader r = {
        .o = o, .gene = gene, .asked_allele = o->code_allele, .arena = arena, .value = ret};
    bool has_haplotypes = false;

    *ret = (struct observation_value){0};
    if (!o->is_panel || gene == o->value_gene)
        read_any_value(&r, o->value, o->value_texts, o->value_texts_count, o->kind);
    for (size_t i = 0; i < o->results_count; i++) {
        if (!is_of_gene(&r, i) || !observation_result_is_plain(&o->results[i]))
            continue;
        if (o->results[i].kind == FHIR_KIND_HAPLOTYPE)
            has_haplotypes = true;
        else
            read_component(&r, &o->results[i]);
    }
    if (has_haplotypes)
        read_haplotype_components(&r);
    if (o->is_panel)
        read_drug_levels(&r);
    read_interpretation(&r);
    bound_phenotype(&r);
}

void observation_read_presence(const struct observation *o,
                               const struct observation_result *result, struct arena *arena,
                               struct observation_value *ret)
{
    struct reader r = {.o = o, .gene = result->gene, .arena = arena, .value = ret};

    *ret = (struct observation_value){0};
    read_component(&r, result);
    ret->evidence.alleles_count = 0; /* the answer is yes or no */
    ret->evidence.is_single_allele = false;
}

/* The gene that a component's value names. */
static enum fhir_gene gene_in_value(const struct observation_result *result,
                                    struct arena *arena)
{
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    size_t count = observation_texts(result->value, arena, texts);
    uint32_t named = 0;

    for (size_t i = 0; i < count; i++)
        named |= fhir_genes_in(texts[i].text);
    return fhir_gene_only(named);
}

uint32_t observation_read_implication(struct observation *o, enum fhir_gene gene,
                                      struct arena *arena, struct observation_value *ret)
{
    struct reader r = {.o = o, .gene = gene, .arena = arena, .value = ret};
    uint32_t named = observation_value_genes(o);

    *ret = (struct observation_value){0};
    read_any_value(&r, o->value, o->value_texts, o->value_texts_count, FHIR_KIND_DRUG_LEVEL);
    for (size_t i = 0; i < o->results_count; i++) {
        if (o->results[i].kind != FHIR_KIND_DRUG_LEVEL)
            continue;
        read_component(&r, &o->results[i]);
        named |= FHIR_GENE_BIT(gene_in_value(&o->results[i], arena));
    }
    bound_phenotype(&r);
    return named & ~FHIR_GENE_BIT(FHIR_GENE_NONE);
}

/* Whether "gene studied" always stands in front of what it is about: gene, results, gene,
 * results. Then the order is the grouping that HL7 v2 gave them. */
static bool markers_lead(const struct observation *o)
{
    bool is_open = false, has_marker = false;

    for (size_t i = 0; i < o->results_count; i++) {
        bool is_marker = o->results[i].kind == FHIR_KIND_GENE_STUDIED;

        if (is_marker ? is_open : !has_marker)
            return false;
        is_open = is_marker;
        has_marker = true;
    }
    return has_marker && !is_open;
}

bool observation_result_is_plain(const struct observation_result *result)
{
    return result->kind != FHIR_KIND_GENE_STUDIED && result->kind != FHIR_KIND_DRUG_LEVEL &&
           !observation_result_asks(result);
}

bool observation_result_asks(const struct observation_result *result)
{
    return result->allele.len > 0 && fhir_gene_row(result->gene)->alleles == FHIR_ALLELES_HLA;
}

uint32_t observation_group(struct observation *o, struct arena *arena)
{
    bool has_order = markers_lead(o);
    enum fhir_gene marked = FHIR_GENE_NONE;
    uint32_t genes = 0;

    for (size_t i = 0; i < o->results_count; i++) {
        struct observation_result *result = &o->results[i];

        if (result->kind == FHIR_KIND_GENE_STUDIED) {
            marked = result->gene;
            continue;
        }
        if (result->gene == FHIR_GENE_NONE)
            result->gene = gene_in_value(result, arena);
        if (result->gene == FHIR_GENE_NONE && has_order)
            result->gene = marked;
        genes |= FHIR_GENE_BIT(result->gene);
    }
    return genes & ~FHIR_GENE_BIT(FHIR_GENE_NONE);
}

bool observation_names_other_locus(const struct observation *o)
{
    static const char *const LOCI[] = {"C*", "C:", "DR", "DQ", "DP"};

    for (size_t t = 0; t < o->value_texts_count; t++) {
        struct slice text = slice_trim(o->value_texts[t].text);

        if (slice_starts_nocase(text, SLICE("HLA-")))
            text = slice_from(text, 4);
        for (size_t i = 0; i < ARRAY_LEN(LOCI); i++)
            if (slice_starts_nocase(text, slice_of(LOCI[i])))
                return true;
    }
    return false;
}
