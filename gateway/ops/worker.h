/* gateway/ops/worker.h -- one loop per worker, their threads, signals and orderly end.
 *
 *   setup(worker) on its own thread > loop > stop(worker) > gw_worker_stopped > loop ends
 *
 * Worker 0 runs on the calling thread and takes the signals; with one worker there are no
 * threads. SIGTERM or SIGINT calls `stop` once on each worker's thread; the worker closes what
 * it opened and says so with gw_worker_stopped. A second signal calls `stop_now`. SIGHUP calls
 * `reload`. When a setup fails, all workers are stopped, that one too: `stop` must cope with a
 * half-made state.
 *
 * With systemd (Type=notify) the service is told READY=1 when every worker is set up and
 * STOPPING=1 at the first signal; with WatchdogSec=, WATCHDOG=1 is sent as long as the loops of
 * all workers turn.
 */
#ifndef GATEWAY_OPS_WORKER_H
#define GATEWAY_OPS_WORKER_H

#include <stdatomic.h>
#include <uv.h>

#include "gateway/ops/log.h"
#include "gateway/ops/metrics.h"
#include "rules/base/err.h"

#define GW_WORKERS_MAX 256

struct gw_workers;

struct gw_worker {
    uv_loop_t loop;
    uint32_t index;
    struct metrics *metrics; /* owned; this worker is the only writer */
    const struct log *log;   /* borrowed */
    void *owner;             /* of the options */
    void *state;             /* the owner's, for this worker */
    /* Private. */
    struct gw_workers *workers_;
    uv_thread_t thread_;
    uv_async_t wake_;
    uint32_t stops_seen_;
    uint32_t reloads_seen_;
    bool has_thread_;
    bool is_stopped_;       /* under the workers' lock: wake_ must not be used any more */
    _Atomic uint32_t beat_; /* the watchdog's last round that this loop has seen */
    struct err err_;
};

struct gw_workers_options {
    uint32_t count; /* 0: one per core that this process may use */
    const struct log *log;
    enum err_code (*setup)(struct gw_worker *worker, struct err *err);
    void (*stop)(struct gw_worker *worker);
    void (*stop_now)(struct gw_worker *worker); /* may be NULL */
    void (*reload)(struct gw_worker *worker);   /* may be NULL */
    void (*ready)(struct gw_worker *worker);    /* worker 0, when all are up; may be NULL */
    void *owner;
};

/* Returns when all workers have stopped; the error of the first failed setup otherwise. */
enum err_code gw_workers_run(const struct gw_workers_options *options,
                             struct err *err) MUST_CHECK;

/* From the worker's thread, once, after `stop`: all its handles are closed or closing. */
void gw_worker_stopped(struct gw_worker *worker);

/* Asks all workers to stop, as a signal would. From any worker's thread. */
void gw_workers_stop(struct gw_worker *worker);

/* The metrics of all workers, for the admin listener: valid while any worker runs. */
const struct metrics *const *gw_workers_metrics(const struct gw_worker *worker,
                                                size_t *ret_count);
uint32_t gw_workers_count(const struct gw_worker *worker);

#endif
