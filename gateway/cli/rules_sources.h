/* gateway/cli/rules_sources.h -- knowledge that `pgxgate rules import` lays over a base, by
 * option.
 */
#ifndef GATEWAY_CLI_RULES_SOURCES_H
#define GATEWAY_CLI_RULES_SOURCES_H

#include "rules/base/buf.h"
#include "rules/release.h"

#define RULES_SOURCE_VALUES_MAX 16 /* of one option */

/* In the order in which they are applied, whatever the order on the command line:
 *   --cpic CONNINFO     a restored copy of CPIC's database
 *   --cpic-json PATH    a file, or a folder, of CPIC's API or PharmCAT
 *   --modulators FILE   a site's list of inhibitors and inducers
 *   --pack DIR          a pack of knowledge files: a site's policy stands over what came before
 */
#define RULES_SOURCES(X)                                                                       \
    X(CPIC, "cpic", rules_source_cpic)                                                         \
    X(CPIC_JSON, "cpic-json", rules_source_cpic_json)                                          \
    X(MODULATORS, "modulators", rules_source_modulators)                                       \
    X(PACK, "pack", rules_source_pack)

enum rules_source_kind {
#define X(code, option, add) RULES_SOURCE_##code,
    RULES_SOURCES(X)
#undef X
        RULES_SOURCES_COUNT
};

struct rules_sources {
    const char *values[RULES_SOURCES_COUNT][RULES_SOURCE_VALUES_MAX]; /* borrowed */
    size_t counts[RULES_SOURCES_COUNT];
};

/* Each adds to the release what `value` names, and to `told` lines for people: what was taken,
 * and each thing that was left out, with its reason. After a failure the release is not to be
 * used. */
#define X(code, option, add)                                                                   \
    enum err_code add(const char *value, struct rules_release *release, struct buf *told,      \
                      struct err *err) MUST_CHECK;
RULES_SOURCES(X)
#undef X

/* False when there are too many of the kind. */
bool rules_sources_put(struct rules_sources *sources, enum rules_source_kind kind,
                       const char *value);

/* Applies all of them in order. */
enum err_code rules_sources_apply(const struct rules_sources *sources,
                                  struct rules_release *release, struct buf *told,
                                  struct err *err) MUST_CHECK;

#endif
