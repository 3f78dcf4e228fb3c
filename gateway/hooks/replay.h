/* gateway/hooks/replay.h -- a saved request with what the FHIR server answers, run without
 * any server.
 *
 * The file is one JSON object:
 *   "service"   id of the CDS service, or absent: found by the request's hook
 *   "today"     "2026-11-24", the day ages are counted to
 *   "request"   the hook request; or "body", its bytes as a string, for malformed ones
 *   "fhir"      object: relative URL ("Observation?patient=p1*", "Medication/m1") to
 *               { "status": 200, "body": {...} } or { "outcome": "timeout" }; "retry_after_s"
 *               may stand beside a status. A search that is POSTed is named by its form: "POST
 *               Observation/_search?patient=p1*". An array holds one answer for each time that
 *               the same is asked for. A key that ends in '*' is a prefix. What is not listed
 *               is answered with 404. "metadata" is the server's CapabilityStatement.
 *   "settings"  object: "phenoconversion", "pretest", "guideline_order", "deadline_ms" and
 *               "fhir_url_bytes_max" as in the configuration, "fhir_server_kind" one of the
 *               kinds of servers there, and "result_mapping", an array of objects whose members
 *               are the columns of result_mapping.h; what is absent has its default
 * Members of other names are passed over, so the same file can hold expectations. A plain hook
 * request is accepted too.
 */
#ifndef GATEWAY_HOOKS_REPLAY_H
#define GATEWAY_HOOKS_REPLAY_H

#include "gateway/hooks/call.h"
#include "gateway/store/result_mapping.h"

#define REPLAY_BYTES_MAX    (32u * 1024 * 1024)
#define REPLAY_PRETESTS_MAX 64

struct replay {
    struct buf text;
    struct json_doc doc;
    struct buf body; /* of the request */
    struct hook_options options;
    struct slice server; /* the request's own fhirServer is allowed */
    uint32_t left_ms;    /* that every plan is told of */
    struct slice publishers[RULES_PUBLISHERS_MAX];
    struct slice pretests[REPLAY_PRETESTS_MAX];
    struct result_mapping mapping;
    struct hook_call call;
};

/* Reads and parses the file. ERR_NOT_FOUND, ERR_SYNTAX, ERR_INVALID, ERR_LIMIT. */
enum err_code replay_load(struct replay *replay, const char *path, struct err *err) MUST_CHECK;

/* Runs the call and writes the answer's body; returns the HTTP status. replay->call then
 * holds the finished call, for traces. */
uint32_t replay_run(struct replay *replay, const struct rules_knowledge *knowledge,
                    struct buf *answer);
void replay_release(struct replay *replay); /* accepts a zeroed replay */

#endif
