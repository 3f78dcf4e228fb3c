/* tests/bench/knowledge_bench.c -- how long knowledge takes to load, how much memory it holds,
 * and how long it takes to evaluate a patient, also when there are many more rules.
 *
 *   knowledge_bench CONNINFO      the active release of a database
 *
 * Prints a table. The patient has results for up to 20 genes and 10 orders; the knowledge is
 * multiplied by adding drugs with the same rules under other names.
 */
#include <sys/resource.h>

#include "gateway/store/releases.h"
#include "gateway/store/snapshot.h"
#include "rules/evaluate.h"

#define LOADS        5
#define GENES        20
#define ORDERS       10
#define PATIENTS     2000
#define ARENA_BYTES  ((size_t)64 * 1024 * 1024)
#define SCALES_COUNT 3

static double now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static long peak_kb(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void die(const struct err *err)
{
    (void)fprintf(stderr, "knowledge_bench: %s\n", err->text);
    exit(1);
}

/* --- loading -------------------------------------------------------------------------------
 */

static struct rules_knowledge *load(const char *conninfo, double *ret_ms)
{
    struct rules_knowledge *knowledge = NULL;
    struct err err = {0};
    double from = now_ms();

    if (snapshot_from_database(conninfo, &knowledge, &err) != ERR_OK)
        die(&err);
    *ret_ms = now_ms() - from;
    return knowledge;
}

static struct rules_knowledge *measure_load(const char *conninfo)
{
    struct rules_knowledge *knowledge = NULL;
    double best = 1e9, ms = 0;
    long first_kb = 0;

    for (int i = 0; i < LOADS; i++) {
        rules_knowledge_release(knowledge);
        knowledge = load(conninfo, &ms);
        if (i == 0)
            first_kb = peak_kb();
        if (ms < best)
            best = ms;
    }
    (void)printf("load from PostgreSQL: %zu drug codes, %zu recommendations: %.0f ms (best of "
                 "%d), peak RSS %.0f MB (first load %.0f MB)\n",
                 rules_knowledge_rows(knowledge)->drug_codes_count,
                 rules_knowledge_rows(knowledge)->recommendations_count, best, LOADS,
                 (double)peak_kb() / 1024, (double)first_kb / 1024);
    return knowledge;
}

/* --- more of the same ----------------------------------------------------------------------
 */

/* `name` with a number behind it, for the copies of a drug and of what belongs to it. */
static struct slice numbered(struct rules_release *to, struct slice name, size_t copy)
{
    return name.len == 0 ? name : arena_printf(&to->arena, "%.*s~%zu", SLICE_ARG(name), copy);
}

#define COPY_ROWS(from, to, type, array)                                                       \
    for (size_t i_ = 0; i_ < (from)->array##_count; i_++) {                                    \
        struct rules_##type *row_ = rules_add_##type(to);                                      \
        if (row_ == NULL)                                                                      \
            exit(1);                                                                           \
        *row_ = (from)->array[i_];                                                             \
    }

/* Gives the rows that were added last the names of a copy. */
#define RENAME_ROWS(from, to, array, field, copy)                                              \
    for (size_t i_ = (to)->array##_count - (from)->array##_count; i_ < (to)->array##_count;    \
         i_++)                                                                                 \
    (to)->array[i_].field = numbered(to, (to)->array[i_].field, copy)

static void copy_drugs(const struct rules_release *from, struct rules_release *to, size_t copy)
{
    COPY_ROWS(from, to, drug, drugs)
    RENAME_ROWS(from, to, drugs, name, copy);
    COPY_ROWS(from, to, population, populations)
    RENAME_ROWS(from, to, populations, drug, copy);
    COPY_ROWS(from, to, recommendation, recommendations)
    RENAME_ROWS(from, to, recommendations, id, copy);
    RENAME_ROWS(from, to, recommendations, drug, copy);
    COPY_ROWS(from, to, condition, conditions)
    RENAME_ROWS(from, to, conditions, recommendation, copy);
    COPY_ROWS(from, to, implication, implications)
    RENAME_ROWS(from, to, implications, recommendation, copy);
}

static struct rules_knowledge *multiply(const struct rules_release *from, size_t times)
{
    struct rules_knowledge *knowledge = NULL;
    struct rules_release to;
    struct err err = {0};

    rules_release_init(&to);
    to.name = from->name;
    to.version = from->version;
#define X(type, array) COPY_ROWS(from, &to, type, array)
    RULES_TABLES(X)
#undef X
    for (size_t copy = 1; copy < times; copy++)
        copy_drugs(from, &to, copy);
    if (rules_knowledge_new(&to, SLICE("bench"), &knowledge, &err) != ERR_OK)
        die(&err);
    return knowledge;
}

/* --- evaluating ----------------------------------------------------------------------------
 */

/* A result that every kind of gene understands: its first phenotype, score 0, or a positive
 * allele. */
static struct rules_evidence evidence_of(const struct rules_release *rows,
                                         const struct rules_gene *gene)
{
    struct rules_evidence evidence = {.gene = gene->symbol};

    if (gene->key_kind == RULES_KEY_ACTIVITY_SCORE)
        evidence.score = SLICE("0.0");
    for (size_t i = 0; i < rows->phenotypes_count && evidence.phenotype.len == 0; i++)
        if (gene->key_kind == RULES_KEY_PHENOTYPE &&
            slice_eq(rows->phenotypes[i].gene, gene->symbol))
            evidence.phenotype = rows->phenotypes[i].name;
    for (size_t i = 0; i < rows->alleles_count && evidence.presence_allele.len == 0; i++)
        if (gene->key_kind == RULES_KEY_ALLELE_STATUS &&
            slice_eq(rows->alleles[i].gene, gene->symbol))
            evidence.presence_allele = rows->alleles[i].name;
    if (evidence.presence_allele.len > 0)
        evidence.presence = RULES_PRESENCE_POSITIVE;
    return evidence;
}

struct patient {
    struct rules_evidence evidence[GENES];
    size_t genes_count;
    const struct rules_drug *drugs[ORDERS];
    size_t drugs_count;
};

static struct patient make_patient(const struct rules_knowledge *k)
{
    const struct rules_release *rows = rules_knowledge_rows(k);
    struct patient patient = {0};

    for (size_t i = 0; i < rows->genes_count && patient.genes_count < GENES; i++)
        patient.evidence[patient.genes_count++] = evidence_of(rows, &rows->genes[i]);
    for (size_t i = 0; i < rows->drugs_count && patient.drugs_count < ORDERS; i++) {
        const struct rules_gene **genes;

        if (slice_find_char(rows->drugs[i].name, '~') == SIZE_MAX &&
            rules_genes_of_drug(k, &rows->drugs[i], &genes) > 0)
            patient.drugs[patient.drugs_count++] = &rows->drugs[i];
    }
    return patient;
}

/* Everything between what was read and the cards: results to phenotypes, orders to advice. */
static size_t evaluate(const struct rules_knowledge *k, const struct patient *patient,
                       struct arena *arena)
{
    const struct rules_release *rows = rules_knowledge_rows(k);
    struct rules_gene_result results[GENES];
    struct rules_facts facts = {.genes = results, .genes_count = patient->genes_count};
    struct err err = {0};
    size_t matches = 0;

    for (size_t i = 0; i < patient->genes_count; i++)
        if (rules_resolve_gene(k, &rows->genes[i], patient->evidence, patient->genes_count,
                               arena, &results[i], &err) != ERR_OK)
            die(&err);
    for (size_t i = 0; i < patient->drugs_count; i++) {
        struct rules_order order = {.drug = patient->drugs[i]};
        struct rules_advice advice;

        if (rules_evaluate(k, &order, &facts, arena, &advice, &err) != ERR_OK)
            die(&err);
        matches += advice.matches_count;
    }
    return matches;
}

static void measure_evaluation(const struct rules_release *rows, size_t times)
{
    struct rules_knowledge *k = multiply(rows, times);
    struct patient patient = make_patient(k);
    struct arena arena;
    size_t matches = 0;
    double from, best = 1e9;

    arena_init(&arena, ARENA_BYTES);
    for (int round = 0; round < LOADS; round++) {
        from = now_ms();
        for (size_t i = 0; i < PATIENTS; i++) {
            arena_reset(&arena);
            matches = evaluate(k, &patient, &arena);
        }
        if (now_ms() - from < best)
            best = now_ms() - from;
    }
    (void)printf("evaluate: %6zu recommendations, %4zu drugs: %.1f us for a patient with %zu "
                 "genes and %zu orders (%zu matches)\n",
                 rules_knowledge_rows(k)->recommendations_count,
                 rules_knowledge_rows(k)->drugs_count, best * 1e3 / PATIENTS,
                 patient.genes_count, patient.drugs_count, matches);
    arena_release(&arena);
    rules_knowledge_release(k);
}

int main(int argc, char **argv)
{
    static const size_t SCALES[SCALES_COUNT] = {1, 4, 16};
    struct rules_knowledge *knowledge;

    if (argc != 2) {
        (void)fputs("usage: knowledge_bench CONNINFO\n", stderr);
        return 64;
    }
    knowledge = measure_load(argv[1]);
    for (size_t i = 0; i < SCALES_COUNT; i++)
        measure_evaluation(rules_knowledge_rows(knowledge), SCALES[i]);
    rules_knowledge_release(knowledge);
    return 0;
}
