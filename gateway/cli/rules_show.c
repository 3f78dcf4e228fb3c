/* gateway/cli/rules_show.c -- `pgxgate rules show`: what the knowledge says, for people.
 *
 * Every statement is printed with the source it is from.
 */
#include <inttypes.h>

#include "gateway/cli/database.h"
#include "gateway/cli/exit.h"
#include "gateway/cli/rules_command.h"
#include "gateway/store/migrate.h"
#include "gateway/store/releases.h"
#include "gateway/store/snapshot.h"

#define STATEMENT_TIMEOUT_MS 120000
#define ARENA_BYTES_MAX      ((size_t)1024 * 1024)

/* --- small pieces --------------------------------------------------------------------------
 */

static void print_score(uint32_t x100)
{
    if (x100 % 10 == 0)
        (void)printf("%" PRIu32 ".%" PRIu32, x100 / 100, x100 % 100 / 10);
    else
        (void)printf("%" PRIu32 ".%02" PRIu32, x100 / 100, x100 % 100);
}

static void print_source(const struct rules_knowledge *k, struct slice id)
{
    const struct rules_source *source = rules_find_source(k, id);

    if (source == NULL) {
        (void)printf("%.*s\n", SLICE_ARG(id));
        return;
    }
    (void)printf("%.*s %.*s, %.*s", SLICE_ARG(source->publisher), SLICE_ARG(source->version),
                 SLICE_ARG(source->url));
    if (source->pmids.len > 0)
        (void)printf(", PMID %.*s", SLICE_ARG(source->pmids));
    (void)printf(" (%.*s)\n", SLICE_ARG(id));
}

static void print_percent(uint32_t from, uint32_t to)
{
    if (to == 0)
        return;
    if (from == to)
        (void)printf(" by %" PRIu32 " %%", to);
    else
        (void)printf(" by %" PRIu32 "-%" PRIu32 " %%", from, to);
}

static void print_actions(const struct rules_knowledge *k, const struct rules_recommendation *r)
{
    const struct rules_action *actions;
    size_t count = rules_actions_of(k, r, &actions);

    if (count == 0)
        return;
    (void)printf("    does       ");
    for (size_t i = 0; i < count; i++) {
        (void)printf("%s%s%s%.*s", i > 0 ? "; " : "", rules_action_kind_name(actions[i].kind),
                     actions[i].drug.len > 0 ? " " : "", SLICE_ARG(actions[i].drug));
        print_percent(actions[i].percent_from, actions[i].percent_to);
        if (actions[i].amount_x100 > 0) {
            (void)printf(" to ");
            print_score(actions[i].amount_x100);
            (void)printf(" %.*s", SLICE_ARG(actions[i].unit));
        }
    }
    (void)printf("\n");
}

/* "CYP2C19: Poor Metabolizer | Likely Poor Metabolizer", a line a gene. Rows of one gene need
 * not stand together. */
static void print_conditions(const struct rules_release *rows, struct slice recommendation)
{
    for (size_t i = 0; i < rows->conditions_count; i++) {
        const struct rules_condition *first = &rows->conditions[i];
        bool is_first = slice_eq(first->recommendation, recommendation);

        for (size_t j = 0; is_first && j < i; j++)
            is_first = !slice_eq(rows->conditions[j].recommendation, recommendation) ||
                       !slice_eq(rows->conditions[j].gene, first->gene);
        if (!is_first)
            continue;
        (void)printf("    when       %.*s: %.*s", SLICE_ARG(first->gene),
                     SLICE_ARG(first->key));
        for (size_t j = i + 1; j < rows->conditions_count; j++)
            if (slice_eq(rows->conditions[j].recommendation, recommendation) &&
                slice_eq(rows->conditions[j].gene, first->gene))
                (void)printf(" | %.*s", SLICE_ARG(rows->conditions[j].key));
        (void)printf("\n");
    }
}

static void print_patients(const struct rules_knowledge *k,
                           const struct rules_recommendation *r)
{
    const struct rules_drug *drug = rules_find_drug(k, r->drug);
    const struct rules_population *populations;
    size_t count = drug == NULL ? 0 : rules_populations_of(k, drug, &populations);

    for (size_t i = 0; i < count; i++)
        if (r->population.len > 0 && slice_eq(populations[i].id, r->population))
            (void)printf("    for        %.*s\n", SLICE_ARG(populations[i].label));
    if (r->age_below_years != RULES_AGE_NO_MAX)
        (void)printf("    age        %" PRIu32 " to below %" PRIu32 " years\n",
                     r->age_from_years, r->age_below_years);
    else if (r->age_from_years > 0)
        (void)printf("    age        from %" PRIu32 " years\n", r->age_from_years);
}

static void print_meaning(const char *label, const struct rules_message *message)
{
    if (message != NULL && message->meaning.len > 0)
        (void)printf("    %-10s %.*s\n", label, SLICE_ARG(message->meaning));
}

static void print_wording(const struct rules_knowledge *k, const struct rules_recommendation *r)
{
    const struct rules_message *message = rules_find_message(k, r->message, SLICE("en"));
    const struct rules_implication *implications;
    size_t count = rules_implications_of(k, r, &implications);
    struct slice options = message == NULL ? SLICE_NONE : message->options;

    if (message != NULL && message->verdict.len > 0)
        (void)printf("    says       %.*s\n", SLICE_ARG(message->verdict));
    print_meaning("means", message);
    while (options.len > 0) {
        struct slice option = slice_cut(options, '\n', &options);

        (void)printf("    option     %.*s\n", SLICE_ARG(option));
    }
    for (size_t i = 0; i < count; i++)
        print_meaning("because", rules_find_message(k, implications[i].message, SLICE("en")));
}

/* --- one thing -----------------------------------------------------------------------------
 */

static void print_recommendation(const struct rules_knowledge *k,
                                 const struct rules_recommendation *r)
{
    (void)printf("  %.*s\n    alert      %s, classification %s\n", SLICE_ARG(r->id),
                 rules_alert_name(r->alert), rules_classification_name(r->classification));
    print_conditions(rules_knowledge_rows(k), r->id);
    print_patients(k, r);
    print_wording(k, r);
    print_actions(k, r);
    (void)printf("    source     ");
    print_source(k, r->source);
}

/* The numbers that the drug's dose is estimated with. */
static void print_algorithm(const struct rules_knowledge *k, struct slice algorithm)
{
    const struct rules_release *rows = rules_knowledge_rows(k);
    struct slice model = SLICE_NONE;

    for (size_t i = 0; i < rows->algorithm_terms_count; i++) {
        const struct rules_algorithm_term *t = &rows->algorithm_terms[i];

        if (!slice_eq(t->algorithm, algorithm))
            continue;
        if (!slice_eq(t->model, model)) {
            (void)printf("\n  dose estimate, %.*s\n    source     ", SLICE_ARG(t->model));
            print_source(k, t->source);
        }
        model = t->model;
        (void)printf("    %-36.*s %.*s\n", SLICE_ARG(t->term), SLICE_ARG(t->value));
    }
}

static void print_drug(const struct rules_knowledge *k, const struct rules_drug *drug)
{
    const struct rules_release *rows = rules_knowledge_rows(k);
    const struct rules_gene **genes;
    size_t genes_count = rules_genes_of_drug(k, drug, &genes), codes = 0;

    for (size_t i = 0; i < rows->drug_codes_count; i++)
        codes += slice_eq(rows->drug_codes[i].drug, drug->name);
    (void)printf("%.*s%s\n  RxNorm %.*s, %zu codes\n", SLICE_ARG(drug->name),
                 drug->is_alternative_only ? " (named as an alternative only)" : "",
                 SLICE_ARG(drug->rxcui), codes);
    for (size_t i = 0; i < genes_count; i++)
        (void)printf("%s%.*s%s", i == 0 ? "  asks about " : ", ", SLICE_ARG(genes[i]->symbol),
                     i + 1 == genes_count ? "\n" : "");
    print_algorithm(k, rules_algorithm_of_drug(k, drug));
    for (size_t i = 0; i < rows->recommendations_count; i++) {
        if (!slice_eq(rows->recommendations[i].drug, drug->name))
            continue;
        (void)printf("\n");
        print_recommendation(k, &rows->recommendations[i]);
    }
}

static void print_rules_of_gene(const struct rules_release *rows, struct slice gene)
{
    for (size_t i = 0; i < rows->pair_rules_count; i++) {
        const struct rules_pair_rule *pair = &rows->pair_rules[i];

        if (slice_eq(pair->gene, gene))
            (void)printf("  %.*s%s%.*s: %.*s\n", SLICE_ARG(pair->first),
                         pair->second.len > 0 ? " + " : " alone", SLICE_ARG(pair->second),
                         SLICE_ARG(pair->phenotype));
    }
    for (size_t i = 0; i < rows->score_rules_count; i++) {
        const struct rules_score_rule *score = &rows->score_rules[i];

        if (!slice_eq(score->gene, gene))
            continue;
        (void)printf("  score ");
        print_score(score->from_x100);
        if (score->to_x100 == RULES_SCORE_NO_MAX) {
            (void)printf(" and more");
        } else if (score->to_x100 != score->from_x100) {
            (void)printf(" to ");
            print_score(score->to_x100);
        }
        (void)printf(": %.*s\n", SLICE_ARG(score->phenotype));
    }
}

static void print_gene(const struct rules_knowledge *k, const struct rules_gene *gene)
{
    const struct rules_release *rows = rules_knowledge_rows(k);

    (void)printf("%.*s (%.*s), by %s, looked up by %s\n  source: ", SLICE_ARG(gene->symbol),
                 SLICE_ARG(gene->hgnc), rules_method_name(gene->method),
                 rules_key_kind_name(gene->key_kind));
    print_source(k, gene->source);
    (void)printf("\nalleles\n");
    for (size_t i = 0; i < rows->alleles_count; i++) {
        const struct rules_allele *allele = &rows->alleles[i];

        if (!slice_eq(allele->gene, gene->symbol))
            continue;
        (void)printf("  %-24.*s %.*s", SLICE_ARG(allele->name), SLICE_ARG(allele->function));
        if (allele->has_value) {
            (void)printf(", value %s", allele->is_at_least ? "at least " : "");
            print_score(allele->value_x100);
        }
        (void)printf("\n");
    }
    (void)printf("\nphenotypes\n");
    print_rules_of_gene(rows, gene->symbol);
    (void)printf("\ndrugs\n");
    for (size_t i = 0; i < rows->drugs_count; i++) {
        const struct rules_gene **genes;
        size_t count = rules_genes_of_drug(k, &rows->drugs[i], &genes);

        for (size_t g = 0; g < count; g++)
            if (slice_eq(genes[g]->symbol, gene->symbol))
                (void)printf("  %.*s\n", SLICE_ARG(rows->drugs[i].name));
    }
}

static void print_overview(const struct rules_knowledge *k)
{
    const struct rules_release *rows = rules_knowledge_rows(k);

    (void)printf("%.*s %.*s by %.*s\n  hash %.*s\n  %zu sources, %zu alleles, %zu drug codes, "
                 "%zu recommendations, %zu tests\n\ngenes\n",
                 SLICE_ARG(rows->name), SLICE_ARG(rows->version), SLICE_ARG(rows->developer),
                 SLICE_ARG(rules_knowledge_hash(k)), rows->sources_count, rows->alleles_count,
                 rows->drug_codes_count, rows->recommendations_count, rows->tests_count);
    for (size_t i = 0; i < rows->genes_count; i++)
        (void)printf("  %.*s\n", SLICE_ARG(rows->genes[i].symbol));
    (void)printf("\ndrugs\n");
    for (size_t i = 0; i < rows->drugs_count; i++) {
        const struct rules_gene **genes;
        size_t count = rules_genes_of_drug(k, &rows->drugs[i], &genes);

        if (rows->drugs[i].is_alternative_only)
            continue;
        (void)printf("  %-24.*s", SLICE_ARG(rows->drugs[i].name));
        for (size_t g = 0; g < count; g++)
            (void)printf(" %.*s", SLICE_ARG(genes[g]->symbol));
        (void)printf("\n");
    }
    (void)printf("\nsources\n");
    for (size_t i = 0; i < rows->sources_count; i++) {
        (void)printf("  ");
        print_source(k, rows->sources[i].id);
    }
}

/* --- finding it ----------------------------------------------------------------------------
 */

/* Drugs, genes and recommendations do not share names. Case does not matter. */
static bool print_named(const struct rules_knowledge *k, struct slice word)
{
    const struct rules_release *rows = rules_knowledge_rows(k);

    for (size_t i = 0; i < rows->drugs_count; i++) {
        if (slice_eq_nocase(rows->drugs[i].name, word)) {
            print_drug(k, &rows->drugs[i]);
            return true;
        }
    }
    for (size_t i = 0; i < rows->genes_count; i++) {
        if (slice_eq_nocase(rows->genes[i].symbol, word)) {
            print_gene(k, &rows->genes[i]);
            return true;
        }
    }
    for (size_t i = 0; i < rows->recommendations_count; i++) {
        if (slice_eq_nocase(rows->recommendations[i].id, word)) {
            (void)printf("%.*s\n", SLICE_ARG(rows->recommendations[i].drug));
            print_recommendation(k, &rows->recommendations[i]);
            return true;
        }
    }
    return false;
}

static int load_active(const struct rules_arguments *arguments, struct rules_knowledge **ret)
{
    struct rules_release release;
    struct release_info info;
    struct arena arena;
    struct err err = {0};
    struct db *db = NULL;
    int status =
        cli_open_database("rules show", arguments->conninfo, STATEMENT_TIMEOUT_MS, &db);

    if (status != EXIT_OK)
        return status;
    arena_init(&arena, ARENA_BYTES_MAX);
    if (migrate_check(db, &err) != ERR_OK) {
        (void)cli_fail("rules show", &err);
        status = EXIT_UNAVAILABLE;
    } else if (releases_active(db, NULL, &arena, &info, &err) != ERR_OK) {
        status = cli_fail("rules show", &err);
        status = err.code == ERR_NOT_FOUND ? EXIT_NO : status;
    } else if (releases_load(db, &info, &release, &err) != ERR_OK ||
               snapshot_from_release(&release, ret, &err) != ERR_OK) {
        status = cli_fail("rules show", &err);
    }
    arena_release(&arena);
    db_free(db);
    return status;
}

static int load_files(const char *dir, struct rules_knowledge **ret)
{
    struct err err = {0};

    if (snapshot_from_files(dir, ret, &err) != ERR_OK)
        return cli_fail("rules show", &err);
    return EXIT_OK;
}

int rules_show(const struct rules_arguments *arguments)
{
    struct rules_knowledge *knowledge = NULL;
    int status = arguments->knowledge != NULL ? load_files(arguments->knowledge, &knowledge)
                                              : load_active(arguments, &knowledge);

    if (status == EXIT_OK && arguments->word == NULL) {
        print_overview(knowledge);
    } else if (status == EXIT_OK && !print_named(knowledge, slice_of(arguments->word))) {
        (void)fprintf(stderr,
                      "pgxgate rules show: no drug, gene or recommendation is called '%.80s'\n",
                      arguments->word);
        status = EXIT_NO;
    }
    rules_knowledge_release(knowledge);
    return status;
}
