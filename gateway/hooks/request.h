/* gateway/hooks/request.h -- one CDS Hooks request body, read and validated.
 *
 * Accepts 1.0 to 3.0. What clients get wrong without harm is tolerated (hookInstance that is
 * no UUID, unknown members, "Patient/" in front of the patient id); what would make advice
 * wrong is refused with the JSON path at fault.
 */
#ifndef GATEWAY_HOOKS_REQUEST_H
#define GATEWAY_HOOKS_REQUEST_H

#include "fhir/json.h"
#include "gateway/hooks/failure.h"
#include "gateway/hooks/service.h"

/* Slices and cursors are borrowed from the body's document and the arena. */
struct hook_request {
    const struct hook_service *service;
    struct slice hook_instance;
    struct slice patient_id; /* without "Patient/" */
    struct slice user_id;
    struct json orders;        /* Bundle, or an array of resources */
    struct json selections;    /* array of strings; absent unless the service has them */
    struct json prefetch;      /* object or absent */
    struct slice fhir_server;  /* empty when not sent */
    struct slice access_token; /* empty when not sent */
};

/* False with *failure filled when the body is not a request for this service. */
bool hook_request_read(struct json root, const struct hook_service *service,
                       struct arena *arena, struct hook_request *ret,
                       struct hook_failure *failure) MUST_CHECK;

#endif
