/* gateway/ops/admin.c -- four paths for operators. */
#include "gateway/ops/admin.h"

#include <assert.h>
#include <stdlib.h>

#include "gateway/hooks/outcome.h"

#define ADMIN_ANSWER_BYTES_MAX ((size_t)1024 * 1024)
#define ADMIN_CONNECTIONS_MAX  64
#define ADMIN_DRAIN_MS         500

struct admin {
    struct admin_options options;
    struct net_server *server;
    struct buf body; /* scratch for one answer */
    void (*on_stopped)(void *owner);
    void *on_stopped_owner;
};

static const char *const STATES[] = {
#define X(code, name) [ADMIN_##code] = (name),
    ADMIN_STATES(X)
#undef X
};

/* ---- pages: each writes admin->body and returns the status ---- */

static uint32_t write_livez(struct admin *admin)
{
    buf_add_text(&admin->body, "{\"status\":\"ok\"}\n");
    return 200;
}

void admin_report_add(struct admin_report *report, const char *part, enum admin_state state,
                      const char *detail)
{
    assert(state < ARRAY_LEN(STATES));
    json_write_object(&report->json);
    json_write_member_text(&report->json, "part", slice_of(part));
    json_write_member_text(&report->json, "status", slice_of(STATES[state]));
    json_write_member_text(&report->json, "detail", slice_of(detail));
    json_write_object_end(&report->json);
    if (state > report->worst)
        report->worst = state;
}

static uint32_t write_readyz(struct admin *admin)
{
    struct admin_report report = {.worst = ADMIN_OK};

    json_write_init(&report.json, &admin->body);
    json_write_object(&report.json);
    json_write_name(&report.json, "parts");
    json_write_array(&report.json);
    admin->options.check(&report, admin->options.owner);
    json_write_array_end(&report.json);
    json_write_member_text(&report.json, "status", slice_of(STATES[report.worst]));
    json_write_object_end(&report.json);
    buf_add_text(&admin->body, "\n");
    return report.worst == ADMIN_FAILED ? 503 : 200;
}

static uint32_t write_metrics(struct admin *admin)
{
    metrics_write(&admin->body, admin->options.metrics, admin->options.metrics_count);
    return 200;
}

static uint32_t write_version(struct admin *admin)
{
    struct json_writer json;

    json_write_init(&json, &admin->body);
    json_write_object(&json);
    json_write_member_text(&json, "name", SLICE("pgxgate"));
    json_write_member_text(&json, "version", SLICE(PGX_VERSION));
    if (admin->options.describe != NULL)
        admin->options.describe(&json, admin->options.owner);
    json_write_object_end(&json);
    buf_add_text(&admin->body, "\n");
    return 200;
}

#define JSON_TYPE "application/json"

static const struct page {
    const char *path;
    const char *content_type;
    uint32_t (*write)(struct admin *admin);
} PAGES[] = {
    {"/livez", JSON_TYPE, write_livez},
    {"/readyz", JSON_TYPE, write_readyz},
    {"/metrics", METRICS_CONTENT_TYPE, write_metrics},
    {"/version", JSON_TYPE, write_version},
};

/* ---- answering ---- */

static void refuse(struct admin *admin, struct http_response *response, uint32_t status,
                   const char *issue, struct slice text)
{
    buf_clear(&admin->body);
    outcome_write(&admin->body, OUTCOME_ERROR, issue, text, SLICE_NONE);
    response->status = status;
    response->content_type = SLICE("application/fhir+json");
}

static const struct page *find_page(struct slice path)
{
    for (size_t i = 0; i < ARRAY_LEN(PAGES); i++)
        if (slice_eq_text(path, PAGES[i].path))
            return &PAGES[i];
    return NULL;
}

static void on_request(struct net_exchange *exchange, void *owner)
{
    struct admin *admin = owner;
    const struct page *page = find_page(exchange->request->path);
    struct http_response response = {.status = 200};

    buf_clear(&admin->body);
    if (page == NULL) {
        refuse(admin, &response, 404, "not-found",
               SLICE("try /livez, /readyz, /metrics or /version"));
    } else if (exchange->request->method != HTTP_METHOD_GET &&
               exchange->request->method != HTTP_METHOD_HEAD) {
        refuse(admin, &response, 405, "not-supported", SLICE("only GET is allowed here"));
        response.headers = SLICE("Allow: GET, HEAD\r\n");
    } else {
        response.status = page->write(admin);
        response.content_type = slice_of(page->content_type);
        response.headers = SLICE("Cache-Control: no-store\r\n");
    }
    if (buf_failed(&admin->body))
        refuse(admin, &response, 500, "exception", SLICE("no memory for the answer"));
    response.body = buf_slice(&admin->body);
    net_exchange_respond(exchange, &response);
}

/* Every request is answered at once, so none is in flight when a client goes. */
static void on_abandoned(struct net_exchange *exchange, void *owner)
{
    (void)exchange;
    (void)owner;
    assert(false);
}

/* ---- life cycle ---- */

enum err_code admin_start(struct uv_loop_s *loop, const struct admin_options *options,
                          struct admin **ret, struct err *err)
{
    struct admin *admin = calloc(1, sizeof *admin);
    struct net_server_options server = {
        .address = options->address,
        .limits = NET_LIMITS_DEFAULT,
        .on_request = on_request,
        .on_abandoned = on_abandoned,
        .owner = admin,
    };
    enum err_code code;

    if (admin == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the admin listener");
    admin->options = *options;
    buf_init(&admin->body, ADMIN_ANSWER_BYTES_MAX);
    server.limits.connections_max = ADMIN_CONNECTIONS_MAX;
    server.limits.body_bytes_max = 1024;
    server.limits.drain_timeout_ms = ADMIN_DRAIN_MS;
    code = net_server_start(loop, &server, &admin->server, err);
    if (code != ERR_OK) {
        free(admin);
        return code;
    }
    *ret = admin;
    return ERR_OK;
}

uint16_t admin_port(const struct admin *admin)
{
    return net_server_port(admin->server);
}

static void on_server_stopped(void *owner)
{
    struct admin *admin = owner;
    void (*on_stopped)(void *owner) = admin->on_stopped;
    void *on_stopped_owner = admin->on_stopped_owner;

    buf_release(&admin->body);
    free(admin);
    if (on_stopped != NULL)
        on_stopped(on_stopped_owner);
}

void admin_stop(struct admin *admin, void (*on_stopped)(void *owner), void *owner)
{
    admin->on_stopped = on_stopped;
    admin->on_stopped_owner = owner;
    net_server_stop(admin->server, on_server_stopped, admin);
}
