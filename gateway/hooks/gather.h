/* gateway/hooks/gather.h -- which FHIR resources a call still wants. Private to the call,
 * but for how results are searched. */
#ifndef GATEWAY_HOOKS_GATHER_H
#define GATEWAY_HOOKS_GATHER_H

#include "fhir/search.h"
#include "gateway/hooks/call.h"

/* Of the searches for results. */
#define HOOK_CATEGORY_GENETICS   "http://terminology.hl7.org/CodeSystem/v2-0074|GE"
#define HOOK_CATEGORY_INDICATORS "genomics"
#define HOOK_REPORT_CODES                                                                      \
    "http://loinc.org|51969-4,http://loinc.org|81247-9,http://loinc.org|51965-2,"              \
    "http://loinc.org|82118-1"
#define HOOK_RESULTS_PER_PAGE "100" /* the smallest cap that a server is known to have */

/* Takes in every prefetch value and judges the one that holds the results. */
bool hook_gather_prefetch(struct hook_call *call) MUST_CHECK;

#define PREFETCH_LIST "medications" /* the key of the medication list */

/* ---- gather_need.c ---- */

/* Adds a need to the call; false when the call has failed. What does not fit the limits, or
 * cannot be asked for, is noted as missing. hook_gather_search names the call's patient. The
 * parameters' texts must live as long as the call. */
bool hook_gather_search(struct hook_call *call, enum hook_need_kind kind, const char *type,
                        const struct fhir_search_param *params, size_t params_count) MUST_CHECK;
bool hook_gather_search_any(struct hook_call *call, enum hook_need_kind kind, const char *type,
                            const struct fhir_search_param *params,
                            size_t params_count) MUST_CHECK;
bool hook_gather_read(struct hook_call *call, enum hook_need_kind kind,
                      struct slice reference) MUST_CHECK;
/* The further page that a Bundle names, if it names one. */
bool hook_gather_next_page(struct hook_call *call, struct json bundle,
                           struct slice response_url, uint32_t page,
                           enum hook_need_kind kind) MUST_CHECK;

/* The query itself must live as long as the call. One that may not be POSTed and has too long a
 * URL becomes several, with a part of the codes each. */
bool hook_gather_query(struct hook_call *call, enum hook_need_kind kind,
                       const struct hook_query *query) MUST_CHECK;
bool hook_gather_split(struct hook_call *call, enum hook_need_kind kind,
                       const struct hook_query *query, size_t codes_each) MUST_CHECK;
bool hook_gather_url(struct hook_call *call, enum hook_need_kind kind,
                     struct slice url) MUST_CHECK;
/* The same once more, not before delay_ms have passed. */
bool hook_gather_again(struct hook_call *call, const struct hook_need *need,
                       uint32_t delay_ms) MUST_CHECK;
/* In the call's arena; NULL when it has failed. */
struct hook_query *hook_query_copy(struct hook_call *call,
                                   const struct hook_query *query) MUST_CHECK;

/* The call fails for what err says: always false. */
bool hook_gather_fail(struct hook_call *call, const struct err *err);
/* Something of this kind is wanted and cannot be had. */
void hook_gather_note_missing(struct hook_call *call, enum hook_need_kind kind);
/* This need is not met, and nothing is asked in its place. */
void hook_gather_note_unmet(struct hook_call *call, const struct hook_need *need);

/* What it is about: its kind, for a page the kind that it is a page of. */
enum hook_need_kind hook_need_subject(const struct hook_need *need);
/* Whether it is about genomic results. */
bool hook_need_is_of_results(const struct hook_need *need);

/* Whether something of this kind was asked for and did not come. A server that refuses what is
 * not required has answered. */
bool hook_gather_is_unread(const struct hook_call *call, enum hook_need_kind kind);
/* The same for any kind of results. */
bool hook_gather_lacks_results(const struct hook_call *call);
/* Appends what of results and ordered medications was not read: "results by code, genetic
 * reports", by hook_need_words or hook_need_name. */
void hook_gather_write_unread(const struct hook_call *call, struct buf *buf,
                              const char *(*text_of)(enum hook_need_kind kind));
/* Whether it makes sense to ask more: nothing that is required ended at a limit, or failed for
 * more than its form, and all else that failed was refused. */
bool hook_gather_server_answers(const struct hook_call *call);

/* Whether a call without this answer cannot vouch for silence. */
bool hook_gather_is_required(const struct hook_need *need);

/* Whether a need of this kind was added. */
bool hook_gather_has(const struct hook_call *call, enum hook_need_kind kind);

/* Whether every need of this kind, and its pages, were answered with data; without any of them,
 * whether the data came in another way. */
bool hook_gather_is_read(const struct hook_call *call, enum hook_need_kind kind, bool is_here);

/* ---- gather_results.c ---- */

bool hook_gather_by_code(struct hook_call *call) MUST_CHECK;
/* Further sources, once all that was asked for is answered and a gene has no result. */
bool hook_gather_further(struct hook_call *call) MUST_CHECK;

/* ---- gather_recover.c ---- */

/* What may be asked in place of a need that was answered and is not usable. */
enum hook_recovery hook_recovery_of(const struct hook_call *call, const struct hook_need *need);
bool hook_gather_recover(struct hook_call *call) MUST_CHECK;

/* ---- gather_patient.c ---- */

/* What advice depends on besides the results. */
bool hook_gather_patient(struct hook_call *call) MUST_CHECK;
bool hook_gather_pending(struct hook_call *call) MUST_CHECK;

/* Resolves the genes from what is here now, once per change. */
bool hook_gather_resolve(struct hook_call *call) MUST_CHECK;

#endif
