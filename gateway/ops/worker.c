/* gateway/ops/worker.c -- loops, threads, signals.
 *
 * Other threads reach a worker in one way only: they change an atomic number and wake its loop.
 * Worker 0 stays until the last of the others is gone, because it has the signals.
 */
#include "gateway/ops/worker.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

#include "gateway/ops/notify.h"

static const struct {
    int number;
    const char *name;
} SIGNALS[] = {{SIGTERM, "sigterm"}, {SIGINT, "sigint"}, {SIGHUP, "sighup"}};

struct gw_workers {
    const struct gw_workers_options *options;
    uint32_t count;
    struct gw_worker *all;
    const struct metrics **metrics;
    _Atomic uint32_t stops; /* 1: in order, 2: at once */
    _Atomic uint32_t reloads;
    _Atomic uint32_t up_count;
    _Atomic uint32_t stopped_count;
    _Atomic uint32_t round; /* of the watchdog */
    uv_mutex_t lock;        /* of every worker's is_stopped_ */

    /* Of worker 0's loop. */
    uv_signal_t signals[ARRAY_LEN(SIGNALS)];
    uv_timer_t watchdog;
    bool is_announced;
    bool has_told_stopping;
};

/* ---- waking ---- */

static void wake(struct gw_worker *worker)
{
    struct gw_workers *workers = worker->workers_;

    uv_mutex_lock(&workers->lock);
    if (!worker->is_stopped_)
        (void)uv_async_send(&worker->wake_);
    uv_mutex_unlock(&workers->lock);
}

static void wake_all(struct gw_workers *workers)
{
    for (uint32_t i = 0; i < workers->count; i++)
        wake(&workers->all[i]);
}

/* ---- the end ---- */

/* Worker 0, when all have stopped: its last handles. */
static void close_last(struct gw_workers *workers)
{
    struct gw_worker *first = &workers->all[0];

    if (uv_is_closing((const uv_handle_t *)&first->wake_))
        return;
    uv_mutex_lock(&workers->lock);
    first->is_stopped_ = true;
    uv_mutex_unlock(&workers->lock);
    for (size_t i = 0; i < ARRAY_LEN(SIGNALS); i++)
        uv_close((uv_handle_t *)&workers->signals[i], NULL);
    uv_close((uv_handle_t *)&workers->watchdog, NULL);
    uv_close((uv_handle_t *)&first->wake_, NULL);
}

void gw_worker_stopped(struct gw_worker *worker)
{
    struct gw_workers *workers = worker->workers_;

    assert(worker->stops_seen_ > 0 && !worker->is_stopped_);
    if (worker->index > 0) {
        uv_mutex_lock(&workers->lock);
        worker->is_stopped_ = true;
        uv_mutex_unlock(&workers->lock);
        uv_close((uv_handle_t *)&worker->wake_, NULL);
    }
    atomic_fetch_add(&workers->stopped_count, 1);
    wake(&workers->all[0]);
}

/* Never goes back from 2 to 1. */
static void request_stop(struct gw_workers *workers, uint32_t stops)
{
    uint32_t before = atomic_load(&workers->stops);

    while (before < stops && !atomic_compare_exchange_weak(&workers->stops, &before, stops))
        continue;
    wake_all(workers);
}

void gw_workers_stop(struct gw_worker *worker)
{
    request_stop(worker->workers_, 1);
}

/* ---- what a woken worker does ---- */

static void see_stops(struct gw_worker *worker)
{
    const struct gw_workers_options *options = worker->workers_->options;
    uint32_t stops = atomic_load(&worker->workers_->stops);

    if (stops >= 1 && worker->stops_seen_ == 0) {
        worker->stops_seen_ = 1;
        options->stop(worker);
    }
    if (stops >= 2 && worker->stops_seen_ == 1) {
        worker->stops_seen_ = 2;
        if (!worker->is_stopped_ && options->stop_now != NULL)
            options->stop_now(worker);
    }
}

static void see_reloads(struct gw_worker *worker)
{
    const struct gw_workers_options *options = worker->workers_->options;
    uint32_t reloads = atomic_load(&worker->workers_->reloads);

    if (reloads == worker->reloads_seen_ || worker->stops_seen_ > 0)
        return;
    worker->reloads_seen_ = reloads;
    if (options->reload != NULL)
        options->reload(worker);
}

/* What only worker 0 does. */
static void see_others(struct gw_worker *worker)
{
    struct gw_workers *workers = worker->workers_;

    if (atomic_load(&workers->stops) > 0) {
        if (!workers->has_told_stopping)
            notify_systemd("STOPPING=1");
        workers->has_told_stopping = true;
    } else if (!workers->is_announced && atomic_load(&workers->up_count) == workers->count) {
        workers->is_announced = true;
        notify_systemd("READY=1");
        if (workers->options->ready != NULL)
            workers->options->ready(worker);
    }
    if (atomic_load(&workers->stopped_count) == workers->count)
        close_last(workers);
}

static void on_wake(uv_async_t *async)
{
    struct gw_worker *worker = async->data;

    atomic_store(&worker->beat_, atomic_load(&worker->workers_->round));
    see_stops(worker);
    see_reloads(worker);
    if (worker->index == 0)
        see_others(worker);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct gw_workers *workers = handle->data;
    const char *action = "reload";
    const char *name = NULL;

    for (size_t i = 0; i < ARRAY_LEN(SIGNALS); i++)
        if (SIGNALS[i].number == number)
            name = SIGNALS[i].name;
    if (number == SIGHUP) {
        atomic_fetch_add(&workers->reloads, 1);
        wake_all(workers);
    } else {
        bool is_first = atomic_load(&workers->stops) == 0;

        action = is_first ? "stop" : "stop_now";
        request_stop(workers, is_first ? 1 : 2);
    }
    log_event(workers->options->log, signal, .signal = name, .action = action);
}

/* Says that we live if all loops have turned since the last time, and asks again. */
static void on_watchdog(uv_timer_t *timer)
{
    struct gw_workers *workers = timer->data;
    uint32_t round = atomic_load(&workers->round);
    bool all_turn = true;

    for (uint32_t i = 0; i < workers->count; i++) {
        struct gw_worker *worker = &workers->all[i];

        uv_mutex_lock(&workers->lock);
        if (!worker->is_stopped_ && atomic_load(&worker->beat_) != round)
            all_turn = false;
        uv_mutex_unlock(&workers->lock);
    }
    if (!all_turn)
        return; /* the round stays open: a loop that turns late still counts */
    notify_systemd("WATCHDOG=1");
    atomic_store(&workers->round, round + 1);
    wake_all(workers);
}

/* ---- one worker's life ---- */

static void run_worker(void *data)
{
    struct gw_worker *worker = data;
    struct gw_workers *workers = worker->workers_;

    if (workers->options->setup(worker, &worker->err_) != ERR_OK) {
        log_event(worker->log, worker_failed, .worker = worker->index, .error = &worker->err_);
        gw_workers_stop(worker);
    } else {
        atomic_fetch_add(&workers->up_count, 1);
        wake(&workers->all[0]);
    }
    (void)uv_run(&worker->loop, UV_RUN_DEFAULT);
}

static enum err_code start_threads(struct gw_workers *workers, struct err *err)
{
    for (uint32_t i = 1; i < workers->count; i++) {
        struct gw_worker *worker = &workers->all[i];
        int code = uv_thread_create(&worker->thread_, run_worker, worker);

        if (code != 0)
            return err_set(err, ERR_INTERNAL, "cannot start a thread: %s", uv_strerror(code));
        worker->has_thread_ = true;
    }
    return ERR_OK;
}

/* ---- setting up and taking down ---- */

static void init_worker(struct gw_workers *workers, uint32_t index)
{
    struct gw_worker *worker = &workers->all[index];

    worker->index = index;
    worker->workers_ = workers;
    worker->log = workers->options->log;
    worker->owner = workers->options->owner;
    worker->metrics = metrics_new();
    workers->metrics[index] = worker->metrics;
}

static enum err_code init_loops(struct gw_workers *workers, struct err *err)
{
    for (uint32_t i = 0; i < workers->count; i++) {
        struct gw_worker *worker = &workers->all[i];
        int code;

        init_worker(workers, i);
        if (worker->metrics == NULL)
            return err_set(err, ERR_NOMEM, "no memory for a worker");
        code = uv_loop_init(&worker->loop);
        if (code == 0)
            code = uv_async_init(&worker->loop, &worker->wake_, on_wake);
        if (code != 0)
            return err_set(err, ERR_INTERNAL, "cannot make a loop: %s", uv_strerror(code));
        worker->wake_.data = worker;
    }
    return ERR_OK;
}

static void init_signals(struct gw_workers *workers)
{
    uv_loop_t *loop = &workers->all[0].loop;
    uint64_t watchdog_ms = notify_watchdog_ms();

    /* A client that goes away must not end the process. */
    (void)sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    for (size_t i = 0; i < ARRAY_LEN(SIGNALS); i++) {
        (void)uv_signal_init(loop, &workers->signals[i]);
        workers->signals[i].data = workers;
        (void)uv_signal_start(&workers->signals[i], on_signal, SIGNALS[i].number);
    }
    (void)uv_timer_init(loop, &workers->watchdog);
    workers->watchdog.data = workers;
    if (watchdog_ms > 0)
        (void)uv_timer_start(&workers->watchdog, on_watchdog, 0, watchdog_ms / 3 + 1);
}

static void free_workers(struct gw_workers *workers)
{
    for (uint32_t i = 0; i < workers->count && workers->all != NULL; i++)
        metrics_free(workers->all[i].metrics);
    uv_mutex_destroy(&workers->lock);
    free(workers->all);
    free(workers->metrics);
}

/* The workers that have no thread because starting it failed will never stop by themselves. */
static void count_missing(struct gw_workers *workers)
{
    for (uint32_t i = 1; i < workers->count; i++) {
        struct gw_worker *worker = &workers->all[i];

        if (worker->has_thread_)
            continue;
        worker->stops_seen_ = 1;
        gw_worker_stopped(worker);
        (void)uv_run(&worker->loop, UV_RUN_DEFAULT);
    }
}

static enum err_code run_all(struct gw_workers *workers, struct err *err)
{
    enum err_code code;

    init_signals(workers);
    code = start_threads(workers, err);
    if (code != ERR_OK) {
        gw_workers_stop(&workers->all[0]);
        count_missing(workers);
    }
    run_worker(&workers->all[0]);
    for (uint32_t i = 0; i < workers->count; i++) {
        struct gw_worker *worker = &workers->all[i];

        if (worker->has_thread_)
            (void)uv_thread_join(&worker->thread_);
        if (uv_loop_close(&worker->loop) != 0)
            assert(false); /* a handle was left open after gw_worker_stopped */
        if (code == ERR_OK && worker->err_.code != ERR_OK) {
            *err = worker->err_;
            code = worker->err_.code;
        }
    }
    return code;
}

enum err_code gw_workers_run(const struct gw_workers_options *options, struct err *err)
{
    struct gw_workers workers = {
        .options = options,
        .count = options->count > 0 ? options->count : uv_available_parallelism(),
    };
    enum err_code code;

    if (workers.count > GW_WORKERS_MAX)
        workers.count = GW_WORKERS_MAX;
    workers.all = calloc(workers.count, sizeof *workers.all);
    workers.metrics = calloc(workers.count, sizeof(const struct metrics *));
    if (uv_mutex_init(&workers.lock) != 0 || workers.all == NULL || workers.metrics == NULL) {
        code = err_set(err, ERR_NOMEM, "no memory for the workers");
    } else {
        code = init_loops(&workers, err);
        if (code == ERR_OK)
            code = run_all(&workers, err);
    }
    free_workers(&workers);
    return code;
}

/* ---- asking ---- */

const struct metrics *const *gw_workers_metrics(const struct gw_worker *worker,
                                                size_t *ret_count)
{
    *ret_count = worker->workers_->count;
    return worker->workers_->metrics;
}

uint32_t gw_workers_count(const struct gw_worker *worker)
{
    return worker->workers_->count;
}
