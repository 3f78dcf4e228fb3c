/* gateway/hooks/inspect_hla.c -- HLA alleles one by one: those that rules ask about, and those
 * that were typed or tested and no rule asks about.
 *
 * What a typing does not name is negative only where a rule asks about it: the rules decide
 * when a typing is whole enough for that.
 */
#include "gateway/hooks/inspect.h"

#include "rules/allele_name.h"

static enum err_code add(struct inspection *inspection, const struct rules_gene *gene,
                         struct slice allele, bool is_positive, struct err *err)
{
    struct slice name = arena_printf(&inspection->arena, "%.*s%.*s", SLICE_ARG(gene->symbol),
                                     SLICE_ARG(allele));
    struct inspect_hla *rows;

    for (size_t i = 0; i < inspection->hla_count; i++)
        if (inspection->hla[i].is_positive == is_positive &&
            slice_eq(inspection->hla[i].allele, name))
            return ERR_OK;
    rows = arena_grow(&inspection->arena, inspection->hla, &inspection->hla_max,
                      inspection->hla_count, sizeof *rows);
    if (rows == NULL)
        return err_set(err, ERR_NOMEM, "no memory for alleles");
    inspection->hla = rows;
    rows[inspection->hla_count++] = (struct inspect_hla){name, is_positive};
    return ERR_OK;
}

/* "*57:01 positive" */
static bool split_key(struct slice word, struct slice *ret_allele, bool *ret_is_positive)
{
    struct slice status;

    *ret_allele = slice_cut(word, ' ', &status);
    *ret_is_positive = slice_eq(status, SLICE("positive"));
    return *ret_is_positive || slice_eq(status, SLICE("negative"));
}

static bool is_asked(const struct inspection *inspection, const struct rules_gene *gene,
                     struct slice allele)
{
    const struct rules_release *release = rules_knowledge_rows(inspection->knowledge);

    for (size_t i = 0; i < release->alleles_count; i++)
        if (slice_eq(release->alleles[i].gene, gene->symbol) &&
            slice_eq(release->alleles[i].name, allele))
            return true;
    return false;
}

/* In the form in which rules name alleles: "*15:01" for "HLA-B*15:01:01:01". */
static enum err_code add_unasked(struct inspection *inspection, const struct rules_gene *gene,
                                 struct slice written, bool is_positive, struct err *err)
{
    struct rules_allele_name normal;
    struct slice allele;
    struct rules_hla_name hla;

    if (!rules_allele_normalise(written, gene->symbol, &normal))
        return ERR_OK;
    hla = rules_hla_read(rules_allele_name_slice(&normal));
    /* That a finer name is absent says nothing about the others of its two fields. */
    allele = is_positive ? hla.two_fields : rules_allele_name_slice(&normal);
    if (is_asked(inspection, gene, hla.two_fields) || allele.len == 0)
        return ERR_OK;
    return add(inspection, gene, allele, is_positive, err);
}

static enum err_code add_evidence(struct inspection *inspection, const struct rules_gene *gene,
                                  const struct rules_evidence *e, struct err *err)
{
    /* More than two are alternatives: which two are there is not said. */
    for (size_t i = 0; e->alleles_count <= 2 && i < e->alleles_count; i++)
        if (add_unasked(inspection, gene, e->alleles[i], true, err) != ERR_OK)
            return err->code;
    if (e->presence != RULES_PRESENCE_POSITIVE && e->presence != RULES_PRESENCE_NEGATIVE)
        return ERR_OK;
    return add_unasked(inspection, gene, e->presence_allele,
                       e->presence == RULES_PRESENCE_POSITIVE, err);
}

static enum err_code add_call(struct inspection *inspection, const struct inspect_gene *row,
                              struct err *err)
{
    const struct hook_facts *facts = &inspection->facts;
    size_t before = inspection->hla_count;

    for (size_t k = 0; k < row->call->keys_count; k++) {
        struct slice allele;
        bool is_positive;

        if (split_key(row->call->keys[k].word, &allele, &is_positive) &&
            add(inspection, row->gene, allele, is_positive, err) != ERR_OK)
            return err->code;
    }
    for (size_t s = 0; s < row->call->sources_count; s++)
        if (add_evidence(inspection, row->gene, &facts->evidence[row->call->sources[s]], err) !=
            ERR_OK)
            return err->code;
    if (row->state != RULES_GENE_UNUSABLE || inspection->hla_count > before)
        return ERR_OK;
    for (size_t s = 0; s < row->call->sources_count; s++)
        if (inspect_ignore(inspection,
                           facts->reading.evidence[row->call->sources[s]].resource->name,
                           "indeterminate", err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

static int compare(const void *a_, const void *b_)
{
    const struct inspect_hla *a = a_, *b = b_;
    int order = slice_compare(a->allele, b->allele);

    return order != 0 ? order : b->is_positive - a->is_positive;
}

enum err_code inspect_read_hla(struct inspection *inspection, struct err *err)
{
    for (size_t i = 0; i < inspection->genes_count; i++)
        if (inspection->genes[i].is_hla &&
            add_call(inspection, &inspection->genes[i], err) != ERR_OK)
            return err->code;
    if (inspection->hla_count > 1)
        qsort(inspection->hla, inspection->hla_count, sizeof *inspection->hla, compare);
    return ERR_OK;
}
