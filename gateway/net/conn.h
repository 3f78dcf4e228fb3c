/* gateway/net/conn.h -- one connection, and what it shares with its server. Private to
 * server.c and conn.c. */
#ifndef GATEWAY_NET_CONN_H
#define GATEWAY_NET_CONN_H

#include <uv.h>

#include "gateway/net/server.h"

enum net_conn_state {
    NET_CONN_HEAD,   /* the first byte, or the rest of a head, is awaited */
    NET_CONN_BODY,   /* the rest of a body is awaited */
    NET_CONN_ANSWER, /* the owner has the exchange */
    NET_CONN_WRITE,  /* an answer is being written */
    NET_CONN_READY,  /* answered, and bytes of the next request are here already */
    NET_CONN_IDLE,   /* between requests */
    NET_CONN_LINGER, /* answered for the last time; what still comes is thrown away */
    NET_CONN_CLOSED, /* the handle is being closed */
    NET_CONN_STATES_COUNT
};

struct net_conn {
    uint32_t magic;
    enum net_conn_state state;
    bool is_feeding;   /* bytes are being worked through; do not start again */
    bool is_eof;       /* the client has closed its side */
    bool is_reading;   /* uv reads; stopped when the client sends far ahead */
    bool must_close;   /* after the answer that is being written */
    bool must_linger;  /* before closing, so that the client can read the answer */
    uint32_t lingered; /* bytes thrown away */
    uint64_t due_ms;   /* end of the state's time; 0: none */
    struct net_server *server;
    struct net_conn *prev, *next; /* in the server's list of this state */
    struct http_parser *parser;   /* owned; NULL between requests */
    struct net_exchange exchange;
    struct buf ahead; /* bytes of requests that have to wait */
    struct buf out;   /* what the socket did not take at once */
    uv_tcp_t tcp;
    uv_write_t write;
};

#define NET_READ_BYTES    ((size_t)64 * 1024)
#define NET_PARSERS_MAX   32
#define NET_BODY_KEEP_MAX ((size_t)64 * 1024)

struct net_list {
    struct net_conn *first, *last;
};

struct net_server {
    uint32_t magic;
    struct net_server_options options;
    struct http_limits http_limits;
    struct http_budget budget;
    uv_loop_t *loop;
    uv_tcp_t listener;
    uv_timer_t timer; /* one for all connections */
    uv_idle_t waker;  /* active while a connection is READY */
    uint32_t handles_open;
    uint64_t timer_due_ms; /* 0: not started */
    uint64_t drain_due_ms;
    uint16_t port;
    bool is_stopping;
    bool is_ending;         /* the last handles are being closed */
    bool has_missed_accept; /* uv waits for an uv_accept that we had no memory for */
    void (*on_stopped)(void *owner);
    void *on_stopped_owner;

    struct net_list lists[NET_CONN_STATES_COUNT]; /* oldest first */
    uint32_t connections_count;
    uint32_t in_flight;

    struct http_parser *parsers[NET_PARSERS_MAX]; /* unused ones */
    size_t parsers_count;
    struct buf head, headers, body; /* scratch for one answer */
    int64_t date_s;
    char date[HTTP_DATE_BYTES];
    char read_bytes[NET_READ_BYTES]; /* where uv reads to; used up before the next read */
};

/* conn.c */
void net_conn_accept(struct net_server *server);
void net_conn_feed_ahead(struct net_conn *conn); /* of a READY connection */
void net_conn_expire(struct net_conn *conn);     /* its time is over */
void net_conn_end(struct net_conn *conn);        /* closes, and abandons what is in flight */

/* server.c */
/* Gives a connection its state, with that state's list and time. */
void net_server_move(struct net_conn *conn, enum net_conn_state state);
void net_server_forget(struct net_conn *conn); /* the connection is closed: frees it */
struct http_parser *net_server_take_parser(struct net_server *server);
void net_server_give_parser(struct net_server *server, struct http_parser *parser);
struct slice net_server_date(struct net_server *server);

#endif
