/* tests/fhir/observation_rows.h -- rows of (Observation, what is read from it), in short hand.
 */
#ifndef TESTS_FHIR_OBSERVATION_ROWS_H
#define TESTS_FHIR_OBSERVATION_ROWS_H

#include "tests/fhir/parsed.h"

#include "fhir/observation.h"

/* In all JSON here ' stands for ". */
#define CODED(system, code) "{'system':'" system "','code':'" code "'}"
#define SHOWN(code, display)                                                                   \
    "{'system':'http://loinc.org','code':'" code "','display':'" display "'}"
#define CONCEPT(coding) "{'coding':[" coding "]}"
#define LOINC(number)   "'code':" CONCEPT(CODED("http://loinc.org", number))
#define NAMED(text)     "'code':{'text':'" text "'}"
#define OBS(rest)       "{'resourceType':'Observation','status':'final'," rest "}"
#define GENE_IS(code)                                                                          \
    "{" LOINC("48018-6") ",'valueCodeableConcept':" CONCEPT(                                   \
        CODED("http://www.genenames.org/geneId", code)) "}"
#define GENE(code)       "'component':[" GENE_IS(code) "]"
#define TEXT(text)       "'valueString':'" text "'"
#define ANSWER(code)     "'valueCodeableConcept':" CONCEPT(CODED("http://loinc.org", code))
#define DATE(date)       "'effectiveDateTime':'" date "'"
#define ID(id)           "'id':'" id "'"
#define FROM(id)         "'derivedFrom':[{'reference':'Observation/" id "'}]"
#define SUBJECT(text)    "'subject':{'reference':'" text "'}"
#define GENOTYPE         LOINC("84413-4") "," GENE("HGNC:2621")
#define HAPLOTYPE        LOINC("84414-2") "," GENE("HGNC:2621")
#define PART(name, text) "{" NAMED(name) "," TEXT(text) "}" /* a component */
#define REF(id)          "{'reference':'Observation/" id "'}"

/* "CYP2C19 *1 *2; warn one-allele; ignored status" */
static inline struct slice summary(const struct fhir_reading *reading, struct arena *arena)
{
    static const char *const PRESENCE[] = {"", " positive ", " negative ", " indeterminate "};
    static const char *const ORIGINS[] = {"", " (implication)", " (report)", " (indicator)",
                                          " (condition)"};
    struct slice s = SLICE_NONE;

    for (size_t i = 0; i < reading->evidence_count; i++) {
        const struct fhir_evidence *e = &reading->evidence[i];

        s = arena_printf(arena, "%.*s%s%.*s", SLICE_ARG(s), i == 0 ? "" : "; ",
                         SLICE_ARG(e->gene));
        for (size_t a = 0; a < e->alleles_count; a++)
            s = arena_printf(arena, "%.*s %.*s", SLICE_ARG(s), SLICE_ARG(e->alleles[a]));
        if (e->copies.len > 0)
            s = arena_printf(arena, "%.*s x%.*s", SLICE_ARG(s), SLICE_ARG(e->copies));
        if (e->phenotype.len > 0)
            s = arena_printf(arena, "%.*s =%.*s", SLICE_ARG(s), SLICE_ARG(e->phenotype));
        if (e->score.len > 0)
            s = arena_printf(arena, "%.*s #%.*s", SLICE_ARG(s), SLICE_ARG(e->score));
        s = arena_printf(arena, "%.*s%s%.*s%s", SLICE_ARG(s), PRESENCE[e->presence],
                         SLICE_ARG(e->presence_allele), e->is_preliminary ? " prelim" : "");
        s = arena_printf(arena, "%.*s%s%s", SLICE_ARG(s),
                         e->is_implied && e->origin == FHIR_ORIGIN_RESULT ? " implied" : "",
                         ORIGINS[e->origin]);
    }
    for (size_t i = 0; i < reading->warnings_count; i++)
        s = arena_printf(arena, "%.*s; warn %s", SLICE_ARG(s),
                         fhir_warning_name(reading->warnings[i].code));
    for (size_t i = 0; i < reading->ignored_count; i++)
        s = arena_printf(arena, "%.*s; ignored %s", SLICE_ARG(s),
                         fhir_ignored_name(reading->ignored[i].reason));
    return slice_starts(s, SLICE("; ")) ? slice_from(s, 2) : s;
}

struct row {
    const char *json;
    const char *want;
};

static inline void check_for(const struct row *rows, size_t count, const char *patient)
{
    size_t failed = 0;

    for (size_t i = 0; i < count; i++) {
        struct fhir_reading reading = {0};
        struct err err = {0};
        struct parsed p;
        struct slice got;

        parsed_init(&p);
        parsed_add(&p, rows[i].json);
        assert_ok(
            fhir_read_evidence(&p.collection, slice_of(patient), &p.arena, &reading, &err),
            &err);
        got = summary(&reading, &p.arena);
        if (!slice_eq_text(got, rows[i].want)) {
            print_error("row %zu: got \"%.*s\", want \"%s\"\n  %s\n", i, SLICE_ARG(got),
                        rows[i].want, rows[i].json);
            failed++;
        }
        parsed_release(&p);
    }
    assert_int_equal(failed, 0);
}

static inline void check(const struct row *rows, size_t count)
{
    check_for(rows, count, "");
}

#endif
