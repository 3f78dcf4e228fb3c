/* rules/knowledge_messages.c -- messages and shipped test cases: checked and indexed. */
#include <assert.h>

#include "rules/knowledge_private.h"

#define BAD(err, ...)  err_set((err), ERR_INVALID, __VA_ARGS__)
#define NO_MEMORY(err) err_set((err), ERR_NOMEM, "no memory for the knowledge")

static size_t count_chars(struct slice s)
{
    size_t chars = 0;

    for (size_t i = 0; i < s.len; i++)
        chars += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return chars;
}

enum err_code rules_knowledge_link_messages(struct rules_knowledge *k, struct err *err)
{
    if (!rules_index_init(&k->messages, k->rows.messages_count, &k->arena))
        return NO_MEMORY(err);
    for (size_t i = 0; i < k->rows.messages_count; i++) {
        const struct rules_message *m = &k->rows.messages[i];

        if (!rules_is_name(m->id) || !rules_is_name(m->locale))
            return BAD(err, "message '%.*s': id or locale is empty or too long",
                       SLICE_ARG(m->id));
        if (i > 0 && slice_eq(m->id, m[-1].id) && slice_eq(m->locale, m[-1].locale))
            return BAD(err, "message %.*s (%.*s): listed twice", SLICE_ARG(m->id),
                       SLICE_ARG(m->locale));
        if (count_chars(m->verdict) > RULES_VERDICT_CHARS_MAX)
            return err_set(err, ERR_LIMIT,
                           "message %.*s (%.*s): the verdict is longer than %d characters",
                           SLICE_ARG(m->id), SLICE_ARG(m->locale), RULES_VERDICT_CHARS_MAX);
        /* Sorted by id and locale: the first row of an id stands for all. */
        (void)rules_index_add(&k->messages, 0, m->id, (uint32_t)i);
    }
    return ERR_OK;
}

static const struct rules_message *find_in(const struct rules_knowledge *k, uint32_t first,
                                           struct slice locale)
{
    for (size_t i = first; i < k->rows.messages_count &&
                           slice_eq(k->rows.messages[i].id, k->rows.messages[first].id);
         i++)
        if (slice_eq_nocase(k->rows.messages[i].locale, locale))
            return &k->rows.messages[i];
    return NULL;
}

const struct rules_message *rules_find_message(const struct rules_knowledge *k, struct slice id,
                                               struct slice locale)
{
    uint32_t first = rules_index_find(&k->messages, 0, id);
    const struct rules_message *found;
    struct slice region;

    if (first == RULES_ABSENT)
        return NULL;
    found = find_in(k, first, locale);
    if (found == NULL) /* "de" serves "de-AT" (BCP 47 lookup, RFC 4647 section 3.4) */
        found = find_in(k, first, slice_cut(locale, '-', &region));
    return found != NULL ? found : find_in(k, first, SLICE("en"));
}

/* Space-separated ids, in order. */
static enum err_code check_expected(const struct rules_knowledge *k,
                                    const struct rules_test *test, struct err *err)
{
    struct slice rest = test->recommendations, before = SLICE_NONE;

    while (rest.len > 0) {
        struct slice id = slice_cut(rest, ' ', &rest);
        uint32_t row = rules_index_find(&k->recommendations, 0, id);

        if (row == RULES_ABSENT)
            return BAD(err, "test '%.*s': unknown recommendation '%.*s'", SLICE_ARG(test->name),
                       SLICE_ARG(id));
        if (!slice_eq(k->rows.recommendations[row].drug, test->drug))
            return BAD(err, "test '%.*s': recommendation %.*s is for another drug",
                       SLICE_ARG(test->name), SLICE_ARG(id));
        if (slice_compare(before, id) >= 0)
            return BAD(err, "test '%.*s': recommendations are not in order at %.*s",
                       SLICE_ARG(test->name), SLICE_ARG(id));
        before = id;
    }
    return ERR_OK;
}

static enum err_code link_test(struct rules_knowledge *k, size_t row, struct err *err)
{
    const struct rules_test *test = &k->rows.tests[row];
    uint32_t drug = rules_index_find(&k->drugs, 0, test->drug);

    if (!rules_is_name(test->name))
        return BAD(err, "test '%.*s': the name is empty, too long or has blanks at its ends",
                   SLICE_ARG(test->name));
    if (drug == RULES_ABSENT)
        return BAD(err, "test '%.*s': unknown drug '%.*s'", SLICE_ARG(test->name),
                   SLICE_ARG(test->drug));
    if (test->population.len > 0 &&
        rules_index_find(&k->populations, drug, test->population) == RULES_ABSENT)
        return BAD(err, "test '%.*s': unknown population '%.*s'", SLICE_ARG(test->name),
                   SLICE_ARG(test->population));
    if (!rules_index_add(&k->tests, 0, test->name, (uint32_t)row))
        return BAD(err, "test '%.*s': listed twice", SLICE_ARG(test->name));
    return check_expected(k, test, err);
}

enum err_code rules_knowledge_check_tests(struct rules_knowledge *k, struct err *err)
{
    if (!rules_index_init(&k->tests, k->rows.tests_count, &k->arena))
        return NO_MEMORY(err);
    for (size_t i = 0; i < k->rows.tests_count; i++)
        if (link_test(k, i, err) != ERR_OK)
            return err->code;
    for (size_t i = 0; i < k->rows.test_genes_count; i++) {
        const struct rules_test_gene *g = &k->rows.test_genes[i];

        if (rules_index_find(&k->tests, 0, g->test) == RULES_ABSENT)
            return BAD(err, "gene %.*s of a test: unknown test '%.*s'", SLICE_ARG(g->gene),
                       SLICE_ARG(g->test));
        if (rules_index_find(&k->genes, 0, g->gene) == RULES_ABSENT)
            return BAD(err, "test '%.*s': unknown gene '%.*s'", SLICE_ARG(g->test),
                       SLICE_ARG(g->gene));
        if (g->result.len == 0)
            return BAD(err, "test '%.*s': no result for gene %.*s", SLICE_ARG(g->test),
                       SLICE_ARG(g->gene));
    }
    return ERR_OK;
}
