/* rules/positions.c -- variants of one gene that were reported position by position.
 *
 * A panel for DPYD may give each variant as a result of its own: "rs3918290 C/T" and
 * "rs67376798 T/A" of one person are two variants of one genotype, not two answers that
 * disagree. They are counted together, as a list of variants would be (CPIC guideline for DPYD,
 * PMID 29152729: which strand they are on is unknown, so the two lowest count).
 */
#include "rules/genotype_private.h"

/* "rs3918290" of "rs3918290 T": the name without its letter. Other names stay as they are. */
static struct slice name_of_position(struct slice allele)
{
    if (slice_starts_nocase(allele, SLICE("rs")) && allele.len > 2 &&
        allele.ptr[allele.len - 2] == ' ')
        return slice_head(allele, allele.len - 2);
    return allele;
}

static bool may_be_position(const struct rules_gene *gene, const struct rules_evidence *e)
{
    return slice_eq(e->gene, gene->symbol) && e->alleles_count == 2 && e->copies.len == 0 &&
           !e->is_single_allele && !e->is_preliminary && e->phenotype.len == 0 &&
           e->score.len == 0;
}

/* The variant of a record of one position, and on how many strands it is; 0 for a record of
 * another kind, and for a variant that does what the reference does. */
static enum err_code read_variant(const struct rules_knowledge *k,
                                  const struct rules_gene *gene, const struct rules_evidence *e,
                                  struct arena *arena, struct slice *ret_name,
                                  size_t *ret_copies, struct err *err)
{
    struct rules_diplotype *d = arena_new(arena, struct rules_diplotype);
    struct slice first = slice_trim(e->alleles[0]), second = slice_trim(e->alleles[1]);

    *ret_copies = 0;
    if (d == NULL)
        return err_set(err, ERR_NOMEM, "no memory for a diplotype");
    if (rules_diplotype_read(k, gene, e->alleles, 2, arena, d, err) != ERR_OK)
        return err->code;
    *ret_name = name_of_position(slice_eq(first, SLICE("=")) ? second : first);
    if (d->alleles_count != 2 || d->alleles[0].row == NULL || d->alleles[1].row == NULL)
        return ERR_OK;
    if ((d->notes & RULES_NOTE_BIT(RULES_NOTE_ONE_POSITION)) != 0)
        *ret_copies = rules_diplotype_is_harmless(d) ? 0 : 1;
    else if (slice_eq(first, second) && ret_name->len < first.len)
        *ret_copies = 2;
    return ERR_OK;
}

static bool has_allele(const struct rules_evidence *evidence, struct slice name)
{
    for (size_t i = 0; i < evidence->alleles_count; i++)
        if (slice_eq_nocase(evidence->alleles[i], name))
            return true;
    return false;
}

enum err_code rules_join_positions(const struct rules_knowledge *k,
                                   const struct rules_gene *gene,
                                   const struct rules_evidence *evidence, size_t evidence_count,
                                   struct arena *arena, bool *is_joined,
                                   struct rules_evidence *ret, struct err *err)
{
    size_t variants = 0;

    *ret = (struct rules_evidence){.gene = gene->symbol};
    for (size_t i = 0; i < evidence_count; i++) {
        struct slice name;
        size_t copies;

        is_joined[i] = false;
        if (!may_be_position(gene, &evidence[i]))
            continue;
        if (read_variant(k, gene, &evidence[i], arena, &name, &copies, err) != ERR_OK)
            return err->code;
        is_joined[i] = copies > 0 && (has_allele(ret, name) ||
                                      ret->alleles_count + copies <= RULES_ALLELES_MAX);
        if (!is_joined[i] || has_allele(ret, name))
            continue;
        variants++;
        for (size_t n = 0; n < copies; n++)
            ret->alleles[ret->alleles_count++] = name;
    }
    for (size_t i = 0; i < evidence_count && variants < 2; i++)
        is_joined[i] = false;
    return ERR_OK;
}
