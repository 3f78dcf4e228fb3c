/* tests/fhir/test_mapping.c -- what a site's own codes and texts mean. */
#include "tests/fhir/observation_rows.h"

#include "fhir/mapping.h"

#define LAB  "urn:oid:1.2.840.114350.1.13.0.1.7.2.768282"
#define FLAG "http://example.org/indicators"

/* Not in order: fhir_mapping_sort puts them so. */
#define TEXT_OF(literal)                                                                       \
    {                                                                                          \
        "" literal, sizeof(literal) - 1                                                        \
    }

static struct fhir_mapped_code codes[] = {
    {TEXT_OF(LAB), TEXT_OF("901"), TEXT_OF("CYP2C19"), FHIR_MAPPED_GENOTYPE, TEXT_OF(""),
     TEXT_OF("")},
    {TEXT_OF(LAB), TEXT_OF("902"), TEXT_OF("CYP2C19"), FHIR_MAPPED_PHENOTYPE, TEXT_OF(""),
     TEXT_OF("")},
    {TEXT_OF(LAB), TEXT_OF("903"), TEXT_OF("HLA-B"), FHIR_MAPPED_PRESENCE, TEXT_OF("*57:01"),
     TEXT_OF("")},
    {TEXT_OF(LAB), TEXT_OF("904"), TEXT_OF("CYP2D6"), FHIR_MAPPED_SCORE, TEXT_OF(""),
     TEXT_OF("")},
    {TEXT_OF(LAB), TEXT_OF("905"), TEXT_OF("CYP2D6"), FHIR_MAPPED_HAPLOTYPE, TEXT_OF(""),
     TEXT_OF("")},
    {TEXT_OF(LAB), TEXT_OF("906"), TEXT_OF("HLA-B"), FHIR_MAPPED_TYPING, TEXT_OF(""),
     TEXT_OF("")},
    {TEXT_OF(LAB), TEXT_OF("12"), TEXT_OF(""), FHIR_MAPPED_STATEMENT, TEXT_OF(""),
     TEXT_OF("Intermediate Metabolizer")},
    {TEXT_OF(LAB), TEXT_OF("12"), TEXT_OF("CYP2D6"), FHIR_MAPPED_STATEMENT, TEXT_OF(""),
     TEXT_OF("Poor Metabolizer")},
    {TEXT_OF(FLAG), TEXT_OF("77"), TEXT_OF("CYP2C19"), FHIR_MAPPED_STATEMENT, TEXT_OF(""),
     TEXT_OF("Poor Metabolizer")},
    {TEXT_OF(FLAG), TEXT_OF("78"), TEXT_OF("HLA-B"), FHIR_MAPPED_STATEMENT, TEXT_OF(""),
     TEXT_OF("HLA-B*57:01 positive")},
    {TEXT_OF(FLAG), TEXT_OF("79"), TEXT_OF("G6PD"), FHIR_MAPPED_STATEMENT, TEXT_OF(""),
     TEXT_OF("Normal")},
};

static struct fhir_mapped_text texts[] = {
    {TEXT_OF("CYP2C19"), TEXT_OF("Loss of function, two copies"), TEXT_OF("Poor Metabolizer")},
    {TEXT_OF("CYP2C19"), TEXT_OF("GENO-4"), TEXT_OF("*2/*2")},
    {TEXT_OF(""), TEXT_OF("unauff\xc3\xa4llig"), TEXT_OF("Normal Metabolizer")},
};

static struct fhir_mapping mapping = {codes, ARRAY_LEN(codes), texts, ARRAY_LEN(texts)};

static void check_mapped(const struct row *rows, size_t count)
{
    size_t failed = 0;

    for (size_t i = 0; i < count; i++) {
        struct fhir_reading reading = {0};
        struct err err = {0};
        struct parsed p;
        struct slice got;

        parsed_init(&p);
        parsed_add(&p, rows[i].json);
        assert_ok(fhir_read_evidence_mapped(&p.collection, SLICE_NONE, &mapping, &p.arena,
                                            &reading, &err),
                  &err);
        got = summary(&reading, &p.arena);
        if (!slice_eq_text(got, rows[i].want)) {
            print_error("row %zu: got \"%.*s\", want \"%s\"\n", i, SLICE_ARG(got),
                        rows[i].want);
            failed++;
        }
        parsed_release(&p);
    }
    assert_int_equal(failed, 0);
}

static int sort(void **state)
{
    (void)state;
    fhir_mapping_sort(&mapping);
    return 0;
}

static void codes_of_results(void **state)
{
#define LOCAL(code) "'code':" CONCEPT(CODED(LAB, code))
    static const struct row rows[] = {
        {OBS(LOCAL("901") "," TEXT("*1/*2")), "CYP2C19 *1 *2"},
        {OBS(LOCAL("902") "," TEXT("PM")), "CYP2C19 =Poor Metabolizer"},
        {OBS(LOCAL("903") "," TEXT("Not detected")), "HLA-B negative *57:01"},
        {OBS(LOCAL("904") ",'valueQuantity':{'value':1.25}"), "CYP2D6 #1.25"},
        {OBS(LOCAL("905") "," TEXT("*4")), "CYP2D6 *4; warn one-allele"},
        {OBS(LOCAL("906") "," TEXT("B*57:01, B*08:01")), "HLA-B *57:01 *08:01"},
        /* as a component, and beside a generic code */
        {OBS(LOINC("82118-1") ",'component':[{" LOCAL("901") "," TEXT("*1/*2") "}]"),
         "CYP2C19 *1 *2"},
        {OBS("'code':{'coding':[" CODED("http://loinc.org",
                                        "84413-4") "," CODED(LAB, "901") "]}," TEXT("*1/*2")),
         "CYP2C19 *1 *2"},
        /* what else is said still counts */
        {OBS(LOCAL("901") "," TEXT("CYP2D6 *1/*4")), "CYP2D6 *1 *4; warn gene-mismatch"},
        {OBS(LOCAL("901") "," TEXT("see note")), "ignored no-value"},
        /* another code, another system */
        {OBS(LOCAL("999") "," TEXT("*1/*2")), ""},
        {OBS("'code':" CONCEPT(CODED("http://example.org", "901")) "," TEXT("*1/*2")), ""},
        {OBS("'code':" CONCEPT("{'code':'901'}") "," TEXT("*1/*2")), ""},
    };

    (void)state;
    check_mapped(rows, ARRAY_LEN(rows));
}

static void codes_that_speak(void **state)
{
#define SAYING(system, code) "'valueCodeableConcept':" CONCEPT(CODED(system, code))
#define OF_CONDITION(code)   "{'resourceType':'Condition','code':" CONCEPT(CODED(FLAG, code)) "}"
    static const struct row rows[] = {
        {OBS(LOINC("79714-2") "," SAYING(LAB, "12")), "CYP2C19 =Intermediate Metabolizer"},
        {OBS(LOINC("79715-9") "," SAYING(LAB, "12")), "CYP2D6 =Poor Metabolizer"},
        {OBS(LOINC("79714-2") "," SAYING(LAB, "13")), "warn value-unreadable"},
        {OBS(LOINC("79714-2") "," SAYING("http://example.org", "12")), "warn value-unreadable"},
        {OBS(LOINC("79715-9") ",'valueCodeableConcept':{'coding':[" CODED(
             LAB, "12") "],'text':'Normal metabolizer'}"),
         "warn value-unreadable"},
        {OF_CONDITION("77"), "CYP2C19 =Poor Metabolizer (condition)"},
        {OF_CONDITION("78"), "HLA-B positive *57:01 (condition)"},
        {OF_CONDITION("79"), "G6PD =Normal (condition)"},
        {OF_CONDITION("80"), ""},
        {"{'resourceType':'DiagnosticReport','status':'final','conclusionCode':[" CONCEPT(
             CODED(FLAG, "77")) "]}",
         "CYP2C19 =Poor Metabolizer (report)"},
    };

    (void)state;
    check_mapped(rows, ARRAY_LEN(rows));
}

static void texts_that_mean_something_here(void **state)
{
    static const struct row rows[] = {
        {OBS(LOINC("79714-2") "," TEXT("Loss of function, two copies")),
         "CYP2C19 =Poor Metabolizer"},
        {OBS(LOINC("79714-2") "," TEXT(" LOSS of function, two copies ")),
         "CYP2C19 =Poor Metabolizer"},
        {OBS(LOINC("57132-3") "," TEXT("GENO-4")), "CYP2C19 *2 *2"},
        {OBS(LOINC("79715-9") "," TEXT("unauff\xc3\xa4llig")), "CYP2D6 =Normal Metabolizer"},
        /* of another gene, and inside another text */
        {OBS(LOINC("79715-9") "," TEXT("Loss of function, two copies")),
         "warn value-unreadable"},
        {OBS(LOINC("79714-2") "," TEXT("Loss of function, two copies?")),
         "warn value-unreadable"},
    };

    (void)state;
    check_mapped(rows, ARRAY_LEN(rows));
    check(
        &(const struct row){OBS(LOINC("57132-3") "," TEXT("GENO-4")), "warn value-unreadable"},
        1);
}

static void mistakes_are_named(void **state)
{
    static const struct {
        struct fhir_mapped_code code;
        struct fhir_mapped_text text;
        const char *want; /* in the error's text; empty: none */
    } rows[] = {
#define ANY_TEXT {TEXT_OF(""), TEXT_OF("a"), TEXT_OF("Poor Metabolizer")}
#define ANY_CODE                                                                               \
    {                                                                                          \
        TEXT_OF("s"), TEXT_OF("1"), TEXT_OF("CYP2D6"), FHIR_MAPPED_GENOTYPE, TEXT_OF(""),      \
            TEXT_OF("")                                                                        \
    }
        {ANY_CODE, ANY_TEXT, ""},
        {{TEXT_OF(""), TEXT_OF("1"), TEXT_OF("CYP2D6"), FHIR_MAPPED_GENOTYPE, TEXT_OF(""),
          TEXT_OF("")},
         ANY_TEXT,
         "code 1: a system"},
        {{TEXT_OF("s"), TEXT_OF("1"), TEXT_OF("BRCA1"), FHIR_MAPPED_GENOTYPE, TEXT_OF(""),
          TEXT_OF("")},
         ANY_TEXT,
         "code 1: the gene"},
        {{TEXT_OF("s"), TEXT_OF("1"), TEXT_OF(""), FHIR_MAPPED_PHENOTYPE, TEXT_OF(""),
          TEXT_OF("")},
         ANY_TEXT,
         "code 1: the gene"},
        {{TEXT_OF("s"), TEXT_OF("1"), TEXT_OF("CYP2D6"), FHIR_MAPPED_TYPING, TEXT_OF(""),
          TEXT_OF("")},
         ANY_TEXT,
         "only HLA"},
        {{TEXT_OF("s"), TEXT_OF("1"), TEXT_OF("HLA-B"), FHIR_MAPPED_PRESENCE, TEXT_OF("*57"),
          TEXT_OF("")},
         ANY_TEXT,
         "two fields"},
        {{TEXT_OF("s"), TEXT_OF("1"), TEXT_OF("CYP2D6"), FHIR_MAPPED_STATEMENT, TEXT_OF(""),
          TEXT_OF("splendid")},
         ANY_TEXT,
         "code 1: what the code says"},
        {ANY_CODE, {TEXT_OF("BRCA1"), TEXT_OF("a"), TEXT_OF("*1/*2")}, "text 1: the gene"},
        {ANY_CODE, {TEXT_OF("CYP2D6"), TEXT_OF(" "), TEXT_OF("*1/*2")}, "text 1: what it says"},
        {ANY_CODE,
         {TEXT_OF("CYP2D6"), TEXT_OF("a"), TEXT_OF("splendid")},
         "text 1: what it says"},
    };
    struct arena arena;
    struct err none = {0};

    (void)state;
    arena_init(&arena, 65536);
    assert_ok(fhir_mapping_check(&mapping, &arena, &none), &none);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fhir_mapped_code code = rows[i].code;
        struct fhir_mapped_text text = rows[i].text;
        struct fhir_mapping one = {&code, 1, &text, 1};
        struct err err = {0};
        enum err_code got = fhir_mapping_check(&one, &arena, &err);

        assert_int_equal(got, rows[i].want[0] == 0 ? ERR_OK : ERR_INVALID);
        if (got != ERR_OK && strstr(err.text, rows[i].want) == NULL)
            fail_msg("row %zu: \"%s\"", i, err.text);
    }
    arena_release(&arena);
}

static void searches_ask_for_the_codes(void **state)
{
    static const struct slice genes[] = {TEXT_OF("CYP2D6"), TEXT_OF("HLA-B")};
    struct buf buf;

    (void)state;
    buf_init(&buf, 65536);
    fhir_mapping_codes(&mapping, genes, ARRAY_LEN(genes), &buf);
    assert_slice_equal(buf_slice(&buf), "," LAB "|903," LAB "|904," LAB "|905," LAB "|906");
    buf_clear(&buf);
    fhir_mapping_codes(NULL, genes, ARRAY_LEN(genes), &buf);
    assert_int_equal(buf_slice(&buf).len, 0);
    buf_release(&buf);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_of_results),
        cmocka_unit_test(codes_that_speak),
        cmocka_unit_test(texts_that_mean_something_here),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(searches_ask_for_the_codes),
    };

    return cmocka_run_group_tests(tests, sort, NULL);
}
