/* fhir/genotype_text.c -- one value's text: which genotype, phenotype and score it states.
 *
 * A text is read as a genotype only when what stands around the expression cannot turn it into
 * something else: a second expression, "or", "not", a question mark and the like make it
 * unreadable, and one allele alone must stand alone ("*2 detected" may be one of many lines).
 */
#include "fhir/snp_text.h"
#include "fhir/star_text.h"

#include <assert.h>

static const char *const NO_CALLS[] = {"-",
                                       "--",
                                       ".",
                                       "./.",
                                       ".|.",
                                       "n/a",
                                       "na",
                                       "none",
                                       "no call",
                                       "no-call",
                                       "nocall",
                                       "no result",
                                       "no results",
                                       "not called",
                                       "unknown",
                                       "not determined",
                                       "not tested",
                                       "undetermined",
                                       "indeterminate",
                                       "pending",
                                       "not performed",
                                       "inconclusive",
                                       "failed",
                                       "not reported",
                                       "see note",
                                       "see comment",
                                       "see report",
                                       "unknown/unknown",
                                       "no call/no call"};

/* Beside a pair of alleles these make it doubtful, denied, or somebody else's. */
static const char *const DOUBTS[] = {
    "not",      "negative", "absent",    "without",  "none",      "or",           "either",
    "vs",       "versus",   "excluded",  "cannot",   "ambiguous", "inconclusive", "failed",
    "unlikely", "except",   "suspected", "presumed", "unknown",   "untested",     "nor"};
static const char *const LIKELIHOODS[] = {"likely", "possible", "probable", "probably",
                                          "possibly"};
static const char *const DUPLICATIONS[] = {
    "dup",        "duplication", "duplicated", "duplicate", "multiplication",
    "multiplied", "x",           "xn",         "cnv"};
/* Beside one allele only these may stand. */
static const char *const ALLELE_WORDS[] = {"genotype",   "haplotype",    "allele",     "star",
                                           "gene",       "result",       "call",       "type",
                                           "het",        "heterozygous", "homozygous", "hom",
                                           "hemizygous", "hemi",         "homoplasmic"};
static const char *const HOMOZYGOUS[] = {"homozygous", "hom"};
static const char *const HETEROZYGOUS[] = {"heterozygous", "het"};

struct value {
    struct slice text;
    enum fhir_gene gene; /* whose notation applies */
    struct arena *arena;
    struct fhir_evidence *evidence;
    struct fhir_text_reading reading;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool has_word(const struct fhir_word_list *list, const char *const *words,
                     size_t words_count)
{
    for (size_t i = 0; i < list->count; i++)
        if (fhir_word_is_in(list->words[i], words, words_count))
            return true;
    return false;
}

/* Whether the text, but for a gene's name and its colon in front, says that there is none. */
static bool is_no_call(struct slice text)
{
    size_t end;

    if (text.len == 0)
        return true;
    if (slice_find_char(text, '*') != SIZE_MAX)
        return false;
    if (fhir_gene_at(text, 0, &end) != FHIR_GENE_NONE) {
        while (end < text.len && memchr(" _:-", text.ptr[end], 4) != NULL)
            end++;
        text = slice_from(text, end);
    }
    return fhir_word_is_in(text, NO_CALLS, ARRAY_LEN(NO_CALLS));
}

static void add_allele(struct value *value, struct slice allele)
{
    struct fhir_evidence *evidence = value->evidence;

    if (evidence->alleles_count == FHIR_ALLELES_MAX) {
        value->reading.is_malformed = true;
        return;
    }
    evidence->alleles[evidence->alleles_count++] = allele;
}

/* An expression that must not be used; what the text says of the phenotype is then read from
 * the text as a whole. */
static void drop_alleles(struct value *value)
{
    value->evidence->phenotype = fhir_phenotype_phrase(value->text, value->gene);
    value->evidence->score = fhir_score_in(value->text, value->arena);
    value->evidence->alleles_count = 0;
    value->evidence->copies = SLICE_NONE;
    value->evidence->is_single_allele = false;
    value->reading.is_malformed = true;
}

/* One allele may be all there is: mitochondria, the X of a man. */
static bool is_haploid(enum fhir_gene gene)
{
    return gene == FHIR_GENE_MT_RNR1 || gene == FHIR_GENE_G6PD;
}

/* Whether the words around a pair leave it as it stands. */
static bool pair_may_stand(const struct fhir_word_list *list, struct slice phenotype)
{
    bool is_likely_phenotype = slice_starts(phenotype, SLICE("Likely ")) ||
                               slice_starts(phenotype, SLICE("Possible "));

    for (size_t i = 0; i < list->count; i++) {
        bool is_no = slice_eq_nocase(list->words[i], SLICE("no"));

        if (fhir_word_is_in(list->words[i], DOUBTS, ARRAY_LEN(DOUBTS)) ||
            fhir_word_is_conditional(list->words[i]))
            return false;
        if (is_no &&
            (i + 1 == list->count || !slice_eq_nocase(list->words[i + 1], SLICE("function"))))
            return false;
        if (!is_likely_phenotype &&
            fhir_word_is_in(list->words[i], LIKELIHOODS, ARRAY_LEN(LIKELIHOODS)))
            return false;
    }
    return true;
}

static bool allele_may_stand(const struct fhir_word_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (!fhir_word_is_in(list->words[i], ALLELE_WORDS, ARRAY_LEN(ALLELE_WORDS)) &&
            fhir_gene_of_symbol(list->words[i]) == FHIR_GENE_NONE)
            return false;
    return true;
}

/* Whether the words say that there are more copies than two, or how many is not said. */
static bool says_duplicated(const struct fhir_word_list *list)
{
    static const char *const COPIES[] = {"copies", "copy"};
    static const char *const TWO[] = {"2", "two"};

    for (size_t i = 0; i < list->count; i++) {
        struct slice word = list->words[i];

        if (fhir_word_is_in(word, DUPLICATIONS, ARRAY_LEN(DUPLICATIONS)))
            return true;
        if (word.len > 1 && (word.ptr[0] | 0x20) == 'x' && is_digit(word.ptr[1]))
            return true; /* "x3-5" */
        if (fhir_word_is_in(word, COPIES, ARRAY_LEN(COPIES)) &&
            (i == 0 || !fhir_word_is_in(list->words[i - 1], TWO, ARRAY_LEN(TWO))))
            return true;
    }
    return false;
}

/* Length of "NC_012920.1", the sequence that an HGVS name counts on, at text[at]; else 0. */
static size_t accession_len(struct slice text, size_t at)
{
    size_t start = at;

    if (at + 3 >= text.len || memchr("NX", text.ptr[at], 2) == NULL ||
        memchr("CGMR", text.ptr[at + 1], 4) == NULL || text.ptr[at + 2] != '_' ||
        !is_digit(text.ptr[at + 3]))
        return 0;
    for (at += 3; at < text.len && (is_digit(text.ptr[at]) || text.ptr[at] == '.'); at++)
        continue;
    return at - start;
}

/* Whether nothing but a gene's name, its sequence and marks stand there; a question mark is
 * more. */
static bool is_bare(struct slice text)
{
    size_t at = 0;

    while (at < text.len) {
        size_t end;

        if (fhir_gene_at(text, at, &end) != FHIR_GENE_NONE)
            at = end;
        else if (accession_len(text, at) > 0)
            at += accession_len(text, at);
        else if (fhir_is_alnum(text.ptr[at]) || text.ptr[at] == '?' ||
                 (text.ptr[at] & 0x80) != 0)
            return false;
        else
            at++;
    }
    return true;
}

/* The statement of phenotype beside a genotype. */
static struct slice phenotype_beside(struct slice before, struct slice behind,
                                     enum fhir_gene gene)
{
    struct slice phenotype = fhir_phenotype_field(behind, gene);

    if (phenotype.len == 0)
        phenotype = fhir_phenotype_phrase(before, gene);
    if (phenotype.len == 0)
        phenotype = fhir_phenotype_phrase(behind, gene);
    return phenotype;
}

/* "*2/ *2, heterozygous" and "C/T, homozygous" contradict themselves. */
static bool is_contradicted(const struct fhir_evidence *evidence,
                            const struct fhir_word_list *list)
{
    bool is_same = slice_eq(evidence->alleles[0], evidence->alleles[1]);

    return is_same ? has_word(list, HETEROZYGOUS, ARRAY_LEN(HETEROZYGOUS))
                   : has_word(list, HOMOZYGOUS, ARRAY_LEN(HOMOZYGOUS));
}

/* Whether the words on one side of the expression allow it to stand. */
static bool side_may_stand(struct value *value, struct slice side, bool is_pair)
{
    struct fhir_word_list list;

    if (fhir_expression_find(side, 0, value->gene) != SIZE_MAX ||
        slice_find_char(side, '?') != SIZE_MAX)
        return false;
    fhir_words_of(side, &list);
    if (fhir_text_denies_abroad(side, &list))
        return false;
    if (says_duplicated(&list)) {
        if (!is_pair)
            return false;
        if (value->evidence->copies.len == 0)
            value->evidence->copies = SLICE("N");
    }
    if (is_pair)
        return (value->evidence->alleles_count != 2 ||
                !is_contradicted(value->evidence, &list)) &&
               pair_may_stand(&list, value->evidence->phenotype);
    if (!allele_may_stand(&list))
        return false;
    if (has_word(&list, HOMOZYGOUS, ARRAY_LEN(HOMOZYGOUS)) &&
        value->evidence->alleles_count == 1)
        add_allele(value, value->evidence->alleles[0]);
    return true;
}

/* Judges the expression by the text around it. False: it must not be used. */
static bool judge_around(struct value *value, size_t start, size_t end, bool is_pair)
{
    struct slice before = slice_head(value->text, start);
    struct slice behind = slice_from(value->text, end);

    if (is_bare(before) && is_bare(behind))
        return true;
    value->evidence->phenotype = phenotype_beside(before, behind, value->gene);
    value->evidence->score = fhir_score_in(value->text, value->arena);
    return side_may_stand(value, before, is_pair) && side_may_stand(value, behind, is_pair);
}

/* "+" without "/" joins the two copies, except where genes are known to be joined on one
 * chromosome: CYP2D6 tandems, UGT1A1*80 with *28 or *37. */
static bool is_tandem(const struct fhir_side *side, enum fhir_gene gene)
{
    if (gene == FHIR_GENE_CYP2D6 || side->parts_count != 2)
        return true;
    return gene == FHIR_GENE_UGT1A1 &&
           (slice_eq(side->parts[0], SLICE("*80")) || slice_eq(side->parts[1], SLICE("*80")));
}

/* The zygosity that stands behind (or in brackets behind) a listed variant; 0 for none. */
static int cut_zygosity(struct slice text, size_t *at)
{
    struct slice rest = slice_from(text, *at);
    size_t skipped = 0, len = 0;
    bool is_homozygous;

    while (skipped < rest.len && memchr(" (:-", rest.ptr[skipped], 4) != NULL)
        skipped++;
    rest = slice_from(rest, skipped);
    while (len < rest.len && fhir_is_alnum(rest.ptr[len]))
        len++;
    is_homozygous = fhir_word_is_in(slice_head(rest, len), HOMOZYGOUS, ARRAY_LEN(HOMOZYGOUS));
    if (!is_homozygous &&
        !fhir_word_is_in(slice_head(rest, len), HETEROZYGOUS, ARRAY_LEN(HETEROZYGOUS)))
        return 0;
    *at += skipped + len;
    if (*at < text.len && text.ptr[*at] == ')')
        (*at)++;
    return is_homozygous ? 2 : 1;
}

/* HapB3 is tagged by two variants in complete linkage; listing both is one allele. */
static bool is_listed_already(const struct fhir_evidence *evidence, struct slice allele)
{
    if (!slice_starts(allele, SLICE("c.1236G>A")))
        return false;
    for (size_t i = 0; i < evidence->alleles_count; i++)
        if (slice_starts(evidence->alleles[i], SLICE("c.1129-5923C>G")))
            return true;
    return false;
}

/* "c.1905+1G>A (heterozygous); c.2846A>T (heterozygous)": what stands behind the first name.
 * One variant that is said to be heterozygous has "=" beside it, HGVS's word for no change. */
static bool read_list(struct value *value, size_t start, struct slice first, size_t at)
{
    struct slice allele = first, text = value->text;
    bool is_list = false, is_heterozygous = true;

    for (;;) {
        int count = cut_zygosity(text, &at);
        size_t next = at;

        is_heterozygous = is_heterozygous && count == 1;

        is_list = is_list || count > 0;
        if (!is_listed_already(value->evidence, allele))
            for (int i = 0; i < (count == 2 ? 2 : 1); i++)
                add_allele(value, allele);
        fhir_blanks_skip(text, &next);
        if (slice_starts_nocase(slice_from(text, next), SLICE("and ")))
            next += 4;
        else if (next < text.len && memchr(",;+", text.ptr[next], 3) != NULL)
            next++;
        else
            break;
        allele = fhir_allele_read(text, &next, value->gene, value->arena);
        if (allele.len == 0)
            break;
        is_list = true;
        at = next;
    }
    if (value->evidence->alleles_count == 1 && is_heterozygous && !is_haploid(value->gene))
        add_allele(value, SLICE("="));
    value->evidence->is_single_allele =
        value->evidence->alleles_count == 1 && !is_haploid(value->gene);
    return is_list && judge_around(value, start, at, true);
}

static void take_sides(struct value *value, const struct fhir_expression *expression)
{
    const struct fhir_side *first = &expression->sides[0];

    if (expression->sides_count == 2) {
        add_allele(value, first->name);
        add_allele(value, expression->sides[1].name);
        value->evidence->copies = expression->copies;
    } else if (first->parts_count == 1 || is_tandem(first, value->gene)) {
        add_allele(value, first->name);
    } else {
        add_allele(value, first->parts[0]);
        add_allele(value, first->parts[1]);
    }
}

static void read_expression(struct value *value, size_t at)
{
    struct fhir_expression expression;
    bool is_pair;

    if (!fhir_expression_read(value->text, at, value->gene, value->arena, &expression)) {
        drop_alleles(value);
        return;
    }
    if (expression.sides_count == 1 && expression.sides[0].parts_count == 1 &&
        fhir_gene_row(value->gene)->alleles == FHIR_ALLELES_HGVS) {
        if (read_list(value, expression.start, expression.sides[0].name, expression.end))
            return;
        value->evidence->alleles_count = 0;
        value->evidence->is_single_allele = false;
    }
    take_sides(value, &expression);
    is_pair = value->evidence->alleles_count == 2;
    if (!judge_around(value, expression.start, expression.end, is_pair)) {
        drop_alleles(value);
        return;
    }
    value->evidence->is_single_allele =
        value->evidence->alleles_count == 1 && !is_haploid(value->gene);
}

static void read_nucleotides(struct value *value)
{
    char letters[2];
    size_t end, at = fhir_letters_find(value->text, letters, &end);
    struct slice rs = fhir_rs_in(value->text), words = SLICE_NONE;
    bool has_own_snp = fhir_gene_row(value->gene)->snp.len > 0;
    bool is_other = fhir_names_other_variant(value->text, value->gene);

    if (at == SIZE_MAX)
        return;
    if (end - at == 2 && !has_own_snp &&
        (rs.len == 0 || rs.ptr + rs.len + 1 != &value->text.ptr[at]))
        return; /* two letters are a word of any language, but not behind "rs3918290 " */
    if (value->gene == FHIR_GENE_VKORC1 && slice_find(value->text, SLICE("1639")) != SIZE_MAX) {
        words = fhir_vkorc1_words(letters[0], letters[1]);
        if (words.len == 0)
            return;
    }
    if ((is_other || !has_own_snp) && rs.len == 0) {
        value->reading.has_other_snp = true;
        return;
    }
    for (int i = 0; i < 2; i++) {
        struct slice letter = {value->text.ptr + (i == 0 ? at : end - 1), 1};

        add_allele(value,
                   is_other ? arena_printf(value->arena, "%.*s %.1s", SLICE_ARG(rs), letter.ptr)
                            : letter);
    }
    value->reading.has_other_snp = is_other;
    if (fhir_letters_repeat(value->text, end, value->gene) ||
        !judge_around(value, at, end, true))
        drop_alleles(value);
    else if (value->evidence->phenotype.len == 0)
        value->evidence->phenotype = words;
}

/* Places of the one slash outside brackets; SIZE_MAX for none or several. */
static size_t find_single_slash(struct slice text)
{
    size_t found = SIZE_MAX;
    int depth = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '(')
            depth++;
        else if (text.ptr[i] == ')' && depth > 0)
            depth--;
        else if (text.ptr[i] == '/' && depth == 0) {
            if (found != SIZE_MAX)
                return SIZE_MAX;
            found = i;
        }
    }
    return found;
}

/* A name that may be an allele: not a judgement, not an absence. */
static bool may_be_name(struct slice name, enum fhir_gene gene)
{
    struct fhir_word_list list;

    if (name.len == 0 || is_no_call(name))
        return false;
    fhir_words_of(name, &list);
    return list.count > 0 && fhir_phenotype_field(name, gene).len == 0 &&
           fhir_presence_from_text(name) == FHIR_PRESENCE_NONE &&
           !has_word(&list, DOUBTS, ARRAY_LEN(DOUBTS)) &&
           !has_word(&list, LIKELIHOODS, ARRAY_LEN(LIKELIHOODS));
}

/* Genes whose alleles have names of their own: "Mediterranean/B (reference)",
 * "rs2231142 reference (G)/rs2231142 variant (T)". */
static void read_names(struct value *value)
{
    enum fhir_allele_names names = fhir_gene_row(value->gene)->alleles;
    size_t slash = find_single_slash(value->text);
    struct slice sides[2];

    if (slash == SIZE_MAX)
        return;
    sides[0] = slice_trim(slice_head(value->text, slash));
    sides[1] = slice_trim(slice_from(value->text, slash + 1));
    for (int i = 0; i < 2; i++) {
        bool is_snp_name = slice_starts(sides[i], fhir_gene_row(value->gene)->snp) &&
                           (slice_find(sides[i], SLICE(" reference (")) != SIZE_MAX ||
                            slice_find(sides[i], SLICE(" variant (")) != SIZE_MAX);

        if (names == FHIR_ALLELES_NAME ? !may_be_name(sides[i], value->gene) : !is_snp_name)
            return;
    }
    add_allele(value, sides[0]);
    add_allele(value, sides[1]);
}

static void read_hla(struct value *value)
{
    enum fhir_presence presence = fhir_presence_from_text(value->text);
    struct fhir_text_reading typing;

    if (presence != FHIR_PRESENCE_NONE) {
        value->evidence->presence = presence;
        value->evidence->presence_allele = fhir_hla_allele_in(value->text, value->arena);
        return;
    }
    typing = fhir_hla_read(value->text, value->gene, value->arena, value->evidence);
    value->reading.is_malformed = typing.is_malformed;
    value->reading.is_vague = typing.is_vague;
}

static void read_any(struct value *value)
{
    enum fhir_allele_names names = fhir_gene_row(value->gene)->alleles;
    size_t at = fhir_expression_find(value->text, 0, value->gene);

    if (at != SIZE_MAX) {
        read_expression(value, at);
        return;
    }
    if (names == FHIR_ALLELES_NAME || names == FHIR_ALLELES_NUCLEOTIDE)
        read_names(value);
    if (value->evidence->alleles_count == 0)
        read_nucleotides(value);
    if (value->evidence->phenotype.len == 0)
        value->evidence->phenotype = fhir_phenotype_phrase(value->text, value->gene);
    value->evidence->score = fhir_score_in(value->text, value->arena);
}

struct fhir_text_reading fhir_text_read(struct slice text, uint32_t named, enum fhir_gene gene,
                                        struct arena *arena, struct fhir_evidence *ret)
{
    struct value value = {.arena = arena, .evidence = ret, .text = slice_trim(text)};

    value.reading.gene = fhir_gene_only(named);
    value.reading.has_two_genes = named != 0 && value.reading.gene == FHIR_GENE_NONE;
    if (value.reading.gene == FHIR_GENE_NONE && !value.reading.has_two_genes)
        value.reading.gene = fhir_gene_of_snp(fhir_rs_in(text));
    value.gene = value.reading.gene != FHIR_GENE_NONE ? value.reading.gene : gene;
    if (is_no_call(value.text)) {
        value.reading.is_no_call = true;
        return value.reading;
    }
    if (fhir_gene_row(value.gene)->alleles == FHIR_ALLELES_HLA)
        read_hla(&value);
    else if (value.text.len <= FHIR_VALUE_BYTES_MAX)
        read_any(&value);
    if (ret->phenotype.len > 0 && slice_eq(ret->phenotype, SLICE("Indeterminate")) &&
        ret->alleles_count == 0)
        value.reading.is_no_call = true;
    value.reading.is_read = ret->alleles_count > 0 || ret->phenotype.len > 0 ||
                            ret->score.len > 0 || ret->presence != FHIR_PRESENCE_NONE;
    return value.reading;
}

bool fhir_genotype_is_no_call(struct slice text)
{
    return is_no_call(slice_trim(text));
}

bool fhir_genotype_from_text(struct slice text, struct slice gene, struct arena *arena,
                             struct fhir_evidence *ret)
{
    enum fhir_gene known = fhir_gene_of_symbol(gene);
    struct fhir_evidence evidence = {0};
    struct fhir_text_reading reading =
        fhir_text_read(text, fhir_genes_in(text), known, arena, &evidence);

    if (!reading.is_read || arena->has_failed)
        return false;
    if (reading.has_two_genes && known == FHIR_GENE_NONE)
        return false;
    evidence.gene = reading.gene != FHIR_GENE_NONE ? fhir_gene_row(reading.gene)->symbol : gene;
    *ret = evidence;
    return true;
}
