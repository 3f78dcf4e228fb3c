/* gateway/store/cpic_report.h -- what an import did and what it left out, for people. */
#ifndef GATEWAY_STORE_CPIC_REPORT_H
#define GATEWAY_STORE_CPIC_REPORT_H

#include "rules/base/buf.h"

#define CPIC_REPORT_BYTES_MAX ((size_t)1024 * 1024)

struct cpic_report {
    struct buf notes; /* one line each: what was left out, kept or changed, and why */
    size_t notes_count;
    size_t genes, alleles, drugs, rows, recommendations;
};

void cpic_report_init(struct cpic_report *report);
void cpic_report_release(struct cpic_report *report);

/* One line. When there is no more room, lines are counted only. */
void cpic_note(struct cpic_report *report, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
