/* gateway/hooks/cache.c -- entries in the order in which they were put, which is the order in
 * which they end; found by a table of their digests.
 */
#include "gateway/hooks/cache.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <uv.h>

#include "gateway/store/digest.h"

#define BUCKETS            1024
#define KEY_TEXT_BYTES_MAX ((size_t)256 * 1024)

struct entry {
    TAILQ_ENTRY(entry) age;
    LIST_ENTRY(entry) link;
    struct hook_cache_key key;
    struct buf body;
    uint64_t ends_ms; /* of the loop's clock */
};

struct hook_cache {
    uv_loop_t *loop; /* borrowed */
    uv_timer_t timer;
    uint32_t lifetime_ms;
    size_t bytes_max, bytes, entries;
    TAILQ_HEAD(, entry) all; /* oldest first */
    LIST_HEAD(, entry) buckets[BUCKETS];
    struct buf key_text; /* reused; wiped after use */
    void (*on_closed)(void *owner);
    void *owner;
};

enum err_code hook_cache_new(uv_loop_t *loop, uint32_t lifetime_ms, size_t bytes_max,
                             struct hook_cache **ret, struct err *err)
{
    struct hook_cache *cache = calloc(1, sizeof *cache);

    assert(lifetime_ms > 0 && bytes_max > 0);
    if (cache == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the cache of results");
    cache->loop = loop;
    cache->lifetime_ms = lifetime_ms;
    cache->bytes_max = bytes_max;
    TAILQ_INIT(&cache->all);
    buf_init(&cache->key_text, KEY_TEXT_BYTES_MAX);
    (void)uv_timer_init(loop, &cache->timer);
    *ret = cache;
    return ERR_OK;
}

static size_t entry_bytes(const struct entry *entry)
{
    return sizeof *entry + entry->body.room;
}

static void wipe(struct buf *buf)
{
    if (buf->bytes != NULL)
        explicit_bzero(buf->bytes, buf->len);
    buf_release(buf);
}

static void drop(struct hook_cache *cache, struct entry *entry)
{
    TAILQ_REMOVE(&cache->all, entry, age);
    LIST_REMOVE(entry, link);
    cache->bytes -= entry_bytes(entry);
    cache->entries--;
    wipe(&entry->body);
    free(entry);
}

static void on_closed(uv_handle_t *handle)
{
    struct hook_cache *cache = CONTAINER_OF(handle, struct hook_cache, timer);
    void (*tell)(void *owner) = cache->on_closed;
    void *owner = cache->owner;

    free(cache);
    tell(owner);
}

void hook_cache_close(struct hook_cache *cache, void (*tell)(void *owner), void *owner)
{
    struct entry *entry;

    while ((entry = TAILQ_FIRST(&cache->all)) != NULL)
        drop(cache, entry);
    buf_release(&cache->key_text);
    cache->on_closed = tell;
    cache->owner = owner;
    uv_close((uv_handle_t *)&cache->timer, on_closed);
}

/* ---- time ---- */

static void on_timer(uv_timer_t *timer);

static void wait_for_oldest(struct hook_cache *cache)
{
    const struct entry *oldest = TAILQ_FIRST(&cache->all);
    uint64_t now_ms = uv_now(cache->loop);

    if (oldest != NULL)
        (void)uv_timer_start(&cache->timer, on_timer,
                             oldest->ends_ms > now_ms ? oldest->ends_ms - now_ms : 0, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct hook_cache *cache = CONTAINER_OF(timer, struct hook_cache, timer);
    struct entry *oldest;

    while ((oldest = TAILQ_FIRST(&cache->all)) != NULL &&
           oldest->ends_ms <= uv_now(cache->loop))
        drop(cache, oldest);
    wait_for_oldest(cache);
}

/* ---- entries ---- */

/* Each part with its length before it: no two lists of parts have one text. */
enum err_code hook_cache_key(struct hook_cache *cache, struct slice token, struct slice url,
                             struct slice form, struct hook_cache_key *ret, struct err *err)
{
    const struct slice parts[] = {token, url, form};
    struct buf *text = &cache->key_text;

    buf_clear(text);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        buf_add(text, (struct slice){(const char *)&parts[i].len, sizeof parts[i].len});
        buf_add(text, parts[i]);
    }
    if (buf_failed(text)) {
        wipe(text);
        buf_init(text, KEY_TEXT_BYTES_MAX);
        return err_set(err, ERR_NOMEM, "no memory for a key of the cache");
    }
    digest_sha256(buf_slice(text), ret->digest);
    explicit_bzero(text->bytes, text->len);
    return ERR_OK;
}

static size_t bucket_of(const struct hook_cache_key *key)
{
    return (key->digest[0] | (size_t)key->digest[1] << 8) % BUCKETS;
}

static struct entry *find(struct hook_cache *cache, const struct hook_cache_key *key)
{
    struct entry *entry;

    LIST_FOREACH(entry, &cache->buckets[bucket_of(key)], link)
    if (memcmp(&entry->key, key, sizeof *key) == 0)
        return entry;
    return NULL;
}

bool hook_cache_get(struct hook_cache *cache, const struct hook_cache_key *key, struct buf *ret)
{
    const struct entry *entry = find(cache, key);

    /* The timer may be late by a busy turn of the loop. */
    if (entry == NULL || entry->ends_ms <= uv_now(cache->loop))
        return false;
    buf_init(ret, entry->body.len);
    buf_add(ret, buf_slice(&entry->body));
    return !buf_failed(ret);
}

void hook_cache_put(struct hook_cache *cache, const struct hook_cache_key *key,
                    struct buf *body)
{
    struct entry *entry = NULL;

    if (body->room + sizeof *entry <= cache->bytes_max && find(cache, key) == NULL)
        entry = calloc(1, sizeof *entry);
    if (entry == NULL) {
        buf_release(body);
        return;
    }
    entry->key = *key;
    entry->body = *body;
    entry->ends_ms = uv_now(cache->loop) + cache->lifetime_ms;
    *body = (struct buf){0};
    while (cache->bytes + entry_bytes(entry) > cache->bytes_max ||
           cache->entries == HOOK_CACHE_ENTRIES_MAX)
        drop(cache, TAILQ_FIRST(&cache->all));
    TAILQ_INSERT_TAIL(&cache->all, entry, age);
    LIST_INSERT_HEAD(&cache->buckets[bucket_of(key)], entry, link);
    cache->bytes += entry_bytes(entry);
    cache->entries++;
    if (!uv_is_active((uv_handle_t *)&cache->timer))
        wait_for_oldest(cache);
}

size_t hook_cache_bytes(const struct hook_cache *cache)
{
    return cache->bytes;
}

size_t hook_cache_entries(const struct hook_cache *cache)
{
    return cache->entries;
}
