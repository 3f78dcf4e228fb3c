/* rules/knowledge_drugs.c -- drugs, their codes, populations and reasons: checked and indexed.
 */
#include <assert.h>

#include "rules/knowledge_private.h"

#define BAD(err, ...)  err_set((err), ERR_INVALID, __VA_ARGS__)
#define NO_MEMORY(err) err_set((err), ERR_NOMEM, "no memory for the knowledge")

uint32_t rules_drug_row(const struct rules_knowledge *k, const struct rules_drug *drug)
{
    assert(drug >= k->rows.drugs && drug < k->rows.drugs + k->rows.drugs_count);
    return (uint32_t)(drug - k->rows.drugs);
}

static enum err_code link_drug_rows(struct rules_knowledge *k, struct err *err)
{
    k->drug_facts = arena_array(&k->arena, k->rows.drugs_count, sizeof *k->drug_facts);
    if (k->drug_facts == NULL || !rules_index_init(&k->drugs, k->rows.drugs_count, &k->arena))
        return NO_MEMORY(err);
    for (size_t i = 0; i < k->rows.drugs_count; i++) {
        struct slice name = k->rows.drugs[i].name;

        if (!rules_is_name(name))
            return BAD(err,
                       "drug '%.*s': the name is empty, too long or has blanks at its ends",
                       SLICE_ARG(name));
        if (!rules_index_add(&k->drugs, 0, name, (uint32_t)i))
            return BAD(err, "drug %.*s: listed twice", SLICE_ARG(name));
    }
    return ERR_OK;
}

static bool is_same_code(const struct rules_drug_code *a, const struct rules_drug_code *b)
{
    return slice_eq(a->code, b->code) && slice_eq(a->system, b->system);
}

static enum err_code link_codes(struct rules_knowledge *k, struct err *err)
{
    size_t count = k->rows.drug_codes_count, systems_count = 0;

    for (size_t i = 0; i < count; i++) /* sorted by system */
        systems_count +=
            i == 0 || !slice_eq(k->rows.drug_codes[i].system, k->rows.drug_codes[i - 1].system);
    k->code_rows = arena_array(&k->arena, count, sizeof(struct rules_drug_code *));
    if (k->code_rows == NULL || !rules_index_init(&k->systems, systems_count, &k->arena) ||
        !rules_index_init(&k->codes, count, &k->arena))
        return NO_MEMORY(err);
    for (size_t i = 0; i < count; i++) {
        const struct rules_drug_code *code = &k->rows.drug_codes[i];

        k->code_rows[i] = code;
        if (rules_index_find(&k->drugs, 0, code->drug) == RULES_ABSENT)
            return BAD(err, "drug code %.*s: unknown drug '%.*s'", SLICE_ARG(code->code),
                       SLICE_ARG(code->drug));
        if (!rules_is_name(code->system) || !rules_is_name(code->code))
            return BAD(err, "drug code '%.*s' of %.*s: system or code is empty or too long",
                       SLICE_ARG(code->code), SLICE_ARG(code->drug));
        if (i > 0 && is_same_code(code - 1, code) && slice_eq(code[-1].drug, code->drug))
            return BAD(err, "drug code %.*s of %.*s: listed twice", SLICE_ARG(code->code),
                       SLICE_ARG(code->drug));
        /* Sorted by system, code and drug: the first row of a code stands for all. */
        (void)rules_index_add(&k->systems, 0, code->system, (uint32_t)i);
        (void)rules_index_add(&k->codes, rules_index_find(&k->systems, 0, code->system),
                              code->code, (uint32_t)i);
    }
    return ERR_OK;
}

size_t rules_find_drugs_by_code(const struct rules_knowledge *k, struct slice system,
                                struct slice code, const struct rules_drug_code ***ret)
{
    uint32_t scope = rules_index_find(&k->systems, 0, system);
    uint32_t first =
        scope == RULES_ABSENT ? RULES_ABSENT : rules_index_find(&k->codes, scope, code);
    size_t count = 1;

    if (first == RULES_ABSENT)
        return 0;
    while (first + count < k->rows.drug_codes_count &&
           is_same_code(k->code_rows[first], k->code_rows[first + count]))
        count++;
    *ret = &k->code_rows[first];
    return count;
}

static enum err_code link_populations(struct rules_knowledge *k, struct err *err)
{
    if (!rules_index_init(&k->populations, k->rows.populations_count, &k->arena))
        return NO_MEMORY(err);
    for (size_t i = 0; i < k->rows.populations_count; i++) {
        const struct rules_population *p = &k->rows.populations[i];
        uint32_t drug = rules_index_find(&k->drugs, 0, p->drug);

        if (drug == RULES_ABSENT)
            return BAD(err, "population '%.*s': unknown drug '%.*s'", SLICE_ARG(p->id),
                       SLICE_ARG(p->drug));
        if (!rules_is_name(p->id) || p->label.len == 0)
            return BAD(err, "population '%.*s' of %.*s: no id or no label", SLICE_ARG(p->id),
                       SLICE_ARG(p->drug));
        if (!rules_index_add(&k->populations, drug, p->id, (uint32_t)i))
            return BAD(err, "population '%.*s' of %.*s: listed twice", SLICE_ARG(p->id),
                       SLICE_ARG(p->drug));
        rules_range_add(&k->drug_facts[drug].populations, i);
    }
    return ERR_OK;
}

static enum err_code link_indication(struct rules_knowledge *k, size_t row, struct err *err)
{
    const struct rules_indication *n = &k->rows.indications[row];
    uint32_t drug = rules_index_find(&k->drugs, 0, n->drug);
    size_t star = slice_find_char(n->code, '*');

    if (drug == RULES_ABSENT)
        return BAD(err, "indication %.*s: unknown drug '%.*s'", SLICE_ARG(n->code),
                   SLICE_ARG(n->drug));
    if (rules_index_find(&k->populations, drug, n->population) == RULES_ABSENT)
        return BAD(err, "indication %.*s of %.*s: unknown population '%.*s'",
                   SLICE_ARG(n->code), SLICE_ARG(n->drug), SLICE_ARG(n->population));
    if (!rules_is_name(n->system) || !rules_is_name(n->code))
        return BAD(err, "indication '%.*s' of %.*s: system or code is empty or too long",
                   SLICE_ARG(n->code), SLICE_ARG(n->drug));
    if (star != SIZE_MAX && (star == 0 || star + 1 != n->code.len))
        return BAD(err, "indication '%.*s' of %.*s: '*' may only end a code",
                   SLICE_ARG(n->code), SLICE_ARG(n->drug));
    if (row > 0 && slice_eq(n->drug, n[-1].drug) && slice_eq(n->system, n[-1].system) &&
        slice_eq(n->code, n[-1].code))
        return BAD(err, "indication %.*s of %.*s: listed twice", SLICE_ARG(n->code),
                   SLICE_ARG(n->drug));
    rules_range_add(&k->drug_facts[drug].indications, row);
    return ERR_OK;
}

/* How many characters of `code` a pattern fixes; 0: it does not match. A whole code counts one
 * more than a prefix of the same length. */
static size_t match_pattern(struct slice pattern, struct slice code)
{
    struct slice prefix = slice_head(pattern, pattern.len - 1);

    if (pattern.ptr[pattern.len - 1] == '*')
        return slice_starts(code, prefix) ? prefix.len : 0;
    return slice_eq(pattern, code) ? pattern.len + 1 : 0;
}

const struct rules_population *rules_find_population(const struct rules_knowledge *k,
                                                     const struct rules_drug *drug,
                                                     struct slice system, struct slice code)
{
    uint32_t row = rules_drug_row(k, drug);
    struct rules_range range = k->drug_facts[row].indications;
    const struct rules_indication *best = NULL;
    size_t best_fixed = 0;

    for (uint32_t i = range.first; i < range.first + range.count; i++) {
        const struct rules_indication *n = &k->rows.indications[i];
        size_t fixed = slice_eq(n->system, system) ? match_pattern(n->code, code) : 0;

        if (fixed > best_fixed) {
            best = n;
            best_fixed = fixed;
        }
    }
    if (best == NULL)
        return NULL;
    return &k->rows.populations[rules_index_find(&k->populations, row, best->population)];
}

enum err_code rules_knowledge_link_drugs(struct rules_knowledge *k, struct err *err)
{
    if (link_drug_rows(k, err) != ERR_OK || link_codes(k, err) != ERR_OK ||
        link_populations(k, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < k->rows.indications_count; i++)
        if (link_indication(k, i, err) != ERR_OK)
            return err->code;
    return ERR_OK;
}
