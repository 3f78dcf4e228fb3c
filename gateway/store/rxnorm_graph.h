/* gateway/store/rxnorm_graph.h -- RxNorm's concepts, and which drugs they lead to.
 *
 * In memory are the concepts and relations that stand between products and ingredients, as
 * numbers only: a few tens of megabytes for a full release, whatever the size of its files.
 *
 * From product to ingredient (RxNorm technical documentation, "RxNorm relationships"):
 *
 *   SCD consists_of SCDC has_ingredient IN        SBD tradename_of SCD
 *   SCDC has_precise_ingredient PIN form_of IN    BN tradename_of IN
 *   SCD has_ingredients MIN has_part IN           GPCK, BPCK contain SCD, SBD
 *   SCD isa SCDF isa SCDG, ...                    a quantified form of a product is one
 *
 * All paths count, so a combination product has several drugs. A brand may cover products of
 * different content: "SBD has_ingredient BN" decides only where nothing else is known.
 */
#ifndef GATEWAY_STORE_RXNORM_GRAPH_H
#define GATEWAY_STORE_RXNORM_GRAPH_H

#include "rules/base/arena.h"
#include "rules/base/err.h"
#include "rules/release.h"

/* The term types that matter. Others (synonyms, printable names) only repeat a concept. */
#define RXNORM_TERM_TYPES(X)                                                                   \
    X(IN)                                                                                      \
    X(PIN)                                                                                     \
    X(MIN)                                                                                     \
    X(BN)                                                                                      \
    X(SCDC)                                                                                    \
    X(SBDC)                                                                                    \
    X(SCDF)                                                                                    \
    X(SBDF)                                                                                    \
    X(SCDFP)                                                                                   \
    X(SBDFP)                                                                                   \
    X(SCDG)                                                                                    \
    X(SBDG)                                                                                    \
    X(SCDGP)                                                                                   \
    X(SCD)                                                                                     \
    X(SBD)                                                                                     \
    X(GPCK)                                                                                    \
    X(BPCK)                                                                                    \
    X(DF)                                                                                      \
    X(DFG)

enum rxnorm_term_type {
#define X(name) RXNORM_##name,
    RXNORM_TERM_TYPES(X)
#undef X
        RXNORM_TERM_TYPES_COUNT
};
const char *rxnorm_term_type_name(enum rxnorm_term_type type);
bool rxnorm_term_type_from_name(struct slice name, enum rxnorm_term_type *ret);

/* What is known about a dose form. */
enum rxnorm_form { RXNORM_FORM_UNKNOWN, RXNORM_FORM_SYSTEMIC, RXNORM_FORM_LOCAL };

/* By the words of a dose form's or a product's name. */
enum rxnorm_form rxnorm_form_of_name(struct slice name);

struct rxnorm_concept {
    uint32_t rxcui;
    uint32_t line; /* in RXNCONSO */
    uint32_t atom; /* hash of the RXAUI there */
    uint8_t type;  /* enum rxnorm_term_type */
    uint8_t form;  /* enum rxnorm_form: of its name; after linking, of its dose form */
    bool has_path; /* to an ingredient or a part, other than by its brand */
    bool is_kept;  /* leads to a drug of the release */
};

enum rxnorm_edge_kind {
    RXNORM_EDGE_PATH,    /* leads to an ingredient */
    RXNORM_EDGE_BRAND,   /* leads to a brand */
    RXNORM_EDGE_CONTENT, /* of a pack */
    RXNORM_EDGE_FORM,    /* has the dose form */
    RXNORM_EDGE_KIND_OF, /* a dose form belongs to a group */
};

struct rxnorm_edge {
    uint32_t from, to; /* concepts */
    uint8_t kind;
};

struct rxnorm_graph {
    struct arena arena;
    struct rxnorm_concept *concepts;
    size_t concepts_count, concepts_max;
    uint32_t *slots; /* hash table of concept numbers + 1 */
    size_t slots_count;
    struct rxnorm_edge *edges;
    size_t edges_count, edges_max;
    size_t words_count; /* 64 drugs each, per concept */
    uint64_t *drugs;    /* words_count per concept: the release's drugs it leads to */
    uint64_t *local,
        *systemic; /* the same: drugs that it has in such a form, of its products */
};

#define RXNORM_NO_CONCEPT UINT32_MAX

void rxnorm_graph_init(struct rxnorm_graph *graph);
void rxnorm_graph_release(struct rxnorm_graph *graph);

/* NULL: too many. The pointer is good until the next concept is added. */
struct rxnorm_concept *rxnorm_graph_add(struct rxnorm_graph *graph, uint32_t rxcui) MUST_CHECK;
/* Its number, or RXNORM_NO_CONCEPT. */
uint32_t rxnorm_graph_find(const struct rxnorm_graph *graph, uint32_t rxcui);

/* Adds "from RELA to" when it is of use. False: too many. */
bool rxnorm_graph_relate(struct rxnorm_graph *graph, uint32_t from, struct slice rela,
                         uint32_t to) MUST_CHECK;

/* Finds which drugs each concept leads to, and in what form. A drug is an RXCUI of an
 * ingredient (0: none), and is known by its place among them. */
enum err_code rxnorm_graph_link(struct rxnorm_graph *graph, const uint32_t *drugs,
                                size_t drugs_count, struct err *err) MUST_CHECK;

bool rxnorm_graph_has(const struct rxnorm_graph *graph, uint32_t concept, size_t drug);
/* The form that the concept has this drug in; unknown counts as systemic. */
enum rules_form rxnorm_graph_form(const struct rxnorm_graph *graph, uint32_t concept,
                                  size_t drug);

#endif
