/* gateway/net/http_private.h -- between the files of the HTTP parser. */
#ifndef GATEWAY_NET_HTTP_PRIVATE_H
#define GATEWAY_NET_HTTP_PRIVATE_H

#include "gateway/net/http.h"

/* Cuts request->target into path and query; false when it is malformed. */
bool http_target_read(struct http_request *request);
bool http_host_is_valid(struct slice host);

#endif
