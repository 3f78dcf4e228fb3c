/* tests/gateway/test_hook_request.c -- which request bodies are refused, and with which path.
 */
#include "tests/test.h"

#include "gateway/hooks/request.h"

#define PATIENT "\"userId\":\"Practitioner/1\",\"patientId\":\"p1\""
#define ORDERS  "\"draftOrders\":{\"resourceType\":\"Bundle\"}"
#define HEAD    "{\"hook\":\"order-sign\",\"hookInstance\":\"i\","
#define GOOD    HEAD "\"context\":{" PATIENT "," ORDERS "}"

struct reader {
    struct arena arena;
    struct json_doc doc;
    char text[4096];
};

/* Parses and reads; the request is valid until reader_release. */
static bool read_request(struct reader *reader, const char *service, const char *body,
                         struct hook_request *ret, struct hook_failure *failure)
{
    struct err err = {0};

    arena_init(&reader->arena, 1 << 20);
    json_doc_init(&reader->doc);
    memset(reader->text, 0, sizeof reader->text);
    assert_true(strlen(body) + JSON_PADDING < sizeof reader->text);
    memcpy(reader->text, body, strlen(body));
    *failure = (struct hook_failure){0};
    assert_ok(json_parse(&reader->doc, slice_of(reader->text), 10000, &err), &err);
    return hook_request_read(json_root(&reader->doc), hook_service_find(slice_of(service)),
                             &reader->arena, ret, failure);
}

static void reader_release(struct reader *reader)
{
    json_doc_release(&reader->doc);
    arena_release(&reader->arena);
}

static void refuses_with_code_and_path(void **state)
{
    static const struct {
        const char *body;
        enum hook_failure_code code;
        const char *expression;
    } rows[] = {
        {"[]", HOOK_WRONG_TYPE, "$"},
        {"\"order-sign\"", HOOK_WRONG_TYPE, "$"},
        {"{}", HOOK_MISSING, "hook"},
        {"{\"hook\":null}", HOOK_MISSING, "hook"},
        {"{\"hook\":7}", HOOK_WRONG_TYPE, "hook"},
        {"{\"hook\":\"\"}", HOOK_MISSING, "hook"},
        {"{\"hook\":\"order-select\",\"hookInstance\":\"i\"}", HOOK_WRONG_HOOK, "hook"},
        {"{\"hook\":\"order-sign\"}", HOOK_MISSING, "hookInstance"},
        {"{\"hook\":\"order-sign\",\"hookInstance\":[]}", HOOK_WRONG_TYPE, "hookInstance"},
        {HEAD "\"x\":1}", HOOK_MISSING, "context"},
        {HEAD "\"context\":[]}", HOOK_WRONG_TYPE, "context"},
        {HEAD "\"context\":{}}", HOOK_MISSING, "context.userId"},
        {HEAD "\"context\":{\"userId\":1}}", HOOK_WRONG_TYPE, "context.userId"},
        {HEAD "\"context\":{\"userId\":\"u\"}}", HOOK_MISSING, "context.patientId"},
        {HEAD "\"context\":{\"userId\":\"u\",\"patientId\":{}}}", HOOK_WRONG_TYPE,
         "context.patientId"},
        {HEAD "\"context\":{\"userId\":\"u\",\"patientId\":\"Patient/\"}}", HOOK_WRONG_VALUE,
         "context.patientId"},
        {HEAD "\"context\":{" PATIENT "}}", HOOK_NO_DRAFT_ORDERS, "context.draftOrders"},
        {HEAD "\"context\":{" PATIENT ",\"draftOrders\":\"x\"}}", HOOK_WRONG_TYPE,
         "context.draftOrders"},
        {HEAD "\"context\":{" PATIENT ",\"draftOrders\":{\"resourceType\":\"Patient\"}}}",
         HOOK_WRONG_VALUE, "context.draftOrders"},
        {HEAD "\"context\":{" PATIENT
              ",\"draftOrders\":{\"resourceType\":\"Bundle\",\"entry\":{}}}}",
         HOOK_WRONG_TYPE, "context.draftOrders"},
        {GOOD ",\"prefetch\":[]}", HOOK_WRONG_TYPE, "prefetch"},
        {GOOD ",\"fhirServer\":{}}", HOOK_WRONG_TYPE, "fhirServer"},
        {GOOD ",\"fhirAuthorization\":{\"access_token\":\"t\"}}", HOOK_MISSING, "fhirServer"},
        {GOOD ",\"fhirServer\":\"http://f\",\"fhirAuthorization\":{}}", HOOK_MISSING,
         "fhirAuthorization.access_token"},
        {GOOD ",\"fhirServer\":\"http://f\",\"fhirAuthorization\":{\"access_token\":\"a b\"}}",
         HOOK_WRONG_VALUE, "fhirAuthorization.access_token"},
        {GOOD ",\"fhirServer\":\"http://f\",\"fhirAuthorization\":{\"access_token\":"
              "\"a\\r\\nX: y\"}}",
         HOOK_WRONG_VALUE, "fhirAuthorization.access_token"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct reader reader;
        struct hook_request request = {.patient_id = SLICE("untouched")};
        struct hook_failure failure;

        assert_false(read_request(&reader, "pgx-order-sign", rows[i].body, &request, &failure));
        if (failure.code != rows[i].code || strcmp(failure.expression, rows[i].expression) != 0)
            fail_msg("%s: got %s at '%s'", rows[i].body, hook_failure_label(failure.code),
                     failure.expression);
        assert_slice_equal(request.patient_id, "untouched");
        reader_release(&reader);
    }
}

static void reads_what_clients_send(void **state)
{
    struct reader reader;
    struct hook_request request;
    struct hook_failure failure;

    (void)state;
    assert_true(read_request(
        &reader, "pgx-order-sign",
        HEAD "\"context\":{\"userId\":\"Practitioner/1\",\"patientId\":\"Patient/p1\"," ORDERS
             ",\"encounterId\":\"e\",\"unknown\":[1]},\"extension\":{},\"prefetch\":null,"
             "\"fhirServer\":\"https://f.example.org/r4\","
             "\"fhirAuthorization\":{\"access_token\":\"abc.def-_~+/=\"}}",
        &request, &failure));
    assert_slice_equal(request.patient_id, "p1");
    assert_slice_equal(request.fhir_server, "https://f.example.org/r4");
    assert_slice_equal(request.access_token, "abc.def-_~+/=");
    assert_true(json_is_absent(request.prefetch));
    reader_release(&reader);
}

static void selections_are_required_where_the_hook_has_them(void **state)
{
    static const struct {
        const char *selections;
        bool is_ok;
    } rows[] = {
        {"", false},
        {",\"selections\":null", false},
        {",\"selections\":\"MedicationRequest/1\"", false},
        {",\"selections\":[1]", false},
        {",\"selections\":[]", true},
        {",\"selections\":[\"MedicationRequest/1\"]", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct reader reader;
        struct hook_request request;
        struct hook_failure failure;
        char body[512];

        (void)snprintf(body, sizeof body,
                       "{\"hook\":\"order-select\",\"hookInstance\":\"i\",\"context\":{" PATIENT
                       "," ORDERS "%s}}",
                       rows[i].selections);
        assert_int_equal(read_request(&reader, "pgx-order-select", body, &request, &failure),
                         rows[i].is_ok);
        if (!rows[i].is_ok)
            assert_string_equal(failure.expression, "context.selections");
        reader_release(&reader);
    }
}

static void every_failure_has_status_label_and_issue(void **state)
{
    (void)state;
    for (enum hook_failure_code code = HOOK_NONE; code < HOOK_FAILURES_COUNT; code++) {
        uint32_t status = hook_failure_status(code);

        assert_true(status == 200 ? code == HOOK_NONE : status >= 400 && status < 600);
        assert_true(strlen(hook_failure_label(code)) > 0);
        assert_true(strlen(hook_failure_issue(code)) > 0);
    }
}

static void the_first_failure_is_kept(void **state)
{
    struct hook_failure failure = {0};

    (void)state;
    assert_false(hook_fail(&failure, HOOK_MISSING, "a", "first %d", 1));
    assert_false(hook_fail(&failure, HOOK_INTERNAL, "b", "second"));
    assert_int_equal(failure.code, HOOK_MISSING);
    assert_string_equal(failure.text, "first 1");
    assert_string_equal(failure.expression, "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_with_code_and_path),
        cmocka_unit_test(reads_what_clients_send),
        cmocka_unit_test(selections_are_required_where_the_hook_has_them),
        cmocka_unit_test(every_failure_has_status_label_and_issue),
        cmocka_unit_test(the_first_failure_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
