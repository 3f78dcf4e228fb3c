/* rules/advice_text.h -- what a recommendation says, field by field, as text for people.
 *
 * Made for comparing: two recommendations give the same care when all their fields are equal,
 * whatever their ids, and in whichever release they are. Every column that a recommendation or
 * an action has is a field or part of one by itself; who, when and by whom (drug, population,
 * age, conditions, source) is not part of it.
 */
#ifndef RULES_ADVICE_TEXT_H
#define RULES_ADVICE_TEXT_H

#include "rules/base/buf.h"
#include "rules/knowledge.h"

#define RULES_ADVICE_FIELDS_MAX 32

struct rules_advice_field {
    const char *name; /* static */
    struct slice text;
};

/* Fields come in the same order for every recommendation. */
struct rules_advice_text {
    struct rules_advice_field fields[RULES_ADVICE_FIELDS_MAX];
    size_t count;
};

/* Texts live in the arena. */
enum err_code rules_advice_text(const struct rules_knowledge *k,
                                const struct rules_recommendation *r, struct arena *arena,
                                struct rules_advice_text *ret, struct err *err) MUST_CHECK;

bool rules_advice_text_same(const struct rules_advice_text *a,
                            const struct rules_advice_text *b);

/* "CPIC 2022 update, https://..., PMID 1 2". */
void rules_source_write(const struct rules_source *source, struct buf *buf);
/* "reduce_dose by 25-50 %; limit_dose to 20.5 mg/d". */
void rules_actions_write(const struct rules_knowledge *k, const struct rules_recommendation *r,
                         struct buf *buf);
/* "female, 12 to below 18 years"; nothing for all of both sexes. The population comes apart. */
void rules_patients_write(const struct rules_recommendation *r, struct buf *buf);

#endif
