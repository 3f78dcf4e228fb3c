// tests/integration/fhir-servers.test.mjs -- FHIR servers with manners of their own: each is
// searched in the way that it takes, and what it has is found.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { startFaultPeer, startFhir, startServer } from './lib/child.mjs';
import { startGateway, testTheEnd } from './lib/gateway.mjs';
import { assertCards, assertOutcome, call, order } from './lib/hooks.mjs';
import { request } from './lib/http.mjs';
import { readMetrics } from './lib/metrics.mjs';
import { temporaryDirectory } from './lib/scope.mjs';
import { sleep, until } from './lib/wait.mjs';

const TOKEN = 'servers-test-token-Zm9v';
const CARD = ['critical'];
const PATIENT = 'manners-1';
const GENETICS = 'http://terminology.hl7.org/CodeSystem/v2-0074';

const fhir = await startFhir();
const peer = await startFaultPeer(fhir);
const gateway = await startGateway({ config: { fhir_url_bytes_max: 300 } });

const serverAt = (manner) => `${peer.ready}${manner}/fhir`;
const stats = async () => (await request(`${peer.ready}/_stats`)).json.requests;
const forget = () => request(`${peer.ready}/_stats`, { method: 'DELETE' });

async function put(resource) {
  const answer = await request(`${fhir.ready}/${resource.resourceType}/${resource.id}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/fhir+json' },
    body: JSON.stringify(resource),
  });
  assert.ok([200, 201].includes(answer.status), answer.text);
}

function genotype(id, patient, more = {}) {
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '84413-4' }] },
    subject: { reference: `Patient/${patient}` },
    effectiveDateTime: '2024-03-01',
    valueCodeableConcept: { text: 'CYP2C19 *2/*2' },
    component: [
      {
        code: { coding: [{ system: 'http://loinc.org', code: '48018-6' }] },
        valueCodeableConcept: {
          coding: [{ system: 'http://www.genenames.org', code: 'HGNC:2621', display: 'CYP2C19' }],
        },
      },
    ],
    ...more,
  };
}

/** A result that only its report, or another result, leads to. */
const local = { code: { text: 'CYP2C19 genotype', coding: [{ system: 'urn:lab', code: 'x' }] } };

await Promise.all([
  put({ resourceType: 'Patient', id: PATIENT }),
  put(genotype('manners-result', PATIENT)),
  put(genotype('manners-reported', 'manners-2', local)),
  put({
    resourceType: 'DiagnosticReport',
    id: 'manners-report',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '51969-4' }] },
    category: [{ coding: [{ system: GENETICS, code: 'GE' }] }],
    subject: { reference: 'Patient/manners-2' },
    result: [{ reference: 'Observation/manners-reported' }],
  }),
  put({
    resourceType: 'Condition',
    id: 'manners-indicator',
    clinicalStatus: { coding: [{ code: 'active' }] },
    category: [{ coding: [{ code: 'genomics' }] }],
    code: { text: 'CYP2C19 Poor Metabolizer' },
    subject: { reference: 'Patient/manners-3' },
  }),
]);

test('a search too long for a URL is POSTed; where that is refused, it is split', async (t) => {
  const before = await readMetrics(gateway);
  await t.test('as a form, with the token', async () => {
    await forget();
    assertCards(
      await call(gateway, { patient: PATIENT, fhirServer: serverAt(''), token: TOKEN }),
      CARD,
    );
    const { '/fhir/Observation/_search': posted, ...others } = await stats();
    assert.deepEqual([posted.methods, posted.authorization], [['POST'], true]);
    assert.deepEqual(posted.queries, [''], 'nothing of the search is in the URL');
    assert.equal(others['/fhir/Observation'], undefined);
  });
  await t.test('by GET, in parts', async () => {
    await forget();
    const facts = { patient: PATIENT, fhirServer: serverAt('/no-post') };
    assertCards(await call(gateway, facts), CARD);
    const requests = await stats();
    assert.equal(requests['/no-post/fhir/Observation/_search'].count, 1);
    const { queries } = requests['/no-post/fhir/Observation'];
    assert.ok(queries.length > 1);
    for (const query of queries) assert.ok(query.length < 300, query);
    const codes = queries.flatMap((q) => new URLSearchParams(q).get('code').split(','));
    assert.equal(new Set(codes).size, codes.length, 'no code twice');
  });
  await t.test('both are counted', async () => {
    const after = await readMetrics(gateway);
    assert.ok(
      after.get('pgxgate_fhir_fetches_total{outcome="status"}') >
        before.get('pgxgate_fhir_fetches_total{outcome="status"}'),
    );
  });
});

test('a server that takes few codes gets a part of them at a time', async () => {
  const plain = await startGateway({ config: { deadline_ms: 20_000 } });
  const drugs = ['abacavir', 'clopidogrel', 'codeine', 'fluorouracil', 'azathioprine', 'fluvastatin'];
  const orders = drugs.map((drug, n) => order(drug, { id: `order-${n}`, patient: PATIENT }));
  const facts = { patient: PATIENT, orders, fhirServer: serverAt('/codes-max/20') };
  await forget();
  const answer = await call(plain, facts);
  assert.equal(answer.status, 200, answer.text);
  assert.doesNotMatch(answer.text, /could not be read/);
  const { queries } = (await stats())['/codes-max/20/fhir/Observation'];
  const counts = queries
    .map((query) => new URLSearchParams(query).get('code')?.split(',').length)
    .filter(Boolean);
  assert.ok(counts[0] > 20, `${counts}`);
  assert.equal(counts[1], 20);
  assert.equal(counts[0], counts.slice(1).reduce((a, b) => a + b));
});

test('a parameter that the server passes over is noticed, and nothing is lost', async () => {
  const plain = await startGateway();
  const facts = { patient: PATIENT, fhirServer: serverAt('/ignores-code') };
  assertCards(await call(plain, facts), CARD);
  const samples = await readMetrics(plain);
  assert.equal(samples.get('pgxgate_fhir_parameters_ignored_total'), 1);
});

test('what only a report refers to is found', async (t) => {
  const plain = await startGateway({
    config: { fhir_server_kinds: [`${serverAt('/no-include')}=medplum`] },
  });
  for (const [manner, want] of [
    ['', /_id=manners-reported|Observation\/manners-reported/],
    ['/no-include', /_include/],
    ['/epic', /Observation\/manners-reported/],
  ]) {
    await t.test(manner || 'as it is', async () => {
      await forget();
      const facts = { patient: 'manners-2', fhirServer: serverAt(manner) };
      const answer = await call(plain, facts);
      assertCards(answer, CARD);
      assert.doesNotMatch(answer.text, /could not be read/);
      const asked = Object.entries(await stats()).flatMap(([url, { queries }]) =>
        queries.map((query) => `${url}?${query}`),
      );
      assert.ok(
        asked.some((url) => want.test(decodeURIComponent(url))),
        asked.join('\n'),
      );
    });
  }
});

test('what a server is comes from its statement, in the background', async (t) => {
  const plain = await startGateway();
  const facts = { patient: 'manners-3', fhirServer: serverAt('/epic') };
  await forget();
  await t.test('the first call is not delayed, and plans without it', async () => {
    assertCards(await call(plain, { ...facts, token: TOKEN }), []);
  });
  await t.test('then indicators are asked for', async () => {
    await plain.event('statement_read', ({ kind }) => kind === 'epic');
    assertCards(await call(plain, { ...facts, token: TOKEN }), CARD);
  });
  await t.test('it was read once, without the token of anybody', async () => {
    assertCards(await call(plain, { ...facts, token: TOKEN }), CARD);
    const requests = await stats();
    assert.equal(requests['/epic/fhir/metadata'].count, 1);
    assert.equal(requests['/epic/fhir/metadata'].authorization, false);
    assert.equal(requests['/epic/fhir/Condition'].count, 2);
    assert.equal(requests['/epic/fhir/Condition'].authorization, true);
    const samples = await readMetrics(plain);
    assert.equal(samples.get('pgxgate_fhir_statements_total{outcome="ok"}'), 1);
  });
  await t.test('or from the configuration, at once', async () => {
    const told = await startGateway({
      config: { fhir_server_kinds: [`${serverAt('/epic')}=epic`], fhir_statement_s: 0 },
    });
    assertCards(await call(told, facts), CARD);
    assert.equal((await readMetrics(told)).get('pgxgate_fhir_statements_total{outcome="ok"}'), 0);
  });
  await t.test('a server that never answers it is asked once and holds up nobody', async () => {
    const hung = { patient: PATIENT, fhirServer: `${peer.ready}/hang-metadata/fhir` };
    assertCards(await call(plain, hung), CARD);
    assertCards(await call(plain, hung), CARD);
  });
});

test('$find-subject-haplotypes where it is offered', async () => {
  const plain = await startGateway();
  const facts = { patient: 'manners-4', fhirServer: serverAt('/haplotypes') };
  await forget();
  assertCards(await call(plain, facts), []);
  await plain.event('statement_read');
  assertCards(await call(plain, facts), CARD);
  const { queries } = (await stats())['/haplotypes/fhir/$find-subject-haplotypes'];
  assert.deepEqual(queries, ['subject=manners-4&genes=http://www.genenames.org%7CHGNC:2621']);
});

test('the results of one prescription are read once', async (t) => {
  const keeping = await startGateway({ config: { fhir_cache_s: 2 } });
  const count = async () => (await stats())['/fhir/Observation']?.count ?? 0;
  const facts = { patient: PATIENT, fhirServer: serverAt(''), token: TOKEN };
  await forget();
  await t.test('by order-select, then order-sign', async () => {
    const select = await call(keeping, { ...facts, hook: 'order-select' });
    assertCards(select, CARD);
    const sign = await call(keeping, facts);
    assertCards(sign, CARD);
    assert.equal(await count(), 1);
    const samples = await readMetrics(keeping);
    assert.equal(samples.get('pgxgate_cache_hits_total'), 1);
    assert.equal(samples.get('pgxgate_cache_misses_total'), 1);
    assert.ok(samples.get('pgxgate_cache_bytes') > 0);
  });
  await t.test('not for another token, nor for none', async () => {
    assertCards(await call(keeping, { ...facts, token: `${TOKEN}-2` }), CARD);
    assertCards(await call(keeping, { ...facts, token: undefined }), CARD);
    assert.equal(await count(), 3);
  });
  await t.test('not for another patient', async () => {
    assertCards(await call(keeping, { ...facts, patient: 'demo-clopidogrel' }), CARD);
    assert.equal(await count(), 4);
  });
  await t.test('not by another address of the same server', async () => {
    assertCards(await call(keeping, { ...facts, fhirServer: serverAt('/delay/1') }), CARD);
    assert.equal((await stats())['/delay/1/fhir/Observation'].count, 1);
  });
  await t.test('what was not there is not remembered', async () => {
    const late = { ...facts, patient: 'manners-late' };
    assertCards(await call(keeping, late), []);
    await put(genotype('manners-late-result', 'manners-late'));
    assertCards(await call(keeping, late), CARD);
  });
  await t.test('and no longer than the setting says', async () => {
    await sleep(2100);
    const before = await count();
    await until('the memory to be empty', async () => {
      // The gauge is set at the end of a call: one of another patient.
      await call(keeping, { ...facts, patient: 'manners-nobody' });
      return (await readMetrics(keeping)).get('pgxgate_cache_bytes') === 0;
    });
    const nobody = (await count()) - before;
    assertCards(await call(keeping, facts), CARD);
    assert.equal((await count()) - before - nobody, 1);
  });
});

test('a server that keeps failing is left alone, and tried again', async (t) => {
  const careful = await startGateway({
    config: {
      fhir_breaker_failures: 3,
      fhir_breaker_open_ms: 300,
      fhir_cache_s: 0,
      fhir_statement_s: 0,
    },
  });
  const other = await startFaultPeer(fhir);
  const broken = { patient: PATIENT, fhirServer: `${other.ready}/reset/fhir` };
  const whole = { patient: PATIENT, fhirServer: `${other.ready}/fhir` };
  const opened = async () => (await readMetrics(careful)).get('pgxgate_fhir_circuit_opened_total');
  await t.test('after so many failures', async () => {
    await until('it to open', async () => {
      await call(careful, broken);
      return (await opened()) === 1;
    });
    const answer = await call(careful, whole);
    assertOutcome(answer, 412, { code: 'incomplete', text: /pgx, open, HTTP status 0/ });
    assert.equal(careful.events('server_left_alone').length, 1);
  });
  await t.test('others are not', async () => {
    assertCards(await call(careful, { patient: PATIENT, fhirServer: serverAt('') }), CARD);
  });
  await t.test('for a while', async () => {
    await sleep(350);
    assertCards(await call(careful, whole), CARD);
    assertCards(await call(careful, whole), CARD);
    assert.equal(await opened(), 1);
  });
});

test('HTTP/2, where the server offers it', async (t) => {
  const directory = temporaryDirectory();
  const file = (name) => path.join(directory, name);
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
      .concat(['-keyout', file('key.pem'), '-out', file('cert.pem'), '-days', '2'])
      .concat(['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']),
    { stdio: 'ignore' },
  );
  const secure = await startServer(
    'fault-peer.mjs',
    ...['--target', new URL(fhir.ready).origin],
    ...['--cert', file('cert.pem'), '--key', file('key.pem')],
  );
  const config = {
    fhir_allowed_servers: ['https://localhost:' + new URL(secure.ready).port],
    fhir_ca_file: file('cert.pem'),
  };
  const facts = { patient: PATIENT, fhirServer: `${secure.ready}/fhir`, token: TOKEN };
  const two = 'pgxgate_fhir_http_two_total';
  await t.test('many at one time', async () => {
    const modern = await startGateway({ config });
    const answers = await Promise.all(Array.from({ length: 60 }, () => call(modern, facts)));
    for (const answer of answers) assertCards(answer, CARD);
    assert.equal((await readMetrics(modern)).get(two), 60);
  });
  await t.test('not when it is switched off', async () => {
    const old = await startGateway({ config: { ...config, fhir_http2: false } });
    assertCards(await call(old, facts), CARD);
    assert.equal((await readMetrics(old)).get(two), 0);
  });
  await t.test('a fetch that hangs does not take the next one with it', async () => {
    const modern = await startGateway({ config: { ...config, deadline_ms: 300 } });
    const hung = { ...facts, fhirServer: `${secure.ready}/hang/fhir` };
    for (let n = 0; n < 3; n++) {
      assertOutcome(await call(modern, hung), 412, { code: 'incomplete', text: /timeout/ });
      await until('the next to be answered', async () => {
        const answer = await call(modern, facts);
        return answer.status === 200;
      });
    }
  });
});

testTheEnd([TOKEN]);
