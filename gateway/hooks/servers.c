/* gateway/hooks/servers.c -- a table of servers, and the reading of their statements. */
#include "gateway/hooks/servers.h"

#include <assert.h>
#include <stdlib.h>

#include "fhir/url.h"

#define ARENA_BYTES_MAX ((size_t)1024 * 1024)

struct server {
    struct hook_servers *servers; /* borrowed */
    char base[HOOK_SERVER_BYTES_MAX];
    size_t base_len;
    uint64_t named_ms, asked_ms;
    bool is_asked; /* at least once */
    bool is_asking;
    struct fhir_capability capability;
    struct fhir_fetch fetch;
};

struct hook_servers {
    struct hook_servers_options options;
    struct server *all[HOOK_SERVERS_MAX]; /* owned; made when first named */
    size_t count;
};

enum err_code hook_servers_new(const struct hook_servers_options *options,
                               struct hook_servers **ret, struct err *err)
{
    struct hook_servers *servers = calloc(1, sizeof *servers);

    if (servers == NULL)
        return err_set(err, ERR_NOMEM, "no memory for what is known of FHIR servers");
    servers->options = *options;
    *ret = servers;
    return ERR_OK;
}

void hook_servers_free(struct hook_servers *servers)
{
    for (size_t i = 0; servers != NULL && i < servers->count; i++)
        free(servers->all[i]);
    free(servers);
}

static struct slice without_slash(struct slice base)
{
    while (slice_ends(base, SLICE("/")))
        base.len--;
    return base;
}

static struct server *find(const struct hook_servers *servers, struct slice base)
{
    for (size_t i = 0; i < servers->count; i++)
        if (slice_eq((struct slice){servers->all[i]->base, servers->all[i]->base_len}, base))
            return servers->all[i];
    return NULL;
}

/* The kind that the operator gave to this base, or to one that it is below. */
static bool find_configured(const struct hook_servers *servers, struct slice base,
                            enum fhir_server_kind *ret)
{
    struct fhir_url url, configured;

    if (servers->options.kinds_count == 0 || !fhir_url_parse(base, &url))
        return false;
    for (size_t i = 0; i < servers->options.kinds_count; i++) {
        struct slice text;
        enum fhir_server_kind kind;

        if (fhir_server_kind_split(servers->options.kinds[i], &text, &kind) &&
            fhir_url_parse(text, &configured) && fhir_url_origin_eq(&url, &configured) &&
            fhir_url_is_below(&url, &configured)) {
            *ret = kind;
            return true;
        }
    }
    return false;
}

static struct fhir_capability unknown(const struct hook_servers *servers, struct slice base)
{
    enum fhir_server_kind kind;

    if (!find_configured(servers, base, &kind))
        kind = fhir_server_kind_of_base(base);
    return fhir_capability_unknown(kind);
}

struct fhir_capability hook_servers_know(const struct hook_servers *servers, struct slice base)
{
    const struct server *server = find(servers, without_slash(base));

    return server == NULL ? unknown(servers, base) : server->capability;
}

/* ---- Statements ---- */

/* What the statement says, but for the kind where there is a better source. */
static void take_in(struct server *server, struct slice body)
{
    const struct hook_servers_options *options = &server->servers->options;
    struct slice base = {server->base, server->base_len};
    struct fhir_capability known = unknown(server->servers, base), read = known;
    struct err err = {0};
    struct json_doc doc;
    struct arena arena;
    enum fhir_server_kind configured;

    arena_init(&arena, ARENA_BYTES_MAX);
    json_doc_init(&doc);
    if (json_parse(&doc, body, options->json_nodes_max, &err) == ERR_OK &&
        fhir_capability_read(json_root(&doc), &arena, &read, &err) == ERR_OK) {
        if (find_configured(server->servers, base, &configured) ||
            read.kind == FHIR_SERVER_GENERIC) {
            read.kind = known.kind;
            read.includes |= known.includes;
        }
        server->capability = read;
    }
    json_doc_release(&doc);
    arena_release(&arena);
}

static void on_read(struct fhir_fetch *fetch, const struct fhir_reply *reply)
{
    struct server *server = CONTAINER_OF(fetch, struct server, fetch);
    const struct hook_servers_options *options = &server->servers->options;

    server->is_asking = false;
    if (reply->outcome == FHIR_FETCH_OK) {
        struct buf body = {0};

        fhir_fetch_take_body(fetch, &body);
        take_in(server, buf_slice(&body));
        buf_release(&body);
    }
    options->on_statement(options->owner, reply->outcome, server->capability.kind);
}

static struct server *oldest_idle(struct hook_servers *servers)
{
    struct server *oldest = NULL;

    for (size_t i = 0; i < servers->count; i++)
        if (!servers->all[i]->is_asking &&
            (oldest == NULL || servers->all[i]->named_ms < oldest->named_ms))
            oldest = servers->all[i];
    return oldest;
}

static struct server *make(struct hook_servers *servers, struct slice base)
{
    struct server *server;

    if (base.len > HOOK_SERVER_BYTES_MAX)
        return NULL;
    if (servers->count == HOOK_SERVERS_MAX) {
        server = oldest_idle(servers);
    } else {
        server = malloc(sizeof *server);
        if (server != NULL)
            servers->all[servers->count++] = server;
    }
    if (server == NULL)
        return NULL;
    *server = (struct server){.servers = servers, .base_len = base.len};
    memcpy(server->base, base.ptr, base.len);
    server->capability = unknown(servers, base);
    return server;
}

void hook_servers_refresh(struct hook_servers *servers, struct fhir_fetcher *fetcher,
                          struct slice base, uint64_t now_ms)
{
    struct server *server;
    struct err err = {0};
    struct buf url;

    if (servers->options.refresh_s == 0)
        return;
    base = without_slash(base);
    server = find(servers, base);
    if (server == NULL)
        server = make(servers, base);
    if (server == NULL)
        return;
    server->named_ms = now_ms;
    if (server->is_asking ||
        (server->is_asked && now_ms - server->asked_ms < servers->options.refresh_s * 1000ull))
        return;
    server->is_asked = true;
    server->asked_ms = now_ms;
    buf_init(&url, HOOK_SERVER_BYTES_MAX + sizeof "/metadata");
    buf_join(&url, base, SLICE("/metadata"));
    server->fetch = (struct fhir_fetch){
        .url = buf_slice(&url), .timeout_ms = HOOK_STATEMENT_TIMEOUT_MS, .on_done = on_read};
    server->is_asking =
        !buf_failed(&url) && fhir_fetch_start(fetcher, &server->fetch, &err) == ERR_OK;
    buf_release(&url);
}
