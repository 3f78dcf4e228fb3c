/* tests/gateway/test_rxnorm.c -- RxNorm's files to drug codes: every trap of the format, and
 * every way in which a file can be wrong.
 *
 * tests/data/rxnorm is small and invented, but for the three ingredients. */
#include "gateway/store/rxnorm.h"

#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rules/base/buf.h"
#include "tests/test.h"

#define DATA      "tests/data/rxnorm"
#define SAMPLE    "../shared/reference/rxnorm/rrf-sample"
#define BYTES_MAX ((size_t)4 * 1024 * 1024)

static const struct feed_options QUIET = {0};

static void add_drug(struct rules_release *release, const char *name, const char *rxcui)
{
    struct rules_drug *row = rules_add_drug(release);

    assert_non_null(row);
    *row = (struct rules_drug){.name = slice_of(name), .rxcui = slice_of(rxcui)};
}

static void make_release(struct rules_release *release)
{
    rules_release_init(release);
    release->name = SLICE("small");
    release->version = SLICE("1");
    add_drug(release, "clopidogrel", "32968");
    add_drug(release, "codeine", "2670");
    add_drug(release, "prasugrel", "613391"); /* not in the files */
    add_drug(release, "somethingelse", "");
}

/* "drug code type form", one a line, as add_codes orders them. */
static void write_codes(const struct rules_release *release, const char *system,
                        struct buf *buf)
{
    for (size_t i = 0; i < release->drug_codes_count; i++) {
        const struct rules_drug_code *c = &release->drug_codes[i];

        if (slice_eq_text(c->system, system))
            buf_printf(buf, "%.*s %.*s %.*s %s\n", SLICE_ARG(c->drug), SLICE_ARG(c->code),
                       SLICE_ARG(c->term_type), rules_form_name(c->form));
    }
}

static void assert_codes(const struct rules_release *release, const char *system,
                         const char *want)
{
    struct buf got;

    buf_init(&got, BYTES_MAX);
    write_codes(release, system, &got);
    if (!slice_eq_text(buf_slice(&got), want))
        fail_msg("%s: got\n%s\nwant\n%s", system, got.len > 0 ? got.bytes : "", want);
    buf_release(&got);
}

/* --- what comes out ------------------------------------------------------------------------
 */

static void every_kind_of_concept_leads_to_its_ingredients(void **state)
{
    struct rxnorm_report report;
    struct rules_release release;
    struct err err = {0};

    (void)state;
    make_release(&release);
    assert_ok(rxnorm_import(DATA, &QUIET, &release, &report, &err), &err);
    assert_codes(&release, CODE_SYSTEM_RXNORM,
                 "clopidogrel 103 BN systemic\n"
                 "clopidogrel 132 BN systemic\n" /* a brand of two contents ... */
                 "clopidogrel 32968 IN systemic\n"
                 "clopidogrel 104 SBD systemic\n"
                 "clopidogrel 910 SBD systemic\n"  /* RXNCUI */
                 "clopidogrel 133 SBD systemic\n"  /* ... whose products have one of them */
                 "clopidogrel 134 SBDF systemic\n" /* or are not known any better */
                 "clopidogrel 135 SCD systemic\n"
                 "clopidogrel 109 SCD systemic\n" /* a combination of both */
                 "clopidogrel 102 SCD systemic\n"
                 "clopidogrel 900 SCD systemic\n" /* retired */
                 "clopidogrel 901 SCD systemic\n" /* retired for a retired one */
                 "clopidogrel 101 SCDC systemic\n"
                 "codeine 132 BN systemic\n"
                 "codeine 123 BN local\n" /* all that it names is local */
                 "codeine 111 BPCK systemic\n"
                 "codeine 110 GPCK systemic\n"
                 "codeine 112 GPCK local\n"
                 "codeine 2670 IN systemic\n"
                 "codeine 108 MIN systemic\n"
                 "codeine 100 PIN systemic\n"
                 "codeine 124 SBD local\n"
                 "codeine 134 SBDF systemic\n"
                 "codeine 107 SCD systemic\n"
                 "codeine 109 SCD systemic\n"
                 "codeine 138 SCD systemic\n" /* one group of its form is local, one is not */
                 "codeine 121 SCD local\n"
                 "codeine 909 SCD local\n" /* retired for a local one */
                 "codeine 127 SCD local\n"
                 "codeine 122 SCDC local\n"
                 "codeine 105 SCDC systemic\n"
                 "codeine 128 SCDF local\n"
                 "codeine 129 SCDG systemic\n");
    assert_codes(&release, CODE_SYSTEM_NDC,
                 "clopidogrel 00000010401 SBD systemic\n"
                 "clopidogrel 00000000109 SCD systemic\n"
                 "clopidogrel 00000000102 SCD systemic\n"
                 "codeine 00000000110 GPCK systemic\n"
                 "codeine 00000000107 SCD systemic\n"
                 "codeine 00000000109 SCD systemic\n"
                 "codeine 00000000121 SCD local\n");
    assert_codes(&release, CODE_SYSTEM_ATC, "clopidogrel B01AC04  systemic\n");
    assert_slice_equal(release.drug_codes[0].source,
                       "RxNorm, imported by the site (RXNORM_EXAMPLE)");
    assert_int_equal(report.files[RXNORM_FILE_CONSO].rows, 43);
    assert_int_equal(report.codes.added, release.drug_codes_count);
    assert_int_equal(report.codes.there, 0);
    assert_int_equal(report.retired, 4);
    assert_int_equal(report.refused.count, 3);
    assert_string_equal(report.refused.text[0],
                        "RXNCONSO.RRF:42: not an ATC code of a substance");
    assert_string_equal(report.refused.text[1], "RXNSAT.RRF:8: not an NDC");
    assert_string_equal(report.refused.text[2],
                        "retired RxCUI 902 was split between different drugs");
    assert_int_equal(report.contradicted.count + report.renamed.count + report.named.count, 0);
    rules_release_release(&release);
}

/* Only by the whole name of an ingredient: not of a brand, a salt or a product. */
static void a_drug_without_an_rxcui_is_found_by_its_name(void **state)
{
    struct rxnorm_report report;
    struct rules_release release;
    struct err err = {0};

    (void)state;
    rules_release_init(&release);
    release.name = release.version = SLICE("1");
    add_drug(&release, "Codeine", "");
    add_drug(&release, "codeine salt", "");
    add_drug(&release, "BrandC", "");
    add_drug(&release, "clopidogrel 75 MG Oral Tablet", "");
    add_drug(&release, "prasugrel", "161"); /* has one: that counts, whatever it is */
    assert_ok(rxnorm_import(DATA, &QUIET, &release, &report, &err), &err);
    assert_int_equal(report.named.count, 1);
    assert_string_equal(report.named.text[0], "Codeine is RxCUI 2670 by its name");
    for (size_t i = 0; i < release.drug_codes_count; i++)
        assert_true(slice_eq_text(release.drug_codes[i].drug, "Codeine") ||
                    slice_eq_text(release.drug_codes[i].drug, "prasugrel"));
    rules_release_release(&release);
}

static void a_second_time_adds_nothing(void **state)
{
    struct rxnorm_report report;
    struct rules_release release;
    struct err err = {0};
    size_t count;

    (void)state;
    make_release(&release);
    assert_ok(rxnorm_import(DATA, &QUIET, &release, &report, &err), &err);
    count = report.codes.added;
    assert_ok(rxnorm_import(DATA, &QUIET, &release, &report, &err), &err);
    assert_int_equal(report.codes.added, 0);
    assert_int_equal(report.codes.there, count);
    assert_int_equal(release.drug_codes_count, count);
    rules_release_release(&release);
}

/* A code that the release gives another drug, and an rxcui that is something else here. */
static void what_contradicts_the_release_is_told(void **state)
{
    struct rxnorm_report report;
    struct rules_release release;
    struct rules_drug_code *row;
    struct err err = {0};

    (void)state;
    make_release(&release);
    release.drugs[2].rxcui = SLICE("161");
    row = rules_add_drug_code(&release);
    assert_non_null(row);
    *row = (struct rules_drug_code){.drug = SLICE("codeine"),
                                    .system = SLICE(CODE_SYSTEM_RXNORM),
                                    .code = SLICE("102"),
                                    .source = SLICE("a mistake")};
    assert_ok(rxnorm_import(DATA, &QUIET, &release, &report, &err), &err);
    assert_int_equal(report.contradicted.count, 1);
    assert_string_equal(report.contradicted.text[0],
                        "RxCUI 102 does not lead to codeine in RxNorm");
    assert_int_equal(report.renamed.count, 1);
    assert_string_equal(report.renamed.text[0],
                        "prasugrel is RxCUI 161, which RxNorm calls acetaminophen");
    assert_slice_equal(release.drug_codes[0].source, "a mistake"); /* the release's row stays */
    rules_release_release(&release);
}

/* --- copies of the data, changed -----------------------------------------------------------
 */

struct folder {
    char path[64];
};

static void read_file(const char *dir, const char *name, struct buf *ret)
{
    char path[PATH_MAX], *room;
    FILE *file;
    size_t got;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    file = fopen(path, "r");
    assert_non_null(file);
    room = buf_reserve(ret, BYTES_MAX - 1);
    assert_non_null(room);
    got = fread(room, 1, BYTES_MAX - 1, file);
    buf_added(ret, got);
    assert_int_equal(fclose(file), 0);
}

static void write_file(const char *dir, const char *name, struct slice text)
{
    char path[PATH_MAX];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    file = fopen(path, "w");
    assert_non_null(file);
    if (text.len > 0)
        assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

static void copy_data(struct folder *ret)
{
    (void)snprintf(ret->path, sizeof ret->path, "/tmp/pgxgate-rxnorm.XXXXXX");
    assert_non_null(mkdtemp(ret->path));
    for (int i = 0; i < RXNORM_FILES_COUNT; i++) {
        struct buf text;

        buf_init(&text, BYTES_MAX);
        read_file(DATA, rxnorm_file_name((enum rxnorm_file)i), &text);
        write_file(ret->path, rxnorm_file_name((enum rxnorm_file)i), buf_slice(&text));
        buf_release(&text);
    }
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    return remove(path);
}

static void drop_data(const struct folder *folder)
{
    assert_int_equal(nftw(folder->path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* Replaces the first `find`; "" puts in front. */
static void change(const struct folder *folder, const char *name, struct slice find,
                   struct slice put)
{
    struct buf text, changed;
    size_t at;

    buf_init(&text, BYTES_MAX);
    buf_init(&changed, BYTES_MAX);
    read_file(DATA, name, &text);
    at = slice_find(buf_slice(&text), find);
    if (at == SIZE_MAX)
        fail_msg("%s has no \"%.*s\"", name, SLICE_ARG(find));
    buf_add(&changed, slice_head(buf_slice(&text), at));
    buf_add(&changed, put);
    buf_add(&changed, slice_from(buf_slice(&text), at + find.len));
    write_file(folder->path, name, buf_slice(&changed));
    buf_release(&text);
    buf_release(&changed);
}

#define TEXT(literal)                                                                          \
    {                                                                                          \
        .ptr = "" literal, .len = sizeof(literal) - 1                                          \
    }
#define CONSO   "RXNCONSO.RRF"
#define REL     "RXNREL.RRF"
#define SAT     "RXNSAT.RRF"
#define ARCHIVE "RXNATOMARCHIVE.RRF"
#define LINE1   "32968|ENG||||||9100001|9100001|32968||RXNORM|IN|32968|clopidogrel||N|4096|\n"
static const struct {
    const char *file;
    struct slice find, put;
    const char *error;
} BROKEN[] = {
    {CONSO, TEXT("|codeine||N|"), TEXT("|codeine|N|"),
     "RXNCONSO.RRF:2: has 17 fields, each to end with '|', must have 18"},
    {CONSO, TEXT("|codeine||N|"), TEXT("|cod|eine||N|"),
     "RXNCONSO.RRF:2: has more than 18 fields"},
    {CONSO, TEXT(LINE1), TEXT("\n" LINE1), "RXNCONSO.RRF:1: has 0 fields"},
    {CONSO, TEXT(LINE1), TEXT(LINE1 LINE1),
     "RXNCONSO.RRF:2: concept 32968 is there already, in line 1"},
    {CONSO, TEXT("32968|ENG"), TEXT("3296x|ENG"), "RXNCONSO.RRF:1: field 1 is not an RXCUI"},
    {CONSO, TEXT("32968|ENG"), TEXT("99999999999|ENG"),
     "RXNCONSO.RRF:1: field 1 is not an RXCUI"},
    {CONSO, TEXT("32968|ENG"), TEXT("|ENG"), "RXNCONSO.RRF:1: field 1 is not an RXCUI"},
    {CONSO, TEXT("|clopidogrel||N|"), TEXT("| ||N|"),
     "RXNCONSO.RRF:1: concept 32968 has no name"},
    {CONSO, TEXT("|clopidogrel||N|"), TEXT("|clopi\tdogrel||N|"),
     "RXNCONSO.RRF:1: the name has a control character"},
    {CONSO, TEXT("|codeine||N|"), TEXT("|cod\xe9ine||N|"), "RXNCONSO.RRF:2: is not UTF-8"},
    {CONSO, TEXT("|codeine||N|"), TEXT("|cod\xed\xa0\x80ine||N|"),
     "RXNCONSO.RRF:2: is not UTF-8"},
    {CONSO, TEXT("|codeine||N|"), TEXT("|cod\0eine||N|"), "RXNCONSO.RRF:2: holds a NUL byte"},
    {CONSO, TEXT("|4096|\n2670"), TEXT("|4096|\r\n2670"),
     "RXNCONSO.RRF:1: holds a carriage return"},
    {CONSO, TEXT(LINE1), TEXT("\xef\xbb\xbf" LINE1),
     "RXNCONSO.RRF:1: begins with a byte order mark"},
    {CONSO, TEXT(LINE1), TEXT("\xff\xfe" LINE1), "RXNCONSO.RRF:1: is not UTF-8"},
    {REL, TEXT("|has_ingredient|"), TEXT("|has_ingredient||"),
     "RXNREL.RRF:1: has more than 16 fields"},
    {REL, TEXT("32968||CUI"), TEXT("x||CUI"), "RXNREL.RRF:1: field 1 is not an RXCUI"},
    {REL, TEXT("|RO|101|"), TEXT("|RO||"), "RXNREL.RRF:1: field 5 is not an RXCUI"},
    {SAT, TEXT("|NDC|RXNORM|"), TEXT("|NDC|RXNORM||"), "RXNSAT.RRF:1: has more than 13 fields"},
    {ARCHIVE, TEXT("|SCD|102|"), TEXT("|SCD|10x|"),
     "RXNATOMARCHIVE.RRF:1: field 16 is not an RXCUI"},
    {ARCHIVE, TEXT("|SCD|102|"), TEXT("|SCD|102"), "RXNATOMARCHIVE.RRF:1: has 15 fields"},
    {"RXNCUI.RRF", TEXT("|1|104|"), TEXT("|1||"), "RXNCUI.RRF:1: field 5 is not"},
    {"RXNSAB.RRF", TEXT("|RXNORM|"), TEXT("|"), "RXNSAB.RRF:1: has 24 fields"},
};

static void broken_files_are_refused_with_file_line_and_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BROKEN); i++) {
        struct rxnorm_report report;
        struct rules_release release;
        struct folder folder;
        struct err err = {0};

        copy_data(&folder);
        change(&folder, BROKEN[i].file, BROKEN[i].find, BROKEN[i].put);
        make_release(&release);
        if (rxnorm_import(folder.path, &QUIET, &release, &report, &err) == ERR_OK)
            fail_msg("row %zu was taken: %s", i, BROKEN[i].error);
        if (strncmp(err.text, BROKEN[i].error, strlen(BROKEN[i].error)) != 0)
            fail_msg("row %zu: got \"%s\", want \"%s\"", i, err.text, BROKEN[i].error);
        assert_int_equal(release.drug_codes_count, 0);
        rules_release_release(&release);
        drop_data(&folder);
    }
}

static void expect_failure(const struct folder *folder, const char *want)
{
    struct rxnorm_report report;
    struct rules_release release;
    struct err err = {0};

    make_release(&release);
    assert_int_not_equal(rxnorm_import(folder->path, &QUIET, &release, &report, &err), ERR_OK);
    if (strstr(err.text, want) == NULL)
        fail_msg("got \"%s\", want \"%s\"", err.text, want);
    assert_int_equal(release.drug_codes_count, 0);
    rules_release_release(&release);
}

/* RxNorm names each concept once; should it ever do otherwise, the first name is as good. */
static void a_second_name_is_refused_and_told(void **state)
{
    struct rxnorm_report report;
    struct rules_release release;
    struct folder folder;
    struct err err = {0};

    (void)state;
    copy_data(&folder);
    change(&folder, CONSO, SLICE("2670|ENG"),
           SLICE("32968|ENG||||||1|1|32968||RXNORM|BN|32968|other||N|4096|\n2670|ENG"));
    make_release(&release);
    assert_ok(rxnorm_import(folder.path, &QUIET, &release, &report, &err), &err);
    assert_string_equal(report.refused.text[0],
                        "RXNCONSO.RRF:2: another name of concept 32968, which line 1 has");
    assert_int_equal(report.renamed.count, 0);
    rules_release_release(&release);
    drop_data(&folder);
}

/* Within a line, that is; between two lines nobody can tell. */
static void a_file_that_is_cut_off_is_refused(void **state)
{
    static const enum rxnorm_file FILES[] = {RXNORM_FILE_CONSO, RXNORM_FILE_REL,
                                             RXNORM_FILE_SAT};
    struct folder folder;

    (void)state;
    copy_data(&folder);
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        const char *name = rxnorm_file_name(FILES[i]);
        struct buf text;

        buf_init(&text, BYTES_MAX);
        read_file(DATA, name, &text);
        write_file(folder.path, name, slice_head(buf_slice(&text), text.len - 1));
        expect_failure(&folder, "does not end with a line break: is the file cut off?");
        write_file(folder.path, name, slice_head(buf_slice(&text), text.len / 2 + 7));
        expect_failure(&folder, name);
        write_file(folder.path, name, SLICE_NONE);
        expect_failure(&folder, ": is empty");
        write_file(folder.path, name, buf_slice(&text));
        buf_release(&text);
    }
    drop_data(&folder);
}

static void missing_and_odd_files_are_refused(void **state)
{
    struct folder folder;
    char path[PATH_MAX], *line;

    (void)state;
    copy_data(&folder);
    (void)snprintf(path, sizeof path, "%s/RXNREL.RRF", folder.path);
    assert_int_equal(remove(path), 0);
    expect_failure(&folder, "RXNREL.RRF: No such file");
    assert_int_equal(mkdir(path, 0700), 0);
    expect_failure(&folder, "RXNREL.RRF: not a file");
    drop_data(&folder);

    copy_data(&folder);
    line = malloc(200000);
    assert_non_null(line);
    memset(line, '|', 200000);
    line[199999] = '\n';
    write_file(folder.path, "RXNCONSO.RRF", (struct slice){.ptr = line, .len = 200000});
    expect_failure(&folder, "RXNCONSO.RRF:1: longer than 65536 bytes");
    memset(line, 'x', 200000);
    write_file(folder.path, "RXNCONSO.RRF", (struct slice){.ptr = line, .len = 200000});
    expect_failure(&folder, "RXNCONSO.RRF:1: longer than 65536 bytes");
    free(line);
    write_file(folder.path, "RXNCONSO.RRF",
               SLICE("161|ENG||||||1|1|161||RXNORM|IN|161|acetaminophen||N|4096|\n"));
    expect_failure(&folder, "RXNCONSO.RRF: no drug of the release is in it");
    drop_data(&folder);

    (void)snprintf(folder.path, sizeof folder.path, "/nowhere");
    expect_failure(&folder, "RXNCONSO.RRF: No such file");
}

static void what_may_be_absent_may_be_absent(void **state)
{
    static const char *const NAMES[] = {"RXNATOMARCHIVE.RRF", "RXNCUI.RRF", "RXNSAB.RRF"};
    struct rxnorm_report report;
    struct rules_release release;
    struct folder folder;
    struct err err = {0};
    char path[PATH_MAX];

    (void)state;
    copy_data(&folder);
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder.path, NAMES[i]);
        assert_int_equal(remove(path), 0);
    }
    make_release(&release);
    assert_ok(rxnorm_import(folder.path, &QUIET, &release, &report, &err), &err);
    assert_int_equal(report.retired, 0);
    assert_slice_equal(release.drug_codes[0].source, "RxNorm, imported by the site");
    rules_release_release(&release);
    drop_data(&folder);
}

/* The lines of a file say the same in any order. */
static void the_order_of_lines_does_not_matter(void **state)
{
    struct rxnorm_report report;
    struct rules_release a, b;
    struct folder folder;
    struct err err = {0};

    (void)state;
    copy_data(&folder);
    for (int i = 0; i < RXNORM_FILES_COUNT; i++) {
        const char *name = rxnorm_file_name((enum rxnorm_file)i);
        struct buf text, turned;

        buf_init(&text, BYTES_MAX);
        buf_init(&turned, BYTES_MAX);
        read_file(DATA, name, &text);
        for (size_t to = text.len; to > 0;) { /* last line first */
            size_t from = to - 1;

            while (from > 0 && text.bytes[from - 1] != '\n')
                from--;
            buf_add(&turned, (struct slice){.ptr = text.bytes + from, .len = to - from});
            to = from;
        }
        write_file(folder.path, name, buf_slice(&turned));
        buf_release(&text);
        buf_release(&turned);
    }
    make_release(&a);
    make_release(&b);
    assert_ok(rxnorm_import(DATA, &QUIET, &a, &report, &err), &err);
    assert_ok(rxnorm_import(folder.path, &QUIET, &b, &report, &err), &err);
    assert_int_equal(a.drug_codes_count, b.drug_codes_count);
    for (size_t i = 0; i < a.drug_codes_count; i++) {
        assert_true(slice_eq(a.drug_codes[i].drug, b.drug_codes[i].drug));
        assert_true(slice_eq(a.drug_codes[i].code, b.drug_codes[i].code));
        assert_true(slice_eq(a.drug_codes[i].display, b.drug_codes[i].display));
        assert_int_equal(a.drug_codes[i].form, b.drug_codes[i].form);
    }
    rules_release_release(&a);
    rules_release_release(&b);
    drop_data(&folder);
}

/* --- the sample of real rows ---------------------------------------------------------------
 */

static bool has_code(const struct rules_release *release, const char *drug, const char *code,
                     enum rules_form form)
{
    for (size_t i = 0; i < release->drug_codes_count; i++)
        if (slice_eq_text(release->drug_codes[i].drug, drug) &&
            slice_eq_text(release->drug_codes[i].code, code))
            return release->drug_codes[i].form == form;
    return false;
}

static void the_sample_of_a_release_is_read(void **state)
{
    struct rxnorm_report report;
    struct rules_release release;
    struct err err = {0};

    (void)state;
    if (access(SAMPLE "/RXNCONSO.RRF", R_OK) != 0) {
        print_message("skipped: " SAMPLE " is not there\n");
        skip();
    }
    make_release(&release);
    add_drug(&release, "warfarin", "11289");
    add_drug(&release, "fluorouracil", "4492");
    add_drug(&release, "omeprazole", "7646");
    assert_ok(rxnorm_import(SAMPLE, &QUIET, &release, &report, &err), &err);
    assert_true(has_code(&release, "clopidogrel", "309362", RULES_FORM_SYSTEMIC));
    assert_true(has_code(&release, "clopidogrel", "999999992", RULES_FORM_SYSTEMIC));
    assert_false(has_code(&release, "clopidogrel", "999999991", RULES_FORM_SYSTEMIC));
    assert_false(has_code(&release, "warfarin", "309362", RULES_FORM_SYSTEMIC)); /* inactive */
    assert_true(has_code(&release, "clopidogrel", "B01AC04", RULES_FORM_SYSTEMIC));
    assert_true(has_code(&release, "clopidogrel", "00093731405", RULES_FORM_SYSTEMIC));
    assert_true(has_code(&release, "fluorouracil", "92752", RULES_FORM_LOCAL));
    assert_true(has_code(&release, "fluorouracil", "16110081230", RULES_FORM_LOCAL));
    assert_true(has_code(&release, "fluorouracil", "239177", RULES_FORM_SYSTEMIC));
    assert_true(has_code(&release, "fluorouracil", "202633", RULES_FORM_LOCAL));
    assert_true(has_code(&release, "omeprazole", "1291986", RULES_FORM_SYSTEMIC));
    assert_true(has_code(&release, "codeine", "235412", RULES_FORM_SYSTEMIC));
    assert_int_equal(report.refused.count, 0);
    rules_release_release(&release);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_concept_leads_to_its_ingredients),
        cmocka_unit_test(a_drug_without_an_rxcui_is_found_by_its_name),
        cmocka_unit_test(a_second_time_adds_nothing),
        cmocka_unit_test(what_contradicts_the_release_is_told),
        cmocka_unit_test(broken_files_are_refused_with_file_line_and_reason),
        cmocka_unit_test(a_second_name_is_refused_and_told),
        cmocka_unit_test(a_file_that_is_cut_off_is_refused),
        cmocka_unit_test(missing_and_odd_files_are_refused),
        cmocka_unit_test(what_may_be_absent_may_be_absent),
        cmocka_unit_test(the_order_of_lines_does_not_matter),
        cmocka_unit_test(the_sample_of_a_release_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
