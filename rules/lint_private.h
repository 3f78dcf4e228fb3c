/* rules/lint_private.h -- what the files of the lint share; nobody else includes it. */
#ifndef RULES_LINT_PRIVATE_H
#define RULES_LINT_PRIVATE_H

#include "rules/base/buf.h"
#include "rules/knowledge_private.h"
#include "rules/lint.h"

struct lint {
    const struct rules_knowledge *k;
    void (*on_finding)(void *owner, const struct rules_finding *finding);
    void *owner;
    struct rules_lint_counts counts;
    struct arena arena; /* of one drug */
    struct err *err;
};

void lint_tell(struct lint *lint, enum rules_lint_rule rule, bool is_error, const char *kind,
               struct slice name, const char *format, ...) PRINTF_LIKE(6, 7);

/* One file a topic. */
enum err_code lint_matrix(struct lint *lint) MUST_CHECK;
void lint_summaries(struct lint *lint);

#endif
