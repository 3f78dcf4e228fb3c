/* tests/fhir/test_capability.c -- what statements of servers say, and what is made of bad ones.
 */
#include "fhir/capability.h"

#include "tests/fhir/parsed.h"

#define STATEMENT    "'resourceType':'CapabilityStatement','fhirVersion':'4.0.1'"
#define SERVER(rest) "{" STATEMENT ",'rest':[{'mode':'server'," rest "}]}"

static enum err_code read_text(const char *text, struct fhir_capability *ret)
{
    struct parsed p;
    struct err err = {0};
    enum err_code code;

    parsed_init(&p);
    for (const char *c = text; *c != 0; c++)
        buf_add_char(&p.text, *c == '\'' ? '"' : *c);
    parsed_read(&p);
    code = fhir_capability_read(json_root(&p.doc), &p.arena, ret, &err);
    parsed_release(&p);
    return code;
}

static void kinds_are_told_apart(void **state)
{
    static const struct {
        const char *members;
        enum fhir_server_kind want;
    } rows[] = {
        {"'x':1", FHIR_SERVER_GENERIC},
        {"'software':{'name':'HAPI FHIR Server'}", FHIR_SERVER_HAPI},
        {"'software':{'name':'HAPI FHIR Server'},'publisher':'SMART Health IT'",
         FHIR_SERVER_SMART},
        {"'software':{'name':'Epic'}", FHIR_SERVER_EPIC},
        {"'software':{'name':'EPIC'}", FHIR_SERVER_EPIC},
        {"'software':{'name':'Epicentre'}", FHIR_SERVER_GENERIC},
        {"'software':{'name':'Biepic'}", FHIR_SERVER_GENERIC},
        {"'software':{'name':'Epicentre of Epic'}", FHIR_SERVER_EPIC},
        {"'publisher':'Cerner'", FHIR_SERVER_ORACLE},
        {"'publisher':'Oracle Health'", FHIR_SERVER_ORACLE},
        {"'implementation':{'description':'FHIR implementation from Cerner.'}",
         FHIR_SERVER_ORACLE},
        {"'software':{'name':'Medplum'}", FHIR_SERVER_MEDPLUM},
        {"'software':{'name':'Azure API for FHIR'}", FHIR_SERVER_AZURE},
        {"'software':{'name':'Azure Healthcare APIs'}", FHIR_SERVER_AZURE},
        {"'software':{'name':'Google Cloud Healthcare API'}", FHIR_SERVER_GOOGLE},
        {"'publisher':'Canvas Medical, Inc.'", FHIR_SERVER_CANVAS},
        {"'software':{'name':'LinuxForHealth FHIR Server'}", FHIR_SERVER_LINUXFORHEALTH},
        {"'software':{'name':'IBM FHIR Server'}", FHIR_SERVER_LINUXFORHEALTH},
        {"'software':'Epic','publisher':['Cerner'],'implementation':7", FHIR_SERVER_GENERIC},
        {"'software':{'name':''}", FHIR_SERVER_GENERIC},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fhir_capability got;
        char text[512];

        (void)snprintf(text, sizeof text, "{" STATEMENT ",%s}", rows[i].members);
        assert_int_equal(read_text(text, &got), ERR_OK);
        if (got.kind != rows[i].want)
            fail_msg("%s: %s", rows[i].members, fhir_server_traits(got.kind)->name);
        assert_int_equal(got.fhir_major, 4);
    }
}

static void versions_are_read(void **state)
{
    static const struct {
        const char *version;
        uint32_t want;
    } rows[] = {
        {"'1.0.2'", 1}, {"'3.0.1'", 3}, {"'4.0.1'", 4}, {"'4.3.0'", 4},
        {"'5.0.0'", 5}, {"'4'", 4},     {"'R4'", 0},    {"'-4.0'", 0},
        {"''", 0},      {"4", 0},       {"null", 0},    {"'999999999999.0'", 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fhir_capability got;
        char text[256];

        (void)snprintf(text, sizeof text, "{'resourceType':'Conformance','fhirVersion':%s}",
                       rows[i].version);
        assert_int_equal(read_text(text, &got), ERR_OK);
        assert_int_equal(got.fhir_major, rows[i].want);
    }
}

#define SEARCHED(type)                                                                         \
    "{'type':'" type "','interaction':[{'code':'read'},{'code':'search-type'}]}"

static void abilities_are_read(void **state)
{
    static const struct {
        const char *text;
        bool reports, conditions, component;
        uint32_t includes;
        const char *haplotypes;
    } rows[] = {
        {"{" STATEMENT "}", true, true, false, 0, ""},
        {SERVER("'resource':[]"), true, true, false, 0, ""},
        {SERVER("'resource':[" SEARCHED("Observation") "]"), false, false, false, 0, ""},
        {SERVER("'resource':[" SEARCHED("DiagnosticReport") "," SEARCHED("Condition") "]"),
         true, true, false, 0, ""},
        {SERVER("'resource':[{'type':'Condition','interaction':[{'code':'read'}]}]"), false,
         false, false, 0, ""},
        {"{" STATEMENT ",'rest':[{'mode':'client','resource':[" SEARCHED("Condition") "]}]}",
         true, true, false, 0, ""},
        {SERVER(
             "'resource':[{'type':'Observation','searchParam':[{'name':'component-code'}]}]"),
         false, false, true, 0, ""},
        {SERVER("'resource':[{'type':'Patient','searchParam':[{'name':'component-code'}]}]"),
         false, false, false, 0, ""},
        {SERVER("'resource':[{'type':'DiagnosticReport','searchInclude':"
                "['DiagnosticReport:result','x',7]}]"),
         false, false, false, FHIR_INCLUDE_REPORT_RESULT, ""},
        {SERVER("'resource':[{'type':'Observation','searchInclude':"
                "['Observation:derived-from','Observation:has-member']}]"),
         false, false, false, FHIR_INCLUDE_DERIVED_FROM | FHIR_INCLUDE_HAS_MEMBER, ""},
        {SERVER("'operation':[{'name':'find-subject-haplotypes','definition':"
                "'http://hl7.org/fhir/uv/genomics-reporting/OperationDefinition/x'}]"),
         true, true, false, 0, "$find-subject-haplotypes"},
        {SERVER("'operation':[{'name':'$find-subject-haplotypes'}]"), true, true, false, 0,
         "$find-subject-haplotypes"},
        {SERVER("'operation':[{'name':'find-subject-variants'}]"), true, true, false, 0, ""},
        {SERVER("'resource':[{'type':'Patient','operation':"
                "[{'name':'find-subject-haplotypes'}]}]"),
         false, false, false, 0, "Patient/$find-subject-haplotypes"},
        {SERVER("'operation':[{'name':'find-subject-haplotypes','definition':"
                "'https://g.example/ops/$find-subject-haplotypes'}]"),
         true, true, false, 0, "https://g.example/ops/$find-subject-haplotypes"},
        {SERVER("'operation':[{'name':'find-subject-haplotypes','definition':"
                "{'reference':'https://g.example/ops/$find-subject-haplotypes'}}]"),
         true, true, false, 0, "https://g.example/ops/$find-subject-haplotypes"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fhir_capability got;

        assert_int_equal(read_text(rows[i].text, &got), ERR_OK);
        if (got.may_search_reports != rows[i].reports ||
            got.may_search_conditions != rows[i].conditions ||
            got.has_component_code != rows[i].component || got.includes != rows[i].includes ||
            strcmp(got.haplotypes, rows[i].haplotypes) != 0)
            fail_msg("row %zu: %d %d %d %x %s", i, got.may_search_reports,
                     got.may_search_conditions, got.has_component_code, got.includes,
                     got.haplotypes);
    }
}

static void bad_statements_are_refused_or_passed_over(void **state)
{
    static const struct {
        const char *text;
        enum err_code want;
    } rows[] = {
        {"{}", ERR_INVALID},
        {"[]", ERR_INVALID},
        {"null", ERR_INVALID},
        {"'CapabilityStatement'", ERR_INVALID},
        {"{'resourceType':'OperationOutcome'}", ERR_INVALID},
        {"{'resourceType':['CapabilityStatement']}", ERR_INVALID},
        {"{'resourceType':'CapabilityStatement'}", ERR_OK},
        {"{" STATEMENT ",'rest':{'mode':'server'}}", ERR_OK},
        {"{" STATEMENT ",'rest':['server',null,7,[]]}", ERR_OK},
        {SERVER("'resource':'x','operation':{'name':7}"), ERR_OK},
        {SERVER("'resource':[{'type':7},{'interaction':'x'},[],null]"), ERR_OK},
        {SERVER("'operation':[{'name':7},7,{'definition':[]}]"), ERR_OK},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fhir_capability got = {.fhir_major = 77};

        if (read_text(rows[i].text, &got) != rows[i].want)
            fail_msg("row %zu", i);
        assert_int_equal(got.fhir_major == 77, rows[i].want != ERR_OK);
    }
}

/* An address that does not fit is not cut: the operation's usual place is taken. */
static void long_addresses_are_not_cut(void **state)
{
    struct fhir_capability got;
    char text[1024], filler[400];

    (void)state;
    memset(filler, 'x', sizeof filler);
    filler[sizeof filler - 1] = '\0';
    (void)snprintf(text, sizeof text,
                   SERVER("'operation':[{'name':'find-subject-haplotypes','definition':"
                          "'https://g.example/%s/$find-subject-haplotypes'}]"),
                   filler);
    assert_int_equal(read_text(text, &got), ERR_OK);
    assert_string_equal(got.haplotypes, "$find-subject-haplotypes");
    (void)snprintf(text, sizeof text,
                   SERVER("'resource':[{'type':'%s','operation':"
                          "[{'name':'find-subject-haplotypes'}]}]"),
                   filler);
    assert_int_equal(read_text(text, &got), ERR_OK);
    assert_string_equal(got.haplotypes, "");
}

static void kinds_have_names_and_domains(void **state)
{
    static const struct {
        const char *base;
        enum fhir_server_kind want;
    } rows[] = {
        {"https://ehr.example/fhir", FHIR_SERVER_GENERIC},
        {"https://r4.smarthealthit.org", FHIR_SERVER_SMART},
        {"https://launch.smarthealthit.org/v/r4/fhir", FHIR_SERVER_SMART},
        {"https://notsmarthealthit.org", FHIR_SERVER_GENERIC},
        {"https://smarthealthit.org.example", FHIR_SERVER_GENERIC},
        {"https://healthcare.googleapis.com/v1/projects/p/fhir", FHIR_SERVER_GOOGLE},
        {"https://storage.googleapis.com/fhir", FHIR_SERVER_GENERIC},
        {"https://a.AZUREHEALTHCAREAPIS.com", FHIR_SERVER_AZURE},
        {"https://fhir-ehr.cerner.com/r4/x", FHIR_SERVER_ORACLE},
        {"https://x.example/epic.com", FHIR_SERVER_GENERIC},
        {"epic.com", FHIR_SERVER_GENERIC},
        {"", FHIR_SERVER_GENERIC},
    };
    enum fhir_server_kind kind = FHIR_SERVER_AZURE;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (fhir_server_kind_of_base(slice_of(rows[i].base)) != rows[i].want)
            fail_msg("%s", rows[i].base);
    for (size_t k = 0; k < FHIR_SERVER_KINDS_COUNT; k++) {
        const struct fhir_server_traits *traits = fhir_server_traits((enum fhir_server_kind)k);

        assert_true(fhir_server_kind_of_name(slice_of(traits->name), &kind));
        assert_int_equal(kind, k);
    }
    assert_false(fhir_server_kind_of_name(SLICE("Epic"), &kind));
    assert_false(fhir_server_kind_of_name(SLICE_NONE, &kind));
}

static void kinds_are_split_from_bases(void **state)
{
    static const struct {
        const char *text, *base; /* NULL: refused */
        enum fhir_server_kind kind;
    } rows[] = {
        {"https://ehr.example/fhir=epic", "https://ehr.example/fhir", FHIR_SERVER_EPIC},
        {"http://loopback=hapi", "http://loopback", FHIR_SERVER_HAPI},
        {"https://ehr.example/a=b=oracle", "https://ehr.example/a=b", FHIR_SERVER_ORACLE},
        {"https://ehr.example/fhir", NULL, FHIR_SERVER_GENERIC},
        {"https://ehr.example/fhir=", NULL, FHIR_SERVER_GENERIC},
        {"https://ehr.example/fhir=Epic", NULL, FHIR_SERVER_GENERIC},
        {"https://ehr.example/fhir=other", NULL, FHIR_SERVER_GENERIC},
        {"https://ehr.example/fhir?x=epic", NULL, FHIR_SERVER_GENERIC},
        {"ehr.example=epic", NULL, FHIR_SERVER_GENERIC},
        {"=epic", NULL, FHIR_SERVER_GENERIC},
        {"epic", NULL, FHIR_SERVER_GENERIC},
        {"", NULL, FHIR_SERVER_GENERIC},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice base = SLICE_NONE;
        enum fhir_server_kind kind = FHIR_SERVER_GENERIC;
        bool is_ok = fhir_server_kind_split(slice_of(rows[i].text), &base, &kind);

        if (is_ok != (rows[i].base != NULL))
            fail_msg("%s", rows[i].text);
        if (!is_ok)
            continue;
        assert_slice_equal(base, rows[i].base);
        assert_int_equal(kind, rows[i].kind);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(versions_are_read),
        cmocka_unit_test(abilities_are_read),
        cmocka_unit_test(bad_statements_are_refused_or_passed_over),
        cmocka_unit_test(long_addresses_are_not_cut),
        cmocka_unit_test(kinds_have_names_and_domains),
        cmocka_unit_test(kinds_are_split_from_bases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
