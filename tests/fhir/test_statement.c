/* tests/fhir/test_statement.c -- Conditions, Flags and reports that state a result themselves;
 * and what is no result, but says something about results.
 */
#include "tests/fhir/observation_rows.h"

#define OF_GENE(id, gene, value) OBS(ID(id) "," LOINC("84413-4") "," GENE(gene) "," TEXT(value))
#define REPORT(rest)             "{'resourceType':'DiagnosticReport','id':'r','status':'final'," rest "}"
#define RESULTS(list)            "'result':[" list "]"

static void conditions_and_flags(void **state)
{
#define CONDITION(rest) "{'resourceType':'Condition','id':'c'," rest "}"
#define GENOMICS                                                                               \
    "'category':[" CONCEPT(CODED(                                                              \
        "https://open.epic.com/FHIR/StructureDefinition/condition-category", "genomics")) "],"
#define INDICATOR(text)       CONDITION(GENOMICS NAMED(text))
#define STATUS_IS(name, code) "'" name "':" CONCEPT(CODED("s", code)) ","
    static const struct row rows[] = {
        {INDICATOR("CYP2B6 Intermediate Metabolizer"),
         "CYP2B6 =Intermediate Metabolizer (indicator)"},
        {INDICATOR("HLA-B*57:01 Positive"), "HLA-B positive *57:01 (indicator)"},
        {INDICATOR("SLCO1B1 Decreased Function"), "SLCO1B1 =Decreased Function (indicator)"},
        {INDICATOR("CYP2C19 *2/*2"), "CYP2C19 *2 *2 (indicator)"},
        {CONDITION("'code':" CONCEPT("{'system':'http://snomed.info/sct','code':'1','display':"
                                     "'CYP2D6 poor metabolizer'}")),
         "CYP2D6 =Poor Metabolizer (condition)"},
        {"{'resourceType':'Flag','status':'active'," NAMED("CYP2D6 ultrarapid metabolizer") "}",
         "CYP2D6 =Ultrarapid Metabolizer (condition)"},
        {CONDITION("'code':" CONCEPT(CODED("http://hl7.org/fhir/sid/icd-10-cm", "D55.0"))),
         "G6PD =Deficient (condition)"},
        {CONDITION("'code':" CONCEPT(CODED("urn:oid:2.16.840.1.113883.6.96", "62403005"))),
         "G6PD =Deficient (condition)"},
        {CONDITION(NAMED("G6PD deficiency")), "G6PD =Deficient (condition)"},
        /* with the result that it was made from */
        {"[" OBS(ID("o") "," LOINC("79720-9") "," ANSWER("LA10317-8")) "," CONDITION(
             GENOMICS "'evidence':[{'detail':[" REF("o") "]}]," NAMED(
                 "CYP2B6 Intermediate Metabolizer")) "]",
         "CYP2B6 =Intermediate Metabolizer; ignored superseded"},
        {"[" OBS(ID("o") "," LOINC("79720-9") "," ANSWER("LA10317-8")) "," CONDITION(
             GENOMICS "'evidence':[{'reference':" REF("o") "}]," NAMED(
                 "CYP2B6 Intermediate Metabolizer")) "]",
         "CYP2B6 =Intermediate Metabolizer; ignored superseded"},
        {"[" OBS(ID("o") "," LOINC("79720-9") "," ANSWER("LA10317-8")) "," INDICATOR(
             "CYP2B6 Intermediate Metabolizer") "]",
         "CYP2B6 =Intermediate Metabolizer; CYP2B6 =Intermediate Metabolizer (indicator)"},
        {"[" OBS(ID("o") "," LOINC("79720-9") "," ANSWER("LA25391-6")) "," CONDITION(
             GENOMICS
             "'evidence':[{'detail':[" REF("o") "]}]," NAMED("CYP2B6 Poor Metabolizer")) "]",
         "CYP2B6 =Normal Metabolizer; CYP2B6 =Poor Metabolizer (indicator); warn "
         "indicator-differs"},
        {"[" INDICATOR("HLA-B*57:01 Positive") "," OBS(
             LOINC("50956-2") "," TEXT("Negative")) "]",
         "HLA-B negative *57:01; HLA-B positive *57:01 (indicator); warn indicator-differs"},
    };

    (void)state;
    check_for(rows, ARRAY_LEN(rows), "p1");
}

static void conditions_that_do_not_count(void **state)
{
    static const struct row rows[] = {
        /* withdrawn, doubtful, somebody else's */
        {CONDITION(STATUS_IS("verificationStatus", "entered-in-error")
                       NAMED("CYP2D6 poor metabolizer")),
         "ignored status"},
        {CONDITION("'verificationStatus':'refuted'," NAMED("CYP2D6 poor metabolizer")),
         "ignored status"},
        {CONDITION(STATUS_IS("clinicalStatus", "inactive") NAMED("CYP2D6 poor metabolizer")),
         "ignored status"},
        {"{'resourceType':'Flag','status':'inactive'," NAMED("CYP2D6 poor metabolizer") "}",
         "ignored status"},
        {CONDITION(STATUS_IS("verificationStatus", "provisional")
                       NAMED("CYP2D6 poor metabolizer")),
         "CYP2D6 =Poor Metabolizer prelim (condition); warn preliminary"},
        {CONDITION(SUBJECT("Patient/p2") "," NAMED("CYP2D6 poor metabolizer")),
         "ignored foreign-patient"},
        {CONDITION("'patient':{'reference':'Patient/p2'}," NAMED("CYP2D6 poor metabolizer")),
         "ignored foreign-patient"},
        /* what states nothing of this patient's gene */
        {INDICATOR("CYP2D6 phenotype unknown"), "warn value-unreadable"},
        {INDICATOR("Pharmacogenomic test done"), "warn value-unreadable"},
        {INDICATOR("HLA-B*57:01"), "warn value-unreadable"},
        {INDICATOR("CYP2C9 Rapid Metabolizer"), "warn value-unreadable"},
        {CONDITION(NAMED("Family history of G6PD deficiency")), "ignored not-pgx"},
        {CONDITION(NAMED("No G6PD deficiency")), "ignored not-pgx"},
        {CONDITION(NAMED("HLA-B27 positive spondyloarthritis")), "ignored not-pgx"},
        {CONDITION(NAMED("TPMT deficiency")), "ignored not-pgx"},
        {CONDITION(NAMED("CYP2D6 poor metabolizer, CYP2C19 normal metabolizer")),
         "ignored not-pgx"},
        {CONDITION("'code':{'coding':[{'code':'1','display':'CYP2D6 poor metabolizer'}],"
                   "'text':'CYP2D6 normal metabolizer'}"),
         "ignored not-pgx"},
        {CONDITION("'code':" CONCEPT(CODED("http://example.org/local", "D55.0"))), ""},
        {CONDITION(NAMED("Asthma")), ""},
        {CONDITION("'code':7"), ""},
        {"{'resourceType':'AllergyIntolerance','code':{'text':'HLA-B*57:01 positive'}}", ""},
    };

    (void)state;
    check_for(rows, ARRAY_LEN(rows), "p1");
}

static void conclusions(void **state)
{
#define SAYS(text) REPORT("'conclusion':'" text "'")
#define GLSTRING(text)                                                                         \
    REPORT("'extension':[{'url':'http://hl7.org/fhir/StructureDefinition/"                     \
           "hla-genotyping-results-glstring','extension':[{'url':'text','valueString':'" text  \
           "'}]}]")
    static const struct row rows[] = {
        {SAYS("The patient is a CYP2C19 poor metabolizer."),
         "CYP2C19 =Poor Metabolizer (report)"},
        {SAYS("CYP2C19 *2/*2. CYP2D6 *1/*4, intermediate metabolizer; HLA-B*57:01 negative"),
         "CYP2C19 *2 *2 (report); CYP2D6 *1 *4 =Intermediate Metabolizer (report); HLA-B "
         "negative *57:01 (report)"},
        {SAYS("CYP2C19 *2/*2.\\nCYP2C19: poor metabolizer."),
         "CYP2C19 *2 *2 =Poor Metabolizer (report)"},
        {REPORT("'conclusionCode':[{'text':'CYP2C19 poor metabolizer'},{'coding':[{'code':'1',"
                "'display':'HLA-B*15:02 positive'}]}]"),
         "CYP2C19 =Poor Metabolizer (report); HLA-B positive *15:02 (report)"},
        {REPORT("'codedDiagnosis':[{'text':'CYP2C19 poor metabolizer'}]"),
         "CYP2C19 =Poor Metabolizer (report)"},
        {GLSTRING("HLA-A*01:01+HLA-A*31:01^HLA-B*57:01+HLA-B*08:01"),
         "HLA-A *01:01 *31:01 (report); HLA-B *57:01 *08:01 (report)"},
        {GLSTRING("HLA-C*01:02+HLA-C*07:01"), ""},
        {"{'resourceType':'DiagnosticReport','status':'partial','conclusion':'CYP2C19 poor "
         "metabolizer'}",
         "CYP2C19 =Poor Metabolizer prelim (report)"},
        /* beside the report's own results */
        {"[" OF_GENE("g", "HGNC:2621", "*2/*2") "," REPORT(
             RESULTS(REF("g")) ",'conclusion':'CYP2C19 poor metabolizer'") "]",
         "CYP2C19 *2 *2"},
        {"[" OF_GENE("g", "HGNC:2621",
                     "*2/*2") "," REPORT(RESULTS(REF("g")) ",'conclusion':'CYP2C19 *1/*2'") "]",
         "CYP2C19 *2 *2; CYP2C19 *1 *2 (report); warn conclusion-differs"},
        /* what it rests on was withdrawn */
        {"[{'resourceType':'Observation','id':'g','status':'entered-in-error','subject':"
         "{'reference':'Patient/p1'}," LOINC(
             "84413-4") ",'valueCodeableConcept':{'text':"
                        "'CYP2C19 *2/*2'}}," REPORT(
                            RESULTS(REF("g")) ",'conclusion':'CYP2C19 *2/*2'") "]",
         "ignored status; ignored status"},
        /* not stated, or not of this patient */
        {SAYS("CYP2C19 poor metabolizers should avoid clopidogrel."), ""},
        {SAYS("If a CYP2C19 poor metabolizer, consider prasugrel."), ""},
        {SAYS("No CYP2C19 *2 detected."), ""},
        {SAYS("CYP2C19 and CYP2D6: poor metabolizer."), ""},
        {SAYS("CYP2C19 poor metabolizer. CYP2C19 normal metabolizer."),
         "warn value-unreadable"},
        {SAYS("Normal."), ""},
        {SAYS("CYP2C19: normal."), ""},
        {SAYS("CYP2C19: PM."), "CYP2C19 =Poor Metabolizer (report)"},
        {SAYS("CYP2C19 normal metabolizer."), "CYP2C19 =Normal Metabolizer (report)"},
        {"{'resourceType':'DiagnosticReport','status':'entered-in-error','conclusion':'CYP2C19 "
         "poor metabolizer'}",
         ""},
        {REPORT(SUBJECT("Patient/p2") ",'conclusion':'CYP2C19 poor metabolizer'"), ""},
        /* a document */
        {REPORT(LOINC("51969-4") ",'presentedForm':[{'contentType':'application/pdf'}]"),
         "warn document-unread"},
        {REPORT(NAMED("Pharmacogenomic panel") ",'presentedForm':[{}]"),
         "warn document-unread"},
        {REPORT(NAMED("Chest X-ray") ",'presentedForm':[{}]"), ""},
        {"[" OF_GENE("g", "HGNC:2621", "*2/*2") "," REPORT(
             RESULTS(REF("g")) "," LOINC("51969-4") ",'presentedForm':[{}]") "]",
         "CYP2C19 *2 *2"},
        {REPORT("'conclusion':7,'conclusionCode':7,'extension':7,'code':7"), ""},
    };

    (void)state;
    check_for(rows, ARRAY_LEN(rows), "p1");
}

static void what_is_no_result(void **state)
{
#define OUTCOME(code)                                                                          \
    "{'resourceType':'OperationOutcome','issue':[{'details':" CONCEPT(                         \
        CODED("urn:oid:1.2.840.114350.1.13.0.1.7.2.657369", code)) "}]}"
    static const struct row rows[] = {
        {"{'resourceType':'MolecularSequence','observedSeq':'ACGT'}",
         "warn sequence-ignored; ignored sequence"},
        {"{'resourceType':'Sequence','type':'dna'}", "warn sequence-ignored; ignored sequence"},
        {"{'resourceType':'GenomicStudy','status':'available'}",
         "warn sequence-ignored; ignored sequence"},
        {"{'resourceType':'Task','code':" CONCEPT(CODED("http://loinc.org", "LA26421-0")) "}",
         "ignored recommendation"},
        {"{'resourceType':'Task','code':{'text':'CYP2C19 poor metabolizer'}}", ""},
        {OUTCOME("4119"), "warn record-incomplete"},
        {OUTCOME("4101"), ""},
        {"{'resourceType':'OperationOutcome','issue':7}", ""},
        {"{'resourceType':'Procedure','status':'completed'," NAMED(
             "Allogeneic bone marrow transplantation") "}",
         "warn transplant"},
        {"{'resourceType':'Condition','code':" CONCEPT(
             CODED("http://hl7.org/fhir/sid/icd-10-cm", "Z94.84")) "}",
         "warn transplant"},
        {"{'resourceType':'Procedure','status':'not-done'," NAMED("Liver transplant") "}", ""},
        {"{'resourceType':'Condition'," NAMED("Family history of liver transplant") "}", ""},
        {"{'resourceType':'Condition'," NAMED("Cataract") "}", ""},
        {"{'resourceType':'Procedure','status':'completed','code':7}", ""},
        {"{'resourceType':'ServiceRequest'," LOINC("47403-1") "}", ""},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void the_report_dates_its_results(void **state)
{
    static const struct {
        const char *json, *date;
    } rows[] = {
        {"[" OF_GENE("g", "HGNC:2621", "*1/*2") "," REPORT(
             RESULTS(REF("g")) ",'effectiveDateTime':'2024-03-01','issued':'2024-04-01'") "]",
         "2024-03-01"},
        {"[" OF_GENE("g", "HGNC:2621", "*1/*2") "," REPORT(
             RESULTS(REF("g")) ",'issued':'2024-04-01T10:00:00Z'") "]",
         "2024-04-01"},
        {"[" OF_GENE("g", "HGNC:2621", "*1/*2") "," REPORT("'issued':'2024-04-01'") "]", ""},
        {"[" OF_GENE("g", "HGNC:2621",
                     "*1/*2',"
                     "'meta':{'lastUpdated':'2024-05-01'},'x':'") "]",
         ""},
        {"[" INDICATOR("CYP2D6 poor metabolizer',"
                       "'x':'y'},'recordedDate':'2023-01-02','z':{'a':'b") "]",
         "2023-01-02"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fhir_reading reading = {0};
        struct err err = {0};
        struct parsed p;

        parsed_init(&p);
        parsed_add(&p, rows[i].json);
        assert_ok(fhir_read_evidence(&p.collection, SLICE_NONE, &p.arena, &reading, &err),
                  &err);
        assert_int_equal(reading.evidence_count, 1);
        assert_slice_equal(reading.evidence[0].date, rows[i].date);
        parsed_release(&p);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_and_flags),
        cmocka_unit_test(conditions_that_do_not_count),
        cmocka_unit_test(conclusions),
        cmocka_unit_test(what_is_no_result),
        cmocka_unit_test(the_report_dates_its_results),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
