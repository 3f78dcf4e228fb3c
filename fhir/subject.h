/* fhir/subject.h -- is a resource about the hook's patient?
 *
 * A subject that names another Patient by id, or no Patient at all (a Group, a Device), is
 * foreign. The id is taken from "Patient/1", from an absolute URL that ends so, or from the
 * Patient in the collection that a urn:uuid means.
 *
 * A subject that leads to no id at all (a uuid that nothing resolves, a Patient without id, a
 * logical reference) names nobody else, and the resource came as the answer to a question about
 * this patient: it is accepted. But when a collection holds two such subjects that differ, one
 * of them must be somebody else and nothing tells which: then both are foreign. A contained
 * Patient has no identity of its own and is accepted.
 */
#ifndef FHIR_SUBJECT_H
#define FHIR_SUBJECT_H

#include "fhir/bundle.h"

struct fhir_subjects {
    const struct fhir_collection *collection;
    struct slice patient_id; /* empty: everybody is the patient */
    struct arena *arena;
    struct slice last; /* nearly all resources of a chart have the same subject */
    bool last_is_foreign;
    bool has_looked_for_nameless;
    bool has_several_nameless;
};

bool fhir_subject_is_foreign(struct fhir_subjects *subjects, struct json subject,
                             const struct fhir_resource *from);

#endif
