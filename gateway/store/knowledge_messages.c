/* gateway/store/knowledge_messages.c -- messages/<locale>/<drug>.json and tests/<drug>.json. */
#include "gateway/store/knowledge_reader.h"
#include "gateway/store/text.h"

/* "<Drug>: <gene> <phenotype> - <verdict>" must stay below the 140 characters that CDS Hooks
 * gives a card's summary (2.0.1, "Card Attributes"). */
#define VERDICT_CHARS_MAX 70

static const struct knowledge_member MESSAGES[] = {
    {"messages", KNOWLEDGE_ARRAY, KNOWLEDGE_REQUIRED, 0, NULL},
};

static const struct knowledge_member MESSAGE[] = {
    {"id", KNOWLEDGE_ID, KNOWLEDGE_REQUIRED, offsetof(struct rules_message, id), NULL},
    {"verdict", KNOWLEDGE_TEXT, KNOWLEDGE_OPTIONAL, offsetof(struct rules_message, verdict),
     NULL},
    {"meaning", KNOWLEDGE_TEXT, KNOWLEDGE_OPTIONAL, offsetof(struct rules_message, meaning),
     NULL},
    {"options", KNOWLEDGE_ARRAY, KNOWLEDGE_OPTIONAL, 0, NULL},
};

static const struct knowledge_member TESTS[] = {
    {"tests", KNOWLEDGE_ARRAY, KNOWLEDGE_REQUIRED, 0, NULL},
};

static const struct knowledge_member TEST[] = {
    {"name", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct rules_test, name), NULL},
    {"drug", KNOWLEDGE_TEXT, KNOWLEDGE_REQUIRED, offsetof(struct rules_test, drug), NULL},
    {"population", KNOWLEDGE_TEXT, KNOWLEDGE_OPTIONAL, offsetof(struct rules_test, population),
     NULL},
    {"genes", KNOWLEDGE_OBJECT, KNOWLEDGE_REQUIRED, 0, NULL},
    {"alert", KNOWLEDGE_NAME, KNOWLEDGE_REQUIRED, offsetof(struct rules_test, alert),
     &NAMES_alert},
    {"recommendations", KNOWLEDGE_ARRAY, KNOWLEDGE_REQUIRED, 0, NULL},
};

/* Words that are collected from an array into one text. */
struct joined {
    struct slice text;
    struct slice last;
    char separator;
    bool is_sorted; /* each must come after the one before it */
};

static void add_joined(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    struct joined *joined = owner;
    struct slice next =
        knowledge_text(r, element, joined->is_sorted ? KNOWLEDGE_ID : KNOWLEDGE_TEXT);

    if (r->has_failed)
        return;
    if (joined->is_sorted && joined->last.len > 0 && slice_compare(joined->last, next) >= 0) {
        knowledge_fail(r, ERR_INVALID, "must come after the one before it, in order of bytes");
        return;
    }
    joined->last = next;
    if (joined->text.len == 0)
        joined->text = next;
    else
        joined->text = arena_printf(&r->release->arena, "%.*s%c%.*s", SLICE_ARG(joined->text),
                                    joined->separator, SLICE_ARG(next));
    if (r->release->arena.has_failed)
        knowledge_fail(r, ERR_NOMEM, "the release is too large");
}

static void read_message(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    const struct slice *locale = owner;
    struct rules_message *row = knowledge_row(r, rules_add_message(r->release));
    struct joined options = {.separator = '\n'};

    if (row == NULL)
        return;
    row->locale = *locale;
    knowledge_read_object(r, element, MESSAGE, ARRAY_LEN(MESSAGE), row);
    knowledge_each(r, element, "options", add_joined, &options);
    row->options = options.text;
    if (r->has_failed)
        return;
    if (row->verdict.len == 0 && row->meaning.len == 0)
        knowledge_fail(r, ERR_INVALID, "needs a verdict or a meaning");
    if (text_chars(row->verdict) > VERDICT_CHARS_MAX) {
        (void)knowledge_enter(r, "verdict");
        knowledge_fail(r, ERR_LIMIT, "has %zu characters, at most %d fit a card's summary",
                       text_chars(row->verdict), VERDICT_CHARS_MAX);
    }
}

void knowledge_read_messages(struct knowledge_reader *r, struct json_object *root,
                             struct slice locale)
{
    knowledge_read_object(r, root, MESSAGES, ARRAY_LEN(MESSAGES), NULL);
    knowledge_each(r, root, "messages", read_message, &locale);
}

static void read_test_gene(struct knowledge_reader *r, struct slice key,
                           struct json_object *value, void *owner)
{
    const struct slice *test = owner;
    struct rules_test_gene *row = knowledge_row(r, rules_add_test_gene(r->release));

    if (row == NULL)
        return;
    row->test = *test;
    row->gene = key;
    row->result = knowledge_text(r, value, KNOWLEDGE_TEXT);
}

static void read_test(struct knowledge_reader *r, struct json_object *element, void *owner)
{
    struct rules_test *row = knowledge_row(r, rules_add_test(r->release));
    struct joined recommendations = {.separator = ' ', .is_sorted = true};
    struct slice name;

    (void)owner;
    if (row == NULL)
        return;
    knowledge_read_object(r, element, TEST, ARRAY_LEN(TEST), row);
    knowledge_each(r, element, "recommendations", add_joined, &recommendations);
    row->recommendations = recommendations.text;
    name = row->name;
    knowledge_each_member(r, element, "genes", read_test_gene, &name);
}

void knowledge_read_tests(struct knowledge_reader *r, struct json_object *root)
{
    knowledge_read_object(r, root, TESTS, ARRAY_LEN(TESTS), NULL);
    knowledge_each(r, root, "tests", read_test, NULL);
}
