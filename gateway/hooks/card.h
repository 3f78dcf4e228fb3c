/* gateway/hooks/card.h -- advice as CDS Hooks cards (CDS Hooks 2.0.1, "CDS Service Response").
 *
 * One card per drug. A drug without anything to act on has none: silence is an answer. The
 * same decision gives the same card, byte for byte, uuids included.
 */
#ifndef GATEWAY_HOOKS_CARD_H
#define GATEWAY_HOOKS_CARD_H

#include "gateway/hooks/call.h"

#define CARD_SUMMARY_CHARS_MAX 139 /* "fewer than 140 characters", counted as code points */
#define CARD_GROUPS_MAX        48
#define CARD_MATCHES_MAX       32 /* in one group */
#define CARD_SUGGESTIONS_MAX   4
#define CARD_UUID_CHARS        36
#define CARD_EXTENSION         "io.pgxgate.advice"

/* Advice that says the same thing, for one or more populations, calls or scores. */
struct card_group {
    const struct rules_message *message;
    const struct rules_recommendation *recommendation; /* the first of its matches */
    const struct rules_match *matches[CARD_MATCHES_MAX];
    size_t matches_count;
};

/* What the writers of one card share. */
struct card {
    struct hook_call *call;
    const struct hook_drug_order *drug_order;
    const struct rules_advice *advice;
    struct card_group groups[CARD_GROUPS_MAX]; /* loudest first */
    size_t groups_count;
    bool has_more; /* advice that fits no group any more: the card says so */
    char uuid[CARD_UUID_CHARS + 1];
};

/* {"cards":[...]}; sets call->cards_count. */
void hook_cards_write(struct hook_call *call, struct buf *buf);

/* The card of one drug order as a JSON object, its advice or else its estimated dose; false,
 * and nothing written, where silence is right. */
bool hook_card_write(struct hook_call *call, size_t drug_order, struct buf *buf);

/* Parts of a card, each in a file of its own. */
void card_summary_write(const struct card *card, struct buf *buf);
void card_detail_write(const struct card *card, struct buf *buf);
/* What labels, other publishers and the guideline under a site's policy say. */
void card_sources_write(const struct card *card, struct buf *buf);
/* "Strong", or what a label makes of it: "contraindication". */
const char *card_strength(const struct rules_recommendation *r);
void card_heading(struct buf *buf, const char *text);
/* "Clopidogrel" */
void card_drug_write(struct buf *buf, struct slice name);
/* What other drugs make of a result (card_conversion.c): behind its phenotype in the detail and
 * in the summary, as lines of their own, what of it is not known, and in the card's identity.
 */
void card_conversion_write_call(const struct card *card, const struct rules_gene_result *result,
                                size_t call, struct buf *buf);
void card_conversion_write_finding(const struct card *card, const struct rules_gene *gene,
                                   size_t call, bool is_short, struct buf *buf);
void card_conversion_write_others(const struct card *card,
                                  const struct rules_gene_result *result, struct buf *buf);
void card_conversion_write_unknown(const struct card *card, struct buf *unknown);
void card_conversion_write_identity(const struct card *card, struct buf *seed);
/* A line when the ordered dose is above a limit. */
void card_dose_write(const struct card *card, struct buf *buf);

/* A card of its own that suggests a test. */
struct json_writer;
void card_estimate_write(struct hook_call *call, const struct hook_estimate *estimate,
                         struct json_writer *writer);
void card_pretest_write(struct hook_call *call, const struct hook_pretest *pretest,
                        struct json_writer *writer);
/* Members that all cards have. */
void card_source_write(struct hook_call *call, const struct rules_source *source,
                       struct slice topic, struct json_writer *writer);
void card_override_reasons_write(struct json_writer *writer);

/* Adds the sentence, cut at a word when it is too long for a summary. */
void card_summary_fit(struct slice sentence, struct buf *buf);

/* The member "suggestions" and what must stand beside it; nothing when there are none. */
void card_suggestions_write(const struct card *card, struct json_writer *writer);

/* True when the groups differ because it is not known to which population the patient belongs.
 */
bool card_depends_on_population(const struct card *card);
/* True when it is not known whether the patient belongs to a population that advice is for, and
 * the others of the drug's populations would be told something else, or nothing. */
bool card_population_is_open(const struct card *card);

/* True when one result has several readings (which copy of a gene is doubled, say), rather than
 * several results that disagree. */
bool card_result_is_ambiguous(const struct rules_gene_result *result);

/* Where a record comes from (card_reading.c): ", 2024-03-01, Laboratory, Observation/abc"; and
 * what reading the record left open for the genes of this card, as lines. */
void card_reading_write_source(const struct fhir_evidence *evidence, struct buf *buf);
void card_reading_write_unknown(const struct card *card, struct buf *unknown);

/* ", PMID 1, 2" of "1 2"; nothing of nothing. */
void card_write_pmids(struct slice pmids, struct buf *buf);

/* Text from outside (results, names) so that it shows as written and can never become
 * Markdown or HTML. White space is folded, control characters dropped, length capped. */
void card_escape(struct buf *buf, struct slice text);
/* The same for the knowledge's own words, however long: they are text, not Markdown. */
void card_words(struct buf *buf, struct slice text);

#endif
