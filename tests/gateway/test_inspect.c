/* tests/gateway/test_inspect.c -- what a file says: every kind of file, every kind of row, and
 * files that are none. In JSON here ' stands for ".
 */
#include "gateway/hooks/inspect.h"
#include "gateway/store/snapshot.h"
#include "tests/test.h"

#define TEXT_BYTES_MAX ((size_t)4 * 1024 * 1024)

static int load_knowledge(void **state)
{
    struct rules_knowledge *knowledge = NULL;
    struct err err = {0};

    if (snapshot_from_files("rules/knowledge", &knowledge, &err) == ERR_OK)
        *state = knowledge;
    else
        print_error("%s\n", err.text);
    return *state == NULL ? -1 : 0;
}

static int drop_knowledge(void **state)
{
    rules_knowledge_release(*state);
    return 0;
}

static void add_quoted(struct buf *buf, const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        buf_add_char(buf, *c == '\'' ? '"' : *c);
}

/* Reads the file; false with err filled. */
static bool read_file(struct inspection *inspection, const struct rules_knowledge *knowledge,
                      const char *patient, const char *text, struct err *err)
{
    struct buf file;
    bool is_ok;

    buf_init(&file, TEXT_BYTES_MAX);
    add_quoted(&file, text);
    inspect_init(inspection, knowledge, slice_of(patient));
    is_ok = inspect_add_file(inspection, &file, err) == ERR_OK &&
            inspect_read(inspection, err) == ERR_OK;
    buf_release(&file);
    return is_ok;
}

#define OBSERVATION(id, subject, more)                                                         \
    "{'resourceType':'Observation','id':'" id "'," subject more "}"
#define P1                     "'subject':{'reference':'Patient/p1'},"
#define P2                     "'subject':{'reference':'Patient/p2'},"
#define FINAL                  "'status':'final','effectiveDateTime':'2024-03-01',"
#define GENOTYPE(gene, value)  OF_GENE("84413-4", gene, value)
#define HAPLOTYPE(gene, value) OF_GENE("84414-2", gene, value)
#define OF_GENE(code, gene, value)                                                             \
    "'code':{'coding':[{'system':'http://loinc.org','code':'" code "'}]},"                     \
    "'component':[{'code':{'coding':[{'system':'http://loinc.org','code':'48018-6'}]},"        \
    "'valueCodeableConcept':{'text':'" gene "'}}],'valueCodeableConcept':{'text':'" value "'}"
/* CYP2C19 metabolic activity */
#define PHENOTYPE(value)                                                                       \
    "'code':{'coding':[{'system':'http://loinc.org','code':'79714-2'}]},'valueString':'" value \
    "'"
#define PRESENCE(code_, value)                                                                 \
    "'code':{'coding':[{'system':'http://loinc.org','code':'" code_                            \
    "'}]},'valueCodeableConcept':{'text':'" value "'}"
#define ENTRY(resource)   "{'resource':" resource "}"
#define BUNDLE(entries)   "{'resourceType':'Bundle','type':'collection','entry':[" entries "]}"
#define OTHER_SECTIONS    "'hla':[],'orders':[],'ignored':[]}"
#define ONLY(gene_row)    "{'genes':[" gene_row "]," OTHER_SECTIONS
#define NOTHING           ONLY("")
#define GENE(more, state) "{'gene':'CYP2C19'," more ",'state':'" state "',"

static const char POOR[] = ONLY(GENE("'diplotype':'*2/*2','phenotype':'Poor Metabolizer',"
                                     "'basis':'asserted'",
                                     "single") "'sources':['Observation/a'],'warnings':[]}");
#define A OBSERVATION("a", P1, FINAL GENOTYPE("CYP2C19", "*2/*2"))

static void files_of_every_kind_are_read(void **state)
{
    static const struct {
        const char *name, *patient, *text;
    } rows[] = {
        {"one resource", NULL, A},
        {"a Bundle", NULL, BUNDLE(ENTRY(A))},
        {"an array", NULL, "[" A "]"},
        {"an array of Bundles", NULL, "[" BUNDLE(ENTRY(A)) "]"},
        {"lines", NULL, A "\n{'resourceType':'Patient','id':'p1'}\n"},
        {"lines with blank ones", NULL, "\n" A "\r\n\n{'resourceType':'Patient','id':'p1'}"},
        {"Parameters", NULL,
         "{'resourceType':'Parameters','parameter':[{'name':'a','part':[{'name':'b',"
         "'resource':" A "}]}]}"},
        {"the named patient's", "p1", A},
        {"the same with its type", "Patient/p1", A},
        {"a hook request's prefetch", NULL,
         "{'hook':'order-sign','context':{'patientId':'p1'},'prefetch':{'pgx':" BUNDLE(
             ENTRY(A)) ",'null':null}}"},
        {"a hook request's patient with its type", NULL,
         "{'context':{'patientId':'Patient/p1'},'prefetch':{'pgx':" A "}}"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct inspection inspection;
        struct err err = {0};
        struct buf got, want;

        buf_init(&got, TEXT_BYTES_MAX);
        buf_init(&want, TEXT_BYTES_MAX);
        if (!read_file(&inspection, *state, rows[i].patient, rows[i].text, &err))
            fail_msg("%s: %s", rows[i].name, err.text);
        inspect_write_json(&inspection, &got);
        add_quoted(&want, POOR);
        if (!slice_eq(buf_slice(&got), buf_slice(&want)))
            fail_msg("%s: %s", rows[i].name, got.bytes);
        inspect_release(&inspection);
        buf_release(&got);
        buf_release(&want);
    }
}

static void files_that_are_none_are_refused(void **state)
{
    static const struct {
        const char *text;
        enum err_code code;
        const char *error; /* a part of it */
    } rows[] = {
        {"", ERR_INVALID, "empty"},
        {" \n ", ERR_INVALID, "empty"},
        {"hello", ERR_SYNTAX, ""},
        {"{", ERR_SYNTAX, ""},
        {"{'resourceType':'Patient'", ERR_SYNTAX, ""},
        {"{'resourceType':'Patient'}}", ERR_SYNTAX, ""},
        {A "\n{'resourceType':\n", ERR_SYNTAX, "line 2: "},
        {A "\n\n{'a':1,'a':2}\n", ERR_INVALID, "line 3: "},
        {"{'a':1,'a':2}", ERR_INVALID, ""},
        {"{}", ERR_INVALID, "no FHIR resource"},
        {"[]", ERR_INVALID, "no FHIR resource"},
        {"[1,'a',null]", ERR_INVALID, "no FHIR resource"},
        {"{'resourceType':1}", ERR_INVALID, "no FHIR resource"},
        {"null", ERR_INVALID, "no FHIR resource"},
        {"{'a':1}\n{'a':2}", ERR_INVALID, "no FHIR resource"},
        {"[" A "," OBSERVATION("b", P2, FINAL GENOTYPE("CYP2C19", "*1/*1")) "]", ERR_INVALID,
         "more than one patient"},
        {"[" A ",{'resourceType':'MedicationOrder','patient':{'reference':'Patient/p2'}}]",
         ERR_INVALID, "more than one patient"},
        {"[" A ",{'resourceType':'Condition','subject':{'reference':'urn:uuid:1'}}]",
         ERR_INVALID, "more than one patient"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct inspection inspection;
        struct err err = {0};

        if (read_file(&inspection, *state, NULL, rows[i].text, &err) ||
            err.code != rows[i].code ||
            slice_find(slice_of(err.text), slice_of(rows[i].error)) == SIZE_MAX)
            fail_msg("row %zu: %s: %s", i, err_code_name(err.code), err.text);
        inspect_release(&inspection);
    }
}

static void too_many_resources_are_refused(void **state)
{
    struct inspection inspection;
    struct err err = {0};
    struct buf file;

    buf_init(&file, TEXT_BYTES_MAX);
    for (int i = 0; i <= FHIR_RESOURCES_MAX; i++)
        buf_printf(&file, "{\"resourceType\":\"Patient\",\"id\":\"%d\"}\n", i);
    inspect_init(&inspection, *state, SLICE_NONE);
    assert_int_equal(inspect_add_file(&inspection, &file, &err), ERR_LIMIT);
    inspect_release(&inspection);
    buf_release(&file);
}

/* One spelling or another: it is the same patient, or none that is named. */
static void one_patient_has_many_spellings(void **state)
{
    static const char *const SUBJECTS[] = {
        "'subject':{'reference':'http://fhir.example.org/Patient/p1'},",
        "'subject':{'reference':'Patient/p1/_history/3'},",
        "'subject':{'reference':'urn:uuid:7'},",
        "'subject':{'reference':'#c'},'contained':[{'resourceType':'Patient','id':'c'}],",
        "'subject':{'display':'somebody'},",
        "'subject':{'reference':'Group/g'},",
        "",
    };

    for (size_t i = 0; i < ARRAY_LEN(SUBJECTS); i++) {
        struct inspection inspection;
        struct err err = {0};
        struct buf text;

        buf_init(&text, TEXT_BYTES_MAX);
        buf_printf(&text,
                   "{'resourceType':'Bundle','entry':[" ENTRY(
                       A) ",{'fullUrl':'urn:uuid:7','resource':{'resourceType':'Patient',"
                          "'id':'p1'}},{'resource':{'resourceType':'Observation',%s" FINAL
                          "%s}}]}",
                   SUBJECTS[i], GENOTYPE("CYP2D6", "*1/*1"));
        if (!read_file(&inspection, *state, NULL, text.bytes, &err))
            fail_msg("%s: %s", SUBJECTS[i], err.text);
        assert_int_equal(inspection.genes_count, 2);
        inspect_release(&inspection);
        buf_release(&text);
    }
}

#define WARNING(code, text) "{'code':'" code "','text':'" text "'}"
#define CONFLICT            WARNING("conflict", "results differ: all are listed, none is preferred")
#define DIFFERS                                                                                \
    WARNING("phenotype-differs", "the laboratory's phenotype differs from the one computed "   \
                                 "from its genotype")
#define PHENOTYPE_ONLY WARNING("phenotype-only", "a phenotype without a genotype")
#define IGNORED(resource, reason)                                                              \
    "{'genes':[],'hla':[],'orders':[],'ignored':[{'resource':'" resource "','reason':'" reason \
    "'}]}"

/* File, and the JSON report; of the warnings' apostrophes see the comparison. */
static const struct {
    const char *name, *patient, *text, *want;
} RESULTS[] = {
    {"nothing", NULL, "{'resourceType':'Bundle'}", NOTHING},
    {"two sources that agree", NULL,
     "[" A "," OBSERVATION("b", P1, FINAL GENOTYPE("CYP2C19", "CYP2C19*2/*2")) "]",
     ONLY(GENE("'diplotype':'*2/*2','phenotype':'Poor Metabolizer','basis':'asserted'",
               "agreed") "'sources':['Observation/a','Observation/b'],'warnings':[]}")},
    {"two that do not: each is a row", NULL,
     "[" A "," OBSERVATION("b", P1, FINAL GENOTYPE("CYP2C19", "*17/*2")) "]",
     ONLY(GENE("'diplotype':'*2/*2','phenotype':'Poor Metabolizer','basis':'asserted'",
               "conflict") "'sources':['Observation/a'],'warnings':[" CONFLICT
                           "]}," GENE(
                               "'diplotype':'*2/*17','phenotype':'Intermediate "
                               "Metabolizer','basis':'asserted'",
                               "conflict") "'sources':['Observation/b'],'warnings':[" CONFLICT
                                           "]}")},
    {"a phenotype only", NULL, OBSERVATION("a", P1, FINAL PHENOTYPE("Poor metaboliser")),
     ONLY(GENE("'diplotype':null,'phenotype':'Poor Metabolizer','basis':'asserted'",
               "single") "'sources':['Observation/a'],'warnings':[" PHENOTYPE_ONLY "]}")},
    {"a stated phenotype that differs", NULL,
     OBSERVATION("a", P1, FINAL GENOTYPE("CYP2C19", "*1/*2 (Poor Metabolizer)")),
     ONLY(GENE(
         "'diplotype':'*1/*2','phenotype':'Intermediate Metabolizer','basis':'asserted'",
         "conflict") "'sources':['Observation/a'],'warnings':[" CONFLICT "," DIFFERS
                     "]}," GENE(
                         "'diplotype':null,'phenotype':'Poor Metabolizer','basis':'asserted'",
                         "conflict") "'sources':['Observation/a'],'warnings':[" CONFLICT
                                     "," PHENOTYPE_ONLY "," DIFFERS "]}")},
    {"an unknown allele with a stated phenotype", NULL,
     OBSERVATION("a", P1, FINAL GENOTYPE("CYP2C19", "*1/*999 (Poor Metabolizer)")),
     ONLY(GENE("'diplotype':'*1/*999','phenotype':'Poor Metabolizer','basis':'asserted'",
               "single") "'sources':['Observation/a'],'warnings':[" WARNING("unknown-allele",
                                                                            "an allele is not "
                                                                            "in the allele "
                                                                            "table") "," DIFFERS
                                                                                     "]}")},
    {"names that are no stars stay as written", NULL,
     OBSERVATION("a", P1, FINAL GENOTYPE("VKORC1", "T/C")),
     ONLY("{'gene':'VKORC1','diplotype':'C/T','phenotype':'-1639 AG','basis':'asserted',"
          "'state':'single','sources':['Observation/a'],'warnings':[]}")},
    {"alleles reported one by one are put together", NULL,
     "[" OBSERVATION("a", P1, FINAL HAPLOTYPE("CYP2C19", "*17")) "," OBSERVATION(
         "b", P1, FINAL HAPLOTYPE("CYP2C19", "*2")) "]",
     "{'genes':[" GENE("'diplotype':'*2/*17','phenotype':'Intermediate Metabolizer',"
                       "'basis':'computed'",
                       "single") "'sources':['Observation/a'],'warnings':[]}],'hla':[],"
                                 "'orders':[],'ignored':[{'resource':'Observation/b',"
                                 "'reason':'superseded'}]}"},
    {"positions of one gene are one genotype", NULL,
     "[" OBSERVATION(
         "a", P1,
         FINAL GENOTYPE(
             "DPYD", "c.1905+1G>A (heterozygous)")) "," OBSERVATION("b", P1,
                                                                    FINAL GENOTYPE(
                                                                        "DPYD",
                                                                        "rs67376798 T/A")) "]",
     ONLY("{'gene':'DPYD','diplotype':'c.1905+1G>A (*2A)/c.2846A>T','phenotype':'Poor "
          "Metabolizer','basis':'computed','state':'agreed','sources':['Observation/"
          "a','Observation/b'],'warnings':[]}")},
    {"a final one replaces a preliminary one", NULL,
     "[" A "," OBSERVATION("b", P1, "'status':'preliminary'," GENOTYPE("CYP2C19", "*1/*1")) "]",
     "{'genes':[" GENE("'diplotype':'*2/*2','phenotype':'Poor Metabolizer',"
                       "'basis':'asserted'",
                       "single") "'sources':['Observation/a'],'warnings':[]}],'hla':[],"
                                 "'orders':[],'ignored':[{'resource':'Observation/b',"
                                 "'reason':'replaced'}]}"},
    {"a withdrawn one", NULL,
     OBSERVATION("a", P1, "'status':'entered-in-error'," GENOTYPE("CYP2C19", "*2/*2")),
     IGNORED("Observation/a", "status")},
    {"another patient's", "p2", A, IGNORED("Observation/a", "foreign-patient")},
    {"another patient's than the hook's", NULL,
     "{'context':{'patientId':'p2'},'prefetch':{'pgx':" A "}}",
     IGNORED("Observation/a", "foreign-patient")},
    {"a value that nobody understands", NULL,
     OBSERVATION("a", P1, FINAL GENOTYPE("CYP2C19", "see the report")),
     IGNORED("Observation/a", "value-unreadable")},
    {"a server's error in place of a part", NULL,
     "{'context':{'patientId':'p1'},'prefetch':{'pgx':{'resourceType':'OperationOutcome',"
     "'issue':[{'severity':'error'}]}}}",
     IGNORED("OperationOutcome[0]", "server-error")},
    {"a server's remark", NULL,
     "{'context':{'patientId':'p1'},'prefetch':{'pgx':{'resourceType':'OperationOutcome',"
     "'issue':[{'severity':'information'}]}}}",
     NOTHING},
};

#define HLA_B(diplotype, state, more)                                                          \
    "{'gene':'HLA-B','diplotype':" diplotype                                                   \
    ",'phenotype':null,'basis':'asserted','state':'" state "','sources':['Observation/" more
#define HLA_ROWS(rows) "{'genes':[" rows "],'hla':["
#define HLA_CUT        WARNING("fields-cut", "an HLA name was cut to two fields")
#define HLA_ONE        WARNING("one-allele", "only one allele is reported")

static const struct {
    const char *name, *patient, *text, *genes, *want;
} HLA[] = {
    {"a test for one allele", NULL, OBSERVATION("a", P1, FINAL PRESENCE("50956-2", "Positive")),
     HLA_ROWS(HLA_B("null", "single", "a'],'warnings':[]}")),
     "{'allele':'HLA-B*57:01','status':'positive'}"},
    {"that is not there", NULL, OBSERVATION("a", P1, FINAL PRESENCE("50956-2", "Negative")),
     HLA_ROWS(HLA_B("null", "single", "a'],'warnings':[]}")),
     "{'allele':'HLA-B*57:01','status':'negative'}"},
    {"both: both are listed", NULL,
     "[" OBSERVATION("a", P1, FINAL PRESENCE("50956-2", "Negative")) "," OBSERVATION(
         "b", P1, FINAL PRESENCE("50956-2", "Positive")) "]",
     HLA_ROWS(HLA_B("null", "conflict", "b'],'warnings':[" CONFLICT "]}") "," HLA_B(
         "null", "conflict", "a'],'warnings':[" CONFLICT "]}")),
     "{'allele':'HLA-B*57:01','status':'positive'},"
     "{'allele':'HLA-B*57:01','status':'negative'}"},
    {"a whole typing", NULL,
     OBSERVATION("a", P1, FINAL GENOTYPE("HLA-B", "HLA-B*57:01:01+HLA-B*27:05")),
     HLA_ROWS(HLA_B("'HLA-B*27:05/HLA-B*57:01:01'", "single", "a'],'warnings':[" HLA_CUT "]}")),
     "{'allele':'HLA-B*15:02','status':'negative'},"
     "{'allele':'HLA-B*27:05','status':'positive'},"
     "{'allele':'HLA-B*57:01','status':'positive'},"
     "{'allele':'HLA-B*58:01','status':'negative'}"},
    {"one allele of two", NULL, OBSERVATION("a", P1, FINAL GENOTYPE("HLA-B", "HLA-B*27:05")),
     HLA_ROWS(HLA_B("'HLA-B*27:05'", "unusable", "a'],'warnings':[" HLA_ONE "]}")),
     "{'allele':'HLA-B*27:05','status':'positive'}"},
    {"alternatives", NULL,
     OBSERVATION("a", P1,
                 FINAL GENOTYPE("HLA-B", "HLA-B*57:01+HLA-B*27:05|HLA-B*57:02+HLA-B*27:06")),
     HLA_ROWS(""), ""},
};

/* Compares the report of a file with `want`, in which ' stands for " but between letters. */
static void check(const struct rules_knowledge *knowledge, const char *name,
                  const char *patient, const char *text, const char *begin, const char *want,
                  const char *end)
{
    struct inspection inspection;
    struct err err = {0};
    struct buf got, expected;

    buf_init(&got, TEXT_BYTES_MAX);
    buf_init(&expected, TEXT_BYTES_MAX);
    if (!read_file(&inspection, knowledge, patient, text, &err))
        fail_msg("%s: %s", name, err.text);
    inspect_write_json(&inspection, &got);
    add_quoted(&expected, begin);
    add_quoted(&expected, want);
    add_quoted(&expected, end);
    for (size_t i = 0; i < got.len; i++)
        got.bytes[i] = got.bytes[i] == '\'' ? '"' : got.bytes[i];
    if (!slice_starts(buf_slice(&got), buf_slice(&expected)))
        fail_msg("%s: got\n%s\nwant\n%s", name, got.bytes, expected.bytes);
    inspect_release(&inspection);
    buf_release(&got);
    buf_release(&expected);
}

static void every_result_is_a_row(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(RESULTS); i++)
        check(*state, RESULTS[i].name, RESULTS[i].patient, RESULTS[i].text, "", RESULTS[i].want,
              "");
}

static void hla_alleles_are_told_one_by_one(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(HLA); i++)
        check(*state, HLA[i].name, HLA[i].patient, HLA[i].text, HLA[i].genes, HLA[i].want,
              "],'orders':[]");
}

#define ORDER(more) "{'resourceType':'MedicationRequest','id':'o'," P1 more "}"
#define ACTIVE      "'status':'active',"
#define RXNORM(code_, display_)                                                                \
    "{'coding':[{'system':'http://www.nlm.nih.gov/research/umls/rxnorm','code':'" code_        \
    "','display':'" display_ "'}]}"
#define CLOPIDOGREL   "'medicationCodeableConcept':" RXNORM("32968", "clopidogrel")
#define INGREDIENTS   "'ingredients':[{'name':'clopidogrel','rxcui':'32968'}],"
#define O(more)       "{'resource':'MedicationRequest/o'," more "}"
#define EVALUATED     "'evaluate':true,'reason':null"
#define NOT(reason)   "'evaluate':false,'reason':'" reason "'"
#define NONE          "'ingredients':[],"
#define NAMED(name)   "'ingredients':[{'name':'" name "','rxcui':null}],"
#define REQUEST(more) "{'hook':'order-select','context':{'patientId':'p1'" more "}"
#define DRAFTS(list)  ",'draftOrders':" BUNDLE(list)

static const struct {
    const char *name, *patient, *text, *want;
} ORDERS[] = {
    {"a known drug", NULL, ORDER(ACTIVE CLOPIDOGREL), O(INGREDIENTS EVALUATED)},
    {"a draft", NULL, ORDER("'status':'draft'," CLOPIDOGREL), O(INGREDIENTS EVALUATED)},
    {"cancelled", NULL, ORDER("'status':'cancelled'," CLOPIDOGREL),
     O(INGREDIENTS NOT("cancelled"))},
    {"on hold", NULL, ORDER("'status':'on-hold'," CLOPIDOGREL), O(INGREDIENTS NOT("on-hold"))},
    {"not to be given", NULL, ORDER("'doNotPerform':true," ACTIVE CLOPIDOGREL),
     O(INGREDIENTS NOT("do-not-perform"))},
    {"an empty form", NULL, ORDER(ACTIVE "'intent':'order'"), O(NONE NOT("no-medication"))},
    {"a Medication in the file", NULL,
     "[" ORDER(ACTIVE
               "'medicationReference':{'reference':'Medication/m'}") ",{'resourceType':"
                                                                     "'Medication','id':'m','"
                                                                     "code':" RXNORM("32968",
                                                                                     "x") "}]",
     O(INGREDIENTS EVALUATED)},
    {"one that is not there", NULL,
     ORDER(ACTIVE "'medicationReference':{'reference':'Medication/m'}"),
     O(NONE NOT("needs-resource"))},
    {"a contained one that is not there", NULL,
     ORDER(ACTIVE "'medicationReference':{'reference':'#m'}"), O(NONE NOT("needs-resource"))},
    {"ingredients of a Medication", NULL,
     ORDER(ACTIVE "'medicationReference':{'reference':'#m'},'contained':[{'resourceType':"
                  "'Medication','id':'m','ingredient':[{'itemCodeableConcept':" RXNORM(
                      "32968", "x") "},{'itemCodeableConcept':" RXNORM("2670", "y") "}]}]"),
     O("'ingredients':[{'name':'clopidogrel','rxcui':'32968'},{'name':'codeine','rxcui':"
       "'2670'}]," EVALUATED)},
    {"an ingredient that is not there", NULL,
     ORDER(ACTIVE "'medicationReference':{'reference':'#m'},'contained':[{'resourceType':"
                  "'Medication','id':'m','ingredient':[{'itemCodeableConcept':" RXNORM(
                      "32968", "x") "},{'itemReference':{'reference':'Substance/s'}}]}]"),
     O(INGREDIENTS "'evaluate':true,'reason':'ingredient-not-read'")},
    {"a drug that no rule is about", NULL,
     ORDER(ACTIVE "'medicationCodeableConcept':" RXNORM("999999999", "water")),
     O(NAMED("water") EVALUATED)},
    {"a code of a site", NULL,
     ORDER(ACTIVE "'medicationCodeableConcept':{'coding':[{'system':'http://site.example.org',"
                  "'code':'17','display':'water'}]}"),
     O(NAMED("water") "'evaluate':true,'reason':'unresolved-code'")},
    {"a cream", NULL,
     ORDER(ACTIVE "'medicationCodeableConcept':" RXNORM("105583", "fluorouracil cream")),
     O("'ingredients':[{'name':'fluorouracil','rxcui':'4492'}]," NOT("local-form"))},
    {"another patient's", "p2", ORDER(ACTIVE CLOPIDOGREL), ""},
    {"DSTU2", NULL,
     "{'resourceType':'MedicationOrder','id':'o','patient':{'reference':'Patient/"
     "p1'}," ACTIVE CLOPIDOGREL "}",
     "{'resource':'MedicationOrder/o'," INGREDIENTS EVALUATED "}"},
    {"without id", NULL,
     "[{'resourceType':'Patient','id':'p1'},{'resourceType':'MedicationRequest'," ACTIVE
         CLOPIDOGREL "}]",
     "{'resource':'MedicationRequest[1]'," INGREDIENTS EVALUATED "}"},
    {"one alone without selection", NULL,
     REQUEST(DRAFTS(ENTRY(ORDER("'status':'draft'," CLOPIDOGREL))) ",'selections':[]}"),
     O(INGREDIENTS NOT("not-selected"))},
    {"selected", NULL,
     REQUEST(DRAFTS(ENTRY(ORDER("'status':'draft'," CLOPIDOGREL))) ",'selections':"
                                                                   "['MedicationRequest/o']}"),
     O(INGREDIENTS EVALUATED)},
    {"on file beside a request", NULL,
     REQUEST("},'prefetch':{'orders':" BUNDLE(ENTRY(ORDER(ACTIVE CLOPIDOGREL))) "}"),
     O(INGREDIENTS NOT("not-a-draft"))},
};

static void every_order_is_a_row(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(ORDERS); i++)
        check(*state, ORDERS[i].name, ORDERS[i].patient, ORDERS[i].text,
              "{'genes':[],'hla':[],'orders':[", ORDERS[i].want, "],'ignored':[");
}

static void the_text_holds_everything(void **state)
{
    static const char *const WANTED[] = {
        "5 resources: 3 Observation, 2 MedicationRequest\n",
        "  CYP2C19  *2/*2  Poor Metabolizer  [conflict]\n",
        "    phenotype computed from the diplotype\n",
        "    Observation/a: \"*2/*2\", 2024-03-01, Laboratory ?[31m One, a method\n",
        "    warning conflict: ",
        "  CYP2C19  *1/*1  Normal Metabolizer  [conflict]\n",
        "    Observation/b: \"*1/*1\", undated\n",
        "  MedicationRequest/o: clopidogrel (RxNorm 32968); evaluated\n",
        "  MedicationRequest/p: clopidogrel (RxNorm 32968); not evaluated: stopped\n",
        "  Observation/c: status (",
    };
    struct inspection inspection;
    struct err err = {0};
    struct buf text;

    buf_init(&text, TEXT_BYTES_MAX);
    assert_true(read_file(
        &inspection, *state, NULL,
        "[" OBSERVATION("a", P1,
                        FINAL
                        "'performer':[{'display':'Laboratory \\u001b[31m One'}],"
                        "'method':{'text':'a method'}," GENOTYPE("CYP2C19", "*2/*2")) "," //
        OBSERVATION("b", P1, "'status':'final'," GENOTYPE("CYP2C19", "*1/*1")) ","        //
        OBSERVATION("c", P1, "'status':'cancelled'," GENOTYPE("CYP2D6", "*1/*1")) ","     //
        ORDER(ACTIVE CLOPIDOGREL) ",{'resourceType':'MedicationRequest','id':'p','status':"
                                  "'stopped'," CLOPIDOGREL "}]",
        &err));
    inspect_write_text(&inspection, &text);
    for (size_t i = 0; i < ARRAY_LEN(WANTED); i++)
        if (strstr(text.bytes, WANTED[i]) == NULL)
            fail_msg("no \"%s\" in\n%s", WANTED[i], text.bytes);
    assert_null(strchr(text.bytes, '\033'));
    inspect_release(&inspection);
    buf_release(&text);
}

static void the_text_says_where_things_come_from(void **state)
{
    static const char *const WANTED[] = {
        "    Condition/c: \"CYP2C19 poor metabolizer\", undated, not stated by a laboratory\n",
        "  Observation/h: hla-vague (the HLA typing names a group of alleles (one field) or "
        "alternatives, not one allele)\n",
        "  MedicationRequest/o: clopidogrel (RxNorm 32968); evaluated, but for an ingredient "
        "that could not be read: Substance/s\n",
    };
    struct inspection inspection;
    struct err err = {0};
    struct buf text;

    buf_init(&text, TEXT_BYTES_MAX);
    assert_true(read_file(
        &inspection, *state, NULL,
        "[{'resourceType':'Condition','id':'c'," P1
        "'code':{'text':'CYP2C19 poor metabolizer'}}," //
        OBSERVATION("h", P1, FINAL GENOTYPE("HLA-B", "HLA-B*57")) "," ORDER(
            ACTIVE "'medicationReference':{'reference':'#m'},'contained':[{'resourceType':"
                   "'Medication','id':'m','ingredient':[{'itemCodeableConcept':" RXNORM(
                       "32968", "x") "},{'itemReference':{'reference':'Substance/s'}}]}]") "]",
        &err));
    inspect_write_text(&inspection, &text);
    for (size_t i = 0; i < ARRAY_LEN(WANTED); i++)
        if (strstr(text.bytes, WANTED[i]) == NULL)
            fail_msg("no \"%s\" in\n%s", WANTED[i], text.bytes);
    inspect_release(&inspection);
    buf_release(&text);
}

/* Silence must not look like a normal result. */
static void nothing_found_is_not_normal(void **state)
{
    struct inspection inspection;
    struct err err = {0};
    struct buf text;

    buf_init(&text, TEXT_BYTES_MAX);
    assert_true(
        read_file(&inspection, *state, NULL, "{'resourceType':'Bundle','entry':[]}", &err));
    inspect_write_text(&inspection, &text);
    assert_non_null(strstr(text.bytes, "no result was found; that is not a normal result"));
    inspect_release(&inspection);
    buf_release(&text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_every_kind_are_read),
        cmocka_unit_test(files_that_are_none_are_refused),
        cmocka_unit_test(too_many_resources_are_refused),
        cmocka_unit_test(one_patient_has_many_spellings),
        cmocka_unit_test(every_result_is_a_row),
        cmocka_unit_test(hla_alleles_are_told_one_by_one),
        cmocka_unit_test(every_order_is_a_row),
        cmocka_unit_test(the_text_holds_everything),
        cmocka_unit_test(the_text_says_where_things_come_from),
        cmocka_unit_test(nothing_found_is_not_normal),
    };

    return cmocka_run_group_tests(tests, load_knowledge, drop_knowledge);
}
