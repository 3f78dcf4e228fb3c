/* gateway/hooks/facts.h -- from FHIR facts to rule facts.
 *
 * The one place where what fhir/ read meets what rules/ knows: orders become drugs, evidence
 * becomes gene results. It keeps both sides joined, because a card shows both: the result as
 * the laboratory wrote it, and what the rules made of it.
 */
#ifndef GATEWAY_HOOKS_FACTS_H
#define GATEWAY_HOOKS_FACTS_H

#include "fhir/observation.h"
#include "fhir/order.h"
#include "gateway/hooks/order_drugs.h"
#include "gateway/hooks/request.h"
#include "rules/evaluate.h"

/* A drug that is about to be ordered and that the knowledge has rules for. */
struct hook_drug_order {
    const struct fhir_order *order;
    const struct rules_drug *drug;
    const struct rules_population *population; /* from the order's reasons; NULL: not known */
    enum hook_named_by named_by;               /* TEXT: the card says so */
};

/* A code to be mapped, see hook_code_is_listable. */
struct hook_unresolved_code {
    struct slice system;
    struct slice code;
};
#define HOOK_UNRESOLVED_MAX 16 /* listed for one call; all are counted */

struct fhir_mapping;

struct hook_facts {
    const struct fhir_mapping *mapping; /* of the site's codes and texts; borrowed, or NULL */
    struct fhir_order *orders;
    size_t orders_count;
    struct hook_drug_order *drug_orders; /* one per drug, in the order of the orders */
    size_t drug_orders_count, drug_orders_max;
    const struct rules_gene **genes; /* that these drugs' rules ask about */
    size_t genes_count, genes_max;

    size_t orders_evaluated;     /* selected, ready orders */
    size_t orders_unresolved;    /* of these, with codes that no drug is known for */
    size_t orders_local;         /* of these, in a local dose form: no systemic effect */
    size_t orders_unread;        /* whose medication is not here and must be fetched */
    size_t orders_incomplete;    /* evaluated but for an ingredient that is not here */
    size_t orders_contradictory; /* with codes that name different drugs */
    size_t orders_by_text;       /* resolved by words, for want of a code */
    struct hook_order_drugs *order_drugs; /* parallel to orders; empty when not evaluated */
    struct hook_unresolved_code unresolved[HOOK_UNRESOLVED_MAX]; /* each once */
    size_t unresolved_count;

    struct fhir_reading reading;
    struct rules_evidence *evidence;   /* the same records, index by index */
    struct rules_gene_result *results; /* one per gene in `genes` */
    bool has_age;
    uint32_t age_years;
};

/* Reads the orders of the request. `collection` must hold them already. */
enum err_code hook_facts_read_orders(struct hook_facts *facts,
                                     const struct hook_request *request,
                                     const struct fhir_collection *collection,
                                     struct arena *arena, struct err *err) MUST_CHECK;

/* Finds the drugs of the selected orders and the genes to ask for; may be called again when
 * more Medications have arrived. */
enum err_code hook_facts_find_drugs(struct hook_facts *facts,
                                    const struct hook_request *request,
                                    const struct fhir_collection *collection,
                                    const struct rules_knowledge *knowledge,
                                    struct arena *arena, struct err *err) MUST_CHECK;

/* Reads the evidence in the collection and resolves every gene in `genes`. */
enum err_code hook_facts_resolve_genes(struct hook_facts *facts, struct slice patient_id,
                                       const struct fhir_collection *collection,
                                       const struct rules_knowledge *knowledge,
                                       struct arena *arena, struct err *err) MUST_CHECK;

/* One record of a laboratory as the rules read it; texts are borrowed from it. */
struct rules_evidence hook_evidence_of(const struct fhir_evidence *read);

/* How a record that is no laboratory's result came to be, behind the name of its resource: ", a
 * genomic indicator, not a laboratory's result". Empty for a result. */
struct slice hook_origin_words(enum fhir_origin origin);

/* Whether a laboratory stands behind any of the call's sources. */
bool hook_facts_have_laboratory(const struct hook_facts *facts, const struct rules_call *call);

/* What was found about a gene; NULL when it was not asked for. */
const struct rules_gene_result *hook_facts_result(const struct hook_facts *facts,
                                                  const struct rules_gene *gene);

/* True when what is ordered is not all known: silence would vouch for what nobody read. */
bool hook_facts_lack_a_drug(const struct hook_facts *facts);

/* True when a gene asked for has no result at all. */
bool hook_facts_lack_a_gene(const struct hook_facts *facts);

/* True when nothing more could be learnt by asking again: every gene has a result, and none is
 * looked up allele by allele (one HLA-B answer says nothing about another HLA-B allele). */
bool hook_facts_are_complete(const struct hook_facts *facts);

#endif
