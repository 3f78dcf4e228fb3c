/* tests/rules/test_knowledge.c -- a snapshot is whole or not there, and finds its rows. */
#include <pthread.h>

#include "tests/rules/small_release.h"

/* One mistake a row: what is done to a good release, and what the error must say. */
#define MISTAKES(X)                                                                            \
    X("release: a name", r->name = SLICE_NONE)                                                 \
    X("source '': the id", r->sources[0].id = SLICE_NONE)                                      \
    X("source tables: publisher", r->sources[0].publisher = SLICE_NONE)                        \
    X("source tables: listed twice",                                                           \
      ADD(r, source, .id = SLICE("tables"), .publisher = SLICE("a"), .title = SLICE("b")))     \
    X("gene 'CYP2C19 ': the symbol", r->genes[0].symbol = SLICE("CYP2C19 "))                   \
    X("gene CYP2C19: unknown source 'x'", r->genes[0].source = SLICE("x"))                     \
    X("gene CYP2D6: listed twice", r->genes[0].symbol = SLICE("CYP2D6"))                       \
    X("method allele_presence and key", r->genes[5].key_kind = RULES_KEY_PHENOTYPE)            \
    X("key activity_score needs", r->genes[0].key_kind = RULES_KEY_ACTIVITY_SCORE)             \
    X("counts_lowest_two needs", r->genes[3].counts_lowest_two = true)                         \
    X("gene CYP2C19: unknown source 'x' of priorities",                                        \
      r->genes[0].priority_source = SLICE("x"))                                                \
    X("gene DPYD: the reference '*1' is not one of", r->genes[2].reference = SLICE("*1"))      \
    X("'Deficient' of G6PD: a priority, but", r->genes[3].priority_source = SLICE_NONE)        \
    X("authority 'DPWG': unknown gene 'X'", r->authorities[0].gene = SLICE("X"))               \
    X("authority of CYP2D6: the name", r->authorities[0].name = SLICE_NONE)                    \
    X("authority DPWG of CYP2D6: unknown source 'x'", r->authorities[0].source = SLICE("x"))   \
    X("authority DPWG of CYP2C19: listed twice", r->authorities[2].gene = SLICE("CYP2C19"))    \
    X("DPWG of CYP2C19: method function_pair has no key activity_score",                       \
      r->authorities[1].key_kind = RULES_KEY_ACTIVITY_SCORE)                                   \
    X("DPWG of CYP2C19: method function_pair has no key allele_status",                        \
      r->authorities[1].key_kind = RULES_KEY_ALLELE_STATUS)                                    \
    X("DPWG of HLA-B: method allele_presence has no", r->authorities[1].gene = SLICE("HLA-B")) \
    X("unknown authority 'KNMP'", r->pair_rules[0].authority = SLICE("KNMP"))                  \
    X("unknown authority 'KNMP'", r->score_rules[0].authority = SLICE("KNMP"))                 \
    X("pair of DPYD: the gene's method is activity_score",                                     \
      r->pair_rules[r->pair_rules_count - 1].authority = SLICE_NONE)                           \
    X("method activity_score has no rules for one allele",                                     \
      r->pair_rules[r->pair_rules_count - 1].second = SLICE_NONE)                              \
    X("'Increased risk': a gene of method haploid has no rules for two alleles",               \
      r->pair_rules[15].second = SLICE("Normal risk"))                                         \
    X("alias 'c.1236G>A' of DPYD: unknown allele 'c.9'",                                       \
      r->allele_aliases[7].marks = SLICE("c.9"))                                               \
    X("'*1/*2' of CYP2C19: a pair, but the gene has no reference",                             \
      ADD(r, allele_alias, .gene = SLICE("CYP2C19"), .alias = SLICE("*1/*2"),                  \
          .allele = SLICE("*2")))                                                              \
    X("alias 'a/' of DPYD: empty or too long", r->allele_aliases[5].alias = SLICE("a/"))       \
    X("of DPYD: names an allele already",                                                      \
      ADD(r, allele_alias, .gene = SLICE("DPYD"), .alias = SLICE("rs67376798 A/rs67376798 T"), \
          .allele = SLICE("Reference")))                                                       \
    X("phenotype 'Normal': unknown gene 'G7PD'", r->phenotypes[13].gene = SLICE("G7PD"))       \
    X("phenotype 'normal' of G6PD: listed twice",                                              \
      ADD(r, phenotype, .gene = SLICE("G6PD"), .name = SLICE("normal")))                       \
    X("phenotype '' of G6PD: the name", r->phenotypes[13].name = SLICE_NONE)                   \
    X("this word is reserved", r->phenotypes[13].name = SLICE("No Result"))                    \
    X("this word is reserved", r->phenotypes[5].name = SLICE("indeterminate"))                 \
    X("allele '*1': unknown gene 'X'", r->alleles[0].gene = SLICE("X"))                        \
    X("allele CYP2C19 *2: listed twice",                                                       \
      ADD(r, allele, .gene = SLICE("CYP2C19"), .name = SLICE("* 2"), .function = SLICE("a")))  \
    X("allele CYP2C19 *2: no function", r->alleles[1].function = SLICE_NONE)                   \
    X("name '' of CYP2C19: empty", r->alleles[1].name = SLICE_NONE)                            \
    X("'*2/*3': a name has no '/'", r->alleles[1].name = SLICE("*2/*3"))                       \
    X("allele CYP2C19 *2: a value", r->alleles[1].has_value = true)                            \
    X("value is not plausible", r->alleles[6].value_x100 = 2001)                               \
    X("value is not plausible", r->alleles[18].is_at_least = true)                             \
    X("HLA-B *57: the name must have two", r->alleles[27].name = SLICE("*57"))                 \
    X("HLA-B *57:01:01: the name must", r->alleles[27].name = SLICE("*57:01:01"))              \
    X("HLA-B: more than 12 alleles", add_alleles(r))                                           \
    X("CYP2D6: more than 12 score ranges", add_ranges(r))                                      \
    X("alias '*2A': unknown gene 'D'", r->allele_aliases[0].gene = SLICE("D"))                 \
    X("alias '*2A' of DPYD: unknown allele 'c.1'", r->allele_aliases[0].allele = SLICE("c.1")) \
    X("alias 'Reference' of DPYD: names", r->allele_aliases[0].alias = SLICE("Reference"))     \
    X("pair 'No function': unknown gene 'X'", r->pair_rules[0].gene = SLICE("X"))              \
    X("pair of CYP2D6: the gene's method is", r->pair_rules[0].gene = SLICE("CYP2D6"))         \
    X("pair of CYP2C19: no allele has the function 'No functon'",                              \
      r->pair_rules[0].first = SLICE("No functon"))                                            \
    X("pair of VKORC1: no allele is called 'T'", r->pair_rules[12].first = SLICE("T"))         \
    X("'No function' decides alone, but is in a pair for Intermediate Metabolizer",            \
      r->pair_rules[0].second = SLICE_NONE)                                                    \
    X("'-1639A': a gene of method genotype has no rules for one allele",                       \
      r->pair_rules[12].second = SLICE_NONE)                                                   \
    X("unknown phenotype 'Poor'", r->pair_rules[0].phenotype = SLICE("Poor"))                  \
    X("pairs of CYP2C19: two rules for the same pair",                                         \
      ADD(r, pair_rule, .gene = SLICE("CYP2C19"), .first = SLICE("Normal function"),           \
          .second = SLICE("No function"), .phenotype = SLICE("Normal Metabolizer")))           \
    X("score range from 0/100: unknown gene 'X'", r->score_rules[0].gene = SLICE("X"))         \
    X("score range of G6PD: the gene's method", r->score_rules[0].gene = SLICE("G6PD"))        \
    X("from 25/100: ends before", r->score_rules[1].to_x100 = 24)                              \
    X("from 125/100: overlaps", r->score_rules[1].to_x100 = 125)                               \
    X("from 25/100: unknown phenotype", r->score_rules[1].phenotype = SLICE("Slow"))           \
    X("drug '': the name", r->drugs[0].name = SLICE_NONE)                                      \
    X("drug codeine: listed twice", r->drugs[5].name = SLICE("codeine"))                       \
    X("drug code codeine: unknown drug 'x'", r->drug_codes[3].drug = SLICE("x"))               \
    X("drug code '' of codeine: system", r->drug_codes[3].code = SLICE_NONE)                   \
    X("drug code combination of codeine: listed twice",                                        \
      r->drug_codes[6].drug = SLICE("codeine"))                                                \
    X("population 'NVI': unknown drug 'x'", r->populations[1].drug = SLICE("x"))               \
    X("population 'NVI' of clopidogrel: no id", r->populations[1].label = SLICE_NONE)          \
    X("population 'CVI ACS PCI' of clopidogrel: listed twice",                                 \
      r->populations[1].id = SLICE("CVI ACS PCI"))                                             \
    X("indication I2*: unknown drug 'x'", r->indications[0].drug = SLICE("x"))                 \
    X("indication I2* of clopidogrel: unknown population 'x'",                                 \
      r->indications[0].population = SLICE("x"))                                               \
    X("indication '' of clopidogrel: system", r->indications[0].code = SLICE_NONE)             \
    X("'*' may only end", r->indications[0].code = SLICE("I*2"))                               \
    X("'*' may only end", r->indications[0].code = SLICE("*"))                                 \
    X("indication I21* of clopidogrel: listed twice", r->indications[0].code = SLICE("I21*"))  \
    X("message '': id or locale", r->messages[0].id = SLICE_NONE)                              \
    X("message m (de): listed twice", r->messages[0].locale = SLICE("de"))                     \
    X("verdict is longer",                                                                     \
      r->messages[0].verdict = SLICE("12345678901234567890123456789012345678901234567890"      \
                                     "123456789012345678901"))                                 \
    X("recommendation 'a b': the id", r->recommendations[0].id = SLICE("a b"))                 \
    X("recommendation clo-acs-poor: unknown drug 'x'",                                         \
      r->recommendations[0].drug = SLICE("x"))                                                 \
    X("drug prasugrel is listed as an alternative",                                            \
      r->recommendations[4].drug = SLICE("prasugrel"))                                         \
    X("recommendation cod-poor: unknown source 'x'",                                           \
      r->recommendations[4].source = SLICE("x"))                                               \
    X("recommendation cod-poor: unknown population 'NVI'",                                     \
      r->recommendations[4].population = SLICE("NVI"))                                         \
    X("recommendation cod-poor: no age from 0 below 0",                                        \
      r->recommendations[4].age_below_years = 0)                                               \
    X("recommendation cod-poor: no English message 'x'",                                       \
      r->recommendations[4].message = SLICE("x"))                                              \
    X("no verdict, but recommendation", r->messages[1].verdict = SLICE_NONE)                   \
    X("recommendation cod-poor: listed twice", r->recommendations[5].id = SLICE("cod-poor"))   \
    X("condition on CYP2C19: unknown recommendation 'x'",                                      \
      r->conditions[0].recommendation = SLICE("x"))                                            \
    X("recommendation clo-acs-poor: unknown gene 'x'", r->conditions[0].gene = SLICE("x"))     \
    X("recommendation clo-normal: key 'Rapid Metabolizer' listed twice",                       \
      r->conditions[2].key = SLICE("Rapid Metabolizer"))                                       \
    X("'Slow' is no phenotype of CYP2C19", r->conditions[0].key = SLICE("Slow"))               \
    X("'Normal' is no phenotype of CYP2C19", r->conditions[0].key = SLICE("Normal"))           \
    X("'Poor Metabolizer' is no activity_score", r->conditions[5].key = r->conditions[0].key)  \
    X("'1.0..0.25' is no activity_score", r->conditions[6].key = SLICE("1.0..0.25"))           \
    X("'0.125' is no activity_score", r->conditions[6].key = SLICE("0.125"))                   \
    X("'*31:01 positive' is no allele_status of HLA-B",                                        \
      r->conditions[16].key = SLICE("*31:01 positive"))                                        \
    X("'*15:02' is no allele_status", r->conditions[16].key = SLICE("*15:02"))                 \
    X("recommendation cod-poor: no condition on a result",                                     \
      r->conditions[5].key = SLICE("No Result"))                                               \
    X("recommendation cod-poor: no condition on a result",                                     \
      r->conditions[5].recommendation = SLICE("cod-low"))                                      \
    X("cod-poor: more than 4 genes", add_genes(r))                                             \
    X("action avoid: unknown recommendation 'x'", r->actions[1].recommendation = SLICE("x"))   \
    X("use_alternative names the unknown drug 'x'", r->actions[0].drug = SLICE("x"))           \
    X("names the drug itself", r->actions[0].drug = SLICE("clopidogrel"))                      \
    X("avoid by 2 to 0 percent", r->actions[1].percent_from = 2)                               \
    X("reduce_dose by 0 to 101 percent",                                                       \
      ADD(r, action, .recommendation = SLICE("cod-poor"), .kind = RULES_ACTION_REDUCE_DOSE,    \
          .percent_to = 101))                                                                  \
    X("limit_dose needs an amount", ADD(r, action, .recommendation = SLICE("cod-poor"),        \
                                        .kind = RULES_ACTION_LIMIT_DOSE, .amount_x100 = 2000)) \
    X("implication of CYP2C19: unknown recommendation",                                        \
      r->implications[0].recommendation = SLICE("x"))                                          \
    X("implication of 'CYP2D6', on which it has no",                                           \
      r->implications[0].gene = SLICE("CYP2D6"))                                               \
    X("no English message 'x'", r->implications[0].message = SLICE("x"))                       \
    X("test '': the name", r->tests[0].name = SLICE_NONE)                                      \
    X("test 'acs poor': unknown drug 'x'", r->tests[0].drug = SLICE("x"))                      \
    X("test 'acs poor': unknown population 'x'", r->tests[0].population = SLICE("x"))          \
    X("test 'acs poor': listed twice", r->tests[1].name = SLICE("acs poor"))                   \
    X("test 'acs poor': unknown recommendation 'x'", r->tests[0].recommendations = SLICE("x")) \
    X("recommendation cod-low is for another drug",                                            \
      r->tests[0].recommendations = SLICE("cod-low"))                                          \
    X("not in order at clo-acs-poor",                                                          \
      r->tests[0].recommendations = SLICE("clo-nvi-poor clo-acs-poor"))                        \
    X("gene CYP2C19 of a test: unknown test 'x'", r->test_genes[0].test = SLICE("x"))          \
    X("test 'acs poor': unknown gene 'x'", r->test_genes[0].gene = SLICE("x"))                 \
    X("no result for gene CYP2C19", r->test_genes[0].result = SLICE_NONE)

static void add_genes(struct rules_release *r)
{
    static const char *const KEYS[][2] = {{"CYP2C19", "Poor Metabolizer"},
                                          {"DPYD", "0.0"},
                                          {"G6PD", "Normal"},
                                          {"VKORC1", "-1639 AA"}};

    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++)
        ADD(r, condition, SLICE("cod-poor"), slice_of(KEYS[i][0]), slice_of(KEYS[i][1]));
}

static void add_alleles(struct rules_release *r)
{
    for (int i = 10; i < 20; i++)
        ADD(r, allele, .gene = SLICE("HLA-B"), .name = arena_printf(&r->arena, "*44:%d", i));
}

static void add_ranges(struct rules_release *r)
{
    r->score_rules[3].to_x100 = 999;
    for (uint32_t i = 1000; i < 1010; i++)
        ADD(r, score_rule, .gene = SLICE("CYP2D6"), .from_x100 = i, .to_x100 = i,
            .phenotype = SLICE("Ultrarapid Metabolizer"));
}

static void make_mistake(size_t number, struct rules_release *r)
{
    size_t i = 0;

#define X(text, ...)                                                                           \
    if (i++ == number) {                                                                       \
        __VA_ARGS__;                                                                           \
        return;                                                                                \
    }
    MISTAKES(X)
#undef X
    fail();
}

static void every_mistake_is_named_and_leaves_the_release_alone(void **state)
{
#define X(text, ...) text,
    static const char *const WANTED[] = {MISTAKES(X)};
#undef X

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(WANTED); i++) {
        struct rules_knowledge *k = NULL;
        struct rules_release r;
        struct err err = {0};
        size_t bytes;

        small_release(&r);
        make_mistake(i, &r);
        bytes = r.arena.bytes_taken;
        if (rules_knowledge_new(&r, SLICE("h"), &k, &err) == ERR_OK)
            fail_msg("mistake %zu was accepted: %s", i, WANTED[i]);
        if (slice_find(slice_of(err.text), slice_of(WANTED[i])) == SIZE_MAX)
            fail_msg("mistake %zu: \"%s\" is not in \"%s\"", i, WANTED[i], err.text);
        assert_null(k);
        assert_int_equal(r.arena.bytes_taken, bytes);
        assert_true(r.genes_count >= 7);
        rules_release_release(&r);
    }
}

static void success_takes_the_release(void **state)
{
    struct rules_knowledge *k = NULL;
    struct rules_release r;
    struct err err = {0};

    (void)state;
    small_release(&r);
    assert_ok(rules_knowledge_new(&r, SLICE("abc"), &k, &err), &err);
    assert_int_equal(r.genes_count, 0);
    assert_int_equal(r.arena.bytes_taken, 0);
    assert_slice_equal(rules_knowledge_hash(k), "abc");
    assert_slice_equal(rules_knowledge_rows(k)->name, "small");
    assert_int_equal(rules_knowledge_rows(k)->genes_count, 9);
    rules_release_release(&r);
    rules_knowledge_retain(k);
    rules_knowledge_release(k);
    assert_slice_equal(rules_find_gene(k, SLICE("CYP2D6"))->symbol, "CYP2D6");
    rules_knowledge_release(k);
    rules_knowledge_release(NULL);
}

static void an_empty_release_is_a_snapshot_without_answers(void **state)
{
    struct rules_knowledge *k = NULL;
    const struct rules_drug_code **codes;
    struct rules_release r;
    struct err err = {0};

    (void)state;
    rules_release_init(&r);
    r.name = r.version = SLICE("1");
    assert_ok(rules_knowledge_new(&r, SLICE_NONE, &k, &err), &err);
    assert_null(rules_find_gene(k, SLICE("CYP2D6")));
    assert_null(rules_find_drug(k, SLICE_NONE));
    assert_int_equal(rules_find_drugs_by_code(k, SLICE("a"), SLICE("b"), &codes), 0);
    rules_knowledge_release(k);
}

static void rows_are_found_by_name(void **state)
{
    struct rules_knowledge *k = small_knowledge();

    (void)state;
    assert_slice_equal(rules_find_gene(k, SLICE("HLA-B"))->symbol, "HLA-B");
    assert_null(rules_find_gene(k, SLICE("hla-b")));
    assert_slice_equal(rules_find_drug(k, SLICE("prasugrel"))->rxcui, "613391");
    assert_null(rules_find_drug(k, SLICE("aspirin")));
    assert_slice_equal(rules_find_source(k, SLICE("tables"))->publisher, "CPIC");
    assert_null(rules_find_source(k, SLICE("")));
    assert_slice_equal(
        rules_phenotype_abbreviation(k, SLICE("CYP2C19"), SLICE("Poor Metabolizer")), "PM");
    assert_slice_equal(
        rules_phenotype_abbreviation(k, SLICE("DPYD"), SLICE("Poor Metabolizer")),
        "Poor Metabolizer");
    assert_slice_equal(rules_phenotype_abbreviation(k, SLICE("X"), SLICE("Other")), "Other");
    rules_knowledge_release(k);
}

static void a_message_falls_back_to_the_language_and_to_english(void **state)
{
    static const char *const ROWS[][2] = {
        {"en", "avoid"},        {"de", "vermeiden"}, {"DE", "vermeiden"},
        {"de-AT", "vermeiden"}, {"fr", "avoid"},     {"", "avoid"},
    };
    struct rules_knowledge *k = small_knowledge();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        assert_slice_equal(rules_find_message(k, SLICE("m"), slice_of(ROWS[i][0]))->verdict,
                           ROWS[i][1]);
    assert_null(rules_find_message(k, SLICE("x"), SLICE("en")));
    rules_knowledge_release(k);
}

/* Codeine has codes in both systems, voriconazole in one. */
static void assert_codes_are_known_by_system(const struct rules_knowledge *k)
{
    const struct slice *systems;

    assert_int_equal(rules_code_systems(k, &systems), 2);
    assert_slice_equal(systems[0], "http://example.org/atc");
    assert_true(rules_drug_has_code_in(k, rules_find_drug(k, SLICE("codeine")), 0));
    assert_true(rules_drug_has_code_in(k, rules_find_drug(k, SLICE("codeine")), 1));
    assert_true(rules_drug_has_code_in(k, rules_find_drug(k, SLICE("voriconazole")), 0));
    assert_false(rules_drug_has_code_in(k, rules_find_drug(k, SLICE("voriconazole")), 1));
    assert_false(rules_drug_has_code_in(k, rules_find_drug(k, SLICE("prasugrel")), 0));
}

static void a_code_finds_all_its_drugs(void **state)
{
    struct rules_knowledge *k = small_knowledge();
    const struct rules_drug_code **codes = NULL;

    (void)state;
    assert_codes_are_known_by_system(k);
    assert_int_equal(rules_find_drugs_by_code(k, SLICE("http://example.org/rxnorm"),
                                              SLICE("combination"), &codes),
                     2);
    assert_slice_equal(codes[0]->drug, "clopidogrel");
    assert_slice_equal(codes[1]->drug, "codeine");
    assert_int_equal(rules_find_drugs_by_code(k, SLICE("http://example.org/atc"),
                                              SLICE("voriconazole"), &codes),
                     1);
    assert_slice_equal(codes[0]->drug, "voriconazole");
    assert_int_equal(rules_find_drugs_by_code(k, SLICE("http://example.org/rxnorm"),
                                              SLICE("codeine"), &codes),
                     0);
    rules_knowledge_release(k);
}

static void children_of_a_row_stand_together(void **state)
{
    struct rules_knowledge *k = small_knowledge();
    const struct rules_release *rows = rules_knowledge_rows(k);
    const struct rules_drug *clopidogrel = rules_find_drug(k, SLICE("clopidogrel"));
    const struct rules_implication *implications;
    const struct rules_population *populations;
    const struct rules_action *actions;
    const struct rules_gene **genes;

    (void)state;
    for (size_t i = 0; i < rows->recommendations_count; i++) {
        bool is_acs = slice_eq_text(rows->recommendations[i].id, "clo-acs-poor");

        assert_int_equal(rules_actions_of(k, &rows->recommendations[i], &actions),
                         is_acs ? 2 : 0);
        if (is_acs) {
            assert_int_equal(actions[0].kind, RULES_ACTION_USE_ALTERNATIVE);
            assert_int_equal(actions[1].kind, RULES_ACTION_AVOID);
        }
        assert_int_equal(rules_implications_of(k, &rows->recommendations[i], &implications),
                         is_acs ? 1 : 0);
    }
    assert_int_equal(rules_populations_of(k, clopidogrel, &populations), 2);
    assert_slice_equal(populations[1].id, "NVI");
    assert_int_equal(rules_genes_of_drug(k, clopidogrel, &genes), 1);
    assert_int_equal(rules_genes_of_drug(k, rules_find_drug(k, SLICE("amitriptyline")), &genes),
                     2);
    assert_slice_equal(genes[0]->symbol, "CYP2C19");
    assert_slice_equal(genes[1]->symbol, "CYP2D6");
    assert_int_equal(rules_genes_of_drug(k, rules_find_drug(k, SLICE("prasugrel")), &genes), 0);
    assert_false(rules_drug_needs(k, clopidogrel).age);
    assert_true(rules_drug_needs(k, rules_find_drug(k, SLICE("voriconazole"))).age);
    rules_knowledge_release(k);
}

static void the_most_specific_reason_decides(void **state)
{
    static const struct {
        const char *system, *code, *want;
    } ROWS[] = {
        {"http://hl7.org/fhir/sid/icd-10-cm", "I21.4", "CVI ACS PCI"},
        {"http://hl7.org/fhir/sid/icd-10-cm", "I21", "CVI ACS PCI"},
        {"http://hl7.org/fhir/sid/icd-10-cm", "I20.0", "CVI ACS PCI"},
        {"http://hl7.org/fhir/sid/icd-10-cm", "I21.9", "NVI"},
        {"http://hl7.org/fhir/sid/icd-10", "I63.9", "NVI"},
        {"http://hl7.org/fhir/sid/icd-10-cm", "I63.9", NULL},
        {"http://hl7.org/fhir/sid/icd-10-cm", "I", NULL},
        {"http://hl7.org/fhir/sid/icd-10-cm", "", NULL},
        {"", "I21", NULL},
    };
    struct rules_knowledge *k = small_knowledge();
    const struct rules_drug *drug = rules_find_drug(k, SLICE("clopidogrel"));

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        const struct rules_population *p =
            rules_find_population(k, drug, slice_of(ROWS[i].system), slice_of(ROWS[i].code));

        if (ROWS[i].want == NULL)
            assert_null(p);
        else
            assert_slice_equal(p->id, ROWS[i].want);
    }
    assert_null(rules_find_population(k, rules_find_drug(k, SLICE("codeine")),
                                      SLICE("http://hl7.org/fhir/sid/icd-10"), SLICE("I63")));
    rules_knowledge_release(k);
}

static void the_order_of_rows_does_not_change_the_snapshot(void **state)
{
    struct rules_knowledge *a = small_knowledge(), *b = NULL;
    struct rules_release r;
    struct err err = {0};

    (void)state;
    small_release(&r);
    for (size_t i = 0, j = r.alleles_count; i + 1 < j; i++) {
        struct rules_allele swap = r.alleles[i];

        r.alleles[i] = r.alleles[--j];
        r.alleles[j] = swap;
    }
    assert_ok(rules_knowledge_new(&r, SLICE("h"), &b, &err), &err);
    for (size_t i = 0; i < rules_knowledge_rows(a)->alleles_count; i++) {
        const struct rules_allele *x = &rules_knowledge_rows(a)->alleles[i];
        const struct rules_allele *y = &rules_knowledge_rows(b)->alleles[i];

        assert_true(slice_eq(x->name, y->name) && slice_eq(x->gene, y->gene));
    }
    rules_knowledge_release(a);
    rules_knowledge_release(b);
}

/* Takes memory away at many places; nothing may leak or be half built. */
static void memory_may_end_anywhere(void **state)
{
    struct rules_knowledge *k = NULL;
    struct rules_release r;
    size_t failures = 0;

    (void)state;
    small_release(&r);
    for (size_t bytes_max = 0; k == NULL; bytes_max += 256, failures++) {
        struct err err = {0};

        r.arena.bytes_max = bytes_max;
        if (rules_knowledge_new(&r, SLICE("h"), &k, &err) == ERR_OK)
            break;
        assert_int_equal(err.code, ERR_NOMEM);
        assert_int_equal(r.genes_count, 9);
    }
    assert_in_range(failures, 10, 10000);
    assert_int_equal(r.genes_count, 0);
    rules_knowledge_release(k);
    rules_release_release(&r);
}

static void *retain_and_release(void *k)
{
    for (int i = 0; i < 100000; i++) {
        rules_knowledge_retain(k);
        if (rules_find_gene(k, SLICE("CYP2C19")) == NULL)
            return NULL;
        rules_knowledge_release(k);
    }
    return k;
}

static void threads_may_share_a_snapshot(void **state)
{
    struct rules_knowledge *k = small_knowledge();
    pthread_t threads[4];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, retain_and_release, k), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        void *done = NULL;

        assert_int_equal(pthread_join(threads[i], &done), 0);
        assert_ptr_equal(done, k);
    }
    rules_knowledge_release(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mistake_is_named_and_leaves_the_release_alone),
        cmocka_unit_test(success_takes_the_release),
        cmocka_unit_test(an_empty_release_is_a_snapshot_without_answers),
        cmocka_unit_test(rows_are_found_by_name),
        cmocka_unit_test(a_message_falls_back_to_the_language_and_to_english),
        cmocka_unit_test(a_code_finds_all_its_drugs),
        cmocka_unit_test(children_of_a_row_stand_together),
        cmocka_unit_test(the_most_specific_reason_decides),
        cmocka_unit_test(the_order_of_rows_does_not_change_the_snapshot),
        cmocka_unit_test(memory_may_end_anywhere),
        cmocka_unit_test(threads_may_share_a_snapshot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
