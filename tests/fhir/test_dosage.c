/* tests/fhir/test_dosage.c -- doses, routes, forms and codes of orders, as text. */
#include "tests/fhir/parsed.h"

#include "fhir/order.h"

#define REQUEST(rest)                                                                          \
    "{'resourceType':'MedicationRequest','id':'a','status':'draft',"                           \
    "'medicationCodeableConcept':{'text':'m'}," rest "}"
#define DOSAGE(rest)  REQUEST("'dosageInstruction':[{" rest "}]")
#define AMOUNT(value) "'doseAndRate':[{'doseQuantity':{'value':" value ",'unit':'mg'}}]"
#define REPEAT(rest)  "'timing':{'repeat':{" rest "}}"
#define EVERY(times, period, unit)                                                             \
    REPEAT("'frequency':" times ",'period':" period ",'periodUnit':'" unit "'")

struct row {
    const char *json;
    const char *want;
};

/* "dose-high unit = per_day-high as needed; ..." */
static struct slice summary(const struct fhir_order *order, struct arena *arena)
{
    struct slice s = SLICE_NONE;

    for (size_t i = 0; i < order->dosages_count; i++) {
        const struct fhir_dosage *d = &order->dosages[i];

        s = arena_printf(arena, "%.*s%s%.*s", SLICE_ARG(s), i == 0 ? "" : "; ",
                         SLICE_ARG(d->dose));
        if (d->dose_high.len > 0)
            s = arena_printf(arena, "%.*s-%.*s", SLICE_ARG(s), SLICE_ARG(d->dose_high));
        s = arena_printf(arena, "%.*s %.*s", SLICE_ARG(s), SLICE_ARG(d->unit));
        if (d->per_day.len > 0)
            s = arena_printf(arena, "%.*s = %.*s", SLICE_ARG(s), SLICE_ARG(d->per_day));
        if (d->per_day_high.len > 0)
            s = arena_printf(arena, "%.*s-%.*s", SLICE_ARG(s), SLICE_ARG(d->per_day_high));
        if (d->is_as_needed)
            s = arena_printf(arena, "%.*s as needed", SLICE_ARG(s));
    }
    return slice_trim(s);
}

static struct fhir_order *read_one(struct parsed *p, const char *json)
{
    struct fhir_order *orders = NULL;
    struct err err = {0};
    size_t count = 0;

    parsed_init(p);
    parsed_add(p, json);
    assert_ok(
        fhir_read_orders(json_root(&p->doc), &p->collection, &p->arena, &orders, &count, &err),
        &err);
    assert_int_equal(count, 1);
    return orders;
}

static void check(const struct row *rows, size_t count)
{
    size_t failed = 0;

    for (size_t i = 0; i < count; i++) {
        struct parsed p;
        struct slice got = summary(read_one(&p, rows[i].json), &p.arena);

        if (!slice_eq_text(got, rows[i].want)) {
            print_error("row %zu: got \"%.*s\", want \"%s\"\n", i, SLICE_ARG(got),
                        rows[i].want);
            failed++;
        }
        parsed_release(&p);
    }
    assert_int_equal(failed, 0);
}

static void doses_of_every_version(void **state)
{
    static const struct row rows[] = {
        {DOSAGE(AMOUNT("75")), "75 mg"},
        {DOSAGE("'doseAndRate':{'doseQuantity':{'value':75,'unit':'mg'}}"), "75 mg"},
        {DOSAGE("'doseQuantity':{'value':0.50,'unit':'tablet','system':'s','code':'TAB'}"),
         "0.50 TAB"},
        {DOSAGE("'doseSimpleQuantity':{'value':2,'unit':'mg'}"), "2 mg"},
        {DOSAGE("'doseAndRate':[{'doseRange':{'low':{'value':1,'unit':'mg'},'high':{'value':2,"
                "'unit':'mg'}}}]"),
         "1-2 mg"},
        {DOSAGE("'doseRange':{'high':{'value':2,'code':'mg'}}"), "-2 mg"},
        /* the ordered one of several, wherever it stands */
        {DOSAGE("'doseAndRate':[{'type':{'coding':[{'code':'calculated'}]},'doseQuantity':{"
                "'value':1,'unit':'mg/kg'}},{'type':{'coding':[{'code':'ordered'}]},"
                "'doseQuantity':{'value':75,'unit':'mg'}}]"),
         "75 mg"},
        {DOSAGE("'doseAndRate':[{'rateQuantity':{'value':1}},{'doseQuantity':{'value':5,"
                "'unit':'mg'}},{'doseQuantity':{'value':6,'unit':'mg'}}]"),
         "5 mg"},
        {REQUEST("'dosageInstruction':{'doseQuantity':{'value':'5','unit':'mg'}}"), "5 mg"},
        {REQUEST("'dosageInstruction':[{" AMOUNT("5") "},7,{" AMOUNT("10") "}]"),
         "5 mg; 10 mg"},
        {DOSAGE("'text':'as directed'"), ""},
        {REQUEST("'dosageInstruction':7"), ""},
        {DOSAGE("'doseAndRate':[7,null,{}]"), ""},
        {DOSAGE("'doseQuantity':[]"), ""},
        {DOSAGE("'asNeededBoolean':true," AMOUNT("5")), "5 mg as needed"},
        {DOSAGE("'asNeededBoolean':false," AMOUNT("5")), "5 mg"},
        {DOSAGE("'asNeededCodeableConcept':{'text':'pain'}," AMOUNT("5")), "5 mg as needed"},
        {DOSAGE("'asNeeded':true," AMOUNT("5")), "5 mg as needed"},
        {DOSAGE("'asNeededFor':[{'text':'pain'}]," AMOUNT("5")), "5 mg as needed"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void amounts_of_a_day(void **state)
{
    static const struct row rows[] = {
        {DOSAGE(AMOUNT("75") "," EVERY("1", "1", "d")), "75 mg = 75"},
        {DOSAGE(AMOUNT("12.5") "," EVERY("2", "1", "d")), "12.5 mg = 25"},
        {DOSAGE(AMOUNT("0.125") "," EVERY("1", "1", "d")), "0.125 mg = 0.13"},
        {DOSAGE(AMOUNT("0.0625") "," EVERY("2", "1", "d")), "0.0625 mg = 0.13"},
        {DOSAGE(AMOUNT("1") "," EVERY("1", "4", "h")), "1 mg = 6"},
        {DOSAGE(AMOUNT("1") "," EVERY("1", "1.5", "h")), "1 mg = 16"},
        {DOSAGE(AMOUNT("15") "," EVERY("1", "1", "wk")), "15 mg = 2.14"},
        {DOSAGE(AMOUNT("10") "," EVERY("1", "2", "d")), "10 mg = 5"},
        {DOSAGE(AMOUNT("1") "," EVERY("1", "10", "min")), "1 mg = 144"},
        {DOSAGE(AMOUNT("2.5") "," EVERY("3", "1", "d")), "2.5 mg = 7.5"},
        {DOSAGE(AMOUNT("5") "," REPEAT("'period':1,'periodUnit':'d'")), "5 mg = 5"},
        {DOSAGE(AMOUNT("5") "," REPEAT("'frequency':2,'period':1,'periodUnits':'d'")),
         "5 mg = 10"},
        {DOSAGE(AMOUNT("5") "," REPEAT(
             "'frequency':1,'frequencyMax':3,'period':1,'periodUnit':'d'")),
         "5 mg = 5-15"},
        {DOSAGE("'doseRange':{'low':{'value':1,'unit':'mg'},'high':{'value':2}}," EVERY(
             "2", "1", "d")),
         "1-2 mg = 2-4"},
        {DOSAGE(AMOUNT("5") "," REPEAT("'timeOfDay':['08:00:00','20:00:00']")), "5 mg = 10"},
        {DOSAGE(AMOUNT("5") "," REPEAT("'when':['MORN','NOON','EVE']")), "5 mg = 15"},
        {DOSAGE(AMOUNT("5") ",'timing':{'code':{'coding':[{'code':'BID'}]}}"), "5 mg = 10"},
        {DOSAGE(AMOUNT("5") ",'timing':{'code':{'text':'qod'}}"), "5 mg = 2.5"},
        {DOSAGE(AMOUNT("5") ",'timing':{'code':{'coding':{'code':'Q6H'}}}"), "5 mg = 20"},
        {DOSAGE(AMOUNT("15") "," REPEAT(
             "'dayOfWeek':['mon'],'frequency':1,'period':1,'periodUnit':'wk'")),
         "15 mg = 2.14"},
        /* no sum is guessed */
        {DOSAGE(AMOUNT("5") "," EVERY("1", "1", "mo")), "5 mg"},
        {DOSAGE(AMOUNT("5") "," EVERY("1", "1", "a")), "5 mg"},
        {DOSAGE(AMOUNT("5") "," EVERY("1", "0", "d")), "5 mg"},
        {DOSAGE(AMOUNT("5") "," EVERY("0", "1", "d")), "5 mg"},
        {DOSAGE(AMOUNT("5") "," EVERY("-1", "1", "d")), "5 mg"},
        {DOSAGE(AMOUNT("5") "," EVERY("'x'", "1", "d")), "5 mg"},
        {DOSAGE(AMOUNT("5") "," EVERY("1000000", "1", "s")), "5 mg"},
        {DOSAGE(AMOUNT("5e3") "," EVERY("1", "1", "d")), "5e3 mg"},
        {DOSAGE(AMOUNT("-5") "," EVERY("1", "1", "d")), "-5 mg"},
        {DOSAGE(AMOUNT("99999999") "," EVERY("1", "1", "d")), "99999999 mg"},
        {DOSAGE(AMOUNT("100000") "," EVERY("100", "0.001", "s")),
         "100000 mg = 864000000000000"},
        {DOSAGE(AMOUNT("0.00001") "," EVERY("1", "1", "d")), "0.00001 mg"},
        {DOSAGE(AMOUNT("5") "," REPEAT(
             "'dayOfWeek':['mon','wed'],'frequency':1,'period':1,'periodUnit':'d'")),
         "5 mg"},
        {DOSAGE(AMOUNT("5") "," REPEAT("'frequency':1,'period':4,'periodMax':6,'periodUnit':"
                                       "'h'")),
         "5 mg"},
        {DOSAGE(AMOUNT("5") "," REPEAT("'frequency':2,'frequencyMax':1,'period':1,"
                                       "'periodUnit':'d'")),
         "5 mg"},
        {DOSAGE(AMOUNT("5") ",'timing':{'code':{'text':'once'}}"), "5 mg"},
        {DOSAGE(AMOUNT("5") ",'timing':7"), "5 mg"},
        {DOSAGE(EVERY("1", "1", "d")), ""},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void routes_and_forms(void **state)
{
    struct parsed p;
    const struct fhir_order *order = read_one(
        &p, "{'resourceType':'MedicationRequest','id':'a','status':'draft','contained':[{"
            "'resourceType':'Medication','id':'m','form':{'coding':[{'system':'f','code':'1'},{"
            "'system':'g','code':'2'}],'text':'Tablet'},'ingredient':[{'itemCodeableConcept':{"
            "'coding':[{'code':'i'}]}},{'itemReference':{'reference':'Substance/s'}}]}],"
            "'medicationReference':{'reference':'#m'},'dosageInstruction':[{'text':'one'},{"
            "'route':{'coding':[{'system':'s','code':'26643006'},{'system':'t','code':'PO'}],"
            "'text':'by mouth'}},{'route':{'coding':[{'system':'s','code':'47625008'}]}}]}");

    (void)state;
    assert_int_equal(order->forms_count, 2);
    assert_slice_equal(order->forms[1].code, "2");
    assert_slice_equal(order->form, "Tablet");
    assert_int_equal(order->routes_count, 3);
    assert_slice_equal(order->routes[1].code, "PO");
    assert_slice_equal(order->routes[2].code, "47625008");
    assert_slice_equal(order->route, "s|26643006");
    assert_slice_equal(order->route_text, "by mouth");
    assert_int_equal(order->dosages_count, 3);
    assert_slice_equal(order->dosages[0].text, "one");
    assert_true(order->codings[0].is_ingredient);
    assert_true(order->is_incomplete);
    assert_int_equal(order->state, FHIR_ORDER_READY);
    parsed_release(&p);
}

static void reasons_by_reference(void **state)
{
#define CONDITION(rest)                                                                        \
    "{'resourceType':'Condition','id':'c'," rest "'code':{'coding':[{'code':'r1'}]}}"
#define FOR(condition)                                                                         \
    "{'resourceType':'MedicationRequest','id':'a','contained':[" condition                     \
    "],'medicationCodeableConcept':{'text':'m'},'reasonReference':[{'reference':'#c'}]}"
    static const struct {
        const char *json;
        size_t count;
    } rows[] = {
        {FOR(CONDITION("")), 1},
        {FOR(CONDITION("'verificationStatus':'refuted',")), 0},
        {FOR(CONDITION("'verificationStatus':{'coding':[{'code':'entered-in-error'}]},")), 0},
        {FOR("{'resourceType':'Observation','id':'c','code':{'coding':[{'code':'x'}]}}"), 0},
        {FOR(""), 0},
        {"{'resourceType':'MedicationRequest','id':'a','contained':[" CONDITION(
             "") "],'medication':{'concept':{'text':'m'}},'reason':[{'reference':{'reference':"
                 "'#c'}}]}",
         1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct parsed p;

        assert_int_equal(read_one(&p, rows[i].json)->reasons_count, rows[i].count);
        parsed_release(&p);
    }
}

static void codes_of_drugs_have_one_spelling(void **state)
{
    static const char ndc[] = "http://hl7.org/fhir/sid/ndc";
    static const struct {
        const char *system, *code, *want;
    } rows[] = {
        {ndc, "0002-3230-30", "00002323030"},
        {ndc, "00002-323-30", "00002032330"},
        {ndc, "00002-3230-3", "00002323003"},
        {ndc, "00002-3230-30", "00002323030"},
        {ndc, "000002-3230-30", "00002323030"},
        {ndc, "00002323030", "00002323030"},
        {ndc, "000002323030", "00002323030"},
        {ndc, " 00002323030 ", "00002323030"},
        {"urn:oid:2.16.840.1.113883.6.69", "0002-3230-30", "00002323030"},
        /* which of three it is cannot be told, or it is none */
        {ndc, "0002323030", "0002323030"},
        {ndc, "0002-3230", "0002-3230"},
        {ndc, "2-3-0", "2-3-0"},
        {ndc, "0002-3230-30-1", "0002-3230-30-1"},
        {ndc, "A002-3230-30", "A002-3230-30"},
        {ndc, "", ""},
        {"http://www.whocc.no/atc", "b01ac04", "B01AC04"},
        {"http://fhir.de/CodeSystem/bfarm/atc", "B01ac04", "B01AC04"},
        {"http://www.nlm.nih.gov/research/umls/rxnorm", " 32968", "32968"},
        {"http://example.org/local", "0002-3230-30", "0002-3230-30"},
        {"", "b01ac04", "b01ac04"},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, 65536);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_slice_equal(
            fhir_drug_code(slice_of(rows[i].system), slice_of(rows[i].code), &arena),
            rows[i].want);
    arena_release(&arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(doses_of_every_version),
        cmocka_unit_test(amounts_of_a_day),
        cmocka_unit_test(routes_and_forms),
        cmocka_unit_test(reasons_by_reference),
        cmocka_unit_test(codes_of_drugs_have_one_spelling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
