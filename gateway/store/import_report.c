/* gateway/store/import_report.c -- lines of a report. */
#include "gateway/store/import_report.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_BYTES_MAX 600

void import_report_init(struct import_report *report)
{
    *report = (struct import_report){0};
    buf_init(&report->notes, IMPORT_REPORT_BYTES_MAX);
}

void import_report_release(struct import_report *report)
{
    buf_release(&report->notes);
}

void import_note(struct import_report *report, const char *format, ...)
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
