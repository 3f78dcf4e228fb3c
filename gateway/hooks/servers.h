/* gateway/hooks/servers.h -- what a worker knows about the FHIR servers that calls name.
 *
 * A server's kind comes from the configuration, else from its CapabilityStatement, else from
 * its domain. The statement is read in the background, after a call's own fetches have been
 * started, without the call's token, at most once in `refresh_s`: no call ever waits for it,
 * the first plans with what is known without it. Its answer counts nowhere as a call's fetch.
 *
 * The table has an end; the server that was named longest ago makes room.
 */
#ifndef GATEWAY_HOOKS_SERVERS_H
#define GATEWAY_HOOKS_SERVERS_H

#include "fhir/capability.h"
#include "fhir/fetch.h"

#define HOOK_SERVERS_MAX          64
#define HOOK_SERVER_BYTES_MAX     512 /* of a base; longer ones are not remembered */
#define HOOK_STATEMENT_TIMEOUT_MS 5000

struct hook_servers;

struct hook_servers_options {
    const struct slice *kinds; /* "https://ehr.example/fhir=epic"; borrowed, checked */
    size_t kinds_count;
    uint32_t refresh_s; /* 0: statements are never read */
    uint32_t json_nodes_max;
    /* A statement was asked for, and what came; kind is that of the server now. */
    void (*on_statement)(void *owner, enum fhir_fetch_outcome outcome,
                         enum fhir_server_kind kind);
    void *owner;
};

enum err_code hook_servers_new(const struct hook_servers_options *options,
                               struct hook_servers **ret, struct err *err) MUST_CHECK;
/* After the fetcher that reads statements was closed. Accepts NULL. */
void hook_servers_free(struct hook_servers *servers);

/* What is known of the server now. */
struct fhir_capability hook_servers_know(const struct hook_servers *servers, struct slice base);

/* Reads its statement, if it is time to. `now_ms` is monotonic. */
void hook_servers_refresh(struct hook_servers *servers, struct fhir_fetcher *fetcher,
                          struct slice base, uint64_t now_ms);

#endif
