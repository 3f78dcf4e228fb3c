/* rules/diff_private.h -- what the files of the diff share; nobody else includes it. */
#ifndef RULES_DIFF_PRIVATE_H
#define RULES_DIFF_PRIVATE_H

#include "rules/base/buf.h"
#include "rules/diff.h"
#include "rules/genotype_private.h"

#define DIFF_TEXT_BYTES_MAX ((size_t)4 * 1024 * 1024)

struct diff {
    const struct rules_knowledge *a, *b; /* before, after */
    struct arena *arena;
    struct rules_diff *ret;
    struct err *err;
};

/* A new element of a list; NULL when memory ended, with err set. */
#define X(type, array) struct rules_diff_##type *diff_add_##type(struct diff *diff);
RULES_DIFF_LISTS(X)
#undef X

/* The pair's element, a new one if need be. */
struct rules_diff_pair *diff_pair(struct diff *diff, struct slice gene, struct slice drug);

/* One file a topic. */
enum err_code diff_advice(struct diff *diff) MUST_CHECK;
enum err_code diff_tables(struct diff *diff) MUST_CHECK;
enum err_code diff_genes(struct diff *diff) MUST_CHECK;

#endif
