/* tests/fhir/test_json_value.c -- looking things up in a document that was read. */
#include "fhir/json.h"
#include "rules/base/buf.h"
#include "tests/test.h"

#define NODES_MAX   100000
#define TEXT_BYTES  ((size_t)4 << 20)
#define ARENA_BYTES ((size_t)4 << 20)

struct fixture {
    struct buf text;
    struct json_doc doc;
    struct arena arena;
};

static int set_up(void **state)
{
    static struct fixture fixture;

    buf_init(&fixture.text, TEXT_BYTES);
    json_doc_init(&fixture.doc);
    arena_init(&fixture.arena, ARENA_BYTES);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    buf_release(&fixture->text);
    json_doc_release(&fixture->doc);
    arena_release(&fixture->arena);
    return 0;
}

static struct json read_slice(struct fixture *fixture, struct slice text)
{
    struct err err = {0};

    buf_clear(&fixture->text);
    buf_add(&fixture->text, text);
    assert_false(buf_failed(&fixture->text));
    assert_ok(json_parse(&fixture->doc, buf_slice(&fixture->text), NODES_MAX, &err), &err);
    return json_root(&fixture->doc);
}

static struct json read_text(struct fixture *fixture, const char *text)
{
    return read_slice(fixture, slice_of(text));
}

/* Every accessor on a value of every type, and on none. */
static void accessors_answer_on_every_type(void **state)
{
    static const struct {
        const char *name; /* of the member in the text below; NULL: an absent cursor */
        enum json_type type;
        const char *type_name, *text, *number, *raw;
        bool is_true, is_integer;
        uint32_t count;
    } rows[] = {
        {NULL, JSON_ABSENT, "absent", "", "", "", false, false, 0},
        {"none", JSON_ABSENT, "absent", "", "", "", false, false, 0},
        {"null", JSON_NULL, "null", "", "", "null", false, false, 0},
        {"false", JSON_FALSE, "false", "", "", "false", false, false, 0},
        {"true", JSON_TRUE, "true", "", "", "true", true, false, 0},
        {"number", JSON_NUMBER, "number", "", "17", "17", false, true, 0},
        {"string", JSON_STRING, "string", "17", "", "\"17\"", false, false, 0},
        {"empty", JSON_STRING, "string", "", "", "\"\"", false, false, 0},
        {"array", JSON_ARRAY, "array", "", "", "[1, [2]]", false, false, 2},
        {"no elements", JSON_ARRAY, "array", "", "", "[ ]", false, false, 0},
        {"object", JSON_OBJECT, "object", "", "", "{\"a\":{\"b\":1}}", false, false, 1},
        {"no members", JSON_OBJECT, "object", "", "", "{}", false, false, 0},
    };
    struct fixture *fixture = *state;
    struct json root = read_text(
        fixture, "{\"null\":null,\"false\":false,\"true\":true,\"number\":17,\"string\":\"17\","
                 "\"empty\":\"\",\"array\":[1, [2]],\"no elements\":[ ],"
                 "\"object\":{\"a\":{\"b\":1}},\"no members\":{}}");

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json v = rows[i].name == NULL ? JSON_NONE : json_get(root, rows[i].name);
        int64_t number = -1;
        uint32_t x100 = 1;

        assert_int_equal(json_type(v), rows[i].type);
        assert_string_equal(json_type_name(json_type(v)), rows[i].type_name);
        assert_true(json_is(v, rows[i].type));
        assert_false(json_is(v, rows[i].type == JSON_NULL ? JSON_TRUE : JSON_NULL));
        assert_int_equal(json_is_absent(v), rows[i].type == JSON_ABSENT);
        assert_slice_equal(json_text(v, &fixture->arena), rows[i].text);
        assert_int_equal(json_text_is(v, "17"), rows[i].text[0] != '\0');
        assert_int_equal(json_text_is(v, ""), rows[i].type == JSON_STRING && !rows[i].text[0]);
        assert_slice_equal(json_number_text(v), rows[i].number);
        assert_slice_equal(json_raw(v), rows[i].raw);
        assert_int_equal(json_is_true(v), rows[i].is_true);
        assert_int_equal(json_to_i64(v, &number), rows[i].is_integer);
        assert_int_equal(number, rows[i].is_integer ? 17 : -1);
        assert_int_equal(json_to_x100(v, &x100), rows[i].is_integer);
        assert_int_equal(x100, rows[i].is_integer ? 1700 : 1);
        assert_int_equal(json_count(v), rows[i].count);
        assert_int_equal(json_is_absent(json_first(v)), rows[i].count == 0);
        assert_true(json_is_absent(json_get(v, "none")));
        assert_true(json_is_absent(json_get_slice(v, SLICE_NONE)));
        assert_slice_equal(json_name(v, &fixture->arena),
                           rows[i].type == JSON_ABSENT ? "" : rows[i].name);
    }
    assert_false(fixture->arena.has_failed);
    assert_true(json_is_absent(json_next(JSON_NONE)));
    assert_true(json_is_absent(json_next(root)));
    assert_int_equal(json_name(root, &fixture->arena).len, 0);
}

static void paths_stop_at_the_first_absent_step(void **state)
{
    static const struct {
        const char *names[3];
        size_t names_count;
        const char *want; /* raw */
    } rows[] = {
        {{NULL}, 0, "{\"a\":{\"b\":{\"c\":1}},\"x\":[{\"b\":2}],\"\":{\"\":3}}"},
        {{"a"}, 1, "{\"b\":{\"c\":1}}"},
        {{"a", "b", "c"}, 3, "1"},
        {{"a", "c"}, 2, ""},
        {{"no", "b", "c"}, 3, ""},
        {{"x", "b"}, 2, ""}, /* no look-up through an array */
        {{"", ""}, 2, "3"},
    };
    struct fixture *fixture = *state;
    struct json root = read_text(fixture, rows[0].want);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_slice_equal(json_raw(json_path(root, rows[i].names, rows[i].names_count)),
                           rows[i].want);
    assert_slice_equal(json_raw(json_at(root, "a", "b", "c")), "1");
    assert_true(json_is_absent(json_at(JSON_NONE, "a", "b")));
}

static void members_are_found_by_their_unescaped_name(void **state)
{
    static const struct {
        const char *name;
        const char *want;
    } rows[] = {
        {"plain", "1"},   {"a\"b", "2"}, {"\xc3\xa9", "3"}, {"\xf0\x9f\x92\x8a", "4"},
        {"a\\nb", "5"},   {"", "6"},     {"plai", ""},      {"plain ", ""},
        {"\\u00e9", ""},  {"a", ""},     {"a\"", ""},       {"a\"bc", ""},
        {"\xf0\x9f", ""}, {"last", "7"},
    };
    struct fixture *fixture = *state;
    struct json root =
        read_text(fixture, "{\"plain\":1,\"a\\\"b\":2,\"\\u00e9\":3,\"\\ud83d\\udc8a\":4,"
                           "\"a\\\\nb\":5,\"\":6,\"last\":7}");

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json member = json_get(root, rows[i].name);

        assert_slice_equal(json_raw(member), rows[i].want);
        if (rows[i].want[0] != '\0')
            assert_slice_equal(json_name(member, &fixture->arena), rows[i].name);
    }
    assert_true(json_is_absent(json_get(root, NULL)) == false); /* NULL reads as "" */
}

static void iteration_follows_the_document(void **state)
{
    static const struct {
        const char *text;
        const char *want; /* raw values with their names */
    } rows[] = {
        {"[]", ""},
        {"[ \n ]", ""},
        {"{}", ""},
        {"1", ""},
        {"\"ab\"", ""},
        {"[1]", "=1 "},
        {"[1,[2,[3]],{\"a\":[4]},5]", "=1 =[2,[3]] ={\"a\":[4]} =5 "},
        {"[[],[],{}]", "=[] =[] ={} "},
        {"{\"a\":{\"b\":{}},\"c\":[[]],\"\":null}", "a={\"b\":{}} c=[[]] =null "},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json root = read_text(fixture, rows[i].text);
        uint32_t count = 0;
        struct buf got;

        buf_init(&got, 1000);
        for (struct json e = json_first(root); !json_is_absent(e); e = json_next(e)) {
            buf_add(&got, json_name(e, &fixture->arena));
            buf_add_text(&got, "=");
            buf_add(&got, json_raw(e));
            buf_add_text(&got, " ");
            count++;
        }
        assert_slice_equal(buf_slice(&got), rows[i].want);
        assert_int_equal(json_count(root), count);
        buf_release(&got);
    }
}

static void texts_are_unescaped(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } rows[] = {
        {"\"\"", ""},
        {"\"plain\"", "plain"},
        {"\"\\\"\"", "\""},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"a\\nb\"", "a\nb"},
        {"\"\\nab\\n\"", "\nab\n"},
        {"\"\\u0001\\u007f\"", "\x01\x7f"},
        {"\"\\u0080\\u07ff\"", "\xc2\x80\xdf\xbf"},
        {"\"\\u0800\\uffff\"", "\xe0\xa0\x80\xef\xbf\xbf"},
        {"\"\\uABCD\\uabcd\"", "\xea\xaf\x8d\xea\xaf\x8d"},
        {"\"\\ud800\\udc00\"", "\xf0\x90\x80\x80"},
        {"\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf"},
        {"\"x\\ud83d\\udc8ay\"", "x\xf0\x9f\x92\x8ay"},
        {"\"\\\\u0041\"", "\\u0041"},
        {"\"\xc3\xa9\\u00e9\"", "\xc3\xa9\xc3\xa9"},
        {"\"a long text, longer than one load, \\\"with\\\" escapes in the middle\"",
         "a long text, longer than one load, \"with\" escapes in the middle"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json value = read_text(fixture, rows[i].text);
        struct slice want = slice_of(rows[i].want);
        struct slice text = json_text(value, &fixture->arena);

        assert_slice_equal(text, rows[i].want);
        assert_true(json_text_is(value, rows[i].want));
        assert_false(json_text_is(value, "another"));
        for (size_t len = 0; len < want.len; len++) {
            char shorter[100] = {0};

            memcpy(shorter, want.ptr, len);
            assert_false(json_text_is(value, shorter));
        }
        if (strchr(rows[i].text, '\\') == NULL) /* borrowed: no copy was made */
            assert_ptr_equal(text.ptr, fixture->text.bytes + 1);
    }
}

/* All of \u0001 to \uffff, against an encoder written down another way. */
static void each_unit_stands_for_its_character(void **state)
{
    struct fixture *fixture = *state;
    struct json_doc doc = {0};

    for (unsigned unit = 0; unit <= 0xffff; unit++) {
        bool is_refused = unit == 0 || (unit >= 0xd800 && unit <= 0xdfff);
        char text[JSON_PADDING + 16] = {0}, want[4] = {0};
        struct slice slice = {.ptr = text};
        struct err err = {0};

        slice.len = (size_t)snprintf(text, 16, unit % 2 ? "\"\\u%04x\"" : "\"\\u%04X\"", unit);
        assert_int_equal(json_parse(&doc, slice, 1, &err), is_refused ? ERR_SYNTAX : ERR_OK);
        if (is_refused)
            continue;
        if (unit < 0x80) {
            want[0] = (char)unit;
        } else if (unit < 0x800) {
            want[0] = (char)(0xc0 + unit / 64);
            want[1] = (char)(0x80 + unit % 64);
        } else {
            want[0] = (char)(0xe0 + unit / 4096);
            want[1] = (char)(0x80 + unit / 64 % 64);
            want[2] = (char)(0x80 + unit % 64);
        }
        assert_true(json_text_is(json_root(&doc), want));
        arena_reset(&fixture->arena);
        assert_true(slice_eq_text(json_text(json_root(&doc), &fixture->arena), want));
    }
    json_doc_release(&doc);
}

static void a_full_arena_gives_an_empty_text_and_says_so(void **state)
{
    struct fixture *fixture = *state;
    struct json root = read_text(fixture, "{\"\\n\":\"\\t\",\"plain\":\"text\"}");
    struct arena full;

    arena_init(&full, 0);
    assert_slice_equal(json_text(json_get(root, "plain"), &full), "text");
    assert_slice_equal(json_name(json_get(root, "plain"), &full), "plain");
    assert_false(full.has_failed);
    assert_int_equal(json_text(json_first(root), &full).len, 0);
    assert_true(full.has_failed);
    full.has_failed = false;
    assert_int_equal(json_name(json_first(root), &full).len, 0);
    assert_true(full.has_failed);
    assert_true(json_text_is(json_first(root), "\t")); /* needs no memory */
    arena_release(&full);
}

static void numbers_keep_their_text_and_convert_exactly(void **state)
{
    static const struct {
        const char *text;
        bool is_integer, has_x100;
        uint32_t x100;
        int64_t integer;
    } rows[] = {
        {"0", true, true, 0, 0},
        {"-0", true, false, 0, 0},
        {"7", true, true, 700, 7},
        {"-7", true, false, 0, -7},
        {"0.10", false, true, 10, 0},
        {"0.1", false, true, 10, 0},
        {"0.25", false, true, 25, 0},
        {"1.0", false, true, 100, 0},
        {"1.255", false, false, 0, 0},
        {"1e2", false, false, 0, 0},
        {"1E-1", false, false, 0, 0},
        {"1000000", true, true, 100000000, 1000000},
        {"1000001", true, false, 0, 1000001},
        {"9223372036854775807", true, false, 0, INT64_MAX},
        {"9223372036854775808", false, false, 0, 0},
        {"-9223372036854775808", true, false, 0, INT64_MIN},
        {"-9223372036854775809", false, false, 0, 0},
        {"18446744073709551616", false, false, 0, 0},
        {"12345678901234567890123.4567890", false, false, 0, 0},
        {"1e999", false, false, 0, 0},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json value = read_text(fixture, rows[i].text);
        int64_t integer = 5;
        uint32_t x100 = 5;

        assert_slice_equal(json_number_text(value), rows[i].text);
        assert_slice_equal(json_raw(value), rows[i].text);
        assert_int_equal(json_to_i64(value, &integer), rows[i].is_integer);
        assert_true(integer == (rows[i].is_integer ? rows[i].integer : 5));
        assert_int_equal(json_to_x100(value, &x100), rows[i].has_x100);
        assert_int_equal(x100, rows[i].has_x100 ? rows[i].x100 : 5);
    }
}

static void raw_is_the_value_without_what_stands_around_it(void **state)
{
    static const struct {
        const char *text;
        const char *want; /* of the member "v" */
    } rows[] = {
        {"{\"v\":1}", "1"},
        {"{ \"v\" : 1 }", "1"},
        {" {\"v\" :\n{ \"a\" : [ ] } , \"w\":2}", "{ \"a\" : [ ] }"},
        {"{\"v\":\"a\\\"b\"}", "\"a\\\"b\""},
        {"{\"v\":[1,2 ] }", "[1,2 ]"},
        {"\xef\xbb\xbf{\"v\":true}", "true"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_slice_equal(json_raw(json_get(read_text(fixture, rows[i].text), "v")),
                           rows[i].want);
    assert_slice_equal(json_raw(read_text(fixture, "  [1] \n")), "[1]");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(accessors_answer_on_every_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(paths_stop_at_the_first_absent_step, set_up, tear_down),
        cmocka_unit_test_setup_teardown(members_are_found_by_their_unescaped_name, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(iteration_follows_the_document, set_up, tear_down),
        cmocka_unit_test_setup_teardown(texts_are_unescaped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_unit_stands_for_its_character, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_arena_gives_an_empty_text_and_says_so, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(numbers_keep_their_text_and_convert_exactly, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(raw_is_the_value_without_what_stands_around_it, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
