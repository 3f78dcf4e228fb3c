/* gateway/cli/cmd_phenotype.c -- `pgxgate phenotype`: diplotypes to phenotypes, line by line.
 */
#include <getopt.h>

#include "gateway/cli/batch.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/exit.h"
#include "gateway/cli/knowledge.h"
#include "gateway/hooks/result_text.h"

#define ARENA_BYTES_MAX ((size_t)4 * 1024 * 1024)

static const char USAGE[] =
    "usage: pgxgate phenotype [FILE] [--source CPIC|DPWG] [--knowledge DIR [--pack DIR] |\n"
    "                         --database CONNINFO]\n"
    "\n"
    "Reads lines of a gene and a diplotype, divided by a tab, from FILE or standard input,\n"
    "and writes for each: gene, diplotype, phenotype, activity score, lookup keys divided by\n"
    "commas, warnings divided by semicolons; tabs between. A first line "
    "\"gene<TAB>diplotype\"\n"
    "is a header and gets one. Blank lines are left out. Lines may have 65536 bytes.\n"
    "\n"
    "  --source NAME        whose phenotypes: CPIC (default), or an authority that the "
    "knowledge\n"
    "                       has tables of, as DPWG\n"
    "  --knowledge DIR      use the knowledge files in DIR (default: rules/knowledge)\n"
    "  --pack DIR           lay a pack over them; may be given several times\n"
    "  --database CONNINFO  use the active release there (default: PGXGATE_DATABASE when set)\n"
    "\n"
    "exit status: 0 all lines were read (what they mean may still be indeterminate), 64 "
    "usage,\n"
    "65 a line or the knowledge is wrong (the other lines are answered), 69 no database\n";

struct phenotype_arguments {
    struct cli_knowledge knowledge;
    const char *file;
    struct slice source;
};

struct phenotype {
    const struct rules_knowledge *k;
    struct slice source;
    struct arena arena; /* of one line */
    struct batch *batch;
};

/* --- one line ------------------------------------------------------------------------------
 */

static bool is_first(const struct slice *texts, size_t count, struct slice text)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq(texts[i], text))
            return false;
    return true;
}

static struct slice score_of(const struct rules_gene *gene, const struct rules_call *call,
                             struct arena *arena)
{
    if (call->has_score)
        return rules_score_text(call->score_x100, call->score_is_at_least, arena);
    return gene->key_kind == RULES_KEY_ACTIVITY_SCORE && call->keys_count > 0 &&
                   slice_eq_text(call->keys[0].word, RULES_NO_SCORE)
               ? SLICE(RULES_NO_SCORE)
               : SLICE_NONE;
}

static void add_list(struct buf *out, const struct slice *texts, size_t count, char separator)
{
    for (size_t i = 0, written = 0; i < count; i++) {
        if (texts[i].len == 0 || !is_first(texts, i, texts[i]))
            continue;
        if (written++ > 0)
            buf_add_char(out, separator);
        buf_add(out, texts[i]);
    }
}

static void add_notes(struct buf *out, const struct rules_gene_result *result)
{
    uint32_t notes = 0;

    for (size_t i = 0; i < result->calls_count; i++)
        notes |= result->calls[i].notes;
    for (uint32_t n = 0, written = 0; n < RULES_NOTES_COUNT; n++)
        if ((notes >> n & 1) != 0)
            buf_printf(out, "%s%s", written++ > 0 ? ";" : "",
                       rules_call_note_name((enum rules_call_note)n));
}

/* Phenotype, score, keys and warnings of all that the text can mean. */
static void add_result(struct phenotype *p, const struct rules_gene_result *result)
{
    struct slice texts[RULES_CALLS_MAX * RULES_KEYS_MAX], scores[RULES_CALLS_MAX];
    struct rules_call calls[RULES_CALLS_MAX];
    struct buf *out = &p->batch->out;
    size_t keys = 0;

    for (size_t i = 0; i < result->calls_count; i++) {
        rules_call_under(p->k, result->gene, p->source, &result->calls[i], &calls[i]);
        texts[i] = calls[i].phenotype;
        scores[i] = score_of(result->gene, &calls[i], &p->arena);
    }
    add_list(out, texts, result->calls_count, ',');
    buf_add_char(out, '\t');
    add_list(out, scores, result->calls_count, ',');
    buf_add_char(out, '\t');
    for (size_t i = 0; i < result->calls_count; i++)
        for (size_t j = 0; j < calls[i].keys_count; j++)
            texts[keys++] = rules_key_text(&calls[i].keys[j], &p->arena);
    add_list(out, texts, keys, ',');
    buf_add_char(out, '\t');
    add_notes(out, result);
    buf_add_char(out, '\n');
}

static void add_warning_only(struct phenotype *p, const char *warning)
{
    buf_printf(&p->batch->out, "\t\t\t%s\n", warning);
}

static enum err_code answer(struct phenotype *p, struct slice name, struct slice diplotype,
                            struct err *err)
{
    static const char *const WARNINGS[] = {
        [RESULT_TEXT_NO_CALL] = "no-call",
        [RESULT_TEXT_OTHER_GENE] = "other-gene",
        [RESULT_TEXT_UNREADABLE] = "unreadable",
    };
    const struct rules_gene *gene = result_text_gene(p->k, slice_trim(name));
    struct rules_gene_result result;
    enum result_text how;

    buf_printf(&p->batch->out, "%.*s\t%.*s\t", SLICE_ARG(name), SLICE_ARG(diplotype));
    if (gene == NULL) {
        batch_complain(p->batch, "the knowledge does not have this gene");
        add_warning_only(p, "unknown-gene");
        return ERR_OK;
    }
    if (result_text_read(p->k, gene, diplotype, &p->arena, &result, &how, err) != ERR_OK)
        return err->code;
    if (how == RESULT_TEXT_READ)
        add_result(p, &result);
    else
        add_warning_only(p, WARNINGS[how]);
    if (how == RESULT_TEXT_OTHER_GENE)
        batch_complain(p->batch, "the diplotype names another gene");
    else if (how == RESULT_TEXT_UNREADABLE)
        batch_complain(p->batch, "the diplotype cannot be read");
    return p->arena.has_failed ? err_set(err, ERR_NOMEM, "no memory for a line") : ERR_OK;
}

/* The line is well-formed text without controls but tabs. */
static enum err_code answer_line(void *owner, struct slice line, struct err *err)
{
    struct phenotype *p = owner;
    struct slice diplotype, name = slice_cut(line, '\t', &diplotype);

    arena_reset(&p->arena);
    if (p->batch->line_number == 1 && slice_eq_nocase(slice_trim(name), SLICE("gene")) &&
        slice_eq_nocase(slice_trim(diplotype), SLICE("diplotype"))) {
        buf_printf(&p->batch->out,
                   "%.*s\t%.*s\tphenotype\tactivity score\tlookup keys\twarnings\n",
                   SLICE_ARG(name), SLICE_ARG(diplotype));
        return ERR_OK;
    }
    if (name.len == line.len || slice_find_char(diplotype, '\t') != SIZE_MAX) {
        batch_complain(p->batch, "must be a gene and a diplotype with one tab between");
        buf_printf(&p->batch->out, "%.*s\t", SLICE_ARG(name));
        if (name.len < line.len)
            buf_add(&p->batch->out, slice_cut(diplotype, '\t', &diplotype));
        buf_add_char(&p->batch->out, '\t');
        add_warning_only(p, "malformed-line");
        return ERR_OK;
    }
    return answer(p, name, diplotype, err);
}

static enum err_code answer_bad_line(void *owner, struct slice line, const char *reason,
                                     struct err *err)
{
    struct phenotype *p = owner;

    (void)line;
    (void)err;
    batch_complain(p->batch, reason);
    buf_add_text(&p->batch->out, "\t\t");
    add_warning_only(p, "malformed-line");
    return ERR_OK;
}

/* --- the command ---------------------------------------------------------------------------
 */

/* EXIT_OK, or what to exit with; *ret_help when there is nothing more to do. */
static int read_arguments(int argc, char **argv, struct phenotype_arguments *ret,
                          bool *ret_help)
{
    static const struct option OPTIONS[] = {
        {"source", required_argument, NULL, 's'}, {"knowledge", required_argument, NULL, 'k'},
        {"pack", required_argument, NULL, 'p'},   {"database", required_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},         {0},
    };
    int option;

    *ret = (struct phenotype_arguments){.source = SLICE("CPIC")};
    *ret_help = false;
    while ((option = getopt_long(argc, argv, "s:k:p:d:h", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 's':
            ret->source = slice_of(optarg);
            break;
        case 'k':
            ret->knowledge.dir = optarg;
            break;
        case 'p':
            if (!cli_knowledge_add_pack(&ret->knowledge, optarg))
                return EXIT_USAGE;
            break;
        case 'd':
            ret->knowledge.conninfo = optarg;
            break;
        case 'h':
            *ret_help = true;
            return EXIT_OK;
        default:
            return EXIT_USAGE;
        }
    }
    if (argc - optind > 1)
        return EXIT_USAGE;
    ret->file = argv[optind]; /* NULL behind the last one */
    return EXIT_OK;
}

static bool has_source(const struct rules_knowledge *k, struct slice source)
{
    const struct rules_release *rows = rules_knowledge_rows(k);

    if (slice_eq_text(source, "CPIC"))
        return true;
    for (size_t i = 0; i < rows->authorities_count; i++)
        if (slice_eq(rows->authorities[i].name, source))
            return true;
    return false;
}

int cli_phenotype(int argc, char **argv)
{
    static const struct batch_handler HANDLER = {"phenotype", answer_line, answer_bad_line};
    struct phenotype_arguments arguments;
    struct rules_knowledge *knowledge = NULL;
    struct phenotype phenotype;
    bool wants_help;
    int status = read_arguments(argc, argv, &arguments, &wants_help);

    if (status != EXIT_OK || wants_help) {
        (void)fputs(USAGE, status == EXIT_OK ? stdout : stderr);
        return status;
    }
    status = cli_load_knowledge("phenotype", &arguments.knowledge, &knowledge);
    if (status == EXIT_OK && !has_source(knowledge, arguments.source)) {
        (void)fprintf(stderr, "pgxgate phenotype: the knowledge has no tables of \"%.*s\"\n",
                      SLICE_ARG(arguments.source));
        status = EXIT_USAGE;
    }
    if (status == EXIT_OK) {
        phenotype = (struct phenotype){.k = knowledge, .source = arguments.source};
        arena_init(&phenotype.arena, ARENA_BYTES_MAX);
        status = batch_run(&HANDLER, arguments.file, &phenotype, &phenotype.batch);
        arena_release(&phenotype.arena);
    }
    rules_knowledge_release(knowledge);
    return status;
}
