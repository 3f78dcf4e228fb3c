/* gateway/hooks/engine.h -- carries hook calls from a complete HTTP request to its answer.
 *
 * One engine per worker, used from its thread only. It joins the pure call (call.h) to what
 * does input and output: exchanges with clients, the FHIR fetcher, the store's snapshot and
 * audit queue, metrics and log.
 */
#ifndef GATEWAY_HOOKS_ENGINE_H
#define GATEWAY_HOOKS_ENGINE_H

#include "gateway/net/server.h"
#include "gateway/ops/config.h"
#include "gateway/ops/metrics.h"
#include "rules/knowledge.h"

struct fhir_mapping;
struct hook_engine;
struct store;
struct store_audit_row;
struct uv_loop_s;

struct hook_engine_options {
    const struct gw_config *config;     /* borrowed */
    const struct log *log;              /* borrowed */
    struct metrics *metrics;            /* borrowed */
    struct store *store;                /* borrowed: snapshots and the audit queue */
    const struct fhir_mapping *mapping; /* borrowed: the site's result codes, or NULL */
    uint32_t worker;
};

enum err_code hook_engine_new(struct uv_loop_s *loop, const struct hook_engine_options *options,
                              struct hook_engine **ret, struct err *err) MUST_CHECK;

/* For struct net_server_options; owner is the engine. */
void hook_engine_on_request(struct net_exchange *exchange, void *engine);
void hook_engine_on_abandoned(struct net_exchange *exchange, void *engine);

/* When no exchange is open any more: on_closed runs when all loop handles are closed and the
 * engine is freed. */
void hook_engine_close(struct hook_engine *engine, void (*on_closed)(void *owner), void *owner);

#endif
