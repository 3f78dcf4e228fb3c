/* gateway/store/import_report.h -- what an import did and what it left out, for people. */
#ifndef GATEWAY_STORE_IMPORT_REPORT_H
#define GATEWAY_STORE_IMPORT_REPORT_H

#include "rules/base/buf.h"

#define IMPORT_REPORT_BYTES_MAX ((size_t)1024 * 1024)

struct import_report {
    struct buf notes; /* one line each: what was left out, kept or changed, and why */
    size_t notes_count;
    size_t genes, alleles, drugs, rows, recommendations, modulators;
};

void import_report_init(struct import_report *report);
void import_report_release(struct import_report *report);

/* One line. When there is no more room, lines are counted only. */
void import_note(struct import_report *report, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
