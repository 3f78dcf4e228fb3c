/* rules/base/buf.h -- growing bytes that know their maximum from birth.
 *
 * An append that would pass bytes_max, or that malloc refuses, sets has_failed and appends
 * nothing, now and from then on: a run of appends needs one check, buf_failed, at its end.
 * bytes, once there, is always followed by a NUL and by BUF_PADDING readable bytes in all, so
 * that a scanner may load past the end (what it loads there has no meaning).
 *
 * The appends that every answer makes by the hundred are inline.
 */
#ifndef RULES_BASE_BUF_H
#define RULES_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "rules/base/slice.h"
#include "rules/base/util.h"

#define BUF_PADDING 64

struct buf {
    char *bytes; /* owned; NULL until the first append */
    size_t len;
    size_t room; /* allocated, without the padding */
    size_t bytes_max;
    bool has_failed;
};

void buf_init(struct buf *buf, size_t bytes_max);
void buf_clear(struct buf *buf);   /* empties, keeps the memory */
void buf_release(struct buf *buf); /* frees; accepts a zeroed buf */

static inline void buf_add(struct buf *buf, struct slice s);
static inline void buf_add_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
#define buf_add_text(buf, literal) buf_add((buf), SLICE(literal))

/* Room for `bytes` more, to be filled by the caller and then declared with buf_added. NULL
 * when that would pass the maximum (has_failed is set). */
char *buf_reserve(struct buf *buf, size_t bytes) MUST_CHECK;
void buf_added(struct buf *buf, size_t bytes);

/* Makes room; private to the appends below. */
bool buf_grow_(struct buf *buf, size_t bytes) MUST_CHECK;

void buf_remove_front(struct buf *buf, size_t bytes);
bool buf_failed(const struct buf *buf);
struct slice buf_slice(const struct buf *buf); /* valid until the next change */

static inline bool buf_has_room_(const struct buf *buf, size_t bytes)
{
    return !buf->has_failed && buf->bytes != NULL && bytes <= buf->room - buf->len;
}

static inline void buf_add(struct buf *buf, struct slice s)
{
    if (!buf_has_room_(buf, s.len) && !buf_grow_(buf, s.len))
        return;
    if (s.len > 0)
        memcpy(buf->bytes + buf->len, s.ptr, s.len);
    buf->len += s.len;
    buf->bytes[buf->len] = '\0';
}

/* Several pieces in a row: buf_join(buf, SLICE("- "), name, SLICE("\n")). What printf would do,
 * without reading a format. */
#define buf_join(buf, ...)                                                                     \
    buf_add_all((buf), (const struct slice[]){__VA_ARGS__},                                    \
                sizeof((const struct slice[]){__VA_ARGS__}) / sizeof(struct slice))

static inline void buf_add_all(struct buf *buf, const struct slice *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_add(buf, pieces[i]);
}

static inline void buf_add_char(struct buf *buf, char c)
{
    if (!buf_has_room_(buf, 1) && !buf_grow_(buf, 1))
        return;
    buf->bytes[buf->len++] = c;
    buf->bytes[buf->len] = '\0';
}

#endif
