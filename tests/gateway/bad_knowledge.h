/* tests/gateway/bad_knowledge.h -- one mistake a row: what is changed in a good file, and what
 * the error must say.
 */
#ifndef TESTS_GATEWAY_BAD_KNOWLEDGE_H
#define TESTS_GATEWAY_BAD_KNOWLEDGE_H

#include "tests/gateway/knowledge_fixture.h"

struct bad {
    const char *file, *find, *put;
    enum err_code code;
    const char *text; /* what the error must contain */
};

#define GENE   "genes/CYP2C19.json"
#define SCORE  "genes/CYP2D6.json"
#define DRUG   "drugs/clopidogrel.json"
#define OTHER  "drugs/codeine.json"
#define CODES  "drug_codes.tsv"
#define WORDS  "messages/en/clopidogrel.json"
#define TESTED "tests/clopidogrel.json"
#define SRC    "sources.json"

#define EFFECT "modulators.json"
#define PRE    "pretests.json"

static const struct bad BAD[] = {
    /* what depends on the patient */
    {DRUG, "\"naive\"", "\"new\"", ERR_INVALID,
     "populations[1].therapy: must be one of: any, naive, established"},
    {DRUG, "\"from\": 18", "\"from\": \"18\"", ERR_INVALID, "populations[2].age.from: must be"},
    {DRUG, "\"40.5\"", "40.5", ERR_INVALID, "populations[2].weight_above_kg: must be a string"},
    {DRUG, "[24, 48]", "[24]", ERR_INVALID,
     "actions[0].interval_hours: has two elements, from and to"},
    {DRUG, "\"boxed_warning\"", "\"boxed\"", ERR_INVALID,
     "recommendations[2].label: must be one of: none, warning, boxed_warning"},
    {DRUG, "\"level\": \"A\"", "\"level\": 1", ERR_INVALID, "evidence[0].level: must be"},
    {EFFECT, "\"strong\"", "\"very strong\"", ERR_INVALID,
     "modulators[0].strength: must be one of: weak, moderate, strong"},
    {EFFECT, "\"0.0\"", "\"none\"", ERR_INVALID, "modulators[0].factor: must be a number"},
    {EFFECT, "14", "-14", ERR_INVALID, "modulators[0].washout_days: must be"},
    {PRE, "\"code\": \"1-8\", ", "", ERR_INVALID, "tests[0]: member 'code' is missing"},
    {PRE, "\"pretests\"", "\"pretest\"", ERR_INVALID, "pretests.json: "},
    /* grammar and encoding */
    {SRC, "] }\n", "", ERR_SYNTAX,
     "sources.json: JSON: text ends early at byte 456 (line 9, column 72)"},
    {SRC, "\"CPIC\"", "'CPIC'", ERR_SYNTAX, "sources.json: JSON: "},
    {SRC, "\"CPIC\"", "NaN", ERR_SYNTAX, "sources.json: JSON: "},
    {SRC, "\"2022\",", "\"2022\",,", ERR_SYNTAX, "sources.json: JSON: "},
    {SRC, "A guideline", "A gu\xffideline", ERR_SYNTAX, "sources.json: JSON: "},
    {SRC, "A guideline", "A\\u0000b", ERR_SYNTAX, "sources.json: JSON: "},
    {SRC, "{ \"id\": \"guide-1\"", "{ \"id\": \"g\", \"id\": \"guide-1\"", ERR_INVALID,
     "sources.json: JSON: "},
    {SRC, "{ \"sources\": [", "[", ERR_SYNTAX, "sources.json"},
    {SCORE, "\"2.25\"", "02.25", ERR_SYNTAX, "malformed number at byte"},
    {SCORE, "\"2.25\"", "2.25,", ERR_SYNTAX, "(line 15, column 34)"},
    /* types */
    {"release.json", "\"1\"", "1", ERR_INVALID,
     "release.json: version: must be a string, is number"},
    {"release.json", "\"fixture\"", "null", ERR_INVALID,
     "release.json: name: must be a string, is null"},
    {"release.json", "\"fixture\"", "\"fix ture\"", ERR_INVALID,
     "release.json: name: must be letters, digits, '.', '_' and '-'"},
    {SCORE, "false", "\"false\"", ERR_INVALID,
     "genes/CYP2D6.json: counts_lowest_two: must be true or false, is string"},
    {SCORE, "\"0.25\"", "0.25", ERR_INVALID, "alleles[2].value: must be a string, is number"},
    {SCORE, "\"0.25\"", "null", ERR_INVALID, "alleles[2].value: must be a string, is null"},
    {SCORE, "\"0.25\"", "true", ERR_INVALID, "alleles[2].value: must be a string, is true"},
    {DRUG, "\"implications\": {} }", "\"implications\": null }", ERR_INVALID,
     "recommendations[1].implications: must be an object, is null"},
    {OTHER, "[25, 50]", "null", ERR_INVALID, "actions[0].percent: must be an array, is null"},
    {OTHER, "12,", "\"12\",", ERR_INVALID,
     "recommendations[0].age.from: must be a whole number"},
    {OTHER, "12,", "true,", ERR_INVALID, "recommendations[0].age.from: must be a whole number"},
    {OTHER, "12,", "null,", ERR_INVALID, "recommendations[0].age.from: must be a whole number"},
    {OTHER, "12,", "12.0,", ERR_INVALID, "recommendations[0].age.from: must be a whole number"},
    {OTHER, "12,", "1000001,", ERR_INVALID,
     "recommendations[0].age.from: must be a whole number"},
    {OTHER, "12,", "-9223372036854775809,", ERR_INVALID,
     "recommendations[0].age.from: must be a whole number"},
    {OTHER, "12,", "18446744073709551628,", ERR_INVALID,
     "recommendations[0].age.from: must be a whole number"},
    {SCORE, "\"0.25\"", "\"0.255\"", ERR_INVALID,
     "alleles[2].value: must be a number in quotes"},
    {SCORE, "\"to\": \"0.0\"", "\"to\": \"zero\"", ERR_INVALID,
     "scores[0].to: must be a number"},
    {GENE, "[ { \"name\": \"*1\"", "[ 5, { \"name\": \"*1\"", ERR_INVALID,
     "genes/CYP2C19.json: alleles[0]: must be an object, is number"},
    {GENE, "[\"No function\", \"No function\"]", "\"No function\"", ERR_INVALID,
     "pairs[2].of: must be an array, is string"},
    {GENE, "[\"No function\", \"No function\"]", "[]", ERR_INVALID,
     "pairs[2]: a pair has one or two elements"},
    {GENE, "[\"No function\", \"No function\"]", "[\"a\", \"b\", \"c\"]", ERR_INVALID,
     "pairs[2].of[2]: a pair has at most two elements"},
    {DRUG, "{ \"CYP2C19\": [\"Poor Metabolizer\"] }", "{ \"CYP2C19\": \"Poor Metabolizer\" }",
     ERR_INVALID, "recommendations[0].when.CYP2C19: must be an array, is string"},
    {DRUG, "{ \"CYP2C19\": [\"Poor Metabolizer\"] }", "{ \"CYP2C19\": [] }", ERR_INVALID,
     "recommendations[0].when.CYP2C19: needs at least one key"},
    {DRUG, "[\"alternative\"]", "[\"alternative\", \"alternative\"]", ERR_INVALID,
     "recommendations[0].flags[1]: is given twice"},
    {OTHER, "12,", "12.5,", ERR_INVALID, "recommendations[0].age.from: must be a whole number"},
    {OTHER, "12,", "-1,", ERR_INVALID, "recommendations[0].age.from: must be a whole number"},
    {OTHER, "[25, 50]", "[25]", ERR_INVALID, "actions[0].percent: has two elements"},
    {OTHER, "[25, 50]", "[25, 50, 75]", ERR_INVALID, "actions[0].percent[2]: has two elements"},
    {OTHER, "[25, 50]", "[25, 12345678901234567890123]", ERR_INVALID,
     "actions[0].percent[1]: must be a whole number"},
    /* authorities, priorities, markers */
    {GENE, "\"abnormal\"", "\"priority\"", ERR_INVALID,
     "phenotypes[1].priority: must be one of: none, normal, abnormal"},
    {GENE, "\"abnormal\"", "true", ERR_INVALID, "phenotypes[1].priority: must be a string"},
    {GENE, "\"reference\": \"*1\"", "\"reference\": 1", ERR_INVALID,
     "reference: must be a string, is number"},
    {GENE, "\"priority_source\": \"guide-1\"", "\"priority_source\": \"guide 1\"", ERR_INVALID,
     "priority_source: must be letters, digits"},
    {GENE, "\"marks\": \"*2\"", "\"marks\": true", ERR_INVALID,
     "aliases[1].marks: must be a string, is true"},
    {GENE, "\"marks\": \"*2\"", "\"mark\": \"*2\"", ERR_INVALID,
     "aliases[1]: unknown member 'mark'; there are: alias, allele, marks"},
    {GENE, "{ \"DPWG\": {", "[ { \"DPWG\": {", ERR_SYNTAX, "genes/CYP2C19.json"},
    {SCORE, "\"DPWG\": {", "\"KNMP\": 5, \"DPWG\": {", ERR_INVALID,
     "authorities.KNMP: must be an object, is number"},
    {SCORE, "\"source\": \"table-1\", \"key\"", "\"key\"", ERR_INVALID,
     "authorities.DPWG: member 'source' is missing"},
    {SCORE, "\"key\": \"phenotype\"", "\"key\": \"words\"", ERR_INVALID,
     "authorities.DPWG.key: must be one of: phenotype, activity_score, allele_status"},
    {SCORE, "\"from\": \"1.0\"", "\"from\": \"one\"", ERR_INVALID,
     "authorities.DPWG.scores[0].from: must be a number"},
    {GENE, "\"of\": [\"No function\", \"Normal function\"]", "\"of\": []", ERR_INVALID,
     "authorities.DPWG.pairs[0]: a pair has one or two elements"},
    /* unknown and missing members, unknown words */
    {GENE, "\"function\": \"No", "\"functoin\": \"No", ERR_INVALID,
     "alleles[0]: unknown member 'functoin'; there are: name, function, value"},
    {SRC, "\"publisher\": \"CPIC\", ", "", ERR_INVALID,
     "sources[0]: member 'publisher' is missing"},
    {GENE, "function_pair", "guess", ERR_INVALID,
     "method: must be one of: activity_score, function_pair, allele_presence, genotype, "
     "sex_linked, haploid"},
    {DRUG, "\"critical\"", "\"loud\"", ERR_INVALID,
     "recommendations[0].alert: must be one of: none, info, warning, critical"},
    {DRUG, "\"alternative\"", "\"alternatives\"", ERR_INVALID,
     "recommendations[0].flags[0]: must be one of: alternative, dose, other"},
    {DRUG, "\"do\": \"avoid\"", "\"do\": \"shun\"", ERR_INVALID,
     "recommendations[0].actions[0].do: must be one of: avoid, use_alternative"},
    /* texts */
    {GENE, "\"*2\", \"function\"", "\"\", \"function\"", ERR_INVALID,
     "alleles[1].name: must not be empty"},
    {GENE, "\"*2\", \"function\"", "\"*2 \", \"function\"", ERR_INVALID,
     "alleles[1].name: begins or ends with a space"},
    {WORDS, "Nothing to change.", "Nothing\\nto change.", ERR_INVALID,
     "messages[1].meaning: must be one line"},
    {WORDS, "usual dose",
     "a verdict that goes on and on until it does not fit the summary of any card", ERR_LIMIT,
     "messages[1].verdict: has 75 characters, at most 70"},
    {WORDS, "\"meaning\": \"Less active drug.\"", "\"options\": [\"x\"]", ERR_INVALID,
     "messages[2]: needs a verdict or a meaning"},
    {TESTED, "[\"clopidogrel-poor\"]", "[\"clopidogrel-poor\", \"clopidogrel-normal\"]",
     ERR_INVALID, "tests[0].recommendations[1]: must come after"},
    /* a file's name */
    {GENE, "\"CYP2C19\"", "\"CYP2C9\"", ERR_INVALID,
     "symbol: must be the file's name, 'CYP2C19'"},
    {DRUG, "\"clopidogrel\"", "\"clopidogrell\"", ERR_INVALID,
     "name: must be the file's name, 'clopidogrel'"},
    /* the table of codes */
    {CODES, "term_type", "tty", ERR_INVALID,
     "drug_codes.tsv: line 1: column 4 must be called 'term_type'"},
    {CODES, "\tIN\t", "\t", ERR_INVALID, "line 2: has 6 columns, must have 7"},
    {CODES, "\tIN\t", "\tIN\t\t", ERR_INVALID, "line 2: has 8 columns, must have 7"},
    {CODES, "rxnorm\t2670", "rxnrom\t2670", ERR_INVALID,
     "line 3: system must be one of: rxnorm, atc, ndc, snomed"},
    {CODES, "local", "topical", ERR_INVALID, "line 4: form must be one of: systemic, local"},
    {CODES, "32968", "", ERR_INVALID, "line 2: code must not be empty"},
    {CODES, "\xc3\xa4", "\xc3", ERR_SYNTAX, "line 4: display is not UTF-8"},
    {CODES, "\xc3\xa4", "\xed\xa0\x80", ERR_SYNTAX, "line 4: display is not UTF-8"},
    {CODES, "RxNorm\n", "RxNorm\r\n", ERR_INVALID, "line 2: source has a control character"},
    {CODES, "made up\n", "made up", ERR_SYNTAX, "does not end with a line break"},
};

#endif
