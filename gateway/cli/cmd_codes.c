/* gateway/cli/cmd_codes.c -- `pgxgate codes`: which codes of orders the knowledge does not
 * know.
 */
#include <getopt.h>

#include "fhir/json_write.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/database.h"
#include "gateway/cli/exit.h"
#include "gateway/cli/output.h"

#define COMMAND              "codes unresolved"
#define STATEMENT_TIMEOUT_MS 120000
#define OUTPUT_BYTES_MAX     ((size_t)64 * 1024 * 1024)
#define DAYS_MAX             36500
#define LIMIT_MAX            100000

static const char USAGE[] =
    "usage: pgxgate codes unresolved [--days N] [--limit N] [--csv | --json]\n"
    "\n"
    "Lists the codes of orders that no drug is known for, most frequent first, from the "
    "audit:\n"
    "how many calls carried them, and when the last one was. Most will be drugs that need no\n"
    "genetic result; the others are to be mapped with `pgxgate rules import --codes FILE`.\n"
    "Orders without a code, and codes that might be words, are counted in the metrics only.\n"
    "\n"
    "  --days N             look back so many days (default: 30)\n"
    "  --limit N            list at most so many (default: 100)\n"
    "  --csv                as a table for `rules import --codes`, the drug to be filled in\n"
    "  --json               as JSON\n"
    "  --database CONNINFO  where (default: PGXGATE_DATABASE)\n"
    "\n"
    "exit status: 0 done, 64 usage, 69 no database, or one without schema, 78 no connection "
    "string\n";

struct codes_arguments {
    const char *conninfo, *days, *limit;
    bool wants_csv, wants_json, wants_help;
};

enum { COLUMN_SYSTEM, COLUMN_CODE, COLUMN_CALLS, COLUMN_LAST };

/* --- output --------------------------------------------------------------------------------
 */

static int print_json(const struct db_rows *rows)
{
    struct json_writer w;
    struct buf json;
    int status;

    buf_init(&json, OUTPUT_BYTES_MAX);
    json_write_init(&w, &json);
    json_write_array(&w);
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        uint64_t calls = 0;

        (void)slice_to_u64(db_cell(rows, i, COLUMN_CALLS), UINT64_MAX, &calls);
        json_write_object(&w);
        json_write_member_text(&w, "system", db_cell(rows, i, COLUMN_SYSTEM));
        json_write_member_text(&w, "code", db_cell(rows, i, COLUMN_CODE));
        json_write_member_u64(&w, "calls", calls);
        json_write_member_text(&w, "last", db_cell(rows, i, COLUMN_LAST));
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    status = cli_print_json(COMMAND, &json);
    buf_release(&json);
    return status;
}

/* Nothing in it needs quotes: what is kept of a code has neither commas nor quotes. */
static void print_csv(const struct db_rows *rows)
{
    (void)puts("system,code,drug,form,display");
    for (size_t i = 0; i < db_rows_count(rows); i++)
        (void)printf("%.*s,%.*s,,,\n", SLICE_ARG(db_cell(rows, i, COLUMN_SYSTEM)),
                     SLICE_ARG(db_cell(rows, i, COLUMN_CODE)));
}

static void print_text(const struct db_rows *rows)
{
    if (db_rows_count(rows) > 0)
        (void)printf("%8s  %-20s  %s\n", "CALLS", "LAST", "SYSTEM|CODE");
    for (size_t i = 0; i < db_rows_count(rows); i++)
        (void)printf("%8.*s  %-20.*s  %.*s|%.*s\n", SLICE_ARG(db_cell(rows, i, COLUMN_CALLS)),
                     SLICE_ARG(db_cell(rows, i, COLUMN_LAST)),
                     SLICE_ARG(db_cell(rows, i, COLUMN_SYSTEM)),
                     SLICE_ARG(db_cell(rows, i, COLUMN_CODE)));
}

/* --- the list ------------------------------------------------------------------------------
 */

static int list_unresolved(const struct codes_arguments *arguments)
{
    static const struct db_statement LIST = {
        "list unresolved codes",
        "SELECT c.value->>'system', c.value->>'code', count(*), "
        "to_char(max(a.at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') "
        "FROM pgxgate.audit a, jsonb_array_elements(a.gaps->'unresolved_codes') c "
        "WHERE a.at >= now() - make_interval(days => $1::int) "
        "GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT $2::int",
        false};
    const char *params[] = {arguments->days, arguments->limit};
    struct db_rows *rows = NULL;
    struct db *db = NULL;
    struct err err = {0};
    int status = cli_open_migrated(COMMAND, arguments->conninfo, STATEMENT_TIMEOUT_MS, &db);

    if (status == EXIT_OK &&
        db_query(db, &LIST, params, ARRAY_LEN(params), &rows, &err) != ERR_OK)
        status = cli_fail(COMMAND, &err);
    if (status == EXIT_OK && arguments->wants_json)
        status = print_json(rows);
    else if (status == EXIT_OK && arguments->wants_csv)
        print_csv(rows);
    else if (status == EXIT_OK)
        print_text(rows);
    db_rows_free(rows);
    db_free(db);
    return status;
}

/* --- the command line ----------------------------------------------------------------------
 */

static bool is_number(const char *text, uint32_t max)
{
    uint32_t number = 0;

    return slice_to_u32(slice_of(text), max, &number) && number > 0;
}

static bool read_arguments(int argc, char **argv, struct codes_arguments *ret)
{
    static const struct option OPTIONS[] = {
        {"days", required_argument, NULL, 'n'},
        {"limit", required_argument, NULL, 'l'},
        {"csv", no_argument, NULL, 'c'},
        {"json", no_argument, NULL, 'j'},
        {"database", required_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "d:jh", OPTIONS, NULL)) != -1) {
        if (option == 'n')
            ret->days = optarg;
        else if (option == 'l')
            ret->limit = optarg;
        else if (option == 'c')
            ret->wants_csv = true;
        else if (option == 'j')
            ret->wants_json = true;
        else if (option == 'd')
            ret->conninfo = optarg;
        else if (option == 'h')
            ret->wants_help = true;
        else
            return false;
    }
    return ret->wants_help ||
           (optind == argc - 1 && strcmp(argv[optind], "unresolved") == 0 &&
            !(ret->wants_csv && ret->wants_json) && is_number(ret->days, DAYS_MAX) &&
            is_number(ret->limit, LIMIT_MAX));
}

int cli_codes(int argc, char **argv)
{
    struct codes_arguments arguments = {.days = "30", .limit = "100"};

    if (!read_arguments(argc, argv, &arguments) || arguments.wants_help) {
        (void)fputs(USAGE, arguments.wants_help ? stdout : stderr);
        return arguments.wants_help ? EXIT_OK : EXIT_USAGE;
    }
    return list_unresolved(&arguments);
}
