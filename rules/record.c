/* rules/record.c -- what one laboratory record says about a gene, level by level.
 *
 * A record may state a score, a phenotype and a diplotype at once. Levels that agree are one
 * answer. Levels that do not are separate answers, marked: the computed phenotype may be newer
 * than the laboratory's table, or the laboratory may know more than the diplotype says; which
 * of them is right is not decided here. Only where the diplotype cannot be interpreted is the
 * stated phenotype taken over.
 */
#include <assert.h>

#include "rules/genotype_private.h"

struct record {
    const struct rules_knowledge *k;
    const struct rules_gene *gene;
    const struct rules_evidence *evidence;
    struct arena *arena;
    struct rules_candidate *candidates;
    size_t count;
};

static struct rules_candidate *add_candidate(struct record *r, const struct rules_call *call)
{
    struct rules_candidate *candidate = &r->candidates[r->count++];

    assert(r->count <= RULES_RECORD_CANDIDATES_MAX);
    *candidate = (struct rules_candidate){.call = *call};
    candidate->call.sources = NULL;
    candidate->call.sources_count = 0;
    return candidate;
}

/* NULL: see err. */
static struct rules_diplotype *read_diplotype(struct record *r, const struct slice *alleles,
                                              size_t count, struct err *err)
{
    struct rules_diplotype *d = arena_new(r->arena, struct rules_diplotype);

    if (d == NULL)
        (void)err_set(err, ERR_NOMEM, "no memory for a diplotype");
    else if (rules_diplotype_read(r->k, r->gene, alleles, count, r->arena, d, err) != ERR_OK)
        d = NULL;
    return d;
}

/* Whether one allele is all there is: one X, mitochondria. */
static bool may_be_alone(const struct record *r)
{
    return r->gene->method == RULES_METHOD_SEX_LINKED ||
           r->gene->method == RULES_METHOD_HAPLOID;
}

/* One allele says nothing about the other copy, unless it decides whatever that is. */
static void add_single_read(struct record *r, const struct rules_diplotype *d)
{
    struct rules_call call = {.diplotype = d->text, .notes = d->notes};
    struct rules_candidate *candidate;

    if (rules_decides_alone(r->k, r->gene, d->alleles[0].number))
        rules_call_from_diplotype(r->k, r->gene, d, &call);
    call.notes |= RULES_NOTE_BIT(RULES_NOTE_SINGLE_ALLELE);
    candidate = add_candidate(r, &call);
    candidate->diplotype = d;
    candidate->identity = d->identity;
    candidate->is_single = true;
}

static enum err_code add_diplotype(struct record *r, const struct slice *alleles, size_t count,
                                   struct err *err)
{
    struct rules_candidate *candidate;
    struct rules_diplotype *d;
    struct rules_call call;

    d = read_diplotype(r, alleles, count, err);
    if (d == NULL)
        return err->code;
    if (d->alleles_count == 1 && !may_be_alone(r)) {
        add_single_read(r, d);
        return ERR_OK;
    }
    call = (struct rules_call){.diplotype = d->text, .notes = d->notes};
    if (!rules_diplotype_is_harmless(d))
        rules_call_from_diplotype(r->k, r->gene, d, &call);
    candidate = add_candidate(r, &call);
    candidate->diplotype = d;
    candidate->identity = d->identity;
    return ERR_OK;
}

static enum err_code add_single(struct record *r, struct slice allele, struct err *err)
{
    struct rules_diplotype *d = read_diplotype(r, &allele, 1, err);

    if (d == NULL)
        return err->code;
    add_single_read(r, d);
    return ERR_OK;
}

/* Keeps the first candidate for both possibilities, under the name of the bracketed pair. */
static enum err_code join_possibilities(struct record *r, struct slice number, struct err *err)
{
    struct rules_candidate *both = &r->candidates[0];
    struct rules_diplotype *plain;

    plain = read_diplotype(r, r->evidence->alleles, 2, err);
    if (plain == NULL)
        return err->code;
    both->call.diplotype = both->identity =
        arena_printf(r->arena, "(%.*s)x%.*s", SLICE_ARG(plain->text), SLICE_ARG(number));
    both->call.notes |= r->candidates[1].call.notes;
    r->count = 1;
    return r->arena->has_failed ? err_set(err, ERR_NOMEM, "no memory for a diplotype") : ERR_OK;
}

/* "(*1 and *4)x2": either allele may be the multiplied one. */
static enum err_code add_multiplied(struct record *r, struct err *err)
{
    const struct rules_evidence *e = r->evidence;
    const struct rules_candidate *first = &r->candidates[0], *second = &r->candidates[1];
    uint32_t count;
    bool is_number = slice_to_u32(slice_trim(e->copies), UINT32_MAX, &count);
    struct slice number = is_number ? slice_trim(e->copies) : SLICE("N");
    bool is_unknown = false;

    for (size_t i = 0; i < 2; i++) {
        struct slice alleles[2] = {e->alleles[0], e->alleles[1]};

        alleles[i] = arena_printf(r->arena, "%.*sx%.*s", SLICE_ARG(slice_trim(alleles[i])),
                                  SLICE_ARG(number));
        if (r->arena->has_failed)
            return err_set(err, ERR_NOMEM, "no memory for a diplotype");
        if (add_diplotype(r, alleles, 2, err) != ERR_OK)
            return err->code;
        is_unknown = is_unknown || rules_call_is_indeterminate(&r->candidates[i].call);
    }
    if (is_number && slice_eq(first->identity, second->identity)) {
        r->count = 1; /* both copies alike: nothing is left open */
        return ERR_OK;
    }
    for (size_t i = 0; i < 2; i++)
        r->candidates[i].call.notes |= RULES_NOTE_BIT(RULES_NOTE_COPIES_UNKNOWN);
    if (rules_calls_have_same_keys(&first->call, &second->call))
        return join_possibilities(r, number, err);
    if (is_number || !is_unknown)
        return ERR_OK;
    /* Without a number, one possibility that cannot be interpreted leaves nothing certain. */
    if (!rules_call_is_indeterminate(&first->call))
        r->candidates[0] = r->candidates[1];
    return join_possibilities(r, number, err);
}

static enum err_code add_alleles(struct record *r, struct err *err)
{
    const struct rules_evidence *e = r->evidence;
    uint32_t copies = 0;
    bool is_one_copy = slice_to_u32(e->copies, 1, &copies) && copies == 1;

    if (e->alleles_count == 0)
        return ERR_OK;
    if (e->alleles_count == 1 || e->is_single_allele) {
        if (!may_be_alone(r))
            return add_single(r, e->alleles[0], err);
        if (add_diplotype(r, e->alleles, 1, err) != ERR_OK)
            return err->code;
        if (e->is_single_allele)
            r->candidates[0].call.notes |= RULES_NOTE_BIT(RULES_NOTE_SINGLE_ALLELE);
        return ERR_OK;
    }
    if (e->copies.len > 0 && !is_one_copy && e->alleles_count == 2)
        return add_multiplied(r, err);
    return add_diplotype(r, e->alleles, e->alleles_count, err);
}

/* The stated score as a call; false: none, or not one that can be read. */
static bool read_score(const struct record *r, struct rules_call *ret, bool *ret_is_unreadable)
{
    struct slice text = slice_trim(r->evidence->score);
    uint32_t from, to;

    *ret = (struct rules_call){.notes = RULES_NOTE_BIT(RULES_NOTE_PHENOTYPE_ONLY)};
    if (text.len == 0 || r->gene->method != RULES_METHOD_ACTIVITY_SCORE)
        return false;
    if (slice_eq_nocase(text, SLICE(RULES_NO_SCORE))) {
        rules_call_set_phenotype(r->k, r->gene, SLICE(RULES_INDETERMINATE), ret);
        return true;
    }
    if (!rules_score_range_from_text(text, &from, &to) ||
        (to != from && to != RULES_SCORE_NO_MAX)) {
        *ret_is_unreadable = true;
        return false;
    }
    rules_call_set_score(r->k, r->gene, from, to != from, ret);
    return true;
}

static bool read_phenotype(const struct record *r, struct rules_call *ret,
                           bool *ret_is_unreadable)
{
    struct slice phenotype;

    *ret = (struct rules_call){.notes = RULES_NOTE_BIT(RULES_NOTE_PHENOTYPE_ONLY)};
    if (slice_trim(r->evidence->phenotype).len == 0)
        return false;
    phenotype = rules_phenotype_of(r->k, r->gene, r->evidence->phenotype);
    if (phenotype.len > 0)
        rules_call_set_phenotype(r->k, r->gene, phenotype, ret);
    if (ret->keys_count == 0)
        *ret_is_unreadable = true;
    return ret->keys_count > 0;
}

bool rules_call_agrees(const struct rules_call *call, const struct rules_call *stated)
{
    if (call->keys_count == 0)
        return false;
    if (stated->has_score && call->has_score)
        return call->score_x100 == stated->score_x100 &&
               call->score_is_at_least == stated->score_is_at_least;
    return slice_eq(call->phenotype, stated->phenotype);
}

void rules_call_adopt(struct rules_call *call, const struct rules_call *stated)
{
    call->phenotype = stated->phenotype;
    call->has_score = stated->has_score;
    call->score_is_at_least = stated->score_is_at_least;
    call->score_x100 = stated->score_x100;
    call->functions_count = 0;
    memcpy(call->keys, stated->keys, sizeof call->keys);
    call->keys_count = stated->keys_count;
    call->notes |= RULES_NOTE_BIT(RULES_NOTE_PHENOTYPE_DIFFERS);
}

/* Joins a stated score or phenotype to what the record says already. */
static void add_stated(struct record *r, const struct rules_call *stated)
{
    uint32_t differs = RULES_NOTE_BIT(RULES_NOTE_PHENOTYPE_DIFFERS);
    uint32_t notes = 0; /* of what it stands beside */

    for (size_t i = 0; i < r->count; i++) {
        const struct rules_call *call = &r->candidates[i].call;

        if (rules_call_agrees(call, stated))
            return;
        notes |= call->keys_count > 0 ? differs : call->notes;
    }
    for (size_t i = 0; i < r->count; i++) {
        struct rules_call *call = &r->candidates[i].call;

        if (call->keys_count == 0 || !rules_call_is_indeterminate(call) ||
            rules_call_is_indeterminate(stated))
            continue;
        rules_call_adopt(call, stated);
        return;
    }
    for (size_t i = 0; i < r->count; i++)
        if (r->candidates[i].call.keys_count > 0)
            r->candidates[i].call.notes |= differs;
    add_candidate(r, stated)->call.notes |= notes;
}

static void note_all(struct record *r, enum rules_call_note note)
{
    for (size_t i = 0; i < r->count; i++)
        r->candidates[i].call.notes |= RULES_NOTE_BIT(note);
    if (r->count == 0)
        add_candidate(r, &(struct rules_call){.notes = RULES_NOTE_BIT(note)});
}

enum err_code rules_record_read(const struct rules_knowledge *k, const struct rules_gene *gene,
                                const struct rules_evidence *evidence, struct arena *arena,
                                struct rules_candidate *candidates, size_t *ret_count,
                                struct err *err)
{
    struct record r = {k, gene, evidence, arena, candidates, 0};
    struct rules_call stated;
    bool is_unreadable = false;

    if (add_alleles(&r, err) != ERR_OK)
        return err->code;
    if (evidence->alleles_count == 0 && evidence->presence == RULES_PRESENCE_POSITIVE &&
        add_single(&r, evidence->presence_allele, err) != ERR_OK)
        return err->code;
    if (read_score(&r, &stated, &is_unreadable))
        add_stated(&r, &stated);
    if (read_phenotype(&r, &stated, &is_unreadable))
        add_stated(&r, &stated);
    if (is_unreadable)
        note_all(&r, RULES_NOTE_PHENOTYPE_UNKNOWN);
    if (r.count == 0)
        add_candidate(&r, &(struct rules_call){0});
    for (size_t i = 0; i < r.count; i++)
        candidates[i].is_preliminary = evidence->is_preliminary;
    *ret_count = r.count;
    return ERR_OK;
}

/* "1.25", "≥3.0", "n/a": no allele is called like that. */
static bool is_score(struct slice text)
{
    uint32_t from, to;

    return slice_eq_nocase(text, SLICE(RULES_NO_SCORE)) ||
           (rules_score_range_from_text(text, &from, &to) &&
            (from == to || to == RULES_SCORE_NO_MAX));
}

void rules_evidence_from_text(const struct rules_knowledge *k, const struct rules_gene *gene,
                              struct slice text, struct rules_evidence *evidence)
{
    *evidence = (struct rules_evidence){.gene = gene->symbol};
    text = slice_trim(text);
    if (slice_starts(text, SLICE("score "))) {
        evidence->score = slice_trim(slice_from(text, 6));
        return;
    }
    if (gene->method == RULES_METHOD_ACTIVITY_SCORE && is_score(text)) {
        evidence->score = text;
        return;
    }
    if (gene->method == RULES_METHOD_ALLELE_PRESENCE &&
        rules_presence_from_text(text, &evidence->presence_allele, &evidence->presence))
        return;
    if (rules_phenotype_of(k, gene, text).len > 0) {
        evidence->phenotype = text;
        return;
    }
    while (text.len > 0 && evidence->alleles_count < RULES_ALLELES_MAX)
        evidence->alleles[evidence->alleles_count++] = slice_cut(text, '/', &text);
}
