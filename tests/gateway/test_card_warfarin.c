/* tests/gateway/test_card_warfarin.c -- the warfarin estimate as a reader sees it. */
#include "gateway/hooks/card_warfarin.h"
#include "tests/rules/warfarin_release.h"

static void render(const struct rules_knowledge *k, const struct patient *patient,
                   struct buf *text, struct buf *verdict)
{
    struct rules_warfarin_estimate e;
    struct rules_warfarin_input in;
    struct arena arena;

    arena_init(&arena, 1024 * 1024);
    buf_init(text, 64 * 1024);
    buf_init(verdict, 1024);
    in = warfarin_input(k, patient, &arena);
    assert_true(rules_warfarin_estimate(k, &in, &e));
    card_warfarin_write(k, &in, &e, text);
    card_warfarin_verdict(&e, verdict);
    assert_false(buf_failed(text) || buf_failed(verdict));
    assert_true(verdict->len <= 70);
    arena_release(&arena);
}

static void check(const struct patient *patient, const char *want, const char *want_verdict)
{
    struct rules_knowledge *k = warfarin_knowledge();
    struct buf text, verdict;

    render(k, patient, &text, &verdict);
    if (!slice_eq_text(buf_slice(&text), want)) {
        print_error("got:\n");
        for (struct slice rest = buf_slice(&text); rest.len > 0;) {
            struct slice line = slice_cut(rest, '\n', &rest);

            print_error("%.*s\n", SLICE_ARG(line));
        }
        fail();
    }
    assert_slice_equal(buf_slice(&verdict), want_verdict);
    buf_release(&text);
    buf_release(&verdict);
    rules_knowledge_release(k);
}

#define SOURCES                                                                                \
    "- Gage et al., A title (2017), PMID 18305455\n"                                           \
    "- IWPC, A title (2017), PMID 19228618\n"

static void all_known_is_told_with_its_inputs(void **state)
{
    (void)state;
    check(&(struct patient){.tested = Y, .height_cm = 170},
          "**Start dose by genotype: an estimate**\n"
          "\n"
          "- **5.9 to 6.2 mg/d** (41 to 43 mg a week): an estimate for the start of therapy, "
          "not an order. It says nothing once a dose has been found by INR.\n"
          "- Gage 2008: 6.2 mg/d; IWPC 2009: 5.9 mg/d.\n"
          "\n"
          "**What it rests on**\n"
          "\n"
          "- age: 60 years\n"
          "- height: 170 cm\n"
          "- weight: 70 kg\n"
          "- target INR: 2.5\n"
          "- whether warfarin is being taken already: no\n"
          "- ancestry, as stated by the patient: European\n"
          "- CYP2C9 genotype: \\*1/\\*1\n"
          "- CYP2C9 \\*5, \\*6, \\*8 and \\*11: tested\n"
          "- VKORC1 -1639G&gt;A (rs9923231): -1639 GG\n"
          "- CYP4F2 rs2108622: \\*1/\\*1\n"
          "- amiodarone: no\n"
          "- carbamazepine, phenytoin or rifampin: no\n"
          "- smoking: no\n"
          "- deep vein thrombosis or pulmonary embolism as the reason: no\n"
          "\n"
          "**Strength and source of the estimate**\n"
          "\n"
          "- Strong recommendation. CPIC, A title (2017), PMID 28198005, 21900891\n" SOURCES,
          "estimated start dose 5.9 to 6.2 mg/d");
}

static void unknowns_and_cautions_are_told(void **state)
{
    (void)state;
    check(
        &(struct patient){.cyp2c9 = "*2/*3",
                          .vkorc1 = "=-1639 AG",
                          .cyp4f2 = "*1/*3",
                          .ancestry = 'U',
                          .rs12777823 = U,
                          .height_cm = U,
                          .weight_kg = 500,
                          .tested = U,
                          .taken = U,
                          .inr_x100 = 325,
                          .smoker = U,
                          .amiodarone = Y},
        "**Start dose by genotype: an estimate**\n"
        "\n"
        "- **0.6 to 3.8 mg/d** (4 to 27 mg a week): an estimate for the start of therapy, not "
        "an order. It says nothing once a dose has been found by INR.\n"
        "- **CYP2C9 poor metabolizer with a VKORC1 genotype of increased sensitivity: CPIC "
        "says to consider another anticoagulant.**\n"
        "- Gage 2008: 1.6 to 3.5 mg/d; IWPC 2009: 0.8 to 2.2 mg/d, before the adjustments "
        "below.\n"
        "- May apply, and is in the range: 5 to 10 % more, for a carrier of CYP4F2 rs2108622 "
        "T (optional).\n"
        "- May apply, and is in the range: 10 to 25 % less, for a carrier of rs12777823 A "
        "(shown in African Americans).\n"
        "- Most algorithms were made for a target INR of 2 to 3; this patient's is another, "
        "and only Gage's takes it in.\n"
        "\n"
        "**What it rests on**\n"
        "\n"
        "- age: 60 years\n"
        "- target INR: 3.25\n"
        "- CYP2C9 genotype: \\*2/\\*3\n"
        "- VKORC1 -1639G&gt;A (rs9923231): -1639 AG\n"
        "- CYP4F2 rs2108622: \\*1/\\*3\n"
        "- amiodarone: yes\n"
        "- carbamazepine, phenytoin or rifampin: no\n"
        "- deep vein thrombosis or pulmonary embolism as the reason: no\n"
        "\n"
        "**What is not known**\n"
        "\n"
        "- height: the range holds all from 145 to 195 cm\n"
        "- weight (the value on file cannot be right): the range holds all from 40 to 130 kg\n"
        "- whether warfarin is being taken already: if it is, this estimate does not apply\n"
        "- ancestry, as stated by the patient: the range holds all; IWPC has a number for "
        "this\n"
        "- CYP2C9 \\*5, \\*6, \\*8 and \\*11: not known to have been tested; a carrier needs "
        "less. With African ancestry, CPIC advises to dose without genotype\n"
        "- rs12777823: the range holds carriers and others\n"
        "- smoking: the range holds yes and no\n"
        "\n"
        "**Strength and source of the estimate**\n"
        "\n"
        "- Moderate recommendation. CPIC, A title (2017), PMID 28198005, 21900891\n" SOURCES,
        "consider another drug; estimated start dose 0.6 to 3.8 mg/d");
}

static void a_carrier_and_results_that_disagree_are_told(void **state)
{
    static const char *const WANTED[] = {
        "- Adjusted as CPIC advises: 15 to 30 % less, for a carrier of CYP2C9 \\*5, \\*6, \\*8 "
        "or \\*11.\n",
        "- CYP2C9 genotype: \\*1/\\*8\n",
        "- VKORC1 -1639G&gt;A (rs9923231): -1639 AA or -1639 AG (the results on file do not "
        "agree; all are reckoned with)\n",
        "- rs12777823: carries A\n",
        "- Moderate recommendation. ",
    };
    struct rules_knowledge *k = warfarin_knowledge();
    struct buf text, verdict;

    (void)state;
    render(k,
           &(struct patient){.ancestry = 'F',
                             .cyp2c9 = "*1/*8",
                             .vkorc1 = "=-1639 AA|=-1639 AG",
                             .rs12777823 = Y,
                             .cyp4f2 = ""},
           &text, &verdict);
    for (size_t i = 0; i < ARRAY_LEN(WANTED); i++)
        if (slice_find(buf_slice(&text), slice_of(WANTED[i])) == SIZE_MAX)
            fail_msg("no \"%s\"", WANTED[i]);
    assert_int_equal(slice_find(buf_slice(&text), SLICE("CYP4F2")), SIZE_MAX);
    buf_release(&text);
    buf_release(&verdict);
    rules_knowledge_release(k);
}

static void every_reason_for_no_estimate_is_told(void **state)
{
    static const struct {
        struct patient patient;
        const char *want;
    } ROWS[] = {
        {{.cyp2c9 = ""}, "no usable genotype of CYP2C9; CPIC"},
        {{.vkorc1 = ""}, "no usable genotype of VKORC1; CPIC"},
        {{.cyp2c9 = "", .vkorc1 = ""}, "no usable genotype of CYP2C9 and VKORC1; CPIC"},
        {{.cyp2c9 = "*1/*13"}, "an allele that the algorithms have no number for"},
        {{.age = U, .child = U}, "The age is not known"},
        {{.age = 12}, "an algorithm that was made for children"},
        {{.age = 12, .ancestry = 'A'}, "with European ancestry only. Dose clinically."},
        {{.ancestry = 'F'}, "\\*8 and \\*11 were tested, and they are not known to be"},
    };
    struct rules_knowledge *k = warfarin_knowledge();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct buf text, verdict;

        render(k, &ROWS[i].patient, &text, &verdict);
        if (slice_find(buf_slice(&text), slice_of(ROWS[i].want)) == SIZE_MAX)
            fail_msg("row %zu: %.*s", i, SLICE_ARG(buf_slice(&text)));
        assert_true(slice_starts(buf_slice(&text), SLICE("**No start dose by genotype**\n\n")));
        assert_int_equal(slice_find(buf_slice(&text), SLICE("mg/d")), SIZE_MAX);
        assert_true(slice_find(buf_slice(&text), SLICE("PMID 28198005")) != SIZE_MAX);
        assert_slice_equal(buf_slice(&verdict), "no start dose can be estimated by genotype");
        buf_release(&text);
        buf_release(&verdict);
    }
    rules_knowledge_release(k);
}

static void for_someone_on_warfarin_nothing_is_written(void **state)
{
    (void)state;
    check(&(struct patient){.taken = Y}, "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_known_is_told_with_its_inputs),
        cmocka_unit_test(unknowns_and_cautions_are_told),
        cmocka_unit_test(a_carrier_and_results_that_disagree_are_told),
        cmocka_unit_test(every_reason_for_no_estimate_is_told),
        cmocka_unit_test(for_someone_on_warfarin_nothing_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
