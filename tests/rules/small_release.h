/* tests/rules/small_release.h -- a release that is small enough to read and holds every kind of
 * gene; facts are CPIC's, wording and ids are the test's own.
 */
#ifndef TESTS_RULES_SMALL_RELEASE_H
#define TESTS_RULES_SMALL_RELEASE_H

#include "rules/evaluate.h"
#include "tests/test.h"

#define ADD(release, type, ...)                                                                \
    do {                                                                                       \
        struct rules_##type *row_ = rules_add_##type(release);                                 \
        assert_non_null(row_);                                                                 \
        *row_ = (struct rules_##type){__VA_ARGS__};                                            \
    } while (0)

static inline void small_genes(struct rules_release *r)
{
    static const struct {
        const char *symbol;
        enum rules_method method;
        enum rules_key_kind key;
    } GENES[] = {
        {"CYP2C19", RULES_METHOD_FUNCTION_PAIR, RULES_KEY_PHENOTYPE},
        {"CYP2D6", RULES_METHOD_ACTIVITY_SCORE, RULES_KEY_ACTIVITY_SCORE},
        {"DPYD", RULES_METHOD_ACTIVITY_SCORE, RULES_KEY_ACTIVITY_SCORE},
        {"G6PD", RULES_METHOD_SEX_LINKED, RULES_KEY_PHENOTYPE},
        {"HLA-A", RULES_METHOD_ALLELE_PRESENCE, RULES_KEY_ALLELE_STATUS},
        {"HLA-B", RULES_METHOD_ALLELE_PRESENCE, RULES_KEY_ALLELE_STATUS},
        {"VKORC1", RULES_METHOD_GENOTYPE, RULES_KEY_PHENOTYPE},
        {"MT-RNR1", RULES_METHOD_HAPLOID, RULES_KEY_PHENOTYPE},
        {"RYR1", RULES_METHOD_FUNCTION_PAIR, RULES_KEY_PHENOTYPE},
    };
    static const char *const VARIANT_GENES[] = {"DPYD", "MT-RNR1", "RYR1"};

    for (size_t i = 0; i < ARRAY_LEN(GENES); i++)
        ADD(r, gene, .symbol = slice_of(GENES[i].symbol), .method = GENES[i].method,
            .key_kind = GENES[i].key, .source = SLICE("tables"),
            .counts_lowest_two = slice_eq_text(SLICE("DPYD"), GENES[i].symbol) ||
                                 slice_eq_text(SLICE("RYR1"), GENES[i].symbol),
            .priority_source = SLICE("tables"));
    for (size_t i = 0; i < r->genes_count; i++)
        for (size_t j = 0; j < ARRAY_LEN(VARIANT_GENES); j++)
            if (slice_eq_text(r->genes[i].symbol, VARIANT_GENES[j]))
                r->genes[i].reference = SLICE("Reference");
    ADD(r, authority, .gene = SLICE("CYP2D6"), .name = SLICE("DPWG"),
        .key_kind = RULES_KEY_ACTIVITY_SCORE, .source = SLICE("tables"));
    ADD(r, authority, .gene = SLICE("CYP2C19"), .name = SLICE("DPWG"),
        .key_kind = RULES_KEY_PHENOTYPE, .source = SLICE("tables"));
    ADD(r, authority, .gene = SLICE("DPYD"), .name = SLICE("DPWG"),
        .key_kind = RULES_KEY_PHENOTYPE, .source = SLICE("tables"));
}

/* value in hundredths; -1: none; 1000 more: at least */
static const struct {
    const char *gene, *name, *function;
    int value_x100;
} SMALL_ALLELES[] = {
    {"CYP2C19", "*1", "Normal function", -1},
    {"CYP2C19", "*2", "No function", -1},
    {"CYP2C19", "*3", "No function", -1},
    {"CYP2C19", "*4", "No function", -1},
    {"CYP2C19", "*12", "Uncertain function", -1},
    {"CYP2C19", "*17", "Increased function", -1},
    {"CYP2D6", "*1", "Normal function", 100},
    {"CYP2D6", "*1x2", "Increased function", 200},
    {"CYP2D6", "*1x\u22653", "Increased function", 1300},
    {"CYP2D6", "*2", "Normal function", 100},
    {"CYP2D6", "*2x2", "Increased function", 200},
    {"CYP2D6", "*4", "No function", 0},
    {"CYP2D6", "*4x2", "No function", 0},
    {"CYP2D6", "*5", "No function", 0},
    {"CYP2D6", "*10", "Decreased function", 25},
    {"CYP2D6", "*36 + *10", "Decreased function", 25},
    {"CYP2D6", "*41", "Decreased function", 25},
    {"CYP2D6", "*41x2", "Decreased function", 50},
    {"CYP2D6", "*22", "Uncertain function", -1},
    {"DPYD", "Reference", "Normal function", 100},
    {"DPYD", "c.85T>C (*9A)", "Normal function", 100},
    {"DPYD", "c.1905+1G>A (*2A)", "No function", 0},
    {"DPYD", "c.2846A>T", "Decreased function", 50},
    {"G6PD", "B (reference)", "IV/Normal", -1},
    {"G6PD", "Mediterranean, Dallas", "II/Deficient", -1},
    {"HLA-A", "*31:01", "", -1},
    {"HLA-B", "*15:02", "", -1},
    {"HLA-B", "*57:01", "", -1},
    {"HLA-B", "*58:01", "", -1},
    {"VKORC1", "rs9923231 reference (C)", "", -1},
    {"VKORC1", "rs9923231 variant (T)", "", -1},
    {"DPYD", "c.1129-5923C>G", "Decreased function", 50},
    {"DPYD", "c.1129-5923C>G, c.1236G>A (HapB3)", "Decreased function", 50},
    {"MT-RNR1", "Reference", "Normal risk", -1},
    {"MT-RNR1", "m.1555A>G", "Increased risk", -1},
    {"MT-RNR1", "m.663A>G", "Uncertain risk", -1},
    {"RYR1", "Reference", "Normal function", -1},
    {"RYR1", "c.38T>G", "Malignant Hyperthermia associated", -1},
    {"RYR1", "c.97A>G", "Malignant Hyperthermia associated", -1},
    {"RYR1", "c.119G>C", "Uncertain function", -1},
    {"RYR1", "c.418G>A", "Normal function", -1},
};

static inline void small_alleles(struct rules_release *r)
{
    static const char *const ALIASES[][4] = {
        {"DPYD", "*2A", "c.1905+1G>A (*2A)"},
        {"DPYD", "c.1905+1G>A", "c.1905+1G>A (*2A)"},
        {"VKORC1", "-1639A", "rs9923231 variant (T)"},
        {"VKORC1", "-1639G", "rs9923231 reference (C)"},
        {"DPYD", "rs67376798", "c.2846A>T"},
        {"DPYD", "rs67376798 T/rs67376798 A", "c.2846A>T"},
        {"DPYD", "HapB3", "c.1129-5923C>G, c.1236G>A (HapB3)"},
        {"DPYD", "c.1236G>A", "c.1129-5923C>G, c.1236G>A (HapB3)", "c.1129-5923C>G"},
        {"DPYD", "rs56038477 C/rs56038477 T", "c.1129-5923C>G, c.1236G>A (HapB3)",
         "c.1129-5923C>G"},
        {"MT-RNR1", "1555A>G", "m.1555A>G"},
    };

    for (size_t i = 0; i < ARRAY_LEN(SMALL_ALLELES); i++)
        ADD(r, allele, .gene = slice_of(SMALL_ALLELES[i].gene),
            .name = slice_of(SMALL_ALLELES[i].name),
            .function = slice_of(SMALL_ALLELES[i].function),
            .has_value = SMALL_ALLELES[i].value_x100 >= 0,
            .is_at_least = SMALL_ALLELES[i].value_x100 >= 1000,
            .value_x100 = SMALL_ALLELES[i].value_x100 < 0
                              ? 0
                              : (uint32_t)SMALL_ALLELES[i].value_x100 % 1000);
    for (size_t i = 0; i < ARRAY_LEN(ALIASES); i++)
        ADD(r, allele_alias, .gene = slice_of(ALIASES[i][0]), .alias = slice_of(ALIASES[i][1]),
            .allele = slice_of(ALIASES[i][2]), .marks = slice_of(ALIASES[i][3]));
}

static const char *const SMALL_PHENOTYPES[][3] = {
    {"CYP2C19", "Ultrarapid Metabolizer", "UM"},
    {"CYP2C19", "Rapid Metabolizer", "RM"},
    {"CYP2C19", "Normal Metabolizer", "NM"},
    {"CYP2C19", "Intermediate Metabolizer", "IM"},
    {"CYP2C19", "Poor Metabolizer", "PM"},
    {"CYP2C19", "Indeterminate", "indeterminate"},
    {"CYP2D6", "Ultrarapid Metabolizer", "UM"},
    {"CYP2D6", "Normal Metabolizer", "NM"},
    {"CYP2D6", "Intermediate Metabolizer", "IM"},
    {"CYP2D6", "Poor Metabolizer", "PM"},
    {"DPYD", "Normal Metabolizer", "NM"},
    {"DPYD", "Intermediate Metabolizer", "IM"},
    {"DPYD", "Poor Metabolizer", ""},
    {"G6PD", "Normal", ""},
    {"G6PD", "Deficient", ""},
    {"G6PD", "Variable", ""},
    {"VKORC1", "-1639 AA", ""},
    {"VKORC1", "-1639 AG", ""},
    {"VKORC1", "-1639 GG", ""},
    {"MT-RNR1", "increased risk", ""},
    {"MT-RNR1", "normal risk", ""},
    {"MT-RNR1", "uncertain risk", ""},
    {"RYR1", "Malignant Hyperthermia Susceptibility", "MHS"},
    {"RYR1", "Uncertain Susceptibility", ""},
};

static const char *const SMALL_PAIRS[][5] = {
    {"CYP2C19", "No function", "No function", "Poor Metabolizer"},
    {"CYP2C19", "No function", "Normal function", "Intermediate Metabolizer"},
    {"CYP2C19", "Increased function", "No function", "Intermediate Metabolizer"},
    {"CYP2C19", "Normal function", "Normal function", "Normal Metabolizer"},
    {"CYP2C19", "Increased function", "Normal function", "Rapid Metabolizer"},
    {"CYP2C19", "Increased function", "Increased function", "Ultrarapid Metabolizer"},
    {"CYP2C19", "Uncertain function", "Normal function", "Indeterminate"},
    {"G6PD", "IV/Normal", "", "Normal"},
    {"G6PD", "II/Deficient", "", "Deficient"},
    {"G6PD", "IV/Normal", "IV/Normal", "Normal"},
    {"G6PD", "II/Deficient", "II/Deficient", "Deficient"},
    {"G6PD", "II/Deficient", "IV/Normal", "Variable"},
    {"VKORC1", "-1639A", "-1639A", "-1639 AA"},
    {"VKORC1", "-1639G", "-1639A", "-1639 AG"},
    {"VKORC1", "-1639G", "-1639G", "-1639 GG"},
    {"MT-RNR1", "Increased risk", "", "increased risk"},
    {"MT-RNR1", "Normal risk", "", "normal risk"},
    {"MT-RNR1", "Uncertain risk", "", "uncertain risk"},
    {"RYR1", "Malignant Hyperthermia associated", "", "Malignant Hyperthermia Susceptibility"},
    {"RYR1", "Malignant Hyperthermia associated", "Malignant Hyperthermia associated",
     "Malignant Hyperthermia Susceptibility"},
    {"RYR1", "Normal function", "Malignant Hyperthermia associated",
     "Malignant Hyperthermia Susceptibility"},
    {"RYR1", "Uncertain function", "Malignant Hyperthermia associated",
     "Malignant Hyperthermia Susceptibility"},
    {"RYR1", "Normal function", "Normal function", "Uncertain Susceptibility"},
    {"RYR1", "Normal function", "Uncertain function", "Uncertain Susceptibility"},
    {"RYR1", "Uncertain function", "Uncertain function", "Uncertain Susceptibility"},
    {"CYP2C19", "Normal function", "Normal function", "Normal Metabolizer", "DPWG"},
    {"CYP2C19", "Increased function", "Normal function", "Normal Metabolizer", "DPWG"},
    {"DPYD", "Decreased function", "Normal function", "Intermediate Metabolizer", "DPWG"},
    {"DPYD", "Decreased function", "Decreased function", "Poor Metabolizer", "DPWG"},
};

static inline void small_phenotypes(struct rules_release *r)
{
    static const char *const ABNORMAL[] = {"Poor Metabolizer", "Intermediate Metabolizer",
                                           "Malignant Hyperthermia Susceptibility"};
    static const struct {
        const char *gene;
        uint32_t from, to;
        const char *phenotype, *authority;
    } SCORES[] = {
        {"CYP2D6", 0, 0, "Poor Metabolizer", NULL},
        {"CYP2D6", 25, 100, "Intermediate Metabolizer", NULL},
        {"CYP2D6", 125, 225, "Normal Metabolizer", NULL},
        {"CYP2D6", 226, RULES_SCORE_NO_MAX, "Ultrarapid Metabolizer", NULL},
        {"DPYD", 0, 50, "Poor Metabolizer", NULL},
        {"DPYD", 100, 150, "Intermediate Metabolizer", NULL},
        {"DPYD", 200, 200, "Normal Metabolizer", NULL},
        {"CYP2D6", 0, 0, "Poor Metabolizer", "DPWG"},
        {"CYP2D6", 25, 124, "Intermediate Metabolizer", "DPWG"},
        {"CYP2D6", 125, 250, "Normal Metabolizer", "DPWG"},
        {"CYP2D6", 251, RULES_SCORE_NO_MAX, "Ultrarapid Metabolizer", "DPWG"},
    };

    for (size_t i = 0; i < ARRAY_LEN(SMALL_PHENOTYPES); i++)
        ADD(r, phenotype, .gene = slice_of(SMALL_PHENOTYPES[i][0]),
            .name = slice_of(SMALL_PHENOTYPES[i][1]),
            .abbreviation = slice_of(SMALL_PHENOTYPES[i][2]),
            .priority = RULES_PRIORITY_NORMAL);
    for (size_t i = 0; i < r->phenotypes_count; i++)
        for (size_t j = 0; j < ARRAY_LEN(ABNORMAL); j++)
            if (slice_eq_text(r->phenotypes[i].name, ABNORMAL[j]))
                r->phenotypes[i].priority = RULES_PRIORITY_ABNORMAL;
    for (size_t i = 0; i < ARRAY_LEN(SMALL_PAIRS); i++)
        ADD(r, pair_rule, .gene = slice_of(SMALL_PAIRS[i][0]),
            .first = slice_of(SMALL_PAIRS[i][1]), .second = slice_of(SMALL_PAIRS[i][2]),
            .phenotype = slice_of(SMALL_PAIRS[i][3]), .authority = slice_of(SMALL_PAIRS[i][4]));
    for (size_t i = 0; i < ARRAY_LEN(SCORES); i++)
        ADD(r, score_rule, .gene = slice_of(SCORES[i].gene), .from_x100 = SCORES[i].from,
            .to_x100 = SCORES[i].to, .phenotype = slice_of(SCORES[i].phenotype),
            .authority = slice_of(SCORES[i].authority));
}

static inline void small_drugs(struct rules_release *r)
{
    static const char *const DRUGS[] = {"amitriptyline", "carbamazepine", "clopidogrel",
                                        "codeine", "voriconazole"};
    static const char *const INDICATIONS[][4] = {
        {"clopidogrel", "CVI ACS PCI", "http://hl7.org/fhir/sid/icd-10-cm", "I2*"},
        {"clopidogrel", "CVI ACS PCI", "http://hl7.org/fhir/sid/icd-10-cm", "I21*"},
        {"clopidogrel", "NVI", "http://hl7.org/fhir/sid/icd-10-cm", "I21.9"},
        {"clopidogrel", "NVI", "http://hl7.org/fhir/sid/icd-10", "I63*"},
    };

    for (size_t i = 0; i < ARRAY_LEN(DRUGS); i++) {
        ADD(r, drug, .name = slice_of(DRUGS[i]));
        ADD(r, drug_code, .drug = slice_of(DRUGS[i]), .system = SLICE("http://example.org/atc"),
            .code = slice_of(DRUGS[i]));
    }
    ADD(r, drug, .name = SLICE("prasugrel"), .is_alternative_only = true,
        .rxcui = SLICE("613391"));
    ADD(r, drug_code, .drug = SLICE("codeine"), .system = SLICE("http://example.org/rxnorm"),
        .code = SLICE("combination"));
    ADD(r, drug_code, .drug = SLICE("clopidogrel"),
        .system = SLICE("http://example.org/rxnorm"), .code = SLICE("combination"));
    ADD(r, population, .drug = SLICE("clopidogrel"), .id = SLICE("CVI ACS PCI"),
        .label = SLICE("ACS or PCI"), .age_below_years = RULES_AGE_NO_MAX,
        .weight_above_x100 = RULES_WEIGHT_NONE);
    ADD(r, population, .drug = SLICE("clopidogrel"), .id = SLICE("NVI"),
        .label = SLICE("stroke"), .age_below_years = RULES_AGE_NO_MAX,
        .weight_above_x100 = RULES_WEIGHT_NONE);
    for (size_t i = 0; i < ARRAY_LEN(INDICATIONS); i++)
        ADD(r, indication, slice_of(INDICATIONS[i][0]), slice_of(INDICATIONS[i][1]),
            slice_of(INDICATIONS[i][2]), slice_of(INDICATIONS[i][3]));
}

static inline void small_conditions(struct rules_release *r)
{
    static const char *const CONDITIONS[][3] = {
        {"clo-acs-poor", "CYP2C19", "Poor Metabolizer"},
        {"clo-nvi-poor", "CYP2C19", "Poor Metabolizer"},
        {"clo-normal", "CYP2C19", "Normal Metabolizer"},
        {"clo-normal", "CYP2C19", "Rapid Metabolizer"},
        {"clo-unclear", "CYP2C19", "Indeterminate"},
        {"cod-poor", "CYP2D6", "0.0"},
        {"cod-low", "CYP2D6", "0.25..1.0"},
        {"cod-normal", "CYP2D6", "1.25..2.25"},
        {"cod-ultra", "CYP2D6", ">=2.26"},
        {"cod-unclear", "CYP2D6", "n/a"},
        {"ami-both", "CYP2C19", "Poor Metabolizer"},
        {"ami-both", "CYP2D6", "0.0"},
        {"ami-2c19-only", "CYP2C19", "Poor Metabolizer"},
        {"ami-2c19-only", "CYP2D6", "No Result"},
        {"ami-2d6-only", "CYP2C19", "No Result"},
        {"ami-2d6-only", "CYP2D6", "0.0"},
        {"car-1502", "HLA-B", "*15:02 positive"},
        {"car-3101", "HLA-A", "*31:01 positive"},
        {"car-3101", "HLA-B", "*15:02 negative"},
        {"car-3101-alone", "HLA-A", "*31:01 positive"},
        {"car-3101-alone", "HLA-B", "No Result"},
        {"car-safe", "HLA-A", "*31:01 negative"},
        {"car-safe", "HLA-B", "*15:02 negative"},
        {"vor-adult", "CYP2C19", "Ultrarapid Metabolizer"},
        {"vor-child", "CYP2C19", "Ultrarapid Metabolizer"},
    };

    for (size_t i = 0; i < ARRAY_LEN(CONDITIONS); i++)
        ADD(r, condition, slice_of(CONDITIONS[i][0]), slice_of(CONDITIONS[i][1]),
            slice_of(CONDITIONS[i][2]));
}

static inline void small_recommendations(struct rules_release *r)
{
    static const struct {
        const char *id, *drug, *population;
        enum rules_classification classification;
        enum rules_alert alert;
        uint32_t from, below;
    } ROWS[] = {
        {"clo-acs-poor", "clopidogrel", "CVI ACS PCI", RULES_STRONG, RULES_ALERT_CRITICAL, 0,
         0},
        {"clo-nvi-poor", "clopidogrel", "NVI", RULES_MODERATE, RULES_ALERT_WARNING, 0, 0},
        {"clo-normal", "clopidogrel", "", RULES_STRONG, RULES_ALERT_NONE, 0, 0},
        {"clo-unclear", "clopidogrel", "", RULES_NO_RECOMMENDATION, RULES_ALERT_NONE, 0, 0},
        {"cod-poor", "codeine", "", RULES_STRONG, RULES_ALERT_WARNING, 0, 0},
        {"cod-low", "codeine", "", RULES_MODERATE, RULES_ALERT_INFO, 0, 0},
        {"cod-normal", "codeine", "", RULES_STRONG, RULES_ALERT_NONE, 0, 0},
        {"cod-ultra", "codeine", "", RULES_STRONG, RULES_ALERT_WARNING, 0, 0},
        {"cod-unclear", "codeine", "", RULES_NO_RECOMMENDATION, RULES_ALERT_NONE, 0, 0},
        {"ami-both", "amitriptyline", "", RULES_STRONG, RULES_ALERT_WARNING, 0, 0},
        {"ami-2c19-only", "amitriptyline", "", RULES_OPTIONAL, RULES_ALERT_INFO, 0, 0},
        {"ami-2d6-only", "amitriptyline", "", RULES_OPTIONAL, RULES_ALERT_INFO, 0, 0},
        {"car-1502", "carbamazepine", "", RULES_STRONG, RULES_ALERT_CRITICAL, 0, 0},
        {"car-3101", "carbamazepine", "", RULES_STRONG, RULES_ALERT_WARNING, 0, 0},
        {"car-3101-alone", "carbamazepine", "", RULES_MODERATE, RULES_ALERT_WARNING, 0, 0},
        {"car-safe", "carbamazepine", "", RULES_STRONG, RULES_ALERT_NONE, 0, 0},
        {"vor-adult", "voriconazole", "", RULES_MODERATE, RULES_ALERT_WARNING, 18, 0},
        {"vor-child", "voriconazole", "", RULES_STRONG, RULES_ALERT_WARNING, 0, 18},
    };

    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        ADD(r, recommendation, .id = slice_of(ROWS[i].id), .drug = slice_of(ROWS[i].drug),
            .source = SLICE("tables"), .population = slice_of(ROWS[i].population),
            .classification = ROWS[i].classification, .alert = ROWS[i].alert,
            .message = SLICE("m"), .age_from_years = ROWS[i].from,
            .age_below_years = ROWS[i].below == 0 ? RULES_AGE_NO_MAX : ROWS[i].below);
    ADD(r, action, .recommendation = SLICE("clo-acs-poor"),
        .kind = RULES_ACTION_USE_ALTERNATIVE, .drug = SLICE("prasugrel"));
    ADD(r, action, .recommendation = SLICE("clo-acs-poor"), .kind = RULES_ACTION_AVOID);
    ADD(r, implication, SLICE("clo-acs-poor"), SLICE("CYP2C19"), SLICE("m"));
    ADD(r, message, .id = SLICE("m"), .locale = SLICE("en"), .verdict = SLICE("avoid"));
    ADD(r, message, .id = SLICE("m"), .locale = SLICE("de"), .verdict = SLICE("vermeiden"));
}

static inline void small_tests(struct rules_release *r)
{
    ADD(r, test, .name = SLICE("acs poor"), .drug = SLICE("clopidogrel"),
        .population = SLICE("CVI ACS PCI"), .alert = RULES_ALERT_CRITICAL,
        .recommendations = SLICE("clo-acs-poor"));
    ADD(r, test_gene, SLICE("acs poor"), SLICE("CYP2C19"), SLICE("*2/*3"));
    ADD(r, test, .name = SLICE("codeine by score"), .drug = SLICE("codeine"),
        .alert = RULES_ALERT_INFO, .recommendations = SLICE("cod-low"));
    ADD(r, test_gene, SLICE("codeine by score"), SLICE("CYP2D6"), SLICE("score 0.5"));
}

static inline void small_release(struct rules_release *r)
{
    rules_release_init(r);
    r->name = SLICE("small");
    r->version = SLICE("1");
    r->developer = SLICE("the test");
    ADD(r, source, .id = SLICE("tables"), .publisher = SLICE("CPIC"), .title = SLICE("Tables"));
    small_genes(r);
    small_alleles(r);
    small_phenotypes(r);
    small_drugs(r);
    small_recommendations(r);
    small_conditions(r);
    small_tests(r);
}

static inline struct rules_knowledge *small_knowledge(void)
{
    struct rules_knowledge *k = NULL;
    struct rules_release r;
    struct err err = {0};

    small_release(&r);
    assert_ok(rules_knowledge_new(&r, SLICE("hash"), &k, &err), &err);
    rules_release_release(&r);
    return k;
}

#endif
