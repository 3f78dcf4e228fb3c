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

static const struct {
    const char *foreign; /* lower case, UTF-8 */
    const char *english;
} WORDS[] = {
    /* German */
    {"metabolisierer", "metabolizer"},
    {"metabolisiererin", "metabolizer"},
    {"langsamer", "slow"},
    {"langsame", "slow"},
    {"langsamen", "slow"},
    {"schlechter", "poor"},
    {"intermedi\xc3\xa4rer", "intermediate"},
    {"intermedi\xc3\xa4re", "intermediate"},
    {"intermedi\xc3\xa4ren", "intermediate"},
    {"normaler", "normal"},
    {"normale", "normal"},
    {"normalen", "normal"},
    {"extensiver", "extensive"},
    {"schneller", "rapid"},
    {"schnelle", "rapid"},
    {"schnellen", "rapid"},
    {"ultraschneller", "ultrarapid"},
    {"ultraschnelle", "ultrarapid"},
    {"ultraschnellen", "ultrarapid"},
    {"funktion", "function"},
    {"verminderte", "decreased"},
    {"reduzierte", "decreased"},
    {"erh\xc3\xb6hte", "increased"},
    {"aktivit\xc3\xa4t", "activity"},
    {"hohe", "high"},
    {"niedrige", "low"},
    /* Dutch */
    {"metaboliseerder", "metabolizer"},
    {"trage", "slow"},
    {"langzame", "slow"},
    {"slechte", "poor"},
    {"intermediaire", "intermediate"},
    {"extensieve", "extensive"},
    {"snelle", "rapid"},
    {"ultrasnelle", "ultrarapid"},
    {"functie", "function"},
    {"verminderde", "decreased"},
    {"verlaagde", "decreased"},
    {"verhoogde", "increased"},
    {"activiteit", "activity"},
    {"hoge", "high"},
    {"lage", "low"},
    /* Spanish */
    {"metabolizador", "metabolizer"},
    {"metabolizadora", "metabolizer"},
    {"lento", "slow"},
    {"lenta", "slow"},
    {"pobre", "poor"},
    {"intermedio", "intermediate"},
    {"intermedia", "intermediate"},
    {"extensivo", "extensive"},
    {"extensiva", "extensive"},
    {"r\xc3\xa1pido", "rapid"},
    {"r\xc3\xa1pida", "rapid"},
    {"rapido", "rapid"},
    {"rapida", "rapid"},
    {"ultrarr\xc3\xa1pido", "ultrarapid"},
    {"ultrarr\xc3\xa1pida", "ultrarapid"},
    {"ultrarrapido", "ultrarapid"},
    {"ultrarrapida", "ultrarapid"},
    {"funci\xc3\xb3n", "function"},
    {"funcion", "function"},
    {"disminuida", "decreased"},
    {"reducida", "decreased"},
    {"aumentada", "increased"},
    {"actividad", "activity"},
    {"alta", "high"},
    {"baja", "low"},
    /* denied, doubtful, or not of this patient */
    {"nicht", "not"},
    {"kein", "not"},
    {"keine", "not"},
    {"keinen", "not"},
    {"ohne", "without"},
    {"niet", "not"},
    {"geen", "not"},
    {"zonder", "without"},
    {"sin", "without"},
    {"ausgeschlossen", "excluded"},
    {"uitgesloten", "excluded"},
    {"excluido", "excluded"},
    {"unwahrscheinlich", "unlikely"},
    {"onwaarschijnlijk", "unlikely"},
    {"improbable", "unlikely"},
    {"verdacht", "suspected"},
    {"vermutlich", "presumed"},
    {"vermutlicher", "presumed"},
    {"vermoedelijk", "presumed"},
    {"vermoedelijke", "presumed"},
    {"sospecha", "suspected"},
    {"wahrscheinlich", "likely"},
    {"wahrscheinlicher", "likely"},
    {"waarschijnlijk", "likely"},
    {"waarschijnlijke", "likely"},
    {"m\xc3\xb6glicher", "possible"},
    {"m\xc3\xb6gliche", "possible"},
    {"m\xc3\xb6glicherweise", "possible"},
    {"mogelijk", "possible"},
    {"mogelijke", "possible"},
    {"posible", "possible"},
    {"oder", "or"},
    {"wenn", "if"},
    {"falls", "if"},
    {"indien", "if"},
    {"cuando", "if"},
    {"patienten", "patients"},
    {"pati\xc3\xabnten", "patients"},
    {"pacientes", "patients"},
    {"mutter", "mother"},
    {"vater", "father"},
    {"moeder", "mother"},
    {"vader", "father"},
    {"madre", "mother"},
    {"padre", "father"},
    {"spender", "donor"},
    {"donante", "donor"},
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

/* Lower case of what German, Dutch and Spanish write: ASCII, and the letters U+00C0 to U+00DE.
 */
static bool is_word(struct slice word, const char *lower)
{
    size_t len = strlen(lower);

    if (word.len != len || (word.ptr[0] | 0x20) != (lower[0] | 0x20))
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = word.ptr[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c | 0x20);
        else if (i > 0 && word.ptr[i - 1] == '\xc3' && (unsigned char)c < 0x9f)
            c = (char)(c | 0x20);
        if (c != lower[i])
            return false;
    }
    return true;
}

static struct slice in_english(struct slice word)
{
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
        if (is_word(word, WORDS[i].foreign))
            return slice_of(WORDS[i].english);
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

static bool has_japanese_doubt(struct slice text)
{
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
