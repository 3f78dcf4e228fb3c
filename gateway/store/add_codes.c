/* gateway/store/add_codes.c -- sorted rows against sorted rows. */
#include "gateway/store/add_codes.h"

#define NO_MEMORY(err) err_set((err), ERR_NOMEM, "no memory for drug codes")

struct slice code_system_from_short_name(struct slice name)
{
    static const char *const SYSTEMS[][2] = {
        {"rxnorm", CODE_SYSTEM_RXNORM},
        {"atc", CODE_SYSTEM_ATC},
        {"ndc", CODE_SYSTEM_NDC},
        {"snomed", CODE_SYSTEM_SNOMED},
    };

    for (size_t i = 0; i < ARRAY_LEN(SYSTEMS); i++)
        if (slice_eq_text(name, SYSTEMS[i][0]))
            return slice_of(SYSTEMS[i][1]);
    return SLICE_NONE;
}

static int compare_keys(const struct rules_drug_code *a, const struct rules_drug_code *b)
{
    int order = slice_compare(a->system, b->system);

    if (order == 0)
        order = slice_compare(a->code, b->code);
    return order != 0 ? order : slice_compare(a->drug, b->drug);
}

static int compare_pointers(const void *a, const void *b)
{
    return compare_keys(*(const struct rules_drug_code *const *)a,
                        *(const struct rules_drug_code *const *)b);
}

/* By key; of rows with the same key, the one that stays comes first. */
static int compare_candidates(const void *a_, const void *b_)
{
    const struct rules_drug_code *a = a_, *b = b_;
    int order = compare_keys(a, b);

    if (order == 0)
        order = (int)a->form - (int)b->form;
    if (order == 0)
        order = slice_compare(a->term_type, b->term_type);
    if (order == 0)
        order = slice_compare(a->display, b->display);
    return order != 0 ? order : slice_compare(a->source, b->source);
}

/* The order in the release: rows that share most of their texts stand together. */
static int compare_for_people(const void *a_, const void *b_)
{
    const struct rules_drug_code *a = a_, *b = b_;
    int order = slice_compare(a->drug, b->drug);

    if (order == 0)
        order = slice_compare(a->system, b->system);
    if (order == 0)
        order = slice_compare(a->term_type, b->term_type);
    if (order == 0)
        order = slice_compare(a->display, b->display);
    return order != 0 ? order : slice_compare(a->code, b->code);
}

enum err_code code_index_init(struct code_index *index, const struct rules_release *release,
                              struct err *err)
{
    *index = (struct code_index){.count = release->drug_codes_count};
    index->rows = malloc((index->count + 1) * sizeof(struct rules_drug_code *));
    if (index->rows == NULL)
        return NO_MEMORY(err);
    for (size_t i = 0; i < index->count; i++)
        index->rows[i] = &release->drug_codes[i];
    qsort(index->rows, index->count, sizeof(struct rules_drug_code *), compare_pointers);
    return ERR_OK;
}

void code_index_release(struct code_index *index)
{
    free(index->rows);
    *index = (struct code_index){0};
}

static int compare_code(const struct rules_drug_code *row, struct slice system,
                        struct slice code)
{
    int order = slice_compare(row->system, system);

    return order != 0 ? order : slice_compare(row->code, code);
}

size_t code_index_find(const struct code_index *index, struct slice system, struct slice code,
                       const struct rules_drug_code *const **ret)
{
    size_t from = 0, to = index->count, count = 0;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (compare_code(index->rows[middle], system, code) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    while (from + count < index->count &&
           compare_code(index->rows[from + count], system, code) == 0)
        count++;
    *ret = &index->rows[from];
    return count;
}

static bool is_there(const struct code_index *index, const struct rules_drug_code *code)
{
    const struct rules_drug_code *const *rows;
    size_t count = code_index_find(index, code->system, code->code, &rows);

    for (size_t i = 0; i < count; i++)
        if (slice_eq(rows[i]->drug, code->drug))
            return true;
    return false;
}

/* Of a sorted array; returns how many are left. */
static size_t drop_repeated(struct rules_drug_code *codes, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (kept == 0 || compare_keys(&codes[kept - 1], &codes[i]) != 0)
            codes[kept++] = codes[i];
    return kept;
}

static size_t drop_known(const struct code_index *index, struct rules_drug_code *codes,
                         size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (!is_there(index, &codes[i]))
            codes[kept++] = codes[i];
    return kept;
}

enum err_code add_codes(struct rules_release *release, struct rules_drug_code *codes,
                        size_t codes_count, struct added_codes *ret, struct err *err)
{
    struct code_index index;
    size_t found;

    if (codes_count > 1)
        qsort(codes, codes_count, sizeof *codes, compare_candidates);
    found = drop_repeated(codes, codes_count);
    if (code_index_init(&index, release, err) != ERR_OK)
        return err->code;
    codes_count = drop_known(&index, codes, found);
    code_index_release(&index);
    if (codes_count > 1)
        qsort(codes, codes_count, sizeof *codes, compare_for_people);
    for (size_t i = 0; i < codes_count; i++) {
        struct rules_drug_code *row = rules_add_drug_code(release);

        if (row == NULL)
            return err_set(err, ERR_NOMEM, "the release is too large");
        *row = codes[i];
    }
    *ret = (struct added_codes){.added = codes_count, .there = found - codes_count};
    return ERR_OK;
}
