/* rules/phenoconversion.h -- what other drugs make of a genotype: the phenotype as it acts.
 *
 * An inhibitor that carries a factor multiplies the activity score, and the phenotype is read
 * anew from the ranges of the gene (CYP2D6: strong x 0, moderate x 0.5; Cicali 2021,
 * PMID 34231218). Of several inhibitors the strongest counts alone. Modulators without a
 * factor, and genes that are not keyed by a score, are told and change nothing.
 *
 * Nothing is rounded: a product that no two alleles add up to (0.375) is looked up by the whole
 * range of its phenotype; "at least" stays so (>=3.0 x 0.5 is >=1.5, Normal or more); what
 * cannot be interpreted stays Indeterminate. The drug that is being ordered never converts:
 * its own recommendations are about it already.
 *
 * Genotype and clinical result are both kept. Pure.
 */
#ifndef RULES_PHENOCONVERSION_H
#define RULES_PHENOCONVERSION_H

#include "rules/genotype.h"

/* What a site makes of it. */
#define RULES_CONVERSION_USES(X)                                                               \
    X(OFF, "off")                                                                              \
    X(INFORM, "inform") /* shown; recommendations are looked up by genotype */                 \
    X(APPLY, "apply")   /* recommendations are looked up by the clinical phenotype */

enum rules_conversion_use {
#define X(code, name) RULES_CONVERSION_##code,
    RULES_CONVERSION_USES(X)
#undef X
};
const char *rules_conversion_use_name(enum rules_conversion_use use);
bool rules_conversion_use_from_name(struct slice name, enum rules_conversion_use *ret);

/* A drug that the patient takes, is about to take, or has stopped. */
struct rules_comedication {
    const struct rules_drug *drug;
    bool is_stopped;
    bool is_stop_exact;    /* false: stopped `stopped_days` ago or earlier, or on hold */
    uint32_t stopped_days; /* before today */
};

/* One drug that acts on the gene now. */
struct rules_acting {
    const struct rules_modulator *modulator;
    const struct rules_comedication *comedication;
    bool is_certain; /* false: stopped, and when is not known */
};

#define RULES_ACTING_MAX 16

struct rules_conversion {
    const struct rules_gene_result *genotype;     /* as the record has it; borrowed */
    struct rules_gene_result clinical;            /* its calls are parallel to the genotype's */
    struct rules_acting acting[RULES_ACTING_MAX]; /* what is worth telling, strongest first */
    size_t acting_count;
    const struct rules_acting *responsible; /* whose factor made `clinical`; NULL: nobody's */
    bool changes;    /* some call of `clinical` is looked up by other keys */
    bool is_applied; /* it changes, and the site wants it applied */
};

/* `result` and `comedications` are borrowed and must outlive *ret, which must not be copied
 * while `responsible` is in use. A result without calls is left as it is. */
enum err_code rules_convert(const struct rules_knowledge *k,
                            const struct rules_gene_result *result,
                            const struct rules_comedication *comedications,
                            size_t comedications_count, const struct rules_drug *ordered,
                            enum rules_conversion_use use, struct arena *arena,
                            struct rules_conversion *ret, struct err *err) MUST_CHECK;

/* The result that recommendations are looked up by. */
const struct rules_gene_result *rules_conversion_result(const struct rules_conversion *c);

/* Whether the release lists any drug that acts on the gene. */
bool rules_gene_has_modulators(const struct rules_knowledge *k, const struct rules_gene *gene);

#endif
