/* rules/diplotype.c -- from allele names as written to rows of the allele table.
 *
 * What is not in the table stays unknown: a copy number is looked up as an allele of its own
 * ("*1x2"), never computed, except that CPIC's "x≥3" rows stand for every larger number
 * (PharmCAT folds *1, *2 and *4 the same way), and that an unknown number of copies of an
 * allele without activity has no activity either.
 *
 * What is reported twice in different words is one allele: a marker beside the allele it goes
 * with, the copies of a gene that has one.
 */
#include <assert.h>

#include "rules/allele_name.h"
#include "rules/genotype_private.h"

static void take_row(const struct rules_knowledge *k, uint32_t row,
                     struct rules_allele_read *read)
{
    const struct rules_allele *allele = &k->rows.alleles[row];

    read->row = allele;
    read->number = k->allele_facts[row].function;
    read->has_value = allele->has_value;
    read->is_at_least = allele->is_at_least;
    read->value_x100 = allele->value_x100;
    read->name = allele->name;
}

/* "*1xN": the allele is known, its number of copies is not. */
static void take_unknown_copies(const struct rules_knowledge *k, uint32_t row,
                                struct slice written, struct rules_allele_read *read)
{
    take_row(k, row, read);
    read->number = RULES_ABSENT;
    read->has_value = read->has_value && read->value_x100 == 0 && !read->is_at_least;
    read->name = written;
    read->notes |= RULES_NOTE_BIT(RULES_NOTE_COPIES_UNKNOWN);
}

static uint32_t find_folded(const struct rules_knowledge *k, uint32_t gene,
                            const struct rules_allele_copies *copies)
{
    struct rules_allele_name name;
    uint32_t row = RULES_ABSENT;

    if (copies->count == 1)
        return rules_index_find(&k->alleles, gene, copies->core);
    for (uint32_t n = copies->count; n > 1 && row == RULES_ABSENT; n--)
        if (rules_allele_join_copies(copies->core, true, n, &name))
            row = rules_index_find(&k->alleles, gene, rules_allele_name_slice(&name));
    return row;
}

static bool find_allele(const struct rules_knowledge *k, uint32_t gene, struct slice normal,
                        struct slice written, struct rules_allele_read *read)
{
    uint32_t row = rules_index_find(&k->alleles, gene, normal);
    struct rules_allele_copies copies;

    if (row == RULES_ABSENT && rules_allele_split_copies(normal, &copies)) {
        if (!copies.is_known) {
            row = rules_index_find(&k->alleles, gene, copies.core);
            if (row == RULES_ABSENT)
                return false;
            take_unknown_copies(k, row, written, read);
            return true;
        }
        row = find_folded(k, gene, &copies);
    }
    if (row == RULES_ABSENT)
        return false;
    take_row(k, row, read);
    return true;
}

static void read_allele(const struct rules_knowledge *k, const struct rules_gene *gene,
                        struct slice written, struct arena *arena,
                        struct rules_allele_read *ret)
{
    uint32_t scope = rules_gene_row(k, gene);
    struct rules_allele_name normal, core;
    struct slice shown = rules_allele_shown(written, gene->symbol);

    *ret = (struct rules_allele_read){
        .name = shown, .normal = shown, .number = RULES_ABSENT, .marks = RULES_ABSENT};
    if (!rules_allele_normalise(written, gene->symbol, &normal)) {
        ret->notes = RULES_NOTE_BIT(RULES_NOTE_UNKNOWN_ALLELE);
        return;
    }
    if (!find_allele(k, scope, rules_allele_name_slice(&normal), shown, ret)) {
        if (rules_allele_cut_sub(&normal, &core) &&
            find_allele(k, scope, rules_allele_name_slice(&core), shown, ret)) {
            ret->notes |= RULES_NOTE_BIT(RULES_NOTE_SUBALLELE);
            normal = core;
        } else {
            ret->notes |= RULES_NOTE_BIT(RULES_NOTE_UNKNOWN_ALLELE);
        }
    }
    ret->marks = rules_index_find(&k->marks, scope, rules_allele_name_slice(&normal));
    ret->normal = arena_copy(arena, rules_allele_name_slice(&normal));
}

/* Rows in natural order; alleles without a row last. */
static int compare_read(const struct rules_allele_read *a, const struct rules_allele_read *b)
{
    if ((a->row == NULL) != (b->row == NULL))
        return a->row == NULL ? 1 : -1;
    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return rules_allele_compare(a->name, b->name);
}

static void insert_sorted(struct rules_diplotype *d, const struct rules_allele_read *read)
{
    size_t at = d->alleles_count++;

    for (; at > 0 && compare_read(read, &d->alleles[at - 1]) < 0; at--)
        d->alleles[at] = d->alleles[at - 1];
    d->alleles[at] = *read;
}

/* How little the allele does, smaller for less: its value, or the priority of the phenotype
 * that two copies of it give. What is not known stands between abnormal and normal, so that it
 * is passed over only for something worse. */
static uint32_t rank(const struct rules_knowledge *k, const struct rules_gene *gene,
                     const struct rules_allele_read *allele)
{
    static const uint32_t RANKS[] = {
        [RULES_PRIORITY_ABNORMAL] = 0, [RULES_PRIORITY_NORMAL] = 2, [RULES_PRIORITY_NONE] = 3};
    struct slice phenotype = SLICE_NONE;

    if (gene->method == RULES_METHOD_ACTIVITY_SCORE)
        return allele->value_x100;
    if (allele->number != RULES_ABSENT)
        phenotype = rules_phenotype_of_pair(k, &rules_facts_of_gene(k, gene)->own,
                                            allele->number, allele->number);
    if (phenotype.len == 0 || slice_eq_text(phenotype, RULES_INDETERMINATE))
        return 1;
    return RANKS[rules_priority_of(k, gene, phenotype)];
}

/* The two alleles that do least; of equal ones the first in natural order. Which strand a
 * variant is on is often unknown; that the two worst are on different ones is the safe
 * assumption (CPIC guideline for DPYD, PMID 29152729). */
static void find_lowest_two(const struct rules_knowledge *k, const struct rules_gene *gene,
                            struct rules_diplotype *d)
{
    uint32_t ranks[RULES_ALLELES_MAX];
    size_t low = 0, next;

    for (size_t i = 0; i < d->alleles_count; i++) {
        if (gene->method == RULES_METHOD_ACTIVITY_SCORE && !d->alleles[i].has_value)
            return;
        ranks[i] = rank(k, gene, &d->alleles[i]);
        if (ranks[i] < ranks[low])
            low = i;
    }
    next = low == 0 ? 1 : 0;
    for (size_t i = next + 1; i < d->alleles_count; i++)
        if (i != low && ranks[i] < ranks[next])
            next = i;
    d->counted[0] = low < next ? low : next;
    d->counted[1] = low < next ? next : low;
    d->is_lowest_two = true;
}

static void take_out(struct rules_allele_read *reads, size_t *count, size_t at)
{
    --*count;
    memmove(&reads[at], &reads[at + 1], (*count - at) * sizeof *reads);
}

/* The reported allele that a marker goes with: one not yet matched, else any; SIZE_MAX when
 * there is none. */
static size_t find_marked(const struct rules_knowledge *k,
                          const struct rules_allele_read *reads, size_t count,
                          const struct rules_allele_read *marker)
{
    size_t found = SIZE_MAX;

    for (size_t i = 0; i < count; i++) {
        if (reads[i].row == NULL || reads[i].marks != RULES_ABSENT)
            continue;
        if (reads[i].row == &k->rows.alleles[marker->marks])
            return i;
        if (reads[i].row == marker->row)
            found = i;
    }
    return found;
}

/* A marker beside what it marks is that one allele, by the name that holds both. Where they
 * disagree in number the marked allele, which is the cause, decides. */
static void merge_markers(const struct rules_knowledge *k, const struct rules_gene *gene,
                          struct rules_allele_read *reads, size_t *count)
{
    uint32_t reference = rules_facts_of_gene(k, gene)->reference;
    bool is_merged = false;

    for (size_t i = 0; i < *count;) {
        struct rules_allele_read *marker = &reads[i];
        size_t marked;

        if (marker->marks == RULES_ABSENT) {
            i++;
            continue;
        }
        marked = find_marked(k, reads, *count, marker);
        if (marked == SIZE_MAX) {
            marker->notes |= RULES_NOTE_BIT(RULES_NOTE_MARKER);
            i++;
            continue;
        }
        take_row(k, (uint32_t)(marker->row - k->rows.alleles), &reads[marked]);
        take_out(reads, count, i);
        is_merged = true;
    }
    if (is_merged && *count == 1 && reference != RULES_ABSENT) {
        /* Nothing else was found on the other chromosome. */
        reads[1] = (struct rules_allele_read){.marks = RULES_ABSENT};
        take_row(k, reference, &reads[1]);
        *count = 2;
    }
}

/* A gene with one copy: what is reported twice is that copy. */
static void merge_copies(struct rules_allele_read *reads, size_t *count)
{
    for (size_t i = 1; i < *count;) {
        bool is_same = reads[i].row != NULL ? reads[i].row == reads[0].row
                                            : slice_eq(reads[i].normal, reads[0].normal);

        if (is_same)
            take_out(reads, count, i);
        else
            i++;
    }
}

/* Where "rs3918290 t" names its position: "rs3918290"; empty for a bare letter. False when the
 * name does not end in one letter of DNA. */
static bool split_letter(struct slice normal, struct slice *ret_position, char *ret_letter)
{
    struct slice name = normal;

    if (name.len > 1 && name.ptr[name.len - 1] == ')')
        name = slice_head(name, name.len - 1);
    if (name.len == 0 || memchr("acgt", name.ptr[name.len - 1], 4) == NULL)
        return false;
    *ret_letter = name.ptr[name.len - 1];
    name = slice_head(name, name.len - 1);
    while (name.len > 0 && memchr(" (", name.ptr[name.len - 1], 2) != NULL)
        name = slice_head(name, name.len - 1);
    *ret_position = name;
    return true;
}

/* A change's name: "C>T" at its end. */
static bool is_change(struct slice alias)
{
    return alias.len >= 3 && alias.ptr[alias.len - 2] == '>';
}

static bool is_change_of(struct slice alias, char a, char b)
{
    char from = (char)(alias.ptr[alias.len - 3] | 0x20);
    char to = (char)(alias.ptr[alias.len - 1] | 0x20);

    return (from == a && to == b) || (from == b && to == a);
}

/* Whether two letters at one position are of different strands: both mean an allele, but no
 * strand has both. Such a report contradicts itself. */
static bool are_of_two_strands(const struct rules_knowledge *k, const struct rules_gene *gene,
                               const struct rules_allele_read *reads)
{
    struct slice position, other;
    bool is_position = false; /* and not part of a name: TPMT*3A, CFTR R117C */
    char a, b;

    if (reads[0].row == NULL || reads[1].row == NULL ||
        !split_letter(reads[0].normal, &position, &a) ||
        !split_letter(reads[1].normal, &other, &b) || a == b ||
        (position.len > 0 && other.len > 0 && !slice_eq(position, other)))
        return false;
    if (position.len == 0)
        position = other; /* "rs9923231 C/T" */
    for (size_t i = 0; i < k->rows.allele_aliases_count; i++) {
        const struct rules_allele_alias *row = &k->rows.allele_aliases[i];

        if (!slice_eq(row->gene, gene->symbol) || !is_change(row->alias) ||
            !slice_starts_nocase(row->alias, position))
            continue;
        if (is_change_of(row->alias, a, b))
            return false;
        is_position = true;
    }
    return is_position;
}

static void make_unknown(struct rules_allele_read *read)
{
    *read = (struct rules_allele_read){.name = read->name,
                                       .normal = read->normal,
                                       .number = RULES_ABSENT,
                                       .marks = RULES_ABSENT,
                                       .notes = RULES_NOTE_BIT(RULES_NOTE_UNKNOWN_ALLELE)};
}

/* "=": at the place of the variant beside it, this copy is the reference's (HGVS). */
static bool read_no_change(const struct rules_knowledge *k, uint32_t reference,
                           struct rules_allele_read *reads)
{
    size_t same = slice_eq(reads[0].normal, SLICE("=")) ? 0 : 1;

    if (!slice_eq(reads[same].normal, SLICE("=")) || reads[1 - same].row == NULL)
        return false;
    reads[same] = (struct rules_allele_read){.marks = RULES_ABSENT};
    take_row(k, reference, &reads[same]);
    reads[1 - same].notes |= RULES_NOTE_BIT(RULES_NOTE_ONE_POSITION);
    return true;
}

/* Two letters at one position that are, on either strand, the reference's and the allele's. */
static void read_one_position(const struct rules_knowledge *k, const struct rules_gene *gene,
                              struct rules_allele_read *reads)
{
    uint32_t reference = rules_facts_of_gene(k, gene)->reference;
    struct rules_allele_name pair;
    uint32_t row;

    if (are_of_two_strands(k, gene, reads)) {
        make_unknown(&reads[0]);
        make_unknown(&reads[1]);
        return;
    }
    if (reference == RULES_ABSENT || (reads[0].row != NULL && reads[1].row != NULL) ||
        read_no_change(k, reference, reads) ||
        !rules_allele_join_pair(reads[0].normal, reads[1].normal, &pair))
        return;
    row =
        rules_index_find(&k->alleles, rules_gene_row(k, gene), rules_allele_name_slice(&pair));
    if (row == RULES_ABSENT)
        return;
    for (size_t i = 0; i < 2; i++) {
        reads[i] = (struct rules_allele_read){.marks = RULES_ABSENT};
        take_row(k, i == 0 ? reference : row, &reads[i]);
    }
    reads[1].notes = RULES_NOTE_BIT(RULES_NOTE_ONE_POSITION);
    reads[1].marks =
        rules_index_find(&k->marks, rules_gene_row(k, gene), rules_allele_name_slice(&pair));
}

bool rules_diplotype_is_harmless(const struct rules_diplotype *d)
{
    const struct rules_allele_read *a = &d->alleles[0], *b = &d->alleles[1];

    return (d->notes & RULES_NOTE_BIT(RULES_NOTE_ONE_POSITION)) != 0 &&
           a->number == b->number && a->value_x100 == b->value_x100;
}

static bool is_named(const struct rules_diplotype *d, size_t allele)
{
    return !d->is_lowest_two || allele == d->counted[0] || allele == d->counted[1];
}

static struct slice join(struct slice left, struct slice right, struct arena *arena)
{
    return left.len == 0 ? right
                         : arena_printf(arena, "%.*s/%.*s", SLICE_ARG(left), SLICE_ARG(right));
}

enum err_code rules_diplotype_read(const struct rules_knowledge *k,
                                   const struct rules_gene *gene, const struct slice *alleles,
                                   size_t alleles_count, struct arena *arena,
                                   struct rules_diplotype *ret, struct err *err)
{
    struct rules_allele_read reads[RULES_ALLELES_MAX];
    struct rules_diplotype d = {.counted = {0, 1}};

    assert(alleles_count <= RULES_ALLELES_MAX);
    for (size_t i = 0; i < alleles_count; i++)
        read_allele(k, gene, alleles[i], arena, &reads[i]);
    if (alleles_count == 2)
        read_one_position(k, gene, reads);
    merge_markers(k, gene, reads, &alleles_count);
    if (gene->method == RULES_METHOD_HAPLOID)
        merge_copies(reads, &alleles_count);
    for (size_t i = 0; i < alleles_count; i++) {
        insert_sorted(&d, &reads[i]);
        d.notes |= reads[i].notes;
    }
    if (gene->counts_lowest_two && d.alleles_count > 2)
        find_lowest_two(k, gene, &d);
    for (size_t i = 0; i < d.alleles_count; i++) {
        const struct rules_allele_read *read = &d.alleles[i];
        bool is_row = read->row != NULL && slice_eq(read->name, read->row->name);

        if (!is_named(&d, i))
            continue;
        d.text = join(d.text, read->name, arena);
        d.identity = join(d.identity, is_row ? read->name : read->normal, arena);
    }
    if (arena->has_failed)
        return err_set(err, ERR_NOMEM, "no memory for a diplotype");
    *ret = d;
    return ERR_OK;
}
