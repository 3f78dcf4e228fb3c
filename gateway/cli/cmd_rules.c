/* gateway/cli/cmd_rules.c -- `pgxgate rules`: knowledge from files to use, step by step. */
#include <getopt.h>

#include "gateway/cli/cli.h"
#include "gateway/cli/exit.h"
#include "gateway/cli/rules_command.h"

static const char USAGE[] =
    "usage: pgxgate rules import DIR | --on RELEASE [--rxnorm DIR] [--cpic CONNINFO] ...\n"
    "       pgxgate rules test [RELEASE | --knowledge DIR]\n"
    "       pgxgate rules lint [RELEASE | --knowledge DIR]\n"
    "       pgxgate rules diff A B\n"
    "       pgxgate rules approve RELEASE [--by NAME [--note TEXT]]\n"
    "       pgxgate rules activate [RELEASE] [--at TIME]\n"
    "       pgxgate rules unschedule [RELEASE]\n"
    "       pgxgate rules rollback [NAME]\n"
    "       pgxgate rules policy [--approvals N]\n"
    "       pgxgate rules list\n"
    "       pgxgate rules show [DRUG | GENE | RECOMMENDATION] [--knowledge DIR]\n"
    "       pgxgate rules coverage [RELEASE | --knowledge DIR]\n"
    "\n"
    "  import      reads and checks knowledge files and stores them, with what a site adds,\n"
    "              as a draft release; see `pgxgate rules import --help`\n"
    "  test        runs the cases that ship with a release; a draft whose cases all hold is\n"
    "              marked as tested\n"
    "  lint        looks for rules that never apply, advice that differs for one result,\n"
    "              results without advice, missing translations and citations, long lines\n"
    "  diff        what patients get from B and not from A, in clinical words; A and B are\n"
    "              releases or folders of knowledge files\n"
    "  approve     records that NAME approves a tested release; without --by: who did\n"
    "  activate    tests a release and, if its cases hold, makes it the one in use; the one\n"
    "              before is retired. With --at it becomes active by itself at that time, as\n"
    "              long as a gateway runs, within its knowledge_poll_s\n"
    "  unschedule  takes a planned activation back\n"
    "  rollback    activates the release that was active before, after the same checks; NAME\n"
    "              tells of which knowledge, when several are active\n"
    "  policy      how many people must approve a release before it can be activated, 0 to 5\n"
    "  list        the releases of the database, newest import first\n"
    "  show        what the active release, or the files in DIR, say, and where it is from\n"
    "  coverage    a document of what is covered, from which sources, and what is not\n"
    "\n"
    "RELEASE is a version, a content hash, or the first 8 or more digits of one; without it "
    "the\n"
    "newest import is meant (lint, coverage: the active release).\n"
    "\n"
    "  --database CONNINFO  where (default: PGXGATE_DATABASE, which does not show in the\n"
    "                       list of processes)\n"
    "  --knowledge DIR      work on knowledge files, without a database\n"
    "  --at TIME            a date and time with its offset, like 2026-12-01T06:00+01:00\n"
    "  --json               the result as JSON (all but show, unschedule, coverage)\n"
    "\n"
    "exit status: 0 done (diff: no difference in meaning), 1 the answer is no (a case failed,\n"
    "lint found errors, diff found differences, too few approvals, nothing of that name), 64\n"
    "usage, 65 the knowledge is wrong, 69 no database, or one without schema, 78 no "
    "connection\n"
    "string\n";

/* --- the command ---------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    int (*run)(const struct rules_arguments *arguments);
    const char *options; /* letters that make sense */
    int words_min, words_max;
} SUBCOMMANDS[] = {
    {"test", rules_test, "dkj", 0, 1},
    {"diff", rules_diff_command, "dj", 2, 2},
    {"coverage", rules_coverage, "dk", 0, 1},
    {"lint", rules_lint_command, "dkj", 0, 1},
    {"approve", rules_approve, "djbn", 1, 1},
    {"activate", rules_activate, "djt", 0, 1},
    {"unschedule", rules_unschedule, "d", 0, 1},
    {"rollback", rules_rollback, "dj", 0, 1},
    {"policy", rules_policy, "dja", 0, 0},
    {"list", rules_list, "dj", 0, 0},
    {"show", rules_show, "dk", 0, 1},
};

/* Where an option's argument goes. */
static const char **place_of(struct rules_arguments *arguments, int option)
{
    switch (option) {
    case 'd':
        return &arguments->conninfo;
    case 'k':
        return &arguments->knowledge;
    case 'b':
        return &arguments->by;
    case 'n':
        return &arguments->note;
    case 't':
        return &arguments->at;
    default:
        return &arguments->approvals;
    }
}

/* False when the arguments do not fit the subcommand. */
static bool read_arguments(int argc, char **argv, const char *options,
                           struct rules_arguments *ret, bool *ret_help)
{
    static const struct option OPTIONS[] = {
        {"database", required_argument, NULL, 'd'},
        {"knowledge", required_argument, NULL, 'k'},
        {"by", required_argument, NULL, 'b'},
        {"note", required_argument, NULL, 'n'},
        {"at", required_argument, NULL, 't'},
        {"approvals", required_argument, NULL, 'a'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "d:k:b:n:t:a:jh", OPTIONS, NULL)) != -1) {
        if (option == 'h') {
            *ret_help = true;
            return true;
        }
        if (option == '?' || strchr(options, option) == NULL)
            return false;
        if (option == 'j')
            ret->wants_json = true;
        else
            *place_of(ret, option) = optarg;
    }
    ret->word = optind < argc ? argv[optind] : NULL;
    ret->second = optind + 1 < argc ? argv[optind + 1] : NULL;
    return true;
}

int cli_rules(int argc, char **argv)
{
    struct rules_arguments arguments = {0};
    bool wants_help =
        argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);

    if (argc > 1 && strcmp(argv[1], "import") == 0)
        return rules_import(argc - 1, argv + 1);
    for (size_t i = 0; !wants_help && argc > 1 && i < ARRAY_LEN(SUBCOMMANDS); i++) {
        if (strcmp(argv[1], SUBCOMMANDS[i].name) != 0)
            continue;
        if (!read_arguments(argc - 1, argv + 1, SUBCOMMANDS[i].options, &arguments,
                            &wants_help))
            break;
        if (wants_help)
            break;
        if (argc - 1 - optind < SUBCOMMANDS[i].words_min ||
            argc - 1 - optind > SUBCOMMANDS[i].words_max)
            break;
        return SUBCOMMANDS[i].run(&arguments);
    }
    (void)fputs(USAGE, wants_help ? stdout : stderr);
    return wants_help ? EXIT_OK : EXIT_USAGE;
}
