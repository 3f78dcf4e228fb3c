/* tests/fhir/test_observation.c -- what Observations of every representation state. */
#include "tests/fhir/observation_rows.h"

static void genotypes(void **state)
{
    static const struct row rows[] = {
        {OBS(GENOTYPE "," TEXT("*1/*2")), "CYP2C19 *1 *2"},
        {OBS(GENOTYPE ",'valueCodeableConcept':{'text':'CYP2C19*1/*17'}"), "CYP2C19 *1 *17"},
        {OBS(GENOTYPE ",'valueCodeableConcept':" CONCEPT(
             CODED("https://www.pharmvar.org", "CYP2C19_*1/*2"))),
         "CYP2C19 *1 *2"},
        /* the guide's own example: a broken code, the alleles in the display only */
        {OBS(GENOTYPE ",'valueCodeableConcept':{'coding':[{'system':'http://www.pharmvar.org',"
                      "'code':'\\'CYP2C19','display':'CYP2C19 *1/*2'}]}"),
         "CYP2C19 *1 *2"},
        {OBS(LOINC("57132-3") "," TEXT("*1/*17")), "CYP2C19 *1 *17"},
        {OBS(LOINC("40425-1") "," TEXT("(*1/*4)xN")), "CYP2D6 *1 *4 xN"},
        {OBS(LOINC("40425-1") "," TEXT("*1/*4, activity score 1.0")), "CYP2D6 *1 *4 #1.0"},
        {OBS(LOINC("84413-4") "," GENE("4931") ",'valueCodeableConcept':" CONCEPT(
             CODED("http://glstring.org", "hla#3.31.0#HLA-A*03:01:01:01+HLA-A*30:01:01"))),
         "HLA-A *03:01:01:01 *30:01:01"},
        {OBS(LOINC("13303-3") "," TEXT("HLA-A*01:01+HLA-A*31:01^HLA-B*57:01+HLA-B*08:01")),
         "HLA-A *01:01 *31:01; HLA-B *57:01 *08:01"},
        {OBS(LOINC("57291-7") "," TEXT("B*57:01, B*15:01")), "HLA-B *57:01 *15:01"},
        {OBS(LOINC("84413-4") "," GENE("HGNC:10959") "," TEXT("T/C")), "SLCO1B1 T C"},
        {OBS(LOINC("84413-4") "," GENE("HGNC:23663") "," TEXT("VKORC1 rs9923231 C/T")),
         "VKORC1 C T"},
        {OBS(LOINC("84413-4") "," GENE("HGNC:3012") "," TEXT("c.1905+1G>A (*2A)/Reference")),
         "DPYD c.1905+1G>A (*2A) Reference"},
        /* what is no genotype */
        {OBS(GENOTYPE "," TEXT("*2")), "CYP2C19 *2; warn one-allele"},
        {OBS(GENOTYPE "," TEXT("no call")), "ignored no-value"},
        {OBS(GENOTYPE "," TEXT("Indeterminate")), "ignored no-value"},
        {OBS(GENOTYPE "," TEXT("*1/*2 or *1/*3")), "warn malformed-genotype"},
        {OBS(GENOTYPE "," TEXT("see attached")), "warn value-unreadable"},
        {OBS(GENOTYPE ",'valueCodeableConcept':" CONCEPT(
             CODED("http://www.ncbi.nlm.nih.gov/clinvar", "638797"))),
         "warn code-without-alleles"},
        {OBS(GENOTYPE), "ignored no-value"},
        {OBS(GENOTYPE ",'valueString':null"), "ignored no-value"},
        {OBS(GENOTYPE ",'dataAbsentReason':{'text':'unknown'}"), "ignored no-value"},
        {OBS(LOINC("84413-4") "," GENE("HGNC:2621") "," TEXT("C/T")),
         "warn variant-ignored; ignored variant"},
        {OBS(LOINC("84413-4") "," TEXT("*1/*2")), "warn value-unreadable"}, /* of what? */
        /* code and words that contradict each other say nothing */
        {OBS(GENOTYPE
             ",'valueCodeableConcept':{'coding':[{'code':'*1/*2','display':'*1/*3'}]}"),
         "warn value-unreadable"},
        {OBS(GENOTYPE
             ",'valueCodeableConcept':{'coding':[{'code':'*1/*2'}],'text':'*2.001/*1'}"),
         "CYP2C19 *1 *2"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void haplotypes(void **state)
{
#define LONE(id, date, allele) OBS(ID(id) "," HAPLOTYPE "," DATE(date) "," TEXT(allele))
#define REPORT(results)                                                                        \
    "{'resourceType':'DiagnosticReport','status':'final','result':[" results "]}"
    static const struct row rows[] = {
        {LONE("a", "2024", "*2"), "CYP2C19 *2; warn one-allele"},
        {"[" LONE("a", "2024-03-01", "*1") "," LONE("b", "2024-03-01", "*2") "]",
         "CYP2C19 *1 *2; ignored superseded"},
        {"[" LONE("a", "2024-03-01", "*1") "," LONE("b", "2024-03-02", "*2") "]",
         "CYP2C19 *1; CYP2C19 *2; warn one-allele; warn one-allele"},
        {"[" OBS(ID("a") "," HAPLOTYPE "," TEXT("*1")) "," OBS(ID("b") "," HAPLOTYPE
                                                                       "," TEXT("*2")) "]",
         "CYP2C19 *1; CYP2C19 *2; warn one-allele; warn one-allele"},
        {"[" OBS(ID("a") "," HAPLOTYPE "," TEXT("*1")) "," OBS(
             ID("b") "," HAPLOTYPE "," TEXT("*2")) "," REPORT(REF("b") "," REF("a")) "]",
         "CYP2C19 *1 *2; ignored superseded"},
        {"[" LONE("a", "2024", "*1") "," LONE("b", "2024", "*2") "," LONE("c", "2024",
                                                                          "*3") "]",
         "CYP2C19 *1; CYP2C19 *2; CYP2C19 *3; warn one-allele; warn one-allele; warn "
         "one-allele"},
        /* a genotype that was read: its parts, and others beside it */
        {"[" LONE("a", "2024", "*1") "," OBS(GENOTYPE "," TEXT("*1/*2") "," FROM("a")) "]",
         "CYP2C19 *1 *2; ignored superseded"},
        {"[" LONE("a", "2024", "*1") "," LONE("b", "2024",
                                              "*2") "," OBS(GENOTYPE "," TEXT("*1/*2")) "]",
         "CYP2C19 *1; CYP2C19 *2; CYP2C19 *1 *2; warn one-allele; warn one-allele"},
        {"[" LONE("a", "2024", "*1") "," OBS(GENOTYPE "," TEXT(
             "*1/*2") ",'related':[{'type':'derived-from','target':" REF("a") "}]") "]",
         "CYP2C19 *1 *2; ignored superseded"},
        /* a genotype that was not read supersedes nothing */
        {"[" LONE("a", "2024", "*1") "," OBS(GENOTYPE "," FROM("a")) "]",
         "CYP2C19 *1; warn one-allele; ignored no-value"},
        /* alleles by their own codes, in components, and of two genes */
        {"[" OBS(LOINC("73682-7") "," DATE("2024") "," TEXT("*1")) "," OBS(
             LOINC("73681-9") "," DATE("2024") "," TEXT("*4")) "]",
         "CYP2D6 *1 *4; ignored superseded"},
        {"[" LONE("a", "2024",
                  "*1") "," OBS(LOINC("73682-7") "," DATE("2024") "," TEXT("*4")) "]",
         "CYP2C19 *1; CYP2D6 *4; warn one-allele; warn one-allele"},
        {OBS(NAMED("CYP2D6 genotype") ",'component':[" PART("Allele 1", "*1") "," PART(
             "Allele 2", "*4") "]"),
         "CYP2D6 *1 *4"},
        {OBS(NAMED("CYP2D6 genotype") ",'component':[" PART("Allele 1", "*1") "]"),
         "CYP2D6 *1; warn one-allele"},
        {"[" OBS(LOINC("57291-7") "," DATE("2024") "," TEXT("HLA-B*57:01")) "," OBS(
             LOINC("57291-7") "," DATE("2024") "," TEXT("HLA-B*15:01")) "]",
         "HLA-B *57:01 *15:01; ignored superseded"},
        {OBS(HAPLOTYPE
             ",'valueCodeableConcept':" CONCEPT(CODED("http://www.pharmvar.org", "PV00155"))),
         "warn code-without-alleles"},
        {OBS(LOINC("84414-2") "," TEXT("*2")), "warn value-unreadable"},
        {OBS(HAPLOTYPE "," TEXT("*36+*10")), "CYP2C19 *36+*10; warn one-allele"},
        {OBS(HAPLOTYPE "," TEXT("*1/*2")), "CYP2C19 *1 *2"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void phenotypes(void **state)
{
    static const struct row rows[] = {
        {OBS(LOINC("79714-2") "," ANSWER("LA9657-3")), "CYP2C19 =Poor Metabolizer"},
        {OBS(LOINC("79714-2") "," ANSWER("LA10315-2")), "CYP2C19 =Ultrarapid Metabolizer"},
        {OBS(LOINC("79715-9") "," TEXT("PM")), "CYP2D6 =Poor Metabolizer"},
        {OBS(LOINC("79715-9") "," TEXT("Extensive metaboliser")), "CYP2D6 =Normal Metabolizer"},
        {OBS(LOINC("72880-8") "," TEXT("Intermediate")), "CYP2D6 =Intermediate Metabolizer"},
        {OBS(LOINC("79722-5") "," ANSWER("LA25394-0")), "SLCO1B1 =Poor Function"},
        {OBS(LOINC("79722-5") "," ANSWER("LA9657-3")), "SLCO1B1 =Poor Function"},
        {OBS(LOINC("79713-4") "," TEXT("Low or deficient activity")), "TPMT =Poor Metabolizer"},
        {OBS(LOINC("79714-2") "," TEXT("*2/*2 (Poor Metabolizer)")),
         "CYP2C19 *2 *2 =Poor Metabolizer"},
        {OBS(LOINC("79714-2") "," TEXT("Indeterminate")), "CYP2C19 =Indeterminate"},
        {OBS(LOINC("51971-0") "," GENE("HGNC:2621") "," ANSWER("LA25390-8")),
         "CYP2C19 =Rapid Metabolizer"},
        {OBS("'code':" CONCEPT(CODED("urn:oid:2.16.840.1.113883.6.1", "79714-2")) "," ANSWER(
             "LA9657-3")),
         "CYP2C19 =Poor Metabolizer"},
        {OBS("'code':{'coding':[" CODED("urn:oid:1.2.3", "77") "," CODED(
             "http://loinc.org", "79714-2") "]}," ANSWER("LA9657-3")),
         "CYP2C19 =Poor Metabolizer"},
        {OBS(LOINC("79714-2") ",'valueCodeableConcept':" CONCEPT(
             SHOWN("LA9657-3", "Normal metabolizer"))),
         "warn value-unreadable"},
        {OBS(LOINC("79714-2") "," ANSWER("LA6676-6")), "warn value-unreadable"},
        {OBS(LOINC("79714-2") "," TEXT("not a poor metabolizer")), "warn value-unreadable"},
        {OBS(LOINC("79714-2")), "ignored no-value"},
        {OBS("'code':" CONCEPT(CODED("http://example.org/local", "79714-2")) "," ANSWER(
             "LA9657-3")),
         ""},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void presence_of_hla_alleles(void **state)
{
    static const struct row rows[] = {
        {OBS(LOINC("50956-2") "," ANSWER("LA6576-8")), "HLA-B positive *57:01"},
        {OBS(LOINC("57979-7") "," ANSWER("LA9634-2")), "HLA-B negative *15:02"},
        {OBS(LOINC("79711-8") "," TEXT("Not detected")), "HLA-B negative *58:01"},
        {OBS(LOINC("79712-6") ",'valueCodeableConcept':" CONCEPT(
             CODED("http://snomed.info/sct", "10828004"))),
         "HLA-A positive *31:01"},
        {OBS(LOINC("42358-2") ",'valueBoolean':false"), "HLA-B negative *57:01"},
        {OBS(LOINC("57979-7") "," TEXT("HLA-B*15:02 positive")), "HLA-B positive *15:02"},
        {OBS(LOINC("57979-7") "," ANSWER("LA11884-6")), "HLA-B indeterminate *15:02"},
        {OBS(NAMED("HLA-B*57:01 genotype") "," TEXT("Negative")), "HLA-B negative *57:01"},
        {OBS(NAMED("HLA-B*5801") "," TEXT("Detected")), "HLA-B positive *58:01"},
        {OBS(NAMED("HLA-B typing") "," TEXT("HLA-B*15:02 positive")), "HLA-B positive *15:02"},
        {OBS(LOINC("84413-4") "," GENE("HGNC:4932") "," TEXT("HLA-B*15:02")),
         "HLA-B *15:02; warn one-allele"},
        /* another allele than was asked for, no allele, or no answer */
        {OBS(LOINC("57979-7") "," TEXT("HLA-B*58:01 positive")), "warn value-unreadable"},
        {OBS(LOINC("57979-7") "," TEXT("HLA-B*15:02")), "warn value-unreadable"},
        {OBS(LOINC("57979-7") ",'valueCodeableConcept':" CONCEPT(
             SHOWN("LA6576-8", "Negative"))),
         "warn value-unreadable"},
        {OBS(NAMED("HLA-B*57:01 genotype") "," TEXT("HLA-B*57:01")), "ignored not-pgx"},
        {OBS(NAMED("HLA-B27") "," TEXT("Positive")), "ignored not-pgx"},
        {OBS(LOINC("57979-7") "," TEXT("pending")), "ignored no-value"},
        /* a group of alleles, or alternatives */
        {OBS(LOINC("57291-7") "," TEXT("HLA-B*57")), "warn hla-vague"},
        {OBS(LOINC("57291-7") "," TEXT("B*57, B*08")), "warn hla-vague"},
        {OBS(LOINC("84413-4") "," GENE("HGNC:4932") "," TEXT("HLA-B*57/HLA-B*58:01")),
         "warn hla-vague"},
        {OBS(LOINC("57291-7") "," TEXT("B*15:AKBAR+B*57")), "warn hla-vague"},
        {OBS(LOINC("57291-7") "," TEXT("B*57+B*58:01")), "HLA-B *58:01; warn one-allele"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void text_only(void **state)
{
    static const struct row rows[] = {
        {OBS(NAMED("CYP2C19 Genotype") "," TEXT("*2/*3 (Poor Metabolizer)")),
         "CYP2C19 *2 *3 =Poor Metabolizer"},
        {OBS("'code':{'coding':[" CODED("urn:oid:1.2.840.114350.1.13.0.1.7.2.768282",
                                        "123") "],'text':'CYP2D6 PHENOTYPE'}," TEXT("Poor")),
         "CYP2D6 =Poor Metabolizer"},
        {OBS("'code':" CONCEPT(SHOWN("99999-0", "TPMT diplotype")) "," TEXT("*1/*3A")),
         "TPMT *1 *3A"},
        {OBS(NAMED("CYP2D6 activity score") ",'valueQuantity':{'value':1.25}"), "CYP2D6 #1.25"},
        {OBS(NAMED("CYP2D6 activity score") ",'valueQuantity':{'value':3,'"
                                            "comparator':'>='}"),
         "CYP2D6 #\xe2\x89\xa5"
         "3"},
        {OBS(NAMED("CYP2D6 activity score") ",'valueInteger':2"), "CYP2D6 #2"},
        {OBS(NAMED("CYP2C19") ",'component':[" PART("Diplotype", "*1/*2") "," PART(
             "Phenotype", "IM") "," PART("Activity score", "1.0") "]"),
         "CYP2C19 *1 *2 =Intermediate Metabolizer #1.0"},
        {OBS(LOINC("47403-1") "," TEXT("*1/*4")), "CYP2D6 *1 *4"},
        {OBS(LOINC("47403-1") "," TEXT("*4")), "warn value-unreadable"},
        {OBS(NAMED("CYP2C19 genotype: *2, *3, *17") "," TEXT("*1/*17")), "CYP2C19 *1 *17"},
        {OBS(NAMED("CYP2C19 test") "," TEXT("The patient was counselled")),
         "warn value-unreadable"},
        {OBS(NAMED("CYP2C19*17") "," TEXT("Heterozygous")),
         "warn variant-ignored; ignored variant"},
        {OBS(NAMED("SLCO1B1 c.388A>G genotype") "," TEXT("A/G")),
         "warn variant-ignored; ignored variant"},
        {OBS(NAMED("SLCO1B1 c.521T>C genotype") "," TEXT("T/C")), "SLCO1B1 T C"},
        /* an enzyme or a drug is not a gene */
        {OBS("'code':" CONCEPT(SHOWN("21563-2", "TPMT activity")) "," TEXT("Normal")),
         "ignored not-pgx"},
        {OBS(NAMED("TPMT enzyme phenotype") "," TEXT("Intermediate")), "ignored not-pgx"},
        {OBS(NAMED("TPMT activity") "," TEXT("Low activity")), "ignored not-pgx"},
        {OBS("'code':" CONCEPT(
             SHOWN("32546-4", "G6PD [Enzymatic activity/volume] in RBC")) "," TEXT("Normal")),
         "ignored not-pgx"},
        /* a chart's other contents */
        {OBS("'code':" CONCEPT(SHOWN("2345-7", "Glucose")) ",'valueQuantity':{'value':5.1}"),
         ""},
        {OBS("'code':" CONCEPT(SHOWN("2345-7", "Glucose")) "," TEXT("*1/*2")), ""},
        {OBS(TEXT("CYP2C19 *1/*2")), ""},
        {OBS("'code':null," TEXT("CYP2C19 *1/*2")), ""},
        {OBS("'text':{'div':'CYP2C19 poor metabolizer'},'code':{'text':'note'}"), ""},
        {"{'resourceType':'Basic','code':{'text':'CYP2C19 poor metabolizer'}}", ""},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void odd_shapes_are_survived(void **state)
{
    static const struct row rows[] = {
        {"{'resourceType':'Observation'}", ""},
        {"{'resourceType':'Observation','code':[]}", ""},
        {"{'resourceType':'Observation','code':'79714-2','valueString':'PM'}", ""},
        {"{'resourceType':'Observation','code':{'coding':" CODED(
             "http://loinc.org", "79714-2") "},'status':'final','valueString':'PM'}",
         "CYP2C19 =Poor Metabolizer"}, /* one coding, not a list */
        {OBS("'code':{'coding':[null,7,'x',[],{}]}"), ""},
        {OBS(LOINC("84413-4") ",'component':{" LOINC("48018-6") ",'valueCodeableConcept':{"
                                                                "'text':'CYP2C19'}}," TEXT(
                                                                    "*1/*2")),
         "CYP2C19 *1 *2"},
        {OBS(LOINC("84413-4") ",'component':[null,7,{},{'code':7}]," TEXT("CYP2C19 *1/*2")),
         "CYP2C19 *1 *2"},
        {OBS(GENOTYPE ",'valueQuantity':{'value':7}"), "warn value-unreadable"},
        {OBS(GENOTYPE ",'valueBoolean':true"), "warn value-unreadable"},
        {OBS(GENOTYPE ",'valueCodeableConcept':{}"), "warn value-unreadable"},
        {OBS(GENOTYPE ",'valueString':''"), "ignored no-value"},
        {OBS(GENOTYPE
             ",'subject':7,'performer':'x','effectivePeriod':[],'method':7," TEXT("*1/*2")),
         "CYP2C19 *1 *2"},
        {OBS(GENOTYPE ",'extension':[7,{'url':8}]," TEXT("*1/*2")), "CYP2C19 *1 *2"},
        {"{'res\\u006furceType':'Observation','st\\u0061tus':'final','c\\u006fde':{'te\\u0078t'"
         ":"
         "'CYP2C19 gen\\u006ftype'},'val\\u0075eString':'*1\\/*2'}",
         "CYP2C19 *1 *2"},
        {"{'resourceType':'Parameters','parameter':[{'name':'x','part':[{'resource':" OBS(
             GENOTYPE "," TEXT("*1/*2")) "}]}]}",
         "CYP2C19 *1 *2"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void provenance(void **state)
{
    static const struct {
        const char *json;
        const char *as_written, *date, *performer, *method;
    } rows[] = {
        {OBS(GENOTYPE
             ",'effectiveDateTime':'2024-03-01T10:00:00Z','issued':'2024-04-01',"
             "'performer':[{'reference':'Organization/1'},{'display':'City Lab'}],"
             "'method':{'coding':[{'code':'1','display':'PCR'}],'text':'Real-time PCR'},"
             "'valueCodeableConcept':{'coding':[{'code':'c','display':'CYP2C19 *1/*2'}]}"),
         "CYP2C19 *1/*2", "2024-03-01", "City Lab", "Real-time PCR"},
        {OBS(GENOTYPE ",'issued':'2016'," TEXT("*1/*2")), "*1/*2", "2016", "", ""},
        {OBS(GENOTYPE ",'effectivePeriod':{'start':'2020-02-02'}," TEXT("*1/*2")), "*1/*2",
         "2020-02-02", "", ""},
        {OBS(LOINC("79714-2") "," ANSWER("LA9657-3")), "LA9657-3", "", "", ""},
        {OBS(LOINC(
             "79714-2") ",'valueCodeableConcept':{'coding':[{'code':'LA9657-3',"
                        "'display':'Poor metabolizer'}],'text':'Poor metabolizer (lab)'}"),
         "Poor metabolizer (lab)", "", "", ""},
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
        assert_slice_equal(reading.evidence[0].as_written, rows[i].as_written);
        assert_slice_equal(reading.evidence[0].date, rows[i].date);
        assert_slice_equal(reading.evidence[0].performer, rows[i].performer);
        assert_slice_equal(reading.evidence[0].method, rows[i].method);
        assert_ptr_equal(reading.evidence[0].resource, &p.collection.resources[0]);
        parsed_release(&p);
    }
}

/* "CYP2C19" or "CYP2C19 CYP2D6", for each warning. */
static void warnings_name_their_genes(void **state)
{
    static const char *const GENES[] = {"CYP2C19", "CYP2D6", "HLA-B"};
    static const struct row rows[] = {
        {OBS(LOINC("79714-2") "," TEXT("splendid")), "value-unreadable CYP2C19"},
        {OBS(LOINC("79715-9") "," TEXT("splendid")), "value-unreadable CYP2D6"},
        {OBS(LOINC("79714-2") "," TEXT("CYP2D6 poor metabolizer")),
         "gene-mismatch CYP2C19 CYP2D6"},
        {OBS(LOINC("84413-4") ",'component':[" GENE_IS("HGNC:2621") "," GENE_IS(
             "HGNC:2625") "]," TEXT("*1/*2")),
         "two-genes CYP2C19 CYP2D6; value-unreadable"},
        {OBS(LOINC("57291-7") "," TEXT("HLA-B*57")), "hla-vague HLA-B"},
        {OBS(LOINC("84413-4") "," TEXT("*1/*2")), "value-unreadable"},
        {"{'resourceType':'DiagnosticReport','status':'final','code':" CONCEPT(
             CODED("http://loinc.org", "51969-4")) ",'presentedForm':[{'url':'Binary/1'}]}",
         "document-unread"},
        {"{'resourceType':'Condition','code':{'text':'CYP2C19 poor metabolizer'},"
         "'verificationStatus':{'coding':[{'code':'provisional'}]}}",
         "preliminary CYP2C19"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fhir_reading reading = {0};
        struct slice got = SLICE_NONE;
        struct err err = {0};
        struct parsed p;

        parsed_init(&p);
        parsed_add(&p, rows[i].json);
        assert_ok(fhir_read_evidence(&p.collection, SLICE_NONE, &p.arena, &reading, &err),
                  &err);
        for (size_t w = 0; w < reading.warnings_count; w++) {
            got = arena_printf(&p.arena, "%.*s%s%s", SLICE_ARG(got), w == 0 ? "" : "; ",
                               fhir_warning_name(reading.warnings[w].code));
            for (size_t g = 0; g < ARRAY_LEN(GENES); g++)
                if (fhir_warning_names(&reading.warnings[w], slice_of(GENES[g])))
                    got = arena_printf(&p.arena, "%.*s %s", SLICE_ARG(got), GENES[g]);
            assert_false(fhir_warning_names(&reading.warnings[w], SLICE("TPMT")));
            assert_false(fhir_warning_names(&reading.warnings[w], SLICE("")));
        }
        if (!slice_eq_text(got, rows[i].want))
            fail_msg("row %zu: got \"%.*s\", want \"%s\"", i, SLICE_ARG(got), rows[i].want);
        parsed_release(&p);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(genotypes),  cmocka_unit_test(haplotypes),
        cmocka_unit_test(phenotypes), cmocka_unit_test(presence_of_hla_alleles),
        cmocka_unit_test(text_only),  cmocka_unit_test(odd_shapes_are_survived),
        cmocka_unit_test(provenance), cmocka_unit_test(warnings_name_their_genes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
