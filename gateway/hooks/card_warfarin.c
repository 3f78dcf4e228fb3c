/* gateway/hooks/card_warfarin.c -- a range with all it rests on, so that it can be checked. */
#include "gateway/hooks/card_warfarin.h"

#include "gateway/hooks/card.h"

#define WEEK_DAYS          7
#define INR_FROM_X100      200 /* most algorithms were made for a target INR of 2 to 3 (CPIC) */
#define INR_TO_X100        300
#define BIT(item)          RULES_WARFARIN_BIT(RULES_WARFARIN_##item)
#define HAS(set, item)     (((set)&BIT(item)) != 0)
#define IS_IN(set, number) (((set) >> (number)&1) != 0)

/* --- numbers -------------------------------------------------------------------------------
 */

static void write_x10(struct buf *buf, uint32_t x10)
{
    buf_printf(buf, "%u.%u", x10 / 10, x10 % 10);
}

/* "3.1 to 4.4 mg/d", "3.1 mg/d" */
static void write_dose(struct buf *buf, struct rules_warfarin_dose dose)
{
    write_x10(buf, dose.from_x10);
    if (dose.to_x10 != dose.from_x10) {
        buf_add_text(buf, " to ");
        write_x10(buf, dose.to_x10);
    }
    buf_add_text(buf, " mg/d");
}

static uint32_t per_week(uint32_t x10_per_day)
{
    return (x10_per_day * WEEK_DAYS + 5) / 10;
}

/* "2.5", "64", "175.5" */
static void write_x100(struct buf *buf, uint32_t x100)
{
    buf_printf(buf, "%u", x100 / 100);
    if (x100 % 100 != 0)
        buf_printf(buf, x100 % 10 == 0 ? ".%u" : ".%02u",
                   x100 % 10 == 0 ? x100 % 100 / 10 : x100 % 100);
}

/* --- what was used and what was not --------------------------------------------------------
 */

static const char *unit_of(enum rules_warfarin_item item)
{
    switch (item) {
    case RULES_WARFARIN_AGE:
        return " years";
    case RULES_WARFARIN_HEIGHT:
        return " cm";
    case RULES_WARFARIN_WEIGHT:
        return " kg";
    default:
        return "";
    }
}

static uint32_t quantity_of(const struct rules_warfarin_input *in,
                            enum rules_warfarin_item item)
{
    switch (item) {
    case RULES_WARFARIN_AGE:
        return in->age_years * 100;
    case RULES_WARFARIN_HEIGHT:
        return in->height_x100;
    case RULES_WARFARIN_WEIGHT:
        return in->weight_x100;
    default:
        return in->target_inr_x100;
    }
}

static enum rules_answer answer_of(const struct rules_warfarin_input *in,
                                   enum rules_warfarin_item item)
{
    switch (item) {
    case RULES_WARFARIN_NEW_START: /* "whether it is being taken already" */
        return in->is_new_start == RULES_ANSWER_YES ? RULES_ANSWER_NO : RULES_ANSWER_UNKNOWN;
    case RULES_WARFARIN_AMIODARONE:
        return in->amiodarone;
    case RULES_WARFARIN_INDUCER:
        return in->enzyme_inducer;
    case RULES_WARFARIN_SMOKER:
        return in->smoker;
    case RULES_WARFARIN_DVT_PE:
        return in->dvt_or_pe;
    default:
        return RULES_ANSWER_UNKNOWN;
    }
}

static const char *ancestry_text(enum rules_ancestry ancestry)
{
    switch (ancestry) {
    case RULES_ANCESTRY_EUROPEAN:
        return "European";
    case RULES_ANCESTRY_ASIAN:
        return "Asian";
    case RULES_ANCESTRY_AFRICAN:
        return "African";
    case RULES_ANCESTRY_OTHER:
        return "other or mixed";
    case RULES_ANCESTRY_UNKNOWN:
        break;
    }
    return "unknown";
}

static void write_calls(const struct rules_gene_result *result, bool by_phenotype,
                        struct buf *buf)
{
    for (size_t i = 0; i < result->calls_count; i++) {
        const struct rules_call *call = &result->calls[i];

        if (i > 0)
            buf_add_text(buf, " or ");
        card_escape(buf, by_phenotype ? call->phenotype : call->diplotype);
    }
}

static void write_value(const struct rules_warfarin_input *in, enum rules_warfarin_item item,
                        struct buf *buf)
{
    switch (item) {
    case RULES_WARFARIN_AGE:
    case RULES_WARFARIN_HEIGHT:
    case RULES_WARFARIN_WEIGHT:
    case RULES_WARFARIN_TARGET_INR:
        write_x100(buf, quantity_of(in, item));
        buf_add(buf, slice_of(unit_of(item)));
        return;
    case RULES_WARFARIN_ANCESTRY:
        buf_add(buf, slice_of(ancestry_text(in->ancestry)));
        return;
    case RULES_WARFARIN_CYP2C9:
        write_calls(in->cyp2c9, false, buf);
        return;
    case RULES_WARFARIN_VKORC1:
        write_calls(in->vkorc1, true, buf);
        return;
    case RULES_WARFARIN_CYP4F2:
        write_calls(in->cyp4f2, false, buf);
        return;
    case RULES_WARFARIN_RARE_ALLELES:
        buf_add_text(buf, "tested");
        return;
    case RULES_WARFARIN_RS12777823:
        buf_add(buf, in->rs12777823_a == RULES_ANSWER_YES ? SLICE("carries A")
                                                          : SLICE("does not carry A"));
        return;
    default:
        buf_add(buf, answer_of(in, item) == RULES_ANSWER_YES ? SLICE("yes") : SLICE("no"));
        return;
    }
}

/* Stars of our own words, too, must not become emphasis. */
static void write_item(struct buf *buf, enum rules_warfarin_item item)
{
    card_escape(buf, slice_of(rules_warfarin_item_text(item)));
}

static void write_used(const struct rules_warfarin_input *in,
                       const struct rules_warfarin_estimate *e, struct buf *buf)
{
    card_heading(buf, "What it rests on");
    for (int item = 0; item < RULES_WARFARIN_ITEMS_COUNT; item++) {
        if (!IS_IN(e->used, item))
            continue;
        buf_add_text(buf, "- ");
        write_item(buf, item);
        buf_add_text(buf, ": ");
        write_value(in, item, buf);
        if (IS_IN(e->conflicting, item))
            buf_add_text(buf, " (the results on file do not agree; all are reckoned with)");
        buf_add_char(buf, '\n');
    }
}

/* What was done about an unknown. */
static void write_stand_in(const struct rules_warfarin_estimate *e,
                           enum rules_warfarin_item item, struct buf *buf)
{
    if (item < RULES_WARFARIN_QUANTITIES) {
        const struct rules_warfarin_bounds *bounds = &RULES_WARFARIN_BOUNDS[item];

        if (IS_IN(e->implausible, item))
            buf_add_text(buf, " (the value on file cannot be right)");
        buf_add_text(buf, ": the range holds all from ");
        write_x100(buf, bounds->assumed_from);
        buf_add_text(buf, " to ");
        write_x100(buf, bounds->assumed_to);
        buf_add(buf, slice_of(unit_of(item)));
        return;
    }
    switch (item) {
    case RULES_WARFARIN_NEW_START:
        buf_add_text(buf, ": if it is, this estimate does not apply");
        return;
    case RULES_WARFARIN_ANCESTRY:
        buf_add_text(buf, ": the range holds all; IWPC has a number for this");
        return;
    case RULES_WARFARIN_RARE_ALLELES:
        buf_add_text(buf, ": not known to have been tested; a carrier needs less");
        if (e->is_for_others_only)
            buf_add_text(buf, ". With African ancestry, CPIC advises to dose without genotype");
        return;
    case RULES_WARFARIN_CYP4F2:
    case RULES_WARFARIN_RS12777823:
        buf_add_text(buf, ": the range holds carriers and others");
        return;
    default:
        buf_add_text(buf, ": the range holds yes and no");
        return;
    }
}

static void write_unknown(const struct rules_warfarin_estimate *e, struct buf *buf)
{
    if (e->unknown == 0)
        return;
    card_heading(buf, "What is not known");
    for (int item = 0; item < RULES_WARFARIN_ITEMS_COUNT; item++) {
        if (!IS_IN(e->unknown, item))
            continue;
        buf_add_text(buf, "- ");
        write_item(buf, item);
        write_stand_in(e, item, buf);
        buf_add_char(buf, '\n');
    }
}

/* --- the estimate --------------------------------------------------------------------------
 */

static void write_adjustment(const struct rules_warfarin_adjustment *a, struct buf *buf)
{
    static const char *const WHAT[RULES_WARFARIN_ADJUSTMENTS_MAX] = {
        [RULES_WARFARIN_RARE_CARRIER] = "for a carrier of CYP2C9 \\*5, \\*6, \\*8 or \\*11",
        [RULES_WARFARIN_RARE_HOMOZYGOTE] = "for CYP2C9 \\*5, \\*6, \\*8 or \\*11 twice",
        [RULES_WARFARIN_CYP4F2_T] = "for a carrier of CYP4F2 rs2108622 T (optional)",
        [RULES_WARFARIN_RS12777823_A] =
            "for a carrier of rs12777823 A (shown in African Americans)",
    };
    bool is_less = a->percent_to < 0;

    buf_printf(buf, "- %s: %d to %d %% %s, %s.\n",
               a->is_certain ? "Adjusted as CPIC advises" : "May apply, and is in the range",
               is_less ? -a->percent_to : a->percent_from,
               is_less ? -a->percent_from : a->percent_to, is_less ? "less" : "more",
               WHAT[a->kind]);
}

static void write_other_drug(const struct rules_warfarin_estimate *e, struct buf *buf)
{
    if (e->is_poor_metabolizer == RULES_ANSWER_NO)
        return;
    buf_join(buf,
             e->is_poor_metabolizer == RULES_ANSWER_YES
                 ? SLICE("- **CYP2C9 poor metabolizer")
                 : SLICE("- **Perhaps a CYP2C9 poor "
                         "metabolizer (results disagree)"),
             e->is_sensitive ? SLICE(" with a VKORC1 genotype of increased sensitivity")
                             : SLICE_NONE,
             SLICE(": CPIC says to consider another anticoagulant.**\n"));
}

static void write_estimate(const struct rules_warfarin_input *in,
                           const struct rules_warfarin_estimate *e, struct buf *buf)
{
    card_heading(buf, "Start dose by genotype: an estimate");
    buf_add_text(buf, "- **");
    write_dose(buf, e->range);
    buf_printf(buf, "** (%u", per_week(e->range.from_x10));
    if (e->range.to_x10 != e->range.from_x10)
        buf_printf(buf, " to %u", per_week(e->range.to_x10));
    buf_add_text(buf, " mg a week): an estimate for the start of therapy, not an order. It "
                      "says nothing once a dose has been found by INR.\n");
    write_other_drug(e, buf);
    buf_add_text(buf, "- Gage 2008: ");
    write_dose(buf, e->gage);
    buf_add_text(buf, "; IWPC 2009: ");
    write_dose(buf, e->iwpc);
    buf_add(buf, e->adjustments_count > 0 ? SLICE(", before the adjustments below.\n")
                                          : SLICE(".\n"));
    for (size_t i = 0; i < e->adjustments_count; i++)
        write_adjustment(&e->adjustments[i], buf);
    if (HAS(e->used, TARGET_INR) &&
        (in->target_inr_x100 < INR_FROM_X100 || in->target_inr_x100 > INR_TO_X100))
        buf_add_text(buf, "- Most algorithms were made for a target INR of 2 to 3; this "
                          "patient's is another, and only Gage's takes it in.\n");
    write_used(in, e, buf);
    write_unknown(e, buf);
}

/* --- no estimate ---------------------------------------------------------------------------
 */

static void write_missing_genes(const struct rules_warfarin_estimate *e, struct buf *buf)
{
    bool has_both = HAS(e->unknown, CYP2C9) && HAS(e->unknown, VKORC1);

    buf_join(buf, SLICE("- There is no usable genotype of "),
             HAS(e->unknown, CYP2C9) ? SLICE("CYP2C9") : SLICE_NONE,
             has_both ? SLICE(" and ") : SLICE_NONE,
             HAS(e->unknown, VKORC1) ? SLICE("VKORC1") : SLICE_NONE,
             SLICE("; CPIC's algorithms need both. Dose clinically.\n"));
}

static void write_reason(const struct rules_warfarin_estimate *e, struct buf *buf)
{
    card_heading(buf, "No start dose by genotype");
    switch (e->outcome) {
    case RULES_WARFARIN_OUTCOME_ESTIMATE:
    case RULES_WARFARIN_OUTCOME_SILENCE:
        return;
    case RULES_WARFARIN_OUTCOME_NO_GENOTYPE:
        write_missing_genes(e, buf);
        return;
    case RULES_WARFARIN_OUTCOME_ALLELE_NOT_COVERED:
        buf_add_text(buf, "- CYP2C9 has an allele that the algorithms have no number for. It "
                          "is not taken for a normal one. Dose clinically.\n");
        return;
    case RULES_WARFARIN_OUTCOME_AGE_UNKNOWN:
        buf_add_text(buf, "- The age is not known, and these algorithms are for adults.\n");
        return;
    case RULES_WARFARIN_OUTCOME_CHILD_EUROPEAN:
        buf_add_text(buf, "- For a child of European ancestry CPIC advises an algorithm that "
                          "was made for children. This service holds none; those of Gage and "
                          "IWPC are for adults.\n");
        return;
    case RULES_WARFARIN_OUTCOME_CHILD:
        buf_add_text(buf, "- For a child CPIC advises dosing by genotype with European "
                          "ancestry only. Dose clinically.\n");
        return;
    case RULES_WARFARIN_OUTCOME_RARE_NOT_TESTED:
        buf_add_text(buf,
                     "- With African ancestry CPIC advises to use the genotype only "
                     "when CYP2C9 \\*5, \\*6, \\*8 and \\*11 were tested, and they are not "
                     "known to be. Dose clinically.\n");
        return;
    }
}

/* --- the whole -----------------------------------------------------------------------------
 */

static void write_sources(const struct rules_knowledge *k,
                          const struct rules_warfarin_estimate *e, struct buf *buf)
{
    static const char *const MODELS[] = {"cpic", "gage", "iwpc"};
    bool has_estimate = e->outcome == RULES_WARFARIN_OUTCOME_ESTIMATE;

    card_heading(buf, "Strength and source of the estimate");
    for (size_t i = 0; i < (has_estimate ? ARRAY_LEN(MODELS) : 1); i++) {
        const struct rules_source *s = rules_warfarin_source(k, slice_of(MODELS[i]));

        if (s == NULL)
            continue;
        buf_add_text(buf, "- ");
        if (i == 0 && has_estimate)
            buf_join(buf, slice_of(rules_classification_name(e->classification)),
                     SLICE(" recommendation. "));
        buf_join(buf, s->publisher, SLICE(", "), s->title, SLICE(" ("), s->year, SLICE(")"));
        card_write_pmids(s->pmids, buf);
        buf_add_char(buf, '\n');
    }
}

void card_warfarin_write(const struct rules_knowledge *k, const struct rules_warfarin_input *in,
                         const struct rules_warfarin_estimate *e, struct buf *buf)
{
    if (e->outcome == RULES_WARFARIN_OUTCOME_SILENCE)
        return;
    if (e->outcome == RULES_WARFARIN_OUTCOME_ESTIMATE)
        write_estimate(in, e, buf);
    else
        write_reason(e, buf);
    write_sources(k, e, buf);
}

void card_warfarin_verdict(const struct rules_warfarin_estimate *e, struct buf *buf)
{
    if (e->outcome == RULES_WARFARIN_OUTCOME_SILENCE)
        return;
    if (e->outcome != RULES_WARFARIN_OUTCOME_ESTIMATE) {
        buf_add_text(buf, "no start dose can be estimated by genotype");
        return;
    }
    if (e->is_poor_metabolizer == RULES_ANSWER_YES)
        buf_add_text(buf, "consider another drug; ");
    buf_add_text(buf, "estimated start dose ");
    write_dose(buf, e->range);
}
