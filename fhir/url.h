/* fhir/url.h -- an absolute http or https URL in its parts, read more strictly than curl does.
 *
 * Everything that decides where a request may go reads URLs here, so that there is one
 * opinion. What is accepted is a subset of RFC 3986 chosen so that no other parser can see
 * another host or another path in it: no user info, no fragment, no back-slash, no dot segment
 * (also encoded, also with a path parameter), no encoded slash in the path, host names of
 * letters, digits, '.', '-' and '_', IPv4 addresses of four plain numbers, IPv6 addresses in
 * brackets.
 *
 * Lifetime: the slices borrow the text they were parsed from.
 */
#ifndef FHIR_URL_H
#define FHIR_URL_H

#include "rules/base/slice.h"

#define FHIR_URL_BYTES_MAX 16384

struct fhir_url {
    bool is_https;
    bool has_port;      /* written in the text */
    uint32_t port;      /* as written, else the scheme's */
    struct slice host;  /* as written, an IPv6 address with its brackets */
    struct slice path;  /* empty, or begins with '/' */
    struct slice query; /* begins with '?'; empty when there is none */
};

/* False, and *ret alone, for everything that is not as described above. */
bool fhir_url_parse(struct slice text, struct fhir_url *ret);

bool fhir_url_origin_eq(const struct fhir_url *a, const struct fhir_url *b);

/* Whether url's path equals base's or goes on below it at a '/'. A trailing '/' of the base
 * changes nothing. Origins are not compared. */
bool fhir_url_is_below(const struct fhir_url *url, const struct fhir_url *base);

/* Equal for URLs of one origin; other origins may collide. */
uint64_t fhir_url_origin_hash(const struct fhir_url *url);

#endif
