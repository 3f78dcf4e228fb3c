/* gateway/hooks/card_warfarin.h -- the warfarin estimate as text of a card.
 *
 * Pure: the estimate (rules/warfarin.h) in, GitHub Flavored Markdown out, in English, in the
 * manner of card_detail.c. Nothing is written for the outcome SILENCE. Text of gene results is
 * escaped; everything else is numbers and our own words.
 */
#ifndef GATEWAY_HOOKS_CARD_WARFARIN_H
#define GATEWAY_HOOKS_CARD_WARFARIN_H

#include "rules/base/buf.h"
#include "rules/warfarin.h"

/* A part of the detail with headings of its own: the range or why there is none, both
 * algorithms, CPIC's adjustments, what was used, what is not known, the sources. */
void card_warfarin_write(const struct rules_knowledge *k, const struct rules_warfarin_input *in,
                         const struct rules_warfarin_estimate *e, struct buf *buf);

/* The end of the card's summary, at most 70 characters: "estimated start dose 3.1 to 4.4
 * mg/d". */
void card_warfarin_verdict(const struct rules_warfarin_estimate *e, struct buf *buf);

#endif
