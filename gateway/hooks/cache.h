/* gateway/hooks/cache.h -- results of a patient that were read a moment ago, so that the calls
 * of one prescription (order-select, then order-sign) read them once.
 *
 * What is kept is a FHIR server's answer as it came, under a digest of everything that it
 * depends on: the access token (so never for somebody with another token, and with other
 * scopes), the URL (server, patient, genes asked for) and the form. Only answers that brought
 * something are to be put in: a result that has just arrived must not be missed because there
 * was none before.
 *
 * In memory only, one per worker. Bytes are wiped and freed when their lifetime ends, by a
 * timer of its own; the oldest go first when the limit of bytes is reached.
 */
#ifndef GATEWAY_HOOKS_CACHE_H
#define GATEWAY_HOOKS_CACHE_H

#include "rules/base/buf.h"
#include "rules/base/err.h"

struct hook_cache;
struct uv_loop_s;

#define HOOK_CACHE_ENTRIES_MAX 4096

struct hook_cache_key {
    uint8_t digest[32];
};

/* `lifetime_ms` and `bytes_max` must not be 0. */
enum err_code hook_cache_new(struct uv_loop_s *loop, uint32_t lifetime_ms, size_t bytes_max,
                             struct hook_cache **ret, struct err *err) MUST_CHECK;
/* Drops everything; on_closed runs when its timer is closed and it is freed. */
void hook_cache_close(struct hook_cache *cache, void (*on_closed)(void *owner), void *owner);

/* ERR_NOMEM when the parts do not fit together into memory. */
enum err_code hook_cache_key(struct hook_cache *cache, struct slice token, struct slice url,
                             struct slice form, struct hook_cache_key *ret,
                             struct err *err) MUST_CHECK;

/* Appends the bytes kept under the key; false when there are none, or no room. */
bool hook_cache_get(struct hook_cache *cache, const struct hook_cache_key *key,
                    struct buf *ret) MUST_CHECK;
/* Takes the body, which is left empty, also when it is not kept: too large, no memory, there
 * already. */
void hook_cache_put(struct hook_cache *cache, const struct hook_cache_key *key,
                    struct buf *body);

size_t hook_cache_bytes(const struct hook_cache *cache);
size_t hook_cache_entries(const struct hook_cache *cache);

#endif
