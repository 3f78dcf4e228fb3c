/* gateway/store/rxnorm_private.h -- between the files of the RxNorm importer. */
#ifndef GATEWAY_STORE_RXNORM_PRIVATE_H
#define GATEWAY_STORE_RXNORM_PRIVATE_H

#include "gateway/store/rxnorm.h"
#include "gateway/store/rxnorm_graph.h"

#define RXNORM_FIELDS_MAX 25

/* A concept that is given up for another. */
struct rxnorm_move {
    uint32_t from, to; /* RXCUI */
};

struct rxnorm_import {
    const char *dir;                    /* borrowed */
    const struct feed_options *options; /* borrowed */
    struct rules_release *release;      /* borrowed */
    struct rxnorm_report *report;       /* borrowed */
    struct err *err;                    /* borrowed */
    struct rxnorm_graph graph;
    uint32_t *drugs;      /* RXCUI of each of the release's drugs; 0: none */
    struct slice *names;  /* of the concepts that are kept; parallel to the graph's */
    struct slice source;  /* of every code */
    struct arena scratch; /* for the codes while they are gathered */
    struct rules_drug_code *codes;
    size_t codes_count, codes_max;
    struct rxnorm_move *moves; /* in scratch; sorted once all are there */
    size_t moves_count, moves_max;
    struct slice fields[RXNORM_FIELDS_MAX]; /* of the row being read */
    struct feed feed;                       /* the file being read */
};

/* Calls `each` for every row of a file; a file that may be absent has none then. False after a
 * failure. */
bool rxnorm_each_row(struct rxnorm_import *m, enum rxnorm_file file,
                     bool (*each)(struct rxnorm_import *m));

/* A field that must be a concept's number. False: refused, see m->err. */
bool rxnorm_read_rxcui(struct rxnorm_import *m, size_t field, uint32_t *ret);

/* One code for each drug that the concept leads to. */
bool rxnorm_add_codes(struct rxnorm_import *m, uint32_t concept, struct slice system,
                      struct slice code, struct slice term_type, struct slice display);
bool rxnorm_no_memory(struct rxnorm_import *m); /* false, always */

/* Retired concepts: RXNATOMARCHIVE and RXNCUI. False after a failure. */
bool rxnorm_read_retired(struct rxnorm_import *m);

#endif
