/* gateway/store/feed.c -- chunks of a file to checked lines. */
#include "gateway/store/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/store/text.h"

#define CHUNK_BYTES ((size_t)256 * 1024)

/* The last part of a path. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL || slash[1] == '\0' ? path : slash + 1;
}

enum err_code feed_open(struct feed *feed, const char *dir, const char *name,
                        const struct feed_options *options, struct err *err)
{
    char path[PATH_MAX];
    struct stat about;
    int len = snprintf(path, sizeof path, "%s%s%s", dir, dir[0] != '\0' ? "/" : "", name);

    *feed = (struct feed){.options = *options, .fd = -1, .is_plain = true};
    (void)snprintf(feed->name, sizeof feed->name, "%s", base_name(name));
    text_clean(slice_of(feed->name), feed->name);
    buf_init(&feed->bytes, FEED_LINE_BYTES_MAX + CHUNK_BYTES);
    if (len < 0 || (size_t)len >= sizeof path)
        return err_set(err, ERR_INVALID, "%s: %s", feed->name, strerror(ENAMETOOLONG));
    feed->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (feed->fd < 0)
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_INVALID, "%s: %s", feed->name,
                       strerror(errno));
    if (fstat(feed->fd, &about) == 0 && !S_ISREG(about.st_mode))
        return err_set(err, ERR_INVALID, "%s: not a file", feed->name);
    return ERR_OK;
}

void feed_close(struct feed *feed)
{
    if (feed->fd >= 0)
        (void)close(feed->fd);
    feed->fd = -1;
    buf_release(&feed->bytes);
}

enum err_code feed_refuse(const struct feed *feed, enum err_code code, struct err *err,
                          const char *format, ...)
{
    char text[ERR_TEXT_BYTES_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return err_set(err, code, "%s:%llu: %s", feed->name, (unsigned long long)feed->line, text);
}

void import_note(struct import_notes *notes, const char *format, ...)
{
    va_list args;

    notes->count++;
    if (notes->kept == IMPORT_NOTES_KEPT)
        return;
    va_start(args, format);
    (void)vsnprintf(notes->text[notes->kept++], IMPORT_NOTE_BYTES_MAX, format, args);
    va_end(args);
}

/* One look at all bytes: most files of millions of lines are ASCII. */
static bool is_plain(const char *bytes, size_t count)
{
    unsigned char high = 0, odd = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned char c = (unsigned char)bytes[i];

        high |= c;
        odd |= (unsigned char)((c == '\0') | (c == '\r'));
    }
    return high < 0x80 && odd == 0;
}

/* Moves what is left to the front and reads more behind it. */
static enum err_code fill(struct feed *feed, struct err *err)
{
    char *room;
    ssize_t got;

    buf_remove_front(&feed->bytes, feed->at);
    feed->at = 0;
    if (feed->bytes.len >= FEED_LINE_BYTES_MAX) {
        feed->line++;
        return feed_refuse(feed, ERR_LIMIT, err, "longer than %zu bytes", FEED_LINE_BYTES_MAX);
    }
    room = buf_reserve(&feed->bytes, CHUNK_BYTES);
    if (room == NULL)
        return err_set(err, ERR_NOMEM, "%s: no memory to read it", feed->name);
    do {
        got = read(feed->fd, room, CHUNK_BYTES);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return err_set(err, ERR_INVALID, "%s: %s", feed->name, strerror(errno));
    buf_added(&feed->bytes, (size_t)got);
    feed->is_plain = is_plain(feed->bytes.bytes, feed->bytes.len);
    feed->bytes_read += (uint64_t)got;
    feed->is_at_end = got == 0;
    if (feed->options.on_progress != NULL)
        feed->options.on_progress(feed->options.owner, feed->name, feed->bytes_read);
    return ERR_OK;
}

/* Cuts the CR of CR LF off, where that is allowed and all lines have it. */
static enum err_code check_ends(struct feed *feed, struct slice *line, struct err *err)
{
    bool has_cr = line->len > 0 && line->ptr[line->len - 1] == '\r';

    if (!feed->options.allows_crlf)
        return ERR_OK;
    if (feed->line == 1)
        feed->has_crlf = has_cr;
    if (has_cr != feed->has_crlf)
        return feed_refuse(feed, ERR_SYNTAX, err,
                           "ends its line in another way than the first line");
    if (has_cr)
        line->len--;
    return ERR_OK;
}

static enum err_code check_line(struct feed *feed, struct slice *line, struct err *err)
{
    if (feed->line == 1 && slice_starts(*line, SLICE("\xef\xbb\xbf")))
        return feed_refuse(feed, ERR_SYNTAX, err,
                           "begins with a byte order mark; save it as UTF-8 without");
    if (feed->is_plain && !feed->has_crlf)
        return ERR_OK;
    if (check_ends(feed, line, err) != ERR_OK)
        return err->code;
    if (memchr(line->ptr, '\0', line->len) != NULL)
        return feed_refuse(feed, ERR_SYNTAX, err, "holds a NUL byte");
    if (memchr(line->ptr, '\r', line->len) != NULL)
        return feed_refuse(feed, ERR_SYNTAX, err, "holds a carriage return");
    if (!text_is_utf8(*line))
        return feed_refuse(feed, ERR_SYNTAX, err, "is not UTF-8");
    return ERR_OK;
}

bool feed_line(struct feed *feed, struct slice *ret, struct err *err)
{
    for (;;) {
        size_t left = feed->bytes.len - feed->at;
        const char *from = left > 0 ? feed->bytes.bytes + feed->at : NULL;
        const char *end = left > 0 ? memchr(from, '\n', left) : NULL;

        if (end != NULL) {
            *ret = (struct slice){.ptr = from, .len = (size_t)(end - from)};
            feed->at += ret->len + 1;
            feed->line++;
            if (ret->len > FEED_LINE_BYTES_MAX)
                (void)feed_refuse(feed, ERR_LIMIT, err, "longer than %zu bytes",
                                  FEED_LINE_BYTES_MAX);
            return err->code == ERR_OK && check_line(feed, ret, err) == ERR_OK;
        }
        if (feed->is_at_end && left > 0) {
            feed->line++;
            (void)feed_refuse(feed, ERR_SYNTAX, err,
                              "does not end with a line break: is the file cut off?");
        }
        if (feed->is_at_end || fill(feed, err) != ERR_OK)
            return false;
    }
}
