/* gateway/store/store.h -- the database as the server sees it: a snapshot out, audit rows in.
 *
 * One thread with one blocking connection does all the talking; the functions here only take a
 * mutex for moments, so workers may call them from their loops.
 *
 *   knowledge  The active release is loaded when the connection is made, when the database
 *              announces one, and when the slow poll finds another; the poll also activates
 *              what is scheduled and due. A release that cannot be
 *              loaded or is not valid leaves the snapshot as it is.
 *   audit      Rows wait in a bounded queue and are written in batches. A row leaves the queue
 *              when the database has confirmed it; what was sent before a connection broke is
 *              sent again and recognised there (writer, sequence).
 *
 * The database may be absent, at start and at any time later: the store goes on with what it
 * has, tries again (0.2 s, doubling to 5 s), and its status says so.
 */
#ifndef GATEWAY_STORE_STORE_H
#define GATEWAY_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/store/digest.h"
#include "rules/knowledge.h"

struct store;

#define STORE_EVENTS(X)                                                                        \
    X(CONNECTED, "connected")               /* the database answers (again) */                 \
    X(LOST, "lost")                         /* it does not: the first failure after it did */  \
    X(KNOWLEDGE, "knowledge")               /* a snapshot was published */                     \
    X(KNOWLEDGE_FAILED, "knowledge_failed") /* a release could not be taken into use */        \
    X(AUDIT_FAILED, "audit_failed")         /* rows could not be written; they stay queued */  \
    X(AUDIT_REFUSED, "audit_refused") /* the database refused a row for good: it is lost */

enum store_event {
#define X(code, name) STORE_##code,
    STORE_EVENTS(X)
#undef X
};
const char *store_event_name(enum store_event event);

struct store_options {
    const char *conninfo;     /* "": no database, see store_use */
    const char *release_name; /* the release to use; NULL: the only active one */
    uint32_t poll_s;
    uint32_t audit_queue_max;     /* rows */
    size_t audit_queue_bytes_max; /* of all rows that wait */
    uint32_t audit_batch_max;     /* rows in one statement */
    uint32_t audit_flush_ms;      /* longest wait of a row while the database answers */
    uint32_t connect_timeout_s;
    uint32_t statement_timeout_ms;
    uint32_t stop_ms; /* for the last rows when stopping */
    /* Called on the store's thread, for the log; err has no error for CONNECTED and KNOWLEDGE.
     * May be NULL. */
    void (*on_event)(void *owner, enum store_event event, const struct err *err);
    void *owner;
};

#define STORE_OPTIONS_DEFAULT                                                                  \
    ((struct store_options){                                                                   \
        .conninfo = "",                                                                        \
        .poll_s = 30,                                                                          \
        .audit_queue_max = 10000,                                                              \
        .audit_queue_bytes_max = (size_t)64 * 1024 * 1024,                                     \
        .audit_batch_max = 100,                                                                \
        .audit_flush_ms = 200,                                                                 \
        .connect_timeout_s = 5,                                                                \
        .statement_timeout_ms = 10000,                                                         \
        .stop_ms = 2000,                                                                       \
    })

/* One hook call as the audit keeps it; see migrations/0002_audit.sql. Slices are borrowed
 * during the call; bytes that are no UTF-8 become '?'. No patient values. */
struct store_audit_row {
    uint64_t at_us; /* since 1970; 0: now */
    struct slice request_id;
    uint32_t worker;
    struct slice service;
    struct slice hook;
    struct slice hook_instance;
    struct slice client;
    struct slice outcome;
    uint32_t http_status;
    struct slice release_hash;
    uint32_t cards;
    struct slice decisions; /* JSON, as gaps and fetches; may be empty */
    struct slice gaps;
    struct slice fetches;
    uint64_t took_us;
    uint64_t parse_us;
    uint64_t wait_us;
    uint64_t decide_us;
    uint64_t render_us;
};

/* Larger rows lose decisions, gaps and fetches (is_cut); single texts are cut to
 * STORE_AUDIT_TEXT_BYTES_MAX. */
#define STORE_AUDIT_ROW_BYTES_MAX  ((size_t)256 * 1024)
#define STORE_AUDIT_TEXT_BYTES_MAX 256u

struct store_status {
    bool has_database; /* false: runs without one on purpose */
    bool is_connected; /* the last exchange with the database worked */
    bool has_knowledge;
    char content_hash[DIGEST_HEX_SIZE]; /* of the snapshot; "" when there is none */
    uint64_t loaded_at_s;               /* since 1970 */
    enum err_code last_error; /* of connecting, loading or writing; ERR_OK: all well */
    char last_error_text[ERR_TEXT_BYTES_MAX];
    uint64_t reloads;         /* snapshots published */
    uint64_t reload_failures; /* releases that could not be taken into use */
    uint64_t audit_queued;    /* rows that wait now */
    uint64_t audit_written;
    uint64_t audit_dropped; /* queue full, refused by the database, or left at stop */
};

/* Copies the options' texts. NULL when there is no memory. */
struct store *store_new(const struct store_options *options) MUST_CHECK;
enum err_code store_start(struct store *store, struct err *err) MUST_CHECK;
/* Writes what waits, for stop_ms at most, and joins the thread. A connection attempt that runs
 * is awaited (connect_timeout_s per host). Safe when not started; nothing is written after it.
 */
void store_stop(struct store *store);
void store_free(struct store *store); /* stops it first; accepts NULL */

/* The current snapshot with a reference of the caller's own, or NULL. */
struct rules_knowledge *store_knowledge(struct store *store) MUST_CHECK;

/* Publishes a snapshot by hand (the reference is taken): for tests, and for a gateway that runs
 * from knowledge files without a database. */
void store_use(struct store *store, struct rules_knowledge *knowledge);

/* Copies the row into the queue. False, and counted, when the queue is full or there is no
 * database. Never waits for the database. */
bool store_audit(struct store *store, const struct store_audit_row *row);

void store_status(struct store *store, struct store_status *ret);

#endif
