/* rules/lint_matrix.c -- one drug's recommendations against all results that a patient can
 * have.
 */
#include <assert.h>

#include "rules/advice_text.h"
#include "rules/lint_private.h"
#include "rules/matrix.h"

#define AGES_MAX     32
#define EXAMPLES_MAX 4
#define TEXT_MAX     600

/* Two recommendations that some results satisfy both. */
struct pair {
    uint32_t together;
    struct rules_matrix_point example;
};

struct study {
    struct lint *lint;
    const struct rules_drug *drug;
    struct rules_matrix m;
    struct rules_matrix_row *rows;
    size_t rows_count;
    struct rules_advice_text *texts; /* parallel to rows */
    uint32_t *reached;               /* points of each row */
    struct pair *pairs;              /* rows_count squared */
    uint64_t omitted[RULES_MATRIX_AXES_MAX];
    struct rules_matrix_point *holes; /* of the patients looked at */
    size_t holes_count, holes_max;
    bool *omission_used; /* parallel to the release's omissions */
};

#define NO_MEMORY(s) err_set((s)->lint->err, ERR_NOMEM, "no memory for the lint")

/* "CYP2C19 Poor Metabolizer, CYP2D6 No Result" */
static void point_text(const struct study *s, const struct rules_matrix_point *point,
                       char ret[TEXT_MAX])
{
    size_t len = 0;

    ret[0] = '\0';
    for (size_t i = 0; i < s->m.axes_count && len < TEXT_MAX - 1; i++) {
        const struct rules_matrix_axis *axis = &s->m.axes[i];
        int more =
            snprintf(ret + len, TEXT_MAX - len, "%s%.*s %.*s", i > 0 ? ", " : "",
                     SLICE_ARG(axis->gene), SLICE_ARG(axis->values[point->value[i]].text));

        len += more > 0 ? (size_t)more : 0;
    }
}

/* --- which results reach which recommendation ----------------------------------------------
 */

static bool share_patients(const struct rules_recommendation *a,
                           const struct rules_recommendation *b)
{
    return (a->population.len == 0 || b->population.len == 0 ||
            slice_eq(a->population, b->population)) &&
           (a->sex == RULES_SEX_ANY || b->sex == RULES_SEX_ANY || a->sex == b->sex) &&
           a->age_from_years < b->age_below_years && b->age_from_years < a->age_below_years;
}

static void count_point(struct study *s, const struct rules_matrix_point *point,
                        uint32_t *fitting)
{
    size_t count = 0;

    for (uint32_t i = 0; i < s->rows_count; i++)
        if (rules_matrix_fits(&s->m, &s->rows[i], point))
            fitting[count++] = i;
    for (size_t a = 0; a < count; a++) {
        s->reached[fitting[a]]++;
        for (size_t b = a + 1; b < count; b++) {
            struct pair *pair = &s->pairs[fitting[a] * s->rows_count + fitting[b]];

            if (pair->together++ == 0)
                pair->example = *point;
        }
    }
}

static enum err_code count_points(struct study *s)
{
    struct rules_matrix_point point;
    uint32_t *fitting = arena_array(&s->lint->arena, s->rows_count, sizeof *fitting);

    s->reached = arena_array(&s->lint->arena, s->rows_count, sizeof *s->reached);
    s->pairs = arena_array(&s->lint->arena, s->rows_count * s->rows_count, sizeof *s->pairs);
    if (fitting == NULL || s->reached == NULL || s->pairs == NULL)
        return NO_MEMORY(s);
    for (bool more = rules_matrix_first(&s->m, &point); more;
         more = rules_matrix_next(&s->m, &point))
        count_point(s, &point, fitting);
    return ERR_OK;
}

/* The highest score that two alleles of the gene can add up to. */
static uint32_t highest_score(const struct rules_knowledge *k, struct slice symbol)
{
    struct rules_range range = rules_facts_of_gene(k, rules_find_gene(k, symbol))->alleles;
    uint32_t highest = 0;

    for (uint32_t i = range.first; i < range.first + range.count; i++) {
        const struct rules_allele *a = &k->rows.alleles[i];

        if (a->is_at_least)
            return RULES_SCORE_NO_MAX;
        if (a->has_value && a->value_x100 > highest)
            highest = a->value_x100;
    }
    return 2 * highest;
}

/* Whether the row fits some result that alleles can give, on every axis that it asks about. */
static bool is_possible(const struct study *s, const struct rules_matrix_row *row)
{
    for (size_t i = 0; i < s->m.axes_count; i++) {
        const struct rules_matrix_axis *axis = &s->m.axes[i];
        uint32_t highest = axis->count > 1 && axis->values[1].is_score
                               ? highest_score(s->lint->k, axis->gene)
                               : RULES_SCORE_NO_MAX;
        bool is_some = (row->accepts_none >> axis->gene_number & 1) != 0;

        for (size_t v = 1; v < axis->count; v++)
            is_some = is_some ||
                      ((row->fits[i] >> v & 1) != 0 && axis->values[v].from_x100 <= highest);
        if (row->fits[i] != 0 && !is_some)
            return false;
    }
    return true;
}

static void check_reached(const struct study *s)
{
    for (size_t i = 0; i < s->rows_count; i++)
        if (s->reached[i] == 0 || !is_possible(s, &s->rows[i]))
            lint_tell(s->lint, RULES_LINT_UNREACHABLE, true, "recommendation",
                      s->rows[i].recommendation->id, "no gene result satisfies its conditions");
}

static void check_pair(const struct study *s, size_t a, size_t b)
{
    const struct rules_recommendation *x = s->rows[a].recommendation;
    const struct rules_recommendation *y = s->rows[b].recommendation;
    const struct pair *pair = &s->pairs[a * s->rows_count + b];
    bool same_patients = slice_eq(x->population, y->population) && x->sex == y->sex &&
                         x->age_from_years == y->age_from_years &&
                         x->age_below_years == y->age_below_years;
    char text[TEXT_MAX];

    if (pair->together == 0 || !slice_eq(x->source, y->source) || !share_patients(x, y))
        return;
    if (!rules_advice_text_same(&s->texts[a], &s->texts[b])) {
        point_text(s, &pair->example, text);
        lint_tell(s->lint, RULES_LINT_OVERLAP, slice_eq(x->population, y->population),
                  "recommendation", x->id, "differs from %.*s for the same result: %s",
                  SLICE_ARG(y->id), text);
    } else if (same_patients &&
               (pair->together == s->reached[a] || pair->together == s->reached[b])) {
        bool is_first = pair->together == s->reached[a];

        lint_tell(s->lint, RULES_LINT_REDUNDANT, false, "recommendation",
                  is_first ? x->id : y->id, "%.*s says the same to all its patients",
                  SLICE_ARG(is_first ? y->id : x->id));
    }
}

/* --- holes ---------------------------------------------------------------------------------
 */

struct patients {
    struct slice population; /* empty: the drug has none */
    struct slice label;
    uint32_t age_years;
    bool needs_age;
    enum rules_sex sex; /* RULES_SEX_ANY: it does not matter */
};

static bool is_for(const struct rules_recommendation *r, const struct patients *patients)
{
    return (r->population.len == 0 || slice_eq(r->population, patients->population)) &&
           (r->sex == RULES_SEX_ANY || r->sex == patients->sex) &&
           patients->age_years >= r->age_from_years && patients->age_years < r->age_below_years;
}

static bool is_covered(const struct study *s, const struct patients *patients,
                       const struct rules_matrix_point *point)
{
    for (size_t i = 0; i < s->rows_count; i++)
        if (is_for(s->rows[i].recommendation, patients) &&
            rules_matrix_fits(&s->m, &s->rows[i], point))
            return true;
    return false;
}

static bool is_omitted(const struct study *s, const struct rules_matrix_point *point)
{
    for (size_t i = 0; i < s->m.axes_count; i++)
        if ((s->omitted[i] >> point->value[i] & 1) != 0)
            return true;
    return false;
}

/* Whether a known omission names one of the point's values. */
static bool names(const struct study *s, const struct rules_omission *o,
                  const struct rules_matrix_point *point)
{
    const struct rules_knowledge *k = s->lint->k;
    const struct rules_gene *gene = rules_find_gene(k, o->gene);
    struct rules_wanted_key key;
    bool is_none = slice_eq_text(o->key, RULES_NO_RESULT);

    if (!is_none && !rules_key_read(k, gene, gene->key_kind, o->key, &key))
        return false;
    for (size_t i = 0; i < s->m.axes_count; i++) {
        const struct rules_matrix_value *value = &s->m.axes[i].values[point->value[i]];

        if (!slice_eq(s->m.axes[i].gene, o->gene))
            continue;
        if (point->value[i] == 0 ? is_none
            : is_none            ? false
            : value->is_score ? key.word == RULES_ABSENT && key.from_x100 <= value->from_x100 &&
                                    value->to_x100 <= key.to_x100
                              : key.word != RULES_ABSENT &&
                                    key.word == rules_index_find(&k->words, 0, value->text))
            return true;
    }
    return false;
}

/* A diplotype that some source has a row for is an exception: it has a phenotype as well, by
 * which the matrix knows it. */
static void omit_diplotypes(struct study *s)
{
    for (size_t i = 0; i < s->m.axes_count; i++)
        for (size_t v = 0; v < s->m.axes[i].count; v++)
            if (s->m.axes[i].values[v].diplotype.len > 0)
                s->omitted[i] |= (uint64_t)1 << v;
}

static void read_omissions(struct study *s)
{
    const struct rules_release *rows = &s->lint->k->rows;

    omit_diplotypes(s);
    for (size_t n = 0; n < rows->omissions_count; n++) {
        if (!slice_eq(rows->omissions[n].drug, s->drug->name))
            continue;
        for (size_t i = 0; i < s->m.axes_count; i++) {
            for (uint8_t v = 0; v < s->m.axes[i].count; v++) {
                struct rules_matrix_point point = {0};

                point.value[i] = v;
                if (slice_eq(s->m.axes[i].gene, rows->omissions[n].gene) &&
                    names(s, &rows->omissions[n], &point))
                    s->omitted[i] |= (uint64_t)1 << v;
            }
        }
    }
}

static void use_omissions(struct study *s, const struct rules_matrix_point *point)
{
    const struct rules_release *rows = &s->lint->k->rows;

    for (size_t n = 0; n < rows->omissions_count; n++)
        if (!s->omission_used[n] && slice_eq(rows->omissions[n].drug, s->drug->name) &&
            names(s, &rows->omissions[n], point))
            s->omission_used[n] = true;
}

static enum err_code find_holes(struct study *s, const struct patients *patients)
{
    struct rules_matrix_point point;

    s->holes_count = 0;
    for (bool more = rules_matrix_first(&s->m, &point); more;
         more = rules_matrix_next(&s->m, &point)) {
        if (is_covered(s, patients, &point))
            continue;
        if (is_omitted(s, &point)) {
            use_omissions(s, &point);
            continue;
        }
        s->holes = arena_grow(&s->lint->arena, s->holes, &s->holes_max, s->holes_count,
                              sizeof *s->holes);
        if (s->holes == NULL)
            return NO_MEMORY(s);
        s->holes[s->holes_count++] = point;
    }
    return ERR_OK;
}

/* Nothing is known but that nothing could be found out: a warning. Whoever has one result that
 * means something should hear of it: an error. */
static bool has_finding(const struct study *s, const struct rules_matrix_point *point)
{
    for (size_t i = 0; i < s->m.axes_count; i++)
        if (point->value[i] > 0 && !s->m.axes[i].values[point->value[i]].is_unclear)
            return true;
    return false;
}

static void tell_hole(const struct study *s, const struct patients *patients, bool is_error,
                      size_t count, const char *what)
{
    char who[128] = "", age[48] = "", sex[16] = "";

    if (patients->population.len > 0)
        (void)snprintf(who, sizeof who, " for %.80s", patients->label.ptr);
    if (patients->needs_age)
        (void)snprintf(age, sizeof age, " from %u years", patients->age_years);
    if (patients->sex != RULES_SEX_ANY)
        (void)snprintf(sex, sizeof sex, ", %s", rules_sex_name(patients->sex));
    lint_tell(s->lint, RULES_LINT_HOLE, is_error, "drug", s->drug->name,
              "no recommendation%s%s%s in %zu combination%s: %s", who, age, sex, count,
              count == 1 ? "" : "s", what);
}

/* The points with one value of one axis that could be holes. */
static size_t count_candidates(const struct study *s, size_t i, uint8_t v)
{
    struct rules_matrix_point point;
    size_t count = 0;

    for (bool more = rules_matrix_first(&s->m, &point); more;
         more = rules_matrix_next(&s->m, &point))
        count += point.value[i] == v && !is_omitted(s, &point) && has_finding(s, &point);
    return count;
}

/* Tells and takes out the holes with one value of one axis, when all that have it are holes. */
static void tell_value(struct study *s, const struct patients *patients, size_t i, uint8_t v)
{
    size_t count = 0, left = 0;
    char what[TEXT_MAX];

    for (size_t h = 0; h < s->holes_count; h++)
        count += s->holes[h].value[i] == v;
    if (count == 0 || count != count_candidates(s, i, v))
        return;
    for (size_t h = 0; h < s->holes_count; h++)
        if (s->holes[h].value[i] != v)
            s->holes[left++] = s->holes[h];
    s->holes_count = left;
    (void)snprintf(what, sizeof what, "%.*s %.*s%s", SLICE_ARG(s->m.axes[i].gene),
                   SLICE_ARG(s->m.axes[i].values[v].text),
                   s->m.axes_count > 1 ? ", whatever the others are" : "");
    tell_hole(s, patients, true, count, what);
}

/* Tells and takes out the holes in which nothing was found out. */
static void tell_unclear(struct study *s, const struct patients *patients)
{
    size_t count = 0, left = 0;
    char what[TEXT_MAX] = "";

    for (size_t h = 0; h < s->holes_count; h++) {
        if (has_finding(s, &s->holes[h])) {
            s->holes[left++] = s->holes[h];
            continue;
        }
        if (count++ == 0)
            point_text(s, &s->holes[h], what);
    }
    s->holes_count = left;
    if (count > 0)
        tell_hole(s, patients, false, count, what);
}

static enum err_code check_patients(struct study *s, const struct patients *patients)
{
    char what[TEXT_MAX];

    if (find_holes(s, patients) != ERR_OK)
        return s->lint->err->code;
    tell_unclear(s, patients);
    for (size_t i = 0; i < s->m.axes_count; i++)
        for (uint8_t v = 1; v < s->m.axes[i].count; v++)
            tell_value(s, patients, i, v);
    for (size_t h = 0; h < s->holes_count; h++) {
        size_t more = s->holes_count - h;

        point_text(s, &s->holes[h], what);
        if (h < EXAMPLES_MAX || more == 1) {
            tell_hole(s, patients, true, 1, what);
        } else {
            tell_hole(s, patients, true, more, "and others");
            break;
        }
    }
    return ERR_OK;
}

static size_t find_ages(const struct study *s, uint32_t ages[AGES_MAX])
{
    size_t count = 0;

    ages[count++] = 0;
    for (size_t i = 0; i < 2 * s->rows_count && count < AGES_MAX; i++) {
        const struct rules_recommendation *r = s->rows[i / 2].recommendation;
        uint32_t age = i % 2 == 0 ? r->age_from_years : r->age_below_years;
        bool is_new = age != RULES_AGE_NO_MAX;

        for (size_t j = 0; j < count; j++)
            is_new = is_new && ages[j] != age;
        if (is_new)
            ages[count++] = age;
    }
    return count;
}

/* Both sexes where some recommendation is for one. */
static enum err_code check_sexes(struct study *s, struct patients *patients)
{
    bool needs_sex = false;

    for (size_t i = 0; i < s->rows_count; i++)
        needs_sex = needs_sex || s->rows[i].recommendation->sex != RULES_SEX_ANY;
    if (!needs_sex)
        return check_patients(s, patients);
    patients->sex = RULES_SEX_FEMALE;
    if (check_patients(s, patients) != ERR_OK)
        return s->lint->err->code;
    patients->sex = RULES_SEX_MALE;
    return check_patients(s, patients);
}

static enum err_code check_holes(struct study *s)
{
    const struct rules_population *populations;
    size_t populations_count = rules_populations_of(s->lint->k, s->drug, &populations);
    uint32_t ages[AGES_MAX];
    size_t ages_count = find_ages(s, ages);

    for (size_t p = 0; p < populations_count || p == 0; p++) {
        for (size_t a = 0; a < ages_count; a++) {
            struct patients patients = {.age_years = ages[a], .needs_age = ages_count > 1};

            if (populations_count > 0) {
                patients.population = populations[p].id;
                patients.label = slice_of(arena_cstr(&s->lint->arena, populations[p].label));
            }
            if (s->lint->arena.has_failed)
                return NO_MEMORY(s);
            if (check_sexes(s, &patients) != ERR_OK)
                return s->lint->err->code;
        }
    }
    return ERR_OK;
}

/* --- one drug ------------------------------------------------------------------------------
 */

static enum err_code prepare(struct study *s)
{
    struct lint *lint = s->lint;

    if (rules_matrix_build(&lint->k, 1, s->drug->name, &lint->arena, &s->m, lint->err) !=
            ERR_OK ||
        rules_matrix_rows(&s->m, lint->k, &lint->arena, &s->rows, &s->rows_count, lint->err) !=
            ERR_OK)
        return lint->err->code;
    s->texts = arena_array(&lint->arena, s->rows_count, sizeof *s->texts);
    if (s->texts == NULL)
        return NO_MEMORY(s);
    for (size_t i = 0; i < s->rows_count; i++)
        if (rules_advice_text(lint->k, s->rows[i].recommendation, &lint->arena, &s->texts[i],
                              lint->err) != ERR_OK)
            return lint->err->code;
    return count_points(s);
}

static enum err_code check_drug(struct study *s)
{
    if (prepare(s) != ERR_OK)
        return s->lint->err->code;
    if (s->rows_count == 0)
        return ERR_OK; /* an algorithm's */
    check_reached(s);
    for (size_t a = 0; a < s->rows_count; a++)
        for (size_t b = a + 1; b < s->rows_count; b++)
            check_pair(s, a, b);
    read_omissions(s);
    return check_holes(s);
}

enum err_code lint_matrix(struct lint *lint)
{
    const struct rules_release *rows = &lint->k->rows;
    bool *omission_used = calloc(rows->omissions_count + 1, sizeof *omission_used);
    enum err_code code = ERR_OK;

    if (omission_used == NULL)
        return err_set(lint->err, ERR_NOMEM, "no memory for the lint");
    for (size_t i = 0; i < rows->drugs_count && code == ERR_OK; i++) {
        struct study study = {
            .lint = lint, .drug = &rows->drugs[i], .omission_used = omission_used};

        arena_reset(&lint->arena);
        if (!rows->drugs[i].is_alternative_only)
            code = check_drug(&study);
    }
    for (size_t n = 0; n < rows->omissions_count && code == ERR_OK; n++)
        if (!omission_used[n])
            lint_tell(lint, RULES_LINT_OMISSION_UNUSED, false, "drug", rows->omissions[n].drug,
                      "no_rows names %.*s %.*s, for which there is a recommendation",
                      SLICE_ARG(rows->omissions[n].gene), SLICE_ARG(rows->omissions[n].key));
    free(omission_used);
    return code;
}
