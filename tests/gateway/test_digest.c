/* tests/gateway/test_digest.c -- SHA-256 against published values, and the form of our UUIDs.
 */
#include "gateway/store/digest.h"
#include "tests/test.h"

static void hashes_equal_the_published_ones(void **state)
{
    /* FIPS 180-4 examples (NIST CAVP SHA256ShortMsg for the empty message). */
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    char got[DIGEST_HEX_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        digest_sha256_hex(slice_of(rows[i].text), got);
        assert_string_equal(got, rows[i].want);
    }
    digest_sha256_hex(SLICE_NONE, got);
    assert_string_equal(got, rows[0].want);
}

static void hex_is_lower_case_and_ends(void **state)
{
    static const uint8_t BYTES[] = {0x00, 0x0f, 0xf0, 0xab, 0xff};
    char got[11];

    (void)state;
    memset(got, 'x', sizeof got);
    digest_hex(BYTES, sizeof BYTES, got);
    assert_string_equal(got, "000ff0abff");
    digest_hex(BYTES, 0, got);
    assert_string_equal(got, "");
}

static void uuids_carry_version_and_variant_and_nothing_random(void **state)
{
    char first[DIGEST_UUID_SIZE], again[DIGEST_UUID_SIZE], other[DIGEST_UUID_SIZE];

    (void)state;
    /* SHA-256("abc") with the version and variant bits set. */
    digest_uuid(SLICE("abc"), first);
    assert_string_equal(first, "ba7816bf-8f01-8fea-8141-40de5dae2223");
    digest_uuid(SLICE("abc"), again);
    assert_string_equal(first, again);
    digest_uuid(SLICE("abd"), other);
    assert_string_not_equal(first, other);
    for (uint32_t i = 0; i < 200; i++) {
        char uuid[DIGEST_UUID_SIZE];

        digest_uuid((struct slice){.ptr = (const char *)&i, .len = sizeof i}, uuid);
        assert_int_equal(strlen(uuid), 36);
        assert_int_equal(uuid[14], '8');
        assert_non_null(strchr("89ab", uuid[19]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_equal_the_published_ones),
        cmocka_unit_test(hex_is_lower_case_and_ends),
        cmocka_unit_test(uuids_carry_version_and_variant_and_nothing_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
