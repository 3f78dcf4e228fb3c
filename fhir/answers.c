/* fhir/answers.c -- coded answers, presence in words, activity scores.
 *
 * LOINC answer codes are used under the LOINC licence (https://loinc.org/license).
 */
#include "fhir/text.h"

/* LOINC answer lists of the gene product activity and function interpretations. */
static const struct {
    const char *code;
    const char *phenotype;
} PHENOTYPE_ANSWERS[] = {
    {"LA9657-3", "Poor Metabolizer"},    {"LA10317-8", "Intermediate Metabolizer"},
    {"LA25391-6", "Normal Metabolizer"}, {"LA10316-0", "Normal Metabolizer"},
    {"LA25390-8", "Rapid Metabolizer"},  {"LA10315-2", "Ultrarapid Metabolizer"},
    {"LA25392-4", "Increased Function"}, {"LA25393-2", "Normal Function"},
    {"LA25395-7", "Decreased Function"}, {"LA25394-0", "Poor Function"},
};

static const struct {
    const char *code;
    enum fhir_presence presence;
} PRESENCE_CODES[] = {
    /* LOINC answers */
    {"LA6576-8", FHIR_PRESENCE_POSITIVE},
    {"LA9633-4", FHIR_PRESENCE_POSITIVE},
    {"LA11882-0", FHIR_PRESENCE_POSITIVE},
    {"LA6577-6", FHIR_PRESENCE_NEGATIVE},
    {"LA9634-2", FHIR_PRESENCE_NEGATIVE},
    {"LA11883-8", FHIR_PRESENCE_NEGATIVE},
    {"LA11884-6", FHIR_PRESENCE_INDETERMINATE},
    {"LA18198-4", FHIR_PRESENCE_INDETERMINATE},
    /* SNOMED CT qualifier values */
    {"10828004", FHIR_PRESENCE_POSITIVE},
    {"260373001", FHIR_PRESENCE_POSITIVE},
    {"52101004", FHIR_PRESENCE_POSITIVE},
    {"260385009", FHIR_PRESENCE_NEGATIVE},
    {"260415000", FHIR_PRESENCE_NEGATIVE},
    {"2667000", FHIR_PRESENCE_NEGATIVE},
    {"82334004", FHIR_PRESENCE_INDETERMINATE},
    {"419984006", FHIR_PRESENCE_INDETERMINATE},
    /* HL7 v2 table 0078, v3 ObservationInterpretation */
    {"POS", FHIR_PRESENCE_POSITIVE},
    {"DET", FHIR_PRESENCE_POSITIVE},
    {"NEG", FHIR_PRESENCE_NEGATIVE},
    {"ND", FHIR_PRESENCE_NEGATIVE},
    {"IND", FHIR_PRESENCE_INDETERMINATE},
};

/* Words of one phrase; a phrase that denies comes before the word that it denies. */
static const struct {
    const char *phrase[3];
    enum fhir_presence presence;
} PRESENCE_WORDS[] = {
    {{"not", "detected"}, FHIR_PRESENCE_NEGATIVE},
    {{"non", "detected"}, FHIR_PRESENCE_NEGATIVE},
    {{"none", "detected"}, FHIR_PRESENCE_NEGATIVE},
    {{"not", "present"}, FHIR_PRESENCE_NEGATIVE},
    {{"not", "a", "carrier"}, FHIR_PRESENCE_NEGATIVE},
    {{"non", "carrier"}, FHIR_PRESENCE_NEGATIVE},
    {{"noncarrier"}, FHIR_PRESENCE_NEGATIVE},
    {{"undetected"}, FHIR_PRESENCE_NEGATIVE},
    {{"negative"}, FHIR_PRESENCE_NEGATIVE},
    {{"absent"}, FHIR_PRESENCE_NEGATIVE},
    {{"not", "tested"}, FHIR_PRESENCE_INDETERMINATE},
    {{"not", "performed"}, FHIR_PRESENCE_INDETERMINATE},
    {{"no", "call"}, FHIR_PRESENCE_INDETERMINATE},
    {{"indeterminate"}, FHIR_PRESENCE_INDETERMINATE},
    {{"inconclusive"}, FHIR_PRESENCE_INDETERMINATE},
    {{"equivocal"}, FHIR_PRESENCE_INDETERMINATE},
    {{"unknown"}, FHIR_PRESENCE_INDETERMINATE},
    {{"positive"}, FHIR_PRESENCE_POSITIVE},
    {{"detected"}, FHIR_PRESENCE_POSITIVE},
    {{"present"}, FHIR_PRESENCE_POSITIVE},
    {{"carrier"}, FHIR_PRESENCE_POSITIVE},
    {{"heterozygous"}, FHIR_PRESENCE_POSITIVE},
    {{"homozygous"}, FHIR_PRESENCE_POSITIVE},
    /* German, Dutch, Spanish, Japanese */
    {{"nicht", "nachgewiesen"}, FHIR_PRESENCE_NEGATIVE},
    {{"nicht", "nachweisbar"}, FHIR_PRESENCE_NEGATIVE},
    {{"nicht", "vorhanden"}, FHIR_PRESENCE_NEGATIVE},
    {{"niet", "aangetoond"}, FHIR_PRESENCE_NEGATIVE},
    {{"niet", "aanwezig"}, FHIR_PRESENCE_NEGATIVE},
    {{"no", "detectado"}, FHIR_PRESENCE_NEGATIVE},
    {{"no", "presente"}, FHIR_PRESENCE_NEGATIVE},
    {{"negativ"}, FHIR_PRESENCE_NEGATIVE},
    {{"negatief"}, FHIR_PRESENCE_NEGATIVE},
    {{"negativo"}, FHIR_PRESENCE_NEGATIVE},
    {{"afwezig"}, FHIR_PRESENCE_NEGATIVE},
    {{"ausente"}, FHIR_PRESENCE_NEGATIVE},
    {{"陰性"}, FHIR_PRESENCE_NEGATIVE},
    {{"検出されず"}, FHIR_PRESENCE_NEGATIVE},
    {{"検出せず"}, FHIR_PRESENCE_NEGATIVE},
    {{"nachgewiesen"}, FHIR_PRESENCE_POSITIVE},
    {{"vorhanden"}, FHIR_PRESENCE_POSITIVE},
    {{"aangetoond"}, FHIR_PRESENCE_POSITIVE},
    {{"aanwezig"}, FHIR_PRESENCE_POSITIVE},
    {{"detectado"}, FHIR_PRESENCE_POSITIVE},
    {{"presente"}, FHIR_PRESENCE_POSITIVE},
    {{"positiv"}, FHIR_PRESENCE_POSITIVE},
    {{"positief"}, FHIR_PRESENCE_POSITIVE},
    {{"positivo"}, FHIR_PRESENCE_POSITIVE},
    {{"陽性"}, FHIR_PRESENCE_POSITIVE},
};

/* Any other denial makes the text unreadable: "no longer positive", "false positive". */
static const char *const UNCLEAR[] = {"no",   "not",   "non",    "false", "without", "cannot",
                                      "or",   "nicht", "kein",   "keine", "ohne",    "oder",
                                      "niet", "geen",  "zonder", "sin"};

struct slice fhir_phenotype_from_loinc_answer(struct slice code)
{
    if (!slice_starts(code, SLICE("LA")))
        return SLICE_NONE;
    for (size_t i = 0; i < ARRAY_LEN(PHENOTYPE_ANSWERS); i++)
        if (slice_eq_text(code, PHENOTYPE_ANSWERS[i].code))
            return slice_of(PHENOTYPE_ANSWERS[i].phenotype);
    return SLICE_NONE;
}

/* Grades that exist for other genes of the same words. CPIC diplotype to phenotype tables of
 * 2025: CYP2D6 has no rapid, these others neither rapid nor ultrarapid metabolizers, NAT2 no
 * normal, ABCG2 no increased function. */
static const struct {
    enum fhir_gene gene;
    const char *grade;
} UNDEFINED[] = {
    {FHIR_GENE_CYP2D6, "Rapid"},      {FHIR_GENE_CYP2C9, "Rapid"},
    {FHIR_GENE_CYP2C9, "Ultrarapid"}, {FHIR_GENE_CYP3A5, "Rapid"},
    {FHIR_GENE_CYP3A5, "Ultrarapid"}, {FHIR_GENE_DPYD, "Rapid"},
    {FHIR_GENE_DPYD, "Ultrarapid"},   {FHIR_GENE_TPMT, "Rapid"},
    {FHIR_GENE_TPMT, "Ultrarapid"},   {FHIR_GENE_NUDT15, "Rapid"},
    {FHIR_GENE_NUDT15, "Ultrarapid"}, {FHIR_GENE_UGT1A1, "Rapid"},
    {FHIR_GENE_UGT1A1, "Ultrarapid"}, {FHIR_GENE_NAT2, "Normal"},
    {FHIR_GENE_NAT2, "Ultrarapid"},   {FHIR_GENE_ABCG2, "Increased"},
};

bool fhir_phenotype_is_of(struct slice phenotype, enum fhir_gene gene)
{
    for (size_t i = 0; i < ARRAY_LEN(UNDEFINED); i++)
        if (UNDEFINED[i].gene == gene &&
            fhir_find_word(phenotype, slice_of(UNDEFINED[i].grade)) != SIZE_MAX)
            return false;
    return true;
}

enum fhir_presence fhir_presence_from_code(struct slice code)
{
    for (size_t i = 0; i < ARRAY_LEN(PRESENCE_CODES); i++)
        if (slice_eq_text(code, PRESENCE_CODES[i].code))
            return PRESENCE_CODES[i].presence;
    return FHIR_PRESENCE_NONE;
}

/* Number of words of the phrase that stand at `at`, 0 unless all do. */
static size_t phrase_len_at(const struct fhir_word_list *list, size_t at,
                            const char *const phrase[3])
{
    size_t len = 0;

    for (; len < 3 && phrase[len] != NULL; len++)
        if (at + len >= list->count ||
            !slice_eq_nocase(list->words[at + len], slice_of(phrase[len])))
            return 0;
    return len;
}

enum fhir_presence fhir_presence_from_text(struct slice text)
{
    enum fhir_presence found = FHIR_PRESENCE_NONE;
    struct fhir_word_list list;

    fhir_words_of(text, &list);
    for (size_t at = 0; at < list.count;) {
        size_t len = 0, i;

        for (i = 0; i < ARRAY_LEN(PRESENCE_WORDS) && len == 0; i++)
            len = phrase_len_at(&list, at, PRESENCE_WORDS[i].phrase);
        if (len == 0) {
            if (fhir_word_is_in(list.words[at], UNCLEAR, ARRAY_LEN(UNCLEAR)) ||
                fhir_word_is_conditional(list.words[at]))
                return FHIR_PRESENCE_NONE;
            at++;
            continue;
        }
        i--;
        if (found != FHIR_PRESENCE_NONE && found != PRESENCE_WORDS[i].presence)
            return FHIR_PRESENCE_NONE;
        found = PRESENCE_WORDS[i].presence;
        at += len;
    }
    return found;
}

/* Cuts "≥" or ">=" from the front. */
static bool cut_at_least(struct slice *s)
{
    static const char *const SIGNS[] = {"\xe2\x89\xa5", ">="};

    for (size_t i = 0; i < ARRAY_LEN(SIGNS); i++) {
        if (slice_starts(*s, slice_of(SIGNS[i]))) {
            *s = slice_trim(slice_from(*s, strlen(SIGNS[i])));
            return true;
        }
    }
    return false;
}

/* The score that begins the text, with the place behind it in *ret_rest. */
static struct slice leading_score(struct slice text, struct arena *arena,
                                  struct slice *ret_rest)
{
    bool is_at_least = cut_at_least(&text);
    uint32_t ignored;
    size_t len = 0;

    while (len < text.len && ((text.ptr[len] >= '0' && text.ptr[len] <= '9') ||
                              (text.ptr[len] == '.' && len > 0 && len + 1 < text.len &&
                               text.ptr[len + 1] >= '0' && text.ptr[len + 1] <= '9')))
        len++;
    if (!slice_to_x100(slice_head(text, len), &ignored))
        return SLICE_NONE;
    *ret_rest = slice_from(text, len);
    if (is_at_least)
        return arena_printf(arena, "\xe2\x89\xa5%.*s", (int)len, text.ptr);
    return slice_head(text, len);
}

/* A range of scores is not a score. */
static bool is_range(struct slice behind)
{
    behind = slice_trim(behind);
    return slice_starts(behind, SLICE("-")) || slice_starts(behind, SLICE("\xe2\x80\x93")) ||
           slice_starts_nocase(behind, SLICE("to ")) ||
           slice_starts_nocase(behind, SLICE("or "));
}

struct slice fhir_score_in(struct slice text, struct arena *arena)
{
    size_t at = fhir_find_word(text, SLICE("activity score"));
    size_t len = sizeof "activity score" - 1;
    struct slice rest, score;

    if (at == SIZE_MAX) {
        at = slice_find(text, SLICE("AS"));
        len = 2;
        if (at == SIZE_MAX || (at > 0 && fhir_is_alnum(text.ptr[at - 1])))
            return SLICE_NONE;
    }
    rest = slice_from(text, at + len);
    while (rest.len > 0 && memchr(" :=(", rest.ptr[0], 4) != NULL)
        rest = slice_from(rest, 1);
    if (slice_starts_nocase(rest, SLICE("is ")) || slice_starts_nocase(rest, SLICE("of ")))
        rest = slice_trim(slice_from(rest, 3));
    score = leading_score(rest, arena, &rest);
    return score.len == 0 || is_range(rest) ? SLICE_NONE : score;
}

struct slice fhir_score_field(struct slice text, struct arena *arena)
{
    struct slice score, rest;

    text = slice_trim(text);
    if (slice_eq_nocase(text, SLICE("n/a")))
        return SLICE("n/a");
    score = leading_score(text, arena, &rest);
    if (score.len > 0 && slice_trim(rest).len == 0)
        return score;
    return fhir_score_in(text, arena);
}
