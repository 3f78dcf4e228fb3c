/* gateway/hooks/request.c -- validating a CDS Hooks request (CDS Hooks 2.0.1, "Calling a CDS
 * Service", and the context tables of the hook library).
 */
#include "gateway/hooks/request.h"

#define FIELD_BYTES_MAX 4096 /* ids, URLs and tokens longer than this are not genuine */

/* A string member that must be there, or may be absent. JSON null counts as absent: CDS Hooks
 * forbids it, but refusing would help nobody. */
static bool read_text(struct json object, const char *name, const char *path, bool is_required,
                      struct arena *arena, struct slice *ret, struct hook_failure *failure)
{
    struct json value = json_get(object, name);
    struct slice text;

    if (json_is_absent(value) || json_is(value, JSON_NULL)) {
        *ret = SLICE_NONE;
        return is_required ? hook_fail(failure, HOOK_MISSING, path,
                                       "%s is required and must be a string", path)
                           : true;
    }
    if (!json_is(value, JSON_STRING))
        return hook_fail(failure, HOOK_WRONG_TYPE, path, "%s must be a string, not %s", path,
                         json_type_name(json_type(value)));
    text = json_text(value, arena);
    if (text.len == 0 && is_required)
        return hook_fail(failure, HOOK_MISSING, path, "%s must not be empty", path);
    if (text.len > FIELD_BYTES_MAX)
        return hook_fail(failure, HOOK_WRONG_VALUE, path, "%s is longer than %d bytes", path,
                         FIELD_BYTES_MAX);
    *ret = text;
    return true;
}

static bool read_object(struct json object, const char *name, const char *path,
                        bool is_required, struct json *ret, struct hook_failure *failure)
{
    struct json value = json_get(object, name);

    if (json_is_absent(value) || json_is(value, JSON_NULL)) {
        *ret = JSON_NONE;
        return is_required ? hook_fail(failure, HOOK_MISSING, path,
                                       "%s is required and must be an object", path)
                           : true;
    }
    if (!json_is(value, JSON_OBJECT))
        return hook_fail(failure, HOOK_WRONG_TYPE, path, "%s must be an object, not %s", path,
                         json_type_name(json_type(value)));
    *ret = value;
    return true;
}

static bool read_hook(struct json root, const struct hook_service *service, struct arena *arena,
                      struct hook_failure *failure)
{
    struct slice hook;

    if (!read_text(root, "hook", "hook", true, arena, &hook, failure))
        return false;
    if (!slice_eq_text(hook, service->hook))
        return hook_fail(failure, HOOK_WRONG_HOOK, "hook",
                         "the service %s answers the hook %s only", service->id, service->hook);
    return true;
}

/* Orders come as a Bundle; some clients send an array of resources instead. */
static bool read_orders(struct json context, const struct hook_service *service,
                        struct hook_request *request, struct hook_failure *failure)
{
    struct json orders = json_get(context, service->orders_field);
    char path[64];

    (void)snprintf(path, sizeof path, "context.%s", service->orders_field);
    if (json_is_absent(orders) || json_is(orders, JSON_NULL))
        return hook_fail(failure, HOOK_NO_DRAFT_ORDERS, path,
                         "%s is missing: check how this service is registered with the "
                         "client, some leave the orders out when scopes are missing",
                         path);
    if (json_is(orders, JSON_ARRAY)) {
        request->orders = orders;
        return true;
    }
    if (!json_is(orders, JSON_OBJECT))
        return hook_fail(failure, HOOK_WRONG_TYPE, path, "%s must be a Bundle, not %s", path,
                         json_type_name(json_type(orders)));
    if (!json_text_is(json_get(orders, "resourceType"), "Bundle"))
        return hook_fail(failure, HOOK_WRONG_VALUE, path, "%s must be a Bundle", path);
    if (!json_is_absent(json_get(orders, "entry")) &&
        !json_is(json_get(orders, "entry"), JSON_ARRAY))
        return hook_fail(failure, HOOK_WRONG_TYPE, path, "%s.entry must be an array", path);
    request->orders = orders;
    return true;
}

static bool read_selections(struct json context, struct hook_request *request,
                            struct hook_failure *failure)
{
    static const char path[] = "context.selections";
    struct json selections = json_get(context, "selections");

    if (json_is_absent(selections) || json_is(selections, JSON_NULL))
        return hook_fail(failure, HOOK_MISSING, path,
                         "context.selections is required and must be an array of strings");
    if (!json_is(selections, JSON_ARRAY))
        return hook_fail(failure, HOOK_WRONG_TYPE, path,
                         "context.selections must be an array, not %s",
                         json_type_name(json_type(selections)));
    for (struct json s = json_first(selections); !json_is_absent(s); s = json_next(s))
        if (!json_is(s, JSON_STRING))
            return hook_fail(failure, HOOK_WRONG_TYPE, path,
                             "context.selections must hold strings only");
    request->selections = selections;
    return true;
}

static bool read_context(struct json root, struct arena *arena, struct hook_request *request,
                         struct hook_failure *failure)
{
    struct json context;

    if (!read_object(root, "context", "context", true, &context, failure) ||
        !read_text(context, "userId", "context.userId", true, arena, &request->user_id,
                   failure) ||
        !read_text(context, "patientId", "context.patientId", true, arena, &request->patient_id,
                   failure))
        return false;
    if (slice_starts(request->patient_id, SLICE("Patient/")))
        request->patient_id = slice_from(request->patient_id, SLICE("Patient/").len);
    if (request->patient_id.len == 0)
        return hook_fail(failure, HOOK_WRONG_VALUE, "context.patientId",
                         "context.patientId names no patient");
    return read_orders(context, request->service, request, failure) &&
           (!request->service->has_selections || read_selections(context, request, failure));
}

static bool read_access(struct json root, struct arena *arena, struct hook_request *request,
                        struct hook_failure *failure)
{
    struct json authorization;

    if (!read_text(root, "fhirServer", "fhirServer", false, arena, &request->fhir_server,
                   failure) ||
        !read_object(root, "fhirAuthorization", "fhirAuthorization", false, &authorization,
                     failure))
        return false;
    if (json_is_absent(authorization))
        return true;
    if (request->fhir_server.len == 0)
        return hook_fail(failure, HOOK_MISSING, "fhirServer",
                         "fhirServer is required when fhirAuthorization is sent");
    if (!read_text(authorization, "access_token", "fhirAuthorization.access_token", true, arena,
                   &request->access_token, failure))
        return false;
    for (size_t i = 0; i < request->access_token.len; i++)
        if (request->access_token.ptr[i] <= ' ' || request->access_token.ptr[i] > '~')
            return hook_fail(failure, HOOK_WRONG_VALUE, "fhirAuthorization.access_token",
                             "fhirAuthorization.access_token has characters that no bearer "
                             "token has (RFC 6750 2.1)");
    return true;
}

bool hook_request_read(struct json root, const struct hook_service *service,
                       struct arena *arena, struct hook_request *ret,
                       struct hook_failure *failure)
{
    struct hook_request request = {.service = service};

    if (!json_is(root, JSON_OBJECT))
        return hook_fail(failure, HOOK_WRONG_TYPE, "$",
                         "the request body must be a JSON object, not %s",
                         json_type_name(json_type(root)));
    if (!read_hook(root, service, arena, failure) ||
        !read_text(root, "hookInstance", "hookInstance", true, arena, &request.hook_instance,
                   failure) ||
        !read_context(root, arena, &request, failure) ||
        !read_object(root, "prefetch", "prefetch", false, &request.prefetch, failure) ||
        !read_access(root, arena, &request, failure))
        return false;
    if (arena->has_failed)
        return hook_fail(failure, HOOK_TOO_LARGE, "$", "the request does not fit its limits");
    *ret = request;
    return true;
}
