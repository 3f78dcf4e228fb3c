/* rules/run_tests.c -- the cases that ship with the knowledge, run against it.
 *
 * A case is read the way a laboratory's result is, so it tests tables, rules and conditions
 * together. It is about the publishers whose recommendations it expects, and about all when it
 * expects none: so the cases of one publisher still hold when a pack adds another's advice.
 */
#include <assert.h>

#include "rules/allele_name.h"
#include "rules/base/buf.h"
#include "rules/evaluate.h"
#include "rules/genotype_private.h"

#define TEST_ARENA_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define TEST_TEXT_BYTES_MAX  ((size_t)64 * 1024)
#define TEST_GENES_MAX       16
#define ALL_PUBLISHERS       UINT32_MAX

struct run {
    const struct rules_knowledge *k;
    const struct rules_test *test;
    struct arena arena;
    struct rules_evidence evidence[TEST_GENES_MAX];
    size_t evidence_count;
    struct rules_gene_result results[TEST_GENES_MAX];
    size_t results_count;
    size_t next_gene; /* in the release's rows: sorted by test, as the tests are */
    struct rules_advice advice;
    uint32_t publishers; /* one bit each: those that the case is about */
    struct buf text;     /* what does not hold */
};

static void find_publishers(struct run *run)
{
    struct slice rest = run->test->recommendations;

    static_assert(RULES_PUBLISHERS_MAX < 32, "one bit each");
    run->publishers = rest.len == 0 ? ALL_PUBLISHERS : 0;
    while (rest.len > 0) {
        uint32_t row =
            rules_index_find(&run->k->recommendations, 0, slice_cut(rest, ' ', &rest));

        assert(row != RULES_ABSENT);
        run->publishers |= 1U << run->k->recommendation_facts[row].publisher;
    }
}

static bool is_about(const struct run *run, const struct rules_match *match)
{
    size_t row = (size_t)(match->recommendation - run->k->rows.recommendations);

    return (run->publishers >> run->k->recommendation_facts[row].publisher & 1U) != 0;
}

/* Those that the case is about, first. */
static struct rules_policy policy_of(const struct run *run,
                                     struct slice publishers[RULES_PUBLISHERS_MAX])
{
    struct rules_policy policy = {publishers, 0};

    for (size_t i = 0; i < run->k->publishers_count; i++)
        if ((run->publishers >> i & 1U) != 0)
            publishers[policy.publishers_count++] = run->k->publishers[i];
    return policy;
}

static enum err_code read_genes(struct run *run, struct err *err)
{
    const struct rules_release *rows = &run->k->rows;

    run->evidence_count = 0;
    for (; run->next_gene < rows->test_genes_count; run->next_gene++) {
        const struct rules_test_gene *row = &rows->test_genes[run->next_gene];

        if (!slice_eq(row->test, run->test->name))
            break;
        if (run->evidence_count < TEST_GENES_MAX)
            rules_evidence_from_text(run->k, rules_find_gene(run->k, row->gene), row->result,
                                     &run->evidence[run->evidence_count]);
        run->evidence_count++;
    }
    return run->evidence_count > TEST_GENES_MAX
               ? err_set(err, ERR_LIMIT, "more than %d genes", TEST_GENES_MAX)
               : ERR_OK;
}

/* Several rows about one gene are several results, as from several laboratories. */
static enum err_code resolve_genes(struct run *run, struct err *err)
{
    run->results_count = 0;
    for (size_t i = 0; i < run->evidence_count; i++) {
        const struct rules_gene *gene = rules_find_gene(run->k, run->evidence[i].gene);
        bool is_done = false;

        for (size_t j = 0; j < run->results_count; j++)
            is_done = is_done || run->results[j].gene == gene;
        if (is_done)
            continue;
        if (rules_resolve_gene(run->k, gene, run->evidence, run->evidence_count, &run->arena,
                               &run->results[run->results_count], err) != ERR_OK)
            return err->code;
        run->results_count++;
    }
    return ERR_OK;
}

static enum err_code evaluate(struct run *run, struct err *err)
{
    struct rules_facts facts = {.genes = run->results};
    struct slice publishers[RULES_PUBLISHERS_MAX];
    struct rules_policy policy;
    struct rules_order order = {.drug = rules_find_drug(run->k, run->test->drug),
                                .policy = &policy};

    if (read_genes(run, err) != ERR_OK || resolve_genes(run, err) != ERR_OK)
        return err->code;
    find_publishers(run);
    policy = policy_of(run, publishers);
    facts.genes_count = run->results_count;
    assert(order.drug != NULL);
    if (run->test->population.len > 0) {
        uint32_t row = rules_index_find(
            &run->k->populations, rules_drug_row(run->k, order.drug), run->test->population);

        assert(row != RULES_ABSENT);
        order.population = &run->k->rows.populations[row];
    }
    return rules_evaluate(run->k, &order, &facts, &run->arena, &run->advice, err);
}

static int compare_ids(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

/* How loud what the case is about is on the card. */
static enum rules_alert alert_of(const struct run *run)
{
    enum rules_alert alert = RULES_ALERT_NONE;

    for (size_t i = 0; i < run->advice.matches_count; i++) {
        const struct rules_match *match = &run->advice.matches[i];

        if (match->part <= RULES_PART_LABEL && is_about(run, match) && match->alert > alert)
            alert = match->alert;
    }
    return alert;
}

/* The ids of the matches in order of id, separated by one space. */
static void add_ids(struct run *run, struct buf *buf)
{
    size_t count = 0;
    struct slice *ids = arena_array(&run->arena, run->advice.matches_count, sizeof *ids);

    if (ids == NULL) {
        buf->has_failed = true;
        return;
    }
    for (size_t i = 0; i < run->advice.matches_count; i++)
        if (is_about(run, &run->advice.matches[i]))
            ids[count++] = run->advice.matches[i].recommendation->id;
    if (count > 1)
        qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t i = 0; i < count; i++)
        buf_printf(buf, "%s%.*s", i > 0 ? " " : "", SLICE_ARG(ids[i]));
}

/* Writes what does not hold; nothing when all does. */
static void compare(struct run *run, struct err *err)
{
    const struct rules_test *test = run->test;
    struct buf ids;

    if (evaluate(run, err) != ERR_OK) {
        buf_printf(&run->text, "cannot be evaluated: %s", err->text);
        return;
    }
    buf_init(&ids, TEST_TEXT_BYTES_MAX);
    add_ids(run, &ids);
    if (alert_of(run) != test->alert)
        buf_printf(&run->text, "alert: expected %s, got %s", rules_alert_name(test->alert),
                   rules_alert_name(alert_of(run)));
    if (buf_failed(&ids))
        buf_add_text(&run->text, "no memory to compare");
    else if (!slice_eq(buf_slice(&ids), test->recommendations))
        buf_printf(&run->text, "%srecommendations: expected \"%.*s\", got \"%.*s\"",
                   run->text.len > 0 ? "; " : "", SLICE_ARG(test->recommendations),
                   SLICE_ARG(buf_slice(&ids)));
    buf_release(&ids);
}

size_t rules_run_tests(const struct rules_knowledge *k,
                       void (*on_failure)(void *owner, const struct rules_test *test,
                                          struct slice what),
                       void *owner, size_t *ret_run)
{
    struct run run = {.k = k};
    size_t failed = 0;

    arena_init(&run.arena, TEST_ARENA_BYTES_MAX);
    buf_init(&run.text, TEST_TEXT_BYTES_MAX);
    for (size_t i = 0; i < k->rows.tests_count; i++) {
        struct err err = {0};

        run.test = &k->rows.tests[i];
        compare(&run, &err);
        if (run.text.len > 0 || buf_failed(&run.text)) {
            failed++;
            on_failure(owner, run.test, buf_slice(&run.text));
        }
        buf_clear(&run.text);
        arena_reset(&run.arena);
    }
    arena_release(&run.arena);
    buf_release(&run.text);
    *ret_run = k->rows.tests_count;
    return failed;
}
