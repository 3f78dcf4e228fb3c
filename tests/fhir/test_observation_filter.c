/* tests/fhir/test_observation_filter.c -- which Observations count, for which gene, and what is
 * said about those that do not.
 */
#include "tests/fhir/observation_rows.h"

static void genes_and_their_contradictions(void **state)
{
#define EXTENSION(url, code)                                                                   \
    "'extension':[{'url':'" url                                                                \
    "','valueCodeableConcept':" CONCEPT(CODED("http://www.genenames.org", code)) "}]"
#define CORE "http://hl7.org/fhir/StructureDefinition/"
    static const struct row rows[] = {
        {OBS(NAMED("Diplotype Call") "," EXTENSION(CORE "observation-geneticsGene",
                                                   "12014") "," TEXT("*1/*4")),
         "TPMT *1 *4"},
        {OBS(NAMED("Genotype") "," EXTENSION(CORE "geneticsGene", "12014") "," TEXT("*1/*4")),
         "TPMT *1 *4"},
        {OBS(NAMED("Genotype") "," EXTENSION("http://example.org/geneticsGene",
                                             "12014") "," TEXT("*1/*4")),
         ""},
        {OBS(NAMED("Genotype") "," GENE("HGNC:2621") "," TEXT("*1/*2")), "CYP2C19 *1 *2"},
        {OBS(NAMED("Genotype") "," GENE("CYP2C19") "," TEXT("*1/*2")), "CYP2C19 *1 *2"},
        {OBS(LOINC("84413-4") "," TEXT("CYP2C9 *1/*2")), "CYP2C9 *1 *2"},
        /* the code alone against display, value: these win */
        {OBS("'code':" CONCEPT(SHOWN("79714-2", "CYP2D6 phenotype")) "," ANSWER("LA9657-3")),
         "CYP2D6 =Poor Metabolizer; warn gene-mismatch"},
        {OBS(LOINC("57132-3") "," TEXT("CYP2D6 *1/*4")), "CYP2D6 *1 *4; warn gene-mismatch"},
        {OBS("'code':" CONCEPT(SHOWN("79712-6", "CYP2C9 genotype")) "," TEXT("*1/*3")),
         "CYP2C9 *1 *3; warn gene-mismatch"},
        /* 48018-6 wins over all */
        {OBS(LOINC("57132-3") "," GENE("HGNC:2625") "," TEXT("*1/*4")),
         "CYP2D6 *1 *4; warn gene-mismatch"},
        {OBS(GENOTYPE "," TEXT("CYP2D6 *1/*4")), "CYP2C19 *1 *4; warn gene-mismatch"},
        {OBS(LOINC("84413-4") ",'component':[{" LOINC(
             "48018-6") ",'valueCodeableConcept':{"
                        "'coding':[{'code':'HGNC:2621','display':'CYP2D6'}]}}]," TEXT("*1/*2")),
         "CYP2C19 *1 *2; warn gene-mismatch"},
        /* two genes */
        {OBS(LOINC("84413-4") ",'component':[" GENE_IS("2623") "," GENE_IS("23663") "]," TEXT(
             "CYP2C9 *2/*5")),
         "CYP2C9 *2 *5; warn two-genes"},
        {OBS(LOINC("84413-4") ",'component':[" GENE_IS("2623") "," GENE_IS("23663") "]," TEXT(
             "*2/*5")),
         "warn two-genes; warn value-unreadable"},
        {OBS(NAMED("CYP2C19 and CYP2D6 genotype") "," TEXT("*1/*2")), "warn value-unreadable"},
        {OBS(LOINC("84413-4") "," TEXT("CYP2C19 *1/*2, CYP2D6 *1/*4")),
         "warn two-genes; warn value-unreadable"},
        /* genes that are not ours, or nobody's */
        {OBS(LOINC("84413-4") "," GENE("HGNC:1100") "," TEXT("*1/*2")),
         "warn gene-unknown; ignored not-pgx"},
        {OBS(LOINC("84413-4") ",'component':[{" LOINC(
             "48018-6") ",'valueCodeableConcept':{"
                        "'coding':[{'code':'HGNC:262','display':'CYP2C19'}]}}]," TEXT("*1/*2")),
         "CYP2C19 *1 *2; warn gene-unknown"},
        {OBS(LOINC("84413-4") ",'component':[{" LOINC(
             "48018-6") ",'valueCodeableConcept':{"
                        "'coding':[{'system':'http://www.genenames.org/"
                        "genegroup','code':'588'}],"
                        "'text':'HLA-B'}}]," TEXT("B*57:01, B*08:01")),
         "HLA-B *57:01 *08:01"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void status_decides_first(void **state)
{
#define WITH_STATUS(status)                                                                    \
    "{'resourceType':'Observation'," status LOINC("79714-2") "," ANSWER("LA9657-3") "}"
    static const struct row rows[] = {
        {WITH_STATUS("'status':'final',"), "CYP2C19 =Poor Metabolizer"},
        {WITH_STATUS("'status':'amended',"), "CYP2C19 =Poor Metabolizer"},
        {WITH_STATUS("'status':'corrected',"), "CYP2C19 =Poor Metabolizer"},
        {WITH_STATUS("'status':'preliminary',"),
         "CYP2C19 =Poor Metabolizer prelim; warn preliminary"},
        {WITH_STATUS("'status':'unknown',"),
         "CYP2C19 =Poor Metabolizer prelim; warn status-unknown"},
        {WITH_STATUS("'status':'FINAL',"),
         "CYP2C19 =Poor Metabolizer prelim; warn status-unknown"},
        {WITH_STATUS(""), "CYP2C19 =Poor Metabolizer prelim; warn status-unknown"},
        {WITH_STATUS("'status':'registered',"), "ignored status"},
        {WITH_STATUS("'status':'cancelled',"), "ignored status"},
        {WITH_STATUS("'status':'entered-in-error',"), "ignored status"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void a_dropped_report_drops_its_members(void **state)
{
#define MEMBER OBS(ID("a") "," LOINC("79714-2") "," ANSWER("LA9657-3"))
#define OF(status, results)                                                                    \
    "{'resourceType':'DiagnosticReport','status':'" status "','result':[" results "]}"
    static const struct row rows[] = {
        {"[" MEMBER "," OF("final", REF("a")) "]", "CYP2C19 =Poor Metabolizer"},
        {"[" MEMBER "," OF("entered-in-error", REF("a")) "]", "ignored status"},
        {"[" OF("cancelled", REF("a")) "," MEMBER "]", "ignored status"},
        {"[" MEMBER "," OF("entered-in-error", REF("b")) "," OBS(
             ID("b") "," NAMED("panel") ",'hasMember':[" REF("a") "," REF("b") "]") "]",
         "ignored status"},
        {"[" MEMBER "," OF("entered-in-error", REF("other") ",{'display':'x'},null") "]",
         "CYP2C19 =Poor Metabolizer"},
        {"{'resourceType':'DiagnosticReport','status':'entered-in-error','contained':[" MEMBER
         "]}",
         "ignored status"},
        {"{'resourceType':'DiagnosticReport','status':'final','contained':[" MEMBER "]}",
         "CYP2C19 =Poor Metabolizer"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void only_this_patient(void **state)
{
#define OF_SUBJECT(subject)  OBS(subject LOINC("79714-2") "," ANSWER("LA9657-3"))
#define WHOSE(text)          OF_SUBJECT(SUBJECT(text) ",")
#define ENTRY(url, resource) "{'fullUrl':'" url "','resource':" resource "}"
#define BUNDLE(entries)      "{'resourceType':'Bundle','entry':[" entries "]}"
#define WITHIN(subject)      OF_SUBJECT("'contained':[" subject "]," SUBJECT("#x") ",")
#define PATIENT(id)          "{'resourceType':'Patient'" id "}"
    static const char *const ours = "CYP2C19 =Poor Metabolizer";
    static const char *const foreign = "ignored foreign-patient";
    const struct row rows[] = {
        {WHOSE("Patient/p1"), ours},
        {WHOSE("http://example.org/fhir/Patient/p1"), ours},
        {WHOSE("https://example.org/fhir/Patient/p1/_history/3"), ours},
        {OF_SUBJECT(""), ours},
        {OF_SUBJECT("'subject':{'display':'somebody'},"), ours},
        {OF_SUBJECT("'subject':{'identifier':{'value':'7'}},"), ours},
        {WHOSE("Patient/p2"), foreign},
        {WHOSE("Patient/p10"), foreign},
        {WHOSE("Patient/P1"), foreign},
        {WHOSE("http://example.org/fhir/Patient/p2"), foreign},
        {WHOSE("Group/p1"), foreign},
        {WHOSE("Device/p1"), foreign},
        /* by the Bundle's own URLs */
        {WHOSE("urn:uuid:p1"), ours},
        {BUNDLE(ENTRY("urn:uuid:77", PATIENT(",'id':'p1'")) "," ENTRY("urn:uuid:78",
                                                                      WHOSE("urn:uuid:77"))),
         ours},
        {BUNDLE(ENTRY("urn:uuid:77", PATIENT(",'id':'p2'")) "," ENTRY("urn:uuid:78",
                                                                      WHOSE("urn:uuid:77"))),
         foreign},
        {BUNDLE(ENTRY("urn:uuid:77", "{'resourceType':'Group','id':'p1'}") "," ENTRY(
             "urn:uuid:78", WHOSE("urn:uuid:77"))),
         foreign},
        /* a subject that leads to no id names nobody else, unless there are two */
        {WHOSE("urn:uuid:77"), ours},
        {BUNDLE(
             ENTRY("urn:uuid:77", PATIENT("")) "," ENTRY("urn:uuid:78", WHOSE("urn:uuid:77"))),
         ours},
        {"[" WHOSE("urn:uuid:77") "," WHOSE("urn:uuid:79") "]",
         "ignored foreign-patient; ignored foreign-patient"},
        {"[" WHOSE("urn:uuid:77") "," WHOSE("Patient/p2") "]",
         "CYP2C19 =Poor Metabolizer; ignored foreign-patient"},
        {OBS("'contained':[" PATIENT(",'id':'x'") "]," SUBJECT("#x") "," LOINC(
             "79714-2") "," ANSWER("LA9657-3")),
         ours},
        {"[" WITHIN(PATIENT(",'id':'x'")) "," WITHIN("{'resourceType':'Group','id':'x'}") "]",
         "CYP2C19 =Poor Metabolizer; ignored foreign-patient"},
        {WHOSE("Patient/"), ours},
        {WHOSE("p1"), ours},
        {WHOSE("p2"), foreign},
    };

    (void)state;
    check_for(rows, ARRAY_LEN(rows), "p1");
    {
        const struct row anybody[] = {{WHOSE("Patient/p2"), ours}};

        check_for(anybody, 1, "");
    }
}

static void not_of_the_germline_not_of_the_gene(void **state)
{
#define COMPONENT(code, coding) "{" LOINC(code) ",'valueCodeableConcept':" CONCEPT(coding) "}"
#define RXNORM                  "http://www.nlm.nih.gov/research/umls/rxnorm"

#define TBD "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/tbd-codes-cs"
    static const struct row rows[] = {
        {OBS(LOINC("84413-4") ",'component':[" GENE_IS("HGNC:2621") "," COMPONENT(
             "48002-0", CODED("http://loinc.org", "LA6684-0")) "]," TEXT("*1/*2")),
         "ignored somatic"},
        {OBS(LOINC("84413-4") ",'component':[" GENE_IS("HGNC:2621") "," COMPONENT(
             "48002-0", CODED("http://loinc.org", "LA6683-2")) "]," TEXT("*1/*2")),
         "CYP2C19 *1 *2"},
        {OBS(LOINC("84413-4") ",'component':[" GENE_IS("HGNC:2621") "," COMPONENT(
             "81259-4", CODED("https://disease-ontology.org", "1612")) "]," TEXT("*1/*2")),
         "ignored somatic"},
        {OBS(LOINC("84413-4") ",'component':[" GENE_IS("HGNC:2621") "," COMPONENT(
             "81259-4", SHOWN("1", "Breast cancer")) "]," TEXT("*1/*2")),
         "ignored somatic"},
        {OBS(LOINC("84413-4") ",'component':[" GENE_IS("HGNC:10483") "," COMPONENT(
             "81259-4", SHOWN("1", "Malignant hyperthermia")) "]," TEXT("c.1A>G/Reference")),
         "RYR1 c.1A>G Reference"},
        {OBS(LOINC("53040-2") "," ANSWER("LA25390-8")), "ignored drug-level"},
        {OBS("'code':" CONCEPT(CODED(TBD, "therapeutic-implication"))), "ignored drug-level"},
        {OBS(LOINC("79714-2") ",'component':[" COMPONENT(
             "51963-7", CODED(RXNORM, "32968")) "]," ANSWER("LA25390-8")),
         "ignored drug-level"},
        {OBS(LOINC("84413-4") ",'component':[" GENE_IS("2621") "," COMPONENT(
             "51963-7", CODED(RXNORM, "32968")) "]," TEXT("*1/*2 (Rapid metabolizer)")),
         "CYP2C19 *1 *2"},
        {OBS(LOINC("69548-6") "," GENE("HGNC:2621") "," ANSWER("LA9633-4")),
         "warn variant-ignored; ignored variant"},
        {OBS(LOINC("69548-6") "," GENE("HGNC:1100") "," ANSWER("LA9633-4")), "ignored variant"},
        {OBS(LOINC("66742-8") "," TEXT("Heterozygous")),
         "warn variant-ignored; ignored variant"},
        {OBS(LOINC("84413-4") ",'component':[" GENE_IS("HGNC:10959") "," COMPONENT(
             "81252-9",
             CODED("http://www.ncbi.nlm.nih.gov/projects/SNP", "rs2306283")) "]," TEXT("A/G")),
         "warn variant-ignored; ignored variant"},
        {OBS(LOINC("84413-4") ",'component':[" COMPONENT(
             "81252-9", CODED("http://www.ncbi.nlm.nih.gov/projects/SNP",
                              "rs4149056")) "," GENE_IS("HGNC:10959") "]," TEXT("T/C")),
         "SLCO1B1 T C"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void too_many_results_are_an_error(void **state)
{
    struct fhir_reading reading = {.evidence_count = 77};
    struct err err = {0};
    struct parsed p;

    (void)state;
    parsed_init(&p);
    buf_add_text(&p.text, "[");
    for (int i = 0; i <= FHIR_EVIDENCE_MAX; i++)
        buf_printf(&p.text,
                   "%s{\"resourceType\":\"Observation\",\"id\":\"o%d\",\"status\":\"final\","
                   "\"code\":{\"text\":\"CYP2C19 genotype\"},\"valueString\":\"*1/*2\"}",
                   i == 0 ? "" : ",", i);
    buf_add_text(&p.text, "]");
    parsed_read(&p);
    assert_ok(fhir_collection_add(&p.collection, json_root(&p.doc), &err), &err);
    assert_int_equal(fhir_read_evidence(&p.collection, SLICE_NONE, &p.arena, &reading, &err),
                     ERR_LIMIT);
    assert_int_equal(reading.evidence_count, 77); /* untouched */
    parsed_release(&p);
}

/* Whatever allocation fails, the reading fails as a whole and says so. */
static void every_lack_of_memory_is_an_error(void **state)
{
#define FIRST  OBS(ID("a") "," HAPLOTYPE "," DATE("2024") "," TEXT("*1X2"))
#define SECOND OBS(ID("b") "," HAPLOTYPE "," DATE("2024") "," TEXT("*36 + *10"))
#define THIRD  OBS(NAMED("HLA-B*5701") "," TEXT("HLA-B*5701 \\u0070ositive"))
#define FOURTH OBS(LOINC("84413-4") "," TEXT("HLA-B*5701+HLA-B*5801"))
#define LAST   OBS(LOINC("69548-6")) "," OF("entered-in-error", REF("x"))
    static const char *const json = "[" FIRST "," SECOND "," THIRD "," FOURTH "," LAST "]";
    size_t succeeded_at = 0;

    (void)state;
    for (size_t bytes = 0; bytes < 60000 && succeeded_at == 0; bytes += 64) {
        struct fhir_reading reading = {0};
        struct err err = {0};
        struct parsed p;
        struct arena arena;
        enum err_code code;

        parsed_init(&p);
        parsed_add(&p, json);
        arena_init(&arena, bytes);
        code = fhir_read_evidence(&p.collection, SLICE_NONE, &arena, &reading, &err);
        if (code == ERR_OK) {
            assert_int_equal(reading.evidence_count, 3);
            succeeded_at = bytes;
        } else {
            assert_int_equal(code, ERR_NOMEM);
            assert_int_equal(reading.evidence_count, 0);
        }
        arena_release(&arena);
        parsed_release(&p);
    }
    assert_true(succeeded_at > 0);
}

static void codes_have_names_and_words(void **state)
{
    (void)state;
    assert_string_equal(fhir_warning_name(FHIR_WARNING_GENE_MISMATCH), "gene-mismatch");
    assert_string_equal(fhir_warning_name(FHIR_WARNING_VALUE_UNREADABLE), "value-unreadable");
    assert_true(strlen(fhir_warning_text(FHIR_WARNING_VALUE_UNREADABLE)) > 10);
    assert_string_equal(fhir_ignored_name(FHIR_IGNORED_STATUS), "status");
    assert_string_equal(fhir_ignored_name(FHIR_IGNORED_NOT_PGX), "not-pgx");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(genes_and_their_contradictions),
        cmocka_unit_test(status_decides_first),
        cmocka_unit_test(a_dropped_report_drops_its_members),
        cmocka_unit_test(only_this_patient),
        cmocka_unit_test(not_of_the_germline_not_of_the_gene),
        cmocka_unit_test(too_many_results_are_an_error),
        cmocka_unit_test(every_lack_of_memory_is_an_error),
        cmocka_unit_test(codes_have_names_and_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
