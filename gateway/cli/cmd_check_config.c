/* gateway/cli/cmd_check_config.c -- is a settings file right, and what would be in force? */
#include <string.h>
#include <unistd.h>

#include "gateway/cli/cli.h"
#include "gateway/cli/exit.h"
#include "gateway/cli/mapping.h"
#include "gateway/ops/config.h"

#define TEXT_BYTES_MAX ((size_t)1024 * 1024)

static const char USAGE[] =
    "usage: pgxgate check-config [FILE]\n"
    "       pgxgate check-config --example\n"
    "       pgxgate check-config --table\n"
    "\n"
    "Checks FILE together with the environment (PGXGATE_*) and prints the settings that would\n"
    "be in force, secrets masked; without FILE, those of the environment alone. Problems are\n"
    "printed with file, line and column, those of the result mapping with its file and line,\n"
    "and the exit status is 78.\n"
    "\n"
    "--example  print a settings file with every setting at its default\n"
    "--table    print all settings as a Markdown table\n";

static int print(struct buf *text)
{
    bool is_whole = !buf_failed(text) &&
                    fwrite(text->bytes, 1, text->len, stdout) == text->len &&
                    fflush(stdout) == 0;

    buf_release(text);
    return is_whole ? EXIT_OK : EXIT_INTERNAL;
}

static int check(const char *path)
{
    struct result_mapping mapping;
    struct gw_config config;
    struct err err = {0};
    struct buf problems;
    struct buf text;

    buf_init(&problems, TEXT_BYTES_MAX);
    buf_init(&text, TEXT_BYTES_MAX);
    if (gw_config_load(&config, path, (const char *const *)environ, &problems, &err) !=
        ERR_OK) {
        if (problems.len > 0)
            (void)fprintf(stderr, "%.*s", SLICE_ARG(buf_slice(&problems)));
        else
            (void)fprintf(stderr, "%s\n", err.text);
        buf_release(&problems);
        return EXIT_CONFIG;
    }
    buf_release(&problems);
    if (!cli_read_mapping("check-config", "result_mapping_file", config.result_mapping_file,
                          &mapping)) {
        gw_config_release(&config);
        buf_release(&text);
        return EXIT_CONFIG;
    }
    result_mapping_release(&mapping);
    gw_config_write(&config, &text);
    gw_config_release(&config);
    return print(&text);
}

int cli_check_config(int argc, char **argv)
{
    struct buf text;

    if (argc > 2 || (argc == 2 && argv[1][0] == '-' && strcmp(argv[1], "--example") != 0 &&
                     strcmp(argv[1], "--table") != 0 && strcmp(argv[1], "--help") != 0)) {
        (void)fputs(USAGE, stderr);
        return EXIT_USAGE;
    }
    if (argc < 2 || argv[1][0] != '-')
        return check(argc < 2 ? NULL : argv[1]);
    buf_init(&text, TEXT_BYTES_MAX);
    if (strcmp(argv[1], "--example") == 0)
        gw_config_write_example(&text);
    else if (strcmp(argv[1], "--table") == 0)
        gw_config_write_table(&text);
    else
        buf_add(&text, slice_of(USAGE));
    return print(&text);
}
