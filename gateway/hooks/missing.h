/* gateway/hooks/missing.h -- Observations that resources at hand refer to and that are not
 * here: results of reports, members of groups, what results were derived from.
 */
#ifndef GATEWAY_HOOKS_MISSING_H
#define GATEWAY_HOOKS_MISSING_H

#include "fhir/bundle.h"

#define HOOK_MISSING_MAX 50

/* Fills in the ids of those that the server with this base would have, each once, and returns
 * how many; more than the maximum are left for another time. Texts are borrowed from the
 * collection's documents and the arena. */
size_t hook_missing_observations(const struct fhir_collection *collection, struct slice base,
                                 struct arena *arena, struct slice ids[HOOK_MISSING_MAX]);

#endif
