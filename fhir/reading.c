/* fhir/reading.c -- append evidence, warnings and ignored resources; the names of their codes.
 */
#include "fhir/reading.h"

#include <assert.h>

#include "fhir/codes.h"

static const struct {
    const char *name;
    const char *text;
} WARNINGS[] = {
#define X(code, name, text) {name, text},
    FHIR_WARNINGS(X)
#undef X
};

static const char *const IGNORED_NAMES[] = {
#define X(code, name) name,
    FHIR_IGNORED_REASONS(X)
#undef X
};

const char *fhir_warning_name(enum fhir_warning_code code)
{
    assert((size_t)code < ARRAY_LEN(WARNINGS));
    return WARNINGS[code].name;
}

const char *fhir_warning_text(enum fhir_warning_code code)
{
    assert((size_t)code < ARRAY_LEN(WARNINGS));
    return WARNINGS[code].text;
}

bool fhir_warning_names(const struct fhir_warning *warning, struct slice gene)
{
    return (warning->genes & ~FHIR_GENE_BIT(FHIR_GENE_NONE) &
            FHIR_GENE_BIT(fhir_gene_of_symbol(gene))) != 0;
}

const char *fhir_ignored_name(enum fhir_ignored_reason reason)
{
    assert((size_t)reason < ARRAY_LEN(IGNORED_NAMES));
    return IGNORED_NAMES[reason];
}

enum err_code reading_warn(struct fhir_reading *reading, const struct fhir_resource *resource,
                           enum fhir_warning_code code, uint32_t genes, struct arena *arena,
                           struct err *err)
{
    struct fhir_warning *warnings;

    genes &= ~FHIR_GENE_BIT(FHIR_GENE_NONE);

    for (size_t i = reading->warnings_count;
         i-- > 0 && reading->warnings[i].resource == resource;)
        if (reading->warnings[i].code == code) {
            reading->warnings[i].genes |= genes;
            return ERR_OK;
        }
    warnings = arena_grow(arena, reading->warnings, &reading->warnings_max,
                          reading->warnings_count, sizeof *warnings);
    if (warnings == NULL)
        return err_set(err, ERR_NOMEM, "no memory for warnings");
    reading->warnings = warnings;
    warnings[reading->warnings_count++] = (struct fhir_warning){code, resource, genes};
    return ERR_OK;
}

enum err_code reading_ignore(struct fhir_reading *reading, const struct fhir_resource *resource,
                             enum fhir_ignored_reason reason, struct arena *arena,
                             struct err *err)
{
    struct fhir_ignored *ignored = arena_grow(arena, reading->ignored, &reading->ignored_max,
                                              reading->ignored_count, sizeof *ignored);

    if (ignored == NULL)
        return err_set(err, ERR_NOMEM, "no memory for ignored resources");
    reading->ignored = ignored;
    ignored[reading->ignored_count++] = (struct fhir_ignored){reason, resource};
    return ERR_OK;
}

enum err_code reading_add(struct fhir_reading *reading, const struct fhir_evidence *evidence,
                          struct arena *arena, struct err *err)
{
    struct fhir_evidence *array;

    if (reading->evidence_count == FHIR_EVIDENCE_MAX)
        return err_set(err, ERR_LIMIT, "more than %d results", FHIR_EVIDENCE_MAX);
    array = arena_grow(arena, reading->evidence, &reading->evidence_max,
                       reading->evidence_count, sizeof *array);
    if (array == NULL)
        return err_set(err, ERR_NOMEM, "no memory for results");
    reading->evidence = array;
    array[reading->evidence_count++] = *evidence;
    return ERR_OK;
}
