/* gateway/store/cpic_pharmcat.h -- PharmCAT's JSON, for cpic_json.c alone. */
#ifndef GATEWAY_STORE_CPIC_PHARMCAT_H
#define GATEWAY_STORE_CPIC_PHARMCAT_H

#include "fhir/json.h"
#include "gateway/store/cpic_rows.h"

/* prescribing_guidance.json: guidelines of CPIC and DPWG; others are counted. */
enum err_code cpic_read_guidance(struct json root, const char *name, struct cpic_rows *rows,
                                 struct err *err) MUST_CHECK;

/* phenotype/<GENE>.json, as CPIC reads the gene. */
enum err_code cpic_read_phenotypes(struct json root, const char *name, struct cpic_rows *rows,
                                   struct err *err) MUST_CHECK;

#endif
