/* gateway/hooks/facts.c -- orders to drugs, evidence to gene results.
 *
 * A code that no drug is known for is counted and listed, never guessed into a card.
 */
#include "gateway/hooks/facts.h"

#include <assert.h>

enum err_code hook_facts_read_orders(struct hook_facts *facts,
                                     const struct hook_request *request,
                                     const struct fhir_collection *collection,
                                     struct arena *arena, struct err *err)
{
    return fhir_read_orders(request->orders, collection, arena, &facts->orders,
                            &facts->orders_count, err);
}

static bool is_selected(const struct hook_facts *facts, const struct hook_request *request,
                        const struct fhir_order *order, struct arena *arena)
{
    bool has_selection = false, matches_any = false;

    if (!request->service->has_selections)
        return true;
    for (struct json s = json_first(request->selections); !json_is_absent(s);
         s = json_next(s)) {
        struct slice selection = json_text(s, arena);

        has_selection = true;
        if (fhir_order_is_selected(order, selection))
            return true;
        for (size_t i = 0; i < facts->orders_count && !matches_any; i++)
            matches_any = fhir_order_is_selected(&facts->orders[i], selection);
    }
    /* Orders without ids cannot be named; with one order there is no doubt which is meant. */
    return has_selection && !matches_any && facts->orders_count == 1;
}

static enum err_code add_gene(struct hook_facts *facts, const struct rules_gene *gene,
                              struct arena *arena, struct err *err)
{
    const struct rules_gene **genes;

    for (size_t i = 0; i < facts->genes_count; i++)
        if (facts->genes[i] == gene)
            return ERR_OK;
    genes =
        arena_grow(arena, facts->genes, &facts->genes_max, facts->genes_count, sizeof *genes);
    if (genes == NULL)
        return err_set(err, ERR_NOMEM, "no memory for genes");
    facts->genes = genes;
    facts->genes[facts->genes_count++] = gene;
    return ERR_OK;
}

static const struct rules_population *find_population(const struct rules_knowledge *knowledge,
                                                      const struct rules_drug *drug,
                                                      const struct fhir_order *order)
{
    const struct rules_population *found = NULL;

    for (size_t i = 0; i < order->reasons_count; i++) {
        const struct rules_population *population = rules_find_population(
            knowledge, drug, order->reasons[i].system, order->reasons[i].code);

        if (population == NULL)
            continue;
        if (found != NULL && found != population)
            return NULL; /* two reasons, two populations: which one counts is not ours to say */
        found = population;
    }
    return found;
}

static enum err_code add_drug(struct hook_facts *facts, const struct fhir_order *order,
                              const struct hook_named_drug *named,
                              const struct rules_knowledge *knowledge, struct arena *arena,
                              struct err *err)
{
    const struct rules_drug *drug = named->drug;
    const struct rules_gene **genes;
    struct hook_drug_order *orders;
    size_t genes_count = rules_genes_of_drug(knowledge, drug, &genes);

    for (size_t i = 0; i < facts->drug_orders_count; i++)
        if (facts->drug_orders[i].drug == drug)
            return ERR_OK; /* the same drug ordered twice is one piece of advice */
    if (genes_count == 0)
        return ERR_OK;
    orders = arena_grow(arena, facts->drug_orders, &facts->drug_orders_max,
                        facts->drug_orders_count, sizeof *orders);
    if (orders == NULL)
        return err_set(err, ERR_NOMEM, "no memory for orders");
    facts->drug_orders = orders;
    orders[facts->drug_orders_count++] = (struct hook_drug_order){
        .order = order,
        .drug = drug,
        .population = find_population(knowledge, drug, order),
        .named_by = named->by,
    };
    for (size_t i = 0; i < genes_count; i++)
        if (add_gene(facts, genes[i], arena, err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

static void add_unresolved(struct hook_facts *facts, const struct fhir_coding *coding,
                           const struct rules_knowledge *knowledge)
{
    struct hook_unresolved_code found = {0};

    if (facts->unresolved_count == HOOK_UNRESOLVED_MAX ||
        !hook_code_is_listable(coding, knowledge, &found.system, &found.code))
        return;
    for (size_t i = 0; i < facts->unresolved_count; i++)
        if (slice_eq(facts->unresolved[i].code, found.code) &&
            slice_eq(facts->unresolved[i].system, found.system))
            return;
    facts->unresolved[facts->unresolved_count++] = found;
}

/* The drugs that one order means, unless they are in a local form. */
static enum err_code find_drugs_of(struct hook_facts *facts, struct fhir_order *order,
                                   const struct rules_knowledge *knowledge, struct arena *arena,
                                   struct err *err)
{
    struct hook_order_drugs *found = &facts->order_drugs[order - facts->orders];
    bool is_local = true;

    if (hook_order_drugs_find(order, knowledge, arena, found, err) != ERR_OK)
        return err->code;
    if (found->drugs_count == 0) {
        facts->orders_unresolved++;
        facts->orders_incomplete += order->is_incomplete;
        for (size_t i = 0; i < order->codings_count; i++)
            add_unresolved(facts, &order->codings[i], knowledge);
        return ERR_OK;
    }
    facts->orders_contradictory += found->is_contradictory;
    facts->orders_by_text += found->drugs[0].by == HOOK_NAMED_BY_TEXT;
    for (size_t i = 0; i < found->drugs_count; i++) {
        if (found->drugs[i].is_local)
            continue;
        is_local = false;
        if (add_drug(facts, order, &found->drugs[i], knowledge, arena, err) != ERR_OK)
            return err->code;
    }
    facts->orders_local += is_local;
    facts->orders_incomplete += order->is_incomplete && !is_local;
    return ERR_OK;
}

enum err_code hook_facts_find_drugs(struct hook_facts *facts,
                                    const struct hook_request *request,
                                    const struct fhir_collection *collection,
                                    const struct rules_knowledge *knowledge,
                                    struct arena *arena, struct err *err)
{
    facts->drug_orders_count = 0;
    facts->genes_count = 0;
    facts->orders_evaluated = facts->orders_unresolved = 0;
    facts->orders_local = facts->orders_unread = facts->orders_incomplete = 0;
    facts->orders_contradictory = facts->orders_by_text = facts->unresolved_count = 0;
    facts->order_drugs = arena_array(arena, facts->orders_count, sizeof *facts->order_drugs);
    if (facts->order_drugs == NULL)
        return err_set(err, ERR_NOMEM, "no memory for orders");
    for (size_t i = 0; i < facts->orders_count; i++) {
        struct fhir_order *order = &facts->orders[i];

        if ((order->state == FHIR_ORDER_NEEDS_RESOURCE || order->is_incomplete) &&
            fhir_order_resolve(order, collection, arena, err) != ERR_OK)
            return err->code;
        if (!is_selected(facts, request, order, arena))
            continue;
        switch (order->state) {
        case FHIR_ORDER_READY:
            facts->orders_evaluated++;
            if (find_drugs_of(facts, order, knowledge, arena, err) != ERR_OK)
                return err->code;
            break;
        case FHIR_ORDER_NEEDS_RESOURCE:
            facts->orders_unread++;
            break;
        case FHIR_ORDER_NO_MEDICATION:
        case FHIR_ORDER_SKIPPED:
            break;
        }
    }
    return ERR_OK;
}

static enum rules_presence presence_of(enum fhir_presence presence)
{
    switch (presence) {
    case FHIR_PRESENCE_NONE:
        return RULES_PRESENCE_NONE;
    case FHIR_PRESENCE_POSITIVE:
        return RULES_PRESENCE_POSITIVE;
    case FHIR_PRESENCE_NEGATIVE:
        return RULES_PRESENCE_NEGATIVE;
    case FHIR_PRESENCE_INDETERMINATE:
        return RULES_PRESENCE_INDETERMINATE;
    }
    return RULES_PRESENCE_NONE;
}

struct rules_evidence hook_evidence_of(const struct fhir_evidence *read)
{
    struct rules_evidence evidence = {
        .gene = read->gene,
        .alleles_count = read->alleles_count,
        .copies = read->copies,
        .is_single_allele = read->is_single_allele,
        .phenotype = read->phenotype,
        .score = read->score,
        .presence = presence_of(read->presence),
        .presence_allele = read->presence_allele,
        .is_preliminary = read->is_preliminary,
    };

    static_assert(RULES_ALLELES_MAX == FHIR_ALLELES_MAX, "one record fits the other");
    for (size_t i = 0; i < read->alleles_count; i++)
        evidence.alleles[i] = read->alleles[i];
    return evidence;
}

struct slice hook_origin_words(enum fhir_origin origin)
{
    switch (origin) {
    case FHIR_ORIGIN_RESULT:
        return SLICE_NONE;
    case FHIR_ORIGIN_IMPLICATION:
        return SLICE(", derived from what is stated for a drug");
    case FHIR_ORIGIN_REPORT:
        return SLICE(", from the report's conclusion");
    case FHIR_ORIGIN_INDICATOR:
        return SLICE(", a genomic indicator of the record, not a laboratory's result");
    case FHIR_ORIGIN_CONDITION:
        return SLICE(", not stated by a laboratory");
    }
    return SLICE_NONE;
}

static bool is_of_laboratory(const struct fhir_evidence *e)
{
    return e->origin != FHIR_ORIGIN_INDICATOR && e->origin != FHIR_ORIGIN_CONDITION;
}

bool hook_facts_have_laboratory(const struct hook_facts *facts, const struct rules_call *call)
{
    for (size_t i = 0; i < call->sources_count; i++)
        if (is_of_laboratory(&facts->reading.evidence[call->sources[i]]))
            return true;
    return false;
}

/* A laboratory's results first, then what others state; newest first, undated last, then by
 * what tells two records apart. The order in which a server or a prefetch happens to list
 * results must not show: the same facts give the same card. */
static int compare_evidence(const void *a_, const void *b_)
{
    const struct fhir_evidence *a = a_, *b = b_;
    int order = (int)is_of_laboratory(b) - (int)is_of_laboratory(a);

    if (order == 0)
        order = slice_compare(b->date, a->date);
    if (order == 0)
        order = slice_compare(a->resource->name, b->resource->name);
    if (order == 0)
        order = slice_compare(a->gene, b->gene);
    if (order == 0)
        order = slice_compare(a->presence_allele, b->presence_allele);
    for (size_t i = 0; order == 0 && i < FHIR_ALLELES_MAX; i++)
        order = slice_compare(a->alleles[i], b->alleles[i]);
    return order != 0 ? order : slice_compare(a->as_written, b->as_written);
}

enum err_code hook_facts_resolve_genes(struct hook_facts *facts, struct slice patient_id,
                                       const struct fhir_collection *collection,
                                       const struct rules_knowledge *knowledge,
                                       struct arena *arena, struct err *err)
{
    size_t count;

    facts->reading = (struct fhir_reading){0};
    if (fhir_read_evidence_mapped(collection, patient_id, facts->mapping, arena,
                                  &facts->reading, err) != ERR_OK)
        return err->code;
    count = facts->reading.evidence_count;
    facts->evidence = arena_array(arena, count, sizeof *facts->evidence);
    facts->results = arena_array(arena, facts->genes_count, sizeof *facts->results);
    if (facts->evidence == NULL || facts->results == NULL)
        return err_set(err, ERR_NOMEM, "no memory for evidence");
    if (count > 1)
        qsort(facts->reading.evidence, count, sizeof *facts->reading.evidence,
              compare_evidence);
    for (size_t i = 0; i < count; i++)
        facts->evidence[i] = hook_evidence_of(&facts->reading.evidence[i]);
    for (size_t i = 0; i < facts->genes_count; i++)
        if (rules_resolve_gene(knowledge, facts->genes[i], facts->evidence, count, arena,
                               &facts->results[i], err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

const struct rules_gene_result *hook_facts_result(const struct hook_facts *facts,
                                                  const struct rules_gene *gene)
{
    for (size_t i = 0; facts->results != NULL && i < facts->genes_count; i++)
        if (facts->genes[i] == gene)
            return &facts->results[i];
    return NULL;
}

bool hook_facts_lack_a_drug(const struct hook_facts *facts)
{
    return facts->orders_unread > 0 || facts->orders_incomplete > 0;
}

bool hook_facts_lack_a_gene(const struct hook_facts *facts)
{
    for (size_t i = 0; i < facts->genes_count; i++)
        if (facts->results[i].state == RULES_GENE_NONE)
            return true;
    return false;
}

bool hook_facts_are_complete(const struct hook_facts *facts)
{
    for (size_t i = 0; i < facts->genes_count; i++)
        if (facts->genes[i]->key_kind == RULES_KEY_ALLELE_STATUS)
            return false;
    return !hook_facts_lack_a_gene(facts);
}
