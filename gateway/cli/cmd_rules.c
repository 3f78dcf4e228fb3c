/* gateway/cli/cmd_rules.c -- `pgxgate rules`: knowledge from files to use, step by step. */
#include <getopt.h>

#include "fhir/json_write.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/database.h"
#include "gateway/cli/exit.h"
#include "gateway/cli/rules_command.h"
#include "gateway/store/knowledge_files.h"
#include "gateway/store/migrate.h"
#include "gateway/store/releases.h"
#include "gateway/store/snapshot.h"
#include "rules/evaluate.h"

#define STATEMENT_TIMEOUT_MS 120000
#define ARENA_BYTES_MAX      ((size_t)16 * 1024 * 1024)
#define OUTPUT_BYTES_MAX     ((size_t)64 * 1024 * 1024)
#define SHORT_HASH           12

static const char USAGE[] =
    "usage: pgxgate rules import DIR [SOURCE ...]\n"
    "       pgxgate rules test [RELEASE | --knowledge DIR]\n"
    "       pgxgate rules activate [RELEASE]\n"
    "       pgxgate rules list\n"
    "       pgxgate rules show [DRUG | GENE | RECOMMENDATION] [--knowledge DIR]\n"
    "\n"
    "  import    reads and checks knowledge files and stores them as a draft release\n"
    "  test      runs the cases that ship with a release; a draft whose cases all hold is\n"
    "            marked as tested\n"
    "  activate  tests a release and, if its cases hold, makes it the one in use; the one\n"
    "            before is retired and can be activated again\n"
    "  list      the releases of the database, newest import first\n"
    "  show      what the active release, or the files in DIR, say, and where it is from\n"
    "\n"
    "RELEASE is a version, a content hash, or the first 8 or more digits of one; without it "
    "the\n"
    "newest import is meant.\n"
    "\n"
    "sources, laid over DIR in this order (import):\n"
    "  --cpic CONNINFO      a restored copy of CPIC's database; service=NAME keeps a password\n"
    "                       out of the list of processes\n"
    "  --cpic-json PATH     a file, or a folder of files that belong together: answers of "
    "CPIC's\n"
    "                       API, PharmCAT's prescribing_guidance.json (CPIC and DPWG) and\n"
    "                       phenotypes\n"
    "  --modulators FILE    a list of inhibitors and inducers as CSV: "
    "gene,drug,role,strength,\n"
    "                       factor,washout_days,source\n"
    "  --pack DIR           a pack of knowledge files\n"
    "\n"
    "  --database CONNINFO  where (default: PGXGATE_DATABASE, which does not show in the\n"
    "                       list of processes)\n"
    "  --knowledge DIR      work on knowledge files, without a database\n"
    "  --json               the result as JSON (import, test, activate, list)\n"
    "\n"
    "exit status: 0 done, 1 the answer is no (a case failed, nothing of that name), 64 usage,\n"
    "65 the knowledge is wrong, 69 no database, or one without schema, 78 no connection "
    "string\n";

/* --- output --------------------------------------------------------------------------------
 */

static int print_json(const struct buf *json)
{
    if (buf_failed(json)) {
        (void)fputs("pgxgate rules: the result is too large\n", stderr);
        return EXIT_INTERNAL;
    }
    (void)printf("%.*s\n", (int)json->len, json->bytes);
    return EXIT_OK;
}

static void write_info(struct json_writer *w, const struct release_info *info)
{
    json_write_member_text(w, "name", info->name);
    json_write_member_text(w, "version", info->version);
    json_write_member_text(w, "developer", info->developer);
    json_write_member_text(w, "hash", info->content_hash);
    json_write_member_text(w, "state", info->state);
    json_write_member_text(w, "importedAt", info->imported_at);
    json_write_member_text(w, "testedAt", info->tested_at);
    json_write_member_text(w, "activatedAt", info->activated_at);
}

static int open_database(const struct rules_arguments *arguments, const char *command,
                         struct db **ret)
{
    struct err err = {0};
    struct db *db = NULL;
    int status = cli_open_database(command, arguments->conninfo, STATEMENT_TIMEOUT_MS, &db);

    if (status != EXIT_OK)
        return status;
    if (migrate_check(db, &err) != ERR_OK) {
        (void)cli_fail(command, &err);
        db_free(db);
        return EXIT_UNAVAILABLE;
    }
    *ret = db;
    return EXIT_OK;
}

/* --- import --------------------------------------------------------------------------------
 */

static int print_import(const struct rules_arguments *arguments,
                        const struct rules_knowledge *knowledge, bool is_new)
{
    const struct rules_release *rows = rules_knowledge_rows(knowledge);
    struct slice hash = rules_knowledge_hash(knowledge);
    struct json_writer w;
    struct buf json;
    int status;

    if (!arguments->wants_json) {
        (void)printf("%s %.*s %.*s (%.*s): %zu drugs, %zu genes, %zu recommendations, %zu "
                     "tests\n",
                     is_new ? "imported" : "there already:", SLICE_ARG(rows->name),
                     SLICE_ARG(rows->version), SHORT_HASH, hash.ptr, rows->drugs_count,
                     rows->genes_count, rows->recommendations_count, rows->tests_count);
        return EXIT_OK;
    }
    buf_init(&json, OUTPUT_BYTES_MAX);
    json_write_init(&w, &json);
    json_write_object(&w);
    json_write_member_text(&w, "name", rows->name);
    json_write_member_text(&w, "version", rows->version);
    json_write_member_text(&w, "hash", hash);
    json_write_member_bool(&w, "isNew", is_new);
#define X(type, array) json_write_member_u64(&w, #array, rows->array##_count);
    RULES_TABLES(X)
#undef X
    json_write_object_end(&w);
    status = print_json(&json);
    buf_release(&json);
    return status;
}

/* The base and what is laid over it. What the sources tell goes to standard error. */
static enum err_code compose(const struct rules_arguments *arguments,
                             struct rules_knowledge **ret, struct err *err)
{
    struct rules_release release;
    struct buf told;

    if (store_read_files(arguments->word, &release, err) != ERR_OK)
        return err->code;
    buf_init(&told, OUTPUT_BYTES_MAX);
    if (rules_sources_apply(&arguments->sources, &release, &told, err) != ERR_OK)
        rules_release_release(&release);
    else if (snapshot_from_release(&release, ret, err) == ERR_OK)
        (void)fprintf(stderr, "%.*s", SLICE_ARG(buf_slice(&told)));
    buf_release(&told);
    return err->code;
}

static int run_import(const struct rules_arguments *arguments)
{
    struct rules_knowledge *knowledge = NULL;
    struct err err = {0};
    struct db *db = NULL;
    bool is_new = false;
    int status = EXIT_OK;

    if (compose(arguments, &knowledge, &err) != ERR_OK)
        return cli_fail("rules import", &err);
    status = open_database(arguments, "rules import", &db);
    if (status == EXIT_OK) {
        if (releases_import(db, rules_knowledge_rows(knowledge), &is_new, &err) != ERR_OK)
            status = cli_fail("rules import", &err);
        else
            status = print_import(arguments, knowledge, is_new);
    }
    db_free(db);
    rules_knowledge_release(knowledge);
    return status;
}

/* --- test ----------------------------------------------------------------------------------
 */

struct test_report {
    const struct rules_arguments *arguments;
    struct json_writer json;
    struct buf bytes;
    size_t run, failed;
};

static void report_failure(void *owner, const struct rules_test *test, struct slice what)
{
    struct test_report *report = owner;

    if (!report->arguments->wants_json) {
        (void)printf("FAILED  %.*s\n        %.*s\n", SLICE_ARG(test->name), SLICE_ARG(what));
        return;
    }
    json_write_object(&report->json);
    json_write_member_text(&report->json, "test", test->name);
    json_write_member_text(&report->json, "drug", test->drug);
    json_write_member_text(&report->json, "what", what);
    json_write_object_end(&report->json);
}

/* Runs the cases and prints what failed; EXIT_NO unless there are cases and all hold. */
static int run_cases(const struct rules_arguments *arguments,
                     const struct rules_knowledge *knowledge)
{
    const struct rules_release *rows = rules_knowledge_rows(knowledge);
    struct test_report report = {.arguments = arguments};
    int status = EXIT_OK;

    buf_init(&report.bytes, OUTPUT_BYTES_MAX);
    json_write_init(&report.json, &report.bytes);
    json_write_object(&report.json);
    json_write_member_text(&report.json, "name", rows->name);
    json_write_member_text(&report.json, "version", rows->version);
    json_write_member_text(&report.json, "hash", rules_knowledge_hash(knowledge));
    json_write_name(&report.json, "failures");
    json_write_array(&report.json);
    report.failed = rules_run_tests(knowledge, report_failure, &report, &report.run);
    json_write_array_end(&report.json);
    json_write_member_u64(&report.json, "run", report.run);
    json_write_member_u64(&report.json, "failed", report.failed);
    json_write_object_end(&report.json);
    if (arguments->wants_json)
        status = print_json(&report.bytes);
    else
        (void)printf("%.*s %.*s (%.*s): %zu tests, %zu failed\n", SLICE_ARG(rows->name),
                     SLICE_ARG(rows->version), SHORT_HASH, rules_knowledge_hash(knowledge).ptr,
                     report.run, report.failed);
    buf_release(&report.bytes);
    if (status == EXIT_OK && (report.failed > 0 || report.run == 0))
        status = EXIT_NO;
    return status;
}

/* The release that `word` selects; its info lives in the arena. */
static int load_release(const char *command, struct db *db, const char *word,
                        struct arena *arena, struct release_info *ret_info,
                        struct rules_knowledge **ret)
{
    struct rules_release release;
    struct err err = {0};

    if (releases_find(db, word, arena, ret_info, &err) != ERR_OK) {
        (void)cli_fail(command, &err);
        return err.code == ERR_NOT_FOUND || err.code == ERR_INVALID ? EXIT_NO
                                                                    : EXIT_UNAVAILABLE;
    }
    if (releases_load(db, ret_info, &release, &err) != ERR_OK ||
        snapshot_from_release(&release, ret, &err) != ERR_OK)
        return cli_fail(command, &err);
    return EXIT_OK;
}

static int mark_tested(const char *command, struct db *db, const struct release_info *info)
{
    struct err err = {0};

    if (slice_eq_text(info->state, "draft") && releases_mark_tested(db, info, &err) != ERR_OK)
        return cli_fail(command, &err);
    return EXIT_OK;
}

static int test_release(const struct rules_arguments *arguments, struct db *db,
                        struct arena *arena)
{
    struct rules_knowledge *knowledge = NULL;
    struct release_info info;
    int status = load_release("rules test", db, arguments->word, arena, &info, &knowledge);

    if (status == EXIT_OK)
        status = run_cases(arguments, knowledge);
    if (status == EXIT_OK)
        status = mark_tested("rules test", db, &info);
    rules_knowledge_release(knowledge);
    return status;
}

static int test_files(const struct rules_arguments *arguments)
{
    struct rules_knowledge *knowledge = NULL;
    struct err err = {0};
    int status;

    if (snapshot_from_files(arguments->knowledge, &knowledge, &err) != ERR_OK)
        return cli_fail("rules test", &err);
    status = run_cases(arguments, knowledge);
    rules_knowledge_release(knowledge);
    return status;
}

static int with_database(const struct rules_arguments *arguments, const char *command,
                         int (*run)(const struct rules_arguments *arguments, struct db *db,
                                    struct arena *arena))
{
    struct arena arena;
    struct db *db = NULL;
    int status = open_database(arguments, command, &db);

    arena_init(&arena, ARENA_BYTES_MAX);
    if (status == EXIT_OK)
        status = run(arguments, db, &arena);
    arena_release(&arena);
    db_free(db);
    return status;
}

static int run_test(const struct rules_arguments *arguments)
{
    if (arguments->knowledge != NULL && arguments->word != NULL) {
        (void)fputs("pgxgate rules test: give a release or --knowledge, not both\n", stderr);
        return EXIT_USAGE;
    }
    return arguments->knowledge != NULL ? test_files(arguments)
                                        : with_database(arguments, "rules test", test_release);
}

/* --- activate ------------------------------------------------------------------------------
 */

static int print_active(const struct rules_arguments *arguments, struct db *db,
                        const struct release_info *before, struct arena *arena)
{
    struct release_info info;
    struct json_writer w;
    struct err err = {0};
    struct buf json;
    int status;

    if (releases_find(db, before->content_hash.ptr, arena, &info, &err) != ERR_OK)
        return cli_fail("rules activate", &err);
    if (!arguments->wants_json) {
        (void)printf("active: %.*s %.*s (%.*s)%s\n", SLICE_ARG(info.name),
                     SLICE_ARG(info.version), SHORT_HASH, info.content_hash.ptr,
                     slice_eq_text(before->state, "active") ? ", as before" : "");
        return EXIT_OK;
    }
    buf_init(&json, OUTPUT_BYTES_MAX);
    json_write_init(&w, &json);
    json_write_object(&w);
    write_info(&w, &info);
    json_write_object_end(&w);
    status = print_json(&json);
    buf_release(&json);
    return status;
}

static void complain(void *owner, const struct rules_test *test, struct slice what)
{
    (void)owner;
    (void)fprintf(stderr, "FAILED  %.*s\n        %.*s\n", SLICE_ARG(test->name),
                  SLICE_ARG(what));
}

static int check_cases(const struct rules_knowledge *knowledge)
{
    size_t run = 0, failed = rules_run_tests(knowledge, complain, NULL, &run);

    if (failed == 0 && run > 0)
        return EXIT_OK;
    (void)fprintf(stderr, "pgxgate rules activate: refused: of %zu tests %zu failed\n", run,
                  failed);
    return EXIT_NO;
}

static int activate_release(const struct rules_arguments *arguments, struct db *db,
                            struct arena *arena)
{
    struct rules_knowledge *knowledge = NULL;
    struct release_info info;
    struct err err = {0};
    int status = load_release("rules activate", db, arguments->word, arena, &info, &knowledge);

    if (status == EXIT_OK)
        status = check_cases(knowledge);
    rules_knowledge_release(knowledge);
    if (status == EXIT_OK)
        status = mark_tested("rules activate", db, &info);
    if (status == EXIT_OK && !slice_eq_text(info.state, "active") &&
        releases_activate(db, &info, &err) != ERR_OK)
        status = cli_fail("rules activate", &err);
    return status == EXIT_OK ? print_active(arguments, db, &info, arena) : status;
}

static int run_activate(const struct rules_arguments *arguments)
{
    return with_database(arguments, "rules activate", activate_release);
}

/* --- list ----------------------------------------------------------------------------------
 */

static int list_json(const struct release_info *infos, size_t count)
{
    struct json_writer w;
    struct buf json;
    int status;

    buf_init(&json, OUTPUT_BYTES_MAX);
    json_write_init(&w, &json);
    json_write_array(&w);
    for (size_t i = 0; i < count; i++) {
        json_write_object(&w);
        write_info(&w, &infos[i]);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    status = print_json(&json);
    buf_release(&json);
    return status;
}

static int list_releases(const struct rules_arguments *arguments, struct db *db,
                         struct arena *arena)
{
    struct release_info *infos = NULL;
    struct err err = {0};
    size_t count = 0;

    if (releases_list(db, arena, &infos, &count, &err) != ERR_OK)
        return cli_fail("rules list", &err);
    if (arguments->wants_json)
        return list_json(infos, count);
    if (count > 0)
        (void)printf("%-*s  %-8s  %-20s  %-12s  %-22s  %s\n", SHORT_HASH, "HASH", "STATE",
                     "NAME", "VERSION", "IMPORTED", "ACTIVATED");
    for (size_t i = 0; i < count; i++)
        (void)printf("%.*s  %-8.*s  %-20.*s  %-12.*s  %-22.*s  %.*s\n", SHORT_HASH,
                     infos[i].content_hash.ptr, SLICE_ARG(infos[i].state),
                     SLICE_ARG(infos[i].name), SLICE_ARG(infos[i].version),
                     SLICE_ARG(infos[i].imported_at), SLICE_ARG(infos[i].activated_at));
    return EXIT_OK;
}

static int run_list(const struct rules_arguments *arguments)
{
    return with_database(arguments, "rules list", list_releases);
}

/* --- the command ---------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    int (*run)(const struct rules_arguments *arguments);
    const char *options; /* letters that make sense */
    int words_min, words_max;
} SUBCOMMANDS[] = {
    {"import", run_import, "djs", 1, 1},    {"test", run_test, "dkj", 0, 1},
    {"activate", run_activate, "dj", 0, 1}, {"list", run_list, "dj", 0, 0},
    {"show", rules_show, "dk", 0, 1},
};

/* False when the arguments do not fit the subcommand. */
static bool read_arguments(int argc, char **argv, const char *options,
                           struct rules_arguments *ret, bool *ret_help)
{
    static const struct option OPTIONS[] = {
        {"database", required_argument, NULL, 'd'},
        {"knowledge", required_argument, NULL, 'k'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
#define X(code, option, add) {option, required_argument, NULL, 's' << 8 | RULES_SOURCE_##code},
        RULES_SOURCES(X)
#undef X
            {0},
    };
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "d:k:jh", OPTIONS, NULL)) != -1) {
        if (option == 'h') {
            *ret_help = true;
            return true;
        }
        bool is_source = option >> 8 == 's';

        if (option == '?' || strchr(options, is_source ? 's' : option) == NULL)
            return false;
        if (is_source &&
            !rules_sources_put(&ret->sources, (enum rules_source_kind)(option & 0xff), optarg))
            return false;
        if (is_source)
            continue;
        if (option == 'd')
            ret->conninfo = optarg;
        else if (option == 'k')
            ret->knowledge = optarg;
        else
            ret->wants_json = true;
    }
    ret->word = optind < argc ? argv[optind] : NULL;
    return true;
}

int cli_rules(int argc, char **argv)
{
    struct rules_arguments arguments = {0};
    bool wants_help =
        argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);

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
