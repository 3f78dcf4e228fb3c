/* rules/diff.c -- the lists of a difference, and which pairs of gene and drug it concerns. */
#include "rules/diff.h"

#include "rules/diff_private.h"

#define X(type, array)                                                                         \
    struct rules_diff_##type *diff_add_##type(struct diff *diff)                               \
    {                                                                                          \
        struct rules_diff *ret = diff->ret;                                                    \
        struct rules_diff_##type *rows = arena_grow(                                           \
            diff->arena, ret->array, &ret->array##_max, ret->array##_count, sizeof *rows);     \
                                                                                               \
        if (rows == NULL) {                                                                    \
            (void)err_set(diff->err, ERR_NOMEM, "no memory to compare releases");              \
            return NULL;                                                                       \
        }                                                                                      \
        ret->array = rows;                                                                     \
        rows[ret->array##_count] = (struct rules_diff_##type){0};                              \
        return &rows[ret->array##_count++];                                                    \
    }
RULES_DIFF_LISTS(X)
#undef X

struct rules_diff_pair *diff_pair(struct diff *diff, struct slice gene, struct slice drug)
{
    struct rules_diff_pair *pair;

    for (size_t i = 0; i < diff->ret->pairs_count; i++)
        if (slice_eq(diff->ret->pairs[i].gene, gene) &&
            slice_eq(diff->ret->pairs[i].drug, drug))
            return &diff->ret->pairs[i];
    pair = diff_add_pair(diff);
    if (pair != NULL)
        *pair = (struct rules_diff_pair){.gene = gene, .drug = drug};
    return pair;
}

static int compare_pairs(const void *a_, const void *b_)
{
    const struct rules_diff_pair *a = a_, *b = b_;
    int order = slice_compare(a->drug, b->drug);

    return order != 0 ? order : slice_compare(a->gene, b->gene);
}

enum err_code rules_diff(const struct rules_knowledge *before,
                         const struct rules_knowledge *after, struct arena *arena,
                         struct rules_diff *ret, struct err *err)
{
    struct diff diff = {before, after, arena, ret, err};

    *ret = (struct rules_diff){0};
    if (diff_advice(&diff) != ERR_OK || diff_tables(&diff) != ERR_OK ||
        diff_genes(&diff) != ERR_OK)
        return err->code;
    if (arena->has_failed)
        return err_set(err, ERR_NOMEM, "no memory to compare releases");
    if (ret->pairs_count > 1)
        qsort(ret->pairs, ret->pairs_count, sizeof *ret->pairs, compare_pairs);
    return ERR_OK;
}

bool rules_diff_is_empty(const struct rules_diff *diff)
{
    if (diff->advices_count > 0 || diff->genes_count > 0 || diff->codes_count > 0)
        return false;
    for (size_t i = 0; i < diff->rows_count; i++)
        if (strcmp(diff->rows[i].table, "omission") != 0)
            return false;
    return true;
}
