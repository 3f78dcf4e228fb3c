/* fhir/report.c -- which report or grouper holds a result, and what falls with it.
 *
 * Members: DiagnosticReport.result, Observation.hasMember, and DSTU2's and STU3's
 * Observation.related of type has-member.
 */
#include "fhir/walk.h"

#include "fhir/shape.h"

/* DSTU2 and STU3 keep several kinds of relation in one list. */
static bool is_member_relation(struct json element)
{
    struct json type = json_get(element, "type");

    return json_is_absent(type) || json_text_is(type, "has-member");
}

struct json walk_members(const struct fhir_resource *resource, const char **ret_way)
{
    struct json list;

    *ret_way = NULL;
    if (slice_eq(resource->type, SLICE("DiagnosticReport")))
        return json_get(resource->json, "result");
    if (!slice_eq(resource->type, SLICE("Observation")))
        return JSON_NONE;
    list = json_get(resource->json, "hasMember");
    if (!json_is_absent(list))
        return list;
    *ret_way = "target";
    return json_get(resource->json, "related");
}

const struct fhir_resource *walk_member(struct walk *w, struct json element, const char *way,
                                        const struct fhir_resource *from)
{
    struct json reference = way == NULL ? element : json_get(element, way);

    if (way != NULL && !is_member_relation(element))
        return NULL;
    return fhir_collection_find(w->collection,
                                json_text(json_get(reference, "reference"), w->arena), from);
}

/* Notes the report of what it refers to, and of what these refer to. With `drops`, they fall
 * with it. */
static void mark_members(struct walk *w, const struct fhir_resource *from, size_t report,
                         bool drops, int depth)
{
    const char *way;
    struct json members = walk_members(from, &way);

    for (struct json m = shape_first(members); !json_is_absent(m); m = shape_next(members, m)) {
        const struct fhir_resource *member = walk_member(w, m, way, from);
        size_t at;

        if (member == NULL)
            continue;
        at = (size_t)(member - w->collection->resources);
        if (drops ? w->is_dropped[at] : w->report_of[at] != 0)
            continue; /* also ends a circle */
        if (drops)
            w->is_dropped[at] = true;
        else
            w->report_of[at] = (uint32_t)report + 1;
        if (depth < MEMBER_DEPTH_MAX)
            mark_members(w, member, report, drops, depth + 1);
    }
}

static enum err_code mark_report(struct walk *w, size_t report)
{
    const struct fhir_collection *c = w->collection;
    struct json status = json_get(c->resources[report].json, "status");
    bool drops = json_text_is(status, "entered-in-error") || json_text_is(status, "cancelled");

    if (drops && w->is_dropped == NULL)
        w->is_dropped = arena_alloc(w->arena, c->resources_count * sizeof *w->is_dropped);
    if (w->report_of == NULL)
        w->report_of = arena_alloc(w->arena, c->resources_count * sizeof *w->report_of);
    if ((drops && w->is_dropped == NULL) || w->report_of == NULL)
        return err_set(w->err, ERR_NOMEM, "no memory for marks");
    if (drops)
        w->is_dropped[report] = true;
    mark_members(w, &c->resources[report], report, drops, 0);
    return ERR_OK;
}

enum err_code walk_reports(struct walk *w)
{
    const struct fhir_collection *c = w->collection;

    for (size_t i = 0; i < c->resources_count; i++)
        if (slice_eq(c->resources[i].type, SLICE("DiagnosticReport")) &&
            mark_report(w, i) != ERR_OK)
            return w->err->code;
    return ERR_OK;
}

const struct fhir_resource *walk_report_of(const struct walk *w,
                                           const struct fhir_resource *resource)
{
    const struct fhir_collection *c = w->collection;
    uint32_t report = 0;

    if (w->report_of != NULL)
        report = w->report_of[resource - c->resources];
    if (report != 0)
        return &c->resources[report - 1];
    if (resource->parent == SIZE_MAX ||
        !slice_eq(c->resources[resource->parent].type, SLICE("DiagnosticReport")))
        return NULL;
    return &c->resources[resource->parent];
}
