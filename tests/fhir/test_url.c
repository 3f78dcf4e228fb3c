/* tests/fhir/test_url.c -- the allow-list: what may be fetched, and every way round it. */
#include <stdlib.h>

#include "fhir/curl.h"
#include "fhir/fetch.h"
#include "fhir/url.h"
#include "tests/test.h"

#define BASES_IN_ROW_MAX 3

static const struct {
    const char *url;
    const char *bases[BASES_IN_ROW_MAX];
    bool want;
} ALLOWED[] = {
    /* the path equals the base's or goes on below it */
    {"https://ehr.example/fhir", {"https://ehr.example/fhir"}, true},
    {"https://ehr.example/fhir/", {"https://ehr.example/fhir"}, true},
    {"https://ehr.example/fhir", {"https://ehr.example/fhir/"}, true},
    {"https://ehr.example/fhir/Patient/1", {"https://ehr.example/fhir"}, true},
    {"https://ehr.example/fhir/Patient/1", {"https://ehr.example/fhir///"}, true},
    {"https://ehr.example/fhir?_getpages=x", {"https://ehr.example/fhir"}, true},
    {"https://ehr.example/fhirs/Patient/1", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir-admin", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhi", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/other?/fhir", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/FHIR/Patient/1", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/%66hir/Patient/1", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example", {"https://ehr.example"}, true},
    {"https://ehr.example?x=1", {"https://ehr.example"}, true},
    {"https://ehr.example/anything", {"https://ehr.example/"}, true},
    /* scheme, host and port are compared after normalisation */
    {"HTTPS://EHR.Example/fhir/x", {"https://ehr.example/fhir"}, true},
    {"https://ehr.example:443/fhir/x", {"https://ehr.example/fhir"}, true},
    {"https://ehr.example/fhir/x", {"https://EHR.example:443/fhir"}, true},
    {"http://ehr.example:80/fhir/x", {"http://ehr.example/fhir"}, true},
    {"http://ehr.example:0080/fhir/x", {"http://ehr.example/fhir"}, true},
    {"https://ehr.example:8443/fhir/x", {"https://ehr.example:8443/fhir"}, true},
    {"https://ehr.example:8443/fhir/x", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example:80/fhir/x", {"https://ehr.example/fhir"}, false},
    {"http://ehr.example/fhir/x", {"https://ehr.example/fhir"}, false},
    {"http://ehr.example:443/fhir/x", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example./fhir/x", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example.evil.test/fhir/x", {"https://ehr.example/fhir"}, false},
    {"https://evil.test/ehr.example/fhir", {"https://ehr.example/fhir"}, false},
    {"https://xehr.example/fhir", {"https://ehr.example/fhir"}, false},
    {"https://[2001:db8::1]:8443/fhir", {"https://[2001:DB8::1]:8443/fhir"}, true},
    {"https://[2001:db8::2]:8443/fhir", {"https://[2001:db8::1]:8443/fhir"}, false},
    /* other schemes, other forms */
    {"ftp://ehr.example/fhir", {"https://ehr.example/fhir"}, false},
    {"file:///etc/hostname", {"https://ehr.example/fhir"}, false},
    {"//ehr.example/fhir", {"https://ehr.example/fhir"}, false},
    {"/fhir/Patient/1", {"https://ehr.example/fhir"}, false},
    {"https:/ehr.example/fhir", {"https://ehr.example/fhir"}, false},
    {"https:ehr.example/fhir", {"https://ehr.example/fhir"}, false},
    {" https://ehr.example/fhir", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir ", {"https://ehr.example/fhir"}, false},
    {"", {"https://ehr.example/fhir"}, false},
    {"https://", {"https://ehr.example/fhir"}, false},
    {"https:///fhir", {"https://ehr.example/fhir"}, false},
    {"https://:443/fhir", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example:/fhir", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example:0/fhir", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example:65536/fhir", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example:000443/fhir", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example:44x/fhir", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example:443:443/fhir", {"https://ehr.example/fhir"}, false},
    /* user info, fragments, back-slashes, controls, other bytes */
    {"https://user@ehr.example/fhir/x", {"https://ehr.example/fhir"}, false},
    {"https://u:p@ehr.example/fhir/x", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example@evil.test/fhir", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example:443@evil.test/fhir", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/x#f", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example#@evil.test/fhir", {"https://ehr.example"}, false},
    {"https://ehr.example\\@evil.test/fhir", {"https://ehr.example"}, false},
    {"https://ehr.example/fhir\\..\\admin", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/x\r\nHost: evil", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/\tx", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/\x7f", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/\xc3\xa9", {"https://ehr.example/fhir"}, false},
    {"https://ehr.\xc3\xa9xample/fhir", {"https://ehr.\xc3\xa9xample/fhir"}, false},
    {"https://ehr%2eexample/fhir", {"https://ehr%2eexample/fhir"}, false},
    {"https://ehr.example%00.evil.test/fhir", {"https://ehr.example/fhir"}, false},
    {"https://[::1%25lo]/fhir", {"https://[::1%25lo]/fhir"}, false},
    {"https://[::1/fhir", {"https://[::1/fhir"}, false},
    {"https://[]/fhir", {"https://[]/fhir"}, false},
    {"https://[::1]x/fhir", {"https://[::1]x/fhir"}, false},
    {"https://-x.example/fhir", {"https://-x.example/fhir"}, false},
    {"https://127.1/fhir", {"https://127.1/fhir"}, false},
    {"https://2130706433/fhir", {"https://2130706433/fhir"}, false},
    {"https://0x7f000001/fhir", {"https://0x7f000001/fhir"}, false},
    {"https://127.0.0.01/fhir", {"https://127.0.0.01/fhir"}, false},
    {"https://127.0.0.256/fhir", {"https://127.0.0.256/fhir"}, false},
    {"https://127.0.0.1.1/fhir", {"https://127.0.0.1.1/fhir"}, false},
    {"https://127.0.0.1./fhir", {"https://127.0.0.1./fhir"}, false},
    {"https://10.1.2.3/fhir", {"https://10.1.2.3/fhir"}, true},
    {"https://0.0.0.0.example/fhir", {"https://0.0.0.0.example/fhir"}, true},
    /* dot segments, plain, encoded, with a path parameter */
    {"https://ehr.example/fhir/../admin", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/./x", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/..", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/.", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/%2e%2e/admin", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/.%2E/admin", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/%2e/x", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/..;/admin", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/..;v=1/admin", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/..%3b/admin", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/..%2fadmin", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/x%5c..", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/%252e%252e/x", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/x%00", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/x%0d%0a", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/x%7F", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/%", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/%2", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/%zz", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir?x=%", {"https://ehr.example/fhir"}, false},
    {"https://ehr.example/fhir/...", {"https://ehr.example/fhir"}, true},
    {"https://ehr.example/fhir/..x", {"https://ehr.example/fhir"}, true},
    {"https://ehr.example/fhir/1.2", {"https://ehr.example/fhir"}, true},
    {"https://ehr.example/fhir/a%20b", {"https://ehr.example/fhir"}, true},
    {"https://ehr.example/fhir?u=%2e%2e%2f%00", {"https://ehr.example/fhir"}, true},
    {"https://ehr.example/fhir?u=../..", {"https://ehr.example/fhir"}, true},
    {"https://ehr.example/fhir?x=a@b", {"https://ehr.example/fhir"}, true},
    {"https://ehr.example/fhir/O?code=a|b,c", {"https://ehr.example/fhir"}, true},
    /* several bases, none, and bases that are none */
    {"https://b.example/r4/x", {"https://a.example/", "https://b.example/r4"}, true},
    {"https://b.example/r5/x", {"https://a.example/", "https://b.example/r4"}, false},
    {"https://a.example/x", {NULL}, false},
    {"https://a.example/x", {"a.example", "https://a.example/x"}, true},
    {"https://a.example/x", {"https://"}, false},
    {"https://a.example/x", {""}, false},
    {"https://a.example/x", {"https://a.example/x?y"}, false},
    {"https://a.example/x", {"https://u@a.example/x"}, false},
    {"https://a.example/../x", {"https://a.example/../x"}, false},
    /* loopback */
    {"http://127.0.0.1:9090/fhir", {"http://loopback"}, true},
    {"http://localhost/fhir", {"http://loopback"}, true},
    {"http://LOCALHOST:1/fhir", {"http://Loopback"}, true},
    {"http://[::1]:8080/fhir", {"http://loopback/"}, true},
    {"http://127.0.0.1:9090/fhir/x", {"http://loopback/fhir"}, true},
    {"http://127.0.0.1:9090/x", {"http://loopback/fhir"}, false},
    {"https://127.0.0.1:9090/fhir", {"http://loopback"}, false},
    {"http://127.0.0.1:9090/fhir", {"http://loopback:9090"}, true},
    {"http://127.0.0.1:9091/fhir", {"http://loopback:9090"}, false},
    {"http://loopback/fhir", {"http://loopback"}, false},
    {"http://127.0.0.2/fhir", {"http://loopback"}, false},
    {"http://127.1/fhir", {"http://loopback"}, false},
    {"http://0x7f.0.0.1/fhir", {"http://loopback"}, false},
    {"http://0.0.0.0/fhir", {"http://loopback"}, false},
    {"http://localhost.evil.test/fhir", {"http://loopback"}, false},
    {"http://localhost./fhir", {"http://loopback"}, false},
    {"http://[::ffff:127.0.0.1]/fhir", {"http://loopback"}, false},
    {"http://169.254.169.254/latest", {"http://loopback"}, false},
};

static void allow_list_decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ALLOWED); i++) {
        struct slice bases[BASES_IN_ROW_MAX];
        size_t count = 0;

        while (count < BASES_IN_ROW_MAX && ALLOWED[i].bases[count] != NULL) {
            bases[count] = slice_of(ALLOWED[i].bases[count]);
            count++;
        }
        if (fhir_url_is_allowed(slice_of(ALLOWED[i].url), bases, count) != ALLOWED[i].want)
            fail_msg("%s below %s: want %d", ALLOWED[i].url,
                     count == 0 ? "none" : ALLOWED[i].bases[0], ALLOWED[i].want);
    }
}

static void a_nul_byte_is_refused(void **state)
{
    static const char url[] = "https://ehr.example/fhir\0/x";
    const struct slice base = SLICE("https://ehr.example/fhir");

    (void)state;
    assert_false(fhir_url_is_allowed((struct slice){url, sizeof url - 1}, &base, 1));
    assert_false(fhir_url_is_allowed(SLICE_NONE, &base, 1));
}

static void length_is_limited(void **state)
{
    const struct slice base = SLICE("https://ehr.example/fhir");
    char *text = malloc(FHIR_URL_BYTES_MAX + 1);

    (void)state;
    assert_non_null(text);
    memset(text, 'a', FHIR_URL_BYTES_MAX + 1);
    memcpy(text, "https://ehr.example/fhir/", 25);
    assert_true(fhir_url_is_allowed((struct slice){text, FHIR_URL_BYTES_MAX}, &base, 1));
    assert_false(fhir_url_is_allowed((struct slice){text, FHIR_URL_BYTES_MAX + 1}, &base, 1));
    free(text);
}

static void origins_compare(void **state)
{
    static const struct {
        const char *a, *b;
        bool want;
    } rows[] = {
        {"https://ehr.example/a", "https://EHR.example:443/b?c", true},
        {"http://ehr.example", "http://ehr.example:80", true},
        {"http://ehr.example", "https://ehr.example", false},
        {"http://ehr.example:443", "https://ehr.example", false},
        {"http://ehr.example:1", "http://ehr.example:2", false},
        {"http://a.example", "http://b.example", false},
        {"http://[::1]:1", "http://[::1]:1/x", true},
        {"http://loopback", "http://127.0.0.1", false},
        {"nonsense", "nonsense", false},
        {"http://u@a.example", "http://u@a.example", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fhir_url a, b;

        if (fhir_url_same_origin(slice_of(rows[i].a), slice_of(rows[i].b)) != rows[i].want ||
            fhir_url_same_origin(slice_of(rows[i].b), slice_of(rows[i].a)) != rows[i].want)
            fail_msg("%s and %s: want %d", rows[i].a, rows[i].b, rows[i].want);
        if (fhir_url_parse(slice_of(rows[i].a), &a) && fhir_url_parse(slice_of(rows[i].b), &b))
            assert_int_equal(fhir_url_origin_hash(&a) == fhir_url_origin_hash(&b),
                             rows[i].want);
    }
}

static void parts_are_cut(void **state)
{
    struct fhir_url url = {.port = 7};

    (void)state;
    assert_true(fhir_url_parse(SLICE("http://[::1]:8080/a/b?c=d?e"), &url));
    assert_false(url.is_https);
    assert_true(url.has_port);
    assert_int_equal(url.port, 8080);
    assert_slice_equal(url.host, "[::1]");
    assert_slice_equal(url.path, "/a/b");
    assert_slice_equal(url.query, "?c=d?e");
    assert_true(fhir_url_parse(SLICE("https://h?"), &url));
    assert_false(url.has_port);
    assert_int_equal(url.port, 443);
    assert_slice_equal(url.path, "");
    assert_slice_equal(url.query, "?");
    assert_false(fhir_url_parse(SLICE("https://h/.."), &url));
    assert_slice_equal(url.host, "h"); /* left alone on failure */
}

/* The comparison itself can fail: these are pairs that no parser gives. */
static void disagreement_is_noticed(void **state)
{
    static const struct fhir_url seen = {.port = 80, .host = {"h", 1}};
    static const struct {
        const char *text;
        bool want;
    } rows[] = {
        {"http://h/x", true},      {"http://H:80/x", true},   {"http://h:81/x", false},
        {"https://h/x", false},    {"http://user@h/x", true}, {"http://h@other/", false},
        {"http://other/h", false}, {"http://", false},        {"nonsense", false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (fhir_curl_agrees(slice_of(rows[i].text), &seen) != rows[i].want)
            fail_msg("%s: want %d", rows[i].text, rows[i].want);
}

/* One host for us and another for curl would be a way round the allow-list. So what we accept
 * must mean the same to curl: random texts made of the characters that matter. */
static void curl_reads_the_same_host(void **state)
{
    static const char *const PIECES[] = {
        "http://", "https://", "a.example", "b",  "[::1]", "127.0.0.1", "0x7f",
        ":",       "80",       "443",       "/",  "//",    ".",         "..",
        "@",       "?",        "#",         "\\", "%2f",   ";",         "&"};
    uint64_t seed = 20240607;
    size_t accepted = 0;

    (void)state;
    for (int round = 0; round < 200000; round++) {
        char text[256] = "";
        struct slice s = {.ptr = text};
        struct fhir_url url;

        for (int i = 0; i < 7; i++) {
            const char *piece;

            seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
            piece = PIECES[i == 0 ? (seed >> 33) % 2 : (seed >> 33) % ARRAY_LEN(PIECES)];
            memcpy(text + s.len, piece, strlen(piece));
            s.len += strlen(piece);
        }
        if (!fhir_url_parse(s, &url))
            continue;
        accepted++;
        if (!fhir_curl_agrees(s, &url))
            fail_msg("%s: curl reads it differently", text);
    }
    assert_true(accepted > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allow_list_decides),
        cmocka_unit_test(a_nul_byte_is_refused),
        cmocka_unit_test(length_is_limited),
        cmocka_unit_test(origins_compare),
        cmocka_unit_test(parts_are_cut),
        cmocka_unit_test(disagreement_is_noticed),
        cmocka_unit_test(curl_reads_the_same_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
