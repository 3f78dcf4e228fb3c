/* gateway/hooks/run.c -- memory and lists of runs. */
#include "gateway/hooks/run.h"

#include <assert.h>

#define RUNS_KEPT_MAX     64
#define ANSWER_BYTES_KEPT 16384

uint64_t run_now_us(void)
{
    return uv_hrtime() / 1000;
}

struct run *run_new(struct hook_engine *engine)
{
    struct run *run = engine->free;

    if (run != NULL) {
        engine->free = run->next;
        engine->free_count--;
    } else {
        run = calloc(1, sizeof *run);
        if (run == NULL)
            return NULL;
        hook_call_init(&run->call, &engine->call_options);
        buf_init(&run->answer, ANSWER_BYTES_MAX);
    }
    engine->runs_count++;
    run->magic = RUN_MAGIC;
    run->engine = engine;
    return run;
}

static void run_free_memory(struct run *run)
{
    hook_call_release(&run->call);
    buf_release(&run->answer);
    free(run);
}

void run_end(struct run *run)
{
    struct hook_engine *engine = run->engine;
    struct run kept = {.engine = engine};

    assert(run->magic == RUN_MAGIC && run->waits == 0 && !run->is_woken);
    run_keep_results(run);
    hook_call_reset(&run->call);
    rules_knowledge_release(run->knowledge);
    buf_clear(&run->answer);
    if (run->answer.room > ANSWER_BYTES_KEPT)
        buf_release(&run->answer);
    engine->runs_count--;
    kept.call = run->call;
    kept.answer = run->answer;
    *run = kept;
    if (engine->free_count == RUNS_KEPT_MAX) {
        run_free_memory(run);
        return;
    }
    run->next = engine->free;
    engine->free = run;
    engine->free_count++;
}

void run_wake(struct run *run)
{
    struct hook_engine *engine = run->engine;

    if (run->is_woken)
        return;
    run->is_woken = true;
    run->next = NULL;
    *engine->woken_tail = run;
    engine->woken_tail = &run->next;
}

void run_unwake(struct run *run)
{
    struct run **at = &run->engine->woken;

    if (!run->is_woken)
        return;
    while (*at != run)
        at = &(*at)->next;
    *at = run->next;
    if (run->engine->woken_tail == &run->next)
        run->engine->woken_tail = at;
    run->is_woken = false;
}

void run_free_all(struct hook_engine *engine)
{
    while (engine->free != NULL) {
        struct run *run = engine->free;

        engine->free = run->next;
        run_free_memory(run);
    }
}
