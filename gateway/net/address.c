/* gateway/net/address.c -- "127.0.0.1:8080" to a socket address. */
#include <arpa/inet.h>

#include "gateway/net/net_private.h"
#include "gateway/net/server.h"

static bool read_host(struct slice host, int family, void *ret)
{
    char text[INET6_ADDRSTRLEN];

    if (host.len >= sizeof text)
        return false;
    (void)snprintf(text, sizeof text, "%.*s", SLICE_ARG(host));
    return inet_pton(family, text, ret) == 1;
}

bool net_address_parse(const char *address, struct sockaddr_storage *ret)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct slice text = slice_of(address);
    size_t bracket = slice_find(text, SLICE("]:"));
    uint32_t port;

    if (slice_starts(text, SLICE("[")) && bracket != SIZE_MAX) {
        if (!slice_to_u32(slice_from(text, bracket + 2), UINT16_MAX, &port) ||
            !read_host(slice_from(slice_head(text, bracket), 1), AF_INET6, &v6.sin6_addr))
            return false;
        v6.sin6_port = htons((uint16_t)port);
        memcpy(ret, &v6, sizeof v6);
        return true;
    }
    if (!read_host(slice_cut(text, ':', &text), AF_INET, &v4.sin_addr) ||
        !slice_to_u32(text, UINT16_MAX, &port))
        return false;
    v4.sin_port = htons((uint16_t)port);
    memcpy(ret, &v4, sizeof v4);
    return true;
}

bool net_address_is_valid(const char *address)
{
    struct sockaddr_storage ignored;

    return net_address_parse(address, &ignored);
}
