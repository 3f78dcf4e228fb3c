/* gateway/store/cpic_private.h -- between the files that put a publisher's rows into a release.
 */
#ifndef GATEWAY_STORE_CPIC_PRIVATE_H
#define GATEWAY_STORE_CPIC_PRIVATE_H

#include "gateway/store/cpic_apply.h"

struct cpic_import {
    const struct cpic_rows *rows;
    struct rules_release *release;
    struct cpic_report *report;
    struct arena *scratch; /* for what is not kept */
    struct err *err;       /* the first failure */
};

#define CPIC_BAD(a, ...)   err_set((a)->err, ERR_INVALID, __VA_ARGS__)
#define CPIC_NO_MEMORY(a)  err_set((a)->err, ERR_NOMEM, "no memory for the import")
#define CPIC_COPY(a, text) arena_copy(&(a)->release->arena, (text))
#define CPIC_PRINT(a, ...) arena_printf(&(a)->release->arena, __VA_ARGS__)

/* --- cpic_genes.c --- */

enum err_code cpic_apply_genes(struct cpic_import *a) MUST_CHECK;
const struct rules_gene *cpic_find_gene(const struct rules_release *release,
                                        struct slice symbol);

/* "1.25", "≥3.0"; false for words. */
bool cpic_score_from_text(struct slice text, uint32_t *ret_x100, bool *ret_is_at_least);

/* --- between cpic_genes.c and cpic_gene_rules.c --- */

struct cpic_gene_import {
    struct slice symbol;
    const struct cpic_gene *row; /* NULL: known from alleles or results only */
    enum rules_method method;
    enum rules_key_kind key_kind;
    /* What the release had. */
    const struct rules_phenotype *old_phenotypes;
    size_t old_phenotypes_count;
    const struct rules_allele *old_alleles;
    size_t old_alleles_count;
};

/* Empty or "n/a". */
bool cpic_is_no_value(struct slice value);
/* The phenotype; "n/a" is Indeterminate. */
struct slice cpic_result_word(const struct cpic_result *r);

/* The gene's rules from the rows' results; its alleles are there already. */
enum err_code cpic_add_pairs(struct cpic_import *a,
                             const struct cpic_gene_import *g) MUST_CHECK;
enum err_code cpic_add_scores(struct cpic_import *a,
                              const struct cpic_gene_import *g) MUST_CHECK;

/* --- cpic_scores.c --- */

struct cpic_score {
    uint32_t x100;
    struct slice phenotype;
};

/* Adds ranges without gaps over the listed scores, which are sorted here. */
enum err_code cpic_add_ranges(struct cpic_import *a, struct slice gene,
                              struct cpic_score *scores, size_t count) MUST_CHECK;

struct cpic_range {
    uint32_t from_x100, to_x100; /* RULES_SCORE_NO_MAX: no end */
};

/* How a publisher reads a gene: by tables of its own, or by the gene's. */
struct cpic_reading {
    const struct rules_gene *gene;
    enum rules_key_kind key_kind; /* of its recommendations */
    struct slice scores; /* the authority of the ranges it goes by; empty: the gene's */
};
struct cpic_reading cpic_reading_of(const struct rules_release *release,
                                    const struct rules_gene *gene, struct slice publisher);

/* What a listed score stands for beside the other listed ones: from itself, or from where its
 * phenotype begins, to before the next one of its phenotype, or to where that ends. */
struct cpic_range cpic_cell(const struct rules_release *release,
                            const struct cpic_reading *reading, const uint32_t *listed,
                            size_t count, uint32_t x100);

/* The scores of a phenotype; false when the gene has none of that name. */
bool cpic_range_of_phenotype(const struct rules_release *release,
                             const struct cpic_reading *reading, struct slice phenotype,
                             struct cpic_range *ret);

/* The phenotype of a score; empty when no range holds it. */
struct slice cpic_phenotype_of_score(const struct rules_release *release,
                                     const struct cpic_reading *reading, uint32_t x100);

/* "0.25", "0.25..1.0", ">=2.26". */
struct slice cpic_range_text(struct cpic_range range, struct arena *arena);

/* --- cpic_words.c --- */

/* "2026" of "2026-04-30"; the date itself when it is none. */
struct slice cpic_year_of(struct slice date);

enum rules_classification cpic_classification(struct slice written);

/* A text that says something: not empty, "n/a" or that there is no recommendation. */
bool cpic_is_advice_text(struct slice text);

enum rules_alert cpic_alert_of(const struct cpic_recommendation *row, bool is_priority);

/* At most 70 characters. */
struct slice cpic_verdict(const struct cpic_recommendation *row);

/* Adds message `id`: the meaning from the implications, the options from text and comments. */
enum err_code cpic_add_message(struct cpic_import *a, struct slice id,
                               const struct cpic_recommendation *row) MUST_CHECK;

/* --- cpic_advice.c --- */

enum err_code cpic_apply_advice(struct cpic_import *a) MUST_CHECK;

/* --- cpic_boxes.c --- */

/* A lookup key as conditions need it. */
struct cpic_want {
    struct slice gene;
    struct cpic_reading reading;
    struct slice word; /* empty: a score */
    struct slice as_written;
    struct cpic_range range;
    uint32_t x100;
    bool is_at_least;
    bool serves_unknown; /* "No Result" stands for a result that says nothing, too */
};

struct cpic_row {
    const struct cpic_recommendation *row;
    struct cpic_want wants[CPIC_GENES_MAX];
    size_t wants_count;
    bool is_rewritten; /* a key had to be read loosely: it may fall together with another's */
    bool is_priority;
    enum rules_alert alert;
    size_t group;
    struct slice id;             /* of the row, as published */
    struct slice recommendation; /* that it went into, once it did */
};

/* A set of rows that lists of keys per gene describe exactly. */
struct cpic_box {
    struct cpic_row **rows; /* in order of the publisher's rows */
    size_t rows_count;
};

/* Cuts rows of one group, which ask about the same genes, into boxes: calls `each` for each. */
enum err_code cpic_cut_boxes(struct cpic_import *a, struct cpic_row **rows, size_t count,
                             enum err_code (*each)(struct cpic_import *a,
                                                   const struct cpic_box *box, void *owner),
                             void *owner) MUST_CHECK;

#endif
