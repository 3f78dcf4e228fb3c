// tests/integration/medication-list.test.mjs -- the medication list and pending tests on a real
// FHIR search engine: other drugs that change a phenotype, first orders that suggest a test.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFhir } from './lib/child.mjs';
import { databaseWithKnowledge, startGateway, testTheEnd } from './lib/gateway.mjs';
import { assertCards, call, order } from './lib/hooks.mjs';
import { request } from './lib/http.mjs';
import { readMetrics } from './lib/metrics.mjs';
import { rows as select } from './lib/postgres.mjs';
import { until } from './lib/wait.mjs';

const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm';
const PATIENT = 'demo-normal'; // CYP2D6 *1/*1
const UNTESTED = 'demo-no-results';

const [database, fhir] = await Promise.all([databaseWithKnowledge(), startFhir('--page', '2')]);
const [inform, apply] = await Promise.all([
  startGateway({ database }),
  startGateway({
    database,
    config: { phenoconversion: 'apply', pretest: ['clopidogrel/CYP2C19'] },
  }),
]);
const fhirServer = fhir.ready;

async function create(resource) {
  const { resourceType: type } = resource;
  const answer = await request(`${fhir.ready}/${type}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/fhir+json' },
    body: JSON.stringify(resource),
  });
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

const daysAgo = (days) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
const concept = (code, text) => ({ coding: [{ system: RXNORM, code }], text });
const taken = (medication, more = {}) => ({
  resourceType: 'MedicationRequest',
  status: 'active',
  intent: 'order',
  subject: { reference: `Patient/${PATIENT}` },
  authoredOn: daysAgo(200),
  ...medication,
  ...more,
});

async function auditOf(hookInstance) {
  return until(`the audit row of ${hookInstance}`, async () => {
    const [row] = await select(
      database,
      `SELECT * FROM pgxgate.audit WHERE hook_instance = '${hookInstance}'`,
    );
    return row;
  });
}

test('nothing on the list changes nothing', async () => {
  assertCards(await call(apply, { patient: PATIENT, drug: 'codeine', fhirServer }), []);
});

test('an inhibitor on a later page, by reference to a Medication', async (t) => {
  // Fillers, so that the list has pages; the last entry names its drug by reference.
  for (const code of ['29046', '6809', '83367']) {
    await create(taken({ medicationCodeableConcept: concept(code, `drug ${code}`) }));
  }
  const { id } = await create({ resourceType: 'Medication', code: concept('32937', 'paroxetine') });
  await create(taken({ medicationReference: { reference: `Medication/${id}` } }));

  await t.test('applied', async () => {
    const facts = { patient: PATIENT, drug: 'codeine', fhirServer, hookInstance: 'list-applied' };
    const [card] = assertCards(await call(apply, facts), ['warning']);
    assert.match(card.summary, /CYP2D6 Poor Metabolizer \(because of paroxetine\)/);
    assert.match(card.detail, /Normal Metabolizer, activity score 2\.0 by genotype; acting as/);
    const { decisions, fetches, gaps } = await auditOf('list-applied');
    assert.equal(gaps.medication_list, 'full');
    assert.equal(decisions[0].conversions[0].is_applied, true);
    const kinds = fetches.map(({ kind }) => kind);
    assert.ok(kinds.includes('medication_list') && kinds.includes('medication_list_drugs'));
    const metrics = await readMetrics(apply);
    assert.ok(metrics.get('pgxgate_phenoconversions_total{use="applied"}') >= 1);
  });
  await t.test('not looked for only to be told', async () => {
    const facts = { patient: PATIENT, drug: 'codeine', fhirServer, hookInstance: 'list-unread' };
    assertCards(await call(inform, facts), []);
    const { fetches } = await auditOf('list-unread');
    assert.ok(!fetches.some(({ kind }) => kind === 'medication_list'));
  });
  await t.test('told from a list that is at hand', async () => {
    const listed = taken({ medicationCodeableConcept: concept('32937', 'paroxetine') });
    const medications = { resourceType: 'Bundle', type: 'searchset', entry: [{ resource: listed }] };
    const facts = { patient: PATIENT, drug: 'codeine', fhirServer, prefetch: { medications } };
    assertCards(await call(inform, facts), []);
    const metrics = await readMetrics(inform);
    assert.ok(metrics.get('pgxgate_phenoconversions_total{use="informed"}') >= 1);
  });
});

test('a first order of a drug whose gene was never tested', async (t) => {
  const facts = { patient: UNTESTED, drug: 'clopidogrel', fhirServer };

  await t.test('suggests the test', async () => {
    const [card] = assertCards(await call(apply, { ...facts, hookInstance: 'pretest' }), ['info']);
    const [{ actions }] = card.suggestions;
    assert.equal(actions[0].type, 'create');
    const { resource } = actions[0];
    assert.equal(resource.resourceType, 'ServiceRequest');
    assert.equal(resource.status, 'draft');
    assert.equal(resource.intent, 'order');
    assert.equal(resource.code.coding[0].system, 'http://loinc.org');
    assert.deepEqual(resource.subject, { reference: `Patient/${UNTESTED}` });
    const { gaps } = await auditOf('pretest');
    assert.deepEqual(
      gaps.pretests.map(({ outcome }) => outcome),
      ['shown'],
    );
    // What is suggested can be created as it is.
    await create({ ...resource, status: 'active' });
  });
  await t.test('not again once it is ordered', async () => {
    assertCards(await call(apply, { ...facts, hookInstance: 'pretest-ordered' }), []);
    const { gaps } = await auditOf('pretest-ordered');
    assert.deepEqual(
      gaps.pretests.map(({ outcome }) => outcome),
      ['pending'],
    );
  });
  await t.test('not where it is off', async () => {
    assertCards(await call(inform, facts), []);
  });
  await t.test('not when the drug is on the list', async () => {
    const other = 'demo-codeine';
    const subject = { reference: `Patient/${other}` };
    await create(taken({ medicationCodeableConcept: concept('32968', 'clopidogrel') }, { subject }));
    const orders = [order('clopidogrel', { patient: other })];
    assertCards(await call(apply, { patient: other, orders, fhirServer }), []);
    const metrics = await readMetrics(apply);
    assert.equal(metrics.get('pgxgate_pretests_total{outcome="not_first"}'), 1);
  });
});

testTheEnd([]);
