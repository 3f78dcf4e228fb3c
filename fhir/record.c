/* fhir/record.c -- resources that are no result, but say something about results.
 *
 * Raw sequence is recognised and refused. A laboratory's recommendation (Task) is advice, not a
 * result. A transplant makes the germline doubtful, and a server that withholds part of the
 * record makes absence mean nothing.
 */
#include "fhir/walk.h"

#include "fhir/order.h"
#include "fhir/shape.h"

#define NAME_BYTES_MAX 300

/* Tissue whose donor's genome a test of blood or a measured phenotype may show. */
static const char *const TRANSPLANTS[] = {
    "bone marrow transplant", "stem cell transplant",     "stem-cell transplant",
    "liver transplant",       "transplantation of liver", "transplantation of bone marrow",
    "transplanted liver",     "transplant of liver"};

/* ICD-10-CM: status after a transplant of bone marrow, stem cells, liver. */
static const char *const TRANSPLANT_CODES[] = {"Z94.81", "Z94.84", "Z94.4"};

/* Epic's messages: may not contain the entire record; not authorized for part of it; break the
 * glass (two). */
static const char *const INCOMPLETE[] = {"4119", "4118", "4130", "4131"};

static bool is_in(struct slice text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq_text(text, list[i]))
            return true;
    return false;
}

static bool names_transplant(struct walk *w, const struct fhir_resource *resource)
{
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    size_t count = observation_texts(resource->code, w->arena, texts);

    for (size_t i = 0; i < count; i++) {
        struct slice text = slice_head(texts[i].text, NAME_BYTES_MAX);

        if (texts[i].is_code && is_in(text, TRANSPLANT_CODES, ARRAY_LEN(TRANSPLANT_CODES)) &&
            fhir_system_is(texts[i].system, SLICE("http://hl7.org/fhir/sid/icd-10-cm")))
            return true;
        if (texts[i].is_code || slice_find_nocase(text, SLICE("transplant")) == SIZE_MAX)
            continue;
        for (size_t t = 0; t < ARRAY_LEN(TRANSPLANTS); t++)
            if (slice_find_nocase(text, slice_of(TRANSPLANTS[t])) != SIZE_MAX &&
                slice_find_nocase(text, SLICE("family")) == SIZE_MAX)
                return true;
    }
    return false;
}

static enum err_code read_transplant(struct walk *w, const struct fhir_resource *resource)
{
    static const char *const UNDONE[] = {"not-done", "entered-in-error", "cancelled",
                                         "preparation"};

    if (!names_transplant(w, resource) ||
        is_in(json_text(json_get(resource->json, "status"), w->arena), UNDONE,
              ARRAY_LEN(UNDONE)) ||
        fhir_subject_is_foreign(&w->subjects, json_get(resource->json, "subject"), resource))
        return ERR_OK;
    return walk_warn(w, resource, FHIR_WARNING_TRANSPLANT, 0);
}

static enum err_code read_outcome(struct walk *w, const struct fhir_resource *resource)
{
    struct json issues = json_get(resource->json, "issue");

    for (struct json i = shape_first(issues); !json_is_absent(i); i = shape_next(issues, i)) {
        struct json codings = json_at(i, "details", "coding");

        for (struct json c = shape_first(codings); !json_is_absent(c);
             c = shape_next(codings, c))
            if (is_in(json_text(json_get(c, "code"), w->arena), INCOMPLETE,
                      ARRAY_LEN(INCOMPLETE)))
                return walk_warn(w, resource, FHIR_WARNING_RECORD_INCOMPLETE, 0);
    }
    return ERR_OK;
}

static enum err_code read_sequence(struct walk *w, const struct fhir_resource *resource)
{
    if (walk_ignore(w, resource, FHIR_IGNORED_SEQUENCE) != ERR_OK)
        return w->err->code;
    return walk_warn(w, resource, FHIR_WARNING_SEQUENCE_IGNORED, 0);
}

/* The guide's recommendations have LOINC answers ("LA26421-0") as their code. */
static enum err_code read_task(struct walk *w, const struct fhir_resource *resource)
{
    struct concept_text texts[CONCEPT_TEXTS_MAX];
    size_t count = observation_texts(resource->code, w->arena, texts);

    for (size_t i = 0; i < count; i++)
        if (texts[i].is_code && slice_starts(texts[i].text, SLICE("LA")) &&
            fhir_system_is(texts[i].system, SLICE("http://loinc.org")))
            return walk_ignore(w, resource, FHIR_IGNORED_RECOMMENDATION);
    return ERR_OK;
}

static enum err_code read_condition(struct walk *w, const struct fhir_resource *resource)
{
    if (walk_is_statement(w, resource))
        return walk_defer(w, resource, DEFERRED_STATEMENT);
    return read_transplant(w, resource);
}

enum err_code walk_other(struct walk *w, const struct fhir_resource *resource)
{
    static const struct {
        const char *type;
        enum err_code (*read)(struct walk *w, const struct fhir_resource *resource);
    } READERS[] = {
        {"Condition", read_condition},      {"Flag", read_condition},
        {"Procedure", read_transplant},     {"MolecularSequence", read_sequence},
        {"Sequence", read_sequence},        {"GenomicStudy", read_sequence},
        {"OperationOutcome", read_outcome}, {"Task", read_task},
    };

    if (slice_eq(resource->type, SLICE("DiagnosticReport")))
        return walk_defer(w, resource, DEFERRED_REPORT);
    for (size_t i = 0; i < ARRAY_LEN(READERS); i++)
        if (slice_eq_text(resource->type, READERS[i].type))
            return READERS[i].read(w, resource);
    return ERR_OK;
}
