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
        buf->bytes[buf->len] = '\0';
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

bool buf_grow_(struct buf *buf, size_t bytes)
{
    size_t room = buf->room == 0 ? BUF_FIRST_BYTES : buf->room;
    char *larger;

    if (buf->has_failed || bytes > buf->bytes_max - buf->len) {
        buf->has_failed = true;
        return false;
    }
    while (room < buf->len + bytes)
        room *= 2;
    if (room > buf->bytes_max)
        room = buf->bytes_max;
    larger = realloc(buf->bytes, room + BUF_PADDING);
    if (larger == NULL) {
        buf->has_failed = true;
        return false;
    }
    memset(larger + room, 0, BUF_PADDING);
    buf->bytes = larger;
    buf->room = room;
    terminate(buf);
    return true;
}

char *buf_reserve(struct buf *buf, size_t bytes)
{
    if (!buf_has_room_(buf, bytes) && !buf_grow_(buf, bytes))
        return NULL;
    return buf->bytes + buf->len;
}

void buf_added(struct buf *buf, size_t bytes)
{
    assert(bytes <= buf->room - buf->len);
    buf->len += bytes;
    terminate(buf);
}

/* Formats into the room there is; only a text that does not fit is formatted twice. */
void buf_printf(struct buf *buf, const char *format, ...)
{
    size_t room = buf_has_room_(buf, 0) ? buf->room - buf->len : 0;
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(room > 0 ? buf->bytes + buf->len : NULL, room > 0 ? room + 1 : 0, format,
                    args);
    va_end(args);
    assert(len >= 0);
    if ((size_t)len > room || room == 0) {
        terminate(buf);
        if (!buf_grow_(buf, (size_t)len))
            return;
        va_start(args, format);
        (void)vsnprintf(buf->bytes + buf->len, (size_t)len + 1, format, args);
        va_end(args);
    }
    buf->len += (size_t)len;
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
