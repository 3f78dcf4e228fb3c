/* gateway/hooks/order_drugs.c -- codes to rows of the knowledge, rows to drugs. */
#include "gateway/hooks/order_drugs.h"

#include "rules/ndc.h"

#define RXNORM "http://www.nlm.nih.gov/research/umls/rxnorm"
#define NDC    "http://hl7.org/fhir/sid/ndc"
#define ATC    "http://www.whocc.no/atc"

/* Words in a route or dose form that mean a local effect (EDQM and SNOMED CT route terms). */
static const char *const LOCAL_WORDS[] = {
    "topical", "cutaneous", "ophthalmic", "ocular",    "otic",      "auricular",
    "cream",   "ointment",  "lotion",     "eye drops", "ear drops",
};

/* SNOMED CT routes: topical, ophthalmic, otic. */
static const char *const LOCAL_ROUTE_CODES[] = {"6064005", "54485002", "10547007"};

const char *hook_named_by_name(enum hook_named_by by)
{
#define X(code, name) name,
    static const char *const NAMES[] = {HOOK_NAMED_BY(X)};
#undef X

    return NAMES[by];
}

/* A row of the knowledge that one of the order's codings leads to. */
struct row {
    const struct rules_drug_code *code;
    size_t coding;
    enum hook_named_by by;
};

struct finder {
    const struct fhir_order *order;
    const struct rules_knowledge *knowledge;
    struct row *rows; /* in the order of the codings */
    size_t rows_count, rows_max;
};

/* --- dose forms ----------------------------------------------------------------------------
 */

static bool has_local_word(struct slice text)
{
    for (size_t i = 0; i < ARRAY_LEN(LOCAL_WORDS); i++)
        if (slice_find_nocase(text, slice_of(LOCAL_WORDS[i])) != SIZE_MAX)
            return true;
    return false;
}

static bool has_local_route(const struct fhir_order *order)
{
    for (size_t i = 0; i < ARRAY_LEN(LOCAL_ROUTE_CODES); i++)
        if (slice_ends(order->route, slice_of(LOCAL_ROUTE_CODES[i])))
            return true;
    return has_local_word(order->route_text) || has_local_word(order->form);
}

/* Whether a code says a dose form: not a substance, a strength or a brand, unless all that the
 * brand has is local. */
static bool says_form(const struct rules_drug_code *code)
{
    static const char *const WITHOUT[] = {"", "IN", "PIN", "MIN", "BN", "SCDC", "SBDC"};

    for (size_t i = 0; i < ARRAY_LEN(WITHOUT); i++)
        if (slice_eq_text(code->term_type, WITHOUT[i]))
            return code->form == RULES_FORM_LOCAL;
    return true;
}

static bool is_local(const struct finder *f, const struct rules_drug *drug)
{
    bool has_form = false;

    for (size_t i = 0; i < f->rows_count; i++) {
        const struct rules_drug_code *code = f->rows[i].code;

        if (!slice_eq(code->drug, drug->name) || !says_form(code))
            continue;
        if (code->form == RULES_FORM_SYSTEMIC)
            return false;
        has_form = true;
    }
    return has_form || has_local_route(f->order);
}

/* --- codes ---------------------------------------------------------------------------------
 */

/* In the knowledge's spelling, or as written: clients also write OIDs, editions, versions. */
static struct slice canonical_system(const struct rules_knowledge *knowledge,
                                     struct slice written)
{
    const struct slice *systems;
    size_t count = rules_code_systems(knowledge, &systems);

    for (size_t i = 0; i < count; i++) /* nearly always */
        if (slice_eq(written, systems[i]))
            return systems[i];
    for (size_t i = 0; i < count; i++)
        if (fhir_system_is(written, systems[i]))
            return systems[i];
    return slice_trim(written);
}

static enum hook_named_by named_by(const struct rules_drug_code *code)
{
    static const char *const INGREDIENTS[] = {"IN", "PIN", "MIN"};

    if (slice_eq_text(code->system, NDC))
        return HOOK_NAMED_BY_NDC;
    if (slice_eq_text(code->system, ATC))
        return HOOK_NAMED_BY_ATC;
    if (!slice_eq_text(code->system, RXNORM))
        return HOOK_NAMED_BY_OTHER;
    for (size_t i = 0; i < ARRAY_LEN(INGREDIENTS); i++)
        if (slice_eq_text(code->term_type, INGREDIENTS[i]))
            return HOOK_NAMED_BY_INGREDIENT;
    return HOOK_NAMED_BY_PRODUCT;
}

size_t hook_codes_find(const struct rules_knowledge *knowledge, struct slice system,
                       struct slice code, const struct rules_drug_code ***ret)
{
    char ndc[RULES_NDC_DIGITS + 1];

    system = canonical_system(knowledge, system);
    code = slice_trim(code);
    if (slice_eq_text(system, NDC) && rules_ndc_canonical(code, ndc))
        code = slice_of(ndc);
    return rules_find_drugs_by_code(knowledge, system, code, ret);
}

bool hook_codes_know_system(const struct rules_knowledge *knowledge, struct slice system)
{
    struct slice canonical = canonical_system(knowledge, system);
    const struct slice *systems;
    size_t count = rules_code_systems(knowledge, &systems);

    for (size_t i = 0; i < count; i++)
        if (slice_eq(canonical, systems[i]))
            return true;
    return false;
}

static enum err_code add_rows(struct finder *f, size_t coding, struct arena *arena,
                              struct err *err)
{
    const struct fhir_coding *c = &f->order->codings[coding];
    const struct rules_drug_code **codes;
    size_t count = hook_codes_find(f->knowledge, c->system, c->code, &codes);

    for (size_t i = 0; i < count; i++) {
        struct row *rows =
            arena_grow(arena, f->rows, &f->rows_max, f->rows_count, sizeof *rows);

        if (rows == NULL)
            return err_set(err, ERR_NOMEM, "no memory for drugs");
        f->rows = rows;
        rows[f->rows_count++] =
            (struct row){.code = codes[i], .coding = coding, .by = named_by(codes[i])};
    }
    return ERR_OK;
}

/* Whether two codings have a drug in common. */
static bool share_a_drug(const struct finder *f, size_t a, size_t b)
{
    for (size_t i = 0; i < f->rows_count; i++)
        for (size_t j = 0; f->rows[i].coding == a && j < f->rows_count; j++)
            if (f->rows[j].coding == b &&
                slice_eq(f->rows[i].code->drug, f->rows[j].code->drug))
                return true;
    return false;
}

/* Two codes of the medication itself that agree on nothing. The codes of its ingredients are
 * different drugs by nature. */
static bool is_contradictory(const struct finder *f)
{
    const struct row *first = NULL;

    for (size_t i = 0; i < f->rows_count; i++) {
        if (f->order->codings[f->rows[i].coding].is_ingredient)
            continue;
        if (first == NULL)
            first = &f->rows[i];
        else if (f->rows[i].coding != first->coding &&
                 !share_a_drug(f, first->coding, f->rows[i].coding))
            return true;
    }
    return false;
}

/* --- drugs ---------------------------------------------------------------------------------
 */

static bool has_drug(const struct hook_order_drugs *drugs, const struct rules_drug *drug)
{
    for (size_t i = 0; i < drugs->drugs_count; i++)
        if (drugs->drugs[i].drug == drug)
            return true;
    return false;
}

static enum err_code from_codes(const struct finder *f, struct arena *arena,
                                struct hook_order_drugs *ret, struct err *err)
{
    ret->drugs = arena_array(arena, f->rows_count, sizeof *ret->drugs);
    if (ret->drugs == NULL)
        return err_set(err, ERR_NOMEM, "no memory for drugs");
    for (int by = HOOK_NAMED_BY_INGREDIENT; by < HOOK_NAMED_BY_TEXT; by++) {
        for (size_t i = 0; i < f->rows_count; i++) {
            const struct rules_drug *drug =
                rules_find_drug(f->knowledge, f->rows[i].code->drug);

            if (f->rows[i].by != (enum hook_named_by)by || has_drug(ret, drug))
                continue;
            ret->drugs[ret->drugs_count++] = (struct hook_named_drug){
                .drug = drug, .by = f->rows[i].by, .is_local = is_local(f, drug)};
        }
    }
    ret->is_contradictory = is_contradictory(f);
    return ERR_OK;
}

static enum err_code from_words(const struct finder *f, struct arena *arena,
                                struct hook_order_drugs *ret, struct err *err)
{
    const struct rules_drug_name *names;
    size_t count = rules_find_drugs_by_name(f->knowledge, f->order->text, &names);

    ret->drugs = arena_array(arena, count, sizeof *ret->drugs);
    if (ret->drugs == NULL)
        return err_set(err, ERR_NOMEM, "no memory for drugs");
    for (size_t i = 0; i < count; i++)
        ret->drugs[ret->drugs_count++] = (struct hook_named_drug){
            .drug = names[i].drug,
            .by = HOOK_NAMED_BY_TEXT,
            .is_local = names[i].is_local || has_local_route(f->order)};
    return ERR_OK;
}

enum err_code hook_order_drugs_find(const struct fhir_order *order,
                                    const struct rules_knowledge *knowledge,
                                    struct arena *arena, struct hook_order_drugs *ret,
                                    struct err *err)
{
    struct finder f = {.order = order, .knowledge = knowledge};

    *ret = (struct hook_order_drugs){0};
    for (size_t i = 0; i < order->codings_count; i++) {
        if (slice_trim(order->codings[i].code).len == 0)
            continue;
        ret->has_code = true;
        if (add_rows(&f, i, arena, err) != ERR_OK)
            return err->code;
    }
    return ret->has_code ? from_codes(&f, arena, ret, err) : from_words(&f, arena, ret, err);
}

/* --- codes to be mapped --------------------------------------------------------------------
 */

static bool is_made_of(struct slice s, size_t bytes_max, const char *others)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i], low = (char)(c | 0x20);

        if (!(low >= 'a' && low <= 'z') && !(c >= '0' && c <= '9') &&
            memchr(others, c, strlen(others)) == NULL)
            return false;
    }
    return s.len <= bytes_max;
}

static bool has_digit(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] >= '0' && s.ptr[i] <= '9')
            return true;
    return false;
}

bool hook_code_is_listable(const struct fhir_coding *coding,
                           const struct rules_knowledge *knowledge, struct slice *ret_system,
                           struct slice *ret_code)
{
    struct slice system = canonical_system(knowledge, coding->system);
    struct slice code = slice_trim(coding->code);

    /* A code without any digit may well be a word: "codeine", a name. */
    if (code.len == 0 || !is_made_of(code, HOOK_CODE_BYTES_MAX, "._-") || !has_digit(code))
        return false;
    if (!is_made_of(system, HOOK_SYSTEM_BYTES_MAX, ":/._-"))
        return false;
    *ret_system = system;
    *ret_code = code;
    return true;
}
