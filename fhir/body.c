/* fhir/body.c -- the latest body weight and height of a collection. */
#include "fhir/body.h"

#include "fhir/date.h"
#include "fhir/quantity.h"
#include "fhir/shape.h"
#include "fhir/subject.h"

/* What is measured. One unit is so many 100,000ths of the unit that is given back. */
struct measure {
    const char *codes[2]; /* LOINC */
    struct {
        const char *name;
        uint64_t x100000;
    } units[8];
    uint32_t x100_min, x100_max; /* less or more than anybody who was ever measured */
};

static const struct measure WEIGHT = {
    {"29463-7", "3141-9"},
    {{"kg", 100000}, {"g", 100}, {"[lb_av]", 45359}, {"lb", 45359}, {"lbs", 45359}},
    20,
    70000,
};

static const struct measure HEIGHT = {
    {"8302-2", "3137-7"},
    {{"cm", 100000},
     {"m", 10000000},
     {"mm", 10000},
     {"[in_i]", 254000},
     {"in", 254000},
     {"inches", 254000}},
    2000,
    28000,
};

static bool is_measure(struct json observation, const struct measure *measure)
{
    struct json codings = json_at(observation, "code", "coding");

    for (struct json c = shape_first(codings); !json_is_absent(c); c = shape_next(codings, c)) {
        struct shape_coding coding = shape_coding(c);

        if (json_text_is(coding.system, "http://loinc.org") &&
            (json_text_is(coding.code, measure->codes[0]) ||
             json_text_is(coding.code, measure->codes[1])))
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

static bool read_value(struct json observation, const struct measure *measure,
                       struct arena *arena, uint32_t *ret_x100)
{
    struct fhir_quantity quantity;

    if (!fhir_quantity_read(json_get(observation, "valueQuantity"), arena, &quantity))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(measure->units) && measure->units[i].name != NULL; i++) {
        uint64_t x100;

        if (!slice_eq_text(quantity.unit, measure->units[i].name))
            continue;
        x100 = (quantity.millionths * measure->units[i].x100000 + 500000000) / 1000000000;
        if (x100 < measure->x100_min || x100 > measure->x100_max)
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

static bool find_latest(const struct fhir_collection *collection, struct slice patient_id,
                        const struct measure *measure, struct arena *arena, uint32_t *ret_x100)
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

        if (!slice_eq_text(r->type, "Observation") || !is_measure(r->json, measure) ||
            !is_final(r->json) ||
            fhir_subject_is_foreign(&subjects, json_get(r->json, "subject"), r) ||
            !read_moment(r->json, arena, &moment) ||
            !read_value(r->json, measure, arena, &x100))
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

bool fhir_body_weight(const struct fhir_collection *collection, struct slice patient_id,
                      struct arena *arena, uint32_t *ret_x100)
{
    return find_latest(collection, patient_id, &WEIGHT, arena, ret_x100);
}

bool fhir_body_height(const struct fhir_collection *collection, struct slice patient_id,
                      struct arena *arena, uint32_t *ret_x100)
{
    return find_latest(collection, patient_id, &HEIGHT, arena, ret_x100);
}
