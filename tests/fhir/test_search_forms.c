/* tests/fhir/test_search_forms.c -- searches in the form that a server takes: POSTed, split,
 * with less in them, and what the answer's self link says of them. */
#include "fhir/search.h"
#include "tests/test.h"

#define BASE       "https://ehr.example/fhir"
#define PARAMS_MAX 6
#define TEXT_MAX   512

static size_t params_of(const char *const (*texts)[2], struct fhir_search_param *params)
{
    size_t count = 0;

    for (; count < PARAMS_MAX && texts[count][0] != NULL; count++)
        params[count] =
            (struct fhir_search_param){slice_of(texts[count][0]), slice_of(texts[count][1])};
    return count;
}

/* ---- GET or POST ---- */

static const struct {
    size_t url_bytes_max;
    const char *params[PARAMS_MAX][2];
    enum err_code code;
    const char *url, *form;
} WRITES[] = {
    {0, {{"a", "b|c"}}, ERR_OK, BASE "/Observation?a=b%7Cc", ""},
    {100, {{"a", "b|c"}}, ERR_OK, BASE "/Observation?a=b%7Cc", ""},
    {100, {{NULL}}, ERR_OK, BASE "/Observation", ""},
    /* 24 + 12 + 8 bytes */
    {44, {{"a", "b|c"}}, ERR_OK, BASE "/Observation?a=b%7Cc", ""},
    {43, {{"a", "b|c"}}, ERR_OK, BASE "/Observation/_search", "a=b%7Cc"},
    {1, {{"a", "b"}, {"c", "d,e f"}}, ERR_OK, BASE "/Observation/_search", "a=b&c=d,e%20f"},
    {1, {{"", "b"}}, ERR_INVALID, "", ""},
};

static void long_searches_become_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(WRITES); i++) {
        struct fhir_search_param params[PARAMS_MAX];
        size_t count = params_of(WRITES[i].params, params);
        struct err err = {0};
        struct buf url, form;
        enum err_code code;

        buf_init(&url, TEXT_MAX);
        buf_init(&form, TEXT_MAX);
        code = fhir_search_write(&url, &form, SLICE(BASE), SLICE("Observation"), params, count,
                                 WRITES[i].url_bytes_max, &err);
        if (code != WRITES[i].code)
            fail_msg("row %zu: %s (%s)", i, err_code_name(code), err.text);
        assert_slice_equal(buf_slice(&url), WRITES[i].url);
        assert_slice_equal(buf_slice(&form), WRITES[i].form);
        buf_release(&url);
        buf_release(&form);
    }
}

static void a_full_form_is_an_error(void **state)
{
    const struct fhir_search_param param = {SLICE("a"), SLICE("bcdefgh")};
    struct err err = {0};
    struct buf url, form;

    (void)state;
    buf_init(&url, TEXT_MAX);
    buf_init(&form, 8);
    assert_int_equal(
        fhir_search_write(&url, &form, SLICE(BASE), SLICE("Observation"), &param, 1, 1, &err),
        ERR_LIMIT);
    buf_release(&url);
    buf_release(&form);
}

/* ---- Splitting ---- */

static void lists_are_split(void **state)
{
    static const struct {
        const char *codes;
        size_t all, take;
        const char *taken, *rest;
    } rows[] = {
        {"", 0, 1, "", ""},
        {"a", 1, 1, "a", ""},
        {"a", 1, 5, "a", ""},
        {"a,b,c", 3, 1, "a", "b,c"},
        {"a,b,c", 3, 2, "a,b", "c"},
        {"a,b,c", 3, 3, "a,b,c", ""},
        {"a\\,b,c", 2, 1, "a\\,b", "c"},
        {"a\\\\,b", 2, 1, "a\\\\", "b"},
        {"a\\", 1, 1, "a\\", ""},
        {",,", 3, 1, "", ","},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice rest = slice_of(rows[i].codes);

        if (fhir_codes_count(rest) != rows[i].all)
            fail_msg("%s: %zu codes", rows[i].codes, fhir_codes_count(rest));
        assert_slice_equal(fhir_codes_take(&rest, rows[i].take), rows[i].taken);
        assert_slice_equal(rest, rows[i].rest);
    }
}

static void a_split_list_is_whole(void **state)
{
    struct slice rest = SLICE("http://loinc.org|1-1,http://loinc.org|2-2,x|a\\,b,y,z");
    size_t searches = 0, codes = 0;

    (void)state;
    while (rest.len > 0) {
        struct slice part = fhir_codes_take(&rest, 2);

        codes += fhir_codes_count(part);
        searches++;
    }
    assert_int_equal(searches, 3);
    assert_int_equal(codes, 5);
}

/* ---- Less in it ---- */

static void searches_are_reduced_step_by_step(void **state)
{
    static const char *const TEXTS[PARAMS_MAX][2] = {
        {"patient", "1"},
        {"component-code", "x"},
        {"_include:iterate", "Observation:derived-from"},
        {"code", "a,b"},
        {"_revinclude", "Provenance:target"},
        {NULL, NULL},
    };
    struct fhir_search_param params[PARAMS_MAX];
    size_t count = params_of(TEXTS, params);

    (void)state;
    assert_int_equal(fhir_search_reduce(params, &count), FHIR_REDUCTION_COMPONENT);
    assert_int_equal(count, 4);
    assert_int_equal(fhir_search_reduce(params, &count), FHIR_REDUCTION_INCLUDE);
    assert_int_equal(count, 2);
    assert_slice_equal(params[0].name, "patient");
    assert_slice_equal(params[1].name, "code");
    assert_int_equal(fhir_search_reduce(params, &count), FHIR_REDUCTION_NONE);
    assert_int_equal(count, 2);
}

/* ---- What the server passed over ---- */

static void self_links_are_read(void **state)
{
    static const struct {
        const char *link, *params[PARAMS_MAX][2];
        uint32_t want;
    } rows[] = {
        {"", {{"code", "x"}}, 0},
        {BASE "/Observation", {{"code", "x"}}, 0},
        {BASE "/Observation/_search", {{"code", "x"}}, 0},
        {BASE "/Observation?", {{"code", "x"}}, 0},
        {BASE "/Observation?patient=1&code=x", {{"patient", "1"}, {"code", "x"}}, 0},
        {BASE "/Observation?patient=1", {{"patient", "1"}, {"code", "x"}}, 2},
        {BASE "/Observation?patient=1&codes=x", {{"patient", "1"}, {"code", "x"}}, 2},
        {BASE "/Observation?patient%3APatient=1", {{"patient", "1"}}, 0},
        {BASE "/Observation?patient:Patient=1", {{"patient", "1"}}, 0},
        {BASE "/Observation?_include=a&_count=5",
         {{"_include:iterate", "b"}, {"_count", "9"}, {"category", "GE"}},
         4},
        {"?x", {{"a", "1"}, {"b", "1"}, {"x", ""}}, 3},
        {"?=&&&%%", {{"a", "1"}}, 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fhir_search_param params[PARAMS_MAX];
        size_t count = params_of(rows[i].params, params);
        uint32_t got = fhir_search_ignored(slice_of(rows[i].link), params, count);

        if (got != rows[i].want)
            fail_msg("%s: %x", rows[i].link, got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_searches_become_forms),
        cmocka_unit_test(a_full_form_is_an_error),
        cmocka_unit_test(lists_are_split),
        cmocka_unit_test(a_split_list_is_whole),
        cmocka_unit_test(searches_are_reduced_step_by_step),
        cmocka_unit_test(self_links_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
