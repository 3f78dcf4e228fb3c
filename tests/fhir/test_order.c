/* tests/fhir/test_order.c -- orders in the shapes that clients send, and in broken ones. */
#include "tests/fhir/parsed.h"

#include "fhir/order.h"

#define RXNORM "http://www.nlm.nih.gov/research/umls/rxnorm"
#define CODE(code)                                                                             \
    "{'coding':[{'system':'" RXNORM "','code':'" code "','display':'d" code "'}]}"
#define REQUEST(rest)   "{'resourceType':'MedicationRequest','status':'draft'" rest "}"
#define ENTRY(resource) "{'resource':" resource "}"
#define BUNDLE(entries) "{'resourceType':'Bundle','entry':[" entries "]}"
#define WITH_CODE       ",'medicationCodeableConcept':" CODE("1")

static const char *const STATES[] = {[FHIR_ORDER_READY] = "ready",
                                     [FHIR_ORDER_NO_MEDICATION] = "no-medication",
                                     [FHIR_ORDER_NEEDS_RESOURCE] = "needs",
                                     [FHIR_ORDER_SKIPPED] = "skipped"};

/* "name state code/code 'text' [form] {route,route text} (reasons) <reference>; ..." */
static struct slice summary(const struct fhir_order *orders, size_t count, struct arena *arena)
{
    struct slice s = SLICE_NONE;

    for (size_t i = 0; i < count; i++) {
        const struct fhir_order *o = &orders[i];

        s = arena_printf(arena, "%.*s%s%.*s %s", SLICE_ARG(s), i == 0 ? "" : "; ",
                         SLICE_ARG(o->name), STATES[o->state]);
        for (size_t c = 0; c < o->codings_count; c++)
            s = arena_printf(arena, "%.*s%s%.*s", SLICE_ARG(s), c == 0 ? " " : "/",
                             SLICE_ARG(o->codings[c].code.len > 0 ? o->codings[c].code
                                                                  : o->codings[c].display));
        if (o->text.len > 0)
            s = arena_printf(arena, "%.*s '%.*s'", SLICE_ARG(s), SLICE_ARG(o->text));
        if (o->form.len > 0)
            s = arena_printf(arena, "%.*s [%.*s]", SLICE_ARG(s), SLICE_ARG(o->form));
        if (o->route.len > 0 || o->route_text.len > 0)
            s = arena_printf(arena, "%.*s {%.*s,%.*s}", SLICE_ARG(s), SLICE_ARG(o->route),
                             SLICE_ARG(o->route_text));
        for (size_t r = 0; r < o->reasons_count; r++)
            s = arena_printf(arena, "%.*s (%.*s)", SLICE_ARG(s), SLICE_ARG(o->reasons[r].code));
        if (o->reference.len > 0)
            s = arena_printf(arena, "%.*s <%.*s>", SLICE_ARG(s), SLICE_ARG(o->reference));
        assert_true((o->state == FHIR_ORDER_SKIPPED) == (o->skip_reason != NULL));
    }
    return s;
}

struct row {
    const char *json;
    const char *want;
};

static void check(const struct row *rows, size_t count)
{
    size_t failed = 0;

    for (size_t i = 0; i < count; i++) {
        struct fhir_order *orders = NULL;
        size_t orders_count = 0;
        struct err err = {0};
        struct parsed p;
        struct slice got;

        parsed_init(&p);
        parsed_add(&p, rows[i].json);
        assert_ok(fhir_read_orders(json_root(&p.doc), &p.collection, &p.arena, &orders,
                                   &orders_count, &err),
                  &err);
        got = summary(orders, orders_count, &p.arena);
        if (!slice_eq_text(got, rows[i].want)) {
            print_error("row %zu: got \"%.*s\", want \"%s\"\n", i, SLICE_ARG(got),
                        rows[i].want);
            failed++;
        }
        parsed_release(&p);
    }
    assert_int_equal(failed, 0);
}

static void every_version_names_its_medication(void **state)
{
    static const struct row rows[] = {
        {BUNDLE(ENTRY(REQUEST(",'id':'a'" WITH_CODE))), "MedicationRequest/a ready 1 'd1'"},
        {BUNDLE(ENTRY("{'resourceType':'MedicationOrder','id':'o','status':'draft',"
                      "'patient':{'reference':'Patient/1'}" WITH_CODE "}")),
         "MedicationOrder/o ready 1 'd1'"},
        {BUNDLE(ENTRY(REQUEST(",'id':'a','medication':{'concept':" CODE("5") "}"))),
         "MedicationRequest/a ready 5 'd5'"},
        {BUNDLE(ENTRY(REQUEST(",'id':'a','medication':{'reference':{'reference':'Medication/m',"
                              "'display':'Drug'}}"))),
         "MedicationRequest/a needs 'Drug' <Medication/m>"},
        {BUNDLE(ENTRY(REQUEST(",'id':'a','medicationCodeableConcept':{'coding':[{'code':'1'},"
                              "{'code':'2','display':'two'}],'text':'The drug'}"))),
         "MedicationRequest/a ready 1/2 'The drug'"},
        {BUNDLE(ENTRY(REQUEST(",'id':'a','medicationCodeableConcept':{'text':'words'}"))),
         "MedicationRequest/a ready words 'words'"},
        {BUNDLE(ENTRY(REQUEST(",'id':'a','medicationReference':{'display':'words'}"))),
         "MedicationRequest/a ready 'words'"},
        {BUNDLE(ENTRY(REQUEST(",'id':'a'"))), "MedicationRequest/a no-medication"},
        {BUNDLE(ENTRY(REQUEST(",'id':'a','medicationCodeableConcept':{}"))),
         "MedicationRequest/a no-medication"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void medications_by_reference(void **state)
{
#define BY(reference)        ",'id':'a','medicationReference':{'reference':'" reference "'}"
#define MEDICATION(id, rest) "{'resourceType':'Medication','id':'" id "'," rest "}"
    static const struct row rows[] = {
        {BUNDLE(ENTRY(
             REQUEST(BY("#m") ",'contained':[" MEDICATION("m", "'code':" CODE("7")) "]"))),
         "MedicationRequest/a ready 7 'd7' <#m>"},
        {BUNDLE(ENTRY(REQUEST(BY("Medication/m"))) "," ENTRY(
             MEDICATION("m", "'code':" CODE("7") ",'form':{'text':'Tablet'}"))),
         "MedicationRequest/a ready 7 'd7' [Tablet] <Medication/m>"},
        {BUNDLE(ENTRY(REQUEST(BY("http://e.org/fhir/Medication/m"))) "," ENTRY(
             MEDICATION("m", "'code':{'coding':[{'code':'7'}],'text':'seven'},'doseForm':{"
                             "'coding':[{'display':'Cream'}]}"))),
         "MedicationRequest/a ready 7 'seven' [Cream] <http://e.org/fhir/Medication/m>"},
        {BUNDLE("{'fullUrl':'urn:uuid:3','resource':{'resourceType':'Medication','code':" CODE(
             "7") "}}," ENTRY(REQUEST(BY("urn:uuid:3")))),
         "MedicationRequest/a ready 7 'd7' <urn:uuid:3>"},
        {BUNDLE(ENTRY(REQUEST(BY("Medication/elsewhere")))),
         "MedicationRequest/a needs <Medication/elsewhere>"},
        {BUNDLE(ENTRY(REQUEST(BY("#gone")))), "MedicationRequest/a needs <#gone>"},
        {BUNDLE(ENTRY(
             REQUEST(",'id':'a','medicationReference':{'reference':'#gone','display':'D'}"))),
         "MedicationRequest/a ready 'D' <#gone>"},
        /* ingredients */
        {BUNDLE(ENTRY(REQUEST(BY("#m") ",'contained':[" MEDICATION(
             "m", "'code':" CODE("7") ",'ingredient':[{'itemCodeableConcept':" CODE(
                      "8") "},{'itemCodeableConcept':{'text':'petrolatum'}},"
                           "{'isActive':false,'itemCodeableConcept':" CODE("9") "}]") "]"))),
         "MedicationRequest/a ready 7/8/petrolatum 'd7' <#m>"},
        {BUNDLE(ENTRY(REQUEST(BY("#m") ",'contained':[" MEDICATION(
             "m",
             "'ingredient':[{'itemReference':{'reference':'#s'}}]") ",{'resourceType':"
                                                                    "'Substance','id':'s','"
                                                                    "code':" CODE("4") "}]"))),
         "MedicationRequest/a ready 4 'd4' <#m>"},
        {BUNDLE(ENTRY(REQUEST(BY("#m") ",'contained':[" MEDICATION(
             "m",
             "'ingredient':[{'item':{'concept':" CODE(
                 "6") "}},{'item':{'reference':{"
                      "'reference':'Substance/s'}}}]") "]")) "," ENTRY("{'resourceType':'"
                                                                       "Substance','id':'s','"
                                                                       "code':" CODE("4") "}")),
         "MedicationRequest/a ready 6/4 'd6' <#m>; Substance/s skipped"},
        {BUNDLE(ENTRY(REQUEST(BY("Medication/m"))) "," ENTRY(MEDICATION(
             "m", "'product':{'form':{'text':'Gel'},'ingredient':[{'item':{'reference':"
                  "'Substance/s'}}]}"))),
         "MedicationRequest/a needs [Gel] <Substance/s>"},
        /* circles end */
        {BUNDLE(ENTRY(REQUEST(BY("Medication/m"))) "," ENTRY(
             MEDICATION("m", "'code':" CODE("7") ",'ingredient':[{'itemReference':{'reference':"
                                                 "'Medication/m'}}]"))),
         "MedicationRequest/a ready 7/7/7/7 'd7' <Medication/m>"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void what_is_not_evaluated(void **state)
{
#define STATUS(status)                                                                         \
    "{'resourceType':'MedicationRequest','id':'a','status':'" status "'" WITH_CODE "}"
    static const struct row rows[] = {
        {STATUS("active"), "MedicationRequest/a ready 1 'd1'"},
        {STATUS("unknown"), "MedicationRequest/a ready 1 'd1'"},
        {"{'resourceType':'MedicationRequest','id':'a'" WITH_CODE "}",
         "MedicationRequest/a ready 1 'd1'"},
        {REQUEST(",'id':'a','intent':'proposal'" WITH_CODE),
         "MedicationRequest/a ready 1 'd1'"},
        {STATUS("on-hold"), "MedicationRequest/a skipped 1 'd1'"},
        {STATUS("completed"), "MedicationRequest/a skipped 1 'd1'"},
        {STATUS("stopped"), "MedicationRequest/a skipped 1 'd1'"},
        {STATUS("ended"), "MedicationRequest/a skipped 1 'd1'"},
        {STATUS("cancelled"), "MedicationRequest/a skipped 1 'd1'"},
        {STATUS("entered-in-error"), "MedicationRequest/a skipped 1 'd1'"},
        {REQUEST(",'id':'a','doNotPerform':true" WITH_CODE),
         "MedicationRequest/a skipped 1 'd1'"},
        {REQUEST(",'id':'a','doNotPerform':false" WITH_CODE),
         "MedicationRequest/a ready 1 'd1'"},
        {REQUEST(",'id':'a','doNotPerform':'true'" WITH_CODE),
         "MedicationRequest/a ready 1 'd1'"},
        {"{'resourceType':'ServiceRequest','id':'s'}", "ServiceRequest/s skipped"},
        {"{'resourceType':'NutritionOrder'}", "NutritionOrder[0] skipped"},
        {"{'resourceType':'MedicationStatement','id':'s','status':'active'" WITH_CODE "}",
         "MedicationStatement/s skipped 1 'd1'"},
        {"{'resourceType':'Medication','id':'m'}", ""}, /* beside an order, not an order */
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void odd_shapes_of_real_clients(void **state)
{
    static const struct row rows[] = {
        /* the CDS Hooks sandbox: no type, objects for lists, no id */
        {"{'resourceType':'Bundle','entry':[{'resource':{'resourceType':'MedicationRequest',"
         "'status':'draft','category':{'coding':[{'code':'x'}]},'reasonCode':{'coding':[{"
         "'code':'r1'}]},'dosageInstruction':{'doseAndRate':{'doseQuantity':{'value':1}},"
         "'route':{'coding':{'system':'s','code':'26643006','display':'Oral'}}}" WITH_CODE
         "}}]}",
         "MedicationRequest[0] ready 1 'd1' {s|26643006,Oral} (r1)"},
        {BUNDLE(ENTRY("{'resourceType':'ServiceRequest'}") "," ENTRY(REQUEST(WITH_CODE))),
         "ServiceRequest[0] skipped; MedicationRequest[1] ready 1 'd1'"},
        {"[" REQUEST(",'id':'a'" WITH_CODE) "," REQUEST(",'id':'b'" WITH_CODE) "]",
         "MedicationRequest/a ready 1 'd1'; MedicationRequest/b ready 1 'd1'"},
        {BUNDLE(
             ENTRY(REQUEST(",'id':'a','medicationCodeableConcept':{'coding':{'code':'1'}}"))),
         "MedicationRequest/a ready 1"},
        {BUNDLE(ENTRY(REQUEST(",'id':'a','medicationCodeableConcept':[" CODE("1") "]"))),
         "MedicationRequest/a ready 1 'd1'"},
        {REQUEST(",'id':'a','dosageInstruction':[{'text':'x'},{'route':{'text':'by mouth'}},"
                 "{'route':{'text':'other'}}],'reasonCode':[{'coding':[{'code':'r1'},{'code':"
                 "'r2'}]},{'coding':[{'code':'r3'}]}]" WITH_CODE),
         "MedicationRequest/a ready 1 'd1' {,by mouth} (r1) (r2) (r3)"},
        {REQUEST(",'id':'a','reason':[{'concept':{'coding':[{'code':'r5'}]}},{'reference':{}}"
                 "]" WITH_CODE),
         "MedicationRequest/a ready 1 'd1' (r5)"},
        {REQUEST(",'id':'a','reasonCodeableConcept':{'coding':[{'code':'r2'}]}" WITH_CODE),
         "MedicationRequest/a ready 1 'd1' (r2)"},
        /* broken */
        {"null", ""},
        {"7", ""},
        {"{}", ""},
        {"[]", ""},
        {"{'resourceType':'Bundle'}", ""},
        {"{'resourceType':'Bundle','entry':[null,7,{},{'resource':null},{'resource':7}]}", ""},
        {REQUEST(",'id':7,'medicationCodeableConcept':7,'medicationReference':'x'"),
         "MedicationRequest[0] no-medication"},
        {REQUEST(",'medicationCodeableConcept':'aspirin'"),
         "MedicationRequest[0] ready aspirin 'aspirin'"},
        {REQUEST(",'id':'a','medicationCodeableConcept':{'coding':[{},{'system':'s'},null]}"),
         "MedicationRequest/a no-medication"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void an_order_is_resolved_when_its_medication_arrives(void **state)
{
    struct fhir_order *orders = NULL;
    size_t count = 0;
    struct err err = {0};
    struct parsed p, later;

    (void)state;
    parsed_init(&p);
    parsed_init(&later);
    parsed_add(&p, BUNDLE(ENTRY(REQUEST(BY("Medication/m")))));
    assert_ok(
        fhir_read_orders(json_root(&p.doc), &p.collection, &p.arena, &orders, &count, &err),
        &err);
    assert_ok(fhir_order_resolve(&orders[0], &p.collection, &p.arena, &err), &err);
    assert_int_equal(orders[0].state, FHIR_ORDER_NEEDS_RESOURCE);
    parsed_add(&later, MEDICATION("m", "'ingredient':[{'itemReference':{'reference':"
                                       "'Substance/s'}}]"));
    assert_ok(fhir_collection_add(&p.collection, json_root(&later.doc), &err), &err);
    assert_ok(fhir_order_resolve(&orders[0], &p.collection, &p.arena, &err), &err);
    assert_int_equal(orders[0].state, FHIR_ORDER_NEEDS_RESOURCE);
    assert_slice_equal(orders[0].reference, "Substance/s");
    assert_slice_equal(orders[0].name, "MedicationRequest/a");
    parsed_release(&later);
    parsed_release(&p);
}

static void missing_ingredients_are_named(void **state)
{
#define OF_PARTS(parts)                                                                        \
    BUNDLE(ENTRY(REQUEST(BY("#m") ",'contained':[" MEDICATION(                                 \
        "m", "'code':" CODE("7") ",'ingredient':[" parts "]") "]")))
#define PART(reference) "{'itemReference':{'reference':'" reference "'}}"
    static const struct {
        const char *json;
        const char *missing;
        const char *codes; /* and displays of what has none */
    } rows[] = {
        {OF_PARTS("{'itemCodeableConcept':" CODE("8") "}"), "", "7 8"},
        {OF_PARTS(PART("Substance/s")), "Substance/s", "7"},
        {OF_PARTS(PART("#gone") "," PART("Substance/s")), "Substance/s", "7"},
        {OF_PARTS(PART("#gone") "," PART("#lost")), "#gone", "7"},
        {OF_PARTS("{'itemCodeableConcept':" CODE("8") "}," PART("Substance/s")), "Substance/s",
         "7 8"},
        {OF_PARTS("{'isActive':false,'itemReference':{'reference':'Substance/s'}}"), "", "7"},
        /* in words only: nothing can be fetched, and nothing is lost */
        {OF_PARTS("{'itemReference':{'display':'codeine'}}"), "", "7 codeine"},
        {OF_PARTS("{'itemReference':{}}"), "", "7"},
        /* the medication itself is another matter */
        {BUNDLE(ENTRY(REQUEST(BY("Medication/elsewhere")))), "", ""},
        {BUNDLE(ENTRY(REQUEST(BY("Medication/elsewhere") WITH_CODE))), "", "1"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fhir_order *orders = NULL;
        struct slice codes = SLICE_NONE;
        size_t count = 0;
        struct err err = {0};
        struct parsed p;

        parsed_init(&p);
        parsed_add(&p, rows[i].json);
        assert_ok(
            fhir_read_orders(json_root(&p.doc), &p.collection, &p.arena, &orders, &count, &err),
            &err);
        assert_int_equal(count, 1);
        assert_slice_equal(orders[0].missing, rows[i].missing);
        assert_int_equal(orders[0].is_incomplete, rows[i].missing[0] != '\0');
        for (size_t c = 0; c < orders[0].codings_count; c++)
            codes = arena_printf(&p.arena, "%.*s%s%.*s", SLICE_ARG(codes), c == 0 ? "" : " ",
                                 SLICE_ARG(orders[0].codings[c].code.len > 0
                                               ? orders[0].codings[c].code
                                               : orders[0].codings[c].display));
        assert_slice_equal(codes, rows[i].codes);
        parsed_release(&p);
    }
}

/* What is about to be signed counts, not an older copy from the chart. */
static void the_draft_is_read_not_its_older_copy(void **state)
{
    struct fhir_order *orders = NULL;
    size_t count = 0;
    struct err err = {0};
    struct parsed p, chart;

    (void)state;
    parsed_init(&p);
    parsed_init(&chart);
    parsed_add(&chart, "{'resourceType':'MedicationRequest','id':'a','status':'stopped',"
                       "'medicationCodeableConcept':" CODE("99") "}");
    parsed_add(&p, "{}");
    assert_ok(fhir_collection_add(&p.collection, json_root(&chart.doc), &err), &err);
    parsed_add(&p, BUNDLE(ENTRY(REQUEST(
                       BY("#m") ",'contained':[" MEDICATION("m", "'code':" CODE("7")) "]"))));
    assert_ok(
        fhir_read_orders(json_root(&p.doc), &p.collection, &p.arena, &orders, &count, &err),
        &err);
    assert_int_equal(count, 1);
    assert_int_equal(orders[0].state, FHIR_ORDER_READY);
    assert_slice_equal(orders[0].codings[0].code, "7");
    parsed_release(&chart);
    parsed_release(&p);
}

static void selections(void **state)
{
    static const struct {
        const char *full_url;
        const char *id;
        const char *selection;
        bool want;
    } rows[] = {
        {"", "123", "MedicationRequest/123", true},
        {"", "123", "http://e.org/fhir/MedicationRequest/123", true},
        {"", "123", "MedicationRequest/123/_history/2", true},
        {"", "123", "123", true},
        {"http://e.org/fhir/MedicationRequest/9", "123", "MedicationRequest/9", true},
        {"urn:uuid:7", "123", "urn:uuid:7", true},
        {"", "123", "MedicationRequest/1234", false},
        {"", "123", "MedicationRequest/12", false},
        {"", "123", "XMedicationRequest/123", false},
        {"", "123", "ServiceRequest/123", false},
        {"", "123", "", false},
        {"", "123", "/", false},
        {"", "", "MedicationRequest/123", false},
        {"", "", "MedicationRequest[0]", true},
        {"", "", "", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fhir_order *orders = NULL;
        size_t count = 0;
        struct err err = {0};
        struct arena arena;
        struct parsed p;
        struct slice json;

        parsed_init(&p);
        arena_init(&arena, 65536);
        json = arena_printf(&arena,
                            "{'resourceType':'Bundle','entry':[{'fullUrl':'%s','resource':{"
                            "'resourceType':'MedicationRequest'%s%s%s}}]}",
                            rows[i].full_url, rows[i].id[0] == 0 ? "" : ",'id':'", rows[i].id,
                            rows[i].id[0] == 0 ? "" : "'");
        parsed_add(&p, json.ptr);
        assert_ok(
            fhir_read_orders(json_root(&p.doc), &p.collection, &p.arena, &orders, &count, &err),
            &err);
        assert_int_equal(count, 1);
        if (fhir_order_is_selected(&orders[0], slice_of(rows[i].selection)) != rows[i].want)
            fail_msg("\"%s\", row %zu", rows[i].selection, i);
        arena_release(&arena);
        parsed_release(&p);
    }
}

static void limits(void **state)
{
    struct fhir_order *orders = NULL;
    size_t count = 77;
    struct err err = {0};
    struct parsed p;

    (void)state;
    parsed_init(&p);
    buf_add_text(&p.text, "[");
    for (int i = 0; i <= FHIR_ORDERS_MAX; i++)
        buf_printf(&p.text, "%s{\"resourceType\":\"MedicationRequest\"}", i == 0 ? "" : ",");
    buf_add_text(&p.text, "]");
    parsed_read(&p);
    assert_int_equal(
        fhir_read_orders(json_root(&p.doc), &p.collection, &p.arena, &orders, &count, &err),
        ERR_LIMIT);
    assert_int_equal(count, 77); /* untouched */

    buf_clear(&p.text);
    buf_add_text(&p.text, "{\"resourceType\":\"MedicationRequest\","
                          "\"medicationCodeableConcept\":{\"coding\":[");
    for (int i = 0; i < 2 * FHIR_ORDER_CODINGS_MAX; i++)
        buf_printf(&p.text, "%s{\"code\":\"%d\"}", i == 0 ? "" : ",", i);
    buf_add_text(&p.text, "]}}");
    parsed_read(&p);
    err_clear(&err);
    assert_ok(
        fhir_read_orders(json_root(&p.doc), &p.collection, &p.arena, &orders, &count, &err),
        &err);
    assert_int_equal(orders[0].codings_count, FHIR_ORDER_CODINGS_MAX);
    parsed_release(&p);
}

static void every_lack_of_memory_is_an_error(void **state)
{
    size_t succeeded_at = 0;

    (void)state;
    for (size_t bytes = 0; bytes < 30000 && succeeded_at == 0; bytes += 64) {
        struct fhir_order *orders = NULL;
        size_t count = 0;
        struct err err = {0};
        struct arena arena;
        struct parsed p;
        enum err_code code;

        parsed_init(&p);
        parsed_add(&p,
                   BUNDLE(ENTRY(REQUEST(
                       ",'id':'\\u0061','reasonCode':{'coding':[{'code':'r'}]},"
                       "'dosageInstruction':{'route':{'coding':[{'code':'1'}]}}" WITH_CODE))));
        arena_init(&arena, bytes);
        code =
            fhir_read_orders(json_root(&p.doc), &p.collection, &arena, &orders, &count, &err);
        if (code == ERR_OK)
            succeeded_at = bytes;
        else
            assert_int_equal(code, ERR_NOMEM);
        arena_release(&arena);
        parsed_release(&p);
    }
    assert_true(succeeded_at > 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_version_names_its_medication),
        cmocka_unit_test(medications_by_reference),
        cmocka_unit_test(what_is_not_evaluated),
        cmocka_unit_test(odd_shapes_of_real_clients),
        cmocka_unit_test(an_order_is_resolved_when_its_medication_arrives),
        cmocka_unit_test(missing_ingredients_are_named),
        cmocka_unit_test(the_draft_is_read_not_its_older_copy),
        cmocka_unit_test(selections),
        cmocka_unit_test(limits),
        cmocka_unit_test(every_lack_of_memory_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
