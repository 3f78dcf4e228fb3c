/* fhir/medication_list.c -- statuses and dates of a medication list. */
#include "fhir/medication_list.h"

#include "fhir/date.h"
#include "fhir/shape.h"
#include "fhir/subject.h"

enum taking { TAKING, STOPPED, ENDED_AS_PLANNED, NEVER };

/* A status that is not here is one that nobody can say: as if stopped, when is not known. */
static const struct {
    const char *status;
    enum taking taking;
} STATUSES[] = {
    {"active", TAKING},
    {"recorded", TAKING}, /* R5 MedicationStatement */
    {"completed", ENDED_AS_PLANNED},
    {"stopped", STOPPED},
    {"ended", STOPPED},
    {"draft", NEVER},
    {"cancelled", NEVER}, /* before any administration */
    {"entered-in-error", NEVER},
    {"intended", NEVER},
    {"not-taken", NEVER},
};

static const char *const TYPES[] = {"MedicationRequest", "MedicationOrder",
                                    "MedicationStatement", "MedicationUsage"};

/* Intents that are no order yet. */
static const char *const NO_ORDERS[] = {"proposal", "plan", "option"};

static bool is_list_type(struct slice type)
{
    for (size_t i = 0; i < ARRAY_LEN(TYPES); i++)
        if (slice_eq_text(type, TYPES[i]))
            return true;
    return false;
}

/* The order that is about to be signed stands in the collection, too. */
static bool is_of_the_call(const struct fhir_resource *r, const struct fhir_order *orders,
                           size_t orders_count)
{
    for (size_t i = 0; i < orders_count; i++) {
        const struct fhir_resource *order = orders[i].resource;

        if ((order->json.doc == r->json.doc && order->json.at == r->json.at) ||
            (r->id.len > 0 && slice_eq(r->id, order->id) && slice_eq(r->type, order->type)))
            return true;
    }
    return false;
}

static bool was_never_taken(struct json object)
{
    struct json intent = json_get(object, "intent");

    for (size_t i = 0; i < ARRAY_LEN(NO_ORDERS); i++)
        if (json_text_is(intent, NO_ORDERS[i]))
            return true;
    return json_is_true(json_get(object, "doNotPerform")) ||
           json_is_true(json_get(object, "wasNotTaken")) || /* DSTU2 */
           json_text_is(json_get(object, "taken"), "n") ||  /* STU3 */
           json_text_is(json_get(object, "taken"), "unk");
}

static enum taking taking_of(struct json object, bool *ret_is_known)
{
    struct json status = json_get(object, "status");

    *ret_is_known = true;
    if (was_never_taken(object))
        return NEVER;
    for (size_t i = 0; i < ARRAY_LEN(STATUSES); i++)
        if (json_text_is(status, STATUSES[i].status))
            return STATUSES[i].taking;
    *ret_is_known = false; /* on-hold, unknown, none, not one of FHIR's */
    return STOPPED;
}

struct reader {
    const struct fhir_collection *collection;
    struct arena *arena;
    int32_t today;
};

static bool day_at(const struct reader *r, struct json date, enum fhir_date_end end,
                   int32_t *ret)
{
    return fhir_date_to_days(json_text(date, r->arena), end, ret);
}

/* Bounds of the dosage that is given first. */
static struct json bounds_of(struct json object)
{
    struct json dosage = json_get(object, "dosageInstruction");

    if (json_is_absent(dosage))
        dosage = json_get(object, "dosage");
    return json_at(shape_first(dosage), "timing", "repeat", "boundsPeriod");
}

static void read_start(const struct reader *r, struct json object, struct fhir_list_entry *e)
{
    struct json starts[] = {
        json_at(object, "effectivePeriod", "start"),
        json_get(object, "effectiveDateTime"),
        json_get(bounds_of(object), "start"),
        json_get(object, "authoredOn"),
        json_get(object, "dateWritten"),
    };

    for (size_t i = 0; i < ARRAY_LEN(starts) && !e->has_start; i++)
        e->has_start = day_at(r, starts[i], FHIR_DATE_LAST_DAY, &e->start_day);
}

/* The day on which it was stopped where the record states it. A planned end is one only for
 * what went on as planned. */
static bool read_stop(const struct reader *r, struct json object, enum taking taking,
                      int32_t *ret)
{
    struct json stated[] = {
        json_get(object, "statusChanged"), /* R5 */
        json_get(object, "dateEnded"),     /* DSTU2 */
    };
    struct json planned[] = {json_at(object, "effectivePeriod", "end"),
                             json_get(bounds_of(object), "end")};

    for (size_t i = 0; taking != TAKING && i < ARRAY_LEN(stated); i++)
        if (day_at(r, stated[i], FHIR_DATE_LAST_DAY, ret))
            return true;
    if (taking == STOPPED) /* of a statement, the period is what was */
        return day_at(r, planned[0], FHIR_DATE_LAST_DAY, ret);
    for (size_t i = 0; i < ARRAY_LEN(planned); i++)
        if (day_at(r, planned[i], FHIR_DATE_LAST_DAY, ret))
            return true;
    return false;
}

/* Nothing can have been stopped after its record was last written, or after its planned end. */
static int32_t latest_stop(const struct reader *r, struct json object, bool is_status_known)
{
    struct json bounds[] = {json_at(object, "meta", "lastUpdated"),
                            json_get(bounds_of(object), "end")};
    int32_t latest = r->today, day;

    for (size_t i = 0; is_status_known && i < ARRAY_LEN(bounds); i++)
        if (day_at(r, bounds[i], FHIR_DATE_LAST_DAY, &day) && day < latest)
            latest = day;
    return latest;
}

static void read_times(const struct reader *r, struct json object, enum taking taking,
                       bool is_status_known, struct fhir_list_entry *e)
{
    int32_t day;

    read_start(r, object, e);
    if (is_status_known && read_stop(r, object, taking, &day)) {
        /* "active" with an end in the past has ended; any other end is still to come. */
        e->is_stopped = taking != TAKING || day < r->today;
        e->is_stop_exact = day <= r->today;
        e->stop_day = e->is_stop_exact ? day : r->today;
        return;
    }
    e->is_stopped = taking != TAKING;
    e->stop_day = latest_stop(r, object, is_status_known);
}

/* False in ret_is_entry: not one of the list. */
static enum err_code read_entry(const struct reader *r, const struct fhir_resource *resource,
                                struct fhir_list_entry *e, bool *ret_is_entry, struct err *err)
{
    bool is_status_known;
    enum taking taking = taking_of(resource->json, &is_status_known);

    *ret_is_entry = taking != NEVER;
    if (taking == NEVER)
        return ERR_OK;
    *e = (struct fhir_list_entry){.order = {.resource = resource, .name = resource->name}};
    if (fhir_order_resolve(&e->order, r->collection, r->arena, err) != ERR_OK)
        return err->code;
    e->is_unread = e->order.codings_count == 0 && e->order.reference.len > 0 &&
                   e->order.reference.ptr[0] != '#';
    read_times(r, resource->json, taking, is_status_known, e);
    return ERR_OK;
}

enum err_code fhir_read_medication_list(const struct fhir_collection *collection,
                                        struct slice patient_id,
                                        const struct fhir_order *orders, size_t orders_count,
                                        int32_t today_day, struct arena *arena,
                                        struct fhir_list_entry **ret, size_t *ret_count,
                                        struct err *err)
{
    struct reader r = {.collection = collection, .arena = arena, .today = today_day};
    struct fhir_subjects subjects = {
        .collection = collection, .patient_id = patient_id, .arena = arena};
    struct fhir_list_entry *entries = NULL;
    size_t count = 0, max = 0;

    for (size_t i = 0; i < collection->resources_count; i++) {
        const struct fhir_resource *resource = &collection->resources[i];
        struct json subject = json_get(resource->json, "subject");
        bool is_entry = false;

        if (!is_list_type(resource->type) || is_of_the_call(resource, orders, orders_count))
            continue;
        if (json_is_absent(subject))
            subject = json_get(resource->json, "patient"); /* DSTU2 */
        if (fhir_subject_is_foreign(&subjects, subject, resource))
            continue;
        if (count == FHIR_LIST_MAX)
            return err_set(err, ERR_LIMIT, "more than %d entries in a medication list",
                           FHIR_LIST_MAX);
        entries = arena_grow(arena, entries, &max, count, sizeof *entries);
        if (entries == NULL)
            return err_set(err, ERR_NOMEM, "no memory for a medication list");
        if (read_entry(&r, resource, &entries[count], &is_entry, err) != ERR_OK)
            return err->code;
        count += is_entry;
    }
    *ret = entries;
    *ret_count = count;
    return ERR_OK;
}
