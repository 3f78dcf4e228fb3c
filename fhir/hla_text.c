/* fhir/hla_text.c -- HLA typings as text: GL strings and allele names.
 *
 * GL string grammar (Milius et al. 2013, with the locus before each allele):
 *     hla#version#  locus^locus  genotype|genotype  copy+copy  allele/allele  cis~cis
 * so "/" is an ambiguity of one copy, not the other copy. Laboratories also write it between
 * the copies; that is read, and reported.
 *
 * A copy whose alternatives differ within two fields, a first-field name (B*57) and a multiple
 * allele code (B*15:AKBAR) are unknown copies: the other one then stands alone, which can show
 * that an allele is present but never that one is absent.
 */
#include "fhir/text.h"

#include <assert.h>

#define HLA_COPIES_MAX 2

enum name_state {
    NAME_NONE,  /* not an allele name */
    NAME_OTHER, /* of another locus */
    NAME_VAGUE, /* does not say which protein */
    NAME_KNOWN,
};

struct name {
    enum name_state state;
    struct slice allele; /* "*57:01:01" */
};

/* One genotype: the copies of one locus. */
struct typing {
    struct name copies[HLA_COPIES_MAX];
    size_t count;
};

struct hla {
    enum fhir_gene gene;
    struct arena *arena;
    bool is_gl_string; /* by its prefix or system: "/" is an ambiguity */
    bool is_malformed;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static size_t digits_at(struct slice s, size_t at)
{
    size_t end = at;

    while (end < s.len && is_digit(s.ptr[end]))
        end++;
    return end - at;
}

static bool is_letter(char c)
{
    return fhir_is_alnum(c) && !is_digit(c);
}

/* Without memory for it, a name is none. */
static struct name known(struct slice allele)
{
    return (struct name){allele.len > 0 ? NAME_KNOWN : NAME_NONE, allele};
}

/* "5701" as laboratories wrote before the colons of 2010: two digits a field. */
static struct slice with_colons(struct slice digits, struct arena *arena)
{
    struct slice colons = arena_printf(arena, "*%.2s:%.2s", digits.ptr, digits.ptr + 2);

    for (size_t i = 4; i + 2 <= digits.len; i += 2)
        colons = arena_printf(arena, "%.*s:%.2s", SLICE_ARG(colons), digits.ptr + i);
    return colons;
}

/* The fields that begin at s[at], with the place behind them. */
static struct name read_fields(const struct hla *hla, struct slice s, size_t at,
                               size_t *ret_end)
{
    size_t start = at, len = digits_at(s, at), fields = 1;

    *ret_end = at;
    if (len >= 4 && len <= 8 && len % 2 == 0 && (at + len == s.len || s.ptr[at + len] != ':')) {
        *ret_end = at + len;
        return known(with_colons(slice_head(slice_from(s, at), len), hla->arena));
    }
    if (len < 2 || len > 3)
        return (struct name){NAME_NONE, SLICE_NONE};
    at += len;
    while (at + 1 < s.len && s.ptr[at] == ':' &&
           (is_digit(s.ptr[at + 1]) || is_upper(s.ptr[at + 1]))) {
        len = digits_at(s, at + 1);
        if (len == 0) {
            at++; /* a multiple allele code */
            while (at < s.len && is_upper(s.ptr[at]))
                at++;
            break;
        }
        if (len < 2 || len > 4)
            return (struct name){NAME_NONE, SLICE_NONE};
        at += 1 + len;
        fields++;
    }
    if (at < s.len && is_upper(s.ptr[at])) /* expression N L S Q C A, group G P */
        at++;
    *ret_end = at;
    if (fields < 2)
        return (struct name){NAME_VAGUE, SLICE_NONE};
    s = slice_head(slice_from(s, start), at - start);
    if (start > 0 && s.ptr[-1] == '*')
        return known((struct slice){s.ptr - 1, s.len + 1});
    return known(arena_printf(hla->arena, "*%.*s", SLICE_ARG(s)));
}

/* Skips "HLA-" and a locus at s[*at]; false when a locus other than the gene's stands there. */
static bool skip_locus(const struct hla *hla, struct slice s, size_t *at)
{
    char own = hla->gene == FHIR_GENE_HLA_A ? 'A' : 'B';
    size_t start;

    if (slice_starts_nocase(slice_from(s, *at), SLICE("HLA"))) {
        *at += 3;
        while (*at < s.len && (s.ptr[*at] == '-' || s.ptr[*at] == ' ' || s.ptr[*at] == '_'))
            (*at)++;
    }
    start = *at;
    if (start < s.len && is_letter(s.ptr[start])) {
        while (*at < s.len && is_letter(s.ptr[*at]))
            (*at)++;
        if (*at - start == 1 && (s.ptr[start] | 0x20) == (own | 0x20))
            return true;
        /* "DRB1*": the digit belongs to the locus */
        while (*at < s.len && is_digit(s.ptr[*at]))
            (*at)++;
        return false;
    }
    return true;
}

/* Cuts "Genotype:" and the like from the front. */
static struct slice without_label(struct slice s)
{
    static const char *const LABELS[] = {"genotype", "type",    "typing",    "result",
                                         "allele",   "alleles", "diplotype", "haplotype"};
    struct slice rest;

    for (size_t i = 0; i < ARRAY_LEN(LABELS); i++) {
        if (!slice_starts_nocase(s, slice_of(LABELS[i])))
            continue;
        rest = slice_from(s, strlen(LABELS[i]));
        if (rest.len > 0 && (rest.ptr[0] == ':' || rest.ptr[0] == ' '))
            return slice_trim(slice_from(rest, 1));
    }
    return s;
}

/* Reads one allele name that is the whole of `s`. */
static struct name read_name(struct hla *hla, struct slice s)
{
    struct name name;
    size_t at = 0, end;
    bool is_own;

    s = without_label(slice_trim(s));
    is_own = skip_locus(hla, s, &at);
    if (at > 0 && at < s.len && (s.ptr[at] == ' ' || s.ptr[at] == ':')) {
        struct slice rest = slice_trim(slice_from(s, at + 1));

        if (s.ptr[at] == ':' && is_digit(s.ptr[at + 1 < s.len ? at + 1 : at]))
            hla->is_malformed = true; /* HLA-A:01:01 */
        s = without_label(rest);
        at = 0;
        is_own = skip_locus(hla, s, &at) && is_own;
    }
    if (at < s.len && s.ptr[at] == '*')
        at++;
    name = read_fields(hla, s, at, &end);
    if (name.state == NAME_NONE || slice_trim(slice_from(s, end)).len > 0)
        return (struct name){NAME_NONE, SLICE_NONE};
    return is_own ? name : (struct name){NAME_OTHER, SLICE_NONE};
}

/* "*57:01" of "*57:01:01:02G". */
static struct slice two_fields(struct slice allele)
{
    size_t at = 1 + digits_at(allele, 1);

    assert(at < allele.len && allele.ptr[at] == ':');
    return slice_head(allele, at + 1 + digits_at(allele, at + 1));
}

/* Both names as one: the more general when they are the same protein. */
static struct name either(struct name a, struct name b)
{
    struct slice common;

    if (a.state != NAME_KNOWN || b.state != NAME_KNOWN)
        return (struct name){NAME_VAGUE, SLICE_NONE};
    if (slice_eq(a.allele, b.allele))
        return a;
    common = two_fields(a.allele);
    if (!slice_eq(common, two_fields(b.allele)))
        return (struct name){NAME_VAGUE, SLICE_NONE};
    return (struct name){NAME_KNOWN, common};
}

/* One alternative: the part of the gene's own locus among those joined in cis. */
static struct name read_cis(struct hla *hla, struct slice s)
{
    struct name found = {NAME_NONE, SLICE_NONE};

    while (s.len > 0) {
        struct name name = read_name(hla, slice_cut(s, '~', &s));

        if (name.state == NAME_NONE)
            return name;
        if (found.state == NAME_NONE || found.state == NAME_OTHER)
            found = name;
    }
    return found;
}

static struct name read_copy(struct hla *hla, struct slice s)
{
    struct name all = read_cis(hla, slice_cut(s, '/', &s));

    while (s.len > 0 && all.state != NAME_NONE) {
        struct name next = read_cis(hla, slice_cut(s, '/', &s));

        if (next.state == NAME_NONE || next.state == NAME_OTHER || all.state == NAME_OTHER)
            return next;
        all = either(all, next);
    }
    return all;
}

/* "B*08:01/B*40:01" outside a GL string: the two copies, though the notation says otherwise.
 * Names of one protein may be either reading, so then only one copy is known. */
static bool read_slash_pair(struct hla *hla, struct slice s, struct typing *ret)
{
    struct slice rest;
    struct name first = read_cis(hla, slice_cut(s, '/', &rest));
    struct name second;

    if (hla->is_gl_string || rest.len == 0 || slice_find_char(rest, '/') != SIZE_MAX)
        return false;
    second = read_cis(hla, rest);
    if (first.state != NAME_KNOWN || second.state != NAME_KNOWN)
        return false;
    if (!slice_eq(first.allele, second.allele) && either(first, second).state == NAME_KNOWN)
        return false;
    hla->is_malformed = true;
    *ret = (struct typing){.copies = {first, second}, .count = 2};
    return true;
}

/* The copies of a genotype; false when it is not one, or of another locus. */
static bool read_typing(struct hla *hla, struct slice s, struct typing *ret)
{
    static const char SEPARATORS[] = "+,;";
    struct slice rest = s;
    bool has_separator = false;

    ret->count = 0;
    for (size_t i = 0; i < sizeof SEPARATORS - 1; i++)
        has_separator = has_separator || slice_find_char(s, SEPARATORS[i]) != SIZE_MAX;
    if (!has_separator && read_slash_pair(hla, s, ret))
        return true;
    while (rest.len > 0) {
        size_t end = 0;
        struct name name;

        while (end < rest.len && memchr(SEPARATORS, rest.ptr[end], 3) == NULL)
            end++;
        name = read_copy(hla, slice_head(rest, end));
        rest = slice_from(rest, end + 1);
        if (name.state == NAME_NONE)
            return false;
        if (name.state == NAME_OTHER) /* "A*02:01, B*57:01" */
            continue;
        if (ret->count == HLA_COPIES_MAX) {
            hla->is_malformed = true;
            return false;
        }
        ret->copies[ret->count++] = name;
    }
    return ret->count > 0;
}

/* Keeps of `common` what `other` has too, in two fields. */
static void intersect(struct typing *common, struct typing other)
{
    for (size_t i = 0; i < common->count; i++) {
        struct name *mine = &common->copies[i];
        struct name met = {NAME_VAGUE, SLICE_NONE};

        for (size_t j = 0; j < other.count && met.state != NAME_KNOWN; j++) {
            met = either(*mine, other.copies[j]);
            if (met.state == NAME_KNOWN)
                other.copies[j].state = NAME_VAGUE;
        }
        *mine = met;
    }
}

/* One locus with its ambiguous genotypes. */
static bool read_locus(struct hla *hla, struct slice s, struct typing *ret)
{
    struct typing next;

    if (!read_typing(hla, slice_cut(s, '|', &s), ret))
        return false;
    while (s.len > 0) {
        if (!read_typing(hla, slice_cut(s, '|', &s), &next))
            return false;
        intersect(ret, next);
    }
    return true;
}

struct fhir_text_reading fhir_hla_read(struct slice text, enum fhir_gene gene,
                                       struct arena *arena, struct fhir_evidence *ret)
{
    struct fhir_text_reading reading = {0};
    struct hla hla = {.gene = gene, .arena = arena};
    struct typing found = {.count = 0};

    if (text.len > FHIR_TYPING_BYTES_MAX ||
        (gene != FHIR_GENE_HLA_A && gene != FHIR_GENE_HLA_B))
        return reading;
    text = slice_trim(text);
    if (slice_starts_nocase(text, SLICE("hla#"))) {
        hla.is_gl_string = true;
        (void)slice_cut(slice_from(text, 4), '#', &text);
    }
    while (text.len > 0) {
        struct slice locus = slice_trim(slice_cut(text, '^', &text));
        struct typing typing = {.count = 0};

        if (slice_starts(locus, SLICE("#"))) { /* ^# */
            hla.is_malformed = true;
            locus = slice_trim(slice_from(locus, 1));
        }
        if (locus.len == 0 || !read_locus(&hla, locus, &typing))
            continue;
        hla.is_malformed = hla.is_malformed || found.count > 0;
        found = typing;
    }
    for (size_t i = 0; i < found.count; i++)
        if (found.copies[i].state == NAME_KNOWN)
            ret->alleles[ret->alleles_count++] = found.copies[i].allele;
    ret->is_single_allele = ret->alleles_count == 1;
    reading.is_read = ret->alleles_count > 0;
    reading.is_vague = found.count > 0 && !reading.is_read;
    reading.is_malformed = hla.is_malformed;
    return reading;
}

struct slice fhir_hla_allele_in(struct slice text, struct arena *arena)
{
    struct hla hla = {.arena = arena};
    struct slice found = SLICE_NONE;

    for (size_t at = 0; at < text.len; at++) {
        size_t start = at, end;
        enum fhir_gene gene = FHIR_GENE_NONE;
        struct name name;

        if (at == 0 || !fhir_is_alnum(text.ptr[at - 1]))
            gene = fhir_gene_at(text, at, &start);
        if (fhir_gene_row(gene)->alleles != FHIR_ALLELES_HLA)
            start = at;
        if (start < text.len && text.ptr[start] == '*')
            start++;
        if (start == at)
            continue;
        name = read_fields(&hla, text, start, &end);
        if (name.state != NAME_KNOWN)
            continue;
        if (found.len > 0 && !slice_eq(found, two_fields(name.allele)))
            return SLICE_NONE;
        found = two_fields(name.allele);
        at = end - 1;
    }
    return found;
}
