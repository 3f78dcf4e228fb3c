/* tests/gateway/cpic_database.h -- a database of CPIC's shape, made from the reference tables.
 *
 * The columns come from cpic_db_schema.tsv, which lists those of CPIC's own database; the rows
 * from the tables that were extracted from CPIC's data, put together in SQL. Identifiers that
 * the tables do not have are numbered here.
 */
#ifndef TESTS_GATEWAY_CPIC_DATABASE_H
#define TESTS_GATEWAY_CPIC_DATABASE_H

#include "gateway/store/file.h"
#include "tests/gateway/database_fixture.h"

#define TABLES         "../shared/reference/cpic"
#define TABLES_2026    "../shared/reference/cpic/overlay_2026-02_thiopurines"
#define FILE_BYTES_MAX ((size_t)64 * 1024 * 1024)

static inline void reference_read(const char *dir, const char *name, struct buf *ret)
{
    struct err err = {0};

    buf_init(ret, FILE_BYTES_MAX);
    assert_ok(file_read(dir, name, ret, &err), &err);
}

/* Makes schema cpic with the tables of that file, every column of its type. */
static inline void cpic_make_schema(struct db *db)
{
    struct slice rest, relation = SLICE_NONE;
    struct buf file, sql;

    reference_read(TABLES, "cpic_db_schema.tsv", &file);
    buf_init(&sql, FILE_BYTES_MAX);
    buf_add_text(&sql, "CREATE SCHEMA cpic;");
    rest = buf_slice(&file);
    (void)slice_cut(rest, '\n', &rest);
    while (rest.len > 0) {
        struct slice line = slice_cut(rest, '\n', &rest), fields[6];

        for (size_t i = 0; i < ARRAY_LEN(fields); i++)
            fields[i] = slice_cut(line, '\t', &line);
        if (!slice_eq_text(fields[1], "table"))
            continue;
        if (!slice_eq(fields[0], relation))
            buf_printf(&sql, "%sCREATE TABLE cpic.%.*s (", relation.len > 0 ? ");" : "",
                       SLICE_ARG(fields[0]));
        buf_printf(&sql, "%s\"%.*s\" %.*s%s", slice_eq(fields[0], relation) ? ", " : "",
                   SLICE_ARG(fields[3]), SLICE_ARG(fields[4]),
                   slice_eq_text(fields[5], "t") ? " NOT NULL" : "");
        relation = fields[0];
    }
    buf_add_text(&sql, ");");
    assert_false(buf_failed(&sql));
    test_exec(db, buf_slice(&sql).ptr);
    buf_release(&sql);
    buf_release(&file);
}

/* Loads a file with a header line as table raw.`table`: every column a text. */
static inline void raw_load_tsv(struct db *db, const char *dir, const char *file_name,
                                const char *table)
{
    struct slice rest, header;
    struct err err = {0};
    struct buf file, sql;

    reference_read(dir, file_name, &file);
    buf_init(&sql, 8192);
    rest = buf_slice(&file);
    header = slice_cut(rest, '\n', &rest);
    buf_printf(&sql, "CREATE TABLE raw.%s (", table);
    for (bool is_first = true; header.len > 0; is_first = false) {
        struct slice column = slice_cut(header, '\t', &header);

        buf_printf(&sql, "%s\"%.*s\" text", is_first ? "" : ", ", SLICE_ARG(column));
    }
    buf_add_text(&sql, ")");
    test_exec(db, buf_slice(&sql).ptr);
    buf_clear(&sql);
    buf_printf(&sql, "COPY raw.%s FROM STDIN WITH (NULL 'no such text')", table);
    assert_ok(db_copy_begin(db, table, buf_slice(&sql).ptr, &err), &err);
    assert_ok(db_copy_add(db, rest, &err), &err);
    assert_ok(db_copy_end(db, &err), &err);
    buf_release(&sql);
    buf_release(&file);
}

/* Loads JSON lines as rows of raw.`table`(line jsonb), in order. */
static inline void raw_load_jsonl(struct db *db, const char *dir, const char *file_name,
                                  const char *table)
{
    struct err err = {0};
    struct buf file;
    char sql[200];

    reference_read(dir, file_name, &file);
    (void)snprintf(sql, sizeof sql, "CREATE TABLE raw.%s (n serial, line jsonb)", table);
    test_exec(db, sql);
    (void)snprintf(sql, sizeof sql,
                   "COPY raw.%s (line) FROM STDIN"
                   " WITH (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')",
                   table);
    assert_ok(db_copy_begin(db, table, sql, &err), &err);
    assert_ok(db_copy_add(db, buf_slice(&file), &err), &err);
    assert_ok(db_copy_end(db, &err), &err);
    buf_release(&file);
}

static const char CPIC_GENES_SQL[] =
    "INSERT INTO cpic.gene (symbol, chr, hgncid, lookupmethod, includephenotypefrequencies,"
    "  includediplotypefrequencies)"
    " SELECT symbol, chromosome, hgnc_id, cpic_db_lookup_method, false, false FROM raw.genes"
    "  WHERE cpic_db_lookup_method <> '';"
    /* The update of February 2026 replaces two genes. */
    "CREATE VIEW raw.alleles AS"
    " SELECT gene, allele, clinical_function f, activity_value v FROM raw.allele_function"
    "  WHERE gene NOT IN ('TPMT', 'NUDT15')"
    " UNION ALL SELECT gene, allele, clinical_function, '' FROM raw.allele_function_2026;"
    "CREATE VIEW raw.diplotypes AS SELECT * FROM raw.diplotype_phenotype"
    "  WHERE gene NOT IN ('TPMT', 'NUDT15')"
    " UNION ALL SELECT * FROM raw.diplotype_phenotype_2026;"
    "INSERT INTO cpic.allele (id, genesymbol, name, clinicalfunctionalstatus, activityvalue,"
    "  definitionid)"
    " SELECT row_number() OVER (), gene, allele, nullif(f, ''), nullif(v, ''), 1"
    "  FROM raw.alleles WHERE gene NOT LIKE 'HLA-%';"
    "CREATE TABLE raw.pairs_of AS SELECT DISTINCT d.gene, d.phenotype, d.activity_score score,"
    "  least(a.f, b.f) f1, nullif(greatest(a.f, b.f), CASE WHEN b.f IS NULL THEN a.f END) f2,"
    "  least(a.v, b.v) v1, greatest(a.v, b.v) v2"
    " FROM raw.diplotypes d JOIN raw.alleles a ON a.gene = d.gene AND a.allele = d.allele1"
    " LEFT JOIN raw.alleles b ON b.gene = d.gene AND b.allele = d.allele2;"
    "INSERT INTO cpic.gene_result (id, genesymbol, result, activityscore, ehrpriority)"
    " SELECT row_number() OVER (), p.gene, p.phenotype, nullif(p.score, ''), "
    "e.ehr_priority_cpic"
    "  FROM (SELECT DISTINCT gene, phenotype, score FROM raw.pairs_of UNION"
    "   SELECT DISTINCT key, value, '' FROM raw.recommendations, "
    "jsonb_each_text(line->'lookup')"
    "    WHERE key LIKE 'HLA-%' AND value <> 'No Result') p"
    "  LEFT JOIN raw.ehr_priority e ON e.gene = p.gene AND e.phenotype = p.phenotype;"
    "INSERT INTO cpic.gene_result_lookup (id, phenotypeid, lookupkey, function1, function2,"
    "  activityvalue1, activityvalue2, totalactivityscore)"
    " SELECT row_number() OVER (), r.id, '{}', p.f1, p.f2, nullif(p.v1, ''), nullif(p.v2, ''),"
    "  nullif(p.score, '')"
    " FROM raw.pairs_of p JOIN cpic.gene_result r ON r.genesymbol = p.gene"
    "  AND r.result = p.phenotype AND coalesce(r.activityscore, '') = p.score;";

static const char CPIC_ADVICE_SQL[] =
    "CREATE VIEW raw.rows AS SELECT n, line FROM raw.recommendations"
    "  WHERE line->>'drug' NOT IN ('azathioprine', 'mercaptopurine', 'thioguanine')"
    " UNION ALL SELECT 100000 + n, line FROM raw.recommendations_2026;"
    "INSERT INTO cpic.drug (drugid, name, rxnormid, atcid)"
    " SELECT CASE WHEN cpic_drugid <> '' THEN cpic_drugid ELSE 'own:' || row_number() OVER () "
    "END,"
    "  name, nullif(rxnorm_in, ''), string_to_array(nullif(atc, ''), ',') FROM raw.drugs;"
    "INSERT INTO cpic.guideline (id, name, url, clinpgxid)"
    " SELECT row_number() OVER (), name, url, clinpgx_annotation_id FROM raw.guidelines"
    "  WHERE source = 'CPIC';"
    "INSERT INTO cpic.publication (id, guidelineid, pmid, year)"
    " SELECT row_number() OVER (), g.id, pmid, p.year::integer FROM raw.guidelines r"
    "  JOIN cpic.guideline g ON g.clinpgxid = r.clinpgx_annotation_id"
    "  CROSS JOIN unnest(string_to_array(r.pmids, ',')) pmid LEFT JOIN raw.publications p"
    "  USING (pmid);"
    "INSERT INTO cpic.recommendation (id, guidelineid, drugid, implications, "
    "drugrecommendation,"
    "  classification, lookupkey, population, comments, dosinginformation,"
    "  alternatedrugavailable, otherprescribingguidance)"
    " SELECT n, g.id, d.drugid, line->'implications', line->>'recommendation',"
    "  line->>'classification', line->'lookup', line->>'population', line->>'comments',"
    "  (line->>'dosingInformation')::boolean, (line->>'alternateDrugAvailable')::boolean,"
    "  (line->>'otherPrescribingGuidance')::boolean"
    " FROM raw.rows JOIN cpic.drug d ON d.name = line->>'drug'"
    "  LEFT JOIN cpic.guideline g ON g.clinpgxid = line->>'guideline_id';"
    /* Guidelines that are newer than the list of them. */
    "INSERT INTO cpic.guideline (id, name) VALUES (900, 'A guideline that is not in the list');"
    "UPDATE cpic.recommendation SET guidelineid = 900 WHERE guidelineid IS NULL;"
    "INSERT INTO cpic.pair (pairid, genesymbol, drugid, guidelineid, cpiclevel)"
    " SELECT row_number() OVER (), p.gene, d.drugid, CASE p.level_status WHEN 'Final' THEN 1 "
    "END,"
    "  p.cpic_level FROM raw.pairs p JOIN cpic.drug d ON d.name = p.drug;"
    "INSERT INTO cpic.change_log (date, type, note) VALUES ('2026-02-01', 'x', 'x'),"
    "  ('2026-04-30', 'x', 'x');";

/* Fills the database. */
static inline void cpic_make_database(struct db *db)
{
    static const struct {
        const char *dir, *file, *table;
    } FILES[] = {
        {TABLES, "genes.tsv", "genes"},
        {TABLES, "allele_function.tsv", "allele_function"},
        {TABLES, "diplotype_phenotype.tsv", "diplotype_phenotype"},
        {TABLES, "ehr_priority.tsv", "ehr_priority"},
        {TABLES, "drugs.tsv", "drugs"},
        {TABLES, "guidelines.tsv", "guidelines"},
        {TABLES, "publications.tsv", "publications"},
        {TABLES, "pairs.tsv", "pairs"},
        {TABLES_2026, "allele_function.tsv", "allele_function_2026"},
        {TABLES_2026, "diplotype_phenotype.tsv", "diplotype_phenotype_2026"},
    };

    test_exec(db, "CREATE SCHEMA raw");
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++)
        raw_load_tsv(db, FILES[i].dir, FILES[i].file, FILES[i].table);
    raw_load_jsonl(db, TABLES, "recommendations_cpic.jsonl", "recommendations");
    raw_load_jsonl(db, TABLES_2026, "recommendations_cpic.jsonl", "recommendations_2026");
    cpic_make_schema(db);
    test_exec(db, CPIC_GENES_SQL);
    test_exec(db, CPIC_ADVICE_SQL);
}

#endif
