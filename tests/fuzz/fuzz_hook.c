/* tests/fuzz/fuzz_hook.c -- any bytes as a hook request, through the whole pure middle.
 *
 * The first byte chooses the service, what the server is, and how it fails: needs are answered
 * by the request's own prefetch or by that failure, so that gathering, evaluating and rendering
 * are reached without a network. Whatever comes in, planning ends, and the answer must be JSON
 * that our own strict reader accepts.
 */
#include "gateway/hooks/call.h"
#include "gateway/store/snapshot.h"

#define ANSWER_MAX ((size_t)4 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct rules_knowledge *knowledge(void)
{
    static struct rules_knowledge *loaded;
    struct err err = {0};

    if (loaded == NULL && snapshot_from_files("rules/knowledge", &loaded, &err) != ERR_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
        abort();
    }
    return loaded;
}

/* Every second need, when the server fails at all. */
static uint32_t status_of(uint8_t how, size_t index)
{
    static const uint32_t STATUSES[] = {404, 400, 405, 429, 503, 403, 414, 0};

    return index % 2 == 0 ? STATUSES[how >> 5] : 404;
}

static void answer_needs(struct hook_call *call, uint8_t how)
{
    for (size_t i = 0; i < call->needs_count; i++) {
        struct json prefetch = json_first(call->request.prefetch);
        struct buf body;

        if (call->needs[i]->is_answered)
            continue;
        buf_init(&body, ANSWER_MAX);
        if (how < 32 || i % 2 != 0)
            buf_add(&body, json_raw(prefetch));
        if (body.len > 0)
            hook_call_answer(call, call->needs[i], FHIR_FETCH_OK, 200, &body, 1);
        else if (status_of(how, i) == 0)
            hook_call_answer(call, call->needs[i], FHIR_FETCH_TIMEOUT, 0, &body, 1);
        else
            hook_call_answer(call, call->needs[i], FHIR_FETCH_STATUS, status_of(how, i), &body,
                             1);
    }
}

static void check_answer(const struct buf *answer)
{
    struct json_doc doc;
    struct err err = {0};

    json_doc_init(&doc);
    if (json_parse(&doc, buf_slice(answer), 1000000, &err) != ERR_OK ||
        !json_is(json_root(&doc), JSON_OBJECT))
        abort();
    json_doc_release(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct slice SERVERS[] = {SLICE("http://loopback"),
                                           SLICE("https://fhir.example.org")};
    static const struct slice ALL = SLICE("all");
    static const struct hook_options OPTIONS = {
        .fhir_servers = SERVERS,
        .fhir_servers_count = ARRAY_LEN(SERVERS),
        .json_nodes_max = 100000,
        .fetches_max = 10,
        .pages_max = 4,
        .cards_max = 20,
        .url_bytes_max = 300,
        .arena_bytes_max = 16u * 1024 * 1024,
        .locale = SLICE("en"),
        .conversion = RULES_CONVERSION_APPLY,
        .pretests = &ALL,
        .pretests_count = 1,
    };
    struct hook_call call;
    struct buf body, answer;

    if (size < 1)
        return 0;
    buf_init(&body, ANSWER_MAX);
    buf_init(&answer, ANSWER_MAX);
    buf_add(&body, (struct slice){(const char *)data + 1, size - 1});
    if (body.bytes == NULL && buf_reserve(&body, 1) == NULL)
        abort();
    hook_call_init(&call, &OPTIONS);
    if (hook_call_open(&call, &HOOK_SERVICES[(data[0] & 3) % HOOK_SERVICES_COUNT],
                       buf_slice(&body), knowledge(), SLICE("2026-11-24"))) {
        call.server = fhir_capability_unknown((data[0] >> 2) % FHIR_SERVER_KINDS_COUNT);
        while (hook_call_plan(&call) > 0)
            answer_needs(&call, data[0]);
        hook_call_decide(&call);
    }
    hook_call_render(&call, &answer);
    check_answer(&answer);
    hook_call_reset(&call);
    hook_call_release(&call);
    buf_release(&body);
    buf_release(&answer);
    return 0;
}
