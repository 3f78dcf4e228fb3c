/* fhir/observation_code.c -- what an Observation is about, by its code, components, extensions.
 *
 * Most Observations of a chart have nothing to do with genes. So the code is looked up first,
 * and of an Observation whose code, texts, components and extensions name no gene nothing else
 * is touched. The category is never asked for: laboratories leave it out.
 */
#include "fhir/observation_private.h"

#include <assert.h>

#include "fhir/order.h"
#include "fhir/shape.h"
#include "fhir/star_text.h"

#define NAME_BYTES_MAX 300 /* of a test or a disease; what follows is not looked at */

/* Words in the name of a test that say what it reports; the first row that fits counts.
 * A measured enzyme or drug level is not a genetic result (NO_RESULT), whatever it is called.
 */
static const struct {
    const char *word;
    enum fhir_kind kind;
} KIND_WORDS[] = {
    {"effect on drug", FHIR_KIND_DRUG_LEVEL},
    {"enzym", FHIR_KIND_NO_RESULT},
    {"/volume]", FHIR_KIND_NO_RESULT},
    {"/mass]", FHIR_KIND_NO_RESULT},
    {"antibod", FHIR_KIND_NO_RESULT},
    {"red blood", FHIR_KIND_NO_RESULT},
    {"erythrocyte", FHIR_KIND_NO_RESULT},
    {"activity score", FHIR_KIND_SCORE},
    {"phenotype", FHIR_KIND_PHENOTYPE},
    {"metaboli", FHIR_KIND_PHENOTYPE},
    {"interpretation", FHIR_KIND_PHENOTYPE},
    {"diplotype", FHIR_KIND_GENOTYPE},
    {"haplotype", FHIR_KIND_HAPLOTYPE},
    {"allele 1", FHIR_KIND_HAPLOTYPE},
    {"allele 2", FHIR_KIND_HAPLOTYPE},
    {"genotyp", FHIR_KIND_GENOTYPE},
    {"activity", FHIR_KIND_NO_RESULT},
    {"tested for", FHIR_KIND_NO_RESULT},
    /* Spanish, Dutch, German, Japanese */
    {"actividad enzim", FHIR_KIND_NO_RESULT},
    {"enzymaktivit", FHIR_KIND_NO_RESULT},
    {"fenotip", FHIR_KIND_PHENOTYPE},
    {"fenotyp", FHIR_KIND_PHENOTYPE},
    {"ph\xc3\xa4notyp", FHIR_KIND_PHENOTYPE},
    {"ph\xc3\x84notyp", FHIR_KIND_PHENOTYPE},
    {"interpretaci", FHIR_KIND_PHENOTYPE},
    {"interpretatie", FHIR_KIND_PHENOTYPE},
    {"genotip", FHIR_KIND_GENOTYPE},
    {"diplotip", FHIR_KIND_GENOTYPE},
    {"表現型", FHIR_KIND_PHENOTYPE},
    {"遺伝子型", FHIR_KIND_GENOTYPE},
};

/* Codes of the Genomics Reporting guide's own code system, under any of its URLs; the names
 * before and after its second release. */
static const char *const DRUG_LEVEL_CODES[] = {
    "therapeutic-implication", "predicted-therapeutic-implication", "diagnostic-implication",
    "effect-transporter-function"};

/* Words of a disease that make its treatment oncology, hence the genome a tumour's. */
static const char *const CANCER_WORDS[] = {"cancer",   "carcinoma", "neoplas",  "tumor",
                                           "tumour",   "lymphoma",  "leukemia", "leukaemia",
                                           "melanoma", "sarcoma",   "myeloma"};

size_t observation_texts(struct json concept, struct arena *arena,
                         struct concept_text ret[CONCEPT_TEXTS_MAX])
{
    static const struct json_want WANTS[] = {JSON_WANT("coding"), JSON_WANT("text")};
    struct json found[ARRAY_LEN(WANTS)], codings;
    struct slice last = SLICE_NONE, written;
    size_t count = 0;

    if (json_is(concept, JSON_STRING)) {
        ret[0] = (struct concept_text){.text = json_text(concept, arena)};
        return 1;
    }
    if (!json_is(concept, JSON_OBJECT))
        return 0;
    json_pick(concept, WANTS, ARRAY_LEN(WANTS), found);
    codings = found[0];
    for (struct json c = shape_first(codings); !json_is_absent(c); c = shape_next(codings, c)) {
        struct shape_coding coding = shape_coding(c);
        struct slice code = json_text(coding.code, arena);

        if (count + 3 > CONCEPT_TEXTS_MAX)
            break;
        last = json_text(coding.display, arena);
        if (code.len > 0)
            ret[count++] = (struct concept_text){
                .text = code, .system = json_text(coding.system, arena), .is_code = true};
        if (last.len > 0 && !slice_eq(last, code))
            ret[count++] = (struct concept_text){.text = last};
    }
    /* Many senders write the display once more as the text. */
    written = json_text(found[1], arena);
    if (written.len > 0 && !slice_eq(written, last))
        ret[count++] = (struct concept_text){.text = written};
    return count;
}

static void gather_members(struct observation *o)
{
    static const struct json_want WANTS[] = {
        JSON_WANT("status"),           JSON_WANT("subject"),        JSON_WANT_PREFIX("value"),
        JSON_WANT("dataAbsentReason"), JSON_WANT("component"),      JSON_WANT("extension"),
        JSON_WANT_PREFIX("effective"), JSON_WANT("issued"),         JSON_WANT("performer"),
        JSON_WANT("method"),           JSON_WANT("interpretation"),
    };
    struct json found[ARRAY_LEN(WANTS)];

    json_pick(o->resource->json, WANTS, ARRAY_LEN(WANTS), found);
    o->status = found[0];
    o->subject = found[1];
    o->value = found[2];
    o->absent_reason = found[3];
    o->component = found[4];
    o->extension = found[5];
    o->effective = found[6];
    o->issued = found[7];
    o->performer = found[8];
    o->method = found[9];
    o->interpretation = found[10];
}

bool observation_is_drug_level_code(struct slice code)
{
    if (code.len == 0 || code.ptr[0] < 'a' || code.ptr[0] > 'z')
        return false;
    for (size_t i = 0; i < ARRAY_LEN(DRUG_LEVEL_CODES); i++)
        if (slice_eq_text(code, DRUG_LEVEL_CODES[i]))
            return true;
    return false;
}

/* What a concept's codings say that something holds. */
struct coded {
    enum fhir_kind kind; /* OTHER: no coding says anything */
    enum fhir_gene gene;
    struct slice allele;
};

static struct coded coded_by_site(const struct fhir_mapped_code *entry)
{
    static const enum fhir_kind KINDS[] = {
        [FHIR_MAPPED_GENOTYPE] = FHIR_KIND_GENOTYPE,
        [FHIR_MAPPED_HAPLOTYPE] = FHIR_KIND_HAPLOTYPE,
        [FHIR_MAPPED_PHENOTYPE] = FHIR_KIND_PHENOTYPE,
        [FHIR_MAPPED_PRESENCE] = FHIR_KIND_PRESENCE,
        [FHIR_MAPPED_TYPING] = FHIR_KIND_TYPING,
        [FHIR_MAPPED_SCORE] = FHIR_KIND_SCORE,
    };

    return (struct coded){KINDS[entry->kind], fhir_gene_of_symbol(entry->gene), entry->allele};
}

/* The most telling coding, when there are several (84413-4 beside a typing code). */
static struct coded coded_as(const struct concept_text *texts, size_t count,
                             const struct fhir_mapping *mapping)
{
    struct coded found = {.kind = FHIR_KIND_OTHER}, one;
    bool is_drug_level = false;

    for (size_t i = 0; i < count; i++) {
        const struct fhir_mapped_code *entry;
        const struct fhir_loinc *row;

        if (!texts[i].is_code)
            continue;
        row = fhir_loinc_find(texts[i].system, texts[i].text);
        if (row != NULL) {
            one = (struct coded){row->kind, row->gene, row->allele};
        } else {
            entry = fhir_mapping_result(mapping, texts[i].system, texts[i].text);
            is_drug_level = is_drug_level || observation_is_drug_level_code(texts[i].text);
            if (entry == NULL)
                continue;
            one = coded_by_site(entry);
        }
        if (found.kind == FHIR_KIND_OTHER ||
            (found.gene == FHIR_GENE_NONE && one.gene != found.gene))
            found = one;
    }
    if (found.kind == FHIR_KIND_OTHER && is_drug_level)
        found.kind = FHIR_KIND_DRUG_LEVEL;
    return found;
}

static enum fhir_kind kind_by_words(const struct concept_text *texts, size_t count)
{
    for (size_t w = 0; w < ARRAY_LEN(KIND_WORDS); w++)
        for (size_t i = 0; i < count; i++)
            if (!texts[i].is_code &&
                slice_find_nocase(slice_head(texts[i].text, NAME_BYTES_MAX),
                                  slice_of(KIND_WORDS[w].word)) != SIZE_MAX)
                return KIND_WORDS[w].kind;
    return FHIR_KIND_TARGETED;
}

/* A test may name what it looks at: "rs12248560", "c.806C>T", "CYP2C19*17". */
static void read_variant_names(struct observation *o, const struct concept_text *texts,
                               size_t count)
{
    enum fhir_gene gene = fhir_gene_only(o->text_genes);

    if (fhir_gene_row(gene)->alleles == FHIR_ALLELES_HLA)
        return;
    for (size_t i = 0; i < count; i++) {
        if (texts[i].is_code)
            continue;
        o->names_variants = o->names_variants || fhir_names_other_variant(texts[i].text, gene);
        o->names_alleles = o->names_alleles ||
                           fhir_expression_find(texts[i].text, 0, FHIR_GENE_NONE) != SIZE_MAX;
    }
}

static void classify(struct observation *o, const struct concept_text *texts, size_t count,
                     struct arena *arena)
{
    struct coded coded = coded_as(texts, count, o->mapping);

    for (size_t i = 0; i < count; i++)
        if (!texts[i].is_code)
            o->text_genes |= fhir_genes_in(texts[i].text);
    if (coded.kind != FHIR_KIND_OTHER) {
        o->is_coded = true;
        o->kind = coded.kind;
        o->code_gene = coded.gene;
        o->code_allele = coded.allele;
    } else if (o->text_genes != 0) {
        o->kind = kind_by_words(texts, count);
    }
    if (o->text_genes == 0)
        return;
    read_variant_names(o, texts, count);
    for (size_t i = 0; i < count && o->code_allele.len == 0; i++)
        if (!texts[i].is_code)
            o->code_allele = fhir_hla_allele_in(texts[i].text, arena);
}

enum fhir_gene observation_gene_of(struct observation *o, struct json concept,
                                   struct arena *arena)
{
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    size_t count = observation_texts(concept, arena, texts);
    enum fhir_gene by_code = FHIR_GENE_NONE, by_text;
    uint32_t named = 0;
    bool has_code = false;

    for (size_t i = 0; i < count; i++) {
        if (!texts[i].is_code) {
            named |= fhir_genes_in(texts[i].text);
        } else if (!slice_ends(texts[i].system, SLICE("genegroup"))) {
            has_code = true;
            if (by_code == FHIR_GENE_NONE)
                by_code = fhir_gene_of_hgnc(texts[i].text);
        }
    }
    by_text = fhir_gene_only(named);
    if (by_code == FHIR_GENE_NONE) {
        o->has_unknown_gene = o->has_unknown_gene || has_code || (count > 0 && named == 0);
        return by_text;
    }
    if (by_text != FHIR_GENE_NONE && by_text != by_code)
        o->has_gene_contradiction = true;
    return by_code;
}

/* Whether this is a core genetics extension (DSTU2 has no prefix), by the end of its URL. */
static bool is_extension(struct slice url, const char *name)
{
    return slice_ends(url, slice_of(name)) &&
           slice_find(url, SLICE("hl7.org/fhir/StructureDefinition/")) != SIZE_MAX;
}

struct json observation_value_of(struct json component)
{
    static const struct json_want WANTS[] = {JSON_WANT_PREFIX("value")};
    struct json value;

    json_pick(component, WANTS, ARRAY_LEN(WANTS), &value);
    return value;
}

static bool is_somatic_class(struct json concept, struct arena *arena)
{
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    size_t count = observation_texts(concept, arena, texts);

    for (size_t i = 0; i < count; i++)
        if (slice_eq_text(texts[i].text, "LA6684-0") ||
            fhir_find_word(texts[i].text, SLICE("somatic")) != SIZE_MAX)
            return true;
    return false;
}

static bool is_oncology(struct json concept, struct arena *arena)
{
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    size_t count = observation_texts(concept, arena, texts);

    for (size_t i = 0; i < count; i++) {
        if (slice_find_nocase(texts[i].system, SLICE("disease-ontology")) != SIZE_MAX ||
            slice_starts_nocase(texts[i].text, SLICE("DOID:")))
            return true;
        for (size_t w = 0; w < ARRAY_LEN(CANCER_WORDS); w++)
            if (slice_find_nocase(slice_head(texts[i].text, NAME_BYTES_MAX),
                                  slice_of(CANCER_WORDS[w])) != SIZE_MAX)
                return true;
    }
    return false;
}

static void add_result(struct observation *o, struct observation_result result)
{
    if (!json_is_absent(result.value) && o->results_count < OBSERVATION_RESULTS_MAX)
        o->results[o->results_count++] = result;
}

/* STU3 and DSTU2 name the allele in the extension itself, R4 in a part of it called Name. */
static void read_allele_extension(struct observation *o, struct json extension,
                                  struct arena *arena)
{
    struct json value = observation_value_of(extension);
    struct json parts = json_get(extension, "extension");
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    enum fhir_kind kind = FHIR_KIND_HAPLOTYPE;
    size_t count;

    for (struct json p = shape_first(parts); json_is_absent(value) && !json_is_absent(p);
         p = shape_next(parts, p))
        if (slice_eq_nocase(json_text(json_get(p, "url"), arena), SLICE("Name")))
            value = observation_value_of(p);
    count = observation_texts(value, arena, texts);
    for (size_t i = 0; i < count; i++)
        if (slice_find_char(texts[i].text, '/') != SIZE_MAX)
            kind = FHIR_KIND_GENOTYPE;
    o->has_named_allele = true;
    add_result(o, (struct observation_result){.kind = kind, .value = value});
}

static void read_extensions(struct observation *o, struct arena *arena)
{
    for (struct json e = shape_first(o->extension); !json_is_absent(e);
         e = shape_next(o->extension, e)) {
        struct slice url = json_text(json_get(e, "url"), arena);

        if (is_extension(url, "geneticsGene"))
            o->extension_gene = observation_gene_of(o, observation_value_of(e), arena);
        else if (is_extension(url, "geneticsGenomicSourceClass"))
            o->is_somatic = o->is_somatic || is_somatic_class(observation_value_of(e), arena);
        else if (is_extension(url, "geneticsAlleleName") || is_extension(url, "geneticsAllele"))
            read_allele_extension(o, e, arena);
    }
}

/* Runs when the genes of all components are known. */
static void read_variant_component(struct observation *o, struct json value,
                                   struct arena *arena)
{
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    size_t count = observation_texts(value, arena, texts);

    for (size_t i = 0; i < count; i++)
        o->names_variants =
            o->names_variants ||
            fhir_names_other_variant(texts[i].text, fhir_gene_only(o->component_genes));
}

/* What a component holds: by its code when we know it, else by its words. */
static struct coded component_as(const struct observation *o, struct json concept,
                                 struct arena *arena)
{
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    size_t count = observation_texts(concept, arena, texts);
    struct coded coded = coded_as(texts, count, o->mapping);
    uint32_t named = 0;

    for (size_t i = 0; i < count; i++)
        if (!texts[i].is_code)
            named |= fhir_genes_in(texts[i].text);
    /* Variants and statements about drugs have many components, none named by words alone. */
    if (coded.kind == FHIR_KIND_OTHER && o->kind != FHIR_KIND_VARIANT &&
        o->kind != FHIR_KIND_DRUG_LEVEL) {
        coded.kind = kind_by_words(texts, count);
        /* Any words make a test of a gene, but a component may be anything. */
        if (coded.kind == FHIR_KIND_TARGETED && named == 0)
            coded.kind = FHIR_KIND_OTHER;
        for (size_t i = 0; i < count && named != 0 && coded.allele.len == 0; i++)
            if (!texts[i].is_code)
                coded.allele = fhir_hla_allele_in(texts[i].text, arena);
    }
    /* The words win over a code that names another gene, as for the Observation itself. */
    if (fhir_gene_only(named) != FHIR_GENE_NONE) {
        if (coded.gene != FHIR_GENE_NONE && coded.gene != fhir_gene_only(named))
            coded = (struct coded){.kind = FHIR_KIND_TARGETED};
        coded.gene = fhir_gene_only(named);
    }
    return coded;
}

static void read_drug(struct observation *o, struct json value, struct arena *arena)
{
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    size_t count = observation_texts(value, arena, texts);

    o->has_drug = true;
    for (size_t i = 0; i < count && o->drug.len == 0; i++)
        if (!texts[i].is_code)
            o->drug = texts[i].text;
}

static void read_component(struct observation *o, struct json component, struct arena *arena)
{
    static const struct json_want WANTS[] = {JSON_WANT("code"), JSON_WANT_PREFIX("value")};
    struct json found[ARRAY_LEN(WANTS)], value;
    struct coded coded;

    json_pick(component, WANTS, ARRAY_LEN(WANTS), found);
    value = found[1];
    coded = component_as(o, found[0], arena);
    switch (coded.kind) {
    case FHIR_KIND_GENE_STUDIED:
        coded.gene = observation_gene_of(o, value, arena);
        /* NONE is bit 0 and says nothing. */
        o->component_genes |= FHIR_GENE_BIT(coded.gene) & ~1u;
        break;
    case FHIR_KIND_DRUG_ASSESSED:
        read_drug(o, value, arena);
        return;
    case FHIR_KIND_SOURCE_CLASS:
        o->is_somatic = o->is_somatic || is_somatic_class(value, arena);
        return;
    case FHIR_KIND_CONTEXT:
        o->is_somatic = o->is_somatic || is_oncology(value, arena);
        return;
    case FHIR_KIND_VARIANT_NAME:
        o->has_variant_names = true;
        return;
    case FHIR_KIND_GENOTYPE:
    case FHIR_KIND_HAPLOTYPE:
    case FHIR_KIND_PHENOTYPE:
    case FHIR_KIND_SCORE:
    case FHIR_KIND_PRESENCE:
    case FHIR_KIND_TYPING:
    case FHIR_KIND_TARGETED:
    case FHIR_KIND_DRUG_LEVEL:
        break;
    case FHIR_KIND_OTHER:
    case FHIR_KIND_VARIANT:
    case FHIR_KIND_NARRATIVE:
    case FHIR_KIND_PANEL:
    case FHIR_KIND_NO_RESULT:
        return;
    }
    add_result(o, (struct observation_result){coded.kind, coded.gene, coded.allele, value});
}

/* Whether some component says which gene was studied: the cheap look at strangers. */
static bool has_gene_component(const struct observation *o, struct arena *arena)
{
    for (struct json c = shape_first(o->component); !json_is_absent(c);
         c = shape_next(o->component, c)) {
        struct json codings = json_at(c, "code", "coding");

        for (struct json k = shape_first(codings); !json_is_absent(k);
             k = shape_next(codings, k))
            if (slice_eq(json_text(json_get(k, "code"), arena), SLICE("48018-6")))
                return true;
    }
    return false;
}

static bool has_gene_extension(const struct observation *o, struct arena *arena)
{
    for (struct json e = shape_first(o->extension); !json_is_absent(e);
         e = shape_next(o->extension, e))
        if (is_extension(json_text(json_get(e, "url"), arena), "geneticsGene"))
            return true;
    return false;
}

bool observation_open(const struct fhir_resource *resource, const struct fhir_mapping *mapping,
                      struct arena *arena, struct observation *ret)
{
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    size_t count = observation_texts(resource->code, arena, texts);

    memset(ret, 0, offsetof(struct observation, results));
    ret->resource = resource;
    ret->mapping = mapping;
    classify(ret, texts, count, arena);
    if (ret->kind == FHIR_KIND_OTHER && !resource->has_parts)
        return false;
    gather_members(ret);
    if (ret->kind != FHIR_KIND_OTHER)
        return true;
    if (!has_gene_component(ret, arena) && !has_gene_extension(ret, arena))
        return false;
    ret->kind = kind_by_words(texts, count);
    return true;
}

void observation_read_parts(struct observation *o, struct arena *arena)
{
    o->value_texts_count = observation_texts(o->value, arena, o->value_texts);
    read_extensions(o, arena);
    for (struct json c = shape_first(o->component); !json_is_absent(c);
         c = shape_next(o->component, c))
        read_component(o, c, arena);
    if (!o->has_variant_names)
        return;
    for (struct json c = shape_first(o->component); !json_is_absent(c);
         c = shape_next(o->component, c))
        if (component_as(o, json_get(c, "code"), arena).kind == FHIR_KIND_VARIANT_NAME)
            read_variant_component(o, observation_value_of(c), arena);
}
