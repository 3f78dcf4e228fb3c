/* gateway/cli/cmd_migrate.c -- `pgxgate migrate`: bring the database's schema up to date. */
#include <getopt.h>

#include "gateway/cli/cli.h"
#include "gateway/cli/database.h"
#include "gateway/cli/exit.h"
#include "gateway/store/migrate.h"

#ifndef PGX_MIGRATIONS_DIR /* packages define where they install them */
#define PGX_MIGRATIONS_DIR "migrations"
#endif
#define STATEMENT_TIMEOUT_MS 600000

static const char USAGE[] =
    "usage: pgxgate migrate [--database CONNINFO] [--dir DIR] [--check]\n"
    "\n"
    "Applies the migrations that the database does not have yet, each in one transaction.\n"
    "Running it again does nothing. Several runs at once wait for each other.\n"
    "\n"
    "  --database CONNINFO  where (default: PGXGATE_DATABASE, which does not show in the\n"
    "                       list of processes)\n"
    "  --dir DIR            the migrations (default: PGXGATE_MIGRATIONS, else "
    "\"" PGX_MIGRATIONS_DIR "\")\n"
    "  --check              change nothing; say what would be applied\n"
    "\n"
    "exit status: 0 up to date, 1 --check found migrations to apply, 64 usage, 65 a migration\n"
    "is wrong, failed or was changed, 69 no database or not allowed, 78 no connection string\n";

struct migrate_arguments {
    const char *conninfo;
    const char *dir;
    bool is_check_only;
};

static int read_arguments(int argc, char **argv, struct migrate_arguments *ret, bool *ret_help)
{
    static const struct option OPTIONS[] = {
        {"database", required_argument, NULL, 'd'},
        {"dir", required_argument, NULL, 'D'},
        {"check", no_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    const char *dir = getenv("PGXGATE_MIGRATIONS");
    int option;

    *ret = (struct migrate_arguments){.dir = dir != NULL ? dir : PGX_MIGRATIONS_DIR};
    *ret_help = false;
    optind = 0;
    while ((option = getopt_long(argc, argv, "d:D:ch", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'd':
            ret->conninfo = optarg;
            break;
        case 'D':
            ret->dir = optarg;
            break;
        case 'c':
            ret->is_check_only = true;
            break;
        case 'h':
            *ret_help = true;
            return EXIT_OK;
        default:
            return EXIT_USAGE;
        }
    }
    return optind == argc ? EXIT_OK : EXIT_USAGE;
}

static void print_step(void *owner, const struct migrate_step *step)
{
    (void)owner;
    switch (step->outcome) {
    case MIGRATE_PRESENT:
        return;
    case MIGRATE_APPLIED:
        (void)printf("%s: applied in %u ms\n", step->name, step->took_ms);
        return;
    case MIGRATE_PENDING:
        (void)printf("%s: to be applied\n", step->name);
        return;
    }
}

static int migrate(struct db *db, const struct migrate_arguments *arguments)
{
    const struct migrate_options options = {.dir = arguments->dir,
                                            .is_check_only = arguments->is_check_only,
                                            .on_step = print_step};
    struct migrate_result result = {0};
    struct err err = {0};

    if (migrate_run(db, &options, &result, &err) != ERR_OK)
        return cli_fail("migrate", &err);
    if (result.pending > 0)
        return EXIT_NO;
    (void)printf("the schema is up to date: version %u\n", result.present + result.applied);
    return EXIT_OK;
}

int cli_migrate(int argc, char **argv)
{
    struct migrate_arguments arguments;
    struct db *db = NULL;
    bool wants_help;
    int status = read_arguments(argc, argv, &arguments, &wants_help);

    if (status != EXIT_OK || wants_help) {
        (void)fputs(USAGE, status == EXIT_OK ? stdout : stderr);
        return status;
    }
    status = cli_open_database("migrate", arguments.conninfo, STATEMENT_TIMEOUT_MS, &db);
    if (status == EXIT_OK)
        status = migrate(db, &arguments);
    db_free(db);
    return status;
}
