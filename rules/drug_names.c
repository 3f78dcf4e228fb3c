/* rules/drug_names.c -- drugs by what they are called in words, and the systems of their codes.
 */
#include <assert.h>

#include "rules/knowledge_private.h"

#define NO_MEMORY(err) err_set((err), ERR_NOMEM, "no memory for the knowledge")

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Term types of RxNorm whose text names a substance or a brand, without strength or form. */
static bool is_name_of_a_drug(struct slice term_type)
{
    static const char *const TYPES[] = {"IN", "PIN", "MIN", "BN"};

    for (size_t i = 0; i < ARRAY_LEN(TYPES); i++)
        if (slice_eq_text(term_type, TYPES[i]))
            return true;
    return false;
}

static enum err_code add_name(struct rules_knowledge *k, struct slice name, struct slice drug,
                              bool is_local, struct err *err)
{
    struct slice copy = arena_copy(&k->arena, slice_trim(name));
    uint32_t row = rules_index_find(&k->drugs, 0, drug);

    if (k->arena.has_failed)
        return NO_MEMORY(err);
    assert(row != RULES_ABSENT);
    for (size_t i = 0; i < copy.len; i++)
        ((char *)(uintptr_t)copy.ptr)[i] = lower(copy.ptr[i]); /* ours: copied just now */
    if (copy.len > 0)
        k->drug_names[k->drug_names_count++] = (struct rules_drug_name){
            .name = copy, .drug = &k->rows.drugs[row], .is_local = is_local};
    return ERR_OK;
}

/* Systemic before local: of the same name and drug the first stays. */
static int compare_names(const void *a_, const void *b_)
{
    const struct rules_drug_name *a = a_, *b = b_;
    int order = slice_compare(a->name, b->name);

    if (order == 0)
        order = a->drug < b->drug ? -1 : a->drug > b->drug;
    return order != 0 ? order : a->is_local - b->is_local;
}

static void drop_repeated(struct rules_knowledge *k)
{
    size_t kept = 0;

    for (size_t i = 0; i < k->drug_names_count; i++)
        if (kept == 0 || k->drug_names[kept - 1].drug != k->drug_names[i].drug ||
            !slice_eq(k->drug_names[kept - 1].name, k->drug_names[i].name))
            k->drug_names[kept++] = k->drug_names[i];
    k->drug_names_count = kept;
}

static enum err_code link_systems(struct rules_knowledge *k, struct err *err)
{
    k->code_systems = arena_array(&k->arena, k->systems.used_count, sizeof *k->code_systems);
    if (k->code_systems == NULL)
        return NO_MEMORY(err);
    for (size_t i = 0; i < k->rows.drug_codes_count; i++) /* sorted by system */
        if (i == 0 || !slice_eq(k->rows.drug_codes[i].system, k->rows.drug_codes[i - 1].system))
            k->code_systems[k->code_systems_count++] = k->rows.drug_codes[i].system;
    return ERR_OK;
}

enum err_code rules_knowledge_link_names(struct rules_knowledge *k, struct err *err)
{
    size_t count = k->rows.drugs_count;

    for (size_t i = 0; i < k->rows.drug_codes_count; i++)
        count += is_name_of_a_drug(k->rows.drug_codes[i].term_type);
    k->drug_names = arena_array(&k->arena, count, sizeof *k->drug_names);
    if (k->drug_names == NULL)
        return NO_MEMORY(err);
    for (size_t i = 0; i < k->rows.drugs_count; i++)
        if (add_name(k, k->rows.drugs[i].name, k->rows.drugs[i].name, false, err) != ERR_OK)
            return err->code;
    for (size_t i = 0; i < k->rows.drug_codes_count; i++) {
        const struct rules_drug_code *code = &k->rows.drug_codes[i];

        if (is_name_of_a_drug(code->term_type) &&
            add_name(k, code->display, code->drug, code->form == RULES_FORM_LOCAL, err) !=
                ERR_OK)
            return err->code;
    }
    if (k->drug_names_count > 1)
        qsort(k->drug_names, k->drug_names_count, sizeof *k->drug_names, compare_names);
    drop_repeated(k);
    return link_systems(k, err);
}

size_t rules_code_systems(const struct rules_knowledge *k, const struct slice **ret)
{
    *ret = k->code_systems;
    return k->code_systems_count;
}

/* As slice_compare with `name`, which is in lower case. */
static int compare_with(struct slice text, struct slice name)
{
    for (size_t i = 0; i < text.len && i < name.len; i++) {
        unsigned char a = (unsigned char)lower(text.ptr[i]), b = (unsigned char)name.ptr[i];

        if (a != b)
            return a < b ? -1 : 1;
    }
    return text.len < name.len ? -1 : text.len > name.len;
}

size_t rules_find_drugs_by_name(const struct rules_knowledge *k, struct slice text,
                                const struct rules_drug_name **ret)
{
    size_t from = 0, to = k->drug_names_count, count = 0;

    text = slice_trim(text);
    while (from < to) { /* the first name that is not less */
        size_t middle = from + (to - from) / 2;

        if (compare_with(text, k->drug_names[middle].name) > 0)
            from = middle + 1;
        else
            to = middle;
    }
    while (from + count < k->drug_names_count &&
           compare_with(text, k->drug_names[from + count].name) == 0)
        count++;
    *ret = &k->drug_names[from];
    return count;
}
