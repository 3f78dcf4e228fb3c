/* rules/genotype.h -- from what laboratories report about a gene to the keys that
 * recommendations are looked up by.
 *
 * Evidence comes at four levels (diplotype, phenotype, activity score, allele status); each is
 * accepted, missing lower levels are never invented, and the level an answer came from is kept.
 * Nothing unknown ever becomes "normal": an unknown allele or function makes the call
 * Indeterminate, an absent result makes no call.
 */
#ifndef RULES_GENOTYPE_H
#define RULES_GENOTYPE_H

#include "rules/knowledge.h"

#define RULES_ALLELES_MAX 8  /* alleles in one evidence */
#define RULES_CALLS_MAX   8  /* distinct calls of one gene */
#define RULES_KEYS_MAX    12 /* keys of one call (HLA: one per tested allele) */

enum rules_presence {
    RULES_PRESENCE_NONE,
    RULES_PRESENCE_POSITIVE,
    RULES_PRESENCE_NEGATIVE,
    RULES_PRESENCE_INDETERMINATE,
};

/* One source's statement. Slices are borrowed. A record may hold several levels at once. */
struct rules_evidence {
    struct slice gene;
    struct slice alleles[RULES_ALLELES_MAX]; /* as written, without gene prefix */
    size_t alleles_count;
    struct slice copies;    /* of a bracketed pair "(a b)xN"; "N" or a number; else empty */
    bool is_single_allele;  /* one of two copies */
    struct slice phenotype; /* stated */
    struct slice score;     /* stated */
    enum rules_presence presence;
    struct slice presence_allele;
    bool is_preliminary;
};

#define RULES_CALL_NOTES(X)                                                                    \
    X(UNKNOWN_ALLELE, "unknown-allele", "an allele is not in the allele table")                \
    X(UNKNOWN_FUNCTION, "unknown-function", "an allele's function is unknown or uncertain")    \
    X(SUBALLELE, "sub-allele", "a sub-allele was read as its core allele")                     \
    X(FIELDS_CUT, "fields-cut", "an HLA name was cut to two fields")                           \
    X(SINGLE_ALLELE, "single-allele", "only one allele is reported")                           \
    X(COPIES_UNKNOWN, "copies-unknown", "the number of copies, or which allele, is unknown")   \
    X(PHENOTYPE_ONLY, "phenotype-only", "a phenotype without a genotype")                      \
    X(PHENOTYPE_DIFFERS, "phenotype-differs",                                                  \
      "the laboratory's phenotype differs from the one computed from its genotype")            \
    X(PHENOTYPE_UNKNOWN, "phenotype-unknown", "the stated phenotype is not one of the gene's") \
    X(PRELIMINARY, "preliminary", "only preliminary results are available")                    \
    X(LOWEST_TWO, "lowest-two",                                                                \
      "of more than two variants the two with the least function count")                       \
    X(MARKER, "marker",                                                                        \
      "a variant that goes with the allele was found, not the allele itself")                  \
    X(ONE_POSITION, "one-position",                                                            \
      "one position was reported; the other allele counts as the reference")                   \
    X(TWO_ALLELES, "two-alleles", "different alleles of a gene that has one copy")             \
    X(TOO_MANY, "too-many-results", "too many different results to compare")

enum rules_call_note {
#define X(code, name, text) RULES_NOTE_##code,
    RULES_CALL_NOTES(X)
#undef X
        RULES_NOTES_COUNT
};
const char *rules_call_note_name(enum rules_call_note note);
const char *rules_call_note_text(enum rules_call_note note);

/* What a recommendation's condition is compared with. */
struct rules_key {
    bool is_score;
    uint32_t from_x100, to_x100; /* is_score: the score lies in here (equal when exact) */
    struct slice word;           /* otherwise: phenotype, "n/a" or "*57:01 positive" */
};

/* One distinct answer for a gene; sources that agree share it. */
struct rules_call {
    struct slice diplotype; /* canonical: both names in natural order, *2 before *10 */
    struct slice phenotype; /* CPIC's words; "Indeterminate"; empty for allele status */
    bool has_score;
    bool score_is_at_least;
    uint32_t score_x100;
    struct rules_key keys[RULES_KEYS_MAX];
    size_t keys_count;
    /* Numbers of the functions of the alleles that count, for rules_call_under; none when the
     * call does not come from a diplotype. */
    uint32_t functions[2];
    size_t functions_count;
    uint32_t notes;    /* bit 1 << enum rules_call_note */
    uint32_t *sources; /* which evidence supports it: indexes into the input, ascending */
    size_t sources_count;
};

#define RULES_GENE_STATES(X)                                                                   \
    X(NONE, "none")         /* no evidence */                                                  \
    X(SINGLE, "single")     /* one source */                                                   \
    X(AGREED, "agreed")     /* several sources, one answer */                                  \
    X(CONFLICT, "conflict") /* several answers: all are kept, none is preferred */             \
    X(UNUSABLE,                                                                                \
      "unusable") /* results exist, but say nothing (indeterminate counts as usable) */

enum rules_gene_state {
#define X(code, name) RULES_GENE_##code,
    RULES_GENE_STATES(X)
#undef X
};
const char *rules_gene_state_name(enum rules_gene_state state);

struct rules_gene_result {
    const struct rules_gene *gene; /* borrowed from the snapshot */
    enum rules_gene_state state;
    struct rules_call *calls;
    size_t calls_count;
};

/* Reads all evidence about one gene (records about other genes are passed over). What is
 * written there never is an error; more than RULES_CALLS_MAX distinct answers become one
 * unusable call with the note TOO_MANY. A final result replaces preliminary ones (of HLA,
 * allele by allele), unless it is unusable. A call without keys is unusable: it is kept when
 * there is nothing else, or when a single allele contradicts the diplotypes. */
enum err_code rules_resolve_gene(const struct rules_knowledge *k, const struct rules_gene *gene,
                                 const struct rules_evidence *evidence, size_t evidence_count,
                                 struct arena *arena, struct rules_gene_result *ret,
                                 struct err *err) MUST_CHECK;

/* A score ("score 1.25", "1.25", "≥3.0", "n/a"), an allele's status ("*57:01 positive"), a
 * phenotype or a diplotype with a slash between its alleles. */
void rules_evidence_from_text(const struct rules_knowledge *k, const struct rules_gene *gene,
                              struct slice text, struct rules_evidence *ret);
/* The same call as another authority reads it ("DPWG": a CYP2D6 score of 2.5 is Normal
 * Metabolizer): phenotype, score and keys are the authority's, where it has tables of its own
 * for the gene; the rest is the call's. A stated phenotype stays as it was stated. */
void rules_call_under(const struct rules_knowledge *k, const struct rules_gene *gene,
                      struct slice authority, const struct rules_call *call,
                      struct rules_call *ret);

/* The key a call is looked up by as CPIC writes it ("Poor Metabolizer", "1.25", "≥3.0", "n/a",
 * "*57:01 positive"); a range of scores gives "0.25-1.0". */
struct slice rules_key_text(const struct rules_key *key, struct arena *arena);
/* The scores in the key's range that the recommendation asks for and that two alleles of the
 * gene add up to, ascending, as CPIC writes them. Texts live in the arena. */
#define RULES_SCORES_MAX 64
size_t rules_scores_of(const struct rules_knowledge *k,
                       const struct rules_recommendation *recommendation,
                       const struct rules_gene *gene, const struct rules_key *key,
                       struct arena *arena, struct slice ret[RULES_SCORES_MAX]);
struct slice rules_score_text(uint32_t score_x100, bool is_at_least, struct arena *arena);

#endif
