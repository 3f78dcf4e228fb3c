/* rules/genotype_private.h -- the steps between evidence and calls; for the files of rules/
 * only.
 *
 *   evidence  > candidates (record.c)  > calls (resolve.c)      genes with two alleles
 *   evidence  > statuses               > calls (presence.c)     HLA: allele by allele
 *
 * Texts of calls are borrowed from the snapshot and the evidence, or live in the arena.
 */
#ifndef RULES_GENOTYPE_PRIVATE_H
#define RULES_GENOTYPE_PRIVATE_H

#include "rules/knowledge_private.h"

#define RULES_NOTE_BIT(note) ((uint32_t)1 << (note))

/* One allele as reported. */
struct rules_allele_read {
    const struct rules_allele *row; /* NULL: not in the table */
    uint32_t number;                /* for pair rules; RULES_ABSENT when unknown */
    bool has_value;
    bool is_at_least;
    uint32_t value_x100;
    struct slice name;   /* the table's, or as written */
    struct slice normal; /* normal form, in the arena */
    uint32_t marks;      /* row of the allele that this one only marks, or RULES_ABSENT */
    uint32_t notes;
};

struct rules_diplotype {
    struct rules_allele_read
        alleles[RULES_ALLELES_MAX]; /* in natural order, unknown ones last */
    size_t alleles_count;
    size_t counted[2];     /* of more than two, the ones that count */
    bool is_lowest_two;    /* ... and text and identity name only these */
    struct slice text;     /* as CPIC writes it */
    struct slice identity; /* equal for diplotypes that are the same, however written */
    uint32_t notes;
};

/* Never fails for what is written, only for memory. */
enum err_code rules_diplotype_read(const struct rules_knowledge *k,
                                   const struct rules_gene *gene, const struct slice *alleles,
                                   size_t alleles_count, struct arena *arena,
                                   struct rules_diplotype *ret, struct err *err) MUST_CHECK;

/* Whether one position was reported, with a variant that does what the reference does: that
 * says nothing about the rest of the gene. */
bool rules_diplotype_is_harmless(const struct rules_diplotype *d);

/* Records that each give one position of the gene, as one record; is_joined, one for each
 * record of `evidence`, tells which these are: none or several. */
enum err_code rules_join_positions(const struct rules_knowledge *k,
                                   const struct rules_gene *gene,
                                   const struct rules_evidence *evidence, size_t evidence_count,
                                   struct arena *arena, bool *is_joined,
                                   struct rules_evidence *ret, struct err *err) MUST_CHECK;

/* Phenotype, score, keys and notes of a call. */
void rules_call_from_diplotype(const struct rules_knowledge *k, const struct rules_gene *gene,
                               const struct rules_diplotype *diplotype,
                               struct rules_call *call);
/* Whether one allele of this function decides, whatever the other one is. */
bool rules_decides_alone(const struct rules_knowledge *k, const struct rules_gene *gene,
                         uint32_t function);
void rules_call_set_score(const struct rules_knowledge *k, const struct rules_gene *gene,
                          uint32_t score_x100, bool is_at_least, struct rules_call *call);
/* `phenotype` is one of rules_phenotype_of. Without a key for it the call stays unusable. */
void rules_call_set_phenotype(const struct rules_knowledge *k, const struct rules_gene *gene,
                              struct slice phenotype, struct rules_call *call);
bool rules_call_is_indeterminate(const struct rules_call *call);
bool rules_calls_have_same_keys(const struct rules_call *a, const struct rules_call *b);

/* What one record says, or what several that agree say. A call without keys is unusable. */
struct rules_candidate {
    struct rules_call call; /* `sources` holds what agrees */
    size_t sources_max;
    const struct rules_diplotype *diplotype; /* NULL: a stated phenotype or score */
    struct slice identity;                   /* of the diplotype with its copies */
    bool is_single;                          /* one allele of two: unusable by itself */
    bool is_preliminary;
    bool is_merged; /* into another one */
};

/* Two possibilities for the copies, a stated score and a stated phenotype. */
#define RULES_RECORD_CANDIDATES_MAX 4

enum err_code rules_record_read(const struct rules_knowledge *k, const struct rules_gene *gene,
                                const struct rules_evidence *evidence, struct arena *arena,
                                struct rules_candidate *candidates, size_t *ret_count,
                                struct err *err) MUST_CHECK;

/* A stated phenotype or score is the one of this call. */
bool rules_call_agrees(const struct rules_call *call, const struct rules_call *stated);
/* Takes over phenotype, score and keys, keeps the diplotype. */
void rules_call_adopt(struct rules_call *call, const struct rules_call *stated);

enum err_code rules_call_add_source(struct rules_call *call, size_t *max, uint32_t source,
                                    struct arena *arena, struct err *err) MUST_CHECK;

/* "*57:01 positive". */
bool rules_presence_from_text(struct slice text, struct slice *ret_allele,
                              enum rules_presence *ret);
enum err_code rules_resolve_presence(const struct rules_knowledge *k,
                                     const struct rules_gene *gene,
                                     const struct rules_evidence *evidence,
                                     size_t evidence_count, struct arena *arena,
                                     struct rules_gene_result *ret, struct err *err) MUST_CHECK;

/* More answers than can be compared: one call that says so and can be looked up by nothing. */
enum err_code rules_result_too_many(struct rules_gene_result *ret,
                                    const struct rules_gene *gene,
                                    const struct rules_evidence *evidence,
                                    size_t evidence_count, struct arena *arena,
                                    struct err *err) MUST_CHECK;

/* Sets calls and state from calls that are distinct. */
enum err_code rules_result_set(struct rules_gene_result *ret, const struct rules_gene *gene,
                               const struct rules_call *calls, size_t calls_count,
                               struct arena *arena, struct err *err) MUST_CHECK;

#endif
