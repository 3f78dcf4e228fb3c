/* tests/fhir/test_search.c -- URLs of searches, reads and next pages, good and hostile. */
#include "fhir/search.h"
#include "fhir/url.h"
#include "tests/test.h"

#define BASE        "https://ehr.example/fhir"
#define PARAMS_MAX  4
#define TEXT_MAX    512
#define NOT_WRITTEN "(unchanged)"
#define ARENA_BYTES 65536

static const struct {
    const char *base, *type;
    const char *params[PARAMS_MAX][2];
    enum err_code code;
    const char *want;
} SEARCHES[] = {
    {BASE, "Observation", {{NULL}}, ERR_OK, BASE "/Observation"},
    {BASE "/", "Observation", {{NULL}}, ERR_OK, BASE "/Observation"},
    {BASE "///", "Patient", {{"_count", "1"}}, ERR_OK, BASE "/Patient?_count=1"},
    {"http://h", "Patient", {{"a", ""}}, ERR_OK, "http://h/Patient?a="},
    {BASE,
     "Observation",
     {{"patient", "p1"}, {"code", "http://loinc.org|84413-4,http://loinc.org|79716-7"}},
     ERR_OK,
     BASE "/Observation?patient=p1&code=http%3A%2F%2Floinc.org%7C84413-4,"
          "http%3A%2F%2Floinc.org%7C79716-7"},
    {BASE, "Observation", {{"x", "a b"}}, ERR_OK, BASE "/Observation?x=a%20b"},
    {BASE, "Observation", {{"x", "aZ09-._~,"}}, ERR_OK, BASE "/Observation?x=aZ09-._~,"},
    {BASE,
     "Observation",
     {{"x", "!\"#$%&'()*+/:;<=>?@[\\]^`{|}"}},
     ERR_OK,
     BASE "/Observation?x=%21%22%23%24%25%26%27%28%29%2A%2B%2F%3A%3B%3C%3D%3E%3F%40%5B%5C"
          "%5D%5E%60%7B%7C%7D"},
    {BASE,
     "Observation",
     {{"x", "\xc3\xa9\r\n\x7f"}},
     ERR_OK,
     BASE "/Observation?x=%C3%A9%0D%0A%7F"},
    {BASE,
     "Observation",
     {{"patient", "1&code=secret#/../"}},
     ERR_OK,
     BASE "/Observation?patient=1%26code%3Dsecret%23%2F..%2F"},
    {BASE,
     "Observation",
     {{"subject:Patient", "1"}, {"a.b", "2"}},
     ERR_OK,
     BASE "/Observation?subject%3APatient=1&a.b=2"},
    {BASE, "Observation", {{"", "1"}}, ERR_INVALID, NULL},
    {BASE, "", {{NULL}}, ERR_INVALID, NULL},
    {BASE, "observation", {{NULL}}, ERR_INVALID, NULL},
    {BASE, "Observation/1", {{NULL}}, ERR_INVALID, NULL},
    {BASE, "Obs ervation", {{NULL}}, ERR_INVALID, NULL},
    {BASE, "..", {{NULL}}, ERR_INVALID, NULL},
    {"", "Observation", {{NULL}}, ERR_INVALID, NULL},
    {"ehr.example/fhir", "Observation", {{NULL}}, ERR_INVALID, NULL},
    {BASE "?x=y", "Observation", {{NULL}}, ERR_INVALID, NULL},
    {BASE "#x", "Observation", {{NULL}}, ERR_INVALID, NULL},
    {BASE "/../x", "Observation", {{NULL}}, ERR_INVALID, NULL},
    {"https://u@ehr.example", "Observation", {{NULL}}, ERR_INVALID, NULL},
    {"file:///fhir", "Observation", {{NULL}}, ERR_INVALID, NULL},
};

static void searches_are_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(SEARCHES); i++) {
        struct fhir_search_param params[PARAMS_MAX];
        size_t count = 0;
        struct err err = {0};
        struct buf buf;
        enum err_code code;

        for (; count < PARAMS_MAX && SEARCHES[i].params[count][0] != NULL; count++)
            params[count] = (struct fhir_search_param){slice_of(SEARCHES[i].params[count][0]),
                                                       slice_of(SEARCHES[i].params[count][1])};
        buf_init(&buf, TEXT_MAX);
        code = fhir_search_url(&buf, slice_of(SEARCHES[i].base), slice_of(SEARCHES[i].type),
                               params, count, &err);
        if (code != SEARCHES[i].code)
            fail_msg("row %zu: %s (%s)", i, err_code_name(code), err.text);
        assert_slice_equal(buf_slice(&buf), SEARCHES[i].want);
        if (code == ERR_OK)
            assert_true(fhir_url_parse(buf_slice(&buf), &(struct fhir_url){0}));
        buf_release(&buf);
    }
}

static void a_full_buffer_is_an_error(void **state)
{
    static const char want[] = BASE "/Observation?code=a%7Cb";
    const struct fhir_search_param param = {SLICE("code"), SLICE("a|b")};

    (void)state;
    for (size_t max = 1; max <= sizeof want; max++) {
        struct err err = {0};
        struct buf buf;
        enum err_code code;

        buf_init(&buf, max);
        code = fhir_search_url(&buf, SLICE(BASE), SLICE("Observation"), &param, 1, &err);
        assert_int_equal(code, max < sizeof want - 1 ? ERR_LIMIT : ERR_OK);
        buf_release(&buf);
        err_clear(&err);
        buf_init(&buf, max);
        code = fhir_read_url(&buf, SLICE(BASE), SLICE("Observation/1"), &err);
        assert_int_equal(code, max < sizeof BASE "/Observation/1" - 1 ? ERR_LIMIT : ERR_OK);
        buf_release(&buf);
    }
}

#define ID_64 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."

static const struct {
    const char *base, *reference;
    enum err_code code;
    const char *want;
} READS[] = {
    {BASE, "Medication/m1", ERR_OK, BASE "/Medication/m1"},
    {BASE "/", "Medication/m1", ERR_OK, BASE "/Medication/m1"},
    {BASE, "Medication/1.2-3", ERR_OK, BASE "/Medication/1.2-3"},
    {BASE, "Medication/...", ERR_OK, BASE "/Medication/..."},
    {BASE, "Medication/" ID_64, ERR_OK, BASE "/Medication/" ID_64},
    {BASE, "Medication/m1/_history/2", ERR_OK, BASE "/Medication/m1/_history/2"},
    {BASE, BASE "/Medication/m1", ERR_OK, BASE "/Medication/m1"},
    {BASE "/", "HTTPS://EHR.example:443/fhir/Medication/m1", ERR_OK, BASE "/Medication/m1"},
    {BASE, BASE "/Medication/m1/_history/2", ERR_OK, BASE "/Medication/m1/_history/2"},
    {"http://h", "http://h:80/Medication/m1", ERR_OK, "http://h/Medication/m1"},
    /* ids and forms outside the grammar */
    {BASE, "Medication/" ID_64 "x", ERR_INVALID, NULL},
    {BASE, "Medication/a b", ERR_INVALID, NULL},
    {BASE, "Medication/a_b", ERR_INVALID, NULL},
    {BASE, "Medication/a?b", ERR_INVALID, NULL},
    {BASE, "Medication/a#b", ERR_INVALID, NULL},
    {BASE, "Medication/a%2fb", ERR_INVALID, NULL},
    {BASE, "Medication/\xc3\xa9", ERR_INVALID, NULL},
    {BASE, "Medication/a\r\n", ERR_INVALID, NULL},
    {BASE, "Medication/.", ERR_INVALID, NULL},
    {BASE, "Medication/..", ERR_INVALID, NULL},
    {BASE, "Medication/", ERR_INVALID, NULL},
    {BASE, "Medication", ERR_INVALID, NULL},
    {BASE, "/Medication/m1", ERR_INVALID, NULL},
    {BASE, "medication/m1", ERR_INVALID, NULL},
    {BASE, "../Medication/m1", ERR_INVALID, NULL},
    {BASE, "Medication/m1/", ERR_INVALID, NULL},
    {BASE, "Medication/m1/$everything", ERR_INVALID, NULL},
    {BASE, "Medication/m1/_history", ERR_INVALID, NULL},
    {BASE, "Medication/m1/_history/", ERR_INVALID, NULL},
    {BASE, "Medication/m1/_history/2/x", ERR_INVALID, NULL},
    {BASE, "#contained", ERR_INVALID, NULL},
    {BASE, "urn:uuid:00000000-0000-0000-0000-000000000000", ERR_INVALID, NULL},
    {BASE, "", ERR_INVALID, NULL},
    {BASE, "ftp://ehr.example/fhir/Medication/m1", ERR_INVALID, NULL},
    /* absolute ones */
    {BASE, "https://other.example/fhir/Medication/m1", ERR_DENIED, NULL},
    {BASE, "http://ehr.example/fhir/Medication/m1", ERR_DENIED, NULL},
    {BASE, "https://ehr.example:8443/fhir/Medication/m1", ERR_DENIED, NULL},
    {BASE, "https://ehr.example/other/Medication/m1", ERR_DENIED, NULL},
    {BASE, "https://ehr.example/fhirs/Medication/m1", ERR_DENIED, NULL},
    {BASE, "https://ehr.example/Medication/m1", ERR_DENIED, NULL},
    {BASE, "https://u@ehr.example/fhir/Medication/m1", ERR_INVALID, NULL},
    {BASE, BASE "/../Medication/m1", ERR_INVALID, NULL},
    {BASE, BASE "/Medication/m1?_format=xml", ERR_INVALID, NULL},
    {BASE, BASE "/Medication/m1#x", ERR_INVALID, NULL},
    {BASE, BASE "/Medication", ERR_INVALID, NULL},
    {BASE, BASE "/", ERR_INVALID, NULL},
    {BASE, BASE, ERR_INVALID, NULL},
    {BASE, BASE "//Medication/m1", ERR_INVALID, NULL},
    {BASE "?x", "Medication/m1", ERR_INVALID, NULL},
    {"", "Medication/m1", ERR_INVALID, NULL},
};

static void reads_are_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(READS); i++) {
        struct err err = {0};
        struct buf buf;
        enum err_code code;

        buf_init(&buf, TEXT_MAX);
        code = fhir_read_url(&buf, slice_of(READS[i].base), slice_of(READS[i].reference), &err);
        if (code != READS[i].code)
            fail_msg("%s: %s (%s)", READS[i].reference, err_code_name(code), err.text);
        assert_slice_equal(buf_slice(&buf), READS[i].want);
        buf_release(&buf);
    }
}

/* The references of RFC 3986 section 5.4 that stay on the server, then what FHIR servers send
 * and what a hostile one might. */
static const char RFC[] = "http://a/b/c/d;p?q";
static const char PAGE[] = BASE "/Observation?patient=1&_count=50";
static const struct {
    const char *response, *base, *link;
    enum err_code code;
    const char *want;
} LINKS[] = {
    {RFC, "http://a/b", "g", ERR_OK, "http://a/b/c/g"},
    {RFC, "http://a/b", "./g", ERR_OK, "http://a/b/c/g"},
    {RFC, "http://a/b", "g/", ERR_OK, "http://a/b/c/g/"},
    {RFC, "http://a/b", "/g", ERR_OK, "http://a/g"},
    {RFC, "http://a/b", "//a/g", ERR_OK, "http://a/g"},
    {RFC, "http://a/b", "?y", ERR_OK, "http://a/b/c/d;p?y"},
    {RFC, "http://a/b", "g?y", ERR_OK, "http://a/b/c/g?y"},
    {RFC, "http://a/b", ";x", ERR_OK, "http://a/b/c/;x"},
    {RFC, "http://a/b", ".", ERR_OK, "http://a/b/c/"},
    {RFC, "http://a/b", "./", ERR_OK, "http://a/b/c/"},
    {RFC, "http://a/b", "..", ERR_OK, "http://a/b/"},
    {RFC, "http://a/b", "../", ERR_OK, "http://a/b/"},
    {RFC, "http://a/b", "../g", ERR_OK, "http://a/b/g"},
    {RFC, "http://a/b", "../..", ERR_OK, "http://a/"},
    {RFC, "http://a/b", "../../g", ERR_OK, "http://a/g"},
    {RFC, "http://a/b", "../../../g", ERR_OK, "http://a/g"},
    {RFC, "http://a/b", "../../../../g", ERR_OK, "http://a/g"},
    {RFC, "http://a/b", "/./g", ERR_OK, "http://a/g"},
    {RFC, "http://a/b", "/../g", ERR_OK, "http://a/g"},
    {RFC, "http://a/b", "g.", ERR_OK, "http://a/b/c/g."},
    {RFC, "http://a/b", "..g", ERR_OK, "http://a/b/c/..g"},
    {RFC, "http://a/b", "./g/.", ERR_OK, "http://a/b/c/g/"},
    {RFC, "http://a/b", "g/./h", ERR_OK, "http://a/b/c/g/h"},
    {RFC, "http://a/b", "g/../h", ERR_OK, "http://a/b/c/h"},
    {RFC, "http://a/b", "g;x=1/../y", ERR_OK, "http://a/b/c/y"},
    {RFC, "http://a/b", "g?y/../x", ERR_OK, "http://a/b/c/g?y/../x"},
    {RFC, "http://a/b", "//g", ERR_DENIED, NULL},
    {RFC, "http://a/b", "g#s", ERR_INVALID, NULL},
    {RFC, "http://a/b", "#s", ERR_INVALID, NULL},
    {RFC, "http://a/b", "", ERR_INVALID, NULL},
    {RFC, "http://a/b", "g:h", ERR_INVALID, NULL},
    {RFC, "http://a/b", "http:g", ERR_INVALID, NULL},
    {"http://a", "http://a", "g", ERR_OK, "http://a/g"},
    {"http://a", "http://a", "?y", ERR_OK, "http://a?y"},
    {"http://a?q", "http://a", "../g", ERR_OK, "http://a/g"},
    {PAGE, BASE, BASE "?_getpages=ab-12&_offset=50", ERR_OK,
     BASE "?_getpages=ab-12&_offset=50"},
    {PAGE, BASE, "https://EHR.example:443/x?y", ERR_OK, "https://EHR.example:443/x?y"},
    {PAGE, BASE, "Observation?page=2", ERR_OK, BASE "/Observation?page=2"},
    {PAGE, BASE, "?page=2", ERR_OK, BASE "/Observation?page=2"},
    {PAGE, BASE, "/fhir/Observation?code=a|b", ERR_OK, BASE "/Observation?code=a|b"},
    {PAGE, BASE, "//ehr.example/fhir?x", ERR_OK, BASE "?x"},
    {PAGE, BASE, "https://other.example/fhir?x", ERR_DENIED, NULL},
    {PAGE, BASE, "http://ehr.example/fhir?x", ERR_DENIED, NULL},
    {PAGE, BASE, "https://ehr.example:8443/fhir?x", ERR_DENIED, NULL},
    {PAGE, BASE, "//other.example/fhir?x", ERR_DENIED, NULL},
    {PAGE, BASE, "https://ehr.example@other.example/", ERR_INVALID, NULL},
    {PAGE, BASE, "//ehr.example@other.example/", ERR_INVALID, NULL},
    {PAGE, BASE, "\\\\other.example/", ERR_INVALID, NULL},
    {PAGE, BASE, "/\\other.example/", ERR_INVALID, NULL},
    {PAGE, BASE, "javascript:alert(1)", ERR_INVALID, NULL},
    {PAGE, BASE, "file:///etc/hostname", ERR_INVALID, NULL},
    {PAGE, BASE, " Observation?page=2", ERR_INVALID, NULL},
    {PAGE, BASE, "Observation?page=2\r\nX: y", ERR_INVALID, NULL},
    {PAGE, BASE, "%2e%2e/admin", ERR_INVALID, NULL},
    {PAGE, BASE, "..;/admin", ERR_INVALID, NULL},
    {PAGE, BASE, BASE "/../admin", ERR_INVALID, NULL},
    {PAGE, BASE, "Observation?page=%", ERR_INVALID, NULL},
    {"https://other.example/x", BASE, "?page=2", ERR_DENIED, NULL},
    {"nonsense", BASE, "?page=2", ERR_INVALID, NULL},
    {PAGE, "nonsense", "?page=2", ERR_INVALID, NULL},
};

static void next_links_are_resolved(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(LINKS); i++) {
        struct slice got = SLICE(NOT_WRITTEN);
        struct err err = {0};
        struct arena arena;
        enum err_code code;

        arena_init(&arena, ARENA_BYTES);
        code = fhir_resolve_next(&arena, slice_of(LINKS[i].response), slice_of(LINKS[i].base),
                                 slice_of(LINKS[i].link), &got, &err);
        if (code != LINKS[i].code)
            fail_msg("%s: %s (%s)", LINKS[i].link, err_code_name(code), err.text);
        assert_slice_equal(got, code == ERR_OK ? LINKS[i].want : NOT_WRITTEN);
        arena_release(&arena);
    }
}

static void next_links_have_limits(void **state)
{
    static char link[FHIR_URL_BYTES_MAX + 1] = "/fhir?";
    struct slice got = SLICE(NOT_WRITTEN);
    struct err err = {0};
    struct arena arena;

    (void)state;
    memset(link + 6, 'x', sizeof link - 6);
    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(fhir_resolve_next(&arena, SLICE(BASE), SLICE(BASE),
                                       (struct slice){link, sizeof link}, &got, &err),
                     ERR_LIMIT);
    err_clear(&err);
    /* short enough as a link, too long with what it is relative to */
    assert_int_equal(fhir_resolve_next(&arena, SLICE(BASE), SLICE(BASE),
                                       (struct slice){link, sizeof link - 1}, &got, &err),
                     ERR_INVALID);
    err_clear(&err);
    assert_int_equal(fhir_resolve_next(&arena, SLICE(BASE), SLICE(BASE),
                                       (struct slice){"//ehr.example/\0x", 16}, &got, &err),
                     ERR_INVALID);
    arena_release(&arena);
    err_clear(&err);
    arena_init(&arena, 16); /* not even room for a block */
    assert_int_equal(
        fhir_resolve_next(&arena, SLICE(BASE), SLICE(BASE), SLICE("?x"), &got, &err),
        ERR_NOMEM);
    assert_slice_equal(got, NOT_WRITTEN);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(searches_are_written),   cmocka_unit_test(a_full_buffer_is_an_error),
        cmocka_unit_test(reads_are_written),      cmocka_unit_test(next_links_are_resolved),
        cmocka_unit_test(next_links_have_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
