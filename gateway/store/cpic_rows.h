/* gateway/store/cpic_rows.h -- clinical knowledge as its publishers give it: the rows of CPIC's
 * database, of its API and of PharmCAT's guidance, in one shape.
 *
 * Readers fill it (cpic_db.h, cpic_json.h), cpic_apply.h puts it into a release. Nothing is
 * interpreted here but the types of columns; what the rows mean for each other is checked when
 * they are applied.
 *
 * Source of the columns: CPIC's database, migrations V1 to V77 (github.com/cpicpgx/cpic-data,
 * release 1.56.0 of 2026-04-30), with the names before and after the renaming of 2025
 * (pharmgkbid, clinpgxid).
 *
 * Ownership: rows and texts live in the struct's arena.
 */
#ifndef GATEWAY_STORE_CPIC_ROWS_H
#define GATEWAY_STORE_CPIC_ROWS_H

#include "rules/base/arena.h"
#include "rules/base/buf.h"
#include "rules/base/err.h"
#include "rules/base/slice.h"

#define CPIC_BYTES_MAX      ((size_t)256 * 1024 * 1024)
#define CPIC_TEXT_BYTES_MAX 16000   /* of one value */
#define CPIC_ROWS_MAX       1000000 /* of one relation */
#define CPIC_GENES_MAX      4       /* in one lookup; RULES_MATCH_GENES_MAX */
#define CPIC_LIST_MAX       64 /* elements of a list: codes, paragraphs, genes of a guideline */
#define CPIC_COLUMNS_MAX    16
#define CPIC_NO_DATE        "no date given"

struct cpic_gene {
    struct slice symbol;
    struct slice hgnc;
    struct slice chromosome;    /* "chrX" */
    struct slice lookup_method; /* "PHENOTYPE", "ACTIVITY_SCORE", "ALLELE_STATUS" */
};

struct cpic_allele {
    struct slice gene;
    struct slice name;
    struct slice function; /* for clinical systems; may be empty */
    struct slice value;    /* "1.0", "≥3.0", "n/a" or empty */
};

/* A result of a gene, with one pair of functions or values that lead to it, or none. */
struct cpic_result {
    struct slice gene;
    struct slice result; /* "Poor Metabolizer", "*57:01 positive" */
    struct slice score;  /* "1.25", "≥3.0", "n/a" or empty */
    struct slice priority;
    struct slice function1, function2; /* function2 empty: one allele */
    struct slice value1, value2;
    struct slice place; /* for people: "gene_result 12", "CYP2C9.json: diplotypes[3]" */
};

struct cpic_drug {
    struct slice id; /* as recommendations refer to it: "RxNorm:32968", or the name */
    struct slice name;
    struct slice rxnorm;
    struct slice *atc;
    size_t atc_count;
};

struct cpic_guideline {
    struct slice id;        /* as recommendations refer to it, or the name */
    struct slice publisher; /* "CPIC", "DPWG" */
    struct slice name;
    struct slice url;
    struct slice version;
    struct slice year;  /* of its newest publication; may be empty */
    struct slice pmids; /* separated by one space */
};

struct cpic_key {
    struct slice gene;
    struct slice key; /* "Poor Metabolizer", "1.25"; a diplotype as "= *1 / *3" */
};

struct cpic_implication {
    struct slice gene; /* may be empty */
    struct slice text;
};

struct cpic_recommendation {
    struct slice id;                      /* for people and for ids: "12345", "PA166299245" */
    struct slice guideline;               /* id or name */
    struct slice drug;                    /* id or name */
    struct cpic_key keys[CPIC_GENES_MAX]; /* in order of gene */
    size_t keys_count;                    /* 0: no lookup key */
    struct slice classification;          /* as written; may be empty */
    struct slice text;                    /* lines */
    struct cpic_implication *implications;
    size_t implications_count;
    struct slice population; /* empty: everybody */
    struct slice comments;
    bool has_alternative, has_dose, has_other;
    struct slice place;
};

struct cpic_pair {
    struct slice gene, drug; /* drug: id or name */
    struct slice level;
    bool is_final; /* part of a guideline */
};

struct cpic_alert {
    struct slice context; /* "Pre-test", "Post-test", "No CDS" */
    struct slice drug;
    struct slice population;
    struct slice *genes;
    size_t genes_count;
    struct cpic_key keys[CPIC_GENES_MAX];
    size_t keys_count;
    struct slice text;
    struct slice place;
};

/* X(struct name without cpic_, array name) */
#define CPIC_TABLES(X)                                                                         \
    X(gene, genes)                                                                             \
    X(allele, alleles)                                                                         \
    X(result, results)                                                                         \
    X(drug, drugs)                                                                             \
    X(guideline, guidelines)                                                                   \
    X(recommendation, recommendations)                                                         \
    X(pair, pairs)                                                                             \
    X(alert, alerts)

struct cpic_rows {
    struct arena arena;
    struct slice date; /* of the data: the newest entry of the change log, or its version */
    size_t other_guidelines; /* of publishers that are not read: FDA's labels ... */
#define X(type, array)                                                                         \
    struct cpic_##type *array;                                                                 \
    size_t array##_count, array##_max;
    CPIC_TABLES(X)
#undef X
};

void cpic_rows_init(struct cpic_rows *rows);
void cpic_rows_release(struct cpic_rows *rows);

/* Appends a zeroed row; NULL when there is no memory. */
#define X(type, array) struct cpic_##type *cpic_add_##type(struct cpic_rows *rows);
CPIC_TABLES(X)
#undef X

/* Remembers the newer one of two dates. */
void cpic_rows_date(struct cpic_rows *rows, struct slice date);

/* --- relations -----------------------------------------------------------------------------
 * One descriptor per relation says which columns are read, for database and JSON alike. */

enum cpic_kind {
    CPIC_TEXT,
    CPIC_FLAG, /* true or false; absent is false */
    CPIC_JSON, /* an object or array as JSON text */
};

struct cpic_column {
    const char *table;    /* in the database */
    const char *names[3]; /* newest first */
    enum cpic_kind kind;
    bool is_required; /* the column; and its value, unless may_be_null */
    bool may_be_null;
};

struct cpic_relation {
    const char *name;
    const char *from;     /* SQL */
    const char *order_by; /* SQL */
    const char *marks[3]; /* members that only rows of this relation have all of, in JSON */
    const struct cpic_column *columns;
    size_t columns_count;
    bool is_optional; /* the database may lack it */
    bool must_have_rows;
    /* cells parallel to columns; ptr NULL: null or no such column. `place` is for people. */
    enum err_code (*add)(struct cpic_rows *rows, const struct slice *cells, struct slice place,
                         struct err *err);
};

extern const struct cpic_relation CPIC_RELATIONS[];
extern const size_t CPIC_RELATIONS_COUNT;

/* Checks the cells against their columns and adds the row. Errors name place and column. */
enum err_code cpic_add_row(struct cpic_rows *rows, const struct cpic_relation *relation,
                           const struct slice *cells, struct slice place,
                           struct err *err) MUST_CHECK;

/* --- shared by the readers -----------------------------------------------------------------
 */

/* {"CYP2C19": "Poor Metabolizer", "CYP2C9": {"*1": 1, "*3": 1}} into keys in order of gene. */
enum err_code cpic_read_keys(struct cpic_rows *rows, struct slice json, struct slice place,
                             struct cpic_key keys[CPIC_GENES_MAX], size_t *ret_count,
                             struct err *err) MUST_CHECK;

/* "CYP2C19 Poor Metabolizer" without the gene that some files put in front. */
struct slice cpic_without_gene(struct slice word, struct slice gene);

/* Plain lines from HTML: paragraphs and list items are lines, tags go, the five entities of XML
 * and &nbsp; become characters. Text without tags stays, but for its line ends. */
struct slice cpic_plain_text(struct slice html, struct arena *arena);

#endif
