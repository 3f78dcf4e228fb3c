/* fhir/dosage.c -- how much, how often, by which route.
 *
 * Amounts stay decimal text; the sum for a day is exact arithmetic on integers, rounded once to
 * hundredths. Where the timing does not give a plain number of doses for a period (months, days
 * of the week, events without a clock) there is no sum: it is not guessed.
 */
#include "fhir/dosage.h"

#include "fhir/shape.h"

#define DOSE_DECIMALS   4
#define DOSE_MAX        100000 /* units; more is no dose, and would not fit */
#define PERIOD_DECIMALS 3
#define PERIOD_MAX      10000
#define TIMES_MAX       100 /* doses in one period */

/* So many in a day. */
static const struct {
    const char *unit;
    uint64_t per_day, days;
} PERIODS[] = {
    {"s", 86400, 1}, {"min", 1440, 1}, {"h", 24, 1}, {"d", 1, 1}, {"wk", 1, 7},
};

/* HL7's timing abbreviations, and what prescribers write: times in a number of days. */
static const struct {
    const char *code;
    uint64_t times, days;
} TIMINGS[] = {
    {"QD", 1, 1},  {"QAM", 1, 1}, {"QPM", 1, 1},  {"AM", 1, 1},   {"PM", 1, 1},
    {"BED", 1, 1}, {"QHS", 1, 1}, {"BID", 2, 1},  {"TID", 3, 1},  {"QID", 4, 1},
    {"QOD", 1, 2}, {"WK", 1, 7},  {"Q1H", 24, 1}, {"Q2H", 12, 1}, {"Q3H", 8, 1},
    {"Q4H", 6, 1}, {"Q6H", 4, 1}, {"Q8H", 3, 1},  {"Q12H", 2, 1}, {"Q24H", 1, 1},
};

/* times (up to times_max) in per_day^-1 * period * days days */
struct timing {
    uint64_t times, times_max;
    uint64_t period_scaled; /* by 10^PERIOD_DECIMALS */
    uint64_t per_day, days;
    bool is_known;
};

/* "1.25" with up to `decimals` decimals, times 10^decimals; false for anything else. */
static bool scaled(struct slice text, unsigned decimals, uint64_t max, uint64_t *ret)
{
    struct slice fraction, whole = slice_cut(text, '.', &fraction);
    uint64_t value, part = 0;

    if (!slice_to_u64(whole, max, &value))
        return false;
    while (fraction.len > 1 && fraction.ptr[fraction.len - 1] == '0')
        fraction.len--;
    if (fraction.len > decimals ||
        (fraction.len > 0 && !slice_to_u64(fraction, UINT32_MAX, &part)))
        return false;
    for (unsigned i = 0; i < decimals; i++) {
        value *= 10;
        if (i >= fraction.len)
            part *= 10;
    }
    *ret = value + part;
    return true;
}

/* A number's digits; some senders quote it. */
static struct slice number_of(struct json value, struct arena *arena)
{
    struct slice digits = json_number_text(value);

    return digits.len > 0 ? digits : slice_trim(json_text(value, arena));
}

static void read_quantity(struct json quantity, struct arena *arena, struct slice *ret_value,
                          struct fhir_dosage *ret)
{
    *ret_value = number_of(json_get(quantity, "value"), arena);
    if (ret->unit.len > 0 || ret_value->len == 0)
        return;
    ret->unit_system = json_text(json_get(quantity, "system"), arena);
    ret->unit = json_text(json_get(quantity, "code"), arena);
    if (ret->unit.len == 0)
        ret->unit = json_text(json_get(quantity, "unit"), arena);
}

/* The dose of an instruction (to STU3) or of its doseAndRate. */
static void read_dose(struct json holder, struct arena *arena, struct fhir_dosage *ret)
{
    struct json quantity = json_get(holder, "doseQuantity");
    struct json range = json_get(holder, "doseRange");

    if (json_is_absent(quantity))
        quantity = json_get(holder, "doseSimpleQuantity");
    if (!json_is_absent(quantity)) {
        read_quantity(quantity, arena, &ret->dose, ret);
        return;
    }
    read_quantity(json_get(range, "low"), arena, &ret->dose, ret);
    read_quantity(json_get(range, "high"), arena, &ret->dose_high, ret);
}

/* R4 and later: several, of which "ordered" counts before "calculated". */
static void read_doses(struct json instruction, struct arena *arena, struct fhir_dosage *ret)
{
    struct json list = json_get(instruction, "doseAndRate");

    for (struct json d = shape_first(list); !json_is_absent(d); d = shape_next(list, d)) {
        struct json types = json_at(d, "type", "coding");
        struct fhir_dosage one = {.unit = SLICE_NONE};
        bool is_ordered = false;

        for (struct json t = shape_first(types); !json_is_absent(t); t = shape_next(types, t))
            is_ordered = is_ordered || json_text_is(json_get(t, "code"), "ordered");
        read_dose(d, arena, &one);
        if (one.dose.len == 0 && one.dose_high.len == 0)
            continue;
        if (ret->dose.len > 0 && !is_ordered)
            continue;
        ret->dose = one.dose;
        ret->dose_high = one.dose_high;
        ret->unit = one.unit;
        ret->unit_system = one.unit_system;
        if (is_ordered)
            return;
    }
    if (ret->dose.len == 0 && ret->dose_high.len == 0)
        read_dose(instruction, arena, ret);
}

static bool whole(struct json value, struct arena *arena, uint64_t *ret)
{
    return slice_to_u64(number_of(value, arena), TIMES_MAX, ret);
}

static bool find_period(struct slice unit, struct timing *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(PERIODS); i++) {
        if (!slice_eq_text(unit, PERIODS[i].unit))
            continue;
        ret->per_day = PERIODS[i].per_day;
        ret->days = PERIODS[i].days;
        return true;
    }
    return false;
}

/* Times of day, or events of the day, without a period. */
static struct timing timing_by_list(struct json list)
{
    uint64_t count = 0;

    for (struct json e = shape_first(list); !json_is_absent(e); e = shape_next(list, e))
        count++;
    return (struct timing){.times = count,
                           .times_max = count,
                           .period_scaled = 1000,
                           .per_day = 1,
                           .days = 1,
                           .is_known = count > 0 && count <= TIMES_MAX};
}

static struct timing timing_of_repeat(struct json repeat, struct arena *arena)
{
    struct timing timing = {.times = 1};
    struct json unit = json_get(repeat, "periodUnit");
    struct json frequency = json_get(repeat, "frequency");
    struct json frequency_max = json_get(repeat, "frequencyMax");

    if (json_is_absent(unit)) /* DSTU2 */
        unit = json_get(repeat, "periodUnits");
    if (json_is_absent(json_get(repeat, "period"))) {
        timing = timing_by_list(json_get(repeat, "timeOfDay"));
        return timing.is_known ? timing : timing_by_list(json_get(repeat, "when"));
    }
    if (!scaled(number_of(json_get(repeat, "period"), arena), PERIOD_DECIMALS, PERIOD_MAX,
                &timing.period_scaled) ||
        timing.period_scaled == 0 || !find_period(json_text(unit, arena), &timing) ||
        (!json_is_absent(frequency) && !whole(frequency, arena, &timing.times)) ||
        !json_is_absent(json_get(repeat, "periodMax")))
        return timing;
    timing.times_max = timing.times;
    if (!json_is_absent(frequency_max) && !whole(frequency_max, arena, &timing.times_max))
        return timing;
    timing.is_known = timing.times > 0 && timing.times_max >= timing.times;
    return timing;
}

static struct timing timing_of_code(struct json code, struct arena *arena)
{
    struct json codings = json_get(code, "coding");
    struct slice text = slice_trim(json_text(json_get(code, "text"), arena));

    for (size_t i = 0; i < ARRAY_LEN(TIMINGS); i++) {
        bool is_it = slice_eq_nocase(text, slice_of(TIMINGS[i].code));

        for (struct json c = shape_first(codings); !json_is_absent(c);
             c = shape_next(codings, c))
            is_it = is_it || slice_eq_nocase(json_text(json_get(c, "code"), arena),
                                             slice_of(TIMINGS[i].code));
        if (is_it)
            return (struct timing){.times = TIMINGS[i].times,
                                   .times_max = TIMINGS[i].times,
                                   .period_scaled = 1000,
                                   .per_day = 1,
                                   .days = TIMINGS[i].days,
                                   .is_known = true};
    }
    return (struct timing){.is_known = false};
}

static struct timing timing_of(struct json instruction, struct arena *arena)
{
    struct json timing = json_get(instruction, "timing");
    struct json repeat = json_get(timing, "repeat");
    struct timing found = {.is_known = false};

    if (!json_is_absent(repeat)) {
        /* On some days of the week only: what is said of the other days is not known. */
        if (!json_is_absent(json_get(repeat, "dayOfWeek")) &&
            !json_text_is(json_get(repeat, "periodUnit"), "wk"))
            return found;
        found = timing_of_repeat(repeat, arena);
    }
    return found.is_known ? found : timing_of_code(json_get(timing, "code"), arena);
}

/* dose * times a day, rounded to hundredths, without trailing zeros; empty when it cannot be
 * told. Nothing here exceeds 64 bits: 10^5 * 10^4 * 100 * 86400 * 10^3 < 2^63. */
static struct slice in_a_day(struct slice dose, uint64_t times, const struct timing *timing,
                             struct arena *arena)
{
    uint64_t amount, divisor, hundredths;

    if (!timing->is_known || !scaled(dose, DOSE_DECIMALS, DOSE_MAX, &amount))
        return SLICE_NONE;
    amount *= times * timing->per_day * 1000;
    divisor = timing->period_scaled * timing->days * 100;
    hundredths = (amount + divisor / 2) / divisor;
    if (hundredths == 0)
        return SLICE_NONE;
    if (hundredths % 100 == 0)
        return arena_printf(arena, "%llu", (unsigned long long)hundredths / 100);
    if (hundredths % 10 == 0)
        return arena_printf(arena, "%llu.%llu", (unsigned long long)hundredths / 100,
                            (unsigned long long)hundredths % 100 / 10);
    return arena_printf(arena, "%llu.%02llu", (unsigned long long)hundredths / 100,
                        (unsigned long long)hundredths % 100);
}

static bool is_as_needed(struct json instruction)
{
    return json_is_true(json_get(instruction, "asNeededBoolean")) ||
           json_is_true(json_get(instruction, "asNeeded")) ||
           !json_is_absent(json_get(instruction, "asNeededCodeableConcept")) ||
           !json_is_absent(json_get(instruction, "asNeededFor"));
}

struct fhir_dosage fhir_dosage_read(struct json instruction, struct arena *arena)
{
    struct fhir_dosage dosage = {.text = json_text(json_get(instruction, "text"), arena),
                                 .is_as_needed = is_as_needed(instruction)};
    struct timing timing = timing_of(instruction, arena);

    read_doses(instruction, arena, &dosage);
    dosage.per_day = in_a_day(dosage.dose, timing.times, &timing, arena);
    if (dosage.dose_high.len > 0 || timing.times_max > timing.times)
        dosage.per_day_high =
            in_a_day(dosage.dose_high.len > 0 ? dosage.dose_high : dosage.dose,
                     timing.times_max, &timing, arena);
    return dosage;
}
