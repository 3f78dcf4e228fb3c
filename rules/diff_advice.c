/* rules/diff_advice.c -- advice compared result by result. */
#include <assert.h>

#include "rules/advice_text.h"
#include "rules/diff_private.h"
#include "rules/matrix.h"

#define AT_ONCE_MAX 8          /* recommendations of one publisher for one patient */
#define NO_GROUP    UINT16_MAX /* nothing differs */

/* One of the two releases, for one drug. */
struct side {
    const struct rules_knowledge *k;
    struct rules_matrix_row *rows;
    struct rules_advice_text *texts;
    uint32_t *contents; /* equal numbers say the same, in both releases */
    bool *is_here;      /* the row belongs to the voice looked at */
    size_t count;
};

/* What is said for one point: content numbers, ascending. */
struct said {
    uint32_t contents[AT_ONCE_MAX];
    uint32_t rows[AT_ONCE_MAX];
    size_t count;
};

/* Points for which the same changes into the same. */
struct group {
    struct said before, after;
};

struct comparison {
    struct diff *diff;
    struct slice drug;
    struct rules_matrix m;
    struct side sides[2];
    struct slice publisher, patients; /* the voice */
    struct group *groups;
    size_t groups_count, groups_max;
    uint16_t *group_of; /* by number of the point; NO_GROUP */
};

#define NO_MEMORY(c) err_set((c)->diff->err, ERR_NOMEM, "no memory to compare releases")

/* --- sides ---------------------------------------------------------------------------------
 */

static enum err_code read_side(struct comparison *c, struct side *side)
{
    struct arena *arena = c->diff->arena;

    if (rules_matrix_rows(&c->m, side->k, arena, &side->rows, &side->count, c->diff->err) !=
        ERR_OK)
        return c->diff->err->code;
    side->texts = arena_array(arena, side->count, sizeof *side->texts);
    side->contents = arena_array(arena, side->count, sizeof *side->contents);
    side->is_here = arena_array(arena, side->count, sizeof *side->is_here);
    if (side->texts == NULL || side->contents == NULL || side->is_here == NULL)
        return NO_MEMORY(c);
    for (size_t i = 0; i < side->count; i++)
        if (rules_advice_text(side->k, side->rows[i].recommendation, arena, &side->texts[i],
                              c->diff->err) != ERR_OK)
            return c->diff->err->code;
    return ERR_OK;
}

/* The same number for the same text, whichever side it is on. */
static void number_contents(struct comparison *c)
{
    size_t first = c->sides[0].count;

    for (size_t i = 0; i < first + c->sides[1].count; i++) {
        struct side *side = &c->sides[i >= first];
        size_t row = i >= first ? i - first : i;

        side->contents[row] = (uint32_t)i;
        for (size_t j = 0; j < i; j++) {
            const struct side *other = &c->sides[j >= first];
            size_t other_row = j >= first ? j - first : j;

            if (!rules_advice_text_same(&side->texts[row], &other->texts[other_row]))
                continue;
            side->contents[row] = other->contents[other_row];
            break;
        }
    }
}

/* --- voices --------------------------------------------------------------------------------
 */

static struct slice publisher_of(const struct side *side, size_t row)
{
    return rules_find_source(side->k, side->rows[row].recommendation->source)->publisher;
}

/* "acute coronary syndrome or PCI, female, from 18 years" */
static struct slice patients_of(const struct comparison *c, const struct side *side, size_t row)
{
    const struct rules_recommendation *r = side->rows[row].recommendation;
    const struct rules_drug *drug = rules_find_drug(side->k, r->drug);
    struct slice text;
    struct buf buf;
    size_t before;

    buf_init(&buf, 4096);
    if (r->population.len > 0) {
        const struct rules_population *population =
            rules_population_by_id(side->k, drug, r->population);

        buf_join(&buf, r->population, SLICE(" ("), population->label, SLICE(")"));
    }
    before = buf.len;
    if (before > 0)
        buf_add_text(&buf, ", ");
    rules_patients_write(r, &buf);
    text = buf_slice(&buf);
    if (before > 0 && buf.len == before + 2)
        text = slice_head(text, before);
    text = arena_copy(c->diff->arena, text);
    buf_release(&buf);
    return text;
}

/* The voice that comes after those that were looked at, by first row; marks its rows. */
static bool next_voice(struct comparison *c, bool *is_done[2])
{
    bool has_one = false;

    for (size_t s = 0; s < 2; s++) {
        struct side *side = &c->sides[s];

        for (size_t i = 0; i < side->count; i++) {
            side->is_here[i] = false;
            if (is_done[s][i])
                continue;
            if (!has_one) {
                c->publisher = publisher_of(side, i);
                c->patients = patients_of(c, side, i);
                has_one = true;
            }
            side->is_here[i] = slice_eq(publisher_of(side, i), c->publisher) &&
                               slice_eq(patients_of(c, side, i), c->patients);
            is_done[s][i] = side->is_here[i];
        }
    }
    return has_one;
}

/* --- points --------------------------------------------------------------------------------
 */

static enum err_code ask(struct comparison *c, const struct side *side,
                         const struct rules_matrix_point *point, struct said *ret)
{
    ret->count = 0;
    for (uint32_t i = 0; i < side->count; i++) {
        size_t place = ret->count;

        if (!side->is_here[i] || !rules_matrix_fits(&c->m, &side->rows[i], point))
            continue;
        if (ret->count == AT_ONCE_MAX)
            return err_set(c->diff->err, ERR_LIMIT,
                           "%.*s: more than %d recommendations for one result",
                           SLICE_ARG(c->drug), AT_ONCE_MAX);
        for (; place > 0 && ret->contents[place - 1] > side->contents[i]; place--) {
            ret->contents[place] = ret->contents[place - 1];
            ret->rows[place] = ret->rows[place - 1];
        }
        ret->contents[place] = side->contents[i];
        ret->rows[place] = i;
        ret->count++;
    }
    return ERR_OK;
}

static bool is_same(const struct said *a, const struct said *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (a->contents[i] != b->contents[i])
            return false;
    return a->count == b->count;
}

static enum err_code find_group(struct comparison *c, const struct said *before,
                                const struct said *after, uint16_t *ret)
{
    for (size_t i = 0; i < c->groups_count; i++) {
        if (is_same(&c->groups[i].before, before) && is_same(&c->groups[i].after, after)) {
            *ret = (uint16_t)i;
            return ERR_OK;
        }
    }
    if (c->groups_count == NO_GROUP)
        return err_set(c->diff->err, ERR_LIMIT, "%.*s: too many differences",
                       SLICE_ARG(c->drug));
    c->groups = arena_grow(c->diff->arena, c->groups, &c->groups_max, c->groups_count,
                           sizeof *c->groups);
    if (c->groups == NULL)
        return NO_MEMORY(c);
    *ret = (uint16_t)c->groups_count;
    c->groups[c->groups_count++] = (struct group){*before, *after};
    return ERR_OK;
}

/* Where advice stays the same but its source does not: told once for the drug. */
static enum err_code compare_sources(struct comparison *c, const struct said *before,
                                     const struct said *after)
{
    struct rules_diff_row *row;
    struct slice texts[2];

    for (size_t i = 0; i < before->count; i++) {
        for (size_t s = 0; s < 2; s++) {
            const struct side *side = &c->sides[s];
            const struct said *said = s == 0 ? before : after;
            struct buf buf;

            buf_init(&buf, DIFF_TEXT_BYTES_MAX);
            rules_source_write(
                rules_find_source(side->k, side->rows[said->rows[i]].recommendation->source),
                &buf);
            texts[s] = arena_copy(c->diff->arena, buf_slice(&buf));
            buf_release(&buf);
        }
        if (slice_eq(texts[0], texts[1]))
            continue;
        for (size_t n = 0; n < c->diff->ret->rows_count; n++) {
            row = &c->diff->ret->rows[n];
            if (strcmp(row->table, "citation") == 0 && slice_eq(row->name, c->drug) &&
                slice_eq(row->fields[0].before, texts[0]) &&
                slice_eq(row->fields[0].after, texts[1]))
                return ERR_OK;
        }
        row = diff_add_row(c->diff);
        if (row == NULL)
            return c->diff->err->code;
        *row = (struct rules_diff_row){RULES_DIFF_CHANGED, "citation", c->drug, NULL, 1, 0};
        row->fields = arena_array(c->diff->arena, 1, sizeof *row->fields);
        if (row->fields == NULL)
            return NO_MEMORY(c);
        row->fields[0] = (struct rules_diff_field){"source", texts[0], texts[1]};
    }
    return ERR_OK;
}

static enum err_code compare_points(struct comparison *c)
{
    struct rules_matrix_point point;
    size_t number = 0;

    c->groups_count = 0;
    for (bool more = rules_matrix_first(&c->m, &point); more;
         more = rules_matrix_next(&c->m, &point)) {
        struct said before, after;

        if (ask(c, &c->sides[0], &point, &before) != ERR_OK ||
            ask(c, &c->sides[1], &point, &after) != ERR_OK)
            return c->diff->err->code;
        c->group_of[++number] = NO_GROUP;
        if (is_same(&before, &after)) {
            if (compare_sources(c, &before, &after) != ERR_OK)
                return c->diff->err->code;
        } else if (find_group(c, &before, &after, &c->group_of[number]) != ERR_OK) {
            return c->diff->err->code;
        }
    }
    return ERR_OK;
}

/* --- boxes: points of one group as "these values of this gene, those of that one" ------------
 */

struct box {
    uint64_t values[RULES_MATRIX_AXES_MAX];
};

static size_t number_of(const struct rules_matrix *m, const struct rules_matrix_point *point)
{
    size_t number = 0;

    for (size_t i = 0; i < m->axes_count; i++)
        number = number * m->axes[i].count + point->value[i];
    return number;
}

static bool is_in(const struct comparison *c, const struct box *box,
                  const struct rules_matrix_point *point)
{
    for (size_t i = 0; i < c->m.axes_count; i++)
        if ((box->values[i] >> point->value[i] & 1) == 0)
            return false;
    return true;
}

/* Whether all points of the box belong to the group. */
static bool is_whole(const struct comparison *c, const struct box *box, uint16_t group)
{
    struct rules_matrix_point point;
    size_t number = 0;

    for (bool more = rules_matrix_first(&c->m, &point); more;
         more = rules_matrix_next(&c->m, &point)) {
        number++;
        if (is_in(c, box, &point) && c->group_of[number] != group)
            return false;
    }
    /* The point where nothing has a result is nobody's. */
    point = (struct rules_matrix_point){0};
    return !is_in(c, box, &point);
}

static struct box grow_box(const struct comparison *c, const struct rules_matrix_point *from,
                           uint16_t group)
{
    struct box box;

    for (size_t i = 0; i < c->m.axes_count; i++)
        box.values[i] = (uint64_t)1 << from->value[i];
    for (size_t i = 0; i < c->m.axes_count; i++) {
        for (size_t v = 0; v < c->m.axes[i].count; v++) {
            struct box larger = box;

            larger.values[i] = (uint64_t)1 << v;
            if ((box.values[i] >> v & 1) == 0 && is_whole(c, &larger, group))
                box.values[i] |= (uint64_t)1 << v;
        }
    }
    return box;
}

/* --- one difference ------------------------------------------------------------------------
 */

static struct slice results_text(struct comparison *c, const struct box *box)
{
    struct slice text;
    struct buf buf;

    buf_init(&buf, DIFF_TEXT_BYTES_MAX);
    for (size_t i = 0; i < c->m.axes_count; i++) {
        bool is_first = true;

        buf_join(&buf, i > 0 ? SLICE("; ") : SLICE_NONE, c->m.axes[i].gene, SLICE(" "));
        for (size_t v = 0; v < c->m.axes[i].count; v++) {
            if ((box->values[i] >> v & 1) == 0)
                continue;
            buf_join(&buf, is_first ? SLICE_NONE : SLICE(" | "), c->m.axes[i].values[v].text);
            is_first = false;
        }
    }
    text = arena_copy(c->diff->arena, buf_slice(&buf));
    buf_release(&buf);
    return text;
}

/* Field `field` of all that is said, or their ids. */
static struct slice said_text(struct comparison *c, const struct side *side,
                              const struct said *said, size_t field)
{
    struct slice text;
    struct buf buf;

    buf_init(&buf, DIFF_TEXT_BYTES_MAX);
    for (size_t i = 0; i < said->count; i++) {
        buf_add(&buf, i > 0 ? SLICE(" + ") : SLICE_NONE);
        buf_add(&buf, field == SIZE_MAX ? side->rows[said->rows[i]].recommendation->id
                                        : side->texts[said->rows[i]].fields[field].text);
    }
    text = arena_copy(c->diff->arena, buf_slice(&buf));
    buf_release(&buf);
    return text;
}

static enum err_code add_fields(struct comparison *c, const struct group *group,
                                struct rules_diff_advice *advice)
{
    const struct said *any = group->before.count > 0 ? &group->before : &group->after;
    const struct side *side = &c->sides[group->before.count > 0 ? 0 : 1];
    const struct rules_advice_text *names = &side->texts[any->rows[0]];

    advice->fields = arena_array(c->diff->arena, names->count, sizeof *advice->fields);
    if (advice->fields == NULL)
        return NO_MEMORY(c);
    for (size_t i = 0; i < names->count; i++) {
        struct slice before = said_text(c, &c->sides[0], &group->before, i);
        struct slice after = said_text(c, &c->sides[1], &group->after, i);

        if (!slice_eq(before, after))
            advice->fields[advice->fields_count++] =
                (struct rules_diff_field){names->fields[i].name, before, after};
    }
    return ERR_OK;
}

/* The genes that what is said asks about. */
static enum err_code add_pairs(struct comparison *c, const struct group *group, size_t results)
{
    uint32_t genes = 0;

    for (size_t i = 0; i < group->before.count; i++)
        genes |= c->sides[0].rows[group->before.rows[i]].genes;
    for (size_t i = 0; i < group->after.count; i++)
        genes |= c->sides[1].rows[group->after.rows[i]].genes;
    for (size_t i = 0; i < c->m.axes_count; i++) {
        struct rules_diff_pair *pair;
        uint32_t bit = (uint32_t)1 << c->m.axes[i].gene_number;

        if ((genes & bit) == 0)
            continue;
        genes &= ~bit;
        pair = diff_pair(c->diff, c->m.axes[i].gene, c->drug);
        if (pair == NULL)
            return c->diff->err->code;
        pair->results += results;
    }
    return ERR_OK;
}

/* Takes the box's points out of the group and tells the difference. */
static enum err_code tell_box(struct comparison *c, const struct box *box, uint16_t number)
{
    struct group group = c->groups[number];
    struct rules_diff_advice *advice = diff_add_advice(c->diff);
    struct rules_matrix_point point;
    size_t at = 0;

    if (advice == NULL)
        return c->diff->err->code;
    for (bool more = rules_matrix_first(&c->m, &point); more;
         more = rules_matrix_next(&c->m, &point)) {
        if (!is_in(c, box, &point) || c->group_of[at + 1] != number) {
            at++;
            continue;
        }
        c->group_of[++at] = NO_GROUP;
        advice->results_count++;
    }
    advice->what = group.before.count == 0  ? RULES_DIFF_ADDED
                   : group.after.count == 0 ? RULES_DIFF_REMOVED
                                            : RULES_DIFF_CHANGED;
    advice->drug = c->drug;
    advice->publisher = c->publisher;
    advice->patients = c->patients;
    advice->results = results_text(c, box);
    advice->ids_before = said_text(c, &c->sides[0], &group.before, SIZE_MAX);
    advice->ids_after = said_text(c, &c->sides[1], &group.after, SIZE_MAX);
    if (add_fields(c, &group, advice) != ERR_OK)
        return c->diff->err->code;
    return add_pairs(c, &group, advice->results_count);
}

static enum err_code tell_groups(struct comparison *c)
{
    struct rules_matrix_point point;

    for (bool more = rules_matrix_first(&c->m, &point); more;
         more = rules_matrix_next(&c->m, &point)) {
        uint16_t group = c->group_of[number_of(&c->m, &point)];
        struct box box;

        if (group == NO_GROUP)
            continue;
        box = grow_box(c, &point, group);
        if (tell_box(c, &box, group) != ERR_OK)
            return c->diff->err->code;
    }
    return ERR_OK;
}

/* --- drugs ---------------------------------------------------------------------------------
 */

static bool has_id(const struct side *side, struct slice id)
{
    for (size_t i = 0; i < side->count; i++)
        if (slice_eq(side->rows[i].recommendation->id, id))
            return true;
    return false;
}

/* Recommendations of the later release whose id is new and whose content is not. */
static void count_renamed(struct comparison *c)
{
    for (size_t i = 0; i < c->sides[1].count; i++) {
        bool says_nothing_new = false;

        for (size_t j = 0; j < c->sides[0].count; j++)
            says_nothing_new = says_nothing_new ||
                               (c->sides[0].contents[j] == c->sides[1].contents[i] &&
                                !has_id(&c->sides[1], c->sides[0].rows[j].recommendation->id));
        c->diff->ret->renamed +=
            says_nothing_new && !has_id(&c->sides[0], c->sides[1].rows[i].recommendation->id);
    }
}

static enum err_code compare_drug(struct diff *diff, struct slice drug)
{
    struct comparison c = {
        .diff = diff, .drug = drug, .sides = {{.k = diff->a}, {.k = diff->b}}};
    const struct rules_knowledge *ks[] = {diff->a, diff->b};
    bool *is_done[2];

    if (rules_matrix_build(ks, 2, drug, diff->arena, &c.m, diff->err) != ERR_OK ||
        read_side(&c, &c.sides[0]) != ERR_OK || read_side(&c, &c.sides[1]) != ERR_OK)
        return diff->err->code;
    number_contents(&c);
    count_renamed(&c);
    c.group_of = arena_array(diff->arena, c.m.points + 1, sizeof *c.group_of);
    is_done[0] = arena_array(diff->arena, c.sides[0].count, sizeof **is_done);
    is_done[1] = arena_array(diff->arena, c.sides[1].count, sizeof **is_done);
    if (c.group_of == NULL || is_done[0] == NULL || is_done[1] == NULL)
        return NO_MEMORY(&c);
    while (next_voice(&c, is_done))
        if (compare_points(&c) != ERR_OK || tell_groups(&c) != ERR_OK)
            return diff->err->code;
    return ERR_OK;
}

enum err_code diff_advice(struct diff *diff)
{
    for (size_t i = 0; i < diff->b->rows.drugs_count; i++)
        if (compare_drug(diff, diff->b->rows.drugs[i].name) != ERR_OK)
            return diff->err->code;
    for (size_t i = 0; i < diff->a->rows.drugs_count; i++)
        if (rules_find_drug(diff->b, diff->a->rows.drugs[i].name) == NULL &&
            compare_drug(diff, diff->a->rows.drugs[i].name) != ERR_OK)
            return diff->err->code;
    return ERR_OK;
}
