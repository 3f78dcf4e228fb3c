/* rules/base/slice.h -- a piece of text that somebody else owns.
 *
 * A slice is passed by value and never frees anything: its bytes live as long as the arena,
 * buffer or literal it was cut from, which the field's comment names. It is not terminated by
 * a NUL. An empty slice may have a NULL ptr; SLICE_NONE means "not given".
 */
#ifndef RULES_BASE_SLICE_H
#define RULES_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/base/banned.h"
#include "rules/base/util.h"

struct slice {
    const char *ptr;
    size_t len;
};

#define SLICE(literal) ((struct slice){.ptr = "" literal, .len = sizeof(literal) - 1})
#define SLICE_NONE     ((struct slice){0})

/* printf("%.*s", SLICE_ARG(s)) */
#define SLICE_ARG(s) (int)(s).len, ((s).ptr != NULL ? (s).ptr : "")

struct slice slice_of(const char *text); /* NULL gives SLICE_NONE */

bool slice_eq(struct slice a, struct slice b);
bool slice_eq_text(struct slice a, const char *b);
bool slice_eq_nocase(struct slice a, struct slice b); /* ASCII only */
bool slice_starts(struct slice s, struct slice prefix);
bool slice_starts_nocase(struct slice s, struct slice prefix);
bool slice_ends(struct slice s, struct slice suffix);
int slice_compare(struct slice a, struct slice b); /* byte order, as memcmp */

/* First place of needle, or SIZE_MAX. */
size_t slice_find(struct slice s, struct slice needle);
size_t slice_find_nocase(struct slice s, struct slice needle);
size_t slice_find_char(struct slice s, char c);

struct slice slice_trim(struct slice s);             /* ASCII white space at both ends */
struct slice slice_from(struct slice s, size_t at);  /* the rest from `at`, clamped */
struct slice slice_head(struct slice s, size_t len); /* the first len bytes, clamped */

/* Cuts s at the first `separator`: returns what stands before it and puts what stands after it
 * into *ret_rest. Without a separator returns s whole and an empty rest. ret_rest may be &s. */
struct slice slice_cut(struct slice s, char separator, struct slice *ret_rest);

/* Decimal digits only, at most `max`; false leaves *ret alone. */
bool slice_to_u32(struct slice s, uint32_t max, uint32_t *ret);
bool slice_to_u64(struct slice s, uint64_t max, uint64_t *ret);

/* "1", "1.0", "0.25" to hundredths: 100, 100, 25. More than two decimals, signs, exponents and
 * values above 1,000,000 are refused. */
bool slice_to_x100(struct slice s, uint32_t *ret);

/* FNV-1a, for hash tables of trusted or bounded keys. */
uint64_t slice_hash(struct slice s, uint64_t seed);

#endif
