/* rules/presence.c -- genes asked about allele by allele (HLA-A, HLA-B).
 *
 * A typing with both alleles in two fields says of every allele asked for whether it is there.
 * Anything less (one allele, one field, a test for one allele) can show that an allele is
 * there, and only a test for the allele itself shows that it is not. "Not tested" is not
 * "negative": such an allele has no key.
 */
#include <assert.h>

#include "rules/allele_name.h"
#include "rules/genotype_private.h"

enum status { STATUS_UNKNOWN, STATUS_NEGATIVE, STATUS_POSITIVE };

/* What one record says about each allele of the gene's table. */
struct statuses {
    enum status of[RULES_KEYS_MAX];
    struct slice typing; /* both alleles, in natural order; empty for less */
    struct slice shown;  /* what the record names, for one that says nothing */
    uint32_t source;
    uint32_t notes;
    bool is_preliminary;
};

struct presence_calls {
    struct statuses of[RULES_CALLS_MAX];
    struct rules_call calls[RULES_CALLS_MAX];
    size_t sources_max[RULES_CALLS_MAX];
    size_t count;
    bool is_full; /* there are more */
};

static size_t count_asked(const struct rules_knowledge *k, const struct rules_gene *gene)
{
    return rules_facts_of_gene(k, gene)->alleles.count;
}

bool rules_presence_from_text(struct slice text, struct slice *ret_allele,
                              enum rules_presence *ret)
{
    static const struct {
        struct slice ending;
        enum rules_presence presence;
    } ENDINGS[] = {
        {{" positive", 9}, RULES_PRESENCE_POSITIVE},
        {{" negative", 9}, RULES_PRESENCE_NEGATIVE},
    };

    text = slice_trim(text);
    for (size_t i = 0; i < ARRAY_LEN(ENDINGS); i++) {
        size_t len = ENDINGS[i].ending.len;

        if (text.len <= len ||
            !slice_eq_nocase(slice_from(text, text.len - len), ENDINGS[i].ending))
            continue;
        *ret_allele = slice_trim(slice_head(text, text.len - len));
        *ret = ENDINGS[i].presence;
        return true;
    }
    return false;
}

/* The allele's place in the table, or RULES_ABSENT. */
static uint32_t find_asked(const struct rules_knowledge *k, const struct rules_gene *gene,
                           struct slice two_fields)
{
    uint32_t row = rules_index_find(&k->alleles, rules_gene_row(k, gene), two_fields);

    return row == RULES_ABSENT ? row : row - rules_facts_of_gene(k, gene)->alleles.first;
}

/* Reads one typed allele: sets it positive; says whether it excludes all others. */
static bool read_typed(const struct rules_knowledge *k, const struct rules_gene *gene,
                       struct slice written, struct arena *arena, struct statuses *s,
                       struct slice *ret_name)
{
    struct rules_allele_name normal;
    struct rules_hla_name hla;
    uint32_t asked;

    *ret_name = rules_allele_shown(written, gene->symbol);
    if (!rules_allele_normalise(written, gene->symbol, &normal))
        return false;
    hla = rules_hla_read(rules_allele_name_slice(&normal));
    *ret_name = arena_copy(arena, hla.two_fields);
    if (!hla.is_exact)
        return false;
    if (hla.is_cut)
        s->notes |= RULES_NOTE_BIT(RULES_NOTE_FIELDS_CUT);
    asked = find_asked(k, gene, hla.two_fields);
    if (asked != RULES_ABSENT)
        s->of[asked] = STATUS_POSITIVE;
    return true;
}

static void read_typing(const struct rules_knowledge *k, const struct rules_gene *gene,
                        const struct rules_evidence *e, struct arena *arena, struct statuses *s)
{
    struct slice names[2] = {{0}};
    bool is_whole = e->alleles_count == 2 && !e->is_single_allele;

    if (e->alleles_count > 2) {
        /* Alternatives or several genes: which two are there is not said. */
        s->notes |= RULES_NOTE_BIT(RULES_NOTE_COPIES_UNKNOWN);
        return;
    }
    for (size_t i = 0; i < e->alleles_count; i++)
        is_whole = read_typed(k, gene, e->alleles[i], arena, s, &names[i]) && is_whole;
    if (e->alleles_count == 1 || e->is_single_allele)
        s->notes |= RULES_NOTE_BIT(RULES_NOTE_SINGLE_ALLELE);
    if (e->alleles_count == 2 && rules_allele_compare(names[0], names[1]) > 0) {
        struct slice first = names[0];

        names[0] = names[1];
        names[1] = first;
    }
    s->shown = e->alleles_count < 2
                   ? names[0]
                   : arena_printf(arena, "%.*s/%.*s", SLICE_ARG(names[0]), SLICE_ARG(names[1]));
    if (!is_whole)
        return;
    s->typing = s->shown;
    for (size_t i = 0; i < count_asked(k, gene); i++)
        if (s->of[i] == STATUS_UNKNOWN)
            s->of[i] = STATUS_NEGATIVE;
}

/* A test for one allele. That a finer name (*57:01:01) is absent says nothing about the other
 * alleles of its two fields; a P group holds them all. */
static void read_test(const struct rules_knowledge *k, const struct rules_gene *gene,
                      struct slice allele, enum rules_presence presence, struct statuses *s)
{
    struct rules_allele_name normal;
    enum status stated = STATUS_UNKNOWN;
    struct rules_hla_name hla;
    uint32_t asked;

    if (s->shown.len == 0)
        s->shown = rules_allele_shown(allele, gene->symbol);
    if (!rules_allele_normalise(allele, gene->symbol, &normal))
        return;
    hla = rules_hla_read(rules_allele_name_slice(&normal));
    asked = find_asked(k, gene, hla.two_fields);
    if (asked == RULES_ABSENT) {
        s->notes |= RULES_NOTE_BIT(RULES_NOTE_UNKNOWN_ALLELE);
        return;
    }
    if (hla.is_cut)
        s->notes |= RULES_NOTE_BIT(RULES_NOTE_FIELDS_CUT);
    if (!hla.is_exact)
        return;
    if (presence == RULES_PRESENCE_POSITIVE)
        stated = STATUS_POSITIVE;
    else if (presence == RULES_PRESENCE_NEGATIVE && (!hla.is_cut || hla.is_group_p))
        stated = STATUS_NEGATIVE;
    if (stated == STATUS_UNKNOWN)
        return;
    /* Against the typing in the same record, what is there counts, and it is said. */
    if (s->of[asked] != STATUS_UNKNOWN && s->of[asked] != stated)
        s->notes |= RULES_NOTE_BIT(RULES_NOTE_PHENOTYPE_DIFFERS);
    if (s->of[asked] != STATUS_POSITIVE)
        s->of[asked] = stated;
}

static void read_statuses(const struct rules_knowledge *k, const struct rules_gene *gene,
                          const struct rules_evidence *e, struct arena *arena,
                          struct statuses *s)
{
    enum rules_presence stated = RULES_PRESENCE_NONE;
    struct slice allele = SLICE_NONE;

    if (e->alleles_count > 0)
        read_typing(k, gene, e, arena, s);
    if (e->presence != RULES_PRESENCE_NONE)
        read_test(k, gene, e->presence_allele, e->presence, s);
    if (slice_trim(e->phenotype).len == 0)
        return;
    if (rules_presence_from_text(e->phenotype, &allele, &stated))
        read_test(k, gene, allele, stated, s);
    else
        s->notes |= RULES_NOTE_BIT(RULES_NOTE_PHENOTYPE_UNKNOWN);
}

static bool says_something(const struct statuses *s)
{
    for (size_t i = 0; i < RULES_KEYS_MAX; i++)
        if (s->of[i] != STATUS_UNKNOWN)
            return true;
    return false;
}

/* Allele by allele, a final statement replaces preliminary ones. */
static void drop_preliminary(struct statuses *records, size_t count)
{
    for (size_t a = 0; a < RULES_KEYS_MAX; a++) {
        bool has_final = false;

        for (size_t i = 0; i < count; i++)
            has_final =
                has_final || (!records[i].is_preliminary && records[i].of[a] != STATUS_UNKNOWN);
        for (size_t i = 0; i < count && has_final; i++)
            if (records[i].is_preliminary)
                records[i].of[a] = STATUS_UNKNOWN;
    }
    for (size_t i = 0; i < count; i++)
        if (records[i].is_preliminary)
            records[i].notes |= RULES_NOTE_BIT(RULES_NOTE_PRELIMINARY);
}

/* Typings first, then what is there, then what is not: the calls do not depend on the order in
 * which the records came. */
static int compare_statuses(const void *a_, const void *b_)
{
    const struct statuses *a = a_, *b = b_;
    int order;

    if ((a->typing.len == 0) != (b->typing.len == 0))
        return a->typing.len == 0 ? 1 : -1;
    order = slice_compare(a->typing, b->typing);
    for (size_t i = 0; order == 0 && i < RULES_KEYS_MAX; i++)
        order = (b->of[i] == STATUS_POSITIVE) - (a->of[i] == STATUS_POSITIVE);
    if (order != 0)
        return order;
    return a->source < b->source ? -1 : a->source > b->source;
}

/* Two typings are one answer only when they are the same. */
static bool is_compatible(const struct statuses *call, const struct statuses *record)
{
    if (record->typing.len > 0 && !slice_eq(call->typing, record->typing))
        return false;
    for (size_t i = 0; i < RULES_KEYS_MAX; i++)
        if (call->of[i] != STATUS_UNKNOWN && record->of[i] != STATUS_UNKNOWN &&
            call->of[i] != record->of[i])
            return false;
    return true;
}

static enum err_code unite(struct presence_calls *calls, size_t call,
                           const struct statuses *record, struct arena *arena, struct err *err)
{
    for (size_t i = 0; i < RULES_KEYS_MAX; i++)
        if (calls->of[call].of[i] == STATUS_UNKNOWN)
            calls->of[call].of[i] = record->of[i];
    calls->calls[call].notes |= record->notes;
    return rules_call_add_source(&calls->calls[call], &calls->sources_max[call], record->source,
                                 arena, err);
}

/* Finds a call that the record fits, or begins one. */
static enum err_code place(struct presence_calls *calls, const struct statuses *record,
                           struct arena *arena, struct err *err)
{
    size_t call = 0;

    while (call < calls->count && !is_compatible(&calls->of[call], record))
        call++;
    if (call == RULES_CALLS_MAX) {
        calls->is_full = true;
        return ERR_OK;
    }
    if (call == calls->count) {
        calls->of[call] = (struct statuses){.typing = record->typing};
        calls->calls[call] = (struct rules_call){.diplotype = record->typing};
        calls->sources_max[call] = 0;
        calls->count++;
    }
    return unite(calls, call, record, arena, err);
}

/* First every record finds its call; then what contradicts no other call joins that too, so
 * that an allele all records agree on is in all calls. */
static enum err_code build_calls(struct presence_calls *calls, const struct statuses *records,
                                 size_t count, struct arena *arena, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (says_something(&records[i]) && place(calls, &records[i], arena, err) != ERR_OK)
            return err->code;
    for (size_t i = 0; i < count; i++) {
        if (!says_something(&records[i]))
            continue;
        for (size_t c = 0; c < calls->count; c++)
            if (is_compatible(&calls->of[c], &records[i]) &&
                unite(calls, c, &records[i], arena, err) != ERR_OK)
                return err->code;
    }
    return ERR_OK;
}

static void set_keys(const struct rules_knowledge *k, const struct rules_gene *gene,
                     const struct statuses *s, struct rules_call *call)
{
    struct rules_range range = rules_facts_of_gene(k, gene)->alleles;

    for (uint32_t i = 0; i < range.count; i++) {
        const struct rules_allele_facts *facts = &k->allele_facts[range.first + i];

        if (s->of[i] == STATUS_UNKNOWN)
            continue;
        call->keys[call->keys_count++] = (struct rules_key){
            .word = s->of[i] == STATUS_POSITIVE ? facts->positive : facts->negative,
        };
    }
}

/* Nothing is known about any allele asked for: the records are kept to say so. */
static enum err_code keep_unusable(struct presence_calls *calls, const struct statuses *records,
                                   size_t count, struct arena *arena, struct err *err)
{
    for (size_t i = 0; i < count && calls->count < RULES_CALLS_MAX; i++) {
        size_t call = calls->count++;

        calls->of[call] = (struct statuses){0};
        calls->calls[call] = (struct rules_call){.diplotype = records[i].shown};
        calls->sources_max[call] = 0;
        if (unite(calls, call, &records[i], arena, err) != ERR_OK)
            return err->code;
    }
    return ERR_OK;
}

enum err_code rules_resolve_presence(const struct rules_knowledge *k,
                                     const struct rules_gene *gene,
                                     const struct rules_evidence *evidence,
                                     size_t evidence_count, struct arena *arena,
                                     struct rules_gene_result *ret, struct err *err)
{
    struct statuses *records = arena_array(arena, evidence_count, sizeof *records);
    struct presence_calls calls = {.count = 0};
    size_t count = 0;

    if (records == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the results of a gene");
    for (size_t i = 0; i < evidence_count; i++) {
        if (!slice_eq(evidence[i].gene, gene->symbol))
            continue;
        records[count].source = (uint32_t)i;
        records[count].is_preliminary = evidence[i].is_preliminary;
        read_statuses(k, gene, &evidence[i], arena, &records[count++]);
    }
    if (arena->has_failed)
        return err_set(err, ERR_NOMEM, "no memory for the results of a gene");
    drop_preliminary(records, count);
    if (count > 1)
        qsort(records, count, sizeof *records, compare_statuses);
    if (build_calls(&calls, records, count, arena, err) != ERR_OK)
        return err->code;
    if (calls.is_full)
        return rules_result_too_many(ret, gene, evidence, evidence_count, arena, err);
    for (size_t i = 0; i < calls.count; i++)
        set_keys(k, gene, &calls.of[i], &calls.calls[i]);
    if (calls.count == 0 && keep_unusable(&calls, records, count, arena, err) != ERR_OK)
        return err->code;
    return rules_result_set(ret, gene, calls.calls, calls.count, arena, err);
}
