/* gateway/cli/rules_sources.c -- importers by option, and what they tell. */
#include "gateway/cli/rules_sources.h"

#include "gateway/store/cpic_import.h"
#include "gateway/store/knowledge_files.h"
#include "gateway/store/modulators_csv.h"

static enum err_code
add_cpic(const char *value, const char *shown,
         enum err_code (*import)(const char *value, struct rules_release *release,
                                 struct cpic_report *report, struct err *err),
         struct rules_release *release, struct buf *told, struct err *err)
{
    struct cpic_report report;
    enum err_code code;

    cpic_report_init(&report);
    code = import(value, release, &report, err);
    if (code == ERR_OK) {
        buf_printf(told,
                   "%s: %zu genes with %zu alleles, %zu drugs, %zu recommendations from %zu "
                   "rows, %zu notes\n",
                   shown, report.genes, report.alleles, report.drugs, report.recommendations,
                   report.rows, report.notes_count);
        buf_add(told, buf_slice(&report.notes));
    }
    cpic_report_release(&report);
    return code;
}

/* The connection string is not shown: a password may stand in it. */
enum err_code rules_source_cpic(const char *value, struct rules_release *release,
                                struct buf *told, struct err *err)
{
    return add_cpic(value, "CPIC's database", cpic_import_database, release, told, err);
}

enum err_code rules_source_cpic_json(const char *value, struct rules_release *release,
                                     struct buf *told, struct err *err)
{
    return add_cpic(value, value, cpic_import_json, release, told, err);
}

enum err_code rules_source_modulators(const char *value, struct rules_release *release,
                                      struct buf *told, struct err *err)
{
    size_t count = 0;

    if (modulators_csv_import(value, release, &count, err) != ERR_OK)
        return err->code;
    buf_printf(told, "%s: %zu modulators\n", value, count);
    return ERR_OK;
}

enum err_code rules_source_pack(const char *value, struct rules_release *release,
                                struct buf *told, struct err *err)
{
    if (store_read_pack(value, release, err) != ERR_OK)
        return err->code;
    buf_printf(told, "%s: a pack\n", value);
    return ERR_OK;
}

bool rules_sources_put(struct rules_sources *sources, enum rules_source_kind kind,
                       const char *value)
{
    if (sources->counts[kind] == RULES_SOURCE_VALUES_MAX)
        return false;
    sources->values[kind][sources->counts[kind]++] = value;
    return true;
}

enum err_code rules_sources_apply(const struct rules_sources *sources,
                                  struct rules_release *release, struct buf *told,
                                  struct err *err)
{
    static enum err_code (*const ADD[RULES_SOURCES_COUNT])(
        const char *value, struct rules_release *release, struct buf *told, struct err *err) = {
#define X(code, option, add) add,
        RULES_SOURCES(X)
#undef X
    };

    for (size_t kind = 0; kind < RULES_SOURCES_COUNT; kind++)
        for (size_t i = 0; i < sources->counts[kind]; i++)
            if (ADD[kind](sources->values[kind][i], release, told, err) != ERR_OK)
                return err->code;
    return ERR_OK;
}
