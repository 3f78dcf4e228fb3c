/* fhir/subject.c -- compare a resource's subject with the hook's patient; see subject.h. */
#include "fhir/subject.h"

enum who { WHO_PATIENT, WHO_OTHER, WHO_NAMELESS };

/* "Type" and "id" of a reference that ends in Type/id; false for any other form. */
static bool split_reference(struct slice reference, struct slice *ret_type,
                            struct slice *ret_id)
{
    size_t history = slice_find(reference, SLICE("/_history/"));
    size_t slash, start;

    reference = slice_head(reference, history);
    for (slash = reference.len; slash > 0 && reference.ptr[slash - 1] != '/';)
        slash--;
    if (slash < 2 || slash == reference.len)
        return false;
    for (start = slash - 1; start > 0 && reference.ptr[start - 1] != '/';)
        start--;
    *ret_type = slice_head(slice_from(reference, start), slash - 1 - start);
    *ret_id = slice_from(reference, slash);
    return ret_type->len > 0 && ret_type->ptr[0] >= 'A' && ret_type->ptr[0] <= 'Z';
}

static enum who who_is(const struct fhir_subjects *s, struct slice reference,
                       const struct fhir_resource *from)
{
    const struct fhir_resource *found;
    struct slice type, id;

    if (split_reference(reference, &type, &id)) {
        if (!slice_eq(type, SLICE("Patient")))
            return WHO_OTHER;
        return slice_eq(id, s->patient_id) ? WHO_PATIENT : WHO_OTHER;
    }
    if (slice_find_char(reference, '/') == SIZE_MAX && reference.ptr[0] != '#' &&
        slice_find_char(reference, ':') == SIZE_MAX) /* an id without its type */
        return slice_eq(reference, s->patient_id) ? WHO_PATIENT : WHO_OTHER;
    if (slice_starts(reference, SLICE("urn:uuid:")) &&
        slice_eq(slice_from(reference, 9), s->patient_id))
        return WHO_PATIENT;
    found = fhir_collection_find(s->collection, reference, from);
    if (found == NULL)
        return WHO_NAMELESS;
    if (!slice_eq(found->type, SLICE("Patient")))
        return WHO_OTHER;
    if (found->parent != SIZE_MAX) /* contained: nobody else's record */
        return WHO_PATIENT;
    if (found->id.len == 0)
        return WHO_NAMELESS;
    return slice_eq(found->id, s->patient_id) ? WHO_PATIENT : WHO_OTHER;
}

/* Once per collection, and only when a nameless subject has been met. */
static bool has_several_nameless(struct fhir_subjects *s)
{
    struct slice first = SLICE_NONE;

    if (s->has_looked_for_nameless)
        return s->has_several_nameless;
    s->has_looked_for_nameless = true;
    for (size_t i = 0; i < s->collection->resources_count; i++) {
        const struct fhir_resource *resource = &s->collection->resources[i];
        struct slice reference;

        if (!slice_eq(resource->type, SLICE("Observation")))
            continue;
        reference = json_text(json_at(resource->json, "subject", "reference"), s->arena);
        if (reference.len == 0 || slice_eq(reference, first) ||
            who_is(s, reference, resource) != WHO_NAMELESS)
            continue;
        s->has_several_nameless = s->has_several_nameless || first.len > 0;
        first = reference;
    }
    return s->has_several_nameless;
}

bool fhir_subject_is_foreign(struct fhir_subjects *subjects, struct json subject,
                             const struct fhir_resource *from)
{
    struct slice reference = json_text(json_get(subject, "reference"), subjects->arena);
    bool is_foreign = false;

    if (reference.len == 0 || subjects->patient_id.len == 0)
        return false;
    if (slice_eq(reference, subjects->last))
        return subjects->last_is_foreign;
    switch (who_is(subjects, reference, from)) {
    case WHO_PATIENT:
        break;
    case WHO_OTHER:
        is_foreign = true;
        break;
    case WHO_NAMELESS:
        is_foreign = has_several_nameless(subjects);
        break;
    }
    if (reference.ptr[0] != '#') { /* "#p" is another patient in another resource */
        subjects->last = reference;
        subjects->last_is_foreign = is_foreign;
    }
    return is_foreign;
}
