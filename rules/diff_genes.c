/* rules/diff_genes.c -- which diplotypes get another phenotype or score.
 *
 * All pairs of the alleles that one of the releases knows are read by both, as if a laboratory
 * had reported them. Done for genes of which a table differs.
 */
#include <assert.h>

#include "rules/diff_private.h"

struct comparison {
    struct diff *diff;
    struct slice symbol;
    const struct rules_gene *genes[2];
    struct slice *alleles; /* of both releases, each once */
    size_t alleles_count;
    size_t *changed; /* diplotypes with each of them */
    struct arena scratch;
};

#define SCRATCH_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define NO_MEMORY(c)      err_set((c)->diff->err, ERR_NOMEM, "no memory to compare releases")

static const char *const TABLES[] = {"gene",      "phenotype", "allele",    "allele_alias",
                                     "authority", "pair_rule", "score_rule"};

/* The rows of a gene's tables are named "GENE ...", and "GENE" alone. */
static bool is_of_gene(const struct rules_diff_row *row, struct slice symbol)
{
    for (size_t i = 0; i < ARRAY_LEN(TABLES); i++)
        if (strcmp(row->table, TABLES[i]) == 0)
            return slice_eq(row->name, symbol) ||
                   (slice_starts(row->name, symbol) && row->name.ptr[symbol.len] == ' ');
    return false;
}

/* --- alleles -------------------------------------------------------------------------------
 */

static enum err_code collect_alleles(struct comparison *c)
{
    const struct rules_knowledge *ks[] = {c->diff->a, c->diff->b};
    struct rules_index index;
    size_t max = 0;

    for (size_t n = 0; n < 2; n++)
        max += rules_facts_of_gene(ks[n], c->genes[n])->alleles.count;
    c->alleles = arena_array(c->diff->arena, max, sizeof *c->alleles);
    c->changed = arena_array(c->diff->arena, max, sizeof *c->changed);
    if (c->alleles == NULL || c->changed == NULL ||
        !rules_index_init(&index, max, c->diff->arena))
        return NO_MEMORY(c);
    for (size_t n = 0; n < 2; n++) {
        struct rules_range range = rules_facts_of_gene(ks[n], c->genes[n])->alleles;

        for (uint32_t i = range.first; i < range.first + range.count; i++)
            if (rules_index_add(&index, 0, ks[n]->rows.alleles[i].name, 0))
                c->alleles[c->alleles_count++] = ks[n]->rows.alleles[i].name;
    }
    return ERR_OK;
}

/* --- diplotypes ----------------------------------------------------------------------------
 */

static enum err_code read_call(struct comparison *c, size_t n, const struct slice *alleles,
                               size_t count, struct rules_call *ret)
{
    const struct rules_knowledge *k = n == 0 ? c->diff->a : c->diff->b;
    struct rules_diplotype *d = arena_new(&c->scratch, struct rules_diplotype);

    if (d == NULL)
        return NO_MEMORY(c);
    if (rules_diplotype_read(k, c->genes[n], alleles, count, &c->scratch, d, c->diff->err) !=
        ERR_OK)
        return c->diff->err->code;
    rules_call_from_diplotype(k, c->genes[n], d, ret);
    return ERR_OK;
}

static enum err_code compare_diplotype(struct comparison *c, const struct slice *alleles,
                                       size_t count, bool *ret_differs)
{
    struct rules_call before, after;

    arena_reset(&c->scratch);
    if (read_call(c, 0, alleles, count, &before) != ERR_OK ||
        read_call(c, 1, alleles, count, &after) != ERR_OK)
        return c->diff->err->code;
    *ret_differs = !slice_eq(before.phenotype, after.phenotype) ||
                   !rules_calls_have_same_keys(&before, &after);
    return ERR_OK;
}

static enum err_code compare_pairs(struct comparison *c, struct rules_diff_gene *found)
{
    for (size_t i = 0; i < c->alleles_count; i++) {
        for (size_t j = i; j < c->alleles_count; j++) {
            struct slice alleles[] = {c->alleles[i], c->alleles[j]};
            bool differs = false;

            if (compare_diplotype(c, alleles, 2, &differs) != ERR_OK)
                return c->diff->err->code;
            found->of++;
            found->diplotypes += differs;
            c->changed[i] += differs;
            c->changed[j] += differs && i != j;
        }
    }
    return ERR_OK;
}

/* One X, or mitochondria. */
static enum err_code compare_singles(struct comparison *c, struct rules_diff_gene *found)
{
    for (size_t i = 0; i < c->alleles_count; i++) {
        bool differs = false;

        if (compare_diplotype(c, &c->alleles[i], 1, &differs) != ERR_OK)
            return c->diff->err->code;
        found->of++;
        found->diplotypes += differs;
        c->changed[i] += differs;
    }
    return ERR_OK;
}

/* One allele is a whole genotype of the gene, in both releases. */
static bool may_be_single(const struct comparison *c)
{
    for (size_t n = 0; n < 2; n++)
        if (c->genes[n]->method != RULES_METHOD_SEX_LINKED &&
            c->genes[n]->method != RULES_METHOD_HAPLOID)
            return false;
    return true;
}

static enum err_code compare_all(struct comparison *c, struct rules_diff_gene *found)
{
    bool are_haploid = c->genes[0]->method == RULES_METHOD_HAPLOID &&
                       c->genes[1]->method == RULES_METHOD_HAPLOID;

    if (collect_alleles(c) != ERR_OK)
        return c->diff->err->code;
    if (may_be_single(c) && compare_singles(c, found) != ERR_OK)
        return c->diff->err->code;
    return are_haploid ? ERR_OK : compare_pairs(c, found);
}

/* --- telling -------------------------------------------------------------------------------
 */

static void note_alleles(struct comparison *c)
{
    for (size_t r = 0; r < c->diff->ret->rows_count; r++) {
        struct rules_diff_row *row = &c->diff->ret->rows[r];

        if (strcmp(row->table, "allele") != 0 || !is_of_gene(row, c->symbol))
            continue;
        for (size_t i = 0; i < c->alleles_count; i++)
            if (slice_eq(slice_from(row->name, c->symbol.len + 1), c->alleles[i]))
                row->diplotypes = c->changed[i];
    }
}

/* The drugs of both releases that ask about the gene. */
static enum err_code note_pairs(struct comparison *c, size_t diplotypes)
{
    const struct rules_knowledge *ks[] = {c->diff->a, c->diff->b};

    for (size_t n = 0; n < 2; n++) {
        for (size_t i = 0; i < ks[n]->rows.drugs_count; i++) {
            const struct rules_gene **genes;
            size_t count = rules_genes_of_drug(ks[n], &ks[n]->rows.drugs[i], &genes);

            for (size_t g = 0; g < count; g++) {
                struct rules_diff_pair *pair;

                if (!slice_eq(genes[g]->symbol, c->symbol))
                    continue;
                pair = diff_pair(c->diff, c->symbol, ks[n]->rows.drugs[i].name);
                if (pair == NULL)
                    return c->diff->err->code;
                pair->diplotypes = diplotypes;
            }
        }
    }
    return ERR_OK;
}

static enum err_code compare_gene(struct diff *diff, const struct rules_gene *before,
                                  const struct rules_gene *after)
{
    struct comparison c = {.diff = diff, .symbol = after->symbol, .genes = {before, after}};
    struct rules_diff_gene found = {.gene = after->symbol}, *gene;
    enum err_code code;

    arena_init(&c.scratch, SCRATCH_BYTES_MAX);
    code = compare_all(&c, &found);
    arena_release(&c.scratch);
    if (code != ERR_OK || found.diplotypes == 0)
        return code;
    gene = diff_add_gene(diff);
    if (gene == NULL)
        return diff->err->code;
    *gene = found;
    note_alleles(&c);
    return note_pairs(&c, found.diplotypes);
}

enum err_code diff_genes(struct diff *diff)
{
    for (size_t i = 0; i < diff->b->rows.genes_count; i++) {
        const struct rules_gene *after = &diff->b->rows.genes[i];
        const struct rules_gene *before = rules_find_gene(diff->a, after->symbol);
        bool differs = false;

        for (size_t r = 0; r < diff->ret->rows_count; r++)
            differs = differs || is_of_gene(&diff->ret->rows[r], after->symbol);
        if (!differs || before == NULL || before->method == RULES_METHOD_ALLELE_PRESENCE ||
            after->method == RULES_METHOD_ALLELE_PRESENCE)
            continue;
        if (compare_gene(diff, before, after) != ERR_OK)
            return diff->err->code;
    }
    return ERR_OK;
}
