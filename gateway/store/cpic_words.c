/* gateway/store/cpic_words.c -- words around a publisher's own words: class, verdict, alert.
 *
 * Texts of CPIC and DPWG are long; a card's summary has room for 70 characters. So the verdict
 * is a short phrase of this project over the three flags, and the text itself follows in the
 * card. How loud a recommendation is does not stand in CPIC's rows either:
 *
 *   classification       other drug   other drug or dose   dose      other guidance   no flag
 *   Strong               warning *    warning              warning   info             none
 *   Moderate             warning      warning              info      info             none
 *   Optional             info         info                 info      info             none
 *   N/A (DPWG)           warning      warning              warning   info             none
 *   No recommendation    none         none                 none      none             none
 *
 *   * critical, when the text says in plain words that the drug is not to be used (NOT_TO_USE)
 *
 * and the priority that CPIC gives the results ("EHR priority") decides about silence: when all
 * results that a row is for have normal priority, CPIC's workflow raises no alert; then the
 * level is none, but info for a strong recommendation of another drug or dose.
 */
#include "gateway/store/cpic_private.h"

#define TEXT_BYTES_MAX ((size_t)64 * 1024)

enum rules_classification cpic_classification(struct slice written)
{
    enum rules_classification ret = RULES_NOT_GIVEN;

    /* "n/a", "Unspecified" and nothing are no class. */
    (void)rules_classification_from_name(written, &ret);
    return ret;
}

struct slice cpic_year_of(struct slice date)
{
    uint32_t year;

    return slice_to_u32(slice_head(date, 4), 9999, &year) ? slice_head(date, 4) : date;
}

bool cpic_is_advice_text(struct slice text)
{
    static const char *const SAYS_NOTHING[] = {"does not provide a recommendation",
                                               "no recommendation"};

    text = slice_trim(text);
    if (text.len == 0 || slice_eq_nocase(text, SLICE("n/a")))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(SAYS_NOTHING); i++) {
        size_t at = slice_find_nocase(text, slice_of(SAYS_NOTHING[i]));

        if (at == 0 || (i == 0 && at != SIZE_MAX))
            return false;
    }
    return true;
}

static bool says_not_to_use(struct slice text)
{
    static const char *const NOT_TO_USE[] = {
        "avoid",           "contraindicated",    "do not use",
        "not recommended", "should not be used", "contra-indicated"};

    for (size_t i = 0; i < ARRAY_LEN(NOT_TO_USE); i++)
        if (slice_find_nocase(text, slice_of(NOT_TO_USE[i])) != SIZE_MAX)
            return true;
    return false;
}

static enum rules_alert alert_by_flags(const struct cpic_recommendation *row)
{
    enum rules_classification classification = cpic_classification(row->classification);
    bool is_only_other = !row->has_alternative && !row->has_dose;

    if (classification == RULES_NO_RECOMMENDATION || (is_only_other && !row->has_other))
        return RULES_ALERT_NONE;
    if (classification == RULES_OPTIONAL || is_only_other)
        return RULES_ALERT_INFO;
    if (classification == RULES_MODERATE)
        return row->has_alternative ? RULES_ALERT_WARNING : RULES_ALERT_INFO;
    if (classification == RULES_STRONG && !row->has_dose && says_not_to_use(row->text))
        return RULES_ALERT_CRITICAL;
    return RULES_ALERT_WARNING;
}

enum rules_alert cpic_alert_of(const struct cpic_recommendation *row, bool is_priority)
{
    enum rules_alert alert = alert_by_flags(row);

    if (is_priority || alert == RULES_ALERT_NONE)
        return alert;
    return cpic_classification(row->classification) == RULES_STRONG &&
                   (row->has_alternative || row->has_dose)
               ? RULES_ALERT_INFO
               : RULES_ALERT_NONE;
}

struct slice cpic_verdict(const struct cpic_recommendation *row)
{
    static const char *const ADVISED[] = {
        "usual use",
        "see the guidance",
        "another dose is advised",
        "another dose is advised; see the guidance",
        "another drug is advised",
        "another drug is advised; see the guidance",
        "another drug or another dose is advised",
        "another drug or another dose is advised; see the guidance",
    };
    static const char *const OPTIONAL[] = {
        "usual use",
        "guidance that may be considered",
        "another dose may be considered",
        "another dose may be considered; see the guidance",
        "another drug may be considered",
        "another drug may be considered; see the guidance",
        "another drug or another dose may be considered",
        "another drug or another dose may be considered; see the guidance",
    };
    enum rules_classification classification = cpic_classification(row->classification);
    unsigned flags = (row->has_alternative ? 4U : 0U) | (row->has_dose ? 2U : 0U) |
                     (row->has_other ? 1U : 0U);

    if (flags == 0 &&
        (classification == RULES_NO_RECOMMENDATION || !cpic_is_advice_text(row->text)))
        return SLICE("no recommendation");
    return slice_of((classification == RULES_OPTIONAL ? OPTIONAL : ADVISED)[flags]);
}

/* --- messages ------------------------------------------------------------------------------
 */

/* Without the sign or number in front of a list's item. */
static struct slice without_bullet(struct slice line)
{
    line = slice_trim(line);
    if (slice_eq_text(line, "-"))
        return SLICE_NONE;
    return slice_starts(line, SLICE("- ")) ? slice_trim(slice_from(line, 2)) : line;
}

static void add_lines(struct buf *buf, struct slice text, char separator)
{
    if (slice_eq_nocase(slice_trim(text), SLICE("n/a")))
        return;
    while (text.len > 0) {
        struct slice line = without_bullet(slice_cut(text, '\n', &text));

        if (line.len == 0)
            continue;
        if (buf->len > 0)
            buf_add_char(buf, separator);
        buf_add(buf, line);
    }
}

static void add_implications(struct buf *buf, const struct cpic_recommendation *row)
{
    for (size_t i = 0; i < row->implications_count; i++) {
        const struct cpic_implication *m = &row->implications[i];

        if (slice_trim(m->text).len == 0 || slice_eq_nocase(m->text, SLICE("n/a")))
            continue;
        if (row->implications_count > 1 && m->gene.len > 0)
            buf_printf(buf, "%s%.*s:", buf->len > 0 ? " " : "", SLICE_ARG(m->gene));
        add_lines(buf, m->text, ' ');
    }
}

enum err_code cpic_add_message(struct cpic_import *a, struct slice id,
                               const struct cpic_recommendation *row)
{
    struct rules_message *message = rules_add_message(a->release);
    struct buf meaning, options;
    bool has_failed;

    if (message == NULL)
        return CPIC_NO_MEMORY(a);
    buf_init(&meaning, TEXT_BYTES_MAX);
    buf_init(&options, TEXT_BYTES_MAX);
    add_implications(&meaning, row);
    if (meaning.len == 0)
        add_lines(&meaning, row->text, ' ');
    else
        add_lines(&options, row->text, '\n');
    add_lines(&options, row->comments, '\n');
    *message = (struct rules_message){
        .id = id,
        .locale = SLICE("en"),
        .verdict = cpic_verdict(row),
        .meaning = CPIC_COPY(a, buf_slice(&meaning)),
        .options = CPIC_COPY(a, buf_slice(&options)),
    };
    has_failed = buf_failed(&meaning) || buf_failed(&options) || a->release->arena.has_failed;
    buf_release(&meaning);
    buf_release(&options);
    return has_failed ? CPIC_NO_MEMORY(a) : ERR_OK;
}
