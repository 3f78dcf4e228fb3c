/* gateway/net/cors.c -- the CORS headers of an answer. */
#include "gateway/net/cors.h"

#define PREFLIGHT_MAX_AGE "600" /* browsers cap it: Chromium at 7200 s, Firefox at 86400 s */

static bool any_is_allowed(const struct net_cors *cors)
{
    for (size_t i = 0; i < cors->origins_count; i++)
        if (slice_eq(cors->origins[i], SLICE("*")))
            return true;
    return false;
}

/* The allowed origin that is equal to the one sent: what is written comes from the list. */
static const struct slice *find_origin(const struct net_cors *cors, struct slice origin)
{
    for (size_t i = 0; i < cors->origins_count; i++)
        if (slice_eq_nocase(cors->origins[i], origin))
            return &cors->origins[i];
    return NULL;
}

void net_cors_headers(const struct net_cors *cors, struct slice origin, struct buf *buf)
{
    const struct slice *allowed;

    if (any_is_allowed(cors)) {
        buf_add_text(buf, "Access-Control-Allow-Origin: *\r\n");
        return;
    }
    /* The answer depends on the Origin even when there is none: caches must know. */
    buf_add_text(buf, "Vary: Origin\r\n");
    allowed = origin.ptr == NULL ? NULL : find_origin(cors, origin);
    if (allowed == NULL)
        return;
    buf_add_text(buf, "Access-Control-Allow-Origin: ");
    buf_add(buf, *allowed);
    buf_add_text(buf, "\r\n");
}

void net_cors_preflight(const struct net_cors *cors, struct slice origin, struct buf *buf)
{
    net_cors_headers(cors, origin, buf);
    buf_add_text(buf, "Access-Control-Allow-Methods: GET, POST, OPTIONS\r\n"
                      "Access-Control-Allow-Headers: Authorization, Content-Type\r\n"
                      "Access-Control-Max-Age: " PREFLIGHT_MAX_AGE "\r\n");
}
