/* rules/index.c -- linear probing over a table that never grows. */
#include "rules/index.h"

#include <assert.h>

bool rules_index_init(struct rules_index *index, size_t names_max, struct arena *arena)
{
    size_t count = 8;

    while (count < names_max * 2)
        count *= 2;
    *index = (struct rules_index){.entries_count = count};
    index->entries = arena_array(arena, count, sizeof *index->entries);
    if (index->entries == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        index->entries[i].row = RULES_ABSENT;
    return true;
}

/* The entry that holds the name, or the free one where it belongs. */
static struct rules_index_entry *find_entry(const struct rules_index *index, uint32_t scope,
                                            struct slice name)
{
    size_t mask = index->entries_count - 1;
    size_t at = (size_t)slice_hash(name, scope) & mask;

    while (index->entries[at].row != RULES_ABSENT &&
           (index->entries[at].scope != scope || !slice_eq(index->entries[at].name, name)))
        at = (at + 1) & mask;
    return &index->entries[at];
}

bool rules_index_add(struct rules_index *index, uint32_t scope, struct slice name, uint32_t row)
{
    struct rules_index_entry *entry = find_entry(index, scope, name);

    assert(row != RULES_ABSENT);
    if (entry->row != RULES_ABSENT)
        return false;
    assert(index->used_count < index->entries_count / 2);
    *entry = (struct rules_index_entry){.name = name, .scope = scope, .row = row};
    index->used_count++;
    return true;
}

uint32_t rules_index_find(const struct rules_index *index, uint32_t scope, struct slice name)
{
    return find_entry(index, scope, name)->row;
}
