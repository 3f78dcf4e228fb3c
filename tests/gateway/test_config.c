/* tests/gateway/test_config.c -- settings from presets, file and environment; every mistake is
 * named with its place. */
#include "gateway/ops/config.h"
#include "tests/test.h"

#include <stdlib.h>
#include <unistd.h>

static void presets_are_in_force_when_nothing_is_set(void **state)
{
    struct gw_config config;
    struct err err = {0};

    (void)state;
    assert_ok(gw_config_load(&config, NULL, NULL, NULL, &err), &err);
    assert_string_equal(config.listen, "127.0.0.1:8080");
    assert_string_equal(config.admin_listen, "127.0.0.1:8081");
    assert_string_equal(config.database, "");
    assert_int_equal(config.workers, 0);
    assert_int_equal(config.deadline_ms, 500);
    assert_int_equal(config.knowledge_poll_s, 30);
    assert_int_equal(config.request_body_bytes_max, 8u << 20);
    assert_int_equal(config.request_header_bytes_max, 16384);
    assert_int_equal(config.fhir_allowed_servers_count, 0);
    assert_int_equal(config.cors_allowed_origins_count, 1);
    assert_slice_equal(config.cors_allowed_origins[0], "*");
    assert_int_equal(config.guideline_order_count, 1);
    assert_slice_equal(config.guideline_order[0], "CPIC");
    assert_int_equal(config.phenoconversion, RULES_CONVERSION_INFORM);
    assert_int_equal(config.pretest_count, 0);
    assert_int_equal(config.log_level, LOG_LEVEL_INFO);
    assert_int_equal(config.log_format, LOG_FORMAT_JSON);
    gw_config_release(&config);
}

static void values_are_read_by_their_kind(void **state)
{
    struct gw_config config;
    struct err err = {0};

    (void)state;
    assert_ok(gw_config_read(&config,
                             SLICE("# a comment\n"
                                   "listen: \"[::1]:0\"\n"
                                   "admin_listen: ''\n"
                                   "workers: 4\n"
                                   "deadline_ms: 2s\n"
                                   "header_timeout_ms: 250ms\n"
                                   "knowledge_poll_s: 60s\n"
                                   "request_body_bytes_max: 64K\n"
                                   "fhir_body_bytes_max: 1048576\n"
                                   "fhir_server_kinds: [\"https://fhir.example/r4=epic\"]\n"
                                   "fhir_allowed_servers:\n"
                                   "  - loopback\n"
                                   "  - https://fhir.example/r4/\n"
                                   "cors_allowed_origins: [https://a.example, "
                                   "'http://b.example:3000']\n"
                                   "card_locale: de-CH\n"
                                   "guideline_order: [DPWG, CPIC]\n"
                                   "phenoconversion: apply\n"
                                   "pretest: [clopidogrel/CYP2C19, codeine / CYP2D6]\n"
                                   "log_level: warning\n"
                                   "log_format: text\n"),
                             "f", NULL, NULL, &err),
              &err);
    assert_string_equal(config.listen, "[::1]:0");
    assert_string_equal(config.admin_listen, "");
    assert_int_equal(config.workers, 4);
    assert_int_equal(config.deadline_ms, 2000);
    assert_int_equal(config.header_timeout_ms, 250);
    assert_int_equal(config.knowledge_poll_s, 60);
    assert_int_equal(config.request_body_bytes_max, 65536);
    assert_int_equal(config.fhir_body_bytes_max, 1048576);
    assert_int_equal(config.fhir_server_kinds_count, 1);
    assert_slice_equal(config.fhir_server_kinds[0], "https://fhir.example/r4=epic");
    assert_int_equal(config.fhir_allowed_servers_count, 2);
    assert_slice_equal(config.fhir_allowed_servers[0], "http://loopback");
    assert_slice_equal(config.fhir_allowed_servers[1], "https://fhir.example/r4");
    assert_int_equal(config.cors_allowed_origins_count, 2);
    assert_slice_equal(config.cors_allowed_origins[1], "http://b.example:3000");
    assert_string_equal(config.card_locale, "de-CH");
    assert_int_equal(config.guideline_order_count, 2);
    assert_slice_equal(config.guideline_order[0], "DPWG");
    assert_int_equal(config.phenoconversion, RULES_CONVERSION_APPLY);
    assert_int_equal(config.pretest_count, 2);
    assert_slice_equal(config.pretest[0], "clopidogrel/CYP2C19");
    assert_int_equal(config.log_level, LOG_LEVEL_WARNING);
    assert_int_equal(config.log_format, LOG_FORMAT_TEXT);
    gw_config_release(&config);
}

static const struct {
    const char *yaml;
    const char *want; /* all problems */
} MISTAKES[] = {
    {"deadlin_ms: 5\n", "f:1:1: \"deadlin_ms\" is no setting; did you mean \"deadline_ms\"?\n"},
    {"colour: blue\n", "f:1:1: \"colour\" is no setting\n"},
    {"workers: 1\ncards_max: 3\nworkers: 2\n", "f:3:1: workers: is set in line 1 already\n"},
    {"phenoconversion: on\n", "f:1:18: phenoconversion: must be off, inform or apply\n"},
    {"phenoconversion: [apply]\n", "f:1:18: phenoconversion: must be one value\n"},
    {"pretest: [clopidogrel]\n",
     "f:1:11: pretest: must be a list of at most 64 pairs, like clopidogrel/CYP2C19, or "
     "\"all\"\n"},
    {"pretest: [a/b/c]\n",
     "f:1:11: pretest: must be a list of at most 64 pairs, like clopidogrel/CYP2C19, or "
     "\"all\"\n"},
    {"pretest: [/CYP2C19]\n",
     "f:1:11: pretest: must be a list of at most 64 pairs, like clopidogrel/CYP2C19, or "
     "\"all\"\n"},
    {"fhir_server_kinds: [https://ehr.example/fhir]\n",
     "f:1:21: fhir_server_kinds: must be a list of at most 64 base URLs with their kind, like "
     "https://ehr.example.org/fhir=epic\n"},
    {"fhir_server_kinds: [\"https://ehr.example/fhir=other\"]\n",
     "f:1:21: fhir_server_kinds: must be a list of at most 64 base URLs with their kind, like "
     "https://ehr.example.org/fhir=epic\n"},
    {"fhir_server_kinds: [epic]\n",
     "f:1:21: fhir_server_kinds: must be a list of at most 64 base URLs with their kind, like "
     "https://ehr.example.org/fhir=epic\n"},
    {"fhir_cache_s: 3601\n",
     "f:1:15: fhir_cache_s: must be a whole number from 0 to 3600 seconds\n"},
    {"fhir_http2: yes please\n", "f:1:13: fhir_http2: must be true or false\n"},
    {"guideline_order: [\"a\\tb\"]\n",
     "f:1:19: guideline_order: must be a list of at most 64 names, like CPIC\n"},
    {"workers: many\n", "f:1:10: workers: must be a whole number from 0 to 256\n"},
    {"workers: -1\n", "f:1:10: workers: must be a whole number from 0 to 256\n"},
    {"workers: 257\n", "f:1:10: workers: must be a whole number from 0 to 256\n"},
    {"workers: 1.5\n", "f:1:10: workers: must be a whole number from 0 to 256\n"},
    {"workers: 99999999999999999999\n",
     "f:1:10: workers: must be a whole number from 0 to 256\n"},
    {"workers:\n", "f:1:9: workers: must be a whole number from 0 to 256\n"},
    {"workers: [1]\n", "f:1:10: workers: must be one value\n"},
    {"workers: {a: [1, {b: c}]}\ncards_max: x\n",
     "f:1:10: workers: must be one value\n"
     "f:2:12: cards_max: must be a whole number from 1 to 100\n"},
    {"deadline_ms: 5\n", "f:1:14: deadline_ms: must be a whole number from 10 to 60000 "
                         "milliseconds; 500, 500ms and 2s are understood\n"},
    {"deadline_ms: 2m\n", "f:1:14: deadline_ms: must be a whole number from 10 to 60000 "
                          "milliseconds; 500, 500ms and 2s are understood\n"},
    {"request_body_bytes_max: 65M\n",
     "f:1:25: request_body_bytes_max: must be a whole number from 1024 to 67108864 bytes; "
     "K, M and G are understood\n"},
    {"listen: localhost:80\n", "f:1:9: listen: must be an address and port, like "
                               "127.0.0.1:8080 or [::1]:8080\n"},
    {"listen: ''\n", "f:1:9: listen: must be an address and port, like "
                     "127.0.0.1:8080 or [::1]:8080\n"},
    {"listen: 127.0.0.1:70000\n", "f:1:9: listen: must be an address and port, like "
                                  "127.0.0.1:8080 or [::1]:8080\n"},
    {"fhir_allowed_servers:\n- https://user:pw@x/\n",
     "f:2:3: fhir_allowed_servers: must be a list of at most 64 base URLs with http or "
     "https, or \"loopback\"\n"},
    {"fhir_allowed_servers:\n- [a]\n- loopback\n",
     "f:2:3: fhir_allowed_servers: items must be texts\n"},
    {"fhir_allowed_servers: {a: b}\n",
     "f:1:23: fhir_allowed_servers: must be a list of texts\n"},
    {"cors_allowed_origins: [https://a/b]\n",
     "f:1:24: cors_allowed_origins: must be a list of at most 64 origins, like "
     "https://ehr.example.org, or \"*\"\n"},
    {"card_locale: english\n",
     "f:1:14: card_locale: must be a language tag, like en or de-CH\n"},
    {"log_level: loud\n", "f:1:12: log_level: must be debug, info, warning or error\n"},
    {"log_format: xml\n", "f:1:13: log_format: must be json or text\n"},
    {"database: \"a\\nb\"\n", "f:1:11: database: must be a text; it is not shown\n"},
    {"- a\n", "f:1:1: must be lines of \"name: value\"\n"},
    {"just text\n", "f:1:1: must be lines of \"name: value\"\n"},
    {"[a]: b\n", "f:1:1: a setting's name must be a text\n"},
    {"\"a\\eb\": c\n", "f:1:1: \"a?b\" is no setting\n"},
    {"workers: 1\n---\nworkers: 2\n", "f:2:1: only one YAML document is read\n"},
    {"a: &x 1\nb: *x\n", "f:1:1: \"a\" is no setting\nf:2:1: \"b\" is no setting\n"},
    {"workers: *x\n", "f:1:10: workers: must be one value\n"},
    {"workers: 1\nbad\n", "f:3:1: is not YAML: could not find expected ':'\n"},
    {"workers: \"1\n", "f:2:1: is not YAML: found unexpected end of stream\n"},
    {"database: a\ndatabase_file: b\n", "f:2:1: database_file: database is set as well\n"},
    {"database_file: /nonexistent/file\n",
     "f:1:1: database_file: /nonexistent/file: No such file or directory\n"},
    {"request_bodies_bytes_max: 1M\n",
     "f: request_bodies_bytes_max: must not be below request_body_bytes_max\n"},
};

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(MISTAKES); i++) {
        struct gw_config config;
        struct err err = {0};
        struct buf problems;

        buf_init(&problems, 65536);
        assert_int_equal(
            gw_config_read(&config, slice_of(MISTAKES[i].yaml), "f", NULL, &problems, &err),
            ERR_INVALID);
        assert_slice_equal(buf_slice(&problems), MISTAKES[i].want);
        assert_true(slice_starts(slice_of(MISTAKES[i].want), slice_of(err.text)));
        buf_release(&problems);
    }
}

static void deep_nesting_ends_the_reading(void **state)
{
    char yaml[600] = "workers: ";
    struct gw_config config;
    struct err err = {0};

    (void)state;
    memset(yaml + strlen(yaml), '[', 500);
    assert_int_equal(gw_config_read(&config, slice_of(yaml), "f", NULL, NULL, &err),
                     ERR_INVALID);
}

static void a_list_has_a_limit(void **state)
{
    struct gw_config config;
    struct buf yaml;

    (void)state;
    for (unsigned count = CONFIG_LIST_ITEMS_MAX; count <= CONFIG_LIST_ITEMS_MAX + 1; count++) {
        struct err err = {0};

        buf_init(&yaml, 65536);
        buf_add_text(&yaml, "fhir_allowed_servers:\n");
        for (unsigned i = 0; i < count; i++)
            buf_printf(&yaml, "- http://host%u.example\n", i);
        assert_int_equal(gw_config_read(&config, buf_slice(&yaml), "f", NULL, NULL, &err),
                         count == CONFIG_LIST_ITEMS_MAX ? ERR_OK : ERR_INVALID);
        gw_config_release(&config);
        buf_release(&yaml);
    }
}

static void the_environment_is_stronger_than_the_file(void **state)
{
    static const char *const good[] = {
        "HOME=/root",
        "PGXGATE_WORKERS=3",
        "PGXGATE_DATABASE=host=/run dbname=x",
        "PGXGATE_FHIR_ALLOWED_SERVERS=loopback, https://a.example",
        "PGXGATE_PORT=tcp://x",
        NULL};
    static const char *const bad[] = {"PGXGATE_WORKERS=x", "PGXGATE_LOG_LEVEL=", NULL};
    struct gw_config config;
    struct err err = {0};
    struct buf problems;

    (void)state;
    assert_ok(gw_config_read(&config,
                             SLICE("workers: 2\ncards_max: 7\ndatabase_file: /nonexistent\n"
                                   "fhir_allowed_servers: [https://b.example]\n"),
                             "f", good, NULL, &err),
              &err);
    assert_int_equal(config.workers, 3);
    assert_int_equal(config.cards_max, 7);
    assert_string_equal(config.database, "host=/run dbname=x");
    assert_int_equal(config.fhir_allowed_servers_count, 2);
    assert_slice_equal(config.fhir_allowed_servers[1], "https://a.example");
    assert_int_equal(config.sources[CONFIG_ID_workers], CONFIG_ENVIRONMENT);
    assert_int_equal(config.sources[CONFIG_ID_cards_max], CONFIG_FILE);
    assert_int_equal(config.sources[CONFIG_ID_listen], CONFIG_PRESET);
    gw_config_release(&config);

    buf_init(&problems, 65536);
    assert_int_equal(gw_config_read(&config, SLICE(""), "f", bad, &problems, &err),
                     ERR_INVALID);
    assert_slice_equal(buf_slice(&problems),
                       "PGXGATE_WORKERS: must be a whole number from 0 to 256\n"
                       "PGXGATE_LOG_LEVEL: must be debug, info, warning or error\n");
    buf_release(&problems);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void the_database_is_read_from_its_file(void **state)
{
    char directory[] = "/tmp/pgxgate-test-XXXXXX";
    char path[64];
    char text[128];
    char credentials[64];
    const char *const environ_[] = {credentials, NULL};
    struct gw_config config;
    struct err err = {0};

    (void)state;
    assert_non_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/db", directory);
    (void)snprintf(text, sizeof text, "database_file: %s\n", path);
    (void)snprintf(credentials, sizeof credentials, "CREDENTIALS_DIRECTORY=%s", directory);

    write_file(path, "host=db password=secret\n");
    assert_ok(gw_config_read(&config, slice_of(text), "f", NULL, NULL, &err), &err);
    assert_string_equal(config.database, "host=db password=secret");
    gw_config_release(&config);
    assert_ok(gw_config_read(&config, SLICE("database_file: db"), "f", environ_, NULL, &err),
              &err);
    assert_string_equal(config.database, "host=db password=secret");
    gw_config_release(&config);

    write_file(path, " \n");
    assert_int_equal(gw_config_read(&config, slice_of(text), "f", NULL, NULL, &err),
                     ERR_INVALID);
    assert_string_equal(err.text, "f:1:1: database_file: holds no connection string");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);
}

static void a_bare_mapping_file_stands_beside_the_settings(void **state)
{
    static const struct {
        const char *yaml, *file, *want;
    } ROWS[] = {
        {"result_mapping_file: m.csv\n", "/etc/pgxgate/gateway.yaml", "/etc/pgxgate/m.csv"},
        {"result_mapping_file: m.csv\n", "gateway.yaml", "m.csv"},
        {"result_mapping_file: /srv/m.csv\n", "/etc/pgxgate/gateway.yaml", "/srv/m.csv"},
        {"result_mapping_file: maps/m.csv\n", "/etc/pgxgate/gateway.yaml", "maps/m.csv"},
        {"result_mapping_file: ''\n", "/etc/pgxgate/gateway.yaml", ""},
        {"workers: 1\n", "/etc/pgxgate/gateway.yaml", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct gw_config config;
        struct err err = {0};

        assert_ok(
            gw_config_read(&config, slice_of(ROWS[i].yaml), ROWS[i].file, NULL, NULL, &err),
            &err);
        assert_string_equal(config.result_mapping_file, ROWS[i].want);
        gw_config_release(&config);
    }
}

static void a_missing_file_is_an_error(void **state)
{
    struct gw_config config;
    struct err err = {0};

    (void)state;
    assert_int_equal(gw_config_load(&config, "/nonexistent/x.yaml", NULL, NULL, &err),
                     ERR_NOT_FOUND);
    assert_string_equal(err.text, "/nonexistent/x.yaml: No such file or directory");
    gw_config_release(&config);
}

/* The example says what the presets are: reading it changes nothing. */
static void the_example_is_the_presets(void **state)
{
    struct gw_config preset, example;
    struct err err = {0};
    struct buf text, one, other;

    (void)state;
    buf_init(&text, 1u << 20);
    buf_init(&one, 1u << 20);
    buf_init(&other, 1u << 20);
    gw_config_write_example(&text);
    assert_ok(gw_config_read(&preset, SLICE(""), "f", NULL, NULL, &err), &err);
    assert_ok(gw_config_read(&example, buf_slice(&text), "f", NULL, NULL, &err), &err);
    memcpy(example.sources, preset.sources, sizeof preset.sources);
    gw_config_write(&preset, &one);
    gw_config_write(&example, &other);
    assert_true(slice_eq(buf_slice(&one), buf_slice(&other)));
    for (size_t i = 0, begin = 0; i < text.len; i++) /* lines of the example fit a screen */
        if (text.bytes[i] == '\n') {
            assert_true(i - begin <= 120);
            begin = i + 1;
        }
    gw_config_release(&preset);
    gw_config_release(&example);
    buf_release(&text);
    buf_release(&one);
    buf_release(&other);
}

static void what_is_shown_can_be_read_again_and_hides_secrets(void **state)
{
    struct gw_config config, again;
    struct err err = {0};
    struct buf shown;

    (void)state;
    buf_init(&shown, 1u << 20);
    assert_ok(gw_config_read(&config,
                             SLICE("database: host=db password=hunter2\n"
                                   "fhir_ca_file: 'a \"b\" \\c'\n"
                                   "fhir_allowed_servers: [loopback, https://a.example]\n"),
                             "f", NULL, NULL, &err),
              &err);
    gw_config_write(&config, &shown);
    assert_int_equal(slice_find(buf_slice(&shown), SLICE("hunter2")), SIZE_MAX);
    assert_true(slice_find(buf_slice(&shown), SLICE("database: \"********\"  # file\n")) !=
                SIZE_MAX);
    assert_ok(gw_config_read(&again, buf_slice(&shown), "f", NULL, NULL, &err), &err);
    assert_string_equal(again.fhir_ca_file, "a \"b\" \\c");
    assert_slice_equal(again.fhir_allowed_servers[0], "http://loopback");
    gw_config_release(&config);
    gw_config_release(&again);
    buf_release(&shown);
}

static void the_table_has_a_row_for_every_setting(void **state)
{
    struct buf table;
    size_t lines = 0, sections = 0;

    (void)state;
    buf_init(&table, 1u << 20);
    gw_config_write_table(&table);
    for (size_t i = 0; i < table.len; i++)
        lines += table.bytes[i] == '\n';
    for (struct slice rest = buf_slice(&table); rest.len > 0;)
        sections += slice_starts(slice_cut(rest, '\n', &rest), SLICE("| **"));
    assert_int_equal(lines, CONFIG_SETTINGS_COUNT + sections + 2);
    buf_release(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presets_are_in_force_when_nothing_is_set),
        cmocka_unit_test(values_are_read_by_their_kind),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(deep_nesting_ends_the_reading),
        cmocka_unit_test(a_list_has_a_limit),
        cmocka_unit_test(the_environment_is_stronger_than_the_file),
        cmocka_unit_test(the_database_is_read_from_its_file),
        cmocka_unit_test(a_bare_mapping_file_stands_beside_the_settings),
        cmocka_unit_test(a_missing_file_is_an_error),
        cmocka_unit_test(the_example_is_the_presets),
        cmocka_unit_test(what_is_shown_can_be_read_again_and_hides_secrets),
        cmocka_unit_test(the_table_has_a_row_for_every_setting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
