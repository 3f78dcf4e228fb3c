/* gateway/cli/cmd_advise.c -- `pgxgate advise`: advice for lines of results and drugs. */
#include <errno.h>
#include <getopt.h>

#include "gateway/cli/cli.h"
#include "gateway/cli/exit.h"
#include "gateway/cli/knowledge.h"
#include "gateway/hooks/advise.h"

#define OUTPUT_BYTES_MAX ((size_t)16 * 1024 * 1024) /* of one line's answers */

static const char USAGE[] =
    "usage: pgxgate advise [FILE] [--knowledge DIR [--pack DIR]... | --database CONNINFO]\n"
    "                      [--guideline-order PUBLISHER[,PUBLISHER]...]\n"
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
    "A line that cannot be answered gives {\"id\":...,\"error\":\"...\"}; the others go on.\n"
    "\n"
    "  --knowledge DIR      use the knowledge files in DIR\n"
    "  --pack DIR           lay a pack over them: another publisher, or a site's policies\n"
    "  --database CONNINFO  use the active release there (default: PGXGATE_DATABASE when set,\n"
    "                       else the files in rules/knowledge)\n"
    "  --guideline-order L  whom to believe first, by publisher (default: CPIC)\n"
    "\n"
    "exit status: 0 all lines answered, 64 usage, 65 a line, the file or the knowledge is\n"
    "wrong, 69 no database\n";

struct advise_arguments {
    const char *file; /* NULL: standard input */
    struct cli_knowledge where;
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
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;

    *ret = (struct advise_arguments){.publishers = {SLICE("CPIC")}, .publishers_count = 1};
    *ret_help = false;
    while ((option = getopt_long(argc, argv, "k:p:d:g:h", OPTIONS, NULL)) != -1) {
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

/* Reads one line with room behind it for the JSON reader. False at the end. A line that is too
 * long is read to its end and left empty, with *ret_is_long set. */
static bool read_line(FILE *file, struct buf *line, bool *ret_is_long)
{
    int c;

    buf_clear(line);
    *ret_is_long = false;
    while ((c = getc(file)) != EOF && c != '\n') {
        if (line->len == ADVISE_LINE_BYTES_MAX)
            *ret_is_long = true;
        else
            buf_add_char(line, (char)c);
    }
    if (*ret_is_long)
        buf_clear(line);
    return c != EOF || line->len > 0 || *ret_is_long;
}

static bool answer_line(struct advise *advise, const struct rules_knowledge *knowledge,
                        struct buf *line, bool is_long, struct buf *out)
{
    struct slice text = buf_slice(line);
    char *padding = buf_reserve(line, JSON_PADDING);

    buf_clear(out);
    if (is_long || padding == NULL) {
        buf_add_text(out, "{\"error\":\"the line is longer than 1 MiB\"}\n");
        return false;
    }
    memset(padding, 0, JSON_PADDING);
    text.ptr = line->bytes;
    return advise_line(advise, knowledge, text, out);
}

static int answer_all(const struct advise_arguments *arguments,
                      const struct rules_knowledge *knowledge, FILE *file)
{
    struct buf line, out;
    struct advise advise;
    bool is_long, all_answered = true, has_failed = false;

    advise_init(&advise);
    advise.policy = (struct rules_policy){arguments->publishers, arguments->publishers_count};
    buf_init(&line, ADVISE_LINE_BYTES_MAX + JSON_PADDING);
    buf_init(&out, OUTPUT_BYTES_MAX);
    while (!has_failed && read_line(file, &line, &is_long)) {
        if (slice_trim(buf_slice(&line)).len == 0 && !is_long)
            continue;
        all_answered = answer_line(&advise, knowledge, &line, is_long, &out) && all_answered;
        has_failed = buf_failed(&out) || fwrite(out.bytes, 1, out.len, stdout) != out.len;
    }
    has_failed = has_failed || ferror(file) != 0 || fflush(stdout) != 0;
    if (has_failed)
        (void)fputs("pgxgate advise: reading or writing failed\n", stderr);
    advise_release(&advise);
    buf_release(&line);
    buf_release(&out);
    return has_failed ? EXIT_INTERNAL : all_answered ? EXIT_OK : EXIT_DATA;
}

int cli_advise(int argc, char **argv)
{
    struct rules_knowledge *knowledge = NULL;
    struct advise_arguments arguments;
    FILE *file = stdin;
    bool wants_help;
    int status = read_arguments(argc, argv, &arguments, &wants_help);

    if (status != EXIT_OK || wants_help) {
        (void)fputs(USAGE, status == EXIT_OK ? stdout : stderr);
        return status;
    }
    if (arguments.file != NULL && (file = fopen(arguments.file, "rb")) == NULL) {
        (void)fprintf(stderr, "pgxgate advise: cannot open %s: %s\n", arguments.file,
                      strerror(errno));
        return EXIT_DATA;
    }
    status = cli_load_knowledge("advise", &arguments.where, &knowledge);
    if (status == EXIT_OK)
        status = answer_all(&arguments, knowledge, file);
    if (file != stdin)
        (void)fclose(file);
    rules_knowledge_release(knowledge);
    return status;
}
