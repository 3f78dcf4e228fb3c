/* fhir/json_write.c -- commas, escapes and brackets for what we send.
 *
 * Invariants, asserted: a value in an object follows its name; a name stands in an object only;
 * each bracket is closed by its own kind; depth 0 holds one value. They are about our calls, so
 * they hold (and are checked) also after the buffer has overflowed.
 */
#include "fhir/json_write.h"

#include <assert.h>

#include "fhir/json_private.h"

void json_write_init(struct json_writer *writer, struct buf *buf)
{
    *writer = (struct json_writer){.buf = buf};
}

/* The comma that is owed, and the note that one will be. */
static void begin_value(struct json_writer *writer)
{
    bool is_member = writer->depth > 0 && writer->closers[writer->depth] == '}';

    assert(is_member == writer->has_name);
    assert(writer->depth > 0 || !writer->has_value[0]);
    if (writer->has_value[writer->depth])
        buf_add_char(writer->buf, ',');
    writer->has_value[writer->depth] = true;
    writer->has_name = false;
}

static void open_container(struct json_writer *writer, char opener, char closer)
{
    begin_value(writer);
    assert(writer->depth + 1 < JSON_WRITE_DEPTH_MAX);
    writer->depth++;
    writer->closers[writer->depth] = closer;
    writer->has_value[writer->depth] = false;
    buf_add_char(writer->buf, opener);
}

static void close_container(struct json_writer *writer, char closer)
{
    assert(writer->depth > 0 && !writer->has_name);
    assert(writer->closers[writer->depth] == closer);
    writer->depth--;
    buf_add_char(writer->buf, closer);
}

void json_write_object(struct json_writer *writer)
{
    open_container(writer, '{', '}');
}

void json_write_object_end(struct json_writer *writer)
{
    close_container(writer, '}');
}

void json_write_array(struct json_writer *writer)
{
    open_container(writer, '[', ']');
}

void json_write_array_end(struct json_writer *writer)
{
    close_container(writer, ']');
}

/* Bytes that stand in a string as they are, whatever follows: printable ASCII without the quote
 * and the backslash. Eight at a time: a byte below space, above '~', a quote or a backslash
 * sets the high bit of its place. */
static bool is_plain_word(const char *bytes)
{
    const uint64_t ones = UINT64_MAX / 255, high = ones * 128;
    uint64_t word, quotes, slashes;

    memcpy(&word, bytes, sizeof word);
    quotes = word ^ (ones * '"');
    slashes = word ^ (ones * '\\');
    return ((word | (word - ones * ' ') | (quotes - ones) | (slashes - ones)) & high) == 0;
}

/* How many bytes from the front of s may be copied as they are. */
static size_t plain_len(struct slice s)
{
    size_t at = 0;

    while (at < s.len) {
        unsigned char c = (unsigned char)s.ptr[at];
        unsigned len = 1;

        if (s.len - at >= 8 && is_plain_word(s.ptr + at)) {
            at += 8;
            continue;
        }
        if (c < ' ' || c == '"' || c == '\\')
            break;
        if (c >= 0x80)
            len = json_utf8_len(s.ptr + at, s.ptr + s.len);
        if (len == 0)
            break;
        at += len;
    }
    return at;
}

/* RFC 8259 section 7: the quote, the backslash and U+0000 to U+001F. */
static void add_escaped(struct buf *buf, unsigned char c)
{
    static const char LETTERS[] = "\"\"\\\\\bb\ff\nn\rr\tt";

    if (c >= 0x80) {
        buf_add_text(buf, "\xef\xbf\xbd");
        return;
    }
    for (size_t i = 0; i < sizeof LETTERS - 1; i += 2)
        if (LETTERS[i] == (char)c) {
            buf_add(buf, (struct slice){.ptr = (char[]){'\\', LETTERS[i + 1]}, .len = 2});
            return;
        }
    buf_printf(buf, "\\u%04x", c);
}

static void add_string(struct buf *buf, struct slice text)
{
    buf_add_char(buf, '"');
    while (text.len > 0) {
        size_t plain = plain_len(text);

        buf_add(buf, slice_head(text, plain));
        if (plain < text.len)
            add_escaped(buf, (unsigned char)text.ptr[plain++]);
        text = slice_from(text, plain);
    }
    buf_add_char(buf, '"');
}

static void begin_name(struct json_writer *writer)
{
    assert(writer->depth > 0 && writer->closers[writer->depth] == '}' && !writer->has_name);
    if (writer->has_value[writer->depth])
        buf_add_char(writer->buf, ',');
    writer->has_value[writer->depth] = false; /* the comma is paid */
    writer->has_name = true;
}

void json_write_name(struct json_writer *writer, const char *name)
{
    begin_name(writer);
    buf_add_char(writer->buf, '"');
    buf_add(writer->buf, slice_of(name));
    buf_add(writer->buf, SLICE("\":"));
}

void json_write_name_slice(struct json_writer *writer, struct slice name)
{
    begin_name(writer);
    add_string(writer->buf, name);
    buf_add_char(writer->buf, ':');
}

void json_write_text(struct json_writer *writer, struct slice text)
{
    begin_value(writer);
    add_string(writer->buf, text);
}

void json_write_u64(struct json_writer *writer, uint64_t value)
{
    char digits[20]; /* 2^64 - 1 has 20 */
    char *first = digits + sizeof digits;

    begin_value(writer);
    do {
        *--first = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    buf_add(writer->buf,
            (struct slice){.ptr = first, .len = (size_t)(digits + sizeof digits - first)});
}

void json_write_bool(struct json_writer *writer, bool value)
{
    begin_value(writer);
    buf_add(writer->buf, value ? SLICE("true") : SLICE("false"));
}

void json_write_raw(struct json_writer *writer, struct slice json)
{
    begin_value(writer);
    buf_add(writer->buf, json);
}

void json_write_member_text(struct json_writer *writer, const char *name, struct slice text)
{
    if (text.len == 0)
        return;
    json_write_name(writer, name);
    json_write_text(writer, text);
}

void json_write_member_u64(struct json_writer *writer, const char *name, uint64_t value)
{
    json_write_name(writer, name);
    json_write_u64(writer, value);
}

void json_write_member_bool(struct json_writer *writer, const char *name, bool value)
{
    json_write_name(writer, name);
    json_write_bool(writer, value);
}
