/* tests/gateway/test_card_escape.c -- nothing from the record becomes Markdown or HTML. */
#include "tests/test.h"

#include "gateway/hooks/card.h"

static void outside_text_shows_as_written(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } rows[] = {
        {"", ""},
        {"Demo Laboratory", "Demo Laboratory"},
        {"*2/*2", "\\*2/\\*2"},
        {"c.1905+1G>A (*2A)", "c.1905+1G&gt;A (\\*2A)"},
        {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"a & b", "a &amp; b"},
        {"**bold** _it_ `code`", "\\*\\*bold\\*\\* \\_it\\_ \\`code\\`"},
        {"[click](http://evil.example)", "\\[click\\](http\\://evil.example)"},
        {"www.evil.example", "www\\.evil.example"},
        {"WWW.evil.example", "WWW\\.evil.example"},
        {"a@b.example", "a\\@b.example"},
        {"# head\n- item\n1. x", "# head - item 1. x"},
        {"| a | b |", "| a | b |"},
        {"HLA-B*57:01:01", "HLA-B\\*57:01:01"},
        {"mailto:a", "mailto\\:a"},
        {"https://evil.example", "https\\://evil.example"},
        {"~~gone~~", "\\~\\~gone\\~\\~"},
        {"back\\slash", "back\\\\slash"},
        {"  much   space \t here  ", "much space here"},
        {"bell\x07 and \x7f del", "bell and del"},
        {"right\xE2\x80\xAEleft", "rightleft"},
        {"isolate\xE2\x81\xA6x", "isolatex"},
        {"caf\xC3\xA9 \xE2\x82\xAC", "caf\xC3\xA9 \xE2\x82\xAC"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf buf;

        buf_init(&buf, 4096);
        card_escape(&buf, slice_of(rows[i].text));
        assert_slice_equal(buf_slice(&buf), rows[i].want);
        buf_release(&buf);
    }
}

static void long_text_is_cut_between_characters(void **state)
{
    char text[1024];
    struct buf buf;

    (void)state;
    for (size_t i = 0; i + 1 < sizeof text; i += 2) {
        text[i] = '\xC3';
        text[i + 1] = '\xA9';
    }
    for (size_t offset = 0; offset < 2; offset++) {
        buf_init(&buf, 4096);
        text[0] = offset == 0 ? '\xC3' : 'x';
        text[1] = offset == 0 ? '\xA9' : 'y';
        card_escape(&buf, (struct slice){text + offset, sizeof text - offset});
        assert_true(buf.len < 220);
        assert_true(slice_ends(buf_slice(&buf), SLICE("\xC3\xA9\xE2\x80\xA6")));
        buf_release(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outside_text_shows_as_written),
        cmocka_unit_test(long_text_is_cut_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
