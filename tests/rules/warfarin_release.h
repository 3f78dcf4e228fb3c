/* tests/rules/warfarin_release.h -- a release that knows warfarin, and patients in short.
 *
 * The numbers are those of the papers (PMID 18305455, 19228618, 28198005), written down here
 * once more, so that they do not follow a mistake in rules/knowledge.
 */
#ifndef TESTS_RULES_WARFARIN_RELEASE_H
#define TESTS_RULES_WARFARIN_RELEASE_H

#include "rules/warfarin.h"
#include "tests/rules/small_release.h"

static const char *const WARFARIN_TERMS[][3] = {
    {"gage", "intercept", "0.9751"},
    {"gage", "vkorc1_a_alleles", "-0.3238"},
    {"gage", "bsa_m2", "0.4317"},
    {"gage", "cyp2c9_star3_alleles", "-0.4008"},
    {"gage", "age_years", "-0.00745"},
    {"gage", "cyp2c9_star2_alleles", "-0.2066"},
    {"gage", "target_inr", "0.2029"},
    {"gage", "amiodarone", "-0.2538"},
    {"gage", "smoker", "0.0922"},
    {"gage", "african_american", "-0.0901"},
    {"gage", "dvt_or_pe", "0.0664"},
    {"iwpc", "intercept", "5.6044"},
    {"iwpc", "age_decades", "-0.2614"},
    {"iwpc", "height_cm", "0.0087"},
    {"iwpc", "weight_kg", "0.0128"},
    {"iwpc", "vkorc1_ag", "-0.8677"},
    {"iwpc", "vkorc1_aa", "-1.6974"},
    {"iwpc", "cyp2c9_star1_star2", "-0.5211"},
    {"iwpc", "cyp2c9_star1_star3", "-0.9357"},
    {"iwpc", "cyp2c9_star2_star2", "-1.0616"},
    {"iwpc", "cyp2c9_star2_star3", "-1.9206"},
    {"iwpc", "cyp2c9_star3_star3", "-2.3312"},
    {"iwpc", "asian", "-0.1092"},
    {"iwpc", "black", "-0.276"},
    {"iwpc", "missing_or_mixed_race", "-0.1032"},
    {"iwpc", "enzyme_inducer", "1.1816"},
    {"iwpc", "amiodarone", "-0.5503"},
    {"cpic", "rare_carrier_percent_from", "-30"},
    {"cpic", "rare_carrier_percent_to", "-15"},
    {"cpic", "rare_homozygote_percent_from", "-40"},
    {"cpic", "rare_homozygote_percent_to", "-20"},
    {"cpic", "cyp4f2_t_carrier_percent_from", "5"},
    {"cpic", "cyp4f2_t_carrier_percent_to", "10"},
    {"cpic", "rs12777823_a_carrier_percent_from", "-25"},
    {"cpic", "rs12777823_a_carrier_percent_to", "-10"},
};

static inline void warfarin_genes(struct rules_release *r)
{
    static const struct {
        const char *name, *function;
        int value_x100;
    } CYP2C9[] = {
        {"*1", "Normal function", 100}, {"*2", "Decreased function", 50},
        {"*3", "No function", 0},       {"*5", "Decreased function", 50},
        {"*6", "No function", 0},       {"*8", "Decreased function", 50},
        {"*9", "Normal function", 100}, {"*11", "Decreased function", 50},
        {"*13", "No function", 0},      {"*7", "Uncertain function", -1},
    };
    static const char *const OTHERS[][3] = {
        {"VKORC1", "rs9923231 reference (C)", "Normal"},
        {"VKORC1", "rs9923231 variant (T)", "Higher"},
        {"CYP4F2", "*1", "C"},
        {"CYP4F2", "*3", "T"},
        {"CYP4F2", "*4", "T"},
    };
    static const char *const PAIRS[][4] = {
        {"VKORC1", "Normal", "Normal", "-1639 GG"}, {"VKORC1", "Normal", "Higher", "-1639 AG"},
        {"VKORC1", "Higher", "Higher", "-1639 AA"}, {"CYP4F2", "C", "C", "rs2108622 CC"},
        {"CYP4F2", "C", "T", "rs2108622 CT"},       {"CYP4F2", "T", "T", "rs2108622 TT"},
    };

    ADD(r, gene, .symbol = SLICE("CYP2C9"), .method = RULES_METHOD_ACTIVITY_SCORE,
        .key_kind = RULES_KEY_ACTIVITY_SCORE, .source = SLICE("tables"));
    ADD(r, gene, .symbol = SLICE("VKORC1"), .method = RULES_METHOD_FUNCTION_PAIR,
        .source = SLICE("tables"));
    ADD(r, gene, .symbol = SLICE("CYP4F2"), .method = RULES_METHOD_FUNCTION_PAIR,
        .source = SLICE("tables"));
    for (size_t i = 0; i < ARRAY_LEN(CYP2C9); i++)
        ADD(r, allele, .gene = SLICE("CYP2C9"), .name = slice_of(CYP2C9[i].name),
            .function = slice_of(CYP2C9[i].function), .has_value = CYP2C9[i].value_x100 >= 0,
            .value_x100 = CYP2C9[i].value_x100 < 0 ? 0 : (uint32_t)CYP2C9[i].value_x100);
    for (size_t i = 0; i < ARRAY_LEN(OTHERS); i++)
        ADD(r, allele, .gene = slice_of(OTHERS[i][0]), .name = slice_of(OTHERS[i][1]),
            .function = slice_of(OTHERS[i][2]));
    for (size_t i = 0; i < ARRAY_LEN(PAIRS); i++) {
        ADD(r, phenotype, .gene = slice_of(PAIRS[i][0]), .name = slice_of(PAIRS[i][3]));
        ADD(r, pair_rule, .gene = slice_of(PAIRS[i][0]), .first = slice_of(PAIRS[i][1]),
            .second = slice_of(PAIRS[i][2]), .phenotype = slice_of(PAIRS[i][3]));
    }
    ADD(r, phenotype, .gene = SLICE("CYP2C9"), .name = SLICE("Poor Metabolizer"));
    ADD(r, phenotype, .gene = SLICE("CYP2C9"), .name = SLICE("Intermediate Metabolizer"));
    ADD(r, phenotype, .gene = SLICE("CYP2C9"), .name = SLICE("Normal Metabolizer"));
    ADD(r, score_rule, .gene = SLICE("CYP2C9"), .from_x100 = 0, .to_x100 = 99,
        .phenotype = SLICE("Poor Metabolizer"));
    ADD(r, score_rule, .gene = SLICE("CYP2C9"), .from_x100 = 100, .to_x100 = 199,
        .phenotype = SLICE("Intermediate Metabolizer"));
    ADD(r, score_rule, .gene = SLICE("CYP2C9"), .from_x100 = 200, .to_x100 = RULES_SCORE_NO_MAX,
        .phenotype = SLICE("Normal Metabolizer"));
}

static inline void warfarin_release(struct rules_release *r)
{
    static const char *const MODELS[][3] = {
        {"gage", "Gage et al.", "18305455"},
        {"iwpc", "IWPC", "19228618"},
        {"cpic", "CPIC", "28198005 21900891"},
        {"tables", "CPIC", ""},
    };

    rules_release_init(r);
    r->name = SLICE("warfarin");
    r->version = SLICE("1");
    r->developer = SLICE("the test");
    for (size_t i = 0; i < ARRAY_LEN(MODELS); i++)
        ADD(r, source, .id = slice_of(MODELS[i][0]), .publisher = slice_of(MODELS[i][1]),
            .title = SLICE("A title"), .year = SLICE("2017"), .pmids = slice_of(MODELS[i][2]));
    warfarin_genes(r);
    for (size_t i = 0; i < ARRAY_LEN(WARFARIN_TERMS); i++)
        ADD(r, algorithm_term, SLICE("warfarin"), slice_of(WARFARIN_TERMS[i][0]),
            slice_of(WARFARIN_TERMS[i][1]), slice_of(WARFARIN_TERMS[i][2]),
            slice_of(WARFARIN_TERMS[i][0]));
    ADD(r, algorithm_gene, SLICE("warfarin"), SLICE("VKORC1"));
    ADD(r, algorithm_gene, SLICE("warfarin"), SLICE("CYP2C9"));
    ADD(r, algorithm_gene, SLICE("warfarin"), SLICE("CYP4F2"));
    ADD(r, drug, .name = SLICE("warfarin"), .rxcui = SLICE("11289"));
    ADD(r, drug, .name = SLICE("other"), .is_alternative_only = true);
    ADD(r, drug_algorithm, SLICE("warfarin"), SLICE("warfarin"));
}

static inline struct rules_knowledge *warfarin_knowledge(void)
{
    struct rules_knowledge *k = NULL;
    struct rules_release r;
    struct err err = {0};

    warfarin_release(&r);
    assert_ok(rules_knowledge_new(&r, SLICE("hash"), &k, &err), &err);
    rules_release_release(&r);
    return k;
}

/* Records separated by '|': alleles as "*1/ *3" (without the blank), or a stated phenotype
 * behind '='. "": no result, and NULL is returned. */
static inline const struct rules_gene_result *warfarin_result(const struct rules_knowledge *k,
                                                              const char *gene,
                                                              const char *text,
                                                              struct arena *arena)
{
    struct rules_gene_result *result = arena_new(arena, struct rules_gene_result);
    struct rules_evidence *evidence = arena_array(arena, 4, sizeof *evidence);
    struct slice rest = slice_of(text);
    struct err err = {0};
    size_t count = 0;

    assert_true(result != NULL && evidence != NULL);
    for (; rest.len > 0; count++) {
        struct slice record = slice_cut(rest, '|', &rest);
        struct rules_evidence *e = &evidence[count];

        assert_true(count < 4);
        e->gene = slice_of(gene);
        if (record.ptr[0] == '=')
            e->phenotype = slice_from(record, 1);
        else
            while (record.len > 0)
                e->alleles[e->alleles_count++] = slice_cut(record, '/', &record);
        e->is_single_allele = e->alleles_count == 1;
    }
    if (count == 0)
        return NULL;
    assert_ok(rules_resolve_gene(k, rules_find_gene(k, slice_of(gene)), evidence, count, arena,
                                 result, &err),
              &err);
    return result;
}

/* Someone of 60 years, 170 cm, 70 kg, of European ancestry, CYP2C9 *1 twice, VKORC1 GG, CYP4F2
 * CC, with a target INR of 2.5 and none of the conditions, who does not take warfarin yet; what
 * is zero here is so. U: not known. */
enum { U = -1, Y = 1 };
struct patient {
    int age, height_cm, weight_kg, inr_x100;
    char ancestry; /* 'A'sian, a'F'rican, 'O'ther, 'U'nknown */
    const char *cyp2c9, *vkorc1, *cyp4f2;
    int tested, rs12777823, amiodarone, inducer, smoker, dvt_pe;
    int taken, child; /* child: Y, U; asked when the age is U */
};

static inline enum rules_answer answer_for(int short_answer)
{
    return short_answer == U   ? RULES_ANSWER_UNKNOWN
           : short_answer == Y ? RULES_ANSWER_YES
                               : RULES_ANSWER_NO;
}

static inline enum rules_ancestry ancestry_for(char letter)
{
    return letter == 'A'   ? RULES_ANCESTRY_ASIAN
           : letter == 'F' ? RULES_ANCESTRY_AFRICAN
           : letter == 'O' ? RULES_ANCESTRY_OTHER
           : letter == 'U' ? RULES_ANCESTRY_UNKNOWN
                           : RULES_ANCESTRY_EUROPEAN;
}

static inline uint32_t or_else(int value, uint32_t usual)
{
    return value > 0 ? (uint32_t)value : usual;
}

static inline struct rules_warfarin_input
warfarin_input(const struct rules_knowledge *k, const struct patient *p, struct arena *arena)
{
    return (struct rules_warfarin_input){
        .is_new_start = p->taken == U   ? RULES_ANSWER_UNKNOWN
                        : p->taken == Y ? RULES_ANSWER_NO
                                        : RULES_ANSWER_YES,
        .has_age = p->age != U,
        .has_height = p->height_cm != U,
        .has_weight = p->weight_kg != U,
        .has_target_inr = p->inr_x100 != U,
        .age_years = or_else(p->age, 60),
        .height_x100 = or_else(p->height_cm, 170) * 100,
        .weight_x100 = or_else(p->weight_kg, 70) * 100,
        .target_inr_x100 = or_else(p->inr_x100, 250),
        .is_child = answer_for(p->child),
        .ancestry = ancestry_for(p->ancestry),
        .cyp2c9 = warfarin_result(k, "CYP2C9", p->cyp2c9 == NULL ? "*1/*1" : p->cyp2c9, arena),
        .vkorc1 =
            warfarin_result(k, "VKORC1", p->vkorc1 == NULL ? "=-1639 GG" : p->vkorc1, arena),
        .cyp4f2 = warfarin_result(k, "CYP4F2", p->cyp4f2 == NULL ? "*1/*1" : p->cyp4f2, arena),
        .rare_alleles_tested = answer_for(p->tested),
        .rs12777823_a = answer_for(p->rs12777823),
        .amiodarone = answer_for(p->amiodarone),
        .enzyme_inducer = answer_for(p->inducer),
        .smoker = answer_for(p->smoker),
        .dvt_or_pe = answer_for(p->dvt_pe),
    };
}

#endif
