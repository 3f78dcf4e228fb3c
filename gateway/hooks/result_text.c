/* gateway/hooks/result_text.c -- a text to evidence. */
#include "gateway/hooks/result_text.h"

enum err_code result_from_text(const struct rules_knowledge *knowledge,
                               const struct rules_gene *gene, struct slice text,
                               struct arena *arena, struct rules_evidence *ret)
{
    (void)arena;
    rules_evidence_from_text(knowledge, gene, text, ret);
    return ERR_OK;
}
