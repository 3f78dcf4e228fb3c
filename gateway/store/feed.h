/* gateway/store/feed.h -- a large text file, line by line, in bounded memory.
 *
 * For the importers of files that others made: every line must be whole, UTF-8, and end with
 * one line feed. A byte order mark, a NUL, a carriage return (unless they are allowed), a line
 * that is too long and a last line without its end are errors, told as "FILE:LINE: reason".
 */
#ifndef GATEWAY_STORE_FEED_H
#define GATEWAY_STORE_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/base/buf.h"
#include "rules/base/err.h"

#define FEED_LINE_BYTES_MAX ((size_t)64 * 1024)
#define FEED_NAME_BYTES_MAX 80 /* shown of a file's name */

struct feed_options {
    bool allows_crlf; /* every line ends with CR LF, or none does */
    /* Called now and then while a file is read, for whoever waits; may be NULL. */
    void (*on_progress)(void *owner, const char *file, uint64_t bytes_read);
    void *owner;
};

struct feed {
    struct feed_options options;
    char name[FEED_NAME_BYTES_MAX];
    int fd;
    struct buf bytes; /* owned; the part of the file that is in memory */
    size_t at;        /* where the next line begins in it */
    bool is_plain;    /* it holds neither NUL nor CR nor anything beyond ASCII */
    bool is_at_end;
    bool has_crlf; /* the first line ended with CR LF */
    uint64_t line; /* number of the line given last */
    uint64_t bytes_read;
};

/* Opens dir/name, or `name` when dir is "". ERR_NOT_FOUND: there is no such file. After a
 * failure feed_close may be called all the same. */
enum err_code feed_open(struct feed *feed, const char *dir, const char *name,
                        const struct feed_options *options, struct err *err) MUST_CHECK;
void feed_close(struct feed *feed);

/* The next line without its end, borrowed until the next call. False at the end of the file,
 * and after a failure: err->code tells. */
bool feed_line(struct feed *feed, struct slice *ret, struct err *err) MUST_CHECK;

/* Refuses the line given last: "FILE:LINE: ...". Returns err->code. */
enum err_code feed_refuse(const struct feed *feed, enum err_code code, struct err *err,
                          const char *format, ...) PRINTF_LIKE(4, 5);

/* --- what importers have to tell ---
 */

#define IMPORT_NOTES_KEPT     20
#define IMPORT_NOTE_BYTES_MAX 200

/* All are counted, the first ones kept in words. */
struct import_notes {
    size_t count;
    size_t kept;
    char text[IMPORT_NOTES_KEPT][IMPORT_NOTE_BYTES_MAX];
};

void import_note(struct import_notes *notes, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
