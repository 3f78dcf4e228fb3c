/* gateway/store/audit_queue.c -- a bounded list of copied audit rows. */
#include "gateway/store/audit_queue.h"

#include <assert.h>

#include "gateway/store/text.h"

static const size_t TEXTS[] = {
    offsetof(struct store_audit_row, request_id),
    offsetof(struct store_audit_row, service),
    offsetof(struct store_audit_row, hook),
    offsetof(struct store_audit_row, hook_instance),
    offsetof(struct store_audit_row, client),
    offsetof(struct store_audit_row, outcome),
    offsetof(struct store_audit_row, release_hash),
};
static const size_t DETAILS[] = {
    offsetof(struct store_audit_row, decisions),
    offsetof(struct store_audit_row, gaps),
    offsetof(struct store_audit_row, fetches),
};

static void lock(struct audit_queue *queue)
{
    int failed = pthread_mutex_lock(&queue->mutex);

    assert(failed == 0);
}

static void unlock(struct audit_queue *queue)
{
    int failed = pthread_mutex_unlock(&queue->mutex);

    assert(failed == 0);
}

void audit_queue_init(struct audit_queue *queue, size_t count_max, size_t bytes_max)
{
    int failed;

    *queue = (struct audit_queue){.count_max = count_max, .bytes_max = bytes_max};
    failed = pthread_mutex_init(&queue->mutex, NULL);
    assert(failed == 0);
}

void audit_queue_release(struct audit_queue *queue)
{
    int failed;

    audit_queue_take(queue, queue->count);
    failed = pthread_mutex_destroy(&queue->mutex);
    assert(failed == 0);
}

/* --- copying -------------------------------------------------------------------------------
 */

static struct slice field(const struct store_audit_row *row, size_t offset)
{
    struct slice text;

    memcpy(&text, (const char *)row + offset, sizeof text);
    return text;
}

static void set_field(struct store_audit_row *row, size_t offset, struct slice text)
{
    memcpy((char *)row + offset, &text, sizeof text);
}

static uint64_t now_us(void)
{
    struct timespec now;
    int failed = clock_gettime(CLOCK_REALTIME, &now);

    assert(failed == 0);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static size_t sum(const struct store_audit_row *row, const size_t *offsets, size_t count)
{
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++)
        bytes += field(row, offsets[i]).len;
    return bytes;
}

/* A copy with texts cut and cleaned; details as they are, or none when they are too large. */
static struct audit_item *copy(const struct store_audit_row *row)
{
    struct store_audit_row cut = *row;
    size_t details = sum(row, DETAILS, ARRAY_LEN(DETAILS)), bytes;
    bool is_cut = details > STORE_AUDIT_ROW_BYTES_MAX;
    struct audit_item *item;
    char *to;

    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++)
        set_field(&cut, TEXTS[i], text_head(field(row, TEXTS[i]), STORE_AUDIT_TEXT_BYTES_MAX));
    for (size_t i = 0; is_cut && i < ARRAY_LEN(DETAILS); i++)
        set_field(&cut, DETAILS[i], SLICE_NONE);
    bytes = sizeof *item + sum(&cut, TEXTS, ARRAY_LEN(TEXTS)) + (is_cut ? 0 : details);
    item = malloc(bytes);
    if (item == NULL)
        return NULL;
    *item = (struct audit_item){.bytes = bytes, .row = cut, .is_cut = is_cut};
    if (item->row.at_us == 0)
        item->row.at_us = now_us();
    to = item->text;
    for (size_t i = 0; i < ARRAY_LEN(TEXTS) + ARRAY_LEN(DETAILS); i++) {
        bool is_text = i < ARRAY_LEN(TEXTS);
        size_t offset = is_text ? TEXTS[i] : DETAILS[i - ARRAY_LEN(TEXTS)];
        struct slice from = field(&cut, offset);

        if (is_text)
            text_clean(from, to);
        else if (from.len > 0)
            memcpy(to, from.ptr, from.len);
        set_field(&item->row, offset, (struct slice){.ptr = to, .len = from.len});
        to += from.len;
    }
    return item;
}

/* --- adding and taking ---------------------------------------------------------------------
 */

bool audit_queue_add(struct audit_queue *queue, const struct store_audit_row *row,
                     size_t *ret_count)
{
    struct audit_item *item = copy(row);
    bool is_added;

    lock(queue);
    queue->sequence++;
    is_added = item != NULL && queue->count < queue->count_max &&
               item->bytes <= queue->bytes_max - queue->bytes;
    if (is_added) {
        item->sequence = queue->sequence;
        if (queue->last != NULL)
            queue->last->next = item;
        else
            queue->first = item;
        queue->last = item;
        queue->count++;
        queue->bytes += item->bytes;
    } else {
        queue->dropped++;
    }
    *ret_count = queue->count;
    unlock(queue);
    if (!is_added)
        free(item);
    return is_added;
}

size_t audit_queue_head(struct audit_queue *queue, struct audit_item **items, size_t max)
{
    size_t count = 0;

    lock(queue);
    for (struct audit_item *item = queue->first; item != NULL && count < max; item = item->next)
        items[count++] = item;
    unlock(queue);
    return count;
}

void audit_queue_take(struct audit_queue *queue, size_t count)
{
    struct audit_item *item, *end;

    lock(queue);
    assert(count <= queue->count);
    item = end = queue->first;
    for (size_t i = 0; i < count; i++) {
        queue->bytes -= end->bytes;
        end = end->next;
    }
    queue->first = end;
    if (end == NULL)
        queue->last = NULL;
    queue->count -= count;
    unlock(queue);
    while (item != end) {
        struct audit_item *next = item->next;

        free(item);
        item = next;
    }
}

void audit_queue_drop(struct audit_queue *queue)
{
    audit_queue_take(queue, 1);
    lock(queue);
    queue->dropped++;
    unlock(queue);
}

size_t audit_queue_count(struct audit_queue *queue)
{
    size_t count;

    lock(queue);
    count = queue->count;
    unlock(queue);
    return count;
}

uint64_t audit_queue_dropped(struct audit_queue *queue)
{
    uint64_t dropped;

    lock(queue);
    dropped = queue->dropped;
    unlock(queue);
    return dropped;
}
