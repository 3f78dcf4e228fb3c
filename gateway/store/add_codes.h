/* gateway/store/add_codes.h -- drug codes found elsewhere, added to a release that has some. */
#ifndef GATEWAY_STORE_ADD_CODES_H
#define GATEWAY_STORE_ADD_CODES_H

#include "rules/release.h"

#define CODE_SYSTEM_RXNORM "http://www.nlm.nih.gov/research/umls/rxnorm"
#define CODE_SYSTEM_ATC    "http://www.whocc.no/atc"
#define CODE_SYSTEM_NDC    "http://hl7.org/fhir/sid/ndc"
#define CODE_SYSTEM_SNOMED "http://snomed.info/sct"

/* "rxnorm", "atc", "ndc", "snomed" to the URL; SLICE_NONE for other words. */
struct slice code_system_from_short_name(struct slice name);

/* The release's drug codes by system, code and drug. */
struct code_index {
    const struct rules_drug_code **rows; /* sorted */
    size_t count;
};

/* Borrows the rows: good until the release gets another code. */
enum err_code code_index_init(struct code_index *index, const struct rules_release *release,
                              struct err *err) MUST_CHECK;
void code_index_release(struct code_index *index);
/* The first row of the code, and how many it has; 0: not in the release. */
size_t code_index_find(const struct code_index *index, struct slice system, struct slice code,
                       const struct rules_drug_code *const **ret);

struct added_codes {
    size_t added;
    size_t there; /* the release said so already; its own row stays */
};

/* Sorts `codes`, drops repeated ones (of the same system, code and drug; a systemic form wins
 * over a local one) and adds what the release does not have. Equal sets of codes give equal
 * releases whatever order they come in. Texts are borrowed and must live as long as the
 * release. */
enum err_code add_codes(struct rules_release *release, struct rules_drug_code *codes,
                        size_t codes_count, struct added_codes *ret,
                        struct err *err) MUST_CHECK;

#endif
