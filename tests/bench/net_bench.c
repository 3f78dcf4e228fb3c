/* tests/bench/net_bench.c -- what does the HTTP server cost by itself?
 *
 * One worker answers every request with the same 800 bytes; at the end (SIGTERM) it prints how
 * many requests it answered and its CPU microseconds for each. Put it and the load on cores of
 * their own:
 *
 *     gcc -std=c17 -D_GNU_SOURCE -DPGX_VERSION='"x"' -O2 -I. -o net_bench
 *         tests/bench/net_bench.c libpgx_gateway.a libpgx_fhir.a libpgx_rules.a ...
 *     taskset -c 0 ./net_bench 127.0.0.1:8090 &
 *     taskset -c 1 wrk -t1 -c16 -d5 -s tests/bench/net_bench.lua http://127.0.0.1:8090/
 *     kill %1
 */
#include <sys/resource.h>
#include <unistd.h>

#include "gateway/net/server.h"
#include "gateway/ops/worker.h"

struct bench {
    const char *address;
    struct net_server *server;
    uint64_t requests;
    uint64_t body_bytes;
};

static char answer[800];
static const struct slice ANY = {"*", 1};
static const struct net_cors CORS = {.origins = &ANY, .origins_count = 1};

static void on_request(struct net_exchange *exchange, void *owner)
{
    struct bench *bench = owner;

    bench->requests++;
    bench->body_bytes += exchange->request->body.len;
    net_exchange_respond(exchange,
                         &(struct http_response){.status = 200,
                                                 .content_type = SLICE("application/json"),
                                                 .body = {answer, sizeof answer}});
}

static void on_abandoned(struct net_exchange *exchange, void *owner)
{
    (void)exchange;
    (void)owner;
}

static enum err_code setup(struct gw_worker *worker, struct err *err)
{
    struct bench *bench = worker->owner;
    struct net_server_options options = {.address = bench->address,
                                         .limits = NET_LIMITS_DEFAULT,
                                         .cors = &CORS,
                                         .metrics = worker->metrics,
                                         .on_request = on_request,
                                         .on_abandoned = on_abandoned,
                                         .owner = bench};

    options.limits.connections_max = 20000;
    return net_server_start(&worker->loop, &options, &bench->server, err);
}

static void on_stopped(void *owner)
{
    gw_worker_stopped(owner);
}

static void stop(struct gw_worker *worker)
{
    struct bench *bench = worker->owner;

    if (bench->server != NULL)
        net_server_stop(bench->server, on_stopped, worker);
    else
        gw_worker_stopped(worker);
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    struct bench bench = {.address = argc > 1 ? argv[1] : "127.0.0.1:8090"};
    struct rusage usage;
    struct err err = {0};
    struct log log;
    double cpu;

    memset(answer, 'x', sizeof answer);
    log_init(&log, STDERR_FILENO, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    if (gw_workers_run(
            &(struct gw_workers_options){
                .count = 1, .log = &log, .setup = setup, .stop = stop, .owner = &bench},
            &err) != ERR_OK)
        return 1;
    (void)getrusage(RUSAGE_SELF, &usage);
    cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    (void)printf("%llu requests, %.1f KB of body each, CPU us per request: %.2f (user %.2f, "
                 "system %.2f), peak RSS %.1f MB\n",
                 (unsigned long long)bench.requests,
                 (double)bench.body_bytes / 1024 / (double)bench.requests,
                 cpu * 1e6 / (double)bench.requests,
                 seconds(usage.ru_utime) * 1e6 / (double)bench.requests,
                 seconds(usage.ru_stime) * 1e6 / (double)bench.requests,
                 (double)usage.ru_maxrss / 1024);
    return 0;
}
