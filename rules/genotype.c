/* rules/genotype.c -- names of notes and states, and keys as CPIC writes them. */
#include "rules/genotype.h"

#include <assert.h>

#define X(code, name, text) {name, text},
static const struct {
    const char *name, *text;
} NOTES[] = {RULES_CALL_NOTES(X)};
#undef X

#define X(code, name) name,
static const char *const STATES[] = {RULES_GENE_STATES(X)};
#undef X

const char *rules_call_note_name(enum rules_call_note note)
{
    assert((size_t)note < ARRAY_LEN(NOTES));
    return NOTES[note].name;
}

const char *rules_call_note_text(enum rules_call_note note)
{
    assert((size_t)note < ARRAY_LEN(NOTES));
    return NOTES[note].text;
}

const char *rules_gene_state_name(enum rules_gene_state state)
{
    assert((size_t)state < ARRAY_LEN(STATES));
    return STATES[state];
}

/* One decimal at least: "1.0", "1.25" (CPIC lookup keys). */
struct slice rules_score_text(uint32_t score_x100, bool is_at_least, struct arena *arena)
{
    const char *sign = is_at_least ? "\xE2\x89\xA5" : "";
    uint32_t units = score_x100 / 100, hundredths = score_x100 % 100;

    if (hundredths % 10 == 0)
        return arena_printf(arena, "%s%u.%u", sign, units, hundredths / 10);
    return arena_printf(arena, "%s%u.%02u", sign, units, hundredths);
}

struct slice rules_key_text(const struct rules_key *key, struct arena *arena)
{
    struct slice from, to;

    if (!key->is_score)
        return key->word;
    if (key->from_x100 == key->to_x100 || key->to_x100 == RULES_SCORE_NO_MAX)
        return rules_score_text(key->from_x100, key->from_x100 != key->to_x100, arena);
    from = rules_score_text(key->from_x100, false, arena);
    to = rules_score_text(key->to_x100, false, arena);
    return arena_printf(arena, "%.*s-%.*s", SLICE_ARG(from), SLICE_ARG(to));
}
