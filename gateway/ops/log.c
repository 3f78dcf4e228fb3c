/* gateway/ops/log.c -- one event, one line, one write. */
#include "gateway/ops/log.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

/* Below PIPE_BUF, so that a line reaches a pipe whole. */
#define LINE_BYTES_MAX    2048
#define NAME_BYTES_MAX    64
#define ID_BYTES_MAX      96
#define SETTING_BYTES_MAX 256
#define REFUSED           "(refused)"

static const char *const LEVELS[] = {
#define X(code, name) [LOG_LEVEL_##code] = (name),
    LOG_LEVELS(X)
#undef X
};

/* A line under construction; what does not fit is left out. */
struct line {
    enum log_format format;
    size_t len;
    bool is_cut;
    char bytes[LINE_BYTES_MAX];
};

void log_init(struct log *log, int fd, enum log_level level, enum log_format format)
{
    *log = (struct log){.fd = fd, .level = level, .format = format};
}

/* ---- bytes ---- */

#define LINE_TAIL_BYTES 32 /* kept free for what ends a line */

static void add_bytes(struct line *line, const char *bytes, size_t len)
{
    if (line->is_cut || len > sizeof line->bytes - LINE_TAIL_BYTES - line->len) {
        line->is_cut = true;
        return;
    }
    memcpy(line->bytes + line->len, bytes, len);
    line->len += len;
}

static void add_text(struct line *line, const char *text)
{
    add_bytes(line, text, strlen(text));
}

/* Between quotes: what JSON or a terminal could take for something else becomes '?'. */
static void add_quoted(struct line *line, struct slice text)
{
    add_text(line, "\"");
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '"' || c == '\\')
            add_text(line, "\\");
        if ((unsigned char)c < ' ' || (unsigned char)c >= 0x7f)
            c = '?';
        add_bytes(line, &c, 1);
    }
    add_text(line, "\"");
}

/* A name without its value, and the comma or space before it. */
static void add_key(struct line *line, const char *key)
{
    if (line->format == LOG_FORMAT_JSON) {
        add_text(line, line->len == 0 ? "{\"" : ",\"");
        add_text(line, key);
        add_text(line, "\":");
    } else {
        add_text(line, line->len == 0 ? "" : " ");
        add_text(line, key);
        add_text(line, "=");
    }
}

/* A value that needs no escapes by its alphabet. */
static void add_plain(struct line *line, const char *key, struct slice text)
{
    add_key(line, key);
    if (line->format == LOG_FORMAT_JSON)
        add_quoted(line, text);
    else
        add_bytes(line, text.ptr, text.len);
}

/* ---- kinds of fields ---- */

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_of(struct slice text, const char *others, size_t bytes_max)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_letter_or_digit(text.ptr[i]) && strchr(others, text.ptr[i]) == NULL)
            return false;
    /* strchr finds the NUL at the end of `others` too */
    return text.len <= bytes_max && memchr(text.ptr, '\0', text.len) == NULL;
}

static void add_NUMBER(struct line *line, const char *key, uint64_t number)
{
    char digits[24];

    add_key(line, key);
    (void)snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    add_text(line, digits);
}

static void add_NAME(struct line *line, const char *key, const char *name)
{
    struct slice text = slice_of(name);

    if (name == NULL)
        return;
    add_plain(line, key, is_of(text, "_.-", NAME_BYTES_MAX) ? text : SLICE(REFUSED));
}

static void add_ID(struct line *line, const char *key, struct slice id)
{
    if (id.len == 0)
        return;
    add_plain(line, key, is_of(id, "_.:-", ID_BYTES_MAX) ? id : SLICE(REFUSED));
}

static void add_SETTING(struct line *line, const char *key, const char *setting)
{
    struct slice text = slice_of(setting);

    if (setting == NULL)
        return;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
            text = SLICE(REFUSED);
    add_key(line, key);
    add_quoted(line, text.len <= SETTING_BYTES_MAX ? text : SLICE(REFUSED));
}

static void add_ERR(struct line *line, const char *key, const struct err *err)
{
    if (err == NULL || err->code == ERR_OK)
        return;
    add_plain(line, key, slice_of(err_code_name(err->code)));
    add_key(line, "text");
    add_quoted(line, slice_of(err->text));
    if (err->where != NULL) {
        add_key(line, "where");
        add_quoted(line, slice_of(err->where));
    }
}

/* ---- lines ---- */

static void begin(struct line *line, const struct log *log, enum log_level level,
                  const char *event)
{
    struct timespec now = {0};
    struct tm tm = {0};
    char stamp[40];

    line->format = log->format;
    line->len = 0;
    line->is_cut = false;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &tm);
    (void)snprintf(stamp, sizeof stamp, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
                   (unsigned)(tm.tm_year + 1900) % 10000u, (unsigned)(tm.tm_mon + 1) % 100u,
                   (unsigned)tm.tm_mday % 100u, (unsigned)tm.tm_hour % 100u,
                   (unsigned)tm.tm_min % 100u, (unsigned)tm.tm_sec % 100u,
                   (unsigned)(now.tv_nsec / 1000000) % 1000u);
    add_plain(line, "time", slice_of(stamp));
    add_plain(line, "level", slice_of(LEVELS[level]));
    add_plain(line, "event", slice_of(event));
}

static void finish(struct line *line, const struct log *log)
{
    static const char CUT_JSON[] = ",\"cut\":1}\n";
    static const char CUT_TEXT[] = " cut=1\n";
    const char *end = line->format == LOG_FORMAT_JSON ? (line->is_cut ? CUT_JSON : "}\n")
                                                      : (line->is_cut ? CUT_TEXT : "\n");
    ssize_t written;

    memcpy(line->bytes + line->len, end, strlen(end));
    line->len += strlen(end);
    do
        written = write(log->fd, line->bytes, line->len);
    while (written < 0 && errno == EINTR);
    /* Nobody could be told that the log is lost; the rest of a line in a full disk neither. */
}

/* A field is added whole or not at all. */
#define FIELD(kind, name)                                                                      \
    if (!line.is_cut) {                                                                        \
        size_t before = line.len;                                                              \
                                                                                               \
        add_##kind(&line, #name, fields_->name);                                               \
        if (line.is_cut)                                                                       \
            line.len = before;                                                                 \
    }
#define EVENT(event, severity, doc, fields)                                                    \
    void log_##event(const struct log *log, const struct log_##event *fields_)                 \
    {                                                                                          \
        struct line line;                                                                      \
                                                                                               \
        if (LOG_LEVEL_##severity < log->level)                                                 \
            return;                                                                            \
        begin(&line, log, LOG_LEVEL_##severity, #event);                                       \
        fields;                                                                                \
        finish(&line, log);                                                                    \
    }
#include "gateway/ops/log_events.def"
#undef EVENT
#undef FIELD

void log_write_table(struct buf *buf)
{
    static const struct {
        const char *name;
        enum log_level level;
        const char *doc;
        const char *fields;
    } EVENTS[] = {
#define FIELD(kind, name)                   #name " "
#define EVENT(event, severity, doc, fields) {#event, LOG_LEVEL_##severity, doc, fields},
#include "gateway/ops/log_events.def"
#undef EVENT
#undef FIELD
    };

    buf_add_text(buf, "| event | level | meaning | fields |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < ARRAY_LEN(EVENTS); i++)
        buf_printf(buf, "| `%s` | %s | %s | %.*s |\n", EVENTS[i].name, LEVELS[EVENTS[i].level],
                   EVENTS[i].doc, SLICE_ARG(slice_trim(slice_of(EVENTS[i].fields))));
}
