/* gateway/hooks/inspect_fetch.h -- reads from a FHIR server what the gateway would read, for
 * all genes, and the orders on file.
 *
 * Results are searched as for a hook (gateway/hooks/gather_results.c), by code, by category, by
 * reports, indicators and what all of them refer to, with all their pages; and the patient, the
 * MedicationRequests and the Medications they refer to.
 * Only the server itself is asked, also when it links elsewhere. Blocks until all is answered
 * or the time is over.
 */
#ifndef GATEWAY_HOOKS_INSPECT_FETCH_H
#define GATEWAY_HOOKS_INSPECT_FETCH_H

#include "gateway/hooks/inspect.h"

struct inspect_server {
    struct slice base;   /* http or https, without a query */
    struct slice token;  /* bearer; empty: none */
    uint32_t timeout_ms; /* for everything */
    const char *ca_file; /* PEM; NULL: the system's authorities */
};

/* Adds what comes to the inspection, which names a patient. What could not be read is listed as
 * ignored; *ret_is_complete is false when results may be missing for that. ERR_UPSTREAM,
 * ERR_TIMEOUT, ERR_AUTH when not even the search for results was answered; ERR_NOT_FOUND when
 * the server says that there is no such patient; ERR_INVALID for the token or the ca_file. */
enum err_code inspect_fetch(struct inspection *inspection, const struct inspect_server *server,
                            bool *ret_is_complete, struct err *err) MUST_CHECK;

#endif
