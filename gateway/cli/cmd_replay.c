/* gateway/cli/cmd_replay.c -- `pgxgate replay`: a saved request through the pure middle. */
#include <getopt.h>

#include "fhir/json_c.h"
#include "fhir/json_write.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/exit.h"
#include "gateway/cli/knowledge.h"
#include "gateway/hooks/replay.h"
#include "gateway/hooks/trace.h"

#define OUTPUT_BYTES_MAX ((size_t)64 * 1024 * 1024)

static const char USAGE[] =
    "usage: pgxgate replay FILE [--knowledge DIR [--pack DIR]... | --database CONNINFO]\n"
    "                      [--cards]\n"
    "\n"
    "Runs a saved hook request without any server and prints the answer and its trace as "
    "JSON.\n"
    "FILE is a hook request, or an object with \"request\", \"fhir\": what the FHIR server\n"
    "answers per relative URL, and \"settings\" (phenoconversion, pretest, guideline_order,\n"
    "result_mapping).\n"
    "The trace holds the patient's results: mind who sees it.\n"
    "\n"
    "  --knowledge DIR      use the knowledge files in DIR\n"
    "  --pack DIR           lay a pack over them: another publisher, or a site's policies\n"
    "  --database CONNINFO  use the active release there (default: PGXGATE_DATABASE when set,\n"
    "                       else the files in rules/knowledge)\n"
    "  --cards              print the answer only\n"
    "\n"
    "exit status: 0 answered with cards or silence, 1 answered with an error, 64 usage,\n"
    "65 the file or the knowledge is wrong, 69 no database\n";

struct replay_arguments {
    const char *file;
    struct cli_knowledge where;
    bool cards_only;
};

/* EXIT_OK, or what to exit with; *ret_help when there is nothing more to do. */
static int read_arguments(int argc, char **argv, struct replay_arguments *ret, bool *ret_help)
{
    static const struct option OPTIONS[] = {
        {"knowledge", required_argument, NULL, 'k'},
        {"pack", required_argument, NULL, 'p'},
        {"database", required_argument, NULL, 'd'},
        {"cards", no_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;

    *ret = (struct replay_arguments){0};
    *ret_help = false;
    while ((option = getopt_long(argc, argv, "k:p:d:ch", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'k':
            ret->where.dir = optarg;
            break;
        case 'p':
            if (!cli_knowledge_add_pack(&ret->where, optarg))
                return EXIT_USAGE;
            break;
        case 'd':
            ret->where.conninfo = optarg;
            break;
        case 'c':
            ret->cards_only = true;
            break;
        case 'h':
            *ret_help = true;
            return EXIT_OK;
        default:
            return EXIT_USAGE;
        }
    }
    if (optind != argc - 1)
        return EXIT_USAGE;
    ret->file = argv[optind];
    return EXIT_OK;
}

static int print(const struct buf *text)
{
    struct json_object *tree;

    if (buf_failed(text) || (tree = json_tokener_parse(text->bytes)) == NULL) {
        (void)fputs("pgxgate replay: the answer is too large\n", stderr);
        return EXIT_INTERNAL;
    }
    (void)printf("%s\n", json_object_to_json_string_ext(
                             tree, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(tree);
    return EXIT_OK;
}

static int answer(struct replay *replay, const struct rules_knowledge *knowledge,
                  bool cards_only)
{
    struct buf body, trace, output;
    struct json_writer w;
    uint32_t status;
    int result;

    buf_init(&body, OUTPUT_BYTES_MAX);
    buf_init(&trace, OUTPUT_BYTES_MAX);
    buf_init(&output, OUTPUT_BYTES_MAX);
    status = replay_run(replay, knowledge, &body);
    hook_trace_write(&replay->call, &trace);
    json_write_init(&w, &output);
    json_write_object(&w);
    json_write_member_u64(&w, "status", status);
    json_write_name(&w, "answer");
    json_write_raw(&w, buf_slice(&body));
    json_write_name(&w, "trace");
    json_write_raw(&w, buf_slice(&trace));
    json_write_object_end(&w);
    result = print(cards_only ? &body : &output);
    buf_release(&body);
    buf_release(&trace);
    buf_release(&output);
    return result == EXIT_OK && status != 200 ? EXIT_NO : result;
}

int cli_replay(int argc, char **argv)
{
    struct replay_arguments arguments;
    struct rules_knowledge *knowledge = NULL;
    struct replay replay = {0};
    struct err err = {0};
    bool wants_help;
    int status = read_arguments(argc, argv, &arguments, &wants_help);

    if (status != EXIT_OK || wants_help) {
        (void)fputs(USAGE, status == EXIT_OK ? stdout : stderr);
        return status;
    }
    status = cli_load_knowledge("replay", &arguments.where, &knowledge);
    if (status != EXIT_OK)
        return status;
    if (replay_load(&replay, arguments.file, &err) != ERR_OK)
        status = EXIT_DATA;
    else
        status = answer(&replay, knowledge, arguments.cards_only);
    if (err.code != ERR_OK)
        (void)fprintf(stderr, "pgxgate replay: %s\n", err.text);
    replay_release(&replay);
    rules_knowledge_release(knowledge);
    return status;
}
