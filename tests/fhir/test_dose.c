/* tests/fhir/test_dose.c -- dates, quantities and daily doses, and what is none. */
#include "tests/fhir/parsed.h"

#include "fhir/date.h"
#include "fhir/dose.h"
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

#define ORDER(dosages) "{'resourceType':'MedicationRequest','dosageInstruction':" dosages "}"
#define MG(n)          "{'value':" n ",'unit':'mg'}"
#define DAILY          "'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'d'}}"
#define EVERY(n, p, u)                                                                         \
    "'timing':{'repeat':{'frequency':" n ",'period':" p ",'periodUnit':'" u "'}}"
#define DOSE(dose, rest) "{'doseAndRate':[{'doseQuantity':" dose "}]," rest "}"
#define GTS(code)                                                                              \
    "'timing':{'code':{'coding':[{'system':"                                                   \
    "'http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation','code':'" code "'}]}}"

static const struct {
    const char *json;
    uint32_t mg_x100; /* 0: not known */
} DOSES[] = {
    {ORDER("[" DOSE(MG("75"), DAILY) "]"), 7500},
    {ORDER("[" DOSE(MG("75"), EVERY("2", "1", "d")) "]"), 15000},
    {ORDER("[" DOSE(MG("20"), EVERY("1", "8", "h")) "]"), 6000},
    {ORDER("[" DOSE(MG("10"), EVERY("1", "36", "h")) "]"), 667},
    {ORDER("[" DOSE(MG("70"), EVERY("1", "1", "wk")) "]"), 1000},
    {ORDER("[" DOSE(MG("12.5"), EVERY("1", "0.5", "d")) "]"), 2500},
    {ORDER("[" DOSE("{'value':1,'unit':'g'}", DAILY) "]"), 100000},
    {ORDER("[" DOSE("{'value':50,'unit':'mcg'}", DAILY) "]"), 5},
    {ORDER("[" DOSE("{'value':50,'unit':'\xC2\xB5g'}", DAILY) "]"), 5},
    {ORDER("[" DOSE(MG("75"), GTS("BID")) "]"), 15000},
    /* one object where a list is wanted; DSTU2 and STU3 */
    {ORDER("{'doseAndRate':{'doseQuantity':" MG("75") "}," DAILY "}"), 7500},
    {ORDER("[{'doseQuantity':" MG("75") "," DAILY "}]"), 7500},
    {ORDER("[{'doseQuantity':" MG(
         "75") ",'timing':{'repeat':{'frequency':1,'period':1,'periodUnits':'d'}}}]"),
     7500},
    {ORDER("[{'doseQuantity':" MG("75") ",'asNeededBoolean':false," DAILY "}]"), 7500},
    {ORDER("[" DOSE(MG("75"), "'timing':{'repeat':{'period':1,'periodUnit':'d'}}") "]"), 7500},
    /* not beyond doubt */
    {ORDER("[" DOSE(MG("75"), DAILY) "," DOSE(MG("75"), DAILY) "]"), 0},
    {ORDER("[]"), 0},
    {"{'resourceType':'MedicationRequest'}", 0},
    {ORDER("'one a day'"), 0},
    {ORDER("[{'text':'75 mg daily'}]"), 0},
    {ORDER("[" DOSE("{'value':1,'unit':'tablet'}", DAILY) "]"), 0},
    {ORDER("[" DOSE("{'value':75}", DAILY) "]"), 0},
    {ORDER("[" DOSE(MG("0"), DAILY) "]"), 0},
    {ORDER("[" DOSE(MG("75"), "'asNeededBoolean':true," DAILY) "]"), 0},
    {ORDER("[" DOSE(MG("75"), "'asNeededCodeableConcept':{'text':'pain'}," DAILY) "]"), 0},
    {ORDER("[" DOSE(MG("75"), "'text':'x'") "]"), 0},
    {ORDER("[" DOSE(MG("75"), EVERY("0", "1", "d")) "]"), 0},
    {ORDER("[" DOSE(MG("75"), EVERY("97", "1", "d")) "]"), 0},
    {ORDER("[" DOSE(MG("75"), EVERY("1", "0", "d")) "]"), 0},
    {ORDER("[" DOSE(MG("75"), EVERY("1", "1", "mo")) "]"), 0},
    {ORDER("[" DOSE(MG("75"), EVERY("'1'", "1", "d")) "]"), 0},
    {ORDER("[" DOSE(MG("75"), GTS("Q4H")) "]"), 0},
    {ORDER("[" DOSE(MG("75"), "'timing':{'code':{'coding':[{'code':'BID'}]}}") "]"), 0},
    {ORDER("[" DOSE(MG("75"), "'timing':{'event':['2026-01-01']}") "]"), 0},
    {ORDER("[" DOSE(MG("75"), "'timing':{'repeat':{'frequency':1,'frequencyMax':2,"
                              "'period':1,'periodUnit':'d'}}") "]"),
     0},
    {ORDER("[" DOSE(MG("75"), "'timing':{'repeat':{'frequency':1,'period':1,"
                              "'periodUnit':'d','dayOfWeek':['mon']}}") "]"),
     0},
    {ORDER("[{'doseAndRate':[{'doseQuantity':" MG("75") "},{'doseQuantity':" MG(
         "50") "}]," DAILY "}]"),
     0},
    {ORDER("[{'doseAndRate':[{'doseRange':{'low':" MG("50") ",'high':" MG("75") "}}]," DAILY
                                                                                "}]"),
     0},
    {ORDER("[" DOSE("{'value':1000000,'unit':'g'}", EVERY("96", "1", "h")) "]"), 0},
};

static void daily_doses_are_read_where_they_are_certain(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(DOSES); i++) {
        uint32_t mg_x100 = 0;
        struct parsed p;
        bool is_known;

        parsed_init(&p);
        parsed_add(&p, DOSES[i].json);
        is_known = fhir_daily_dose_mg(json_root(&p.doc), &p.arena, &mg_x100);
        if (is_known != (DOSES[i].mg_x100 > 0) || mg_x100 != DOSES[i].mg_x100)
            fail_msg("row %zu: got %u for %s", i, mg_x100, DOSES[i].json);
        parsed_release(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_days),
        cmocka_unit_test(quantities_are_millionths),
        cmocka_unit_test(daily_doses_are_read_where_they_are_certain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
