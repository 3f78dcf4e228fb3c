/* gateway/cli/rules_import.c -- `pgxgate rules import`: a base and what a site adds become one
 * draft release.
 *
 * The base is a folder of knowledge files or a release of the database. Additions are applied
 * in the order of ADDITIONS, whatever the order on the command line: the same files always give
 * the same release. Nothing is stored before all of it is read and checked.
 */
#include <getopt.h>

#include "gateway/cli/cli.h"
#include "gateway/cli/database.h"
#include "gateway/cli/exit.h"
#include "gateway/cli/import_report.h"
#include "gateway/cli/output.h"
#include "gateway/cli/rules_command.h"
#include "gateway/store/cpic_import.h"
#include "gateway/store/knowledge_files.h"
#include "gateway/store/modulators_csv.h"
#include "gateway/store/releases.h"
#include "gateway/store/snapshot.h"

#define COMMAND              "rules import"
#define STATEMENT_TIMEOUT_MS 120000
#define ARENA_BYTES_MAX      ((size_t)16 * 1024 * 1024)
#define OUTPUT_BYTES_MAX     ((size_t)64 * 1024 * 1024)
#define SHORT_HASH           12
#define VALUES_MAX           16 /* of one option */
#define PROGRESS_S           1.0
#define BYTES_PER_MB         1000000u

static const char USAGE[] =
    "usage: pgxgate rules import DIR [ADDITION ...]\n"
    "       pgxgate rules import --on RELEASE [ADDITION ...]\n"
    "\n"
    "Reads and checks knowledge and stores it as a draft release. The base is a folder of\n"
    "knowledge files, or a release that is in the database (a version, a content hash or the\n"
    "first 8 or more digits of one). One release holds everything, so what was tested is what\n"
    "is used. The same input gives the same release again: then nothing is stored.\n"
    "\n"
    "additions, in this order:\n"
    "  --cpic CONNINFO      genes and advice from a restored copy of CPIC's database;\n"
    "                       service=NAME keeps a password out of the list of processes\n"
    "  --cpic-json PATH     a file, or a folder of files that belong together: answers of "
    "CPIC's\n"
    "                       API; PharmCAT's prescribing_guidance.json (CPIC and DPWG) and\n"
    "                       phenotypes; may be given several times\n"
    "  --modulators FILE    inhibitors and inducers as CSV: gene,drug,role,strength,factor,\n"
    "                       washout_days,source; may be given several times\n"
    "  --pack DIR           a pack of knowledge files; may be given several times\n"
    "  --rxnorm DIR         drug codes from RxNorm's RRF files, prescribable or full: "
    "RXNCONSO,\n"
    "                       RXNREL, RXNSAT; RXNATOMARCHIVE, RXNCUI, RXNSAB if they are there\n"
    "  --codes FILE         a site's drug codes as CSV: system,code,drug[,form][,display];\n"
    "                       may be given several times\n"
    "\n"
    "  --as VERSION         the new release's version (default: the base's, and what was "
    "added)\n"
    "  --per-drug           list how many codes each drug has\n"
    "  --database CONNINFO  where (default: PGXGATE_DATABASE)\n"
    "  --json               the result as JSON\n"
    "\n"
    "exit status: 0 done, 1 no such release, 64 usage, 65 a file is wrong: nothing is stored,\n"
    "69 no database, or one without schema, 78 no connection string\n";

struct import {
    const char *conninfo, *dir, *on, *version;
    bool wants_json, wants_per_drug, wants_help;
    struct db *db;
    struct rules_release release;
    struct import_report report;
    struct timespec started, told; /* of the file being read, for progress */
    const char *values[8][VALUES_MAX];
    size_t values_count[8];
};

/* --- progress ------------------------------------------------------------------------------
 */

static double seconds_between(const struct timespec *from, const struct timespec *to)
{
    return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

/* Says how far it is once a second, when it takes long. */
static void tell_progress(void *owner, const char *file, uint64_t bytes_read)
{
    struct import *import = owner;
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0 ||
        seconds_between(&import->told, &now) < PROGRESS_S)
        return;
    import->told = now;
    (void)fprintf(stderr, "pgxgate " COMMAND ": %s, %llu MB, %.0f s\n", file,
                  (unsigned long long)(bytes_read / BYTES_PER_MB),
                  seconds_between(&import->started, &now));
}

static struct feed_options feed_options_of(struct import *import)
{
    return (struct feed_options){.on_progress = tell_progress, .owner = import};
}

/* --- additions -----------------------------------------------------------------------------
 */

static enum err_code add_rxnorm(struct import *import, const char *value, struct err *err)
{
    struct feed_options options = feed_options_of(import);
    struct rxnorm_report *report = malloc(sizeof *report);

    if (report == NULL)
        return err_set(err, ERR_NOMEM, "no memory for RxNorm");
    if (rxnorm_import(value, &options, &import->release, report, err) == ERR_OK)
        import_report_rxnorm(&import->report, value, report);
    free(report);
    return err->code;
}

static enum err_code add_site_codes(struct import *import, const char *value, struct err *err)
{
    struct feed_options options = feed_options_of(import);
    struct site_codes_report report;

    if (site_codes_import(value, &options, &import->release, &report, err) == ERR_OK)
        import_report_site_codes(&import->report, value, &report);
    return err->code;
}

static enum err_code
add_knowledge(struct import *import, const char *member, const char *value,
              enum err_code (*add)(const char *value, struct rules_release *release,
                                   struct cpic_report *report, struct err *err),
              struct err *err)
{
    struct cpic_report report;

    cpic_report_init(&report);
    if (add(value, &import->release, &report, err) == ERR_OK)
        import_report_cpic(&import->report, member, value, &report);
    cpic_report_release(&report);
    return err->code;
}

static enum err_code add_cpic(struct import *import, const char *value, struct err *err)
{
    return add_knowledge(import, "cpic", value, cpic_import_database, err);
}

static enum err_code add_cpic_json(struct import *import, const char *value, struct err *err)
{
    return add_knowledge(import, "cpicJson", value, cpic_import_json, err);
}

static enum err_code add_modulators(struct import *import, const char *value, struct err *err)
{
    size_t rows = 0;

    if (modulators_csv_import(value, &import->release, &rows, err) == ERR_OK)
        import_report_file(&import->report, "modulators", value, rows);
    return err->code;
}

static enum err_code add_pack(struct import *import, const char *value, struct err *err)
{
    size_t before = import->release.recommendations_count;

    if (store_read_pack(value, &import->release, err) == ERR_OK)
        import_report_file(&import->report, "pack", value,
                           import->release.recommendations_count - before);
    return err->code;
}

/* What adds drugs stands before what adds their codes, and a pack, which may hold a site's
 * policies, behind what it stands over. */
static const struct {
    const char *option;
    bool may_repeat;
    enum err_code (*add)(struct import *import, const char *value, struct err *err);
} ADDITIONS[] = {
    {"cpic", false, add_cpic},
    {"cpic-json", true, add_cpic_json},
    {"modulators", true, add_modulators},
    {"pack", true, add_pack},
    {"rxnorm", false, add_rxnorm},
    {"codes", true, add_site_codes},
};
_Static_assert(ARRAY_LEN(ADDITIONS) <= ARRAY_LEN(((struct import *)0)->values), "has room");

static enum err_code add_all(struct import *import, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(ADDITIONS); i++)
        for (size_t v = 0; v < import->values_count[i]; v++)
            if (ADDITIONS[i].add(import, import->values[i][v], err) != ERR_OK)
                return err->code;
    return ERR_OK;
}

static bool has_additions(const struct import *import)
{
    for (size_t i = 0; i < ARRAY_LEN(ADDITIONS); i++)
        if (import->values_count[i] > 0)
            return true;
    return false;
}

/* --- output --------------------------------------------------------------------------------
 */

static int print_json_result(const struct import *import,
                             const struct rules_knowledge *knowledge, bool is_new)
{
    const struct rules_release *rows = rules_knowledge_rows(knowledge);
    struct json_writer w;
    struct buf json;
    int status;

    buf_init(&json, OUTPUT_BYTES_MAX);
    json_write_init(&w, &json);
    json_write_object(&w);
    json_write_member_text(&w, "name", rows->name);
    json_write_member_text(&w, "version", rows->version);
    json_write_member_text(&w, "hash", rules_knowledge_hash(knowledge));
    json_write_member_bool(&w, "isNew", is_new);
#define X(type, array) json_write_member_u64(&w, #array, rows->array##_count);
    RULES_TABLES(X)
#undef X
    json_write_name(&w, "additions");
    json_write_raw(&w, buf_slice(&import->report.json_bytes));
    import_report_write_drugs(&w, rows, import->wants_per_drug);
    json_write_object_end(&w);
    status = cli_print_json(COMMAND, &json);
    buf_release(&json);
    return status;
}

static int print_result(struct import *import, const struct rules_knowledge *knowledge,
                        bool is_new)
{
    const struct rules_release *rows = rules_knowledge_rows(knowledge);

    json_write_array_end(&import->report.json);
    if (import->wants_json)
        return print_json_result(import, knowledge, is_new);
    (void)printf("%.*s", SLICE_ARG(buf_slice(&import->report.text)));
    if (has_additions(import) || import->wants_per_drug)
        import_report_print_drugs(rows, import->wants_per_drug);
    (void)printf("%s %.*s %.*s (%.*s): %zu drugs, %zu genes, %zu recommendations, %zu tests\n",
                 is_new ? "imported" : "there already:", SLICE_ARG(rows->name),
                 SLICE_ARG(rows->version), SHORT_HASH, rules_knowledge_hash(knowledge).ptr,
                 rows->drugs_count, rows->genes_count, rows->recommendations_count,
                 rows->tests_count);
    return EXIT_OK;
}

/* --- from base to draft --------------------------------------------------------------------
 */

static int open_database(struct import *import)
{
    return import->db != NULL ? EXIT_OK
                              : cli_open_migrated(COMMAND, import->conninfo,
                                                  STATEMENT_TIMEOUT_MS, &import->db);
}

static int load_base(struct import *import)
{
    struct release_info info;
    struct err err = {0};
    struct arena arena;
    int status = open_database(import);

    if (status != EXIT_OK)
        return status;
    arena_init(&arena, ARENA_BYTES_MAX);
    if (releases_find(import->db, import->on, &arena, &info, &err) != ERR_OK) {
        status = cli_fail(COMMAND, &err);
        status = err.code == ERR_NOT_FOUND || err.code == ERR_INVALID ? EXIT_NO : status;
    } else if (releases_load(import->db, &info, &import->release, &err) != ERR_OK) {
        status = cli_fail(COMMAND, &err);
    }
    arena_release(&arena);
    return status;
}

static int read_base(struct import *import)
{
    struct err err = {0};

    if (import->on != NULL)
        return load_base(import);
    return store_read_files(import->dir, &import->release, &err) == ERR_OK
               ? EXIT_OK
               : cli_fail(COMMAND, &err);
}

static int store_draft(struct import *import)
{
    struct rules_knowledge *knowledge = NULL;
    struct err err = {0};
    bool is_new = false;
    int status;

    if (snapshot_from_release(&import->release, &knowledge, &err) != ERR_OK)
        return cli_fail(COMMAND, &err);
    status = open_database(import);
    if (status == EXIT_OK)
        status = releases_import(import->db, rules_knowledge_rows(knowledge), &is_new, &err) ==
                         ERR_OK
                     ? print_result(import, knowledge, is_new)
                     : cli_fail(COMMAND, &err);
    rules_knowledge_release(knowledge);
    return status;
}

static int compose(struct import *import)
{
    struct err err = {0};
    int status = read_base(import);

    if (status != EXIT_OK)
        return status;
    if (add_all(import, &err) != ERR_OK) {
        rules_release_release(&import->release);
        return cli_fail(COMMAND, &err);
    }
    if (import->version != NULL)
        import->release.version = arena_copy(&import->release.arena, slice_of(import->version));
    return store_draft(import);
}

/* --- the command line ----------------------------------------------------------------------
 */

enum { OPTION_ADDITION = 256 };

/* False when it is given too often. */
static bool add_value(struct import *import, size_t addition, const char *value)
{
    size_t max = ADDITIONS[addition].may_repeat ? VALUES_MAX : 1;

    if (import->values_count[addition] == max)
        return false;
    import->values[addition][import->values_count[addition]++] = value;
    return true;
}

static bool take_option(struct import *import, int option)
{
    switch (option) {
    case 'd':
        import->conninfo = optarg;
        return true;
    case 'o':
        import->on = optarg;
        return true;
    case 'a':
        import->version = optarg;
        return true;
    case 'p':
        import->wants_per_drug = true;
        return true;
    case 'j':
        import->wants_json = true;
        return true;
    case 'h':
        import->wants_help = true;
        return true;
    default:
        return option >= OPTION_ADDITION &&
               add_value(import, (size_t)(option - OPTION_ADDITION), optarg);
    }
}

static bool read_arguments(struct import *import, int argc, char **argv)
{
    struct option options[6 + ARRAY_LEN(ADDITIONS) + 1] = {
        {"database", required_argument, NULL, 'd'}, {"on", required_argument, NULL, 'o'},
        {"as", required_argument, NULL, 'a'},       {"per-drug", no_argument, NULL, 'p'},
        {"json", no_argument, NULL, 'j'},           {"help", no_argument, NULL, 'h'},
    };
    int option;

    for (size_t i = 0; i < ARRAY_LEN(ADDITIONS); i++)
        options[6 + i] = (struct option){ADDITIONS[i].option, required_argument, NULL,
                                         OPTION_ADDITION + (int)i};
    optind = 0;
    while ((option = getopt_long(argc, argv, "d:jh", options, NULL)) != -1)
        if (!take_option(import, option))
            return false;
    if (import->wants_help)
        return true;
    import->dir = optind < argc ? argv[optind++] : NULL;
    return optind == argc && (import->dir == NULL) != (import->on == NULL);
}

int rules_import(int argc, char **argv)
{
    struct import import = {0};
    int status;

    if (!read_arguments(&import, argc, argv) || import.wants_help) {
        (void)fputs(USAGE, import.wants_help ? stdout : stderr);
        return import.wants_help ? EXIT_OK : EXIT_USAGE;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &import.started);
    import.told = import.started;
    import_report_init(&import.report);
    json_write_array(&import.report.json);
    status = compose(&import);
    import_report_release(&import.report);
    db_free(import.db);
    return status;
}
