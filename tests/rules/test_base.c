/* tests/rules/test_base.c -- slices, arenas, buffers and errors, at their edges. */
#include "rules/base/arena.h"
#include "rules/base/buf.h"
#include "tests/test.h"

/* Lets an allocation that is larger than any memory return NULL under the address sanitizer
 * too, which ends the process otherwise. */
const char *__asan_default_options(void); /* NOLINT(bugprone-reserved-identifier) */
const char *__asan_default_options(void)  /* NOLINT(bugprone-reserved-identifier) */
{
    return "allocator_may_return_null=1";
}

#define MORE_BYTES_THAN_THERE_ARE ((size_t)1 << 56)

static void slices_are_compared(void **state)
{
    static const struct {
        const char *a, *b;
        bool is_eq, is_eq_nocase;
        bool starts, starts_nocase, ends; /* a with b */
        int order;
    } rows[] = {
        {"", "", true, true, true, true, true, 0},
        {NULL, "", true, true, true, true, true, 0},
        {"a", "", false, false, true, true, true, 1},
        {"", "a", false, false, false, false, false, -1},
        {"abc", "abc", true, true, true, true, true, 0},
        {"abc", "ABC", false, true, false, true, false, 1},
        {"abc", "ab", false, false, true, true, false, 1},
        {"abc", "aB", false, false, false, true, false, 1},
        {"abc", "bc", false, false, false, false, true, -1},
        {"ab", "abc", false, false, false, false, false, -1},
        {"@z", "`z", false, false, false, false, false, -1}, /* 0x20 apart, but no letters */
        {"[", "{", false, false, false, false, false, -1},
        {"\xff", "a", false, false, false, false, false, 1}, /* bytes are unsigned */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice a = slice_of(rows[i].a), b = slice_of(rows[i].b);
        int order = slice_compare(a, b);

        assert_int_equal(slice_eq(a, b), rows[i].is_eq);
        assert_int_equal(slice_eq_text(a, rows[i].b), rows[i].is_eq);
        assert_int_equal(slice_eq_nocase(a, b), rows[i].is_eq_nocase);
        assert_int_equal(slice_starts(a, b), rows[i].starts);
        assert_int_equal(slice_starts_nocase(a, b), rows[i].starts_nocase);
        assert_int_equal(slice_ends(a, b), rows[i].ends);
        assert_int_equal((order > 0) - (order < 0), rows[i].order);
        order = slice_compare(b, a);
        assert_int_equal((order < 0) - (order > 0), rows[i].order);
        assert_int_equal(slice_hash(a, 7) == slice_hash(b, 7), rows[i].is_eq);
    }
    assert_true(slice_hash(SLICE("a"), 1) != slice_hash(SLICE("a"), 2));
    assert_true(slice_eq(SLICE("a\0b"), SLICE("a\0b")));
    assert_false(slice_eq(SLICE("a\0b"), SLICE("a\0c")));
}

static void slices_are_searched(void **state)
{
    static const struct {
        const char *text, *needle;
        size_t at, at_nocase;
    } rows[] = {
        {"", "", 0, 0},
        {NULL, "a", SIZE_MAX, SIZE_MAX},
        {"abc", "", 0, 0},
        {"abc", "abc", 0, 0},
        {"abc", "abcd", SIZE_MAX, SIZE_MAX},
        {"abcabc", "c", 2, 2},
        {"aab", "ab", 1, 1},
        {"xABab", "ab", 3, 1},
        {"abx", "bX", SIZE_MAX, 1},
        {"abc", "d", SIZE_MAX, SIZE_MAX},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice text = slice_of(rows[i].text), needle = slice_of(rows[i].needle);

        assert_true(slice_find(text, needle) == rows[i].at);
        assert_true(slice_find_nocase(text, needle) == rows[i].at_nocase);
        if (needle.len == 1)
            assert_true(slice_find_char(text, needle.ptr[0]) == rows[i].at);
    }
}

static void slices_are_trimmed_and_cut(void **state)
{
    static const struct {
        const char *text, *trimmed, *before, *behind; /* the first '|' */
        bool has_separator;
    } rows[] = {
        {"", "", "", "", false},
        {NULL, "", "", "", false},
        {" \t\r\n\v\f", "", " \t\r\n\v\f", "", false},
        {" a b ", "a b", " a b ", "", false},
        {"a|b", "a|b", "a", "b", true},
        {"a|", "a|", "a", "", true},
        {"|b|c", "|b|c", "", "b|c", true},
        {"|", "|", "", "", true},
        {"\xc2\xa0 a", "\xc2\xa0 a", "\xc2\xa0 a", "", false}, /* ASCII only */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice text = slice_of(rows[i].text), rest = SLICE("untouched");

        assert_slice_equal(slice_trim(text), rows[i].trimmed);
        assert_slice_equal(slice_cut(text, '|', &rest), rows[i].before);
        assert_slice_equal(rest, rows[i].behind);
        assert_int_equal(rest.ptr != NULL, rows[i].has_separator);
        assert_slice_equal(slice_cut(text, '|', &text), rows[i].before);
        assert_slice_equal(text, rows[i].behind);
    }
    assert_slice_equal(slice_from(SLICE("abc"), 1), "bc");
    assert_slice_equal(slice_from(SLICE("abc"), 3), "");
    assert_slice_equal(slice_from(SLICE("abc"), SIZE_MAX), "");
    assert_slice_equal(slice_from(SLICE_NONE, 1), "");
    assert_slice_equal(slice_head(SLICE("abc"), 2), "ab");
    assert_slice_equal(slice_head(SLICE("abc"), SIZE_MAX), "abc");
}

static void numbers_are_read_up_to_their_maximum(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
        bool is_read;
        uint64_t want;
    } rows[] = {
        {"0", 0, true, 0},
        {"1", 0, false, 0},
        {"", 9, false, 0},
        {NULL, 9, false, 0},
        {"00", 9, true, 0},
        {"007", 9, true, 7},
        {"9", 9, true, 9},
        {"10", 9, false, 0},
        {"10", 10, true, 10},
        {"11", 10, false, 0},
        {"-1", 10, false, 0},
        {"+1", 10, false, 0},
        {" 1", 10, false, 0},
        {"1 ", 10, false, 0},
        {"1.0", 10, false, 0},
        {"0x1", 10, false, 0},
        {"\xb2", 10, false, 0},
        {"4294967295", UINT32_MAX, true, UINT32_MAX},
        {"4294967296", UINT32_MAX, false, 0},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"99999999999999999999999", UINT64_MAX, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint64_t got = 5;
        uint32_t small = 5;

        assert_int_equal(slice_to_u64(slice_of(rows[i].text), rows[i].max, &got),
                         rows[i].is_read);
        assert_true(got == (rows[i].is_read ? rows[i].want : 5));
        if (rows[i].max > UINT32_MAX)
            continue;
        assert_int_equal(slice_to_u32(slice_of(rows[i].text), (uint32_t)rows[i].max, &small),
                         rows[i].is_read);
        assert_true(small == (rows[i].is_read ? rows[i].want : 5));
    }
}

static void scores_are_read_in_hundredths(void **state)
{
    static const struct {
        const char *text;
        bool is_read;
        uint32_t want;
    } rows[] = {
        {"0", true, 0},         {"1", true, 100},         {"1.0", true, 100},
        {"1.00", true, 100},    {"0.25", true, 25},       {"0.5", true, 50},
        {"0.05", true, 5},      {"12.34", true, 1234},    {"1000000", true, 100000000},
        {"1000001", false, 0},  {"1.000", false, 0},      {"1.", false, 0},
        {".5", false, 0},       {".", false, 0},          {"", false, 0},
        {"-1", false, 0},       {"+1", false, 0},         {"1e2", false, 0},
        {"1,5", false, 0},      {"1.-5", false, 0},       {"1.5.", false, 0},
        {"1 ", false, 0},       {"4294967296", false, 0}, {"1000000.99", true, 100000099},
        {"\xd9\xa1", false, 0}, {"1.\xd9\xa1", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint32_t got = 5;

        assert_int_equal(slice_to_x100(slice_of(rows[i].text), &got), rows[i].is_read);
        assert_int_equal(got, rows[i].is_read ? rows[i].want : 5);
    }
}

static void arena_memory_is_zeroed_aligned_and_apart(void **state)
{
    static const size_t SIZES[] = {0, 1, 15, 16, 17, 100, 4096, 5000, 70000, 2000000, 3};
    unsigned char *got[ARRAY_LEN(SIZES)];
    struct arena arena;

    (void)state;
    arena_init(&arena, 10000000);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < ARRAY_LEN(SIZES); i++) {
            got[i] = arena_alloc(&arena, SIZES[i]);
            assert_non_null(got[i]);
            assert_int_equal((uintptr_t)got[i] % 16, 0);
            for (size_t j = 0; j < SIZES[i]; j++)
                assert_int_equal(got[i][j], 0);
            memset(got[i], (int)i + 1, SIZES[i]);
            for (size_t j = 0; j < i; j++)
                assert_ptr_not_equal(got[i], got[j]);
        }
        for (size_t i = 0; i < ARRAY_LEN(SIZES); i++)
            for (size_t j = 0; j < SIZES[i]; j++)
                assert_int_equal(got[i][j], i + 1);
        assert_true(arena.bytes_taken <= arena.bytes_max);
        arena_reset(&arena);
        assert_true(arena.bytes_taken < 50000); /* the first block */
    }
    arena_release(&arena);
    assert_int_equal(arena.bytes_taken, 0);
    arena_release(&(struct arena){0});
}

/* What fits below the cap is given, in pieces of any size; what does not is refused. */
static void arena_keeps_its_cap_and_gives_all_below_it(void **state)
{
    static const struct {
        size_t cap, piece, want_at_least; /* pieces */
    } rows[] = {
        {0, 0, 0},         {0, 1, 0},          {1000, 10, 40},   {1000, 900, 1},
        {4096, 100, 30},   {6000, 100, 40},    {10000, 100, 80}, {65536, 1000, 60},
        {100000, 7, 6000}, {100000, 90000, 1}, {1000, 1001, 0},  {1000, 1000, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena arena;
        size_t count = 0;

        arena_init(&arena, rows[i].cap);
        while (arena_alloc(&arena, rows[i].piece) != NULL) {
            assert_false(arena.has_failed);
            count++;
        }
        assert_true(arena.has_failed);
        assert_true(arena.bytes_taken <= rows[i].cap);
        assert_true(count >= rows[i].want_at_least);
        assert_true(count * rows[i].piece <= rows[i].cap);
        arena_reset(&arena);
        assert_false(arena.has_failed);
        assert_int_equal(arena_alloc(&arena, rows[i].piece) != NULL, count > 0);
        arena_release(&arena);
    }
}

static void arena_refuses_what_cannot_be(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, SIZE_MAX);
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_true(arena.has_failed);
    arena_reset(&arena);
    assert_null(arena_alloc(&arena, SIZE_MAX - 20));
    assert_null(arena_alloc(&arena, MORE_BYTES_THAN_THERE_ARE));
    assert_true(arena.has_failed);
    arena_reset(&arena);
    assert_null(arena_array(&arena, SIZE_MAX / 2, 3));
    assert_true(arena.has_failed);
    arena_reset(&arena);
    assert_non_null(arena_array(&arena, 0, SIZE_MAX));
    assert_non_null(arena_array(&arena, SIZE_MAX, 0));
    assert_non_null(arena_array(&arena, 10, 10));
    assert_false(arena.has_failed);
    arena_release(&arena);
}

static void arena_copies_texts(void **state)
{
    struct arena arena, full;
    struct slice copy;
    char *text;

    (void)state;
    arena_init(&arena, 100000);
    arena_init(&full, 0);
    copy = arena_copy(&arena, SLICE("abc"));
    assert_slice_equal(copy, "abc");
    assert_int_equal(copy.ptr[3], '\0');
    assert_int_equal(arena_copy(&arena, SLICE_NONE).len, 0);
    text = arena_cstr(&arena, SLICE("a\0b"));
    assert_non_null(text);
    assert_memory_equal(text, "a\0b", 4);
    text = arena_cstr(&arena, SLICE_NONE);
    assert_non_null(text);
    assert_string_equal(text, "");
    assert_slice_equal(arena_printf(&arena, "%s-%d", "x", 7), "x-7");
    assert_slice_equal(arena_printf(&arena, "%s", ""), "");
    assert_int_equal(arena_printf(&arena, "%06000d", 1).len, 6000);
    assert_false(arena.has_failed);
    assert_int_equal(arena_copy(&full, SLICE("abc")).len, 0);
    assert_true(full.has_failed);
    assert_null(arena_cstr(&full, SLICE("abc")));
    assert_int_equal(arena_printf(&full, "abc").len, 0);
    arena_release(&arena);
    arena_release(&full);
}

static char trail[16];

static void leave_trail(void *object)
{
    size_t len = strlen(trail);

    assert_true(len + 1 < sizeof trail);
    trail[len] = *(const char *)object;
}

static void arena_runs_its_notes_newest_first_and_once(void **state)
{
    static char letters[] = "abc";
    struct arena arena, full;

    (void)state;
    memset(trail, 0, sizeof trail);
    arena_init(&arena, 10000);
    for (int i = 0; i < 3; i++)
        assert_true(arena_on_release(&arena, leave_trail, &letters[i]));
    assert_string_equal(trail, "");
    arena_reset(&arena);
    assert_string_equal(trail, "cba");
    assert_true(arena_on_release(&arena, leave_trail, &letters[0]));
    arena_release(&arena);
    arena_release(&arena);
    assert_string_equal(trail, "cbaa");
    arena_init(&full, 0);
    assert_false(arena_on_release(&full, leave_trail, &letters[1]));
    assert_string_equal(trail, "cbaab"); /* at once: there was no memory for the note */
    arena_release(&full);
    assert_string_equal(trail, "cbaab");
}

static void arena_grows_arrays(void **state)
{
    uint32_t *numbers = NULL;
    size_t max = 0, count = 0;
    struct arena arena;

    (void)state;
    arena_init(&arena, 20000);
    for (;;) {
        uint32_t *larger = arena_grow(&arena, numbers, &max, count, sizeof *numbers);

        if (larger == NULL)
            break;
        numbers = larger;
        assert_true(count < max);
        numbers[count] = (uint32_t)count;
        count++;
    }
    assert_true(arena.has_failed);
    assert_true(count >= 1024 && count == max);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(numbers[i], i);
    arena_release(&arena);
}

/* A NUL, and as many bytes as promised that may be read (the address sanitizer watches). */
static bool is_padded(const struct buf *buf)
{
    unsigned sum = 0;

    for (size_t i = 0; i < BUF_PADDING; i++)
        sum += (unsigned char)((const volatile char *)buf->bytes)[buf->len + i];
    return buf->bytes[buf->len] == '\0' && sum <= BUF_PADDING * 255u;
}

static void buffers_hold_up_to_their_maximum(void **state)
{
    static const size_t MAXIMA[] = {0, 1, 2, 511, 512, 513, 1000, 5000};
    static const size_t PIECES[] = {1, 3, 500, 512, 513};

    (void)state;
    for (size_t m = 0; m < ARRAY_LEN(MAXIMA); m++)
        for (size_t p = 0; p < ARRAY_LEN(PIECES); p++) {
            char piece[513];
            struct slice slice = {.ptr = piece, .len = PIECES[p]};
            size_t fitting = MAXIMA[m] / PIECES[p];
            struct buf buf;

            memset(piece, 'x', sizeof piece);
            buf_init(&buf, MAXIMA[m]);
            for (size_t i = 0; i < fitting; i++) {
                buf_add(&buf, slice);
                assert_false(buf_failed(&buf));
                assert_true(is_padded(&buf));
            }
            buf_add(&buf, slice);
            assert_true(buf_failed(&buf));
            assert_int_equal(buf.len, fitting * PIECES[p]);
            buf_add_char(&buf, 'y'); /* would fit, perhaps, but nothing follows a failure */
            assert_int_equal(buf.len, fitting * PIECES[p]);
            buf_clear(&buf);
            assert_false(buf_failed(&buf));
            assert_int_equal(buf_slice(&buf).len, 0);
            buf_release(&buf);
        }
}

static void buffers_print_into_what_is_left(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 20; bytes++) {
        struct buf buf;

        buf_init(&buf, bytes);
        buf_printf(&buf, "%s:%d", "code", 17);
        buf_printf(&buf, "%s", "");
        assert_int_equal(buf_failed(&buf), bytes < 7);
        assert_slice_equal(buf_slice(&buf), bytes < 7 ? "" : "code:17");
        if (buf.bytes != NULL)
            assert_true(is_padded(&buf));
        buf_release(&buf);
    }
}

static void buffers_are_filled_in_place_and_emptied_from_the_front(void **state)
{
    struct buf buf;
    char *to;

    (void)state;
    buf_init(&buf, 2000);
    to = buf_reserve(&buf, 1500);
    assert_non_null(to);
    memset(to, 'a', 1500);
    buf_added(&buf, 3);
    assert_slice_equal(buf_slice(&buf), "aaa");
    assert_true(is_padded(&buf));
    buf_add_text(&buf, "bc");
    buf_add(&buf, SLICE_NONE);
    buf_remove_front(&buf, 0);
    assert_slice_equal(buf_slice(&buf), "aaabc");
    buf_remove_front(&buf, 2);
    assert_slice_equal(buf_slice(&buf), "abc");
    assert_true(is_padded(&buf));
    buf_remove_front(&buf, 3);
    assert_int_equal(buf.len, 0);
    assert_true(is_padded(&buf));
    assert_null(buf_reserve(&buf, 2001));
    assert_true(buf_failed(&buf));
    assert_null(buf_reserve(&buf, 1));
    buf_release(&buf);
    assert_null(buf.bytes);
    assert_int_equal(buf.bytes_max, 2000); /* a released buffer may be used again */
    buf_add_text(&buf, "again");
    assert_slice_equal(buf_slice(&buf), "again");
    buf_release(&buf);
    buf_release(&(struct buf){0});
}

static void buffers_say_when_memory_ends(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, SIZE_MAX / 4);
    buf_add_text(&buf, "kept");
    assert_null(buf_reserve(&buf, MORE_BYTES_THAN_THERE_ARE));
    assert_true(buf_failed(&buf));
    assert_slice_equal(buf_slice(&buf), "kept");
    buf_release(&buf);
}

static void the_first_error_is_kept(void **state)
{
    struct err err = {0};

    (void)state;
    assert_int_equal(err_set(&err, ERR_INVALID, "field %s at %d", "id", 3), ERR_INVALID);
    assert_int_equal(err.code, ERR_INVALID);
    assert_string_equal(err.text, "field id at 3");
    assert_non_null(strstr(err.where, "test_base.c:"));
    assert_int_equal(err_set(&err, ERR_LIMIT, "later"), ERR_LIMIT); /* tells its own code */
    assert_int_equal(err.code, ERR_INVALID);
    assert_string_equal(err.text, "field id at 3");
    err_clear(&err);
    assert_int_equal(err.code, ERR_OK);
    assert_string_equal(err.text, "");
    assert_int_equal(err_set(&err, ERR_LIMIT, "%0500d", 1), ERR_LIMIT);
    assert_int_equal(strlen(err.text), ERR_TEXT_BYTES_MAX - 1); /* cut, and ended */
}

static void every_code_has_its_own_name(void **state)
{
    static const enum err_code CODES[] = {
#define X(code, name) ERR_##code,
        ERR_CODES(X)
#undef X
    };

    (void)state;
    assert_int_equal(ERR_OK, 0);
    assert_string_equal(err_code_name(ERR_NOT_FOUND), "not_found");
    for (size_t i = 0; i < ARRAY_LEN(CODES); i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(err_code_name(CODES[i]), err_code_name(CODES[j]));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_are_compared),
        cmocka_unit_test(slices_are_searched),
        cmocka_unit_test(slices_are_trimmed_and_cut),
        cmocka_unit_test(numbers_are_read_up_to_their_maximum),
        cmocka_unit_test(scores_are_read_in_hundredths),
        cmocka_unit_test(arena_memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(arena_keeps_its_cap_and_gives_all_below_it),
        cmocka_unit_test(arena_refuses_what_cannot_be),
        cmocka_unit_test(arena_copies_texts),
        cmocka_unit_test(arena_runs_its_notes_newest_first_and_once),
        cmocka_unit_test(arena_grows_arrays),
        cmocka_unit_test(buffers_hold_up_to_their_maximum),
        cmocka_unit_test(buffers_print_into_what_is_left),
        cmocka_unit_test(buffers_are_filled_in_place_and_emptied_from_the_front),
        cmocka_unit_test(buffers_say_when_memory_ends),
        cmocka_unit_test(the_first_error_is_kept),
        cmocka_unit_test(every_code_has_its_own_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
