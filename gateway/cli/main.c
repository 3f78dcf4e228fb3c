/* gateway/cli/main.c -- finds the command and runs it. */
#include <stdio.h>
#include <string.h>

#include "gateway/cli/cli.h"
#include "gateway/cli/exit.h"
#include "rules/base/util.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} COMMANDS[] = {
    {"serve", cli_serve, "run the gateway"},
    {"check-config", cli_check_config, "check a settings file, or print an example"},
    {"migrate", cli_migrate, "bring the database's schema up to date"},
    {"codes", cli_codes, "list the codes of orders that no drug is known for"},
    {"rules", cli_rules, "import, test, activate and show knowledge"},
    {"advise", cli_advise, "advice for lines of results and drugs"},
    {"replay", cli_replay, "answer a recorded request without a server"},
    {"inspect", cli_inspect, "show what is read from a file or a FHIR server"},
    {"phenotype", cli_phenotype, "phenotypes for a list of diplotypes"},
    {"version", cli_version, "print the version"},
};

static void print_help(FILE *to)
{
    (void)fputs("pgxgate: pharmacogenomic decision support over CDS Hooks\n"
                "\n"
                "usage: pgxgate COMMAND [ARGUMENT ...]\n"
                "\n",
                to);
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++)
        (void)fprintf(to, "  %-14s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
    (void)fprintf(
        to,
        "\n"
        "`pgxgate COMMAND --help` explains a command.\n"
        "\n"
        "Exit status: %d done, %d the answer is no, %d wrong usage, %d wrong input,\n"
        "%d something needed is not available, %d internal fault, %d wrong settings.\n",
        EXIT_OK, EXIT_NO, EXIT_USAGE, EXIT_DATA, EXIT_UNAVAILABLE, EXIT_INTERNAL, EXIT_CONFIG);
}

int cli_version(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        (void)puts("usage: pgxgate version");
        return EXIT_OK;
    }
    if (argc > 1) {
        (void)fputs("usage: pgxgate version\n", stderr);
        return EXIT_USAGE;
    }
    (void)puts("pgxgate " PGX_VERSION);
    return EXIT_OK;
}

int cli_main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;

    if (name == NULL) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_help(stdout);
        return EXIT_OK;
    }
    if (strcmp(name, "--version") == 0)
        name = "version";
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++)
        if (strcmp(name, COMMANDS[i].name) == 0)
            return COMMANDS[i].run(argc - 1, argv + 1);
    (void)fprintf(stderr, "pgxgate: no command \"%s\"; `pgxgate help` lists them\n", name);
    return EXIT_USAGE;
}
