/* rules/lint.c -- the run, and what concerns wording and sources. */
#include "rules/lint.h"

#include <assert.h>
#include <stdarg.h>

#include "rules/lint_private.h"

#define ARENA_BYTES_MAX ((size_t)256 * 1024 * 1024)

static const char *const RULE_NAMES[] = {
#define X(code, name) [RULES_LINT_##code] = (name),
    RULES_LINT_RULES(X)
#undef X
};

const char *rules_lint_rule_name(enum rules_lint_rule rule)
{
    assert((size_t)rule < ARRAY_LEN(RULE_NAMES));
    return RULE_NAMES[rule];
}

void lint_tell(struct lint *lint, enum rules_lint_rule rule, bool is_error, const char *kind,
               struct slice name, const char *format, ...)
{
    char about[RULES_NAME_BYTES_MAX + 32], text[1024];
    va_list args;

    (void)snprintf(about, sizeof about, "%s %.*s", kind, SLICE_ARG(name));
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (is_error)
        lint->counts.errors++;
    else
        lint->counts.warnings++;
    if (lint->on_finding != NULL)
        lint->on_finding(lint->owner, &(struct rules_finding){rule, is_error, slice_of(about),
                                                              slice_of(text)});
}

/* --- messages ------------------------------------------------------------------------------
 */

/* A language that some message has, this one should have too. */
static void check_languages(struct lint *lint, size_t first, size_t count)
{
    const struct rules_message *messages = lint->k->rows.messages;

    for (size_t i = 0; i < lint->k->rows.messages_count; i++) {
        bool is_first = true, has_it = false;

        for (size_t j = 0; j < i && is_first; j++)
            is_first = !slice_eq(messages[j].locale, messages[i].locale);
        for (size_t j = first; is_first && j < first + count; j++)
            has_it = has_it || slice_eq(messages[j].locale, messages[i].locale);
        if (is_first && !has_it)
            lint_tell(lint, RULES_LINT_TRANSLATION, false, "message", messages[first].id,
                      "there is no %.*s", SLICE_ARG(messages[i].locale));
    }
}

/* What English has, the others should have. */
static void check_parts(struct lint *lint, size_t first, size_t count)
{
    const struct rules_message *messages = &lint->k->rows.messages[first], *english = NULL;

    for (size_t i = 0; i < count; i++)
        if (slice_eq_text(messages[i].locale, "en"))
            english = &messages[i];
    for (size_t i = 0; english != NULL && i < count; i++)
        if ((english->verdict.len > 0 && messages[i].verdict.len == 0) ||
            (english->meaning.len > 0 && messages[i].meaning.len == 0) ||
            (english->options.len > 0 && messages[i].options.len == 0))
            lint_tell(lint, RULES_LINT_TRANSLATION, false, "message", messages[i].id,
                      "%.*s lacks a part that English has", SLICE_ARG(messages[i].locale));
}

static bool is_shown(const struct rules_release *rows, struct slice message)
{
    for (size_t i = 0; i < rows->recommendations_count; i++)
        if (slice_eq(rows->recommendations[i].message, message))
            return true;
    for (size_t i = 0; i < rows->implications_count; i++)
        if (slice_eq(rows->implications[i].message, message))
            return true;
    for (size_t i = 0; i < rows->pretests_count; i++)
        if (slice_eq(rows->pretests[i].message, message))
            return true;
    return false;
}

static void check_messages(struct lint *lint)
{
    const struct rules_release *rows = &lint->k->rows;

    for (size_t i = 0, count; i < rows->messages_count; i += count) {
        for (count = 1; i + count < rows->messages_count &&
                        slice_eq(rows->messages[i + count].id, rows->messages[i].id);)
            count++;
        check_languages(lint, i, count);
        check_parts(lint, i, count);
        if (!is_shown(rows, rows->messages[i].id))
            lint_tell(lint, RULES_LINT_MESSAGE_UNUSED, false, "message", rows->messages[i].id,
                      "no recommendation and no implication shows it");
    }
}

/* --- sources -------------------------------------------------------------------------------
 */

/* Tables whose rows name a source by its id. */
#define CITING_TABLES(X)                                                                       \
    X(recommendations)                                                                         \
    X(genes)                                                                                   \
    X(gene_drugs)                                                                              \
    X(modulators)                                                                              \
    X(gene_tests)                                                                              \
    X(authorities)                                                                             \
    X(algorithm_terms)                                                                         \
    X(pretests)

static bool is_cited(const struct rules_release *rows, struct slice source)
{
#define X(array)                                                                               \
    for (size_t i = 0; i < rows->array##_count; i++)                                           \
        if (slice_eq(rows->array[i].source, source))                                           \
            return true;
    CITING_TABLES(X)
#undef X
    for (size_t i = 0; i < rows->genes_count; i++)
        if (slice_eq(rows->genes[i].priority_source, source))
            return true;
    return false;
}

static void check_sources(struct lint *lint)
{
    const struct rules_release *rows = &lint->k->rows;

    for (size_t i = 0; i < rows->sources_count; i++) {
        const struct rules_source *source = &rows->sources[i];

        if (source->pmids.len == 0 && source->url.len == 0)
            lint_tell(lint, RULES_LINT_CITATION, true, "source", source->id,
                      "neither a PMID nor a URL");
        else if (source->version.len == 0)
            lint_tell(lint, RULES_LINT_CITATION, true, "source", source->id, "no version");
        if (!is_cited(rows, source->id))
            lint_tell(lint, RULES_LINT_SOURCE_UNUSED, false, "source", source->id,
                      "nothing cites it");
    }
    for (size_t i = 0; i < rows->drug_codes_count; i++)
        if (rows->drug_codes[i].source.len == 0)
            lint_tell(lint, RULES_LINT_CITATION, true, "drug", rows->drug_codes[i].drug,
                      "code %.*s has no source", SLICE_ARG(rows->drug_codes[i].code));
}

/* --- implications --------------------------------------------------------------------------
 */

/* A label stands beside a guideline's advice and says in its own words what a result means. */
static bool needs_implications(const struct rules_recommendation *r)
{
    return r->alert != RULES_ALERT_NONE && r->label == RULES_LABEL_NONE;
}

/* A condition on nothing but missing or uninterpretable results has nothing to explain. */
static bool is_on_a_finding(const struct rules_knowledge *k,
                            const struct rules_requirement *asked)
{
    for (uint32_t w = asked->keys.first; w < asked->keys.first + asked->keys.count; w++) {
        struct slice key = k->rows.conditions[w].key;

        if (!slice_eq_text(key, RULES_NO_RESULT) && !slice_eq_text(key, RULES_INDETERMINATE) &&
            !slice_eq_text(key, RULES_NO_SCORE))
            return true;
    }
    return false;
}

static void check_implications(struct lint *lint)
{
    const struct rules_knowledge *k = lint->k;

    for (size_t i = 0; i < k->rows.recommendations_count; i++) {
        const struct rules_recommendation *r = &k->rows.recommendations[i];
        struct rules_range range = k->recommendation_facts[i].requirements;
        const struct rules_implication *implications;
        size_t count = rules_implications_of(k, r, &implications);

        for (uint32_t q = range.first; needs_implications(r) && q < range.first + range.count;
             q++) {
            struct slice gene = k->rows.conditions[k->requirements[q].keys.first].gene;
            bool has_it = false;

            for (size_t m = 0; m < count; m++)
                has_it = has_it || slice_eq(implications[m].gene, gene);
            if (!has_it && is_on_a_finding(k, &k->requirements[q]))
                lint_tell(lint, RULES_LINT_IMPLICATION, count == 0, "recommendation", r->id,
                          "no implication for %.*s", SLICE_ARG(gene));
        }
    }
}

/* --- the run -------------------------------------------------------------------------------
 */

enum err_code rules_lint(const struct rules_knowledge *k,
                         void (*on_finding)(void *owner, const struct rules_finding *finding),
                         void *owner, struct rules_lint_counts *ret, struct err *err)
{
    struct lint lint = {.k = k, .on_finding = on_finding, .owner = owner, .err = err};
    enum err_code code;

    arena_init(&lint.arena, ARENA_BYTES_MAX);
    code = lint_matrix(&lint);
    if (code == ERR_OK) {
        lint_summaries(&lint);
        check_implications(&lint);
        check_messages(&lint);
        check_sources(&lint);
        *ret = lint.counts;
    }
    arena_release(&lint.arena);
    return code;
}
