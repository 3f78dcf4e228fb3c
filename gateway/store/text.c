/* gateway/store/text.c -- checking UTF-8. */
#include "gateway/store/text.h"

/* Well-formed UTF-8 byte sequences (Unicode 15.0, table 3-7): lead bytes, the range of the
 * second byte, and the length. Further bytes are 80..BF. */
static const struct {
    unsigned char lead_from, lead_to, second_from, second_to, len;
} SEQUENCES[] = {
    {0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

size_t text_char_len(struct slice s)
{
    const unsigned char *bytes = (const unsigned char *)s.ptr;
    size_t row = 0;

    if (s.len == 0)
        return 0;
    while (row < ARRAY_LEN(SEQUENCES) &&
           !(bytes[0] >= SEQUENCES[row].lead_from && bytes[0] <= SEQUENCES[row].lead_to))
        row++;
    if (row == ARRAY_LEN(SEQUENCES) || SEQUENCES[row].len > s.len)
        return 0;
    if (SEQUENCES[row].len > 1 &&
        (bytes[1] < SEQUENCES[row].second_from || bytes[1] > SEQUENCES[row].second_to))
        return 0;
    for (size_t i = 2; i < SEQUENCES[row].len; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    return SEQUENCES[row].len;
}

bool text_is_utf8(struct slice s)
{
    while (s.len > 0) {
        size_t len = text_char_len(s);

        if (len == 0)
            return false;
        s = slice_from(s, len);
    }
    return true;
}

size_t text_chars(struct slice s)
{
    size_t count = 0;

    for (size_t i = 0; i < s.len; i++)
        if (((unsigned char)s.ptr[i] & 0xc0) != 0x80)
            count++;
    return count;
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

bool text_has_control(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (is_control(s.ptr[i]))
            return true;
    return false;
}

struct slice text_head(struct slice s, size_t bytes_max)
{
    struct slice head = slice_head(s, bytes_max);

    if (head.len == s.len)
        return head;
    while (head.len > 0 && ((unsigned char)s.ptr[head.len] & 0xc0) == 0x80)
        head.len--;
    return head;
}

void text_clean(struct slice s, char *ret)
{
    while (s.len > 0) {
        size_t len = text_char_len(s);

        if (len == 0 || is_control(s.ptr[0])) {
            *ret = '?';
            len = 1;
        } else {
            memcpy(ret, s.ptr, len);
        }
        ret += len;
        s = slice_from(s, len);
    }
}
