/* gateway/store/cpic_report.c -- lines of a report. */
#include "gateway/store/cpic_report.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_BYTES_MAX 600

void cpic_report_init(struct cpic_report *report)
{
    *report = (struct cpic_report){0};
    buf_init(&report->notes, CPIC_REPORT_BYTES_MAX);
}

void cpic_report_release(struct cpic_report *report)
{
    buf_release(&report->notes);
}

void cpic_note(struct cpic_report *report, const char *format, ...)
{
    char line[LINE_BYTES_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    report->notes_count++;
    if (!buf_failed(&report->notes))
        buf_join(&report->notes, slice_of(line), SLICE("\n"));
}
