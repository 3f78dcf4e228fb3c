/* gateway/store/digest.h -- SHA-256, and names made from it.
 *
 * Knows bytes only. Equal input gives equal output on every machine, which is what release
 * hashes and card identifiers are for.
 */
#ifndef GATEWAY_STORE_DIGEST_H
#define GATEWAY_STORE_DIGEST_H

#include <stdint.h>

#include "rules/base/slice.h"

#define DIGEST_SHA256_BYTES 32
#define DIGEST_HEX_SIZE     65 /* with the NUL */
#define DIGEST_UUID_SIZE    37 /* with the NUL */

/* FIPS 180-4. */
void digest_sha256(struct slice bytes, uint8_t ret[DIGEST_SHA256_BYTES]);

/* Lower case, `count` bytes into 2 * count digits and a NUL. */
void digest_hex(const uint8_t *bytes, size_t count, char *ret);

/* The SHA-256 of `bytes` in hexadecimal. */
void digest_sha256_hex(struct slice bytes, char ret[DIGEST_HEX_SIZE]);

/* A UUID that stands for `seed`: version 8 of RFC 9562 (section 5.8 and appendix B.2), the
 * first 122 free bits taken from the seed's SHA-256. */
void digest_uuid(struct slice seed, char ret[DIGEST_UUID_SIZE]);

#endif
