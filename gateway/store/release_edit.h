/* gateway/store/release_edit.h -- takes rows out of a release that is being put together. */
#ifndef GATEWAY_STORE_RELEASE_EDIT_H
#define GATEWAY_STORE_RELEASE_EDIT_H

#include <string.h>

#include "rules/release.h"

/* Keeps the rows of a table for which `keep` is true, in their order; `row` is a pointer to the
 * table's rows. What is left behind is zeroed, as rules_add_... finds it. */
#define RELEASE_FILTER(release, array, row, keep)                                              \
    do {                                                                                       \
        size_t kept_ = 0, count_ = (release)->array##_count;                                   \
                                                                                               \
        for (size_t i_ = 0; i_ < count_; i_++) {                                               \
            row = &(release)->array[i_];                                                       \
            if (keep)                                                                          \
                (release)->array[kept_++] = *row;                                              \
        }                                                                                      \
        if (kept_ < count_)                                                                    \
            memset(&(release)->array[kept_], 0, (count_ - kept_) * sizeof *(release)->array);  \
        (release)->array##_count = kept_;                                                      \
    } while (0)

/* Takes out all recommendations that `publisher` gives for the drug (a regulator's labels stay)
 * with everything that belongs to them: conditions, actions, implications, messages that
 * nothing else uses, and the cases that expect them. *ret_count: how many recommendations.
 * False when there is no memory for it; the release is then as it was. */
bool release_drop_advice(struct rules_release *release, struct slice publisher,
                         struct slice drug, size_t *ret_count) MUST_CHECK;

/* Takes out sources of the publisher that no row of any table names. */
void release_drop_unused_sources(struct rules_release *release, struct slice publisher);

/* Takes out the cases that expect nobody to say anything of the drug although there is a result
 * of the gene: for a publisher that begins to say something of them. Gives how many. */
size_t release_drop_silence(struct rules_release *release, struct slice drug,
                            struct slice gene);

#endif
