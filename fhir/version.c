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
    uint64_t key;            /* of gene, code and allele: versions have the same */
    struct slice identifier; /* "system|value" of the first one */
    struct slice report;     /* the same of its report */
    struct slice code;       /* the first code, else the text */
    struct slice issued, updated;
    struct slice report_issued;
    bool is_correction; /* by its status */
};

static struct slice first_identifier(struct walk *w, struct json list)
{
    struct json identifier = shape_first(list);
    struct slice value = json_text(json_get(identifier, "value"), w->arena);

    if (value.len == 0)
        return SLICE_NONE;
    return arena_printf(w->arena, "%.*s|%.*s",
                        SLICE_ARG(json_text(json_get(identifier, "system"), w->arena)),
                        SLICE_ARG(value));
}

static void read_report(struct walk *w, const struct fhir_resource *report, struct version *ret)
{
    ret->report = first_identifier(w, json_get(report->json, "identifier"));
    if (ret->report.len == 0)
        return;
    ret->report_issued = json_text(json_get(report->json, "issued"), w->arena);
    if (ret->report_issued.len == 0)
        ret->report_issued = json_text(json_at(report->json, "meta", "lastUpdated"), w->arena);
}

static struct version version_of(struct walk *w, const struct fhir_evidence *evidence)
{
    static const struct json_want WANTS[] = {JSON_WANT("identifier"), JSON_WANT("status"),
                                             JSON_WANT("issued"), JSON_WANT("meta")};
    const struct fhir_resource *resource = evidence->resource;
    const struct fhir_resource *report = walk_report_of(w, resource);
    struct json found[ARRAY_LEN(WANTS)];
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    struct version version = {.key = 0};

    json_pick(resource->json, WANTS, ARRAY_LEN(WANTS), found);
    version.identifier = first_identifier(w, found[0]);
    version.is_correction =
        json_text_is(found[1], "amended") || json_text_is(found[1], "corrected");
    version.issued = json_text(found[2], w->arena);
    version.updated = json_text(json_get(found[3], "lastUpdated"), w->arena);
    if (report != NULL)
        read_report(w, report, &version);
    if (observation_texts(resource->code, w->arena, texts) > 0)
        version.code = texts[0].text;
    version.key = slice_hash(version.code, slice_hash(evidence->gene, 0));
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

    if (a->key != b->key || x->resource == y->resource || !slice_eq(x->gene, y->gene) ||
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

/* Most charts have neither numbers nor corrections. */
static bool may_have_versions(const struct walk *w)
{
    static const struct json_want WANTS[] = {JSON_WANT("identifier"), JSON_WANT("status")};

    for (size_t i = 0; i < w->out->evidence_count; i++) {
        const struct fhir_resource *resource = w->out->evidence[i].resource;
        struct json found[ARRAY_LEN(WANTS)];

        json_pick(resource->json, WANTS, ARRAY_LEN(WANTS), found);
        if (!json_is_absent(found[0]) || !json_text_is(found[1], "final") ||
            walk_report_of(w, resource) != NULL)
            return true;
    }
    return false;
}

enum err_code walk_versions(struct walk *w)
{
    bool is_old[FHIR_EVIDENCE_MAX] = {false};
    size_t count = w->out->evidence_count;
    struct version *versions;

    if (count < 2 || !may_have_versions(w))
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
