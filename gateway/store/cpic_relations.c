/* gateway/store/cpic_relations.c -- the relations of CPIC's database, column by column. */
#include <assert.h>

#include "fhir/json.h"
#include "gateway/store/cpic_rows.h"
#include "gateway/store/text.h"

#define LIST_NODES_MAX  10000
#define GUIDELINE_PAGES "https://www.clinpgx.org/guideline/"

#define COLUMN(table, name, kind, required, null)                                              \
    {                                                                                          \
        table, {name}, kind, required, null                                                    \
    }
#define TEXT(table, name)     COLUMN(table, name, CPIC_TEXT, true, false)
#define NULLABLE(table, name) COLUMN(table, name, CPIC_TEXT, true, true)
#define OPTIONAL(table, name) COLUMN(table, name, CPIC_TEXT, false, true)
#define FLAG(table, name)     COLUMN(table, name, CPIC_FLAG, true, true)
#define JSON(table, name)     COLUMN(table, name, CPIC_JSON, false, true)

#define NO_MEMORY(err) err_set((err), ERR_NOMEM, "the import is too large")

/* A cell in the rows' own memory, trimmed; null is empty. */
static struct slice copy(struct cpic_rows *rows, struct slice cell)
{
    return arena_copy(&rows->arena, slice_trim(cell));
}

/* Newest first: what is there under its new name, else under an older one. */
static struct slice either(struct slice a, struct slice b)
{
    return slice_trim(a).len > 0 ? a : b;
}

static bool is_true(struct slice cell)
{
    return slice_eq_text(cell, "true");
}

static enum err_code done(struct cpic_rows *rows, const void *row, struct err *err)
{
    return row == NULL || rows->arena.has_failed ? NO_MEMORY(err) : ERR_OK;
}

/* --- lists ---------------------------------------------------------------------------------
 */

static enum err_code take_elements(struct cpic_rows *rows, struct json array,
                                   struct slice place, const char *column, struct slice **ret,
                                   size_t *ret_count, struct err *err)
{
    struct slice *list = arena_array(&rows->arena, CPIC_LIST_MAX, sizeof *list);
    size_t count = 0;

    if (list == NULL)
        return NO_MEMORY(err);
    for (struct json e = json_first(array); !json_is_absent(e); e = json_next(e)) {
        if (!json_is(e, JSON_STRING) || count == CPIC_LIST_MAX)
            return err_set(err, ERR_INVALID, "%.*s: %s: must be a list of at most %d texts",
                           SLICE_ARG(place), column, CPIC_LIST_MAX);
        list[count++] = copy(rows, json_text(e, &rows->arena));
    }
    *ret = list;
    *ret_count = count;
    return ERR_OK;
}

/* A list of texts from JSON; null is an empty list. */
static enum err_code read_list(struct cpic_rows *rows, struct slice cell, struct slice place,
                               const char *column, struct slice **ret, size_t *ret_count,
                               struct err *err)
{
    struct err why = {0};
    struct json_doc doc;
    struct buf text;
    enum err_code code;

    *ret_count = 0;
    if (cell.ptr == NULL)
        return ERR_OK;
    json_doc_init(&doc);
    buf_init(&text, (size_t)CPIC_LIST_MAX * CPIC_TEXT_BYTES_MAX);
    buf_add(&text, cell);
    if (buf_failed(&text) || json_parse(&doc, buf_slice(&text), LIST_NODES_MAX, &why) != ERR_OK)
        code = err_set(err, ERR_SYNTAX, "%.*s: %s: %s", SLICE_ARG(place), column,
                       buf_failed(&text) ? "too long" : why.text);
    else if (!json_is(json_root(&doc), JSON_ARRAY))
        code = err_set(err, ERR_INVALID, "%.*s: %s: must be a list, is %s", SLICE_ARG(place),
                       column, json_type_name(json_type(json_root(&doc))));
    else
        code = take_elements(rows, json_root(&doc), place, column, ret, ret_count, err);
    json_doc_release(&doc);
    buf_release(&text);
    return code;
}

/* --- genes ---------------------------------------------------------------------------------
 */

enum { GENE_SYMBOL, GENE_HGNC, GENE_CHR, GENE_METHOD };
static const struct cpic_column GENE_COLUMNS[] = {
    TEXT("gene", "symbol"),
    OPTIONAL("gene", "hgncid"),
    OPTIONAL("gene", "chr"),
    NULLABLE("gene", "lookupmethod"),
};

static enum err_code add_gene(struct cpic_rows *rows, const struct slice *cells,
                              struct slice place, struct err *err)
{
    struct cpic_gene *row = cpic_add_gene(rows);

    (void)place;
    if (row != NULL)
        *row = (struct cpic_gene){copy(rows, cells[GENE_SYMBOL]), copy(rows, cells[GENE_HGNC]),
                                  copy(rows, cells[GENE_CHR]), copy(rows, cells[GENE_METHOD])};
    return done(rows, row, err);
}

enum { ALLELE_GENE, ALLELE_NAME, ALLELE_FUNCTION, ALLELE_VALUE };
static const struct cpic_column ALLELE_COLUMNS[] = {
    TEXT("allele", "genesymbol"),
    TEXT("allele", "name"),
    NULLABLE("allele", "clinicalfunctionalstatus"),
    NULLABLE("allele", "activityvalue"),
};

static enum err_code add_allele(struct cpic_rows *rows, const struct slice *cells,
                                struct slice place, struct err *err)
{
    struct cpic_allele *row = cpic_add_allele(rows);

    (void)place;
    if (row != NULL)
        *row = (struct cpic_allele){
            copy(rows, cells[ALLELE_GENE]), copy(rows, cells[ALLELE_NAME]),
            copy(rows, cells[ALLELE_FUNCTION]), copy(rows, cells[ALLELE_VALUE])};
    return done(rows, row, err);
}

enum {
    RESULT_GENE,
    RESULT_RESULT,
    RESULT_SCORE,
    RESULT_PRIORITY,
    RESULT_FUNCTION1,
    RESULT_FUNCTION2,
    RESULT_VALUE1,
    RESULT_VALUE2,
    RESULT_TOTAL
};
static const struct cpic_column RESULT_COLUMNS[] = {
    TEXT("gene_result", "genesymbol"),
    {"gene_result", {"result", "generesult"}, CPIC_TEXT, true, false},
    OPTIONAL("gene_result", "activityscore"),
    OPTIONAL("gene_result", "ehrpriority"),
    OPTIONAL("gene_result_lookup", "function1"),
    OPTIONAL("gene_result_lookup", "function2"),
    OPTIONAL("gene_result_lookup", "activityvalue1"),
    OPTIONAL("gene_result_lookup", "activityvalue2"),
    OPTIONAL("gene_result_lookup", "totalactivityscore"),
};

static enum err_code add_result(struct cpic_rows *rows, const struct slice *cells,
                                struct slice place, struct err *err)
{
    struct cpic_result *row = cpic_add_result(rows);
    struct slice gene = copy(rows, cells[RESULT_GENE]);

    if (row != NULL)
        *row = (struct cpic_result){
            .gene = gene,
            .result = cpic_without_gene(copy(rows, cells[RESULT_RESULT]), gene),
            .score = copy(rows, either(cells[RESULT_TOTAL], cells[RESULT_SCORE])),
            .priority = copy(rows, cells[RESULT_PRIORITY]),
            .function1 = copy(rows, cells[RESULT_FUNCTION1]),
            .function2 = copy(rows, cells[RESULT_FUNCTION2]),
            .value1 = copy(rows, cells[RESULT_VALUE1]),
            .value2 = copy(rows, cells[RESULT_VALUE2]),
            .place = arena_copy(&rows->arena, place),
        };
    return done(rows, row, err);
}

/* --- drugs, guidelines ---------------------------------------------------------------------
 */

enum { DRUG_ID, DRUG_NAME, DRUG_RXNORM, DRUG_ATC };
static const struct cpic_column DRUG_COLUMNS[] = {
    TEXT("drug", "drugid"),
    TEXT("drug", "name"),
    OPTIONAL("drug", "rxnormid"),
    JSON("drug", "atcid"),
};

static enum err_code add_drug(struct cpic_rows *rows, const struct slice *cells,
                              struct slice place, struct err *err)
{
    struct cpic_drug *row = cpic_add_drug(rows);

    if (done(rows, row, err) != ERR_OK)
        return err->code;
    row->id = copy(rows, cells[DRUG_ID]);
    row->name = copy(rows, cells[DRUG_NAME]);
    row->rxnorm = copy(rows, cells[DRUG_RXNORM]);
    if (read_list(rows, cells[DRUG_ATC], place, "atcid", &row->atc, &row->atc_count, err) !=
        ERR_OK)
        return err->code;
    return done(rows, row, err);
}

enum { GUIDELINE_ID, GUIDELINE_NAME, GUIDELINE_URL, GUIDELINE_VERSION, GUIDELINE_PAGE };
static const struct cpic_column GUIDELINE_COLUMNS[] = {
    TEXT("guideline", "id"),
    TEXT("guideline", "name"),
    OPTIONAL("guideline", "url"),
    OPTIONAL("guideline", "version"),
    {"guideline", {"clinpgxid", "pharmgkbid"}, CPIC_TEXT, false, true},
};

static enum err_code add_guideline(struct cpic_rows *rows, const struct slice *cells,
                                   struct slice place, struct err *err)
{
    struct cpic_guideline *row = cpic_add_guideline(rows);

    (void)place;
    if (row == NULL)
        return NO_MEMORY(err);
    *row = (struct cpic_guideline){
        .id = copy(rows, cells[GUIDELINE_ID]),
        .publisher = SLICE("CPIC"),
        .name = copy(rows, cells[GUIDELINE_NAME]),
        .url = copy(rows, cells[GUIDELINE_URL]),
        .version = copy(rows, cells[GUIDELINE_VERSION]),
    };
    if (row->url.len == 0 && cells[GUIDELINE_PAGE].len > 0)
        row->url = arena_printf(&rows->arena, GUIDELINE_PAGES "%.*s",
                                SLICE_ARG(slice_trim(cells[GUIDELINE_PAGE])));
    return done(rows, row, err);
}

enum { PUBLICATION_GUIDELINE, PUBLICATION_PMID, PUBLICATION_YEAR };
static const struct cpic_column PUBLICATION_COLUMNS[] = {
    NULLABLE("publication", "guidelineid"),
    NULLABLE("publication", "pmid"),
    OPTIONAL("publication", "year"),
};

/* Guidelines stand before publications in CPIC_RELATIONS. */
static enum err_code add_publication(struct cpic_rows *rows, const struct slice *cells,
                                     struct slice place, struct err *err)
{
    struct slice pmid = slice_trim(cells[PUBLICATION_PMID]);
    uint64_t number;

    if (pmid.len > 0 && !slice_to_u64(pmid, UINT32_MAX, &number))
        return err_set(err, ERR_INVALID, "%.*s: pmid: must be a number", SLICE_ARG(place));
    for (size_t i = 0; i < rows->guidelines_count; i++) {
        struct cpic_guideline *g = &rows->guidelines[i];

        if (cells[PUBLICATION_GUIDELINE].len == 0 ||
            !slice_eq(g->id, slice_trim(cells[PUBLICATION_GUIDELINE])))
            continue;
        if (pmid.len > 0)
            g->pmids = g->pmids.len == 0 ? copy(rows, pmid)
                                         : arena_printf(&rows->arena, "%.*s %.*s",
                                                        SLICE_ARG(g->pmids), SLICE_ARG(pmid));
        if (slice_compare(g->year, cells[PUBLICATION_YEAR]) < 0)
            g->year = copy(rows, cells[PUBLICATION_YEAR]);
    }
    return rows->arena.has_failed ? NO_MEMORY(err) : ERR_OK;
}

/* --- recommendations -----------------------------------------------------------------------
 */

enum {
    REC_ID,
    REC_GUIDELINE,
    REC_DRUG,
    REC_KEY,
    REC_CLASSIFICATION,
    REC_TEXT,
    REC_IMPLICATIONS,
    REC_POPULATION,
    REC_COMMENTS,
    REC_ALTERNATIVE,
    REC_DOSE,
    REC_OTHER
};
static const struct cpic_column RECOMMENDATION_COLUMNS[] = {
    {"recommendation", {"id", "recommendationid"}, CPIC_TEXT, true, false},
    {"recommendation", {"guidelineid", "guidelinename"}, CPIC_TEXT, true, false},
    {"recommendation", {"drugid", "drugname"}, CPIC_TEXT, true, false},
    {"recommendation", {"lookupkey"}, CPIC_JSON, true, true},
    NULLABLE("recommendation", "classification"),
    NULLABLE("recommendation", "drugrecommendation"),
    JSON("recommendation", "implications"),
    NULLABLE("recommendation", "population"),
    OPTIONAL("recommendation", "comments"),
    FLAG("recommendation", "alternatedrugavailable"),
    FLAG("recommendation", "dosinginformation"),
    FLAG("recommendation", "otherprescribingguidance"),
};

/* In order of gene: databases keep members in an order of their own. */
static void put_implication(struct cpic_recommendation *row, struct slice gene,
                            struct slice text)
{
    size_t at = row->implications_count++;

    for (; at > 0 && slice_compare(row->implications[at - 1].gene, gene) > 0; at--)
        row->implications[at] = row->implications[at - 1];
    row->implications[at] = (struct cpic_implication){gene, text};
}

static enum err_code take_implications(struct cpic_rows *rows, struct json object,
                                       struct slice place, struct cpic_recommendation *row,
                                       struct err *err)
{
    struct arena *arena = &rows->arena;
    uint32_t count = json_count(object);

    if (json_is(object, JSON_NULL))
        return ERR_OK;
    if (!json_is(object, JSON_OBJECT) || count > CPIC_LIST_MAX)
        return err_set(err, ERR_INVALID, "%.*s: implications: must be an object, is %s",
                       SLICE_ARG(place), json_type_name(json_type(object)));
    row->implications = arena_array(arena, count, sizeof *row->implications);
    if (row->implications == NULL)
        return NO_MEMORY(err);
    for (struct json e = json_first(object); !json_is_absent(e); e = json_next(e)) {
        if (!json_is(e, JSON_STRING) && !json_is(e, JSON_NULL))
            return err_set(err, ERR_INVALID, "%.*s: implications: must be texts",
                           SLICE_ARG(place));
        put_implication(row, arena_copy(arena, json_name(e, arena)),
                        cpic_plain_text(json_text(e, arena), arena));
    }
    return ERR_OK;
}

static enum err_code read_implications(struct cpic_rows *rows, struct slice cell,
                                       struct slice place, struct cpic_recommendation *row,
                                       struct err *err)
{
    struct err why = {0};
    struct json_doc doc;
    struct buf text;
    enum err_code code;

    if (cell.ptr == NULL)
        return ERR_OK;
    json_doc_init(&doc);
    buf_init(&text, (size_t)CPIC_LIST_MAX * CPIC_TEXT_BYTES_MAX);
    buf_add(&text, cell);
    if (buf_failed(&text) || json_parse(&doc, buf_slice(&text), LIST_NODES_MAX, &why) != ERR_OK)
        code = err_set(err, ERR_SYNTAX, "%.*s: implications: %s", SLICE_ARG(place),
                       buf_failed(&text) ? "too long" : why.text);
    else
        code = take_implications(rows, json_root(&doc), place, row, err);
    json_doc_release(&doc);
    buf_release(&text);
    return code;
}

static enum err_code add_recommendation(struct cpic_rows *rows, const struct slice *cells,
                                        struct slice place, struct err *err)
{
    struct cpic_recommendation *row = cpic_add_recommendation(rows);

    if (done(rows, row, err) != ERR_OK)
        return err->code;
    row->id = copy(rows, cells[REC_ID]);
    row->guideline = copy(rows, cells[REC_GUIDELINE]);
    row->drug = copy(rows, cells[REC_DRUG]);
    row->classification = copy(rows, cells[REC_CLASSIFICATION]);
    row->text = cpic_plain_text(cells[REC_TEXT], &rows->arena);
    row->population = copy(rows, cells[REC_POPULATION]);
    row->comments = cpic_plain_text(cells[REC_COMMENTS], &rows->arena);
    row->has_alternative = is_true(cells[REC_ALTERNATIVE]);
    row->has_dose = is_true(cells[REC_DOSE]);
    row->has_other = is_true(cells[REC_OTHER]);
    row->place = arena_copy(&rows->arena, place);
    if (cells[REC_KEY].ptr != NULL &&
        cpic_read_keys(rows, cells[REC_KEY], place, row->keys, &row->keys_count, err) != ERR_OK)
        return err->code;
    if (read_implications(rows, cells[REC_IMPLICATIONS], place, row, err) != ERR_OK)
        return err->code;
    return done(rows, row, err);
}

/* --- pairs, alerts, changes ----------------------------------------------------------------
 */

enum { PAIR_GENE, PAIR_DRUG, PAIR_LEVEL, PAIR_GUIDELINE, PAIR_REMOVED };
static const struct cpic_column PAIR_COLUMNS[] = {
    NULLABLE("pair", "genesymbol"),
    {"pair", {"drugid", "drugname"}, CPIC_TEXT, true, true},
    NULLABLE("pair", "cpiclevel"),
    {"pair", {"guidelineid", "guidelinename"}, CPIC_TEXT, false, true},
    {"pair", {"removed"}, CPIC_FLAG, false, true},
};

static enum err_code add_pair(struct cpic_rows *rows, const struct slice *cells,
                              struct slice place, struct err *err)
{
    struct cpic_pair *row;

    (void)place;
    if (is_true(cells[PAIR_REMOVED]) || cells[PAIR_GENE].len == 0 ||
        cells[PAIR_DRUG].len == 0 || cells[PAIR_LEVEL].len == 0)
        return ERR_OK;
    row = cpic_add_pair(rows);
    if (row != NULL)
        *row = (struct cpic_pair){copy(rows, cells[PAIR_GENE]), copy(rows, cells[PAIR_DRUG]),
                                  copy(rows, cells[PAIR_LEVEL]), cells[PAIR_GUIDELINE].len > 0};
    return done(rows, row, err);
}

enum { ALERT_CONTEXT, ALERT_DRUG, ALERT_POPULATION, ALERT_GENES, ALERT_KEY, ALERT_TEXT };
static const struct cpic_column ALERT_COLUMNS[] = {
    TEXT("test_alert", "cdscontext"),
    {"test_alert", {"drugid", "drugname"}, CPIC_TEXT, true, true},
    NULLABLE("test_alert", "population"),
    JSON("test_alert", "genes"),
    {"test_alert", {"lookupkey"}, CPIC_JSON, true, true},
    {"test_alert", {"alerttext"}, CPIC_JSON, true, true},
};

static enum err_code add_alert(struct cpic_rows *rows, const struct slice *cells,
                               struct slice place, struct err *err)
{
    struct cpic_alert *row = cpic_add_alert(rows);
    struct slice *paragraphs = NULL;
    size_t count = 0;

    if (done(rows, row, err) != ERR_OK)
        return err->code;
    row->context = copy(rows, cells[ALERT_CONTEXT]);
    row->drug = copy(rows, cells[ALERT_DRUG]);
    row->population = copy(rows, cells[ALERT_POPULATION]);
    row->place = arena_copy(&rows->arena, place);
    if (read_list(rows, cells[ALERT_GENES], place, "genes", &row->genes, &row->genes_count,
                  err) != ERR_OK ||
        read_list(rows, cells[ALERT_TEXT], place, "alerttext", &paragraphs, &count, err) !=
            ERR_OK)
        return err->code;
    if (cells[ALERT_KEY].ptr != NULL && cpic_read_keys(rows, cells[ALERT_KEY], place, row->keys,
                                                       &row->keys_count, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < count; i++)
        row->text = arena_printf(&rows->arena, "%.*s%s%.*s", SLICE_ARG(row->text),
                                 i > 0 ? " " : "", SLICE_ARG(paragraphs[i]));
    return done(rows, row, err);
}

static const struct cpic_column CHANGE_COLUMNS[] = {TEXT("change_log", "date")};

static enum err_code add_change(struct cpic_rows *rows, const struct slice *cells,
                                struct slice place, struct err *err)
{
    (void)place;
    cpic_rows_date(rows, slice_trim(cells[0]));
    return rows->arena.has_failed ? NO_MEMORY(err) : ERR_OK;
}

/* In the order in which they are read. To tell the rows of a JSON file, the first relation
 * whose marks all are there is taken. */
const struct cpic_relation CPIC_RELATIONS[] = {
    {"recommendation",
     "cpic.recommendation",
     "recommendation.id",
     {"drugrecommendation", "lookupkey", "classification"},
     RECOMMENDATION_COLUMNS,
     ARRAY_LEN(RECOMMENDATION_COLUMNS),
     false,
     true,
     add_recommendation},
    {"gene",
     "cpic.gene",
     "gene.symbol",
     {"symbol", "lookupmethod"},
     GENE_COLUMNS,
     ARRAY_LEN(GENE_COLUMNS),
     false,
     true,
     add_gene},
    {"allele",
     "cpic.allele",
     "allele.id",
     {"genesymbol", "name", "clinicalfunctionalstatus"},
     ALLELE_COLUMNS,
     ARRAY_LEN(ALLELE_COLUMNS),
     false,
     true,
     add_allele},
    {"gene_result",
     "cpic.gene_result LEFT JOIN cpic.gene_result_lookup"
     " ON gene_result_lookup.phenotypeid = gene_result.id",
     "gene_result.id, gene_result_lookup.id",
     {"genesymbol", "generesult", "diplotype"},
     RESULT_COLUMNS,
     ARRAY_LEN(RESULT_COLUMNS),
     false,
     true,
     add_result},
    {"pair",
     "cpic.pair",
     "pair.pairid",
     {"genesymbol", "cpiclevel"},
     PAIR_COLUMNS,
     ARRAY_LEN(PAIR_COLUMNS),
     true,
     false,
     add_pair},
    {"test_alert",
     "cpic.test_alert",
     "test_alert.id",
     {"cdscontext", "alerttext"},
     ALERT_COLUMNS,
     ARRAY_LEN(ALERT_COLUMNS),
     true,
     false,
     add_alert},
    {"drug",
     "cpic.drug",
     "drug.drugid",
     {"drugid", "name"},
     DRUG_COLUMNS,
     ARRAY_LEN(DRUG_COLUMNS),
     false,
     true,
     add_drug},
    {"guideline",
     "cpic.guideline",
     "guideline.id",
     {"id", "name", "genes"},
     GUIDELINE_COLUMNS,
     ARRAY_LEN(GUIDELINE_COLUMNS),
     false,
     true,
     add_guideline},
    {"publication",
     "cpic.publication",
     "publication.id",
     {"pmid", "title"},
     PUBLICATION_COLUMNS,
     ARRAY_LEN(PUBLICATION_COLUMNS),
     true,
     false,
     add_publication},
    {"change_log",
     "cpic.change_log",
     "change_log.date",
     {"date", "note"},
     CHANGE_COLUMNS,
     ARRAY_LEN(CHANGE_COLUMNS),
     true,
     false,
     add_change},
};
const size_t CPIC_RELATIONS_COUNT = ARRAY_LEN(CPIC_RELATIONS);

/* --- checking ------------------------------------------------------------------------------
 */

static enum err_code check_cell(const struct cpic_column *column, struct slice cell,
                                struct slice place, struct err *err)
{
    const char *name = column->names[0];

    if (cell.ptr == NULL || slice_trim(cell).len == 0)
        return column->is_required && !column->may_be_null
                   ? err_set(err, ERR_INVALID, "%.*s: %s: must not be empty", SLICE_ARG(place),
                             name)
                   : ERR_OK;
    if (cell.len > CPIC_TEXT_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "%.*s: %s: longer than %d bytes", SLICE_ARG(place), name,
                       CPIC_TEXT_BYTES_MAX);
    if (!text_is_utf8(cell))
        return err_set(err, ERR_SYNTAX, "%.*s: %s: not UTF-8", SLICE_ARG(place), name);
    if (column->kind == CPIC_FLAG && !is_true(cell) && !slice_eq_text(cell, "false"))
        return err_set(err, ERR_INVALID, "%.*s: %s: must be true or false", SLICE_ARG(place),
                       name);
    return ERR_OK;
}

enum err_code cpic_add_row(struct cpic_rows *rows, const struct cpic_relation *relation,
                           const struct slice *cells, struct slice place, struct err *err)
{
    assert(relation->columns_count <= CPIC_COLUMNS_MAX);
    for (size_t i = 0; i < relation->columns_count; i++)
        if (check_cell(&relation->columns[i], cells[i], place, err) != ERR_OK)
            return err->code;
    return relation->add(rows, cells, place, err);
}
