/* tests/fuzz/fuzz_fhir.c -- the readers of FHIR resources on any bytes.
 *
 * Bytes that are JSON become a collection, evidence and orders; all others one value's text,
 * read for a gene of each notation. Checked for each input:
 *   (1) Reading is deterministic, and what was found refers to the collection it came from.
 *   (2) Evidence keeps its promises: a known gene, something stated, counts in their limits.
 *   (3) With a patient, never more is read than without.
 *   (4) A resource with an id is found again by the name it was given.
 *   (5) With any amount of memory the answer is the same, or that there was not enough.
 *   (6) With a site's mapping reading ends as well, and its look-ups find what is in it.
 */
#include "fhir/mapping.h"
#include "fhir/observation.h"
#include "fhir/order.h"
#include "fhir/text.h"

#include <stdlib.h>

#define NODES_MAX       65536
#define ARENA_BYTES_MAX ((size_t)8 << 20)

#define MUST(condition)                                                                        \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);              \
            abort();                                                                           \
        }                                                                                      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct all {
    struct arena arena;
    struct fhir_collection collection;
    struct fhir_reading reading;
    struct fhir_order *orders;
    size_t orders_count;
    enum err_code code;
};

#define TEXT_OF(literal)                                                                       \
    {                                                                                          \
        "" literal, sizeof(literal) - 1                                                        \
    }

/* In order of code. */
static struct fhir_mapped_code mapped_codes[] = {
    {TEXT_OF("s"), TEXT_OF("1"), TEXT_OF("CYP2C19"), FHIR_MAPPED_GENOTYPE, TEXT_OF(""),
     TEXT_OF("")},
    {TEXT_OF("s"), TEXT_OF("2"), TEXT_OF("HLA-B"), FHIR_MAPPED_PRESENCE, TEXT_OF("*57:01"),
     TEXT_OF("")},
    {TEXT_OF("s"), TEXT_OF("3"), TEXT_OF(""), FHIR_MAPPED_STATEMENT, TEXT_OF(""),
     TEXT_OF("Poor Metabolizer")},
};
static struct fhir_mapped_text mapped_texts[] = {
    {TEXT_OF("CYP2C19"), TEXT_OF("a"), TEXT_OF("*2/*2")}};
static const struct fhir_mapping mapping = {mapped_codes, ARRAY_LEN(mapped_codes), mapped_texts,
                                            ARRAY_LEN(mapped_texts)};

static void read_mapped(struct all *all, struct json root, struct slice patient,
                        const struct fhir_mapping *site, size_t bytes_max)
{
    struct err err = {0};

    *all = (struct all){.code = ERR_OK};
    arena_init(&all->arena, bytes_max);
    fhir_collection_init(&all->collection, &all->arena);
    all->code = fhir_collection_add(&all->collection, root, &err);
    if (all->code == ERR_OK)
        all->code = fhir_read_evidence_mapped(&all->collection, patient, site, &all->arena,
                                              &all->reading, &err);
    if (all->code == ERR_OK)
        all->code = fhir_read_orders(root, &all->collection, &all->arena, &all->orders,
                                     &all->orders_count, &err);
    MUST(all->code == ERR_OK || all->code == ERR_LIMIT || all->code == ERR_NOMEM);
    MUST(all->code == err.code);
}

static void read_all(struct all *all, struct json root, struct slice patient, size_t bytes_max)
{
    read_mapped(all, root, patient, NULL, bytes_max);
}

static void check_evidence(const struct fhir_evidence *e)
{
    enum fhir_gene gene = fhir_gene_of_symbol(e->gene);

    MUST(gene != FHIR_GENE_NONE);
    MUST(e->alleles_count <= FHIR_ALLELES_MAX);
    MUST(!e->is_single_allele || e->alleles_count == 1);
    MUST(e->alleles_count > 0 || e->phenotype.len > 0 || e->score.len > 0 ||
         e->presence != FHIR_PRESENCE_NONE);
    MUST((e->presence != FHIR_PRESENCE_NONE) == (e->presence_allele.len > 0));
    MUST(e->presence == FHIR_PRESENCE_NONE || fhir_gene_row(gene)->alleles == FHIR_ALLELES_HLA);
    for (size_t i = 0; i < e->alleles_count; i++)
        MUST(e->alleles[i].len > 0);
    MUST(e->date.len <= 10);
    MUST(e->origin <= FHIR_ORIGIN_CONDITION);
    MUST(!e->is_implied || e->phenotype.len > 0);
    MUST(fhir_phenotype_is_of(e->phenotype, gene));
}

static void check_reading(const struct all *all)
{
    const struct fhir_resource *first = all->collection.resources, *end;
    const struct fhir_reading *reading = &all->reading;

    if (first == NULL) {
        MUST(reading->evidence_count == 0 && reading->warnings_count == 0);
        return;
    }
    end = first + all->collection.resources_count;
    MUST(reading->evidence_count <= FHIR_EVIDENCE_MAX);
    for (size_t i = 0; i < reading->evidence_count; i++) {
        check_evidence(&reading->evidence[i]);
        MUST(reading->evidence[i].resource >= first && reading->evidence[i].resource < end);
    }
    for (size_t i = 0; i < reading->warnings_count; i++)
        MUST(reading->warnings[i].resource >= first && reading->warnings[i].resource < end &&
             fhir_warning_name(reading->warnings[i].code) != NULL);
    for (size_t i = 0; i < reading->ignored_count; i++)
        MUST(reading->ignored[i].resource >= first && reading->ignored[i].resource < end &&
             fhir_ignored_name(reading->ignored[i].reason) != NULL);
}

/* What is a sum of a day is a decimal number, of a dose that is one. */
static void check_dosage(const struct fhir_dosage *dosage)
{
    for (size_t i = 0; i < dosage->per_day.len; i++)
        MUST((dosage->per_day.ptr[i] >= '0' && dosage->per_day.ptr[i] <= '9') ||
             dosage->per_day.ptr[i] == '.');
    MUST(dosage->per_day.len == 0 || dosage->dose.len > 0);
    MUST(dosage->per_day_high.len == 0 || dosage->dose.len > 0 || dosage->dose_high.len > 0);
}

static void check_orders(const struct all *all)
{
    MUST(all->orders_count <= FHIR_ORDERS_MAX);
    for (size_t i = 0; i < all->orders_count; i++) {
        const struct fhir_order *order = &all->orders[i];

        MUST(order->codings_count <= FHIR_ORDER_CODINGS_MAX);
        MUST((order->state == FHIR_ORDER_SKIPPED) == (order->skip_reason != NULL));
        MUST(order->state != FHIR_ORDER_NEEDS_RESOURCE || order->reference.len > 0);
        MUST(order->state != FHIR_ORDER_READY || order->codings_count > 0 ||
             order->text.len > 0);
        MUST(fhir_order_is_selected(order, order->name));
        MUST(order->dosages_count <= FHIR_DOSAGES_MAX);
        MUST(order->routes_count <= FHIR_ORDER_CODINGS_MAX &&
             order->forms_count <= FHIR_ORDER_CODINGS_MAX);
        for (size_t d = 0; d < order->dosages_count; d++)
            check_dosage(&order->dosages[d]);
    }
}

static void check_references(const struct all *all)
{
    const struct fhir_collection *c = &all->collection;

    for (size_t i = 0; i < c->resources_count; i++) {
        const struct fhir_resource *resource = &c->resources[i], *found;

        MUST(resource->parent == SIZE_MAX || resource->parent < c->resources_count);
        if (resource->parent != SIZE_MAX || resource->id.len == 0 ||
            slice_find_char(resource->id, '/') != SIZE_MAX ||
            slice_find_char(resource->type, '/') != SIZE_MAX ||
            slice_find_char(resource->type, '#') == 0)
            continue;
        found = fhir_collection_find(c, resource->name, resource);
        /* another's fullUrl may read like this one's name */
        MUST(found == resource || (found != NULL && slice_eq(found->full_url, resource->name)));
    }
}

static bool same_evidence(const struct fhir_evidence *a, const struct fhir_evidence *b)
{
    if (!slice_eq(a->gene, b->gene) || a->alleles_count != b->alleles_count ||
        !slice_eq(a->phenotype, b->phenotype) || !slice_eq(a->score, b->score) ||
        a->presence != b->presence || !slice_eq(a->as_written, b->as_written))
        return false;
    for (size_t i = 0; i < a->alleles_count; i++)
        if (!slice_eq(a->alleles[i], b->alleles[i]))
            return false;
    return true;
}

static void check_same(const struct all *a, const struct all *b)
{
    MUST(a->code == b->code);
    MUST(a->reading.evidence_count == b->reading.evidence_count);
    MUST(a->reading.warnings_count == b->reading.warnings_count);
    MUST(a->reading.ignored_count == b->reading.ignored_count);
    MUST(a->orders_count == b->orders_count);
    for (size_t i = 0; i < a->reading.evidence_count; i++)
        MUST(same_evidence(&a->reading.evidence[i], &b->reading.evidence[i]));
    for (size_t i = 0; i < a->orders_count; i++)
        MUST(a->orders[i].state == b->orders[i].state &&
             slice_eq(a->orders[i].text, b->orders[i].text));
}

static void try_json(struct json root, size_t size)
{
    struct all all, other;

    read_all(&all, root, SLICE_NONE, ARENA_BYTES_MAX);
    MUST(all.code != ERR_NOMEM);
    if (all.code == ERR_OK) {
        check_reading(&all);
        check_orders(&all);
        check_references(&all);
    }
    read_all(&other, root, SLICE_NONE, ARENA_BYTES_MAX);
    check_same(&all, &other);
    arena_release(&other.arena);
    read_all(&other, root, SLICE("p1"), ARENA_BYTES_MAX);
    MUST(other.reading.evidence_count <= all.reading.evidence_count || all.code != ERR_OK);
    if (other.code == ERR_OK)
        check_reading(&other);
    arena_release(&other.arena);
    read_mapped(&other, root, SLICE_NONE, &mapping, ARENA_BYTES_MAX);
    if (other.code == ERR_OK)
        check_reading(&other);
    arena_release(&other.arena);
    read_all(&other, root, SLICE_NONE, size * 977 % 32768);
    if (other.code != ERR_NOMEM)
        check_same(&all, &other);
    arena_release(&other.arena);
    (void)fhir_answer_of(root);
    (void)fhir_bundle_next(root, &all.arena);
    arena_release(&all.arena);
}

static void try_text(struct slice text)
{
    static const enum fhir_gene genes[] = {FHIR_GENE_NONE,  FHIR_GENE_CYP2D6, FHIR_GENE_UGT1A1,
                                           FHIR_GENE_DPYD,  FHIR_GENE_G6PD,   FHIR_GENE_VKORC1,
                                           FHIR_GENE_HLA_B, FHIR_GENE_SLCO1B1};
    struct arena arena;

    arena_init(&arena, ARENA_BYTES_MAX);
    for (size_t i = 0; i < ARRAY_LEN(genes); i++) {
        struct slice symbol = fhir_gene_row(genes[i])->symbol;
        struct fhir_evidence evidence = {0};

        if (fhir_genotype_from_text(text, symbol, &arena, &evidence)) {
            MUST(evidence.alleles_count <= FHIR_ALLELES_MAX);
            for (size_t a = 0; a < evidence.alleles_count; a++)
                MUST(evidence.alleles[a].len > 0);
        }
        (void)fhir_phenotype_from_text(text, symbol);
        (void)fhir_names_other_variant(text, genes[i]);
    }
    (void)fhir_score_field(text, &arena);
    (void)fhir_presence_from_text(text);
    (void)fhir_hla_allele_in(text, &arena);
    (void)fhir_gene_from_hgnc(text);
    (void)fhir_system_is(text, SLICE("http://loinc.org"));
    (void)fhir_loinc_find(SLICE_NONE, text);
    (void)fhir_drug_code(SLICE("http://hl7.org/fhir/sid/ndc"), text, &arena);
    (void)fhir_drug_code(SLICE("http://www.whocc.no/atc"), text, &arena);
    (void)fhir_mapping_result(&mapping, SLICE("s"), text);
    (void)fhir_mapping_statement(&mapping, SLICE("s"), text, SLICE("CYP2C19"));
    (void)fhir_mapping_text(&mapping, SLICE("CYP2C19"), text);
    MUST(!arena.has_failed);
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_doc doc;
    struct err err = {0};
    /* Exactly as much as is promised, so that the sanitizer sees a byte too many. */
    char *text = calloc(1, size + JSON_PADDING);

    MUST(text != NULL);
    memcpy(text, data, size);
    json_doc_init(&doc);
    if (json_parse(&doc, (struct slice){text, size}, NODES_MAX, &err) == ERR_OK) {
        try_json(json_root(&doc), size);
    } else {
        char *exact = malloc(size + 1);

        MUST(exact != NULL);
        memcpy(exact, data, size);
        try_text((struct slice){exact, size});
        free(exact);
    }
    json_doc_release(&doc);
    free(text);
    return 0;
}
