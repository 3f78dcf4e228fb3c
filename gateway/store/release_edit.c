/* gateway/store/release_edit.c -- dropping a publisher's advice for a drug. */
#include "gateway/store/release_edit.h"

#include <stdlib.h>

#include "gateway/store/release_tables.h"

struct id_list {
    struct slice *list; /* owned */
    size_t count;
};

static int compare_names(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static void sort(struct id_list *names)
{
    if (names->count > 1)
        qsort(names->list, names->count, sizeof *names->list, compare_names);
}

static bool has(const struct id_list *names, struct slice name)
{
    return names->count > 0 && bsearch(&name, names->list, names->count, sizeof *names->list,
                                       compare_names) != NULL;
}

static bool is_of(const struct rules_release *release, const struct rules_recommendation *r,
                  struct slice publisher, struct slice drug)
{
    if (!slice_eq(r->drug, drug) || r->label != RULES_LABEL_NONE)
        return false;
    for (size_t i = 0; i < release->sources_count; i++)
        if (slice_eq(release->sources[i].id, r->source))
            return slice_eq(release->sources[i].publisher, publisher);
    return false;
}

static bool expects(const struct rules_test *test, const struct id_list *dropped)
{
    struct slice rest = test->recommendations;

    while (rest.len > 0)
        if (has(dropped, slice_cut(rest, ' ', &rest)))
            return true;
    return false;
}

/* Cases that expect what is gone, and their genes. */
static bool drop_tests(struct rules_release *release, const struct id_list *dropped)
{
    struct id_list tests = {calloc(release->tests_count + 1, sizeof *tests.list), 0};
    const struct rules_test *test;
    const struct rules_test_gene *gene;

    if (tests.list == NULL)
        return false;
    for (size_t i = 0; i < release->tests_count; i++)
        if (expects(&release->tests[i], dropped))
            tests.list[tests.count++] = release->tests[i].name;
    sort(&tests);
    RELEASE_FILTER(release, tests, test, !has(&tests, test->name));
    RELEASE_FILTER(release, test_genes, gene, !has(&tests, gene->test));
    free(tests.list);
    return true;
}

/* Messages that only what is gone has used. */
static void drop_messages(struct rules_release *release, const struct id_list *candidates)
{
    const struct rules_message *message;
    struct id_list gone = {calloc(candidates->count + 1, sizeof *gone.list), 0};

    for (size_t i = 0; gone.list != NULL && i < candidates->count; i++) {
        struct slice id = candidates->list[i];
        bool is_used = i > 0 && slice_eq(id, candidates->list[i - 1]);

        for (size_t k = 0; k < release->recommendations_count && !is_used; k++)
            is_used = slice_eq(release->recommendations[k].message, id);
        for (size_t k = 0; k < release->implications_count && !is_used; k++)
            is_used = slice_eq(release->implications[k].message, id);
        for (size_t k = 0; k < release->pretests_count && !is_used; k++)
            is_used = slice_eq(release->pretests[k].message, id);
        if (!is_used)
            gone.list[gone.count++] = id;
    }
    RELEASE_FILTER(release, messages, message, !has(&gone, message->id));
    free(gone.list);
}

static void drop_parts(struct rules_release *release, const struct id_list *dropped)
{
    const struct rules_recommendation *r;
    const struct rules_condition *c;
    const struct rules_action *action;
    const struct rules_implication *m;

    RELEASE_FILTER(release, conditions, c, !has(dropped, c->recommendation));
    RELEASE_FILTER(release, actions, action, !has(dropped, action->recommendation));
    RELEASE_FILTER(release, implications, m, !has(dropped, m->recommendation));
    RELEASE_FILTER(release, recommendations, r, !has(dropped, r->id));
}

bool release_drop_advice(struct rules_release *release, struct slice publisher,
                         struct slice drug, size_t *ret_count)
{
    size_t max = release->recommendations_count + release->implications_count + 1;
    struct id_list dropped = {calloc(max, sizeof *dropped.list), 0};
    struct id_list messages = {calloc(max, sizeof *messages.list), 0};
    bool is_done = dropped.list != NULL && messages.list != NULL;

    for (size_t i = 0; is_done && i < release->recommendations_count; i++)
        if (is_of(release, &release->recommendations[i], publisher, drug)) {
            dropped.list[dropped.count++] = release->recommendations[i].id;
            messages.list[messages.count++] = release->recommendations[i].message;
        }
    sort(&dropped);
    for (size_t i = 0; is_done && i < release->implications_count; i++)
        if (has(&dropped, release->implications[i].recommendation))
            messages.list[messages.count++] = release->implications[i].message;
    sort(&messages);
    is_done = is_done && drop_tests(release, &dropped);
    if (is_done) {
        *ret_count = dropped.count;
        drop_parts(release, &dropped);
        drop_messages(release, &messages);
    }
    free(dropped.list);
    free(messages.list);
    return is_done;
}

static bool has_result_of(const struct rules_release *release, struct slice test,
                          struct slice gene)
{
    for (size_t i = 0; i < release->test_genes_count; i++)
        if (slice_eq(release->test_genes[i].test, test) &&
            slice_eq(release->test_genes[i].gene, gene))
            return true;
    return false;
}

static bool has_test(const struct rules_release *release, struct slice name)
{
    for (size_t i = 0; i < release->tests_count; i++)
        if (slice_eq(release->tests[i].name, name))
            return true;
    return false;
}

size_t release_drop_silence(struct rules_release *release, struct slice drug, struct slice gene)
{
    size_t before = release->tests_count;
    const struct rules_test *test;
    const struct rules_test_gene *result;

    RELEASE_FILTER(release, tests, test,
                   !slice_eq(test->drug, drug) || test->recommendations.len > 0 ||
                       !has_result_of(release, test->name, gene));
    if (release->tests_count < before)
        RELEASE_FILTER(release, test_genes, result, has_test(release, result->test));
    return before - release->tests_count;
}

/* Any column whose name ends in "source" names one. */
static bool is_named(const struct rules_release *release, struct slice id)
{
    for (size_t t = 0; t < RELEASE_TABLES_COUNT; t++) {
        const struct release_table *table = &RELEASE_TABLES[t];
        size_t count;
        const char *rows = release_rows(table, release, &count);

        for (size_t c = 0; c < table->columns_count; c++) {
            if (!slice_ends(slice_of(table->columns[c].name), SLICE("source")))
                continue;
            for (size_t i = 0; i < count; i++) {
                struct slice value;

                memcpy(&value, rows + i * table->row_bytes + table->columns[c].offset,
                       sizeof value);
                if (slice_eq(value, id))
                    return true;
            }
        }
    }
    return false;
}

void release_drop_unused_sources(struct rules_release *release, struct slice publisher)
{
    const struct rules_source *source;

    RELEASE_FILTER(release, sources, source,
                   !slice_eq(source->publisher, publisher) || is_named(release, source->id));
}
