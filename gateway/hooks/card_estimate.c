/* gateway/hooks/card_estimate.c -- the card that shows an estimated start dose.
 *
 * A card of its own beside any advice: a range to be weighed, with nothing to click.
 */
#include "gateway/hooks/card.h"

#include <assert.h>

#include "fhir/json_write.h"
#include "gateway/hooks/card_warfarin.h"
#include "gateway/store/digest.h"

static void write_summary(struct hook_call *call, const struct hook_estimate *e,
                          struct buf *text)
{
    struct buf *whole = &call->aside;

    buf_clear(whole);
    card_drug_write(whole, e->drug_order->drug->name);
    buf_add_text(whole, ": ");
    card_warfarin_verdict(&e->estimate, whole);
    card_summary_fit(buf_slice(whole), text);
}

static void write_detail(const struct hook_call *call, const struct hook_estimate *e,
                         struct buf *text)
{
    const struct rules_release *rows = rules_knowledge_rows(call->knowledge);

    card_warfarin_write(call->knowledge, &e->input, &e->estimate, text);
    card_heading(text, "Why you see this");
    buf_join(text, SLICE("The order starts "), e->drug_order->drug->name,
             SLICE(", and the genotypes that the estimate needs are on file; knowledge "),
             rows->name, SLICE(" "), rows->version,
             SLICE(". Decision support for professionals: check it against the patient in "
                   "front of you.\n"));
}

static void write_extension(const struct hook_call *call, const struct hook_estimate *e,
                            struct json_writer *w)
{
    json_write_name(w, "extension");
    json_write_object(w);
    json_write_name(w, CARD_EXTENSION);
    json_write_object(w);
    json_write_member_text(w, "order", e->drug_order->order->name);
    json_write_member_text(w, "drug", e->drug_order->drug->name);
    json_write_member_text(w, "estimate", SLICE("start-dose"));
    json_write_member_text(w, "release", rules_knowledge_hash(call->knowledge));
    json_write_object_end(w);
    json_write_object_end(w);
}

void card_estimate_write(struct hook_call *call, const struct hook_estimate *e,
                         struct json_writer *w)
{
    const struct rules_source *source = rules_warfarin_source(call->knowledge, SLICE("cpic"));
    char uuid[CARD_UUID_CHARS + 1];
    struct buf *text = &call->text;

    assert(source != NULL); /* the snapshot has the whole algorithm or none */
    buf_clear(text);
    write_detail(call, e, text);
    buf_clear(&call->aside);
    buf_join(&call->aside, rules_knowledge_hash(call->knowledge), SLICE("\nestimate\n"),
             call->request.patient_id, SLICE("\n"), e->drug_order->order->name, SLICE("\n"),
             buf_slice(text));
    digest_uuid(buf_slice(&call->aside), uuid);
    json_write_object(w);
    json_write_member_text(w, "uuid", slice_of(uuid));
    json_write_member_text(w, "detail", buf_slice(text));
    buf_clear(text);
    write_summary(call, e, text);
    json_write_member_text(w, "summary", buf_slice(text));
    json_write_member_text(w, "indicator", slice_of(rules_alert_name(RULES_ALERT_INFO)));
    card_source_write(
        call, source,
        arena_printf(&call->arena, "estimate-%.*s", SLICE_ARG(e->drug_order->drug->name)), w);
    card_override_reasons_write(w);
    write_extension(call, e, w);
    json_write_object_end(w);
    if (buf_failed(text) || buf_failed(&call->aside))
        w->buf->has_failed = true;
}
