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

/* A phenotype in a laboratory's word for it ("PM", "extensive", "LA9657-3"), or a score. */
static bool read_stated(const struct rules_knowledge *k, const struct rules_gene *gene,
                        struct slice text, struct rules_evidence *ret)
{
    struct slice phenotype = fhir_phenotype_from_loinc_answer(text);

    if (phenotype.len == 0)
        phenotype = fhir_phenotype_from_text(text, gene->symbol);
    if (phenotype.len > 0) {
        *ret = (struct rules_evidence){.gene = gene->symbol, .phenotype = phenotype};
        return true;
    }
    rules_evidence_from_text(k, gene, text, ret);
    return ret->score.len > 0;
}

static enum err_code read_as_written(const struct rules_knowledge *k,
                                     const struct rules_gene *gene, struct slice text,
                                     struct arena *arena, struct rules_evidence *ret,
                                     enum result_text *ret_how, struct err *err)
{
    struct fhir_evidence read;

    *ret_how = RESULT_TEXT_UNREADABLE;
    if (!fhir_genotype_from_text(text, gene->symbol, arena, &read)) {
        if (arena->has_failed)
            return err_set(err, ERR_NOMEM, "no memory for a result");
        if (gene->method != RULES_METHOD_ALLELE_PRESENCE && read_stated(k, gene, text, ret))
            *ret_how = RESULT_TEXT_READ;
        return ERR_OK;
    }
    if (!slice_eq(read.gene, gene->symbol)) {
        *ret_how = RESULT_TEXT_OTHER_GENE;
        return ERR_OK;
    }
    if (read.presence != FHIR_PRESENCE_NONE && read.presence_allele.len == 0)
        return ERR_OK; /* "positive": nobody says for what */
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
    if (slice_eq_nocase(text, SLICE(RULES_INDETERMINATE)) &&
        gene->method != RULES_METHOD_ALLELE_PRESENCE) {
        /* The gene was called: a result, though one that says little. */
        *ret = (struct rules_evidence){.gene = gene->symbol, .phenotype = text};
        *ret_how = RESULT_TEXT_READ;
        return ERR_OK;
    }
    if (fhir_genotype_is_no_call(text)) {
        *ret_how = RESULT_TEXT_NO_CALL;
        return ERR_OK;
    }
    if (gene->method != RULES_METHOD_ALLELE_PRESENCE && cut_alleles(text, &names)) {
        has_names = true;
        if (is_in_table(k, gene, &names, arena, &is_known, err) != ERR_OK)
            return err->code;
    }
    if (!is_known && read_as_written(k, gene, text, arena, ret, ret_how, err) != ERR_OK)
        return err->code;
    /* What no notation explains stays what it is: alleles that nobody knows. */
    if (is_known || (has_names && *ret_how == RESULT_TEXT_UNREADABLE)) {
        *ret = names;
        *ret_how = RESULT_TEXT_READ;
    }
    return ERR_OK;
}

size_t result_text_parts(const struct rules_knowledge *k, const struct rules_gene *gene,
                         struct slice text, struct slice *ret)
{
    struct slice rest = slice_trim(text);
    size_t count = 0;

    while (gene->method == RULES_METHOD_ALLELE_PRESENCE && rest.len > 0 &&
           count < RESULT_TEXT_PARTS_MAX) {
        size_t comma = slice_find_char(rest, ','), semicolon = slice_find_char(rest, ';');
        size_t end = comma < semicolon ? comma : semicolon;
        struct rules_evidence one;

        ret[count] = slice_trim(end == SIZE_MAX ? rest : slice_head(rest, end));
        rest = end == SIZE_MAX ? SLICE_NONE : slice_from(rest, end + 1);
        rules_evidence_from_text(k, gene, ret[count++], &one);
        if (one.presence == RULES_PRESENCE_NONE) {
            count = 0;
            break;
        }
    }
    if (count > 0 && rest.len == 0)
        return count;
    ret[0] = text;
    return 1;
}

enum err_code result_text_read(const struct rules_knowledge *k, const struct rules_gene *gene,
                               struct slice text, struct arena *arena,
                               struct rules_gene_result *ret, enum result_text *ret_how,
                               struct err *err)
{
    struct rules_evidence evidence[RESULT_TEXT_PARTS_MAX];
    struct slice parts[RESULT_TEXT_PARTS_MAX];
    size_t count = result_text_parts(k, gene, text, parts);

    for (size_t i = 0; i < count; i++) {
        if (result_text_evidence(k, gene, parts[i], arena, &evidence[i], ret_how, err) !=
            ERR_OK)
            return err->code;
        if (*ret_how != RESULT_TEXT_READ)
            return ERR_OK;
    }
    return rules_resolve_gene(k, gene, evidence, count, arena, ret, err);
}
