/* gateway/hooks/advise.h -- advice for results and a drug given in short, without hook or FHIR.
 *
 * One JSON object in, one JSON object a drug out, each on a line of its own:
 *
 *   {"id":"1","genes":{"CYP2C19":"*2/ *2","HLA-B":["*57:01 positive"]},"drug":"clopidogrel",
 *    "context":{"age_years":54,"weight_kg":70.5,"height_cm":171,"sex":"female",
 *               "population":"CVI ACS PCI","therapy":"naive","dose_mg_per_day":75,
 *               "comedication":["paroxetine"],"ancestry":"european","target_inr":2.5,
 *               "smoker":false,"rare_alleles_tested":true,"rs12777823_a":false}}
 *
 * (without the blank in the diplotype). `genes`: a diplotype, phenotype, score or allele status
 * each, or an array of several results; `drug`: a name or "system|code" (in short also rxnorm,
 * atc and ndc), of which a combination product gives one line per ingredient; `context` and its
 * members are optional. The last four are for warfarin; a `comedication` that is given is the
 * whole list.
 *
 *   {"id":"1","drug":"clopidogrel","recommendations":[{"source":"CPIC","population":"CVI ACS
 * PCI", "lookup":{"CYP2C19":"Poor Metabolizer"},"classification":"Strong","alternative":true,
 *     "dose":false,"other":false,"part":"advice","certain":true,"rule":"...","release":"..."}],
 *    "missing":[],"notes":[],"conversions":[],"alert":"critical","card":{...}}
 *
 * and for a drug with an algorithm
 * "estimate":{"outcome":"estimate","mg_per_day":["3.1","4.4"]}.
 *
 * `recommendations` holds all that may apply: labels and other publishers too, told apart by
 * `part` (rules/evaluate.h) and, for labels, `label`. A phenotype without a score gives a row
 * for each score that it allows, as CPIC has them. `notes` are codes by gene: those of
 * rules_call_note, and "conflict" for results that differ. A population is "general" where the
 * guideline makes no difference. `card` is null where silence is right.
 *
 * A line that cannot be answered gives {"id":"1","error":"..."}; the error never repeats a
 * value of the line.
 */
#ifndef GATEWAY_HOOKS_ADVISE_H
#define GATEWAY_HOOKS_ADVISE_H

#include "gateway/hooks/call.h"

struct advise {
    struct hook_options options; /* policy and conversion may be set after advise_init */
    struct hook_call call;
    struct json_doc doc;
    struct buf card;
};

void advise_init(struct advise *advise);
void advise_release(struct advise *advise);

/* Appends one or more lines to `out`. `line` is followed by JSON_PADDING readable bytes. False
 * when what was appended is an error. */
bool advise_line(struct advise *advise, const struct rules_knowledge *knowledge,
                 struct slice line, struct buf *out) MUST_CHECK;

/* For advise_line: writes what the call decided about its drug. */
void advise_write(struct advise *advise, struct slice id, struct buf *out);

#endif
