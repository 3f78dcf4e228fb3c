/* gateway/store/audit_queue.h -- audit rows that wait for the database.
 *
 * Many threads add, one takes. Adding copies the row and never waits for anything but a mutex
 * that is held for moments; a full queue refuses. Every row, refused ones too, uses up a number
 * of the sequence, so that a lost row shows as a gap.
 */
#ifndef GATEWAY_STORE_AUDIT_QUEUE_H
#define GATEWAY_STORE_AUDIT_QUEUE_H

#include <pthread.h>

#include "gateway/store/store.h"

struct audit_item {
    struct audit_item *next;
    size_t bytes; /* of this block */
    uint64_t sequence;
    struct store_audit_row row; /* slices point into text */
    bool is_cut;
    char text[];
};

struct audit_queue {
    pthread_mutex_t mutex;
    struct audit_item *first, *last; /* owned */
    size_t count, count_max;
    size_t bytes, bytes_max;
    uint64_t sequence; /* of the row added last */
    uint64_t dropped;
};

void audit_queue_init(struct audit_queue *queue, size_t count_max, size_t bytes_max);
void audit_queue_release(struct audit_queue *queue); /* rows that are left are freed */

/* False when it was refused. *ret_count is the queue's length afterwards. */
bool audit_queue_add(struct audit_queue *queue, const struct store_audit_row *row,
                     size_t *ret_count);

/* The rows at the head, up to max, in order; they stay the queue's. Only for the one thread
 * that takes. */
size_t audit_queue_head(struct audit_queue *queue, struct audit_item **items, size_t max);
/* Removes and frees that many from the head. */
void audit_queue_take(struct audit_queue *queue, size_t count);
/* Takes the one at the head and counts it as dropped. */
void audit_queue_drop(struct audit_queue *queue);

size_t audit_queue_count(struct audit_queue *queue);
uint64_t audit_queue_dropped(struct audit_queue *queue);

#endif
