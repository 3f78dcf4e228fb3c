/* fhir/observation.h -- what the resources say about genes, as evidence records.
 *
 * Reads Genomics Reporting genotypes and haplotypes of every release, drug-level implications
 * (the gene by what they were derived from), gene-specific phenotype, genotype and presence
 * codes, HLA typings, core genetics extensions of DSTU2 to R4, panels with components or
 * members, plain text; Conditions and Flags (genomic indicators, known deficiencies); a
 * DiagnosticReport's conclusion. It never turns variants or raw sequence into alleles, never
 * reads narrative, and reads nothing into what is absent.
 *
 * It knows FHIR, LOINC, HGNC and how laboratories spell results. It does not know which
 * alleles exist or what they mean: alleles are handed on as written, without gene prefix;
 * phenotypes in CPIC's words ("Poor Metabolizer", "Decreased Function").
 */
#ifndef FHIR_OBSERVATION_H
#define FHIR_OBSERVATION_H

#include "fhir/bundle.h"

#define FHIR_ALLELES_MAX  8   /* in one genotype value */
#define FHIR_EVIDENCE_MAX 500 /* records read for one patient */

enum fhir_presence {
    FHIR_PRESENCE_NONE, /* the record is not about presence */
    FHIR_PRESENCE_POSITIVE,
    FHIR_PRESENCE_NEGATIVE,
    FHIR_PRESENCE_INDETERMINATE,
};

/* What kind of statement a record rests on. */
enum fhir_origin {
    FHIR_ORIGIN_RESULT,      /* a laboratory's Observation */
    FHIR_ORIGIN_IMPLICATION, /* stated of a drug; the gene by derivedFrom or by its group */
    FHIR_ORIGIN_REPORT,      /* a DiagnosticReport's conclusion */
    FHIR_ORIGIN_INDICATOR,   /* a genomic indicator: a Condition made by the record's owner */
    FHIR_ORIGIN_CONDITION,   /* problem list, Flag */
};

struct fhir_evidence {
    const struct fhir_resource *resource;
    enum fhir_origin origin;
    struct slice gene; /* HGNC symbol, "CYP2C19", "HLA-B" */

    /* Genotype: one or two alleles (more for DPYD-like variant lists), order as written,
     * homozygotes not folded: "*1", "*2x2", "*36+*10", "c.1905+1G>A (*2A)", "*57:01:01". */
    struct slice alleles[FHIR_ALLELES_MAX];
    size_t alleles_count;
    struct slice
        copies; /* the N of a bracketed pair followed by xN: one of the two is multiplied */
    bool is_single_allele; /* one haplotype of two: says nothing about the other copy */
    bool is_joined;        /* two alleles that were reported one by one, see haplotype.h */

    struct slice phenotype; /* stated by the laboratory; empty when it states none */
    bool is_implied; /* the phenotype was stated of a drug that was derived from this result */
    struct slice score; /* stated activity score, "1.25" or "≥3.0"; usually empty */
    /* What was stated of drugs and derived from this result, as written with the drug:
     * "High risk (carbamazepine)"; empty when nothing was, and the first of several. */
    struct slice implication;

    enum fhir_presence presence;
    struct slice presence_allele; /* "*57:01" */

    /* Provenance, for the card. All may be empty. */
    struct slice as_written; /* the value's text as the laboratory wrote it */
    struct slice
        date; /* effective, issued, or the report's: "2024-03-01", first 10 characters */
    struct slice performer; /* display of the first performer */
    struct slice method;
    bool is_preliminary; /* status preliminary or unknown */
};

/* code, text: stable code for traces and tests; the text names no patient value */
#define FHIR_WARNINGS(X)                                                                       \
    X(GENE_MISMATCH, "gene-mismatch", "code, component and value name different genes")        \
    X(GENE_UNKNOWN, "gene-unknown", "the gene is named by a code that is not known")           \
    X(STATUS_UNKNOWN, "status-unknown", "the result's status is unknown")                      \
    X(PRELIMINARY, "preliminary", "the result is preliminary")                                 \
    X(ONE_ALLELE, "one-allele", "only one allele is reported")                                 \
    X(MALFORMED_GENOTYPE, "malformed-genotype", "the genotype does not follow its notation")   \
    X(CODE_WITHOUT_ALLELES, "code-without-alleles", "the genotype code names no alleles")      \
    X(TWO_GENES, "two-genes", "one Observation names two genes; the value's gene is used")     \
    X(VARIANT_IGNORED, "variant-ignored", "single variants are not turned into alleles")       \
    X(VALUE_UNREADABLE, "value-unreadable", "the value could not be understood")               \
    X(HLA_VAGUE, "hla-vague",                                                                  \
      "the HLA typing names a group of alleles (one field) or alternatives, not one allele")   \
    X(PHENOTYPE_NOT_OF_GENE, "phenotype-not-of-gene",                                          \
      "CPIC does not define the stated phenotype for the gene")                                \
    X(IMPLICATION_DIFFERS, "implication-differs",                                              \
      "phenotypes stated of drugs differ, or differ from the result they were derived from")   \
    X(INDICATOR_DIFFERS, "indicator-differs",                                                  \
      "a condition of the record and a laboratory result differ")                              \
    X(CONCLUSION_DIFFERS, "conclusion-differs",                                                \
      "a report's conclusion and its results differ")                                          \
    X(VARIANT_DIFFERS, "variant-differs",                                                      \
      "a single variant and the genotype differ; the genotype is used")                        \
    X(INTERPRETATION_DIFFERS, "interpretation-differs",                                        \
      "the value and its interpretation code differ")                                          \
    X(SEQUENCE_IGNORED, "sequence-ignored",                                                    \
      "raw sequence and its files are never interpreted")                                      \
    X(DOCUMENT_UNREAD, "document-unread",                                                      \
      "a genetic report holds its results in a document that is not read")                     \
    X(TRANSPLANT, "transplant", "the record names a transplant: results may be the donor's")   \
    X(RECORD_INCOMPLETE, "record-incomplete",                                                  \
      "the server says that it did not send the whole record")

enum fhir_warning_code {
#define X(code, name, text) FHIR_WARNING_##code,
    FHIR_WARNINGS(X)
#undef X
        FHIR_WARNINGS_COUNT
};
const char *fhir_warning_name(enum fhir_warning_code code);
const char *fhir_warning_text(enum fhir_warning_code code);

struct fhir_warning {
    enum fhir_warning_code code;
    const struct fhir_resource *resource;
    uint32_t genes; /* see fhir_warning_names */
};

/* Whether the warning is about this gene (a symbol). One that is about none is about the whole
 * record, or about a result whose gene is not known. */
bool fhir_warning_names(const struct fhir_warning *warning, struct slice gene);

/* Why a resource that could have been a result was left out. */
#define FHIR_IGNORED_REASONS(X)                                                                \
    X(STATUS, "status") /* registered, cancelled, entered-in-error */                          \
    X(FOREIGN_PATIENT, "foreign-patient")                                                      \
    X(SOMATIC, "somatic")                                                                      \
    X(NO_VALUE, "no-value")     /* no value, or a dataAbsentReason */                          \
    X(DRUG_LEVEL, "drug-level") /* a statement about a drug, not about the gene */             \
    X(VARIANT, "variant")                                                                      \
    X(SUPERSEDED, "superseded") /* part of what is read already, or its older version */       \
    X(NOT_PGX, "not-pgx")                                                                      \
    X(RECOMMENDATION, "recommendation") /* a laboratory's advice, not a result */              \
    X(SEQUENCE, "sequence")

enum fhir_ignored_reason {
#define X(code, name) FHIR_IGNORED_##code,
    FHIR_IGNORED_REASONS(X)
#undef X
};
const char *fhir_ignored_name(enum fhir_ignored_reason reason);

struct fhir_ignored {
    enum fhir_ignored_reason reason;
    const struct fhir_resource *resource;
};

struct fhir_reading {
    struct fhir_evidence *evidence;
    size_t evidence_count, evidence_max;
    struct fhir_warning *warnings;
    size_t warnings_count, warnings_max;
    struct fhir_ignored *ignored;
    size_t ignored_count, ignored_max;
};

/* Reads every resource of the collection. `patient_id` is the hook's patient; an Observation
 * whose subject names another patient is ignored, one without subject is read. An empty
 * patient_id accepts all (a file read by a person). ERR_LIMIT or ERR_NOMEM only: a resource
 * that makes no sense is a warning or ignored, never an error. */
enum err_code fhir_read_evidence(const struct fhir_collection *collection,
                                 struct slice patient_id, struct arena *arena,
                                 struct fhir_reading *ret, struct err *err) MUST_CHECK;

/* The same with what a site has told about its own codes and texts; mapping may be NULL. */
struct fhir_mapping;
enum err_code fhir_read_evidence_mapped(const struct fhir_collection *collection,
                                        struct slice patient_id,
                                        const struct fhir_mapping *mapping, struct arena *arena,
                                        struct fhir_reading *ret, struct err *err) MUST_CHECK;

/* Splits one value text by the grammar for genotype strings: fills gene (if written),
 * alleles, copies, phenotype, presence. False when nothing was understood. `gene` is the gene
 * known from elsewhere, or empty. Also serves the batch commands. */
bool fhir_genotype_from_text(struct slice text, struct slice gene, struct arena *arena,
                             struct fhir_evidence *ret);

/* True for a text that says that there is no result: "./.", "no call", "not tested", none. */
bool fhir_genotype_is_no_call(struct slice text);

/* CPIC's words for a phenotype as laboratories write it ("PM", "extensive metaboliser",
 * "ultra-rapid", "Low or deficient activity" for TPMT); empty when it is none. */
struct slice fhir_phenotype_from_text(struct slice text, struct slice gene);
struct slice fhir_phenotype_from_loinc_answer(struct slice code); /* "LA9657-3" */

/* The HGNC symbol for "HGNC:2621", "2621" or a symbol; empty when unknown. */
struct slice fhir_gene_from_hgnc(struct slice code);

/* Search tokens. Writes "http://loinc.org|84413-4,http://loinc.org|..." for the generic result
 * codes and those of the given genes (symbols), not URL-encoded. */
struct buf;
void fhir_observation_codes(struct buf *buf, const struct slice *genes, size_t genes_count);

#endif
