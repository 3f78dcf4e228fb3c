/* gateway/store/rxnorm.h -- the codes of a release's drugs, from the files of RxNorm.
 *
 * Reads the rich release format (NLM, "RxNorm technical documentation"), the prescribable
 * subset and the full set alike:
 *
 *   RXNCONSO  concepts and their names; in the full set also ATC codes
 *   RXNREL    how they are related ("RXCUI2 RELA RXCUI1")
 *   RXNSAT    National Drug Codes
 *   RXNATOMARCHIVE, RXNCUI (may be absent)  retired concepts that were merged into others
 *   RXNSAB (may be absent)                  the version
 *
 * Only rows of RxNorm itself (SAB=RXNORM) that are not suppressed count, and of them what leads
 * to a drug of the release by the drug's rxcui (gateway/store/rxnorm_graph.h), or, if it has
 * none, by the ingredient of exactly its name. Inactive ingredients never do.
 *
 * Files are read line by line; one that is broken is an error that names file, line and reason,
 * and the release is then not to be used. Single rows that say nothing usable are refused and
 * reported.
 */
#ifndef GATEWAY_STORE_RXNORM_H
#define GATEWAY_STORE_RXNORM_H

#include "gateway/store/add_codes.h"
#include "gateway/store/feed.h"

#define RXNORM_FILES(X)                                                                        \
    X(CONSO, "RXNCONSO.RRF", 18, true)                                                         \
    X(REL, "RXNREL.RRF", 16, true)                                                             \
    X(SAT, "RXNSAT.RRF", 13, true)                                                             \
    X(ARCHIVE, "RXNATOMARCHIVE.RRF", 16, false)                                                \
    X(CUI, "RXNCUI.RRF", 5, false)                                                             \
    X(SAB, "RXNSAB.RRF", 25, false)

enum rxnorm_file {
#define X(code, name, fields, is_needed) RXNORM_FILE_##code,
    RXNORM_FILES(X)
#undef X
        RXNORM_FILES_COUNT
};
const char *rxnorm_file_name(enum rxnorm_file file);

struct rxnorm_report {
    struct {
        uint64_t rows;
        bool is_there;
    } files[RXNORM_FILES_COUNT];
    struct slice version; /* "RXNORM_25AA_251006F"; empty when it is not told */
    size_t concepts;      /* that lead to a drug of the release */
    size_t ndcs, atcs, retired;
    struct added_codes codes;
    struct import_notes refused;      /* rows */
    struct import_notes contradicted; /* codes of the release that RxNorm gives other drugs */
    struct import_notes renamed;      /* drugs whose rxcui RxNorm knows by another name */
    struct import_notes named;        /* drugs without an rxcui that RxNorm knows by name */
};

/* Adds codes to the release. After a failure the release is only fit to be released. */
enum err_code rxnorm_import(const char *dir, const struct feed_options *options,
                            struct rules_release *release, struct rxnorm_report *ret,
                            struct err *err) MUST_CHECK;

#endif
