/* rules/diplotype.c -- from allele names as written to rows of the allele table.
 *
 * What is not in the table stays unknown: a copy number is looked up as an allele of its own
 * ("*1x2"), never computed, except that CPIC's "x≥3" rows stand for every larger number
 * (PharmCAT folds *1, *2 and *4 the same way), and that an unknown number of copies of an
 * allele without activity has no activity either.
 */
#include <assert.h>

#include "rules/allele_name.h"
#include "rules/genotype_private.h"

static void take_row(const struct rules_knowledge *k, uint32_t row,
                     struct rules_allele_read *read)
{
    const struct rules_allele *allele = &k->rows.alleles[row];

    read->row = allele;
    read->number = k->allele_facts[row].function;
    read->has_value = allele->has_value;
    read->is_at_least = allele->is_at_least;
    read->value_x100 = allele->value_x100;
    read->name = allele->name;
}

/* "*1xN": the allele is known, its number of copies is not. */
static void take_unknown_copies(const struct rules_knowledge *k, uint32_t row,
                                struct slice written, struct rules_allele_read *read)
{
    take_row(k, row, read);
    read->number = RULES_ABSENT;
    read->has_value = read->has_value && read->value_x100 == 0 && !read->is_at_least;
    read->name = written;
    read->notes |= RULES_NOTE_BIT(RULES_NOTE_COPIES_UNKNOWN);
}

static uint32_t find_folded(const struct rules_knowledge *k, uint32_t gene,
                            const struct rules_allele_copies *copies)
{
    struct rules_allele_name name;
    uint32_t row = RULES_ABSENT;

    if (copies->count == 1)
        return rules_index_find(&k->alleles, gene, copies->core);
    for (uint32_t n = copies->count; n > 1 && row == RULES_ABSENT; n--)
        if (rules_allele_join_copies(copies->core, true, n, &name))
            row = rules_index_find(&k->alleles, gene, rules_allele_name_slice(&name));
    return row;
}

static bool find_allele(const struct rules_knowledge *k, uint32_t gene, struct slice normal,
                        struct slice written, struct rules_allele_read *read)
{
    uint32_t row = rules_index_find(&k->alleles, gene, normal);
    struct rules_allele_copies copies;

    if (row == RULES_ABSENT && rules_allele_split_copies(normal, &copies)) {
        if (!copies.is_known) {
            row = rules_index_find(&k->alleles, gene, copies.core);
            if (row == RULES_ABSENT)
                return false;
            take_unknown_copies(k, row, written, read);
            return true;
        }
        row = find_folded(k, gene, &copies);
    }
    if (row == RULES_ABSENT)
        return false;
    take_row(k, row, read);
    return true;
}

static void read_allele(const struct rules_knowledge *k, const struct rules_gene *gene,
                        struct slice written, struct arena *arena,
                        struct rules_allele_read *ret)
{
    uint32_t scope = rules_gene_row(k, gene);
    struct rules_allele_name normal, core;
    struct slice shown = rules_allele_shown(written, gene->symbol);

    *ret = (struct rules_allele_read){.name = shown, .normal = shown, .number = RULES_ABSENT};
    if (!rules_allele_normalise(written, gene->symbol, &normal)) {
        ret->notes = RULES_NOTE_BIT(RULES_NOTE_UNKNOWN_ALLELE);
        return;
    }
    if (!find_allele(k, scope, rules_allele_name_slice(&normal), shown, ret)) {
        if (rules_allele_cut_sub(&normal, &core) &&
            find_allele(k, scope, rules_allele_name_slice(&core), shown, ret)) {
            ret->notes |= RULES_NOTE_BIT(RULES_NOTE_SUBALLELE);
            normal = core;
        } else {
            ret->notes |= RULES_NOTE_BIT(RULES_NOTE_UNKNOWN_ALLELE);
        }
    }
    ret->normal = arena_copy(arena, rules_allele_name_slice(&normal));
}

/* Rows in natural order; alleles without a row last. */
static int compare_read(const struct rules_allele_read *a, const struct rules_allele_read *b)
{
    if ((a->row == NULL) != (b->row == NULL))
        return a->row == NULL ? 1 : -1;
    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return rules_allele_compare(a->name, b->name);
}

static void insert_sorted(struct rules_diplotype *d, const struct rules_allele_read *read)
{
    size_t at = d->alleles_count++;

    for (; at > 0 && compare_read(read, &d->alleles[at - 1]) < 0; at--)
        d->alleles[at] = d->alleles[at - 1];
    d->alleles[at] = *read;
}

/* The two alleles with the lowest values; of equal ones the first in natural order. Which
 * strand a variant is on is often unknown; that the two worst are on different ones is the safe
 * assumption (CPIC guideline for DPYD, PMID 29152729). */
static void find_lowest_two(struct rules_diplotype *d)
{
    const struct rules_allele_read *a = d->alleles;
    size_t low = 0, next;

    for (size_t i = 0; i < d->alleles_count; i++) {
        if (!a[i].has_value)
            return;
        if (a[i].value_x100 < a[low].value_x100)
            low = i;
    }
    next = low == 0 ? 1 : 0;
    for (size_t i = next + 1; i < d->alleles_count; i++)
        if (i != low && a[i].value_x100 < a[next].value_x100)
            next = i;
    d->counted[0] = low < next ? low : next;
    d->counted[1] = low < next ? next : low;
    d->is_lowest_two = true;
}

static bool is_named(const struct rules_diplotype *d, size_t allele)
{
    return !d->is_lowest_two || allele == d->counted[0] || allele == d->counted[1];
}

static struct slice join(struct slice left, struct slice right, struct arena *arena)
{
    return left.len == 0 ? right
                         : arena_printf(arena, "%.*s/%.*s", SLICE_ARG(left), SLICE_ARG(right));
}

enum err_code rules_diplotype_read(const struct rules_knowledge *k,
                                   const struct rules_gene *gene, const struct slice *alleles,
                                   size_t alleles_count, struct arena *arena,
                                   struct rules_diplotype *ret, struct err *err)
{
    struct rules_diplotype d = {.counted = {0, 1}};

    assert(alleles_count <= RULES_ALLELES_MAX);
    for (size_t i = 0; i < alleles_count; i++) {
        struct rules_allele_read read;

        read_allele(k, gene, alleles[i], arena, &read);
        insert_sorted(&d, &read);
        d.notes |= read.notes;
    }
    if (gene->counts_lowest_two && alleles_count > 2)
        find_lowest_two(&d);
    for (size_t i = 0; i < d.alleles_count; i++) {
        const struct rules_allele_read *read = &d.alleles[i];
        bool is_row = read->row != NULL && slice_eq(read->name, read->row->name);

        if (!is_named(&d, i))
            continue;
        d.text = join(d.text, read->name, arena);
        d.identity = join(d.identity, is_row ? read->name : read->normal, arena);
    }
    if (arena->has_failed)
        return err_set(err, ERR_NOMEM, "no memory for a diplotype");
    *ret = d;
    return ERR_OK;
}
