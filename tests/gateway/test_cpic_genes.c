/* tests/gateway/test_cpic_genes.c -- the shipped genes against the tables that are behind
 * CPIC's diplotypes: functions of alleles, pairs of functions, priorities, and what DPWG makes
 * of the same pairs.
 *
 * The tables are not part of the product: where they are absent the tests are skipped.
 */
#include "tests/test.h"

#include "gateway/store/file.h"
#include "gateway/store/knowledge_files.h"
#include "rules/genotype.h"

#define TABLES         "../shared/reference/cpic"
#define FILE_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define COLUMNS_MAX    8
#define SHOWN_MAX      20

/* Replaced by the guideline update of February 2026 (PMID 41618934). */
static bool is_of_2026(struct slice gene)
{
    return slice_eq_text(gene, "NUDT15") || slice_eq_text(gene, "TPMT");
}

struct tables {
    struct rules_knowledge *k;
    struct arena arena; /* of one row */
    struct buf file;
    size_t rows, wrong;
};

static int load(void **state)
{
    struct tables *t = calloc(1, sizeof *t);
    struct rules_release release;
    struct err err = {0};

    assert_non_null(t);
    assert_ok(store_read_files("rules/knowledge", &release, &err), &err);
    assert_ok(rules_knowledge_new(&release, SLICE("genes"), &t->k, &err), &err);
    rules_release_release(&release);
    arena_init(&t->arena, 4 * 1024 * 1024);
    *state = t;
    return 0;
}

static int release(void **state)
{
    struct tables *t = *state;

    if (t == NULL) /* the set-up failed */
        return 0;
    rules_knowledge_release(t->k);
    arena_release(&t->arena);
    free(t);
    return 0;
}

static void count_row(struct tables *t, bool is_right, const struct slice *columns,
                      struct slice got)
{
    t->rows++;
    if (is_right || t->wrong++ >= SHOWN_MAX)
        return;
    print_error("%.*s, %.*s, %.*s, %.*s: got \"%.*s\"\n", SLICE_ARG(columns[0]),
                SLICE_ARG(columns[1]), SLICE_ARG(columns[2]), SLICE_ARG(columns[3]),
                SLICE_ARG(got));
}

/* Runs `check` for every row whose gene is shipped. */
static void each_row(struct tables *t, const char *name,
                     void (*check)(struct tables *t, const struct rules_gene *gene,
                                   const struct slice *columns))
{
    struct err err = {0};
    struct slice rest;

    if (!file_is_folder(TABLES, ""))
        skip();
    t->rows = t->wrong = 0;
    buf_init(&t->file, FILE_BYTES_MAX);
    assert_ok(file_read(TABLES, name, &t->file, &err), &err);
    rest = buf_slice(&t->file);
    (void)slice_cut(rest, '\n', &rest);
    while (rest.len > 0) {
        struct slice line = slice_cut(rest, '\n', &rest), columns[COLUMNS_MAX];
        const struct rules_gene *gene;

        for (size_t i = 0; i < COLUMNS_MAX; i++)
            columns[i] = slice_cut(line, '\t', &line);
        gene = rules_find_gene(t->k, columns[0]);
        if (gene != NULL)
            check(t, gene, columns);
        arena_reset(&t->arena);
    }
    buf_release(&t->file);
    print_message("%s: %zu rows, %zu wrong\n", name, t->rows, t->wrong);
    assert_true(t->rows > 0);
    assert_int_equal(t->wrong, 0);
}

static struct slice value_text(const struct rules_allele *a, struct arena *arena)
{
    return a->has_value ? rules_score_text(a->value_x100, a->is_at_least, arena)
                        : SLICE(RULES_NO_SCORE);
}

/* The first allele of the gene with this function, or this value where values are added. */
static const struct rules_allele *
find_by_function(struct tables *t, const struct rules_gene *gene, struct slice wanted)
{
    const struct rules_release *rows = rules_knowledge_rows(t->k);

    for (size_t i = 0; i < rows->alleles_count; i++) {
        const struct rules_allele *a = &rows->alleles[i];

        if (!slice_eq(a->gene, gene->symbol))
            continue;
        if (slice_eq(a->function, wanted) || (gene->method == RULES_METHOD_ACTIVITY_SCORE &&
                                              slice_eq(value_text(a, &t->arena), wanted)))
            return a;
    }
    return NULL;
}

/* The phenotype of two functions, as the authority derives it. */
static void check_pair(struct tables *t, const struct rules_gene *gene,
                       const struct slice *columns, struct slice authority)
{
    const struct rules_allele *first = find_by_function(t, gene, columns[1]);
    const struct rules_allele *second =
        columns[2].len > 0 ? find_by_function(t, gene, columns[2]) : NULL;
    struct rules_evidence e = {.gene = gene->symbol, .alleles_count = 1};
    struct rules_gene_result result;
    struct rules_call call;
    struct err err = {0};

    if (first == NULL || (second == NULL && columns[2].len > 0)) {
        count_row(t, false, columns, SLICE("no such allele"));
        return;
    }
    e.alleles[0] = first->name;
    if (second != NULL)
        e.alleles[e.alleles_count++] = second->name;
    assert_ok(rules_resolve_gene(t->k, gene, &e, 1, &t->arena, &result, &err), &err);
    assert_int_equal(result.calls_count, 1);
    rules_call_under(t->k, gene, authority, &result.calls[0], &call);
    count_row(t, slice_eq(call.phenotype, columns[3]), columns, call.phenotype);
}

static void check_cpic_pair(struct tables *t, const struct rules_gene *gene,
                            const struct slice *columns)
{
    if (!is_of_2026(gene->symbol))
        check_pair(t, gene, columns, SLICE("CPIC"));
}

static void every_pair_of_functions_has_cpics_phenotype(void **state)
{
    each_row(*state, "function_pair_phenotype.tsv", check_cpic_pair);
}

/* Genes whose functions or keys DPWG words in another way are left to CPIC's tables. */
static void check_dpwg_pair(struct tables *t, const struct rules_gene *gene,
                            const struct slice *columns)
{
    static const char *const WORDED_OTHERWISE[] = {"DPYD", "NUDT15", "SLCO1B1"};

    for (size_t i = 0; i < ARRAY_LEN(WORDED_OTHERWISE); i++)
        if (slice_eq_text(gene->symbol, WORDED_OTHERWISE[i]))
            return;
    check_pair(t, gene, columns, SLICE("DPWG"));
}

static void every_pair_of_functions_has_dpwgs_phenotype(void **state)
{
    each_row(*state, "dpwg_function_pair_phenotype_2024.tsv", check_dpwg_pair);
}

static void check_allele(struct tables *t, const struct rules_gene *gene,
                         const struct slice *columns)
{
    const struct rules_release *rows = rules_knowledge_rows(t->k);
    const struct rules_allele *found = NULL;
    bool is_right;

    /* the function of an HLA allele is that it is there */
    if (is_of_2026(gene->symbol) || gene->method == RULES_METHOD_ALLELE_PRESENCE)
        return;
    for (size_t i = 0; i < rows->alleles_count; i++)
        if (slice_eq(rows->alleles[i].gene, gene->symbol) &&
            slice_eq(rows->alleles[i].name, columns[1]))
            found = &rows->alleles[i];
    is_right = found != NULL &&
               (columns[2].len == 0 || slice_eq(found->function, columns[2])) &&
               (columns[3].len == 0 || slice_eq(value_text(found, &t->arena), columns[3]));
    count_row(t, is_right, columns, found == NULL ? SLICE("no allele") : found->function);
}

static void every_allele_has_cpics_function_and_value(void **state)
{
    each_row(*state, "allele_function.tsv", check_allele);
}

/* Rows that the table marks as not verified are left out, and have no priority. */
static void check_priority(struct tables *t, const struct rules_gene *gene,
                           const struct slice *columns)
{
    bool is_verified = slice_find(columns[4], SLICE("verify")) == SIZE_MAX;
    const char *want = slice_eq_text(columns[3], "priority") ? "abnormal" : "normal";
    const char *got = rules_priority_name(rules_priority_of(t->k, gene, columns[1]));

    if (slice_eq_text(columns[3], "none") || !is_verified)
        want = "none";
    count_row(t, strcmp(got, want) == 0, columns, slice_of(got));
}

static void every_phenotype_has_cpics_priority(void **state)
{
    each_row(*state, "ehr_priority.tsv", check_priority);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allele_has_cpics_function_and_value),
        cmocka_unit_test(every_pair_of_functions_has_cpics_phenotype),
        cmocka_unit_test(every_pair_of_functions_has_dpwgs_phenotype),
        cmocka_unit_test(every_phenotype_has_cpics_priority),
    };

    return cmocka_run_group_tests(tests, load, release);
}
