/* fhir/url.c -- which URLs a fetch may go to.
 *
 * Pure functions over the URL's text; no name is resolved and nothing is sent. The promises
 * are in fhir/url.h (parsing) and fhir/fetch.h (allow-list, same origin).
 */
#include "fhir/url.h"

#include "fhir/fetch.h"

#define HOST_BYTES_MAX  255 /* RFC 1035 section 2.3.4 */
#define PORT_DIGITS_MAX 5

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* The characters of RFC 3986 without '#', and '|', which FHIR servers write unencoded into
 * their paging links. Every '%' must start an encoded byte. */
static bool has_url_characters(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (!is_alnum(c) && !is_one_of(c, "-._~:/?@!$&'()*+,;=%|[]"))
            return false;
        if (c == '%' && (i + 2 >= text.len || hex_value(text.ptr[i + 1]) < 0 ||
                         hex_value(text.ptr[i + 2]) < 0))
            return false;
    }
    return true;
}

/* The byte at the front of *text, decoded once; has_url_characters holds for *text. */
static char take_decoded(struct slice *text, bool *ret_was_encoded)
{
    char c = text->ptr[0];

    *ret_was_encoded = c == '%';
    if (*ret_was_encoded)
        c = (char)(hex_value(text->ptr[1]) * 16 + hex_value(text->ptr[2]));
    *text = slice_from(*text, *ret_was_encoded ? 3 : 1);
    return c;
}

/* A dot segment is "." or ".."; some servers also cut a segment at ';' before they look. */
static bool is_dot_segment(struct slice segment)
{
    size_t dots = 0;
    bool was_encoded;

    while (segment.len > 0) {
        char c = take_decoded(&segment, &was_encoded);

        if (c == ';')
            break;
        if (c != '.')
            return false;
        dots++;
    }
    return dots == 1 || dots == 2;
}

/* No encoded byte may turn into a separator, a control character or another '%' (which a
 * server that decodes twice would read as one). */
static bool has_only_plain_escapes(struct slice path)
{
    bool was_encoded;

    while (path.len > 0) {
        char c = take_decoded(&path, &was_encoded);

        if (was_encoded && ((unsigned char)c < 0x20 || c == 0x7f || is_one_of(c, "/\\%")))
            return false;
    }
    return true;
}

static bool is_safe_path(struct slice path)
{
    if (!has_only_plain_escapes(path))
        return false;
    while (path.len > 0)
        if (is_dot_segment(slice_cut(path, '/', &path)))
            return false;
    return true;
}

/* Four decimal numbers up to 255 without leading zeros: the one form that all parsers read
 * alike. */
static bool is_dotted_quad(struct slice host)
{
    size_t numbers = 0;
    uint32_t value;

    if (slice_ends(host, SLICE(".")))
        return false;
    while (host.len > 0) {
        struct slice number = slice_cut(host, '.', &host);

        if (!slice_to_u32(number, 255, &value) || (number.len > 1 && number.ptr[0] == '0'))
            return false;
        numbers++;
    }
    return numbers == 4;
}

/* curl, like browsers, takes "127.1", "0x7f.1" and "2130706433" for IPv4 addresses. */
static bool ends_in_number(struct slice host)
{
    struct slice label = SLICE_NONE;

    while (host.len > 0)
        label = slice_cut(host, '.', &host);
    if (slice_starts_nocase(label, SLICE("0x")))
        return true;
    for (size_t i = 0; i < label.len; i++)
        if (label.ptr[i] < '0' || label.ptr[i] > '9')
            return false;
    return true;
}

static bool is_host(struct slice host)
{
    bool is_ipv6 = slice_starts(host, SLICE("[")) && slice_ends(host, SLICE("]"));
    struct slice inner = is_ipv6 ? slice_head(slice_from(host, 1), host.len - 2) : host;

    if (inner.len == 0 || host.len > HOST_BYTES_MAX || is_one_of(inner.ptr[0], ".-"))
        return false;
    for (size_t i = 0; i < inner.len; i++) {
        char c = inner.ptr[i];

        if (is_ipv6 ? hex_value(c) < 0 && !is_one_of(c, ":.")
                    : !is_alnum(c) && !is_one_of(c, "-._"))
            return false;
    }
    return is_ipv6 || !ends_in_number(inner) || is_dotted_quad(inner);
}

static bool parse_authority(struct slice authority, struct fhir_url *url)
{
    size_t bracket = slice_find_char(authority, ']');
    size_t host_len = bracket == SIZE_MAX ? slice_find_char(authority, ':') : bracket + 1;
    struct slice port;

    url->host = slice_head(authority, host_len);
    port = slice_from(authority, url->host.len);
    url->port = url->is_https ? 443 : 80;
    if (!is_host(url->host))
        return false;
    if (port.len == 0)
        return true;
    url->has_port = true;
    return port.ptr[0] == ':' && port.len <= 1 + PORT_DIGITS_MAX &&
           slice_to_u32(slice_from(port, 1), UINT16_MAX, &url->port) && url->port != 0;
}

bool fhir_url_parse(struct slice text, struct fhir_url *ret)
{
    struct fhir_url url = {.is_https = slice_starts_nocase(text, SLICE("https://"))};
    struct slice rest;
    size_t len = 0;

    if (text.len > FHIR_URL_BYTES_MAX || !has_url_characters(text))
        return false;
    if (!url.is_https && !slice_starts_nocase(text, SLICE("http://")))
        return false;
    rest = slice_from(text, url.is_https ? sizeof "https://" - 1 : sizeof "http://" - 1);
    while (len < rest.len && !is_one_of(rest.ptr[len], "/?"))
        len++;
    if (!parse_authority(slice_head(rest, len), &url))
        return false;
    rest = slice_from(rest, len);
    url.path = slice_head(rest, slice_find_char(rest, '?'));
    url.query = slice_from(rest, url.path.len);
    if (!is_safe_path(url.path))
        return false;
    *ret = url;
    return true;
}

bool fhir_url_origin_eq(const struct fhir_url *a, const struct fhir_url *b)
{
    return a->is_https == b->is_https && a->port == b->port &&
           slice_eq_nocase(a->host, b->host);
}

uint64_t fhir_url_origin_hash(const struct fhir_url *url)
{
    uint64_t hash = url->port * 2U + (url->is_https ? 1 : 0);

    for (size_t i = 0; i < url->host.len; i++) {
        char c = url->host.ptr[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        hash = slice_hash((struct slice){.ptr = &c, .len = 1}, hash);
    }
    return hash;
}

bool fhir_url_same_origin(struct slice a, struct slice b)
{
    struct fhir_url url_a, url_b;

    return fhir_url_parse(a, &url_a) && fhir_url_parse(b, &url_b) &&
           fhir_url_origin_eq(&url_a, &url_b);
}

static bool is_loopback(struct slice host)
{
    return slice_eq_nocase(host, SLICE("localhost")) || slice_eq(host, SLICE("127.0.0.1")) ||
           slice_eq(host, SLICE("[::1]"));
}

static bool is_allowed_origin(const struct fhir_url *url, const struct fhir_url *base)
{
    if (!slice_eq_nocase(base->host, SLICE("loopback")))
        return fhir_url_origin_eq(url, base);
    return url->is_https == base->is_https && is_loopback(url->host) &&
           (!base->has_port || url->port == base->port);
}

bool fhir_url_is_below(const struct fhir_url *url, const struct fhir_url *base)
{
    struct slice path = url->path;
    struct slice base_path = base->path;

    while (slice_ends(base_path, SLICE("/")))
        base_path.len--;
    return slice_starts(path, base_path) &&
           (path.len == base_path.len || path.ptr[base_path.len] == '/');
}

bool fhir_url_is_allowed(struct slice url, const struct slice *bases, size_t bases_count)
{
    struct fhir_url parsed, base;

    if (!fhir_url_parse(url, &parsed))
        return false;
    for (size_t i = 0; i < bases_count; i++) {
        if (!fhir_url_parse(bases[i], &base) || base.query.len > 0)
            continue;
        if (is_allowed_origin(&parsed, &base) && fhir_url_is_below(&parsed, &base))
            return true;
    }
    return false;
}
