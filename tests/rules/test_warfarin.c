/* tests/rules/test_warfarin.c -- doses against sums done by hand, every step of CPIC's path,
 * every unknown.
 *
 * The sums, for the patient of warfarin_release.h. Body surface: root of 170 * 70 / 3600 =
 * 1.8181 m2.
 *
 *   Gage: 0.9751 + 0.4317 * 1.8181 - 0.00745 * 60 + 0.2029 * 2.5
 *       = 0.9751 + 0.78489 - 0.447 + 0.50725 = 1.82024; exp: 6.173 mg/d
 *   IWPC: 5.6044 - 0.2614 * 6 + 0.0087 * 170 + 0.0128 * 70
 *       = 5.6044 - 1.5684 + 1.479 + 0.896 = 6.411; squared: 41.101 mg/week; 5.872 mg/d
 *
 * What differs from this patient multiplies Gage's dose by exp(number) and adds to IWPC's 6.411
 * before it is squared; each row below has that sum.
 */
#include "tests/rules/warfarin_release.h"

struct doses {
    uint32_t gage_from, gage_to, iwpc_from, iwpc_to, from, to; /* tenths of mg/d */
};

static struct rules_warfarin_estimate estimate(const struct rules_knowledge *k,
                                               const struct patient *p)
{
    struct rules_warfarin_estimate e;
    struct rules_warfarin_input in;
    struct arena arena;

    arena_init(&arena, 1024 * 1024);
    in = warfarin_input(k, p, &arena);
    memset(&e, 0xA5, sizeof e);
    assert_true(rules_warfarin_estimate(k, &in, &e));
    arena_release(&arena);
    return e;
}

struct row {
    struct patient patient;
    struct doses want;
};

static void check_rows(const struct row *rows, size_t count)
{
    struct rules_knowledge *k = warfarin_knowledge();
    size_t wrong = 0;

    for (size_t i = 0; i < count; i++) {
        struct rules_warfarin_estimate e = estimate(k, &rows[i].patient);
        const struct doses got = {e.gage.from_x10, e.gage.to_x10,    e.iwpc.from_x10,
                                  e.iwpc.to_x10,   e.range.from_x10, e.range.to_x10};

        assert_int_equal(e.outcome, RULES_WARFARIN_OUTCOME_ESTIMATE);
        if (memcmp(&got, &rows[i].want, sizeof got) == 0)
            continue;
        wrong++;
        print_error("row %zu: gage %u-%u, iwpc %u-%u, range %u-%u\n", i, got.gage_from,
                    got.gage_to, got.iwpc_from, got.iwpc_to, got.from, got.to);
    }
    rules_knowledge_release(k);
    assert_int_equal(wrong, 0);
}
#define CHECK(rows) check_rows((rows), ARRAY_LEN(rows))

static void doses_are_those_of_the_sums_by_hand(void **state)
{
    static const struct row ROWS[] = {
        {{0}, {62, 62, 59, 59, 59, 62}},
        /* -0.3238: 6.173 * 0.7234 = 4.466; 6.411 - 0.8677 = 5.5433: 30.728 / 7 = 4.390 */
        {{.vkorc1 = "=-1639 AG"}, {45, 45, 44, 44, 44, 45}},
        /* -0.6476: 6.173 * 0.5233 = 3.230; 6.411 - 1.6974 = 4.7136: 22.218 / 7 = 3.174. Were A
         * a yes or no, AA would get the doses of AG. */
        {{.vkorc1 = "=-1639 AA"}, {32, 32, 32, 32, 32, 32}},
        /* *2: 0.8133; 5.8899: 34.691 / 7 */
        {{.cyp2c9 = "*1/*2"}, {50, 50, 50, 50, 50, 50}},
        /* *3: 0.6698; 5.4753: 29.979 / 7 */
        {{.cyp2c9 = "*1/*3"}, {41, 41, 43, 43, 41, 43}},
        /* 0.6615; 5.3494: 28.616 / 7 */
        {{.cyp2c9 = "*2/*2"}, {41, 41, 41, 41, 41, 41}},
        /* 0.5448; 4.4904: 20.164 / 7 */
        {{.cyp2c9 = "*2/*3"}, {34, 34, 29, 29, 29, 34}},
        /* 0.4486; 4.0798: 16.645 / 7 */
        {{.cyp2c9 = "*3/*3"}, {28, 28, 24, 24, 24, 28}},
        /* -0.2538: 0.7758; 5.8607: 34.348 / 7 */
        {{.amiodarone = Y}, {48, 48, 49, 49, 48, 49}},
        /* no part of Gage's; 7.5926: 57.648 / 7 */
        {{.inducer = Y}, {62, 62, 82, 82, 62, 82}},
        /* 1.0966 */
        {{.smoker = Y}, {68, 68, 59, 59, 59, 68}},
        /* 1.0687 */
        {{.dvt_pe = Y}, {66, 66, 59, 59, 59, 66}},
        /* 6.3018: 39.713 / 7; no part of Gage's */
        {{.ancestry = 'A'}, {62, 62, 57, 57, 57, 62}},
        /* 6.3078: 39.788 / 7 */
        {{.ancestry = 'O'}, {62, 62, 57, 57, 57, 62}},
        /* -0.0901: 0.9138; 6.135: 37.638 / 7 */
        {{.ancestry = 'F', .tested = Y}, {56, 56, 54, 54, 54, 56}},
        /* 69 is six decades, 70 is seven: Gage 1.82024 - 0.06705 = 1.75319 and 1.74574; IWPC
         * 6.411 and 6.1496: 37.818 / 7 */
        {{.age = 69}, {58, 58, 59, 59, 58, 59}},
        {{.age = 70}, {57, 57, 54, 54, 54, 57}},
        /* -0.7246: 0.4845; 6.411 - 0.8677 - 0.9357 = 4.6076: 21.230 / 7 */
        {{.cyp2c9 = "*1/*3", .vkorc1 = "=-1639 AG"}, {30, 30, 30, 30, 30, 30}},
        /* body surface root of 4.5 = 2.1213: 0.9751 - 0.3238 + 0.91577 - 0.2235 - 0.2066 +
         * 0.6087
         * + 0.0922 + 0.0664 = 1.90427: 6.7145; 5.6044 - 0.7842 + 1.566 + 1.152 - 0.8677 -
         * 0.5211 = 6.1494: 37.815 / 7 */
        {{.age = 30,
          .height_cm = 180,
          .weight_kg = 90,
          .inr_x100 = 300,
          .cyp2c9 = "*2/*1",
          .vkorc1 = "=-1639 AG",
          .smoker = Y,
          .dvt_pe = Y},
         {67, 67, 54, 54, 54, 67}},
        /* The IWPC sum falls below zero: 5.6044 - 2.614 + 0.87 + 0.384 - 1.6974 - 2.3312 -
         * 0.276
         * - 0.5503 = -0.6105, whose square would be 0.05; the dose is none. Gage: 0.9751 -
         * 0.6476 + 0.39409 - 0.8016 - 0.745 + 0.50725 - 0.2538 - 0.0901 = -0.66166 */
        {{.age = 100,
          .height_cm = 100,
          .weight_kg = 30,
          .ancestry = 'F',
          .tested = Y,
          .cyp2c9 = "*3/*3",
          .vkorc1 = "=-1639 AA",
          .amiodarone = Y},
         {5, 5, 0, 0, 0, 5}},
    };

    (void)state;
    CHECK(ROWS);
}

static void spelling_order_and_level_of_results_do_not_matter(void **state)
{
    static const struct row ROWS[] = {
        {{.cyp2c9 = "*3/*1"}, {41, 41, 43, 43, 41, 43}},
        {{.cyp2c9 = "*1/*3|*3/*1"}, {41, 41, 43, 43, 41, 43}},
        {{.cyp2c9 = "*9/*3"}, {41, 41, 43, 43, 41, 43}}, /* normal function */
        {{.vkorc1 = "rs9923231 reference (C)/rs9923231 variant (T)"}, {45, 45, 44, 44, 44, 45}},
        {{.vkorc1 = "rs9923231 variant (T)/rs9923231 reference (C)"}, {45, 45, 44, 44, 44, 45}},
        {{.cyp4f2 = "=rs2108622 CC"}, {62, 62, 59, 59, 59, 62}},
    };

    (void)state;
    CHECK(ROWS);
}

static void adjustments_of_cpic_follow_the_algorithms(void **state)
{
    static const struct row ROWS[] = {
        /* 5.8716 * 0.70, 6.1733 * 0.85 */
        {{.cyp2c9 = "*1/*8"}, {62, 62, 59, 59, 41, 52}},
        {{.cyp2c9 = "*1/*5"}, {62, 62, 59, 59, 41, 52}},
        {{.cyp2c9 = "*1/*6"}, {62, 62, 59, 59, 41, 52}},
        {{.cyp2c9 = "*8/*11"}, {62, 62, 59, 59, 41, 52}}, /* CPIC's example of a carrier */
        /* 5.8716 * 0.60, 6.1733 * 0.80 */
        {{.cyp2c9 = "*8/*8"}, {62, 62, 59, 59, 35, 49}},
        /* *2 counts in the algorithm, *11 behind it: 4.9558 * 0.70, 5.0210 * 0.85 */
        {{.cyp2c9 = "*2/*11"}, {50, 50, 50, 50, 35, 43}},
        /* 5.8716 * 1.05, 6.1733 * 1.10 */
        {{.cyp4f2 = "*1/*3"}, {62, 62, 59, 59, 62, 68}},
        {{.cyp4f2 = "*4/*4"}, {62, 62, 59, 59, 62, 68}},
        /* with African ancestry CPIC does not use CYP4F2 */
        {{.ancestry = 'F', .tested = Y, .cyp4f2 = "*3/*3"}, {56, 56, 54, 54, 54, 56}},
        /* 5.3769 * 0.75, 5.6414 * 0.90 */
        {{.ancestry = 'F', .tested = Y, .rs12777823 = Y}, {56, 56, 54, 54, 40, 51}},
        /* ... and not rs12777823 otherwise */
        {{.rs12777823 = Y}, {62, 62, 59, 59, 59, 62}},
        /* both: 5.3769 * 0.70 * 0.75, 5.6414 * 0.85 * 0.90 */
        {{.ancestry = 'F', .cyp2c9 = "*1/*8", .rs12777823 = Y}, {56, 56, 54, 54, 28, 43}},
    };

    (void)state;
    CHECK(ROWS);
}

static void every_unknown_widens_the_range(void **state)
{
    static const struct row ROWS[] = {
        /* adult, 18 to 90: exp(1.82024 - 0.2235) and (+ 0.3129); 6.411 - 0.2614 * 3, + 0.2614 *
         * 5
         */
        {{.age = U}, {49, 84, 45, 85, 45, 85}},
        /* 145 to 195 cm: body surface 1.6791, 1.9472; 6.1935, 6.6285 */
        {{.height_cm = U}, {58, 65, 55, 63, 55, 65}},
        /* 40 to 130 kg: 1.3744, 2.4777; 6.027, 7.179 */
        {{.weight_kg = U}, {51, 82, 52, 74, 51, 82}},
        /* 2.0 to 3.5: exp(1.82024 - 0.10145), (+ 0.2029) */
        {{.inr_x100 = U}, {56, 76, 59, 59, 56, 76}},
        {{.amiodarone = U}, {48, 62, 49, 59, 48, 62}},
        {{.inducer = U}, {62, 62, 59, 82, 59, 82}},
        {{.smoker = U}, {62, 68, 59, 59, 59, 68}},
        {{.dvt_pe = U}, {62, 66, 59, 59, 59, 66}},
        /* to 6.1733 * 1.10 */
        {{.cyp4f2 = ""}, {62, 62, 59, 59, 59, 68}},
        /* Gage with and without -0.0901, IWPC's own number 6.3078 */
        {{.ancestry = 'U'}, {56, 62, 57, 57, 56, 62}},
        /* as it may be African: from 5.6414 * 0.75 and 5.6840 * 0.75 */
        {{.ancestry = 'U', .rs12777823 = U}, {56, 62, 57, 57, 42, 62}},
        {{.ancestry = 'U', .rs12777823 = Y}, {56, 62, 57, 57, 42, 62}},
        /* as it may not be: to 6.1733 * 1.10 */
        {{.ancestry = 'U', .cyp4f2 = "*3/*3"}, {56, 62, 57, 57, 56, 68}},
        /* 5.3769 * 0.75 */
        {{.ancestry = 'F', .tested = Y, .rs12777823 = U}, {56, 56, 54, 54, 40, 56}},
        /* that *5, *6, *8 and *11 were not tested changes no number of another ancestry */
        {{.tested = U}, {62, 62, 59, 59, 59, 62}},
        {{.taken = U}, {62, 62, 59, 59, 59, 62}},
        /* values that cannot be are as good as none */
        {{.age = 121}, {49, 84, 45, 85, 45, 85}},
        {{.height_cm = 99}, {58, 65, 55, 63, 55, 65}},
        {{.height_cm = 231}, {58, 65, 55, 63, 55, 65}},
        {{.weight_kg = 24}, {51, 82, 52, 74, 51, 82}},
        {{.weight_kg = 301}, {51, 82, 52, 74, 51, 82}},
        {{.inr_x100 = 149}, {56, 76, 59, 59, 56, 76}},
        {{.inr_x100 = 451}, {56, 76, 59, 59, 56, 76}},
        /* all at once: 2.7307 to 17.3799, 2.8608 to 13.9593, to 17.3799 * 1.10 */
        {{.age = U,
          .height_cm = U,
          .weight_kg = U,
          .inr_x100 = U,
          .cyp4f2 = "",
          .amiodarone = U,
          .inducer = U,
          .smoker = U,
          .dvt_pe = U},
         {27, 174, 29, 140, 27, 191}},
    };

    (void)state;
    CHECK(ROWS);
}

static void results_that_disagree_are_all_reckoned_with(void **state)
{
    static const struct row ROWS[] = {
        {{.cyp2c9 = "*1/*1|*1/*3"}, {41, 62, 43, 59, 41, 62}},
        {{.vkorc1 = "=-1639 AA|=-1639 GG"}, {32, 62, 32, 59, 32, 62}},
        {{.vkorc1 = "=-1639 AA|=-1639 AG"}, {32, 45, 32, 44, 32, 45}},
        /* *1 with *3: 4.1348 to 4.2827; *1 with *8: 4.1101 to 5.2473. Taken as one box the
         * least would be 4.1348 * 0.70. */
        {{.cyp2c9 = "*1/*3|*1/*8"}, {41, 62, 43, 59, 41, 52}},
        {{.cyp4f2 = "*1/*1|*1/*3"}, {62, 62, 59, 59, 59, 68}},
    };

    (void)state;
    CHECK(ROWS);
}

static void each_step_of_cpics_path_is_taken(void **state)
{
    static const struct {
        struct patient patient;
        enum rules_warfarin_outcome want;
    } ROWS[] = {
        {{.taken = Y}, RULES_WARFARIN_OUTCOME_SILENCE},
        {{.taken = Y, .cyp2c9 = ""}, RULES_WARFARIN_OUTCOME_SILENCE},
        {{.cyp2c9 = ""}, RULES_WARFARIN_OUTCOME_NO_GENOTYPE},
        {{.vkorc1 = ""}, RULES_WARFARIN_OUTCOME_NO_GENOTYPE},
        {{.cyp2c9 = "", .vkorc1 = ""}, RULES_WARFARIN_OUTCOME_NO_GENOTYPE},
        {{.cyp2c9 = "=Normal Metabolizer"}, RULES_WARFARIN_OUTCOME_NO_GENOTYPE},
        {{.cyp2c9 = "*1"}, RULES_WARFARIN_OUTCOME_NO_GENOTYPE},
        {{.cyp2c9 = "*1/*3|=Normal Metabolizer"}, RULES_WARFARIN_OUTCOME_NO_GENOTYPE},
        {{.vkorc1 = "=Indeterminate"}, RULES_WARFARIN_OUTCOME_NO_GENOTYPE},
        {{.vkorc1 = "=-1639 AG|=Indeterminate"}, RULES_WARFARIN_OUTCOME_NO_GENOTYPE},
        {{.cyp2c9 = "*1/*13"}, RULES_WARFARIN_OUTCOME_ALLELE_NOT_COVERED},
        {{.cyp2c9 = "*7/*1"}, RULES_WARFARIN_OUTCOME_ALLELE_NOT_COVERED},
        {{.cyp2c9 = "*1/*99"}, RULES_WARFARIN_OUTCOME_ALLELE_NOT_COVERED},
        {{.cyp2c9 = "*1/*1|*1/*99"}, RULES_WARFARIN_OUTCOME_ALLELE_NOT_COVERED},
        {{.age = U, .child = U}, RULES_WARFARIN_OUTCOME_AGE_UNKNOWN},
        {{.age = 121, .child = U}, RULES_WARFARIN_OUTCOME_AGE_UNKNOWN},
        {{.age = U, .child = Y}, RULES_WARFARIN_OUTCOME_CHILD_EUROPEAN},
        {{.age = 17}, RULES_WARFARIN_OUTCOME_CHILD_EUROPEAN},
        {{.age = 17, .ancestry = 'A'}, RULES_WARFARIN_OUTCOME_CHILD},
        {{.age = 1, .ancestry = 'F', .tested = Y}, RULES_WARFARIN_OUTCOME_CHILD},
        {{.age = 17, .ancestry = 'O'}, RULES_WARFARIN_OUTCOME_CHILD},
        {{.age = 17, .ancestry = 'U'}, RULES_WARFARIN_OUTCOME_CHILD},
        {{.age = 17, .cyp2c9 = ""}, RULES_WARFARIN_OUTCOME_NO_GENOTYPE},
        {{.age = 18}, RULES_WARFARIN_OUTCOME_ESTIMATE},
        {{.ancestry = 'F'}, RULES_WARFARIN_OUTCOME_RARE_NOT_TESTED},
        {{.ancestry = 'F', .tested = U}, RULES_WARFARIN_OUTCOME_RARE_NOT_TESTED},
        {{.ancestry = 'F', .tested = Y}, RULES_WARFARIN_OUTCOME_ESTIMATE},
        {{.ancestry = 'F', .tested = U, .cyp2c9 = "*1/*11"}, RULES_WARFARIN_OUTCOME_ESTIMATE},
        {{.ancestry = 'U', .tested = U}, RULES_WARFARIN_OUTCOME_ESTIMATE},
        {{.ancestry = 'A', .tested = U}, RULES_WARFARIN_OUTCOME_ESTIMATE},
    };
    struct rules_knowledge *k = warfarin_knowledge();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct rules_warfarin_estimate e = estimate(k, &ROWS[i].patient);

        if (e.outcome != ROWS[i].want)
            fail_msg("row %zu: %s", i, rules_warfarin_outcome_name(e.outcome));
        if (e.outcome != RULES_WARFARIN_OUTCOME_ESTIMATE)
            assert_true(e.range.to_x10 == 0 && e.gage.to_x10 == 0 && e.iwpc.to_x10 == 0 &&
                        e.adjustments_count == 0);
    }
    rules_knowledge_release(k);
}

#define BIT(item) RULES_WARFARIN_BIT(RULES_WARFARIN_##item)

static void inputs_and_unknowns_are_listed(void **state)
{
    const uint32_t all = (UINT32_C(1) << RULES_WARFARIN_ITEMS_COUNT) - 1;
    const struct {
        struct patient patient;
        uint32_t unknown, no_part, implausible, conflicting;
    } ROWS[] = {
        {{.tested = Y}, 0, BIT(RS12777823), 0, 0},
        {{.age = U}, BIT(AGE) | BIT(RARE_ALLELES), BIT(RS12777823), 0, 0},
        {{.tested = Y, .height_cm = U, .weight_kg = 301, .inr_x100 = U},
         BIT(HEIGHT) | BIT(WEIGHT) | BIT(TARGET_INR),
         BIT(RS12777823),
         BIT(WEIGHT),
         0},
        {{.tested = Y, .taken = U, .smoker = U, .dvt_pe = U},
         BIT(NEW_START) | BIT(SMOKER) | BIT(DVT_PE),
         BIT(RS12777823),
         0,
         0},
        {{.tested = Y, .amiodarone = U, .inducer = U, .cyp4f2 = ""},
         BIT(AMIODARONE) | BIT(INDUCER) | BIT(CYP4F2),
         BIT(RS12777823),
         0,
         0},
        {{.ancestry = 'U', .rs12777823 = U},
         BIT(ANCESTRY) | BIT(RS12777823) | BIT(RARE_ALLELES),
         0,
         0,
         0},
        {{.ancestry = 'F', .cyp2c9 = "*1/*8", .cyp4f2 = ""}, 0, BIT(CYP4F2), 0, 0},
        {{.tested = Y, .cyp2c9 = "*1/*1|*1/*2", .cyp4f2 = "*1/*1|*3/*3"},
         BIT(CYP4F2),
         BIT(RS12777823),
         0,
         BIT(CYP2C9) | BIT(CYP4F2)},
        {{.cyp2c9 = "", .vkorc1 = "", .age = 17},
         BIT(CYP2C9) | BIT(VKORC1) | BIT(RARE_ALLELES),
         BIT(RS12777823),
         0,
         0},
    };
    struct rules_knowledge *k = warfarin_knowledge();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct rules_warfarin_estimate e = estimate(k, &ROWS[i].patient);

        if (e.unknown != ROWS[i].unknown)
            fail_msg("row %zu: unknown %x, want %x", i, e.unknown, ROWS[i].unknown);
        assert_int_equal(e.used, all & ~ROWS[i].unknown & ~ROWS[i].no_part);
        assert_int_equal(e.implausible, ROWS[i].implausible);
        assert_int_equal(e.conflicting, ROWS[i].conflicting);
    }
    rules_knowledge_release(k);
}

static void adjustments_are_told_with_their_certainty(void **state)
{
    static const struct {
        struct patient patient;
        size_t count;
        struct rules_warfarin_adjustment first;
    } ROWS[] = {
        {{0}, 0, {0}},
        {{.cyp2c9 = "*1/*8"}, 1, {RULES_WARFARIN_RARE_CARRIER, -30, -15, true}},
        {{.cyp2c9 = "*8/*8"}, 1, {RULES_WARFARIN_RARE_HOMOZYGOTE, -40, -20, true}},
        {{.cyp2c9 = "*1/*8|*1/*1"}, 1, {RULES_WARFARIN_RARE_CARRIER, -30, -15, false}},
        {{.cyp4f2 = "*1/*3"}, 1, {RULES_WARFARIN_CYP4F2_T, 5, 10, true}},
        {{.cyp4f2 = ""}, 1, {RULES_WARFARIN_CYP4F2_T, 5, 10, false}},
        {{.cyp4f2 = "*1/*3", .ancestry = 'U'}, 1, {RULES_WARFARIN_CYP4F2_T, 5, 10, false}},
        {{.ancestry = 'F', .tested = Y, .rs12777823 = Y},
         1,
         {RULES_WARFARIN_RS12777823_A, -25, -10, true}},
        {{.ancestry = 'F', .tested = Y, .rs12777823 = U},
         1,
         {RULES_WARFARIN_RS12777823_A, -25, -10, false}},
        {{.ancestry = 'F', .cyp2c9 = "*1/*8", .rs12777823 = Y, .cyp4f2 = "*3/*3"},
         2,
         {RULES_WARFARIN_RARE_CARRIER, -30, -15, true}},
    };
    struct rules_knowledge *k = warfarin_knowledge();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct rules_warfarin_estimate e = estimate(k, &ROWS[i].patient);

        if (e.adjustments_count != ROWS[i].count)
            fail_msg("row %zu: %zu adjustments", i, e.adjustments_count);
        if (e.adjustments_count == 0)
            continue;
        assert_int_equal(e.adjustments[0].kind, ROWS[i].first.kind);
        assert_int_equal(e.adjustments[0].percent_from, ROWS[i].first.percent_from);
        assert_int_equal(e.adjustments[0].percent_to, ROWS[i].first.percent_to);
        assert_int_equal(e.adjustments[0].is_certain, ROWS[i].first.is_certain);
    }
    rules_knowledge_release(k);
}

static void strength_and_cautions_come_with_the_estimate(void **state)
{
    static const struct {
        struct patient patient;
        enum rules_classification classification;
        enum rules_answer is_poor;
        bool is_sensitive, is_for_others_only;
    } ROWS[] = {
        {{0}, RULES_STRONG, RULES_ANSWER_NO, false, false},
        {{.ancestry = 'O'}, RULES_STRONG, RULES_ANSWER_NO, false, false},
        {{.ancestry = 'F', .tested = Y}, RULES_MODERATE, RULES_ANSWER_NO, false, false},
        {{.ancestry = 'U'}, RULES_MODERATE, RULES_ANSWER_NO, false, true},
        {{.ancestry = 'U', .tested = Y}, RULES_MODERATE, RULES_ANSWER_NO, false, false},
        {{.cyp2c9 = "*2/*3"}, RULES_STRONG, RULES_ANSWER_YES, false, false},
        {{.cyp2c9 = "*3/*3", .vkorc1 = "=-1639 AG"},
         RULES_STRONG,
         RULES_ANSWER_YES,
         true,
         false},
        {{.cyp2c9 = "*3/*6"}, RULES_STRONG, RULES_ANSWER_YES, false, false},
        {{.cyp2c9 = "*2/*2"}, RULES_STRONG, RULES_ANSWER_NO, false, false},
        {{.cyp2c9 = "*2/*3|*1/*3"}, RULES_STRONG, RULES_ANSWER_UNKNOWN, false, false},
        {{.vkorc1 = "=-1639 AA"}, RULES_STRONG, RULES_ANSWER_NO, true, false},
    };
    struct rules_knowledge *k = warfarin_knowledge();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct rules_warfarin_estimate e = estimate(k, &ROWS[i].patient);

        assert_int_equal(e.outcome, RULES_WARFARIN_OUTCOME_ESTIMATE);
        assert_int_equal(e.classification, ROWS[i].classification);
        assert_int_equal(e.is_poor_metabolizer, ROWS[i].is_poor);
        assert_int_equal(e.is_sensitive, ROWS[i].is_sensitive);
        assert_int_equal(e.is_for_others_only, ROWS[i].is_for_others_only);
    }
    rules_knowledge_release(k);
}

static void without_the_numbers_there_is_no_estimate(void **state)
{
    struct rules_knowledge *k = small_knowledge();
    struct rules_warfarin_input in = {0};
    struct rules_warfarin_estimate e = {.unknown = 7};

    (void)state;
    assert_false(rules_warfarin_estimate(k, &in, &e));
    assert_int_equal(e.unknown, 7);
    assert_null(rules_warfarin_source(k, SLICE("gage")));
    rules_knowledge_release(k);
}

static void a_zeroed_input_is_all_unknown(void **state)
{
    struct rules_knowledge *k = warfarin_knowledge();
    struct rules_warfarin_input in = {0};
    struct rules_warfarin_estimate e;

    (void)state;
    assert_true(rules_warfarin_estimate(k, &in, &e));
    assert_int_equal(e.outcome, RULES_WARFARIN_OUTCOME_NO_GENOTYPE);
    assert_int_equal(e.used, 0);
    assert_int_equal(e.unknown, (UINT32_C(1) << RULES_WARFARIN_ITEMS_COUNT) - 1);
    in.has_age = in.has_height = in.has_weight = in.has_target_inr = true;
    in.age_years = in.height_x100 = in.weight_x100 = in.target_inr_x100 = UINT32_MAX;
    assert_true(rules_warfarin_estimate(k, &in, &e));
    assert_int_equal(e.implausible, BIT(AGE) | BIT(HEIGHT) | BIT(WEIGHT) | BIT(TARGET_INR));
    assert_string_equal(rules_warfarin_item_text(RULES_WARFARIN_AGE), "age");
    rules_knowledge_release(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doses_are_those_of_the_sums_by_hand),
        cmocka_unit_test(spelling_order_and_level_of_results_do_not_matter),
        cmocka_unit_test(adjustments_of_cpic_follow_the_algorithms),
        cmocka_unit_test(every_unknown_widens_the_range),
        cmocka_unit_test(results_that_disagree_are_all_reckoned_with),
        cmocka_unit_test(each_step_of_cpics_path_is_taken),
        cmocka_unit_test(inputs_and_unknowns_are_listed),
        cmocka_unit_test(adjustments_are_told_with_their_certainty),
        cmocka_unit_test(strength_and_cautions_come_with_the_estimate),
        cmocka_unit_test(without_the_numbers_there_is_no_estimate),
        cmocka_unit_test(a_zeroed_input_is_all_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
