/* gateway/hooks/card_pretest.c -- the card that suggests a test before a first order.
 *
 * It stands beside the advice, never in it: it says that there is no result, what a result
 * would decide, and offers to order the test.
 */
#include "gateway/hooks/card.h"

#include <assert.h>

#include "fhir/json_write.h"
#include "gateway/store/digest.h"

#define TESTS_OFFERED_MAX 3

static const struct rules_message *message_of(const struct hook_call *call,
                                              const struct hook_pretest *p)
{
    const struct rules_message *message =
        rules_find_message(call->knowledge, p->row->message, call->options->locale);

    assert(message != NULL); /* checked when the snapshot was built */
    return message;
}

/* "Clopidogrel: no CYP2C19 result on file; consider testing" */
static void write_summary(struct hook_call *call, const struct hook_pretest *p,
                          struct buf *text)
{
    struct buf *whole = &call->aside;

    buf_clear(whole);
    card_drug_write(whole, p->row->drug);
    buf_join(whole, SLICE(": "), message_of(call, p)->verdict);
    card_summary_fit(buf_slice(whole), text);
}

static void write_options(struct slice options, struct buf *buf)
{
    while (options.len > 0) {
        buf_add_text(buf, "- ");
        card_words(buf, slice_cut(options, '\n', &options));
        buf_add_char(buf, '\n');
    }
}

static void write_source_line(const struct rules_source *s, struct buf *buf)
{
    struct slice pmids = s->pmids;

    buf_add_text(buf, "- ");
    card_words(buf, s->publisher);
    buf_add_text(buf, ", ");
    card_words(buf, s->title);
    buf_join(buf, SLICE(" ("), s->year, SLICE(")"));
    for (struct slice before = SLICE(", PMID "); pmids.len > 0; before = SLICE(", "))
        buf_join(buf, before, slice_cut(pmids, ' ', &pmids));
    buf_add_char(buf, '\n');
}

static void write_detail(const struct hook_call *call, const struct hook_pretest *p,
                         struct buf *buf)
{
    const struct rules_release *rows = rules_knowledge_rows(call->knowledge);
    const struct rules_source *source = rules_find_source(call->knowledge, p->row->source);
    const struct rules_message *message = message_of(call, p);

    card_heading(buf, "What was found");
    buf_join(buf, SLICE("- "), p->gene->symbol,
             SLICE(": no result on file, no test of it ordered or under way.\n- "));
    card_drug_write(buf, p->row->drug);
    buf_add_text(buf, ": not in the medication list.\n");
    if (message->meaning.len > 0) {
        card_heading(buf, "What it means");
        card_words(buf, message->meaning);
        buf_add_char(buf, '\n');
    }
    if (message->options.len > 0) {
        card_heading(buf, "Options");
        write_options(message->options, buf);
    }
    if (source != NULL) {
        card_heading(buf, "Source");
        write_source_line(source, buf);
    }
    card_heading(buf, "Why you see this");
    buf_join(buf, SLICE("The order is the first for "), p->row->drug,
             SLICE(", and this site asks for a suggestion to test first; knowledge "),
             rows->name, SLICE(" "), rows->version,
             SLICE(". Decision support for professionals: check it against the patient in "
                   "front of you.\n"));
}

/* The patient's reference as the order writes it: subject, DSTU2 patient. */
static void write_subject(struct hook_call *call, const struct hook_pretest *p,
                          struct json_writer *w)
{
    struct json subject = json_get(p->drug_order->order->resource->json, "subject");
    struct buf *text = &call->aside;

    json_write_name(w, "subject");
    if (json_is(subject, JSON_OBJECT) && !json_is_absent(json_get(subject, "reference"))) {
        json_write_raw(w, json_raw(subject));
        return;
    }
    buf_clear(text);
    buf_join(text, SLICE("Patient/"), call->request.patient_id);
    json_write_object(w);
    json_write_member_text(w, "reference", buf_slice(text));
    json_write_object_end(w);
}

static void write_code(const struct rules_gene_test *test, bool is_r5, struct json_writer *w)
{
    json_write_name(w, "code");
    json_write_object(w);
    if (is_r5) {
        json_write_name(w, "concept");
        json_write_object(w);
    }
    json_write_name(w, "coding");
    json_write_array(w);
    json_write_object(w);
    json_write_member_text(w, "system", test->system);
    json_write_member_text(w, "code", test->code);
    json_write_member_text(w, "display", test->display);
    json_write_object_end(w);
    json_write_array_end(w);
    json_write_member_text(w, "text", test->display);
    if (is_r5)
        json_write_object_end(w);
    json_write_object_end(w);
}

/* A draft of the order; the client gives it an id and the clinician signs it. */
static void write_request(struct hook_call *call, const struct hook_pretest *p,
                          const struct rules_gene_test *test, struct json_writer *w)
{
    struct json order = p->drug_order->order->resource->json;

    json_write_name(w, "resource");
    json_write_object(w);
    json_write_member_text(w, "resourceType", SLICE("ServiceRequest"));
    json_write_member_text(w, "status", SLICE("draft"));
    json_write_member_text(w, "intent", SLICE("order"));
    write_code(test, !json_is_absent(json_get(order, "medication")), w);
    write_subject(call, p, w);
    json_write_object_end(w);
}

/* Its identity is the card's, with the number in the last digit. */
static void write_suggestion(struct hook_call *call, const struct hook_pretest *p,
                             const struct rules_gene_test *test, const char *card_uuid,
                             size_t number, struct json_writer *w)
{
    struct buf *text = &call->text;
    char uuid[CARD_UUID_CHARS + 1];

    memcpy(uuid, card_uuid, sizeof uuid);
    uuid[CARD_UUID_CHARS - 1] = "0123456789abcdef"[number];
    uuid[CARD_UUID_CHARS - 2] = uuid[CARD_UUID_CHARS - 2] == '5' ? '6' : '5';
    buf_clear(text);
    buf_join(text, SLICE("Order a test: "), test->display);
    json_write_object(w);
    json_write_member_text(w, "label", buf_slice(text));
    json_write_member_text(w, "uuid", slice_of(uuid));
    json_write_name(w, "actions");
    json_write_array(w);
    json_write_object(w);
    json_write_member_text(w, "type", SLICE("create"));
    json_write_member_text(w, "description", buf_slice(text));
    write_request(call, p, test, w);
    json_write_object_end(w);
    json_write_array_end(w);
    json_write_object_end(w);
}

static void write_suggestions(struct hook_call *call, const struct hook_pretest *p,
                              const char *card_uuid, struct json_writer *w)
{
    const struct rules_release *rows = rules_knowledge_rows(call->knowledge);
    size_t count = 0;

    /* There is no ServiceRequest in DSTU2. A test is always listed: the snapshot checks it. */
    if (slice_eq_text(p->drug_order->order->resource->type, "MedicationOrder"))
        return;
    json_write_name(w, "suggestions");
    json_write_array(w);
    for (size_t i = 0; i < rows->gene_tests_count && count < TESTS_OFFERED_MAX; i++)
        if (slice_eq(rows->gene_tests[i].gene, p->gene->symbol))
            write_suggestion(call, p, &rows->gene_tests[i], card_uuid, count++, w);
    json_write_array_end(w);
    json_write_member_text(w, "selectionBehavior", SLICE("at-most-one"));
}

static void write_extension(const struct hook_call *call, const struct hook_pretest *p,
                            struct json_writer *w)
{
    json_write_name(w, "extension");
    json_write_object(w);
    json_write_name(w, CARD_EXTENSION);
    json_write_object(w);
    json_write_member_text(w, "order", p->drug_order->order->name);
    json_write_member_text(w, "drug", p->row->drug);
    json_write_member_text(w, "pretest", p->gene->symbol);
    json_write_member_text(w, "release", rules_knowledge_hash(call->knowledge));
    json_write_object_end(w);
    json_write_object_end(w);
}

void card_pretest_write(struct hook_call *call, const struct hook_pretest *p,
                        struct json_writer *w)
{
    const struct rules_source *source = rules_find_source(call->knowledge, p->row->source);
    char uuid[CARD_UUID_CHARS + 1];
    struct slice topic;

    assert(source != NULL);
    buf_clear(&call->aside);
    buf_join(&call->aside, rules_knowledge_hash(call->knowledge), SLICE("\npretest\n"),
             call->request.patient_id, SLICE("\n"), p->drug_order->order->name, SLICE("\n"),
             p->row->drug, SLICE("\n"), p->gene->symbol);
    digest_uuid(buf_slice(&call->aside), uuid);
    topic = arena_printf(&call->arena, "pretest-%.*s-%.*s", SLICE_ARG(p->row->drug),
                         SLICE_ARG(p->gene->symbol));
    json_write_object(w);
    json_write_member_text(w, "uuid", slice_of(uuid));
    buf_clear(&call->text);
    write_summary(call, p, &call->text);
    json_write_member_text(w, "summary", buf_slice(&call->text));
    buf_clear(&call->text);
    write_detail(call, p, &call->text);
    json_write_member_text(w, "detail", buf_slice(&call->text));
    json_write_member_text(w, "indicator", slice_of(rules_alert_name(RULES_ALERT_INFO)));
    card_source_write(call, source, topic, w);
    write_suggestions(call, p, uuid, w);
    card_override_reasons_write(w);
    write_extension(call, p, w);
    json_write_object_end(w);
    if (buf_failed(&call->text) || buf_failed(&call->aside))
        w->buf->has_failed = true;
}
