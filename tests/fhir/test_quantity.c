/* tests/fhir/test_quantity.c -- dates and quantities, and what is none. */
#include "tests/fhir/parsed.h"

#include "fhir/date.h"
#include "fhir/quantity.h"

static void dates_are_days(void **state)
{
    static const struct {
        const char *date;
        int first, last; /* INT32_MIN: none */
    } ROWS[] = {
        {"1970-01-01", 0, 0},
        {"1970-01-02T23:59:59Z", 1, 1},
        {" 2026-11-24 ", 20781, 20781},
        {"2024-02-29", 19782, 19782},
        {"2024", 19723, 20088},
        {"2023-02", 19389, 19416},
        {"1969-12-31", -1, -1},
        {"1900-01-01", -25567, -25567},
        {"2023-02-29", INT32_MIN, INT32_MIN},
        {"2023-13-01", INT32_MIN, INT32_MIN},
        {"2023-00", INT32_MIN, INT32_MIN},
        {"2023-1-1", INT32_MIN, INT32_MIN},
        {"23-01-01", INT32_MIN, INT32_MIN},
        {"2023-01-01-01", INT32_MIN, INT32_MIN},
        {"1899-12-31", INT32_MIN, INT32_MIN},
        {"yesterday", INT32_MIN, INT32_MIN},
        {"", INT32_MIN, INT32_MIN},
        {"T00:00:00Z", INT32_MIN, INT32_MIN},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        int32_t first = INT32_MIN, last = INT32_MIN;

        (void)fhir_date_to_days(slice_of(ROWS[i].date), FHIR_DATE_FIRST_DAY, &first);
        (void)fhir_date_to_days(slice_of(ROWS[i].date), FHIR_DATE_LAST_DAY, &last);
        if (first != ROWS[i].first || last != ROWS[i].last)
            fail_msg("row %zu, %s: got %d %d", i, ROWS[i].date, first, last);
    }
}

static void quantities_are_millionths(void **state)
{
    static const struct {
        const char *json;
        uint64_t millionths;
        const char *unit; /* NULL: none */
    } ROWS[] = {
        {"{'value':75,'unit':'mg'}", 75000000, "mg"},
        {"{'value':74.70000000000001,'unit':'kg'}", 74700000, "kg"},
        {"{'value':0.000001}", 1, ""},
        {"{'value':1,'unit':'milligram','system':'http://unitsofmeasure.org','code':'mg'}",
         1000000, "mg"},
        {"{'value':1,'unit':'tablet','system':'urn:other','code':'385055001'}", 1000000,
         "tablet"},
        {"{'value':1,'code':'mg'}", 1000000, "mg"},
        {"{'value':1000000}", 1000000000000, ""},
        {"{'value':1000001}", 0, NULL},
        {"{'value':-1}", 0, NULL},
        {"{'value':1e1}", 0, NULL},
        {"{'value':1.5e0}", 0, NULL},
        {"{'value':'1'}", 0, NULL},
        {"{'value':1,'comparator':'<'}", 0, NULL},
        {"{'unit':'mg'}", 0, NULL},
        {"[]", 0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct fhir_quantity q;
        struct parsed p;

        parsed_init(&p);
        parsed_add(&p, ROWS[i].json);
        if (fhir_quantity_read(json_root(&p.doc), &p.arena, &q) != (ROWS[i].unit != NULL))
            fail_msg("row %zu: %s", i, ROWS[i].json);
        if (ROWS[i].unit != NULL) {
            assert_int_equal(q.millionths, ROWS[i].millionths);
            assert_slice_equal(q.unit, ROWS[i].unit);
        }
        parsed_release(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_days),
        cmocka_unit_test(quantities_are_millionths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
