/* gateway/hooks/pretest.c -- the exact conditions for suggesting a test. */
#include "gateway/hooks/pretest.h"

#include <assert.h>

#include "fhir/mapping.h"
#include "gateway/hooks/gather.h"

#define CODES_BYTES_MAX 16384

const char *hook_pretest_outcome_name(enum hook_pretest_outcome outcome)
{
    static const char *const NAMES[] = {
#define X(code, name) [HOOK_PRETEST_##code] = name,
        HOOK_PRETEST_OUTCOMES(X)
#undef X
    };

    assert((size_t)outcome < ARRAY_LEN(NAMES));
    return NAMES[outcome];
}

bool hook_pretest_is_on(const struct hook_options *options, const struct rules_pretest *row)
{
    for (size_t i = 0; i < options->pretests_count; i++) {
        struct slice gene;
        struct slice drug = slice_trim(slice_cut(options->pretests[i], '/', &gene));

        if (slice_eq_text(options->pretests[i], "all") ||
            (slice_eq_nocase(drug, row->drug) && slice_eq_nocase(slice_trim(gene), row->gene)))
            return true;
    }
    return false;
}

/* ---- what is pending ---- */

static bool is_status(struct json resource, const char *const *statuses, size_t count)
{
    struct json status = json_get(resource, "status");

    for (size_t i = 0; i < count; i++)
        if (json_text_is(status, statuses[i]))
            return true;
    return false;
}

/* A result that is not out yet, or a test that is ordered. */
static bool is_under_way(const struct fhir_resource *r)
{
    static const char *const RESULTS[] = {"registered", "preliminary", "partial",
                                          "specimen-in-process"};
    static const char *const ORDERS[] = {"active", "draft", "on-hold"};

    if (slice_eq_text(r->type, "Observation") || slice_eq_text(r->type, "DiagnosticReport"))
        return is_status(r->json, RESULTS, ARRAY_LEN(RESULTS));
    return slice_eq_text(r->type, "ServiceRequest") &&
           !json_is_true(json_get(r->json, "doNotPerform")) &&
           is_status(r->json, ORDERS, ARRAY_LEN(ORDERS));
}

static bool names(struct slice text, struct slice name)
{
    return name.len > 0 && slice_find_nocase(text, name) != SIZE_MAX;
}

static bool names_gene(struct slice text, const struct rules_gene *gene)
{
    return names(text, gene->symbol) || names(text, gene->hgnc);
}

static bool names_any_gene(const struct hook_call *call, struct slice text)
{
    const struct rules_release *rows = rules_knowledge_rows(call->knowledge);

    for (size_t i = 0; i < rows->genes_count; i++)
        if (names_gene(text, &rows->genes[i]))
            return true;
    return false;
}

/* Whether the text has one of "system|code,system|code", as a JSON string. */
static bool has_code_of(struct slice text, struct slice codes, struct arena *arena)
{
    while (codes.len > 0) {
        struct slice code, system = slice_cut(slice_cut(codes, ',', &codes), '|', &code);

        if (system.len > 0 && names(text, arena_printf(arena, "\"%.*s\"", SLICE_ARG(code))))
            return true;
    }
    return false;
}

static bool has_test_code(const struct hook_call *call, struct slice text,
                          const struct rules_gene *gene, struct arena *arena)
{
    const struct rules_release *rows = rules_knowledge_rows(call->knowledge);

    for (size_t i = 0; i < rows->gene_tests_count; i++)
        if (slice_eq(rows->gene_tests[i].gene, gene->symbol) &&
            names(text, arena_printf(arena, "\"%.*s\"", SLICE_ARG(rows->gene_tests[i].code))))
            return true;
    return false;
}

/* Whether a pending resource is, or may be, about the gene: it names it anywhere, has a code of
 * its tests or results, or is a genetic result that names no gene at all. A suggestion too few
 * is better than a test that is done twice. */
static bool is_about(struct hook_call *call, const struct fhir_resource *r,
                     const struct rules_gene *gene, struct slice codes)
{
    struct slice text = json_raw(r->json);

    if (names_gene(text, gene) || has_test_code(call, text, gene, &call->arena))
        return true;
    return !slice_eq_text(r->type, "ServiceRequest") && !names_any_gene(call, text) &&
           has_code_of(text, codes, &call->arena);
}

static bool is_pending(struct hook_call *call, const struct rules_gene *gene)
{
    bool found = false;
    struct buf codes;

    buf_init(&codes, CODES_BYTES_MAX);
    fhir_observation_codes(&codes, &gene->symbol, 1);
    fhir_mapping_codes(call->options->mapping, &gene->symbol, 1, &codes);
    for (size_t i = 0; i < call->collection.resources_count && !found; i++) {
        const struct fhir_resource *r = &call->collection.resources[i];

        found = is_under_way(r) && is_about(call, r, gene, buf_slice(&codes));
    }
    found = found || buf_failed(&codes) || call->arena.has_failed;
    buf_release(&codes);
    return found;
}

/* ---- the conditions ---- */

/* Every search for results that was made came back, and one by category was made, because not
 * every laboratory codes its results. */
static bool are_results_read(const struct hook_call *call)
{
    return !call->is_incomplete && call->facts.orders_unread == 0 &&
           !hook_gather_lacks_results(call) &&
           hook_gather_is_read(call, HOOK_NEED_PGX,
                               call->prefetch_state == HOOK_PREFETCH_DATA) &&
           hook_gather_is_read(call, HOOK_NEED_PGX_CATEGORY, false);
}

/* All but what is pending. */
static enum hook_pretest_outcome judge(const struct hook_call *call,
                                       const struct hook_drug_order *drug_order,
                                       const struct rules_gene *gene)
{
    const struct hook_order_facts *facts =
        &call->order_facts[drug_order - call->facts.drug_orders];
    const struct rules_gene_result *result = hook_facts_result(&call->facts, gene);

    if (result == NULL || result->state != RULES_GENE_NONE)
        return HOOK_PRETEST_RESULT;
    if (facts->is_listed)
        return HOOK_PRETEST_NOT_FIRST;
    if (facts->therapy != RULES_THERAPY_NAIVE || !are_results_read(call))
        return HOOK_PRETEST_INCOMPLETE;
    return HOOK_PRETEST_SHOWN;
}

static enum hook_pretest_outcome judge_pending(struct hook_call *call,
                                               const struct rules_gene *gene)
{
    if (is_pending(call, gene))
        return HOOK_PRETEST_PENDING;
    if (!hook_gather_is_read(call, HOOK_NEED_PENDING_ORDERS, false) ||
        !hook_gather_is_read(call, HOOK_NEED_PENDING_REPORTS, false))
        return HOOK_PRETEST_INCOMPLETE;
    return HOOK_PRETEST_SHOWN;
}

/* Gene of a pair that is on and that this drug's advice asks about; else NULL. */
static const struct rules_gene *gene_of(const struct hook_call *call,
                                        const struct rules_pretest *row)
{
    const struct rules_gene *gene = rules_find_gene(call->knowledge, row->gene);

    return hook_pretest_is_on(call->options, row) &&
                   hook_facts_result(&call->facts, gene) != NULL
               ? gene
               : NULL;
}

bool hook_pretests_may_show(const struct hook_call *call)
{
    for (size_t i = 0; i < call->facts.drug_orders_count; i++) {
        const struct hook_drug_order *drug_order = &call->facts.drug_orders[i];
        const struct rules_pretest *rows;
        size_t count = rules_pretests_of(call->knowledge, drug_order->drug, &rows);

        for (size_t r = 0; r < count; r++) {
            const struct rules_gene *gene = gene_of(call, &rows[r]);

            if (gene != NULL && judge(call, drug_order, gene) == HOOK_PRETEST_SHOWN)
                return true;
        }
    }
    return false;
}

static bool add(struct hook_call *call, struct hook_pretest pretest)
{
    struct hook_pretest *pretests =
        arena_grow(&call->arena, call->pretests, &call->pretests_max, call->pretests_count,
                   sizeof *pretests);

    if (pretests == NULL)
        return hook_fail(&call->failure, HOOK_TOO_LARGE, "", "no memory for pre-test cards");
    call->pretests = pretests;
    pretests[call->pretests_count++] = pretest;
    return true;
}

bool hook_pretests_decide(struct hook_call *call)
{
    for (size_t i = 0; i < call->facts.drug_orders_count; i++) {
        const struct hook_drug_order *drug_order = &call->facts.drug_orders[i];
        const struct rules_pretest *rows;
        size_t count = rules_pretests_of(call->knowledge, drug_order->drug, &rows);

        for (size_t r = 0; r < count; r++) {
            struct hook_pretest pretest = {
                .drug_order = drug_order, .row = &rows[r], .gene = gene_of(call, &rows[r])};

            if (pretest.gene == NULL)
                continue;
            pretest.outcome = judge(call, drug_order, pretest.gene);
            if (pretest.outcome == HOOK_PRETEST_SHOWN)
                pretest.outcome = judge_pending(call, pretest.gene);
            if (!add(call, pretest))
                return false;
        }
    }
    return true;
}
