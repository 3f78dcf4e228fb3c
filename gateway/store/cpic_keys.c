/* gateway/store/cpic_keys.c -- from a lookup key as published to what a condition asks for. */
#include "gateway/store/cpic_keys.h"

enum reading { READ, SKIPPED, FAILED };

struct key {
    struct cpic_import *a;
    const struct cpic_recommendation *row;
    struct slice publisher;
    const struct rules_gene *gene;
    struct cpic_want *want;
    bool *is_rewritten;
};

/* A key of a gene whose results the same import lists must be one of them; PharmCAT's guidance
 * lists none, and has a few keys that are no results ("xN combinations", "1511 and 1502"). */
static enum reading refuse(const struct key *k)
{
    struct cpic_import *a = k->a;

    for (size_t i = 0; i < a->rows->results_count; i++)
        if (slice_eq(a->rows->results[i].gene, k->gene->symbol)) {
            (void)CPIC_BAD(a, "%.*s: lookupkey: '%.*s' is no result of %.*s",
                           SLICE_ARG(k->row->place), SLICE_ARG(k->want->as_written),
                           SLICE_ARG(k->gene->symbol));
            return FAILED;
        }
    cpic_note(a->report, "%.*s (%.*s) left out: '%.*s' is no result of %.*s",
              SLICE_ARG(k->row->place), SLICE_ARG(k->row->drug), SLICE_ARG(k->want->as_written),
              SLICE_ARG(k->gene->symbol));
    return SKIPPED;
}

/* --- diplotypes ----------------------------------------------------------------------------
 */

static bool is_allele(const struct rules_release *release, struct slice gene, struct slice name)
{
    for (size_t i = 0; i < release->alleles_count; i++)
        if (slice_eq(release->alleles[i].gene, gene) &&
            slice_eq(release->alleles[i].name, name))
            return true;
    for (size_t i = 0; i < release->allele_aliases_count; i++)
        if (slice_eq(release->allele_aliases[i].gene, gene) &&
            slice_eq(release->allele_aliases[i].alias, name))
            return true;
    return false;
}

static enum reading read_diplotype(const struct key *k)
{
    struct slice rest = slice_from(k->want->as_written, 2);

    if (k->gene->key_kind == RULES_KEY_ALLELE_STATUS)
        return refuse(k);
    while (rest.len > 0)
        if (!is_allele(k->a->release, k->gene->symbol, slice_trim(slice_cut(rest, '/', &rest))))
            return refuse(k);
    k->want->word = CPIC_COPY(k->a, k->want->as_written);
    return READ;
}

/* --- phenotypes ----------------------------------------------------------------------------
 */

static bool is_unknown_word(struct slice word)
{
    return slice_eq_nocase(word, SLICE(RULES_NO_SCORE)) ||
           slice_eq_nocase(word, SLICE(RULES_INDETERMINATE));
}

static struct slice find_phenotype(const struct key *k)
{
    for (size_t i = 0; i < k->a->release->phenotypes_count; i++) {
        const struct rules_phenotype *p = &k->a->release->phenotypes[i];

        if (slice_eq(p->gene, k->gene->symbol) && slice_eq_nocase(p->name, k->want->as_written))
            return p->name;
    }
    return SLICE_NONE;
}

/* A score where the publisher's recommendations are keyed by phenotype (DPWG: CYP2C9) is the
 * phenotype of that score. */
static enum reading read_phenotype(const struct key *k)
{
    struct cpic_want *want = k->want;
    bool is_at_least;

    want->word =
        is_unknown_word(want->as_written) ? SLICE(RULES_INDETERMINATE) : find_phenotype(k);
    if (want->word.len == 0 && k->gene->method == RULES_METHOD_ACTIVITY_SCORE &&
        cpic_score_from_text(want->as_written, &want->x100, &is_at_least)) {
        want->word = cpic_phenotype_of_score(k->a->release, &want->reading, want->x100);
        *k->is_rewritten = want->word.len > 0;
        want->as_written = want->word.len > 0 ? want->word : want->as_written;
    }
    return want->word.len > 0 ? READ : refuse(k);
}

/* --- scores --------------------------------------------------------------------------------
 */

/* A phenotype where the gene is keyed by scores (DPWG: siponimod) is all scores of it. DPWG's
 * DPYD keys say more than the score, "1.0 (Phenotyping)": the score is read. */
static enum reading read_score(const struct key *k)
{
    struct cpic_want *want = k->want;
    struct slice rest, head = slice_trim(slice_cut(want->as_written, '(', &rest));

    if (is_unknown_word(want->as_written)) {
        want->word = SLICE(RULES_NO_SCORE);
        return READ;
    }
    if (cpic_range_of_phenotype(k->a->release, &want->reading, want->as_written,
                                &want->range)) {
        want->x100 = RULES_SCORE_NO_MAX; /* no single score */
        return READ;
    }
    if (!cpic_score_from_text(head, &want->x100, &want->is_at_least))
        return refuse(k);
    if (rest.len > 0) {
        *k->is_rewritten = true;
        cpic_note(k->a->report, "%.*s (%.*s): '%.*s' is read as the score %.*s",
                  SLICE_ARG(k->row->place), SLICE_ARG(k->row->drug),
                  SLICE_ARG(want->as_written), SLICE_ARG(head));
        want->as_written = head;
    }
    return READ;
}

/* --- allele status -------------------------------------------------------------------------
 */

static bool is_two_fields(struct slice name)
{
    struct slice second, first = slice_cut(name, ':', &second);
    uint32_t number;

    return slice_starts(first, SLICE("*")) &&
           slice_to_u32(slice_from(first, 1), 9999, &number) &&
           slice_to_u32(second, 9999, &number);
}

static enum reading read_status(const struct key *k)
{
    struct slice rest, name = slice_cut(k->want->as_written, ' ', &rest);
    struct rules_allele *row;

    if ((!slice_eq_text(rest, "positive") && !slice_eq_text(rest, "negative")) ||
        !is_two_fields(name))
        return refuse(k);
    k->want->word = CPIC_COPY(k->a, k->want->as_written);
    if (is_allele(k->a->release, k->gene->symbol, name))
        return READ;
    row = rules_add_allele(k->a->release);
    if (row == NULL) {
        (void)CPIC_NO_MEMORY(k->a);
        return FAILED;
    }
    *row = (struct rules_allele){.gene = k->gene->symbol, .name = CPIC_COPY(k->a, name)};
    k->a->report->alleles++;
    return READ;
}

/* --- the row -------------------------------------------------------------------------------
 */

static enum reading read_key(const struct key *k)
{
    if (slice_eq_nocase(k->want->as_written, SLICE(RULES_NO_RESULT))) {
        k->want->word = SLICE(RULES_NO_RESULT);
        return READ;
    }
    if (slice_starts(k->want->as_written, SLICE("= ")))
        return read_diplotype(k);
    switch (k->want->reading.key_kind) {
    case RULES_KEY_PHENOTYPE:
        return read_phenotype(k);
    case RULES_KEY_ACTIVITY_SCORE:
        return read_score(k);
    case RULES_KEY_ALLELE_STATUS:
        return read_status(k);
    }
    return refuse(k);
}

static bool is_listed_gene(const struct cpic_rows *rows, struct slice symbol)
{
    for (size_t i = 0; i < rows->genes_count; i++)
        if (slice_eq(rows->genes[i].symbol, symbol))
            return true;
    return false;
}

static enum reading find_gene(struct cpic_import *a, const struct cpic_recommendation *row,
                              struct slice symbol, const struct rules_gene **ret)
{
    *ret = cpic_find_gene(a->release, symbol);
    if (*ret != NULL)
        return READ;
    if (a->rows->genes_count > 0 && !is_listed_gene(a->rows, symbol)) {
        (void)CPIC_BAD(a, "%.*s: lookupkey: unknown gene '%.*s'", SLICE_ARG(row->place),
                       SLICE_ARG(symbol));
        return FAILED;
    }
    cpic_note(a->report, "%.*s (%.*s) left out: no alleles and phenotypes of gene %.*s",
              SLICE_ARG(row->place), SLICE_ARG(row->drug), SLICE_ARG(symbol));
    return SKIPPED;
}

/* Where the import says nothing of priorities, the release may. */
static bool is_priority_by_release(const struct rules_release *release,
                                   const struct cpic_want *want)
{
    struct slice phenotype = want->word;

    if (phenotype.len == 0)
        phenotype = want->x100 == RULES_SCORE_NO_MAX
                        ? want->as_written
                        : cpic_phenotype_of_score(release, &want->reading, want->x100);
    for (size_t i = 0; i < release->phenotypes_count; i++)
        if (slice_eq(release->phenotypes[i].gene, want->gene) &&
            slice_eq_nocase(release->phenotypes[i].name, phenotype))
            return release->phenotypes[i].priority != RULES_PRIORITY_NORMAL;
    return true;
}

/* What nobody says the priority of is one. */
static bool is_priority(const struct cpic_rows *rows, const struct rules_release *release,
                        const struct cpic_want *want)
{
    if (slice_eq_text(want->word, RULES_NO_RESULT))
        return false;
    for (size_t i = 0; i < rows->results_count; i++) {
        const struct cpic_result *r = &rows->results[i];

        if (!slice_eq(r->gene, want->gene) || r->priority.len == 0 ||
            (!slice_eq_nocase(r->result, want->as_written) &&
             !slice_eq_nocase(r->score, want->as_written)))
            continue;
        return !slice_starts_nocase(r->priority, SLICE("normal")) &&
               !slice_eq_nocase(r->priority, SLICE("none"));
    }
    return is_priority_by_release(release, want);
}

enum err_code cpic_read_row(struct cpic_import *a, struct slice publisher,
                            const struct cpic_recommendation *row, struct cpic_row *ret,
                            bool *ret_is_read)
{
    *ret = (struct cpic_row){.row = row, .id = row->id, .wants_count = row->keys_count};
    *ret_is_read = false;
    for (size_t i = 0; i < row->keys_count; i++) {
        struct cpic_want *want = &ret->wants[i];
        struct key k = {a, row, publisher, NULL, want, &ret->is_rewritten};
        enum reading reading = find_gene(a, row, row->keys[i].gene, &k.gene);

        if (reading == READ) {
            want->gene = k.gene->symbol;
            want->reading = cpic_reading_of(a->release, k.gene, publisher);
            want->as_written = row->keys[i].key;
            reading = read_key(&k);
        }
        if (reading == FAILED)
            return a->err->code;
        if (reading == SKIPPED)
            return ERR_OK;
        ret->is_priority = ret->is_priority || is_priority(a->rows, a->release, want);
    }
    *ret_is_read = row->keys_count > 0;
    return ERR_OK;
}
