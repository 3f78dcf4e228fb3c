/* tests/gateway/knowledge_fixture.h -- a small set of knowledge files, written to a folder.
 *
 * Three genes of three methods, two drugs, every kind of optional member at least once. The
 * clinical content is simplified and for tests only.
 */
#ifndef TESTS_GATEWAY_KNOWLEDGE_FIXTURE_H
#define TESTS_GATEWAY_KNOWLEDGE_FIXTURE_H

#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/store/knowledge_files.h"
#include "gateway/store/releases.h"
#include "rules/evaluate.h"
#include "tests/test.h"

#define FIXTURE_DIR_SIZE 64

struct fixture_file {
    const char *name;
    const char *text;
};

static const struct fixture_file FIXTURE_FILES[] = {
    {"release.json", "{ \"name\": \"fixture\", \"version\": \"1\",\n"
                     "  \"developer\": \"the pgxgate contributors\" }\n"},
    {"sources.json",
     "{ \"sources\": [\n"
     "  { \"id\": \"guide-1\", \"publisher\": \"CPIC\", \"title\": \"A guideline\",\n"
     "    \"version\": \"1\", \"year\": \"2022\", \"url\": \"https://guide.example/1\",\n"
     "    \"pmids\": \"1 2\" },\n"
     "  { \"id\": \"table-1\", \"publisher\": \"CPIC\", \"title\": \"A table\",\n"
     "    \"version\": \"1\", \"year\": \"2022\", \"url\": \"https://guide.example/2\",\n"
     "    \"pmids\": \"\" },\n"
     "  { \"id\": \"label-1\", \"publisher\": \"FDA\", \"title\": \"A label\",\n"
     "    \"version\": \"1\", \"year\": \"2022\", \"url\": \"https://label.example/1\" } ] "
     "}\n"},
    {"genes/CYP2C19.json",
     "{ \"symbol\": \"CYP2C19\", \"hgnc\": \"HGNC:2621\", \"method\": \"function_pair\",\n"
     "  \"key\": \"phenotype\", \"source\": \"table-1\",\n"
     "  \"reference\": \"*1\", \"priority_source\": \"guide-1\",\n"
     "  \"phenotypes\": [ { \"name\": \"Normal Metabolizer\", \"abbreviation\": \"NM\" },\n"
     "    { \"name\": \"Intermediate Metabolizer\", \"abbreviation\": \"IM\",\n"
     "      \"priority\": \"abnormal\" },\n"
     "    { \"name\": \"Poor Metabolizer\", \"abbreviation\": \"PM\" },\n"
     "    { \"name\": \"Indeterminate\", \"abbreviation\": \"indeterminate\" } ],\n"
     "  \"alleles\": [ { \"name\": \"*1\", \"function\": \"Normal function\" },\n"
     "    { \"name\": \"*2\", \"function\": \"No function\" } ],\n"
     "  \"aliases\": [ { \"alias\": \"*2A\", \"allele\": \"*2\" },\n"
     "    { \"alias\": \"c.99C>T\", \"allele\": \"*2\", \"marks\": \"*2\" } ],\n"
     "  \"pairs\": [\n"
     "    { \"of\": [\"Normal function\", \"Normal function\"],\n"
     "      \"phenotype\": \"Normal Metabolizer\" },\n"
     "    { \"of\": [\"Normal function\", \"No function\"],\n"
     "      \"phenotype\": \"Intermediate Metabolizer\" },\n"
     "    { \"of\": [\"No function\", \"No function\"],\n"
     "      \"phenotype\": \"Poor Metabolizer\" } ],\n"
     "  \"authorities\": { \"DPWG\": { \"source\": \"table-1\",\n"
     "    \"pairs\": [ { \"of\": [\"No function\", \"Normal function\"],\n"
     "      \"phenotype\": \"Normal Metabolizer\" } ] } } }\n"},
    {"genes/CYP2D6.json",
     "{ \"symbol\": \"CYP2D6\", \"hgnc\": \"HGNC:2625\", \"method\": \"activity_score\",\n"
     "  \"key\": \"activity_score\", \"source\": \"table-1\", \"counts_lowest_two\": false,\n"
     "  \"phenotypes\": [ { \"name\": \"Poor Metabolizer\", \"abbreviation\": \"PM\" },\n"
     "    { \"name\": \"Normal Metabolizer\", \"abbreviation\": \"NM\" },\n"
     "    { \"name\": \"Ultrarapid Metabolizer\", \"abbreviation\": \"UM\" },\n"
     "    { \"name\": \"Indeterminate\", \"abbreviation\": \"indeterminate\" } ],\n"
     "  \"alleles\": [ { \"name\": \"*1\", \"function\": \"Normal function\",\n"
     "      \"value\": \"1.0\" },\n"
     "    { \"name\": \"*4\", \"function\": \"No function\", \"value\": \"0.0\" },\n"
     "    { \"name\": \"*10\", \"function\": \"Decreased function\", \"value\": \"0.25\" },\n"
     "    { \"name\": \"*22\", \"function\": \"Uncertain function\" },\n"
     "    { \"name\": \"*1x\xe2\x89\xa5"
     "3\", \"function\": \"Increased function\", \"value\": \"\xe2\x89\xa5"
     "3.0\" } ],\n"
     "  \"scores\": [ { \"from\": \"0.0\", \"to\": \"0.0\",\n"
     "      \"phenotype\": \"Poor Metabolizer\" },\n"
     "    { \"from\": \"0.25\", \"to\": \"2.25\", \"phenotype\": \"Normal Metabolizer\" },\n"
     "    { \"from\": \"2.5\", \"phenotype\": \"Ultrarapid Metabolizer\" } ],\n"
     "  \"authorities\": { \"DPWG\": { \"source\": \"table-1\", \"key\": \"phenotype\",\n"
     "    \"scores\": [ { \"from\": \"1.0\", \"phenotype\": \"Normal Metabolizer\" } ] } } "
     "}\n"},
    {"drugs/clopidogrel.json",
     "{ \"name\": \"clopidogrel\", \"rxcui\": \"32968\",\n"
     "  \"codes\": [ { \"system\": \"http://www.whocc.no/atc\", \"code\": \"B01AC04\",\n"
     "    \"display\": \"clopidogrel\", \"source\": \"a table\" } ],\n"
     "  \"evidence\": [ { \"gene\": \"CYP2C19\", \"level\": \"A\", \"status\": \"Final\",\n"
     "    \"source\": \"table-1\" } ],\n"
     "  \"populations\": [ { \"id\": \"ACS\", \"label\": \"acute coronary syndrome\" },\n"
     "    { \"id\": \"new\", \"label\": \"patients new to it\", \"therapy\": \"naive\" },\n"
     "    { \"id\": \"grown\", \"label\": \"adults\", \"age\": { \"from\": 18, \"below\": 99 "
     "},\n"
     "      \"weight_above_kg\": \"40.5\" } ],\n"
     "  \"indications\": [ { \"population\": \"ACS\", \"code\": \"I21*\",\n"
     "    \"system\": \"http://hl7.org/fhir/sid/icd-10-cm\" } ],\n"
     "  \"recommendations\": [\n"
     "  { \"id\": \"clopidogrel-poor\", \"source\": \"guide-1\", \"population\": \"ACS\",\n"
     "    \"when\": { \"CYP2C19\": [\"Poor Metabolizer\"] }, \"classification\": \"Strong\",\n"
     "    \"flags\": [\"alternative\"], \"alert\": \"critical\",\n"
     "    \"message\": \"clopidogrel.poor\", \"actions\": [ { \"do\": \"avoid\" },\n"
     "      { \"do\": \"use_alternative\", \"drug\": \"prasugrel\" } ],\n"
     "    \"implications\": { \"CYP2C19\": \"clopidogrel.implies-poor\" } },\n"
     "  { \"id\": \"clopidogrel-normal\", \"source\": \"guide-1\",\n"
     "    \"when\": { \"CYP2C19\": [\"Normal Metabolizer\", \"Intermediate Metabolizer\"] },\n"
     "    \"classification\": \"Strong\", \"flags\": [], \"alert\": \"none\",\n"
     "    \"message\": \"clopidogrel.normal\", \"actions\": [ { \"do\": \"no_change\" } ],\n"
     "    \"implications\": {} },\n"
     "  { \"id\": \"label-clopidogrel-poor\", \"source\": \"label-1\",\n"
     "    \"label\": \"boxed_warning\", \"sex\": \"female\",\n"
     "    \"overrides\": [\"clopidogrel-normal\"],\n"
     "    \"when\": { \"CYP2C19\": [\"= *1/*2\"] }, \"classification\": \"N/A\",\n"
     "    \"alert\": \"none\", \"message\": \"clopidogrel.normal\", \"actions\": [\n"
     "      { \"do\": \"change_interval\", \"interval_hours\": [24, 48] } ] } ] }\n"},
    {"drugs/codeine.json",
     "{ \"name\": \"codeine\", \"rxcui\": \"2670\", \"recommendations\": [\n"
     "  { \"id\": \"codeine-poor\", \"source\": \"guide-1\",\n"
     "    \"when\": { \"CYP2D6\": [\"0.0\"] }, \"classification\": \"Strong\",\n"
     "    \"flags\": [\"alternative\", \"dose\", \"other\"], \"alert\": \"warning\",\n"
     "    \"message\": \"codeine.poor\", \"age\": { \"from\": 12, \"below\": 18 },\n"
     "    \"actions\": [ { \"do\": \"reduce_dose\", \"percent\": [25, 50] },\n"
     "      { \"do\": \"limit_dose\", \"amount\": \"20.5\", \"unit\": \"mg/d\" } ] } ],\n"
     "  \"no_rows\": [ { \"gene\": \"CYP2D6\", \"keys\": [\"n/a\", \"No Result\"],\n"
     "    \"why\": \"The guide has none.\" } ] }\n"},
    {"alternatives.json",
     "{ \"drugs\": [ { \"name\": \"prasugrel\", \"rxcui\": \"613391\" } ] }\n"},
    {"modulators.json",
     "{ \"modulators\": [\n"
     "  { \"gene\": \"CYP2D6\", \"drug\": \"prasugrel\", \"role\": \"inhibitor\",\n"
     "    \"strength\": \"strong\", \"factor\": \"0.0\", \"washout_days\": 14,\n"
     "    \"source\": \"table-1\" },\n"
     "  { \"gene\": \"CYP2C19\", \"drug\": \"prasugrel\", \"role\": \"inducer\",\n"
     "    \"strength\": \"weak\", \"washout_days\": 0, \"source\": \"table-1\" } ] }\n"},
    {"pretests.json",
     "{ \"tests\": [ { \"gene\": \"CYP2C19\", \"system\": \"http://loinc.org\",\n"
     "    \"code\": \"1-8\", \"display\": \"a test\", \"source\": \"made up\" } ],\n"
     "  \"pretests\": [ { \"drug\": \"clopidogrel\", \"gene\": \"CYP2C19\",\n"
     "    \"message\": \"clopidogrel.normal\", \"source\": \"guide-1\" } ] }\n"},
    {"drug_codes.tsv", "drug\tsystem\tcode\tterm_type\tform\tdisplay\tsource\n"
                       "clopidogrel\trxnorm\t32968\tIN\tsystemic\tclopidogrel\tRxNorm\n"
                       "codeine\trxnorm\t2670\tIN\tsystemic\tcodeine\tRxNorm\n"
                       "codeine\tsnomed\t1\t\tlocal\tcodeine \"gel\" \xc3\xa4\tmade up\n"},
    {"messages/en/clopidogrel.json",
     "{ \"messages\": [\n"
     "  { \"id\": \"clopidogrel.poor\", \"verdict\": \"avoid; consider prasugrel\",\n"
     "    \"meaning\": \"Little active drug is formed: \\\\ \\\"none\\\".\",\n"
     "    \"options\": [\"prasugrel\", \"ticagrelor\"] },\n"
     "  { \"id\": \"clopidogrel.normal\", \"verdict\": \"usual dose\",\n"
     "    \"meaning\": \"Nothing to change.\" },\n"
     "  { \"id\": \"clopidogrel.implies-poor\", \"meaning\": \"Less active drug.\" } ] }\n"},
    {"messages/en/codeine.json",
     "{ \"messages\": [ { \"id\": \"codeine.poor\", \"verdict\": \"no effect expected\",\n"
     "  \"meaning\": \"Codeine is not turned into morphine.\" } ] }\n"},
    {"tests/clopidogrel.json",
     "{ \"tests\": [\n"
     "  { \"name\": \"*2/*2 is warned of\", \"drug\": \"clopidogrel\",\n"
     "    \"population\": \"ACS\", \"genes\": { \"CYP2C19\": \"*2/*2\" },\n"
     "    \"alert\": \"critical\", \"recommendations\": [\"clopidogrel-poor\"] },\n"
     "  { \"name\": \"*1/*1 is silent\", \"drug\": \"clopidogrel\",\n"
     "    \"genes\": { \"CYP2C19\": \"*1/*1\" },\n"
     "    \"alert\": \"none\", \"recommendations\": [\"clopidogrel-normal\"] } ] }\n"},
};

static inline void fixture_write(const char *dir, const char *name, const char *text,
                                 size_t len)
{
    char path[PATH_MAX];
    int path_len = snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file;

    assert_true(path_len > 0 && (size_t)path_len < sizeof path);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* Makes a folder with all files and puts its path into dir. */
/* An empty folder of knowledge, with its folders. */
static inline void fixture_make_folder(char dir[FIXTURE_DIR_SIZE])
{
    static const char *const FOLDERS[] = {"genes", "drugs", "messages", "messages/en", "tests"};
    char path[PATH_MAX];

    (void)snprintf(dir, FIXTURE_DIR_SIZE, "/tmp/pgxgate-knowledge.XXXXXX");
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < ARRAY_LEN(FOLDERS); i++) {
        (void)snprintf(path, sizeof path, "%.64s/%s", dir, FOLDERS[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
}

static inline void fixture_make(char dir[FIXTURE_DIR_SIZE])
{
    fixture_make_folder(dir);
    for (size_t i = 0; i < ARRAY_LEN(FIXTURE_FILES); i++)
        fixture_write(dir, FIXTURE_FILES[i].name, FIXTURE_FILES[i].text,
                      strlen(FIXTURE_FILES[i].text));
}

static inline const char *fixture_text(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(FIXTURE_FILES); i++)
        if (strcmp(FIXTURE_FILES[i].name, name) == 0)
            return FIXTURE_FILES[i].text;
    fail_msg("no file %s in the fixture", name);
    return "";
}

/* Writes `text` as the file with the first `find` replaced by `put`. */
static inline void fixture_write_changed(const char *dir, const char *name, const char *text,
                                         const char *find, const char *put)
{
    const char *at = strstr(text, find);
    char changed[16384];
    int len;

    if (at == NULL)
        fail_msg("%s has no \"%s\"", name, find);
    len = snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, put,
                   at + strlen(find));
    assert_true(len > 0 && (size_t)len < sizeof changed);
    fixture_write(dir, name, changed, (size_t)len);
}

static inline void fixture_change(const char *dir, const char *name, const char *find,
                                  const char *put)
{
    fixture_write_changed(dir, name, fixture_text(name), find, put);
}

static inline int fixture_remove_one(const char *path, const struct stat *about, int kind,
                                     struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline void fixture_remove(const char *dir)
{
    assert_int_equal(nftw(dir, fixture_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* The fixture as a release of that version. */
static inline void fixture_release(const char *version, struct rules_release *ret)
{
    struct err err = {0};
    char dir[FIXTURE_DIR_SIZE], put[64];

    fixture_make(dir);
    (void)snprintf(put, sizeof put, "\"version\": \"%s\"", version);
    fixture_change(dir, "release.json", "\"version\": \"1\"", put);
    assert_ok(store_read_files(dir, ret, &err), &err);
    fixture_remove(dir);
}

/* Reads it as above and builds a snapshot; puts its hash into hash. */
static inline struct rules_knowledge *fixture_knowledge(const char *version,
                                                        char hash[DIGEST_HEX_SIZE])
{
    struct rules_knowledge *knowledge = NULL;
    struct rules_release release;
    struct err err = {0};

    fixture_release(version, &release);
    assert_ok(releases_hash(&release, hash, &err), &err);
    assert_ok(rules_knowledge_new(&release, slice_of(hash), &knowledge, &err), &err);
    rules_release_release(&release);
    return knowledge;
}

#endif
