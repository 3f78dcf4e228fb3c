// tests/sandbox/scenarios.mjs -- what is tried on a server: a patient of tests/servers/patients.mjs,
// a drug, and whether the gateway must find something to say.
//
// `must`: without it the gateway is of no use there. Others depend on what not every server does.
const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm';

const DRUGS = {
  abacavir: ['190521', 'abacavir'],
  atazanavir: ['343047', 'atazanavir'],
  clopidogrel: ['309362', 'clopidogrel 75 MG Oral Tablet'],
  codeine: ['997170', 'codeine sulfate 15 MG Oral Tablet'],
  fluorouracil: ['239177', 'fluorouracil 50 MG/ML Injectable Solution'],
  rosuvastatin: ['859751', 'rosuvastatin calcium 20 MG Oral Tablet'],
  simvastatin: ['198211', 'simvastatin 40 MG Oral Tablet'],
};

export const SCENARIOS = [
  {
    patient: 'clopidogrel',
    drug: 'clopidogrel',
    speaks: true,
    must: true,
    what: 'a genotype with its gene as a component',
  },
  {
    patient: 'codeine',
    drug: 'codeine',
    speaks: true,
    must: true,
    what: "a diplotype as text under the gene's own code",
  },
  {
    patient: 'simvastatin',
    drug: 'simvastatin',
    speaks: true,
    must: true,
    what: 'a phenotype as a LOINC answer',
  },
  {
    patient: 'rosuvastatin',
    drug: 'rosuvastatin',
    speaks: true,
    must: true,
    what: 'two haplotypes and a genotype in words',
  },
  {
    patient: 'fluorouracil',
    drug: 'fluorouracil',
    speaks: true,
    must: true,
    what: 'a genotype in words',
  },
  {
    patient: 'abacavir',
    drug: 'abacavir',
    speaks: true,
    must: true,
    what: 'presence of an HLA allele',
  },
  {
    patient: 'conflict',
    drug: 'clopidogrel',
    speaks: true,
    must: true,
    what: 'two laboratories that disagree',
  },
  {
    patient: 'atazanavir',
    drug: 'atazanavir',
    speaks: true,
    must: false,
    what: 'a result without a code: found by its category only',
  },
  {
    patient: 'normal',
    drug: 'clopidogrel',
    speaks: false,
    must: true,
    what: 'a normal result: silence',
  },
  {
    patient: 'entered-in-error',
    drug: 'clopidogrel',
    speaks: false,
    must: true,
    what: 'a withdrawn result: silence',
  },
  {
    patient: 'no-results',
    drug: 'clopidogrel',
    speaks: false,
    must: true,
    what: 'no result: silence',
  },
];

// A drug to order for a gene that was found on a server.
export const DRUG_OF_GENE = {
  CYP2C19: 'clopidogrel',
  CYP2D6: 'codeine',
  SLCO1B1: 'simvastatin',
  ABCG2: 'rosuvastatin',
  DPYD: 'fluorouracil',
  UGT1A1: 'atazanavir',
  'HLA-B': 'abacavir',
};

// Codes that results of any gene are searched by: genotype, haplotype, presence, phenotypes.
export const RESULT_CODES = [
  '84413-4',
  '84414-2',
  '50956-2',
  '57979-7',
  '79712-6',
  '79713-4',
  '79714-2',
  '79715-9',
  '79716-7',
  '79719-1',
  '79722-5',
  '40425-1',
  '46724-1',
  '57132-3',
]
  .map((code) => `http://loinc.org|${code}`)
  .join(',');
export const GENETICS = 'http://terminology.hl7.org/CodeSystem/v2-0074|GE';

/** An order-sign request that brings no results: the gateway has to fetch them. */
export function hookRequest(patient, drug, fhirServer, token) {
  const [code, display] = DRUGS[drug];
  return {
    hook: 'order-sign',
    hookInstance: crypto.randomUUID(),
    fhirServer,
    ...(token && {
      fhirAuthorization: {
        access_token: token,
        token_type: 'Bearer',
        expires_in: 300,
        scope: 'patient/Observation.rs',
        subject: 'pgxgate',
      },
    }),
    context: {
      userId: 'Practitioner/demo-prescriber',
      patientId: patient,
      draftOrders: {
        resourceType: 'Bundle',
        type: 'collection',
        entry: [
          {
            resource: {
              resourceType: 'MedicationRequest',
              id: 'order-1',
              status: 'draft',
              intent: 'order',
              medicationCodeableConcept: { coding: [{ system: RXNORM, code, display }] },
              subject: { reference: `Patient/${patient}` },
            },
          },
        ],
      },
    },
  };
}
