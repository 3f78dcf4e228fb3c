/* tests/fhir/test_json_limits.c -- the JSON reader at its limits: names given twice, many
 * values, many members, memory that ends, memory that is used again.
 */
#include "fhir/json.h"
#include "rules/base/buf.h"
#include "tests/test.h"

#define NODES_MAX  2000000
#define TEXT_BYTES ((size_t)32 << 20)

/* The library's calls of reallocarray end here, so that one of them can fail. */
static int allocations_left = INT32_MAX;

void *reallocarray(void *memory, size_t count, size_t bytes_each)
{
    return allocations_left-- > 0 ? realloc(memory, count * bytes_each) : NULL;
}

/* The text must outlive the doc: it comes from a struct buf, or is read here and forgotten. */
static enum err_code parse(struct json_doc *doc, const struct buf *text, struct err *err)
{
    return json_parse(doc, buf_slice(text), NODES_MAX, err);
}

static enum err_code parse_text(const char *text, uint32_t nodes_max, struct err *err)
{
    struct json_doc doc;
    struct buf buf;
    enum err_code code;

    json_doc_init(&doc);
    buf_init(&buf, TEXT_BYTES);
    buf_add(&buf, slice_of(text));
    code = json_parse(&doc, buf_slice(&buf), nodes_max, err);
    buf_release(&buf);
    json_doc_release(&doc);
    return code;
}

static void a_name_given_twice_is_refused(void **state)
{
    static const struct {
        const char *text;
        const char *want; /* NULL: accepted */
    } rows[] = {
        {"{\"a\":1,\"a\":1}", "JSON: member name given twice at byte 7"},
        {"{\"a\":1,\"b\":2,\"a\":3}", "JSON: member name given twice at byte 13"},
        {"{\"\":1,\"\":2}", "JSON: member name given twice at byte 6"},
        {"[{\"a\":{\"b\":{}, \"b\":[]}}]", "JSON: member name given twice at byte 15"},
        {"{\"a\":1,\"\\u0061\":2}", "JSON: member name given twice at byte 7"},
        {"{\"\\u0061\":1,\"a\":2}", "JSON: member name given twice at byte 12"},
        {"{\"\\n\":1,\"\\u000A\":2}", "JSON: member name given twice at byte 8"},
        {"{\"\\/\":1,\"/\":2}", "JSON: member name given twice at byte 8"},
        {"{\"\xf0\x9f\x92\x8a\":1,\"\\ud83d\\udc8a\":2}",
         "JSON: member name given twice at byte 10"},
        {"{\"longer than seven\":1,\"longer than seven\":2}",
         "JSON: member name given twice at byte 23"},
        {"{\"a\":1,\"A\":2}", NULL},
        {"{\"a\":1,\"b\":{\"a\":2}}", NULL},
        {"[{\"a\":1},{\"a\":2}]", NULL},
        {"{\"a\":\"a\"}", NULL},
        {"{\"a\":1,\"\\\\u0061\":2}", NULL},
        {"{\"longer than seven\":1,\"longer than sevem\":2}", NULL},
        {"{\"a\":1,\"aa\":2,\"aaa\":3,\"\":4}", NULL},
        {"{\"\\u0061\":1,\"ab\":2,\"\\u0061bc\":3}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};

        assert_int_equal(parse_text(rows[i].text, NODES_MAX, &err),
                         rows[i].want == NULL ? ERR_OK : ERR_INVALID);
        assert_string_equal(err.text, rows[i].want == NULL ? "" : rows[i].want);
    }
}

/* {"<format 0>":0, ...}; when twice < count the last name repeats the one of that number. */
static void make_object(struct buf *text, const char *format, uint32_t count, uint32_t twice)
{
    buf_init(text, TEXT_BYTES);
    for (uint32_t i = 0; i < count; i++) {
        char name[64];
        struct slice slice = {.ptr = name};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        slice.len = (size_t)snprintf(name, sizeof name, format,
                                     i + 1 == count && twice < count ? twice : i);
#pragma GCC diagnostic pop
        buf_add(text, i == 0 ? SLICE("{\"") : SLICE(",\""));
        buf_add(text, slice);
        buf_add_text(text, "\":{}");
    }
    buf_add_text(text, "}");
    assert_false(buf_failed(text));
}

static void names_of_larger_objects_are_compared_too(void **state)
{
    static const char *const FORMATS[] = {
        "%u",
        "extension %u",     /* the first seven bytes are always the same */
        "same length %06u", /* and the length */
        "\\u0065scaped %u", /* no print helps */
        "\\ud83d\\udc8a %u",
    };
    static const uint32_t COUNTS[] = {2, 3, 7, 8, 9, 10, 16, 17, 31, 32, 33, 64, 65, 300};

    (void)state;
    for (size_t f = 0; f < ARRAY_LEN(FORMATS); f++)
        for (size_t c = 0; c < ARRAY_LEN(COUNTS); c++)
            for (uint32_t twice = 0; twice <= COUNTS[c]; twice += 1 + COUNTS[c] / 9) {
                bool is_twice = twice + 1 < COUNTS[c];
                struct json_doc doc = {0};
                struct err err = {0};
                struct buf text;

                make_object(&text, FORMATS[f], COUNTS[c], is_twice ? twice : UINT32_MAX);
                assert_int_equal(parse(&doc, &text, &err), is_twice ? ERR_INVALID : ERR_OK);
                assert_int_equal(json_count(json_root(&doc)), is_twice ? 0 : COUNTS[c]);
                json_doc_release(&doc);
                buf_release(&text);
            }
}

static double cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* Comparing each with each would be 5,000,000,000 comparisons. */
static void a_hundred_thousand_members_are_read_in_linear_time(void **state)
{
    static const char *const FORMATS[] = {"%u", "same length %06u", "\\u0065 %06u"};

    (void)state;
    for (size_t f = 0; f < ARRAY_LEN(FORMATS); f++) {
        struct json_doc doc = {0};
        struct err err = {0};
        struct buf text;
        double start;

        make_object(&text, FORMATS[f], 100000, UINT32_MAX);
        start = cpu_seconds();
        assert_ok(parse(&doc, &text, &err), &err);
        assert_true(cpu_seconds() - start < 3); /* 0.01 s without sanitizers */
        assert_int_equal(json_count(json_root(&doc)), 100000);
        buf_release(&text);
        make_object(&text, FORMATS[f], 100000, 50000);
        assert_int_equal(parse(&doc, &text, &err), ERR_INVALID);
        json_doc_release(&doc);
        buf_release(&text);
    }
}

static void the_number_of_values_is_limited(void **state)
{
    static const struct {
        const char *text;
        uint32_t nodes_max;
        const char *want;
    } rows[] = {
        {"1", 0, "JSON: too many values at byte 0"},
        {"1", 1, ""},
        {"[1,2,3]", 3, "JSON: too many values at byte 5"},
        {"[1,2,3]", 4, ""},
        {"{\"a\":{\"b\":[]}}", 2, "JSON: too many values at byte 10"},
        {"{\"a\":{\"b\":[]}}", 3, ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};

        assert_int_equal(parse_text(rows[i].text, rows[i].nodes_max, &err),
                         rows[i].want[0] == '\0' ? ERR_OK : ERR_LIMIT);
        assert_string_equal(err.text, rows[i].want);
    }
}

static void make_array(struct buf *text, uint32_t elements)
{
    buf_init(text, TEXT_BYTES);
    buf_add_text(text, "[0");
    for (uint32_t i = 1; i < elements; i++)
        buf_add_text(text, ",0");
    buf_add_text(text, "]");
}

/* The array of nodes grows from 256 by doubling: each border, with limits around it. */
static void nodes_grow_up_to_their_limit_and_not_above(void **state)
{
    (void)state;
    for (uint32_t nodes = 255; nodes <= 2049; nodes++) {
        struct json_doc doc = {0};
        struct err err = {0};
        struct buf text;

        make_array(&text, nodes - 1);
        assert_int_equal(json_parse(&doc, buf_slice(&text), nodes - 1, &err), ERR_LIMIT);
        err_clear(&err);
        assert_ok(json_parse(&doc, buf_slice(&text), nodes, &err), &err);
        assert_int_equal(json_count(json_root(&doc)), nodes - 1);
        assert_true(doc.nodes_max <= nodes);
        json_doc_release(&doc);
        buf_release(&text);
    }
}

static void a_lower_limit_holds_for_a_doc_that_is_larger_already(void **state)
{
    struct json_doc doc = {0};
    struct err err = {0};
    struct buf text;

    (void)state;
    make_array(&text, 1000);
    assert_ok(json_parse(&doc, buf_slice(&text), 5000, &err), &err);
    assert_int_equal(json_parse(&doc, buf_slice(&text), 1000, &err), ERR_LIMIT);
    assert_true(json_is_absent(json_root(&doc)));
    json_doc_release(&doc);
    buf_release(&text);
}

static void a_text_above_the_limit_is_not_looked_at(void **state)
{
    static const char TEXT[JSON_PADDING] = "[]";
    struct json_doc doc = {0};
    size_t fault_at = SIZE_MAX;
    struct err err = {0};

    (void)state;
    assert_int_equal(
        json_parse(&doc, (struct slice){TEXT, JSON_TEXT_BYTES_MAX + 1}, NODES_MAX, &err),
        ERR_LIMIT);
    assert_string_equal(err.text, "JSON: text of 67108865 bytes, at most 67108864 are read");
    assert_true(json_is_absent(json_root(&doc)));
    assert_int_equal(json_parse_located(&doc, (struct slice){TEXT, JSON_TEXT_BYTES_MAX + 1},
                                        NODES_MAX, &fault_at, &err),
                     ERR_LIMIT);
    assert_int_equal(fault_at, 0);
    json_doc_release(&doc);
}

/* The offset is the one in err.text; success leaves it alone. */
static void a_fault_is_located(void **state)
{
    static const struct {
        const char *text;
        enum err_code code;
        size_t fault_at;
    } ROWS[] = {
        {"{\"a\":[1,2]}", ERR_OK, SIZE_MAX}, {"", ERR_SYNTAX, 0},
        {"[1,\n2", ERR_SYNTAX, 5},           {"[1,2]]", ERR_SYNTAX, 5},
        {"\xef\xbb\xbf[x", ERR_SYNTAX, 4},   {"{\"a\":1,\"b\":2,\"a\":3}", ERR_INVALID, 13},
        {"[1,2,3,4,5,6]", ERR_LIMIT, 9},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct json_doc doc = {0};
        struct err err = {0};
        size_t fault_at = SIZE_MAX;
        struct buf buf;

        buf_init(&buf, 100);
        buf_add(&buf, slice_of(ROWS[i].text));
        assert_int_equal(json_parse_located(&doc, buf_slice(&buf), 5, &fault_at, &err),
                         ROWS[i].code);
        if (fault_at != ROWS[i].fault_at)
            fail_msg("row %zu: at %zu, \"%s\"", i, fault_at, err.text);
        json_doc_release(&doc);
        buf_release(&buf);
    }
}

/* Fails the first, second, ... allocation until the text is read. */
static void each_allocation_may_fail(void **state)
{
    struct buf texts[2];

    (void)state;
    make_array(&texts[0], 3000);
    make_object(&texts[1], "same length %06u", 1000, UINT32_MAX);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct json_doc doc = {0};
        int failing = 0;
        enum err_code code;

        do {
            struct err err = {0};

            json_doc_release(&doc);
            allocations_left = failing++;
            code = parse(&doc, &texts[i], &err);
            allocations_left = INT32_MAX;
            assert_true(code == ERR_OK || code == ERR_NOMEM);
            assert_int_equal(json_is_absent(json_root(&doc)), code != ERR_OK);
        } while (code == ERR_NOMEM);
        assert_true(failing > 3);
        /* What failed half-way serves again. */
        json_doc_release(&doc);
        allocations_left = 1;
        assert_int_equal(parse(&doc, &texts[i], &(struct err){0}), ERR_NOMEM);
        allocations_left = INT32_MAX;
        assert_int_equal(parse(&doc, &texts[i], &(struct err){0}), ERR_OK);
        json_doc_release(&doc);
        buf_release(&texts[i]);
    }
}

static void a_doc_is_used_again_without_allocating(void **state)
{
    struct json_doc doc;
    struct buf large, small;

    (void)state;
    json_doc_init(&doc);
    make_object(&large, "same length %06u", 1000, UINT32_MAX);
    make_object(&small, "%u", 20, UINT32_MAX);
    assert_int_equal(parse(&doc, &large, &(struct err){0}), ERR_OK);
    allocations_left = 0;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(parse(&doc, &small, &(struct err){0}), ERR_OK);
        assert_int_equal(json_count(json_root(&doc)), 20);
        assert_int_equal(parse(&doc, &large, &(struct err){0}), ERR_OK);
        assert_int_equal(json_count(json_root(&doc)), 1000);
    }
    allocations_left = INT32_MAX;
    json_doc_release(&doc);
    json_doc_release(&doc); /* twice does no harm */
    buf_release(&large);
    buf_release(&small);
}

static void trimming_empties_and_gives_back(void **state)
{
    static const struct {
        uint32_t keep, want;
    } rows[] = {{100000, 4096}, {4096, 4096}, {4095, 4095}, {1, 1}, {0, 0}};
    struct buf text;

    (void)state;
    make_object(&text, "same length %06u", 3000, UINT32_MAX);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json_doc doc = {0};

        json_doc_trim(&doc, rows[i].keep); /* nothing to give back yet */
        assert_int_equal(parse(&doc, &text, &(struct err){0}), ERR_OK);
        assert_int_equal(doc.nodes_max, 4096);
        json_doc_trim(&doc, rows[i].keep);
        assert_true(json_is_absent(json_root(&doc)));
        assert_int_equal(doc.nodes_max, rows[i].want);
        assert_true(doc.names_max <= rows[i].keep);
        assert_int_equal(parse(&doc, &text, &(struct err){0}), ERR_OK);
        assert_int_equal(json_count(json_root(&doc)), 3000);
        json_doc_release(&doc);
    }
    buf_release(&text);
}

static void a_failed_trim_keeps_a_usable_doc(void **state)
{
    struct json_doc doc = {0};
    struct buf text;

    (void)state;
    make_array(&text, 3000);
    assert_int_equal(parse(&doc, &text, &(struct err){0}), ERR_OK);
    allocations_left = 0;
    json_doc_trim(&doc, 10);
    assert_int_equal(parse(&doc, &text, &(struct err){0}), ERR_OK);
    allocations_left = INT32_MAX;
    json_doc_release(&doc);
    buf_release(&text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_given_twice_is_refused),
        cmocka_unit_test(names_of_larger_objects_are_compared_too),
        cmocka_unit_test(a_hundred_thousand_members_are_read_in_linear_time),
        cmocka_unit_test(the_number_of_values_is_limited),
        cmocka_unit_test(nodes_grow_up_to_their_limit_and_not_above),
        cmocka_unit_test(a_lower_limit_holds_for_a_doc_that_is_larger_already),
        cmocka_unit_test(a_text_above_the_limit_is_not_looked_at),
        cmocka_unit_test(a_fault_is_located),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(a_doc_is_used_again_without_allocating),
        cmocka_unit_test(trimming_empties_and_gives_back),
        cmocka_unit_test(a_failed_trim_keeps_a_usable_doc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
