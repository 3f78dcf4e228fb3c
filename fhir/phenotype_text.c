/* fhir/phenotype_text.c -- phenotypes and presence as laboratories word and code them.
 *
 * A phenotype is a grade and a noun ("ultra-rapid metaboliser", "low activity"); which nouns a
 * gene may have is in its row of genes.def. Output is always CPIC's words, from the tables
 * here.
 */
#include "fhir/text.h"

#include <assert.h>

enum noun {
    NOUN_NONE,
    NOUN_METABOLIZER,
    NOUN_FUNCTION,
    NOUN_ACTIVITY,   /* of TPMT and NUDT15 */
    NOUN_ACETYLATOR, /* NAT2 */
    NOUN_EXPRESSER,  /* CYP3A5 */
};

enum grade {
    GRADE_NONE,
    GRADE_POOR,
    GRADE_INTERMEDIATE,
    GRADE_DECREASED,
    GRADE_NORMAL,
    GRADE_RAPID,
    GRADE_ULTRARAPID,
    GRADE_INCREASED,
    GRADES_COUNT
};

enum modifier { CERTAIN, LIKELY, POSSIBLE, MODIFIERS_COUNT };

static const struct {
    const char *word;
    enum noun noun;
} NOUNS[] = {
    {"metabolizer", NOUN_METABOLIZER}, {"metaboliser", NOUN_METABOLIZER},
    {"function", NOUN_FUNCTION},       {"activity", NOUN_ACTIVITY},
    {"acetylator", NOUN_ACETYLATOR},   {"expresser", NOUN_EXPRESSER},
    {"expressor", NOUN_EXPRESSER},
};

/* Which grade a word is beside which noun. Sources: CPIC term standardization (Caudle 2017)
 * for metabolizer and function, with the older "extensive", "low" and "intermediate function";
 * thiopurine methyltransferase activity groups as laboratories report them. */
static const struct {
    const char *word;
    enum noun noun;
    enum grade grade;
} GRADES[] = {
    {"poor", NOUN_METABOLIZER, GRADE_POOR},
    {"slow", NOUN_METABOLIZER, GRADE_POOR},
    {"intermediate", NOUN_METABOLIZER, GRADE_INTERMEDIATE},
    {"normal", NOUN_METABOLIZER, GRADE_NORMAL},
    {"extensive", NOUN_METABOLIZER, GRADE_NORMAL},
    {"rapid", NOUN_METABOLIZER, GRADE_RAPID},
    {"ultrarapid", NOUN_METABOLIZER, GRADE_ULTRARAPID},
    {"poor", NOUN_FUNCTION, GRADE_POOR},
    {"low", NOUN_FUNCTION, GRADE_POOR},
    {"intermediate", NOUN_FUNCTION, GRADE_DECREASED},
    {"decreased", NOUN_FUNCTION, GRADE_DECREASED},
    {"reduced", NOUN_FUNCTION, GRADE_DECREASED},
    {"normal", NOUN_FUNCTION, GRADE_NORMAL},
    {"increased", NOUN_FUNCTION, GRADE_INCREASED},
    {"deficient", NOUN_ACTIVITY, GRADE_POOR},
    {"low", NOUN_ACTIVITY, GRADE_POOR},
    {"intermediate", NOUN_ACTIVITY, GRADE_INTERMEDIATE},
    {"normal", NOUN_ACTIVITY, GRADE_NORMAL},
    {"high", NOUN_ACTIVITY, GRADE_NORMAL},
    {"slow", NOUN_ACETYLATOR, GRADE_POOR},
    {"poor", NOUN_ACETYLATOR, GRADE_POOR},
    {"intermediate", NOUN_ACETYLATOR, GRADE_INTERMEDIATE},
    {"rapid", NOUN_ACETYLATOR, GRADE_RAPID},
    {"fast", NOUN_ACETYLATOR, GRADE_RAPID},
    {"intermediate", NOUN_EXPRESSER, GRADE_INTERMEDIATE},
    {"normal", NOUN_EXPRESSER, GRADE_NORMAL},
    {"extensive", NOUN_EXPRESSER, GRADE_NORMAL},
    {"high", NOUN_EXPRESSER, GRADE_NORMAL},
    {"non", NOUN_EXPRESSER, GRADE_POOR},
};

static const char *const METABOLIZER[MODIFIERS_COUNT][GRADES_COUNT] = {
    [CERTAIN] = {[GRADE_POOR] = "Poor Metabolizer",
                 [GRADE_INTERMEDIATE] = "Intermediate Metabolizer",
                 [GRADE_NORMAL] = "Normal Metabolizer",
                 [GRADE_RAPID] = "Rapid Metabolizer",
                 [GRADE_ULTRARAPID] = "Ultrarapid Metabolizer"},
    [LIKELY] = {[GRADE_POOR] = "Likely Poor Metabolizer",
                [GRADE_INTERMEDIATE] = "Likely Intermediate Metabolizer",
                [GRADE_NORMAL] = "Likely Normal Metabolizer",
                [GRADE_RAPID] = "Likely Rapid Metabolizer",
                [GRADE_ULTRARAPID] = "Likely Ultrarapid Metabolizer"},
    [POSSIBLE] = {[GRADE_POOR] = "Possible Poor Metabolizer",
                  [GRADE_INTERMEDIATE] = "Possible Intermediate Metabolizer",
                  [GRADE_NORMAL] = "Possible Normal Metabolizer",
                  [GRADE_RAPID] = "Possible Rapid Metabolizer",
                  [GRADE_ULTRARAPID] = "Possible Ultrarapid Metabolizer"},
};

/* A metabolizer grade said of a transporter means its function: the LOINC answer lists of
 * older result codes have no other words. */
static const char *const FUNCTION[MODIFIERS_COUNT][GRADES_COUNT] = {
    [CERTAIN] = {[GRADE_POOR] = "Poor Function",
                 [GRADE_INTERMEDIATE] = "Decreased Function",
                 [GRADE_DECREASED] = "Decreased Function",
                 [GRADE_NORMAL] = "Normal Function",
                 [GRADE_INCREASED] = "Increased Function"},
    [LIKELY] = {[GRADE_POOR] = "Likely Poor Function",
                [GRADE_INTERMEDIATE] = "Likely Decreased Function",
                [GRADE_DECREASED] = "Likely Decreased Function",
                [GRADE_NORMAL] = "Likely Normal Function",
                [GRADE_INCREASED] = "Likely Increased Function"},
    [POSSIBLE] = {[GRADE_POOR] = "Possible Poor Function",
                  [GRADE_INTERMEDIATE] = "Possible Decreased Function",
                  [GRADE_DECREASED] = "Possible Decreased Function",
                  [GRADE_NORMAL] = "Possible Normal Function",
                  [GRADE_INCREASED] = "Possible Increased Function"},
};

/* Phenotypes that are phrases of their own; the longer of two that begin alike comes first. */
static const struct {
    enum fhir_words words;
    const char *phrase;
    const char *phenotype;
} PHRASES[] = {
    {FHIR_WORDS_RESPONSE, "unfavorable", "Unfavorable Response"},
    {FHIR_WORDS_RESPONSE, "unfavourable", "Unfavorable Response"},
    {FHIR_WORDS_RESPONSE, "favorable", "Favorable Response"},
    {FHIR_WORDS_RESPONSE, "favourable", "Favorable Response"},
    {FHIR_WORDS_IVACAFTOR, "non responsive", "ivacaftor non-responsive in CF patients"},
    {FHIR_WORDS_IVACAFTOR, "ivacaftor responsive", "ivacaftor responsive in CF patients"},
    {FHIR_WORDS_DEFICIENCY, "deficient with cnsha", "Deficient with CNSHA"},
    {FHIR_WORDS_DEFICIENCY, "deficient", "Deficient"},
    {FHIR_WORDS_DEFICIENCY, "deficiency", "Deficient"},
    {FHIR_WORDS_DEFICIENCY, "variable", "Variable"},
    {FHIR_WORDS_SUSCEPTIBILITY, "malignant hyperthermia susceptibility",
     "Malignant Hyperthermia Susceptibility"},
    {FHIR_WORDS_SUSCEPTIBILITY, "malignant hyperthermia susceptible",
     "Malignant Hyperthermia Susceptibility"},
    {FHIR_WORDS_SUSCEPTIBILITY, "uncertain susceptibility", "Uncertain Susceptibility"},
    {FHIR_WORDS_RISK, "increased risk",
     "increased risk of aminoglycoside-induced hearing loss"},
    {FHIR_WORDS_RISK, "normal risk", "normal risk of aminoglycoside-induced hearing loss"},
    {FHIR_WORDS_RISK, "uncertain risk",
     "uncertain risk of aminoglycoside-induced hearing loss"},
};

/* The whole content of a phenotype field. */
static const struct {
    const char *word;
    enum noun noun;
    enum grade grade;
} ABBREVIATIONS[] = {
    {"pm", NOUN_METABOLIZER, GRADE_POOR},        {"im", NOUN_METABOLIZER, GRADE_INTERMEDIATE},
    {"nm", NOUN_METABOLIZER, GRADE_NORMAL},      {"em", NOUN_METABOLIZER, GRADE_NORMAL},
    {"rm", NOUN_METABOLIZER, GRADE_RAPID},       {"um", NOUN_METABOLIZER, GRADE_ULTRARAPID},
    {"urm", NOUN_METABOLIZER, GRADE_ULTRARAPID}, {"pf", NOUN_FUNCTION, GRADE_POOR},
    {"df", NOUN_FUNCTION, GRADE_DECREASED},      {"nf", NOUN_FUNCTION, GRADE_NORMAL},
};

static const char *const NEGATIONS[] = {"no",       "not",  "non",     "without",  "negative",
                                        "excluded", "nor",  "neither", "unlikely", "never",
                                        "excludes", "rule", "ruled",   "cannot"};
/* Doubt for which CPIC has no word: such a statement is none. */
static const char *const DOUBTS[] = {"suspected",    "presumed", "presumptive",
                                     "questionable", "maybe",    "perhaps"};
/* A sentence with one of these speaks of people in general, of somebody else, or of what may
 * be. */
static const char *const CONDITIONS[] = {
    "if",     "should",   "may",     "might",  "could",       "would",   "patients",
    "people", "persons",  "those",   "who",    "individuals", "when",    "unless",
    "whose",  "carriers", "mother",  "father", "sibling",     "brother", "sister",
    "donor",  "family",   "somatic", "tumor",  "tumour"};
/* What may stand around a bare grade in a phenotype field. */
static const char *const FIELD_WORDS[] = {"phenotype", "predicted", "status", "gene",
                                          "result",    "metabolic", "the",    "a"};

/* Length of a Japanese blank, comma, stop or bracket at the beginning of s, else 0. */
static size_t wide_mark_len(struct slice s)
{
    static const char *const MARKS[] = {
        "\xe3\x80\x80", "\xe3\x80\x81", "\xe3\x80\x82", "\xe3\x80\x8c", "\xe3\x80\x8d",
        "\xef\xbc\x88", "\xef\xbc\x89", "\xef\xbc\x8c", "\xef\xbc\x8f", "\xef\xbc\x9a"};

    if (s.ptr[0] != '\xe3' && s.ptr[0] != '\xef')
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(MARKS); i++)
        if (slice_starts(s, slice_of(MARKS[i])))
            return strlen(MARKS[i]);
    return 0;
}

void fhir_words_of(struct slice text, struct fhir_word_list *ret)
{
    size_t at = 0;
    char mark = 0;

    ret->count = 0;
    while (at < text.len) {
        size_t start = at;

        /* Letters beyond ASCII belong to words too. */
        while (at < text.len && (fhir_is_alnum(text.ptr[at]) || (text.ptr[at] & 0x80) != 0) &&
               wide_mark_len(slice_from(text, at)) == 0)
            at++;
        if (at > start) {
            if (ret->count == FHIR_TEXT_WORDS_MAX) {
                ret->count = 0;
                return;
            }
            ret->words[ret->count] = (struct slice){text.ptr + start, at - start};
            ret->before[ret->count++] = mark == 0 ? ' ' : mark;
            mark = 0;
        } else {
            size_t wide = wide_mark_len(slice_from(text, at));

            if (mark == 0 && text.ptr[at] != ' ')
                mark = wide > 0 ? ',' : text.ptr[at];
            at += wide > 0 ? wide : 1;
        }
    }
}

bool fhir_word_is_in(struct slice word, const char *const *list, size_t list_count)
{
    /* The first letters differ nearly always. */
    for (size_t i = 0; i < list_count; i++)
        if (word.len > 0 && (word.ptr[0] | 0x20) == list[i][0] &&
            slice_eq_nocase(word, slice_of(list[i])))
            return true;
    return false;
}

static bool word_is(const struct fhir_word_list *list, size_t at, const char *word)
{
    return at < list->count && slice_eq_nocase(list->words[at], slice_of(word));
}

static enum noun noun_at(const struct fhir_word_list *list, size_t at)
{
    if (at < list->count)
        for (size_t i = 0; i < ARRAY_LEN(NOUNS); i++)
            if (slice_eq_nocase(list->words[at], slice_of(NOUNS[i].word)))
                return NOUNS[i].noun;
    return NOUN_NONE;
}

/* The grade word at `at` and the place behind it; empty when it is none. "ultra rapid" is one
 * word, so that "rapid" alone cannot be read out of it. */
static struct slice grade_word_at(const struct fhir_word_list *list, size_t at, size_t *ret_end)
{
    *ret_end = at + 1;
    if (at >= list->count)
        return SLICE_NONE;
    if (word_is(list, at, "ultra") && word_is(list, at + 1, "rapid")) {
        *ret_end = at + 2;
        return SLICE("ultrarapid");
    }
    for (size_t i = 0; i < ARRAY_LEN(GRADES); i++)
        if (slice_eq_nocase(list->words[at], slice_of(GRADES[i].word)))
            return list->words[at];
    return SLICE_NONE;
}

static enum grade grade_of(struct slice word, enum noun noun)
{
    for (size_t i = 0; i < ARRAY_LEN(GRADES); i++)
        if (GRADES[i].noun == noun && slice_eq_nocase(word, slice_of(GRADES[i].word)))
            return GRADES[i].grade;
    return GRADE_NONE;
}

static enum modifier modifier_at(const struct fhir_word_list *list, size_t at)
{
    if (word_is(list, at, "likely") || word_is(list, at, "probable") ||
        word_is(list, at, "probably"))
        return LIKELY;
    return word_is(list, at, "possible") || word_is(list, at, "possibly") ? POSSIBLE : CERTAIN;
}

/* NULL when this gene has no such phenotype. */
static const char *in_cpic_words(enum noun noun, enum grade grade, enum modifier modifier,
                                 enum fhir_gene gene)
{
    enum fhir_words words = fhir_gene_row(gene)->words;
    bool is_any = gene == FHIR_GENE_NONE;
    bool is_metabolizer =
        is_any || words == FHIR_WORDS_METABOLIZER || words == FHIR_WORDS_THIOPURINE;

    switch (noun) {
    case NOUN_METABOLIZER:
        if (words == FHIR_WORDS_FUNCTION)
            return FUNCTION[modifier][grade];
        return is_metabolizer ? METABOLIZER[modifier][grade] : NULL;
    case NOUN_FUNCTION:
        return is_any || words == FHIR_WORDS_FUNCTION ? FUNCTION[modifier][grade] : NULL;
    case NOUN_ACTIVITY:
        return words == FHIR_WORDS_THIOPURINE ? METABOLIZER[modifier][grade] : NULL;
    case NOUN_ACETYLATOR:
        return is_any || gene == FHIR_GENE_NAT2 ? METABOLIZER[modifier][grade] : NULL;
    case NOUN_EXPRESSER:
        return is_any || gene == FHIR_GENE_CYP3A5 ? METABOLIZER[modifier][grade] : NULL;
    case NOUN_NONE:
        break;
    }
    return NULL;
}

bool fhir_word_is_conditional(struct slice word)
{
    return fhir_word_is_in(word, CONDITIONS, ARRAY_LEN(CONDITIONS));
}

static bool is_denial(struct slice word)
{
    return fhir_word_is_conditional(word) ||
           fhir_word_is_in(word, NEGATIONS, ARRAY_LEN(NEGATIONS)) ||
           fhir_word_is_in(word, DOUBTS, ARRAY_LEN(DOUBTS));
}

/* Whether a sentence denies or doubts what stands at `at`: before it up to the sentence's
 * beginning, behind it up to the next mark. */
static bool is_denied(const struct fhir_word_list *list, size_t at)
{
    for (size_t i = at; i-- > 0;) {
        char mark = list->before[i + 1];

        if (mark == '.' || mark == ';' || mark == '\n')
            break;
        if (is_denial(list->words[i]))
            return true;
    }
    for (size_t i = at + 1; i < list->count; i++) {
        if (list->before[i] != ' ')
            break;
        if (is_denial(list->words[i]))
            return true;
    }
    return false;
}

/* What phrases have been found: one, none, or several that differ. */
struct found {
    const char *phenotype;
    bool is_ambiguous;
};

static void note(struct found *found, const char *phenotype)
{
    if (phenotype == NULL)
        return;
    if (found->phenotype != NULL && strcmp(found->phenotype, phenotype) != 0)
        found->is_ambiguous = true;
    found->phenotype = phenotype;
}

/* Reads "[likely] grade [gene] noun" at `at`; returns the place behind it. */
static size_t read_graded(const struct fhir_word_list *list, size_t at, enum fhir_gene gene,
                          struct found *found)
{
    size_t end, other_end;
    struct slice word = grade_word_at(list, at, &end);
    enum noun noun;

    if (word.len == 0)
        return at + 1;
    if (word_is(list, end, "or") && word_is(list, end + 1, "deficient") &&
        noun_at(list, end + 2) == NOUN_ACTIVITY && slice_eq_nocase(word, SLICE("low")))
        end += 2;
    if (end < list->count &&
        (fhir_gene_of_symbol(list->words[end]) != FHIR_GENE_NONE || word_is(list, end, "drug")))
        end++;
    noun = noun_at(list, end);
    if (noun != NOUN_NONE && grade_of(word, noun) != GRADE_NONE) {
        enum modifier modifier = at > 0 ? modifier_at(list, at - 1) : CERTAIN;

        if (!is_denied(list, at))
            note(found, in_cpic_words(noun, grade_of(word, noun), modifier, gene));
        return end + 1;
    }
    /* "intermediate to poor", "normal/rapid" */
    if (word_is(list, end, "to") || word_is(list, end, "or") || word_is(list, end, "and"))
        end++;
    word = grade_word_at(list, end, &other_end);
    if (word.len > 0 && noun_at(list, other_end) != NOUN_NONE) {
        found->is_ambiguous = true;
        return other_end + 1;
    }
    return at + 1;
}

static bool phrase_is_at(const struct fhir_word_list *list, size_t at, const char *phrase)
{
    struct slice rest = slice_of(phrase);

    for (; rest.len > 0; at++) {
        struct slice word = slice_cut(rest, ' ', &rest);

        if (at >= list->count || !slice_eq_nocase(list->words[at], word))
            return false;
    }
    return true;
}

static void read_phrases(const struct fhir_word_list *list, enum fhir_words words,
                         struct found *found)
{
    for (size_t at = 0; at < list->count; at++) {
        for (size_t i = 0; i < ARRAY_LEN(PHRASES); i++) {
            if (PHRASES[i].words != words || !phrase_is_at(list, at, PHRASES[i].phrase))
                continue;
            if (!is_denied(list, at))
                note(found, PHRASES[i].phenotype);
            break;
        }
        /* "normal/deficient": no phrase by itself, but it makes the other one doubtful */
        if (words == FHIR_WORDS_DEFICIENCY && word_is(list, at, "normal"))
            found->is_ambiguous = true;
    }
}

static struct slice phrase_in(const struct fhir_word_list *list, enum fhir_gene gene)
{
    struct found found = {0};

    for (size_t at = 0; at < list->count;) {
        if (noun_at(list, at) == NOUN_EXPRESSER && !is_denied(list, at))
            note(&found, in_cpic_words(NOUN_EXPRESSER, GRADE_NORMAL, CERTAIN, gene));
        if (word_is(list, at, "nonexpresser") || word_is(list, at, "nonexpressor"))
            note(&found, in_cpic_words(NOUN_EXPRESSER, GRADE_POOR, CERTAIN, gene));
        at = read_graded(list, at, gene, &found);
    }
    read_phrases(list, fhir_gene_row(gene)->words, &found);
    if (found.is_ambiguous)
        return SLICE_NONE;
    if (found.phenotype == NULL && fhir_gene_row(gene)->alleles != FHIR_ALLELES_HLA)
        for (size_t at = 0; at < list->count; at++)
            if (word_is(list, at, "indeterminate") && !is_denied(list, at))
                return SLICE("Indeterminate");
    return slice_of(found.phenotype);
}

static const char *abbreviated(struct slice word, enum fhir_gene gene)
{
    for (size_t i = 0; i < ARRAY_LEN(ABBREVIATIONS); i++)
        if (slice_eq_nocase(word, slice_of(ABBREVIATIONS[i].word)))
            return in_cpic_words(ABBREVIATIONS[i].noun, ABBREVIATIONS[i].grade, CERTAIN, gene);
    return NULL;
}

/* Whether an abbreviation in capitals beside a phrase means something else: "EM (poor
 * metabolizer)". */
static bool has_other_abbreviation(const struct fhir_word_list *list, enum fhir_gene gene,
                                   struct slice phrase)
{
    for (size_t at = 0; at < list->count; at++) {
        const char *meaning = abbreviated(list->words[at], gene);

        if (meaning != NULL && list->words[at].ptr[0] <= 'Z' && phrase.len > 0 &&
            !slice_eq_text(phrase, meaning))
            return true;
    }
    return false;
}

/* A phrase in English, or in what is put into English. */
static struct slice phrase_anywhere(struct slice text, const struct fhir_word_list *list,
                                    enum fhir_gene gene)
{
    bool is_ambiguous;
    struct slice japanese = fhir_phenotype_japanese(text, &is_ambiguous);
    struct slice phrase = phrase_in(list, gene);

    if (japanese.len > 0) {
        japanese = fhir_phenotype_for(japanese, gene);
        is_ambiguous = is_ambiguous || (phrase.len > 0 && !slice_eq(phrase, japanese));
        phrase = japanese;
    }
    if (is_ambiguous || has_other_abbreviation(list, gene, phrase))
        return SLICE_NONE;
    return phrase;
}

struct slice fhir_phenotype_phrase(struct slice text, enum fhir_gene gene)
{
    struct fhir_word_list list;

    fhir_words_of(text, &list);
    fhir_words_translate(&list);
    return phrase_anywhere(text, &list, gene);
}

/* The noun that a bare grade stands for. */
static enum noun bare_noun(enum fhir_gene gene)
{
    switch (fhir_gene_row(gene)->words) {
    case FHIR_WORDS_METABOLIZER:
    case FHIR_WORDS_THIOPURINE:
        return NOUN_METABOLIZER;
    case FHIR_WORDS_FUNCTION:
        return NOUN_FUNCTION;
    case FHIR_WORDS_NONE:
        return gene == FHIR_GENE_NONE ? NOUN_METABOLIZER : NOUN_NONE;
    case FHIR_WORDS_RESPONSE:
    case FHIR_WORDS_IVACAFTOR:
    case FHIR_WORDS_DEFICIENCY:
    case FHIR_WORDS_SUSCEPTIBILITY:
    case FHIR_WORDS_RISK:
        break;
    }
    return NOUN_NONE;
}

struct slice fhir_phenotype_field(struct slice text, enum fhir_gene gene)
{
    struct fhir_word_list list;
    const char *bare = NULL;
    struct slice phrase;

    fhir_words_of(text, &list);
    fhir_words_translate(&list);
    phrase = phrase_anywhere(text, &list, gene);
    if (phrase.len > 0)
        return phrase;
    for (size_t at = 0; at < list.count;) {
        size_t end;
        struct slice word = grade_word_at(&list, at, &end);
        enum noun noun = bare_noun(gene);
        enum modifier modifier = at > 0 ? modifier_at(&list, at - 1) : CERTAIN;
        const char *one = NULL;

        if (word.len > 0)
            one = in_cpic_words(noun, grade_of(word, noun), modifier, gene);
        if (one == NULL)
            one = abbreviated(list.words[at], gene);
        if (one == NULL && gene == FHIR_GENE_G6PD && word_is(&list, at, "normal"))
            one = "Normal";
        if (one != NULL && bare != NULL)
            return SLICE_NONE;
        if (one == NULL && modifier_at(&list, at) == CERTAIN &&
            fhir_gene_of_symbol(list.words[at]) == FHIR_GENE_NONE &&
            !fhir_word_is_in(list.words[at], FIELD_WORDS, ARRAY_LEN(FIELD_WORDS)))
            return SLICE_NONE;
        bare = one != NULL ? one : bare;
        at = end;
    }
    return slice_of(bare);
}

struct slice fhir_phenotype_from_text(struct slice text, struct slice gene)
{
    return fhir_phenotype_field(text, fhir_gene_of_symbol(gene));
}

struct slice fhir_phenotype_for(struct slice phenotype, enum fhir_gene gene)
{
    struct fhir_word_list list;

    fhir_words_of(phenotype, &list);
    return phrase_in(&list, gene);
}
