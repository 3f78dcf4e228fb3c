/* fhir/servers.c -- a table of servers, searched from end to end: there are few. */
#include "fhir/servers.h"

struct fhir_server *fhir_servers_find(struct fhir_servers *servers, uint64_t origin,
                                      const struct fhir_breaker_limits *limits, uint64_t now_ms)
{
    struct fhir_server *spare = NULL;

    for (size_t i = 0; i < servers->count; i++) {
        struct fhir_server *server = &servers->all[i];

        if (server->origin == origin)
            return server;
        if (server->running + server->waiting == 0 &&
            fhir_breaker_is_idle(&server->breaker, limits, now_ms))
            spare = server;
    }
    if (servers->count < FHIR_SERVERS_MAX)
        spare = &servers->all[servers->count++];
    if (spare != NULL)
        *spare = (struct fhir_server){.origin = origin};
    return spare;
}

/* A status of 5xx is the server's own word that it fails (RFC 9110 section 15.6), but for 501
 * and 505, which speak of the request. */
static bool is_failure(uint32_t status)
{
    return status >= 500 && status != 501 && status != 505;
}

enum fhir_breaker_note fhir_servers_note_of(const struct fhir_reply *reply, uint64_t ran_ms)
{
    switch (reply->outcome) {
    case FHIR_FETCH_OK:
    case FHIR_FETCH_TOO_LARGE:
    case FHIR_FETCH_BOMB:
    case FHIR_FETCH_WRONG_TYPE:
        return FHIR_BREAKER_ANSWERED;
    case FHIR_FETCH_STATUS:
        return is_failure(reply->status) ? FHIR_BREAKER_FAILED : FHIR_BREAKER_ANSWERED;
    case FHIR_FETCH_REFUSED:
    case FHIR_FETCH_BROKEN:
        return FHIR_BREAKER_FAILED;
    case FHIR_FETCH_TIMEOUT:
        return ran_ms >= FHIR_TIMEOUT_COUNTS_MS ? FHIR_BREAKER_FAILED : FHIR_BREAKER_UNKNOWN;
    case FHIR_FETCH_OPEN:
    case FHIR_FETCH_DENIED:
    case FHIR_FETCH_FULL:
        return FHIR_BREAKER_UNKNOWN;
    }
    return FHIR_BREAKER_UNKNOWN;
}
