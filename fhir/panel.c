/* fhir/panel.c -- Observations that report several genes or HLA alleles in their components.
 *
 * Each component belongs to one gene: by its code, by the gene its value names, or by the
 * component "gene studied" that leads it. Nothing is given to a gene by neighbourhood alone
 * where the order leaves a doubt.
 */
#include "fhir/walk.h"

bool walk_is_panel(const struct observation *o, uint32_t genes)
{
    uint32_t own =
        (o->component_genes | FHIR_GENE_BIT(o->code_gene) | FHIR_GENE_BIT(o->extension_gene)) &
        ~FHIR_GENE_BIT(FHIR_GENE_NONE);

    if (o->kind == FHIR_KIND_PANEL)
        return true;
    for (size_t i = 0; i < o->results_count; i++)
        if (observation_result_asks(&o->results[i]))
            return true;
    if (genes == 0)
        return false;
    if (own == 0)
        own = o->text_genes;
    return fhir_gene_only(genes) == FHIR_GENE_NONE || (own != 0 && own != genes);
}

/* Of which gene the panel's own value is; NONE when it has none, or that cannot be told. */
static enum fhir_gene gene_of_value(const struct observation *o, uint32_t value_genes)
{
    const enum fhir_gene candidates[] = {fhir_gene_only(value_genes),
                                         fhir_gene_only(o->component_genes), o->code_gene,
                                         fhir_gene_only(o->text_genes)};

    for (size_t i = 0; i < ARRAY_LEN(candidates) && !json_is_absent(o->value); i++)
        if (candidates[i] != FHIR_GENE_NONE)
            return candidates[i];
    return FHIR_GENE_NONE;
}

static bool has_result_of(const struct observation *o, enum fhir_gene gene)
{
    if (gene == o->value_gene)
        return true;
    for (size_t i = 0; i < o->results_count; i++)
        if (o->results[i].gene == gene && o->results[i].kind != FHIR_KIND_GENE_STUDIED &&
            !observation_result_asks(&o->results[i]))
            return true;
    return false;
}

static enum err_code read_asking(struct walk *w, struct observation *o)
{
    o->code_allele = SLICE_NONE; /* each component asks for its own */
    for (size_t i = 0; i < o->results_count; i++) {
        const struct observation_result *result = &o->results[i];
        struct observation_value value;

        if (!observation_result_asks(result))
            continue;
        observation_read_presence(o, result, w->arena, &value);
        if (walk_take_value(w, o, result->gene, &value) != ERR_OK)
            return w->err->code;
    }
    return ERR_OK;
}

/* A result whose gene cannot be told is said to be there, and not read. */
static enum err_code warn_of_strays(struct walk *w, const struct observation *o)
{
    for (size_t i = 0; i < o->results_count; i++)
        if (o->results[i].gene == FHIR_GENE_NONE &&
            o->results[i].kind != FHIR_KIND_GENE_STUDIED &&
            o->results[i].kind != FHIR_KIND_DRUG_LEVEL)
            return walk_warn(w, o->resource,
                             fhir_gene_only(o->component_genes) == FHIR_GENE_NONE &&
                                     o->component_genes != 0
                                 ? FHIR_WARNING_TWO_GENES
                                 : FHIR_WARNING_VALUE_UNREADABLE,
                             o->component_genes);
    return ERR_OK;
}

enum err_code walk_read_panel(struct walk *w, struct observation *o, uint32_t genes,
                              uint32_t value_genes)
{
    o->is_panel = true;
    o->value_gene = gene_of_value(o, value_genes);
    genes |= FHIR_GENE_BIT(o->value_gene);
    for (size_t gene = 1; gene < FHIR_GENES_COUNT; gene++)
        if ((genes & FHIR_GENE_BIT(gene)) != 0 && has_result_of(o, (enum fhir_gene)gene) &&
            walk_read_for_gene(w, o, (enum fhir_gene)gene) != ERR_OK)
            return w->err->code;
    if (warn_of_strays(w, o) != ERR_OK)
        return w->err->code;
    return read_asking(w, o);
}
