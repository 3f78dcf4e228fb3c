/* gateway/hooks/missing.c -- following references as far as knowing what is at their end. */
#include "gateway/hooks/missing.h"

#include "fhir/search.h"

struct missing {
    const struct fhir_collection *collection;
    struct slice base; /* without a '/' at its end */
    struct arena *arena;
    struct slice *ids;
    size_t count;
};

/* "Observation/id", also below the server's base; empty for anything else. */
static struct slice observation_id(struct slice base, struct slice reference)
{
    struct slice rest;

    if (slice_starts(reference, base) && reference.len > base.len)
        reference = slice_from(reference, base.len + 1);
    if (!slice_starts(reference, SLICE("Observation/")))
        return SLICE_NONE;
    reference = slice_cut(slice_from(reference, SLICE("Observation/").len), '/', &rest);
    return fhir_is_id(reference) ? reference : SLICE_NONE;
}

static void note_reference(struct missing *missing, const struct fhir_resource *from,
                           struct json reference)
{
    struct slice text = json_text(json_get(reference, "reference"), missing->arena);
    struct slice id = observation_id(missing->base, text);

    if (id.len == 0 || missing->count == HOOK_MISSING_MAX ||
        fhir_collection_find(missing->collection, text, from) != NULL)
        return;
    for (size_t i = 0; i < missing->count; i++)
        if (slice_eq(missing->ids[i], id))
            return;
    missing->ids[missing->count++] = id;
}

static void note_references(struct missing *missing, const struct fhir_resource *from,
                            struct json list, const char *inside)
{
    for (struct json r = json_first(list); !json_is_absent(r); r = json_next(r))
        note_reference(missing, from, inside == NULL ? r : json_get(r, inside));
}

size_t hook_missing_observations(const struct fhir_collection *collection, struct slice base,
                                 struct arena *arena, struct slice ids[HOOK_MISSING_MAX])
{
    struct missing missing = {
        .collection = collection, .base = base, .arena = arena, .ids = ids};

    while (slice_ends(missing.base, SLICE("/")))
        missing.base.len--;
    for (size_t i = 0; i < collection->resources_count; i++) {
        const struct fhir_resource *r = &collection->resources[i];

        if (slice_eq_text(r->type, "DiagnosticReport"))
            note_references(&missing, r, json_get(r->json, "result"), NULL);
        if (!slice_eq_text(r->type, "Observation"))
            continue;
        note_references(&missing, r, json_get(r->json, "hasMember"), NULL);
        note_references(&missing, r, json_get(r->json, "derivedFrom"), NULL);
        note_references(&missing, r, json_get(r->json, "related"), "target"); /* to STU3 */
    }
    return missing.count;
}
