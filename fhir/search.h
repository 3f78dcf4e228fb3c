/* fhir/search.h -- the URLs and forms of searches, reads and next pages.
 *
 * Pure functions. They decide how a URL is written; whether it may be fetched is decided by
 * fhir_fetch_start. A `base` is a FHIR server's base URL as the client sent it, with or without
 * a trailing '/'; one with a query, or one that fhir_url_parse refuses, is ERR_INVALID.
 *
 * The appending functions check everything first: only ERR_LIMIT (the buffer is full) leaves a
 * part of the URL behind.
 */
#ifndef FHIR_SEARCH_H
#define FHIR_SEARCH_H

#include "rules/base/arena.h"
#include "rules/base/buf.h"
#include "rules/base/err.h"

struct fhir_search_param {
    struct slice name;  /* "code", "subject:Patient", "_count" */
    struct slice value; /* not encoded; a ',' separates alternatives, "\," stands for one */
};

/* FHIR R4, data type id: [A-Za-z0-9.-]{1,64}; but not "." and "..", which it allows. */
bool fhir_is_id(struct slice text);

/* Appends base/type?name=value&... Everything but RFC 3986's unreserved characters and ',' is
 * percent-encoded, so a value, say a patient id with strange characters, stays one value. */
enum err_code fhir_search_url(struct buf *buf, struct slice base, struct slice type,
                              const struct fhir_search_param *params, size_t params_count,
                              struct err *err) MUST_CHECK;

/* The same, or, when the URL would be longer than url_bytes_max, the two parts of a POST:
 * base/type/_search, and the parameters as a form. 0 stands for no such limit. `form` is left
 * as it is when the URL holds all. */
enum err_code fhir_search_write(struct buf *url, struct buf *form, struct slice base,
                                struct slice type, const struct fhir_search_param *params,
                                size_t params_count, size_t url_bytes_max,
                                struct err *err) MUST_CHECK;

/* ---- Searches that servers do not take as they are ---- */

/* Alternatives in a value: "a,b\,c" has two. 0 for an empty one. */
size_t fhir_codes_count(struct slice codes);
/* Cuts the first `count` alternatives off. */
struct slice fhir_codes_take(struct slice *codes, size_t count);

/* What was left out so that a server that answered 400 may take the rest. */
enum fhir_reduction {
    FHIR_REDUCTION_NONE,      /* nothing more can go */
    FHIR_REDUCTION_COMPONENT, /* component-code */
    FHIR_REDUCTION_INCLUDE,   /* all _include and _revinclude */
};
/* Takes one step, in this order. The caller splits what is left, to FHIR_CODES_REDUCED a
 * search. */
enum fhir_reduction fhir_search_reduce(struct fhir_search_param *params, size_t *params_count);
#define FHIR_CODES_REDUCED 20

/* Which parameters (bit i: params[i], the first 32) a server passed over, by the self link of
 * its answer: FHIR R4 3.1.1.2 lets it ignore a parameter, and has it say so there. 0 also for a
 * link that says nothing: one without a query. Modifiers and values are not compared. */
uint32_t fhir_search_ignored(struct slice self_link, const struct fhir_search_param *params,
                             size_t params_count);

/* Appends base/Type/id for a literal reference: "Type/id", "Type/id/_history/version", or one
 * of these written as an absolute URL below `base`. ERR_DENIED for an absolute URL that is not
 * below it; ERR_INVALID for everything else, also for ids outside FHIR's grammar,
 * [A-Za-z0-9.-]{1,64}, and for "." and "..", which it allows. */
enum err_code fhir_read_url(struct buf *buf, struct slice base, struct slice reference,
                            struct err *err) MUST_CHECK;

/* The URL that a `next` link means which stands in the answer to `response_url`: absolute, or
 * relative to it (RFC 3986 section 5.2). *ret is made in the arena. ERR_DENIED when it leads to
 * another origin than base's, ERR_INVALID when it is no URL that may be fetched (an absolute
 * one with dot segments, another scheme, a fragment, characters outside RFC 3986). */
enum err_code fhir_resolve_next(struct arena *arena, struct slice response_url,
                                struct slice base, struct slice next_link, struct slice *ret,
                                struct err *err) MUST_CHECK;

#endif
