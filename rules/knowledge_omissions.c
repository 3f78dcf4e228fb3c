/* rules/knowledge_omissions.c -- what the sources leave out: checked, so that a mistyped key
 * does not hide a hole. */
#include "rules/knowledge_private.h"

#define BAD(err, ...) err_set((err), ERR_INVALID, __VA_ARGS__)

enum err_code rules_knowledge_check_omissions(struct rules_knowledge *k, struct err *err)
{
    for (size_t i = 0; i < k->rows.omissions_count; i++) {
        const struct rules_omission *o = &k->rows.omissions[i];
        uint32_t gene = rules_index_find(&k->genes, 0, o->gene);
        struct rules_wanted_key ignored;

        if (rules_index_find(&k->drugs, 0, o->drug) == RULES_ABSENT)
            return BAD(err, "omission: unknown drug '%.*s'", SLICE_ARG(o->drug));
        if (gene == RULES_ABSENT)
            return BAD(err, "omission of %.*s: unknown gene '%.*s'", SLICE_ARG(o->drug),
                       SLICE_ARG(o->gene));
        if (!slice_eq_text(o->key, RULES_NO_RESULT) &&
            !rules_key_read(k, &k->rows.genes[gene], k->rows.genes[gene].key_kind, o->key,
                            &ignored))
            return BAD(err, "omission of %.*s: '%.*s' is no %s of %.*s", SLICE_ARG(o->drug),
                       SLICE_ARG(o->key), rules_key_kind_name(k->rows.genes[gene].key_kind),
                       SLICE_ARG(o->gene));
        if (o->why.len == 0)
            return BAD(err, "omission of %.*s: no reason", SLICE_ARG(o->drug));
        if (i > 0 && slice_eq(o->drug, o[-1].drug) && slice_eq(o->gene, o[-1].gene) &&
            slice_eq(o->key, o[-1].key))
            return BAD(err, "omission of %.*s: %.*s '%.*s' listed twice", SLICE_ARG(o->drug),
                       SLICE_ARG(o->gene), SLICE_ARG(o->key));
    }
    return ERR_OK;
}
