/* rules/base/buf.h -- growing bytes that know their maximum from birth.
 *
 * An append that would pass bytes_max, or that malloc refuses, sets has_failed and appends
 * nothing, now and from then on: a run of appends needs one check, buf_failed, at its end.
 * bytes is always followed by BUF_PADDING zero bytes, so that a scanner may load past the end.
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

void buf_add(struct buf *buf, struct slice s);
void buf_add_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
#define buf_add_text(buf, literal) buf_add((buf), SLICE(literal))

/* Room for `bytes` more, to be filled by the caller and then declared with buf_added. NULL
 * when that would pass the maximum (has_failed is set). */
char *buf_reserve(struct buf *buf, size_t bytes) MUST_CHECK;
void buf_added(struct buf *buf, size_t bytes);

void buf_remove_front(struct buf *buf, size_t bytes);
bool buf_failed(const struct buf *buf);
struct slice buf_slice(const struct buf *buf); /* valid until the next change */

#endif
