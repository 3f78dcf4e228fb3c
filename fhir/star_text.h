/* fhir/star_text.h -- one genotype expression of star alleles or HGVS names; for
 * genotype_text.c only.
 *
 *     pair    = side ["/" | "|"] side, or one side alone; in brackets: "(" pair ")" "xN"
 *     side    = tandem, or "(" tandem ")"
 *     tandem  = allele { "+" allele }
 *     allele  = [gene] "*2A", "*4.001", "*1x2", "*1xN", "*2x>=3", "c.1905+1G>A (*2A)",
 *               "Reference", "HapB3", "(TA)7"
 */
#ifndef FHIR_STAR_TEXT_H
#define FHIR_STAR_TEXT_H

#include "fhir/text.h"

#define FHIR_PARTS_MAX 4 /* alleles in tandem on one chromosome */

struct fhir_side {
    struct slice name; /* "*36+*10" */
    struct slice parts[FHIR_PARTS_MAX];
    size_t parts_count;
};

struct fhir_expression {
    struct fhir_side sides[2];
    size_t sides_count;
    struct slice copies; /* the 3 of (*1 / *2)x3: which of the two is not said */
    size_t start;        /* its place in the text */
    size_t end;
};

/* Where the next expression may begin at or behind `from`; SIZE_MAX when nowhere. */
size_t fhir_expression_find(struct slice text, size_t from, enum fhir_gene gene);
/* Reads the expression around that place. False when it breaks the grammar. */
bool fhir_expression_read(struct slice text, size_t at, enum fhir_gene gene,
                          struct arena *arena, struct fhir_expression *ret);
/* One allele that begins at text[*at], blanks and gene prefix skipped; empty when none does. */
struct slice fhir_allele_read(struct slice text, size_t *at, enum fhir_gene gene,
                              struct arena *arena);
/* "x2", "XN", "x>=3" at text[*at]: the count alone ("2", "N", "≥3"), else empty. */
struct slice fhir_copies_read(struct slice text, size_t *at, struct arena *arena);
void fhir_blanks_skip(struct slice text, size_t *at);

#endif
