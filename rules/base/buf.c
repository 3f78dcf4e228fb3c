/* rules/base/buf.c -- a capped, doubling byte buffer. */
#include "rules/base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

#define BUF_FIRST_BYTES 512

void buf_init(struct buf *buf, size_t bytes_max)
{
    *buf = (struct buf){.bytes_max = bytes_max};
}

static void terminate(struct buf *buf)
{
    if (buf->bytes != NULL)
        memset(buf->bytes + buf->len, 0, BUF_PADDING);
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->has_failed = false;
    terminate(buf);
}

void buf_release(struct buf *buf)
{
    free(buf->bytes);
    *buf = (struct buf){.bytes_max = buf->bytes_max};
}

char *buf_reserve(struct buf *buf, size_t bytes)
{
    size_t room = buf->room == 0 ? BUF_FIRST_BYTES : buf->room;
    char *larger;

    if (buf->has_failed || bytes > buf->bytes_max - buf->len) {
        buf->has_failed = true;
        return NULL;
    }
    if (buf->bytes != NULL && buf->len + bytes <= buf->room)
        return buf->bytes + buf->len;
    while (room < buf->len + bytes)
        room *= 2;
    if (room > buf->bytes_max)
        room = buf->bytes_max;
    larger = realloc(buf->bytes, room + BUF_PADDING);
    if (larger == NULL) {
        buf->has_failed = true;
        return NULL;
    }
    buf->bytes = larger;
    buf->room = room;
    terminate(buf);
    return buf->bytes + buf->len;
}

void buf_added(struct buf *buf, size_t bytes)
{
    assert(buf->len + bytes <= buf->room);
    buf->len += bytes;
    terminate(buf);
}

void buf_add(struct buf *buf, struct slice s)
{
    char *to = buf_reserve(buf, s.len);

    if (to == NULL)
        return;
    if (s.len > 0)
        memcpy(to, s.ptr, s.len);
    buf_added(buf, s.len);
}

void buf_add_char(struct buf *buf, char c)
{
    buf_add(buf, (struct slice){.ptr = &c, .len = 1});
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    int len;
    char *to;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);
    to = buf_reserve(buf, (size_t)len); /* the final NUL goes into the padding */
    if (to == NULL)
        return;
    va_start(args, format);
    (void)vsnprintf(to, (size_t)len + 1, format, args);
    va_end(args);
    buf_added(buf, (size_t)len);
}

void buf_remove_front(struct buf *buf, size_t bytes)
{
    assert(bytes <= buf->len);
    if (bytes == 0)
        return;
    memmove(buf->bytes, buf->bytes + bytes, buf->len - bytes);
    buf->len -= bytes;
    terminate(buf);
}

bool buf_failed(const struct buf *buf)
{
    return buf->has_failed;
}

struct slice buf_slice(const struct buf *buf)
{
    return (struct slice){.ptr = buf->bytes, .len = buf->len};
}
