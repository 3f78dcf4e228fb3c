/* rules/base/err.c -- recording the first error. */
#include "rules/base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

const char *err_code_name(enum err_code code)
{
    static const char *const NAMES[] = {
#define X(code, name) [ERR_##code] = name,
        ERR_CODES(X)
#undef X
    };

    assert((size_t)code < ARRAY_LEN(NAMES));
    return NAMES[code];
}

enum err_code err_set_at(struct err *err, enum err_code code, const char *where,
                         const char *format, ...)
{
    va_list args;

    assert(code != ERR_OK);
    if (err->code != ERR_OK)
        return code;
    err->code = code;
    err->where = where;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return code;
}

void err_clear(struct err *err)
{
    *err = (struct err){.code = ERR_OK};
}
