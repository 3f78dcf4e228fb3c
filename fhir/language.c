/* fhir/language.c -- results in German, Dutch, Spanish and Japanese.
 *
 * Words are put into English, in place, so that one set of rules reads them all: what denies in
 * English denies in every language. Spanish names the metabolizer before its grade; the two
 * change places. Japanese has no blanks: phrases are looked for in the whole text.
 *
 * The words are those of public laboratory texts and translated interfaces; where two languages
 * use one word for different things (German and Dutch "als"), it is left alone.
 */
#include "fhir/text.h"

/* Lower case, UTF-8, in order of bytes: found by halving. */
static const struct {
    const char *foreign;
    const char *english;
} WORDS[] = {
    {"actividad", "activity"},
    {"activiteit", "activity"},
    {"aktivit\xc3\xa4t", "activity"},
    {"alta", "high"},
    {"aumentada", "increased"},
    {"ausgeschlossen", "excluded"},
    {"baja", "low"},
    {"cuando", "if"},
    {"disminuida", "decreased"},
    {"donante", "donor"},
    {"erh\xc3\xb6hte", "increased"},
    {"excluido", "excluded"},
    {"extensieve", "extensive"},
    {"extensiva", "extensive"},
    {"extensiver", "extensive"},
    {"extensivo", "extensive"},
    {"falls", "if"},
    {"funcion", "function"},
    {"funci\xc3\xb3n", "function"},
    {"functie", "function"},
    {"funktion", "function"},
    {"geen", "not"},
    {"hoge", "high"},
    {"hohe", "high"},
    {"improbable", "unlikely"},
    {"indien", "if"},
    {"intermedia", "intermediate"},
    {"intermediaire", "intermediate"},
    {"intermedio", "intermediate"},
    {"intermedi\xc3\xa4re", "intermediate"},
    {"intermedi\xc3\xa4ren", "intermediate"},
    {"intermedi\xc3\xa4rer", "intermediate"},
    {"kein", "not"},
    {"keine", "not"},
    {"keinen", "not"},
    {"lage", "low"},
    {"langsame", "slow"},
    {"langsamen", "slow"},
    {"langsamer", "slow"},
    {"langzame", "slow"},
    {"lenta", "slow"},
    {"lento", "slow"},
    {"madre", "mother"},
    {"metaboliseerder", "metabolizer"},
    {"metabolisierer", "metabolizer"},
    {"metabolisiererin", "metabolizer"},
    {"metabolizador", "metabolizer"},
    {"metabolizadora", "metabolizer"},
    {"moeder", "mother"},
    {"mogelijk", "possible"},
    {"mogelijke", "possible"},
    {"mutter", "mother"},
    {"m\xc3\xb6gliche", "possible"},
    {"m\xc3\xb6glicher", "possible"},
    {"m\xc3\xb6glicherweise", "possible"},
    {"nicht", "not"},
    {"niedrige", "low"},
    {"niet", "not"},
    {"normale", "normal"},
    {"normalen", "normal"},
    {"normaler", "normal"},
    {"oder", "or"},
    {"ohne", "without"},
    {"onwaarschijnlijk", "unlikely"},
    {"pacientes", "patients"},
    {"padre", "father"},
    {"patienten", "patients"},
    {"pati\xc3\xabnten", "patients"},
    {"pobre", "poor"},
    {"posible", "possible"},
    {"rapida", "rapid"},
    {"rapido", "rapid"},
    {"reducida", "decreased"},
    {"reduzierte", "decreased"},
    {"r\xc3\xa1pida", "rapid"},
    {"r\xc3\xa1pido", "rapid"},
    {"schlechter", "poor"},
    {"schnelle", "rapid"},
    {"schnellen", "rapid"},
    {"schneller", "rapid"},
    {"sin", "without"},
    {"slechte", "poor"},
    {"snelle", "rapid"},
    {"sospecha", "suspected"},
    {"spender", "donor"},
    {"trage", "slow"},
    {"uitgesloten", "excluded"},
    {"ultrarrapida", "ultrarapid"},
    {"ultrarrapido", "ultrarapid"},
    {"ultrarr\xc3\xa1pida", "ultrarapid"},
    {"ultrarr\xc3\xa1pido", "ultrarapid"},
    {"ultraschnelle", "ultrarapid"},
    {"ultraschnellen", "ultrarapid"},
    {"ultraschneller", "ultrarapid"},
    {"ultrasnelle", "ultrarapid"},
    {"unwahrscheinlich", "unlikely"},
    {"vader", "father"},
    {"vater", "father"},
    {"verdacht", "suspected"},
    {"verhoogde", "increased"},
    {"verlaagde", "decreased"},
    {"verminderde", "decreased"},
    {"verminderte", "decreased"},
    {"vermoedelijk", "presumed"},
    {"vermoedelijke", "presumed"},
    {"vermutlich", "presumed"},
    {"vermutlicher", "presumed"},
    {"waarschijnlijk", "likely"},
    {"waarschijnlijke", "likely"},
    {"wahrscheinlich", "likely"},
    {"wahrscheinlicher", "likely"},
    {"wenn", "if"},
    {"zonder", "without"},
};

/* The longer of two that contain each other comes first. */
static const struct {
    const char *phrase;
    const char *phenotype;
} JAPANESE[] = {
    {"超迅速代謝", "Ultrarapid Metabolizer"}, {"超高速代謝", "Ultrarapid Metabolizer"},
    {"迅速代謝", "Rapid Metabolizer"},        {"中間代謝", "Intermediate Metabolizer"},
    {"正常代謝", "Normal Metabolizer"},       {"通常代謝", "Normal Metabolizer"},
    {"低代謝", "Poor Metabolizer"},           {"代謝不全", "Poor Metabolizer"},
};

/* Not, none, negative, not detected, suspicion, possibility, in case of, family, donor. */
static const char *const JAPANESE_DOUBTS[] = {"ではな",   "なし",   "陰性",   "検出されず",
                                              "検出せず", "不検出", "疑い",   "可能性",
                                              "場合",     "家族",   "ドナー", "否定"};

#define WORD_BYTES_MAX 24

/* Lower case of what German, Dutch and Spanish write: ASCII, and the letters U+00C0 to U+00DE.
 * False for a word that is longer than any here. */
static bool fold(struct slice word, char ret[WORD_BYTES_MAX + 1])
{
    if (word.len > WORD_BYTES_MAX)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];

        if ((c >= 'A' && c <= 'Z') ||
            (i > 0 && word.ptr[i - 1] == '\xc3' && (unsigned char)c < 0x9f))
            c = (char)(c | 0x20);
        ret[i] = c;
    }
    ret[word.len] = 0;
    return true;
}

static bool is_word(struct slice word, const char *lower)
{
    char folded[WORD_BYTES_MAX + 1];

    return (word.ptr[0] | 0x20) == (lower[0] | 0x20) && fold(word, folded) &&
           strcmp(folded, lower) == 0;
}

static struct slice in_english(struct slice word)
{
    size_t low = 0, high = ARRAY_LEN(WORDS);
    char folded[WORD_BYTES_MAX + 1];

    if (!fold(word, folded))
        return word;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(WORDS[middle].foreign, folded);

        if (order == 0)
            return slice_of(WORDS[middle].english);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return word;
}

static bool is_spanish_noun(struct slice word)
{
    static const char *const NOUNS[] = {"metabolizador", "metabolizadora", "funci\xc3\xb3n",
                                        "funcion", "actividad"};

    for (size_t i = 0; i < ARRAY_LEN(NOUNS); i++)
        if (is_word(word, NOUNS[i]))
            return true;
    return false;
}

/* Puts the noun at `at` behind its grade, of one word or of two ("ultra rapid"). */
static void put_behind(struct fhir_word_list *list, size_t at)
{
    struct slice noun = list->words[at];
    size_t words = 1;

    if (at + 2 < list->count && slice_eq_nocase(list->words[at + 1], SLICE("ultra")))
        words = 2;
    if (at + words >= list->count || list->before[at + 1] != ' ')
        return;
    memmove(&list->words[at], &list->words[at + 1], words * sizeof *list->words);
    list->words[at + words] = noun;
}

void fhir_words_translate(struct fhir_word_list *list)
{
    for (size_t i = 0; i < list->count;) {
        bool is_noun = is_spanish_noun(list->words[i]);
        size_t step = 1;

        list->words[i] = in_english(list->words[i]);
        if (is_noun && i + 1 < list->count) {
            for (size_t j = i + 1; j < list->count && j <= i + 2; j++)
                list->words[j] = in_english(list->words[j]);
            put_behind(list, i);
            step = 2;
        }
        i += step;
    }
}

/* Whether there is a letter of the kana and kanji blocks. */
static bool has_japanese(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] >= 0xe3 && (unsigned char)text.ptr[i] <= 0xe9)
            return true;
    return false;
}

static bool has_japanese_doubt(struct slice text)
{
    if (!has_japanese(text))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(JAPANESE_DOUBTS); i++)
        if (slice_find(text, slice_of(JAPANESE_DOUBTS[i])) != SIZE_MAX)
            return true;
    return false;
}

bool fhir_text_denies_abroad(struct slice text, const struct fhir_word_list *list)
{
    static const char *const DENIALS[] = {
        "nicht",    "kein",     "keine",      "keinen",         "ohne",
        "oder",     "niet",     "geen",       "zonder",         "sin",
        "negativ",  "negatief", "negativo",   "ausente",        "afwezig",
        "verdacht", "sospecha", "vermutlich", "ausgeschlossen", "uitgesloten"};

    for (size_t w = 0; w < list->count; w++)
        for (size_t i = 0; i < ARRAY_LEN(DENIALS); i++)
            if (is_word(list->words[w], DENIALS[i]))
                return true;
    return has_japanese_doubt(text);
}

struct slice fhir_phenotype_japanese(struct slice text, bool *ret_is_ambiguous)
{
    struct slice found = SLICE_NONE;

    *ret_is_ambiguous = false;
    if (!has_japanese(text))
        return SLICE_NONE;
    for (size_t at = 0; at < text.len;) {
        struct slice rest = slice_from(text, at);
        size_t len = 0;

        for (size_t i = 0; i < ARRAY_LEN(JAPANESE) && len == 0; i++) {
            struct slice phenotype = slice_of(JAPANESE[i].phenotype);

            if (!slice_starts(rest, slice_of(JAPANESE[i].phrase)))
                continue;
            len = strlen(JAPANESE[i].phrase);
            if (found.len > 0 && !slice_eq(found, phenotype))
                *ret_is_ambiguous = true;
            found = phenotype;
        }
        at += len > 0 ? len : 1;
    }
    if (found.len > 0 && has_japanese_doubt(text))
        *ret_is_ambiguous = true;
    return *ret_is_ambiguous ? SLICE_NONE : found;
}
