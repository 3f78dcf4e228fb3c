/* gateway/store/csv.c -- quoted and plain fields. */
#include "gateway/store/csv.h"

#define FIELDS_MAX 64

/* Both take one field off *rest and add its text; false with a reason. */
static bool cut_quoted(struct slice *rest, struct buf *unquoted, const char **ret_reason)
{
    for (size_t at = 1; at < rest->len; at++) {
        if (rest->ptr[at] == '"') {
            bool is_doubled = at + 1 < rest->len && rest->ptr[at + 1] == '"';

            if (!is_doubled) {
                *rest = slice_from(*rest, at + 1);
                if (rest->len == 0 || rest->ptr[0] == ',')
                    return true;
                *ret_reason = "text behind a closing quote";
                return false;
            }
            at++;
        }
        buf_add_char(unquoted, rest->ptr[at]);
    }
    *ret_reason = "a quote is not closed in its line; no column may hold a line break";
    return false;
}

static bool cut_plain(struct slice *rest, struct buf *unquoted, const char **ret_reason)
{
    struct slice field = slice_head(*rest, slice_find_char(*rest, ','));

    if (slice_find_char(field, '"') != SIZE_MAX) {
        *ret_reason = "a quote inside a field that does not begin with one";
        return false;
    }
    buf_add(unquoted, field);
    *rest = slice_from(*rest, field.len);
    return true;
}

size_t csv_cut(struct slice line, struct buf *unquoted, struct slice *fields, size_t fields_max,
               const char **ret_reason)
{
    size_t ends[FIELDS_MAX], count = 0;

    buf_clear(unquoted);
    for (;;) {
        bool is_quoted = line.len > 0 && line.ptr[0] == '"';

        if (count == fields_max || count == FIELDS_MAX) {
            *ret_reason = "too many columns";
            return 0;
        }
        if (is_quoted ? !cut_quoted(&line, unquoted, ret_reason)
                      : !cut_plain(&line, unquoted, ret_reason))
            return 0;
        ends[count++] = unquoted->len;
        if (line.len == 0)
            break;
        line = slice_from(line, 1); /* the comma */
    }
    if (buf_failed(unquoted)) {
        *ret_reason = "too long";
        return 0;
    }
    for (size_t i = 0, from = 0; i < count; from = ends[i++])
        fields[i] = slice_from(slice_head(buf_slice(unquoted), ends[i]), from);
    return count;
}
