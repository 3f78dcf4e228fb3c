/* gateway/store/not_covered.h -- not_covered.json: what a guideline's publisher lists but the
 * knowledge has no recommendation for, and why.
 *
 *   { "list": "where the pairs are listed, and as of when",
 *     "groups": [ { "why": "...", "pairs": [ { "gene": "", "drug": "", "level": "A" } ] } ] }
 *
 * It stands beside the knowledge files for the document that `pgxgate rules coverage` prints;
 * no release holds it.
 */
#ifndef GATEWAY_STORE_NOT_COVERED_H
#define GATEWAY_STORE_NOT_COVERED_H

#include "rules/base/arena.h"
#include "rules/base/err.h"
#include "rules/base/slice.h"

struct not_covered_pair {
    struct slice gene, drug;
    struct slice level; /* of the publisher, e.g. "A" */
    struct slice why;   /* that of its group */
};

struct not_covered {
    struct arena arena; /* of the rest */
    struct slice list;
    struct not_covered_pair *pairs; /* as in the file */
    size_t count, max;
};

/* On success `ret` is the caller's to release; without such a file it is empty. */
enum err_code not_covered_read(const char *dir, struct not_covered *ret,
                               struct err *err) MUST_CHECK;
void not_covered_release(struct not_covered *n); /* accepts a zeroed one */

#endif
