/* fhir/version.c -- older versions of one and the same result.
 *
 * A result is sent again when it is amended or corrected, often as a new resource. Two records
 * of one gene under one code are versions of one result when they share an identifier, or
 * their reports do, or one of them is amended or corrected and both have one performer and one
 * date. The newer one stays. Where nothing says which is newer, both stay, and differ in the
 * open.
 */
#include "fhir/walk.h"

#include "fhir/shape.h"

struct version {
    struct slice identifier; /* "system|value" of the first one */
    struct slice report;     /* the same of its report */
    struct slice code;       /* the first code, else the text */
    struct slice issued, updated;
    struct slice report_issued;
    bool is_correction; /* by its status */
};

static struct slice first_identifier(struct walk *w, const struct fhir_resource *resource)
{
    struct json identifier = shape_first(json_get(resource->json, "identifier"));
    struct slice value = json_text(json_get(identifier, "value"), w->arena);

    if (value.len == 0)
        return SLICE_NONE;
    return arena_printf(w->arena, "%.*s|%.*s",
                        SLICE_ARG(json_text(json_get(identifier, "system"), w->arena)),
                        SLICE_ARG(value));
}

static struct slice updated_of(struct walk *w, const struct fhir_resource *resource)
{
    return json_text(json_at(resource->json, "meta", "lastUpdated"), w->arena);
}

static struct version version_of(struct walk *w, const struct fhir_evidence *evidence)
{
    const struct fhir_resource *resource = evidence->resource;
    const struct fhir_resource *report = walk_report_of(w, resource);
    struct json status = json_get(resource->json, "status");
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    struct version version = {
        .identifier = first_identifier(w, resource),
        .issued = json_text(json_get(resource->json, "issued"), w->arena),
        .updated = updated_of(w, resource),
        .is_correction = json_text_is(status, "amended") || json_text_is(status, "corrected"),
    };

    if (observation_texts(resource->code, w->arena, texts) > 0)
        version.code = texts[0].text;
    if (report == NULL)
        return version;
    version.report = first_identifier(w, report);
    version.report_issued = json_text(json_get(report->json, "issued"), w->arena);
    if (version.report_issued.len == 0)
        version.report_issued = updated_of(w, report);
    return version;
}

static bool is_same(struct slice a, struct slice b)
{
    return a.len > 0 && slice_eq(a, b);
}

/* Below 0: a is the older one; 0: nobody knows. */
static int compare_times(struct slice a, struct slice b)
{
    return a.len == 0 || b.len == 0 ? 0 : slice_compare(a, b);
}

static int compare_age(const struct version *a, const struct version *b, bool by_report)
{
    int order = compare_times(a->issued, b->issued);

    if (order == 0 && by_report)
        order = compare_times(a->report_issued, b->report_issued);
    if (order == 0)
        order = (int)a->is_correction - (int)b->is_correction;
    return order != 0 ? order : compare_times(a->updated, b->updated);
}

/* As compare_age for two versions of one result; 0 also for two results. */
static int compare(const struct walk *w, size_t i, size_t j, const struct version *a,
                   const struct version *b)
{
    const struct fhir_evidence *x = &w->out->evidence[i], *y = &w->out->evidence[j];
    bool is_corrected = a->is_correction != b->is_correction;

    if (x->resource == y->resource || !slice_eq(x->gene, y->gene) ||
        !slice_eq(x->presence_allele, y->presence_allele) || !is_same(a->code, b->code))
        return 0;
    /* Two copies of a gene may be two Observations under one number. */
    if (w->is_lone[i] && w->is_lone[j] && !is_corrected)
        return 0;
    if (is_same(a->identifier, b->identifier))
        return compare_age(a, b, false);
    if (walk_report_of(w, x->resource) != walk_report_of(w, y->resource) &&
        is_same(a->report, b->report))
        return compare_age(a, b, true);
    if (is_corrected && is_same(x->performer, y->performer) && is_same(x->date, y->date))
        return (int)a->is_correction - (int)b->is_correction;
    return 0;
}

enum err_code walk_versions(struct walk *w)
{
    bool is_old[FHIR_EVIDENCE_MAX] = {false};
    size_t count = w->out->evidence_count;
    struct version *versions;

    if (count < 2)
        return ERR_OK;
    versions = arena_array(w->arena, count, sizeof *versions);
    if (versions == NULL)
        return err_set(w->err, ERR_NOMEM, "no memory for versions");
    for (size_t i = 0; i < count; i++)
        versions[i] = version_of(w, &w->out->evidence[i]);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            int order = compare(w, i, j, &versions[i], &versions[j]);

            is_old[i] = is_old[i] || order < 0;
            is_old[j] = is_old[j] || order > 0;
        }
    }
    for (size_t i = count; i-- > 0;) {
        if (!is_old[i])
            continue;
        if (walk_ignore(w, w->out->evidence[i].resource, FHIR_IGNORED_SUPERSEDED) != ERR_OK)
            return w->err->code;
        walk_remove(w, i);
    }
    return ERR_OK;
}
