/* tests/gateway/test_log.c -- lines hold what the table allows, and nothing else. */
#include "gateway/ops/log.h"
#include "tests/test.h"

#include <json-c/json.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* A log that writes to a pipe. */
struct recorder {
    struct log log;
    int read_fd;
    char text[65536];
};

static void start(struct recorder *recorder, enum log_level level, enum log_format format)
{
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    recorder->read_fd = fds[0];
    log_init(&recorder->log, fds[1], level, format);
}

static const char *finish(struct recorder *recorder)
{
    size_t len = 0;
    ssize_t got;

    close(recorder->log.fd);
    while ((got = read(recorder->read_fd, recorder->text + len,
                       sizeof recorder->text - 1 - len)) > 0)
        len += (size_t)got;
    recorder->text[len] = '\0';
    close(recorder->read_fd);
    return recorder->text;
}

/* Everything behind the time stamp. */
static const char *behind(const char *line, const char *mark)
{
    const char *at = strstr(line, mark);

    assert_non_null(at);
    return at;
}

static void fields_appear_in_the_order_of_the_table(void **state)
{
    static struct recorder r;

    (void)state;
    start(&r, LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    log_event(&r.log, call_abandoned, .request_id = SLICE("0b-1:x_Y.z"),
              .service = "pgx-order-sign", .took_us = 12);
    assert_string_equal(behind(finish(&r), "\"level\""),
                        "\"level\":\"info\",\"event\":\"call_abandoned\",\"request_id\":"
                        "\"0b-1:x_Y.z\",\"service\":\"pgx-order-sign\",\"took_us\":12}\n");
    assert_true(strncmp(r.text, "{\"time\":\"20", 11) == 0);

    start(&r, LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    log_event(&r.log, call_abandoned, .service = "pgx-order-sign", .took_us = 12);
    assert_string_equal(behind(finish(&r), "level"),
                        "level=info event=call_abandoned service=pgx-order-sign took_us=12\n");
}

static void less_severe_events_are_dropped(void **state)
{
    static struct recorder r;

    (void)state;
    start(&r, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    log_event(&r.log, stopped, .workers = 1);
    log_event(&r.log, fetch_failed, .status = 500);
    log_event(&r.log, audit_lost, .records = 3);
    assert_string_equal(behind(finish(&r), "level"),
                        "level=error event=audit_lost records=3\n");
    assert_null(strstr(r.text, "stopped"));
}

static void errors_are_written_with_code_text_and_place(void **state)
{
    static struct recorder r;
    struct err err = {0};
    enum err_code code = err_set_at(&err, ERR_TIMEOUT, "file.c:7", "a \"b\"\n%s", "c");

    (void)state;
    assert_int_equal(code, ERR_TIMEOUT);
    start(&r, LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    log_event(&r.log, store_failed, .part = "audit", .error = &err);
    assert_string_equal(
        behind(finish(&r), "\"part\""),
        "\"part\":\"audit\",\"error\":\"timeout\",\"text\":\"a \\\"b\\\"?c\",\"where\":"
        "\"file.c:7\"}\n");
    start(&r, LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    log_event(&r.log, store_failed, .part = "audit", .error = &(struct err){0});
    assert_string_equal(behind(finish(&r), "\"part\""), "\"part\":\"audit\"}\n");
}

/* What a patient's record could put into a field does not come out of the log. */
static void values_of_another_form_are_refused(void **state)
{
    static const char *const names[] = {"Rossi Maria", "a\nb",      "a\"b", "1970/01/01",
                                        "caf\xc3\xa9", "{\"a\":1}", "a,b",  "x@y"};
    static const struct {
        const char *ptr;
        size_t len;
    } ids[] = {
        {"Maria Rossi", 11}, {"a\0b", 3}, {"Patient/123", 11},
        {"<b>", 3},          {"\xff", 1}, {"\n", 1},
    };
    static struct recorder r;
    char longer[200];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        start(&r, LOG_LEVEL_INFO, LOG_FORMAT_JSON);
        log_event(&r.log, call_abandoned, .service = names[i]);
        assert_string_equal(behind(finish(&r), "\"service\""),
                            "\"service\":\"(refused)\",\"took_us\":0}\n");
    }
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        start(&r, LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
        log_event(&r.log, call_abandoned, .request_id = {ids[i].ptr, ids[i].len});
        assert_string_equal(behind(finish(&r), "request_id"),
                            "request_id=(refused) took_us=0\n");
    }
    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    start(&r, LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    log_event(&r.log, call_abandoned, .request_id = {longer, 97}, .service = longer);
    assert_string_equal(behind(finish(&r), "request_id"),
                        "request_id=(refused) service=(refused) took_us=0\n");
    start(&r, LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    log_event(&r.log, listening, .address = "a\x1b[1m", .port = 1);
    assert_string_equal(behind(finish(&r), "address"), "address=\"(refused)\" port=1\n");
}

/* The kinds of fields are few and closed: a field of a new kind must be argued for here. */
static void no_event_has_a_field_of_free_text(void **state)
{
    enum kind { KIND_NUMBER, KIND_NAME, KIND_ID, KIND_SETTING, KIND_ERR };
    static const enum kind KINDS[] = {
#define FIELD(kind, name)                KIND_##kind,
#define EVENT(event, level, doc, fields) fields
#include "gateway/ops/log_events.def"
#undef EVENT
#undef FIELD
    };

    (void)state;
    assert_true(ARRAY_LEN(KINDS) > 20);
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++)
        assert_true(KINDS[i] <= KIND_ERR);
}

/* Every event, with the longest values its fields may have, is one line of valid JSON. */
static void every_event_is_one_line_of_json(void **state)
{
    static struct recorder r;
    static char name[65], id[97], setting[257];
    static const uint64_t number = UINT64_MAX;
    struct err error = {.code = ERR_INTERNAL, .where = "file.c:1"};
    size_t lines = 0;

    (void)state;
    memset(name, 'n', sizeof name - 1);
    memset(id, 'i', sizeof id - 1);
    memset(setting, '"', sizeof setting - 1);
    memset(error.text, '\\', sizeof error.text - 1);
#define VALUE_NUMBER       number
#define VALUE_NAME         name
#define VALUE_ID           {id, 96}
#define VALUE_SETTING      setting
#define VALUE_ERR          &error
#define FIELD(kind, field) .field = VALUE_##kind,
#define EVENT(event, level, doc, fields)                                                       \
    {                                                                                          \
        struct json_object *object;                                                            \
                                                                                               \
        start(&r, LOG_LEVEL_DEBUG, LOG_FORMAT_JSON);                                           \
        log_##event(&r.log, &(struct log_##event){fields});                                    \
        (void)finish(&r);                                                                      \
        assert_ptr_equal(strchr(r.text, '\n'), r.text + strlen(r.text) - 1);                   \
        object = json_tokener_parse(r.text);                                                   \
        assert_non_null(object);                                                               \
        assert_string_equal(json_object_get_string(json_object_object_get(object, "event")),   \
                            #event);                                                           \
        assert_false(json_object_object_get_ex(object, "cut", NULL));                          \
        json_object_put(object);                                                               \
        lines++;                                                                               \
    }
#include "gateway/ops/log_events.def"
#undef EVENT
#undef FIELD
    assert_true(lines > 10);
}

static void *write_lines(void *log)
{
    for (unsigned i = 0; i < 200; i++)
        log_event(log, call_abandoned, .request_id = SLICE("0123456789"), .took_us = 7);
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    static struct recorder r;
    pthread_t threads[2];
    size_t lines = 0;
    struct slice rest;

    (void)state;
    start(&r, LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, &r.log), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    rest = slice_of(finish(&r));
    while (rest.len > 0) {
        struct slice line = slice_cut(rest, '\n', &rest);

        assert_true(slice_starts(line, SLICE("time=")));
        assert_true(slice_ends(line, SLICE("request_id=0123456789 took_us=7")));
        lines++;
    }
    assert_int_equal(lines, 400);
}

static void the_table_names_every_event(void **state)
{
    struct buf table;

    (void)state;
    buf_init(&table, 1u << 20);
    log_write_table(&table);
    assert_true(slice_find(buf_slice(&table),
                           SLICE("| `audit_lost` | error | audit records were dropped because "
                                 "their queue is full | records |\n")) != SIZE_MAX);
    buf_release(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_appear_in_the_order_of_the_table),
        cmocka_unit_test(less_severe_events_are_dropped),
        cmocka_unit_test(errors_are_written_with_code_text_and_place),
        cmocka_unit_test(values_of_another_form_are_refused),
        cmocka_unit_test(no_event_has_a_field_of_free_text),
        cmocka_unit_test(every_event_is_one_line_of_json),
        cmocka_unit_test(lines_of_threads_do_not_mix),
        cmocka_unit_test(the_table_names_every_event),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
