/* rules/allele_name.c -- reading allele spellings byte by byte. */
#include "rules/allele_name.h"

#include <assert.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    if (c >= 'A' && c <= 'Z')
        c = (char)(c - 'A' + 'a');
    return c;
}

static bool add(struct rules_allele_name *name, struct slice s)
{
    if (s.len > sizeof name->bytes - name->len)
        return false;
    if (s.len > 0)
        memcpy(name->bytes + name->len, s.ptr, s.len);
    name->len += s.len;
    return true;
}

struct slice rules_allele_name_slice(const struct rules_allele_name *name)
{
    return (struct slice){.ptr = name->bytes, .len = name->len};
}

/* Bytes that are written in several ways. A blank of any kind counts for nothing. */
static const struct {
    struct slice from, to;
} SPELLINGS[] = {
    {{" ", 1}, {"", 0}},
    {{"\t", 1}, {"", 0}},
    {{"\n", 1}, {"", 0}},
    {{"\r", 1}, {"", 0}},
    {{"\xC2\xA0", 2}, {"", 0}},       /* no-break space */
    {{"\xC3\x97", 2}, {"x", 1}},      /* multiplication sign */
    {{"\xE2\x89\xA5", 3}, {">=", 2}}, /* greater-than or equal to */
};

/* How many bytes of `s` one spelling takes, and what stands for it. */
static size_t read_spelling(struct slice s, struct slice *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(SPELLINGS); i++) {
        if (slice_starts(s, SPELLINGS[i].from)) {
            *ret = SPELLINGS[i].to;
            return SPELLINGS[i].from.len;
        }
    }
    *ret = slice_head(s, 1);
    return 1;
}

static bool respell(struct slice written, struct rules_allele_name *ret)
{
    ret->len = 0;
    while (written.len > 0) {
        struct slice to;
        size_t taken = read_spelling(written, &to);

        if (!add(ret, to))
            return false;
        written = slice_from(written, taken);
    }
    return true;
}

/* Cuts "CYP2D6", "HLA-B" and "B" (before a star) off a name without blanks. */
static struct slice cut_gene(struct slice name, struct slice gene)
{
    size_t dash = slice_find_char(gene, '-');

    if (gene.len > 0 && name.len > gene.len && slice_starts_nocase(name, gene)) {
        name = slice_from(name, gene.len);
        if (name.len > 1 && (name.ptr[0] == ':' || name.ptr[0] == '_'))
            name = slice_from(name, 1);
    } else if (dash != SIZE_MAX) {
        struct slice letter = slice_from(gene, dash + 1);

        if (name.len > letter.len && slice_starts_nocase(name, letter) &&
            name.ptr[letter.len] == '*')
            name = slice_from(name, letter.len);
    }
    return name;
}

/* HLA fields without their star: "57:01". */
static bool lacks_star(struct slice name)
{
    size_t at = 0;

    while (at < name.len && is_digit(name.ptr[at]))
        at++;
    return at > 0 && at < name.len && name.ptr[at] == ':';
}

/* "*36+*10" and "*36-*10" (an older spelling) to their parts in natural order. HGVS names hold
 * '+' and '-' too; only a star behind the sign makes a tandem. */
static bool sort_tandem(struct slice name, struct rules_allele_name *ret)
{
    struct slice parts[RULES_TANDEM_PARTS_MAX];
    size_t count = 0, start = 0;

    for (size_t i = 1; i <= name.len; i++) {
        bool is_end = i == name.len || ((name.ptr[i] == '+' || name.ptr[i] == '-') &&
                                        i + 1 < name.len && name.ptr[i + 1] == '*');
        size_t at = count;

        if (!is_end)
            continue;
        if (count == ARRAY_LEN(parts))
            return false;
        struct slice part = slice_head(slice_from(name, start), i - start);
        for (; at > 0 && rules_allele_compare(part, parts[at - 1]) < 0; at--)
            parts[at] = parts[at - 1];
        parts[at] = part;
        count++;
        start = i + 1;
    }
    ret->len = 0;
    for (size_t i = 0; i < count; i++)
        if ((i > 0 && !add(ret, SLICE("+"))) || !add(ret, parts[i]))
            return false;
    return true;
}

bool rules_allele_normalise(struct slice written, struct slice gene,
                            struct rules_allele_name *ret)
{
    struct rules_allele_name spelled, starred = {.len = 0};
    struct slice name;

    if (!respell(written, &spelled))
        return false;
    for (size_t i = 0; i < spelled.len; i++)
        spelled.bytes[i] = lower(spelled.bytes[i]);
    name = cut_gene(rules_allele_name_slice(&spelled), gene);
    if (name.len == 0)
        return false;
    if (lacks_star(name) && !add(&starred, SLICE("*")))
        return false;
    if (!add(&starred, name))
        return false;
    name = rules_allele_name_slice(&starred);
    if (name.ptr[0] == '*')
        return sort_tandem(name, ret);
    *ret = starred;
    return true;
}

struct slice rules_allele_shown(struct slice written, struct slice gene)
{
    return slice_trim(cut_gene(slice_trim(written), gene));
}

bool rules_allele_cut_sub(const struct rules_allele_name *name, struct rules_allele_name *ret)
{
    struct rules_allele_name cut = {.len = 0};

    if (name->len == 0 || name->bytes[0] != '*')
        return false;
    for (size_t i = 0; i < name->len; i++) {
        if (name->bytes[i] == '.' && i + 1 < name->len && is_digit(name->bytes[i + 1])) {
            while (i + 1 < name->len && is_digit(name->bytes[i + 1]))
                i++;
            continue;
        }
        cut.bytes[cut.len++] = name->bytes[i];
    }
    if (cut.len == name->len)
        return false;
    *ret = cut;
    return true;
}

bool rules_allele_split_copies(struct slice name, struct rules_allele_copies *ret)
{
    size_t x = slice_find_char(name, 'x');
    struct rules_allele_copies copies = {.is_known = true};
    struct slice count = slice_from(name, x == SIZE_MAX ? name.len : x + 1);

    if (name.len == 0 || name.ptr[0] != '*' || x == SIZE_MAX || x < 2 ||
        slice_find_char(name, '+') != SIZE_MAX)
        return false;
    copies.core = slice_head(name, x);
    if (slice_eq_text(count, "n")) {
        copies.is_known = false;
        *ret = copies;
        return true;
    }
    if (slice_starts(count, SLICE(">=")))
        count = slice_from(count, 2);
    if (!slice_to_u32(count, RULES_COPIES_MAX, &copies.count) || copies.count == 0)
        return false;
    *ret = copies;
    return true;
}

bool rules_allele_join_copies(struct slice core, bool is_at_least, uint32_t count,
                              struct rules_allele_name *ret)
{
    char digits[16];
    int len = snprintf(digits, sizeof digits, "x%s%u", is_at_least ? ">=" : "", count);

    assert(len > 0 && (size_t)len < sizeof digits);
    ret->len = 0;
    return add(ret, core) && add(ret, (struct slice){.ptr = digits, .len = (size_t)len});
}

bool rules_allele_join_pair(struct slice a, struct slice b, struct rules_allele_name *ret)
{
    bool is_sorted = rules_allele_compare(a, b) <= 0;

    ret->len = 0;
    return add(ret, is_sorted ? a : b) && add(ret, SLICE("/")) && add(ret, is_sorted ? b : a);
}

/* The end of a run of digits that starts at `at`. */
static size_t skip_digits(struct slice s, size_t at)
{
    while (at < s.len && is_digit(s.ptr[at]))
        at++;
    return at;
}

/* "*57:01", "*57:01:01:02", "*57:01p", "*57:01:01g"; with one of the letters n l s c a q behind
 * it, the allele is expressed otherwise than its name says. */
struct rules_hla_name rules_hla_read(struct slice name)
{
    struct rules_hla_name hla = {.two_fields = name};
    size_t first, end;

    if (name.len == 0 || name.ptr[0] != '*')
        return hla;
    first = skip_digits(name, 1);
    if (first == 1 || first == name.len || name.ptr[first] != ':')
        return hla;
    end = skip_digits(name, first + 1);
    if (end == first + 1)
        return hla;
    hla.two_fields = slice_head(name, end);
    while (end < name.len && name.ptr[end] == ':' && skip_digits(name, end + 1) > end + 1) {
        end = skip_digits(name, end + 1);
        hla.is_cut = true;
    }
    if (end + 1 == name.len && (name.ptr[end] == 'p' || name.ptr[end] == 'g')) {
        hla.is_group_p = name.ptr[end] == 'p';
        hla.is_cut = true;
        end++;
    }
    hla.is_exact = end == name.len;
    return hla;
}

/* Compares the digit runs at *a_at and *b_at as numbers and steps over them. */
static int compare_digits(struct slice a, size_t *a_at, struct slice b, size_t *b_at)
{
    size_t a_end = skip_digits(a, *a_at), b_end = skip_digits(b, *b_at);
    struct slice a_run, b_run;

    while (*a_at + 1 < a_end && a.ptr[*a_at] == '0')
        ++*a_at;
    while (*b_at + 1 < b_end && b.ptr[*b_at] == '0')
        ++*b_at;
    a_run = slice_head(slice_from(a, *a_at), a_end - *a_at);
    b_run = slice_head(slice_from(b, *b_at), b_end - *b_at);
    *a_at = a_end;
    *b_at = b_end;
    if (a_run.len != b_run.len)
        return a_run.len < b_run.len ? -1 : 1;
    return slice_compare(a_run, b_run);
}

int rules_allele_compare(struct slice a, struct slice b)
{
    size_t a_at = 0, b_at = 0;

    while (a_at < a.len && b_at < b.len) {
        int order;

        if (is_digit(a.ptr[a_at]) && is_digit(b.ptr[b_at])) {
            order = compare_digits(a, &a_at, b, &b_at);
        } else {
            order = (int)(unsigned char)a.ptr[a_at] - (int)(unsigned char)b.ptr[b_at];
            a_at++;
            b_at++;
        }
        if (order != 0)
            return order;
    }
    if (a_at < a.len || b_at < b.len)
        return a_at < a.len ? 1 : -1;
    return slice_compare(a, b);
}
