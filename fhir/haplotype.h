/* fhir/haplotype.h -- what becomes of alleles that were reported one by one; private to fhir/.
 *
 * An allele that a genotype was derived from adds nothing to it. Two alleles of one gene make
 * a genotype only when they are the only two, belong to one report or one date, and no genotype
 * of the gene was read. Any other stays alone: it says nothing about the other copy.
 */
#ifndef FHIR_HAPLOTYPE_H
#define FHIR_HAPLOTYPE_H

#include "fhir/observation.h"

/* is_lone[i]: evidence[i] is an allele that may have a partner. Removes and joins records, and
 * warns of each that remains alone. */
enum err_code fhir_join_haplotypes(const struct fhir_collection *collection,
                                   struct fhir_reading *reading,
                                   bool is_lone[FHIR_EVIDENCE_MAX], struct arena *arena,
                                   struct err *err) MUST_CHECK;

/* Sets is_part (one for each resource of the collection) of what the genotype was derived from.
 */
void fhir_mark_parts(const struct fhir_collection *collection,
                     const struct fhir_resource *genotype, bool *is_part, struct arena *arena);

#endif
