/* gateway/cli/rules_diff.c -- `pgxgate rules diff`: two releases in clinical words. */
#include "gateway/cli/database.h"
#include "gateway/cli/exit.h"
#include "gateway/cli/rules_command.h"
#include "gateway/store/file.h"
#include "rules/diff.h"

#define ARENA_BYTES_MAX ((size_t)1024 * 1024 * 1024)
#define ROWS_SHOWN      20 /* of those that a table gains or loses */

static const char *const WHATS[] = {[RULES_DIFF_ADDED] = "added",
                                    [RULES_DIFF_REMOVED] = "removed",
                                    [RULES_DIFF_CHANGED] = "changed"};

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* --- text ----------------------------------------------------------------------------------
 */

static void print_release(const struct rules_knowledge *k, const char *end)
{
    const struct rules_release *rows = rules_knowledge_rows(k);

    (void)printf("%.*s %.*s (%.*s)%s", SLICE_ARG(rows->name), SLICE_ARG(rows->version),
                 RULES_SHORT_HASH, rules_knowledge_hash(k).ptr, end);
}

static void print_fields(const struct rules_diff_field *fields, size_t count,
                         enum rules_diff_what what, const char *indent)
{
    for (size_t i = 0; i < count; i++) {
        const struct rules_diff_field *f = &fields[i];

        if (what == RULES_DIFF_CHANGED)
            (void)printf("%s%s: %s%.*s -> %s%.*s\n", indent, f->name,
                         f->before.len == 0 ? "(none)" : "", SLICE_ARG(f->before),
                         f->after.len == 0 ? "(none)" : "", SLICE_ARG(f->after));
        else
            (void)printf("%s%s: %.*s\n", indent, f->name,
                         SLICE_ARG(what == RULES_DIFF_ADDED ? f->after : f->before));
    }
}

static void print_pairs(const struct rules_diff *diff)
{
    if (diff->pairs_count == 0)
        return;
    (void)printf("\n%zu drug-gene pair%s change%s\n", diff->pairs_count,
                 plural(diff->pairs_count), diff->pairs_count == 1 ? "s" : "");
    for (size_t i = 0; i < diff->pairs_count; i++) {
        const struct rules_diff_pair *p = &diff->pairs[i];

        (void)printf("  %.*s - %.*s:", SLICE_ARG(p->drug), SLICE_ARG(p->gene));
        if (p->results > 0)
            (void)printf(" other advice for %zu combination%s of results%s", p->results,
                         plural(p->results), p->diplotypes > 0 ? ";" : "");
        if (p->diplotypes > 0)
            (void)printf(" another phenotype or score for %zu diplotype%s", p->diplotypes,
                         plural(p->diplotypes));
        (void)printf("\n");
    }
}

static void print_advice(const struct rules_diff *diff)
{
    for (size_t i = 0; i < diff->advices_count; i++) {
        const struct rules_diff_advice *a = &diff->advices[i];

        if (i == 0 || !slice_eq(a->drug, diff->advices[i - 1].drug))
            (void)printf("\n%.*s\n", SLICE_ARG(a->drug));
        (void)printf("  %s: %.*s%s%.*s: %.*s\n", WHATS[a->what], SLICE_ARG(a->publisher),
                     a->patients.len > 0 ? ", for " : "", SLICE_ARG(a->patients),
                     SLICE_ARG(a->results));
        (void)printf("    id: %.*s%s%.*s\n", SLICE_ARG(a->ids_before),
                     a->what == RULES_DIFF_CHANGED ? " -> " : "", SLICE_ARG(a->ids_after));
        print_fields(a->fields, a->fields_count, a->what, "    ");
    }
}

static void print_left_out(const size_t counts[ARRAY_LEN(WHATS)])
{
    for (size_t what = 0; what < ARRAY_LEN(WHATS); what++)
        if (what != RULES_DIFF_CHANGED && counts[what] > ROWS_SHOWN)
            (void)printf("  %s: %zu more, all with --json\n", WHATS[what],
                         counts[what] - ROWS_SHOWN);
}

/* Whole rows that come or go can be thousands: the first ones stand for them. */
static void print_rows(const struct rules_diff *diff)
{
    size_t counts[ARRAY_LEN(WHATS)] = {0};

    for (size_t i = 0; i < diff->rows_count; i++) {
        const struct rules_diff_row *r = &diff->rows[i];

        if (i == 0 || strcmp(r->table, diff->rows[i - 1].table) != 0) {
            print_left_out(counts);
            memset(counts, 0, sizeof counts);
            (void)printf("\n%s\n", r->table);
        }
        if (counts[r->what]++ >= ROWS_SHOWN && r->what != RULES_DIFF_CHANGED)
            continue;
        (void)printf("  %s: %.*s", WHATS[r->what], SLICE_ARG(r->name));
        if (r->diplotypes > 0)
            (void)printf("; with it %zu diplotype%s change%s phenotype or score", r->diplotypes,
                         plural(r->diplotypes), r->diplotypes == 1 ? "s" : "");
        (void)printf("\n");
        print_fields(r->fields, r->fields_count, r->what, "    ");
    }
    print_left_out(counts);
}

static void print_counts(const struct rules_diff *diff)
{
    if (diff->genes_count > 0)
        (void)printf("\ndiplotypes\n");
    for (size_t i = 0; i < diff->genes_count; i++)
        (void)printf("  %.*s: %zu of %zu get another phenotype or score\n",
                     SLICE_ARG(diff->genes[i].gene), diff->genes[i].diplotypes,
                     diff->genes[i].of);
    if (diff->codes_count > 0)
        (void)printf("\ndrug codes\n");
    for (size_t i = 0; i < diff->codes_count; i++)
        (void)printf("  %.*s: %zu added, %zu removed, %zu changed\n",
                     SLICE_ARG(diff->codes[i].drug), diff->codes[i].added,
                     diff->codes[i].removed, diff->codes[i].changed);
    (void)printf("\n");
    if (diff->renamed > 0)
        (void)printf("%zu recommendation%s only ha%s another id\n", diff->renamed,
                     plural(diff->renamed), diff->renamed == 1 ? "s" : "ve");
    if (diff->tests_added + diff->tests_removed + diff->tests_changed > 0)
        (void)printf("test cases: %zu added, %zu removed, %zu values changed\n",
                     diff->tests_added, diff->tests_removed, diff->tests_changed);
    if (rules_diff_is_empty(diff))
        (void)printf("no difference in meaning\n");
}

/* --- JSON ----------------------------------------------------------------------------------
 */

static void write_release(struct json_writer *w, const char *name,
                          const struct rules_knowledge *k)
{
    const struct rules_release *rows = rules_knowledge_rows(k);

    json_write_name(w, name);
    json_write_object(w);
    json_write_member_text(w, "name", rows->name);
    json_write_member_text(w, "version", rows->version);
    json_write_member_text(w, "hash", rules_knowledge_hash(k));
    json_write_object_end(w);
}

static void write_fields(struct json_writer *w, const struct rules_diff_field *fields,
                         size_t count)
{
    json_write_name(w, "fields");
    json_write_array(w);
    for (size_t i = 0; i < count; i++) {
        json_write_object(w);
        json_write_member_text(w, "name", slice_of(fields[i].name));
        json_write_member_text(w, "before", fields[i].before);
        json_write_member_text(w, "after", fields[i].after);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static void write_pair(struct json_writer *w, const struct rules_diff_pair *p)
{
    json_write_member_text(w, "drug", p->drug);
    json_write_member_text(w, "gene", p->gene);
    json_write_member_u64(w, "results", p->results);
    json_write_member_u64(w, "diplotypes", p->diplotypes);
}

static void write_advice(struct json_writer *w, const struct rules_diff_advice *a)
{
    json_write_member_text(w, "what", slice_of(WHATS[a->what]));
    json_write_member_text(w, "drug", a->drug);
    json_write_member_text(w, "publisher", a->publisher);
    json_write_member_text(w, "patients", a->patients);
    json_write_member_text(w, "results", a->results);
    json_write_member_u64(w, "combinations", a->results_count);
    json_write_member_text(w, "idBefore", a->ids_before);
    json_write_member_text(w, "idAfter", a->ids_after);
    write_fields(w, a->fields, a->fields_count);
}

static void write_row(struct json_writer *w, const struct rules_diff_row *r)
{
    json_write_member_text(w, "what", slice_of(WHATS[r->what]));
    json_write_member_text(w, "table", slice_of(r->table));
    json_write_member_text(w, "name", r->name);
    json_write_member_u64(w, "diplotypes", r->diplotypes);
    write_fields(w, r->fields, r->fields_count);
}

static void write_gene(struct json_writer *w, const struct rules_diff_gene *g)
{
    json_write_member_text(w, "gene", g->gene);
    json_write_member_u64(w, "diplotypes", g->diplotypes);
    json_write_member_u64(w, "of", g->of);
}

static void write_codes(struct json_writer *w, const struct rules_diff_codes *c)
{
    json_write_member_text(w, "drug", c->drug);
    json_write_member_u64(w, "added", c->added);
    json_write_member_u64(w, "removed", c->removed);
    json_write_member_u64(w, "changed", c->changed);
}

static int print_as_json(const struct rules_knowledge *before,
                         const struct rules_knowledge *after, const struct rules_diff *diff)
{
    struct json_writer w;
    struct buf json;
    int status;

    buf_init(&json, RULES_OUTPUT_BYTES_MAX);
    json_write_init(&w, &json);
    json_write_object(&w);
    write_release(&w, "before", before);
    write_release(&w, "after", after);
    json_write_member_bool(&w, "isSame", rules_diff_is_empty(diff));
#define X(type, array)                                                                         \
    json_write_name(&w, #array);                                                               \
    json_write_array(&w);                                                                      \
    for (size_t i = 0; i < diff->array##_count; i++) {                                         \
        json_write_object(&w);                                                                 \
        write_##type(&w, &diff->array[i]);                                                     \
        json_write_object_end(&w);                                                             \
    }                                                                                          \
    json_write_array_end(&w);
    RULES_DIFF_LISTS(X)
#undef X
    json_write_member_u64(&w, "renamed", diff->renamed);
    json_write_member_u64(&w, "testsAdded", diff->tests_added);
    json_write_member_u64(&w, "testsRemoved", diff->tests_removed);
    json_write_member_u64(&w, "testsChanged", diff->tests_changed);
    json_write_object_end(&w);
    status = rules_print_json(&json);
    buf_release(&json);
    return status;
}

/* --- the command ---------------------------------------------------------------------------
 */

static int load(const struct rules_arguments *arguments, const char *word,
                struct rules_knowledge **ret)
{
    struct rules_arguments one = {.conninfo = arguments->conninfo};

    if (file_is_folder(word, "."))
        one.knowledge = word;
    else
        one.word = word;
    return rules_load_any("rules diff", &one, ret);
}

static int compare(const struct rules_arguments *arguments,
                   const struct rules_knowledge *before, const struct rules_knowledge *after)
{
    struct rules_diff diff;
    struct err err = {0};
    struct arena arena;
    int status = EXIT_OK;

    arena_init(&arena, ARENA_BYTES_MAX);
    if (rules_diff(before, after, &arena, &diff, &err) != ERR_OK) {
        status = cli_fail("rules diff", &err);
    } else if (arguments->wants_json) {
        status = print_as_json(before, after, &diff);
    } else {
        print_release(before, " -> ");
        print_release(after, "\n");
        print_pairs(&diff);
        print_advice(&diff);
        print_rows(&diff);
        print_counts(&diff);
    }
    if (status == EXIT_OK && !rules_diff_is_empty(&diff))
        status = EXIT_NO;
    arena_release(&arena);
    return status;
}

int rules_diff_command(const struct rules_arguments *arguments)
{
    struct rules_knowledge *before = NULL, *after = NULL;
    int status = load(arguments, arguments->word, &before);

    if (status == EXIT_OK)
        status = load(arguments, arguments->second, &after);
    if (status == EXIT_OK)
        status = compare(arguments, before, after);
    rules_knowledge_release(before);
    rules_knowledge_release(after);
    return status;
}
