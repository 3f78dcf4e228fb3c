/* fhir/conclusion.c -- what a DiagnosticReport says itself.
 *
 * Some reports have no results: only a conclusion, conclusion codes, or a GL string in an
 * extension. A conclusion is read one sentence at a time; a sentence counts when it names one
 * gene and states something of it, as any other text must. Results of the report's members go
 * before; what differs from them is kept and said. A report that is only a document is said to
 * be unread.
 */
#include "fhir/walk.h"

#include "fhir/shape.h"
#include "fhir/text.h"

#define STATEMENTS_MAX 32 /* of one report */

/* Reports of genetic tests, by LOINC; those with results of their own are in loinc.def. */
static const char *const REPORT_CODES[] = {"51969-4", "81247-9", "55233-1", "51965-2",
                                           "82118-1", "51962-9", "94753-1"};

struct statements {
    struct walk *w;
    const struct fhir_resource *report;
    struct fhir_evidence all[STATEMENTS_MAX];
    bool is_contradicted[STATEMENTS_MAX];
    size_t count;
};

static struct fhir_evidence *find(struct statements *s, struct slice gene,
                                  struct slice presence_allele)
{
    for (size_t i = 0; i < s->count; i++)
        if (slice_eq(s->all[i].gene, gene) &&
            slice_eq(s->all[i].presence_allele, presence_allele))
            return &s->all[i];
    return NULL;
}

/* Two sentences about one gene are one statement, unless they differ. */
static void note(struct statements *s, const struct fhir_evidence *one)
{
    struct fhir_evidence *all = find(s, one->gene, one->presence_allele);

    if (all == NULL) {
        if (s->count < STATEMENTS_MAX)
            s->all[s->count++] = *one;
        return;
    }
    if (walk_differ(all, one)) {
        s->is_contradicted[all - s->all] = true;
        return;
    }
    if (all->phenotype.len == 0)
        all->phenotype = one->phenotype;
    if (all->score.len == 0)
        all->score = one->score;
    if (all->alleles_count == 0 && one->alleles_count > 0) {
        memcpy(all->alleles, one->alleles, sizeof all->alleles);
        all->alleles_count = one->alleles_count;
        all->copies = one->copies;
    }
}

/* Cuts a sentence: to a semicolon, a line's end, or a full stop before a blank. */
static struct slice cut_sentence(struct slice *rest)
{
    struct slice all = *rest;

    for (size_t i = 0; i < all.len; i++) {
        bool is_stop = all.ptr[i] == '.' && (i + 1 == all.len || all.ptr[i + 1] == ' ');

        if (!is_stop && all.ptr[i] != ';' && all.ptr[i] != '\n' && all.ptr[i] != '\r')
            continue;
        *rest = slice_from(all, i + 1);
        return slice_trim(slice_head(all, i));
    }
    *rest = SLICE_NONE;
    return slice_trim(all);
}

static void read_text(struct statements *s, struct slice text)
{
    while (text.len > 0) {
        struct slice sentence = cut_sentence(&text);
        struct fhir_evidence one;

        if (sentence.len <= FHIR_VALUE_BYTES_MAX &&
            walk_read_statement(s->w, sentence, FHIR_GENE_NONE, &one))
            note(s, &one);
    }
}

static void read_codes(struct statements *s, const char *member)
{
    struct json list = json_get(s->report->json, member);

    for (struct json c = shape_first(list); !json_is_absent(c); c = shape_next(list, c)) {
        struct concept_text texts[CONCEPT_TEXTS_MAX];
        size_t count = observation_texts(c, s->w->arena, texts);

        for (size_t i = 0; i < count; i++) {
            struct fhir_evidence one;

            if (texts[i].is_code &&
                walk_read_site_code(s->w, texts[i].system, texts[i].text, &one))
                note(s, &one);
            else if (!texts[i].is_code)
                read_text(s, texts[i].text);
        }
    }
}

/* R4 and STU3 HLA reports: an extension with the typing as a GL string. */
static void read_typing(struct statements *s)
{
    struct json extensions = json_get(s->report->json, "extension");

    for (struct json e = shape_first(extensions); !json_is_absent(e);
         e = shape_next(extensions, e)) {
        struct slice url = json_text(json_get(e, "url"), s->w->arena);
        struct json parts = json_get(e, "extension");

        if (!slice_ends(url, SLICE("hla-genotyping-results-glstring")))
            continue;
        for (struct json p = shape_first(parts); !json_is_absent(p); p = shape_next(parts, p)) {
            struct slice text = json_text(json_get(p, "valueString"), s->w->arena);

            if (!json_text_is(json_get(p, "url"), "text"))
                continue;
            for (enum fhir_gene g = FHIR_GENE_HLA_A; g <= FHIR_GENE_HLA_B; g++) {
                struct fhir_evidence one = {.gene = fhir_gene_row(g)->symbol,
                                            .as_written = text};

                if (fhir_hla_read(text, g, s->w->arena, &one).is_read)
                    note(s, &one);
            }
        }
    }
}

static uint32_t bit_of(const struct fhir_evidence *stated)
{
    return FHIR_GENE_BIT(fhir_gene_of_symbol(stated->gene));
}

/* Whether a result of the report was withdrawn, or is of a tumour: what the report concludes
 * may rest on it. */
static bool has_withdrawn(const struct statements *s)
{
    const struct fhir_reading *out = s->w->out;

    for (size_t i = 0; i < out->ignored_count; i++)
        if ((out->ignored[i].reason == FHIR_IGNORED_STATUS ||
             out->ignored[i].reason == FHIR_IGNORED_SOMATIC) &&
            walk_report_of(s->w, out->ignored[i].resource) == s->report)
            return true;
    return false;
}

/* What is to be done with a statement, by the report's own results of the gene. */
static enum err_code take(struct statements *s, struct fhir_evidence *stated)
{
    struct walk *w = s->w;
    bool is_covered = false, is_different = false;

    for (size_t i = 0; i < w->out->evidence_count; i++) {
        const struct fhir_evidence *result = &w->out->evidence[i];

        if (!slice_eq(result->gene, stated->gene) ||
            walk_report_of(w, result->resource) != s->report)
            continue;
        is_different = is_different || walk_differ(result, stated);
        is_covered = true;
    }
    if (is_different &&
        walk_warn(w, s->report, FHIR_WARNING_CONCLUSION_DIFFERS, bit_of(stated)) != ERR_OK)
        return w->err->code;
    if (is_covered && !is_different)
        return ERR_OK;
    if (!is_covered && has_withdrawn(s))
        return walk_ignore(w, s->report, FHIR_IGNORED_STATUS);
    return walk_add(w, stated, false);
}

static void add_provenance(struct statements *s, struct fhir_evidence *ret)
{
    struct json report = s->report->json;
    struct json performers = json_get(report, "performer");
    struct slice date = json_text(json_get(report, "effectiveDateTime"), s->w->arena);

    if (date.len == 0)
        date = json_text(json_at(report, "effectivePeriod", "start"), s->w->arena);
    if (date.len == 0)
        date = json_text(json_get(report, "issued"), s->w->arena);
    ret->resource = s->report;
    ret->origin = FHIR_ORIGIN_REPORT;
    ret->date = slice_head(date, 10);
    for (struct json p = shape_first(performers); !json_is_absent(p) && ret->performer.len == 0;
         p = shape_next(performers, p))
        ret->performer = json_text(json_get(p, "display"), s->w->arena);
    ret->is_preliminary =
        !walk_status_is_usable(json_text(json_get(report, "status"), s->w->arena));
}

static bool is_genetic(struct walk *w, const struct fhir_resource *report)
{
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    size_t count = observation_texts(report->code, w->arena, texts);

    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < ARRAY_LEN(REPORT_CODES); c++)
            if (texts[i].is_code && slice_eq_text(texts[i].text, REPORT_CODES[c]))
                return true;
        if (!texts[i].is_code &&
            (fhir_genes_in(texts[i].text) != 0 ||
             slice_find_nocase(texts[i].text, SLICE("pharmacogen")) != SIZE_MAX))
            return true;
    }
    return false;
}

static bool has_results(struct walk *w, const struct fhir_resource *report)
{
    for (size_t i = 0; i < w->out->evidence_count; i++)
        if (w->out->evidence[i].resource == report ||
            walk_report_of(w, w->out->evidence[i].resource) == report)
            return true;
    return false;
}

static enum err_code finish(struct statements *s)
{
    struct walk *w = s->w;

    for (size_t i = 0; i < s->count; i++) {
        if (s->is_contradicted[i]) {
            if (walk_warn(w, s->report, FHIR_WARNING_VALUE_UNREADABLE, bit_of(&s->all[i])) !=
                ERR_OK)
                return w->err->code;
            continue;
        }
        add_provenance(s, &s->all[i]);
        if (take(s, &s->all[i]) != ERR_OK)
            return w->err->code;
    }
    if (s->count == 0 && !json_is_absent(json_get(s->report->json, "presentedForm")) &&
        is_genetic(w, s->report) && !has_results(w, s->report))
        return walk_warn(w, s->report, FHIR_WARNING_DOCUMENT_UNREAD, 0);
    return ERR_OK;
}

static enum err_code read_report(struct walk *w, const struct fhir_resource *report)
{
    struct statements s = {.w = w, .report = report};
    struct json subject = json_get(report->json, "subject");
    struct json conclusion = json_get(report->json, "conclusion");
    bool has_words = !json_is_absent(conclusion) ||
                     !json_is_absent(json_get(report->json, "conclusionCode")) ||
                     !json_is_absent(json_get(report->json, "codedDiagnosis"));

    if (walk_is_dropped(w, report) ||
        walk_status_is_dropped(json_text(json_get(report->json, "status"), w->arena)) ||
        fhir_subject_is_foreign(&w->subjects, subject, report))
        return ERR_OK;
    if (has_words) {
        read_text(&s, json_text(conclusion, w->arena));
        read_codes(&s, "conclusionCode");
        read_codes(&s, "codedDiagnosis"); /* DSTU2, STU3 */
    }
    read_typing(&s);
    return finish(&s);
}

enum err_code walk_conclusions(struct walk *w)
{
    for (size_t i = 0; i < w->deferred_count; i++)
        if (w->deferred[i].why == DEFERRED_REPORT &&
            read_report(w, w->deferred[i].resource) != ERR_OK)
            return w->err->code;
    return ERR_OK;
}
