// tests/servers/faults/samples.mjs -- what the fault peer answers when it has nobody to forward
// to.
import { bundle, geneStudied, loinc } from '../lib/fhir-codes.mjs';

/** A search page with one plain genotype, large enough to be cut in the middle. */
export function samplePage(patient) {
  const page = bundle('searchset', [
    {
      resourceType: 'Observation',
      id: 'sample-cyp2c19',
      status: 'final',
      code: loinc('84413-4', 'Genotype display name'),
      subject: { reference: `Patient/${patient}` },
      effectiveDateTime: '2023-05-16',
      performer: [{ display: 'Demo Genomics Laboratory' }],
      valueCodeableConcept: { text: 'CYP2C19 *2/*2' },
      component: [geneStudied('CYP2C19')],
    },
  ]);
  for (const entry of page.entry) entry.search = { mode: 'match' };
  return page;
}

export function emptyPage() {
  return { resourceType: 'Bundle', type: 'searchset', total: 0 };
}
