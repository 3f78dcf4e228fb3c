/* rules/warfarin_private.h -- the warfarin algorithm's numbers and what it takes from gene
 * results; for the files of rules/ only.
 */
#ifndef RULES_WARFARIN_PRIVATE_H
#define RULES_WARFARIN_PRIVATE_H

#include "rules/warfarin.h"

#define RULES_WARFARIN_NAME "warfarin" /* of the algorithm, in a release */

enum rules_warfarin_term {
#define TERM(code, model, term, least, largest) RULES_WARFARIN_TERM_##code,
#include "rules/warfarin_terms.def"
#undef TERM
    RULES_WARFARIN_TERMS_COUNT
};

struct rules_warfarin_model {
    bool is_there; /* then all terms are */
    int32_t x1e5[RULES_WARFARIN_TERMS_COUNT];
};

/* One CYP2C9 genotype, in the alleles that count. */
struct rules_warfarin_cyp2c9 {
    uint32_t star2, star3; /* how many; at most two together with `rare` */
    uint32_t rare;         /* *5, *6, *8, *11 */
    bool is_homozygous;    /* the same rare one twice */
    bool is_poor;
};

struct rules_warfarin_genes {
    struct rules_warfarin_cyp2c9 cyp2c9[RULES_CALLS_MAX];
    size_t cyp2c9_count; /* 0: not known */
    bool has_uncovered;  /* why not: an allele that has no number */
    bool has_vkorc1;
    uint32_t a_from, a_to;    /* VKORC1 -1639 A alleles: 0, 1, 2 */
    enum rules_answer cyp4f2; /* carries rs2108622 T */
    uint32_t conflicting;     /* RULES_WARFARIN_BIT */
};

void rules_warfarin_read_genes(const struct rules_knowledge *k,
                               const struct rules_warfarin_input *in,
                               struct rules_warfarin_genes *ret);

#endif
