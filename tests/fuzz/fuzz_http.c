/* tests/fuzz/fuzz_http.c -- any bytes, cut anywhere, are read the same way, inside the limits.
 *
 * The first byte chooses the cuts; the rest is the stream. It is read whole, then in pieces:
 * the requests, their parts and the failure must be equal.
 */
#include <assert.h>
#include <stdlib.h>

#include "gateway/net/http.h"

#define HEAD_BYTES_MAX 300
#define BODY_BYTES_MAX 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void note(struct buf *notes, const struct http_request *request)
{
    assert(request->headers_count <= 5);
    assert(request->body.len <= BODY_BYTES_MAX);
    assert(request->path.len > 0);
    assert(request->path.ptr[0] == '/' || request->path.ptr[0] == '*');
    assert(request->is_http_1_0 || request->known[HTTP_HEADER_HOST].ptr != NULL);
    buf_printf(notes, "%d %d %d|", request->method, request->keep_alive, request->is_http_1_0);
    buf_add(notes, request->target);
    buf_add_text(notes, "|");
    buf_add(notes, request->path);
    buf_add_text(notes, "|");
    buf_add(notes, request->query);
    for (size_t i = 0; i < request->headers_count; i++) {
        assert(request->headers[i].name.len > 0);
        buf_add_text(notes, "|");
        buf_add(notes, request->headers[i].name);
        buf_add_text(notes, ":");
        buf_add(notes, request->headers[i].value);
    }
    for (size_t i = 0; i < HTTP_KNOWN_HEADERS_COUNT; i++)
        buf_printf(notes, "|%zu",
                   request->known[i].ptr == NULL ? 0 : request->known[i].len + 1);
    buf_add_text(notes, "|");
    buf_add(notes, request->body);
    for (size_t i = 0; i < BUF_PADDING; i++) /* readable; the sanitizer looks on */
        (void)*(const volatile char *)(request->body.ptr + request->body.len + i);
    buf_add_text(notes, "\n");
}

/* Feeds one piece; false when the stream has failed. */
static bool feed(struct http_parser *parser, struct slice piece, struct buf *notes)
{
    while (piece.len > 0) {
        size_t used = 0;
        enum http_event event = http_parser_feed(parser, piece, &used);

        assert(used <= piece.len);
        piece = slice_from(piece, used);
        switch (event) {
        case HTTP_MORE:
        case HTTP_CONTINUE:
            assert(piece.len == 0);
            break;
        case HTTP_REQUEST_READY:
            assert(used > 0);
            note(notes, http_parser_request(parser));
            http_parser_reset(parser, 64);
            break;
        case HTTP_FAILED:
            assert(http_parser_failure(parser) != HTTP_FAILURE_NONE);
            buf_printf(notes, "failed: %s\n", http_failure_label(http_parser_failure(parser)));
            return false;
        }
    }
    return true;
}

static void read_stream(struct slice stream, unsigned cuts, struct buf *notes)
{
    struct http_budget budget = {.bytes_max = 4096};
    const struct http_limits limits = {.head_bytes_max = HEAD_BYTES_MAX,
                                       .headers_max = 5,
                                       .body_bytes_max = BODY_BYTES_MAX,
                                       .budget = &budget};
    struct http_parser *parser = http_parser_new(&limits);
    bool goes_on = parser != NULL;

    while (goes_on && stream.len > 0) {
        size_t len = cuts == 0 ? stream.len : 1 + (cuts = cuts * 1103515245u + 12345u) % 17;
        struct slice piece = slice_head(stream, len);
        char *copy = malloc(piece.len); /* its end is guarded */

        if (copy == NULL)
            break;
        memcpy(copy, piece.ptr, piece.len);
        goes_on = feed(parser, (struct slice){copy, piece.len}, notes);
        free(copy);
        stream = slice_from(stream, piece.len);
    }
    http_parser_free(parser);
    assert(budget.bytes_taken == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice stream = {.ptr = (const char *)data + 1, .len = size - 1};
    struct buf whole, pieces;

    if (size < 2)
        return 0;
    buf_init(&whole, 1u << 20);
    buf_init(&pieces, 1u << 20);
    read_stream(stream, 0, &whole);
    read_stream(stream, data[0] + 1u, &pieces);
    assert(slice_eq(buf_slice(&whole), buf_slice(&pieces)));
    buf_release(&whole);
    buf_release(&pieces);
    return 0;
}
