/* tests/fhir/test_genotype_text.c -- what one value's text is read as, and what it is not. */
#include "tests/test.h"

#include "fhir/text.h"

#define SUMMARY_BYTES_MAX 300

/* alleles in order, "xN", "one" copy only, = phenotype, # score, presence; then the flags. */
static struct slice summary(const struct fhir_evidence *e,
                            const struct fhir_text_reading *reading, struct arena *arena)
{
    static const char *const PRESENCE[] = {"", "positive ", "negative ", "indeterminate "};
    struct slice s = SLICE_NONE;

    for (size_t i = 0; i < e->alleles_count; i++)
        s = arena_printf(arena, "%.*s%s%.*s", SLICE_ARG(s), i == 0 ? "" : " ",
                         SLICE_ARG(e->alleles[i]));
    if (e->copies.len > 0)
        s = arena_printf(arena, "%.*s x%.*s", SLICE_ARG(s), SLICE_ARG(e->copies));
    if (e->is_single_allele)
        s = arena_printf(arena, "%.*s one", SLICE_ARG(s));
    if (e->phenotype.len > 0)
        s = arena_printf(arena, "%.*s=%.*s", SLICE_ARG(s), SLICE_ARG(e->phenotype));
    if (e->score.len > 0)
        s = arena_printf(arena, "%.*s#%.*s", SLICE_ARG(s), SLICE_ARG(e->score));
    s = arena_printf(arena, "%.*s%s%.*s", SLICE_ARG(s), PRESENCE[e->presence],
                     SLICE_ARG(e->presence_allele));
    if (reading->is_no_call)
        s = arena_printf(arena, "%.*s !no-call", SLICE_ARG(s));
    if (reading->is_malformed)
        s = arena_printf(arena, "%.*s !malformed", SLICE_ARG(s));
    if (reading->has_two_genes)
        s = arena_printf(arena, "%.*s !two-genes", SLICE_ARG(s));
    if (reading->has_other_snp)
        s = arena_printf(arena, "%.*s !other-snp", SLICE_ARG(s));
    return s.len == 0 ? SLICE("-") : slice_trim(s);
}

struct row {
    const char *gene;
    const char *text;
    const char *want;
};

static void check(const struct row *rows, size_t count)
{
    struct arena arena;
    size_t failed = 0;

    arena_init(&arena, (size_t)1 << 20);
    for (size_t i = 0; i < count; i++) {
        struct fhir_evidence evidence = {0};
        enum fhir_gene gene = fhir_gene_of_symbol(slice_of(rows[i].gene));
        struct fhir_text_reading reading =
            fhir_text_read(slice_of(rows[i].text), fhir_genes_in(slice_of(rows[i].text)), gene,
                           &arena, &evidence);
        struct slice got = summary(&evidence, &reading, &arena);

        if (!slice_eq_text(got, rows[i].want)) {
            print_error("\"%s\" (%s) is read as \"%.*s\", not \"%s\"\n", rows[i].text,
                        rows[i].gene, SLICE_ARG(got), rows[i].want);
            failed++;
        }
        arena_reset(&arena);
    }
    arena_release(&arena);
    assert_int_equal(failed, 0);
}

static void diplotypes_in_every_spelling(void **state)
{
    static const struct row rows[] = {
        {"CYP2C19", "*1/*2", "*1 *2"},
        {"CYP2C19", "  *2 / *1 ", "*2 *1"},
        {"CYP2C19", "*17/*17", "*17 *17"},
        {"CYP2C19", "*1|*2", "*1 *2"},
        {"CYP2C19", "CYP2C19 *1/*17", "*1 *17"},
        {"CYP2C19", "CYP2C19*1/CYP2C19*2", "*1 *2"},
        {"CYP2C19", "CYP2C19*1/CYP2D6*2", "!malformed !two-genes"},
        {"CYP2D6", "CYP2D6*1/CYP2C19*2", "!malformed !two-genes"},
        {"CYP2C19", "CYP2C19_*1/*2", "*1 *2"},
        {"CYP2C19", "CYP2C19: *1/*2", "*1 *2"},
        {"CYP2C19", "CYP2C19 Genotype: *1/*2", "*1 *2"},
        {"CYP2C19", "Genotype *4/*35B", "*4 *35B"},
        {"", "*1/*2", "*1 *2"},
        {"CYP2D6", "CYP2D6*7.001 / CYP2D6*1.001", "*7.001 *1.001"},
        {"TPMT", "*1/*3A", "*1 *3A"},
        {"NAT2", "*5B/*6", "*5B *6"},
        {"CYP2C19", "(*1/*2)", "*1 *2"},
        {"CYP2C19", "*1/*2 (rs4244285)", "*1 *2"},
        {"CYP2C19", "*1/*2 detected", "*1 *2"},
        {"UGT1A1", "(TA)6/(TA)7", "(TA)6 (TA)7"},
        {"UGT1A1", "UGT1A1 *1+*28", "*1 *28"},
        {"UGT1A1", "*80+*28/*1", "*80+*28 *1"},
        {"UGT1A1", "*80+*28", "*80+*28 one"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void copies_and_tandems(void **state)
{
    static const struct row rows[] = {
        {"CYP2D6", "*1x2/*4", "*1x2 *4"},
        {"CYP2D6", "*1/*2XN", "*1 *2xN"},
        {"CYP2D6", "*1/*2xn", "*1 *2xN"},
        {"CYP2D6", "*1X2/*4", "*1x2 *4"},
        {"CYP2D6",
         "*1\xc3\x97"
         "2/*4",
         "*1x2 *4"},
        {"CYP2D6",
         "*1/*4x\xe2\x89\xa5"
         "3",
         "*1 *4x\xe2\x89\xa5"
         "3"},
        {"CYP2D6", "*1x>=3/*4",
         "*1x\xe2\x89\xa5"
         "3 *4"},
        {"CYP2D6", "(*1/*2)x3", "*1 *2 x3"},
        {"CYP2D6", "(*1/*2)xN", "*1 *2 xN"},
        {"CYP2D6", "(*1/*2) x 3", "*1 *2 x3"},
        {"CYP2D6", "*1/*2, 3 copies", "*1 *2 xN"},
        {"CYP2D6", "*1/*2 (2 copies)", "*1 *2"},
        {"CYP2D6", "*1/*2 copy number 3", "*1 *2 xN"},
        {"CYP2D6", "*1/*2 x", "*1 *2 xN"},
        {"CYP2D6", "(*1/*2)x3a", "*1 *2 xN"},
        {"CYP2D6", "(*1/*2) copies x3-5", "*1 *2 xN"},
        {"CYP2D6", "*1x2A/*4", "!malformed"},
        {"CYP2D6", "*1/*2A3", "!malformed"},
        {"CYP2D6", "*1/*2 xN", "*1 *2 xN"},
        {"CYP2D6", "*1/*2 (xN)", "*1 *2 xN"},
        {"CYP2D6", "*1/*2 with duplication", "*1 *2 xN"},
        {"CYP2D6", "*1/*2 DUP", "*1 *2 xN"},
        {"CYP2D6", "*36+*10/*1", "*36+*10 *1"},
        {"CYP2D6", "*36 + *10 / *1", "*36+*10 *1"},
        {"CYP2D6", "(*4+*68)/*5", "*4+*68 *5"},
        {"CYP2D6", "*4N+*68/*5", "*4N+*68 *5"},
        {"CYP2D6", "*5/(*13 + *68x2 + *4)", "*5 *13+*68x2+*4"},
        {"CYP2D6", "[*36+*10]/*1", "*36+*10 *1"},
        {"CYP2D6", "(*36+*10)x2/*1", "(*36+*10)x2 *1"},
        {"CYP2D6", "*36+*10", "*36+*10 one"},
        {"CYP2D6", "CYP2D6 *4/*4+*68", "*4 *4+*68"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void one_allele_alone(void **state)
{
    static const struct row rows[] = {
        {"CYP2C19", "*1", "*1 one"},
        {"CYP2C19", "CYP2C19*2", "*2 one"},
        {"CYP2C19", "CYP2C19 *2 allele", "*2 one"},
        {"CYP2C19", "heterozygous *2", "*2 one"},
        {"CYP2C19", "*2 homozygous", "*2 *2"},
        {"MT-RNR1", "m.1555A>G", "m.1555A>G"},
        {"MT-RNR1", "m.1555A>G homoplasmic", "m.1555A>G"},
        {"G6PD", "c.202G>A", "-"},
        /* one of many findings is not a genotype */
        {"CYP2C19", "*2 detected", "!malformed"},
        {"CYP2C19", "negative for *2", "!malformed"},
        {"CYP2C19", "No *2, *3 alleles found", "!malformed"},
        {"CYP2C19", "tested for *2", "!malformed"},
        {"CYP2C19", "*2 duplication", "!malformed"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void what_is_doubtful_names_no_alleles(void **state)
{
    static const struct row rows[] = {
        {"CYP2C19", "*1/*2 or *1/*3", "!malformed"},
        {"CYP2C19", "*1/*2, *3/*17", "!malformed"},
        {"CYP2C19", "*1/*2/*3", "!malformed"},
        {"CYP2C19", "*1/*2?", "!malformed"},
        {"CYP2C19", "not *2/*2", "!malformed"},
        {"CYP2C19", "*2/*2 not detected", "!malformed"},
        {"CYP2C19", "no *2/*2", "!malformed"},
        {"CYP2C19", "likely *1/*2", "!malformed"},
        {"CYP2C19", "possible *1/*2", "!malformed"},
        {"CYP2C19", "mother is *1/*2", "!malformed"},
        {"CYP2C19", "mother is *2/*2 (Poor Metabolizer)", "!malformed"},
        {"CYP2C19", "*1/*2 or *1/*3: Intermediate Metabolizer",
         "=Intermediate Metabolizer !malformed"},
        {"CYP2C19", "not *2/*2 (Poor Metabolizer)", "!malformed"},
        {"CYP2C19", "patients with *2/*2 should not take it", "!malformed"},
        {"CYP2C19", "*1/2", "!malformed"},
        {"CYP2C19", "*1/", "!malformed"},
        {"CYP2C19", "*1/*", "!malformed"},
        {"CYP2C19", "*1/.", "!malformed"},
        {"CYP2C19", "*1/no call", "!malformed"},
        {"CYP2C19", "*1/*2+", "!malformed"},
        {"CYP2C19", "*1/*12345", "!malformed"},
        {"CYP2C19", "*1/*2ABCDE", "!malformed"},
        {"CYP2C19", "*1/*2x", "*1 *2x"}, /* a suffix, unknown to everybody */
        {"CYP2D6", "(*1/*2", "*1 *2"},
        {"CYP2D6", "(*4+*68/*5", "*4+*68 *5"},
        {"CYP2C19", "*1/*2 (one normal function, one no function allele)", "*1 *2"},
        {"CYP2C19", "CYP2C19", "-"},
        {"CYP2C19", "\"CYP2C9", "-"},
        {"CYP2C19", "638797", "-"},
        {"CYP2C19", "PV00155", "-"},
        {"CYP2C19", "PA166128347", "-"},
        {"CYP2C19", "***", "-"},
        {"CYP2C19", "*", "-"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void no_calls(void **state)
{
    static const struct row rows[] = {
        {"CYP2C19", "no call", "!no-call"},
        {"CYP2C19", "No Call", "!no-call"},
        {"CYP2C19", "./.", "!no-call"},
        {"CYP2C19", "Indeterminate", "!no-call"},
        {"CYP2C19", "CYP2C19: Indeterminate", "!no-call"},
        {"CYP2C19", "unknown/unknown", "!no-call"},
        {"CYP2C19", "n/a", "!no-call"},
        {"CYP2C19", "", "!no-call"},
        {"CYP2C19", "   ", "!no-call"},
        {"CYP2C19", "See report", "!no-call"},
        {"HLA-B", "Not tested", "!no-call"},
        {"CYP2C19", "Result: indeterminate genotype", "=Indeterminate !no-call"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void phenotype_and_score_beside_alleles(void **state)
{
    static const struct row rows[] = {
        {"CYP2C19", "*2/*3 (Poor Metabolizer)", "*2 *3=Poor Metabolizer"},
        {"CYP2C19", "Normal Metabolizer (*1/*1)", "*1 *1=Normal Metabolizer"},
        {"CYP2C19", "*2/*2 - Poor metaboliser", "*2 *2=Poor Metabolizer"},
        {"CYP2D6", "*4/*4 (PM)", "*4 *4=Poor Metabolizer"},
        {"CYP2C19", "CYP2C19 *2/*2 Poor Metabolizer", "*2 *2=Poor Metabolizer"},
        {"CYP2C19", "*1/*8 (Likely Intermediate Metabolizer)",
         "*1 *8=Likely Intermediate Metabolizer"},
        {"TPMT", "*1/*8, possible intermediate metabolizer",
         "*1 *8=Possible Intermediate Metabolizer"},
        {"SLCO1B1", "*1/*5; Decreased function", "*1 *5=Decreased Function"},
        {"CYP2D6", "*1/*4, activity score 1.0, intermediate metabolizer",
         "*1 *4=Intermediate Metabolizer#1.0"},
        {"CYP2D6", "*1/*41 (AS: 1.25)", "*1 *41#1.25"},
        {"CYP2D6",
         "Activity score: \xe2\x89\xa5"
         "3.0",
         "#\xe2\x89\xa5"
         "3.0"},
        {"CYP2D6", "Activity score >= 3",
         "#\xe2\x89\xa5"
         "3"},
        {"CYP2D6", "Activity score 0.5-1.0", "-"},
        {"CYP2D6", "BASE 1", "-"},
        {"CYP2C19", "Poor metabolizer", "=Poor Metabolizer"},
        {"CYP2C19", "Poor", "-"},   /* not in a field for the phenotype */
        {"CYP2C19", "normal", "-"}, /* as an interpretation flag would be */
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void nucleotides(void **state)
{
    static const struct row rows[] = {
        {"VKORC1", "C/T", "C T"},
        {"VKORC1", "VKORC1 rs9923231 C/T", "C T"},
        {"VKORC1", "rs9923231 CT", "C T"},
        {"", "rs9923231 C/T", "C T"},
        {"VKORC1", "-1639 AG", "A G=-1639 AG"},
        {"VKORC1", "-1639G>A G/A", "G A=-1639 AG"},
        {"VKORC1", "-1639 A/A", "A A=-1639 AA"},
        {"VKORC1", "-1639 C/T", "-"},
        {"SLCO1B1", "T/T", "T T"},
        {"SLCO1B1", "rs4149056 T/C", "T C"},
        {"SLCO1B1", "c.521T>C T/C", "T C"},
        {"SLCO1B1", "c.388A>G A/G", "!other-snp"},
        {"SLCO1B1", "rs2306283 A/G", "rs2306283 A rs2306283 G !other-snp"},
        {"IFNL3", "C|C", "C C"},
        {"ABCG2", "rs2231142 reference (G)/rs2231142 variant (T)",
         "rs2231142 reference (G) rs2231142 variant (T)"},
        {"ABCG2", "G/T", "G T"},
        {"CYP2C19", "C/T", "!other-snp"},
        {"CYP2C19", "rs4244285 G/A", "rs4244285 G rs4244285 A !other-snp"},
        {"CYP2C19", "CT", "-"}, /* computed tomography */
        {"DPYD", "rs3918290 CT", "rs3918290 C rs3918290 T !other-snp"},
        {"DPYD", "rs3918290, CT", "-"}, /* not beside it */
        {"SLCO1B1", "TC/T", "-"},
        {"SLCO1B1", "T/C/T", "-"},
        {"SLCO1B1", "N/A", "!no-call"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void variant_lists_and_names(void **state)
{
    static const struct row rows[] = {
        {"DPYD", "c.1905+1G>A (*2A)/Reference", "c.1905+1G>A (*2A) Reference"},
        {"DPYD", "Reference/Reference", "Reference Reference"},
        {"DPYD", "c.1905+1G>A/c.2846A>T", "c.1905+1G>A c.2846A>T"},
        {"DPYD", "*1/*2A", "*1 *2A"},
        {"DPYD", "*1/HapB3", "*1 c.1129-5923C>G, c.1236G>A (HapB3)"},
        {"DPYD", "c.1129-5923C>G, c.1236G>A (HapB3)/Reference",
         "c.1129-5923C>G, c.1236G>A (HapB3) Reference"},
        {"DPYD", "c.1236G>A/HapB3", "c.1129-5923C>G, c.1236G>A (HapB3) one"},
        {"DPYD",
         "c.1129\xe2\x80\x93"
         "5923C>G/Reference",
         "c.1129-5923C>G Reference"},
        {"DPYD", "c.1905+1G>A heterozygous", "c.1905+1G>A ="},
        {"DPYD", "c.1905+1G>A", "c.1905+1G>A one"},
        {"DPYD", "c.1905+1G>A (homozygous)", "c.1905+1G>A c.1905+1G>A"},
        {"DPYD", "c.1905+1G>A (heterozygous); c.2846A>T (heterozygous)",
         "c.1905+1G>A c.2846A>T"},
        {"DPYD", "c.1129-5923C>G (het), c.1236G>A (het)", "c.1129-5923C>G ="},
        {"DPYD", "c.1129-5923C>G, c.1236G>A", "c.1129-5923C>G one"},
        {"MT-RNR1", "m.1555A>G (het)", "m.1555A>G"},
        {"MT-RNR1", "NC_012920.1:m.1555A>G", "m.1555A>G"},
        {"DPYD", "NM_000110.4:c.1905+1G>A (heterozygous)", "c.1905+1G>A ="},
        {"DPYD", "rs3918290 C/T; rs67376798 T/A", "!malformed !other-snp"},
        {"SLCO1B1", "T/T C/T", "!malformed"},
        {"SLCO1B1", "rs4149056 T/T; rs2306283 A/G", "rs4149056 T rs4149056 T !other-snp"},
        {"SLCO1B1", "TT (het)", "!malformed"},
        {"CYP2C19", "*2/*2 heterozygous", "!malformed"},
        {"CYP2C19", "*1/*2 homozygous", "!malformed"},
        {"CYP2C19", "*1/*2 heterozygous", "*1 *2"},
        {"DPYD", "c.1905+1G>A not detected", "!malformed"},
        {"DPYD", "wild type", "Reference one"},
        {"DPYD", "NM_000110.4:c.1905+1G>A/Reference", "c.1905+1G>A Reference"},
        {"RYR1", "c.7300G>A/Reference", "c.7300G>A Reference"},
        {"CYP2C19", "c.681G>A/Reference", "-"},
        {"G6PD", "Mediterranean/B (reference)", "Mediterranean B (reference)"},
        {"G6PD", "A- 202A_376G/B (reference)", "A- 202A_376G B (reference)"},
        {"G6PD", "Positive/Negative", "-"},
        {"G6PD", "normal/deficient", "-"},
        {"G6PD", "G6PD deficient", "=Deficient"},
        {"CFTR", "G551D/F508del", "G551D F508del"},
        {"CFTR", "a/b/c", "-"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void hla_typings(void **state)
{
    static const struct row rows[] = {
        {"HLA-B", "HLA-B*15:02", "*15:02 one"},
        {"HLA-B", "hla#3.25.0#HLA-B*57:01:01:01+HLA-B*15:01:01:01",
         "*57:01:01:01 *15:01:01:01"},
        {"HLA-B", "B*57:01, B*15:01", "*57:01 *15:01"},
        {"HLA-B", "HLA-B Genotype: B*57:01; B*15:01", "*57:01 *15:01"},
        {"HLA-B", "*57:01:01G+*15:01P", "*57:01:01G *15:01P"},
        {"HLA-B", "57:01+15:01", "*57:01 *15:01"},
        {"HLA-B", "HLA-B*5701", "*57:01 one"},
        {"HLA-B", "HLA-B*570101", "*57:01:01 one"},
        {"HLA-B", "HLA-A*01:01+HLA-A*02:01^HLA-B*57:01+HLA-B*08:01",
         "*57:01 *08:01 !two-genes"},
        {"HLA-A", "HLA-A*01:01+HLA-A*02:01^HLA-B*57:01+HLA-B*08:01",
         "*01:01 *02:01 !two-genes"},
        {"HLA-B", "A*02:01, A*03:01, B*07:02, B*57:01", "*07:02 *57:01"},
        {"HLA-B", "HLA-B*57:01~HLA-C*06:02+HLA-B*08:01~HLA-C*07:01", "*57:01 *08:01"},
        /* ambiguity: one protein, then two */
        {"HLA-B", "HLA-B*40:01:02:01/HLA-B*40:01:02:02+HLA-B*15:01", "*40:01 *15:01"},
        {"HLA-B", "HLA-B*57:01/HLA-B*57:03+HLA-B*15:01", "*15:01 one"},
        {"HLA-B", "hla#3.31.0#HLA-B*57:01/HLA-B*08:01", "-"},
        {"HLA-B", "HLA-B*57:01+HLA-B*15:01|HLA-B*57:01+HLA-B*15:02", "*57:01 one"},
        {"HLA-B", "HLA-B*57:01:01+HLA-B*15:01|HLA-B*57:01:02+HLA-B*15:01", "*57:01 *15:01"},
        {"HLA-B", "HLA-B*57:01+HLA-B*57:01|HLA-B*57:01+HLA-B*15:01", "*57:01 one"},
        {"HLA-B", "HLA-B*57:01+HLA-B*15:01|HLA-B*15:01", "*15:01 one"},
        {"HLA-B", "HLA-B*57+HLA-B*15:01", "*15:01 one"},
        {"HLA-B", "HLA-B*15:AKBAR+HLA-B*08:01", "*08:01 one"},
        {"HLA-B", "HLA-B*57", "-"},
        {"HLA-B", "HLA-B*15:AKBAR", "-"},
        /* notation that is broken in ways that are known */
        {"HLA-B", "HLA-B*08:01/HLA-B*40:01", "*08:01 *40:01 !malformed"},
        {"HLA-B", "HLA-B*57:01/HLA-B*57:01", "*57:01 *57:01 !malformed"},
        {"HLA-B", "HLA-B*40:01:01/HLA-B*40:01:02", "*40:01 one"},
        {"HLA-A", "HLA-A:01:01", "*01:01 one !malformed"},
        {"HLA-B", "HLA-B*57:01+HLA-B*15:01^#", "*57:01 *15:01 !malformed"},
        {"HLA-B", "HLA-B*57:01+HLA-B*15:01+HLA-B*08:01", "!malformed"},
        {"HLA-B", "HLA-B*57:01^HLA-B*08:01", "*08:01 one !malformed"},
        /* other loci */
        {"HLA-B", "DRB1*13:02", "-"},
        {"HLA-B", "HLA-DRB1*15:01+HLA-DRB1*13:AKBAR", "-"},
        {"HLA-B", "HLA-C*06:02", "-"},
        {"HLA-B", "B27", "-"},
        {"HLA-B", "HLA-B*57:01 found in 2019", "-"},
        {"HLA-B", "*1/*2", "-"},
        {"HLA-B", "HLA-B*", "-"},
        {"HLA-B", "HLA", "-"},
        {"HLA-B", "+^|/~", "-"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void hla_presence(void **state)
{
    static const struct row rows[] = {
        {"HLA-B", "HLA-B*57:01 positive", "positive *57:01"},
        {"HLA-B", "HLA-B*57:01: Negative", "negative *57:01"},
        {"HLA-B", "Positive for HLA-B*58:01", "positive *58:01"},
        {"HLA-B", "HLA-B*15:02 not detected", "negative *15:02"},
        {"HLA-B", "HLA-B*15:02 Detected", "positive *15:02"},
        {"HLA-B", "*57:01:01 carrier", "positive *57:01"},
        {"HLA-B", "HLA-B*5701 absent", "negative *57:01"},
        {"HLA-B", "HLA-B57:01 absent", "negative *57:01"},
        {"HLA-B", "Positive", "positive"},
        {"HLA-B", "Indeterminate result", "indeterminate"},
        {"HLA-B", "HLA-B*57:01 negative, HLA-B*58:01 negative", "negative"},
        {"HLA-B", "HLA-B*57:01 negative, HLA-B*58:01 positive", "-"},
        {"HLA-B", "No HLA-B*57:01 positive cells", "-"},
        {"HLA-B", "false positive", "-"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void the_public_function_names_the_gene_or_refuses(void **state)
{
    static const struct {
        const char *gene;
        const char *text;
        const char *want_gene; /* NULL: refused */
    } rows[] = {
        {"", "CYP2D6*1/*4", "CYP2D6"},
        {"CYP2C19", "*1/*2", "CYP2C19"},
        {"", "*1/*2", ""},
        {"", "rs4149056 T/C", "SLCO1B1"},
        {"CYP2C19", "CYP2D6 *1/*4", "CYP2D6"},
        {"", "CYP2C19 and CYP2D6 poor metabolizer", NULL},
        {"CYP2C19", "no call", NULL},
        {"CYP2C19", "paragraph", NULL},
        {"", "", NULL},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, (size_t)1 << 20);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fhir_evidence evidence = {.score = SLICE("untouched")};
        bool is_read = fhir_genotype_from_text(slice_of(rows[i].text), slice_of(rows[i].gene),
                                               &arena, &evidence);

        assert_int_equal(is_read, rows[i].want_gene != NULL);
        if (is_read)
            assert_slice_equal(evidence.gene, rows[i].want_gene);
        else
            assert_slice_equal(evidence.score, "untouched");
    }
    arena_release(&arena);
}

/* Every start of every kind of value must be readable without a slip. */
static void cut_texts_are_harmless(void **state)
{
    static const char *const texts[] = {
        "hla#3.31.0#HLA-B*57:01:01G/HLA-B*57:03~C*06:02+B*5701|HLA-B*15:AKBAR^#A:01:01",
        "CYP2D6 (*4N+*68x>=3)/(*36 + *10)x2 (Likely Intermediate Metabolizer, AS: \xe2\x89\xa5"
        "1.25)",
        "c.1129\xe2\x80\x93"
        "5923C>G, c.1236G>A (HapB3)/c.1905+1G>A (*2A) het; Reference",
        "UGT1A1 A(TA)7TAA/(TA)6, low or deficient activity",
    };
    static const char *const genes[] = {"HLA-B", "CYP2D6", "DPYD", "UGT1A1",
                                        "G6PD",  "VKORC1", "",     "SLCO1B1"};
    struct arena arena;

    (void)state;
    arena_init(&arena, (size_t)1 << 20);
    for (size_t t = 0; t < ARRAY_LEN(texts); t++) {
        size_t len = strlen(texts[t]);

        for (size_t from = 0; from < len; from++) {
            for (size_t to = from; to <= len; to++) {
                struct slice cut = {texts[t] + from, to - from};
                struct fhir_evidence evidence = {0};
                char *copy = malloc(cut.len + 1); /* so that a read past the end is seen */

                assert_non_null(copy);
                memcpy(copy, cut.ptr, cut.len);
                for (size_t g = 0; g < ARRAY_LEN(genes); g++) {
                    evidence = (struct fhir_evidence){0};
                    (void)fhir_text_read((struct slice){copy, cut.len}, fhir_genes_in(cut),
                                         fhir_gene_of_symbol(slice_of(genes[g])), &arena,
                                         &evidence);
                    assert_true(evidence.alleles_count <= FHIR_ALLELES_MAX);
                }
                free(copy);
                arena_reset(&arena);
            }
        }
    }
    arena_release(&arena);
}

static void an_arena_without_room_is_no_crash(void **state)
{
    static const char *const texts[] = {"HLA-B*5701+HLA-B*5801", "*1X2/*2XN",
                                        "CYP2D6 *36 + *10/*1 (PM)", "rs2306283 A/G"};

    (void)state;
    for (size_t bytes = 0; bytes < 6000; bytes += 2000) {
        for (size_t t = 0; t < ARRAY_LEN(texts); t++) {
            struct fhir_evidence evidence = {0};
            struct arena arena;
            bool is_read;

            arena_init(&arena, bytes);
            is_read =
                fhir_genotype_from_text(slice_of(texts[t]), SLICE_NONE, &arena, &evidence);
            assert_true(!is_read || !arena.has_failed);
            arena_release(&arena);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(diplotypes_in_every_spelling),
        cmocka_unit_test(copies_and_tandems),
        cmocka_unit_test(one_allele_alone),
        cmocka_unit_test(what_is_doubtful_names_no_alleles),
        cmocka_unit_test(no_calls),
        cmocka_unit_test(phenotype_and_score_beside_alleles),
        cmocka_unit_test(nucleotides),
        cmocka_unit_test(variant_lists_and_names),
        cmocka_unit_test(hla_typings),
        cmocka_unit_test(hla_presence),
        cmocka_unit_test(the_public_function_names_the_gene_or_refuses),
        cmocka_unit_test(cut_texts_are_harmless),
        cmocka_unit_test(an_arena_without_room_is_no_crash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
