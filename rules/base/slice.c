/* rules/base/slice.c -- comparing, cutting and converting slices. */
#include "rules/base/slice.h"

#include <assert.h>

struct slice slice_of(const char *text)
{
    return text == NULL ? SLICE_NONE : (struct slice){.ptr = text, .len = strlen(text)};
}

bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool slice_eq_text(struct slice a, const char *b)
{
    return slice_eq(a, slice_of(b));
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool slice_eq_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

bool slice_starts(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && slice_eq(slice_head(s, prefix.len), prefix);
}

bool slice_starts_nocase(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && slice_eq_nocase(slice_head(s, prefix.len), prefix);
}

bool slice_ends(struct slice s, struct slice suffix)
{
    return s.len >= suffix.len && slice_eq(slice_from(s, s.len - suffix.len), suffix);
}

int slice_compare(struct slice a, struct slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len == 0 ? 0 : memcmp(a.ptr, b.ptr, len);

    if (order != 0)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

size_t slice_find(struct slice s, struct slice needle)
{
    if (needle.len == 0)
        return 0;
    for (size_t i = 0; i + needle.len <= s.len; i++)
        if (memcmp(s.ptr + i, needle.ptr, needle.len) == 0)
            return i;
    return SIZE_MAX;
}

size_t slice_find_nocase(struct slice s, struct slice needle)
{
    for (size_t i = 0; i + needle.len <= s.len; i++)
        if (slice_eq_nocase((struct slice){s.ptr + i, needle.len}, needle))
            return i;
    return SIZE_MAX;
}

size_t slice_find_char(struct slice s, char c)
{
    const char *hit = s.len == 0 ? NULL : memchr(s.ptr, c, s.len);

    return hit == NULL ? SIZE_MAX : (size_t)(hit - s.ptr);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice slice_trim(struct slice s)
{
    while (s.len > 0 && is_space(s.ptr[0]))
        s = slice_from(s, 1);
    while (s.len > 0 && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

struct slice slice_from(struct slice s, size_t at)
{
    if (at >= s.len)
        return (struct slice){.ptr = s.ptr == NULL ? NULL : s.ptr + s.len, .len = 0};
    return (struct slice){.ptr = s.ptr + at, .len = s.len - at};
}

struct slice slice_head(struct slice s, size_t len)
{
    return (struct slice){.ptr = s.ptr, .len = len < s.len ? len : s.len};
}

struct slice slice_cut(struct slice s, char separator, struct slice *ret_rest)
{
    size_t at = slice_find_char(s, separator);

    *ret_rest = at == SIZE_MAX ? SLICE_NONE : slice_from(s, at + 1);
    return slice_head(s, at);
}

bool slice_to_u64(struct slice s, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;

    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned)(unsigned char)s.ptr[i] - '0';

        if (digit > 9 || digit > max || value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret = value;
    return true;
}

bool slice_to_u32(struct slice s, uint32_t max, uint32_t *ret)
{
    uint64_t value;

    if (!slice_to_u64(s, max, &value))
        return false;
    *ret = (uint32_t)value;
    return true;
}

bool slice_to_x100(struct slice s, uint32_t *ret)
{
    struct slice decimals;
    struct slice whole = slice_cut(s, '.', &decimals);
    bool has_point = whole.len != s.len;
    uint32_t units, hundredths = 0;

    if (!slice_to_u32(whole, 1000000, &units))
        return false;
    if (has_point) {
        if (decimals.len > 2 || !slice_to_u32(decimals, 99, &hundredths))
            return false;
        if (decimals.len == 1)
            hundredths *= 10;
    }
    *ret = units * 100 + hundredths;
    return true;
}

uint64_t slice_hash(struct slice s, uint64_t seed)
{
    uint64_t hash = 14695981039346656037ULL ^ seed;

    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ (unsigned char)s.ptr[i]) * 1099511628211ULL;
    return hash ^ (hash >> 29);
}
