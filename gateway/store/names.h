/* gateway/store/names.h -- the words that files and tables use for the enums of
 * rules/release.h.
 *
 * One list per enum, indexed by its value, so that errors can say which words are allowed.
 */
#ifndef GATEWAY_STORE_NAMES_H
#define GATEWAY_STORE_NAMES_H

#include "rules/release.h"

struct names {
    const char *const *list; /* static */
    size_t count;
};

#define X(type) extern const struct names NAMES_##type;
RULES_ENUMS(X)
#undef X

/* False for an unknown name; *ret is then left alone. */
bool names_find(const struct names *names, struct slice name, uint32_t *ret);

/* "a, b, c" into `ret`, cut at `size`; returns ret. */
const char *names_join(const struct names *names, char *ret, size_t size);

#endif
