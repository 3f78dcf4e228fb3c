/* rules/lint.h -- what is wrong with a release although every row of it is valid.
 *
 * Loading refuses what cannot work; this names what works but not as meant: advice that no
 * patient gets, results that get none or two kinds, wording that is missing or does not fit.
 */
#ifndef RULES_LINT_H
#define RULES_LINT_H

#include "rules/knowledge.h"

#define RULES_LINT_RULES(X)                                                                    \
    X(UNREACHABLE, "unreachable")         /* no patient can get the recommendation */          \
    X(REDUNDANT, "redundant")             /* another one says the same to all its patients */  \
    X(OVERLAP, "overlap")                 /* two that differ for the same result */            \
    X(HOLE, "hole")                       /* a result without a recommendation */              \
    X(OMISSION_UNUSED, "omission-unused") /* "no_rows" names what there is a row for */        \
    X(TRANSLATION, "translation")         /* a message that lacks a language */                \
    X(CITATION, "citation")               /* a source that cannot be looked up */              \
    X(SOURCE_UNUSED, "source-unused")     /* a source that nothing cites */                    \
    X(SUMMARY, "summary")                 /* a card's summary that has to be cut */            \
    X(MESSAGE_UNUSED, "message-unused")   /* a message that nothing shows */                   \
    X(IMPLICATION, "implication")         /* an alert that does not explain a gene result */

enum rules_lint_rule {
#define X(code, name) RULES_LINT_##code,
    RULES_LINT_RULES(X)
#undef X
};
const char *rules_lint_rule_name(enum rules_lint_rule rule);

struct rules_finding {
    enum rules_lint_rule rule;
    bool is_error;      /* false: a warning */
    struct slice about; /* "drug codeine", "recommendation cpic-x"; borrowed during the call */
    struct slice text;
};

struct rules_lint_counts {
    size_t errors, warnings;
};

/* Findings come in an order that depends on the content only. `on_finding` may be NULL. Fails
 * for lack of memory, and ERR_LIMIT for a drug with too many results to combine. */
enum err_code rules_lint(const struct rules_knowledge *k,
                         void (*on_finding)(void *owner, const struct rules_finding *finding),
                         void *owner, struct rules_lint_counts *ret,
                         struct err *err) MUST_CHECK;

/* Characters of the longest summary line that a card with this recommendation can need, with
 * phenotypes abbreviated, in the language of `message`; see gateway/hooks/card_summary.c. */
size_t rules_lint_summary_chars(const struct rules_knowledge *k,
                                const struct rules_recommendation *r,
                                const struct rules_message *message);
#define RULES_SUMMARY_CHARS_MAX 139 /* CDS Hooks 2.0.1: fewer than 140 */

#endif
