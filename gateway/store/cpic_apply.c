/* gateway/store/cpic_apply.c -- genes first, then advice, then what is said of both. */
#include "gateway/store/cpic_emit.h"
#include "gateway/store/release_edit.h"

#define SCRATCH_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define DATE_BYTES_MAX    40

/* "2026.11" and data of 2026-04-30 make "2026.11+cpic-2026-04-30", once. */
static void name_version(struct cpic_import *a)
{
    struct slice date = a->rows->date.len > 0 ? a->rows->date : SLICE("undated");
    bool has_dpwg = false;
    struct slice suffix;

    for (size_t i = 0; i < a->rows->guidelines_count; i++)
        has_dpwg = has_dpwg || slice_eq_text(a->rows->guidelines[i].publisher, "DPWG");
    suffix = CPIC_PRINT(a, "+%s-%.*s", has_dpwg ? "clinpgx" : "cpic",
                        SLICE_ARG(slice_head(date, DATE_BYTES_MAX)));
    if (!slice_ends(a->release->version, suffix))
        a->release->version =
            CPIC_PRINT(a, "%.*s%.*s", SLICE_ARG(a->release->version), SLICE_ARG(suffix));
}

enum err_code cpic_apply(const struct cpic_rows *rows, struct rules_release *release,
                         struct cpic_report *report, struct err *err)
{
    struct arena scratch;
    struct cpic_import a = {rows, release, report, &scratch, err};
    enum err_code code;

    arena_init(&scratch, SCRATCH_BYTES_MAX);
    code = cpic_apply_genes(&a);
    if (code == ERR_OK)
        code = cpic_apply_advice(&a);
    if (code == ERR_OK)
        code = cpic_emit_pairs(&a);
    if (code == ERR_OK && report->drugs + report->genes > 0) {
        release_drop_unused_sources(release, SLICE("CPIC"));
        name_version(&a);
    }
    if (code == ERR_OK && rows->other_guidelines > 0)
        cpic_note(report, "%zu guidelines of publishers other than CPIC and DPWG left out",
                  rows->other_guidelines);
    if (code == ERR_OK && release->arena.has_failed)
        code = err_set(err, ERR_NOMEM, "no memory for the import");
    arena_release(&scratch);
    return code;
}
