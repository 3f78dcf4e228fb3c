/* fhir/dose.c -- dosage instructions to milligrams a day. */
#include "fhir/dose.h"

#include "fhir/quantity.h"
#include "fhir/shape.h"

#define TIMES_MAX      96 /* a day: every quarter of an hour */
#define PERIOD_MAX     99999
#define MG_PER_DAY_MAX 1000000
#define GTS            "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation"

/* Micrograms. */
static const struct {
    const char *unit;
    uint64_t micrograms;
} UNITS[] = {
    {"mg", 1000}, {"g", 1000000}, {"ug", 1}, {"mcg", 1}, {"\xC2\xB5g", 1}, {"\xCE\xBCg", 1},
};

static const struct {
    const char *unit;
    uint64_t hours;
} PERIODS[] = {{"h", 1}, {"d", 24}, {"wk", 168}};

/* Abbreviations that stand for a number of times a day. */
static const struct {
    const char *code;
    uint32_t times;
} CODES[] = {{"QD", 1}, {"AM", 1}, {"PM", 1}, {"BID", 2}, {"TID", 3}, {"QID", 4}};

/* Members of Timing.repeat that make it something else than so many times a period. */
static const char *const UNCLEAR[] = {"frequencyMax", "periodMax", "dayOfWeek", "count",
                                      "countMax"};

/* The only element of what may be a list; absent when there are several. */
static struct json only(struct json list)
{
    struct json first = shape_first(list);

    return json_is_absent(shape_next(list, first)) ? first : JSON_NONE;
}

static bool is_as_needed(struct json dosage)
{
    return json_is_true(json_get(dosage, "asNeededBoolean")) ||
           json_is_true(json_get(dosage, "asNeeded")) ||
           !json_is_absent(json_get(dosage, "asNeededCodeableConcept")) ||
           !json_is_absent(json_get(dosage, "asNeededFor"));
}

static bool read_amount(struct json dosage, struct arena *arena, uint64_t *ret_micrograms_x1e6)
{
    struct json each = json_get(dosage, "doseAndRate");
    struct fhir_quantity quantity;

    each = json_is_absent(each) ? dosage : only(each);
    if (!json_is_absent(json_get(each, "doseRange")) ||
        !fhir_quantity_read(json_get(each, "doseQuantity"), arena, &quantity))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(UNITS); i++)
        if (slice_eq_text(quantity.unit, UNITS[i].unit)) {
            *ret_micrograms_x1e6 = quantity.millionths * UNITS[i].micrograms;
            return quantity.millionths > 0;
        }
    return false;
}

/* Times in so many hundredths of an hour. */
struct pace {
    uint64_t times, hours_x100;
};

static bool read_code(struct json timing, struct pace *ret)
{
    struct json codings = json_at(timing, "code", "coding");

    for (struct json c = shape_first(codings); !json_is_absent(c); c = shape_next(codings, c)) {
        struct shape_coding coding = shape_coding(c);

        for (size_t i = 0; i < ARRAY_LEN(CODES); i++)
            if (json_text_is(coding.system, GTS) && json_text_is(coding.code, CODES[i].code)) {
                *ret = (struct pace){CODES[i].times, 2400};
                return true;
            }
    }
    return false;
}

static bool read_repeat(struct json repeat, struct pace *ret)
{
    struct json frequency = json_get(repeat, "frequency");
    struct json unit = json_get(repeat, "periodUnit");
    uint32_t period_x100;
    int64_t times = 1;

    for (size_t i = 0; i < ARRAY_LEN(UNCLEAR); i++)
        if (!json_is_absent(json_get(repeat, UNCLEAR[i])))
            return false;
    if (json_is_absent(unit))
        unit = json_get(repeat, "periodUnits"); /* DSTU2 */
    if ((!json_is_absent(frequency) && !json_to_i64(frequency, &times)) || times < 1 ||
        times > TIMES_MAX || !json_to_x100(json_get(repeat, "period"), &period_x100) ||
        period_x100 == 0 || period_x100 > PERIOD_MAX)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(PERIODS); i++)
        if (json_text_is(unit, PERIODS[i].unit)) {
            *ret = (struct pace){(uint64_t)times, period_x100 * PERIODS[i].hours};
            return true;
        }
    return false;
}

static bool read_pace(struct json dosage, struct pace *ret)
{
    struct json timing = json_get(dosage, "timing");
    struct json repeat = json_get(timing, "repeat");

    if (!json_is_absent(json_get(timing, "event")))
        return false;
    return json_is_absent(repeat) ? read_code(timing, ret) : read_repeat(repeat, ret);
}

bool fhir_daily_dose_mg(struct json order, struct arena *arena, uint32_t *ret_x100)
{
    struct json dosage = only(json_get(order, "dosageInstruction"));
    uint64_t micrograms_x1e6, mg_x100;
    struct pace pace;

    if (json_is_absent(dosage) || is_as_needed(dosage) ||
        !read_amount(dosage, arena, &micrograms_x1e6) || !read_pace(dosage, &pace))
        return false;
    if (micrograms_x1e6 / 1000000000 > MG_PER_DAY_MAX)
        return false;
    /* micrograms / 10 are hundredths of mg; the amount is rounded once, at the end. */
    mg_x100 = micrograms_x1e6 / 1000 * pace.times * 2400 / pace.hours_x100;
    mg_x100 = (mg_x100 + 5000) / 10000;
    if (mg_x100 == 0 || mg_x100 > (uint64_t)MG_PER_DAY_MAX * 100)
        return false;
    *ret_x100 = (uint32_t)mg_x100;
    return true;
}
