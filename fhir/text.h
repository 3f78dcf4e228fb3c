/* fhir/text.h -- what laboratories write in words; for the readers of this folder, nobody else
 * includes it.
 *
 * Everything here works on text alone. Nothing negated, doubtful or ambiguous becomes a
 * statement: "no *2 detected", "suspected poor metabolizer" and "normal to rapid metabolizer"
 * say nothing.
 */
#ifndef FHIR_TEXT_H
#define FHIR_TEXT_H

#include "fhir/codes.h"
#include "fhir/observation.h"

#define FHIR_VALUE_BYTES_MAX  400  /* longer values are prose; only genotype lists are longer */
#define FHIR_TYPING_BYTES_MAX 4000 /* a GL string with its ambiguities */

/* How reading a value's text went; what it says is in the evidence. */
struct fhir_text_reading {
    bool is_read;        /* something was understood */
    bool is_no_call;     /* it says that there is no result */
    bool is_malformed;   /* a genotype that breaks its notation */
    bool is_vague;       /* an HLA typing of which no copy is one allele in two fields */
    bool has_two_genes;  /* it names more than one gene */
    bool has_other_snp;  /* nucleotides of a position that does not name alleles */
    enum fhir_gene gene; /* named by the text, else NONE */
};

/* Reads a value's text for `gene` (NONE when not known from elsewhere): fills alleles, copies,
 * is_single_allele, phenotype, score, presence and presence_allele of *ret, which the caller
 * has zeroed. The genes that the text names (fhir_genes_in) decide its notation; they are
 * reported, not stored. */
struct fhir_text_reading fhir_text_read(struct slice text, uint32_t named, enum fhir_gene gene,
                                        struct arena *arena, struct fhir_evidence *ret);

/* The HLA part of it: GL strings and single allele names of the gene's locus. */
struct fhir_text_reading fhir_hla_read(struct slice text, enum fhir_gene gene,
                                       struct arena *arena, struct fhir_evidence *ret);
/* The one HLA allele a text names, as "*57:01"; empty when it names none or several. */
struct slice fhir_hla_allele_in(struct slice text, struct arena *arena);

/* A phenotype stated as a phrase with its noun ("poor metabolizer"), in CPIC's words for the
 * gene; empty for none, and for several different ones. */
struct slice fhir_phenotype_phrase(struct slice text, enum fhir_gene gene);
/* The same where the text stands in a field for the phenotype: "Poor", "PM" will do. */
struct slice fhir_phenotype_field(struct slice text, enum fhir_gene gene);
/* CPIC's words for this gene: transporters have function, not metabolism. */
struct slice fhir_phenotype_for(struct slice phenotype, enum fhir_gene gene);

/* Whether CPIC defines this phenotype (in its words) for the gene; true where it has no say. */
bool fhir_phenotype_is_of(struct slice phenotype, enum fhir_gene gene);

/* NONE when the text says nothing about presence, or both. */
enum fhir_presence fhir_presence_from_text(struct slice text);
/* LOINC answers, SNOMED CT qualifiers, HL7 interpretation codes. */
enum fhir_presence fhir_presence_from_code(struct slice code);

/* The activity score stated in a text ("activity score: 1.25", "AS 1"), else empty. */
struct slice fhir_score_in(struct slice text, struct arena *arena);
/* A score that is the whole text: "1.25", "≥3.0", "n/a". */
struct slice fhir_score_field(struct slice text, struct arena *arena);

#define FHIR_TEXT_WORDS_MAX 48

/* A text as words: runs of letters and digits. Text of more words is prose, count is 0. */
struct fhir_word_list {
    struct slice words[FHIR_TEXT_WORDS_MAX];
    char before[FHIR_TEXT_WORDS_MAX]; /* the first mark between it and the word before */
    size_t count;
};
void fhir_words_of(struct slice text, struct fhir_word_list *ret);
/* Puts German, Dutch and Spanish words of results into English, in English order. */
void fhir_words_translate(struct fhir_word_list *list);
/* Whether words of another language deny or doubt what the text states. */
bool fhir_text_denies_abroad(struct slice text, const struct fhir_word_list *list);
/* A phenotype in Japanese, in CPIC's words for metabolizers; empty for none, and when the text
 * denies it or names two. */
struct slice fhir_phenotype_japanese(struct slice text, bool *ret_is_ambiguous);

/* `list` holds lower-case words. */
bool fhir_word_is_in(struct slice word, const char *const *list, size_t list_count);
/* "if", "patients", "should": the sentence states nothing about this patient. */
bool fhir_word_is_conditional(struct slice word);

#endif
