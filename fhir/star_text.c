/* fhir/star_text.c -- reads one genotype expression; see the grammar in star_text.h. */
#include "fhir/star_text.h"

#include <assert.h>

#define STAR_DIGITS_MAX  4
#define STAR_LETTERS_MAX 3

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char char_at(struct slice s, size_t at)
{
    return at < s.len ? s.ptr[at] : 0;
}

static struct slice cut(struct slice s, size_t from, size_t to)
{
    return slice_head(slice_from(s, from), to - from);
}

void fhir_blanks_skip(struct slice text, size_t *at)
{
    while (char_at(text, *at) == ' ' || char_at(text, *at) == '\t')
        (*at)++;
}

struct slice fhir_copies_read(struct slice text, size_t *at, struct arena *arena)
{
    size_t i = *at;
    bool is_at_least = false;
    size_t start;

    if (char_at(text, i) == 'x' || char_at(text, i) == 'X')
        i++;
    else if (slice_starts(slice_from(text, i), SLICE("\xc3\x97"))) /* multiplication sign */
        i += 2;
    else
        return SLICE_NONE;
    if (slice_starts(slice_from(text, i), SLICE("\xe2\x89\xa5"))) {
        is_at_least = true;
        i += 3;
    } else if (slice_starts(slice_from(text, i), SLICE(">="))) {
        is_at_least = true;
        i += 2;
    }
    start = i;
    while (is_digit(char_at(text, i)))
        i++;
    if (i == start && !is_at_least && (char_at(text, i) | 0x20) == 'n')
        i++;
    if (i == start || fhir_is_alnum(char_at(text, i)))
        return SLICE_NONE;
    *at = i;
    if (is_at_least)
        return arena_printf(arena, "\xe2\x89\xa5%.*s", SLICE_ARG(cut(text, start, i)));
    return char_at(text, start) == 'n' ? SLICE("N") : cut(text, start, i);
}

/* "*2A", "*4.001", "*1x2"; empty when it is not one, or goes on in another way. */
static struct slice read_star(struct slice text, size_t *at, struct arena *arena)
{
    size_t start = *at, i = start + 1, letters, name_end;
    struct slice copies, name;

    assert(char_at(text, start) == '*');
    while (is_digit(char_at(text, i)))
        i++;
    if (i == start + 1 || i > start + 1 + STAR_DIGITS_MAX)
        return SLICE_NONE;
    letters = i;
    while (fhir_is_alnum(char_at(text, i)) && !is_digit(char_at(text, i))) {
        size_t behind = i;

        if (fhir_copies_read(text, &behind, arena).len > 0)
            break;
        i++;
    }
    if (i > letters + STAR_LETTERS_MAX)
        return SLICE_NONE;
    if (char_at(text, i) == '.' && is_digit(char_at(text, i + 1))) {
        i++;
        while (is_digit(char_at(text, i)))
            i++;
    }
    name_end = i;
    copies = fhir_copies_read(text, &i, arena);
    if (fhir_is_alnum(char_at(text, i)) || char_at(text, i) == ':' || char_at(text, i) == '*')
        return SLICE_NONE;
    *at = i;
    name = cut(text, start, name_end);
    if (copies.len == 0)
        return name;
    if (slice_eq(cut(text, name_end, name_end + 1), SLICE("x")) &&
        copies.ptr + copies.len == text.ptr + i)
        return cut(text, start, i); /* written as we write it */
    return arena_printf(arena, "%.*sx%.*s", SLICE_ARG(name), SLICE_ARG(copies));
}

/* Length of the dash of any kind that begins s: "-", en dash, minus sign. */
static size_t dash_len(struct slice s)
{
    static const char *const DASHES[] = {"-", "\xe2\x80\x93", "\xe2\x88\x92"};

    for (size_t i = 0; i < ARRAY_LEN(DASHES); i++)
        if (slice_starts(s, slice_of(DASHES[i])))
            return strlen(DASHES[i]);
    return 0;
}

/* Whether "c.12" begins here, at a word's beginning. */
static bool is_hgvs_at(struct slice text, size_t at)
{
    char kind = char_at(text, at);

    return kind != 0 && strchr("cgmn", kind) != NULL && char_at(text, at + 1) == '.' &&
           (is_digit(char_at(text, at + 2)) || char_at(text, at + 2) == '-' ||
            char_at(text, at + 2) == '*') &&
           (at == 0 || !fhir_is_alnum(text.ptr[at - 1]));
}

/* "c.1129-5923C>G", with every dash made plain. */
static struct slice read_hgvs_name(struct slice text, size_t *at, struct arena *arena)
{
    size_t start = *at, i = start;
    struct slice name = SLICE_NONE;
    bool has_long_dash = false;

    while (i < text.len) {
        size_t dash = dash_len(slice_from(text, i));

        if (dash == 0 && !fhir_is_alnum(text.ptr[i]) &&
            memchr("._+>=*", text.ptr[i], 6) == NULL)
            break;
        has_long_dash = has_long_dash || dash > 1;
        i += dash > 0 ? dash : 1;
    }
    while (i > start && memchr(".+", text.ptr[i - 1], 2) != NULL)
        i--;
    *at = i;
    if (!has_long_dash)
        return cut(text, start, i);
    for (size_t from = start; from < i;) {
        size_t to = from;

        while (to < i && dash_len(slice_from(text, to)) < 2)
            to++;
        name = arena_printf(arena, "%.*s%.*s%s", SLICE_ARG(name),
                            SLICE_ARG(cut(text, from, to)), to < i ? "-" : "");
        from = to < i ? to + dash_len(slice_from(text, to)) : i;
    }
    return name;
}

/* The label in brackets that belongs to the name before it: " (*2A)", "(HapB3)". */
static struct slice read_label(struct slice text, size_t *at)
{
    size_t i = *at, start;

    fhir_blanks_skip(text, &i);
    if (char_at(text, i) != '(')
        return SLICE_NONE;
    start = i + 1;
    if (char_at(text, start) != '*' &&
        !slice_starts_nocase(slice_from(text, start), SLICE("HapB3")))
        return SLICE_NONE;
    while (i < text.len && text.ptr[i] != ')')
        i++;
    if (i == text.len)
        return SLICE_NONE;
    *at = i + 1;
    return cut(text, start, i);
}

/* DPYD HapB3 has two variants that are inherited together; its name lists both, with a comma
 * or a slash that does not separate alleles. */
static bool read_hap_b3(struct slice text, size_t *at)
{
    static const char *const SPELLINGS[] = {
        "c.1129-5923C>G, c.1236G>A (HapB3)",
        "c.1129-5923C>G,c.1236G>A (HapB3)",
        "c.1129-5923C>G/c.1236G>A (HapB3)",
        "c.1129-5923C>G, c.1236G>A/HapB3",
        "c.1236G>A/HapB3",
        "c.1129-5923C>G/HapB3",
        "HapB3",
    };

    for (size_t i = 0; i < ARRAY_LEN(SPELLINGS); i++) {
        struct slice spelling = slice_of(SPELLINGS[i]);
        size_t end = *at + spelling.len;

        if (slice_starts_nocase(slice_from(text, *at), spelling) &&
            !fhir_is_alnum(char_at(text, end))) {
            *at = end;
            return true;
        }
    }
    return false;
}

/* Names that are words: the reference sequence. */
static bool read_reference(struct slice text, size_t *at)
{
    static const char *const SPELLINGS[] = {"Reference", "wild type", "wild-type",
                                            "wildtype",  "ref",       "wt"};

    for (size_t i = 0; i < ARRAY_LEN(SPELLINGS); i++) {
        size_t end = *at + strlen(SPELLINGS[i]);

        if (slice_starts_nocase(slice_from(text, *at), slice_of(SPELLINGS[i])) &&
            !fhir_is_alnum(char_at(text, end))) {
            *at = end;
            return true;
        }
    }
    return false;
}

/* UGT1A1's TA repeats: "(TA)7", "A(TA)7TAA". */
static struct slice read_repeats(struct slice text, size_t *at)
{
    size_t start = *at, i = start;

    if (char_at(text, i) == 'A')
        i++;
    if (!slice_starts(slice_from(text, i), SLICE("(TA)")) || !is_digit(char_at(text, i + 4)))
        return SLICE_NONE;
    i += 5;
    if (slice_starts(slice_from(text, i), SLICE("TAA")))
        i += 3;
    if (fhir_is_alnum(char_at(text, i)))
        return SLICE_NONE;
    *at = i;
    return cut(text, start, i);
}

static bool uses_hgvs(enum fhir_gene gene)
{
    return fhir_gene_row(gene)->alleles == FHIR_ALLELES_HGVS;
}

/* Skips "CYP2C19", "CYP2C19_", "CYP2C19: " before an allele. False when the allele is said to
 * be of another gene than `gene` (NONE: any). */
static bool skip_gene(struct slice text, size_t *at, enum fhir_gene gene)
{
    size_t i;
    enum fhir_gene named = fhir_gene_at(text, *at, &i);

    if (named == FHIR_GENE_NONE)
        return true;
    while (char_at(text, i) != 0 && strchr(" _:-", char_at(text, i)) != NULL)
        i++;
    *at = i;
    return gene == FHIR_GENE_NONE || named == gene;
}

struct slice fhir_allele_read(struct slice text, size_t *at, enum fhir_gene gene,
                              struct arena *arena)
{
    size_t i = *at;
    struct slice name = SLICE_NONE, label;

    fhir_blanks_skip(text, &i);
    if (!skip_gene(text, &i, gene))
        return SLICE_NONE;
    if (char_at(text, i) == '*') {
        name = read_star(text, &i, arena);
    } else if (gene == FHIR_GENE_UGT1A1) {
        name = read_repeats(text, &i);
    } else if (gene == FHIR_GENE_DPYD && read_hap_b3(text, &i)) {
        name = SLICE("c.1129-5923C>G, c.1236G>A (HapB3)");
    } else if (uses_hgvs(gene) && is_hgvs_at(text, i)) {
        name = read_hgvs_name(text, &i, arena);
        label = read_label(text, &i);
        if (label.len > 0)
            name = arena_printf(arena, "%.*s (%.*s)", SLICE_ARG(name), SLICE_ARG(label));
    } else if (uses_hgvs(gene) && read_reference(text, &i)) {
        name = SLICE("Reference");
    }
    if (name.len > 0)
        *at = i;
    return name;
}

static bool read_tandem(struct slice text, size_t *at, enum fhir_gene gene, struct arena *arena,
                        struct fhir_side *ret)
{
    size_t i = *at;

    *ret = (struct fhir_side){0};
    for (;;) {
        size_t behind;
        struct slice allele = fhir_allele_read(text, &i, gene, arena);

        if (allele.len == 0 || ret->parts_count == FHIR_PARTS_MAX)
            return false;
        ret->parts[ret->parts_count++] = allele;
        ret->name =
            ret->parts_count == 1
                ? allele
                : arena_printf(arena, "%.*s+%.*s", SLICE_ARG(ret->name), SLICE_ARG(allele));
        behind = i;
        fhir_blanks_skip(text, &behind);
        if (char_at(text, behind) != '+')
            break;
        i = behind + 1;
    }
    *at = i;
    return ret->name.len > 0;
}

static bool read_side(struct slice text, size_t *at, enum fhir_gene gene, struct arena *arena,
                      struct fhir_side *ret)
{
    size_t i = *at;
    struct slice copies;
    char close;

    fhir_blanks_skip(text, &i);
    if (read_tandem(text, &i, gene, arena, ret)) { /* also "(TA)7" */
        *at = i;
        return true;
    }
    i = *at;
    fhir_blanks_skip(text, &i);
    if (char_at(text, i) != '(' && char_at(text, i) != '[')
        return false;
    close = text.ptr[i] == '(' ? ')' : ']';
    i++;
    if (!read_tandem(text, &i, gene, arena, ret))
        return false;
    fhir_blanks_skip(text, &i);
    if (char_at(text, i) != close)
        return false;
    i++;
    copies = fhir_copies_read(text, &i, arena);
    if (copies.len > 0)
        ret->name =
            ret->parts_count == 1
                ? arena_printf(arena, "%.*sx%.*s", SLICE_ARG(ret->name), SLICE_ARG(copies))
                : arena_printf(arena, "(%.*s)x%.*s", SLICE_ARG(ret->name), SLICE_ARG(copies));
    *at = i;
    return ret->name.len > 0;
}

static bool is_separator(char c)
{
    return c == '/' || c == '|';
}

/* One or two sides; false when more follow. */
static bool read_pair(struct slice text, size_t *at, enum fhir_gene gene, struct arena *arena,
                      struct fhir_expression *ret)
{
    size_t i = *at, behind;

    ret->sides_count = 0;
    for (;;) {
        if (ret->sides_count == 2 ||
            !read_side(text, &i, gene, arena, &ret->sides[ret->sides_count]))
            return false;
        ret->sides_count++;
        behind = i;
        fhir_blanks_skip(text, &behind);
        if (!is_separator(char_at(text, behind)))
            break;
        i = behind + 1;
    }
    *at = i;
    return true;
}

/* The count behind a pair, with or without brackets around the pair or the count. */
static struct slice pair_copies(struct slice text, size_t *at, struct arena *arena)
{
    size_t i = *at;
    struct slice copies;
    bool is_bracketed;

    fhir_blanks_skip(text, &i);
    is_bracketed = char_at(text, i) == '(';
    if (is_bracketed)
        i++;
    copies = fhir_copies_read(text, &i, arena);
    if (copies.len == 0 && (char_at(text, i) | 0x20) == 'x' && char_at(text, i + 1) == ' ') {
        size_t start = i + 2; /* "x 3" */

        for (i = start; is_digit(char_at(text, i));)
            i++;
        copies = cut(text, start, i);
    }
    if (copies.len == 0 || (is_bracketed && char_at(text, i) != ')'))
        return SLICE_NONE;
    *at = i + (is_bracketed ? 1 : 0);
    return copies;
}

static size_t find_star(struct slice text, size_t from)
{
    while (from < text.len) {
        size_t at = slice_find_char(slice_from(text, from), '*');

        if (at == SIZE_MAX)
            return SIZE_MAX;
        if (is_digit(char_at(text, from + at + 1)))
            return from + at;
        from += at + 1;
    }
    return SIZE_MAX;
}

size_t fhir_expression_find(struct slice text, size_t from, enum fhir_gene gene)
{
    if (gene != FHIR_GENE_UGT1A1 && !uses_hgvs(gene))
        return find_star(text, from);
    for (size_t i = from; i < text.len; i++) {
        bool is_word =
            fhir_is_alnum(text.ptr[i]) && (i == 0 || !fhir_is_alnum(text.ptr[i - 1]));
        size_t end = i;

        if (text.ptr[i] == '*' && is_digit(char_at(text, i + 1)))
            return i;
        if (gene == FHIR_GENE_UGT1A1 && read_repeats(text, &end).len > 0)
            return i;
        if (!uses_hgvs(gene) || !is_word)
            continue;
        if (is_hgvs_at(text, i) || read_reference(text, &end) ||
            (gene == FHIR_GENE_DPYD && read_hap_b3(text, &end)))
            return i;
    }
    return SIZE_MAX;
}

/* Goes back from an allele over its gene's name and opening brackets. */
static size_t beginning(struct slice text, size_t at)
{
    size_t before = at;

    while (before > 0 && strchr(" _:-", text.ptr[before - 1]) != NULL &&
           text.ptr[before - 1] != 0)
        before--;
    for (size_t i = before; i-- > 0 && before - i <= 8;) {
        size_t end = 0;

        if (i > 0 && fhir_is_alnum(text.ptr[i - 1]))
            continue;
        if (fhir_gene_at(text, i, &end) != FHIR_GENE_NONE && end == before) {
            at = i;
            break;
        }
    }
    while (at > 0 && (text.ptr[at - 1] == '(' || text.ptr[at - 1] == '['))
        at--;
    return at;
}

static bool read_from(struct slice text, size_t start, enum fhir_gene gene, struct arena *arena,
                      struct fhir_expression *ret)
{
    size_t i = start;
    bool is_read = read_pair(text, &i, gene, arena, ret);

    if (!is_read && char_at(text, start) == '(') {
        i = start + 1;
        if (!read_pair(text, &i, gene, arena, ret))
            return false;
        fhir_blanks_skip(text, &i);
        if (char_at(text, i) != ')')
            return false;
        i++;
        is_read = true;
    }
    if (!is_read)
        return false;
    ret->copies = ret->sides_count == 2 ? pair_copies(text, &i, arena) : SLICE_NONE;
    ret->start = start;
    ret->end = i;
    return true;
}

bool fhir_expression_read(struct slice text, size_t at, enum fhir_gene gene,
                          struct arena *arena, struct fhir_expression *ret)
{
    size_t start = beginning(text, at);

    for (; start < at; start++)
        if ((text.ptr[start] == '(' || text.ptr[start] == '[' ||
             fhir_is_alnum(text.ptr[start])) &&
            read_from(text, start, gene, arena, ret))
            return true;
    return read_from(text, at, gene, arena, ret);
}
