/* gateway/hooks/inspect.c -- takes documents in and fills the report from them.
 *
 * Everything is read by what the gateway itself uses: the collection, the readers, the rules.
 * Nothing that has something to do with a result may vanish: evidence that no call rests on,
 * and a resource that the reader only warned of, are listed as ignored.
 */
#include "gateway/hooks/inspect.h"

#include <assert.h>

#include "fhir/subject.h"
#include "rules/allele_name.h"

#define ARENA_BYTES_MAX ((size_t)256 * 1024 * 1024)

struct inspect_document {
    struct inspect_document *next;
    struct buf text;
    struct json_doc doc;
};

void inspect_init(struct inspection *inspection, const struct rules_knowledge *knowledge,
                  struct slice patient_id)
{
    static const struct slice PREFIX = {"Patient/", 8};

    *inspection = (struct inspection){.knowledge = knowledge};
    arena_init(&inspection->arena, ARENA_BYTES_MAX);
    fhir_collection_init(&inspection->collection, &inspection->arena);
    if (slice_starts(patient_id, PREFIX))
        patient_id = slice_from(patient_id, PREFIX.len);
    inspection->patient_id = patient_id;
}

void inspect_release(struct inspection *inspection)
{
    while (inspection->documents != NULL) {
        struct inspect_document *document = inspection->documents;

        inspection->documents = document->next;
        json_doc_release(&document->doc);
        buf_release(&document->text);
        free(document);
    }
    arena_release(&inspection->arena);
    *inspection = (struct inspection){0};
}

/* ---- documents ---- */

static struct inspect_document *add_document(struct inspection *inspection, struct buf *text)
{
    struct inspect_document *document = calloc(1, sizeof *document);

    if (document == NULL)
        return NULL;
    json_doc_init(&document->doc);
    document->text = *text;
    *text = (struct buf){0};
    document->next = inspection->documents;
    inspection->documents = document;
    return document;
}

/* Puts the lines into one array, after each was looked at alone so that a fault has its line.
 * ERR_SYNTAX when the first line is no whole value: then these are no lines of resources. */
static enum err_code join_lines(struct inspect_document *document, size_t *ret_line,
                                struct err *err)
{
    struct slice rest = buf_slice(&document->text);
    struct buf joined;
    enum err_code code = ERR_OK;

    buf_init(&joined, rest.len + 16);
    buf_add_char(&joined, '[');
    *ret_line = 0;
    while (rest.len > 0 && code == ERR_OK) {
        struct slice line = slice_trim(slice_cut(rest, '\n', &rest));

        ++*ret_line;
        if (line.len == 0)
            continue;
        code = json_parse(&document->doc, line, INSPECT_NODES_MAX, err);
        if (joined.len > 1)
            buf_add_char(&joined, ',');
        buf_add(&joined, line);
    }
    buf_add_char(&joined, ']');
    if (code == ERR_OK && buf_failed(&joined))
        code = err_set(err, ERR_NOMEM, "no memory for the file");
    if (code != ERR_OK) {
        buf_release(&joined);
        return code;
    }
    buf_release(&document->text);
    document->text = joined;
    return json_parse(&document->doc, buf_slice(&document->text), INSPECT_NODES_MAX, err);
}

static enum err_code parse(struct inspect_document *document, struct err *err)
{
    struct slice text = buf_slice(&document->text);
    struct err line_err = {0};
    enum err_code code;
    size_t line;

    if (slice_trim(text).len == 0)
        return err_set(err, ERR_INVALID, "it is empty");
    code = json_parse(&document->doc, text, INSPECT_NODES_MAX, err);
    if (code != ERR_SYNTAX || !slice_starts(slice_trim(text), SLICE("{")))
        return code;
    code = join_lines(document, &line, &line_err);
    if (code != ERR_OK && line == 1)
        return err->code; /* what was said about the whole */
    err_clear(err);
    return code == ERR_OK ? ERR_OK : err_set(err, code, "line %zu: %s", line, line_err.text);
}

static bool is_resource(struct json value)
{
    return json_is(json_get(value, "resourceType"), JSON_STRING);
}

static bool is_request(struct json root)
{
    return !is_resource(root) && (json_is(json_get(root, "context"), JSON_OBJECT) ||
                                  json_is(json_get(root, "prefetch"), JSON_OBJECT));
}

static bool has_resource(struct json root)
{
    if (!json_is(root, JSON_ARRAY))
        return is_resource(root);
    for (struct json e = json_first(root); !json_is_absent(e); e = json_next(e))
        if (has_resource(e))
            return true;
    return false;
}

/* The drafts first: of two copies of an order the one about to be signed counts. */
static enum err_code add_request(struct inspection *inspection, struct json root,
                                 struct err *err)
{
    static const char *const FIELDS[] = {"draftOrders", "medications"};
    struct json context = json_get(root, "context");
    struct json prefetch = json_get(root, "prefetch");
    struct slice patient = json_text(json_get(context, "patientId"), &inspection->arena);

    inspection->is_request = true;
    if (inspection->patient_id.len == 0)
        inspection->patient_id = slice_starts(patient, SLICE("Patient/"))
                                     ? slice_from(patient, SLICE("Patient/").len)
                                     : patient;
    inspection->selections = json_get(context, "selections");
    for (size_t i = 0; i < ARRAY_LEN(FIELDS); i++)
        if (fhir_collection_add(&inspection->collection, json_get(context, FIELDS[i]), err) !=
            ERR_OK)
            return err->code;
    inspection->drafts_end = inspection->collection.resources_count;
    for (struct json v = json_first(prefetch); !json_is_absent(v); v = json_next(v))
        if (fhir_collection_add(&inspection->collection, v, err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

enum err_code inspect_add_file(struct inspection *inspection, struct buf *text, struct err *err)
{
    struct inspect_document *document = add_document(inspection, text);
    struct json root;

    if (document == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the file");
    if (parse(document, err) != ERR_OK)
        return err->code;
    root = json_root(&document->doc);
    if (is_request(root))
        return add_request(inspection, root, err);
    if (!has_resource(root))
        return err_set(err, ERR_INVALID,
                       "it holds no FHIR resource: neither a resource, a Bundle, an array or "
                       "lines of resources, nor a hook request");
    inspection->is_outcome = fhir_answer_of(root) == FHIR_ANSWER_OUTCOME;
    return fhir_collection_add(&inspection->collection, root, err);
}

enum err_code inspect_add_answer(struct inspection *inspection, struct buf *text,
                                 struct json *ret_root, struct err *err)
{
    struct inspect_document *document = add_document(inspection, text);

    if (document == NULL)
        return err_set(err, ERR_NOMEM, "no memory for an answer");
    if (json_parse(&document->doc, buf_slice(&document->text), INSPECT_NODES_MAX, err) !=
        ERR_OK)
        return err->code;
    switch (fhir_answer_of(json_root(&document->doc))) {
    case FHIR_ANSWER_DATA:
        break;
    case FHIR_ANSWER_OUTCOME:
        return err_set(err, ERR_UPSTREAM, "an OperationOutcome in place of data");
    case FHIR_ANSWER_NONE:
    case FHIR_ANSWER_NULL:
    case FHIR_ANSWER_WRONG:
        return err_set(err, ERR_UPSTREAM, "the answer is no FHIR resource");
    }
    *ret_root = json_root(&document->doc);
    return fhir_collection_add(&inspection->collection, *ret_root, err);
}

/* ---- whose they are ---- */

static struct json subject_of(const struct fhir_resource *resource)
{
    struct json subject = json_get(resource->json, "subject");

    return json_is_absent(subject) ? json_get(resource->json, "patient") : subject;
}

bool inspect_is_foreign(const struct inspection *inspection, const struct fhir_resource *from,
                        struct arena *arena)
{
    struct fhir_subjects subjects = {.collection = &inspection->collection,
                                     .patient_id = inspection->patient_id,
                                     .arena = arena};

    return fhir_subject_is_foreign(&subjects, subject_of(from), from);
}

/* One spelling for each patient a resource can be about; empty when it names none. */
static struct slice patient_of(struct inspection *inspection,
                               const struct fhir_resource *resource)
{
    static const struct slice TYPE = {"Patient/", 8};
    struct slice reference =
        json_text(json_get(subject_of(resource), "reference"), &inspection->arena);
    const struct fhir_resource *found =
        fhir_collection_find(&inspection->collection, reference, resource);
    size_t at;

    if (found != NULL && slice_eq(found->type, SLICE("Patient")))
        return found->parent != SIZE_MAX ? SLICE_NONE
               : found->id.len > 0       ? found->id
                                         : reference;
    reference = slice_head(reference, slice_find(reference, SLICE("/_history/")));
    at = slice_find(reference, TYPE);
    if (at != SIZE_MAX)
        return slice_from(reference, at + TYPE.len);
    return slice_starts(reference, SLICE("urn:")) ? reference : SLICE_NONE;
}

static bool has_several_patients(struct inspection *inspection)
{
    static const char *const TYPES[] = {"Observation",     "Flag",      "MedicationRequest",
                                        "MedicationOrder", "Condition", "DiagnosticReport"};
    struct slice first = SLICE_NONE;

    for (size_t i = 0; i < inspection->collection.resources_count; i++) {
        const struct fhir_resource *resource = &inspection->collection.resources[i];
        struct slice patient;
        bool counts = false;

        for (size_t t = 0; t < ARRAY_LEN(TYPES); t++)
            counts = counts || slice_eq_text(resource->type, TYPES[t]);
        if (!counts)
            continue;
        patient = patient_of(inspection, resource);
        if (first.len > 0 && patient.len > 0 && !slice_eq(first, patient))
            return true;
        if (patient.len > 0)
            first = patient;
    }
    return false;
}

/* ---- genes ---- */

static enum err_code no_memory(struct err *err)
{
    return err_set(err, ERR_NOMEM, "no memory for the report");
}

enum err_code inspect_ignore(struct inspection *inspection, struct slice resource,
                             const char *reason, struct err *err)
{
    struct inspect_ignored *rows;

    for (size_t i = 0; i < inspection->ignored_count; i++)
        if (slice_eq(inspection->ignored[i].resource, resource) &&
            slice_eq_text(inspection->ignored[i].reason, reason))
            return ERR_OK;
    rows = arena_grow(&inspection->arena, inspection->ignored, &inspection->ignored_max,
                      inspection->ignored_count, sizeof *rows);
    if (rows == NULL)
        return no_memory(err);
    inspection->ignored = rows;
    rows[inspection->ignored_count++] = (struct inspect_ignored){resource, slice_of(reason)};
    return ERR_OK;
}

static enum err_code warn(struct inspection *inspection, struct inspect_gene *row,
                          const char *code, const char *text, struct err *err)
{
    struct inspect_warning *warnings;

    for (size_t i = 0; i < row->warnings_count; i++)
        if (strcmp(row->warnings[i].code, code) == 0)
            return ERR_OK;
    warnings = arena_grow(&inspection->arena, row->warnings, &row->warnings_max,
                          row->warnings_count, sizeof *warnings);
    if (warnings == NULL)
        return no_memory(err);
    row->warnings = warnings;
    warnings[row->warnings_count++] = (struct inspect_warning){code, text};
    return ERR_OK;
}

/* Whether the reader said already that one allele is all there is. */
static bool is_warned(const struct inspect_gene *row)
{
    for (size_t i = 0; i < row->warnings_count; i++)
        if (strcmp(row->warnings[i].code, fhir_warning_name(FHIR_WARNING_ONE_ALLELE)) == 0)
            return true;
    return false;
}

/* What the reader said about the sources, then what the rules said about the call. */
static enum err_code warn_all(struct inspection *inspection, struct inspect_gene *row,
                              struct err *err)
{
    const struct fhir_reading *reading = &inspection->facts.reading;
    const struct rules_call *call = row->call;

    if (row->state == RULES_GENE_CONFLICT &&
        warn(inspection, row, "conflict", "results differ: all are listed, none is preferred",
             err) != ERR_OK)
        return err->code;
    for (size_t s = 0; s < call->sources_count; s++)
        for (size_t w = 0; w < reading->warnings_count; w++)
            if (reading->warnings[w].resource == reading->evidence[call->sources[s]].resource &&
                warn(inspection, row, fhir_warning_name(reading->warnings[w].code),
                     fhir_warning_text(reading->warnings[w].code), err) != ERR_OK)
                return err->code;
    for (uint32_t n = 0; n < RULES_NOTES_COUNT; n++)
        if ((call->notes >> n & 1) != 0 && !(n == RULES_NOTE_SINGLE_ALLELE && is_warned(row)) &&
            warn(inspection, row, rules_call_note_name((enum rules_call_note)n),
                 rules_call_note_text((enum rules_call_note)n), err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

/* Where the diplotype cannot be interpreted, the stated phenotype was taken over. */
static bool is_taken_over(struct inspection *inspection, const struct rules_call *call)
{
    if ((call->notes >> RULES_NOTE_PHENOTYPE_DIFFERS & 1) == 0)
        return false;
    for (size_t s = 0; s < call->sources_count; s++) {
        const struct rules_evidence *e = &inspection->facts.evidence[call->sources[s]];

        if (slice_eq_nocase(e->phenotype, call->phenotype) ||
            (e->score.len > 0 && call->has_score &&
             slice_eq(e->score, rules_score_text(call->score_x100, call->score_is_at_least,
                                                 &inspection->arena))))
            return true;
    }
    return false;
}

/* *ret: one source states by itself what the call says. Two alleles that were reported one by
 * one, or positions that make a genotype only together, are put together by the reader. */
static enum err_code find_basis(struct inspection *inspection, const struct rules_gene *gene,
                                const struct rules_call *call, bool *ret, struct err *err)
{
    *ret = call->diplotype.len == 0;
    for (size_t s = 0; !*ret && s < call->sources_count; s++) {
        const struct rules_evidence *source = &inspection->facts.evidence[call->sources[s]];
        struct rules_gene_result alone;

        if (inspection->facts.reading.evidence[call->sources[s]].is_joined)
            continue;
        if (rules_resolve_gene(inspection->knowledge, gene, source, 1, &inspection->arena,
                               &alone, err) != ERR_OK)
            return err->code;
        for (size_t c = 0; c < alone.calls_count; c++)
            if (slice_eq(alone.calls[c].diplotype, call->diplotype) &&
                (alone.calls[c].notes >> RULES_NOTE_ONE_POSITION & 1) == 0)
                *ret = true;
    }
    return ERR_OK;
}

/* One position of a gene that has many: its letters alone do not name the genotype, which may
 * come from several positions. */
static bool is_position_name(const struct rules_gene *gene, struct slice allele)
{
    return gene->counts_lowest_two &&
           (slice_eq_text(allele, "=") || slice_starts_nocase(allele, SLICE("rs")));
}

/* The names of the first source that has two; see struct inspect_gene. */
static struct slice diplotype_of(struct inspection *inspection, const struct rules_gene *gene,
                                 const struct rules_call *call)
{
    for (size_t s = 0; call->diplotype.len > 0 && s < call->sources_count; s++) {
        const struct rules_evidence *e = &inspection->facts.evidence[call->sources[s]];
        struct slice a, b;

        if (e->alleles_count != 2 || e->is_single_allele || e->copies.len > 0)
            continue;
        a = rules_allele_shown(e->alleles[0], gene->symbol);
        b = rules_allele_shown(e->alleles[1], gene->symbol);
        if (slice_starts(call->diplotype, SLICE("*")) && slice_starts(a, SLICE("*")) &&
            slice_starts(b, SLICE("*")))
            break;
        if (is_position_name(gene, a) || is_position_name(gene, b))
            break;
        if (rules_allele_compare(a, b) > 0) {
            struct slice first = b;

            b = a;
            a = first;
        }
        return arena_printf(&inspection->arena, "%.*s/%.*s", SLICE_ARG(a), SLICE_ARG(b));
    }
    return call->diplotype;
}

static enum err_code add_gene(struct inspection *inspection,
                              const struct rules_gene_result *result,
                              const struct rules_call *call, struct err *err)
{
    struct inspect_gene *rows =
        arena_grow(&inspection->arena, inspection->genes, &inspection->genes_max,
                   inspection->genes_count, sizeof *rows);

    if (rows == NULL)
        return no_memory(err);
    inspection->genes = rows;
    rows += inspection->genes_count++;
    *rows = (struct inspect_gene){
        .gene = result->gene,
        .state = result->state,
        .call = call,
        .diplotype = diplotype_of(inspection, result->gene, call),
        .is_hla = result->gene->key_kind == RULES_KEY_ALLELE_STATUS,
        .is_computed = call->diplotype.len > 0 && call->phenotype.len > 0 &&
                       !is_taken_over(inspection, call),
    };
    if (find_basis(inspection, result->gene, call, &rows->is_asserted, err) != ERR_OK)
        return err->code;
    return warn_all(inspection, rows, err);
}

static enum err_code read_genes(struct inspection *inspection, struct err *err)
{
    const struct rules_release *release = rules_knowledge_rows(inspection->knowledge);
    struct hook_facts *facts = &inspection->facts;

    facts->genes = arena_array(&inspection->arena, release->genes_count, sizeof *facts->genes);
    if (facts->genes == NULL)
        return no_memory(err);
    facts->genes_count = facts->genes_max = release->genes_count;
    for (size_t i = 0; i < facts->genes_count; i++)
        facts->genes[i] = rules_find_gene(inspection->knowledge, release->genes[i].symbol);
    if (hook_facts_resolve_genes(facts, inspection->patient_id, &inspection->collection,
                                 inspection->knowledge, &inspection->arena, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < facts->genes_count; i++)
        for (size_t c = 0; c < facts->results[i].calls_count; c++)
            if (add_gene(inspection, &facts->results[i], &facts->results[i].calls[c], err) !=
                ERR_OK)
                return err->code;
    return ERR_OK;
}

/* ---- what was left out ---- */

static bool rests_on(const struct inspection *inspection, const struct fhir_resource *resource)
{
    for (size_t g = 0; g < inspection->genes_count; g++) {
        const struct rules_call *call = inspection->genes[g].call;

        for (size_t s = 0; s < call->sources_count; s++)
            if (inspection->facts.reading.evidence[call->sources[s]].resource == resource)
                return true;
    }
    return false;
}

static bool is_listed(const struct inspection *inspection, struct slice resource)
{
    for (size_t i = 0; i < inspection->ignored_count; i++)
        if (slice_eq(inspection->ignored[i].resource, resource))
            return true;
    return false;
}

/* An error that a server sent in place of a part. */
static bool is_failure(const struct fhir_resource *resource)
{
    struct json issues = json_get(resource->json, "issue");

    if (!slice_eq(resource->type, SLICE("OperationOutcome")))
        return false;
    for (struct json i = json_first(issues); !json_is_absent(i); i = json_next(i))
        if (json_text_is(json_get(i, "severity"), "error") ||
            json_text_is(json_get(i, "severity"), "fatal"))
            return true;
    return false;
}

static enum err_code read_ignored(struct inspection *inspection, struct err *err)
{
    const struct fhir_reading *reading = &inspection->facts.reading;

    for (size_t i = 0; i < reading->ignored_count; i++)
        if (inspect_ignore(inspection, reading->ignored[i].resource->name,
                           fhir_ignored_name(reading->ignored[i].reason), err) != ERR_OK)
            return err->code;
    for (size_t i = 0; i < reading->evidence_count; i++) {
        const struct fhir_evidence *e = &reading->evidence[i];
        bool is_known = rules_find_gene(inspection->knowledge, e->gene) != NULL;

        if (!rests_on(inspection, e->resource) &&
            inspect_ignore(inspection, e->resource->name,
                           is_known ? "replaced" : "gene-not-in-knowledge", err) != ERR_OK)
            return err->code;
    }
    for (size_t i = 0; i < reading->warnings_count; i++) {
        const struct fhir_resource *resource = reading->warnings[i].resource;

        if (!rests_on(inspection, resource) && !is_listed(inspection, resource->name) &&
            inspect_ignore(inspection, resource->name,
                           fhir_warning_name(reading->warnings[i].code), err) != ERR_OK)
            return err->code;
    }
    for (size_t i = 0; i < inspection->collection.resources_count; i++) {
        const struct fhir_resource *resource = &inspection->collection.resources[i];

        if (is_failure(resource) &&
            inspect_ignore(inspection, resource->name, "server-error", err) != ERR_OK)
            return err->code;
    }
    return ERR_OK;
}

enum err_code inspect_read(struct inspection *inspection, struct err *err)
{
    if (inspection->patient_id.len == 0 && has_several_patients(inspection))
        return err_set(err, ERR_INVALID,
                       "there are results or orders of more than one patient; name one with "
                       "--patient");
    if (read_genes(inspection, err) != ERR_OK || read_ignored(inspection, err) != ERR_OK ||
        inspect_read_hla(inspection, err) != ERR_OK ||
        inspect_read_orders(inspection, err) != ERR_OK)
        return err->code;
    /* Texts that did not fit left empty slices behind. */
    return inspection->arena.has_failed ? no_memory(err) : ERR_OK;
}
