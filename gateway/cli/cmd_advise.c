/* gateway/cli/cmd_advise.c -- `pgxgate advise`: advice for lines of results and drugs. */
#include <assert.h>
#include <getopt.h>

#include "gateway/cli/batch.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/exit.h"
#include "gateway/cli/knowledge.h"
#include "gateway/hooks/advise.h"

static const char USAGE[] =
    "usage: pgxgate advise [FILE] [--knowledge DIR [--pack DIR]... | --database CONNINFO]\n"
    "                      [--guideline-order PUBLISHER[,PUBLISHER]...]\n"
    "                      [--phenoconversion off|inform|apply]\n"
    "\n"
    "Reads one JSON object a line from FILE, or from standard input, and writes the advice as\n"
    "one JSON object a line:\n"
    "\n"
    "  {\"id\":\"1\",\"genes\":{\"CYP2C19\":\"*2/*2\",\"CYP2D6\":\"Poor Metabolizer\"},\n"
    "   \"drug\":\"clopidogrel\",\"context\":{\"age_years\":54,\"population\":\"CVI ACS "
    "PCI\"}}\n"
    "\n"
    "A gene's result is a diplotype, a phenotype, \"score 1.25\" or \"*57:01 positive\"; "
    "several\n"
    "stand in an array. `drug` is a name or \"system|code\"; a combination product gives one "
    "line\n"
    "per ingredient. `context` may hold age_years, weight_kg, sex, population, therapy (naive "
    "or\n"
    "established) and dose_mg_per_day. The answer holds every recommendation that may apply,\n"
    "which gene results are missing, notes, and the card, null where silence is right.\n"
    "A line that cannot be answered, or has more than 65,536 bytes, gives "
    "{\"id\":...,\"error\":...}\n"
    "and is told on standard error by its number; the others go on.\n"
    "\n"
    "  --knowledge DIR      use the knowledge files in DIR\n"
    "  --pack DIR           lay a pack over them: another publisher, or a site's policies\n"
    "  --database CONNINFO  use the active release there (default: PGXGATE_DATABASE when set,\n"
    "                       else the files in rules/knowledge)\n"
    "  --guideline-order L  whom to believe first, by publisher (default: CPIC)\n"
    "  --phenoconversion U  what other drugs make of a phenotype: inform tells it, apply "
    "looks\n"
    "                       advice up by it (default: inform)\n"
    "\n"
    "exit status: 0 all lines answered, 64 usage, 65 a line, the file or the knowledge is\n"
    "wrong, 69 no database\n";

struct advise_arguments {
    const char *file; /* NULL: standard input */
    struct cli_knowledge where;
    enum rules_conversion_use conversion;
    struct slice publishers[RULES_PUBLISHERS_MAX];
    size_t publishers_count;
};

static bool read_publishers(struct advise_arguments *arguments, const char *list)
{
    struct slice rest = slice_of(list);

    arguments->publishers_count = 0;
    while (rest.len > 0) {
        if (arguments->publishers_count == RULES_PUBLISHERS_MAX)
            return false;
        arguments->publishers[arguments->publishers_count++] =
            slice_trim(slice_cut(rest, ',', &rest));
    }
    return arguments->publishers_count > 0;
}

/* EXIT_OK, or what to exit with; *ret_help when there is nothing more to do. */
static int read_arguments(int argc, char **argv, struct advise_arguments *ret, bool *ret_help)
{
    static const struct option OPTIONS[] = {
        {"knowledge", required_argument, NULL, 'k'},
        {"pack", required_argument, NULL, 'p'},
        {"database", required_argument, NULL, 'd'},
        {"guideline-order", required_argument, NULL, 'g'},
        {"phenoconversion", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;

    *ret = (struct advise_arguments){.conversion = RULES_CONVERSION_INFORM,
                                     .publishers = {SLICE("CPIC")},
                                     .publishers_count = 1};
    *ret_help = false;
    while ((option = getopt_long(argc, argv, "k:p:d:g:c:h", OPTIONS, NULL)) != -1) {
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
        case 'g':
            if (!read_publishers(ret, optarg))
                return EXIT_USAGE;
            break;
        case 'c':
            if (!rules_conversion_use_from_name(slice_of(optarg), &ret->conversion))
                return EXIT_USAGE;
            break;
        case 'h':
            *ret_help = true;
            return EXIT_OK;
        default:
            return EXIT_USAGE;
        }
    }
    if (optind < argc)
        ret->file = argv[optind++];
    return optind == argc ? EXIT_OK : EXIT_USAGE;
}

/* What answering a line needs. */
struct answering {
    const struct rules_knowledge *knowledge;
    struct advise advise;
    struct batch *batch;
};

static enum err_code answer_line(void *owner, struct slice line, struct err *err)
{
    struct answering *a = owner;

    (void)err;
    if (!advise_line(&a->advise, a->knowledge, line, &a->batch->out))
        batch_complain(a->batch, "cannot be answered");
    return ERR_OK;
}

static enum err_code answer_bad_line(void *owner, struct slice line, const char *reason,
                                     struct err *err)
{
    struct answering *a = owner;

    (void)line;
    (void)err;
    batch_complain(a->batch, reason);
    buf_printf(&a->batch->out, "{\"error\":\"the line is %s\"}\n", reason);
    return ERR_OK;
}

static int answer_all(const struct advise_arguments *arguments,
                      const struct rules_knowledge *knowledge)
{
    static const struct batch_handler HANDLER = {"advise", answer_line, answer_bad_line};
    struct answering a = {.knowledge = knowledge};
    int status;

    static_assert(BATCH_LINE_PADDING >= JSON_PADDING, "a line can be read as JSON");
    advise_init(&a.advise);
    a.advise.options.policy =
        (struct rules_policy){arguments->publishers, arguments->publishers_count};
    a.advise.options.conversion = arguments->conversion;
    status = batch_run(&HANDLER, arguments->file, &a, &a.batch);
    advise_release(&a.advise);
    return status;
}

int cli_advise(int argc, char **argv)
{
    struct rules_knowledge *knowledge = NULL;
    struct advise_arguments arguments;
    bool wants_help;
    int status = read_arguments(argc, argv, &arguments, &wants_help);

    if (status != EXIT_OK || wants_help) {
        (void)fputs(USAGE, status == EXIT_OK ? stdout : stderr);
        return status;
    }
    status = cli_load_knowledge("advise", &arguments.where, &knowledge);
    if (status == EXIT_OK)
        status = answer_all(&arguments, knowledge);
    rules_knowledge_release(knowledge);
    return status;
}
