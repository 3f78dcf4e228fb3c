/* gateway/hooks/gather_results.c -- where genomic results may be, and in which order to look.
 *
 *   1. by code: Observations with the codes of the genes that are asked about
 *   2. when a gene has no result then, all of these at once:
 *        Observations of category genetics: many laboratories file them without a LOINC code
 *        DiagnosticReports of genetics, by category and by code, with their results
 *        genomic indicators, where the server has them (Epic)
 *        $find-subject-haplotypes, where the server offers it
 *   3. when it still has none, what the resources that came refer to and what did not come
 *
 * Only the first is required. A server that cannot search in one of the other ways says so, and
 * that is no failure. Never is a search limited by date: a genotype does not age.
 */
#include "gateway/hooks/gather.h"

#include "fhir/codes.h"
#include "fhir/mapping.h"
#include "gateway/hooks/missing.h"

#define CODES_BYTES_MAX     16384
#define CATEGORY_GENETICS_2 "http://hl7.org/fhir/v2/0074|GE" /* up to STU3 */
#define INCLUDE_RESULTS     "DiagnosticReport:result"
#define HGNC_SYSTEM         "http://www.genenames.org"
#define READS_MAX           8 /* one by one */
#define REFERENCE_ROUNDS    2
#define REFERENCES_IDS_MAX  4096

/* ---- 1 ---- */

bool hook_gather_by_code(struct hook_call *call)
{
    const struct rules_release *rows = rules_knowledge_rows(call->knowledge);
    bool is_all = hook_facts_lack_a_drug(&call->facts);
    size_t count = is_all ? rows->genes_count : call->facts.genes_count;
    struct slice *genes = arena_array(&call->arena, count, sizeof *genes);
    struct fhir_search_param params[] = {{SLICE("code"), SLICE_NONE},
                                         {SLICE("_count"), SLICE(HOOK_RESULTS_PER_PAGE)}};
    struct buf codes;

    if (genes == NULL)
        return hook_fail(&call->failure, HOOK_TOO_LARGE, "", "no memory for gene names");
    for (size_t i = 0; i < count; i++)
        genes[i] = is_all ? rows->genes[i].symbol : call->facts.genes[i]->symbol;
    buf_init(&codes, CODES_BYTES_MAX);
    fhir_observation_codes(&codes, genes, count);
    fhir_mapping_codes(call->options->mapping, genes, count, &codes);
    params[0].value = arena_copy(&call->arena, buf_slice(&codes));
    buf_release(&codes);
    if (call->arena.has_failed)
        return hook_fail(&call->failure, HOOK_TOO_LARGE, "", "no memory for codes");
    return hook_gather_search(call, HOOK_NEED_PGX, "Observation", params, ARRAY_LEN(params));
}

/* ---- 2 ---- */

static struct slice category_of_genetics(const struct hook_call *call)
{
    return call->server.fhir_major > 0 && call->server.fhir_major < 4
               ? SLICE(CATEGORY_GENETICS_2)
               : SLICE(HOOK_CATEGORY_GENETICS);
}

static bool always(const struct hook_call *call)
{
    (void)call;
    return true;
}

static bool want_by_category(struct hook_call *call)
{
    struct fhir_search_param params[] = {{SLICE("category"), category_of_genetics(call)},
                                         {SLICE("_count"), SLICE(HOOK_RESULTS_PER_PAGE)}};

    return hook_gather_search(call, HOOK_NEED_PGX_CATEGORY, "Observation", params,
                              ARRAY_LEN(params));
}

static bool has_reports(const struct hook_call *call)
{
    return call->server.may_search_reports;
}

static bool want_reports(struct hook_call *call)
{
    struct fhir_search_param params[] = {{SLICE("category"), category_of_genetics(call)},
                                         {SLICE("_count"), SLICE(HOOK_RESULTS_PER_PAGE)},
                                         {SLICE("_include"), SLICE(INCLUDE_RESULTS)}};
    size_t count = (call->server.includes & FHIR_INCLUDE_REPORT_RESULT) != 0
                       ? ARRAY_LEN(params)
                       : ARRAY_LEN(params) - 1;

    if (!hook_gather_search(call, HOOK_NEED_REPORT, "DiagnosticReport", params, count))
        return false;
    params[0] = (struct fhir_search_param){SLICE("code"), SLICE(HOOK_REPORT_CODES)};
    return hook_gather_search(call, HOOK_NEED_REPORT, "DiagnosticReport", params, count);
}

static bool has_indicators(const struct hook_call *call)
{
    return call->server.may_search_conditions &&
           fhir_server_traits(call->server.kind)->has_indicators;
}

static bool want_indicators(struct hook_call *call)
{
    struct fhir_search_param params[] = {{SLICE("category"), SLICE(HOOK_CATEGORY_INDICATORS)},
                                         {SLICE("_count"), SLICE(HOOK_RESULTS_PER_PAGE)}};

    return hook_gather_search(call, HOOK_NEED_INDICATOR, "Condition", params,
                              ARRAY_LEN(params));
}

static bool has_haplotypes(const struct hook_call *call)
{
    return call->server.haplotypes[0] != '\0';
}

/* The address of the operation. One that leads to another server is not followed: the token is
 * for this one. */
static struct slice haplotypes_url(struct hook_call *call)
{
    struct slice base = call->request.fhir_server;
    struct slice address = arena_copy(&call->arena, slice_of(call->server.haplotypes));

    if (slice_starts_nocase(address, SLICE("http")))
        return fhir_url_same_origin(address, base) ? address : SLICE_NONE;
    while (slice_ends(base, SLICE("/")))
        base.len--;
    return arena_printf(&call->arena, "%.*s/%.*s", SLICE_ARG(base), SLICE_ARG(address));
}

static bool want_haplotypes(struct hook_call *call)
{
    struct slice url = haplotypes_url(call);
    struct slice patient = call->request.patient_id;

    /* Every id that FHIR allows can stand in a query as it is. */
    if (url.len == 0 || !fhir_is_id(patient))
        return true;
    url = arena_printf(&call->arena, "%.*s?subject=%.*s", SLICE_ARG(url), SLICE_ARG(patient));
    for (size_t i = 0; i < call->facts.genes_count; i++) {
        enum fhir_gene gene = fhir_gene_of_symbol(call->facts.genes[i]->symbol);

        if (gene != FHIR_GENE_NONE && call->facts.results[i].state == RULES_GENE_NONE)
            url = arena_printf(&call->arena, "%.*s&genes=" HGNC_SYSTEM "%%7CHGNC:%u",
                               SLICE_ARG(url), fhir_gene_row(gene)->hgnc);
    }
    if (call->arena.has_failed)
        return hook_fail(&call->failure, HOOK_TOO_LARGE, "", "no memory for a FHIR operation");
    return hook_gather_url(call, HOOK_NEED_HAPLOTYPES, url);
}

static const struct {
    enum hook_need_kind kind;
    bool (*has)(const struct hook_call *call);
    bool (*want)(struct hook_call *call);
} SOURCES[] = {
    {HOOK_NEED_PGX_CATEGORY, always, want_by_category},
    {HOOK_NEED_REPORT, has_reports, want_reports},
    {HOOK_NEED_INDICATOR, has_indicators, want_indicators},
    {HOOK_NEED_HAPLOTYPES, has_haplotypes, want_haplotypes},
};

/* ---- 3 ---- */

static bool want_by_ids(struct hook_call *call, const struct slice *missing, size_t count)
{
    struct fhir_search_param params[] = {{SLICE("_id"), SLICE_NONE}};
    struct buf ids;

    buf_init(&ids, REFERENCES_IDS_MAX);
    for (size_t i = 0; i < count; i++)
        buf_join(&ids, i > 0 ? SLICE(",") : SLICE_NONE, missing[i]);
    params[0].value = arena_copy(&call->arena, buf_slice(&ids));
    buf_release(&ids);
    if (call->arena.has_failed)
        return hook_fail(&call->failure, HOOK_TOO_LARGE, "", "no memory for references");
    return hook_gather_search_any(call, HOOK_NEED_REFERENCE, "Observation", params,
                                  ARRAY_LEN(params));
}

static bool want_references(struct hook_call *call)
{
    struct slice missing[HOOK_MISSING_MAX];
    size_t count = hook_missing_observations(&call->collection, call->request.fhir_server,
                                             &call->arena, missing);

    if (count == 0)
        return true;
    call->reference_rounds++;
    if (count > 1 && fhir_server_traits(call->server.kind)->has_id_lists)
        return want_by_ids(call, missing, count);
    if (count > READS_MAX)
        hook_gather_note_missing(call, HOOK_NEED_REFERENCE);
    for (size_t i = 0; i < count && i < READS_MAX; i++)
        if (!hook_gather_read(
                call, HOOK_NEED_REFERENCE,
                arena_printf(&call->arena, "Observation/%.*s", SLICE_ARG(missing[i]))))
            return false;
    return true;
}

bool hook_gather_further(struct hook_call *call)
{
    bool is_first = !call->has_asked_further;
    bool asked_by_code =
        call->prefetch_state == HOOK_PREFETCH_DATA || hook_gather_has(call, HOOK_NEED_PGX);

    if (!call->may_fetch || !asked_by_code || call->facts.drug_orders_count == 0 ||
        (!is_first && call->reference_rounds == REFERENCE_ROUNDS) ||
        !hook_gather_server_answers(call))
        return true;
    if (!hook_gather_resolve(call))
        return false;
    if (!hook_facts_lack_a_gene(&call->facts))
        return true;
    if (!is_first)
        return want_references(call);
    call->has_asked_further = true;
    for (size_t i = 0; i < ARRAY_LEN(SOURCES); i++)
        if (SOURCES[i].has(call) && !SOURCES[i].want(call))
            return false;
    return true;
}
