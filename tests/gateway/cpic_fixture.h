/* tests/gateway/cpic_fixture.h -- a few rows of CPIC's shape, for its database and its API.
 *
 * Simplified, with made-up drugs, and for tests only. What traps importers is there: a gene in
 * front of a phenotype, a score without upper end, a gene on X, several keys of one gene, two
 * genes of one drug, "No Result", a repeated row, lists with nothing in them. The rows are
 * those of tests/data/cpic.
 */
#ifndef TESTS_GATEWAY_CPIC_FIXTURE_H
#define TESTS_GATEWAY_CPIC_FIXTURE_H

#include "gateway/store/cpic_import.h"
#include "gateway/store/file.h"
#include "tests/gateway/knowledge_fixture.h"

static const char *const CPIC_FILES[] = {
    "gene",        "allele",         "diplotype", "drug",       "guideline",
    "publication", "recommendation", "pair",      "test_alert", "change_log",
};

/* One of the API's files; released by the caller. */
static inline void cpic_fixture_read(const char *name, struct buf *ret)
{
    struct err err = {0};

    buf_init(ret, (size_t)1024 * 1024);
    assert_ok(file_read("tests/data/cpic", name, ret, &err), &err);
}

/* Copies a file into dir. */
static inline void cpic_fixture_copy(const char *dir, const char *name)
{
    struct buf text;

    cpic_fixture_read(name, &text);
    fixture_write(dir, name, text.bytes, text.len);
    buf_release(&text);
}

/* Makes a folder with the API's files and puts its path into dir. */
static inline void cpic_fixture_make(char dir[FIXTURE_DIR_SIZE])
{
    fixture_make_folder(dir);
    for (size_t i = 0; i < ARRAY_LEN(CPIC_FILES); i++) {
        char name[64];

        (void)snprintf(name, sizeof name, "%s.json", CPIC_FILES[i]);
        cpic_fixture_copy(dir, name);
    }
}

/* Writes a release's canonical form, to compare releases by. */
static inline void cpic_fixture_canonical(const struct rules_release *release, struct buf *ret)
{
    buf_init(ret, (size_t)16 * 1024 * 1024);
    rules_release_canonical(release, ret);
    assert_false(buf_failed(ret));
}

#endif
