/* tests/gateway/test_scenario.c -- every file of tests/scenario through the pure middle.
 *
 * One test a file. What the file expects is compared; what must hold for every answer is
 * checked too: the rules of CDS Hooks about empty values, summaries and selectionBehavior, the
 * same bytes for the same facts, no patient value in what is kept for the audit.
 */
#include "tests/test.h"

#include <dirent.h>
#include <stdlib.h>

#include "fhir/json_c.h"
#include "gateway/hooks/replay.h"
#include "gateway/hooks/trace.h"
#include "gateway/store/snapshot.h"

#define SCENARIOS     "tests/scenario"
#define SCENARIOS_MAX 400
#define ANSWER_MAX    ((size_t)4 * 1024 * 1024)

static struct rules_knowledge *knowledge;

static int load_knowledge(void **state)
{
    struct err err = {0};

    (void)state;
    if (snapshot_from_files("rules/knowledge", &knowledge, &err) != ERR_OK) {
        print_error("%s\n", err.text);
        return -1;
    }
    return 0;
}

static int drop_knowledge(void **state)
{
    (void)state;
    rules_knowledge_release(knowledge);
    return 0;
}

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    (void)json_object_object_get_ex(object, name, &value);
    return value;
}

static const char *text_of(struct json_object *object, const char *name)
{
    struct json_object *value = member(object, name);

    return value == NULL ? "" : json_object_get_string(value);
}

/* ---- what holds for every answer ---- */

static void assert_nothing_is_empty(struct json_object *value, const char *name)
{
    if (value == NULL)
        fail_msg("%s is null", name);
    if (json_object_is_type(value, json_type_string) && json_object_get_string_len(value) == 0)
        fail_msg("%s is an empty string", name);
    if (json_object_is_type(value, json_type_array)) {
        if (json_object_array_length(value) == 0 && strcmp(name, "cards") != 0)
            fail_msg("%s is an empty array", name);
        for (size_t i = 0; i < json_object_array_length(value); i++)
            assert_nothing_is_empty(json_object_array_get_idx(value, i), name);
    }
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, child)
        {
            assert_nothing_is_empty(child, key);
        }
    }
}

static size_t count_chars(const char *text)
{
    size_t chars = 0;

    for (; *text != '\0'; text++)
        chars += ((unsigned char)*text & 0xC0) != 0x80;
    return chars;
}

static void check_card(struct json_object *card)
{
    const char *summary = text_of(card, "summary");
    const char *indicator = text_of(card, "indicator");
    const char *detail = text_of(card, "detail");

    if (count_chars(summary) == 0 || count_chars(summary) >= 140)
        fail_msg("summary of %zu characters: %s", count_chars(summary), summary);
    assert_true(strcmp(indicator, "info") == 0 || strcmp(indicator, "warning") == 0 ||
                strcmp(indicator, "critical") == 0);
    assert_int_equal(strlen(text_of(card, "uuid")), 36);
    assert_non_null(member(member(card, "source"), "label"));
    assert_non_null(member(member(member(card, "source"), "topic"), "code"));
    assert_int_equal(member(card, "suggestions") != NULL,
                     member(card, "selectionBehavior") != NULL);
    assert_null(strchr(detail, '<'));
}

/* ---- what the file expects ---- */

static void assert_contains_all(const char *what, const char *text, struct json_object *list,
                                bool is_wanted)
{
    for (size_t i = 0; list != NULL && i < json_object_array_length(list); i++) {
        const char *piece = json_object_get_string(json_object_array_get_idx(list, i));

        if ((strstr(text, piece) != NULL) != is_wanted)
            fail_msg("%s %s \"%s\":\n%s", what, is_wanted ? "lacks" : "must not hold", piece,
                     text);
    }
}

static void assert_same_texts(const char *what, struct json_object *want,
                              struct json_object *got, const char *got_member)
{
    size_t count = got == NULL ? 0 : json_object_array_length(got);

    if (want == NULL)
        return;
    if (json_object_array_length(want) != count)
        fail_msg("%s: want %s, got %s", what, json_object_to_json_string(want),
                 got == NULL ? "none" : json_object_to_json_string(got));
    for (size_t i = 0; i < count; i++) {
        struct json_object *item = json_object_array_get_idx(got, i);
        const char *text =
            got_member == NULL ? json_object_get_string(item) : text_of(item, got_member);

        assert_string_equal(text, json_object_get_string(json_object_array_get_idx(want, i)));
    }
}

static void compare_card(struct json_object *want, struct json_object *card)
{
    struct json_object *extension = member(member(card, "extension"), "io.pgxgate.advice");

    if (member(want, "indicator") != NULL)
        assert_string_equal(text_of(card, "indicator"), text_of(want, "indicator"));
    if (member(want, "summary") != NULL)
        assert_string_equal(text_of(card, "summary"), text_of(want, "summary"));
    if (member(want, "order") != NULL)
        assert_string_equal(text_of(extension, "order"), text_of(want, "order"));
    assert_same_texts("rules", member(want, "rules"), member(extension, "rules"), NULL);
    assert_same_texts("suggestions", member(want, "suggestions"), member(card, "suggestions"),
                      "label");
    assert_contains_all("the detail", text_of(card, "detail"), member(want, "contains"), true);
    assert_contains_all("the detail", text_of(card, "detail"), member(want, "lacks"), false);
}

static void compare_issue(struct json_object *want, struct json_object *answer)
{
    struct json_object *issue = json_object_array_get_idx(member(answer, "issue"), 0);

    assert_string_equal(text_of(answer, "resourceType"), "OperationOutcome");
    if (member(want, "code") != NULL)
        assert_string_equal(text_of(issue, "code"), text_of(want, "code"));
    if (member(want, "expression") != NULL)
        assert_string_equal(
            json_object_get_string(json_object_array_get_idx(member(issue, "expression"), 0)),
            text_of(want, "expression"));
    assert_contains_all("diagnostics", text_of(issue, "diagnostics"), member(want, "contains"),
                        true);
}

static void compare_answer(struct json_object *expect, uint32_t status,
                           struct json_object *answer)
{
    struct json_object *cards = member(answer, "cards");
    struct json_object *want = member(expect, "cards");

    if (status != (uint32_t)json_object_get_int(member(expect, "status")))
        fail_msg("status %u: %s", status, json_object_to_json_string(answer));
    if (member(expect, "issue") != NULL)
        compare_issue(member(expect, "issue"), answer);
    if (status != 200)
        return;
    assert_nothing_is_empty(answer, "the answer");
    for (size_t i = 0; i < json_object_array_length(cards); i++)
        check_card(json_object_array_get_idx(cards, i));
    assert_non_null(want);
    if (json_object_array_length(cards) != json_object_array_length(want))
        fail_msg("want %zu cards, got %s", json_object_array_length(want),
                 json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PRETTY));
    for (size_t i = 0; i < json_object_array_length(want); i++)
        compare_card(json_object_array_get_idx(want, i), json_object_array_get_idx(cards, i));
}

static struct json_object *audit_of(struct hook_call *call, struct buf *text)
{
    struct json_object *audit;

    buf_add_text(text, "{\"decisions\":");
    hook_audit_decisions_write(call, text);
    buf_add_text(text, ",\"gaps\":");
    hook_audit_gaps_write(call, text);
    buf_add_text(text, ",\"fetches\":");
    hook_audit_fetches_write(call, text);
    buf_add_text(text, "}");
    audit = json_tokener_parse(text->bytes);
    assert_non_null(audit);
    return audit;
}

/* Every member that is expected stands in the audit record with that value; objects and arrays
 * are compared member by member. */
static void assert_is_part_of(struct json_object *want, struct json_object *got,
                              const char *path)
{
    if (json_object_is_type(want, json_type_object)) {
        json_object_object_foreach(want, key, child)
        {
            assert_is_part_of(child, member(got, key), key);
        }
    } else if (json_object_is_type(want, json_type_array)) {
        if (got == NULL || json_object_array_length(want) != json_object_array_length(got))
            fail_msg("audit %s: want %s, got %s", path, json_object_to_json_string(want),
                     json_object_to_json_string(got));
        for (size_t i = 0; i < json_object_array_length(want); i++)
            assert_is_part_of(json_object_array_get_idx(want, i),
                              json_object_array_get_idx(got, i), path);
    } else if (!json_object_equal(want, got)) {
        fail_msg("audit %s: want %s, got %s", path, json_object_to_json_string(want),
                 json_object_to_json_string(got));
    }
}

static void check_audit(struct json_object *expect, struct json_object *scenario,
                        struct hook_call *call)
{
    struct json_object *audit;
    struct buf text;

    buf_init(&text, ANSWER_MAX);
    audit = audit_of(call, &text);
    if (member(expect, "audit") != NULL)
        assert_is_part_of(member(expect, "audit"), audit, "");
    assert_contains_all("the audit record", text.bytes, member(scenario, "secrets"), false);
    assert_contains_all("the failure's text", call->failure.text, member(scenario, "secrets"),
                        false);
    json_object_put(audit);
    buf_release(&text);
}

#define PACKS_MAX 4

/* The shipped knowledge, with the packs that the scenario names over it. */
static struct rules_knowledge *knowledge_of(struct json_object *scenario)
{
    struct json_object *list = member(scenario, "packs");
    struct rules_knowledge *with_packs = NULL;
    const char *packs[PACKS_MAX];
    struct err err = {0};
    size_t count = list == NULL ? 0 : json_object_array_length(list);

    if (count == 0) {
        rules_knowledge_retain(knowledge);
        return knowledge;
    }
    assert_true(count <= PACKS_MAX);
    for (size_t i = 0; i < count; i++)
        packs[i] = json_object_get_string(json_object_array_get_idx(list, i));
    assert_ok(snapshot_from_packs("rules/knowledge", packs, count, &with_packs, &err), &err);
    return with_packs;
}

static void run_scenario(void **state)
{
    const char *path = *state;
    struct json_object *scenario = json_object_from_file(path);
    struct json_object *answer;
    struct replay replay;
    struct buf first, second;
    struct err err = {0};
    uint32_t status;

    struct rules_knowledge *k;

    assert_non_null(scenario);
    k = knowledge_of(scenario);
    buf_init(&first, ANSWER_MAX);
    buf_init(&second, ANSWER_MAX);
    assert_ok(replay_load(&replay, path, &err), &err);
    status = replay_run(&replay, k, &first);
    answer = json_tokener_parse(first.bytes);
    assert_non_null(answer);
    compare_answer(member(scenario, "expect"), status, answer);
    check_audit(member(scenario, "expect"), scenario, &replay.call);
    replay_release(&replay);

    assert_ok(replay_load(&replay, path, &err), &err);
    (void)replay_run(&replay, k, &second);
    assert_true(slice_eq(buf_slice(&first), buf_slice(&second)));
    replay_release(&replay);

    rules_knowledge_release(k);
    json_object_put(answer);
    json_object_put(scenario);
    buf_release(&first);
    buf_release(&second);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct CMUnitTest *)a)->name, ((const struct CMUnitTest *)b)->name);
}

int main(void)
{
    static struct CMUnitTest tests[SCENARIOS_MAX];
    size_t count = 0;
    DIR *folder = opendir(SCENARIOS);
    int failed;

    for (struct dirent *e; folder != NULL && (e = readdir(folder)) != NULL;) {
        char path[512];

        if (!slice_ends(slice_of(e->d_name), SLICE(".json")) || count == SCENARIOS_MAX)
            continue;
        (void)snprintf(path, sizeof path, SCENARIOS "/%s", e->d_name);
        tests[count].name = strdup(path);
        tests[count].test_func = run_scenario;
        tests[count].initial_state = (void *)(uintptr_t)tests[count].name;
        count++;
    }
    if (folder != NULL)
        (void)closedir(folder);
    if (count == 0) {
        (void)fprintf(stderr, "no scenarios in %s\n", SCENARIOS);
        return 1;
    }
    qsort(tests, count, sizeof tests[0], by_name);
    failed = _cmocka_run_group_tests("scenario", tests, count, load_knowledge, drop_knowledge);
    for (size_t i = 0; i < count; i++)
        free((void *)(uintptr_t)tests[i].name);
    return failed;
}
