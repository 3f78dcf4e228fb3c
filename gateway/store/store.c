/* gateway/store/store.c -- the thread between the server and PostgreSQL.
 *
 *   DOWN --connected, schema fits, listening--> UP
 *   UP   --any failure that costs the connection--> DOWN, try again after a pause
 *
 * One turn of the thread in UP: look for another release when due, write a batch of rows when
 * due, then sleep until a notification, a wake-up by store_audit, or the next thing due.
 *
 * Invariants
 *   (1) `mutex` guards knowledge and status; it is never held across a call of the database,
 *       of rules_knowledge_new or of on_event.
 *   (2) Only the thread uses db, writer and the fields below `thread's own`.
 *   (3) A row leaves the queue only when the database has it, or has refused it for good.
 */
#include "gateway/store/store.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "gateway/store/audit_write.h"
#include "gateway/store/governance.h"
#include "gateway/store/migrate.h"

#define PAUSE_FIRST_MS  200
#define PAUSE_MAX_MS    5000
#define AUDIT_BATCH_MAX 1000
#define INFO_BYTES_MAX  ((size_t)64 * 1024)
#define NEVER_MS        INT64_MAX

/* What can be wrong at a time; a later success clears the same kind only. */
enum store_trouble { TROUBLE_CONNECTION, TROUBLE_KNOWLEDGE, TROUBLE_AUDIT, TROUBLES_COUNT };

struct store {
    struct store_options options; /* conninfo and release_name are owned */
    pthread_t thread;
    bool has_thread;
    int wake_fd; /* rows wait */
    int stop_fd; /* readable from store_stop on */
    atomic_bool is_stopping;
    struct audit_queue queue;

    pthread_mutex_t mutex;
    struct rules_knowledge *knowledge;
    struct store_status status;
    struct err troubles[TROUBLES_COUNT];

    /* thread's own */
    struct db *db; /* NULL: DOWN */
    struct audit_writer writer;
    uint32_t pause_ms;
    bool was_up;
    int64_t look_at_ms;  /* for another release */
    int64_t write_at_ms; /* NEVER_MS: no row waits */
};

static const char *const EVENT_NAMES[] = {
#define X(code, name) [STORE_##code] = (name),
    STORE_EVENTS(X)
#undef X
};

const char *store_event_name(enum store_event event)
{
    assert((size_t)event < ARRAY_LEN(EVENT_NAMES));
    return EVENT_NAMES[event];
}

/* --- small things --------------------------------------------------------------------------
 */

static int64_t now_ms(void)
{
    struct timespec now;
    int failed = clock_gettime(CLOCK_MONOTONIC, &now);

    assert(failed == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void lock(struct store *store)
{
    int failed = pthread_mutex_lock(&store->mutex);

    assert(failed == 0);
}

static void unlock(struct store *store)
{
    int failed = pthread_mutex_unlock(&store->mutex);

    assert(failed == 0);
}

static void tell(const struct store *store, enum store_event event, const struct err *err)
{
    const struct err none = {0};

    if (store->options.on_event != NULL)
        store->options.on_event(store->options.owner, event, err == NULL ? &none : err);
}

/* Returns whether it is news: not the same trouble as before. */
static bool note_trouble(struct store *store, enum store_trouble trouble, const struct err *err)
{
    bool is_news;

    lock(store);
    is_news = strcmp(store->troubles[trouble].text, err->text) != 0;
    store->troubles[trouble] = *err;
    unlock(store);
    return is_news;
}

static void clear_trouble(struct store *store, enum store_trouble trouble)
{
    lock(store);
    err_clear(&store->troubles[trouble]);
    unlock(store);
}

/* --- connection ----------------------------------------------------------------------------
 */

static void set_connected(struct store *store, bool is_connected)
{
    lock(store);
    store->status.is_connected = is_connected;
    unlock(store);
}

/* DOWN with a reason. The first failure after UP is an event, and so is every new reason. */
static void go_down(struct store *store, const struct err *err)
{
    bool is_news = note_trouble(store, TROUBLE_CONNECTION, err);

    db_free(store->db);
    store->db = NULL;
    set_connected(store, false);
    if (is_news || store->was_up)
        tell(store, STORE_LOST, err);
    store->was_up = false;
}

/* After work on the connection: what went wrong is a lost connection or trouble of its own. */
static void settle(struct store *store, enum store_trouble trouble, enum store_event event,
                   const struct err *err)
{
    if (err->code == ERR_OK)
        clear_trouble(store, trouble);
    else if (!db_is_usable(store->db))
        go_down(store, err);
    else if (note_trouble(store, trouble, err))
        tell(store, event, err);
}

static enum err_code set_up(struct store *store, struct err *err)
{
    const struct db_options options = {
        .conninfo = store->options.conninfo,
        .application_name = "pgxgate",
        .connect_timeout_s = store->options.connect_timeout_s,
        .statement_timeout_ms = store->options.statement_timeout_ms,
        .interrupt_fd = store->stop_fd,
        .interrupt_grace_ms = store->options.stop_ms,
    };
    enum err_code code = db_connect(&options, &store->db, err);

    if (code == ERR_OK)
        code = migrate_check(store->db, err);
    if (code == ERR_OK)
        code = db_listen(store->db, RELEASES_CHANNEL, err);
    return code;
}

static void come_up(struct store *store)
{
    struct err err = {0};

    if (set_up(store, &err) != ERR_OK) {
        go_down(store, &err);
        return;
    }
    clear_trouble(store, TROUBLE_CONNECTION);
    set_connected(store, true);
    store->was_up = true;
    store->pause_ms = PAUSE_FIRST_MS;
    store->look_at_ms = 0;
    store->write_at_ms = 0;
    tell(store, STORE_CONNECTED, NULL);
}

static void pause_a_while(struct store *store)
{
    struct pollfd stop = {.fd = store->stop_fd, .events = POLLIN};

    (void)poll(&stop, 1, (int)store->pause_ms);
    store->pause_ms = store->pause_ms * 2 < PAUSE_MAX_MS ? store->pause_ms * 2 : PAUSE_MAX_MS;
}

/* --- knowledge -----------------------------------------------------------------------------
 */

static void publish(struct store *store, struct rules_knowledge *knowledge)
{
    struct slice hash = rules_knowledge_hash(knowledge);
    struct rules_knowledge *old;

    lock(store);
    old = store->knowledge;
    store->knowledge = knowledge;
    store->status.has_knowledge = true;
    store->status.reloads++;
    store->status.loaded_at_s = (uint64_t)time(NULL);
    (void)snprintf(store->status.content_hash, sizeof store->status.content_hash, "%.*s",
                   SLICE_ARG(hash));
    unlock(store);
    rules_knowledge_release(old);
}

static bool is_current(struct store *store, struct slice hash)
{
    /* Only this thread changes it, or store_use before the thread runs. */
    return store->knowledge != NULL && slice_eq(rules_knowledge_hash(store->knowledge), hash);
}

static enum err_code load(struct store *store, const struct release_info *info, struct err *err)
{
    struct rules_knowledge *knowledge = NULL;
    struct rules_release release;
    enum err_code code = releases_load(store->db, info, &release, err);

    if (code != ERR_OK)
        return code;
    code = rules_knowledge_new(&release, info->content_hash, &knowledge, err);
    rules_release_release(&release);
    if (code == ERR_OK)
        publish(store, knowledge);
    return code;
}

static void count_failure(struct store *store)
{
    lock(store);
    store->status.reload_failures++;
    unlock(store);
}

/* Takes another release into use if another one is active, or is due to be. */
static void look_for_release(struct store *store)
{
    struct release_info info;
    struct err err = {0}, due = {0};
    struct arena arena;
    enum err_code code;

    store->look_at_ms = now_ms() + (int64_t)store->options.poll_s * 1000;
    arena_init(&arena, INFO_BYTES_MAX);
    code = releases_activate_due(store->db, &due);
    if (code == ERR_OK || db_is_usable(store->db))
        code = releases_active(store->db, store->options.release_name, &arena, &info, &err);
    if (code == ERR_OK && !is_current(store, info.content_hash)) {
        code = load(store, &info, &err);
        if (code == ERR_OK)
            tell(store, STORE_KNOWLEDGE, NULL);
        else if (db_is_usable(store->db))
            count_failure(store);
    }
    arena_release(&arena);
    settle(store, TROUBLE_KNOWLEDGE, STORE_KNOWLEDGE_FAILED, err.code == ERR_OK ? &due : &err);
}

struct rules_knowledge *store_knowledge(struct store *store)
{
    struct rules_knowledge *knowledge;

    lock(store);
    knowledge = store->knowledge;
    if (knowledge != NULL)
        rules_knowledge_retain(knowledge);
    unlock(store);
    return knowledge;
}

void store_use(struct store *store, struct rules_knowledge *knowledge)
{
    assert(knowledge != NULL && !store->has_thread);
    publish(store, knowledge);
}

/* --- audit ---------------------------------------------------------------------------------
 */

bool store_audit(struct store *store, const struct store_audit_row *row)
{
    const uint64_t one = 1;
    size_t count;

    if (!audit_queue_add(&store->queue, row, &count))
        return false;
    /* The first row starts the clock, a full batch ends the wait. */
    if ((count == 1 || count == store->options.audit_batch_max) &&
        write(store->wake_fd, &one, sizeof one) < 0)
        assert(errno == EAGAIN); /* the counter is at its maximum: it wakes anyway */
    return true;
}

/* Data exception or integrity violation: the row itself, not the state of the database. */
static bool is_rows_fault(const struct store *store)
{
    const char *sqlstate = db_sqlstate(store->db);

    return strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0;
}

static void count_written(struct store *store, size_t count)
{
    audit_queue_take(&store->queue, count);
    lock(store);
    store->status.audit_written += count;
    unlock(store);
}

/* The row at the head alone; without its details when these are refused; lost when it is
 * refused even so. */
static enum err_code write_one(struct store *store, struct audit_item *item, struct err *err)
{
    enum err_code code = audit_write(&store->writer, store->db, &item, 1, err);

    if (code != ERR_OK && is_rows_fault(store) && !item->is_cut) {
        err_clear(err);
        item->is_cut = true;
        item->row.decisions = item->row.gaps = item->row.fetches = SLICE_NONE;
        code = audit_write(&store->writer, store->db, &item, 1, err);
    }
    if (code == ERR_OK) {
        count_written(store, 1);
    } else if (is_rows_fault(store)) {
        audit_queue_drop(&store->queue);
        tell(store, STORE_AUDIT_REFUSED, err);
        err_clear(err);
        code = ERR_OK;
    }
    return code;
}

static enum err_code write_batch(struct store *store, struct err *err)
{
    struct audit_item *items[AUDIT_BATCH_MAX];
    size_t count = audit_queue_head(&store->queue, items, store->options.audit_batch_max);
    enum err_code code;

    if (count == 0)
        return ERR_OK;
    code = audit_write(&store->writer, store->db, items, count, err);
    if (code == ERR_OK) {
        count_written(store, count);
        return ERR_OK;
    }
    if (!is_rows_fault(store))
        return code;
    err_clear(err);
    for (size_t i = 0; i < count; i++) {
        code = write_one(store, items[i], err);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

/* When the next batch is due, given what waits now. */
static int64_t next_write(struct store *store, bool has_failed)
{
    size_t count = audit_queue_count(&store->queue);

    if (count == 0)
        return NEVER_MS;
    if (has_failed)
        return now_ms() + PAUSE_MAX_MS / 5;
    if (count >= store->options.audit_batch_max)
        return 0;
    return now_ms() + store->options.audit_flush_ms;
}

static void write_audit(struct store *store)
{
    struct err err = {0};
    enum err_code code = write_batch(store, &err);

    store->write_at_ms = next_write(store, code != ERR_OK);
    settle(store, TROUBLE_AUDIT, STORE_AUDIT_FAILED, &err);
}

/* --- the thread ----------------------------------------------------------------------------
 */

static void sleep_until_due(struct store *store)
{
    int64_t due_ms =
        store->look_at_ms < store->write_at_ms ? store->look_at_ms : store->write_at_ms;
    int64_t left_ms = due_ms - now_ms();
    struct db_wake wake = {0};
    struct err err = {0};
    uint64_t ignored;

    if (left_ms < 0)
        left_ms = 0;
    if (db_wait(store->db, store->wake_fd, (uint32_t)left_ms, &wake, &err) != ERR_OK) {
        go_down(store, &err);
        return;
    }
    if (wake.is_notified)
        store->look_at_ms = 0;
    if (wake.is_fd_ready) {
        if (read(store->wake_fd, &ignored, sizeof ignored) < 0)
            assert(errno == EAGAIN);
        if (store->write_at_ms == NEVER_MS ||
            audit_queue_count(&store->queue) >= store->options.audit_batch_max)
            store->write_at_ms = next_write(store, false);
    }
}

static void turn(struct store *store)
{
    if (store->db == NULL) {
        come_up(store);
        if (store->db == NULL)
            pause_a_while(store);
        return;
    }
    if (now_ms() >= store->look_at_ms)
        look_for_release(store);
    if (store->db != NULL && now_ms() >= store->write_at_ms)
        write_audit(store);
    if (store->db != NULL)
        sleep_until_due(store);
}

/* The last rows, for stop_ms at most. */
static void finish(struct store *store)
{
    int64_t until_ms = now_ms() + store->options.stop_ms;
    struct err err = {0};

    if (store->db == NULL && audit_queue_count(&store->queue) > 0)
        come_up(store);
    while (store->db != NULL && audit_queue_count(&store->queue) > 0 && now_ms() < until_ms)
        if (write_batch(store, &err) != ERR_OK)
            break;
    if (err.code != ERR_OK)
        tell(store, STORE_AUDIT_FAILED, &err);
    while (audit_queue_count(&store->queue) > 0)
        audit_queue_drop(&store->queue);
    db_free(store->db);
    store->db = NULL;
    set_connected(store, false);
}

static void *run(void *owner)
{
    struct store *store = owner;

    while (!atomic_load(&store->is_stopping))
        turn(store);
    finish(store);
    return NULL;
}

/* --- life cycle ----------------------------------------------------------------------------
 */

static char *copy_text(const char *text)
{
    return text == NULL ? NULL : strdup(text);
}

static void check_options(const struct store_options *options)
{
    assert(options->conninfo != NULL && options->poll_s > 0);
    assert(options->audit_batch_max > 0 && options->audit_batch_max <= AUDIT_BATCH_MAX);
    assert(options->audit_queue_max > 0 && options->statement_timeout_ms > 0);
}

struct store *store_new(const struct store_options *options)
{
    struct store *store = calloc(1, sizeof *store);
    int failed;

    check_options(options);
    if (store == NULL)
        return NULL;
    store->options = *options;
    store->options.conninfo = copy_text(options->conninfo);
    store->options.release_name = copy_text(options->release_name);
    store->status.has_database = options->conninfo[0] != '\0';
    store->pause_ms = PAUSE_FIRST_MS;
    store->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    store->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    atomic_init(&store->is_stopping, false);
    failed = pthread_mutex_init(&store->mutex, NULL);
    assert(failed == 0);
    /* Without a database no row can ever be written, so none may wait. */
    audit_queue_init(&store->queue, store->status.has_database ? options->audit_queue_max : 0,
                     options->audit_queue_bytes_max);
    if (store->options.conninfo == NULL || store->wake_fd < 0 || store->stop_fd < 0 ||
        (options->release_name != NULL && store->options.release_name == NULL)) {
        store_free(store);
        return NULL;
    }
    return store;
}

enum err_code store_start(struct store *store, struct err *err)
{
    sigset_t all, before;
    enum err_code code;
    int failed;

    assert(!store->has_thread && !atomic_load(&store->is_stopping));
    if (!store->status.has_database)
        return ERR_OK;
    code = audit_writer_init(&store->writer, err);
    if (code != ERR_OK)
        return code;
    /* Signals are for the thread that runs the loops. */
    (void)sigfillset(&all);
    failed = pthread_sigmask(SIG_SETMASK, &all, &before);
    assert(failed == 0);
    failed = pthread_create(&store->thread, NULL, run, store);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0)
        return err_set(err, ERR_NOMEM, "no thread for the database");
    store->has_thread = true;
    return ERR_OK;
}

void store_stop(struct store *store)
{
    const uint64_t one = 1;
    int failed;

    if (!store->has_thread)
        return;
    atomic_store(&store->is_stopping, true);
    if (write(store->stop_fd, &one, sizeof one) < 0 ||
        write(store->wake_fd, &one, sizeof one) < 0)
        assert(errno == EAGAIN);
    failed = pthread_join(store->thread, NULL);
    assert(failed == 0);
    store->has_thread = false;
}

void store_free(struct store *store)
{
    if (store == NULL)
        return;
    store_stop(store);
    rules_knowledge_release(store->knowledge);
    audit_queue_release(&store->queue);
    audit_writer_release(&store->writer);
    if (store->wake_fd >= 0)
        (void)close(store->wake_fd);
    if (store->stop_fd >= 0)
        (void)close(store->stop_fd);
    (void)pthread_mutex_destroy(&store->mutex);
    free((char *)store->options.conninfo);
    free((char *)store->options.release_name);
    free(store);
}

void store_status(struct store *store, struct store_status *ret)
{
    uint64_t queued = audit_queue_count(&store->queue);
    uint64_t dropped = audit_queue_dropped(&store->queue);

    lock(store);
    *ret = store->status;
    for (size_t i = 0; i < TROUBLES_COUNT; i++) {
        if (store->troubles[i].code == ERR_OK)
            continue;
        ret->last_error = store->troubles[i].code;
        (void)snprintf(ret->last_error_text, sizeof ret->last_error_text, "%s",
                       store->troubles[i].text);
        break;
    }
    unlock(store);
    ret->audit_queued = queued;
    ret->audit_dropped = dropped;
}
