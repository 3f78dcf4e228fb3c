/* rules/warfarin_genes.c -- from gene results to what the warfarin algorithm counts.
 *
 * Strict: when one of a gene's results cannot be read as a genotype, the gene is not known,
 * because none of several results is preferred. No allele is taken for *1 unless CPIC's table
 * gives it normal function.
 */
#include "rules/knowledge_private.h"

/* Two names of a canonical diplotype; false when it is something else. */
static bool split(const struct rules_call *call, struct slice *ret_first,
                  struct slice *ret_second)
{
    struct slice rest, first = slice_cut(call->diplotype, '/', &rest);

    if (first.len == 0 || rest.len == 0 || slice_find_char(rest, '/') != SIZE_MAX)
        return false;
    *ret_first = first;
    *ret_second = rest;
    return true;
}

static bool is_one_of(struct slice name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq_text(name, names[i]))
            return true;
    return false;
}

/* *1, and what CPIC's allele table gives a value of exactly 1 (*9). */
static bool is_normal(const struct rules_knowledge *k, const struct rules_gene *gene,
                      struct slice name)
{
    struct rules_range range = rules_facts_of_gene(k, gene)->alleles;

    for (uint32_t i = range.first; i < range.first + range.count; i++) {
        const struct rules_allele *allele = &k->rows.alleles[i];

        if (slice_eq(allele->name, name))
            return allele->has_value && !allele->is_at_least && allele->value_x100 == 100;
    }
    return false;
}

/* False when the allele has no number. */
static bool count_cyp2c9(const struct rules_knowledge *k, const struct rules_gene *gene,
                         struct slice name, struct rules_warfarin_cyp2c9 *genotype)
{
    static const char *const RARE[] = {"*5", "*6", "*8", "*11"};

    if (slice_eq_text(name, "*2"))
        genotype->star2++;
    else if (slice_eq_text(name, "*3"))
        genotype->star3++;
    else if (is_one_of(name, RARE, ARRAY_LEN(RARE)))
        genotype->rare++;
    else
        return is_normal(k, gene, name);
    return true;
}

static void read_cyp2c9(const struct rules_knowledge *k, const struct rules_gene_result *result,
                        struct rules_warfarin_genes *ret)
{
    for (size_t i = 0; i < result->calls_count; i++) {
        const struct rules_call *call = &result->calls[i];
        struct rules_warfarin_cyp2c9 *genotype = &ret->cyp2c9[i];
        struct slice first, second;
        bool is_genotype = split(call, &first, &second);

        *genotype = (struct rules_warfarin_cyp2c9){0};
        if (!is_genotype || !count_cyp2c9(k, result->gene, first, genotype) ||
            !count_cyp2c9(k, result->gene, second, genotype)) {
            ret->has_uncovered = is_genotype;
            ret->cyp2c9_count = 0;
            return;
        }
        genotype->is_homozygous = genotype->rare == 2 && slice_eq(first, second);
        genotype->is_poor = slice_eq_text(call->phenotype, "Poor Metabolizer");
        ret->cyp2c9_count = i + 1;
    }
    if (ret->cyp2c9_count > 1)
        ret->conflicting |= RULES_WARFARIN_BIT(RULES_WARFARIN_CYP2C9);
}

static void read_vkorc1(const struct rules_gene_result *result,
                        struct rules_warfarin_genes *ret)
{
    static const char *const WORDS[] = {"-1639 GG", "-1639 AG", "-1639 AA"};
    uint32_t from = UINT32_MAX, to = 0;

    for (size_t i = 0; i < result->calls_count; i++) {
        uint32_t a = 0;

        while (a < ARRAY_LEN(WORDS) && !slice_eq_text(result->calls[i].phenotype, WORDS[a]))
            a++;
        if (a == ARRAY_LEN(WORDS))
            return;
        from = a < from ? a : from;
        to = a > to ? a : to;
    }
    if (result->calls_count == 0)
        return;
    ret->has_vkorc1 = true;
    ret->a_from = from;
    ret->a_to = to;
    if (from != to)
        ret->conflicting |= RULES_WARFARIN_BIT(RULES_WARFARIN_VKORC1);
}

/* The words of the gene's table, which knows every allele that carries T (*3, *4, *22). */
static enum rules_answer carries_t(const struct rules_call *call)
{
    if (slice_eq_text(call->phenotype, "rs2108622 CC"))
        return RULES_ANSWER_NO;
    return slice_eq_text(call->phenotype, "rs2108622 CT") ||
                   slice_eq_text(call->phenotype, "rs2108622 TT")
               ? RULES_ANSWER_YES
               : RULES_ANSWER_UNKNOWN;
}

static void read_cyp4f2(const struct rules_gene_result *result,
                        struct rules_warfarin_genes *ret)
{
    for (size_t i = 0; i < result->calls_count; i++) {
        enum rules_answer answer = carries_t(&result->calls[i]);

        if (i > 0 && answer != ret->cyp4f2) {
            ret->cyp4f2 = RULES_ANSWER_UNKNOWN;
            ret->conflicting |= RULES_WARFARIN_BIT(RULES_WARFARIN_CYP4F2);
            return;
        }
        ret->cyp4f2 = answer;
    }
}

void rules_warfarin_read_genes(const struct rules_knowledge *k,
                               const struct rules_warfarin_input *in,
                               struct rules_warfarin_genes *ret)
{
    *ret = (struct rules_warfarin_genes){0};
    if (in->cyp2c9 != NULL)
        read_cyp2c9(k, in->cyp2c9, ret);
    if (in->vkorc1 != NULL)
        read_vkorc1(in->vkorc1, ret);
    if (in->cyp4f2 != NULL)
        read_cyp4f2(in->cyp4f2, ret);
}
