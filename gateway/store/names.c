/* gateway/store/names.c -- lists of enum names, made from the tables of rules/release.h. */
#include "gateway/store/names.h"

#include <assert.h>

#define X(code, name) name,
static const char *const METHODS[] = {RULES_METHODS(X)};
static const char *const KEY_KINDS[] = {RULES_KEY_KINDS(X)};
static const char *const PRIORITIES[] = {RULES_PRIORITIES(X)};
static const char *const FORMS[] = {RULES_FORMS(X)};
static const char *const CLASSIFICATIONS[] = {RULES_CLASSIFICATIONS(X)};
static const char *const ALERTS[] = {RULES_ALERTS(X)};
static const char *const ACTION_KINDS[] = {RULES_ACTIONS(X)};
static const char *const THERAPIES[] = {RULES_THERAPIES(X)};
static const char *const LABELS[] = {RULES_LABELS(X)};
static const char *const SEXES[] = {RULES_SEXES(X)};
static const char *const ROLES[] = {RULES_ROLES(X)};
static const char *const STRENGTHS[] = {RULES_STRENGTHS(X)};
#undef X

const struct names NAMES_method = {METHODS, ARRAY_LEN(METHODS)};
const struct names NAMES_key_kind = {KEY_KINDS, ARRAY_LEN(KEY_KINDS)};
const struct names NAMES_priority = {PRIORITIES, ARRAY_LEN(PRIORITIES)};
const struct names NAMES_form = {FORMS, ARRAY_LEN(FORMS)};
const struct names NAMES_classification = {CLASSIFICATIONS, ARRAY_LEN(CLASSIFICATIONS)};
const struct names NAMES_alert = {ALERTS, ARRAY_LEN(ALERTS)};
const struct names NAMES_action_kind = {ACTION_KINDS, ARRAY_LEN(ACTION_KINDS)};
const struct names NAMES_therapy = {THERAPIES, ARRAY_LEN(THERAPIES)};
const struct names NAMES_label = {LABELS, ARRAY_LEN(LABELS)};
const struct names NAMES_sex = {SEXES, ARRAY_LEN(SEXES)};
const struct names NAMES_role = {ROLES, ARRAY_LEN(ROLES)};
const struct names NAMES_strength = {STRENGTHS, ARRAY_LEN(STRENGTHS)};

bool names_find(const struct names *names, struct slice name, uint32_t *ret)
{
    for (size_t i = 0; i < names->count; i++) {
        if (slice_eq_text(name, names->list[i])) {
            *ret = (uint32_t)i;
            return true;
        }
    }
    return false;
}

const char *names_join(const struct names *names, char *ret, size_t size)
{
    size_t len = 0;

    assert(size > 0);
    ret[0] = '\0';
    for (size_t i = 0; i < names->count && len < size; i++) {
        int more = snprintf(ret + len, size - len, "%s%s", i > 0 ? ", " : "", names->list[i]);

        assert(more >= 0);
        len += (size_t)more;
    }
    return ret;
}
