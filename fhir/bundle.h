/* fhir/bundle.h -- one searchable heap of resources from prefetch values, search pages, the
 * hook's context and single reads.
 *
 * It indexes Bundle entries, contained resources and Parameters parts; it does not interpret
 * them. Resources keep the order in which they were added; the place of a contained resource
 * whose container was replaced by a newer one is left empty (no type, no json). A duplicate
 * (same type and id, or same fullUrl) is kept once, the first wins, unless the later one has a
 * newer meta.lastUpdated.
 *
 * Ownership: the collection lives in the caller's arena and borrows the documents behind the
 * cursors, which must live as long.
 */
#ifndef FHIR_BUNDLE_H
#define FHIR_BUNDLE_H

#include "fhir/json.h"

#define FHIR_RESOURCES_MAX 5000 /* in one collection */

struct fhir_resource {
    struct json json;
    struct slice type;     /* "Observation" */
    struct slice id;       /* empty when the resource has none */
    struct slice full_url; /* of its Bundle entry; empty otherwise */
    struct slice name;     /* how messages call it: "Observation/abc", else "Observation[7]" */
    size_t parent;         /* index of the resource that contains it, else SIZE_MAX */
    struct json code;      /* its member `code`; with the next one, enough to pass over */
    bool has_parts;        /* it has a member `component` or `extension` */
};

struct fhir_slot; /* private: the index by reference */

/* Pointers into `resources` may point to an older copy of the array after an add; they stay
 * readable as long as the arena. */
struct fhir_collection {
    struct arena *arena;
    struct fhir_resource *resources;
    size_t resources_count;
    size_t resources_max;
    struct fhir_slot *slots;
    size_t slots_count;
    size_t slots_max; /* a power of two */
};

void fhir_collection_init(struct fhir_collection *collection, struct arena *arena);

/* Adds a resource, a Bundle of any type or an array of resources, recursively (contained,
 * Parameters). Values without a resourceType are skipped. ERR_LIMIT above FHIR_RESOURCES_MAX,
 * ERR_NOMEM when the arena is full. */
enum err_code fhir_collection_add(struct fhir_collection *collection, struct json value,
                                  struct err *err) MUST_CHECK;

/* The resource that `reference` means when it stands in `from` (for "#contained"; may be
 * NULL): by contained id, fullUrl, urn:uuid, Type/id, or an absolute URL that ends in Type/id
 * with an optional /_history/n. NULL when it is not here. */
const struct fhir_resource *fhir_collection_find(const struct fhir_collection *collection,
                                                 struct slice reference,
                                                 const struct fhir_resource *from);

/* The link of a searchset page with this relation, as written; empty when it has none. */
struct slice fhir_bundle_link(struct json bundle, const char *relation, struct arena *arena);
/* The `next` link of a searchset page as written; empty when this is the last page. */
struct slice fhir_bundle_next(struct json bundle, struct arena *arena);

/* What a prefetch value or a FHIR server's answer is, before anybody reads into it. */
enum fhir_answer {
    FHIR_ANSWER_NONE,    /* absent */
    FHIR_ANSWER_NULL,    /* JSON null: the client asserts that there is nothing */
    FHIR_ANSWER_DATA,    /* a resource or a Bundle, also an empty one */
    FHIR_ANSWER_OUTCOME, /* an OperationOutcome in place of the data: a failure */
    FHIR_ANSWER_WRONG,   /* any other JSON */
};
enum fhir_answer fhir_answer_of(struct json value);

#endif
