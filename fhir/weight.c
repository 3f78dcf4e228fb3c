/* fhir/weight.c -- the latest body weight of a collection. */
#include "fhir/weight.h"

#include "fhir/date.h"
#include "fhir/quantity.h"
#include "fhir/shape.h"
#include "fhir/subject.h"

#define WEIGHT_X100_MIN 20    /* lighter than anybody who was ever born */
#define WEIGHT_X100_MAX 70000 /* heavier than anybody who was ever weighed */

/* What one unit is, in units of 10 mg: hundredths of kg are 10 g. */
static const struct {
    const char *unit;
    uint64_t ten_mg;
} UNITS[] = {
    {"kg", 100000}, {"g", 100}, {"[lb_av]", 45359}, {"lb", 45359}, {"lbs", 45359},
};

static bool is_body_weight(struct json observation)
{
    struct json codings = json_at(observation, "code", "coding");

    for (struct json c = shape_first(codings); !json_is_absent(c); c = shape_next(codings, c)) {
        struct shape_coding coding = shape_coding(c);

        if (json_text_is(coding.system, "http://loinc.org") &&
            (json_text_is(coding.code, "29463-7") || json_text_is(coding.code, "3141-9")))
            return true;
    }
    return false;
}

static bool is_final(struct json observation)
{
    struct json status = json_get(observation, "status");

    return json_text_is(status, "final") || json_text_is(status, "amended") ||
           json_text_is(status, "corrected");
}

static bool read_weight(struct json observation, struct arena *arena, uint32_t *ret_x100)
{
    struct fhir_quantity quantity;

    if (!fhir_quantity_read(json_get(observation, "valueQuantity"), arena, &quantity))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(UNITS); i++) {
        uint64_t x100;

        if (!slice_eq_text(quantity.unit, UNITS[i].unit))
            continue;
        /* millionths x 10 mg; 10 g are 1000 x 10 mg */
        x100 = (quantity.millionths * UNITS[i].ten_mg + 500000000) / 1000000000;
        if (x100 < WEIGHT_X100_MIN || x100 > WEIGHT_X100_MAX)
            return false;
        *ret_x100 = (uint32_t)x100;
        return true;
    }
    return false;
}

struct moment {
    int32_t day;
    struct slice text; /* tells two of one day apart; empty: none yet */
};

static bool read_moment(struct json observation, struct arena *arena, struct moment *ret)
{
    struct slice date = json_text(json_get(observation, "effectiveDateTime"), arena);

    if (date.len == 0)
        date = json_text(json_at(observation, "effectivePeriod", "start"), arena);
    if (date.len == 0)
        date = json_text(json_get(observation, "issued"), arena);
    ret->text = date;
    return fhir_date_to_days(date, FHIR_DATE_FIRST_DAY, &ret->day);
}

static int compare_moments(struct moment a, struct moment b)
{
    return a.day != b.day ? (a.day > b.day) - (a.day < b.day) : slice_compare(a.text, b.text);
}

bool fhir_body_weight(const struct fhir_collection *collection, struct slice patient_id,
                      struct arena *arena, uint32_t *ret_x100)
{
    struct fhir_subjects subjects = {
        .collection = collection, .patient_id = patient_id, .arena = arena};
    struct moment latest = {0};
    uint32_t latest_x100 = 0;
    bool is_clear = false;

    for (size_t i = 0; i < collection->resources_count; i++) {
        const struct fhir_resource *r = &collection->resources[i];
        struct moment moment;
        uint32_t x100;
        int order;

        if (!slice_eq_text(r->type, "Observation") || !is_body_weight(r->json) ||
            !is_final(r->json) ||
            fhir_subject_is_foreign(&subjects, json_get(r->json, "subject"), r) ||
            !read_moment(r->json, arena, &moment) || !read_weight(r->json, arena, &x100))
            continue;
        order = latest.text.len == 0 ? 1 : compare_moments(moment, latest);
        if (order < 0)
            continue;
        is_clear = order > 0 || (is_clear && x100 == latest_x100);
        latest = moment;
        latest_x100 = x100;
    }
    *ret_x100 = latest_x100;
    return is_clear;
}
