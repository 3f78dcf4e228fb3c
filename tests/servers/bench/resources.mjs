// tests/servers/bench/resources.mjs -- the resources of the benchmark: one actionable genotype
// among everyday laboratory results.
import {
  PHARMVAR,
  RXNORM,
  bundle,
  coding,
  concept,
  geneStudied,
  loinc,
} from '../lib/fhir-codes.mjs';
import { labObservation } from '../lib/lab-observations.mjs';
import { between, dateFrom } from '../lib/random.mjs';

export function poorMetabolizerGenotype({ id, patient, date }) {
  const name = 'CYP2C19 *2/*2';
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    code: loinc('84413-4', 'Genotype display name'),
    subject: { reference: `Patient/${patient}` },
    effectiveDateTime: date,
    performer: [{ display: 'Demo Genomics Laboratory' }],
    valueCodeableConcept: concept(PHARMVAR, name, name, name),
    component: [geneStudied('CYP2C19')],
  };
}

/** A searchset of `count` Observations; the genotype stands anywhere among them. */
export function resultPage({ patient, count, random, makeId }) {
  const facts = () => ({ id: makeId(), patient, date: dateFrom(random, 2018, 2024) });
  const place = between(random, 0, count - 1);
  const page = bundle(
    'searchset',
    Array.from({ length: count }, (_, n) =>
      n === place ? poorMetabolizerGenotype(facts()) : labObservation({ ...facts(), random }),
    ),
  );
  for (const entry of page.entry) entry.search = { mode: 'match' };
  return page;
}

export function clopidogrelOrder({ id, patient, date }) {
  return {
    resourceType: 'MedicationRequest',
    id,
    status: 'draft',
    intent: 'order',
    medicationCodeableConcept: {
      coding: [coding(RXNORM, '309362', 'clopidogrel 75 MG Oral Tablet')],
      text: 'clopidogrel 75 MG Oral Tablet',
    },
    subject: { reference: `Patient/${patient}` },
    authoredOn: date,
    requester: { reference: 'Practitioner/bench', display: 'Dr. Demo Prescriber' },
    reasonCode: [
      concept('http://snomed.info/sct', '394659003', 'Acute coronary syndrome (disorder)'),
    ],
    dosageInstruction: [
      {
        text: '75 mg by mouth once a day',
        timing: { repeat: { frequency: 1, period: 1, periodUnit: 'd' } },
        route: concept('http://snomed.info/sct', '26643006', 'Oral route'),
        doseAndRate: [
          {
            doseQuantity: {
              value: 75,
              unit: 'mg',
              system: 'http://unitsofmeasure.org',
              code: 'mg',
            },
          },
        ],
      },
    ],
  };
}

export function benchPatient({ id, birthDate, gender }) {
  return {
    resourceType: 'Patient',
    id,
    active: true,
    name: [{ use: 'official', family: 'Demo-Benchmark', given: ['Synthetic'] }],
    gender,
    birthDate,
  };
}
