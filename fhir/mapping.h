/* fhir/mapping.h -- what a site tells about its own codes and result texts.
 *
 * Many records hold results under codes that only the site knows, and laboratories have texts
 * of their own for a result. A mapping is data, made from the site's settings by the caller,
 * constant while it is used, and shared by all readings.
 *
 *     system | code -> gene and kind of answer    the code of an Observation, a component
 *     system | code -> what it says               the code of a value, a Condition, a Flag
 *     text          -> what it says               a whole value text, case and outer blanks
 * aside
 *
 * "What it says" is a result text that the reader understands for the gene: "*1", "Poor
 * Metabolizer", "positive". Nothing is read into a code or a text that is not listed.
 */
#ifndef FHIR_MAPPING_H
#define FHIR_MAPPING_H

#include "rules/base/arena.h"
#include "rules/base/err.h"
#include "rules/base/slice.h"

enum fhir_mapped {
    /* the kind of answer that a result with this code holds */
    FHIR_MAPPED_GENOTYPE,
    FHIR_MAPPED_HAPLOTYPE, /* one allele of two */
    FHIR_MAPPED_PHENOTYPE,
    FHIR_MAPPED_PRESENCE, /* of `allele` */
    FHIR_MAPPED_TYPING,   /* of an HLA locus */
    FHIR_MAPPED_SCORE,
    /* or what the code itself says */
    FHIR_MAPPED_STATEMENT,
};

struct fhir_mapped_code {
    struct slice system; /* in any spelling that fhir_system_is takes for the same */
    struct slice code;
    struct slice gene; /* symbol; for a STATEMENT in values it may be empty: of any gene */
    enum fhir_mapped kind;
    struct slice allele; /* for PRESENCE: "*57:01" */
    struct slice says;   /* for STATEMENT */
};

struct fhir_mapped_text {
    struct slice gene; /* empty: of any gene */
    struct slice text;
    struct slice says;
};

/* All borrowed. `codes` in order of code: see fhir_mapping_sort. */
struct fhir_mapping {
    struct fhir_mapped_code *codes;
    size_t codes_count;
    struct fhir_mapped_text *texts;
    size_t texts_count;
};

/* Once, before the first use. */
void fhir_mapping_sort(struct fhir_mapping *mapping);

/* Whether every entry can mean something: known genes, a code, an allele where one is asked
 * about, and statements that the reader understands. ERR_INVALID with the entry's number (from
 * 1) and the reason in err->text. */
enum err_code fhir_mapping_check(const struct fhir_mapping *mapping, struct arena *arena,
                                 struct err *err) MUST_CHECK;

/* The same for one entry: what is wrong with it, as a static text; NULL when nothing is. */
const char *fhir_mapped_code_problem(const struct fhir_mapped_code *entry, struct arena *arena);
const char *fhir_mapped_text_problem(const struct fhir_mapped_text *entry, struct arena *arena);

/* Search tokens of the mapped result codes of the genes: ",system|code" each, to be appended
 * to those of fhir_observation_codes. What means something in a search parameter is escaped
 * (FHIR R4, 3.1.1.4.0.1), the rest is for the writer of the URL. */
struct buf;
void fhir_mapping_codes(const struct fhir_mapping *mapping, const struct slice *genes,
                        size_t genes_count, struct buf *buf);

/* For the readers. NULL, and empty, when the mapping (which may be NULL) has nothing. The gene
 * of a result code is known; a statement for `gene` goes before one for any gene. */
const struct fhir_mapped_code *fhir_mapping_result(const struct fhir_mapping *mapping,
                                                   struct slice system, struct slice code);
const struct fhir_mapped_code *fhir_mapping_statement(const struct fhir_mapping *mapping,
                                                      struct slice system, struct slice code,
                                                      struct slice gene);
struct slice fhir_mapping_text(const struct fhir_mapping *mapping, struct slice gene,
                               struct slice text);

#endif
