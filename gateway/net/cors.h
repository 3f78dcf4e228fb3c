/* gateway/net/cors.h -- which web pages may read our answers (Fetch standard, CORS protocol).
 *
 * The headers go on every answer, errors too: without them a browser hides the error from the
 * client's developer. Authorization is allowed by name, because "*" does not cover it.
 */
#ifndef GATEWAY_NET_CORS_H
#define GATEWAY_NET_CORS_H

#include "rules/base/buf.h"
#include "rules/base/slice.h"

struct net_cors {
    const struct slice *origins; /* borrowed: "https://ehr.example.org", or "*" for any */
    size_t origins_count;
};

/* Appends header lines for an answer to a request with this Origin (ptr NULL: none sent). */
void net_cors_headers(const struct net_cors *cors, struct slice origin, struct buf *buf);
/* The same for the answer to OPTIONS. */
void net_cors_preflight(const struct net_cors *cors, struct slice origin, struct buf *buf);

#endif
