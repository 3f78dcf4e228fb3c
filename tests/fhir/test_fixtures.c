/* tests/fhir/test_fixtures.c -- read the collected public FHIR samples and compare with what a
 * correct reader must extract from each.
 *
 * Expectations are read from EXPECTED.json, every one of them; every "must not" of the file has
 * a row in MUST_NOTS, or the test fails.
 * The samples are not part of the project: without them everything here is skipped.
 */
#include "tests/fhir/parsed.h"

#include "fhir/json_c.h"

#include "fhir/observation.h"
#include "fhir/order.h"

#define ROOT           "../shared/fixtures/fhir/"
#define PATH_BYTES_MAX 256

/* Ingredients that an order names by a code only, misspelt or as a product: the code that is
 * handed on, which RxNorm or SNOMED CT resolve. */
static const struct {
    const char *file;
    const char *ingredient;
    const char *system, *code;
} CODED_INGREDIENTS[] = {
    {"orders/r4-medrx0308.json", "hydrocodone", "http://www.nlm.nih.gov/research/umls/rxnorm",
     "856907"},
    {"orders/r4-medrx0308.json", "acetaminophen", "http://www.nlm.nih.gov/research/umls/rxnorm",
     "856907"},
    {"orders/r4-medrx0329.json", "salicylic acid", "http://snomed.info/sct", "387253001"},
};

enum check {
    NOTHING_ELSE, /* covered: no evidence but the expected, one record per gene */
    NO_GENE,      /* no evidence of the gene */
    NO_PHENOTYPE, /* evidence of the gene states no phenotype */
    HAS_GENE,
    IS_OUTCOME,
    NO_ORDER, /* nothing in the file is read as an order to evaluate */
    NO_PRESENCE,
};

static const struct {
    const char *file;
    const char *text;
    enum check check;
    const char *gene;
} MUST_NOTS[] = {
    {"core/r4-tpmt-set.json", "count the two haplotype Observations as further diplotypes",
     NOTHING_ELSE, "TPMT"},
    {"core/r4-tpmt-set.json", "lose the result because haplotype-one has status \"unknown\"",
     HAS_GENE, "TPMT"},
    {"core/r4-egfr-variant-negative.json", "any PGx result", NOTHING_ELSE, NULL},
    {"core/dstu2-brca1-germline-negative.json", "any PGx result", NOTHING_ELSE, NULL},
    {"core/dstu2-brca1-germline-negative.json", "crash on DSTU2 shape", NOTHING_ELSE, NULL},
    {"ig/stu1-hlab1502-bundle.json", "require two alleles", HAS_GENE, "HLA-B"},
    {"ig/stu1-hlab1502-bundle.json", "treat MedicationStatement status unknown as an order",
     NO_ORDER, NULL},
    {"ig/stu1-sequence-phase-cyp2c19.json", "a diplotype", NO_GENE, "CYP2C19"},
    {"ig/stu1-hla-glstring-report.json", "crash on References without reference", NOTHING_ELSE,
     NULL},
    {"ig/stu2-cgexample-bundle.json",
     "VKORC1 result (second 48018-6 component names it but there is no VKORC1 value)", NO_GENE,
     "VKORC1"},
    {"ig/stu2-cgexample-bundle.json",
     "CYP2C9 \"Rapid metabolizer\" for warfarin as a gene phenotype", NO_PHENOTYPE, "CYP2C9"},
    {"ig/stu2-cgexample-bundle.json",
     "CYP2D6 diplotype from the two complex-component variants", NO_GENE, "CYP2D6"},
    {"ig/stu3-emerge-pgx-set.json",
     "CYP2C19 *3 or *17 from the variant Observations (nine of the eleven are \"Present\" "
     "although ref = alt, wild type)",
     NOTHING_ELSE, "CYP2C19"},
    {"ig/stu3-emerge-pgx-set.json",
     "an HGNC:262 gene (typo in Pgx-var-1011; display says CYP2C19)", NOTHING_ELSE, NULL},
    {"ig/stu3-emerge-pgx-set.json",
     "attach warfarin \"Normal metabolizer\" (TxImp06) to VKORC1", NO_PHENOTYPE, "VKORC1"},
    {"ig/stu3-op-tx-implications-somatic-negative.json", "any germline PGx result",
     NOTHING_ELSE, NULL},
    {"lab/emerge-standard-negative1.json",
     "PGx result from the monogenic (disease) part of the report", NOTHING_ELSE, NULL},
    {"lab/emerge-standard-negative1.json", "use the narrative (text.div holds escaped JSON)",
     NOTHING_ELSE, NULL},
    {"lab/emerge-standard-negative1.json",
     "read drug-level phenotype (warfarin) as CYP2C9 phenotype", NO_PHENOTYPE, "CYP2C9"},
    {"lab/emerge-standard-positive2.json",
     "PGx result from the monogenic (disease) part of the report", NOTHING_ELSE, NULL},
    {"lab/emerge-standard-positive2.json", "use the narrative (text.div holds escaped JSON)",
     NOTHING_ELSE, NULL},
    {"lab/emerge-standard-positive2.json",
     "read drug-level phenotype (warfarin) as CYP2C9 phenotype", NO_PHENOTYPE, "CYP2C9"},
    {"operations/find_subject_specific_haplotypes-2.json", "an HLA-B genotype", NO_GENE,
     "HLA-B"},
    {"operations/find_subject_specific_haplotypes-2.json",
     "\"negative\" for alleles other than the one asked for", NO_PRESENCE, NULL},
    {"operations/find_subject_specific_haplotypes-3.json", "a PGx conclusion from DRB1",
     NOTHING_ELSE, NULL},
    {"lab/vcf2fhir-example1-negative.json", "any PGx result", NOTHING_ELSE, NULL},
    {"errors/epic-missing-category-400.json", "treat as empty result", IS_OUTCOME, NULL},
};

struct file {
    const char *name;
    struct parsed parsed;
    struct fhir_reading reading;
    struct fhir_order *orders;
    size_t orders_count;
};

static const char *text_of(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    return json_object_object_get_ex(object, name, &value) && value != NULL
               ? json_object_get_string(value)
               : NULL;
}

static struct json_object *list_of(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    assert_true(json_object_object_get_ex(object, name, &value));
    return value;
}

/* "HLA-A*03:01:01:01" -> "*03:01:01:01", "*7.001" -> "*7", "rs9923231 C" -> "C". */
static struct slice plain_allele(struct slice allele)
{
    size_t star = slice_find_char(allele, '*'), blank = slice_find_char(allele, ' ');
    size_t dot;

    if (star != SIZE_MAX)
        allele = slice_from(allele, star);
    else if (blank != SIZE_MAX)
        allele = slice_from(allele, blank + 1);
    dot = slice_find_char(allele, '.');
    return slice_head(allele, dot);
}

static bool has_diplotype(const struct fhir_evidence *evidence, const char *diplotype)
{
    struct slice second, first = slice_cut(slice_of(diplotype), '/', &second);
    struct slice a, b;

    if (evidence->alleles_count != 2 || evidence->is_single_allele)
        return false;
    first = plain_allele(first);
    second = plain_allele(second);
    a = plain_allele(evidence->alleles[0]);
    b = plain_allele(evidence->alleles[1]);
    return (slice_eq(a, first) && slice_eq(b, second)) ||
           (slice_eq(a, second) && slice_eq(b, first));
}

/* What the alleles say about one HLA allele: nothing unless both copies are known. */
static const char *hla_status(const struct fhir_evidence *evidence, const char *allele)
{
    struct slice wanted = plain_allele(slice_of(allele));

    for (size_t i = 0; i < evidence->alleles_count; i++)
        if (slice_starts(evidence->alleles[i], wanted))
            return "positive";
    return evidence->is_single_allele ? "unknown" : "negative";
}

static const struct fhir_evidence *only_evidence(const struct file *file, const char *gene)
{
    const struct fhir_evidence *found = NULL;

    for (size_t i = 0; i < file->reading.evidence_count; i++) {
        if (!slice_eq_text(file->reading.evidence[i].gene, gene))
            continue;
        if (found != NULL)
            fail_msg("%s: %s is read twice", file->name, gene);
        found = &file->reading.evidence[i];
    }
    return found;
}

static void check_gene(const struct file *file, struct json_object *expect)
{
    const char *gene = text_of(expect, "gene");
    const char *diplotype = text_of(expect, "diplotype");
    const char *stated = text_of(expect, "phenotype_stated");
    const struct fhir_evidence *evidence = only_evidence(file, gene);
    struct json_object *hla = NULL;

    if (evidence == NULL)
        fail_msg("%s: nothing read for %s", file->name, gene);
    if (diplotype != NULL && !has_diplotype(evidence, diplotype))
        fail_msg("%s: %s is not %s", file->name, gene, diplotype);
    if (stated != NULL) {
        struct slice words = fhir_phenotype_from_text(slice_of(stated), slice_of(gene));

        /* A risk is a drug's: no gene has it as its phenotype. */
        if (words.len == 0 ? !slice_eq_nocase(evidence->implication, slice_of(stated))
                           : !slice_eq(evidence->phenotype, words))
            fail_msg("%s: %s is stated to be %s", file->name, gene, stated);
    } else if (evidence->phenotype.len > 0) {
        fail_msg("%s: %s states no phenotype", file->name, gene);
    }
    if (!json_object_object_get_ex(expect, "hla", &hla))
        return;
    json_object_object_foreach(hla, allele, status)
    {
        if (strcmp(hla_status(evidence, allele), json_object_get_string(status)) != 0)
            fail_msg("%s: %s", file->name, allele);
    }
}

/* Every record is of an expected gene. */
static void check_nothing_else(const struct file *file, struct json_object *expects)
{
    for (size_t i = 0; i < file->reading.evidence_count; i++) {
        const struct fhir_evidence *evidence = &file->reading.evidence[i];
        bool is_expected = false;

        for (size_t e = 0; e < json_object_array_length(expects); e++) {
            const char *gene = text_of(json_object_array_get_idx(expects, e), "gene");

            is_expected = is_expected || (gene != NULL && slice_eq_text(evidence->gene, gene));
        }
        if (!is_expected)
            fail_msg("%s: %.*s is read from %.*s", file->name, SLICE_ARG(evidence->gene),
                     SLICE_ARG(evidence->resource->name));
    }
}

static void check_must_not(const struct file *file, const char *text)
{
    for (size_t i = 0; i < ARRAY_LEN(MUST_NOTS); i++) {
        const char *gene = MUST_NOTS[i].gene;
        const struct fhir_evidence *evidence;

        if (strcmp(MUST_NOTS[i].file, file->name) != 0 || strcmp(MUST_NOTS[i].text, text) != 0)
            continue;
        evidence = gene == NULL ? NULL : only_evidence(file, gene);
        switch (MUST_NOTS[i].check) {
        case NOTHING_ELSE:
            break;
        case NO_GENE:
            assert_null(evidence);
            break;
        case NO_PHENOTYPE:
            assert_true(evidence == NULL || evidence->phenotype.len == 0);
            break;
        case HAS_GENE:
            assert_non_null(evidence);
            break;
        case IS_OUTCOME:
            assert_int_equal(fhir_answer_of(json_root(&file->parsed.doc)), FHIR_ANSWER_OUTCOME);
            break;
        case NO_ORDER:
            for (size_t o = 0; o < file->orders_count; o++)
                assert_int_equal(file->orders[o].state, FHIR_ORDER_SKIPPED);
            break;
        case NO_PRESENCE:
            for (size_t e = 0; e < file->reading.evidence_count; e++)
                assert_int_equal(file->reading.evidence[e].presence, FHIR_PRESENCE_NONE);
            break;
        }
        return;
    }
    fail_msg("%s: no check for \"must not %s\"", file->name, text);
}

static bool names_ingredient(const struct fhir_order *order, struct slice ingredient)
{
    for (size_t i = 0; i < order->codings_count; i++)
        if (slice_find_nocase(order->codings[i].display, ingredient) != SIZE_MAX)
            return true;
    return slice_find_nocase(order->text, ingredient) != SIZE_MAX;
}

static bool codes_ingredient(const struct file *file, const struct fhir_order *order,
                             const char *ingredient)
{
    for (size_t i = 0; i < ARRAY_LEN(CODED_INGREDIENTS); i++) {
        if (strcmp(CODED_INGREDIENTS[i].file, file->name) != 0 ||
            strcmp(CODED_INGREDIENTS[i].ingredient, ingredient) != 0)
            continue;
        for (size_t c = 0; c < order->codings_count; c++)
            if (slice_eq_text(order->codings[c].system, CODED_INGREDIENTS[i].system) &&
                slice_eq_text(order->codings[c].code, CODED_INGREDIENTS[i].code))
                return true;
    }
    return false;
}

static void check_order(const struct file *file, struct json_object *expect)
{
    struct json_object *ingredients = list_of(expect, "ingredients");
    bool is_evaluated = json_object_get_boolean(list_of(expect, "evaluate"));
    const struct fhir_order *order = file->orders;

    assert_int_equal(file->orders_count, 1);
    assert_int_equal(order->state, is_evaluated ? FHIR_ORDER_READY : FHIR_ORDER_SKIPPED);
    assert_true(is_evaluated == (order->skip_reason == NULL));
    assert_true(order->codings_count > 0);
    for (size_t i = 0; i < json_object_array_length(ingredients); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(ingredients, i));

        if (!names_ingredient(order, slice_of(name)) && !codes_ingredient(file, order, name))
            fail_msg("%s: %s is neither named nor coded", file->name, name);
    }
}

static void check_file(struct json_object *row, struct file *file)
{
    struct json_object *expects = list_of(row, "expect");
    struct json_object *must_nots = list_of(row, "must_not");
    char path[PATH_BYTES_MAX];
    struct err err = {0};

    file->name = text_of(row, "file");
    (void)snprintf(path, sizeof path, ROOT "%s", file->name);
    if (!parsed_load(&file->parsed, path))
        fail_msg("%s is missing", path);
    parsed_read(&file->parsed);
    assert_ok(fhir_collection_add(&file->parsed.collection, json_root(&file->parsed.doc), &err),
              &err);
    assert_ok(fhir_read_evidence(&file->parsed.collection, SLICE_NONE, &file->parsed.arena,
                                 &file->reading, &err),
              &err);
    assert_ok(fhir_read_orders(json_root(&file->parsed.doc), &file->parsed.collection,
                               &file->parsed.arena, &file->orders, &file->orders_count, &err),
              &err);
    check_nothing_else(file, expects);
    for (size_t i = 0; i < json_object_array_length(expects); i++) {
        struct json_object *expect = json_object_array_get_idx(expects, i);

        if (text_of(expect, "gene") != NULL)
            check_gene(file, expect);
        else
            check_order(file, expect);
    }
    for (size_t i = 0; i < json_object_array_length(must_nots); i++)
        check_must_not(file, json_object_get_string(json_object_array_get_idx(must_nots, i)));
}

static void every_sample_is_read_as_expected(void **state)
{
    struct json_object *expected = json_object_from_file(ROOT "EXPECTED.json");
    struct json_object *files;

    (void)state;
    if (expected == NULL) {
        print_message("skipped: " ROOT " is not here\n");
        skip();
    }
    files = list_of(expected, "files");
    assert_true(json_object_array_length(files) > 0);
    for (size_t i = 0; i < json_object_array_length(files); i++) {
        struct file file = {0};

        parsed_init(&file.parsed);
        check_file(json_object_array_get_idx(files, i), &file);
        print_message("read: %s, %zu results, %zu warnings, %zu ignored\n", file.name,
                      file.reading.evidence_count, file.reading.warnings_count,
                      file.reading.ignored_count);
        parsed_release(&file.parsed);
    }
    assert_int_equal(json_object_put(expected), 1);
}

/* The trap of each sample must be said, not just survived. */
static void traps_are_warned_of(void **state)
{
    static const struct {
        const char *file;
        enum fhir_warning_code code;
    } rows[] = {
        {"ig/stu1-hlab1502-bundle.json", FHIR_WARNING_ONE_ALLELE},
        {"ig/stu2-cgexample-bundle.json", FHIR_WARNING_TWO_GENES},
        {"ig/stu3-emerge-pgx-set.json", FHIR_WARNING_VARIANT_IGNORED},
        {"operations/find_subject_specific_haplotypes-3.json", FHIR_WARNING_GENE_UNKNOWN},
    };
    char path[PATH_BYTES_MAX];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct file file = {.name = rows[i].file};
        struct err err = {0};
        bool is_warned = false;

        parsed_init(&file.parsed);
        (void)snprintf(path, sizeof path, ROOT "%s", file.name);
        if (!parsed_load(&file.parsed, path)) {
            print_message("skipped: %s is not here\n", path);
            parsed_release(&file.parsed);
            skip();
        }
        parsed_read(&file.parsed);
        assert_ok(
            fhir_collection_add(&file.parsed.collection, json_root(&file.parsed.doc), &err),
            &err);
        assert_ok(fhir_read_evidence(&file.parsed.collection, SLICE_NONE, &file.parsed.arena,
                                     &file.reading, &err),
                  &err);
        for (size_t w = 0; w < file.reading.warnings_count; w++)
            is_warned = is_warned || file.reading.warnings[w].code == rows[i].code;
        if (!is_warned)
            fail_msg("%s: no warning %s", file.name, fhir_warning_name(rows[i].code));
        parsed_release(&file.parsed);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_is_read_as_expected),
        cmocka_unit_test(traps_are_warned_of),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
