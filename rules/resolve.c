/* rules/resolve.c -- from all records about a gene to its distinct calls.
 *
 * Germline results do not change, so results that differ are a conflict to be shown, never a
 * newer one to be preferred; only a final result replaces a preliminary one. Records that agree
 * are merged, into the one that says most: a diplotype takes in a stated score or phenotype
 * that fits it, a score takes in a phenotype.
 */
#include <assert.h>

#include "rules/allele_name.h"
#include "rules/genotype_private.h"

struct resolving {
    const struct rules_knowledge *k;
    const struct rules_gene *gene;
    struct arena *arena;
    struct rules_candidate *candidates;
    size_t count, max;
};

enum err_code rules_call_add_source(struct rules_call *call, size_t *max, uint32_t source,
                                    struct arena *arena, struct err *err)
{
    uint32_t *sources;
    size_t at = call->sources_count;

    for (size_t i = 0; i < call->sources_count; i++)
        if (call->sources[i] == source)
            return ERR_OK;
    sources = arena_grow(arena, call->sources, max, call->sources_count, sizeof *sources);
    if (sources == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the sources of a call");
    for (; at > 0 && sources[at - 1] > source; at--)
        sources[at] = sources[at - 1];
    sources[at] = source;
    call->sources = sources;
    call->sources_count++;
    return ERR_OK;
}

static bool is_usable(const struct rules_candidate *c)
{
    return !c->is_merged && c->call.keys_count > 0;
}

static enum err_code collect(struct resolving *r, const struct rules_evidence *evidence,
                             uint32_t source, struct err *err)
{
    struct rules_candidate read[RULES_RECORD_CANDIDATES_MAX];
    size_t count;

    if (rules_record_read(r->k, r->gene, evidence, r->arena, read, &count, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < count; i++) {
        struct rules_candidate *grown =
            arena_grow(r->arena, r->candidates, &r->max, r->count, sizeof *r->candidates);

        if (grown == NULL)
            return err_set(err, ERR_NOMEM, "no memory for the results of a gene");
        r->candidates = grown;
        grown[r->count] = read[i];
        if (rules_call_add_source(&grown[r->count].call, &grown[r->count].sources_max, source,
                                  r->arena, err) != ERR_OK)
            return err->code;
        r->count++;
    }
    return ERR_OK;
}

/* A preliminary result only counts until there is a final one. */
static void drop_preliminary(struct resolving *r)
{
    bool has_final = false;

    for (size_t i = 0; i < r->count; i++)
        has_final =
            has_final || (is_usable(&r->candidates[i]) && !r->candidates[i].is_preliminary);
    for (size_t i = 0; i < r->count; i++) {
        if (!r->candidates[i].is_preliminary)
            continue;
        r->candidates[i].is_merged = has_final;
        r->candidates[i].call.notes |= RULES_NOTE_BIT(RULES_NOTE_PRELIMINARY);
    }
}

static enum err_code add_sources(struct resolving *r, struct rules_candidate *into,
                                 const struct rules_candidate *from, struct err *err)
{
    for (size_t i = 0; i < from->call.sources_count; i++)
        if (rules_call_add_source(&into->call, &into->sources_max, from->call.sources[i],
                                  r->arena, err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

/* Same diplotype, same interpretation, or only one of them has one. */
static bool merge_pair(struct rules_candidate *into, const struct rules_candidate *from)
{
    if (!slice_eq(into->identity, from->identity))
        return false;
    if (rules_calls_have_same_keys(&into->call, &from->call)) {
        into->call.notes |= from->call.notes;
        return true;
    }
    if (rules_call_is_indeterminate(&into->call)) {
        rules_call_adopt(&into->call, &from->call);
        into->call.notes |= from->call.notes;
        return true;
    }
    return rules_call_is_indeterminate(&from->call);
}

static enum err_code merge_diplotypes(struct resolving *r, struct err *err)
{
    for (size_t i = 0; i < r->count; i++) {
        struct rules_candidate *from = &r->candidates[i];

        for (size_t j = 0; j < i && is_usable(from) && from->diplotype != NULL; j++) {
            struct rules_candidate *into = &r->candidates[j];

            if (!is_usable(into) || into->diplotype == NULL || !merge_pair(into, from))
                continue;
            if (add_sources(r, into, from, err) != ERR_OK)
                return err->code;
            from->is_merged = true;
        }
    }
    return ERR_OK;
}

/* How much a candidate says: a diplotype, a score, a phenotype. */
static int rank(const struct rules_candidate *c)
{
    if (c->diplotype != NULL)
        return 0;
    return c->call.has_score ? 1 : 2;
}

/* Merges what is stated into everything that says as much or more and agrees with it. */
static enum err_code merge_one_stated(struct resolving *r, size_t index, struct err *err)
{
    struct rules_candidate *from = &r->candidates[index];
    bool is_indeterminate = rules_call_is_indeterminate(&from->call);

    for (size_t j = 0; j < r->count; j++) {
        struct rules_candidate *into = &r->candidates[j];
        bool says_more = rank(into) < rank(from) || (rank(into) == rank(from) && j < index);

        if (!says_more || !is_usable(into) || !rules_call_agrees(&into->call, &from->call))
            continue;
        if (add_sources(r, into, from, err) != ERR_OK)
            return err->code;
        from->is_merged = true;
    }
    for (size_t j = 0; j < r->count && !from->is_merged && !is_indeterminate; j++) {
        struct rules_candidate *into = &r->candidates[j];

        if (rank(into) != 0 || !is_usable(into) || !rules_call_is_indeterminate(&into->call))
            continue;
        rules_call_adopt(&into->call, &from->call);
        if (add_sources(r, into, from, err) != ERR_OK)
            return err->code;
        from->is_merged = true;
    }
    return ERR_OK;
}

static enum err_code merge_stated(struct resolving *r, struct err *err)
{
    for (int wanted = 1; wanted <= 2; wanted++)
        for (size_t i = 0; i < r->count; i++)
            if (rank(&r->candidates[i]) == wanted && is_usable(&r->candidates[i]) &&
                merge_one_stated(r, i, err) != ERR_OK)
                return err->code;
    return ERR_OK;
}

static struct slice without_copies(struct slice part)
{
    struct rules_allele_copies copies;

    return rules_allele_split_copies(part, &copies) ? copies.core : part;
}

/* Whether a haplotype may be (part of) the allele: "*10" of "*36+*10", "*1" of "*1x2". */
static bool holds_allele(const struct rules_allele_read *allele,
                         const struct rules_allele_read *single)
{
    struct slice wanted = without_copies(single->normal), rest = allele->normal;

    if (allele->row != NULL && allele->row == single->row)
        return true;
    if (rest.len == 0 || rest.ptr[0] != '*')
        return slice_eq(rest, wanted);
    while (rest.len > 0)
        if (slice_eq(without_copies(slice_cut(rest, '+', &rest)), wanted))
            return true;
    return false;
}

static bool holds_single(const struct rules_diplotype *d, const struct rules_diplotype *single)
{
    for (size_t i = 0; i < d->alleles_count; i++)
        if (holds_allele(&d->alleles[i], &single->alleles[0]))
            return true;
    return false;
}

/* A single allele supports the diplotypes that hold it. One that no diplotype holds stays, as a
 * conflict; beside stated phenotypes it says nothing. */
static enum err_code merge_singles(struct resolving *r, struct err *err)
{
    for (size_t i = 0; i < r->count; i++) {
        struct rules_candidate *single = &r->candidates[i];
        bool has_usable = false, has_diplotype = false, is_held = false;

        if (!single->is_single || single->is_merged)
            continue;
        for (size_t j = 0; j < r->count; j++) {
            struct rules_candidate *c = &r->candidates[j];

            has_usable = has_usable || (is_usable(c) && !c->is_single);
            if (!is_usable(c) || c->diplotype == NULL || c->is_single)
                continue;
            has_diplotype = true;
            if (!holds_single(c->diplotype, single->diplotype))
                continue;
            is_held = true;
            if (add_sources(r, c, single, err) != ERR_OK)
                return err->code;
        }
        single->is_merged = has_usable && (is_held || !has_diplotype);
        for (size_t j = 0; j < i && !single->is_merged; j++) {
            struct rules_candidate *c = &r->candidates[j];

            if (!c->is_single || c->is_merged || !slice_eq(c->identity, single->identity))
                continue;
            if (add_sources(r, c, single, err) != ERR_OK)
                return err->code;
            single->is_merged = true;
        }
    }
    return ERR_OK;
}

enum err_code rules_result_set(struct rules_gene_result *ret, const struct rules_gene *gene,
                               const struct rules_call *calls, size_t calls_count,
                               struct arena *arena, struct err *err)
{
    struct rules_gene_result result = {.gene = gene, .calls_count = calls_count};
    bool is_usable_any = false;

    result.calls = arena_array(arena, calls_count, sizeof *result.calls);
    if (result.calls == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the calls of a gene");
    for (size_t i = 0; i < calls_count; i++) {
        result.calls[i] = calls[i];
        is_usable_any = is_usable_any || calls[i].keys_count > 0;
    }
    if (calls_count == 0)
        result.state = RULES_GENE_NONE;
    else if (!is_usable_any)
        result.state = RULES_GENE_UNUSABLE;
    else if (calls_count > 1)
        result.state = RULES_GENE_CONFLICT;
    else
        result.state = calls[0].sources_count > 1 ? RULES_GENE_AGREED : RULES_GENE_SINGLE;
    *ret = result;
    return ERR_OK;
}

enum err_code rules_result_too_many(struct rules_gene_result *ret,
                                    const struct rules_gene *gene,
                                    const struct rules_evidence *evidence,
                                    size_t evidence_count, struct arena *arena, struct err *err)
{
    struct rules_call call = {.notes = RULES_NOTE_BIT(RULES_NOTE_TOO_MANY)};
    size_t sources_max = 0;

    for (size_t i = 0; i < evidence_count; i++)
        if (slice_eq(evidence[i].gene, gene->symbol) &&
            rules_call_add_source(&call, &sources_max, (uint32_t)i, arena, err) != ERR_OK)
            return err->code;
    return rules_result_set(ret, gene, &call, 1, arena, err);
}

/* The calls that remain. Records without any use are only worth showing when there is nothing
 * else, and then the first few will do. */
static enum err_code finish(struct resolving *r, const struct rules_evidence *evidence,
                            size_t evidence_count, struct rules_gene_result *ret,
                            struct err *err)
{
    struct rules_call calls[RULES_CALLS_MAX];
    size_t count = 0;
    bool has_usable = false;

    for (size_t i = 0; i < r->count; i++)
        has_usable = has_usable || is_usable(&r->candidates[i]);
    for (size_t i = 0; i < r->count; i++) {
        const struct rules_candidate *c = &r->candidates[i];

        if (c->is_merged || (has_usable && !is_usable(c) && !c->is_single))
            continue;
        if (count == RULES_CALLS_MAX && !has_usable)
            break;
        if (count == RULES_CALLS_MAX)
            return rules_result_too_many(ret, r->gene, evidence, evidence_count, r->arena, err);
        calls[count++] = c->call;
    }
    return rules_result_set(ret, r->gene, calls, count, r->arena, err);
}

/* Records of one position are one genotype together (rules/positions.c); it comes first. */
static enum err_code collect_joined(struct resolving *r, const struct rules_evidence *evidence,
                                    const bool *is_joined, size_t evidence_count,
                                    const struct rules_evidence *joined, struct err *err)
{
    for (size_t i = 0; i < evidence_count; i++) {
        if (!is_joined[i])
            continue;
        if (r->count == 0) {
            if (collect(r, joined, (uint32_t)i, err) != ERR_OK)
                return err->code;
        } else if (rules_call_add_source(&r->candidates[0].call, &r->candidates[0].sources_max,
                                         (uint32_t)i, r->arena, err) != ERR_OK) {
            return err->code;
        }
    }
    for (size_t i = 0; i < evidence_count; i++)
        if (!is_joined[i] && slice_eq(evidence[i].gene, r->gene->symbol) &&
            collect(r, &evidence[i], (uint32_t)i, err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

static enum err_code collect_all(struct resolving *r, const struct rules_evidence *evidence,
                                 size_t evidence_count, struct err *err)
{
    struct rules_evidence *joined;
    bool *is_joined;

    if (!r->gene->counts_lowest_two || evidence_count < 2) {
        for (size_t i = 0; i < evidence_count; i++)
            if (slice_eq(evidence[i].gene, r->gene->symbol) &&
                collect(r, &evidence[i], (uint32_t)i, err) != ERR_OK)
                return err->code;
        return ERR_OK;
    }
    joined = arena_new(r->arena, struct rules_evidence);
    is_joined = arena_array(r->arena, evidence_count, sizeof *is_joined);
    if (joined == NULL || is_joined == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the results of a gene");
    if (rules_join_positions(r->k, r->gene, evidence, evidence_count, r->arena, is_joined,
                             joined, err) != ERR_OK)
        return err->code;
    return collect_joined(r, evidence, is_joined, evidence_count, joined, err);
}

enum err_code rules_resolve_gene(const struct rules_knowledge *k, const struct rules_gene *gene,
                                 const struct rules_evidence *evidence, size_t evidence_count,
                                 struct arena *arena, struct rules_gene_result *ret,
                                 struct err *err)
{
    struct resolving r = {.k = k, .gene = gene, .arena = arena};

    if (gene->method == RULES_METHOD_ALLELE_PRESENCE)
        return rules_resolve_presence(k, gene, evidence, evidence_count, arena, ret, err);
    if (collect_all(&r, evidence, evidence_count, err) != ERR_OK)
        return err->code;
    drop_preliminary(&r);
    if (merge_diplotypes(&r, err) != ERR_OK || merge_stated(&r, err) != ERR_OK ||
        merge_singles(&r, err) != ERR_OK)
        return err->code;
    return finish(&r, evidence, evidence_count, ret, err);
}
