/* rules/base/arena.h -- memory that is freed all at once, with a hard cap.
 *
 * Invariants: no more than bytes_max bytes are ever taken from malloc; an allocation that
 * would pass the cap, or that malloc refuses, returns NULL and sets the overflow flag, which
 * stays set until arena_reset. So a run of allocations needs one check of arena_failed at its
 * end only if NULL is not dereferenced on the way; otherwise check each.
 *
 * Life cycle: arena_init takes no memory. arena_reset frees everything but the first block,
 * which is kept for the next use. arena_release frees all. Nothing is freed one by one.
 * An arena belongs to one thread at a time.
 */
#ifndef RULES_BASE_ARENA_H
#define RULES_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "rules/base/slice.h"
#include "rules/base/util.h"

struct arena_block;
struct arena_defer;

struct arena {
    struct arena_block *blocks; /* newest first */
    struct arena_defer *defers; /* newest first */
    size_t bytes_taken;
    size_t bytes_max;
    bool has_failed;
};

void arena_init(struct arena *arena, size_t bytes_max);
void arena_reset(struct arena *arena);
void arena_release(struct arena *arena); /* accepts a zeroed arena */

/* Zeroed memory, aligned for any type; NULL when the cap or malloc says no. size 0 gives a
 * valid unique pointer. */
void *arena_alloc(struct arena *arena, size_t bytes) MUST_CHECK;
void *arena_array(struct arena *arena, size_t count, size_t bytes_each) MUST_CHECK;
#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))

/* Copies; a NONE or empty slice gives an empty one. On failure an empty slice (has_failed). */
struct slice arena_copy(struct arena *arena, struct slice s);
char *arena_cstr(struct arena *arena, struct slice s) MUST_CHECK;
struct slice arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

/* Runs fn(object) at reset or release, newest first: how a foreign object joins the arena's
 * life. False (and fn(object) was run at once) when there is no memory for the note. */
bool arena_on_release(struct arena *arena, void (*fn)(void *object), void *object) MUST_CHECK;

/* A growable array of `bytes_each` elements in an arena: returns the array with room for one
 * more, doubling when full; the old array stays in the arena. NULL when memory ends.
 *     p = arena_grow(arena, p, &p_max, p_count, sizeof *p); if (p == NULL) ... p[p_count++] */
void *arena_grow(struct arena *arena, void *array, size_t *max, size_t count,
                 size_t bytes_each) MUST_CHECK;

#endif
