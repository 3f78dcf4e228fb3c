/* gateway/hooks/result_text.h -- one gene's result as a line of text says it, for the batch
 * commands.
 *
 * A laboratory's spelling is read by fhir/, the names of the gene's own table by the rules:
 * "Mediterranean, Dallas/B (reference)" follows no notation, but is in the table.
 */
#ifndef GATEWAY_HOOKS_RESULT_TEXT_H
#define GATEWAY_HOOKS_RESULT_TEXT_H

#include "rules/genotype.h"

enum result_text {
    RESULT_TEXT_READ,       /* *ret is filled, unusable as it may be */
    RESULT_TEXT_NO_CALL,    /* "./.", "not tested": there is no result */
    RESULT_TEXT_OTHER_GENE, /* it names another gene */
    RESULT_TEXT_UNREADABLE,
};

/* The gene as a file names it: by symbol in any case, or HGNC number. NULL when the knowledge
 * does not have it. */
const struct rules_gene *result_text_gene(const struct rules_knowledge *k, struct slice name);

/* Statuses of several alleles in one text, "*57:01 negative, *58:01 positive", as one text
 * each; any other text is one part, as it is. `ret` has room for RESULT_TEXT_PARTS_MAX. */
#define RESULT_TEXT_PARTS_MAX 16
size_t result_text_parts(const struct rules_knowledge *k, const struct rules_gene *gene,
                         struct slice text, struct slice *ret);

/* Reads a diplotype (all spellings of laboratories), one allele, an HLA typing or status, a
 * genotype at one position, or a stated phenotype or score as a laboratory's record. *ret_how
 * is only valid for ERR_OK; errors are those of memory. */
enum err_code result_text_evidence(const struct rules_knowledge *k,
                                   const struct rules_gene *gene, struct slice text,
                                   struct arena *arena, struct rules_evidence *ret,
                                   enum result_text *ret_how, struct err *err) MUST_CHECK;

/* The same, and what the rules make of it; *ret is set for RESULT_TEXT_READ. */
enum err_code result_text_read(const struct rules_knowledge *k, const struct rules_gene *gene,
                               struct slice text, struct arena *arena,
                               struct rules_gene_result *ret, enum result_text *ret_how,
                               struct err *err) MUST_CHECK;

#endif
