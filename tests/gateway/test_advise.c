/* tests/gateway/test_advise.c -- one line in, its advice out, over the shipped knowledge. */
#include "tests/test.h"

#include "gateway/hooks/advise.h"
#include "gateway/store/snapshot.h"

static struct rules_knowledge *knowledge;

static int load_knowledge(void **state)
{
    struct err err = {0};

    (void)state;
    if (snapshot_from_files("rules/knowledge", &knowledge, &err) == ERR_OK)
        return 0;
    print_error("%s\n", err.text);
    return -1;
}

static int drop_knowledge(void **state)
{
    (void)state;
    rules_knowledge_release(knowledge);
    return 0;
}

struct line {
    const char *text;
    bool is_answered;
    const char *pieces[6]; /* that the answer holds */
    const char *missing;   /* that it must not hold */
};

static void check_line(struct advise *advise, const struct line *line, size_t number)
{
    struct buf text, out;
    size_t len = strlen(line->text);
    bool is_answered;

    buf_init(&text, 65536);
    buf_init(&out, 1024 * 1024);
    buf_add(&text, slice_of(line->text));
    memset(buf_reserve(&text, JSON_PADDING), 0, JSON_PADDING);
    is_answered = advise_line(advise, knowledge, (struct slice){text.bytes, len}, &out);
    buf_add_char(&out, '\0');
    assert_false(buf_failed(&out));
    if (is_answered != line->is_answered)
        fail_msg("row %zu: %s", number, out.bytes);
    for (size_t i = 0; i < ARRAY_LEN(line->pieces) && line->pieces[i] != NULL; i++)
        if (strstr(out.bytes, line->pieces[i]) == NULL)
            fail_msg("row %zu lacks %s: %s", number, line->pieces[i], out.bytes);
    if (line->missing != NULL && strstr(out.bytes, line->missing) != NULL)
        fail_msg("row %zu holds %s: %s", number, line->missing, out.bytes);
    buf_release(&text);
    buf_release(&out);
}

#define CHECK(rows)                                                                            \
    do {                                                                                       \
        struct advise advise_;                                                                 \
                                                                                               \
        advise_init(&advise_);                                                                 \
        for (size_t i_ = 0; i_ < ARRAY_LEN(rows); i_++)                                        \
            check_line(&advise_, &(rows)[i_], i_);                                             \
        advise_release(&advise_);                                                              \
    } while (0)

static const struct line GOOD[] = {
    {"{\"id\":\"1\",\"genes\":{\"CYP2C19\":\"*2/*2\",\"CYP2D6\":\"Poor Metabolizer\"},"
     "\"drug\":\"clopidogrel\",\"context\":{\"age_years\":54,\"population\":\"CVI ACS "
     "PCI\"}}",
     true,
     {"{\"id\":\"1\",\"drug\":\"clopidogrel\",\"recommendations\":[{\"source\":\"CPIC\","
      "\"population\":\"CVI ACS PCI\",\"lookup\":{\"CYP2C19\":\"Poor Metabolizer\"},"
      "\"classification\":\"Strong\",\"alternative\":true,\"dose\":false,\"other\":false",
      "\"certain\":true,\"rule\":\"cpic-clopidogrel-acs-poor\"", "\"card\":{\"uuid\""},
     "CYP2D6"},
    /* without the population: all that may apply */
    {"{\"genes\":{\"CYP2C19\":\"*2/*2\"},\"drug\":\"Clopidogrel\"}",
     true,
     {"\"population\":\"CVI ACS PCI\"", "\"population\":\"NVI\"", "\"certain\":false"},
     "\"id\""},
    /* silence is null */
    {"{\"id\":7,\"genes\":{\"CYP2C19\":\"*1/*1\"},\"drug\":\"clopidogrel\"}",
     true,
     {"{\"id\":7,", "\"alert\":\"none\",\"card\":null}"},
     NULL},
    /* a phenotype does not tell the score: every row that fits, and a note */
    {"{\"genes\":{\"CYP2C9\":\"Intermediate Metabolizer\"},\"drug\":\"celecoxib\"}",
     true,
     {"\"notes\":[\"CYP2C9: phenotype-only\"]", "\"certain\":false"},
     NULL},
    {"{\"genes\":{\"CYP2C9\":\"1.5\"},\"drug\":\"celecoxib\"}",
     true,
     {"\"lookup\":{\"CYP2C9\":\"1.5\"}", "\"certain\":true"},
     "\"certain\":false"},
    /* several keys of one gene; a gene without result is named */
    {"{\"genes\":{\"HLA-B\":[\"*57:01 negative\",\"*15:02 positive\"]},"
     "\"drug\":\"carbamazepine\",\"context\":{\"therapy\":\"naive\"}}",
     true,
     {"\"lookup\":{\"HLA-B\":\"*15:02 positive\",\"HLA-A\":\"No Result\"}",
      "\"missing\":[\"HLA-A\"]", "\"population\":\"CBZ naive\""},
     "CBZ use >3mos"},
    /* by code */
    {"{\"genes\":{},\"drug\":\"RxNorm|32968\"}", true, {"\"drug\":\"clopidogrel\""}, NULL},
    {"{\"genes\":{},\"drug\":\"ATC|B01AC04\"}", true, {"\"drug\":\"clopidogrel\""}, NULL},
    {"{\"genes\":{\"CYP2C19\":\"*2/*2\"},"
     "\"drug\":\"http://www.nlm.nih.gov/research/umls/rxnorm|32968\"}",
     true,
     {"\"drug\":\"clopidogrel\""},
     NULL},
    {"{\"genes\":{\"CYP2C19\":\"*2/"
     "*2\"},\"drug\":\"urn:oid:2.16.840.1.113883.6.88|32968\"}",
     true,
     {"\"drug\":\"clopidogrel\""},
     NULL},
    /* what several genes imply stands beside their names */
    {"{\"genes\":{\"TPMT\":\"*3A/*3A\",\"NUDT15\":\"*1/*1\"},\"drug\":\"mercaptopurine\"}",
     true,
     {"NUDT15: Usual risk of low", "TPMT: Greatly higher risk"},
     NULL},
    /* the patient decides */
    {"{\"genes\":{\"CYP2D6\":\"*4/*4\"},\"drug\":\"atomoxetine\",\"context\":{"
     "\"age_years\":9,\"weight_kg\":31.5,\"sex\":\"male\"}}",
     true,
     {"\"population\":\"pediatrics\"", "\"certain\":true"},
     "\"population\":\"adults\""},
    /* other drugs: told, unless the site wants advice to be looked up by them */
    {"{\"genes\":{\"CYP2D6\":\"*1/*1\"},\"drug\":\"codeine\",\"context\":{"
     "\"comedication\":[\"Paroxetine\",\"a drug that nobody knows\"]}}",
     true,
     {"\"lookup\":{\"CYP2D6\":\"2.0\"}",
      "\"conversions\":[{\"gene\":\"CYP2D6\",\"drug\":\"paroxetine\"", "\"is_applied\":false",
      "\"card\":null"},
     "nobody"},
    /* an estimated dose, for a start only (3.3 mg/d by Gage: exp(0.9751 - 0.3238 + 0.4317 x
     * 1.964 - 0.4008 - 0.00745 x 65 + 0.2029 x 2.5 + 0.0664)) */
    {"{\"genes\":{\"CYP2C9\":\"*1/*3\",\"VKORC1\":\"-1639 AG\"},\"drug\":\"warfarin\","
     "\"context\":{\"age_years\":65,\"height_cm\":172.5,\"weight_kg\":80.5,\"target_inr\":"
     "2.5,"
     "\"therapy\":\"naive\",\"ancestry\":\"european\",\"smoker\":false,\"comedication\":[],"
     "\"population\":\"DVT or PE\",\"rare_alleles_tested\":true,\"rs12777823_a\":false}}",
     true,
     {"\"estimate\":{\"outcome\":\"estimate\",\"mg_per_day\":[\"3.2\"", "Gage 2008: 3.3 mg/d",
      "\"summary\":\"Warfarin: "},
     NULL},
    {"{\"genes\":{\"CYP2C9\":\"*1/*3\",\"VKORC1\":\"-1639 AG\"},\"drug\":\"warfarin\","
     "\"context\":{\"age_years\":65,\"therapy\":\"established\"}}",
     true,
     {"\"estimate\":{\"outcome\":\"not-a-start\"}", "\"card\":null"},
     NULL},
    {"{\"genes\":{\"CYP2C9\":\"*1/*3\",\"VKORC1\":\"-1639 AG\"},\"drug\":\"warfarin\"}",
     true,
     {"\"card\":null"},
     NULL},
    /* no result at all */
    {"{\"genes\":{},\"drug\":\"codeine\",\"context\":null}",
     true,
     {"\"recommendations\":[]", "\"missing\":[\"CYP2D6\"]", "\"card\":null"},
     NULL},
    {"{\"genes\":{\"CYP2D6\":\"No Result\",\"CYP2C19\":\"Poor Metabolizer\"},"
     "\"drug\":\"amitriptyline\"}",
     true,
     {"\"CYP2D6\":\"No Result\"", "\"missing\":[\"CYP2D6\"]"},
     NULL},
};

static void results_and_a_drug_give_recommendations_and_a_card(void **state)
{
    (void)state;
    CHECK(GOOD);
}

static void results_come_in_many_forms(void **state)
{
    static const struct line ROWS[] = {
        /* a phenotype does not tell the score: every row that fits, and a note */
        {"{\"genes\":{\"CYP2C9\":\"Intermediate Metabolizer\"},\"drug\":\"celecoxib\"}",
         true,
         {"\"notes\":[\"CYP2C9: phenotype-only\"]", "\"certain\":false",
          "\"lookup\":{\"CYP2C9\":\"1.0\"}", "\"lookup\":{\"CYP2C9\":\"1.5\"}"},
         "\"lookup\":{\"CYP2C9\":\"2.0\"}"},
        {"{\"genes\":{\"CYP2D6\":\"UM\"},\"drug\":\"codeine\"}",
         true,
         {"\"lookup\":{\"CYP2D6\":\"2.5\"}",
          "\"lookup\":{\"CYP2D6\":\"\xe2\x89\xa5"
          "6.0\"}",
          "\"lookup\":{\"CYP2D6\":\"Ultrarapid Metabolizer\"}"},
         "\"lookup\":{\"CYP2D6\":\"2.25\"}"},
        /* words of laboratories, and a result that says little */
        {"{\"genes\":{\"CYP2C19\":\"PM\"},\"drug\":\"clopidogrel\"}",
         true,
         {"\"lookup\":{\"CYP2C19\":\"Poor Metabolizer\"}", "\"alert\":\"critical\""},
         NULL},
        {"{\"genes\":{\"TPMT\":\"Indeterminate\"},\"drug\":\"azathioprine\"}",
         true,
         {"\"TPMT\":\"Indeterminate\"", "\"missing\":[\"NUDT15\"]"},
         NULL},
        /* results that differ are said to */
        {"{\"genes\":{\"CYP2C19\":[\"*1/*1\",\"*2/*2\"]},\"drug\":\"clopidogrel\"}",
         true,
         {"\"notes\":[\"CYP2C19: conflict\"]", "\"certain\":false"},
         "\"certain\":true"},
        {"{\"genes\":{\"HLA-B\":\"*15:02 negative, *57:01 positive\"},\"drug\":\"abacavir\"}",
         true,
         {"\"lookup\":{\"HLA-B\":\"*57:01 positive\"}"},
         NULL},
        {"{\"genes\":{\"HLA-B\":\"*15:02 positive\"},\"drug\":\"oxcarbazepine\","
         "\"context\":{\"population\":\"oxc use >3mos\"}}",
         true,
         {"\"population\":\"OXC use >3 mos\""},
         "OXC naive"},
        {"{\"genes\":{\"CYP2C9\":\"1.5\"},\"drug\":\"celecoxib\"}",
         true,
         {"\"lookup\":{\"CYP2C9\":\"1.5\"}", "\"certain\":true"},
         "\"certain\":false"},
        /* positions that were reported one by one are one genotype */
        {"{\"genes\":{\"DPYD\":[\"rs3918290 C/T\",\"rs67376798 T/A\",\"rs1801265 A/G\"]},"
         "\"drug\":\"fluorouracil\"}",
         true,
         {"\"lookup\":{\"DPYD\":\"0.5\"}", "\"certain\":true", "\"alert\":\"critical\""},
         "\"certain\":false"},
        {"{\"genes\":{\"DPYD\":[\"c.2846A>T/Reference\",\"c.1905+1G>A/Reference\"]},"
         "\"drug\":\"fluorouracil\"}",
         true,
         {"\"lookup\":{\"DPYD\":\"1.0\"}", "\"lookup\":{\"DPYD\":\"1.5\"}"},
         "\"lookup\":{\"DPYD\":\"0.5\"}"},
        {"{\"genes\":{\"DPYD\":\"rs1801265 A/G\"},\"drug\":\"fluorouracil\"}",
         true,
         {"\"recommendations\":[]", "\"missing\":[\"DPYD\"]", "DPYD: one-position"},
         NULL},
        /* several keys of one gene; a gene without result is named */
        {"{\"genes\":{\"HLA-B\":[\"*57:01 negative\",\"*15:02 positive\"]},"
         "\"drug\":\"carbamazepine\",\"context\":{\"therapy\":\"naive\"}}",
         true,
         {"\"lookup\":{\"HLA-B\":\"*15:02 positive\",\"HLA-A\":\"No Result\"}",
          "\"missing\":[\"HLA-A\"]", "\"population\":\"CBZ naive\""},
         "CBZ use >3mos"},
    };

    (void)state;
    CHECK(ROWS);
}

static const struct line BAD[] = {
    {"secret", false, {"{\"error\":\"JSON: unexpected byte at byte 0\"}"}, "secret"},
    {"[]", false, {"a line is a JSON object"}, NULL},
    {"{\"id\":\"9\",\"gene\":{}}",
     false,
     {"{\"id\":\"9\",\"error\":\"a line has the members"},
     NULL},
    {"{\"genes\":{}}", false, {"drug: a name or"}, NULL},
    {"{\"genes\":{},\"drug\":5}", false, {"drug: a name or"}, NULL},
    {"{\"genes\":{},\"drug\":\"secretdrug\"}", false, {"drug: the name"}, "secretdrug"},
    {"{\"genes\":{},\"drug\":\"x|secret\"}", false, {"drug: the code"}, "secret"},
    {"{\"drug\":\"codeine\"}", false, {"genes: an object"}, NULL},
    {"{\"genes\":[],\"drug\":\"codeine\"}", false, {"genes: an object"}, NULL},
    {"{\"genes\":{\"SECRET\":\"x\"},\"drug\":\"codeine\"}",
     false,
     {"genes: a gene is not known"},
     "SECRET"},
    {"{\"genes\":{\"CYP2D6\":5},\"drug\":\"codeine\"}", false, {"genes: each result"}, NULL},
    {"{\"genes\":{\"CYP2D6\":\" \"},\"drug\":\"codeine\"}",
     false,
     {"genes: each result"},
     NULL},
    {"{\"genes\":{\"CYP2D6\":[[]]},\"drug\":\"codeine\"}", false, {"genes: each result"}, NULL},
    {"{\"genes\":{},\"drug\":\"codeine\",\"context\":[]}", false, {"context: an object"}, NULL},
    {"{\"genes\":{},\"drug\":\"codeine\",\"context\":{\"ageyears\":1}}",
     false,
     {"context: an object"},
     NULL},
    {"{\"genes\":{},\"drug\":\"codeine\",\"context\":{\"age_years\":\"54\"}}",
     false,
     {"context.age_years"},
     NULL},
    {"{\"genes\":{},\"drug\":\"codeine\",\"context\":{\"age_years\":-1}}",
     false,
     {"context.age_years"},
     NULL},
    {"{\"genes\":{},\"drug\":\"codeine\",\"context\":{\"age_years\":151}}",
     false,
     {"context.age_years"},
     NULL},
    {"{\"genes\":{},\"drug\":\"codeine\",\"context\":{\"weight_kg\":1001}}",
     false,
     {"context.weight_kg"},
     NULL},
    {"{\"genes\":{},\"drug\":\"codeine\",\"context\":{\"sex\":\"m\"}}",
     false,
     {"context.sex"},
     NULL},
    {"{\"genes\":{},\"drug\":\"codeine\",\"context\":{\"therapy\":\"new\"}}",
     false,
     {"context.therapy"},
     NULL},
    {"{\"genes\":{},\"drug\":\"clopidogrel\",\"context\":{\"population\":\"secret\"}}",
     false,
     {"context.population: not one of the drug's"},
     "secret"},
    {"{\"genes\":{},\"drug\":\"codeine\",\"context\":{\"comedication\":\"secret\"}}",
     false,
     {"context.comedication: an array"},
     "secret"},
    {"{\"genes\":{},\"drug\":\"codeine\",\"context\":{\"comedication\":[1]}}",
     false,
     {"context.comedication: an array"},
     NULL},
    {"{\"genes\":{},\"drug\":\"codeine\",\"context\":{\"ancestry\":\"secret\"}}",
     false,
     {"context.ancestry: unknown, european"},
     "secret"},
    {"{\"genes\":{},\"drug\":\"codeine\",\"context\":{\"smoker\":\"yes\"}}",
     false,
     {"context.smoker: true or false"},
     NULL},
    {"{\"genes\":{},\"drug\":\"codeine\",\"context\":{\"target_inr\":25}}",
     false,
     {"context.target_inr: a number from 0 to 10"},
     NULL},
    {"{\"genes\":{},\"drug\":\"codeine\",\"drug\":\"codeine\"}", false, {"JSON: "}, NULL},
};

static void bad_lines_are_told_without_their_values(void **state)
{
    (void)state;
    CHECK(BAD);
}

/* The same line gives the same bytes, whatever came before. */
static void a_line_depends_on_nothing_before_it(void **state)
{
    static const char LINE[] = "{\"id\":\"1\",\"genes\":{\"CYP2C19\":\"*2/*2\"},"
                               "\"drug\":\"clopidogrel\"}";
    struct buf text, first, second;
    struct advise advise;

    (void)state;
    advise_init(&advise);
    buf_init(&text, 4096);
    buf_init(&first, 1024 * 1024);
    buf_init(&second, 1024 * 1024);
    buf_add(&text, slice_of(LINE));
    memset(buf_reserve(&text, JSON_PADDING), 0, JSON_PADDING);
    assert_true(advise_line(&advise, knowledge, buf_slice(&text), &first));
    check_line(&advise, &(struct line){.text = "{", .pieces = {"error"}}, 0);
    assert_true(advise_line(&advise, knowledge, buf_slice(&text), &second));
    assert_true(slice_eq(buf_slice(&first), buf_slice(&second)));
    advise_release(&advise);
    buf_release(&text);
    buf_release(&first);
    buf_release(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_and_a_drug_give_recommendations_and_a_card),
        cmocka_unit_test(results_come_in_many_forms),
        cmocka_unit_test(bad_lines_are_told_without_their_values),
        cmocka_unit_test(a_line_depends_on_nothing_before_it),
    };

    return cmocka_run_group_tests(tests, load_knowledge, drop_knowledge);
}
