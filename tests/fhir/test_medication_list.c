/* tests/fhir/test_medication_list.c -- who takes what since when, who weighs what, and why an
 * order was written. */
#include "tests/fhir/parsed.h"

#include "fhir/body.h"
#include "fhir/medication_list.h"

#define TODAY 20781 /* 2026-11-24 */

#define DRUG        ",'medicationCodeableConcept':{'coding':[{'code':'a'}]}"
#define REQUEST(s)  "{'resourceType':'MedicationRequest','id':'1','intent':'order'," s DRUG "}"
#define ORDER(s)    "{'resourceType':'MedicationOrder','id':'1'," s DRUG "}"
#define STATED(s)   "{'resourceType':'MedicationStatement','id':'1'," s DRUG "}"
#define SUBJECT(id) ",'subject':{'reference':'Patient/" id "'}"
#define BOUNDS(b)   ",'dosageInstruction':[{'timing':{'repeat':{'boundsPeriod':{" b "}}}}]"

/* "a since 3 stopped 5 [exactly]" in days before today; empty: no entry. */
static void describe_entries(const struct fhir_list_entry *entries, size_t count,
                             struct buf *buf)
{
    for (size_t i = 0; i < count; i++) {
        const struct fhir_list_entry *e = &entries[i];

        buf_add(buf, i > 0 ? SLICE("; ") : SLICE_NONE);
        if (e->is_unread)
            buf_join(buf, SLICE("unread "), e->order.reference);
        else
            buf_add(buf, e->order.codings[0].code);
        if (e->has_start)
            buf_printf(buf, " since %d", TODAY - e->start_day);
        if (e->is_stopped)
            buf_printf(buf, " stopped %d%s", TODAY - e->stop_day,
                       e->is_stop_exact ? " exactly" : "");
    }
}

static const struct {
    const char *json, *want;
} ENTRIES[] = {
    {REQUEST("'status':'active','authoredOn':'2026-11-14'"), "a since 10"},
    {REQUEST("'status':'active'"), "a"},
    {ORDER("'status':'active','dateWritten':'2026-11-14'"), "a since 10"},
    {STATED("'status':'active','effectivePeriod':{'start':'2026-10'}"), "a since 24"},
    {STATED("'status':'recorded','effectiveDateTime':'2026-11-23'"), "a since 1"},
    {STATED("'status':'active','effectivePeriod':{'start':'2026-01-01','end':'2026-11-20'}"),
     "a since 327 stopped 4 exactly"},
    {REQUEST("'status':'active'" BOUNDS("'start':'2026-11-01','end':'2026-11-08'")),
     "a since 23 stopped 16 exactly"},
    {REQUEST("'status':'active'" BOUNDS("'start':'2026-11-01','end':'2027-11-08'")),
     "a since 23"},
    {REQUEST("'status':'active'" BOUNDS("'end':'2026-11-24'")), "a"},
    {REQUEST("'status':'completed'" BOUNDS("'end':'2026-11-20'")), "a stopped 4 exactly"},
    {REQUEST("'status':'completed'"), "a stopped 0"},
    {REQUEST("'status':'completed','meta':{'lastUpdated':'2026-10-25T08:00:00Z'}"),
     "a stopped 30"},
    /* stopped before its planned end, some time */
    {REQUEST("'status':'stopped','meta':{'lastUpdated':'2026-11-23T08:00:00Z'}" BOUNDS(
         "'end':'2026-11-20'")),
     "a stopped 4"},
    {REQUEST("'status':'stopped'" BOUNDS("'end':'2027-11-20'")), "a stopped 0"},
    {REQUEST("'status':'stopped','statusChanged':'2026-11-04'"), "a stopped 20 exactly"},
    {REQUEST("'status':'ended','statusChanged':'2027-11-04'"), "a stopped 0"},
    {ORDER("'status':'stopped','dateEnded':'2026-11-04'"), "a stopped 20 exactly"},
    {STATED("'status':'stopped','effectivePeriod':{'end':'2026-11-04'}"),
     "a stopped 20 exactly"},
    /* nobody knows */
    {REQUEST("'status':'on-hold','meta':{'lastUpdated':'2026-10-25'}"), "a stopped 0"},
    {REQUEST("'status':'unknown'"), "a stopped 0"},
    {REQUEST("'status':17"), "a stopped 0"},
    {REQUEST("'note':[]"), "a stopped 0"},
    /* never taken */
    {REQUEST("'status':'draft'"), ""},
    {REQUEST("'status':'cancelled'"), ""},
    {REQUEST("'status':'entered-in-error'"), ""},
    {REQUEST("'status':'active','doNotPerform':true"), ""},
    {"{'resourceType':'MedicationRequest','intent':'plan','status':'active'" DRUG "}", ""},
    {STATED("'status':'not-taken'"), ""},
    {STATED("'status':'intended'"), ""},
    {STATED("'status':'active','taken':'n'"), ""},
    {STATED("'status':'active','wasNotTaken':true"), ""},
    /* others */
    {REQUEST("'status':'active'" SUBJECT("p")), "a"},
    {REQUEST("'status':'active'" SUBJECT("q")), ""},
    {ORDER("'status':'active','patient':{'reference':'Patient/q'}"), ""},
    {"{'resourceType':'MedicationDispense','status':'completed'" DRUG "}", ""},
    /* by reference */
    {"{'resourceType':'MedicationRequest','status':'active',"
     "'medicationReference':{'reference':'Medication/m','display':'x'}}",
     "unread Medication/m"},
    {"[{'resourceType':'MedicationRequest','status':'active',"
     "'medicationReference':{'reference':'Medication/m'}},"
     "{'resourceType':'Medication','id':'m','code':{'coding':[{'code':'b'}]}}]",
     "b"},
};

static void entries_are_read_with_their_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ENTRIES); i++) {
        struct fhir_list_entry *entries = NULL;
        size_t count = 0;
        struct err err = {0};
        struct parsed p;
        struct buf got;

        parsed_init(&p);
        buf_init(&got, 4096);
        parsed_add(&p, ENTRIES[i].json);
        assert_ok(fhir_read_medication_list(&p.collection, SLICE("p"), NULL, 0, TODAY, &p.arena,
                                            &entries, &count, &err),
                  &err);
        describe_entries(entries, count, &got);
        if (!slice_eq_text(buf_slice(&got), ENTRIES[i].want))
            fail_msg("row %zu: got \"%.*s\", want \"%s\"", i, SLICE_ARG(buf_slice(&got)),
                     ENTRIES[i].want);
        buf_release(&got);
        parsed_release(&p);
    }
}

/* Orders of the call are passed over by id, or as the very same value. */
static void orders_of_the_call_are_no_part_of_the_list(void **state)
{
    struct fhir_list_entry *entries = NULL;
    struct fhir_order *orders = NULL;
    size_t count = 0, orders_count = 0;
    struct err err = {0};
    struct parsed p;

    (void)state;
    parsed_init(&p);
    parsed_add(&p, "[{'resourceType':'MedicationRequest','status':'active'" DRUG "},"
                   "{'resourceType':'MedicationRequest','status':'active','id':'x'" DRUG "}]");
    assert_ok(fhir_read_orders(json_root(&p.doc), &p.collection, &p.arena, &orders,
                               &orders_count, &err),
              &err);
    assert_int_equal(orders_count, 2);
    assert_ok(fhir_read_medication_list(&p.collection, SLICE("p"), orders, 2, TODAY, &p.arena,
                                        &entries, &count, &err),
              &err);
    assert_int_equal(count, 0);
    assert_ok(fhir_read_medication_list(&p.collection, SLICE("p"), &orders[1], 1, TODAY,
                                        &p.arena, &entries, &count, &err),
              &err);
    assert_int_equal(count, 1);
    parsed_release(&p);
}

#define WEIGHT(code, status, date, value, unit)                                                \
    "{'resourceType':'Observation','status':'" status "','effectiveDateTime':'" date           \
    "','code':{'coding':[{'system':'http://loinc.org','code':'" code                           \
    "'}]},'valueQuantity':{'value':" value ",'unit':'" unit "'}" SUBJECT("p") "}"

static void the_latest_weight_counts(void **state)
{
    static const struct {
        const char *json;
        uint32_t kg_x100; /* 0: not known */
    } ROWS[] = {
        {WEIGHT("29463-7", "final", "2026-11-01", "39.5", "kg"), 3950},
        {WEIGHT("3141-9", "amended", "2026-11-01", "39500", "g"), 3950},
        {WEIGHT("29463-7", "corrected", "2026", "100", "[lb_av]"), 4536},
        {"[" WEIGHT("29463-7", "final", "2026-11-01", "40", "kg") "," WEIGHT(
             "29463-7", "final", "2026-11-02", "41",
             "kg") "," WEIGHT("29463-7", "final", "2025-11-02", "30", "kg") "]",
         4100},
        {"[" WEIGHT("29463-7", "final", "2026-11-02T08:00:00Z", "40", "kg") "," WEIGHT(
             "29463-7", "final", "2026-11-02T20:00:00Z", "41", "kg") "]",
         4100},
        {"[" WEIGHT("29463-7", "final", "2026-11-02", "40",
                    "kg") "," WEIGHT("3141-9", "final", "2026-11-02", "40", "kg") "]",
         4000},
        {"[" WEIGHT("29463-7", "final", "2026-11-02", "40",
                    "kg") "," WEIGHT("29463-7", "final", "2026-11-02", "41", "kg") "]",
         0},
        {WEIGHT("29463-7", "preliminary", "2026-11-01", "40", "kg"), 0},
        {WEIGHT("29463-7", "entered-in-error", "2026-11-01", "40", "kg"), 0},
        {WEIGHT("8302-2", "final", "2026-11-01", "40", "kg"), 0},
        {WEIGHT("29463-7", "final", "2026-11-01", "40", "stone"), 0},
        {WEIGHT("29463-7", "final", "2026-11-01", "40", ""), 0},
        {WEIGHT("29463-7", "final", "2026-11-01", "4000", "kg"), 0},
        {WEIGHT("29463-7", "final", "2026-11-01", "0", "kg"), 0},
        {WEIGHT("29463-7", "final", "", "40", "kg"), 0},
        {"{'resourceType':'Patient','id':'p'}", 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        uint32_t x100 = 0;
        struct parsed p;
        bool is_known;

        parsed_init(&p);
        parsed_add(&p, ROWS[i].json);
        is_known = fhir_body_weight(&p.collection, SLICE("p"), &p.arena, &x100);
        if (is_known != (ROWS[i].kg_x100 > 0) || (is_known && x100 != ROWS[i].kg_x100))
            fail_msg("row %zu: got %u for %s", i, x100, ROWS[i].json);
        if (is_known) /* somebody else's */
            assert_false(fhir_body_weight(&p.collection, SLICE("q"), &p.arena, &x100));
        parsed_release(&p);
    }
}

static void the_latest_height_counts(void **state)
{
    static const struct {
        const char *json;
        uint32_t cm_x100; /* 0: not known */
    } ROWS[] = {
        {WEIGHT("8302-2", "final", "2026-11-01", "172.5", "cm"), 17250},
        {WEIGHT("3137-7", "final", "2026-11-01", "1.725", "m"), 17250},
        {WEIGHT("8302-2", "final", "2026-11-01", "1725", "mm"), 17250},
        {WEIGHT("8302-2", "final", "2026-11-01", "68", "[in_i]"), 17272},
        {WEIGHT("8302-2", "final", "2026-11-01", "5.7", "[ft_i]"), 0},
        {WEIGHT("8302-2", "final", "2026-11-01", "1.725", "cm"), 0},
        {WEIGHT("29463-7", "final", "2026-11-01", "172", "cm"), 0},
        {WEIGHT("8302-2", "preliminary", "2026-11-01", "172", "cm"), 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        uint32_t x100 = 0;
        struct parsed p;
        bool is_known;

        parsed_init(&p);
        parsed_add(&p, ROWS[i].json);
        is_known = fhir_body_height(&p.collection, SLICE("p"), &p.arena, &x100);
        if (is_known != (ROWS[i].cm_x100 > 0) || (is_known && x100 != ROWS[i].cm_x100))
            fail_msg("row %zu: got %u for %s", i, x100, ROWS[i].json);
        parsed_release(&p);
    }
}

#define CONDITION(rest)                                                                        \
    "{'resourceType':'Condition','id':'c','code':{'coding':[{'code':'I21.9'}]}" rest "}"
#define BECAUSE(reasons) "{'resourceType':'MedicationRequest','id':'o'," reasons DRUG "}"

static void reasons_by_reference_are_read_where_the_condition_is_here(void **state)
{
    static const struct {
        const char *json, *want;
    } ROWS[] = {
        {"[" BECAUSE("'reasonReference':[{'reference':'Condition/c'}]") "," CONDITION("") "]",
         "I21.9"},
        {"[" BECAUSE("'reasonReference':{'reference':'Condition/c'}") "," CONDITION("") "]",
         "I21.9"},
        {"[" BECAUSE("'reason':[{'reference':{'reference':'Condition/c'}}]") "," CONDITION(
             "") "]",
         "I21.9"},
        {BECAUSE("'contained':[" CONDITION("") "],'reasonReference':[{'reference':'#c'}]"),
         "I21.9"},
        {"[" BECAUSE("'reasonCode':[{'coding':[{'code':'x'}]}],'reasonReference':[{'reference':"
                     "'Condition/c'}]") "," CONDITION("") "]",
         "x I21.9"},
        {BECAUSE("'reasonReference':[{'reference':'Condition/c'}]"), ""},
        {"[" BECAUSE("'reasonReference':[{'reference':'Condition/c'}]") "," CONDITION(
             ",'verificationStatus':{'coding':[{'code':'refuted'}]}") "]",
         ""},
        {"[" BECAUSE("'reasonReference':[{'reference':'Condition/c'}]") "," CONDITION(
             ",'verificationStatus':'entered-in-error'") "]",
         ""},
        {"[" BECAUSE(
             "'reasonReference':[{'reference':'Observation/c'}]") ","
                                                                  "{'resourceType':'"
                                                                  "Observation','id':'c','code'"
                                                                  ":{'coding':[{'code':'I21.9'}"
                                                                  "]}}]",
         ""},
        {BECAUSE("'reasonReference':'Condition/c'"), ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct fhir_order *orders = NULL;
        size_t count = 0;
        struct err err = {0};
        struct parsed p;
        struct buf got;

        parsed_init(&p);
        buf_init(&got, 4096);
        parsed_add(&p, ROWS[i].json);
        assert_ok(
            fhir_read_orders(json_root(&p.doc), &p.collection, &p.arena, &orders, &count, &err),
            &err);
        for (size_t r = 0; r < orders[0].reasons_count; r++)
            buf_join(&got, r > 0 ? SLICE(" ") : SLICE_NONE, orders[0].reasons[r].code);
        if (!slice_eq_text(buf_slice(&got), ROWS[i].want))
            fail_msg("row %zu: got \"%.*s\", want \"%s\"", i, SLICE_ARG(buf_slice(&got)),
                     ROWS[i].want);
        buf_release(&got);
        parsed_release(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_read_with_their_times),
        cmocka_unit_test(orders_of_the_call_are_no_part_of_the_list),
        cmocka_unit_test(the_latest_weight_counts),
        cmocka_unit_test(the_latest_height_counts),
        cmocka_unit_test(reasons_by_reference_are_read_where_the_condition_is_here),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
