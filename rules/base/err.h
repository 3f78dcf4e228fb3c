/* rules/base/err.h -- what went wrong, for the operator.
 *
 * Every fallible function returns enum err_code, is MUST_CHECK, takes struct err last and
 * leaves its result parameters alone on failure. The first error is kept: later err_set calls
 * on the same struct return their code and change nothing.
 *
 * err.text may name fields, codes, JSON paths, files and positions. It never holds a value
 * from a patient's record, a token or a key: it reaches logs and, for invalid requests,
 * the client.
 */
#ifndef RULES_BASE_ERR_H
#define RULES_BASE_ERR_H

#include "rules/base/util.h"

/* code, name in logs and metrics */
#define ERR_CODES(X)                                                                           \
    X(OK, "ok")                                                                                \
    X(SYNTAX, "syntax")   /* bytes that do not follow their grammar */                         \
    X(INVALID, "invalid") /* well formed, but not what is asked for */                         \
    X(LIMIT, "limit")     /* larger than a stated limit */                                     \
    X(AUTH, "auth")       /* who are you */                                                    \
    X(DENIED, "denied")   /* you may not */                                                    \
    X(NOT_FOUND, "not_found")                                                                  \
    X(UPSTREAM, "upstream") /* a server we depend on failed */                                 \
    X(TIMEOUT, "timeout")                                                                      \
    X(BUSY, "busy") /* try again later */                                                      \
    X(NOMEM, "nomem")                                                                          \
    X(INTERNAL, "internal")

enum err_code {
#define X(code, name) ERR_##code,
    ERR_CODES(X)
#undef X
};

#define ERR_TEXT_BYTES_MAX 240

struct err {
    enum err_code code;
    const char *where; /* "file.c:123", static */
    char text[ERR_TEXT_BYTES_MAX];
};

const char *err_code_name(enum err_code code);

#define ERR_STRING_(x) #x
#define ERR_STRING(x)  ERR_STRING_(x)

/* Records the first error and returns `code`: `return err_set(err, ERR_LIMIT, "...")`. */
#define err_set(err, code, ...)                                                                \
    err_set_at((err), (code), __FILE__ ":" ERR_STRING(__LINE__), __VA_ARGS__)

enum err_code err_set_at(struct err *err, enum err_code code, const char *where,
                         const char *format, ...) PRINTF_LIKE(4, 5);

void err_clear(struct err *err);

#endif
