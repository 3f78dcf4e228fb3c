/* gateway/store/rxnorm.c -- file by file: concepts, relations, names, NDCs. */
#include "gateway/store/rxnorm.h"

#include "gateway/store/knowledge_reader.h"
#include "gateway/store/rxnorm_private.h"
#include "gateway/store/text.h"
#include "rules/ndc.h"

#define SCRATCH_BYTES_MAX ((size_t)512 * 1024 * 1024)
#define ATC_CODE_CHARS    7 /* of a substance */

static const struct {
    const char *name;
    size_t fields;
    bool is_needed;
} FILES[] = {
#define X(code, name, fields, is_needed) {name, fields, is_needed},
    RXNORM_FILES(X)
#undef X
};

const char *rxnorm_file_name(enum rxnorm_file file)
{
    return FILES[file].name;
}

/* Fields of the files, by their names in NLM's documentation. */
enum {
    CONSO_RXCUI = 0,
    CONSO_RXAUI = 7,
    CONSO_SAB = 11,
    CONSO_TTY,
    CONSO_CODE,
    CONSO_STR,
    CONSO_SUPPRESS = 16
};
enum {
    REL_RXCUI1 = 0,
    REL_STYPE1 = 2,
    REL_RXCUI2 = 4,
    REL_STYPE2 = 6,
    REL_RELA = 7,
    REL_SAB = 10,
    REL_SUPPRESS = 14,
};
enum { SAT_RXCUI = 0, SAT_ATN = 8, SAT_SAB, SAT_ATV, SAT_SUPPRESS };
enum { SAB_VSAB = 2, SAB_RSAB };

/* --- rows ----------------------------------------------------------------------------------
 */

/* Each field, the last one too, ends with '|'. */
static bool cut_row(struct rxnorm_import *m, struct slice line, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *bar = line.len == 0 ? NULL : memchr(line.ptr, '|', line.len);

        if (bar == NULL) {
            (void)feed_refuse(&m->feed, ERR_SYNTAX, m->err,
                              "has %zu fields, each to end with '|', must have %zu", i, count);
            return false;
        }
        m->fields[i] = (struct slice){.ptr = line.ptr, .len = (size_t)(bar - line.ptr)};
        line = slice_from(line, m->fields[i].len + 1);
    }
    if (line.len == 0)
        return true;
    (void)feed_refuse(&m->feed, ERR_SYNTAX, m->err, "has more than %zu fields", count);
    return false;
}

static bool read_rows(struct rxnorm_import *m, enum rxnorm_file file,
                      bool (*each)(struct rxnorm_import *m))
{
    struct slice line;

    while (feed_line(&m->feed, &line, m->err))
        if (!cut_row(m, line, FILES[file].fields) || !each(m))
            return false;
    m->report->files[file].rows = m->feed.line;
    if (m->err->code == ERR_OK && m->feed.line == 0 && FILES[file].is_needed)
        (void)err_set(m->err, ERR_INVALID, "%s: is empty", FILES[file].name);
    return m->err->code == ERR_OK;
}

bool rxnorm_each_row(struct rxnorm_import *m, enum rxnorm_file file,
                     bool (*each)(struct rxnorm_import *m))
{
    struct err missing = {0};
    bool is_good = false;

    if (feed_open(&m->feed, m->dir, FILES[file].name, m->options, &missing) == ERR_OK) {
        m->report->files[file].is_there = true;
        is_good = read_rows(m, file, each);
    } else if (missing.code == ERR_NOT_FOUND && !FILES[file].is_needed) {
        is_good = true;
    } else {
        *m->err = missing;
    }
    feed_close(&m->feed);
    return is_good;
}

bool rxnorm_read_rxcui(struct rxnorm_import *m, size_t field, uint32_t *ret)
{
    if (slice_to_u32(m->fields[field], UINT32_MAX, ret))
        return true;
    (void)feed_refuse(&m->feed, ERR_INVALID, m->err, "field %zu is not an RXCUI", field + 1);
    return false;
}

bool rxnorm_no_memory(struct rxnorm_import *m)
{
    (void)err_set(m->err, ERR_NOMEM, "no memory for RxNorm");
    return false;
}

static bool is_suppressed(struct slice field)
{
    return slice_eq_text(field, "O") || slice_eq_text(field, "E") || slice_eq_text(field, "Y");
}

/* --- RXNCONSO, first time: which concepts there are ----------------------------------------
 */

/* True for the row that a concept has in RxNorm itself, under a term type that matters. */
static bool is_concept(const struct rxnorm_import *m, enum rxnorm_term_type *ret)
{
    return slice_eq_text(m->fields[CONSO_SAB], "RXNORM") &&
           slice_eq_text(m->fields[CONSO_SUPPRESS], "N") &&
           rxnorm_term_type_from_name(m->fields[CONSO_TTY], ret);
}

/* A drug of the release without an rxcui is the ingredient of its name. */
static void name_drug(struct rxnorm_import *m, uint32_t rxcui)
{
    for (size_t d = 0; d < m->release->drugs_count; d++) {
        struct slice name = m->release->drugs[d].name;

        if (m->release->drugs[d].rxcui.len > 0 || m->drugs[d] != 0 ||
            !slice_eq_nocase(name, m->fields[CONSO_STR]))
            continue;
        m->drugs[d] = rxcui;
        import_note(&m->report->named, "%.*s is RxCUI %u by its name", SLICE_ARG(name), rxcui);
    }
}

/* The same row twice is a broken file; another name of a concept is only one too many. */
static bool take_second_name(struct rxnorm_import *m, const struct rxnorm_concept *known)
{
    if (known->atom == (uint32_t)slice_hash(m->fields[CONSO_RXAUI], 0)) {
        (void)feed_refuse(&m->feed, ERR_INVALID, m->err,
                          "concept %u is there already, in line %u", known->rxcui, known->line);
        return false;
    }
    import_note(&m->report->refused, "%s:%llu: another name of concept %u, which line %u has",
                m->feed.name, (unsigned long long)m->feed.line, known->rxcui, known->line);
    return true;
}

static bool take_concept(struct rxnorm_import *m)
{
    struct rxnorm_concept *concept;
    enum rxnorm_term_type type;
    uint32_t rxcui, known;

    if (!is_concept(m, &type))
        return true;
    if (!rxnorm_read_rxcui(m, CONSO_RXCUI, &rxcui))
        return false;
    known = rxnorm_graph_find(&m->graph, rxcui);
    if (known != RXNORM_NO_CONCEPT)
        return take_second_name(m, &m->graph.concepts[known]);
    if (slice_trim(m->fields[CONSO_STR]).len == 0) {
        (void)feed_refuse(&m->feed, ERR_INVALID, m->err, "concept %u has no name", rxcui);
        return false;
    }
    concept = rxnorm_graph_add(&m->graph, rxcui);
    if (concept == NULL)
        return rxnorm_no_memory(m);
    concept->type = (uint8_t)type;
    concept->form = (uint8_t)rxnorm_form_of_name(m->fields[CONSO_STR]);
    concept->line = (uint32_t)m->feed.line;
    concept->atom = (uint32_t)slice_hash(m->fields[CONSO_RXAUI], 0);
    if (type == RXNORM_IN)
        name_drug(m, rxcui);
    return true;
}

/* --- RXNREL --------------------------------------------------------------------------------
 */

static bool take_relation(struct rxnorm_import *m)
{
    uint32_t from, to;

    if (!slice_eq_text(m->fields[REL_SAB], "RXNORM") ||
        !slice_eq_text(m->fields[REL_STYPE1], "CUI") ||
        !slice_eq_text(m->fields[REL_STYPE2], "CUI") || is_suppressed(m->fields[REL_SUPPRESS]))
        return true;
    if (!rxnorm_read_rxcui(m, REL_RXCUI2, &from) || !rxnorm_read_rxcui(m, REL_RXCUI1, &to))
        return false;
    from = rxnorm_graph_find(&m->graph, from);
    to = rxnorm_graph_find(&m->graph, to);
    if (from == RXNORM_NO_CONCEPT || to == RXNORM_NO_CONCEPT)
        return true;
    return rxnorm_graph_relate(&m->graph, from, m->fields[REL_RELA], to) || rxnorm_no_memory(m);
}

/* --- RXNCONSO, second time: names and ATC codes of what is kept ----------------------------
 */

/* The concept of the row if it leads to a drug. */
static uint32_t kept_concept(const struct rxnorm_import *m, size_t field)
{
    uint32_t rxcui, concept;

    if (!slice_to_u32(m->fields[field], UINT32_MAX, &rxcui))
        return RXNORM_NO_CONCEPT;
    concept = rxnorm_graph_find(&m->graph, rxcui);
    return concept != RXNORM_NO_CONCEPT && m->graph.concepts[concept].is_kept
               ? concept
               : RXNORM_NO_CONCEPT;
}

bool rxnorm_add_codes(struct rxnorm_import *m, uint32_t concept, struct slice system,
                      struct slice code, struct slice term_type, struct slice display)
{
    for (size_t d = 0; d < m->release->drugs_count; d++) {
        struct rules_drug_code *codes;

        if (!rxnorm_graph_has(&m->graph, concept, d))
            continue;
        codes = arena_grow(&m->scratch, m->codes, &m->codes_max, m->codes_count, sizeof *codes);
        if (codes == NULL)
            return rxnorm_no_memory(m);
        m->codes = codes;
        codes[m->codes_count++] = (struct rules_drug_code){
            .drug = m->release->drugs[d].name,
            .system = system,
            .code = code,
            .term_type = term_type,
            .form = rxnorm_graph_form(&m->graph, concept, d),
            .display = display,
            .source = m->source,
        };
    }
    return true;
}

static bool take_atc(struct rxnorm_import *m, uint32_t concept)
{
    struct slice code = m->fields[CONSO_CODE], name = m->fields[CONSO_STR];

    if (!slice_eq_text(m->fields[CONSO_TTY], "IN") &&
        !slice_eq_text(m->fields[CONSO_TTY], "RXN_IN"))
        return true; /* a group of substances */
    if (code.len != ATC_CODE_CHARS || slice_trim(name).len == 0) {
        import_note(&m->report->refused, "%s:%llu: not an ATC code of a substance",
                    m->feed.name, (unsigned long long)m->feed.line);
        return true;
    }
    m->report->atcs++;
    return rxnorm_add_codes(m, concept, SLICE(CODE_SYSTEM_ATC),
                            arena_copy(&m->release->arena, code), SLICE_NONE,
                            arena_copy(&m->release->arena, slice_trim(name)));
}

static bool take_name(struct rxnorm_import *m)
{
    uint32_t concept = kept_concept(m, CONSO_RXCUI);
    struct slice name = slice_trim(m->fields[CONSO_STR]);
    enum rxnorm_term_type type;

    if (concept == RXNORM_NO_CONCEPT || is_suppressed(m->fields[CONSO_SUPPRESS]))
        return true;
    if (slice_eq_text(m->fields[CONSO_SAB], "ATC"))
        return take_atc(m, concept);
    if (!is_concept(m, &type) || m->feed.line != m->graph.concepts[concept].line)
        return true;
    if (text_has_control(name)) {
        (void)feed_refuse(&m->feed, ERR_INVALID, m->err, "the name has a control character");
        return false;
    }
    m->names[concept] =
        arena_copy(&m->release->arena, text_head(name, KNOWLEDGE_TEXT_BYTES_MAX));
    return true;
}

/* A code of the release that leads to another drug here: one of the two is wrong. */
static void compare_with_release(struct rxnorm_import *m)
{
    for (size_t i = 0; i < m->release->drug_codes_count; i++) {
        const struct rules_drug_code *row = &m->release->drug_codes[i];
        uint32_t rxcui, place = RXNORM_NO_CONCEPT;
        bool is_same = false;

        if (slice_eq_text(row->system, CODE_SYSTEM_RXNORM) &&
            slice_to_u32(row->code, UINT32_MAX, &rxcui))
            place = rxnorm_graph_find(&m->graph, rxcui);
        if (place == RXNORM_NO_CONCEPT)
            continue;
        for (size_t d = 0; d < m->release->drugs_count && !is_same; d++)
            is_same = slice_eq(m->release->drugs[d].name, row->drug) &&
                      rxnorm_graph_has(&m->graph, place, d);
        if (!is_same)
            import_note(&m->report->contradicted, "RxCUI %u does not lead to %.*s in RxNorm",
                        rxcui, SLICE_ARG(row->drug));
    }
}

/* A wrong rxcui in the release would show here. */
static void compare_names(struct rxnorm_import *m)
{
    for (size_t d = 0; d < m->release->drugs_count; d++) {
        const struct rules_drug *drug = &m->release->drugs[d];
        uint32_t concept = rxnorm_graph_find(&m->graph, m->drugs[d]);

        if (concept != RXNORM_NO_CONCEPT && !slice_eq_nocase(m->names[concept], drug->name))
            import_note(&m->report->renamed, "%.*s is RxCUI %u, which RxNorm calls %.*s",
                        SLICE_ARG(drug->name), m->drugs[d], SLICE_ARG(m->names[concept]));
    }
}

static bool name_concepts(struct rxnorm_import *m)
{
    char number[16];

    m->names = arena_array(&m->scratch, m->graph.concepts_count, sizeof *m->names);
    if (m->names == NULL)
        return rxnorm_no_memory(m);
    if (!rxnorm_each_row(m, RXNORM_FILE_CONSO, take_name))
        return false;
    for (uint32_t i = 0; i < m->graph.concepts_count; i++) {
        const struct rxnorm_concept *c = &m->graph.concepts[i];

        if (!c->is_kept || c->type >= RXNORM_DF)
            continue;
        m->report->concepts++;
        (void)snprintf(number, sizeof number, "%u", c->rxcui);
        if (!rxnorm_add_codes(m, i, SLICE(CODE_SYSTEM_RXNORM),
                              arena_copy(&m->release->arena, slice_of(number)),
                              slice_of(rxnorm_term_type_name((enum rxnorm_term_type)c->type)),
                              m->names[i]))
            return false;
    }
    compare_with_release(m);
    compare_names(m);
    return true;
}

/* --- RXNSAT --------------------------------------------------------------------------------
 */

static bool take_ndc(struct rxnorm_import *m)
{
    char ndc[RULES_NDC_DIGITS + 1];
    uint32_t concept;

    if (!slice_eq_text(m->fields[SAT_ATN], "NDC") ||
        !slice_eq_text(m->fields[SAT_SAB], "RXNORM") || is_suppressed(m->fields[SAT_SUPPRESS]))
        return true;
    concept = kept_concept(m, SAT_RXCUI);
    if (concept == RXNORM_NO_CONCEPT)
        return true;
    if (!rules_ndc_canonical(m->fields[SAT_ATV], ndc)) {
        import_note(&m->report->refused, "%s:%llu: not an NDC", m->feed.name,
                    (unsigned long long)m->feed.line);
        return true;
    }
    m->report->ndcs++;
    return rxnorm_add_codes(
        m, concept, SLICE(CODE_SYSTEM_NDC), arena_copy(&m->release->arena, slice_of(ndc)),
        slice_of(rxnorm_term_type_name((enum rxnorm_term_type)m->graph.concepts[concept].type)),
        m->names[concept]);
}

/* --- all of it -----------------------------------------------------------------------------
 */

static bool take_version(struct rxnorm_import *m)
{
    if (slice_eq_text(m->fields[SAB_RSAB], "RXNORM") && m->fields[SAB_VSAB].len > 0 &&
        !text_has_control(m->fields[SAB_VSAB]))
        m->report->version = arena_copy(&m->release->arena, m->fields[SAB_VSAB]);
    return true;
}

static bool find_drugs(struct rxnorm_import *m)
{
    if (rxnorm_graph_link(&m->graph, m->drugs, m->release->drugs_count, m->err) != ERR_OK)
        return false;
    for (size_t i = 0; i < m->graph.concepts_count; i++)
        if (m->graph.concepts[i].is_kept)
            return true;
    (void)err_set(m->err, ERR_INVALID, "%s: no drug of the release is in it",
                  FILES[RXNORM_FILE_CONSO].name);
    return false;
}

static bool number_drugs(struct rxnorm_import *m)
{
    m->drugs = arena_array(&m->scratch, m->release->drugs_count, sizeof *m->drugs);
    for (size_t d = 0; m->drugs != NULL && d < m->release->drugs_count; d++)
        if (!slice_to_u32(m->release->drugs[d].rxcui, UINT32_MAX, &m->drugs[d]))
            m->drugs[d] = 0;
    return m->drugs != NULL || rxnorm_no_memory(m);
}

static bool read_all(struct rxnorm_import *m)
{
    struct rxnorm_report *report = m->report;

    if (!number_drugs(m))
        return false;

    if (!rxnorm_each_row(m, RXNORM_FILE_SAB, take_version))
        return false;
    m->source = report->version.len > 0
                    ? arena_printf(&m->release->arena, "RxNorm, imported by the site (%.*s)",
                                   SLICE_ARG(report->version))
                    : SLICE("RxNorm, imported by the site");
    return rxnorm_each_row(m, RXNORM_FILE_CONSO, take_concept) &&
           rxnorm_each_row(m, RXNORM_FILE_REL, take_relation) && find_drugs(m) &&
           name_concepts(m) && rxnorm_each_row(m, RXNORM_FILE_SAT, take_ndc) &&
           rxnorm_read_retired(m);
}

enum err_code rxnorm_import(const char *dir, const struct feed_options *options,
                            struct rules_release *release, struct rxnorm_report *ret,
                            struct err *err)
{
    struct rxnorm_import m = {.dir = dir,
                              .options = options,
                              .release = release,
                              .report = ret,
                              .err = err,
                              .feed = {.fd = -1}};

    *ret = (struct rxnorm_report){0};
    rxnorm_graph_init(&m.graph);
    arena_init(&m.scratch, SCRATCH_BYTES_MAX);
    if (read_all(&m) && release->arena.has_failed)
        (void)rxnorm_no_memory(&m);
    if (err->code != ERR_OK ||
        add_codes(release, m.codes, m.codes_count, &ret->codes, err) != ERR_OK)
        *ret = (struct rxnorm_report){0};
    arena_release(&m.scratch);
    rxnorm_graph_release(&m.graph);
    return err->code;
}
