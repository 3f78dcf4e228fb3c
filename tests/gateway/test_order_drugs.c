/* tests/gateway/test_order_drugs.c -- from an order's codes and words to drugs: the order of
 * trust, dose forms, contradictions, and what is fit to be listed for mapping. */
#include "gateway/hooks/order_drugs.h"
#include "tests/test.h"

#define RXNORM      "http://www.nlm.nih.gov/research/umls/rxnorm"
#define NDC         "http://hl7.org/fhir/sid/ndc"
#define ATC         "http://www.whocc.no/atc"
#define PZN         "http://fhir.de/CodeSystem/ifa/pzn"
#define CODINGS_MAX 5

static struct rules_knowledge *make_knowledge(void)
{
    static const struct {
        const char *drug, *system, *code, *term_type;
        enum rules_form form;
        const char *display;
    } CODES[] = {
        {"fluorouracil", RXNORM, "1", "IN", RULES_FORM_SYSTEMIC, "fluorouracil"},
        {"fluorouracil", RXNORM, "2", "SCD", RULES_FORM_LOCAL, "a cream"},
        {"fluorouracil", RXNORM, "3", "SCD", RULES_FORM_SYSTEMIC, "an injection"},
        {"fluorouracil", RXNORM, "4", "BN", RULES_FORM_LOCAL, "Creambrand"},
        {"fluorouracil", RXNORM, "5", "SCDC", RULES_FORM_SYSTEMIC, "fluorouracil 50 MG/ML"},
        {"fluorouracil", NDC, "00093081001", "SCD", RULES_FORM_SYSTEMIC, "an injection"},
        {"fluorouracil", ATC, "L01BC02", "", RULES_FORM_SYSTEMIC, "fluorouracil"},
        {"fluorouracil", PZN, "01234567", "", RULES_FORM_LOCAL, "a cream of the site"},
        {"codeine", RXNORM, "11", "IN", RULES_FORM_SYSTEMIC, "codeine"},
        {"codeine", RXNORM, "12", "PIN", RULES_FORM_SYSTEMIC, "codeine salt"},
        {"codeine", RXNORM, "20", "GPCK", RULES_FORM_SYSTEMIC, "a pack of both"},
        {"fluorouracil", RXNORM, "20", "GPCK", RULES_FORM_LOCAL, "a pack of both"},
        {"codeine", PZN, "09999999", "", RULES_FORM_SYSTEMIC, "a product of the site"},
    };
    static const char *const DRUGS[] = {"fluorouracil", "codeine"};
    struct rules_knowledge *k = NULL;
    struct rules_release r;
    struct err err = {0};

    rules_release_init(&r);
    r.name = r.version = SLICE("1");
    for (size_t i = 0; i < ARRAY_LEN(DRUGS); i++)
        rules_add_drug(&r)->name = slice_of(DRUGS[i]);
    for (size_t i = 0; i < ARRAY_LEN(CODES); i++)
        *rules_add_drug_code(&r) =
            (struct rules_drug_code){.drug = slice_of(CODES[i].drug),
                                     .system = slice_of(CODES[i].system),
                                     .code = slice_of(CODES[i].code),
                                     .term_type = slice_of(CODES[i].term_type),
                                     .form = CODES[i].form,
                                     .display = slice_of(CODES[i].display),
                                     .source = SLICE("test")};
    assert_ok(rules_knowledge_new(&r, SLICE("0"), &k, &err), &err);
    return k;
}

struct row {
    const char *codes[CODINGS_MAX]; /* "system|code"; "+" in front: of an ingredient */
    const char *text, *form, *route;
    const char *drugs; /* "drug by; ", "(local)" behind a local one */
    bool is_contradictory;
};

static const struct row ROWS[] = {
    {{RXNORM "|1"}, "", "", "", "fluorouracil ingredient; ", false},
    {{"urn:oid:2.16.840.1.113883.6.88|1"}, "", "", "", "fluorouracil ingredient; ", false},
    {{"https://www.nlm.nih.gov/research/umls/rxnorm/| 1 "},
     "",
     "",
     "",
     "fluorouracil ingredient; ",
     false},
    {{RXNORM "|3"}, "", "", "", "fluorouracil product; ", false},
    /* the best of several codes is what it is known by */
    {{ATC "|L01BC02", RXNORM "|3", RXNORM "|1"},
     "",
     "",
     "",
     "fluorouracil ingredient; ",
     false},
    {{PZN "|00000000", ATC "|L01BC02"}, "", "", "", "fluorouracil atc; ", false},
    /* NDCs as they are printed */
    {{NDC "|00093081001"}, "", "", "", "fluorouracil ndc; ", false},
    {{NDC "|0093-0810-01"}, "", "", "", "fluorouracil ndc; ", false},
    {{"urn:oid:2.16.840.1.113883.6.69|0093-0810-01"}, "", "", "", "fluorouracil ndc; ", false},
    {{NDC "|0093081001"}, "", "", "", "", false},
    /* dose forms */
    {{RXNORM "|2"}, "", "", "", "fluorouracil product (local); ", false},
    {{RXNORM "|2", RXNORM "|1"}, "", "", "", "fluorouracil ingredient (local); ", false},
    {{RXNORM "|1"}, "", "", "Topical", "fluorouracil ingredient (local); ", false},
    {{RXNORM "|1"}, "", "cream", "", "fluorouracil ingredient (local); ", false},
    {{RXNORM "|5"}, "", "cream", "", "fluorouracil product (local); ", false},
    {{RXNORM "|3"}, "", "cream", "", "fluorouracil product; ", false},
    {{RXNORM "|4"}, "", "", "", "fluorouracil product (local); ", false},
    {{PZN "|01234567"}, "", "", "", "fluorouracil other (local); ", false},
    {{PZN "|09999999"}, "", "", "", "codeine other; ", false},
    {{RXNORM "|20"}, "", "", "", "codeine product; fluorouracil product (local); ", false},
    /* contradictions and combinations */
    {{RXNORM "|1", RXNORM "|12"},
     "",
     "",
     "",
     "fluorouracil ingredient; codeine ingredient; ",
     true},
    {{RXNORM "|3", RXNORM "|11"},
     "",
     "",
     "",
     "codeine ingredient; fluorouracil product; ",
     true},
    {{RXNORM "|20", RXNORM "|11"},
     "",
     "",
     "",
     "codeine ingredient; fluorouracil product (local); ",
     false},
    {{"+" RXNORM "|1", "+" RXNORM "|11"},
     "",
     "",
     "",
     "fluorouracil ingredient; codeine ingredient; ",
     false},
    {{RXNORM "|99", "+" RXNORM "|11"}, "", "", "", "codeine ingredient; ", false},
    /* words, only without any code */
    {{NULL}, "Codeine", "", "", "codeine text; ", false},
    {{NULL}, "CODEINE SALT", "", "", "codeine text; ", false},
    {{NULL}, "creambrand", "", "", "fluorouracil text (local); ", false},
    {{NULL}, "fluorouracil", "ointment", "", "fluorouracil text (local); ", false},
    {{NULL}, "codeine 30 mg", "", "", "", false},
    {{NULL}, "an injection", "", "", "", false},
    {{NULL}, "", "", "", "", false},
    {{RXNORM "|99"}, "codeine", "", "", "", false},
    {{"|99"}, "codeine", "", "", "", false},
    {{"|1"}, "", "", "", "", false},
    {{RXNORM "|"}, "codeine", "", "", "codeine text; ", false},
    {{"http://example.org|1"}, "", "", "", "", false},
};

static void make_order(const struct row *row, struct fhir_coding *codings,
                       struct fhir_order *ret)
{
    *ret = (struct fhir_order){.codings = codings,
                               .text = slice_of(row->text),
                               .form = slice_of(row->form),
                               .route_text = slice_of(row->route)};
    for (size_t i = 0; i < CODINGS_MAX && row->codes[i] != NULL; i++) {
        struct slice code = slice_of(row->codes[i]), system;
        bool is_ingredient = code.ptr[0] == '+';

        code = slice_from(code, is_ingredient);
        system = slice_cut(code, '|', &code);
        codings[ret->codings_count++] = (struct fhir_coding){
            .system = system, .code = code, .is_ingredient = is_ingredient};
    }
}

static void codes_and_words_name_drugs(void **state)
{
    struct rules_knowledge *k = make_knowledge();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct fhir_coding codings[CODINGS_MAX];
        struct hook_order_drugs found;
        struct fhir_order order;
        struct arena arena;
        struct err err = {0};
        char got[256] = "";

        arena_init(&arena, 1 << 20);
        make_order(&ROWS[i], codings, &order);
        assert_ok(hook_order_drugs_find(&order, k, &arena, &found, &err), &err);
        for (size_t d = 0; d < found.drugs_count; d++) {
            size_t len = strlen(got);

            (void)snprintf(got + len, sizeof got - len, "%.*s %s%s; ",
                           SLICE_ARG(found.drugs[d].drug->name),
                           hook_named_by_name(found.drugs[d].by),
                           found.drugs[d].is_local ? " (local)" : "");
        }
        if (strcmp(got, ROWS[i].drugs) != 0 ||
            found.is_contradictory != ROWS[i].is_contradictory)
            fail_msg("row %zu: got \"%s\"%s, want \"%s\"", i, got,
                     found.is_contradictory ? ", contradictory" : "", ROWS[i].drugs);
        arena_release(&arena);
    }
    rules_knowledge_release(k);
}

/* What is kept of an unknown code can only be a code. */
static void only_codes_are_listed_for_mapping(void **state)
{
    static const struct {
        const char *system, *code, *listed; /* NULL: not listed */
    } CASES[] = {
        {RXNORM, "41493", RXNORM "|41493"},
        {"urn:oid:2.16.840.1.113883.6.88", "41493", RXNORM "|41493"},
        {"urn:oid:1.2.3", " A-1.b_2 ", "urn:oid:1.2.3|A-1.b_2"},
        {"", "123", "|123"},
        {RXNORM, "", NULL},
        {RXNORM, "codeine", NULL},
        {RXNORM, "Example Name 1", NULL},
        {RXNORM, "1,2", NULL},
        {RXNORM, "1\"2", NULL},
        {RXNORM, "1\xc3\xa4", NULL},
        {RXNORM, "12345678901234567890123456789012345678901", NULL},
        {"http://example.org/a b", "1", NULL},
        {"http://example.org/?name=x", "1", NULL},
    };
    struct rules_knowledge *k = make_knowledge();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct fhir_coding coding = {.system = slice_of(CASES[i].system),
                                     .code = slice_of(CASES[i].code)};
        struct slice system, code;
        bool is_listed = hook_code_is_listable(&coding, k, &system, &code);
        char got[256] = "";

        if (is_listed != (CASES[i].listed != NULL))
            fail_msg("%s|%s is %slisted", CASES[i].system, CASES[i].code,
                     is_listed ? "" : "not ");
        if (!is_listed)
            continue;
        (void)snprintf(got, sizeof got, "%.*s|%.*s", SLICE_ARG(system), SLICE_ARG(code));
        assert_string_equal(got, CASES[i].listed);
    }
    rules_knowledge_release(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_and_words_name_drugs),
        cmocka_unit_test(only_codes_are_listed_for_mapping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
