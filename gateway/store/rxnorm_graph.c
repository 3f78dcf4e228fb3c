/* gateway/store/rxnorm_graph.c -- relations by a table, then drugs and forms along them. */
#include "gateway/store/rxnorm_graph.h"

#define GRAPH_BYTES_MAX ((size_t)1024 * 1024 * 1024)
#define CONCEPTS_MAX    4000000u
#define EDGES_MAX       40000000u

static const char *const TYPE_NAMES[] = {
#define X(name) #name,
    RXNORM_TERM_TYPES(X)
#undef X
};

const char *rxnorm_term_type_name(enum rxnorm_term_type type)
{
    return TYPE_NAMES[type];
}

bool rxnorm_term_type_from_name(struct slice name, enum rxnorm_term_type *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(TYPE_NAMES); i++) {
        if (slice_eq_text(name, TYPE_NAMES[i])) {
            *ret = (enum rxnorm_term_type)i;
            return true;
        }
    }
    return false;
}

enum rxnorm_form rxnorm_form_of_name(struct slice name)
{
    /* As RxNorm names its dose forms and their groups. A patch or a suppository may well act on
     * the whole body, and so may anything that is not here. */
    static const char *const LOCAL[] = {"Topical", "Ophthalmic", "Otic"};
    static const char *const OPEN[] = {"Pack", "Kit"}; /* what is in them decides */

    for (size_t i = 0; i < ARRAY_LEN(OPEN); i++)
        if (slice_eq_text(name, OPEN[i]) || slice_starts(name, SLICE("{")))
            return RXNORM_FORM_UNKNOWN;
    for (size_t i = 0; i < ARRAY_LEN(LOCAL); i++)
        if (slice_find(name, slice_of(LOCAL[i])) != SIZE_MAX)
            return RXNORM_FORM_LOCAL;
    return RXNORM_FORM_SYSTEMIC;
}

/* --- concepts ------------------------------------------------------------------------------
 */

void rxnorm_graph_init(struct rxnorm_graph *graph)
{
    *graph = (struct rxnorm_graph){0};
    arena_init(&graph->arena, GRAPH_BYTES_MAX);
}

void rxnorm_graph_release(struct rxnorm_graph *graph)
{
    free(graph->concepts);
    free(graph->slots);
    free(graph->edges);
    arena_release(&graph->arena);
    *graph = (struct rxnorm_graph){0};
}

static uint32_t *find_slot(const struct rxnorm_graph *graph, uint32_t rxcui)
{
    size_t mask = graph->slots_count - 1;
    size_t at = (size_t)(rxcui * 2654435761u >> 7) & mask; /* Knuth, 6.4 */

    while (graph->slots[at] != 0 && graph->concepts[graph->slots[at] - 1].rxcui != rxcui)
        at = (at + 1) & mask;
    return &graph->slots[at];
}

uint32_t rxnorm_graph_find(const struct rxnorm_graph *graph, uint32_t rxcui)
{
    uint32_t found = graph->slots_count == 0 ? 0 : *find_slot(graph, rxcui);

    return found == 0 ? RXNORM_NO_CONCEPT : found - 1;
}

static bool grow_slots(struct rxnorm_graph *graph)
{
    size_t count = graph->slots_count == 0 ? 1024 : graph->slots_count * 2;
    uint32_t *slots = calloc(count, sizeof *slots);

    if (slots == NULL)
        return false;
    free(graph->slots);
    graph->slots = slots;
    graph->slots_count = count;
    for (size_t i = 0; i < graph->concepts_count; i++)
        *find_slot(graph, graph->concepts[i].rxcui) = (uint32_t)i + 1;
    return true;
}

/* Doubles an array from malloc when it is full. */
static bool make_room(void **array, size_t *max, size_t count, size_t bytes_each, size_t limit)
{
    size_t more = *max == 0 ? 1024 : *max * 2;
    void *grown;

    if (count < *max)
        return true;
    grown = count >= limit ? NULL : realloc(*array, more * bytes_each);
    if (grown == NULL)
        return false;
    *array = grown;
    *max = more;
    return true;
}

struct rxnorm_concept *rxnorm_graph_add(struct rxnorm_graph *graph, uint32_t rxcui)
{
    void *concepts = graph->concepts;
    bool has_room = make_room(&concepts, &graph->concepts_max, graph->concepts_count,
                              sizeof *graph->concepts, CONCEPTS_MAX);

    graph->concepts = concepts;
    if (!has_room || (graph->concepts_count * 2 >= graph->slots_count && !grow_slots(graph)))
        return NULL;
    graph->concepts[graph->concepts_count] = (struct rxnorm_concept){.rxcui = rxcui};
    *find_slot(graph, rxcui) = (uint32_t)graph->concepts_count + 1;
    return &graph->concepts[graph->concepts_count++];
}

/* --- relations -----------------------------------------------------------------------------
 */

static const struct {
    const char *rela;
    enum rxnorm_edge_kind kind;
} RELATIONS[] = {
    {"consists_of", RXNORM_EDGE_PATH},
    {"has_ingredient", RXNORM_EDGE_PATH},
    {"has_ingredients", RXNORM_EDGE_PATH},
    {"has_precise_ingredient", RXNORM_EDGE_PATH},
    {"has_part", RXNORM_EDGE_PATH},
    {"form_of", RXNORM_EDGE_PATH},
    {"tradename_of", RXNORM_EDGE_PATH},
    {"quantified_form_of", RXNORM_EDGE_PATH},
    {"isa", RXNORM_EDGE_PATH},
    {"contains", RXNORM_EDGE_CONTENT},
    {"has_dose_form", RXNORM_EDGE_FORM},
    {"has_doseformgroup", RXNORM_EDGE_FORM},
};

bool rxnorm_graph_relate(struct rxnorm_graph *graph, uint32_t from, struct slice rela,
                         uint32_t to)
{
    uint8_t from_type = graph->concepts[from].type, to_type = graph->concepts[to].type;
    void *edges = graph->edges;
    size_t place = 0;
    uint8_t kind;
    bool has_room;

    while (place < ARRAY_LEN(RELATIONS) && !slice_eq_text(rela, RELATIONS[place].rela))
        place++;
    if (place == ARRAY_LEN(RELATIONS))
        return true;
    kind = (uint8_t)RELATIONS[place].kind;
    if (from_type == RXNORM_DF || from_type == RXNORM_DFG)
        kind = RXNORM_EDGE_KIND_OF;
    else if (kind == RXNORM_EDGE_PATH && to_type == RXNORM_BN)
        kind = RXNORM_EDGE_BRAND;
    has_room = make_room(&edges, &graph->edges_max, graph->edges_count, sizeof *graph->edges,
                         EDGES_MAX);
    graph->edges = edges;
    if (!has_room)
        return false;
    graph->concepts[from].has_path |= kind == RXNORM_EDGE_PATH || kind == RXNORM_EDGE_CONTENT;
    graph->edges[graph->edges_count++] =
        (struct rxnorm_edge){.from = from, .to = to, .kind = kind};
    return true;
}

/* --- drugs and forms -----------------------------------------------------------------------
 */

static uint64_t *set_of(const struct rxnorm_graph *graph, uint64_t *sets, uint32_t concept)
{
    return sets + (size_t) concept * graph->words_count;
}

/* Adds the drugs of `to` to those of `from`; true if there was a new one. */
static bool join(const struct rxnorm_graph *graph, uint64_t *from_sets, uint32_t from,
                 const uint64_t *to)
{
    uint64_t *have = set_of(graph, from_sets, from);
    bool is_new = false;

    for (size_t i = 0; i < graph->words_count; i++) {
        is_new = is_new || (to[i] & ~have[i]) != 0;
        have[i] |= to[i];
    }
    return is_new;
}

/* Drugs along the relations until nothing changes; a brand's own products, whose content is not
 * told otherwise, come in the second round. */
static void spread_drugs(struct rxnorm_graph *graph, bool with_brands)
{
    bool has_changed = true;

    while (has_changed) {
        has_changed = false;
        for (size_t i = 0; i < graph->edges_count; i++) {
            const struct rxnorm_edge *edge = &graph->edges[i];
            bool is_path = edge->kind == RXNORM_EDGE_PATH ||
                           edge->kind == RXNORM_EDGE_CONTENT ||
                           (with_brands && edge->kind == RXNORM_EDGE_BRAND &&
                            !graph->concepts[edge->from].has_path);

            if (is_path &&
                join(graph, graph->drugs, edge->from, set_of(graph, graph->drugs, edge->to)))
                has_changed = true;
        }
    }
}

static bool is_product(uint8_t type)
{
    return type >= RXNORM_SCDF && type <= RXNORM_SBD;
}

/* For each concept the form of what it is related to by `kind`: systemic if one of them is. */
static const uint8_t *forms_along(struct rxnorm_graph *graph, enum rxnorm_edge_kind kind)
{
    uint8_t *told = arena_array(&graph->arena, graph->concepts_count, 1);

    for (size_t i = 0; told != NULL && i < graph->edges_count; i++) {
        const struct rxnorm_edge *edge = &graph->edges[i];
        uint8_t form = graph->concepts[edge->to].form;

        if (edge->kind == kind && form != RXNORM_FORM_UNKNOWN &&
            told[edge->from] != RXNORM_FORM_SYSTEMIC)
            told[edge->from] = form;
    }
    return told;
}

/* A dose form is local by its name, or when all its groups are; a product's dose form says more
 * than the product's name. */
static void find_forms(struct rxnorm_graph *graph)
{
    const uint8_t *told = forms_along(graph, RXNORM_EDGE_KIND_OF);

    for (size_t i = 0; told != NULL && i < graph->concepts_count; i++)
        if (told[i] == RXNORM_FORM_LOCAL)
            graph->concepts[i].form = RXNORM_FORM_LOCAL;
    told = forms_along(graph, RXNORM_EDGE_FORM);
    for (size_t i = 0; told != NULL && i < graph->concepts_count; i++)
        if (told[i] != RXNORM_FORM_UNKNOWN)
            graph->concepts[i].form = told[i];
}

/* What has no form of its own (strengths, brands, packs) has the forms of the products that
 * lead to it, or that it holds. */
static void gather_forms(struct rxnorm_graph *graph)
{
    for (size_t i = 0; i < graph->edges_count; i++) {
        const struct rxnorm_edge *edge = &graph->edges[i];
        bool is_pack = edge->kind == RXNORM_EDGE_CONTENT;
        uint32_t of = is_pack ? edge->from : edge->to;
        uint32_t product = is_pack ? edge->to : edge->from;

        if (edge->kind > RXNORM_EDGE_CONTENT || !is_product(graph->concepts[product].type) ||
            !graph->concepts[of].is_kept)
            continue;
        (void)join(graph,
                   graph->concepts[product].form == RXNORM_FORM_LOCAL ? graph->local
                                                                      : graph->systemic,
                   of, set_of(graph, graph->drugs, product));
    }
}

/* A branded pack has what its generic pack holds, where its own content is not told. */
static void gather_pack_forms(struct rxnorm_graph *graph)
{
    for (size_t i = 0; i < graph->edges_count; i++) {
        const struct rxnorm_edge *edge = &graph->edges[i];

        if (edge->kind != RXNORM_EDGE_PATH || graph->concepts[edge->from].type != RXNORM_BPCK ||
            graph->concepts[edge->to].type != RXNORM_GPCK)
            continue;
        (void)join(graph, graph->local, edge->from, set_of(graph, graph->local, edge->to));
        (void)join(graph, graph->systemic, edge->from,
                   set_of(graph, graph->systemic, edge->to));
    }
}

static void keep_concepts(struct rxnorm_graph *graph)
{
    for (uint32_t i = 0; i < graph->concepts_count; i++)
        for (size_t w = 0; w < graph->words_count; w++)
            if (set_of(graph, graph->drugs, i)[w] != 0)
                graph->concepts[i].is_kept = true;
}

enum err_code rxnorm_graph_link(struct rxnorm_graph *graph, const uint32_t *drugs,
                                size_t drugs_count, struct err *err)
{
    size_t words;

    graph->words_count = (drugs_count + 63) / 64;
    words = graph->concepts_count * graph->words_count;
    graph->drugs = arena_array(&graph->arena, words, sizeof *graph->drugs);
    graph->local = arena_array(&graph->arena, words, sizeof *graph->local);
    graph->systemic = arena_array(&graph->arena, words, sizeof *graph->systemic);
    if (graph->arena.has_failed)
        return err_set(err, ERR_NOMEM, "no memory for RxNorm's concepts");
    for (size_t d = 0; d < drugs_count; d++) {
        uint32_t concept = rxnorm_graph_find(graph, drugs[d]);
        if (concept != RXNORM_NO_CONCEPT && graph->concepts[concept].type <= RXNORM_MIN)
            set_of(graph, graph->drugs, concept)[d / 64] |= (uint64_t)1 << d % 64;
    }
    spread_drugs(graph, false);
    spread_drugs(graph, true);
    keep_concepts(graph);
    find_forms(graph);
    gather_forms(graph);
    gather_pack_forms(graph);
    return graph->arena.has_failed ? err_set(err, ERR_NOMEM, "no memory for RxNorm's concepts")
                                   : ERR_OK;
}

bool rxnorm_graph_has(const struct rxnorm_graph *graph, uint32_t concept, size_t drug)
{
    return (set_of(graph, graph->drugs, concept)[drug / 64] >> drug % 64 & 1) != 0;
}

enum rules_form rxnorm_graph_form(const struct rxnorm_graph *graph, uint32_t concept,
                                  size_t drug)
{
    const struct rxnorm_concept *c = &graph->concepts[concept];
    uint64_t bit = (uint64_t)1 << drug % 64;

    if (is_product(c->type))
        return c->form == RXNORM_FORM_LOCAL ? RULES_FORM_LOCAL : RULES_FORM_SYSTEMIC;
    if (c->type <= RXNORM_MIN)
        return RULES_FORM_SYSTEMIC;
    return (set_of(graph, graph->local, concept)[drug / 64] & bit) != 0 &&
                   (set_of(graph, graph->systemic, concept)[drug / 64] & bit) == 0
               ? RULES_FORM_LOCAL
               : RULES_FORM_SYSTEMIC;
}
