/* rules/warfarin.h -- a genotype-guided estimate of the warfarin dose, for a new start only.
 *
 * Two published algorithms, Gage 2008 (PMID 18305455) and IWPC 2009 (PMID 19228618), on the
 * path that CPIC draws (guideline PMID 28198005, figures 2 and 3): when a genotype may be used
 * at all, by stated ancestry, and how the calculated dose is then adjusted. The numbers are
 * rows of the release (algorithm_term), the path is code.
 *
 * The answer is a range, never one dose: over both algorithms, over what CPIC gives as a range,
 * and over everything that is not known. An unknown input takes all values it may have
 * (answers: no and yes; quantities: RULES_WARFARIN_BOUNDS), except that IWPC has a term of its
 * own for an unknown ancestry. What may not be guessed ends in an outcome without numbers.
 *
 * Pure. Computed in double with exp and sqrt; doses are rounded to 0.1 mg/d, the nearest, and
 * given in tenths, so that libraries that differ in the last bit give the same answer.
 *
 * How to use it: zero the input (all is then unknown), fill in what the record states, call
 * rules_warfarin_estimate, and show the result with card_warfarin_write:
 *
 *     struct rules_warfarin_input in = {
 *         .is_new_start = RULES_ANSWER_YES,
 *         .has_age = true, .age_years = 64,
 *         .cyp2c9 = hook_facts_result(facts, rules_find_gene(k, SLICE("CYP2C9"))), ...
 *     };
 */
#ifndef RULES_WARFARIN_H
#define RULES_WARFARIN_H

#include "rules/genotype.h"

enum rules_answer { RULES_ANSWER_UNKNOWN, RULES_ANSWER_NO, RULES_ANSWER_YES };

/* As the patient or the record states it; never inferred from a name, a place, a language or a
 * genotype. OTHER: stated, and none of the others, or mixed. */
enum rules_ancestry {
    RULES_ANCESTRY_UNKNOWN,
    RULES_ANCESTRY_EUROPEAN,
    RULES_ANCESTRY_ASIAN,
    RULES_ANCESTRY_AFRICAN,
    RULES_ANCESTRY_OTHER,
};

struct rules_warfarin_input {
    /* NO: warfarin is being taken already. A dose that was found by INR is better than any
     * estimate, so the outcome is silence. */
    enum rules_answer is_new_start;

    bool has_age, has_height, has_weight, has_target_inr;
    uint32_t age_years;
    uint32_t height_x100;     /* cm */
    uint32_t weight_x100;     /* kg */
    uint32_t target_inr_x100; /* the middle of the target range: 250 for 2 to 3 */
    /* Asked when the age is not known; below 18 years otherwise. */
    enum rules_answer is_child;
    enum rules_ancestry ancestry;

    /* Resolved; NULL: no result. Borrowed during the call. */
    const struct rules_gene_result *cyp2c9, *vkorc1, *cyp4f2;
    /* Did the test look for all of CYP2C9 *5, *6, *8 and *11? A result that names one of them
     * answers YES by itself; *1 alone says nothing. */
    enum rules_answer rare_alleles_tested;
    enum rules_answer rs12777823_a; /* carries at least one A */

    enum rules_answer amiodarone;     /* taken now */
    enum rules_answer enzyme_inducer; /* carbamazepine, phenytoin or rifampin, taken now */
    enum rules_answer smoker;
    enum rules_answer dvt_or_pe; /* the reason for warfarin */
};

/* What the estimate rests on, and what a card calls it. */
#define RULES_WARFARIN_ITEMS(X)                                                                \
    X(AGE, "age")                                                                              \
    X(HEIGHT, "height")                                                                        \
    X(WEIGHT, "weight")                                                                        \
    X(TARGET_INR, "target INR")                                                                \
    X(NEW_START, "whether warfarin is being taken already")                                    \
    X(ANCESTRY, "ancestry, as stated by the patient")                                          \
    X(CYP2C9, "CYP2C9 genotype")                                                               \
    X(RARE_ALLELES, "CYP2C9 *5, *6, *8 and *11")                                               \
    X(VKORC1, "VKORC1 -1639G>A (rs9923231)")                                                   \
    X(CYP4F2, "CYP4F2 rs2108622")                                                              \
    X(RS12777823, "rs12777823")                                                                \
    X(AMIODARONE, "amiodarone")                                                                \
    X(INDUCER, "carbamazepine, phenytoin or rifampin")                                         \
    X(SMOKER, "smoking")                                                                       \
    X(DVT_PE, "deep vein thrombosis or pulmonary embolism as the reason")

enum rules_warfarin_item {
#define X(code, text) RULES_WARFARIN_##code,
    RULES_WARFARIN_ITEMS(X)
#undef X
        RULES_WARFARIN_ITEMS_COUNT
};
const char *rules_warfarin_item_text(enum rules_warfarin_item item);
#define RULES_WARFARIN_BIT(item) ((uint32_t)1 << (item))

/* Of AGE (years), HEIGHT (cm), WEIGHT (kg) and TARGET_INR, in hundredths, both ends included. A
 * value beyond what is plausible for an adult is not used. What is not known is anywhere
 * between the assumed ends: this project's choice, wide enough for nearly all adults who are
 * given warfarin, not a clinical limit. */
struct rules_warfarin_bounds {
    uint32_t plausible_from, plausible_to, assumed_from, assumed_to;
};
#define RULES_WARFARIN_QUANTITIES 4
extern const struct rules_warfarin_bounds RULES_WARFARIN_BOUNDS[RULES_WARFARIN_QUANTITIES];
#define RULES_WARFARIN_ADULT_YEARS 18

/* In the order in which they are asked. */
#define RULES_WARFARIN_OUTCOMES(X)                                                             \
    X(ESTIMATE, "estimate")                                                                    \
    X(SILENCE, "not-a-start")                   /* taken already */                            \
    X(NO_GENOTYPE, "no-genotype")               /* dose clinically */                          \
    X(ALLELE_NOT_COVERED, "allele-not-covered") /* dose clinically: CYP2C9 has an allele for   \
                                                 * which neither algorithm nor CPIC has a      \
                                                 * number */                                   \
    X(AGE_UNKNOWN, "age-unknown")               /* child or adult decides everything else */   \
    X(CHILD_EUROPEAN, "child-european")         /* CPIC: an algorithm made for children; none  \
                                                 * is held here, and these are not */          \
    X(CHILD, "child")                           /* dose clinically */                          \
    X(RARE_NOT_TESTED, "rare-not-tested")       /* African ancestry: dose clinically */

enum rules_warfarin_outcome {
#define X(code, name) RULES_WARFARIN_OUTCOME_##code,
    RULES_WARFARIN_OUTCOMES(X)
#undef X
};
const char *rules_warfarin_outcome_name(enum rules_warfarin_outcome outcome);

/* mg/d in tenths. */
struct rules_warfarin_dose {
    uint32_t from_x10, to_x10;
};

enum rules_warfarin_adjustment_kind {
    RULES_WARFARIN_RARE_CARRIER,    /* CYP2C9 *5, *6, *8, *11 */
    RULES_WARFARIN_RARE_HOMOZYGOTE, /* the same one twice */
    RULES_WARFARIN_CYP4F2_T,        /* a carrier of rs2108622 T; not with African ancestry */
    RULES_WARFARIN_RS12777823_A,    /* CPIC: African Americans */
    RULES_WARFARIN_ADJUSTMENTS_MAX,
};

/* Percent of the calculated dose, the lower dose first: -30 to -15. Several follow each other.
 */
struct rules_warfarin_adjustment {
    enum rules_warfarin_adjustment_kind kind;
    int32_t percent_from, percent_to;
    bool is_certain; /* false: it may not apply, and the range has the dose without it too */
};

struct rules_warfarin_estimate {
    enum rules_warfarin_outcome outcome;

    /* Bits of RULES_WARFARIN_BIT, with every outcome. An input that plays no part for this
     * patient is in none of them. */
    uint32_t used;
    uint32_t unknown;     /* and it would matter */
    uint32_t implausible; /* of the unknown: there is a value, but it cannot be one */
    uint32_t conflicting; /* genes with results that disagree; all are reckoned with */

    /* With ESTIMATE only: */
    struct rules_warfarin_dose gage, iwpc; /* as published, before CPIC's adjustments */
    struct rules_warfarin_dose range;      /* both, adjusted */
    struct rules_warfarin_adjustment adjustments[RULES_WARFARIN_ADJUSTMENTS_MAX];
    size_t adjustments_count;
    /* How strongly CPIC recommends to use the algorithms: STRONG, with African ancestry or an
     * unknown one MODERATE. */
    enum rules_classification classification;
    bool is_for_others_only; /* ancestry unknown, rare alleles not tested: with African ancestry
                              * it would be RARE_NOT_TESTED */
    enum rules_answer is_poor_metabolizer; /* YES: CPIC says to consider another drug; UNKNOWN:
                                            * by one of several results */
    bool is_sensitive;                     /* VKORC1 AG or AA, too, by one result at least */
};

/* False when the release has no warfarin algorithm; *ret is then left alone. */
bool rules_warfarin_estimate(const struct rules_knowledge *k,
                             const struct rules_warfarin_input *in,
                             struct rules_warfarin_estimate *ret);

/* The publications behind it: "gage", "iwpc", "cpic". NULL when the release has none. */
const struct rules_source *rules_warfarin_source(const struct rules_knowledge *k,
                                                 struct slice model);

#endif
