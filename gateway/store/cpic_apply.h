/* gateway/store/cpic_apply.h -- puts what CPIC or DPWG publish into a release.
 *
 * A gene with a phenotype table in `rows` gets the table: its alleles, phenotypes and rules
 * replace those of the release; other spellings, abbreviations, identifiers and what other
 * authorities say of the gene stay. A drug with recommendations of a publisher gets these in
 * place of all that the release has of that publisher for it; labels, other publishers, codes,
 * populations and indications stay. Everything not in `rows` stays as it is.
 *
 * Wording is the publisher's own. What the publisher does not give is this project's: a verdict
 * and an alert level, by a table over classification and flags (cpic_words.c). Numbers of doses
 * stand in the text only; no structured action is made of them.
 *
 * Rows that make one piece of advice (equal in all but their lookup keys) become one
 * recommendation with lists and ranges of keys; between listed scores there are no gaps. A case
 * is made of every row, so that the release can be tested and activated.
 */
#ifndef GATEWAY_STORE_CPIC_APPLY_H
#define GATEWAY_STORE_CPIC_APPLY_H

#include "gateway/store/cpic_report.h"
#include "gateway/store/cpic_rows.h"
#include "rules/release.h"

/* Texts are copied. After a failure the release is to be released. ERR_INVALID names row and
 * reason: contradicting rows, references to nothing. */
enum err_code cpic_apply(const struct cpic_rows *rows, struct rules_release *release,
                         struct cpic_report *report, struct err *err) MUST_CHECK;

#endif
