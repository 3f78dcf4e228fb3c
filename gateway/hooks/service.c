/* gateway/hooks/service.c -- the table of services and the discovery document.
 *
 * Prefetch templates keep to what every client seen can run: one read and one search, each
 * parameter once, no modifiers, no _include (the Sandbox folds repeated parameters into one).
 */
#include "gateway/hooks/service.h"

#include "fhir/json_write.h"
#include "fhir/mapping.h"
#include "fhir/observation.h"

#define TEMPLATE_BYTES_MAX 32768
#define MAPPED_BYTES_MAX   16384
/* All statuses: what was stopped may still act, and what was never taken is not listed. */
#define LIST_TEMPLATE "MedicationRequest?patient={{context.patientId}}&_count=100"

#define REQUIREMENTS                                                                           \
    "Genomic results come with the prefetch or are read from fhirServer, which must be on "    \
    "the "                                                                                     \
    "gateway's allow-list. FHIR R4; DSTU2, STU3 and R5 order shapes are understood."

const struct hook_service HOOK_SERVICES[HOOK_SERVICES_COUNT] = {
    {"pgx-order-select", "order-select", "Pharmacogenomic advice on selected orders",
     "Checks selected medication orders against the patient's pharmacogenomic results",
     "draftOrders", true},
    {"pgx-order-sign", "order-sign", "Pharmacogenomic advice before signing",
     "Checks medication orders against the patient's pharmacogenomic results before they are "
     "signed",
     "draftOrders", false},
    {"pgx-medication-prescribe", "medication-prescribe",
     "Pharmacogenomic advice (medication-prescribe)",
     "The same advice for clients that still use the withdrawn medication-prescribe hook",
     "medications", false},
};

const struct hook_service *hook_service_find(struct slice id)
{
    for (size_t i = 0; i < HOOK_SERVICES_COUNT; i++)
        if (slice_eq_text(id, HOOK_SERVICES[i].id))
            return &HOOK_SERVICES[i];
    return NULL;
}

/* A template is a URL: what a site's codes hold must not end a parameter, or look like one of
 * the placeholders. The codes of others stand as everybody writes them. */
static void add_mapped(struct buf *buf, struct slice tokens)
{
    static const char PLAIN[] = "-._~:/|,";

    for (size_t i = 0; i < tokens.len; i++) {
        unsigned char c = (unsigned char)tokens.ptr[i];
        bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                        (c >= 'a' && c <= 'z') || (c != 0 && strchr(PLAIN, c) != NULL);

        if (is_plain)
            buf_add_char(buf, (char)c);
        else
            buf_printf(buf, "%%%02X", c);
    }
}

static void write_codes(struct buf *buf, const struct rules_knowledge *knowledge,
                        const struct fhir_mapping *mapping)
{
    struct buf mapped;

    const struct rules_release *rows =
        knowledge == NULL ? NULL : rules_knowledge_rows(knowledge);
    struct slice genes[64];
    size_t genes_count = 0;

    for (size_t i = 0; rows != NULL && i < rows->genes_count; i++)
        if (genes_count < ARRAY_LEN(genes))
            genes[genes_count++] = rows->genes[i].symbol;
    fhir_observation_codes(buf, genes, genes_count);
    buf_init(&mapped, MAPPED_BYTES_MAX);
    fhir_mapping_codes(mapping, genes, genes_count, &mapped);
    add_mapped(buf, buf_slice(&mapped));
    if (buf_failed(&mapped))
        buf->has_failed = true;
    buf_release(&mapped);
}

static void write_service(struct json_writer *w, const struct hook_service *service,
                          struct slice pgx_template, bool offers_list)
{
    json_write_object(w);
    json_write_member_text(w, "hook", slice_of(service->hook));
    json_write_member_text(w, "id", slice_of(service->id));
    json_write_member_text(w, "title", slice_of(service->title));
    json_write_member_text(w, "description", slice_of(service->description));
    json_write_member_text(w, "usageRequirements", SLICE(REQUIREMENTS));
    json_write_name(w, "prefetch");
    json_write_object(w);
    json_write_member_text(w, "patient", SLICE("Patient/{{context.patientId}}"));
    json_write_member_text(w, "pgx", pgx_template);
    if (offers_list)
        json_write_member_text(w, "medications", SLICE(LIST_TEMPLATE));
    json_write_object_end(w);
    json_write_object_end(w);
}

void hook_discovery_write(struct buf *buf, const struct rules_knowledge *knowledge,
                          const struct fhir_mapping *mapping, bool offers_list)
{
    struct json_writer w;
    struct buf pgx;

    buf_init(&pgx, TEMPLATE_BYTES_MAX);
    buf_add_text(&pgx, "Observation?patient={{context.patientId}}&code=");
    write_codes(&pgx, knowledge, mapping);
    buf_add_text(&pgx, "&_sort=-date&_count=100");

    json_write_init(&w, buf);
    json_write_object(&w);
    json_write_name(&w, "services");
    json_write_array(&w);
    for (size_t i = 0; i < HOOK_SERVICES_COUNT; i++)
        write_service(&w, &HOOK_SERVICES[i], buf_slice(&pgx), offers_list);
    json_write_array_end(&w);
    json_write_object_end(&w);
    if (buf_failed(&pgx))
        buf->has_failed = true;
    buf_release(&pgx);
}
