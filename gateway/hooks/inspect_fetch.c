/* gateway/hooks/inspect_fetch.c -- rounds of reads on a loop of its own.
 *
 * A round starts everything that is known to be wanted; its answers name further pages,
 * Medications and results, which are the next round.
 */
#include "gateway/hooks/inspect_fetch.h"

#include <assert.h>
#include <uv.h>

#include "fhir/fetch.h"
#include "fhir/mapping.h"
#include "fhir/search.h"
#include "gateway/hooks/gather.h"
#include "gateway/hooks/missing.h"

#define READS_MAX          400
#define REFERENCE_ROUNDS   2
#define PAGES_MAX          100 /* of one search */
#define URL_BYTES_MAX      32768
#define BODY_BYTES_MAX     ((size_t)32 * 1024 * 1024)
#define CONNECTIONS        8
#define CONNECT_TIMEOUT_MS 10000u

enum kind {
    KIND_CODE,
    KIND_CATEGORY,
    KIND_FURTHER, /* reports, indicators: a server may refuse them */
    KIND_REFERENCE,
    KIND_PATIENT,
    KIND_ORDERS,
    KIND_MEDICATION,
};

struct read {
    struct crawl *crawl;
    enum kind kind;
    struct slice what; /* for the report: "Observation?code" */
    struct slice url;
    uint32_t page;
    bool is_failed;
    bool is_gone;      /* 404 or 410 */
    bool is_refused;   /* 4xx: the server's word that it does not offer this */
    struct slice next; /* its next page's URL, once */
    struct err err;
    struct fhir_fetch fetch;
};

struct crawl {
    struct inspection *inspection;
    const struct inspect_server *server;
    uv_loop_t loop;
    struct fhir_fetcher *fetcher;
    uint64_t deadline_ms;
    struct read *reads[READS_MAX]; /* in the inspection's arena */
    size_t reads_count, started_count;
    size_t outstanding;
    unsigned reference_rounds;
    bool is_complete;
    struct err err;
};

static uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000;
}

static void note_unread(struct crawl *c, struct slice what)
{
    if (inspect_ignore(c->inspection, what, "not-read", &c->err) != ERR_OK)
        c->is_complete = false; /* c->err says so, too */
}

/* ---- what to read ---- */

static bool is_wanted_already(const struct crawl *c, struct slice url)
{
    for (size_t i = 0; i < c->reads_count; i++)
        if (slice_eq(c->reads[i]->url, url))
            return true;
    return false;
}

/* Beyond the limits nothing is added, and the report says that it is not whole. */
static struct read *add_read(struct crawl *c, enum kind kind, struct slice what,
                             struct slice url)
{
    struct read *read = NULL;

    if (c->reads_count < READS_MAX)
        read = arena_new(&c->inspection->arena, struct read);
    if (read == NULL) {
        c->is_complete = false;
        note_unread(c, what);
        return NULL;
    }
    *read = (struct read){.crawl = c, .kind = kind, .what = what, .url = url};
    c->reads[c->reads_count++] = read;
    return read;
}

static enum err_code add_search(struct crawl *c, enum kind kind, const char *what,
                                const char *type, const char *name, struct slice value)
{
    struct fhir_search_param params[3] = {{SLICE("patient"), c->inspection->patient_id}};
    size_t count = 1;
    struct buf url;

    if (name != NULL)
        params[count++] = (struct fhir_search_param){slice_of(name), value};
    params[count++] = (struct fhir_search_param){SLICE("_count"), SLICE(HOOK_RESULTS_PER_PAGE)};
    buf_init(&url, URL_BYTES_MAX);
    if (fhir_search_url(&url, c->server->base, slice_of(type), params, count, &c->err) ==
        ERR_OK)
        (void)add_read(c, kind, slice_of(what),
                       arena_copy(&c->inspection->arena, buf_slice(&url)));
    buf_release(&url);
    return c->err.code;
}

/* An id that FHIR does not allow can be searched for, but not read; then it is not. */
static void add_reference(struct crawl *c, enum kind kind, struct slice reference)
{
    struct err err = {0};
    struct buf url;

    buf_init(&url, URL_BYTES_MAX);
    if (fhir_read_url(&url, c->server->base, reference, &err) == ERR_OK &&
        !is_wanted_already(c, buf_slice(&url)))
        (void)add_read(c, kind, reference, arena_copy(&c->inspection->arena, buf_slice(&url)));
    buf_release(&url);
}

static enum err_code plan_first(struct crawl *c)
{
    struct inspection *inspection = c->inspection;
    const struct rules_release *release = rules_knowledge_rows(inspection->knowledge);
    struct slice *genes = arena_array(&inspection->arena, release->genes_count, sizeof *genes);
    struct slice patient =
        arena_printf(&inspection->arena, "Patient/%.*s", SLICE_ARG(inspection->patient_id));
    struct buf codes;

    if (genes == NULL)
        return err_set(&c->err, ERR_NOMEM, "no memory for gene names");
    for (size_t i = 0; i < release->genes_count; i++)
        genes[i] = release->genes[i].symbol;
    buf_init(&codes, URL_BYTES_MAX);
    fhir_observation_codes(&codes, genes, release->genes_count);
    fhir_mapping_codes(inspection->facts.mapping, genes, release->genes_count, &codes);
    (void)add_search(c, KIND_CODE, "Observation?code", "Observation", "code",
                     buf_slice(&codes));
    buf_release(&codes);
    (void)add_search(c, KIND_CATEGORY, "Observation?category", "Observation", "category",
                     SLICE(HOOK_CATEGORY_GENETICS));
    (void)add_search(c, KIND_FURTHER, "DiagnosticReport?category", "DiagnosticReport",
                     "category", SLICE(HOOK_CATEGORY_GENETICS));
    (void)add_search(c, KIND_FURTHER, "DiagnosticReport?code", "DiagnosticReport", "code",
                     SLICE(HOOK_REPORT_CODES));
    (void)add_search(c, KIND_FURTHER, "Condition?category", "Condition", "category",
                     SLICE(HOOK_CATEGORY_INDICATORS));
    (void)add_search(c, KIND_ORDERS, "MedicationRequest?patient", "MedicationRequest", NULL,
                     SLICE_NONE);
    add_reference(c, KIND_PATIENT, patient);
    return c->err.code;
}

static void plan_page(struct crawl *c, struct read *from)
{
    struct err err = {0};
    struct read *read;
    struct slice url;

    if (from->next.len == 0)
        return;
    if (from->page + 1 >= PAGES_MAX ||
        fhir_resolve_next(&c->inspection->arena, from->url, c->server->base, from->next, &url,
                          &err) != ERR_OK ||
        is_wanted_already(c, url)) {
        c->is_complete = false;
        note_unread(c, from->what);
        return;
    }
    read = add_read(c, from->kind, from->what, url);
    if (read != NULL)
        read->page = from->page + 1;
}

/* Results that reports and results refer to, once all pages are here. */
static void plan_references(struct crawl *c)
{
    struct inspection *inspection = c->inspection;
    struct slice missing[HOOK_MISSING_MAX];
    size_t count = hook_missing_observations(&inspection->collection, c->server->base,
                                             &inspection->arena, missing);

    for (size_t i = 0; i < count; i++)
        add_reference(
            c, KIND_REFERENCE,
            arena_printf(&inspection->arena, "Observation/%.*s", SLICE_ARG(missing[i])));
}

static enum err_code plan_next(struct crawl *c, size_t round_begin)
{
    struct inspection *inspection = c->inspection;
    size_t round_end = c->reads_count;

    for (size_t i = round_begin; i < round_end; i++)
        plan_page(c, c->reads[i]);
    if (c->reads_count == round_end && c->reference_rounds++ < REFERENCE_ROUNDS)
        plan_references(c);
    if (inspect_read_orders(inspection, &c->err) != ERR_OK)
        return c->err.code;
    for (size_t i = 0; i < inspection->orders_count; i++) {
        const struct fhir_order *order = inspection->orders[i].order;

        if (order->state == FHIR_ORDER_NEEDS_RESOURCE)
            add_reference(c, KIND_MEDICATION, order->reference);
        else if (order->is_incomplete)
            add_reference(c, KIND_MEDICATION, order->missing);
    }
    return c->err.code;
}

/* ---- reading ---- */

static enum err_code code_of(const struct fhir_reply *reply)
{
    if (reply->outcome == FHIR_FETCH_TIMEOUT)
        return ERR_TIMEOUT;
    return reply->status == 401 || reply->status == 403 ? ERR_AUTH : ERR_UPSTREAM;
}

static void fail(struct read *read, const struct fhir_reply *reply)
{
    const char *reason = reply->reason == NULL ? "" : reply->reason;
    char status[32] = "";

    read->is_failed = true;
    read->is_gone = reply->status == 404 || reply->status == 410;
    read->is_refused = reply->outcome == FHIR_FETCH_STATUS && reply->status >= 400 &&
                       reply->status < 500 && reply->status != 408 && reply->status != 429;
    if (reply->status != 0)
        (void)snprintf(status, sizeof status, ", HTTP status %u", reply->status);
    (void)err_set(&read->err, code_of(reply), "%.*s: %s%s%s%s", SLICE_ARG(read->what),
                  fhir_fetch_outcome_name(reply->outcome), status,
                  reason[0] == '\0' ? "" : ", ", reason);
}

static void on_done(struct fhir_fetch *fetch, const struct fhir_reply *reply)
{
    struct read *read = fetch->owner;
    struct crawl *c = read->crawl;
    struct err err = {0};
    struct json root;
    struct buf body;

    c->outstanding--;
    if (reply->outcome != FHIR_FETCH_OK) {
        fail(read, reply);
        return;
    }
    fhir_fetch_take_body(fetch, &body);
    if (inspect_add_answer(c->inspection, &body, &root, &err) != ERR_OK) {
        read->is_failed = true;
        /* A broken answer is the server's fault, whatever the reader calls it. */
        (void)err_set(&read->err,
                      err.code == ERR_LIMIT || err.code == ERR_NOMEM ? err.code : ERR_UPSTREAM,
                      "%.*s: %s", SLICE_ARG(read->what), err.text);
        return;
    }
    read->next = fhir_bundle_next(root, &c->inspection->arena);
}

static enum err_code start(struct crawl *c, struct read *read)
{
    uint64_t now = now_ms();

    read->fetch = (struct fhir_fetch){
        .url = read->url,
        .bearer_token = c->server->token,
        .timeout_ms = now < c->deadline_ms ? (uint32_t)(c->deadline_ms - now) : 1,
        .on_done = on_done,
        .owner = read,
    };
    if (fhir_fetch_start(c->fetcher, &read->fetch, &c->err) != ERR_OK)
        return c->err.code;
    c->outstanding++;
    return ERR_OK;
}

/* What a read that failed means for the whole. */
static void judge(struct crawl *c, const struct read *read)
{
    if (!read->is_failed || read->kind == KIND_PATIENT ||
        (read->kind == KIND_FURTHER && read->is_refused))
        return;
    if (read->kind == KIND_CODE && read->page == 0) {
        (void)err_set(&c->err, read->err.code, "%s", read->err.text);
        return;
    }
    /* Not every server can search by category; an order without its Medication says so. */
    if (read->page > 0)
        c->is_complete = false;
    note_unread(c, read->what);
}

static enum err_code run_round(struct crawl *c)
{
    size_t begin = c->started_count, end = c->reads_count;

    for (; c->started_count < end; c->started_count++)
        if (start(c, c->reads[c->started_count]) != ERR_OK)
            break;
    while (c->outstanding > 0)
        (void)uv_run(&c->loop, UV_RUN_ONCE);
    for (size_t i = begin; i < c->started_count; i++)
        judge(c, c->reads[i]);
    return c->err.code != ERR_OK ? c->err.code : plan_next(c, begin);
}

/* A patient that is not there, rather than one without results. */
static bool has_no_patient(const struct crawl *c)
{
    for (size_t i = 0; i < c->inspection->collection.resources_count; i++)
        if (slice_eq(c->inspection->collection.resources[i].type, SLICE("Observation")))
            return false;
    for (size_t i = 0; i < c->reads_count; i++)
        if (c->reads[i]->kind == KIND_PATIENT && c->reads[i]->is_gone)
            return true;
    return false;
}

static enum err_code run(struct crawl *c)
{
    if (plan_first(c) != ERR_OK)
        return c->err.code;
    while (c->started_count < c->reads_count)
        if (run_round(c) != ERR_OK)
            return c->err.code;
    if (has_no_patient(c))
        return err_set(&c->err, ERR_NOT_FOUND, "the server has no such patient");
    return ERR_OK;
}

enum err_code inspect_fetch(struct inspection *inspection, const struct inspect_server *server,
                            bool *ret_is_complete, struct err *err)
{
    struct fhir_fetcher_limits limits = {
        .connections_per_host_max = CONNECTIONS,
        .connections_max = CONNECTIONS,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .body_bytes_max = BODY_BYTES_MAX,
        .ca_file = server->ca_file,
    };
    struct crawl *c = arena_new(&inspection->arena, struct crawl);
    int closed;

    assert(inspection->patient_id.len > 0);
    if (c == NULL || uv_loop_init(&c->loop) != 0)
        return err_set(err, ERR_NOMEM, "no memory to read from the server");
    c->inspection = inspection;
    c->server = server;
    c->is_complete = true;
    c->deadline_ms = now_ms() + server->timeout_ms;
    if (fhir_fetcher_new(&c->loop, &server->base, 1, limits, &c->fetcher, &c->err) == ERR_OK) {
        (void)run(c);
        fhir_fetcher_close(c->fetcher, NULL, NULL);
        (void)uv_run(&c->loop, UV_RUN_DEFAULT);
    }
    closed = uv_loop_close(&c->loop);
    assert(closed == 0);
    (void)closed;
    *ret_is_complete = c->is_complete;
    return c->err.code == ERR_OK ? ERR_OK : err_set(err, c->err.code, "%s", c->err.text);
}
