/* fhir/codes.h -- codes and gene names, for the readers of this folder; nobody else includes
 * it.
 *
 * Tables: genes.def, loinc.def. Everything is constant; every look-up is pure.
 */
#ifndef FHIR_CODES_H
#define FHIR_CODES_H

#include "rules/base/slice.h"

enum fhir_gene {
    FHIR_GENE_NONE,
#define GENE(id, symbol, hgnc, words, alleles, snp, snp_spellings) FHIR_GENE_##id,
#include "fhir/genes.def"
#undef GENE
    FHIR_GENES_COUNT
};

/* A set of genes: bit 1 << enum fhir_gene. */
#define FHIR_GENE_BIT(gene) ((uint32_t)1 << (gene))
_Static_assert(FHIR_GENES_COUNT <= 32, "a set of genes fits in 32 bits");

/* In which words CPIC states the gene's phenotype. */
enum fhir_words {
    FHIR_WORDS_NONE,        /* has no phenotype */
    FHIR_WORDS_METABOLIZER, /* Poor Metabolizer */
    FHIR_WORDS_THIOPURINE,  /* as metabolizer; laboratories also grade the enzyme's activity */
    FHIR_WORDS_FUNCTION,    /* Poor Function */
    FHIR_WORDS_RESPONSE,    /* Favorable Response */
    FHIR_WORDS_IVACAFTOR,   /* ivacaftor responsive in CF patients */
    FHIR_WORDS_DEFICIENCY,  /* Deficient */
    FHIR_WORDS_SUSCEPTIBILITY, /* Malignant Hyperthermia Susceptibility */
    FHIR_WORDS_RISK,           /* increased risk of aminoglycoside-induced hearing loss */
};

/* How the gene's alleles are named. Star alleles are understood for every gene but HLA. */
enum fhir_allele_names {
    FHIR_ALLELES_STAR,
    FHIR_ALLELES_HGVS,       /* c.2846A>T, Reference */
    FHIR_ALLELES_NUCLEOTIDE, /* C */
    FHIR_ALLELES_NAME,       /* Mediterranean, F508del */
    FHIR_ALLELES_HLA,        /* *57:01:01 */
};

struct fhir_gene_row {
    struct slice symbol;
    uint32_t hgnc;
    enum fhir_words words;
    enum fhir_allele_names alleles;
    struct slice snp;           /* "rs4149056"; empty: nucleotides alone mean nothing */
    struct slice snp_spellings; /* other names of it, separated by one blank */
};

/* gene may be NONE: an empty row. */
const struct fhir_gene_row *fhir_gene_row(enum fhir_gene gene);
enum fhir_gene fhir_gene_of_symbol(struct slice symbol); /* exactly, but for case */
enum fhir_gene fhir_gene_of_hgnc(struct slice code);     /* see fhir_gene_from_hgnc */
enum fhir_gene fhir_gene_of_snp(struct slice rs);
enum fhir_gene fhir_gene_only(uint32_t genes); /* the one member of the set, else NONE */

/* The genes named as words in a text, also inside "CYP2C19*2" and "CYP2C19_*1". */
uint32_t fhir_genes_in(struct slice text);
/* The gene whose name begins at text[at], with the place behind it; NONE if none does. */
enum fhir_gene fhir_gene_at(struct slice text, size_t at, size_t *ret_end);
/* True if the text names a variant (rs number, HGVS) that is not the gene's own SNP. */
bool fhir_names_other_variant(struct slice text, enum fhir_gene gene);

/* What an Observation or a component holds, by its code. */
enum fhir_kind {
    FHIR_KIND_OTHER,
    FHIR_KIND_GENOTYPE,
    FHIR_KIND_HAPLOTYPE, /* one allele of two */
    FHIR_KIND_PHENOTYPE,
    FHIR_KIND_PRESENCE, /* of one HLA allele */
    FHIR_KIND_TYPING,   /* HLA */
    FHIR_KIND_TARGETED, /* a gene's test by name: a genotype, or a paragraph */
    FHIR_KIND_VARIANT,
    FHIR_KIND_DRUG_LEVEL,
    FHIR_KIND_NO_RESULT, /* enzyme activity, what was tested for */
    FHIR_KIND_SCORE,     /* by its name only: activity score */
    FHIR_KIND_PANEL,     /* results of several genes: components, members */
    FHIR_KIND_NARRATIVE, /* a text whose code says nothing of genes */
    /* components */
    FHIR_KIND_GENE_STUDIED,
    FHIR_KIND_DRUG_ASSESSED,
    FHIR_KIND_SOURCE_CLASS,
    FHIR_KIND_CONTEXT,
    FHIR_KIND_VARIANT_NAME,
};

struct fhir_loinc {
    uint32_t number; /* 797142 for "79714-2" */
    enum fhir_kind kind;
    enum fhir_gene gene;
    struct slice allele;
};

/* NULL when the code is none of the table's. `system` may be empty or odd: the pattern of the
 * code decides then, but another system's code is not LOINC. */
const struct fhir_loinc *fhir_loinc_find(struct slice system, struct slice code);

bool fhir_is_alnum(char c);
/* First place of the word in the text (no letter or digit around it), any case, or SIZE_MAX. */
size_t fhir_find_word(struct slice text, struct slice word);

#endif
