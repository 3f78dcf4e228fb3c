/* tests/gateway/test_cli_phenotype.c -- `pgxgate phenotype`: CPIC's whole table line by line,
 * the spellings of laboratories, and lines that are wrong. */
#include <getopt.h>
#include <unistd.h>

#include "gateway/cli/batch.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/exit.h"
#include "gateway/store/file.h"
#include "tests/test.h"

#define TABLES         "../shared/reference/cpic"
#define TABLES_2026    "../shared/reference/cpic/overlay_2026-02_thiopurines"
#define FILE_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define SHOWN_MAX      20
#define WORDS_MAX      8

/* --- running the command -------------------------------------------------------------------
 */

struct run {
    struct buf out, err;
    int status;
};

static void read_back(FILE *file, struct buf *ret)
{
    char bytes[65536];
    size_t len;

    buf_init(ret, FILE_BYTES_MAX);
    rewind(file);
    while ((len = fread(bytes, 1, sizeof bytes, file)) > 0)
        buf_add(ret, (struct slice){bytes, len});
    assert_false(buf_failed(ret));
    assert_int_equal(fclose(file), 0);
}

/* Makes `file` what the descriptor is, until it is restored. */
static int divert(int fd, FILE *file)
{
    int saved = dup(fd);

    assert_true(saved >= 0);
    assert_true(dup2(fileno(file), fd) >= 0);
    return saved;
}

static void restore(int fd, int saved)
{
    assert_true(dup2(saved, fd) >= 0);
    assert_int_equal(close(saved), 0);
}

/* Runs "phenotype" with arguments divided by blanks, and `input` as standard input. */
static struct run run(const char *arguments, struct slice input)
{
    FILE *in = tmpfile(), *out = tmpfile(), *err = tmpfile();
    char name[] = "phenotype", words[256], *argv[WORDS_MAX + 1] = {name}, *rest = words;
    int argc = 1, saved[3];
    struct run r;

    assert_true(in != NULL && out != NULL && err != NULL);
    assert_true(snprintf(words, sizeof words, "%s", arguments) < (int)sizeof words);
    while (rest != NULL && rest[0] != '\0' && argc < WORDS_MAX)
        argv[argc++] = strsep(&rest, " ");
    assert_int_equal(fwrite(input.ptr, 1, input.len, in), input.len);
    rewind(in);
    (void)fflush(NULL);
    saved[0] = divert(STDIN_FILENO, in);
    saved[1] = divert(STDOUT_FILENO, out);
    saved[2] = divert(STDERR_FILENO, err);
    clearerr(stdin);
    optind = 0; /* getopt begins anew */
    r.status = cli_phenotype(argc, argv);
    (void)fflush(NULL);
    for (int fd = 0; fd < 3; fd++)
        restore(fd, saved[fd]);
    assert_int_equal(fclose(in), 0);
    read_back(out, &r.out);
    read_back(err, &r.err);
    return r;
}

static void run_release(struct run *r)
{
    buf_release(&r->out);
    buf_release(&r->err);
}

static void expect(const char *arguments, struct slice input, int status, const char *out,
                   const char *err)
{
    struct run r = run(arguments, input);

    if (r.status != status || !slice_eq_text(buf_slice(&r.out), out) ||
        !slice_eq_text(buf_slice(&r.err), err))
        fail_msg(
            "%s: status %d, want %d\ngot output\n%.*s\nwant\n%s\ngot errors\n%.*s\nwant\n%s",
            arguments, r.status, status, SLICE_ARG(buf_slice(&r.out)), out,
            SLICE_ARG(buf_slice(&r.err)), err);
    run_release(&r);
}

/* --- CPIC's table --------------------------------------------------------------------------
 */

enum column { GENE, DIPLOTYPE, ALLELE_1, ALLELE_2, PHENOTYPE, SCORE, KEY, COLUMNS };

struct table {
    struct buf input, want;
    size_t rows;
};

/* Adds the rows to the input as they stand and the other way round, and what must come out. */
static void add_table(struct table *table, const char *dir, bool is_2026)
{
    struct err err = {0};
    struct slice rest;
    struct buf file;

    buf_init(&file, FILE_BYTES_MAX);
    assert_ok(file_read(dir, "diplotype_phenotype.tsv", &file, &err), &err);
    rest = buf_slice(&file);
    (void)slice_cut(rest, '\n', &rest);
    while (rest.len > 0) {
        struct slice line = slice_cut(rest, '\n', &rest), c[COLUMNS];

        for (size_t i = 0; i < COLUMNS; i++)
            c[i] = slice_cut(line, '\t', &line);
        if ((slice_eq_text(c[GENE], "TPMT") || slice_eq_text(c[GENE], "NUDT15")) != is_2026)
            continue;
        for (int order = 0; order < 2; order++) {
            size_t start = table->input.len;

            if (order == 0 || c[ALLELE_2].len == 0)
                buf_printf(&table->input, "%.*s\t%.*s", SLICE_ARG(c[GENE]),
                           SLICE_ARG(c[DIPLOTYPE]));
            else
                buf_printf(&table->input, "%.*s\t%.*s/%.*s", SLICE_ARG(c[GENE]),
                           SLICE_ARG(c[ALLELE_2]), SLICE_ARG(c[ALLELE_1]));
            buf_add(&table->want, slice_from(buf_slice(&table->input), start));
            buf_printf(&table->want, "\t%.*s\t%.*s\t%.*s\n", SLICE_ARG(c[PHENOTYPE]),
                       SLICE_ARG(c[SCORE]), SLICE_ARG(c[KEY]));
            buf_add_char(&table->input, '\n');
            table->rows++;
        }
    }
    buf_release(&file);
    assert_false(buf_failed(&table->input) || buf_failed(&table->want));
}

static void every_row_of_cpic_comes_out_as_it_stands(void **state)
{
    struct table table = {.rows = 0};
    struct slice got, want;
    size_t wrong = 0, compared = 0;
    struct run r;

    (void)state;
    if (!file_is_folder(TABLES, ""))
        skip();
    buf_init(&table.input, FILE_BYTES_MAX);
    buf_init(&table.want, FILE_BYTES_MAX);
    add_table(&table, TABLES, false);
    add_table(&table, TABLES_2026, true);
    r = run("--knowledge rules/knowledge", buf_slice(&table.input));
    assert_int_equal(r.status, EXIT_OK);
    got = buf_slice(&r.out);
    want = buf_slice(&table.want);
    while (got.len > 0 || want.len > 0) {
        struct slice line = slice_cut(got, '\n', &got), expected = slice_cut(want, '\n', &want);
        size_t tabs = 0, end = 0;

        for (; end < line.len && tabs < 5; end++)
            tabs += line.ptr[end] == '\t';
        compared++;
        if (tabs == 5 && slice_eq(slice_head(line, end - 1), expected))
            continue;
        if (wrong++ < SHOWN_MAX)
            print_error("got  %.*s\nwant %.*s\n", SLICE_ARG(line), SLICE_ARG(expected));
    }
    print_message("%zu lines, %zu wrong\n", table.rows, wrong);
    assert_int_equal(compared, table.rows);
    assert_int_equal(wrong, 0);
    assert_int_equal(r.err.len, 0);
    run_release(&r);
    buf_release(&table.input);
    buf_release(&table.want);
}

/* --- spellings -----------------------------------------------------------------------------
 */

struct spelled {
    const char *gene, *diplotype, *want; /* phenotype, score, keys, warnings */
};

#define INCREASED  "increased risk of aminoglycoside-induced hearing loss"
#define UNCERTAIN  "uncertain risk of aminoglycoside-induced hearing loss"
#define RESPONSIVE "ivacaftor responsive in CF patients"
#define MHS        "Malignant Hyperthermia Susceptibility"
#define IM         "Intermediate Metabolizer"

static const struct spelled CPIC[] = {
    {"CYP2D6", "CYP2D6*1/CYP2D6*4", IM "\t1.0\t1.0\t"},
    {"CYP2D6", "CYP2D6 *4/*1", IM "\t1.0\t1.0\t"},
    {"CYP2D6", " *4 | *1 ", IM "\t1.0\t1.0\t"},
    {"CYP2D6", "*4.001/*10", IM "\t0.25\t0.25\tsub-allele"},
    {"CYP2D6", "*1x2/*17", "Ultrarapid Metabolizer\t2.5\t2.5\t"},
    {"CYP2D6", "*1x3/*4", "Ultrarapid Metabolizer\t\u22653.0\t\u22653.0\t"},
    {"CYP2D6", "*41x7/*1", "Indeterminate\tn/a\tn/a\tunknown-allele"},
    {"CYP2D6", "*10+*36/*1", "Normal Metabolizer\t1.25\t1.25\t"},
    {"CYP2D6", "(*1/*4)xN", "Indeterminate\tn/a\tn/a\tcopies-unknown"},
    {"CYP2D6", "(*1/*4)x2", "Normal Metabolizer," IM "\t2.0,1.0\t2.0,1.0\tcopies-unknown"},
    {"CYP2D6", "*1", "\t\t\tsingle-allele"},
    {"CYP2D6", "Poor Metabolizer", "Poor Metabolizer\t\t0.0\tphenotype-only"},
    {"CYP2D6", "./.", "\t\t\tno-call"},
    {"CYP2D6", "not tested", "\t\t\tno-call"},
    {"CYP2C19", "*1/*99", "Indeterminate\t\tIndeterminate\tunknown-allele"},
    {"hgnc:2621", "*2/*17", IM "\t\t" IM "\t"},
    {"HLA-B", "HLA-B*15:02+HLA-B*58:01",
     "\t\t*15:02 positive,*57:01 negative,*58:01 positive\t"},
    {"HLA-B", "B*57:01:01:02/B*08:01",
     "\t\t*15:02 negative,*57:01 positive,*58:01 negative\tfields-cut"},
    {"HLA-B", "HLA-B*57:01 negative", "\t\t*57:01 negative\t"},
    {"HLA-B", "*57:01 negative, HLA-B*58:01 positive", "\t\t*57:01 negative,*58:01 positive\t"},
    {"CYP2C19", "PM", "Poor Metabolizer\t\tPoor Metabolizer\tphenotype-only"},
    {"CYP2C19", "LA9657-3", "Poor Metabolizer\t\tPoor Metabolizer\tphenotype-only"},
    {"CYP2C19", "Indeterminate", "Indeterminate\t\tIndeterminate\tphenotype-only"},
    {"CYP2D6", "1.25", "Normal Metabolizer\t1.25\t1.25\tphenotype-only"},
    {"CYP2C9", "RM", "\t\t\tphenotype-unknown"},
    {"HLA-A", "*31:01", "\t\t*31:01 positive\tsingle-allele"},
    {"VKORC1", "rs9923231 CT", "-1639 AG\t\t-1639 AG\t"},
    {"VKORC1", "-1639 G/A", "-1639 AG\t\t-1639 AG\t"},
    {"VKORC1", "rs9923231 AA", "-1639 AA\t\t-1639 AA\t"},
    {"SLCO1B1", "rs4149056 A/G", "Decreased Function\t\tDecreased Function\t"},
    {"ABCG2", "c.421C>A C/A", "Decreased Function\t\tDecreased Function\t"},
    {"IFNL3", "rs12979860 TT", "Unfavorable Response\t\tUnfavorable Response\t"},
    {"CYP4F2", "rs2108622 CT", "rs2108622 CT\t\trs2108622 CT\t"},
    {"SLCO1B1", "rs4149056 T/A", "Indeterminate\t\tIndeterminate\tunknown-allele"},
    {"VKORC1", "C/G", "Indeterminate\t\tIndeterminate\tunknown-allele"},
    {"VKORC1", "rs9923231 T/A", "Indeterminate\t\tIndeterminate\tunknown-allele"},
    {"ABCG2", "A/G", "Indeterminate\t\tIndeterminate\tunknown-allele"},
    {"ABCG2", "T/G", "Decreased Function\t\tDecreased Function\t"},
    {"DPYD", "rs3918290 T/A", "Indeterminate\tn/a\tn/a\tunknown-allele"},
    {"TPMT", "*3A/*3C", "Poor Metabolizer\t\tPoor Metabolizer\t"},
    {"CFTR", "R117C/R117G", RESPONSIVE "\t\t" RESPONSIVE "\t"},
    {"CYP2D6", "CYP2D6*1/CYP2C19*2", "Indeterminate\tn/a\tn/a\tunknown-allele"},
    {"DPYD", "c.1905+1G>A (heterozygous)", IM "\t1.0\t1.0\tone-position"},
    {"DPYD", "c.1129-5923C>G (het), c.1236G>A (het)", IM "\t1.5\t1.5\tone-position"},
    {"DPYD", "rs1801265 A/G", "\t\t\tone-position"},
    {"DPYD", "Reference/c.1905+1G>A", IM "\t1.0\t1.0\t"},
    {"DPYD", "*2A/*1", IM "\t1.0\t1.0\t"},
    {"DPYD", "rs3918290 GA", IM "\t1.0\t1.0\tone-position"},
    {"DPYD", "rs67376798 A/T", IM "\t1.5\t1.5\tone-position"},
    {"DPYD", "rs3918290 C/C", "Indeterminate\tn/a\tn/a\tunknown-allele"},
    {"DPYD", "c.1905+1G>A (heterozygous); c.2846A>T (heterozygous)",
     "Poor Metabolizer\t0.5\t0.5\t"},
    {"DPYD", "c.1905+1G>A/c.2846A>T/c.85T>C", "Poor Metabolizer\t0.5\t0.5\tlowest-two"},
    {"DPYD", "c.1129-5923C>G/c.1236G>A", IM "\t1.5\t1.5\t"},
    {"DPYD", "Reference/c.1236G>A", IM "\t1.5\t1.5\tmarker"},
    {"UGT1A1", "*1+*28", IM "\t\t" IM "\t"},
    {"UGT1A1", "(TA)7/(TA)6", IM "\t\t" IM "\t"},
    {"G6PD", "Dallas", "Deficient\t\tDeficient\t"},
    {"G6PD", "B/A- 202A_376G", "Variable\t\tVariable\t"},
    {"G6PD", "A-/Nowhere", "Indeterminate\t\tIndeterminate\tunknown-allele"},
    {"MT-RNR1", "1555A>G", INCREASED "\t\t" INCREASED "\t"},
    {"MT-RNR1", "m.1555A>G/m.1555A>G", INCREASED "\t\t" INCREASED "\t"},
    {"MT-RNR1", "m.930A>G", UNCERTAIN "\t\t" UNCERTAIN "\t"},
    {"MT-RNR1", "m.1555A>G/Reference", "Indeterminate\t\tIndeterminate\ttwo-alleles"},
    {"CFTR", "F508del/p.Gly551Asp", RESPONSIVE "\t\t" RESPONSIVE "\t"},
    {"CFTR", "G542X/G551D", RESPONSIVE "\t\t" RESPONSIVE "\tunknown-allele"},
    {"RYR1", "c.38T>G/c.97A>G/Reference", MHS "\t\t" MHS "\tlowest-two"},
    {"RYR1", "Reference/Reference", "Uncertain Susceptibility\t\tUncertain Susceptibility\t"},
    {"NUDT15", "*1/*2", IM "\t\t" IM "\t"},
    {"CYP3A5", "*1/*8",
     "Possible Intermediate Metabolizer\t\tPossible Intermediate Metabolizer\t"},
};

static const struct spelled DPWG[] = {
    {"CYP2D6", "*1x2/*17", "Normal Metabolizer\t2.5\t2.5\t"},
    {"CYP2D6", "*1x2/*1", "Ultrarapid Metabolizer\t3.0\t3.0\t"},
    {"CYP2C19", "*1/*17", "Normal Metabolizer\t\tNormal Metabolizer\t"},
    {"CYP2C19", "*9/*2", "Poor Metabolizer\t\tPoor Metabolizer\t"},
    {"CYP2C9", "*2/*2", "Poor Metabolizer\t\tPoor Metabolizer\t"},
    {"CYP2C9", "*1/*2", IM "\t\t" IM "\t"},
    {"CYP2B6", "*1/*4", "Indeterminate\t\tIndeterminate\t"},
    {"CYP3A4", "*22/*22", "Poor Metabolizer\t\tPoor Metabolizer\t"},
    {"TPMT", "*1/*3A", IM "\t\t" IM "\t"},
};

static void check_spelled(const char *arguments, const struct spelled *rows, size_t count)
{
    struct buf input, want;
    struct run r;

    buf_init(&input, FILE_BYTES_MAX);
    buf_init(&want, FILE_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        buf_printf(&input, "%s\t%s\n", rows[i].gene, rows[i].diplotype);
        buf_printf(&want, "%s\t%s\t%s\n", rows[i].gene, rows[i].diplotype, rows[i].want);
    }
    r = run(arguments, buf_slice(&input));
    for (struct slice got = buf_slice(&r.out), wanted = buf_slice(&want); wanted.len > 0;) {
        struct slice line = slice_cut(got, '\n', &got), expected;

        expected = slice_cut(wanted, '\n', &wanted);
        if (!slice_eq(line, expected))
            print_error("got  %.*s\nwant %.*s\n", SLICE_ARG(line), SLICE_ARG(expected));
    }
    assert_true(slice_eq(buf_slice(&r.out), buf_slice(&want)));
    assert_int_equal(r.status, EXIT_OK);
    assert_int_equal(r.err.len, 0);
    run_release(&r);
    buf_release(&input);
    buf_release(&want);
}

static void laboratories_spellings_are_read(void **state)
{
    (void)state;
    check_spelled("--knowledge rules/knowledge", CPIC, ARRAY_LEN(CPIC));
}

static void another_authoritys_phenotypes_are_given(void **state)
{
    (void)state;
    check_spelled("--knowledge rules/knowledge --source DPWG", DPWG, ARRAY_LEN(DPWG));
}

/* --- files that are not as they should be --------------------------------------------------
 */

#define COMMAND "--knowledge rules/knowledge"
#define LINE(n) "pgxgate phenotype: line " #n ": "
#define ONE     "TPMT\t*1/*1\tNormal Metabolizer\t\tNormal Metabolizer\t\n"

static void wrong_lines_are_told_and_the_others_answered(void **state)
{
    (void)state;
    expect(COMMAND, SLICE(""), EXIT_OK, "", "");
    expect(COMMAND, SLICE("\n \t \nTPMT\t*1/*1"), EXIT_OK, ONE, "");
    expect(COMMAND, SLICE("\xef\xbb\xbfGene\tDiplotype\r\nTPMT\t*1/*1\r\n"), EXIT_OK,
           "Gene\tDiplotype\tphenotype\tactivity score\tlookup keys\twarnings\n" ONE, "");
    expect(COMMAND, SLICE("TPMT\t*1/*1\ngene\tdiplotype\n"), EXIT_DATA,
           ONE "gene\tdiplotype\t\t\t\tunknown-gene\n",
           LINE(2) "the knowledge does not have this gene\n");
    expect(COMMAND, SLICE("XYZ1\t*1/*1\nTPMT\t*1/*1\n"), EXIT_DATA,
           "XYZ1\t*1/*1\t\t\t\tunknown-gene\n" ONE,
           LINE(1) "the knowledge does not have this gene\n");
    expect(COMMAND, SLICE("TPMT *1/*1\nTPMT\t*1/*1\n"), EXIT_DATA,
           "TPMT *1/*1\t\t\t\t\tmalformed-line\n" ONE,
           LINE(1) "must be a gene and a diplotype with one tab between\n");
    expect(COMMAND, SLICE("TPMT\t*1/*1\tPM\nTPMT\t*1/*1\n"), EXIT_DATA,
           "TPMT\t*1/*1\t\t\t\tmalformed-line\n" ONE,
           LINE(1) "must be a gene and a diplotype with one tab between\n");
    expect(COMMAND, SLICE("TPMT\t*1/\xff\nTPMT\t*1/*1\n"), EXIT_DATA,
           "\t\t\t\t\tmalformed-line\n" ONE, LINE(1) "not UTF-8\n");
    expect(COMMAND, SLICE("TPMT\t*1/\0*1\nTPMT\t*1/*1\n"), EXIT_DATA,
           "\t\t\t\t\tmalformed-line\n" ONE, LINE(1) "has a control character\n");
    expect(COMMAND, SLICE("TPMT\tCYP2D6*1/*4\nTPMT\t*1/*1\n"), EXIT_DATA,
           "TPMT\tCYP2D6*1/*4\t\t\t\tother-gene\n" ONE,
           LINE(1) "the diplotype names another gene\n");
    expect(COMMAND, SLICE("HLA-B\tnonsense\nTPMT\t*1/*1\n"), EXIT_DATA,
           "HLA-B\tnonsense\t\t\t\tunreadable\n" ONE, LINE(1) "the diplotype cannot be read\n");
}

static void long_lines_have_a_limit(void **state)
{
    struct buf input;
    struct run r;

    (void)state;
    buf_init(&input, FILE_BYTES_MAX);
    buf_add_text(&input, "TPMT\t");
    for (size_t i = 5; i < BATCH_LINE_BYTES_MAX; i++)
        buf_add_char(&input, '*');
    buf_add_text(&input, "\nTPMT\t");
    for (size_t i = 5; i <= BATCH_LINE_BYTES_MAX; i++)
        buf_add_char(&input, '*');
    buf_add_text(&input, "\nTPMT\t*1/*1\n");
    r = run(COMMAND, buf_slice(&input));
    assert_int_equal(r.status, EXIT_DATA);
    assert_true(slice_eq_text(buf_slice(&r.err), LINE(2) "longer than 65536 bytes\n"));
    assert_true(
        slice_find(buf_slice(&r.out), SLICE("\tunknown-allele;single-allele\n")) != SIZE_MAX ||
        slice_find(buf_slice(&r.out), SLICE("\tsingle-allele;unknown-allele\n")) != SIZE_MAX);
    assert_true(slice_ends(buf_slice(&r.out), SLICE("\n\t\t\t\t\tmalformed-line\n" ONE)));
    run_release(&r);
    buf_release(&input);
}

static void many_wrong_lines_are_counted(void **state)
{
    struct buf input;
    struct run r;

    (void)state;
    buf_init(&input, FILE_BYTES_MAX);
    for (size_t i = 0; i < 250; i++)
        buf_add_text(&input, "nothing\n");
    r = run(COMMAND, buf_slice(&input));
    assert_int_equal(r.status, EXIT_DATA);
    assert_true(slice_ends(buf_slice(&r.err),
                           SLICE(LINE(100) "must be a gene and a diplotype with one tab "
                                           "between\npgxgate phenotype: 150 more lines are "
                                           "wrong\n")));
    run_release(&r);
    buf_release(&input);
}

static void arguments_are_checked(void **state)
{
    static const struct {
        const char *arguments;
        int status;
        const char *err; /* is in the errors */
    } ROWS[] = {
        {"--help", EXIT_OK, ""},
        {"a b", EXIT_USAGE, "usage: pgxgate phenotype"},
        {"--sauce DPWG", EXIT_USAGE, "usage: pgxgate phenotype"},
        {"--source", EXIT_USAGE, "usage: pgxgate phenotype"},
        {COMMAND " --source KNMP", EXIT_USAGE, "no tables of \"KNMP\""},
        {COMMAND " /nonexistent/file", EXIT_DATA, "/nonexistent/file: No such file"},
        {COMMAND " rules", EXIT_DATA, "the input cannot be read: Is a directory"},
        {"--knowledge /nonexistent", EXIT_DATA, "pgxgate phenotype: "},
        {"--database host=/nonexistent", EXIT_UNAVAILABLE, "pgxgate phenotype: "},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct run r = run(ROWS[i].arguments, SLICE("TPMT\t*1/*1\n"));

        if (r.status != ROWS[i].status ||
            slice_find(buf_slice(&r.err), slice_of(ROWS[i].err)) == SIZE_MAX)
            fail_msg("%s: status %d, want %d: %.*s", ROWS[i].arguments, r.status,
                     ROWS[i].status, SLICE_ARG(buf_slice(&r.err)));
        if (ROWS[i].status != EXIT_OK)
            assert_int_equal(r.out.len, 0);
        run_release(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_cpic_comes_out_as_it_stands),
        cmocka_unit_test(laboratories_spellings_are_read),
        cmocka_unit_test(another_authoritys_phenotypes_are_given),
        cmocka_unit_test(wrong_lines_are_told_and_the_others_answered),
        cmocka_unit_test(long_lines_have_a_limit),
        cmocka_unit_test(many_wrong_lines_are_counted),
        cmocka_unit_test(arguments_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
