// tests/servers/bench-bodies.mjs -- writes the request bodies of the benchmark: order-sign for
// clopidogrel, seeded and varied.
//
//   bench-bodies.mjs --out DIR [--count N] [--seed N] [--fhir-server URL]
//
// 2k-NNN.json and 40k-NNN.json bring their results as prefetch `pgx` (the larger ones `patient`
// too); fetch-NNN.json, about 1.5 KB, has no prefetch and names --fhir-server instead.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { benchPatient, clopidogrelOrder, resultPage } from './bench/resources.mjs';
import { readFlags } from './lib/flags.mjs';
import { between, dateFrom, pick, randomFrom, uuidFrom } from './lib/random.mjs';

const LARGE_OBSERVATIONS = [51, 57];

const flags = readFlags({
  out: '',
  count: 200,
  seed: 1,
  'fhir-server': 'http://127.0.0.1:8192/fhir',
});
if (!flags.out) {
  process.stderr.write('--out DIR is needed\n');
  process.exit(2);
}

const KINDS = {
  '2k': (request, facts) => ({ ...request, prefetch: { pgx: pageOf(facts, 1) } }),
  '40k': (request, facts) => ({
    ...request,
    prefetch: {
      patient: benchPatient({
        id: facts.patient,
        birthDate: dateFrom(facts.random, 1935, 2005),
        gender: pick(facts.random, ['female', 'male']),
      }),
      pgx: pageOf(facts, between(facts.random, ...LARGE_OBSERVATIONS)),
    },
  }),
  fetch: (request, facts) => ({
    ...request,
    fhirServer: flags['fhir-server'],
    fhirAuthorization: {
      access_token: uuidFrom(facts.random).replaceAll('-', ''),
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'patient/Patient.rs patient/Observation.rs patient/MedicationRequest.rs',
      subject: 'pgxgate',
      patient: facts.patient,
    },
  }),
};

mkdirSync(flags.out, { recursive: true });
const summary = {};
for (const [kind, make] of Object.entries(KINDS)) {
  const random = randomFrom(flags.seed);
  const sizes = [];
  for (let n = 0; n < flags.count; n++) {
    const patient = `bench-${uuidFrom(random).slice(0, 13)}`;
    const body = JSON.stringify(make(orderSign(patient, random), { patient, random }));
    const name = `${kind}-${String(n).padStart(3, '0')}.json`;
    writeFileSync(path.join(flags.out, name), body);
    sizes.push(body.length);
  }
  summary[kind] = { files: sizes.length, bytes: [Math.min(...sizes), Math.max(...sizes)] };
}
process.stdout.write(`${JSON.stringify(summary)}\n`);

function orderSign(patient, random) {
  const order = clopidogrelOrder({
    id: `order-${uuidFrom(random).slice(0, 8)}`,
    patient,
    date: dateFrom(random, 2025, 2025),
  });
  return {
    hook: 'order-sign',
    hookInstance: uuidFrom(random),
    context: {
      userId: `Practitioner/bench-${between(random, 1, 40)}`,
      patientId: patient,
      encounterId: `encounter-${between(random, 1000, 9999)}`,
      draftOrders: { resourceType: 'Bundle', type: 'collection', entry: [{ resource: order }] },
    },
  };
}

function pageOf({ patient, random }, count) {
  return resultPage({ patient, count, random, makeId: () => uuidFrom(random) });
}
