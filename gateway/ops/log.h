/* gateway/ops/log.h -- structured log lines that cannot carry a patient's data.
 *
 * Every event and each of its fields is a row of log_events.def; a call site fills a struct
 * made from that row, so a field that is not in the table does not compile. The kinds of fields
 * admit numbers, names from our own tables, identifiers of a narrow alphabet, settings of the
 * operator, and struct err (whose text holds no patient values by contract). There is no kind
 * for free text.
 *
 *     log_event(log, call_answered, .request_id = id, .status = 200, .took_us = us);
 *
 * A line is one write(2), so lines of several threads do not mix. A struct log is constant
 * after log_init.
 */
#ifndef GATEWAY_OPS_LOG_H
#define GATEWAY_OPS_LOG_H

#include <stdint.h>

#include "rules/base/buf.h"
#include "rules/base/err.h"
#include "rules/base/slice.h"

#define LOG_LEVELS(X) X(DEBUG, "debug") X(INFO, "info") X(WARNING, "warning") X(ERROR, "error")

enum log_level {
#define X(code, name) LOG_LEVEL_##code,
    LOG_LEVELS(X)
#undef X
};

#define LOG_FORMATS(X) X(JSON, "json") X(TEXT, "text")

enum log_format {
#define X(code, name) LOG_FORMAT_##code,
    LOG_FORMATS(X)
#undef X
};

struct log {
    int fd;
    enum log_level level; /* less severe events are dropped */
    enum log_format format;
};

/* The C type of each kind of field, and what makes it stay out of the line.
 *   NUMBER   uint64_t      always written
 *   NAME     const char *  a name from one of our tables: [a-z0-9_.-], up to 64; NULL: left out
 *   ID       struct slice  [A-Za-z0-9_.:-], up to 96; empty: left out
 *   SETTING  const char *  an operator's own setting: printable ASCII; NULL: left out
 *   ERR      struct err *  code, text and where; NULL or ERR_OK: left out
 * A NAME, ID or SETTING of any other form is written as "(refused)". */
#define LOG_TYPE_NUMBER  uint64_t
#define LOG_TYPE_NAME    const char *
#define LOG_TYPE_ID      struct slice
#define LOG_TYPE_SETTING const char *
#define LOG_TYPE_ERR     const struct err *

#define FIELD(kind, name) LOG_TYPE_##kind name;
#define EVENT(event, level, doc, fields)                                                       \
    struct log_##event {                                                                       \
        fields                                                                                 \
    };
#include "gateway/ops/log_events.def"
#undef EVENT
#undef FIELD

#define FIELD(kind, name)
#define EVENT(event, level, doc, fields)                                                       \
    void log_##event(const struct log *log, const struct log_##event *fields_);
#include "gateway/ops/log_events.def"
#undef EVENT
#undef FIELD

#define log_event(log, event, ...) log_##event((log), &(struct log_##event){__VA_ARGS__})

void log_init(struct log *log, int fd, enum log_level level, enum log_format format);

/* A Markdown table of all events, for the documentation. */
void log_write_table(struct buf *buf);

#endif
