/* gateway/store/rxnorm_retired.c -- concepts that RxNorm gave up for others.
 *
 * An order may carry a code of years ago. RXNATOMARCHIVE says atom by atom what a concept was
 * merged into, RXNCUI concept by concept; either may lead on to another retired one. A concept
 * that was split, or whose parts went to different drugs, is not guessed at.
 */
#include "gateway/store/rxnorm_private.h"

#define STEPS_MAX 64 /* from one retired concept; longer is broken, or a circle */

enum {
    ARCHIVE_RXCUI = 12,
    ARCHIVE_SAB = 13,
    ARCHIVE_TTY = 14,
    ARCHIVE_MERGED_TO = 15,
};
enum { CUI_FROM = 0, CUI_CARDINALITY = 3, CUI_TO = 4 };

/* --- which ones there are ------------------------------------------------------------------
 */

static bool add_move(struct rxnorm_import *m, size_t from_field, size_t to_field)
{
    struct rxnorm_move move, *moves;

    if (!rxnorm_read_rxcui(m, from_field, &move.from) ||
        !rxnorm_read_rxcui(m, to_field, &move.to))
        return false;
    if (move.from == move.to || rxnorm_graph_find(&m->graph, move.from) != RXNORM_NO_CONCEPT)
        return true; /* still, or again, in use */
    moves = arena_grow(&m->scratch, m->moves, &m->moves_max, m->moves_count, sizeof *moves);
    if (moves == NULL)
        return rxnorm_no_memory(m);
    m->moves = moves;
    moves[m->moves_count++] = move;
    return true;
}

static bool is_archived(const struct rxnorm_import *m, enum rxnorm_term_type *ret)
{
    return slice_eq_text(m->fields[ARCHIVE_SAB], "RXNORM") &&
           rxnorm_term_type_from_name(m->fields[ARCHIVE_TTY], ret) && *ret < RXNORM_DF &&
           m->fields[ARCHIVE_MERGED_TO].len > 0;
}

static bool take_archived(struct rxnorm_import *m)
{
    enum rxnorm_term_type type;

    return !is_archived(m, &type) || add_move(m, ARCHIVE_RXCUI, ARCHIVE_MERGED_TO);
}

static bool take_moved(struct rxnorm_import *m)
{
    return !slice_eq_text(m->fields[CUI_CARDINALITY], "1") || add_move(m, CUI_FROM, CUI_TO);
}

static int compare_moves(const void *a_, const void *b_)
{
    const struct rxnorm_move *a = a_, *b = b_;

    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return a->to < b->to ? -1 : a->to > b->to;
}

/* --- where they lead -----------------------------------------------------------------------
 */

static size_t first_move(const struct rxnorm_import *m, uint32_t from)
{
    size_t low = 0, high = m->moves_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (m->moves[middle].from < from)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_alike(const struct rxnorm_import *m, uint32_t a, uint32_t b)
{
    for (size_t d = 0; d < m->release->drugs_count; d++)
        if (rxnorm_graph_has(&m->graph, a, d) != rxnorm_graph_has(&m->graph, b, d) ||
            rxnorm_graph_form(&m->graph, a, d) != rxnorm_graph_form(&m->graph, b, d))
            return false;
    return true;
}

struct target {
    uint32_t concept; /* the first one found, or RXNORM_NO_CONCEPT */
    bool is_split;    /* others are not like it */
    size_t steps;
};

static void follow(const struct rxnorm_import *m, uint32_t rxcui, struct target *ret)
{
    uint32_t concept = rxnorm_graph_find(&m->graph, rxcui);

    if (concept != RXNORM_NO_CONCEPT) {
        if (ret->concept == RXNORM_NO_CONCEPT)
        ret->concept = concept;
        else if (!is_alike(m, ret->concept, concept)) ret->is_split = true;
        return;
    }
    for (size_t i = first_move(m, rxcui);
         i < m->moves_count && m->moves[i].from == rxcui && ret->steps < STEPS_MAX; i++) {
        ret->steps++;
        follow(m, m->moves[i].to, ret);
    }
}

/* The concept that stands for a retired one; RXNORM_NO_CONCEPT when there is none of ours. */
static uint32_t successor(struct rxnorm_import *m, uint32_t rxcui)
{
    struct target target = {.concept = RXNORM_NO_CONCEPT};

    follow(m, rxcui, &target);
    if (target.is_split) {
        import_note(&m->report->refused, "retired RxCUI %u was split between different drugs",
                    rxcui);
        return RXNORM_NO_CONCEPT;
    }
    if (target.concept == RXNORM_NO_CONCEPT || !m->graph.concepts[target.concept].is_kept)
        return RXNORM_NO_CONCEPT;
    return target.concept;
}

/* --- their codes ---------------------------------------------------------------------------
 */

/* Each concept once, by the name and type of its successor. */
static bool add_all(struct rxnorm_import *m)
{
    for (size_t i = 0; i < m->moves_count; i++) {
        uint32_t from = m->moves[i].from, concept;
        char number[16];

        if (i > 0 && m->moves[i - 1].from == from)
            continue;
        concept = successor(m, from);
        if (concept == RXNORM_NO_CONCEPT)
            continue;
        m->report->retired++;
        (void)snprintf(number, sizeof number, "%u", from);
        if (!rxnorm_add_codes(m, concept, SLICE(CODE_SYSTEM_RXNORM),
                              arena_copy(&m->release->arena, slice_of(number)),
                              slice_of(rxnorm_term_type_name(
                                  (enum rxnorm_term_type)m->graph.concepts[concept].type)),
                              m->names[concept]))
            return false;
    }
    return true;
}

bool rxnorm_read_retired(struct rxnorm_import *m)
{
    if (!rxnorm_each_row(m, RXNORM_FILE_ARCHIVE, take_archived) ||
        !rxnorm_each_row(m, RXNORM_FILE_CUI, take_moved))
        return false;
    if (m->moves_count > 1)
        qsort(m->moves, m->moves_count, sizeof *m->moves, compare_moves);
    return add_all(m);
}
