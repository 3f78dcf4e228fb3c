/* gateway/store/cpic_boxes.c -- from rows over several genes to lists of keys per gene.
 *
 * A recommendation's condition is one list of keys per gene, and means every combination of
 * them. Rows of one piece of advice need not be that: so they are cut into boxes, each of which
 * is. By one gene after the other: keys whose rows agree in all that follows go together. Boxes
 * do not overlap and cover every row.
 */
#include "gateway/store/cpic_private.h"

struct cut {
    struct cpic_import *a;
    enum err_code (*each)(struct cpic_import *a, const struct cpic_box *box, void *owner);
    void *owner;
};

static bool is_same_key(const struct cpic_want *x, const struct cpic_want *y)
{
    return slice_eq(x->word, y->word) && x->range.from_x100 == y->range.from_x100 &&
           x->range.to_x100 == y->range.to_x100;
}

static bool agrees_from(const struct cpic_row *x, const struct cpic_row *y, size_t gene)
{
    for (size_t i = gene; i < x->wants_count; i++)
        if (!is_same_key(&x->wants[i], &y->wants[i]))
            return false;
    return true;
}

static bool has_tail(struct cpic_row **rows, size_t count, const struct cpic_row *head,
                     const struct cpic_row *tail, size_t gene)
{
    for (size_t i = 0; i < count; i++)
        if (is_same_key(&rows[i]->wants[gene], &head->wants[gene]) &&
            agrees_from(rows[i], tail, gene + 1))
            return true;
    return false;
}

/* Whether the rows with x's key for the gene go on as the rows with y's key do. */
static bool go_together(struct cpic_row **rows, size_t count, const struct cpic_row *x,
                        const struct cpic_row *y, size_t gene)
{
    if (is_same_key(&x->wants[gene], &y->wants[gene]))
        return true;
    for (size_t i = 0; i < count; i++) {
        bool is_x = is_same_key(&rows[i]->wants[gene], &x->wants[gene]);
        bool is_y = is_same_key(&rows[i]->wants[gene], &y->wants[gene]);

        if ((is_x && !has_tail(rows, count, y, rows[i], gene)) ||
            (is_y && !has_tail(rows, count, x, rows[i], gene)))
            return false;
    }
    return true;
}

/* `rows` are exactly the combinations of the keys that they have for the genes before `gene`.
 */
static enum err_code cut_by(const struct cut *cut, struct cpic_row **rows, size_t count,
                            size_t gene)
{
    struct cpic_row **together, **left;
    size_t together_count, left_count;

    if (count > 0 && gene == rows[0]->wants_count)
        return cut->each(cut->a, &(struct cpic_box){rows, count}, cut->owner);
    while (count > 0) {
        together = arena_array(cut->a->scratch, count, sizeof(struct cpic_row *));
        left = arena_array(cut->a->scratch, count, sizeof(struct cpic_row *));
        if (together == NULL || left == NULL)
            return CPIC_NO_MEMORY(cut->a);
        together_count = left_count = 0;
        for (size_t i = 0; i < count; i++) {
            if (go_together(rows, count, rows[0], rows[i], gene))
                together[together_count++] = rows[i];
            else
                left[left_count++] = rows[i];
        }
        if (cut_by(cut, together, together_count, gene + 1) != ERR_OK)
            return cut->a->err->code;
        rows = left;
        count = left_count;
    }
    return ERR_OK;
}

enum err_code cpic_cut_boxes(struct cpic_import *a, struct cpic_row **rows, size_t count,
                             enum err_code (*each)(struct cpic_import *a,
                                                   const struct cpic_box *box, void *owner),
                             void *owner)
{
    return cut_by(&(struct cut){a, each, owner}, rows, count, 0);
}
