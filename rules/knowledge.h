/* rules/knowledge.h -- the active knowledge, checked, indexed and immutable.
 *
 * A snapshot is built once from a release and never changes afterwards, so any thread may read
 * it. It is reference-counted (the count is atomic): a request takes one reference and sees one
 * version from beginning to end; a reload publishes another snapshot and never waits.
 * It is named by the content hash of its release, which responses, audit rows and metrics show.
 */
#ifndef RULES_KNOWLEDGE_H
#define RULES_KNOWLEDGE_H

#include "rules/release.h"

struct rules_knowledge;

/* Checks every cross reference, range and limit of the release and builds the indexes. Takes
 * the release's arena on success (the release is then empty); on failure the release is
 * untouched and err->text names table, row and what is wrong ("recommendation
 * cpic-x: unknown drug 'y'"). The new snapshot has one reference; its indexes take at most as
 * much memory as the release may. */
enum err_code rules_knowledge_new(struct rules_release *release, struct slice content_hash,
                                  struct rules_knowledge **ret, struct err *err) MUST_CHECK;
void rules_knowledge_retain(struct rules_knowledge *knowledge);
void rules_knowledge_release(struct rules_knowledge *knowledge); /* accepts NULL */

struct slice rules_knowledge_hash(const struct rules_knowledge *knowledge);
const struct rules_release *rules_knowledge_rows(const struct rules_knowledge *knowledge);

/* Rows by name, NULL when absent. */
const struct rules_gene *rules_find_gene(const struct rules_knowledge *k, struct slice symbol);
const struct rules_drug *rules_find_drug(const struct rules_knowledge *k, struct slice name);
const struct rules_source *rules_find_source(const struct rules_knowledge *k, struct slice id);
/* In `locale`, else in English; NULL when there is neither. */
const struct rules_message *rules_find_message(const struct rules_knowledge *k, struct slice id,
                                               struct slice locale);
/* "PM" for "Poor Metabolizer"; the name itself when it has no abbreviation. */
struct slice rules_phenotype_abbreviation(const struct rules_knowledge *k, struct slice gene,
                                          struct slice phenotype);

/* The priority of a phenotype or an allele's status ("*57:01 positive"); NONE when the gene's
 * tables do not say. */
enum rules_priority rules_priority_of(const struct rules_knowledge *k,
                                      const struct rules_gene *gene, struct slice phenotype);

/* All drugs that a code stands for (a combination product has several). Returns a borrowed
 * array; 0 when the code is unknown. `system` is canonical. */
size_t rules_find_drugs_by_code(const struct rules_knowledge *k, struct slice system,
                                struct slice code, const struct rules_drug_code ***ret);

/* The systems of the release's drug codes, each once. */
size_t rules_code_systems(const struct rules_knowledge *k, const struct slice **ret);
/* Whether it has a code of this drug in the system of that index. */
bool rules_drug_has_code_in(const struct rules_knowledge *k, const struct rules_drug *drug,
                            size_t system);

/* What a drug is called in words: its own name, or how a code of an ingredient, a salt or a
 * brand displays it. */
struct rules_drug_name {
    struct slice name; /* ASCII letters in lower case */
    const struct rules_drug *drug;
    bool is_local; /* a brand that has local forms only */
};

/* All drugs of that name, which must be the whole text but for ASCII case and blanks at its
 * ends. Borrowed array; 0 when it is nobody's name. */
size_t rules_find_drugs_by_name(const struct rules_knowledge *k, struct slice text,
                                const struct rules_drug_name **ret);

/* The genes that the drug's recommendations and its algorithm ask about, in order of name. */
size_t rules_genes_of_drug(const struct rules_knowledge *k, const struct rules_drug *drug,
                           const struct rules_gene ***ret);
/* The algorithm that estimates the drug's dose: "warfarin"; empty when there is none. */
struct slice rules_algorithm_of_drug(const struct rules_knowledge *k,
                                     const struct rules_drug *drug);

/* What some recommendation for the drug, or one of its populations, depends on. */
struct rules_drug_needs {
    bool age, weight, sex, therapy, reason;
};
struct rules_drug_needs rules_drug_needs(const struct rules_knowledge *k,
                                         const struct rules_drug *drug);

/* Rows that belong to a recommendation or drug: borrowed arrays; actions in the order they were
 * added, implications by gene, populations by id. */
size_t rules_actions_of(const struct rules_knowledge *k, const struct rules_recommendation *r,
                        const struct rules_action **ret);
size_t rules_conditions_of(const struct rules_knowledge *k,
                           const struct rules_recommendation *r,
                           const struct rules_condition **ret);
size_t rules_implications_of(const struct rules_knowledge *k,
                             const struct rules_recommendation *r,
                             const struct rules_implication **ret);
size_t rules_populations_of(const struct rules_knowledge *k, const struct rules_drug *drug,
                            const struct rules_population **ret);
size_t rules_pretests_of(const struct rules_knowledge *k, const struct rules_drug *drug,
                         const struct rules_pretest **ret);
/* CPIC's levels of the drug's genes. */
size_t rules_evidence_of(const struct rules_knowledge *k, const struct rules_drug *drug,
                         const struct rules_gene_drug **ret);
/* What the drug does to the gene's enzyme; NULL: nothing that is known. */
const struct rules_modulator *rules_find_modulator(const struct rules_knowledge *k,
                                                   const struct rules_gene *gene,
                                                   const struct rules_drug *drug);
/* The population by its id; NULL when the drug has none of that name. */
const struct rules_population *rules_population_by_id(const struct rules_knowledge *k,
                                                      const struct rules_drug *drug,
                                                      struct slice id);

/* The population that a reason code puts the patient into, by the most specific of the drug's
 * patterns; NULL when it says nothing. */
const struct rules_population *rules_find_population(const struct rules_knowledge *k,
                                                     const struct rules_drug *drug,
                                                     struct slice system, struct slice code);

#endif
