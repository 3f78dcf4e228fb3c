/* tests/gateway/test_csv_table.c -- CSV: a line, and a file with named columns. */
#include "tests/test.h"

#include <unistd.h>

#include "gateway/store/csv.h"
#include "gateway/store/csv_table.h"

static void lines_are_cut_into_fields(void **state)
{
    static const struct {
        const char *line, *want; /* fields in brackets, or a reason */
    } ROWS[] = {
        {"a,b,c", "[a][b][c]"},
        {"", "[]"},
        {",", "[][]"},
        {"a,,", "[a][][]"},
        {"\"a,b\",c", "[a,b][c]"},
        {"\"say \"\"no\"\"\"", "[say \"no\"]"},
        {"\"\",\"\"", "[][]"},
        {" a , b ", "[ a ][ b ]"},
        {"\"a", "a quote is not closed in its line; no column may hold a line break"},
        {"\"a\"b", "text behind a closing quote"},
        {"a\"b", "a quote inside a field that does not begin with one"},
        {"a,b,c,d,e", "too many columns"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct slice fields[4];
        const char *reason = NULL;
        struct buf unquoted, got;
        size_t count;

        buf_init(&unquoted, 1000);
        buf_init(&got, 1000);
        count = csv_cut(slice_of(ROWS[i].line), &unquoted, fields, ARRAY_LEN(fields), &reason);
        for (size_t f = 0; f < count; f++)
            buf_printf(&got, "[%.*s]", SLICE_ARG(fields[f]));
        if (count == 0)
            buf_add(&got, slice_of(reason));
        assert_slice_equal(buf_slice(&got), ROWS[i].want);
        buf_release(&unquoted);
        buf_release(&got);
    }
}

static const struct csv_column COLUMNS[] = {
    {"name", true, true, 8},
    {"note", false, false, 8},
    {"must", true, false, 8},
};

struct taken {
    struct buf text;
    bool stops;
};

static bool take_row(struct csv_table *table, void *owner)
{
    struct taken *taken = owner;

    buf_printf(&taken->text, "%llu", (unsigned long long)table->feed.line);
    for (size_t i = 0; i < ARRAY_LEN(COLUMNS); i++)
        buf_printf(&taken->text, "[%.*s]", SLICE_ARG(table->fields[i]));
    return !taken->stops || csv_table_refuse(table, "enough");
}

/* Writes the text to a file, reads it as a table and removes it. */
static enum err_code read_table(struct slice text, struct taken *taken, struct err *err)
{
    static const struct feed_options QUIET = {0};
    char path[] = "/tmp/pgxgate-table.XXXXXX";
    struct csv_table table = {
        .columns = COLUMNS, .columns_count = ARRAY_LEN(COLUMNS), .rows_max = 3};
    int fd = mkstemp(path);
    enum err_code code;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.ptr, text.len), text.len);
    assert_int_equal(close(fd), 0);
    buf_init(&taken->text, 4096);
    code = csv_table_read(&table, path, &QUIET, take_row, taken, err);
    assert_int_equal(unlink(path), 0);
    return code;
}

#define TEXT(literal)                                                                          \
    {                                                                                          \
        .ptr = "" literal, .len = sizeof(literal) - 1                                          \
    }

static void rows_come_in_their_columns(void **state)
{
    static const struct {
        struct slice text;
        const char *want; /* line and fields, by column */
    } ROWS[] = {
        {TEXT("name,note,must\n"), ""},
        {TEXT("name,note,must\na,b,c\n"), "2[a][b][c]"},
        {TEXT("must,name\nc,a\nd,b\n"), "2[a][][c]3[b][][d]"},
        {TEXT("name,must\r\na,\r\n"), "2[a][][]"},
        {TEXT("\"name\",must\n\"a,\"\"b\"\"\",\"\"\n"), "2[a,\"b\"][][]"},
        {TEXT("name,must\n12345678,\xc3\xa4\n"), "2[12345678][][\xc3\xa4]"},
        {TEXT("name,must\na,\nb,\nc,\n"), "2[a][][]3[b][][]4[c][][]"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct taken taken = {0};
        struct err err = {0};

        assert_ok(read_table(ROWS[i].text, &taken, &err), &err);
        assert_slice_equal(buf_slice(&taken.text), ROWS[i].want);
        buf_release(&taken.text);
    }
}

static void bad_tables_are_refused(void **state)
{
    static const struct {
        struct slice text;
        const char *want; /* behind the file's name */
        enum err_code code;
    } ROWS[] = {
        {TEXT(""), ": is empty; it begins with a header line", ERR_INVALID},
        {TEXT("\n"), ":1: column 1 must be one of name, note, must, each once", ERR_INVALID},
        {TEXT("name,Must\n"), ":1: column 2 must be one of", ERR_INVALID},
        {TEXT("name,must,name\n"), ":1: column 3 must be one of", ERR_INVALID},
        {TEXT("name,note\n"), ":1: column 'must' is missing", ERR_INVALID},
        {TEXT("name,must,note,more\n"), ":1: more than 3 columns", ERR_INVALID},
        {TEXT("name,must\na\n"), ":2: has 1 columns, must have 2", ERR_INVALID},
        {TEXT("name,must\na,b,c\n"), ":2: has 3 columns, must have 2", ERR_INVALID},
        {TEXT("name,must\na,b,c,d\n"), ":2: more than 3 columns", ERR_INVALID},
        {TEXT("name,must\n\n"), ":2: has 1 columns", ERR_INVALID},
        {TEXT("name,must\n,b\n"), ":2: name must not be empty", ERR_INVALID},
        {TEXT("name,must\n123456789,b\n"), ":2: name is longer than 8 bytes", ERR_INVALID},
        {TEXT("name,must\na,b \n"), ":2: must begins or ends with a space", ERR_INVALID},
        {TEXT("name,must\na,b\x01\n"), ":2: must has a control character", ERR_INVALID},
        {TEXT("name,must\na,\"b\n"), ":2: a quote is not closed in its line", ERR_INVALID},
        {TEXT("name,must\na,\xc3\n"), ":2: is not UTF-8", ERR_SYNTAX},
        {TEXT("name,must\na,b\0\n"), ":2: holds a NUL byte", ERR_SYNTAX},
        {TEXT("name,must\na,b\r\n"), ":2: ends its line in another way", ERR_SYNTAX},
        {TEXT("\xef\xbb\xbfname,must\n"), ":1: begins with a byte order mark", ERR_SYNTAX},
        {TEXT("name,must\na,b"), ":2: does not end with a line break", ERR_SYNTAX},
        {TEXT("name,must\na,\nb,\nc,\nd,\n"), ":5: more than 3 rows", ERR_LIMIT},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct taken taken = {0};
        struct err err = {0};
        const char *colon;

        if (read_table(ROWS[i].text, &taken, &err) != ROWS[i].code)
            fail_msg("row %zu: code %d, \"%s\"", i, (int)err.code, err.text);
        colon = strchr(err.text, ':');
        if (colon == NULL || strncmp(colon, ROWS[i].want, strlen(ROWS[i].want)) != 0)
            fail_msg("row %zu: got \"%s\", want \"%s\"", i, err.text, ROWS[i].want);
        buf_release(&taken.text);
    }
}

static void a_row_may_end_it(void **state)
{
    struct taken taken = {.stops = true};
    struct err err = {0};

    (void)state;
    assert_int_equal(read_table(SLICE("name,must\na,\nb,\n"), &taken, &err), ERR_INVALID);
    assert_slice_equal(buf_slice(&taken.text), "2[a][][]");
    assert_true(slice_ends(slice_of(err.text), SLICE(":2: enough")));
    buf_release(&taken.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_cut_into_fields),
        cmocka_unit_test(rows_come_in_their_columns),
        cmocka_unit_test(bad_tables_are_refused),
        cmocka_unit_test(a_row_may_end_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
