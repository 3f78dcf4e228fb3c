/* gateway/store/cpic_emit.h -- writes a drug's rows into the release; between cpic_advice.c and
 * cpic_emit.c.
 */
#ifndef GATEWAY_STORE_CPIC_EMIT_H
#define GATEWAY_STORE_CPIC_EMIT_H

#include "gateway/store/cpic_private.h"

/* One publisher and one drug. */
struct cpic_target {
    struct slice publisher;
    const struct cpic_guideline *guideline; /* of the first row; NULL: known by name only */
    struct slice drug;                      /* the release's name for it */
    struct slice rxcui;
    const struct cpic_drug *listed; /* NULL: the import lists no drugs */
};

struct cpic_batch {
    const struct cpic_target *target;
    struct cpic_row *rows;
    size_t count;
    size_t groups_count;
};

/* The release's name for a drug that is referred to by id or name, or the import's own; empty:
 * there is no such drug. */
struct slice cpic_drug_name(const struct cpic_import *a, struct slice reference,
                            struct slice *ret_rxcui);

/* Puts the rows in place of what the release has of this publisher for the drug. */
enum err_code cpic_emit(struct cpic_import *a, struct cpic_batch *batch) MUST_CHECK;

/* What else the import says of drugs that have recommendations: levels of gene-drug pairs, and
 * alerts before a test where the release knows how the test is ordered. */
enum err_code cpic_emit_pairs(struct cpic_import *a) MUST_CHECK;

#endif
