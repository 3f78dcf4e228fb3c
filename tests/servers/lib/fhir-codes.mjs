// tests/servers/lib/fhir-codes.mjs -- code systems and small FHIR values that every generated
// resource uses.
//
// LOINC codes are used under the LOINC licence, https://loinc.org/license.
export const LOINC = 'http://loinc.org';
export const HGNC = 'http://www.genenames.org';
export const PHARMVAR = 'http://www.pharmvar.org';
export const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm';

export const HGNC_IDS = {
  ABCG2: 'HGNC:74',
  CYP2C19: 'HGNC:2621',
  CYP2C9: 'HGNC:2623',
  CYP2D6: 'HGNC:2625',
  DPYD: 'HGNC:3012',
  NUDT15: 'HGNC:23063',
  SLCO1B1: 'HGNC:10959',
  TPMT: 'HGNC:12014',
  UGT1A1: 'HGNC:12530',
};

export function coding(system, code, display) {
  return { system, code, ...(display && { display }) };
}

export function concept(system, code, display, text) {
  return { coding: [coding(system, code, display)], ...(text && { text }) };
}

export function loinc(code, display) {
  return concept(LOINC, code, display);
}

export function geneStudied(gene) {
  return {
    code: loinc('48018-6', 'Gene studied [ID]'),
    valueCodeableConcept: concept(HGNC, HGNC_IDS[gene], gene),
  };
}

export function bundle(type, resources) {
  return {
    resourceType: 'Bundle',
    type,
    ...(type === 'searchset' && { total: resources.length }),
    entry: resources.map((resource) => ({ resource })),
  };
}
