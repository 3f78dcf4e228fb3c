/* fhir/mapping.c -- find and check what a site tells about its codes; see mapping.h. */
#include "fhir/mapping.h"

#include <stdlib.h>

#include "fhir/order.h"
#include "fhir/text.h"
#include "rules/base/buf.h"

static int compare_codes(const void *a_, const void *b_)
{
    const struct fhir_mapped_code *a = a_, *b = b_;
    int order = slice_compare(a->code, b->code);

    if (order == 0)
        order = slice_compare(a->system, b->system);
    return order != 0 ? order : slice_compare(a->gene, b->gene);
}

void fhir_mapping_sort(struct fhir_mapping *mapping)
{
    if (mapping->codes_count > 1)
        qsort(mapping->codes, mapping->codes_count, sizeof *mapping->codes, compare_codes);
}

/* The first entry with this code or a greater one. */
static size_t first_of(const struct fhir_mapping *mapping, struct slice code)
{
    size_t low = 0, high = mapping->codes_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (slice_compare(mapping->codes[middle].code, code) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct fhir_mapped_code *fhir_mapping_result(const struct fhir_mapping *mapping,
                                                   struct slice system, struct slice code)
{
    if (mapping == NULL || code.len == 0)
        return NULL;
    for (size_t i = first_of(mapping, code);
         i < mapping->codes_count && slice_eq(mapping->codes[i].code, code); i++)
        if (mapping->codes[i].kind != FHIR_MAPPED_STATEMENT &&
            fhir_system_is(system, mapping->codes[i].system))
            return &mapping->codes[i];
    return NULL;
}

const struct fhir_mapped_code *fhir_mapping_statement(const struct fhir_mapping *mapping,
                                                      struct slice system, struct slice code,
                                                      struct slice gene)
{
    const struct fhir_mapped_code *any = NULL;

    if (mapping == NULL || code.len == 0)
        return NULL;
    for (size_t i = first_of(mapping, code);
         i < mapping->codes_count && slice_eq(mapping->codes[i].code, code); i++) {
        const struct fhir_mapped_code *entry = &mapping->codes[i];

        if (entry->kind != FHIR_MAPPED_STATEMENT || !fhir_system_is(system, entry->system))
            continue;
        if (gene.len == 0 || slice_eq_nocase(entry->gene, gene))
            return entry;
        if (entry->gene.len == 0)
            any = entry;
    }
    return any;
}

struct slice fhir_mapping_text(const struct fhir_mapping *mapping, struct slice gene,
                               struct slice text)
{
    struct slice any = SLICE_NONE;

    if (mapping == NULL)
        return SLICE_NONE;
    text = slice_trim(text);
    for (size_t i = 0; i < mapping->texts_count && text.len > 0; i++) {
        const struct fhir_mapped_text *entry = &mapping->texts[i];

        if (!slice_eq_nocase(slice_trim(entry->text), text))
            continue;
        if (slice_eq_nocase(entry->gene, gene))
            return entry->says;
        if (entry->gene.len == 0)
            any = entry->says;
    }
    return any;
}

/* Whether the reader finds a result in the statement, whatever gene it is used for. */
static bool is_understood(struct slice says, struct slice gene, struct arena *arena)
{
    struct fhir_evidence ignored = {0};

    return fhir_genotype_from_text(says, gene, arena, &ignored) ||
           fhir_phenotype_from_text(says, gene).len > 0 ||
           fhir_presence_from_text(says) != FHIR_PRESENCE_NONE;
}

const char *fhir_mapped_code_problem(const struct fhir_mapped_code *entry, struct arena *arena)
{
    enum fhir_gene gene = fhir_gene_of_symbol(entry->gene);
    bool is_hla = fhir_gene_row(gene)->alleles == FHIR_ALLELES_HLA;

    if (entry->system.len == 0 || entry->code.len == 0)
        return "a system and a code are needed";
    if (gene == FHIR_GENE_NONE && (entry->gene.len > 0 || entry->kind != FHIR_MAPPED_STATEMENT))
        return "the gene is not known";
    if (entry->kind == FHIR_MAPPED_STATEMENT)
        return is_understood(entry->says, entry->gene, arena)
                   ? NULL
                   : "what the code says is not understood";
    if (entry->kind == FHIR_MAPPED_TYPING && !is_hla)
        return "only HLA is typed";
    if (entry->kind == FHIR_MAPPED_PRESENCE &&
        (!is_hla || fhir_hla_allele_in(entry->allele, arena).len == 0))
        return "the presence of an HLA allele in two fields can be asked for, like *57:01";
    return NULL;
}

const char *fhir_mapped_text_problem(const struct fhir_mapped_text *entry, struct arena *arena)
{
    if (entry->gene.len > 0 && fhir_gene_of_symbol(entry->gene) == FHIR_GENE_NONE)
        return "the gene is not known";
    if (slice_trim(entry->text).len == 0 || !is_understood(entry->says, entry->gene, arena))
        return "what it says is not understood";
    return NULL;
}

enum err_code fhir_mapping_check(const struct fhir_mapping *mapping, struct arena *arena,
                                 struct err *err)
{
    for (size_t i = 0; i < mapping->codes_count; i++) {
        const char *wrong = fhir_mapped_code_problem(&mapping->codes[i], arena);

        if (wrong != NULL)
            return err_set(err, ERR_INVALID, "code %zu: %s", i + 1, wrong);
    }
    for (size_t i = 0; i < mapping->texts_count; i++) {
        const char *wrong = fhir_mapped_text_problem(&mapping->texts[i], arena);

        if (wrong != NULL)
            return err_set(err, ERR_INVALID, "text %zu: %s", i + 1, wrong);
    }
    if (arena->has_failed)
        return err_set(err, ERR_NOMEM, "no memory for checking a mapping");
    return ERR_OK;
}

static void add_escaped(struct buf *buf, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\\' || text.ptr[i] == '|' || text.ptr[i] == ',' ||
            text.ptr[i] == '$')
            buf_add_char(buf, '\\');
        buf_add_char(buf, text.ptr[i]);
    }
}

void fhir_mapping_codes(const struct fhir_mapping *mapping, const struct slice *genes,
                        size_t genes_count, struct buf *buf)
{
    if (mapping == NULL)
        return;
    for (size_t i = 0; i < mapping->codes_count; i++) {
        const struct fhir_mapped_code *entry = &mapping->codes[i];

        for (size_t g = 0; g < genes_count && entry->kind != FHIR_MAPPED_STATEMENT; g++) {
            if (!slice_eq_nocase(entry->gene, genes[g]))
                continue;
            buf_add_char(buf, ',');
            add_escaped(buf, entry->system);
            buf_add_char(buf, '|');
            add_escaped(buf, entry->code);
            break;
        }
    }
}
