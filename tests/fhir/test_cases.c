/* tests/fhir/test_cases.c -- whole records, synthetic, one file each in tests/fhir/cases.
 *
 * They stand for what real systems send and no public sample shows: for each, one that must be
 * read and one trap. A file has `what` it is about, the hook's `patient`, the `resources` that
 * were prefetched or searched, the `orders`, and what is read from them: `evidence` in the
 * short hand of observation_rows.h, `order` as "name state codes 'text'", `selected` by
 * `selections`.
 */
#include "tests/fhir/observation_rows.h"

#include <dirent.h>

#include "fhir/order.h"

#define FOLDER         "tests/fhir/cases/"
#define CASES_MAX      100
#define PATH_BYTES_MAX 256

static struct slice order_summary(const struct fhir_order *orders, size_t count,
                                  struct arena *arena)
{
    static const char *const STATES[] = {[FHIR_ORDER_READY] = "ready",
                                         [FHIR_ORDER_NO_MEDICATION] = "no-medication",
                                         [FHIR_ORDER_NEEDS_RESOURCE] = "needs",
                                         [FHIR_ORDER_SKIPPED] = "skipped"};
    struct slice s = SLICE_NONE;

    for (size_t i = 0; i < count; i++) {
        const struct fhir_order *o = &orders[i];

        s = arena_printf(arena, "%.*s%s%.*s %s", SLICE_ARG(s), i == 0 ? "" : "; ",
                         SLICE_ARG(o->name), STATES[o->state]);
        for (size_t c = 0; c < o->codings_count; c++)
            if (o->codings[c].code.len > 0)
                s = arena_printf(arena, "%.*s %.*s", SLICE_ARG(s),
                                 SLICE_ARG(o->codings[c].code));
        if (o->text.len > 0)
            s = arena_printf(arena, "%.*s '%.*s'", SLICE_ARG(s), SLICE_ARG(o->text));
        if (o->dosages_count > 0 && o->dosages[0].per_day.len > 0)
            s = arena_printf(arena, "%.*s %.*s %.*s/d", SLICE_ARG(s),
                             SLICE_ARG(o->dosages[0].per_day), SLICE_ARG(o->dosages[0].unit));
    }
    return s;
}

static struct slice selected(struct json root, const struct fhir_order *orders, size_t count,
                             struct arena *arena)
{
    struct json list = json_get(root, "selections");
    struct slice s = SLICE_NONE;

    for (struct json e = json_first(list); !json_is_absent(e); e = json_next(e))
        for (size_t i = 0; i < count; i++)
            if (fhir_order_is_selected(&orders[i], json_text(e, arena)))
                s = arena_printf(arena, "%.*s%s%.*s", SLICE_ARG(s), s.len == 0 ? "" : " ",
                                 SLICE_ARG(orders[i].name));
    return s;
}

static size_t compare(const char *name, const char *what, struct slice got, struct json want,
                      struct arena *arena)
{
    struct slice wanted = json_text(want, arena);

    if (slice_eq(got, wanted))
        return 0;
    print_error("%s: %s\n  got  \"%.*s\"\n  want \"%.*s\"\n", name, what, SLICE_ARG(got),
                SLICE_ARG(wanted));
    return 1;
}

static size_t check_case(const char *name)
{
    struct fhir_reading reading = {0};
    struct fhir_order *orders = NULL;
    char path[PATH_BYTES_MAX];
    size_t orders_count = 0, failed = 0;
    struct err err = {0};
    struct json root;
    struct parsed p;

    parsed_init(&p);
    (void)snprintf(path, sizeof path, FOLDER "%s", name);
    assert_true(parsed_load(&p, path));
    parsed_read(&p);
    root = json_root(&p.doc);
    assert_true(json_text(json_get(root, "what"), &p.arena).len > 0);
    assert_ok(fhir_collection_add(&p.collection, json_get(root, "resources"), &err), &err);
    assert_ok(fhir_collection_add(&p.collection, json_get(root, "orders"), &err), &err);
    assert_ok(fhir_read_evidence(&p.collection, json_text(json_get(root, "patient"), &p.arena),
                                 &p.arena, &reading, &err),
              &err);
    assert_ok(fhir_read_orders(json_get(root, "orders"), &p.collection, &p.arena, &orders,
                               &orders_count, &err),
              &err);
    failed += compare(name, "evidence", summary(&reading, &p.arena), json_get(root, "evidence"),
                      &p.arena);
    failed += compare(name, "order", order_summary(orders, orders_count, &p.arena),
                      json_get(root, "order"), &p.arena);
    failed += compare(name, "selected", selected(root, orders, orders_count, &p.arena),
                      json_get(root, "selected"), &p.arena);
    parsed_release(&p);
    return failed;
}

static void every_case_is_read_as_it_says(void **state)
{
    struct dirent **entries = NULL;
    int count = scandir(FOLDER, &entries, NULL, alphasort);
    size_t failed = 0, cases = 0;

    (void)state;
    assert_true(count > 0 && count < CASES_MAX);
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            failed += check_case(entries[i]->d_name);
            cases++;
        }
        free(entries[i]);
    }
    free(entries);
    assert_true(cases >= 24); /* twelve subjects, a positive and a trap each */
    assert_int_equal(failed, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(every_case_is_read_as_it_says)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
