/* gateway/cli/rules_coverage.c -- `pgxgate rules coverage`: a document of what the knowledge
 * covers, in Markdown. Equal knowledge gives equal bytes. */
#include "gateway/cli/database.h"
#include "gateway/cli/exit.h"
#include "gateway/cli/rules_command.h"
#include "gateway/store/not_covered.h"

struct document {
    const struct rules_knowledge *k;
    const struct rules_release *rows;
    const struct not_covered *not_covered;
    struct buf buf;
};

/* --- cells ---------------------------------------------------------------------------------
 */

/* Text that Markdown leaves as it is: star names, bars. */
static void add_text(struct document *d, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (memchr("\\*_|<>`[]", text.ptr[i], 9) != NULL)
            buf_add_char(&d->buf, '\\');
        buf_add_char(&d->buf, text.ptr[i]);
    }
}

/* A list in one cell: the separator before all but the first. */
static void add_item(struct document *d, size_t *count, struct slice text)
{
    if ((*count)++ > 0)
        buf_add_text(&d->buf, ", ");
    add_text(d, text);
}

/* "cpic-clopidogrel-2022 (2022 update)" */
static void add_source(struct document *d, const struct rules_source *source)
{
    add_text(d, source->id);
    buf_add_text(&d->buf, " (");
    add_text(d, source->version);
    buf_add_text(&d->buf, ")");
}

static void next_cell(struct document *d)
{
    buf_add_text(&d->buf, " | ");
}

static void add_heading(struct document *d, const char *title, const char *columns)
{
    buf_printf(&d->buf, "\n## %s\n\n| %s |\n|", title, columns);
    for (const char *at = columns; at != NULL; at = strchr(at + 1, '|'))
        buf_add_text(&d->buf, " --- |");
    buf_add_char(&d->buf, '\n');
}

/* --- genes ---------------------------------------------------------------------------------
 */

static void add_gene(struct document *d, const struct rules_gene *gene)
{
    size_t alleles = 0, known = 0, phenotypes = 0;

    for (size_t i = 0; i < d->rows->alleles_count; i++) {
        const struct rules_allele *a = &d->rows->alleles[i];

        if (!slice_eq(a->gene, gene->symbol))
            continue;
        alleles++;
        known += a->has_value || a->function.len > 0;
    }
    for (size_t i = 0; i < d->rows->phenotypes_count; i++)
        phenotypes += slice_eq(d->rows->phenotypes[i].gene, gene->symbol);
    buf_add_text(&d->buf, "| ");
    add_text(d, gene->symbol);
    buf_printf(&d->buf, " | %zu | %zu | %zu | ", alleles, known, phenotypes);
    add_text(d, slice_of(rules_method_name(gene->method)));
    next_cell(d);
    add_text(d, slice_of(rules_key_kind_name(gene->key_kind)));
    next_cell(d);
    add_source(d, rules_find_source(d->k, gene->source));
    buf_add_text(&d->buf, " |\n");
}

static void add_genes(struct document *d)
{
    add_heading(
        d, "Genes",
        "gene | alleles | with a function | phenotypes | method | looked up by | source");
    for (size_t i = 0; i < d->rows->genes_count; i++)
        add_gene(d, &d->rows->genes[i]);
}

/* --- drugs ---------------------------------------------------------------------------------
 */

static struct slice algorithm_of(const struct document *d, struct slice drug)
{
    for (size_t i = 0; i < d->rows->drug_algorithms_count; i++)
        if (slice_eq(d->rows->drug_algorithms[i].drug, drug))
            return d->rows->drug_algorithms[i].algorithm;
    return SLICE_NONE;
}

/* "CYP2C19 (A), CYP2D6 (A)": with the publisher's level of evidence where it is known. */
static void add_genes_of(struct document *d, const struct rules_drug *drug)
{
    const struct rules_gene **genes;
    const struct rules_gene_drug *evidence;
    size_t count = rules_genes_of_drug(d->k, drug, &genes);
    size_t levels = rules_evidence_of(d->k, drug, &evidence), written = 0;

    for (size_t i = 0; i < count; i++) {
        add_item(d, &written, genes[i]->symbol);
        for (size_t e = 0; e < levels; e++) {
            if (!slice_eq(evidence[e].gene, genes[i]->symbol))
                continue;
            buf_add_text(&d->buf, " (");
            add_text(d, evidence[e].level);
            buf_add_text(&d->buf, ")");
        }
    }
}

static void add_populations_of(struct document *d, const struct rules_drug *drug)
{
    const struct rules_population *populations;
    size_t count = rules_populations_of(d->k, drug, &populations), written = 0;

    for (size_t i = 0; i < count; i++)
        add_item(d, &written, populations[i].id);
}

static void add_sources_of(struct document *d, struct slice drug)
{
    size_t written = 0;

    for (size_t s = 0; s < d->rows->sources_count; s++) {
        bool is_cited = false;

        for (size_t i = 0; i < d->rows->recommendations_count && !is_cited; i++)
            is_cited = slice_eq(d->rows->recommendations[i].drug, drug) &&
                       slice_eq(d->rows->recommendations[i].source, d->rows->sources[s].id);
        if (!is_cited)
            continue;
        if (written++ > 0)
            buf_add_text(&d->buf, ", ");
        add_source(d, &d->rows->sources[s]);
    }
}

static void add_drug(struct document *d, const struct rules_drug *drug)
{
    struct slice algorithm = algorithm_of(d, drug->name);
    size_t alerts[RULES_ALERT_CRITICAL + 1] = {0}, total = 0, codes = 0;

    for (size_t i = 0; i < d->rows->recommendations_count; i++) {
        if (!slice_eq(d->rows->recommendations[i].drug, drug->name))
            continue;
        alerts[d->rows->recommendations[i].alert]++;
        total++;
    }
    for (size_t i = 0; i < d->rows->drug_codes_count; i++)
        codes += slice_eq(d->rows->drug_codes[i].drug, drug->name);
    buf_add_text(&d->buf, "| ");
    add_text(d, drug->name);
    next_cell(d);
    add_genes_of(d, drug);
    next_cell(d);
    add_populations_of(d, drug);
    buf_printf(&d->buf, " | %zu | %zu | %zu | %zu | %zu | %zu | ", total,
               alerts[RULES_ALERT_CRITICAL], alerts[RULES_ALERT_WARNING],
               alerts[RULES_ALERT_INFO], alerts[RULES_ALERT_NONE], codes);
    add_sources_of(d, drug->name);
    if (algorithm.len > 0) {
        buf_add(&d->buf, total > 0 ? SLICE("; algorithm ") : SLICE("algorithm "));
        add_text(d, algorithm);
    }
    buf_add_text(&d->buf, " |\n");
}

static void add_drugs(struct document *d)
{
    size_t written = 0;

    add_heading(d, "Drugs",
                "drug | genes (level) | populations | recommendations | critical | warning | "
                "info | silent | codes | sources");
    for (size_t i = 0; i < d->rows->drugs_count; i++)
        if (!d->rows->drugs[i].is_alternative_only)
            add_drug(d, &d->rows->drugs[i]);
    buf_add_text(&d->buf,
                 "\nNamed as alternatives or as what changes a gene's function only: ");
    for (size_t i = 0; i < d->rows->drugs_count; i++)
        if (d->rows->drugs[i].is_alternative_only)
            add_item(d, &written, d->rows->drugs[i].name);
    buf_add(&d->buf, written > 0 ? SLICE(".\n") : SLICE("none.\n"));
}

/* --- the rest ------------------------------------------------------------------------------
 */

static void add_modulators(struct document *d)
{
    if (d->rows->modulators_count == 0)
        return;
    add_heading(d, "Drugs that change a gene's function", "gene | inhibitors | inducers");
    for (size_t g = 0; g < d->rows->genes_count; g++) {
        size_t counts[2] = {0};

        for (size_t i = 0; i < d->rows->modulators_count; i++)
            if (slice_eq(d->rows->modulators[i].gene, d->rows->genes[g].symbol))
                counts[d->rows->modulators[i].role == RULES_ROLE_INDUCER]++;
        if (counts[0] + counts[1] == 0)
            continue;
        buf_add_text(&d->buf, "| ");
        add_text(d, d->rows->genes[g].symbol);
        buf_printf(&d->buf, " | %zu | %zu |\n", counts[0], counts[1]);
    }
}

static void add_sources(struct document *d)
{
    add_heading(d, "Sources", "id | publisher | version | year | PMID | title");
    for (size_t i = 0; i < d->rows->sources_count; i++) {
        const struct rules_source *s = &d->rows->sources[i];

        buf_add_text(&d->buf, "| ");
        add_text(d, s->id);
        next_cell(d);
        add_text(d, s->publisher);
        next_cell(d);
        add_text(d, s->version);
        next_cell(d);
        add_text(d, s->year);
        next_cell(d);
        add_text(d, s->pmids);
        buf_add_text(&d->buf, " | [");
        add_text(d, s->title);
        buf_join(&d->buf, SLICE("]("), s->url, SLICE(") |\n"));
    }
}

static void add_omissions(struct document *d)
{
    if (d->rows->omissions_count == 0)
        return;
    add_heading(d, "Results that the sources of a covered drug leave out",
                "drug | result | why");
    for (size_t i = 0; i < d->rows->omissions_count; i++) {
        const struct rules_omission *o = &d->rows->omissions[i];

        buf_add_text(&d->buf, "| ");
        add_text(d, o->drug);
        next_cell(d);
        add_text(d, o->gene);
        buf_add_char(&d->buf, ' ');
        add_text(d, o->key);
        next_cell(d);
        add_text(d, o->why);
        buf_add_text(&d->buf, " |\n");
    }
}

/* Another source may have advice for a pair that the list's publisher has none for. */
static void add_publishers_of(struct document *d, const struct not_covered_pair *pair)
{
    size_t written = 0;

    for (size_t s = 0; s < d->rows->sources_count; s++) {
        bool advises = false;

        for (size_t i = 0; i < d->rows->conditions_count && !advises; i++) {
            const struct rules_condition *c = &d->rows->conditions[i];

            for (size_t r = 0; slice_eq(c->gene, pair->gene) && !advises &&
                               r < d->rows->recommendations_count;
                 r++)
                advises = slice_eq(d->rows->recommendations[r].id, c->recommendation) &&
                          slice_eq(d->rows->recommendations[r].drug, pair->drug) &&
                          slice_eq(d->rows->recommendations[r].source, d->rows->sources[s].id);
        }
        if (advises)
            add_item(d, &written, d->rows->sources[s].id);
    }
}

static void add_not_covered(struct document *d)
{
    const struct not_covered *n = d->not_covered;

    if (n->count == 0)
        return;
    buf_add_text(&d->buf, "\n## Not covered\n\nOf the ");
    add_text(d, n->list);
    buf_add_text(&d->buf, ":\n");
    for (size_t i = 0; i < n->count; i++) {
        if (i == 0 || !slice_eq(n->pairs[i].why, n->pairs[i - 1].why)) {
            buf_add_char(&d->buf, '\n');
            add_text(d, n->pairs[i].why);
            buf_add_text(&d->buf, "\n\n| drug | gene | level | advice from other sources |\n"
                                  "| --- | --- | --- | --- |\n");
        }
        buf_add_text(&d->buf, "| ");
        add_text(d, n->pairs[i].drug);
        next_cell(d);
        add_text(d, n->pairs[i].gene);
        next_cell(d);
        add_text(d, n->pairs[i].level);
        next_cell(d);
        add_publishers_of(d, &n->pairs[i]);
        buf_add_text(&d->buf, " |\n");
    }
}

static void add_all(struct document *d)
{
    size_t drugs = 0;

    for (size_t i = 0; i < d->rows->drugs_count; i++)
        drugs += !d->rows->drugs[i].is_alternative_only;
    buf_add_text(&d->buf, "# What ");
    add_text(d, d->rows->name);
    buf_add_char(&d->buf, ' ');
    add_text(d, d->rows->version);
    buf_printf(
        &d->buf,
        " covers\n\nMade by `pgxgate rules coverage` from the knowledge itself; see "
        "NOTICE.md for how it was derived.\n\n%zu genes, %zu drugs, %zu recommendations, "
        "%zu sources, %zu drug codes, %zu test cases.\n",
        d->rows->genes_count, drugs, d->rows->recommendations_count, d->rows->sources_count,
        d->rows->drug_codes_count, d->rows->tests_count);
    add_genes(d);
    add_drugs(d);
    add_modulators(d);
    add_sources(d);
    add_omissions(d);
    add_not_covered(d);
}

/* --- the command ---------------------------------------------------------------------------
 */

static int print(struct document *d)
{
    int status = EXIT_OK;

    buf_init(&d->buf, RULES_OUTPUT_BYTES_MAX);
    add_all(d);
    if (buf_failed(&d->buf)) {
        (void)fputs("pgxgate rules coverage: the document is too large\n", stderr);
        status = EXIT_INTERNAL;
    } else {
        (void)printf("%.*s", (int)d->buf.len, d->buf.bytes);
    }
    buf_release(&d->buf);
    return status;
}

int rules_coverage(const struct rules_arguments *arguments)
{
    struct rules_knowledge *knowledge = NULL;
    struct not_covered not_covered = {0};
    struct err err = {0};
    int status = rules_load_any("rules coverage", arguments, &knowledge);

    if (status == EXIT_OK && arguments->knowledge != NULL &&
        not_covered_read(arguments->knowledge, &not_covered, &err) != ERR_OK)
        status = cli_fail("rules coverage", &err);
    if (status == EXIT_OK)
        status = print(&(struct document){.k = knowledge,
                                          .rows = rules_knowledge_rows(knowledge),
                                          .not_covered = &not_covered});
    not_covered_release(&not_covered);
    rules_knowledge_release(knowledge);
    return status;
}
