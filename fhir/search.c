/* fhir/search.c -- writing FHIR URLs and resolving links. */
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

static bool is_id(struct slice id)
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

static void add_encoded(struct buf *buf, struct slice text)
{
    static const char DIGITS[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        char encoded[3] = {'%', DIGITS[(unsigned char)c >> 4], DIGITS[(unsigned char)c & 15]};

        if (is_letter(c) || is_digit(c) || memchr("-._~,", c, sizeof "-._~," - 1) != NULL)
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

enum err_code fhir_search_url(struct buf *buf, struct slice base, struct slice type,
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
    add_base(buf, base);
    buf_add(buf, type);
    for (size_t i = 0; i < params_count; i++) {
        buf_add_char(buf, i == 0 ? '?' : '&');
        add_encoded(buf, params[i].name);
        buf_add_char(buf, '=');
        add_encoded(buf, params[i].value);
    }
    return check_added(buf, err);
}

/* "Type/id" or "Type/id/_history/version". */
static bool is_relative_reference(struct slice reference)
{
    struct slice rest, version;
    struct slice type = slice_cut(reference, '/', &rest);
    struct slice id = slice_cut(rest, '/', &rest);

    if (!is_type(type) || !is_id(id))
        return false;
    if (type.len + 1 + id.len == reference.len)
        return true;
    return slice_eq_text(slice_cut(rest, '/', &version), "_history") && is_id(version);
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
