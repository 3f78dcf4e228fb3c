/* rules/ndc.c -- from an NDC as written to eleven digits. */
#include "rules/ndc.h"

#define PARTS 3

static bool is_digits(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return true;
}

bool rules_ndc_canonical(struct slice written, char ret[RULES_NDC_DIGITS + 1])
{
    static const size_t FULL[PARTS] = {5, 4, 2};
    struct slice parts[PARTS], rest = slice_trim(written);
    char digits[RULES_NDC_DIGITS + 1] = "00000000000";
    size_t short_parts = 0, at = 0;

    if (rest.len == RULES_NDC_DIGITS && is_digits(rest)) {
        memcpy(ret, rest.ptr, RULES_NDC_DIGITS);
        ret[RULES_NDC_DIGITS] = '\0';
        return true;
    }
    for (size_t i = 0; i < PARTS; i++) {
        bool is_last = i + 1 == PARTS;

        if (!is_last && slice_find_char(rest, '-') == SIZE_MAX)
            return false;
        parts[i] = is_last ? rest : slice_cut(rest, '-', &rest);
        if (!is_digits(parts[i]) || parts[i].len == 0 || parts[i].len > FULL[i] ||
            parts[i].len + 1 < FULL[i])
            return false;
        short_parts += FULL[i] - parts[i].len;
    }
    if (short_parts > 1)
        return false;
    for (size_t i = 0; i < PARTS; i++) {
        at += FULL[i];
        memcpy(digits + at - parts[i].len, parts[i].ptr, parts[i].len);
    }
    memcpy(ret, digits, sizeof digits);
    return true;
}
