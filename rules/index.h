/* rules/index.h -- from names to row numbers: an open-addressing hash table, built once.
 *
 * A name belongs to a scope (its gene, its drug, ...; 0 when names are global). Names are
 * borrowed and must outlive the index. It is filled while a snapshot is built and only read
 * afterwards, so any thread may read it.
 */
#ifndef RULES_INDEX_H
#define RULES_INDEX_H

#include "rules/base/arena.h"
#include "rules/base/slice.h"

#define RULES_ABSENT UINT32_MAX

struct rules_index_entry {
    struct slice name;
    uint32_t scope;
    uint32_t row; /* RULES_ABSENT: free */
};

struct rules_index {
    struct rules_index_entry *entries; /* a power of two of them, at most half full */
    size_t entries_count;
    size_t used_count;
};

/* Room for names_max names. False when the arena is full. */
bool rules_index_init(struct rules_index *index, size_t names_max,
                      struct arena *arena) MUST_CHECK;

/* False when the scope has the name already: its row stays. */
bool rules_index_add(struct rules_index *index, uint32_t scope, struct slice name,
                     uint32_t row);

/* The row, or RULES_ABSENT. */
uint32_t rules_index_find(const struct rules_index *index, uint32_t scope, struct slice name);

#endif
