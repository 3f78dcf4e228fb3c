/* gateway/hooks/card_escape.c -- text from outside, safe inside Markdown and HTML.
 *
 * Star alleles contain '*', laboratories write '_' and '`', and anybody may write a tag. Marks
 * that mean something inside a line of GitHub Flavored Markdown are escaped by a backslash;
 * brackets are, so parentheses need not be. Bare links must not come alive either: '@', the ':'
 * of a scheme and the dot of "www." are escaped too. '<', '>' and '&' become entities, because
 * some clients render the detail as HTML. Outside text never begins a line, so marks that only
 * count there stay as they are. Characters that reorder what is shown (Unicode bidirectional
 * controls) are dropped.
 */
#include "gateway/hooks/card.h"

#define ESCAPED_BYTES_MAX 200 /* of one piece of outside text, before escaping */

static bool follows(struct slice text, size_t at, struct slice word)
{
    return at >= word.len &&
           slice_eq_nocase((struct slice){text.ptr + at - word.len, word.len}, word);
}

static bool is_meaningful(struct slice text, size_t at)
{
    static const char MARKS[] = "\\`*_[]~@";
    char c = text.ptr[at];

    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return false;
    if (c == '.')
        return follows(text, at, SLICE("www"));
    if (c == ':')
        return (at + 1 < text.len && text.ptr[at + 1] == '/') ||
               follows(text, at, SLICE("mailto")) || follows(text, at, SLICE("xmpp"));
    return strchr(MARKS, c) != NULL;
}

/* U+202A to U+202E and U+2066 to U+2069. */
static bool is_bidi_control(struct slice rest)
{
    unsigned char last;

    if (rest.len < 3 || !slice_starts(rest, SLICE("\xE2")))
        return false;
    last = (unsigned char)rest.ptr[2];
    return (rest.ptr[1] == '\x80' && last >= 0xAA && last <= 0xAE) ||
           (rest.ptr[1] == '\x81' && last >= 0xA6 && last <= 0xA9);
}

/* The most bytes that keep UTF-8 characters whole. */
static struct slice cap(struct slice text)
{
    size_t len = ESCAPED_BYTES_MAX;

    if (text.len <= len)
        return text;
    while (len > 0 && ((unsigned char)text.ptr[len] & 0xC0) == 0x80)
        len--;
    return slice_head(text, len);
}

/* Letters, digits and , ; - ( ): bit c % 64 of the word for c / 64. */
static bool is_plain(unsigned char c)
{
    static const uint64_t PLAIN[4] = {
        (uint64_t)0x3FF << '0' | (uint64_t)1 << ',' | (uint64_t)1 << ';' | (uint64_t)1 << '-' |
            (uint64_t)1 << '(' | (uint64_t)1 << ')',
        (uint64_t)0x3FFFFFF << ('A' - 64) | (uint64_t)0x3FFFFFF << ('a' - 64),
    };

    return (PLAIN[c / 64] >> c % 64 & 1) != 0;
}

/* How many bytes from `at` on need no look, single spaces within included: the words of a card
 * are mostly such. */
static size_t plain_run(struct slice text, size_t at)
{
    size_t end = at;

    while (end < text.len && (is_plain((unsigned char)text.ptr[end]) ||
                              (text.ptr[end] == ' ' && end > at && end + 1 < text.len &&
                               is_plain((unsigned char)text.ptr[end + 1]))))
        end++;
    return end - at;
}

static void escape(struct buf *buf, struct slice shown)
{
    bool owes_space = false;

    for (size_t i = 0; i < shown.len; i++) {
        unsigned char c = (unsigned char)shown.ptr[i];
        size_t run = plain_run(shown, i);

        if (run > 0) {
            if (owes_space)
                buf_add_char(buf, ' ');
            owes_space = false;
            buf_add(buf, (struct slice){shown.ptr + i, run});
            i += run - 1;
            continue;
        }
        if (c <= ' ' || c == 0x7F) {
            owes_space = c == ' ' || (c >= '\t' && c <= '\r') || owes_space;
            continue;
        }
        if (is_bidi_control(slice_from(shown, i))) {
            i += 2;
            continue;
        }
        if (owes_space)
            buf_add_char(buf, ' ');
        owes_space = false;
        if (c == '<')
            buf_add_text(buf, "&lt;");
        else if (c == '>')
            buf_add_text(buf, "&gt;");
        else if (c == '&')
            buf_add_text(buf, "&amp;");
        else {
            if (is_meaningful(shown, i))
                buf_add_char(buf, '\\');
            buf_add_char(buf, (char)c);
        }
    }
}

void card_words(struct buf *buf, struct slice text)
{
    escape(buf, slice_trim(text));
}

void card_escape(struct buf *buf, struct slice text)
{
    struct slice shown = cap(slice_trim(text));

    escape(buf, shown);
    if (shown.len < slice_trim(text).len)
        buf_add_text(buf, "\xE2\x80\xA6");
}
