// tests/servers/fastify-peer.mjs -- the peer of the benchmark: the least code that answers
// order-sign with the same look-up, in Node with Fastify, as a hospital's developer would write
// it.
//
//   fastify-peer.mjs [--port N]
//
// POST /cds-services/order-sign, and GET /trivial for the cost of HTTP alone.
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import Fastify from 'fastify';
import { ADVICE, DRUGS, GENES, PHENOTYPE_ANSWERS } from './bench/advice.mjs';
import { readFlags } from './lib/flags.mjs';
import { LOINC, RXNORM } from './lib/fhir-codes.mjs';
import { HOST, endOnSignal, sayReady } from './lib/loopback.mjs';

const BODY_BYTES_MAX = 8 * 1024 * 1024;

const flags = readFlags({ port: 0 });
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
const app = Fastify({ bodyLimit: BODY_BYTES_MAX, keepAliveTimeout: 75_000 });

app.get('/trivial', async () => ({ ok: true }));
app.post('/cds-services/order-sign', async (request) => ({
  cards: await cardsFor(request.body),
}));

endOnSignal();
sayReady(await app.listen({ host: HOST, port: flags.port }));

async function cardsFor({ context, prefetch, fhirServer, fhirAuthorization }) {
  const drugs = orderedDrugs(context.draftOrders);
  const cards = [];
  for (const drug of drugs) {
    const gene = GENES[drug.gene];
    const results =
      prefetch?.pgx ??
      (await search(fhirServer, fhirAuthorization?.access_token, context.patientId, gene));
    const found = findPhenotype(results, gene);
    const advice = found && ADVICE[drug.name]?.[found.phenotype];
    if (advice) cards.push(card(drug, found, advice));
  }
  return cards;
}

function orderedDrugs(draftOrders) {
  const drugs = new Set();
  for (const { resource } of draftOrders?.entry ?? []) {
    if (resource?.resourceType !== 'MedicationRequest') continue;
    for (const { system, code } of resource.medicationCodeableConcept?.coding ?? []) {
      if (system === RXNORM && DRUGS[code]) drugs.add(DRUGS[code]);
    }
  }
  return drugs;
}

function findPhenotype(results, gene) {
  for (const { resource } of results?.entry ?? []) {
    if (resource?.resourceType !== 'Observation' || resource.status !== 'final') continue;
    for (const { system, code } of resource.code?.coding ?? []) {
      if (system !== LOINC) continue;
      if (code === gene.phenotypeCode) {
        const phenotype = PHENOTYPE_ANSWERS[resource.valueCodeableConcept?.coding?.[0]?.code];
        if (phenotype) return { phenotype, observation: resource };
      }
      if (code === '84413-4' && isAbout(resource, gene)) {
        const value = resource.valueCodeableConcept;
        const text = value?.text ?? value?.coding?.[0]?.display ?? '';
        const diplotype = /(\*\w+\/\*\w+)/.exec(text)?.[1];
        const phenotype = gene.diplotypes[diplotype];
        if (phenotype) return { phenotype, diplotype, observation: resource };
      }
    }
  }
  return undefined;
}

function isAbout(observation, gene) {
  return (observation.component ?? []).some(
    ({ code, valueCodeableConcept }) =>
      code?.coding?.some((item) => item.code === '48018-6') &&
      valueCodeableConcept?.coding?.some((item) => item.code === gene.hgnc),
  );
}

function card(drug, { phenotype, diplotype, observation }, advice) {
  const lab = observation.performer?.[0]?.display ?? 'unknown laboratory';
  const result = diplotype ? `${drug.gene} ${diplotype} (${phenotype})` : phenotype;
  return {
    uuid: randomUUID(),
    summary: advice.summary,
    indicator: advice.indicator,
    detail:
      `**Result:** ${result}, ${observation.effectiveDateTime ?? 'undated'}, ${lab}\n\n` +
      `**Implication:** ${advice.implication}\n\n` +
      `**Recommendation:** ${advice.recommendation}`,
    source: { label: 'CPIC', url: advice.url },
    links: [{ label: 'CPIC guideline', url: advice.url, type: 'absolute' }],
    overrideReasons: [
      { code: 'already-tolerated', display: 'The patient has tolerated this drug' },
      { code: 'benefit-outweighs-risk', display: 'The benefit outweighs the risk' },
    ],
  };
}

function search(fhirServer, token, patient, gene) {
  const code = ['84413-4', gene.phenotypeCode].map((item) => `${LOINC}|${item}`).join(',');
  const query = new URLSearchParams({ patient, code, _count: '100' });
  const headers = { Accept: 'application/fhir+json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  return new Promise((resolve, reject) => {
    const request = http.get(
      `${fhirServer}/Observation?${query}`,
      { agent, headers },
      (answer) => {
        const chunks = [];
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          if (answer.statusCode !== 200) {
            reject(new Error(`the FHIR server answered ${answer.statusCode}`));
            return;
          }
          try {
            resolve(JSON.parse(Buffer.concat(chunks).toString()));
          } catch (error) {
            reject(error);
          }
        });
      },
    );
    request.on('error', reject);
  });
}
