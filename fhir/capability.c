/* fhir/capability.c -- reading a CapabilityStatement, and the table of kinds of servers. */
#include "fhir/capability.h"

#include <assert.h>

#include "fhir/url.h"

#define HAPLOTYPES "find-subject-haplotypes"

/* Why a trait is what it is:
 *   Epic        Observation is searched with category or code only, so not by _id; indicators
 *               are Conditions of category "genomics"; _include is not offered
 *   Oracle      _id stands alone
 *   Google      refuses POST _search with a form
 *   LinuxForHealth  a next link after POST _search cannot be read with GET (issue 4235)
 *   Medplum, HAPI, SMART Health IT  _include as in the specification
 */
static const struct fhir_server_traits TRAITS[FHIR_SERVER_KINDS_COUNT] = {
    [FHIR_SERVER_GENERIC] = {.name = "generic", .has_id_lists = true, .has_forms = true},
    [FHIR_SERVER_EPIC] = {.name = "epic", .has_indicators = true, .has_forms = true},
    [FHIR_SERVER_ORACLE] = {.name = "oracle", .has_id_lists = true, .has_forms = true},
    [FHIR_SERVER_HAPI] = {.name = "hapi",
                          .has_include = true,
                          .has_id_lists = true,
                          .has_forms = true},
    [FHIR_SERVER_SMART] = {.name = "smart",
                           .has_include = true,
                           .has_id_lists = true,
                           .has_forms = true},
    [FHIR_SERVER_MEDPLUM] = {.name = "medplum",
                             .has_include = true,
                             .has_id_lists = true,
                             .has_forms = true},
    [FHIR_SERVER_AZURE] = {.name = "azure",
                           .has_include = true,
                           .has_id_lists = true,
                           .has_forms = true},
    [FHIR_SERVER_GOOGLE] = {.name = "google", .has_include = true, .has_id_lists = true},
    [FHIR_SERVER_CANVAS] = {.name = "canvas", .has_id_lists = true, .has_forms = true},
    [FHIR_SERVER_LINUXFORHEALTH] = {.name = "linuxforhealth",
                                    .has_include = true,
                                    .has_id_lists = true},
};

/* What a statement calls its software, publisher or implementation. The first that fits. */
static const struct {
    const char *words;
    enum fhir_server_kind kind;
} NAMES[] = {
    {"smart health it", FHIR_SERVER_SMART}, /* is a HAPI server */
    {"hapi", FHIR_SERVER_HAPI},
    {"medplum", FHIR_SERVER_MEDPLUM},
    {"cerner", FHIR_SERVER_ORACLE},
    {"oracle health", FHIR_SERVER_ORACLE},
    {"azure api for fhir", FHIR_SERVER_AZURE},
    {"azure healthcare apis", FHIR_SERVER_AZURE},
    {"azure health data services", FHIR_SERVER_AZURE},
    {"microsoft fhir server", FHIR_SERVER_AZURE},
    {"cloud healthcare api", FHIR_SERVER_GOOGLE},
    {"canvas medical", FHIR_SERVER_CANVAS},
    {"linuxforhealth", FHIR_SERVER_LINUXFORHEALTH},
    {"ibm fhir server", FHIR_SERVER_LINUXFORHEALTH},
    {"epic", FHIR_SERVER_EPIC},
};

static const struct {
    const char *domain;
    enum fhir_server_kind kind;
} DOMAINS[] = {
    {"smarthealthit.org", FHIR_SERVER_SMART},
    {"medplum.com", FHIR_SERVER_MEDPLUM},
    {"cerner.com", FHIR_SERVER_ORACLE},
    {"azurehealthcareapis.com", FHIR_SERVER_AZURE},
    {"healthcare.googleapis.com", FHIR_SERVER_GOOGLE},
    {"canvasmedical.com", FHIR_SERVER_CANVAS},
    {"epic.com", FHIR_SERVER_EPIC},
};

const struct fhir_server_traits *fhir_server_traits(enum fhir_server_kind kind)
{
    assert((size_t)kind < FHIR_SERVER_KINDS_COUNT);
    return &TRAITS[kind];
}

bool fhir_server_kind_of_name(struct slice name, enum fhir_server_kind *ret)
{
    for (size_t i = 0; i < FHIR_SERVER_KINDS_COUNT; i++)
        if (slice_eq_text(name, TRAITS[i].name)) {
            *ret = (enum fhir_server_kind)i;
            return true;
        }
    return false;
}

bool fhir_server_kind_split(struct slice text, struct slice *ret_base,
                            enum fhir_server_kind *ret_kind)
{
    struct fhir_url url;
    size_t at = text.len;

    while (at > 0 && text.ptr[at - 1] != '=')
        at--;
    if (at < 2 || !fhir_server_kind_of_name(slice_from(text, at), ret_kind))
        return false;
    *ret_base = slice_head(text, at - 1);
    return fhir_url_parse(*ret_base, &url) && url.query.len == 0;
}

enum fhir_server_kind fhir_server_kind_of_base(struct slice base)
{
    struct fhir_url url = {0};

    if (!fhir_url_parse(base, &url))
        return FHIR_SERVER_GENERIC;
    for (size_t i = 0; i < ARRAY_LEN(DOMAINS); i++) {
        struct slice domain = slice_of(DOMAINS[i].domain);

        if (url.host.len < domain.len ||
            !slice_eq_nocase(slice_from(url.host, url.host.len - domain.len), domain))
            continue;
        if (url.host.len == domain.len || url.host.ptr[url.host.len - domain.len - 1] == '.')
            return DOMAINS[i].kind;
    }
    return FHIR_SERVER_GENERIC;
}

struct fhir_capability fhir_capability_unknown(enum fhir_server_kind kind)
{
    return (struct fhir_capability){
        .kind = kind,
        .may_search_reports = true,
        .may_search_conditions = true,
        .includes = fhir_server_traits(kind)->has_include ? FHIR_INCLUDE_REPORT_RESULT : 0};
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Whether the words stand in the text, not inside other words: "Epic", never "EpicCare"'s or
 * an epicentre's. */
static bool has_words(struct slice text, struct slice words)
{
    for (size_t from = 0; from < text.len;) {
        size_t at = slice_find_nocase(slice_from(text, from), words);
        size_t end;

        if (at == SIZE_MAX)
            return false;
        at += from;
        end = at + words.len;
        if ((at == 0 || !is_letter(text.ptr[at - 1])) &&
            (end == text.len || !is_letter(text.ptr[end])))
            return true;
        from = at + 1;
    }
    return false;
}

static enum fhir_server_kind kind_of(struct json root, struct arena *arena)
{
    const struct slice texts[] = {
        json_text(json_at(root, "software", "name"), arena),
        json_text(json_get(root, "publisher"), arena),
        json_text(json_at(root, "implementation", "description"), arena),
    };

    for (size_t n = 0; n < ARRAY_LEN(NAMES); n++)
        for (size_t t = 0; t < ARRAY_LEN(texts); t++)
            if (has_words(texts[t], slice_of(NAMES[n].words)))
                return NAMES[n].kind;
    return FHIR_SERVER_GENERIC;
}

static uint32_t major_of(struct slice version)
{
    uint32_t major = 0;

    (void)slice_to_u32(slice_cut(version, '.', &version), 99, &major);
    return major;
}

/* Whether an array of objects has one whose `member` is `text`. */
static bool lists(struct json array, const char *member, const char *text)
{
    for (struct json e = json_first(array); !json_is_absent(e); e = json_next(e))
        if (json_text_is(json_get(e, member), text))
            return true;
    return false;
}

static void read_includes(struct json resource, struct fhir_capability *capability)
{
    static const struct {
        const char *name;
        uint32_t bit;
    } INCLUDES[] = {
        {"DiagnosticReport:result", FHIR_INCLUDE_REPORT_RESULT},
        {"Observation:derived-from", FHIR_INCLUDE_DERIVED_FROM},
        {"Observation:related-target", FHIR_INCLUDE_DERIVED_FROM},
        {"Observation:has-member", FHIR_INCLUDE_HAS_MEMBER},
    };
    struct json listed = json_get(resource, "searchInclude");

    for (struct json l = json_first(listed); !json_is_absent(l); l = json_next(l))
        for (size_t i = 0; i < ARRAY_LEN(INCLUDES); i++)
            if (json_text_is(l, INCLUDES[i].name))
                capability->includes |= INCLUDES[i].bit;
}

/* "find-subject-haplotypes", or with the '$' of its address. */
static bool is_haplotypes(struct slice name)
{
    return slice_eq_text(name, HAPLOTYPES) || slice_eq_text(name, "$" HAPLOTYPES);
}

/* A definition is a canonical URL, before R4 a Reference; some servers write the operation's
 * own address there, wherever that is. */
static void read_operations(struct json operations, struct slice type, struct arena *arena,
                            struct fhir_capability *capability)
{
    for (struct json o = json_first(operations); !json_is_absent(o); o = json_next(o)) {
        struct json definition = json_get(o, "definition");
        struct slice address = json_text(
            json_is(definition, JSON_OBJECT) ? json_get(definition, "reference") : definition,
            arena);

        if (!is_haplotypes(json_text(json_get(o, "name"), arena)) ||
            capability->haplotypes[0] != '\0')
            continue;
        if (slice_ends(address, SLICE("/$" HAPLOTYPES)) &&
            address.len < sizeof capability->haplotypes)
            (void)snprintf(capability->haplotypes, sizeof capability->haplotypes, "%.*s",
                           SLICE_ARG(address));
        else if (type.len + sizeof "/$" HAPLOTYPES <= sizeof capability->haplotypes)
            (void)snprintf(capability->haplotypes, sizeof capability->haplotypes, "%.*s%s$%s",
                           SLICE_ARG(type), type.len == 0 ? "" : "/", HAPLOTYPES);
    }
}

struct listed {
    bool any, reports, conditions;
};

static void read_resource(struct json resource, struct arena *arena, struct listed *listed,
                          struct fhir_capability *capability)
{
    struct json type = json_get(resource, "type");
    bool is_searchable = lists(json_get(resource, "interaction"), "code", "search-type");

    if (!json_is(type, JSON_STRING))
        return;
    listed->any = true;
    if (json_text_is(type, "DiagnosticReport"))
        listed->reports = listed->reports || is_searchable;
    if (json_text_is(type, "Condition"))
        listed->conditions = listed->conditions || is_searchable;
    if (json_text_is(type, "Observation") &&
        lists(json_get(resource, "searchParam"), "name", "component-code"))
        capability->has_component_code = true;
    read_includes(resource, capability);
    read_operations(json_get(resource, "operation"), json_text(type, arena), arena, capability);
}

enum err_code fhir_capability_read(struct json root, struct arena *arena,
                                   struct fhir_capability *ret, struct err *err)
{
    struct json type = json_get(root, "resourceType");
    struct json rest = json_get(root, "rest");
    struct fhir_capability capability;
    struct listed listed = {0};

    if (!json_text_is(type, "CapabilityStatement") && !json_text_is(type, "Conformance"))
        return err_set(err, ERR_INVALID, "not a CapabilityStatement");
    capability = fhir_capability_unknown(kind_of(root, arena));
    capability.fhir_major = major_of(json_text(json_get(root, "fhirVersion"), arena));
    for (struct json r = json_first(rest); !json_is_absent(r); r = json_next(r)) {
        struct json resources = json_get(r, "resource");

        if (!json_text_is(json_get(r, "mode"), "server"))
            continue;
        for (struct json e = json_first(resources); !json_is_absent(e); e = json_next(e))
            read_resource(e, arena, &listed, &capability);
        read_operations(json_get(r, "operation"), SLICE_NONE, arena, &capability);
    }
    capability.may_search_reports = !listed.any || listed.reports;
    capability.may_search_conditions = !listed.any || listed.conditions;
    if (arena->has_failed)
        return err_set(err, ERR_NOMEM, "no memory for a CapabilityStatement");
    *ret = capability;
    return ERR_OK;
}
