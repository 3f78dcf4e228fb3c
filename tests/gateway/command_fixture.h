/* tests/gateway/command_fixture.h -- runs a command as a person does and looks at what it
 * prints, where, and its exit status. */
#ifndef TESTS_GATEWAY_COMMAND_FIXTURE_H
#define TESTS_GATEWAY_COMMAND_FIXTURE_H

#include <fcntl.h>
#include <unistd.h>

#include "gateway/cli/cli.h"
#include "gateway/cli/exit.h"
#include "tests/test.h"

#define OUTPUT_SIZE 65536
#define WORDS_MAX   16

struct output {
    char out[OUTPUT_SIZE], err[OUTPUT_SIZE];
};

/* --- running a command ---------------------------------------------------------------------
 */

static inline int divert(int fd, FILE *to)
{
    int saved = dup(fd);

    assert_true(saved >= 0);
    assert_true(dup2(fileno(to), fd) >= 0);
    return saved;
}

static inline void restore(int fd, int saved, FILE *from, char ret[OUTPUT_SIZE])
{
    size_t len;

    assert_true(dup2(saved, fd) >= 0);
    assert_int_equal(close(saved), 0);
    rewind(from);
    len = fread(ret, 1, OUTPUT_SIZE - 1, from);
    ret[len] = '\0';
    assert_int_equal(fclose(from), 0);
}

/* Runs "rules list --json": words are divided by spaces. */
static inline int run(const char *line, struct output *ret)
{
    static char copy[1024];
    char *argv[WORDS_MAX + 1] = {0}, *at = copy;
    FILE *out = tmpfile(), *err = tmpfile();
    int argc = 0, saved_out, saved_err, status;

    assert_true(out != NULL && err != NULL && strlen(line) < sizeof copy);
    (void)snprintf(copy, sizeof copy, "%s", line);
    while (at != NULL && argc < WORDS_MAX)
        argv[argc++] = strsep(&at, " ");
    (void)fflush(NULL);
    saved_out = divert(STDOUT_FILENO, out);
    saved_err = divert(STDERR_FILENO, err);
    status = strcmp(argv[0], "migrate") == 0 ? cli_migrate(argc, argv) : cli_rules(argc, argv);
    (void)fflush(NULL);
    restore(STDOUT_FILENO, saved_out, out, ret->out);
    restore(STDERR_FILENO, saved_err, err, ret->err);
    return status;
}

static inline void expect(const char *line, int status, const char *out, const char *err)
{
    static struct output output;
    int got = run(line, &output);

    if (got != status)
        fail_msg("%s: status %d, want %d; %s%s", line, got, status, output.out, output.err);
    if (strstr(output.out, out) == NULL || (out[0] == '\0' && output.out[0] != '\0'))
        fail_msg("%s: got output \"%s\", want \"%s\"", line, output.out, out);
    if (strstr(output.err, err) == NULL || (err[0] == '\0' && output.err[0] != '\0'))
        fail_msg("%s: got error \"%s\", want \"%s\"", line, output.err, err);
}

/* A line with the fixture's folder or a version in it. */
static inline void expect_with(const char *before, const char *word, const char *after,
                               int status, const char *out, const char *err)
{
    char line[512];

    (void)snprintf(line, sizeof line, "%s%s%s", before, word, after);
    expect(line, status, out, err);
}

static inline void use_database(const char *conninfo)
{
    assert_int_equal(setenv("PGXGATE_DATABASE", conninfo, 1), 0);
}

#endif
