/* rules/advice_text.c -- columns and wording of a recommendation as fields. */
#include "rules/advice_text.h"

#include <assert.h>

#include "rules/base/buf.h"
#include "rules/knowledge_private.h"

#define TEXT_BYTES_MAX ((size_t)1024 * 1024)

/* Columns that say who the advice is for or how it is named, and those that are fields of their
 * own below. */
static const char *const NOT_FIELDS[] = {
    "id", "drug", "source", "population", "message", "age_from_years", "age_below_years", "sex",
};
static const char *const NOT_OF_ACTIONS[] = {
    "recommendation", "kind", "drug", "percent_from", "percent_to", "amount_x100", "unit",
};

/* How columns are called for people; others go by their own name. */
static const struct {
    const char *column, *name;
} NAMES[] = {
    {"has_alternative", "other drug available"},
    {"has_dose", "dosing information"},
    {"has_other", "other guidance"},
};

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static const char *name_of(const char *column)
{
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        if (strcmp(column, NAMES[i].column) == 0)
            return NAMES[i].name;
    return column;
}

/* --- pieces --------------------------------------------------------------------------------
 */

static void write_x100(struct buf *buf, uint32_t x100)
{
    buf_printf(buf, "%u", x100 / 100);
    if (x100 % 100 != 0)
        buf_printf(buf, x100 % 10 == 0 ? ".%u" : ".%02u",
                   x100 % 10 == 0 ? x100 % 100 / 10 : x100 % 100);
}

/* Columns that a later release of this program may add: shown when they say something. */
static void write_other_columns(const struct rules_action *action, struct buf *buf)
{
    struct buf text;

    buf_init(&text, TEXT_BYTES_MAX);
    for (size_t c = 0; c < rules_action_columns(); c++) {
        const char *name = rules_action_column_name(c);

        if (is_among(name, NOT_OF_ACTIONS, ARRAY_LEN(NOT_OF_ACTIONS)))
            continue;
        buf_clear(&text);
        rules_action_column_write(action, c, &text);
        if (text.len > 0 && !slice_eq_text(buf_slice(&text), "no") &&
            !slice_eq_text(buf_slice(&text), "0") &&
            !slice_eq_text(buf_slice(&text), "no limit"))
            buf_join(buf, SLICE(", "), slice_of(name), SLICE(" "), buf_slice(&text));
    }
    buf_release(&text);
}

void rules_actions_write(const struct rules_knowledge *k, const struct rules_recommendation *r,
                         struct buf *buf)
{
    const struct rules_action *actions;
    size_t count = rules_actions_of(k, r, &actions);

    for (size_t i = 0; i < count; i++) {
        const struct rules_action *a = &actions[i];

        buf_join(buf, i > 0 ? SLICE("; ") : SLICE_NONE,
                 slice_of(rules_action_kind_name(a->kind)),
                 a->drug.len > 0 ? SLICE(" ") : SLICE_NONE, a->drug);
        if (a->percent_to > 0 && a->percent_from == a->percent_to)
            buf_printf(buf, " by %u %%", a->percent_to);
        else if (a->percent_to > 0)
            buf_printf(buf, " by %u-%u %%", a->percent_from, a->percent_to);
        if (a->amount_x100 > 0) {
            buf_add_text(buf, " to ");
            write_x100(buf, a->amount_x100);
            buf_join(buf, SLICE(" "), a->unit);
        }
        write_other_columns(a, buf);
    }
}

void rules_source_write(const struct rules_source *source, struct buf *buf)
{
    buf_join(buf, source->publisher, SLICE(" "), source->version, SLICE(", "), source->url);
    if (source->pmids.len > 0)
        buf_join(buf, SLICE(", PMID "), source->pmids);
}

void rules_patients_write(const struct rules_recommendation *r, struct buf *buf)
{
    if (r->sex != RULES_SEX_ANY)
        buf_printf(buf, "%s%s", rules_sex_name(r->sex),
                   r->age_from_years > 0 || r->age_below_years != RULES_AGE_NO_MAX ? ", " : "");
    if (r->age_below_years != RULES_AGE_NO_MAX)
        buf_printf(buf, "%u to below %u years", r->age_from_years, r->age_below_years);
    else if (r->age_from_years > 0)
        buf_printf(buf, "from %u years", r->age_from_years);
}

/* --- wording -------------------------------------------------------------------------------
 */

static void write_verdict(const struct rules_message *m, struct buf *buf)
{
    buf_add(buf, m->verdict);
}

static void write_meaning(const struct rules_message *m, struct buf *buf)
{
    buf_add(buf, m->meaning);
}

static void write_options(const struct rules_message *m, struct buf *buf)
{
    struct slice rest = m->options;

    for (size_t i = 0; rest.len > 0; i++) {
        buf_add(buf, i > 0 ? SLICE(" / ") : SLICE_NONE);
        buf_add(buf, slice_cut(rest, '\n', &rest));
    }
}

static const struct {
    const char *name;
    void (*write)(const struct rules_message *m, struct buf *buf);
} MESSAGE_FIELDS[] = {
    {"verdict", write_verdict},
    {"meaning", write_meaning},
    {"options", write_options},
};

static void write_message(const struct rules_message *m, struct buf *buf)
{
    for (size_t i = 0; i < ARRAY_LEN(MESSAGE_FIELDS); i++) {
        buf_add(buf, i > 0 ? SLICE(" | ") : SLICE_NONE);
        MESSAGE_FIELDS[i].write(m, buf);
    }
}

static void write_implications(const struct rules_knowledge *k,
                               const struct rules_recommendation *r, struct buf *buf)
{
    const struct rules_implication *implications;
    size_t count = rules_implications_of(k, r, &implications);

    for (size_t i = 0; i < count; i++) {
        const struct rules_message *m =
            rules_find_message(k, implications[i].message, SLICE("en"));

        buf_join(buf, i > 0 ? SLICE(" / ") : SLICE_NONE, implications[i].gene, SLICE(": "));
        if (m != NULL)
            write_meaning(m, buf);
    }
}

/* Every language but English of one message. */
static void write_others_of(const struct rules_knowledge *k, struct slice id, struct buf *buf)
{
    uint32_t first = rules_index_find(&k->messages, 0, id);

    for (size_t i = first; i < k->rows.messages_count && slice_eq(k->rows.messages[i].id, id);
         i++) {
        if (slice_eq_text(k->rows.messages[i].locale, "en"))
            continue;
        buf_join(buf, buf->len > 0 ? SLICE("; ") : SLICE_NONE, k->rows.messages[i].locale,
                 SLICE(": "));
        write_message(&k->rows.messages[i], buf);
    }
}

static void write_translations(const struct rules_knowledge *k,
                               const struct rules_recommendation *r, struct buf *buf)
{
    const struct rules_implication *implications;
    size_t count = rules_implications_of(k, r, &implications);

    write_others_of(k, r->message, buf);
    for (size_t i = 0; i < count; i++)
        write_others_of(k, implications[i].message, buf);
}

/* --- fields --------------------------------------------------------------------------------
 */

struct writing {
    struct arena *arena;
    struct rules_advice_text *text;
    struct buf buf;
    bool has_failed;
};

static void end_field(struct writing *w, const char *name)
{
    assert(w->text->count < RULES_ADVICE_FIELDS_MAX);
    w->text->fields[w->text->count++] =
        (struct rules_advice_field){name, arena_copy(w->arena, buf_slice(&w->buf))};
    w->has_failed = w->has_failed || buf_failed(&w->buf) || w->arena->has_failed;
    buf_clear(&w->buf);
}

static void write_fields(struct writing *w, const struct rules_knowledge *k,
                         const struct rules_recommendation *r)
{
    const struct rules_message *m = rules_find_message(k, r->message, SLICE("en"));

    for (size_t c = 0; c < rules_recommendation_columns(); c++) {
        const char *name = rules_recommendation_column_name(c);

        if (is_among(name, NOT_FIELDS, ARRAY_LEN(NOT_FIELDS)))
            continue;
        rules_recommendation_column_write(r, c, &w->buf);
        end_field(w, name_of(name));
    }
    rules_actions_write(k, r, &w->buf);
    end_field(w, "actions");
    for (size_t i = 0; i < ARRAY_LEN(MESSAGE_FIELDS); i++) {
        if (m != NULL)
            MESSAGE_FIELDS[i].write(m, &w->buf);
        end_field(w, MESSAGE_FIELDS[i].name);
    }
    write_implications(k, r, &w->buf);
    end_field(w, "implications");
    write_translations(k, r, &w->buf);
    end_field(w, "other languages");
}

enum err_code rules_advice_text(const struct rules_knowledge *k,
                                const struct rules_recommendation *r, struct arena *arena,
                                struct rules_advice_text *ret, struct err *err)
{
    struct writing w = {.arena = arena, .text = ret};

    ret->count = 0;
    buf_init(&w.buf, TEXT_BYTES_MAX);
    write_fields(&w, k, r);
    buf_release(&w.buf);
    return w.has_failed ? err_set(err, ERR_NOMEM, "no memory for the text of advice") : ERR_OK;
}

bool rules_advice_text_same(const struct rules_advice_text *a,
                            const struct rules_advice_text *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!slice_eq(a->fields[i].text, b->fields[i].text))
            return false;
    return true;
}
