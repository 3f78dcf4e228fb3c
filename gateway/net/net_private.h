/* gateway/net/net_private.h -- addresses, between the files that listen. */
#ifndef GATEWAY_NET_NET_PRIVATE_H
#define GATEWAY_NET_NET_PRIVATE_H

#include <netinet/in.h>
#include <stdbool.h>

/* "127.0.0.1:8080" or "[::1]:8080"; numeric, because looking up a name would block. */
bool net_address_parse(const char *address, struct sockaddr_storage *ret);

#endif
