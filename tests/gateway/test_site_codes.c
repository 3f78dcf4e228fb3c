/* tests/gateway/test_site_codes.c -- a site's CSV file of codes: what is taken and what is
 * refused, with file, line and reason. */
#include "gateway/store/site_codes.h"

#include <unistd.h>

#include "rules/base/buf.h"
#include "tests/test.h"

#define HEADER "system,code,drug,form,display\n"

static const struct feed_options QUIET = {0};

static void make_release(struct rules_release *release)
{
    static const char *const DRUGS[][2] = {
        {"clopidogrel", "32968"}, {"codeine", "2670"}, {"nameless", ""}};
    struct rules_drug_code *code;

    rules_release_init(release);
    for (size_t i = 0; i < ARRAY_LEN(DRUGS); i++) {
        struct rules_drug *row = rules_add_drug(release);

        assert_non_null(row);
        *row =
            (struct rules_drug){.name = slice_of(DRUGS[i][0]), .rxcui = slice_of(DRUGS[i][1])};
    }
    code = rules_add_drug_code(release);
    assert_non_null(code);
    *code = (struct rules_drug_code){.drug = SLICE("clopidogrel"),
                                     .system = SLICE(CODE_SYSTEM_SNOMED),
                                     .code = SLICE("11"),
                                     .display = SLICE("as shipped"),
                                     .source = SLICE("shipped")};
}

/* Writes the text to a file, imports it and removes it. */
static enum err_code take(struct slice text, struct rules_release *release,
                          struct site_codes_report *report, struct err *err)
{
    char path[] = "/tmp/pgxgate-codes.XXXXXX";
    int fd = mkstemp(path);
    enum err_code code;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.ptr, text.len), text.len);
    assert_int_equal(close(fd), 0);
    code = site_codes_import(path, &QUIET, release, report, err);
    assert_int_equal(unlink(path), 0);
    return code;
}

static void good_rows_are_taken(void **state)
{
    static const struct {
        const char *text, *system, *code, *drug, *display;
        enum rules_form form;
    } ROWS[] = {
        {HEADER "snomed,12,codeine,,\n", CODE_SYSTEM_SNOMED, "12", "codeine", "codeine", 0},
        {HEADER "http://snomed.info/sct,12,codeine,,\n", CODE_SYSTEM_SNOMED, "12", "codeine",
         "codeine", 0},
        {HEADER "urn:oid:2.16.840.1.113883.6.96,12,codeine,,\n", CODE_SYSTEM_SNOMED, "12",
         "codeine", "codeine", 0},
        {HEADER "http://fhir.de/CodeSystem/ifa/pzn,01234567,rxcui:2670,local,Gel\n",
         "http://fhir.de/CodeSystem/ifa/pzn", "01234567", "codeine", "Gel", RULES_FORM_LOCAL},
        {HEADER "https://dmd.nhs.uk,1,codeine,systemic,\"a, \"\"b\"\"\"\n",
         "https://dmd.nhs.uk", "1", "codeine", "a, \"b\"", RULES_FORM_SYSTEMIC},
        {HEADER "\"snomed\",\"12\",\"codeine\",\"\",\"\"\n", CODE_SYSTEM_SNOMED, "12",
         "codeine", "codeine", 0},
        {HEADER "ndc,0093-0810-01,codeine,,\n", CODE_SYSTEM_NDC, "00093081001", "codeine",
         "codeine", 0},
        {"drug,code,system\ncodeine,12,atc\n", CODE_SYSTEM_ATC, "12", "codeine", "codeine", 0},
        {"system,code,drug\r\nsnomed,12,codeine\r\n", CODE_SYSTEM_SNOMED, "12", "codeine",
         "codeine", 0},
        {HEADER "snomed,12,codeine,,Code\xc3\xafne\n", CODE_SYSTEM_SNOMED, "12", "codeine",
         "Code\xc3\xafne", 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct site_codes_report report;
        struct rules_release release;
        const struct rules_drug_code *row;
        struct err err = {0};

        make_release(&release);
        assert_ok(take(slice_of(ROWS[i].text), &release, &report, &err), &err);
        assert_int_equal(report.rows, 1);
        assert_int_equal(report.codes.added, 1);
        row = &release.drug_codes[1];
        assert_slice_equal(row->system, ROWS[i].system);
        assert_slice_equal(row->code, ROWS[i].code);
        assert_slice_equal(row->drug, ROWS[i].drug);
        assert_slice_equal(row->display, ROWS[i].display);
        assert_int_equal(row->form, ROWS[i].form);
        assert_true(slice_starts(row->source, SLICE("site table pgxgate-codes.")));
        rules_release_release(&release);
    }
}

static void a_code_may_be_there_or_be_a_combination(void **state)
{
    struct site_codes_report report;
    struct rules_release release;
    struct err err = {0};

    (void)state;
    make_release(&release);
    assert_ok(take(SLICE(HEADER "snomed,11,codeine,,\nsnomed,11,clopidogrel,,other words\n"),
                   &release, &report, &err),
              &err);
    assert_int_equal(report.codes.added, 1);
    assert_int_equal(report.codes.there, 1);
    assert_slice_equal(release.drug_codes[0].display, "as shipped");
    assert_slice_equal(release.drug_codes[1].drug, "codeine");
    rules_release_release(&release);
    make_release(&release);
    assert_ok(take(SLICE(HEADER), &release, &report, &err), &err); /* nothing to map yet */
    assert_int_equal(report.rows + report.codes.added, 0);
    rules_release_release(&release);
}

#define TEXT(literal)                                                                          \
    {                                                                                          \
        .ptr = "" literal, .len = sizeof(literal) - 1                                          \
    }

static void bad_files_are_refused_with_line_and_reason(void **state)
{
    static const struct {
        struct slice text;
        const char *error; /* behind the file's name */
    } ROWS[] = {
        {TEXT(""), ": is empty; it begins with a header line"},
        {TEXT("\n"), ":1: column 1 must be one of system, code, drug, form, display"},
        {TEXT("snomed,12,codeine\n"), ":1: column 1 must be one of"},
        {TEXT("system,code\n"), ":1: column 'drug' is missing"},
        {TEXT("system,code,drug,code\n"), ":1: column 4 must be one of"},
        {TEXT("system,code,drug,form,display,more\n"), ":1: more than 5 columns"},
        {TEXT("System,code,drug\n"), ":1: column 1 must be one of"},
        {TEXT("\xef\xbb\xbf" HEADER), ":1: begins with a byte order mark"},
        {TEXT(HEADER "snomed,12,codeine,,"), ":2: does not end with a line break"},
        {TEXT(HEADER "snomed,12,codeine,\n"), ":2: has 4 columns, must have 5"},
        {TEXT(HEADER "snomed,12,codeine,,,\n"), ":2: more than 5 columns"},
        {TEXT(HEADER "\n"), ":2: has 1 columns, must have 5"},
        {TEXT(HEADER "snomed;12;codeine;;\n"), ":2: has 1 columns, must have 5"},
        {TEXT(HEADER "snomed,,codeine,,\n"), ":2: code must not be empty"},
        {TEXT(HEADER ",12,codeine,,\n"), ":2: system must not be empty"},
        {TEXT(HEADER "snomed,12,,,\n"), ":2: drug must not be empty"},
        {TEXT(HEADER "snomed, 12,codeine,,\n"), ":2: code begins or ends with a space"},
        {TEXT(HEADER "snomed,1\t2,codeine,,\n"), ":2: code has a control character"},
        {TEXT(HEADER "pzn,12,codeine,,\n"), ":2: system must be a URL"},
        {TEXT(HEADER "snomed,12,Codeine,,\n"),
         ":2: no drug of the release is called 'Codeine'"},
        {TEXT(HEADER "snomed,12,rxcui:1,,\n"), ":2: no drug of the release is called"},
        {TEXT(HEADER "snomed,12,rxcui:,,\n"), ":2: no drug of the release is called"},
        {TEXT(HEADER "snomed,12,codeine,oral,\n"), ":2: form must be systemic, local or empty"},
        {TEXT(HEADER "ndc,0093081001,codeine,,\n"), ":2: code is not an NDC"},
        {TEXT(HEADER "snomed,12,codeine,,\"open\n"), ":2: a quote is not closed"},
        {TEXT(HEADER "snomed,12,codeine,,\"two\nlines\"\n"), ":2: a quote is not closed"},
        {TEXT(HEADER "snomed,12,codeine,,\"\n"), ":2: a quote is not closed"},
        {TEXT(HEADER "snomed,12,codeine,,\"a\"\"\n"), ":2: a quote is not closed"},
        {TEXT(HEADER "snomed,12,codeine,,\"a\"b\n"), ":2: text behind a closing quote"},
        {TEXT(HEADER "snomed,12,codeine,,a\"b\n"), ":2: a quote inside a field"},
        {TEXT(HEADER "snomed,12,codeine,,a\rb\n"), ":2: holds a carriage return"},
        {TEXT(HEADER "snomed,12,codeine,,a\r\n"), ":2: ends its line in another way"},
        {TEXT("system,code,drug\r\nsnomed,12,codeine\n"), ":2: ends its line in another way"},
        {TEXT(HEADER "snomed,12,codeine,,a\0b\n"), ":2: holds a NUL byte"},
        {TEXT(HEADER "snomed,12,codeine,,\xe4\n"), ":2: is not UTF-8"},
        {TEXT("\xff\xfes\0y\0"), ":1: does not end with a line break"},
        {TEXT(HEADER "snomed,12,codeine,,\nsnomed,13,codeine,,\nsnomed,12,codeine,,b\n"),
         ":4: repeats line 2: the same code of the same drug"},
        {TEXT(HEADER "ndc,00093081001,codeine,,\nndc,0093-0810-01,codeine,,\n"),
         ":3: repeats line 2"},
        {TEXT(HEADER "snomed,13,codeine,,\nsnomed,11,codeine,,\n"),
         ":3: code 11 stands for clopidogrel in the release"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct site_codes_report report;
        struct rules_release release;
        struct err err = {0};
        const char *colon;

        make_release(&release);
        if (take(ROWS[i].text, &release, &report, &err) == ERR_OK)
            fail_msg("row %zu was taken: %s", i, ROWS[i].error);
        colon = strchr(err.text, ':');
        if (colon == NULL || strncmp(colon, ROWS[i].error, strlen(ROWS[i].error)) != 0)
            fail_msg("row %zu: got \"%s\", want \"%s\"", i, err.text, ROWS[i].error);
        assert_int_equal(release.drug_codes_count, 1);
        rules_release_release(&release);
    }
}

static void a_missing_file_is_refused(void **state)
{
    struct site_codes_report report;
    struct rules_release release;
    struct err err = {0};

    (void)state;
    make_release(&release);
    assert_int_equal(site_codes_import("/nowhere/codes.csv", &QUIET, &release, &report, &err),
                     ERR_NOT_FOUND);
    assert_string_equal(err.text, "codes.csv: No such file or directory");
    err_clear(&err);
    assert_int_equal(site_codes_import("/tmp", &QUIET, &release, &report, &err), ERR_INVALID);
    rules_release_release(&release);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_rows_are_taken),
        cmocka_unit_test(a_code_may_be_there_or_be_a_combination),
        cmocka_unit_test(bad_files_are_refused_with_line_and_reason),
        cmocka_unit_test(a_missing_file_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
