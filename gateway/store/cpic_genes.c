/* gateway/store/cpic_genes.c -- alleles, phenotypes and the rules between them. */
#include <assert.h>

#include "gateway/store/cpic_private.h"
#include "gateway/store/release_edit.h"

#define SHOWN_MAX  10
#define GENE_PAGES "https://www.clinpgx.org/cpic"

const struct rules_gene *cpic_find_gene(const struct rules_release *release,
                                        struct slice symbol)
{
    for (size_t i = 0; i < release->genes_count; i++)
        if (slice_eq(release->genes[i].symbol, symbol))
            return &release->genes[i];
    return NULL;
}

bool cpic_score_from_text(struct slice text, uint32_t *ret_x100, bool *ret_is_at_least)
{
    static const struct slice AT_LEAST[] = {{">=", 2}, {"\xE2\x89\xA5", 3}};

    *ret_is_at_least = false;
    for (size_t i = 0; i < ARRAY_LEN(AT_LEAST); i++)
        if (slice_starts(text, AT_LEAST[i])) {
            text = slice_trim(slice_from(text, AT_LEAST[i].len));
            *ret_is_at_least = true;
        }
    return slice_to_x100(text, ret_x100);
}

/* --- what kind of gene ---------------------------------------------------------------------
 */

static struct slice status_allele(struct slice result)
{
    static const struct slice ENDS[] = {{" positive", 9}, {" negative", 9}};

    for (size_t i = 0; i < ARRAY_LEN(ENDS); i++)
        if (slice_ends(result, ENDS[i]))
            return slice_trim(slice_head(result, result.len - ENDS[i].len));
    return SLICE_NONE;
}

static void find_kind(const struct cpic_import *a, struct cpic_gene_import *g)
{
    struct slice method = g->row != NULL ? g->row->lookup_method : SLICE_NONE;
    const struct rules_gene *old = cpic_find_gene(a->release, g->symbol);
    struct slice chromosome = g->row != NULL ? g->row->chromosome : SLICE_NONE;

    if (old != NULL) {
        g->method = old->method;
        g->key_kind = old->key_kind;
    } else if (slice_eq_text(method, "ACTIVITY_SCORE")) {
        g->method = RULES_METHOD_ACTIVITY_SCORE;
        g->key_kind = RULES_KEY_ACTIVITY_SCORE;
    } else if (slice_eq_text(method, "ALLELE_STATUS")) {
        g->method = RULES_METHOD_ALLELE_PRESENCE;
        g->key_kind = RULES_KEY_ALLELE_STATUS;
    } else {
        g->method = slice_eq_text(chromosome, "chrX")   ? RULES_METHOD_SEX_LINKED
                    : slice_eq_text(chromosome, "chrM") ? RULES_METHOD_HAPLOID
                                                        : RULES_METHOD_FUNCTION_PAIR;
        g->key_kind = RULES_KEY_PHENOTYPE;
    }
}

/* CPIC names another method for a few genes that it has no tables for (IFNL3). */
static bool is_same_method(const struct cpic_gene_import *g)
{
    struct slice method = g->row != NULL ? g->row->lookup_method : SLICE_NONE;

    return method.len == 0 ||
           slice_eq_nocase(method, slice_of(rules_key_kind_name(g->key_kind)));
}

/* Whether the rows hold what the gene's method needs; the gene is left as it is otherwise. */
static bool has_table(const struct cpic_import *a, const struct cpic_gene_import *g)
{
    bool has_rule = false, has_allele = false;

    for (size_t i = 0; i < a->rows->results_count; i++) {
        const struct cpic_result *r = &a->rows->results[i];

        if (!slice_eq(r->gene, g->symbol))
            continue;
        if (g->method == RULES_METHOD_ALLELE_PRESENCE && status_allele(r->result).len > 0)
            return true;
        has_rule =
            has_rule || (g->method == RULES_METHOD_ACTIVITY_SCORE ? !cpic_is_no_value(r->score)
                                                                  : r->function1.len > 0);
    }
    for (size_t i = 0; i < a->rows->alleles_count; i++) {
        const struct cpic_allele *allele = &a->rows->alleles[i];

        has_allele = has_allele || (slice_eq(allele->gene, g->symbol) &&
                                    (allele->function.len > 0 || allele->value.len > 0));
    }
    return has_rule && has_allele && g->method != RULES_METHOD_GENOTYPE;
}

/* --- what was there ------------------------------------------------------------------------
 */

/* Copies the gene's phenotypes and alleles aside, then takes its table out of the release. What
 * one function alone decides (RYR1) is not in CPIC's table and stays. */
static enum err_code take_out(struct cpic_import *a, struct cpic_gene_import *g)
{
    struct rules_release *release = a->release;
    struct rules_phenotype *phenotypes =
        arena_array(a->scratch, release->phenotypes_count, sizeof *phenotypes);
    struct rules_allele *alleles =
        arena_array(a->scratch, release->alleles_count, sizeof *alleles);
    const struct rules_phenotype *p;
    const struct rules_allele *allele;
    const struct rules_pair_rule *pair;
    const struct rules_score_rule *score;

    if (phenotypes == NULL || alleles == NULL)
        return CPIC_NO_MEMORY(a);
    for (size_t i = 0; i < release->phenotypes_count; i++)
        if (slice_eq(release->phenotypes[i].gene, g->symbol))
            phenotypes[g->old_phenotypes_count++] = release->phenotypes[i];
    for (size_t i = 0; i < release->alleles_count; i++)
        if (slice_eq(release->alleles[i].gene, g->symbol))
            alleles[g->old_alleles_count++] = release->alleles[i];
    g->old_phenotypes = phenotypes;
    g->old_alleles = alleles;
    RELEASE_FILTER(release, phenotypes, p, !slice_eq(p->gene, g->symbol));
    RELEASE_FILTER(release, alleles, allele, !slice_eq(allele->gene, g->symbol));
    RELEASE_FILTER(release, pair_rules, pair,
                   !slice_eq(pair->gene, g->symbol) ||
                       (g->method == RULES_METHOD_FUNCTION_PAIR && pair->second.len == 0));
    RELEASE_FILTER(release, score_rules, score,
                   !slice_eq(score->gene, g->symbol) || score->authority.len > 0);
    return ERR_OK;
}

/* --- phenotypes ----------------------------------------------------------------------------
 */

static bool has_phenotype(const struct rules_release *release, struct slice gene,
                          struct slice name)
{
    for (size_t i = 0; i < release->phenotypes_count; i++)
        if (slice_eq(release->phenotypes[i].gene, gene) &&
            slice_eq_nocase(release->phenotypes[i].name, name))
            return true;
    return false;
}

static const struct rules_phenotype *find_old(const struct cpic_gene_import *g,
                                              struct slice name)
{
    for (size_t i = 0; i < g->old_phenotypes_count; i++)
        if (slice_eq_nocase(g->old_phenotypes[i].name, name))
            return &g->old_phenotypes[i];
    return NULL;
}

/* In summaries that would be too long otherwise. */
static struct slice abbreviation_of(struct slice name)
{
    static const char *const WORDS[][2] = {
        {"Ultrarapid Metabolizer", "UM"}, {"Rapid Metabolizer", "RM"},
        {"Normal Metabolizer", "NM"},     {"Intermediate Metabolizer", "IM"},
        {"Poor Metabolizer", "PM"},       {RULES_INDETERMINATE, "indeterminate"},
    };

    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
        if (slice_eq_text(name, WORDS[i][0]))
            return slice_of(WORDS[i][1]);
    return name;
}

/* "Abnormal/Priority/High Risk", "Normal/Routine/Low Risk", "Normal Risk", "None". */
static enum rules_priority priority_of(struct slice written)
{
    return slice_starts_nocase(written, SLICE("abnormal")) ? RULES_PRIORITY_ABNORMAL
           : slice_starts_nocase(written, SLICE("normal")) ? RULES_PRIORITY_NORMAL
                                                           : RULES_PRIORITY_NONE;
}

/* Abbreviations are the release's; so are priorities that the import does not give. */
static enum err_code add_phenotype(struct cpic_import *a, const struct cpic_gene_import *g,
                                   struct slice name, struct slice priority)
{
    const struct rules_phenotype *old = find_old(g, name);
    struct rules_phenotype *row;

    if (has_phenotype(a->release, g->symbol, name))
        return ERR_OK;
    row = rules_add_phenotype(a->release);
    if (row == NULL)
        return CPIC_NO_MEMORY(a);
    row->gene = CPIC_COPY(a, g->symbol);
    row->name = CPIC_COPY(a, name);
    row->abbreviation = old != NULL ? old->abbreviation : CPIC_COPY(a, abbreviation_of(name));
    row->priority = priority.len > 0 ? priority_of(priority)
                    : old != NULL    ? old->priority
                                     : RULES_PRIORITY_NONE;
    return ERR_OK;
}

static enum err_code add_phenotypes(struct cpic_import *a, const struct cpic_gene_import *g)
{
    for (size_t i = 0; i < a->rows->results_count; i++) {
        const struct cpic_result *r = &a->rows->results[i];

        if (slice_eq(r->gene, g->symbol) &&
            add_phenotype(a, g, cpic_result_word(r), r->priority) != ERR_OK)
            return a->err->code;
    }
    if (g->method != RULES_METHOD_ALLELE_PRESENCE)
        return add_phenotype(a, g, SLICE(RULES_INDETERMINATE), SLICE_NONE);
    /* Alleles that the release asks for beside those of the import. */
    for (size_t i = 0; i < g->old_phenotypes_count; i++)
        if (add_phenotype(a, g, g->old_phenotypes[i].name, SLICE_NONE) != ERR_OK)
            return a->err->code;
    return ERR_OK;
}

/* --- alleles -------------------------------------------------------------------------------
 */

static const struct rules_allele *find_allele(const struct rules_release *release,
                                              struct slice gene, struct slice name)
{
    for (size_t i = release->alleles_count; i > 0; i--)
        if (slice_eq(release->alleles[i - 1].gene, gene) &&
            slice_eq(release->alleles[i - 1].name, name))
            return &release->alleles[i - 1];
    return NULL;
}

/* A function that the publisher leaves out beside a value is the one the release had. */
static struct slice function_of(const struct cpic_gene_import *g, const struct cpic_allele *row)
{
    for (size_t i = 0; row->function.len == 0 && i < g->old_alleles_count; i++)
        if (slice_eq(g->old_alleles[i].name, row->name))
            return g->old_alleles[i].function;
    return row->function;
}

static enum err_code make_allele(struct cpic_import *a, const struct cpic_gene_import *g,
                                 const struct cpic_allele *row, struct rules_allele *ret)
{
    bool has_value = g->method == RULES_METHOD_ACTIVITY_SCORE && !cpic_is_no_value(row->value);

    *ret = (struct rules_allele){.gene = CPIC_COPY(a, g->symbol),
                                 .name = CPIC_COPY(a, row->name),
                                 .function = CPIC_COPY(a, function_of(g, row)),
                                 .has_value = has_value};
    if (has_value && !cpic_score_from_text(row->value, &ret->value_x100, &ret->is_at_least))
        return CPIC_BAD(a, "allele %.*s %.*s: activityvalue '%.*s' is no value",
                        SLICE_ARG(g->symbol), SLICE_ARG(row->name), SLICE_ARG(row->value));
    return ERR_OK;
}

static bool is_same_allele(const struct rules_allele *x, const struct rules_allele *y)
{
    return slice_eq(x->function, y->function) && x->has_value == y->has_value &&
           x->value_x100 == y->value_x100 && x->is_at_least == y->is_at_least;
}

/* An allele without function is one that nobody has assessed: unknown, as if it were not
 * listed.
 */
static enum err_code add_alleles(struct cpic_import *a, const struct cpic_gene_import *g)
{
    for (size_t i = 0; i < a->rows->alleles_count; i++) {
        const struct cpic_allele *row = &a->rows->alleles[i];
        const struct rules_allele *before;
        struct rules_allele allele, *added;

        if (!slice_eq(row->gene, g->symbol) || (row->function.len == 0 && row->value.len == 0))
            continue;
        if (make_allele(a, g, row, &allele) != ERR_OK)
            return a->err->code;
        before = find_allele(a->release, g->symbol, row->name);
        if (before != NULL && is_same_allele(before, &allele)) {
            cpic_note(a->report, "allele %.*s %.*s: listed twice, taken once",
                      SLICE_ARG(g->symbol), SLICE_ARG(row->name));
            continue;
        }
        if (before != NULL)
            return CPIC_BAD(a, "allele %.*s %.*s: listed twice, with different functions",
                            SLICE_ARG(g->symbol), SLICE_ARG(row->name));
        added = rules_add_allele(a->release);
        if (added == NULL)
            return CPIC_NO_MEMORY(a);
        *added = allele;
        a->report->alleles++;
    }
    return ERR_OK;
}

/* HLA: the alleles that are asked for; those that the release asked for stay. */
static enum err_code add_asked(struct cpic_import *a, const struct cpic_gene_import *g)
{
    for (size_t i = 0; i < g->old_alleles_count; i++) {
        struct rules_allele *row = rules_add_allele(a->release);

        if (row == NULL)
            return CPIC_NO_MEMORY(a);
        *row = g->old_alleles[i];
    }
    for (size_t i = 0; i < a->rows->results_count; i++) {
        struct slice name = status_allele(a->rows->results[i].result);
        struct rules_allele *row;

        if (!slice_eq(a->rows->results[i].gene, g->symbol) || name.len == 0 ||
            find_allele(a->release, g->symbol, name) != NULL)
            continue;
        row = rules_add_allele(a->release);
        if (row == NULL)
            return CPIC_NO_MEMORY(a);
        *row =
            (struct rules_allele){.gene = CPIC_COPY(a, g->symbol), .name = CPIC_COPY(a, name)};
        a->report->alleles++;
    }
    return ERR_OK;
}

/* Alleles that the release had and the import has not: they are unknown from now on. */
static void note_gone(struct cpic_import *a, const struct cpic_gene_import *g)
{
    struct slice names = SLICE_NONE;
    size_t count = 0;

    for (size_t i = 0; i < g->old_alleles_count; i++) {
        if (find_allele(a->release, g->symbol, g->old_alleles[i].name) != NULL)
            continue;
        if (count++ < SHOWN_MAX)
            names = arena_printf(a->scratch, "%.*s%s%.*s", SLICE_ARG(names),
                                 names.len > 0 ? ", " : "", SLICE_ARG(g->old_alleles[i].name));
    }
    if (count > 0)
        cpic_note(a->report, "gene %.*s: %zu alleles are not in the import: %.*s%s",
                  SLICE_ARG(g->symbol), count, SLICE_ARG(names),
                  count > SHOWN_MAX ? " ..." : "");
}

/* The allele without variants must be one that is still there. */
static void check_reference(struct cpic_import *a, struct slice symbol)
{
    struct rules_gene *gene = (struct rules_gene *)cpic_find_gene(a->release, symbol);

    if (gene->reference.len == 0 || find_allele(a->release, symbol, gene->reference) != NULL)
        return;
    cpic_note(a->report, "gene %.*s: the reference allele '%.*s' is not in the import",
              SLICE_ARG(symbol), SLICE_ARG(gene->reference));
    gene->reference = SLICE_NONE;
}

/* Other spellings of alleles that are no longer there go with them. */
static void filter_aliases(struct cpic_import *a, const struct cpic_gene_import *g)
{
    bool has_reference = cpic_find_gene(a->release, g->symbol)->reference.len > 0;
    size_t before = a->release->allele_aliases_count;
    const struct rules_allele_alias *alias;

    RELEASE_FILTER(a->release, allele_aliases, alias,
                   !slice_eq(alias->gene, g->symbol) ||
                       (find_allele(a->release, g->symbol, alias->allele) != NULL &&
                        (has_reference || slice_find_char(alias->alias, '/') == SIZE_MAX) &&
                        (alias->marks.len == 0 ||
                         find_allele(a->release, g->symbol, alias->marks) != NULL) &&
                        find_allele(a->release, g->symbol, alias->alias) == NULL));
    if (a->release->allele_aliases_count < before)
        cpic_note(a->report,
                  "gene %.*s: %zu other spellings left out: their allele is not in the "
                  "import, or they are alleles there",
                  SLICE_ARG(g->symbol), before - a->release->allele_aliases_count);
}

/* --- the gene ------------------------------------------------------------------------------
 */

static enum err_code add_source(struct cpic_import *a, const struct cpic_gene_import *g,
                                struct slice *ret)
{
    struct rules_source *row;
    struct slice date = a->rows->date.len > 0 ? a->rows->date : SLICE(CPIC_NO_DATE);
    struct slice id = CPIC_PRINT(a, "cpic-import-%.*s", SLICE_ARG(g->symbol));

    *ret = id;
    for (size_t i = 0; i < a->release->sources_count; i++)
        if (slice_eq(a->release->sources[i].id, id)) {
            a->release->sources[i].version = CPIC_COPY(a, date);
            return ERR_OK;
        }
    row = rules_add_source(a->release);
    if (row == NULL)
        return CPIC_NO_MEMORY(a);
    *row = (struct rules_source){
        .id = id,
        .publisher = SLICE("CPIC"),
        .title =
            CPIC_PRINT(a, "CPIC allele and phenotype tables of %.*s", SLICE_ARG(g->symbol)),
        .version = CPIC_COPY(a, date),
        .year = CPIC_COPY(a, cpic_year_of(date)),
        .url = SLICE(GENE_PAGES),
    };
    return ERR_OK;
}

static enum err_code set_gene(struct cpic_import *a, const struct cpic_gene_import *g)
{
    struct slice source;
    struct rules_gene *gene;

    if (add_source(a, g, &source) != ERR_OK)
        return a->err->code;
    gene = (struct rules_gene *)cpic_find_gene(a->release, g->symbol);
    if (gene == NULL) {
        gene = rules_add_gene(a->release);
        if (gene == NULL)
            return CPIC_NO_MEMORY(a);
        gene->symbol = CPIC_COPY(a, g->symbol);
        gene->hgnc = g->row == NULL ? SLICE_NONE : CPIC_COPY(a, g->row->hgnc);
        gene->method = g->method;
        gene->key_kind = g->key_kind;
    }
    gene->source = source;
    for (size_t i = 0; i < a->rows->results_count; i++)
        if (slice_eq(a->rows->results[i].gene, g->symbol) &&
            a->rows->results[i].priority.len > 0)
            gene->priority_source = source;
    return ERR_OK;
}

static enum err_code apply_gene(struct cpic_import *a, struct slice symbol,
                                const struct cpic_gene *row)
{
    struct cpic_gene_import g = {.symbol = symbol, .row = row};
    bool is_presence;
    enum err_code code;

    find_kind(a, &g);
    if (!has_table(a, &g) || !is_same_method(&g)) {
        if (cpic_find_gene(a->release, symbol) != NULL)
            cpic_note(a->report,
                      "gene %.*s: no phenotype table of its kind in the import, left as it was",
                      SLICE_ARG(symbol));
        return ERR_OK;
    }
    is_presence = g.method == RULES_METHOD_ALLELE_PRESENCE;
    code = take_out(a, &g);
    if (code == ERR_OK)
        code = set_gene(a, &g);
    if (code == ERR_OK)
        code = is_presence ? add_asked(a, &g) : add_alleles(a, &g);
    if (code == ERR_OK)
        code = add_phenotypes(a, &g);
    if (code == ERR_OK && !is_presence)
        code = g.method == RULES_METHOD_ACTIVITY_SCORE ? cpic_add_scores(a, &g)
                                                       : cpic_add_pairs(a, &g);
    if (code != ERR_OK)
        return code;
    note_gone(a, &g);
    check_reference(a, symbol);
    filter_aliases(a, &g);
    a->report->genes++;
    arena_reset(a->scratch);
    return a->release->arena.has_failed ? CPIC_NO_MEMORY(a) : ERR_OK;
}

/* Genes are known from their own rows, or from alleles alone where those are not given. */
enum err_code cpic_apply_genes(struct cpic_import *a)
{
    for (size_t i = 0; i < a->rows->genes_count; i++) {
        for (size_t k = 0; k < i; k++)
            if (slice_eq(a->rows->genes[k].symbol, a->rows->genes[i].symbol))
                return CPIC_BAD(a, "gene %.*s: listed twice",
                                SLICE_ARG(a->rows->genes[i].symbol));
        if (apply_gene(a, a->rows->genes[i].symbol, &a->rows->genes[i]) != ERR_OK)
            return a->err->code;
    }
    for (size_t i = 0; i < a->rows->alleles_count; i++) {
        struct slice gene = a->rows->alleles[i].gene;
        bool is_done = false;

        for (size_t k = 0; k < a->rows->genes_count && !is_done; k++)
            is_done = slice_eq(a->rows->genes[k].symbol, gene);
        for (size_t k = 0; k < i && !is_done; k++)
            is_done = slice_eq(a->rows->alleles[k].gene, gene);
        if (!is_done && a->rows->genes_count > 0)
            return CPIC_BAD(a, "allele %.*s: unknown gene '%.*s'",
                            SLICE_ARG(a->rows->alleles[i].name), SLICE_ARG(gene));
        if (!is_done && apply_gene(a, gene, NULL) != ERR_OK)
            return a->err->code;
    }
    return ERR_OK;
}
