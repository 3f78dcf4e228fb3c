/* tests/gateway/test_shipped_knowledge.c -- the shipped knowledge as a whole: its lint, its
 * matrix against the evaluation, and that what it leaves out is said. */
#include "tests/test.h"

#include "gateway/hooks/replay.h"
#include "gateway/store/file.h"
#include "gateway/store/knowledge_files.h"
#include "gateway/store/not_covered.h"
#include "rules/lint.h"
#include "tests/rules/matrix_check.h"

#define KNOWLEDGE      "rules/knowledge"
#define TABLES         "../shared/reference/cpic"
#define FILE_BYTES_MAX ((size_t)16 * 1024 * 1024)

static struct rules_knowledge *load(void (*change)(struct rules_release *release))
{
    struct rules_knowledge *k = NULL;
    struct rules_release release;
    struct err err = {0};

    assert_ok(store_read_files(KNOWLEDGE, &release, &err), &err);
    if (change != NULL)
        change(&release);
    assert_ok(rules_knowledge_new(&release, SLICE("shipped"), &k, &err), &err);
    return k;
}

/* --- lint ----------------------------------------------------------------------------------
 */

static void show(void *owner, const struct rules_finding *finding)
{
    (void)owner;
    if (finding->is_error)
        print_message("%s: %.*s: %.*s\n", rules_lint_rule_name(finding->rule),
                      SLICE_ARG(finding->about), SLICE_ARG(finding->text));
}

static void the_lint_finds_no_error(void **state)
{
    struct rules_knowledge *k = load(NULL);
    struct rules_lint_counts counts = {0};
    struct err err = {0};

    (void)state;
    assert_ok(rules_lint(k, show, NULL, &counts, &err), &err);
    print_message("%zu errors, %zu warnings\n", counts.errors, counts.warnings);
    assert_int_equal(counts.errors, 0);
    rules_knowledge_release(k);
}

static void the_matrix_agrees_with_the_evaluation(void **state)
{
    struct rules_knowledge *k = load(NULL);
    const struct rules_release *rows = rules_knowledge_rows(k);
    size_t points = 0;

    (void)state;
    for (size_t i = 0; i < rows->drugs_count; i++)
        points += matrix_compare_drug(k, rows->drugs[i].name);
    print_message("%zu combinations of results\n", points);
    assert_true(points > 500);
    rules_knowledge_release(k);
}

/* --- summaries -----------------------------------------------------------------------------
 */

static void write_names_in_full(struct rules_release *release)
{
    for (size_t i = 0; i < release->phenotypes_count; i++)
        release->phenotypes[i].abbreviation = release->phenotypes[i].name;
}

static size_t summary_chars(struct slice answer)
{
    size_t at = slice_find(answer, SLICE("\"summary\":\"")), chars = 0;
    struct slice rest;

    assert_true(at != SIZE_MAX);
    rest = slice_from(answer, at + strlen("\"summary\":\""));
    for (size_t i = 0; i < rest.len && rest.ptr[i] != '"'; i++)
        chars += ((unsigned char)rest.ptr[i] & 0xC0) != 0x80;
    return chars;
}

static const struct rules_recommendation *recommendation(const struct rules_knowledge *k,
                                                         const char *id)
{
    const struct rules_release *rows = rules_knowledge_rows(k);

    for (size_t i = 0; i < rows->recommendations_count; i++)
        if (slice_eq_text(rows->recommendations[i].id, id))
            return &rows->recommendations[i];
    fail_msg("no recommendation %s", id);
    return NULL;
}

/* The card of a poor metabolizer, population unknown: the longest key of its recommendation is
 * "Likely Poor Metabolizer". */
static void a_card_is_as_long_as_the_lint_thinks(void **state)
{
    struct rules_knowledge *k = load(write_names_in_full);
    const struct rules_recommendation *r = recommendation(k, "cpic-clopidogrel-acs-poor");
    struct replay replay = {0};
    struct err err = {0};
    struct buf answer;

    (void)state;
    buf_init(&answer, REPLAY_BYTES_MAX);
    assert_ok(replay_load(&replay, "tests/scenario/population-unknown.json", &err), &err);
    assert_int_equal(replay_run(&replay, k, &answer), 200);
    assert_int_equal(
        summary_chars(buf_slice(&answer)) + strlen("Likely "),
        rules_lint_summary_chars(k, r, rules_find_message(k, r->message, SLICE("en"))));
    replay_release(&replay);
    buf_release(&answer);
    rules_knowledge_release(k);
}

/* --- what is not covered -------------------------------------------------------------------
 */

static bool is_advised(const struct rules_knowledge *k, struct slice gene, struct slice name)
{
    const struct rules_drug *drug = rules_find_drug(k, name);
    const struct rules_gene **genes;
    size_t count = drug == NULL ? 0 : rules_genes_of_drug(k, drug, &genes);
    const struct rules_release *rows = rules_knowledge_rows(k);
    bool asks = false;

    for (size_t i = 0; i < count; i++)
        asks = asks || slice_eq(genes[i]->symbol, gene);
    for (size_t i = 0; asks && i < rows->drug_algorithms_count; i++)
        if (slice_eq(rows->drug_algorithms[i].drug, name))
            return true;
    for (size_t i = 0; asks && i < rows->recommendations_count; i++) {
        const struct rules_recommendation *r = &rows->recommendations[i];

        if (slice_eq(r->drug, name) &&
            slice_eq_text(rules_find_source(k, r->source)->publisher, "CPIC"))
            return true;
    }
    return false;
}

static bool is_listed(const struct not_covered *n, struct slice gene, struct slice drug)
{
    for (size_t i = 0; i < n->count; i++)
        if (slice_eq(n->pairs[i].gene, gene) && slice_eq(n->pairs[i].drug, drug))
            return true;
    return false;
}

/* Of CPIC's levels A and B, each pair has advice or a reason why not, and none has both. */
static size_t check_pairs(const struct rules_knowledge *k, const struct not_covered *n,
                          struct slice table)
{
    size_t pairs = 0;

    (void)slice_cut(table, '\n', &table);
    while (table.len > 0) {
        struct slice line = slice_cut(table, '\n', &table), rest = line;
        struct slice gene = slice_cut(rest, '\t', &rest);
        struct slice drug = slice_cut(rest, '\t', &rest), level;
        bool is_covered, is_excused;

        (void)slice_cut(rest, '\t', &rest); /* RxNorm */
        level = slice_cut(rest, '\t', &rest);
        if (!slice_eq_text(level, "A") && !slice_eq_text(level, "B") &&
            !slice_eq_text(level, "A/B"))
            continue;
        pairs++;
        is_covered = is_advised(k, gene, drug);
        is_excused = is_listed(n, gene, drug);
        if (is_covered == is_excused)
            fail_msg("%.*s and %.*s: %s", SLICE_ARG(gene), SLICE_ARG(drug),
                     is_covered ? "advised, and listed as not covered"
                                : "neither advised nor listed in not_covered.json");
    }
    return pairs;
}

static void what_is_not_covered_is_listed(void **state)
{
    struct rules_knowledge *k = load(NULL);
    struct not_covered n;
    struct err err = {0};
    enum err_code code;
    struct buf table;

    (void)state;
    assert_ok(not_covered_read(KNOWLEDGE, &n, &err), &err);
    assert_true(n.count > 0 && n.list.len > 0);
    for (size_t i = 0; i < n.count; i++)
        assert_false(is_advised(k, n.pairs[i].gene, n.pairs[i].drug));
    buf_init(&table, FILE_BYTES_MAX);
    code = file_read(TABLES, "pairs.tsv", &table, &err);
    if (code == ERR_OK)
        assert_int_equal(check_pairs(k, &n, buf_slice(&table)), 139);
    buf_release(&table);
    not_covered_release(&n);
    rules_knowledge_release(k);
    if (code != ERR_OK) {
        print_message("skipped: the tables are not here\n");
        skip();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lint_finds_no_error),
        cmocka_unit_test(the_matrix_agrees_with_the_evaluation),
        cmocka_unit_test(a_card_is_as_long_as_the_lint_thinks),
        cmocka_unit_test(what_is_not_covered_is_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
