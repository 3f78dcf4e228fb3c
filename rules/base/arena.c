/* rules/base/arena.c -- bump allocation in blocks that double, below a cap. */
#include "rules/base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#define ARENA_FIRST_BLOCK_BYTES 32768 /* most requests need no second block */
#define ARENA_BLOCK_BYTES_MAX   ((size_t)1024 * 1024)
#define ARENA_ALIGN             16

struct arena_block {
    struct arena_block *older;
    size_t bytes; /* usable, after this header */
    size_t used;
    size_t padding_; /* keeps the data aligned */
};

struct arena_defer {
    struct arena_defer *older;
    void (*fn)(void *object);
    void *object;
};

static char *block_data(struct arena_block *block)
{
    return (char *)(block + 1);
}

void arena_init(struct arena *arena, size_t bytes_max)
{
    *arena = (struct arena){.bytes_max = bytes_max};
}

static void run_defers(struct arena *arena)
{
    for (struct arena_defer *d = arena->defers; d != NULL; d = d->older)
        d->fn(d->object);
    arena->defers = NULL;
}

static void free_blocks(struct arena *arena, struct arena_block *keep)
{
    struct arena_block *block = arena->blocks;

    while (block != keep) {
        struct arena_block *older = block->older;

        arena->bytes_taken -= sizeof *block + block->bytes;
        free(block);
        block = older;
    }
    arena->blocks = keep;
}

void arena_reset(struct arena *arena)
{
    struct arena_block *first = arena->blocks;

    run_defers(arena);
    while (first != NULL && first->older != NULL)
        first = first->older;
    free_blocks(arena, first);
    if (first != NULL)
        first->used = 0;
    arena->has_failed = false;
}

void arena_release(struct arena *arena)
{
    run_defers(arena);
    free_blocks(arena, NULL);
    arena->has_failed = false;
}

static struct arena_block *add_block(struct arena *arena, size_t bytes_min)
{
    size_t bytes = arena->blocks == NULL ? ARENA_FIRST_BLOCK_BYTES : arena->blocks->bytes * 2;
    size_t left = arena->bytes_max - arena->bytes_taken;
    struct arena_block *block;

    if (left < sizeof *block || left - sizeof *block < bytes_min)
        return NULL;
    if (bytes > ARENA_BLOCK_BYTES_MAX)
        bytes = ARENA_BLOCK_BYTES_MAX;
    if (bytes < bytes_min)
        bytes = bytes_min;
    if (bytes > left - sizeof *block)
        bytes = left - sizeof *block; /* the last block takes what the cap leaves */
    block = malloc(sizeof *block + bytes);
    if (block == NULL)
        return NULL;
    *block = (struct arena_block){.older = arena->blocks, .bytes = bytes};
    arena->blocks = block;
    arena->bytes_taken += sizeof *block + bytes;
    return block;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    struct arena_block *block = arena->blocks;
    size_t rounded = (bytes + ARENA_ALIGN) & ~(size_t)(ARENA_ALIGN - 1);
    void *memory;

    if (rounded < bytes) {
        arena->has_failed = true;
        return NULL;
    }
    if (block == NULL || block->bytes - block->used < rounded)
        block = add_block(arena, rounded);
    if (block == NULL) {
        arena->has_failed = true;
        return NULL;
    }
    memory = block_data(block) + block->used;
    block->used += rounded;
    return memset(memory, 0, bytes);
}

void *arena_array(struct arena *arena, size_t count, size_t bytes_each)
{
    if (bytes_each != 0 && count > SIZE_MAX / bytes_each) {
        arena->has_failed = true;
        return NULL;
    }
    return arena_alloc(arena, count * bytes_each);
}

char *arena_cstr(struct arena *arena, struct slice s)
{
    char *copy = arena_alloc(arena, s.len + 1);

    if (copy != NULL && s.len > 0)
        memcpy(copy, s.ptr, s.len);
    return copy;
}

struct slice arena_copy(struct arena *arena, struct slice s)
{
    char *copy = arena_cstr(arena, s);

    return copy == NULL ? SLICE_NONE : (struct slice){.ptr = copy, .len = s.len};
}

struct slice arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    int len;
    char *text;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);
    text = arena_alloc(arena, (size_t)len + 1);
    if (text == NULL)
        return SLICE_NONE;
    va_start(args, format);
    (void)vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return (struct slice){.ptr = text, .len = (size_t)len};
}

bool arena_on_release(struct arena *arena, void (*fn)(void *object), void *object)
{
    struct arena_defer *note = arena_new(arena, struct arena_defer);

    if (note == NULL) {
        fn(object);
        return false;
    }
    *note = (struct arena_defer){.older = arena->defers, .fn = fn, .object = object};
    arena->defers = note;
    return true;
}

void *arena_grow(struct arena *arena, void *array, size_t *max, size_t count, size_t bytes_each)
{
    size_t larger = *max == 0 ? 8 : *max * 2;
    void *copy;

    if (count < *max)
        return array;
    copy = arena_array(arena, larger, bytes_each);
    if (copy == NULL)
        return NULL;
    if (count > 0)
        memcpy(copy, array, count * bytes_each);
    *max = larger;
    return copy;
}
