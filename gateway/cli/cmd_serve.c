/* gateway/cli/cmd_serve.c -- `pgxgate serve`: puts the parts together and runs them.
 *
 *   store thread (knowledge in, audit out)      shared by all
 *   worker 0..n  loop > net server > hook engine > FHIR fetcher
 *   worker 0     the admin listener too
 *
 * Orderly end of a worker: the server drains, then the engine closes, then the admin
 * listener; then its loop has nothing left.
 */
#include <assert.h>
#include <getopt.h>
#include <unistd.h>

#include "fhir/json_write.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/exit.h"
#include "gateway/cli/mapping.h"
#include "gateway/hooks/engine.h"
#include "gateway/ops/admin.h"
#include "gateway/ops/worker.h"
#include "gateway/store/snapshot.h"
#include "gateway/store/store.h"

#define STORE_FIGURES_MS 500

extern char **environ;

/* What all workers share; constant while they run, but for `workers`. */
struct service {
    struct gw_config config;
    struct log log;
    struct net_cors cors;
    struct store *store;
    struct result_mapping mapping;
    uint32_t workers; /* worker 0's, set when all are up */
};

struct server_state {
    struct service *service;
    struct gw_worker *worker;
    struct net_server *server;
    struct hook_engine *engine;
    struct admin *admin;      /* worker 0 */
    uv_timer_t store_figures; /* worker 0: the store's numbers become metrics */
    bool has_timer;
};

static const char USAGE[] =
    "usage: pgxgate serve [--config FILE] [--knowledge DIR]\n"
    "\n"
    "Runs the gateway in the foreground until SIGTERM or SIGINT; a second signal ends it at\n"
    "once. Settings come from FILE and from PGXGATE_... in the environment; see\n"
    "`pgxgate check-config --example`. It starts without a database, too: /readyz on the\n"
    "admin listener says when it is ready. With --knowledge it runs from the files in DIR and\n"
    "without any database: for trying things out, there is no audit then.\n"
    "\n"
    "exit status: 0 stopped in order, 64 usage, 65 the knowledge in DIR is wrong, 69 an\n"
    "address is taken, 78 configuration\n";

/* ---- readiness ---- */

static void check(struct admin_report *report, void *owner)
{
    struct service *service = owner;
    struct store_status status;

    store_status(service->store, &status);
    if (status.has_knowledge)
        admin_report_add(report, "knowledge", ADMIN_OK, NULL);
    else
        admin_report_add(report, "knowledge", ADMIN_FAILED,
                         status.is_connected ? "no release is active"
                                             : "waiting for the database");
    if (!status.has_database)
        admin_report_add(report, "database", ADMIN_DEGRADED,
                         "none is used; nothing is audited");
    else if (status.is_connected)
        admin_report_add(report, "database", ADMIN_OK, NULL);
    else
        admin_report_add(report, "database", ADMIN_DEGRADED,
                         "not reachable; the gateway serves from memory and queues the audit");
    if (status.audit_dropped > 0)
        admin_report_add(report, "audit", ADMIN_DEGRADED, "records were dropped");
    else
        admin_report_add(report, "audit", ADMIN_OK, NULL);
}

static void describe(struct json_writer *json, void *owner)
{
    struct service *service = owner;
    struct rules_knowledge *knowledge = store_knowledge(service->store);

    if (knowledge == NULL)
        return;
    json_write_member_text(json, "release", rules_knowledge_hash(knowledge));
    json_write_member_text(json, "releaseVersion", rules_knowledge_rows(knowledge)->version);
    rules_knowledge_release(knowledge);
}

static void on_store_event(void *owner, enum store_event event, const struct err *err)
{
    struct service *service = owner;
    struct rules_knowledge *knowledge;

    switch (event) {
    case STORE_CONNECTED:
        log_event(&service->log, store_recovered, .part = "database");
        break;
    case STORE_LOST:
    case STORE_AUDIT_FAILED:
    case STORE_AUDIT_REFUSED:
        log_event(&service->log, store_failed, .part = store_event_name(event), .error = err);
        break;
    case STORE_KNOWLEDGE_FAILED:
        log_event(&service->log, knowledge_failed, .error = err);
        break;
    case STORE_KNOWLEDGE:
        knowledge = store_knowledge(service->store);
        log_event(&service->log, knowledge_loaded, .release = rules_knowledge_hash(knowledge),
                  .version = rules_knowledge_rows(knowledge)->version,
                  .recommendations = rules_knowledge_rows(knowledge)->recommendations_count,
                  .drugs = rules_knowledge_rows(knowledge)->drugs_count);
        rules_knowledge_release(knowledge);
        break;
    }
}

static void on_store_figures(uv_timer_t *timer)
{
    struct server_state *state = CONTAINER_OF(timer, struct server_state, store_figures);
    struct metrics *metrics = state->worker->metrics;
    struct store_status status;

    store_status(state->service->store, &status);
    metrics_set(metrics, METRIC_KNOWLEDGE_LOADS, 0, status.reloads);
    metrics_set(metrics, METRIC_KNOWLEDGE_FAILURES, 0, status.reload_failures);
    metrics_set(metrics, METRIC_DATABASE_UP, 0, status.is_connected);
    metrics_set(metrics, METRIC_AUDIT_QUEUED, 0, status.audit_queued);
    metrics_set(metrics, METRIC_AUDIT_STORED, 0, status.audit_written);
    metrics_set(metrics, METRIC_AUDIT_LOST, 0, status.audit_dropped);
}

/* ---- a worker ---- */

static enum err_code start_admin(struct server_state *state, struct err *err)
{
    struct service *service = state->service;
    struct admin_options options = {
        .address = service->config.admin_listen,
        .check = check,
        .describe = describe,
        .owner = service,
    };

    if (state->worker->index != 0 || service->config.admin_listen[0] == '\0')
        return ERR_OK;
    (void)uv_timer_init(&state->worker->loop, &state->store_figures);
    (void)uv_timer_start(&state->store_figures, on_store_figures, 0, STORE_FIGURES_MS);
    state->has_timer = true;
    options.metrics = gw_workers_metrics(state->worker, &options.metrics_count);
    if (admin_start(&state->worker->loop, &options, &state->admin, err) != ERR_OK)
        return err->code;
    log_event(&service->log, listening, .server = "admin",
              .address = service->config.admin_listen, .port = admin_port(state->admin));
    return ERR_OK;
}

static struct net_limits limits_of(const struct gw_config *config)
{
    struct net_limits limits = NET_LIMITS_DEFAULT;

    limits.head_bytes_max = config->request_header_bytes_max;
    limits.body_bytes_max = config->request_body_bytes_max;
    limits.bodies_bytes_max = config->request_bodies_bytes_max;
    limits.connections_max = config->connections_max;
    limits.head_timeout_ms = config->header_timeout_ms;
    limits.body_timeout_ms = config->body_timeout_ms;
    limits.idle_timeout_ms = config->idle_timeout_ms;
    limits.write_timeout_ms = config->write_timeout_ms;
    limits.drain_timeout_ms = config->drain_timeout_ms;
    return limits;
}

static enum err_code start_server(struct server_state *state, struct err *err)
{
    struct service *service = state->service;
    struct net_server_options options = {
        .address = service->config.listen,
        .shares_port = gw_workers_count(state->worker) > 1,
        .limits = limits_of(&service->config),
        .cors = &service->cors,
        .metrics = state->worker->metrics,
        .on_request = hook_engine_on_request,
        .on_abandoned = hook_engine_on_abandoned,
        .owner = state->engine,
    };

    if (options.shares_port && slice_ends(slice_of(service->config.listen), SLICE(":0")))
        return err_set(err, ERR_INVALID,
                       "listen: port 0 would give each worker a port of its own; set "
                       "workers: 1 or name a port");
    if (net_server_start(&state->worker->loop, &options, &state->server, err) != ERR_OK)
        return err->code;
    log_event(&service->log, listening, .server = "hooks", .address = service->config.listen,
              .port = net_server_port(state->server));
    return ERR_OK;
}

static enum err_code setup(struct gw_worker *worker, struct err *err)
{
    struct service *service = worker->owner;
    struct server_state *state = calloc(1, sizeof *state);
    struct hook_engine_options options = {
        .config = &service->config,
        .log = &service->log,
        .metrics = worker->metrics,
        .store = service->store,
        .mapping = &service->mapping.mapping,
        .worker = worker->index,
    };

    if (state == NULL)
        return err_set(err, ERR_NOMEM, "no memory for a worker");
    *state = (struct server_state){.service = service, .worker = worker};
    worker->state = state;
    if (hook_engine_new(&worker->loop, &options, &state->engine, err) != ERR_OK ||
        start_server(state, err) != ERR_OK || start_admin(state, err) != ERR_OK)
        return err->code;
    return ERR_OK;
}

static void close_next(struct server_state *state);

static void on_server_stopped(void *owner)
{
    struct server_state *state = owner;

    state->server = NULL;
    close_next(state);
}

static void on_engine_closed(void *owner)
{
    struct server_state *state = owner;

    state->engine = NULL;
    close_next(state);
}

static void on_admin_stopped(void *owner)
{
    struct server_state *state = owner;

    state->admin = NULL;
    close_next(state);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct server_state *state =
        CONTAINER_OF((uv_timer_t *)handle, struct server_state, store_figures);

    state->has_timer = false;
    close_next(state);
}

/* Closes the parts one after the other; copes with a half-made state. */
static void close_next(struct server_state *state)
{
    struct gw_worker *worker = state->worker;

    if (state->server != NULL) {
        net_server_stop(state->server, on_server_stopped, state);
    } else if (state->engine != NULL) {
        hook_engine_close(state->engine, on_engine_closed, state);
    } else if (state->admin != NULL) {
        admin_stop(state->admin, on_admin_stopped, state);
    } else if (state->has_timer) {
        uv_close((uv_handle_t *)&state->store_figures, on_timer_closed);
    } else {
        worker->state = NULL;
        free(state);
        gw_worker_stopped(worker);
    }
}

static void stop(struct gw_worker *worker)
{
    struct server_state *state = worker->state;

    if (state == NULL) {
        gw_worker_stopped(worker);
        return;
    }
    close_next(state);
}

static void stop_now(struct gw_worker *worker)
{
    struct server_state *state = worker->state;

    if (state != NULL && state->server != NULL && net_server_is_stopping(state->server))
        net_server_stop_now(state->server);
}

static void ready(struct gw_worker *worker)
{
    struct service *service = worker->owner;

    service->workers = gw_workers_count(worker);
    log_event(&service->log, started, .version = PGX_VERSION, .workers = service->workers,
              .listen = service->config.listen, .admin = service->config.admin_listen);
}

/* ---- the command ---- */

static enum err_code start_store(struct service *service, const char *knowledge_dir,
                                 struct err *err)
{
    struct store_options options = STORE_OPTIONS_DEFAULT;
    struct rules_knowledge *knowledge;

    options.conninfo = knowledge_dir == NULL ? service->config.database : "";
    options.poll_s = service->config.knowledge_poll_s;
    options.audit_queue_max = service->config.audit_queue_max;
    options.audit_flush_ms = service->config.audit_flush_ms;
    options.on_event = on_store_event;
    options.owner = service;
    service->store = store_new(&options);
    if (service->store == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the store");
    if (knowledge_dir == NULL)
        return store_start(service->store, err);
    if (snapshot_from_files(knowledge_dir, &knowledge, err) != ERR_OK)
        return err->code;
    store_use(service->store, knowledge);
    return ERR_OK;
}

static int run(struct service *service, const char *knowledge_dir)
{
    struct gw_workers_options options = {
        .count = service->config.workers,
        .log = &service->log,
        .setup = setup,
        .stop = stop,
        .stop_now = stop_now,
        .ready = ready,
        .owner = service,
    };
    struct err err = {0};
    int status = EXIT_OK;

    if (start_store(service, knowledge_dir, &err) != ERR_OK) {
        log_event(&service->log, start_failed, .part = "store", .error = &err);
        status = knowledge_dir == NULL ? EXIT_UNAVAILABLE : EXIT_DATA;
    } else if (gw_workers_run(&options, &err) != ERR_OK) {
        log_event(&service->log, start_failed, .part = "worker", .error = &err);
        status = EXIT_UNAVAILABLE;
    }
    store_free(service->store);
    if (status == EXIT_OK)
        log_event(&service->log, stopped, .workers = service->workers);
    return status;
}

static bool load_config(struct service *service, const char *path)
{
    struct buf problems;
    struct err err = {0};
    bool is_ok;

    buf_init(&problems, CONFIG_FILE_BYTES_MAX);
    is_ok = gw_config_load(&service->config, path, (const char *const *)environ, &problems,
                           &err) == ERR_OK;
    if (!is_ok)
        (void)fprintf(stderr, "%.*s", SLICE_ARG(buf_slice(&problems)));
    buf_release(&problems);
    return is_ok;
}

static bool check_database(const struct gw_config *config, const char *knowledge_dir)
{
    if (knowledge_dir != NULL || config->database[0] != '\0')
        return true;
    (void)fputs("pgxgate serve: no database: set `database`, `database_file` or "
                "PGXGATE_DATABASE, or use --knowledge\n",
                stderr);
    return false;
}

static int usage_error(void)
{
    (void)fputs(USAGE, stderr);
    return EXIT_USAGE;
}

int cli_serve(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"config", required_argument, NULL, 'c'},
        {"knowledge", required_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    const char *path = NULL, *knowledge_dir = NULL;
    struct service service = {0};
    int status, option;

    while ((option = getopt_long(argc, argv, "c:k:h", OPTIONS, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(USAGE, stdout);
            return EXIT_OK;
        }
        if (option == 'c')
            path = optarg;
        else if (option == 'k')
            knowledge_dir = optarg;
        else
            return usage_error();
    }
    if (optind < argc)
        return usage_error();
    if (!load_config(&service, path))
        return EXIT_CONFIG;
    if (!check_database(&service.config, knowledge_dir) ||
        !cli_read_mapping("serve", "result_mapping_file", service.config.result_mapping_file,
                          &service.mapping)) {
        gw_config_release(&service.config);
        return EXIT_CONFIG;
    }
    log_init(&service.log, STDERR_FILENO, service.config.log_level, service.config.log_format);
    service.cors = (struct net_cors){service.config.cors_allowed_origins,
                                     service.config.cors_allowed_origins_count};
    status = run(&service, knowledge_dir);
    result_mapping_release(&service.mapping);
    gw_config_release(&service.config);
    return status;
}
