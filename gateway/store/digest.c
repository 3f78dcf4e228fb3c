/* gateway/store/digest.c -- SHA-256 from libcrypto. */
#include "gateway/store/digest.h"

#include <assert.h>
#include <openssl/evp.h>

void digest_sha256(struct slice bytes, uint8_t ret[DIGEST_SHA256_BYTES])
{
    unsigned int len = 0;
    int ok =
        EVP_Digest(bytes.len > 0 ? bytes.ptr : "", bytes.len, ret, &len, EVP_sha256(), NULL);

    /* Fails only without memory for the context or without SHA-256 in the library. */
    assert(ok == 1 && len == DIGEST_SHA256_BYTES);
}

void digest_hex(const uint8_t *bytes, size_t count, char *ret)
{
    static const char DIGITS[] = "0123456789abcdef";

    for (size_t i = 0; i < count; i++) {
        ret[2 * i] = DIGITS[bytes[i] >> 4];
        ret[2 * i + 1] = DIGITS[bytes[i] & 15];
    }
    ret[2 * count] = '\0';
}

void digest_sha256_hex(struct slice bytes, char ret[DIGEST_HEX_SIZE])
{
    uint8_t hash[DIGEST_SHA256_BYTES];

    digest_sha256(bytes, hash);
    digest_hex(hash, sizeof hash, ret);
}

void digest_uuid(struct slice seed, char ret[DIGEST_UUID_SIZE])
{
    static const uint8_t GROUP_ENDS[] = {4, 6, 8, 10, 16};
    uint8_t hash[DIGEST_SHA256_BYTES];
    size_t from = 0;

    digest_sha256(seed, hash);
    hash[6] = (uint8_t)((hash[6] & 0x0f) | 0x80); /* version 8 */
    hash[8] = (uint8_t)((hash[8] & 0x3f) | 0x80); /* variant 10 */
    for (size_t i = 0; i < sizeof GROUP_ENDS; i++) {
        if (i > 0)
            *ret++ = '-';
        digest_hex(hash + from, GROUP_ENDS[i] - from, ret);
        ret += 2 * (GROUP_ENDS[i] - from);
        from = GROUP_ENDS[i];
    }
}
