/* gateway/hooks/result_text.c -- by the gene's own names first, then as laboratories write. */
#include "gateway/hooks/result_text.h"

#include "gateway/hooks/facts.h"

const struct rules_gene *result_text_gene(const struct rules_knowledge *k, struct slice name)
{
    const struct rules_gene *gene = rules_find_gene(k, name);

    return gene != NULL ? gene : rules_find_gene(k, fhir_gene_from_hgnc(name));
}

/* Cuts the text at every '/' and '|' outside brackets. False for more than fit. */
static bool cut_alleles(struct slice text, struct rules_evidence *ret)
{
    size_t start = 0, depth = 0;

    for (size_t i = 0; i <= text.len; i++) {
        char c = i < text.len ? text.ptr[i] : '/';

        if (c == '(' || c == '[')
            depth++;
        else if ((c == ')' || c == ']') && depth > 0)
            depth--;
        if ((c != '/' && c != '|') || (depth > 0 && i < text.len))
            continue;
        if (ret->alleles_count == RULES_ALLELES_MAX)
            return false;
        ret->alleles[ret->alleles_count++] =
            slice_trim(slice_head(slice_from(text, start), i - start));
        start = i + 1;
    }
    return true;
}

static bool has_note(const struct rules_gene_result *result, enum rules_call_note note)
{
    for (size_t i = 0; i < result->calls_count; i++)
        if ((result->calls[i].notes >> note & 1) != 0)
            return true;
    return false;
}

/* Whether the record, read as names of alleles, names only such that are in the table. */
static enum err_code is_in_table(const struct rules_knowledge *k, const struct rules_gene *gene,
                                 const struct rules_evidence *evidence, struct arena *arena,
                                 bool *ret, struct err *err)
{
    struct rules_gene_result result;

    if (rules_resolve_gene(k, gene, evidence, 1, arena, &result, err) != ERR_OK)
        return err->code;
    *ret = !has_note(&result, RULES_NOTE_UNKNOWN_ALLELE);
    return ERR_OK;
}

static enum err_code read_as_written(const struct rules_gene *gene, struct slice text,
                                     struct arena *arena, struct rules_evidence *ret,
                                     enum result_text *ret_how, struct err *err)
{
    struct fhir_evidence read;

    *ret_how = RESULT_TEXT_UNREADABLE;
    if (!fhir_genotype_from_text(text, gene->symbol, arena, &read))
        return arena->has_failed ? err_set(err, ERR_NOMEM, "no memory for a result") : ERR_OK;
    if (!slice_eq(read.gene, gene->symbol)) {
        *ret_how = RESULT_TEXT_OTHER_GENE;
        return ERR_OK;
    }
    *ret_how = RESULT_TEXT_READ;
    *ret = hook_evidence_of(&read);
    return ERR_OK;
}

enum err_code result_text_evidence(const struct rules_knowledge *k,
                                   const struct rules_gene *gene, struct slice text,
                                   struct arena *arena, struct rules_evidence *ret,
                                   enum result_text *ret_how, struct err *err)
{
    struct rules_evidence names = {.gene = gene->symbol};
    bool has_names = false, is_known = false;

    text = slice_trim(text);
    if (fhir_genotype_is_no_call(text)) {
        *ret_how = RESULT_TEXT_NO_CALL;
        return ERR_OK;
    }
    if (gene->method != RULES_METHOD_ALLELE_PRESENCE && cut_alleles(text, &names)) {
        has_names = true;
        if (is_in_table(k, gene, &names, arena, &is_known, err) != ERR_OK)
            return err->code;
    }
    if (!is_known && read_as_written(gene, text, arena, ret, ret_how, err) != ERR_OK)
        return err->code;
    /* What no notation explains stays what it is: alleles that nobody knows. */
    if (is_known || (has_names && *ret_how == RESULT_TEXT_UNREADABLE)) {
        *ret = names;
        *ret_how = RESULT_TEXT_READ;
    }
    return ERR_OK;
}

enum err_code result_text_read(const struct rules_knowledge *k, const struct rules_gene *gene,
                               struct slice text, struct arena *arena,
                               struct rules_gene_result *ret, enum result_text *ret_how,
                               struct err *err)
{
    struct rules_evidence evidence;

    if (result_text_evidence(k, gene, text, arena, &evidence, ret_how, err) != ERR_OK)
        return err->code;
    if (*ret_how != RESULT_TEXT_READ)
        return ERR_OK;
    return rules_resolve_gene(k, gene, &evidence, 1, arena, ret, err);
}
