/* gateway/store/result_mapping.h -- what a site tells about its own result codes and texts,
 * from a CSV file.
 *
 * The form of the file is that of csv_table.h. Its columns, of which a row fills those that its
 * kind has use for and leaves the others empty (a column that no row fills may be absent):
 *
 *   kind    what the row is about, see below
 *   gene    symbol: "CYP2C19", "HLA-B"
 *   system  of the code, as the record writes it, or any other spelling of it
 *   code
 *   allele  "*57:01"
 *   text    a whole value text; case does not count
 *   says    a result text that the gateway reads: "*4", "Poor Metabolizer", "positive"
 *
 *   genotype, haplotype, phenotype, score     gene, system, code: an Observation or component
 *                                             with this code holds such a value
 *   typing                                    the same, of an HLA gene
 *   presence                                  the same, and allele: whether it is there
 *   statement                                 system, code, says, and gene where it is of one:
 *                                             this code as a value, Condition or Flag says so
 *   text                                      text, says, and gene where it is of one: this
 *                                             text as a value says so
 *
 * Nothing is read into what is not listed, and a row that contradicts or repeats another is an
 * error: which of two meanings a code has is not for the order of lines to decide.
 */
#ifndef GATEWAY_STORE_RESULT_MAPPING_H
#define GATEWAY_STORE_RESULT_MAPPING_H

#include "fhir/mapping.h"
#include "rules/base/err.h"

#define RESULT_MAPPING_ROWS_MAX 5000
/* Of the tokens of all result codes together, so that searches and prefetch templates stay
 * within their limits. */
#define RESULT_MAPPING_SEARCH_BYTES_MAX 6000

/* code, name */
#define RESULT_MAPPING_COLUMNS(X)                                                              \
    X(KIND, "kind")                                                                            \
    X(GENE, "gene")                                                                            \
    X(SYSTEM, "system")                                                                        \
    X(CODE, "code")                                                                            \
    X(ALLELE, "allele")                                                                        \
    X(TEXT, "text")                                                                            \
    X(SAYS, "says")

enum result_mapping_column {
#define X(code, name) RESULT_MAPPING_##code,
    RESULT_MAPPING_COLUMNS(X)
#undef X
        RESULT_MAPPING_COLUMNS_COUNT
};
extern const char *const RESULT_MAPPING_NAMES[RESULT_MAPPING_COLUMNS_COUNT];

/* Owns its texts; constant and shared once it is read. */
struct result_mapping {
    struct fhir_mapping mapping; /* for the readers of fhir/ */

    /* private */
    struct arena arena, scratch;
    const char *row_word; /* "line" */
    uint32_t *codes_rows, *texts_rows;
    size_t codes_max, texts_max, codes_rows_max, texts_rows_max;
};

/* Reads the file. An error says "FILE:LINE: reason"; nothing is then left to be released. */
enum err_code result_mapping_read(const char *path, struct result_mapping *ret,
                                  struct err *err) MUST_CHECK;

/* The same row by row, for rows from elsewhere: init, add, ..., finish; `row` is its number in
 * errors, which say the reason alone. release afterwards, failed or not. */
void result_mapping_init(struct result_mapping *mapping, const char *row_word);
enum err_code result_mapping_add(struct result_mapping *mapping,
                                 const struct slice fields[RESULT_MAPPING_COLUMNS_COUNT],
                                 uint32_t row, struct err *err) MUST_CHECK;
enum err_code result_mapping_finish(struct result_mapping *mapping, struct err *err) MUST_CHECK;
void result_mapping_release(struct result_mapping *mapping); /* accepts a zeroed one */

#endif
