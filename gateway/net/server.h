/* gateway/net/server.h -- a listener and its connections on one loop.
 *
 * A complete request arrives as a struct net_exchange in on_request. From then on its owner
 * has it, until exactly one of these happens:
 *
 *   net_exchange_respond   called by the owner, inside on_request or at any later time
 *   on_abandoned           called by the server: the client is gone or the drain time is over;
 *                          the owner must not respond any more
 *
 * Either way the exchange and everything in its request are gone when the call returns.
 * on_request never runs inside net_exchange_respond, and on_abandoned never inside on_request
 * or net_exchange_respond: so an owner may free or reuse its own state around these calls.
 * A connection has one exchange at a time; pipelined requests wait for their turn.
 *
 * The server answers by itself: what is no HTTP request (OperationOutcome with the status of
 * enum http_failure), what is too large or too slow, connections above the limit, and, when it
 * has CORS options, every OPTIONS request (204).
 *
 * A client that closes its sending side after a full request still gets its answer, so
 * on_abandoned tells of connections that were reset, not of every client that stopped waiting.
 *
 * The process must ignore SIGPIPE (gw_workers_run sees to it), because uv writes with write(2).
 *
 * A server is used from its loop's thread only. The files server.c and conn.c are the only ones
 * that touch uv sockets.
 */
#ifndef GATEWAY_NET_SERVER_H
#define GATEWAY_NET_SERVER_H

#include "gateway/net/cors.h"
#include "gateway/net/http.h"
#include "rules/base/err.h"

struct metrics;
struct net_server;
struct uv_loop_s;

struct net_limits {
    uint32_t head_bytes_max;
    uint32_t headers_max;
    uint32_t body_bytes_max;
    size_t bodies_bytes_max; /* of all connections together */
    uint32_t connections_max;
    uint32_t head_timeout_ms;  /* from connect, or the first byte, to the end of the headers */
    uint32_t body_timeout_ms;  /* from there to the end of the body */
    uint32_t idle_timeout_ms;  /* between requests */
    uint32_t write_timeout_ms; /* from the answer to its last byte */
    uint32_t drain_timeout_ms; /* for requests in flight when stopping */
};
#define NET_LIMITS_DEFAULT                                                                     \
    ((struct net_limits){                                                                      \
        .head_bytes_max = HTTP_HEAD_BYTES_DEFAULT,                                             \
        .headers_max = HTTP_HEADERS_MAX,                                                       \
        .body_bytes_max = HTTP_BODY_BYTES_DEFAULT,                                             \
        .bodies_bytes_max = (size_t)256 * 1024 * 1024,                                         \
        .connections_max = 4096,                                                               \
        .head_timeout_ms = 10000,                                                              \
        .body_timeout_ms = 30000,                                                              \
        .idle_timeout_ms = 75000,                                                              \
        .write_timeout_ms = 30000,                                                             \
        .drain_timeout_ms = 10000,                                                             \
    })

struct net_exchange {
    const struct http_request *request; /* borrowed from the connection */
    uint64_t arrived_us;                /* monotonic, when its first byte was read */
    void *state;                        /* the owner's */
};

struct net_server_options {
    const char *address; /* "127.0.0.1:8080", "[::]:8080"; port 0: any free one */
    bool shares_port;    /* several servers listen on this port (SO_REUSEPORT) */
    struct net_limits limits;
    const struct net_cors
        *cors;               /* borrowed; NULL: no CORS headers, OPTIONS goes to the owner */
    struct metrics *metrics; /* borrowed; NULL: none are kept */
    void (*on_request)(struct net_exchange *exchange, void *owner);
    void (*on_abandoned)(struct net_exchange *exchange, void *owner);
    void *owner;
};

/* Listens. ERR_INVALID for an address that is none, ERR_BUSY when it is taken or forbidden. */
enum err_code net_server_start(struct uv_loop_s *loop, const struct net_server_options *options,
                               struct net_server **ret, struct err *err) MUST_CHECK;

/* Stops accepting, closes idle connections, lets requests in flight finish for at most
 * drain_timeout_ms, then calls on_stopped once and frees itself when that returns. */
void net_server_stop(struct net_server *server, void (*on_stopped)(void *owner), void *owner);
/* Ends the drain at once. Only after net_server_stop and before on_stopped, and not from inside
 * on_request or on_abandoned. */
void net_server_stop_now(struct net_server *server);

uint16_t net_server_port(const struct net_server *server);
uint32_t net_server_connections(const struct net_server *server);
uint32_t net_server_in_flight(const struct net_server *server); /* exchanges with the owner */
bool net_server_is_stopping(const struct net_server *server);

/* Everything in `response` is borrowed until return. HEAD requests get no body. */
void net_exchange_respond(struct net_exchange *exchange, const struct http_response *response);

/* Checks and splits "127.0.0.1:8080" or "[::1]:8080" without listening. */
bool net_address_is_valid(const char *address);

#endif
