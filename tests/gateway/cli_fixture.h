/* tests/gateway/cli_fixture.h -- commands as a person or a script uses them: what they print,
 * where, and their exit status. */
#ifndef TESTS_GATEWAY_CLI_FIXTURE_H
#define TESTS_GATEWAY_CLI_FIXTURE_H

#include <getopt.h>
#include <unistd.h>

#include "gateway/cli/cli.h"
#include "gateway/cli/exit.h"
#include "tests/test.h"

#define CLI_OUTPUT_SIZE 65536
#define CLI_WORDS_MAX   16

struct cli_output {
    char out[CLI_OUTPUT_SIZE], err[CLI_OUTPUT_SIZE];
};

static inline int cli_divert(int fd, FILE *to)
{
    int saved = dup(fd);

    assert_true(saved >= 0);
    assert_true(dup2(fileno(to), fd) >= 0);
    return saved;
}

static inline void cli_restore(int fd, int saved, FILE *from, char ret[CLI_OUTPUT_SIZE])
{
    size_t len;

    assert_true(dup2(saved, fd) >= 0);
    assert_int_equal(close(saved), 0);
    rewind(from);
    len = fread(ret, 1, CLI_OUTPUT_SIZE - 1, from);
    ret[len] = '\0';
    assert_int_equal(fclose(from), 0);
}

/* Runs "rules list --json": words are divided by spaces. */
static inline int cli_run(const char *line, struct cli_output *ret)
{
    static char copy[2048];
    char *argv[CLI_WORDS_MAX + 2] = {(char *)(uintptr_t) "pgxgate"}, *at = copy;
    FILE *out = tmpfile(), *err = tmpfile();
    int argc = 1, saved_out, saved_err, status;

    assert_true(out != NULL && err != NULL && strlen(line) < sizeof copy);
    (void)snprintf(copy, sizeof copy, "%s", line);
    while (at != NULL && argc <= CLI_WORDS_MAX)
        argv[argc++] = strsep(&at, " ");
    (void)fflush(NULL);
    saved_out = cli_divert(STDOUT_FILENO, out);
    saved_err = cli_divert(STDERR_FILENO, err);
    optind = 0; /* a command reads its arguments as a process of its own would */
    status = cli_main(argc, argv);
    (void)fflush(NULL);
    cli_restore(STDOUT_FILENO, saved_out, out, ret->out);
    cli_restore(STDERR_FILENO, saved_err, err, ret->err);
    return status;
}

/* `out` and `err` must be part of what is printed; "": nothing is. */
static inline void cli_expect(const char *line, int status, const char *out, const char *err)
{
    static struct cli_output output;
    int got = cli_run(line, &output);

    if (got != status)
        fail_msg("%s: status %d, want %d; %s%s", line, got, status, output.out, output.err);
    if (strstr(output.out, out) == NULL || (out[0] == '\0' && output.out[0] != '\0'))
        fail_msg("%s: got output \"%s\", want \"%s\"", line, output.out, out);
    if (strstr(output.err, err) == NULL || (err[0] == '\0' && output.err[0] != '\0'))
        fail_msg("%s: got error \"%s\", want \"%s\"", line, output.err, err);
}

/* A line with one word put in for %s. */
static inline void cli_expect_with(const char *format, const char *word, int status,
                                   const char *out, const char *err)
{
    const char *at = strstr(format, "%s");
    char line[1024];

    assert_non_null(at);
    (void)snprintf(line, sizeof line, "%.*s%s%s", (int)(at - format), format, word, at + 2);
    cli_expect(line, status, out, err);
}

/* The same, with what stands before and after the word. */
static inline void cli_expect_around(const char *before, const char *word, const char *after,
                                     int status, const char *out, const char *err)
{
    char line[1024];

    (void)snprintf(line, sizeof line, "%s%s%s", before, word, after);
    cli_expect(line, status, out, err);
}

static inline void cli_use_database(const char *conninfo)
{
    assert_int_equal(setenv("PGXGATE_DATABASE", conninfo, 1), 0);
}

#endif
