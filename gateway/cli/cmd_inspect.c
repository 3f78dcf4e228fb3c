/* gateway/cli/cmd_inspect.c -- `pgxgate inspect`: what the reader sees in a file or on a
 * server.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>

#include "fhir/json_c.h"
#include "fhir/url.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/database.h"
#include "gateway/cli/exit.h"
#include "gateway/cli/knowledge.h"
#include "gateway/cli/mapping.h"
#include "gateway/hooks/inspect_fetch.h"

#define FILE_BYTES_MAX   ((size_t)64 * 1024 * 1024)
#define OUTPUT_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define READ_BYTES       65536
#define TOKEN_VARIABLE   "PGXGATE_FHIR_TOKEN"

static const char USAGE[] =
    "usage: pgxgate inspect FILE|URL [--patient ID] [--json]\n"
    "                       [--knowledge DIR [--pack DIR]... | --database CONNINFO]\n"
    "                       [--mapping FILE] [--timeout SECONDS] [--ca-file FILE]\n"
    "\n"
    "Shows what the gateway reads: per gene the evidence with source, date, conflicts and\n"
    "warnings, HLA alleles, medication orders, and what was ignored and why.\n"
    "\n"
    "FILE (- for standard input) is a FHIR resource, a Bundle, an array of resources,\n"
    "resources line by line (NDJSON), or a whole hook request. It may be read without naming\n"
    "the patient unless it holds results of several; of a hook request the patient is known.\n"
    "URL is the base of a FHIR server; --patient is needed then, and " TOKEN_VARIABLE
    " in the\n"
    "environment may hold a bearer token. No other server is asked.\n"
    "\n"
    "  --patient ID         the patient; what is about others is ignored\n"
    "  --json               one JSON object: genes, hla, orders, ignored\n"
    "  --knowledge DIR      use the knowledge files in DIR\n"
    "  --pack DIR           lay a pack over them\n"
    "  --database CONNINFO  use the active release there (default: PGXGATE_DATABASE when set,\n"
    "                       else the files in rules/knowledge)\n"
    "  --mapping FILE       the site's own result codes and texts, as the setting\n"
    "                       result_mapping_file names them\n"
    "  --timeout SECONDS    time for all reads from the server (default 30)\n"
    "  --ca-file FILE       PEM file of the authorities that sign the server's certificate\n"
    "\n"
    "exit status: 0 shown, 64 usage, 65 the file, the patient, the mapping or the knowledge\n"
    "is wrong, 69 the server could not be read, or not all of it, or no database, 78 the token "
    "or CA file\n";

struct inspect_arguments {
    const char *from; /* a file or a URL */
    const char *patient;
    const char *ca_file;
    const char *mapping;
    uint32_t timeout_s;
    struct cli_knowledge where;
    bool wants_json;
};

static bool is_url(const char *text)
{
    return strstr(text, "://") != NULL;
}

static int complain(const char *text)
{
    (void)fprintf(stderr, "pgxgate inspect: %s\n", text);
    return EXIT_USAGE;
}

static int check_arguments(const struct inspect_arguments *arguments)
{
    struct fhir_url url;

    if (arguments->patient != NULL && arguments->patient[0] == '\0')
        return complain("--patient is empty");
    if (!is_url(arguments->from))
        return EXIT_OK;
    if (!fhir_url_parse(slice_of(arguments->from), &url) || url.query.len > 0)
        return complain("the URL must be the base of a FHIR server, http or https, without "
                        "user, query or fragment");
    if (arguments->patient == NULL)
        return complain("a server is read for one patient: name it with --patient");
    return EXIT_OK;
}

/* EXIT_OK, or what to exit with; *ret_help when there is nothing more to do. */
static int read_arguments(int argc, char **argv, struct inspect_arguments *ret, bool *ret_help)
{
    static const struct option OPTIONS[] = {
        {"patient", required_argument, NULL, 'P'},
        {"json", no_argument, NULL, 'j'},
        {"knowledge", required_argument, NULL, 'k'},
        {"pack", required_argument, NULL, 'p'},
        {"database", required_argument, NULL, 'd'},
        {"mapping", required_argument, NULL, 'm'},
        {"timeout", required_argument, NULL, 't'},
        {"ca-file", required_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;

    *ret = (struct inspect_arguments){.timeout_s = 30, .mapping = ""};
    *ret_help = false;
    while ((option = getopt_long(argc, argv, "P:jk:p:d:m:t:a:h", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'P':
            ret->patient = optarg;
            break;
        case 'j':
            ret->wants_json = true;
            break;
        case 'k':
            ret->where.dir = optarg;
            break;
        case 'p':
            if (!cli_knowledge_add_pack(&ret->where, optarg))
                return complain("too many packs");
            break;
        case 'd':
            ret->where.conninfo = optarg;
            break;
        case 'm':
            ret->mapping = optarg;
            break;
        case 't':
            if (!slice_to_u32(slice_of(optarg), 3600, &ret->timeout_s) || ret->timeout_s == 0)
                return complain("--timeout must be a whole number from 1 to 3600");
            break;
        case 'a':
            ret->ca_file = optarg;
            break;
        case 'h':
            *ret_help = true;
            return EXIT_OK;
        default:
            (void)fputs(USAGE, stderr);
            return EXIT_USAGE;
        }
    }
    if (optind != argc - 1) {
        (void)fputs(USAGE, stderr);
        return EXIT_USAGE;
    }
    ret->from = argv[optind];
    return check_arguments(ret);
}

static enum err_code read_stream(FILE *file, struct buf *ret, struct err *err)
{
    size_t got;

    do {
        char *to = buf_reserve(ret, READ_BYTES);

        if (to == NULL)
            return err_set(err, ERR_LIMIT, "it is larger than %zu bytes", FILE_BYTES_MAX);
        got = fread(to, 1, READ_BYTES, file);
        buf_added(ret, got);
    } while (got > 0);
    return ferror(file) != 0 ? err_set(err, ERR_INVALID, "it cannot be read") : ERR_OK;
}

static int inspect_file(struct inspection *inspection, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "rb");
    struct err err = {0};
    struct buf text;
    int status = EXIT_OK;

    if (file == NULL) {
        (void)fprintf(stderr, "pgxgate inspect: cannot open %s: %s\n", path, strerror(errno));
        return EXIT_DATA;
    }
    buf_init(&text, FILE_BYTES_MAX + READ_BYTES);
    if (read_stream(file, &text, &err) != ERR_OK ||
        inspect_add_file(inspection, &text, &err) != ERR_OK)
        status = cli_fail("inspect", &err);
    buf_release(&text);
    if (!is_stdin)
        (void)fclose(file);
    return status;
}

static int inspect_server(struct inspection *inspection,
                          const struct inspect_arguments *arguments, bool *ret_is_complete)
{
    const char *token = getenv(TOKEN_VARIABLE);
    struct inspect_server server = {
        .base = slice_of(arguments->from),
        .token = slice_of(token),
        .timeout_ms = arguments->timeout_s * 1000,
        .ca_file = arguments->ca_file,
    };
    struct err err = {0};

    (void)signal(SIGPIPE, SIG_IGN); /* a TLS peer that is gone raises it */
    if (inspect_fetch(inspection, &server, ret_is_complete, &err) == ERR_OK)
        return EXIT_OK;
    (void)cli_fail("inspect", &err);
    return err.code == ERR_INVALID                             ? EXIT_CONFIG
           : err.code == ERR_NOT_FOUND                         ? EXIT_DATA
           : err.code == ERR_NOMEM || err.code == ERR_INTERNAL ? EXIT_INTERNAL
                                                               : EXIT_UNAVAILABLE;
}

static int print(struct inspection *inspection, bool wants_json)
{
    struct json_object *tree = NULL;
    struct buf text;
    int status = EXIT_OK;

    buf_init(&text, OUTPUT_BYTES_MAX);
    if (wants_json)
        inspect_write_json(inspection, &text);
    else
        inspect_write_text(inspection, &text);
    if (buf_failed(&text) || inspection->arena.has_failed ||
        (wants_json && (tree = json_tokener_parse(text.bytes)) == NULL)) {
        (void)fputs("pgxgate inspect: the report is too large\n", stderr);
        status = EXIT_INTERNAL;
    } else if (wants_json) {
        (void)printf("%s\n",
                     json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PRETTY |
                                                              JSON_C_TO_STRING_NOSLASHESCAPE));
    } else {
        (void)fwrite(text.bytes, 1, text.len, stdout);
    }
    json_object_put(tree);
    buf_release(&text);
    return status;
}

/* What is shown may be less than there is: that must not look like success. */
static int judge(const struct inspection *inspection, bool is_server, bool is_complete)
{
    for (size_t i = 0; i < inspection->ignored_count; i++)
        is_complete = is_complete && !(is_server && slice_eq(inspection->ignored[i].reason,
                                                             SLICE("server-error")));
    if (!is_complete) {
        (void)fputs("pgxgate inspect: not everything could be read from the server; see what "
                    "was ignored\n",
                    stderr);
        return EXIT_UNAVAILABLE;
    }
    if (!inspection->is_outcome)
        return EXIT_OK;
    (void)fputs("pgxgate inspect: the file holds no data, but an OperationOutcome: an error "
                "that a server sent in its place\n",
                stderr);
    return EXIT_DATA;
}

static int inspect(const struct inspect_arguments *arguments,
                   const struct rules_knowledge *knowledge, const struct fhir_mapping *mapping)
{
    struct inspection inspection;
    bool is_server = is_url(arguments->from), is_complete = true;
    struct err err = {0};
    int status;

    inspect_init(&inspection, knowledge, slice_of(arguments->patient));
    inspection.facts.mapping = mapping;
    status = is_server ? inspect_server(&inspection, arguments, &is_complete)
                       : inspect_file(&inspection, arguments->from);
    if (status == EXIT_OK && inspect_read(&inspection, &err) != ERR_OK)
        status = cli_fail("inspect", &err);
    if (status == EXIT_OK)
        status = print(&inspection, arguments->wants_json);
    if (status == EXIT_OK)
        status = judge(&inspection, is_server, is_complete);
    inspect_release(&inspection);
    return status;
}

int cli_inspect(int argc, char **argv)
{
    struct inspect_arguments arguments;
    struct rules_knowledge *knowledge = NULL;
    struct result_mapping mapping;
    bool wants_help;
    int status = read_arguments(argc, argv, &arguments, &wants_help);

    if (wants_help)
        (void)fputs(USAGE, stdout);
    if (status != EXIT_OK || wants_help)
        return status;
    if (!cli_read_mapping("inspect", "--mapping", arguments.mapping, &mapping))
        return EXIT_DATA;
    status = cli_load_knowledge("inspect", &arguments.where, &knowledge);
    if (status == EXIT_OK)
        status = inspect(&arguments, knowledge, &mapping.mapping);
    result_mapping_release(&mapping);
    rules_knowledge_release(knowledge);
    return status;
}
