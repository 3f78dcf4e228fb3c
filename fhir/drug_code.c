/* fhir/drug_code.c -- codes of drugs in the one spelling that tables of drugs have.
 *
 * A US National Drug Code has 10 digits in three groups, of which one lacks a leading zero
 * against the 11 digits that tables use; the dashes tell which. Ten digits without dashes could
 * be any of three codes and stay as they are.
 */
#include "fhir/order.h"

#define NDC_DIGITS 11

static bool are_digits(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return s.len > 0;
}

/* 4-4-2, 5-3-2, 5-4-1, 5-4-2, and 6-4-2 with a leading zero. */
static struct slice ndc_of_groups(struct slice code, struct arena *arena)
{
    struct slice rest, product, package, labeler = slice_cut(code, '-', &rest);

    product = slice_cut(rest, '-', &package);
    if (labeler.len == 6 && labeler.ptr[0] == '0')
        labeler = slice_from(labeler, 1);
    if (!are_digits(labeler) || !are_digits(product) || !are_digits(package) ||
        labeler.len > 5 || product.len > 4 || package.len > 2 ||
        labeler.len + product.len + package.len < NDC_DIGITS - 1)
        return code;
    return arena_printf(arena, "%.*s%.*s%.*s%.*s%.*s%.*s", (int)(5 - labeler.len), "0",
                        SLICE_ARG(labeler), (int)(4 - product.len), "0", SLICE_ARG(product),
                        (int)(2 - package.len), "0", SLICE_ARG(package));
}

static struct slice ndc(struct slice code, struct arena *arena)
{
    if (slice_find_char(code, '-') != SIZE_MAX)
        return ndc_of_groups(code, arena);
    if (code.len == NDC_DIGITS + 1 && code.ptr[0] == '0' && are_digits(code))
        return slice_from(code, 1);
    return code;
}

/* ATC is written in capitals. */
static struct slice upper(struct slice code, struct arena *arena)
{
    char *to = arena_cstr(arena, code);

    if (to == NULL)
        return code;
    for (size_t i = 0; i < code.len; i++)
        if (to[i] >= 'a' && to[i] <= 'z')
            to[i] = (char)(to[i] & ~0x20);
    return (struct slice){to, code.len};
}

static bool has_small(struct slice code)
{
    for (size_t i = 0; i < code.len; i++)
        if (code.ptr[i] >= 'a' && code.ptr[i] <= 'z')
            return true;
    return false;
}

struct slice fhir_drug_code(struct slice system, struct slice code, struct arena *arena)
{
    code = slice_trim(code);
    if (code.len == 0)
        return code;
    if (fhir_system_is(system, SLICE("http://hl7.org/fhir/sid/ndc")))
        return ndc(code, arena);
    if (has_small(code) && fhir_system_is(system, SLICE("http://www.whocc.no/atc")))
        return upper(code, arena);
    return code;
}
