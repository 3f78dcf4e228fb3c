// tests/integration/prefetch.test.mjs -- the states of a prefetch key (data, null, an
// OperationOutcome, one of several pages, absent), each with a FHIR server that may be asked, one
// that may not, and none. What matters: silence only when everything needed was read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFhir } from './lib/child.mjs';
import { databaseWithKnowledge, startGateway, testTheEnd } from './lib/gateway.mjs';
import { assertCards, assertOutcome, call } from './lib/hooks.mjs';
import { request } from './lib/http.mjs';
import { rows as select } from './lib/postgres.mjs';
import { until } from './lib/wait.mjs';

const PAGE = 2;
const DENIED = 'https://elsewhere.example/fhir';

const [database, fhir] = await Promise.all([
  databaseWithKnowledge(),
  startFhir('--page', String(PAGE)),
]);
const gateway = await startGateway({ database });
const SERVERS = { allowed: fhir.ready, 'not allowed': DENIED, absent: undefined };

const outcome = (severity) => ({
  resourceType: 'OperationOutcome',
  issue: [{ severity, code: 'processing', diagnostics: 'from the EHR' }],
});
const observation = (await request(`${fhir.ready}/Observation/demo-clopidogrel-cyp2c19`)).json;
const normal = (await request(`${fhir.ready}/Observation/demo-normal-cyp2c19`)).json;
const searchset = (...resources) => ({
  resourceType: 'Bundle',
  type: 'searchset',
  total: resources.length,
  ...(resources.length > 0 && { entry: resources.map((resource) => ({ resource })) }),
});
const withNext = (bundle, url) => ({ ...bundle, link: [{ relation: 'next', url }] });

const SEARCH = 'Observation?patient=demo-clopidogrel&code=http://loinc.org|84413-4';
const NEXT = `${fhir.ready}/${encodeURI(SEARCH)}`;

const CARD = ['critical'];
const UNREAD = /Part of the record could not be read/;

// State, the value of `pgx` (undefined: no such key), and what comes of it with a server that is
// allowed, not allowed, absent: indicators, or 412 with the path at fault. The FHIR server knows
// of a poor metabolizer; when the prefetched data hold no result of this patient, it is asked for
// results without a LOINC code.
const STATES = [
  ['data', searchset(observation), CARD, CARD, CARD],
  ['data', observation, CARD, CARD, CARD],
  ['data', searchset(normal), CARD, [], []],
  ['data', searchset(), CARD, [], []],
  ['data', searchset(outcome('warning')), CARD, [], []],
  ['data', searchset(outcome('warning'), observation), CARD, CARD, CARD],
  ['null', null, CARD, [], []],
  ['outcome', outcome('error'), CARD, 'fhirServer', 'prefetch'],
  ['outcome', outcome('fatal'), CARD, 'fhirServer', 'prefetch'],
  ['outcome', searchset(outcome('error')), CARD, 'fhirServer', 'prefetch'],
  ['data', withNext(searchset(), NEXT), CARD, 'fhirServer', 'prefetch'],
  [
    'data',
    withNext(searchset(normal), `${DENIED}/Observation?page=2`),
    'fhirServer',
    'fhirServer',
    'prefetch',
  ],
  ['absent', undefined, CARD, 'fhirServer', 'prefetch'],
  ['wrong', 'text', CARD, 'fhirServer', 'prefetch'],
  ['wrong', 17, CARD, 'fhirServer', 'prefetch'],
  ['wrong', [], CARD, 'fhirServer', 'prefetch'],
  ['wrong', {}, CARD, 'fhirServer', 'prefetch'],
];

async function auditOf(hookInstance) {
  const text = `'${hookInstance}'`;
  return until(`the audit row of ${hookInstance}`, async () => {
    const [row] = await select(
      database,
      `SELECT * FROM pgxgate.audit WHERE hook_instance = ${text}`,
    );
    return row;
  });
}

for (const [n, [state, value, ...wants]] of STATES.entries()) {
  test(`${n + 1}. ${state}: ${JSON.stringify(value)?.slice(0, 60)}`, async (t) => {
    for (const [column, server] of Object.keys(SERVERS).entries()) {
      const want = wants[column];
      await t.test(
        `server ${server}: ${Array.isArray(want) ? want.join() || 'silence' : 412}`,
        async () => {
          const hookInstance = `prefetch-${n}-${column}`;
          const answer = await call(gateway, {
            fhirServer: SERVERS[server],
            hookInstance,
            ...(value !== undefined && { prefetch: { pgx: value } }),
          });
          if (Array.isArray(want)) {
            const cards = assertCards(answer, want);
            for (const card of cards) assert.doesNotMatch(card.detail, UNREAD);
          } else {
            const issue = assertOutcome(answer, 412, { code: 'incomplete', expression: want });
            if (server === 'not allowed') assert.match(issue.diagnostics, /allow-list/);
            assert.doesNotMatch(issue.diagnostics, /elsewhere|127\.0\.0\.1/, 'no URL');
          }
          const audit = await auditOf(hookInstance);
          assert.equal(audit.gaps.prefetch, state);
          assert.equal(audit.http_status, answer.status);
          assert.equal(audit.gaps.is_incomplete, answer.status === 412);
          if (server !== 'allowed') assert.deepEqual(audit.fetches, []);
        },
      );
    }
  });
}

test('one page has the finding, the next cannot be read: the card says so', async (t) => {
  const rows = [
    ['not allowed', DENIED, `${DENIED}/Observation?page=2`],
    ['absent', undefined, NEXT],
    ['another origin', fhir.ready, `${DENIED}/Observation?page=2`],
    ['a page that is not there', fhir.ready, `${fhir.ready}/Nothing?page=2`],
  ];
  for (const [name, fhirServer, next] of rows) {
    await t.test(name, async () => {
      const prefetch = { pgx: withNext(searchset(observation), next) };
      const [card] = assertCards(await call(gateway, { fhirServer, prefetch }), CARD);
      assert.match(card.detail, UNREAD);
    });
  }
});

test('pages of a search are followed to the end', async (t) => {
  // Twelve results in pages of two.
  const patient = 'demo-normal';
  for (const drug of ['carbamazepine', 'abacavir', 'atazanavir', 'fluorouracil']) {
    await t.test(`${drug}: silence, because everything was read`, async () => {
      const hookInstance = `pages-${drug}`;
      const facts = { patient, drug, hookInstance, fhirServer: fhir.ready };
      assertCards(await call(gateway, facts), []);
      const { fetches } = await auditOf(hookInstance);
      for (const fetch of fetches) assert.deepEqual([fetch.outcome, fetch.status], ['ok', 200]);
    });
  }
  await t.test('more than one page was needed', async () => {
    const found = await select(
      database,
      `SELECT count(*) AS n FROM pgxgate.audit WHERE fetches @> '[{"kind": "page"}]'`,
    );
    assert.ok(found[0].n > 0);
  });
  await t.test('a page given by the client is gone on from', async () => {
    const query = encodeURI('Observation?patient=demo-fluvastatin&_count=2');
    const first = (await request(`${fhir.ready}/${query}`)).json;
    assert.ok(
      first.link.some(({ relation }) => relation === 'next'),
      'the data has two pages',
    );
    const facts = {
      patient: 'demo-fluvastatin',
      drug: 'fluvastatin',
      prefetch: { pgx: first },
    };
    const whole = await call(gateway, {
      ...facts,
      prefetch: undefined,
      fhirServer: fhir.ready,
    });
    const paged = await call(gateway, { ...facts, fhirServer: fhir.ready });
    assertCards(paged, ['warning']);
    assert.equal(paged.text, whole.text);
  });
});

test('keys that discovery never offered are read too', async () => {
  const prefetch = {
    'epic-results': searchset(observation),
    other: null,
    more: outcome('error'),
  };
  assertCards(await call(gateway, { prefetch }), CARD);
});

test('results of another patient are left out', async () => {
  const prefetch = { pgx: searchset(observation) };
  assertCards(await call(gateway, { patient: 'demo-normal', prefetch }), []);
});

test('nothing is asked when nothing has to be known', async (t) => {
  const rows = [
    ['a drug without rules', { drug: 'of no rule' }],
    ['an empty form', { drug: null }],
    ['a local dose form', { drug: 'fluorouracil cream' }],
  ];
  for (const [name, facts] of rows) {
    await t.test(name, async () => {
      const hookInstance = `nothing-${name}`;
      assertCards(await call(gateway, { ...facts, hookInstance, fhirServer: fhir.ready }), []);
      assert.deepEqual((await auditOf(hookInstance)).fetches, []);
      assertCards(await call(gateway, { ...facts }), []);
    });
  }
});

testTheEnd();
