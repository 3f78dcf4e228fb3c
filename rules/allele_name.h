/* rules/allele_name.h -- spellings of allele names: one normal form, and what can be cut off.
 *
 * Text in, text out: knows PharmVar's star notation (copies, tandems, sub-alleles) and the HLA
 * nomenclature, not which alleles exist. Two spellings mean the same allele exactly when their
 * normal forms are equal bytes.
 */
#ifndef RULES_ALLELE_NAME_H
#define RULES_ALLELE_NAME_H

#include "rules/base/slice.h"

#define RULES_ALLELE_BYTES_MAX 160 /* of a name in normal form; longer ones name nothing */
#define RULES_TANDEM_PARTS_MAX 8

struct rules_allele_name {
    char bytes[RULES_ALLELE_BYTES_MAX];
    size_t len;
};

struct slice rules_allele_name_slice(const struct rules_allele_name *name);

/* Normal form: without blanks and gene prefix ("CYP2D6*4", "HLA-B*57:01", "B*57:01"), letters
 * small, "≥" as ">=", the parts of a tandem sorted. False when nothing is left or it is too
 * long. */
bool rules_allele_normalise(struct slice written, struct slice gene,
                            struct rules_allele_name *ret) MUST_CHECK;

/* How an unknown name is shown: as written, without the gene. Cut from `written`. */
struct slice rules_allele_shown(struct slice written, struct slice gene);

/* "*4.001x2" to "*4x2". False when the name has no sub-allele. */
bool rules_allele_cut_sub(const struct rules_allele_name *name,
                          struct rules_allele_name *ret) MUST_CHECK;

/* "*1x2", "*1x>=3", "*1xn" of a single star allele, in normal form. */
struct rules_allele_copies {
    struct slice core; /* "*1"; borrowed from the name */
    bool is_known;     /* false: xN */
    uint32_t count;    /* at least this many for ">=" */
};
#define RULES_COPIES_MAX 20
bool rules_allele_split_copies(struct slice name, struct rules_allele_copies *ret) MUST_CHECK;
bool rules_allele_join_copies(struct slice core, bool is_at_least, uint32_t count,
                              struct rules_allele_name *ret) MUST_CHECK;

/* Two names in normal form as one, "a/b", whichever comes first. False when it is too long. */
bool rules_allele_join_pair(struct slice a, struct slice b,
                            struct rules_allele_name *ret) MUST_CHECK;

/* An HLA name in normal form, cut to what two fields say. */
struct rules_hla_name {
    struct slice two_fields; /* "*57:01"; the name itself when it has no two numeric fields */
    bool is_exact;   /* it has two numeric fields and no expression suffix (N, L, ...) */
    bool is_cut;     /* further fields, or a P or G group, were left out */
    bool is_group_p; /* the P group: all alleles with the same binding protein */
};
struct rules_hla_name rules_hla_read(struct slice name);

/* Natural order: *2 before *10, otherwise by bytes. */
int rules_allele_compare(struct slice a, struct slice b);

#endif
