/* fhir/search.c -- writing FHIR URLs and forms, and resolving links. */
#include "fhir/search.h"

#include "fhir/url.h"

#define TYPE_BYTES_MAX 64
#define ID_BYTES_MAX   64 /* FHIR R4, data type id */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_type(struct slice type)
{
    if (type.len == 0 || type.len > TYPE_BYTES_MAX || type.ptr[0] < 'A' || type.ptr[0] > 'Z')
        return false;
    for (size_t i = 0; i < type.len; i++)
        if (!is_letter(type.ptr[i]))
            return false;
    return true;
}

bool fhir_is_id(struct slice id)
{
    if (id.len == 0 || id.len > ID_BYTES_MAX || slice_eq_text(id, ".") ||
        slice_eq_text(id, ".."))
        return false;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];

        if (!is_letter(c) && !is_digit(c) && c != '-' && c != '.')
            return false;
    }
    return true;
}

static enum err_code parse_base(struct slice base, struct fhir_url *ret, struct err *err)
{
    struct fhir_url url = {0};

    if (!fhir_url_parse(base, &url) || url.query.len > 0)
        return err_set(err, ERR_INVALID, "the FHIR server's base is not a usable URL");
    *ret = url;
    return ERR_OK;
}

static void add_base(struct buf *buf, struct slice base)
{
    while (slice_ends(base, SLICE("/")))
        base.len--;
    buf_add(buf, base);
    buf_add_char(buf, '/');
}

static bool is_plain(char c)
{
    return is_letter(c) || is_digit(c) || memchr("-._~,", c, sizeof "-._~," - 1) != NULL;
}

static void add_encoded(struct buf *buf, struct slice text)
{
    static const char DIGITS[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        char encoded[3] = {'%', DIGITS[(unsigned char)c >> 4], DIGITS[(unsigned char)c & 15]};

        if (is_plain(c))
            buf_add_char(buf, c);
        else
            buf_add(buf, (struct slice){.ptr = encoded, .len = sizeof encoded});
    }
}

static enum err_code check_added(const struct buf *buf, struct err *err)
{
    if (buf_failed(buf))
        return err_set(err, ERR_LIMIT, "a FHIR URL is longer than %zu bytes", buf->bytes_max);
    return ERR_OK;
}

static void add_params(struct buf *buf, const struct fhir_search_param *params,
                       size_t params_count)
{
    for (size_t i = 0; i < params_count; i++) {
        if (i > 0)
            buf_add_char(buf, '&');
        add_encoded(buf, params[i].name);
        buf_add_char(buf, '=');
        add_encoded(buf, params[i].value);
    }
}

static enum err_code check_search(struct slice base, struct slice type,
                                  const struct fhir_search_param *params, size_t params_count,
                                  struct err *err)
{
    struct fhir_url parsed = {0};
    enum err_code code = parse_base(base, &parsed, err);

    if (code != ERR_OK)
        return code;
    if (!is_type(type))
        return err_set(err, ERR_INVALID, "a search names no resource type");
    for (size_t i = 0; i < params_count; i++)
        if (params[i].name.len == 0)
            return err_set(err, ERR_INVALID, "search parameter %zu has no name", i + 1);
    return ERR_OK;
}

enum err_code fhir_search_url(struct buf *buf, struct slice base, struct slice type,
                              const struct fhir_search_param *params, size_t params_count,
                              struct err *err)
{
    enum err_code code = check_search(base, type, params, params_count, err);

    if (code != ERR_OK)
        return code;
    add_base(buf, base);
    buf_add(buf, type);
    if (params_count > 0)
        buf_add_char(buf, '?');
    add_params(buf, params, params_count);
    return check_added(buf, err);
}

/* Bytes of a text once encoded. */
static size_t encoded_bytes(struct slice text)
{
    size_t bytes = text.len;

    for (size_t i = 0; i < text.len; i++)
        bytes += is_plain(text.ptr[i]) ? 0 : 2;
    return bytes;
}

enum err_code fhir_search_write(struct buf *url, struct buf *form, struct slice base,
                                struct slice type, const struct fhir_search_param *params,
                                size_t params_count, size_t url_bytes_max, struct err *err)
{
    size_t bytes = base.len + 1 + type.len;
    enum err_code code;

    for (size_t i = 0; i < params_count; i++)
        bytes += 2 + encoded_bytes(params[i].name) + encoded_bytes(params[i].value);
    if (url_bytes_max == 0 || bytes <= url_bytes_max)
        return fhir_search_url(url, base, type, params, params_count, err);
    code = check_search(base, type, params, params_count, err);
    if (code != ERR_OK)
        return code;
    add_base(url, base);
    buf_join(url, type, SLICE("/_search"));
    add_params(form, params, params_count);
    code = check_added(url, err);
    return code != ERR_OK ? code : check_added(form, err);
}

/* ---- Searches that servers do not take as they are ---- */

/* Bytes up to the first ',' that separates, or all. */
static size_t code_bytes(struct slice codes)
{
    size_t at = 0;

    while (at < codes.len && codes.ptr[at] != ',')
        at += codes.ptr[at] == '\\' && at + 1 < codes.len ? 2 : 1;
    return at;
}

size_t fhir_codes_count(struct slice codes)
{
    size_t count = codes.len > 0;

    for (size_t at = code_bytes(codes); at < codes.len; at = code_bytes(codes)) {
        codes = slice_from(codes, at + 1);
        count++;
    }
    return count;
}

struct slice fhir_codes_take(struct slice *codes, size_t count)
{
    struct slice rest = *codes;
    size_t taken = 0;

    for (size_t i = 0; i < count && rest.len > 0; i++) {
        size_t bytes = code_bytes(rest);

        taken += bytes + (i > 0);
        rest = slice_from(rest, bytes + 1);
    }
    rest = slice_head(*codes, taken);
    *codes = slice_from(*codes, taken + 1);
    return rest;
}

static bool remove_params(struct fhir_search_param *params, size_t *params_count,
                          const char *const *names, size_t names_count)
{
    size_t kept = 0, count = *params_count;

    for (size_t i = 0; i < count; i++) {
        struct slice modifier;
        struct slice name = slice_cut(params[i].name, ':', &modifier);
        bool is_named = false;

        for (size_t n = 0; n < names_count; n++)
            is_named = is_named || slice_eq_text(name, names[n]);
        if (!is_named)
            params[kept++] = params[i];
    }
    *params_count = kept;
    return kept < count;
}

enum fhir_reduction fhir_search_reduce(struct fhir_search_param *params, size_t *params_count)
{
    static const char *const COMPONENT[] = {"component-code"};
    static const char *const INCLUDE[] = {"_include", "_revinclude"};

    if (remove_params(params, params_count, COMPONENT, ARRAY_LEN(COMPONENT)))
        return FHIR_REDUCTION_COMPONENT;
    if (remove_params(params, params_count, INCLUDE, ARRAY_LEN(INCLUDE)))
        return FHIR_REDUCTION_INCLUDE;
    return FHIR_REDUCTION_NONE;
}

/* Whether the query has a parameter of this name, modifiers left aside. */
static bool has_param(struct slice query, struct slice name)
{
    struct slice modifier;

    name = slice_cut(name, ':', &modifier);
    while (query.len > 0) {
        struct slice param = slice_cut(query, '&', &query);
        struct slice after = slice_from(param, name.len);

        if (slice_starts(param, name) &&
            (after.len == 0 || strchr("=:%", after.ptr[0]) != NULL))
            return true;
    }
    return false;
}

uint32_t fhir_search_ignored(struct slice self_link, const struct fhir_search_param *params,
                             size_t params_count)
{
    struct slice query;
    uint32_t ignored = 0;

    (void)slice_cut(self_link, '?', &query);
    for (size_t i = 0; query.len > 0 && i < params_count && i < 32; i++)
        if (!has_param(query, params[i].name))
            ignored |= (uint32_t)1 << i;
    return ignored;
}

/* "Type/id" or "Type/id/_history/version". */
static bool is_relative_reference(struct slice reference)
{
    struct slice rest, version;
    struct slice type = slice_cut(reference, '/', &rest);
    struct slice id = slice_cut(rest, '/', &rest);

    if (!is_type(type) || !fhir_is_id(id))
        return false;
    if (type.len + 1 + id.len == reference.len)
        return true;
    return slice_eq_text(slice_cut(rest, '/', &version), "_history") && fhir_is_id(version);
}

/* The part of an absolute reference below the base. */
static enum err_code strip_base(struct slice reference, const struct fhir_url *base,
                                struct slice *ret, struct err *err)
{
    struct slice base_path = base->path;
    struct fhir_url url = {0};

    if (!fhir_url_parse(reference, &url))
        return err_set(err, ERR_INVALID, "an absolute reference is not a usable URL");
    if (!fhir_url_origin_eq(&url, base) || !fhir_url_is_below(&url, base))
        return err_set(err, ERR_DENIED, "a reference leads outside the FHIR server's base");
    if (url.query.len > 0)
        return err_set(err, ERR_INVALID, "a reference has a query");
    while (slice_ends(base_path, SLICE("/")))
        base_path.len--;
    *ret = slice_from(url.path, base_path.len + 1);
    return ERR_OK;
}

enum err_code fhir_read_url(struct buf *buf, struct slice base, struct slice reference,
                            struct err *err)
{
    struct fhir_url parsed = {0};
    enum err_code code = parse_base(base, &parsed, err);

    if (code == ERR_OK && (slice_starts_nocase(reference, SLICE("http://")) ||
                           slice_starts_nocase(reference, SLICE("https://"))))
        code = strip_base(reference, &parsed, &reference, err);
    if (code != ERR_OK)
        return code;
    if (!is_relative_reference(reference))
        return err_set(err, ERR_INVALID, "a reference does not have the form Type/id");
    add_base(buf, base);
    buf_add(buf, reference);
    return check_added(buf, err);
}

/* RFC 3986 section 5.2.4 in place, for a path that begins with '/'; returns its new length. */
static size_t remove_dot_segments(char *path, size_t len)
{
    size_t at = 0, out = 0;

    while (at < len) {
        struct slice rest = {path + at + 1, len - at - 1};
        struct slice segment = slice_head(rest, slice_find_char(rest, '/'));
        bool is_last = segment.len == rest.len;
        bool is_up = slice_eq_text(segment, "..");

        at += 1 + segment.len;
        if (is_up || slice_eq_text(segment, ".")) {
            while (is_up && out > 0 && path[--out] != '/')
                ;
            if (is_last)
                path[out++] = '/';
            continue;
        }
        path[out++] = '/';
        memmove(path + out, segment.ptr, segment.len);
        out += segment.len;
    }
    return out;
}

/* Joins what stands before the path, a path and a query; dot segments go. */
static struct slice join(struct arena *arena, struct slice origin, struct slice folder,
                         struct slice link)
{
    struct slice query;
    struct slice path = slice_head(link, slice_find_char(link, '?'));
    size_t bytes = origin.len + folder.len + link.len;
    char *text = arena_alloc(arena, bytes);
    char *to = text;
    size_t path_len;

    if (text == NULL)
        return SLICE_NONE;
    query = slice_from(link, path.len);
    memcpy(to, origin.ptr, origin.len);
    to += origin.len;
    if (folder.len > 0)
        memcpy(to, folder.ptr, folder.len);
    if (path.len > 0)
        memcpy(to + folder.len, path.ptr, path.len);
    path_len = remove_dot_segments(to, folder.len + path.len);
    to += path_len;
    if (query.len > 0)
        memcpy(to, query.ptr, query.len);
    return (struct slice){text, origin.len + path_len + query.len};
}

static struct slice concat(struct arena *arena, struct slice a, struct slice b)
{
    char *text = arena_alloc(arena, a.len + b.len);

    if (text == NULL)
        return SLICE_NONE;
    memcpy(text, a.ptr, a.len);
    memcpy(text + a.len, b.ptr, b.len);
    return (struct slice){text, a.len + b.len};
}

static struct slice folder_of(struct slice path)
{
    while (path.len > 0 && path.ptr[path.len - 1] != '/')
        path.len--;
    return path.len == 0 ? SLICE("/") : path;
}

/* A scheme: a ':' before the first '/', '?' or '#'. */
static bool has_scheme(struct slice link)
{
    for (size_t i = 0; i < link.len && strchr("/?#", link.ptr[i]) == NULL; i++)
        if (link.ptr[i] == ':')
            return true;
    return false;
}

/* RFC 3986 section 5.2.2. A link with a scheme is taken as it is. */
static struct slice resolve(struct arena *arena, struct slice response_url,
                            const struct fhir_url *response, struct slice link)
{
    struct slice origin =
        slice_head(response_url, (size_t)(response->path.ptr - response_url.ptr));

    if (has_scheme(link))
        return arena_copy(arena, link);
    if (slice_starts(link, SLICE("//")))
        return concat(arena, response->is_https ? SLICE("https:") : SLICE("http:"), link);
    if (slice_starts(link, SLICE("/")))
        return join(arena, origin, SLICE_NONE, link);
    if (slice_starts(link, SLICE("?")))
        return join(arena, origin, response->path, link);
    return join(arena, origin, folder_of(response->path), link);
}

enum err_code fhir_resolve_next(struct arena *arena, struct slice response_url,
                                struct slice base, struct slice next_link, struct slice *ret,
                                struct err *err)
{
    struct fhir_url parsed_base = {0}, response, url;
    struct slice resolved;
    enum err_code code = parse_base(base, &parsed_base, err);

    if (code != ERR_OK)
        return code;
    if (!fhir_url_parse(response_url, &response))
        return err_set(err, ERR_INVALID, "the answer's own URL is not usable");
    if (next_link.len == 0)
        return err_set(err, ERR_INVALID, "the next link is empty");
    if (next_link.len > FHIR_URL_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "the next link is longer than %d bytes",
                       FHIR_URL_BYTES_MAX);
    resolved = resolve(arena, response_url, &response, next_link);
    if (arena->has_failed)
        return err_set(err, ERR_NOMEM, "no memory for the next link");
    if (!fhir_url_parse(resolved, &url))
        return err_set(err, ERR_INVALID, "the next link is not a usable URL");
    if (!fhir_url_origin_eq(&url, &parsed_base))
        return err_set(err, ERR_DENIED, "the next link leads to another server");
    *ret = resolved;
    return ERR_OK;
}
