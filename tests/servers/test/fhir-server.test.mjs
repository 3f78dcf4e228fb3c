// tests/servers/test/fhir-server.test.mjs -- the FHIR server: searching, paging, access,
// errors, and ids kept from the seed.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { SERVERS, getJson, start } from './start.mjs';

const SEED = ['--seed', path.join(SERVERS, 'patients.mjs')];
const GENOTYPE = encodeURIComponent('http://loinc.org|84413-4');

async function allPages(url) {
  const pages = [];
  for (let next = url; next;) {
    const { body } = await getJson(next);
    pages.push(body);
    next = body.link.find((link) => link.relation === 'next')?.url;
  }
  return pages;
}

test('searches', async (t) => {
  const { ready } = await start(t, 'fhir-server.mjs', ...SEED);

  await t.test('by patient and codes, with full URLs and search modes', async () => {
    const codes = `${GENOTYPE},${encodeURIComponent('http://loinc.org|79714-2')}`;
    for (const patient of ['demo-clopidogrel', 'Patient/demo-clopidogrel']) {
      const query = `patient=${patient}&code=${codes}&_sort=-date&_count=100`;
      const url = `${ready}/Observation?${query}`;
      const { status, body } = await getJson(url);
      assert.equal(status, 200);
      assert.equal(body.total, 1);
      assert.equal(body.entry[0].fullUrl, `${ready}/Observation/demo-clopidogrel-cyp2c19`);
      assert.equal(body.entry[0].search.mode, 'match');
    }
  });

  await t.test('by POST, with a next link that GET follows', async () => {
    const first = await getJson(`${ready}/Observation/_search`, {
      method: 'POST',
      body: new URLSearchParams({ patient: 'demo-normal', _count: '5' }),
    });
    assert.equal(first.body.entry.length, 5);
    const next = first.body.link.find((link) => link.relation === 'next').url;
    const rest = await allPages(next);
    assert.deepEqual(
      rest.map((page) => page.entry.length),
      [5, 2],
    );
  });

  await t.test('in pages that together are the whole', async () => {
    const pages = await allPages(`${ready}/Observation?patient=demo-many-results`);
    const ids = pages.flatMap((page) => page.entry.map((entry) => entry.resource.id));
    assert.deepEqual(
      pages.map((page) => page.entry.length),
      [50, 50, 30],
    );
    assert.equal(new Set(ids).size, 130);
    assert.equal(ids.indexOf('demo-many-results-cyp2c19'), 122);
  });

  await t.test('by the component that names the gene, and by status', async () => {
    const gene = 'component-value-concept=http://www.genenames.org|HGNC:2621';
    const wrong = `${ready}/Observation?${gene}&status=entered-in-error`;
    assert.equal((await getJson(wrong)).body.total, 1);
  });

  await t.test('and ignores unknown parameters unless it must be strict', async () => {
    const url = `${ready}/Observation?patient=demo-clopidogrel&unheard-of=1`;
    const { body } = await getJson(url);
    assert.equal(body.total, 1);
    assert.doesNotMatch(body.link[0].url, /unheard-of/);
    const strict = await getJson(url, { headers: { Prefer: 'handling=strict' } });
    assert.equal(strict.status, 400);
  });

  await t.test('with nothing found: an empty searchset', async () => {
    const { status, body } = await getJson(`${ready}/Observation?patient=demo-no-results`);
    assert.equal(status, 200);
    assert.equal(body.total, 0);
    assert.equal(body.entry, undefined);
  });
});

test('reads, writes and errors', async (t) => {
  const { ready } = await start(t, 'fhir-server.mjs', ...SEED);

  const patient = await getJson(`${ready}/Patient/demo-codeine`);
  assert.equal(patient.body.name[0].family, 'Demo-Codeine');
  assert.equal(patient.headers.get('access-control-allow-origin'), '*');

  for (const address of ['Patient/nobody', 'Spaceship/1', 'Observation/a/b/c/d']) {
    const { status, body } = await getJson(`${ready}/${address}`);
    assert.equal(status, 404);
    assert.equal(body.resourceType, 'OperationOutcome');
  }

  const created = await getJson(`${ready}/MedicationRequest`, {
    method: 'POST',
    body: JSON.stringify({ resourceType: 'MedicationRequest', status: 'draft' }),
  });
  assert.equal(created.status, 201);
  assert.match(created.headers.get('location'), /\/MedicationRequest\/.+\/_history\//);

  const broken = await getJson(`${ready}/Patient`, { method: 'POST', body: '{' });
  assert.equal(broken.status, 400);

  const { body: metadata } = await getJson(`${ready}/metadata`);
  const observation = metadata.rest[0].resource.find(({ type }) => type === 'Observation');
  assert.equal(metadata.fhirVersion, '4.0.1');
  assert.ok(observation.searchParam.some(({ name }) => name === 'component-code'));
});

test('a transaction Bundle is seeded with its references made local', async (t) => {
  const file = path.join(os.tmpdir(), `pgxgate-seed-${process.pid}.json`);
  const fullUrl = 'urn:uuid:7c2d6a58-3f43-4f4b-9a54-0c1d2e3f4a5b';
  const code = { text: 'x' };
  const subject = { reference: fullUrl };
  writeFileSync(
    file,
    JSON.stringify({
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        { fullUrl, resource: { resourceType: 'Patient' } },
        { resource: { resourceType: 'Observation', id: 'x', status: 'final', code, subject } },
      ],
    }),
  );
  const { ready, resources } = await start(t, 'fhir-server.mjs', '--seed', file);
  assert.equal(resources, 2);
  const { body } = await getJson(`${ready}/Observation/x`);
  assert.equal((await getJson(`${ready}/${body.subject.reference}`)).status, 200);
});

test('a fixed token is required on everything but the metadata', async (t) => {
  const { ready } = await start(t, 'fhir-server.mjs', ...SEED, '--token', 'secret');
  const url = `${ready}/Patient/demo-codeine`;
  const without = await getJson(url);
  assert.equal(without.status, 401);
  assert.match(without.headers.get('www-authenticate'), /^Bearer/);
  assert.equal(without.body.resourceType, 'OperationOutcome');
  const withToken = await getJson(url, { headers: { Authorization: 'Bearer secret' } });
  assert.equal(withToken.status, 200);
  assert.equal((await getJson(`${ready}/metadata`)).status, 200);
});
