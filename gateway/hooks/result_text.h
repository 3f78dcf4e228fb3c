/* gateway/hooks/result_text.h -- one gene's result as people write it in a line or a cell. */
#ifndef GATEWAY_HOOKS_RESULT_TEXT_H
#define GATEWAY_HOOKS_RESULT_TEXT_H

#include "rules/genotype.h"

/* A diplotype in any spelling, "Poor Metabolizer", "score 1.25", "*57:01 positive". What cannot
 * be read is kept as an allele that nobody knows, never lost. ERR_NOMEM only. */
enum err_code result_from_text(const struct rules_knowledge *knowledge,
                               const struct rules_gene *gene, struct slice text,
                               struct arena *arena, struct rules_evidence *ret) MUST_CHECK;

#endif
