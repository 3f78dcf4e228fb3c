/* gateway/hooks/call.h -- one CDS Hooks call as data, without any input or output.
 *
 * open > plan > (answer ...) > plan > ... > decide > render
 *
 *   open    reads the body, takes what the prefetch brought         VALIDATE
 *   plan    says which FHIR resources are still wanted (`needs`)    GATHER
 *   answer  hands in what came back for one need
 *   decide  turns everything into advice                            EXTRACT RESOLVE EVALUATE
 *   render  writes the answer: cards, or an OperationOutcome        RENDER
 *
 * The server answers needs over the network, `replay` from a file, a fuzzer from its input; all
 * get the same bytes for the same facts.
 *
 * Silence is only ever the answer when everything needed was read: a call whose data could not
 * be had ends as HOOK_DATA_MISSING (412), or, if part of it came, as cards that say what is
 * missing.
 *
 * Ownership: a call owns its arena, documents and bodies; it is reused from request to request
 * (hook_call_reset), so that a steady server allocates little. The request body and the
 * snapshot are borrowed until reset. Belongs to one thread.
 */
#ifndef GATEWAY_HOOKS_CALL_H
#define GATEWAY_HOOKS_CALL_H

#include "fhir/capability.h"
#include "fhir/fetch.h"
#include "fhir/search.h"
#include "gateway/hooks/cache.h"
#include "gateway/hooks/estimate.h"
#include "gateway/hooks/facts.h"
#include "gateway/hooks/patient.h"
#include "gateway/hooks/pretest.h"

#define HOOK_NEEDS_MAX 64

struct hook_options {
    const struct slice *fhir_servers; /* allow-list of base URLs; borrowed */
    size_t fhir_servers_count;
    uint32_t json_nodes_max;
    uint32_t fetches_max;   /* per call, at most HOOK_NEEDS_MAX */
    uint32_t pages_max;     /* per search */
    uint32_t url_bytes_max; /* longer searches are POSTed, or split; 0: no limit */
    uint32_t cards_max;
    size_t arena_bytes_max;
    struct slice locale; /* of the cards */
    struct rules_policy policy;
    enum rules_conversion_use conversion;
    const struct slice *pretests; /* "drug/GENE" or "all"; borrowed */
    size_t pretests_count;
    const struct fhir_mapping *mapping; /* of result codes and texts; borrowed, or NULL */
};

/* What is asked of the FHIR server: name for metrics and audit, words for people */
#define HOOK_NEED_KINDS(X)                                                                     \
    X(PGX, "pgx", "results by code")                                                           \
    X(PGX_CATEGORY, "pgx_category", "results by category") /* those without LOINC */           \
    X(REPORT, "report", "genetic reports")                                                     \
    X(INDICATOR, "indicator", "genomic indicators")                                            \
    X(HAPLOTYPES, "haplotypes", "the server's own calls") /* $find-subject-haplotypes */       \
    X(REFERENCE, "reference", "results that others refer to")                                  \
    X(MEDICATION, "medication", "the order's medication")                                      \
    X(PATIENT, "patient", "the patient") /* only when a rule depends on age or sex */          \
    X(WEIGHT, "weight", "the weight")                                                          \
    X(LIST, "medication_list", "the medication list")                                          \
    X(LIST_DRUGS, "medication_list_drugs", "medications of the list")                          \
    X(PENDING_ORDERS, "pending_orders", "orders of tests") /* before one is suggested */       \
    X(PENDING_REPORTS, "pending_reports", "reports under way")                                 \
    X(PAGE, "page", "a further page") /* of a search */

enum hook_need_kind {
#define X(code, name, words) HOOK_NEED_##code,
    HOOK_NEED_KINDS(X)
#undef X
        HOOK_NEEDS_COUNT
};
const char *hook_need_name(enum hook_need_kind kind);
const char *hook_need_words(enum hook_need_kind kind);

#define HOOK_QUERY_PARAMS_MAX 6

/* A search in its parts. Texts are literals or in the call's arena. */
struct hook_query {
    const char *type;
    struct fhir_search_param params[HOOK_QUERY_PARAMS_MAX];
    size_t params_count;
    bool may_post;
};

enum hook_recovery {
    HOOK_RECOVERY_NONE,
    HOOK_RECOVERY_AGAIN,
    HOOK_RECOVERY_BY_GET,  /* in place of a form */
    HOOK_RECOVERY_REDUCED, /* with less in it */
};

struct hook_need {
    struct hook_call *call;
    enum hook_need_kind kind;
    struct slice url;               /* absolute, in the call's arena */
    struct slice form;              /* to be POSTed; empty: GET */
    const struct hook_query *query; /* what a search was written from; NULL: none, or a page */
    uint32_t delay_ms;              /* to be asked not before */
    uint32_t page;                  /* 0 for the first */
    enum hook_need_kind page_of;    /* PAGE: of which search */
    bool is_started;                /* the caller's: it asked for it */
    bool is_answered;
    bool is_usable;              /* answered with data */
    bool is_planned_further;     /* its next page, if any, is a need of its own */
    bool has_brought;            /* resources that were not here */
    bool is_retry;               /* of one before */
    bool is_replaced;            /* not usable, and others are asked in its place */
    bool is_cached;              /* the caller's: answered from what it had kept */
    enum hook_recovery recovery; /* what the next plan may ask in its place */
    uint32_t ignored;            /* parameters that the server passed over: bits of query */
    uint32_t retry_after_s;      /* the caller's, before the answer: 0 when not said */
    enum fhir_fetch_outcome outcome;
    uint32_t status; /* HTTP */
    uint64_t took_us;
    struct buf body;         /* owned */
    struct json_doc doc;     /* owned */
    struct fhir_fetch fetch; /* the caller's, for the network */
    bool has_cache_key;      /* the caller's */
    struct hook_cache_key cache_key;
};

/* State of the prefetch key that holds the results, for metrics and audit. */
enum hook_prefetch_state {
    HOOK_PREFETCH_ABSENT,
    HOOK_PREFETCH_NULL,
    HOOK_PREFETCH_DATA,
    HOOK_PREFETCH_OUTCOME,
    HOOK_PREFETCH_WRONG,
};
const char *hook_prefetch_state_name(enum hook_prefetch_state state);

struct hook_call {
    struct arena arena;
    struct json_doc doc;
    struct buf text, aside;                  /* for whoever renders; reused */
    const struct hook_options *options;      /* borrowed */
    const struct rules_knowledge *knowledge; /* borrowed */
    struct slice today; /* "2026-11-24", borrowed; for ages, so that replay is exact */
    struct hook_request request;
    struct fhir_collection collection;
    struct hook_facts facts;
    struct fhir_capability server; /* the caller may say more of it before the first plan */
    uint32_t left_ms;              /* the caller's: time for what a plan adds */
    struct hook_patient patient;
    struct hook_order_facts *order_facts; /* one per facts.drug_orders */
    const struct hook_given *given;       /* borrowed; NULL: the record is read */
    struct hook_estimate *estimates;
    size_t estimates_count, estimates_max;
    struct hook_pretest *pretests;
    size_t pretests_count, pretests_max;
    enum hook_prefetch_state prefetch_state, list_prefetch_state;
    struct hook_need *needs[HOOK_NEEDS_MAX]; /* owned; reused */
    size_t needs_count, needs_made;
    bool may_fetch;  /* fhirServer was sent and is on the allow-list */
    bool is_refused; /* fhirServer was sent and is not */
    bool has_resolved_genes;
    bool is_incomplete;            /* something wanted could not be read */
    bool is_cut[HOOK_NEEDS_COUNT]; /* by kind: not all of it was or could be asked for */
    bool has_asked_further;        /* sources beyond results by code */
    uint32_t reference_rounds;
    uint32_t planned;            /* how often plan found something */
    struct rules_advice *advice; /* one per facts.drug_orders */
    struct hook_failure failure;
    size_t cards_count; /* after render */
};

void hook_call_init(struct hook_call *call, const struct hook_options *options);
void hook_call_reset(struct hook_call *call);
void hook_call_release(struct hook_call *call);

/* `body` must be followed by JSON_PADDING readable bytes and stay until reset. False: see
 * call->failure; render is still to be called. */
bool hook_call_open(struct hook_call *call, const struct hook_service *service,
                    struct slice body, const struct rules_knowledge *knowledge,
                    struct slice today) MUST_CHECK;

/* Adds what is wanted now to `needs` and returns how many were added; 0: nothing is owed any
 * more. Call it when no answer is outstanding. */
size_t hook_call_plan(struct hook_call *call) MUST_CHECK;

/* One need's answer. `body` is taken (and left empty); its slice may be empty. */
void hook_call_answer(struct hook_call *call, struct hook_need *need,
                      enum fhir_fetch_outcome outcome, uint32_t status, struct buf *body,
                      uint64_t took_us);

/* Whether it came to advice or not shows in call->failure. */
void hook_call_decide(struct hook_call *call);

/* Writes the answer's body for success and failure alike. */
void hook_call_render(struct hook_call *call, struct buf *buf);
uint32_t hook_call_status(const struct hook_call *call); /* HTTP status, after decide */

#endif
