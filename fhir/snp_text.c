/* fhir/snp_text.c -- letters at one position; what the words around them mean is for
 * genotype_text.c to judge.
 */
#include "fhir/snp_text.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_nucleotide(char c)
{
    return c == 'A' || c == 'C' || c == 'G' || c == 'T';
}

size_t fhir_letters_find(struct slice text, char ret[2], size_t *ret_end)
{
    for (size_t i = 0; i + 2 <= text.len; i++) {
        bool has_mark = i + 3 <= text.len && (text.ptr[i + 1] == '/' || text.ptr[i + 1] == '|');
        size_t end = i + (has_mark ? 3 : 2);

        if (!is_nucleotide(text.ptr[i]) || !is_nucleotide(text.ptr[end - 1]) ||
            (i > 0 && (fhir_is_alnum(text.ptr[i - 1]) || text.ptr[i - 1] == '>' ||
                       text.ptr[i - 1] == '/')) ||
            (end < text.len &&
             (fhir_is_alnum(text.ptr[end]) || text.ptr[end] == '>' || text.ptr[end] == '/')))
            continue;
        ret[0] = text.ptr[i];
        ret[1] = text.ptr[end - 1];
        *ret_end = end;
        return i;
    }
    return SIZE_MAX;
}

struct slice fhir_rs_in(struct slice text)
{
    for (size_t i = 0; i + 3 <= text.len; i++) {
        size_t end = i + 2;

        if ((text.ptr[i] | 0x20) != 'r' || (text.ptr[i + 1] | 0x20) != 's' ||
            (i > 0 && fhir_is_alnum(text.ptr[i - 1])))
            continue;
        while (end < text.len && is_digit(text.ptr[end]))
            end++;
        if (end > i + 2)
            return slice_head(slice_from(text, i), end - i);
    }
    return SLICE_NONE;
}

struct slice fhir_vkorc1_words(char a, char b)
{
    if ((a != 'A' && a != 'G') || (b != 'A' && b != 'G'))
        return SLICE_NONE;
    if (a != b)
        return SLICE("-1639 AG");
    return a == 'A' ? SLICE("-1639 AA") : SLICE("-1639 GG");
}

bool fhir_letters_repeat(struct slice text, size_t end, enum fhir_gene gene)
{
    struct slice behind = slice_from(text, end), own = fhir_gene_row(gene)->snp, rs;
    char letters[2];
    size_t second_end, at = fhir_letters_find(behind, letters, &second_end);

    if (at == SIZE_MAX || (second_end - at == 2 && own.len == 0))
        return false; /* two letters may be a word */
    rs = fhir_rs_in(slice_head(behind, at));
    return own.len == 0 || rs.len == 0 || slice_eq_nocase(rs, own);
}
