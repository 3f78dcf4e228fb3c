// tests/servers/patients.mjs -- the synthetic patients of the tests and the demo, one for each
// situation that matters. The default export is the Bundle; `patients.mjs [--out FILE]` writes
// it.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { bundle } from './lib/fhir-codes.mjs';
import { readFlags } from './lib/flags.mjs';
import { labObservation } from './lib/lab-observations.mjs';
import { dateFrom, randomFrom } from './lib/random.mjs';
import {
  alleles,
  genotype,
  genotypeInWords,
  haplotype,
  phenotype,
  plainText,
  presence,
  somaticGenotype,
} from './patients/observations.mjs';

const DPYD_2A = 'c.1905+1G>A (*2A)/Reference';
const ABCG2_TT = 'rs2231142 variant (T)/rs2231142 variant (T)';
const ABCG2_GG = 'rs2231142 reference (G)/rs2231142 reference (G)';

const LABS_SEED = 1;

// Each result is [suffix of its id, constructor, its arguments..., further facts].
const PATIENTS = [
  {
    // CYP2C19 poor metabolizer.
    name: 'Clopidogrel',
    birthDate: '1957-03-14',
    gender: 'male',
    results: [['cyp2c19', genotype, 'CYP2C19', '*2/*2', { date: '2023-05-16' }]],
  },
  {
    // CYP2D6 ultrarapid metabolizer by a duplicated *2.
    name: 'Codeine',
    birthDate: '1984-11-02',
    gender: 'female',
    results: [['cyp2d6', alleles, 'CYP2D6', '*1/*2x2', { date: '2022-09-01' }]],
  },
  {
    // CYP2D6 poor metabolizer.
    name: 'Tramadol',
    birthDate: '1971-07-23',
    gender: 'male',
    results: [['cyp2d6', alleles, 'CYP2D6', '*4/*5', { date: '2021-01-19' }]],
  },
  {
    // SLCO1B1 poor function, stated as a phenotype only.
    name: 'Simvastatin',
    birthDate: '1949-02-08',
    gender: 'female',
    results: [['slco1b1', phenotype, 'SLCO1B1', 'poor function', { date: '2020-06-30' }]],
  },
  {
    // ABCG2 poor function and SLCO1B1 decreased function, the latter as two haplotypes.
    name: 'Rosuvastatin',
    birthDate: '1962-12-11',
    gender: 'male',
    results: [
      ['abcg2', genotypeInWords, 'ABCG2', ABCG2_TT, { date: '2024-02-27' }],
      ['slco1b1-a', haplotype, 'SLCO1B1', '*1', { date: '2024-02-27' }],
      ['slco1b1-b', haplotype, 'SLCO1B1', '*5', { date: '2024-02-27' }],
    ],
  },
  {
    // CYP2C9 poor metabolizer and SLCO1B1 poor function.
    name: 'Fluvastatin',
    birthDate: '1955-05-05',
    gender: 'female',
    results: [
      ['cyp2c9', alleles, 'CYP2C9', '*3/*3', { date: '2024-03-12' }],
      ['slco1b1-a', haplotype, 'SLCO1B1', '*5', { date: '2024-03-12' }],
      ['slco1b1-b', haplotype, 'SLCO1B1', '*15', { date: '2024-03-12' }],
    ],
  },
  {
    // Thiopurines: intermediate for both genes.
    name: 'Azathioprine',
    birthDate: '1993-09-27',
    gender: 'female',
    results: [
      ['tpmt', phenotype, 'TPMT', 'intermediate', { date: '2023-11-08' }],
      ['nudt15', phenotype, 'NUDT15', 'intermediate', { date: '2023-11-08' }],
    ],
  },
  {
    // Fluoropyrimidines: one no-function copy of DPYD.
    name: 'Fluorouracil',
    birthDate: '1960-01-30',
    gender: 'male',
    results: [['dpyd', genotypeInWords, 'DPYD', DPYD_2A, { date: '2024-07-04' }]],
  },
  {
    name: 'Abacavir',
    birthDate: '1988-04-18',
    gender: 'male',
    results: [['hla-b-5701', presence, 'HLA-B*57:01', 'Positive', { date: '2022-03-21' }]],
  },
  {
    // One risk allele is there, the other is not.
    name: 'Carbamazepine',
    birthDate: '1996-08-09',
    gender: 'female',
    results: [
      ['hla-b-1502', presence, 'HLA-B*15:02', 'Positive', { date: '2023-08-15' }],
      ['hla-a-3101', presence, 'HLA-A*31:01', 'Negative', { date: '2023-08-15' }],
    ],
  },
  {
    // UGT1A1 poor metabolizer; the result has no code, only words.
    name: 'Atazanavir',
    birthDate: '1979-10-13',
    gender: 'male',
    results: [
      [
        'ugt1a1',
        plainText,
        'UGT1A1 Genotype',
        '*28/*28 (Poor Metabolizer)',
        { date: '2021-12-02' },
      ],
    ],
  },
  {
    // Tricyclics: CYP2C19 ultrarapid and CYP2D6 poor.
    name: 'Amitriptyline',
    birthDate: '1968-06-17',
    gender: 'female',
    results: [
      ['cyp2c19', genotype, 'CYP2C19', '*17/*17', { date: '2024-01-09' }],
      ['cyp2d6', phenotype, 'CYP2D6', 'poor', { date: '2024-01-09' }],
    ],
  },
  {
    // Every gene tested and nothing to say: the gateway stays silent.
    name: 'Normal',
    birthDate: '1975-02-26',
    gender: 'female',
    results: [
      ['cyp2c19', genotype, 'CYP2C19', '*1/*1', { date: '2023-04-11' }],
      ['cyp2d6', genotype, 'CYP2D6', '*1/*1', { date: '2023-04-11' }],
      ['cyp2c9', genotype, 'CYP2C9', '*1/*1', { date: '2023-04-11' }],
      ['slco1b1', phenotype, 'SLCO1B1', 'normal function', { date: '2023-04-11' }],
      ['abcg2', genotypeInWords, 'ABCG2', ABCG2_GG, { date: '2023-04-11' }],
      ['tpmt', phenotype, 'TPMT', 'normal', { date: '2023-04-11' }],
      ['nudt15', phenotype, 'NUDT15', 'normal', { date: '2023-04-11' }],
      ['dpyd', genotypeInWords, 'DPYD', 'Reference/Reference', { date: '2023-04-11' }],
      ['ugt1a1', genotypeInWords, 'UGT1A1', '*1/*1', { date: '2023-04-11' }],
      ['hla-b-5701', presence, 'HLA-B*57:01', 'Negative', { date: '2023-04-11' }],
      ['hla-b-1502', presence, 'HLA-B*15:02', 'Negative', { date: '2023-04-11' }],
      ['hla-a-3101', presence, 'HLA-A*31:01', 'Negative', { date: '2023-04-11' }],
    ],
  },
  { name: 'No-Results', birthDate: '2001-12-24', gender: 'male', results: [] },
  {
    // Two laboratories that contradict each other.
    name: 'Conflict',
    birthDate: '1966-03-03',
    gender: 'male',
    results: [
      [
        'cyp2c19-first',
        genotype,
        'CYP2C19',
        '*1/*1',
        { date: '2019-10-07', lab: 'Demo Laboratory North' },
      ],
      [
        'cyp2c19-second',
        genotype,
        'CYP2C19',
        '*2/*2',
        { date: '2023-02-14', lab: 'Demo Laboratory South' },
      ],
    ],
  },
  {
    // The only result was withdrawn.
    name: 'Entered-In-Error',
    birthDate: '1952-08-31',
    gender: 'female',
    results: [
      [
        'cyp2c19',
        genotype,
        'CYP2C19',
        '*2/*2',
        { date: '2022-05-25', status: 'entered-in-error' },
      ],
    ],
  },
  {
    // The only result is about a tumour.
    name: 'Somatic',
    birthDate: '1947-11-19',
    gender: 'male',
    results: [['dpyd', somaticGenotype, 'DPYD', DPYD_2A, { date: '2024-05-22' }]],
  },
  {
    // A long record: 130 Observations, the CYP2C19 result among the last.
    name: 'Many-Results',
    birthDate: '1944-06-06',
    gender: 'female',
    labsBefore: 122,
    results: [['cyp2c19', genotype, 'CYP2C19', '*2/*3', { date: '2018-01-23' }]],
    labsAfter: 7,
  },
];

function resourcesOf({ name, birthDate, gender, results, labsBefore = 0, labsAfter = 0 }) {
  const id = `demo-${name.toLowerCase()}`;
  const random = randomFrom(LABS_SEED);
  const labs = (first, count) =>
    Array.from({ length: count }, (_, n) =>
      labObservation({
        id: `${id}-lab-${String(first + n).padStart(3, '0')}`,
        patient: id,
        date: dateFrom(random, 2015, 2024),
        random,
      }),
    );
  return [
    {
      resourceType: 'Patient',
      id,
      meta: {
        tag: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason',
            code: 'HTEST',
            display: 'test health data',
          },
        ],
      },
      identifier: [{ system: 'http://example.org/demo-mrn', value: id }],
      active: true,
      name: [{ use: 'official', family: `Demo-${name}`, given: ['Synthetic'] }],
      gender,
      birthDate,
    },
    ...labs(1, labsBefore),
    ...results.map(([suffix, make, ...rest]) => {
      const facts = { ...rest.pop(), id: `${id}-${suffix}`, patient: id };
      return make(...rest, facts);
    }),
    ...labs(labsBefore + 1, labsAfter),
  ];
}

const patients = bundle('collection', PATIENTS.flatMap(resourcesOf));
export default patients;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { out } = readFlags({ out: '' });
  const text = `${JSON.stringify(patients, null, 2)}\n`;
  if (out) writeFileSync(out, text);
  else process.stdout.write(text);
}
