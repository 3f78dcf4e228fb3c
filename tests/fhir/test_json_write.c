/* tests/fhir/test_json_write.c -- what the writer writes, and which calls it refuses. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fhir/json.h"
#include "fhir/json_write.h"
#include "tests/test.h"

#define BYTES_MAX 100000

static void write_nothing_in(struct json_writer *w)
{
    json_write_object(w);
    json_write_object_end(w);
}

static void write_nested(struct json_writer *w)
{
    json_write_array(w);
    json_write_array(w);
    json_write_array_end(w);
    json_write_object(w);
    json_write_name(w, "a");
    json_write_array(w);
    json_write_u64(w, 1);
    json_write_u64(w, 2);
    json_write_object(w);
    json_write_object_end(w);
    json_write_array_end(w);
    json_write_name(w, "b");
    json_write_object(w);
    json_write_object_end(w);
    json_write_name(w, "c");
    json_write_bool(w, false);
    json_write_object_end(w);
    json_write_bool(w, true);
    json_write_array_end(w);
}

#define MEMBERS                                                                                \
    "{\"text\":\"a \\\"card\\\"\",\"u64\":18446744073709551615,\"yes\":true,"                  \
    "\"no\":false,\"raw\":{\"resourceType\":\"Patient\"}}"

static void write_members(struct json_writer *w)
{
    json_write_object(w);
    json_write_member_text(w, "empty", SLICE_NONE);
    json_write_member_text(w, "text", SLICE("a \"card\""));
    json_write_member_text(w, "empty", SLICE(""));
    json_write_member_u64(w, "u64", UINT64_MAX);
    json_write_member_bool(w, "yes", true);
    json_write_member_bool(w, "no", false);
    json_write_name(w, "raw");
    json_write_raw(w, SLICE("{\"resourceType\":\"Patient\"}"));
    json_write_member_text(w, "empty", SLICE(""));
    json_write_object_end(w);
}

static void write_only_empty_members(struct json_writer *w)
{
    json_write_object(w);
    json_write_member_text(w, "a", SLICE(""));
    json_write_member_text(w, "b", SLICE(""));
    json_write_object_end(w);
}

static void write_empty_text(struct json_writer *w)
{
    json_write_text(w, SLICE_NONE);
}

static void write_zero(struct json_writer *w)
{
    json_write_u64(w, 0);
}

static void write_odd_name(struct json_writer *w)
{
    json_write_object(w);
    json_write_name_slice(w, SLICE("a\"b\n"));
    json_write_u64(w, 10);
    json_write_object_end(w);
}

static void write_deepest(struct json_writer *w)
{
    for (int i = 1; i < JSON_WRITE_DEPTH_MAX; i++)
        json_write_array(w);
    for (int i = 1; i < JSON_WRITE_DEPTH_MAX; i++)
        json_write_array_end(w);
}

static void calls_become_text(void **state)
{
    static const struct {
        void (*write)(struct json_writer *w);
        const char *want;
    } rows[] = {
        {write_nothing_in, "{}"},
        {write_nested, "[[],{\"a\":[1,2,{}],\"b\":{},\"c\":false},true]"},
        {write_members, MEMBERS},
        {write_only_empty_members, "{}"},
        {write_empty_text, "\"\""},
        {write_zero, "0"},
        {write_odd_name, "{\"a\\\"b\\n\":10}"},
        {write_deepest, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json_writer writer;
        struct json_doc doc = {0};
        struct err err = {0};
        struct buf buf;

        buf_init(&buf, BYTES_MAX);
        json_write_init(&writer, &buf);
        rows[i].write(&writer);
        assert_slice_equal(buf_slice(&buf), rows[i].want);
        assert_ok(json_parse(&doc, buf_slice(&buf), 100, &err), &err);
        json_doc_release(&doc);
        buf_release(&buf);
    }
}

static void only_what_must_be_is_escaped(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } rows[] = {
        {"plain / 'text' <b>", "\"plain / 'text' <b>\""},
        {"\"\\", "\"\\\"\\\\\""},
        {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
        {"\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\""},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\x8a", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\x8a\""},
        {"\xff", "\"\xef\xbf\xbd\""},
        {"a\xe2\x82", "\"a\xef\xbf\xbd\xef\xbf\xbd\""}, /* cut in a character */
        {"\xed\xa0\x80z", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\""},
        {"\xc3\"", "\"\xef\xbf\xbd\\\"\""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json_writer writer;
        struct buf buf;

        buf_init(&buf, BYTES_MAX);
        json_write_init(&writer, &buf);
        json_write_text(&writer, slice_of(rows[i].text));
        assert_slice_equal(buf_slice(&buf), rows[i].want);
        buf_release(&buf);
    }
}

/* Every pair of bytes comes back as it was, when it was UTF-8; always as valid JSON. */
static void what_is_written_can_be_read(void **state)
{
    struct json_doc doc = {0};
    struct arena arena;
    struct buf buf;

    (void)state;
    arena_init(&arena, BYTES_MAX);
    buf_init(&buf, BYTES_MAX);
    for (unsigned pair = 0x0101; pair <= 0xffff; pair++) {
        char text[3] = {(char)(pair >> 8), (char)(pair & 0xff)};
        bool is_ascii = (pair & 0x8080) == 0;
        bool is_utf8 = is_ascii || (pair >= 0xc280 && pair <= 0xdfbf && (pair & 0xc0) == 0x80);
        struct json_writer writer;
        struct err err = {0};

        if ((pair & 0xff) == 0) /* U+0000 is not read: see the reader */
            continue;
        buf_clear(&buf);
        json_write_init(&writer, &buf);
        json_write_text(&writer, slice_of(text));
        assert_ok(json_parse(&doc, buf_slice(&buf), 1, &err), &err);
        assert_int_equal(json_text_is(json_root(&doc), text), is_utf8);
    }
    json_doc_release(&doc);
    buf_release(&buf);
    arena_release(&arena);
}

static void numbers_are_written_whole(void **state)
{
    static const struct {
        uint64_t value;
        const char *want;
    } rows[] = {{0, "0"},
                {9, "9"},
                {10, "10"},
                {1000000, "1000000"},
                {UINT32_MAX, "4294967295"},
                {UINT64_MAX - 1, "18446744073709551614"},
                {UINT64_MAX, "18446744073709551615"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json_writer writer;
        struct buf buf;

        buf_init(&buf, BYTES_MAX);
        json_write_init(&writer, &buf);
        json_write_u64(&writer, rows[i].value);
        assert_slice_equal(buf_slice(&buf), rows[i].want);
        buf_release(&buf);
    }
}

/* The same calls with each size of buffer: enough is enough, and less is said at the end. */
static void an_overflow_is_told_once_at_the_end(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < sizeof MEMBERS + 20; bytes++) {
        struct json_writer writer;
        struct buf buf;

        buf_init(&buf, bytes);
        json_write_init(&writer, &buf);
        write_members(&writer);
        assert_int_equal(buf_failed(&buf), bytes < sizeof MEMBERS - 1);
        if (!buf_failed(&buf))
            assert_slice_equal(buf_slice(&buf), MEMBERS);
        buf_release(&buf);
    }
}

static void close_twice(struct json_writer *w)
{
    json_write_array(w);
    json_write_array_end(w);
    json_write_array_end(w);
}

static void close_the_other(struct json_writer *w)
{
    json_write_array(w);
    json_write_object_end(w);
}

static void name_in_an_array(struct json_writer *w)
{
    json_write_array(w);
    json_write_name(w, "a");
}

static void name_at_the_root(struct json_writer *w)
{
    json_write_name(w, "a");
}

static void value_without_a_name(struct json_writer *w)
{
    json_write_object(w);
    json_write_u64(w, 1);
}

static void name_without_a_value(struct json_writer *w)
{
    json_write_object(w);
    json_write_name(w, "a");
    json_write_object_end(w);
}

static void name_after_a_name(struct json_writer *w)
{
    json_write_object(w);
    json_write_name(w, "a");
    json_write_name(w, "b");
}

static void two_roots(struct json_writer *w)
{
    json_write_u64(w, 1);
    json_write_u64(w, 2);
}

static void too_deep(struct json_writer *w)
{
    for (int i = 0; i < JSON_WRITE_DEPTH_MAX; i++)
        json_write_array(w);
}

/* In a child, because an assertion ends the process. */
static bool aborts(void (*write)(struct json_writer *w))
{
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0) {
        struct json_writer writer;
        struct buf buf;

        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        (void)signal(SIGABRT, SIG_DFL);
        (void)close(STDERR_FILENO);
        buf_init(&buf, BYTES_MAX);
        json_write_init(&writer, &buf);
        write(&writer);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void calls_that_make_no_json_are_bugs(void **state)
{
    static void (*const BUGS[])(struct json_writer * w) = {
        close_twice,
        close_the_other,
        name_in_an_array,
        name_at_the_root,
        value_without_a_name,
        name_without_a_value,
        name_after_a_name,
        two_roots,
        too_deep,
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BUGS); i++)
        if (!aborts(BUGS[i]))
            fail_msg("call sequence %zu is let pass", i);
    assert_false(aborts(write_members));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_become_text),
        cmocka_unit_test(only_what_must_be_is_escaped),
        cmocka_unit_test(what_is_written_can_be_read),
        cmocka_unit_test(numbers_are_written_whole),
        cmocka_unit_test(an_overflow_is_told_once_at_the_end),
        cmocka_unit_test(calls_that_make_no_json_are_bugs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
