/* rules/warfarin.c -- the warfarin estimate: CPIC's path, and two sums with their unknowns.
 *
 * Every input enters each sum once and adds to it, so the smallest sum is the sum of what is
 * smallest in each, and no combination of unknowns need be tried out. Only the CYP2C9 results,
 * when they disagree, are reckoned with one by one, because CPIC's adjustment depends on them
 * too.
 */
#include "rules/warfarin.h"

#include <assert.h>
#include <math.h>

#include "rules/knowledge_private.h"

#define UNITS_X1E5    1e5
#define WEEK_DAYS     7.0
#define DECADE_YEARS  10
#define MOSTELLER     3600.0 /* body surface (1987): the root of cm * kg / 3600, in m2 */
#define NUMBER(m, to) ((double)(m)->x1e5[RULES_WARFARIN_TERM_##to] / UNITS_X1E5)

const struct rules_warfarin_bounds RULES_WARFARIN_BOUNDS[RULES_WARFARIN_QUANTITIES] = {
    [RULES_WARFARIN_AGE] = {1800, 12000, 1800, 9000},
    [RULES_WARFARIN_HEIGHT] = {10000, 23000, 14500, 19500},
    [RULES_WARFARIN_WEIGHT] = {2500, 30000, 4000, 13000},
    [RULES_WARFARIN_TARGET_INR] = {150, 450, 200, 350},
};

const char *rules_warfarin_item_text(enum rules_warfarin_item item)
{
    static const char *const TEXTS[] = {
#define X(code, text) text,
        RULES_WARFARIN_ITEMS(X)
#undef X
    };

    assert((size_t)item < ARRAY_LEN(TEXTS));
    return TEXTS[item];
}

const char *rules_warfarin_outcome_name(enum rules_warfarin_outcome outcome)
{
    static const char *const NAMES[] = {
#define X(code, name) name,
        RULES_WARFARIN_OUTCOMES(X)
#undef X
    };

    assert((size_t)outcome < ARRAY_LEN(NAMES));
    return NAMES[outcome];
}

/* From the smallest to the largest that a number may be. */
struct span {
    double from, to;
};

/* Everything that both sums are made of. */
struct facts {
    const struct rules_warfarin_model *model;
    struct rules_warfarin_genes genes;
    struct span quantities[RULES_WARFARIN_QUANTITIES]; /* years, cm, kg, INR */
    struct span amiodarone, inducer, smoker, dvt_pe;   /* 0 to 1 */
    enum rules_ancestry ancestry;
};

/* --- what is known -------------------------------------------------------------------------
 */

static void note(struct rules_warfarin_estimate *e, enum rules_warfarin_item item,
                 bool is_known)
{
    *(is_known ? &e->used : &e->unknown) |= RULES_WARFARIN_BIT(item);
}

static struct span read_quantity(bool has, uint32_t x100, enum rules_warfarin_item item,
                                 struct rules_warfarin_estimate *e)
{
    const struct rules_warfarin_bounds *bounds = &RULES_WARFARIN_BOUNDS[item];
    bool is_plausible = x100 >= bounds->plausible_from && x100 <= bounds->plausible_to;

    note(e, item, has && is_plausible);
    if (has && !is_plausible)
        e->implausible |= RULES_WARFARIN_BIT(item);
    if (has && is_plausible)
        return (struct span){x100 / 100.0, x100 / 100.0};
    return (struct span){bounds->assumed_from / 100.0, bounds->assumed_to / 100.0};
}

static struct span read_answer(enum rules_answer answer, enum rules_warfarin_item item,
                               struct rules_warfarin_estimate *e)
{
    note(e, item, answer != RULES_ANSWER_UNKNOWN);
    return (struct span){answer == RULES_ANSWER_YES ? 1 : 0, answer == RULES_ANSWER_NO ? 0 : 1};
}

/* Below eighteen by the age, else by what is said. An age of more years than people reach says
 * nothing; one below eighteen is a child's, not a mistake. */
static enum rules_answer read_child(const struct rules_warfarin_input *in)
{
    uint32_t years_max = RULES_WARFARIN_BOUNDS[RULES_WARFARIN_AGE].plausible_to / 100;

    if (!in->has_age || in->age_years > years_max)
        return in->is_child;
    return in->age_years < RULES_WARFARIN_ADULT_YEARS ? RULES_ANSWER_YES : RULES_ANSWER_NO;
}

static void read_age(const struct rules_warfarin_input *in, struct facts *f,
                     struct rules_warfarin_estimate *e)
{
    bool is_of_child = in->has_age && in->age_years < RULES_WARFARIN_ADULT_YEARS;
    uint32_t years = in->age_years < UINT32_MAX / 100 ? in->age_years : UINT32_MAX / 100;

    if (is_of_child)
        note(e, RULES_WARFARIN_AGE, true);
    else
        f->quantities[RULES_WARFARIN_AGE] =
            read_quantity(in->has_age, years * 100, RULES_WARFARIN_AGE, e);
}

/* Was every one of *5, *6, *8 and *11 looked for? */
static bool are_rare_tested(const struct rules_warfarin_input *in,
                            const struct rules_warfarin_genes *genes)
{
    for (size_t i = 0; i < genes->cyp2c9_count; i++)
        if (genes->cyp2c9[i].rare > 0)
            return true;
    return in->rare_alleles_tested == RULES_ANSWER_YES;
}

static void read_genes(const struct rules_knowledge *k, const struct rules_warfarin_input *in,
                       struct facts *f, struct rules_warfarin_estimate *e)
{
    rules_warfarin_read_genes(k, in, &f->genes);
    e->conflicting = f->genes.conflicting;
    note(e, RULES_WARFARIN_CYP2C9, f->genes.cyp2c9_count > 0);
    note(e, RULES_WARFARIN_VKORC1, f->genes.has_vkorc1);
    note(e, RULES_WARFARIN_RARE_ALLELES, are_rare_tested(in, &f->genes));
    if (in->ancestry != RULES_ANCESTRY_AFRICAN)
        note(e, RULES_WARFARIN_CYP4F2, f->genes.cyp4f2 != RULES_ANSWER_UNKNOWN);
    if (in->ancestry == RULES_ANCESTRY_AFRICAN || in->ancestry == RULES_ANCESTRY_UNKNOWN)
        note(e, RULES_WARFARIN_RS12777823, in->rs12777823_a != RULES_ANSWER_UNKNOWN);
}

static void read_input(const struct rules_knowledge *k, const struct rules_warfarin_input *in,
                       struct facts *f, struct rules_warfarin_estimate *e)
{
    f->ancestry = in->ancestry;
    read_age(in, f, e);
    f->quantities[RULES_WARFARIN_HEIGHT] =
        read_quantity(in->has_height, in->height_x100, RULES_WARFARIN_HEIGHT, e);
    f->quantities[RULES_WARFARIN_WEIGHT] =
        read_quantity(in->has_weight, in->weight_x100, RULES_WARFARIN_WEIGHT, e);
    f->quantities[RULES_WARFARIN_TARGET_INR] =
        read_quantity(in->has_target_inr, in->target_inr_x100, RULES_WARFARIN_TARGET_INR, e);
    note(e, RULES_WARFARIN_NEW_START, in->is_new_start != RULES_ANSWER_UNKNOWN);
    note(e, RULES_WARFARIN_ANCESTRY, in->ancestry != RULES_ANCESTRY_UNKNOWN);
    f->amiodarone = read_answer(in->amiodarone, RULES_WARFARIN_AMIODARONE, e);
    f->inducer = read_answer(in->enzyme_inducer, RULES_WARFARIN_INDUCER, e);
    f->smoker = read_answer(in->smoker, RULES_WARFARIN_SMOKER, e);
    f->dvt_pe = read_answer(in->dvt_or_pe, RULES_WARFARIN_DVT_PE, e);
    read_genes(k, in, f, e);
}

/* --- CPIC's path ---------------------------------------------------------------------------
 */

static enum rules_warfarin_outcome find_outcome(const struct rules_warfarin_input *in,
                                                const struct facts *f)
{
    enum rules_answer child = read_child(in);

    if (in->is_new_start == RULES_ANSWER_NO)
        return RULES_WARFARIN_OUTCOME_SILENCE;
    if (f->genes.has_uncovered)
        return RULES_WARFARIN_OUTCOME_ALLELE_NOT_COVERED;
    if (f->genes.cyp2c9_count == 0 || !f->genes.has_vkorc1)
        return RULES_WARFARIN_OUTCOME_NO_GENOTYPE;
    if (child == RULES_ANSWER_UNKNOWN)
        return RULES_WARFARIN_OUTCOME_AGE_UNKNOWN;
    if (child == RULES_ANSWER_YES)
        return in->ancestry == RULES_ANCESTRY_EUROPEAN ? RULES_WARFARIN_OUTCOME_CHILD_EUROPEAN
                                                       : RULES_WARFARIN_OUTCOME_CHILD;
    if (in->ancestry == RULES_ANCESTRY_AFRICAN && !are_rare_tested(in, &f->genes))
        return RULES_WARFARIN_OUTCOME_RARE_NOT_TESTED;
    return RULES_WARFARIN_OUTCOME_ESTIMATE;
}

/* --- the two sums --------------------------------------------------------------------------
 */

static void add(struct span *sum, double number, struct span by)
{
    sum->from += number * (number < 0 ? by.to : by.from);
    sum->to += number * (number < 0 ? by.from : by.to);
}

static struct span exactly(double value)
{
    return (struct span){value, value};
}

/* mg/d */
static struct span gage(const struct facts *f, const struct rules_warfarin_cyp2c9 *cyp2c9)
{
    const struct rules_warfarin_model *m = f->model;
    const struct span *height = &f->quantities[RULES_WARFARIN_HEIGHT];
    const struct span *weight = &f->quantities[RULES_WARFARIN_WEIGHT];
    struct span sum = exactly(NUMBER(m, GAGE_INTERCEPT));
    struct span bsa = {sqrt(height->from * weight->from / MOSTELLER),
                       sqrt(height->to * weight->to / MOSTELLER)};
    struct span african = {f->ancestry == RULES_ANCESTRY_AFRICAN,
                           f->ancestry == RULES_ANCESTRY_AFRICAN ||
                               f->ancestry == RULES_ANCESTRY_UNKNOWN};

    add(&sum, NUMBER(m, GAGE_VKORC1_A), (struct span){f->genes.a_from, f->genes.a_to});
    add(&sum, NUMBER(m, GAGE_BSA), bsa);
    add(&sum, NUMBER(m, GAGE_STAR3), exactly(cyp2c9->star3));
    add(&sum, NUMBER(m, GAGE_STAR2), exactly(cyp2c9->star2));
    add(&sum, NUMBER(m, GAGE_AGE), f->quantities[RULES_WARFARIN_AGE]);
    add(&sum, NUMBER(m, GAGE_INR), f->quantities[RULES_WARFARIN_TARGET_INR]);
    add(&sum, NUMBER(m, GAGE_AMIODARONE), f->amiodarone);
    add(&sum, NUMBER(m, GAGE_SMOKER), f->smoker);
    add(&sum, NUMBER(m, GAGE_AFRICAN), african);
    add(&sum, NUMBER(m, GAGE_DVT_PE), f->dvt_pe);
    return (struct span){exp(sum.from), exp(sum.to)};
}

/* AG and AA have a number each: AA is not twice AG, and neither is "carrier of A". */
static double iwpc_vkorc1(const struct rules_warfarin_model *m, uint32_t a)
{
    return a == 0 ? 0 : a == 1 ? NUMBER(m, IWPC_VKORC1_AG) : NUMBER(m, IWPC_VKORC1_AA);
}

static double iwpc_cyp2c9(const struct rules_warfarin_model *m,
                          const struct rules_warfarin_cyp2c9 *c)
{
    if (c->star2 == 2)
        return NUMBER(m, IWPC_STAR2_STAR2);
    if (c->star3 == 2)
        return NUMBER(m, IWPC_STAR3_STAR3);
    if (c->star2 == 1 && c->star3 == 1)
        return NUMBER(m, IWPC_STAR2_STAR3);
    if (c->star2 == 1)
        return NUMBER(m, IWPC_STAR1_STAR2);
    return c->star3 == 1 ? NUMBER(m, IWPC_STAR1_STAR3) : 0;
}

static double iwpc_ancestry(const struct facts *f)
{
    const struct rules_warfarin_model *m = f->model;

    switch (f->ancestry) {
    case RULES_ANCESTRY_EUROPEAN:
        return 0;
    case RULES_ANCESTRY_ASIAN:
        return NUMBER(m, IWPC_ASIAN);
    case RULES_ANCESTRY_AFRICAN:
        return NUMBER(m, IWPC_BLACK);
    case RULES_ANCESTRY_OTHER:
    case RULES_ANCESTRY_UNKNOWN:
        break;
    }
    return NUMBER(m, IWPC_RACE_UNKNOWN);
}

static double square_if_positive(double root)
{
    return root > 0 ? root * root : 0; /* below 0 a square would rise again */
}

/* mg/d */
static struct span iwpc(const struct facts *f, const struct rules_warfarin_cyp2c9 *cyp2c9)
{
    const struct rules_warfarin_model *m = f->model;
    const struct span *age = &f->quantities[RULES_WARFARIN_AGE];
    struct span decades = {floor(age->from / DECADE_YEARS), floor(age->to / DECADE_YEARS)};
    struct span sum =
        exactly(NUMBER(m, IWPC_INTERCEPT) + iwpc_cyp2c9(m, cyp2c9) + iwpc_ancestry(f));

    /* More A alleles, less warfarin. */
    sum.from += iwpc_vkorc1(m, f->genes.a_to);
    sum.to += iwpc_vkorc1(m, f->genes.a_from);
    add(&sum, NUMBER(m, IWPC_AGE), decades);
    add(&sum, NUMBER(m, IWPC_HEIGHT), f->quantities[RULES_WARFARIN_HEIGHT]);
    add(&sum, NUMBER(m, IWPC_WEIGHT), f->quantities[RULES_WARFARIN_WEIGHT]);
    add(&sum, NUMBER(m, IWPC_INDUCER), f->inducer);
    add(&sum, NUMBER(m, IWPC_AMIODARONE), f->amiodarone);
    return (struct span){square_if_positive(sum.from) / WEEK_DAYS,
                         square_if_positive(sum.to) / WEEK_DAYS};
}

/* --- adjustments and the range -------------------------------------------------------------
 */

static const enum rules_warfarin_term PERCENTS[RULES_WARFARIN_ADJUSTMENTS_MAX][2] = {
    [RULES_WARFARIN_RARE_CARRIER] = {RULES_WARFARIN_TERM_CPIC_RARE_FROM,
                                     RULES_WARFARIN_TERM_CPIC_RARE_TO},
    [RULES_WARFARIN_RARE_HOMOZYGOTE] = {RULES_WARFARIN_TERM_CPIC_RARE_TWICE_FROM,
                                        RULES_WARFARIN_TERM_CPIC_RARE_TWICE_TO},
    [RULES_WARFARIN_CYP4F2_T] = {RULES_WARFARIN_TERM_CPIC_CYP4F2_FROM,
                                 RULES_WARFARIN_TERM_CPIC_CYP4F2_TO},
    [RULES_WARFARIN_RS12777823_A] = {RULES_WARFARIN_TERM_CPIC_RS12777823_FROM,
                                     RULES_WARFARIN_TERM_CPIC_RS12777823_TO},
};

/* Whether an adjustment applies to a patient, or to one of several CYP2C9 genotypes. */
static enum rules_answer applies(const struct facts *f, const struct rules_warfarin_input *in,
                                 const struct rules_warfarin_cyp2c9 *c,
                                 enum rules_warfarin_adjustment_kind kind)
{
    bool is_unknown = f->ancestry == RULES_ANCESTRY_UNKNOWN;
    bool is_african = f->ancestry == RULES_ANCESTRY_AFRICAN;
    enum rules_answer answer = RULES_ANSWER_NO;

    switch (kind) {
    case RULES_WARFARIN_RARE_CARRIER:
        return c->rare > 0 && !c->is_homozygous ? RULES_ANSWER_YES : RULES_ANSWER_NO;
    case RULES_WARFARIN_RARE_HOMOZYGOTE:
        return c->is_homozygous ? RULES_ANSWER_YES : RULES_ANSWER_NO;
    case RULES_WARFARIN_CYP4F2_T:
        answer = is_african ? RULES_ANSWER_NO : f->genes.cyp4f2;
        break;
    case RULES_WARFARIN_RS12777823_A:
        answer = is_african || is_unknown ? in->rs12777823_a : RULES_ANSWER_NO;
        break;
    case RULES_WARFARIN_ADJUSTMENTS_MAX:
        break;
    }
    return answer == RULES_ANSWER_YES && is_unknown ? RULES_ANSWER_UNKNOWN : answer;
}

static struct span factor(const struct rules_warfarin_model *m,
                          enum rules_warfarin_adjustment_kind kind, enum rules_answer answer)
{
    struct span change = {m->x1e5[PERCENTS[kind][0]] / UNITS_X1E5 / 100,
                          m->x1e5[PERCENTS[kind][1]] / UNITS_X1E5 / 100};

    if (answer == RULES_ANSWER_NO)
        return exactly(1);
    if (answer == RULES_ANSWER_UNKNOWN)
        return (struct span){1 + fmin(change.from, 0), 1 + fmax(change.to, 0)};
    return (struct span){1 + change.from, 1 + change.to};
}

/* Tells of an adjustment once, for all genotypes; it is certain when it applies to each. */
static void tell_adjustment(const struct facts *f, const struct rules_warfarin_input *in,
                            enum rules_warfarin_adjustment_kind kind,
                            struct rules_warfarin_estimate *e)
{
    const int32_t *x1e5 = f->model->x1e5;
    bool is_certain = true, is_possible = false;

    for (size_t i = 0; i < f->genes.cyp2c9_count; i++) {
        enum rules_answer answer = applies(f, in, &f->genes.cyp2c9[i], kind);

        is_certain = is_certain && answer == RULES_ANSWER_YES;
        is_possible = is_possible || answer != RULES_ANSWER_NO;
    }
    if (is_possible)
        e->adjustments[e->adjustments_count++] = (struct rules_warfarin_adjustment){
            .kind = kind,
            .percent_from = x1e5[PERCENTS[kind][0]] / (int32_t)UNITS_X1E5,
            .percent_to = x1e5[PERCENTS[kind][1]] / (int32_t)UNITS_X1E5,
            .is_certain = is_certain,
        };
}

static void widen(struct span *all, struct span by)
{
    all->from = fmin(all->from, by.from);
    all->to = fmax(all->to, by.to);
}

static struct rules_warfarin_dose rounded(struct span mg_per_day)
{
    return (struct rules_warfarin_dose){(uint32_t)lround(mg_per_day.from * 10),
                                        (uint32_t)lround(mg_per_day.to * 10)};
}

static void compute(const struct facts *f, const struct rules_warfarin_input *in,
                    struct rules_warfarin_estimate *e)
{
    const struct span none = {INFINITY, 0};
    struct span by_gage = none, by_iwpc = none, range = none;

    for (size_t i = 0; i < f->genes.cyp2c9_count; i++) {
        const struct rules_warfarin_cyp2c9 *genotype = &f->genes.cyp2c9[i];
        struct span one = gage(f, genotype), other = iwpc(f, genotype), both = one;

        widen(&by_gage, one);
        widen(&by_iwpc, other);
        widen(&both, other);
        for (int kind = 0; kind < RULES_WARFARIN_ADJUSTMENTS_MAX; kind++) {
            struct span by = factor(f->model, kind, applies(f, in, genotype, kind));

            both = (struct span){both.from * by.from, both.to * by.to};
        }
        widen(&range, both);
    }
    for (int kind = 0; kind < RULES_WARFARIN_ADJUSTMENTS_MAX; kind++)
        tell_adjustment(f, in, kind, e);
    e->gage = rounded(by_gage);
    e->iwpc = rounded(by_iwpc);
    e->range = rounded(range);
}

static void tell_advice(const struct facts *f, const struct rules_warfarin_input *in,
                        struct rules_warfarin_estimate *e)
{
    size_t poor = 0;

    for (size_t i = 0; i < f->genes.cyp2c9_count; i++)
        poor += f->genes.cyp2c9[i].is_poor;
    e->is_poor_metabolizer = poor == 0                       ? RULES_ANSWER_NO
                             : poor == f->genes.cyp2c9_count ? RULES_ANSWER_YES
                                                             : RULES_ANSWER_UNKNOWN;
    e->is_sensitive = f->genes.a_to > 0;
    e->classification =
        f->ancestry == RULES_ANCESTRY_AFRICAN || f->ancestry == RULES_ANCESTRY_UNKNOWN
            ? RULES_MODERATE
            : RULES_STRONG;
    e->is_for_others_only =
        f->ancestry == RULES_ANCESTRY_UNKNOWN && !are_rare_tested(in, &f->genes);
}

bool rules_warfarin_estimate(const struct rules_knowledge *k,
                             const struct rules_warfarin_input *in,
                             struct rules_warfarin_estimate *ret)
{
    struct facts f = {.model = &k->warfarin};
    struct rules_warfarin_estimate e = {0};

    if (!k->warfarin.is_there)
        return false;
    read_input(k, in, &f, &e);
    e.outcome = find_outcome(in, &f);
    if (e.outcome == RULES_WARFARIN_OUTCOME_ESTIMATE) {
        compute(&f, in, &e);
        tell_advice(&f, in, &e);
    }
    *ret = e;
    return true;
}
