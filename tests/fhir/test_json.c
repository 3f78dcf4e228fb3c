/* tests/fhir/test_json.c -- what the JSON reader accepts, refuses and says about it.
 *
 * Each text is read from memory of exactly len + JSON_PADDING bytes, so that the address
 * sanitizer sees a load that goes further, and more than once, with paddings that would
 * continue the text: they must change nothing.
 */
#include "fhir/json.h"
#include "rules/base/buf.h"
#include "tests/test.h"

#define NODES_MAX 1000000

/* A slice in a table of constants. */
#define TEXT(literal)                                                                          \
    {                                                                                          \
        .ptr = "" literal, .len = sizeof(literal) - 1                                          \
    }

struct reading {
    char *bytes;
    struct json_doc doc;
    struct err err;
    enum err_code code;
};

static struct reading read_padded(struct slice text, const char *padding, uint32_t nodes_max)
{
    size_t padding_len = strlen(padding);
    struct reading reading = {.bytes = malloc(text.len + JSON_PADDING)};

    assert_non_null(reading.bytes);
    if (text.len > 0)
        memcpy(reading.bytes, text.ptr, text.len);
    for (size_t i = 0; i < JSON_PADDING; i++)
        reading.bytes[text.len + i] = padding[i % padding_len];
    json_doc_init(&reading.doc);
    reading.code = json_parse(&reading.doc, (struct slice){reading.bytes, text.len}, nodes_max,
                              &reading.err);
    assert_int_equal(reading.code, reading.err.code);
    if (reading.code != ERR_OK)
        assert_true(json_is_absent(json_root(&reading.doc)));
    return reading;
}

static void release(struct reading *reading)
{
    json_doc_release(&reading->doc);
    free(reading->bytes);
}

/* Reads with each padding; all must agree. The caller releases the last. */
static struct reading read_text(struct slice text)
{
    static const char *const PADDINGS[] = {"\"",    "]",     "}",    "1",        "0",  ".5",
                                           "e",     " ",     ",",    ":1,\"a\"", "\\", "\xbf",
                                           "]}],1", "udc00", "true", "\xff"};
    struct reading reading = read_padded(text, " ", NODES_MAX);

    for (size_t i = 0; i < ARRAY_LEN(PADDINGS); i++) {
        struct reading other = read_padded(text, PADDINGS[i], NODES_MAX);

        assert_int_equal(reading.code, other.code);
        assert_string_equal(reading.err.text, other.err.text);
        release(&reading);
        reading = other;
    }
    return reading;
}

static void assert_code(struct slice text, enum err_code want)
{
    struct reading reading = read_text(text);

    if (reading.code != want)
        fail_msg("%.*s: got %s (%s), want %s", SLICE_ARG(text), err_code_name(reading.code),
                 reading.err.text, err_code_name(want));
    release(&reading);
}

static void valid_texts_are_read(void **state)
{
    static const struct {
        struct slice text;
        enum json_type type;
    } rows[] = {
        {TEXT("{}"), JSON_OBJECT},
        {TEXT("[]"), JSON_ARRAY},
        {TEXT("\"\""), JSON_STRING},
        {TEXT("0"), JSON_NUMBER},
        {TEXT("-0"), JSON_NUMBER},
        {TEXT("7"), JSON_NUMBER},
        {TEXT("12345678901234567890123456789012345678901234567890"), JSON_NUMBER},
        {TEXT("-1.5"), JSON_NUMBER},
        {TEXT("0.000"), JSON_NUMBER},
        {TEXT("1e5"), JSON_NUMBER},
        {TEXT("1E+05"), JSON_NUMBER},
        {TEXT("0e-0"), JSON_NUMBER},
        {TEXT("1.25e-300"), JSON_NUMBER},
        {TEXT("1e999"), JSON_NUMBER},
        {TEXT("true"), JSON_TRUE},
        {TEXT("false"), JSON_FALSE},
        {TEXT("null"), JSON_NULL},
        {TEXT(" \t\r\n1 \t\r\n"), JSON_NUMBER},
        {TEXT("                                  [ ]                    "), JSON_ARRAY},
        {TEXT(" { \"a\" : [ 1 , 2 ] , \"b\" : { } } "), JSON_OBJECT},
        {TEXT("[[],{},[[]],[{}],{\"\":[]}]"), JSON_ARRAY},
        {TEXT("{\"\":1}"), JSON_OBJECT},
        {TEXT("\xef\xbb\xbf{}"), JSON_OBJECT},
        {TEXT("\xef\xbb\xbf {}"), JSON_OBJECT},
        {TEXT("\"\xef\xbb\xbf\""), JSON_STRING},
        {TEXT("\"\x7f\""), JSON_STRING},
        {TEXT("\"/\""), JSON_STRING},
        {TEXT("\"'\""), JSON_STRING},
        {TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), JSON_STRING},
        {TEXT("\"\\u0001\\u00ff\\uFFFF\\uffFe\\ud7ff\\ue000\""), JSON_STRING},
        {TEXT("\"\\ud800\\udc00\\uDBFF\\uDFFF\""), JSON_STRING},
        {TEXT("\"\\\\u0000\""), JSON_STRING}, /* a backslash, then letters */
        {TEXT("\"// /* */ # , ] } NaN\""), JSON_STRING},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct reading reading = read_text(rows[i].text);

        assert_ok(reading.code, &reading.err);
        assert_int_equal(json_type(json_root(&reading.doc)), rows[i].type);
        release(&reading);
    }
}

static const struct {
    struct slice text;
    const char *want;
} INVALID[] = {
    {TEXT(""), "JSON: text ends early at byte 0"},
    {TEXT("  \n"), "JSON: text ends early at byte 3"},
    {TEXT("\xef\xbb\xbf"), "JSON: text ends early at byte 3"},
    {TEXT("\xef\xbb"), "JSON: unexpected byte at byte 0"},
    {TEXT(" \xef\xbb\xbf{}"), "JSON: unexpected byte at byte 1"},
    {TEXT("\xef\xbb\xbf\xef\xbb\xbf{}"), "JSON: unexpected byte at byte 3"},
    {TEXT("\xff\xfe{\0}\0"), "JSON: unexpected byte at byte 0"},
    {TEXT("{} {}"), "JSON: something follows the value at byte 3"},
    {TEXT("[]]"), "JSON: something follows the value at byte 2"},
    {TEXT("1 2"), "JSON: something follows the value at byte 2"},
    {TEXT("{}\0"), "JSON: something follows the value at byte 2"},
    {TEXT("truetrue"), "JSON: something follows the value at byte 4"},
    {TEXT("[1,]"), "JSON: unexpected byte at byte 3"},
    {TEXT("[,1]"), "JSON: unexpected byte at byte 1"},
    {TEXT("[1,,2]"), "JSON: unexpected byte at byte 3"},
    {TEXT("[1 2]"), "JSON: unexpected byte at byte 3"},
    {TEXT("[1:2]"), "JSON: unexpected byte at byte 2"},
    {TEXT("[1}"), "JSON: unexpected byte at byte 2"},
    {TEXT("[}"), "JSON: unexpected byte at byte 1"},
    {TEXT("{]"), "JSON: unexpected byte at byte 1"},
    {TEXT("]"), "JSON: unexpected byte at byte 0"},
    {TEXT("{\"a\":1,}"), "JSON: unexpected byte at byte 7"},
    {TEXT("{,\"a\":1}"), "JSON: unexpected byte at byte 1"},
    {TEXT("{\"a\"}"), "JSON: unexpected byte at byte 4"},
    {TEXT("{\"a\",1}"), "JSON: unexpected byte at byte 4"},
    {TEXT("{\"a\":}"), "JSON: unexpected byte at byte 5"},
    {TEXT("{\"a\"::1}"), "JSON: unexpected byte at byte 5"},
    {TEXT("{\"a\":1 \"b\":2}"), "JSON: unexpected byte at byte 7"},
    {TEXT("{\"a\":1]"), "JSON: unexpected byte at byte 6"},
    {TEXT("{a:1}"), "JSON: unexpected byte at byte 1"},
    {TEXT("{1:1}"), "JSON: unexpected byte at byte 1"},
    {TEXT("{null:1}"), "JSON: unexpected byte at byte 1"},
    {TEXT("{[]:1}"), "JSON: unexpected byte at byte 1"},
    {TEXT("{'a':1}"), "JSON: unexpected byte at byte 1"},
    {TEXT("['a']"), "JSON: unexpected byte at byte 1"},
    {TEXT("[1]//x"), "JSON: something follows the value at byte 3"},
    {TEXT("/* x */[1]"), "JSON: unexpected byte at byte 0"},
    {TEXT("[1/**/]"), "JSON: unexpected byte at byte 2"},
    {TEXT("#\n1"), "JSON: unexpected byte at byte 0"},
    {TEXT("\f1"), "JSON: unexpected byte at byte 0"},
    {TEXT("1\v"), "JSON: something follows the value at byte 1"},
    {TEXT("[\xc2\xa0]"), "JSON: unexpected byte at byte 1"},
    {TEXT("\0"), "JSON: unexpected byte at byte 0"},
    {TEXT("[\0]"), "JSON: unexpected byte at byte 1"},
    {TEXT("True"), "JSON: unexpected byte at byte 0"},
    {TEXT("TRUE"), "JSON: unexpected byte at byte 0"},
    {TEXT("[tru]"), "JSON: unexpected byte at byte 1"},
    {TEXT("[nul"), "JSON: unexpected byte at byte 1"},
    {TEXT("[nulL]"), "JSON: unexpected byte at byte 1"},
    {TEXT("[falsy]"), "JSON: unexpected byte at byte 1"},
    {TEXT("[truer]"), "JSON: unexpected byte at byte 5"},
    {TEXT("NaN"), "JSON: unexpected byte at byte 0"},
    {TEXT("[nan]"), "JSON: unexpected byte at byte 1"},
    {TEXT("Infinity"), "JSON: unexpected byte at byte 0"},
    {TEXT("[-Infinity]"), "JSON: malformed number at byte 1"},
    {TEXT("undefined"), "JSON: unexpected byte at byte 0"},
    {TEXT("01"), "JSON: malformed number at byte 0"},
    {TEXT("[-01]"), "JSON: malformed number at byte 1"},
    {TEXT("00"), "JSON: malformed number at byte 0"},
    {TEXT("-"), "JSON: malformed number at byte 0"},
    {TEXT("[--1]"), "JSON: malformed number at byte 1"},
    {TEXT("[+1]"), "JSON: unexpected byte at byte 1"},
    {TEXT("[.5]"), "JSON: unexpected byte at byte 1"},
    {TEXT("[-.5]"), "JSON: malformed number at byte 1"},
    {TEXT("[1.]"), "JSON: malformed number at byte 1"},
    {TEXT("[1.e5]"), "JSON: malformed number at byte 1"},
    {TEXT("[1e]"), "JSON: malformed number at byte 1"},
    {TEXT("[1e+]"), "JSON: malformed number at byte 1"},
    {TEXT("[1E-x]"), "JSON: malformed number at byte 1"},
    {TEXT("[1e5.5]"), "JSON: unexpected byte at byte 4"},
    {TEXT("[1.5.5]"), "JSON: unexpected byte at byte 4"},
    {TEXT("[0x10]"), "JSON: unexpected byte at byte 2"},
    {TEXT("[1_000]"), "JSON: unexpected byte at byte 2"},
    {TEXT("[1-2]"), "JSON: unexpected byte at byte 2"},
    {TEXT("\"a\nb\""), "JSON: control character in a string at byte 2"},
    {TEXT("\"\t\""), "JSON: control character in a string at byte 1"},
    {TEXT("\"\0\""), "JSON: control character in a string at byte 1"},
    {TEXT("{\"a\x1f\":1}"), "JSON: control character in a string at byte 3"},
    {TEXT("\"\\a\""), "JSON: malformed escape at byte 1"},
    {TEXT("\"\\'\""), "JSON: malformed escape at byte 1"},
    {TEXT("\"\\0\""), "JSON: malformed escape at byte 1"},
    {TEXT("\"\\x41\""), "JSON: malformed escape at byte 1"},
    {TEXT("\"\\U0041\""), "JSON: malformed escape at byte 1"},
    {TEXT("\"\\\0\""), "JSON: malformed escape at byte 1"},
    {TEXT("\"\\\n\""), "JSON: malformed escape at byte 1"},
    {TEXT("\"\\u\""), "JSON: malformed escape at byte 1"},
    {TEXT("\"\\u12\""), "JSON: malformed escape at byte 1"},
    {TEXT("\"ab\\u123g\""), "JSON: malformed escape at byte 3"},
    {TEXT("\"\\u 123\""), "JSON: malformed escape at byte 1"},
    {TEXT("\"\\u+123\""), "JSON: malformed escape at byte 1"},
    {TEXT("\"\\u0000\""), "JSON: U+0000 in a string at byte 1"},
    {TEXT("{\"a\\u0000b\":1}"), "JSON: U+0000 in a string at byte 3"},
    {TEXT("\"\\ud800\""), "JSON: lone surrogate at byte 1"},
    {TEXT("\"\\udbff\""), "JSON: lone surrogate at byte 1"},
    {TEXT("\"\\udc00\""), "JSON: lone surrogate at byte 1"},
    {TEXT("\"\\udfff\\ud800\""), "JSON: lone surrogate at byte 1"},
    {TEXT("\"\\ud800\\ud800\""), "JSON: lone surrogate at byte 1"},
    {TEXT("\"\\udc00\\udc00\""), "JSON: lone surrogate at byte 1"},
    {TEXT("\"\\ud800"), "JSON: lone surrogate at byte 1"},
    {TEXT("\"\\ud800\\"), "JSON: lone surrogate at byte 1"},
    {TEXT("\"\\ud800\\u"), "JSON: malformed escape at byte 1"},
    {TEXT("\"\\ud800\\udc0"), "JSON: malformed escape at byte 1"},
    {TEXT("\"\\ud800\\udc00"), "JSON: text ends early at byte 13"},
    {TEXT("\""), "JSON: text ends early at byte 1"},
    {TEXT("\"abc"), "JSON: text ends early at byte 4"},
    {TEXT("\"\\"), "JSON: text ends early at byte 2"},
    {TEXT("\"\\u006"), "JSON: malformed escape at byte 1"},
    {TEXT("\"\\ud800\\u0041\""), "JSON: lone surrogate at byte 1"},
    {TEXT("\"\\ud800 \\udc00\""), "JSON: lone surrogate at byte 1"},
    {TEXT("\"\\ud800\\ndc00\""), "JSON: lone surrogate at byte 1"},
    {TEXT("\"\\ud800\\udc0\""), "JSON: malformed escape at byte 1"},
    {TEXT("{\"\\udead\":1}"), "JSON: lone surrogate at byte 2"},
};

static void invalid_texts_are_refused_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(INVALID); i++) {
        struct reading reading = read_text(INVALID[i].text);

        if (reading.code != ERR_SYNTAX || strcmp(reading.err.text, INVALID[i].want) != 0)
            fail_msg("%.*s: got %s (%s), want %s", SLICE_ARG(INVALID[i].text),
                     err_code_name(reading.code), reading.err.text, INVALID[i].want);
        release(&reading);
    }
}

/* Every byte in each place of the grammar. */
static void only_the_right_bytes_stand_between_values(void **state)
{
    static const struct {
        const char *before, *behind;
        const char *allowed;
    } rows[] = {
        {"[1", "2]", "0123456789,.eE"},
        {"[\"a\"", "\"b\"]", ","},
        {"[[]", "[]]", ","},
        {"{\"a\"", "1}", ":"},
        {"{\"a\":1", "\"b\":2}", ","},
        {"{\"a\":[]", "}", " \t\r\n"},
        {"[", "]", " \t\r\n0123456789"},
        {"{", "}", " \t\r\n"},
        {"", "[]", " \t\r\n"},
        {"[]", "", " \t\r\n"},
        {"", "", "0123456789"},
        {"{", "a\":1}", "\""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (int byte = 0; byte < 256; byte++) {
            bool is_allowed = byte != 0 && strchr(rows[i].allowed, byte) != NULL;
            struct reading reading;
            struct buf text;

            buf_init(&text, 100);
            buf_add(&text, slice_of(rows[i].before));
            buf_add_char(&text, (char)byte);
            buf_add(&text, slice_of(rows[i].behind));
            reading = read_padded(buf_slice(&text), "]", NODES_MAX);
            if ((reading.code == ERR_OK) != is_allowed)
                fail_msg("%.*s", SLICE_ARG(buf_slice(&text)));
            release(&reading);
            buf_release(&text);
        }
}

static const char RICH[] =
    "{\"a\":[1,-2.5e+3,true,false,null],\"\\u00e9\\n\":\"\xc3\xa9 \\ud83d"
    "\\udc8a\xf0\x9f\x92\x8a\",\"long enough for two loads of 16 bytes\":"
    "{ \"x\" : [ ] , \"y\" : [ { } ] }}";

static void every_truncation_is_refused(void **state)
{
    struct slice rich = slice_of(RICH);

    (void)state;
    assert_code(rich, ERR_OK);
    for (size_t len = 0; len < rich.len; len++) {
        struct json_doc doc = {0};
        struct err err = {0};

        assert_code(slice_head(rich, len), ERR_SYNTAX);
        /* Here the missing rest does stand behind the end. */
        if (rich.len - len >= JSON_PADDING)
            assert_int_equal(json_parse(&doc, slice_head(rich, len), NODES_MAX, &err),
                             ERR_SYNTAX);
        json_doc_release(&doc);
    }
}

/* Replaces each byte by each other value: nothing may crash, and what is accepted by chance
 * must still be a document. */
static void damaged_bytes_do_no_harm(void **state)
{
    size_t len = sizeof RICH - 1, accepted = 0;
    char text[sizeof RICH];

    (void)state;
    for (size_t at = 0; at < len; at++)
        for (int byte = 0; byte < 256; byte++) {
            struct reading reading;

            memcpy(text, RICH, sizeof RICH);
            text[at] = (char)byte;
            reading = read_padded((struct slice){text, len}, "\"", NODES_MAX);
            accepted += reading.code == ERR_OK;
            if (reading.code == ERR_OK)
                assert_int_equal(json_raw(json_root(&reading.doc)).len, len);
            release(&reading);
        }
    assert_true(accepted > len); /* each byte by itself, at least */
}

/* A quote, an escape, a control character or a byte above ASCII at each place of strings of
 * each length around the size of a load. */
static void strings_of_every_length_end_where_they_should(void **state)
{
    static const struct {
        struct slice piece;
        enum err_code want;
    } rows[] = {{TEXT("x"), ERR_OK},       {TEXT("\\n"), ERR_OK},
                {TEXT("\\\""), ERR_OK},    {TEXT("\xc3\xa9"), ERR_OK},
                {TEXT("\""), ERR_SYNTAX},  {TEXT("\x1f"), ERR_SYNTAX},
                {TEXT("\xff"), ERR_SYNTAX}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (size_t before = 0; before < 40; before++)
            for (size_t after = 1; after < 40; after++) {
                char text[100] = "\"";
                size_t len = 1 + before + rows[i].piece.len + after + 1;
                struct reading reading;

                memset(text + 1, 'a', sizeof text - 1);
                memcpy(text + 1 + before, rows[i].piece.ptr, rows[i].piece.len);
                text[len - 1] = '"';
                reading = read_padded((struct slice){text, len}, "\"", NODES_MAX);
                assert_int_equal(reading.code, rows[i].want);
                if (reading.code == ERR_OK)
                    assert_int_equal(json_raw(json_root(&reading.doc)).len, len);
                release(&reading);
            }
}

static void white_space_of_every_length_is_skipped(void **state)
{
    (void)state;
    for (size_t len = 0; len < 50; len++) {
        char text[200];
        int text_len = 0;
        static const char *const TOKENS[] = {"[", "1", ",", "{", "\"a\"", ":", "2", "}", "]"};

        if (len * (ARRAY_LEN(TOKENS) + 1) + 12 > sizeof text)
            break;
        for (size_t i = 0; i <= ARRAY_LEN(TOKENS); i++) {
            for (size_t j = 0; j < len; j++)
                text[text_len++] = " \t\n\r"[(i + j) % 4];
            for (size_t j = 0; i < ARRAY_LEN(TOKENS) && j < strlen(TOKENS[i]); j++)
                text[text_len++] = TOKENS[i][j];
        }
        assert_code((struct slice){text, (size_t)text_len}, ERR_OK);
    }
}

static void only_well_formed_utf8_is_taken(void **state)
{
    /* The classes of Unicode 15, table 3-7, at their borders. */
    static const struct {
        struct slice bytes;
        enum err_code want;
    } rows[] = {
        {TEXT("\x7f"), ERR_OK},
        {TEXT("\x80"), ERR_SYNTAX},
        {TEXT("\xbf"), ERR_SYNTAX},
        {TEXT("\xc0\x80"), ERR_SYNTAX}, /* U+0000 in two bytes */
        {TEXT("\xc1\xbf"), ERR_SYNTAX},
        {TEXT("\xc2\x80"), ERR_OK},
        {TEXT("\xc2\x7f"), ERR_SYNTAX},
        {TEXT("\xc2\xc0"), ERR_SYNTAX},
        {TEXT("\xc2"), ERR_SYNTAX},
        {TEXT("\xdf\xbf"), ERR_OK},
        {TEXT("\xe0\x9f\xbf"), ERR_SYNTAX}, /* U+07FF in three bytes */
        {TEXT("\xe0\xa0\x80"), ERR_OK},
        {TEXT("\xe1\x80\x80"), ERR_OK},
        {TEXT("\xe1\x80\x7f"), ERR_SYNTAX},
        {TEXT("\xe1\x80"), ERR_SYNTAX},
        {TEXT("\xe1"), ERR_SYNTAX},
        {TEXT("\xed\x9f\xbf"), ERR_OK},
        {TEXT("\xed\xa0\x80"), ERR_SYNTAX}, /* U+D800 */
        {TEXT("\xed\xbf\xbf"), ERR_SYNTAX}, /* U+DFFF */
        {TEXT("\xee\x80\x80"), ERR_OK},
        {TEXT("\xef\xbf\xbf"), ERR_OK},
        {TEXT("\xf0\x8f\xbf\xbf"), ERR_SYNTAX}, /* U+FFFF in four bytes */
        {TEXT("\xf0\x90\x80\x80"), ERR_OK},
        {TEXT("\xf1\x80\x80\x80"), ERR_OK},
        {TEXT("\xf1\x80\x80\xc0"), ERR_SYNTAX},
        {TEXT("\xf1\x80\x80"), ERR_SYNTAX},
        {TEXT("\xf1\x80"), ERR_SYNTAX},
        {TEXT("\xf4\x8f\xbf\xbf"), ERR_OK},
        {TEXT("\xf4\x90\x80\x80"), ERR_SYNTAX}, /* U+110000 */
        {TEXT("\xf5\x80\x80\x80"), ERR_SYNTAX},
        {TEXT("\xf8\x88\x80\x80\x80"), ERR_SYNTAX},
        {TEXT("\xfe"), ERR_SYNTAX},
        {TEXT("\xff"), ERR_SYNTAX},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[32];

        (void)snprintf(text, sizeof text, "\"%.*s\"", SLICE_ARG(rows[i].bytes));
        assert_code(slice_of(text), rows[i].want);
        (void)snprintf(text, sizeof text, "\"a%.*sb\"", SLICE_ARG(rows[i].bytes));
        assert_code(slice_of(text), rows[i].want);
        (void)snprintf(text, sizeof text, "{\"%.*s\":1}", SLICE_ARG(rows[i].bytes));
        assert_code(slice_of(text), rows[i].want);
    }
}

static void the_depth_is_limited(void **state)
{
    static const struct {
        const char *open, *value, *close;
        int times;
        enum err_code want;
    } rows[] = {
        {"[", "", "]", JSON_DEPTH_MAX, ERR_OK},
        {"[", "1", "]", JSON_DEPTH_MAX, ERR_OK},
        {"[", "", "]", JSON_DEPTH_MAX + 1, ERR_LIMIT},
        {"[", "1", "]", JSON_DEPTH_MAX + 1, ERR_LIMIT},
        {"[", "", "", JSON_DEPTH_MAX + 1, ERR_LIMIT},
        {"{\"a\":", "1", "}", JSON_DEPTH_MAX, ERR_OK},
        {"{\"a\":", "1", "}", JSON_DEPTH_MAX + 1, ERR_LIMIT},
        {"[{\"a\":", "1", "}]", JSON_DEPTH_MAX / 2, ERR_OK},
        {"[{\"a\":", "[]", "}]", JSON_DEPTH_MAX / 2, ERR_LIMIT},
        {"[", "", "", 100000, ERR_LIMIT},
        {"[[[],1],", "2", "]", JSON_DEPTH_MAX - 2, ERR_OK}, /* what is closed does not count */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf text;

        buf_init(&text, 1 << 20);
        for (int n = 0; n < rows[i].times; n++)
            buf_add(&text, slice_of(rows[i].open));
        buf_add(&text, slice_of(rows[i].value));
        for (int n = 0; n < rows[i].times; n++)
            buf_add(&text, slice_of(rows[i].close));
        assert_false(buf_failed(&text));
        assert_code(buf_slice(&text), rows[i].want);
        buf_release(&text);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_texts_are_read),
        cmocka_unit_test(invalid_texts_are_refused_with_their_place),
        cmocka_unit_test(only_the_right_bytes_stand_between_values),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(damaged_bytes_do_no_harm),
        cmocka_unit_test(strings_of_every_length_end_where_they_should),
        cmocka_unit_test(white_space_of_every_length_is_skipped),
        cmocka_unit_test(only_well_formed_utf8_is_taken),
        cmocka_unit_test(the_depth_is_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
