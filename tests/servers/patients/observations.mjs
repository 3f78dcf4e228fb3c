// tests/servers/patients/observations.mjs -- pharmacogenomic Observations in the forms in which
// laboratories send them.
import { LOINC, PHARMVAR, coding, concept, geneStudied, loinc } from '../lib/fhir-codes.mjs';

const CATEGORY = [
  concept('http://terminology.hl7.org/CodeSystem/observation-category', 'laboratory'),
  concept('http://terminology.hl7.org/CodeSystem/v2-0074', 'GE', 'Genetics'),
];
const GENOMICS_REPORTING = 'http://hl7.org/fhir/uv/genomics-reporting/StructureDefinition';

const PHENOTYPE_CODES = {
  CYP2C19: ['79714-2', 'CYP2C19 gene product metabolic activity interpretation'],
  CYP2D6: ['79715-9', 'CYP2D6 gene product metabolic activity interpretation'],
  NUDT15: ['93195-6', 'NUDT15 gene product metabolic activity interpretation'],
  SLCO1B1: ['79722-5', 'SLCO1B1 gene product functional interpretation'],
  TPMT: ['79713-4', 'TPMT gene product metabolic activity interpretation'],
};
const PHENOTYPES = {
  ultrarapid: ['LA10315-2', 'Ultrarapid metabolizer'],
  normal: ['LA25391-6', 'Normal metabolizer'],
  intermediate: ['LA10317-8', 'Intermediate metabolizer'],
  poor: ['LA9657-3', 'Poor metabolizer'],
  'normal function': ['LA25393-2', 'Normal function'],
  'poor function': ['LA25394-0', 'Poor function'],
};
const ALLELE_CODES = {
  CYP2C9: ['46724-1', 'CYP2C9 gene allele'],
  CYP2D6: ['40425-1', 'CYP2D6 gene allele'],
};
const PRESENCE_CODES = {
  'HLA-A*31:01': '79712-6',
  'HLA-B*15:02': '57979-7',
  'HLA-B*57:01': '50956-2',
};

/** Genomics Reporting genotype whose value has a PharmVar code and text. */
export function genotype(gene, alleles, facts) {
  const name = `${gene} ${alleles}`;
  return observation(facts, {
    meta: { profile: [`${GENOMICS_REPORTING}/genotype`] },
    code: loinc('84413-4', 'Genotype display name'),
    valueCodeableConcept: concept(PHARMVAR, name, name, name),
    component: [geneStudied(gene)],
  });
}

/** Genomics Reporting genotype in words only, as for genes that PharmVar does not name. */
export function genotypeInWords(gene, text, facts) {
  return observation(facts, {
    meta: { profile: [`${GENOMICS_REPORTING}/genotype`] },
    code: loinc('84413-4', 'Genotype display name'),
    valueCodeableConcept: { text },
    component: [geneStudied(gene)],
  });
}

/** A genotype that was found in tumour tissue: says nothing about the patient's own genes. */
export function somaticGenotype(gene, text, facts) {
  const result = genotypeInWords(gene, text, facts);
  result.component.push({
    code: loinc('48002-0', 'Genomic source class [Type]'),
    valueCodeableConcept: loinc('LA6684-0', 'Somatic'),
  });
  return result;
}

/** Genomics Reporting haplotype: one of the two copies. */
export function haplotype(gene, allele, facts) {
  const name = `${gene} ${allele}`;
  return observation(facts, {
    meta: { profile: [`${GENOMICS_REPORTING}/haplotype`] },
    code: loinc('84414-2', 'Haplotype name'),
    valueCodeableConcept: concept(PHARMVAR, name, name, name),
    component: [geneStudied(gene)],
  });
}

/** The gene's own phenotype code with a LOINC answer. */
export function phenotype(gene, word, facts) {
  const [code, display] = PHENOTYPE_CODES[gene];
  const [answer, text] = PHENOTYPES[word];
  return observation(facts, {
    code: loinc(code, display),
    valueCodeableConcept: { coding: [coding(LOINC, answer, text)], text },
  });
}

/** The gene's own allele code with the diplotype as a string. */
export function alleles(gene, text, facts) {
  const [code, display] = ALLELE_CODES[gene];
  return observation(facts, { code: loinc(code, display), valueString: text });
}

/** Presence of one HLA risk allele. */
export function presence(allele, word, facts) {
  return observation(facts, {
    code: loinc(PRESENCE_CODES[allele], `${allele} [Presence]`),
    valueCodeableConcept: { text: word },
  });
}

/** No code at all: name and result in words. */
export function plainText(name, text, facts) {
  return observation(facts, { code: { text: name }, valueString: text });
}

function observation(
  { id, patient, date, lab = 'Demo Genomics Laboratory', status = 'final' },
  own,
) {
  const { meta, code, ...value } = own;
  return {
    resourceType: 'Observation',
    id,
    ...(meta && { meta }),
    status,
    category: CATEGORY,
    code,
    subject: { reference: `Patient/${patient}` },
    effectiveDateTime: date,
    performer: [{ display: lab }],
    ...value,
    method: { text: 'Targeted genotyping panel' },
  };
}
