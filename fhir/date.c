/* fhir/date.c -- from year, month and day to a count of days. */
#include "fhir/date.h"

#define YEAR_MIN 1900
#define YEAR_MAX 2200

static uint32_t days_in(uint32_t year, uint32_t month)
{
    static const uint32_t DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return DAYS[month - 1] + (month == 2 && is_leap);
}

/* A part of two or four digits; false for anything else, also for none. */
static bool read_part(struct slice *rest, size_t digits, uint32_t min, uint32_t max,
                      uint32_t *ret)
{
    struct slice part = slice_cut(*rest, '-', rest);

    return part.len == digits && slice_to_u32(part, max, ret) && *ret >= min;
}

bool fhir_date_to_days(struct slice date, enum fhir_date_end end, int32_t *ret)
{
    struct slice rest = slice_head(slice_trim(date), slice_find_char(slice_trim(date), 'T'));
    bool is_last = end == FHIR_DATE_LAST_DAY;
    uint32_t year, month = is_last ? 12 : 1, day;
    int32_t days = 0;

    if (!read_part(&rest, 4, YEAR_MIN, YEAR_MAX, &year) ||
        (rest.len > 0 && !read_part(&rest, 2, 1, 12, &month)))
        return false;
    day = is_last ? days_in(year, month) : 1;
    if (rest.len > 0 && !read_part(&rest, 2, 1, days_in(year, month), &day))
        return false;
    if (rest.len > 0)
        return false;
    for (uint32_t y = year < 1970 ? year : 1970; y < (year < 1970 ? 1970 : year); y++)
        days += (int32_t)(337 + days_in(y, 2));
    days = year < 1970 ? -days : days;
    for (uint32_t m = 1; m < month; m++)
        days += (int32_t)days_in(year, m);
    *ret = days + (int32_t)day - 1;
    return true;
}
