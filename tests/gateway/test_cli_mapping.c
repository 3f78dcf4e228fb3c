/* tests/gateway/test_cli_mapping.c -- the site's result mapping as commands use it: told with
 * file, line and reason when it is wrong, and read with when it is right. */
#include "tests/gateway/cli_fixture.h"
#include "tests/gateway/knowledge_fixture.h"

#define HEADER "kind,gene,system,code,allele,text,says\n"

static const char RESULT[] =
    "{\"resourceType\":\"Observation\",\"id\":\"a\",\"status\":\"final\",\"code\":{\"coding\":"
    "[{\"system\":\"http://lab.example/codes\",\"code\":\"901\"}]},\"valueString\":\"PM, two "
    "copies\"}";

static const char *const FILES[][2] = {
    {"good.csv", HEADER "phenotype,CYP2C19,http://lab.example/codes,901,,,\n"
                        "text,CYP2C19,,,,\"PM, two copies\",Poor Metabolizer\n"},
    {"bad.csv", HEADER "phenotype,CYP2C19,http://lab.example/codes,901,,,\n"
                       "text,CYP2C19,,,,abc,splendid\n"},
    {"good.yaml", "result_mapping_file: good.csv\n"},
    {"bad.yaml", "result_mapping_file: bad.csv\n"},
    {"none.yaml", "result_mapping_file: /nowhere/none.csv\n"},
    {"result.json", RESULT},
    {"replay.json", "{\"request\":{\"hook\":\"order-sign\"},\"settings\":{\"result_mapping\":"
                    "[{\"kind\":\"score\",\"gene\":\"CYP2D6\",\"system\":\"s\",\"code\":\"1\"},"
                    "{\"kind\":\"score\",\"gene\":\"CYP2D6\",\"system\":\"s\",\"code\":\"1\"}"
                    "]}}"},
    {"column.json", "{\"request\":{\"hook\":\"order-sign\"},\"settings\":{\"result_mapping\":"
                    "[{\"kind\":\"score\",\"genes\":\"CYP2D6\"}]}}"},
    {"number.json", "{\"request\":{\"hook\":\"order-sign\"},\"settings\":{\"result_mapping\":"
                    "[{\"kind\":\"score\",\"gene\":\"CYP2D6\",\"system\":\"s\",\"code\":1}]}}"},
};

static char folder[FIXTURE_DIR_SIZE];

static int make_files(void **state)
{
    (void)state;
    fixture_make_folder(folder);
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++)
        fixture_write(folder, FILES[i][0], FILES[i][1], strlen(FILES[i][1]));
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    fixture_remove(folder);
    return 0;
}

/* Of a line with the folder in place of each '@'. */
static void expect(const char *line, int status, const char *out, const char *err)
{
    char full[1024];
    size_t len = 0;

    for (const char *c = line; *c != '\0'; c++) {
        if (*c == '@')
            len += (size_t)snprintf(full + len, sizeof full - len, "%s", folder);
        else
            full[len++] = *c;
    }
    full[len] = '\0';
    cli_expect(full, status, out, err);
}

static void check_config_tells_what_is_wrong(void **state)
{
    (void)state;
    expect("check-config @/good.yaml", EXIT_OK, "/good.csv\"  # file", "");
    expect("check-config @/bad.yaml", EXIT_CONFIG, "",
           "pgxgate check-config: result_mapping_file: bad.csv:3: what it says is not "
           "understood\n");
    expect("check-config @/none.yaml", EXIT_CONFIG, "",
           "pgxgate check-config: result_mapping_file: none.csv: No such file or directory\n");
}

static void serve_does_not_start_with_it(void **state)
{
    (void)state;
    expect("serve --config @/bad.yaml --knowledge rules/knowledge", EXIT_CONFIG, "",
           "pgxgate serve: result_mapping_file: bad.csv:3: what it says is not understood\n");
}

static void inspect_reads_with_it(void **state)
{
    (void)state;
    expect("inspect @/result.json --knowledge rules/knowledge", EXIT_OK, "no result was found",
           "");
    expect("inspect @/result.json --knowledge rules/knowledge --mapping @/good.csv", EXIT_OK,
           "CYP2C19  Poor Metabolizer", "");
    expect("inspect @/result.json --knowledge rules/knowledge --mapping @/bad.csv", EXIT_DATA,
           "", "pgxgate inspect: --mapping: bad.csv:3: what it says is not understood\n");
}

static void replay_names_the_row(void **state)
{
    (void)state;
    expect("replay @/replay.json --knowledge rules/knowledge", EXIT_DATA, "",
           "pgxgate replay: settings.result_mapping: row 2: the code stands in row 1 "
           "already\n");
    expect("replay @/column.json --knowledge rules/knowledge", EXIT_DATA, "",
           "settings.result_mapping: row 1: its members are the columns, as strings\n");
    expect("replay @/number.json --knowledge rules/knowledge", EXIT_DATA, "",
           "settings.result_mapping: row 1: its members are the columns, as strings\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_config_tells_what_is_wrong),
        cmocka_unit_test(serve_does_not_start_with_it),
        cmocka_unit_test(inspect_reads_with_it),
        cmocka_unit_test(replay_names_the_row),
    };

    return cmocka_run_group_tests(tests, make_files, remove_files);
}
