/* gateway/hooks/inspect.h -- what the reader sees in a file or in a server's answers, and what
 * the rules make of it.
 *
 * Pure: resources in, a report out. A report holds every gene of the knowledge that there is
 * any evidence about, one row for each distinct call (results that disagree are several rows),
 * HLA alleles one by one, every medication order, and what was left out and why.
 *
 * What a file may hold: a resource, a Bundle, an array of resources, resources line by line
 * (NDJSON), or a whole hook request (its draft orders and its prefetch). Without a patient's id
 * the results of one patient only are reported: two people's results must never meet in one
 * row.
 *
 * Ownership: an inspection owns its arena and documents; everything in it lives until
 * inspect_release. The knowledge is borrowed.
 */
#ifndef GATEWAY_HOOKS_INSPECT_H
#define GATEWAY_HOOKS_INSPECT_H

#include "gateway/hooks/facts.h"

#define INSPECT_NODES_MAX 8000000u

struct inspect_warning {
    const char *code; /* static */
    const char *text; /* static */
};

/* One call of one gene. */
struct inspect_gene {
    const struct rules_gene *gene;
    enum rules_gene_state state;
    const struct rules_call *call;
    /* Star names in their normal form, HLA names with all fields that were typed, other names
     * as the laboratory wrote them: call->diplotype has the names of the allele table. One name
     * when one allele is all that is known, empty when none is. */
    struct slice diplotype;
    bool is_hla;      /* asked about allele by allele: see struct inspect_hla */
    bool is_computed; /* the phenotype, from the diplotype; else it is only stated */
    bool is_asserted; /* one source alone states it; else it was put together from several */
    struct inspect_warning *warnings;
    size_t warnings_count, warnings_max;
};

/* An allele that is there or, by a test for it or a whole typing, is not. Of one allele both
 * may be stated; then both are listed. */
struct inspect_hla {
    struct slice allele; /* "HLA-B*57:01" */
    bool is_positive;
};

struct inspect_ingredient {
    struct slice name;  /* of the knowledge; of a drug that it does not know, as written */
    struct slice rxcui; /* empty: not known */
};

struct inspect_order {
    struct fhir_order *order;
    struct inspect_ingredient *ingredients;
    size_t ingredients_count, ingredients_max;
    bool is_known; /* the knowledge knows an ingredient */
    bool is_draft; /* in a hook request: it is about to be signed */
    bool is_evaluated;
    /* Why it is not evaluated: "cancelled". Also of an evaluated one: "unresolved-code", its
     * codes are of systems that the knowledge has no codes of, so that nothing can come of it;
     * "ingredient-not-read", one of its ingredients is a reference that leads nowhere. */
    struct slice reason;
};

struct inspect_ignored {
    struct slice resource; /* "Observation/a" */
    struct slice reason;   /* "foreign-patient" */
};

struct inspect_document; /* private */

struct inspection {
    struct arena arena;
    struct inspect_document *documents; /* owned, newest first */
    const struct rules_knowledge *knowledge;
    struct slice patient_id; /* empty: not named, all resources are the patient's */
    struct fhir_collection collection;
    struct json selections; /* of an order-select request */
    bool is_request;        /* a hook request: its drafts are evaluated, nothing else */
    size_t drafts_end;      /* of a request: the drafts are the resources before this one */
    bool is_outcome;        /* nothing but a server's error */

    struct hook_facts facts; /* all genes, their evidence and results; its mapping may be set */
    struct inspect_gene *genes;
    size_t genes_count, genes_max;
    struct inspect_hla *hla;
    size_t hla_count, hla_max;
    struct inspect_order *orders;
    size_t orders_count, orders_max;
    struct inspect_ignored *ignored;
    size_t ignored_count, ignored_max;
};

/* patient_id may be empty, or have "Patient/" in front. */
void inspect_init(struct inspection *inspection, const struct rules_knowledge *knowledge,
                  struct slice patient_id);
void inspect_release(struct inspection *inspection); /* accepts a zeroed one */

/* Takes the file's text (left empty) and adds what it holds. ERR_SYNTAX, ERR_INVALID for what
 * is no FHIR, ERR_LIMIT, ERR_NOMEM. */
enum err_code inspect_add_file(struct inspection *inspection, struct buf *text,
                               struct err *err) MUST_CHECK;
/* The same for the answer of a FHIR server: one resource or Bundle, in *ret_root. ERR_UPSTREAM
 * when it is anything else, or an error in place of data. */
enum err_code inspect_add_answer(struct inspection *inspection, struct buf *text,
                                 struct json *ret_root, struct err *err) MUST_CHECK;

/* Reads the orders, so that it shows which Medications are missing; may be called again when
 * more has come. */
enum err_code inspect_read_orders(struct inspection *inspection, struct err *err) MUST_CHECK;
/* Fills the report, orders included. ERR_INVALID when no patient is named and there are results
 * or orders of several; ERR_LIMIT, ERR_NOMEM. */
enum err_code inspect_read(struct inspection *inspection, struct err *err) MUST_CHECK;
/* Adds a row to `ignored`. The reason is static. */
enum err_code inspect_ignore(struct inspection *inspection, struct slice resource,
                             const char *reason, struct err *err) MUST_CHECK;

/* {"genes":[{"gene","diplotype","phenotype","basis","state","sources":[],"warnings":[{"code",
 * "text"}]}],"hla":[{"allele","status"}],"orders":[{"resource","ingredients":[{"name",
 * "rxcui"}],"evaluate","reason"}],"ignored":[{"resource","reason"}]}; what is not known is
 * null.
 */
void inspect_write_json(const struct inspection *inspection, struct buf *buf);
/* The same for people, with the evidence as written, dates and laboratories. Lines of text
 * without control characters. */
void inspect_write_text(struct inspection *inspection, struct buf *buf);

/* Parts of inspect_read. */
enum err_code inspect_read_hla(struct inspection *inspection, struct err *err) MUST_CHECK;
bool inspect_is_foreign(const struct inspection *inspection, const struct fhir_resource *from,
                        struct arena *arena);

#endif
