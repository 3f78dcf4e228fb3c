/* rules/matrix.c -- axes from conditions, points one after the other. */
#include "rules/matrix.h"

#include <assert.h>

#include "rules/base/buf.h"
#include "rules/knowledge_private.h"

#define CUTS_MAX 256

struct building {
    const struct rules_knowledge *const *ks;
    size_t ks_count;
    struct arena *arena;
    struct rules_matrix *m;
};

static const struct rules_drug_facts *facts_of(const struct rules_knowledge *k,
                                               struct slice drug)
{
    uint32_t row = rules_index_find(&k->drugs, 0, drug);

    return row == RULES_ABSENT ? NULL : &k->drug_facts[row];
}

/* The gene among the drug's own in this snapshot; RULES_ABSENT when it asks about another. */
static uint32_t drug_gene_of(const struct rules_knowledge *k,
                             const struct rules_drug_facts *drug, struct slice symbol)
{
    for (uint32_t i = 0; i < drug->genes.count; i++)
        if (slice_eq(k->drug_gene_rows[drug->genes.first + i]->symbol, symbol))
            return i;
    return RULES_ABSENT;
}

/* --- values --------------------------------------------------------------------------------
 */

static struct rules_matrix_axis *add_axis(struct building *b, struct slice gene,
                                          uint32_t gene_number, struct err *err)
{
    struct rules_matrix_axis *axis;

    if (b->m->axes_count == RULES_MATRIX_AXES_MAX) {
        (void)err_set(err, ERR_LIMIT, "%.*s: more than %d gene results", SLICE_ARG(b->m->drug),
                      RULES_MATRIX_AXES_MAX);
        return NULL;
    }
    axis = &b->m->axes[b->m->axes_count++];
    *axis = (struct rules_matrix_axis){.gene = gene, .gene_number = gene_number};
    axis->values = arena_array(b->arena, RULES_MATRIX_VALUES_MAX, sizeof *axis->values);
    if (axis->values == NULL) {
        (void)err_set(err, ERR_NOMEM, "no memory to compare results");
        return NULL;
    }
    axis->values[axis->count++].text = SLICE(RULES_NO_RESULT);
    return axis;
}

static enum err_code add_value(struct rules_matrix_axis *axis, struct rules_matrix_value value,
                               struct err *err)
{
    for (size_t i = 0; i < axis->count; i++)
        if (slice_eq(axis->values[i].text, value.text))
            return ERR_OK;
    if (axis->count == RULES_MATRIX_VALUES_MAX)
        return err_set(err, ERR_LIMIT, "%.*s: more than %d results", SLICE_ARG(axis->gene),
                       RULES_MATRIX_VALUES_MAX);
    axis->values[axis->count++] = value;
    return ERR_OK;
}

static enum err_code add_word(struct rules_matrix_axis *axis, struct slice word,
                              struct err *err)
{
    return add_value(axis,
                     (struct rules_matrix_value){
                         .text = word,
                         .is_unclear = slice_eq_text(word, RULES_INDETERMINATE) ||
                                       slice_eq_text(word, RULES_NO_SCORE),
                     },
                     err);
}

/* The diplotypes that conditions of the drug name. */
static enum err_code add_diplotypes(struct building *b, struct rules_matrix_axis *axis,
                                    struct err *err)
{
    for (size_t n = 0; n < b->ks_count; n++) {
        const struct rules_knowledge *k = b->ks[n];

        for (size_t c = 0; c < k->rows.conditions_count; c++) {
            const struct rules_condition *row = &k->rows.conditions[c];
            uint32_t r = rules_index_find(&k->recommendations, 0, row->recommendation);

            if (k->wanted_keys[c].diplotype.len > 0 && slice_eq(row->gene, axis->gene) &&
                slice_eq(k->rows.recommendations[r].drug, b->m->drug) &&
                add_value(axis,
                          (struct rules_matrix_value){.text = row->key,
                                                      .diplotype = k->wanted_keys[c].diplotype},
                          err) != ERR_OK)
                return err->code;
        }
    }
    return ERR_OK;
}

static enum err_code add_phenotypes(struct building *b, struct slice gene, uint32_t number,
                                    struct err *err)
{
    struct rules_matrix_axis *axis = add_axis(b, gene, number, err);

    if (axis == NULL)
        return err->code;
    for (size_t n = 0; n < b->ks_count; n++) {
        const struct rules_knowledge *k = b->ks[n];
        const struct rules_gene *row = rules_find_gene(k, gene);
        struct rules_range range = {0};

        if (row != NULL)
            range = rules_facts_of_gene(k, row)->phenotypes;
        for (uint32_t i = range.first; i < range.first + range.count; i++)
            if (add_word(axis, k->rows.phenotypes[i].name, err) != ERR_OK)
                return err->code;
    }
    if (add_word(axis, SLICE(RULES_INDETERMINATE), err) != ERR_OK)
        return err->code;
    return add_diplotypes(b, axis, err);
}

/* --- scores --------------------------------------------------------------------------------
 */

/* Where pieces begin, ascending, each once; 0 is the first. */
struct cuts {
    uint32_t at[CUTS_MAX];
    size_t count;
};

static bool add_cut(struct cuts *cuts, uint32_t at)
{
    size_t place = cuts->count;

    for (size_t i = 0; i < cuts->count; i++)
        if (cuts->at[i] == at)
            return true;
    if (cuts->count == CUTS_MAX)
        return false;
    for (; place > 0 && cuts->at[place - 1] > at; place--)
        cuts->at[place] = cuts->at[place - 1];
    cuts->at[place] = at;
    cuts->count++;
    return true;
}

static bool cut_by_range(struct cuts *cuts, uint32_t from, uint32_t to)
{
    return add_cut(cuts, from) && (to == RULES_SCORE_NO_MAX || add_cut(cuts, to + 1));
}

static bool cut_by_conditions(const struct rules_knowledge *k, struct slice drug,
                              struct slice gene, struct cuts *cuts)
{
    const struct rules_drug_facts *facts = facts_of(k, drug);
    uint32_t number = facts == NULL ? RULES_ABSENT : drug_gene_of(k, facts, gene);

    for (uint32_t r = 0; number != RULES_ABSENT && r < facts->recommendations.count; r++) {
        struct rules_range range =
            k->recommendation_facts[facts->recommendations.first + r].requirements;

        for (uint32_t q = range.first; q < range.first + range.count; q++) {
            const struct rules_requirement *asked = &k->requirements[q];

            for (uint32_t w = asked->keys.first;
                 asked->gene == number && w < asked->keys.first + asked->keys.count; w++) {
                const struct rules_wanted_key *key = &k->wanted_keys[w];

                if (key->word == RULES_ABSENT && key->from_x100 <= key->to_x100 &&
                    !cut_by_range(cuts, key->from_x100, key->to_x100))
                    return false;
            }
        }
    }
    return true;
}

static void write_score(struct buf *buf, uint32_t x100)
{
    if (x100 % 10 == 0)
        buf_printf(buf, "%u.%u", x100 / 100, x100 % 100 / 10);
    else
        buf_printf(buf, "%u.%02u", x100 / 100, x100 % 100);
}

static struct slice score_text(uint32_t from, uint32_t to, struct arena *arena)
{
    struct slice text;
    struct buf buf;

    buf_init(&buf, 64);
    if (to == RULES_SCORE_NO_MAX)
        buf_add_text(&buf, ">=");
    write_score(&buf, from);
    if (to != RULES_SCORE_NO_MAX && to != from) {
        buf_add_text(&buf, "..");
        write_score(&buf, to);
    }
    text = arena_copy(arena, buf_slice(&buf));
    buf_release(&buf);
    return text;
}

static enum err_code add_scores(struct building *b, struct slice gene, uint32_t number,
                                struct err *err)
{
    struct rules_matrix_axis *axis = add_axis(b, gene, number, err);
    struct cuts cuts = {.at = {0}, .count = 1};

    if (axis == NULL)
        return err->code;
    for (size_t n = 0; n < b->ks_count; n++)
        if (!cut_by_conditions(b->ks[n], b->m->drug, gene, &cuts))
            return err_set(err, ERR_LIMIT, "%.*s: more than %d score ranges", SLICE_ARG(gene),
                           CUTS_MAX);
    for (size_t i = 0; i < cuts.count; i++) {
        uint32_t from = cuts.at[i];
        uint32_t to = i + 1 < cuts.count ? cuts.at[i + 1] - 1 : RULES_SCORE_NO_MAX;

        if (add_value(axis,
                      (struct rules_matrix_value){.text = score_text(from, to, b->arena),
                                                  .is_score = true,
                                                  .from_x100 = from,
                                                  .to_x100 = to},
                      err) != ERR_OK)
            return err->code;
    }
    if (add_word(axis, SLICE(RULES_NO_SCORE), err) != ERR_OK)
        return err->code;
    return add_diplotypes(b, axis, err);
}

/* --- alleles -------------------------------------------------------------------------------
 */

static bool asks_for_word(const struct rules_knowledge *k, const struct rules_drug_gene *gene,
                          struct slice word)
{
    uint32_t number = rules_index_find(&k->words, 0, word);

    for (uint32_t i = gene->words.first; i < gene->words.first + gene->words.count; i++)
        if (k->drug_words[i] == number)
            return true;
    return false;
}

static bool has_axis_of(const struct rules_matrix *m, struct slice gene, struct slice positive)
{
    for (size_t i = 0; i < m->axes_count; i++)
        if (slice_eq(m->axes[i].gene, gene) && slice_eq(m->axes[i].values[1].text, positive))
            return true;
    return false;
}

static enum err_code add_statuses(struct building *b, const struct rules_knowledge *k,
                                  uint32_t drug_gene, uint32_t number, struct err *err)
{
    const struct rules_drug_gene *asked = &k->drug_genes[drug_gene];
    const struct rules_gene *gene = &k->rows.genes[asked->gene];
    struct rules_range range = k->gene_facts[asked->gene].alleles;

    for (uint32_t i = range.first; i < range.first + range.count; i++) {
        const struct rules_allele_facts *allele = &k->allele_facts[i];
        struct rules_matrix_axis *axis;

        if (!asks_for_word(k, asked, allele->positive) ||
            has_axis_of(b->m, gene->symbol, allele->positive))
            continue;
        axis = add_axis(b, gene->symbol, number, err);
        if (axis == NULL || add_word(axis, allele->positive, err) != ERR_OK ||
            add_word(axis, allele->negative, err) != ERR_OK)
            return err->code;
    }
    return ERR_OK;
}

/* --- the whole -----------------------------------------------------------------------------
 */

static enum err_code add_gene(struct building *b, const struct rules_knowledge *k,
                              uint32_t drug_gene, struct err *err)
{
    const struct rules_gene *gene = k->drug_gene_rows[drug_gene];
    uint32_t number = b->m->genes_count;

    for (size_t i = 0; i < b->m->axes_count; i++)
        if (slice_eq(b->m->axes[i].gene, gene->symbol))
            number = b->m->axes[i].gene_number;
    if (number < b->m->genes_count && gene->key_kind != RULES_KEY_ALLELE_STATUS)
        return ERR_OK; /* its values hold those of all snapshots */
    if (number == b->m->genes_count)
        b->m->genes_count++;
    switch (gene->key_kind) {
    case RULES_KEY_PHENOTYPE:
        return add_phenotypes(b, gene->symbol, number, err);
    case RULES_KEY_ACTIVITY_SCORE:
        return add_scores(b, gene->symbol, number, err);
    case RULES_KEY_ALLELE_STATUS:
        return add_statuses(b, k, drug_gene, number, err);
    }
    return ERR_OK;
}

static enum err_code count_points(struct rules_matrix *m, struct err *err)
{
    size_t points = 1;

    for (size_t i = 0; i < m->axes_count; i++) {
        points *= m->axes[i].count;
        if (points > RULES_MATRIX_POINTS_MAX)
            return err_set(err, ERR_LIMIT, "%.*s: more than %d combinations of results",
                           SLICE_ARG(m->drug), RULES_MATRIX_POINTS_MAX);
    }
    m->points = points - 1;
    return ERR_OK;
}

enum err_code rules_matrix_build(const struct rules_knowledge *const *ks, size_t ks_count,
                                 struct slice drug, struct arena *arena,
                                 struct rules_matrix *ret, struct err *err)
{
    struct rules_matrix m = {.drug = drug};
    struct building b = {ks, ks_count, arena, &m};

    for (size_t n = 0; n < ks_count; n++) {
        const struct rules_drug_facts *facts = facts_of(ks[n], drug);

        for (uint32_t i = 0; facts != NULL && i < facts->genes.count; i++)
            if (add_gene(&b, ks[n], facts->genes.first + i, err) != ERR_OK)
                return err->code;
    }
    if (arena->has_failed)
        return err_set(err, ERR_NOMEM, "no memory to compare results");
    if (count_points(&m, err) != ERR_OK)
        return err->code;
    *ret = m;
    return ERR_OK;
}

/* --- rows ----------------------------------------------------------------------------------
 */

static bool fits_value(const struct rules_wanted_key *key,
                       const struct rules_matrix_value *value, uint32_t word)
{
    if (key->diplotype.len > 0 || value->diplotype.len > 0)
        return slice_eq(key->diplotype, value->diplotype);
    if (key->word != RULES_ABSENT)
        return key->word == word;
    return value->is_score && key->from_x100 <= key->to_x100 &&
           key->from_x100 <= value->from_x100 && value->to_x100 <= key->to_x100;
}

static uint64_t fits_axis(const struct rules_knowledge *k,
                          const struct rules_requirement *asked,
                          const struct rules_matrix_axis *axis)
{
    uint64_t fits = 0;

    for (size_t v = 1; v < axis->count; v++) {
        uint32_t word = axis->values[v].is_score
                            ? RULES_ABSENT
                            : rules_index_find(&k->words, 0, axis->values[v].text);

        for (uint32_t w = asked->keys.first; w < asked->keys.first + asked->keys.count; w++)
            if (fits_value(&k->wanted_keys[w], &axis->values[v], word))
                fits |= (uint64_t)1 << v;
    }
    return fits;
}

static void read_row(const struct rules_matrix *m, const struct rules_knowledge *k,
                     const struct rules_drug_facts *drug, uint32_t recommendation,
                     struct rules_matrix_row *row)
{
    struct rules_range range = k->recommendation_facts[recommendation].requirements;

    row->recommendation = &k->rows.recommendations[recommendation];
    for (uint32_t q = range.first; q < range.first + range.count; q++) {
        const struct rules_requirement *asked = &k->requirements[q];
        struct slice symbol = k->drug_gene_rows[drug->genes.first + asked->gene]->symbol;

        for (size_t i = 0; i < m->axes_count; i++) {
            uint32_t bit = (uint32_t)1 << m->axes[i].gene_number;

            if (!slice_eq(m->axes[i].gene, symbol))
                continue;
            row->genes |= bit;
            row->accepts_none |= asked->accepts_no_result ? bit : 0;
            row->fits[i] = fits_axis(k, asked, &m->axes[i]);
        }
    }
}

enum err_code rules_matrix_rows(const struct rules_matrix *m, const struct rules_knowledge *k,
                                struct arena *arena, struct rules_matrix_row **ret,
                                size_t *ret_count, struct err *err)
{
    const struct rules_drug_facts *drug = facts_of(k, m->drug);
    struct rules_range range = {0};
    struct rules_matrix_row *rows;

    if (drug != NULL)
        range = drug->recommendations;
    rows = arena_array(arena, range.count, sizeof *rows);
    if (rows == NULL)
        return err_set(err, ERR_NOMEM, "no memory to compare results");
    for (uint32_t i = 0; i < range.count; i++)
        read_row(m, k, drug, range.first + i, &rows[i]);
    *ret = rows;
    *ret_count = range.count;
    return ERR_OK;
}

/* --- points --------------------------------------------------------------------------------
 */

bool rules_matrix_first(const struct rules_matrix *m, struct rules_matrix_point *point)
{
    *point = (struct rules_matrix_point){0};
    return rules_matrix_next(m, point);
}

bool rules_matrix_next(const struct rules_matrix *m, struct rules_matrix_point *point)
{
    for (size_t i = m->axes_count; i-- > 0;) {
        if (++point->value[i] < m->axes[i].count)
            return true;
        point->value[i] = 0;
    }
    return false;
}

bool rules_matrix_fits(const struct rules_matrix *m, const struct rules_matrix_row *row,
                       const struct rules_matrix_point *point)
{
    uint32_t has_result = 0, fits = 0;

    for (size_t i = 0; i < m->axes_count; i++) {
        uint32_t bit = (uint32_t)1 << m->axes[i].gene_number;

        if (point->value[i] > 0)
            has_result |= bit;
        if ((row->fits[i] >> point->value[i] & 1) != 0)
            fits |= bit;
    }
    fits |= row->accepts_none & ~has_result;
    return (fits & row->genes) == row->genes;
}
