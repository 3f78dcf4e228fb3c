/* fhir/variant.c -- single variants that a code names by their allele, against the genotype.
 *
 * "CYP2C19 *17: heterozygous" makes no genotype: the other positions are not known. But it can
 * contradict one, and that is said. The genotype is the laboratory's call and stays.
 */
#include "fhir/walk.h"

#include "fhir/text.h"

/* Whether the allele is, or holds in tandem, the one that the variant defines: "*17",
 * "*4B" for *4, "*36+*10" for *10, "*2x2". */
static bool holds(struct slice allele, struct slice wanted)
{
    while (allele.len > 0) {
        struct slice part = slice_trim(slice_cut(allele, '+', &allele));
        size_t label = slice_find(part, SLICE("(*"));

        if (label != SIZE_MAX)
            part = slice_from(part, label + 1);
        if (slice_starts(part, wanted) &&
            (part.len == wanted.len || part.ptr[wanted.len] < '0' ||
             part.ptr[wanted.len] > '9'))
            return true;
    }
    return false;
}

static bool genotype_holds(const struct fhir_evidence *evidence, struct slice wanted)
{
    for (size_t i = 0; i < evidence->alleles_count; i++)
        if (holds(evidence->alleles[i], wanted))
            return true;
    return false;
}

static enum fhir_presence presence_of(const struct observation *o)
{
    enum fhir_presence found = FHIR_PRESENCE_NONE;

    for (size_t i = 0; i < o->value_texts_count; i++) {
        enum fhir_presence one = o->value_texts[i].is_code
                                     ? fhir_presence_from_code(o->value_texts[i].text)
                                     : fhir_presence_from_text(o->value_texts[i].text);

        if (one == FHIR_PRESENCE_NONE)
            continue;
        if (found != FHIR_PRESENCE_NONE && found != one)
            return FHIR_PRESENCE_NONE;
        found = one;
    }
    return found;
}

static enum err_code compare(struct walk *w, const struct fhir_resource *resource)
{
    const struct fhir_reading *reading = w->out;
    enum fhir_presence presence;
    struct observation o;
    struct slice symbol;

    if (!walk_open(w, resource, &o))
        return ERR_OK;
    presence = presence_of(&o);
    symbol = fhir_gene_row(o.code_gene)->symbol;
    for (size_t i = 0; i < reading->evidence_count; i++) {
        const struct fhir_evidence *e = &reading->evidence[i];
        bool is_held;

        if (e->alleles_count < 2 || !slice_eq(e->gene, symbol))
            continue;
        is_held = genotype_holds(e, o.code_allele);
        if ((presence == FHIR_PRESENCE_POSITIVE && !is_held) ||
            (presence == FHIR_PRESENCE_NEGATIVE && is_held))
            return walk_warn(w, resource, FHIR_WARNING_VARIANT_DIFFERS,
                             FHIR_GENE_BIT(o.code_gene));
    }
    return ERR_OK;
}

enum err_code walk_variants(struct walk *w)
{
    for (size_t i = 0; i < w->deferred_count; i++)
        if (w->deferred[i].why == DEFERRED_VARIANT &&
            compare(w, w->deferred[i].resource) != ERR_OK)
            return w->err->code;
    return ERR_OK;
}
