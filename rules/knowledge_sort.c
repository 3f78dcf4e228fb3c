/* rules/knowledge_sort.c -- copies of a release's rows in an order that only content decides.
 */
#include <assert.h>

#include "rules/allele_name.h"
#include "rules/knowledge_private.h"

static int compare_numbers(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int first_difference(const int *orders, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (orders[i] != 0)
            return orders[i];
    return 0;
}

/* Rows that are equal in all that is compared keep the order they were added in. */
#define BY(field)         slice_compare(a->field, b->field)
#define BY_NUMBER(field)  compare_numbers(a->field, b->field)
#define BY_LARGEST(field) compare_numbers(b->field, a->field)
#define BY_NATURE(field)  rules_allele_compare(a->field, b->field)
#define ORDER(type, ...)                                                                       \
    static int compare_##type(const void *a_, const void *b_)                                  \
    {                                                                                          \
        const struct rules_##type *a = *(const struct rules_##type *const *)a_;                \
        const struct rules_##type *b = *(const struct rules_##type *const *)b_;                \
        const int orders[] = {__VA_ARGS__, a < b ? -1 : a > b};                                \
                                                                                               \
        return first_difference(orders, ARRAY_LEN(orders));                                    \
    }

ORDER(source, BY(id))
ORDER(gene, BY(symbol))
ORDER(phenotype, BY(gene), BY(name))
ORDER(allele, BY(gene), BY_NATURE(name))
ORDER(allele_alias, BY(gene), BY(alias))
ORDER(authority, BY(gene), BY(name))
ORDER(pair_rule, BY(gene), BY(authority), BY(first), BY(second))
ORDER(score_rule, BY(gene), BY(authority), BY_NUMBER(from_x100))
ORDER(drug, BY(name))
ORDER(drug_code, BY(system), BY(code), BY(drug))
ORDER(population, BY(drug), BY(id))
ORDER(indication, BY(drug), BY(system), BY(code), BY(population))
ORDER(recommendation, BY(drug), BY_LARGEST(alert), BY(id))
ORDER(condition, BY(recommendation), BY(gene), BY(key))
ORDER(action, BY(recommendation))
ORDER(implication, BY(recommendation), BY(gene), BY(message))
ORDER(gene_drug, BY(drug), BY(gene))
ORDER(modulator, BY(gene), BY(drug))
ORDER(gene_test, BY(gene), BY(system), BY(code))
ORDER(pretest, BY(drug), BY(gene))
ORDER(message, BY(id), BY(locale))
ORDER(test, BY(name))
ORDER(test_gene, BY(test), BY(gene), BY(result))
ORDER(algorithm_term, BY(algorithm), BY(model), BY(term))
ORDER(algorithm_gene, BY(algorithm), BY(gene))
ORDER(drug_algorithm, BY(drug), BY(algorithm))
ORDER(omission, BY(drug), BY(gene), BY(key))

/* A sorted copy; NULL when memory ends. */
static void *copy_sorted(const void *rows_, size_t count, size_t row_bytes,
                         int (*compare)(const void *, const void *), struct arena *arena)
{
    const char *rows = rows_;
    const char **order = malloc(count * sizeof *order + 1);
    char *copy = arena_array(arena, count, row_bytes);

    if (order != NULL && copy != NULL) {
        for (size_t i = 0; i < count; i++)
            order[i] = rows + i * row_bytes;
        if (count > 1)
            qsort(order, count, sizeof *order, compare);
        for (size_t i = 0; i < count; i++)
            memcpy(copy + i * row_bytes, order[i], row_bytes);
    } else {
        copy = NULL;
    }
    free(order);
    return copy;
}

enum err_code rules_knowledge_sort(const struct rules_release *release,
                                   struct rules_knowledge *k, struct err *err)
{
    k->rows = (struct rules_release){
        .name = release->name,
        .version = release->version,
        .developer = release->developer,
    };
#define X(type, array)                                                                         \
    if (release->array##_count > RULES_ROWS_MAX)                                               \
        return err_set(err, ERR_LIMIT, "%s: more than %zu rows", #array, RULES_ROWS_MAX);      \
    k->rows.array = copy_sorted(release->array, release->array##_count,                        \
                                sizeof(struct rules_##type), compare_##type, &k->arena);       \
    k->rows.array##_count = k->rows.array##_max = release->array##_count;                      \
    if (k->rows.array == NULL)                                                                 \
        return err_set(err, ERR_NOMEM, "no memory for the knowledge");
    RULES_TABLES(X)
#undef X
    return ERR_OK;
}
