/* tests/fhir/test_language.c -- results in German, Dutch, Spanish and Japanese. */
#include "tests/fhir/observation_rows.h"

struct field_row {
    const char *gene, *text, *want;
};

static void check_fields(const struct field_row *rows, size_t count)
{
    size_t failed = 0;

    for (size_t i = 0; i < count; i++) {
        struct slice got =
            fhir_phenotype_from_text(slice_of(rows[i].text), slice_of(rows[i].gene));

        if (slice_eq_text(got, rows[i].want))
            continue;
        print_error("\"%s\" (%s) is \"%.*s\", not \"%s\"\n", rows[i].text, rows[i].gene,
                    SLICE_ARG(got), rows[i].want);
        failed++;
    }
    assert_int_equal(failed, 0);
}

static void phenotypes(void **state)
{
    static const struct field_row rows[] = {
        {"CYP2C19", "Langsamer Metabolisierer", "Poor Metabolizer"},
        {"CYP2C19", "CYP2C19: Intermediärer Metabolisierer", "Intermediate Metabolizer"},
        {"CYP2C19", "INTERMEDIÄRER METABOLISIERER", "Intermediate Metabolizer"},
        {"CYP2D6", "normaler Metabolisierer", "Normal Metabolizer"},
        {"CYP2C19", "Schneller Metabolisierer", "Rapid Metabolizer"},
        {"CYP2D6", "Ultraschneller Metabolisierer", "Ultrarapid Metabolizer"},
        {"CYP2D6", "Langsamer Metabolizer", "Poor Metabolizer"},
        {"SLCO1B1", "verminderte Funktion", "Decreased Function"},
        {"TPMT", "intermediäre Aktivität", "Intermediate Metabolizer"},
        {"CYP2C19", "Wahrscheinlich intermediärer Metabolisierer",
         "Likely Intermediate Metabolizer"},
        {"CYP2D6", "trage metaboliseerder", "Poor Metabolizer"},
        {"CYP2D6", "Langzame metaboliseerder", "Poor Metabolizer"},
        {"CYP2D6", "intermediaire metaboliseerder (IM)", "Intermediate Metabolizer"},
        {"CYP2D6", "normale metaboliseerder", "Normal Metabolizer"},
        {"CYP2C19", "snelle metaboliseerder", "Rapid Metabolizer"},
        {"CYP2D6", "ultrasnelle metaboliseerder", "Ultrarapid Metabolizer"},
        {"SLCO1B1", "verlaagde functie", "Decreased Function"},
        {"CYP2D6", "Metabolizador lento", "Poor Metabolizer"},
        {"CYP2D6", "metabolizador pobre", "Poor Metabolizer"},
        {"CYP2D6", "Metabolizador intermedio", "Intermediate Metabolizer"},
        {"CYP2D6", "Metabolizador normal", "Normal Metabolizer"},
        {"CYP2C19", "metabolizador rápido", "Rapid Metabolizer"},
        {"CYP2C19", "METABOLIZADOR RÁPIDO", "Rapid Metabolizer"},
        {"CYP2D6", "Metabolizadora ultrarrápida", "Ultrarapid Metabolizer"},
        {"CYP2D6", "metabolizador ultra rápido", "Ultrarapid Metabolizer"},
        {"SLCO1B1", "función disminuida", "Decreased Function"},
        {"CYP2C19", "Probable metabolizador intermedio", "Likely Intermediate Metabolizer"},
        {"CYP2C19", "低代謝型", "Poor Metabolizer"},
        {"CYP2C19", "PM（低代謝型）", "Poor Metabolizer"},
        {"CYP2C19", "CYP2C19は中間代謝型", "Intermediate Metabolizer"},
        {"CYP2D6", "超迅速代謝型", "Ultrarapid Metabolizer"},
        {"CYP2C19", "迅速代謝型", "Rapid Metabolizer"},
        {"CYP2D6", "正常代謝", "Normal Metabolizer"},
    };

    (void)state;
    check_fields(rows, ARRAY_LEN(rows));
}

static void denied_or_doubtful(void **state)
{
    static const struct field_row rows[] = {
        {"CYP2D6", "kein langsamer Metabolisierer", ""},
        {"CYP2D6", "Nicht langsamer Metabolisierer", ""},
        {"CYP2D6", "langsamer Metabolisierer ausgeschlossen", ""},
        {"CYP2D6", "Vermutlich langsamer Metabolisierer", ""},
        {"CYP2D6", "Wenn langsamer Metabolisierer, Dosis senken", ""},
        {"CYP2D6", "Mutter langsamer Metabolisierer", ""},
        {"CYP2D6", "langsamer oder normaler Metabolisierer", ""},
        {"CYP2D6", "geen trage metaboliseerder", ""},
        {"CYP2D6", "vermoedelijk trage metaboliseerder", ""},
        {"CYP2D6", "indien trage metaboliseerder", ""},
        {"CYP2D6", "no metabolizador lento", ""},
        {"CYP2D6", "sospecha de metabolizador lento", ""},
        {"CYP2D6", "pacientes metabolizador lento", ""},
        {"CYP2D6", "低代謝型ではない", ""},
        {"CYP2D6", "低代謝型の可能性", ""},
        {"CYP2D6", "低代謝型の疑い", ""},
        {"CYP2D6", "低代謝型または中間代謝型", ""},
        {"CYP2D6", "EM（低代謝型）", ""},
        {"CYP2D6", "metabolizador", ""},
        {"CYP2D6", "Metabolisierer", ""},
        {"SLCO1B1", "低代謝型です", "Poor Function"},
    };

    (void)state;
    check_fields(rows, ARRAY_LEN(rows));
}

static void presence(void **state)
{
    static const struct row rows[] = {
        {OBS(LOINC("57979-7") "," TEXT("nachgewiesen")), "HLA-B positive *15:02"},
        {OBS(LOINC("57979-7") "," TEXT("Nicht nachgewiesen")), "HLA-B negative *15:02"},
        {OBS(LOINC("57979-7") "," TEXT("negativ")), "HLA-B negative *15:02"},
        {OBS(LOINC("57979-7") "," TEXT("aangetoond")), "HLA-B positive *15:02"},
        {OBS(LOINC("57979-7") "," TEXT("niet aangetoond")), "HLA-B negative *15:02"},
        {OBS(LOINC("57979-7") "," TEXT("Detectado")), "HLA-B positive *15:02"},
        {OBS(LOINC("57979-7") "," TEXT("No detectado")), "HLA-B negative *15:02"},
        {OBS(LOINC("57979-7") "," TEXT("陽性")), "HLA-B positive *15:02"},
        {OBS(LOINC("57979-7") "," TEXT("陰性")), "HLA-B negative *15:02"},
        {OBS(LOINC("57979-7") "," TEXT("HLA-B*15:02 陽性")), "HLA-B positive *15:02"},
        {OBS(LOINC("57979-7") "," TEXT("nicht positiv")), "warn value-unreadable"},
        {OBS(LOINC("57979-7") "," TEXT("positiv oder negativ")), "warn value-unreadable"},
        {OBS(LOINC("57979-7") "," TEXT("geen uitslag")), "warn value-unreadable"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void whole_results(void **state)
{
    static const struct row rows[] = {
        {OBS(NAMED("CYP2C19-Genotyp") "," TEXT("*2/*2 (langsamer Metabolisierer)")),
         "CYP2C19 *2 *2 =Poor Metabolizer"},
        {OBS(NAMED("CYP2D6 Phänotyp") "," TEXT("langsam")), "warn value-unreadable"},
        {OBS(NAMED("CYP2D6 fenotype") "," TEXT("trage metaboliseerder")),
         "CYP2D6 =Poor Metabolizer"},
        {OBS(NAMED("Genotipo CYP2C19") "," TEXT("*1/*2, metabolizador intermedio")),
         "CYP2C19 *1 *2 =Intermediate Metabolizer"},
        {OBS(NAMED("CYP2C19 遺伝子型") "," TEXT("*2/*3（低代謝型）")),
         "CYP2C19 *2 *3 =Poor Metabolizer"},
        {OBS(NAMED("CYP2C19-Genotyp") "," TEXT("*2/*2 nicht nachgewiesen")),
         "warn malformed-genotype"},
        {OBS(NAMED("CYP2C19 genotype") "," TEXT("geen *2/*2")), "warn malformed-genotype"},
        {OBS(NAMED("Genotipo CYP2C19") "," TEXT("*2/*2 negativo")), "warn malformed-genotype"},
        {OBS(NAMED("CYP2C19 遺伝子型") "," TEXT("*2/*3 検出されず")),
         "warn malformed-genotype"},
        {OBS(NAMED("CYP2D6 phenotype") "," TEXT("EM (Poor metabolizer)")),
         "warn value-unreadable"},
        {OBS(NAMED("TPMT-Enzymaktivität") "," TEXT("normal")), "ignored not-pgx"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void phenotypes_that_cpic_does_not_define(void **state)
{
    static const struct row rows[] = {
        {OBS(LOINC("79716-7") "," ANSWER("LA25390-8")), "warn phenotype-not-of-gene"},
        {OBS(LOINC("79715-9") "," TEXT("Rapid metabolizer")), "warn phenotype-not-of-gene"},
        {OBS(LOINC("79715-9") "," TEXT("Ultrarapid metabolizer")),
         "CYP2D6 =Ultrarapid Metabolizer"},
        {OBS(LOINC("46724-1") "," TEXT("*1/*1 (Rapid metabolizer)")),
         "CYP2C9 *1 *1; warn phenotype-not-of-gene"},
        {OBS(LOINC("79718-3") "," ANSWER("LA10315-2")), "warn phenotype-not-of-gene"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(phenotypes),
        cmocka_unit_test(denied_or_doubtful),
        cmocka_unit_test(presence),
        cmocka_unit_test(whole_results),
        cmocka_unit_test(phenotypes_that_cpic_does_not_define),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
