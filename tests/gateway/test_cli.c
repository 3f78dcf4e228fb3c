/* tests/gateway/test_cli.c -- commands, their help and their exit status. */
#include "gateway/cli/cli.h"
#include "tests/test.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/cli/exit.h"
#include "gateway/ops/config.h"

struct outcome {
    int status;
    char out[65536];
    char errors[65536];
};

static void read_all(int fd, char *text, size_t room)
{
    size_t len = 0;
    ssize_t got;

    while ((got = read(fd, text + len, room - 1 - len)) > 0)
        len += (size_t)got;
    text[len] = '\0';
    (void)close(fd);
}

/* Runs the command line in a process of its own. */
static void run(struct outcome *outcome, const char *const *arguments)
{
    char *argv[8] = {(char *)(uintptr_t) "pgxgate"};
    int argc = 1;
    int out[2], errors[2];
    pid_t pid;

    while (argc < 7 && arguments[argc - 1] != NULL) {
        argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
        argc++;
    }
    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(errors), 0);
    (void)fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(out[1], STDOUT_FILENO);
        (void)dup2(errors[1], STDERR_FILENO);
        argc = cli_main(argc, argv);
        (void)fflush(NULL);
        _exit(argc);
    }
    (void)close(out[1]);
    (void)close(errors[1]);
    read_all(out[0], outcome->out, sizeof outcome->out);
    read_all(errors[0], outcome->errors, sizeof outcome->errors);
    assert_int_equal(waitpid(pid, &outcome->status, 0), pid);
    assert_true(WIFEXITED(outcome->status));
    outcome->status = WEXITSTATUS(outcome->status);
}

struct command_row {
    const char *arguments[4];
    int status;
    const char *out;    /* its beginning */
    const char *errors; /* its beginning */
};

static void check_rows(const struct command_row *rows, size_t rows_count)
{
    static struct outcome outcome;

    for (size_t i = 0; i < rows_count; i++) {
        run(&outcome, rows[i].arguments);
        if (outcome.status != rows[i].status ||
            !slice_starts(slice_of(outcome.out), slice_of(rows[i].out)) ||
            !slice_starts(slice_of(outcome.errors), slice_of(rows[i].errors)) ||
            (rows[i].out[0] == '\0') != (outcome.out[0] == '\0') ||
            (rows[i].errors[0] == '\0') != (outcome.errors[0] == '\0'))
            fail_msg("row %zu: status %d, out \"%.200s\", errors \"%.200s\"", i, outcome.status,
                     outcome.out, outcome.errors);
    }
}

static void commands_end_with_their_status(void **state)
{
    static const struct command_row rows[] = {
        {{NULL}, EXIT_USAGE, "", "pgxgate: pharmacogenomic"},
        {{"help"}, EXIT_OK, "pgxgate: pharmacogenomic", ""},
        {{"--help"}, EXIT_OK, "pgxgate: pharmacogenomic", ""},
        {{"-h"}, EXIT_OK, "pgxgate: pharmacogenomic", ""},
        {{"dance"}, EXIT_USAGE, "", "pgxgate: no command \"dance\""},
        {{"version"}, EXIT_OK, "pgxgate " PGX_VERSION "\n", ""},
        {{"--version"}, EXIT_OK, "pgxgate " PGX_VERSION "\n", ""},
        {{"version", "--help"}, EXIT_OK, "usage: pgxgate version", ""},
        {{"version", "please"}, EXIT_USAGE, "", "usage: pgxgate version"},
        {{"check-config", "--help"}, EXIT_OK, "usage: pgxgate check-config", ""},
        {{"check-config", "--exmaple"}, EXIT_USAGE, "", "usage: pgxgate check-config"},
        {{"check-config", "a", "b"}, EXIT_USAGE, "", "usage: pgxgate check-config"},
        {{"check-config", "/nonexistent"},
         EXIT_CONFIG,
         "",
         "/nonexistent: No such file or directory\n"},
        {{"check-config", "--example"}, EXIT_OK, "# pgxgate settings.", ""},
        {{"check-config", "--table"}, EXIT_OK, "| setting | default |", ""},
        {{"check-config"}, EXIT_OK, "listen: \"127.0.0.1:8080\"\n", ""},
        {{"serve", "--help"}, EXIT_OK, "usage: pgxgate serve", ""},
        {{"migrate", "--help"}, EXIT_OK, "usage: pgxgate migrate", ""},
        {{"rules", "--help"}, EXIT_OK, "usage: pgxgate rules", ""},
        {{"replay", "--help"}, EXIT_OK, "usage: pgxgate replay", ""},
    };

    (void)state;
    check_rows(rows, ARRAY_LEN(rows));
}

static void inspect_refuses_what_it_cannot_read(void **state)
{
    static const struct command_row rows[] = {
        {{"inspect", "--help"}, EXIT_OK, "usage: pgxgate inspect", ""},
        {{"inspect"}, EXIT_USAGE, "", "usage: pgxgate inspect"},
        {{"inspect", "a", "b"}, EXIT_USAGE, "", "usage: pgxgate inspect"},
        {{"inspect", "--nonsense"}, EXIT_USAGE, "", "inspect: unrecognized"},
        {{"inspect", "a", "--patient"}, EXIT_USAGE, "", "inspect: option"},
        {{"inspect", "a", "--patient="}, EXIT_USAGE, "", "pgxgate inspect: --patient is empty"},
        {{"inspect", "a", "--timeout=0"}, EXIT_USAGE, "", "pgxgate inspect: --timeout"},
        {{"inspect", "a", "--timeout=soon"}, EXIT_USAGE, "", "pgxgate inspect: --timeout"},
        {{"inspect", "http://127.0.0.1:1/fhir"},
         EXIT_USAGE,
         "",
         "pgxgate inspect: a server is"},
        {{"inspect", "ftp://a/fhir", "--patient=1"},
         EXIT_USAGE,
         "",
         "pgxgate inspect: the URL"},
        {{"inspect", "http://u:p@a/", "--patient=1"},
         EXIT_USAGE,
         "",
         "pgxgate inspect: the URL"},
        {{"inspect", "http://a/?b", "--patient=1"}, EXIT_USAGE, "", "pgxgate inspect: the URL"},
        {{"inspect", "/nonexistent"},
         EXIT_DATA,
         "",
         "pgxgate inspect: cannot open /nonexistent"},
        {{"inspect", "/tmp"}, EXIT_DATA, "", "pgxgate inspect: "},
        {{"inspect", "/dev/null"}, EXIT_DATA, "", "pgxgate inspect: it is empty"},
    };

    (void)state;
    check_rows(rows, ARRAY_LEN(rows));
}

static void all_problems_of_a_file_are_shown(void **state)
{
    static struct outcome outcome;
    char path[] = "/tmp/pgxgate-test-XXXXXX";
    char want[512];
    FILE *file = fdopen(mkstemp(path), "w");

    (void)state;
    assert_non_null(file);
    assert_true(fputs("workers: x\ncolour: blue\ndatabase: host=db password=hunter2\n", file) >=
                0);
    assert_int_equal(fclose(file), 0);
    run(&outcome, (const char *const[]){"check-config", path, NULL});
    assert_int_equal(outcome.status, EXIT_CONFIG);
    (void)snprintf(want, sizeof want,
                   "%s:1:10: workers: must be a whole number from 0 to 256\n"
                   "%s:2:1: \"colour\" is no setting\n",
                   path, path);
    assert_string_equal(outcome.errors, want);

    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("workers: 2\ndatabase: host=db password=hunter2\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    run(&outcome, (const char *const[]){"check-config", path, NULL});
    assert_int_equal(outcome.status, EXIT_OK);
    assert_non_null(strstr(outcome.out, "\nworkers: 2  # file\n"));
    assert_non_null(strstr(outcome.out, "\ndatabase: \"********\"  # file\n"));
    assert_null(strstr(outcome.out, "hunter2"));
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_end_with_their_status),
        cmocka_unit_test(inspect_refuses_what_it_cannot_read),
        cmocka_unit_test(all_problems_of_a_file_are_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
