/* gateway/hooks/gather_need.c -- one need: how it is written down, and what it means that it
 * could not be had.
 *
 * A search is kept as its parts, so that it can be asked in another form (gather_recover.c).
 */
#include "gateway/hooks/gather.h"

#include <assert.h>

#define URL_BYTES_MAX 16384

const char *hook_need_name(enum hook_need_kind kind)
{
    static const char *const NAMES[] = {
#define X(code, name, words) [HOOK_NEED_##code] = name,
        HOOK_NEED_KINDS(X)
#undef X
    };

    assert((size_t)kind < ARRAY_LEN(NAMES));
    return NAMES[kind];
}

const char *hook_need_words(enum hook_need_kind kind)
{
    static const char *const WORDS[] = {
#define X(code, name, words) [HOOK_NEED_##code] = words,
        HOOK_NEED_KINDS(X)
#undef X
    };

    assert((size_t)kind < ARRAY_LEN(WORDS));
    return WORDS[kind];
}

bool hook_gather_fail(struct hook_call *call, const struct err *err)
{
    return hook_fail(&call->failure,
                     err->code == ERR_LIMIT || err->code == ERR_NOMEM ? HOOK_TOO_LARGE
                                                                      : HOOK_INTERNAL,
                     "", "%s", err->text);
}

/* ---- what it means that a need is not met ---- */

/* Whether a call without this answer can still vouch for silence. */
static bool is_required(enum hook_need_kind kind)
{
    switch (kind) {
    case HOOK_NEED_PGX:
    case HOOK_NEED_MEDICATION:
    case HOOK_NEED_PAGE:
        return true;
    case HOOK_NEED_PGX_CATEGORY: /* not every server can search in all these ways */
    case HOOK_NEED_REPORT:
    case HOOK_NEED_INDICATOR:
    case HOOK_NEED_HAPLOTYPES:
    case HOOK_NEED_REFERENCE:
    case HOOK_NEED_PATIENT: /* without these, what may apply is shown */
    case HOOK_NEED_WEIGHT:
    case HOOK_NEED_LIST:
    case HOOK_NEED_LIST_DRUGS:
    case HOOK_NEED_PENDING_ORDERS: /* without these, no test is suggested */
    case HOOK_NEED_PENDING_REPORTS:
    case HOOK_NEEDS_COUNT:
        return false;
    }
    return true;
}

static bool is_of_results(enum hook_need_kind kind)
{
    switch (kind) {
    case HOOK_NEED_PGX:
    case HOOK_NEED_PGX_CATEGORY:
    case HOOK_NEED_REPORT:
    case HOOK_NEED_INDICATOR:
    case HOOK_NEED_HAPLOTYPES:
    case HOOK_NEED_REFERENCE:
        return true;
    default:
        return false;
    }
}

enum hook_need_kind hook_need_subject(const struct hook_need *need)
{
    return need->kind == HOOK_NEED_PAGE ? need->page_of : need->kind;
}

bool hook_need_is_of_results(const struct hook_need *need)
{
    return is_of_results(hook_need_subject(need));
}

/* A first page may be refused for its kind; a further one is the rest of what is there. */
bool hook_gather_is_required(const struct hook_need *need)
{
    if (need->kind == HOOK_NEED_PAGE)
        return is_required(need->page_of) || need->page_of == HOOK_NEED_PGX_CATEGORY;
    return is_required(need->kind);
}

void hook_gather_note_missing(struct hook_call *call, enum hook_need_kind kind)
{
    if (is_required(kind) || kind == HOOK_NEED_PGX_CATEGORY)
        call->is_incomplete = true;
    call->is_cut[kind] = true;
}

void hook_gather_note_unmet(struct hook_call *call, const struct hook_need *need)
{
    if (hook_gather_is_required(need))
        call->is_incomplete = true;
}

bool hook_gather_has(const struct hook_call *call, enum hook_need_kind kind)
{
    for (size_t i = 0; i < call->needs_count; i++)
        if (call->needs[i]->kind == kind)
            return true;
    return false;
}

bool hook_gather_is_read(const struct hook_call *call, enum hook_need_kind kind, bool is_here)
{
    for (size_t i = 0; i < call->needs_count; i++) {
        const struct hook_need *need = call->needs[i];

        if (need->is_replaced || hook_need_subject(need) != kind)
            continue;
        if (!need->is_usable)
            return false;
        is_here = true;
    }
    return is_here && !call->is_cut[kind];
}

/* The server's word that it does not offer this, or not to us: nothing was lost on the way. */
static bool is_refusal(const struct hook_need *need)
{
    return need->outcome == FHIR_FETCH_STATUS && need->status >= 400 && need->status < 500 &&
           need->status != 408 && need->status != 429;
}

bool hook_gather_is_unread(const struct hook_call *call, enum hook_need_kind kind)
{
    for (size_t i = 0; i < call->needs_count; i++) {
        const struct hook_need *need = call->needs[i];

        if (need->is_answered && !need->is_usable && !need->is_replaced &&
            hook_need_subject(need) == kind &&
            (hook_gather_is_required(need) || !is_refusal(need)))
            return true;
    }
    return call->is_cut[kind];
}

bool hook_gather_lacks_results(const struct hook_call *call)
{
    for (size_t k = 0; k < HOOK_NEEDS_COUNT; k++)
        if (is_of_results((enum hook_need_kind)k) &&
            hook_gather_is_unread(call, (enum hook_need_kind)k))
            return true;
    return false;
}

void hook_gather_write_unread(const struct hook_call *call, struct buf *buf,
                              const char *(*text_of)(enum hook_need_kind kind))
{
    bool is_first = true;

    for (size_t k = 0; k < HOOK_NEEDS_COUNT; k++) {
        enum hook_need_kind kind = (enum hook_need_kind)k;

        if (!(is_of_results(kind) || kind == HOOK_NEED_MEDICATION) ||
            !hook_gather_is_unread(call, kind))
            continue;
        buf_join(buf, is_first ? SLICE_NONE : SLICE(", "), slice_of(text_of(kind)));
        is_first = false;
    }
}

bool hook_gather_server_answers(const struct hook_call *call)
{
    for (size_t i = 0; i < call->needs_count; i++) {
        const struct hook_need *need = call->needs[i];

        if (!need->is_answered || need->is_usable || need->is_replaced)
            continue;
        if (hook_gather_is_required(need) ? need->status != 400 && need->status != 422
                                          : !is_refusal(need))
            return false;
    }
    return !call->is_cut[HOOK_NEED_PGX] && !call->is_cut[HOOK_NEED_MEDICATION];
}

/* ---- writing a need down ---- */

/* A need to fill in, reusing one from an earlier request; NULL at the limit. `of` is the kind
 * itself, or for a page the kind that it is a page of. */
static struct hook_need *add_need(struct hook_call *call, enum hook_need_kind kind,
                                  enum hook_need_kind of)
{
    struct hook_need *need;

    if (call->needs_count == call->options->fetches_max ||
        call->needs_count == HOOK_NEEDS_MAX) {
        hook_gather_note_missing(call, of);
        return NULL;
    }
    if (call->needs_count == call->needs_made) {
        need = calloc(1, sizeof *need);
        if (need == NULL) {
            hook_gather_note_missing(call, of);
            return NULL;
        }
        json_doc_init(&need->doc);
        call->needs[call->needs_made++] = need;
    }
    need = call->needs[call->needs_count++];
    *need = (struct hook_need){.call = call, .kind = kind, .page_of = of, .doc = need->doc};
    return need;
}

static bool set_texts(struct hook_call *call, struct hook_need *need, const struct buf *url,
                      const struct buf *form)
{
    need->url = arena_copy(&call->arena, buf_slice(url));
    need->form = arena_copy(&call->arena, buf_slice(form));
    return (!buf_failed(url) && !buf_failed(form) && !call->arena.has_failed) ||
           hook_fail(&call->failure, HOOK_TOO_LARGE, "",
                     "a FHIR search for this request does not fit its limits");
}

static struct slice codes_of(const struct hook_query *query)
{
    for (size_t i = 0; i < query->params_count; i++)
        if (slice_eq_text(query->params[i].name, "code"))
            return query->params[i].value;
    return SLICE_NONE;
}

struct hook_query *hook_query_copy(struct hook_call *call, const struct hook_query *query)
{
    struct hook_query *copy = arena_alloc(&call->arena, sizeof *copy);

    if (copy == NULL)
        (void)hook_fail(&call->failure, HOOK_TOO_LARGE, "", "no memory for a FHIR search");
    else
        *copy = *query;
    return copy;
}

bool hook_gather_split(struct hook_call *call, enum hook_need_kind kind,
                       const struct hook_query *query, size_t each)
{
    struct slice rest = codes_of(query);

    while (rest.len > 0) {
        struct hook_query *part = hook_query_copy(call, query);

        for (size_t i = 0; part != NULL && i < part->params_count; i++)
            if (slice_eq_text(part->params[i].name, "code"))
                part->params[i].value = fhir_codes_take(&rest, each);
        if (part == NULL || !hook_gather_query(call, kind, part))
            return false;
    }
    return true;
}

bool hook_gather_query(struct hook_call *call, enum hook_need_kind kind,
                       const struct hook_query *query)
{
    size_t codes = fhir_codes_count(codes_of(query));
    size_t url_bytes_max = call->options->url_bytes_max;
    struct hook_need *need = NULL;
    struct err err = {0};
    struct buf url, form;
    bool is_ok;

    buf_init(&url, URL_BYTES_MAX);
    buf_init(&form, URL_BYTES_MAX);
    is_ok = fhir_search_write(&url, &form, call->request.fhir_server, slice_of(query->type),
                              query->params, query->params_count,
                              query->may_post ? url_bytes_max : 0, &err) == ERR_OK ||
            hook_gather_fail(call, &err);
    if (is_ok && !query->may_post && url_bytes_max > 0 && url.len > url_bytes_max &&
        codes > 1) {
        is_ok = hook_gather_split(call, kind, query, (codes + 1) / 2);
    } else if (is_ok) {
        need = add_need(call, kind, kind);
        if (need != NULL)
            need->query = query;
        is_ok = need == NULL || set_texts(call, need, &url, &form);
    }
    buf_release(&url);
    buf_release(&form);
    return is_ok;
}

bool hook_gather_search_any(struct hook_call *call, enum hook_need_kind kind, const char *type,
                            const struct fhir_search_param *params, size_t params_count)
{
    struct hook_query query = {.type = type,
                               .params_count = params_count,
                               .may_post = fhir_server_traits(call->server.kind)->has_forms};
    struct hook_query *copy;

    assert(params_count <= HOOK_QUERY_PARAMS_MAX);
    for (size_t i = 0; i < params_count; i++)
        query.params[i] = params[i];
    copy = hook_query_copy(call, &query);
    return copy != NULL && hook_gather_query(call, kind, copy);
}

bool hook_gather_search(struct hook_call *call, enum hook_need_kind kind, const char *type,
                        const struct fhir_search_param *params, size_t params_count)
{
    struct fhir_search_param all[HOOK_QUERY_PARAMS_MAX] = {
        {SLICE("patient"), call->request.patient_id}};

    assert(params_count < HOOK_QUERY_PARAMS_MAX);
    for (size_t i = 0; i < params_count; i++)
        all[i + 1] = params[i];
    return hook_gather_search_any(call, kind, type, all, params_count + 1);
}

bool hook_gather_url(struct hook_call *call, enum hook_need_kind kind, struct slice url)
{
    struct hook_need *need = add_need(call, kind, kind);

    if (need != NULL)
        need->url = url;
    return true;
}

/* A read of "Type/id" or of an absolute URL below the same server. */
bool hook_gather_read(struct hook_call *call, enum hook_need_kind kind, struct slice reference)
{
    struct err err = {0};
    struct hook_need *need;
    struct buf url, none = {0};
    bool is_ok = true;

    for (size_t i = 0; i < call->needs_count; i++)
        if (call->needs[i]->kind == kind && slice_ends(call->needs[i]->url, reference))
            return true; /* two orders of one Medication */
    buf_init(&url, URL_BYTES_MAX);
    if (fhir_read_url(&url, call->request.fhir_server, reference, &err) != ERR_OK) {
        hook_gather_note_missing(call, kind);
    } else {
        need = add_need(call, kind, kind);
        is_ok = need == NULL || set_texts(call, need, &url, &none);
    }
    buf_release(&url);
    return is_ok;
}

bool hook_gather_next_page(struct hook_call *call, struct json bundle,
                           struct slice response_url, uint32_t page, enum hook_need_kind kind)
{
    struct slice next = fhir_bundle_next(bundle, &call->arena);
    struct hook_need *need;
    struct slice url;
    struct err err = {0};

    if (next.len == 0)
        return true;
    if (!call->may_fetch || page + 1 >= call->options->pages_max ||
        fhir_resolve_next(&call->arena, response_url, call->request.fhir_server, next, &url,
                          &err) != ERR_OK) {
        hook_gather_note_missing(call, kind);
        return true;
    }
    for (size_t i = 0; i < call->needs_count; i++)
        if (slice_eq(call->needs[i]->url, url)) {
            /* a page that names itself or an earlier one as next */
            hook_gather_note_missing(call, kind);
            return true;
        }
    need = add_need(call, HOOK_NEED_PAGE, kind);
    if (need == NULL)
        return true;
    need->url = url;
    need->page = page + 1;
    return true;
}

bool hook_gather_again(struct hook_call *call, const struct hook_need *need, uint32_t delay_ms)
{
    struct hook_need *again = add_need(call, need->kind, hook_need_subject(need));

    if (again == NULL)
        return true;
    again->url = need->url;
    again->form = need->form;
    again->query = need->query;
    again->page = need->page;
    again->delay_ms = delay_ms;
    again->is_retry = true;
    return true;
}
