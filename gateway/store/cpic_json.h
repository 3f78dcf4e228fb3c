/* gateway/store/cpic_json.h -- reads knowledge that CPIC, ClinPGx and PharmCAT publish as JSON.
 *
 * Three shapes, told apart by what is in the file:
 *   an array of rows        what CPIC's API answers (https://api.cpicpgx.org/v1/):
 * recommendation, recommendation_view, gene, allele, diplotype, drug, guideline, publication,
 * pair, test_alert, change_log; one relation a file
 *   {"guidelines": [...]}   PharmCAT's prescribing_guidance.json: guidelines of CPIC and DPWG
 *   {"gene": ..., "diplotypes": [...]}   PharmCAT's phenotype/<GENE>.json
 *
 * The reader is strict about JSON (see fhir/json.h), types and what must be there; members it
 * does not know are passed over, because publishers add some.
 */
#ifndef GATEWAY_STORE_CPIC_JSON_H
#define GATEWAY_STORE_CPIC_JSON_H

#include "gateway/store/cpic_rows.h"

#define CPIC_FILE_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* Adds to `rows`; after a failure they are to be released. err->text names file, place in it
 * and reason, or line and column for what is no JSON. */
enum err_code cpic_json_read(const char *path, struct cpic_rows *rows,
                             struct err *err) MUST_CHECK;

/* The same for text that is there; `name` is for errors. */
enum err_code cpic_json_read_text(const char *name, const struct buf *text,
                                  struct cpic_rows *rows, struct err *err) MUST_CHECK;

#endif
