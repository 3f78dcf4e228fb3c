/* gateway/hooks/service.h -- the CDS services we offer, and how discovery describes them.
 *
 * Each hook has an id of its own: the CDS Hooks Sandbox keys services by URL, so that of two
 * entries with one id the last one silently wins.
 */
#ifndef GATEWAY_HOOKS_SERVICE_H
#define GATEWAY_HOOKS_SERVICE_H

#include "rules/base/buf.h"
#include "rules/knowledge.h"

struct fhir_mapping;

struct hook_service {
    const char *id;
    const char *hook;
    const char *title;
    const char *description;
    const char *orders_field; /* of the context: "draftOrders", "medications" */
    bool has_selections;      /* order-select: advice focuses on the selected orders */
};

#define HOOK_SERVICES_COUNT 3
extern const struct hook_service HOOK_SERVICES[HOOK_SERVICES_COUNT];

const struct hook_service *hook_service_find(struct slice id); /* NULL when unknown */

/* The body of GET /cds-services (CDS Hooks 2.0.1, Discovery). `knowledge` may be NULL: then
 * the prefetch template asks for the generic genotype codes only. The codes that the site maps
 * (`mapping` may be NULL) are asked for, too. The medication list is offered as a prefetch key
 * where the site has use for it. */
void hook_discovery_write(struct buf *buf, const struct rules_knowledge *knowledge,
                          const struct fhir_mapping *mapping, bool offers_list);

#endif
