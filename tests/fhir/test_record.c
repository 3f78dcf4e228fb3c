/* tests/fhir/test_record.c -- results that only the rest of the record explains: implications,
 * panels, groups, versions.
 */
#include "tests/fhir/observation_rows.h"

#define TBD                      "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/tbd-codes-cs"
#define DRUG_IS(name)            "{" LOINC("51963-7") ",'valueCodeableConcept':{'text':'" name "'}}"
#define IMPLIES(code)            "'code':" CONCEPT(CODED(TBD, code))
#define STATES(code, answer)     "{" IMPLIES(code) "," ANSWER(answer) "}"
#define OF_GENE(id, gene, value) OBS(ID(id) "," LOINC("84413-4") "," GENE(gene) "," TEXT(value))
#define REPORT(rest)             "{'resourceType':'DiagnosticReport','id':'r','status':'final'," rest "}"
#define RESULTS(list)            "'result':[" list "]"

static void implications(void **state)
{
#define G "" OF_GENE("g", "HGNC:2621", "*2/*2")
#define V "" OF_GENE("v", "HGNC:23663", "C/T")
#define STU3_TX(id, drug, answer, from)                                                        \
    OBS(ID(id) "," IMPLIES("therapeutic-implication") ",'component':[" DRUG_IS(                \
        drug) "," STATES("therapeutic-implication", answer) "]," from)
    static const struct row rows[] = {
        /* STU1: the value; STU2 and STU3: a component under either name */
        {"[" G "," OBS(LOINC("53040-2") "," ANSWER("LA9657-3") "," FROM("g")) "]",
         "CYP2C19 *2 *2 =Poor Metabolizer implied"},
        {"[" G "," OBS(IMPLIES("therapeutic-implication") ",'component':[" STATES(
             "predicted-therapeutic-implication", "LA9657-3") "]," FROM("g")) "]",
         "CYP2C19 *2 *2 =Poor Metabolizer implied"},
        {"[" STU3_TX("t", "clopidogrel", "LA9657-3", FROM("g")) "," G "]",
         "CYP2C19 *2 *2 =Poor Metabolizer implied"},
        {"[" G "," OBS(LOINC("53040-2") "," TEXT(
             "CYP2C19 Poor Metabolizer") ",'related':[{"
                                         "'type':'derived-from','target':" REF("g") "}]") "]",
         "CYP2C19 *2 *2 =Poor Metabolizer implied"},
        /* several drugs agree, or not */
        {"[" G "," STU3_TX("t", "clopidogrel", "LA9657-3",
                           FROM("g")) "," STU3_TX("u", "citalopram", "LA9657-3", FROM("g")) "]",
         "CYP2C19 *2 *2 =Poor Metabolizer implied"},
        {"[" G "," STU3_TX("t", "clopidogrel", "LA9657-3", FROM("g")) "," STU3_TX(
             "u", "citalopram", "LA10317-8", FROM("g")) "," STU3_TX("x", "sertraline",
                                                                    "LA9657-3", FROM("g")) "]",
         "CYP2C19 *2 *2; warn implication-differs; warn implication-differs"},
        /* the laboratory's own phenotype stays */
        {"[" OF_GENE("g", "HGNC:2621", "*2/*2 (Poor Metabolizer)") "," STU3_TX(
             "t", "clopidogrel", "LA10317-8", FROM("g")) "]",
         "CYP2C19 *2 *2 =Poor Metabolizer; warn implication-differs"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void implications_that_say_nothing_of_the_gene(void **state)
{
    static const struct row rows[] = {
        /* not of one gene, not of this gene */
        {"[" G "," V "," OBS(LOINC("53040-2") "," ANSWER("LA9657-3") ",'derivedFrom':[" REF(
             "g") "," REF("v") "]") "]",
         "CYP2C19 *2 *2; VKORC1 C T; ignored drug-level"},
        {"[" G "," OBS(LOINC("53040-2") "," ANSWER("LA9657-3") ",'derivedFrom':[" REF(
             "g") "," REF("not-here") "]") "]",
         "CYP2C19 *2 *2; ignored drug-level"},
        {"[" G "," OBS(LOINC("53040-2") "," ANSWER("LA9657-3") ",'derivedFrom':[" REF(
             "g") ",{'display':'another'}]") "]",
         "CYP2C19 *2 *2; ignored drug-level"},
        {"[" OF_GENE("g", "HGNC:2623", "*1/*1") "," STU3_TX("t", "warfarin", "LA25390-8",
                                                            FROM("g")) "]",
         "CYP2C9 *1 *1; warn phenotype-not-of-gene; ignored drug-level"},
        {"[" G "," OBS(LOINC("53040-2") "," TEXT("CYP2D6 Poor Metabolizer") "," FROM("g")) "]",
         "CYP2C19 *2 *2; warn gene-mismatch; ignored drug-level"},
        /* no phenotype at all */
        {"[" G "," STU3_TX("t", "clopidogrel", "LA6676-6", FROM("g")) "]",
         "CYP2C19 *2 *2; ignored drug-level"},
        {"[" G "," OBS(LOINC("53040-2") "," FROM("g")) "]",
         "CYP2C19 *2 *2; ignored drug-level"},
        {"[" G "," STU3_TX("t", "clopidogrel", "LA9657-3", "'x':1") "]",
         "CYP2C19 *2 *2; ignored drug-level"},
        /* preliminary, dropped or somatic sources */
        {"[" G ",{'resourceType':'Observation','status':'preliminary'," LOINC(
             "53040-2") "," ANSWER("LA9657-3") "," FROM("g") "}]",
         "CYP2C19 *2 *2; ignored drug-level"},
        {"[{'resourceType':'Observation','id':'g','status':'entered-in-error'"
         "," LOINC("84413-4") "," GENE("HGNC:2621") "," TEXT("*2/*2") "}," OBS(
             LOINC("53040-2") "," ANSWER("LA9657-3") "," FROM("g")) "]",
         "ignored status; ignored drug-level"},
        /* from variants or haplotypes of one gene: a record of its own */
        {"[" OBS(ID("g") "," LOINC("69548-6") "," GENE("HGNC:2621") "," ANSWER(
             "LA9633-4")) "," STU3_TX("t", "clopidogrel", "LA9657-3",
                                      FROM("g")) "," STU3_TX("u", "citalopram", "LA9657-3",
                                                             FROM("g")) "]",
         "CYP2C19 =Poor Metabolizer (implication); warn variant-ignored; ignored "
         "variant; "
         "ignored superseded"},
        /* through a result without value; circles end */
        {"[" G "," OBS(ID("h") "," LOINC("84413-4") "," FROM("g")) "," STU3_TX(
             "t", "clopidogrel", "LA9657-3", FROM("h")) "]",
         "CYP2C19 *2 *2 =Poor Metabolizer implied; ignored not-pgx"},
        {"[" OBS(ID("a") "," LOINC("84413-4") "," FROM("b")) "," OBS(ID("b") "," LOINC(
             "84413-4") "," FROM("a")) "," STU3_TX("t", "x", "LA9657-3", FROM("a")) "]",
         "ignored not-pgx; ignored not-pgx; ignored drug-level"},
        {"[" STU3_TX("t", "x", "LA9657-3", FROM("t")) "]", "ignored drug-level"},
        /* a haplotype without its gene, of a genotype that has it, and of none */
        {"[" OBS(ID("h") "," LOINC("84414-2") "," TEXT("*2")) "," OBS(
             LOINC("84413-4") "," GENE("HGNC:2621") "," TEXT("*1/*2") "," FROM("h")) "]",
         "CYP2C19 *1 *2; ignored superseded"},
        {"[" OBS(ID("h") "," LOINC("84414-2") "," TEXT("*2")) "," G "]",
         "CYP2C19 *2 *2; warn value-unreadable"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void what_drugs_were_told_is_kept(void **state)
{
    struct fhir_reading reading = {0};
    struct err err = {0};
    struct parsed p;

    (void)state;
    parsed_init(&p);
    parsed_add(
        &p,
        "[" OBS(ID("g") "," LOINC("84413-4") "," GENE("HGNC:4932") "," TEXT("HLA-B*15:02")) "," OBS(
            LOINC("83009-1") ",'component':[" DRUG_IS(
                "carbamazepine") "],'valueCodeableConcept':" CONCEPT(SHOWN("LA19541-4",
                                                                           "High risk")) "," FROM("g")) "]");
    assert_ok(fhir_read_evidence(&p.collection, SLICE_NONE, &p.arena, &reading, &err), &err);
    assert_int_equal(reading.evidence_count, 1);
    assert_slice_equal(reading.evidence[0].implication, "High risk (carbamazepine)");
    assert_int_equal(reading.evidence[0].phenotype.len, 0);
    parsed_release(&p);
}

static void panels_with_components(void **state)
{
#define PANEL(components)       OBS(LOINC("82118-1") ",'component':[" components "]")
#define CODED_PART(code, value) "{" LOINC(code) "," value "}"
    static const struct row rows[] = {
        /* gene-specific codes */
        {PANEL(CODED_PART("57132-3", TEXT("*2/*2")) "," CODED_PART(
             "79714-2", ANSWER("LA9657-3")) "," CODED_PART("79715-9", ANSWER("LA25391-6"))),
         "CYP2C19 *2 *2 =Poor Metabolizer; CYP2D6 =Normal Metabolizer"},
        /* under the code of one of the genes, or under words */
        {OBS(LOINC("57132-3") "," TEXT("*1/*2") ",'component':[" CODED_PART(
             "79715-9", ANSWER("LA9657-3")) "]"),
         "CYP2C19 *1 *2; CYP2D6 =Poor Metabolizer"},
        {OBS(NAMED("PGx report") "," GENE("HGNC:2621")), "ignored no-value"},
        {OBS(LOINC("82118-1") ",'component':[" PART("CYP2C19 genotype", "*1/*17") "," PART(
             "CYP2D6 phenotype", "PM") "," PART("Note", "all good") "]"),
         "CYP2C19 *1 *17; CYP2D6 =Poor Metabolizer"},
        /* flattened: the gene leads its results */
        {PANEL(GENE_IS("HGNC:2621") "," CODED_PART("47998-0", TEXT("*2/*2")) "," CODED_PART(
             "53040-2",
             ANSWER(
                 "LA9657-3")) "," DRUG_IS("clopidogrel") "," GENE_IS("HGNC:2625") "," CODED_PART("47998-0",
                                                                                                 TEXT(
                                                                                                     "*1/*4"))),
         "CYP2C19 *2 *2 =Poor Metabolizer implied; CYP2D6 *1 *4"},
        {PANEL(CODED_PART("47998-0", TEXT("CYP2C19*2/*2"))), "CYP2C19 *2 *2"},
        /* the order leaves a doubt */
        {PANEL(GENE_IS("HGNC:2621") "," GENE_IS("HGNC:2625") "," CODED_PART(
             "47998-0", TEXT("*2/*2")) "," CODED_PART("47998-0", TEXT("*1/*4"))),
         "warn two-genes"},
        {PANEL(CODED_PART("47998-0", TEXT("*2/*2")) "," GENE_IS("HGNC:2621")),
         "warn value-unreadable"},
        {PANEL(CODED_PART("47998-0", TEXT("*2/*2"))), "warn value-unreadable"},
        {PANEL(GENE_IS("HGNC:2621") "," CODED_PART("47998-0", TEXT("*2"))),
         "warn value-unreadable"},
        /* drugs that differ take the phenotype, not the genotype */
        {PANEL(GENE_IS("HGNC:2621") "," CODED_PART("47998-0", TEXT("*2/*2")) "," CODED_PART(
             "53040-2", ANSWER("LA9657-3")) "," CODED_PART("53040-2", ANSWER("LA25391-6"))),
         "CYP2C19 *2 *2; warn implication-differs"},
        {PANEL(GENE_IS("HGNC:2623") "," CODED_PART("47998-0", TEXT("*1/*1")) "," CODED_PART(
             "53040-2", ANSWER("LA25390-8"))),
         "CYP2C9 *1 *1; warn phenotype-not-of-gene"},
        /* each HLA allele is a question of its own */
        {PANEL(CODED_PART("50956-2", ANSWER("LA6577-6")) "," CODED_PART("57979-7",
                                                                        ANSWER("LA6576-8"))),
         "HLA-B negative *57:01; HLA-B positive *15:02"},
        {OBS(NAMED("HLA-B risk alleles") ",'component':[" PART(
             "HLA-B*57:01", "Not detected") "," PART("HLA-B*58:01", "Detected") "]"),
         "HLA-B negative *57:01; HLA-B positive *58:01"},
        {PANEL(CODED_PART("50956-2", TEXT("HLA-B*15:02 positive"))), "warn value-unreadable"},
        {PANEL(CODED_PART("50956-2", "'valueBoolean':true")), "HLA-B positive *57:01"},
        /* a component's words against its code */
        {PANEL("{'code':" CONCEPT(SHOWN("79714-2", "CYP2D6 phenotype")) "," TEXT(
             "Poor metabolizer") "}"),
         "CYP2D6 =Poor Metabolizer"},
        {OBS(LOINC("82118-1")), ""},
        {OBS(LOINC("82118-1") "," TEXT("CYP2C19 *1/*2")), "CYP2C19 *1 *2"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void panels_with_members(void **state)
{
#define MARK(id, code)                                                                         \
    OBS(ID(id) "," LOINC("48018-6") ",'valueCodeableConcept':" CONCEPT(                        \
        CODED("http://www.genenames.org", code)))
#define RESULT(id, value)  OBS(ID(id) "," LOINC("47998-0") "," TEXT(value))
#define EFFECT(id, answer) OBS(ID(id) "," LOINC("53040-2") "," ANSWER(answer))
#define HOLDER(list)       OBS(ID("p") "," LOINC("82118-1") ",'hasMember':[" list "]")
    static const struct row rows[] = {
        {"[" RESULT("b", "*2/*2") "," MARK("a",
                                           "HGNC:2621") "," HOLDER(REF("a") "," REF("b")) "]",
         "CYP2C19 *2 *2"},
        {"[" MARK("a", "HGNC:2621") "," RESULT("b", "*2/*2") "," EFFECT("c", "LA9657-3") "," MARK("d", "HGNC:2625") "," RESULT(
             "e",
             "*1/*4") "," REPORT(RESULTS(REF("a") "," REF("b") "," REF("c") "," REF("d") "," REF("e"))) "]",
         "CYP2C19 *2 *2 =Poor Metabolizer implied; CYP2D6 *1 *4"},
        {"[" MARK("a", "HGNC:2621") "," RESULT("b", "*2/*2") "," OBS(
             ID("p") "," NAMED("panel") ",'related':[{'type':'has-member','target':" REF(
                 "a") "},{'type':'has-member','target':" REF("b") "}]") "]",
         "CYP2C19 *2 *2"},
        /* one gene's name in two lists */
        {"[" MARK("a", "HGNC:2621") "," RESULT("b", "*2/*2") "," MARK("d", "HGNC:2625") "," RESULT("e", "*1/*4") "," HOLDER(
             REF("a") "," REF(
                 "b")) "," REPORT(RESULTS(REF("d") "," REF("e") "," REF("a") "," REF("b"))) "]",
         "CYP2C19 *2 *2; CYP2D6 *1 *4"},
        /* the effect alone */
        {"[" MARK("a", "HGNC:2621") "," EFFECT("c", "LA9657-3") "," HOLDER(
             REF("a") "," REF("c")) "]",
         "CYP2C19 =Poor Metabolizer (implication)"},
        /* the value names its gene: no list is needed */
        {"[" RESULT("b", "CYP2C19 *2/*2") "," HOLDER(REF("b")) "]", "CYP2C19 *2 *2"},
        /* the list leaves a doubt */
        {"[" MARK("a", "HGNC:2621") "," RESULT("b", "*2/*2") "]",
         "warn value-unreadable; ignored not-pgx"},
        {"[" MARK("a", "HGNC:2621") "," MARK("d", "HGNC:2625") "," RESULT(
             "b", "*2/*2") "," HOLDER(REF("a") "," REF("d") "," REF("b")) "]",
         "warn value-unreadable; ignored not-pgx; ignored not-pgx"},
        {"[" MARK("a", "HGNC:2621") "," RESULT("b", "*2/*2") "," HOLDER(
             REF("a") "," REF("lost") "," REF("b")) "]",
         "warn value-unreadable; ignored not-pgx"},
        {"[" MARK("a", "HGNC:2621") "," RESULT("b",
                                               "*2/*2") "," HOLDER(REF("b") "," REF("a")) "]",
         "warn value-unreadable; ignored not-pgx"},
        {"[" MARK("a", "HGNC:1100") "," RESULT("b",
                                               "*2/*2") "," HOLDER(REF("a") "," REF("b")) "]",
         "warn value-unreadable"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void narratives(void **state)
{
#define TELLS(id, text) OBS(ID(id) "," LOINC("50398-7") "," TEXT(text))
#define GENOTYPE_2D6    OBS(ID("g") "," LOINC("40425-1") "," TEXT("*4/*4"))
    static const struct row rows[] = {
        {"[" GENOTYPE_2D6
         "," TELLS("n", "Poor metabolizer") "," REPORT(RESULTS(REF("g") "," REF("n"))) "]",
         "CYP2D6 *4 *4; CYP2D6 =Poor Metabolizer"},
        {TELLS("n", "CYP2D6 poor metabolizer"), "CYP2D6 =Poor Metabolizer"},
        /* of two genes, of no report, of another thing */
        {"[" GENOTYPE_2D6
         "," OF_GENE("h", "HGNC:2621", "*1/*2") "," TELLS("n", "Poor metabolizer") "," REPORT(
             RESULTS(REF("g") "," REF("h") "," REF("n"))) "]",
         "CYP2D6 *4 *4; CYP2C19 *1 *2"},
        {"[" GENOTYPE_2D6 "," TELLS("n", "Poor metabolizer") "]", "CYP2D6 *4 *4"},
        {TELLS("n", "Fracture of the left wrist"), ""},
        {TELLS("n", "CYP2D6 and CYP2C19 poor metabolizer"), ""},
        {TELLS("n", "Patients who are CYP2D6 poor metabolizers should avoid codeine"), ""},
        {"[" GENOTYPE_2D6 "," TELLS("n", "not a poor metabolizer") "," REPORT(
             RESULTS(REF("g") "," REF("n"))) "]",
         "CYP2D6 *4 *4"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void older_versions(void **state)
{
#define NUMBER(value)     "'identifier':[{'system':'s','value':'" value "'}]"
#define ISSUED(date)      "'issued':'" date "'"
#define CALL(rest, value) OBS(rest "," LOINC("57132-3") "," TEXT(value))
#define CALL_OF(status, rest, value)                                                           \
    "{'resourceType':'Observation','status':'" status "'," rest                                \
    "," LOINC("57132-3") "," TEXT(value) "}"
#define BY(name) "'performer':[{'display':'" name "'}]"
#define NUMBERED_REPORT(id, issued, list)                                                      \
    "{'resourceType':'DiagnosticReport','id':'" id                                             \
    "','status':'final'," NUMBER("R") ",'issued':'" issued "'," RESULTS(list) "}"
    static const struct row rows[] = {
        {"[" CALL(NUMBER("1") "," ISSUED("2024-01-01"),
                  "*1/*1") "," CALL(NUMBER("1") "," ISSUED("2024-02-01"), "*1/*2") "]",
         "CYP2C19 *1 *2; ignored superseded"},
        {"[" CALL(NUMBER("1") "," ISSUED("2024-02-01"),
                  "*1/*2") "," CALL(NUMBER("1") "," ISSUED("2024-01-01"), "*1/*1") "]",
         "CYP2C19 *1 *2; ignored superseded"},
        {"[" CALL(NUMBER("1") ",'meta':{'lastUpdated':'2024-01-01'}", "*1/*1") "," CALL(
             NUMBER("1") ",'meta':{'lastUpdated':'2024-02-01'}", "*1/*2") "]",
         "CYP2C19 *1 *2; ignored superseded"},
        {"[" CALL(NUMBER("1"), "*1/*1") "," CALL_OF("corrected", NUMBER("1"), "*1/*2") "]",
         "CYP2C19 *1 *2; ignored superseded"},
        {"[" CALL(BY("Lab") "," DATE("2024-01-01"), "*1/*1") "," CALL_OF(
             "corrected", BY("Lab") "," DATE("2024-01-01"), "*1/*2") "]",
         "CYP2C19 *1 *2; ignored superseded"},
        {"[" NUMBERED_REPORT("r1", "2024-01-01", REF("a")) "," CALL(
             ID("a"), "*1/*1") "," NUMBERED_REPORT("r2", "2024-02-01",
                                                   REF("b")) "," CALL(ID("b"), "*1/*2") "]",
         "CYP2C19 *1 *2; ignored superseded"},
        /* two results */
        {"[" CALL(NUMBER("1"), "*1/*1") "," CALL(NUMBER("1"), "*1/*2") "]",
         "CYP2C19 *1 *1; CYP2C19 *1 *2"},
        {"[" CALL(NUMBER("1") "," ISSUED("2024-01-01"),
                  "*1/*1") "," CALL(NUMBER("2") "," ISSUED("2024-02-01"), "*1/*2") "]",
         "CYP2C19 *1 *1; CYP2C19 *1 *2"},
        {"[" CALL(BY("Lab") "," DATE("2024-01-01"), "*1/*1") "," CALL_OF(
             "corrected", BY("Other") "," DATE("2024-01-01"), "*1/*2") "]",
         "CYP2C19 *1 *1; CYP2C19 *1 *2"},
        {"[" CALL("'x':1", "*1/*1") "," CALL_OF("corrected", "'x':1", "*1/*2") "]",
         "CYP2C19 *1 *1; CYP2C19 *1 *2"},
        /* one number for genotype and phenotype, and for both copies */
        {"[" CALL(NUMBER("1") "," ISSUED("2024-01-01"), "*1/*1") "," OBS(
             NUMBER("1") "," ISSUED("2024-02-01") "," LOINC("79714-2") "," TEXT("PM")) "]",
         "CYP2C19 *1 *1; CYP2C19 =Poor Metabolizer"},
        {"[" OBS(NUMBER("1") "," ISSUED("2024-01-01") "," HAPLOTYPE "," DATE("2024") "," TEXT(
             "*1")) "," OBS(NUMBER("1") "," ISSUED("2024-02-01") "," HAPLOTYPE
                                                                 "," DATE("2024") "," TEXT(
                                                                     "*2")) "]",
         "CYP2C19 *1 *2; ignored superseded"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void variants_against_the_genotype(void **state)
{
#define SINGLE(code, value) OBS(LOINC(code) "," TEXT(value))
#define VARIANT_READ        "; warn variant-ignored; ignored variant"
    static const struct row rows[] = {
        {"[" OF_GENE("g", "HGNC:2621", "*1/*17") "," SINGLE("66742-8", "Heterozygous") "]",
         "CYP2C19 *1 *17" VARIANT_READ},
        {"[" OF_GENE("g", "HGNC:2621", "*1/*2") "," SINGLE("66742-8", "Detected") "]",
         "CYP2C19 *1 *2; warn variant-ignored; warn variant-differs; ignored variant"},
        {"[" SINGLE("66742-8", "Not detected") "," OF_GENE("g", "HGNC:2621", "*1/*17") "]",
         "CYP2C19 *1 *17; warn variant-ignored; warn variant-differs; ignored variant"},
        {"[" OF_GENE("g", "HGNC:2621", "*4B/*1") "," SINGLE("66737-8", "Present") "]",
         "CYP2C19 *4B *1" VARIANT_READ},
        {"[" OF_GENE("g", "HGNC:2621", "*1/*17") "," SINGLE("66742-8", "C/T") "]",
         "CYP2C19 *1 *17" VARIANT_READ},
        {"[" OF_GENE("g", "HGNC:2625", "*1/*2") "," SINGLE("66742-8", "Detected") "]",
         "CYP2D6 *1 *2" VARIANT_READ},
        {SINGLE("66742-8", "*1/*17"), "warn variant-ignored; ignored variant"},
        {OBS(LOINC("60279-7") "," TEXT("C/T")), "IFNL3 C T"},
        {OBS(LOINC("95143-4") "," TEXT("(TA)6/(TA)7")), "UGT1A1 (TA)6 (TA)7"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void extensions_of_core(void **state)
{
#define CORE "http://hl7.org/fhir/StructureDefinition/"
#define IS_TPMT                                                                                \
    "{'url':'" CORE                                                                            \
    "observation-geneticsGene','valueCodeableConcept':" CONCEPT(CODED("h", "12014")) "}"
#define WITH(extension) "'extension':[" IS_TPMT "," extension "]"
    static const struct row rows[] = {
        {OBS(NAMED("Test") "," WITH("{'url':'" CORE
                                    "observation-geneticsAlleleName','valueCodeableConcept':{"
                                    "'text':'*3A'}}")),
         "TPMT *3A; warn one-allele"},
        {OBS(NAMED("Test") "," WITH("{'url':'" CORE
                                    "geneticsAlleleName','valueCodeableConcept':{'text':"
                                    "'*1/*3A'}}")),
         "TPMT *1 *3A"},
        {OBS(NAMED("Test") "," WITH("{'url':'" CORE "observation-geneticsAllele','extension':[{"
                                    "'url':'Name','valueCodeableConcept':{"
                                    "'coding':[{'display':'*3A'}]}},{'url':"
                                    "'State','valueCodeableConcept':{}}]}")),
         "TPMT *3A; warn one-allele"},
        {OBS(NAMED("Test") "," TEXT("*1/*3A") "," WITH(
             "{'url':'" CORE
             "observation-geneticsAlleleName','valueCodeableConcept':{'text':'*1/*3C'}}")),
         "warn value-unreadable"},
        {OBS(NAMED("Test") "," WITH("{'url':'" CORE "observation-geneticsVariant',"
                                    "'valueCodeableConcept':{'text':'c.719A>G'}}")),
         "ignored no-value"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void interpretations_of_presence(void **state)
{
#define READS(code) "'interpretation':[" CONCEPT(CODED("v2-0078", code)) "]"
    static const struct row rows[] = {
        {OBS(LOINC("57979-7") "," READS("POS")), "HLA-B positive *15:02"},
        {OBS(LOINC("57979-7") "," READS("NEG")), "HLA-B negative *15:02"},
        {OBS(LOINC("57979-7") ",'interpretation':" CONCEPT(CODED("v2-0078", "POS"))),
         "HLA-B positive *15:02"},
        {OBS(LOINC("57979-7") "," TEXT("Negative") "," READS("NEG")), "HLA-B negative *15:02"},
        {OBS(LOINC("57979-7") "," TEXT("Negative") "," READS("POS")),
         "warn interpretation-differs"},
        {OBS(LOINC("57979-7") "," TEXT("Negative") "," READS("A")), "HLA-B negative *15:02"},
        {OBS(LOINC("57979-7") "," READS("A")), "ignored no-value"},
        {OBS(LOINC("57132-3") "," READS("POS")), "ignored no-value"},
        {OBS(LOINC("57291-7") "," READS("POS")), "ignored no-value"},
        {OBS(LOINC("77636-9") "," TEXT("HLA-C*07:01+HLA-C*07:02")), "ignored not-pgx"},
        {OBS(LOINC("57290-9") ",'valueCodeableConcept':" CONCEPT(
             SHOWN("HGG00041", "HLA-A:01:01G"))),
         "HLA-A *01:01G; warn malformed-genotype; warn one-allele"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

/* Whatever allocation fails, the reading fails as a whole and says so. */
static void every_lack_of_memory_is_an_error(void **state)
{
    static const char *const json =
        "[" G
        "," STU3_TX("t", "clopidogrel", "LA9657-3", FROM("g")) "," MARK("a", "HGNC:2625") "," RESULT("b", "*1/*4") "," TELLS("n", "CYP2C9 *1/*3") "," CALL(
            NUMBER("1") "," ISSUED("2024-01-01"),
            "*1/*1") "," CALL(NUMBER("1") "," ISSUED("2024-02-01"),
                              "*2/*2") "," SINGLE("66742-8",
                                                  "Detected") "," REPORT(RESULTS(REF("a") "," REF("b")) ",'conclusion':"
                                                                                                        "'TPMT *1/*3A'") ","
                                                                                                                         "{'resourceType':'Condition','code':{'text':'CYP2B6 poor metabolizer'}}]";
    size_t succeeded_at = 0;

    (void)state;
    for (size_t bytes = 0; bytes < 200000 && succeeded_at == 0; bytes += 256) {
        struct fhir_reading reading = {0};
        struct err err = {0};
        struct arena arena;
        struct parsed p;
        enum err_code code;

        parsed_init(&p);
        parsed_add(&p, json);
        arena_init(&arena, bytes);
        code = fhir_read_evidence(&p.collection, SLICE_NONE, &arena, &reading, &err);
        if (code == ERR_OK) {
            assert_int_equal(reading.evidence_count, 6);
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(implications),
        cmocka_unit_test(implications_that_say_nothing_of_the_gene),
        cmocka_unit_test(what_drugs_were_told_is_kept),
        cmocka_unit_test(panels_with_components),
        cmocka_unit_test(panels_with_members),
        cmocka_unit_test(narratives),
        cmocka_unit_test(older_versions),
        cmocka_unit_test(variants_against_the_genotype),
        cmocka_unit_test(extensions_of_core),
        cmocka_unit_test(interpretations_of_presence),
        cmocka_unit_test(every_lack_of_memory_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
