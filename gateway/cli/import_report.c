/* gateway/cli/import_report.c -- reports as lines and as JSON. */
#include "gateway/cli/import_report.h"

#include <string.h>

#define REPORT_BYTES_MAX ((size_t)4 * 1024 * 1024)

void import_report_init(struct import_report *report)
{
    buf_init(&report->text, REPORT_BYTES_MAX);
    buf_init(&report->json_bytes, REPORT_BYTES_MAX);
    json_write_init(&report->json, &report->json_bytes);
}

void import_report_release(struct import_report *report)
{
    buf_release(&report->text);
    buf_release(&report->json_bytes);
}

static void tell_notes(struct import_report *report, const char *member, const char *heading,
                       const struct import_notes *notes)
{
    json_write_name(&report->json, member);
    json_write_object(&report->json);
    json_write_member_u64(&report->json, "count", notes->count);
    json_write_name(&report->json, "first");
    json_write_array(&report->json);
    for (size_t i = 0; i < notes->kept; i++)
        json_write_text(&report->json, slice_of(notes->text[i]));
    json_write_array_end(&report->json);
    json_write_object_end(&report->json);
    if (notes->count == 0)
        return;
    buf_printf(&report->text, "  %zu %s%s\n", notes->count, heading,
               notes->count > notes->kept ? ", the first of them:" : ":");
    for (size_t i = 0; i < notes->kept; i++)
        buf_printf(&report->text, "    %s\n", notes->text[i]);
}

static void tell_codes(struct import_report *report, const struct added_codes *codes)
{
    json_write_member_u64(&report->json, "codesAdded", codes->added);
    json_write_member_u64(&report->json, "codesThere", codes->there);
    buf_printf(&report->text, "  %zu codes added, %zu there already\n", codes->added,
               codes->there);
}

static void tell_files(struct import_report *report, const struct rxnorm_report *rxnorm)
{
    const char *before = "  ";

    json_write_name(&report->json, "rows");
    json_write_object(&report->json);
    for (int i = 0; i < RXNORM_FILES_COUNT; i++) {
        const char *name = rxnorm_file_name((enum rxnorm_file)i);

        if (!rxnorm->files[i].is_there)
            continue;
        json_write_member_u64(&report->json, name, rxnorm->files[i].rows);
        buf_printf(&report->text, "%s%s %llu rows", before, name,
                   (unsigned long long)rxnorm->files[i].rows);
        before = ", ";
    }
    json_write_object_end(&report->json);
    buf_add_char(&report->text, '\n');
}

void import_report_rxnorm(struct import_report *report, const char *dir,
                          const struct rxnorm_report *rxnorm)
{
    struct json_writer *w = &report->json;

    buf_printf(&report->text, "RxNorm%s%.*s from %s\n", rxnorm->version.len > 0 ? " " : "",
               SLICE_ARG(rxnorm->version), dir);
    json_write_object(w);
    json_write_member_text(w, "rxnorm", slice_of(dir));
    json_write_member_text(w, "version", rxnorm->version);
    tell_files(report, rxnorm);
    json_write_member_u64(w, "concepts", rxnorm->concepts);
    json_write_member_u64(w, "ndcs", rxnorm->ndcs);
    json_write_member_u64(w, "atcs", rxnorm->atcs);
    json_write_member_u64(w, "retired", rxnorm->retired);
    buf_printf(&report->text,
               "  %zu concepts, %zu NDCs, %zu ATC codes and %zu retired concepts lead to drugs "
               "of the release\n",
               rxnorm->concepts, rxnorm->ndcs, rxnorm->atcs, rxnorm->retired);
    tell_codes(report, &rxnorm->codes);
    tell_notes(report, "refused", "rows refused", &rxnorm->refused);
    tell_notes(report, "contradicted", "codes of the release lead elsewhere here; look at them",
               &rxnorm->contradicted);
    tell_notes(report, "named", "drugs without an rxcui were found by name", &rxnorm->named);
    tell_notes(report, "renamed", "drugs with another name here", &rxnorm->renamed);
    json_write_object_end(w);
}

void import_report_site_codes(struct import_report *report, const char *path,
                              const struct site_codes_report *codes)
{
    buf_printf(&report->text, "site codes from %s\n  %llu rows\n", path,
               (unsigned long long)codes->rows);
    json_write_object(&report->json);
    json_write_member_text(&report->json, "codes", slice_of(path));
    json_write_member_u64(&report->json, "rows", codes->rows);
    tell_codes(report, &codes->codes);
    json_write_object_end(&report->json);
}

/* All notes: each is something that the site does not get. */
static void tell_lines(struct import_report *report, size_t count, struct slice lines)
{
    json_write_member_u64(&report->json, "notesCount", count);
    json_write_name(&report->json, "notes");
    json_write_array(&report->json);
    while (lines.len > 0) {
        struct slice line = slice_cut(lines, '\n', &lines);

        json_write_text(&report->json, line);
        buf_join(&report->text, SLICE("    "), line, SLICE("\n"));
    }
    json_write_array_end(&report->json);
}

void import_report_cpic(struct import_report *report, const char *member, const char *value,
                        const struct cpic_report *cpic)
{
    struct json_writer *w = &report->json;
    const char *shown = strcmp(member, "cpic") == 0 ? "CPIC's database" : value;

    buf_printf(&report->text,
               "knowledge from %s\n  %zu genes with %zu alleles, %zu drugs with %zu "
               "recommendations from %zu rows, %zu notes\n",
               shown, cpic->genes, cpic->alleles, cpic->drugs, cpic->recommendations,
               cpic->rows, cpic->notes_count);
    json_write_object(w);
    json_write_member_text(w, member, slice_of(shown));
    json_write_member_u64(w, "genes", cpic->genes);
    json_write_member_u64(w, "alleles", cpic->alleles);
    json_write_member_u64(w, "drugs", cpic->drugs);
    json_write_member_u64(w, "recommendations", cpic->recommendations);
    json_write_member_u64(w, "rows", cpic->rows);
    tell_lines(report, cpic->notes_count, buf_slice(&cpic->notes));
    json_write_object_end(w);
}

void import_report_file(struct import_report *report, const char *member, const char *path,
                        size_t rows)
{
    buf_printf(&report->text, "%s from %s\n  %zu rows\n", member, path, rows);
    json_write_object(&report->json);
    json_write_member_text(&report->json, member, slice_of(path));
    json_write_member_u64(&report->json, "rows", rows);
    json_write_object_end(&report->json);
}

/* --- the drugs of the whole ----------------------------------------------------------------
 */

static size_t count_codes(const struct rules_release *release, struct slice drug)
{
    size_t count = 0;

    for (size_t i = 0; i < release->drug_codes_count; i++)
        count += slice_eq(release->drug_codes[i].drug, drug);
    return count;
}

void import_report_print_drugs(const struct rules_release *release, bool wants_all)
{
    size_t without = 0;

    for (size_t i = 0; i < release->drugs_count; i++) {
        size_t count = count_codes(release, release->drugs[i].name);

        if (wants_all)
            (void)printf("  %7zu  %.*s\n", count, SLICE_ARG(release->drugs[i].name));
        else if (count == 0)
            (void)printf("%s%.*s", without++ == 0 ? "drugs without any code: " : ", ",
                         SLICE_ARG(release->drugs[i].name));
    }
    if (without > 0)
        (void)putchar('\n');
}

void import_report_write_drugs(struct json_writer *w, const struct rules_release *release,
                               bool wants_all)
{
    json_write_name(w, wants_all ? "codesPerDrug" : "drugsWithoutCode");
    if (wants_all)
        json_write_object(w);
    else
        json_write_array(w);
    for (size_t i = 0; i < release->drugs_count; i++) {
        size_t count = count_codes(release, release->drugs[i].name);
        struct slice name = release->drugs[i].name;

        if (wants_all) {
            json_write_name_slice(w, name);
            json_write_u64(w, count);
        } else if (count == 0) {
            json_write_text(w, name);
        }
    }
    if (wants_all)
        json_write_object_end(w);
    else
        json_write_array_end(w);
}
