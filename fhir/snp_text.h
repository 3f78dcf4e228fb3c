/* fhir/snp_text.h -- a genotype at one position, given by its letters; for genotype_text.c
 * only.
 */
#ifndef FHIR_SNP_TEXT_H
#define FHIR_SNP_TEXT_H

#include "fhir/text.h"

/* "C/T", "C|T", "CT" as a word of its own; SIZE_MAX when there is none. */
size_t fhir_letters_find(struct slice text, char ret[2], size_t *ret_end);
/* Whether a second pair of letters follows the one that ends at `end`, and is not said to be of
 * another position: then it is not known which of them counts. */
bool fhir_letters_repeat(struct slice text, size_t end, enum fhir_gene gene);
/* The rs number in the text, else empty. */
struct slice fhir_rs_in(struct slice text);
/* VKORC1 by the letters of the gene's strand, which are CPIC's phenotype words:
 * -1639 G>A is rs9923231 C>T. Empty for others. */
struct slice fhir_vkorc1_words(char a, char b);

#endif
