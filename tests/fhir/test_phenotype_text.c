/* tests/fhir/test_phenotype_text.c -- phenotypes, presence, scores and codes in words. */
#include "tests/fhir/parsed.h"

#include "fhir/order.h"
#include "fhir/text.h"

#define CODES_TABLE    "../shared/reference/loinc/loinc-pgx.tsv"
#define LINE_BYTES_MAX 512

struct field_row {
    const char *gene;
    const char *text;
    const char *want;
};

static void check_fields(const struct field_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct slice got =
            fhir_phenotype_from_text(slice_of(rows[i].text), slice_of(rows[i].gene));

        if (!slice_eq_text(got, rows[i].want))
            fail_msg("\"%s\" (%s) is \"%.*s\", not \"%s\"", rows[i].text, rows[i].gene,
                     SLICE_ARG(got), rows[i].want);
    }
}

static void metabolizers(void **state)
{
    static const struct field_row rows[] = {
        {"CYP2C19", "Poor Metabolizer", "Poor Metabolizer"},
        {"CYP2C19", "poor metaboliser", "Poor Metabolizer"},
        {"CYP2C19", "POOR METABOLIZER", "Poor Metabolizer"},
        {"CYP2C19", "PM", "Poor Metabolizer"},
        {"CYP2C19", "Poor", "Poor Metabolizer"},
        {"CYP2C19", "CYP2C19 PM", "Poor Metabolizer"},
        {"CYP2C19", "CYP2C19 Poor Metabolizer", "Poor Metabolizer"},
        {"CYP2D6", "IM", "Intermediate Metabolizer"},
        {"CYP2D6", "EM", "Normal Metabolizer"},
        {"CYP2D6", "extensive metaboliser", "Normal Metabolizer"},
        {"CYP2D6", "Ultra-rapid", "Ultrarapid Metabolizer"},
        {"CYP2D6", "ultra rapid metabolizer", "Ultrarapid Metabolizer"},
        {"CYP2D6", "UM", "Ultrarapid Metabolizer"},
        {"CYP2C19", "Rapid metabolizer (RM)", "Rapid Metabolizer"},
        {"CYP2C19", "Rapid", "Rapid Metabolizer"},
        {"CYP2C19", "Phenotype: normal metabolizer status", "Normal Metabolizer"},
        {"CYP2C19", "Likely Poor Metabolizer", "Likely Poor Metabolizer"},
        {"CYP2C19", "likely intermediate", "Likely Intermediate Metabolizer"},
        {"TPMT", "Possible intermediate metabolizer", "Possible Intermediate Metabolizer"},
        {"CYP2C19", "Indeterminate", "Indeterminate"},
        {"", "Poor Metabolizer", "Poor Metabolizer"},
        {"", "Decreased function", "Decreased Function"},
    };

    (void)state;
    check_fields(rows, ARRAY_LEN(rows));
}

static void other_words_of_other_genes(void **state)
{
    static const struct field_row rows[] = {
        {"TPMT", "High activity", "Normal Metabolizer"},
        {"TPMT", "Intermediate activity", "Intermediate Metabolizer"},
        {"TPMT", "Low or deficient activity", "Poor Metabolizer"},
        {"NUDT15", "Normal activity", "Normal Metabolizer"},
        {"CYP2C19", "High activity", ""},
        {"SLCO1B1", "Normal function", "Normal Function"},
        {"SLCO1B1", "Normal function, Normal simvastatin induced myopathy risk",
         "Normal Function"},
        {"SLCO1B1", "low function", "Poor Function"},
        {"SLCO1B1", "Intermediate function", "Decreased Function"},
        {"SLCO1B1", "Possible decreased function", "Possible Decreased Function"},
        {"SLCO1B1", "Poor metabolizer", "Poor Function"},
        {"SLCO1B1", "Intermediate Metabolizer", "Decreased Function"},
        {"SLCO1B1", "Rapid Metabolizer", ""},
        {"SLCO1B1", "decreased", "Decreased Function"},
        {"ABCG2", "Poor Function", "Poor Function"},
        {"CYP2C19", "Decreased function", ""},
        {"NAT2", "slow acetylator", "Poor Metabolizer"},
        {"NAT2", "Rapid acetylator", "Rapid Metabolizer"},
        {"CYP3A5", "Non-expresser", "Poor Metabolizer"},
        {"CYP3A5", "nonexpressor", "Poor Metabolizer"},
        {"CYP3A5", "Intermediate expresser", "Intermediate Metabolizer"},
        {"CYP3A5", "Expresser", "Normal Metabolizer"},
        {"IFNL3", "Unfavourable response genotype", "Unfavorable Response"},
        {"IFNL3", "Favorable response genotype", "Favorable Response"},
        {"G6PD", "Deficient", "Deficient"},
        {"G6PD", "Deficient with CNSHA", "Deficient with CNSHA"},
        {"G6PD", "Normal", "Normal"},
        {"G6PD", "Variable", "Variable"},
        {"G6PD", "No deficiency", ""},
        {"RYR1", "Malignant Hyperthermia Susceptibility",
         "Malignant Hyperthermia Susceptibility"},
        {"CACNA1S", "Uncertain Susceptibility", "Uncertain Susceptibility"},
        {"MT-RNR1", "Increased risk of aminoglycoside-induced hearing loss",
         "increased risk of aminoglycoside-induced hearing loss"},
        {"CFTR", "ivacaftor non-responsive in CF patients",
         "ivacaftor non-responsive in CF patients"},
    };

    (void)state;
    check_fields(rows, ARRAY_LEN(rows));
}

static void what_states_no_phenotype(void **state)
{
    static const struct field_row rows[] = {
        /* two answers are none */
        {"CYP2D6", "Intermediate to poor metabolizer", ""},
        {"CYP2D6", "normal/ultrarapid metabolizer", ""},
        {"CYP2D6", "normal or ultrarapid metabolizer", ""},
        {"CYP2D6", "poor metabolizer; intermediate metabolizer", ""},
        {"CYP2D6", "PM IM", ""},
        /* denied, doubted, or something else */
        {"CYP2D6", "not a poor metabolizer", ""},
        {"CYP2D6", "poor metabolizer excluded", ""},
        {"CYP2D6", "poor metabolizer unlikely", ""},
        {"CYP2D6", "Normal metabolizer (not a poor metabolizer)", "Normal Metabolizer"},
        {"CYP2D6", "suspected poor metabolizer", ""},
        {"CYP2D6", "Patients who are poor metabolizers should avoid codeine", ""},
        {"CYP2D6", "A poor metabolizer may need less", ""},
        {"CYP2D6", "may be a poor metabolizer", ""},
        {"CYP2D6", "if poor metabolizer: avoid", ""},
        {"CYP2D6", "This patient is a poor metabolizer.", "Poor Metabolizer"},
        {"CYP2D6", "Poor metabolizer: should avoid codeine", "Poor Metabolizer"},
        {"CYP2D6", "not normal", ""},
        {"CYP2D6", "abnormal", ""},
        {"CYP2D6", "Normal risk", ""},
        {"CYP2D6", "PMS", ""},
        {"CYP2D6", "", ""},
        {"HLA-B", "Normal", ""},
        {"HLA-B", "Indeterminate", ""},
        {"VKORC1", "Normal", ""},
        {"RYR1", "Normal", ""},
    };

    (void)state;
    check_fields(rows, ARRAY_LEN(rows));
}

static void long_prose_is_no_phenotype(void **state)
{
    char prose[40 * 60];
    size_t len = 0;

    (void)state;
    for (int i = 0; i < 60; i++)
        len += (size_t)snprintf(prose + len, sizeof prose - len, "word%d ", i);
    (void)snprintf(prose + len, sizeof prose - len, "poor metabolizer");
    assert_int_equal(fhir_phenotype_from_text(slice_of(prose), SLICE("CYP2D6")).len, 0);
}

static void loinc_answers(void **state)
{
    static const struct {
        const char *code;
        const char *gene;
        const char *want;
    } rows[] = {
        {"LA9657-3", "CYP2C19", "Poor Metabolizer"},
        {"LA10317-8", "CYP2C19", "Intermediate Metabolizer"},
        {"LA25391-6", "CYP2C19", "Normal Metabolizer"},
        {"LA10316-0", "CYP2C19", "Normal Metabolizer"},
        {"LA25390-8", "CYP2C19", "Rapid Metabolizer"},
        {"LA10315-2", "CYP2C19", "Ultrarapid Metabolizer"},
        {"LA25394-0", "SLCO1B1", "Poor Function"},
        {"LA25395-7", "SLCO1B1", "Decreased Function"},
        {"LA25393-2", "SLCO1B1", "Normal Function"},
        {"LA25392-4", "SLCO1B1", "Increased Function"},
        {"LA9657-3", "SLCO1B1", "Poor Function"},
        {"LA25395-7", "CYP2C19", ""}, /* says nothing of metabolism */
        {"LA9657-3", "HLA-B", ""},
        {"LA6676-6", "CYP2C19", ""}, /* resistant: of a drug */
        {"LA19541-4", "HLA-B", ""},
        {"LA9657", "CYP2C19", ""},
        {"", "CYP2C19", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice answer = fhir_phenotype_from_loinc_answer(slice_of(rows[i].code));
        struct slice got =
            fhir_phenotype_for(answer, fhir_gene_of_symbol(slice_of(rows[i].gene)));

        if (!slice_eq_text(got, rows[i].want))
            fail_msg("%s of %s is \"%.*s\"", rows[i].code, rows[i].gene, SLICE_ARG(got));
    }
    assert_slice_equal(fhir_phenotype_from_loinc_answer(SLICE("LA25395-7")),
                       "Decreased Function");
}

static void presence_in_words_and_codes(void **state)
{
    static const struct {
        const char *text;
        enum fhir_presence want;
    } rows[] = {
        {"Positive", FHIR_PRESENCE_POSITIVE},
        {"NEGATIVE", FHIR_PRESENCE_NEGATIVE},
        {"Detected", FHIR_PRESENCE_POSITIVE},
        {"Not detected", FHIR_PRESENCE_NEGATIVE},
        {"not-detected", FHIR_PRESENCE_NEGATIVE},
        {"Present", FHIR_PRESENCE_POSITIVE},
        {"Not present", FHIR_PRESENCE_NEGATIVE},
        {"Absent", FHIR_PRESENCE_NEGATIVE},
        {"Carrier", FHIR_PRESENCE_POSITIVE},
        {"non-carrier", FHIR_PRESENCE_NEGATIVE},
        {"not a carrier", FHIR_PRESENCE_NEGATIVE},
        {"Heterozygous", FHIR_PRESENCE_POSITIVE},
        {"Positive (heterozygous)", FHIR_PRESENCE_POSITIVE},
        {"Indeterminate", FHIR_PRESENCE_INDETERMINATE},
        {"No call", FHIR_PRESENCE_INDETERMINATE},
        {"Not tested", FHIR_PRESENCE_INDETERMINATE},
        {"positive and negative", FHIR_PRESENCE_NONE},
        {"not positive", FHIR_PRESENCE_NONE},
        {"no longer positive", FHIR_PRESENCE_NONE},
        {"false negative", FHIR_PRESENCE_NONE},
        {"positive or negative", FHIR_PRESENCE_NONE},
        {"presently unclear", FHIR_PRESENCE_NONE},
        {"positive patients have a higher risk", FHIR_PRESENCE_NONE},
        {"avoid if positive", FHIR_PRESENCE_NONE},
        {"", FHIR_PRESENCE_NONE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (fhir_presence_from_text(slice_of(rows[i].text)) != rows[i].want)
            fail_msg("\"%s\"", rows[i].text);
    assert_int_equal(fhir_presence_from_code(SLICE("LA6576-8")), FHIR_PRESENCE_POSITIVE);
    assert_int_equal(fhir_presence_from_code(SLICE("10828004")), FHIR_PRESENCE_POSITIVE);
    assert_int_equal(fhir_presence_from_code(SLICE("260385009")), FHIR_PRESENCE_NEGATIVE);
    assert_int_equal(fhir_presence_from_code(SLICE("LA11884-6")), FHIR_PRESENCE_INDETERMINATE);
    assert_int_equal(fhir_presence_from_code(SLICE("LA9633")), FHIR_PRESENCE_NONE);
}

static void scores(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } rows[] = {
        {"1.25", "1.25"},
        {" 0 ", "0"},
        {"\xe2\x89\xa5"
         "3.0",
         "\xe2\x89\xa5"
         "3.0"},
        {">=3", "\xe2\x89\xa5"
                "3"},
        {"n/a", "n/a"},
        {"Activity Score = 2.0", "2.0"},
        {"1.", ""},
        {".5", ""},
        {"1,25", ""},
        {"-1", ""},
        {"1e3", ""},
        {"0.5 to 1", ""},
        {"99999999", ""},
        {"", ""},
        {"one", ""},
        {"1.255", ""},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, 65536);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice got = fhir_score_field(slice_of(rows[i].text), &arena);

        if (!slice_eq_text(got, rows[i].want))
            fail_msg("\"%s\" is \"%.*s\"", rows[i].text, SLICE_ARG(got));
    }
    arena_release(&arena);
}

static void genes_by_number_symbol_and_name(void **state)
{
    static const struct {
        const char *code;
        const char *want;
    } rows[] = {
        {"HGNC:2621", "CYP2C19"},
        {"2621", "CYP2C19"},
        {"hgnc:2625", "CYP2D6"},
        {"CYP2C19", "CYP2C19"},
        {"cyp2c9", "CYP2C9"},
        {"HGNC:4932", "HLA-B"},
        {"12014", "TPMT"},
        {"HLA-B", "HLA-B"},
        {"3012", "DPYD"},
        {"HGNC:1806", ""}, /* stood wrongly beside DPYD in a table */
        {"HGNC:262", ""},
        {"HGNC:", ""},
        {"BRCA1", ""},
        {"588", ""},
        {"", ""},
        {"2621x", ""},
        {"CYP2C19*2", ""},
        {"IL28B", "IFNL3"},
        {"99999999999", ""},
    };
    static const struct {
        const char *text;
        const char *want; /* the one gene; empty for none or several */
    } names[] = {
        {"CYP2C19 gene targeted mutation analysis", "CYP2C19"},
        {"CYP2C19*2", "CYP2C19"},
        {"CYP 2C19 genotype", "CYP2C19"},
        {"cyp-2d6", "CYP2D6"},
        {"HLA-B*57:01 [Presence]", "HLA-B"},
        {"HLA B 5701", "HLA-B"},
        {"HLA-B5701", "HLA-B"},
        {"MTRNR1", "MT-RNR1"},
        {"XCYP2C19", ""},
        {"CYP2C190", ""},
        {"CYP2C19/CYP2D6", ""},
        {"TPMTx", ""},
        {"Glucose [Mass/volume] in Blood", ""},
        {"NAT2", "NAT2"},
        {"CYP", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_slice_equal(fhir_gene_from_hgnc(slice_of(rows[i].code)), rows[i].want);
    for (size_t i = 1; i < FHIR_GENES_COUNT; i++) {
        const struct fhir_gene_row *row = fhir_gene_row((enum fhir_gene)i);

        assert_int_equal(fhir_gene_of_symbol(row->symbol), i);
        assert_int_equal(fhir_genes_in(row->symbol), FHIR_GENE_BIT(i));
        assert_int_equal(fhir_gene_only(FHIR_GENE_BIT(i)), i);
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        enum fhir_gene gene = fhir_gene_only(fhir_genes_in(slice_of(names[i].text)));

        assert_slice_equal(fhir_gene_row(gene)->symbol, names[i].want);
    }
}

static void code_systems_under_all_their_names(void **state)
{
    static const struct {
        const char *written;
        const char *canonical;
        bool want;
    } rows[] = {
        {"http://loinc.org", "http://loinc.org", true},
        {"https://loinc.org/", "http://loinc.org", true},
        {"http://LOINC.org", "http://loinc.org", true},
        {"http://loinc.org|2.68", "http://loinc.org", true},
        {"urn:oid:2.16.840.1.113883.6.1", "http://loinc.org", true},
        {"2.16.840.1.113883.6.1", "http://loinc.org", true},
        {"urn:oid:2.16.840.1.113883.6.88", "http://www.nlm.nih.gov/research/umls/rxnorm", true},
        {"http://www.nlm.nih.gov/research/umls/rxnorm", "urn:oid:2.16.840.1.113883.6.88", true},
        {"http://snomed.info", "http://snomed.info/sct", true},
        {"http://snomed.info/sct/900000000000207008/version/20230131", "http://snomed.info/sct",
         true},
        {"urn:oid:2.16.840.1.113883.6.69", "http://hl7.org/fhir/sid/ndc", true},
        {"http://fhir.de/CodeSystem/bfarm/atc", "http://www.whocc.no/atc", true},
        {"http://www.genenames.org/geneId", "http://www.genenames.org", true},
        {"http://www.genenames.org/genegroup", "http://www.genenames.org", false},
        {"http://loinc.org.example.com", "http://loinc.org", false},
        {"urn:oid:2.16.840.1.113883.6.11", "http://loinc.org", false},
        {"http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-10", false},
        {"http://example.org/local", "http://example.org/local", true},
        {"http://example.org/local", "http://loinc.org", false},
        {"", "http://loinc.org", false},
        {"", "", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (fhir_system_is(slice_of(rows[i].written), slice_of(rows[i].canonical)) !=
            rows[i].want)
            fail_msg("%s, %s", rows[i].written, rows[i].canonical);
}

/* The table is searched by halves, so its order is an invariant. */
static void every_loinc_code_is_found(void **state)
{
    static const struct {
        uint32_t number;
        uint32_t check;
        enum fhir_kind kind;
    } rows[] = {
#define LOINC(number, check, kind, gene, allele) {number, check, FHIR_KIND_##kind},
#include "fhir/loinc.def"
#undef LOINC
    };
    static const char *const others[] = {"2345-7", "79714-3", "1-8", "99999-9", "9999999-9",
                                         "79714",  "-2",      "",    "79714-",  "LA9657-3"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char code[16];
        const struct fhir_loinc *found;

        (void)snprintf(code, sizeof code, "%u-%u", rows[i].number, rows[i].check);
        found = fhir_loinc_find(SLICE("http://loinc.org"), slice_of(code));
        if (found == NULL || found->kind != rows[i].kind)
            fail_msg("%s", code);
        assert_ptr_equal(fhir_loinc_find(SLICE_NONE, slice_of(code)), found);
        assert_null(fhir_loinc_find(SLICE("http://example.org/local"), slice_of(code)));
        if (i > 0)
            assert_true(rows[i - 1].number < rows[i].number);
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_null(fhir_loinc_find(SLICE("http://loinc.org"), slice_of(others[i])));
}

static const char *reference_kind(enum fhir_kind kind)
{
    return kind == FHIR_KIND_PHENOTYPE  ? "phenotype"
           : kind == FHIR_KIND_PRESENCE ? "hla-presence"
           : kind == FHIR_KIND_TYPING   ? "hla-typing"
                                        : "genotype";
}

/* Every phenotype, genotype, presence and typing code of the reference table for a gene that
 * we know is in ours, with the same gene and kind; and no other. */
static void the_loinc_table_agrees_with_the_reference(void **state)
{
    FILE *file = fopen(CODES_TABLE, "r");
    char line[LINE_BYTES_MAX];
    size_t checked = 0;

    (void)state;
    if (file == NULL) {
        print_message("skipped: " CODES_TABLE " is not here\n");
        skip();
    }
    while (fgets(line, sizeof line, file) != NULL) {
        struct slice rest = slice_trim(slice_of(line)), code, genes, kind;
        const struct fhir_loinc *row;
        enum fhir_gene gene;
        bool is_ours;

        code = slice_cut(rest, '\t', &rest);
        genes = slice_cut(rest, '\t', &rest);
        kind = slice_cut(rest, '\t', &rest);
        row = fhir_loinc_find(SLICE_NONE, code);
        gene = fhir_gene_only(fhir_genes_in(genes));
        is_ours = slice_eq(kind, SLICE("phenotype")) || slice_eq(kind, SLICE("genotype")) ||
                  slice_starts(kind, SLICE("hla-"));
        if (!is_ours || (gene == FHIR_GENE_NONE && !slice_eq(code, SLICE("13303-3"))))
            continue;
        if (row == NULL || row->gene != gene || !slice_eq_text(kind, reference_kind(row->kind)))
            fail_msg("%.*s", SLICE_ARG(code));
        checked++;
    }
    (void)fclose(file);
    assert_true(checked >= 35);
}

static void search_codes_of_genes(void **state)
{
#define ANY_GENE "84413-4 84414-2 51971-0 82118-1 53040-2 51961-1 83009-1"
    static const struct {
        const char *genes[3];
        const char *want;
    } rows[] = {
        {{NULL}, ANY_GENE},
        {{"CYP2C19"}, ANY_GENE " 57132-3 72879-0 79714-2"},
        {{"CYP2C19", "CYP2C19"}, ANY_GENE " 57132-3 72879-0 79714-2"},
        {{"CYP2D6"}, ANY_GENE " 40425-1 72880-8 73681-9 73682-7 79715-9"},
        {{"TPMT", "NUDT15"}, ANY_GENE " 79713-4 93195-6"},
        {{"HLA-A"}, ANY_GENE " 13298-5 57290-9 78014-8 79712-6"},
        {{"UGT1A1"}, ANY_GENE " 51951-2 51952-0 79718-3 93845-6"},
        {{"VKORC1"}, ANY_GENE},
        {{"NOSUCH"}, ANY_GENE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice genes[3] = {slice_of(rows[i].genes[0]), slice_of(rows[i].genes[1]),
                                 slice_of(rows[i].genes[2])};
        struct buf got, want;
        struct slice rest = slice_of(rows[i].want);
        size_t count = 0;

        while (count < 3 && rows[i].genes[count] != NULL)
            count++;
        buf_init(&got, 65536);
        buf_init(&want, 65536);
        while (rest.len > 0) {
            struct slice code = slice_cut(rest, ' ', &rest);

            buf_printf(&want, "http://loinc.org|%.*s%s", SLICE_ARG(code),
                       rest.len > 0 ? "," : "");
        }
        fhir_observation_codes(&got, genes, count);
        if (!slice_eq(buf_slice(&got), buf_slice(&want)))
            fail_msg("got %.*s", SLICE_ARG(buf_slice(&got)));
        buf_release(&got);
        buf_release(&want);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(metabolizers),
        cmocka_unit_test(other_words_of_other_genes),
        cmocka_unit_test(what_states_no_phenotype),
        cmocka_unit_test(long_prose_is_no_phenotype),
        cmocka_unit_test(loinc_answers),
        cmocka_unit_test(presence_in_words_and_codes),
        cmocka_unit_test(scores),
        cmocka_unit_test(genes_by_number_symbol_and_name),
        cmocka_unit_test(code_systems_under_all_their_names),
        cmocka_unit_test(every_loinc_code_is_found),
        cmocka_unit_test(the_loinc_table_agrees_with_the_reference),
        cmocka_unit_test(search_codes_of_genes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
