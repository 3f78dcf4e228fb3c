/* fhir/codes.c -- look up LOINC codes, HGNC numbers, gene names and code systems.
 *
 * LOINC codes become integers (their digits without the dash) in a sorted table: most codes of
 * a hospital are not in it, so a miss must be cheap.
 */
#include "fhir/codes.h"

#include <assert.h>

#include "fhir/observation.h"
#include "fhir/order.h"
#include "rules/base/buf.h"

#define LOINC_NUMBER_MAX   9999999
#define LOINC_DIGITS_MAX   6 /* before the dash */
#define GENE_LETTERS_LEAST 4

static const struct fhir_gene_row GENES[FHIR_GENES_COUNT] = {
    [FHIR_GENE_NONE] = {.words = FHIR_WORDS_NONE},
#define GENE(id, symbol_, hgnc_, words_, alleles_, snp_, spellings)                            \
    [FHIR_GENE_##id] = {.symbol = {"" symbol_, sizeof symbol_ - 1},                            \
                        .hgnc = (hgnc_),                                                       \
                        .words = FHIR_WORDS_##words_,                                          \
                        .alleles = FHIR_ALLELES_##alleles_,                                    \
                        .snp = {"" snp_, sizeof snp_ - 1},                                     \
                        .snp_spellings = {"" spellings, sizeof spellings - 1}},
#include "fhir/genes.def"
#undef GENE
};

static const struct fhir_loinc LOINC_CODES[] = {
#define LOINC(main, check, kind_, gene_, allele_)                                              \
    {.number = (main)*10 + (check),                                                            \
     .kind = FHIR_KIND_##kind_,                                                                \
     .gene = FHIR_GENE_##gene_,                                                                \
     .allele = {"" allele_, sizeof allele_ - 1}},
#include "fhir/loinc.def"
#undef LOINC
};

/* Names of one code system, without scheme, "www.", "urn:oid:" and trailing slash. The first
 * of each group is the canonical one. Sources: HL7 terminology (OIDs), and the misspellings
 * that public FHIR data shows. */
static const char *const SYSTEMS[][6] = {
    {"loinc.org", "2.16.840.1.113883.6.1"},
    {"snomed.info/sct", "2.16.840.1.113883.6.96", "snomed.info", "browser.ihtsdotools.org"},
    {"nlm.nih.gov/research/umls/rxnorm", "2.16.840.1.113883.6.88"},
    {"hl7.org/fhir/sid/ndc", "2.16.840.1.113883.6.69"},
    {"whocc.no/atc", "2.16.840.1.113883.6.73", "fhir.de/CodeSystem/bfarm/atc",
     "fhir.de/CodeSystem/dimdi/atc"},
    {"fdasis.nlm.nih.gov", "2.16.840.1.113883.4.9"},
    {"hl7.org/fhir/sid/icd-10-cm", "2.16.840.1.113883.6.90"},
    {"hl7.org/fhir/sid/icd-10", "2.16.840.1.113883.6.3"},
    {"genenames.org", "genenames.org/geneId", "hl7.org/fhir/ValueSet/genenames",
     "2.16.840.1.113883.6.281"},
    {"ebi.ac.uk/ipd/imgt/hla", "ebi.ac.uk/imgt/hla", "imgt/hla"},
    {"ncbi.nlm.nih.gov/projects/SNP", "ncbi.nlm.nih.gov/SNP"},
};

bool fhir_is_alnum(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
}

size_t fhir_find_word(struct slice text, struct slice word)
{
    for (size_t from = 0; from + word.len <= text.len;) {
        size_t at = slice_find_nocase(slice_from(text, from), word);
        size_t end;

        if (at == SIZE_MAX)
            return SIZE_MAX;
        at += from;
        end = at + word.len;
        if ((at == 0 || !fhir_is_alnum(text.ptr[at - 1])) &&
            (end == text.len || !fhir_is_alnum(text.ptr[end])))
            return at;
        from = at + 1;
    }
    return SIZE_MAX;
}

const struct fhir_gene_row *fhir_gene_row(enum fhir_gene gene)
{
    assert((size_t)gene < FHIR_GENES_COUNT);
    return &GENES[gene];
}

enum fhir_gene fhir_gene_of_symbol(struct slice symbol)
{
    size_t end;
    enum fhir_gene gene = fhir_gene_at(symbol, 0, &end);

    return gene != FHIR_GENE_NONE && end == symbol.len ? gene : FHIR_GENE_NONE;
}

enum fhir_gene fhir_gene_of_hgnc(struct slice code)
{
    uint32_t number;

    code = slice_trim(code);
    if (slice_starts_nocase(code, SLICE("HGNC:")))
        code = slice_from(code, 5);
    if (!slice_to_u32(code, UINT32_MAX, &number))
        return fhir_gene_of_symbol(code);
    for (size_t i = 1; i < FHIR_GENES_COUNT; i++)
        if (GENES[i].hgnc == number)
            return (enum fhir_gene)i;
    return FHIR_GENE_NONE;
}

enum fhir_gene fhir_gene_of_snp(struct slice rs)
{
    for (size_t i = 1; i < FHIR_GENES_COUNT; i++)
        if (GENES[i].snp.len > 0 && slice_eq_nocase(GENES[i].snp, rs))
            return (enum fhir_gene)i;
    return FHIR_GENE_NONE;
}

struct slice fhir_gene_from_hgnc(struct slice code)
{
    return fhir_gene_row(fhir_gene_of_hgnc(code))->symbol;
}

enum fhir_gene fhir_gene_only(uint32_t genes)
{
    if (genes == 0 || (genes & (genes - 1)) != 0)
        return FHIR_GENE_NONE;
    return (enum fhir_gene)__builtin_ctz(genes);
}

/* Length of `symbol` as it begins the text, or 0. A dash or blank of either side may be
 * missing or exchanged ("CYP 2C19", "HLA B", "MTRNR1") behind the first `stem` letters. */
static size_t match_symbol(struct slice text, struct slice symbol, size_t stem)
{
    size_t at = stem, from = stem;

    if (symbol.ptr[from] == '-')
        from++;
    if (at < text.len && (text.ptr[at] == '-' || text.ptr[at] == ' '))
        at++;
    if (text.len - at < symbol.len - from)
        return 0;
    /* From the end: the genes of one family differ there. */
    for (size_t i = symbol.len - from; i-- > 0;)
        if (upper(text.ptr[at + i]) != symbol.ptr[from + i])
            return 0;
    for (size_t i = 2; i < stem; i++)
        if (upper(text.ptr[i]) != symbol.ptr[i])
            return 0;
    return at + symbol.len - from;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* By a gene's first letter (its low five bits): which letters may follow, and where genes.def
 * begins with it. Nearly every word is told from a gene by its first two letters. A gene that
 * is missing here is never found; a test looks for each. */
static const struct {
    uint32_t seconds;
    uint8_t first;
} BEGINNINGS[32] = {
#define BIT(c) ((uint32_t)1 << ((c)&31))
    ['A' & 31] = {BIT('B'), FHIR_GENE_ABCG2},
    ['C' & 31] = {BIT('Y') | BIT('A') | BIT('F') | BIT('O'), FHIR_GENE_CYP2B6},
    ['D' & 31] = {BIT('P'), FHIR_GENE_DPYD},
    ['G' & 31] = {BIT('6'), FHIR_GENE_G6PD},
    ['H' & 31] = {BIT('L'), FHIR_GENE_HLA_A},
    ['I' & 31] = {BIT('F') | BIT('L'), FHIR_GENE_IFNL3},
    ['M' & 31] = {BIT('T'), FHIR_GENE_MT_RNR1},
    ['N' & 31] = {BIT('A') | BIT('U'), FHIR_GENE_NAT2},
    ['R' & 31] = {BIT('Y'), FHIR_GENE_RYR1},
    ['S' & 31] = {BIT('L'), FHIR_GENE_SLCO1B1},
    ['T' & 31] = {BIT('P'), FHIR_GENE_TPMT},
    ['U' & 31] = {BIT('G'), FHIR_GENE_UGT1A1},
    ['V' & 31] = {BIT('K'), FHIR_GENE_VKORC1},
#undef BIT
};

static bool may_be_gene(char first, char second)
{
    return (BEGINNINGS[first & 31].seconds >> (second & 31) & 1) != 0;
}

enum fhir_gene fhir_gene_at(struct slice text, size_t at, size_t *ret_end)
{
    struct slice rest;
    char first, second;

    if (at + GENE_LETTERS_LEAST > text.len)
        return FHIR_GENE_NONE;
    first = upper(text.ptr[at]);
    second = upper(text.ptr[at + 1]);
    if (!may_be_gene(first, second))
        return FHIR_GENE_NONE;
    rest = slice_from(text, at);
    /* LOINC still calls IFNL3 by its former name. */
    if (first == 'I' && slice_starts_nocase(rest, SLICE("IL28B")) &&
        (rest.len == 5 || !fhir_is_alnum(rest.ptr[5]))) {
        *ret_end = at + 5;
        return FHIR_GENE_IFNL3;
    }
    for (size_t i = BEGINNINGS[first & 31].first;
         i < FHIR_GENES_COUNT && GENES[i].symbol.ptr[0] == first; i++) {
        const struct fhir_gene_row *row = &GENES[i];
        size_t len;

        if (row->symbol.ptr[1] != second)
            continue;
        len = match_symbol(rest, row->symbol, row->symbol.ptr[2] == '-' ? 2 : 3);
        if (len == 0)
            continue;
        /* HLA-B5701 was usual before the colons came. */
        if (len < rest.len && fhir_is_alnum(rest.ptr[len]) &&
            !(row->alleles == FHIR_ALLELES_HLA && is_digit(rest.ptr[len])))
            continue;
        *ret_end = at + len;
        return (enum fhir_gene)i;
    }
    return FHIR_GENE_NONE;
}

/* Runs over the names of every test in a chart, so it looks for two letters first. */
uint32_t fhir_genes_in(struct slice text)
{
    uint32_t genes = 0;

    for (size_t i = 0; i + GENE_LETTERS_LEAST <= text.len; i++) {
        enum fhir_gene gene;
        size_t end;

        if (!may_be_gene(text.ptr[i], text.ptr[i + 1]) ||
            (i > 0 && fhir_is_alnum(text.ptr[i - 1])))
            continue;
        gene = fhir_gene_at(text, i, &end);
        if (gene == FHIR_GENE_NONE)
            continue;
        genes |= FHIR_GENE_BIT(gene);
        i = end - 1;
    }
    return genes;
}

static bool is_own_snp(struct slice name, const struct fhir_gene_row *row)
{
    struct slice rest = row->snp_spellings;

    if (row->snp.len > 0 && slice_eq_nocase(name, row->snp))
        return true;
    while (rest.len > 0) {
        struct slice spelling = slice_cut(rest, ' ', &rest);

        if (fhir_find_word(name, spelling) != SIZE_MAX)
            return true;
    }
    return false;
}

/* Cuts the next run of characters that a variant's name may have ("c.521T>C", "rs4149056"). */
static struct slice next_name(struct slice *rest)
{
    static const char BETWEEN[] = " ,;:/()[]";
    struct slice name;
    size_t start = 0, end;

    while (start < rest->len && memchr(BETWEEN, rest->ptr[start], sizeof BETWEEN) != NULL)
        start++;
    end = start;
    while (end < rest->len && memchr(BETWEEN, rest->ptr[end], sizeof BETWEEN) == NULL)
        end++;
    name = slice_head(slice_from(*rest, start), end - start);
    *rest = slice_from(*rest, end);
    return name;
}

bool fhir_names_other_variant(struct slice text, enum fhir_gene gene)
{
    const struct fhir_gene_row *row = fhir_gene_row(gene);
    struct slice rest = text;

    while (rest.len > 0) {
        struct slice name = next_name(&rest);
        bool is_rs =
            name.len > 2 && slice_starts_nocase(name, SLICE("rs")) && is_digit(name.ptr[2]);
        bool is_change = slice_find_char(name, '>') != SIZE_MAX;

        if ((is_rs || is_change) && !is_own_snp(name, row))
            return true;
    }
    return false;
}

/* "79714-2" -> 797142; 0 for anything that is not written like a LOINC code. */
static uint32_t loinc_number(struct slice code)
{
    uint32_t number = 0;

    if (code.len < 3 || code.len > LOINC_DIGITS_MAX + 2 || code.ptr[code.len - 2] != '-')
        return 0;
    for (size_t i = 0; i < code.len; i++) {
        unsigned digit = (unsigned)(unsigned char)code.ptr[i] - '0';

        if (i == code.len - 2)
            continue;
        if (digit > 9)
            return 0;
        number = number * 10 + digit;
    }
    return number;
}

const struct fhir_loinc *fhir_loinc_find(struct slice system, struct slice code)
{
    const struct fhir_loinc *low = LOINC_CODES;
    uint32_t number = loinc_number(code);

    if (number == 0)
        return NULL;
    assert(number <= LOINC_NUMBER_MAX);
    /* Without a branch on the outcome: the codes come in no order, so a branch would be
     * guessed wrongly every other time. */
    for (size_t n = ARRAY_LEN(LOINC_CODES); n > 1;) {
        size_t half = n / 2;

        low += low[half - 1].number < number ? half : 0;
        n -= half;
    }
    if (low->number != number)
        return NULL;
    return system.len == 0 || fhir_system_is(system, SLICE("http://loinc.org")) ? low : NULL;
}

/* A code system's name without what differs from writer to writer. */
static struct slice bare_system(struct slice s)
{
    static const char *const PREFIXES[] = {"urn:oid:", "http://", "https://", "www."};
    struct slice version;

    s = slice_trim(s);
    for (size_t i = 0; i < ARRAY_LEN(PREFIXES); i++)
        if (slice_starts_nocase(s, slice_of(PREFIXES[i])))
            s = slice_from(s, strlen(PREFIXES[i]));
    s = slice_cut(s, '|', &version);
    while (s.len > 0 && s.ptr[s.len - 1] == '/')
        s.len--;
    return s;
}

/* Row of SYSTEMS, or its length when the system is in none. */
static size_t system_group(struct slice bare)
{
    static const struct slice SNOMED_EDITION = {"snomed.info/sct/", 16};

    if (slice_starts_nocase(bare, SNOMED_EDITION))
        bare = slice_head(bare, SNOMED_EDITION.len - 1);
    for (size_t i = 0; i < ARRAY_LEN(SYSTEMS); i++)
        for (size_t j = 0; j < ARRAY_LEN(SYSTEMS[i]) && SYSTEMS[i][j] != NULL; j++)
            if (slice_eq_nocase(bare, slice_of(SYSTEMS[i][j])))
                return i;
    return ARRAY_LEN(SYSTEMS);
}

bool fhir_system_is(struct slice written, struct slice canonical)
{
    size_t group;

    if (slice_eq(written, canonical))
        return written.len > 0;
    written = bare_system(written);
    canonical = bare_system(canonical);
    if (written.len == 0)
        return false;
    if (slice_eq_nocase(written, canonical))
        return true;
    group = system_group(written);
    return group != ARRAY_LEN(SYSTEMS) && group == system_group(canonical);
}

static bool is_searched(const struct fhir_loinc *row)
{
    return row->kind == FHIR_KIND_PHENOTYPE || row->kind == FHIR_KIND_GENOTYPE ||
           row->kind == FHIR_KIND_HAPLOTYPE || row->kind == FHIR_KIND_PRESENCE ||
           row->kind == FHIR_KIND_TYPING;
}

void fhir_observation_codes(struct buf *buf, const struct slice *genes, size_t genes_count)
{
    uint32_t done = FHIR_GENE_BIT(FHIR_GENE_NONE);

    /* Genotype, haplotype, phenotype of a gene named beside it, panel, effects on drugs. */
    buf_add_text(buf, "http://loinc.org|84413-4,http://loinc.org|84414-2,"
                      "http://loinc.org|51971-0,http://loinc.org|82118-1,"
                      "http://loinc.org|53040-2,http://loinc.org|51961-1,"
                      "http://loinc.org|83009-1");
    for (size_t g = 0; g < genes_count; g++) {
        enum fhir_gene gene = fhir_gene_of_symbol(genes[g]);

        if ((done & FHIR_GENE_BIT(gene)) != 0)
            continue;
        done |= FHIR_GENE_BIT(gene);
        for (size_t i = 0; i < ARRAY_LEN(LOINC_CODES); i++)
            if (LOINC_CODES[i].gene == gene && is_searched(&LOINC_CODES[i]))
                buf_printf(buf, ",http://loinc.org|%u-%u", LOINC_CODES[i].number / 10,
                           LOINC_CODES[i].number % 10);
    }
}
