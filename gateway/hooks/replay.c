/* gateway/hooks/replay.c -- driving the pure middle from a file. */
#include "gateway/hooks/replay.h"

#include <errno.h>

#define REPLAY_NODES_MAX   2000000u
#define REPLAY_ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define URL_BYTES_MAX      2000 /* as the settings' presets */
#define DEADLINE_MS        500

static enum err_code read_file(struct buf *buf, const char *path, struct err *err)
{
    FILE *file = fopen(path, "rb");
    bool is_broken;

    if (file == NULL)
        return err_set(err, ERR_NOT_FOUND, "cannot open %s: %s", path, strerror(errno));
    for (;;) {
        char *to = buf_reserve(buf, 65536);
        size_t got = to == NULL ? 0 : fread(to, 1, 65536, file);

        if (got == 0)
            break;
        buf_added(buf, got);
    }
    is_broken = ferror(file) != 0;
    (void)fclose(file);
    if (is_broken)
        return err_set(err, ERR_NOT_FOUND, "cannot read %s", path);
    return buf_failed(buf)
               ? err_set(err, ERR_LIMIT, "%s is larger than %u bytes", path, REPLAY_BYTES_MAX)
               : ERR_OK;
}

/* The request inside the document: wrapped, given as bytes, or the document itself. */
static enum err_code find_body(struct replay *replay, struct arena *arena, struct err *err)
{
    struct json root = json_root(&replay->doc);
    struct json request = json_get(root, "request");
    struct json body = json_get(root, "body");

    if (json_is(body, JSON_STRING))
        buf_add(&replay->body, json_text(body, arena));
    else if (json_is(request, JSON_OBJECT))
        buf_add(&replay->body, json_raw(request));
    else if (json_is(json_get(root, "hook"), JSON_STRING))
        buf_add(&replay->body, json_raw(root));
    else
        return err_set(err, ERR_INVALID, "the file holds no \"request\", \"body\" or \"hook\"");
    return ERR_OK;
}

static size_t read_names(struct replay *replay, const char *name, struct slice *names,
                         size_t max)
{
    struct json list = json_at(json_root(&replay->doc), "settings", name);
    size_t count = 0;

    for (struct json n = json_first(list); !json_is_absent(n) && count < max; n = json_next(n))
        names[count++] = json_text(n, &replay->call.arena);
    return count;
}

/* One row of the mapping from an object: its members are the columns. */
static enum err_code read_mapped(struct replay *replay, struct json object, uint32_t row,
                                 struct err *err)
{
    struct slice fields[RESULT_MAPPING_COLUMNS_COUNT] = {0};

    for (struct json m = json_first(object); !json_is_absent(m); m = json_next(m)) {
        struct slice name = json_name(m, &replay->call.arena);
        size_t c = 0;

        while (c < ARRAY_LEN(fields) && !slice_eq_text(name, RESULT_MAPPING_NAMES[c]))
            c++;
        if (c == ARRAY_LEN(fields) || !json_is(m, JSON_STRING))
            return err_set(err, ERR_INVALID, "its members are the columns, as strings");
        fields[c] = json_text(m, &replay->call.arena);
    }
    return result_mapping_add(&replay->mapping, fields, row, err);
}

static enum err_code read_mapping(struct replay *replay, struct err *err)
{
    struct json list = json_at(json_root(&replay->doc), "settings", "result_mapping");
    struct err why = {0};
    uint32_t row = 0;

    if (json_is_absent(list))
        return ERR_OK;
    result_mapping_init(&replay->mapping, "row");
    for (struct json r = json_first(list); !json_is_absent(r); r = json_next(r))
        if (read_mapped(replay, r, ++row, &why) != ERR_OK)
            return err_set(err, why.code, "settings.result_mapping: row %u: %s", row, why.text);
    if (result_mapping_finish(&replay->mapping, &why) != ERR_OK)
        return err_set(err, why.code, "settings.result_mapping: %s", why.text);
    replay->options.mapping = &replay->mapping.mapping;
    return ERR_OK;
}

static void read_number(struct json settings, const char *name, uint32_t *ret)
{
    int64_t number;

    if (json_to_i64(json_get(settings, name), &number) && number >= 0 && number <= UINT32_MAX)
        *ret = (uint32_t)number;
}

static enum err_code read_settings(struct replay *replay, struct err *err)
{
    struct json settings = json_get(json_root(&replay->doc), "settings");
    struct json use = json_get(settings, "phenoconversion");
    struct hook_options *options = &replay->options;

    options->conversion = RULES_CONVERSION_INFORM;
    if (!json_is_absent(use) && !rules_conversion_use_from_name(
                                    json_text(use, &replay->call.arena), &options->conversion))
        return err_set(err, ERR_INVALID, "settings.phenoconversion: off, inform or apply");
    read_number(settings, "fhir_url_bytes_max", &options->url_bytes_max);
    replay->left_ms = DEADLINE_MS;
    read_number(settings, "deadline_ms", &replay->left_ms);
    options->pretests = replay->pretests;
    options->pretests_count =
        read_names(replay, "pretest", replay->pretests, ARRAY_LEN(replay->pretests));
    options->policy.publishers = replay->publishers;
    options->policy.publishers_count = read_names(replay, "guideline_order", replay->publishers,
                                                  ARRAY_LEN(replay->publishers));
    if (json_is_absent(json_get(settings, "guideline_order"))) {
        replay->publishers[0] = SLICE("CPIC");
        options->policy.publishers_count = 1;
    }
    return read_mapping(replay, err);
}

enum err_code replay_load(struct replay *replay, const char *path, struct err *err)
{
    struct json root;

    *replay = (struct replay){0};
    buf_init(&replay->text, REPLAY_BYTES_MAX);
    buf_init(&replay->body, REPLAY_BYTES_MAX);
    json_doc_init(&replay->doc);
    replay->options = (struct hook_options){
        .fhir_servers = &replay->server,
        .fhir_servers_count = 1,
        .json_nodes_max = REPLAY_NODES_MAX,
        .fetches_max = HOOK_NEEDS_MAX,
        .pages_max = 20,
        .url_bytes_max = URL_BYTES_MAX,
        .cards_max = 50,
        .arena_bytes_max = REPLAY_ARENA_BYTES,
        .locale = SLICE("en"),
    };
    hook_call_init(&replay->call, &replay->options);
    if (read_file(&replay->text, path, err) != ERR_OK ||
        json_parse(&replay->doc, buf_slice(&replay->text), REPLAY_NODES_MAX, err) != ERR_OK ||
        find_body(replay, &replay->call.arena, err) != ERR_OK ||
        read_settings(replay, err) != ERR_OK)
        return err->code;
    root = json_root(&replay->doc);
    replay->server = json_text(json_at(root, "request", "fhirServer"), &replay->call.arena);
    if (replay->server.len == 0)
        replay->server = json_text(json_get(root, "fhirServer"), &replay->call.arena);
    return ERR_OK;
}

static const struct hook_service *find_service(struct replay *replay)
{
    struct json root = json_root(&replay->doc);
    struct json service = json_get(root, "service");
    struct json hook = json_at(root, "request", "hook");

    if (json_is(service, JSON_STRING))
        return hook_service_find(json_text(service, &replay->call.arena));
    if (json_is_absent(hook))
        hook = json_get(root, "hook");
    for (size_t i = 0; i < HOOK_SERVICES_COUNT; i++)
        if (json_text_is(hook, HOOK_SERVICES[i].hook))
            return &HOOK_SERVICES[i];
    return NULL;
}

static bool matches(struct slice name, struct slice text)
{
    if (slice_ends(name, SLICE("*")))
        return slice_starts(text, slice_head(name, name.len - 1));
    return slice_eq(name, text);
}

/* "Observation?patient=1", "POST Observation/_search?patient=1". */
static struct slice request_name(struct replay *replay, const struct hook_need *need)
{
    struct slice base = replay->server, url = need->url;

    while (slice_ends(base, SLICE("/")))
        base.len--;
    if (slice_starts(url, base))
        url = slice_from(url, base.len + 1);
    if (need->form.len == 0)
        return url;
    return arena_printf(&replay->call.arena, "POST %.*s?%.*s", SLICE_ARG(url),
                        SLICE_ARG(need->form));
}

/* The answer that the file has for this text; of several, in an array, one for each time that
 * it was asked for, the last one for all times after it. */
static struct json find_answer(struct replay *replay, struct slice text, size_t times_asked)
{
    struct json fhir = json_get(json_root(&replay->doc), "fhir");

    for (struct json a = json_first(fhir); !json_is_absent(a); a = json_next(a)) {
        if (!matches(json_name(a, &replay->call.arena), text))
            continue;
        if (!json_is(a, JSON_ARRAY))
            return a;
        for (struct json e = json_first(a); !json_is_absent(e); e = json_next(e), times_asked--)
            if (times_asked == 0 || json_is_absent(json_next(e)))
                return e;
    }
    return JSON_NONE;
}

static size_t times_asked_before(const struct hook_call *call, const struct hook_need *need)
{
    size_t times = 0;

    for (size_t i = 0; call->needs[i] != need; i++)
        times += slice_eq(call->needs[i]->url, need->url) &&
                 slice_eq(call->needs[i]->form, need->form);
    return times;
}

static enum fhir_fetch_outcome outcome_by_name(struct json answer)
{
    static const enum fhir_fetch_outcome ALL[] = {
#define X(code, name) FHIR_FETCH_##code,
        FHIR_FETCH_OUTCOMES(X)
#undef X
    };

    for (size_t i = 0; i < ARRAY_LEN(ALL); i++)
        if (json_text_is(json_get(answer, "outcome"), fhir_fetch_outcome_name(ALL[i])))
            return ALL[i];
    return FHIR_FETCH_BROKEN;
}

static void answer_need(struct replay *replay, struct hook_need *need)
{
    struct json answer = find_answer(replay, request_name(replay, need),
                                     times_asked_before(&replay->call, need));
    struct json text = json_get(answer, "body");
    int64_t status = json_is_absent(answer) ? 404 : 200, retry_after_s = 0;
    enum fhir_fetch_outcome outcome;
    struct buf body;

    buf_init(&body, REPLAY_BYTES_MAX);
    (void)json_to_i64(json_get(answer, "status"), &status);
    (void)json_to_i64(json_get(answer, "retry_after_s"), &retry_after_s);
    need->retry_after_s = (uint32_t)retry_after_s;
    outcome = status == 200 ? FHIR_FETCH_OK : FHIR_FETCH_STATUS;
    if (!json_is_absent(json_get(answer, "outcome"))) {
        outcome = outcome_by_name(answer);
        status = 0;
    } else if (!json_is_absent(answer)) {
        buf_add(&body, json_is(text, JSON_STRING) ? json_text(text, &replay->call.arena)
                                                  : json_raw(text));
    }
    hook_call_answer(&replay->call, need, outcome, (uint32_t)status, &body, 0);
}

/* What the file says of its server: settings.fhir_server_kind, else the statement that it has
 * at "metadata". */
static enum err_code know_server(struct replay *replay, struct err *err)
{
    struct hook_call *call = &replay->call;
    struct json statement = json_get(find_answer(replay, SLICE("metadata"), 0), "body");
    struct json kind = json_at(json_root(&replay->doc), "settings", "fhir_server_kind");

    if (!json_is_absent(statement) &&
        fhir_capability_read(statement, &call->arena, &call->server, err) != ERR_OK)
        return err->code;
    if (json_is_absent(kind))
        return ERR_OK;
    if (!fhir_server_kind_of_name(json_text(kind, &call->arena), &call->server.kind))
        return err_set(err, ERR_INVALID, "settings.fhir_server_kind: there is no such kind");
    call->server.includes |= fhir_capability_unknown(call->server.kind).includes;
    return ERR_OK;
}

uint32_t replay_run(struct replay *replay, const struct rules_knowledge *knowledge,
                    struct buf *answer)
{
    struct hook_call *call = &replay->call;
    struct slice today = json_text(json_get(json_root(&replay->doc), "today"), &call->arena);
    const struct hook_service *service = find_service(replay);
    struct err err = {0};

    if (service == NULL) {
        (void)hook_fail(&call->failure, HOOK_UNKNOWN_SERVICE, "", "there is no such service");
    } else if (hook_call_open(call, service, buf_slice(&replay->body), knowledge, today)) {
        call->left_ms = replay->left_ms;
        if (know_server(replay, &err) != ERR_OK)
            (void)hook_fail(&call->failure, HOOK_INTERNAL, "", "%s", err.text);
        while (hook_call_plan(call) > 0)
            for (size_t i = 0; i < call->needs_count; i++)
                if (!call->needs[i]->is_answered)
                    answer_need(replay, call->needs[i]);
        hook_call_decide(call);
    }
    hook_call_render(call, answer);
    return hook_call_status(call);
}

void replay_release(struct replay *replay)
{
    hook_call_release(&replay->call);
    result_mapping_release(&replay->mapping);
    json_doc_release(&replay->doc);
    buf_release(&replay->text);
    buf_release(&replay->body);
}
