/* gateway/cli/import_report.h -- what an import says about the files it took in.
 *
 * Every addition tells the same facts twice: as lines for people, and as one JSON object in an
 * array that is open when the functions are called.
 */
#ifndef GATEWAY_CLI_IMPORT_REPORT_H
#define GATEWAY_CLI_IMPORT_REPORT_H

#include "fhir/json_write.h"
#include "gateway/store/cpic_report.h"
#include "gateway/store/rxnorm.h"
#include "gateway/store/site_codes.h"

struct import_report {
    struct buf text;
    struct buf json_bytes;
    struct json_writer json;
};

void import_report_init(struct import_report *report);
void import_report_release(struct import_report *report);

void import_report_rxnorm(struct import_report *report, const char *dir,
                          const struct rxnorm_report *rxnorm);
void import_report_site_codes(struct import_report *report, const char *path,
                              const struct site_codes_report *codes);

/* `member` names the kind of source in JSON. A connection string ("cpic") is not shown: a
 * password may stand in it. */
void import_report_cpic(struct import_report *report, const char *member, const char *value,
                        const struct cpic_report *cpic);
/* `rows`: how many came from the file or folder. */
void import_report_file(struct import_report *report, const char *member, const char *path,
                        size_t rows);

/* How many codes the drugs of the composed release have. */
void import_report_print_drugs(const struct rules_release *release, bool wants_all);
void import_report_write_drugs(struct json_writer *w, const struct rules_release *release,
                               bool wants_all);

#endif
