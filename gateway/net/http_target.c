/* gateway/net/http_target.c -- what a request target and a Host may look like. */
#include "gateway/net/http_private.h"

/* RFC 9112 section 3.2: origin-form, absolute-form (whose authority does not matter to us) and
 * the asterisk of OPTIONS. */
bool http_target_read(struct http_request *request)
{
    struct slice rest = request->target;

    if (slice_find_char(rest, '#') != SIZE_MAX)
        return false;
    if (slice_eq(rest, SLICE("*"))) {
        request->path = rest;
        return request->method == HTTP_METHOD_OPTIONS;
    }
    if (slice_starts_nocase(rest, SLICE("http://")) ||
        slice_starts_nocase(rest, SLICE("https://"))) {
        size_t slash;

        rest = slice_from(rest, slice_find(rest, SLICE("//")) + 2);
        slash = slice_find_char(rest, '/');
        if (slash == 0 || slash == SIZE_MAX)
            return false;
        rest = slice_from(rest, slash);
    }
    if (rest.len == 0 || rest.ptr[0] != '/')
        return false;
    request->path = slice_cut(rest, '?', &request->query);
    return true;
}

/* RFC 9110 section 7.2: a host and perhaps a port, nothing that belongs to other parts. */
bool http_host_is_valid(struct slice host)
{
    for (size_t i = 0; i < host.len; i++) {
        unsigned char c = (unsigned char)host.ptr[i];

        if (c <= ' ' || c >= 0x7f || strchr("/?#@\\,\"<>^`{|}", c) != NULL)
            return false;
    }
    return true;
}
