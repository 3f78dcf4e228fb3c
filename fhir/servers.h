/* fhir/servers.h -- what a fetcher remembers of each server: fetches, and how they ended.
 *
 * A fixed table, so that nobody can make it grow by naming servers. Private to fhir/fetch.c.
 */
#ifndef FHIR_SERVERS_H
#define FHIR_SERVERS_H

#include "fhir/fetch.h"

struct fhir_server {
    uint64_t origin;           /* see fhir_url_origin_hash */
    uint32_t running, waiting; /* fetches */
    struct fhir_breaker breaker;
};

struct fhir_servers {
    struct fhir_server all[FHIR_SERVERS_MAX];
    size_t count;
};

/* The server's entry, made, or taken from one with nothing to remember; NULL when all have. The
 * pointer stays valid while the entry counts a fetch. */
struct fhir_server *fhir_servers_find(struct fhir_servers *servers, uint64_t origin,
                                      const struct fhir_breaker_limits *limits,
                                      uint64_t now_ms) MUST_CHECK;

/* What the reply to a fetch that ran for so long says of its server. */
enum fhir_breaker_note fhir_servers_note_of(const struct fhir_reply *reply, uint64_t ran_ms);

#endif
