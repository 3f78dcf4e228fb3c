/* tests/rules/small_evidence.h -- records in short, and results as one line of text. */
#ifndef TESTS_RULES_SMALL_EVIDENCE_H
#define TESTS_RULES_SMALL_EVIDENCE_H

#include "rules/base/buf.h"
#include "tests/rules/small_release.h"

#define RECORDS_MAX 4

/* One record, in short. alleles: separated by '/'. */
struct said {
    const char *alleles, *copies, *phenotype, *score;
    const char *positive, *negative, *unclear; /* an allele */
    bool is_single, is_preliminary;
};

static inline struct rules_evidence evidence_of(const char *gene, const struct said *said)
{
    struct rules_evidence e = {
        .gene = slice_of(gene),
        .copies = slice_of(said->copies),
        .phenotype = slice_of(said->phenotype),
        .score = slice_of(said->score),
        .is_single_allele = said->is_single,
        .is_preliminary = said->is_preliminary,
    };
    struct slice rest = slice_of(said->alleles);

    while (rest.len > 0)
        e.alleles[e.alleles_count++] = slice_cut(rest, '/', &rest);
    e.presence = said->positive != NULL   ? RULES_PRESENCE_POSITIVE
                 : said->negative != NULL ? RULES_PRESENCE_NEGATIVE
                 : said->unclear != NULL  ? RULES_PRESENCE_INDETERMINATE
                                          : RULES_PRESENCE_NONE;
    e.presence_allele = slice_of(said->positive != NULL   ? said->positive
                                 : said->negative != NULL ? said->negative
                                                          : said->unclear);
    return e;
}

/* "single: *1/ *4 = Intermediate Metabolizer [1.0] {sub-allele} #0" (without the blank), calls
 * separated by " | ", all on one line. */
static inline void describe(const struct rules_gene_result *result, struct arena *arena,
                            struct buf *buf)
{
    buf_printf(buf, "%s:", rules_gene_state_name(result->state));
    for (size_t i = 0; i < result->calls_count; i++) {
        const struct rules_call *call = &result->calls[i];

        buf_printf(buf, "%s %.*s = %.*s [", i > 0 ? " |" : "", SLICE_ARG(call->diplotype),
                   SLICE_ARG(call->phenotype));
        for (size_t key = 0; key < call->keys_count; key++) {
            buf_add(buf, key > 0 ? SLICE(", ") : SLICE_NONE);
            buf_add(buf, rules_key_text(&call->keys[key], arena));
        }
        buf_add_char(buf, ']');
        for (uint32_t n = 0; n < RULES_NOTES_COUNT; n++)
            if ((call->notes >> n & 1) != 0)
                buf_printf(buf, " %s", rules_call_note_name((enum rules_call_note)n));
        buf_add_text(buf, " #");
        for (size_t s = 0; s < call->sources_count; s++) {
            buf_printf(buf, "%u", call->sources[s]);
            assert_true(s == 0 || call->sources[s - 1] < call->sources[s]);
        }
    }
}

struct row {
    const char *gene;
    struct said said[RECORDS_MAX];
    const char *want;
};

/* Resolves one row's records; shows what differs. */
static inline bool is_row_right(const struct rules_knowledge *k, const struct row *row,
                                size_t number)
{
    static const struct said NOTHING;
    struct rules_evidence evidence[RECORDS_MAX];
    struct rules_gene_result result;
    struct err err = {0};
    struct arena arena;
    struct buf got;
    size_t count = 0;
    bool is_right;

    arena_init(&arena, 1024 * 1024);
    buf_init(&got, 4096);
    for (size_t i = 0; i < RECORDS_MAX; i++)
        if (memcmp(&row->said[i], &NOTHING, sizeof NOTHING) != 0)
            evidence[count++] = evidence_of(row->gene, &row->said[i]);
    if (rules_resolve_gene(k, rules_find_gene(k, slice_of(row->gene)), evidence, count, &arena,
                           &result, &err) == ERR_OK)
        describe(&result, &arena, &got);
    else
        buf_printf(&got, "%s", err.text);
    is_right = slice_eq_text(buf_slice(&got), row->want);
    if (!is_right)
        print_error("row %zu:\n  got  %.*s\n  want %s\n", number, SLICE_ARG(buf_slice(&got)),
                    row->want);
    buf_release(&got);
    arena_release(&arena);
    return is_right;
}

#define CHECK_ROWS(rows)                                                                       \
    do {                                                                                       \
        struct rules_knowledge *k_ = small_knowledge();                                        \
        size_t wrong_ = 0;                                                                     \
                                                                                               \
        for (size_t i_ = 0; i_ < ARRAY_LEN(rows); i_++)                                        \
            wrong_ += !is_row_right(k_, &(rows)[i_], i_);                                      \
        rules_knowledge_release(k_);                                                           \
        assert_int_equal(wrong_, 0);                                                           \
    } while (0)

#endif
