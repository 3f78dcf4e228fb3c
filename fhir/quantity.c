/* fhir/quantity.c -- digits to millionths. */
#include "fhir/quantity.h"

#define UCUM     "http://unitsofmeasure.org"
#define DECIMALS 6

static bool read_digits(struct slice digits, uint64_t *ret)
{
    struct slice fraction;
    struct slice whole = slice_cut(digits, '.', &fraction);
    bool has_point = whole.len < digits.len;
    uint64_t value;

    if (!slice_to_u64(whole, FHIR_QUANTITY_MAX, &value) || (has_point && fraction.len == 0))
        return false;
    for (size_t i = 0; i < fraction.len; i++)
        if (fraction.ptr[i] < '0' || fraction.ptr[i] > '9')
            return false;
    for (size_t i = 0; i < DECIMALS; i++)
        value = value * 10 + (i < fraction.len ? (uint64_t)(fraction.ptr[i] - '0') : 0);
    *ret = value;
    return true;
}

bool fhir_quantity_read(struct json quantity, struct arena *arena, struct fhir_quantity *ret)
{
    struct slice code = json_text(json_get(quantity, "code"), arena);
    struct fhir_quantity read = {.unit = json_text(json_get(quantity, "unit"), arena)};

    if (!json_is_absent(json_get(quantity, "comparator")) ||
        !read_digits(json_number_text(json_get(quantity, "value")), &read.millionths))
        return false;
    if (code.len > 0 &&
        (read.unit.len == 0 || json_text_is(json_get(quantity, "system"), UCUM)))
        read.unit = code;
    read.unit = slice_trim(read.unit);
    *ret = read;
    return true;
}
