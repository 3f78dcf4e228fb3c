/* tests/gateway/test_modulators_csv.c -- a site's list of inhibitors and inducers. */
#include "tests/test.h"

#include "gateway/store/modulators_csv.h"
#include "tests/gateway/knowledge_fixture.h"

#define HEADER "gene,drug,role,strength,factor,washout_days,source\n"

static enum err_code import(const char *text, size_t len, struct rules_release *release,
                            size_t *count, struct err *err)
{
    char dir[FIXTURE_DIR_SIZE], path[FIXTURE_DIR_SIZE + 8];
    enum err_code code;

    fixture_make_folder(dir);
    (void)snprintf(path, sizeof path, "%.64s/m.csv", dir);
    fixture_write(dir, "m.csv", text, len);
    fixture_release("1", release);
    code = modulators_csv_import(path, release, count, err);
    fixture_remove(dir);
    return code;
}

static const struct rules_modulator *find(const struct rules_release *release, const char *drug,
                                          const char *gene)
{
    for (size_t i = 0; i < release->modulators_count; i++)
        if (slice_eq_text(release->modulators[i].drug, drug) &&
            slice_eq_text(release->modulators[i].gene, gene))
            return &release->modulators[i];
    fail_msg("no modulator %s of %s", drug, gene);
    return NULL;
}

static void rows_are_added_or_replace_others(void **state)
{
    static const char TEXT[] =
        "source,gene,drug,role,strength,factor,washout_days\r\n"
        "\"A list, of 2025\",CYP2D6,prasugrel,inhibitor,moderate,0.5,7\r\n"
        "\"A list, of 2025\",CYP2D6,exampline,inhibitor,weak,,0\r\n"
        "table-1,CYP2C19,exampline,inducer,strong,,14\r\n";
    struct rules_knowledge *k = NULL;
    const struct rules_modulator *m;
    struct rules_release release;
    struct err err = {0};
    size_t count = 0, before;

    (void)state;
    fixture_release("1", &release);
    before = release.modulators_count;
    rules_release_release(&release);
    assert_ok(import(TEXT, strlen(TEXT), &release, &count, &err), &err);
    assert_int_equal(count, 3);
    assert_int_equal(release.modulators_count, before + 2);
    m = find(&release, "prasugrel", "CYP2D6"); /* the fixture has it as a strong one */
    assert_int_equal(m->strength, RULES_STRENGTH_MODERATE);
    assert_true(m->has_factor);
    assert_int_equal(m->factor_x100, 50);
    assert_int_equal(m->washout_days, 7);
    m = find(&release, "exampline", "CYP2D6");
    assert_false(m->has_factor);
    assert_slice_equal(m->source, "modulators-a-list--of-2025");
    m = find(&release, "exampline", "CYP2C19");
    assert_int_equal(m->role, RULES_ROLE_INDUCER);
    assert_slice_equal(m->source, "table-1");
    assert_ok(rules_knowledge_new(&release, SLICE("h"), &k, &err), &err);
    assert_slice_equal(rules_find_source(k, SLICE("modulators-a-list--of-2025"))->title,
                       "A list, of 2025");
    assert_non_null(rules_find_drug(k, SLICE("exampline")));
    rules_knowledge_release(k);
    rules_release_release(&release);
}

static void bad_files_are_refused(void **state)
{
    static const struct {
        const char *text, *want;
    } ROWS[] = {
        {"", "m.csv: is empty; it begins with a header line"},
        {HEADER, "m.csv:1: no rows"},
        {"gene,drug\n", "m.csv:1: column 'role' is missing"},
        {"gene,drug,role,strength,factor,washout_days,origin\n",
         "m.csv:1: column 7 must be one of gene, drug,"},
        {"gene,gene,role,strength,factor,washout_days,source\n",
         "m.csv:1: column 2 must be one of gene, drug,"},
        {HEADER "CYP2D6,x,inhibitor,weak,,0\n", "m.csv:2: has 6 columns, must have 7"},
        {HEADER "CYP2D6,x,inhibitor,weak,,0,s,t\n", "m.csv:2: more than 7 columns"},
        {HEADER "CYP2D6,\"x,inhibitor,weak,,0,s\n", "m.csv:2: a quote is not closed"},
        {HEADER "CYP2D6,x,inhibitor,weak,,0,s\nCYP2D6,x,inhibitor,weak,,0,s\n",
         "m.csv:3: CYP2D6 and x are listed twice"},
        {HEADER "CYP9X9,x,inhibitor,weak,,0,s\n", "m.csv:2: gene: the release has no gene"},
        {HEADER "CYP2D6,,inhibitor,weak,,0,s\n", "m.csv:2: drug must not be empty"},
        {HEADER "CYP2D6, x,inhibitor,weak,,0,s\n", "m.csv:2: drug begins or ends with a space"},
        {HEADER "CYP2D6,x,blocker,weak,,0,s\n", "m.csv:2: role must be inhibitor or inducer"},
        {HEADER "CYP2D6,x,inhibitor,mild,,0,s\n",
         "m.csv:2: strength must be weak, moderate or strong"},
        {HEADER "CYP2D6,x,inhibitor,weak,1.5,0,s\n", "m.csv:2: factor must be from 0.0 to 1.0"},
        {HEADER "CYP2D6,x,inhibitor,weak,-1,0,s\n", "m.csv:2: factor must be from 0.0 to 1.0"},
        {HEADER "CYP2D6,x,inducer,weak,0.5,0,s\n",
         "m.csv:2: factor must be empty for an inducer"},
        {HEADER "CYP2D6,x,inhibitor,weak,,366,s\n",
         "m.csv:2: washout_days must be a whole number from 0 to 365"},
        {HEADER "CYP2D6,x,inhibitor,weak,,,s\n", "m.csv:2: washout_days must not be empty"},
        {HEADER "CYP2D6,x,inhibitor,weak,,0,a list\nCYP2D6,y,inhibitor,weak,,0,a-list\n",
         "m.csv:3: source: too much like 'a list'"},
        {HEADER "CYP2D6,x\xff,inhibitor,weak,,0,s\n", "m.csv:2: is not UTF-8"},
        {HEADER "CYP2D6,x,inhibitor,weak,,0,s", "m.csv:2: does not end with a line break"},
        {"\xef\xbb\xbf" HEADER, "m.csv:1: begins with a byte order mark"},
        {HEADER "CYP2D6,x\ty,inhibitor,weak,,0,s\n", "m.csv:2: drug has a control character"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct rules_release release;
        struct err err = {0};
        size_t count = 0;

        if (import(ROWS[i].text, strlen(ROWS[i].text), &release, &count, &err) == ERR_OK)
            fail_msg("row %zu was taken: %s", i, ROWS[i].want);
        if (!slice_starts(slice_of(err.text), slice_of(ROWS[i].want)))
            fail_msg("row %zu: got \"%s\", want \"%s\"", i, err.text, ROWS[i].want);
        rules_release_release(&release);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_added_or_replace_others),
        cmocka_unit_test(bad_files_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
